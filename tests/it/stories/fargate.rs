//! Tasks on machines of their own: where they are, and what they cost.

use super::{Played, plain, play, read};

/// A service on Fargate that is given up at `at`.
fn until(at: &str, service: &str) -> Played {
    let experiment = format!(
        r#"horizon = "10m"
[cluster]
availability_zones = ["us-east-1a", "us-east-1b", "us-east-1c"]
[[service]]
name = "app"
task_definition = "app.json"
launch_type = "FARGATE"
{service}
[[event]]
at = "{at}"
service = "app"
desired_count = 0
"#
    );
    let json = plain("app", "awsvpc")
        .replace(r#""cpu": "256""#, r#""requiresCompatibilities": ["FARGATE"], "cpu": "256""#);
    play(&experiment, &[("app.json", &json)])
}

fn zones(played: &Played) -> [usize; 3] {
    ["a", "b", "c"].map(|it| played.times(&format!("app placed in us-east-1{it}")).len())
}

#[test]
fn tasks_are_spread_evenly_over_the_zones_of_their_subnets() {
    assert_eq!(zones(&until("5m", "desired_count = 6")), [2, 2, 2]);
    let two = r#"network_configuration = { availability_zones = ["us-east-1a", "us-east-1c"] }"#;
    assert_eq!(zones(&until("5m", &format!("desired_count = 6\n{two}"))), [3, 0, 3]);
}

/// What still runs at the horizon is paid for until then: 600 - 16 = 584 s.
#[test]
fn what_still_runs_is_paid_for_until_the_horizon() {
    let played = until("599s", "desired_count = 1");
    let line = &played.record.ledger.lines[0];
    assert_eq!((line.quantity, line.n_uses), (256 * 584, 1));
}

/// A quarter of a vCPU and half a GB. The pull begins 15 + 1 = 16 s after the
/// placement. Told to stop at 100 s, the task has stopped 1 + 5 = 6 s later: 90
/// s. A vCPU-hour costs 40,480,000,000 pico-dollars and a GB-hour 4,445,000,000:
/// 90 / 3600 x (40,480,000,000 / 4 + 4,445,000,000 / 2) = 308,562,500.
///
/// Told to stop at 30 s it has stopped at 36 s: 20 s, billed as 60 s: two
/// thirds of the above, CPU and memory rounded up by a third of a pico-dollar
/// each. Told to stop before the pull it never came to it, even if it
/// has stopped only after the moment at which the pull would have begun.
#[test]
fn a_task_is_paid_for_from_its_pull_until_it_has_stopped_a_minute_at_least() {
    for (at, pico_usd) in
        [("100s", 308_562_500), ("30s", 205_708_334), ("16s", 205_708_334), ("15s", 0), ("10s", 0), ("9s", 0)]
    {
        let played = until(at, "desired_count = 1");
        assert_eq!(played.record.ledger.total().pico_usd(), pico_usd, "told to stop at {at}");
    }
}

/// One vCPU and 2 GB for an hour, less the 16 s before the pull: 3584 / 3600 x
/// (0.046552 + 2 x 0.00511175), and for the license 0.046. A minimum of an hour
/// is an hour.
#[test]
fn windows_is_paid_for_at_its_rates_and_with_a_fee() {
    let platform = r#""runtimePlatform": { "operatingSystemFamily": "WINDOWS_SERVER_2022_CORE" }"#;
    let json = plain("app", "awsvpc")
        .replace(
            r#""cpu": "256""#,
            &format!(r#""requiresCompatibilities": ["FARGATE"], {platform}, "cpu": "1024""#),
        )
        .replace(r#""memory": "512""#, r#""memory": "2048""#);
    let experiment = |more: &str, service: &str| {
        format!(
            "horizon = \"1h\"\n[cluster]\navailability_zones = [\"us-east-1a\"]\n{more}[[service]]\nname = \"app\"\n\
             task_definition = \"app.json\"\ndesired_count = 1\n{service}\n"
        )
    };
    let files = [("app.json", json.as_str())];
    let bill = |more| {
        let ledger = play(&experiment(more, "launch_type = \"FARGATE\""), &files).record.ledger;
        ledger.lines.iter().map(|it| format!("{} {}", it.item, it.cost())).collect::<Vec<_>>()
    };
    let of = |amount: &str| format!("Windows/X86_64 {amount}");
    assert_eq!(bill(""), [of("0.046345102222"), of("0.010178062222"), of("0.045795555556")]);
    let longer = "[bill]\nwindows_minimum_seconds = 3600\n";
    assert_eq!(bill(longer), [of("0.046552"), of("0.0102235"), of("0.046")]);
    let spot = experiment("", "capacity_provider_strategy = [\"FARGATE_SPOT\"]");
    let found = read(&spot, &files).err().expect("there is no Spot of Windows");
    assert_eq!(found.iter().map(|it| it.code).collect::<Vec<_>>(), ["B0123"]);
}

/// Where Fargate has no price, what would run on it is refused, not begun:
/// stand-alone tasks, and tasks that are found there.
#[test]
fn nothing_is_played_on_fargate_without_a_price() {
    let trace = "arrival_s,count,cpu_units,memory_mib,lifetime_s\n0,1,256,512,60\n";
    let standalone = r#"horizon = "10m"
region = "mars-1"
[cluster]
[workload]
trace = "trace.csv"
launch_type = "FARGATE"
"#;
    let arm = r#""runtimePlatform": { "cpuArchitecture": "ARM64" }, "cpu": "256""#;
    let arm = plain("arm", "awsvpc").replace(r#""cpu": "256""#, arm);
    let found = r#"horizon = "10m"
region = "us-west-2"
[cluster]
[[cluster.task]]
group = "jobs"
task_definition = "arm.json"
availability_zone = "us-west-2a"
[[service]]
name = "app"
task_definition = { cpu = 256, memory = 512 }
desired_count = 1
launch_type = "FARGATE"
"#;
    for experiment in [standalone, found] {
        let read = read(experiment, &[("trace.csv", trace), ("arm.json", &arm)]);
        let found = read.err().expect("a fault");
        assert_eq!(found.iter().map(|it| it.code).collect::<Vec<_>>(), ["B0119"], "{experiment}");
    }
}
