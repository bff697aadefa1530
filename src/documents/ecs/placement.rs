//! Where tasks may and should run (API PlacementConstraint, PlacementStrategy,
//! CapacityProviderStrategyItem).

use super::choices::{ConstraintKind, StrategyKind};
use crate::documents::shape::shapes;

shapes! {
    /// What an instance must be.
    PlacementConstraint {
        /// Of which kind.
        kind: Option<ConstraintKind> = "type",
        /// In the cluster query language, for `memberOf`.
        expression: Option<String> = "expression",
    }

    /// Which instance is best.
    PlacementStrategy {
        /// Of which kind.
        kind: Option<StrategyKind> = "type",
        /// An attribute, `instanceId`, `cpu` or `memory`.
        field: Option<String> = "field",
    }

    /// A share of the tasks for a capacity provider.
    CapacityProviderStrategyItem required ["capacityProvider"] limited ["weight": 0..=1000, "base": 0..=100_000] {
        /// Its name, `FARGATE` or `FARGATE_SPOT`.
        capacity_provider: Option<String> = "capacityProvider",
        /// Its part of the tasks beyond all bases.
        weight: Option<i32> = "weight",
        /// Tasks that it gets first.
        base: Option<i32> = "base",
    }
}
