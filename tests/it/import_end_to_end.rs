//! Described clusters all the way: imported, read as an experiment, and played.
//! A run starts as the cluster stood, task by task.

use std::collections::BTreeMap;
use std::fs;

use berthlab::base::id::{Id as _, InstanceId, ServiceId};
use berthlab::base::{Diagnostic, SimTime};
use berthlab::experiment::matrix::{self, Experiment, SourceText};
use berthlab::import::{DEFINITIONS_FOLDER, Imported, PRICES_FILE, import};
use berthlab::metrics::METRICS;
use berthlab::model::Cluster;
use berthlab::model::task::{Host, TaskStatus};
use berthlab::record::RunRecord;
use berthlab::sim::{Watch, run_watched, watch::Fact};
use serde_json::{Value, json};

use crate::import::{
    definition, definition_arn, inputs, instance, instance_arn, provider, service, task, whole,
};

/// What a run began with, and what came of it.
#[derive(Default)]
pub(crate) struct Story {
    /// Tasks at the first moment: instance or zone, service or group,
    /// definition; with their number.
    pub(crate) at_start: BTreeMap<(String, String, String), usize>,
    instances: Vec<String>,
    n_deaf: usize,
    is_begun: bool,
    /// Placed, asked to stop, launched after the first moment.
    pub(crate) n_placed: usize,
    pub(crate) n_asked_to_stop: usize,
    pub(crate) n_launched: usize,
    completed: Vec<(SimTime, ServiceId)>,
    groups: Vec<String>,
    zones: Vec<String>,
}

impl Watch for Story {
    fn fact(&mut self, now: SimTime, fact: Fact<'_>) {
        match fact {
            Fact::TaskPlaced(..) => self.n_placed += 1,
            Fact::TaskAskedToStop(..) => self.n_asked_to_stop += 1,
            Fact::InstanceLaunched(_) if now > SimTime::ZERO => self.n_launched += 1,
            Fact::RolloutCompleted(service) => self.completed.push((now, service)),
            _ => (),
        }
    }

    fn event_handled(&mut self, now: SimTime, cluster: &Cluster) {
        if std::mem::replace(&mut self.is_begun, true) {
            return;
        }
        assert_eq!(now, SimTime::ZERO, "services are looked at from the first moment on");
        for (_, task) in cluster.tasks() {
            // What the first look at a service asks for is nowhere yet, or, on
            // Fargate, has but begun.
            let Some(host) = task.host.filter(|_| task.status > TaskStatus::Pending) else { continue };
            let host = match host {
                Host::Instance(it) => cluster.identity(it).ec2_instance_id.clone(),
                Host::Fargate(zone) => self.zones[zone.idx()].clone(),
            };
            let group = self.groups[task.group.idx()].clone();
            let definition = cluster.definition(task.definition).blueprint.as_ref();
            let image = definition.map(|it| it.containers[0].image.clone()).unwrap_or_default();
            *self.at_start.entry((host, group, image)).or_default() += 1;
        }
        for idx in 0..cluster.n_launched() {
            let id = InstanceId::from_idx(idx);
            self.instances.push(cluster.identity(id).ec2_instance_id.clone());
            self.n_deaf += usize::from(!cluster.instance(id).is_agent_connected);
        }
    }
}

/// The experiment that was written, in a folder of its own.
pub(crate) fn read(imported: &Imported, overrides: &[&str]) -> Result<Experiment, Vec<Diagnostic>> {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join(DEFINITIONS_FOLDER)).unwrap();
    for (name, text) in &imported.definitions {
        fs::write(folder.path().join(DEFINITIONS_FOLDER).join(name), text).unwrap();
    }
    if let Some(prices) = &imported.prices {
        fs::write(folder.path().join(PRICES_FILE), prices).unwrap();
    }
    let source = SourceText {
        file: "imported.toml".to_owned(),
        text: imported.toml.clone(),
        overrides: overrides.iter().map(|it| (*it).to_owned()).collect(),
    };
    matrix::read(source, folder.path())
}

pub(crate) fn shown(found: &[Diagnostic]) -> String {
    found.iter().map(|it| format!("{it}\n")).collect()
}

/// Imported, read and played for three hours.
fn play(documents: &[Value]) -> (Imported, Story, RunRecord) {
    let imported = import(&inputs(documents), None).unwrap_or_else(|found| panic!("{}", shown(&found)));
    let experiment = read(&imported, &["horizon=3h"])
        .unwrap_or_else(|found| panic!("{}\n{}", shown(&found), imported.toml));
    let (story, record) = play_experiment(&experiment);
    (imported, story, record)
}

pub(crate) fn play_experiment(experiment: &Experiment) -> (Story, RunRecord) {
    let setting = &experiment.settings[0];
    let run = experiment.runs().next().unwrap();
    let seed = experiment.seed_of(run);
    let workload = experiment.inputs.workload(&experiment.workloads[setting.workload], seed);
    let services = setting.setup.services.rows().iter().map(|it| it.name.clone());
    let mut story = Story {
        groups: services.chain(workload.found_groups.iter().cloned()).collect(),
        zones: setting.setup.zones.rows().to_vec(),
        ..Story::default()
    };
    let record = run_watched(&setting.setup, &workload, seed, &mut story).unwrap();
    (story, record)
}

fn cost(record: &RunRecord) -> f64 {
    let metric = METRICS.iter().find(|it| it.name == "cost_usd").unwrap();
    (metric.of)(record).expect("there is something to pay")
}

/// `host group image: n` a line.
fn lines(story: &Story) -> Vec<String> {
    story.at_start.iter().map(|((host, group, image), n)| format!("{host} {group} {image}: {n}")).collect()
}

/// Definitions, services, instances, tasks, and providers if there are some.
fn answers(lists: [(&str, Vec<Value>); 4], definitions: &[Value]) -> Vec<Value> {
    let lists = lists.into_iter().filter(|it| !it.1.is_empty()).map(|(name, items)| json!({name: items}));
    lists.chain(definitions.iter().cloned()).collect()
}

fn tasks_of(name: &str, revision: u32, on: &[&str]) -> Vec<Value> {
    let one = |(idx, id): (usize, &&str)| {
        task(
            &format!("{name}-{revision}-{idx}"),
            json!({"group": format!("service:{name}"), "containerInstanceArn": instance_arn(id),
                "taskDefinitionArn": definition_arn("web", revision)}),
        )
    };
    on.iter().enumerate().map(one).collect()
}

#[test]
fn a_steady_cluster_stays_as_it_was_found() {
    let mut full = provider();
    full["autoScalingGroupProvider"]["managedScaling"]["targetCapacity"] = json!(100);
    let documents = answers(
        [
            ("services", vec![service("web", json!({"desiredCount": 4}))]),
            (
                "containerInstances",
                vec![
                    instance("1", Some("general"), "us-east-1a"),
                    instance("2", Some("general"), "us-east-1b"),
                ],
            ),
            ("tasks", tasks_of("web", 7, &["1", "1", "1", "2"])),
            ("capacityProviders", vec![full]),
        ],
        &[definition("web", 7, "bridge")],
    );
    let (_, story, record) = play(&documents);
    assert_eq!(lines(&story), ["i-1 web web:7: 3", "i-2 web web:7: 1"]);
    assert_eq!(story.instances, ["i-1", "i-2"]);
    assert_eq!((story.n_placed, story.n_asked_to_stop, story.n_launched), (0, 0, 0));
    // Two instances at 0.096 USD for three hours, each with 30 GiB at 0.08 USD a month.
    let volumes = 2.0 * 30.0 * 0.08 * 3.0 / 720.0;
    assert!((cost(&record) - 2.0 * 3.0 * 0.096 - volumes).abs() < 1e-9, "{}", cost(&record));
}

/// Web is between its sixth and seventh revision: what was found of both runs,
/// and the rollout goes on to its end.
#[test]
fn a_rollout_goes_on_from_where_it_stood() {
    let mut tasks = tasks_of("web", 6, &["1", "2", "2"]);
    tasks.extend(tasks_of("web", 7, &["1"]));
    let documents = answers(
        [
            (
                "services",
                vec![service(
                    "web",
                    json!({"desiredCount": 4, "deployments": [{"status": "PRIMARY"}, {"status": "ACTIVE"}]}),
                )],
            ),
            (
                "containerInstances",
                vec![
                    instance("1", Some("general"), "us-east-1a"),
                    instance("2", Some("general"), "us-east-1b"),
                ],
            ),
            ("tasks", tasks),
            ("capacityProviders", vec![provider()]),
        ],
        &[definition("web", 6, "bridge"), definition("web", 7, "bridge")],
    );
    let (imported, story, _) = play(&documents);
    assert_eq!(lines(&story), ["i-1 web web:6: 1", "i-1 web web:7: 1", "i-2 web web:6: 2"]);
    assert_eq!((story.n_placed, story.n_asked_to_stop), (3, 3), "the three old ones are replaced");
    assert_eq!(story.completed.len(), 1);
    assert!(imported.notes.iter().any(|it| it.contains("a deployment was under way")));
}

/// Revisions that differ in nothing that a run reads are two all the same.
#[test]
fn two_revisions_that_look_alike_are_two() {
    let mut tasks = tasks_of("web", 6, &["1"]);
    tasks.extend(tasks_of("web", 7, &["1"]));
    let mut old = definition("web", 6, "bridge");
    old["taskDefinition"]["containerDefinitions"][0]["image"] = json!("web:7");
    let documents = answers(
        [
            ("services", vec![service("web", json!({"desiredCount": 2}))]),
            ("containerInstances", vec![instance("1", None, "us-east-1a")]),
            ("tasks", tasks),
            ("capacityProviders", vec![]),
        ],
        &[old, definition("web", 7, "bridge")],
    );
    let (_, story, _) = play(&documents);
    assert_eq!((story.n_placed, story.n_asked_to_stop, story.completed.len()), (1, 1, 1));
}

/// Two services may run the same revision: neither is in a rollout.
#[test]
fn services_of_one_definition_are_steady() {
    let mut tasks = tasks_of("api", 7, &["1"]);
    tasks.extend(tasks_of("web", 7, &["1"]));
    let one = |name| service(name, json!({"desiredCount": 1}));
    let documents = answers(
        [
            ("services", vec![one("web"), one("api")]),
            ("containerInstances", vec![instance("1", None, "us-east-1a")]),
            ("tasks", tasks),
            ("capacityProviders", vec![]),
        ],
        &[definition("web", 7, "bridge")],
    );
    let (_, story, _) = play(&documents);
    assert_eq!(lines(&story), ["i-1 api web:7: 1", "i-1 web web:7: 1"]);
    assert_eq!((story.n_placed, story.n_asked_to_stop, story.completed.len()), (0, 0, 0));
}

pub(crate) fn fargate_definition(family: &str, revision: u32) -> Value {
    let mut definition = definition(family, revision, "awsvpc");
    definition["taskDefinition"]["cpu"] = json!("256");
    definition["taskDefinition"]["memory"] = json!("512");
    definition["taskDefinition"]["requiresCompatibilities"] = json!(["FARGATE"]);
    definition
}

fn on_fargate(name: &str, revision: u32, zones: &[&str]) -> Vec<Value> {
    let one = |(idx, zone): (usize, &&str)| {
        task(
            &format!("{name}-{idx}"),
            json!({"group": format!("service:{name}"), "containerInstanceArn": null, "launchType": "FARGATE",
                "taskDefinitionArn": definition_arn("web", revision), "availabilityZone": zone}),
        )
    };
    zones.iter().enumerate().map(one).collect()
}

#[test]
fn a_cluster_on_fargate_alone_pays_for_its_tasks() {
    let strategy = |items: Value| {
        json!({"desiredCount": 2, "launchType": null, "platformVersion": "LATEST",
        "capacityProviderStrategy": items, "networkConfiguration": {"awsvpcConfiguration": {
            "subnets": ["subnet-1", "subnet-2"], "securityGroups": ["sg-0123456789abcdef0"],
            "assignPublicIp": "ENABLED"}}})
    };
    let play_with = |items: Value| {
        play(&answers(
            [
                ("services", vec![service("web", strategy(items))]),
                ("containerInstances", vec![]),
                ("tasks", on_fargate("web", 7, &["us-east-1a", "us-east-1c"])),
                ("capacityProviders", vec![]),
            ],
            &[fargate_definition("web", 7)],
        ))
    };
    let on_demand = json!({"capacityProvider": "FARGATE", "weight": 1, "base": 1});
    let spot = json!({"capacityProvider": "FARGATE_SPOT", "weight": 4, "base": 0});
    let (imported, story, record) = play_with(json!([spot, on_demand]));
    assert_eq!(lines(&story), ["us-east-1a web web:7: 1", "us-east-1c web web:7: 1"]);
    assert_eq!((story.n_placed, story.n_asked_to_stop, story.instances.len()), (0, 0, 0));
    // Each has a public address.
    let hour = 2.0 * (0.25 * 0.04048 + 0.5 * 0.004445 + 0.005);
    assert!((cost(&record) - 3.0 * hour).abs() < 1e-4, "{}", cost(&record));
    let note = "also names FARGATE_SPOT: all its tasks go to `FARGATE`";
    assert!(imported.notes.iter().any(|it| it.contains(note)), "{:#?}", imported.notes);

    let (imported, _, record) = play_with(json!([spot]));
    // The address costs the same.
    let of_machines = |total: f64| total - 3.0 * 2.0 * 0.005;
    let third = of_machines(cost(&record));
    assert!(third < 0.5 * of_machines(3.0 * hour), "Spot costs a third: {third}");
    assert_eq!(imported.notes, [] as [&str; 0]);
    // Neither base nor weight: it gets no tasks, and the other gets all.
    let idle = json!({"capacityProvider": "FARGATE", "weight": 0});
    let (imported, _, _) = play_with(json!([idle, spot]));
    assert!(imported.toml.contains("capacity_provider = \"FARGATE_SPOT\""), "{}", imported.toml);
    assert_eq!(imported.notes, [] as [&str; 0]);
}

/// Of Arm no price is known in this region, of storage in no region but two.
#[test]
fn what_fargate_costs_elsewhere_is_in_a_file_beside() {
    let mut definition = fargate_definition("web", 7);
    definition["taskDefinition"]["runtimePlatform"] =
        json!({"cpuArchitecture": "ARM64", "operatingSystemFamily": "LINUX"});
    definition["taskDefinition"]["ephemeralStorage"] = json!({"sizeInGiB": 40});
    let documents = answers(
        [
            ("services", vec![service("web", json!({"desiredCount": 1, "launchType": "FARGATE"}))]),
            ("containerInstances", vec![]),
            ("tasks", vec![]),
            ("capacityProviders", vec![]),
        ],
        &[definition],
    );
    let moved: Vec<Value> = documents
        .iter()
        .map(|it| serde_json::from_str(&it.to_string().replace("us-east-1", "eu-central-1")).unwrap())
        .collect();
    let (imported, story, record) = play(&moved);
    let prices = imported.prices.as_deref().unwrap();
    assert!(prices.contains("eu-central-1,fargate_arm:vcpu_hour,0.04656,"), "{prices}");
    assert!(prices.contains("eu-central-1,fargate_arm:storage_gib_hour,0.000111,"), "{prices}");
    assert_eq!(imported.notes.iter().filter(|it| it.contains(PRICES_FILE)).count(), 2);
    assert_eq!(story.n_placed, 1, "no tasks were described: the service asks for its own");
    assert!(cost(&record) > 0.0);
}

#[test]
fn instances_and_fargate_side_by_side() {
    let (_, story, record) = play(&whole());
    let expected = ["i-1 web web:7: 1", "i-2 family:web web:7: 1", "us-east-1c api api:3: 1"];
    assert_eq!(lines(&story), expected);
    assert_eq!(story.instances, ["i-1", "i-2"]);
    assert!(cost(&record) > 2.0 * 3.0 * 0.096);
}

/// An m6i.large has interfaces for two tasks, with trunking for many more.
#[test]
fn interfaces_are_of_the_type_and_of_the_account_setting() {
    let trunked = |id: &str| {
        let mut it = instance(id, Some("general"), "us-east-1a");
        let attributes = it["attributes"].as_array_mut().unwrap();
        attributes.push(json!({"name": "ecs.awsvpc-trunk-id", "value": format!("eni-{id}")}));
        it
    };
    let play_with = |instances: Vec<Value>, on: &[&str]| {
        play(&answers(
            [
                ("services", vec![service("web", json!({"desiredCount": on.len()}))]),
                ("containerInstances", instances),
                ("tasks", tasks_of("web", 7, on)),
                ("capacityProviders", vec![provider()]),
            ],
            &[definition("web", 7, "awsvpc")],
        ))
    };
    let plain = || instance("1", Some("general"), "us-east-1a");
    let (imported, story, _) = play_with(vec![plain()], &["1", "1", "1"]);
    assert_eq!(lines(&story), ["i-1 web web:7: 2"], "{}", imported.toml);
    let note =
        "task `web-7-2` is left out: `web` has no room on `i-1` beside what else is found there: 1 network";
    assert!(imported.notes.iter().any(|it| it.contains(note)), "{:#?}", imported.notes);
    assert!(!imported.toml.contains("awsvpc_trunking"));

    let (imported, story, _) = play_with(vec![trunked("1")], &["1", "1", "1"]);
    assert_eq!(lines(&story), ["i-1 web web:7: 3"]);
    assert!(imported.toml.contains("awsvpc_trunking = true"), "{}", imported.toml);
    assert!(!imported.toml.contains("trunk-id = \"eni-1\" }\n\n[[cluster.capacity"), "{}", imported.toml);

    // One that registered before the setting: its own number is written.
    let mut old = plain();
    old["ec2InstanceId"] = json!("i-0");
    old["containerInstanceArn"] = json!(instance_arn("0"));
    let (imported, story, _) = play_with(vec![trunked("1"), old, trunked("2")], &["0", "0", "1", "1", "1"]);
    assert_eq!(lines(&story), ["i-0 web web:7: 2", "i-1 web web:7: 3"], "{}", imported.toml);
    assert!(imported.toml.contains("network_interfaces = 2"), "{}", imported.toml);
}

#[test]
fn odd_instances_are_taken_as_they_are() {
    let mut draining = instance("2", Some("general"), "us-east-1b");
    draining["status"] = json!("DRAINING");
    let mut deaf = instance("3", None, "us-east-1b");
    deaf["agentConnected"] = json!(false);
    let mut unknown = instance("4", None, "");
    unknown["attributes"] =
        json!([{"name": "ecs.instance-type", "value": "z9.huge"}, {"name": "a b", "value": "x"}]);
    let mut bare = instance("5", Some("general"), "us-east-1a");
    bare["registeredResources"] = json!([]);
    bare["registeredAt"] = json!(1_700_000_000.125);
    let mut nothing = instance("6", None, "us-east-1a");
    nothing["attributes"] = json!([]);
    nothing["registeredResources"] = json!([]);
    let documents = answers(
        [
            ("services", vec![service("web", json!({"desiredCount": 4}))]),
            (
                "containerInstances",
                vec![instance("1", Some("general"), "us-east-1a"), draining, deaf, unknown, bare, nothing],
            ),
            ("tasks", tasks_of("web", 7, &["1", "2", "3", "4"])),
            ("capacityProviders", vec![provider()]),
        ],
        &[definition("web", 7, "bridge")],
    );
    let (imported, story, record) = play(&documents);
    let expected = ["i-1 web web:7: 1", "i-2 web web:7: 1", "i-3 web web:7: 1", "i-4 web web:7: 1"];
    assert_eq!(lines(&story), expected);
    assert_eq!(story.instances, ["i-1", "i-2", "i-5", "i-3", "i-4"], "{}", imported.toml);
    assert_eq!(story.n_deaf, 1);
    assert!(cost(&record) > 0.0);
    for part in [
        "container instance `i-4` names no availability zone: taken for us-east-1a",
        "container instance `i-4`: 1 attributes of no allowed name are left out",
        "container instance `i-6` is left out: neither its registered CPU and memory nor its type",
        "launch type EC2 takes any instance of the cluster",
    ] {
        assert!(imported.notes.iter().any(|it| it.contains(part)), "{part} in {:#?}", imported.notes);
    }
    assert!(imported.toml.contains("registered_at = \"2023-11-14T22:13:20Z\""), "{}", imported.toml);
}

/// Tasks that need what is no longer there: the sums of a snapshot may not fit.
#[test]
fn tasks_without_room_are_left_out_by_name() {
    let mut crowded = definition("web", 7, "host");
    crowded["taskDefinition"]["containerDefinitions"][0]["portMappings"] = json!([{"containerPort": 8080}]);
    let documents = answers(
        [
            ("services", vec![service("web", json!({"desiredCount": 1}))]),
            ("containerInstances", vec![instance("1", None, "us-east-1a")]),
            ("tasks", tasks_of("web", 7, &["1", "1"])),
            ("capacityProviders", vec![]),
        ],
        &[crowded],
    );
    let (imported, story, _) = play(&documents);
    assert_eq!(lines(&story), ["i-1 web web:7: 1"]);
    let note =
        "task `web-7-1` is left out: `web` has no room on `i-1` beside what else is found there: port 8080";
    assert!(imported.notes.iter().any(|it| it.contains(note)), "{:#?}", imported.notes);
}

/// The service is not played, and what its tasks hold is not free.
#[test]
fn tasks_of_a_daemon_hold_their_room() {
    let mut tasks = tasks_of("web", 7, &["1"]);
    tasks.extend(tasks_of("logs", 7, &["1", "2"]));
    let documents = answers(
        [
            (
                "services",
                vec![
                    service("web", json!({"desiredCount": 1})),
                    service("logs", json!({"desiredCount": 2, "schedulingStrategy": "DAEMON"})),
                ],
            ),
            (
                "containerInstances",
                vec![instance("1", None, "us-east-1a"), instance("2", None, "us-east-1b")],
            ),
            ("tasks", tasks),
            ("capacityProviders", vec![]),
        ],
        &[definition("web", 7, "bridge")],
    );
    let (imported, story, _) = play(&documents);
    let expected = ["i-1 service:logs web:7: 1", "i-1 web web:7: 1", "i-2 service:logs web:7: 1"];
    assert_eq!(lines(&story), expected);
    assert_eq!((story.n_placed, story.n_asked_to_stop), (0, 0));
    assert_eq!(imported.notes.iter().filter(|it| it.contains("DAEMON")).count(), 2, "{:#?}", imported.notes);
}

/// New instances have the attributes that all those found have, so that what
/// constraints ask for is found on them too.
#[test]
fn new_instances_are_like_those_that_were_found() {
    let documents = answers(
        [
            (
                "services",
                vec![service(
                    "web",
                    json!({"desiredCount": 40, "launchType": null, "capacityProviderStrategy":
                    [{"capacityProvider": "general", "weight": 1}], "placementConstraints":
                    [{"type": "memberOf", "expression": "attribute:stack exists"}]}),
                )],
            ),
            ("containerInstances", vec![instance("1", Some("general"), "us-east-1a")]),
            ("tasks", tasks_of("web", 7, &["1"])),
            ("capacityProviders", vec![provider()]),
        ],
        &[definition("web", 7, "bridge")],
    );
    let (_, story, _) = play(&documents);
    assert_eq!(story.n_placed, 39);
    assert!(story.n_launched >= 4, "{}", story.n_launched);
}

/// What `requiresAttributes` says of a definition is not lost on the way.
#[test]
fn capabilities_are_asked_for() {
    let mut demanding = definition("web", 7, "bridge");
    demanding["taskDefinition"]["requiresAttributes"] = json!([{"name": "com.amazonaws.ecs.capability.gpu"}]);
    let documents = answers(
        [
            ("services", vec![service("web", json!({"desiredCount": 1}))]),
            ("containerInstances", vec![instance("1", None, "us-east-1a")]),
            ("tasks", vec![]),
            ("capacityProviders", vec![]),
        ],
        &[demanding],
    );
    let (_, story, _) = play(&documents);
    assert_eq!(story.n_placed, 0, "its only instance does not have what it asks for");
}
