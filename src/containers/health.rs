//! The container health check (API HealthCheck; semantics 2.5): probe after
//! probe, the first one interval after the start. MODEL: a probe takes no time,
//! whether it passes or finds nobody who answers; only a container that hangs
//! makes it wait for its timeout. A failure counts if it is seen when the start
//! period is over.

use crate::base::SimDuration;
use crate::model::container::HealthCheck;

/// What the checks of one container find, counted from its start.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Findings {
    /// The first success: healthy, whatever was before.
    pub(super) healthy: Option<SimDuration>,
    /// Enough failures in a row, if they come before the first success.
    pub(super) unhealthy: Option<SimDuration>,
}

/// The findings on a container that passes from `answers` on. It never fails
/// again after that, so nothing else follows.
pub(super) fn probe(check: &HealthCheck, answers: Option<SimDuration>, hangs: bool) -> Findings {
    let pause = if hangs { check.interval + check.timeout } else { check.interval };
    let pause = pause.millis().max(1);
    let end_of = |n: u64| SimDuration::from_millis(n.saturating_mul(pause));
    let first_not_before = |moment: SimDuration| moment.millis().div_ceil(pause).max(1);
    let first_passed = answers.filter(|_| !hangs).map(first_not_before);
    let first_counted = first_not_before(check.start_period);
    let last_failed = first_counted.saturating_add(u64::from(check.retries.max(1)) - 1);
    let is_too_late = first_passed.is_none_or(|passed| last_failed < passed);
    Findings { healthy: first_passed.map(end_of), unhealthy: is_too_late.then(|| end_of(last_failed)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_probe_is_one_interval_after_the_start_and_a_success_ends_the_matter() {
        let secs = SimDuration::from_secs;
        // (interval, timeout, retries, start period), answers after, hangs -> healthy, unhealthy
        type Case = ((u64, u64, u32, u64), Option<u64>, bool, Option<u64>, Option<u64>);
        let cases: &[Case] = &[
            ((30, 5, 3, 0), Some(0), false, Some(30), None),
            ((30, 5, 3, 0), Some(30), false, Some(30), None),
            ((30, 5, 3, 0), Some(31), false, Some(60), None),
            ((30, 5, 3, 0), Some(90), false, Some(90), None),
            ((30, 5, 3, 0), Some(91), false, Some(120), Some(90)),
            ((30, 5, 3, 0), None, false, None, Some(90)),
            ((30, 5, 3, 0), Some(0), true, None, Some(105)),
            ((10, 5, 1, 60), Some(55), false, Some(60), None),
            // A failure at the very end of the start period counts.
            ((10, 5, 1, 60), None, false, None, Some(60)),
            ((10, 5, 2, 61), None, false, None, Some(80)),
        ];
        for &((interval, timeout, retries, start_period), answers, hangs, healthy, unhealthy) in cases {
            let check = HealthCheck {
                interval: secs(interval),
                timeout: secs(timeout),
                retries,
                start_period: secs(start_period),
            };
            let found = probe(&check, answers.map(secs), hangs);
            let expected = Findings { healthy: healthy.map(secs), unhealthy: unhealthy.map(secs) };
            assert_eq!(found, expected, "{check:?}, answers after {answers:?}, hangs: {hangs}");
        }
    }
}
