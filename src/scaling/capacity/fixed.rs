//! A pool of fixed size: what is lost is launched again, nothing else changes.

use super::CapacityPlan;

/// The size of the pool, whatever waits.
pub fn plan(size: u32) -> CapacityPlan {
    CapacityPlan { desired_capacity: size, n_low_points: 0 }
}
