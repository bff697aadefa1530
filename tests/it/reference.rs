//! A second opinion: the waiting line against a line that remembers nothing.

use berthlab::base::id::TaskDefinitionId;
use berthlab::base::{Seed, SimDuration, SimTime};
use berthlab::model::Cluster;
use berthlab::model::options::{ModelOptions, PROVISIONING_TASKS_MAX, Quotas};
use berthlab::model::workload::{TaskArrival, Workload};
use berthlab::sim::setup::Unplaced;
use berthlab::sim::{Watch, run_watched};

use crate::clusters::{definition, instance_type, provider, setup};

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
