//! How long stand-alone tasks waited for room: the share that waited longer
//! than a time. Tasks that never found room waited longer than any time, so a
//! line that does not come down shows them.

use std::collections::BTreeMap;

use crate::experiment::results::Results;

use super::chart::{Chart, head};
use super::figure::{Axis, Entry, Figure, Mark, Sample, draw};
use super::grouping::{Group, grouped};
use super::palette::{N_STYLES, style};
use super::scale::{Scale, number};

pub(super) const WAIT_TIMES: Chart = Chart {
    name: "wait_times",
    title: "Placement wait of stand-alone tasks",
    summary: "share of stand-alone tasks that waited for room longer than a time",
    draw: draw_waits,
};

/// Shares below this are drawn as this: one task of a hundred thousand.
const LEAST_PERCENT: f64 = 0.001;

/// Waits of a group.
struct Waits {
    label: String,
    n_tasks: u64,
    n_never_placed: u64,
    /// Milliseconds with the number of tasks, ascending.
    placed: BTreeMap<u64, u64>,
}

fn draw_waits(results: &Results) -> Option<String> {
    let grouping = grouped(results, "placement", "wait_seconds_p95", N_STYLES);
    let groups: Vec<Waits> =
        grouping.groups.iter().map(|it| waits(results, it)).filter(|it| it.n_tasks > 0).collect();
    if groups.is_empty() {
        return None;
    }
    let seconds = |it: &Waits| it.placed.keys().map(|&it| it as f64 / 1000.0).collect::<Vec<_>>();
    // Below a second a wait is a delay of the control plane, not of capacity.
    let scale = Scale::of_times(groups.iter().flat_map(seconds).map(|it| it.max(1.0)).chain([1.0, 10.0]));
    let longest = groups.iter().flat_map(seconds).fold(10.0, f64::max);

    let curves: Vec<Vec<(f64, f64)>> = groups.iter().map(|it| survival(it, longest)).collect();
    let shares = curves.iter().flatten().map(|it| it.1).filter(|it| it.is_finite());
    let least = shares.fold(1.0, f64::min).max(LEAST_PERCENT);
    let share_scale = Scale::of_ratios([least * 0.8, 100.0]);

    let mut marks = Vec::new();
    let mut legend = Vec::new();
    for (idx, (group, points)) in groups.iter().zip(curves).enumerate() {
        marks.push(Mark::Line { points, style: style(idx), width: 2.0 });
        let never = match group.n_never_placed {
            0 => String::new(),
            n => format!(" ({} % never placed)", number(100.0 * n as f64 / group.n_tasks as f64, 2)),
        };
        legend.push(Entry { label: format!("{}{never}", group.label), sample: Sample::Line(style(idx)) });
    }
    let n_tasks: u64 = groups.iter().map(|it| it.n_tasks).sum();
    let mut notes = vec![format!(
        "{} tasks in all replicates together. Tasks that never found room count as waiting for ever. Both axes \
         are logarithmic; a line begins at one second and ends where no task waited longer.",
        number(n_tasks as f64, 0),
    )];
    if !grouping.note.is_empty() {
        notes.insert(0, grouping.note);
    }
    let figure = Figure {
        head: head(results, WAIT_TIMES.title, "Lower and further left is better."),
        x: Axis { label: "placement wait, longer than".to_owned(), scale },
        y: Axis {
            label: "share of tasks that waited longer, % (lower is better)".to_owned(),
            scale: share_scale,
        },
        marks,
        legend,
        notes,
    };
    Some(draw(&figure, 360.0))
}

fn waits(results: &Results, group: &Group) -> Waits {
    let mut placed: BTreeMap<u64, u64> = BTreeMap::new();
    let mut n_never_placed = 0;
    for row in group.settings.iter().flat_map(|&it| results.rows_of(it)) {
        n_never_placed += row.record.tasks.never_placed;
        for (millis, n) in row.record.wait.recorded() {
            *placed.entry(millis).or_default() += n;
        }
    }
    let n_tasks = n_never_placed + placed.values().sum::<u64>();
    Waits { label: group.label.clone(), n_tasks, n_never_placed, placed }
}

/// The steps of the share, in percent, that waited longer than so many seconds.
fn survival(waits: &Waits, longest: f64) -> Vec<(f64, f64)> {
    let share = |n: u64| if n == 0 { f64::NAN } else { 100.0 * n as f64 / waits.n_tasks as f64 };
    let within_a_second: u64 = waits.placed.range(..=1000).map(|it| it.1).sum();
    let mut longer = waits.n_tasks - within_a_second;
    let mut points = vec![(1.0, share(longer))];
    for (&millis, &n) in waits.placed.range(1001..) {
        let seconds = millis as f64 / 1000.0;
        points.push((seconds, share(longer)));
        longer -= n;
        points.push((seconds, share(longer)));
    }
    points.push((longest, share(longer)));
    thinned(points)
}

/// Leaves out steps that are too small to be seen: a histogram of three digits
/// has thousands of values.
fn thinned(points: Vec<(f64, f64)>) -> Vec<(f64, f64)> {
    let mut kept: Vec<(f64, f64)> = Vec::new();
    let n = points.len();
    for (idx, point) in points.into_iter().enumerate() {
        let is_near = |last: &(f64, f64)| {
            (point.0 / last.0).ln().abs() < 0.004 && (point.1 / last.1).ln().abs() < 0.004
        };
        if idx + 2 >= n || !point.1.is_finite() || !kept.last().is_some_and(is_near) {
            kept.push(point);
        }
    }
    kept
}
