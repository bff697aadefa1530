//! Every controller over all small situations: a plan never stops more than
//! there are or may be stopped, nor starts above the bounds.

use berthlab::deployment::{DeploymentPlan, Marked, ServiceView, controller_of};
use berthlab::model::deployment::{DeploymentStrategy, SchedulingStrategy};
use berthlab::model::service::{DeploymentBounds, RevisionCounts};

/// The tasks of a side, with those of them that are marked.
fn sides() -> Vec<(RevisionCounts, Marked)> {
    let mut sides = Vec::new();
    for (healthy, unhealthy, starting, stopping) in (0..24).map(|n| (n % 3, n / 3 % 2, n / 6 % 2, n / 12)) {
        let counts = RevisionCounts { healthy, unhealthy, starting, stopping, ..RevisionCounts::default() };
        let of = |healthy, unhealthy, starting| RevisionCounts {
            healthy,
            unhealthy,
            starting,
            ..RevisionCounts::default()
        };
        for protected in 0..=healthy {
            for draining in 0..=(healthy - protected) {
                // The sick and the unready drain with the first.
                let others = if draining > 0 { (unhealthy, starting) } else { (0, 0) };
                let marked =
                    Marked { protected: of(protected, 0, 0), draining: of(draining, others.0, others.1) };
                sides.push((counts, marked));
            }
        }
    }
    sides
}

fn check(view: &ServiceView, plan: &DeploymentPlan, is_bounded: bool) {
    let told = || format!("{view:#?}\n{plan:#?}");
    let side = |counts: RevisionCounts, marked: Marked, any: u32, unhealthy: u32, draining: u32| {
        assert!(unhealthy <= counts.unhealthy, "{}", told());
        assert!(draining <= marked.draining.wanted(), "{}", told());
        assert!(any + draining <= counts.wanted() - marked.protected.wanted(), "{}", told());
    };
    side(
        view.source,
        view.source_marked,
        plan.stop_source,
        plan.stop_source_unhealthy,
        plan.stop_source_draining,
    );
    side(
        view.target,
        view.target_marked,
        plan.stop_target,
        plan.stop_target_unhealthy,
        plan.stop_target_draining,
    );
    let n_starts = plan.start_source + plan.start_target;
    let upper = view.bounds.upper(view.desired_count);
    let total = (view.source + view.target).not_stopped();
    assert!(!is_bounded || n_starts == 0 || total + n_starts <= upper, "{}", told());
    assert!(!view.is_halted || plan.start_target == 0, "{}", told());
    assert!(!(plan.is_complete && plan.standstill.is_some()), "{}", told());
}

#[test]
fn no_plan_asks_for_more_than_there_is() {
    let strategies = [
        (SchedulingStrategy::Replica, false, DeploymentStrategy::Rolling),
        (SchedulingStrategy::Replica, false, DeploymentStrategy::BlueGreen),
        (SchedulingStrategy::Daemon, false, DeploymentStrategy::Rolling),
        (SchedulingStrategy::Replica, true, DeploymentStrategy::Rolling),
    ];
    let sides = sides();
    let mut n = [0_u64; 3];
    for (scheduling, is_external, strategy) in strategies {
        let controller = controller_of(scheduling, is_external, strategy);
        for &(source, source_marked) in &sides {
            for &(target, target_marked) in &sides {
                for k in 0..18_u32 {
                    let percents = [(0, 100), (50, 150), (100, 200)][k as usize % 3];
                    let bounds =
                        DeploymentBounds { minimum_healthy_percent: percents.0, maximum_percent: percents.1 };
                    let view = ServiceView {
                        source_marked,
                        target_marked,
                        is_rolling_out: true,
                        is_halted: k / 9 == 1,
                        is_source_serving: strategy != DeploymentStrategy::Rolling && k % 2 == 0,
                        source_keep: source.wanted() + k % 2,
                        ..ServiceView::new(k / 3 % 3, bounds, source, target)
                    };
                    let plan = controller.plan(&view);
                    let is_bounded = strategy == DeploymentStrategy::Rolling && !is_external;
                    check(&view, &plan, is_bounded);
                    n[0] += 1;
                    n[1] += u64::from(plan.start_source + plan.start_target);
                    n[2] += u64::from(plan.stop_source + plan.stop_target);
                }
            }
        }
    }
    println!("{} plans, {} starts, {} stops", n[0], n[1], n[2]);
    assert!(n[1] > 10_000 && n[2] > 10_000, "an idle walk");
}
