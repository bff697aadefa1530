//! Clusters as they were found: nothing starts that runs already.

use super::{Played, plain, play};

/// Two instances in two zones, found with these tasks: (definition, instance).
fn found(tasks: &[(&str, usize)], instances: [&str; 2], service: &str) -> Played {
    let mut experiment = r#"horizon = "10m"
[cluster]
availability_zones = ["us-east-1a", "us-east-1b"]
instances = 2
instance_type = "m5.large"
"#
    .to_owned();
    for (idx, (zone, more)) in ["a", "b"].iter().zip(instances).enumerate() {
        experiment.push_str(&format!(
            "[[cluster.container_instance]]\nec2_instance_id = \"i-{idx}\"\n\
             availability_zone = \"us-east-1{zone}\"\n{more}\n"
        ));
    }
    for (definition, instance) in tasks {
        experiment.push_str(&format!(
            "[[cluster.task]]\nservice = \"app\"\ntask_definition = {definition}\nec2_instance_id = \"i-{instance}\"\n"
        ));
    }
    experiment.push_str(&format!("[[service]]\nname = \"app\"\n{service}\n"));
    let (old, new) = (plain("old", "bridge"), plain("new", "bridge"));
    play(&experiment, &[("old.json", &old), ("new.json", &new)])
}

const NEW: &str = "\"new.json\"";
const OLD: &str = "\"old.json\"";

/// Healthy from the first moment, for the whole of ten minutes.
#[test]
fn tasks_that_are_found_are_healthy_from_the_first_moment() {
    let service = "task_definition = \"new.json\"\ndesired_count = 3";
    let played = found(&[(NEW, 0), (NEW, 0), (NEW, 1)], ["", ""], service);
    assert_eq!(played.lines, Vec::<String>::new());
    assert_eq!(played.healthy[0], [(0, 3)]);
    let record = played.service(0);
    assert_eq!((record.available_ms, record.desired_ms), (1_800_000, 1_800_000));
}

/// Three are found in the first zone: the next two go to the second, and the
/// one after them, with three and two, too.
#[test]
fn the_spread_goes_on_from_what_is_found() {
    let service = "task_definition = \"new.json\"\ndesired_count = 6";
    let played = found(&[(NEW, 0), (NEW, 0), (NEW, 0)], ["", ""], service);
    assert_eq!(played.times("new placed on i1"), [0, 0, 0]);
    assert!(played.times("new placed on i0").is_empty());
}

/// Two of the old revision, one of the new, all healthy; desired 2 at 100/200.
/// Three healthy ones are one too many: an old one goes at 0 s, and the second
/// new one starts: RUNNING at 13 s, healthy at 53 s. The last old one goes then,
/// and at 54 s the rollout is complete.
#[test]
fn a_rollout_that_is_found_under_way_is_completed() {
    let service = "task_definition = \"new.json\"\ndesired_count = 2";
    let played = found(&[(OLD, 0), (OLD, 1), (NEW, 0)], ["", ""], service);
    assert_eq!(played.times("old told to stop"), [0, 53]);
    assert_eq!(played.times("new started"), [13]);
    assert_eq!(played.times("app completed"), [54]);
    assert_eq!(played.healthy[0].iter().map(|it| it.1).min(), Some(2));
}

/// Tasks run on an instance whose agent is not heard; no other is placed there.
#[test]
fn tasks_are_found_where_none_would_be_placed() {
    let service = "task_definition = \"new.json\"\ndesired_count = 4";
    let played = found(&[(NEW, 0), (NEW, 0)], ["agent_connected = false", ""], service);
    assert_eq!(played.times("new placed on i1"), [0, 0]);
    assert_eq!(played.healthy[0], [(0, 2), (53_000, 4)]);
}

/// The instance of the two that are found drains: besides the two that are
/// missing come two in their place, healthy at 53 s like those; then the two on
/// it are not needed for the minimum of 4, and go.
#[test]
fn tasks_that_are_found_on_a_draining_instance_leave_it() {
    let service = "task_definition = \"new.json\"\ndesired_count = 4";
    let played = found(&[(NEW, 0), (NEW, 0)], ["status = \"DRAINING\"", ""], service);
    assert_eq!(played.times("new placed on i1"), [0, 0, 0, 0]);
    assert_eq!(played.times("new told to stop"), [53, 53]);
    assert_eq!(played.healthy[0].last(), Some(&(53_000, 4)));
}

/// What containers are said to do is said of tasks that are found as well: they
/// are of the same revision as the service, and nothing is rolled out. So are
/// those that are given by their needs.
#[test]
fn tasks_that_are_found_are_of_the_revision_that_the_service_runs() {
    let behaviour = "\n[[service.container]]\nname = \"app\"\nexit_time = \"3s\"";
    let service = format!("task_definition = \"new.json\"\ndesired_count = 2{behaviour}");
    let played = found(&[(NEW, 0), (NEW, 1)], ["", ""], &service);
    assert_eq!(played.lines, Vec::<String>::new());

    let needs = "{ cpu = 256, memory = 512 }";
    for more in ["", behaviour] {
        let service = format!("task_definition = {needs}\ndesired_count = 2{more}");
        let played = found(&[(needs, 0), (needs, 1)], ["", ""], &service);
        assert_eq!(played.lines, Vec::<String>::new());
    }
    // And they do it: told to stop at 60 s, one has stopped at 63 s.
    let service = format!("task_definition = \"new.json\"\ndesired_count = 2{behaviour}");
    let event = "\n[[event]]\nat = \"60s\"\nservice = \"app\"\ndesired_count = 1";
    let played = found(&[(NEW, 0), (NEW, 1)], ["", ""], &(service + event));
    assert_eq!(played.lines, ["60s new told to stop", "63s new stopped"]);
}

/// An instance registered more memory than the lab expects of its type (m5.large:
/// 97 % of 8192, 7946 MiB); a task that needs just that is placed there.
#[test]
fn an_instance_that_registered_more_than_its_type_takes_a_larger_task() {
    let service = "task_definition = { cpu = 256, memory = 7985 }\ndesired_count = 1";
    let played = found(&[], ["registered_resources = { memory = 7985 }", ""], service);
    assert_eq!(played.times("app:1 placed on i0"), [0]);
    assert_eq!(played.first_healthy(1), Some(53));
}
