//! How available the services were: healthy tasks on living instances, counted
//! up to the desired count. Stand-alone tasks have waits and counts instead.

use super::{Direction, Metric};

pub(super) const AVAILABILITY_PERCENT: Metric = Metric {
    name: "availability_percent",
    summary: "integral of min(healthy, desired) over that of desired, all services",
    unit: "%",
    direction: Direction::HigherIsBetter,
    decimals: 4,
    of: |record| {
        let desired: u64 = record.services.iter().map(|it| it.desired_ms).sum();
        let available: u64 = record.services.iter().map(|it| it.available_ms).sum();
        share(available, desired)
    },
};

pub(super) const WORST_MINUTE_PERCENT: Metric = Metric {
    name: "availability_worst_minute_percent",
    summary: "the least availability of one service in one minute",
    unit: "%",
    direction: Direction::HigherIsBetter,
    decimals: 2,
    of: |record| {
        let minutes = record.services.iter().filter_map(|it| share(it.worst_minute.0, it.worst_minute.1));
        minutes.min_by(f64::total_cmp)
    },
};

pub(super) const BELOW_MINIMUM_SECONDS: Metric = Metric {
    name: "below_minimum_seconds",
    summary: "service-seconds with fewer healthy tasks than the minimum healthy percent asks",
    unit: "s",
    direction: Direction::LowerIsBetter,
    decimals: 1,
    of: |record| {
        let total: u64 = record.services.iter().map(|it| it.below_minimum_ms).sum();
        (!record.services.is_empty()).then_some(total as f64 / 1000.0)
    },
};

/// `part` of `whole` in percent; `None` of nothing.
pub(super) fn share(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| 100.0 * part as f64 / whole as f64)
}
