//! What the recorder is told of instances and capacity providers: launches,
//! losses, what was disrupted and by what, how a provider stands.

use crate::base::SimTime;
use crate::record::provider::Amounts;
use crate::record::recorder::Recorder;
use crate::record::{PlacementReason, ProviderReading};

impl Recorder {
    /// Instances launched and failed: counted while measured.
    pub fn instance_launched(&mut self, now: SimTime) {
        self.record.instances_launched += u64::from(self.is_measured(now));
    }

    /// See [`Self::instance_launched`].
    pub fn instance_failed(&mut self, now: SimTime) {
        self.record.instances_failed += u64::from(self.is_measured(now));
    }

    /// An instance is taken away by this cause, or given notice.
    pub fn instance_disrupted(&mut self, now: SimTime, cause: usize) {
        let (is_measured, horizon) = (self.is_measured(now), self.horizon);
        let record = &mut self.record.disruptions[cause];
        record.n_instances += u64::from(is_measured);
        record.take(now, horizon);
    }

    /// A task on a machine of its own is ended by this cause.
    pub fn fargate_task_disrupted(&mut self, now: SimTime, cause: usize) {
        let horizon = self.horizon;
        self.record.disruptions[cause].take(now, horizon);
        self.tasks_disrupted(now, cause, 1);
    }

    /// So many wanted tasks are ended by this cause. Counted while measured.
    pub fn tasks_disrupted(&mut self, now: SimTime, cause: usize, n: u64) {
        if self.is_measured(now) {
            self.record.disruptions[cause].n_tasks += n;
        }
    }

    /// A launch is refused for this cause. Counted while measured.
    pub fn launch_refused(&mut self, now: SimTime, cause: usize) {
        if self.is_measured(now) {
            self.record.disruptions[cause].n_launches += 1;
        }
    }

    /// A capacity provider stands like this from `now` on.
    pub fn provider(&mut self, now: SimTime, provider: usize, reading: &ProviderReading) {
        let horizon = self.horizon - SimTime::ZERO;
        let standing = &reading.standing;
        let before = self.provider_states[provider].standing;
        if before.registered != standing.registered {
            self.settle_provider(provider);
            let state = &mut self.provider_states[provider];
            state.register(now, reading);
            self.record.providers[provider].register(now, horizon, reading);
        } else {
            self.reserved(now, provider, reading.reserved);
        }
        if before != *standing {
            self.record.providers[provider].stand(now, horizon, &before, standing);
            let n_instances = standing.n_instances;
            if before.n_instances != n_instances {
                self.surges.provider(now, provider, n_instances, &mut self.record.rollouts);
            }
            self.provider_states[provider].standing = *standing;
        }
    }

    /// Of a capacity provider so much is reserved from `now` on, and nothing else has
    /// changed.
    #[inline]
    pub fn reserved(&mut self, now: SimTime, provider: usize, reserved: Amounts) {
        let moments = &mut self.provider_states[provider].reserved;
        // All at once, without a branch for each.
        let differences = moments.last().iter().zip(&reserved).map(|(before, now)| before ^ now);
        if differences.fold(0, |all, it| all | it) != 0 && moments.tell(now, reserved) {
            self.settle_provider(provider);
        }
    }

    /// Sums up what was reserved of a provider.
    pub(super) fn settle_provider(&mut self, provider: usize) {
        let horizon = self.horizon - SimTime::ZERO;
        self.record.providers[provider].settle(horizon, &mut self.provider_states[provider]);
    }

    /// A placement before a provider failed, and `reason` ruled out so many of
    /// its instances; told once for each reason. Counted while measured.
    pub fn placement_failed(
        &mut self,
        now: SimTime,
        provider: usize,
        reason: PlacementReason,
        n_instances: u64,
    ) {
        if self.is_measured(now) {
            self.record.providers[provider].failure(reason).n_instances += n_instances;
        }
    }

    /// A placement before a provider failed, and the instance that came closest
    /// gave `reason`; told once for each decision. Counted while measured.
    pub fn closest_instance(&mut self, now: SimTime, provider: usize, reason: PlacementReason) {
        if self.is_measured(now) {
            self.record.providers[provider].failure(reason).n_closest += 1;
        }
    }
}
