//! A chain of strategies, and the chains of those who name none.

use std::sync::Arc;

use crate::model::attribute::{AVAILABILITY_ZONE, Attributes};
use crate::model::options::TieBreak;
use crate::placement::index::Plan;
use crate::placement::strategies::random::Random;
use crate::placement::strategies::spread::{Spread, SpreadField};
use crate::placement::strategy::PlacementStrategy;

/// Strategies in turn, each deciding only what those before it left equal.
#[derive(Clone)]
pub struct Chain {
    strategies: Vec<Arc<dyn PlacementStrategy>>,
    tie_break: TieBreak,
    looks_at_order: bool,
    /// How the index follows it, found once and not at every decision.
    plan: Option<Plan>,
}

impl Chain {
    /// The most strategies of one request (API RunTask, CreateService).
    pub const LEN_MAX: usize = 5;

    /// These strategies in the order of the request, and what decides in the end.
    pub fn new(strategies: Vec<Arc<dyn PlacementStrategy>>, tie_break: TieBreak) -> Self {
        let looks_at_order =
            tie_break == TieBreak::Random || strategies.iter().any(|it| it.order().looks_at_order());
        let plan = Plan::of(&strategies, tie_break);
        Self { strategies, tie_break, looks_at_order, plan }
    }

    /// The strategies in the order of the request.
    pub fn strategies(&self) -> &[Arc<dyn PlacementStrategy>] {
        &self.strategies
    }

    /// What decides in the end.
    pub fn tie_break(&self) -> TieBreak {
        self.tie_break
    }

    /// Whether an order has to be drawn for a decision.
    pub fn looks_at_order(&self) -> bool {
        self.looks_at_order
    }

    pub(super) fn plan(&self) -> Option<Plan> {
        self.plan
    }

    /// Stand-alone tasks that name no strategy: any instance that fits
    /// (developer guide, task-placement-strategies).
    pub fn default_of_run_task(tie_break: TieBreak) -> Self {
        Self::new(vec![Arc::new(Random)], tie_break)
    }

    /// A service that names no strategy: spread over zones, and inside a zone
    /// to the instance with the fewest tasks of the service (developer guide,
    /// ecs_services).
    pub fn default_of_service(attributes: &mut Attributes, tie_break: TieBreak) -> Self {
        let zone = SpreadField::Attribute(attributes.track(AVAILABILITY_ZONE));
        let strategies = [zone, SpreadField::InstanceId]
            .map(|field| -> Arc<dyn PlacementStrategy> { Arc::new(Spread { field }) });
        Self::new(strategies.into(), tie_break)
    }
}

/// Keeps the candidates whose key is the least, in their order: one link of a
/// chain.
pub(super) fn keep_least<T: Copy>(candidates: &mut Vec<T>, key: impl Fn(T) -> u64) {
    let mut least = u64::MAX;
    let mut n_kept = 0;
    for idx in 0..candidates.len() {
        let candidate = candidates[idx];
        let key = key(candidate);
        if key < least {
            least = key;
            n_kept = 0;
        }
        if key == least {
            candidates[n_kept] = candidate;
            n_kept += 1;
        }
    }
    candidates.truncate(n_kept);
}
