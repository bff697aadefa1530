//! A chain of strategies, and the chains of those who name none.

use std::sync::Arc;

use crate::model::attribute::{AVAILABILITY_ZONE, Attributes};
use crate::model::options::TieBreak;
use crate::placement::strategies::random::Random;
use crate::placement::strategies::spread::{Spread, SpreadField};
use crate::placement::strategy::PlacementStrategy;

/// Strategies in turn, each deciding only what those before it left equal.
#[derive(Clone)]
pub struct Chain {
    /// In the order of the request.
    pub strategies: Vec<Arc<dyn PlacementStrategy>>,
    /// What decides in the end.
    pub tie_break: TieBreak,
}

impl Chain {
    /// The most strategies of one request (API RunTask, CreateService).
    pub const LEN_MAX: usize = 5;

    /// Whether an order has to be drawn for a decision.
    pub fn looks_at_order(&self) -> bool {
        self.tie_break == TieBreak::Random || self.strategies.iter().any(|it| it.order().looks_at_order())
    }

    /// Stand-alone tasks that name no strategy: any instance that fits
    /// (developer guide, task-placement-strategies).
    pub fn default_of_run_task(tie_break: TieBreak) -> Self {
        Self { strategies: vec![Arc::new(Random)], tie_break }
    }

    /// A service that names no strategy: spread over zones, and inside a zone
    /// to the instance with the fewest tasks of the service (developer guide,
    /// ecs_services).
    pub fn default_of_service(attributes: &mut Attributes, tie_break: TieBreak) -> Self {
        let zone = SpreadField::Attribute(attributes.track(AVAILABILITY_ZONE));
        let strategies = [zone, SpreadField::InstanceId]
            .map(|field| -> Arc<dyn PlacementStrategy> { Arc::new(Spread { field }) });
        Self { strategies: strategies.into(), tie_break }
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
