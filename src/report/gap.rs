//! How far each setting is above what no packing of its tasks could have gone
//! below, cheapest first.

use crate::base::stats::Estimate;
use crate::experiment::results::Results;

use super::canvas::{Dash, Marker};
use super::chart::{Chart, about_intervals, head};
use super::comparison::measured;
use super::figure::{Axis, Entry, Sample};
use super::palette::{INK, Style, style};
use super::rows::{Panel, RowChart, RowEntry, RowMark, draw};
use super::scale::{Scale, number};

pub(super) const GAP: Chart = Chart {
    name: "gap",
    title: "Instance-hours above the lower bound",
    summary: "billed instance-hours of each setting beside the least that any packing needs",
    draw: draw_gaps,
};

/// More lines than this are left out.
const N_ROWS: usize = 80;

/// A setting with what it used.
struct Use {
    setting: usize,
    hours: Estimate,
    bound: Option<Estimate>,
    gap_percent: Option<Estimate>,
    cost_gap_percent: Option<Estimate>,
}

fn draw_gaps(results: &Results) -> Option<String> {
    let mut uses: Vec<Use> = (0..results.settings.len())
        .filter_map(|setting| {
            Some(Use {
                setting,
                hours: measured(results, setting, "instance_hours")?,
                bound: measured(results, setting, "lower_bound_instance_hours"),
                gap_percent: measured(results, setting, "gap_percent"),
                cost_gap_percent: measured(results, setting, "cost_gap_percent"),
            })
        })
        .collect();
    if uses.is_empty() {
        return None;
    }
    uses.sort_by(|a, b| a.hours.mean.total_cmp(&b.hours.mean).then(a.setting.cmp(&b.setting)));
    let n_settings = uses.len();
    uses.truncate(N_ROWS);

    let ends =
        uses.iter().map(|it| it.hours.upper()).chain(uses.iter().filter_map(|it| Some(it.bound?.mean)));
    let scale = Scale::from_zero(ends.collect::<Vec<f64>>());
    let bar = style(6).color;
    let bound = style(1).color;
    let mut notes = vec![format!("Sorted by instance-hours. {}", about_intervals(results))];
    if n_settings > N_ROWS {
        notes.push(format!("The {N_ROWS} lowest of {n_settings} settings are shown."));
    }
    let mut legend = vec![
        Entry { label: "billed, mean".to_owned(), sample: Sample::Area(bar) },
        Entry { label: "lower bound of any packing, mean".to_owned(), sample: Sample::Area(bound) },
    ];
    if results.n_replicates > 1 {
        let whisker = Style { color: INK, marker: Marker::Plus, dash: Dash::Solid };
        legend.push(Entry { label: "95 % interval".to_owned(), sample: Sample::Line(whisker) });
    }
    let has_cost = is_cost_another(results);
    let chart = RowChart {
        head: head(results, GAP.title, "Shorter bars are better; no packing can be shorter than its bound."),
        panels: [
            Panel::Marks {
                axis: Axis {
                    label: "billed while measured, instance-hours (lower is better)".to_owned(),
                    scale,
                },
                share: 1.0,
            },
            Panel::Words { heading: "above bound, %".to_owned(), room: 110.0 },
            Panel::Words { heading: "cost above floor, %".to_owned(), room: 130.0 },
        ]
        .into_iter()
        .take(if has_cost { 3 } else { 2 })
        .collect(),
        rows: uses
            .iter()
            .map(|it| RowEntry {
                label: format!("{}: {}", it.setting + 1, results.settings[it.setting].label),
                hover: hover(results, it),
                cells: [
                    [
                        Some(RowMark::Bar { from: 0.0, to: it.hours.mean, color: bar }),
                        it.hours
                            .half_width
                            .map(|_| RowMark::Whisker { from: it.hours.lower(), to: it.hours.upper() }),
                        it.bound.map(|it| RowMark::Stroke { at: it.mean, color: bound }),
                    ]
                    .into_iter()
                    .flatten()
                    .collect(),
                    vec![RowMark::Word(gap(it.gap_percent))],
                    vec![RowMark::Word(gap(it.cost_gap_percent))],
                ]
                .into_iter()
                .take(if has_cost { 3 } else { 2 })
                .collect(),
            })
            .collect(),
        legend,
        notes,
    };
    Some(draw(&chart))
}

/// Whether some setting is further from the least that its tasks could cost than
/// from the fewest instance-hours: not where all instances have one price.
pub(super) fn is_cost_another(results: &Results) -> bool {
    let mean = |setting, name| measured(results, setting, name).map(|it| it.mean);
    (0..results.settings.len()).any(|setting| {
        let (hours, cost) = (mean(setting, "gap_percent"), mean(setting, "cost_gap_percent"));
        cost.is_some_and(|cost| hours.is_none_or(|hours| (cost - hours).abs() > 0.05))
    })
}

fn gap(percent: Option<Estimate>) -> String {
    match percent {
        None => "–".to_owned(),
        Some(Estimate { mean, half_width: None, .. }) => format!("+{}", number(mean, 1)),
        Some(Estimate { mean, half_width: Some(half), .. }) => {
            format!("+{} ± {}", number(mean, 1), number(half, 1))
        }
    }
}

fn hover(results: &Results, it: &Use) -> String {
    let bound = it.bound.map_or_else(|| "–".to_owned(), |it| number(it.mean, 1));
    format!(
        "{} {}: {} instance-hours, lower bound {bound}, {} % above it",
        it.setting + 1,
        results.settings[it.setting].label,
        number(it.hours.mean, 1),
        gap(it.gap_percent),
    )
}
