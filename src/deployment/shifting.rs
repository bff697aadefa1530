//! `BLUE_GREEN`, `LINEAR` and `CANARY`: the new revision stands in full beside
//! the old one before requests are shifted to it (developer guide,
//! blue-green-deployment-how-it-works). Minimum and maximum percent play no role
//! meanwhile (MODEL). The stages are in `stages`, the shares in `traffic_shift`.

use crate::deployment::controller::{
    DeploymentController, DeploymentPlan, Entry, Marked, ServiceView, Standstill,
};
use crate::deployment::rolling::{ROLLING, beyond, is_complete, sound};
use crate::model::service::RevisionCounts;

/// The deployment that shifts traffic.
pub const SHIFTING: &dyn DeploymentController = &Shifting;

pub(super) const BLUE_GREEN: Entry = Entry {
    name: "BLUE_GREEN",
    summary: "starts all new tasks beside the old, then shifts all requests at once",
    controller: SHIFTING,
};

pub(super) const LINEAR: Entry = Entry {
    name: "LINEAR",
    summary: "starts all new tasks beside the old, then shifts requests in equal steps",
    controller: SHIFTING,
};

pub(super) const CANARY: Entry = Entry {
    name: "CANARY",
    summary: "starts all new tasks beside the old, then shifts a part of the requests, and later the rest",
    controller: SHIFTING,
};

struct Shifting;

impl DeploymentController for Shifting {
    fn plan(&self, view: &ServiceView) -> DeploymentPlan {
        if !view.is_rolling_out {
            return ROLLING.plan(view);
        }
        if is_complete(view) {
            return DeploymentPlan { is_complete: true, ..DeploymentPlan::default() };
        }
        let target_wanted = if view.is_halted { 0 } else { view.desired_count };
        let target = keep_whole(view.target, view.target_marked, target_wanted);
        let source = if view.is_source_serving {
            keep_whole(view.source, view.source_marked, view.source_keep)
        } else {
            let stop = view.source.wanted() - view.source_marked.protected.wanted();
            Side { stop, ..Side::default() }
        };
        let mut plan = DeploymentPlan {
            stop_source: source.stop,
            stop_source_unhealthy: source.stop_unhealthy,
            stop_source_draining: source.stop_draining,
            start_source: source.start,
            stop_target: target.stop,
            stop_target_unhealthy: target.stop_unhealthy,
            stop_target_draining: target.stop_draining,
            start_target: target.start,
            ..DeploymentPlan::default()
        };
        if view.is_halted || view.awaits_scale_up {
            (plan.start_target, plan.stop_target) = (0, 0);
        }
        let lacks_room = view.is_paused && plan.start_source + plan.start_target > 0;
        if view.is_paused {
            plan.start_target = 0;
            if !view.is_backing_off {
                plan.start_source = 0;
            }
        }
        let in_motion = view.target.in_motion() + view.source.in_motion();
        if plan == DeploymentPlan::default() && in_motion == 0 && !view.is_halted {
            if lacks_room || view.target.waiting + view.source.waiting > 0 {
                plan.standstill = Some(Standstill::InsufficientCapacity);
            } else if !view.is_source_serving && view.source_marked.protected.wanted() > 0 {
                plan.standstill = Some(Standstill::Protection);
            }
        }
        plan
    }
}

/// What is to be done for the tasks of one side.
#[derive(Default)]
struct Side {
    start: u32,
    stop: u32,
    stop_unhealthy: u32,
    stop_draining: u32,
}

/// A side has as many sound tasks as it should: an unhealthy or leaving one is
/// replaced before it goes, at most twice as many as wanted exist.
fn keep_whole(counts: RevisionCounts, marked: Marked, wanted: u32) -> Side {
    let draining = marked.draining;
    let staying = sound(counts) - sound(draining);
    let room = (2 * wanted).saturating_sub(counts.not_stopped());
    let spare = counts.healthy.saturating_sub(wanted);
    let leaving = draining.wanted() - draining.healthy + draining.healthy.min(spare);
    Side {
        start: wanted.saturating_sub(staying).min(room),
        stop: staying.saturating_sub(wanted).min(staying - sound(marked.protected)),
        stop_unhealthy: if leaving == 0 { beyond(counts, wanted) } else { 0 },
        stop_draining: leaving,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::service::DeploymentBounds;

    fn healthy(n: u32) -> RevisionCounts {
        RevisionCounts { healthy: n, ..RevisionCounts::default() }
    }

    fn view(source: RevisionCounts, target: RevisionCounts, is_source_serving: bool) -> ServiceView {
        // Bounds under which a rolling update could not move.
        let bounds = DeploymentBounds { minimum_healthy_percent: 100, maximum_percent: 100 };
        let view = ServiceView::new(4, bounds, source, target);
        ServiceView { is_rolling_out: true, is_source_serving, ..view }
    }

    #[test]
    fn the_new_revision_comes_in_full_beside_the_old() {
        let plan = SHIFTING.plan(&view(healthy(4), healthy(0), true));
        assert_eq!(plan, DeploymentPlan { start_target: 4, ..DeploymentPlan::default() });
        let plan = SHIFTING.plan(&view(healthy(4), healthy(4), true));
        assert_eq!(plan, DeploymentPlan::default(), "both stand until requests have moved");
        let plan = SHIFTING.plan(&view(healthy(4), healthy(4), false));
        assert_eq!(plan, DeploymentPlan { stop_source: 4, ..DeploymentPlan::default() });
        assert!(SHIFTING.plan(&view(healthy(0), healthy(4), false)).is_complete);
    }

    #[test]
    fn what_serves_is_kept_whole_on_both_sides() {
        let mut view = view(healthy(3), healthy(3), true);
        view.source_keep = 4;
        view.target.unhealthy = 1;
        let plan = SHIFTING.plan(&view);
        assert_eq!((plan.start_source, plan.start_target, plan.stop_target_unhealthy), (1, 1, 0));
        view.target.healthy = 4;
        assert_eq!(SHIFTING.plan(&view).stop_target_unhealthy, 1);
    }
}
