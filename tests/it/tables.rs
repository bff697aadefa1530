//! Roles, secrets, networks and the behaviour of containers in an experiment
//! file: what they become, and how faults are told.

use berthlab::base::{Seed, SimDuration};
use berthlab::experiment::catalogue::Catalogue;
use berthlab::experiment::inputs::Inputs;
use berthlab::experiment::reader::Faults;
use berthlab::experiment::scenario;
use berthlab::experiment::tree::Node;
use berthlab::model::access::Permissions;
use berthlab::model::container::{Answers, Blueprint, Exit, OnDenied};
use berthlab::model::network::{Cidr, Peer, Protocol, TargetType};
use berthlab::model::workload::{ServiceChangeKind, Workload};
use berthlab::sim::Setup;

use crate::bad_input::{Told, refused};
use crate::support::{Bench, LEAST};

/// The least experiment with more behind it, as it will be played.
fn read(bench: &Bench, more: &str) -> (Setup, Workload) {
    let tree = Node::parse("x.toml", &format!("{LEAST}{more}")).unwrap();
    let faults = Faults::default();
    let read = scenario::read(&tree, "us-east-1", Catalogue::built_in(), &faults);
    let mut inputs = Inputs::new(&bench.path(""));
    inputs.load(&read.workload, &faults);
    assert!(faults.is_empty(), "{:?}", faults.into_found());
    (read.setup.unwrap(), inputs.workload(&read.workload, Seed(1)))
}

#[test]
fn a_fault_of_a_table_is_told_at_its_place() {
    let bench = Bench::new();
    bench.write(
        "web.json",
        r#"{"family": "web", "containerDefinitions": [{"name": "front", "image": "x", "memory": 64}]}"#,
    );
    let with = |more: &str| format!("{LEAST}{more}\n");
    let container = |fields: &str| with(&format!("[[service.container]]\nname = \"app\"\n{fields}"));
    let role = |fields: &str| with(&format!("[[role]]\nname = \"web\"\n{fields}"));
    let group = |fields: &str| with(&format!("[[security_group]]\nname = \"web\"\n{fields}"));
    let target = |fields: &str| with(&format!("[[target_group]]\nname = \"web\"\n{fields}"));
    let front = |fields: &str| {
        with(&format!("[[target_group]]\nname = \"web\"\n[[load_balancer]]\nname = \"front\"\n{fields}"))
    };
    let of_file = LEAST.replace("{ cpu = 512, memory = 1024 }", "\"web.json\"");
    let cases: &[(String, Told)] = &[
        (container("exit = { code = 1 }"), ("B0105", 12, 8, "`after`")),
        (container("exit = { after = \"1h\", code = 256 }"), ("B0107", 12, 31, "to 255")),
        (container("answers_after = \"soon\""), ("B0106", 12, 17, "soon")),
        (container("answers_after = \"1s\"\nnever_answers = true"), ("B0110", 12, 17, "never answers")),
        (container("calls = [{ action = \"GetObject\" }]"), ("B0162", 12, 21, "s3:GetObject")),
        (
            container("calls = [{ action = \"s3:Get\", resource = \"bucket\" }]"),
            ("B0163", 12, 42, "`bucket`"),
        ),
        (
            container("calls = [{ action = \"s3:Get\", on_denied = \"panic\" }]"),
            ("B0108", 12, 43, "answer_errors"),
        ),
        (container("exits = { after = 1 }"), ("B0104", 12, 1, "did you mean `exit`")),
        (with("[[service.container]]\nname = \"ap\""), ("B0166", 11, 8, "did you mean `app`")),
        (with("[[service.container]]\nexit_time = 1"), ("B0105", 10, 1, "`name`")),
        (
            with("[[service.container]]\nname = \"app\"\n[[service.container]]\nname = \"app\""),
            ("B0111", 12, 1, "given twice"),
        ),
        (
            with(
                "[[service.release]]\nat = \"1m\"\nimage = \"x\"\n[[service.release.container]]\nname = \"apps\"",
            ),
            ("B0166", 14, 8, "did you mean `app`"),
        ),
        (
            with("[[service.release]]\nat = \"1m\"\nimage = \"x\"\nfails_health_checks = 1"),
            ("B0103", 13, 23, "found a number"),
        ),
        (
            format!("{of_file}[[service.container]]\nname = \"frnt\"\n"),
            ("B0166", 11, 8, "did you mean `front`"),
        ),
        (format!("{of_file}[[service.container]]\nname = \"app\"\n"), ("B0166", 11, 8, "known: front")),
        (role("allow = [\"s3\"]"), ("B0162", 12, 10, "`s3`")),
        (role("deny = 3"), ("B0103", 12, 8, "found a number")),
        (role("allow = \"s3:*\"\nalow = \"x\""), ("B0104", 13, 1, "did you mean `allow`")),
        (
            role("statement = { effect = \"allow\", action = \"*\", resource = \"*\" }"),
            ("B0108", 12, 24, "`Allow`"),
        ),
        (role("statement = { effect = \"Allow\", resource = \"*\" }"), ("B0105", 12, 13, "`action`")),
        (
            role("statement = { effect = \"Allow\", action = \"*\", resource = \"data\" }"),
            ("B0163", 12, 58, "`data`"),
        ),
        (role("account = \"12345\""), ("B0183", 12, 11, "12 digits")),
        (role("account = 123456789012"), ("B0103", 12, 11, "found a number")),
        (
            LEAST.replace("instances = 3", "instances = 3\ninstance_role = \"node\""),
            ("B0117", 5, 17, "no role `node`"),
        ),
        (role("[[role]]\nname = \"web\""), ("B0111", 12, 1, "`web` is given twice")),
        (with("[[role]]\nname = \"\""), ("B0109", 11, 8, "not empty")),
        (with("[[secret]]\nname = \"a\"\nexists = \"no\""), ("B0103", 12, 10, "true or false")),
        (with("[[secret]]\nname = \"a\"\n[[secret]]\nname = \"a\""), ("B0111", 12, 1, "given twice")),
        (group("inbound = { ports = \"x\", source = \"web\" }"), ("B0165", 12, 21, "32768-65535")),
        (group("inbound = { ports = \"9-8\", source = \"web\" }"), ("B0165", 12, 21, "`9-8`")),
        (group("inbound = { ports = 65536, source = \"web\" }"), ("B0107", 12, 21, "to 65535")),
        (group("inbound = { ports = 80, source = \"wbe\" }"), ("B0117", 12, 34, "did you mean `web`")),
        (group("inbound = { ports = 80, source = \"10.0.0.0/33\" }"), ("B0164", 12, 34, "10.0.0.0/33")),
        (group("inbound = { ports = 80, source = \"10.0.0.0\" }"), ("B0164", 12, 34, "10.0.0.0/16")),
        (group("inbound = { ports = 80, source = \"::/0\" }"), ("B0164", 12, 34, "IPv4")),
        (group("inbound = { ports = 80 }"), ("B0105", 12, 11, "`source`")),
        (group("inbound = { source = \"web\" }"), ("B0105", 12, 11, "`ports`")),
        (
            group("inbound = { ports = 80, source = \"web\", destination = \"web\" }"),
            ("B0104", 12, 41, "source"),
        ),
        (
            group("outbound = { protocol = \"icmp\", ports = 1, destination = \"web\" }"),
            ("B0108", 12, 25, "icmp"),
        ),
        (target("target_type = \"lambda\""), ("B0108", 12, 15, "instance, ip")),
        (target("health_check_interval_seconds = 4"), ("B0107", 12, 33, "5 to 300")),
        (target("health_check_interval_seconds = 5"), ("B0110", 12, 33, "timeout of 6 s")),
        (target("health_check_timeout_seconds = 30"), ("B0110", 12, 32, "timeout of 30 s")),
        (target("health_check_timeout_seconds = 121"), ("B0107", 12, 32, "2 to 120")),
        (target("healthy_threshold_count = 1"), ("B0107", 12, 27, "2 to 10")),
        (target("unhealthy_threshold_count = 11"), ("B0107", 12, 29, "2 to 10")),
        (target("deregistration_delay = \"61m\""), ("B0107", 12, 24, "3600")),
        (target("[[target_group]]\nname = \"web\""), ("B0111", 12, 1, "target group `web`")),
        (front(""), ("B0105", 12, 1, "`listeners`")),
        (front("listeners = [{ port = 0, target_group = \"web\" }]"), ("B0107", 14, 23, "1 to 65535")),
        (
            front("listeners = [{ port = 80, target_group = \"wbe\" }]"),
            ("B0117", 14, 42, "did you mean `web`"),
        ),
        (
            front(
                "listeners = [{ port = 80, target_group = \"web\" }, { port = 80, target_group = \"web\" }]",
            ),
            ("B0111", 14, 51, "port 80"),
        ),
        (front("listeners = []\nsecurity_groups = \"open\""), ("B0117", 15, 19, "security group `open`")),
        (front("listeners = []\navailability_zones = [\"us-east-1z\"]"), ("B0117", 15, 23, "us-east-1")),
    ];
    for (text, told) in cases {
        refused(&bench, text, text, std::slice::from_ref(told));
    }
}

#[test]
fn roles_and_secrets_decide_access() {
    let bench = Bench::new();
    let (setup, _) = read(
        &bench,
        r#"
[[role]]
name = "web"
allow = ["s3:*", "sqs:SendMessage"]
deny = "s3:Delete*"
statement = [{ effect = "Allow", action = ["ssm:GetParameters"], resource = ["arn:aws:ssm:*:*:parameter/app/*"] }]
[[role]]
name = "nothing"
[[secret]]
name = "gone"
exists = false
[[secret]]
name = "there"
"#,
    );
    let may = |role, action, resource| setup.access.may(Some(role), action, resource).is_ok();
    assert!(may("web", "s3:GetObject", "x") && !may("web", "s3:DeleteObject", "x"));
    assert!(may("arn:aws:iam::123456789012:role/web", "ssm:GetParameters", "/app/a"));
    assert!(!may("nothing", "s3:GetObject", "x") && may("undescribed", "s3:GetObject", "x"));
    assert!(!setup.access.exists("gone") && setup.access.exists("there") && setup.access.exists("other"));
}

#[test]
fn a_network_is_read_with_the_defaults_of_the_api() {
    let bench = Bench::new();
    let (setup, _) = read(
        &bench,
        r#"
[[security_group]]
name = "front"
inbound = { ports = 80, source = "0.0.0.0/0" }
[[security_group]]
name = "instances"
inbound = [{ protocol = "tcp", ports = "32768-65535", source = "front" }, { protocol = "all", source = "10.0.0.0/8" }]
outbound = []
[[target_group]]
name = "web"
[[target_group]]
name = "api"
target_type = "ip"
protocol = "TCP"
health_check_interval_seconds = 15
deregistration_delay = "5s"
[[load_balancer]]
name = "front"
listeners = [{ port = 80, target_group = "web" }, { port = 81, target_group = "api" }]
security_groups = ["front", "sg-0123456789abcdef0"]
availability_zones = ["us-east-1a"]
"#,
    );
    let network = &setup.network;
    let [front, instances] = network.security_groups.as_slice() else { panic!("two groups") };
    let everybody = Peer::Cidr(Cidr { address: 0, prefix: 0 });
    let rule = &front.inbound[0];
    assert_eq!((rule.protocol, rule.ports.clone(), &rule.peer), (Some(Protocol::Tcp), 80..=80, &everybody));
    let rule = &front.outbound[0];
    assert_eq!((rule.protocol, rule.ports.clone(), &rule.peer), (None, 0..=65_535, &everybody));
    assert_eq!((instances.inbound.len(), instances.outbound.len()), (2, 0));
    assert_eq!(instances.inbound[0].peer, Peer::Group("front".to_owned()));
    assert_eq!(instances.inbound[1].peer, Peer::Cidr(Cidr { address: 10 << 24, prefix: 8 }));
    let [web, api] = network.target_groups.as_slice() else { panic!("two groups") };
    let secs = SimDuration::from_secs;
    assert_eq!((web.target_type, web.interval, web.timeout), (TargetType::Instance, secs(30), secs(6)));
    assert_eq!((web.healthy_threshold, web.unhealthy_threshold), (5, 2));
    assert_eq!(web.deregistration_delay, secs(300));
    assert_eq!((api.target_type, api.interval, api.timeout), (TargetType::Ip, secs(15), secs(10)));
    assert_eq!(api.deregistration_delay, secs(5));
    let front = &network.load_balancers[0];
    let listeners: Vec<(u16, usize)> = front.listeners.iter().map(|it| (it.port, it.target_group)).collect();
    assert_eq!(listeners, [(80, 0), (81, 1)]);
    assert_eq!((front.security_groups.len(), front.zones.len()), (2, 1));
}

#[test]
fn what_is_said_of_a_release_holds_for_it_alone() {
    let bench = Bench::new();
    let (_, workload) = read(
        &bench,
        r#"
[[service.container]]
name = "app"
answers_after = "20s"
exit_time = "3s"
calls = [{ action = "s3:GetObject" }, { action = "sqs:SendMessage", on_denied = "answer_errors" }]
[[service.release]]
at = "10m"
image = "web:2"
container = { name = "app", exit = { after = "1m", code = 3 }, answers_after = "5s" }
[[service.release]]
at = "20m"
image = "web:3"
fails_health_checks = true
[[service.release]]
at = "30m"
image = "web:4"
"#,
    );
    let blueprint = |id| workload.definitions[id].blueprint.as_deref().unwrap();
    let first = blueprint(workload.services.rows()[0].definition);
    let released = workload.service_changes.iter().map(|it| match it.kind {
        ServiceChangeKind::Release(id) => blueprint(id),
        _ => panic!("releases only"),
    });
    let released: Vec<&Blueprint> = released.collect();
    let secs = SimDuration::from_secs;
    let of = |it: &Blueprint| {
        let behaviour = &it.containers[0].behaviour;
        (behaviour.answers, behaviour.exit, behaviour.exit_time, behaviour.calls.len())
    };
    let as_said = (Answers::After(secs(20)), None, Some(secs(3)), 2);
    assert_eq!(of(first), as_said);
    let exit = Some(Exit { after: secs(60), code: 3 });
    assert_eq!(of(released[0]), (Answers::After(secs(5)), exit, Some(secs(3)), 2));
    assert_eq!(of(released[1]), (Answers::Never, None, Some(secs(3)), 2));
    assert_eq!(of(released[2]), as_said);
    let calls = &first.containers[0].behaviour.calls;
    assert_eq!((calls[0].on_denied, calls[0].resource.as_str()), (OnDenied::Exit, "*"));
    assert_eq!(calls[1].on_denied, OnDenied::AnswerErrors);

    // Of a definition of which nothing is said nothing changes.
    assert_eq!(read(&bench, "").1.definitions.rows()[0].blueprint, None);
}

#[test]
fn containers_of_a_file_are_found_by_their_names() {
    let bench = Bench::new();
    let containers = r#"[{"name": "front", "image": "x", "memory": 64}, {"name": "side", "image": "x", "memory": 64, "essential": false}]"#;
    bench.write("web.json", format!("{{\"family\": \"web\", \"containerDefinitions\": {containers}}}"));
    let tree = LEAST.replace("{ cpu = 512, memory = 1024 }", "\"web.json\"");
    bench.write(
        "x.toml",
        format!("{tree}[[service.container]]\nname = \"side\"\nexit = {{ after = \"1m\" }}\n"),
    );
    bench.run_well(&["run", "x.toml", "--out", "o"]);
    assert!(bench.has("o"));
}
