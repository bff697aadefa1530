//! Tasks of services that failed of themselves: that could not start, whose
//! essential container ended, or that were found unhealthy. Those lost with
//! their instance are not among them.

use super::{Direction, Metric};

pub(super) const SERVICE_TASK_FAILURES: Metric = Metric {
    name: "service_task_failures",
    summary: "services' tasks that failed at their start, by an essential container's end or by their health",
    unit: "tasks",
    direction: Direction::LowerIsBetter,
    decimals: 0,
    of: |record| {
        let n_tasks: u64 = record.services.iter().flat_map(|it| &it.failures).map(|it| it.n_tasks).sum();
        (!record.services.is_empty()).then_some(n_tasks as f64)
    },
};
