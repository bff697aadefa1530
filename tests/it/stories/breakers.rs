//! Deployments that fail: circuit breakers, alarms, bake times, early success
//! (semantics 1.3, 1.9, 1.10).

use berthlab::record::DeploymentOutcome;

use super::{Played, container, definition, plain, play};

/// A service in bridge mode on one instance with room for 64 tasks, and its
/// releases: `app.json` is sound, tasks of `bad.json` fail their start when
/// `migrate` exits at 13 s after their placement, tasks of `sick.json` are
/// found unhealthy by the check of their container.
fn deployed(desired: u32, configuration: &str, release: &str, more: &str) -> Played {
    let experiment = format!(
        r#"horizon = "1h"
[cluster]
availability_zones = ["us-east-1a"]
instances = 1
instance_type = "m5.4xlarge"
[[service]]
name = "app"
task_definition = "app.json"
desired_count = {desired}
deployment_configuration = {{ {configuration} }}
release = [{release}]
{more}
"#
    );
    let waits = container("app", r#""dependsOn": [{ "containerName": "migrate", "condition": "SUCCESS" }]"#);
    let migrate = container("migrate", r#""essential": false"#);
    let bad = definition("bad", "bridge", "", &format!("{waits}, {migrate}"));
    let check = r#""healthCheck": { "command": ["CMD", "true"], "interval": 10, "retries": 3 }"#;
    let sick = definition("sick", "bridge", "", &container("app", check));
    let files = [("app.json", plain("app", "bridge")), ("bad.json", bad), ("sick.json", sick)];
    play(&experiment, &files.each_ref().map(|it| (it.0, it.1.as_str())))
}

const BREAKER: &str = "deployment_circuit_breaker = { enable = true, rollback = true }";
const BAD: &str = r#"{ at = "100s", task_definition = "bad.json", container = [{ name = "migrate", exit = { after = "0s", code = 1 } }] }"#;
const SICK: &str = r#"{ at = "100s", task_definition = "sick.json", fails_health_checks = true }"#;

fn outcome(played: &Played) -> (DeploymentOutcome, u32, u64) {
    let it = &played.record.rollouts[0];
    (it.outcome, it.n_failed, it.ended_ms / 1000)
}

/// One task is desired: the threshold is 3, whatever the half of one is. The
/// starts fail at 113, 126 and 139 s, the next one follows at once. The third
/// gives the deployment up; the old task was never touched, and the service is
/// steady when the last bad one has stopped in the same second.
#[test]
fn a_breaker_counts_starts_that_fail_and_gives_up_at_three() {
    let played = deployed(1, BREAKER, BAD, "");
    assert_eq!(played.times("bad failed to start"), [113, 126, 139]);
    assert_eq!(played.times("app given up"), [139]);
    assert_eq!(outcome(&played), (DeploymentOutcome::RolledBack, 3, 139));
    let failure = played.record.rollouts[0].failure.as_ref().expect("it failed");
    assert_eq!(failure.at_ms, 139_000);
    assert!(failure.reason.contains("tasks failed to start"), "{}", failure.reason);
    assert_eq!(played.healthy[0].last(), Some(&(53_000, 1)), "the old one serves on");
    assert!(played.times("app told to stop").is_empty());
}

/// Half of twelve is six. All twelve start at 100 s and fail at 113 s: the
/// deployment is given up with all of their failures counted, before any other
/// is started.
#[test]
fn a_breaker_takes_half_of_the_desired_count_where_that_is_more() {
    let played = deployed(12, BREAKER, BAD, "");
    assert_eq!(played.times("bad failed to start"), [113; 12]);
    assert_eq!(outcome(&played), (DeploymentOutcome::RolledBack, 12, 113));
    // At 100/125 three fail at 113 s and three more at 126 s. From the third in
    // a row on the service waits: the third alone has it wait 10 s.
    let few = format!("minimum_healthy_percent = 100, maximum_percent = 125, {BREAKER}");
    let played = deployed(12, &few, BAD, "");
    assert_eq!(played.times("app given up"), [136]);
    assert_eq!(played.times("bad failed to start"), [113, 113, 113, 136, 136, 136]);
}

/// Each task is RUNNING 13 s after its placement and found unhealthy 30 s
/// later, at 143 s. With the maximum of 200 its replacement comes first; that
/// one is as bad at 186 s, when the first of both goes: a failure. So 186, 229
/// and 272 s.
#[test]
fn once_a_task_has_run_a_breaker_counts_failed_checks() {
    let played = deployed(1, BREAKER, SICK, "");
    assert_eq!(played.times("app given up").len(), 1, "{:#?}", played.lines);
    let failure = played.record.rollouts[0].failure.as_ref().expect("it failed");
    assert!(failure.reason.contains("tasks failed health checks"), "{}", failure.reason);
    assert_eq!(outcome(&played).0, DeploymentOutcome::RolledBack);
    assert_eq!(outcome(&played).1, 3);
}

/// Without `rollback` the deployment stalls: nothing new is started, the old
/// task stays.
#[test]
fn without_rollback_a_deployment_that_failed_stands_still() {
    let breaker = BREAKER.replace("rollback = true", "rollback = false");
    let played = deployed(1, &breaker, BAD, "");
    assert_eq!(outcome(&played), (DeploymentOutcome::Failed, 3, 139));
    assert_eq!(played.times("bad failed to start"), [113, 126, 139]);
    assert_eq!(played.healthy[0].last(), Some(&(53_000, 1)));
}

/// Nothing was ever completed, so nothing can be put back: no fourth task.
#[test]
fn a_service_whose_first_revision_fails_stalls() {
    let more = "[[service.container]]\nname = \"migrate\"\nexit = { after = \"0s\", code = 1 }";
    let experiment_release = "";
    let waits = container("app", r#""dependsOn": [{ "containerName": "migrate", "condition": "SUCCESS" }]"#);
    let migrate = container("migrate", r#""essential": false"#);
    let bad = definition("bad", "bridge", "", &format!("{waits}, {migrate}"));
    let experiment = format!(
        r#"horizon = "1h"
[cluster]
availability_zones = ["us-east-1a"]
instances = 1
instance_type = "m5.4xlarge"
[[service]]
name = "app"
task_definition = "bad.json"
desired_count = 1
deployment_configuration = {{ {BREAKER} }}
release = [{experiment_release}]
{more}
"#
    );
    let played = play(&experiment, &[("bad.json", &bad)]);
    assert_eq!(played.times("bad failed to start"), [13, 26, 39]);
    assert_eq!(played.times("app given up"), [39]);
    assert_eq!(played.record.rollouts.len(), 0, "a service's beginning is no rollout");
}
