//! What the use of instances comes to: kept as the run goes, made into lines at
//! its end.

use crate::base::SimTime;
use crate::base::id::{CapacityProviderId, InstanceId, InstanceTypeId, ZoneId};
use crate::billing;
use crate::model::instance::InstanceStatus;
use crate::record::{LedgerLine, Meter, Quantity};
use crate::sim::simulation::Simulation;
use crate::sim::watch::Watch;

/// Whose use of instances is one line of the bill.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct InstanceUse {
    provider: CapacityProviderId,
    instance_type: InstanceTypeId,
    is_spot: bool,
    zone: ZoneId,
}

impl<W: Watch> Simulation<'_, W> {
    /// The instance's use goes to the bill; what ended before it was measured is
    /// no use.
    pub(super) fn end_billing(&mut self, id: InstanceId) {
        let instance = self.cluster.instance(id);
        let measured_from = SimTime::ZERO + self.setup.warm_up;
        let seconds = billing::instance::billed_seconds(instance.launched_at, self.now, measured_from);
        if seconds == 0 {
            return;
        }
        let line = InstanceUse {
            provider: instance.provider,
            instance_type: instance.instance_type,
            is_spot: instance.is_spot,
            zone: instance.zone,
        };
        let line = self.bill.entry(line).or_default();
        line.0 += seconds;
        line.1 += 1;
    }

    /// The horizon: instances that still run are billed until then.
    pub(super) fn bill_running(&mut self) {
        self.now = SimTime::ZERO + self.setup.horizon;
        for provider in self.setup.providers.ids() {
            for idx in 0..self.cluster.alive(provider).len() {
                let id = self.cluster.alive(provider)[idx];
                if self.cluster.instance(id).status != InstanceStatus::Lost {
                    self.end_billing(id);
                }
            }
        }
    }

    /// The lines of the bill for instances, in the order of providers, types and
    /// zones.
    pub(super) fn ledger_lines(&self) -> Vec<LedgerLine> {
        let lines = self.bill.iter().map(|(line, &(billed_seconds, n_uses))| {
            let instance_type = &self.setup.instance_types[line.instance_type];
            let price = instance_type.price(line.is_spot);
            let meter = if line.is_spot { Meter::Ec2Spot } else { Meter::Ec2OnDemand };
            let quantity = Quantity { units: billed_seconds, per: 3600, n_uses };
            LedgerLine::of(meter, instance_type.name.as_str(), quantity, price.usd, price.as_of.as_str())
                .with_place(&self.setup.providers[line.provider].name, &self.setup.zones[line.zone])
        });
        lines.collect()
    }
}
