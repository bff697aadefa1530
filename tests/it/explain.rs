//! Decisions taken apart: small clusters whose every reason is known.

use berthlab::experiment::matrix::{self, SourceText};
use berthlab::explain::{Story, Subject, explain, text};
use serde_json::Value;

use crate::support::Bench;

/// Three instances of two vCPUs each, and services that get in each other's way.
const CROWDED: &str = r#"name = "crowded"
horizon = "2h"
[workload]
trace = "tasks.csv"
unplaced = "retry"
[cluster]
availability_zones = ["us-east-1a", "us-east-1b"]
instances = 3
instance_type = "m6i.large"
[[service]]
name = "web"
task_definition = { cpu = 1024, memory = 1024, host_ports = [80] }
desired_count = 3
[[service]]
name = "big"
task_definition = { cpu = 1536, memory = 2048 }
desired_count = 1
[[service]]
name = "twin"
task_definition = { cpu = 128, memory = 128, host_ports = [80] }
desired_count = 1
[[service]]
name = "choosy"
task_definition = { cpu = 128, memory = 128 }
desired_count = 1
placement_constraints = [{ type = "memberOf", expression = "attribute:ecs.instance-type == c5.large" }]
[[service]]
name = "hopeless"
task_definition = { cpu = 2048, memory = 128, host_ports = [80] }
desired_count = 1
"#;

/// The fourth finds room when the first three have gone, the fifth never.
const TASKS: &str = "arrival_s,count,cpu_units,memory_mib,lifetime_s
60,1,900,512,600
60,1,900,512,600
60,1,900,512,600
61,1,900,512,600
62,1,90000,512,600
";

fn bench() -> Bench {
    let bench = Bench::new();
    bench.write("crowded.toml", CROWDED);
    bench.write("tasks.csv", TASKS);
    bench
}

fn story_of(bench: &Bench, experiment: &str, task: &str) -> (Story, String) {
    let source = SourceText { file: "x.toml".to_owned(), text: experiment.to_owned(), overrides: Vec::new() };
    let experiment = matrix::read(source, &bench.path("")).expect("an experiment without fault");
    let run = experiment.runs().next().expect("a run");
    let planned = &experiment.settings[run.setting];
    let seed = experiment.seed_of(run);
    let workload = experiment.inputs.workload(&experiment.workloads[planned.workload], seed);
    let subject = Subject::parse(task, &planned.setup, &workload).expect("a task of the experiment");
    let story = explain(&planned.setup, &workload, seed, subject);
    let told = text(task, &story);
    (story, told)
}

#[test]
fn what_a_waiting_task_lacks_and_what_would_let_it_in() {
    let bench = bench();
    for (task, ruled_out, lacks, change) in [
        (
            "big/0",
            "3 ruled out: RESOURCE:CPU",
            "needs 1536 CPU units, 1024 are left of 2048",
            "512 CPU units less (33.3 % of it)",
        ),
        (
            "twin/0",
            "3 ruled out: RESOURCE:PORTS",
            "needs host port 80/tcp, which web/",
            "host port 80/tcp free",
        ),
        (
            "choosy/0",
            "3 ruled out: MemberOf placement constraint unsatisfied",
            "does not satisfy memberOf attribute:ecs.instance-type == c5.large",
            "without memberOf attribute:ecs.instance-type == c5.large",
        ),
        (
            "task/3",
            "3 ruled out: RESOURCE:CPU",
            "needs 900 CPU units, 124 are left of 2048",
            "776 CPU units less (86.2 % of it)",
        ),
    ] {
        let (story, told) = story_of(&bench, CROWDED, task);
        for part in [ruled_out, lacks, change, "3 instances, 0 would do", "and 2 others would do"] {
            assert!(told.contains(part), "{task}: {part} in\n{told}");
        }
        let first = &story.attempts[0];
        assert_eq!(first.relaxations[0].n_instances, 3, "{told}");
        assert_eq!((first.number, first.examination.chosen), (1, None));
    }
    // Two things at once are no single change.
    let (_, told) = story_of(&bench, CROWDED, "hopeless/0");
    assert!(told.contains("no single change would have let it in"), "{told}");
}

#[test]
fn what_is_said_to_let_a_task_in_does_and_less_does_not() {
    for (task, before, after, is_placed) in [
        ("big/0", "cpu = 1536", "cpu = 1024", true),
        ("big/0", "cpu = 1536", "cpu = 1025", false),
        ("twin/0", "cpu = 128, memory = 128, host_ports = [80]", "cpu = 128, memory = 128", true),
        ("choosy/0", "ecs.instance-type == c5.large", "ecs.instance-type == m6i.large", true),
    ] {
        let experiment = CROWDED.replacen(before, after, 1);
        assert_ne!(experiment, CROWDED);
        let (story, told) = story_of(&bench(), &experiment, task);
        assert_eq!(story.attempts[0].examination.chosen.is_some(), is_placed, "{after}:\n{told}");
    }
}

#[test]
fn first_and_last_decision_are_told() {
    let (story, told) = story_of(&bench(), CROWDED, "task/3");
    assert_eq!((story.n_attempts, story.attempts.len()), (2, 2));
    assert!(story.n_given_back >= 1);
    assert_eq!(story.requested_at.map(|it| it.millis()), Some(61_000));
    assert!(story.placed_at > story.requested_at);
    assert!(story.attempts[1].examination.chosen.is_some() && story.attempts[1].relaxations.is_empty());
    for part in ["the first try, at 1m1s", "the last try, number 2, at", "random keeps 1 of 3 by"] {
        assert!(told.contains(part), "{part} in\n{told}");
    }
}

#[test]
fn a_placed_task_has_its_keys_link_by_link() {
    let (story, told) = story_of(&bench(), CROWDED, "web/1");
    let attempt = &story.attempts[0];
    // One instance has a task of the service, and port 80 with it.
    assert!(
        told.contains("3 instances, 2 would do") && told.contains("1 ruled out: RESOURCE:PORTS"),
        "{told}"
    );
    assert!(told.contains("spread:attribute:ecs.availability-zone keeps 1 of 2"), "{told}");
    assert_eq!(attempt.links[0].0, "spread:attribute:ecs.availability-zone");
    assert_eq!(attempt.examination.left.len(), 1);
    assert!(told.contains("the only one left"), "{told}");

    let packed =
        CROWDED.replace("desired_count = 3", "desired_count = 3\nplacement_strategy = \"binpack:memory\"");
    let (story, told) = story_of(&bench(), &packed, "web/0");
    let memory = story.attempts[0].examination.links[0].keys[0].1;
    assert!(told.contains("binpack:memory keeps 3 of 3 by MiB left"), "{told}");
    assert!(told.contains(&format!("{memory}  i-")) && told.contains("by the task's draw among 3"), "{told}");
}

#[test]
fn what_never_came_before_the_placer_is_said() {
    let (story, told) = story_of(&bench(), CROWDED, "task/4");
    assert_eq!(story.n_attempts, 0);
    assert!(told.contains("not even an empty one: RESOURCE:CPU"), "{told}");
    let (_, told) = story_of(&bench(), CROWDED, "web/99");
    assert!(told.contains("web/99 never came before the placer within the 2h of the run"), "{told}");
}

#[test]
fn a_task_before_a_growing_provider_waits_since_it_was_asked_for() {
    let growing = r#"name = "growing"
horizon = "3m"
[[cluster.capacity_provider]]
name = "general"
instance_type = "m6i.large"
max_size = 2
[[service]]
name = "web"
task_definition = { cpu = 2048, memory = 1024 }
desired_count = 3
"#;
    let (story, told) = story_of(&bench(), growing, "web/2");
    assert!(told.contains("web/2 waits since 0s: never placed in 3m of the run"), "{told}");
    assert_eq!(story.n_given_back, 0);
    assert!(story.attempts[0].examination.verdicts.is_empty(), "there is no instance yet");
    let (story, told) = story_of(&bench(), &growing.replace("3m", "1h"), "web/0");
    assert!(story.n_attempts >= 2 && told.contains("after it was asked for"), "{told}");
}

#[test]
fn on_fargate_no_placer_is_asked() {
    let fargate = r#"name = "fargate"
horizon = "1h"
[cluster]
availability_zones = ["us-east-1a", "us-east-1b"]
[[service]]
name = "web"
task_definition = { cpu = 256, memory = 512 }
desired_count = 2
capacity_provider_strategy = "FARGATE"
"#;
    let (story, told) = story_of(&bench(), fargate, "web/1");
    assert!(told.contains("web/1 was placed on Fargate in us-east-1"), "{told}");
    assert_eq!((story.n_attempts, story.is_found), (0, false));
}

#[test]
fn the_command_explains_a_run_of_the_matrix() {
    let bench = bench();
    let outcome = bench.run_well(&["explain", "crowded.toml", "--task", "big/0"]);
    assert!(
        outcome.out.starts_with("run 0 of 1: base, replicate 0, seed 1\nbig/0 was asked for"),
        "{}",
        outcome.out
    );
    let set = ["--set", "service.web.desired_count=0", "--seed", "9", "--set", "replicates=2", "--run", "1"];
    let arguments = [&["explain", "crowded.toml", "--task", "big/0", "--format", "json"][..], &set].concat();
    let outcome = bench.run_well(&arguments);
    let said: Value = serde_json::from_str(&outcome.out).expect("one JSON document");
    assert_eq!(
        (said["run"].as_u64(), said["seed"].as_u64(), said["replicate"].as_u64()),
        (Some(1), Some(9), Some(1))
    );
    assert_eq!(said["task"], "big/0");
    assert_eq!(said["instance"]["instance"], said["attempts"][0]["chosen"]);
    assert_eq!(said["attempts"][0]["instances"].as_array().map(Vec::len), Some(3));
    assert!(said["attempts"][0]["links"][0]["keys"][0]["key"].is_u64());

    for (arguments, part) in [
        (&["--task", "bgi/0"][..], "did you mean `big`"),
        (&["--task", "big"], "SERVICE/NUMBER or task/NUMBER"),
        (&["--task", "big/x"], "is no number"),
        (&["--task", "big/+1"], "is no number"),
        (&["--task", "task/5"], "the workload has 5"),
        (&["--task", "big/0", "--run", "7"], "the experiment has 1"),
    ] {
        let outcome = bench.run(&[&["explain", "crowded.toml"], arguments].concat());
        assert_eq!(outcome.code, Some(2));
        assert!(outcome.err.contains(part), "{}", outcome.err);
    }
    assert_eq!(bench.run(&["explain", "nowhere.toml", "--task", "big/0"]).code, Some(3));
}
