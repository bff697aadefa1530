//! How long tasks waited between being asked for and being placed. Tasks that
//! were never placed are counted apart, never dropped from sight.

use super::{Direction, Metric};

pub(super) const WAIT_SECONDS_P50: Metric =
    wait("wait_seconds_p50", "median placement wait of stand-alone tasks", |record| {
        record.wait.quantile_seconds(0.50)
    });

pub(super) const WAIT_SECONDS_P95: Metric =
    wait("wait_seconds_p95", "95th percentile of stand-alone tasks' placement wait", |record| {
        record.wait.quantile_seconds(0.95)
    });

pub(super) const WAIT_SECONDS_P99: Metric =
    wait("wait_seconds_p99", "99th percentile of stand-alone tasks' placement wait", |record| {
        record.wait.quantile_seconds(0.99)
    });

pub(super) const WAIT_SECONDS_MAX: Metric =
    wait("wait_seconds_max", "longest placement wait of a stand-alone task", |record| {
        record.wait.max_seconds()
    });

pub(super) const SERVICE_WAIT_SECONDS_P95: Metric =
    wait("service_wait_seconds_p95", "95th percentile of the placement wait of services' tasks", |record| {
        record.service_wait.quantile_seconds(0.95)
    });

const fn wait(
    name: &'static str,
    summary: &'static str,
    of: fn(&crate::record::RunRecord) -> Option<f64>,
) -> Metric {
    Metric { name, summary, unit: "s", direction: Direction::LowerIsBetter, decimals: 1, of }
}
