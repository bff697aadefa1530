//! What repositories store and what pulls move over time, two panels a setting,
//! with the moments at which policies took images and those that were lost. One
//! run stands for a setting: the mean of several would lay moments over each
//! other that never met.

use crate::experiment::results::{Results, Row};
use crate::record::{ImageRecord, Removal, RepositoryRecord, Series};

use super::canvas::Dash;
use super::chart::{Chart, head};
use super::figure::{Axis, Entry, Sample};
use super::grouping::{counted, grouped};
use super::palette::{BOUND, Style, TAKEN, WARM_UP, style};
use super::panels::{Lane, Panel, PanelArea, PanelChart, PanelLine, draw};
use super::scale::{TimeUnit, duration, number};
use super::text::shortened;

pub(super) const IMAGES_OVER_TIME: Chart = Chart {
    name: "images_over_time",
    title: "Images stored and pulled",
    summary: "bytes that repositories store and pulls move over time, and what lifecycle policies take",
    draw: draw_images,
};

/// Settings with a pair of panels; more are left out.
const N_SETTINGS: usize = 3;
/// Repositories with a line of their own; the others share one.
const N_REPOSITORIES: usize = 5;
/// About as many steps has a panel; more could not be told apart.
const N_COLUMNS: usize = 200;
/// A mark is as wide as this part of the axis.
const N_MARKS: f64 = 250.0;
/// Of a name in the legend, in pixels.
const NAME_ROOM: f64 = 220.0;

const KIB_PER_GB: f64 = 1_048_576.0;
const BYTES_PER_GB: f64 = 1_073_741_824.0;

/// What a panel counts bytes in.
#[derive(Clone, Copy)]
struct Bytes {
    name: &'static str,
    of_a_gb: f64,
    /// The top of its panels: round.
    most: f64,
}

impl Bytes {
    /// So that this many GB are a number that can be read.
    fn of(gb: f64) -> Self {
        let (name, of_a_gb) = if gb < 0.5 { ("MB", 1024.0) } else { ("GB", 1.0) };
        let value = (gb * of_a_gb).max(1e-3);
        let power = 10_f64.powi(value.log10().floor() as i32);
        let factor = [1.0, 2.0, 4.0, 6.0, 8.0].into_iter().find(|it| it * power >= value).unwrap_or(10.0);
        Self { name, of_a_gb, most: factor * power }
    }
}

fn draw_images(results: &Results) -> Option<String> {
    let groups = grouped(results, "", "image_gb_pulled", N_SETTINGS).groups;
    let settings = groups.into_iter().flat_map(|it| it.settings);
    let rows: Vec<(usize, &Row)> = settings
        .filter_map(|it| Some((it, results.rows_of(it).first()?)))
        .filter(|it| !it.1.record.images.repositories.is_empty())
        .collect();
    let horizon_ms = rows.iter().map(|it| it.1.record.horizon_ms).max().filter(|&it| it > 0)?;
    let unit = TimeUnit::of(horizon_ms);
    let images = || rows.iter().map(|it| &it.1.record.images);
    let names = shown_repositories(&images().collect::<Vec<_>>());

    // All panels of a kind have one scale.
    let stored_kib = images().flat_map(|it| lines_of(it, &names)).map(|it| greatest(&it)).max().unwrap_or(0);
    let stored = Bytes::of(stored_kib as f64 / KIB_PER_GB);
    let moved_most = images().flat_map(|it| at_a_time(it).1).max().unwrap_or(0);
    let moved = Bytes::of(moved_most as f64 / BYTES_PER_GB);
    if stored_kib == 0 && moved_most == 0 {
        return None;
    }
    let panels: Vec<Panel> = rows
        .iter()
        .flat_map(|(setting, row)| {
            let label = &results.settings[*setting].label;
            [stored_panel(label, row, &names, stored, unit), moved_panel(label, row, moved, unit)]
        })
        .collect();

    let mut notes = vec![
        "Compressed bytes, 2^30 a GB; layers of a repository once, archived images too. What moves is shown where \
         its pull began."
            .to_owned(),
    ];
    if results.n_replicates > 1 {
        notes.push("Of each setting the first replicate is shown.".to_owned());
    }
    if rows.len() < results.settings.len() {
        notes.push(format!(
            "{} of {} are shown: the first, and others from the least to the greatest image_gb_pulled.",
            rows.len(),
            counted(results.settings.len(), "setting"),
        ));
    }
    let warm_up_ms = rows.iter().map(|it| it.1.record.warm_up_ms).max().unwrap_or(0);
    let chart = PanelChart {
        head: head(
            results,
            IMAGES_OVER_TIME.title,
            "Less is better; no image that is needed should be lost.",
        ),
        x: Axis { label: format!("time since the start, {}", unit.name), scale: unit.scale(horizon_ms) },
        y_label: "stored by repository, and moved by pulls".to_owned(),
        most: 100.0,
        no_lane: "",
        warm_up: warm_up_ms as f64 / unit.millis,
        panels,
        legend: legend(&rows, &names, warm_up_ms > 0),
        notes,
    };
    Some(draw(&chart))
}

fn legend(rows: &[(usize, &Row)], names: &[&str], has_warm_up: bool) -> Vec<Entry> {
    let area = |label: &str, color| Entry { label: label.to_owned(), sample: Sample::Area(color) };
    let mut legend: Vec<Entry> = names
        .iter()
        .enumerate()
        .map(|(idx, name)| Entry {
            label: format!("stored by {}", shortened(name, 12.0, NAME_ROOM)),
            sample: Sample::Line(line_style(idx)),
        })
        .collect();
    if rows.iter().any(|it| it.1.record.images.repositories.iter().any(|it| !is_named(it, names))) {
        let label = "stored by all others".to_owned();
        legend.push(Entry { label, sample: Sample::Line(others_style()) });
    }
    legend.push(area("moved by pulls", moved_style().color));
    let removals = || rows.iter().flat_map(|it| &it.1.record.images.repositories).flat_map(|it| &it.removals);
    if removals().next().is_some() {
        legend.push(area("a lifecycle policy takes images", taken_style().color));
    }
    if removals().any(|it| it.n_lost > 0) {
        legend.push(area("of those, images that a revision in use needs", TAKEN));
    }
    if rows.iter().any(|it| !it.1.record.rollouts.is_empty()) {
        legend.push(area("a rollout is under way", style(2).color));
    }
    if has_warm_up {
        legend.push(area("warm-up, not measured", WARM_UP));
    }
    legend
}

/// The names of those that store most in any run, in the order of the experiment.
fn shown_repositories<'a>(all: &[&'a ImageRecord]) -> Vec<&'a str> {
    let mut names: Vec<(&str, u64)> = Vec::new();
    for it in all.iter().flat_map(|it| &it.repositories) {
        let most = greatest(&points(&[it]));
        match names.iter_mut().find(|known| known.0 == it.name) {
            Some(known) => known.1 = known.1.max(most),
            None => names.push((&it.name, most)),
        }
    }
    let mut order: Vec<usize> = (0..names.len()).collect();
    order.sort_by_key(|&it| (std::cmp::Reverse(names[it].1), it));
    order.truncate(N_REPOSITORIES);
    order.sort_unstable();
    order.into_iter().map(|it| names[it].0).collect()
}

fn is_named(repository: &RepositoryRecord, names: &[&str]) -> bool {
    names.contains(&repository.name.as_str())
}

/// KiB at the middle of each step, of several repositories together; `None`
/// where nothing was recorded.
fn points(of: &[&RepositoryRecord]) -> Vec<Option<u64>> {
    let Some(first) = of.first() else { return Vec::new() };
    let mean = |series: &Series, idx| series.mean(idx).map(|it| it.round() as u64);
    let sum = |idx: usize| of.iter().map(|it| mean(&it.stored_kib, idx)).sum::<Option<u64>>();
    (0..first.stored_kib.buckets().len()).map(sum).collect()
}

/// A line for each of the names, and one for all others where there are some.
fn lines_of(images: &ImageRecord, names: &[&str]) -> Vec<Vec<Option<u64>>> {
    let with = |is_chosen: &dyn Fn(&RepositoryRecord) -> bool| {
        points(&images.repositories.iter().filter(|it| is_chosen(it)).collect::<Vec<_>>())
    };
    let mut lines: Vec<_> = names.iter().map(|name| with(&|it| it.name == *name)).collect();
    let others = with(&|it| !is_named(it, names));
    if !others.is_empty() {
        lines.push(others);
    }
    lines
}

fn greatest(points: &[Option<u64>]) -> u64 {
    points.iter().copied().flatten().max().unwrap_or(0)
}

/// How many steps are drawn as one, and the bytes of each of those.
fn at_a_time(images: &ImageRecord) -> (usize, Vec<u64>) {
    let n = images.moved_over_time.len().div_ceil(N_COLUMNS).max(1);
    (n, images.moved_over_time.chunks(n).map(|it| it.iter().sum()).collect())
}

fn stored_panel(label: &str, row: &Row, names: &[&str], bytes: Bytes, unit: TimeUnit) -> Panel {
    let images = &row.record.images;
    let lines = lines_of(images, names).into_iter().enumerate().filter(|it| !it.1.is_empty());
    let lines = lines.map(|(idx, points)| {
        let width_ms = images.repositories[0].stored_kib.bucket_width().millis() as f64;
        let place = |(idx, kib): (usize, Option<u64>)| {
            let value = kib.map_or(f64::NAN, |it| it as f64 / KIB_PER_GB * bytes.of_a_gb);
            ((idx as f64 + 0.5) * width_ms / unit.millis, value)
        };
        let style = if idx < names.len() { line_style(idx) } else { others_style() };
        PanelLine { label: "", points: points.into_iter().enumerate().map(place).collect(), style }
    });
    let all = || images.repositories.iter().flat_map(|it| &it.removals);
    let mark = row.record.horizon_ms as f64 / N_MARKS / unit.millis;
    let marks = |is_chosen: fn(&Removal) -> bool| {
        let mut at: Vec<f64> =
            all().filter(|it| is_chosen(it)).map(|it| it.at_ms as f64 / unit.millis).collect();
        at.sort_by(f64::total_cmp);
        at.dedup();
        let end = row.record.horizon_ms as f64 / unit.millis;
        at.into_iter().map(|at| (at, (at + mark).min(end), 1.0)).collect::<Vec<_>>()
    };
    let lanes = [
        Lane { label: "policies", color: taken_style().color, stretches: marks(|it| it.n_taken > 0) },
        Lane { label: "lost", color: TAKEN, stretches: marks(|it| it.n_lost > 0) },
    ];
    let (n_taken, n_lost) = all().fold((0, 0), |sum, it| (sum.0 + it.n_taken, sum.1 + it.n_lost));
    Panel {
        title: format!("{label}: stored, {}", bytes.name),
        remark: match (n_taken, n_lost) {
            (0, _) => String::new(),
            (n, 0) => format!("{} taken by policies", counted(n as usize, "image")),
            (n, lost) => format!("{} taken by policies, {lost} needed", counted(n as usize, "image")),
        },
        most: Some(bytes.most),
        areas: Vec::new(),
        lines: lines.collect(),
        lanes: lanes.into_iter().filter(|it| !it.stretches.is_empty()).collect(),
    }
}

fn moved_panel(label: &str, row: &Row, bytes: Bytes, unit: TimeUnit) -> Panel {
    let images = &row.record.images;
    let (n, steps) = at_a_time(images);
    let width_ms = images.step_ms * n as u64;
    let width = width_ms as f64 / unit.millis;
    let end = row.record.horizon_ms as f64 / unit.millis;
    let corner = |(idx, sum): (usize, &u64)| {
        let value = *sum as f64 / BYTES_PER_GB * bytes.of_a_gb;
        let from = idx as f64 * width;
        [(from, 0.0, value), ((from + width).min(end), 0.0, value)]
    };
    let points: Vec<(f64, f64, f64)> = steps.iter().enumerate().flat_map(corner).collect();
    let rollouts = row.record.rollouts.iter();
    let mut rollouts: Vec<(f64, f64, f64)> = rollouts
        .map(|it| (it.started_ms as f64 / unit.millis, it.ended_ms as f64 / unit.millis, 1.0))
        .filter(|it| it.1 > it.0)
        .collect();
    rollouts.sort_by(|a, b| a.0.total_cmp(&b.0));
    let total = images.moved_over_time.iter().sum::<u64>() as f64 / BYTES_PER_GB;
    let each =
        if width_ms > 0 { format!(" in each {}", duration(width_ms as f64 / 1000.0)) } else { String::new() };
    let lane = Lane { label: "rollout", color: style(2).color, stretches: rollouts };
    Panel {
        title: format!("{label}: moved, {}{each}", bytes.name),
        remark: match total {
            it if it < 0.5 => format!("{} MB in all", number(it * 1024.0, 1)),
            it => format!("{} GB in all", number(it, 1)),
        },
        most: Some(bytes.most),
        areas: vec![PanelArea { label: "moved", color: moved_style().color, points }],
        lines: Vec::new(),
        lanes: Some(lane).filter(|it| !it.stretches.is_empty()).into_iter().collect(),
    }
}

fn moved_style() -> Style {
    style(0)
}

fn taken_style() -> Style {
    style(5)
}

/// Of a repository.
fn line_style(idx: usize) -> Style {
    // The others are those of what moved, of rollouts and of policies.
    style([1, 3, 4, 6, 7][idx % N_REPOSITORIES])
}

fn others_style() -> Style {
    Style { color: BOUND, dash: Dash::Short, ..style(0) }
}
