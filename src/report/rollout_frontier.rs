//! What a deployment setting buys: how long rollouts take against how available
//! the services are, and what the surge costs that makes the one shorter and
//! keeps the other.

use crate::base::stats::Estimate;
use crate::experiment::results::Results;
use crate::metrics;

use super::canvas::{Color, Dash, Marker};
use super::chart::{Chart, about_intervals, head};
use super::comparison::measured;
use super::cost_frontier::frontier;
use super::figure::{Axis, Entry, Figure, Mark, PointMark, Sample, draw};
use super::palette::{INK, N_STYLES, Style};
use super::scale::{Scale, is_drawable, number};

pub(super) const ROLLOUT_FRONTIER: Chart = Chart {
    name: "rollout_frontier",
    title: "Availability, rollout time and surge cost",
    summary: "availability (or requests served) against rollout time, coloured by what the surge costs",
    draw: draw_frontier,
};

const TIME: &str = "rollout_seconds_p95";
const SURGE: &str = "rollout_surge_usd";
/// How many settings are named below the chart.
const N_NAMED: usize = 12;

/// From the cheapest surge to the dearest; told apart without colour too.
const CLASSES: [(Color, Marker); 4] = [
    (Color(0x9e, 0xca, 0xe1), Marker::Circle),
    (Color(0x42, 0x92, 0xc6), Marker::Triangle),
    (Color(0x08, 0x51, 0x9c), Marker::Square),
    (Color(0xd5, 0x5e, 0x00), Marker::Diamond),
];

/// A setting in the plane.
struct Spot {
    setting: usize,
    seconds: Estimate,
    quality: Estimate,
    surge_usd: f64,
}

fn draw_frontier(results: &Results) -> Option<String> {
    let (metric, label) = [
        ("requests_served_percent", "requests served, % (higher is better)"),
        ("availability_percent", "availability of services, % (higher is better)"),
    ]
    .into_iter()
    .find(|it| !spots(results, it.0).is_empty())?;
    let spots = spots(results, metric);
    let means: Vec<(f64, f64)> = spots.iter().map(|it| (it.seconds.mean, -it.quality.mean)).collect();
    let frontier = frontier(&means);
    let ends = |of: fn(&Spot) -> Estimate| {
        spots.iter().map(of).flat_map(|it| [it.lower(), it.upper()]).collect::<Vec<f64>>()
    };

    let steps: Vec<(f64, f64)> = frontier
        .iter()
        .enumerate()
        .flat_map(|(step, &idx)| {
            let here = means[idx];
            let next = frontier.get(step + 1).map(|&next| (means[next].0, -here.1));
            std::iter::once((here.0, -here.1)).chain(next)
        })
        .collect();
    let steps_style = Style { color: INK, marker: Marker::Circle, dash: Dash::Solid };
    let mut marks = vec![Mark::Line { points: steps, style: steps_style, width: 2.0 }];
    let most_usd = spots.iter().map(|it| it.surge_usd).fold(0.0, f64::max);
    let is_named =
        |idx: usize| results.settings.len() <= N_NAMED || frontier.contains(&idx) || spots[idx].setting == 0;
    for (idx, spot) in spots.iter().enumerate() {
        let (color, marker) = CLASSES[class(spot.surge_usd, most_usd)];
        marks.push(Mark::Point(PointMark {
            at: (spot.seconds.mean, spot.quality.mean),
            intervals: Some([
                (spot.seconds.lower(), spot.seconds.upper()),
                (spot.quality.lower(), spot.quality.upper()),
            ]),
            style: Style { color, marker, dash: Dash::Solid },
            label: is_named(idx).then(|| (spot.setting + 1).to_string()),
            hover: hover(results, spot, metric),
        }));
    }
    let mut legend = surge_legend(most_usd);
    if frontier.len() > 1 {
        legend.push(Entry {
            label: "settings that none beats in both".to_owned(),
            sample: Sample::Line(steps_style),
        });
    }
    let named = spots.iter().enumerate().filter(|it| is_named(it.0)).take(N_NAMED.max(N_STYLES));
    legend.extend(named.map(|(_, spot)| Entry {
        label: results.settings[spot.setting].label.clone(),
        sample: Sample::Key((spot.setting + 1).to_string()),
    }));

    let mut notes = vec![format!(
        "Rollout time is the 95th percentile of the completed rollouts of a run. {}",
        about_intervals(results)
    )];
    let n_left_out = results.settings.len() - spots.len();
    if n_left_out > 0 {
        notes.push(format!(
            "{n_left_out} of {} settings completed no rollout and are left out.",
            results.settings.len()
        ));
    }
    let figure = Figure {
        head: head(
            results,
            ROLLOUT_FRONTIER.title,
            "Better is up and to the left: more available, sooner done.",
        ),
        x: Axis {
            label: "95th percentile of rollout time, s (lower is better)".to_owned(),
            scale: Scale::around(ends(|it| it.seconds)),
        },
        y: Axis { label: label.to_owned(), scale: Scale::around(ends(|it| it.quality)).at_most(100.0) },
        marks,
        legend,
        notes,
    };
    Some(draw(&figure, 400.0))
}

fn spots(results: &Results, metric: &str) -> Vec<Spot> {
    (0..results.settings.len())
        .filter_map(|setting| {
            let seconds = measured(results, setting, TIME)?;
            let quality = measured(results, setting, metric)?;
            let surge_usd = measured(results, setting, SURGE).map_or(0.0, |it| it.mean);
            Some(Spot { setting, seconds, quality, surge_usd })
        })
        .filter(|it| [it.seconds.upper(), it.quality.upper(), it.surge_usd].into_iter().all(is_drawable))
        .collect()
}

/// Which quarter of the dearest surge this one is in.
fn class(usd: f64, most_usd: f64) -> usize {
    if most_usd <= 0.0 { 0 } else { ((usd / most_usd * 4.0).ceil() as usize).clamp(1, 4) - 1 }
}

fn surge_legend(most_usd: f64) -> Vec<Entry> {
    let sample = |idx: usize| {
        let (color, marker) = CLASSES[idx];
        Sample::Point(Style { color, marker, dash: Dash::Solid })
    };
    if most_usd <= 0.0 {
        return vec![Entry { label: "surge costs nothing".to_owned(), sample: sample(0) }];
    }
    let decimals = (2.0 - most_usd.log10().floor()).clamp(0.0, 9.0) as usize;
    let end = |quarter: usize| number(most_usd * quarter as f64 / 4.0, decimals);
    let entry = |idx: usize| Entry {
        label: format!("surge {} to {} USD", end(idx), end(idx + 1)),
        sample: sample(idx),
    };
    (0..CLASSES.len()).map(entry).collect()
}

fn hover(results: &Results, spot: &Spot, metric: &str) -> String {
    let of = &metrics::METRICS[metrics::position(metric).expect("it is in the list")];
    format!(
        "{}: {}: 95th percentile {} s, {} {}, surge {} USD",
        spot.setting + 1,
        results.settings[spot.setting].label,
        number(spot.seconds.mean, 1),
        number(spot.quality.mean, of.decimals),
        of.unit,
        number(spot.surge_usd, 4),
    )
}
