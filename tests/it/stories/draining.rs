//! Instances that drain, daemons, protected tasks (semantics 1.8, 1.15).

use berthlab::record::DeploymentOutcome;

use super::{Played, plain, play};

/// A service of two on two instances in two zones, and what happens. A task is
/// healthy 53 s after its placement.
fn two_instances(service: &str, more: &str) -> Played {
    let experiment = format!(
        r#"horizon = "1h"
[cluster]
availability_zones = ["us-east-1a", "us-east-1b"]
instances = 2
instance_type = "m5.large"
[[service]]
name = "app"
task_definition = "app.json"
availability_zone_rebalancing = "DISABLED"
{service}
{more}
"#
    );
    play(&experiment, &[("app.json", &plain("app", "bridge")), ("v2.json", &plain("v2", "bridge"))])
}

const DRAIN: &str = r#"[[event]]
at = "100s"
container_instances = "attribute:ecs.availability-zone == us-east-1a"
status = "DRAINING"
"#;

/// With a minimum of 100 the replacement comes first: placed at 100 s, healthy
/// at 153 s; then the other goes.
#[test]
fn a_full_minimum_has_the_replacement_first() {
    let played = two_instances("desired_count = 2", DRAIN);
    assert_eq!(played.times("app placed on i1"), [0, 100]);
    assert_eq!(played.times("app told to stop"), [153]);
    assert!(played.healthy[0].iter().skip(1).all(|it| it.1 >= 2), "{:?}", played.healthy[0]);
}

/// At 50/100 it goes first, and its slot is free when it has stopped.
#[test]
fn a_maximum_of_100_stops_first() {
    let played = two_instances("desired_count = 2\ndeployment_configuration = \"50/100\"", DRAIN);
    assert_eq!(played.times("app told to stop"), [100]);
    assert_eq!(played.times("app placed on i1"), [0, 101]);
}

/// 100/100 lets neither happen. The instance that takes tasks again keeps its
/// own, and another event drains it no better.
#[test]
fn bounds_of_100_keep_the_task_where_it_is() {
    let again = DRAIN.replace("100s", "200s").replace("DRAINING", "ACTIVE");
    let played = two_instances(
        "desired_count = 2\ndeployment_configuration = \"100/100\"",
        &format!("{DRAIN}{again}"),
    );
    assert!(played.times("app told to stop").is_empty());
    assert_eq!(played.healthy[0].last(), Some(&(53_000, 2)));
}

/// What does not run yet is stopped at once, whatever the bounds, and comes
/// elsewhere when its slot is free.
#[test]
fn a_pending_task_leaves_at_once() {
    let drain = DRAIN.replace("100s", "5s");
    let played = two_instances("desired_count = 2\ndeployment_configuration = \"100/100\"", &drain);
    assert_eq!(played.times("app told to stop"), [5]);
    assert_eq!(played.times("app placed on i1").len(), 2);
}

/// A protected task stays on its draining instance until that is over, at 100 s
/// and a minute; then it is replaced as any other.
#[test]
fn a_protected_task_is_waited_for() {
    let protect = "[[event]]\nat = \"60s\"\nservice = \"app\"\nprotect_tasks = 2\nexpires_in_minutes = 5\n";
    let played = two_instances("desired_count = 2", &format!("{protect}{DRAIN}"));
    assert_eq!(played.times("app placed on i1"), [0, 360]);
    assert_eq!(played.times("app told to stop"), [413]);
}

/// Old tasks are protected until 360 s. The deployment has its new tasks healthy
/// at 153 s and waits; when the protection is over it goes on by itself.
#[test]
fn a_deployment_goes_on_when_the_protection_is_over() {
    let protect = "[[event]]\nat = \"60s\"\nservice = \"app\"\nprotect_tasks = 2\nexpires_in_minutes = 5\n";
    let service = "desired_count = 2\nrelease = [{ at = \"100s\", image = \"app:2\" }]";
    let played = two_instances(service, protect);
    assert_eq!(played.times("app told to stop"), [360, 360]);
    assert_eq!(played.times("app completed"), [361]);
    assert_eq!(played.record.rollouts[0].outcome, DeploymentOutcome::Completed);
}

/// Scaling in takes those that are not protected; with more of them than are
/// desired it waits for the end of the protection.
#[test]
fn scaling_in_skips_the_protected() {
    let protect = "[[event]]\nat = \"60s\"\nservice = \"app\"\nprotect_tasks = 2\nexpires_in_minutes = 5\n";
    let scale = "[[event]]\nat = \"100s\"\nservice = \"app\"\ndesired_count = 1\n";
    let played = two_instances("desired_count = 4", &format!("{protect}{scale}"));
    assert_eq!(played.times("app told to stop"), [100, 100, 360]);
}

/// A deployment that failed and put nothing back keeps its old tasks: on an
/// instance that drains they are replaced by their own revision, and leave.
#[test]
fn what_a_failed_deployment_left_leaves_a_draining_instance() {
    let experiment = format!(
        r#"horizon = "1h"
[cluster]
availability_zones = ["us-east-1a", "us-east-1b"]
instances = 2
instance_type = "m5.large"
[[service]]
name = "app"
task_definition = "app.json"
availability_zone_rebalancing = "DISABLED"
desired_count = 2
deployment_configuration = {{ deployment_circuit_breaker = {{ enable = true, rollback = false }} }}
release = [{{ at = "100s", task_definition = "bad.json", container = [{{ name = "app", exit = {{ after = "0s", code = 1 }} }}] }}]
{}
"#,
        DRAIN.replace("100s", "1000s")
    );
    let waits =
        super::container("main", r#""dependsOn": [{ "containerName": "app", "condition": "SUCCESS" }]"#);
    let step = super::container("app", r#""essential": false"#);
    let bad = super::definition("bad", "bridge", "", &format!("{waits}, {step}"));
    let played = play(&experiment, &[("app.json", &plain("app", "bridge")), ("bad.json", &bad)]);
    assert_eq!(played.record.rollouts[0].outcome, DeploymentOutcome::Failed);
    assert_eq!(played.times("app placed on i1"), [0, 1000], "{:#?}", played.lines);
    assert_eq!(played.times("app told to stop"), [1053]);
}

/// One task on each instance, and a replica that runs beside it. The instance
/// drains: the replica leaves when its replacement is healthy, at 153 s, and
/// the daemon when that has stopped.
#[test]
fn a_daemon_is_the_last_to_leave() {
    let replica = "[[service]]\nname = \"web\"\ntask_definition = \"v2.json\"\ndesired_count = 2\n\
                   availability_zone_rebalancing = \"DISABLED\"\n";
    let played = two_instances("scheduling_strategy = \"DAEMON\"", &format!("{replica}{DRAIN}"));
    assert_eq!(played.times("app placed on i0"), [0]);
    assert_eq!(played.times("v2 told to stop"), [153]);
    assert_eq!(played.times("v2 stopped"), [154]);
    assert_eq!(played.times("app told to stop"), [154]);
    // Taken up again, it gets another.
    let again = DRAIN.replace("100s", "300s").replace("DRAINING", "ACTIVE");
    let played = two_instances("scheduling_strategy = \"DAEMON\"", &format!("{DRAIN}{again}"));
    assert_eq!(played.times("app told to stop"), [100]);
    assert_eq!(played.times("app placed on i0"), [0, 300]);
}

/// 0/100 stops both at once; 50/100 one after the other, each 1 + 53 s; 100/100
/// never begins.
#[test]
fn a_daemon_is_replaced_where_it_stands() {
    let daemon = |bounds: &str| {
        let service = format!(
            "scheduling_strategy = \"DAEMON\"\n{bounds}\nrelease = [{{ at = \"100s\", image = \"app:2\" }}]"
        );
        two_instances(&service, "")
    };
    let played = daemon("");
    assert_eq!(played.times("app told to stop"), [100, 100]);
    assert_eq!(played.times("app completed"), [154]);
    let played = daemon("deployment_configuration = \"50/100\"");
    assert_eq!(played.times("app told to stop"), [100, 154]);
    assert_eq!(played.times("app completed"), [208]);
    let played = daemon("deployment_configuration = \"100/100\"");
    assert_eq!(played.record.rollouts[0].outcome, DeploymentOutcome::DeadlockedByConfiguration);
}

/// A daemon whose instance no longer will do is stopped, and comes back when it
/// will.
#[test]
fn a_daemon_follows_its_constraint() {
    let service = "scheduling_strategy = \"DAEMON\"\n\
                   placement_constraints = [\"memberOf:attribute:disk !exists\"]";
    let put = "[[event]]\nat = \"100s\"\ncontainer_instances = \"attribute:ecs.availability-zone == us-east-1a\"\n\
               attributes = { disk = \"ssd\" }\n\
               [[event]]\nat = \"200s\"\ncontainer_instances = \"attribute:ecs.availability-zone == us-east-1a\"\n\
               remove_attributes = [\"disk\"]\n";
    let played = two_instances(service, put);
    assert_eq!(played.times("app told to stop"), [100]);
    assert_eq!(played.times("app placed on i0"), [0, 200]);
    assert_eq!(played.healthy[0].last(), Some(&(253_000, 2)));
}

/// Daemons are protected no better than the API says: only a rollout waits.
#[test]
fn a_protected_daemon_holds_its_rollout_up() {
    let protect = "[[event]]\nat = \"60s\"\nservice = \"app\"\nprotect_tasks = 2\nexpires_in_minutes = 5\n";
    let service = "scheduling_strategy = \"DAEMON\"\nrelease = [{ at = \"100s\", image = \"app:2\" }]";
    let played = two_instances(service, protect);
    assert_eq!(played.times("app told to stop"), [360, 360]);
    assert_eq!(played.times("app completed"), [414]);
}

/// Task sets obey their scale at once, but for what is protected; and they
/// leave an instance that drains.
#[test]
fn task_sets_are_protected_and_leave_as_any_other_task() {
    let external = "deployment_controller = { type = \"EXTERNAL\" }\ndesired_count = 2";
    let protect = "[[event]]\nat = \"60s\"\nservice = \"app\"\nprotect_tasks = 2\nexpires_in_minutes = 5\n";
    let scale =
        "[[event]]\nat = \"100s\"\nservice = \"app\"\nupdate_task_set = { name = \"initial\", scale = 50 }\n";
    let played = two_instances(external, &format!("{protect}{scale}"));
    assert_eq!(played.times("app told to stop"), [360]);
    let played = two_instances(external, DRAIN);
    assert_eq!(played.times("app placed on i1"), [0, 100]);
    assert_eq!(played.times("app told to stop"), [153]);
}
