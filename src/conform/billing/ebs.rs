//! `ebs`: a volume of a size for some time.

use super::{PRICE_MAX, SECONDS_MAX, compare_seconds_and_cost, interval, money, too_large};
use crate::base::SimTime;
use crate::billing::volume;
use crate::conform::case::{Differences, Sealed};
use crate::conform::reader::{Faults, Object};

pub(super) fn judge(
    mut input: Object<'_>,
    expect: Sealed<'_>,
    faults: &mut Faults<'_>,
) -> Option<Differences> {
    let size = input.required("size_gib", faults);
    let gib: Option<u64> = size.and_then(|it| faults.number(it));
    let seconds = input.decimal_or_zero("seconds", SECONDS_MAX, faults);
    let price = input.decimal("price_per_gb_month", PRICE_MAX, faults).map(money);
    let month = input.required("seconds_in_month", faults);
    let month = month.and_then(|it| Some((it, faults.number::<u64>(it)?)));
    if let Some((json, 0)) = month {
        faults.note("B0607", json, "a month is longer than no time");
        return None;
    }
    input.finish(faults);
    let (from, to) = interval(0, seconds?).expect("nothing ends before it begins at zero");
    let seconds = volume::billed_seconds(from, to, SimTime::ZERO);
    let Some(cost) = volume::cost(gib?, seconds, price?, month?.1) else {
        too_large(size.expect("its number was read"), faults);
        return None;
    };
    let ((seconds, cost), expect) = expect.open((seconds, cost));
    compare_seconds_and_cost(&[seconds], cost, expect, faults)
}
