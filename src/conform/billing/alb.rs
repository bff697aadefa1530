//! `alb`: hours of an Application Load Balancer, and the capacity units of each
//! hour in which something passed it.

use super::{PRICE_MAX, TOLERANCE, compare_cost, money, too_large};
use crate::base::{Money, SimDuration};
use crate::billing::load_balancer::{self, HourUsage, ONE};
use crate::conform::case::{Differences, Sealed};
use crate::conform::reader::{Faults, Object};
use crate::documents::json::Json;
use crate::model::network::LoadBalancerType;

/// More than a hundred years.
const HOURS_MAX: u64 = 1_000_000;
/// No figure of an hour is greater.
const USAGE_MAX: u64 = 1_000_000_000;
/// Nor is a request matched against more rules.
const RULES_MAX: u64 = 100_000;
const HOUR_MS: u128 = 3_600_000;

pub(super) fn judge(
    mut input: Object<'_>,
    expect: Sealed<'_>,
    faults: &mut Faults<'_>,
) -> Option<Differences> {
    let mut price = |key, faults: &mut Faults<'_>| input.decimal(key, PRICE_MAX, faults).map(money);
    let hour = price("price_per_hour", faults);
    let unit_hour = price("price_per_lcu_hour", faults);
    let running = input.decimal_or_zero("hours_running", HOURS_MAX, faults);
    let usage = input.optional("hourly_usage");
    let units = usage.map_or(Some(Vec::new()), |list| {
        let items = faults.list(list)?;
        let read: Vec<u128> = items.iter().filter_map(|it| read_hour(it, faults)).collect();
        (read.len() == items.len()).then_some(read)
    });
    input.finish(faults);
    let (hour, unit_hour, running, units) = (hour?, unit_hour?, running?, units?);
    // A fraction of a millisecond is a started hour too.
    let millis = (running * HOUR_MS).div_ceil(ONE);
    let millis = u64::try_from(millis).expect("bounded by its reading");
    let hours = load_balancer::billed_hours(SimDuration::from_millis(millis));
    let total = units.iter().try_fold(0_u128, |sum, it| sum.checked_add(*it));
    let total = total.and_then(|it| i128::try_from(it).ok());
    let one = i128::try_from(ONE).expect("a small number");
    let Some(of_units) = total.and_then(|it| unit_hour.checked_times(it, one)) else {
        too_large(usage.expect("nothing is not too large"), faults);
        return None;
    };
    let cost = hour.times(hours.into(), 1) + of_units;
    let (answer, expect) = expect.open((hours, units, cost));
    compare(&answer, expect, faults)
}

/// The capacity units of one hour, in 1e-12.
fn read_hour(json: &Json, faults: &mut Faults<'_>) -> Option<u128> {
    let mut usage = Object::of(json, faults)?;
    let new = usage.decimal_or_zero("new_connections_per_second", USAGE_MAX, faults);
    let active = usage.decimal_or_zero("active_connections_per_minute", USAGE_MAX, faults);
    let gb = usage.decimal_or_zero("processed_gb", USAGE_MAX, faults);
    let requests = usage.decimal_or_zero("requests_per_second", USAGE_MAX, faults);
    let rules = usage.decimal_or_zero("rules_processed", RULES_MAX, faults);
    usage.finish(faults);
    let usage = HourUsage {
        new_connections_per_second: new?,
        active_connections_per_minute: active?,
        processed_gb: gb?,
        requests_per_second: requests?,
        rules_processed: rules?,
    };
    let units = load_balancer::capacity_units(LoadBalancerType::Application, &usage);
    if units.is_none() {
        too_large(json, faults);
    }
    units
}

fn compare(
    (hours, units, cost): &(u64, Vec<u128>, Money),
    expect: &Json,
    faults: &mut Faults<'_>,
) -> Option<Differences> {
    let mut expect = Object::of(expect, faults)?;
    let mut differences = Differences::default();
    let expected_hours: Option<u64> = expect.number("billed_hours", faults);
    let expected = expect.required("lcu_per_hour", faults).and_then(|it| faults.list(it));
    let expected = expected.and_then(|items| {
        let read: Vec<u128> = items.iter().filter_map(|it| faults.decimal(it, u64::MAX)).collect();
        (read.len() == items.len()).then_some(read)
    });
    let is_cost_read = compare_cost(&mut expect, *cost, &mut differences, faults);
    expect.finish(faults);
    differences.compare("billed_hours", expected_hours?.to_string(), hours.to_string());
    let expected = expected?;
    let is_near = |(a, b): (&u128, &u128)| a.abs_diff(*b) <= TOLERANCE;
    if expected.len() != units.len() || !expected.iter().zip(units).all(is_near) {
        differences.compare("lcu_per_hour", shown(&expected), shown(units));
    }
    is_cost_read.map(|()| differences)
}

fn shown(units: &[u128]) -> String {
    let text = |it: &u128| match i128::try_from(*it) {
        Ok(it) => Money::from_pico_usd(it).to_string(),
        Err(_) => "more than can be written".to_owned(),
    };
    units.iter().map(text).collect::<Vec<_>>().join(", ")
}
