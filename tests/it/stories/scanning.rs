//! Scans of images, and releases that wait for them.

use berthlab::record::{GateOutcome, ScanRecord};

use super::{Played, container, definition, play};

/// A service with one task on a pool, and a private repository with the images
/// `web:1`, there from before the run, and `web:2`, pushed at ten minutes. The
/// release is at ten minutes, its scan takes 30 s.
fn released(scanning: &str, gate: &str, more: &str, findings: &str) -> Played {
    let experiment = format!(
        r#"horizon = "1h"
pull_overhead = "1s"
pull_bandwidth = 1000
unpack_rate = 2500
[cluster]
availability_zones = ["us-east-1a"]
instances = 1
instance_type = "m5.large"
[scanning]
scan_duration = "30s"
{scanning}
[[repository]]
name = "web"
image = [
    {{ tags = ["1"], age = "30h", layers = [{{ digest = "a", size = 1000 }}] }},
    {{ tags = ["2"], at = "10m", layers = [{{ digest = "b", size = 1000 }}] }},
]
[[service]]
name = "web"
task_definition = "web.json"
desired_count = 1
release = [{{ at = "10m", image = "web:2"{gate} }}{more}]
"#
    );
    let web = definition("web", "bridge", "", &container("app", "")).replace(
        "public.ecr.aws/docker/library/nginx:1",
        "123456789012.dkr.ecr.us-east-1.amazonaws.com/web:1",
    );
    play(&experiment, &[("web.json", &web), ("findings.csv", findings)])
}

fn scans(played: &Played) -> &ScanRecord {
    played.record.images.scans.as_ref().expect("images are scanned")
}

/// Outcome, moment of the decision in seconds, critical and high findings.
fn decided(played: &Played) -> Vec<(GateOutcome, u64, [u64; 2])> {
    let releases = scans(played).releases.iter();
    releases.map(|it| (it.outcome, it.decided_ms / 1000, [it.findings[0], it.findings[1]])).collect()
}

const ENHANCED: &str =
    "scan_type = \"ENHANCED\"\nrules = [{ scan_frequency = \"SCAN_ON_PUSH\" }]\nfindings = \"findings.csv\"";
const CLEAN: &str = "repository,tag,severity,count\nweb,1,CRITICAL,4\nweb,2,HIGH,3\n";
const BAD: &str = "repository,tag,severity,count\nweb,2,CRITICAL,2\nweb,2,HIGH,3\n";
const GATE: &str = ", scan_gate = { severity = \"CRITICAL\", at_most = 1, timeout = \"5m\" }";

#[test]
fn a_release_waits_for_its_scan_and_goes_if_it_is_clean() {
    let played = released(ENHANCED, GATE, "", CLEAN);
    assert_eq!(decided(&played), [(GateOutcome::Opened, 630, [0, 3])]);
    assert_eq!(played.times("web:2 placed on i0"), [630]);
    assert_eq!(played.record.rollouts[0].started_ms, 630_000, "the wait is no part of the rollout");
    // The image of before is scanned as long ago.
    assert_eq!((scans(&played).n_first, scans(&played).n_rescans), (1, 0));
    let ledger = &played.record.ledger;
    let lines: Vec<_> = ledger.lines.iter().filter(|it| it.item == "images").map(|it| it.quantity).collect();
    assert_eq!(lines, [1], "{:?}", ledger.lines);
}

#[test]
fn findings_beyond_the_gate_keep_a_release_back_for_good() {
    let played = released(ENHANCED, GATE, "", BAD);
    assert_eq!(decided(&played), [(GateOutcome::BlockedByFindings, 630, [2, 3])]);
    let why = "2 findings of severity CRITICAL or worse, and at most 1 are let through";
    assert_eq!(scans(&played).releases[0].reason, why);
    assert!(played.times("web:2 placed on i0").is_empty() && played.record.rollouts.is_empty());
    assert_eq!(scans(&played).n_blocked(), 1);
    // Without a gate the same findings are told and keep nobody.
    let open = released(ENHANCED, "", "", BAD);
    assert_eq!(decided(&open), [(GateOutcome::Ungated, 600, [0, 0])], "the scan has not ended");
    assert_eq!(open.times("web:2 placed on i0"), [600]);
}

#[test]
fn a_result_that_does_not_come_keeps_a_release_back_after_the_timeout() {
    let unscanned = ENHANCED.replace("\"SCAN_ON_PUSH\"", "\"SCAN_ON_PUSH\", repository_filters = [\"shop\"]");
    let played = released(&unscanned, GATE, "", CLEAN);
    assert_eq!(decided(&played), [(GateOutcome::BlockedByTimeout, 900, [0, 0])]);
    assert!(scans(&played).releases[0].reason.ends_with("5m: FINDINGS_UNAVAILABLE"));
    assert_eq!(scans(&played).n_first, 0);
    let late = released(ENHANCED, &GATE.replace("5m", "29s"), "", CLEAN);
    assert_eq!(decided(&late), [(GateOutcome::BlockedByTimeout, 629, [0, 0])]);
    assert!(scans(&late).releases[0].reason.ends_with("29s: PENDING"));
    let beyond = released(ENHANCED, &GATE.replace("5m", "10h"), "", CLEAN);
    assert_eq!(decided(&beyond), [(GateOutcome::Opened, 630, [0, 3])]);
    let never = released(&unscanned, &GATE.replace("5m", "10h"), "", CLEAN);
    assert_eq!(decided(&never), [(GateOutcome::CutByHorizon, 3600, [0, 0])]);
}

#[test]
fn a_later_release_takes_the_place_of_one_that_waits() {
    let more = ", { at = \"615s\", image = \"web:1\" }";
    let played = released(ENHANCED, GATE, more, CLEAN);
    let expected = [(GateOutcome::Superseded, 615, [0, 0]), (GateOutcome::Ungated, 615, [4, 0])];
    assert_eq!(decided(&played), expected);
    assert!(played.times("web:2 placed on i0").is_empty());
    assert_eq!(played.times("web:3 placed on i0"), [615]);
}

#[test]
fn a_gate_asks_for_the_scan_where_scanning_is_manual() {
    let manual = "findings = \"findings.csv\"";
    let played = released(manual, GATE, "", CLEAN);
    assert_eq!(decided(&played), [(GateOutcome::Opened, 630, [0, 3])]);
    assert_eq!(scans(&played).n_first, 1, "nobody asked for the image of before");
    // Basic scanning is free.
    assert!(played.record.ledger.lines.iter().all(|it| it.item != "images"));
}

#[test]
fn continuous_scanning_learns_of_new_findings_and_is_paid_for_look_by_look() {
    let continuous = "scan_type = \"ENHANCED\"\nrescan_interval = \"6h\"\nfindings = \"findings.csv\"\n\
                      rules = [{ scan_frequency = \"CONTINUOUS_SCAN\", repository_filters = [\"w*b\"] }]";
    // The image of before came 30 hours ago: it is looked at at 0 h; what is known
    // from 1 s on is found 6 h later, beyond the horizon.
    let rows = "repository,tag,severity,count,found_at_s\nweb,1,HIGH,1,\nweb,1,CRITICAL,1,1\n";
    let back = ", { at = \"20m\", image = \"web:1\" }";
    let played = released(continuous, "", back, rows);
    assert_eq!(decided(&played)[1], (GateOutcome::Ungated, 1200, [0, 1]));
    assert_eq!((scans(&played).n_first, scans(&played).n_rescans), (1, 1));
    let cost: Vec<String> = played
        .record
        .ledger
        .lines
        .iter()
        .filter(|it| it.item == "images")
        .map(|it| format!("{:?} {}", it.meter, it.cost().as_usd_f64()))
        .collect();
    assert_eq!(cost, ["ImageScan 0.09", "ImageRescan 0.01"]);
}

#[test]
fn findings_that_are_drawn_are_the_same_for_every_gate() {
    let drawn = "rules = [{ scan_frequency = \"SCAN_ON_PUSH\" }]\nfindings = { at_push = { CRITICAL = 2.0, HIGH = 5 } }";
    let patient = released(drawn, ", scan_gate = { severity = \"HIGH\", at_most = 1000 }", "", "");
    let strict = released(drawn, ", scan_gate = { severity = \"HIGH\" }", "", "");
    let (open, blocked) = (decided(&patient)[0], decided(&strict)[0]);
    assert_eq!((open.0, open.2), (GateOutcome::Opened, blocked.2));
    assert!(open.2[1] > 0, "five in the mean: {open:?}");
    assert_eq!(blocked.0, GateOutcome::BlockedByFindings);
}
