//! Target tracking (API TargetTrackingScalingPolicyConfiguration; developer
//! guide, service-autoscaling-targettracking): the count that would bring the
//! metric to its target, found in proportion from the running tasks. The
//! proportion is documented, its rounding up is not (MODEL).

use super::{PolicyView, ServiceView, Wish, cooldown};
use crate::model::scaling::{CapacityBounds, TargetTracking};

/// `ceil(running x metric / target)` within the bounds. Metric and target are
/// in one unit; the target is not zero.
pub fn desired_count(running: u32, metric: u128, target: u128, bounds: CapacityBounds) -> u32 {
    // Too much for any number is beyond any bound as well.
    let product = u128::from(running).checked_mul(metric);
    bounds.clamp(product.map_or(u128::MAX, |it| it.div_ceil(target)))
}

/// What the policy wants now. Its high alarm is on while the last three points
/// are above the target; its low one while the last fifteen are below
/// `low_factor` of it. A point that is missing turns off both: missing data
/// never scales (developer guide).
pub(super) fn wish(policy: &TargetTracking, of: &PolicyView<'_>, service: &ServiceView<'_>) -> Wish {
    let Some(&Some(metric)) = of.points.last() else { return Wish::nothing(policy) };
    let out = |count| if of.is_new { Wish::Out(count) } else { Wish::nothing(policy) };
    let target = policy.target_value;
    let wanted = desired_count(service.running, metric.into(), target.into(), service.bounds);
    // MODEL: a service that somebody set to zero comes back with the next point.
    if service.desired == 0 && wanted > 0 {
        return out(wanted);
    }
    if all_last(of.points, TargetTracking::HIGH_POINTS, |it| it > target) {
        let larger = match of.cooling {
            None => Some(wanted),
            Some(cooling) => {
                let increase = wanted.saturating_sub(service.running);
                cooldown::larger_scale_out(cooling, increase).map(|it| it.min(wanted))
            }
        };
        return match larger {
            Some(count) if count > service.desired => out(count),
            _ if service.desired > service.bounds.max_capacity => Wish::In(service.bounds.max_capacity),
            _ => Wish::nothing(policy),
        };
    }
    let low = u128::from(target) * u128::from(service.low_factor);
    if all_last(of.points, TargetTracking::LOW_POINTS, |it| u128::from(it) * 1000 < low) {
        return match wanted {
            _ if service.desired < service.bounds.min_capacity => out(service.bounds.min_capacity),
            _ if policy.disable_scale_in => Wish::Abstain,
            _ => Wish::In(wanted.min(service.desired)),
        };
    }
    Wish::nothing(policy)
}

impl Wish {
    /// A policy that may scale in and does not want to keeps others from it.
    fn nothing(policy: &TargetTracking) -> Self {
        if policy.disable_scale_in { Self::Abstain } else { Self::Stay }
    }
}

/// Whether the last `n` points are all there and all like that.
fn all_last(points: &[Option<u64>], n: usize, is_like: impl Fn(u64) -> bool) -> bool {
    let Some(skipped) = points.len().checked_sub(n) else { return false };
    points[skipped..].iter().all(|it| it.is_some_and(&is_like))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNDS: CapacityBounds = CapacityBounds { min_capacity: 2, max_capacity: 50 };

    #[test]
    fn the_count_is_in_proportion_and_rounded_up() {
        for (running, metric, target, count) in [
            (10, 90, 60, 15),
            (10, 91, 60, 16),
            (10, 60, 60, 10),
            (10, 61, 60, 11),
            (10, 1, 60, 2),
            (10, 1000, 60, 50),
            (0, 1000, 60, 2),
            (3, 0, 60, 2),
            (50_000, u128::MAX, 1, 50),
        ] {
            assert_eq!(desired_count(running, metric, target, BOUNDS), count, "{running} {metric} {target}");
        }
    }

    #[test]
    fn a_missing_point_is_neither_high_nor_low() {
        let all = |points: &[Option<u64>], n| all_last(points, n, |it| it > 5);
        assert!(all(&[Some(1), Some(6), Some(7), Some(8)], 3));
        assert!(!all(&[Some(6), None, Some(8)], 3));
        assert!(!all(&[Some(6), Some(8)], 3));
        assert!(!all(&[Some(6), Some(5), Some(8)], 3));
    }
}
