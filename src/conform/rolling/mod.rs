//! `rolling-updates`: how a service gets from one revision to the next. One
//! file an array of cases, and one that plays a rollout.

mod rollout;

mod cases;
mod circuit_breaker_sequence;
mod circuit_breaker_threshold;
mod parameter_validation;
mod traffic_shift;
mod zone_balance;

pub use rollout::{Rollout, Step, play};

use super::case::{Case, Differences, Sealed};
use super::reader::{Faults, Object};
use super::topic::{Bench, Topic};

pub(super) const TOPIC: Topic = Topic {
    name: "rolling-updates",
    summary: "steps and deadlocks of a rollout, refused percentages, circuit breaker, traffic shifts, zones",
    judge,
};

/// How a case of an array is judged.
type JudgeCase = fn(&mut Case<'_>, Sealed<'_>, &mut Faults<'_>) -> Option<Differences>;

/// The arrays that a file may do without.
const MORE: &[(&str, JudgeCase)] = &[
    ("parameter_validation", parameter_validation::judge),
    ("circuit_breaker_threshold", circuit_breaker_threshold::judge),
    ("circuit_breaker_sequence", circuit_breaker_sequence::judge),
    ("traffic_shift", traffic_shift::judge),
    ("zone_balance", zone_balance::judge),
];

fn judge(file: &mut Object<'_>, bench: &mut Bench<'_>) {
    // A file is there for some array: without any it asks for its cases.
    if file.has("cases") || !MORE.iter().any(|it| file.has(it.0)) {
        bench.judge_all(file, "cases", &mut cases::judge);
    }
    for (key, judge) in MORE {
        if file.has(key) {
            bench.judge_all(file, key, &mut |case, expect, faults| judge(case, expect, faults));
        }
    }
}
