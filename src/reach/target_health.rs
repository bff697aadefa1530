//! What the checks of a target group find of a new target (ELB API
//! CreateTargetGroup; developer guide, load-balancer-healthcheck): one success
//! makes it healthy; once enough failures in a row have made it unhealthy, it
//! takes as many successes as the group asks for. MODEL: a check passes if the
//! target answers when the check begins; else it has failed when its timeout is
//! over.

use crate::base::SimDuration;
use crate::model::network::TargetGroup;

/// When a target's health changes, counted from its registration.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TargetChecks {
    /// Enough failures in a row, if they come before the first success.
    pub unhealthy_after: Option<SimDuration>,
    /// Healthy; after `unhealthy_after` if there is one. `None` if never.
    pub healthy_after: Option<SimDuration>,
}

/// Of a target that answers from `answers` on, if it is reachable.
pub fn target_health(
    first_check_delay: SimDuration,
    group: &TargetGroup,
    answers: Option<SimDuration>,
    is_reachable: bool,
) -> TargetChecks {
    let interval = group.interval.millis().max(1);
    let begin_of = |n: u64| first_check_delay + SimDuration::from_millis(n.saturating_mul(interval));
    let first_passed = answers
        .filter(|_| is_reachable)
        .map(|it| it.millis().saturating_sub(first_check_delay.millis()).div_ceil(interval));
    let last_failed = u64::from(group.unhealthy_threshold.max(1)) - 1;
    if let Some(passed) = first_passed.filter(|passed| *passed <= last_failed) {
        return TargetChecks { unhealthy_after: None, healthy_after: Some(begin_of(passed)) };
    }
    let more = u64::from(group.healthy_threshold.max(1)) - 1;
    TargetChecks {
        unhealthy_after: Some(begin_of(last_failed) + group.timeout),
        healthy_after: first_passed.map(|it| begin_of(it.saturating_add(more))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::network::TargetType;

    #[test]
    fn one_success_makes_a_new_target_healthy_and_an_unhealthy_one_needs_more() {
        let secs = SimDuration::from_secs;
        let group = TargetGroup {
            name: "web".to_owned(),
            target_type: TargetType::Ip,
            interval: secs(30),
            timeout: secs(6),
            healthy_threshold: 5,
            unhealthy_threshold: 2,
            deregistration_delay: secs(300),
        };
        // first check, answers, reachable -> unhealthy, healthy
        for (first, answers, reachable, unhealthy, healthy) in [
            (0, Some(0), true, None, Some(0)),
            (12, Some(0), true, None, Some(12)),
            (12, Some(12), true, None, Some(12)),
            (12, Some(13), true, None, Some(42)),
            (12, Some(42), true, None, Some(42)),
            // The second failure is known at 42 + 6; then five successes from 72 on.
            (12, Some(43), true, Some(48), Some(192)),
            (0, Some(60), true, Some(36), Some(180)),
            (0, None, true, Some(36), None),
            (0, Some(0), false, Some(36), None),
        ] {
            let found = target_health(secs(first), &group, answers.map(secs), reachable);
            let expected =
                TargetChecks { unhealthy_after: unhealthy.map(secs), healthy_after: healthy.map(secs) };
            assert_eq!(found, expected, "first {first}, answers {answers:?}, reachable {reachable}");
        }
    }
}
