//! Services, clusters, instances, tasks: published documents where they are at
//! hand, and what a request-model check says of requests.

use std::path::Path;

use berthlab::documents::ecs::{Document, Reading, examine};
use serde_json::{Value, json};

use crate::support::Bench;

/// `code field` of every fault.
fn verdict(reading: &Reading<'_>) -> Vec<String> {
    reading.faults.iter().map(|it| format!("{} {}", it.diagnostic.code, it.field)).collect()
}

/// Writing and reading again changes nothing.
fn check_round_trip(document: &Document) {
    let text = document.to_json().to_string();
    let again = examine("x.json", &text).document;
    // What an answer leaves out if it is empty tells which answer it is.
    if !matches!(document, Document::Answer(_)) || again.is_some() {
        assert_eq!(again.map(|it| it.to_json()), Some(document.to_json()));
    }
}

/// The code and the field of a verdict of the index.
fn expected_of(check: &str) -> Vec<String> {
    let Some(problem) = check.strip_prefix("invalid: ") else { return Vec::new() };
    let between = |start: &str, end: &str| {
        let rest = problem.split_once(start)?.1;
        Some(rest.split(end).next().unwrap_or(rest).trim_matches('"').to_owned())
    };
    let found = between("Missing required parameter in input: ", ",")
        .map(|it| format!("B0364 {it}"))
        .or_else(|| between("Invalid length for parameter ", ",").map(|it| format!("B0372 {it}")))
        .or_else(|| between("Invalid type for parameter ", ",").map(|it| format!("B0360 {it}")));
    vec![found.unwrap_or_else(|| panic!("a verdict of a new kind: {check}"))]
}

/// Documents whose verdict is not that of the index alone, with the rule that
/// decides: both are templates of the guide. The index knows shapes and types;
/// these are limits of the service. Task definitions have rules of their own and
/// no verdict there.
const DISAGREEMENTS: &[(&str, &str)] = &[
    // binpack with an empty field.
    ("createservice-deployment-type-external-block-1.json", "RQ-01"),
    // A launch type and a capacity provider strategy.
    ("createtaskset-deployment-type-external-block-3.json", "RQ-04"),
];

/// Fields that the API does not know, as published.
const UNKNOWN: &[(&str, &str)] =
    &[("response-service-update-service-block-20.json", "service.deployments[0].taskkDefinition")];

#[test]
fn published_documents_are_read_and_judged() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/ecs-documents");
    if !folder.exists() {
        println!("skipped: {} is not here", folder.display());
        return;
    }
    let mut index = csv::Reader::from_path(folder.join("index.csv")).unwrap();
    let (mut disagreements, mut unknown) = (Vec::new(), Vec::new());
    let (mut n_read, mut n_judged) = (0, 0);
    for row in index.deserialize() {
        let row: std::collections::BTreeMap<String, String> = row.unwrap();
        let (file, check) = (&row["file"], &row["request_model_check"]);
        let text = std::fs::read_to_string(folder.join(file)).unwrap();
        let reading = examine(file, &text);
        let kind = reading.kind.unwrap_or_else(|| panic!("{file}: {:?}", verdict(&reading)));
        assert_eq!(kind.name, row["shape"].trim_start_matches("response:"), "{file}");
        check_round_trip(reading.document.as_ref().expect(file));
        n_read += 1;
        let found = verdict(&reading);
        if row["shape"] == "DescribeTaskDefinition" {
            println!("{file}: {found:?}");
            continue;
        }
        n_judged += usize::from(!check.is_empty());
        // Answers have no verdict: what the service wrote is without fault.
        if found != expected_of(check) {
            // Rules come on top: what the model says is among the faults.
            let of_model: Vec<String> = reading
                .faults
                .iter()
                .filter(|it| it.rule.is_none())
                .map(|it| format!("{} {}", it.diagnostic.code, it.field))
                .collect();
            assert_eq!(of_model, expected_of(check), "{file}");
            assert_eq!(reading.faults.is_empty(), check.is_empty() || check == "valid", "{file}");
            let rules: Vec<&str> = reading.faults.iter().filter_map(|it| it.rule).collect();
            disagreements.push((file.clone(), rules.join(" ")));
        }
        for warning in &reading.warnings {
            assert_eq!(warning.diagnostic.code, "B0362", "{file}: {}", warning.diagnostic);
            unknown.push((file.clone(), warning.field.clone()));
        }
    }
    let owned = |list: &[(&str, &str)]| -> Vec<(String, String)> {
        list.iter().map(|it| (it.0.to_owned(), it.1.to_owned())).collect()
    };
    assert_eq!(disagreements, owned(DISAGREEMENTS));
    assert_eq!(unknown, owned(UNKNOWN));
    println!("{n_read} documents, {n_judged} verdicts, {} disagreements", disagreements.len());
}

#[test]
fn a_request_is_held_to_its_model() {
    for (document, expected) in [
        (json!({"serviceName": "a"}), &[][..]),
        (json!({"desiredCount": 3}), &["B0364 serviceName"]),
        (json!({"serviceName": null}), &["B0360 serviceName"]),
        (json!({"serviceName": "a", "desiredCount": "3"}), &["B0360 desiredCount"]),
        (json!({"serviceName": "a", "desiredCount": 2.5}), &["B0361 desiredCount"]),
        (json!({"serviceName": "a", "launchType": "ec2"}), &["B0371 launchType"]),
        (json!({"serviceName": "a", "tags": [{"key": ""}]}), &["B0372 tags[0].key"]),
        (json!({"serviceName": "a", "tags": vec![json!({"key": "k"}); 51]}), &["B0372 tags"]),
        (
            json!({"serviceName": "a", "capacityProviderStrategy": [{"weight": -1, "base": 100_001}]}),
            &[
                "B0364 capacityProviderStrategy[0].capacityProvider",
                "B0373 capacityProviderStrategy[0].base",
                "B0373 capacityProviderStrategy[0].weight",
            ],
        ),
        (
            json!({"service": "a", "networkConfiguration": {"awsvpcConfiguration": {"assignPublicIp": "YES"}}}),
            &[
                "B0364 networkConfiguration.awsvpcConfiguration.subnets",
                "B0371 networkConfiguration.awsvpcConfiguration.assignPublicIp",
            ],
        ),
        (
            json!({"service": "a", "deploymentConfiguration": {"deploymentCircuitBreaker": {"enable": true}}}),
            &["B0364 deploymentConfiguration.deploymentCircuitBreaker.rollback"],
        ),
        (json!({"count": 2}), &["B0364 taskDefinition"]),
        (json!({"containerInstances": ["i"], "taskDefinition": 3}), &["B0360 taskDefinition"]),
        (
            json!({"service": "a", "scale": {"value": "1", "unit": "TASKS"}}),
            &["B0364 cluster", "B0364 taskDefinition", "B0371 scale.unit", "B0360 scale.value"],
        ),
        (
            json!({"taskDefinition": "a", "placementStrategy": [{"type": "BINPACK", "field": 3}]}),
            &["B0360 placementStrategy[0].field", "B0371 placementStrategy[0].type"],
        ),
    ] {
        let text = document.to_string();
        let mut found = verdict(&examine("x.json", &text));
        let mut expected: Vec<String> = expected.iter().map(|it| (*it).to_owned()).collect();
        found.sort();
        expected.sort();
        assert_eq!(found, expected, "{text}");
    }
}

#[test]
fn a_request_keeps_the_limits_of_the_service() {
    let strategies = |items: Value| json!({"taskDefinition": "a", "placementStrategy": items});
    let constraints = |items: Value| json!({"taskDefinition": "a", "placementConstraints": items});
    let shares = |items: Value| json!({"taskDefinition": "a", "capacityProviderStrategy": items});
    let share = |name: &str, weight: i32, base: i32| json!({"capacityProvider": name, "weight": weight, "base": base});
    let bounds = |minimum: i32, maximum: i32, scheduling: &str| {
        json!({"serviceName": "a", "schedulingStrategy": scheduling,
            "deploymentConfiguration": {"minimumHealthyPercent": minimum, "maximumPercent": maximum}})
    };
    let member_of = |expression: &str| json!([{"type": "memberOf", "expression": expression}]);
    let binpack = json!({"type": "binpack", "field": "memory"});
    for (document, expected) in [
        (strategies(json!(vec![binpack.clone(); 5])), ""),
        (strategies(json!(vec![binpack.clone(); 6])), "B0380 placementStrategy"),
        (strategies(json!([{"type": "binpack", "field": "MEMORY"}, {"type": "random"}])), ""),
        (strategies(json!([{"type": "binpack", "field": "gpu"}])), "B0380 placementStrategy[0].field"),
        (strategies(json!([{"type": "spread"}])), "B0380 placementStrategy[0].field"),
        (strategies(json!([{"field": "cpu"}])), "B0380 placementStrategy[0].type"),
        (constraints(member_of("attribute:stack == prod")), ""),
        (constraints(member_of("attribute:stack = prod")), "B0381 placementConstraints[0].expression"),
        (constraints(member_of("")), "B0381 placementConstraints[0].expression"),
        (constraints(json!([{"type": "distinctInstance"}])), ""),
        (
            constraints(json!([{"type": "distinctInstance", "expression": "a"}])),
            "B0381 placementConstraints[0].expression",
        ),
        (constraints(json!(vec![json!({"type": "distinctInstance"}); 11])), "B0381 placementConstraints"),
        (
            json!({"taskDefinition": "a", "launchType": "FARGATE", "placementStrategy": [binpack]}),
            "B0382 placementStrategy",
        ),
        (shares(json!([share("a", 0, 0)])), ""),
        (shares(json!([share("a", 0, 1), share("b", 0, 0)])), "B0383 capacityProviderStrategy"),
        (shares(json!([share("a", 1, 1), share("b", 1, 1)])), "B0383 capacityProviderStrategy"),
        (shares(json!([share("FARGATE", 1, 0), share("b", 1, 0)])), "B0383 capacityProviderStrategy"),
        (shares(json!([share("FARGATE", 1, 1), share("FARGATE_SPOT", 1, 0)])), ""),
        (shares(json!(vec![share("a", 1, 0); 21])), "B0383 capacityProviderStrategy"),
        (
            json!({"taskDefinition": "a", "launchType": "EC2", "capacityProviderStrategy": [share("a", 1, 0)]}),
            "B0383 capacityProviderStrategy",
        ),
        (json!({"taskDefinition": "a", "count": 10}), ""),
        (json!({"taskDefinition": "a", "count": 0}), "B0384 count"),
        (json!({"taskDefinition": "a", "containerInstances": vec!["i"; 11]}), "B0384 containerInstances"),
        (bounds(0, 100, "REPLICA"), ""),
        (bounds(0, 100, "DAEMON"), ""),
        (bounds(101, 200, "REPLICA"), "B0385 deploymentConfiguration.minimumHealthyPercent"),
        (bounds(0, 99, "REPLICA"), "B0385 deploymentConfiguration.maximumPercent"),
        (bounds(100, 100, "REPLICA"), ""),
        (bounds(0, 200, "DAEMON"), "B0385 deploymentConfiguration.maximumPercent"),
    ] {
        let text = document.to_string();
        assert_eq!(verdict(&examine("x.json", &text)).join(", "), expected, "{text}");
    }
    // The caret stands at the character of the expression.
    let text = "{\"taskDefinition\": \"a\",\n \"placementConstraints\": [{\"type\": \"memberOf\", \"expression\": \"attribute:stack = prod\"}]}";
    let reading = examine("x.json", text);
    let place = reading.faults[0].diagnostic.place.as_ref().unwrap();
    assert_eq!((place.line, place.column), (2, 79));
}

#[test]
fn an_answer_may_hold_nulls_and_what_is_newer_than_this() {
    let answer = json!({
        "services": [{
            "serviceName": "a", "launchType": "MOON", "taskSets": null, "colour": "red",
            "createdAt": 1466801808.595, "deployments": [{"createdAt": "2025-01-21T11:32:38.034000-06:00"}]
        }],
        "failures": [{"arn": "arn:x", "reason": "MISSING"}], "nextToken": "t"
    });
    let text = answer.to_string();
    let reading = examine("x.json", &text);
    assert_eq!(verdict(&reading), [""; 0]);
    let odd: Vec<String> =
        reading.warnings.iter().map(|it| format!("{} {}", it.diagnostic.code, it.field)).collect();
    assert_eq!(odd.len(), 2, "{odd:?}");
    assert!(odd.contains(&"B0363 services[0].launchType".to_owned()));
    assert!(odd.contains(&"B0362 services[0].colour".to_owned()));
    let Some(Document::Answer(answer)) = &reading.document else { panic!("an answer") };
    let service = answer.services()[0].1;
    assert_eq!(service.created_at.unwrap().to_string(), "2016-06-24T20:56:48.595Z");
    assert_eq!(service.deployments[0].created_at.unwrap().to_string(), "2025-01-21T17:32:38.034Z");
    assert_eq!(answer.failures[0].reason.as_deref(), Some("MISSING"));

    for moment in [json!("yesterday"), json!(1e300), json!(true), json!(-1e17)] {
        let text = json!({"service": {"createdAt": moment}}).to_string();
        assert_eq!(verdict(&examine("x.json", &text)), ["B0374 service.createdAt"], "{text}");
    }
}

#[test]
fn a_bad_text_is_a_coded_fault() {
    let long = " ".repeat(5_000_000);
    let large_definition = format!("{{\"family\": \"{}\"}}", "a".repeat(2_000_000));
    for (text, codes) in [
        ("", &["B0356"][..]),
        ("{", &["B0350"]),
        ("{\"services\": []} {}", &["B0353"]),
        ("{\"service\": \"a\", \"service\": \"b\"}", &["B0352"]),
        ("{\"services\": [{\"status\": 1, \"status\": 2}], \"services\": []}", &["B0352", "B0352"]),
        ("[]", &["B0370"]),
        ("{}", &["B0370"]),
        ("3", &["B0370"]),
        ("{\"services\": [3, {\"deployments\": {}}]}", &["B0360", "B0360"]),
        (&long, &["B0366"]),
        (&large_definition, &["B0366"]),
    ] {
        let reading = examine("x.json", text);
        let found: Vec<&str> = reading.faults.iter().map(|it| it.diagnostic.code).collect();
        assert_eq!(found, codes, "{}", &text[..text.len().min(80)]);
        assert!(reading.faults.iter().all(|it| it.diagnostic.place.is_some()));
    }
}

#[test]
fn check_names_every_fault_and_warning_of_an_ecs_document() {
    let bench = Bench::new();
    bench.write("good.json", json!({"serviceName": "a", "desiredCount": 1}).to_string());
    bench.write(
        "bad.json",
        "{\n  \"desiredCount\": \"1\",\n  \"launchType\": \"EC3\",\n  \"launchTyp\": 1\n}",
    );
    bench.write("new.json", json!({"tasks": [{"healthStatus": "FINE"}]}).to_string());
    assert_eq!(bench.run(&["check", "good.json"]).code, Some(0));
    let new = bench.run(&["check", "new.json"]);
    assert_eq!(new.code, Some(0));
    assert!(new.err.contains("warning[B0363]") && new.err.contains("new.json:1:"), "{}", new.err);

    let bad = bench.run(&["check", "bad.json"]);
    assert_eq!(bad.code, Some(3));
    for part in [
        "B0364",
        "B0360",
        "bad.json:2:",
        "B0371",
        "bad.json:3:",
        "warning[B0362]",
        "did you mean `launchType`?",
    ] {
        assert!(bad.err.contains(part), "{part} in\n{}", bad.err);
    }
    let report = bench.run(&["check", "bad.json", "--format", "json"]);
    let report: Value = serde_json::from_str(&report.out).unwrap();
    assert_eq!(report["faults"].as_array().unwrap().len(), 3);
    assert_eq!(report["warnings"][0]["line"], 4);
}

#[test]
fn check_reads_a_cluster_query() {
    let bench = Bench::new();
    bench.write("good.cql", "attribute:ecs.instance-type =~ t2.*\n");
    bench.write("bad.cql", "attribute:stack == prod and agentVersion ~ 1\n");
    assert_eq!(bench.run(&["check", "good.cql"]).code, Some(0));
    let bad = bench.run(&["check", "bad.cql"]);
    assert_eq!(bad.code, Some(3));
    assert!(bad.err.contains("B04") && bad.err.contains("bad.cql:1:"), "{}", bad.err);
}
