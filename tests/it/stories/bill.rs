//! The bill of small clusters, line by line; every amount is derived beside it.

use std::collections::BTreeMap;

use berthlab::base::Money;
use berthlab::model::price::{DatedPrice, PriceItem, Prices};
use berthlab::record::{CostOwner, Ledger, Meter};

use super::{play_setup, read};

/// What us-east-1 charges (semantics 8.6).
const PRICES: [(PriceItem, &str); 11] = [
    (PriceItem::EbsGp3GibMonth, "0.08"),
    (PriceItem::EbsGp2GibMonth, "0.10"),
    (PriceItem::AlbHour, "0.0225"),
    (PriceItem::AlbLcuHour, "0.008"),
    (PriceItem::NlbHour, "0.0225"),
    (PriceItem::NlbLcuHour, "0.006"),
    (PriceItem::NatHour, "0.045"),
    (PriceItem::NatGb, "0.045"),
    (PriceItem::InternetOutGb, "0.09"),
    (PriceItem::InterZoneGb, "0.01"),
    (PriceItem::PublicIpv4Hour, "0.005"),
];

/// Two m6i.large (0.096 USD an hour; 2048 CPU units, 7946 MiB) for two hours.
const TWO_INSTANCES: &str = r#"horizon = "2h"
[cluster]
availability_zones = ["us-east-1a", "us-east-1b"]
instances = 2
instance_type = "m6i.large"
"#;

/// A quarter of the CPU and less of the memory of one of them.
const SERVICE: &str = r#"[[service]]
name = "web"
task_definition = { cpu = 512, memory = 1024 }
desired_count = 2
"#;

fn usd(text: &str) -> Money {
    Money::parse_usd(text).expect("an amount")
}

/// The bill of an experiment at [`PRICES`]. Its shares and commitments are
/// checked against its lines.
fn bill(experiment: &str) -> Ledger {
    bill_with(experiment, &[])
}

fn bill_with(experiment: &str, files: &[(&str, &str)]) -> Ledger {
    let experiment =
        read(experiment, files).unwrap_or_else(|found| panic!("an experiment without fault: {found:#?}"));
    let run = experiment.runs().next().expect("a run");
    let planned = &experiment.settings[run.setting];
    let seed = experiment.seed_of(run);
    let workload = experiment.inputs.workload(&experiment.workloads[planned.workload], seed);
    let mut setup = planned.setup.clone();
    let prices =
        PRICES.map(|(item, price)| (item, DatedPrice { usd: usd(price), as_of: "2026-09-11".to_owned() }));
    setup.prices = Prices::new(BTreeMap::from(prices));
    let ledger = play_setup(&setup, &workload, seed).record.ledger;
    for (number, line) in ledger.lines.iter().enumerate() {
        let shares = ledger.shares.iter().filter(|it| it.line as usize == number);
        assert_eq!(shares.map(|it| it.amount).sum::<Money>(), line.cost(), "{line:?}");
    }
    assert_eq!(ledger.shares.iter().map(|it| it.amount).sum::<Money>(), ledger.total());
    ledger
}

/// `item: amount` of the lines of a meter.
fn lines(ledger: &Ledger, meter: Meter) -> Vec<String> {
    let lines = ledger.lines.iter().filter(|it| it.meter == meter);
    lines.map(|it| format!("{}: {}", it.item, it.cost())).collect()
}

fn owned(ledger: &Ledger, owner: CostOwner) -> Money {
    ledger.shares.iter().filter(|it| it.owner == owner).map(|it| it.amount).sum()
}

/// 30 GiB x 2 h of 720 x 0.08 USD = 0.006666666667 in each zone.
#[test]
fn every_instance_has_a_root_volume() {
    let ledger = bill(TWO_INSTANCES);
    assert_eq!(lines(&ledger, Meter::Ec2OnDemand), ["m6i.large: 0.192"; 2]);
    assert_eq!(lines(&ledger, Meter::EbsVolume), ["gp3: 0.006666666667"; 2]);
    assert_eq!(ledger.lines[2].price_as_of, "2026-09-11");
    assert_eq!(owned(&ledger, CostOwner::Idle), ledger.total(), "nobody used anything");
    let other = "[bill]\nroot_volume_gib = 100\nroot_volume_type = \"gp2\"\ninstance_public_ipv4 = true\nmonth = \"calendar\"\n";
    let ledger = bill(&format!("{TWO_INSTANCES}{other}"));
    // January has 744 hours: 100 x 2 / 744 x 0.10.
    assert_eq!(lines(&ledger, Meter::EbsVolume), ["gp2: 0.02688172043"; 2]);
    assert_eq!(lines(&ledger, Meter::PublicIpv4), ["instances: 0.01"; 2]);
    let ledger = bill(&format!("{TWO_INSTANCES}[bill]\nroot_volume_gib = 0\n"));
    assert_eq!(lines(&ledger, Meter::EbsVolume), [""; 0]);
}

/// An hour at 0.03 and an hour at 0.06: the bill is at the price of each moment.
#[test]
fn spot_is_billed_at_the_price_of_each_moment() {
    let experiment = r#"horizon = "2h"
[cluster]
availability_zones = ["us-east-1a"]
[[cluster.capacity_provider]]
name = "spot"
instance_type = "m6i.large"
on_demand_percentage_above_base_capacity = 0
min_size = 1
max_size = 1
[bill]
root_volume_gib = 0
[[disruption]]
kind = "spot_price"
trace = "prices.csv"
"#;
    let prices = "availability_zone,instance_type,at_s,usd_per_hour\nus-east-1a,m6i.large,0,0.03\nus-east-1a,m6i.large,3600,0.06\nus-east-1a,m6i.large,7200,0.06\n";
    let ledger = bill_with(experiment, &[("prices.csv", prices)]);
    assert_eq!(lines(&ledger, Meter::Ec2Spot), ["m6i.large: 0.09"]);
    assert_eq!(ledger.lines[0].price_pico_usd, 45_000_000_000, "the mean");
    assert_eq!(ledger.total(), usd("0.09"));
}

/// Each task has a quarter of its instance, the greater of 512/2048 and
/// 1024/7946, from its placement at 0 s to the end.
#[test]
fn what_is_not_reserved_is_idle() {
    let ledger = bill(&format!("{TWO_INSTANCES}{SERVICE}"));
    assert_eq!(ledger.total(), usd("0.397333333334"));
    assert_eq!(owned(&ledger, CostOwner::Service(0)), usd("0.099333333334"));
    assert_eq!(owned(&ledger, CostOwner::Idle), usd("0.298"));
}

/// After an hour of warm-up an hour is left: half of everything. The service
/// that is scaled in at 90 min has its quarter for half of that hour, and for the
/// second that its containers take to exit.
#[test]
fn what_is_before_the_measured_time_is_no_use() {
    let event = "[[event]]\nat = \"90m\"\nservice = \"web\"\ndesired_count = 0\n";
    let ledger = bill(&format!("warm_up = \"1h\"\n{TWO_INSTANCES}{SERVICE}{event}"));
    assert_eq!(lines(&ledger, Meter::Ec2OnDemand), ["m6i.large: 0.096"; 2]);
    assert_eq!(lines(&ledger, Meter::EbsVolume), ["gp3: 0.003333333333"; 2]);
    let expected = 2.0 * (0.096 + 0.003_333_333_333) * 0.25 * 1801.0 / 3600.0;
    let found = owned(&ledger, CostOwner::Service(0)).as_usd_f64();
    assert!((found - expected).abs() < 1e-9, "{found}, expected {expected}");
}

/// 100 requests a second, each by a connection of its own, take 100 / 25 = 4
/// units in each of two hours: 2 x 0.0225 and 8 x 0.008. Two zones have an
/// address each for 2 h. 720,000 answers of 10,000 bytes are 6.70552 GB.
#[test]
fn a_load_balancer_is_paid_by_the_hour_and_by_what_passes() {
    let network = r#"[[target_group]]
name = "web"
[[load_balancer]]
name = "front"
listeners = [{ port = 80, target_group = "web" }]
"#;
    let service = format!(
        "{SERVICE}load_balancers = [{{ target_group = \"web\", container_port = 80 }}]\n\
         requests_per_second = 100\nresponse_bytes = 10000\n"
    )
    .replace("memory = 1024 }", "memory = 1024, host_ports = [80] }");
    let with = |network: &str| bill(&format!("{TWO_INSTANCES}{service}{network}"));
    let ledger = with(network);
    assert_eq!(lines(&ledger, Meter::LoadBalancerHour), ["front: 0.045"]);
    assert_eq!(lines(&ledger, Meter::LoadBalancerCapacityUnit), ["front: 0.064"]);
    assert_eq!(lines(&ledger, Meter::PublicIpv4), ["front: 0.02"]);
    assert_eq!(lines(&ledger, Meter::InternetTransfer), ["front: 0.603497028351"]);
    let of_balancer: Vec<_> = (0..ledger.lines.len() as u32)
        .filter(|&it| ledger.lines[it as usize].item == "front")
        .flat_map(|line| ledger.shares.iter().filter(move |it| it.line == line).map(|it| it.owner))
        .collect();
    assert_eq!(of_balancer, [CostOwner::Service(0); 4]);
    // 3.35 GB an hour are fewer units than connections take; five requests a
    // connection leave 0.8 by new ones, 20 x 120 s / 3000 = 0.8 by open ones.
    let few =
        format!("{network}requests_per_connection = 5\nconnection_time = \"2m\"\nscheme = \"internal\"\n");
    let ledger = with(&few);
    assert_eq!(lines(&ledger, Meter::LoadBalancerCapacityUnit), ["front: 0.053644180296"]);
    assert_eq!(lines(&ledger, Meter::PublicIpv4), [""; 0]);
    assert_eq!(lines(&ledger, Meter::InternetTransfer), [""; 0]);
    // 100 new flows of 800, 6000 open ones of 100,000: 3.35 GB decide.
    let ledger = with(&format!("{network}type = \"network\"\n"));
    assert_eq!(lines(&ledger, Meter::LoadBalancerCapacityUnit), ["front: 0.040233135222"]);
    // Nobody behind it: it is everybody's.
    let ledger = bill(&format!("warm_up = \"90m\"\n{TWO_INSTANCES}{network}"));
    assert_eq!(lines(&ledger, Meter::LoadBalancerHour), ["front: 0.0225"]);
    assert_eq!(owned(&ledger, CostOwner::Shared), usd("0.0275"));
}

/// Played requests count like those of a constant rate: 50 a second are two
/// units of new connections, in each of the hours that are measured.
#[test]
fn played_requests_pass_the_balancer_of_their_service() {
    let experiment = format!(
        "{TWO_INSTANCES}{SERVICE}load_balancers = [{{ target_group = \"web\", container_port = 80 }}]\n\
         [service.traffic]\nrequests_per_second = 50\nmodel = \"interval\"\n\
         [[target_group]]\nname = \"web\"\n\
         [[load_balancer]]\nname = \"front\"\nlisteners = [{{ port = 80, target_group = \"web\" }}]\n"
    )
    .replace("memory = 1024 }", "memory = 1024, host_ports = [80] }");
    let ledger = bill(&experiment);
    assert_eq!(lines(&ledger, Meter::LoadBalancerCapacityUnit), ["front: 0.032"]);
    let ledger = bill(&format!("warm_up = \"1h\"\n{experiment}"));
    assert_eq!(lines(&ledger, Meter::LoadBalancerCapacityUnit), ["front: 0.016"]);
}

/// Two tasks from the begin of their pull at 16 s until 7200 s; three starts of
/// 512 MiB through a gateway in two hours, one of them for a task that ends.
#[test]
fn tasks_have_addresses_and_pull_through_gateways() {
    let experiment = r#"horizon = "2h"
[cluster]
availability_zones = ["us-east-1a"]
[bill]
nat_gateways = 1
nat_image_mib = 512
[[service]]
name = "app"
task_definition = "app.json"
desired_count = 2
launch_type = "FARGATE"
network_configuration = { assign_public_ip = "ENABLED" }
[[event]]
at = "1h"
service = "app"
desired_count = 3
"#;
    let json = super::plain("app", "awsvpc")
        .replace(r#""cpu": "256""#, r#""requiresCompatibilities": ["FARGATE"], "cpu": "256""#);
    let ledger = bill_with(experiment, &[("app.json", &json)]);
    let seconds = 2 * (7200 - 16) + (3600 - 16);
    let line = ledger.lines.iter().find(|it| it.meter == Meter::PublicIpv4).expect("an address");
    assert_eq!((line.quantity, line.n_uses, line.item.as_str()), (seconds, 3, "tasks"));
    assert_eq!(line.capacity_provider, "FARGATE");
    assert_eq!(lines(&ledger, Meter::NatGatewayHour), ["NAT gateway: 0.09"]);
    assert_eq!(lines(&ledger, Meter::NatGatewayTransfer), ["NAT gateway: 0.0675"]);
    assert_eq!(owned(&ledger, CostOwner::Service(0)), ledger.total());
}

/// 7,200 calls of 2 MiB between two zones: half of them cross, and both sides
/// pay: 14.0625 GB.
#[test]
fn calls_between_tasks_cross_zones() {
    let service = format!(
        "{SERVICE}request_bytes = 1048576\nresponse_bytes = 1048576\nservice_connect = true\n\
         [service.traffic]\nrequests_per_second = 1\nmodel = \"interval\"\n"
    );
    let ledger = bill(&format!("{TWO_INSTANCES}{service}"));
    assert_eq!(lines(&ledger, Meter::InterZoneTransfer), ["web: 0.140625"]);
}

/// Two hours of two instances at 0.096. Reserved ones: three at 0.06, of which
/// two are used. A plan of 0.10 an hour at a quarter off pays for 0.10 / 0.072
/// instance-hours of each hour. With both, the plan has nothing to cover.
#[test]
fn commitments_are_paid_used_or_not() {
    let reserved = r#"[[commitment]]
name = "three"
kind = "reserved_instances"
instance_type = "m6i.large"
count = 3
usd_per_hour = 0.06
"#;
    let plan = r#"[[commitment]]
name = "plan"
kind = "compute_savings_plan"
usd_per_hour = 0.10
discount_percent = 25
"#;
    let with =
        |commitments: &str| bill(&format!("{TWO_INSTANCES}[bill]\nroot_volume_gib = 0\n{commitments}"));
    let ledger = with(reserved);
    assert_eq!(lines(&ledger, Meter::Ec2OnDemand), [""; 0]);
    assert_eq!(lines(&ledger, Meter::Ec2Reserved), ["m6i.large (three): 0.12"; 2]);
    assert_eq!(lines(&ledger, Meter::UnusedCommitment), ["three: 0.12"]);
    let record = &ledger.commitments[0];
    assert_eq!((record.committed, record.used), (usd("0.36"), usd("0.24")));
    assert_eq!((record.covered_on_demand, record.eligible_on_demand), (usd("0.384"), usd("0.384")));

    let ledger = with(plan);
    // Instances are covered in the order of their zones: all of the first, and
    // what is left, 0.028 an hour, of the second.
    assert_eq!(lines(&ledger, Meter::Ec2SavingsPlan), ["m6i.large (plan): 0.144", "m6i.large (plan): 0.056"]);
    assert_eq!(lines(&ledger, Meter::Ec2OnDemand), ["m6i.large: 0.117333333333"]);
    assert_eq!(ledger.total(), usd("0.317333333333"));
    let record = &ledger.commitments[0];
    assert_eq!((record.committed, record.used), (usd("0.2"), usd("0.2")));
    assert!((record.coverage_percent().expect("usage") - 69.4444).abs() < 0.001);

    let ledger = with(&format!("{plan}{reserved}"));
    assert_eq!(lines(&ledger, Meter::UnusedCommitment), ["plan: 0.2", "three: 0.12"]);
    assert_eq!(ledger.total(), usd("0.56"));
    let utilization: Vec<_> = ledger.commitments.iter().map(|it| it.utilization_percent()).collect();
    assert_eq!(utilization[0], Some(0.0));
    // Of an hour that is measured in part, a part is promised.
    let half = bill(&format!("warm_up = \"90m\"\n{TWO_INSTANCES}{plan}"));
    assert_eq!(half.commitments[0].committed, usd("0.05"));
    // A plan of another family has nothing to cover.
    let other = plan.replace("compute", "ec2_instance").replace("0.10", "0.10\ninstance_family = \"c6i\"");
    assert_eq!(lines(&with(&other), Meter::UnusedCommitment), ["plan: 0.2"]);
}
