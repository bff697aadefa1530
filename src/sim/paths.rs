//! Who reaches whom, found once: the security groups of a run do not change.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::base::id::{Id as _, ServiceId, TaskDefinitionId, ZoneId};
use crate::model::container::HostSide;
use crate::model::network::{LoadBalancer, Protocol};
use crate::model::task::TaskDefinition;
use crate::model::workload::Workload;
use crate::reach::{self, Target, TargetPort, Unreachable};
use crate::sim::setup::{ServiceLoadBalancer, ServicePolicy, Setup};

/// What is missing on the ways of requests; nothing where nothing is.
#[derive(Debug, Default)]
pub(super) struct Paths {
    from_web: BTreeMap<ServiceId, Arc<str>>,
    /// By zone.
    to_task: BTreeMap<(ServiceId, TaskDefinitionId, usize), Vec<Option<Arc<str>>>>,
}

impl Paths {
    pub(super) fn new(setup: &Setup, workload: &Workload) -> Self {
        let mut paths = Self::default();
        for (service, policy) in setup.services.iter() {
            if policy.load_balancers.is_empty() {
                continue;
            }
            if let Some(missing) = missing_from_web(setup, policy) {
                paths.from_web.insert(service, describe(missing));
            }
            let found = workload.services[service].found.iter().map(|it| it.definition);
            for definition in workload.revisions(service).chain(found) {
                for (number, balancer) in policy.load_balancers.iter().enumerate() {
                    let row = &workload.definitions[definition];
                    let missing_in = |zone| missing_to_task(setup, policy, row, balancer, zone).map(describe);
                    let missing: Vec<_> = setup.zones.ids().map(missing_in).collect();
                    paths.to_task.insert((service, definition, number), missing);
                }
            }
        }
        paths
    }

    /// What keeps requests of the web from the service's load balancers.
    pub(super) fn missing_from_web(&self, service: ServiceId) -> Option<Arc<str>> {
        self.from_web.get(&service).cloned()
    }

    /// What keeps the load balancer of the n-th target group from a target in
    /// this zone.
    pub(super) fn to_task(
        &self,
        service: ServiceId,
        definition: TaskDefinitionId,
        number: usize,
        zone: ZoneId,
    ) -> Option<Arc<str>> {
        self.to_task.get(&(service, definition, number))?[zone.idx()].clone()
    }
}

/// The listeners that forward to a target group. A load balancer that is not
/// described is open.
pub fn listeners(setup: &Setup, target_group: usize) -> impl Iterator<Item = (&LoadBalancer, u16)> {
    let balancers = setup.network.load_balancers.iter();
    balancers.flat_map(move |balancer| {
        let listeners = balancer.listeners.iter().filter(move |it| it.target_group == target_group);
        listeners.map(move |it| (balancer, it.port))
    })
}

/// What keeps requests of the web from a service's load balancers: they come
/// through one open listener of any of its target groups.
pub fn missing_from_web(setup: &Setup, policy: &ServicePolicy) -> Option<Unreachable> {
    let mut first = None;
    for balancer in &policy.load_balancers {
        let mut is_described = false;
        for (load_balancer, port) in listeners(setup, balancer.target_group) {
            is_described = true;
            match reach::web_reaches(&setup.network, load_balancer, port) {
                Ok(()) => return None,
                Err(missing) => first = first.or(Some(missing)),
            }
        }
        if !is_described {
            return None;
        }
    }
    first
}

/// What keeps a load balancer from the tasks of `definition` in a zone: health
/// checks and requests of every one before the target group must come through.
pub fn missing_to_task(
    setup: &Setup,
    policy: &ServicePolicy,
    definition: &TaskDefinition,
    balancer: &ServiceLoadBalancer,
    zone: ZoneId,
) -> Option<Unreachable> {
    let (port, has_own_groups) = target_port(policy, definition, balancer);
    let of_provider = |it| setup.providers[it].security_groups.as_slice();
    let security_groups = if has_own_groups {
        policy.security_groups.as_slice()
    } else {
        // Of several groups the first stands for all (MODEL).
        policy.placement.capacity.providers().next().map(of_provider).unwrap_or_default()
    };
    let zone = setup.zones[zone].as_str();
    let target = Target { security_groups, port, protocol: Protocol::Tcp, zone };
    listeners(setup, balancer.target_group)
        .find_map(|(it, _)| reach::load_balancer_reaches(&setup.network, it, &target).err())
}

/// The port of a target, and whether it listens behind the task's own groups.
fn target_port(
    policy: &ServicePolicy,
    definition: &TaskDefinition,
    balancer: &ServiceLoadBalancer,
) -> (TargetPort, bool) {
    let port = balancer.container_port;
    let Some(blueprint) = &definition.blueprint else {
        // Of a plain definition only the static host ports are known.
        let is_static = definition.host_ports.iter().any(|it| it.port == port);
        let is_fargate = policy.placement.capacity.is_fargate();
        let is_fixed = is_static || is_fargate;
        return (if is_fixed { TargetPort::Fixed(port) } else { TargetPort::Dynamic }, is_fargate);
    };
    let named = |name: &str| balancer.container_name.is_empty() || balancer.container_name == name;
    let containers = blueprint.containers.iter().filter(|it| named(&it.name));
    let mapping = containers.flat_map(|it| &it.ports).find(|it| it.container_port == port);
    match mapping.map(|it| it.host) {
        Some(HostSide::Static(port)) => (TargetPort::Fixed(port), false),
        Some(HostSide::Dynamic) => (TargetPort::Dynamic, false),
        Some(HostSide::OwnInterface) => (TargetPort::Fixed(port), true),
        // A range in the mappings; the port itself is the best that is known.
        None => (TargetPort::Fixed(port), policy.placement.capacity.is_fargate()),
    }
}

fn describe(missing: Unreachable) -> Arc<str> {
    missing.to_string().into()
}
