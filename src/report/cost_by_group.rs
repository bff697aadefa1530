//! What each setting pays for: the groups of its bill's lines on top of each
//! other, cheapest setting first.

use crate::base::stats::estimate;
use crate::experiment::results::Results;
use crate::metrics;
use crate::record::LineGroup;

use super::canvas::{Dash, Marker};
use super::chart::{Chart, about_intervals, head};
use super::comparison::measured;
use super::figure::{Axis, Entry, Sample};
use super::palette::{BOUND, INK, RANGE, Style, style};
use super::rows::{Panel, RowChart, RowEntry, RowMark, draw};
use super::scale::{Scale, is_drawable, number};

pub(super) const COST_BY_GROUP: Chart = Chart {
    name: "cost_by_group",
    title: "What the bill is made of",
    summary: "cost of each setting by what it is paid for: instances, Fargate, storage, load balancers, transfer",
    draw: draw_costs,
};

/// More lines than this are left out.
const N_ROWS: usize = 80;

/// A setting with the means of its groups, in their order.
struct Cost {
    setting: usize,
    total: f64,
    /// Half the width of the total's interval.
    half_width: Option<f64>,
    groups: [f64; LineGroup::ALL.len()],
    /// What the same tasks cost at least.
    bound: Option<f64>,
}

fn draw_costs(results: &Results) -> Option<String> {
    let mut costs: Vec<Cost> = (0..results.settings.len()).filter_map(|it| cost(results, it)).collect();
    costs.sort_by(|a, b| a.total.total_cmp(&b.total).then(a.setting.cmp(&b.setting)));
    let n_settings = costs.len();
    let is_paid = |group: usize| costs.iter().any(|it| it.groups[group] > 0.0);
    let paid: Vec<usize> = (0..LineGroup::ALL.len()).filter(|&it| is_paid(it)).collect();
    if paid.is_empty() {
        return None;
    }
    costs.truncate(N_ROWS);

    let ends = costs.iter().map(|it| it.total + it.half_width.unwrap_or(0.0));
    let scale = Scale::from_zero(ends.collect::<Vec<f64>>());
    // A group has its colour whatever else is paid for; the black of the fifth
    // style is that of whiskers. What nobody used is grey.
    let color = |group: usize| match [0, 1, 2, 3, 5, 6, 7].get(group) {
        Some(&it) => style(it).color,
        None => RANGE,
    };
    let mut legend: Vec<Entry> = paid
        .iter()
        .map(|&it| Entry { label: LineGroup::ALL[it].title().to_owned(), sample: Sample::Area(color(it)) })
        .collect();
    if results.n_replicates > 1 {
        let whisker = Style { color: INK, marker: Marker::Plus, dash: Dash::Solid };
        legend.push(Entry { label: "95 % interval of the sum".to_owned(), sample: Sample::Line(whisker) });
    }
    if costs.iter().any(|it| it.bound.is_some()) {
        let label = "lower bound of the cost of the same tasks".to_owned();
        legend.push(Entry { label, sample: Sample::Area(BOUND) });
    }
    let mut notes = vec![format!("Sorted by the sum. Parts are means. {}", about_intervals(results))];
    if n_settings > N_ROWS {
        notes.push(format!("The {N_ROWS} cheapest of {n_settings} settings are shown."));
    }
    let rows = costs.iter().map(|it| {
        let label = format!("{}: {}", it.setting + 1, results.settings[it.setting].label);
        let mut from = 0.0;
        let mut marks = Vec::new();
        let mut parts = Vec::new();
        for &group in paid.iter().filter(|group| it.groups[**group] > 0.0) {
            let to = from + it.groups[group];
            marks.push(RowMark::Bar { from, to, color: color(group) });
            parts.push(format!("{} {}", LineGroup::ALL[group].title(), number(it.groups[group], 2)));
            from = to;
        }
        if let Some(half) = it.half_width.filter(|it| *it > 0.0) {
            marks.push(RowMark::Whisker { from: it.total - half, to: it.total + half });
        }
        marks.extend(it.bound.map(|at| RowMark::Stroke { at, color: BOUND }));
        let total = number(it.total, 2);
        RowEntry {
            hover: format!("{label}: {total} USD: {}", parts.join(", ")),
            label,
            cells: vec![marks, vec![RowMark::Word(total)]],
        }
    });
    let axis = Axis { label: "cost while measured, USD (lower is better)".to_owned(), scale };
    let chart = RowChart {
        head: head(results, COST_BY_GROUP.title, "Shorter bars are better."),
        panels: vec![
            Panel::Marks { axis, share: 1.0 },
            Panel::Words { heading: "sum, USD".to_owned(), room: 100.0 },
        ],
        rows: rows.collect(),
        legend,
        notes,
    };
    Some(draw(&chart))
}

fn cost(results: &Results, setting: usize) -> Option<Cost> {
    let total = measured(results, setting, "cost_usd").filter(|it| is_drawable(it.mean))?;
    let runs = results.rows_of(setting);
    let groups = LineGroup::ALL.map(|group| {
        let of_run = |ledger: &crate::record::Ledger| ledger.total_of(|it| it.group() == group).as_usd_f64();
        let costs: Vec<f64> = runs.iter().map(|it| of_run(&it.record.ledger)).collect();
        estimate(&costs).map_or(0.0, |it| it.mean)
    });
    let half_width = total.half_width.filter(|it| is_drawable(*it));
    // Younger than some results.
    let bound = metrics::position("lower_bound_cost_usd").and_then(|_| {
        measured(results, setting, "lower_bound_cost_usd").filter(|it| it.mean > 0.0 && is_drawable(it.mean))
    });
    let bound = bound.map(|it| it.mean);
    Some(Cost { setting, total: groups.iter().sum(), half_width, groups, bound })
}
