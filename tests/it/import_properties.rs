//! What holds of every import, whatever the answers say: an experiment that is
//! written can be read and played, or a fault says why there is none.

use berthlab::import::{Input, import};
use serde_json::{Value, json};

use crate::import::{definition, inputs, instance, service, task, whole};
use crate::import_end_to_end::{fargate_definition, play_experiment, read, shown};
use crate::support::Bench;

fn leaves(value: &Value, at: &str, found: &mut Vec<String>) {
    found.push(at.to_owned());
    match value {
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(idx, it)| leaves(it, &format!("{at}/{idx}"), found));
        }
        Value::Object(members) => {
            members.iter().for_each(|(key, it)| leaves(it, &format!("{at}/{key}"), found));
        }
        _ => (),
    }
}

/// More than `whole` says, so that there is more to break.
fn rich() -> Vec<Value> {
    let mut documents = whole();
    let web = &mut documents[0]["services"][0];
    web["deploymentConfiguration"]["deploymentCircuitBreaker"] = json!({"enable": false, "rollback": false});
    web["capacityProviderStrategy"] = json!([{"capacityProvider": "general", "weight": 1, "base": 2},
        {"capacityProvider": "other", "weight": 3}]);
    let api = &mut documents[0]["services"][1];
    api["loadBalancers"] = json!([{"targetGroupArn": "arn:aws:elasticloadbalancing:us-east-1:1:targetgroup/api/1",
        "containerName": "app", "containerPort": 80}]);
    documents[0]["services"].as_array_mut().unwrap().push(service(
        "logs",
        json!({
        "schedulingStrategy": "DAEMON", "placementStrategy": [{"type": "binpack", "field": "cpu"}]}),
    ));
    documents[2] = fargate_definition("api", 3);
    let mut trunked = instance("3", Some("general"), "us-east-1c");
    trunked["attributes"]
        .as_array_mut()
        .unwrap()
        .push(json!({"name": "ecs.awsvpc-trunk-id", "value": "eni-1"}));
    documents[3]["containerInstances"].as_array_mut().unwrap().push(trunked);
    documents[6]["tasks"].as_array_mut().unwrap().push(task("d", json!({"group": "service:logs"})));
    documents.push(definition("web", 6, "host"));
    documents[6]["tasks"].as_array_mut().unwrap().push(task(
        "e",
        json!({
        "taskDefinitionArn": crate::import::definition_arn("web", 6), "lastStatus": "PENDING"}),
    ));
    documents
}

/// Every value in turn becomes something else: faults come out, or an
/// experiment that is read without fault; one in ten is played.
#[test]
fn no_value_of_an_answer_breaks_the_way() {
    let documents = rich();
    let (mut n_experiments, mut n_refused) = (0, 0);
    let odd_values = [
        json!(null),
        json!(""),
        json!(-1),
        json!(0),
        json!(101),
        json!(2_147_483_647),
        json!("\n[x]\n"),
        json!([]),
        json!({}),
        json!("FARGATE"),
    ];
    let mut broken = Vec::new();
    for idx in 0..documents.len() {
        let mut pointers = Vec::new();
        leaves(&documents[idx], "", &mut pointers);
        for (pointer, odd) in pointers.iter().flat_map(|it| odd_values.iter().map(move |odd| (it, odd))) {
            let mut documents = documents.clone();
            *documents[idx].pointer_mut(pointer).unwrap() = odd.clone();
            let imported = match import(&inputs(&documents), None) {
                Ok(imported) => imported,
                Err(found) => {
                    n_refused += 1;
                    assert!(!found.is_empty());
                    continue;
                }
            };
            n_experiments += 1;
            for (name, _) in &imported.definitions {
                assert!(!name.contains(['/', '\\', '\n']) && name.ends_with(".json"), "{name:?}");
            }
            match read(&imported, &["horizon=10m"]) {
                Err(found) => broken.push(format!("{idx}{pointer} = {odd}: {}", shown(&found))),
                Ok(experiment) if n_experiments % 10 == 0 => {
                    play_experiment(&experiment);
                }
                Ok(_) => (),
            }
        }
    }
    println!("{n_experiments} experiments, {n_refused} refused");
    assert!(
        broken.is_empty(),
        "{} are refused:\n{}",
        broken.len(),
        broken[..broken.len().min(30)].join("\n")
    );
    assert!(n_experiments > 600 && n_refused > 600);
}

#[test]
fn published_answers_are_played_or_say_what_they_lack() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/ecs-documents");
    if !folder.exists() {
        println!("skipped: {} is not here", folder.display());
        return;
    }
    let mut paths: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|it| it.unwrap().path()).collect();
    paths.retain(|it| it.extension().is_some_and(|it| it == "json"));
    paths.sort();
    let mut n_played = 0;
    for path in paths {
        let file = path.file_name().unwrap().to_str().unwrap().to_owned();
        let text = std::fs::read_to_string(&path).unwrap();
        match import(&[Input { file: file.clone(), text }], None) {
            Ok(imported) => {
                assert!(file.contains("containerinstance"), "{file}");
                let experiment = read(&imported, &["horizon=1h"])
                    .unwrap_or_else(|found| panic!("{file}: {}\n{}", shown(&found), imported.toml));
                play_experiment(&experiment);
                n_played += 1;
            }
            Err(found) => {
                let codes: Vec<&str> = found.iter().map(|it| it.code).collect();
                let is_told = |it: &&str| it.starts_with("B050") || file.starts_with("create");
                assert!(codes.iter().all(is_told), "{file}: {codes:?}");
            }
        }
    }
    println!("{n_played} published answers were played");
    assert!(n_played > 0);
}

/// The files of the walk-through in `docs/import.md`.
const WALK_THROUGH: [&str; 8] = [
    "cluster.json",
    "instances.json",
    "providers.json",
    "search-3.json",
    "services.json",
    "shop-11.json",
    "shop-12.json",
    "tasks.json",
];

/// Imported, checked and played by the program, as the walk-through says.
#[test]
fn the_walk_through_works() {
    let bench = Bench::new();
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/imported-cluster");
    for name in WALK_THROUGH {
        bench.write(name, std::fs::read(folder.join(name)).unwrap());
    }
    let mut arguments = vec!["import", "ecs"];
    arguments.extend(WALK_THROUGH);
    arguments.extend(["-o", "shop.toml"]);
    let imported = bench.run_well(&arguments);
    assert!(imported.out.contains("shop.toml (3 task definitions)"), "{}", imported.out);
    assert!(imported.err.contains("a deployment was under way"), "{}", imported.err);
    bench.run_well(&["check", "shop.toml"]);
    bench.run_well(&["run", "shop.toml", "--set", "horizon=2h"]);
    let files: Vec<Input> =
        WALK_THROUGH.iter().map(|it| Input { file: (*it).to_owned(), text: bench.read(it) }).collect();
    let experiment = read(&import(&files, None).unwrap(), &["horizon=2h"])
        .unwrap_or_else(|found| panic!("{}", shown(&found)));
    let (story, _) = play_experiment(&experiment);
    assert_eq!(story.at_start.values().sum::<usize>(), 7);
    assert_eq!((story.n_placed, story.n_asked_to_stop, story.n_launched), (2, 2, 0));
    let again = bench.run(&arguments);
    assert!(again.code == Some(2) && again.err.contains("--force"), "{}", again.err);
}

/// Bad files are named with their place, whatever stands beside them, and
/// nothing is written.
#[test]
fn bad_files_are_told_apart_from_what_they_describe() {
    let bench = Bench::new();
    for (idx, document) in whole().iter().enumerate() {
        bench.write(&format!("{idx}.json"), document.to_string());
    }
    let services = whole()[0].to_string();
    let cases = [
        ("wrong.json", services.replace("\"desiredCount\":2", "\"desiredCount\":\"2\""), "B0360"),
        (
            "twice.json",
            services.replace("\"desiredCount\":2", "\"desiredCount\":2,\"desiredCount\":3"),
            "B0352",
        ),
        ("cut.json", services[..services.len() / 2].to_owned(), "B035"),
        ("empty.json", String::new(), "B0356"),
        ("list.json", "[]".to_owned(), "B0370"),
    ];
    for (name, text, code) in cases {
        bench.write(name, text);
        let outcome = bench.run(&["import", "ecs", name, "1.json", "2.json", "3.json", "-o", "out.toml"]);
        assert_eq!(outcome.code, Some(3), "{name}: {}", outcome.err);
        assert!(outcome.err.contains(code) && outcome.err.contains(name), "{name}: {}", outcome.err);
        assert!(!bench.has("out.toml") && !bench.has("task-definitions"), "{name}");
    }
    // A place that cannot be written to is the world's fault, not a file's.
    bench.write("file", "");
    let all = ["0.json", "1.json", "2.json", "3.json", "4.json", "5.json", "6.json"];
    let mut arguments = vec!["import", "ecs"];
    arguments.extend(all);
    arguments.extend(["-o", "file/out.toml"]);
    let outcome = bench.run(&arguments);
    assert!(!matches!(outcome.code, Some(0 | 101) | None), "{}", outcome.err);
    assert_eq!(bench.read("file"), "");
}

/// Names with quotes, newlines, control characters and ways out of a folder
/// come through to the run.
#[test]
fn hostile_names_are_played() {
    for name in ["a\"\n[[service]]", "../../etc/x", "'''", "\u{1b}[31m", "a,b\r\n", "é\u{202e}"] {
        let mut documents = whole();
        documents[0] = json!({"services": [service(name, json!({"placementConstraints":
            [{"type": "memberOf", "expression": name}]}))]});
        documents[6] = json!({"tasks": [
            task("a", json!({"group": format!("service:{name}")})),
            task("b", json!({"group": name, "containerInstanceArn": crate::import::instance_arn("2")}))
        ]});
        let imported = import(&inputs(&documents), None).unwrap_or_else(|found| panic!("{}", shown(&found)));
        let experiment = read(&imported, &["horizon=10m"])
            .unwrap_or_else(|found| panic!("{}\n{}", shown(&found), imported.toml));
        let (story, _) = play_experiment(&experiment);
        assert_eq!(story.at_start.values().sum::<usize>(), 2, "{}", imported.toml);
        let note = imported.notes.iter().find(|it| it.contains("its placement constraint memberOf"));
        assert!(note.is_some_and(|it| !it.contains(char::is_control)), "{:#?}", imported.notes);
    }
}

/// The same service in two clusters: each has its own.
#[test]
fn services_of_one_name_in_two_clusters_do_not_meet() {
    let other =
        |it: &Value| -> Value { serde_json::from_str(&it.to_string().replace("prod", "test")).unwrap() };
    let mut documents = whole();
    let mut twin = other(&documents[0]);
    twin["services"][0]["desiredCount"] = json!(1);
    documents.push(twin);
    documents.push(other(&documents[3]));
    documents.push(other(&documents[5]));
    documents.push(other(&documents[6]));
    for (cluster, desired) in [("prod", 2), ("test", 1)] {
        let imported =
            import(&inputs(&documents), Some(cluster)).unwrap_or_else(|found| panic!("{}", shown(&found)));
        let tree: toml::Table = imported.toml.parse().unwrap();
        assert_eq!(tree["service"][1]["desired_count"].as_integer(), Some(desired), "{}", imported.toml);
        let experiment = read(&imported, &["horizon=10m"])
            .unwrap_or_else(|found| panic!("{}\n{}", shown(&found), imported.toml));
        assert_eq!(play_experiment(&experiment).0.at_start.values().sum::<usize>(), 3);
    }
}
