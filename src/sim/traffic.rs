//! Requests of services while a run is played. Nothing here is an event: a
//! service's traffic is played up to the moment whenever one of its targets
//! changes, in stretches in which rate and targets stay as they are.
//!
//! A task that its scheduler stops is deregistered first. One that ends by
//! itself, or with its machine, is sent its share until the health checks of
//! its target group find out, for an unhealthy threshold of intervals, or until
//! it is deregistered because its instance's loss was noticed (MODEL: the last
//! check before its end is taken to have passed just then).
//!
//! A service without a load balancer is reached over Service Connect, or in
//! some way like it (MODEL, coarse): its tasks are endpoints as soon as they
//! run and pass their containers' checks; one that is told to stop is no
//! endpoint any more, and what it has in flight may end until it exits; one
//! that is gone is found out after five failed requests, after 30 s at most
//! (guide, service-connect-concepts-deploy: outlier detection). Its retries are
//! left out.

use std::sync::Arc;

use crate::base::id::{Id as _, ServiceId, TaskId};
use crate::base::{Seed, SimDuration, SimTime};
use crate::model::deployment::TrafficShare;
use crate::model::instance::InstanceStatus;
use crate::model::life::ContainerHealth;
use crate::model::task::{Health, StopCode, Task, TaskOwner, TaskStatus};
use crate::model::traffic::{RequestFailure, RequestRate, RoutingAlgorithm, Traffic, TrafficModel};
use crate::model::workload::Workload;
use crate::record::request_tally::WINDOW;
use crate::record::{Recorder, RequestAmounts};
use crate::sim::setup::Setup;
use crate::sim::simulation::Simulation;
use crate::sim::watch::Watch;
use crate::traffic::interval::Stretch;
use crate::traffic::{Counts, Flow, Requests, Standing, Targets};

/// Service Connect: failed requests until an endpoint is left out.
const OUTLIER_FAILURES: u64 = 5;
/// The longest it is sent requests all the same.
const OUTLIER_TIME_MAX: SimDuration = SimDuration::from_secs(30);

/// The traffic of a service.
pub(super) struct ServiceTraffic {
    traffic: Traffic,
    targets: Targets,
    play: Play,
    /// Played up to here.
    at: SimTime,
    /// The next change of the rate.
    next_rate: usize,
    rate: u64,
    share: Option<TrafficShare>,
    /// What is counted and not yet told.
    counts: Counts,
    /// What keeps the web away.
    unreachable: Option<Arc<str>>,
    /// Why tasks answer with errors, as far as any does.
    errors: Option<Arc<str>>,
    /// Since the begin.
    totals: Totals,
    /// Offered while measured, by hour of the run, in millionths.
    by_hour: Vec<u64>,
}

/// Requests since the begin of a run, in millionths.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Totals {
    offered: u64,
    failed: u64,
    /// Sent to some target.
    pub(super) routed: u64,
    /// Answered by a task, with an error or without.
    pub(super) answered: u64,
}

/// One of the two models.
enum Play {
    Flow(Flow),
    Requests(Box<Requests>),
}

impl ServiceTraffic {
    /// Of a service whose requests are played.
    pub(super) fn of(
        setup: &Setup,
        workload: &Workload,
        seed: Seed,
        service: ServiceId,
    ) -> Option<Box<Self>> {
        let traffic = setup.services[service].traffic?;
        let rates = &workload.services[service].requests;
        let play = match traffic.model_for(n_expected(rates, setup.horizon)) {
            TrafficModel::Request => Play::Requests(Box::new(Requests::new(seed, service.number()))),
            TrafficModel::Interval | TrafficModel::Auto => Play::Flow(Flow::default()),
        };
        Some(Box::new(Self {
            traffic,
            targets: Targets::new(traffic.fails_open),
            play,
            at: SimTime::ZERO,
            next_rate: 0,
            rate: 0,
            share: None,
            counts: Counts::default(),
            unreachable: None,
            errors: None,
            totals: Totals::default(),
            by_hour: Vec::new(),
        }))
    }

    /// Offered while measured, by hour of the run, in millionths.
    pub(super) fn by_hour(&self) -> &[u64] {
        &self.by_hour
    }

    /// Plays up to `to` and tells the recorder.
    fn advance(&mut self, to: SimTime, rates: &[RequestRate], recorder: &mut Recorder, service: usize) {
        while self.at < to {
            while let Some(next) = rates.get(self.next_rate).filter(|it| it.at <= self.at) {
                self.rate = next.microrequests_per_second;
                self.next_rate += 1;
            }
            self.targets.settle(self.at, &mut self.counts);
            if self.at == recorder.measured_from() && self.at > SimTime::ZERO {
                self.counts.offered += self.targets.in_flight();
                // They were sent to their targets before.
                self.totals.routed -= self.targets.in_flight();
            }
            let window_end = SimTime::from_millis((self.at.millis() / WINDOW.millis() + 1) * WINDOW.millis());
            let mut end = to.min(window_end);
            let rate_change = rates.get(self.next_rate).map(|it| it.at);
            for change in [rate_change, self.targets.next_change(self.at)].into_iter().flatten() {
                end = end.min(change);
            }
            if recorder.measured_from() > self.at {
                end = end.min(recorder.measured_from());
            }
            let new = self.share.map_or(0, |it| {
                u64::try_from(u128::from(self.rate) * u128::from(it.0) / 1000).expect("a part of the rate")
            });
            let stretch = Stretch { from: self.at, to: end, rates: [self.rate - new, new] };
            match &mut self.play {
                Play::Flow(flow) => {
                    flow.advance(&self.traffic, &mut self.targets, &stretch, &mut self.counts);
                }
                Play::Requests(requests) => {
                    requests.advance(&self.traffic, &mut self.targets, &stretch, &mut self.counts);
                }
            }
            self.tell(end, recorder, service);
        }
    }

    /// Hands over what was counted since the last time.
    fn tell(&mut self, to: SimTime, recorder: &mut Recorder, service: usize) {
        let mut counts = std::mem::take(&mut self.counts);
        if self.unreachable.is_some() {
            counts.failed.swap(RequestFailure::Unreachable as usize, RequestFailure::NoTarget as usize);
        }
        let from = std::mem::replace(&mut self.at, to);
        for (failure, &n) in RequestFailure::ALL.iter().zip(&counts.failed) {
            let known = match failure {
                RequestFailure::Unreachable => self.unreachable.as_deref(),
                RequestFailure::ErrorAnswer => self.errors.as_deref(),
                _ => None,
            };
            let reason = known.unwrap_or_else(|| failure.reason());
            recorder.requests_lost(from, service, reason, failure.is_5xx(), n);
        }
        let Counts { offered, served, waited_us, .. } = counts;
        let lost = counts.n_failed();
        let failed = |it: RequestFailure| counts.failed[it as usize];
        self.totals.offered += offered;
        self.totals.failed += lost;
        self.totals.routed +=
            offered - failed(RequestFailure::NoTarget) - failed(RequestFailure::Unreachable);
        self.totals.answered += served + failed(RequestFailure::ErrorAnswer);
        let amounts = RequestAmounts { offered, served, lost, waited_us };
        recorder.requests_counted(from, to, service, amounts);
        // Hours are whole windows of requests: a stretch is of one.
        if recorder.is_measured(from) {
            let hour = usize::try_from(from.millis() / 3_600_000).expect("within a run");
            if self.by_hour.len() <= hour {
                self.by_hour.resize(hour + 1, 0);
            }
            self.by_hour[hour] += offered;
        }
    }
}

/// Whole requests before the horizon.
fn n_expected(rates: &[RequestRate], horizon: SimDuration) -> u64 {
    let end = SimTime::ZERO + horizon;
    let ends = rates.iter().skip(1).map(|it| it.at).chain([end]);
    let micros = rates.iter().zip(ends).map(|(rate, to)| {
        u128::from(rate.microrequests_per_second) * u128::from(to.min(end).since(rate.at).millis()) / 1000
    });
    u64::try_from(micros.sum::<u128>() / 1_000_000).unwrap_or(u64::MAX)
}

impl<W: Watch> Simulation<'_, W> {
    /// A service's targets may stand otherwise from now on.
    pub(super) fn look_at_targets(&mut self, service: ServiceId) {
        let Some(mut traffic) = self.take_traffic(service) else { return };
        let state = self.cluster.service(service);
        traffic.share = self.services[service].new_revision_share;
        traffic.unreachable = self.paths.missing_from_web(service);
        for &task in &state.tasks {
            let row = self.cluster.task(task);
            let TaskOwner::Service { deployment, launch } = row.owner else { continue };
            let known = traffic.targets.find(launch);
            if row.status != TaskStatus::Running || traffic.unreachable.is_some() {
                continue;
            }
            let is_lost = |it| self.cluster.instance(it).status == InstanceStatus::Lost;
            if row.instance().is_some_and(is_lost) {
                if let Some(known) = known.filter(|it| traffic.targets.rows()[*it].is_registered()) {
                    let until = self.now + self.found_out_after(service, &traffic, true);
                    traffic.targets.set_standing(known, Standing::Gone { until }, &mut traffic.counts);
                }
                continue;
            }
            let side = usize::from(traffic.share.is_some() && deployment == state.primary);
            let standing = self.standing(service, row);
            match (known, standing) {
                (Some(known), standing) => {
                    traffic.targets.set_side(known, side);
                    if let Some(standing) = standing {
                        traffic.targets.set_standing(known, standing, &mut traffic.counts);
                    }
                }
                (None, Some(standing)) => {
                    let errors = &self.lives.of(row).answers_errors;
                    if let Some(reason) = errors {
                        traffic.errors = Some(Arc::clone(reason));
                    }
                    traffic.targets.join(task, launch, side, standing, errors.is_some());
                }
                (None, None) => (),
            }
        }
        self.traffic[service] = Some(traffic);
    }

    /// Requests of a service up to now, offered and failed, in millionths;
    /// `None` if they are not played.
    pub(super) fn requests_so_far(&mut self, service: ServiceId) -> Option<(u64, u64)> {
        self.request_totals(service).map(|it| (it.offered, it.failed))
    }

    /// All that is counted of them.
    pub(super) fn request_totals(&mut self, service: ServiceId) -> Option<Totals> {
        let traffic = self.take_traffic(service)?;
        let totals = traffic.totals;
        self.traffic[service] = Some(traffic);
        Some(totals)
    }

    /// A task is about to be asked to stop.
    pub(super) fn deregister_target(&mut self, task: TaskId, code: StopCode) {
        let Some((service, _)) = self.service_of(task) else { return };
        let Some(mut traffic) = self.take_traffic(service) else { return };
        let TaskOwner::Service { launch, .. } = self.cluster.task(task).owner else {
            unreachable!("a service's task is owned by it");
        };
        if let Some(known) = traffic.targets.find(launch) {
            let was_gone = !traffic.targets.rows()[known].is_registered();
            let standing = match code {
                StopCode::ServiceSchedulerInitiated => {
                    Standing::Draining { until: self.now + self.requests_end_after(service, task) }
                }
                // It leaves its targets with the signal; nobody waits for them.
                StopCode::SpotInterruption => {
                    Standing::Draining { until: self.now + self.lives.of(self.cluster.task(task)).stop }
                }
                // Its loss was found out before this was noticed, or is now.
                _ if was_gone => Standing::Gone { until: self.now },
                _ => {
                    let is_silent = code != StopCode::EssentialContainerExited;
                    Standing::Gone { until: self.now + self.found_out_after(service, &traffic, is_silent) }
                }
            };
            traffic.targets.set_standing(known, standing, &mut traffic.counts);
        }
        self.traffic[service] = Some(traffic);
    }

    /// The run is over.
    pub(super) fn close_traffic(&mut self) {
        self.now = SimTime::ZERO + self.setup.horizon;
        for service in self.setup.services.ids() {
            if let Some(traffic) = self.take_traffic(service) {
                self.recorder.requests_in_flight(service.idx(), traffic.targets.in_flight());
                self.traffic[service] = Some(traffic);
            }
        }
    }

    /// A service's traffic, played up to now.
    fn take_traffic(&mut self, service: ServiceId) -> Option<Box<ServiceTraffic>> {
        let mut traffic = self.traffic[service].take()?;
        let rates = &self.workload.services[service].requests;
        traffic.advance(self.now, rates, &mut self.recorder, service.idx());
        Some(traffic)
    }

    /// How a running task stands as a target; `None` if it is none yet.
    fn standing(&self, service: ServiceId, task: &Task) -> Option<Standing> {
        let life = self.lives.of(task);
        let has_balancer = !self.setup.services[service].load_balancers.is_empty();
        match task.health {
            Health::Healthy => Some(Standing::Healthy),
            Health::Unknown if has_balancer => None,
            Health::Unknown => {
                (life.container_health == ContainerHealth::Unchecked).then_some(Standing::Healthy)
            }
            Health::Unhealthy => {
                let is_reached = self.missing_path(service, task, 0).is_none();
                let answers_after = life.answers_after.filter(|_| is_reached).unwrap_or(SimDuration::FOREVER);
                Some(Standing::Unhealthy { answers_from: task.since + answers_after })
            }
        }
    }

    /// How long what a task has in flight may go on once it is deregistered.
    fn requests_end_after(&self, service: ServiceId, task: TaskId) -> SimDuration {
        let policy = &self.setup.services[service];
        let groups = policy.load_balancers.iter();
        let delays = groups.map(|it| self.setup.network.target_groups[it.target_group].deregistration_delay);
        delays.max().unwrap_or_else(|| self.lives.of(self.cluster.task(task)).stop)
    }

    /// From the end of a task that nobody announced until no more requests are
    /// sent to it. A lost machine is silent: connections to it hang, so that the
    /// fewest requests in flight are soon elsewhere. A machine that stands
    /// refuses them at once.
    fn found_out_after(&self, service: ServiceId, traffic: &ServiceTraffic, is_silent: bool) -> SimDuration {
        if is_silent && traffic.traffic.algorithm == RoutingAlgorithm::LeastOutstandingRequests {
            return SimDuration::ZERO;
        }
        let groups = self.setup.services[service].load_balancers.iter();
        let checks = groups.map(|it| {
            let group = &self.setup.network.target_groups[it.target_group];
            SimDuration::from_millis(group.interval.millis() * u64::from(group.unhealthy_threshold))
        });
        checks.min().unwrap_or_else(|| {
            let n_targets = traffic.targets.rows().iter().filter(|it| it.is_registered()).count() as u64;
            let millis = OUTLIER_FAILURES * n_targets * 1_000_000_000 / traffic.rate.max(1);
            SimDuration::from_millis(millis).min(OUTLIER_TIME_MAX)
        })
    }
}
