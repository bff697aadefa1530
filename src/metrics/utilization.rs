//! How much of what was registered was reserved by tasks.

use super::availability::share;
use super::{Direction, Metric};

pub(super) const UTILIZATION_CPU_PERCENT: Metric = Metric {
    name: "utilization_cpu_percent",
    summary: "CPU units reserved by tasks over those registered by instances",
    unit: "%",
    direction: Direction::HigherIsBetter,
    decimals: 1,
    of: |record| share(record.reserved_cpu_ms, record.registered_cpu_ms),
};

pub(super) const UTILIZATION_MEMORY_PERCENT: Metric = Metric {
    name: "utilization_memory_percent",
    summary: "memory reserved by tasks over that registered by instances",
    unit: "%",
    direction: Direction::HigherIsBetter,
    decimals: 1,
    of: |record| share(record.reserved_memory_ms, record.registered_memory_ms),
};
