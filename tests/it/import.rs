//! Clusters as AWS describes them, turned into experiments: what is written,
//! what is said of the rest, and what is refused.

use berthlab::import::{Imported, Input, import};
use serde_json::{Value, json};

use crate::support::Bench;

pub(crate) const CLUSTER: &str = "arn:aws:ecs:us-east-1:123456789012:cluster/prod";

pub(crate) fn definition(family: &str, revision: u32, mode: &str) -> Value {
    json!({"taskDefinition": {
        "family": family, "revision": revision, "networkMode": mode, "status": "ACTIVE",
        "taskDefinitionArn": format!("arn:aws:ecs:us-east-1:123456789012:task-definition/{family}:{revision}"),
        "containerDefinitions": [{"name": "app", "image": format!("{family}:{revision}"), "cpu": 256,
            "memory": 512, "portMappings": [{"containerPort": 80}]}]
    }})
}

pub(crate) fn definition_arn(family: &str, revision: u32) -> String {
    format!("arn:aws:ecs:us-east-1:123456789012:task-definition/{family}:{revision}")
}

pub(crate) fn instance_arn(id: &str) -> String {
    format!("arn:aws:ecs:us-east-1:123456789012:container-instance/prod/{id}")
}

pub(crate) fn instance(id: &str, provider: Option<&str>, zone: &str) -> Value {
    json!({
        "containerInstanceArn": instance_arn(id), "ec2InstanceId": format!("i-{id}"),
        "capacityProviderName": provider, "status": "ACTIVE", "agentConnected": true,
        "registeredAt": "2026-11-01T02:00:00+02:00", "versionInfo": {"agentVersion": "1.86.0"},
        "registeredResources": [
            {"name": "CPU", "type": "INTEGER", "integerValue": 2048, "longValue": 0, "doubleValue": 0.0},
            {"name": "MEMORY", "type": "INTEGER", "integerValue": 7680, "longValue": 0, "doubleValue": 0.0},
            {"name": "PORTS", "type": "STRINGSET", "integerValue": 0, "stringSetValue": ["2375", "22"]},
            {"name": "PORTS_UDP", "type": "STRINGSET", "integerValue": 0, "stringSetValue": []}
        ],
        "attributes": [
            {"name": "ecs.availability-zone", "value": zone},
            {"name": "ecs.instance-type", "value": "m6i.large"},
            {"name": "stack", "value": "pr\"od"},
            {"name": "com.amazonaws.ecs.capability.task-eni"}
        ]
    })
}

pub(crate) fn service(name: &str, more: Value) -> Value {
    let mut service = json!({
        "serviceArn": format!("arn:aws:ecs:us-east-1:123456789012:service/prod/{name}"),
        "serviceName": name, "clusterArn": CLUSTER, "status": "ACTIVE", "desiredCount": 2,
        "launchType": "EC2", "taskDefinition": definition_arn("web", 7),
        "deploymentConfiguration": {"minimumHealthyPercent": 50, "maximumPercent": 200},
        "schedulingStrategy": "REPLICA", "placementStrategy": [], "placementConstraints": []
    });
    let members = service.as_object_mut().unwrap();
    for (key, value) in more.as_object().unwrap() {
        members.insert(key.clone(), value.clone());
    }
    service
}

pub(crate) fn task(id: &str, more: Value) -> Value {
    let mut task = json!({
        "taskArn": format!("arn:aws:ecs:us-east-1:123456789012:task/prod/{id}"), "clusterArn": CLUSTER,
        "group": "service:web", "desiredStatus": "RUNNING", "lastStatus": "RUNNING",
        "healthStatus": "HEALTHY", "launchType": "EC2", "taskDefinitionArn": definition_arn("web", 7),
        "containerInstanceArn": instance_arn("1"), "availabilityZone": "us-east-1a"
    });
    let members = task.as_object_mut().unwrap();
    for (key, value) in more.as_object().unwrap() {
        members.insert(key.clone(), value.clone());
    }
    task
}

pub(crate) fn provider() -> Value {
    json!({
        "name": "general", "status": "ACTIVE", "autoScalingGroupProvider": {
            "autoScalingGroupArn": "arn:aws:autoscaling:us-east-1:1:autoScalingGroup:x:autoScalingGroupName/x",
            "managedScaling": {"status": "ENABLED", "targetCapacity": 90, "minimumScalingStepSize": 1,
                "maximumScalingStepSize": 100, "instanceWarmupPeriod": 300}
        }
    })
}

pub(crate) fn inputs(documents: &[Value]) -> Vec<Input> {
    let input = |(idx, it): (usize, &Value)| Input { file: format!("{idx}.json"), text: format!("{it:#}") };
    documents.iter().enumerate().map(input).collect()
}

/// The experiment, which is TOML, with its tree.
fn imported(documents: &[Value]) -> (Imported, toml::Table) {
    let imported = import(&inputs(documents), None)
        .unwrap_or_else(|found| panic!("{}", found.iter().map(|it| format!("{it}\n")).collect::<String>()));
    let tree = imported.toml.parse().unwrap_or_else(|error| panic!("{error}\n{}", imported.toml));
    for note in &imported.notes {
        assert!(!note.contains('\n') && !note.ends_with('.'), "{note}");
        // Lines of comments are broken: the first words are enough.
        let start: String = note.split(' ').take(4).collect::<Vec<_>>().join(" ");
        assert!(imported.toml.contains(&format!("# note: {start}")), "{note}\n{}", imported.toml);
    }
    (imported, tree)
}

/// What was told of a cluster with two kinds of capacity, two services and
/// three tasks.
pub(crate) fn whole() -> Vec<Value> {
    vec![
        json!({"services": [service("web", json!({
            "launchType": null,
            "capacityProviderStrategy": [{"capacityProvider": "general", "weight": 1, "base": 0}],
            "placementStrategy": [{"type": "spread", "field": "attribute:ecs.availability-zone"}],
            "placementConstraints": [{"type": "memberOf", "expression": "attribute:stack == prod"}],
            "healthCheckGracePeriodSeconds": 60,
            "loadBalancers": [{"targetGroupArn":
                "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/web/50dc6c495c0c9188",
                "containerName": "app", "containerPort": 80}]
        })), service("api", json!({
            "launchType": "FARGATE", "platformVersion": "1.4.0", "desiredCount": 1,
            "taskDefinition": definition_arn("api", 3),
            "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-1"],
                "securityGroups": ["sg-0123456789abcdef0"], "assignPublicIp": "DISABLED"}}
        }))], "failures": []}),
        definition("web", 7, "bridge"),
        definition("api", 3, "awsvpc"),
        json!({"containerInstances": [
            instance("1", Some("general"), "us-east-1a"), instance("2", None, "us-east-1b")
        ], "failures": []}),
        json!({"capacityProviders": [provider(), {"name": "FARGATE"}]}),
        json!({"clusters": [{"clusterArn": CLUSTER, "clusterName": "prod", "capacityProviders": ["general"]}]}),
        json!({"tasks": [
            task("a", json!({})),
            task("b", json!({"group": "service:api", "launchType": "FARGATE", "containerInstanceArn": null,
                "taskDefinitionArn": definition_arn("api", 3), "healthStatus": "UNHEALTHY",
                "availabilityZone": "us-east-1c"})),
            task("c", json!({"group": "family:web", "containerInstanceArn": instance_arn("2")}))
        ]}),
    ]
}

const WHOLE: &str = r#"
# note: stand-alone tasks run at the start; when they end is not in the answers

name = "imported-prod"
horizon = "24h"
region = "us-east-1"

[cluster]
name = "prod"
availability_zones = ["us-east-1a", "us-east-1b", "us-east-1c"]

[[cluster.capacity_provider]]
name = "general"
instance_type = "m6i.large"
min_size = 1
max_size = 10
managed_scaling = "ENABLED"
target_capacity = 90
minimum_scaling_step_size = 1
maximum_scaling_step_size = 100
instance_warmup_period = "300s"
attributes = { stack = "pr\"od" }

[[cluster.capacity_provider]]
name = "registered"
instance_type = "m6i.large"
min_size = 1
max_size = 1
managed_scaling = "DISABLED"

[[cluster.container_instance]]
ec2_instance_id = "i-1"
capacity_provider = "general"
availability_zone = "us-east-1a"
instance_type = "m6i.large"
registered_resources = { cpu = 2048, memory = 7680, gpus = 0, ports = [22, 2375], ports_udp = [] }
attributes = { "com.amazonaws.ecs.capability.task-eni" = "", stack = "pr\"od" }
agent_version = "1.86.0"
agent_connected = true
registered_at = "2026-11-01T00:00:00Z"
status = "ACTIVE"

[[cluster.container_instance]]
ec2_instance_id = "i-2"
capacity_provider = "registered"
availability_zone = "us-east-1b"
instance_type = "m6i.large"
registered_resources = { cpu = 2048, memory = 7680, gpus = 0, ports = [22, 2375], ports_udp = [] }
attributes = { "com.amazonaws.ecs.capability.task-eni" = "", stack = "pr\"od" }
agent_version = "1.86.0"
agent_connected = true
registered_at = "2026-11-01T00:00:00Z"
status = "ACTIVE"

[[cluster.task]]
service = "api"
task_definition = "task-definitions/api-3.json"
availability_zone = "us-east-1c"
healthy = false

[[cluster.task]]
service = "web"
task_definition = "task-definitions/web-7.json"
ec2_instance_id = "i-1"
healthy = true

[[cluster.task]]
group = "family:web"
task_definition = "task-definitions/web-7.json"
ec2_instance_id = "i-2"
healthy = true

[[service]]
name = "api"
task_definition = "task-definitions/api-3.json"
desired_count = 1
launch_type = "FARGATE"
platform_version = "1.4.0"
deployment_configuration = { minimum_healthy_percent = 50, maximum_percent = 200 }
availability_zone_rebalancing = "DISABLED"
network_configuration = { security_groups = ["sg-0123456789abcdef0"], subnets = ["subnet-1"], assign_public_ip = "DISABLED" }

[[service]]
name = "web"
task_definition = "task-definitions/web-7.json"
desired_count = 2
capacity_provider_strategy = [{ capacity_provider = "general", weight = 1, base = 0 }]
deployment_configuration = { minimum_healthy_percent = 50, maximum_percent = 200 }
availability_zone_rebalancing = "DISABLED"
placement_strategy = [{ type = "spread", field = "attribute:ecs.availability-zone" }]
placement_constraints = [{ type = "memberOf", expression = "attribute:stack == prod" }]
health_check_grace_period_seconds = 60
load_balancers = [{ target_group = "web", container_name = "app", container_port = 80 }]

[[target_group]]
name = "web"
target_type = "instance"
"#;

/// As trees, and fields in the same order: spaces and quotes are the writer's.
fn order_of(text: &str) -> Vec<&str> {
    let is_told = |it: &&str| !it.starts_with('#') && !it.is_empty();
    text.lines().filter(is_told).map(|it| it.split(" = ").next().unwrap()).collect()
}

#[test]
fn a_cluster_becomes_the_experiment_that_is_written_here() {
    let (imported, tree) = imported(&whole());
    let expected: toml::Table = WHOLE.parse().unwrap();
    assert_eq!(tree, expected, "{}", imported.toml);
    assert_eq!(order_of(&imported.toml), order_of(WHOLE));
    assert_eq!(imported.notes, ["stand-alone tasks run at the start; when they end is not in the answers"]);
    let names: Vec<&str> = imported.definitions.iter().map(|it| it.0.as_str()).collect();
    assert_eq!(names, ["api-3.json", "web-7.json"]);
    for (name, text) in &imported.definitions {
        let read = berthlab::documents::task_definition::read(name, text);
        assert_eq!(read.unwrap().name, name.split('-').next().unwrap());
    }
}

#[test]
fn the_order_of_the_files_makes_no_difference() {
    let documents = whole();
    let files = inputs(&documents);
    let first = import(&files, None).unwrap();
    let mut turned = files.clone();
    for _ in 0..files.len() {
        turned.rotate_left(1);
        assert_eq!(import(&turned, None).unwrap(), first);
    }
    turned.reverse();
    // The same answer twice says nothing new.
    turned.extend(files);
    let twice = import(&turned, None).unwrap();
    let body = |it: &str| it[it.find("name = ").unwrap()..].to_owned();
    assert_eq!((body(&twice.toml), &twice.definitions), (body(&first.toml), &first.definitions));
}

#[test]
fn what_cannot_be_said_is_a_note_at_its_place() {
    let cases: &[(Value, &str)] = &[
        (
            json!({"deploymentController": {"type": "CODE_DEPLOY"}}),
            "CODE_DEPLOY (blue/green): a rolling update is played",
        ),
        (
            json!({"deploymentController": {"type": "EXTERNAL"}, "taskDefinition": null, "taskSets": [
                {"status": "PRIMARY", "taskDefinition": definition_arn("web", 7), "launchType": "EC2"}]}),
            "EXTERNAL: the primary task set is played",
        ),
        (
            json!({"deploymentController": {"type": "EXTERNAL"}, "taskDefinition": null}),
            "is left out: it has the deployment controller EXTERNAL and no primary task set",
        ),
        (
            json!({"schedulingStrategy": "DAEMON"}),
            "is a DAEMON, one task on each instance, which is not imported yet; the 256 CPU units and 512 MiB",
        ),
        (json!({"status": "DRAINING"}), "is left out: it is DRAINING"),
        (json!({"launchType": "EXTERNAL"}), "runs on machines outside of EC2"),
        (json!({"launchType": "MANAGED_INSTANCES"}), "runs on instances that ECS manages"),
        (json!({"deployments": [{"status": "PRIMARY"}, {"status": "ACTIVE"}]}), "a deployment was under way"),
        (
            json!({"deployments": connected(), "deploymentConfiguration": {"strategy": "CANARY",
                "deploymentCircuitBreaker": {"enable": true, "rollback": true}}}),
            "circuit breaker is left out",
        ),
        (
            json!({"loadBalancers": [], "deploymentConfiguration": {"strategy": "BLUE_GREEN"}}),
            "deployment strategy is BLUE_GREEN: a rolling update is played",
        ),
        (
            json!({"deployments": connected(), "deploymentConfiguration": {"strategy": "LINEAR",
                "linearConfiguration": {"stepPercent": 33.33, "stepBakeTimeInMinutes": 2000}}}),
            "33.33 percent is none",
        ),
        (
            json!({"deployments": connected(), "deploymentConfiguration": {"strategy": "CANARY", "lifecycleHooks": [{"lifecycleStages":
                ["POST_SCALE_UP"]}]}}),
            "its lifecycle hooks answer at once",
        ),
        (
            json!({"deploymentConfiguration": {"alarms": {"alarmNames": ["a"], "enable": true, "rollback": true}}}),
            "they never do",
        ),
        (json!({"deploymentConfiguration": {"maximumPercent": 0}}), "are no bounds of a rolling update"),
        (json!({"serviceRegistries": [{"registryArn": "x"}]}), "service discovery is left out"),
        (json!({"loadBalancers": [{"loadBalancerName": "old"}]}), "classic load balancer `old` is left out"),
        (
            json!({"capacityProviderStrategy": [{"capacityProvider": "spot", "weight": 1},
                {"capacityProvider": "general", "weight": 1}]}),
            "capacity provider `spot` has no instance",
        ),
    ];
    for (more, part) in cases {
        let mut documents = whole();
        documents[0] = json!({"services": [service("web", more.clone())]});
        let (imported, _) = imported(&documents);
        assert!(imported.notes.iter().any(|it| it.contains(part)), "{part} in {:#?}", imported.notes);
        // And at the place of its service.
        let note = imported.toml.find("# note: service `web`").expect(part);
        if let Some(head) = imported.toml.find("[[service]]") {
            let between = &imported.toml[note..head];
            assert!(between.lines().all(|it| it.starts_with('#')), "{between}");
        }
    }
}

/// Deployments of a service that is found by Service Connect.
fn connected() -> Value {
    json!([{"status": "PRIMARY", "serviceConnectConfiguration": {"enabled": true}}])
}

#[test]
fn what_is_configured_of_deployments_is_carried_over() {
    let cases: &[(Value, &str)] = &[
        (
            json!({"deploymentConfiguration": {"minimumHealthyPercent": 50, "bakeTimeInMinutes": 5,
                "deploymentCircuitBreaker": {"enable": true, "rollback": true},
                "alarms": {"alarmNames": ["slow", "errors"], "enable": true, "rollback": false}}}),
            "deployment_configuration = { minimum_healthy_percent = 50, bake_time_in_minutes = 5, \
             deployment_circuit_breaker = { enable = true, rollback = true }, alarms = { alarm_names = [\"errors\", \
             \"slow\"], enable = true, rollback = false } }",
        ),
        (
            json!({"deployments": connected(), "deploymentConfiguration": {"strategy": "LINEAR", "linearConfiguration": {"stepPercent": 33.3,
                "stepBakeTimeInMinutes": 2}, "lifecycleHooks": [{"lifecycleStages": ["POST_SCALE_UP"]}]}}),
            "deployment_configuration = { strategy = \"LINEAR\", linear_configuration = { step_percent = 33.3, \
             step_bake_time_in_minutes = 2 }, lifecycle_hooks = [{ lifecycle_stages = [\"POST_SCALE_UP\"], takes = \
             \"0s\" }] }",
        ),
        (
            json!({"deployments": connected(), "deploymentConfiguration": {"strategy": "BLUE_GREEN"}}),
            "deployment_configuration = { strategy = \"BLUE_GREEN\", bake_time_in_minutes = 0 }",
        ),
        (json!({"availabilityZoneRebalancing": "DISABLED"}), "availability_zone_rebalancing = \"DISABLED\""),
        (
            json!({"deployments": connected(), "availabilityZoneRebalancing": "ENABLED"}),
            "service_connect = true",
        ),
    ];
    for (more, line) in cases {
        let mut documents = whole();
        documents[0] = json!({"services": [service("web", more.clone())]});
        let (imported, tree) = imported(&documents);
        let wanted: toml::Table = line.parse().expect("a line of TOML");
        let service = &tree["service"][0];
        for (key, value) in &wanted {
            assert_eq!(service.get(key), Some(value), "{}", imported.toml);
        }
        let is_enabled = more["availabilityZoneRebalancing"] == "ENABLED";
        assert_eq!(service.get("availability_zone_rebalancing").is_none(), is_enabled);
        let alarms = imported.toml.matches("[[alarm]]").count();
        assert_eq!(alarms, if line.contains("alarms") { 2 } else { 0 });
    }
}

#[test]
fn instances_and_tasks_that_cannot_take_part_are_named() {
    let mut documents = whole();
    let mut gone = instance("3", Some("general"), "us-east-1a");
    gone["status"] = json!("DEREGISTERING");
    let mut anywhere = instance("4", None, "");
    anywhere["ec2InstanceId"] = json!("mi-4");
    let mut large = instance("5", Some("general"), "us-east-1a");
    large["attributes"][1]["value"] = json!("m6i.xlarge");
    documents.push(json!({"containerInstances": [gone, anywhere, large], "failures": [{"arn": "x", "reason": "MISSING"}]}));
    documents.push(json!({"nextToken": "more", "tasks": [
        task("d", json!({"lastStatus": "STOPPED", "desiredStatus": "STOPPED"})),
        task("e", json!({"containerInstanceArn": instance_arn("3")})),
        task("f", json!({"taskDefinitionArn": definition_arn("web", 6)})),
        task("g", json!({"lastStatus": "PROVISIONING", "containerInstanceArn": null})),
        task("h", json!({"group": "service:gone"}))
    ]}));
    let (imported, tree) = imported(&documents);
    for part in [
        "container instance `i-3` is DEREGISTERING: left out",
        "container instance `mi-4` is a machine outside of EC2",
        "`general` mixes instance types (1 m6i.large, 1 m6i.xlarge): new instances are m6i.large",
        "the service did not describe x: MISSING",
        "is one page of several",
        "1 task is left out: stopping or stopped",
        "1 task is left out: no container instance of theirs takes part",
        "1 task is left out: task definition `web:6` is not among the files",
        "1 task is left out: they wait for an instance",
        "1 task is left out: service `gone` is not played",
    ] {
        assert!(imported.notes.iter().any(|it| it.contains(part)), "{part} in {:#?}", imported.notes);
    }
    assert_eq!(tree["cluster"]["task"].as_array().unwrap().len(), 3);
    assert_eq!(tree["cluster"]["container_instance"].as_array().unwrap().len(), 3);
}

#[test]
fn an_instance_type_without_a_price_is_written_out_and_costs_nothing() {
    let mut documents = whole();
    for instance in documents[3]["containerInstances"].as_array_mut().unwrap() {
        instance["attributes"][1]["value"] = json!("z9.huge");
    }
    let (imported, tree) = imported(&documents);
    let of_group = &tree["cluster"]["capacity_provider"][0]["instance_type"];
    assert_eq!(of_group["name"].as_str(), Some("z9.huge"));
    assert_eq!(of_group["cpu_units"].as_integer(), Some(2048));
    assert_eq!(of_group["memory_mib"].as_integer(), Some(7680));
    assert!(imported.notes.iter().any(|it| it.contains("`z9.huge` is not in the catalogue")));
}

#[test]
fn a_written_definition_stands_for_any_revision() {
    let mut documents = whole();
    let mut written = documents[1]["taskDefinition"].clone();
    written.as_object_mut().unwrap().remove("revision");
    documents[1] = written;
    let (imported, tree) = imported(&documents);
    assert_eq!(tree["service"][1]["task_definition"].as_str(), Some("task-definitions/web.json"));
    assert!(
        imported.notes.iter().any(|it| it.contains("`web`: its task definition is one that was written"))
    );
}

#[test]
fn of_several_clusters_one_is_chosen() {
    let other = CLUSTER.replace("prod", "test");
    let mut documents = whole();
    documents.push(json!({"services": [service("web", json!({"clusterArn": other}))]}));
    let (first, tree) = imported(&documents);
    assert_eq!(tree["name"].as_str(), Some("imported-prod"));
    assert_eq!(tree["service"].as_array().unwrap().len(), 2);
    assert!(first.notes[0].contains("several clusters are described: this is `prod`; left out: test"));
    let second = import(&inputs(&documents), Some("test")).unwrap_err();
    assert_eq!(second[0].code, "B0504", "no instance of that cluster is there");
    let third = import(&inputs(&documents), Some("moon")).unwrap_err();
    assert!(third[0].code == "B0506" && third[0].help.as_deref() == Some("there are: prod, test"));
}

#[test]
fn an_impossible_experiment_is_one_fault_for_each_cause_with_its_place() {
    let services = |more: Value| json!({"services": [service("web", more)]});
    let web = || definition("web", 7, "bridge");
    let some = || json!({"containerInstances": [instance("1", None, "us-east-1a")]});
    let mut other_web = web();
    other_web["taskDefinition"]["containerDefinitions"][0]["cpu"] = json!(1);
    let cases: Vec<(Vec<Value>, &[&str])> = vec![
        (vec![services(json!({})), some()], &["B0503"]),
        (vec![services(json!({})), some(), definition("web", 6, "bridge")], &["B0503"]),
        (vec![services(json!({})), web()], &["B0504"]),
        (vec![json!({"services": [service("a", json!({})), service("b", json!({}))]}), web()], &["B0504"]),
        (
            vec![
                services(json!({"capacityProviderStrategy": [{"capacityProvider": "spot", "weight": 1}]})),
                web(),
                some(),
            ],
            &["B0504"],
        ),
        (vec![services(json!({})), services(json!({"desiredCount": 9})), web(), some()], &["B0505"]),
        (vec![services(json!({})), web(), other_web, some()], &["B0505"]),
        (vec![json!({"serviceName": "a"})], &["B0501"]),
        (vec![services(json!({"serviceName": null, "serviceArn": null})), some()], &["B0507"]),
        (vec![services(json!({"desiredCount": null})), some(), web()], &["B0507"]),
        (vec![services(json!({"desiredCount": "2"})), json!({}), json!([])], &["B0360", "B0370", "B0370"]),
    ];
    for (documents, codes) in cases {
        let found = import(&inputs(&documents), None).unwrap_err();
        let found_codes: Vec<&str> = found.iter().map(|it| it.code).collect();
        assert_eq!(found_codes, codes, "{found:?}");
        for fault in found {
            let place = fault.place.expect("a fault has a place");
            assert!(place.file.ends_with(".json") && place.line > 0, "{place:?}");
        }
    }
    let nothing = import(&inputs(&[web()]), None).unwrap_err();
    assert_eq!((nothing.len(), nothing[0].code), (1, "B0502"));
}

#[test]
fn hostile_names_stay_names() {
    for name in ["a\"\n[[service]]", "../../etc/x", "é\u{202e}", "'''", "\u{1b}[31m"] {
        let mut documents = whole();
        documents[0] = json!({"services": [service(name, json!({"launchType": "EC2", "placementConstraints": [
            {"type": "memberOf", "expression": name}], "availabilityZoneRebalancing": "ENABLED"}))]});
        documents[5] =
            json!({"clusters": [{"clusterArn": CLUSTER, "clusterName": name, "capacityProviders": [name]}]});
        documents[6] = json!({"tasks": [task("a", json!({"group": name}))]});
        let (imported, tree) = imported(&documents);
        assert_eq!(tree["service"][0]["name"].as_str(), Some(name), "{}", imported.toml);
        assert_eq!(tree["service"].as_array().unwrap().len(), 1);
        assert_eq!(tree["cluster"]["task"][0]["group"].as_str(), Some(name));
        assert!(!imported.toml.contains(['\u{1b}', '\u{202e}']) || name.contains('\u{202e}'));
    }
}

#[test]
fn the_command_writes_whole_files_and_replaces_none_unasked() {
    let bench = Bench::new();
    let mut files = Vec::new();
    for (idx, document) in whole().iter().enumerate() {
        bench.write(&format!("{idx}.json"), document.to_string());
        files.push(format!("{idx}.json"));
    }
    let mut arguments = vec!["import", "ecs"];
    arguments.extend(files.iter().map(String::as_str));
    arguments.extend(["-o", "prod.toml"]);
    let outcome = bench.run(&arguments);
    assert_eq!(outcome.code, Some(0), "{}", outcome.err);
    assert!(outcome.err.contains("note: stand-alone tasks"), "{}", outcome.err);
    assert!(outcome.out.contains("prod.toml (2 task definitions)"), "{}", outcome.out);
    assert!(bench.has("task-definitions/web-7.json") && bench.has("task-definitions/api-3.json"));
    assert!(!bench.files(".").keys().any(|it| it.contains(".partial")));
    let first = bench.read("prod.toml");

    bench.write("prod.toml", "mine");
    let again = bench.run(&arguments);
    assert_eq!(again.code, Some(2), "{}", again.err);
    assert!(again.err.contains("`--force` replaces them"), "{}", again.err);
    assert_eq!(bench.read("prod.toml"), "mine");
    arguments.push("--force");
    assert_eq!(bench.run(&arguments).code, Some(0));
    assert_eq!(bench.read("prod.toml"), first);

    let refused = bench.run(&["import", "ecs", "0.json", "nowhere.json", "-o", "other.toml"]);
    assert_eq!(refused.code, Some(3), "{}", refused.err);
    let refused = bench.run(&["import", "ecs", "0.json", "3.json", "-o", "other.toml"]);
    assert!(refused.code == Some(3) && refused.err.contains("B0503"), "{}", refused.err);
    assert!(!bench.has("other.toml"));
    assert_eq!(bench.run(&["import", "ecs", "-o", "other.toml"]).code, Some(2));
}
