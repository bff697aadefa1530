//! `DAEMON`: one task on each instance that will do (developer guide,
//! ecs_service-options). The desired count is the number of such instances; an
//! instance loses its old task before it gets another, so what a rolling update
//! does within a maximum of 100 percent is what a daemon does (MODEL).

use crate::deployment::controller::{DeploymentController, DeploymentPlan, Entry, ServiceView};
use crate::deployment::rolling::ROLLING;
use crate::model::options::RolloutOrder;

/// The deployment of a daemon.
pub const DAEMON: &dyn DeploymentController = &Daemon;

pub(super) const ENTRY: Entry = Entry {
    name: "DAEMON",
    summary: "one task on each instance: stops as many old ones as minimum_healthy_percent allows, then starts",
    controller: DAEMON,
};

struct Daemon;

impl DeploymentController for Daemon {
    fn plan(&self, view: &ServiceView) -> DeploymentPlan {
        // There is no room for a second one, whatever the order.
        ROLLING.plan(&ServiceView { order: RolloutOrder::StopFirst, ..*view })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deployment::controller::Standstill;
    use crate::model::service::{DeploymentBounds, RevisionCounts};

    #[test]
    fn a_daemon_stops_what_its_minimum_allows_and_then_starts() {
        let healthy = |n| RevisionCounts { healthy: n, ..RevisionCounts::default() };
        let plan = |minimum_healthy_percent, source, target| {
            let bounds = DeploymentBounds { minimum_healthy_percent, maximum_percent: 100 };
            DAEMON.plan(&ServiceView { is_rolling_out: true, ..ServiceView::new(5, bounds, source, target) })
        };
        assert_eq!(plan(0, healthy(5), healthy(0)).stop_source, 5);
        assert_eq!(plan(50, healthy(5), healthy(0)).stop_source, 2);
        assert_eq!(plan(50, healthy(3), healthy(0)).start_target, 2);
        let stuck = plan(100, healthy(5), healthy(0));
        assert_eq!(stuck.standstill, Some(Standstill::DeploymentConfiguration));
    }
}
