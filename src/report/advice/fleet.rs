//! Which setting plays the same stand-alone work for the least money, and how far
//! it is above what no packing could go below.
//!
//! Equal work: a setting that leaves tasks unplaced is cheaper for that reason
//! alone. Those that place nearly as many tasks as the one that places the most
//! are compared; the others are listed and never advised.

use crate::base::stats::{Estimate, estimate_at};
use crate::experiment::results::Results;
use crate::metrics;

use super::super::comparison::{pairs, pooled_values};
use super::super::cost_frontier::frontier;

const COST: &str = "cost_usd";
const WAIT: &str = "wait_seconds_p95";

/// Of the most tasks that a setting places in the mean, in percent: what comes in
/// just before the horizon waits longer here than there, and is no other work.
pub const EQUAL_WORK_PERCENT: f64 = 99.9;

/// A setting as a fleet for the tasks.
#[derive(Clone, PartialEq, Debug)]
pub struct Fleet {
    /// Its position among the settings.
    pub setting: usize,
    /// Its label.
    pub label: String,
    /// USD of a run.
    pub cost: Estimate,
    /// What it costs more than the cheapest at equal work, in percent, paired by
    /// replicate; `None` of that one itself.
    pub extra_percent: Option<Estimate>,
    /// Instance-hours of a run.
    pub instance_hours: Option<Estimate>,
    /// Instance-hours above their lower bound, in percent.
    pub gap_percent: Option<Estimate>,
    /// Cost above its lower bound, in percent.
    pub cost_gap_percent: Option<Estimate>,
    /// 95th percentile of the placement wait, in seconds.
    pub wait_seconds: Option<Estimate>,
    /// Tasks placed in a run, in the mean.
    pub tasks_placed: f64,
    /// The same in percent of the most that a setting places.
    pub work_percent: f64,
    /// Whether no other setting at equal work beats it in cost and wait.
    pub is_on_frontier: bool,
}

impl Fleet {
    /// Whether it places as many tasks as the others.
    pub fn does_equal_work(&self) -> bool {
        self.work_percent >= EQUAL_WORK_PERCENT
    }
}

/// All settings as fleets.
#[derive(Clone, PartialEq, Debug)]
pub struct Fleets {
    /// The experiment's name.
    pub name: String,
    /// Runs of each setting.
    pub n_replicates: usize,
    /// Of the intervals, in percent.
    pub confidence_percent: f64,
    /// Those at equal work, cheapest first, then the others, cheapest first.
    pub all: Vec<Fleet>,
}

impl Fleets {
    /// The cheapest at equal work.
    pub fn cheapest(&self) -> Option<&Fleet> {
        self.all.first().filter(|it| it.does_equal_work())
    }

    /// Those at equal work, cheapest first.
    pub fn at_equal_work(&self) -> impl Iterator<Item = &Fleet> {
        self.all.iter().filter(|it| it.does_equal_work())
    }

    /// Those that place fewer tasks, cheapest first.
    pub fn at_less_work(&self) -> impl Iterator<Item = &Fleet> {
        self.all.iter().filter(|it| !it.does_equal_work())
    }
}

/// The settings of a result as fleets, with intervals of this confidence; `None`
/// where no stand-alone task was placed, or nothing was billed.
pub fn fleets(results: &Results, confidence_percent: f64) -> Option<Fleets> {
    let measured = |setting: usize, metric: &str| {
        // Some metrics are younger than some results.
        metrics::position(metric)?;
        let values: Vec<f64> = pooled_values(results, metric, &[setting]).into_iter().flatten().collect();
        estimate_at(&values, confidence_percent)
    };
    let placed = |setting: usize| measured(setting, "tasks_placed").map_or(0.0, |it| it.mean);
    let n_settings = results.settings.len();
    let most = (0..n_settings).map(placed).fold(0.0, f64::max);
    if most <= 0.0 {
        return None;
    }
    let fleet = |setting: usize| {
        Some(Fleet {
            setting,
            label: results.settings[setting].label.clone(),
            cost: measured(setting, COST)?,
            extra_percent: None,
            instance_hours: measured(setting, "instance_hours"),
            gap_percent: measured(setting, "gap_percent"),
            cost_gap_percent: measured(setting, "cost_gap_percent"),
            wait_seconds: measured(setting, WAIT),
            tasks_placed: placed(setting),
            work_percent: 100.0 * placed(setting) / most,
            is_on_frontier: false,
        })
    };
    let mut all: Vec<Fleet> = (0..n_settings).filter_map(fleet).collect();
    all.sort_by(|a, b| {
        b.does_equal_work()
            .cmp(&a.does_equal_work())
            .then(a.cost.mean.total_cmp(&b.cost.mean))
            .then(a.setting.cmp(&b.setting))
    });
    if all.iter().all(|it| it.cost.mean <= 0.0) {
        return None;
    }
    let candidates: Vec<(usize, (f64, f64))> = all
        .iter()
        .enumerate()
        .filter(|it| it.1.does_equal_work())
        .filter_map(|(idx, it)| Some((idx, (it.cost.mean, it.wait_seconds?.mean))))
        .collect();
    let points: Vec<(f64, f64)> = candidates.iter().map(|it| it.1).collect();
    for step in frontier(&points) {
        all[candidates[step].0].is_on_frontier = true;
    }
    let cheapest = all[0].setting;
    for it in all.iter_mut().skip(1) {
        let pairs = pairs(results, COST, &[cheapest], &[it.setting]);
        let percent: Vec<f64> =
            pairs.iter().filter(|(a, _)| *a > 0.0).map(|(a, b)| 100.0 * (b / a - 1.0)).collect();
        it.extra_percent = estimate_at(&percent, confidence_percent);
    }
    Some(Fleets {
        name: results.name.clone(),
        n_replicates: results.n_replicates as usize,
        confidence_percent,
        all,
    })
}
