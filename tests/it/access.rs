//! Roles, policies of repositories and what changes of them, from an experiment
//! and its files to what decides.

use berthlab::base::{SimDuration, SimTime};
use berthlab::experiment::matrix::{self, SourceText};
use berthlab::model::access::{Access, Permissions as _};

use crate::bad_input::{Told, refused};
use crate::support::{Bench, LEAST};

const ROLE_POLICY: &str = r#"{"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Action": ["ecr:*", "logs:*"], "Resource": "*"},
    {"Effect": "Deny", "Action": "ecr:Put*", "NotResource": "arn:aws:ecr:*:*:repository/dev/*"}]}"#;
const REPOSITORY_POLICY: &str = r#"{"Statement": [{"Sid": "pull", "Effect": "Allow",
    "Principal": {"AWS": "arn:aws:iam::210987654321:root"}, "Action": "ecr:BatchGetImage"}]}"#;
const WEB: &str = "arn:aws:ecr:us-east-1:123456789012:repository/web";
const BASE: &str = "arn:aws:ecr:us-east-1:123456789012:repository/base";
const OTHER: &str = "arn:aws:iam::210987654321:role/exec";

/// Who may what in the least experiment with more behind it.
fn access(bench: &Bench, more: &str, overrides: &[&str]) -> Access {
    let overrides = overrides.iter().map(|it| (*it).to_owned()).collect();
    let source = SourceText { file: "x.toml".to_owned(), text: format!("{LEAST}{more}"), overrides };
    let read = matrix::read(source, &bench.path(""));
    let experiment = read.unwrap_or_else(|found| panic!("{found:?}"));
    experiment.settings.last().expect("a setting").setup.access.clone()
}

fn bench() -> Bench {
    let bench = Bench::new();
    bench.write("role.json", ROLE_POLICY);
    bench.write("repository.json", REPOSITORY_POLICY);
    bench
}

const ROLES: &str = r#"
[[role]]
name = "exec"
policy = "role.json"
[[role]]
name = "late"
allow = "ecr:BatchGetImage"
[[repository]]
name = "web"
policy = "repository.json"
[[repository]]
name = "base"
policy = [{ effect = "Deny", principal = ["*"], action = "ecr:BatchGetImage" }]
"#;

#[test]
fn policies_of_files_and_of_the_experiment_decide() {
    let access = access(&bench(), ROLES, &[]);
    let may = |role, action, resource| access.may(Some(role), action, resource).is_ok();
    let own = "arn:aws:iam::123456789012:role/exec";
    for (role, action, resource, expected) in [
        (own, "ecr:BatchGetImage", WEB, true),
        (own, "ecr:PutImage", WEB, false),
        (own, "ecr:PutImage", "arn:aws:ecr:us-east-1:123456789012:repository/dev/web", true),
        (own, "ecr:BatchGetImage", BASE, false),
        (own, "ecr:GetDownloadUrlForLayer", BASE, true),
        // Another account needs both.
        (OTHER, "ecr:BatchGetImage", WEB, true),
        (OTHER, "ecr:GetDownloadUrlForLayer", WEB, false),
        (OTHER, "ecr:GetAuthorizationToken", "*", true),
        // Nobody describes this repository.
        (OTHER, "ecr:BatchGetImage", "arn:aws:ecr:us-east-1:123456789012:repository/x", true),
    ] {
        assert_eq!(may(role, action, resource), expected, "{role} {action} {resource}");
    }
}

#[test]
fn roles_change_at_their_moments_whatever_the_order_in_the_file() {
    let events = r#"
[[event]]
at = "30m"
role = "late"
restore = true
[[event]]
at = "10m"
role = "late"
policy = "role.json"
[[event]]
at = "20m"
role = "late"
deny = ["ecr:BatchGetImage"]
"#;
    let access = access(&bench(), &format!("{ROLES}{events}"), &[]);
    let minutes = |it: u64| SimTime::ZERO + SimDuration::from_secs(60 * it);
    for (at, may_get, may_log) in
        [(0, true, false), (10, true, true), (20, false, true), (29, false, true), (30, true, false)]
    {
        let now = access.at(minutes(at));
        assert_eq!(now.may(Some("late"), "ecr:BatchGetImage", WEB).is_ok(), may_get, "{at} min");
        assert_eq!(now.may(Some("late"), "logs:PutLogEvents", "*").is_ok(), may_log, "{at} min");
    }
}

#[test]
fn a_policy_may_be_set_and_be_an_axis() {
    let bench = bench();
    bench.write("none.json", r#"{"Statement": {"Effect": "Deny", "Action": "*", "Resource": "*"}}"#);
    let may = |access: &Access| access.may(Some("exec"), "ecr:BatchGetImage", WEB).is_ok();
    assert!(may(&access(&bench, ROLES, &[])));
    assert!(!may(&access(&bench, ROLES, &["role.exec.policy=none.json"])));
    let axis = format!("{ROLES}[axes]\n\"role.exec.policy\" = [\"role.json\", \"none.json\"]\n");
    assert!(!may(&access(&bench, &axis, &[])), "the last of the two");
}

#[test]
fn what_is_wrong_with_a_policy_is_told_at_its_place() {
    let bench = bench();
    let conditional =
        REPOSITORY_POLICY.replace("\"Action\"", "\"Condition\": {\"Bool\": {\"x\": \"true\"}}, \"Action\"");
    bench.write("conditional.json", &conditional);
    let role = |fields: &str| format!("{LEAST}[[role]]\nname = \"exec\"\n{fields}\n");
    let event = |fields: &str| role(&format!("[[event]]\nat = \"10m\"\nrole = \"exec\"\n{fields}"));
    let repository = |fields: &str| format!("{LEAST}[[repository]]\nname = \"web\"\n{fields}\n");
    let cases: &[(String, Told)] = &[
        (role("policy = 3"), ("B0103", 12, 10, "found a number")),
        (role("policy = \"gone.json\""), ("B0140", 12, 10, "gone.json")),
        (role("policy = \"repository.json\""), ("B0824", 1, 16, "`Resource`")),
        (repository("policy = \"role.json\""), ("B0824", 2, 5, "`Principal`")),
        (repository("policy = \"conditional.json\""), ("B0826", 2, 61, "not evaluated")),
        (repository("policy = { effect = \"Allow\", action = \"ecr:*\" }"), ("B0105", 12, 10, "`principal`")),
        (
            repository("policy = [{ effect = \"Allow\", principal = \"exec\", action = \"ecr:*\" }]"),
            ("B0183", 12, 43, "the ARN of a role"),
        ),
        (
            repository("registry = \"public.ecr.aws/acme\"\npolicy = \"repository.json\""),
            ("B0110", 13, 10, "everyone pulls"),
        ),
        (event(""), ("B0105", 12, 1, "nothing happens to the role")),
        (event("allow = \"s3\""), ("B0162", 15, 9, "`s3`")),
        (event("restore = true\nallow = \"s3:*\""), ("B0110", 12, 1, "not both")),
        (event("service = \"web\""), ("B0105", 12, 1, "an event names")),
        (event("allow = \"s3:*\"\nresource = \"*\""), ("B0104", 16, 1, "resource")),
        (
            event("allow = \"s3:*\"").replace("role = \"exec\"", "role = \"exce\""),
            ("B0117", 14, 8, "did you mean `exec`"),
        ),
        (event("allow = \"s3:*\"").replace("10m", "1h"), ("B0110", 13, 6, "horizon")),
    ];
    for (text, told) in cases {
        let what: Vec<&str> = text.lines().skip(LEAST.lines().count()).collect();
        let checked: &[Told] = match *told {
            ("B0824", ..) if text.contains("repository.json") => &[*told, ("B0827", 2, 5, "no `Principal`")],
            ("B0824", ..) => {
                &[*told, ("B0827", 2, 68, "no `Resource`"), ("B0824", 3, 5, ""), ("B0827", 3, 61, "")]
            }
            _ => &[*told],
        };
        refused(&bench, &what.join(" | "), text, checked);
    }
}

#[test]
fn a_policy_alone_is_checked() {
    let bench = bench();
    let checked = bench.run(&["check", "role.json", "repository.json"]);
    assert_eq!((checked.code, checked.out.as_str()), (Some(0), "2 files without fault\n"), "{}", checked.err);
    bench.write("bad.json", ROLE_POLICY.replace("\"Deny\"", "\"deny\""));
    let checked = bench.run(&["check", "bad.json", "--format", "json"]);
    assert_eq!(checked.code, Some(3));
    assert!(checked.out.contains("B0823"), "{}", checked.out);
    let service =
        REPOSITORY_POLICY.replace("\"AWS\": \"", "\"Service\": \"codebuild.amazonaws.com\", \"AWS\": \"");
    bench.write("service.json", service);
    let checked = bench.run(&["check", "service.json"]);
    assert_eq!(checked.code, Some(0), "{}", checked.err);
    assert!(checked.err.contains("B0831") && checked.err.contains("no effect here"), "{}", checked.err);
}

#[test]
fn what_is_wrong_with_scanning_is_told_at_its_place() {
    let bench = Bench::new();
    bench.write("bad.csv", "repository,tag,severity,count\nweb,1,WORST,1\n");
    let scanning = |fields: &str| format!("{LEAST}[scanning]\n{fields}\n");
    let rules = |rule: &str| scanning(&format!("scan_type = \"ENHANCED\"\nrules = [{{ {rule} }}]"));
    let gate = |fields: &str| {
        let release = format!("release = [{{ at = \"1m\", image = \"x\", scan_gate = {{ {fields} }} }}]");
        format!("{LEAST}{release}\n[scanning]\n")
    };
    let cases: &[(String, Told)] = &[
        (scanning("scan_type = \"BEST\""), ("B0108", 11, 13, "ENHANCED")),
        (
            scanning("rules = [{ scan_frequency = \"CONTINUOUS_SCAN\" }]"),
            ("B0185", 11, 29, "on push or manual"),
        ),
        (rules("scan_frequency = \"MANUAL\""), ("B0185", 12, 29, "on push or continuous")),
        (
            rules("scan_frequency = \"SCAN_ON_PUSH\" }, { scan_frequency = \"SCAN_ON_PUSH\""),
            ("B0111", 12, 66, "already"),
        ),
        (rules("repository_filters = [\"*\"]"), ("B0105", 12, 10, "scan_frequency")),
        (
            rules("scan_frequency = \"SCAN_ON_PUSH\", repository_filters = [\"Web\"]"),
            ("B0109", 12, 67, "lower-case"),
        ),
        (
            rules("scan_frequency = \"SCAN_ON_PUSH\", repository_filters = []"),
            ("B0105", 12, 66, "a filter at least"),
        ),
        (scanning("rescan_interval = 0"), ("B0106", 11, 19, "some time")),
        (scanning("scan_duration = \"-1s\""), ("B0106", 11, 17, "not negative")),
        (scanning("findings = \"gone.csv\""), ("B0140", 11, 12, "gone.csv")),
        (scanning("findings = \"bad.csv\""), ("B0184", 2, 7, "WORST")),
        (scanning("findings = 3"), ("B0103", 11, 12, "expected a table")),
        (scanning("findings = { at_push = { CRITICAL = -1 } }"), ("B0107", 11, 37, "above 0")),
        (scanning("findings = { at_push = { BAD = 1 } }"), ("B0104", 11, 26, "BAD")),
        (scanning("findings = { daily = { LOW = 1 } }"), ("B0104", 11, 14, "daily")),
        (scanning("scan = true"), ("B0104", 11, 1, "scan")),
        (gate("severity = \"BAD\""), ("B0108", 10, 63, "CRITICAL")),
        (gate("at_most = -1"), ("B0107", 10, 62, "0 to")),
        (gate("at_least = 1"), ("B0104", 10, 52, "at_most")),
        (gate("").replace("[scanning]\n", ""), ("B0186", 10, 50, "no [scanning]")),
    ];
    for (text, told) in cases {
        let what: Vec<&str> = text.lines().skip(LEAST.lines().count()).collect();
        refused(&bench, &what.join(" | "), text, &[*told]);
    }
}
