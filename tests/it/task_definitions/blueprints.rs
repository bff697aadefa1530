//! What a document becomes for the model.

use berthlab::base::SimDuration;
use berthlab::containers::{LifeContext, life};
use berthlab::documents::task_definition::{examine, read};
use berthlab::model::access::{Denial, Permissions};
use berthlab::model::container::*;
use berthlab::model::network::Protocol;
use berthlab::model::options::ModelOptions;
use berthlab::model::task::TaskDefinition;
use serde_json::{Value, json};

use super::rule_cases::{ec2, rule_cases};

fn definition(document: &Value) -> TaskDefinition {
    read("x.json", &document.to_string()).unwrap_or_else(|found| panic!("{document}: {found:?}"))
}

fn blueprint(document: &Value) -> Blueprint {
    (*definition(document).blueprint.expect("a document has a blueprint")).clone()
}

#[test]
fn a_plain_document_is_a_plain_container_with_the_defaults_of_the_api() {
    let mut plain = Blueprint::plain();
    plain.containers[0].image = "nginx".to_owned();
    assert_eq!(blueprint(&ec2(json!({}), json!({}))), plain);
    let checked =
        ec2(json!({}), json!({"healthCheck": {"command": ["CMD", "x"]}, "restartPolicy": {"enabled": true}}));
    let container = &blueprint(&checked).containers[0];
    let secs = SimDuration::from_secs;
    let check = HealthCheck { interval: secs(30), timeout: secs(5), retries: 3, start_period: secs(0) };
    assert_eq!(container.health_check, Some(check));
    let policy = RestartPolicy { attempt_period: secs(300), ignored_exit_codes: Vec::new() };
    assert_eq!(container.restart_policy, Some(policy));
    let off = ec2(json!({}), json!({"restartPolicy": {"enabled": false}}));
    assert_eq!(blueprint(&off).containers[0].restart_policy, None);
}

#[test]
fn order_and_time_outs_are_kept() {
    let containers = json!([
        {"name": "app", "image": "x", "memory": 6, "stopTimeout": 7,
         "dependsOn": [{"containerName": "init", "condition": "SUCCESS"}]},
        {"name": "init", "image": "x", "memory": 6, "essential": false, "startTimeout": 9}
    ]);
    let found = blueprint(&ec2(json!({"containerDefinitions": containers}), json!({})));
    let [app, init] = found.containers.as_slice() else { panic!("two containers") };
    assert_eq!(app.depends_on, [Dependency { container: 1, condition: Condition::Success }]);
    assert_eq!((app.is_essential, init.is_essential), (true, false));
    // Its end is awaited, so it ends.
    assert_eq!(init.behaviour.exit, Some(Exit { after: SimDuration::ZERO, code: 0 }));
    assert_eq!(app.behaviour, Behaviour::default());
    assert_eq!(app.stop_timeout, Some(SimDuration::from_secs(7)));
    assert_eq!(init.start_timeout, Some(SimDuration::from_secs(9)));
}

#[test]
fn what_is_read_before_the_start_is_named_without_the_part_that_is_taken_of_it() {
    let secret = "arn:aws:secretsmanager:us-east-1:123456789012:secret:db-AbCdEf";
    let parameter = "arn:aws:ssm:us-east-1:123456789012:parameter/app/port";
    let file = "arn:aws:s3:::bucket/folder/a.env";
    let container = json!({
        "repositoryCredentials": {"credentialsParameter": secret},
        "environmentFiles": [{"type": "s3", "value": file}],
        "secrets": [
            {"name": "A", "valueFrom": format!("{secret}:password::")},
            {"name": "B", "valueFrom": format!("{secret}:user:AWSCURRENT:")},
            {"name": "C", "valueFrom": parameter},
            {"name": "D", "valueFrom": "/app/host"}
        ],
        "logConfiguration": {"logDriver": "splunk", "secretOptions": [{"name": "token", "valueFrom": "token"}]}
    });
    let found = blueprint(&ec2(json!({"executionRoleArn": "arn:aws:iam::123456789012:role/x"}), container));
    let reads: Vec<(ReadKind, &str)> =
        found.containers[0].reads.iter().map(|it| (it.kind, it.resource.as_str())).collect();
    let expected = [
        (ReadKind::RegistryCredentials, secret),
        (ReadKind::EnvironmentFile, file),
        (ReadKind::Secret, secret),
        (ReadKind::Parameter, parameter),
        (ReadKind::Parameter, "/app/host"),
        (ReadKind::Parameter, "token"),
    ];
    assert_eq!(reads, expected);
    assert_eq!(found.execution_role.as_deref(), Some("arn:aws:iam::123456789012:role/x"));
}

#[test]
fn ports_stand_where_the_network_mode_puts_them() {
    let mappings = json!([
        {"containerPort": 80}, {"containerPort": 81, "hostPort": 0}, {"containerPort": 53, "protocol": "udp"}
    ]);
    let of = |mode: &str, mappings: &Value| {
        let document = ec2(json!({"networkMode": mode}), json!({"portMappings": mappings}));
        let found = definition(&document);
        let ports = &found.blueprint.as_ref().unwrap().containers[0].ports;
        let hosts: Vec<HostSide> = ports.iter().map(|it| it.host).collect();
        (hosts, found.dynamic_ports.clone(), found.host_ports.len())
    };
    use HostSide::{Dynamic, OwnInterface, Static};
    let (tcp, udp) = (Protocol::Tcp, Protocol::Udp);
    assert_eq!(of("bridge", &mappings), (vec![Dynamic; 3], vec![tcp, tcp, udp], 0));
    let at_8080 = json!([{"containerPort": 80, "hostPort": 8080}]);
    assert_eq!(of("bridge", &at_8080), (vec![Static(8080)], vec![], 1));
    let bare = json!([{"containerPort": 80}]);
    assert_eq!(of("host", &bare), (vec![Static(80)], vec![], 1));
    assert_eq!(of("awsvpc", &bare), (vec![OwnInterface], vec![], 0));
    let range = json!([{"containerPortRange": "8000-8004"}]);
    assert_eq!(of("bridge", &range), (vec![Dynamic; 5], vec![tcp; 5], 0));
}

#[test]
fn logs_volumes_platform_and_storage_are_kept() {
    let options = json!({"awslogs-group": "/ecs/web", "awslogs-region": "eu-west-1", "mode": "blocking"});
    let document = ec2(
        json!({
            "taskRoleArn": "task", "runtimePlatform": {"cpuArchitecture": "ARM64"},
            "placementConstraints": [{"type": "memberOf", "expression": "attribute:a == b"}],
            "volumes": [
                {"name": "path", "host": {"sourcePath": "/data"}}, {"name": "bind", "host": {}},
                {"name": "shared", "dockerVolumeConfiguration": {"scope": "shared"}},
                {"name": "own", "dockerVolumeConfiguration": {"scope": "task"}},
                {"name": "efs", "efsVolumeConfiguration": {"fileSystemId": "fs-1"}},
                {"name": "ebs", "configuredAtLaunch": true}
            ]
        }),
        json!({"logConfiguration": {"logDriver": "awslogs", "options": options}}),
    );
    let found = definition(&document);
    assert_eq!(found.placement_constraints, ["attribute:a == b"]);
    let blueprint = found.blueprint.unwrap();
    let log = Log {
        driver: "awslogs".into(),
        is_blocking: Some(true),
        group: Some("/ecs/web".into()),
        region: Some("eu-west-1".into()),
    };
    assert_eq!(blueprint.containers[0].log, Some(log));
    assert_eq!(blueprint.platform, Platform { is_arm: true, is_windows: false });
    assert_eq!((blueprint.task_role.as_deref(), blueprint.ephemeral_gib), (Some("task"), 20));
    let kinds: Vec<VolumeKind> = blueprint.volumes.iter().map(|it| it.kind.clone()).collect();
    let expected = [
        VolumeKind::HostPath("/data".into()),
        VolumeKind::Task,
        VolumeKind::SharedOnInstance("shared".into()),
        VolumeKind::Task,
        VolumeKind::Elsewhere,
        VolumeKind::Elsewhere,
    ];
    assert_eq!(kinds, expected);
}

#[test]
fn an_answer_names_the_attributes_that_its_instances_must_have() {
    let mut document = ec2(json!({}), json!({}));
    document["requiresAttributes"] = json!([{"name": "ecs.capability.task-eni"}, {"name": "a"}]);
    let answer = json!({"taskDefinition": document});
    assert_eq!(blueprint(&answer).required_attributes, ["a", "ecs.capability.task-eni"]);
    assert_eq!(examine("x.json", "{\"requiresAttributes\": 3}").required_attributes, Vec::<String>::new());
}

struct All;

impl Permissions for All {
    fn may(&self, _: Option<&str>, _: &str, _: &str) -> Result<(), Denial> {
        Ok(())
    }
    fn exists(&self, _: &str) -> bool {
        true
    }
}

/// Whatever is valid has a life.
#[test]
fn every_valid_document_has_a_life() {
    let mut texts: Vec<String> = rule_cases().iter().map(|it| it.2.to_string()).collect();
    if let Some(folder) = super::shared("data/task-definitions") {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|it| it == "json") {
                texts.push(std::fs::read_to_string(path).unwrap());
            }
        }
    }
    let mut n_lives = 0;
    for text in texts {
        let Ok(definition) = read("x.json", &text) else { continue };
        let options = ModelOptions::default();
        let context = LifeContext {
            registry: &berthlab::model::repository::Registry::default(),
            options: &options,
            is_fargate: false,
            permissions: &All,
            instance_role: None,
            serving: None,
        };
        let life = life(&definition, &context);
        assert!(life.start.total() < SimDuration::FOREVER, "{text}");
        n_lives += 1;
    }
    assert!(n_lives > 20, "{n_lives}");
}
