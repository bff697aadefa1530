//! `parameter_validation`: percentages that are taken or refused.

use crate::conform::case::{Case, Differences, Sealed, compare_accepted};
use crate::conform::reader::{Faults, Object};
use crate::deployment::request;
use crate::model::deployment::SchedulingStrategy;

pub(super) fn judge(case: &mut Case<'_>, expect: Sealed<'_>, faults: &mut Faults<'_>) -> Option<Differences> {
    let mut input = case.input.required("input", faults).and_then(|it| Object::of(it, faults))?;
    let scheduling = input.required("scheduling", faults);
    let scheduling = scheduling.and_then(|it| faults.word(it, SchedulingStrategy::NAMES));
    let minimum = input.number("minimum_healthy_percent", faults);
    let maximum = input.number("maximum_percent", faults);
    input.finish(faults);
    let answer = match scheduling? {
        SchedulingStrategy::Replica => request::replica_bounds(minimum?, maximum?),
        SchedulingStrategy::Daemon => request::daemon_bounds(minimum?, maximum?),
    };
    let (answer, expect) = expect.open(answer);
    let found = answer.err().unwrap_or_default();
    compare_accepted(&found, expect, faults)
}
