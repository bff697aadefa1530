//! What moving tasks once a period (option `replacement_period`) would have
//! freed: an estimate from looks at the run, which itself moved nothing. An
//! instance counts as freed until the next look; a task that stays where it is
//! counts as moved once.

use super::instance_count::HOUR_MS;
use super::{Direction, Metric};
use crate::base::Money;
use crate::record::{Replacement, RunRecord};

pub(super) const STRAGGLER_INSTANCE_HOURS: Metric = Metric {
    name: "straggler_instance_hours",
    summary: "instance-hours held by few old tasks that would fit elsewhere",
    unit: "instance-hours",
    direction: Direction::LowerIsBetter,
    decimals: 1,
    of: |record| hours(record, |it| it.n_stragglers),
};

pub(super) const REPLACEMENT_SAVES_INSTANCE_HOURS: Metric = Metric {
    name: "replacement_saves_instance_hours",
    summary: "instance-hours that moving tasks once a period would free",
    unit: "instance-hours",
    direction: Direction::Neutral,
    decimals: 1,
    of: |record| hours(record, |it| it.n_freed),
};

pub(super) const REPLACEMENT_SAVES_USD: Metric = Metric {
    name: "replacement_saves_usd",
    summary: "what those hours cost",
    unit: "USD",
    direction: Direction::Neutral,
    decimals: 2,
    of: |record| {
        let cost =
            |it: &Replacement| i128::from(it.freed_pico_usd_per_hour) * i128::from(it.lasts_ms) / 3_600_000;
        let pico: i128 = record.floors.replacements.iter().map(cost).sum();
        looked(record).then(|| Money::from_pico_usd(pico).as_usd_f64())
    },
};

pub(super) const REPLACEMENT_MOVES: Metric = Metric {
    name: "replacement_moves",
    summary: "tasks that would be moved for that",
    unit: "tasks",
    direction: Direction::Neutral,
    decimals: 0,
    of: |record| {
        let moves = record.floors.replacements.iter().map(|it| u64::from(it.n_moved));
        looked(record).then(|| moves.sum::<u64>() as f64)
    },
};

/// Whether anybody looked while there were instances.
fn looked(record: &RunRecord) -> bool {
    record.floors.replacements.iter().any(|it| it.n_instances > 0)
}

fn hours(record: &RunRecord, n_instances: fn(&Replacement) -> u32) -> Option<f64> {
    let all = record.floors.replacements.iter();
    let ms: u64 = all.map(|it| u64::from(n_instances(it)) * it.lasts_ms).sum();
    looked(record).then_some(ms as f64 / HOUR_MS)
}
