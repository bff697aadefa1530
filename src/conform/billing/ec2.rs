//! `ec2`: intervals in which an instance ran, each a start of its own.

use super::{SECONDS_MAX, compare_seconds_and_cost, interval, price};
use crate::base::SimTime;
use crate::billing::instance;
use crate::conform::case::{Differences, Sealed};
use crate::conform::reader::{Faults, Object};
use crate::documents::json::Json;

pub(super) fn judge(
    mut input: Object<'_>,
    expect: Sealed<'_>,
    faults: &mut Faults<'_>,
) -> Option<Differences> {
    let price = price(&mut input, "price_per_hour", faults);
    let intervals = input.list_or_none("running_intervals_s", faults);
    let seconds = intervals.and_then(|all| {
        let read: Vec<u64> = all.iter().filter_map(|it| billed_seconds(it, faults)).collect();
        (read.len() == all.len()).then_some(read)
    });
    input.finish(faults);
    let (price, seconds) = (price?, seconds?);
    let cost = price.per_hour_for(seconds.iter().sum(), 1);
    let ((seconds, cost), expect) = expect.open((seconds, cost));
    compare_seconds_and_cost(&seconds, cost, expect, faults)
}

/// Of one interval `[from, to]`.
fn billed_seconds(json: &Json, faults: &mut Faults<'_>) -> Option<u64> {
    let ends = faults.list(json)?;
    let [from, to] = ends else {
        faults.note("B0607", json, "expected an interval [from, to]");
        return None;
    };
    let (from, to) = (faults.decimal(from, SECONDS_MAX)?, faults.decimal(to, SECONDS_MAX)?);
    let Some((from, to)) = interval(from, to) else {
        faults.note("B0607", json, "an interval does not end before it begins");
        return None;
    };
    Some(instance::billed_seconds(from, to, SimTime::ZERO))
}
