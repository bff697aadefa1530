//! One setting as a lint sees it: how the cluster is run, and what it meets.

use crate::base::id::{CapacityProviderId, Id as _, ServiceId, TaskDefinitionId, ZoneId};
use crate::experiment::scenario::WorkloadSpec;
use crate::model::task::TaskDefinition;
use crate::model::workload::Workload;
use crate::sim::Setup;
use crate::sim::setup::ServicePolicy;

/// A setting with its workload.
#[derive(Clone, Copy)]
pub struct Scene<'a> {
    /// How the cluster is run.
    pub setup: &'a Setup,
    /// What it meets.
    pub workload: &'a Workload,
    /// The same as it was written.
    pub spec: &'a WorkloadSpec,
}

/// A revision of a service.
pub(super) struct Revision<'a> {
    pub(super) service: ServiceId,
    pub(super) policy: &'a ServicePolicy,
    pub(super) id: TaskDefinitionId,
    pub(super) definition: &'a TaskDefinition,
}

impl<'a> Scene<'a> {
    /// Every service with its policy.
    pub(super) fn services(self) -> impl Iterator<Item = (ServiceId, &'a ServicePolicy)> {
        self.setup.services.iter()
    }

    /// Every revision of every service that wants tasks at some time.
    pub(super) fn revisions(self) -> impl Iterator<Item = Revision<'a>> {
        let wanted = self.services().filter(move |it| self.workload.desired_at_most(&[it.0]) > 0);
        wanted.flat_map(move |(service, policy)| {
            self.workload.revisions(service).map(move |id| {
                let definition = &self.workload.definitions[id];
                Revision { service, policy, id, definition }
            })
        })
    }

    /// The zones that tasks of a revision may come to.
    pub(super) fn zones_of(self, revision: &Revision<'_>) -> Vec<ZoneId> {
        let placement = &revision.policy.placement;
        let is_in_subnets = |it: &ZoneId| placement.zones.is_empty() || placement.zones.contains(it);
        if placement.capacity.is_fargate() {
            return self.setup.zones.ids().filter(is_in_subnets).collect();
        }
        let found = self.setup.found_instances.iter().filter(|it| placement.uses(it.provider));
        let found: Vec<ZoneId> = found.map(|it| it.zone).collect();
        let has_interface = revision.definition.needs.network_interfaces > 0;
        let zones = self.setup.zones.ids();
        let zones = zones.filter(|zone| {
            let is_there = |it| self.setup.providers[it].zones.contains(zone);
            placement.capacity.providers().any(is_there) || found.contains(zone)
        });
        zones.filter(|it| !has_interface || is_in_subnets(it)).collect()
    }

    /// The most instances that a provider may have.
    pub(super) fn n_instances_at_most(self, provider: CapacityProviderId) -> u32 {
        let found = self.setup.found_instances.iter().filter(|it| it.provider == provider);
        let n_found = u32::try_from(found.count()).expect("fewer than 2^32 instances");
        self.setup.providers[provider].max_size.max(n_found)
    }

    /// How the size of a provider is written.
    pub(super) fn grown(self, provider: CapacityProviderId, n: u32) -> String {
        let row = &self.setup.providers[provider];
        match row.scaling {
            crate::model::capacity::Scaling::Fixed => {
                format!("{n} instances in provider `{}`", row.name)
            }
            crate::model::capacity::Scaling::Managed(_) => {
                format!("max_size = {n} of provider `{}`", row.name)
            }
        }
    }

    /// What is written of a service.
    pub(super) fn written(self, service: ServiceId) -> crate::base::Place {
        self.spec.services[service.idx()].written.node.origin.place()
    }
}
