//! What is found unhealthy, what replaces it, and how long it may take to
//! start.

use super::{Played, container, definition, plain, play, read};

/// Four instances; `n` tasks are found, the first `n_unhealthy` of them
/// unhealthy. Their definition is sound: what replaces them becomes healthy.
fn found(n: u32, n_unhealthy: u32, bounds: &str, options: &str) -> Played {
    let mut experiment = format!(
        r#"{options}
horizon = "10m"
[cluster]
availability_zones = ["us-east-1a"]
instances = 1
instance_type = "m5.xlarge"
[[cluster.container_instance]]
ec2_instance_id = "i-0"
availability_zone = "us-east-1a"
"#
    );
    for idx in 0..n {
        experiment.push_str(&format!(
            "[[cluster.task]]\nservice = \"app\"\ntask_definition = \"app.json\"\nec2_instance_id = \"i-0\"\n\
             healthy = {}\n",
            idx >= n_unhealthy
        ));
    }
    experiment.push_str(&format!(
        "[[service]]\nname = \"app\"\ntask_definition = \"app.json\"\ndesired_count = {n}\n\
         deployment_configuration = \"{bounds}\"\n"
    ));
    play(&experiment, &[("app.json", &plain("app", "bridge"))])
}

/// The replacement starts at 0 s, runs at 13 s and is healthy at 53 s; then the
/// other is told to stop and has stopped at 54 s.
#[test]
fn an_unhealthy_task_goes_when_its_replacement_is_healthy() {
    let played = found(2, 1, "100/200", "");
    let story = ["0s app placed on i0", "13s app started", "53s app told to stop", "54s app stopped"];
    assert_eq!(played.lines, story);
}

/// The option of the other text: it goes at once, its replacement comes in the
/// same moment, for there is room for four.
#[test]
fn an_unhealthy_task_goes_first_if_the_option_says_so() {
    let played = found(2, 1, "100/200", "unhealthy_replacement = \"stop_first\"");
    let story = ["0s app told to stop", "0s app placed on i0", "1s app stopped", "13s app started"];
    assert_eq!(played.lines, story);
    assert_eq!(played.first_healthy(2), Some(53));
}

/// At maximum 100 there is no room for a replacement: one goes at 0 s and has
/// stopped at 1 s; its replacement is healthy at 54 s, when the second goes; at
/// 108 s all is well.
#[test]
fn at_maximum_100_one_unhealthy_task_at_a_time_goes_first() {
    let played = found(4, 2, "50/100", "");
    assert_eq!(played.times("app told to stop"), [0, 54]);
    assert_eq!(played.times("app placed on i0"), [1, 55]);
    assert_eq!(played.healthy[0], [(0, 2), (54_000, 3), (108_000, 4)]);
}

/// A service whose tasks answer 40 s after their start, checked by its target
/// group or by its container every 10 s.
fn slow(is_target: bool, grace: u64) -> Played {
    let balancer = match is_target {
        true => r#"load_balancers = [{ target_group = "app", container_port = 8080 }]"#,
        false => "",
    };
    let experiment = format!(
        r#"unhealthy_replacement = "stop_first"
horizon = "10m"
[cluster]
availability_zones = ["us-east-1a"]
instances = 1
instance_type = "m5.large"
[[target_group]]
name = "app"
health_check_interval_seconds = 10
health_check_timeout_seconds = 5
deregistration_delay = "0s"
[[service]]
name = "app"
task_definition = "app.json"
desired_count = 1
health_check_grace_period_seconds = {grace}
{balancer}
[[service.container]]
name = "app"
answers_after = "40s"
"#
    );
    let check = r#""healthCheck": { "command": ["CMD", "true"], "interval": 10, "retries": 3 },"#;
    let more = r#""portMappings": [{ "containerPort": 8080 }]"#;
    let more = format!("{}{more}", if is_target { "" } else { check });
    play(&experiment, &[("app.json", &definition("app", "bridge", "", &container("app", &more)))])
}

/// RUNNING at 13 s, registered at 18 s; the second check has failed at 33 s, and
/// the next task has the same 33 s: at 0, 33, ..., 33 x 18 = 594 s. The target
/// answers from 53 s on: the checks at 58, 68, 78, 88 and 98 s pass, five in a
/// row, so a grace period to 13 + 85 s is enough.
#[test]
fn a_slow_target_needs_a_grace_period() {
    let played = slow(true, 0);
    assert_eq!(played.times("app placed on i0"), (0..=18).map(|n| 33 * n).collect::<Vec<_>>());
    assert_eq!(played.first_healthy(1), None);
    assert_eq!(played.failures(), [("Task failed ELB health checks: Target.FailedHealthChecks", 18)]);

    let played = slow(true, 84);
    assert_eq!(played.first_healthy(1), None);
    assert_eq!(played.times("app placed on i0")[..2], [0, 97]);

    let played = slow(true, 85);
    assert_eq!((played.first_healthy(1), played.failures()), (Some(98), vec![]));
    assert_eq!(played.times("app placed on i0"), [0]);
}

/// Its own check fails at 23, 33 and 43 s: unhealthy. At 53 s it would pass.
#[test]
fn a_slow_container_needs_a_grace_period() {
    let played = slow(false, 0);
    assert_eq!(played.times("app placed on i0"), (0..=13).map(|n| 43 * n).collect::<Vec<_>>());
    assert_eq!(played.failures(), [("Task failed container health checks", 13)]);

    // One that passes within the grace period is healthy at once.
    for grace in [40, 60] {
        let played = slow(false, grace);
        assert_eq!((played.first_healthy(1), played.failures()), (Some(53), vec![]), "grace {grace}");
        assert_eq!(played.times("app placed on i0"), [0], "grace {grace}");
    }
}

/// One task on one instance that fails again and again, and is noticed a minute
/// later each time. Ten requests a second are served exactly while the task is
/// healthy on an instance that is there.
#[test]
fn nobody_is_served_by_an_instance_that_is_gone() {
    let experiment = r#"horizon = "4h"
[cluster]
availability_zones = ["us-east-1a"]
instances = 1
instance_type = "m5.large"
[[disruption]]
kind = "instance_failure"
mean_time_to_failure = "20m"
[[service]]
name = "app"
task_definition = { cpu = 256, memory = 512 }
desired_count = 1
requests_per_second = 10
"#;
    let setup = read(experiment, &[]).expect("an experiment without fault");
    let run = setup.runs().next().expect("a run");
    let planned = &setup.settings[run.setting];
    let workload = setup.inputs.workload(&setup.workloads[planned.workload], setup.seed_of(run));
    let record = berthlab::sim::run(&planned.setup, &workload, setup.seed_of(run));
    assert!(record.instances_failed > 3, "{}", record.instances_failed);
    let service = &record.services[0];
    let served = service.requests.as_ref().map(|it| it.served);
    assert_eq!(served, Some(service.available_ms * 10 * 1000));
}
