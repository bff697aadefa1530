//! What a rollout does to a service: all rollouts laid over each other at their
//! starts, the share of desired tasks that were healthy at each moment since.

use std::collections::BTreeMap;

use crate::experiment::results::Results;
use crate::record::run_record::RolloutProfile;

use super::chart::{Chart, head};
use super::figure::{Axis, Entry, Figure, Mark, Sample, draw};
use super::grouping::{Group, counted, grouped};
use super::palette::{N_STYLES, style};
use super::scale::{Scale, Steps};

pub(super) const AVAILABILITY: Chart = Chart {
    name: "availability",
    title: "Availability through rollouts",
    summary: "share of desired tasks that are healthy, by time since a rollout began",
    draw: draw_availability,
};

fn draw_availability(results: &Results) -> Option<String> {
    let grouping = grouped(results, "deployment", "availability_percent", N_STYLES);
    let profiles: Vec<(&Group, Vec<(f64, f64)>)> =
        grouping.groups.iter().map(|it| (it, profile(results, it))).filter(|it| !it.1.is_empty()).collect();
    if profiles.is_empty() {
        return None;
    }

    let points = || profiles.iter().flat_map(|it| &it.1);
    let end = points().map(|it| it.0).fold(0.0, f64::max);
    let until = end.min(minutes_worth_showing(results));
    let worst = points().map(|it| it.1).filter(|it| it.is_finite()).fold(100.0, f64::min);
    let floor = (worst - (100.0 - worst) * 0.1).clamp(0.0, 99.0);

    let mut marks = Vec::new();
    let mut legend = Vec::new();
    for (idx, (group, points)) in profiles.iter().enumerate() {
        let points = points.iter().copied().filter(|it| it.0 <= until).collect();
        marks.push(Mark::Line { points, style: style(idx), width: 2.2 });
        legend.push(Entry { label: group.label.clone(), sample: Sample::Line(style(idx)) });
    }
    let n_rollouts: usize = results.rows.iter().map(|it| it.record.rollouts.len()).sum();
    let mut notes = vec![format!(
        "Pooled over {}, {} and {} in all runs together.",
        counted(results.services.len(), "service"),
        counted(results.n_replicates as usize, "replicate"),
        counted(n_rollouts, "rollout"),
    )];
    if !grouping.note.is_empty() {
        notes.insert(0, grouping.note);
    }
    let figure = Figure {
        head: head(
            results,
            AVAILABILITY.title,
            "Higher is better; 100 % is as many healthy tasks as desired.",
        ),
        x: Axis {
            label: "time since the rollout began, minutes".to_owned(),
            scale: Scale::between(0.0, until, Steps::Decimal),
        },
        y: Axis {
            label: "healthy of desired tasks, % (higher is better)".to_owned(),
            scale: Scale::between(floor, 100.0 + (100.0 - floor) * 0.03, Steps::Decimal),
        },
        marks,
        legend,
        notes,
    };
    Some(draw(&figure, 360.0))
}

/// Until nearly every rollout is over, and half as long again: what comes after
/// is the service's daily life.
fn minutes_worth_showing(results: &Results) -> f64 {
    const LEAST: f64 = 3.0;
    let rollouts = results.rows.iter().flat_map(|row| &row.record.rollouts);
    let mut durations: Vec<u64> = rollouts.map(|it| it.ended_ms - it.started_ms).collect();
    durations.sort_unstable();
    let nearly_last = durations.len().saturating_sub(1) * 95 / 100;
    let duration_ms = durations.get(nearly_last).copied().unwrap_or(0);
    (1.5 * duration_ms as f64 / 60_000.0).max(LEAST)
}

/// Minutes since the start and percent healthy, over all services and
/// replicates of a group. Where steps differ, the widest holds.
fn profile(results: &Results, group: &Group) -> Vec<(f64, f64)> {
    let profiles: Vec<&RolloutProfile> = group
        .settings
        .iter()
        .flat_map(|&it| results.rows_of(it))
        .flat_map(|row| &row.record.services)
        .map(|it| &it.through_rollouts)
        .filter(|it| it.step_ms > 0)
        .collect();
    let Some(step_ms) = profiles.iter().map(|it| it.step_ms).max() else { return Vec::new() };
    let mut sums: BTreeMap<u64, (u64, u64)> = BTreeMap::new();
    for profile in profiles {
        for (idx, (available, desired)) in profile.available_ms.iter().zip(&profile.desired_ms).enumerate() {
            let sum = sums.entry(idx as u64 * profile.step_ms / step_ms).or_default();
            sum.0 += available;
            sum.1 += desired;
        }
    }
    let steps = sums.into_iter().filter(|(_, (_, desired))| *desired > 0);
    steps
        .map(|(idx, (available, desired))| {
            let minutes = (idx as f64 + 0.5) * step_ms as f64 / 60_000.0;
            (minutes, 100.0 * available as f64 / desired as f64)
        })
        .collect()
}
