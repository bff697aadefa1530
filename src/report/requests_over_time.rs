//! Requests sent and served over time, one panel a setting, with what was lost
//! and the rollouts beneath it. One run stands for a setting: the mean of
//! several would lay rollouts over each other that never met.

use crate::experiment::results::{Results, Row};
use crate::record::{RequestRecord, RequestSeries};

use super::canvas::Dash;
use super::chart::{Chart, head};
use super::figure::{Axis, Entry, Sample};
use super::grouping::{counted, grouped};
use super::palette::{BOUND, Style, WARM_UP, style};
use super::panels::{Lane, Panel, PanelChart, PanelLine, draw};
use super::scale::{TimeUnit, number};

pub(super) const REQUESTS_OVER_TIME: Chart = Chart {
    name: "requests_over_time",
    title: "Requests sent and served",
    summary: "requests sent and served over time, what was lost, and the rollouts",
    draw: draw_requests,
};

/// More panels than this are left out.
const N_PANELS: usize = 6;
/// About as many columns has a panel; more could not be told apart.
const N_COLUMNS: usize = 260;
const LOST: &str = "lost";
const ROLLOUT: &str = "rollout";

fn draw_requests(results: &Results) -> Option<String> {
    let groups = grouped(results, "", "requests_served_percent", N_PANELS).groups;
    let chosen: Vec<usize> = groups.into_iter().flat_map(|it| it.settings).collect();
    let rows: Vec<(usize, &Row)> =
        chosen.iter().filter_map(|&it| Some((it, results.rows_of(it).first()?))).collect();
    let horizon_ms = rows.iter().map(|it| it.1.record.horizon_ms).max().filter(|&it| it > 0)?;
    let unit = TimeUnit::of(horizon_ms);
    let played = |row: &Row| {
        let services = row.record.services.iter().filter_map(|it| it.requests.as_ref());
        let all: Vec<RequestRecord> =
            services.filter(|it| !it.over_time.offered.is_empty()).cloned().collect();
        together(&all)
    };
    let series: Vec<(usize, &Row, RequestSeries)> =
        rows.iter().filter_map(|(setting, row)| Some((*setting, *row, played(row)?))).collect();
    // All panels have one scale.
    let most = series.iter().flat_map(|it| &it.2.offered).copied().max().filter(|&it| it > 0)?;
    let panels: Vec<Panel> =
        series.iter().map(|(setting, row, it)| panel(results, *setting, row, it, most, unit)).collect();
    let step_ms = series.first().map_or(1, |it| it.2.step_ms * at_a_time(&it.2) as u64).max(1);
    let per_second = most as f64 / 1e6 / (series.first()?.2.step_ms as f64 / 1000.0);
    let mut notes = vec![format!(
        "100 is the greatest rate of any panel: {} requests a second. A lane of what was lost is filled as high \
         as its share of the requests sent, in steps of {} s.",
        number(per_second, 1),
        number(step_ms as f64 / 1000.0, 0),
    )];
    if results.n_replicates > 1 {
        notes.push("Of each setting the first replicate is shown.".to_owned());
    }
    if chosen.len() < results.settings.len() {
        notes.push(format!(
            "{} of {} are shown: the first, and others from the least to the greatest share served.",
            chosen.len(),
            counted(results.settings.len(), "setting"),
        ));
    }
    let warm_up_ms = rows.iter().map(|it| it.1.record.warm_up_ms).max().unwrap_or(0);
    let mut legend = vec![
        Entry { label: "sent".to_owned(), sample: Sample::Line(sent()) },
        Entry { label: "served".to_owned(), sample: Sample::Line(style(0)) },
        Entry { label: "lost: not served".to_owned(), sample: Sample::Area(style(3).color) },
        Entry { label: "a rollout is under way".to_owned(), sample: Sample::Area(style(2).color) },
    ];
    if warm_up_ms > 0 {
        legend.push(Entry { label: "warm-up, not measured".to_owned(), sample: Sample::Area(WARM_UP) });
    }
    let chart = PanelChart {
        head: head(results, REQUESTS_OVER_TIME.title, "The closer served is to sent, the better."),
        x: Axis { label: format!("time since the start, {}", unit.name), scale: unit.scale(horizon_ms) },
        y_label: "requests a second, % of the greatest rate".to_owned(),
        most: 100.0,
        no_lane: "nothing lost",
        warm_up: warm_up_ms as f64 / unit.millis,
        panels,
        legend,
        notes,
    };
    Some(draw(&chart))
}

fn sent() -> Style {
    Style { color: BOUND, dash: Dash::Short, ..style(0) }
}

/// The services of a run as one.
fn together(all: &[RequestRecord]) -> Option<RequestSeries> {
    let mut sum = all.first()?.over_time.clone();
    for it in &all[1..] {
        let pairs = [
            (&mut sum.offered, &it.over_time.offered),
            (&mut sum.served, &it.over_time.served),
            (&mut sum.lost, &it.over_time.lost),
        ];
        for (sum, other) in pairs {
            sum.iter_mut().zip(other).for_each(|(sum, other)| *sum += other);
        }
    }
    Some(sum)
}

/// Steps that are drawn as one.
fn at_a_time(series: &RequestSeries) -> usize {
    series.offered.len().div_ceil(N_COLUMNS).max(1)
}

fn panel(
    results: &Results,
    setting: usize,
    row: &Row,
    series: &RequestSeries,
    most: u64,
    unit: TimeUnit,
) -> Panel {
    let n = at_a_time(series);
    let width = series.step_ms as f64 / unit.millis;
    let curve = |values: &[u64]| {
        let point = |(idx, values): (usize, &[u64])| {
            let sum: u64 = values.iter().sum();
            let middle = (idx * n) as f64 * width + values.len() as f64 * width / 2.0;
            // Nothing was counted while nothing was measured.
            let is_measured = middle * unit.millis >= row.record.warm_up_ms as f64;
            let percent = 100.0 * sum as f64 / values.len() as f64 / most as f64;
            (middle, if is_measured { percent } else { f64::NAN })
        };
        values.chunks(n).enumerate().map(point).collect::<Vec<_>>()
    };
    let lost = series.lost.chunks(n).zip(series.offered.chunks(n)).enumerate();
    let lost = lost.filter_map(|(idx, (lost, offered))| {
        let from = (idx * n) as f64 * width;
        let share = lost.iter().sum::<u64>() as f64 / (offered.iter().sum::<u64>() as f64).max(1.0);
        // Less than one in ten thousand would be as high as one in four.
        (share > 1e-4).then_some((from, from + lost.len() as f64 * width, share.min(1.0)))
    });
    let lost: Vec<(f64, f64, f64)> = lost.collect();
    let rollouts = row.record.rollouts.iter();
    let mut rollouts: Vec<(f64, f64, f64)> = rollouts
        .map(|it| (it.started_ms as f64 / unit.millis, it.ended_ms as f64 / unit.millis, 1.0))
        .filter(|it| it.1 > it.0)
        .collect();
    rollouts.sort_by(|a, b| a.0.total_cmp(&b.0));
    let lane = |label: &'static str, idx: usize, stretches: Vec<(f64, f64, f64)>| Lane {
        label,
        color: style(idx).color,
        stretches,
    };
    let lanes = [lane(LOST, 3, lost), lane(ROLLOUT, 2, rollouts)];
    let (offered, n_lost) = (series.offered.iter().sum::<u64>(), series.lost.iter().sum::<u64>());
    let percent = 100.0 * n_lost as f64 / (offered as f64).max(1.0);
    let line =
        |label: &'static str, values: &[u64], style: Style| PanelLine { label, points: curve(values), style };
    Panel {
        title: results.settings[setting].label.clone(),
        remark: format!("{} % lost", number(percent, 3)),
        most: None,
        areas: Vec::new(),
        lines: vec![line("served", &series.served, style(0)), line("sent", &series.offered, sent())],
        lanes: lanes.into_iter().filter(|it| !it.stretches.is_empty()).collect(),
    }
}
