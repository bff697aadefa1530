//! What breaks, and what follows (semantics 6, 7.7, 7.8). A loss is noticed after
//! 60 s, an instance registers 90 s after its launch, a service that found no room
//! asks again after 15 s.

use super::{Played, plain, play, read, serving};

/// What a Spot instance costs here.
const PRICES: (&str, &str) = ("own.csv", "region,item,usd,as_of\nus-east-1,spot:m6i.large,0.04,2026-01-01\n");

/// A fixed pool and a service of two, each of which fills half of an instance.
fn on_pool(pool: &str, service: &str, more: &str) -> Played {
    let experiment = format!(
        r#"horizon = "20m"
prices = "own.csv"
[cluster]
availability_zones = ["us-east-1a", "us-east-1b"]
[[cluster.capacity_provider]]
name = "pool"
instance_type = "m6i.large"
managed_scaling = "DISABLED"
max_size = 9
{pool}
[[service]]
name = "app"
task_definition = "app.json"
availability_zone_rebalancing = "DISABLED"
{service}
{more}
"#
    );
    play(&experiment, &[("app.json", &half()), PRICES])
}

/// A task that fills half of an m6i.large.
fn half() -> String {
    plain("app", "bridge").replace(r#""cpu": "256""#, r#""cpu": "1024""#)
}

const SPOT: &str = "on_demand_percentage_above_base_capacity = 0";

/// `capacity_provider_strategy` of a service on Fargate.
fn on_fargate(strategy: &str, service: &str, more: &str) -> Played {
    let experiment = format!(
        r#"horizon = "20m"
[cluster]
availability_zones = ["us-east-1a", "us-east-1b"]
[[service]]
name = "app"
task_definition = "app.json"
availability_zone_rebalancing = "DISABLED"
capacity_provider_strategy = [{strategy}]
{service}
{more}
"#
    );
    let json = serving("app", "awsvpc")
        .replace(r#""cpu": "256""#, r#""requiresCompatibilities": ["FARGATE"], "cpu": "256""#);
    play(&experiment, &[("app.json", &json)])
}

fn of_cause<'a>(played: &'a Played, cause: &str) -> &'a berthlab::record::DisruptionRecord {
    let found = played.record.disruptions.iter().find(|it| it.cause == cause);
    found.unwrap_or_else(|| panic!("{cause}: {:#?}", played.record.disruptions))
}

/// Notice at 300 s, gone at 420 s, noticed at 480 s: until then the tasks count.
/// The pool asks for others at 480 s (once for each of the two that it lost) and
/// at 540 s in vain, and gets them at 600 s, when the drought is over: they
/// register at 690 s, a moment at which the service asks (480 + 14 x 15 s).
#[test]
fn without_draining_tasks_run_until_their_spot_instance_is_gone() {
    let drought = "[[disruption]]\nkind = \"spot_drought\"\nfrom = \"5m\"\nto = \"10m\"";
    let pool = format!("min_size = 2\navailability_zones = [\"us-east-1a\"]\n{SPOT}");
    let service = "desired_count = 2\nplacement_constraints = [\"distinctInstance\"]";
    let played = on_pool(&pool, service, drought);
    assert_eq!(played.times("i0 given notice"), [300]);
    assert_eq!(played.times("i1 gone"), [420]);
    assert_eq!(played.times("app told to stop"), [0_u64; 0]);
    assert_eq!(played.times("app lost"), [480, 480]);
    assert_eq!(played.fleet_times("i2 launched"), [600]);
    assert_eq!([2, 3].map(|it| played.times(&format!("app placed on i{it}"))), [[690], [690]]);
    let cause = of_cause(&played, "spot_drought");
    assert_eq!((cause.n_instances, cause.n_tasks, cause.n_launches), (2, 2, 3));
    assert_eq!((&cause.windows[..], played.record.instances_failed), (&[(300_000, 600_000)][..], 0));
    // Nobody is served by an instance that is gone: two of two until 420 s, none
    // until 690 + 13 + 40 s, two of two from then on; the first 53 s are the start.
    assert_eq!(played.record.services[0].available_ms, 2 * 1000 * ((420 - 53) + (1200 - 743)));
}

/// The trace falls to one at 300 s: the newest instance is told. It drains: its
/// task's replacement starts beside the other at once, is healthy at 353 s, and
/// the old one has stopped at 354 s. At 420 s the instance is gone, with nothing on
/// it. While one can be had the pool gets no other.
#[test]
fn with_draining_tasks_leave_their_spot_instance_within_the_notice() {
    let trace = "at_s,availability_zone,instance_type,available\n0,us-east-1a,m6i.large,2\n300,us-east-1a,m6i.large,1\n";
    let experiment = |draining: bool| {
        format!(
            r#"horizon = "20m"
prices = "own.csv"
[cluster]
availability_zones = ["us-east-1a"]
[[cluster.capacity_provider]]
name = "pool"
instance_type = "m6i.large"
managed_scaling = "DISABLED"
min_size = 2
max_size = 2
{SPOT}
spot_instance_draining = {draining}
[[service]]
name = "app"
task_definition = "app.json"
desired_count = 2
placement_strategy = "spread:instanceId"
[[disruption]]
kind = "spot_availability"
trace = "trace.csv"
"#
        )
    };
    let files = [("app.json", &half()[..]), ("trace.csv", trace), PRICES];
    let played = play(&experiment(true), &files);
    assert_eq!(played.times("app placed on i0"), [0, 300]);
    assert_eq!(played.times("app told to stop"), [353]);
    assert_eq!(played.times("i1 gone"), [420]);
    assert_eq!(played.times("app lost"), [0_u64; 0]);
    assert_eq!(played.record.services[0].below_minimum_ms, 53_000, "but for the start");
    let cause = of_cause(&played, "spot_availability");
    assert_eq!((cause.n_instances, cause.n_tasks), (1, 0));
    // At 480, 540, ..., 1140 s.
    assert_eq!(cause.n_launches, 12);

    let played = play(&experiment(false), &files);
    assert_eq!(played.times("app lost"), [480]);
    assert_eq!(of_cause(&played, "spot_availability").n_tasks, 1);
}

/// The warning is the stop signal: the container exits a second later, its
/// interface goes in 5 s; the deregistration delay is not waited for. The
/// replacement waits for Spot and is not moved: placed at 600 s. What is on
/// FARGATE by its base stays.
#[test]
fn a_drought_on_fargate_spot_leaves_the_base_on_demand() {
    let drought = "[[disruption]]\nkind = \"spot_drought\"\nfrom = \"5m\"\nto = \"10m\"\n\
                   [[target_group]]\nname = \"app\"\ntarget_type = \"ip\"";
    let balanced = "load_balancers = [{ target_group = \"app\", container_port = 8080 }]";
    let service = format!("desired_count = 4\n{balanced}");
    let spot = r#"{ capacity_provider = "FARGATE_SPOT", weight = 1 }"#;
    let played = on_fargate(spot, &service, drought);
    assert_eq!(played.times("app interrupted"), [300; 4]);
    assert_eq!(played.times("app stopped"), [306; 4]);
    let placed = |played: &Played| {
        let zones = ["a", "b"].map(|it| played.times(&format!("app placed in us-east-1{it}")));
        let mut times = zones.concat();
        times.sort_unstable();
        times
    };
    assert_eq!(placed(&played), [0, 0, 0, 0, 600, 600, 600, 600]);
    let at = |played: &Played, second: u64| {
        played.healthy[0].iter().rev().find(|it| it.0 <= second * 1000).map_or(0, |it| it.1)
    };
    assert_eq!([299, 300, 599].map(|it| at(&played, it)), [4, 0, 0]);

    let both = format!(r#"{{ capacity_provider = "FARGATE", base = 2 }}, {spot}"#);
    let played = on_fargate(&both, &service, drought);
    assert_eq!(played.times("app interrupted"), [300; 2]);
    assert_eq!([299, 300, 599].map(|it| at(&played, it)), [4, 2, 2]);
    assert_eq!(of_cause(&played, "spot_drought").n_tasks, 2);
}

/// A drought that does not reclaim: what runs stays, what comes waits.
#[test]
fn a_drought_that_does_not_reclaim_only_keeps_others_away() {
    let more = "[[disruption]]\nkind = \"spot_drought\"\nfrom = \"5m\"\nto = \"10m\"\nreclaims = false\n\
                [[event]]\nat = \"6m\"\nservice = \"app\"\ndesired_count = 3";
    let played = on_fargate(r#"{ capacity_provider = "FARGATE_SPOT" }"#, "desired_count = 2", more);
    assert_eq!(played.times("app interrupted"), [0_u64; 0]);
    assert_eq!(played.times("app placed in us-east-1b"), [0]);
    assert_eq!(played.times("app placed in us-east-1a"), [0, 600]);
}

/// i0 is in zone a, i1 in zone b. At 300 s zone a is gone; noticed at 360 s, the
/// pool launches in b, the zone that takes it, and the service finds room at 450 s
/// (360 + 6 x 15 s).
#[test]
fn a_pool_launches_in_the_zone_that_is_left() {
    let outage = "[[disruption]]\nkind = \"zone_outage\"\navailability_zone = \"us-east-1a\"\n\
                  from = \"5m\"\nto = \"15m\"";
    let service = "desired_count = 2\nplacement_constraints = [\"distinctInstance\"]";
    let played = on_pool("min_size = 2", service, outage);
    assert_eq!(played.fleet_times("i0 gone"), [300]);
    assert_eq!(played.fleet_times("i1 gone"), [0_u64; 0]);
    assert_eq!(played.times("app lost"), [360]);
    assert_eq!(played.fleet_times("i2 launched"), [360]);
    assert_eq!(played.times("app placed on i2"), [450]);
    let cause = of_cause(&played, "zone_outage");
    // Zone a has the fewest: it is tried first, and refuses.
    assert_eq!((cause.n_instances, cause.n_tasks, cause.n_launches), (1, 1, 1));
    assert_eq!(played.record.instances_failed, 1);
}

/// On Fargate the loss is known at once: the replacement is in the other zone, and
/// everything stays there when the zone is back.
#[test]
fn tasks_on_fargate_leave_a_zone_that_is_gone() {
    let outage = "[[disruption]]\nkind = \"zone_outage\"\navailability_zone = \"us-east-1a\"\n\
                  from = \"5m\"\nto = \"15m\"";
    let played = on_fargate(r#"{ capacity_provider = "FARGATE" }"#, "desired_count = 4", outage);
    assert_eq!(played.times("app lost"), [300, 300]);
    assert_eq!(played.times("app placed in us-east-1a"), [0, 0]);
    assert_eq!(played.times("app placed in us-east-1b"), [0, 0, 300, 300]);
    // Of both zones nothing is left: they wait.
    let both = outage.replace("\"us-east-1a\"", "[\"us-east-1a\", \"us-east-1b\"]");
    let played = on_fargate(r#"{ capacity_provider = "FARGATE" }"#, "desired_count = 2", &both);
    assert_eq!(played.times("app lost"), [300, 300]);
    assert_eq!(played.times("app placed in us-east-1b"), [0, 900]);
}

/// A minute of no launches at all on Fargate, from the first moment.
#[test]
fn on_fargate_a_refused_launch_waits() {
    let failure =
        "[[disruption]]\nkind = \"launch_failure\"\ncapacity_provider = \"FARGATE\"\nfrom = 0\nto = 60";
    let played = on_fargate(r#"{ capacity_provider = "FARGATE" }"#, "desired_count = 1", failure);
    assert_eq!(played.times("app placed in us-east-1a"), [60]);
    let failure = failure.replace("FARGATE", "FARGATE_SPOT");
    let played = on_fargate(r#"{ capacity_provider = "FARGATE" }"#, "desired_count = 1", &failure);
    assert_eq!(played.times("app placed in us-east-1a"), [0]);
}

/// A managed group: from zero two at 60 s. Zone a refuses: both are in zone b. They
/// take 5 minutes instead of 90 s.
#[test]
fn launches_that_are_refused_go_to_the_next_zone_and_boots_may_be_slow() {
    let experiment = r#"horizon = "20m"
[cluster]
availability_zones = ["us-east-1a", "us-east-1b"]
[[cluster.capacity_provider]]
name = "group"
instance_type = "m6i.large"
max_size = 4
[[service]]
name = "app"
task_definition = "app.json"
desired_count = 1
[[disruption]]
kind = "launch_failure"
availability_zone = "us-east-1a"
instance_type = "m6i.large"
[[disruption]]
kind = "slow_start"
boot_time = "5m"
"#;
    let played = play(experiment, &[("app.json", &plain("app", "bridge"))]);
    assert_eq!(played.fleet_times("i0 launched"), [60]);
    assert_eq!(played.times("app placed on i0"), [360]);
    assert_eq!(of_cause(&played, "launch_failure").n_launches, 2, "zone a is tried first each time");
    assert_eq!(of_cause(&played, "slow_start").n_instances, 0);
}

/// The agent is lost now and then: what runs goes on, and is never replaced.
#[test]
fn a_lost_agent_costs_no_task() {
    let agents = "[[disruption]]\nkind = \"agent_disconnect\"\nmean_time_between_disconnects = \"2m\"\n\
                  duration = \"1m\"";
    let experiment = format!(
        r#"horizon = "2h"
[cluster]
instances = 1
instance_type = "m5.large"
[[service]]
name = "app"
task_definition = {{ cpu = 256, memory = 512 }}
desired_count = 1
{agents}
"#
    );
    let planned = read(&experiment, &[]).expect("an experiment without fault");
    let run = planned.runs().next().expect("a run");
    let (setup, seed) = (&planned.settings[run.setting].setup, planned.seed_of(run));
    let workload = planned.inputs.workload(&planned.workloads[0], seed);
    let record = berthlab::sim::run(setup, &workload, seed);
    // Every three minutes on average: forty times, with a standard deviation of 6.
    let n = record.disruptions[0].n_instances;
    assert!((20..60).contains(&n), "{n}");
    assert_eq!(record.services[0].available_ms, 7_200_000 - 53_000);
}

/// One instance fails after 10 minutes each: at 600 s, and the next, launched at
/// 660 s, at 1260 s and so on.
#[test]
fn observed_lifetimes_are_lived() {
    let experiment = r#"horizon = "1h"
[cluster]
instances = 1
instance_type = "m5.large"
[[disruption]]
kind = "instance_failure"
trace = "lifetimes.csv"
[[service]]
name = "app"
task_definition = "app.json"
desired_count = 1
"#;
    let files = [("app.json", &plain("app", "bridge")[..]), ("lifetimes.csv", "lifetime_s\n600\n")];
    let played = play(experiment, &files);
    assert_eq!([0, 1, 2].map(|it| played.fleet_times(&format!("i{it} gone"))), [[600], [1260], [1920]]);
    assert_eq!(of_cause(&played, "instance_failure").n_instances, 5);
}

/// The price is above the maximum in the second hour of the file; the run begins
/// half an hour into it.
#[test]
fn a_price_above_the_maximum_interrupts() {
    let prices = "availability_zone,instance_type,hour_utc,usd_last,usd_max\n\
                  us-east-1b,m3.medium,2015-03-12T00,0.01,0.01\nus-east-1b,m3.medium,2015-03-12T01,0.01,0.5\n\
                  us-east-1b,m3.medium,2015-03-12T02,0.01,0.01\n";
    let experiment = |max_price: &str| {
        format!(
            r#"horizon = "3h"
prices = "own.csv"
[cluster]
availability_zones = ["us-east-1a"]
[[cluster.capacity_provider]]
name = "pool"
instance_type = "m6i.large"
managed_scaling = "DISABLED"
min_size = 1
max_size = 1
{SPOT}
{max_price}
[[service]]
name = "app"
task_definition = "app.json"
desired_count = 1
[[disruption]]
kind = "spot_price"
trace = "prices.csv"
trace_from = "30m"
trace_zone = "us-east-1b"
"#
        )
    };
    let files = [("app.json", &half()[..]), ("prices.csv", prices), PRICES];
    let played = play(&experiment(""), &files);
    assert_eq!(played.times("i0 given notice"), [1800]);
    assert_eq!(played.fleet_times("i1 launched"), [5400], "when the price is back, at a moment of a retry");
    let played = play(&experiment("spot_max_price = 0.5"), &files);
    assert_eq!(played.times("i0 given notice"), [0_u64; 0], "equal is not above");
}
