//! `[scanning]`: how the private registries scan images, and what is found;
//! `scan_gate` of a release.

use super::workload::PathRef;
use crate::base::SimDuration;
use crate::experiment::reader::{self, Faults};
use crate::experiment::tree::{Node, Value};
use crate::model::scanning::{
    FindingRates, FindingsSource, ScanFrequency, ScanGate, ScanRule, ScanType, Scanning, Severity,
};

/// Findings of an image at its push or in a day, in the mean: beyond any.
const RATE_MAX: f64 = 1000.0;
/// Filters of a rule (API RegistryScanningRule).
const FILTERS_MAX: usize = 100;
/// Findings that a gate lets through: beyond any.
const AT_MOST_MAX: u64 = 1_000_000_000;

/// What was read: the scanning, and the file of its findings.
pub(super) type ScanningSpec = (Scanning, Option<PathRef>);

/// Reads `[scanning]`, if it is there.
pub(super) fn read(node: Option<&Node>, faults: &Faults) -> Option<ScanningSpec> {
    let table = reader::Table::of(node?, faults);
    let default = Scanning::basic();
    let scan_type =
        table.optional("scan_type").and_then(|it| reader::word(it, &["BASIC", "ENHANCED"], faults));
    let scan_type = [ScanType::Basic, ScanType::Enhanced][scan_type.unwrap_or(0)];
    let rules = read_rules(&table, scan_type);
    let scan_duration = table.duration("scan_duration").unwrap_or(default.scan_duration);
    let rescan_interval = table.duration("rescan_interval").unwrap_or(default.rescan_interval);
    if let (Some(written), SimDuration::ZERO) = (table.optional("rescan_interval"), rescan_interval) {
        faults.note(written.fault("B0106", "between two looks at an image there is some time"));
    }
    let rescan_duration = table.duration("rescan_duration");
    let (findings, file) = match table.optional("findings") {
        Some(Node { value: Value::Text(path), .. }) => {
            let node = table.optional("findings").expect("it is there").clone();
            (FindingsSource::Observed(Vec::new()), Some(PathRef { path: path.clone(), node }))
        }
        Some(node) => (FindingsSource::Drawn(read_rates(node, faults)), None),
        None => (default.findings, None),
    };
    table.finish();
    let scans_per_day = default.scans_per_day;
    let scanning = Scanning {
        scan_type,
        rules,
        scan_duration,
        rescan_interval,
        rescan_duration,
        scans_per_day,
        findings,
    };
    Some((scanning, file))
}

fn read_rules(table: &reader::Table<'_>, scan_type: ScanType) -> Vec<ScanRule> {
    const WORDS: [&str; 3] = ["SCAN_ON_PUSH", "CONTINUOUS_SCAN", "MANUAL"];
    const FREQUENCIES: [ScanFrequency; 3] =
        [ScanFrequency::OnPush, ScanFrequency::Continuous, ScanFrequency::Manual];
    let faults = table.faults();
    let mut rules: Vec<ScanRule> = Vec::new();
    for node in table.list("rules") {
        let rule = reader::Table::of(node, faults);
        let frequency = rule.required("scan_frequency").and_then(|it| {
            let frequency = FREQUENCIES[reader::word(it, &WORDS, faults)?];
            let unknown = match scan_type {
                ScanType::Basic => ScanFrequency::Continuous,
                ScanType::Enhanced => ScanFrequency::Manual,
            };
            if frequency == unknown {
                let message = match scan_type {
                    ScanType::Basic => "basic scanning is on push or manual",
                    ScanType::Enhanced => "enhanced scanning is on push or continuous",
                };
                faults.note(it.fault("B0185", message));
            }
            if rules.iter().any(|it| it.frequency == frequency) {
                faults.note(it.fault("B0111", "there is a rule of this frequency already"));
            }
            Some(frequency)
        });
        let filters = read_filters(&rule);
        rule.finish();
        rules.extend(frequency.map(|frequency| ScanRule { frequency, filters }));
    }
    rules
}

/// Every repository where none is written.
fn read_filters(rule: &reader::Table<'_>) -> Vec<String> {
    let faults = rule.faults();
    let Some(written) = rule.optional("repository_filters") else { return vec!["*".to_owned()] };
    let items = rule.list("repository_filters");
    let mut filters = Vec::new();
    for node in items {
        let Some(filter) = reader::text(node, faults) else { continue };
        let is_allowed = |it: u8| it.is_ascii_lowercase() || it.is_ascii_digit() || b"*._-/".contains(&it);
        if !(1..=256).contains(&filter.len()) || !filter.bytes().all(is_allowed) {
            let expected = "1 to 256 lower-case letters, digits and `* . _ - /`";
            faults.note(
                node.fault("B0109", format!("`{filter}` is no filter of repositories: expected {expected}")),
            );
        }
        filters.push(filter.to_owned());
    }
    if items.is_empty() {
        faults.note(written.fault("B0105", "a rule has a filter at least"));
    }
    if items.len() > FILTERS_MAX {
        let message = format!("{} filters, and a rule has at most {FILTERS_MAX}", items.len());
        faults.note(written.fault("B0112", message));
    }
    filters
}

/// `{ at_push = { CRITICAL = 0.2 }, per_day = { HIGH = 0.05 } }`
fn read_rates(node: &Node, faults: &Faults) -> FindingRates {
    let table = reader::Table::of(node, faults);
    let rates = |name: &'static str| {
        let mut found = [0; 6];
        if let Some(node) = table.optional(name) {
            let of_severity = reader::Table::of(node, faults);
            for (idx, (severity, _)) in Severity::NAMES.into_iter().enumerate() {
                let rate = of_severity.optional(severity);
                let rate = rate.and_then(|it| reader::decimal(it, RATE_MAX, faults));
                found[idx] = rate.map_or(0, |it| (it * 1e6).round() as u64);
            }
            of_severity.finish();
        }
        found
    };
    let found = FindingRates { at_push: rates("at_push"), per_day: rates("per_day") };
    table.finish();
    found
}

/// `{ severity, at_most, timeout }` of a release, where something is scanned.
pub(super) fn read_gate(node: &Node, is_scanned: bool, faults: &Faults) -> Option<ScanGate> {
    let table = reader::Table::of(node, faults);
    let names = Severity::NAMES.map(|it| it.0);
    let severity = match table.optional("severity") {
        Some(it) => reader::word(it, &names, faults),
        None => Some(0),
    };
    let at_most = table.integer("at_most", 0..=AT_MOST_MAX).unwrap_or(0);
    let timeout = table.duration("timeout").unwrap_or(SimDuration::from_secs(30 * 60));
    table.finish();
    if !is_scanned {
        let message = "a release waits for a scan, and the experiment has no [scanning]";
        faults.note(node.fault("B0186", message));
    }
    Some(ScanGate { severity: Severity::NAMES[severity?].1, at_most, timeout })
}
