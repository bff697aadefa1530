//! `scale_in_pace`: how a group that is too large shrinks, minute by minute.

use super::desired_capacity::read_target;
use crate::conform::case::{Differences, Sealed};
use crate::conform::reader::{Faults, Object};
use crate::scaling::capacity::managed;

pub(super) fn judge(
    mut input: Object<'_>,
    expect: Sealed<'_>,
    faults: &mut Faults<'_>,
) -> Option<Differences> {
    let running = input.number::<u32>("instances_running", faults);
    let needed = input.number("instances_needed", faults);
    let target = read_target(&mut input, faults);
    let min = input.number_or("group_min", 0, faults);
    let max = input.number_or("group_max", u32::MAX, faults);
    input.finish(faults);
    let (mut n, needed, target, min) = (running?, needed?, target?, min?);
    let goal = managed::desired_capacity(needed, n, target, min, max?.max(min));
    let mut sizes: Vec<String> = Vec::new();
    while n > goal {
        n = managed::scale_in_step(n, goal);
        sizes.push(n.to_string());
    }
    let (sizes, expect) = expect.open(sizes);

    let mut expect = Object::of(expect, faults)?;
    let expected = expect.required("desired_capacity_each_minute", faults).and_then(|it| faults.list(it))?;
    let expected: Vec<u32> = expected.iter().filter_map(|it| faults.number(it)).collect();
    expect.finish(faults);
    let expected: Vec<String> = expected.iter().map(u32::to_string).collect();
    let mut differences = Differences::default();
    differences.compare("desired_capacity_each_minute", expected.join(", "), sizes.join(", "));
    Some(differences)
}
