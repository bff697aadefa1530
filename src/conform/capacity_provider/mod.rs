//! `capacity-provider`: the reservation metric, what managed scaling makes of it,
//! how tasks are shared out, and how services are scaled. One file a kind.

mod alarm;
mod bounds;
mod desired_capacity;
mod metric;
mod needed;
mod scale_in_pace;
mod step_scaling;
mod strategy;
mod target_tracking;

use super::case::{Case, Differences, Sealed};
use super::reader::{Faults, Object};
use super::topic::{Bench, Topic};

pub(super) const TOPIC: Topic = Topic {
    name: "capacity-provider",
    summary: "the reservation metric, scaling of groups and services, capacity provider strategies",
    judge,
};

/// How a case of a kind is judged, from its input on.
type JudgeKind = fn(Object<'_>, Sealed<'_>, &mut Faults<'_>) -> Option<Differences>;

const KINDS: &[(&str, JudgeKind)] = &[
    ("metric", metric::judge),
    ("needed", needed::judge),
    ("desired_capacity", desired_capacity::judge),
    ("scale_in_pace", scale_in_pace::judge),
    ("alarm", alarm::judge),
    ("strategy_distribution", strategy::judge_distribution),
    ("strategy_validation", strategy::judge_validation),
    ("target_tracking", target_tracking::judge),
    ("step_scaling", step_scaling::judge),
];

fn judge(file: &mut Object<'_>, bench: &mut Bench<'_>) {
    bench.judge_all(file, "cases", &mut judge_case);
}

fn judge_case(case: &mut Case<'_>, expect: Sealed<'_>, faults: &mut Faults<'_>) -> Option<Differences> {
    let judge = case.input.required("kind", faults).and_then(|it| faults.kind(it, KINDS));
    if judge.is_none() {
        case.input.ignore_rest();
    }
    let judge = judge?;
    let input = case.input.required("input", faults).and_then(|it| Object::of(it, faults))?;
    judge(input, expect, faults)
}
