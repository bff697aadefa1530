//! Service auto scaling: how many tasks a service should have, by the metrics
//! that its policies look at (Application Auto Scaling; developer guide,
//! service-auto-scaling; semantics 7.9). One file a kind of policy; what they
//! wish is brought together here.
//!
//! Scale out if any policy wants to, to the largest count. Scale in only if all
//! target tracking policies that may are ready to; a step policy's scale-in
//! waits for none of them (API PutScalingPolicy). Nothing scales in during a
//! deployment or a scale-in cooldown, and nothing is remembered of it: while an
//! alarm stays on its policy is asked again at every point.

pub mod cooldown;
pub mod scheduled;
pub mod step;
pub mod target_tracking;

use cooldown::ScaleOut;

use crate::model::scaling::{CapacityBounds, PolicyKind, ScalingPolicy};

/// A kind of policy as a user names it.
pub struct PolicyType {
    /// The API's `PolicyType`.
    pub name: &'static str,
    /// The field that holds its configuration.
    pub configuration: &'static str,
    /// One line of help.
    pub summary: &'static str,
}

/// Every kind of policy.
pub const POLICY_TYPES: &[PolicyType] = &[
    PolicyType {
        name: "TargetTrackingScaling",
        configuration: "target_tracking_scaling_policy_configuration",
        summary: "the count that keeps a metric at its target",
    },
    PolicyType {
        name: "StepScaling",
        configuration: "step_scaling_policy_configuration",
        summary: "steps by how far a metric is beyond an alarm's threshold",
    },
];

/// A service at a point of some of its metrics.
#[derive(Clone, Copy, Debug)]
pub struct ServiceView<'a> {
    /// Its desired count.
    pub desired: u32,
    /// Its running tasks.
    pub running: u32,
    /// Between which counts it is scaled.
    pub bounds: CapacityBounds,
    /// Below this part of a target, in thousandths, is low.
    pub low_factor: u32,
    /// A deployment is under way.
    pub is_deploying: bool,
    /// The cooldown of a scale-in is not over.
    pub holds_scale_in: bool,
    /// Its policies.
    pub policies: &'a [PolicyView<'a>],
}

/// A policy of it.
#[derive(Clone, Copy, Debug)]
pub struct PolicyView<'a> {
    /// The policy.
    pub policy: &'a ScalingPolicy,
    /// The last points of its metric that can be seen, the newest last, in
    /// thousandths; `None` where there was no data.
    pub points: &'a [Option<u64>],
    /// The last of them is new: it was not there when the policy was last asked. A
    /// policy adds nothing at the points of another.
    pub is_new: bool,
    /// Its last scale-out, while that cools.
    pub cooling: Option<ScaleOut>,
}

/// What one policy wants.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Wish {
    /// More tasks than are desired: so many.
    Out(u32),
    /// At most as many as are desired: so many.
    In(u32),
    /// Neither, and no target tracking policy may scale in.
    Stay,
    /// Neither, and it is no part of what others do.
    Abstain,
}

/// What is to be done.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ScalingPlan {
    /// The desired count from now on; another than it was.
    pub desired_count: u32,
    /// Whose wish it is: the position of the policy, the first of equal ones.
    pub policy: usize,
}

/// What the policies of a service come to; `None` if nothing changes.
pub fn plan(view: &ServiceView<'_>) -> Option<ScalingPlan> {
    let wishes: Vec<(bool, Wish)> = view.policies.iter().map(|it| wish(it, view)).collect();
    let largest = |counts: &mut dyn Iterator<Item = (usize, u32)>| {
        counts.reduce(|best, it| if it.1 > best.1 { it } else { best })
    };
    let out = |(idx, it): (usize, &(bool, Wish))| match it.1 {
        Wish::Out(count) => Some((idx, count)),
        _ => None,
    };
    if let Some((policy, desired_count)) = largest(&mut wishes.iter().enumerate().filter_map(out)) {
        return Some(ScalingPlan { desired_count, policy });
    }
    if view.is_deploying || view.holds_scale_in {
        return None;
    }
    let is_kept = wishes.contains(&(true, Wish::Stay));
    let reduced = |(idx, &(is_tracking, it)): (usize, &(bool, Wish))| match it {
        Wish::In(count) if !(is_tracking && is_kept) => Some((idx, count)),
        _ => None,
    };
    let (policy, desired_count) = largest(&mut wishes.iter().enumerate().filter_map(reduced))?;
    (desired_count < view.desired).then_some(ScalingPlan { desired_count, policy })
}

/// Whether a policy tracks a target, and what it wants.
fn wish(of: &PolicyView<'_>, service: &ServiceView<'_>) -> (bool, Wish) {
    match &of.policy.kind {
        PolicyKind::TargetTracking(it) => (true, target_tracking::wish(it, of, service)),
        PolicyKind::StepScaling(it) => (false, step::wish(it, of, service)),
    }
}

#[cfg(test)]
mod tests;
