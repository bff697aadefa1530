//! The deployment circuit breaker: how many failures a deployment may have
//! (developer guide, deployment-circuit-breaker; semantics 1.9).

use crate::model::deployment::{BreakerThreshold, CircuitBreaker};

/// `BOUNDED_PERCENT` never gives up before this many failures, however small
/// the service, nor later than at that many, however large.
const BOUNDED: (u64, u64) = (3, 200);

/// What counts for a breaker, as it happens.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BreakerEvent {
    /// A task of the deployment failed: it did not reach RUNNING, or once one
    /// has, a check failed it.
    TaskFailed,
    /// A task of the deployment became healthy.
    TaskHealthy,
}

/// How many failures give a deployment up, in tasks; at least 1 (MODEL).
/// Percents are rounded up (MODEL for `UNBOUNDED_PERCENT`).
pub fn threshold(of: BreakerThreshold, desired_count: u32) -> u32 {
    let percent_of_desired = |percent: u16| (u64::from(desired_count) * u64::from(percent)).div_ceil(100);
    let n_tasks = match of {
        BreakerThreshold::BoundedPercent(percent) => percent_of_desired(percent).clamp(BOUNDED.0, BOUNDED.1),
        BreakerThreshold::UnboundedPercent(percent) => percent_of_desired(percent).max(1),
        BreakerThreshold::Count(n_tasks) => u64::from(n_tasks).max(1),
    };
    u32::try_from(n_tasks).unwrap_or(u32::MAX)
}

/// The failures that count after `event`, where there were `n_failures`.
pub fn failures_after(breaker: &CircuitBreaker, n_failures: u32, event: BreakerEvent) -> u32 {
    match event {
        BreakerEvent::TaskFailed => n_failures.saturating_add(1),
        BreakerEvent::TaskHealthy if breaker.resets_on_healthy_task => 0,
        BreakerEvent::TaskHealthy => n_failures,
    }
}

/// Whether the deployment fails. The desired count is the latest: where it
/// shrinks, a count that was too low before may be enough (MODEL: `>=`).
pub fn has_tripped(breaker: &CircuitBreaker, n_failures: u32, desired_count: u32) -> bool {
    n_failures >= threshold(breaker.threshold, desired_count)
}

#[cfg(test)]
mod tests {
    use super::BreakerThreshold::{BoundedPercent, Count, UnboundedPercent};
    use super::*;

    #[test]
    fn thresholds_are_the_documented_ones() {
        for (of, desired, expected) in [
            (BoundedPercent(50), 0, 3),
            (BoundedPercent(50), 1, 3),
            (BoundedPercent(50), 25, 13),
            (BoundedPercent(50), 400, 200),
            (BoundedPercent(50), 800, 200),
            (BoundedPercent(37), 41, 16),
            (BoundedPercent(100), 3, 3),
            (BoundedPercent(1), 301, 4),
            (UnboundedPercent(50), 800, 400),
            (UnboundedPercent(1), 1, 1),
            (UnboundedPercent(50), 0, 1),
            (UnboundedPercent(33), 10, 4),
            (UnboundedPercent(100), u32::MAX, u32::MAX),
            (Count(5), 10, 5),
            (Count(5), 0, 5),
        ] {
            assert_eq!(threshold(of, desired), expected, "{of:?} of {desired}");
        }
    }

    #[test]
    fn a_healthy_task_forgives_only_where_it_resets() {
        let trips_at = |resets_on_healthy_task, n_failures, events: &str| {
            let threshold = Count(n_failures);
            let breaker = CircuitBreaker { rollback: false, resets_on_healthy_task, threshold };
            let mut n = 0;
            events.bytes().position(|it| {
                let event = if it == b'F' { BreakerEvent::TaskFailed } else { BreakerEvent::TaskHealthy };
                n = failures_after(&breaker, n, event);
                has_tripped(&breaker, n, 10)
            })
        };
        assert_eq!(trips_at(true, 3, "FFF"), Some(2));
        assert_eq!(trips_at(false, 3, "FFHFF"), Some(3));
        assert_eq!(trips_at(true, 3, "HHHFHFHF"), None);
        assert_eq!(trips_at(true, 5, "FFFFHFFFFF"), Some(9));
        assert_eq!(trips_at(false, 1, "HHHH"), None);
    }

    #[test]
    fn a_shrinking_service_trips_with_the_failures_it_has() {
        let breaker = CircuitBreaker::new(true);
        assert!(!has_tripped(&breaker, 4, 10));
        assert!(has_tripped(&breaker, 4, 6));
    }
}
