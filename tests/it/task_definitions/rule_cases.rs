//! Of each rule a document that breaks it and one that keeps it.

use serde_json::{Value, json};

/// A definition for EC2, with what is added to task and container.
pub(super) fn ec2(task: Value, container: Value) -> Value {
    let base =
        json!({"family": "web", "containerDefinitions": [{"name": "app", "image": "nginx", "memory": 256}]});
    merged(base, task, container)
}

/// A definition for Fargate, likewise.
fn fargate(task: Value, container: Value) -> Value {
    let base = json!({
        "family": "api", "requiresCompatibilities": ["FARGATE"], "networkMode": "awsvpc", "cpu": "256",
        "memory": "512", "containerDefinitions": [{"name": "app", "image": "nginx"}]
    });
    merged(base, task, container)
}

/// `null` takes a member away.
pub(super) fn merged(mut base: Value, task: Value, container: Value) -> Value {
    let add = |to: &mut Value, from: Value| {
        for (key, value) in from.as_object().unwrap() {
            if value.is_null() {
                to.as_object_mut().unwrap().remove(key);
            } else {
                to[key] = value.clone();
            }
        }
    };
    add(&mut base["containerDefinitions"][0], container);
    add(&mut base, task);
    base
}

fn two(first: Value, second: Value) -> Value {
    let container = |name: &str, with: Value| {
        ec2(json!({}), with)["containerDefinitions"][0]
            .as_object()
            .map(|it| {
                let mut it = it.clone();
                it.insert("name".to_owned(), name.into());
                Value::Object(it)
            })
            .unwrap()
    };
    json!([container("a", first), container("b", second)])
}

/// A rule and its field, a document that breaks it and one that keeps it.
pub(super) fn rule_cases() -> Vec<(&'static str, Value, Value)> {
    let none = || json!({});
    let of = |with: Value| ec2(json!({}), with);
    let task = |with: Value| ec2(with, json!({}));
    let ports = |list: Value| ec2(json!({}), json!({"portMappings": list}));
    let pair =
        |first: Value, second: Value| ec2(json!({"containerDefinitions": two(first, second)}), json!({}));
    let long = "x".repeat(256);
    vec![
        ("TD-01 family", task(json!({"family": "a b"})), task(json!({"family": "a-B_9"}))),
        ("TD-02 containerDefinitions", task(json!({"containerDefinitions": []})), of(none())),
        ("TD-03 containerDefinitions[0].name", of(json!({"name": "ä"})), of(json!({"name": "A_-1"}))),
        (
            "TD-04 containerDefinitions[0].image",
            of(json!({"image": long})),
            of(json!({"image": format!("i@{long}")})),
        ),
        ("TD-05 containerDefinitions", of(json!({"essential": false})), of(json!({"essential": true}))),
        (
            "TD-06 containerDefinitions[0].memory",
            of(json!({"memory": 0})),
            of(json!({"memory": null, "memoryReservation": 6})),
        ),
        (
            "TD-07 containerDefinitions[0].memoryReservation",
            of(json!({"memoryReservation": 257})),
            of(json!({"memoryReservation": 256})),
        ),
        ("TD-08 containerDefinitions[0].memory", of(json!({"memory": 5})), of(json!({"memory": 6}))),
        ("TD-08 containerDefinitions[0].memory", of(json!({"memory": -1})), of(none())),
        (
            "TD-09 containerDefinitions[0].memory",
            task(json!({"memory": "255"})),
            task(json!({"memory": "256"})),
        ),
        (
            "TD-09 containerDefinitions",
            ec2(json!({"memory": "300", "containerDefinitions": two(none(), none())}), none()),
            ec2(json!({"memory": "512", "containerDefinitions": two(none(), none())}), none()),
        ),
        (
            "TD-10 containerDefinitions",
            ec2(json!({"cpu": "256"}), json!({"cpu": 257})),
            ec2(json!({"cpu": "256"}), json!({"cpu": 256})),
        ),
        ("TD-11 cpu", task(json!({"cpu": "0.3 vCPU"})), task(json!({"cpu": ".5VCPU"}))),
        ("TD-11 memory", task(json!({"memory": "0"})), task(json!({"memory": "1 gb"}))),
        ("TD-12 cpu", fargate(json!({"cpu": null}), none()), fargate(none(), none())),
        ("TD-12 cpu", fargate(json!({"cpu": "300"}), none()), fargate(none(), none())),
        (
            "TD-12 cpu",
            fargate(
                json!({"cpu": "512", "memory": "1024", "runtimePlatform": {"operatingSystemFamily": "WINDOWS_SERVER_2022_CORE"}}),
                none(),
            ),
            fargate(
                json!({"cpu": "1024", "memory": "2048", "runtimePlatform": {"operatingSystemFamily": "WINDOWS_SERVER_2022_CORE"}}),
                none(),
            ),
        ),
        (
            "TD-12 memory",
            fargate(json!({"memory": "513"}), none()),
            fargate(json!({"memory": "2 GB"}), none()),
        ),
        ("TD-13 cpu", task(json!({"cpu": "127"})), task(json!({"cpu": "192 vCPU"}))),
        ("TD-14 networkMode", fargate(json!({"networkMode": "host"}), none()), fargate(none(), none())),
        ("TD-15 networkMode", task(json!({"networkMode": "nat"})), task(json!({"networkMode": "bridge"}))),
        (
            "TD-16 containerDefinitions[0].portMappings[0].hostPort",
            ec2(
                json!({"networkMode": "awsvpc"}),
                json!({"portMappings": [{"containerPort": 80, "hostPort": 0}]}),
            ),
            ec2(json!({"networkMode": "awsvpc"}), json!({"portMappings": [{"containerPort": 80}]})),
        ),
        (
            "TD-17 containerDefinitions[0].portMappings[0].hostPort",
            ec2(
                json!({"networkMode": "host"}),
                json!({"portMappings": [{"containerPort": 80, "hostPort": 81}]}),
            ),
            ec2(
                json!({"networkMode": "host"}),
                json!({"portMappings": [{"containerPort": 80, "hostPort": 80}]}),
            ),
        ),
        (
            "TD-18 containerDefinitions[0].portMappings",
            ec2(json!({"networkMode": "none"}), json!({"portMappings": [{"containerPort": 80}]})),
            ec2(json!({"networkMode": "none"}), json!({"portMappings": []})),
        ),
        (
            "TD-19 containerDefinitions[0].portMappings[0].containerPort",
            ports(json!([{}])),
            ports(json!([{"containerPort": 1}])),
        ),
        (
            "TD-19 containerDefinitions[0].portMappings[0].containerPort",
            ports(json!([{"containerPort": 0}])),
            ports(json!([{"containerPort": 65535}])),
        ),
        (
            "TD-19 containerDefinitions[0].portMappings[0].hostPort",
            ports(json!([{"containerPort": 1, "hostPort": 65536}])),
            ports(json!([{"containerPort": 1, "hostPort": 65535}])),
        ),
        (
            "TD-19 containerDefinitions[0].portMappings[1].hostPort",
            ports(json!([{"containerPort": 80, "hostPort": 8080}, {"containerPort": 81, "hostPort": 8080}])),
            ports(
                json!([{"containerPort": 80, "hostPort": 8080}, {"containerPort": 81, "hostPort": 8080, "protocol": "udp"}]),
            ),
        ),
        (
            "TD-19 containerDefinitions[1].portMappings[0].hostPort",
            pair(
                json!({"portMappings": [{"containerPort": 1, "hostPort": 9}]}),
                json!({"portMappings": [{"containerPort": 2, "hostPort": 9}]}),
            ),
            pair(
                json!({"portMappings": [{"containerPort": 1, "hostPort": 0}]}),
                json!({"portMappings": [{"containerPort": 1, "hostPort": 0}]}),
            ),
        ),
        (
            "TD-19 containerDefinitions[0].portMappings[0].containerPortRange",
            ports(json!([{"containerPortRange": "5-5"}])),
            ports(json!([{"containerPortRange": "5-6"}])),
        ),
        (
            "TD-19 containerDefinitions[0].portMappings[1].containerPortRange",
            ports(json!([{"containerPortRange": "5-9"}, {"containerPortRange": "9-12"}])),
            ports(json!([{"containerPortRange": "5-9"}, {"containerPortRange": "10-12"}])),
        ),
        (
            "TD-19 containerDefinitions[0].portMappings",
            ports(
                (0..101)
                    .map(|it| json!({"containerPortRange": format!("{}-{}", it * 2 + 1, it * 2 + 2)}))
                    .collect(),
            ),
            ports(
                (0..100)
                    .map(|it| json!({"containerPortRange": format!("{}-{}", it * 2 + 1, it * 2 + 2)}))
                    .collect(),
            ),
        ),
        (
            "TD-19 containerDefinitions[0].portMappings[1].name",
            ports(json!([{"containerPort": 1, "name": "a"}, {"containerPort": 2, "name": "a"}])),
            ports(json!([{"containerPort": 1, "name": "a"}, {"containerPort": 2, "name": "_b"}])),
        ),
        (
            "TD-20 containerDefinitions[0].links",
            of(json!({"links": ["nobody:x"]})),
            pair(json!({"links": ["b:alias"]}), none()),
        ),
        (
            "TD-20 containerDefinitions",
            pair(json!({"links": ["b"]}), json!({"links": ["a"]})),
            pair(none(), json!({"links": ["a"]})),
        ),
        (
            "TD-21 containerDefinitions",
            of(json!({"dependsOn": [{"containerName": "app", "condition": "START"}]})),
            pair(json!({"dependsOn": [{"containerName": "b", "condition": "START"}]}), none()),
        ),
        (
            "TD-21 containerDefinitions[0].dependsOn[0].condition",
            pair(json!({"dependsOn": [{"containerName": "b", "condition": "SUCCESS"}]}), none()),
            pair(
                json!({"dependsOn": [{"containerName": "b", "condition": "SUCCESS"}]}),
                json!({"essential": false}),
            ),
        ),
        (
            "TD-21 containerDefinitions[0].dependsOn[0].condition",
            pair(json!({"dependsOn": [{"containerName": "b", "condition": "READY"}]}), none()),
            pair(
                json!({"dependsOn": [{"containerName": "b", "condition": "HEALTHY"}]}),
                json!({"healthCheck": {"command": ["CMD", "true"]}}),
            ),
        ),
        (
            "TD-22 containerDefinitions[0].healthCheck.timeout",
            of(json!({"healthCheck": {"command": ["CMD", "true"], "timeout": 61}})),
            of(json!({"healthCheck": {"command": ["true"], "timeout": 60}})),
        ),
        (
            "TD-22 containerDefinitions[0].healthCheck.command",
            of(json!({"healthCheck": {}})),
            of(json!({"healthCheck": {"command": ["CMD"]}})),
        ),
        (
            "TD-23 containerDefinitions[0].stopTimeout",
            fargate(none(), json!({"stopTimeout": 121})),
            of(json!({"stopTimeout": 121})),
        ),
        (
            "TD-24 ephemeralStorage",
            task(json!({"requiresCompatibilities": ["EC2"], "ephemeralStorage": {"sizeInGiB": 21}})),
            task(json!({"ephemeralStorage": {"sizeInGiB": 200}})),
        ),
        (
            "TD-25 containerDefinitions[0].environmentFiles[0].value",
            of(json!({"environmentFiles": [{"type": "s3", "value": "arn:aws:s3:::b/a.txt"}]})),
            of(json!({"environmentFiles": [{"type": "s3", "value": "arn:aws:s3:::b/a.env"}]})),
        ),
        (
            "TD-26 executionRoleArn",
            of(json!({"secrets": [{"name": "A", "valueFrom": "b"}]})),
            ec2(
                json!({"executionRoleArn": "arn:aws:iam::1:role/x"}),
                json!({"secrets": [{"name": "A", "valueFrom": "b"}]}),
            ),
        ),
        (
            "TD-27 executionRoleArn",
            fargate(none(), json!({"image": "123456789012.dkr.ecr.eu-west-1.amazonaws.com/a"})),
            fargate(none(), json!({"image": "public.ecr.aws/a"})),
        ),
        (
            "TD-28 containerDefinitions[0].logConfiguration.logDriver",
            fargate(none(), json!({"logConfiguration": {"logDriver": "json-file"}})),
            of(json!({"logConfiguration": {"logDriver": "json-file"}})),
        ),
        (
            "TD-28 containerDefinitions[0].logConfiguration.logDriver",
            of(json!({"logConfiguration": {"logDriver": "awsfirelens"}})),
            of(
                json!({"logConfiguration": {"logDriver": "awsfirelens"}, "firelensConfiguration": {"type": "fluentbit"}}),
            ),
        ),
        (
            "TD-29 containerDefinitions[0].privileged",
            fargate(none(), json!({"privileged": true})),
            fargate(none(), json!({"privileged": false})),
        ),
        ("TD-29 pidMode", task(json!({"pidMode": "x"})), fargate(json!({"pidMode": "task"}), none())),
        ("TD-29 ipcMode", fargate(json!({"ipcMode": "task"}), none()), task(json!({"ipcMode": "task"}))),
        (
            "TD-29 containerDefinitions[0].linuxParameters.swappiness",
            fargate(none(), json!({"linuxParameters": {"swappiness": 60}})),
            fargate(none(), json!({"linuxParameters": {"capabilities": {"add": ["SYS_PTRACE"]}}})),
        ),
        (
            "TD-29 volumes[0].host.sourcePath",
            fargate(json!({"volumes": [{"name": "v", "host": {"sourcePath": "/x"}}]}), none()),
            fargate(json!({"volumes": [{"name": "v", "host": {}}]}), none()),
        ),
        (
            "TD-30 volumes[0]",
            task(
                json!({"volumes": [{"name": "v", "host": {}, "efsVolumeConfiguration": {"fileSystemId": "fs"}}]}),
            ),
            task(json!({"volumes": [{"name": "v", "efsVolumeConfiguration": {"fileSystemId": "fs"}}]})),
        ),
        (
            "TD-30 volumes[0].dockerVolumeConfiguration.autoprovision",
            task(json!({"volumes": [{"name": "v", "dockerVolumeConfiguration": {"autoprovision": true}}]})),
            task(json!({"volumes": [{"name": "v", "dockerVolumeConfiguration": {"scope": "task"}}]})),
        ),
        (
            "TD-30 volumes[0].efsVolumeConfiguration.rootDirectory",
            task(
                json!({"volumes": [{"name": "v", "efsVolumeConfiguration": {"fileSystemId": "f", "rootDirectory": "/x", "authorizationConfig": {"accessPointId": "p"}}}]}),
            ),
            task(
                json!({"volumes": [{"name": "v", "efsVolumeConfiguration": {"fileSystemId": "f", "rootDirectory": "/", "authorizationConfig": {"accessPointId": "p"}}}]}),
            ),
        ),
        (
            "TD-30 containerDefinitions[0].volumesFrom[0].sourceContainer",
            of(json!({"volumesFrom": [{"sourceContainer": "x"}]})),
            pair(json!({"volumesFrom": [{"sourceContainer": "b"}]}), none()),
        ),
        (
            "TD-30 volumes[1].name",
            task(json!({"volumes": [{"name": "v"}, {"name": "v"}]})),
            task(json!({"volumes": [{"name": "v"}, {"name": "w"}]})),
        ),
        (
            "TD-31 placementConstraints[0].expression",
            task(json!({"placementConstraints": [{"type": "memberOf", "expression": "x".repeat(2001)}]})),
            task(json!({"placementConstraints": [{"type": "memberOf", "expression": "attribute:a == b"}]})),
        ),
        (
            "TD-31 placementConstraints",
            task(
                json!({"placementConstraints": vec![json!({"type": "memberOf", "expression": "attribute:a == b"}); 11]}),
            ),
            task(
                json!({"placementConstraints": vec![json!({"type": "memberOf", "expression": "attribute:a == b"}); 10]}),
            ),
        ),
        (
            "TD-32 runtimePlatform.cpuArchitecture",
            task(
                json!({"runtimePlatform": {"cpuArchitecture": "ARM64", "operatingSystemFamily": "WINDOWS_SERVER_2022_CORE"}}),
            ),
            task(json!({"runtimePlatform": {"cpuArchitecture": "ARM64", "operatingSystemFamily": "LINUX"}})),
        ),
        (
            "TD-33 containerDefinitions[0].restartPolicy.restartAttemptPeriod",
            of(json!({"restartPolicy": {"enabled": true, "restartAttemptPeriod": 59}})),
            of(json!({"restartPolicy": {"enabled": true, "restartAttemptPeriod": 1800}})),
        ),
        (
            "TD-35 (document)",
            of(json!({"command": ["x".repeat(66_000)]})),
            of(json!({"command": ["x".repeat(65_000)]})),
        ),
        (
            "TD-37 containerDefinitions[0].hostname",
            ec2(json!({"networkMode": "awsvpc"}), json!({"hostname": "h"})),
            of(json!({"hostname": "h"})),
        ),
        ("TD-38 taskRoleArn", task(json!({"taskRoleArn": ["a", "b"]})), task(json!({"taskRoleArn": "a"}))),
        (
            "TD-40 requiresCompatibilities[1]",
            task(json!({"requiresCompatibilities": ["EC2", "ec2"]})),
            task(json!({"requiresCompatibilities": ["EC2", "EXTERNAL"]})),
        ),
        (
            "TD-41 tags",
            task(json!({"tags": [{"key": "AWS:x", "value": "y"}]})),
            task(json!({"tags": [{"key": "x", "value": ""}]})),
        ),
        ("- containerDefinitions[0].cpu", of(json!({"cpu": -1})), of(json!({"cpu": 0}))),
        ("- containerDefinitions[0].memory", of(json!({"memory": "256"})), of(none())),
        ("- containerDefinitions[0].memory", of(json!({"memory": 256.5})), of(none())),
        ("- containerDefinitions[0].memory", of(json!({"memory": 4_294_967_296_u64})), of(none())),
        ("- containerDefinitions", task(json!({"containerDefinitions": {}})), of(none())),
        ("- containerDefinitions[0].restartPolicy.enabled", of(json!({"restartPolicy": {}})), of(none())),
        (
            "- containerDefinitions[0].resourceRequirements[0].value",
            of(json!({"resourceRequirements": [{"type": "GPU", "value": "two"}]})),
            of(json!({"resourceRequirements": [{"type": "GPU", "value": "2"}]})),
        ),
    ]
}
