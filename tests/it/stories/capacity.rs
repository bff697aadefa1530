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

const PROTECTED: &str = "managed_termination_protection = \"ENABLED\"";

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
    let played = on_groups("1h", &group("general", "max_size = 9", PROTECTED), service, "");
    assert_eq!(played.fleet, ["60s i0 launched", "60s i1 launched", "1020s i1 gone"]);
    assert_eq!(played.times("web placed on i0"), [150]);
}

/// Without protection, which is the default of the API, the older one goes, task or
/// no task: it drains at 1020 s, the task's successor is healthy on the idle one 53 s
/// later, and a second after its stop the instance is empty. Without draining it goes
/// at once with its task, which is noticed a minute later.
#[test]
fn without_protection_the_oldest_goes() {
    let service = "task_definition = \"whole.json\"\ndesired_count = 1";
    let played = on_groups("30m", &group("general", "max_size = 9", ""), service, "");
    assert_eq!(played.fleet[2..], ["1073s stop on general", "1074s i0 gone"]);
    assert_eq!(played.times("web placed on i1"), [1020]);
    let abrupt = group("general", "max_size = 9", "managed_draining = \"DISABLED\"");
    let played = on_groups("30m", &abrupt, service, "");
    assert_eq!(played.fleet[2..4], ["1020s i0 gone", "1080s stop on general"]);
    assert_eq!(played.times("web placed on i1"), [1080]);
    assert_eq!(played.record.instances_failed, 0, "nothing failed: it was given back");
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

/// Twelve at a base of four and 1:3: of the eight others two and six. Back at six: of
/// the two others none and two, for (0 + 1) / 3 and (1 + 1) / 3 are below (0 + 1) / 1.
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

/// Nine tasks, of which four are left from 600 s on.
fn shrinking(more: &str, constraint: &str) -> Played {
    let service = format!("task_definition = \"quarter.json\"\ndesired_count = 9\n{constraint}");
    on_groups("2h", &group("general", "min_size = 1\nmax_size = 9", more), &service, SHRINKS)
}

/// Every instance keeps a task (spread over instances), so that nothing can go.
#[test]
fn protected_instances_with_tasks_stay() {
    let played = shrinking(PROTECTED, "placement_strategy = [{ type = \"spread\", field = \"instanceId\" }]");
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
    let played = on_groups("20m", &types(PROTECTED), fits, "");
    assert_eq!(played.fleet, ["60s i0 launched", "60s i1 launched", "1020s i1 gone"]);
    assert_eq!(played.record.ledger.lines[0].item, "m6i.2xlarge");
    let cheapest = types("on_demand_allocation_strategy = \"lowest-price\"");
    let played = on_groups("20m", &cheapest, fits, "");
    assert_eq!(played.record.ledger.lines[0].item, "m6i.large");
    let beyond = "task_definition = { cpu = 4096, memory = 1024 }\ndesired_count = 1";
    let played = on_groups("20m", &types(""), beyond, "");
    assert_eq!(played.fleet, Vec::<String>::new());
}

/// Each kind of Fargate launches a hundred at once and twenty a second after that;
/// what the limit holds back is asked for at the next second, not again and again.
#[test]
fn a_strategy_over_both_kinds_of_fargate_keeps_their_limits() {
    let experiment = r#"horizon = "10s"
[cluster]
availability_zones = ["us-east-1a"]
[[service]]
name = "web"
task_definition = "web.json"
desired_count = 300
capacity_provider_strategy = [
    { capacity_provider = "FARGATE", weight = 1 },
    { capacity_provider = "FARGATE_SPOT", weight = 1 },
]
"#;
    let played = play(experiment, &[("web.json", &plain("web", "awsvpc"))]);
    let placed = played.times("web placed in us-east-1a");
    let at = |second| placed.iter().filter(|it| **it == second).count();
    assert_eq!([at(0), at(1), at(2), at(3), at(4)], [200, 40, 40, 20, 0]);
}
