//! Proofs by counting, for clusters of any size.

use super::question::Question;
use super::{Proof, Stand, Verdict};
use crate::base::id::CapacityProviderId;
use crate::deployment::{DeploymentPlan, ServiceView, Standstill};
use crate::model::service::RevisionCounts;

/// Whether the bounds bring the rollout to a standstill though there is room for
/// everything: the controller is asked again and again, and what it asks for
/// happens at once.
pub(super) fn stuck_by_bounds(question: &Question) -> Option<Stand> {
    let options = &question.setup.options;
    let n_source = question.workload.services[question.service].desired_count;
    let (mut source, mut target) = (n_source, 0_u32);
    let healthy = |n| RevisionCounts { healthy: n, ..RevisionCounts::default() };
    // Each step stops or starts a task, and none is started to be stopped.
    let n_steps = 2 * (u64::from(n_source) + u64::from(question.desired_count)) + 2;
    for _ in 0..n_steps {
        let plan = question.policy().controller.plan(&ServiceView {
            desired_count: question.desired_count,
            bounds: question.policy().deployment.bounds,
            target: healthy(target),
            source: healthy(source),
            source_keep: source,
            is_rolling_out: true,
            is_paused: false,
            is_backing_off: false,
            upper_counts_stopping: options.upper_counts_stopping,
            order: options.order,
            unhealthy_replacement: options.unhealthy_replacement,
        });
        if plan.is_complete {
            return None;
        }
        if let Some(standstill @ Standstill::DeploymentConfiguration) = plan.standstill {
            let reasons = Vec::new();
            return Some(Stand {
                standstill,
                n_source: source,
                n_target: target,
                reasons,
                proof: Proof::Bounds,
            });
        }
        let DeploymentPlan { stop_source, stop_target, start_source, start_target, .. } = plan;
        source = source - stop_source + start_source;
        target = target - stop_target + start_target;
    }
    None
}

/// What counting says of a rollout that its bounds allow.
pub(super) fn verdict(_: &Question, _: CapacityProviderId) -> Verdict {
    Verdict::Unknown
}
