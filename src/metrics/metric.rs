//! The contract of a metric: a name with its unit, and a function of what a run
//! wrote down.

use crate::record::RunRecord;

/// Which way is better.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Direction {
    /// Less of it is better.
    LowerIsBetter,
    /// More of it is better.
    HigherIsBetter,
    /// Neither: it describes.
    Neutral,
}

/// Something measured of every run: one column of the results.
pub struct Metric {
    /// The column's name, unit last: `cost_usd`.
    pub name: &'static str,
    /// One line of help.
    pub summary: &'static str,
    /// The unit as an axis shows it: `USD`, `instance-hours`, `s`, `%`.
    pub unit: &'static str,
    /// Which way is better.
    pub direction: Direction,
    /// Decimals worth showing in a table.
    pub decimals: usize,
    /// The value; `None` where the run has no such thing.
    pub of: fn(&RunRecord) -> Option<f64>,
}
