//! Stories: a small experiment and its task definitions in a temporary folder,
//! read as any other, played, and what came of it. Every time and count that a
//! story expects is derived beside it. The cluster is audited after each event.
//!
//! Unless a story says otherwise (defaults of `[model]`): the agent hears of a
//! task after 1 s, the pull takes 10 s, create and start 1 s each, so a task in
//! bridge mode runs 13 s after its placement; 10 s more on an instance in
//! awsvpc mode; 15 s more on Fargate. Without any check it is healthy 40 s
//! later. A container exits 1 s after its stop signal; an interface takes 5 s
//! to go.

mod bill;
mod breakers;
mod capacity;
mod deployments;
mod disruptions;
mod draining;
mod fargate;
mod health;
mod images;
mod limits;
mod networking;
mod placement;
mod roles;
mod rollout_records;
mod rollouts;
mod scanning;
mod shifts;
mod snapshots;
mod start_up;
mod traffic;

use berthlab::base::id::{Id as _, ServiceId};
use berthlab::base::{Diagnostic, Seed, SimTime};
use berthlab::experiment::matrix::{self, Experiment, SourceText};
use berthlab::model::Cluster;
use berthlab::model::capacity::Capacity;
use berthlab::model::service::RevisionCounts;
use berthlab::model::task::{Host, StopCode, Task, TaskOwner};
use berthlab::model::workload::Workload;
use berthlab::record::{PlacementReason, RunRecord, ServiceRecord};
use berthlab::sim::{Fact, Setup, Watch, run_watched};

use crate::support::Bench;

/// What is the same in every story: chance decides nothing.
const HEADER: &str = r#"name = "story"
seed = 1
[model]
tie_break = "lowest_id"
first_check_delay = "zero"
"#;

/// What happened, as it is told and as it was recorded.
struct Played {
    record: RunRecord,
    /// `12s web:1 placed on i0`.
    lines: Vec<String>,
    /// `60s i0 launched`, `75s i0 gone`, and whose tasks are told to stop: `80s
    /// stop on general`.
    fleet: Vec<String>,
    /// For each service its healthy tasks, whenever that changed: (ms, number).
    healthy: Vec<Vec<(u64, u32)>>,
}

/// Plays an experiment (below [`HEADER`], so its first lines are `[model]`'s)
/// with these files beside it.
fn play(experiment: &str, files: &[(&str, &str)]) -> Played {
    let experiment =
        read(experiment, files).unwrap_or_else(|found| panic!("an experiment without fault: {found:#?}"));
    let run = experiment.runs().next().expect("a run");
    let planned = &experiment.settings[run.setting];
    let seed = experiment.seed_of(run);
    let workload = experiment.inputs.workload(&experiment.workloads[planned.workload], seed);
    play_setup(&planned.setup, &workload, seed)
}

/// Reads an experiment with these files beside it.
fn read(experiment: &str, files: &[(&str, &str)]) -> Result<Experiment, Vec<Diagnostic>> {
    let bench = Bench::new();
    for (name, content) in files {
        bench.write(name, content);
    }
    let text = format!("{HEADER}{experiment}");
    // A top-level value cannot follow a table: these go first.
    const TOPS: [&str; 4] = ["horizon =", "warm_up =", "region =", "prices ="];
    let is_top = |it: &&str| TOPS.iter().any(|top| it.starts_with(top));
    let (tops, rest): (Vec<&str>, Vec<&str>) = text.lines().partition(is_top);
    let text = format!("{}\n{}\n", tops.join("\n"), rest.join("\n"));
    let source = SourceText { file: "story.toml".to_owned(), text, overrides: Vec::new() };
    matrix::read(source, &bench.path(""))
}

/// Plays what was made by hand.
fn play_setup(setup: &Setup, workload: &Workload, seed: Seed) -> Played {
    let mut teller = Teller {
        workload,
        setup,
        lines: Vec::new(),
        fleet: Vec::new(),
        healthy: vec![Vec::new(); setup.services.len()],
    };
    let record = run_watched(setup, workload, seed, &mut teller).expect("nobody stops it");
    Played { record, lines: teller.lines, fleet: teller.fleet, healthy: teller.healthy }
}

impl Played {
    /// The seconds at which something was told, in order.
    fn times(&self, what: &str) -> Vec<u64> {
        let told = self.lines.iter().filter_map(|it| it.split_once("s "));
        told.filter(|it| it.1 == what).map(|it| it.0.parse().expect("whole seconds")).collect()
    }

    /// The seconds at which something was told of the fleet, in order.
    fn fleet_times(&self, what: &str) -> Vec<u64> {
        let told = self.fleet.iter().filter_map(|it| it.split_once("s "));
        told.filter(|it| it.1 == what).map(|it| it.0.parse().expect("whole seconds")).collect()
    }

    fn service(&self, n: usize) -> &ServiceRecord {
        &self.record.services[n]
    }

    /// Why tasks of the first service failed, with their numbers.
    fn failures(&self) -> Vec<(&str, u64)> {
        self.service(0).failures.iter().map(|it| (it.reason.as_str(), it.n_tasks)).collect()
    }

    /// Whole requests of the first service: offered, served, lost by reason.
    fn requests(&self) -> (u64, u64, Vec<(&str, u64)>) {
        let it = self.service(0).requests.as_ref().expect("requests are sent");
        let lost = it.lost.iter().map(|it| (it.reason.as_str(), it.n / 1_000_000)).collect();
        (it.offered / 1_000_000, it.served / 1_000_000, lost)
    }

    /// When the first service had so many healthy tasks for the first time, in
    /// seconds.
    fn first_healthy(&self, n: u32) -> Option<u64> {
        self.healthy[0].iter().find(|it| it.1 == n).map(|it| it.0 / 1000)
    }

    /// What kept tasks from the closest instance of the first provider.
    fn closest(&self) -> Vec<PlacementReason> {
        let failures = self.record.providers[0].failures.iter();
        failures.filter(|it| it.n_closest > 0).map(|it| it.reason).collect()
    }
}

struct Teller<'a> {
    workload: &'a Workload,
    setup: &'a Setup,
    lines: Vec<String>,
    fleet: Vec<String>,
    healthy: Vec<Vec<(u64, u32)>>,
}

impl Teller<'_> {
    fn tell(&mut self, now: SimTime, what: &str) {
        assert_eq!(now.millis() % 1000, 0, "a story is told in whole seconds: {what}");
        self.lines.push(format!("{}s {what}", now.millis() / 1000));
    }

    fn name(&self, task: &Task) -> String {
        self.workload.definitions[task.definition].name.clone()
    }
}

impl Watch for Teller<'_> {
    fn fact(&mut self, now: SimTime, fact: Fact<'_>) {
        let of_fleet = match fact {
            Fact::InstanceLaunched(it) => Some(format!("i{} launched", it.number())),
            Fact::InstanceTerminated(it) | Fact::InstanceFailed(it) => Some(format!("i{} gone", it.number())),
            Fact::TaskAskedToStop(task, _) => Some(match task.capacity {
                Capacity::Instances(it) => format!("stop on {}", self.setup.providers[it].name),
                Capacity::Fargate { is_spot } => {
                    format!("stop on Fargate{}", if is_spot { " Spot" } else { "" })
                }
            }),
            _ => None,
        };
        self.fleet.extend(of_fleet.map(|it| format!("{}s {it}", now.millis() / 1000)));
        let what = match fact {
            Fact::TaskPlaced(task, Host::Instance(it)) => {
                format!("{} placed on i{}", self.name(task), it.number())
            }
            Fact::TaskPlaced(task, Host::Fargate(zone)) => {
                format!("{} placed in {}", self.name(task), self.setup.zones[zone])
            }
            Fact::TaskStarted(task) => format!("{} started", self.name(task)),
            Fact::TaskAskedToStop(task, code) => {
                let why = match code {
                    StopCode::EssentialContainerExited => "exited",
                    StopCode::TaskFailedToStart => "failed to start",
                    StopCode::ServiceSchedulerInitiated => "told to stop",
                    StopCode::TerminationNotice => "lost",
                    StopCode::SpotInterruption => "interrupted",
                };
                format!("{} {why}", self.name(task))
            }
            Fact::TaskStopped(task) => {
                let owner = matches!(task.owner, TaskOwner::Standalone { .. });
                format!("{} stopped{}", self.name(task), if owner { " alone" } else { "" })
            }
            Fact::SpotNoticeGiven(it) => format!("i{} given notice", it.number()),
            Fact::InstanceFailed(it) => format!("i{} gone", it.number()),
            Fact::RolloutCompleted(service) => {
                format!("{} completed", self.setup.services[service].name)
            }
            Fact::RolloutGivenUp(service, _) => format!("{} given up", self.setup.services[service].name),
            Fact::StageBegan(service, stage) => {
                format!("{} in {}", self.setup.services[service].name, stage.name())
            }
            Fact::TrafficShifted(service, share) => {
                let (percent, tenths) = (share.0 / 10, share.0 % 10);
                format!("{} shifts {percent}.{tenths} %", self.setup.services[service].name)
            }
            _ => return,
        };
        self.tell(now, &what);
    }

    fn event_handled(&mut self, now: SimTime, cluster: &Cluster) {
        cluster.audit();
        for (id, service) in cluster.services() {
            let revisions = service.older.iter().chain([&service.primary]);
            let counts = revisions
                .map(|&it| cluster.deployment(it).counts)
                .fold(RevisionCounts::default(), |sum, it| sum + it);
            let told = &mut self.healthy[ServiceId::idx(id)];
            // What lasts no time is not told.
            match told.last_mut() {
                Some(last) if last.0 == now.millis() => last.1 = counts.healthy,
                Some(last) if last.1 == counts.healthy => (),
                _ => told.push((now.millis(), counts.healthy)),
            }
        }
    }

    fn audits_waiting(&self) -> bool {
        true
    }
}

/// A definition in the form of RegisterTaskDefinition: 256 CPU units and 512
/// MiB, these containers, and what else there is at the top (`"x": 1,`).
fn definition(family: &str, network_mode: &str, more: &str, containers: &str) -> String {
    format!(
        r#"{{ "family": "{family}", "networkMode": "{network_mode}", "cpu": "256", "memory": "512", {more}
             "containerDefinitions": [{containers}] }}"#
    )
}

/// A container with these further fields (`"x": 1`).
fn container(name: &str, more: &str) -> String {
    let comma = if more.is_empty() { "" } else { "," };
    format!(r#"{{ "name": "{name}", "image": "public.ecr.aws/docker/library/nginx:1"{comma} {more} }}"#)
}

/// One plain container, `app`.
fn plain(family: &str, network_mode: &str) -> String {
    definition(family, network_mode, "", &container("app", ""))
}

/// One container, `app`, on a port of a bridge that the agent chooses, or of
/// its own interface.
fn serving(family: &str, network_mode: &str) -> String {
    definition(family, network_mode, "", &container("app", r#""portMappings": [{ "containerPort": 8080 }]"#))
}
