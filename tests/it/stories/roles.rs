//! Execution roles and task roles: what they may not do, and what follows.

use berthlab::record::DeploymentOutcome;

use super::{Played, container, definition, play};

const SECRET: &str = "arn:aws:secretsmanager:us-east-1:123456789012:secret:app/key-AbCdEf";

/// A service on Fargate whose first revision reads a secret that its execution
/// role may not read; later ones read nothing.
fn reading(horizon: &str, service: &str) -> Played {
    let experiment = format!(
        r#"horizon = "{horizon}"
[cluster]
availability_zones = ["us-east-1a"]
[[role]]
name = "starter"
allow = ["ecr:*", "logs:*"]
[[service]]
name = "app"
task_definition = "secretive.json"
launch_type = "FARGATE"
{service}
"#
    );
    let more = r#""requiresCompatibilities": ["FARGATE"], "executionRoleArn": "arn:aws:iam::123456789012:role/starter","#;
    let secretive = format!(r#""secrets": [{{ "name": "KEY", "valueFrom": "{SECRET}" }}]"#);
    let secretive = definition("secretive", "awsvpc", more, &container("app", &secretive));
    let open = definition("open", "awsvpc", more, &container("app", ""));
    play(&experiment, &[("secretive.json", &secretive), ("open.json", &open)])
}

fn denied() -> String {
    format!(
        "ResourceInitializationError: unable to pull secrets: AccessDeniedException: role `starter` is not \
         authorized to perform: secretsmanager:GetSecretValue on resource: {SECRET} because no \
         identity-based policy allows the secretsmanager:GetSecretValue action"
    )
}

/// A start fails after 15 + 1 + 5 = 21 s. The first two failures are followed
/// by another try at once, the k-th by one after 10 s x 2^(k - 3), at most 1620
/// s: 10, 20, 40, 80, 160, 320, 640, 1280, 1620, 1620 s.
#[test]
fn a_start_that_is_denied_its_secret_is_tried_ever_more_rarely() {
    let played = reading("2h", "desired_count = 1");
    let starts = [0, 21, 42, 73, 114, 175, 276, 457, 798, 1459, 2760, 4401, 6042];
    assert_eq!(played.times("secretive placed in us-east-1a"), starts);
    assert!(played.times("secretive started").is_empty());
    assert_eq!(played.failures(), [(denied().as_str(), 13)]);
    // It never came to a pull.
    assert!(played.record.ledger.lines.is_empty(), "{:?}", played.record.ledger.lines);
}

/// At 5000 s the next try would be at 6042 s. The new revision is started at
/// once, runs 28 s later and is healthy after another 40 s.
#[test]
fn a_release_that_reads_no_secret_ends_the_pause() {
    let release = "desired_count = 1\nrelease = [{ at = \"5000s\", task_definition = \"open.json\" }]";
    let played = reading("2h", release);
    assert_eq!(played.times("open placed in us-east-1a"), [5000]);
    assert_eq!(played.times("app completed"), [5068]);
    assert_eq!(played.failures(), [(denied().as_str(), 12)]);
    let rollout = &played.record.rollouts[0];
    assert_eq!((rollout.outcome, rollout.ended_ms), (DeploymentOutcome::Completed, 5_068_000));
}

fn calling(on_denied: &str, more: &str) -> Played {
    let experiment = format!(
        r#"horizon = "10m"
[cluster]
availability_zones = ["us-east-1a"]
instances = 1
instance_type = "m5.large"
[[role]]
name = "worker"
allow = ["sqs:*"]
[[target_group]]
name = "app"
deregistration_delay = "0s"
[[service]]
name = "app"
task_definition = "app.json"
desired_count = 1
requests_per_second = 10
{more}
[[service.container]]
name = "app"
calls = [{{ action = "s3:GetObject", resource = "arn:aws:s3:::jobs/next", on_denied = "{on_denied}" }}]
"#
    );
    let role = r#""taskRoleArn": "arn:aws:iam::123456789012:role/worker","#;
    let ports = r#""portMappings": [{ "containerPort": 8080 }]"#;
    play(&experiment, &[("app.json", &definition("app", "bridge", role, &container("app", ports)))])
}

const NO_OBJECT: &str = "role `worker` is not authorized to perform: s3:GetObject on resource: \
                         arn:aws:s3:::jobs/next because no identity-based policy allows the s3:GetObject action";

/// It runs at 13 s, calls at once, is denied and exits; its service starts
/// another at the same moment: at 0, 13, ..., 46 x 13 = 598 s. That is no failed
/// start, so nobody waits longer each time.
#[test]
fn a_container_that_exits_when_it_is_denied_a_call_is_started_again_and_again() {
    let played = calling("exit", "");
    let starts: Vec<u64> = (0..=46).map(|n| 13 * n).collect();
    assert_eq!(played.times("app placed on i0"), starts);
    assert_eq!(played.times("app exited"), starts[1..]);
    let reason = format!("Essential container in task exited: `app` with exit code 1: {NO_OBJECT}");
    assert_eq!(played.failures(), [(reason.as_str(), 46)]);
    assert_eq!(played.requests().1, 0);
}

/// Healthy 40 s after RUNNING at 13 s; as a target 5 s after it, for the check
/// asks for no page that needs the call. Served is nothing.
#[test]
fn a_container_that_answers_errors_is_healthy_and_serves_nobody() {
    let balancer =
        r#"load_balancers = [{ target_group = "app", container_name = "app", container_port = 8080 }]"#;
    for (more, healthy_at) in [("", 53), (balancer, 18)] {
        let played = calling("answer_errors", more);
        assert_eq!(played.failures(), []);
        assert_eq!(played.first_healthy(1), Some(healthy_at));
        let lost = vec![("no healthy target", 10 * healthy_at), (NO_OBJECT, 10 * (600 - healthy_at))];
        assert_eq!(played.requests(), (6000, 0, lost));
    }
}

/// A rollout whose tasks never start is no matter of room: it goes on trying.
#[test]
fn a_rollout_that_fails_to_start_is_not_deadlocked_by_capacity() {
    let more = r#""executionRoleArn": "starter","#;
    let secret = format!(r#""secrets": [{{ "name": "KEY", "valueFrom": "{SECRET}" }}]"#);
    let experiment = r#"horizon = "1h"
[cluster]
availability_zones = ["us-east-1a"]
instances = 2
instance_type = "m5.large"
[[role]]
name = "starter"
[[service]]
name = "app"
task_definition = "open.json"
desired_count = 1
release = [{ at = "10m", task_definition = "secretive.json" }]
"#;
    let open = definition("open", "bridge", "", &container("app", ""));
    let secretive = definition("secretive", "bridge", more, &container("app", &secret));
    let played = play(experiment, &[("open.json", &open), ("secretive.json", &secretive)]);
    assert_eq!(played.record.rollouts[0].outcome, DeploymentOutcome::CutByHorizon);
    assert_eq!(played.first_healthy(1), Some(53));
    assert_eq!(played.healthy[0].last(), Some(&(53_000, 1)), "the old task serves on");
}

/// Four tasks start at 0 s; at 5 s, while nobody knows that they will fail, two
/// of the new revision fill the maximum of six. At 21 s the four fail: their
/// revision is on its way out and never ran, so nobody starts them again, nor
/// waits. They have stopped at 26 s, when the last two are started: RUNNING at
/// 54 s, healthy at 94 s.
#[test]
fn a_release_during_the_first_start_does_not_inherit_its_failures() {
    for bounds in ["100/150", "50/100"] {
        let service = format!(
            "desired_count = 4\ndeployment_configuration = \"{bounds}\"\n\
             release = [{{ at = \"5s\", task_definition = \"open.json\" }}]"
        );
        let played = reading("1h", &service);
        let (starts, ends) = match bounds {
            "100/150" => (vec![5, 5, 26, 26], 94),
            // No slot is free before the four have stopped.
            _ => (vec![26; 4], 94),
        };
        assert_eq!(played.times("open placed in us-east-1a"), starts, "{bounds}");
        assert_eq!(played.times("app completed"), [ends], "{bounds}");
        assert_eq!(played.failures(), [(denied().as_str(), 4)], "{bounds}");
    }
}

/// A service without an execution role on two groups whose instances have roles
/// of their own: those of `open` may pull, those of `closed` lack one call. The
/// repository is of another account and lets both in.
#[test]
fn who_pulls_on_an_instance_is_the_role_of_its_group() {
    let experiment = r#"horizon = "10m"
pull_overhead = "1s"
pull_bandwidth = 1000
unpack_rate = 2500
[cluster]
availability_zones = ["us-east-1a"]
[[cluster.capacity_provider]]
name = "open"
instance_type = "m5.large"
min_size = 1
max_size = 1
instance_role = "puller"
[[cluster.capacity_provider]]
name = "closed"
instance_type = "m5.large"
min_size = 1
max_size = 1
instance_role = "reader"
[[role]]
name = "puller"
account = "123456789012"
allow = "ecr:*"
[[role]]
name = "reader"
account = "123456789012"
allow = ["ecr:GetAuthorizationToken", "ecr:BatchGetImage"]
[[repository]]
name = "web"
registry = "210987654321.dkr.ecr.us-east-1.amazonaws.com"
image = [{ tags = ["1"], layers = [{ digest = "a", size = 1000 }] }]
policy = [{ effect = "Allow", principal = ["123456789012"], action = ["ecr:*"] }]
[[service]]
name = "web"
task_definition = "web.json"
desired_count = 2
capacity_provider_strategy = [{ capacity_provider = "open", weight = 1 }, { capacity_provider = "closed", weight = 1 }]
"#;
    let image = "210987654321.dkr.ecr.us-east-1.amazonaws.com/web:1";
    let web = definition("web", "bridge", "", &container("app", ""))
        .replace("public.ecr.aws/docker/library/nginx:1", image);
    let refused = |experiment: &str| {
        let played = play(experiment, &[("web.json", &web)]);
        let failures: Vec<String> = played.failures().iter().map(|it| it.0.to_owned()).collect();
        (failures, played.healthy[0].last().expect("something was healthy").1)
    };
    let (failures, healthy) = refused(experiment);
    let why = "CannotPullContainerError: AccessDeniedException: role `reader` is not authorized to perform: \
               ecr:GetDownloadUrlForLayer on resource: arn:aws:ecr:us-east-1:210987654321:repository/web \
               because no identity-based policy allows the ecr:GetDownloadUrlForLayer action";
    assert_eq!((failures, healthy), (vec![why.to_owned()], 1));
    // Without the repository's leave nobody of another account may.
    let closed =
        experiment.replace("\"123456789012\"], action", "\"arn:aws:iam::123456789012:role/reader\"], action");
    let played = play(&closed, &[("web.json", &web)]);
    let reasons: Vec<&str> = played.failures().iter().map(|it| it.0).collect();
    let is_of_resource =
        |it: &&&str| it.ends_with("because no resource-based policy allows the ecr:BatchGetImage action");
    assert_eq!(reasons.iter().filter(is_of_resource).count(), 1, "{reasons:?}");
    assert!(reasons.iter().any(|it| it.contains("role `puller`")), "{reasons:?}");
    // With the missing call both groups pull.
    let granted = experiment.replace(
        "\"ecr:BatchGetImage\"]",
        "\"ecr:BatchGetImage\", \"ecr:BatchCheckLayer*\", \"ecr:GetDownload*\"]",
    );
    let (failures, healthy) = refused(&granted);
    assert_eq!((failures.len(), healthy), (0, 2));
}

/// A token that was written into the agent's settings at the launch is valid for
/// twelve hours; an agent that asks for its own gets a new one.
#[test]
fn a_token_of_the_launch_lasts_for_twelve_hours() {
    let experiment = |agent: &str| {
        format!(
            r#"horizon = "14h"
pull_overhead = "1s"
pull_bandwidth = 1000
unpack_rate = 2500
[cluster]
availability_zones = ["us-east-1a"]
instances = 1
instance_type = "m5.large"
{agent}
[[repository]]
name = "web"
image = [
    {{ tags = ["1"], layers = [{{ digest = "a", size = 1000 }}] }},
    {{ tags = ["2"], layers = [{{ digest = "b", size = 1000 }}] }},
    {{ tags = ["3"], layers = [{{ digest = "c", size = 1000 }}] }},
]
[[service]]
name = "web"
task_definition = "web.json"
desired_count = 1
release = [{{ at = "11h", image = "web:2" }}, {{ at = "12h", image = "web:3" }}]
"#
        )
    };
    let web = definition("web", "bridge", "", &container("app", ""))
        .replace("public.ecr.aws/docker/library/nginx", "123456789012.dkr.ecr.us-east-1.amazonaws.com/web");
    let at_boot = play(&experiment("agent = { registry_auth_at_boot = true }"), &[("web.json", &web)]);
    let outcomes = |played: &Played| played.record.rollouts.iter().map(|it| it.outcome).collect::<Vec<_>>();
    assert_eq!(outcomes(&at_boot), [DeploymentOutcome::Completed, DeploymentOutcome::CutByHorizon]);
    let failures = at_boot.failures();
    assert_eq!(failures.len(), 1, "{failures:?}");
    assert!(failures[0].0.contains("Your authorization token has expired"), "{failures:?}");
    let renewed = play(&experiment(""), &[("web.json", &web)]);
    assert_eq!(outcomes(&renewed), [DeploymentOutcome::Completed; 2]);
    assert!(renewed.failures().is_empty());
}
