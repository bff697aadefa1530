//! Promises that hold on any cluster: random small ones are played under the
//! eyes of someone who checks them after every event. A failure names its case;
//! the case is all it takes to play it again.
#![expect(clippy::print_stdout, reason = "a test says what it saw, and what it skipped")]

mod bills;
mod deployments;
mod disruptions;
mod images;
mod situation;

use std::collections::BTreeMap;

use berthlab::base::id::{GroupId, Id as _, InstanceId, ServiceId};
use berthlab::base::{Domain, Seed, SimDuration, SimTime};
use berthlab::deployment::DeploymentPlan;
use berthlab::model::Cluster;
use berthlab::model::deployment::{DeploymentStrategy, SchedulingStrategy};
use berthlab::model::options::{IndexUse, PROVISIONING_TASKS_MAX, Quotas};
use berthlab::model::service::RevisionCounts;
use berthlab::model::task::{Health, Host, StopCode, TaskOwner};
use berthlab::model::workload::Workload;
use berthlab::record::{DeploymentOutcome, RunRecord};
use berthlab::sim::{Fact, Setup, Watch, run, run_watched};

use situation::{Dice, awaits_company};

const N_CASES: u64 = 400;
const SEED: Seed = Seed(20_261);

#[test]
fn promises_hold_on_random_clusters() {
    println!("seed {}", SEED.0);
    let mut seen = Seen::default();
    for case in 0..N_CASES {
        seen.add(&play(case));
    }
    println!("{seen:?}");
    // An idle walk proves nothing.
    assert!(seen.found > N_CASES / 4, "{} tasks were found", seen.found);
    assert!(seen.helped > N_CASES / 50, "{} waited for company and found it", seen.helped);
    for (name, n) in [
        ("Spot notices", seen.noticed),
        ("interrupted on Fargate", seen.interrupted),
        ("refused launches", seen.refused),
    ] {
        assert!(n > N_CASES / 4, "{n} {name} in {N_CASES} cases");
    }
    for (name, n) in [("given up", seen.given_up), ("stages", seen.stages), ("drained", seen.drained)] {
        assert!(n > N_CASES / 4, "{n} {name} in {N_CASES} cases");
    }
    for (name, n) in [
        ("pulls", seen.pulls),
        ("images used as they were", seen.from_cache),
        ("refused pulls", seen.refused_pulls),
        ("expired images", seen.expired),
    ] {
        assert!(n > N_CASES / 4, "{n} {name} in {N_CASES} cases");
    }
    assert!(seen.lost > 0, "no image was lost");
    assert!(seen.rolled_back > N_CASES / 20, "{} rolled back", seen.rolled_back);
    assert!(seen.shifts > N_CASES / 20, "{} shifts of traffic", seen.shifts);
    // Scaling in takes a quarter of an hour of the one that is played.
    assert!(seen.terminated > N_CASES / 5, "{} terminated", seen.terminated);
    for (name, n) in [
        ("starts", seen.starts),
        ("stops", seen.stops),
        ("placements", seen.placements),
        ("failures", seen.failures),
        ("waits", seen.waits),
        ("given back", seen.given_back),
        ("rollouts", seen.rollouts),
        ("unhealthy", seen.unhealthy),
        ("failed starts", seen.failed_starts),
        ("exits", seen.exits),
        ("tasks on Fargate", seen.on_fargate),
    ] {
        assert!(n > N_CASES, "{n} {name} in {N_CASES} cases");
    }
}

/// How much there was to check.
#[derive(Clone, Debug, Default)]
struct Seen {
    starts: u64,
    stops: u64,
    placements: u64,
    failures: u64,
    waits: u64,
    given_back: u64,
    terminated: u64,
    rollouts: u64,
    unhealthy: u64,
    failed_starts: u64,
    exits: u64,
    on_fargate: u64,
    found: u64,
    given_up: u64,
    rolled_back: u64,
    stages: u64,
    shifts: u64,
    drained: u64,
    noticed: u64,
    interrupted: u64,
    refused: u64,
    pulls: u64,
    from_cache: u64,
    refused_pulls: u64,
    expired: u64,
    lost: u64,
    /// Waited and were placed, and asked for company.
    helped: u64,
}

impl Seen {
    fn add(&mut self, other: &Self) {
        self.starts += other.starts;
        self.stops += other.stops;
        self.placements += other.placements;
        self.failures += other.failures;
        self.waits += other.waits;
        self.given_back += other.given_back;
        self.terminated += other.terminated;
        self.rollouts += other.rollouts;
        self.unhealthy += other.unhealthy;
        self.failed_starts += other.failed_starts;
        self.exits += other.exits;
        self.on_fargate += other.on_fargate;
        self.found += other.found;
        self.helped += other.helped;
        self.given_up += other.given_up;
        self.rolled_back += other.rolled_back;
        self.stages += other.stages;
        self.shifts += other.shifts;
        self.drained += other.drained;
        self.noticed += other.noticed;
        self.interrupted += other.interrupted;
        self.refused += other.refused;
        self.pulls += other.pulls;
        self.from_cache += other.from_cache;
        self.refused_pulls += other.refused_pulls;
        self.expired += other.expired;
        self.lost += other.lost;
    }
}

fn play(case: u64) -> Seen {
    println!("case {case}");
    let mut dice = Dice(SEED.stream(Domain::SyntheticArrivals, case));
    let (mut setup, mut workload, distinct) = dice.situation();
    // Half of the cases are what they were before there was more than bounds.
    if case % 2 == 1 {
        dice.deployments(&mut setup, &mut workload);
    }
    setup.warm_up = SimDuration::from_secs(600 * dice.below(2));
    if case % 4 >= 2 {
        dice.disruptions(&mut setup);
    }
    // Drawn after all else: the other cases are what they were.
    if case.is_multiple_of(3) {
        dice.images(&mut setup, &mut workload);
    }
    setup.options.placement_index = IndexUse::Checked;
    let mut checker = Checker::new(&setup, &workload, distinct);
    let record = run_watched(&setup, &workload, Seed(case), &mut checker).expect("nobody stops it");
    checker.check_end(&record);
    images::check(&setup, &record);
    checker.seen.pulls = record.images.n_pulls;
    checker.seen.from_cache = record.images.n_from_cache;
    checker.seen.refused_pulls = record.images.n_refused;
    checker.seen.expired = record.images.n_expired;
    checker.seen.lost = record.images.n_lost;
    let mut unchecked = setup.clone();
    unchecked.options.placement_index = [IndexUse::On, IndexUse::Off][case as usize % 2];
    assert_eq!(run(&unchecked, &workload, Seed(case)), record, "twice the same, looked at or not");
    let found_of_services = workload.services.rows().iter().map(|it| it.found.len()).sum::<usize>();
    checker.seen.found = (found_of_services + workload.found.len()) as u64;
    checker.seen.rollouts = record.rollouts.len() as u64;
    let rolled_back = record.rollouts.iter().filter(|it| it.outcome == DeploymentOutcome::RolledBack);
    checker.seen.rolled_back = rolled_back.count() as u64;
    checker.seen.refused = record.disruptions.iter().map(|it| it.n_launches).sum();
    checker.seen
}

// --- who checks --------------------------------------------------------------

struct Checker<'a> {
    setup: &'a Setup,
    workload: &'a Workload,
    /// Groups whose tasks must not meet on an instance.
    distinct: Vec<GroupId>,
    /// The services before the event.
    before: Vec<Counts>,
    planned: Vec<(ServiceId, DeploymentPlan)>,
    /// Healthy tasks that the scheduler has just told to stop, by service.
    stopped_healthy: Vec<u32>,
    launched_at: BTreeMap<InstanceId, SimTime>,
    /// Measured instance time, summed anew.
    instance_ms: u64,
    placed: u64,
    seen: Seen,
}

#[derive(Clone, Copy, Default)]
struct Counts {
    desired: u32,
    all: RevisionCounts,
}

impl<'a> Checker<'a> {
    fn new(setup: &'a Setup, workload: &'a Workload, distinct: Vec<GroupId>) -> Self {
        let starts = workload.services.rows().iter();
        let before = starts.map(|it| Counts { desired: it.desired_count, ..Counts::default() }).collect();
        Self {
            setup,
            workload,
            distinct,
            before,
            planned: Vec::new(),
            stopped_healthy: vec![0; setup.services.len()],
            launched_at: BTreeMap::new(),
            instance_ms: 0,
            placed: 0,
            seen: Seen::default(),
        }
    }

    fn end_use(&mut self, now: SimTime, instance: InstanceId) {
        let launched_at = self.launched_at.remove(&instance).expect("it was launched");
        let from = launched_at.max(SimTime::ZERO + self.setup.warm_up);
        self.instance_ms += now.since(from).millis();
    }

    /// Whether the bounds of a rolling update hold for a service.
    fn is_rolling(&self, service: ServiceId) -> bool {
        let policy = &self.setup.services[service];
        // A daemon's maximum is one an instance, which is checked of each.
        policy.deployment.strategy == DeploymentStrategy::Rolling
            && !policy.is_external
            && policy.scheduling == SchedulingStrategy::Replica
    }

    /// After an event: no start took the tasks above the maximum, no stop that
    /// the scheduler chose the healthy ones below the minimum.
    fn check_bounds(&mut self, now: SimTime, service: ServiceId, after: Counts) {
        let n_stopped = std::mem::take(&mut self.stopped_healthy[service.idx()]);
        if !self.is_rolling(service) {
            return;
        }
        let before = self.before[service.idx()];
        let bounds = self.setup.services[service].deployment.bounds;
        let who = format!("{service:?} at {now}");
        let occupied = |it: RevisionCounts| {
            if self.setup.options.upper_counts_stopping { it.not_stopped() } else { it.wanted() }
        };
        let upper = bounds.upper(before.desired.max(after.desired));
        let (was, is) = (occupied(before.all), occupied(after.all));
        // Whoever is found is there before anybody started it.
        let is_found = now == SimTime::ZERO && !self.workload.services[service].found.is_empty();
        assert!(is <= was || is <= upper || is_found, "{who}: {is} tasks above {upper}");
        if n_stopped > 0 {
            let lower = bounds.lower(after.desired);
            assert!(after.all.healthy >= lower, "{who}: {} healthy below {lower}", after.all.healthy);
        }
    }

    fn check_plan(&self, now: SimTime, service: ServiceId, plan: DeploymentPlan, after: Counts) {
        if !self.is_rolling(service) {
            return;
        }
        let before = self.before[service.idx()];
        let bounds = self.setup.services[service].deployment.bounds;
        let (lower, upper) = (bounds.lower(after.desired), bounds.upper(after.desired));
        let who = format!("{service:?} at {now}: {plan:?}");
        if plan.start_source + plan.start_target > 0 {
            let occupied = if self.setup.options.upper_counts_stopping {
                after.all.not_stopped()
            } else {
                after.all.wanted()
            };
            assert!(occupied <= upper, "{who}: {occupied} tasks above {upper}");
        }
        let has_lost_healthy = after.all.healthy < before.all.healthy;
        assert!(
            !has_lost_healthy || after.all.healthy >= lower,
            "{who}: {} healthy tasks below {lower}",
            after.all.healthy
        );
    }

    fn check_end(&mut self, record: &RunRecord) {
        let horizon = SimTime::ZERO + self.setup.horizon;
        for instance in self.launched_at.clone().into_keys() {
            self.end_use(horizon, instance);
        }
        let tasks = record.tasks;
        assert_eq!(tasks.submitted, tasks.placed + tasks.never_placed);
        assert_eq!(tasks.placed, self.placed);
        assert!(tasks.finished + tasks.failed <= tasks.placed);
        assert!(tasks.never_placeable <= tasks.never_placed);
        let measured_from = SimTime::ZERO + self.setup.warm_up;
        let submitted =
            self.workload.arrivals.iter().filter(|it| (measured_from..horizon).contains(&it.at)).count();
        assert_eq!(tasks.submitted, submitted as u64);

        assert_eq!(record.instance_ms, self.instance_ms, "the integral is the sum of the uses");
        bills::check(self.setup, &record.ledger);
        let of_instances = record.ledger.lines.iter().filter(|it| it.meter.is_of_instances());
        let billed_ms: u64 = of_instances.map(|it| it.quantity * 3_600_000 / it.units_per_price).sum();
        assert!(billed_ms >= record.instance_ms, "{billed_ms} billed, {} used", record.instance_ms);
        assert!(
            record.instance_ms >= record.lower_bound_instance_ms,
            "{} used, {} needed at least",
            record.instance_ms,
            record.lower_bound_instance_ms
        );
        assert!(record.reserved_cpu_ms <= record.registered_cpu_ms);
        assert!(record.reserved_memory_ms <= record.registered_memory_ms);
        for service in &record.services {
            assert!(service.available_ms <= service.desired_ms);
            assert!(service.worst_minute.0 <= service.worst_minute.1);
            let series: u64 = service.desired.buckets().iter().map(|it| it.integral).sum();
            assert!(service.desired_ms <= series);
            if self.setup.warm_up == SimDuration::ZERO {
                assert_eq!(service.desired_ms, series, "the series has the same integral");
            }
        }
    }
}

impl Watch for Checker<'_> {
    fn fact(&mut self, now: SimTime, fact: Fact<'_>) {
        match fact {
            Fact::TaskPlaced(task, host) => {
                self.seen.on_fargate += u64::from(matches!(host, Host::Fargate(_)));
                let expressions = &self.workload.definitions[task.definition].placement_constraints;
                let waited = task.requested_at < now;
                self.seen.helped += u64::from(waited && expressions.iter().any(|it| awaits_company(it)));
                self.seen.placements += 1;
                self.seen.waits += u64::from(task.requested_at < now);
                let is_standalone = matches!(task.owner, TaskOwner::Standalone { .. });
                let is_measured = task.requested_at >= SimTime::ZERO + self.setup.warm_up;
                self.placed += u64::from(is_standalone && is_measured);
            }
            Fact::TaskWithoutRoom(_) => self.seen.given_back += 1,
            Fact::TaskAskedToStop(_, StopCode::TaskFailedToStart) => self.seen.failed_starts += 1,
            Fact::TaskAskedToStop(task, StopCode::EssentialContainerExited) => {
                self.seen.exits += u64::from(matches!(task.owner, TaskOwner::Service { .. }));
            }
            Fact::TaskStarted(_) => self.seen.starts += 1,
            Fact::TaskAskedToStop(task, StopCode::ServiceSchedulerInitiated) => {
                self.seen.stops += 1;
                if task.health == Health::Healthy {
                    self.stopped_healthy[task.group.idx()] += 1;
                }
            }
            Fact::RolloutGivenUp(..) => self.seen.given_up += 1,
            Fact::StageBegan(..) => self.seen.stages += 1,
            Fact::TrafficShifted(..) => self.seen.shifts += 1,
            Fact::InstanceLaunched(instance) => {
                self.launched_at.insert(instance, now);
            }
            Fact::InstanceFailed(instance) => {
                self.seen.failures += 1;
                self.end_use(now, instance);
            }
            Fact::InstanceTerminated(instance) => {
                self.seen.terminated += 1;
                self.end_use(now, instance);
            }
            Fact::SpotNoticeGiven(_) => self.seen.noticed += 1,
            Fact::TaskAskedToStop(_, StopCode::SpotInterruption) => self.seen.interrupted += 1,
            Fact::ServicePlanned(service, plan) => self.planned.push((service, plan)),
            _ => (),
        }
    }

    fn event_handled(&mut self, now: SimTime, cluster: &Cluster) {
        cluster.audit();
        if self.setup.options.quotas == Quotas::Documented {
            assert!(cluster.totals().n_waiting <= PROVISIONING_TASKS_MAX);
        }
        for (id, service) in cluster.services() {
            let revisions = service.older.iter().chain([&service.primary]);
            let all = revisions
                .map(|&it| cluster.deployment(it).counts)
                .fold(RevisionCounts::default(), |sum, it| sum + it);
            let after = Counts { desired: service.desired_count, all };
            while let Some(&(_, plan)) = self.planned.last().filter(|it| it.0 == id) {
                self.check_plan(now, id, plan, after);
                self.planned.pop();
            }
            self.check_bounds(now, id, after);
            let before = self.before[id.idx()].all.unhealthy;
            self.seen.unhealthy += u64::from(all.unhealthy.saturating_sub(before));
            self.before[id.idx()] = after;
        }
        self.seen.drained = self.seen.drained.max(cluster.n_draining().into());
        assert!(self.planned.is_empty(), "an event plans for one service");
        let is_daemon = |it: &ServiceId| self.setup.services[*it].scheduling == SchedulingStrategy::Daemon;
        let daemons: Vec<ServiceId> = self.setup.services.ids().filter(is_daemon).collect();
        for provider in self.setup.providers.ids() {
            for &instance in cluster.alive(provider) {
                for &daemon in &daemons {
                    let group = cluster.service(daemon).group;
                    let on_it = cluster.tasks_on(instance).iter();
                    let n = on_it.filter(|it| cluster.task(**it).group == group).count();
                    assert!(n <= 1, "{n} of daemon {daemon:?} on {instance:?}");
                }
                for &group in &self.distinct {
                    assert!(cluster.group_on_instance(group, instance) <= 1, "{group:?} on {instance:?}");
                }
            }
        }
    }

    fn audits_waiting(&self) -> bool {
        true
    }
}
