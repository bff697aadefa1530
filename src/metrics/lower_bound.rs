//! How far the run is above what no packing of the same tasks, at the times at
//! which they ran, could have gone below.

use super::instance_count::{HOUR_MS, billed_hours};
use super::{Direction, Metric};

pub(super) const LOWER_BOUND_INSTANCE_HOURS: Metric = Metric {
    name: "lower_bound_instance_hours",
    summary: "instance-hours below which no packing of the same tasks can go (volume bound)",
    unit: "instance-hours",
    direction: Direction::Neutral,
    decimals: 1,
    of: |record| Some(record.lower_bound_instance_ms as f64 / HOUR_MS),
};

pub(super) const GAP_PERCENT: Metric = Metric {
    name: "gap_percent",
    summary: "billed instance-hours above the lower bound",
    unit: "%",
    direction: Direction::LowerIsBetter,
    decimals: 1,
    of: |record| {
        let bound = record.lower_bound_instance_ms as f64 / HOUR_MS;
        (bound > 0.0).then(|| 100.0 * (billed_hours(record) / bound - 1.0))
    },
};
