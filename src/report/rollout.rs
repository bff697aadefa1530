//! How long rollouts take, where the time of their tasks goes, and how many
//! tasks they need at once: the price and the gain of a deployment setting.

use crate::experiment::results::{Results, Row};
use crate::record::{DeploymentOutcome, PhaseTime, RolloutRecord};

use super::canvas::{Color, Marker};
use super::chart::{Chart, head};
use super::figure::{Axis, Entry, Sample};
use super::grouping::{Group, counted, grouped};
use super::palette::{INK, RANGE, Style, style};
use super::rows::{Panel, RowChart, RowEntry, RowMark, draw};
use super::scale::{Scale, number};

pub(super) const ROLLOUT: Chart = Chart {
    name: "rollout",
    title: "Duration of rollouts",
    summary: "median and 95th percentile of rollout durations, time by phase, peak surge",
    draw: draw_rollouts,
};

/// More lines than this are left out.
const N_ROWS: usize = 60;

/// A stretch of the life of a task of a rollout.
struct Phase {
    name: &'static str,
    /// Position of its colour.
    style: usize,
    of: fn(&RolloutRecord) -> &PhaseTime,
}

/// In their order.
const PHASES: [Phase; N_PHASES] = [
    Phase { name: "place: request to placement", style: 0, of: |it| &it.place },
    Phase { name: "provision: to the begin of the pull", style: 4, of: |it| &it.provision },
    Phase { name: "pull", style: 5, of: |it| &it.pull },
    Phase { name: "start: end of the pull to running", style: 6, of: |it| &it.start },
    Phase { name: "health: running to healthy", style: 2, of: |it| &it.health },
    Phase { name: "drain: an old task, asked to stop to signal", style: 3, of: |it| &it.drain },
    Phase { name: "stop: signal to exit", style: 1, of: |it| &it.stop },
    Phase { name: "deprovision: exit to stopped", style: 7, of: |it| &it.deprovision },
];
const N_PHASES: usize = 8;

/// What is known of a group's rollouts.
struct Rollouts {
    label: String,
    n_rollouts: usize,
    n_unfinished: usize,
    /// Seconds of the completed ones, ascending.
    seconds: Vec<f64>,
    /// Mean seconds of a task in each phase.
    phases: [f64; N_PHASES],
    /// The most tasks at one moment, in percent of those desired.
    surge_percent: Option<f64>,
}

fn draw_rollouts(results: &Results) -> Option<String> {
    let grouping = grouped(results, "deployment", "rollout_seconds_p50", N_ROWS);
    let groups: Vec<Rollouts> =
        grouping.groups.iter().map(|it| rollouts(results, it)).filter(|it| it.n_rollouts > 0).collect();
    if groups.is_empty() {
        return None;
    }
    let rows = groups.iter().map(row).collect();
    let durations = groups.iter().filter_map(|it| quantile(&it.seconds, 95));
    let phases = groups.iter().map(|it| it.phases.iter().sum());

    let dot = |color: Color, marker: Marker| Sample::Point(Style { color, marker, ..style(0) });
    let mut legend = vec![
        Entry { label: "median rollout".to_owned(), sample: dot(INK, Marker::Circle) },
        Entry { label: "95th percentile".to_owned(), sample: dot(INK, Marker::Ring) },
    ];
    legend.extend(
        PHASES
            .iter()
            .map(|it| Entry { label: it.name.to_owned(), sample: Sample::Area(style(it.style).color) }),
    );
    let n_rollouts: usize = groups.iter().map(|it| it.n_rollouts).sum();
    let mut notes = vec![format!(
        "{} in all runs together. Durations are of completed ones, the rest are counted as not finished. Peak tasks: \
         the most tasks not stopped at one moment of any rollout, in percent of the desired count at its start.",
        counted(n_rollouts, "rollout"),
    )];
    if !grouping.note.is_empty() {
        notes.insert(0, grouping.note);
    }
    let seconds = |values: Vec<f64>| Scale::from_zero(values);
    let chart = RowChart {
        head: head(results, ROLLOUT.title, "Shorter is better, with fewer tasks at once."),
        panels: vec![
            Panel::Marks {
                axis: Axis {
                    label: "rollout, s (lower is better)".to_owned(),
                    scale: seconds(durations.collect()),
                },
                share: 1.0,
            },
            Panel::Marks {
                axis: Axis {
                    label: "mean time of a task by phase, s (lower is better)".to_owned(),
                    scale: seconds(phases.collect()),
                },
                share: 1.0,
            },
            Panel::Words { heading: "peak tasks, %".to_owned(), room: 100.0 },
            Panel::Words { heading: "not finished".to_owned(), room: 90.0 },
        ],
        rows,
        legend,
        notes,
    };
    Some(draw(&chart))
}

fn rollouts(results: &Results, group: &Group) -> Rollouts {
    let rows: Vec<&Row> = group.settings.iter().flat_map(|&it| results.rows_of(it)).collect();
    let all = || rows.iter().flat_map(|row| row.record.rollouts.iter().map(move |it| (*row, it)));
    let is_completed = |it: &RolloutRecord| it.outcome == DeploymentOutcome::Completed;
    let mut seconds: Vec<f64> = all()
        .filter(|(_, it)| is_completed(it))
        .map(|(_, it)| it.ended_ms.saturating_sub(it.started_ms) as f64 / 1000.0)
        .collect();
    seconds.sort_by(f64::total_cmp);
    let phases = PHASES.map(|phase| {
        let (n_tasks, total_ms) = all()
            .map(|(_, it)| (phase.of)(it))
            .fold((0, 0), |sum, it| (sum.0 + it.n_tasks, sum.1 + it.total_ms));
        if n_tasks == 0 { 0.0 } else { total_ms as f64 / n_tasks as f64 / 1000.0 }
    });
    Rollouts {
        label: group.label.clone(),
        n_rollouts: all().count(),
        n_unfinished: all().filter(|(_, it)| !is_completed(it)).count(),
        seconds,
        phases,
        surge_percent: all().filter_map(|(row, it)| surge_percent(row, it)).max_by(f64::total_cmp),
    }
}

/// The most tasks of a rollout in percent of what was desired when it began.
fn surge_percent(row: &Row, rollout: &RolloutRecord) -> Option<f64> {
    let desired = &row.record.services.get(rollout.service as usize)?.desired;
    let idx = rollout.started_ms / desired.bucket_width().millis().max(1);
    let desired = desired.buckets().get(idx as usize)?.max;
    (desired > 0).then(|| 100.0 * f64::from(rollout.tasks_peak) / desired as f64)
}

fn row(group: &Rollouts) -> RowEntry {
    let median = quantile(&group.seconds, 50);
    let high = quantile(&group.seconds, 95);
    let mut durations = Vec::new();
    if let Some((median, high)) = median.zip(high) {
        durations.push(RowMark::Bar { from: median, to: high, color: RANGE });
        durations.push(RowMark::Dot { at: high, color: INK, marker: Marker::Ring });
        durations.push(RowMark::Dot { at: median, color: INK, marker: Marker::Circle });
    } else {
        durations.push(RowMark::Word("none completed".to_owned()));
    }
    let mut from = 0.0;
    let phases = PHASES.iter().zip(group.phases).map(|(phase, seconds)| {
        from += seconds;
        RowMark::Bar { from: from - seconds, to: from, color: style(phase.style).color }
    });
    let phases: Vec<RowMark> = phases.collect();
    let surge = group.surge_percent.map_or_else(|| "–".to_owned(), |it| number(it, 0));
    let unfinished = match group.n_unfinished {
        0 => "0".to_owned(),
        n => format!("{n} of {}", group.n_rollouts),
    };
    let seconds = |it: Option<f64>| it.map_or_else(|| "–".to_owned(), |it| number(it, 1));
    RowEntry {
        hover: format!(
            "{}: median {} s, 95th percentile {} s, {} of {} not finished, peak tasks {surge} %",
            group.label,
            seconds(median),
            seconds(high),
            group.n_unfinished,
            group.n_rollouts,
        ),
        label: group.label.clone(),
        cells: vec![durations, phases, vec![RowMark::Word(surge)], vec![RowMark::Word(unfinished)]],
    }
}

/// The nearest-rank quantile of ascending values.
fn quantile(values: &[f64], percent: usize) -> Option<f64> {
    let rank = (values.len() * percent).div_ceil(100).max(1);
    values.get(rank - 1).copied()
}
