//! `spot_price`: a price over time and the most that is paid. While the price is
//! above that, what runs is interrupted and nothing is launched; equal is not
//! above. The bill is at the price of each moment.
//!
//! So it was until November 2017, when prices began to follow supply slowly and
//! stay below the on-demand price; with today's prices and the on-demand price as
//! the most, as is the vendor's default, nothing is ever interrupted by price.

use std::sync::Arc;

use super::Entry;
use crate::base::{Money, SimTime};

/// Its line in the list.
pub const ENTRY: Entry = Entry {
    name: "spot_price",
    summary: "Spot instances are interrupted while a price is above the maximum",
};

/// A price over time and what is paid at most.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PriceHistory {
    /// Moments and the price of an hour from then on, ascending, the first at
    /// zero.
    steps: Arc<[(SimTime, Money)]>,
    /// What is paid for an hour at most.
    pub max_price: Money,
}

impl PriceHistory {
    /// These prices.
    ///
    /// # Panics
    ///
    /// If the first is not at zero, or one is not later than the one before it.
    pub fn new(steps: impl Into<Arc<[(SimTime, Money)]>>, max_price: Money) -> Self {
        let steps = steps.into();
        assert!(steps.first().is_some_and(|it| it.0 == SimTime::ZERO), "a price history starts at zero");
        assert!(steps.windows(2).all(|pair| pair[0].0 < pair[1].0), "the prices of a history ascend in time");
        Self { steps, max_price }
    }

    /// Moments and the price of an hour from then on, ascending, the first at
    /// zero.
    pub fn steps(&self) -> &[(SimTime, Money)] {
        &self.steps
    }
}
