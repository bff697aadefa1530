//! Random situations: small clusters with a bit of everything.

use std::sync::Arc;

use berthlab::base::id::{
    CapacityProviderId, ExpressionId, GroupId, Id as _, InstanceTypeId, ServiceId, TaskDefinitionId, ZoneId,
};
use berthlab::base::rng::Stream;
use berthlab::base::{Money, SimDuration, SimTime, Table};
use berthlab::model::access::{Access, Role};
use berthlab::model::attribute::Attributes;
use berthlab::model::capacity::{
    AllocationStrategy, Capacity, CapacityProvider, CapacityStrategy, CapacityStrategyItem, FargateRates,
    ManagedScaling, PurchaseOptions, Scaling,
};
use berthlab::model::container::{
    Answers, Blueprint, Condition, Container, Dependency, Exit, HealthCheck, NetworkMode, Read, ReadKind,
};
use berthlab::model::identity::{Expressions, Identity};
use berthlab::model::instance::InstanceType;
use berthlab::model::network::{
    Connections, HostPort, Listener, LoadBalancer, LoadBalancerType, Network, Protocol, SecurityGroup,
    TargetGroup, TargetType, reserved_ports,
};
use berthlab::model::options::{
    FirstCheckDelay, ModelOptions, Quotas, RolloutOrder, TieBreak, UnhealthyReplacement,
};
use berthlab::model::price::DatedPrice;
use berthlab::model::task::TaskDefinition;
use berthlab::model::workload::{
    FoundHost, FoundTask, ServiceChange, ServiceChangeKind, ServiceStart, TaskArrival, Workload,
};
use berthlab::placement::constraints::CONSTRAINTS;
use berthlab::placement::strategies::STRATEGIES;
use berthlab::placement::{Chain, PlacementConstraint, PlacementStrategy};
use berthlab::sim::Setup;
use berthlab::sim::setup::{
    FargatePrices, FoundInstance, InstanceChange, InstanceChangeKind, Placement, ServiceLoadBalancer,
    ServicePolicy, StandalonePolicy, Unplaced,
};

use crate::clusters::{bounds, definition, fails_after, instance_type};

/// What a constraint may ask: of attributes, of company, of numbers.
const EXPRESSIONS: [&str; 9] = [
    "attribute:rack exists",
    "attribute:rack == a",
    "attribute:rack != a",
    "not(attribute:ecs.availability-zone == zone-0)",
    "task:group == service:service-0",
    "not(task:group == service:service-1)",
    "runningTasksCount < 3",
    "runningTasksCount > 0",
    "agentConnected == true",
];

/// Whether an expression may be met by a task that comes.
pub(super) fn awaits_company(expression: &str) -> bool {
    expression.starts_with("task:group") || expression.contains("> 0")
}

/// The security group of some providers: nobody is let in.
const SHUT: &str = "shut";

pub(super) struct Dice(pub(super) Stream);

impl Dice {
    pub(super) fn below(&mut self, n: u64) -> u64 {
        self.0.below(n)
    }

    pub(super) fn small(&mut self, n: u64) -> u32 {
        u32::try_from(self.below(n)).expect("small")
    }

    pub(super) fn one_of<T: Copy>(&mut self, values: &[T]) -> T {
        values[self.below(values.len() as u64) as usize]
    }

    fn seconds(&mut self, values: &[u64]) -> SimDuration {
        SimDuration::from_secs(self.one_of(values))
    }

    pub(super) fn situation(&mut self) -> (Setup, Workload, Vec<GroupId>) {
        let horizon = SimDuration::from_secs(3600);
        let options = self.options();
        let mut attributes = Attributes::default();
        let n_zones = 1 + self.small(3);
        let n_types = 1 + self.small(2);
        let mut expressions = Expressions::default();
        let instance_types: Table<InstanceTypeId, InstanceType> = (0..n_types)
            .map(|it| {
                let mut row =
                    instance_type(&format!("type-{it}"), 1024 << self.below(3), 1024 << self.below(3));
                row.capacity.gpus = self.small(3);
                row.capacity.network_interfaces = 2 * self.small(3);
                row
            })
            .collect();
        let n_providers = 1 + self.small(2);
        let providers: Table<CapacityProviderId, CapacityProvider> =
            (0..n_providers).map(|it| self.provider(it, n_types, n_zones)).collect();
        let zones: Table<ZoneId, String> = (0..n_zones).map(|it| format!("zone-{it}")).collect();
        let found_instances = self.found_instances(&providers, &instance_types, &zones);

        let mut workload = Workload::default();
        for number in 0..=4 + self.below(4) {
            let sizes = [0, 128, 256, 500, 512, 1000, 1024, 2048];
            let (cpu, memory) = (self.one_of(&sizes), self.one_of(&sizes));
            let mut definition = definition(&format!("definition-{number}"), cpu, memory);
            if self.below(5) == 0 {
                let port = self.one_of(&[80, 80, 443, 22]);
                definition.host_ports = vec![HostPort { port, protocol: Protocol::Tcp }];
            }
            self.furnish(&mut definition);
            workload.definitions.push(definition);
        }
        let n_definitions = workload.definitions.len() as u64;

        let mut distinct = Vec::new();
        let services = (0..self.below(4))
            .map(|number| {
                let definition = TaskDefinitionId::new(self.small(n_definitions));
                workload.services.push(ServiceStart::new(definition, self.small(9)));
                let (placement, is_distinct) =
                    self.placement(n_providers, &mut attributes, &mut expressions, options.tie_break);
                if is_distinct {
                    distinct.push(GroupId::new(number as u32));
                }
                let bounds =
                    bounds(self.one_of(&[0, 25, 50, 75, 100, 100]), self.one_of(&[100, 125, 150, 200, 200]));
                let policy = ServicePolicy::rolling(format!("service-{number}"), placement, bounds);
                self.with_targets(policy)
            })
            .collect::<Vec<_>>();
        self.changes(&mut workload, n_definitions, services.len() as u64);
        let (placement, is_distinct) =
            self.placement(n_providers, &mut attributes, &mut expressions, options.tie_break);
        self.found_tasks(&mut workload, &services, &found_instances, &distinct, is_distinct);
        self.arrivals(&mut workload, n_definitions);
        if is_distinct {
            let first = services.len() as u32;
            distinct.extend((first..first + workload.n_batches).map(GroupId::new));
        }
        let retry = Unplaced::Retry { first: self.seconds(&[10, 60]), longest: self.seconds(&[60, 900]) };
        let unplaced = self.one_of(&[Unplaced::Drop, retry, retry]);
        let mean = self.seconds(&[600, 3600]);
        let instance_changes = self.instance_changes(&mut expressions);
        let standalone = StandalonePolicy { placement, unplaced };
        let setup = Setup {
            attributes,
            services: services.into(),
            disruptions: match self.one_of(&[None, Some(mean)]) {
                Some(mean) => vec![fails_after(mean)],
                None => Vec::new(),
            },
            expressions,
            found_instances,
            instance_changes,
            access: Access {
                roles: vec![Role { name: "powerless".to_owned(), ..Role::default() }],
                ..Access::default()
            },
            network: network(),
            fargate_rates: fargate_rates(),
            prices: super::bills::prices(),
            ..Setup::new(horizon, options, zones, instance_types, providers, standalone)
        };
        let setup = super::bills::billed(setup, &workload);
        (setup, workload, distinct)
    }

    fn options(&mut self) -> ModelOptions {
        ModelOptions {
            upper_counts_stopping: self.one_of(&[true, true, false]),
            order: self.one_of(&[RolloutOrder::StopFirst, RolloutOrder::StartFirst]),
            unhealthy_replacement: self
                .one_of(&[UnhealthyReplacement::StartFirst, UnhealthyReplacement::StopFirst]),
            first_check_delay: self.one_of(&[FirstCheckDelay::Random, FirstCheckDelay::Zero]),
            drain_full_delay: self.one_of(&[true, false]),
            backoff_cap: self.seconds(&[40, 1620]),
            no_check_settle: self.seconds(&[0, 5, 40]),
            capacity_retry: self.seconds(&[5, 15]),
            tie_break: self.one_of(&[TieBreak::Random, TieBreak::LowestId]),
            quotas: self.one_of(&[Quotas::Documented, Quotas::Off]),
            release_on_desired_stopped: self.one_of(&[false, false, true]),
            agent_poll: self.seconds(&[0, 1]),
            image_pull: self.seconds(&[0, 10]),
            container_create: SimDuration::ZERO,
            container_start: self.seconds(&[0, 1]),
            exit_time: self.seconds(&[0, 1, 30]),
            instance_boot: self.seconds(&[0, 90]),
            instance_loss_detection: self.seconds(&[0, 60]),
            ..ModelOptions::default()
        }
    }

    fn provider(&mut self, number: u32, n_types: u32, n_zones: u32) -> CapacityProvider {
        let managed = Scaling::Managed(ManagedScaling {
            target_capacity: self.one_of(&[50, 80, 100, 100]),
            minimum_scaling_step_size: 1 + self.small(2),
            maximum_scaling_step_size: self.one_of(&[1, 3, 10_000]),
            instance_warmup_period: self.seconds(&[0, 60, 300]),
        });
        let scaling = self.one_of(&[Scaling::Fixed, managed, managed]);
        let min_size = self.small(4);
        let zones = (0..n_zones).map(ZoneId::new).collect();
        // One type or several, each once, in any order.
        let first = self.small(n_types.into());
        let n_of_it = 1 + if self.below(3) == 0 { self.small(n_types.into()) } else { 0 };
        let of_it = (0..n_of_it).map(|it| InstanceTypeId::new((first + it) % n_types));
        let purchase = PurchaseOptions {
            on_demand_base_capacity: self.small(3),
            on_demand_percentage_above_base_capacity: self.one_of(&[0, 50, 100, 100]),
            on_demand_allocation_strategy: self
                .one_of(&[AllocationStrategy::Prioritized, AllocationStrategy::LowestPrice]),
            ..PurchaseOptions::default()
        };
        CapacityProvider {
            instance_types: of_it.collect(),
            purchase,
            managed_termination_protection: self.below(2) == 0,
            managed_draining: self.below(3) > 0,
            min_size,
            max_size: min_size + self.small(8),
            scaling,
            security_groups: if self.below(4) == 0 { vec![SHUT.to_owned()] } else { Vec::new() },
            attributes: match self.below(3) {
                0 => Vec::new(),
                _ => vec![("rack".to_owned(), self.one_of(&["a", "b"]).to_owned())],
            },
            ..CapacityProvider::of(format!("provider-{number}"), InstanceTypeId::new(0), zones)
        }
    }

    fn placement(
        &mut self,
        n_providers: u32,
        attributes: &mut Attributes,
        expressions: &mut Expressions,
        tie_break: TieBreak,
    ) -> (Placement, bool) {
        let fields = ["cpu", "memory", "instanceId", "attribute:ecs.availability-zone", "rack"];
        let mut strategies: Vec<Arc<dyn PlacementStrategy>> = Vec::new();
        for _ in 0..self.below(4) {
            let entry = &STRATEGIES[self.below(STRATEGIES.len() as u64) as usize];
            // Some fields are not for some strategies: the chain is shorter then.
            strategies.extend((entry.build)(Some(self.one_of(&fields)), attributes));
        }
        let is_distinct = self.below(3) == 0;
        let mut constraints: Vec<Arc<dyn PlacementConstraint>> = Vec::new();
        for entry in CONSTRAINTS {
            let expression = match entry.name {
                "distinctInstance" if is_distinct => None,
                "memberOf" if self.below(4) == 0 => Some(self.one_of(&EXPRESSIONS)),
                _ => continue,
            };
            constraints.push((entry.build)(expression, expressions).expect("a constraint that can be built"));
        }
        let provider = CapacityProviderId::new(self.small(n_providers.into()));
        let placement = Placement::onto(provider, Chain::new(strategies, tie_break));
        if self.below(5) == 0 {
            let capacity = [false, true].map(|is_spot| Capacity::Fargate { is_spot });
            let capacity = self.strategy(&capacity);
            return (Placement { capacity, ..placement }, false);
        }
        if n_providers > 1 && self.below(3) == 0 {
            let capacity = (0..n_providers).map(|it| Capacity::Instances(CapacityProviderId::new(it)));
            let capacity = self.strategy(&capacity.collect::<Vec<_>>());
            return (Placement { constraints, capacity, ..placement }, is_distinct);
        }
        (Placement { constraints, ..placement }, is_distinct)
    }

    /// A strategy over one of these, or over all.
    fn strategy(&mut self, capacity: &[Capacity]) -> CapacityStrategy {
        if self.below(2) == 0 {
            return CapacityStrategy::only(self.one_of(capacity));
        }
        let with_base = self.below(capacity.len() as u64) as usize;
        let items = capacity.iter().enumerate().map(|(idx, &capacity)| CapacityStrategyItem {
            capacity,
            base: if idx == with_base { self.small(4) } else { 0 },
            // One has a weight in any case.
            weight: self.small(3) + u32::from(idx == 0),
        });
        CapacityStrategy::over(items.collect())
    }

    /// What a definition takes beyond CPU and memory, what it asks of an
    /// instance, and what its containers do.
    fn furnish(&mut self, definition: &mut TaskDefinition) {
        definition.needs.gpus = u32::from(self.below(8) == 0);
        definition.needs.network_interfaces = u32::from(self.below(4) == 0);
        let n_dynamic = self.one_of(&[0, 0, 1, 3]);
        definition.dynamic_ports = vec![self.one_of(&[Protocol::Tcp, Protocol::Udp]); n_dynamic];
        if self.below(6) == 0 {
            definition.placement_constraints = vec![self.one_of(&EXPRESSIONS).to_owned()];
        }
        if self.below(2) == 0 {
            return;
        }
        let mut app = Container::plain("app");
        if self.below(2) == 0 {
            app.health_check = Some(HealthCheck {
                interval: self.seconds(&[5, 30]),
                timeout: self.seconds(&[2, 5]),
                retries: 1 + self.small(3),
                start_period: self.seconds(&[0, 20]),
            });
        }
        app.behaviour.answers = match self.below(5) {
            0 => Answers::Never,
            1 | 2 => Answers::After(SimDuration::from_millis(self.below(90_000))),
            _ => Answers::After(SimDuration::ZERO),
        };
        if self.below(5) == 0 {
            let after = SimDuration::from_millis(self.below(200_000));
            app.behaviour.exit = Some(Exit { after, code: 1 });
        }
        app.behaviour.exit_time = self.one_of(&[None, Some(SimDuration::from_secs(7))]);
        let mut containers = vec![app];
        if self.below(3) == 0 {
            let mut side = Container::plain("side");
            side.is_essential = false;
            let condition = self.one_of(&[Condition::Start, Condition::Complete, Condition::Success]);
            // Some never end, some end badly.
            let exit = Exit { after: self.seconds(&[0, 10]), code: self.one_of(&[0, 0, 1]) };
            side.behaviour.exit = self.one_of(&[None, Some(exit), Some(exit), Some(exit)]);
            side.start_timeout = self.one_of(&[None, Some(SimDuration::from_secs(5))]);
            containers[0].depends_on = vec![Dependency { container: 1, condition }];
            containers.push(side);
        }
        let is_denied = self.below(8) == 0;
        if is_denied {
            let resource = "arn:aws:ssm:us-east-1:123456789012:parameter/key".to_owned();
            containers[0].reads = vec![Read { kind: ReadKind::Parameter, resource }];
        }
        let network_mode = match definition.needs.network_interfaces {
            0 => NetworkMode::Bridge,
            _ => NetworkMode::Awsvpc,
        };
        definition.blueprint = Some(Arc::new(Blueprint {
            containers,
            network_mode,
            execution_role: is_denied.then(|| "powerless".to_owned()),
            ephemeral_gib: self.one_of(&[20, 40]),
            ..Blueprint::plain()
        }));
    }

    fn with_targets(&mut self, mut policy: ServicePolicy) -> ServicePolicy {
        for target_group in 0..2 {
            if self.below(4) == 0 {
                let container_name = String::new();
                let balancer = ServiceLoadBalancer { target_group, container_name, container_port: 80 };
                policy.load_balancers.push(balancer);
            }
        }
        policy.health_check_grace_period = self.seconds(&[0, 0, 60, 300]);
        policy.millirequests_per_second = self.one_of(&[0, 10_000]);
        policy
    }

    fn found_instances(
        &mut self,
        providers: &Table<CapacityProviderId, CapacityProvider>,
        types: &Table<InstanceTypeId, InstanceType>,
        zones: &Table<ZoneId, String>,
    ) -> Vec<FoundInstance> {
        let mut found = Vec::new();
        for (provider, row) in providers.iter() {
            let n = if self.below(3) == 0 { self.below(u64::from(row.max_size) + 1).min(4) } else { 0 };
            for number in 0..n {
                let zone = ZoneId::new(self.small(zones.len() as u64));
                let mut attributes = vec![("ecs.availability-zone".to_owned(), Some(zones[zone].clone()))];
                if self.below(2) == 0 {
                    let rack = self.one_of(&[Some("a"), Some("found"), None]);
                    attributes.push(("rack".to_owned(), rack.map(str::to_owned)));
                }
                let mut registered = types[row.instance_types[0]].capacity;
                // A little more or less than its type.
                registered.memory.0 = registered.memory.0 - 100 + self.small(200);
                found.push(FoundInstance {
                    instance_type: row.instance_types[0],
                    provider,
                    zone,
                    registered,
                    ports: reserved_ports(),
                    identity: Identity {
                        ec2_instance_id: format!("i-{}-{number}", provider.number()),
                        agent_version: None,
                        registered_at_ms: 0,
                        attributes: Arc::new(attributes.into_iter().collect()),
                        has_every_capability: true,
                    },
                    is_agent_connected: self.below(5) > 0,
                    is_draining: self.below(8) == 0,
                });
            }
        }
        found
    }

    /// Tasks on the instances that are found, as long as there is room.
    fn found_tasks(
        &mut self,
        workload: &mut Workload,
        services: &[ServicePolicy],
        instances: &[FoundInstance],
        distinct: &[GroupId],
        is_distinct: bool,
    ) {
        let mut free: Vec<_> = instances.iter().map(|it| it.registered).collect();
        for (idx, instance) in instances.iter().enumerate() {
            for _ in 0..self.below(5) {
                let definition = TaskDefinitionId::new(self.small(workload.definitions.len() as u64));
                let row = &workload.definitions[definition];
                let needs = row.needs;
                if !row.host_ports.is_empty() || !needs.fits(&free[idx]) {
                    continue;
                }
                let is_healthy = self.below(4) > 0;
                let found = |definition| FoundTask { definition, host: FoundHost::Instance(idx), is_healthy };
                let service = self.below(services.len() as u64 + 1) as usize;
                match services.get(service) {
                    Some(policy) => {
                        let group = GroupId::new(service as u32);
                        if distinct.contains(&group) || !policy.placement.uses(instance.provider) {
                            continue;
                        }
                        workload.services[ServiceId::from_idx(service)].found.push(found(definition));
                    }
                    None if is_distinct => continue,
                    None => {
                        workload.n_batches = 1;
                        workload.found_groups = vec!["found".to_owned()];
                        workload.found.push((found(definition), 0));
                    }
                }
                free[idx] -= needs;
            }
        }
    }

    fn instance_changes(&mut self, expressions: &mut Expressions) -> Vec<InstanceChange> {
        let mut times: Vec<u64> = (0..self.below(5)).map(|_| self.below(60) * 60).collect();
        times.sort_unstable();
        let change = |at: u64| {
            let expression: ExpressionId =
                expressions.intern(self.one_of(&EXPRESSIONS)).expect("it is an expression");
            let rack = |it: Option<Option<&str>>| {
                InstanceChangeKind::Attribute("rack".to_owned(), it.map(|it| it.map(str::to_owned)))
            };
            let kinds = match self.below(5) {
                0 => vec![rack(None)],
                1 => vec![rack(Some(None))],
                2 => vec![rack(Some(Some(self.one_of(&["a", "b", "c"]))))],
                3 => vec![InstanceChangeKind::AgentConnected(false), rack(Some(Some("a")))],
                _ => vec![InstanceChangeKind::AgentConnected(true)],
            };
            InstanceChange { at: SimTime::from_secs(at), expression, kinds }
        };
        times.into_iter().map(change).collect()
    }

    fn changes(&mut self, workload: &mut Workload, n_definitions: u64, n_services: u64) {
        if n_services == 0 {
            return;
        }
        let mut times: Vec<u64> = (0..self.below(8)).map(|_| self.below(40) * 90).collect();
        times.sort_unstable();
        for at in times {
            let kind = if self.below(2) == 0 {
                ServiceChangeKind::DesiredCount(self.small(10))
            } else {
                ServiceChangeKind::Release(TaskDefinitionId::new(self.small(n_definitions)))
            };
            let service = ServiceId::new(self.small(n_services));
            workload.service_changes.push(ServiceChange { at: SimTime::from_secs(at), service, kind });
        }
    }

    fn arrivals(&mut self, workload: &mut Workload, n_definitions: u64) {
        let mut times: Vec<u64> = (0..self.below(8)).map(|_| self.below(3600)).collect();
        times.sort_unstable();
        // Now and then more than the quota of waiting tasks, all at once.
        let is_burst = self.below(40) == 0;
        for at in times {
            let n_tasks = if is_burst { 300 } else { 1 + self.below(14) };
            let definition = TaskDefinitionId::new(self.small(n_definitions));
            for _ in 0..n_tasks {
                let lifetime = match self.below(10) {
                    0 => SimDuration::FOREVER,
                    1 => SimDuration::ZERO,
                    _ => SimDuration::from_millis(self.below(900_000)),
                };
                let at = SimTime::from_secs(at);
                workload.arrivals.push(TaskArrival { at, lifetime, definition, batch: workload.n_batches });
            }
            workload.n_batches += 1;
        }
    }
}

/// Two target groups behind a load balancer that is open to the web; who is in
/// the group that is shut is not reached by it.
fn network() -> Network {
    let target_group = |name: &str, target_type, delay| TargetGroup {
        name: name.to_owned(),
        target_type,
        interval: SimDuration::from_secs(10),
        timeout: SimDuration::from_secs(5),
        healthy_threshold: 3,
        unhealthy_threshold: 2,
        deregistration_delay: SimDuration::from_secs(delay),
    };
    Network {
        security_groups: vec![SecurityGroup {
            name: SHUT.to_owned(),
            inbound: Vec::new(),
            outbound: Vec::new(),
        }],
        target_groups: vec![
            target_group("one", TargetType::Instance, 0),
            target_group("two", TargetType::Ip, 30),
        ],
        load_balancers: vec![LoadBalancer {
            name: "front".to_owned(),
            listeners: vec![Listener { port: 80, target_group: 0 }, Listener { port: 81, target_group: 1 }],
            security_groups: Vec::new(),
            zones: Vec::new(),
            kind: LoadBalancerType::Application,
            is_internal: false,
            connections: Connections::default(),
        }],
    }
}

fn fargate_rates() -> FargatePrices {
    let price = |usd: &str| DatedPrice {
        usd: Money::parse_usd(usd).expect("a price"),
        as_of: "2026-01-01".to_owned(),
    };
    let rates = Some(FargateRates {
        vcpu_hour: price("0.04"),
        gb_hour: price("0.004"),
        storage_gib_hour: Some(price("0.0001")),
        license_vcpu_hour: None,
    });
    FargatePrices { on_demand: [rates.clone(), rates.clone()], spot: [rates.clone(), rates], windows: None }
}
