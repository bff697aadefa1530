//! Whom a disruption meets: filters by capacity provider, zone and instance
//! type. A filter that is not written lets everybody in.

use crate::base::id::{CapacityProviderId, InstanceTypeId, ZoneId};

/// What a machine is, for a filter.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Machine {
    /// An instance of a group.
    Instance {
        /// Whose.
        provider: CapacityProviderId,
        /// Of which type.
        instance_type: InstanceTypeId,
    },
    /// The machine of a task on Fargate.
    Fargate {
        /// At the price of Spot.
        is_spot: bool,
    },
}

/// Who is met.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Scope {
    /// Whose machines; everybody's if `None`.
    pub providers: Option<Providers>,
    /// In which zones; in all if empty.
    pub zones: Vec<ZoneId>,
    /// Of which types; of all if empty. Fargate has none, so it is not met
    /// where types are named.
    pub instance_types: Vec<InstanceTypeId>,
}

/// The capacity providers that are named.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Providers {
    /// Groups of instances.
    pub groups: Vec<CapacityProviderId>,
    /// FARGATE.
    pub fargate: bool,
    /// FARGATE_SPOT.
    pub fargate_spot: bool,
}

impl Scope {
    /// Whether it meets this machine in this zone.
    pub fn meets(&self, machine: Machine, zone: ZoneId) -> bool {
        let is_of_provider = self.providers.as_ref().is_none_or(|it| match machine {
            Machine::Instance { provider, .. } => it.groups.contains(&provider),
            Machine::Fargate { is_spot: false } => it.fargate,
            Machine::Fargate { is_spot: true } => it.fargate_spot,
        });
        let is_of_type = self.instance_types.is_empty()
            || matches!(machine, Machine::Instance { instance_type, .. } if self.instance_types.contains(&instance_type));
        is_of_provider && is_of_type && (self.zones.is_empty() || self.zones.contains(&zone))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ZONES: [ZoneId; 2] = [ZoneId::new(0), ZoneId::new(1)];

    fn instance(provider: u32, instance_type: u32) -> Machine {
        Machine::Instance {
            provider: CapacityProviderId::new(provider),
            instance_type: InstanceTypeId::new(instance_type),
        }
    }

    #[test]
    fn a_filter_that_is_not_written_lets_everybody_in() {
        let scope = Scope::default();
        for machine in
            [instance(3, 2), Machine::Fargate { is_spot: false }, Machine::Fargate { is_spot: true }]
        {
            assert!(scope.meets(machine, ZONES[1]));
        }
    }

    #[test]
    fn all_filters_must_agree() {
        let providers =
            Providers { groups: vec![CapacityProviderId::new(1)], fargate: false, fargate_spot: true };
        let mut scope = Scope { providers: Some(providers), zones: vec![ZONES[0]], ..Scope::default() };
        assert!(scope.meets(instance(1, 0), ZONES[0]));
        assert!(!scope.meets(instance(1, 0), ZONES[1]));
        assert!(!scope.meets(instance(0, 0), ZONES[0]));
        assert!(scope.meets(Machine::Fargate { is_spot: true }, ZONES[0]));
        assert!(!scope.meets(Machine::Fargate { is_spot: false }, ZONES[0]));
        // Who asks for a type does not mean Fargate.
        scope.instance_types = vec![InstanceTypeId::new(7)];
        assert!(scope.meets(instance(1, 7), ZONES[0]));
        assert!(!scope.meets(instance(1, 0), ZONES[0]));
        assert!(!scope.meets(Machine::Fargate { is_spot: true }, ZONES[0]));
    }
}
