//! How far the run is above what no packing of the same tasks, at the times at
//! which they ran, could have gone below.

use super::instance_count::{HOUR_MS, billed_hours};
use super::{Direction, Metric};
use crate::base::Money;
use crate::record::{LedgerLine, LineGroup, Meter, RunRecord};

pub(super) const LOWER_BOUND_INSTANCE_HOURS: Metric = Metric {
    name: "lower_bound_instance_hours",
    summary: "instance-hours below which no packing of the same tasks can go (bounds by volume, large items, conflicts, rounding, counting)",
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

pub(super) const LOWER_BOUND_COST_USD: Metric = Metric {
    name: "lower_bound_cost_usd",
    summary: "least that instances for the same tasks could cost, with what Fargate cost",
    unit: "USD",
    direction: Direction::Neutral,
    decimals: 2,
    of: |record| least_cost(record).map(Money::as_usd_f64),
};

pub(super) const COST_GAP_PERCENT: Metric = Metric {
    name: "cost_gap_percent",
    summary: "cost of instances and Fargate above that; not known with commitments",
    unit: "%",
    direction: Direction::LowerIsBetter,
    decimals: 1,
    of: |record| {
        let least = least_cost(record)?.as_usd_f64();
        let cost = record.ledger.total_of(|it| is_of_capacity(it.group())).as_usd_f64();
        (least > 0.0).then(|| 100.0 * (cost / least - 1.0))
    },
};

fn is_of_capacity(group: LineGroup) -> bool {
    matches!(group, LineGroup::Instances | LineGroup::Fargate)
}

/// By list prices: what a commitment leaves unused is paid for as well, so that
/// with one no price of an hour bounds the cost.
fn least_cost(record: &RunRecord) -> Option<Money> {
    let is_committed = |it: &LedgerLine| {
        matches!(
            it.meter,
            Meter::Ec2Reserved
                | Meter::Ec2SavingsPlan
                | Meter::FargateSavingsPlanVcpu
                | Meter::FargateSavingsPlanMemory
                | Meter::UnusedCommitment
        )
    };
    if record.ledger.lines.iter().any(is_committed) {
        return None;
    }
    Some(record.floors.instances + record.ledger.total_of(|it| it.group() == LineGroup::Fargate))
}
