//! What a report says of costs, and what it writes for Infracost.

use std::collections::BTreeMap;
use std::path::Path;

use berthlab::base::Money;
use berthlab::experiment::results::Results;
use berthlab::record::{CostOwner, CostShare, Ledger, LedgerLine, Meter, Quantity};
use berthlab::report::demo::Demo;
use berthlab::report::headline::headline;
use berthlab::report::tables::{Cell, Table};
use berthlab::report::{bill, costs, infracost};
use berthlab::sim;

use crate::support::LEAST;

/// A line of the bill at a price of so many millionths of a dollar.
fn line(meter: Meter, item: &str, provider: &str, (units, per): (u64, u64), micro_usd: i128) -> LedgerLine {
    let quantity = Quantity { units, per, n_uses: 1 };
    let price = Money::from_pico_usd(micro_usd * 1_000_000);
    LedgerLine::of(meter, item, quantity, price, "2026-10-01").with_place(provider, "a")
}

/// One setting and two replicates of ten measured hours, each with its lines.
fn with_lines(first: Vec<LedgerLine>, second: Vec<LedgerLine>) -> Results {
    let mut results = Demo { n_replicates: 2, hours: 11, ..Demo::small() }.results();
    for (row, lines) in results.rows.iter_mut().zip([first, second]) {
        assert_eq!(row.record.horizon_ms - row.record.warm_up_ms, 10 * 3_600_000);
        row.record.ledger = Ledger { lines, ..Ledger::default() };
    }
    results
}

/// Address, key, value; fails on what is no YAML of Infracost's form.
fn read(yaml: &str) -> BTreeMap<String, BTreeMap<String, String>> {
    let document: serde_json::Value =
        serde_saphyr::from_str(yaml).unwrap_or_else(|it| panic!("{it}\n{yaml}"));
    assert_eq!(document["version"], serde_json::json!(0.1));
    assert_eq!(document.as_object().unwrap().len(), 2, "{yaml}");
    let shown = |it: &serde_json::Value| it.as_str().map_or_else(|| it.to_string(), str::to_owned);
    let resources = document["resource_usage"].as_object().unwrap().iter();
    let fields = |it: &serde_json::Value| {
        it.as_object().unwrap().iter().map(|(key, value)| (key.clone(), shown(value))).collect()
    };
    resources.map(|(address, it)| (address.clone(), fields(it))).collect()
}

#[test]
fn usage_is_the_mean_of_the_replicates_scaled_to_a_month() {
    const HOUR: u64 = 3600;
    let spot = || line(Meter::Ec2Spot, "m6i.large", "general", (5 * HOUR, HOUR), 30_000);
    let results = with_lines(
        vec![
            line(Meter::Ec2OnDemand, "m6i.large", "general", (20 * HOUR, HOUR), 96_000),
            spot(),
            line(Meter::LoadBalancerCapacityUnit, "front", "", (15, 1), 8000),
            line(Meter::NatGatewayTransfer, "", "", (4, 1), 45_000),
            line(Meter::InterZoneTransfer, "", "", (6, 1), 10_000),
        ],
        vec![
            line(Meter::Ec2OnDemand, "c7g.large", "general", (30 * HOUR, HOUR), 72_000),
            line(Meter::Ec2OnDemand, "m6i.large", "2 hot", (10 * HOUR, HOUR), 96_000),
            spot(),
        ],
    );
    let usage = read(&infracost::usage_file(&results, 0));
    let of = |address: &str| {
        let fields = usage.get(address).unwrap_or_else(|| panic!("{address} in {usage:?}"));
        fields.iter().map(|(key, value)| format!("{key} {value}")).collect::<Vec<_>>().join(", ")
    };
    // 60 instance-hours in 20 measured ones: three, each of them all the month.
    assert_eq!(of("aws_autoscaling_group.general"), "instances 3, monthly_hrs 730, operating_system linux");
    // Half an instance: one that runs half the month.
    assert_eq!(of("aws_autoscaling_group._2_hot"), "instances 1, monthly_hrs 365, operating_system linux");
    // 15 units in 20 hours.
    assert_eq!(of("aws_lb.front"), "new_connections 0, processed_bytes_gb 0.75");
    assert_eq!(of("aws_nat_gateway.nat"), "monthly_data_processed_gb 146");
    // 6 GB of both directions in 20 hours: 219 in a month, 109.5 each way.
    assert_eq!(
        of("aws_data_transfer.eu-central-1"),
        "monthly_intra_region_gb 109.5, monthly_outbound_internet_gb 0, region eu-central-1"
    );
    assert_eq!(usage.len(), 5);
}

#[test]
fn a_usage_file_is_yaml_whatever_the_names_and_whatever_was_used() {
    let nothing = with_lines(Vec::new(), Vec::new());
    assert!(read(&infracost::usage_file(&nothing, 0)).is_empty());
    for demo in [Demo::small(), Demo::large(), Demo::hostile(), Demo { hours: 1, ..Demo::small() }] {
        let mut results = demo.results();
        for line in results.rows.iter_mut().flat_map(|it| &mut it.record.ledger.lines) {
            line.capacity_provider = demo.providers[0].clone();
            line.item.push_str(": \n- {");
        }
        for setting in 0..results.settings.len() {
            let text = infracost::usage_file(&results, setting);
            assert_eq!(text, infracost::usage_file(&results, setting));
            read(&text);
        }
        assert!(infracost::cheapest(&results).is_some());
    }
}

fn column(table: &Table, key: &str) -> Vec<String> {
    let idx = table.columns.iter().position(|it| it.key == key).unwrap_or_else(|| panic!("no {key}"));
    table.rows.iter().map(|row| row[idx].to_string()).collect()
}

#[test]
fn a_bill_tells_the_price_of_each_line_and_its_day() {
    let cheap = |day: &str| {
        let mut line = line(Meter::Ec2Spot, "m6i.large", "general", (3600, 3600), 30_000);
        line.price_as_of = day.to_owned();
        line
    };
    let dear = line(Meter::Ec2Spot, "m6i.large", "general", (3600, 3600), 50_000);
    let results = with_lines(
        vec![cheap("2025-05-28"), line(Meter::PublicIpv4, "tasks", "", (20, 1), 5000)],
        vec![dear, line(Meter::PublicIpv4, "tasks", "", (40, 1), 5000)],
    );
    let table = bill::bill(&results).unwrap();
    assert_eq!(column(&table, "meter"), ["public IPv4 addresses", "EC2 Spot"]);
    assert_eq!(column(&table, "price_usd"), ["0.005", "0.03 to 0.05"]);
    assert_eq!(column(&table, "price_as_of"), ["2026-10-01", "2025-05-28, 2026-10-01"]);
    assert!(column(&table, "quantity")[0].starts_with("30.0 ±"), "{table:?}");
    assert!(column(&table, "cost_usd")[0].starts_with("0.15 ±"), "{table:?}");
}

#[test]
fn what_each_service_pays_sums_to_the_bill() {
    let results = Demo::large().results();
    let table = costs::by_service(&results).unwrap();
    let value =
        |row: &[Cell], key: &str| match row[table.columns.iter().position(|it| it.key == key).unwrap()] {
            Cell::Number { value, .. } => value,
            _ => 0.0,
        };
    let of_first: Vec<&Vec<Cell>> = table.rows.iter().filter(|it| it[0] == table.rows[0][0]).collect();
    let whose: Vec<String> = of_first.iter().map(|it| it[2].to_string()).collect();
    assert_eq!(whose, ["web", "checkout", "search", "stand-alone tasks", "idle", "shared"]);
    let sum: f64 = of_first.iter().map(|it| value(it, "cost_usd")).sum();
    let runs = results.rows_of(0);
    let total: f64 =
        runs.iter().map(|it| it.record.ledger.total().as_usd_f64()).sum::<f64>() / runs.len() as f64;
    assert!((sum - total).abs() < 1e-6, "{sum} is not {total}");

    let strategies = costs::by_strategy(&results).unwrap();
    let n_values: usize = results.axes.iter().map(|it| it.values.len()).sum();
    assert_eq!(strategies.rows.len(), n_values + results.settings.len());
    assert_eq!(costs::commitments(&results).unwrap().rows.len(), results.settings.len());
    assert_eq!(costs::commitments(&Demo::small().results()), None);
}

#[test]
fn a_share_of_a_service_that_the_result_does_not_name_has_a_row_all_the_same() {
    let mut results =
        with_lines(vec![line(Meter::Ec2OnDemand, "m6i.large", "general", (3600, 3600), 96_000)], Vec::new());
    let amount = results.rows[0].record.ledger.lines[0].cost();
    results.rows[0].record.ledger.shares = vec![CostShare { line: 0, owner: CostOwner::Service(7), amount }];
    let table = costs::by_service(&results).unwrap();
    assert_eq!(column(&table, "whose"), ["service 7"]);
    assert!(column(&table, "cost_usd")[0].starts_with("0.05 ±"), "{table:?}");
}

#[test]
fn what_has_no_known_price_is_not_in_the_bill_and_is_said_first() {
    use berthlab::base::Seed;
    use berthlab::experiment::matrix::{self, SourceText};
    use berthlab::model::price::Prices;

    let source = SourceText { file: "x.toml".to_owned(), text: LEAST.to_owned(), overrides: Vec::new() };
    let experiment = matrix::read(source, Path::new(".")).map_err(|it| format!("{it:?}")).unwrap();
    let setting = &experiment.settings[0];
    let workload = experiment.inputs.workload(&experiment.workloads[setting.workload], Seed(1));
    let mut setup = setting.setup.clone();
    let billed = |setup: &sim::Setup| {
        let ledger = sim::run(setup, &workload, Seed(1)).ledger;
        let has_volumes = ledger.lines.iter().any(|it| it.meter == Meter::EbsVolume);
        (has_volumes, ledger.unpriced.into_iter().collect::<Vec<_>>())
    };
    assert_eq!(billed(&setup), (true, Vec::new()));
    setup.prices = Prices::default();
    assert_eq!(billed(&setup), (false, vec!["ebs:gp3_gib_month".to_owned()]));

    let mut results = Demo::small().results();
    results.rows[0].record.ledger.unpriced.extend(["alb:hour".to_owned(), "alb:lcu_hour".to_owned()]);
    let said = headline(&results).cautions;
    let expected = "Not in the cost, for no price is known in eu-central-1: alb:hour, alb:lcu_hour.";
    assert!(said.iter().any(|it| it.starts_with(expected)), "{said:?}");
}
