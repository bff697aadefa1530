//! Rollouts that something stands in the way of.

use berthlab::record::{DeploymentOutcome, PlacementReason};

use super::{Played, container, definition, play};

/// As many instances as tasks; every task holds port 80 of its instance.
fn on_a_static_port(bounds: &str) -> Played {
    let experiment = format!(
        r#"horizon = "20m"
[cluster]
availability_zones = ["us-east-1a"]
instances = 2
instance_type = "m5.large"
[[service]]
name = "app"
task_definition = "app.json"
desired_count = 2
deployment_configuration = "{bounds}"
release = [{{ at = "100s", image = "app:2" }}]
"#
    );
    let ports = r#""portMappings": [{ "containerPort": 80, "hostPort": 80 }]"#;
    play(&experiment, &[("app.json", &definition("app", "bridge", "", &container("app", ports)))])
}

#[test]
fn both_revisions_want_the_same_port_and_the_minimum_lets_none_go() {
    let played = on_a_static_port("100/200");
    let rollout = &played.record.rollouts[0];
    assert_eq!((rollout.outcome, rollout.n_stopped), (DeploymentOutcome::DeadlockedByCapacity, 0));
    assert_eq!(played.closest(), [PlacementReason::Ports]);
    assert!(played.times("app:2 placed on i0").is_empty());
}

/// One stops at 100 s, its port is free at 101 s; the next task runs at 114 s
/// and is healthy at 154 s. The other likewise: free at 155 s, healthy at 208 s.
#[test]
fn a_lower_minimum_frees_the_port_first() {
    let played = on_a_static_port("50/100");
    let rollout = &played.record.rollouts[0];
    assert_eq!((rollout.outcome, rollout.ended_ms), (DeploymentOutcome::Completed, 208_000));
    let mut placed = played.times("app:2 placed on i0");
    placed.extend(played.times("app:2 placed on i1"));
    placed.sort_unstable();
    assert_eq!(placed, [101, 155]);
    assert_eq!(rollout.healthy_min, 1);
}

/// A task behind a load balancer leaves in five steps: 20 s of draining; then
/// the signal to `app`, which depends on the other and goes first, and takes 7
/// of the 30 s that it has; then `proxy`, which is killed after 10 s; then 5 s
/// for its interface: 42 s.
#[test]
fn a_stop_takes_the_draining_the_containers_in_turn_and_the_interface() {
    let experiment = r#"horizon = "20m"
[cluster]
availability_zones = ["us-east-1a"]
instances = 2
instance_type = "m5.large"
[[target_group]]
name = "app"
target_type = "ip"
deregistration_delay = "20s"
[[service]]
name = "app"
task_definition = "app.json"
desired_count = 1
load_balancers = [{ target_group = "app", container_name = "proxy", container_port = 80 }]
release = [{ at = "100s", image = "app:2" }]
[[service.container]]
name = "app"
exit_time = "7s"
[[service.container]]
name = "proxy"
exit_time = "100s"
"#;
    let app = container("app", r#""dependsOn": [{ "containerName": "proxy", "condition": "START" }]"#);
    let proxy = container("proxy", r#""stopTimeout": 10, "portMappings": [{ "containerPort": 80 }]"#);
    let json = definition("app", "awsvpc", "", &format!("{app}, {proxy}"));
    let played = play(experiment, &[("app.json", &json)]);
    let rollout = &played.record.rollouts[0];
    let stop = [&rollout.drain, &rollout.stop, &rollout.deprovision].map(|it| (it.n_tasks, it.total_ms));
    assert_eq!(stop, [(1, 20_000), (1, 17_000), (1, 5_000)]);
    // Interface 10, agent 1, pull 10, create and start twice 2: RUNNING 25 s
    // after its placement; registered and healthy after 5 s more.
    assert_eq!(played.times("app:2 started"), [125]);
    assert_eq!(played.times("app told to stop"), [130]);
    assert_eq!(played.times("app stopped"), [172]);
    assert_eq!(rollout.ended_ms, 172_000);
}

/// A service that is down altogether, and a release that mends it: at 120 s, at
/// these bounds. Its tasks fail as `does` says.
fn mended(bounds: &str, does: &str, more: &str) -> Played {
    let experiment = format!(
        r#"horizon = "1h"
[cluster]
availability_zones = ["us-east-1a"]
instances = 2
instance_type = "m5.xlarge"
[[role]]
name = "worker"
[[target_group]]
name = "app"
health_check_interval_seconds = 10
health_check_timeout_seconds = 5
deregistration_delay = "0s"
[[service]]
name = "app"
task_definition = "bad.json"
desired_count = 4
deployment_configuration = "{bounds}"
release = [{{ at = "120s", task_definition = "good.json", container = [{{ name = "app", answers_after = "0s" }}] }}]
{more}
[[service.container]]
name = "app"
{does}
"#
    );
    let ports = r#""portMappings": [{ "containerPort": 8080 }]"#;
    let bad = definition("bad", "bridge", r#""taskRoleArn": "worker","#, &container("app", ports));
    let good = definition("good", "bridge", "", &container("app", ports));
    play(&experiment, &[("bad.json", &bad), ("good.json", &good)])
}

/// Whatever the bounds, what is worth nothing does not stand in the way of what
/// mends it: neither tasks that are found unhealthy, nor tasks that exit as
/// soon as they run.
#[test]
fn a_release_that_mends_a_service_gets_through() {
    let balancer = "load_balancers = [{ target_group = \"app\", container_port = 8080 }]";
    let exits = "calls = [{ action = \"s3:GetObject\", on_denied = \"exit\" }]";
    for bounds in ["100/200", "100/150", "50/100", "50/150", "0/100"] {
        for (does, more) in [("never_answers = true", balancer), (exits, "")] {
            let played = mended(bounds, does, more);
            let rollout = &played.record.rollouts[0];
            assert_eq!(rollout.outcome, DeploymentOutcome::Completed, "{bounds} {does}");
            assert!(rollout.ended_ms < 600_000, "{bounds} {does}: {} ms", rollout.ended_ms);
            assert_eq!(played.healthy[0].last().map(|it| it.1), Some(4), "{bounds} {does}");
        }
    }
}
