//! Lifecycle policies: published ones where they are at hand, every reason for
//! which one is refused, and the evaluation against a slow second one.

use std::collections::BTreeMap;
use std::path::Path;

use berthlab::documents::ecs;
use berthlab::documents::lifecycle_policy::{MAX_CHARACTERS, Reading, examine, read, write};
use berthlab::experiment::matrix::{self, Experiment, SourceText};
use berthlab::images::lifecycle::{Decision, ImageView, evaluate, in_order};
use berthlab::model::lifecycle_policy::{
    Count, LifecycleAction, LifecyclePolicy, LifecycleRule, StorageClass, TagSelection,
};
use serde_json::{Value, json};

use crate::support::Bench;

fn of_value(policy: &Value) -> Reading {
    examine("policy.json", &policy.to_string())
}

/// `code field` of every fault.
fn verdict(reading: &Reading) -> Vec<String> {
    reading.faults.iter().map(|it| format!("{} {}", it.diagnostic.code, it.field)).collect()
}

/// A rule that is accepted.
fn rule() -> Value {
    json!({
        "rulePriority": 1,
        "selection": {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 1},
        "action": {"type": "expire"},
    })
}

/// The same for images with a tag.
fn tagged(priority: i64, key: &str, list: Value) -> Value {
    changed(&rule(), |it| {
        it["rulePriority"] = json!(priority);
        it["selection"]["tagStatus"] = json!("tagged");
        it["selection"][key] = list;
    })
}

fn changed(rule: &Value, change: impl FnOnce(&mut Value)) -> Value {
    let mut rule = rule.clone();
    change(&mut rule);
    rule
}

fn without(rule: &Value, pointer: &str, key: &str) -> Value {
    changed(rule, |it| {
        it.pointer_mut(pointer).unwrap().as_object_mut().unwrap().remove(key).expect(key);
    })
}

/// What is found of a policy of these rules.
fn check(rules: &[Value], expected: &[&str]) {
    let policy = json!({ "rules": rules });
    let reading = of_value(&policy);
    assert_eq!(verdict(&reading), expected, "{policy}: {:?}", reading.faults);
    assert_eq!(reading.policy.is_some(), expected.is_empty());
    for fault in &reading.faults {
        assert!(fault.diagnostic.place.is_some(), "{}", fault.diagnostic);
    }
}

/// What is found of one rule.
fn check_one(change: impl FnOnce(&mut Value), expected: &[&str]) {
    check(&[changed(&rule(), change)], expected);
}

#[test]
fn every_row_of_the_table_refuses_what_it_says_and_no_more() {
    let selection = |key: &'static str, value: Value| move |it: &mut Value| it["selection"][key] = value;
    check(&[rule()], &[]);

    // 1 to 50 rules.
    let many = |n: i64| -> Vec<Value> {
        (1..=n).map(|it| tagged(it, "tagPrefixList", json!([format!("v{it}.")]))).collect()
    };
    check(&many(50), &[]);
    check(&many(51), &["B0802 rules"]);
    check(&[], &["B0802 rules"]);
    for (document, expected) in [
        (json!({}), "B0364 rules"),
        (json!({"rules": {}}), "B0360 rules"),
        (json!([]), "B0360 (document)"),
        (json!({"rules": [3]}), "B0360 rules[0]"),
    ] {
        assert_eq!(verdict(&of_value(&document)), [expected], "{document}");
    }

    // rulePriority
    check(&[without(&rule(), "", "rulePriority")], &["B0364 rules[0].rulePriority"]);
    for (priority, expected) in [
        (json!(0), &["B0803 rules[0].rulePriority"][..]),
        (json!(-1), &["B0803 rules[0].rulePriority"]),
        (json!(1.5), &["B0361 rules[0].rulePriority"]),
        (json!("1"), &["B0360 rules[0].rulePriority"]),
        (json!(null), &["B0360 rules[0].rulePriority"]),
        (json!(980), &[]),
    ] {
        check_one(|it| it["rulePriority"] = priority, expected);
    }
    let two = |first: i64, second: i64| {
        [tagged(first, "tagPrefixList", json!(["a"])), tagged(second, "tagPrefixList", json!(["b"]))]
    };
    check(&two(7, 3), &[]);
    check(&two(7, 7), &["B0803 rules[1].rulePriority"]);
    check(
        &[two(7, 7).as_slice(), &two(7, 7)[..1]].concat(),
        &[
            "B0803 rules[1].rulePriority",
            "B0803 rules[2].rulePriority",
            "B0809 rules[2].selection.tagPrefixList",
        ],
    );

    // The rule for `any` image comes last of its class, and is alone there.
    let any = |priority: i64| changed(&rule(), |it| it["rulePriority"] = json!(priority));
    let transitioned = |priority: i64| {
        changed(&any(priority), |it| {
            it["selection"] = json!({"tagStatus": "any", "storageClass": "archive", "countUnit": "days",
                "countType": "sinceImageTransitioned", "countNumber": 90});
        })
    };
    let untagged = |it: Value| changed(&it, |it| it["selection"]["tagStatus"] = json!("untagged"));
    check(&[any(9), tagged(3, "tagPrefixList", json!(["a"])), untagged(any(4))], &[]);
    check(&[any(2), tagged(3, "tagPrefixList", json!(["a"]))], &["B0804 rules[0].rulePriority"]);
    check(&[any(2), transitioned(3)], &[]);
    check(&[any(3), transitioned(2)], &[]);
    check(&[transitioned(2), untagged(transitioned(3))], &["B0804 rules[0].rulePriority"]);
    check(
        &[any(1), any(2), tagged(3, "tagPrefixList", json!(["a"]))],
        &["B0805 rules[1].selection.tagStatus"],
    );
    check(&[untagged(any(1)), untagged(any(2))], &["B0805 rules[1].selection.tagStatus"]);
    check(&[untagged(any(1)), untagged(transitioned(2))], &[]);
    check(&[transitioned(1), transitioned(2)], &["B0805 rules[1].selection.tagStatus"]);

    // The lists of tags.
    let list = "B0806 rules[0].selection.tagPrefixList/tagPatternList";
    check(&[tagged(1, "tagPrefixList", json!([]))], &[list]);
    check(&[tagged(1, "tagPatternList", json!([]))], &[list]);
    check_one(selection("tagStatus", json!("tagged")), &[list]);
    check(
        &[changed(&tagged(1, "tagPrefixList", json!(["a"])), selection("tagPatternList", json!(["a"])))],
        &[list],
    );
    check(
        &[changed(&tagged(1, "tagPrefixList", json!(["a"])), selection("tagPatternList", json!([])))],
        &[list],
    );
    for status in ["any", "untagged"] {
        for key in ["tagPrefixList", "tagPatternList"] {
            for value in [json!(["a"]), json!([])] {
                let rule = changed(&rule(), selection("tagStatus", json!(status)));
                let expected = format!("B0807 rules[0].selection.{key}");
                check(&[changed(&rule, selection(key, value))], &[&expected]);
            }
        }
    }
    check_one(selection("tagStatus", json!("Any")), &["B0371 rules[0].selection.tagStatus"]);
    check(&[without(&rule(), "/selection", "tagStatus")], &["B0364 rules[0].selection.tagStatus"]);
    check(&[tagged(1, "tagPatternList", json!(["*a*b*c*"]))], &[]);
    check(
        &[tagged(1, "tagPatternList", json!(["a", "*a*b*c**"]))],
        &["B0808 rules[0].selection.tagPatternList[1]"],
    );
    check(&[tagged(1, "tagPatternList", json!(["a", 1]))], &["B0360 rules[0].selection.tagPatternList[1]"]);
    check(&[tagged(1, "tagPrefixList", json!("a"))], &["B0360 rules[0].selection.tagPrefixList"]);

    // The same set twice: in another order it is the same, as patterns another.
    let pair =
        |one: Value, other: Value| [tagged(1, "tagPrefixList", one), tagged(2, "tagPrefixList", other)];
    check(&pair(json!(["a", "b"]), json!(["b", "a"])), &["B0809 rules[1].selection.tagPrefixList"]);
    check(&pair(json!(["a", "b"]), json!(["b", "a", "b"])), &["B0809 rules[1].selection.tagPrefixList"]);
    check(&pair(json!(["a", "b"]), json!(["b"])), &[]);
    check(&[tagged(1, "tagPrefixList", json!(["a"])), tagged(2, "tagPatternList", json!(["a"]))], &[]);

    // countType, countUnit, countNumber
    let since = |kind: &'static str| {
        changed(&rule(), |it| {
            it["selection"]["countType"] = json!(kind);
            it["selection"]["countUnit"] = json!("days");
        })
    };
    check(&[since("sinceImagePushed")], &[]);
    check(
        &[without(&since("sinceImagePushed"), "/selection", "countUnit")],
        &["B0810 rules[0].selection.countUnit"],
    );
    check_one(selection("countUnit", json!("days")), &["B0810 rules[0].selection.countUnit"]);
    check_one(selection("countUnit", json!("hours")), &["B0371 rules[0].selection.countUnit"]);
    check(
        &[changed(&since("sinceImagePushed"), selection("countUnit", json!("hours")))],
        &["B0371 rules[0].selection.countUnit"],
    );
    check_one(selection("countType", json!("sinceImageCreated")), &["B0371 rules[0].selection.countType"]);
    check(&[without(&rule(), "/selection", "countType")], &["B0364 rules[0].selection.countType"]);
    check(&[without(&rule(), "/selection", "countNumber")], &["B0364 rules[0].selection.countNumber"]);
    for (number, code) in [
        (json!(0), "B0811"),
        (json!(-3), "B0811"),
        (json!(1.5), "B0361"),
        (json!("1"), "B0360"),
        (json!(null), "B0360"),
        (json!(true), "B0360"),
    ] {
        check_one(selection("countNumber", number), &[&format!("{code} rules[0].selection.countNumber")]);
    }
    let to_archive = |it: Value| {
        changed(&it, |it| it["action"] = json!({"type": "transition", "targetStorageClass": "archive"}))
    };
    check(&[since("sinceImagePulled")], &["B0812 rules[0].selection.countType"]);
    check(&[to_archive(since("sinceImagePulled"))], &[]);

    // The archive.
    check(&[transitioned(1)], &[]);
    check(
        &[without(&transitioned(1), "/selection", "storageClass")],
        &["B0813 rules[0].selection.storageClass"],
    );
    check(
        &[changed(&transitioned(1), selection("storageClass", json!("standard")))],
        &["B0813 rules[0].selection.storageClass"],
    );
    check(
        &[changed(&transitioned(1), selection("countNumber", json!(89)))],
        &["B0811 rules[0].selection.countNumber"],
    );
    check(&[to_archive(transitioned(1))], &["B0814 rules[0].action.type"]);
    check_one(selection("storageClass", json!("archive")), &["B0813 rules[0].selection.storageClass"]);
    check(
        &[to_archive(changed(&since("sinceImagePulled"), selection("storageClass", json!("archive"))))],
        &["B0813 rules[0].selection.storageClass"],
    );
    check_one(selection("storageClass", json!("glacier")), &["B0371 rules[0].selection.storageClass"]);
    check_one(selection("storageClass", json!("standard")), &[]);

    // The action.
    let action = |value: Value| move |it: &mut Value| it["action"] = value;
    let target = &["B0814 rules[0].action.targetStorageClass"][..];
    check_one(action(json!({"type": "transition", "targetStorageClass": "archive"})), &[]);
    check_one(action(json!({"type": "transition"})), target);
    check_one(action(json!({"type": "expire", "targetStorageClass": "archive"})), target);
    check_one(
        action(json!({"type": "transition", "targetStorageClass": "standard"})),
        &["B0371 rules[0].action.targetStorageClass"],
    );
    check_one(action(json!({"type": "delete"})), &["B0371 rules[0].action.type"]);
    check_one(action(json!({})), &["B0364 rules[0].action.type"]);
    check_one(action(json!("expire")), &["B0360 rules[0].action"]);
    check(&[without(&rule(), "", "action")], &["B0364 rules[0].action"]);
    check(&[without(&rule(), "", "selection")], &["B0364 rules[0].selection"]);

    // Unknown keys, on every level, and descriptions.
    check_one(|it| it["priority"] = json!(1), &["B0815 rules[0].priority"]);
    check_one(selection("tagPrefix", json!("a")), &["B0815 rules[0].selection.tagPrefix"]);
    check_one(action(json!({"type": "expire", "after": 1})), &["B0815 rules[0].action.after"]);
    assert_eq!(verdict(&of_value(&json!({"rules": [rule()], "Version": "1"}))), ["B0815 Version"]);
    check_one(|it| it["description"] = json!("ä".repeat(255)), &[]);
    check_one(|it| it["description"] = json!("ä".repeat(256)), &["B0816 rules[0].description"]);
    check_one(|it| it["description"] = json!(""), &[]);
    check_one(|it| it["description"] = json!(1), &["B0360 rules[0].description"]);
}

#[test]
fn several_faults_are_told_at_once_where_they_stand() {
    let text = r#"{"rules": [
  {"rulePriority": 1,
   "selection": {"tagStatus": "tagged", "countType": "sinceImagePushed", "countNumber": 0},
   "action": {"type": "transition"}},
  {"rulePriority": 1, "rulepriority": 2,
   "selection": {"tagStatus": "untagged", "countType": "imageCountMoreThan", "countNumber": 3},
   "action": {"type": "expire"}}
]}"#;
    let found: Vec<String> =
        examine("p.json", text).faults.iter().map(|it| it.diagnostic.to_string()).collect();
    assert_eq!(
        found,
        [
            "p.json:3:4: [B0806] a rule for `tagged` images without `tagPrefixList` or `tagPatternList` (the \
             service says: Must specify tagPrefixList or tagPatternList)",
            "p.json:3:4: [B0810] `countUnit` is missing: a count type of time counts in \"days\"",
            "p.json:3:89: [B0811] `countNumber` is 0: expected at least 1",
            "p.json:4:4: [B0814] `targetStorageClass` is missing: the action `transition` has the target \
             \"archive\"",
            "p.json:5:20: [B0803] `rulePriority` 1 is that of `rules[0]` already (the service says: Duplicate \
             priority in multiple rules)",
            "p.json:5:39: [B0815] `rulepriority` is no field of a lifecycle policy here (did you mean \
             `rulePriority`?)",
        ]
    );
}

#[test]
fn a_policy_has_30720_characters_whatever_bytes_they_take() {
    let with = |n_characters: usize| {
        let text = json!({"rules": [tagged(1, "tagPrefixList", json!(["ä"]))]}).to_string();
        let n_left = n_characters - text.chars().count();
        text.replacen('ä', &"ä".repeat(1 + n_left), 1)
    };
    assert!(with(MAX_CHARACTERS).len() > MAX_CHARACTERS);
    assert_eq!(verdict(&examine("p", &with(MAX_CHARACTERS))), [""; 0]);
    let reading = examine("p", &with(MAX_CHARACTERS + 1));
    assert_eq!(verdict(&reading), ["B0801 (document)"]);
    assert_eq!(reading.faults[0].diagnostic.help, None);
    // Indentation counts; without it this one would do.
    let reading = examine("p", &format!("{}{}", " ".repeat(MAX_CHARACTERS), json!({"rules": [rule()]})));
    let diagnostic = &reading.faults[0].diagnostic;
    assert_eq!(verdict(&reading), ["B0801 (document)"]);
    assert!(diagnostic.help.as_ref().unwrap().contains("it has 138"), "{diagnostic}");
}

#[test]
fn what_is_no_document_is_refused() {
    for (text, code) in [
        ("", "B0356"),
        ("{", "B0350"),
        ("null", "B0360"),
        ("\u{0}", "B0354"),
        ("{\"rules\": [], \"rules\": []}", "B0352"),
        (&"[".repeat(100_000), "B0351"),
        ("{\"rules\": [{\"rulePriority\": 1e400}]}", "B0364"),
        (&format!("{{\"rules\": [{}]}}", vec!["0"; 2_000].join(",")), "B0802"),
        (&" ".repeat(2 << 20), "B0366"),
    ] {
        let reading = examine("p", text);
        assert!(reading.policy.is_none());
        assert_eq!(reading.faults[0].diagnostic.code, code, "{:?}", reading.faults[0]);
        assert!(reading.faults.len() <= 101);
        assert!(read("p", text).is_err());
    }
}

#[test]
fn a_prefix_with_a_star_is_odd() {
    let reading = of_value(&json!({"rules": [tagged(1, "tagPrefixList", json!(["prod*"]))]}));
    assert!(reading.policy.is_some());
    let warnings: Vec<_> =
        reading.warnings.iter().map(|it| (it.diagnostic.code, it.field.as_str())).collect();
    assert_eq!(warnings, [("B0365", "rules[0].selection.tagPrefixList[0]")]);
}

#[test]
fn a_policy_is_read_in_the_order_of_its_priorities_and_written_as_it_was() {
    let policy = json!({"rules": [
        {"rulePriority": 20, "description": "old ones", "action": {"type": "expire"},
         "selection": {"tagStatus": "any", "storageClass": "archive", "countType": "sinceImageTransitioned",
                       "countUnit": "days", "countNumber": 365}},
        {"rulePriority": 3, "action": {"type": "transition", "targetStorageClass": "archive"},
         "selection": {"tagStatus": "tagged", "tagPatternList": ["v*", "*-rc"], "countType": "sinceImagePulled",
                       "countUnit": "days", "countNumber": 9_000_000_000_000_000_000_i64}},
        {"rulePriority": 9, "action": {"type": "expire"},
         "selection": {"tagStatus": "untagged", "storageClass": "standard", "countType": "imageCountMoreThan",
                       "countNumber": 1}},
    ]});
    let read = of_value(&policy).policy.expect("no fault");
    let priorities: Vec<u64> = read.rules.iter().map(|it| it.priority).collect();
    assert_eq!(priorities, [3, 9, 20]);
    assert_eq!(read.rules[2].description.as_deref(), Some("old ones"));
    let written = write(&read);
    assert_eq!(of_value(&written).policy, Some(read));
}

#[test]
fn a_policy_within_a_request_shows_its_faults_where_they_stand() {
    let policy = json!({"rules": [rule()]}).to_string();
    let request = json!({"registryId": "1", "repositoryName": "web", "lifecyclePolicyText": policy});
    let text = request.to_string();
    let reading = ecs::examine("x", &text);
    assert_eq!(reading.kind.unwrap().name, "PutLifecyclePolicy");
    assert!(matches!(reading.document, Some(ecs::Document::LifecyclePolicy(_))));
    assert!(reading.faults.is_empty() && reading.warnings.is_empty());

    // After a quoted pair of surrogates, an escaped line break and tab.
    let text = r#"{"lifecyclePolicyText":
  "{\"rules\": [{\"description\": \"\\ud83d\\ude00 \ud83d\ude00 \u00e4\",\n\t\"rulePriority\": -7}]}"}"#;
    let reading = ecs::examine("x", text);
    let found: Vec<_> = reading
        .faults
        .iter()
        .map(|it| {
            let place = it.diagnostic.place.as_ref().unwrap();
            let from = place.text.chars().skip(place.column as usize - 1);
            (
                it.diagnostic.code,
                it.field.as_str(),
                place.line,
                from.take(place.width as usize).collect::<String>(),
            )
        })
        .collect();
    assert_eq!(
        found,
        [
            ("B0364", "lifecyclePolicyText.rules[0].selection", 2, "{".to_owned()),
            ("B0364", "lifecyclePolicyText.rules[0].action", 2, "{".to_owned()),
            ("B0803", "lifecyclePolicyText.rules[0].rulePriority", 2, "-7".to_owned()),
        ]
    );
    for (value, code) in [
        (json!({"rules": [rule()]}), "B0360"),
        (json!(null), "B0360"),
        (json!(""), "B0356"),
        (json!("{\"rules\": "), "B0350"),
    ] {
        let text = json!({ "lifecyclePolicyText": value }).to_string();
        let reading = ecs::examine("x", &text);
        assert_eq!(reading.faults.len(), 1);
        assert_eq!(reading.faults[0].diagnostic.code, code, "{text}");
        assert!(reading.faults[0].diagnostic.place.is_some());
    }
    let text = json!({"lifecyclePolicyText": policy, "repository": "web"}).to_string();
    let reading = ecs::examine("x", &text);
    assert_eq!((reading.faults.len(), reading.warnings[0].diagnostic.code), (0, "B0362"));
}

#[test]
fn the_command_checks_a_policy() {
    let bench = Bench::new();
    bench.write("good.json", json!({"rules": [rule()]}).to_string());
    bench.write(
        "bad.json",
        json!({"rules": [changed(&rule(), |it| it["rulePriority"] = json!(0))]}).to_string(),
    );
    assert_eq!(bench.run_well(&["check", "good.json"]).out, "1 file without fault\n");
    let outcome = bench.run(&["check", "good.json", "bad.json"]);
    assert_eq!((outcome.code, outcome.out.as_str()), (Some(3), ""));
    assert!(outcome.err.contains("error[B0803]") && outcome.err.contains("bad.json:1:"), "{}", outcome.err);
    assert!(outcome.err.contains('^'), "{}", outcome.err);
}

/// Published policies whose verdict is not that of the index, with the rows of
/// semantics 9.5 by which they are refused. The validator of the index knows
/// neither that `countUnit` goes with the count types of time only, nor that
/// there is one list of tags, for `tagged` images.
const REFUSED: &[(&str, &[&str])] = &[
    (
        "moto-test-ecr-policy-validation-py-literal-1.json",
        &["B0806 rules[1].selection.tagPrefixList/tagPatternList"],
    ),
    (
        "moto-test-ecr-py-literal-1.json",
        &[
            "B0807 rules[0].selection.tagPatternList",
            "B0807 rules[0].selection.tagPrefixList",
            "B0810 rules[0].selection.countUnit",
        ],
    ),
    (
        "public-repositories-index-excerpt-terraform-countunit-missing.json",
        &["B0810 rules[0].selection.countUnit"],
    ),
];

#[test]
fn published_policies_have_the_verdict_of_their_index() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/ecr-lifecycle-policies");
    if !folder.exists() {
        println!("SKIPPED: {} is not here", folder.display());
        return;
    }
    let mut index = csv::Reader::from_path(folder.join("index.csv")).unwrap();
    let mut disagreements = Vec::new();
    let mut n_policies = 0;
    for row in index.deserialize() {
        let row: BTreeMap<String, String> = row.unwrap();
        let file = &row["file"];
        let text = std::fs::read_to_string(folder.join(file)).unwrap();
        let reading = examine(file, &text);
        println!("{file}: index {:.7}, found {:?}", row["validator_check"], verdict(&reading));
        n_policies += 1;
        let kind = ecs::examine(file, &text).kind.expect("a policy is known by its rules");
        assert_eq!(kind.name, "LifecyclePolicy", "{file}");
        if let Some(policy) = &reading.policy {
            assert_eq!(policy.rules.len().to_string(), row["rules"], "{file}");
            assert_eq!(of_value(&write(policy)).policy.as_ref(), Some(policy), "{file}");
        }
        if reading.faults.is_empty() != (row["validator_check"] == "valid") {
            disagreements.push((file.clone(), verdict(&reading)));
        }
    }
    let expected: Vec<(String, Vec<String>)> = REFUSED
        .iter()
        .map(|(file, faults)| ((*file).to_owned(), faults.iter().map(|it| (*it).to_owned()).collect()))
        .collect();
    assert_eq!(disagreements, expected);
    assert_eq!(n_policies, 19);
}

/// A small generator of its own: what it draws need not be good, only the same
/// each time.
struct Draws(u64);

impl Draws {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }

    fn pick<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.below(list.len() as u64) as usize]
    }

    fn some<T>(&mut self, one_in: u64, draw: impl FnOnce(&mut Self) -> T) -> Option<T> {
        (self.below(one_in) == 0).then(|| draw(self))
    }
}

const NOW: i64 = 1_772_366_400_000;
const HALF_DAY: i64 = 43_200_000;

fn draw_images(draws: &mut Draws) -> Vec<ImageView<'static>> {
    let n = draws.below(12);
    let tags = ["prod", "prod-1", "a-1", "b-1", "ab", "rc", "b"];
    (0..n)
        .map(|idx| {
            // No list refers to itself.
            let others: Vec<usize> = (0..n as usize).filter(|it| *it != idx as usize).collect();
            let n_children = if others.is_empty() { 0 } else { draws.below(8).saturating_sub(5) };
            let half_days = |draws: &mut Draws, n: u64| NOW - draws.below(n) as i64 * HALF_DAY;
            let pushed_at_ms = half_days(draws, 30);
            ImageView {
                tags: (0..draws.below(4)).map(|_| draws.pick(&tags)).collect(),
                pushed_at_ms,
                children: (0..n_children).map(|_| draws.pick(&others)).collect(),
                storage_class: draws.pick(&[
                    StorageClass::Standard,
                    StorageClass::Standard,
                    StorageClass::Archive,
                ]),
                last_pulled_at_ms: draws.some(2, |it| half_days(it, 30)),
                last_activated_at_ms: draws.some(4, |it| half_days(it, 30)),
                last_archived_at_ms: draws.some(2, |it| half_days(it, 400)),
            }
        })
        .collect()
}

fn draw_policy(draws: &mut Draws) -> LifecyclePolicy {
    let mut priority = 0;
    let texts = ["prod", "prod*", "*", "a", "*b*", "b-1", "a*1", "p*o*-*", ""];
    let rules = (0..draws.below(5)).map(|_| {
        priority += 1 + draws.below(3);
        let list = (0..1 + draws.below(2)).map(|_| draws.pick(&texts).to_owned()).collect();
        let tags = match draws.below(4) {
            0 => TagSelection::Any,
            1 => TagSelection::Untagged,
            2 => TagSelection::Prefixes(list),
            _ => TagSelection::Patterns(list),
        };
        let n = 1 + draws.below(10);
        let (storage_class, count) = match draws.below(7) {
            0 => (StorageClass::Archive, Count::SinceImageTransitioned(90 + n)),
            1 => (StorageClass::Standard, Count::SinceImagePulled(n)),
            2 | 3 => (StorageClass::Standard, Count::SinceImagePushed(n)),
            _ => (StorageClass::Standard, Count::ImageCountMoreThan(1 + n / 2)),
        };
        let action = draws.pick(&[LifecycleAction::Expire, LifecycleAction::Archive]);
        LifecycleRule { priority, description: None, tags, storage_class, count, action }
    });
    LifecyclePolicy { rules: rules.collect() }
}

/// The same, image by image and in the words of the guide: nothing is sorted,
/// nothing remembered.
mod reference {
    use super::*;

    fn is_like(pattern: &[u8], tag: &[u8]) -> bool {
        match (pattern, tag) {
            ([], []) => true,
            ([b'*', rest @ ..], _) => (0..=tag.len()).any(|it| is_like(rest, &tag[it..])),
            ([one, rest @ ..], [first, others @ ..]) => one == first && is_like(rest, others),
            _ => false,
        }
    }

    fn is_selected(rule: &LifecycleRule, image: &ImageView<'_>) -> bool {
        rule.storage_class == image.storage_class
            && match &rule.tags {
                TagSelection::Any => true,
                TagSelection::Untagged => image.tags.is_empty(),
                TagSelection::Prefixes(list) => list.iter().all(|wanted| {
                    let begins = |it: &&str| it.bytes().take(wanted.len()).eq(wanted.bytes());
                    image.tags.iter().any(begins)
                }),
                TagSelection::Patterns(list) => list
                    .iter()
                    .all(|wanted| image.tags.iter().any(|tag| is_like(wanted.as_bytes(), tag.as_bytes()))),
            }
    }

    fn is_marked(rule: &LifecycleRule, images: &[ImageView<'_>], it: usize) -> bool {
        let image = &images[it];
        let older_than = |since: i64, days: u64| since + days as i64 * 2 * HALF_DAY < NOW;
        match rule.count {
            Count::ImageCountMoreThan(n) => {
                let at = |it: usize| images[it].last_activated_at_ms.unwrap_or(images[it].pushed_at_ms);
                let is_newer = |other: &usize| {
                    is_selected(rule, &images[*other])
                        && (at(*other) > at(it) || (at(*other) == at(it) && *other > it))
                };
                (0..images.len()).filter(is_newer).count() as u64 >= n
            }
            Count::SinceImagePushed(days) => older_than(image.pushed_at_ms, days),
            Count::SinceImagePulled(days) => match (image.last_pulled_at_ms, image.last_activated_at_ms) {
                (None, None) => older_than(image.pushed_at_ms, days),
                (Some(pulled), Some(restored)) if pulled < restored => older_than(restored, days),
                (Some(pulled), _) => older_than(pulled, days),
                (None, Some(restored)) => older_than(restored, days),
            },
            Count::SinceImageTransitioned(days) => {
                image.last_archived_at_ms.is_some_and(|it| older_than(it, days))
            }
        }
    }

    pub(super) fn decide(policy: &LifecyclePolicy, images: &[ImageView<'_>], it: usize) -> Decision {
        let selecting = |rule: &usize| is_selected(&policy.rules[*rule], &images[it]);
        let mut rules = (0..policy.rules.len()).filter(selecting);
        let Some(by) = rules.next() else { return Decision::NotSelected };
        if !is_marked(&policy.rules[by], images, it) {
            let shielded_from = rules.find(|&rule| is_marked(&policy.rules[rule], images, it));
            return Decision::Kept { by, shielded_from };
        }
        match (0..images.len()).find(|&list| images[list].children.contains(&it)) {
            Some(list) => Decision::Referenced { by, list },
            None => Decision::Acted { by, action: policy.rules[by].action },
        }
    }
}

#[test]
fn the_evaluation_is_that_of_a_slow_one_on_random_repositories() {
    let mut n_of_kind = [0; 4];
    for seed in 0..4_000 {
        let mut draws = Draws(seed);
        let (images, policy) = (draw_images(&mut draws), draw_policy(&mut draws));
        let found = evaluate(&policy, &images, NOW);
        let expected: Vec<Decision> =
            (0..images.len()).map(|it| reference::decide(&policy, &images, it)).collect();
        assert_eq!(found, expected, "seed {seed}: {policy:?} {images:?}");
        for decision in &found {
            n_of_kind[match decision {
                Decision::NotSelected => 0,
                Decision::Kept { .. } => 1,
                Decision::Referenced { .. } => 2,
                Decision::Acted { .. } => 3,
            }] += 1;
        }
        let order = in_order(&images, &found);
        assert!(order.is_sorted_by_key(|&it| images[it].pushed_at_ms));
        assert_eq!(order.len(), found.iter().filter(|it| it.action().is_some()).count());
        // A second look at what is left takes no image that the first could have taken by age alone.
        let n_by_age = policy.rules.iter().all(|it| !matches!(it.count, Count::ImageCountMoreThan(_)));
        if n_by_age && images.iter().all(|it| it.children.is_empty()) {
            let left: Vec<ImageView<'_>> =
                (0..images.len()).filter(|it| !order.contains(it)).map(|it| images[it].clone()).collect();
            assert!(evaluate(&policy, &left, NOW).iter().all(|it| it.action().is_none()), "seed {seed}");
        }
    }
    println!("{n_of_kind:?}");
    assert!(n_of_kind.iter().all(|it| *it > 300), "each decision is met: {n_of_kind:?}");
}

/// A repository with a policy in a file and one with a policy beside it.
const REGISTRY: &str = r#"name = "registry"
horizon = "3d"
[cluster]
instances = 2
instance_type = "m6i.large"
[[service]]
name = "web"
task_definition = { cpu = 256, memory = 256 }
desired_count = 1
[[repository]]
name = "team/web"
lifecycle_policy = "policy.json"
image = [{ tags = ["1"], age = "3d", layers = [{ digest = "a", size = 1 }] }]
[[repository]]
name = "team/api"
[[repository.lifecycle_policy.rules]]
rule_priority = 2
description = "keep five"
selection = { tag_status = "tagged", tag_pattern_list = ["v*"], count_type = "imageCountMoreThan", count_number = 5 }
action = { type = "expire" }
[[repository.lifecycle_policy.rules]]
rule_priority = 1
selection = { tag_status = "untagged", storage_class = "standard", count_type = "sinceImagePulled", count_unit = "days", count_number = 30 }
action = { type = "transition", target_storage_class = "archive" }
"#;

/// `policy.json` beside it.
fn registry_bench() -> Bench {
    let bench = Bench::new();
    bench.write("policy.json", json!({"rules": [rule()]}).to_string());
    bench
}

fn experiment(bench: &Bench, text: &str, overrides: &[&str]) -> Result<Experiment, Vec<String>> {
    let overrides = overrides.iter().map(|it| (*it).to_owned()).collect();
    let source = SourceText { file: "x.toml".to_owned(), text: text.to_owned(), overrides };
    matrix::read(source, &bench.path("")).map_err(|found| found.iter().map(ToString::to_string).collect())
}

fn policies(experiment: &Experiment, setting: usize) -> Vec<Option<Value>> {
    let repositories = &experiment.settings[setting].setup.registry.repositories;
    repositories.rows().iter().map(|it| it.lifecycle_policy.as_ref().map(write)).collect()
}

#[test]
fn an_experiment_has_policies_in_files_and_as_tables() {
    let bench = registry_bench();
    let read = experiment(&bench, REGISTRY, &[]).unwrap();
    let own = json!({"rules": [
        {"rulePriority": 1, "action": {"type": "transition", "targetStorageClass": "archive"},
         "selection": {"tagStatus": "untagged", "countType": "sinceImagePulled", "countUnit": "days",
                       "countNumber": 30}},
        {"rulePriority": 2, "description": "keep five", "action": {"type": "expire"},
         "selection": {"tagStatus": "tagged", "tagPatternList": ["v*"], "countType": "imageCountMoreThan",
                       "countNumber": 5}},
    ]});
    assert_eq!(policies(&read, 0), [Some(json!({"rules": [rule()]})), Some(own.clone())]);
    assert!(read.inputs.hashes.contains_key("policy.json"), "what a result was made of is remembered");

    // A policy as the API bears it.
    let wrapped = json!({"repositoryName": "team/web", "lifecyclePolicyText": own.to_string()});
    bench.write("got.json", wrapped.to_string());
    let read = experiment(&bench, REGISTRY, &["repository.team/web.lifecycle_policy=got.json"]).unwrap();
    assert_eq!(policies(&read, 0)[0], Some(own));

    // As an axis, whole and in one number.
    let axes = format!(
        "{REGISTRY}[axes]\n\"repository.team/web.lifecycle_policy\" = [\"policy.json\", \"got.json\"]\n\
                        \"repository.team/api.lifecycle_policy.rules.0.selection.count_number\" = [3, 4]\n"
    );
    let read = experiment(&bench, &axes, &[]).unwrap();
    let counts: Vec<Value> = (0..4)
        .map(|it| policies(&read, it)[1].as_ref().unwrap()["rules"][1]["selection"]["countNumber"].clone())
        .collect();
    assert_eq!(counts, [3, 4, 3, 4]);
    assert_ne!(policies(&read, 0)[0], policies(&read, 2)[0]);
    let none = REGISTRY.replace("lifecycle_policy = \"policy.json\"\n", "");
    assert_eq!(policies(&experiment(&bench, &none, &[]).unwrap(), 0)[0], None);
}

#[test]
fn what_is_wrong_with_a_policy_of_an_experiment_is_told_where_it_stands() {
    let bench = registry_bench();
    bench.write("bad.json", "{\"rules\":\n [{}]}");
    // What is changed, what the told place begins with, and what is told.
    for (from, to, place, told) in [
        (
            "rule_priority = 2",
            "rule_priority = 1 # twice",
            "1\nsel",
            "[B0803] `rule_priority` 1 is that of `rules[0]` already (the service says: Duplicate priority in multiple rules)",
        ),
        (
            "rule_priority = 2",
            "rule_priority = \"2\"",
            "\"2\"",
            "[B0360] `rules[0].rule_priority` is the string \"2\": expected a whole number",
        ),
        (
            "rule_priority = 2",
            "rule_priority = 2.5",
            "2.5",
            "[B0361] `rules[0].rule_priority` is 2.5, which is not whole or beyond 64 bits",
        ),
        (
            "rule_priority = 2",
            "rulePriority = 2",
            "rulePriority",
            "[B0104] unknown field `rulePriority` (did you mean `rule_priority`?)",
        ),
        ("count_number = 5", "count_number = 0", "0 }", "[B0811] `count_number` is 0: expected at least 1"),
        (
            "tag_pattern_list = [\"v*\"]",
            "tag_pattern_list = [\"a\", \"*a*b*c*d*e\"]",
            "\"*a*",
            "[B0808] \"*a*b*c*d*e\" has 5 `*`: a pattern has at most 4",
        ),
        (
            "tag_pattern_list = [\"v*\"], ",
            "",
            "{ tag_status = \"tagged\"",
            "[B0806] a rule for `tagged` images without `tag_prefix_list` or `tag_pattern_list` (the service says: Must specify tagPrefixList or tagPatternList)",
        ),
        (
            "count_unit = \"days\", ",
            "",
            "{ tag_status = \"untagged\"",
            "[B0810] `count_unit` is missing: a count type of time counts in \"days\"",
        ),
        (
            ", target_storage_class = \"archive\"",
            "",
            "{ type = \"transition\"",
            "[B0814] `target_storage_class` is missing: the action `transition` has the target \"archive\"",
        ),
        ("\"policy.json\"", "3333", "3333", "[B0103] expected a string, found a number"),
        ("\"policy.json\"", "{ rules = [] }", "[] }", "[B0802] the policy has 0 rules: expected 1 to 50"),
        ("\"policy.json\"", "{}", "{}", "[B0364] `rules` is missing"),
        (
            "\"team/web\"\n",
            "\"team/web\"\nregistry = \"public.ecr.aws/acme\"\n",
            "\"policy.json\"",
            "[B0817] repositories of the public gallery have no lifecycle policies",
        ),
    ] {
        assert_eq!(REGISTRY.matches(from).count(), 1, "{from}");
        let text = REGISTRY.replace(from, to);
        let at = text.find(place).unwrap_or_else(|| panic!("{place}"));
        let line_start = text[..at].rfind('\n').map_or(0, |it| it + 1);
        let line = 1 + text[..at].matches('\n').count();
        let expected = format!("x.toml:{line}:{}: {told}", 1 + at - line_start);
        let found = experiment(&bench, &text, &[]).err().unwrap_or_default();
        assert!(found.contains(&expected), "{expected} in {found:#?}");
    }
    let bad = REGISTRY.replace("\"policy.json\"", "\"bad.json\"");
    let found = experiment(&bench, &bad, &[]).err().unwrap();
    assert_eq!(found[0], "bad.json:2:3: [B0364] `rules[0].rulePriority` is missing");
    let gone = REGISTRY.replace("\"policy.json\"", "\"gone.json\"");
    let found = experiment(&bench, &gone, &[]).err().unwrap();
    assert!(found.len() == 1 && found[0].starts_with("x.toml:12:20: [B0140]"), "{found:?}");
}
