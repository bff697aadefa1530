//! Two settings that differ in every policy meet the same luck, entity by
//! entity: arrivals with their lifetimes, and instances with theirs.
#![expect(clippy::print_stdout, reason = "a test says what it saw, and what it skipped")]

use std::collections::BTreeMap;

use berthlab::base::id::{InstanceId, TaskDefinitionId, ZoneId};
use berthlab::base::{Domain, Seed, SimDuration, SimTime};
use berthlab::model::Cluster;
use berthlab::model::attribute::Attributes;
use berthlab::model::options::{ModelOptions, TieBreak};
use berthlab::model::service::DeploymentBounds;
use berthlab::model::task::{StopCode, Task, TaskOwner};
use berthlab::model::workload::{TaskArrival, Workload};
use berthlab::placement::Chain;
use berthlab::placement::strategies::STRATEGIES;
use berthlab::sim::setup::Unplaced;
use berthlab::sim::{Fact, Watch, run_watched};

use crate::clusters::{
    add_service, bounds, definition, fails_after, instance_of, instance_type, provider, release, setup,
};

const HORIZON: SimDuration = SimDuration::from_secs(6 * 3600);

/// What luck dealt.
#[derive(Default)]
struct Luck {
    /// By arrival number: when it was first asked for.
    requested_at: BTreeMap<u32, SimTime>,
    /// By arrival number: how long it ran, for those that finished.
    lifetimes: BTreeMap<u32, SimDuration>,
    /// By zone and n-th launch there: how long it lived, for those that failed.
    instance_lifetimes: BTreeMap<(ZoneId, u32), SimDuration>,
    failed: Vec<(SimTime, InstanceId)>,
    placements: Vec<InstanceId>,
    n_most_tasks: u32,
}

impl Watch for Luck {
    fn fact(&mut self, now: SimTime, fact: Fact<'_>) {
        let arrival_of = |task: &Task| match task.owner {
            TaskOwner::Standalone { arrival } => Some(arrival),
            TaskOwner::Service { .. } => None,
        };
        match fact {
            Fact::TaskPlaced(task, instance) => {
                self.placements.push(instance_of(instance));
                if let Some(arrival) = arrival_of(task) {
                    self.requested_at.insert(arrival, task.requested_at);
                }
            }
            Fact::TaskStarted(task) => {
                if let Some(arrival) = arrival_of(task) {
                    self.lifetimes.insert(arrival, now.since(SimTime::ZERO));
                }
            }
            Fact::TaskAskedToStop(task, code) => {
                if let Some(arrival) = arrival_of(task) {
                    let started = self.lifetimes.remove(&arrival);
                    if code == StopCode::EssentialContainerExited {
                        let started = started.expect("it ran before it finished");
                        self.lifetimes.insert(arrival, now.since(SimTime::ZERO + started));
                    }
                }
            }
            Fact::InstanceFailed(instance) => self.failed.push((now, instance)),
            _ => (),
        }
    }

    fn event_handled(&mut self, _: SimTime, cluster: &Cluster) {
        for (at, id) in self.failed.drain(..) {
            let instance = cluster.instance(id);
            self.instance_lifetimes.insert((instance.zone, instance.launch), at - instance.launched_at);
        }
        self.n_most_tasks = self.n_most_tasks.max(cluster.totals().n_placed);
    }
}

fn workload() -> Workload {
    let definitions = ["small", "large", "v1", "v2"].map(|name| definition(name, 512, 700));
    let mut workload = Workload { definitions: definitions.to_vec().into(), ..Workload::default() };
    for number in 0..400 {
        let mut stream = Seed(5).stream(Domain::SyntheticArrivals, number);
        workload.arrivals.push(TaskArrival {
            at: SimTime::from_secs(number * 40),
            lifetime: SimDuration::from_secs(60 + stream.below(2000)),
            definition: TaskDefinitionId::new(stream.below(2) as u32),
            batch: number as u32,
        });
    }
    workload.n_batches = 400;
    workload
}

fn play(strategy: (&str, Option<&str>), rollout: DeploymentBounds, is_found: u32) -> Luck {
    let options = ModelOptions { tie_break: TieBreak::Random, ..ModelOptions::default() };
    let mut setup = setup(options, provider(is_found, 30), instance_type("host", 4096, 8192), HORIZON);
    setup.zones.push("zone-b".to_owned());
    setup.providers[crate::clusters::PROVIDER].zones.push(ZoneId::new(1));
    setup.disruptions = vec![fails_after(SimDuration::from_secs(2 * 3600))];
    setup.standalone.unplaced =
        Unplaced::Retry { first: SimDuration::from_secs(60), longest: SimDuration::from_secs(900) };
    let mut workload = workload();
    let service = add_service(&mut setup, &mut workload, rollout, 2, 12);
    for hour in 1..5 {
        release(&mut workload, SimTime::from_secs(hour * 3600), service, 2 + hour as u32 % 2);
    }
    let entry = STRATEGIES.iter().find(|it| it.name == strategy.0).expect("it is listed");
    let built = (entry.build)(strategy.1, &mut Attributes::default()).expect("the field is known");
    for placement in [&mut setup.standalone.placement, &mut setup.services[service].placement] {
        let chain = &placement.chain;
        let strategies = chain.strategies().iter().chain([&built]).cloned();
        placement.chain = Chain::new(strategies.collect(), chain.tie_break());
    }
    let mut luck = Luck::default();
    run_watched(&setup, &workload, Seed(9), &mut luck).expect("nobody stops it");
    luck
}

#[test]
fn two_settings_meet_the_same_arrivals_lifetimes_and_failures() {
    let one = play(("binpack", Some("cpu")), bounds(50, 100), 4);
    let two = play(("spread", Some("instanceId")), bounds(100, 200), 6);
    assert_ne!(one.placements, two.placements, "the settings do differ");

    let given = workload();
    let mut n_tasks = 0;
    for (number, arrival) in (0..).zip(given.arrivals.iter()) {
        for luck in [&one, &two] {
            if let Some(&requested_at) = luck.requested_at.get(&number) {
                assert_eq!(requested_at, arrival.at, "arrival {number}");
                n_tasks += 1;
            }
        }
    }
    let mut n_lifetimes = 0;
    for luck in [&one, &two] {
        // Those that still run at the horizon have no end to compare.
        for (&number, &lifetime) in &luck.lifetimes {
            let arrival = given.arrivals.get(number as usize);
            if arrival.at + arrival.lifetime + SimDuration::from_secs(3600) < SimTime::ZERO + HORIZON {
                assert_eq!(lifetime, arrival.lifetime, "arrival {number}");
                n_lifetimes += 1;
            }
        }
    }
    let mut n_failures = 0;
    for (place, lifetime) in &one.instance_lifetimes {
        if let Some(other) = two.instance_lifetimes.get(place) {
            assert_eq!(lifetime, other, "{place:?}");
            n_failures += 1;
        }
    }
    println!("{n_tasks} placements, {n_lifetimes} lifetimes and {n_failures} failures are the same");
    assert!(n_tasks > 600 && n_lifetimes > 400 && n_failures > 3);
}
