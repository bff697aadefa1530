//! The conformance set of bills: usage in, seconds and dollars out.

use std::fs;
use std::path::Path;

use berthlab::base::{CpuUnits, MemoryMib, Money, SimTime};
use berthlab::billing::fargate::{Customer, TaskSize, Usage};
use berthlab::billing::{fargate, instance};
use berthlab::model::capacity::FargateRates;
use berthlab::model::price::DatedPrice;
use berthlab::record::{Ledger, LedgerLine, Meter};
use serde_json::Value;

/// What is not billed yet.
const LEFT_OUT: [&str; 3] = ["alb", "ecr_storage", "ebs"];

#[test]
fn every_bill_of_the_conformance_set_comes_out() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/conformance/billing.json");
    let Ok(text) = fs::read_to_string(&path) else {
        println!("skipped: no conformance cases beside the repository");
        return;
    };
    let cases: Value = serde_json::from_str(&text).unwrap();
    let mut n_checked = 0;
    for case in cases["cases"].as_array().unwrap() {
        let (id, input) = (case["id"].as_str().unwrap(), &case["input"]);
        let (seconds, cost) = match case["kind"].as_str().unwrap() {
            "ec2" => ec2(input),
            "fargate" => on_fargate(input),
            other => {
                assert!(LEFT_OUT.contains(&other), "{id}: nobody knows how to bill {other}");
                continue;
            }
        };
        let expected: Vec<u64> = serde_json::from_value(case["expect"]["billed_seconds"].clone()).unwrap();
        assert_eq!(seconds, expected, "{id}");
        let expected = money(&case["expect"]["cost_usd"]);
        let difference = (cost.pico_usd() - expected.pico_usd()).abs();
        assert!(difference <= 1000, "{id}: {cost} USD, expected {expected}");
        n_checked += 1;
    }
    assert!(n_checked >= 10, "{n_checked} cases");
}

fn ec2(input: &Value) -> (Vec<u64>, Money) {
    let intervals = input["running_intervals_s"].as_array().unwrap();
    let seconds: Vec<u64> = intervals
        .iter()
        .map(|it| instance::billed_seconds(moment(&it[0]), moment(&it[1]), SimTime::ZERO))
        .collect();
    let line = LedgerLine {
        meter: Meter::Ec2OnDemand,
        item: String::new(),
        capacity_provider: String::new(),
        availability_zone: String::new(),
        unit_seconds: seconds.iter().sum(),
        n_uses: seconds.len() as u64,
        price_pico_usd_per_hour: u64::try_from(money(&input["price_per_hour"]).pico_usd()).unwrap(),
        price_as_of: String::new(),
    };
    (seconds, line.cost())
}

fn on_fargate(input: &Value) -> (Vec<u64>, Money) {
    let number = |it: &Value| it.as_u64().map_or(0, |it| u32::try_from(it).unwrap());
    let mut seconds = Vec::new();
    let mut usages = [Usage::default(); 2];
    for task in input["tasks"].as_array().unwrap() {
        let size = TaskSize {
            cpu: CpuUnits(number(&task["cpu_units"])),
            memory: MemoryMib(number(&task["memory_mib"])),
            storage_gib: number(&task["ephemeral_gib"]),
        };
        let billed = fargate::billed_seconds(
            moment(&task["pull_started_at"]),
            moment(&task["stopped_at"]),
            SimTime::ZERO,
        );
        usages[usize::from(task["spot"] == true)].add(size, billed);
        seconds.push(billed);
    }
    let rates = &input["rates"];
    // The multiplier has one decimal: an exact product in tenths.
    let tenths = input["spot_price_multiplier"].as_str().map(|it| it.strip_prefix("0.").unwrap());
    let tenths: i128 = tenths.map_or(10, |it| it.parse().unwrap());
    let lines = usages.iter().enumerate().flat_map(|(idx, usage)| {
        let is_spot = idx == 1;
        let customer = Customer { capacity_provider: "", availability_zone: "", is_arm: false, is_spot };
        let price = |name: &str, tenths: i128| DatedPrice {
            usd: Money::from_pico_usd(money(&rates[name]).pico_usd() * tenths / 10),
            as_of: String::new(),
        };
        let tenths = if is_spot { tenths } else { 10 };
        let rates = FargateRates {
            vcpu_hour: price("vcpu_hour", tenths),
            gb_hour: price("gb_hour", tenths),
            storage_gib_hour: Some(price("ephemeral_gb_hour", 10)),
        };
        fargate::lines(customer, usage, &rates)
    });
    (seconds, Ledger { lines: lines.collect() }.total())
}

fn moment(seconds: &Value) -> SimTime {
    SimTime::from_millis((seconds.as_f64().unwrap() * 1000.0).round() as u64)
}

fn money(value: &Value) -> Money {
    Money::parse_usd(value.as_str().unwrap()).unwrap()
}
