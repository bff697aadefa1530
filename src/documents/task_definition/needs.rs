//! What a task takes from the instance it is placed on (API
//! ContainerDefinition.memory, .memoryReservation; developer guide,
//! task-placement): of CPU and memory the task's, else the sum of the
//! containers'; static host ports; a network interface in awsvpc mode; GPUs.

use super::amount::{cpu_units, memory_mib};
use super::choices::{NetworkMode, Protocol, ResourceKind};
use super::shapes::{ContainerDefinition, TaskDefinition};
use crate::base::{CpuUnits, MemoryMib};
use crate::model::network::{HostPort, Protocol as PortProtocol};
use crate::model::task;

/// All that a task takes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TaskNeeds {
    /// CPU units reserved.
    pub cpu: CpuUnits,
    /// Memory reserved: soft limits where there are some.
    pub memory: MemoryMib,
    /// Static ones, sorted.
    pub host_ports: Vec<HostPort>,
    /// Whether it has a network interface of its own.
    pub takes_network_interface: bool,
    /// Whole GPUs.
    pub n_gpus: u32,
}

impl TaskNeeds {
    /// Of a definition without fault; what a rule would refuse counts nothing.
    pub fn of(definition: &TaskDefinition) -> Self {
        let containers = &definition.container_definitions;
        let sum = |of: fn(&ContainerDefinition) -> Option<i32>| -> u64 {
            containers.iter().filter_map(|it| u64::try_from(of(it)?).ok()).sum()
        };
        let cpu = definition.cpu.as_deref().and_then(cpu_units).unwrap_or_else(|| sum(|it| it.cpu));
        let memory = definition.memory.as_deref().and_then(memory_mib);
        let memory = memory.unwrap_or_else(|| sum(ContainerDefinition::reserved_memory));
        let gpus = containers.iter().flat_map(|it| &it.resource_requirements);
        let gpus = gpus.filter(|it| it.kind == Some(ResourceKind::Gpu));
        let n_gpus = gpus.filter_map(|it| it.value.as_deref()?.parse::<u32>().ok());
        // Beyond 32 bits there is no instance that it would fit on anyway.
        let small = |it: u64| u32::try_from(it).unwrap_or(u32::MAX);
        Self {
            cpu: CpuUnits(small(cpu)),
            memory: MemoryMib(small(memory)),
            host_ports: host_ports(definition),
            takes_network_interface: definition.network_mode() == Some(NetworkMode::Awsvpc),
            n_gpus: n_gpus.fold(0, u32::saturating_add),
        }
    }

    /// For the model, under the name of its family.
    pub fn into_definition(self, family: &str) -> task::TaskDefinition {
        let needs = task::Needs {
            cpu: self.cpu,
            memory: self.memory,
            gpus: self.n_gpus,
            network_interfaces: u32::from(self.takes_network_interface),
        };
        task::TaskDefinition { host_ports: self.host_ports, ..task::TaskDefinition::plain(family, needs) }
    }
}

fn host_ports(definition: &TaskDefinition) -> Vec<HostPort> {
    let mode = definition.network_mode();
    let mappings = definition.container_definitions.iter().flat_map(|it| &it.port_mappings);
    let mut ports: Vec<HostPort> = mappings
        .filter_map(|it| {
            let port = match mode {
                Some(NetworkMode::Host) => it.host_port.filter(|&it| it > 0).or(it.container_port)?,
                Some(NetworkMode::Bridge) | None => it.host_port?,
                _ => return None,
            };
            let port = u16::try_from(port).ok().filter(|&it| it > 0)?;
            let is_udp = it.protocol == Some(Protocol::Udp);
            Some(HostPort { port, protocol: if is_udp { PortProtocol::Udp } else { PortProtocol::Tcp } })
        })
        .collect();
    ports.sort_unstable();
    ports.dedup();
    ports
}
