//! What cases of service auto scaling share: bounds in, a count out.

use crate::conform::case::{Differences, Sealed};
use crate::conform::reader::{Faults, Object};
use crate::model::scaling::CapacityBounds;

/// `min_capacity` and `max_capacity`.
pub(super) fn read(input: &mut Object<'_>, faults: &mut Faults<'_>) -> Option<CapacityBounds> {
    let min: Option<u32> = input.number("min_capacity", faults);
    let max: Option<u32> = input.number("max_capacity", faults);
    let bounds = CapacityBounds { min_capacity: min?, max_capacity: max? };
    if bounds.min_capacity > bounds.max_capacity {
        input.note("B0607", "min_capacity is above max_capacity", faults);
        return None;
    }
    Some(bounds)
}

/// Against `desired_count`.
pub(super) fn compare_count(answer: u32, expect: Sealed<'_>, faults: &mut Faults<'_>) -> Option<Differences> {
    let (answer, expect) = expect.open(answer);
    let mut expect = Object::of(expect, faults)?;
    let expected: Option<u32> = expect.number("desired_count", faults);
    expect.finish(faults);
    let mut differences = Differences::default();
    differences.compare("desired_count", expected?.to_string(), answer.to_string());
    Some(differences)
}
