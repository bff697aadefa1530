//! What service auto scaling did. A run without a scalable target has none.

use crate::record::{RunRecord, ScalingRecord};

use super::{Direction, Metric};

const MS_PER_HOUR: f64 = 3_600_000.0;

pub(super) const SCALE_OUTS: Metric = Metric {
    name: "scale_outs",
    summary: "scaling activities that raised a service's desired count while measured",
    unit: "activities",
    direction: Direction::Neutral,
    decimals: 0,
    of: |record| activities(record, |it| it.n_out),
};

pub(super) const SCALE_INS: Metric = Metric {
    name: "scale_ins",
    summary: "scaling activities that lowered it",
    unit: "activities",
    direction: Direction::Neutral,
    decimals: 0,
    of: |record| activities(record, |it| it.n_in),
};

pub(super) const DESIRED_TASK_HOURS: Metric = Metric {
    name: "desired_task_hours",
    summary: "desired count of all services over the measured time",
    unit: "task-hours",
    direction: Direction::LowerIsBetter,
    decimals: 1,
    of: |record| {
        let desired_ms: u64 = record.services.iter().map(|it| it.desired_ms).sum();
        (!record.services.is_empty()).then_some(desired_ms as f64 / MS_PER_HOUR)
    },
};

fn activities(record: &RunRecord, of: fn(&ScalingRecord) -> u64) -> Option<f64> {
    let scaled = record.services.iter().filter_map(|it| it.scaling.as_ref());
    scaled.map(of).reduce(|sum, it| sum + it).map(|it| it as f64)
}
