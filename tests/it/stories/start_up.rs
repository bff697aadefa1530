//! Containers of one task: who starts after whom, and what becomes of the task
//! when one of them ends.

use std::sync::Arc;

use berthlab::base::id::TaskDefinitionId;
use berthlab::base::{Seed, SimDuration, SimTime};
use berthlab::documents::task_definition;
use berthlab::model::container::Exit;
use berthlab::model::options::{ModelOptions, TieBreak};
use berthlab::model::workload::{TaskArrival, Workload};

use super::{Played, container, definition, play, play_setup};
use crate::clusters::{instance_type, provider, setup};

/// A service of one task on one instance, whose other container does `does`.
fn with_sidecar(app: &str, other: (&str, &str), does: &str) -> Played {
    let experiment = format!(
        r#"horizon = "2m"
[cluster]
availability_zones = ["us-east-1a"]
instances = 1
instance_type = "m5.large"
[[service]]
name = "app"
task_definition = "app.json"
desired_count = 1
[[service.container]]
name = "{}"
{does}
"#,
        other.0
    );
    let containers = format!("{}, {}", container("app", app), container(other.0, other.1));
    play(&experiment, &[("app.json", &definition("app", "bridge", "", &containers))])
}

/// The pull ends at 11 s and the sidecar runs at 13 s. It answers from 25 s on:
/// its check fails at 23 s and passes at 33 s. Then the other container is
/// created and started: RUNNING at 35 s. The task has a check that has passed,
/// so it is healthy at once.
#[test]
fn a_task_runs_when_the_sidecar_that_it_waits_for_is_healthy() {
    let played = with_sidecar(
        r#""dependsOn": [{ "containerName": "proxy", "condition": "HEALTHY" }]"#,
        ("proxy", r#""healthCheck": { "command": ["CMD", "true"], "interval": 10 }"#),
        "answers_after = \"12s\"",
    );
    assert_eq!(played.times("app started"), [35]);
    assert_eq!(played.first_healthy(1), Some(35));
    assert_eq!(played.failures(), []);
}

/// The step before it runs at 13 s and exits at 16 s. With code 0 the app is
/// started at 18 s; with code 1 the start has failed at 16 s: twice at once
/// again (16, 32 s), then after pauses of 10 and 20 s: 58 = 48 + 10, 94 = 74 +
/// 20 s.
#[test]
fn a_step_that_must_succeed_and_does_not_fails_the_start() {
    let app = r#""dependsOn": [{ "containerName": "migrate", "condition": "SUCCESS" }]"#;
    let migrate = ("migrate", r#""essential": false"#);
    let played = with_sidecar(app, migrate, "exit = { after = \"3s\", code = 0 }");
    assert_eq!((played.times("app started"), played.first_healthy(1)), (vec![18], Some(58)));

    let played = with_sidecar(app, migrate, "exit = { after = \"3s\", code = 1 }");
    assert_eq!(played.times("app failed to start"), [16, 32, 48, 74, 110]);
    assert_eq!(played.times("app placed on i0"), [0, 16, 32, 58, 94]);
    let reason = "container `app` waits for `migrate`, which exited with code 1";
    assert_eq!(played.failures(), [(reason, 5)]);

    // COMPLETE asks for the end alone.
    let app = app.replace("SUCCESS", "COMPLETE");
    let played = with_sidecar(&app, migrate, "exit = { after = \"3s\", code = 1 }");
    assert_eq!(played.times("app started"), [18]);
}

/// The sidecar starts at 13 s and has 5 s to become healthy: the first check is
/// at 23 s.
#[test]
fn a_sidecar_that_is_not_healthy_in_time_fails_the_start() {
    let played = with_sidecar(
        r#""dependsOn": [{ "containerName": "proxy", "condition": "HEALTHY" }]"#,
        ("proxy", r#""startTimeout": 5, "healthCheck": { "command": ["CMD", "true"], "interval": 10 }"#),
        "answers_after = \"0s\"",
    );
    assert_eq!(played.times("app failed to start")[..2], [18, 36]);
    let reason =
        "container `app` waits for `proxy`, which has timed out: not healthy within its startTimeout of 5s";
    assert_eq!(played.failures()[0].0, reason);
}

/// A stand-alone task of two containers; the named one exits with code 1 so
/// long after its start.
fn alone(more: &str, exits: (&str, u64)) -> Vec<String> {
    let containers = format!("{}, {}", container("main", more), container("side", r#""essential": false"#));
    let text = definition("job", "bridge", "", &containers);
    let mut definition = task_definition::read("job.json", &text).expect("a definition without fault");
    let blueprint = Arc::make_mut(definition.blueprint.as_mut().expect("it was read from a document"));
    let meant = blueprint.containers.iter_mut().find(|it| it.name == exits.0).expect("it is there");
    meant.behaviour.exit = Some(Exit { after: SimDuration::from_secs(exits.1), code: 1 });

    let options = ModelOptions { tie_break: TieBreak::LowestId, ..ModelOptions::default() };
    let setup =
        setup(options, provider(1, 1), instance_type("box", 1024, 1024), SimDuration::from_secs(3600));
    let mut workload = Workload { n_batches: 1, ..Workload::default() };
    workload.definitions.push(definition);
    workload.arrivals.push(TaskArrival {
        at: SimTime::ZERO,
        lifetime: SimDuration::FOREVER,
        definition: TaskDefinitionId::new(0),
        batch: 0,
    });
    play_setup(&setup, &workload, Seed(1)).lines
}

/// Both run at 13 s. What has exited takes no time to stop, the other 1 s.
#[test]
fn an_essential_exit_ends_a_stand_alone_task_and_no_other_does() {
    let begin = ["0s job placed on i0", "13s job started"];
    let ended = |at: u64| {
        let end = [format!("{at}s job exited"), format!("{}s job stopped alone", at + 1)];
        begin.iter().map(|it| (*it).to_owned()).chain(end).collect::<Vec<_>>()
    };
    assert_eq!(alone("", ("main", 60)), ended(73));
    assert_eq!(alone("", ("side", 60)), begin);
    // Restarted in place if it ran for 300 s before; sooner is final.
    let restarts = r#""restartPolicy": { "enabled": true }"#;
    assert_eq!(alone(restarts, ("main", 300)), begin);
    assert_eq!(alone(restarts, ("main", 299)), ended(312));
    let ignored = r#""restartPolicy": { "enabled": true, "ignoredExitCodes": [1] }"#;
    assert_eq!(alone(ignored, ("main", 300)), ended(313));
    let soon = r#""restartPolicy": { "enabled": true, "restartAttemptPeriod": 60 }"#;
    assert_eq!(alone(soon, ("main", 60)), begin);
}

/// A container that waits for an end that does not come is not started: the
/// task stays PENDING.
#[test]
fn a_step_that_does_not_end_is_awaited() {
    let played = with_sidecar(
        r#""dependsOn": [{ "containerName": "migrate", "condition": "COMPLETE" }]"#,
        ("migrate", r#""essential": false"#),
        "exit = { after = \"365000d\" }",
    );
    assert_eq!(played.lines, ["0s app placed on i0"]);
}

/// With every duration at zero a task that ends at once would begin again
/// within the moment, for ever: its service takes the pause of a lack of room,
/// 15 s, so it is tried at 0, 15, 30, … 105 s.
#[test]
fn a_life_that_takes_no_time_does_not_stop_the_clock() {
    let experiment = r#"horizon = "2m"
agent_poll = "0s"
image_pull = "0s"
container_create = "0s"
container_start = "0s"
exit_time = "0s"
[cluster]
availability_zones = ["us-east-1a"]
instances = 1
instance_type = "m5.large"
[[service]]
name = "app"
task_definition = "app.json"
desired_count = 1
[[service.container]]
name = "app"
exit = { after = "0s", code = 1 }
"#;
    let played = play(experiment, &[("app.json", &definition("app", "bridge", "", &container("app", "")))]);
    assert_eq!(played.times("app started"), [0, 15, 30, 45, 60, 75, 90, 105]);
}
