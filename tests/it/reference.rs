//! Second opinions: a fixed pool against the reference model of the parity
//! set, and the waiting line against a line that remembers nothing.
#![expect(clippy::print_stdout, reason = "a test says what it saw, and what it skipped")]

use std::path::Path;
use std::process::Command;

use berthlab::base::id::TaskDefinitionId;
use berthlab::base::{Seed, SimDuration, SimTime};
use berthlab::model::Cluster;
use berthlab::model::attribute::Attributes;
use berthlab::model::options::{ModelOptions, PROVISIONING_TASKS_MAX, Quotas};
use berthlab::model::workload::{TaskArrival, Workload};
use berthlab::placement::strategies::STRATEGIES;
use berthlab::sim::setup::Unplaced;
use berthlab::sim::{Watch, run, run_watched};

use crate::clusters::{definition, instance_type, provider, setup};

const HORIZON: SimDuration = SimDuration::from_secs(14 * 86_400);
const VCPU: u32 = 1024;
const GIB: u32 = 1024;

#[test]
fn placements_on_a_fixed_pool_are_those_of_the_parity_set() {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/parity/gen_trace.py");
    if !script.is_file() {
        println!("skipped: no parity set beside the repository");
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let made = Command::new("python3")
        .arg(&script)
        .args(["--requests", "2000", "--hosts", "20", "--out"])
        .arg(folder.path())
        .output();
    let Ok(made) = made else {
        println!("skipped: no python3");
        return;
    };
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let workload = read_trace(&folder.path().join("trace.csv"));
    for (n_hosts, field, placed, digest) in [
        (20, None, 1926, 0xE225_F3F3_0274_9A78),
        (20, Some("cpu"), 1919, 0x9D1F_8DD6_A0D7_7881),
        (10, None, 983, 0xF72F_1C37_7DB3_BA4F),
        (10, Some("cpu"), 989, 0x1071_5D16_7C7F_1F2D),
    ] {
        let options = ModelOptions { quotas: Quotas::Off, ..ModelOptions::instant() };
        let host = instance_type("host", 64 * VCPU, 256 * GIB);
        let mut setup = setup(options, provider(n_hosts, n_hosts), host, HORIZON);
        if field.is_some() {
            let entry = STRATEGIES.iter().find(|it| it.name == "binpack").expect("binpack is listed");
            let binpack = (entry.build)(field, &mut Attributes::default()).expect("cpu is a field");
            setup.standalone.placement.chain.strategies.push(binpack);
        }
        let record = run(&setup, &workload, Seed(1));
        let found = (record.tasks.submitted, record.tasks.placed, record.placement_digest);
        assert_eq!(found, (2000, placed, digest), "{n_hosts} hosts, binpack {field:?}");
    }
}

/// Departures are absolute; with nothing that takes time a lifetime is what
/// lies between arrival and departure.
fn read_trace(path: &Path) -> Workload {
    let text = std::fs::read_to_string(path).expect("the trace was written");
    let mut workload = Workload::default();
    for line in text.lines().skip(1) {
        let fields: Vec<&str> = line.split(',').collect();
        let [_, arrival, departure, vcpus, gib] = fields[..] else { panic!("five columns: {line}") };
        let millis = |text: &str| SimDuration::parse(text).expect("seconds");
        let at = SimTime::ZERO + millis(arrival);
        let lifetime = match departure {
            "" => SimDuration::FOREVER,
            departure => (SimTime::ZERO + millis(departure)) - at,
        };
        let number = |text: &str| text.parse::<u32>().expect("a whole number");
        let wanted = definition(&format!("{vcpus}x{gib}"), number(vcpus) * VCPU, number(gib) * GIB);
        let known = workload.definitions.iter().find(|it| *it.1 == wanted).map(|it| it.0);
        let definition = known.unwrap_or_else(|| workload.definitions.push(wanted));
        workload.arrivals.push(TaskArrival { at, lifetime, definition, batch: workload.n_batches });
        workload.n_batches += 1;
    }
    workload
}

/// Looks on at a burst: nobody waits who could be placed, and never more than
/// the quota.
#[derive(Default)]
struct Line {
    most: u32,
}

impl Watch for Line {
    fn event_handled(&mut self, _: SimTime, cluster: &Cluster) {
        self.most = self.most.max(cluster.totals().n_waiting);
    }

    fn audits_waiting(&self) -> bool {
        true
    }
}

#[test]
fn a_burst_of_thousands_fills_the_line_to_its_quota_and_drains() {
    for (quotas, expected) in [(Quotas::Documented, PROVISIONING_TASKS_MAX), (Quotas::Off, 3000)] {
        let options = ModelOptions { quotas, ..ModelOptions::default() };
        let horizon = SimDuration::from_secs(12 * 3600);
        let mut setup = setup(options, provider(0, 20), instance_type("host", 4096, 8192), horizon);
        setup.standalone.unplaced =
            Unplaced::Retry { first: SimDuration::from_secs(60), longest: SimDuration::from_secs(900) };
        let definitions: Vec<_> =
            (1..=5).map(|it| definition(&format!("d{it}"), it * 256, it * 300)).collect();
        let mut workload = Workload { definitions: definitions.into(), ..Workload::default() };
        for number in 0..3000 {
            workload.arrivals.push(TaskArrival {
                at: SimTime::from_secs(10),
                lifetime: SimDuration::from_secs(60 + u64::from(number % 97)),
                definition: TaskDefinitionId::new(number / 10 % 5),
                batch: number / 10,
            });
        }
        workload.n_batches = 300;
        let mut line = Line::default();
        let record = run_watched(&setup, &workload, Seed(3), &mut line).expect("nobody stops it");
        assert_eq!(line.most, expected);
        assert_eq!((record.tasks.submitted, record.tasks.finished), (3000, 3000));
        assert_eq!(record.tasks.calls_refused > 0, quotas == Quotas::Documented);
    }
}
