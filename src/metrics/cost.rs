//! What the run would have been billed.

use super::{Direction, Metric};

pub(super) const COST_USD: Metric = Metric {
    name: "cost_usd",
    summary: "sum of the bill's lines while measured",
    unit: "USD",
    direction: Direction::LowerIsBetter,
    decimals: 2,
    of: |record| Some(record.ledger.total().as_usd_f64()),
};
