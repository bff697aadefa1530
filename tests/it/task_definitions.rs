//! Task definitions: published cases and documents where they are at hand, and
//! of each rule a document that breaks it and one that keeps it.

use std::path::{Path, PathBuf};

use berthlab::documents::task_definition::shapes::TaskDefinition;
use berthlab::documents::task_definition::{Reading, examine, read, rules::RULES};
use serde_json::{Value, json};

mod blueprints;
mod rule_cases;
use rule_cases::{ec2, merged, rule_cases};

/// A folder of reference data; `None`, with a word, where it is absent.
fn shared(folder: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared").join(folder);
    if !path.exists() {
        println!("skipped: {} is not here", path.display());
        return None;
    }
    Some(path)
}

/// `rule field` of every fault; `- field` where no rule decides.
fn verdict(reading: &Reading) -> Vec<String> {
    reading.faults.iter().map(|it| format!("{} {}", it.rule.unwrap_or("-"), it.field)).collect()
}

fn of_value(document: &Value) -> Reading {
    let reading = examine("x.json", &document.to_string());
    for fault in reading.faults.iter().chain(&reading.warnings) {
        assert!(fault.diagnostic.place.is_some(), "{}", fault.diagnostic);
        let message = &fault.diagnostic.message;
        assert!(!message.ends_with('.') && !message.contains('\n'), "{message}");
    }
    reading
}

/// Writing and reading again changes nothing.
fn check_round_trip(definition: &TaskDefinition) {
    let again = examine("x.json", &definition.to_json().to_string());
    assert_eq!(again.definition.as_ref(), Some(definition));
}

#[test]
fn every_conformance_case_is_answered_as_the_page_says() {
    let Some(path) = shared("conformance/task-definitions.json") else { return };
    let text = std::fs::read_to_string(path).unwrap();
    let text = text.replace("{private-registry}", "123456789012.dkr.ecr.us-east-1.amazonaws.com");
    let file: Value = serde_json::from_str(&text).unwrap();
    let mut failed = Vec::new();
    let cases = file["cases"].as_array().unwrap();
    for case in cases {
        let reading = of_value(&case["task_definition"]);
        let expect = &case["expect"];
        let expected = match expect["valid"].as_bool().unwrap() {
            true => Vec::new(),
            false => {
                vec![format!("{} {}", expect["rule"].as_str().unwrap(), expect["field"].as_str().unwrap())]
            }
        };
        let found = verdict(&reading);
        if found != expected || !reading.warnings.iter().all(|it| it.diagnostic.code == "B0365") {
            failed.push(format!("{}: {found:?}, expected {expected:?}", case["id"]));
        }
        check_round_trip(&reading.definition.unwrap());
    }
    assert!(failed.is_empty(), "{} of {} failed:\n{}", failed.len(), cases.len(), failed.join("\n"));
    println!("{} cases", cases.len());
}

/// Documents whose verdict is not that of the index, with what decides. The
/// index knows shapes and types; what follows here are rules of the service, or
/// fields that it ignores.
const DISAGREEMENTS: &[(&str, &str)] = &[
    // A family with a placeholder in braces.
    (
        "aws-for-fluent-bit-troubleshooting-tutorials-cloud-firelens-crash-repro-template-task-def-.json",
        "TD-01",
    ),
    // Fargate with awslogs and without an execution role.
    ("containers-gunicorn-gunicorn-fargate.json", "TD-27"),
    ("containers-jetty-jetty-fargate.json", "TD-27"),
    ("containers-kibana-kibana-fargate.json", "TD-27"),
    ("containers-nginx-nginx-fargate.json", "TD-27"),
    // Host port 80 of container port 8080 in awsvpc mode.
    ("containers-tomcat-tomcat-ec2.json", "TD-16"),
    // Placeholders for family, mode, compatibility and CPU.
    ("cwinsights-replica-service-cwagent-prometheus-cwagent-prometheus.json", "TD-01 TD-15 TD-40"),
    ("ecs-agent-iam-roles.json", "TD-15"),
    // The index refuses fields that it does not know; here they are warnings.
    ("ecs-agent-nginx-awsvpc.json", "B0362"),
    ("ecs-agent-nginx-port-5180.json", "B0362"),
    ("ecs-agent-nginx.json", "B0362"),
    ("ecs-agent-task-elastic-inference.json", "B0362"),
    ("ecs-agent-telemetry.json", "TD-11"),
    ("ecs-agent-v3-task-endpoint-validator.json", "TD-15"),
    // No memory anywhere, and nothing that says Fargate.
    ("ecs-guide-examples-block-8.json", "TD-06"),
];

#[test]
fn published_definitions_are_read_and_judged() {
    let Some(folder) = shared("data/task-definitions") else { return };
    let mut index = csv::Reader::from_path(folder.join("index.csv")).unwrap();
    let mut disagreements: Vec<(String, String)> = Vec::new();
    let (mut n_read, mut n_sizes) = (0, 0);
    for row in index.deserialize() {
        let row: std::collections::BTreeMap<String, String> = row.unwrap();
        let (file, check) = (&row["file"], &row["request_model_check"]);
        let text = std::fs::read_to_string(folder.join(file)).unwrap();
        let reading = examine(file, &text);
        n_read += 1;
        if row["json"] == "no" {
            assert!(reading.definition.is_none(), "{file}");
            assert!(reading.faults.iter().all(|it| it.diagnostic.code < "B0360"), "{file}");
            continue;
        }
        check_round_trip(reading.definition.as_ref().expect(file));
        let found = verdict(&reading);
        if !row["fargate_size_valid"].is_empty() {
            let is_size = |it: &String| it.starts_with("TD-11") || it.starts_with("TD-12");
            assert_eq!(row["fargate_size_valid"] == "yes", !found.iter().any(is_size), "{file}: {found:?}");
            n_sizes += 1;
        }
        if (check == "valid") != found.is_empty() {
            let mut decided: Vec<String> =
                found.iter().map(|it| it.split(' ').next().unwrap().to_owned()).collect();
            if found.is_empty() {
                decided = reading.warnings.iter().map(|it| it.diagnostic.code.to_owned()).collect();
            }
            decided.sort();
            decided.dedup();
            disagreements.push((file.clone(), decided.join(" ")));
        }
    }
    let shown: Vec<String> =
        disagreements.iter().map(|it| format!("    (\"{}\", \"{}\"),", it.0, it.1)).collect();
    let expected: Vec<(String, String)> =
        DISAGREEMENTS.iter().map(|it| (it.0.to_owned(), it.1.to_owned())).collect();
    assert_eq!(disagreements, expected, "found:\n{}", shown.join("\n"));
    println!("{n_read} texts, {n_sizes} sizes, {} disagreements", disagreements.len());
}

#[test]
fn described_definitions_of_the_guide_are_read() {
    let Some(folder) = shared("data/ecs-documents") else { return };
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if name.starts_with("describetaskdefinition") {
            let reading = examine(&name, &std::fs::read_to_string(&path).unwrap());
            println!("{name}: {:?}", verdict(&reading));
            check_round_trip(&reading.definition.unwrap());
        }
    }
}

#[test]
fn each_rule_is_broken_by_one_document_and_kept_by_another() {
    let cases = rule_cases();
    for (fault, broken, kept) in &cases {
        assert_eq!(verdict(&of_value(broken)), [*fault], "{broken}");
        let reading = of_value(kept);
        assert_eq!(verdict(&reading), [""; 0], "{fault}: {kept}");
        check_round_trip(&reading.definition.unwrap());
    }
    for rule in RULES {
        assert!(cases.iter().any(|it| it.0.starts_with(rule.id)), "no case for {}", rule.id);
    }
    println!("{} pairs of documents", cases.len());
}

#[test]
fn every_fault_is_found_at_its_place() {
    let text = r#"{
  "family": "my family",
  "networkMode": "bridg",
  "containerDefinitions": [
    {"name": "a", "image": "x", "memory": 4,
     "portMappings": [{"containerPort": 80}, {"containerPort": 70000}]},
    {"name": "b", "memory": 64, "dependsOn": [{"containerName": "c", "condition": "START"}],
     "memmory": 3}
  ]
}"#;
    let reading = examine("x.json", text);
    let shown = |it: &berthlab::documents::faults::Fault| {
        let place = it.diagnostic.place.as_ref().unwrap();
        format!("{}:{} {} {}", place.line, place.column, it.diagnostic.code, it.field)
    };
    let faults: Vec<String> = reading.faults.iter().map(shown).collect();
    let expected = [
        "2:13 B0301 family",
        "3:18 B0315 networkMode",
        "5:43 B0308 containerDefinitions[0].memory",
        "6:64 B0319 containerDefinitions[0].portMappings[1].containerPort",
        "7:5 B0304 containerDefinitions[1].image",
        "7:65 B0321 containerDefinitions[1].dependsOn[0].containerName",
    ];
    assert_eq!(faults, expected);
    let warnings: Vec<String> = reading.warnings.iter().map(shown).collect();
    assert_eq!(warnings, ["8:6 B0362 containerDefinitions[1].memmory"]);
    assert_eq!(reading.warnings[0].diagnostic.help.as_deref(), Some("did you mean `memory`?"));
}

#[test]
fn both_forms_say_the_same() {
    let sent = ec2(
        json!({"tags": [{"key": "a", "value": "b"}]}),
        json!({"portMappings": [{"containerPort": 80, "hostPort": 8080}]}),
    );
    let mut inner = sent.clone();
    let members = inner.as_object_mut().unwrap();
    let tags = members.remove("tags").unwrap();
    for (key, value) in [
        ("taskDefinitionArn", json!("arn:aws:ecs:us-east-1:1:task-definition/web:7")),
        ("revision", json!(7)),
        ("status", json!("ACTIVE")),
        ("requiresAttributes", json!([{"name": "x"}])),
        ("compatibilities", json!(["EC2"])),
        ("registeredAt", json!(1.5e9)),
        ("registeredBy", json!("me")),
        ("volumes", json!([])),
        ("ipcMode", Value::Null),
    ] {
        members.insert(key.to_owned(), value);
    }
    let answer = json!({"taskDefinition": inner, "tags": tags});
    let (sent, described) = (of_value(&sent), of_value(&answer));
    assert_eq!((&described.faults, &described.warnings), (&vec![], &vec![]));
    assert_eq!(sent.definition, described.definition);
    assert_eq!((sent.revision, described.revision), (None, Some(7)));
    let definition = read("x.json", &answer.to_string()).unwrap();
    assert_eq!((definition.name.as_str(), definition.host_ports.len()), ("web", 1));

    let bad = "{\"taskDefinition\": {\"family\": \"f\",\n \"containerDefinitions\": []},\n \"tags\": [{\"key\": \"\"}]}";
    let reading = examine("x.json", bad);
    assert_eq!(verdict(&reading), ["TD-02 containerDefinitions", "TD-41 tags"]);
    let lines: Vec<u64> =
        reading.faults.iter().map(|it| it.diagnostic.place.as_ref().unwrap().line).collect();
    assert_eq!(lines, [2, 3]);
}

#[test]
fn what_a_task_takes_follows_the_page() {
    let containers = json!([
        {"name": "a", "image": "a", "cpu": 100, "memory": 300, "memoryReservation": 200,
         "portMappings": [{"containerPort": 80, "hostPort": 8080}, {"containerPort": 81}]},
        {"name": "b", "image": "b", "cpu": 50, "memory": 100}
    ]);
    let takes = |with: Value| {
        let text = ec2(merged(with, json!({"containerDefinitions": containers}), json!({})), json!({}));
        let it = read("x.json", &text.to_string()).unwrap();
        (it.needs.cpu.0, it.needs.memory.0, it.host_ports.len())
    };
    let empty = || json!({"containerDefinitions": [{}]});
    let with = |key: &str, value: &str| merged(empty(), json!({key: value}), json!({}));
    assert_eq!(takes(empty()), (150, 300, 1));
    assert_eq!(takes(with("cpu", ".25 vCPU")), (256, 300, 1));
    assert_eq!(takes(with("memory", "1GB")), (150, 1024, 1));
}

#[test]
fn a_bad_text_is_a_coded_fault() {
    let containers: Vec<Value> =
        (0..11).map(|it| json!({"name": format!("c{it}"), "image": "x", "memory": 6})).collect();
    let cases = [
        ("", "B0356"),
        ("\u{feff}", "B0356"),
        ("{", "B0350"),
        ("{} {}", "B0353"),
        ("{\"family\": \"a\0b\"}", "B0354"),
        ("{\0\"\0f\0", "B0354"),
        (&"[".repeat(10_000), "B0351"),
        (&format!("{}{}", "{\"family\":".repeat(10_000), "}".repeat(10_000)), "B0351"),
        ("{\"family\": \"a\", \"family\": \"b\"}", "B0352"),
        ("[]", "B0360"),
        ("3", "B0360"),
        (&" ".repeat(2_000_000), "B0366"),
        (&json!({"family": "f", "containerDefinitions": containers}).to_string(), "B0302"),
        (&ec2(json!({"networkMode": "host"}), json!({"portMappings": [{"containerPort": 80}, {"containerPort": 80}]})).to_string(), "B0319"),
        (&json!({"family": "f", "containerDefinitions": [{"name": "a", "image": "x", "memory": 6, "cpu": 1e300}]}).to_string(), "B0361"),
    ];
    for (text, code) in cases {
        let found = read("x.json", text).unwrap_err();
        let codes: Vec<&str> = found.iter().map(|it| it.code).collect();
        assert_eq!(codes, [code], "{}", &text[..text.len().min(80)]);
        assert!(found[0].place.is_some());
    }
    // A heap of faults is cut and says so.
    let many: Vec<Value> = (0..500).map(|_| json!({"name": 3})).collect();
    let found =
        read("x.json", &json!({"family": "f", "containerDefinitions": many}).to_string()).unwrap_err();
    assert_eq!((found.len(), found[100].code), (101, "B0369"));
}

#[test]
fn a_megabyte_of_faults_is_judged_at_once() {
    let of_task = |key: &str, item: &str, n: usize| {
        let base = r#"{"family": "f", "containerDefinitions": [{"name": "a", "image": "x", "memory": 6}]"#;
        format!("{base}, \"{key}\": [{}]}}", vec![item; n].join(","))
    };
    let of_container = |key: &str, item: &str, n: usize| {
        let base = r#"{"family": "f", "containerDefinitions": [{"name": "a", "image": "x", "memory": 6"#;
        format!("{base}, \"{key}\": [{}]}}]}}", vec![item; n].join(","))
    };
    for (text, n_faults) in [
        (of_task("volumes", "{}", 300_000), 101),
        (of_task("volumes", r#"{"name":"v"}"#, 70_000), 101),
        (of_task("placementConstraints", "3", 400_000), 101),
        (of_container("links", "\"b\"", 200_000), 101),
        (of_container("portMappings", r#"{"containerPort":1,"hostPort":1}"#, 30_000), 101),
        (of_container("mountPoints", "{}", 300_000), 101),
        (of_container("environment", r#"{"x":1}"#, 100_000), 1),
        (format!(r#"{{"family": "f", "containerDefinitions": [{}]}}"#, vec!["{}"; 300_000].join(",")), 1),
    ] {
        let reading = examine("x.json", &text);
        assert_eq!(reading.faults.len(), n_faults, "{}", &text[..150]);
        assert!(reading.warnings.len() <= 100);
    }
}
