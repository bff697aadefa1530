//! Documented behaviour: every case comes out as expected, no case passes whose
//! expectation was changed, and what cannot be judged is a fault.

use std::path::{Path, PathBuf};

use berthlab::conform::{Report, TOPICS, examine};
use serde_json::{Value, json};

use crate::support::Bench;

/// The arrays of cases that a file may have.
const LISTS: [&str; 6] = [
    "cases",
    "parameter_validation",
    "circuit_breaker_threshold",
    "circuit_breaker_sequence",
    "traffic_shift",
    "zone_balance",
];

/// Cases of our own, and those beside the repository where they are at hand.
fn folders() -> Vec<PathBuf> {
    let top = Path::new(env!("CARGO_MANIFEST_DIR"));
    let shared = top.join("../shared/conformance");
    let mut folders = vec![top.join("tests/conformance")];
    if shared.is_dir() {
        folders.push(shared);
    } else {
        println!("SKIPPED: {} is not here", shared.display());
    }
    folders
}

fn read(folder: &Path, topic: &str) -> Value {
    let path = folder.join(topic).with_extension("json");
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).expect("cases are JSON")
}

fn of_value(file: &Value) -> Report {
    examine("x.json", &format!("{file:#}"))
}

fn differing(report: &Report) -> Vec<String> {
    let failed = report.judged.iter().filter(|it| !it.is_passed());
    failed.map(|it| format!("{}: {:?}", it.id, it.differences)).collect()
}

fn codes(report: &Report) -> Vec<&'static str> {
    for fault in &report.faults {
        assert!(fault.place.is_some(), "{fault}");
    }
    report.faults.iter().map(|it| it.code).collect()
}

#[test]
fn every_case_comes_out_as_expected() {
    for folder in folders() {
        for topic in TOPICS {
            let report = of_value(&read(&folder, topic.name));
            println!("{}: {} passed, {} failed", topic.name, report.n_passed(), report.n_failed());
            assert_eq!(differing(&report), [""; 0], "{}", topic.name);
            assert!(report.n_passed() >= 3);
            assert_eq!(codes(&report), [""; 0], "{:?}", report.faults);
        }
    }
}

#[test]
fn no_case_passes_with_another_expectation() {
    for folder in folders() {
        for topic in TOPICS {
            let file = read(&folder, topic.name);
            let (mut n_cases, mut n_mutants) = (0, 0);
            for list in LISTS {
                for case in file[list].as_array().into_iter().flatten() {
                    // Only what is judged as it stands can be judged otherwise.
                    if !of_value(&alone(&file, list, case)).faults.is_empty() {
                        continue;
                    }
                    let mutants = mutants(&file, case);
                    assert!(!mutants.is_empty(), "{}", case["id"]);
                    for expect in mutants {
                        let mut mutant = case.clone();
                        mutant["expect"] = expect;
                        let report = of_value(&alone(&file, list, &mutant));
                        assert_eq!(codes(&report), [""; 0], "{} {}", case["id"], mutant["expect"]);
                        assert_eq!(report.n_failed(), 1, "{} {}", case["id"], mutant["expect"]);
                        n_mutants += 1;
                    }
                    n_cases += 1;
                }
            }
            println!("{}: {n_mutants} changed expectations of {n_cases} cases", topic.name);
        }
    }
}

/// The file with this case only.
fn alone(file: &Value, list: &str, case: &Value) -> Value {
    let mut alone = json!({"topic": file["topic"], "version": file["version"], "cases": []});
    if let Some(fleets) = file.get("fleets") {
        alone["fleets"] = fleets.clone();
    }
    if list != "cases" {
        // A file does not do without: one that passes.
        alone["cases"] = json!([file["cases"][0]]);
    }
    alone[list] = json!([case]);
    alone
}

/// Every expectation that says something else in one point.
fn mutants(file: &Value, case: &Value) -> Vec<Value> {
    let expect = &case["expect"];
    let mut all = Vec::new();
    let mut with = |change: &dyn Fn(&mut Value)| {
        let mut other = expect.clone();
        change(&mut other);
        assert_ne!(&other, expect);
        all.push(other);
    };
    if file["topic"] == "lifecycle-policy" {
        if let Some(field) = expect["field"].as_str() {
            with(&|it| *it = json!({"expired": [], "archived": []}));
            with(&|it| it["field"] = json!(format!("{field}x")));
            with(&|it| it["field"] = json!(format!("x{field}")));
        } else {
            with(&|it| *it = json!({"policy_error": true, "field": "rules"}));
            for image in case["images"].as_array().into_iter().flatten() {
                for key in ["expired", "archived"] {
                    let others = toggled(expect[key].as_array().unwrap(), &image["digest"]);
                    with(&|it| it[key] = json!(others));
                }
            }
        }
    } else if let Some(is_accepted) = expect["accepted"].as_bool() {
        with(&|it| it["accepted"] = json!(!is_accepted));
    } else if let Some(cost) = expect["cost_usd"].as_str() {
        let dearer = |by: f64| format!("{:.12}", cost.parse::<f64>().unwrap() + by);
        with(&|it| it["cost_usd"] = json!(dearer(1e-7)));
        with(&|it| it["cost_usd"] = json!(dearer(2.5e-9)));
        for key in ["billed_seconds", "billed_hours", "stored_bytes"] {
            if let Some(number) = expect[key].as_u64() {
                with(&|it| it[key] = json!(number + 1));
            }
        }
        for key in ["billed_seconds", "lcu_per_hour"] {
            for (idx, item) in expect[key].as_array().into_iter().flatten().enumerate() {
                let other = match item {
                    Value::String(text) => json!(format!("{:.12}", text.parse::<f64>().unwrap() + 1e-8)),
                    number => json!(number.as_u64().unwrap() + 1),
                };
                with(&|it| it[key][idx] = other.clone());
                with(&|it| {
                    it[key].as_array_mut().unwrap().remove(idx);
                });
            }
        }
    } else if file["topic"] == "capacity-provider" {
        for key in ["instances_needed", "calculated_instances", "desired_capacity", "desired_count"] {
            if let Some(number) = expect[key].as_u64() {
                with(&|it| it[key] = json!(number + 1));
            }
        }
        if let Some(metric) = expect["capacity_provider_reservation"].as_f64() {
            with(&|it| it["capacity_provider_reservation"] = json!(format!("{:.6}", metric + 1e-6)));
        }
        if let Some(sizes) = expect["desired_capacity_each_minute"].as_array() {
            let key = "desired_capacity_each_minute";
            with(&|it| it[key].as_array_mut().unwrap().push(json!(0)));
            for (idx, size) in sizes.iter().enumerate() {
                with(&|it| it[key][idx] = json!(size.as_u64().unwrap() + 1));
            }
        }
        if let Some(action) = expect.get("first_action") {
            let other = if action == "scale_in" { "scale_out" } else { "scale_in" };
            with(&|it| it["first_action"] = json!(other));
            with(&|it| it["minute_index"] = json!(it["minute_index"].as_u64().unwrap_or(0) + 1));
        }
        for (provider, n) in expect["tasks_per_provider"].as_object().into_iter().flatten() {
            with(&|it| it["tasks_per_provider"][provider] = json!(n.as_u64().unwrap() + 1));
        }
    } else if let Some(threshold) = expect["threshold"].as_u64() {
        with(&|it| it["threshold"] = json!(threshold + 1));
    } else if let Some(failed_at) = expect.get("failed_at_event_index") {
        let other = failed_at.as_u64().map_or(0, |it| it + 1);
        with(&|it| it["failed_at_event_index"] = json!(other));
        if !failed_at.is_null() {
            with(&|it| it["failed_at_event_index"] = Value::Null);
        }
    } else if let Some(shifts) = expect["production_shift"].as_array() {
        with(&|it| it["minutes_until_clean_up"] = json!(it["minutes_until_clean_up"].as_u64().unwrap() + 1));
        for idx in 0..shifts.len() {
            with(&|it| it["production_shift"][idx][0] = json!(shifts[idx][0].as_u64().unwrap() + 1));
            with(&|it| it["production_shift"][idx][1] = json!(shifts[idx][1].as_f64().unwrap() + 0.5));
            with(&|it| {
                it["production_shift"].as_array_mut().unwrap().remove(idx);
            });
        }
    } else if let Some(targets) = expect["target_counts_sorted"].as_array() {
        with(&|it| it["balanced"] = json!(!it["balanced"].as_bool().unwrap()));
        with(&|it| it["target_counts_sorted"].as_array_mut().unwrap().push(json!(0)));
        for (idx, target) in targets.iter().enumerate() {
            with(&|it| it["target_counts_sorted"][idx] = json!(target.as_u64().unwrap() + 1));
        }
    } else if expect["valid"] == true {
        with(&|it| *it = json!({"valid": false, "field": "family", "rule": "TD-01"}));
    } else if expect["valid"] == false {
        with(&|it| *it = json!({"valid": true}));
        with(&|it| it["field"] = json!(format!("{}x", it["field"].as_str().unwrap())));
        with(&|it| it["rule"] = json!(if it["rule"] == "TD-01" { "TD-02" } else { "TD-01" }));
    } else if expect["error"] == true {
        with(&|it| *it = json!({"matches": []}));
        with(&|it| *it = json!({"matches": [file["fleets"][case["fleet"].as_str().unwrap()][0]["id"]]}));
    } else if let Some(matches) = expect["matches"].as_array() {
        with(&|it| *it = json!({"error": true}));
        for instance in file["fleets"][case["fleet"].as_str().unwrap()].as_array().unwrap() {
            let others = toggled(matches, &instance["id"]);
            with(&|it| it["matches"] = json!(others));
        }
    } else if case.get("instances").is_some() {
        for (idx, step) in expect["steps"].as_array().unwrap().iter().enumerate() {
            for instance in case["instances"].as_array().unwrap() {
                let id = &instance["id"];
                let others = toggled(step["allowed"].as_array().unwrap(), id);
                with(&|it| {
                    let step = it["steps"][idx].as_object_mut().unwrap();
                    if others.is_empty() {
                        step.remove("assume");
                    } else if !step.contains_key("assume") {
                        step.insert("assume".to_owned(), id.clone());
                    }
                    step.insert("allowed".to_owned(), json!(others));
                });
            }
            for (id, reason) in step["failures"].as_object().into_iter().flatten() {
                let other = if reason == "AGENT" { "DRAINING" } else { "AGENT" };
                with(&|it| it["steps"][idx]["failures"][id] = json!(other));
                with(&|it| {
                    it["steps"][idx]["failures"].as_object_mut().unwrap().remove(id);
                });
            }
        }
    } else {
        for bound in ["lower_bound", "upper_bound"] {
            with(&|it| it[bound] = json!(it[bound].as_u64().unwrap() + 1));
        }
        for flag in ["completed", "deadlock"] {
            with(&|it| {
                it[flag] = json!(!it[flag].as_bool().unwrap());
                let it = it.as_object_mut().unwrap();
                match it["deadlock"].as_bool().unwrap() {
                    true => {
                        it.entry("deadlock_reason").or_insert(json!("insufficient_capacity"));
                    }
                    false => {
                        it.remove("deadlock_reason");
                    }
                }
            });
        }
        if expect["deadlock"] == true {
            let words = ["deployment_configuration", "insufficient_capacity"];
            let other = words.into_iter().find(|it| expect["deadlock_reason"] != *it).unwrap();
            with(&|it| it["deadlock_reason"] = json!(other));
        }
        for idx in 0..expect["steps"].as_array().unwrap().len() {
            for number in ["count", "v1", "v2"] {
                let field = &expect["steps"][idx][number];
                with(&|it| it["steps"][idx][number] = json!(field.as_u64().unwrap() + 1));
            }
            with(&|it| it["steps"][idx]["action"] = json!("start_v1"));
            with(&|it| {
                it["steps"].as_array_mut().unwrap().remove(idx);
            });
        }
        with(&|it| {
            let more = json!({"action": "start_v2", "count": 1, "v1": 0, "v2": 1});
            it["steps"].as_array_mut().unwrap().push(more);
        });
    }
    all
}

/// The list without `item`, or with it.
fn toggled(list: &[Value], item: &Value) -> Vec<Value> {
    let mut others: Vec<Value> = list.iter().filter(|it| *it != item).cloned().collect();
    if others.len() == list.len() {
        others.push(item.clone());
    }
    others
}

/// A file of our own with one thing changed in it.
fn changed(topic: &str, change: impl FnOnce(&mut Value)) -> Report {
    let folder = &folders()[0];
    let mut file = read(folder, topic);
    change(&mut file);
    of_value(&file)
}

#[test]
fn what_cannot_be_judged_is_a_fault() {
    let remove = |at: &mut Value, key: &str| {
        at.as_object_mut().unwrap().remove(key);
    };
    fn shift(file: &mut Value) -> &mut Value {
        &mut file["traffic_shift"][0]["input"]
    }
    fn bill(file: &mut Value, idx: usize) -> &mut Value {
        &mut file["cases"][idx]["input"]
    }
    fn berth(file: &mut Value) -> &mut Value {
        &mut file["cases"][0]["images"][0]
    }
    let queries = "cluster-query-language";
    let cases: Vec<(Report, &[&str])> = vec![
        (changed("placement", |it| it["topic"] = json!("palcement")), &["B0601"]),
        (changed("placement", |it| remove(it, "topic")), &["B0604"]),
        (changed("placement", |it| it["version"] = json!(2)), &["B0607"]),
        (changed("placement", |it| remove(it, "version")), &["B0604"]),
        (changed("placement", |it| it["cases"] = json!([])), &["B0610"]),
        (changed("placement", |it| it["cases"] = json!({})), &["B0606"]),
        (changed("placement", |it| remove(it, "cases")), &["B0604"]),
        (changed("placement", |it| it["more_cases"] = json!([])), &["B0605"]),
        (changed("placement", |it| it["cases"][0]["kind"] = json!("evict")), &["B0603"]),
        (changed("placement", |it| remove(&mut it["cases"][0], "kind")), &["B0604"]),
        (changed("placement", |it| remove(&mut it["cases"][0], "expect")), &["B0604"]),
        (changed("placement", |it| remove(&mut it["cases"][0], "task")), &["B0604"]),
        (changed("placement", |it| it["cases"][0]["tasks"] = json!(3)), &["B0605"]),
        (changed("placement", |it| it["cases"][1]["id"] = json!("P1")), &["B0608"]),
        (changed("placement", |it| it["cases"][0]["basis"] = json!("guessed")), &["B0607"]),
        (changed("placement", |it| it["cases"][0]["expect"]["steps"] = json!([])), &["B0610"]),
        (changed("placement", |it| it["cases"][0]["expect"]["step"] = json!([])), &["B0605"]),
        (
            changed("placement", |it| it["cases"][0]["expect"]["steps"][0]["allowed"][0] = json!("x")),
            &["B0609"],
        ),
        (changed("placement", |it| it["cases"][0]["expect"]["steps"][0]["assume"] = json!("x")), &["B0609"]),
        (changed("placement", |it| remove(&mut it["cases"][0]["expect"]["steps"][0], "assume")), &["B0604"]),
        (
            changed("placement", |it| it["cases"][0]["expect"]["steps"][3]["assume"] = json!("south")),
            &["B0605"],
        ),
        (changed("placement", |it| it["cases"][0]["instances"][1]["id"] = json!("north")), &["B0608"]),
        (changed("placement", |it| it["cases"][0]["instances"][0]["cpu"] = json!(99)), &["B0607"]),
        (changed("placement", |it| it["cases"][0]["instances"][0]["cpu"] = json!(-1)), &["B0607"]),
        (changed("placement", |it| it["cases"][0]["instances"][0]["cpu"] = json!("99")), &["B0606"]),
        (changed("placement", |it| it["cases"][0]["strategy"][0]["field"] = json!("gpu")), &["B0607"]),
        (changed("placement", |it| it["cases"][4]["request"]["launchType"] = json!("EC2")), &["B0605"]),
        (changed("placement", |it| it["cases"][4]["request"]["api"] = json!("Run")), &["B0607"]),
        (changed(queries, |it| it["cases"][0]["fleet"] = json!("alpha")), &["B0609"]),
        (changed(queries, |it| remove(&mut it["cases"][0], "expression")), &["B0604"]),
        (changed(queries, |it| it["cases"][0]["expect"] = json!({"error": false})), &["B0607"]),
        (changed(queries, |it| it["cases"][5]["expression_generator"]["times"] = json!(1e300)), &["B0607"]),
        (
            changed(queries, |it| it["cases"][5]["expression_generator"]["times"] = json!(1_u64 << 40)),
            &["B0607"],
        ),
        (changed(queries, |it| it["fleets"]["harbour"][0]["registeredAt"] = json!("yesterday")), &["B0607"]),
        (changed("task-definitions", |it| it["cases"][0]["task_definition"] = json!([])), &["B0606"]),
        (changed("task-definitions", |it| remove(&mut it["cases"][1]["expect"], "rule")), &["B0604"]),
        (changed("task-definitions", |it| it["cases"][0]["expect"]["rule"] = json!("TD-01")), &["B0605"]),
        (
            changed("rolling-updates", |it| {
                it["cases"][0]["input"]["scheduling"] = json!("DAEMON");
                it["cases"][0]["input"]["maximum_percent"] = json!(100);
                it["cases"][0]["input"]["initial_v1"] = json!(0);
            }),
            &["B0602"],
        ),
        (changed("rolling-updates", |it| it["cases"][0]["input"]["desired"] = json!(4_000_000)), &["B0607"]),
        (changed("rolling-updates", |it| it["cases"][0]["input"]["maximum_percent"] = json!(50)), &["B0607"]),
        (
            changed("rolling-updates", |it| it["zone_balance"][0]["input"]["tasks_per_zone"][0] = json!(-1)),
            &["B0607"],
        ),
        (changed("rolling-updates", |it| it["zone_balance"][0]["input"]["zones"] = json!(2)), &["B0605"]),
        (
            changed("rolling-updates", |it| remove(&mut it["zone_balance"][0]["expect"], "balanced")),
            &["B0604"],
        ),
        (changed("rolling-updates", |it| it["zone_balance"] = json!([])), &["B0610"]),
        (changed("rolling-updates", |it| shift(it)["step_percent"] = json!(0)), &["B0607"]),
        (changed("rolling-updates", |it| shift(it)["step_percent"] = json!(100.1)), &["B0607"]),
        (changed("rolling-updates", |it| shift(it)["step_percent"] = json!(33.33)), &["B0607"]),
        (changed("rolling-updates", |it| shift(it)["step_percent"] = json!("third")), &["B0607"]),
        (changed("rolling-updates", |it| shift(it)["step_percent"] = json!([33])), &["B0606"]),
        (changed("rolling-updates", |it| shift(it)["canary_percent"] = json!(5)), &["B0605"]),
        (changed("rolling-updates", |it| shift(it)["bake_minutes"] = json!(1_000_000_000)), &["B0607"]),
        (
            changed("rolling-updates", |it| shift(it)["strategy"] = json!("ROLLING")),
            &["B0605", "B0605", "B0607"],
        ),
        (
            changed("rolling-updates", |it| {
                it["traffic_shift"][0]["expect"]["production_shift"][0] = json!([0])
            }),
            &["B0607"],
        ),
        (
            changed("rolling-updates", |it| {
                it["circuit_breaker_threshold"][0]["input"]["type"] = json!("PERCENT");
            }),
            &["B0607"],
        ),
        (
            changed("rolling-updates", |it| {
                it["circuit_breaker_sequence"][0]["input"]["events"][1] = json!("X");
            }),
            &["B0607"],
        ),
        (changed("rolling-updates", |it| it["zone_blance"] = json!([{}])), &["B0605"]),
        (changed("billing", |it| it["cases"][0]["kind"] = json!("ec3")), &["B0603"]),
        (changed("billing", |it| remove(&mut it["cases"][0]["input"], "price_per_hour")), &["B0604"]),
        (changed("billing", |it| bill(it, 0)["price_per_hour"] = json!("-1")), &["B0607"]),
        (changed("billing", |it| bill(it, 0)["price_per_hour"] = json!("1e9")), &["B0607"]),
        (changed("billing", |it| bill(it, 0)["price_per_hour"] = json!(true)), &["B0606"]),
        (changed("billing", |it| bill(it, 1)["running_intervals_s"][0] = json!([5, 4])), &["B0607"]),
        (changed("billing", |it| bill(it, 1)["running_intervals_s"][0] = json!([5])), &["B0607"]),
        (changed("billing", |it| bill(it, 1)["running_intervals_s"][0] = json!([-5, 4])), &["B0607"]),
        (changed("billing", |it| bill(it, 5)["tasks"][1]["stopped_at"] = json!(29)), &["B0607"]),
        (
            changed("billing", |it| bill(it, 5)["tasks"][1]["cpu_units"] = json!(4_000_000_000_u64)),
            &["B0607"],
        ),
        (changed("billing", |it| remove(bill(it, 6), "spot_price_multiplier")), &["B0604"]),
        (changed("billing", |it| bill(it, 10)["hourly_usage"][0]["rules"] = json!(1)), &["B0605"]),
        (changed("billing", |it| bill(it, 14)["days_in_month"] = json!(0)), &["B0607"]),
        (changed("billing", |it| bill(it, 14)["images"][0]["layers"][0]["bytes"] = json!(0.5)), &["B0607"]),
        (changed("billing", |it| bill(it, 17)["seconds_in_month"] = json!(0)), &["B0607"]),
        (changed("billing", |it| bill(it, 17)["size_gib"] = json!(0.5)), &["B0607"]),
        (changed("billing", |it| remove(&mut it["cases"][17]["expect"], "cost_usd")), &["B0604"]),
        (changed("lifecycle-policy", |it| remove(&mut it["cases"][0], "policy")), &["B0604"]),
        (changed("lifecycle-policy", |it| remove(&mut it["cases"][0], "now")), &["B0604"]),
        (changed("lifecycle-policy", |it| it["cases"][0]["now"] = json!("tomorrow")), &["B0607"]),
        (changed("lifecycle-policy", |it| it["cases"][0]["expect"]["expired"][0] = json!("x")), &["B0609"]),
        (changed("lifecycle-policy", |it| it["cases"][0]["expect"]["expird"] = json!([])), &["B0605"]),
        (
            changed("lifecycle-policy", |it| it["cases"][0]["expect"] = json!({"policy_error": true})),
            &["B0604"],
        ),
        (
            changed("lifecycle-policy", |it| {
                it["cases"][0]["expect"] = json!({"policy_error": false, "field": "rules"});
            }),
            &["B0607"],
        ),
        (changed("lifecycle-policy", |it| remove(berth(it), "digest")), &["B0604"]),
        (changed("lifecycle-policy", |it| remove(berth(it), "pushed_at")), &["B0604"]),
        (changed("lifecycle-policy", |it| berth(it)["pushed_at"] = json!(12)), &["B0606"]),
        (
            changed("lifecycle-policy", |it| berth(it)["pushed_at"] = json!("2026-02-30T00:00:00Z")),
            &["B0607"],
        ),
        (
            changed("lifecycle-policy", |it| it["cases"][0]["images"][1]["digest"] = json!("north")),
            &["B0608"],
        ),
        (changed("lifecycle-policy", |it| berth(it)["tags"] = json!([1])), &["B0606"]),
        (changed("lifecycle-policy", |it| berth(it)["storage_class"] = json!("cold")), &["B0607"]),
        (changed("lifecycle-policy", |it| berth(it)["last_pulled"] = json!("2026-01-01")), &["B0605"]),
        (examine("x.json", "[]"), &["B0606"]),
        (examine("x.json", "{"), &["B0350"]),
    ];
    for (number, (report, expected)) in cases.iter().enumerate() {
        assert_eq!(codes(report), *expected, "{number}: {:?}", report.faults);
        assert_eq!(report.n_failed(), 0, "{number}: {:?}", differing(report));
    }
}

#[test]
fn other_cases_are_judged_beside_a_faulty_one() {
    let report = changed("placement", |it| it["cases"][0]["kind"] = json!("evict"));
    assert_eq!((report.n_passed(), report.n_failed()), (4, 0));
}

#[test]
fn an_impossible_assumption_is_a_failed_case() {
    let report = changed("placement", |it| {
        it["cases"][0]["expect"]["steps"][1] = json!({"allowed": ["south"], "assume": "north"});
        it["cases"][2]["expect"]["steps"][1] = json!({"allowed": ["south"], "assume": "north"});
    });
    assert_eq!(codes(&report), [""; 0]);
    assert_eq!((report.n_passed(), report.n_failed()), (3, 2));
}

#[test]
fn the_command_says_what_differs_and_counts() {
    let bench = Bench::new();
    let own = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/conformance");
    let last = |text: &str| text.lines().last().unwrap_or_default().to_owned();
    let outcome = bench.run_well(&["conform", own]);
    assert_eq!(outcome.out, "134 passed, 0 failed\n");

    let mut file = read(Path::new(own), "placement");
    file["cases"][0]["expect"]["steps"][0]["allowed"] = json!(["south"]);
    bench.write("failing.json", file.to_string());
    let outcome = bench.run(&["conform", "failing.json"]);
    assert_eq!((outcome.code, last(&outcome.out).as_str()), (Some(1), "4 passed, 1 failed"));
    for part in ["failing.json: P1: the fuller quay", "step 1: allowed", "expected south", "came out north"] {
        assert!(outcome.out.contains(part), "{part} in {}", outcome.out);
    }
    let outcome = bench.run(&["conform", "failing.json", "--format", "json"]);
    let said: Value = serde_json::from_str(&outcome.out).expect("one JSON document");
    assert_eq!((outcome.code, &said["passed"], &said["failed"]), (Some(1), &json!(4), &json!(1)));
    assert_eq!(said["differing"][0]["differences"][0]["found"], "north");

    // A fault outranks what failed, and hides none of it.
    bench.write("unknown.json", r#"{"topic": "lifecycle-polices", "version": 1, "cases": []}"#);
    bench.write("not-a-case.txt", "x");
    let outcome = bench.run(&["conform", "."]);
    assert_eq!((outcome.code, last(&outcome.out).as_str()), (Some(3), "4 passed, 1 failed"));
    assert!(
        outcome.err.contains("error[B0601]") && outcome.err.contains("unknown.json:1:11"),
        "{}",
        outcome.err
    );
    let outcome = bench.run(&["conform", "unknown.json", "--format", "json"]);
    let said: Value = serde_json::from_str(&outcome.out).expect("one JSON document");
    assert_eq!((outcome.code, &said["faults"][0]["code"]), (Some(3), &json!("B0601")));

    std::fs::create_dir(bench.path("empty")).expect("the bench can be written to");
    for (path, code) in [("empty", "B0610"), ("nowhere.json", "B0100"), ("not-a-case.txt", "B0350")] {
        let outcome = bench.run(&["conform", path]);
        assert_eq!(outcome.code, Some(3));
        assert!(outcome.err.contains(code), "{}", outcome.err);
    }
}
