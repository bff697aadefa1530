//! `fargate`: tasks, on demand and Spot, from the pull until they stopped.

use super::{PRICE_MAX, SECONDS_MAX, compare_seconds_and_cost, interval, money};
use crate::base::{CpuUnits, MemoryMib, Money, SimTime};
use crate::billing::fargate::{self, Customer, TaskSize, Usage};
use crate::billing::load_balancer::ONE;
use crate::conform::case::{Differences, Sealed};
use crate::conform::reader::{Faults, Object};
use crate::documents::json::{Json, Value};
use crate::model::capacity::FargateRates;
use crate::model::container::Platform;
use crate::model::price::DatedPrice;
use crate::record::{LedgerLine, Meter};

/// What a task takes is far below this.
const SIZE_MAX: u32 = 100_000_000;

/// A task as a case states it.
struct Task {
    size: TaskSize,
    seconds: u64,
    is_spot: bool,
}

pub(super) fn judge(
    mut input: Object<'_>,
    expect: Sealed<'_>,
    faults: &mut Faults<'_>,
) -> Option<Differences> {
    let rates = input.required("rates", faults).and_then(|it| read_rates(it, faults));
    let multiplier = input.given("spot_price_multiplier");
    let multiplier = multiplier.map_or(Some(None), |it| faults.decimal(it, 1_000).map(Some));
    let listed = input.required("tasks", faults);
    let tasks = listed.and_then(|list| {
        let items = faults.list(list)?;
        let read: Vec<Task> = items.iter().filter_map(|it| read_task(it, faults)).collect();
        (read.len() == items.len()).then_some(read)
    });
    input.finish(faults);
    let (rates, multiplier, tasks) = (rates?, multiplier?, tasks?);
    if multiplier.is_none() && tasks.iter().any(|it| it.is_spot) {
        let message = "there is a task on Spot and no `spot_price_multiplier`";
        faults.note("B0604", listed.expect("its tasks were read"), message);
        return None;
    }
    let seconds: Vec<u64> = tasks.iter().map(|it| it.seconds).collect();
    let most: u128 = tasks
        .iter()
        .map(|it| {
            let amount = it.size.cpu.0.max(it.size.memory.0).max(it.size.storage_gib);
            u128::from(amount) * u128::from(it.seconds)
        })
        .sum();
    let multiplier = multiplier.unwrap_or(ONE);
    // Beyond any bill there is, and within what can be multiplied.
    if most >= 1 << 44 || multiplier > 10 * ONE {
        super::too_large(listed.expect("its tasks were read"), faults);
        return None;
    }
    let cost = bill(&tasks, &rates, multiplier);
    let ((seconds, cost), expect) = expect.open((seconds, cost));
    compare_seconds_and_cost(&seconds, cost, expect, faults)
}

/// The sum of the lines. A multiplier of Spot is not of storage (semantics 8.2).
fn bill(tasks: &[Task], rates: &FargateRates, multiplier: u128) -> Money {
    let multiplier = i128::try_from(multiplier).expect("bounded by its reading");
    let one = i128::try_from(ONE).expect("a small number");
    let lines = [false, true].into_iter().flat_map(|is_spot| {
        let mut usage = Usage::default();
        for task in tasks.iter().filter(|it| it.is_spot == is_spot) {
            usage.add(task.size, task.seconds);
        }
        let customer =
            Customer { capacity_provider: "", availability_zone: "", platform: Platform::default(), is_spot };
        fargate::lines(customer, &usage, rates)
    });
    let cost = |line: LedgerLine| match line.meter {
        Meter::FargateSpotVcpu | Meter::FargateSpotMemory => line.cost().times(multiplier, one),
        _ => line.cost(),
    };
    lines.map(cost).sum()
}

fn read_rates(json: &Json, faults: &mut Faults<'_>) -> Option<FargateRates> {
    let mut rates = Object::of(json, faults)?;
    let dated = |pico| DatedPrice::of(money(pico));
    let vcpu = rates.decimal("vcpu_hour", PRICE_MAX, faults).map(dated);
    let gb = rates.decimal("gb_hour", PRICE_MAX, faults).map(dated);
    let storage = rates.decimal_or_zero("ephemeral_gb_hour", PRICE_MAX, faults).map(dated);
    rates.finish(faults);
    Some(FargateRates {
        vcpu_hour: vcpu?,
        gb_hour: gb?,
        storage_gib_hour: Some(storage?),
        license_vcpu_hour: None,
    })
}

fn read_task(json: &Json, faults: &mut Faults<'_>) -> Option<Task> {
    let mut task = Object::of(json, faults)?;
    let mut amount = |key, faults: &mut Faults<'_>| {
        let json = task.given(key);
        let read: u32 = json.map_or(Some(0), |it| faults.number(it))?;
        if read > SIZE_MAX {
            faults.note("B0607", json?, format!("a task takes at most {SIZE_MAX}"));
        }
        (read <= SIZE_MAX).then_some(read)
    };
    let cpu = amount("cpu_units", faults);
    let memory = amount("memory_mib", faults);
    let storage = amount("ephemeral_gib", faults);
    let is_spot = task.given("spot").map_or(Some(false), |it| faults.flag(it));
    // For a reader: neither begins what is billed.
    for informational in ["created_at", "running_at"] {
        if let Some(it) = task.optional(informational).filter(|it| !matches!(it.value, Value::Null)) {
            faults.decimal(it, SECONDS_MAX);
        }
    }
    // One that never came to its pull has no such moment.
    let pull = task.optional("pull_started_at").filter(|it| !matches!(it.value, Value::Null));
    let pull = pull.map_or(Some(None), |it| faults.decimal(it, SECONDS_MAX).map(Some));
    let stopped = task.decimal("stopped_at", SECONDS_MAX, faults);
    task.finish(faults);
    let (pull, stopped) = (pull?, stopped?);
    let seconds = match pull.map(|it| interval(it, stopped)) {
        None => 0,
        Some(Some((from, to))) => fargate::billed_seconds(fargate::MINIMUM, from, to, SimTime::ZERO),
        Some(None) => {
            faults.note("B0607", json, "a task does not stop before its pull begins");
            return None;
        }
    };
    let size = TaskSize { cpu: CpuUnits(cpu?), memory: MemoryMib(memory?), storage_gib: storage? };
    Some(Task { size, seconds, is_spot: is_spot? })
}
