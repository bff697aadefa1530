//! `ROLLING`: old tasks go and new ones come within the bounds (developer
//! guide, deployment-type-ecs and service-options). As many as the bounds allow
//! at once, stops before starts: whoever carries a plan out asks again at once.
//! Also what keeps a service whole between deployments, whatever its strategy.

use crate::deployment::controller::{
    DeploymentController, DeploymentPlan, Entry, Marked, ServiceView, Standstill,
};
use crate::model::options::{RolloutOrder, UnhealthyReplacement};
use crate::model::service::RevisionCounts;

/// The rolling update.
pub const ROLLING: &dyn DeploymentController = &Rolling;

pub(super) const ENTRY: Entry = Entry {
    name: "ROLLING",
    summary: "replaces tasks batch by batch between minimum_healthy_percent and maximum_percent",
    controller: ROLLING,
};

struct Rolling;

impl DeploymentController for Rolling {
    fn plan(&self, view: &ServiceView) -> DeploymentPlan {
        if is_complete(view) {
            return DeploymentPlan { is_complete: true, ..DeploymentPlan::default() };
        }
        let stops = plan_stops(view);
        let mut starts = plan_starts(view, stops);
        let lacks_room = view.is_paused && starts != DeploymentPlan::default();
        if lacks_room {
            // The newest revision's failures are not those of earlier ones.
            let start_source = if view.is_backing_off { starts.start_source } else { 0 };
            starts = DeploymentPlan { start_source, ..DeploymentPlan::default() };
        }
        // One at a time: the next look, at the same moment, sees what the
        // first has changed, slots included that are free already.
        let (first, second) = match view.order {
            RolloutOrder::StopFirst => (stops, starts),
            RolloutOrder::StartFirst => (starts, stops),
        };
        let mut plan = if first == DeploymentPlan::default() { second } else { first };

        let does_nothing = plan == DeploymentPlan::default();
        let in_motion = view.target.in_motion() + view.source.in_motion();
        if does_nothing && in_motion == 0 && !view.is_halted {
            if view.source.waiting > 0 {
                // Tasks of an earlier revision that never found room hold a
                // slot and serve nobody.
                plan.stop_source = view.source.waiting;
            } else if view.target.waiting > 0 || lacks_room {
                plan.standstill = Some(Standstill::InsufficientCapacity);
            } else if is_blocked_by_protection(view) {
                plan.standstill = Some(Standstill::Protection);
            } else {
                plan.standstill = Some(Standstill::DeploymentConfiguration);
            }
        }
        plan
    }
}

/// Steady (semantics 1.14): the healthy tasks of the newest revision are those
/// desired, there is no other task, and none has to move.
pub(super) fn is_complete(view: &ServiceView) -> bool {
    let total = view.target + view.source;
    view.target.healthy == view.desired_count
        && total.not_stopped() == view.desired_count
        && view.target_marked.draining.wanted() == 0
}

/// Whether something would be stopped if nothing were protected.
fn is_blocked_by_protection(view: &ServiceView) -> bool {
    let unprotected = |it: Marked| Marked { protected: RevisionCounts::default(), ..it };
    let view = ServiceView {
        source_marked: unprotected(view.source_marked),
        target_marked: unprotected(view.target_marked),
        ..*view
    };
    plan_stops(&view) != DeploymentPlan::default()
}

/// As many as leaves the healthy ones at the minimum: old tasks first, then
/// what has to move, then what is above the desired count. Unhealthy ones go
/// by rules of their own.
fn plan_stops(view: &ServiceView) -> DeploymentPlan {
    let lower = view.bounds.lower(view.desired_count);
    let mut spare = (view.source.healthy + view.target.healthy).saturating_sub(lower);
    let mut plan = DeploymentPlan::default();

    // Where all new ones are healthy nobody waits for an old one that is not.
    let protected = view.source_marked.protected;
    let stoppable = view.source.wanted() - protected.wanted();
    if !view.is_halted {
        let is_renewed = view.target.healthy >= view.desired_count;
        let not_healthy = stoppable - (view.source.healthy - protected.healthy);
        let unneeded = if is_renewed { not_healthy } else { 0 };
        plan.stop_source = stoppable.min(unneeded + spare);
        spare -= plan.stop_source.saturating_sub(unneeded);
    } else if view.source.wanted() > view.desired_count {
        // It stays as it is, and yet a smaller service needs fewer.
        plan.stop_source = (view.source.wanted() - view.desired_count).min(stoppable).min(spare);
        spare -= plan.stop_source;
    }
    // On an instance that drains (semantics 1.15): at once what serves nobody,
    // the others within the bounds.
    if plan.stop_source == 0 {
        (plan.stop_source_draining, spare) = leaving(view.source_marked.draining, spare);
    }
    (plan.stop_target_draining, spare) = leaving(view.target_marked.draining, spare);

    // Those that are not healthy yet go first and cost the minimum nothing.
    let staying = sound(view.target) - sound(view.target_marked.draining);
    let surplus = staying.saturating_sub(view.desired_count + view.n_rebalancing);
    let healthy = view.target.healthy - view.target_marked.draining.healthy;
    let protected = view.target_marked.protected;
    let not_healthy = staying - healthy - (sound(protected) - protected.healthy);
    let stoppable = staying - sound(protected);
    plan.stop_target = surplus.min(stoppable).min(not_healthy + spare);
    if plan == DeploymentPlan::default() { plan_unhealthy_stops(view) } else { plan }
}

/// How many of the tasks on draining instances go, and what is left of `spare`.
fn leaving(draining: RevisionCounts, spare: u32) -> (u32, u32) {
    let healthy = draining.healthy.min(spare);
    (draining.wanted() - draining.healthy + healthy, spare - healthy)
}

/// Wanted tasks that are not known to be unhealthy.
pub(super) fn sound(counts: RevisionCounts) -> u32 {
    counts.wanted() - counts.unhealthy
}

/// How many unhealthy ones are replaced already: replacements of unknown health
/// are not counted, they decide later.
pub(super) fn beyond(counts: RevisionCounts, wanted: u32) -> u32 {
    (counts.healthy + counts.unhealthy).saturating_sub(wanted).min(counts.unhealthy)
}

/// An unhealthy task goes when its replacement is known to be healthy; if that
/// is unhealthy too, either goes (semantics 1.6). Where the maximum leaves no
/// room for a replacement, one at a time goes first.
fn plan_unhealthy_stops(view: &ServiceView) -> DeploymentPlan {
    let stop_target = beyond(view.target, view.desired_count);
    let stop_source = beyond(view.source, view.source_keep);
    if stop_target + stop_source > 0
        || view.unhealthy_replacement == UnhealthyReplacement::StartFirst && room(view) > 0
    {
        return DeploymentPlan {
            stop_target_unhealthy: stop_target,
            stop_source_unhealthy: stop_source,
            ..DeploymentPlan::default()
        };
    }
    let in_motion = view.target.in_motion() + view.source.in_motion();
    let one = |counts: RevisionCounts| counts.unhealthy.min(1);
    match view.unhealthy_replacement {
        UnhealthyReplacement::StopFirst => DeploymentPlan {
            stop_target_unhealthy: view.target.unhealthy,
            stop_source_unhealthy: view.source.unhealthy,
            ..DeploymentPlan::default()
        },
        UnhealthyReplacement::StartFirst if in_motion == 0 => {
            let stop_source_unhealthy = one(view.source);
            let stop_target_unhealthy = if stop_source_unhealthy > 0 { 0 } else { one(view.target) };
            DeploymentPlan { stop_source_unhealthy, stop_target_unhealthy, ..DeploymentPlan::default() }
        }
        UnhealthyReplacement::StartFirst => DeploymentPlan::default(),
    }
}

/// How many tasks the maximum leaves room for.
fn room(view: &ServiceView) -> u32 {
    let upper = view.bounds.upper(view.desired_count);
    let total = view.target + view.source;
    let occupied = if view.upper_counts_stopping { total.not_stopped() } else { total.wanted() };
    upper.saturating_sub(occupied)
}

/// As many as the maximum leaves room for: lost tasks of an earlier revision
/// are replaced by the same revision first (behaviour since November 2025);
/// unhealthy ones last (MODEL), for the new revision may be what mends them.
fn plan_starts(view: &ServiceView, stops: DeploymentPlan) -> DeploymentPlan {
    let room = room(view);
    // What could go already is not replaced. Where nothing new comes, what has
    // to leave its instance is.
    let draining = if view.is_halted { sound(view.source_marked.draining) } else { 0 };
    let missing_source = view.source_keep.saturating_sub(sound(view.source) - draining);
    let lost = view.source_keep.saturating_sub(view.source.wanted());
    let replaces = view.is_rolling_out && stops.stop_source == 0;
    let start_lost = if replaces { lost.min(room) } else { 0 };
    let staying = sound(view.target) - sound(view.target_marked.draining);
    let wanted = if view.is_halted { 0 } else { view.desired_count + view.n_rebalancing };
    let start_target = wanted.saturating_sub(staying).min(room - start_lost);
    let start_unhealthy =
        if replaces { (missing_source - lost).min(room - start_lost - start_target) } else { 0 };
    let start_source = start_lost + start_unhealthy;
    DeploymentPlan { start_source, start_target, ..DeploymentPlan::default() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::service::DeploymentBounds;

    fn healthy(n: u32) -> RevisionCounts {
        RevisionCounts { healthy: n, ..RevisionCounts::default() }
    }

    fn view(desired_count: u32, (min, max): (u16, u16), v1: u32, v2: u32) -> ServiceView {
        let bounds = DeploymentBounds { minimum_healthy_percent: min, maximum_percent: max };
        ServiceView {
            is_rolling_out: true,
            ..ServiceView::new(desired_count, bounds, healthy(v1), healthy(v2))
        }
    }

    #[test]
    fn bounds_round_inwards() {
        for (desired, min, max, lower, upper) in [
            (4, 50, 100, 2, 4),
            (4, 100, 150, 4, 6),
            (1, 50, 100, 1, 1),
            (2, 75, 125, 2, 2),
            (3, 34, 134, 2, 4),
        ] {
            let bounds = DeploymentBounds { minimum_healthy_percent: min, maximum_percent: max };
            assert_eq!((bounds.lower(desired), bounds.upper(desired)), (lower, upper));
        }
    }

    #[test]
    fn the_documented_standstills_stand_still() {
        for (desired, bounds) in [(1, (50, 100)), (2, (75, 100)), (3, (100, 125)), (4, (100, 100))] {
            let plan = ROLLING.plan(&view(desired, bounds, desired, 0));
            assert_eq!(plan.standstill, Some(Standstill::DeploymentConfiguration), "{desired} {bounds:?}");
        }
    }

    #[test]
    fn a_stopping_task_holds_its_slot_unless_the_option_says_otherwise() {
        let mut view = view(4, (50, 100), 2, 0);
        view.source.stopping = 2;
        assert_eq!(ROLLING.plan(&view).start_target, 0);
        view.upper_counts_stopping = false;
        assert_eq!(ROLLING.plan(&view).start_target, 2);
    }

    #[test]
    fn a_shrinking_service_loses_the_unready_first_and_keeps_its_minimum() {
        let mut view = view(2, (100, 200), 0, 2);
        view.is_rolling_out = false;
        view.target.starting = 3;
        assert_eq!(ROLLING.plan(&view).stop_target, 3);
        view.target = healthy(5);
        assert_eq!(ROLLING.plan(&view).stop_target, 3);
    }

    #[test]
    fn an_unhealthy_task_is_replaced_before_it_goes() {
        let mut view = view(4, (100, 200), 0, 3);
        view.is_rolling_out = false;
        view.target.unhealthy = 1;
        let plan = ROLLING.plan(&view);
        assert_eq!((plan.start_target, plan.stop_target_unhealthy), (1, 0), "{plan:?}");
        // Its replacement is on the way: nothing to do.
        view.target.starting = 1;
        assert_eq!(ROLLING.plan(&view), DeploymentPlan::default());
        // The replacement is healthy, or as bad: one of them goes.
        view.target = RevisionCounts { healthy: 4, unhealthy: 1, ..RevisionCounts::default() };
        assert_eq!(ROLLING.plan(&view).stop_target_unhealthy, 1);
        view.target = RevisionCounts { healthy: 3, unhealthy: 2, ..RevisionCounts::default() };
        assert_eq!(ROLLING.plan(&view).stop_target_unhealthy, 1);
    }

    #[test]
    fn without_room_one_unhealthy_task_at_a_time_goes_first() {
        let mut view = view(4, (100, 100), 0, 1);
        view.is_rolling_out = false;
        view.target.unhealthy = 3;
        assert_eq!(ROLLING.plan(&view).stop_target_unhealthy, 1);
        view.target = RevisionCounts { healthy: 1, unhealthy: 2, stopping: 1, ..RevisionCounts::default() };
        assert_eq!(ROLLING.plan(&view), DeploymentPlan::default());
        view.target = RevisionCounts { healthy: 1, unhealthy: 2, ..RevisionCounts::default() };
        assert_eq!(ROLLING.plan(&view).start_target, 1);
    }

    #[test]
    fn a_lost_old_task_is_replaced_by_its_own_revision() {
        let mut view = view(4, (100, 150), 3, 0);
        view.source_keep = 4;
        let plan = ROLLING.plan(&view);
        assert_eq!((plan.start_source, plan.start_target), (1, 2));
    }

    #[test]
    fn a_protected_old_task_blocks_its_deployment() {
        let mut view = view(4, (50, 200), 4, 4);
        view.source_marked.protected = healthy(4);
        let plan = ROLLING.plan(&view);
        assert_eq!((plan.stop_source, plan.standstill), (0, Some(Standstill::Protection)));
        view.source_marked.protected = healthy(1);
        assert_eq!(ROLLING.plan(&view).stop_source, 3);
    }

    #[test]
    fn tasks_leave_a_draining_instance_within_the_bounds() {
        let draining = |bounds, n: u32, others: RevisionCounts| {
            let mut view = view(4, bounds, 0, 4);
            view.is_rolling_out = false;
            view.target = view.target + others;
            view.target_marked.draining = healthy(n);
            ROLLING.plan(&view)
        };
        let nothing = RevisionCounts::default();
        assert_eq!(draining((100, 200), 2, nothing).start_target, 2, "a replacement first");
        assert_eq!(draining((50, 100), 3, nothing).stop_target_draining, 2, "the minimum stays");
        let plan = draining((100, 100), 2, nothing);
        assert_eq!(plan.standstill, Some(Standstill::DeploymentConfiguration), "100/100 blocks draining");
        assert_eq!(draining((100, 200), 2, healthy(2)).stop_target_draining, 2, "replaced: they go");
        let starting = RevisionCounts { starting: 1, ..nothing };
        let mut view = view(4, (100, 200), 0, 3);
        view.target = view.target + starting;
        view.target_marked.draining = starting;
        assert_eq!(ROLLING.plan(&view).stop_target_draining, 1, "what serves nobody goes at once");
    }

    #[test]
    fn a_halted_rollout_starts_nothing_new_and_stops_nothing_old() {
        let mut view = view(4, (100, 150), 3, 1);
        view.source_keep = 4;
        view.is_halted = true;
        let plan = ROLLING.plan(&view);
        assert_eq!(plan, DeploymentPlan { start_source: 1, ..DeploymentPlan::default() });
    }
}
