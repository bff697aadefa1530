//! How single rollouts went: old, new and healthy tasks against what is desired
//! and what the bounds allow, with stages and traffic beneath, and where it was
//! given up. One run stands for a setting.

use crate::experiment::results::{Results, Row};
use crate::record::{DeploymentOutcome, RolloutPoint, RolloutRecord};

use super::canvas::{Anchor, Canvas, Color, Dash, Font, Marker, Place, document};
use super::chart::{Chart, head};
use super::figure::{
    AXIS, Axis, Entry, LABEL, Legend, MARGIN, SUBTITLE, Sample, WIDTH, draw_head, draw_notes, head_height,
    labelled_across, note_lines, notes_height,
};
use super::grouping::grouped;
use super::palette::{BAND, GRID, INK, MUTED, RANGE, Style, style};
use super::rollouts::outcome;
use super::scale::{Scale, TimeUnit, duration};
use super::text::{Weight, label_within, shortened, width};

pub(super) const ROLLOUT_TIMELINE: Chart = Chart {
    name: "rollout_timeline",
    title: "Rollout timeline",
    summary: "old, new and healthy tasks of single rollouts with their bounds, stages and traffic",
    draw: draw_timelines,
};

/// More settings, and more rollouts in all, are not drawn.
const N_SETTINGS: usize = 6;
const N_PANELS: usize = 12;

const N_COLUMNS: usize = 2;
const PLOT_HEIGHT: f64 = 120.0;
/// Left of a plot, for its numbers; between two columns; above for two lines of
/// words; below for the numbers of the axis.
const LEFT: f64 = 52.0;
const BETWEEN: f64 = 14.0;
const HEADING: f64 = 44.0;
const BELOW: f64 = 30.0;
/// A strip beneath a plot, and what of it is filled.
const STRIP: f64 = 18.0;
const STRIP_FILLED: f64 = 14.0;
const SMALL: Font = Font { size: 11.0, weight: Weight::Regular, color: INK };
const FAILED: Color = Color(0xb0, 0x00, 0x20);

/// A rollout that is drawn.
struct Drawn<'a> {
    title: String,
    remark: String,
    rollout: &'a RolloutRecord,
}

fn draw_timelines(results: &Results) -> Option<String> {
    let grouping = grouped(results, "deployment", "rollout_seconds_p50", N_SETTINGS);
    let runs: Vec<(&str, &Row)> = grouping
        .groups
        .iter()
        .filter_map(|it| Some((it.label.as_str(), representative(results, *it.settings.first()?)?)))
        .collect();
    let per_run = (N_PANELS / runs.len().max(1)).max(1);
    let panels: Vec<Drawn<'_>> = runs
        .iter()
        .flat_map(|(label, row)| {
            chosen(row, per_run).into_iter().map(move |rollout| drawn(results, label, row, rollout))
        })
        .collect();
    if panels.is_empty() {
        return None;
    }
    let has_stages = panels.iter().any(|it| !it.rollout.stages.is_empty());
    let has_traffic = panels.iter().any(|it| !it.rollout.traffic.is_empty());
    let has_failure = panels.iter().any(|it| it.rollout.failure.is_some());
    let n_strips = usize::from(has_stages) + usize::from(has_traffic);
    let panel_height = HEADING + PLOT_HEIGHT + n_strips as f64 * STRIP + BELOW;
    let head = head(results, ROLLOUT_TIMELINE.title, "Healthy tasks should not fall below the lower bound.");
    let entries = legend_entries(has_traffic, has_failure);
    let legend = Legend::new(&entries);
    let mut notes = vec![
        "A setting is shown by the run whose rollouts took the median time together: of its rollouts those that were \
         given up or did not end, then the longest. Where two axes are varied, it is the first setting of each value. Each \
         rollout has its own axes; a dotted line is a bound."
            .to_owned(),
    ];
    if panels.iter().any(|it| it.rollout.timeline.is_thinned()) {
        notes.push("Of long rollouts only the extremes of each stretch of time are drawn.".to_owned());
    }
    let notes = note_lines(&notes);
    let top = head_height(&head) + 8.0;
    let n_lines = panels.len().div_ceil(N_COLUMNS) as f64;
    let below = top + n_lines * panel_height + 14.0;
    let height = below + legend.height() + notes_height(&notes) + MARGIN;
    let column = (WIDTH - 2.0 * MARGIN - BETWEEN) / N_COLUMNS as f64;

    let label = format!("{}. {}", head.title, head.subtitle.join(". "));
    Some(document(WIDTH, height.ceil(), &label, |canvas| {
        draw_head(canvas, &head);
        for (idx, panel) in panels.iter().enumerate() {
            let left = MARGIN + (idx % N_COLUMNS) as f64 * (column + BETWEEN);
            let at = (left, top + (idx / N_COLUMNS) as f64 * panel_height);
            draw_panel(canvas, panel, at, column, (has_stages, has_traffic));
        }
        legend.draw(canvas, below);
        draw_notes(canvas, &notes, below + legend.height());
    }))
}

/// The run of a setting whose rollouts took the median time together.
fn representative(results: &Results, setting: usize) -> Option<&Row> {
    let took = |row: &Row| {
        row.record.rollouts.iter().map(|it| it.ended_ms.saturating_sub(it.started_ms)).sum::<u64>()
    };
    let rows = results.rows_of(setting).iter();
    let mut rows: Vec<&Row> = rows.filter(|it| !it.record.rollouts.is_empty()).collect();
    rows.sort_by_key(|it| (took(it), it.replicate));
    rows.get(rows.len().saturating_sub(1) / 2).copied()
}

/// The rollouts of a run that say most, in the order of time.
fn chosen(row: &Row, most: usize) -> Vec<&RolloutRecord> {
    let rollouts = row.record.rollouts.iter().enumerate();
    let mut rollouts: Vec<(usize, &RolloutRecord)> =
        rollouts.filter(|it| !it.1.timeline.points().is_empty()).collect();
    let is_well = |it: &RolloutRecord| it.outcome == DeploymentOutcome::Completed;
    let took = |it: &RolloutRecord| it.ended_ms.saturating_sub(it.started_ms);
    rollouts.sort_by_key(|&(idx, it)| (it.failure.is_none(), is_well(it), std::cmp::Reverse(took(it)), idx));
    rollouts.truncate(most);
    rollouts.sort_by_key(|it| it.0);
    rollouts.into_iter().map(|it| it.1).collect()
}

fn drawn<'a>(results: &Results, label: &str, row: &'a Row, rollout: &'a RolloutRecord) -> Drawn<'a> {
    let service = results.services.get(rollout.service as usize).map_or("", String::as_str);
    let took = duration(rollout.ended_ms.saturating_sub(rollout.started_ms) as f64 / 1000.0);
    let how = outcome(rollout.outcome);
    let remark = match &rollout.failure {
        Some(failure) => format!("{how} after {took}: {}", failure.reason),
        None => format!("{how} after {took}"),
    };
    // A task more here than there is what cannot be helped.
    let skew = rollout.left_behind.skew();
    let left = if skew > 1 {
        format!(", with {skew} tasks more in one zone than in another")
    } else {
        String::new()
    };
    let which =
        if results.n_replicates > 1 { format!(", replicate {}", row.replicate) } else { String::new() };
    Drawn {
        title: format!("{label}: {service} to {}", rollout.revision),
        remark: remark + &left + &which,
        rollout,
    }
}

fn legend_entries(has_traffic: bool, has_failure: bool) -> Vec<Entry> {
    let line = |label: &str, style: Style| Entry { label: label.to_owned(), sample: Sample::Line(style) };
    let mut entries = vec![
        line("old tasks", OLD),
        line("new tasks", NEW),
        Entry { label: "healthy tasks, old and new".to_owned(), sample: Sample::Area(HEALTHY) },
        line("desired", DESIRED),
        line("lower and upper bound", BOUNDS),
    ];
    if has_traffic {
        entries.push(Entry {
            label: "share of traffic on the new revision".to_owned(),
            sample: Sample::Area(TRAFFIC),
        });
    }
    if has_failure {
        let sample = Sample::Point(Style { color: FAILED, marker: Marker::Cross, dash: Dash::Solid });
        entries.push(Entry { label: "given up".to_owned(), sample });
    }
    entries
}

const OLD: Style = Style { color: Color(0x00, 0x72, 0xb2), marker: Marker::Circle, dash: Dash::Solid };
const NEW: Style = Style { color: Color(0xd5, 0x5e, 0x00), marker: Marker::Circle, dash: Dash::Solid };
const HEALTHY: Color = Color(0xc4, 0xe6, 0xd9);
const DESIRED: Style = Style { color: INK, marker: Marker::Circle, dash: Dash::Long };
const BOUNDS: Style = Style { color: MUTED, marker: Marker::Circle, dash: Dash::Short };
const TRAFFIC: Color = Color(0xf2, 0xa3, 0x6b);

fn draw_panel(
    canvas: &mut Canvas<'_>,
    panel: &Drawn<'_>,
    (left, top): Place,
    column: f64,
    (has_stages, has_traffic): (bool, bool),
) {
    let rollout = panel.rollout;
    let room = column - 6.0;
    canvas.text(&label_within(&panel.title, AXIS.size * 1.13, room), (left, top + 9.0), AXIS, Anchor::Start);
    canvas.text(&shortened(&panel.remark, SUBTITLE.size, room), (left, top + 26.0), SUBTITLE, Anchor::Start);

    let (x_left, x_right) = (left + LEFT, left + column - 8.0);
    let (y_top, y_bottom) = (top + HEADING, top + HEADING + PLOT_HEIGHT);
    let points = rollout.timeline.points();
    let last_ms = points.last().map_or(0, |it| it.after_ms);
    let took_ms = rollout.ended_ms.saturating_sub(rollout.started_ms).max(last_ms).max(1);
    let unit = time_unit(took_ms);
    let across = Axis { label: String::new(), scale: unit.scale(took_ms) };
    let tallest = points.iter().map(|it| it.tasks().max(it.desired).max(it.upper.min(3 * it.desired)));
    let up = Axis {
        label: String::new(),
        scale: Scale::from_zero([f64::from(tallest.max().unwrap_or(0).max(1))]),
    };
    let x = |after_ms: u64| x_left + (x_right - x_left) * across.scale.share(after_ms as f64 / unit.millis);
    let y = |n: u32| y_bottom - (y_bottom - y_top) * up.scale.share(f64::from(n));

    // An area, since its edge lies on that of the desired or the old ones for
    // most of the time; the grid shows through.
    let edge = steps(points, took_ms, RolloutPoint::healthy);
    let mut corners: Vec<Place> = edge.iter().map(|&(at, n)| (x(at), y(n))).collect();
    if let (Some(first), Some(last)) = (edge.first(), edge.last()) {
        corners.extend([(x(last.0), y_bottom), (x(first.0), y_bottom)]);
        canvas.area(&corners, HEALTHY, 1.0);
    }
    // There are no halves of tasks.
    for tick in up.scale.ticks(5).into_iter().filter(|it| it.fract().abs() < 1e-9) {
        let at = y_bottom - (y_bottom - y_top) * up.scale.share(tick);
        canvas.line(&[(x_left, at), (x_right, at)], GRID, 1.0, Dash::Solid);
        canvas.text(&format!("{tick:.0}"), (x_left - 8.0, at), LABEL, Anchor::End);
    }
    let ticks = labelled_across(&across, x_right - x_left);
    for (tick, _) in &ticks {
        let at = x_left + (x_right - x_left) * across.scale.share(*tick);
        canvas.line(&[(at, y_top), (at, y_bottom)], GRID, 1.0, Dash::Solid);
    }
    canvas.line(&[(x_left, y_top), (x_left, y_bottom), (x_right, y_bottom)], MUTED, 1.2, Dash::Solid);
    let line = |canvas: &mut Canvas<'_>, style: Style, width: f64, of: fn(&RolloutPoint) -> u32| {
        let steps = steps(points, took_ms, of);
        let places: Vec<Place> = steps.into_iter().map(|(at, n)| (x(at), y(n))).collect();
        canvas.line(&places, style.color, width, style.dash);
    };
    line(canvas, BOUNDS, 1.4, |it| it.lower);
    // What lies far above all tasks would flatten them: it is cut at the top.
    line(canvas, BOUNDS, 1.4, |it| it.upper);
    line(canvas, OLD, 2.2, |it| it.old);
    line(canvas, NEW, 2.2, |it| it.new);
    line(canvas, DESIRED, 1.4, |it| it.desired);
    if let Some(failure) = &rollout.failure {
        let at = x(failure.at_ms.saturating_sub(rollout.started_ms).min(took_ms));
        canvas.line(&[(at, y_top), (at, y_bottom)], FAILED, 1.6, Dash::Solid);
        canvas.point((at, y_top + 6.0), 5.0, FAILED, Marker::Cross);
    }

    let mut bottom = y_bottom;
    let in_rollout = |at_ms: u64| at_ms.saturating_sub(rollout.started_ms).min(took_ms);
    if has_stages {
        let (strip_top, strip_bottom) = (bottom + STRIP - STRIP_FILLED, bottom + STRIP);
        canvas.text("stage", (x_left - 8.0, strip_bottom - STRIP_FILLED / 2.0), SMALL, Anchor::End);
        canvas.rectangle((x_left, strip_top), (x_right, strip_bottom), BAND, 1.0);
        for (idx, stage) in rollout.stages.iter().enumerate() {
            let (from, to) = (x(in_rollout(stage.from_ms)), x(in_rollout(stage.to_ms)));
            let color = if idx % 2 == 0 { RANGE } else { style(6).color.tint() };
            canvas.rectangle((from, strip_top), (to, strip_bottom), color, 1.0);
            let name = stage.stage.to_lowercase().replace('_', " ");
            if width(&name, SMALL.size, SMALL.weight) + 6.0 < to - from {
                let middle = f64::midpoint(from, to);
                canvas.text(&name, (middle, strip_bottom - STRIP_FILLED / 2.0), SMALL, Anchor::Middle);
            }
            let took = duration(stage.to_ms.saturating_sub(stage.from_ms) as f64 / 1000.0);
            canvas.title(&format!("{}: {took}", stage.stage), (from, strip_top), (to, strip_bottom));
        }
        bottom = strip_bottom;
    }
    if has_traffic {
        let (strip_top, strip_bottom) = (bottom + STRIP - STRIP_FILLED, bottom + STRIP);
        canvas.text("traffic", (x_left - 8.0, strip_bottom - STRIP_FILLED / 2.0), SMALL, Anchor::End);
        canvas.rectangle((x_left, strip_top), (x_right, strip_bottom), BAND, 1.0);
        for (idx, &(from_ms, share)) in rollout.traffic.iter().enumerate() {
            let to_ms = rollout.traffic.get(idx + 1).map_or(rollout.ended_ms, |it| it.0);
            let (from, to) = (x(in_rollout(from_ms)), x(in_rollout(to_ms)));
            let filled = STRIP_FILLED * f64::from(share.min(1000)) / 1000.0;
            if filled > 0.0 && to > from {
                canvas.rectangle((from, strip_bottom - filled), (to, strip_bottom), TRAFFIC, 1.0);
            }
        }
        bottom = strip_bottom;
    }
    for (tick, label) in &ticks {
        let at = x_left + (x_right - x_left) * across.scale.share(*tick);
        canvas.text(label, (at, bottom + 13.0), LABEL, Anchor::Middle);
    }
    let short = if unit.name == "minutes" { "min" } else { unit.name };
    canvas.text(short, (x_left - 14.0, bottom + 13.0), SMALL, Anchor::End);
    let hover = format!(
        "{}: {}; peak {} tasks, at least {} healthy, surge {} task-hours",
        panel.title,
        panel.remark,
        rollout.tasks_peak,
        rollout.healthy_min,
        rollout.surge.task_ms / 3_600_000,
    );
    canvas.title(&hover, (x_left, y_top), (x_right, y_bottom));
}

/// Seconds for the shortest, then as of runs.
fn time_unit(took_ms: u64) -> TimeUnit {
    if took_ms <= 180_000 { TimeUnit::SECONDS } else { TimeUnit::of(took_ms) }
}

/// The corners of a value that holds until the next point, up to the end.
fn steps(points: &[RolloutPoint], end_ms: u64, of: fn(&RolloutPoint) -> u32) -> Vec<(u64, u32)> {
    let mut steps: Vec<(u64, u32)> = Vec::new();
    for point in points {
        let n = of(point);
        match steps.last() {
            Some(last) if last.1 == n => (),
            Some(&(_, before)) => steps.extend([(point.after_ms, before), (point.after_ms, n)]),
            None => steps.push((point.after_ms, n)),
        }
    }
    steps.extend(steps.last().map(|it| (end_ms, it.1)));
    steps
}
