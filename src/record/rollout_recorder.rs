//! What a run tells of its rollouts.

use crate::base::{Money, SimTime};
use crate::record::{DeploymentOutcome, Recorder, RolloutProfile, RolloutRecord};

impl Recorder {
    /// A rollout begins. Only those that begin while measured are recorded.
    pub fn open_rollout(&mut self, now: SimTime, service: usize, revision: &str) {
        self.advance_service(now, service);
        if !self.is_measured(now) {
            return;
        }
        let state = &mut self.services[service];
        state.rollout_started_at = Some(now);
        state.open_rollout = Some(self.record.rollouts.len());
        state.closed_rollout = None;
        if let Some(provider) = self.provider_of.get(service).copied().flatten() {
            let idx = self.record.rollouts.len();
            self.surges.open(now, idx, provider, &mut self.record.rollouts);
        }
        self.record.rollouts.push(RolloutRecord {
            service: u32::try_from(service).expect("a few services"),
            started_ms: now.millis(),
            ended_ms: now.millis(),
            tasks_peak: state.reading.tasks,
            healthy_min: state.reading.healthy,
            revision: revision.to_owned(),
            ..RolloutRecord::default()
        });
    }

    /// The rollout of `service` that is under way and recorded, if any.
    pub fn rollout(&mut self, service: usize) -> Option<&mut RolloutRecord> {
        self.services[service].open_rollout.map(|idx| &mut self.record.rollouts[idx])
    }

    /// The rollout of `service` that is under way ends.
    pub fn close_rollout(&mut self, now: SimTime, service: usize, outcome: DeploymentOutcome) {
        self.advance_service(now, service);
        let state = &mut self.services[service];
        if let Some(idx) = state.open_rollout.take() {
            state.closed_rollout = Some((idx, now));
            let rollout = &mut self.record.rollouts[idx];
            rollout.ended_ms = now.min(self.horizon).millis();
            rollout.outcome = outcome;
            // Nothing more may be told of a moment that nothing follows.
            rollout.left_behind = state.reading.zones;
            rollout.surge.until_ms = rollout.ended_ms;
            self.surges.close(now.min(self.horizon), idx, &mut self.record.rollouts);
        }
    }

    /// The rollouts so far.
    pub fn rollouts(&self) -> &[RolloutRecord] {
        &self.record.rollouts
    }

    /// The run is over: no surge is counted any longer. Of each rollout what an
    /// hour of surge costs: of an instance, or on Fargate (`true`) of a task.
    pub fn price_surges(&mut self, usd_per_hour: &[(Money, bool)]) {
        self.surges.finish(self.horizon, &mut self.record.rollouts);
        for (rollout, &(price, is_of_tasks)) in self.record.rollouts.iter_mut().zip(usd_per_hour) {
            rollout.surge.price(price, is_of_tasks);
        }
    }
}

impl RolloutProfile {
    /// Adds a stretch of constant value, given in milliseconds since the
    /// rollout's start.
    pub(super) fn add(&mut self, (from, to): (u64, u64), available: u64, desired: u64, tasks: u64) {
        let to = to.min(self.step_ms * self.desired_ms.len() as u64);
        let mut at = from;
        while at < to {
            let idx = (at / self.step_ms) as usize;
            let end = ((idx as u64 + 1) * self.step_ms).min(to);
            self.available_ms[idx] += available * (end - at);
            self.desired_ms[idx] += desired * (end - at);
            self.tasks_ms[idx] += tasks * (end - at);
            at = end;
        }
    }
}
