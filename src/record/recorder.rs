//! What a run tells, moment by moment, becomes a [`RunRecord`]. A value holds
//! from the moment it is told until the next one is.

use crate::base::{SimDuration, SimTime};
use crate::record::decisions::Decisions;
use crate::record::moments::Moments;
use crate::record::provider::ProviderState;
use crate::record::reading::{ClusterReading, RequestReading, ServiceReading};
use crate::record::surge::SurgeWatch;
use crate::record::{
    DisruptionRecord, FloorRecorder, Histogram, ImageRecord, Ledger, NeverPlaceable, Occupancy,
    ProviderRecord, RequestAmounts, RequestTally, RolloutProfile, RunRecord, ScalingActivity, ScalingRecord,
    Series, ServiceRecord, Taken, TaskCounts, TaskFailure, ZoneBalance,
};

/// Width of a step of the profile through rollouts.
const PROFILE_STEP: SimDuration = SimDuration::from_secs(10);
/// Steps of the profile: one hour.
const PROFILE_STEPS: usize = 360;
const MINUTE_MS: u64 = 60_000;
/// Rollouts of a run that have a timeline: more than anybody looks at.
const TIMELINES_MAX: usize = 100;

/// Writes down a run.
#[derive(Debug)]
pub struct Recorder {
    pub(super) measured_from: SimTime,
    pub(super) horizon: SimTime,
    pub(super) moments: Moments<ClusterReading>,
    decisions: Decisions,
    pub(super) record: RunRecord,
    pub(super) services: Vec<ServiceRecorder>,
    pub(super) surges: SurgeWatch,
    /// How each provider stands.
    pub(super) provider_states: Vec<ProviderState>,
    /// For each service the provider of its instances; `None` on Fargate.
    pub(super) provider_of: Vec<Option<usize>>,
}

#[derive(Debug)]
pub(super) struct ServiceRecorder {
    last: SimTime,
    pub(super) reading: ServiceReading,
    /// Start of the minute that is being summed, and its sums so far.
    minute: u64,
    minute_available_ms: u64,
    minute_desired_ms: u64,
    /// The newest measured rollout, for the profile.
    pub(super) rollout_started_at: Option<SimTime>,
    pub(super) open_rollout: Option<usize>,
    /// A rollout that ended, with the moment: how things stood then is told
    /// when the moment is over.
    pub(super) closed_rollout: Option<(usize, SimTime)>,
    requests: Option<RequestReading>,
    requests_last: SimTime,
    tally: RequestTally,
}

impl Recorder {
    /// A recorder of a run in which nothing has happened.
    pub fn new(
        horizon: SimDuration,
        warm_up: SimDuration,
        services: impl IntoIterator<Item = String>,
    ) -> Self {
        let profile = RolloutProfile {
            step_ms: PROFILE_STEP.millis(),
            available_ms: vec![0; PROFILE_STEPS],
            desired_ms: vec![0; PROFILE_STEPS],
            tasks_ms: vec![0; PROFILE_STEPS],
        };
        let series = Series::new(horizon);
        let services: Vec<ServiceRecord> = services
            .into_iter()
            .map(|name| ServiceRecord {
                name,
                desired_ms: 0,
                available_ms: 0,
                worst_minute: (0, 0),
                below_minimum_ms: 0,
                zone_skew_ms: 0,
                fullest_zone_ms: 0,
                zones_at_end: ZoneBalance::default(),
                desired: series.clone(),
                healthy: series.clone(),
                tasks: series.clone(),
                through_rollouts: profile.clone(),
                failures: Vec::new(),
                volumes_with_data: 0,
                volumes_empty: 0,
                requests: None,
                scaling: None,
            })
            .collect();
        let recorders = services.iter().map(|_| ServiceRecorder {
            last: SimTime::ZERO,
            reading: ServiceReading::default(),
            minute: 0,
            minute_available_ms: 0,
            minute_desired_ms: 0,
            rollout_started_at: None,
            open_rollout: None,
            closed_rollout: None,
            requests: None,
            requests_last: SimTime::ZERO,
            tally: RequestTally::new(horizon),
        });
        Self {
            measured_from: SimTime::ZERO + warm_up,
            horizon: SimTime::ZERO + horizon,
            moments: Moments::new(ClusterReading::default()),
            decisions: Decisions::new(),
            services: recorders.collect(),
            surges: SurgeWatch::default(),
            provider_states: Vec::new(),
            provider_of: Vec::new(),
            record: RunRecord {
                digest: 0,
                n_events: 0,
                horizon_ms: horizon.millis(),
                warm_up_ms: warm_up.millis(),
                tasks: TaskCounts::default(),
                images: ImageRecord::default(),
                never_placeable: Vec::new(),
                wait: Histogram::new(),
                service_wait: Histogram::new(),
                ledger: Ledger::default(),
                instance_ms: 0,
                instances_peak: 0,
                lower_bound_instance_ms: 0,
                reserved_cpu_ms: 0,
                registered_cpu_ms: 0,
                reserved_memory_ms: 0,
                registered_memory_ms: 0,
                occupancy: Occupancy::default(),
                instances_launched: 0,
                instances_failed: 0,
                disruptions: Vec::new(),
                instances: series.clone(),
                lower_bound: series.clone(),
                waiting_tasks: series.clone(),
                placed_tasks: series,
                providers: Vec::new(),
                floors: FloorRecorder::new(horizon, warm_up).finish(),
                services,
                rollouts: Vec::new(),
                failures: Vec::new(),
                placement_digest: 0,
            },
        }
    }

    /// The same for a run with these capacity providers, of which
    /// [`Self::provider`] tells.
    pub fn with_providers(mut self, names: impl IntoIterator<Item = String>) -> Self {
        let horizon = self.horizon - SimTime::ZERO;
        self.record.providers = names.into_iter().map(|it| ProviderRecord::new(it, horizon)).collect();
        self.provider_states = self.record.providers.iter().map(|_| ProviderState::new()).collect();
        self.surges = SurgeWatch::new(self.record.providers.len());
        self
    }

    /// The same with word of whose instances each service is on, `None` on
    /// Fargate: whose surge its rollouts answer for.
    pub fn with_services_on(mut self, providers: impl IntoIterator<Item = Option<usize>>) -> Self {
        self.provider_of = providers.into_iter().collect();
        self
    }

    /// The same for a run in which these causes may disrupt.
    pub fn with_disruptions(mut self, disruptions: Vec<DisruptionRecord>) -> Self {
        self.record.disruptions = disruptions;
        self
    }

    /// Whether what happens at `at` is measured.
    pub fn is_measured(&self, at: SimTime) -> bool {
        at >= self.measured_from
    }

    /// The counts of stand-alone tasks.
    pub fn tasks(&mut self) -> &mut TaskCounts {
        &mut self.record.tasks
    }

    /// What is written down of images; who writes asks whether it is measured.
    pub fn images(&mut self) -> &mut ImageRecord {
        &mut self.record.images
    }

    /// What was written down of images so far.
    pub fn image_record(&self) -> &ImageRecord {
        &self.record.images
    }

    /// A stand-alone task that was asked for at `requested_at` is placed.
    pub fn task_placed(&mut self, requested_at: SimTime, now: SimTime) {
        if self.is_measured(requested_at) {
            self.record.tasks.placed += 1;
            self.record.wait.record(now - requested_at);
        }
    }

    /// A service's task that was asked for at `requested_at` is placed.
    pub fn service_task_placed(&mut self, requested_at: SimTime, now: SimTime) {
        if self.is_measured(requested_at) {
            self.record.service_wait.record(now - requested_at);
        }
    }

    /// Tasks that no instance of the cluster can hold were asked for.
    pub fn never_placeable(&mut self, found: NeverPlaceable) {
        let known = self.record.never_placeable.iter_mut().find(|it| {
            (&it.definition, it.cpu_units, it.memory_mib)
                == (&found.definition, found.cpu_units, found.memory_mib)
        });
        match known {
            Some(known) => known.n_tasks += found.n_tasks,
            None => self.record.never_placeable.push(found),
        }
    }

    /// One decision on the stand-alone task of this number: which instance,
    /// `u32::MAX` for a task that was given up.
    pub fn decided(&mut self, now: SimTime, arrival: u32, instance: u32) {
        self.decisions.add(now, arrival, instance);
    }

    /// A service stands like this from `now` on.
    pub fn service(&mut self, now: SimTime, service: usize, reading: ServiceReading) {
        self.advance_service(now, service);
        self.services[service].reading = reading;
        let record = &mut self.record.services[service];
        record.desired.set(now, reading.desired.into());
        record.healthy.set(now, reading.healthy.into());
        record.tasks.set(now, reading.tasks.into());
        record.zones_at_end = reading.zones;
        if let Some(idx) = self.services[service].open_rollout {
            let rollout = &mut self.record.rollouts[idx];
            rollout.tasks_peak = rollout.tasks_peak.max(reading.tasks);
            rollout.healthy_min = rollout.healthy_min.min(reading.healthy);
        }
        let state = &mut self.services[service];
        let closed = state.closed_rollout.take().filter(|it| it.1 == now).map(|it| it.0);
        if let Some(idx) = closed.or(state.open_rollout) {
            let rollout = &mut self.record.rollouts[idx];
            if closed.is_some() {
                rollout.left_behind = reading.zones;
            }
            if idx < TIMELINES_MAX {
                rollout.timeline.push(reading.point(now.millis() - rollout.started_ms));
            }
        }
    }

    pub(super) fn advance_service(&mut self, now: SimTime, service: usize) {
        let now = now.min(self.horizon);
        let state = &mut self.services[service];
        let from = state.last.max(self.measured_from);
        state.last = state.last.max(now);
        if now <= from {
            return;
        }
        let record = &mut self.record.services[service];
        let reading = state.reading;
        let available = u64::from(reading.healthy.min(reading.desired));
        let desired = u64::from(reading.desired);
        let (from, to) = (from.millis(), now.millis());

        record.available_ms += available * (to - from);
        record.desired_ms += desired * (to - from);
        if reading.healthy < reading.minimum {
            record.below_minimum_ms += to - from;
        }
        record.zone_skew_ms += u64::from(reading.zones.skew()) * (to - from);
        record.fullest_zone_ms += u64::from(reading.zones.most) * (to - from);
        if let Some(idx) = state.open_rollout {
            let above = u64::from(reading.tasks.saturating_sub(reading.desired));
            self.record.rollouts[idx].surge.task_ms += above * (to - from);
        }
        if let Some(started_at) = state.rollout_started_at {
            let span = (from - started_at.millis().min(from), to - started_at.millis().min(to));
            record.through_rollouts.add(span, available, desired, reading.tasks.into());
        }
        state.sum_minutes(&mut record.worst_minute, from, to, available, desired);
    }

    /// A task failed, of this service or a stand-alone one: counted while
    /// measured.
    pub fn task_failed(&mut self, now: SimTime, service: Option<usize>, reason: &str) {
        if !self.is_measured(now) {
            return;
        }
        let failures = match service {
            Some(service) => &mut self.record.services[service].failures,
            None => &mut self.record.failures,
        };
        match failures.iter_mut().find(|it| it.reason == reason) {
            Some(known) => known.n_tasks += 1,
            None => failures.push(TaskFailure { reason: reason.to_owned(), n_tasks: 1 }),
        }
    }

    /// A task of a service mounted a volume of its instance. Counted while
    /// measured.
    pub fn volume_mounted(&mut self, now: SimTime, service: usize, has_data: bool) {
        if self.is_measured(now) {
            let record = &mut self.record.services[service];
            record.volumes_with_data += u64::from(has_data);
            record.volumes_empty += u64::from(!has_data);
        }
    }

    /// The requests of a service stand like this from `now` on.
    pub fn requests(&mut self, now: SimTime, service: usize, reading: RequestReading) {
        self.advance_requests(now, service);
        self.record.services[service].requests.get_or_insert_default();
        self.services[service].requests = Some(reading);
    }

    fn advance_requests(&mut self, now: SimTime, service: usize) {
        let now = now.min(self.horizon);
        let state = &mut self.services[service];
        let measured_ms = now.since(state.requests_last.max(self.measured_from)).millis();
        state.requests_last = state.requests_last.max(now);
        let Some(reading) = &state.requests else { return };
        let record = self.record.services[service].requests.get_or_insert_default();
        let n = reading.millirequests_per_second * measured_ms;
        let amounts = match reading.lost {
            None => RequestAmounts { offered: n, served: n, ..RequestAmounts::default() },
            Some(_) => RequestAmounts { offered: n, lost: n, ..RequestAmounts::default() },
        };
        if let Some(reason) = &reading.lost {
            record.lose(reason, reading.is_5xx, n);
        }
        let from = SimTime::from_millis(now.millis() - measured_ms);
        state.tally.add(record, from, now, amounts);
    }

    /// Requests of a service were counted over a stretch that lies in the
    /// measured time or before it.
    pub fn requests_counted(&mut self, from: SimTime, to: SimTime, service: usize, amounts: RequestAmounts) {
        let record = self.record.services[service].requests.get_or_insert_default();
        if from >= self.measured_from {
            self.services[service].tally.add(record, from, to, amounts);
        }
    }

    /// So many requests of a service were lost at `now`, or in the stretch that
    /// begins then, for this reason.
    pub fn requests_lost(&mut self, now: SimTime, service: usize, reason: &str, is_5xx: bool, n: u64) {
        if now >= self.measured_from {
            self.record.services[service].requests.get_or_insert_default().lose(reason, is_5xx, n);
        }
    }

    /// So many requests of a service are in flight at the horizon.
    pub fn requests_in_flight(&mut self, service: usize, n: u64) {
        self.record.services[service].requests.get_or_insert_default().in_flight = n;
    }

    /// A service is a scalable target, of which [`Self::scaled`] and
    /// [`Self::metric_point`] tell.
    pub fn open_scaling(&mut self, service: usize, scaling: ScalingRecord) {
        self.record.services[service].scaling = Some(scaling);
    }

    /// A service was scaled.
    pub fn scaled(&mut self, service: usize, activity: ScalingActivity) {
        let is_measured = self.is_measured(SimTime::from_millis(activity.at_ms));
        if let Some(scaling) = &mut self.record.services[service].scaling {
            scaling.push(activity, is_measured);
        }
    }

    /// The metric of a service's policy has a point, of the time from `from` to
    /// `to`, in thousandths.
    pub fn metric_point(
        &mut self,
        (service, policy): (usize, usize),
        from: SimTime,
        to: SimTime,
        metric: Option<u64>,
    ) {
        if let Some(scaling) = &mut self.record.services[service].scaling {
            scaling.point(policy, from, to, metric);
        }
    }

    /// From when on is measured.
    pub fn measured_from(&self) -> SimTime {
        self.measured_from
    }

    /// The run is over: everything is carried to the horizon.
    pub fn finish(mut self, digest: u64, n_events: u64, ledger: Ledger) -> RunRecord {
        let horizon = self.horizon;
        self.settle_cluster(horizon);
        (0..self.provider_states.len()).for_each(|it| self.settle_provider(it));
        for service in 0..self.services.len() {
            self.advance_service(horizon, service);
            self.advance_requests(horizon, service);
            let (state, record) = (&mut self.services[service], &mut self.record.services[service]);
            state.close_minute(&mut record.worst_minute);
            if let Some(requests) = &mut record.requests {
                state.tally.close(requests);
            }
            for series in [&mut record.desired, &mut record.healthy, &mut record.tasks] {
                series.advance(horizon);
            }
        }
        let mut record = self.record;
        record.occupancy.at_end = Taken::of(self.moments.last());
        record.placement_digest = self.decisions.finish();
        for series in [
            &mut record.instances,
            &mut record.lower_bound,
            &mut record.waiting_tasks,
            &mut record.placed_tasks,
        ] {
            series.advance(horizon);
        }
        record.providers.iter_mut().for_each(|it| it.advance(horizon));
        record.tasks.never_placed = record.tasks.submitted - record.tasks.placed;
        record.ledger = ledger;
        record.digest = digest;
        record.n_events = n_events;
        record
    }
}

impl ServiceRecorder {
    /// Adds a stretch of constant value to the minutes it covers.
    fn sum_minutes(&mut self, worst: &mut (u64, u64), from: u64, to: u64, available: u64, desired: u64) {
        let mut at = from;
        while at < to {
            let minute = at / MINUTE_MS;
            if minute != self.minute {
                self.close_minute(worst);
                self.minute = minute;
            }
            let end = ((minute + 1) * MINUTE_MS).min(to);
            self.minute_available_ms += available * (end - at);
            self.minute_desired_ms += desired * (end - at);
            at = end;
            // All whole minutes of the stretch are alike: one stands for them.
            let last_minute = to / MINUTE_MS;
            if at.is_multiple_of(MINUTE_MS) && last_minute > at / MINUTE_MS + 1 {
                at = (last_minute - 1) * MINUTE_MS;
            }
        }
    }

    fn close_minute(&mut self, worst: &mut (u64, u64)) {
        let this = (self.minute_available_ms, self.minute_desired_ms);
        let product = |a: u64, b: u64| u128::from(a) * u128::from(b);
        if this.1 > 0 && (worst.1 == 0 || product(this.0, worst.1) < product(worst.0, this.1)) {
            *worst = this;
        }
        self.minute_available_ms = 0;
        self.minute_desired_ms = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(desired: u32, healthy: u32) -> ServiceReading {
        ServiceReading { desired, healthy, tasks: healthy, minimum: desired, ..Default::default() }
    }

    #[test]
    fn the_worst_minute_is_found_wherever_it_lies() {
        let at = SimTime::from_secs;
        let mut recorder = Recorder::new(SimDuration::from_secs(7200), SimDuration::ZERO, ["web".to_owned()]);
        recorder.service(at(0), 0, reading(4, 4));
        recorder.service(at(1234), 0, reading(4, 1));
        recorder.service(at(1264), 0, reading(4, 4));
        let record = recorder.finish(0, 0, Ledger::default());
        let web = &record.services[0];
        // 1234 to 1260 lies in one minute, four seconds in the next.
        assert_eq!(web.worst_minute, (240_000 - 3 * 26_000, 240_000));
        assert_eq!(web.available_ms, 4 * 7_200_000 - 3 * 30_000);
        assert_eq!(web.below_minimum_ms, 30_000);
    }

    #[test]
    fn only_what_follows_the_warm_up_is_measured() {
        let at = SimTime::from_secs;
        let mut recorder =
            Recorder::new(SimDuration::from_secs(100), SimDuration::from_secs(40), ["web".to_owned()]);
        recorder.cluster(at(0), ClusterReading { n_instances: 9, ..Default::default() });
        recorder.cluster(at(30), ClusterReading { n_instances: 2, ..Default::default() });
        recorder.cluster(at(101), ClusterReading { n_instances: 70, ..Default::default() });
        recorder.cluster(at(110), ClusterReading::default());
        recorder.service(at(0), 0, reading(2, 0));
        recorder.service(at(50), 0, reading(2, 2));
        let record = recorder.finish(0, 0, Ledger::default());
        assert_eq!((record.instance_ms, record.instances_peak), (120_000, 2));
        let series: u64 = record.instances.buckets().iter().map(|it| it.integral).sum();
        assert_eq!(
            series,
            9 * 30_000 + 2 * 70_000,
            "the series has the warm-up too, and ends at the horizon"
        );
        assert_eq!((record.services[0].available_ms, record.services[0].desired_ms), (100_000, 120_000));
    }
}
