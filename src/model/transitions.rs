//! The only writes to a [`Cluster`]. Each says from which state to which, keeps
//! every count in step, and checks itself.

use crate::base::id::{
    CapacityProviderId, DeploymentId, GroupId, InstanceId, InstanceTypeId, ServiceId, TaskDefinitionId,
    TaskId, ZoneId,
};
use crate::base::{SimTime, Table};
use crate::model::attribute::{AttributeLayout, AttributeValue};
use crate::model::cluster::{Cluster, Group, Totals};
use crate::model::instance::{ContainerInstance, InstanceStatus, InstanceType};
use crate::model::network::reserved_ports;
use crate::model::service::{Deployment, RevisionCounts, Service};
use crate::model::task::{Epoch, Health, Task, TaskDefinition, TaskOwner, TaskStatus};

/// What a cluster is made from; nothing runs in it yet.
#[derive(Clone, Debug)]
pub struct ClusterParts {
    /// The definitions that tasks refer to.
    pub definitions: Table<TaskDefinitionId, TaskDefinition>,
    /// The types that providers launch.
    pub instance_types: Table<InstanceTypeId, InstanceType>,
    /// How tracked attributes are counted.
    pub layout: AttributeLayout,
    /// How many providers there are.
    pub n_providers: usize,
    /// The services, each with its first revision; their groups come first.
    pub services: Vec<(TaskDefinitionId, u32)>,
    /// Groups of stand-alone tasks.
    pub n_batches: u32,
    /// The option of the same name.
    pub release_on_desired_stopped: bool,
}

/// What a new instance is.
#[derive(Clone, Debug)]
pub struct Launch<'a> {
    /// What is launched.
    pub instance_type: InstanceTypeId,
    /// For which group.
    pub provider: CapacityProviderId,
    /// Where.
    pub zone: ZoneId,
    /// The n-th launch of the provider in the zone.
    pub launch: u32,
    /// The values of the tracked attributes, in their order.
    pub attribute_values: &'a [AttributeValue],
}

impl Cluster {
    /// A cluster without instances and tasks; every service wants its desired
    /// count.
    pub fn new(parts: ClusterParts) -> Self {
        let n_groups = parts.services.len() + parts.n_batches as usize;
        let mut cluster = Self {
            now: SimTime::ZERO,
            definitions: parts.definitions,
            instance_types: parts.instance_types,
            layout: parts.layout,
            releases_on_desired_stopped: parts.release_on_desired_stopped,
            instances: Table::new(),
            attribute_values: Vec::new(),
            tasks_on: Table::new(),
            ports_on: Table::new(),
            alive: vec![Vec::new(); parts.n_providers].into(),
            tasks: Table::new(),
            vacant: Vec::new(),
            groups: vec![Group::default(); n_groups].into(),
            services: Table::new(),
            deployments: Table::new(),
            totals: Totals::default(),
        };
        for (idx, (definition, desired_count)) in parts.services.into_iter().enumerate() {
            let primary = cluster.deployments.push(Deployment::new(definition, SimTime::ZERO));
            cluster.services.push(Service {
                group: GroupId::new(u32::try_from(idx).expect("a few services")),
                desired_count,
                primary,
                older: Vec::new(),
                tasks: Vec::new(),
                n_launched: 0,
                n_healthy_lost: 0,
            });
        }
        cluster
    }

    /// Moves the clock.
    pub fn advance(&mut self, now: SimTime) {
        assert!(self.now <= now, "time runs forward");
        self.now = now;
    }

    // --- instances -------------------------------------------------------

    /// Nothing -> Registering. Billing begins.
    pub fn launch_instance(&mut self, launch: &Launch<'_>) -> InstanceId {
        assert_eq!(launch.attribute_values.len(), self.layout.n_attributes(), "every attribute has a value");
        let capacity = self.instance_types[launch.instance_type].capacity;
        let id = self.instances.push(ContainerInstance {
            free: capacity,
            n_tasks: 0,
            status: InstanceStatus::Registering,
            instance_type: launch.instance_type,
            provider: launch.provider,
            zone: launch.zone,
            launch: launch.launch,
            launched_at: self.now,
        });
        self.attribute_values.extend_from_slice(launch.attribute_values);
        self.tasks_on.push(Vec::new());
        self.ports_on.push(reserved_ports());
        self.alive[launch.provider].push(id);
        self.totals.n_instances += 1;
        self.totals.registered_cpu += u64::from(capacity.cpu.0);
        self.totals.registered_memory += u64::from(capacity.memory.0);
        id
    }

    /// Registering -> Active.
    pub fn register_instance(&mut self, id: InstanceId) {
        let instance = &mut self.instances[id];
        assert_eq!(instance.status, InstanceStatus::Registering);
        instance.status = InstanceStatus::Active;
    }

    /// Active -> Draining. Nothing new is placed on it.
    pub fn drain_instance(&mut self, id: InstanceId) {
        let instance = &mut self.instances[id];
        assert_eq!(instance.status, InstanceStatus::Active);
        instance.status = InstanceStatus::Draining;
    }

    /// Registering, Active or Draining -> Lost. Billing ends; the cluster goes
    /// on counting its tasks until the loss is noticed.
    pub fn lose_instance(&mut self, id: InstanceId) {
        assert!(!matches!(self.instances[id].status, InstanceStatus::Lost | InstanceStatus::Terminated));
        self.instances[id].status = InstanceStatus::Lost;
        self.end_billing(id);
        // Nothing runs on it any more, whatever the cluster believes.
        let free = self.instances[id].free;
        let capacity = self.instance_types[self.instances[id].instance_type].capacity;
        self.totals.reserved_cpu -= u64::from((capacity.cpu - free.cpu).0);
        self.totals.reserved_memory -= u64::from((capacity.memory - free.memory).0);
        for idx in 0..self.tasks_on[id].len() {
            let task = &self.tasks[self.tasks_on[id][idx]];
            if task.health == Health::Healthy
                && task.is_desired_running
                && let Some(service) = self.service_of(task)
            {
                self.services[service].n_healthy_lost += 1;
            }
        }
    }

    /// Draining or Lost -> Terminated. No task may be left on it.
    pub fn terminate_instance(&mut self, id: InstanceId) {
        let instance = &mut self.instances[id];
        assert_eq!(instance.n_tasks, 0, "an instance with tasks is not terminated");
        let was_lost = instance.status == InstanceStatus::Lost;
        assert!(was_lost || instance.status == InstanceStatus::Draining);
        instance.status = InstanceStatus::Terminated;
        let alive = &mut self.alive[instance.provider];
        let idx = alive.binary_search(&id).expect("an instance is alive until it is terminated");
        alive.remove(idx);
        if !was_lost {
            self.end_billing(id);
        }
    }

    fn end_billing(&mut self, id: InstanceId) {
        let capacity = self.instance_types[self.instances[id].instance_type].capacity;
        self.totals.n_instances -= 1;
        self.totals.registered_cpu -= u64::from(capacity.cpu.0);
        self.totals.registered_memory -= u64::from(capacity.memory.0);
    }

    // --- tasks -----------------------------------------------------------

    /// Nothing -> Provisioning.
    pub fn create_task(&mut self, definition: TaskDefinitionId, group: GroupId, owner: TaskOwner) -> TaskId {
        let mut task = Task {
            definition,
            group,
            owner,
            status: TaskStatus::Provisioning,
            is_desired_running: true,
            health: Health::Unknown,
            instance: None,
            requested_at: self.now,
            since: self.now,
            epoch: Epoch(0),
            slot: 0,
        };
        let id = match self.vacant.pop() {
            Some(id) => {
                task.epoch = self.tasks[id].epoch;
                self.tasks[id] = task;
                id
            }
            None => self.tasks.push(task),
        };
        self.totals.n_waiting += 1;
        if let TaskOwner::Service { deployment, .. } = owner {
            self.deployments[deployment].counts.waiting += 1;
            let service = self.service_of_group(group);
            let service = &mut self.services[service];
            self.tasks[id].slot = u32::try_from(service.tasks.len()).expect("fewer than 2^32 tasks");
            service.tasks.push(id);
            service.n_launched += 1;
        }
        id
    }

    /// The task was first asked for at `requested_at`, before this attempt.
    pub fn backdate_request(&mut self, id: TaskId, requested_at: SimTime) {
        assert!(requested_at <= self.now, "a request lies in the past");
        self.tasks[id].requested_at = requested_at;
    }

    /// Provisioning -> Pending. Takes the task's room on the instance.
    pub fn place(&mut self, id: TaskId, instance_id: InstanceId) {
        let task = &mut self.tasks[id];
        assert_eq!(task.status, TaskStatus::Provisioning);
        assert!(task.is_desired_running, "a task that shall stop is not placed");
        task.status = TaskStatus::Pending;
        task.since = self.now;
        task.instance = Some(instance_id);
        let (definition, group, owner) = (task.definition, task.group, task.owner);

        let instance = &mut self.instances[instance_id];
        assert_eq!(instance.status, InstanceStatus::Active, "only an active instance takes tasks");
        instance.n_tasks += 1;
        self.tasks_on[instance_id].push(id);
        self.totals.n_waiting -= 1;
        self.totals.n_placed += 1;
        self.reserve(instance_id, definition);
        self.count_in_group(group, instance_id);
        if let TaskOwner::Service { deployment, .. } = owner {
            let counts = &mut self.deployments[deployment].counts;
            counts.waiting -= 1;
            counts.starting += 1;
        }
    }

    /// Pending -> Running. What lies between costs no event: its times are one
    /// sum.
    pub fn start_running(&mut self, id: TaskId) {
        let task = &mut self.tasks[id];
        assert_eq!(task.status, TaskStatus::Pending);
        task.status = TaskStatus::Running;
        task.since = self.now;
        if let TaskOwner::Service { deployment, .. } = task.owner {
            let counts = &mut self.deployments[deployment].counts;
            counts.starting -= 1;
            counts.settling += 1;
        }
    }

    /// Running and unknown -> running and healthy. Only a service's task.
    pub fn become_healthy(&mut self, id: TaskId) {
        let task = &mut self.tasks[id];
        assert_eq!((task.status, task.health), (TaskStatus::Running, Health::Unknown));
        task.health = Health::Healthy;
        let TaskOwner::Service { deployment, .. } = task.owner else {
            panic!("only a service looks at health");
        };
        let instance = task.instance.expect("a running task has an instance");
        assert_ne!(self.instances[instance].status, InstanceStatus::Lost, "nothing passes a check there");
        let counts = &mut self.deployments[deployment].counts;
        counts.settling -= 1;
        counts.healthy += 1;
    }

    /// Pending or Running -> Stopping. The task still holds its room; events
    /// that spoke of its life no longer do. For tasks that are placed.
    pub fn request_stop(&mut self, id: TaskId) {
        let task = &mut self.tasks[id];
        assert!(matches!(task.status, TaskStatus::Pending | TaskStatus::Running));
        assert!(task.is_desired_running, "a task is asked to stop once");
        let before = (task.status, task.health);
        task.is_desired_running = false;
        task.status = TaskStatus::Stopping;
        task.since = self.now;
        task.epoch.0 += 1;
        let (definition, group, owner) = (task.definition, task.group, task.owner);
        let instance = task.instance.expect("a pending or running task has an instance");

        self.discount_in_group(group, instance);
        if self.releases_on_desired_stopped {
            self.release(instance, definition);
        }
        if let TaskOwner::Service { deployment, .. } = owner {
            let counts = &mut self.deployments[deployment].counts;
            *counts.of_placed(before) -= 1;
            counts.stopping += 1;
            if before.1 == Health::Healthy && self.instances[instance].status == InstanceStatus::Lost {
                let service = self.service_of_group(group);
                self.services[service].n_healthy_lost -= 1;
            }
        }
    }

    /// Stopping -> Stopped. Gives the room back; the row is free again.
    pub fn finish_stop(&mut self, id: TaskId) -> InstanceId {
        let task = &self.tasks[id];
        assert_eq!(task.status, TaskStatus::Stopping);
        let instance_id = task.instance.expect("a stopping task has an instance");
        let (definition, group, owner) = (task.definition, task.group, task.owner);

        if !self.releases_on_desired_stopped {
            self.release(instance_id, definition);
        }
        self.instances[instance_id].n_tasks -= 1;
        let tasks = &mut self.tasks_on[instance_id];
        let idx = tasks.iter().position(|it| *it == id).expect("the instance knows its tasks");
        tasks.swap_remove(idx);
        self.totals.n_placed -= 1;
        if let TaskOwner::Service { deployment, .. } = owner {
            self.deployments[deployment].counts.stopping -= 1;
        }
        self.retire(id, group, owner);
        instance_id
    }

    /// Provisioning -> Stopped: a task without room is given up.
    pub fn cancel_waiting(&mut self, id: TaskId) {
        let task = &self.tasks[id];
        assert_eq!(task.status, TaskStatus::Provisioning);
        let (group, owner) = (task.group, task.owner);
        self.totals.n_waiting -= 1;
        if let TaskOwner::Service { deployment, .. } = owner {
            self.deployments[deployment].counts.waiting -= 1;
        }
        self.retire(id, group, owner);
    }

    fn retire(&mut self, id: TaskId, group: GroupId, owner: TaskOwner) {
        let task = &mut self.tasks[id];
        task.status = TaskStatus::Stopped;
        task.is_desired_running = false;
        task.instance = None;
        task.epoch.0 += 1;
        self.vacant.push(id);
        if matches!(owner, TaskOwner::Service { .. }) {
            let service = self.service_of_group(group);
            let slot = self.tasks[id].slot as usize;
            let tasks = &mut self.services[service].tasks;
            assert_eq!(tasks.swap_remove(slot), id, "a task knows its place in its service");
            if let Some(&moved) = tasks.get(slot) {
                self.tasks[moved].slot = u32::try_from(slot).expect("it was one before");
            }
        }
    }

    fn reserve(&mut self, id: InstanceId, definition: TaskDefinitionId) {
        let definition = &self.definitions[definition];
        let instance = &mut self.instances[id];
        instance.free.cpu -= definition.needs.cpu;
        instance.free.memory -= definition.needs.memory;
        self.totals.reserved_cpu += u64::from(definition.needs.cpu.0);
        self.totals.reserved_memory += u64::from(definition.needs.memory.0);
        let in_use = &mut self.ports_on[id];
        for port in &definition.host_ports {
            let idx = in_use.binary_search(port).expect_err("a host port has one user");
            in_use.insert(idx, *port);
        }
    }

    fn release(&mut self, id: InstanceId, definition: TaskDefinitionId) {
        let definition = &self.definitions[definition];
        let instance = &mut self.instances[id];
        instance.free.cpu += definition.needs.cpu;
        instance.free.memory += definition.needs.memory;
        assert!(
            self.instance_types[instance.instance_type].can_hold(instance.free),
            "room is given back once"
        );
        if instance.status != InstanceStatus::Lost {
            self.totals.reserved_cpu -= u64::from(definition.needs.cpu.0);
            self.totals.reserved_memory -= u64::from(definition.needs.memory.0);
        }
        let in_use = &mut self.ports_on[id];
        for port in &definition.host_ports {
            let idx = in_use.binary_search(port).expect("a port in use is known");
            in_use.remove(idx);
        }
    }

    fn count_in_group(&mut self, group: GroupId, instance: InstanceId) {
        let group = &mut self.groups[group];
        match group.by_instance.binary_search_by_key(&instance, |it| it.0) {
            Ok(idx) => group.by_instance[idx].1 += 1,
            Err(idx) => group.by_instance.insert(idx, (instance, 1)),
        }
        if group.by_value.is_empty() {
            group.by_value.resize(self.layout.len(), 0);
        }
        for position in positions(&self.layout, &self.attribute_values, instance) {
            group.by_value[position] += 1;
        }
    }

    fn discount_in_group(&mut self, group: GroupId, instance: InstanceId) {
        let group = &mut self.groups[group];
        let idx = group.by_instance.binary_search_by_key(&instance, |it| it.0).expect("the task was counted");
        group.by_instance[idx].1 -= 1;
        if group.by_instance[idx].1 == 0 {
            group.by_instance.remove(idx);
        }
        for position in positions(&self.layout, &self.attribute_values, instance) {
            group.by_value[position] -= 1;
        }
        if group.by_instance.is_empty() {
            // Batches come and go by the ten thousand: an idle one holds nothing.
            *group = Group::default();
        }
    }

    // --- services --------------------------------------------------------

    /// The desired count becomes `desired_count`.
    pub fn set_desired_count(&mut self, id: ServiceId, desired_count: u32) {
        self.services[id].desired_count = desired_count;
    }

    /// A new revision becomes the primary; the earlier ones keep the tasks
    /// that they want until the rollout stops them.
    pub fn open_deployment(&mut self, id: ServiceId, definition: TaskDefinitionId) -> DeploymentId {
        let deployment = self.deployments.push(Deployment::new(definition, self.now));
        let service = &mut self.services[id];
        let earlier = std::mem::replace(&mut service.primary, deployment);
        service.older.push(earlier);
        let earlier = &mut self.deployments[earlier];
        earlier.keep = earlier.counts.wanted();
        deployment
    }

    /// The rollout of the primary is over; its earlier revisions must be gone.
    pub fn complete_deployment(&mut self, id: ServiceId) {
        let service = &mut self.services[id];
        for older in service.older.drain(..) {
            assert_eq!(
                self.deployments[older].counts.not_stopped(),
                0,
                "no task of an older revision is left"
            );
        }
        self.deployments[service.primary].is_completed = true;
    }

    /// An earlier revision shall keep this many tasks.
    pub fn set_keep(&mut self, id: DeploymentId, keep: u32) {
        self.deployments[id].keep = keep;
    }

    /// Services have the first groups, in their order.
    fn service_of_group(&self, group: GroupId) -> ServiceId {
        ServiceId::new(group.number())
    }

    fn service_of(&self, task: &Task) -> Option<ServiceId> {
        matches!(task.owner, TaskOwner::Service { .. }).then(|| self.service_of_group(task.group))
    }
}

impl Deployment {
    fn new(definition: TaskDefinitionId, started_at: SimTime) -> Self {
        Self { definition, started_at, is_completed: false, keep: 0, counts: RevisionCounts::default() }
    }
}

impl RevisionCounts {
    fn of_placed(&mut self, state: (TaskStatus, Health)) -> &mut u32 {
        match state {
            (TaskStatus::Pending, _) => &mut self.starting,
            (_, Health::Unknown) => &mut self.settling,
            (_, Health::Healthy) => &mut self.healthy,
        }
    }
}

/// Where an instance's attribute values are counted.
fn positions<'a>(
    layout: &'a AttributeLayout,
    values: &'a [AttributeValue],
    instance: InstanceId,
) -> impl Iterator<Item = usize> + use<'a> {
    use crate::base::id::{AttributeId, Id as _};
    let n = layout.n_attributes();
    (0..n).map(move |idx| layout.position(AttributeId::from_idx(idx), values[instance.idx() * n + idx]))
}
