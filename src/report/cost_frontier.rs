//! What more availability costs: a point for each setting, and the steps along
//! those that no other setting beats in both. Without services the placement
//! wait of stand-alone tasks stands in for availability.

use crate::base::stats::Estimate;
use crate::experiment::results::Results;
use crate::metrics;

use super::canvas::{Dash, Marker};
use super::chart::{Chart, about_intervals, head};
use super::comparison::measured;
use super::figure::{Axis, Entry, Figure, Mark, PointMark, Sample, draw};
use super::palette::{INK, N_STYLES, Style, style};
use super::scale::{Scale, is_drawable, number};

pub(super) const COST_FRONTIER: Chart = Chart {
    name: "cost_frontier",
    title: "Cost and availability",
    summary: "cost against availability (without services: against wait), with the settings none beats in both",
    draw: draw_frontier,
};

/// How many settings of the frontier are named below the chart.
const N_NAMED: usize = 12;

/// What the vertical axis measures.
struct Quality {
    metric: &'static str,
    title: &'static str,
    label: &'static str,
    direction: &'static str,
    /// No value exceeds it.
    most: f64,
    /// Puts the better value first.
    sign: f64,
}

const AVAILABILITY: Quality = Quality {
    metric: "availability_percent",
    title: "Cost and availability",
    label: "availability of services, % (higher is better)",
    direction: "Better is up and to the left: more available, cheaper.",
    most: 100.0,
    sign: -1.0,
};

const WAIT: Quality = Quality {
    metric: "wait_seconds_p95",
    title: "Cost and placement wait",
    label: "95th percentile of placement wait, s (lower is better)",
    direction: "No services, so the wait of stand-alone tasks is shown. Better is down and to the left.",
    most: f64::INFINITY,
    sign: 1.0,
};

/// A setting in the plane.
struct Spot {
    setting: usize,
    cost: Estimate,
    quality: Estimate,
}

fn draw_frontier(results: &Results) -> Option<String> {
    let (quality, spots) = [AVAILABILITY, WAIT].into_iter().find_map(|quality| {
        let spots = spots(results, quality.metric);
        (!spots.is_empty()).then_some((quality, spots))
    })?;
    let means: Vec<(f64, f64)> =
        spots.iter().map(|it| (it.cost.mean, quality.sign * it.quality.mean)).collect();
    let frontier = frontier(&means);

    let ends = |of: fn(&Spot) -> Estimate| {
        spots.iter().map(of).flat_map(|it| [it.lower(), it.upper()]).collect::<Vec<f64>>()
    };
    let x = Scale::around(ends(|it| it.cost));
    let y = Scale::around(ends(|it| it.quality)).at_most(quality.most);

    let steps: Vec<(f64, f64)> = frontier
        .iter()
        .enumerate()
        .flat_map(|(step, &idx)| {
            let here = (spots[idx].cost.mean, spots[idx].quality.mean);
            let next = frontier.get(step + 1).map(|&next| (spots[next].cost.mean, here.1));
            std::iter::once(here).chain(next)
        })
        .collect();
    let steps_style = Style { color: INK, marker: Marker::Circle, dash: Dash::Solid };
    let mut marks = vec![Mark::Line { points: steps, style: steps_style, width: 2.0 }];

    let (styles, mut legend) = styles(results);
    for (idx, spot) in spots.iter().enumerate() {
        let is_named = results.settings.len() <= N_STYLES || frontier.contains(&idx) || spot.setting == 0;
        marks.push(Mark::Point(PointMark {
            at: (spot.cost.mean, spot.quality.mean),
            intervals: Some([
                (spot.cost.lower(), spot.cost.upper()),
                (spot.quality.lower(), spot.quality.upper()),
            ]),
            style: style(styles[spot.setting]),
            label: is_named.then(|| (spot.setting + 1).to_string()),
            hover: hover(results, spot, &quality),
        }));
    }
    // A single point makes no line.
    if frontier.len() > 1 {
        legend.push(Entry {
            label: "settings that none beats in both".to_owned(),
            sample: Sample::Line(steps_style),
        });
    }
    if results.settings.len() > N_STYLES {
        for &idx in frontier.iter().take(N_NAMED) {
            let setting = spots[idx].setting;
            legend.push(Entry {
                label: results.settings[setting].label.clone(),
                sample: Sample::Key((setting + 1).to_string()),
            });
        }
    }

    let mut notes = vec![format!(
        "Points are means; numbers are those of the summary table. {}",
        about_intervals(results)
    )];
    let cheapest = spots.iter().min_by(|a, b| a.cost.mean.total_cmp(&b.cost.mean));
    if let Some(gap) = cheapest.and_then(|it| measured(results, it.setting, "cost_gap_percent")) {
        notes.push(format!(
            "Instances and Fargate of the cheapest setting cost {} % more than its tasks need at least, whatever \
             the packing.",
            number(gap.mean, 1)
        ));
    }
    let n_left_out = results.settings.len() - spots.len();
    if n_left_out > 0 {
        notes.push(format!("{n_left_out} settings have no value on both axes and are left out."));
    }
    let figure = Figure {
        head: head(results, quality.title, quality.direction),
        x: Axis { label: "cost while measured, USD (lower is better)".to_owned(), scale: x },
        y: Axis { label: quality.label.to_owned(), scale: y },
        marks,
        legend,
        notes,
    };
    Some(draw(&figure, 400.0))
}

fn spots(results: &Results, metric: &str) -> Vec<Spot> {
    (0..results.settings.len())
        .filter_map(|setting| {
            let cost = measured(results, setting, "cost_usd")?;
            let quality = measured(results, setting, metric)?;
            Some(Spot { setting, cost, quality })
        })
        .filter(|it| is_drawable(it.cost.upper()) && is_drawable(it.quality.upper()))
        .collect()
}

/// The positions of the points that no other point beats in both coordinates
/// (less is better), from left to right. Of equal points the first stays.
pub(super) fn frontier(points: &[(f64, f64)]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..points.len()).collect();
    order.sort_by(|&a, &b| {
        points[a].0.total_cmp(&points[b].0).then(points[a].1.total_cmp(&points[b].1)).then(a.cmp(&b))
    });
    let mut best = f64::INFINITY;
    order.retain(|&idx| {
        let is_better = points[idx].1 < best;
        best = best.min(points[idx].1);
        is_better
    });
    order
}

/// The position of each setting's style, with the legend: its own if there are
/// few, else that of its value on the axis whose values can be told apart.
fn styles(results: &Results) -> (Vec<usize>, Vec<Entry>) {
    let n = results.settings.len();
    if n <= N_STYLES {
        let legend = results.settings.iter().enumerate().map(|(idx, setting)| Entry {
            label: format!("{}: {}", idx + 1, setting.label),
            sample: Sample::Point(style(idx)),
        });
        return ((0..n).collect(), legend.collect());
    }
    let is_told_apart = |it: &usize| (2..=N_STYLES).contains(&results.axes[*it].values.len());
    let axis = (0..results.axes.len()).filter(is_told_apart).max_by_key(|&it| results.axes[it].values.len());
    let Some(axis) = axis else {
        let legend = vec![Entry { label: "a setting".to_owned(), sample: Sample::Point(style(0)) }];
        return (vec![0; n], legend);
    };
    let legend = results.axes[axis].values.iter().enumerate().map(|(value, label)| Entry {
        label: format!("{}: {label}", results.axes[axis].name),
        sample: Sample::Point(style(value)),
    });
    (results.settings.iter().map(|it| it.values[axis]).collect(), legend.collect())
}

fn hover(results: &Results, spot: &Spot, quality: &Quality) -> String {
    let metric = &metrics::METRICS[metrics::position(quality.metric).expect("it is in the list")];
    let with_interval = |it: Estimate, decimals: usize| match it.half_width {
        Some(half_width) => format!("{} ± {}", number(it.mean, decimals), number(half_width, decimals)),
        None => number(it.mean, decimals),
    };
    format!(
        "{}: {}: {} USD, {} {}",
        spot.setting + 1,
        results.settings[spot.setting].label,
        with_interval(spot.cost, 2),
        with_interval(spot.quality, metric.decimals),
        metric.unit,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_frontier_keeps_what_none_beats_in_both() {
        //  4 |     b          a, c and f stay: d costs more than c and is worse,
        //  3 | a       d      b is worse than a, e equals c and comes later
        //  2 |    c e
        //  1 |           f
        let points = [(1.0, 3.0), (2.0, 4.0), (1.5, 2.0), (3.0, 3.0), (1.5, 2.0), (4.0, 1.0)];
        assert_eq!(frontier(&points), [0, 2, 5]);
        assert_eq!(frontier(&[]), [0; 0]);
        assert_eq!(frontier(&[(1.0, 1.0); 3]), [0]);
    }
}
