//! `desired_capacity`: the size that would bring the metric to its target.

use crate::conform::case::{Differences, Sealed};
use crate::conform::reader::{Faults, Object};
use crate::scaling::capacity::managed;

pub(super) fn judge(
    mut input: Object<'_>,
    expect: Sealed<'_>,
    faults: &mut Faults<'_>,
) -> Option<Differences> {
    let needed = input.number("instances_needed", faults);
    let running = input.number("instances_running", faults);
    let target = read_target(&mut input, faults);
    let min = input.number_or("group_min", 0, faults);
    let max = input.number_or("group_max", u32::MAX, faults);
    let bounds = read_bounds(&input, (min?, max?), faults);
    input.finish(faults);
    let (min, max) = bounds?;
    let desired = managed::desired_capacity(needed?, running?, target?, min, max);
    let (desired, expect) = expect.open(desired);

    let mut expect = Object::of(expect, faults)?;
    let expected = expect.number::<u32>("desired_capacity", faults);
    expect.finish(faults);
    let mut differences = Differences::default();
    differences.compare("desired_capacity", expected?.to_string(), desired.to_string());
    Some(differences)
}

/// `target_capacity`, 1 to 100.
pub(super) fn read_target(input: &mut Object<'_>, faults: &mut Faults<'_>) -> Option<u32> {
    let json = input.required("target_capacity", faults)?;
    let target = faults.number(json)?;
    if !(1..=100).contains(&target) {
        faults.note("B0607", json, "a target capacity is 1 to 100 percent");
        return None;
    }
    Some(target)
}

fn read_bounds(input: &Object<'_>, (min, max): (u32, u32), faults: &mut Faults<'_>) -> Option<(u32, u32)> {
    if min > max {
        input.note("B0607", "group_min is above group_max", faults);
        return None;
    }
    Some((min, max))
}
