//! Billed units of a run: what was used, for how long, at which price. Exact
//! integers, kept as the run goes, never recomputed from sampled series.

use serde::{Deserialize, Serialize};

use crate::base::Money;

/// What is billed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Meter {
    /// Linux on-demand instance seconds.
    Ec2OnDemand,
}

/// One line of a bill.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerLine {
    /// What is billed.
    pub meter: Meter,
    /// Of which kind: an instance type.
    pub item: String,
    /// For which capacity provider.
    pub capacity_provider: String,
    /// In which availability zone.
    pub availability_zone: String,
    /// Seconds billed.
    pub billed_seconds: u64,
    /// How many separate uses (launches) went in.
    pub n_uses: u64,
    /// Price of 3600 seconds, in 1e-12 USD.
    pub price_pico_usd_per_hour: u64,
    /// The day the price is of, `YYYY-MM-DD`.
    pub price_as_of: String,
}

impl LedgerLine {
    /// What this line costs, rounded to 1e-12 USD.
    pub fn cost(&self) -> Money {
        Money::from_pico_usd(self.price_pico_usd_per_hour.into()).per_hour_for_seconds(self.billed_seconds)
    }
}

/// The lines of a run, in a fixed order. The sum of the lines is the total.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ledger {
    /// One line a meter, item, provider and zone.
    pub lines: Vec<LedgerLine>,
}

impl Ledger {
    /// The sum of all lines, exactly.
    pub fn total(&self) -> Money {
        self.lines.iter().map(LedgerLine::cost).sum()
    }
}
