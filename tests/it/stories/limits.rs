//! What holds a service up beside its bounds: limits of launches, deployments
//! that scaling in waits for, zones out of balance.

use super::{Played, plain, play};

fn web(head: &str, cluster: &str, service: &str, more: &str) -> Played {
    let experiment = format!(
        r#"{head}
        [cluster]
        availability_zones = ["us-east-1a", "us-east-1b"]
        instance_type = "m6i.4xlarge"
        {cluster}
        [[service]]
        name = "web"
        task_definition = "web.json"
        {service}
        {more}"#
    );
    play(&experiment, &[("web.json", &plain("web", "bridge")), ("web-2.json", &plain("web-2", "bridge"))])
}

/// 500 of the 520 at once (General Reference: 500 launches a minute), then as
/// many a second as 500 a minute are: 8 at 1 s, 16 at 2 s, the last four at 3 s.
#[test]
fn a_service_launches_500_tasks_at_once_and_then_eight_a_second() {
    let played = web("horizon = \"10s\"", "instances = 20", "desired_count = 520", "");
    let placed = |at: u64| {
        let line = format!("{at}s web placed on ");
        played.lines.iter().filter(|it| it.starts_with(&line)).count()
    };
    assert_eq!([placed(0), placed(1), placed(2), placed(3)], [500, 8, 8, 4]);
}

/// Two tasks at 100/200, healthy at 53 s; a release at 100 s whose tasks are
/// healthy at 153 s; two minutes of bake time begin when the old ones are gone,
/// at 154 s.
#[test]
fn a_rolling_deployment_bakes_when_the_old_tasks_are_gone() {
    let service = r#"desired_count = 2
        deployment_configuration = { bake_time_in_minutes = 2 }
        release = [{ at = "100s", task_definition = "web-2.json" }]"#;
    let played = web("horizon = \"10m\"", "instances = 2", service, "");
    assert_eq!(played.times("web told to stop"), [153, 153]);
    assert_eq!(played.times("web completed"), [274]);
}

/// The same with an alarm that goes off while it bakes, at 200 s: the two old
/// ones come back, healthy 53 s later, then the two new ones go, and at 254 s
/// the rollback is over.
#[test]
fn an_alarm_while_it_bakes_puts_the_old_revision_back() {
    let service = r#"desired_count = 2
        deployment_configuration = { bake_time_in_minutes = 2, alarms = { alarm_names = ["errors"], enable = true, rollback = true } }
        release = [{ at = "100s", task_definition = "web-2.json" }]"#;
    let alarm = r#"[[alarm]]
        name = "errors"
        in_alarm = [{ from = "200s", to = "210s" }]"#;
    let played = web("horizon = \"10m\"", "instances = 2", service, alarm);
    assert_eq!(played.times("web-2 told to stop"), [253, 253]);
    assert_eq!(played.times("web completed"), [254]);
    let rollout = &played.record.rollouts[0];
    assert_eq!(rollout.failure.as_ref().map(|it| it.at_ms), Some(200_000));
    assert!(rollout.failure.as_ref().is_some_and(|it| it.reason.contains("errors")));
    assert_eq!(rollout.n_started, 2, "what is put back is not what was rolled out");

    // One that is on when the deployment begins is not heeded.
    let early = alarm.replace("200s", "90s");
    let played = web("horizon = \"10m\"", "instances = 2", service, &early);
    assert_eq!(played.times("web completed"), [274]);
}

/// Half of four are enough for a success: two new ones at 50/100 are healthy
/// 53 s after they started at 101 s, when the first two old ones were gone.
/// DEFERRED does not wait for the others, BLOCKING does: they go at 154 s and
/// are gone a second later.
#[test]
fn an_early_success_waits_for_the_old_tasks_only_if_it_is_blocking() {
    let completed = |cleanup: &str| {
        let service = format!(
            r#"desired_count = 4
            deployment_configuration = {{ minimum_healthy_percent = 50, maximum_percent = 100, early_success_criteria = {{ healthy_percent = 50, source_service_revision_cleanup = "{cleanup}" }} }}
            release = [{{ at = "100s", task_definition = "web-2.json" }}]"#
        );
        let played = web("horizon = \"10m\"", "instances = 4", &service, "");
        assert_eq!(played.times("web told to stop"), [100, 100, 154, 154]);
        assert_eq!(played.healthy[0].last().map(|it| it.1), Some(4), "it goes on to what is desired");
        played.times("web completed")
    };
    assert_eq!(completed("DEFERRED"), [154]);
    assert_eq!(completed("BLOCKING"), [155]);
}

/// One zone is drained and comes back: all four tasks are in the other. With
/// rebalancing they go back one at a time, each after its successor is healthy
/// (53 s), until both zones have two; without it nothing moves.
#[test]
fn zones_out_of_balance_are_balanced_one_task_at_a_time() {
    let events = r#"[[event]]
        at = "100s"
        container_instances = "attribute:ecs.availability-zone == us-east-1a"
        status = "DRAINING"
        [[event]]
        at = "200s"
        container_instances = "attribute:ecs.availability-zone == us-east-1a"
        status = "ACTIVE""#;
    let starts = |rebalancing: &str| {
        let service = format!("desired_count = 4\navailability_zone_rebalancing = \"{rebalancing}\"");
        let played = web("horizon = \"10m\"", "instances = 2", &service, events);
        let started = played.lines.iter().filter(|it| it.contains("web started"));
        let skew = played.service(0).zones_at_end.skew();
        (started.map(|it| it.split_once('s').unwrap().0.parse().unwrap()).collect::<Vec<u64>>(), skew)
    };
    let (started, skew) = starts("DISABLED");
    assert_eq!((started, skew), (vec![13, 13, 13, 13, 113, 113], 4));
    let (started, skew) = starts("ENABLED");
    assert_eq!(started[..6], [13, 13, 13, 13, 113, 113]);
    assert_eq!((started.len(), skew), (8, 0));
    assert!(started[7] - started[6] >= 53, "{started:?}");
}
