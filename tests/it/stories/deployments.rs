//! Deployments in their course: one after the other, scaling meanwhile, limits,
//! task sets.

use berthlab::record::DeploymentOutcome;

use super::{Played, plain, play};

/// A service in bridge mode on one instance with room for 64 tasks. A task is
/// healthy 53 s after its placement.
fn told(service: &str, more: &str) -> Played {
    let experiment = format!(
        r#"horizon = "1h"
[cluster]
availability_zones = ["us-east-1a"]
instances = 1
instance_type = "m5.4xlarge"
[[service]]
name = "app"
task_definition = "app.json"
{service}
{more}
"#
    );
    play(&experiment, &[("app.json", &plain("app", "bridge")), ("v2.json", &plain("v2", "bridge"))])
}

/// At 120 s, with both revisions at the maximum of eight, nothing can be
/// started. The second is healthy at 153 s: four may go, and they are those of
/// the oldest revision, gone at 154 s. The third is healthy 53 s later, at 207
/// s; then the second goes.
#[test]
fn a_third_revision_lets_the_oldest_go_first() {
    let release = r#"release = [{ at = "100s", image = "app:2" }, { at = "120s", image = "app:3" }]"#;
    let played = told(&format!("desired_count = 4\n{release}"), "");
    assert_eq!(played.times("app told to stop"), [153; 4]);
    assert_eq!(played.times("app:3 placed on i0"), [154; 4]);
    assert_eq!(played.times("app:2 told to stop"), [207; 4]);
    let rollouts = &played.record.rollouts;
    assert_eq!((rollouts[0].outcome, rollouts[0].ended_ms), (DeploymentOutcome::Superseded, 120_000));
    assert_eq!((rollouts[1].outcome, rollouts[1].ended_ms), (DeploymentOutcome::Completed, 208_000));
}

/// Two more are wanted 20 s after the release: of both revisions. All four new
/// ones are healthy at 173 s.
#[test]
fn a_scale_out_during_a_deployment_is_of_both_revisions() {
    let scale = "[[event]]\nat = \"120s\"\nservice = \"app\"\ndesired_count = 4\n";
    let played = told("desired_count = 2\nrelease = [{ at = \"100s\", image = \"app:2\" }]", scale);
    assert_eq!(played.times("app placed on i0"), [0, 0, 120, 120]);
    assert_eq!(played.times("app:2 placed on i0"), [100, 100, 120, 120]);
    assert_eq!(played.record.rollouts[0].ended_ms, 174_000);
    assert_eq!(played.healthy[0].last().map(|it| it.1), Some(4));
}

/// A second set of half the size, then of the whole; it becomes the primary and
/// the first is deleted. Nothing waits for anything.
#[test]
fn task_sets_come_and_go_as_they_are_told() {
    let events = r#"[[event]]
at = "100s"
service = "app"
create_task_set = { name = "green", task_definition = "v2.json", scale = 50 }
[[event]]
at = "200s"
service = "app"
update_task_set = { name = "green", scale = 100 }
[[event]]
at = "300s"
service = "app"
update_service_primary_task_set = "green"
[[event]]
at = "400s"
service = "app"
delete_task_set = "initial"
"#;
    let played = told("desired_count = 3\ndeployment_controller = { type = \"EXTERNAL\" }", events);
    assert_eq!(played.times("v2 placed on i0"), [100, 100, 200]);
    assert_eq!(played.times("app told to stop"), [400; 3]);
    assert_eq!(played.healthy[0].last(), Some(&(400_000, 3)));
}
