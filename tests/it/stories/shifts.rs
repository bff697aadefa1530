//! Deployments that shift traffic (semantics 1.11).

use berthlab::record::DeploymentOutcome;

use super::{Played, play, serving};

/// A service of two on one instance, reached by Service Connect. What starts at
/// a release is RUNNING 13 s later and healthy after 40 s more.
fn shifted(configuration: &str, release: &str, more: &str) -> Played {
    let experiment = format!(
        r#"horizon = "4h"
[cluster]
availability_zones = ["us-east-1a"]
instances = 1
instance_type = "m5.4xlarge"
[[service]]
name = "app"
task_definition = "app.json"
desired_count = 2
service_connect = true
deployment_configuration = {{ {configuration} }}
release = [{release}]
{more}
"#
    );
    play(&experiment, &[("app.json", &serving("app", "bridge"))])
}

const V2: &str = r#"{ at = "1000s", image = "app:2" }"#;

/// The stages of the first rollout that took time, and those of its shifts, in
/// seconds.
fn told(played: &Played) -> (Vec<(String, u64, u64)>, Vec<(u64, u16)>) {
    let rollout = &played.record.rollouts[0];
    let stages = rollout.stages.iter().filter(|it| it.to_ms > it.from_ms);
    let stages = stages.map(|it| (it.stage.clone(), it.from_ms / 1000, it.to_ms / 1000)).collect();
    (stages, rollout.traffic.iter().map(|it| (it.0 / 1000, it.1)).collect())
}

/// Two start at 1,000 s beside the two and are healthy at 1,053 s. Everything is
/// shifted at once; five minutes later, at 1,353 s, the old ones go and are
/// gone 1 s after.
#[test]
fn blue_green_shifts_everything_and_bakes() {
    let played = shifted("strategy = \"BLUE_GREEN\", bake_time_in_minutes = 5", V2, "");
    let (stages, traffic) = told(&played);
    let expected = [("SCALE_UP", 1000, 1053), ("BAKE_TIME", 1053, 1353), ("CLEAN_UP", 1353, 1354)];
    assert_eq!(stages, expected.map(|it| (it.0.to_owned(), it.1, it.2)));
    assert_eq!(traffic, [(1053, 1000)]);
    let rollout = &played.record.rollouts[0];
    assert_eq!((rollout.outcome, rollout.ended_ms), (DeploymentOutcome::Completed, 1_354_000));
    assert_eq!((rollout.tasks_peak, rollout.healthy_min), (4, 2));
    assert_eq!(played.times("app told to stop"), [1353, 1353]);
}

/// 3 x 33.3 is 99.9, so there is a fourth step: four shifts, two minutes apart;
/// the last is at 1,053 + 360 s, the clean-up one minute later.
#[test]
fn linear_steps_are_exact() {
    let configuration = "strategy = \"LINEAR\", bake_time_in_minutes = 1, \
                         linear_configuration = { step_percent = 33.3, step_bake_time_in_minutes = 2 }";
    let (stages, traffic) = told(&shifted(configuration, V2, ""));
    assert_eq!(traffic, [(1053, 333), (1173, 666), (1293, 999), (1413, 1000)]);
    let rest =
        [("PRODUCTION_TRAFFIC_SHIFT", 1053, 1413), ("BAKE_TIME", 1413, 1473), ("CLEAN_UP", 1473, 1474)];
    assert_eq!(stages[1..], rest.map(|it| (it.0.to_owned(), it.1, it.2)));
}

/// The canary has 5 % for ten minutes; without a bake time the old ones go with
/// the second shift.
#[test]
fn a_canary_has_its_share_for_its_time() {
    let (stages, traffic) = told(&shifted("strategy = \"CANARY\"", V2, ""));
    assert_eq!(traffic, [(1053, 50), (1653, 1000)]);
    let rest = [("PRODUCTION_TRAFFIC_SHIFT", 1053, 1653), ("CLEAN_UP", 1653, 1654)];
    assert_eq!(stages[1..], rest.map(|it| (it.0.to_owned(), it.1, it.2)));
}

/// A hook delays its stage by 90 s. One that fails takes the deployment back
/// after as long, and its tasks go: told at 1,143 s, gone at 1,144 s.
#[test]
fn a_hook_delays_its_stage_or_ends_the_deployment() {
    let hook = |more: &str| {
        format!(
            "strategy = \"BLUE_GREEN\", bake_time_in_minutes = 5, lifecycle_hooks = \
             [{{ lifecycle_stages = [\"POST_SCALE_UP\"], takes = \"90s\"{more} }}]"
        )
    };
    let (stages, traffic) = told(&shifted(&hook(""), V2, ""));
    assert_eq!(stages[1], ("POST_SCALE_UP".to_owned(), 1053, 1143));
    assert_eq!(traffic, [(1143, 1000)]);

    // Before the stage in which they start no task does.
    let played = shifted(&hook("").replace("POST_SCALE_UP", "PRE_SCALE_UP"), V2, "");
    assert_eq!(told(&played).0[0], ("PRE_SCALE_UP".to_owned(), 1000, 1090));
    assert_eq!(played.times("app:2 placed on i0"), [1090, 1090]);

    let played = shifted(&hook(", status = \"FAILED\""), V2, "");
    let rollout = &played.record.rollouts[0];
    assert_eq!((rollout.outcome, rollout.ended_ms), (DeploymentOutcome::RolledBack, 1_144_000));
    let failure = rollout.failure.as_ref().expect("its hook failed");
    assert_eq!(failure.reason, "lifecycle hook failed in POST_SCALE_UP");
    assert_eq!(told(&played).1, [], "no traffic was ever shifted");
    assert_eq!(played.times("app:2 told to stop"), [1143, 1143]);
    assert!(played.times("app told to stop").is_empty());
}

/// A pause that nobody ends times out after an hour: back, or on.
#[test]
fn a_hook_that_never_returns_times_out() {
    let hook = |action: &str| {
        format!(
            "strategy = \"BLUE_GREEN\", bake_time_in_minutes = 0, lifecycle_hooks = [{{ lifecycle_stages = \
             [\"POST_SCALE_UP\"], takes = \"never\", timeout_configuration = \
             {{ timeout_in_minutes = 60, action = \"{action}\" }} }}]"
        )
    };
    let played = shifted(&hook("ROLLBACK"), V2, "");
    let rollout = &played.record.rollouts[0];
    assert_eq!((rollout.outcome, rollout.ended_ms), (DeploymentOutcome::RolledBack, 4_654_000));
    let played = shifted(&hook("CONTINUE"), V2, "");
    let rollout = &played.record.rollouts[0];
    assert_eq!((rollout.outcome, rollout.ended_ms), (DeploymentOutcome::Completed, 4_654_000));
}

/// While a canary of the second revision has its share, the third comes. What
/// has the other 95 % of the traffic serves on until the third has it all; the
/// second goes first, before anything of the third starts.
#[test]
fn a_canary_that_is_overtaken_goes_and_the_old_revision_serves_on() {
    let release = format!("{V2}, {{ at = \"1100s\", image = \"app:3\" }}");
    let played = shifted("strategy = \"CANARY\", bake_time_in_minutes = 0", &release, "");
    assert_eq!(played.record.rollouts[0].outcome, DeploymentOutcome::Superseded);
    assert_eq!(played.times("app:2 told to stop"), [1100, 1100]);
    // They are gone at 1,101 s; the third's are healthy 53 s later.
    assert_eq!(played.times("app in RECONCILE_SERVICE"), [1100]);
    assert_eq!(played.times("app:3 placed on i0"), [1101, 1101]);
    assert_eq!(played.times("app shifts 5.0 %"), [1053, 1154]);
    assert_eq!(played.times("app told to stop"), [1754, 1754]);
    assert_eq!(played.record.rollouts[1].outcome, DeploymentOutcome::Completed);
}

/// An alarm goes off in the bake time: all traffic goes back at once, and green
/// goes.
#[test]
fn an_alarm_in_the_bake_time_gives_traffic_back_at_once() {
    let alarm = "[[alarm]]\nname = \"errors\"\nin_alarm = [{ from = \"1200s\", to = \"1260s\" }]";
    let configuration = "strategy = \"BLUE_GREEN\", bake_time_in_minutes = 5, \
                         alarms = { alarm_names = [\"errors\"], enable = true, rollback = true }";
    let played = shifted(configuration, V2, alarm);
    assert_eq!(told(&played).1, [(1053, 1000), (1200, 0)]);
    assert_eq!(played.times("app:2 told to stop"), [1200, 1200]);
    assert!(played.times("app told to stop").is_empty());
    let rollout = &played.record.rollouts[0];
    assert_eq!((rollout.outcome, rollout.ended_ms), (DeploymentOutcome::RolledBack, 1_201_000));
    assert_eq!(played.healthy[0].last(), Some(&(1_200_000, 2)));
}

/// In the clean-up it is too late: the old tasks are on their way out.
#[test]
fn an_alarm_in_the_clean_up_is_too_late() {
    let alarm = "[[alarm]]\nname = \"errors\"\nin_alarm = [{ from = \"1060s\", to = \"1260s\" }]\n\
                 [[service.container]]\nname = \"app\"\nexit_time = \"20s\"";
    let (alarm, container) = alarm.split_once("[[service").expect("both");
    let configuration = "strategy = \"BLUE_GREEN\", bake_time_in_minutes = 0, \
                         alarms = { alarm_names = [\"errors\"], enable = true, rollback = true }";
    let played = shifted(configuration, V2, &format!("[[service{container}\n{alarm}"));
    assert_eq!(told(&played).0[1..], [("CLEAN_UP".to_owned(), 1053, 1073)]);
    assert_eq!(played.record.rollouts[0].outcome, DeploymentOutcome::Completed);
    assert!(played.times("app given up").is_empty());
}
