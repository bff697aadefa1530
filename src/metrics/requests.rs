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
        let (offered, served) = totals(record)?;
        share(served, offered)
    },
};

/// Offered and served, over the services that are sent any.
fn totals(record: &RunRecord) -> Option<(u64, u64)> {
    let all = record.services.iter().filter_map(|it| it.requests.as_ref());
    all.map(|it| (it.offered, it.served)).reduce(|sum, it| (sum.0 + it.0, sum.1 + it.1))
}
