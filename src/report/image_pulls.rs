//! What pulls move: of the images that tasks use, the part that moved and the
//! part that was there already, beside how long a task waited for it.

use crate::base::stats::{Estimate, estimate};
use crate::experiment::results::Results;

use super::canvas::{Color, Dash, Marker};
use super::chart::{Chart, about_intervals, head};
use super::comparison::measured;
use super::figure::{Axis, Entry, Sample};
use super::grouping::grouped;
use super::palette::{INK, RANGE, Style, style};
use super::rows::{Panel, RowChart, RowEntry, RowMark, draw};
use super::scale::{Scale, number};

pub(super) const IMAGE_PULLS: Chart = Chart {
    name: "image_pulls",
    title: "What image pulls move",
    summary: "compressed bytes of used images, moved and already there, and how long tasks wait for them",
    draw: draw_pulls,
};

/// More lines than this are left out.
const N_ROWS: usize = 60;

const BYTES_PER_GB: f64 = 1_073_741_824.0;

/// A setting with what its tasks pulled in a run.
struct Pulls {
    label: String,
    moved: Estimate,
    used_gb: f64,
    seconds: Option<Estimate>,
    n_refused: f64,
}

fn draw_pulls(results: &Results) -> Option<String> {
    let grouping = grouped(results, "", "image_gb_pulled", N_ROWS);
    let settings = grouping.groups.iter().flat_map(|it| &it.settings);
    let all: Vec<Pulls> = settings.filter_map(|&it| pulls(results, it)).collect();
    if all.iter().all(|it| it.used_gb <= 0.0) {
        return None;
    }
    let scale = |values: Vec<f64>| Scale::from_zero(values);
    let area = |label: &str, color| Entry { label: label.to_owned(), sample: Sample::Area(color) };
    let mut legend = vec![
        area("moved", moved_color()),
        area("already there: kept by the instance, or on its way to it", RANGE),
        area("mean wait", wait_color()),
    ];
    if results.n_replicates > 1 {
        let whisker = Style { color: INK, marker: Marker::Plus, dash: Dash::Solid };
        legend.push(Entry { label: "95 % interval".to_owned(), sample: Sample::Line(whisker) });
    }
    let mut notes = vec![format!(
        "Compressed bytes, 2^30 a GB, of the images of all tasks whose pull began while measured; of a \
         lazily loaded image what comes after the start counts too. {}",
        about_intervals(results)
    )];
    if !grouping.note.is_empty() {
        notes.push(grouping.note);
    }
    let chart = RowChart {
        head: head(results, IMAGE_PULLS.title, "Shorter blue bars and shorter waits are better."),
        panels: vec![
            Panel::Marks {
                axis: Axis {
                    label: "images used in a run, GB (less moved is better)".to_owned(),
                    scale: scale(all.iter().map(|it| it.used_gb.max(it.moved.upper())).collect()),
                },
                share: 1.3,
            },
            Panel::Words { heading: "already there, %".to_owned(), room: 90.0 },
            Panel::Marks {
                axis: Axis {
                    label: "mean wait of a task for its images, s (lower is better)".to_owned(),
                    scale: scale(all.iter().filter_map(|it| Some(it.seconds?.upper())).collect()),
                },
                share: 1.0,
            },
            Panel::Words { heading: "refused pulls".to_owned(), room: 80.0 },
        ],
        rows: all.iter().map(row).collect(),
        legend,
        notes,
    };
    Some(draw(&chart))
}

fn pulls(results: &Results, setting: usize) -> Option<Pulls> {
    let runs = results.rows_of(setting);
    let used: Vec<f64> = runs.iter().map(|it| it.record.images.bytes_wanted as f64 / BYTES_PER_GB).collect();
    Some(Pulls {
        label: results.settings[setting].label.clone(),
        moved: measured(results, setting, "image_gb_pulled")?,
        used_gb: estimate(&used)?.mean,
        seconds: measured(results, setting, "image_pull_seconds_mean"),
        n_refused: measured(results, setting, "image_pulls_refused").map_or(0.0, |it| it.mean),
    })
}

fn row(it: &Pulls) -> RowEntry {
    let there = (it.used_gb > 0.0).then(|| 100.0 * (1.0 - it.moved.mean / it.used_gb).max(0.0));
    let there = there.map_or_else(|| "–".to_owned(), |it| number(it, 1));
    let whisker =
        |it: &Estimate| it.half_width.map(|_| RowMark::Whisker { from: it.lower().max(0.0), to: it.upper() });
    let mut bars = vec![
        RowMark::Bar { from: it.moved.mean, to: it.used_gb.max(it.moved.mean), color: RANGE },
        RowMark::Bar { from: 0.0, to: it.moved.mean, color: moved_color() },
    ];
    bars.extend(whisker(&it.moved));
    let waits = match &it.seconds {
        Some(seconds) => {
            [Some(RowMark::Bar { from: 0.0, to: seconds.mean, color: wait_color() }), whisker(seconds)]
                .into_iter()
                .flatten()
                .collect()
        }
        None => vec![RowMark::Word("no task waited".to_owned())],
    };
    let seconds = it.seconds.map_or_else(|| "–".to_owned(), |it| number(it.mean, 1));
    let refused = number(it.n_refused, if it.n_refused.fract() > 0.05 { 1 } else { 0 });
    RowEntry {
        hover: format!(
            "{}: {} GB used, {} GB moved, {there} % already there, mean wait {seconds} s, {refused} refused",
            it.label,
            number(it.used_gb, 2),
            number(it.moved.mean, 2),
        ),
        label: it.label.clone(),
        cells: vec![bars, vec![RowMark::Word(there)], waits, vec![RowMark::Word(refused)]],
    }
}

fn moved_color() -> Color {
    style(0).color
}

/// As the phase of a rollout.
fn wait_color() -> Color {
    style(5).color
}
