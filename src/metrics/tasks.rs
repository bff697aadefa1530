//! What became of the stand-alone tasks that were asked for while measured.
//! Settings are compared at equal work, or the difference is said first.

use super::{Direction, Metric};

pub(super) const TASKS_SUBMITTED: Metric = Metric {
    name: "tasks_submitted",
    summary: "stand-alone tasks asked for while measured",
    unit: "tasks",
    direction: Direction::Neutral,
    decimals: 0,
    of: |record| Some(record.tasks.submitted as f64),
};

pub(super) const TASKS_PLACED: Metric = Metric {
    name: "tasks_placed",
    summary: "of those: found room",
    unit: "tasks",
    direction: Direction::HigherIsBetter,
    decimals: 0,
    of: |record| Some(record.tasks.placed as f64),
};

pub(super) const TASKS_FINISHED: Metric = Metric {
    name: "tasks_finished",
    summary: "of those: ran to their end before the horizon",
    unit: "tasks",
    direction: Direction::HigherIsBetter,
    decimals: 0,
    of: |record| Some(record.tasks.finished as f64),
};

pub(super) const TASKS_FAILED: Metric = Metric {
    name: "tasks_failed",
    summary: "of those: lost with their instance",
    unit: "tasks",
    direction: Direction::LowerIsBetter,
    decimals: 0,
    of: |record| Some(record.tasks.failed as f64),
};

pub(super) const TASKS_NEVER_PLACED: Metric = Metric {
    name: "tasks_never_placed",
    summary: "of those: found no room by the horizon",
    unit: "tasks",
    direction: Direction::LowerIsBetter,
    decimals: 0,
    of: |record| Some(record.tasks.never_placed as f64),
};

pub(super) const TASKS_NEVER_PLACEABLE: Metric = Metric {
    name: "tasks_never_placeable",
    summary: "of the never placed: too large for any instance of the cluster",
    unit: "tasks",
    direction: Direction::LowerIsBetter,
    decimals: 0,
    of: |record| Some(record.tasks.never_placeable as f64),
};

pub(super) const CALLS_REFUSED: Metric = Metric {
    name: "calls_refused",
    summary: "RunTask calls refused over the quota of waiting tasks, repeats included",
    unit: "calls",
    direction: Direction::LowerIsBetter,
    decimals: 0,
    of: |record| Some(record.tasks.calls_refused as f64),
};
