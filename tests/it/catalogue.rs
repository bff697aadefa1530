//! The catalogue's tables against the price lists they were made of, row by row,
//! where those are at hand.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use berthlab::base::Money;
use berthlab::experiment::catalogue::Catalogue;

type Row = BTreeMap<String, String>;

/// The rows of a source; `None`, and a word, where it is not at hand.
fn source(file: &str) -> Option<Vec<Row>> {
    let path: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data").join(file);
    if !path.exists() {
        println!("skipped: there is no {}", path.display());
        return None;
    }
    let mut reader = csv::Reader::from_path(path).unwrap();
    Some(reader.deserialize().map(Result::unwrap).collect())
}

/// The newest row of each key that has a day.
fn newest(rows: Vec<Row>, key: impl Fn(&Row) -> Option<String>) -> BTreeMap<String, Row> {
    let mut newest: BTreeMap<String, Row> = BTreeMap::new();
    for row in rows.into_iter().filter(|it| it["as_of"].len() == "2026-10-01".len()) {
        let Some(key) = key(&row) else { continue };
        if newest.get(&key).is_none_or(|it| it["as_of"] < row["as_of"]) {
            newest.insert(key, row);
        }
    }
    newest
}

/// What a price file would say of an item.
fn built_in() -> BTreeMap<String, (Money, String)> {
    let catalogue = Catalogue::built_in();
    let of_region = |region| {
        let prices = catalogue.prices_of(region);
        prices.into_iter().map(move |(item, price)| (format!("{region},{item}"), price))
    };
    let all = catalogue.regions_with_prices().flat_map(of_region);
    all.map(|(key, price)| (key, (price.usd, price.as_of.clone()))).collect()
}

fn known(usd: &str, as_of: &str) -> (Money, String) {
    (Money::parse_usd(usd).expect("a price"), as_of.to_owned())
}

#[test]
fn every_type_is_as_large_as_its_record_says() {
    let Some(rows) = source("ec2-instance-types.csv") else { return };
    let rows: BTreeMap<String, Row> = rows.into_iter().map(|it| (it["instance_type"].clone(), it)).collect();
    let mut n = 0;
    for (name, size) in Catalogue::built_in().types() {
        let row = &rows[name];
        let number = |column: &str| row[column].parse::<u32>().ok();
        assert_eq!(Some(size.vcpus), number("vcpus"), "{name}");
        assert_eq!(Some(size.memory.0), number("memory_mib"), "{name}");
        assert_eq!(Some(size.gpus), number("gpus"), "{name}");
        assert_eq!(Some(size.awsvpc_tasks), number("ecs_awsvpc_tasks"), "{name}");
        assert_eq!(size.awsvpc_tasks_trunking, number("ecs_awsvpc_tasks_trunking"), "{name}");
        assert_eq!(size.is_arm, row["architecture"] == "arm64", "{name}");
        assert_eq!(
            size.is_current,
            row["current_generation"] == "true" && row["retired"] == "false",
            "{name}"
        );
        n += 1;
    }
    println!("{n} instance types of {}", rows.len());
}

#[test]
fn every_price_of_an_instance_is_the_newest_of_its_source() {
    let Some(rows) = source("ec2-prices.csv") else { return };
    let regions = Catalogue::built_in().regions();
    let rows = newest(rows, |it| Some(format!("{},{}", it["region"], it["instance_type"])));
    let expected = rows
        .into_iter()
        .filter(|it| regions.contains(&it.1["region"].as_str()) && !it.1["instance_type"].starts_with("mac"));
    let expected: BTreeMap<String, (Money, String)> =
        expected.map(|(key, row)| (key, known(&row["usd_per_hour"], &row["as_of"]))).collect();
    let found: BTreeMap<String, (Money, String)> =
        built_in().into_iter().filter(|it| !it.0.contains(':')).collect();
    assert_eq!(found, expected);
    println!("{} prices of instances", found.len());
}

#[test]
fn every_spot_price_is_that_of_its_source() {
    let Some(rows) = source("ec2-spot-prices-us-east-1.csv") else { return };
    let expected: BTreeMap<String, (Money, String)> = rows
        .iter()
        .map(|it| {
            (format!("us-east-1,spot:{}", it["instance_type"]), known(&it["spot_usd_per_hour"], "2025-05-28"))
        })
        .collect();
    let found: BTreeMap<String, (Money, String)> =
        built_in().into_iter().filter(|it| it.0.contains(",spot:")).collect();
    assert_eq!(found, expected);
}

#[test]
fn every_advice_on_spot_is_that_of_its_source() {
    let Some(rows) = source("ec2-spot-advisor.csv") else { return };
    let catalogue = Catalogue::built_in();
    let regions = catalogue.regions();
    let mut n = 0;
    for row in rows.iter().filter(|it| regions.contains(&it["region"].as_str())) {
        let name = row["instance_type"].as_str();
        if catalogue.size(name).is_none() {
            continue;
        }
        let found = catalogue.spot_advice(&row["region"], name).expect("advice");
        let band = match row["interruption_rate"].as_str() {
            "<5%" => (0, 5),
            "5-10%" => (5, 10),
            "10-15%" => (10, 15),
            "15-20%" => (15, 20),
            ">20%" => (20, 100),
            other => panic!("{other} is no band"),
        };
        assert_eq!((found.interrupted_from_percent, found.interrupted_to_percent), band, "{row:?}");
        assert_eq!(found.saving_percent.to_string(), row["savings_pct"], "{row:?}");
        n += 1;
    }
    let all = regions.iter().flat_map(|region| catalogue.types().map(move |it| (*region, it.0)));
    assert_eq!(all.filter(|it| catalogue.spot_advice(it.0, it.1).is_some()).count(), n);
    println!("{n} advices on Spot");
}

#[test]
fn every_price_of_fargate_is_the_newest_of_its_source() {
    let Some(rows) = source("fargate-prices.csv") else { return };
    let key = |row: &Row| {
        let kind = format!("{} {}", row["operating_system"], row["architecture"]);
        let kind = match (kind.as_str(), row["capacity"].as_str()) {
            ("linux x86_64" | "any any", "on_demand") => "fargate",
            ("linux x86_64", "spot") => "fargate_spot",
            ("linux arm64", "on_demand") => "fargate_arm",
            ("linux arm64", "spot") => "fargate_arm_spot",
            ("windows x86_64", "on_demand") => "fargate_windows",
            other => panic!("{other:?}"),
        };
        let unit = match row["meter"].as_str() {
            "ephemeral_storage_gb_hour" => "storage_gib_hour",
            "os_license_vcpu_hour" => "os_vcpu_hour",
            other => other,
        };
        Some(format!("{},{kind}:{unit}", row["region"]))
    };
    let expected: BTreeMap<String, (Money, String)> =
        newest(rows, key).into_iter().map(|(key, row)| (key, known(&row["usd"], &row["as_of"]))).collect();
    let found: BTreeMap<String, (Money, String)> =
        built_in().into_iter().filter(|it| it.0.contains(",fargate")).collect();
    assert_eq!(found, expected);
}

#[test]
fn every_price_of_a_service_is_the_newest_of_its_source() {
    let Some(rows) = source("service-prices.csv") else { return };
    let regions = Catalogue::built_in().regions();
    let key = |row: &Row| {
        let item = match (row["service"].as_str(), row["meter"].as_str()) {
            ("application_load_balancer", "hour") => "alb:hour",
            ("application_load_balancer", "lcu_hour") => "alb:lcu_hour",
            ("network_load_balancer", "hour") => "nlb:hour",
            ("network_load_balancer", "nlcu_hour") => "nlb:lcu_hour",
            ("nat_gateway", "hour") => "nat:hour",
            ("nat_gateway", "data_processed") => "nat:gb",
            ("ebs", "gp2_storage") => "ebs:gp2_gib_month",
            ("ebs", "gp3_storage") => "ebs:gp3_gib_month",
            ("ecr", "storage") => "ecr:gb_month",
            ("data_transfer", "internet_out_first_10tb") => "transfer:internet_out_gb",
            ("data_transfer", "inter_region") => "transfer:inter_region_gb",
            ("data_transfer", "intra_region") => "transfer:inter_zone_gb",
            ("vpc", "public_ipv4_in_use") => "public_ipv4:hour",
            _ => return None,
        };
        regions.contains(&row["region"].as_str()).then(|| format!("{},{item}", row["region"]))
    };
    let expected: BTreeMap<String, (Money, String)> =
        newest(rows, key).into_iter().map(|(key, row)| (key, known(&row["usd"], &row["as_of"]))).collect();
    let is_of_service = |key: &str| {
        let item = key.split_once(',').expect("a region and an item").1;
        item.contains(':') && !item.starts_with("spot:") && !item.starts_with("fargate")
    };
    let mut found: BTreeMap<String, (Money, String)> =
        built_in().into_iter().filter(|it| is_of_service(&it.0)).collect();
    // Scans are not in that file, but quoted beside it.
    for (item, usd) in [("ecr:enhanced_scan", "0.09"), ("ecr:enhanced_rescan", "0.01")] {
        let scan = found.remove(&format!("us-east-1,{item}")).expect("it has a price");
        assert_eq!(scan, known(usd, "2026-09-11"));
    }
    assert_eq!(found, expected);
    assert!(found.len() >= 13 + 3 * 6, "{}", found.len());
}
