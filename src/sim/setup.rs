//! All that a run needs, typed and checked: what will be done, as opposed to
//! what was written.

use std::sync::Arc;

use crate::base::id::{CapacityProviderId, InstanceTypeId, ServiceId, ZoneId};
use crate::base::{SimDuration, Table};
use crate::deployment::{DeploymentController, ROLLING};
use crate::model::attribute::{
    AVAILABILITY_ZONE, AttributeValue, Attributes, CPU_ARCHITECTURE, INSTANCE_TYPE, OS_TYPE,
};
use crate::model::capacity::CapacityProvider;
use crate::model::identity::{AttributeSet, Expressions};
use crate::model::instance::InstanceType;
use crate::model::options::ModelOptions;
use crate::model::service::DeploymentBounds;
use crate::placement::placer::Rules;
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
    /// The expressions that some constraint refers to.
    pub expressions: Expressions,
    /// The moment the run begins, in milliseconds since 1970, UTC.
    pub starts_at_ms: i64,
    /// How stand-alone tasks are asked for.
    pub standalone: StandalonePolicy,
    /// How each service is run, in the order of the workload's services.
    pub services: Table<ServiceId, ServicePolicy>,
    /// Mean time to failure of an instance; `None` if none fails.
    pub instance_mean_lifetime: Option<SimDuration>,
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
    /// The zones of its subnets, ascending; all if empty.
    pub zones: Vec<ZoneId>,
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

impl Placement {
    /// Onto the instances of `provider`, by `chain` alone.
    pub fn onto(provider: CapacityProviderId, chain: Chain) -> Self {
        Self { provider, zones: Vec::new(), constraints: Vec::new(), chain }
    }

    /// What the placer is told.
    pub fn rules(&self) -> Rules<'_> {
        Rules {
            provider: self.provider,
            zones: &self.zones,
            constraints: &self.constraints,
            chain: &self.chain,
        }
    }
}

impl ServicePolicy {
    /// A service of rolling updates within these bounds.
    pub fn rolling(name: impl Into<String>, placement: Placement, bounds: DeploymentBounds) -> Self {
        Self { name: name.into(), placement, bounds, controller: ROLLING }
    }
}

/// Midnight of the first day of 2026, UTC, where a setup does not say when it
/// begins.
pub const STARTS_AT_MS: i64 = 1_767_225_600_000;

impl Setup {
    /// A setup of stand-alone tasks; services and what else there may be are
    /// added to it.
    pub fn new(
        horizon: SimDuration,
        options: ModelOptions,
        zones: Table<ZoneId, String>,
        instance_types: Table<InstanceTypeId, InstanceType>,
        providers: Table<CapacityProviderId, CapacityProvider>,
        standalone: StandalonePolicy,
    ) -> Self {
        Self {
            horizon,
            warm_up: SimDuration::ZERO,
            options,
            zones,
            instance_types,
            providers,
            attributes: Attributes::default(),
            expressions: Expressions::default(),
            starts_at_ms: STARTS_AT_MS,
            standalone,
            services: Table::new(),
            instance_mean_lifetime: None,
        }
    }

    /// The attributes of an instance of a provider in a zone, as it registers.
    pub(super) fn attributes_of(&self, provider: CapacityProviderId, zone: ZoneId) -> AttributeSet {
        let provider = &self.providers[provider];
        let instance_type = &self.instance_types[provider.instance_type];
        let built_in = [
            (AVAILABILITY_ZONE, self.zones[zone].as_str()),
            (INSTANCE_TYPE, instance_type.name.as_str()),
            (OS_TYPE, "linux"),
            (CPU_ARCHITECTURE, "x86_64"),
        ];
        let built_in = built_in.map(|(name, value)| (name.to_owned(), Some(value.to_owned())));
        let custom = provider.attributes.iter().map(|(name, value)| (name.clone(), Some(value.clone())));
        // What a user writes beats what is built in.
        built_in.into_iter().chain(custom).collect()
    }

    /// Whether some constraint may be met by a task that comes.
    pub(super) fn awaits_company(&self) -> bool {
        let placements = self.services.rows().iter().map(|it| &it.placement);
        let placements = placements.chain([&self.standalone.placement]);
        placements.flat_map(|it| &it.constraints).any(|it| it.may_be_helped_by_tasks())
    }

    /// The tracked attributes' values in `set`, in their order.
    pub fn tracked_values(attributes: &mut Attributes, set: &AttributeSet) -> Vec<AttributeValue> {
        let tracked: Vec<_> = attributes.iter().map(|(id, name)| (id, name.to_owned())).collect();
        let value_of = |name: &str| set.get(name).map(|it| it.as_deref().unwrap_or(""));
        tracked.into_iter().map(|(id, name)| attributes.intern(id, value_of(&name))).collect()
    }
}
