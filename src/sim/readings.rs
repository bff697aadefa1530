//! What a provider's record says at a moment: what is reserved, who waits, and
//! for what.

use crate::base::id::{CapacityProviderId, Id as _, PlacementClassId, TaskId};
use crate::model::cluster::ProviderTotals;
use crate::placement::order::RandomOrder;
use crate::placement::placer;
use crate::record::{PlacementReason, ProviderReading, Reserved};
use crate::sim::simulation::Simulation;
use crate::sim::waiting_line::Waiting;
use crate::sim::watch::Watch;

impl<W: Watch> Simulation<'_, W> {
    /// Why the task found no room: counted by the reasons of all instances, and
    /// by the one of the closest.
    pub(super) fn note_no_room(&mut self, class: PlacementClassId, task: TaskId) {
        let provider = self.line.classes[class].provider;
        let row = self.cluster.task(task);
        let placement = self.placement_of(self.line.classes[class].key.service);
        let view = self.view(row.definition, row.group, RandomOrder::new(0, 0));
        let tally = placer::tally(&placement.rules(provider), &view);
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

    /// How a provider stands.
    pub(super) fn provider_reading(&self, provider: CapacityProviderId) -> ProviderReading {
        let ProviderTotals { reserved, registered } = self.cluster.provider_totals(provider);
        let of = |reserved, registered| Reserved { reserved, registered };
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
            cpu: of(reserved.cpu, registered.cpu),
            memory: of(reserved.memory, registered.memory),
            network_interfaces: of(reserved.network_interfaces, registered.network_interfaces),
            ports: of(reserved.ports, registered.ports),
            gpus: of(reserved.gpus, registered.gpus),
            n_waiting,
            binding: if n_waiting > 0 { first() } else { None },
        }
    }
}
