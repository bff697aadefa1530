//! The state of a run: tables of the nouns, and what one may ask them. Changed
//! only by `transitions`.

use crate::base::id::{
    AttributeId, CapacityProviderId, DeploymentId, GroupId, Id as _, InstanceId, InstanceTypeId, ServiceId,
    TaskDefinitionId, TaskId,
};
use crate::base::{CpuUnits, MemoryMib, SimTime, Table};
use crate::model::attribute::{AttributeLayout, AttributeValue};
use crate::model::instance::{ContainerInstance, InstanceType};
use crate::model::network::HostPort;
use crate::model::service::{Deployment, Service};
use crate::model::task::{Needs, Task, TaskDefinition};

/// A cluster at one moment.
#[derive(Clone, Debug)]
pub struct Cluster {
    pub(in crate::model) now: SimTime,
    pub(in crate::model) definitions: Table<TaskDefinitionId, TaskDefinition>,
    pub(in crate::model) instance_types: Table<InstanceTypeId, InstanceType>,
    pub(in crate::model) layout: AttributeLayout,
    pub(in crate::model) releases_on_desired_stopped: bool,

    /// Never recycled: a number names an instance for the whole run.
    pub(in crate::model) instances: Table<InstanceId, ContainerInstance>,
    /// For each instance the tracked attributes' values, one after the other.
    pub(in crate::model) attribute_values: Vec<AttributeValue>,
    /// For each instance its tasks that are not stopped.
    pub(in crate::model) tasks_on: Table<InstanceId, Vec<TaskId>>,
    /// For each instance the host ports in use, its own included, sorted.
    pub(in crate::model) ports_on: Table<InstanceId, Vec<HostPort>>,
    /// For each provider its instances that are not terminated, ascending.
    pub(in crate::model) alive: Table<CapacityProviderId, Vec<InstanceId>>,

    /// Rows are recycled; `vacant` are the free ones.
    pub(in crate::model) tasks: Table<TaskId, Task>,
    pub(in crate::model) vacant: Vec<TaskId>,
    pub(in crate::model) groups: Table<GroupId, Group>,
    pub(in crate::model) services: Table<ServiceId, Service>,
    pub(in crate::model) deployments: Table<DeploymentId, Deployment>,
    pub(in crate::model) totals: Totals,
}

/// Tasks of one group with desired status RUNNING, waiting ones left out: what
/// `spread` and `distinctInstance` count.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Group {
    /// Ascending by instance; no zero counts.
    pub(in crate::model) by_instance: Vec<(InstanceId, u32)>,
    /// By (attribute, value), in the order of the layout; empty while the
    /// group has no task.
    pub(in crate::model) by_value: Vec<u32>,
}

/// Sums over the cluster.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// CPU units and MiB reserved by tasks on instances that are billed.
    pub reserved_cpu: u64,
    /// See `reserved_cpu`.
    pub reserved_memory: u64,
    /// CPU units and MiB registered by instances that are billed.
    pub registered_cpu: u64,
    /// See `registered_cpu`.
    pub registered_memory: u64,
    /// Instances that are billed: launched, not lost, not terminated.
    pub n_instances: u32,
    /// Tasks that wait for room.
    pub n_waiting: u32,
    /// Tasks that hold room.
    pub n_placed: u32,
}

impl Cluster {
    /// The moment of the last change.
    pub fn now(&self) -> SimTime {
        self.now
    }

    /// A task definition.
    pub fn definition(&self, id: TaskDefinitionId) -> &TaskDefinition {
        &self.definitions[id]
    }

    /// An instance type.
    pub fn instance_type(&self, id: InstanceTypeId) -> &InstanceType {
        &self.instance_types[id]
    }

    /// An instance, terminated ones included.
    pub fn instance(&self, id: InstanceId) -> &ContainerInstance {
        &self.instances[id]
    }

    /// How many instances were ever launched.
    pub fn n_launched(&self) -> usize {
        self.instances.len()
    }

    /// The instances of a provider that are not terminated, ascending.
    pub fn alive(&self, provider: CapacityProviderId) -> &[InstanceId] {
        &self.alive[provider]
    }

    /// The tasks on an instance, in no meaningful order.
    pub fn tasks_on(&self, instance: InstanceId) -> &[TaskId] {
        &self.tasks_on[instance]
    }

    /// Whether none of these host ports is in use on the instance.
    pub fn are_ports_free(&self, instance: InstanceId, ports: &[HostPort]) -> bool {
        let in_use = &self.ports_on[instance];
        ports.iter().all(|port| in_use.binary_search(port).is_err())
    }

    /// The value of a tracked attribute.
    pub fn attribute_value(&self, instance: InstanceId, attribute: AttributeId) -> AttributeValue {
        self.attribute_values[instance.idx() * self.layout.n_attributes() + attribute.idx()]
    }

    /// A task that is alive.
    pub fn task(&self, id: TaskId) -> &Task {
        &self.tasks[id]
    }

    /// A service.
    pub fn service(&self, id: ServiceId) -> &Service {
        &self.services[id]
    }

    /// The services in order.
    pub fn services(&self) -> impl ExactSizeIterator<Item = (ServiceId, &Service)> {
        self.services.iter()
    }

    /// A deployment.
    pub fn deployment(&self, id: DeploymentId) -> &Deployment {
        &self.deployments[id]
    }

    /// Tasks of the group on an instance that are wanted and placed.
    pub fn group_on_instance(&self, group: GroupId, instance: InstanceId) -> u32 {
        let counts = &self.groups[group].by_instance;
        counts.binary_search_by_key(&instance, |it| it.0).map_or(0, |idx| counts[idx].1)
    }

    /// Tasks of the group on all instances that share this instance's value of
    /// the attribute, those that could not host another one included.
    pub fn group_on_value(&self, group: GroupId, instance: InstanceId, attribute: AttributeId) -> u32 {
        let counts = &self.groups[group].by_value;
        if counts.is_empty() {
            return 0;
        }
        counts[self.layout.position(attribute, self.attribute_value(instance, attribute))]
    }

    /// Sums over the cluster.
    pub fn totals(&self) -> Totals {
        self.totals
    }

    /// The greatest registered amounts of any instance type, each on its own.
    pub fn largest_capacity(&self) -> Needs {
        let types = self.instance_types.rows();
        Needs {
            cpu: types.iter().map(|it| it.capacity.cpu).max().unwrap_or(CpuUnits(0)),
            memory: types.iter().map(|it| it.capacity.memory).max().unwrap_or(MemoryMib(0)),
            gpus: types.iter().map(|it| it.capacity.gpus).max().unwrap_or(0),
            network_interfaces: types.iter().map(|it| it.capacity.network_interfaces).max().unwrap_or(0),
        }
    }
}
