//! What was disrupted, as marks in a chart over time: the stretches in which
//! something held, and how many machines were taken away when.

use crate::experiment::results::Results;

use super::figure::{Entry, Mark, Sample};
use super::palette::{DISRUPTED, TAKEN};

/// As many stretches are drawn; what has more is everywhere.
const STRETCHES_MAX: usize = 200;

/// Marks behind the lines and above them, and what the legend says of both; `y` is
/// the greatest height of those above.
pub(super) struct Disrupted {
    /// Stretches of time, behind everything.
    pub(super) behind: Vec<Mark>,
    /// Machines taken away.
    pub(super) above: Vec<Mark>,
    /// Their entries.
    pub(super) legend: Vec<Entry>,
    /// The height of the highest of `above`.
    pub(super) greatest: f64,
}

/// Whether anything may have been disrupted in these results.
pub(super) fn is_any(results: &Results) -> bool {
    results.rows.iter().any(|it| !it.record.disruptions.is_empty())
}

/// The marks of all runs together: windows of any, machines as the mean of all.
pub(super) fn marks(results: &Results, unit_ms: f64) -> Disrupted {
    let all = || results.rows.iter().flat_map(|it| &it.record.disruptions);
    let mut windows: Vec<(u64, u64)> = Vec::new();
    let mut causes: Vec<&str> = Vec::new();
    for it in all().filter(|it| !it.windows.is_empty()) {
        if !causes.contains(&it.cause.as_str()) {
            causes.push(&it.cause);
        }
        let new = it.windows.iter().filter(|it| !windows.contains(it)).copied().collect::<Vec<_>>();
        windows.extend(new);
    }
    windows.truncate(STRETCHES_MAX);
    let of_ms = |ms: u64| ms as f64 / unit_ms;
    let stretch =
        |&(from, to): &(u64, u64)| Mark::Stretch { from: of_ms(from), to: of_ms(to), color: DISRUPTED };
    let behind: Vec<Mark> = windows.iter().map(stretch).collect();
    let mut legend = Vec::new();
    if !behind.is_empty() {
        legend.push(Entry {
            label: format!("while it holds: {}", causes.join(", ")),
            sample: Sample::Area(DISRUPTED),
        });
    }

    // Runs of another length have other steps: those of the first hold.
    let step_ms = all().find(|it| !it.over_time.is_empty()).map_or(0, |it| it.step_ms);
    let taken: Vec<&Vec<u64>> = all()
        .filter(|it| it.step_ms == step_ms)
        .map(|it| &it.over_time)
        .filter(|it| !it.is_empty())
        .collect();
    let n_steps = taken.iter().map(|it| it.len()).max().unwrap_or(0);
    let n_rows = results.rows.len().max(1) as f64;
    let mean = |step: usize| taken.iter().filter_map(|it| it.get(step)).sum::<u64>() as f64 / n_rows;
    let points: Vec<(f64, f64, f64)> =
        (0..n_steps).map(|step| (of_ms(step as u64 * step_ms + step_ms / 2), 0.0, mean(step))).collect();
    let greatest = points.iter().map(|it| it.2).fold(0.0, f64::max);
    let mut above = Vec::new();
    if greatest > 0.0 {
        above.push(Mark::Band { points, color: TAKEN, opacity: 0.7 });
        let label = format!("machines taken away within {} s (mean of all runs)", step_ms.div_ceil(1000));
        legend.push(Entry { label, sample: Sample::Area(TAKEN) });
    }
    Disrupted { behind, above, legend, greatest }
}
