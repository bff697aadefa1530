//! Stranded capacity: what is free on instances and of no use, stacked by what
//! stands in the way, over time. One run stands for a setting, since a mean of
//! several would show causes side by side that never were.

use crate::experiment::results::{Results, Row};
use crate::record::{Resource, StrandedCause, StrandedSeries};

use super::canvas::Color;
use super::chart::{Chart, head};
use super::figure::{Axis, Entry, Sample};
use super::grouping::{counted, grouped};
use super::palette::{BOUND, RANGE, WARM_UP, style};
use super::panels::{Panel, PanelArea, PanelChart, draw};
use super::scale::{TimeUnit, number};

pub(super) const STRANDED: Chart = Chart {
    name: "stranded",
    title: "Stranded capacity",
    summary: "what is free and cannot be used, by cause, over time",
    draw: draw_stranded,
};

/// More panels than this are left out.
const N_PANELS: usize = 6;
/// A resource of which less is stranded while measured has no panel in any
/// setting: it could not be seen.
const LEAST_PERCENT: f64 = 1.0;
const SHOWN: [(Resource, &str); 4] = [
    (Resource::Cpu, "CPU"),
    (Resource::Memory, "memory"),
    (Resource::NetworkInterfaces, "interfaces"),
    (Resource::Gpus, "GPUs"),
];

fn draw_stranded(results: &Results) -> Option<String> {
    let is_worth = |resource: Resource| {
        let percent = |row: &Row| row.record.floors.stranded.percent(resource, None);
        results.rows.iter().filter_map(percent).any(|it| it >= LEAST_PERCENT)
    };
    let resources: Vec<(Resource, &str)> = SHOWN.into_iter().filter(|it| is_worth(it.0)).collect();
    let shown = grouped(results, "", "cost_usd", (N_PANELS / resources.len().max(1)).max(2));
    let rows: Vec<(&str, &Row)> = shown
        .groups
        .iter()
        .flat_map(|group| group.settings.iter().map(move |it| (group.label.as_str(), *it)))
        .filter_map(|(label, setting)| Some((label, results.rows_of(setting).first()?)))
        .collect();
    let horizon_ms = rows.iter().map(|it| it.1.record.horizon_ms).max().filter(|&it| it > 0)?;
    let unit = TimeUnit::of(horizon_ms);
    let panels = rows.iter().flat_map(|(label, row)| {
        resources.iter().filter_map(move |&(resource, name)| panel(label, row, resource, name, unit))
    });
    let all: Vec<Panel> = panels.collect();
    let n_all = all.len();
    let panels: Vec<Panel> = all.into_iter().take(N_PANELS).collect();
    let most = panels.iter().flat_map(|it| &it.areas).flat_map(|it| &it.points).map(|it| it.2);
    let most = most.fold(0.0, f64::max);
    if panels.is_empty() {
        return None;
    }

    let warm_up_ms = rows.iter().map(|it| it.1.record.warm_up_ms).max().unwrap_or(0);
    let mut notes = vec![
        "Of each instance what no task of any one definition that runs or waits could take, looked at 128 times a \
         run."
            .to_owned(),
    ];
    if results.n_replicates > 1 {
        notes.push("Of each setting the first replicate is shown.".to_owned());
    }
    if rows.len() < results.settings.len() {
        notes.push(format!(
            "{} of {} are shown: the first, and others from the least to the greatest cost.",
            rows.len(),
            counted(results.settings.len(), "setting"),
        ));
    }
    let unseen: Vec<&str> =
        SHOWN.iter().map(|it| it.1).filter(|name| resources.iter().all(|it| it.1 != *name)).collect();
    if !unseen.is_empty() {
        notes.push(format!(
            "Left out where less than 1 % is stranded in every setting: {}.",
            unseen.join(", ")
        ));
    }
    if n_all > panels.len() {
        notes.push(format!("{} of {} are shown.", panels.len(), counted(n_all, "panel")));
    }
    let is_seen = |label: &str| panels.iter().any(|it| it.areas.iter().any(|it| it.label == label));
    let mut legend: Vec<Entry> = StrandedCause::ALL
        .into_iter()
        .map(look)
        .filter(|it| is_seen(it.1))
        .map(|(color, label)| Entry { label: label.to_owned(), sample: Sample::Area(color) })
        .collect();
    if warm_up_ms > 0 {
        legend.push(Entry { label: "warm-up, not measured".to_owned(), sample: Sample::Area(WARM_UP) });
    }
    let chart = PanelChart {
        head: head(results, STRANDED.title, "Free, and of no use: less is better."),
        x: Axis { label: format!("time since the start, {}", unit.name), scale: unit.scale(horizon_ms) },
        y_label: "stranded, % of registered (lower is better)".to_owned(),
        most: [10.0, 20.0, 50.0].into_iter().find(|&it| most <= it).unwrap_or(100.0),
        no_lane: "",
        warm_up: warm_up_ms as f64 / unit.millis,
        legend,
        panels,
        notes,
    };
    Some(draw(&chart))
}

/// The causes on top of each other; `None` where nothing is to be seen.
fn panel(label: &str, row: &Row, resource: Resource, name: &str, unit: TimeUnit) -> Option<Panel> {
    let stranded = &row.record.floors.stranded;
    let is_meant = |it: &&StrandedSeries| it.resource == resource;
    let series: Vec<&StrandedSeries> = stranded.by_cause.iter().filter(is_meant).collect();
    if series.is_empty() {
        return None;
    }
    let mut below: Vec<f64> = Vec::new();
    let mut areas = Vec::new();
    for it in &series {
        let (color, label) = look(it.cause);
        let width_ms = it.per_10_000.bucket_width().millis() as f64;
        let n_buckets = it.per_10_000.buckets().len();
        below.resize(n_buckets, 0.0);
        let points: Vec<(f64, f64, f64)> = (0..n_buckets)
            .map(|idx| {
                let lower = below[idx];
                below[idx] += it.per_10_000.mean(idx).unwrap_or(0.0) / 100.0;
                ((idx as f64 + 0.5) * width_ms / unit.millis, lower, below[idx])
            })
            .collect();
        areas.push(PanelArea { label, points: corners(points), color });
    }
    let total = stranded.percent(resource, None);
    let worst = series.iter().max_by_key(|it| (it.amount, std::cmp::Reverse(it.cause)));
    let remark = match (total, worst) {
        (Some(total), Some(worst)) if worst.amount > 0 => {
            format!("{} % while measured, mostly: {}", number(total, 1), look(worst.cause).1)
        }
        _ => String::new(),
    };
    let title = if label.is_empty() { name.to_owned() } else { format!("{label} · {name}") };
    Some(Panel { title, remark, most: None, areas, lines: Vec::new(), lanes: Vec::new() })
}

/// The points without those between two equal ones: between two looks nothing
/// changes.
fn corners(points: Vec<(f64, f64, f64)>) -> Vec<(f64, f64, f64)> {
    let is_alike = |one: usize, other: usize| {
        let of = |it: usize| points.get(it).map(|it| (it.1.to_bits(), it.2.to_bits()));
        of(one) == of(other)
    };
    let is_corner = |&idx: &usize| idx == 0 || !is_alike(idx - 1, idx) || !is_alike(idx, idx + 1);
    (0..points.len()).filter(is_corner).map(|it| points[it]).collect()
}

/// The colour of a cause and what it is called. A resource has the colour of its
/// line in the chart of what binds.
fn look(cause: StrandedCause) -> (Color, &'static str) {
    match cause {
        StrandedCause::Cpu => (style(0).color, "no CPU left beside it"),
        StrandedCause::Memory => (style(1).color, "no memory left beside it"),
        StrandedCause::NetworkInterfaces => (style(2).color, "no network interface left"),
        StrandedCause::Ports => (style(3).color, "host port taken"),
        StrandedCause::Gpus => (style(5).color, "no GPU left"),
        StrandedCause::Constraint => (style(4).color, "forbidden by a constraint"),
        StrandedCause::Zone => (style(7).color, "in a zone without the tasks' subnets"),
        StrandedCause::State => (BOUND, "instance registers, drains, or is not heard"),
        StrandedCause::Remainder => (RANGE, "less than a task needs"),
    }
}
