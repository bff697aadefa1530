//! Settings and pools of settings against each other, replicate by replicate:
//! the same replicate met the same arrivals, failures and pull times
//! everywhere, so that a difference is the settings' own.

use crate::base::stats::{Estimate, estimate, paired_difference};
use crate::experiment::results::Results;
use crate::metrics;

use super::scale::{is_drawable, number};

/// The metric of this name over the replicates of a setting; `None` where no
/// run has one.
pub(super) fn measured(results: &Results, setting: usize, metric: &str) -> Option<Estimate> {
    estimate(&pooled_values(results, metric, &[setting]).into_iter().flatten().collect::<Vec<_>>())
}

/// How much `other` is above `baseline`, in percent of the baseline.
pub(super) fn percent_difference(
    results: &Results,
    metric: &str,
    baseline: &[usize],
    other: &[usize],
) -> Option<Estimate> {
    let pairs = pairs(results, metric, baseline, other);
    let percent: Vec<f64> =
        pairs.iter().filter(|(a, _)| *a > 0.0).map(|(a, b)| 100.0 * (b / a - 1.0)).collect();
    estimate(&percent)
}

/// How much `other` is above `baseline`, in the metric's own unit.
pub(super) fn absolute_difference(
    results: &Results,
    metric: &str,
    baseline: &[usize],
    other: &[usize],
) -> Option<Estimate> {
    let (a, b): (Vec<f64>, Vec<f64>) = pairs(results, metric, baseline, other).into_iter().unzip();
    paired_difference(&a, &b)
}

/// The settings with the value of this position on the axis.
pub(super) fn settings_with(results: &Results, axis: usize, value: usize) -> Vec<usize> {
    (0..results.settings.len()).filter(|&it| results.settings[it].values[axis] == value).collect()
}

/// What must be said before any comparison: that the settings did not do the
/// same work. `None` if every setting placed as many tasks in each replicate.
pub(super) fn work_differs(results: &Results) -> Option<String> {
    let placed: Vec<Vec<Option<f64>>> =
        (0..results.settings.len()).map(|it| pooled_values(results, "tasks_placed", &[it])).collect();
    if placed.windows(2).all(|pair| pair[0] == pair[1]) {
        return None;
    }
    let means: Vec<f64> = (0..results.settings.len())
        .filter_map(|it| measured(results, it, "tasks_placed").map(|it| it.mean))
        .collect();
    let least = means.iter().copied().min_by(f64::total_cmp)?;
    let most = means.iter().copied().max_by(f64::total_cmp)?;
    Some(format!(
        "The settings did not place the same work: from {} to {} stand-alone tasks a run in the mean. \
         A setting that places less may cost less for that reason alone.",
        number(least, 1),
        number(most, 1),
    ))
}

/// For each replicate in which both pools have the metric: the two values.
pub(super) fn pairs(results: &Results, metric: &str, baseline: &[usize], other: &[usize]) -> Vec<(f64, f64)> {
    let baseline = pooled_values(results, metric, baseline);
    let other = pooled_values(results, metric, other);
    baseline.into_iter().zip(other).filter_map(|(a, b)| a.zip(b)).collect()
}

/// For each replicate the mean of the metric over the settings of a pool;
/// `None` where one of them has none.
pub(super) fn pooled_values(results: &Results, metric: &str, settings: &[usize]) -> Vec<Option<f64>> {
    let column = metrics::position(metric).expect("only metrics of the list are asked for");
    (0..results.n_replicates as usize)
        .map(|replicate| {
            let values: Option<Vec<f64>> = settings
                .iter()
                .map(|&it| results.rows_of(it)[replicate].metrics[column].filter(|&it| is_drawable(it)))
                .collect();
            let values = values.filter(|it| !it.is_empty())?;
            Some(values.iter().sum::<f64>() / values.len() as f64)
        })
        .collect()
}
