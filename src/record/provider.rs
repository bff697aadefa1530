//! What was reserved of a capacity provider's instances over time, how many
//! tasks waited before it, and why: which resource binds.

use serde::{Deserialize, Serialize};

use crate::base::{SimDuration, SimTime};
use crate::record::moments::{Divisor, Moments};
use crate::record::{PlacementReason, Series};

/// Shares are told in parts of this.
const WHOLE: u64 = 10_000;

/// Something that instances register and tasks reserve.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Resource {
    /// CPU units.
    Cpu,
    /// Memory.
    Memory,
    /// Network interfaces for tasks in awsvpc mode.
    NetworkInterfaces,
    /// Host ports.
    Ports,
    /// GPUs.
    Gpus,
}

impl Resource {
    /// All of them, in the order of [`ProviderReading`].
    pub const ALL: [Self; 5] = [Self::Cpu, Self::Memory, Self::NetworkInterfaces, Self::Ports, Self::Gpus];

    /// As a column is called.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::Memory => "memory",
            Self::NetworkInterfaces => "network_interfaces",
            Self::Ports => "ports",
            Self::Gpus => "gpus",
        }
    }
}

/// A capacity provider at a moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ProviderReading {
    /// What tasks reserve of each resource, in the order of [`Resource::ALL`]: CPU
    /// units, MiB, interfaces for tasks, host ports, GPUs.
    pub reserved: Amounts,
    /// All else.
    pub standing: ProviderStanding,
}

/// What of a capacity provider changes more seldom than what is reserved of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ProviderStanding {
    /// Instances that are billed.
    pub n_instances: u64,
    /// What they have of each resource.
    pub registered: Amounts,
    /// Tasks that wait before the provider.
    pub n_waiting: u64,
    /// Why the first of them does not fit the instance that comes closest;
    /// `None` if nobody waits.
    pub binding: Option<PlacementReason>,
}

/// An amount of each resource, in the order of [`Resource::ALL`].
pub type Amounts = [u64; Resource::ALL.len()];

/// What a provider's record was told last.
#[derive(Debug)]
pub(super) struct ProviderState {
    pub(super) standing: ProviderStanding,
    /// What was reserved at moments that are not summed up yet.
    pub(super) reserved: Moments<Amounts>,
    /// What is registered of each resource, where anything is.
    registered: [Option<Divisor>; Resource::ALL.len()],
}

impl ProviderState {
    pub(super) fn new() -> Self {
        Self {
            standing: ProviderStanding::default(),
            reserved: Moments::new(Amounts::default()),
            registered: [None; Resource::ALL.len()],
        }
    }

    /// So much is registered from `now` on, and all before is summed up.
    pub(super) fn register(&mut self, now: SimTime, reading: &ProviderReading) {
        self.registered = reading.standing.registered.map(|it| (it > 0).then(|| Divisor::new(it)));
        self.reserved.tell(now, reading.reserved);
        self.reserved.settle(now);
    }
}

/// A capacity provider over a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProviderRecord {
    /// Its name.
    pub name: String,
    /// Of each resource that was ever reserved the share, in the order of the
    /// resources.
    pub reserved: Vec<ReservedSeries>,
    /// Tasks that waited before it, over time.
    pub waiting: Series,
    /// When each reason that ever bound did so, in the order of the reasons.
    pub blocked: Vec<BlockedSeries>,
    /// What failed placements found while measured, in the order of the reasons.
    pub failures: Vec<PlacementFailure>,
}

/// The share of one resource that was reserved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReservedSeries {
    /// Of what.
    pub resource: Resource,
    /// Parts per 10,000 of what was registered, over time; 0 while nothing was.
    pub per_10_000: Series,
}

/// When one reason kept the first waiting task from the closest instance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlockedSeries {
    /// Which.
    pub reason: PlacementReason,
    /// 1 while it did, else 0: the mean of a bucket is its share of the time.
    pub is_binding: Series,
}

/// How often one reason stood in the way of a placement that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlacementFailure {
    /// Which.
    pub reason: PlacementReason,
    /// Instances that it ruled out, over all decisions.
    pub n_instances: u64,
    /// Decisions in which the instance that came closest gave it.
    pub n_closest: u64,
}

impl ProviderRecord {
    /// A provider of which nothing is known yet.
    pub(super) fn new(name: String, horizon: SimDuration) -> Self {
        Self {
            name,
            reserved: Vec::new(),
            waiting: Series::new(horizon),
            blocked: Vec::new(),
            failures: Vec::new(),
        }
    }

    /// So much is reserved from `now` on of what is registered then; what was before
    /// is summed up.
    pub(super) fn register(&mut self, now: SimTime, horizon: SimDuration, reading: &ProviderReading) {
        for (idx, resource) in Resource::ALL.into_iter().enumerate() {
            let reserved = reading.reserved[idx] * WHOLE;
            let share = reserved.checked_div(reading.standing.registered[idx]).unwrap_or(0);
            if let Some(series) = self.reserved(horizon, resource, share > 0) {
                series.set(now, share);
            }
        }
    }

    /// It stands like this from `now` on.
    pub(super) fn stand(
        &mut self,
        now: SimTime,
        horizon: SimDuration,
        before: &ProviderStanding,
        standing: &ProviderStanding,
    ) {
        self.waiting.set(now, standing.n_waiting);
        if standing.binding == before.binding {
            return;
        }
        for it in &mut self.blocked {
            it.is_binding.set(now, u64::from(standing.binding == Some(it.reason)));
        }
        if let Some(reason) = standing.binding
            && let Err(idx) = self.blocked.binary_search_by_key(&reason, |it| it.reason)
        {
            let mut is_binding = Series::new(horizon);
            is_binding.set(now, 1);
            self.blocked.insert(idx, BlockedSeries { reason, is_binding });
        }
    }

    /// Sums up what was reserved of what is registered now.
    pub(super) fn settle(&mut self, horizon: SimDuration, state: &mut ProviderState) {
        let told = state.reserved.told();
        let until = told[told.len() - 1].0;
        for (idx, resource) in Resource::ALL.into_iter().enumerate() {
            let Some(registered) = state.registered[idx] else { continue };
            let share = |reserved: u64| registered.quotient_of(reserved * WHOLE);
            let most = told.iter().fold(0, |most, it| it.1[idx].max(most));
            if let Some(series) = self.reserved(horizon, resource, share(most) > 0) {
                series.set_each(told, |it| share(it[idx]));
            }
        }
        state.reserved.settle(until);
    }

    /// The series of a resource, which is there from now on if a share of it that is
    /// told `is_reserved`.
    fn reserved(
        &mut self,
        horizon: SimDuration,
        resource: Resource,
        is_reserved: bool,
    ) -> Option<&mut Series> {
        let idx = self.reserved.partition_point(|it| it.resource < resource);
        let is_known = self.reserved.get(idx).is_some_and(|it| it.resource == resource);
        if !is_known {
            if !is_reserved {
                return None;
            }
            self.reserved.insert(idx, ReservedSeries { resource, per_10_000: Series::new(horizon) });
        }
        Some(&mut self.reserved[idx].per_10_000)
    }

    /// The count of a reason, which is there from now on.
    pub(super) fn failure(&mut self, reason: PlacementReason) -> &mut PlacementFailure {
        let idx = self.failures.binary_search_by_key(&reason, |it| it.reason).unwrap_or_else(|idx| {
            self.failures.insert(idx, PlacementFailure { reason, n_instances: 0, n_closest: 0 });
            idx
        });
        &mut self.failures[idx]
    }

    /// Carries everything to the horizon.
    pub(super) fn advance(&mut self, horizon: SimTime) {
        self.waiting.advance(horizon);
        self.reserved.iter_mut().for_each(|it| it.per_10_000.advance(horizon));
        self.blocked.iter_mut().for_each(|it| it.is_binding.advance(horizon));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Ledger, Recorder};

    #[test]
    fn names_are_those_of_the_file() {
        for reason in PlacementReason::ALL {
            let text = serde_json::to_string(&reason).unwrap();
            assert_eq!(text, format!("\"{}\"", reason.name()));
        }
        for resource in Resource::ALL {
            assert_eq!(serde_json::to_string(&resource).unwrap(), format!("\"{}\"", resource.name()));
        }
    }

    #[test]
    fn shares_and_reasons_hold_until_the_next_reading() {
        let at = SimTime::from_secs;
        let (horizon, warm_up) = (SimDuration::from_secs(100), SimDuration::from_secs(40));
        let mut recorder = Recorder::new(horizon, warm_up, []).with_providers(["general".to_owned()]);
        let reading = |cpu: u64, n_waiting, binding| ProviderReading {
            // One port of so many is no share that is told.
            reserved: [cpu, 1, 0, 1, 0],
            standing: ProviderStanding {
                registered: [1024, 3, 5, 70_000, 0],
                n_waiting,
                binding,
                n_instances: 1,
            },
        };
        recorder.provider(at(10), 0, &reading(512, 0, None));
        recorder.provider(at(50), 0, &reading(1024, 3, Some(PlacementReason::Cpu)));
        recorder.provider(at(70), 0, &reading(1024, 3, Some(PlacementReason::Eni)));
        recorder.provider(at(80), 0, &reading(512, 0, None));
        recorder.placement_failed(at(20), 0, PlacementReason::Cpu, 7);
        recorder.placement_failed(at(50), 0, PlacementReason::Cpu, 2);
        recorder.placement_failed(at(50), 0, PlacementReason::Memory, 1);
        recorder.closest_instance(at(50), 0, PlacementReason::Memory);

        let record = recorder.finish(0, 0, Ledger::default());
        let general = &record.providers[0];
        let integral = |it: &Series| it.buckets().iter().map(|it| it.integral).sum::<u64>();
        let reserved: Vec<_> =
            general.reserved.iter().map(|it| (it.resource, integral(&it.per_10_000) / 1000)).collect();
        assert_eq!(
            reserved,
            [(Resource::Cpu, 60 * 5_000 + 30 * 10_000), (Resource::Memory, 90 * 3_333)],
            "what nobody reserved has no series"
        );
        let blocked: Vec<_> =
            general.blocked.iter().map(|it| (it.reason, integral(&it.is_binding) / 1000)).collect();
        assert_eq!(blocked, [(PlacementReason::Cpu, 20), (PlacementReason::Eni, 10)]);
        assert_eq!(integral(&general.waiting) / 1000, 90);
        let failures: Vec<_> =
            general.failures.iter().map(|it| (it.reason, it.n_instances, it.n_closest)).collect();
        assert_eq!(failures, [(PlacementReason::Cpu, 2, 0), (PlacementReason::Memory, 1, 1)]);
    }
}
