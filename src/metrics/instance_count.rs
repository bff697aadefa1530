//! How many instances it took. Hours are those that were billed: per second,
//! with the minimum of each launch.

use super::{Direction, Metric};
use crate::record::RunRecord;

/// Milliseconds of an hour.
pub(super) const HOUR_MS: f64 = 3_600_000.0;

pub(super) const INSTANCE_HOURS: Metric = Metric {
    name: "instance_hours",
    summary: "instance-hours billed while measured",
    unit: "instance-hours",
    direction: Direction::LowerIsBetter,
    decimals: 1,
    of: |record| Some(billed_hours(record)),
};

pub(super) const INSTANCES_PEAK: Metric = Metric {
    name: "instances_peak",
    summary: "most instances at one moment",
    unit: "instances",
    direction: Direction::LowerIsBetter,
    decimals: 0,
    of: |record| Some(record.instances_peak as f64),
};

pub(super) const INSTANCES_MEAN: Metric = Metric {
    name: "instances_mean",
    summary: "time-weighted mean number of instances",
    unit: "instances",
    direction: Direction::LowerIsBetter,
    decimals: 1,
    of: |record| {
        let measured_ms = record.horizon_ms - record.warm_up_ms;
        (measured_ms > 0).then(|| record.instance_ms as f64 / measured_ms as f64)
    },
};

pub(super) const INSTANCES_LAUNCHED: Metric = Metric {
    name: "instances_launched",
    summary: "instances launched while measured",
    unit: "instances",
    direction: Direction::Neutral,
    decimals: 0,
    of: |record| Some(record.instances_launched as f64),
};

pub(super) const INSTANCES_FAILED: Metric = Metric {
    name: "instances_failed",
    summary: "instances lost to failures and with their zones while measured",
    unit: "instances",
    direction: Direction::Neutral,
    decimals: 0,
    of: |record| Some(record.instances_failed as f64),
};

/// Billed instance-hours of a run.
pub(super) fn billed_hours(record: &RunRecord) -> f64 {
    let millis: u128 = record
        .ledger
        .lines
        .iter()
        .filter(|line| line.meter.is_of_instances())
        .map(|line| u128::from(line.quantity) * 3_600_000 / u128::from(line.units_per_price))
        .sum();
    millis as f64 / 3_600_000.0
}
