//! What several policies come to, as tables.

use super::*;
use crate::base::SimDuration;
use crate::model::scaling::{
    AdjustmentType, Comparison, ScalingMetric, StepAdjustment, StepAlarm, StepScaling, TargetTracking,
};

const BOUNDS: CapacityBounds = CapacityBounds { min_capacity: 2, max_capacity: 40 };

fn policy(kind: PolicyKind) -> ScalingPolicy {
    ScalingPolicy {
        name: "policy".to_owned(),
        metric: ScalingMetric::CpuUtilization,
        period: SimDuration::from_secs(60),
        delay: SimDuration::ZERO,
        kind,
    }
}

fn tracking(target_value: u64) -> ScalingPolicy {
    tracking_without_scale_in(target_value, false)
}

fn tracking_without_scale_in(target_value: u64, disable_scale_in: bool) -> ScalingPolicy {
    let cooldown = TargetTracking::COOLDOWN;
    policy(PolicyKind::TargetTracking(TargetTracking {
        target_value,
        scale_out_cooldown: cooldown,
        scale_in_cooldown: cooldown,
        disable_scale_in,
    }))
}

/// One point beyond `threshold`, and `adjustment` tasks.
fn stepping(threshold: u64, adjustment: i64) -> ScalingPolicy {
    let is_out = adjustment > 0;
    let (lower, upper) = if is_out { (Some(0), None) } else { (None, Some(0)) };
    let comparison = match is_out {
        true => Comparison::GreaterThanOrEqualToThreshold,
        false => Comparison::LessThanOrEqualToThreshold,
    };
    policy(PolicyKind::StepScaling(StepScaling {
        adjustment_type: AdjustmentType::ChangeInCapacity,
        steps: vec![StepAdjustment { lower, upper, adjustment }],
        min_adjustment_magnitude: None,
        cooldown: TargetTracking::COOLDOWN,
        alarm: StepAlarm { threshold, comparison, evaluation_periods: 1 },
    }))
}

/// The plan for ten tasks, all running, with policies that see these points.
struct Question {
    desired: u32,
    running: u32,
    is_deploying: bool,
    holds_scale_in: bool,
    cooling: Option<ScaleOut>,
}

const TEN: Question =
    Question { desired: 10, running: 10, is_deploying: false, holds_scale_in: false, cooling: None };

fn ask(question: &Question, policies: &[(ScalingPolicy, Vec<Option<u64>>)]) -> Option<u32> {
    let cooling = question.cooling;
    let policies: Vec<PolicyView<'_>> = policies
        .iter()
        .map(|(policy, points)| PolicyView { policy, points, is_new: true, cooling })
        .collect();
    let view = ServiceView {
        desired: question.desired,
        running: question.running,
        bounds: BOUNDS,
        low_factor: 900,
        is_deploying: question.is_deploying,
        holds_scale_in: question.holds_scale_in,
        policies: &policies,
    };
    plan(&view).map(|it| it.desired_count)
}

fn points(n: usize, value: u64) -> Vec<Option<u64>> {
    vec![Some(value); n]
}

#[test]
fn three_points_scale_out_and_fifteen_scale_in() {
    let alone = |points| ask(&TEN, &[(tracking(60), points)]);
    assert_eq!(alone(points(2, 90)), None);
    assert_eq!(alone(points(3, 90)), Some(15));
    assert_eq!(alone(points(3, 60)), None, "the target itself is not above it");
    assert_eq!(alone(points(14, 30)), None);
    assert_eq!(alone(points(15, 30)), Some(5));
    assert_eq!(alone(points(15, 54)), None, "90 percent of the target is not below them");
    assert_eq!(alone(points(15, 53)), Some(9));
    let mut gap = points(15, 30);
    gap[7] = None;
    assert_eq!(alone(gap), None, "missing data never scales in");
}

#[test]
fn the_largest_scale_out_wins_and_a_scale_in_needs_all() {
    let (high, low) = (points(15, 90), points(15, 30));
    assert_eq!(ask(&TEN, &[(tracking(60), high.clone()), (tracking(45), high.clone())]), Some(20));
    assert_eq!(ask(&TEN, &[(tracking(60), low.clone()), (tracking(60), high)]), Some(15));
    assert_eq!(ask(&TEN, &[(tracking(60), low.clone()), (tracking(31), low.clone())]), None);
    let never_in = tracking_without_scale_in(31, true);
    assert_eq!(ask(&TEN, &[(tracking(60), low.clone()), (never_in, low.clone())]), Some(5));
    let both = [(tracking(60), low.clone()), (tracking(50), low.clone())];
    assert_eq!(ask(&TEN, &both), Some(6), "the larger of two scale-ins");
    // Documented: a step policy scales in whatever target tracking is ready for.
    let step = [(tracking(31), low.clone()), (stepping(40, -1), low)];
    assert_eq!(ask(&TEN, &step), Some(9));
}

#[test]
fn nothing_scales_in_during_a_deployment_or_its_cooldown() {
    let low = [(tracking(60), points(15, 30)), (stepping(40, -1), points(15, 30))];
    assert_eq!(ask(&TEN, &low), Some(9));
    assert_eq!(ask(&Question { is_deploying: true, ..TEN }, &low), None);
    assert_eq!(ask(&Question { holds_scale_in: true, ..TEN }, &low), None);
    let high = [(tracking(60), points(3, 90))];
    assert_eq!(ask(&Question { is_deploying: true, holds_scale_in: true, ..TEN }, &high), Some(15));
}

#[test]
fn a_cooldown_lets_only_a_larger_scale_out_through() {
    let cooling = Some(ScaleOut { from: 10, to: 15 });
    let at = |running, metric| {
        let question = Question { desired: 15, running, cooling, ..TEN };
        ask(&question, &[(tracking(60), points(3, metric))])
    };
    // Ten still run: what the metric asks for is what was added, then more.
    assert_eq!([90, 91, 120].map(|it| at(10, it)), [None, Some(16), Some(20)]);
    // Fifteen run: five more are no larger scale-out, six are.
    assert_eq!([80, 81, 84].map(|it| at(15, it)), [None, Some(16), Some(16)]);
    let step = |adjustment| {
        let question = Question { desired: 12, cooling: Some(ScaleOut { from: 10, to: 12 }), ..TEN };
        ask(&question, &[(stepping(60, adjustment), points(1, 90))])
    };
    assert_eq!([1, 2, 3].map(step), [None, None, Some(13)]);
}

#[test]
fn a_count_out_of_bounds_is_brought_in_by_the_next_scaling() {
    let at = |desired, n, metric| {
        ask(&Question { desired, running: desired, ..TEN }, &[(tracking(60), points(n, metric))])
    };
    assert_eq!((at(1, 1, 90), at(1, 3, 90), at(1, 15, 30)), (None, Some(2), Some(2)));
    assert_eq!((at(50, 2, 90), at(50, 3, 90), at(50, 15, 30)), (None, Some(40), Some(25)));
    // Set to zero, with one more point of the tasks that ran until then.
    assert_eq!((at(0, 1, 30), at(0, 0, 0)), (Some(2), None));
}

/// Whatever the policies and their points: another count than there was, one
/// that is within the bounds, and none that is smaller while a deployment or a
/// cooldown holds that back.
#[test]
fn a_plan_keeps_its_promises_in_any_situation() {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut below = |n: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % n
    };
    let (mut n_out, mut n_in) = (0, 0);
    for _ in 0..20_000 {
        let n_policies = 1 + below(3);
        let policies: Vec<(ScalingPolicy, Vec<Option<u64>>)> = (0..n_policies)
            .map(|_| {
                let policy = match below(3) {
                    0 => stepping(20 + below(60), if below(2) == 0 { 3 } else { -3 }),
                    1 => tracking_without_scale_in(20 + below(60), true),
                    _ => tracking(20 + below(60)),
                };
                let level = 5 + below(100);
                let points = (0..below(18)).map(|_| (below(30) > 0).then(|| level + below(9))).collect();
                (policy, points)
            })
            .collect();
        let from = below(45) as u32;
        let question = Question {
            desired: from + below(9) as u32,
            running: below(60) as u32,
            is_deploying: below(4) == 0,
            holds_scale_in: below(4) == 0,
            cooling: None,
        };
        let question = Question {
            cooling: (below(2) == 0).then_some(ScaleOut { from, to: question.desired }),
            ..question
        };
        let Some(count) = ask(&question, &policies) else { continue };
        assert_ne!(count, question.desired);
        assert!((BOUNDS.min_capacity..=BOUNDS.max_capacity).contains(&count), "{count}");
        if count < question.desired {
            assert!(!question.is_deploying && !question.holds_scale_in);
            n_in += 1;
        } else {
            n_out += 1;
        }
    }
    assert!(n_out > 1000 && n_in > 1000, "both are met: {n_out} and {n_in}");
}
