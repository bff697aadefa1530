use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value as Json;

use super::*;
use crate::base::{Domain, Seed};

/// An instance as the shared cases write it.
#[derive(Clone, Debug, Default)]
struct Instance {
    id: String,
    ec2_instance_id: String,
    attributes: Vec<(String, Option<String>)>,
    agent_connected: bool,
    agent_version: String,
    registered_at: String,
    running_tasks_count: u32,
    task_groups: Vec<String>,
}

impl StaticFacts for Instance {
    fn ec2_instance_id(&self) -> &str {
        &self.ec2_instance_id
    }

    fn agent_version(&self) -> Option<&str> {
        Some(&self.agent_version)
    }

    fn registered_at_ms(&self) -> i64 {
        parse_time_ms(&self.registered_at).unwrap()
    }

    fn attribute(&self, name: &str) -> Option<Option<&str>> {
        self.attributes.iter().find(|it| it.0 == name).map(|it| it.1.as_deref())
    }
}

impl InstanceFacts for Instance {
    fn agent_connected(&self) -> bool {
        self.agent_connected
    }

    fn running_tasks_count(&self) -> u32 {
        self.running_tasks_count
    }

    fn task_groups(&self) -> impl Iterator<Item = &str> {
        self.task_groups.iter().map(String::as_str)
    }
}

/// The instances that the expression selects, asked directly and by bits.
fn select(expression: &str, fleet: &[Instance]) -> Result<Vec<String>, QueryError> {
    let expression = Expression::parse_shared(expression)?;
    let mut terms = StaticTerms::new(expression.clone());
    let mut groups: Vec<&str> = Vec::new();
    for (idx, it) in fleet.iter().enumerate() {
        terms.set_instance(idx, it);
        groups.extend(it.task_groups());
    }
    groups.sort_unstable();
    groups.dedup();
    groups.iter().enumerate().for_each(|(idx, name)| terms.set_group(idx, name));

    let mut selected = Vec::new();
    for (idx, it) in fleet.iter().enumerate() {
        let matches = expression.matches(it);
        let task_groups: Vec<usize> =
            it.task_groups().map(|name| groups.binary_search(&name).unwrap()).collect();
        let facts = DynamicFacts {
            agent_connected: it.agent_connected,
            running_tasks_count: it.running_tasks_count,
            task_groups: task_groups.iter().copied(),
        };
        assert_eq!(terms.matches(idx, &facts), matches, "bits and facts disagree: {expression}, {}", it.id);
        match terms.settled(idx) {
            Some(settled) => assert_eq!(settled, matches, "{expression}, {}", it.id),
            None => assert!(!expression.is_static()),
        }
        if matches {
            selected.push(it.id.clone());
        }
    }
    Ok(selected)
}

fn shared(file: &str) -> Option<String> {
    let path: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared").join(file);
    let text = fs::read_to_string(&path).ok();
    if text.is_none() {
        skipped(&path);
    }
    text
}

#[expect(clippy::print_stdout, reason = "a test that is skipped says so")]
fn skipped(path: &Path) {
    println!("skipped: there is no {}", path.display());
}

fn instance(json: &Json) -> Instance {
    let text = |key: &str| json[key].as_str().unwrap().to_owned();
    let attribute = |(name, value): (&String, &Json)| (name.clone(), value.as_str().map(str::to_owned));
    let groups = json["taskGroups"].as_array().unwrap().iter();
    Instance {
        id: text("id"),
        ec2_instance_id: text("ec2InstanceId"),
        attributes: json["attributes"].as_object().unwrap().iter().map(attribute).collect(),
        agent_connected: json["agentConnected"].as_bool().unwrap(),
        agent_version: text("agentVersion"),
        registered_at: text("registeredAt"),
        running_tasks_count: json["runningTasksCount"].as_u64().unwrap().try_into().unwrap(),
        task_groups: groups.map(|it| it.as_str().unwrap().to_owned()).collect(),
    }
}

#[test]
fn the_shared_cases_select_what_they_say() {
    let Some(text) = shared("conformance/cluster-query-language.json") else { return };
    let file: Json = serde_json::from_str(&text).unwrap();
    let mut faults = Vec::new();
    let cases = file["cases"].as_array().unwrap();
    for case in cases {
        let fleet: Vec<Instance> = file["fleets"][case["fleet"].as_str().unwrap()]
            .as_array()
            .unwrap()
            .iter()
            .map(instance)
            .collect();
        let expression = match case["expression"].as_str() {
            Some(expression) => expression.to_owned(),
            None => {
                let generator = &case["expression_generator"];
                let times = usize::try_from(generator["times"].as_u64().unwrap()).unwrap();
                let repeated = generator["repeat"].as_str().unwrap().repeat(times);
                format!("{}{repeated}", generator["prefix"].as_str().unwrap())
            }
        };
        let found = select(&expression, &fleet);
        let agrees = match (&found, case["expect"]["matches"].as_array()) {
            (Ok(found), Some(wanted)) => {
                found.iter().map(String::as_str).eq(wanted.iter().map(|it| it.as_str().unwrap()))
            }
            (Err(_), None) => case["expect"]["error"] == Json::Bool(true),
            _ => false,
        };
        if !agrees {
            faults.push(format!("{}: {expression}: {found:?}", case["id"]));
        }
    }
    assert!(cases.len() >= 77 && faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn expressions_of_public_repositories_are_read_as_they_were_judged() {
    let Some(text) = shared("data/cluster-query-expressions.csv") else { return };
    let mut faults = Vec::new();
    for row in csv::Reader::from_reader(text.as_bytes()).records() {
        let row = row.unwrap();
        let (expression, validity) = (&row[0], &row[2]);
        let found = Expression::parse(expression);
        let agrees = match validity {
            "valid" => found.is_ok(),
            "invalid" => found.is_err(),
            _ => true,
        };
        if !agrees {
            faults.push(format!("{validity}: {expression}: {found:?}"));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

fn fleet() -> Vec<Instance> {
    let make = |id: &str, instance_type: &str, zone: &str, groups: &[&str], more: &[(&str, Option<&str>)]| {
        let mut attributes = vec![
            ("ecs.instance-type".to_owned(), Some(instance_type.to_owned())),
            ("ecs.availability-zone".to_owned(), Some(zone.to_owned())),
        ];
        attributes.extend(more.iter().map(|it| (it.0.to_owned(), it.1.map(str::to_owned))));
        Instance {
            id: id.to_owned(),
            ec2_instance_id: format!("i-{id}"),
            attributes,
            agent_connected: true,
            agent_version: "1.14.4".to_owned(),
            registered_at: "2018-02-12T23:59:59Z".to_owned(),
            running_tasks_count: groups.len().try_into().unwrap(),
            task_groups: groups.iter().map(|&it| it.to_owned()).collect(),
        }
    };
    let mut fleet = vec![
        make(
            "abcd1234",
            "t2.small",
            "us-east-1a",
            &["service:production"],
            &[("stack", Some("prod")), ("a", Some("1"))],
        ),
        make(
            "wxyx7890",
            "g2.2xlarge",
            "us-east-1d",
            &["database", "service:production"],
            &[("stack", Some("dev"))],
        ),
        make("c", "g2.8xlarge", "us-east-1b", &[], &[("a", Some("2")), ("spot", None)]),
        make("d", "m5.large", "us-east-1c", &["database"], &[("a", Some("2")), ("team", Some("data eng"))]),
    ];
    fleet[3].agent_version = "1.100".to_owned();
    fleet[3].registered_at = "2018-02-13T01:00:00+01:00".to_owned();
    fleet
}

#[test]
fn the_examples_of_the_guide_select_what_it_says() {
    let cases = [
        ("attribute:ecs.instance-type == t2.small", "abcd1234"),
        ("attribute:ecs.availability-zone in [us-east-1a, us-east-1b]", "abcd1234 c"),
        ("attribute:ecs.instance-type =~ g2.* and attribute:ecs.availability-zone != us-east-1d", "c"),
        ("task:group == service:production", "abcd1234 wxyx7890"),
        ("not(task:group == database)", "abcd1234 c"),
        ("runningTasksCount == 1", "abcd1234 d"),
        ("agentVersion < 1.14.5", "abcd1234 wxyx7890 c"),
        ("registeredAt < 2018-02-13", "abcd1234 wxyx7890 c"),
        ("ec2InstanceId in ['i-abcd1234', 'i-wxyx7890']", "abcd1234 wxyx7890"),
        ("attribute:stack exists", "abcd1234 wxyx7890"),
        ("attribute:stack !exists", "c d"),
        ("not (attribute:stack == prod)", "wxyx7890 c d"),
        ("attribute:stack != prod", "wxyx7890"),
        ("(attribute:a == 1 or attribute:a == 2) and not attribute:spot exists", "abcd1234 d"),
        ("attribute:team == 'data eng'", "d"),
        // Existential, and so false on an empty instance.
        ("task:group != database", "abcd1234 wxyx7890"),
        ("attribute:spot == ''", "c"),
        ("attribute:ecs.instance-type =~ m5.*|t2.*", "abcd1234 d"),
        ("attribute:a==1||attribute:a==2&&task:group==database", "abcd1234 d"),
        ("!!attribute:a exists and !(not attribute:spot exists)", "c"),
        ("runningTasksCount < 99999999999999999999 and agentVersion == 1.100.0.0", "d"),
        ("agentConnected in [true, maybe] and attribute:and !exists", "abcd1234 wxyx7890 c d"),
        ("agentConnected == maybe", ""),
    ];
    for (expression, wanted) in cases {
        let wanted: Vec<&str> = wanted.split_whitespace().collect();
        assert_eq!(select(expression, &fleet()).unwrap(), wanted, "{expression}");
    }
}

#[test]
fn a_fault_points_at_its_characters() {
    let cases = [
        ("  ", "B0402", "  "),
        ("attribute:a == `b`", "B0403", "`"),
        ("attribute:a == b & attribute:c exists", "B0403", "&"),
        ("attribute:a == 'b", "B0404", "'"),
        ("attributes:a == b", "B0405", "attributes:a"),
        ("'attribute:a' == b", "B0405", "'attribute:a'"),
        ("ecs.instance-type == t2.small", "B0405", "ecs.instance-type"),
        ("attribute:a =< b", "B0406", "=<"),
        ("attribute:a equal b", "B0406", "equal"),
        ("attribute:a", "B0406", ""),
        ("attribute:a > b", "B0407", ">"),
        ("agentVersion =~ 1.*", "B0407", "=~"),
        ("attribute:a ==", "B0408", ""),
        ("attribute:a == b and", "B0408", ""),
        ("attribute:a == b and or attribute:b exists", "B0408", "or"),
        ("(attribute:a == b", "B0409", "("),
        ("attribute:a == b)", "B0409", ")"),
        ("attribute:a == (b)", "B0410", "("),
        ("attribute:(a) == b", "B0410", "("),
        ("attribute:a =~ a(b|c)", "B0410", "("),
        ("attribute:a in [b,]", "B0411", "]"),
        ("attribute:a in [b, c", "B0411", "["),
        ("attribute:a in b", "B0411", "b"),
        ("attribute:a == [b]", "B0411", "["),
        ("attribute:a:b == c", "B0412", ":"),
        ("attribute: == c", "B0412", ""),
        ("runningTasksCount > -1", "B0413", "-1"),
        ("agentVersion > v1.2", "B0413", "v1.2"),
        ("registeredAt > '2018-02-30'", "B0413", "2018-02-30"),
        ("attribute:a == b attribute:c exists", "B0414", "attribute:c"),
        ("attribute:rack =~ r/[0-9]+", "B0414", "["),
        ("attribute:a =~ 'x(b|c'", "B0415", "("),
        ("attribute:a =~ a**", "B0415", "*"),
        ("attribute:a =~ '(?x) b'", "B0416", "(?x"),
        ("attribute:a =~ '((b{999}){999}){999}'", "B0417", "((b{999}){999}){999}"),
    ];
    for (expression, code, marked) in cases {
        let fault = Expression::parse(expression).expect_err(expression);
        assert_eq!(
            (fault.code, &expression[fault.start..fault.end]),
            (code, marked),
            "{expression}: {fault}"
        );
    }
}

#[test]
fn every_code_is_documented() {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/codes.md")).unwrap();
    for code in CODES {
        assert!(page.contains(&format!("| {code} |")), "docs/codes.md says nothing of {code}");
    }
}

#[test]
fn hostile_expressions_end_in_an_answer() {
    let nested = |n: usize| format!("{}attribute:a exists{}", "(".repeat(n), ")".repeat(n));
    assert_eq!(Expression::parse(&nested(10_000)).unwrap_err().code, "B0401");
    // The longest that fits, and without its partners.
    let fleet = fleet();
    assert_eq!(select(&nested(990), &fleet).unwrap().len(), 3);
    assert_eq!(Expression::parse(&"(".repeat(2000)).unwrap_err().code, "B0408");
    let negations = format!("{}attribute:a exists", "!".repeat(1981));
    assert_eq!(select(&negations, &fleet).unwrap().len(), 1);
    let joined = vec!["attribute:a exists"; 91].join(" or ");
    assert_eq!(select(&joined, &fleet).unwrap().len(), 3);

    let exactly = format!("attribute:stack == {}", "x".repeat(1981));
    assert!(Expression::parse(&exactly).is_ok());
    let fault = Expression::parse(&format!("{exactly}x")).unwrap_err();
    assert_eq!((fault.code, fault.start, fault.end), ("B0401", 2000, 2001));

    for pattern in ["(a|a)*\\1", "(a*)*\\1b", "(?:a?){40}a{40}", "((a+)+)+\\1c", "(?=(a+)+$)b|(a|aa)+\\2c"] {
        let regex = java_regex::JavaRegex::new(pattern).unwrap();
        regex.is_match(&"a".repeat(128));
    }
    let limited = java_regex::JavaRegex::new("(a|a)*\\1b").unwrap();
    assert_eq!(limited.try_match(&"a".repeat(128)), None);
    assert!(!limited.is_match(&"a".repeat(128)));
    for pattern in
        ["(".repeat(1900), "[".repeat(1900), "(?=a)*".repeat(300), "(?:(?=a)a){1000000000}".to_owned()]
    {
        drop(java_regex::JavaRegex::new(&pattern));
    }
}

#[test]
fn what_changes_without_an_event_is_told_from_what_does_not() {
    let expression =
        Expression::parse("attribute:a == 1 and runningTasksCount < 3 or not agentVersion > 1").unwrap();
    let terms: Vec<(&str, bool)> = expression.terms().map(|it| (it.text, it.is_static)).collect();
    assert_eq!(
        terms,
        [("attribute:a == 1", true), ("runningTasksCount < 3", false), ("agentVersion > 1", true)]
    );
    assert!(!expression.is_static());
    assert!(Expression::parse("ec2InstanceId =~ i-.* && registeredAt > 2018-01-01").unwrap().is_static());

    fn is_shared<T: Send + Sync + Clone + 'static>(_: &T) {}
    is_shared(&SharedExpression::new(expression));
}

#[test]
fn an_attribute_that_changes_changes_the_answer() {
    let mut terms =
        StaticTerms::new(Expression::parse_shared("attribute:a == 1 and attribute:b !~ x.*").unwrap());
    let mut instance = fleet().remove(0);
    assert_eq!(terms.settled(0), Some(false));
    terms.set_instance(0, &instance);
    assert_eq!(terms.settled(0), Some(false));
    instance.attributes.push(("b".to_owned(), Some("y".to_owned())));
    terms.set_attribute(0, "b", &instance);
    assert_eq!(terms.settled(0), Some(true));
    instance.attributes.retain(|it| it.0 != "a");
    terms.set_attribute(0, "a", &instance);
    assert_eq!(terms.settled(0), Some(false));
    terms.set_instance(7, &fleet()[0]);
    terms.forget_instance(7);
    assert_eq!(terms.settled(7), Some(false));
}

#[test]
fn token_soup_never_panics_and_faults_lie_inside_it() {
    let seed = Seed(0x5e1ec7);
    let tokens = [
        "attribute:a",
        "attribute:",
        "task:group",
        "agentConnected",
        "agentVersion",
        "registeredAt",
        "runningTasksCount",
        "ec2InstanceId",
        "==",
        "!=",
        "=~",
        "!~",
        "<",
        ">=",
        "=",
        "in",
        "!in",
        "not_in",
        "exists",
        "!exists",
        "and",
        "&&",
        "or",
        "||",
        "not",
        "!",
        "(",
        ")",
        "[",
        "]",
        ",",
        "'",
        "\"",
        "'x y'",
        "prod",
        "1.2",
        "7",
        "2018-02-13",
        "2018-02-13T",
        "a(b",
        "[[",
        "\\",
        "*",
        "+",
        "{",
        "{2,1}",
        "?",
        "&",
        ";",
        "ü",
        "\u{2028}",
        "'(a|b)*\\1'",
        "'[a&&'",
        "'\\Q'",
        "true",
    ];
    // Every second soup is of larger pieces, so that some are expressions.
    let pieces = [
        "attribute:a == 1 ",
        "task:group =~ 's.*' ",
        "runningTasksCount < 3",
        "and",
        "or",
        "&&",
        "||",
        "not",
        "(",
        ")",
    ];
    let mut n_valid = 0;
    for case in 0..20_000 {
        let mut stream = seed.stream(Domain::Lifetime, case);
        let mut text = String::new();
        for _ in 0..=stream.below(9) {
            let from: &[&str] = if case % 2 == 0 { &tokens } else { &pieces };
            text.push_str(from[stream.below(from.len() as u64) as usize]);
            if stream.below(3) > 0 {
                text.push(' ');
            }
        }
        match Expression::parse(&text) {
            Ok(expression) => {
                n_valid += 1;
                assert_eq!(expression.text(), text);
                drop(select(&text, &fleet()));
            }
            Err(fault) => {
                assert!(
                    fault.start <= fault.end && fault.end <= text.len(),
                    "{seed:?} {case}: {text}: {fault:?}"
                );
                assert!(text.get(fault.start..fault.end).is_some(), "{seed:?} {case}: {text}: {fault:?}");
                assert!(!fault.message.ends_with('.'), "{fault}");
            }
        }
    }
    assert!(n_valid > 100, "{seed:?}: only {n_valid} expressions were valid");
}
