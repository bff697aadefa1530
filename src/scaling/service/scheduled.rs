//! Scheduled scaling (API PutScheduledAction): at a moment the bounds change,
//! and a desired count outside of the new ones is brought inside at once.

use crate::model::scaling::CapacityBounds;

/// The bounds after an action, which may leave out either of them. One that is
/// left out gives way where the two would cross: the API would refuse them
/// (MODEL).
pub fn bounds_after(
    before: CapacityBounds,
    min_capacity: Option<u32>,
    max_capacity: Option<u32>,
) -> CapacityBounds {
    match (min_capacity, max_capacity) {
        (Some(min_capacity), Some(max_capacity)) => CapacityBounds { min_capacity, max_capacity },
        (Some(min_capacity), None) => {
            CapacityBounds { min_capacity, max_capacity: before.max_capacity.max(min_capacity) }
        }
        (None, Some(max_capacity)) => {
            CapacityBounds { min_capacity: before.min_capacity.min(max_capacity), max_capacity }
        }
        (None, None) => before,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_stays_or_gives_way() {
        let bounds = |min_capacity, max_capacity| CapacityBounds { min_capacity, max_capacity };
        let before = bounds(2, 10);
        assert_eq!(bounds_after(before, Some(4), None), bounds(4, 10));
        assert_eq!(bounds_after(before, Some(12), None), bounds(12, 12));
        assert_eq!(bounds_after(before, None, Some(1)), bounds(1, 1));
        assert_eq!(bounds_after(before, Some(0), Some(3)), bounds(0, 3));
    }
}
