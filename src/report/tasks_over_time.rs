//! How many tasks there were over time where something was disrupted: the healthy
//! ones of services, or the placed ones where there are no services.

use crate::experiment::results::Results;

use super::chart::{Chart, head};
use super::disrupted;
use super::figure::{Axis, Entry, Figure, Mark, Sample, draw};
use super::grouping::{Group, Grouping, by_setting, grouped};
use super::instances_over_time::curve;
use super::palette::{N_STYLES, WARM_UP, style};
use super::scale::{Scale, TimeUnit};

pub(super) const TASKS_OVER_TIME: Chart = Chart {
    name: "tasks_over_time",
    title: "Tasks over time, and what was disrupted",
    summary: "healthy tasks, mean of the replicates, with interruptions, outages and droughts",
    draw: draw_tasks,
};

fn draw_tasks(results: &Results) -> Option<String> {
    if !disrupted::is_any(results) {
        return None;
    }
    let horizon_ms = results.rows.iter().map(|it| it.record.horizon_ms).max().filter(|&it| it > 0)?;
    let unit = TimeUnit::of(horizon_ms);
    let n_services = results.rows.iter().map(|it| it.record.services.len()).max().unwrap_or(0);
    let tasks = |group: &Group| -> Vec<(f64, f64)> {
        if n_services == 0 {
            return curve(results, group, unit.millis, |row| Some(&row.record.placed_tasks));
        }
        let of_service = |idx: usize| {
            curve(results, group, unit.millis, move |row| row.record.services.get(idx).map(|it| &it.healthy))
        };
        let together = |sum: Vec<(f64, f64)>, other: Vec<(f64, f64)>| {
            sum.into_iter().zip(other).map(|(a, b)| (a.0, a.1 + b.1)).collect()
        };
        (0..n_services).map(of_service).reduce(together).unwrap_or_default()
    };
    // The settings that differ most in what was interrupted and lost are told apart.
    let shown = if results.settings.len() > N_STYLES {
        grouped(results, "", "tasks_interrupted", N_STYLES - 1)
    } else {
        Grouping { groups: by_setting(results), note: String::new() }
    };
    let curves: Vec<Vec<(f64, f64)>> = shown.groups.iter().map(tasks).collect();
    let disrupted = disrupted::marks(results, unit.millis);

    let mut marks = Vec::new();
    let mut legend = Vec::new();
    let warm_up_ms = results.rows.iter().map(|it| it.record.warm_up_ms).max().unwrap_or(0);
    if warm_up_ms > 0 {
        marks.push(Mark::Stretch { from: 0.0, to: warm_up_ms as f64 / unit.millis, color: WARM_UP });
        legend.push(Entry { label: "warm-up, not measured".to_owned(), sample: Sample::Area(WARM_UP) });
    }
    marks.extend(disrupted.behind);
    legend.extend(disrupted.legend);
    let mut greatest: Vec<f64> = curves.iter().flatten().map(|it| it.1).collect();
    greatest.push(disrupted.greatest);
    for (idx, (group, points)) in shown.groups.iter().zip(curves).enumerate() {
        marks.push(Mark::Line { points, style: style(idx), width: 1.8 });
        legend.push(Entry { label: group.label.clone(), sample: Sample::Line(style(idx)) });
    }
    marks.extend(disrupted.above);
    let what = if n_services == 0 { "tasks placed" } else { "healthy tasks of services (higher is better)" };
    let figure = Figure {
        head: head(results, TASKS_OVER_TIME.title, "Means of the replicates."),
        x: Axis { label: format!("time since the start, {}", unit.name), scale: unit.scale(horizon_ms) },
        y: Axis { label: what.to_owned(), scale: Scale::from_zero(greatest) },
        marks,
        legend,
        notes: [shown.note].into_iter().filter(|it| !it.is_empty()).collect(),
    };
    Some(draw(&figure, 360.0))
}
