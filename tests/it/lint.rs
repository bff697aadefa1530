//! What a lint finds of settings that are valid and do not work, that the
//! change it advises frees them, and that a run of them sees the same.

use berthlab::base::SimTime;
use berthlab::experiment::matrix::{self, Experiment, SourceText};
use berthlab::lint::{Finding, LINTS, lint};
use berthlab::record::ServiceRecord;
use berthlab::sim::{Fact, Watch, run_watched};

use crate::support::Bench;

/// A service behind a load balancer, with a sidecar, a secret and a role.
const SHOP: &str = r#"name = "shop"
horizon = "1h"
[cluster]
availability_zones = ["us-east-1a", "us-east-1b"]
[[cluster.capacity_provider]]
name = "general"
instance_type = "m6i.large"
min_size = 3
max_size = 4
security_groups = ["instances"]
[[security_group]]
name = "balancer"
inbound = [{ protocol = "tcp", ports = 443, source = "0.0.0.0/0" }]
[[security_group]]
name = "instances"
inbound = [{ protocol = "tcp", ports = "32768-65535", source = "balancer" }]
[[target_group]]
name = "web"
[[load_balancer]]
name = "front"
security_groups = ["balancer"]
listeners = [{ port = 443, target_group = "web" }]
[model]
unhealthy_replacement = "stop_first"
[[role]]
name = "starter"
allow = ["ecr:*", "logs:*", "secretsmanager:*"]
[[role]]
name = "code"
allow = ["s3:*"]
[[service]]
name = "web"
task_definition = "web.json"
desired_count = 3
load_balancers = [{ target_group = "web", container_name = "nginx", container_port = 80 }]
requests_per_second = 10
[[service.container]]
name = "nginx"
answers_after = "8s"
calls = [{ action = "s3:GetObject", resource = "arn:aws:s3:::jobs/*" }]
[[service.container]]
name = "init"
exit = { after = "1s" }
"#;

const WEB: &str = r#"{
  "family": "web",
  "networkMode": "bridge",
  "executionRoleArn": "arn:aws:iam::123456789012:role/starter",
  "taskRoleArn": "arn:aws:iam::123456789012:role/code",
  "containerDefinitions": [
    {
      "name": "nginx", "image": "nginx:1", "cpu": 256, "memory": 512,
      "portMappings": [{ "containerPort": 80, "hostPort": 0 }],
      "dependsOn": [{ "containerName": "init", "condition": "SUCCESS" }],
      "secrets": [{ "name": "KEY", "valueFrom": "arn:aws:secretsmanager:us-east-1:123456789012:secret:key-AbCdEf" }],
      "healthCheck": { "command": ["CMD", "true"], "interval": 30, "retries": 3, "startPeriod": 60 },
      "logConfiguration": {
        "logDriver": "awslogs",
        "options": { "awslogs-group": "web", "awslogs-region": "us-east-1", "mode": "blocking" }
      }
    },
    { "name": "init", "image": "init:1", "cpu": 64, "memory": 64, "essential": false }
  ]
}"#;

/// What is changed in the shop.
enum In {
    Experiment,
    Definition,
}

/// A change, the code, parts of the message and of the help.
struct Case {
    place: In,
    from: &'static str,
    to: &'static str,
    code: &'static str,
    message: &'static str,
    help: &'static str,
}

fn read(bench: &Bench, text: &str) -> Experiment {
    let source = SourceText { file: "x.toml".to_owned(), text: text.to_owned(), overrides: Vec::new() };
    matrix::read(source, &bench.path("")).unwrap_or_else(|found| panic!("{found:?}"))
}

fn shop(case: &Case) -> (Bench, Experiment) {
    let (mut experiment, mut definition) = (SHOP.to_owned(), WEB.to_owned());
    let text = match case.place {
        In::Experiment => &mut experiment,
        In::Definition => &mut definition,
    };
    assert_eq!(text.matches(case.from).count(), 1, "`{}` is there once", case.from);
    *text = text.replace(case.from, case.to);
    let bench = Bench::new();
    bench.write("web.json", definition);
    let read = read(&bench, &experiment);
    (bench, read)
}

/// What a run of the first setting saw of its first service.
struct Seen {
    service: ServiceRecord,
    n_placed: u32,
    n_started: u32,
}

impl Seen {
    fn served(&self) -> u64 {
        self.service.requests.as_ref().map_or(0, |it| it.served)
    }
}

#[derive(Default)]
struct Counter {
    n_placed: u32,
    n_started: u32,
}

impl Watch for Counter {
    fn fact(&mut self, _: SimTime, fact: Fact<'_>) {
        match fact {
            Fact::TaskPlaced(..) => self.n_placed += 1,
            Fact::TaskStarted(..) => self.n_started += 1,
            _ => (),
        }
    }
}

fn play(experiment: &Experiment) -> Seen {
    let run = experiment.runs().next().expect("a run");
    let planned = &experiment.settings[run.setting];
    let seed = experiment.seed_of(run);
    let workload = experiment.inputs.workload(&experiment.workloads[planned.workload], seed);
    let mut counter = Counter::default();
    let record = run_watched(&planned.setup, &workload, seed, &mut counter).expect("nobody stops it");
    let service = record.services.into_iter().next().expect("a service");
    Seen { service, n_placed: counter.n_placed, n_started: counter.n_started }
}

#[track_caller]
fn only(experiment: &Experiment, code: &str, message: &str, help: &str) -> Finding {
    let found = lint(experiment);
    let told: Vec<String> = found.iter().map(|it| it.diagnostic().to_string()).collect();
    assert_eq!(found.iter().map(Finding::code).collect::<Vec<_>>(), [code], "{told:#?}");
    let diagnostic = found[0].diagnostic();
    assert!(diagnostic.message.contains(message), "{message}\n{told:#?}");
    let advice = diagnostic.help.unwrap_or_default();
    assert!(advice.contains(help), "{help}\n{told:#?}");
    assert!(diagnostic.place.is_some_and(|it| it.line > 0), "{told:#?}");
    assert!(!diagnostic.message.ends_with('.') && diagnostic.message.starts_with("service `"));
    found.into_iter().next().expect("one finding")
}

/// What a run never comes to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Lacking {
    Placement,
    Start,
    Health,
    Requests,
}

#[test]
fn what_is_found_is_what_a_run_sees() {
    use In::{Definition, Experiment};
    let cases = [
        (
            Lacking::Health,
            Case {
                place: Experiment,
                from: "ports = \"32768-65535\"",
                to: "ports = 80",
                code: "B0701",
                message: "its tasks in us-east-1a and us-east-1b never become healthy in target group `web` (Target.Timeout)",
                help: "add to security group `instances` the inbound rule { protocol = \"tcp\", ports = \
                       \"32768-65535\", source = \"balancer\" }",
            },
        ),
        (
            Lacking::Requests,
            Case {
                place: Experiment,
                from: "ports = 443,",
                to: "ports = 80,",
                code: "B0703",
                message: "no request from the web reaches them",
                help: "add to security group `balancer` the inbound rule { protocol = \"tcp\", ports = 443, source = \
                       \"0.0.0.0/0\" }",
            },
        ),
        (
            Lacking::Start,
            Case {
                place: Experiment,
                from: ", \"secretsmanager:*\"",
                to: "",
                code: "B0704",
                message: "no task of it ever starts: ResourceInitializationError: unable to pull secrets",
                help: "add to role `starter` the statement { effect = \"Allow\", action = \
                       [\"secretsmanager:GetSecretValue\"]",
            },
        ),
        (
            Lacking::Start,
            Case {
                place: Experiment,
                from: "\"logs:*\", ",
                to: "",
                code: "B0704",
                message: "CannotStartContainerError",
                help: "logs:CreateLogStream",
            },
        ),
        (
            Lacking::Start,
            Case {
                place: Experiment,
                from: "[[service]]\n",
                to: "[[secret]]\nname = \"key\"\nexists = false\n[[service]]\n",
                code: "B0705",
                message: "ResourceNotFoundException",
                help: "create `arn:aws:secretsmanager:us-east-1:123456789012:secret:key-AbCdEf`",
            },
        ),
        (
            Lacking::Start,
            Case {
                place: Experiment,
                from: "exit = { after = \"1s\" }",
                to: "exit = { after = \"1s\", code = 3 }",
                code: "B0706",
                message: "which exited with code 3",
                help: "let container `nginx` wait for `init` with condition START only",
            },
        ),
        (
            Lacking::Health,
            Case {
                place: Experiment,
                from: "allow = [\"s3:*\"]",
                to: "allow = [\"sqs:*\"]",
                code: "B0707",
                message: "container `nginx` exits with code 1 as soon as it calls",
                help: "add to role `code` the statement { effect = \"Allow\", action = [\"s3:GetObject\"], resource = \
                       [\"arn:aws:s3:::jobs/*\"] }",
            },
        ),
        (
            Lacking::Health,
            Case {
                place: Experiment,
                from: "\"logs:*\"",
                to: "\"logs:CreateLogStream\"",
                code: "B0709",
                message: "container `nginx` hangs",
                help: "logs:PutLogEvents",
            },
        ),
        (
            Lacking::Health,
            Case {
                place: Experiment,
                from: "answers_after = \"8s\"",
                to: "answers_after = \"110s\"",
                code: "B0710",
                message: "after it: they are replaced for ever",
                help: "health_check_grace_period_seconds = ",
            },
        ),
        (
            Lacking::Health,
            Case {
                place: Definition,
                from: "\"interval\": 30, \"retries\": 3, \"startPeriod\": 60",
                to: "\"interval\": 5, \"retries\": 1, \"startPeriod\": 0",
                code: "B0711",
                message: "found unhealthy 5s after its task runs, before it passes its check",
                help: "startPeriod = 6 in the health check of container `nginx`",
            },
        ),
        (
            Lacking::Placement,
            Case {
                place: Definition,
                from: "\"memory\": 512",
                to: "\"memory\": 8000",
                code: "B0712",
                message: "RESOURCE:MEMORY: 118 MiB of 8064 beyond the 7946 that there are",
                help: "let a task do with 118 MiB less",
            },
        ),
        (
            Lacking::Placement,
            Case {
                place: Definition,
                from: "\"networkMode\": \"bridge\",",
                to: "\"networkMode\": \"bridge\", \"placementConstraints\": [{ \"type\": \"memberOf\", \"expression\": \
                     \"attribute:ecs.instance-type == c5.large\" }],",
                code: "B0713",
                message: "memberOf attribute:ecs.instance-type == c5.large of the task definition selects no instance",
                help: "leave the constraint out",
            },
        ),
        (
            Lacking::Placement,
            Case {
                place: Experiment,
                from: "desired_count = 3\n",
                to: "desired_count = 3\nplacement_constraints = [{ type = \"memberOf\", expression = \"attribute:rack exists\" }]\n",
                code: "B0713",
                message: "memberOf attribute:rack exists selects no instance of provider `general`",
                help: "leave the constraint out",
            },
        ),
    ];
    for (lacking, case) in &cases {
        let (_bench, experiment) = shop(case);
        only(&experiment, case.code, case.message, case.help);
        let seen = play(&experiment);
        let code = case.code;
        assert_eq!(seen.served(), 0, "{code}: requests");
        assert_eq!(seen.service.available_ms > 0, *lacking == Lacking::Requests, "{code}: healthy");
        assert_eq!(seen.n_placed == 0, *lacking == Lacking::Placement, "{code}: placed {}", seen.n_placed);
        let never_starts = matches!(lacking, Lacking::Placement | Lacking::Start);
        assert_eq!(seen.n_started == 0, never_starts, "{code}: started {}", seen.n_started);
    }
    let bench = Bench::new();
    bench.write("web.json", WEB);
    let sound = read(&bench, SHOP);
    assert_eq!(lint(&sound), []);
    let seen = play(&sound);
    assert!(seen.served() > 0 && seen.service.failures.is_empty());
}

#[test]
fn a_zone_that_is_not_enabled_is_told_alone() {
    let case = Case {
        place: In::Experiment,
        from: "name = \"front\"",
        to: "name = \"front\"\navailability_zones = [\"us-east-1b\"]",
        code: "B0702",
        message: "its tasks in us-east-1a never become healthy in target group `web` (Target.NotInUse)",
        help: "enable load balancer `front` in availability zone `us-east-1a`",
    };
    let (_bench, experiment) = shop(&case);
    only(&experiment, case.code, case.message, case.help);
    assert!(play(&experiment).served() > 0, "those of the other zone answer");
}

#[test]
fn what_is_advised_frees_the_service() {
    let bench = Bench::new();
    bench.write("web.json", WEB);
    // Errors are answered by healthy tasks: nothing else tells.
    let errors = SHOP.replace("allow = [\"s3:*\"]", "allow = [\"sqs:*\"]");
    let errors = errors.replace("jobs/*\" }", "jobs/*\", on_denied = \"answer_errors\" }");
    let found = only(&read(&bench, &errors), "B0708", "answers every request with an error", "role `code`");
    assert_eq!((found.lint(), found.n_settings()), ("denied-calls", 1));
    let seen = play(&read(&bench, &errors));
    assert!(seen.served() == 0 && seen.service.available_ms > 0);

    // The smallest grace period that is enough whatever the luck, and one less.
    let slow = SHOP.replace("answers_after = \"8s\"", "answers_after = \"110s\"");
    let advice = lint(&read(&bench, &slow))[0].diagnostic().help.expect("a change");
    let number = advice.rsplit(' ').next().and_then(|it| it.parse::<u64>().ok()).expect("seconds");
    let with = |secs: u64| {
        let line = format!("desired_count = 3\nhealth_check_grace_period_seconds = {secs}\n");
        read(&bench, &slow.replace("desired_count = 3\n", &line))
    };
    // Where replacements come first, those that are kept become healthy late.
    let start_first = read(&bench, &slow.replace("stop_first", "start_first"));
    only(&start_first, "B0710", "replacements are started that fare no better", &advice);
    assert!(!play(&start_first).service.failures.is_empty());
    assert_eq!(lint(&with(number)), []);
    let seen = play(&with(number));
    assert!(seen.service.failures.is_empty() && seen.served() > 0);
    let found = only(&with(number - 1), "B0710", "tasks whose first check comes at a bad moment", &advice);
    assert_eq!(found.lint(), "too-late");

    // Several grants at once, in the order in which they are missed.
    let poor = SHOP.replace("allow = [\"ecr:*\", \"logs:*\", \"secretsmanager:*\"]", "allow = []");
    let found = only(&read(&bench, &poor), "B0704", "unable to pull secrets", "; then add to role `starter`");
    let help = found.diagnostic().help.unwrap_or_default();
    assert!(
        help.contains("secretsmanager:GetSecretValue") && help.contains("logs:CreateLogStream"),
        "{help}"
    );
    let denied = SHOP.replace("secretsmanager:*\"]", "secretsmanager:*\"]\ndeny = [\"secretsmanager:*\"]");
    only(&read(&bench, &denied), "B0704", "explicit deny", "out of the Deny statement of role `starter`");
}

/// Services on a pool of three.
fn pool(services: &str) -> String {
    format!(
        "name = \"pool\"\nhorizon = \"1h\"\n[cluster]\navailability_zones = [\"us-east-1a\"]\ninstances = 3\n\
         instance_type = \"c5.large\"\n{services}"
    )
}

fn service(name: &str, desired: u32, ports: &str, more: &str) -> String {
    format!(
        "[[service]]\nname = \"{name}\"\ntask_definition = {{ cpu = 128, memory = 128, host_ports = [{ports}] }}\n\
         desired_count = {desired}\n{more}\n"
    )
}

#[test]
fn host_ports_and_interfaces_are_counted() {
    let bench = Bench::new();
    let check = |services: &str, code, message, help| {
        only(&read(&bench, &pool(services)), code, message, help);
    };
    check(
        &service("web", 2, "40000", ""),
        "B0714",
        "host port 40000/tcp is in the dynamic range",
        "below 32768",
    );
    let stuck = service("web", 3, "80", "release = [{ at = \"10m\", image = \"web:2\" }]");
    check(
        &stuck,
        "B0721",
        "desired 3 at 100/200 keeps 3 healthy, and with 3 old tasks and 0 new no instance of provider `fixed` takes \
         another new one: RESOURCE:PORTS on 3 instances (every placement tried)",
        "smallest change: minimum_healthy_percent = 66, or 1 instance more in provider `fixed`, or dynamic host ports",
    );
    for bounds in ["50/100", "66/200"] {
        let free = service("web", 3, "80", &format!("deployment_configuration = \"{bounds}\""));
        assert_eq!(lint(&read(&bench, &pool(&free))), [], "{bounds}");
    }
    assert_eq!(lint(&read(&bench, &pool(&service("web", 2, "80", "")))), [], "one to spare");
    check(
        &service("web", 5, "80", ""),
        "B0715",
        "at most 3 instances: of 5 tasks wanted, 2 are never placed",
        "5 instances in provider",
    );
    let twins = service("web", 2, "80", "") + &service("twin", 2, "80", "");
    let found = lint(&read(&bench, &pool(&twins)));
    let told: Vec<String> = found.iter().map(|it| it.diagnostic().to_string()).collect();
    // What the one lacks is in the way of the other's rollouts.
    assert_eq!(found.iter().map(Finding::code).collect::<Vec<_>>(), ["B0721", "B0715"], "{told:#?}");
    let message = "of 4 tasks wanted together by `web` and `twin`, 1 is never placed";
    assert!(told[1].contains(message) && told[1].contains("4 instances"), "{told:#?}");
    check(
        &service("web", 1, "22", ""),
        "B0712",
        "keeps a static host port of theirs for itself",
        "another host port",
    );

    let own = WEB.replace("bridge", "awsvpc").replace(", \"hostPort\": 0", "");
    bench.write("own.json", own);
    let own = "[[service]]\nname = \"api\"\ntask_definition = \"own.json\"\ndesired_count = 4\n\
               [[service.container]]\nname = \"init\"\nexit = { after = \"1s\" }\n\
               [[event]]\nat = \"10m\"\nservice = \"api\"\ndesired_count = 8\n";
    check(own, "B0717", "2 tasks are never placed", "awsvpc_trunking = true");
    let placed = play(&read(&bench, &pool(own))).service.tasks;
    assert!(!format!("{placed:?}").is_empty());
    assert_eq!(lint(&read(&bench, &pool(&own.replace("desired_count = 8", "desired_count = 5")))), []);
    // Six fill the interfaces: nothing is left for a seventh.
    check(
        &own.replace("desired_count = 8", "desired_count = 6"),
        "B0721",
        "a release of what it runs cannot progress: desired 6 at 100/200 keeps 6 healthy",
        "smallest change: minimum_healthy_percent = 83",
    );
    let stuck = service("web", 2, "", "deployment_configuration = \"75/125\"");
    check(
        &stuck,
        "B0720",
        "a release of what it runs cannot progress: desired 2 at 75/125 keeps 2 healthy and allows 2 tasks at once",
        "smallest change: maximum_percent = 150, or minimum_healthy_percent = 50",
    );
}

#[test]
fn what_several_settings_share_is_told_once() {
    let bench = Bench::new();
    let axes = "[axes]\n\"service.web.desired_count\" = [2, 5]\nplacement = [\"random\", \"binpack:cpu\"]\n";
    bench.write("x.toml", format!("{}{axes}", pool(&service("web", 2, "80, 40000", ""))));
    let outcome = bench.run(&["lint", "x.toml"]);
    assert_eq!(outcome.code, Some(1), "{}", outcome.err);
    for part in
        ["finding[B0714]", "x.toml:7:1", "(in all 4 settings)", "(in 2 of 4 settings)", "help:", "3 findings"]
    {
        assert!(outcome.out.contains(part), "{part} in\n{}", outcome.out);
    }
    let outcome = bench.run(&["lint", "x.toml", "--format", "json"]);
    assert_eq!(outcome.code, Some(1));
    let said: serde_json::Value = serde_json::from_str(&outcome.out).expect("one JSON document");
    let codes: Vec<_> = said["findings"].as_array().expect("a list").iter().map(|it| &it["code"]).collect();
    assert_eq!(codes, ["B0714", "B0715", "B0715"], "{}", outcome.out);
    assert_eq!(
        (&said["findings"][0]["n_settings"], &said["findings"][0]["lint"]),
        (&4.into(), &"host-ports".into())
    );

    bench.write("bad.toml", "name = 1");
    let outcome = bench.run(&["lint", "x.toml", "bad.toml", "none.csv"]);
    assert_eq!(outcome.code, Some(3));
    assert!(
        outcome.out.contains("finding[B0714]") && outcome.err.contains("error[B0100]"),
        "{}",
        outcome.err
    );
    bench.write("good.toml", pool(&service("web", 2, "80", "")));
    assert_eq!(bench.run_well(&["lint", "good.toml"]).out, "1 file without finding\n");
}

#[test]
fn the_lists_are_sound_and_the_workloads_of_the_house_have_no_finding() {
    for (idx, one) in LINTS.iter().enumerate() {
        let is_name = one.name.bytes().all(|it| it.is_ascii_lowercase() || it == b'-');
        assert!(is_name && !one.summary.is_empty(), "{}", one.name);
        assert!(LINTS[..idx].iter().all(|it| it.name != one.name), "{}", one.name);
    }
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("workloads");
    for name in ["quickstart.toml", "three-services.toml"] {
        let text = std::fs::read_to_string(folder.join(name)).expect("a workload of the house");
        let source = SourceText { file: name.to_owned(), text, overrides: Vec::new() };
        let experiment = matrix::read(source, &folder).unwrap_or_else(|found| panic!("{name}: {found:?}"));
        assert_eq!(lint(&experiment), [], "{name}");
    }
}

/// A denial that an event brings at the first moment is one change away.
#[test]
fn a_denial_of_the_first_moment_is_told_once() {
    let bench = Bench::new();
    bench.write("web.json", LOGGING);
    let text = r#"name = "x"
horizon = "1h"
[cluster]
[[role]]
name = "exec"
allow = "*"
[[event]]
at = 0
role = "exec"
deny = "logs:*"
[[service]]
name = "web"
task_definition = "web.json"
desired_count = 1
launch_type = "FARGATE"
"#;
    let found = lint(&read(&bench, text));
    assert_eq!(found.len(), 1, "{found:?}");
    let help = found[0].diagnostic().help.expect("a change");
    assert_eq!(help.matches("Deny statement").count(), 1, "{help}");
}

const LOGGING: &str = r#"{"family": "web", "networkMode": "awsvpc", "cpu": "256", "memory": "512",
    "requiresCompatibilities": ["FARGATE"], "executionRoleArn": "arn:aws:iam::123456789012:role/exec",
    "containerDefinitions": [{"name": "app", "image": "nginx", "logConfiguration": {"logDriver": "awslogs",
    "options": {"awslogs-group": "g", "awslogs-region": "us-east-1", "awslogs-stream-prefix": "s"}}}]}"#;

/// Two grants are missing for the pull of a repository of another account: the
/// role's for the layers, and the repository's for the role.
#[test]
fn a_described_repository_that_may_not_be_pulled_is_told_with_what_lets_it() {
    let experiment = r#"name = "x"
horizon = "1h"
[cluster]
instances = 2
instance_type = "m5.large"
instance_role = "node"
[[role]]
name = "node"
account = "123456789012"
allow = ["ecr:GetAuthorizationToken", "ecr:BatchGetImage"]
[[repository]]
name = "web"
registry = "210987654321.dkr.ecr.us-east-1.amazonaws.com"
image = { tags = "1", layers = [{ digest = "a", size = 1000 }] }
[[service]]
name = "web"
task_definition = "web.json"
desired_count = 1
"#;
    let web = r#"{"family": "web", "containerDefinitions": [
        {"name": "app", "memory": 64, "image": "210987654321.dkr.ecr.us-east-1.amazonaws.com/web:1"}]}"#;
    let bench = Bench::new();
    bench.write("web.json", web);
    let found = |text: &str| -> Vec<(&str, String)> {
        let found = lint(&read(&bench, text));
        found.iter().map(|it| it.diagnostic()).map(|it| (it.code, it.help.unwrap_or_default())).collect()
    };
    let told = found(experiment);
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0].0, "B0704");
    for part in
        ["let the policy of `arn:aws:ecr:us-east-1:210987654321:repository/web` allow", "add to role `node`"]
    {
        assert!(told[0].1.contains(part), "{part}: {}", told[0].1);
    }
    let granted = experiment
        .replace("\"ecr:BatchGetImage\"]", "\"ecr:Batch*\", \"ecr:GetDownloadUrlForLayer\"]")
        .replace(
            "[[service]]",
            "policy = { effect = \"Allow\", principal = \"123456789012\", action = \"ecr:*\" }\n[[service]]",
        );
    assert_eq!(found(&granted), []);
}
