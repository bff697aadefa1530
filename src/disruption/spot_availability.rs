//! `spot_availability`: as many machines can be had on Spot as a trace says, over
//! the whole scope. When that falls below what runs, the newest are interrupted
//! until it fits (MODEL: the vendor does not say which; the newest have the least
//! to lose). What is under notice no longer counts. Launches above it fail.

use std::sync::Arc;

use super::Entry;
use crate::base::SimTime;

/// Its line in the list.
pub const ENTRY: Entry =
    Entry { name: "spot_availability", summary: "as much Spot capacity as a trace of what could be had" };

/// How much can be had, from moments on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Availability {
    /// Moments and machines, ascending, the first at zero; `None` is no limit.
    steps: Arc<[(SimTime, Option<u32>)]>,
}

impl Availability {
    /// These steps.
    ///
    /// # Panics
    ///
    /// If the first is not at zero, or one is not later than the one before it.
    pub fn new(steps: impl Into<Arc<[(SimTime, Option<u32>)]>>) -> Self {
        let steps = steps.into();
        assert!(steps.first().is_some_and(|it| it.0 == SimTime::ZERO), "a trace starts at zero");
        assert!(steps.windows(2).all(|pair| pair[0].0 < pair[1].0), "the steps of a trace ascend");
        Self { steps }
    }

    /// Moments and machines, ascending, the first at zero; `None` is no limit.
    pub fn steps(&self) -> &[(SimTime, Option<u32>)] {
        &self.steps
    }
}
