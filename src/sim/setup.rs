//! All that a run needs, typed and checked: what will be done, as opposed to
//! what was written.

use std::sync::Arc;

use crate::base::id::{CapacityProviderId, InstanceTypeId, ServiceId, ZoneId};
use crate::base::{SimDuration, Table};
use crate::deployment::DeploymentController;
use crate::model::access::Access;
use crate::model::attribute::{AVAILABILITY_ZONE, AttributeValue, Attributes, INSTANCE_TYPE};
use crate::model::capacity::CapacityProvider;
use crate::model::instance::InstanceType;
use crate::model::network::Network;
use crate::model::options::ModelOptions;
use crate::model::service::DeploymentBounds;
use crate::placement::{Chain, PlacementConstraint};

/// The settings of one run. The workload stands beside it: many setups share
/// one.
#[derive(Clone)]
pub struct Setup {
    /// How long the run is.
    pub horizon: SimDuration,
    /// Played and not measured; at most the horizon.
    pub warm_up: SimDuration,
    /// The model choices.
    pub options: ModelOptions,
    /// The zones, by name.
    pub zones: Table<ZoneId, String>,
    /// What providers launch.
    pub instance_types: Table<InstanceTypeId, InstanceType>,
    /// The groups of instances; at least one.
    pub providers: Table<CapacityProviderId, CapacityProvider>,
    /// The attributes that some strategy reads.
    pub attributes: Attributes,
    /// How stand-alone tasks are asked for.
    pub standalone: StandalonePolicy,
    /// How each service is run, in the order of the workload's services.
    pub services: Table<ServiceId, ServicePolicy>,
    /// Mean time to failure of an instance; `None` if none fails.
    pub instance_mean_lifetime: Option<SimDuration>,
    /// What roles may do, and what is there.
    pub access: Access,
    /// Who reaches whom.
    pub network: Network,
}

/// How stand-alone tasks are asked for.
#[derive(Clone)]
pub struct StandalonePolicy {
    /// Where.
    pub placement: Placement,
    /// What becomes of one that finds no room.
    pub unplaced: Unplaced,
}

/// How a service is run.
#[derive(Clone)]
pub struct ServicePolicy {
    /// Its name.
    pub name: String,
    /// Where its tasks go.
    pub placement: Placement,
    /// The bounds of its rollouts.
    pub bounds: DeploymentBounds,
    /// What decides its rollouts.
    pub controller: &'static dyn DeploymentController,
}

/// Where tasks go.
#[derive(Clone)]
pub struct Placement {
    /// Onto whose instances.
    pub provider: CapacityProviderId,
    /// What instances must satisfy.
    pub constraints: Vec<Arc<dyn PlacementConstraint>>,
    /// Which of those are preferred.
    pub chain: Chain,
}

/// What becomes of a stand-alone task that finds no room, or whose call was
/// refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unplaced {
    /// It is asked for again: after `first`, then after twice as long each
    /// time, at most after `longest`.
    Retry {
        /// The first pause.
        first: SimDuration,
        /// The longest pause.
        longest: SimDuration,
    },
    /// It is decided once, at arrival.
    Drop,
}

impl Setup {
    /// The values of the tracked attributes for every (provider, zone), and the
    /// attributes with these values known.
    pub(super) fn attribute_values(
        &self,
    ) -> (Attributes, Table<CapacityProviderId, Vec<Vec<AttributeValue>>>) {
        let mut attributes = self.attributes.clone();
        let tracked: Vec<_> = attributes.iter().map(|(id, name)| (id, name.to_owned())).collect();
        let values = self
            .providers
            .rows()
            .iter()
            .map(|provider| {
                let of_zone = |zone: ZoneId, attributes: &mut Attributes| -> Vec<AttributeValue> {
                    let value_of = |name: &str| match name {
                        AVAILABILITY_ZONE => Some(self.zones[zone].as_str()),
                        INSTANCE_TYPE => Some(self.instance_types[provider.instance_type].name.as_str()),
                        custom => {
                            provider.attributes.iter().find(|it| it.0 == custom).map(|it| it.1.as_str())
                        }
                    };
                    tracked.iter().map(|(id, name)| attributes.intern(*id, value_of(name))).collect()
                };
                self.zones.ids().map(|zone| of_zone(zone, &mut attributes)).collect()
            })
            .collect();
        (attributes, values)
    }
}
