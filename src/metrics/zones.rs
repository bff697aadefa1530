//! How evenly the healthy tasks of services are spread over the zones that they
//! may use. A service that may use one zone only has no skew.

use super::{Direction, Metric};
use crate::record::{RunRecord, ServiceRecord};

pub(super) const ZONE_SKEW_MEAN: Metric = Metric {
    name: "zone_skew_mean",
    summary: "healthy tasks in the fullest zone above those in the emptiest, over time, of the most uneven service",
    unit: "tasks",
    direction: Direction::LowerIsBetter,
    decimals: 2,
    of: |record| {
        let measured_ms = record.horizon_ms - record.warm_up_ms;
        let skews = services(record).map(|it| it.zone_skew_ms as f64 / measured_ms as f64);
        skews.filter(|it| it.is_finite()).max_by(f64::total_cmp)
    },
};

pub(super) const ZONE_SKEW_END: Metric = Metric {
    name: "zone_skew_end",
    summary: "the same at the end of the run",
    unit: "tasks",
    direction: Direction::LowerIsBetter,
    decimals: 0,
    of: |record| services(record).map(|it| f64::from(it.zones_at_end.skew())).max_by(f64::total_cmp),
};

pub(super) const ZONE_LOSS_PERCENT: Metric = Metric {
    name: "zone_loss_percent",
    summary: "what losing the fullest zone would take of the desired count, over time, of the worst service",
    unit: "%",
    direction: Direction::LowerIsBetter,
    decimals: 1,
    of: |record| {
        let of_desired = |it: &ServiceRecord| {
            (it.desired_ms > 0).then(|| 100.0 * it.fullest_zone_ms as f64 / it.desired_ms as f64)
        };
        services(record).filter_map(of_desired).max_by(f64::total_cmp)
    },
};

fn services(record: &RunRecord) -> impl Iterator<Item = &ServiceRecord> {
    record.services.iter().filter(|it| it.zones_at_end.n_zones > 1)
}
