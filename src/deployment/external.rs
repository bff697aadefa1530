//! `EXTERNAL`: somebody else makes task sets and says how large each is (API
//! CreateTaskSet, Scale). Asked once for each task set, with what the set should
//! have as the desired count: its own tasks are the newest revision's, and the
//! bounds of a deployment do not hold (API DeploymentConfiguration).

use crate::deployment::controller::{DeploymentController, DeploymentPlan, Entry, Marked, ServiceView};
use crate::deployment::rolling::ROLLING;
use crate::model::service::{DeploymentBounds, RevisionCounts};

/// The keeper of task sets.
pub const EXTERNAL: &dyn DeploymentController = &External;

pub(super) const ENTRY: Entry = Entry {
    name: "EXTERNAL",
    summary: "task sets, each of a share of the desired count, made and scaled by somebody else",
    controller: EXTERNAL,
};

/// How many tasks a set of this scale should have: rounded up (MODEL).
pub fn computed_desired_count(desired_count: u32, scale_percent: u8) -> u32 {
    let percent = u64::from(desired_count) * u64::from(scale_percent);
    u32::try_from(percent.div_ceil(100)).expect("at most the desired count")
}

struct External;

impl DeploymentController for External {
    fn plan(&self, view: &ServiceView) -> DeploymentPlan {
        // A scale is obeyed at once; what is replaced is replaced start first.
        let bounds = DeploymentBounds { minimum_healthy_percent: 0, ..DeploymentBounds::DEFAULT };
        let leaving = view.target_marked.draining.wanted();
        let shrinks = view.target.wanted() - leaving > view.desired_count;
        let bounds = if shrinks { bounds } else { DeploymentBounds::DEFAULT };
        let source = RevisionCounts::default();
        let source_marked = Marked::default();
        let view = ServiceView { bounds, source, source_marked, source_keep: 0, ..*view };
        ROLLING.plan(&ServiceView { is_rolling_out: false, ..view })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_set_follows_its_scale() {
        for (desired, scale, wanted) in [(10, 100, 10), (10, 0, 0), (3, 50, 2), (1, 1, 1), (0, 100, 0)] {
            assert_eq!(computed_desired_count(desired, scale), wanted);
        }
        let healthy = RevisionCounts { healthy: 4, ..RevisionCounts::default() };
        let plan = |desired| {
            let nothing = RevisionCounts::default();
            EXTERNAL.plan(&ServiceView::new(desired, DeploymentBounds::DEFAULT, nothing, healthy))
        };
        assert_eq!(plan(7).start_target, 3);
        assert_eq!(plan(1).stop_target, 3);
        assert_eq!(plan(0).stop_target, 4);
    }
}
