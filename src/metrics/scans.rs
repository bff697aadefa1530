//! What scans of images cost, and which releases they kept back. A run in which
//! nothing is scanned has none of it.

use super::{Direction, Metric};
use crate::record::{Meter, RunRecord};

pub(super) const RELEASES_BLOCKED: Metric = Metric {
    name: "releases_blocked",
    summary: "releases that a scan gate kept back for good, of those while measured",
    unit: "releases",
    direction: Direction::Neutral,
    decimals: 0,
    of: |record| record.images.scans.as_ref().map(|it| it.n_blocked() as f64),
};

pub(super) const SCAN_COST_USD: Metric = Metric {
    name: "scan_cost_usd",
    summary: "of the cost: scans of images, first and further ones",
    unit: "USD",
    direction: Direction::LowerIsBetter,
    decimals: 2,
    of: scan_cost,
};

fn scan_cost(record: &RunRecord) -> Option<f64> {
    record.images.scans.as_ref()?;
    let is_scan = |meter: Meter| matches!(meter, Meter::ImageScan | Meter::ImageRescan);
    Some(record.ledger.total_of(is_scan).as_usd_f64())
}
