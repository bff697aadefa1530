//! Services that are scaled: the metric of a policy against its target, and the
//! tasks that are desired and healthy, one panel a setting and service. One run
//! stands for a setting.

use crate::experiment::results::{Results, Row};
use crate::record::{PolicyRecord, ScalingRecord, Series, ServiceRecord};

use super::canvas::Dash;
use super::chart::{Chart, head};
use super::figure::{Axis, Entry, Sample};
use super::grouping::{counted, grouped};
use super::palette::{BOUND, Style, WARM_UP, style};
use super::panels::{Lane, Panel, PanelChart, PanelLine, draw};
use super::scale::TimeUnit;

pub(super) const SERVICE_SCALING: Chart = Chart {
    name: "service_scaling",
    title: "Service auto scaling",
    summary: "the metric of a scaling policy, its target, desired and healthy tasks, and what was done when",
    draw: draw_scaling,
};

/// More panels than this are left out.
const N_PANELS: usize = 6;
/// An activity is as wide as this part of the time: it lasts no time at all.
const N_MARKS: f64 = 260.0;

/// A service of a run that policies scale.
struct Scaled<'a> {
    setting: usize,
    row: &'a Row,
    service: &'a ServiceRecord,
    scaling: &'a ScalingRecord,
}

fn draw_scaling(results: &Results) -> Option<String> {
    let groups = grouped(results, "", "desired_task_hours", N_PANELS).groups;
    let rows = groups.into_iter().flat_map(|it| it.settings);
    let rows = rows.filter_map(|it| Some((it, results.rows_of(it).first()?)));
    let all: Vec<Scaled<'_>> = rows
        .flat_map(|(setting, row)| {
            row.record.services.iter().filter_map(move |service| {
                let scaling = service.scaling.as_ref()?;
                Some(Scaled { setting, row, service, scaling })
            })
        })
        .collect();
    let shown = &all[..all.len().min(N_PANELS)];
    let horizon_ms = shown.iter().map(|it| it.row.record.horizon_ms).max().filter(|&it| it > 0)?;
    let unit = TimeUnit::of(horizon_ms);
    // All panels have one scale of tasks.
    let greatest = |series: &Series| series.buckets().iter().map(|it| it.max).max().unwrap_or(0);
    let tasks = shown.iter().flat_map(|it| [greatest(&it.service.desired), greatest(&it.service.healthy)]);
    let most = tasks.max().filter(|&it| it > 0)?;
    let warm_up_ms = shown.iter().map(|it| it.row.record.warm_up_ms).max().unwrap_or(0);
    let panels: Vec<Panel> = shown.iter().map(|it| panel(results, it, most, unit)).collect();
    let mut notes = vec![format!(
        "Of tasks 100 is {}. A metric that is no utilization is in percent of the greatest of itself and its \
         target.",
        counted(most as usize, "task")
    )];
    if results.n_replicates > 1 {
        notes.push("Of each setting the first replicate is shown.".to_owned());
    }
    if shown.len() < all.len() || results.settings.len() > N_PANELS {
        notes.push(format!("The first {} are shown.", counted(shown.len(), "scaled service")));
    }
    let line = |label: &str, style| Entry { label: label.to_owned(), sample: Sample::Line(style) };
    let area = |label: &str, color| Entry { label: label.to_owned(), sample: Sample::Area(color) };
    let mut legend = vec![
        line("metric of the policy", metric_style()),
        line("its target or threshold", target_style()),
        line("desired tasks", desired_style()),
        line("healthy tasks", healthy_style()),
        area("scale-out", out_style().color),
        area("scale-in", in_style().color),
    ];
    if warm_up_ms > 0 {
        legend.push(area("warm-up, not measured", WARM_UP));
    }
    let chart = PanelChart {
        head: head(results, SERVICE_SCALING.title, "The sooner tasks follow the metric, the better."),
        x: Axis { label: format!("time since the start, {}", unit.name), scale: unit.scale(horizon_ms) },
        y_label: "metric, %; tasks, % of the most".to_owned(),
        most: 100.0,
        no_lane: "nothing done",
        warm_up: warm_up_ms as f64 / unit.millis,
        panels,
        legend,
        notes,
    };
    Some(draw(&chart))
}

fn panel(results: &Results, of: &Scaled<'_>, most: u64, unit: TimeUnit) -> Panel {
    let curve = |series: &Series, whole: f64| {
        let width_ms = series.bucket_width().millis() as f64;
        let point = |idx: usize| {
            let value = series.mean(idx).map_or(f64::NAN, |it| 100.0 * it / whole);
            ((idx as f64 + 0.5) * width_ms / unit.millis, value)
        };
        (0..series.buckets().len()).map(point).collect::<Vec<_>>()
    };
    let line =
        |label: &'static str, points: Vec<(f64, f64)>, style: Style| PanelLine { label, points, style };
    let tasks = most as f64;
    let mut lines = vec![
        line("desired", curve(&of.service.desired, tasks), desired_style()),
        line("healthy", curve(&of.service.healthy, tasks), healthy_style()),
    ];
    let policy = of.scaling.policies.first();
    if let Some(policy) = policy {
        let whole = whole_of(policy);
        let end = of.row.record.horizon_ms as f64 / unit.millis;
        let level = 100.0 * policy.target as f64 / whole;
        lines.push(line("metric", curve(&policy.metric, whole), metric_style()));
        lines.push(line("target", vec![(0.0, level), (end, level)], target_style()));
    }
    let mark = of.row.record.horizon_ms as f64 / N_MARKS / unit.millis;
    let marks = |is_out: bool| {
        let activities = of.scaling.activities.iter().filter(|it| (it.to > it.from) == is_out);
        let at = activities.map(|it| it.at_ms as f64 / unit.millis);
        at.map(|at| (at, at + mark, 1.0)).collect::<Vec<_>>()
    };
    let lanes = [("scale-out", out_style(), marks(true)), ("scale-in", in_style(), marks(false))];
    let lanes = lanes.into_iter().filter(|it| !it.2.is_empty());
    let setting = &results.settings[of.setting].label;
    let policy = policy.map_or("schedule", |it| it.name.as_str());
    let n = |n: u64, noun: &str| counted(n as usize, noun);
    Panel {
        title: format!("{setting}: {}, {policy}", of.service.name),
        most: None,
        areas: Vec::new(),
        remark: format!("{}, {}", n(of.scaling.n_out, "scale-out"), n(of.scaling.n_in, "scale-in")),
        lines,
        lanes: lanes.map(|(label, style, stretches)| Lane { label, color: style.color, stretches }).collect(),
    }
}

/// What is 100 of a policy's metric, in thousandths: utilizations are percents
/// already.
fn whole_of(policy: &PolicyRecord) -> f64 {
    if policy.unit.starts_with('%') {
        return 100_000.0;
    }
    let greatest = policy.metric.buckets().iter().map(|it| it.max).max().unwrap_or(0);
    greatest.max(policy.target).max(1) as f64
}

fn metric_style() -> Style {
    Style { dash: Dash::Solid, ..style(1) }
}

fn target_style() -> Style {
    Style { color: BOUND, dash: Dash::Short, ..style(0) }
}

fn desired_style() -> Style {
    style(0)
}

fn healthy_style() -> Style {
    Style { dash: Dash::Long, ..style(2) }
}

fn out_style() -> Style {
    style(0)
}

fn in_style() -> Style {
    style(5)
}
