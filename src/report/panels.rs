//! Panels over one time axis, one below the other: shares in percent as lines
//! with their names at the end, and beneath each panel a lane for each thing that
//! stood in the way, with its name at the side. A lane is filled as high as the
//! thing did so long, so that neither needs a colour to be told from another.

use super::canvas::{Anchor, Canvas, Color, Dash, Font, Place, document};
use super::figure::{
    AXIS, Axis, Entry, Head, LABEL, Legend, MARGIN, SUBTITLE, WIDTH, draw_head, draw_notes, head_height,
    labelled_across, note_lines, notes_height,
};
use super::palette::{BAND, GRID, INK, MUTED, Style, WARM_UP};
use super::scale::is_drawable;
use super::text::{Weight, label_within, width};

/// What is drawn.
pub(super) struct PanelChart {
    pub(super) head: Head,
    /// Of all panels.
    pub(super) x: Axis,
    /// What the lines of all panels measure.
    pub(super) y_label: String,
    /// The top of all panels, in percent; two gridlines divide it.
    pub(super) most: f64,
    /// Beside the empty lane of a panel without any; if empty, it has no lane.
    pub(super) no_lane: &'static str,
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
    /// Its top, where it is not that of all.
    pub(super) most: Option<f64>,
    /// Behind the lines, in this order.
    pub(super) areas: Vec<PanelArea>,
    pub(super) lines: Vec<PanelLine>,
    /// From top to bottom.
    pub(super) lanes: Vec<Lane>,
}

/// A layer of what is stacked.
pub(super) struct PanelArea {
    /// In the legend.
    pub(super) label: &'static str,
    pub(super) color: Color,
    /// Time, and percent from where to where.
    pub(super) points: Vec<(f64, f64, f64)>,
}

/// A share over time.
pub(super) struct PanelLine {
    /// Written at its end; nothing if empty.
    pub(super) label: &'static str,
    /// Time and percent; a gap where not finite.
    pub(super) points: Vec<(f64, f64)>,
    pub(super) style: Style,
}

/// What stood in the way, over time.
pub(super) struct Lane {
    /// Written at its side.
    pub(super) label: &'static str,
    pub(super) color: Color,
    /// Stretches with the share of their time, above 0, in the order of time.
    pub(super) stretches: Vec<(f64, f64, f64)>,
}

/// From one lane to the next, and how much of that is filled.
const LANE: f64 = 15.0;
const LANE_FILLED: f64 = 12.0;
/// Between a panel and its lanes, and below them.
const GAP: f64 = 9.0;
const BELOW: f64 = 12.0;
/// Above a panel, for its title.
const HEADING: f64 = 26.0;
/// A share that is not zero is at least as high, so that it is seen.
const LEAST_HEIGHT: f64 = 3.0;
/// From one label at the right to the next.
const LABEL_STEP: f64 = 14.0;
const SMALL: Font = Font { size: 11.0, weight: Weight::Regular, color: INK };
/// Gridlines, as shares of the panel's top.
const TICKS: [f64; 3] = [0.0, 0.5, 1.0];

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
    let sides = chart.panels.iter().flat_map(|it| &it.lanes).map(|it| it.label).chain([chart.no_lane, "100"]);
    let sides = sides.map(|it| width(it, SMALL.size, SMALL.weight));
    let own = chart.panels.iter().filter_map(|it| it.most).flat_map(|most| TICKS.map(|it| it * most));
    let own = own.map(|it| width(&format!("{it}"), LABEL.size, LABEL.weight));
    let side_room = sides.chain(own).fold(0.0, f64::max);
    let (left, right) = (MARGIN + side_room + 12.0, WIDTH - MARGIN - name_room - 12.0);
    let first = head_height(&chart.head) + 28.0;
    let mut end = first;
    let mut frames: Vec<Frame> = Vec::new();
    for panel in &chart.panels {
        let top = end + HEADING;
        let bottom = top + plot_height;
        frames.push(Frame { left, right, top, bottom });
        let n_lanes = panel.lanes.len().max(usize::from(!chart.no_lane.is_empty()));
        end = bottom + GAP + n_lanes as f64 * LANE + BELOW;
    }
    let lanes_end = end - BELOW;
    let below_axis = lanes_end + 52.0;
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
            canvas.text(label, (x, lanes_end + 12.0), LABEL, Anchor::Middle);
        }
        let middle = f64::midpoint(left, right);
        canvas.text(&chart.x.label, (middle, lanes_end + 32.0), AXIS, Anchor::Middle);
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
    let most = panel.most.unwrap_or(chart.most);
    // A little above the frame's top there is room for the line of what is full.
    let y = |percent: f64| frame.bottom - (frame.bottom - frame.top - 4.0) * (percent / most).clamp(0.0, 1.0);
    let remark_room = width(&panel.remark, SUBTITLE.size, SUBTITLE.weight);
    let title_room = WIDTH - MARGIN - frame.left - remark_room - 24.0;
    let title = label_within(&panel.title, AXIS.size * 1.13, title_room);
    canvas.text(&title, (frame.left, frame.top - 11.0), AXIS, Anchor::Start);
    canvas.text(&panel.remark, (WIDTH - MARGIN, frame.top - 11.0), SUBTITLE, Anchor::End);

    if chart.warm_up > 0.0 {
        canvas.rectangle((frame.left, frame.top), (x(chart.warm_up), frame.bottom), WARM_UP, 1.0);
    }
    for area in &panel.areas {
        let lower = area.points.iter().map(|it| (x(it.0), y(it.1)));
        let upper = area.points.iter().rev().map(|it| (x(it.0), y(it.2)));
        if area.points.len() > 1 {
            canvas.area(&lower.chain(upper).collect::<Vec<_>>(), area.color, 0.9);
        }
    }
    for tick in TICKS.map(|it| it * most) {
        canvas.line(&[(frame.left, y(tick)), (frame.right, y(tick))], GRID, 1.0, Dash::Solid);
        canvas.text(&format!("{tick}"), (frame.left - 8.0, y(tick)), LABEL, Anchor::End);
    }
    for (tick, _) in ticks {
        canvas.line(&[(x(*tick), frame.top), (x(*tick), frame.bottom)], GRID, 1.0, Dash::Solid);
    }
    let corner = [(frame.left, frame.top), (frame.left, frame.bottom), (frame.right, frame.bottom)];
    canvas.line(&corner, MUTED, 1.2, Dash::Solid);
    draw_lines(canvas, panel, frame, x, y);
    draw_lanes(canvas, chart, panel, frame, x);
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
    let mut names: Vec<(f64, f64, &PanelLine)> = panel
        .lines
        .iter()
        .filter(|it| !it.label.is_empty())
        .filter_map(|it| Some((y(end_of(it)?), it)))
        .map(|(at, it)| (at, at, it))
        .collect();
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

/// The lanes, one below the other; an empty one says that nothing stood in the way.
fn draw_lanes(
    canvas: &mut Canvas<'_>,
    chart: &PanelChart,
    panel: &Panel,
    frame: &Frame,
    x: impl Fn(f64) -> f64,
) {
    let lane = |canvas: &mut Canvas<'_>, idx: usize, label: &str| {
        let bottom = frame.bottom + GAP + idx as f64 * LANE + LANE_FILLED;
        canvas.rectangle((frame.left, bottom - LANE_FILLED), (frame.right, bottom), BAND, 1.0);
        canvas.text(label, (frame.left - 8.0, bottom - LANE_FILLED / 2.0), SMALL, Anchor::End);
        bottom
    };
    if panel.lanes.is_empty() && !chart.no_lane.is_empty() {
        lane(canvas, 0, chart.no_lane);
    }
    for (idx, it) in panel.lanes.iter().enumerate() {
        let bottom = lane(canvas, idx, it.label);
        for &(from, to, share) in &merged(&it.stretches) {
            let height = (share * LANE_FILLED).clamp(LEAST_HEIGHT, LANE_FILLED);
            canvas.rectangle((x(from), bottom - height), (x(to), bottom), it.color, 1.0);
        }
    }
}

/// Neighbours of equal share as one: a lane of a quiet day is a few shapes.
fn merged(stretches: &[(f64, f64, f64)]) -> Vec<(f64, f64, f64)> {
    let mut merged: Vec<(f64, f64, f64)> = Vec::new();
    for &(from, to, share) in stretches {
        match merged.last_mut() {
            Some(last) if (last.1 - from).abs() < 1e-9 && (last.2 - share).abs() < 1e-9 => last.1 = to,
            _ => merged.push((from, to, share)),
        }
    }
    merged
}
