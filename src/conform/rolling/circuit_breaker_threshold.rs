//! `circuit_breaker_threshold`: how many failures a breaker takes.

use crate::conform::case::{Case, Differences, Sealed};
use crate::conform::reader::{Faults, Object};
use crate::deployment::circuit_breaker;
use crate::model::deployment::BreakerThreshold;

/// What `value` is of.
#[derive(Clone, Copy)]
enum Kind {
    Bounded,
    Unbounded,
    Count,
}

const KINDS: &[(&str, Kind)] =
    &[("BOUNDED_PERCENT", Kind::Bounded), ("UNBOUNDED_PERCENT", Kind::Unbounded), ("COUNT", Kind::Count)];

pub(super) fn judge(case: &mut Case<'_>, expect: Sealed<'_>, faults: &mut Faults<'_>) -> Option<Differences> {
    let mut input = case.input.required("input", faults).and_then(|it| Object::of(it, faults))?;
    let desired: Option<u32> = input.number("desired", faults);
    let kind = input.required("type", faults).and_then(|it| faults.word(it, KINDS));
    let value = input.required("value", faults);
    let of = match (kind, value) {
        (Some(Kind::Bounded), Some(it)) => faults.number(it).map(BreakerThreshold::BoundedPercent),
        (Some(Kind::Unbounded), Some(it)) => faults.number(it).map(BreakerThreshold::UnboundedPercent),
        (Some(Kind::Count), Some(it)) => faults.number(it).map(BreakerThreshold::Count),
        _ => None,
    };
    input.finish(faults);
    let (threshold, expect) = expect.open(circuit_breaker::threshold(of?, desired?));

    let mut expect = Object::of(expect, faults)?;
    let expected: Option<u32> = expect.number("threshold", faults);
    expect.finish(faults);
    let mut differences = Differences::default();
    differences.compare("threshold", expected?.to_string(), threshold.to_string());
    Some(differences)
}
