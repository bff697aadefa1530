//! Promises that hold on any cluster: random small ones are played under the
//! eyes of someone who checks them after every event. A failure names its case;
//! the case is all it takes to play it again.
#![expect(clippy::print_stdout, reason = "a test says what it saw, and what it skipped")]

use std::collections::BTreeMap;
use std::sync::Arc;

use berthlab::base::id::{
    CapacityProviderId, GroupId, Id as _, InstanceId, InstanceTypeId, ServiceId, TaskDefinitionId, ZoneId,
};
use berthlab::base::rng::Stream;
use berthlab::base::{Domain, Seed, SimDuration, SimTime};
use berthlab::deployment::DeploymentPlan;
use berthlab::model::Cluster;
use berthlab::model::attribute::Attributes;
use berthlab::model::capacity::{CapacityProvider, ManagedScaling, Scaling};
use berthlab::model::identity::Expressions;
use berthlab::model::network::{HostPort, Protocol};
use berthlab::model::options::{ModelOptions, PROVISIONING_TASKS_MAX, Quotas, RolloutOrder, TieBreak};
use berthlab::model::service::RevisionCounts;
use berthlab::model::task::{StopCode, TaskOwner};
use berthlab::model::workload::{ServiceChange, ServiceChangeKind, ServiceStart, TaskArrival, Workload};
use berthlab::placement::constraints::CONSTRAINTS;
use berthlab::placement::strategies::STRATEGIES;
use berthlab::placement::{Chain, PlacementConstraint, PlacementStrategy};
use berthlab::record::RunRecord;
use berthlab::sim::setup::{Placement, ServicePolicy, StandalonePolicy, Unplaced};
use berthlab::sim::{Fact, Setup, Watch, run, run_watched};

use crate::clusters::{bounds, definition, instance_type};

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
    // Scaling in takes a quarter of an hour of the one that is played.
    assert!(seen.terminated > N_CASES / 4, "{} terminated", seen.terminated);
    for (name, n) in [
        ("starts", seen.starts),
        ("stops", seen.stops),
        ("placements", seen.placements),
        ("failures", seen.failures),
        ("waits", seen.waits),
        ("given back", seen.given_back),
        ("rollouts", seen.rollouts),
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
    }
}

fn play(case: u64) -> Seen {
    println!("case {case}");
    let mut dice = Dice(SEED.stream(Domain::SyntheticArrivals, case));
    let (mut setup, workload, distinct) = dice.situation();
    setup.warm_up = SimDuration::from_secs(600 * dice.below(2));
    let mut checker = Checker::new(&setup, &workload, distinct);
    let record = run_watched(&setup, &workload, Seed(case), &mut checker).expect("nobody stops it");
    checker.check_end(&record);
    assert_eq!(run(&setup, &workload, Seed(case)), record, "twice the same, looked at or not");
    checker.seen.rollouts = record.rollouts.len() as u64;
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

    fn check_plan(&self, now: SimTime, service: ServiceId, plan: DeploymentPlan, after: Counts) {
        let before = self.before[service.idx()];
        let bounds = self.setup.services[service].bounds;
        let (lower, upper) = (bounds.lower(before.desired), bounds.upper(before.desired));
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
        let billed_ms: u64 = record.ledger.lines.iter().map(|it| it.unit_seconds * 1000).sum();
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
            Fact::TaskPlaced(task, _) => {
                self.seen.placements += 1;
                self.seen.waits += u64::from(task.requested_at < now);
                let is_standalone = matches!(task.owner, TaskOwner::Standalone { .. });
                let is_measured = task.requested_at >= SimTime::ZERO + self.setup.warm_up;
                self.placed += u64::from(is_standalone && is_measured);
            }
            Fact::TaskWithoutRoom(_) => self.seen.given_back += 1,
            Fact::TaskStarted(_) => self.seen.starts += 1,
            Fact::TaskAskedToStop(_, StopCode::ServiceSchedulerInitiated) => self.seen.stops += 1,
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
            self.before[id.idx()] = after;
        }
        assert!(self.planned.is_empty(), "an event plans for one service");
        for provider in self.setup.providers.ids() {
            for &instance in cluster.alive(provider) {
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

// --- random situations ---------------------------------------------------------

struct Dice(Stream);

impl Dice {
    fn below(&mut self, n: u64) -> u64 {
        self.0.below(n)
    }

    fn small(&mut self, n: u64) -> u32 {
        u32::try_from(self.below(n)).expect("small")
    }

    fn one_of<T: Copy>(&mut self, values: &[T]) -> T {
        values[self.below(values.len() as u64) as usize]
    }

    fn seconds(&mut self, values: &[u64]) -> SimDuration {
        SimDuration::from_secs(self.one_of(values))
    }

    fn situation(&mut self) -> (Setup, Workload, Vec<GroupId>) {
        let horizon = SimDuration::from_secs(3600);
        let options = self.options();
        let mut attributes = Attributes::default();
        let n_zones = 1 + self.small(3);
        let n_types = 1 + self.small(2);
        let instance_types = (0..n_types)
            .map(|it| instance_type(&format!("type-{it}"), 1024 << self.below(3), 1024 << self.below(3)))
            .collect();
        let n_providers = 1 + self.small(2);
        let providers = (0..n_providers).map(|it| self.provider(it, n_types, n_zones)).collect();

        let mut workload = Workload::default();
        for number in 0..=4 + self.below(4) {
            let sizes = [0, 128, 256, 500, 512, 1000, 1024, 2048];
            let (cpu, memory) = (self.one_of(&sizes), self.one_of(&sizes));
            let mut definition = definition(&format!("definition-{number}"), cpu, memory);
            if self.below(5) == 0 {
                let port = self.one_of(&[80, 80, 443, 22]);
                definition.host_ports = vec![HostPort { port, protocol: Protocol::Tcp }];
            }
            workload.definitions.push(definition);
        }
        let n_definitions = workload.definitions.len() as u64;

        let mut distinct = Vec::new();
        let services = (0..self.below(4))
            .map(|number| {
                let definition = TaskDefinitionId::new(self.small(n_definitions));
                workload.services.push(ServiceStart::new(definition, self.small(9)));
                let (placement, is_distinct) =
                    self.placement(n_providers, &mut attributes, options.tie_break);
                if is_distinct {
                    distinct.push(GroupId::new(number as u32));
                }
                let bounds =
                    bounds(self.one_of(&[0, 25, 50, 75, 100, 100]), self.one_of(&[100, 125, 150, 200, 200]));
                ServicePolicy::rolling(format!("service-{number}"), placement, bounds)
            })
            .collect::<Vec<_>>();
        self.changes(&mut workload, n_definitions, services.len() as u64);
        let (placement, is_distinct) = self.placement(n_providers, &mut attributes, options.tie_break);
        self.arrivals(&mut workload, n_definitions);
        if is_distinct {
            let first = services.len() as u32;
            distinct.extend((first..first + workload.n_batches).map(GroupId::new));
        }
        let retry = Unplaced::Retry { first: self.seconds(&[10, 60]), longest: self.seconds(&[60, 900]) };
        let unplaced = self.one_of(&[Unplaced::Drop, retry, retry]);
        let mean = self.seconds(&[600, 3600]);
        let zones = (0..n_zones).map(|it| format!("zone-{it}")).collect();
        let standalone = StandalonePolicy { placement, unplaced };
        let setup = Setup {
            attributes,
            services: services.into(),
            instance_mean_lifetime: self.one_of(&[None, Some(mean)]),
            ..Setup::new(horizon, options, zones, instance_types, providers, standalone)
        };
        (setup, workload, distinct)
    }

    fn options(&mut self) -> ModelOptions {
        ModelOptions {
            upper_counts_stopping: self.one_of(&[true, true, false]),
            order: self.one_of(&[RolloutOrder::StopFirst, RolloutOrder::StartFirst]),
            no_check_settle: self.seconds(&[0, 5, 40]),
            capacity_retry: self.seconds(&[5, 15]),
            tie_break: self.one_of(&[TieBreak::Random, TieBreak::LowestId]),
            quotas: self.one_of(&[Quotas::Documented, Quotas::Off]),
            release_on_desired_stopped: self.one_of(&[false, false, true]),
            agent_poll: self.seconds(&[0, 1]),
            image_pull: self.seconds(&[0, 10]),
            container_create: SimDuration::ZERO,
            container_start: self.seconds(&[0, 1]),
            exit_time: self.seconds(&[0, 1, 30]),
            instance_boot: self.seconds(&[0, 90]),
            instance_loss_detection: self.seconds(&[0, 60]),
            ..ModelOptions::default()
        }
    }

    fn provider(&mut self, number: u32, n_types: u32, n_zones: u32) -> CapacityProvider {
        let managed = Scaling::Managed(ManagedScaling {
            target_capacity: self.one_of(&[50, 80, 100, 100]),
            minimum_scaling_step_size: 1 + self.small(2),
            maximum_scaling_step_size: self.one_of(&[1, 3, 10_000]),
            instance_warmup_period: self.seconds(&[0, 60, 300]),
        });
        let scaling = self.one_of(&[Scaling::Fixed, managed, managed]);
        let min_size = self.small(4);
        CapacityProvider {
            name: format!("provider-{number}"),
            instance_type: InstanceTypeId::new(self.small(n_types.into())),
            zones: (0..n_zones).map(ZoneId::new).collect(),
            min_size,
            max_size: min_size + self.small(8),
            scaling,
            security_groups: Vec::new(),
            attributes: Vec::new(),
        }
    }

    fn placement(
        &mut self,
        n_providers: u32,
        attributes: &mut Attributes,
        tie_break: TieBreak,
    ) -> (Placement, bool) {
        let fields = ["cpu", "memory", "instanceId", "attribute:ecs.availability-zone", "rack"];
        let mut strategies: Vec<Arc<dyn PlacementStrategy>> = Vec::new();
        for _ in 0..self.below(4) {
            let entry = &STRATEGIES[self.below(STRATEGIES.len() as u64) as usize];
            // Some fields are not for some strategies: the chain is shorter then.
            strategies.extend((entry.build)(Some(self.one_of(&fields)), attributes));
        }
        let is_distinct = self.below(3) == 0;
        let constraints: Vec<Arc<dyn PlacementConstraint>> = CONSTRAINTS
            .iter()
            .filter(|it| is_distinct && it.name == "distinctInstance")
            .map(|it| (it.build)(None, &mut Expressions::default()).expect("it takes no expression"))
            .collect();
        let provider = CapacityProviderId::new(self.small(n_providers.into()));
        let placement = Placement::onto(provider, Chain { strategies, tie_break });
        (Placement { constraints, ..placement }, is_distinct)
    }

    fn changes(&mut self, workload: &mut Workload, n_definitions: u64, n_services: u64) {
        if n_services == 0 {
            return;
        }
        let mut times: Vec<u64> = (0..self.below(8)).map(|_| self.below(40) * 90).collect();
        times.sort_unstable();
        for at in times {
            let kind = if self.below(2) == 0 {
                ServiceChangeKind::DesiredCount(self.small(10))
            } else {
                ServiceChangeKind::Release(TaskDefinitionId::new(self.small(n_definitions)))
            };
            let service = ServiceId::new(self.small(n_services));
            workload.service_changes.push(ServiceChange { at: SimTime::from_secs(at), service, kind });
        }
    }

    fn arrivals(&mut self, workload: &mut Workload, n_definitions: u64) {
        let mut times: Vec<u64> = (0..self.below(8)).map(|_| self.below(3600)).collect();
        times.sort_unstable();
        // Now and then more than the quota of waiting tasks, all at once.
        let is_burst = self.below(40) == 0;
        for at in times {
            let n_tasks = if is_burst { 300 } else { 1 + self.below(14) };
            let definition = TaskDefinitionId::new(self.small(n_definitions));
            for _ in 0..n_tasks {
                let lifetime = match self.below(10) {
                    0 => SimDuration::FOREVER,
                    1 => SimDuration::ZERO,
                    _ => SimDuration::from_millis(self.below(900_000)),
                };
                let at = SimTime::from_secs(at);
                workload.arrivals.push(TaskArrival { at, lifetime, definition, batch: workload.n_batches });
            }
            workload.n_batches += 1;
        }
    }
}
