//! When a rolling deployment counts as a success before it is steady (API
//! DeploymentEarlySuccessCriteria; semantics 1.3).

use crate::model::deployment::EarlySuccessCriteria;

/// Whether enough tasks of the new revision are healthy; rounded up (MODEL).
/// What is still to come, bake time and the old tasks' end, is not asked here.
pub fn is_met(criteria: EarlySuccessCriteria, desired_count: u32, healthy_new: u32) -> bool {
    let percent = u64::from(desired_count) * u64::from(criteria.healthy_percent);
    u64::from(healthy_new) >= percent.div_ceil(100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_share_is_rounded_up() {
        for (healthy_percent, desired, healthy, expected) in [
            (50, 4, 2, true),
            (50, 5, 2, false),
            (50, 5, 3, true),
            (33, 10, 3, false),
            (33, 10, 4, true),
            (100, 7, 6, false),
            (100, 7, 7, true),
            (0, 7, 0, true),
            (80, 0, 0, true),
        ] {
            let criteria = EarlySuccessCriteria { healthy_percent, awaits_cleanup: false };
            let found = is_met(criteria, desired, healthy);
            assert_eq!(found, expected, "{healthy} of {desired} with {healthy_percent} %");
        }
    }
}
