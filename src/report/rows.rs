//! A chart with one line for each setting or group and panels side by side that
//! share these lines: names have room at any number of settings, because the
//! chart grows downward.

use super::canvas::{Anchor, Canvas, Color, Dash, Marker, document};
use super::figure::{
    AXIS, Axis, Entry, Head, LABEL, Legend, MARGIN, SUBTITLE, WIDTH, draw_head, draw_notes, head_height,
    labelled_across, note_lines, notes_height,
};
use super::palette::{BAND, GRID, INK, MUTED};
use super::scale::is_drawable;
use super::text::{label_within, shortened, width, wrapped};

/// Lines with panels.
pub(super) struct RowChart {
    /// The words above.
    pub(super) head: Head,
    /// From left to right.
    pub(super) panels: Vec<Panel>,
    /// From top to bottom.
    pub(super) rows: Vec<RowEntry>,
    /// Below the panels.
    pub(super) legend: Vec<Entry>,
    /// Below the legend.
    pub(super) notes: Vec<String>,
}

/// One column of a row chart.
pub(super) enum Panel {
    /// Marks along an axis; `share` of the free width.
    Marks { axis: Axis, share: f64 },
    /// Short texts under a heading.
    Words { heading: String, room: f64 },
}

/// One line of a row chart.
pub(super) struct RowEntry {
    /// What it is about.
    pub(super) label: String,
    /// What a browser shows over it.
    pub(super) hover: String,
    /// For each panel what stands in it.
    pub(super) cells: Vec<Vec<RowMark>>,
}

/// Something in a panel. Values that are not finite are left out.
pub(super) enum RowMark {
    /// From one value to another.
    Bar { from: f64, to: f64, color: Color },
    /// A thin line from one value to another, with ends.
    Whisker { from: f64, to: f64 },
    /// An upright stroke.
    Stroke { at: f64, color: Color },
    /// A point.
    Dot { at: f64, color: Color, marker: Marker },
    /// A short text.
    Word(String),
}

/// Where a panel begins and ends, in pixels.
#[derive(Clone, Copy)]
struct Span {
    left: f64,
    right: f64,
}

/// Draws the chart.
pub(super) fn draw(chart: &RowChart) -> String {
    let row_height = if chart.rows.len() > 20 { 20.0 } else { 26.0 };
    let labels = chart.rows.iter().map(|it| width(&it.label, LABEL.size, LABEL.weight));
    let label_room = labels.fold(40.0, f64::max).min(300.0);
    let spans = spans(&chart.panels, label_room);
    let headings: Vec<Vec<String>> =
        chart.panels.iter().zip(&spans).map(|(panel, span)| heading(panel, *span)).collect();
    let heading_height = headings.iter().map(Vec::len).max().unwrap_or(0) as f64 * 16.0;

    let top = head_height(&chart.head) + heading_height + 26.0;
    let bottom = top + chart.rows.len() as f64 * row_height;
    let legend = Legend::new(&chart.legend);
    let below = bottom + 36.0;
    let notes = note_lines(&chart.notes);
    let height = below + legend.height() + notes_height(&notes) + MARGIN;

    let label = format!("{}. {}", chart.head.title, chart.head.subtitle.join(". "));
    document(WIDTH, height.ceil(), &label, |canvas| {
        draw_head(canvas, &chart.head);
        for idx in (1..chart.rows.len()).step_by(2) {
            let y = top + idx as f64 * row_height;
            canvas.rectangle((MARGIN, y), (WIDTH - MARGIN, y + row_height), BAND, 0.6);
        }
        for ((panel, span), lines) in chart.panels.iter().zip(&spans).zip(&headings) {
            draw_panel(canvas, panel, *span, lines, (top, bottom));
        }
        for (idx, row) in chart.rows.iter().enumerate() {
            let y = top + (idx as f64 + 0.5) * row_height;
            let label = label_within(&row.label, LABEL.size, label_room);
            canvas.text(&label, (MARGIN + 4.0, y), LABEL, Anchor::Start);
            for ((panel, span), marks) in chart.panels.iter().zip(&spans).zip(&row.cells) {
                for mark in marks {
                    draw_mark(canvas, panel, *span, y, row_height, mark);
                }
            }
            let half = row_height / 2.0;
            canvas.title(&row.hover, (MARGIN, y - half), (WIDTH - MARGIN, y + half));
        }
        legend.draw(canvas, below);
        draw_notes(canvas, &notes, below + legend.height());
    })
}

/// Shares the width that names and words leave between the panels.
fn spans(panels: &[Panel], label_room: f64) -> Vec<Span> {
    const GAP: f64 = 24.0;
    let words: f64 =
        panels.iter().map(|it| if let Panel::Words { room, .. } = it { *room } else { 0.0 }).sum();
    let shares: f64 =
        panels.iter().map(|it| if let Panel::Marks { share, .. } = it { *share } else { 0.0 }).sum();
    let start = MARGIN + 4.0 + label_room;
    let free = WIDTH - MARGIN - start - words - GAP * panels.len() as f64;
    let mut left = start;
    panels
        .iter()
        .map(|panel| {
            left += GAP;
            let room = match panel {
                Panel::Marks { share, .. } => free * share / shares,
                Panel::Words { room, .. } => *room,
            };
            let span = Span { left, right: left + room };
            left += room;
            span
        })
        .collect()
}

fn heading(panel: &Panel, span: Span) -> Vec<String> {
    let text = match panel {
        Panel::Marks { axis, .. } => &axis.label,
        Panel::Words { heading, .. } => heading,
    };
    // Bold letters are wider than the regular ones that lines are broken by.
    wrapped(text, AXIS.size * 1.13, span.right - span.left + 12.0)
}

fn draw_panel(
    canvas: &mut Canvas<'_>,
    panel: &Panel,
    span: Span,
    lines: &[String],
    (top, bottom): (f64, f64),
) {
    for (idx, line) in lines.iter().rev().enumerate() {
        let y = top - 30.0 - idx as f64 * 16.0;
        match panel {
            Panel::Marks { .. } => canvas.text(line, (span.left, y), AXIS, Anchor::Start),
            Panel::Words { .. } => canvas.text(line, (span.right, y), AXIS, Anchor::End),
        }
    }
    let Panel::Marks { axis, .. } = panel else { return };
    for (tick, label) in labelled_across(axis, span.right - span.left) {
        let x = span.left + axis.scale.share(tick) * (span.right - span.left);
        canvas.line(&[(x, top - 4.0), (x, bottom + 4.0)], GRID, 1.0, Dash::Solid);
        canvas.text(&label, (x, top - 12.0), LABEL, Anchor::Middle);
        canvas.text(&label, (x, bottom + 14.0), LABEL, Anchor::Middle);
    }
    canvas.line(&[(span.left, top - 4.0), (span.left, bottom + 4.0)], MUTED, 1.2, Dash::Solid);
}

fn draw_mark(canvas: &mut Canvas<'_>, panel: &Panel, span: Span, y: f64, row_height: f64, mark: &RowMark) {
    let Panel::Marks { axis, .. } = panel else {
        if let RowMark::Word(word) = mark {
            canvas.text(
                &shortened(word, LABEL.size, span.right - span.left + 12.0),
                (span.right, y),
                LABEL,
                Anchor::End,
            );
        }
        return;
    };
    let x = |value: f64| span.left + axis.scale.share(value) * (span.right - span.left);
    match mark {
        RowMark::Bar { from, to, color } if is_drawable(*from) && is_drawable(*to) => {
            let half = row_height * 0.32;
            canvas.rectangle((x(*from), y - half), (x(*to), y + half), *color, 1.0);
        }
        RowMark::Whisker { from, to } if is_drawable(*from) && is_drawable(*to) => {
            canvas.line(&[(x(*from), y), (x(*to), y)], INK, 1.3, Dash::Solid);
            for end in [*from, *to] {
                canvas.line(&[(x(end), y - 4.0), (x(end), y + 4.0)], INK, 1.3, Dash::Solid);
            }
        }
        RowMark::Stroke { at, color } if is_drawable(*at) => {
            let half = row_height * 0.42;
            canvas.line(&[(x(*at), y - half), (x(*at), y + half)], *color, 2.6, Dash::Solid);
        }
        RowMark::Dot { at, color, marker } if is_drawable(*at) => {
            canvas.point((x(*at), y), 5.0, *color, *marker);
        }
        RowMark::Word(word) => {
            canvas.text(word, (span.left + 8.0, y), SUBTITLE, Anchor::Start);
        }
        RowMark::Bar { .. } | RowMark::Whisker { .. } | RowMark::Stroke { .. } | RowMark::Dot { .. } => (),
    }
}
