//! `billing`: from usage to dollars. One file a kind; each asks the wing that a
//! run asks, and costs are compared to 1e-9 USD.

mod alb;
mod ebs;
mod ec2;
mod ecr_storage;
mod fargate;

use super::case::{Case, Differences, Sealed};
use super::reader::{Faults, Object};
use super::topic::Topic;
use crate::base::{Money, SimTime};
use crate::documents::json::{Json, Value};

pub(super) const TOPIC: Topic = Topic {
    name: "billing",
    summary: "billed seconds, hours, bytes and dollars of instances, tasks, volumes, balancers, registries",
    judge: |file, bench| bench.judge_all(file, "cases", &mut judge),
};

/// How a case of a kind is judged, once its kind and input are known.
type JudgeKind = fn(Object<'_>, Sealed<'_>, &mut Faults<'_>) -> Option<Differences>;

const KINDS: &[(&str, JudgeKind)] = &[
    ("ec2", ec2::judge),
    ("fargate", fargate::judge),
    ("alb", alb::judge),
    ("ecr_storage", ecr_storage::judge),
    ("ebs", ebs::judge),
];

fn judge(case: &mut Case<'_>, expect: Sealed<'_>, faults: &mut Faults<'_>) -> Option<Differences> {
    let kind = case.input.required("kind", faults).and_then(|it| faults.kind(it, KINDS));
    if kind.is_none() {
        case.input.ignore_rest();
    }
    let kind = kind?;
    let input = case.input.required("input", faults).and_then(|it| Object::of(it, faults))?;
    kind(input, expect, faults)
}

/// No price is higher: a million dollars.
const PRICE_MAX: u64 = 1_000_000;
/// No moment is later: more than three thousand years, so that seconds since 1970 do
/// as well.
const SECONDS_MAX: u64 = 100_000_000_000;
/// Amounts may differ by 1e-9 USD (the conformance set).
const TOLERANCE: u128 = 1_000;
const PICO_PER_MS: u128 = 1_000_000_000;

/// A price that may not be left out.
fn price(input: &mut Object<'_>, key: &'static str, faults: &mut Faults<'_>) -> Option<Money> {
    input.decimal(key, PRICE_MAX, faults).map(money)
}

fn money(pico: u128) -> Money {
    Money::from_pico_usd(i128::try_from(pico).expect("bounded by its reading"))
}

/// From one moment to another, given in seconds with any fraction. A run counts
/// milliseconds: a started one is a whole one here, so that a fraction of a
/// second stays one.
fn interval(from: u128, to: u128) -> Option<(SimTime, SimTime)> {
    let start = from / PICO_PER_MS;
    let millis = to.checked_sub(from)?.div_ceil(PICO_PER_MS);
    let at = |millis: u128| SimTime::from_millis(u64::try_from(millis).expect("bounded by its reading"));
    Some((at(start), at(start + millis)))
}

/// An amount of dollars in an expectation.
fn compare_cost(
    expect: &mut Object<'_>,
    found: Money,
    differences: &mut Differences,
    faults: &mut Faults<'_>,
) -> Option<()> {
    let expected = expect.decimal("cost_usd", u64::MAX, faults).map(money)?;
    if (found.pico_usd() - expected.pico_usd()).unsigned_abs() > TOLERANCE {
        differences.compare("cost_usd", expected.to_string(), found.to_string());
    }
    Some(())
}

/// A list of whole numbers, or one that stands for a list of one.
fn numbers(json: &Json, faults: &mut Faults<'_>) -> Option<Vec<u64>> {
    if matches!(json.value, Value::Number(_)) {
        return faults.number(json).map(|it| vec![it]);
    }
    let items = faults.list(json)?;
    let read: Vec<u64> = items.iter().filter_map(|it| faults.number(it)).collect();
    (read.len() == items.len()).then_some(read)
}

fn shown(numbers: &[u64]) -> String {
    numbers.iter().map(u64::to_string).collect::<Vec<_>>().join(", ")
}

/// `billed_seconds` and `cost_usd`: what most kinds expect.
fn compare_seconds_and_cost(
    seconds: &[u64],
    cost: Money,
    expect: &Json,
    faults: &mut Faults<'_>,
) -> Option<Differences> {
    let mut expect = Object::of(expect, faults)?;
    let mut differences = Differences::default();
    let expected = expect.required("billed_seconds", faults).and_then(|it| numbers(it, faults));
    let is_cost_read = compare_cost(&mut expect, cost, &mut differences, faults);
    expect.finish(faults);
    differences.compare("billed_seconds", shown(&expected?), shown(seconds));
    is_cost_read.map(|()| differences)
}

/// What no bill can be written of.
fn too_large(input: &Json, faults: &mut Faults<'_>) {
    faults.note("B0607", input, "this is more than a bill can hold");
}
