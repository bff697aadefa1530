//! What the record says of a provider and of a service at a moment: what is
//! reserved, who waits and for what; how many tasks there are, and where.

use crate::base::Money;
use crate::base::id::{CapacityProviderId, Id as _, PlacementClassId, ServiceId, TaskId};
use crate::model::capacity::Capacity;
use crate::model::cluster::{Amounts, ProviderTotals};
use crate::model::options::IndexUse;
use crate::placement::order::RandomOrder;
use crate::placement::placer;
use crate::record::{
    PlacementReason, ProviderReading, ProviderStanding, Resource, RolloutRecord, ServiceReading, ZoneBalance,
};
use crate::sim::simulation::Simulation;
use crate::sim::waiting_line::Waiting;
use crate::sim::watch::Watch;

impl<W: Watch> Simulation<'_, W> {
    /// Why the task found no room: counted by the reasons of all instances, and
    /// by the one of the closest.
    pub(super) fn note_no_room(&mut self, class: PlacementClassId, task: TaskId) {
        let provider = self.line.classes[class].key.provider;
        let mut reasons = std::mem::take(&mut self.reasons);
        let row = self.cluster.task(task);
        let rules = self.placement_of(self.line.classes[class].key.service).rules(provider);
        let view = self.view(row.definition, row.group, RandomOrder::UNUSED);
        let tally = match self.setup.options.placement_index {
            IndexUse::On => reasons.tally(class, &rules, &view),
            IndexUse::Off => placer::tally(&rules, &view),
            IndexUse::Checked => {
                let known = reasons.tally(class, &rules, &view);
                let by_scan = placer::tally(&rules, &view);
                assert_eq!(known, by_scan, "what is known of instances is what a look at each finds");
                known
            }
        };
        self.reasons = reasons;
        for reason in PlacementReason::ALL {
            let n = tally.n_instances[reason as usize];
            if n > 0 {
                self.recorder.placement_failed(self.now, provider.idx(), reason, n.into());
            }
        }
        let closest = tally.closest().unwrap_or(PlacementReason::NoInstance);
        self.recorder.closest_instance(self.now, provider.idx(), closest);
        self.line.classes[class].blocked_by = Some(closest);
    }

    /// How a service stands.
    pub(super) fn service_reading(&self, service: ServiceId) -> ServiceReading {
        let row = self.cluster.service(service);
        let (target, source) = (self.target_counts(service), self.source_counts(service));
        let healthy = target.healthy + source.healthy - row.n_healthy_lost;
        // Where an earlier revision is put back, the new one is on its way out.
        let new = if self.services[service].rollout.is_rollback { source } else { target };
        let policy = &self.setup.services[service];
        let bounds = policy.deployment.bounds;
        let in_zone = self.setup.zones_of(&policy.placement).map(|it| row.healthy_by_zone[it.idx()]);
        let mut zones = ZoneBalance { least: u32::MAX, desired: row.desired_count, ..Default::default() };
        for n in in_zone {
            zones.n_zones += 1;
            zones.most = zones.most.max(n);
            zones.least = zones.least.min(n);
        }
        zones.least = zones.least.min(zones.most);
        ServiceReading {
            desired: row.desired_count,
            healthy,
            tasks: target.not_stopped() + source.not_stopped(),
            minimum: bounds.lower(row.desired_count),
            maximum: bounds.upper(row.desired_count),
            new_tasks: new.not_stopped(),
            // Which of those on lost instances are old is not counted: new ones
            // are taken off first.
            new_healthy: new.healthy - row.n_healthy_lost.min(new.healthy),
            zones,
        }
    }

    /// What an hour of a surge costs: of an instance of the service's provider,
    /// or on Fargate (`true`) of a task of the new revision.
    pub(super) fn surge_price(&self, rollout: &RolloutRecord) -> (Money, bool) {
        let service = ServiceId::from_idx(rollout.service as usize);
        match self.setup.services[service].placement.capacity.first() {
            Capacity::Instances(provider) => {
                // Of several types the preferred one stands for all.
                let instance_type = self.setup.providers[provider].instance_types[0];
                (self.setup.instance_types[instance_type].on_demand.usd, false)
            }
            Capacity::Fargate { is_spot } => {
                let definitions = self.workload.definitions.rows();
                let price = definitions.iter().find(|it| it.name == rollout.revision);
                let price = price.map_or(Money::ZERO, |it| self.fargate_hour(it, is_spot));
                (price, true)
            }
        }
    }

    /// How a provider stands.
    pub(super) fn provider_reading(&self, provider: CapacityProviderId) -> ProviderReading {
        let ProviderTotals { n_instances, reserved, registered } = self.cluster.provider_totals(provider);
        let n_waiting = self.line.providers[provider].n_waiting;
        let first = || {
            let is_waiting = |it: &&Waiting| self.cluster.task(it.task).epoch == it.epoch;
            let heads = self
                .line
                .waiting_classes(provider)
                .filter_map(|class| Some((class.queue.iter().find(is_waiting)?.place, class.blocked_by)));
            heads.min_by_key(|it| it.0).and_then(|it| it.1)
        };
        ProviderReading {
            reserved: by_resource(reserved),
            standing: ProviderStanding {
                n_instances: (*n_instances).into(),
                registered: by_resource(registered),
                n_waiting,
                binding: if n_waiting > 0 { first() } else { None },
            },
        }
    }
}

/// As a record has them.
pub(super) const fn by_resource(it: &Amounts) -> [u64; Resource::ALL.len()] {
    [it.cpu, it.memory, it.network_interfaces, it.ports, it.gpus]
}
