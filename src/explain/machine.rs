//! A task on a machine of its own: which zone it went to and why, and what is
//! known of its start. No placer decides on it, so there is nothing to take
//! apart but the counts.

use std::sync::Arc;

use crate::base::{SimDuration, SimTime};
use crate::sim::{FargateDecision, Setup};

/// Where a task on Fargate went.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Machine {
    /// The zone.
    pub zone: String,
    /// The zones it could go to, each with the tasks of its group there before.
    pub counts: Vec<(String, u32)>,
    /// RUNNING, or the end of the start that fails; `None` if a container waits
    /// for ever.
    pub start_ends_at: Option<SimTime>,
    /// Why the start fails, if it does.
    pub failure: Option<Arc<str>>,
}

impl Machine {
    pub(super) fn of(now: SimTime, decision: &FargateDecision<'_>, setup: &Setup) -> Self {
        let takes = decision.start.total();
        Self {
            zone: setup.zones[decision.chosen].clone(),
            counts: decision.zones.iter().map(|&(zone, n)| (setup.zones[zone].clone(), n)).collect(),
            start_ends_at: (takes < SimDuration::FOREVER).then(|| now + takes),
            failure: decision.start.failure.clone(),
        }
    }

    /// How many zones had as few tasks of the group as the one it went to.
    pub fn n_equal(&self) -> usize {
        let least = self.counts.iter().map(|it| it.1).min();
        self.counts.iter().filter(|it| Some(it.1) == least).count()
    }
}
