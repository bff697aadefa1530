//! A small cluster and a few things that happen to it in, the story out. Tasks
//! start, become healthy and stop instantly unless a line says otherwise.
//!
//! ```text
//! cluster 1 x 1024cpu 2048mib            always so many instances; tasks wait in line
//! boot 90s | start 10s | settle 40s | exit 5s
//! service web 4 x 256cpu 512mib 50/100
//! 0s arrive a 1024cpu 512mib for 10s
//! 60s release web | 60s scale web 6
//! ```

use std::collections::BTreeMap;

use berthlab::base::id::{CapacityProviderId, InstanceTypeId, ServiceId, ZoneId};
use berthlab::base::{CpuUnits, MemoryMib, Money, Seed, SimDuration, SimTime, Table};
use berthlab::deployment::Standstill;
use berthlab::model::Cluster;
use berthlab::model::attribute::Attributes;
use berthlab::model::capacity::{CapacityProvider, ManagedScaling, Scaling};
use berthlab::model::instance::InstanceType;
use berthlab::model::options::ModelOptions;
use berthlab::model::price::DatedPrice;
use berthlab::model::service::DeploymentBounds;
use berthlab::model::task::{Needs, StopCode, TaskDefinition, TaskOwner};
use berthlab::model::workload::{ServiceChange, ServiceChangeKind, ServiceStart, TaskArrival, Workload};
use berthlab::placement::Chain;
use berthlab::record::RunRecord;
use berthlab::sim::setup::{Placement, ServicePolicy, StandalonePolicy, Unplaced};
use berthlab::sim::{Fact, Setup, Watch, run_watched};

#[test]
fn a_freed_instance_takes_the_waiting_task() {
    check(
        "cluster 1 x 1024cpu 2048mib
         0s arrive a 1024cpu 512mib for 10s
         1s arrive b 1024cpu 512mib for 5s",
        "0s a placed on i0
         10s a stopped: finished
         10s b placed on i0
         15s b stopped: finished",
    );
}

#[test]
fn who_joined_first_is_tried_first_and_lets_a_smaller_one_pass() {
    check(
        "cluster 1 x 1024cpu 2048mib
         0s arrive a 512cpu 512mib for 10s
         1s arrive large 1024cpu 512mib for 5s
         2s arrive small 512cpu 512mib for 20s
         3s arrive later 256cpu 512mib for 1s",
        "0s a placed on i0
         2s small placed on i0
         10s a stopped: finished
         10s later placed on i0
         11s later stopped: finished
         22s small stopped: finished
         22s large placed on i0
         27s large stopped: finished",
    );
}

#[test]
fn exactly_equal_fits_and_a_task_larger_than_any_instance_is_not_waited_for() {
    let record = check(
        "cluster 1 x 1024cpu 2048mib
         0s arrive whole 1024cpu 2048mib for 1s
         0s arrive giant 1025cpu 1mib for 1s",
        "0s whole placed on i0
         1s whole stopped: finished",
    );
    assert_eq!((record.tasks.never_placeable, record.tasks.never_placed), (1, 1));
    assert_eq!(record.never_placeable[0].reason, "RESOURCE:CPU");
}

#[test]
fn start_4_min_50_max_100() {
    check(
        "cluster 8 x 1024cpu 1024mib
         service web 4 x 1024cpu 1024mib 50/100
         60s release web",
        "0s web: start 4 v1
         60s web: stop 2 v1
         60s web: start 2 v2
         60s web: stop 2 v1
         60s web: start 2 v2
         60s web: completed",
    );
}

#[test]
fn start_4_min_100_max_150() {
    check(
        "cluster 8 x 1024cpu 1024mib
         service web 4 x 1024cpu 1024mib 100/150
         60s release web",
        "0s web: start 4 v1
         60s web: start 2 v2
         60s web: stop 2 v1
         60s web: start 2 v2
         60s web: stop 2 v1
         60s web: completed",
    );
}

#[test]
fn at_maximum_100_a_replacement_waits_until_the_old_task_has_stopped() {
    check(
        "cluster 8 x 1024cpu 1024mib
         start 10s
         settle 40s
         exit 5s
         service web 4 x 1024cpu 1024mib 50/100
         100s release web",
        "0s web: start 4 v1
         100s web: stop 2 v1
         105s web: start 2 v2
         155s web: stop 2 v1
         160s web: start 2 v2
         210s web: completed",
    );
}

#[test]
fn a_rollout_that_can_never_progress_is_a_reported_deadlock() {
    use berthlab::record::DeploymentOutcome;
    for bounds in ["100/100", "100/125"] {
        let record = check(
            &format!(
                "cluster 8 x 1024cpu 1024mib
                 service web 3 x 1024cpu 1024mib {bounds}
                 60s release web"
            ),
            "0s web: start 3 v1
             60s web: deadlock: deployment configuration",
        );
        assert_eq!(record.rollouts[0].outcome, DeploymentOutcome::DeadlockedByConfiguration);
    }
    let record = check(
        "cluster 4 x 1024cpu 1024mib
         service web 4 x 1024cpu 1024mib 100/150
         60s release web",
        "0s web: start 4 v1
         60s web: start 2 v2
         60s web: deadlock: insufficient capacity",
    );
    assert_eq!(record.rollouts[0].outcome, DeploymentOutcome::DeadlockedByCapacity);
}

#[test]
fn a_newer_release_supersedes_the_one_under_way() {
    check(
        "cluster 8 x 1024cpu 1024mib
         start 10s
         settle 40s
         exit 1s
         service web 2 x 1024cpu 1024mib 50/100
         100s release web
         120s release web",
        "0s web: start 2 v1
         100s web: stop 1 v1
         101s web: start 1 v2
         151s web: stop 1 v1
         152s web: start 1 v3
         202s web: stop 1 v2
         203s web: start 1 v3
         253s web: completed",
    );
}

#[test]
fn a_service_grows_and_shrinks_with_its_desired_count() {
    check(
        "cluster 8 x 1024cpu 1024mib
         service web 2 x 1024cpu 1024mib 100/200
         10s scale web 5
         20s scale web 1
         30s scale web 0",
        "0s web: start 2 v1
         10s web: start 3 v1
         20s web: stop 4 v1
         30s web: stop 1 v1",
    );
}

/// Plays `script` and compares its story with `story`.
fn check(script: &str, story: &str) -> RunRecord {
    let (setup, workload, names) = parse(script);
    let n_services = setup.services.len();
    let mut teller =
        Teller { names, n_services, lines: Vec::new(), stops: BTreeMap::new(), starts: Vec::new() };
    let record = run_watched(&setup, &workload, Seed(1), &mut teller).unwrap();
    let expected: Vec<&str> = story.lines().map(str::trim).filter(|it| !it.is_empty()).collect();
    assert_eq!(teller.lines, expected, "the story of\n{script}");
    record
}

use crate::clusters::instance_of;

struct Names {
    tasks: Vec<String>,
    services: Vec<String>,
}

struct Teller {
    names: Names,
    n_services: usize,
    lines: Vec<String>,
    /// Of the event at hand: stops by (service, revision), and starts.
    stops: BTreeMap<(u32, usize), u32>,
    starts: Vec<(u32, String)>,
}

impl Teller {
    fn tell(&mut self, now: SimTime, what: &str) {
        let line = format!("{}s {what}", now.millis() / 1000);
        // A standstill is found again at every look.
        if self.lines.last() != Some(&line) {
            self.lines.push(line);
        }
    }
}

impl Watch for Teller {
    fn fact(&mut self, now: SimTime, fact: Fact<'_>) {
        match fact {
            Fact::TaskPlaced(task, instance) => {
                if let TaskOwner::Standalone { arrival } = task.owner {
                    let name = &self.names.tasks[arrival as usize];
                    self.tell(now, &format!("{name} placed on i{}", instance_of(instance).number()));
                }
            }
            Fact::TaskAskedToStop(task, StopCode::EssentialContainerExited) => {
                if let TaskOwner::Standalone { arrival } = task.owner {
                    let name = &self.names.tasks[arrival as usize];
                    self.tell(now, &format!("{name} stopped: finished"));
                }
            }
            Fact::TaskAskedToStop(task, StopCode::ServiceSchedulerInitiated) => {
                if let TaskOwner::Service { deployment, .. } = task.owner {
                    // The scripts release one service only: its deployments
                    // follow the first ones of all services.
                    let number = deployment.number() as usize;
                    let revision = if number < self.n_services { 1 } else { number - self.n_services + 2 };
                    *self.stops.entry((task.group.number(), revision)).or_default() += 1;
                }
            }
            Fact::ServicePlanned(service, plan) => {
                if plan.start_target > 0 {
                    self.starts.push((service.number(), format!("start {} new", plan.start_target)));
                }
                let why = plan.standstill.map(|it| match it {
                    Standstill::DeploymentConfiguration => "deployment configuration",
                    Standstill::InsufficientCapacity => "insufficient capacity",
                    Standstill::Protection => "protection",
                });
                if let Some(why) = why {
                    self.starts.push((service.number(), format!("deadlock: {why}")));
                }
            }
            Fact::RolloutCompleted(service) => self.starts.push((service.number(), "completed".to_owned())),
            _ => (),
        }
    }

    fn event_handled(&mut self, now: SimTime, cluster: &Cluster) {
        let name = |service: u32| self.names.services[service as usize].clone();
        let mut lines = Vec::new();
        for ((service, revision), n) in std::mem::take(&mut self.stops) {
            lines.push(format!("{}: stop {n} v{revision}", name(service)));
        }
        for (service, what) in std::mem::take(&mut self.starts) {
            let primary = cluster.service(ServiceId::new(service)).primary.number() as usize;
            let newest = if primary < self.n_services { 1 } else { primary - self.n_services + 2 };
            lines.push(format!("{}: {}", name(service), what.replace("new", &format!("v{newest}"))));
        }
        for line in lines {
            self.tell(now, &line);
        }
    }
}

/// A script as a setup and a workload.
fn parse(script: &str) -> (Setup, Workload, Names) {
    let mut options = ModelOptions::instant();
    let mut capacity = None;
    let mut workload = Workload::default();
    let mut policies = Table::<ServiceId, ServicePolicy>::new();
    let mut names = Names { tasks: Vec::new(), services: Vec::new() };
    for line in script.lines().map(str::trim).filter(|it| !it.is_empty()) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let duration = |it: &str| SimDuration::parse(it).unwrap();
        match words[..] {
            ["cluster", n, "x", cpu, memory] => {
                capacity = Some((n.parse::<u32>().unwrap(), needs(cpu, memory)));
            }
            ["boot", it] => options.instance_boot = duration(it),
            ["start", it] => options.container_start = duration(it),
            ["settle", it] => options.no_check_settle = duration(it),
            ["exit", it] => options.exit_time = duration(it),
            ["service", name, n, "x", cpu, memory, bounds] => {
                let (min, max) = bounds.split_once('/').unwrap();
                let definition = workload.definitions.push(definition(name, needs(cpu, memory)));
                workload.services.push(ServiceStart::new(definition, n.parse().unwrap()));
                names.services.push(name.to_owned());
                let bounds = DeploymentBounds {
                    minimum_healthy_percent: min.parse().unwrap(),
                    maximum_percent: max.parse().unwrap(),
                };
                policies.push(ServicePolicy::rolling(name, placement(&options), bounds));
            }
            [at, "arrive", name, cpu, memory, "for", lifetime] => {
                let definition = workload.definitions.push(definition(name, needs(cpu, memory)));
                workload.arrivals.push(TaskArrival {
                    at: SimTime::ZERO + duration(at),
                    lifetime: duration(lifetime),
                    definition,
                    batch: names.tasks.len() as u32,
                });
                names.tasks.push(name.to_owned());
            }
            [at, "release", name] => {
                let service = service_of(&names, name);
                let old = workload.definitions[workload.services[service].definition].clone();
                let kind = ServiceChangeKind::Release(workload.definitions.push(old));
                workload.service_changes.push(ServiceChange {
                    at: SimTime::ZERO + duration(at),
                    service,
                    kind,
                });
            }
            [at, "scale", name, n] => {
                let service = service_of(&names, name);
                let kind = ServiceChangeKind::DesiredCount(n.parse().unwrap());
                workload.service_changes.push(ServiceChange {
                    at: SimTime::ZERO + duration(at),
                    service,
                    kind,
                });
            }
            _ => panic!("no such line: {line}"),
        }
    }
    workload.n_batches = names.tasks.len() as u32;
    let (n, capacity) = capacity.expect("a script begins with its cluster");
    let instance_type = InstanceType {
        name: "box".to_owned(),
        capacity,
        trunked_network_interfaces: None,
        network_bytes_per_second: None,
        is_arm: false,
        on_demand: DatedPrice::of(Money::ZERO),
        spot: None,
    };
    let provider = CapacityProvider {
        managed_termination_protection: true,
        min_size: n,
        max_size: n,
        scaling: Scaling::Managed(ManagedScaling::default()),
        ..CapacityProvider::of("pool", InstanceTypeId::new(0), vec![ZoneId::new(0)])
    };
    let standalone = StandalonePolicy {
        placement: placement(&options),
        unplaced: Unplaced::Retry { first: SimDuration::from_secs(60), longest: SimDuration::from_secs(900) },
    };
    let mut attributes = Attributes::default();
    attributes.track(berthlab::model::attribute::AVAILABILITY_ZONE);
    let (horizon, zones) = (SimDuration::from_secs(3600), vec!["a".to_owned()].into());
    let (types, providers) = (vec![instance_type].into(), vec![provider].into());
    let setup = Setup {
        attributes,
        services: policies,
        ..Setup::new(horizon, options, zones, types, providers, standalone)
    };
    (setup, workload, names)
}

fn placement(options: &ModelOptions) -> Placement {
    let chain = Chain::new(Vec::new(), options.tie_break);
    Placement::onto(CapacityProviderId::new(0), chain)
}

fn definition(name: &str, needs: Needs) -> TaskDefinition {
    TaskDefinition::plain(name.to_owned(), needs)
}

fn needs(cpu: &str, memory: &str) -> Needs {
    Needs::of(
        CpuUnits(cpu.strip_suffix("cpu").unwrap().parse().unwrap()),
        MemoryMib(memory.strip_suffix("mib").unwrap().parse().unwrap()),
    )
}

fn service_of(names: &Names, name: &str) -> ServiceId {
    ServiceId::new(names.services.iter().position(|it| it == name).unwrap() as u32)
}
