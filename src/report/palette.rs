//! Colours, markers and dashes that are told apart without seeing colour: a
//! series has its own of each. The colours are those of Okabe and Ito (2008,
//! "Color universal design"), without the yellow, which is lost on white.

use super::canvas::{Color, Dash, Marker};

/// How one series is drawn.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Style {
    /// Of lines, markers and bars.
    pub(super) color: Color,
    /// Of points.
    pub(super) marker: Marker,
    /// Of lines.
    pub(super) dash: Dash,
}

/// How many series are told apart at once; more are grouped or left out.
pub(super) const N_STYLES: usize = STYLES.len();

/// Text and axes.
pub(super) const INK: Color = Color(0x22, 0x22, 0x22);
/// What is said in passing.
pub(super) const MUTED: Color = Color(0x5f, 0x63, 0x68);
/// Lines behind everything.
pub(super) const GRID: Color = Color(0xe3, 0xe5, 0xe8);
/// Bands behind the series.
pub(super) const BAND: Color = Color(0xee, 0xf0, 0xf3);
/// Time that is not measured.
pub(super) const WARM_UP: Color = Color(0xfa, 0xf0, 0xd9);
/// Time in which something is disrupted.
pub(super) const DISRUPTED: Color = Color(0xf7, 0xdf, 0xda);
/// Machines that were taken away.
pub(super) const TAKEN: Color = Color(0xb0, 0x2a, 0x1e);
/// Ranges of many settings.
pub(super) const RANGE: Color = Color(0xd0, 0xd6, 0xde);
/// Lower bounds.
pub(super) const BOUND: Color = Color(0x80, 0x80, 0x80);

/// The style of the series at this position; the ninth is the first again.
pub(super) fn style(idx: usize) -> Style {
    STYLES[idx % N_STYLES]
}

const STYLES: [Style; 8] = [
    Style { color: Color(0x00, 0x72, 0xb2), marker: Marker::Circle, dash: Dash::Solid },
    Style { color: Color(0xd5, 0x5e, 0x00), marker: Marker::Square, dash: Dash::Long },
    Style { color: Color(0x00, 0x9e, 0x73), marker: Marker::Triangle, dash: Dash::Solid },
    Style { color: Color(0xcc, 0x79, 0xa7), marker: Marker::Diamond, dash: Dash::Short },
    Style { color: Color(0x00, 0x00, 0x00), marker: Marker::Ring, dash: Dash::Solid },
    Style { color: Color(0xe6, 0x9f, 0x00), marker: Marker::Inverted, dash: Dash::Long },
    Style { color: Color(0x56, 0xb4, 0xe9), marker: Marker::Cross, dash: Dash::Solid },
    Style { color: Color(0x8c, 0x51, 0x0a), marker: Marker::Plus, dash: Dash::Short },
];
