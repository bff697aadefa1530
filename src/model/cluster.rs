//! The state of a run: tables of the nouns, and what one may ask them. Changed
//! only by `transitions`.

use crate::base::id::{
    AttributeId, CapacityProviderId, DeploymentId, ExpressionId, GroupId, Id as _, InstanceId,
    InstanceTypeId, ServiceId, TaskDefinitionId, TaskId, ZoneId,
};
use crate::base::{SimTime, Table};
use crate::model::attribute::{AttributeLayout, AttributeValue};
use crate::model::changes::{Changes, InstanceChange};
use crate::model::group::{Group, Groups};
use crate::model::held::{Held, HeldCell};
use crate::model::identity::{Demands, Identity};
use crate::model::instance::{ContainerInstance, InstanceType};
use crate::model::ports::HostPorts;
use crate::model::query::{DynamicFacts, SharedExpression, StaticTerms};
use crate::model::service::{Deployment, Service};
use crate::model::task::{Host, Needs, Task, TaskDefinition};

/// A cluster at one moment.
#[derive(Clone, Debug)]
pub struct Cluster {
    pub(in crate::model) now: SimTime,
    pub(in crate::model) definitions: Table<TaskDefinitionId, TaskDefinition>,
    pub(in crate::model) instance_types: Table<InstanceTypeId, InstanceType>,
    pub(in crate::model) layout: AttributeLayout,
    pub(in crate::model) releases_on_desired_stopped: bool,
    pub(in crate::model) n_zones: usize,

    /// Never recycled: a number names an instance for the whole run.
    pub(in crate::model) instances: Table<InstanceId, ContainerInstance>,
    /// For each instance the tracked attributes' values, one after the other.
    pub(in crate::model) attribute_values: Vec<AttributeValue>,
    /// For each instance its tasks that are not stopped.
    pub(in crate::model) tasks_on: Table<InstanceId, Vec<TaskId>>,
    /// For each instance its host ports in use, its own included.
    pub(in crate::model) ports_on: Table<InstanceId, HostPorts>,
    /// For each instance who it is.
    pub(in crate::model) identities: Table<InstanceId, Identity>,
    /// What is known of each expression's answers.
    pub(in crate::model) queries: Table<ExpressionId, StaticTerms>,
    /// For each definition what it asks of an instance.
    pub(in crate::model) demands: Table<TaskDefinitionId, Demands>,
    /// For each provider its instances that are not terminated, ascending.
    pub(in crate::model) alive: Table<CapacityProviderId, Vec<InstanceId>>,

    /// Rows are recycled; `vacant` are the free ones.
    pub(in crate::model) tasks: Table<TaskId, Task>,
    pub(in crate::model) vacant: Vec<TaskId>,
    pub(in crate::model) groups: Groups,
    pub(in crate::model) services: Table<ServiceId, Service>,
    pub(in crate::model) deployments: Table<DeploymentId, Deployment>,
    /// Instances that are DRAINING.
    pub(in crate::model) n_draining: u32,
    pub(in crate::model) totals: Totals,
    pub(in crate::model) held: Held,
    pub(in crate::model) changes: Changes,
    pub(in crate::model) provider_totals: Table<CapacityProviderId, ProviderTotals>,
    pub(in crate::model) fleets: Table<CapacityProviderId, Fleet>,
    /// How often an instance came to be billed or no longer was.
    pub(in crate::model) n_fleet_changes: u64,
}

/// The instances of a provider that are billed, counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fleet {
    /// By zone: on demand, and Spot.
    pub by_zone: Vec<[u32; 2]>,
    /// With a task, one that stops included.
    pub n_in_use: u32,
}

/// Sums over the instances of a provider that are billed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ProviderTotals {
    /// How many there are.
    pub n_instances: u32,
    /// What tasks reserve.
    pub reserved: Amounts,
    /// What instances registered.
    pub registered: Amounts,
}

/// Sums of what one task or instance counts in 32 bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Amounts {
    /// CPU units.
    pub cpu: u64,
    /// MiB.
    pub memory: u64,
    /// GPUs.
    pub gpus: u64,
    /// Network interfaces of tasks.
    pub network_interfaces: u64,
    /// Host ports: of tasks, and those that an instance can give them.
    pub ports: u64,
}

impl Amounts {
    pub(in crate::model) fn add(&mut self, needs: Needs, ports: usize) {
        self.cpu += u64::from(needs.cpu.0);
        self.memory += u64::from(needs.memory.0);
        self.gpus += u64::from(needs.gpus);
        self.network_interfaces += u64::from(needs.network_interfaces);
        self.ports += ports as u64;
    }

    pub(in crate::model) fn take(&mut self, needs: Needs, ports: usize) {
        self.cpu -= u64::from(needs.cpu.0);
        self.memory -= u64::from(needs.memory.0);
        self.gpus -= u64::from(needs.gpus);
        self.network_interfaces -= u64::from(needs.network_interfaces);
        self.ports -= ports as u64;
    }
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
    /// Of those: with a task, one that stops included.
    pub n_in_use: u32,
    /// Tasks that wait for room.
    pub n_waiting: u32,
    /// Tasks that hold room, those on Fargate included.
    pub n_placed: u32,
    /// Tasks on Fargate.
    pub n_on_fargate: u32,
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

    /// The zone of what a task is on.
    pub fn zone_of(&self, host: Host) -> ZoneId {
        match host {
            Host::Instance(instance) => self.instances[instance].zone,
            Host::Fargate(zone) => zone,
        }
    }

    /// An instance type.
    pub fn instance_type(&self, id: InstanceTypeId) -> &InstanceType {
        &self.instance_types[id]
    }

    /// An instance, terminated ones included.
    pub fn instance(&self, id: InstanceId) -> &ContainerInstance {
        &self.instances[id]
    }

    /// How many instances are DRAINING.
    pub fn n_draining(&self) -> u32 {
        self.n_draining
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

    /// The host ports of an instance.
    pub fn ports_on(&self, instance: InstanceId) -> &HostPorts {
        &self.ports_on[instance]
    }

    /// Who an instance is.
    pub fn identity(&self, instance: InstanceId) -> &Identity {
        &self.identities[instance]
    }

    /// Whether an expression selects the instance now.
    pub fn matches(&self, expression: ExpressionId, instance: InstanceId) -> bool {
        let query = &self.queries[expression];
        match query.settled(instance.idx()) {
            Some(answer) => answer,
            None => {
                let row = &self.instances[instance];
                let tasks = self.tasks_on[instance].iter().map(|&it| &self.tasks[it]);
                query.matches(
                    instance.idx(),
                    &DynamicFacts {
                        agent_connected: row.is_agent_connected,
                        running_tasks_count: row.n_wanted,
                        task_groups: tasks.filter(|it| it.is_desired_running).map(|it| it.group.idx()),
                    },
                )
            }
        }
    }

    /// An expression, as it was written and compiled.
    pub fn expression(&self, id: ExpressionId) -> &SharedExpression {
        self.queries[id].expression()
    }

    /// Whether some definition's own constraint depends on the tasks of an
    /// instance.
    pub fn awaits_company(&self) -> bool {
        let expressions = self.demands.rows().iter().flat_map(|it| &it.member_of);
        expressions.clone().any(|&it| !self.queries[it].expression().is_static())
    }

    /// The placement constraints that a definition itself brings along.
    pub fn demands(&self, definition: TaskDefinitionId) -> &Demands {
        &self.demands[definition]
    }

    /// The same cluster with one more definition, made from `like`: for those
    /// who ask what would be if a task needed less. Its id comes with it.
    #[must_use]
    pub fn with_definition_like(
        &self,
        like: TaskDefinitionId,
        change: impl FnOnce(&mut TaskDefinition, &mut Demands),
    ) -> (Self, TaskDefinitionId) {
        let mut cluster = self.clone();
        let (mut definition, mut demands) = (self.definitions[like].clone(), self.demands[like].clone());
        change(&mut definition, &mut demands);
        cluster.demands.push(demands);
        cluster.held.push_definition();
        let id = cluster.definitions.push(definition);
        (cluster, id)
    }

    /// Whether the instance has the attributes that the definition requires.
    pub fn is_capable(&self, definition: TaskDefinitionId, instance: InstanceId) -> bool {
        let demands = &self.demands[definition];
        demands.attributes.is_empty() || demands.is_capable.get(instance.idx()).copied().unwrap_or(false)
    }

    /// The value of a tracked attribute.
    pub fn attribute_value(&self, instance: InstanceId, attribute: AttributeId) -> AttributeValue {
        self.attribute_values[instance.idx() * self.layout.n_attributes() + attribute.idx()]
    }

    /// A task that is alive.
    pub fn task(&self, id: TaskId) -> &Task {
        &self.tasks[id]
    }

    /// The rows of all tasks, those that are gone included.
    pub fn tasks(&self) -> impl ExactSizeIterator<Item = (TaskId, &Task)> {
        self.tasks.iter()
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

    /// Where the wanted tasks of a group are; `None` for a batch of stand-alone
    /// tasks that has none, or where no rule asks for those of batches.
    pub fn group(&self, group: GroupId) -> Option<&Group> {
        self.groups.get(group)
    }

    /// Tasks of the group on an instance that are wanted and placed.
    pub fn group_on_instance(&self, group: GroupId, instance: InstanceId) -> u32 {
        self.counted(group).map_or(0, |it| it.on_instance(instance))
    }

    /// Tasks of the group on all instances that share this instance's value of
    /// the attribute, those that could not host another one included.
    pub fn group_on_value(&self, group: GroupId, instance: InstanceId, attribute: AttributeId) -> u32 {
        let Some(counts) = self.counted(group).map(Group::by_value).filter(|it| !it.is_empty()) else {
            return 0;
        };
        counts[self.layout.position(attribute, self.attribute_value(instance, attribute))]
    }

    /// Tasks of the group on all instances with this value of the attribute.
    pub fn group_on_attribute(&self, group: GroupId, attribute: AttributeId, value: AttributeValue) -> u32 {
        let counts = self.counted(group).map(Group::by_value).filter(|it| !it.is_empty());
        counts.map_or(0, |it| it[self.layout.position(attribute, value)])
    }

    /// Tasks of the group by value of the attribute, from "missing" on; empty while
    /// it has none on instances.
    pub fn group_by_value(&self, group: GroupId, attribute: AttributeId) -> &[u32] {
        let counts = self.counted(group).map_or(&[][..], Group::by_value);
        counts.get(self.layout.position(attribute, AttributeValue::MISSING)..).unwrap_or(&[])
    }

    /// The instances with tasks of the group that are wanted and placed, and how
    /// many.
    pub fn group_instances(&self, group: GroupId) -> impl ExactSizeIterator<Item = (InstanceId, u32)> {
        self.counted(group).map_or(&[][..], Group::by_instance).iter().copied()
    }

    /// Tasks of the group on Fargate in a zone, wanted ones.
    pub fn group_on_fargate(&self, group: GroupId, zone: ZoneId) -> u32 {
        self.counted(group).map_or(0, |it| it.on_fargate(zone))
    }

    /// The same for those who rely on the counts.
    fn counted(&self, group: GroupId) -> Option<&Group> {
        debug_assert!(self.groups.counts(group), "somebody asks for {group:?}, and nobody counts it");
        self.groups.get(group)
    }

    /// Sums over the instances of a provider.
    pub fn provider_totals(&self, provider: CapacityProviderId) -> &ProviderTotals {
        &self.provider_totals[provider]
    }

    /// The instances of a provider that are billed, counted.
    pub fn fleet(&self, provider: CapacityProviderId) -> &Fleet {
        &self.fleets[provider]
    }

    /// How many tasks of a cell hold room on instances that are billed.
    pub fn held(&self, cell: HeldCell) -> u32 {
        self.held.count(cell)
    }

    /// All tasks that hold room on instances that are billed, in a fixed order.
    pub fn all_held(&self) -> impl Iterator<Item = (HeldCell, u32)> {
        self.held.all()
    }

    /// Which of those counts changed since this was last asked, by the positions of
    /// their cells.
    pub fn drain_held_changes(&mut self, each: impl FnMut(usize, u32)) {
        self.held.drain(each);
    }

    /// Which instances changed since that was last forgotten, in the order in which
    /// they did.
    pub fn changed_instances(&self) -> impl ExactSizeIterator<Item = InstanceChange> + '_ {
        self.changes.iter()
    }

    /// Whoever wants to know has read which instances changed.
    pub fn forget_changed_instances(&mut self) {
        self.changes.forget();
    }

    /// How often an instance came to be billed or no longer was: until then what is
    /// registered stays as it is.
    pub fn n_fleet_changes(&self) -> u64 {
        self.n_fleet_changes
    }

    /// Sums over the cluster.
    pub fn totals(&self) -> &Totals {
        &self.totals
    }
}
