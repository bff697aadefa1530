//! What was reserved of a capacity provider's instances over time, how many
//! tasks waited before it, and why: which resource binds.

use serde::{Deserialize, Serialize};

use crate::base::{SimDuration, SimTime};
use crate::record::{PlacementReason, Series};

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

/// How much of a resource is reserved, in the resource's own unit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reserved {
    /// By tasks.
    pub reserved: u64,
    /// By instances.
    pub registered: u64,
}

impl Reserved {
    /// Parts per 10,000, rounded down; 0 where nothing is registered.
    pub fn per_10_000(self) -> u64 {
        (self.reserved * 10_000).checked_div(self.registered).unwrap_or(0)
    }
}

/// A capacity provider at a moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ProviderReading {
    /// Instances that are billed.
    pub n_instances: u64,
    /// CPU units.
    pub cpu: Reserved,
    /// MiB.
    pub memory: Reserved,
    /// Network interfaces for tasks.
    pub network_interfaces: Reserved,
    /// Host ports in use, out of those that an instance has.
    pub ports: Reserved,
    /// GPUs.
    pub gpus: Reserved,
    /// Tasks that wait before the provider.
    pub n_waiting: u64,
    /// Why the first of them does not fit the instance that comes closest;
    /// `None` if nobody waits.
    pub binding: Option<PlacementReason>,
}

impl ProviderReading {
    /// In the order of [`Resource::ALL`].
    const fn reserved(&self) -> [Reserved; Resource::ALL.len()] {
        [self.cpu, self.memory, self.network_interfaces, self.ports, self.gpus]
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

    /// It stands like this from `now` on.
    pub(super) fn set(
        &mut self,
        now: SimTime,
        horizon: SimDuration,
        before: &ProviderReading,
        reading: &ProviderReading,
    ) {
        self.waiting.set(now, reading.n_waiting);
        for ((resource, before), reserved) in
            Resource::ALL.into_iter().zip(before.reserved()).zip(reading.reserved())
        {
            if before != reserved {
                self.set_reserved(now, horizon, resource, reserved.per_10_000());
            }
        }
        if reading.binding == before.binding {
            return;
        }
        for it in &mut self.blocked {
            it.is_binding.set(now, u64::from(reading.binding == Some(it.reason)));
        }
        if let Some(reason) = reading.binding
            && let Err(idx) = self.blocked.binary_search_by_key(&reason, |it| it.reason)
        {
            let mut is_binding = Series::new(horizon);
            is_binding.set(now, 1);
            self.blocked.insert(idx, BlockedSeries { reason, is_binding });
        }
    }

    fn set_reserved(&mut self, now: SimTime, horizon: SimDuration, resource: Resource, share: u64) {
        let idx = self.reserved.partition_point(|it| it.resource < resource);
        match self.reserved.get_mut(idx).filter(|it| it.resource == resource) {
            Some(known) => known.per_10_000.set(now, share),
            None if share > 0 => {
                let mut per_10_000 = Series::new(horizon);
                per_10_000.set(now, share);
                self.reserved.insert(idx, ReservedSeries { resource, per_10_000 });
            }
            None => (),
        }
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
        let half = ProviderReading {
            cpu: Reserved { reserved: 512, registered: 1024 },
            memory: Reserved { reserved: 1, registered: 3 },
            ..Default::default()
        };
        recorder.provider(at(10), 0, half);
        let full = ProviderReading {
            cpu: Reserved { reserved: 1024, registered: 1024 },
            n_waiting: 3,
            binding: Some(PlacementReason::Cpu),
            ..half
        };
        recorder.provider(at(50), 0, full);
        recorder.provider(at(70), 0, ProviderReading { binding: Some(PlacementReason::Eni), ..full });
        recorder.provider(at(80), 0, half);
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
