//! What rollouts took for a while: instances and tasks above what was there
//! without them, and what that costs.

use super::instance_count::HOUR_MS;
use super::{Direction, Metric};
use crate::base::Money;
use crate::record::{RunRecord, Surge};

pub(super) const ROLLOUT_SURGE_INSTANCE_HOURS: Metric = Metric {
    name: "rollout_surge_instance_hours",
    summary: "instance-hours above the number at the start of a rollout, all rollouts",
    unit: "instance-hours",
    direction: Direction::LowerIsBetter,
    decimals: 2,
    of: |record| hours(record, |it| it.instance_ms),
};

pub(super) const ROLLOUT_SURGE_TASK_HOURS: Metric = Metric {
    name: "rollout_surge_task_hours",
    summary: "task-hours above the desired count during rollouts, all rollouts",
    unit: "task-hours",
    direction: Direction::LowerIsBetter,
    decimals: 2,
    of: |record| hours(record, |it| it.task_ms),
};

pub(super) const ROLLOUT_SURGE_USD: Metric = Metric {
    name: "rollout_surge_usd",
    summary: "what the surge of all rollouts costs: of instances, on Fargate of tasks",
    unit: "USD",
    direction: Direction::LowerIsBetter,
    decimals: 4,
    of: |record| {
        let total: Money = record.rollouts.iter().map(|it| it.surge.cost()).sum();
        (!record.rollouts.is_empty()).then(|| total.as_usd_f64())
    },
};

/// Of a run without rollouts there is no surge.
fn hours(record: &RunRecord, of: fn(&Surge) -> u64) -> Option<f64> {
    let total_ms: u64 = record.rollouts.iter().map(|it| of(&it.surge)).sum();
    (!record.rollouts.is_empty()).then_some(total_ms as f64 / HOUR_MS)
}
