//! How many instances were billed over time, and how many no packing of the
//! running tasks could have gone below.

use crate::experiment::results::{Results, Row};
use crate::record::Series;

use super::canvas::{Dash, Marker};
use super::chart::{Chart, head};
use super::disrupted;
use super::figure::{Axis, Entry, Figure, Mark, Sample, draw};
use super::grouping::{Group, Grouping, by_setting, grouped};
use super::palette::{BOUND, N_STYLES, RANGE, Style, WARM_UP, style};
use super::scale::{Scale, TimeUnit};

pub(super) const INSTANCES_OVER_TIME: Chart = Chart {
    name: "instances_over_time",
    title: "Instances over time",
    summary: "instances billed, mean of the replicates, with the lower bound of any packing",
    draw: draw_instances,
};

fn draw_instances(results: &Results) -> Option<String> {
    let horizon_ms = results.rows.iter().map(|it| it.record.horizon_ms).max().filter(|&it| it > 0)?;
    let unit = TimeUnit::of(horizon_ms);
    let unit_ms = unit.millis;

    let instances = |group: &Group| curve(results, group, unit_ms, |row| Some(&row.record.instances));
    let all = Group { label: String::new(), settings: (0..results.settings.len()).collect() };
    let bound = curve(results, &all, unit_ms, |row| Some(&row.record.lower_bound));
    let n_settings = results.settings.len();
    let shown = if n_settings > N_STYLES {
        grouped(results, "", "instance_hours", N_STYLES - 2)
    } else {
        Grouping { groups: by_setting(results), note: String::new() }
    };
    let curves: Vec<Vec<(f64, f64)>> = shown.groups.iter().map(instances).collect();

    // All on Fargate: there is no instance to speak of.
    if !curves.iter().flatten().any(|it| it.1 > 0.0) {
        return None;
    }

    let mut marks = Vec::new();
    let mut legend = Vec::new();
    let mut greatest: Vec<f64> = curves.iter().chain([&bound]).flatten().map(|it| it.1).collect();

    let warm_up_ms = results.rows.iter().map(|it| it.record.warm_up_ms).max().unwrap_or(0);
    if warm_up_ms > 0 {
        marks.push(Mark::Stretch { from: 0.0, to: warm_up_ms as f64 / unit_ms, color: WARM_UP });
        legend.push(Entry { label: "warm-up, not measured".to_owned(), sample: Sample::Area(WARM_UP) });
    }
    let disrupted = disrupted::marks(results, unit_ms);
    marks.extend(disrupted.behind);
    legend.extend(disrupted.legend);
    greatest.push(disrupted.greatest);
    if n_settings > N_STYLES {
        let everyone: Vec<Vec<(f64, f64)>> = by_setting(results).iter().map(instances).collect();
        let band = range(&everyone);
        greatest.extend(band.iter().map(|it| it.2));
        marks.push(Mark::Band { points: band, color: RANGE, opacity: 1.0 });
        legend.push(Entry {
            label: format!("range of all {n_settings} settings"),
            sample: Sample::Area(RANGE),
        });
    }
    for (idx, (group, points)) in shown.groups.iter().zip(curves).enumerate() {
        marks.push(Mark::Line { points, style: style(idx), width: 1.8 });
        legend.push(Entry { label: group.label.clone(), sample: Sample::Line(style(idx)) });
    }
    let bound_style = Style { color: BOUND, marker: Marker::Circle, dash: Dash::Short };
    marks.push(Mark::Line { points: bound, style: bound_style, width: 2.0 });
    legend.push(Entry {
        label: "lower bound of any packing (mean of all settings)".to_owned(),
        sample: Sample::Line(bound_style),
    });

    marks.extend(disrupted.above);
    let figure = Figure {
        head: head(
            results,
            INSTANCES_OVER_TIME.title,
            "Means of the replicates. Fewer instances are better.",
        ),
        x: Axis { label: format!("time since the start, {}", unit.name), scale: unit.scale(horizon_ms) },
        y: Axis { label: "instances billed (lower is better)".to_owned(), scale: Scale::from_zero(greatest) },
        marks,
        legend,
        notes: [shown.note].into_iter().filter(|it| !it.is_empty()).collect(),
    };
    Some(draw(&figure, 360.0))
}

/// The mean of a series over the replicates of a group, in the middle of each
/// bucket. Where runs have buckets of different width, those of the first hold.
pub(super) fn curve(
    results: &Results,
    group: &Group,
    unit_ms: f64,
    of: impl Fn(&Row) -> Option<&Series>,
) -> Vec<(f64, f64)> {
    let rows: Vec<&Row> = group.settings.iter().flat_map(|&it| results.rows_of(it)).collect();
    let Some(first) = rows.first().and_then(|it| of(it)) else { return Vec::new() };
    let width_ms = first.bucket_width().millis();
    let same: Vec<&Series> =
        rows.iter().filter_map(|it| of(it)).filter(|it| it.bucket_width().millis() == width_ms).collect();
    let n_buckets = same.iter().map(|it| it.buckets().len()).max().unwrap_or(0);
    (0..n_buckets)
        .map(|idx| {
            let means: Vec<f64> =
                same.iter().filter(|it| idx < it.buckets().len()).filter_map(|it| it.mean(idx)).collect();
            let at = (idx as f64 + 0.5) * width_ms as f64 / unit_ms;
            // Nothing recorded is a gap: the mean of nothing is not a number.
            (at, means.iter().sum::<f64>() / means.len() as f64)
        })
        .collect()
}

/// For each moment of the first curve the least and the greatest of all.
fn range(curves: &[Vec<(f64, f64)>]) -> Vec<(f64, f64, f64)> {
    let Some(first) = curves.first() else { return Vec::new() };
    first
        .iter()
        .enumerate()
        .map(|(idx, &(at, _))| {
            let values = curves.iter().filter_map(|it| it.get(idx)).map(|it| it.1).filter(|it| !it.is_nan());
            let (lower, upper) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(lower, upper), it| {
                (lower.min(it), upper.max(it))
            });
            (at, lower, upper)
        })
        .collect()
}
