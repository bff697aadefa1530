//! What of the instances was taken by tasks, whatever was billed: what packing
//! studies count.

use super::instance_count::HOUR_MS;
use super::{Direction, Metric};

/// CPU units of a vCPU, MiB of a GiB.
const UNITS: f64 = 1024.0;

pub(super) const INSTANCE_HOURS_IN_USE: Metric = Metric {
    name: "instance_hours_in_use",
    summary: "hours of instances with a task while measured",
    unit: "instance-hours",
    direction: Direction::LowerIsBetter,
    decimals: 1,
    of: |record| Some(record.occupancy.instance_ms as f64 / HOUR_MS),
};

pub(super) const INSTANCES_IN_USE_PEAK: Metric = Metric {
    name: "instances_in_use_peak",
    summary: "most instances with a task at one moment",
    unit: "instances",
    direction: Direction::LowerIsBetter,
    decimals: 0,
    of: |record| Some(record.occupancy.peak.instances as f64),
};

pub(super) const INSTANCES_IN_USE_END: Metric = Metric {
    name: "instances_in_use_end",
    summary: "instances with a task at the horizon",
    unit: "instances",
    direction: Direction::Neutral,
    decimals: 0,
    of: |record| Some(record.occupancy.at_end.instances as f64),
};

pub(super) const TASKS_PEAK: Metric = Metric {
    name: "tasks_peak",
    summary: "most tasks that held room at one moment",
    unit: "tasks",
    direction: Direction::Neutral,
    decimals: 0,
    of: |record| Some(record.occupancy.peak.tasks as f64),
};

pub(super) const TASKS_END: Metric = Metric {
    name: "tasks_end",
    summary: "tasks that held room at the horizon",
    unit: "tasks",
    direction: Direction::Neutral,
    decimals: 0,
    of: |record| Some(record.occupancy.at_end.tasks as f64),
};

pub(super) const RESERVED_VCPU_PEAK: Metric = Metric {
    name: "reserved_vcpu_peak",
    summary: "most vCPU of instances that tasks held at one moment",
    unit: "vCPU",
    direction: Direction::Neutral,
    decimals: 1,
    of: |record| Some(record.occupancy.peak.cpu_units as f64 / UNITS),
};

pub(super) const RESERVED_VCPU_END: Metric = Metric {
    name: "reserved_vcpu_end",
    summary: "vCPU of instances that tasks held at the horizon",
    unit: "vCPU",
    direction: Direction::Neutral,
    decimals: 1,
    of: |record| Some(record.occupancy.at_end.cpu_units as f64 / UNITS),
};

pub(super) const RESERVED_GIB_END: Metric = Metric {
    name: "reserved_gib_end",
    summary: "GiB of instances that tasks held at the horizon",
    unit: "GiB",
    direction: Direction::Neutral,
    decimals: 1,
    of: |record| Some(record.occupancy.at_end.memory_mib as f64 / UNITS),
};

pub(super) const RESERVED_VCPU_HOURS: Metric = Metric {
    name: "reserved_vcpu_hours",
    summary: "vCPU-hours of instances that tasks held while measured",
    unit: "vCPU-hours",
    direction: Direction::Neutral,
    decimals: 1,
    of: |record| Some(record.reserved_cpu_ms as f64 / UNITS / HOUR_MS),
};
