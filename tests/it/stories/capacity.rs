//! Capacity providers: how many instances there are, of which type, bought how,
//! and which of them go (semantics 7.1 to 7.6). An instance registers 90 s after
//! its launch; the metric has a point each minute.

use super::{Played, container, definition, plain, play};

/// A service whose task takes a whole m6i.large (2048 CPU units), and one of four
/// to an instance.
fn on_groups(horizon: &str, groups: &str, service: &str, more: &str) -> Played {
    let experiment = format!(
        r#"horizon = "{horizon}"
[cluster]
availability_zones = ["us-east-1a", "us-east-1b"]
{groups}
[[service]]
name = "web"
availability_zone_rebalancing = "DISABLED"
{service}
{more}
"#
    );
    let whole = definition("web", "bridge", "", &container("app", r#""cpu": 2048"#))
        .replace(r#""cpu": "256""#, r#""cpu": "2048""#);
    play(
        &experiment,
        &[("whole.json", &whole), ("quarter.json", &plain("web", "bridge").replace(r#""256""#, r#""512""#))],
    )
}

fn group(name: &str, sizes: &str, more: &str) -> String {
    format!(
        "[[cluster.capacity_provider]]\nname = \"{name}\"\ninstance_type = \"m6i.large\"\n{sizes}\n{more}\n"
    )
}

/// From zero there are two, and one of them has nothing to do: launched at the
/// first point, at 60 s, registered at 150 s. At 120 s the task still waits; from
/// 180 s on one of two is needed, and the fifteenth low point is at 1020 s.
#[test]
fn from_zero_two_instances_start_and_one_idles() {
    let service = "task_definition = \"whole.json\"\ndesired_count = 1";
    let played = on_groups("1h", &group("general", "max_size = 9", ""), service, "");
    assert_eq!(played.fleet, ["60s i0 launched", "60s i1 launched", "1020s i1 gone"]);
    assert_eq!(played.times("web placed on i0"), [150]);
}

/// However many wait: for five minutes (instanceWarmupPeriod) there are two. At
/// 360 s these are 300 s old, and six more are launched for the six that wait.
#[test]
fn from_zero_nothing_more_starts_within_the_warm_up() {
    let service = "task_definition = \"whole.json\"\ndesired_count = 8";
    let played = on_groups("30m", &group("general", "max_size = 9", ""), service, "");
    let launched: Vec<&str> = played.fleet.iter().map(|it| it.split_once(' ').unwrap().0).collect();
    assert_eq!(launched, ["60s", "60s", "360s", "360s", "360s", "360s", "360s", "360s"]);
}

/// 4 + 1:3 of ten: the base and two of the other six are `base`'s... and back at
/// six: the base of four, and of the other two one each is the nearest (semantics
/// 7.1: 4 then (n + 1) / weight: spot, spot).
#[test]
fn a_strategy_shares_tasks_out_and_takes_them_back() {
    let groups = group("od", "min_size = 4\nmax_size = 4\nmanaged_scaling = \"DISABLED\"", "")
        + &group("spot", "min_size = 4\nmax_size = 4\nmanaged_scaling = \"DISABLED\"", "");
    let service = r#"task_definition = "quarter.json"
desired_count = 12
capacity_provider_strategy = [
    { capacity_provider = "od", base = 4, weight = 1 },
    { capacity_provider = "spot", weight = 3 },
]"#;
    let event = r#"[[event]]
at = "10m"
service = "web"
desired_count = 6"#;
    let played = on_groups("20m", &groups, service, event);
    let on = |from: u32, to: u32| -> usize {
        (from..to).map(|it| played.times(&format!("web placed on i{it}")).len()).sum()
    };
    // 4 + 2 and 6.
    assert_eq!((on(0, 4), on(4, 8)), (6, 6));
    // 4 and 2 are left: two and four stop.
    assert_eq!(played.fleet_times("stop on od"), [600, 600]);
    assert_eq!(played.fleet_times("stop on spot"), [600, 600, 600, 600]);
}

const SHRINKS: &str = r#"[[event]]
at = "10m"
service = "web"
desired_count = 4"#;

/// Three instances hold eight tasks spread over them; from 600 s on four tasks
/// are left, one instance at most is free. The group gives back what is needed
/// least: with protection only what is free, without it the oldest of the fuller
/// zone, whose tasks move first.
fn shrinking(more: &str, constraint: &str) -> Played {
    let service = format!("task_definition = \"quarter.json\"\ndesired_count = 9\n{constraint}");
    on_groups("2h", &group("general", "min_size = 1\nmax_size = 9", more), &service, SHRINKS)
}

/// Every instance keeps a task (spread over instances), so that nothing can go.
#[test]
fn protected_instances_with_tasks_stay() {
    let protection = "managed_termination_protection = \"ENABLED\"";
    let played =
        shrinking(protection, "placement_strategy = [{ type = \"spread\", field = \"instanceId\" }]");
    assert!(played.fleet_times("i0 gone").is_empty());
    assert!(played.record.instances_failed == 0);
}

/// Two types, the larger first: it is launched, and a task that does not fit the
/// smaller one is not considered, so that nothing is launched for it.
#[test]
fn a_task_beyond_the_smallest_type_waits_without_effect() {
    let types = |more: &str| {
        format!(
            "[[cluster.capacity_provider]]\nname = \"general\"\ninstance_type = [\"m6i.2xlarge\", \"m6i.large\"]\nmax_size = 9\n{more}\n"
        )
    };
    let fits = "task_definition = \"whole.json\"\ndesired_count = 1";
    let played = on_groups("20m", &types(""), fits, "");
    assert_eq!(played.fleet, ["60s i0 launched", "60s i1 launched"]);
    assert_eq!(played.record.ledger.lines[0].item, "m6i.2xlarge");
    let cheapest = types("on_demand_allocation_strategy = \"lowest-price\"");
    let played = on_groups("20m", &cheapest, fits, "");
    assert_eq!(played.record.ledger.lines[0].item, "m6i.large");
    let beyond = "task_definition = { cpu = 4096, memory = 1024 }\ndesired_count = 1";
    let played = on_groups("20m", &types(""), beyond, "");
    assert_eq!(played.fleet, Vec::<String>::new());
}
