//! All that a run needs, typed and checked: what will be done, as opposed to
//! what was written.

use std::sync::Arc;

use crate::base::id::{CapacityProviderId, ExpressionId, InstanceTypeId, ServiceId, ZoneId};
use crate::base::{SimDuration, SimTime, Table};
use crate::billing::commitments::Commitment;
use crate::containers::{self, LifeContext};
use crate::deployment::{DeploymentController, ROLLING};
use crate::disruption::Disruption;
use crate::model::access::Access;
use crate::model::attribute::{
    AVAILABILITY_ZONE, AttributeValue, Attributes, CPU_ARCHITECTURE, INSTANCE_TYPE, OS_TYPE,
};
use crate::model::bill::BillOptions;
use crate::model::capacity::{
    AllocationStrategy, Capacity, CapacityProvider, CapacityStrategy, FargateRates,
};
use crate::model::container::Platform;
use crate::model::deployment::{Alarm, DeploymentConfiguration, SchedulingStrategy};
use crate::model::identity::{AttributeSet, Expressions, Identity};
use crate::model::instance::InstanceType;
use crate::model::life::TaskLife;
use crate::model::network::{HostPort, Network};
use crate::model::options::ModelOptions;
use crate::model::price::Prices;
use crate::model::repository::Registry;
use crate::model::scaling::ServiceScaling;
use crate::model::scanning::Scanning;
use crate::model::service::DeploymentBounds;
use crate::model::task::{Needs, TaskDefinition};
use crate::model::traffic::{MessageBytes, Traffic};
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
    /// What breaks, in the order in which it was written.
    pub disruptions: Vec<Disruption>,
    /// Image repositories, and what is pushed to them.
    pub registry: Arc<Registry>,
    /// How images are scanned, if they are.
    pub scanning: Option<Scanning>,
    /// Instances that are there at the first moment, with their providers'
    /// other ones launched beside them.
    pub found_instances: Vec<FoundInstance>,
    /// What roles may do, and what is there to be read.
    pub access: Access,
    /// Security groups, target groups and load balancers.
    pub network: Network,
    /// What Fargate charges, on demand and Spot, for X86_64 and ARM64.
    pub fargate_rates: FargatePrices,
    /// What else is charged for.
    pub prices: Prices,
    /// What of it this cluster uses.
    pub bill: BillOptions,
    /// What is paid for whether it is used or not.
    pub commitments: Vec<Commitment>,
    /// What happens to instances from outside, in the order of time.
    pub instance_changes: Vec<InstanceChange>,
    /// CloudWatch alarms.
    pub alarms: Vec<Alarm>,
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
    /// As many tasks as desired, or one on each instance.
    pub scheduling: SchedulingStrategy,
    /// Whether its task sets are somebody else's (deployment controller EXTERNAL).
    pub is_external: bool,
    /// What decides its rollouts.
    pub controller: &'static dyn DeploymentController,
    /// How they go.
    pub deployment: DeploymentConfiguration,
    /// Whether its tasks are moved for the balance of zones.
    pub availability_zone_rebalancing: bool,
    /// Whether its tasks are found by Service Connect.
    pub uses_service_connect: bool,
    /// The target groups that its tasks are registered with.
    pub load_balancers: Vec<ServiceLoadBalancer>,
    /// The security groups of its tasks, in awsvpc mode.
    pub security_groups: Vec<String>,
    /// Failed checks count from so long after a task started.
    pub health_check_grace_period: SimDuration,
    /// Requests that the web sends it, in thousandths a second.
    pub millirequests_per_second: u64,
    /// How its requests are played, where they are.
    pub traffic: Option<Traffic>,
    /// How its desired count is scaled, if it is a scalable target.
    pub scaling: Option<ServiceScaling>,
    /// What its requests weigh.
    pub message_bytes: MessageBytes,
}

/// A target group of a service (API LoadBalancer).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ServiceLoadBalancer {
    /// Position in the network's target groups.
    pub target_group: usize,
    /// The container that serves; the first essential one if empty.
    pub container_name: String,
    /// Its port.
    pub container_port: u16,
}

/// Where tasks go.
#[derive(Clone)]
pub struct Placement {
    /// Onto what.
    pub capacity: CapacityStrategy,
    /// The zones of its subnets, ascending; all if empty.
    pub zones: Vec<ZoneId>,
    /// What instances must satisfy.
    pub constraints: Vec<Arc<dyn PlacementConstraint>>,
    /// Which of those are preferred.
    pub chain: Chain,
    /// Whether its tasks on Fargate have public IPv4 addresses (API
    /// AwsVpcConfiguration.assignPublicIp).
    pub has_public_ip: bool,
}

/// An instance that is there at the first moment, as a snapshot of a cluster
/// says: one of the first of its provider.
#[derive(Clone, Debug)]
pub struct FoundInstance {
    /// Whose it is.
    pub provider: CapacityProviderId,
    /// Its type.
    pub instance_type: InstanceTypeId,
    /// Where it is.
    pub zone: ZoneId,
    /// What it registered.
    pub registered: Needs,
    /// The host ports that it keeps for itself.
    pub ports: Vec<HostPort>,
    /// Who it is.
    pub identity: Identity,
    /// Whether its agent is heard.
    pub is_agent_connected: bool,
    /// Whether it takes no new tasks.
    pub is_draining: bool,
}

/// Something that happens to the instances that an expression selects at that
/// moment.
#[derive(Clone, Debug)]
pub struct InstanceChange {
    /// When.
    pub at: SimTime,
    /// Which.
    pub expression: ExpressionId,
    /// What, all to the same instances.
    pub kinds: Vec<InstanceChangeKind>,
}

/// What can happen to an instance from outside.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum InstanceChangeKind {
    /// An attribute is put (`Some`, with or without a value) or deleted.
    Attribute(String, Option<Option<String>>),
    /// Its agent is heard, or no longer.
    AgentConnected(bool),
    /// It becomes DRAINING, else ACTIVE again (API UpdateContainerInstancesState).
    Draining(bool),
}

/// What Fargate charges in a region; `None` where no price is known.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct FargatePrices {
    /// On demand: X86_64, ARM64.
    pub on_demand: [Option<FargateRates>; 2],
    /// Spot: X86_64, ARM64.
    pub spot: [Option<FargateRates>; 2],
    /// On demand, for Windows: there is no Spot of it (developer guide,
    /// windows-considerations).
    pub windows: Option<FargateRates>,
}

impl FargatePrices {
    /// Of one platform and way of buying.
    pub fn of(&self, platform: Platform, is_spot: bool) -> Option<&FargateRates> {
        if platform.is_windows {
            return self.windows.as_ref().filter(|_| !is_spot);
        }
        let rates = if is_spot { &self.spot } else { &self.on_demand };
        rates[usize::from(platform.is_arm)].as_ref()
    }
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
        let capacity = CapacityStrategy::only(Capacity::Instances(provider));
        Self { capacity, zones: Vec::new(), constraints: Vec::new(), chain, has_public_ip: false }
    }

    /// Whose instances, where there is no choice; `None` on Fargate and over
    /// several groups.
    pub fn only_provider(&self) -> Option<CapacityProviderId> {
        match self.capacity.items() {
            [item] => item.capacity.provider(),
            _ => None,
        }
    }

    /// Whether tasks may go to instances of `provider`.
    pub fn uses(&self, provider: CapacityProviderId) -> bool {
        self.capacity.providers().any(|it| it == provider)
    }

    /// Whether some rule looks at where the tasks of a group are: a strategy, a
    /// constraint, or zones of Fargate that share tasks out evenly.
    pub fn looks_at_groups(&self) -> bool {
        self.capacity.is_fargate()
            || self.chain.strategies().iter().any(|it| it.order().depends_on_group())
            || self.constraints.iter().any(|it| it.depends_on_group())
    }

    /// What the placer is told of `provider`.
    pub fn rules(&self, provider: CapacityProviderId) -> Rules<'_> {
        Rules { provider, zones: &self.zones, constraints: &self.constraints, chain: &self.chain }
    }
}

impl ServicePolicy {
    /// A service of rolling updates within these bounds.
    pub fn rolling(name: impl Into<String>, placement: Placement, bounds: DeploymentBounds) -> Self {
        Self {
            name: name.into(),
            placement,
            scheduling: SchedulingStrategy::Replica,
            is_external: false,
            controller: ROLLING,
            deployment: DeploymentConfiguration::rolling(bounds),
            availability_zone_rebalancing: false,
            uses_service_connect: false,
            load_balancers: Vec::new(),
            security_groups: Vec::new(),
            health_check_grace_period: SimDuration::ZERO,
            millirequests_per_second: 0,
            traffic: None,
            scaling: None,
            message_bytes: MessageBytes::default(),
        }
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
            disruptions: Vec::new(),
            registry: Arc::default(),
            scanning: None,
            found_instances: Vec::new(),
            access: Access::default(),
            network: Network::default(),
            fargate_rates: FargatePrices::default(),
            prices: Prices::default(),
            bill: BillOptions::default(),
            commitments: Vec::new(),
            instance_changes: Vec::new(),
            alarms: Vec::new(),
        }
    }

    /// How the life of a task of this definition goes; of a stand-alone one
    /// without a service.
    pub fn life(&self, definition: &TaskDefinition, service: Option<ServiceId>) -> TaskLife {
        containers::life(definition, &self.life_context(service))
    }

    /// What the lives of a service's tasks depend on, or of stand-alone ones.
    pub fn life_context(&self, service: Option<ServiceId>) -> LifeContext<'_> {
        let balancer = service.and_then(|it| self.services[it].load_balancers.first());
        let serving = balancer.filter(|it| !it.container_name.is_empty());
        let placement = service.map_or(&self.standalone.placement, |it| &self.services[it].placement);
        LifeContext {
            options: &self.options,
            registry: &self.registry,
            is_fargate: placement.capacity.is_fargate(),
            permissions: &self.access,
            instance_role: self.shared_instance_role(placement),
            serving: serving.map(|it| (it.container_name.as_str(), it.container_port)),
        }
    }

    /// The role of all instances that tasks of this placement may run on;
    /// `None` too where it differs from provider to provider.
    fn shared_instance_role(&self, placement: &Placement) -> Option<&str> {
        let mut roles = placement.capacity.providers().map(|it| self.providers[it].instance_role.as_deref());
        let first = roles.next()??;
        roles.all(|it| it == Some(first)).then_some(first)
    }

    /// How long a running task of a service drains before it is told to stop
    /// (semantics 2.2, 4.5).
    pub fn drain_time(&self, service: ServiceId) -> SimDuration {
        if !self.options.drain_full_delay {
            return SimDuration::ZERO;
        }
        let groups = self.services[service].load_balancers.iter();
        let delays = groups.map(|it| self.network.target_groups[it.target_group].deregistration_delay);
        delays.max().unwrap_or(SimDuration::ZERO)
    }

    /// The zones that tasks of this placement may use: those of their subnets
    /// among those of their instances.
    pub fn zones_of<'a>(&'a self, placement: &'a Placement) -> impl Iterator<Item = ZoneId> + 'a {
        let has_instances = move |zone: &ZoneId| {
            let is_there = |it| self.providers[it].zones.contains(zone);
            placement.capacity.is_fargate() || placement.capacity.providers().any(is_there)
        };
        let is_open = |zone: &ZoneId| placement.zones.is_empty() || placement.zones.contains(zone);
        self.zones.ids().filter(has_instances).filter(is_open)
    }

    /// The attributes of an instance of a type of a provider in a zone, as it
    /// registers.
    pub(super) fn attributes_of(
        &self,
        provider: CapacityProviderId,
        instance_type: InstanceTypeId,
        zone: ZoneId,
    ) -> AttributeSet {
        let provider = &self.providers[provider];
        let instance_type = &self.instance_types[instance_type];
        let built_in = [
            (AVAILABILITY_ZONE, self.zones[zone].as_str()),
            (INSTANCE_TYPE, instance_type.name.as_str()),
            (OS_TYPE, "linux"),
            (CPU_ARCHITECTURE, if instance_type.is_arm { "arm64" } else { "x86_64" }),
        ];
        let built_in = built_in.map(|(name, value)| (name.to_owned(), Some(value.to_owned())));
        let custom = provider.attributes.iter().map(|(name, value)| (name.clone(), Some(value.clone())));
        // What a user writes beats what is built in.
        built_in.into_iter().chain(custom).collect()
    }

    /// Positions of a provider's types in the order in which it tries to launch
    /// them, on demand or as Spot.
    pub(super) fn launch_order(&self, provider: CapacityProviderId, is_spot: bool) -> Vec<usize> {
        let row = &self.providers[provider];
        let mut order: Vec<usize> = (0..row.instance_types.len()).collect();
        let strategy = match is_spot {
            true => row.purchase.spot_allocation_strategy,
            false => row.purchase.on_demand_allocation_strategy,
        };
        if strategy == AllocationStrategy::LowestPrice {
            // Equal prices keep the order that is written.
            order.sort_by_key(|&it| self.instance_types[row.instance_types[it]].price(is_spot).usd);
        }
        order
    }

    /// Whether instances or tasks may be lost to a disruption.
    pub fn loses_machines(&self) -> bool {
        self.disruptions.iter().any(|it| it.kind.takes_away())
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
