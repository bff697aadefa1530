//! Service auto scaling while a run is played: the metrics that come from the
//! load, the policies that look at them, and what they do to a desired count.
//!
//! Utilization is used over reserved, of the running tasks, as CloudWatch has
//! it for a service (developer guide, cloudwatch-metrics). Used is what answers
//! to requests take, charged when they are given, or the load of the service
//! spread over its healthy tasks; in both cases no more than those have reserved
//! (MODEL). Requests per target are those of the period that were sent to some
//! target, a minute, over the mean of the healthy targets (Elastic Load
//! Balancing guide, RequestCountPerTarget). Where nothing runs, or no target is
//! healthy, there is no data.

use std::collections::VecDeque;

use crate::base::SimTime;
use crate::base::id::{Id as _, ServiceId};
use crate::model::scaling::{CapacityBounds, LoadPoint, PolicyKind, ScalingMetric, ScalingPolicy};
use crate::record::{ScalingActivity, ScalingRecord};
use crate::scaling::service::cooldown::{Cooldowns, ScaleOut};
use crate::scaling::service::{self, PolicyView, ScalingPlan, ServiceView, scheduled};
use crate::sim::event::Event;
use crate::sim::setup::ServicePolicy;
use crate::sim::simulation::Simulation;
use crate::sim::watch::Watch;

/// What scales a service.
pub(super) struct ServiceScaler {
    bounds: CapacityBounds,
    cooldowns: Cooldowns,
    policies: Vec<PolicyState>,
    usage: Usage,
}

/// What is remembered of a policy.
struct PolicyState {
    /// When its current period ends.
    period_ends: SimTime,
    /// How things stood when it began.
    before: Totals,
    /// Points that nobody sees yet, with the moments from which on they are seen.
    coming: VecDeque<(SimTime, Option<u64>)>,
    /// The last points that are seen, the newest last.
    points: Vec<Option<u64>>,
    /// The newest of them was not there at the last look.
    is_new: bool,
}

/// Integrals over time since the begin of the run: of thousandths of CPU units
/// and of MiB, and of tasks.
#[derive(Clone, Copy, Default)]
struct Totals {
    cpu_used: u128,
    cpu_reserved: u128,
    memory_used: u128,
    memory_reserved: u128,
    healthy_ms: u128,
    /// Millionths of requests, not an integral.
    routed: u64,
    answered: u64,
}

/// How the tasks of a service stand, and what that has come to.
#[derive(Default)]
struct Usage {
    at: SimTime,
    now: Standing,
    cpu: Load,
    memory: Load,
    totals: Totals,
}

/// Thousandths of CPU units and of MiB that the tasks of a service have
/// reserved: all that run, those that are healthy.
#[derive(Clone, Copy, Default)]
struct Standing {
    running_cpu: u64,
    running_memory: u64,
    healthy_cpu: u64,
    healthy_memory: u64,
    n_healthy: u64,
}

/// The position in a load, and its value.
#[derive(Default)]
struct Load {
    next: usize,
    thousandths: u64,
}

impl Load {
    /// Takes what holds from `at` on; when that changes.
    fn advance(&mut self, points: &[LoadPoint], at: SimTime) -> Option<SimTime> {
        while let Some(point) = points.get(self.next).filter(|it| it.at <= at) {
            self.thousandths = point.thousandths;
            self.next += 1;
        }
        points.get(self.next).map(|it| it.at)
    }
}

impl Usage {
    /// Plays the loads up to `to`.
    fn advance(&mut self, to: SimTime, cpu_load: &[LoadPoint], memory_load: &[LoadPoint]) {
        while self.at < to {
            let changes = [self.cpu.advance(cpu_load, self.at), self.memory.advance(memory_load, self.at)];
            let end = changes.into_iter().flatten().fold(to, SimTime::min);
            let millis = u128::from(end.since(self.at).millis());
            let (now, totals) = (self.now, &mut self.totals);
            totals.cpu_used += u128::from(self.cpu.thousandths.min(now.healthy_cpu)) * millis;
            totals.cpu_reserved += u128::from(now.running_cpu) * millis;
            totals.memory_used += u128::from(self.memory.thousandths.min(now.healthy_memory)) * millis;
            totals.memory_reserved += u128::from(now.running_memory) * millis;
            totals.healthy_ms += u128::from(now.n_healthy) * millis;
            self.at = end;
        }
    }
}

impl Totals {
    /// A metric over the time since `before`, in thousandths; `None` without
    /// data. An answer takes so many microseconds of a vCPU.
    fn metric(&self, before: &Self, metric: ScalingMetric, cpu_us_per_request: u64) -> Option<u64> {
        let (numerator, denominator) = match metric {
            ScalingMetric::CpuUtilization => {
                let reserved = self.cpu_reserved - before.cpu_reserved;
                // Millionths of requests, microseconds, 1024 units of a vCPU:
                // 10^12 to the request-second, 10^-6 to the thousandth of a
                // unit's millisecond.
                let answered = u128::from(self.answered - before.answered);
                let of_requests = answered * u128::from(cpu_us_per_request) * 1024 / 1_000_000;
                let used = self.cpu_used - before.cpu_used + of_requests;
                (used.min(reserved) * 100_000, reserved)
            }
            ScalingMetric::MemoryUtilization => {
                let used = self.memory_used - before.memory_used;
                (used * 100_000, self.memory_reserved - before.memory_reserved)
            }
            ScalingMetric::RequestCountPerTarget => {
                // Millionths to thousandths, milliseconds to a minute.
                let routed = u128::from(self.routed - before.routed);
                (routed * 60, self.healthy_ms - before.healthy_ms)
            }
        };
        let quotient = numerator.checked_div(denominator)?;
        Some(u64::try_from(quotient).unwrap_or(u64::MAX))
    }
}

impl ServiceScaler {
    /// Of a service that is a scalable target.
    pub(super) fn of(policy: &ServicePolicy) -> Option<Box<Self>> {
        let scaling = policy.scaling.as_ref()?;
        let state = |policy: &ScalingPolicy| PolicyState {
            period_ends: SimTime::ZERO + policy.period,
            before: Totals::default(),
            coming: VecDeque::new(),
            points: Vec::new(),
            is_new: false,
        };
        Some(Box::new(Self {
            bounds: scaling.bounds,
            cooldowns: Cooldowns::new(scaling.policies.len()),
            policies: scaling.policies.iter().map(state).collect(),
            usage: Usage::default(),
        }))
    }

    /// The next moment at which a period ends or a point is seen.
    fn next_look(&self) -> Option<SimTime> {
        let ends = self.policies.iter().map(|it| it.period_ends);
        let seen = self.policies.iter().filter_map(|it| it.coming.front()).map(|it| it.0);
        ends.chain(seen).min()
    }
}

impl<W: Watch> Simulation<'_, W> {
    /// The first look at each service that is scaled.
    pub(super) fn open_scalers(&mut self) {
        for service in self.setup.services.ids() {
            let Some(scaling) = &self.setup.services[service].scaling else { continue };
            let told = |it: &ScalingPolicy| (it.name.clone(), it.metric.unit().to_owned(), it.threshold());
            let record = ScalingRecord::new(scaling.policies.iter().map(told), self.setup.horizon);
            self.recorder.open_scaling(service.idx(), record);
            self.schedule_scaling_look(service);
        }
    }

    /// One look is pending at a time, and it is later than the one before: each
    /// moves on a period or takes a point.
    fn schedule_scaling_look(&mut self, service: ServiceId) {
        if let Some(at) = self.scalers[service].as_ref().and_then(|it| it.next_look()) {
            self.queue.schedule(at, Event::ServiceScalingReviewed(service));
        }
    }

    /// The tasks of a service stand otherwise from now on.
    pub(super) fn look_at_usage(&mut self, service: ServiceId) {
        let Some(mut scaler) = self.scalers[service].take() else { return };
        let start = &self.workload.services[service];
        scaler.usage.advance(self.now, &start.cpu_load, &start.memory_load);
        scaler.usage.now = self.tasks_standing(service);
        self.scalers[service] = Some(scaler);
    }

    fn tasks_standing(&self, service: ServiceId) -> Standing {
        let row = self.cluster.service(service);
        let mut standing = Standing::default();
        for &deployment in row.older.iter().chain([&row.primary]) {
            let deployment = self.cluster.deployment(deployment);
            let needs = self.cluster.definition(deployment.definition).needs;
            let counts = deployment.counts;
            let running = u64::from(counts.settling + counts.healthy + counts.unhealthy);
            let healthy = u64::from(counts.healthy);
            let (cpu, memory) = (1000 * u64::from(needs.cpu.0), 1000 * u64::from(needs.memory.0));
            standing.running_cpu += running * cpu;
            standing.running_memory += running * memory;
            standing.healthy_cpu += healthy * cpu;
            standing.healthy_memory += healthy * memory;
            standing.n_healthy += healthy;
        }
        standing
    }

    /// Running tasks of a service, of all its revisions.
    fn n_running(&self, service: ServiceId) -> u32 {
        let counts = self.target_counts(service) + self.source_counts(service);
        counts.settling + counts.healthy + counts.unhealthy
    }

    /// Periods end and points are seen; if any is, the policies are asked.
    pub(super) fn on_service_scaling_reviewed(&mut self, service: ServiceId) {
        let Some(mut scaler) = self.scalers[service].take() else { return };
        let policy = &self.setup.services[service];
        let scaling = policy.scaling.as_ref().expect("what has a scaler is scaled");
        let start = &self.workload.services[service];
        scaler.usage.advance(self.now, &start.cpu_load, &start.memory_load);
        if let Some(requests) = self.request_totals(service) {
            scaler.usage.totals.routed = requests.routed;
            scaler.usage.totals.answered = requests.answered;
        }
        let cpu_us_per_request = policy.traffic.map_or(0, |it| it.cpu_us_per_request);
        let totals = scaler.usage.totals;
        let mut is_new = false;
        for (idx, (state, policy)) in scaler.policies.iter_mut().zip(&scaling.policies).enumerate() {
            if state.period_ends <= self.now {
                let point = totals.metric(&state.before, policy.metric, cpu_us_per_request);
                let from = SimTime::from_millis(self.now.millis() - policy.period.millis());
                self.recorder.metric_point((service.idx(), idx), from, self.now, point);
                state.coming.push_back((self.now + policy.delay, point));
                state.before = totals;
                state.period_ends = self.now + policy.period;
            }
            state.is_new = false;
            while let Some((_, point)) = state.coming.pop_front_if(|it| it.0 <= self.now) {
                (is_new, state.is_new) = (true, true);
                state.points.push(point);
                if state.points.len() > policy.n_points() {
                    state.points.remove(0);
                }
            }
        }
        let plan = is_new.then(|| self.plan_scaling(service, &scaler, &scaling.policies)).flatten();
        if let Some(plan) = plan {
            self.carry_out_scaling(service, &mut scaler, plan);
        }
        self.scalers[service] = Some(scaler);
        self.schedule_scaling_look(service);
    }

    fn plan_scaling(
        &self,
        service: ServiceId,
        scaler: &ServiceScaler,
        policies: &[ScalingPolicy],
    ) -> Option<ScalingPlan> {
        let states = scaler.policies.iter().zip(policies).enumerate();
        let views: Vec<PolicyView<'_>> = states
            .map(|(idx, (state, policy))| PolicyView {
                policy,
                points: &state.points,
                is_new: state.is_new,
                cooling: scaler.cooldowns.cooling(idx, self.now),
            })
            .collect();
        service::plan(&ServiceView {
            desired: self.cluster.service(service).desired_count,
            running: self.n_running(service),
            bounds: scaler.bounds,
            low_factor: self.setup.options.low_factor,
            is_deploying: self.is_deploying(service),
            holds_scale_in: scaler.cooldowns.holds_scale_in(self.now),
            policies: &views,
        })
    }

    fn carry_out_scaling(&mut self, service: ServiceId, scaler: &mut ServiceScaler, plan: ScalingPlan) {
        let scaling = self.setup.services[service].scaling.as_ref().expect("what has a plan is scaled");
        let policy = &scaling.policies[plan.policy];
        let from = self.cluster.service(service).desired_count;
        let to = plan.desired_count;
        if to > from {
            let cooldown = policy.scale_out_cooldown();
            scaler.cooldowns.scaled_out(plan.policy, self.now, ScaleOut { from, to }, cooldown);
        } else {
            scaler.cooldowns.scaled_in(self.now, policy.scale_in_cooldown());
        }
        let metric = scaler.policies[plan.policy].points.last().copied().flatten().unwrap_or(0);
        let cause = cause(policy, metric);
        let activity =
            ScalingActivity { at_ms: self.now.millis(), from, to, policy: Some(policy.name.clone()), cause };
        self.recorder.scaled(service.idx(), activity);
        self.services[service].scales_in_to = None;
        self.set_desired_count(service, to);
        self.services[service].is_changed = true;
        self.review_service(service);
    }

    /// The desired count is lowered: by somebody else than a policy, who has its
    /// scaler in hand meanwhile.
    pub(super) fn note_lowered(&mut self, service: ServiceId) {
        if let Some(scaler) = &mut self.scalers[service] {
            scaler.cooldowns.forget_scale_outs();
        }
    }

    /// A scheduled action: the bounds change, and the desired count is brought
    /// inside, downwards not before a deployment is over.
    pub(super) fn on_bounds_scheduled(
        &mut self,
        service: ServiceId,
        min_capacity: Option<u32>,
        max_capacity: Option<u32>,
    ) {
        let Some(scaler) = &mut self.scalers[service] else { return };
        scaler.bounds = scheduled::bounds_after(scaler.bounds, min_capacity, max_capacity);
        // What waits for the end of a deployment has to lie inside as well.
        let bounds = scaler.bounds;
        let pending = &mut self.services[service].scales_in_to;
        *pending = pending.map(|it| bounds.clamp(it.into()));
        let from = self.cluster.service(service).desired_count;
        let to = bounds.clamp(from.into());
        if to != from {
            let CapacityBounds { min_capacity, max_capacity } = bounds;
            let cause = format!("scheduled: between {min_capacity} and {max_capacity} tasks");
            self.recorder.scaled(
                service.idx(),
                ScalingActivity { at_ms: self.now.millis(), from, to, policy: None, cause },
            );
            self.scale(service, to);
        }
    }
}

/// Why a policy scaled.
fn cause(policy: &ScalingPolicy, metric: u64) -> String {
    let against = match policy.kind {
        PolicyKind::TargetTracking(_) => "target",
        PolicyKind::StepScaling(_) => "threshold",
    };
    let (metric, limit) = (thousandths(metric), thousandths(policy.threshold()));
    format!("{metric} {} against a {against} of {limit}", policy.metric.unit())
}

/// All decimals that are not zero.
fn thousandths(value: u64) -> String {
    let text = format!("{}.{:03}", value / 1000, value % 1000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
