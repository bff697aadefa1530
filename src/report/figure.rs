//! A plot of two axes: what is in it, and how it is laid out. Title, subtitle,
//! legend and notes stand outside the plot area and take the room they need, so
//! that nothing lies over the data.

use super::canvas::{Anchor, Canvas, Color, Dash, Font, Place, document};
use super::palette::{GRID, INK, MUTED, Style};
use super::scale::{Scale, is_drawable};
use super::text::{Weight, shortened, width, wrapped};

/// Of every chart, in pixels.
pub(super) const WIDTH: f64 = 960.0;
/// Around everything.
pub(super) const MARGIN: f64 = 20.0;

pub(super) const TITLE: Font = Font { size: 18.0, weight: Weight::Bold, color: INK };
pub(super) const SUBTITLE: Font = Font { size: 12.5, weight: Weight::Regular, color: MUTED };
pub(super) const LABEL: Font = Font { size: 12.0, weight: Weight::Regular, color: INK };
pub(super) const AXIS: Font = Font { size: 12.5, weight: Weight::Bold, color: INK };

/// From one line of text to the next, in font sizes.
const LEADING: f64 = 1.45;

/// A plot of `y` against `x`.
pub(super) struct Figure {
    /// What is shown.
    pub(super) head: Head,
    /// Along the bottom.
    pub(super) x: Axis,
    /// Along the left.
    pub(super) y: Axis,
    /// Bands are drawn below lines, lines below points.
    pub(super) marks: Vec<Mark>,
    /// Below the plot.
    pub(super) legend: Vec<Entry>,
    /// Below the legend.
    pub(super) notes: Vec<String>,
}

/// The words above a chart.
pub(super) struct Head {
    /// What is shown.
    pub(super) title: String,
    /// Of what: experiment, settings, replicates, and which way is better.
    pub(super) subtitle: Vec<String>,
}

/// One of the two directions.
pub(super) struct Axis {
    /// What is measured, its unit, and which way is better.
    pub(super) label: String,
    /// The range.
    pub(super) scale: Scale,
}

/// Something in the plot, in the units of its axes. Points that are not finite
/// are left out: a line has a gap there.
pub(super) enum Mark {
    /// A line; it is broken where a point is not finite.
    Line { points: Vec<(f64, f64)>, style: Style, width: f64 },
    /// The area between a lower and an upper line: `(x, lower, upper)`.
    Band { points: Vec<(f64, f64, f64)>, color: Color, opacity: f64 },
    /// A stretch of the horizontal axis, behind everything.
    Stretch { from: f64, to: f64, color: Color },
    /// A point with its intervals, a number beside it and a title over it.
    Point(PointMark),
}

/// A point with what belongs to it.
pub(super) struct PointMark {
    /// Where.
    pub(super) at: (f64, f64),
    /// From where to where it may lie, along each axis.
    pub(super) intervals: Option<[(f64, f64); 2]>,
    /// Its colour and shape.
    pub(super) style: Style,
    /// Written beside it if there is room.
    pub(super) label: Option<String>,
    /// What a browser shows over it.
    pub(super) hover: String,
}

/// One series in the legend.
pub(super) struct Entry {
    /// Its name.
    pub(super) label: String,
    /// How it is drawn.
    pub(super) sample: Sample,
}

/// How a series looks in the legend.
pub(super) enum Sample {
    /// As a line.
    Line(Style),
    /// As a point.
    Point(Style),
    /// As an area.
    Area(Color),
    /// It only has words: a number that stands for a name.
    Key(String),
}

/// The plot area, in pixels.
struct Frame {
    left: f64,
    right: f64,
    top: f64,
    bottom: f64,
}

/// Draws the figure; `plot_height` is the height of the plot area.
pub(super) fn draw(figure: &Figure, plot_height: f64) -> String {
    let head_height = head_height(&figure.head);
    let n_y = (plot_height / 45.0) as usize;
    let y_ticks = labelled(&figure.y, n_y);
    let y_room = y_ticks.iter().map(|(_, label)| width(label, LABEL.size, LABEL.weight)).fold(24.0, f64::max);
    let frame = Frame {
        left: MARGIN + y_room + 10.0,
        right: WIDTH - MARGIN - 10.0,
        top: head_height + 34.0,
        bottom: head_height + 34.0 + plot_height,
    };
    let legend = Legend::new(&figure.legend);
    let notes = note_lines(&figure.notes);
    let below_axis = frame.bottom + 52.0;
    let height = below_axis + legend.height() + notes.len() as f64 * SUBTITLE.size * LEADING + MARGIN;

    let label = format!("{}. {}", figure.head.title, figure.head.subtitle.join(". "));
    document(WIDTH, height.ceil(), &label, |canvas| {
        draw_head(canvas, &figure.head);
        for mark in &figure.marks {
            if let Mark::Stretch { from, to, color } = mark {
                let (left, right) = (frame.x(&figure.x.scale, *from), frame.x(&figure.x.scale, *to));
                canvas.rectangle((left, frame.top), (right, frame.bottom), *color, 1.0);
            }
        }
        draw_axes(canvas, &frame, figure, &y_ticks);
        draw_marks(canvas, &frame, figure);
        legend.draw(canvas, below_axis);
        draw_notes(canvas, &notes, below_axis + legend.height());
    })
}

impl Frame {
    fn x(&self, scale: &Scale, value: f64) -> f64 {
        self.left + (self.right - self.left) * scale.share(value)
    }

    fn y(&self, scale: &Scale, value: f64) -> f64 {
        self.bottom - (self.bottom - self.top) * scale.share(value)
    }
}

/// How much room the words above a chart take.
pub(super) fn head_height(head: &Head) -> f64 {
    MARGIN + TITLE.size * LEADING + subtitle_lines(head).len() as f64 * SUBTITLE.size * LEADING + 8.0
}

fn subtitle_lines(head: &Head) -> Vec<String> {
    head.subtitle.iter().flat_map(|it| wrapped(it, SUBTITLE.size, WIDTH - 2.0 * MARGIN)).collect()
}

/// Writes the words above a chart.
pub(super) fn draw_head(canvas: &mut Canvas<'_>, head: &Head) {
    let mut y = MARGIN + TITLE.size * 0.6;
    canvas.text(
        &shortened(&head.title, TITLE.size * 1.12, WIDTH - 2.0 * MARGIN),
        (MARGIN, y),
        TITLE,
        Anchor::Start,
    );
    y += TITLE.size * LEADING - 1.0;
    for line in subtitle_lines(head) {
        canvas.text(&line, (MARGIN, y), SUBTITLE, Anchor::Start);
        y += SUBTITLE.size * LEADING;
    }
}

/// The notes broken into lines.
pub(super) fn note_lines(notes: &[String]) -> Vec<String> {
    notes.iter().flat_map(|it| wrapped(it, SUBTITLE.size, WIDTH - 2.0 * MARGIN)).collect()
}

/// Writes the notes from `top` on.
pub(super) fn draw_notes(canvas: &mut Canvas<'_>, lines: &[String], top: f64) {
    for (idx, line) in lines.iter().enumerate() {
        let y = top + (idx as f64 + 0.5) * SUBTITLE.size * LEADING;
        canvas.text(line, (MARGIN, y), SUBTITLE, Anchor::Start);
    }
}

/// The height of so many lines of notes.
pub(super) fn notes_height(lines: &[String]) -> f64 {
    lines.len() as f64 * SUBTITLE.size * LEADING
}

/// The ticks of an axis, about `n` of them, with their labels.
pub(super) fn labelled(axis: &Axis, n: usize) -> Vec<(f64, String)> {
    let ticks = axis.scale.ticks(n);
    ticks.into_iter().map(|it| (it, axis.scale.label(it, n))).collect()
}

/// The ticks of a horizontal axis of so many pixels: as many as do not touch.
pub(super) fn labelled_across(axis: &Axis, room: f64) -> Vec<(f64, String)> {
    let fits = |ticks: &[(f64, String)]| {
        let ends: Vec<(f64, f64)> = ticks
            .iter()
            .map(|(tick, label)| {
                let half = width(label, LABEL.size, LABEL.weight) / 2.0 + 7.0;
                let at = axis.scale.share(*tick) * room;
                (at - half, at + half)
            })
            .collect();
        ends.windows(2).all(|pair| pair[0].1 <= pair[1].0)
    };
    let mut n = 12;
    while n > 1 {
        let ticks = labelled(axis, n);
        if fits(&ticks) {
            return ticks;
        }
        n -= 1;
    }
    labelled(axis, 1).into_iter().take(1).collect()
}

fn draw_axes(canvas: &mut Canvas<'_>, frame: &Frame, figure: &Figure, y_ticks: &[(f64, String)]) {
    for (tick, label) in y_ticks {
        let y = frame.y(&figure.y.scale, *tick);
        canvas.line(&[(frame.left, y), (frame.right, y)], GRID, 1.0, Dash::Solid);
        canvas.text(label, (frame.left - 8.0, y), LABEL, Anchor::End);
    }
    for (tick, label) in labelled_across(&figure.x, frame.right - frame.left) {
        let x = frame.x(&figure.x.scale, tick);
        canvas.line(&[(x, frame.top), (x, frame.bottom + 4.0)], GRID, 1.0, Dash::Solid);
        canvas.text(&label, (x, frame.bottom + 14.0), LABEL, Anchor::Middle);
    }
    canvas.line(
        &[(frame.left, frame.top), (frame.left, frame.bottom), (frame.right, frame.bottom)],
        MUTED,
        1.2,
        Dash::Solid,
    );
    let room = WIDTH - 2.0 * MARGIN;
    let label = |axis: &Axis| shortened(&axis.label, AXIS.size * 1.12, room);
    canvas.text(&label(&figure.y), (MARGIN, frame.top - 22.0), AXIS, Anchor::Start);
    let middle = f64::midpoint(frame.left, frame.right);
    canvas.text(&label(&figure.x), (middle, frame.bottom + 34.0), AXIS, Anchor::Middle);
}

fn draw_marks(canvas: &mut Canvas<'_>, frame: &Frame, figure: &Figure) {
    let place = |(x, y): (f64, f64)| (frame.x(&figure.x.scale, x), frame.y(&figure.y.scale, y));
    let points: Vec<&PointMark> = figure
        .marks
        .iter()
        .filter_map(|it| if let Mark::Point(point) = it { Some(point) } else { None })
        .filter(|it| is_drawable(it.at.0) && is_drawable(it.at.1))
        .collect();
    // Intervals below lines, points above, labels on top, so that none hides another's.
    for point in &points {
        let Some([across, up]) = point.intervals else { continue };
        let (x, y) = point.at;
        let color = point.style.color.tint();
        if [across.0, across.1, up.0, up.1].into_iter().all(is_drawable) {
            canvas.line(&[place((across.0, y)), place((across.1, y))], color, 1.0, Dash::Solid);
            canvas.line(&[place((x, up.0)), place((x, up.1))], color, 1.0, Dash::Solid);
        }
    }
    for mark in &figure.marks {
        if let Mark::Band { points, color, opacity } = mark {
            let is_gap = |it: &(f64, f64, f64)| ![it.0, it.1, it.2].into_iter().all(is_drawable);
            for piece in points.split(is_gap).filter(|it| it.len() > 1) {
                let lower = piece.iter().map(|it| place((it.0, it.1)));
                let upper = piece.iter().rev().map(|it| place((it.0, it.2)));
                canvas.area(&lower.chain(upper).collect::<Vec<_>>(), *color, *opacity);
            }
        }
    }
    // A dashed line over a solid one leaves both to be seen where they are equal.
    for is_dashed in [false, true] {
        for mark in &figure.marks {
            if let Mark::Line { points, style, width } = mark
                && (style.dash != Dash::Solid) == is_dashed
            {
                for piece in points.split(|it| !is_drawable(it.0) || !is_drawable(it.1)) {
                    let piece: Vec<Place> = piece.iter().map(|&it| place(it)).collect();
                    canvas.line(&piece, style.color, *width, style.dash);
                }
            }
        }
    }
    let radius = if points.len() > 30 { 4.0 } else { 5.0 };
    for point in &points {
        let (x, y) = place(point.at);
        canvas.point((x, y), radius, point.style.color, point.style.marker);
        canvas.title(&point.hover, (x - 6.0, y - 6.0), (x + 6.0, y + 6.0));
    }
    let mut taken: Vec<(Place, Place)> = points
        .iter()
        .map(|it| place(it.at))
        .map(|(x, y)| ((x - radius, y - radius), (x + radius, y + radius)))
        .collect();
    for point in &points {
        if let Some(label) = &point.label {
            draw_beside(canvas, frame, place(point.at), label, &mut taken);
        }
    }
}

/// Writes a label beside a point where nothing else stands; where there is no
/// such place it is left out, since a title and the table name the point too.
fn draw_beside(
    canvas: &mut Canvas<'_>,
    frame: &Frame,
    at: Place,
    label: &str,
    taken: &mut Vec<(Place, Place)>,
) {
    const FONT: Font = Font { size: 11.5, weight: Weight::Bold, color: INK };
    let half = (width(label, FONT.size, FONT.weight) / 2.0 + 1.0, FONT.size * 0.6);
    for distance in [1.0, 1.8, 2.8] {
        for (dx, dy) in [(-1.0, -0.6), (1.0, -0.6), (0.0, -1.0), (-1.0, 0.6), (1.0, 0.6), (0.0, 1.0)] {
            let x = at.0 + dx * (half.0 + 7.0 * distance);
            let y = at.1 + dy * (half.1 + 6.0 * distance);
            let here = ((x - half.0, y - half.1), (x + half.0, y + half.1));
            let is_inside = here.0.0 >= frame.left
                && here.1.0 <= frame.right
                && here.0.1 >= frame.top
                && here.1.1 <= frame.bottom;
            let touches = |other: &(Place, Place)| {
                here.0.0 < other.1.0 && other.0.0 < here.1.0 && here.0.1 < other.1.1 && other.0.1 < here.1.1
            };
            if is_inside && !taken.iter().any(touches) {
                // Lines may pass here; the number is read all the same.
                canvas.rectangle(here.0, here.1, Color(0xff, 0xff, 0xff), 0.75);
                canvas.text(label, (x, y), FONT, Anchor::Middle);
                taken.push(here);
                return;
            }
        }
    }
}

/// Entries laid out in columns of equal width.
pub(super) struct Legend<'a> {
    entries: &'a [Entry],
    n_columns: usize,
    column: f64,
}

impl<'a> Legend<'a> {
    const SAMPLE: f64 = 36.0;
    const LINE: f64 = 19.0;

    /// As many columns as the longest name leaves room for.
    pub(super) fn new(entries: &'a [Entry]) -> Self {
        let room = WIDTH - 2.0 * MARGIN;
        let widths = entries.iter().map(|it| width(&it.label, LABEL.size, LABEL.weight));
        let longest = widths.fold(0.0, f64::max) + Self::SAMPLE + 24.0;
        let n_columns = ((room / longest) as usize).clamp(1, 4);
        Self { entries, n_columns, column: room / n_columns as f64 }
    }

    /// The room it takes.
    pub(super) fn height(&self) -> f64 {
        let n_lines = self.entries.len().div_ceil(self.n_columns) as f64;
        if self.entries.is_empty() { 0.0 } else { n_lines * Self::LINE + 8.0 }
    }

    /// Draws it from `top` on.
    pub(super) fn draw(&self, canvas: &mut Canvas<'_>, top: f64) {
        for (idx, entry) in self.entries.iter().enumerate() {
            let x = MARGIN + (idx % self.n_columns) as f64 * self.column;
            let y = top + ((idx / self.n_columns) as f64 + 0.5) * Self::LINE;
            let middle = x + Self::SAMPLE / 2.0 - 3.0;
            match &entry.sample {
                Sample::Line(style) => {
                    canvas.line(&[(x, y), (x + Self::SAMPLE - 6.0, y)], style.color, 2.2, style.dash);
                }
                Sample::Point(style) => canvas.point((middle, y), 5.0, style.color, style.marker),
                Sample::Area(color) => {
                    canvas.rectangle((x, y - 6.0), (x + Self::SAMPLE - 6.0, y + 6.0), *color, 1.0);
                }
                Sample::Key(key) => canvas.text(key, (x + Self::SAMPLE - 8.0, y), AXIS, Anchor::End),
            }
            let label = shortened(&entry.label, LABEL.size, self.column - Self::SAMPLE - 10.0);
            canvas.text(&label, (x + Self::SAMPLE, y), LABEL, Anchor::Start);
        }
    }
}
