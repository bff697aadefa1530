//! Cooldowns of service auto scaling (API
//! TargetTrackingScalingPolicyConfiguration, StepScalingPolicyConfiguration).
//! After a scale-out its policy adds no more until the cooldown is over, unless
//! the increase is larger than the one that began it; what that added is part of
//! the larger one. After a scale-in there is no other one until its cooldown is
//! over, and a scale-out ends that cooldown.
//!
//! MODEL: a scale-out cooldown holds the policy that scaled out, a scale-in
//! cooldown all policies of the service; a larger scale-out begins the cooldown
//! anew and still adds to the count from before the first one.

use crate::base::{SimDuration, SimTime};

/// A scale-out whose cooldown is not over.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ScaleOut {
    /// The desired count before it.
    pub from: u32,
    /// And after it.
    pub to: u32,
}

/// The count that a scale-out by `increase` comes to while another one's
/// cooldown lasts; `None` if it is no larger.
pub fn larger_scale_out(cooling: ScaleOut, increase: u32) -> Option<u32> {
    (increase > cooling.to.saturating_sub(cooling.from)).then(|| cooling.from.saturating_add(increase))
}

/// What is remembered of the cooldowns of a service's policies.
#[derive(Clone, Debug)]
pub struct Cooldowns {
    /// For each policy its last scale-out, with the moment up to which it cools.
    scale_outs: Vec<Option<(ScaleOut, SimTime)>>,
    /// Up to here nothing scales in.
    scale_in_until: Option<SimTime>,
}

impl Cooldowns {
    /// Of so many policies, none of which has done anything.
    pub fn new(n_policies: usize) -> Self {
        Self { scale_outs: vec![None; n_policies], scale_in_until: None }
    }

    /// A policy's scale-out that still cools.
    pub fn cooling(&self, policy: usize, now: SimTime) -> Option<ScaleOut> {
        self.scale_outs[policy].filter(|it| now < it.1).map(|it| it.0)
    }

    /// Whether nothing may scale in.
    pub fn holds_scale_in(&self, now: SimTime) -> bool {
        self.scale_in_until.is_some_and(|it| now < it)
    }

    /// A policy scales out.
    pub fn scaled_out(&mut self, policy: usize, now: SimTime, step: ScaleOut, cooldown: SimDuration) {
        let from = self.cooling(policy, now).map_or(step.from, |it| it.from);
        self.scale_outs[policy] = Some((ScaleOut { from, ..step }, now + cooldown));
        self.scale_in_until = None;
    }

    /// Somebody else lowered the count: what was added before is no longer there to
    /// count.
    pub fn forget_scale_outs(&mut self) {
        self.scale_outs.fill(None);
    }

    /// A policy scales in: what was added before is no longer there to count.
    pub fn scaled_in(&mut self, now: SimTime, cooldown: SimDuration) {
        self.scale_outs.fill(None);
        self.scale_in_until = Some(now + cooldown);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The API's own example: 2 are added, then a step of 3 adds one more.
    #[test]
    fn only_the_difference_to_a_larger_scale_out_is_added() {
        let cooling = ScaleOut { from: 10, to: 12 };
        assert_eq!([1, 2, 3].map(|it| larger_scale_out(cooling, it)), [None, None, Some(13)]);
    }

    #[test]
    fn a_scale_out_ends_the_cooldown_of_a_scale_in() {
        let at = SimTime::from_secs;
        let minutes = |n: u64| SimDuration::from_secs(60 * n);
        let mut cooldowns = Cooldowns::new(2);
        cooldowns.scaled_in(at(0), minutes(5));
        assert!(cooldowns.holds_scale_in(at(299)) && !cooldowns.holds_scale_in(at(300)));
        cooldowns.scaled_out(0, at(60), ScaleOut { from: 4, to: 6 }, minutes(3));
        assert!(!cooldowns.holds_scale_in(at(61)));
        assert_eq!(cooldowns.cooling(0, at(239)), Some(ScaleOut { from: 4, to: 6 }));
        assert_eq!((cooldowns.cooling(0, at(240)), cooldowns.cooling(1, at(61))), (None, None));
        // A larger one begins it anew and counts from where the first began.
        cooldowns.scaled_out(0, at(120), ScaleOut { from: 6, to: 9 }, minutes(3));
        assert_eq!(cooldowns.cooling(0, at(299)), Some(ScaleOut { from: 4, to: 9 }));
    }
}
