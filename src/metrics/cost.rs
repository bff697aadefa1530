//! What the run would have been billed. Instances and Fargate are the two ways
//! to pay: for machines, used or idle, or for the tasks themselves.

use super::{Direction, Metric};
use crate::record::{Meter, RunRecord};

pub(super) const COST_USD: Metric = Metric {
    name: "cost_usd",
    summary: "sum of the bill's lines while measured",
    unit: "USD",
    direction: Direction::LowerIsBetter,
    decimals: 2,
    of: |record| Some(record.ledger.total().as_usd_f64()),
};

pub(super) const COST_INSTANCES_USD: Metric = Metric {
    name: "cost_instances_usd",
    summary: "of the cost: EC2 instances",
    unit: "USD",
    direction: Direction::LowerIsBetter,
    decimals: 2,
    of: |record| cost_of(record, Meter::is_of_instances),
};

pub(super) const COST_FARGATE_USD: Metric = Metric {
    name: "cost_fargate_usd",
    summary: "of the cost: tasks on Fargate, by vCPU, memory and storage",
    unit: "USD",
    direction: Direction::LowerIsBetter,
    decimals: 2,
    of: |record| cost_of(record, |it| !it.is_of_instances()),
};

/// Of a run without any such line there is no such cost.
fn cost_of(record: &RunRecord, is_meant: fn(Meter) -> bool) -> Option<f64> {
    let has_line = record.ledger.lines.iter().any(|it| is_meant(it.meter));
    has_line.then(|| record.ledger.total_of(is_meant).as_usd_f64())
}
