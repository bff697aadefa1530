//! `metric`: a point of `CapacityProviderReservation`.

use crate::conform::case::{Differences, Sealed};
use crate::conform::decimal;
use crate::conform::reader::{Faults, Object};
use crate::scaling::capacity::managed;

pub(super) fn judge(
    mut input: Object<'_>,
    expect: Sealed<'_>,
    faults: &mut Faults<'_>,
) -> Option<Differences> {
    let needed = input.number("instances_needed", faults);
    let running = input.number("instances_running", faults);
    input.finish(faults);
    let (point, expect) = expect.open(managed::reservation(needed?, running?));

    let mut expect = Object::of(expect, faults)?;
    let expected = expect.required("capacity_provider_reservation", faults);
    let expected = expected.and_then(|it| decimal::read(it, faults));
    expect.finish(faults);
    let mut differences = Differences::default();
    let found = decimal::of_fraction(point.numerator, point.denominator);
    differences.compare("capacity_provider_reservation", decimal::shown(expected?), decimal::shown(found));
    Some(differences)
}
