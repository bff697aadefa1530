//! Panels over one time axis, one below the other: shares in percent as lines
//! with their names at the end, and beneath each panel a strip of what stood in
//! the way. The strip is filled as high as it did so long.

use super::canvas::{Anchor, Canvas, Color, Dash, Font, Place, document};
use super::figure::{
    AXIS, Axis, Entry, Head, LABEL, Legend, MARGIN, SUBTITLE, WIDTH, draw_head, draw_notes, head_height,
    labelled_across, note_lines, notes_height,
};
use super::palette::{BAND, GRID, INK, MUTED, Style, WARM_UP};
use super::scale::is_drawable;
use super::text::{Weight, shortened, width};

/// What is drawn.
pub(super) struct PanelChart {
    pub(super) head: Head,
    /// Of all panels.
    pub(super) x: Axis,
    /// What the lines of all panels measure.
    pub(super) y_label: String,
    /// What the strips show.
    pub(super) strip_label: String,
    /// Up to where nothing is measured, in the unit of the axis.
    pub(super) warm_up: f64,
    /// From top to bottom.
    pub(super) panels: Vec<Panel>,
    pub(super) legend: Vec<Entry>,
    pub(super) notes: Vec<String>,
}

/// One of them.
pub(super) struct Panel {
    /// What it is of.
    pub(super) title: String,
    /// Said at the right of the title.
    pub(super) remark: String,
    pub(super) lines: Vec<PanelLine>,
    /// Columns of the strip in the order of time.
    pub(super) strip: Vec<Column>,
}

/// A share over time.
pub(super) struct PanelLine {
    /// Written at its end.
    pub(super) label: &'static str,
    /// Time and percent; a gap where not finite.
    pub(super) points: Vec<(f64, f64)>,
    pub(super) style: Style,
}

/// A stretch of the strip.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Column {
    pub(super) from: f64,
    pub(super) to: f64,
    /// From bottom to top; shares of the whole add up to 1 at most.
    pub(super) parts: Vec<Part>,
}

/// One reason in a column.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Part {
    pub(super) share: f64,
    pub(super) color: Color,
    /// Written into the strip where there is room.
    pub(super) label: &'static str,
}

/// Height of a strip.
const STRIP: f64 = 22.0;
/// Between a panel and its strip.
const GAP: f64 = 5.0;
/// Above a panel, for its title.
const HEADING: f64 = 26.0;
/// A share that is not zero is at least as high, so that it is seen.
const LEAST_HEIGHT: f64 = 3.0;
/// From one label at the right to the next.
const LABEL_STEP: f64 = 14.0;
const SMALL: Font = Font { size: 11.0, weight: Weight::Regular, color: INK };
/// Gridlines, in percent.
const TICKS: [f64; 3] = [0.0, 50.0, 100.0];

struct Frame {
    left: f64,
    right: f64,
    top: f64,
    bottom: f64,
}

/// Draws the panels.
pub(super) fn draw(chart: &PanelChart) -> String {
    let plot_height = match chart.panels.len() {
        0 | 1 => 240.0,
        2 => 170.0,
        3 | 4 => 130.0,
        _ => 104.0,
    };
    let names = chart.panels.iter().flat_map(|it| &it.lines).map(|it| it.label);
    let name_room = names.map(|it| width(it, LABEL.size, LABEL.weight)).fold(0.0, f64::max);
    let (left, right) = (MARGIN + 46.0, WIDTH - MARGIN - name_room - 12.0);
    let first = head_height(&chart.head) + 28.0;
    let step = HEADING + plot_height + GAP + STRIP + 14.0;
    let frames: Vec<Frame> = (0..chart.panels.len())
        .map(|idx| {
            let top = first + idx as f64 * step + HEADING;
            Frame { left, right, top, bottom: top + plot_height }
        })
        .collect();
    let strips_end = first + frames.len() as f64 * step - 14.0;
    let below_axis = strips_end + 52.0;
    let legend = Legend::new(&chart.legend);
    let notes = note_lines(&chart.notes);
    let height = below_axis + legend.height() + notes_height(&notes) + MARGIN;

    let label = format!("{}. {}", chart.head.title, chart.head.subtitle.join(". "));
    document(WIDTH, height.ceil(), &label, |canvas| {
        draw_head(canvas, &chart.head);
        canvas.text(&chart.y_label, (MARGIN, first - 12.0), AXIS, Anchor::Start);
        let ticks = labelled_across(&chart.x, right - left);
        for (panel, frame) in chart.panels.iter().zip(&frames) {
            draw_panel(canvas, chart, panel, frame, &ticks);
        }
        for (tick, label) in &ticks {
            let x = left + (right - left) * chart.x.scale.share(*tick);
            canvas.text(label, (x, strips_end + 12.0), LABEL, Anchor::Middle);
        }
        let middle = f64::midpoint(left, right);
        canvas.text(&chart.x.label, (middle, strips_end + 32.0), AXIS, Anchor::Middle);
        legend.draw(canvas, below_axis);
        draw_notes(canvas, &notes, below_axis + legend.height());
    })
}

fn draw_panel(
    canvas: &mut Canvas<'_>,
    chart: &PanelChart,
    panel: &Panel,
    frame: &Frame,
    ticks: &[(f64, String)],
) {
    let x = |value: f64| frame.left + (frame.right - frame.left) * chart.x.scale.share(value);
    // A little above the frame's top there is room for the line of what is full.
    let y =
        |percent: f64| frame.bottom - (frame.bottom - frame.top - 4.0) * (percent / 100.0).clamp(0.0, 1.0);
    let strip_top = frame.bottom + GAP;
    let strip_bottom = strip_top + STRIP;

    let remark_room = width(&panel.remark, SUBTITLE.size, SUBTITLE.weight);
    let title_room = WIDTH - 2.0 * MARGIN - remark_room - 24.0;
    let title = shortened(&panel.title, AXIS.size * 1.13, title_room);
    canvas.text(&title, (frame.left, frame.top - 11.0), AXIS, Anchor::Start);
    canvas.text(&panel.remark, (WIDTH - MARGIN, frame.top - 11.0), SUBTITLE, Anchor::End);

    if chart.warm_up > 0.0 {
        canvas.rectangle((frame.left, frame.top), (x(chart.warm_up), frame.bottom), WARM_UP, 1.0);
    }
    canvas.rectangle((frame.left, strip_top), (frame.right, strip_bottom), BAND, 1.0);
    for tick in TICKS {
        canvas.line(&[(frame.left, y(tick)), (frame.right, y(tick))], GRID, 1.0, Dash::Solid);
        canvas.text(&format!("{tick}"), (frame.left - 8.0, y(tick)), LABEL, Anchor::End);
    }
    for (tick, _) in ticks {
        canvas.line(&[(x(*tick), frame.top), (x(*tick), frame.bottom)], GRID, 1.0, Dash::Solid);
    }
    let corner = [(frame.left, frame.top), (frame.left, frame.bottom), (frame.right, frame.bottom)];
    canvas.line(&corner, MUTED, 1.2, Dash::Solid);
    canvas.text(
        &chart.strip_label,
        (frame.left - 8.0, f64::midpoint(strip_top, strip_bottom)),
        SMALL,
        Anchor::End,
    );
    draw_lines(canvas, panel, frame, x, y);
    draw_strip(canvas, panel, strip_bottom, x);
}

/// The lines with their names at the right, moved apart where they would touch.
fn draw_lines(
    canvas: &mut Canvas<'_>,
    panel: &Panel,
    frame: &Frame,
    x: impl Fn(f64) -> f64,
    y: impl Fn(f64) -> f64,
) {
    for is_dashed in [false, true] {
        for line in panel.lines.iter().filter(|it| (it.style.dash != Dash::Solid) == is_dashed) {
            for piece in line.points.split(|it| !is_drawable(it.1)) {
                let piece: Vec<Place> = piece.iter().map(|it| (x(it.0), y(it.1))).collect();
                canvas.line(&piece, line.style.color, 1.8, line.style.dash);
            }
        }
    }
    let end_of = |line: &PanelLine| line.points.iter().rev().map(|it| it.1).find(|&it| is_drawable(it));
    let mut names: Vec<(f64, f64, &PanelLine)> =
        panel.lines.iter().filter_map(|it| Some((y(end_of(it)?), it))).map(|(at, it)| (at, at, it)).collect();
    names.sort_by(|a, b| a.0.total_cmp(&b.0));
    // Downwards until none touches the one above, then up from the frame's end.
    for idx in 1..names.len() {
        names[idx].1 = names[idx].1.max(names[idx - 1].1 + LABEL_STEP);
    }
    let mut lowest = frame.bottom;
    for name in names.iter_mut().rev() {
        name.1 = name.1.min(lowest);
        lowest = name.1 - LABEL_STEP;
    }
    for (end, at, line) in names {
        let right = frame.right;
        canvas.line(&[(right + 1.0, end), (right + 7.0, at)], line.style.color, 1.2, Dash::Solid);
        canvas.text(line.label, (right + 10.0, at), LABEL, Anchor::Start);
    }
}

/// The columns of the strip; a stretch of one reason that is long enough has its
/// name on it.
fn draw_strip(canvas: &mut Canvas<'_>, panel: &Panel, bottom: f64, x: impl Fn(f64) -> f64) {
    for column in merged(&panel.strip) {
        let mut at = bottom;
        for part in &column.parts {
            let height = (part.share * STRIP).max(LEAST_HEIGHT).min(at - (bottom - STRIP));
            if height > 0.0 {
                canvas.rectangle((x(column.from), at - height), (x(column.to), at), part.color, 1.0);
            }
            at -= height;
        }
    }
    let mut start = 0;
    while start < panel.strip.len() {
        let label = main_label(&panel.strip[start]);
        let alike = panel.strip[start..].iter().take_while(|it| main_label(it) == label).count();
        let (from, to) = (x(panel.strip[start].from), x(panel.strip[start + alike - 1].to));
        start += alike;
        let Some(label) = label else { continue };
        let half = width(label, SMALL.size, SMALL.weight) / 2.0 + 3.0;
        if to - from > 2.0 * half + 6.0 {
            let at = (f64::midpoint(from, to), bottom - STRIP / 2.0);
            let white = Color(0xff, 0xff, 0xff);
            canvas.rectangle((at.0 - half, at.1 - 7.5), (at.0 + half, at.1 + 7.5), white, 0.85);
            canvas.text(label, at, SMALL, Anchor::Middle);
        }
    }
}

/// Neighbours of equal content as one: a strip of a quiet day is a few shapes.
fn merged(strip: &[Column]) -> Vec<Column> {
    let mut merged: Vec<Column> = Vec::new();
    for column in strip {
        match merged.last_mut() {
            Some(last) if last.parts == column.parts => last.to = column.to,
            _ => merged.push(column.clone()),
        }
    }
    merged
}

/// The reason that fills most of a column, if one does so for half of it.
fn main_label(column: &Column) -> Option<&'static str> {
    let most = column.parts.iter().max_by(|a, b| a.share.total_cmp(&b.share))?;
    (most.share >= 0.5).then_some(most.label)
}
