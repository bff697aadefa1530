//! Makes the tables of `src/experiment/catalogue` anew from price lists:
//!
//! `cargo run --example refresh_catalogue -- SOURCES`
//!
//! SOURCES is a folder with these files, each with a header; other columns are
//! passed over. The facts are public; where to get them stands behind each.
//!
//! - `ec2-instance-types.csv`: `instance_type, vcpus, memory_mib, architecture, gpus, ecs_awsvpc_tasks,
//!   ecs_awsvpc_tasks_trunking, network_gbps, current_generation, retired` (`DescribeInstanceTypes`; developer guide, container-instance-eni)
//! - `ec2-prices.csv`: `region, instance_type, usd_per_hour, as_of`, Linux on demand (price list AmazonEC2)
//! - `ec2-spot-prices-REGION.csv`: `instance_type, spot_usd_per_hour` (`DescribeSpotPriceHistory`)
//! - `ec2-spot-advisor.csv`: `region, instance_type, interruption_rate, savings_pct`, Linux (the Spot Instance
//!   advisor's feed)
//! - `fargate-prices.csv`: `region, operating_system, architecture, capacity, meter, usd, as_of` (price list
//!   AmazonECS)
//! - `service-prices.csv`: `region, service, meter, usd, as_of` (price lists AmazonEC2, AWSELB, AmazonECR,
//!   AWSDataTransfer, AmazonVPC)
//!
//! Of several prices of one thing the newest is taken. Left out are Macs, which no
//! container instance runs on, types without a price in any of the regions, and
//! what has no day. Of Fargate every region is taken, of all else those of
//! [`REGIONS`].
#![expect(clippy::print_stdout, reason = "an example tells what it did")]

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::path::{Path, PathBuf};

use berthlab::base::Money;

/// Regions of which at least three hundred current types have a known price.
const REGIONS: [&str; 4] = ["eu-west-1", "us-east-1", "us-east-2", "us-west-2"];

/// The day of the Spot prices, which their file does not say.
const SPOT_PRICES_AS_OF: &str = "2025-05-28";

/// The day of the advisor's feed, which the file does not say.
const ADVISOR_AS_OF: &str = "2025-07-28";

/// What a service's meter is called in a price file.
const SERVICE_ITEMS: &[(&str, &str, &str)] = &[
    ("application_load_balancer", "hour", "alb:hour"),
    ("application_load_balancer", "lcu_hour", "alb:lcu_hour"),
    ("data_transfer", "inter_region", "transfer:inter_region_gb"),
    ("data_transfer", "internet_out_first_10tb", "transfer:internet_out_gb"),
    ("data_transfer", "intra_region", "transfer:inter_zone_gb"),
    ("ebs", "gp2_storage", "ebs:gp2_gib_month"),
    ("ebs", "gp3_storage", "ebs:gp3_gib_month"),
    ("ecr", "storage", "ecr:gb_month"),
    ("nat_gateway", "data_processed", "nat:gb"),
    ("nat_gateway", "hour", "nat:hour"),
    ("network_load_balancer", "hour", "nlb:hour"),
    ("network_load_balancer", "nlcu_hour", "nlb:lcu_hour"),
    ("vpc", "public_ipv4_in_use", "public_ipv4:hour"),
];

/// Region and item; amount and day.
type Prices = BTreeMap<(String, String), (Money, String)>;
type Row = BTreeMap<String, String>;

fn main() -> Result<(), Box<dyn Error>> {
    let sources = std::env::args().nth(1).map(PathBuf::from).ok_or("name the folder of the sources")?;
    let catalogue = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/experiment/catalogue");

    let mut on_demand = Prices::new();
    for row in rows(&sources.join("ec2-prices.csv"))? {
        let is_known = REGIONS.contains(&row["region"].as_str()) && !row["instance_type"].starts_with("mac");
        if is_known {
            keep_newest(&mut on_demand, &row, &row["instance_type"], &row["usd_per_hour"], &row["as_of"])?;
        }
    }
    let priced: BTreeSet<&str> = on_demand.keys().map(|it| it.1.as_str()).collect();

    let mut types = String::from(
        "instance_type,vcpus,memory_mib,gpus,architecture,awsvpc_tasks,awsvpc_tasks_trunking,network_mbps,generation\n",
    );
    let mut of_types: Vec<Row> = rows(&sources.join("ec2-instance-types.csv"))?;
    of_types.sort_by(|a, b| a["instance_type"].cmp(&b["instance_type"]));
    for row in of_types.iter().filter(|it| priced.contains(it["instance_type"].as_str())) {
        let architecture = if row["architecture"].contains("x86_64") { "x86_64" } else { "arm64" };
        let is_current = row["current_generation"] == "true" && row["retired"] != "true";
        // 0.032 Gbit/s are 32 Mbit/s.
        let gbps: f64 = row["network_gbps"].parse()?;
        let network_mbps = ((gbps * 1000.0).round() as u32).to_string();
        let cells = [
            row["instance_type"].as_str(),
            row["vcpus"].as_str(),
            row["memory_mib"].as_str(),
            row["gpus"].as_str(),
            architecture,
            row["ecs_awsvpc_tasks"].as_str(),
            row["ecs_awsvpc_tasks_trunking"].as_str(),
            network_mbps.as_str(),
            if is_current { "current" } else { "previous" },
        ];
        types.push_str(&format!("{}\n", cells.join(",")));
    }

    let mut spot = Prices::new();
    for region in REGIONS {
        let file = sources.join(format!("ec2-spot-prices-{region}.csv"));
        if file.exists() {
            for mut row in rows(&file)? {
                row.insert("region".to_owned(), region.to_owned());
                if !priced.contains(row["instance_type"].as_str()) {
                    continue;
                }
                let item = format!("spot:{}", row["instance_type"]);
                keep_newest(&mut spot, &row, &item, &row["spot_usd_per_hour"], SPOT_PRICES_AS_OF)?;
            }
        }
    }

    let mut fargate = Prices::new();
    for row in rows(&sources.join("fargate-prices.csv"))? {
        if let (Some(item), Ok(_)) = (fargate_item(&row), row["as_of"].parse::<jiff::civil::Date>()) {
            keep_newest(&mut fargate, &row, &item, &row["usd"], &row["as_of"])?;
        }
    }

    let mut services = Prices::new();
    for row in rows(&sources.join("service-prices.csv"))? {
        let item = SERVICE_ITEMS.iter().find(|it| (it.0, it.1) == (&row["service"], &row["meter"]));
        if let Some((.., item)) = item.filter(|_| REGIONS.contains(&row["region"].as_str())) {
            keep_newest(&mut services, &row, item, &row["usd"], &row["as_of"])?;
        }
    }

    for (file, text) in [
        ("instance_types.csv", types),
        ("ec2_prices.csv", price_file(&on_demand)),
        ("spot_prices.csv", price_file(&spot)),
        ("fargate_prices.csv", price_file(&fargate)),
        ("service_prices.csv", price_file(&services)),
        ("spot_advisor.csv", advisor(&rows(&sources.join("ec2-spot-advisor.csv"))?, &priced)),
    ] {
        std::fs::write(catalogue.join(file), &text)?;
        println!("{file}: {} rows, {} bytes", text.lines().count() - 1, text.len());
    }
    Ok(())
}

/// The rows of a file, by the names of its columns.
fn rows(file: &Path) -> Result<Vec<Row>, Box<dyn Error>> {
    let mut reader = csv::Reader::from_path(file).map_err(|it| format!("{}: {it}", file.display()))?;
    Ok(reader.deserialize().collect::<Result<_, _>>()?)
}

fn keep_newest(
    prices: &mut Prices,
    row: &Row,
    item: &str,
    usd: &str,
    as_of: &str,
) -> Result<(), Box<dyn Error>> {
    let usd = Money::parse_usd(usd).ok_or_else(|| format!("{item}: {usd} is no price"))?;
    let price = (usd, as_of.to_owned());
    let known = prices.entry((row["region"].clone(), item.to_owned())).or_insert_with(|| price.clone());
    if known.1 < price.1 {
        *known = price;
    }
    Ok(())
}

/// `fargate_arm_spot:vcpu_hour`; `None` for what no bill of a task has.
fn fargate_item(row: &Row) -> Option<String> {
    let platform = match (row["operating_system"].as_str(), row["architecture"].as_str()) {
        ("linux", "x86_64") | ("any", "any") => "fargate",
        ("linux", "arm64") => "fargate_arm",
        ("windows", "x86_64") => "fargate_windows",
        _ => return None,
    };
    let unit = match row["meter"].as_str() {
        "ephemeral_storage_gb_hour" => "storage_gib_hour",
        "os_license_vcpu_hour" => "os_vcpu_hour",
        other => other,
    };
    let spot = if row["capacity"] == "spot" { "_spot" } else { "" };
    Some(format!("{platform}{spot}:{unit}"))
}

fn price_file(prices: &Prices) -> String {
    let rows = prices.iter().map(|((region, item), (usd, as_of))| format!("{region},{item},{usd},{as_of}\n"));
    format!("region,item,usd,as_of\n{}", rows.collect::<String>())
}

/// One row a type, one column a region, so that the largest of the tables stays
/// small: the band of the interruptions and the saving, `5-10 63`.
fn advisor(rows: &[Row], priced: &BTreeSet<&str>) -> String {
    let mut of_types: BTreeMap<&str, [String; REGIONS.len()]> = BTreeMap::new();
    for row in rows.iter().filter(|it| priced.contains(it["instance_type"].as_str())) {
        if let Some(idx) = REGIONS.iter().position(|it| *it == row["region"]) {
            let band = match row["interruption_rate"].as_str() {
                "<5%" => "0-5",
                ">20%" => "20-100",
                other => other.trim_end_matches('%'),
            };
            of_types.entry(&row["instance_type"]).or_default()[idx] =
                format!("{band} {}", row["savings_pct"]);
        }
    }
    let rows = of_types.iter().map(|(name, cells)| format!("{name},{ADVISOR_AS_OF},{}\n", cells.join(",")));
    format!("instance_type,as_of,{}\n{}", REGIONS.join(","), rows.collect::<String>())
}
