//! Requests that services were sent and answered. A service to which none are
//! sent counts for nothing.

use crate::record::RunRecord;

use super::availability::share;
use super::{Direction, Metric};

/// The record counts in millionths of a request.
const MILLIONTHS: f64 = 1e6;

pub(super) const REQUESTS_OFFERED: Metric = Metric {
    name: "requests_offered",
    summary: "requests sent to services while measured",
    unit: "requests",
    direction: Direction::Neutral,
    decimals: 0,
    of: |record| Some(totals(record)?.0 as f64 / MILLIONTHS),
};

pub(super) const REQUESTS_SERVED: Metric = Metric {
    name: "requests_served",
    summary: "of those: answered without an error",
    unit: "requests",
    direction: Direction::HigherIsBetter,
    decimals: 0,
    of: |record| Some(totals(record)?.1 as f64 / MILLIONTHS),
};

pub(super) const REQUESTS_SERVED_PERCENT: Metric = Metric {
    name: "requests_served_percent",
    summary: "requests answered without an error over requests sent, all services with requests",
    unit: "%",
    direction: Direction::HigherIsBetter,
    decimals: 3,
    of: |record| {
        // What is still in flight is neither.
        let all = record.services.iter().filter_map(|it| it.requests.as_ref());
        let ended = all.map(|it| it.offered.saturating_sub(it.in_flight)).sum();
        share(totals(record)?.1, ended)
    },
};

pub(super) const REQUESTS_SERVED_WORST_5MIN_PERCENT: Metric = Metric {
    name: "requests_served_worst_5min_percent",
    summary: "the least share of one service's requests answered without an error in five minutes of the clock",
    unit: "%",
    direction: Direction::HigherIsBetter,
    decimals: 2,
    of: |record| {
        let all = record.services.iter().filter_map(|it| it.requests.as_ref());
        all.filter_map(|it| share(it.worst_window.0, it.worst_window.1)).min_by(f64::total_cmp)
    },
};

pub(super) const REQUESTS_FAILED_5XX: Metric = Metric {
    name: "requests_failed_5xx",
    summary: "requests answered with an error of 500 to 599, by a load balancer or a task",
    unit: "requests",
    direction: Direction::LowerIsBetter,
    decimals: 0,
    of: |record| {
        totals(record)?;
        let all = record.services.iter().filter_map(|it| it.requests.as_ref());
        let lost = all.flat_map(|it| &it.lost).filter(|it| it.is_5xx);
        Some(lost.map(|it| it.n).sum::<u64>() as f64 / MILLIONTHS)
    },
};

pub(super) const REQUEST_WAIT_MS_MEAN: Metric = Metric {
    name: "request_wait_ms_mean",
    summary: "from a request's arrival at its task until the task takes it up, mean over those served",
    unit: "ms",
    direction: Direction::LowerIsBetter,
    decimals: 2,
    of: |record| {
        let all = record.services.iter().filter_map(|it| it.requests.as_ref());
        let (waited, served) =
            all.map(|it| (it.waited_us, it.served)).reduce(|sum, it| (sum.0 + it.0, sum.1 + it.1))?;
        mean_wait_ms(waited, served)
    },
};

pub(super) const REQUEST_WAIT_MS_WORST_5MIN: Metric = Metric {
    name: "request_wait_ms_worst_5min",
    summary: "the same of one service in the worst five minutes of the clock",
    unit: "ms",
    direction: Direction::LowerIsBetter,
    decimals: 1,
    of: |record| {
        let all = record.services.iter().filter_map(|it| it.requests.as_ref());
        all.filter_map(|it| mean_wait_ms(it.longest_wait.0, it.longest_wait.1)).max_by(f64::total_cmp)
    },
};

/// Of microseconds of whole requests and millionths of requests.
fn mean_wait_ms(waited_us: u64, served: u64) -> Option<f64> {
    (served > 0).then(|| waited_us as f64 / 1000.0 / (served as f64 / MILLIONTHS))
}

/// Offered and served, over the services that are sent any.
fn totals(record: &RunRecord) -> Option<(u64, u64)> {
    let all = record.services.iter().filter_map(|it| it.requests.as_ref());
    all.map(|it| (it.offered, it.served)).reduce(|sum, it| (sum.0 + it.0, sum.1 + it.1))
}
