//! What tasks run on: capacity providers, which are groups of instances that
//! grow and shrink, and Fargate; and the strategy that shares tasks out.

use crate::base::id::{CapacityProviderId, InstanceTypeId, ZoneId};
use crate::base::{Money, SimDuration};
use crate::model::agent::AgentSettings;
use crate::model::price::DatedPrice;

/// What a task is placed on.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Capacity {
    /// Instances of this provider.
    Instances(CapacityProviderId),
    /// Machines of their own.
    Fargate {
        /// FARGATE_SPOT: at the price of Spot, and it may be interrupted.
        is_spot: bool,
    },
}

impl Capacity {
    /// Whether tasks on it have machines of their own.
    pub const fn is_fargate(self) -> bool {
        matches!(self, Self::Fargate { .. })
    }

    /// Whose instances; `None` on Fargate.
    pub const fn provider(self) -> Option<CapacityProviderId> {
        match self {
            Self::Instances(provider) => Some(provider),
            Self::Fargate { .. } => None,
        }
    }
}

/// One provider of a strategy (API CapacityProviderStrategyItem).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CapacityStrategyItem {
    /// Which.
    pub capacity: Capacity,
    /// So many tasks go there first, 0 to 100,000; only one item has any.
    pub base: u32,
    /// Its share of the others, 0 to 1000.
    pub weight: u32,
}

/// How tasks are shared out over providers: all of them groups of instances, or
/// all of them Fargate (API CreateService.capacityProviderStrategy).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CapacityStrategy {
    items: Vec<CapacityStrategyItem>,
}

impl CapacityStrategy {
    /// Providers a strategy has at most.
    pub const ITEMS_MAX: usize = 20;

    /// All tasks on one.
    pub fn only(capacity: Capacity) -> Self {
        Self { items: vec![CapacityStrategyItem { capacity, base: 0, weight: 1 }] }
    }

    /// Over several; at least one.
    pub fn over(items: Vec<CapacityStrategyItem>) -> Self {
        assert!(!items.is_empty(), "a strategy has a provider");
        Self { items }
    }

    /// In the order in which they were written.
    pub fn items(&self) -> &[CapacityStrategyItem] {
        &self.items
    }

    /// The first one: of all it says whether they are Fargate.
    pub fn first(&self) -> Capacity {
        self.items[0].capacity
    }

    /// Whether tasks have machines of their own.
    pub fn is_fargate(&self) -> bool {
        self.first().is_fargate()
    }

    /// The groups of instances, in order; none on Fargate.
    pub fn providers(&self) -> impl Iterator<Item = CapacityProviderId> + '_ {
        self.items.iter().filter_map(|it| it.capacity.provider())
    }
}

/// A group of instances and how it is scaled.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CapacityProvider {
    /// Its name.
    pub name: String,
    /// What it launches, the preferred one first; at least one.
    pub instance_types: Vec<InstanceTypeId>,
    /// What of it is bought on demand, what as Spot.
    pub purchase: PurchaseOptions,
    /// Where it launches: it fills zones evenly.
    pub zones: Vec<ZoneId>,
    /// Least and most instances of the group.
    pub min_size: u32,
    /// See `min_size`.
    pub max_size: u32,
    /// How it is scaled.
    pub scaling: Scaling,
    /// Instances with tasks other than daemons' are not given back (API
    /// AutoScalingGroupProvider.managedTerminationProtection); off by default.
    pub managed_termination_protection: bool,
    /// An instance that is given back is drained first (API
    /// AutoScalingGroupProvider.managedDraining); on by default.
    pub managed_draining: bool,
    /// A Spot instance becomes DRAINING when it is told that it will be taken
    /// away (agent, ECS_ENABLE_SPOT_INSTANCE_DRAINING); off by default.
    pub spot_instance_draining: bool,
    /// The security groups of its instances.
    pub security_groups: Vec<String>,
    /// The role of its instances, which may do everything if nobody names it.
    pub instance_role: Option<String>,
    /// How the agents of its instances are configured.
    pub agent: AgentSettings,
    /// Custom attributes of its instances, sorted by name.
    pub attributes: Vec<(String, String)>,
}

impl CapacityProvider {
    /// A group of no instances, on demand and of fixed size.
    pub fn of(name: impl Into<String>, instance_type: InstanceTypeId, zones: Vec<ZoneId>) -> Self {
        Self {
            name: name.into(),
            instance_types: vec![instance_type],
            purchase: PurchaseOptions::default(),
            zones,
            min_size: 0,
            max_size: 0,
            scaling: Scaling::Fixed,
            managed_termination_protection: false,
            managed_draining: true,
            spot_instance_draining: false,
            security_groups: Vec::new(),
            instance_role: None,
            agent: AgentSettings::default(),
            attributes: Vec::new(),
        }
    }
}

/// How the instances of a group are bought (EC2 Auto Scaling API
/// InstancesDistribution).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PurchaseOptions {
    /// So many are bought on demand before any as Spot.
    pub on_demand_base_capacity: u32,
    /// Percent of the others that are on demand, 0 to 100.
    pub on_demand_percentage_above_base_capacity: u32,
    /// Which type is launched on demand.
    pub on_demand_allocation_strategy: AllocationStrategy,
    /// Which type is launched as Spot.
    pub spot_allocation_strategy: AllocationStrategy,
    /// No more than this is paid for an hour of Spot; the price on demand if
    /// `None`.
    pub spot_max_price: Option<Money>,
}

impl Default for PurchaseOptions {
    /// Everything on demand.
    fn default() -> Self {
        Self {
            on_demand_base_capacity: 0,
            on_demand_percentage_above_base_capacity: 100,
            on_demand_allocation_strategy: AllocationStrategy::Prioritized,
            spot_allocation_strategy: AllocationStrategy::LowestPrice,
            spot_max_price: None,
        }
    }
}

impl PurchaseOptions {
    /// Whether the group ever launches Spot instances.
    pub const fn has_spot(&self) -> bool {
        self.on_demand_percentage_above_base_capacity < 100
    }
}

/// Which of its types a group launches (EC2 Auto Scaling API
/// InstancesDistribution). MODEL: how much capacity a pool has is not known, so
/// that the two below stand for all of them; a type that cannot be had leaves the
/// turn to the next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AllocationStrategy {
    /// The first that is written.
    Prioritized,
    /// The cheapest an hour.
    LowestPrice,
}

impl AllocationStrategy {
    /// All of them, as the API names them.
    pub const NAMES: &[(&'static str, Self)] =
        &[("prioritized", Self::Prioritized), ("lowest-price", Self::LowestPrice)];
}

/// How a group of instances is scaled.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Scaling {
    /// Always `min_size` instances; tasks without room are refused, not queued
    /// (launch type EC2).
    Fixed,
    /// ECS managed scaling (API ManagedScaling): tasks without room wait in
    /// `PROVISIONING` and count towards the instances needed.
    Managed(ManagedScaling),
}

/// The parameters of managed scaling, with the defaults of the API.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ManagedScaling {
    /// Percent, 1 to 100.
    pub target_capacity: u32,
    /// Fewest and most instances added at a time, 1 to 10000.
    pub minimum_scaling_step_size: u32,
    /// See `minimum_scaling_step_size`.
    pub maximum_scaling_step_size: u32,
    /// No scale-out while an instance is younger than this.
    pub instance_warmup_period: SimDuration,
}

impl Default for ManagedScaling {
    fn default() -> Self {
        Self {
            target_capacity: 100,
            minimum_scaling_step_size: 1,
            maximum_scaling_step_size: 10_000,
            instance_warmup_period: SimDuration::from_secs(300),
        }
    }
}

/// What Fargate charges for a task of one architecture, on demand or Spot
/// (AWS Fargate pricing, Linux). Each price has its own day.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FargateRates {
    /// One vCPU for an hour: 1024 CPU units.
    pub vcpu_hour: DatedPrice,
    /// One GB of memory for an hour: 1024 MiB.
    pub gb_hour: DatedPrice,
    /// One GiB of ephemeral storage beyond the first 20 for an hour; `None`
    /// where no price is known, so that such a task cannot be billed.
    pub storage_gib_hour: Option<DatedPrice>,
    /// The fee for Windows beside one vCPU for an hour; `None` on Linux.
    pub license_vcpu_hour: Option<DatedPrice>,
}
