//! The state of a run: the clock, the cluster, what is pending, and what each
//! scheduler remembers between two looks.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::sync::Arc;

use crate::base::id::{
    CapacityProviderId, DeploymentId, GroupId, Id as _, InstanceId, PlacementClassId, ServiceId,
    TaskDefinitionId, TaskId,
};
use crate::base::{Domain, Seed, SimTime, Table};
use crate::deployment::Standstill;
use crate::model::Cluster;
use crate::model::attribute::{AttributeValue, Attributes};
use crate::model::capacity::Scaling;
use crate::model::deployment::TrafficShare;
use crate::model::identity::AttributeSet;
use crate::model::instance::InstanceStatus;
use crate::model::options::IndexUse;
use crate::model::service::RevisionCounts;
use crate::model::task::Epoch;
use crate::model::workload::Workload;
use crate::placement::PlacementIndex;
use crate::placement::reasons::KnownReasons;
use crate::record::{ClusterReading, Recorder};
use crate::sim::alarms::AlarmState;
use crate::sim::bill::Bill;
use crate::sim::disruptions::DisruptionState;
use crate::sim::event::Event;
use crate::sim::floors::Floors;
use crate::sim::ground;
use crate::sim::launch_limits::LaunchBucket;
use crate::sim::lives::{Lives, Reason};
use crate::sim::looks::Looks;
use crate::sim::paths::Paths;
use crate::sim::protection::Protection;
use crate::sim::pulls::PullState;
use crate::sim::queue::EventQueue;
use crate::sim::readings::by_resource;
use crate::sim::rebalancing::Rebalancing;
use crate::sim::retries::Retries;
use crate::sim::rollouts::Rollout;
use crate::sim::scanning::Scans;
use crate::sim::service_scaling::ServiceScaler;
use crate::sim::setup::{InstanceChangeKind, Setup};
use crate::sim::stopping::StopMemory;
use crate::sim::task_sets::TaskSet;
use crate::sim::traffic::ServiceTraffic;
use crate::sim::volumes::Volumes;
use crate::sim::waiting_line::WaitingLine;
use crate::sim::watch::Watch;

/// A run in the middle of being played.
pub(super) struct Simulation<'a, W> {
    pub(super) setup: &'a Setup,
    pub(super) workload: &'a Workload,
    pub(super) seed: Seed,
    pub(super) watch: &'a mut W,
    pub(super) now: SimTime,
    pub(super) cluster: Cluster,
    pub(super) queue: EventQueue,
    pub(super) recorder: Recorder,
    pub(super) line: WaitingLine,
    pub(super) retries: Retries,
    pub(super) providers: Table<CapacityProviderId, ProviderState>,
    pub(super) services: Table<ServiceId, ServiceState>,
    /// The requests of each service, where they are played.
    pub(super) traffic: Table<ServiceId, Option<Box<ServiceTraffic>>>,
    /// What scales each service, where something does.
    pub(super) scalers: Table<ServiceId, Option<Box<ServiceScaler>>>,
    /// The next arrival and the next service change that have not happened.
    pub(super) next_arrival: usize,
    pub(super) next_service_change: usize,
    next_instance_change: usize,
    /// The tracked attributes with all values that instances have or may get.
    pub(super) attributes: Attributes,
    /// What is known of the lives of tasks.
    pub(super) lives: Lives,
    /// Who reaches whom.
    pub(super) paths: Paths,
    /// Data on instances.
    pub(super) volumes: Volumes,
    pub(super) is_placement_due: bool,
    /// What finds the instance of a task, unless every instance is looked at.
    pub(super) index: Option<PlacementIndex>,
    /// Why tasks go nowhere, as far as instances are as they were.
    pub(super) reasons: KnownReasons,
    /// Scratch memory of the placer and of scale-in.
    pub(super) candidates: Vec<crate::base::id::InstanceId>,
    pub(super) heads: Vec<Reverse<(u64, PlacementClassId)>>,
    pub(super) stopping: StopMemory,
    /// Some constraint may be met by a task that comes, not only by one that
    /// goes.
    pub(super) is_company_awaited: bool,
    pub(super) floors: Floors,
    pub(super) looks: Looks,
    /// So many changes of what is billed are in the record.
    n_fleet_changes: Option<u64>,
    /// Why stand-alone tasks of each definition fit nowhere, where that was asked.
    pub(super) fits_nowhere_known: Table<TaskDefinitionId, Option<Option<&'static str>>>,
    /// Time and rank of what comes next from outside.
    pub(super) outside: (SimTime, u8),
    /// The same of what is no arrival.
    next_other_outside: (SimTime, u8),
    horizon: SimTime,
    /// What instances were used, for whom and where.
    pub(super) bill: Bill,
    /// For each task on Fargate when its machine begins to be paid for.
    pub(super) pulls_from: Vec<Option<SimTime>>,
    /// What the account may still launch on Fargate: on demand, Spot.
    pub(super) fargate_launches: [LaunchBucket; 2],
    /// Of each alarm of the setup.
    pub(super) alarms: Vec<AlarmState>,
    /// Instances that are given back as soon as no task is left on them.
    pub(super) leaving: BTreeSet<InstanceId>,
    /// What is remembered of what breaks.
    pub(super) disruptions: DisruptionState,
    /// Images on their way, and where they are.
    pub(super) pulls: PullState<'a>,
    /// Releases that wait for scans.
    pub(super) scans: Scans,
    /// Stand-alone tasks given to each item of their strategy.
    pub(super) standalone_counts: Vec<u32>,
}

/// What is remembered of a capacity provider.
pub(super) struct ProviderState {
    /// Instances ever launched, by zone.
    pub(super) n_launched: Vec<u32>,
    /// Somebody waited for it when that was last looked at.
    had_waiting: bool,
    /// Low points of its metric in a row.
    pub(super) n_low_points: u32,
    /// What its instances are, by type in the provider's order and zone.
    pub(super) kinds: Vec<Vec<InstanceKind>>,
    /// Positions of its types as they are tried on demand, and as Spot.
    pub(super) launch_order: [Vec<usize>; 2],
}

/// What instances of one type in one zone have.
pub(super) struct InstanceKind {
    /// Values of the tracked attributes.
    pub(super) values: Vec<AttributeValue>,
    /// All attributes.
    pub(super) attributes: Arc<AttributeSet>,
}

/// What is remembered of a service between two reviews.
#[derive(Default)]
pub(super) struct ServiceState {
    pub(super) is_review_scheduled: bool,
    /// It found no room and will not ask again before this.
    pub(super) retry_at: Option<SimTime>,
    /// That pause is for starts that failed, not for lack of room.
    pub(super) is_backing_off: bool,
    /// A rollout is under way: it began with a release and is not complete.
    pub(super) is_rolling_out: bool,
    /// Nothing can move, since the last review.
    pub(super) standstill: Option<Standstill>,
    /// The revision of which it was noted that it fits no instance.
    pub(super) never_fits: Option<DeploymentId>,
    /// Something that is recorded has changed.
    pub(super) is_changed: bool,
    /// Tasks in a row that did not start.
    pub(super) n_failed_starts: u32,
    /// Why the last task that was found unhealthy was.
    pub(super) unhealthy_because: Option<Reason>,
    /// The deployment of the newest revision.
    pub(super) rollout: Rollout,
    /// The share of production traffic that the newest revision has; `None`
    /// where all healthy tasks are alike.
    pub(super) new_revision_share: Option<TrafficShare>,
    /// What its scaling policies wanted while a deployment was in the way.
    pub(super) scales_in_to: Option<u32>,
    /// Its tasks that are protected.
    pub(super) protected: Vec<Protection>,
    /// A task more for the balance of zones, until its health is known.
    pub(super) rebalancing: Rebalancing,
    /// What its task sets are, of the controller EXTERNAL.
    pub(super) task_sets: Vec<TaskSet>,
    /// What it may still launch this minute.
    pub(super) launches: LaunchBucket,
    /// When it will look again whether it may launch more.
    pub(super) launches_at: Option<SimTime>,
}

const ARRIVED: u8 = Event::TasksArrived { first: 0, n: 0 }.rank();
const CHANGED: u8 = Event::ServiceChanged(0).rank();
const INSTANCES: u8 = Event::InstancesChanged(0).rank();

impl<'a, W: Watch> Simulation<'a, W> {
    pub(super) fn new(setup: &'a Setup, workload: &'a Workload, seed: Seed, watch: &'a mut W) -> Self {
        assert_eq!(setup.services.len(), workload.services.len(), "each service has a policy and a start");
        let mut attributes = setup.attributes.clone();
        let providers: Table<CapacityProviderId, ProviderState> = setup
            .providers
            .ids()
            .map(|provider| {
                let mut kind = |instance_type, zone| {
                    let set = Arc::new(setup.attributes_of(provider, instance_type, zone));
                    InstanceKind { values: Setup::tracked_values(&mut attributes, &set), attributes: set }
                };
                let types = &setup.providers[provider].instance_types;
                let of_type = |&it| setup.zones.ids().map(|zone| kind(it, zone)).collect();
                ProviderState {
                    n_launched: vec![0; setup.zones.len()],
                    had_waiting: false,
                    n_low_points: 0,
                    kinds: types.iter().map(of_type).collect(),
                    launch_order: [false, true].map(|is_spot| setup.launch_order(provider, is_spot)),
                }
            })
            .collect();
        for found in &setup.found_instances {
            Setup::tracked_values(&mut attributes, &found.identity.attributes);
        }
        for kind in setup.instance_changes.iter().flat_map(|it| &it.kinds) {
            if let InstanceChangeKind::Attribute(name, value) = kind
                && let Some(id) = attributes.find(name)
            {
                attributes.intern(id, value.as_ref().map(|it| it.as_deref().unwrap_or("")));
            }
        }
        let cluster = ground::empty_cluster(setup, workload, &attributes);
        let names = setup.services.rows().iter().map(|it| it.name.clone());
        let mut simulation = Self {
            setup,
            workload,
            seed,
            watch,
            now: SimTime::ZERO,
            is_company_awaited: setup.awaits_company() || cluster.awaits_company(),
            floors: Floors::new(setup, workload),
            looks: Looks::new(setup.horizon, setup.warm_up, setup.options.replacement_period),
            cluster,
            queue: EventQueue::new(),
            recorder: Recorder::new(setup.horizon, setup.warm_up, names)
                .with_disruptions(DisruptionState::causes(setup))
                .with_providers(setup.providers.rows().iter().map(|it| it.name.clone()))
                .with_services_on(
                    setup
                        .services
                        .rows()
                        .iter()
                        .map(|it| Some(it.placement.capacity.providers().next()?.idx())),
                ),
            line: WaitingLine::new(setup.providers.len()),
            retries: Retries::default(),
            providers,
            services: workload.services.rows().iter().map(|_| ServiceState::default()).collect(),
            traffic: setup.services.ids().map(|it| ServiceTraffic::of(setup, workload, seed, it)).collect(),
            scalers: setup.services.rows().iter().map(ServiceScaler::of).collect(),
            next_arrival: 0,
            next_service_change: 0,
            next_instance_change: 0,
            attributes,
            lives: Lives::default(),
            paths: Paths::new(setup, workload),
            volumes: Volumes::default(),
            is_placement_due: false,
            index: (setup.options.placement_index != IndexUse::Off).then(PlacementIndex::new),
            candidates: Vec::new(),
            heads: Vec::new(),
            stopping: StopMemory::default(),
            reasons: KnownReasons::default(),
            n_fleet_changes: None,
            fits_nowhere_known: workload.definitions.ids().map(|_| None).collect(),
            outside: (SimTime::ZERO, 0),
            next_other_outside: (SimTime::ZERO, 0),
            horizon: SimTime::ZERO + setup.horizon,
            bill: Bill::new(setup),
            pulls_from: Vec::new(),
            fargate_launches: [LaunchBucket::of_fargate(); 2],
            alarms: vec![AlarmState::default(); setup.alarms.len()],
            leaving: BTreeSet::new(),
            disruptions: DisruptionState::new(setup),
            pulls: PullState::new(setup),
            scans: Scans::new(setup, workload, seed),
            standalone_counts: vec![0; setup.standalone.placement.capacity.items().len()],
        };
        simulation.open();
        simulation.next_other_outside = simulation.look_for_others_outside();
        simulation.outside = simulation.look_outside();
        simulation
    }

    /// The first moment: what is there from the start, and what looks at it.
    fn open(&mut self) {
        let n_found = self.open_found_instances();
        for provider in self.setup.providers.ids() {
            let min_size = self.setup.providers[provider].min_size;
            self.launch_instances(provider, min_size.saturating_sub(n_found[provider.idx()]), true);
            let review_at = match self.setup.providers[provider].scaling {
                Scaling::Fixed => None,
                Scaling::Managed(_) => Some(SimTime::ZERO + crate::scaling::capacity::managed::PERIOD),
            };
            if let Some(at) = review_at {
                self.queue.schedule(at, Event::CapacityReviewed(provider));
            }
        }
        self.open_found_tasks();
        self.lives = Lives::new(self.setup, self.workload, &self.cluster);
        self.open_found_images();
        for service in self.setup.services.ids() {
            if self.setup.services[service].is_external {
                self.open_task_sets(service);
            }
            self.review_service(service);
            self.services[service].is_changed = true;
        }
        self.open_alarms();
        self.open_scalers();
        self.open_disruptions();
        self.open_lifecycle_policies();
    }

    /// The next event: the earliest of what is pending, the next arrivals and
    /// the next changes. Arrivals never enter the queue.
    #[inline]
    pub(super) fn next(&mut self) -> Option<(SimTime, Event)> {
        let outside = self.outside;
        match self.queue.peek() {
            Some(pending) if pending <= outside => {
                if pending.0 < self.horizon {
                    return self.queue.pop();
                }
                None
            }
            _ if outside.0 < self.horizon => Some((outside.0, self.next_outside(outside.1))),
            _ => None,
        }
    }

    /// Takes what comes next from outside, and looks what comes after it.
    fn next_outside(&mut self, rank: u8) -> Event {
        let event = if rank == ARRIVED { self.next_call() } else { self.next_change(rank) };
        self.outside = self.look_outside();
        event
    }

    /// Time and rank of what comes next from outside; never, if nothing does.
    fn look_outside(&self) -> (SimTime, u8) {
        let arrivals = &self.workload.arrivals;
        if self.next_arrival < arrivals.len() {
            self.next_other_outside.min((arrivals.at(self.next_arrival), ARRIVED))
        } else {
            self.next_other_outside
        }
    }

    /// The same of what is no arrival.
    fn look_for_others_outside(&self) -> (SimTime, u8) {
        let change = self.workload.service_changes.get(self.next_service_change).map(|it| (it.at, CHANGED));
        let instances =
            self.setup.instance_changes.get(self.next_instance_change).map(|it| (it.at, INSTANCES));
        let first = [change, instances].into_iter().flatten().min();
        first.unwrap_or((SimTime::from_millis(u64::MAX), u8::MAX))
    }

    #[cold]
    fn next_change(&mut self, rank: u8) -> Event {
        let number = |it: usize| u32::try_from(it).expect("fewer than 2^32 changes");
        let event = if rank == CHANGED {
            self.next_service_change += 1;
            Event::ServiceChanged(number(self.next_service_change - 1))
        } else {
            self.next_instance_change += 1;
            Event::InstancesChanged(number(self.next_instance_change - 1))
        };
        self.next_other_outside = self.look_for_others_outside();
        event
    }

    /// Tells the recorder how things stood since the last event, before the
    /// clock moves on: what lasts no time is not seen.
    pub(super) fn observe(&mut self) {
        self.count_floors();
        let totals = self.cluster.totals();
        self.recorder.cluster(
            self.now,
            ClusterReading {
                n_instances: totals.n_instances.into(),
                n_in_use: totals.n_in_use.into(),
                lower_bound: self.floors.instances(),
                n_waiting: totals.n_waiting.into(),
                n_placed: totals.n_placed.into(),
                reserved_cpu: totals.reserved_cpu,
                reserved_memory: totals.reserved_memory,
                registered_cpu: totals.registered_cpu,
                registered_memory: totals.registered_memory,
            },
        );
        let n_fleet_changes = self.cluster.n_fleet_changes();
        let is_fleet_changed = self.n_fleet_changes != Some(n_fleet_changes);
        self.n_fleet_changes = Some(n_fleet_changes);
        for provider in self.setup.providers.ids() {
            // Who waits for what may change while as many wait.
            let has_waiting = self.line.providers[provider].n_waiting > 0;
            let had_waiting = std::mem::replace(&mut self.providers[provider].had_waiting, has_waiting);
            if is_fleet_changed || has_waiting || had_waiting {
                let reading = self.provider_reading(provider);
                self.recorder.provider(self.now, provider.idx(), &reading);
            } else {
                let reserved = &self.cluster.provider_totals(provider).reserved;
                self.recorder.reserved(self.now, provider.idx(), by_resource(reserved));
            }
        }
        for service in self.setup.services.ids() {
            if std::mem::take(&mut self.services[service].is_changed) {
                let reading = self.service_reading(service);
                self.recorder.service(self.now, service.idx(), reading);
                let requests = self.request_reading(service);
                if !self.alarms.is_empty() {
                    let fails = requests.as_ref().is_some_and(|it| it.lost.is_some());
                    self.tell_alarms(service, reading, fails);
                }
                if let Some(reading) = requests {
                    self.recorder.requests(self.now, service.idx(), reading);
                }
                self.look_at_targets(service);
                self.look_at_usage(service);
            }
        }
    }

    /// Tasks of the newest revision.
    pub(super) fn target_counts(&self, service: ServiceId) -> RevisionCounts {
        self.cluster.deployment(self.cluster.service(service).primary).counts
    }

    /// Tasks of all earlier revisions.
    pub(super) fn source_counts(&self, service: ServiceId) -> RevisionCounts {
        let older = self.cluster.service(service).older.iter();
        older
            .map(|&it| self.cluster.deployment(it).counts)
            .fold(RevisionCounts::default(), |sum, counts| sum + counts)
    }

    /// Whether an event about a task still speaks of the task it was meant for,
    /// and the task can still do anything: on a lost instance nothing happens
    /// until the loss is noticed.
    pub(super) fn is_alive(&self, task: TaskId, epoch: Epoch) -> bool {
        let task = self.cluster.task(task);
        let is_lost = |it| self.cluster.instance(it).status == InstanceStatus::Lost;
        task.epoch == epoch && !task.instance().is_some_and(is_lost)
    }

    /// Has a service's scheduler look at it at this moment, once.
    pub(super) fn review_service(&mut self, service: ServiceId) {
        let state = &mut self.services[service];
        if !state.is_review_scheduled {
            state.is_review_scheduled = true;
            self.queue.schedule(self.now, Event::ServiceReviewed(service));
        }
    }

    /// Has waiting tasks look for room at this moment, once.
    pub(super) fn call_for_placement(&mut self) {
        if !self.is_placement_due {
            self.is_placement_due = true;
            self.queue.schedule(self.now, Event::PlacementDue);
        }
    }

    /// The service a task belongs to, with its deployment.
    pub(super) fn service_of(&self, task: TaskId) -> Option<(ServiceId, DeploymentId)> {
        let task = self.cluster.task(task);
        match task.owner {
            crate::model::task::TaskOwner::Service { deployment, .. } => {
                // Services have the first groups, in their order.
                Some((ServiceId::new(task.group.number()), deployment))
            }
            crate::model::task::TaskOwner::Standalone { .. } => None,
        }
    }

    /// The group of a service, or of a batch of stand-alone tasks.
    pub(super) fn group_of_batch(&self, batch: u32) -> GroupId {
        let n_services = u32::try_from(self.setup.services.len()).expect("a few services");
        GroupId::new(n_services + batch)
    }

    /// A number drawn for a task, the same under every policy.
    pub(super) fn draw(&self, task: TaskId, domain: Domain) -> u64 {
        let task = self.cluster.task(task);
        self.seed.stream(domain, task.entity(task.group)).bits()
    }
}
