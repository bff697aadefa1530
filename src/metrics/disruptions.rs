//! What was taken away and refused: interruptions by Spot, refused launches.

use super::{Direction, Metric};
use crate::record::{DisruptionRecord, RunRecord};

/// The causes that take back Spot capacity.
const OF_SPOT: [&str; 4] = ["spot_interruption", "spot_price", "spot_availability", "spot_drought"];

pub(super) const INSTANCES_INTERRUPTED: Metric = Metric {
    name: "instances_interrupted",
    summary: "Spot instances that were given notice while measured",
    unit: "instances",
    direction: Direction::LowerIsBetter,
    decimals: 0,
    of: |record| sum(record, is_of_spot, |it| it.n_instances),
};

pub(super) const TASKS_INTERRUPTED: Metric = Metric {
    name: "tasks_interrupted",
    summary: "tasks that ended because Spot took their machine back, while measured",
    unit: "tasks",
    direction: Direction::LowerIsBetter,
    decimals: 0,
    of: |record| sum(record, is_of_spot, |it| it.n_tasks),
};

pub(super) const TASKS_LOST: Metric = Metric {
    name: "tasks_lost",
    summary: "tasks that ended with an instance that failed or a zone that was gone, while measured",
    unit: "tasks",
    direction: Direction::LowerIsBetter,
    decimals: 0,
    of: |record| sum(record, |it| !is_of_spot(it), |it| it.n_tasks),
};

pub(super) const LAUNCH_FAILURES: Metric = Metric {
    name: "launch_failures",
    summary: "launches that were refused for lack of capacity, each zone and type that was tried",
    unit: "launches",
    direction: Direction::LowerIsBetter,
    decimals: 0,
    of: |record| sum(record, |_| true, |it| it.n_launches),
};

fn is_of_spot(it: &DisruptionRecord) -> bool {
    OF_SPOT.contains(&it.cause.as_str())
}

fn sum(
    record: &RunRecord,
    is_meant: impl Fn(&DisruptionRecord) -> bool,
    of: impl Fn(&DisruptionRecord) -> u64,
) -> Option<f64> {
    let meant = record.disruptions.iter().filter(|it| is_meant(it));
    Some(meant.map(of).sum::<u64>() as f64)
}
