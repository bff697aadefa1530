//! The only writes to a [`Cluster`]. Each says from which state to which, keeps
//! every count in step, and checks itself.

use std::sync::Arc;

use crate::base::id::{
    AttributeId, CapacityProviderId, DeploymentId, GroupId, Id as _, InstanceId, InstanceTypeId, ServiceId,
    TaskDefinitionId, TaskId, ZoneId,
};
use crate::base::{SimTime, Table};
use crate::model::attribute::{AttributeLayout, AttributeValue};
use crate::model::cluster::{Cluster, Group, ProviderTotals, Totals};
use crate::model::identity::{self, Expressions, Identity};
use crate::model::instance::{ContainerInstance, InstanceStatus, InstanceType};
use crate::model::network::HostPort;
use crate::model::ports::HostPorts;
use crate::model::service::{Deployment, RevisionCounts, Service};
use crate::model::task::{Epoch, Health, Host, Needs, Task, TaskDefinition, TaskOwner, TaskStatus};

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
    /// Expressions that constraints refer to.
    pub expressions: Expressions,
    /// How many zones there are.
    pub n_zones: usize,
    /// The services, each with its first revision; their groups come first.
    pub services: Vec<(TaskDefinitionId, u32)>,
    /// The names of the first groups; the rest are `batch:0`, `batch:1`, ….
    pub group_names: Vec<String>,
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
    /// What it registers.
    pub registered: Needs,
    /// The host ports that it keeps for itself.
    pub ports: &'a [HostPort],
    /// Who it is.
    pub identity: Identity,
}

impl Cluster {
    /// A cluster without instances and tasks; every service wants its desired
    /// count.
    pub fn new(parts: ClusterParts) -> Self {
        let n_groups = parts.services.len() + parts.n_batches as usize;
        let mut expressions = parts.expressions;
        let demands = identity::demands(&parts.definitions, &mut expressions);
        let mut queries = expressions.terms();
        for id in queries.ids() {
            if !queries[id].expression().is_static() {
                for group in 0..n_groups {
                    match parts.group_names.get(group) {
                        Some(name) => queries[id].set_group(group, name),
                        None => queries[id]
                            .set_group(group, &format!("batch:{}", group - parts.group_names.len())),
                    }
                }
            }
        }
        let mut cluster = Self {
            now: SimTime::ZERO,
            definitions: parts.definitions,
            demands,
            queries,
            identities: Table::new(),
            n_zones: parts.n_zones,
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
            provider_totals: vec![ProviderTotals::default(); parts.n_providers].into(),
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
        let registered = launch.registered;
        let id = self.instances.push(ContainerInstance {
            free: registered,
            registered,
            n_tasks: 0,
            n_wanted: 0,
            status: InstanceStatus::Registering,
            is_agent_connected: true,
            instance_type: launch.instance_type,
            provider: launch.provider,
            zone: launch.zone,
            launch: launch.launch,
            launched_at: self.now,
        });
        self.attribute_values.extend_from_slice(launch.attribute_values);
        self.tasks_on.push(Vec::new());
        self.ports_on.push(HostPorts::new(launch.ports));
        self.identities.push(launch.identity.clone());
        self.ask_identity(id);
        self.alive[launch.provider].push(id);
        self.totals.n_instances += 1;
        self.totals.registered_cpu += u64::from(registered.cpu.0);
        self.totals.registered_memory += u64::from(registered.memory.0);
        let n_ports = self.ports_on[id].n_for_tasks();
        self.provider_totals[launch.provider].registered.add(registered, n_ports);
        id
    }

    /// What expressions and definitions ask of an instance's identity.
    fn ask_identity(&mut self, id: InstanceId) {
        let identity = &self.identities[id];
        for expression in self.queries.ids() {
            self.queries[expression].set_instance(id.idx(), identity);
        }
        for definition in self.demands.ids() {
            self.demands[definition].set_instance(id, identity);
        }
    }

    /// An attribute of an instance is put, changed (`Some`) or deleted
    /// (`None`). Its running tasks stay (semantics 5.3). `tracked` are the
    /// attribute's id and the value's number where some strategy reads it.
    pub fn set_attribute(
        &mut self,
        id: InstanceId,
        name: &str,
        value: Option<Option<&str>>,
        tracked: Option<(AttributeId, AttributeValue)>,
    ) {
        let attributes = Arc::make_mut(&mut self.identities[id].attributes);
        match value {
            Some(value) => attributes.insert(name.to_owned(), value.map(str::to_owned)),
            None => attributes.remove(name),
        };
        self.ask_identity(id);
        let Some((attribute, value)) = tracked else { return };
        let before = self.attribute_value(id, attribute);
        let position = id.idx() * self.layout.n_attributes() + attribute.idx();
        self.attribute_values[position] = value;
        for idx in 0..self.tasks_on[id].len() {
            let task = &self.tasks[self.tasks_on[id][idx]];
            if task.is_desired_running {
                let by_value = &mut self.groups[task.group].by_value;
                by_value[self.layout.position(attribute, before)] -= 1;
                by_value[self.layout.position(attribute, value)] += 1;
            }
        }
    }

    /// The agent is heard again, or no longer.
    pub fn set_agent_connected(&mut self, id: InstanceId, is_connected: bool) {
        self.instances[id].is_agent_connected = is_connected;
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
        let ContainerInstance { free, registered, .. } = self.instances[id];
        self.totals.reserved_cpu -= u64::from((registered.cpu - free.cpu).0);
        self.totals.reserved_memory -= u64::from((registered.memory - free.memory).0);
        let mut reserved = registered;
        reserved -= free;
        let n_ports = self.ports_on[id].n_of_tasks();
        let provider = self.instances[id].provider;
        self.provider_totals[provider].reserved.take(reserved, n_ports);
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
        let registered = self.instances[id].registered;
        self.totals.n_instances -= 1;
        self.totals.registered_cpu -= u64::from(registered.cpu.0);
        self.totals.registered_memory -= u64::from(registered.memory.0);
        let n_ports = self.ports_on[id].n_for_tasks();
        let provider = self.instances[id].provider;
        self.provider_totals[provider].registered.take(registered, n_ports);
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
            host: None,
            is_protected: false,
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
        task.host = Some(Host::Instance(instance_id));
        let (definition, group, owner) = (task.definition, task.group, task.owner);

        let instance = &mut self.instances[instance_id];
        assert!(instance.takes_tasks(), "only an active instance takes tasks");
        instance.n_tasks += 1;
        instance.n_wanted += 1;
        self.tasks_on[instance_id].push(id);
        self.reserve(instance_id, id, definition);
        self.count_in_group(group, instance_id);
        self.count_placed(owner);
    }

    /// Provisioning -> Pending, on a machine of the task's own in this zone.
    pub fn place_on_fargate(&mut self, id: TaskId, zone: ZoneId) {
        let task = &mut self.tasks[id];
        assert_eq!(task.status, TaskStatus::Provisioning);
        assert!(task.is_desired_running, "a task that shall stop is not placed");
        task.status = TaskStatus::Pending;
        task.since = self.now;
        task.host = Some(Host::Fargate(zone));
        let (group, owner) = (task.group, task.owner);
        let by_zone = &mut self.groups[group].by_fargate_zone;
        if by_zone.is_empty() {
            by_zone.resize(self.n_zones, 0);
        }
        by_zone[zone.idx()] += 1;
        self.totals.n_on_fargate += 1;
        self.count_placed(owner);
    }

    fn count_placed(&mut self, owner: TaskOwner) {
        self.totals.n_waiting -= 1;
        self.totals.n_placed += 1;
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

    /// Running and unknown or unhealthy -> running and healthy. Only a
    /// service's task.
    pub fn become_healthy(&mut self, id: TaskId) {
        self.set_health(id, Health::Healthy);
    }

    /// Running and unknown or healthy -> running and unhealthy. Only a
    /// service's task.
    pub fn become_unhealthy(&mut self, id: TaskId) {
        self.set_health(id, Health::Unhealthy);
    }

    fn set_health(&mut self, id: TaskId, health: Health) {
        let task = &mut self.tasks[id];
        assert_eq!(task.status, TaskStatus::Running, "only a running task has a health");
        assert_ne!(task.health, health, "a health that changes");
        let before = std::mem::replace(&mut task.health, health);
        let (host, TaskOwner::Service { deployment, .. }) = (task.host, task.owner) else {
            panic!("only a service looks at health");
        };
        if let Some(Host::Instance(instance)) = host {
            assert_ne!(self.instances[instance].status, InstanceStatus::Lost, "nothing is checked there");
        }
        let counts = &mut self.deployments[deployment].counts;
        *counts.of_placed((TaskStatus::Running, before)) -= 1;
        *counts.of_placed((TaskStatus::Running, health)) += 1;
    }

    /// The task may be given up when its service shrinks, or no longer (API
    /// UpdateTaskProtection).
    pub fn set_protected(&mut self, id: TaskId, is_protected: bool) {
        let task = &mut self.tasks[id];
        assert!(task.is_desired_running, "a task that shall stop is not protected");
        task.is_protected = is_protected;
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
        let host = task.host.expect("a pending or running task has a host");

        match host {
            Host::Instance(instance) => {
                self.instances[instance].n_wanted -= 1;
                self.discount_in_group(group, instance);
                if self.releases_on_desired_stopped {
                    self.release(instance, id, definition);
                }
            }
            Host::Fargate(zone) => {
                let group = &mut self.groups[group];
                group.by_fargate_zone[zone.idx()] -= 1;
                group.forget_if_idle();
            }
        }
        if let TaskOwner::Service { deployment, .. } = owner {
            let counts = &mut self.deployments[deployment].counts;
            *counts.of_placed(before) -= 1;
            counts.stopping += 1;
            let is_lost =
                matches!(host, Host::Instance(it) if self.instances[it].status == InstanceStatus::Lost);
            if before.1 == Health::Healthy && is_lost {
                let service = self.service_of_group(group);
                self.services[service].n_healthy_lost -= 1;
            }
        }
    }

    /// Stopping -> Stopped. Gives the room back; the row is free again.
    pub fn finish_stop(&mut self, id: TaskId) -> Host {
        let task = &self.tasks[id];
        assert_eq!(task.status, TaskStatus::Stopping);
        let host = task.host.expect("a stopping task has a host");
        let (definition, group, owner) = (task.definition, task.group, task.owner);

        match host {
            Host::Instance(instance) => {
                if !self.releases_on_desired_stopped {
                    self.release(instance, id, definition);
                }
                self.instances[instance].n_tasks -= 1;
                let tasks = &mut self.tasks_on[instance];
                let idx = tasks.iter().position(|it| *it == id).expect("the instance knows its tasks");
                tasks.swap_remove(idx);
            }
            Host::Fargate(_) => self.totals.n_on_fargate -= 1,
        }
        self.totals.n_placed -= 1;
        if let TaskOwner::Service { deployment, .. } = owner {
            self.deployments[deployment].counts.stopping -= 1;
        }
        self.retire(id, group, owner);
        host
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
        task.host = None;
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

    fn reserve(&mut self, id: InstanceId, task: TaskId, definition: TaskDefinitionId) {
        let definition = &self.definitions[definition];
        self.instances[id].free -= definition.needs;
        let provider = self.instances[id].provider;
        self.provider_totals[provider].reserved.add(definition.needs, definition.n_ports());
        self.totals.reserved_cpu += u64::from(definition.needs.cpu.0);
        self.totals.reserved_memory += u64::from(definition.needs.memory.0);
        if definition.takes_ports() {
            self.ports_on[id].take(task, definition);
        }
    }

    fn release(&mut self, id: InstanceId, task: TaskId, definition: TaskDefinitionId) {
        let definition = &self.definitions[definition];
        let instance = &mut self.instances[id];
        instance.free += definition.needs;
        assert!(instance.free.fits(&instance.registered), "room is given back once");
        if instance.status != InstanceStatus::Lost {
            let provider = instance.provider;
            self.provider_totals[provider].reserved.take(definition.needs, definition.n_ports());
            self.totals.reserved_cpu -= u64::from(definition.needs.cpu.0);
            self.totals.reserved_memory -= u64::from(definition.needs.memory.0);
        }
        if definition.takes_ports() {
            self.ports_on[id].give_back(task);
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
        group.forget_if_idle();
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

    /// A service without tasks is in the middle of a rollout: from these
    /// revisions, oldest first, to the one it has.
    pub fn begin_in_rollout(&mut self, id: ServiceId, earlier: &[TaskDefinitionId]) {
        let service = &mut self.services[id];
        assert!(service.tasks.is_empty(), "no task of it exists yet");
        let newest = self.deployments[service.primary].definition;
        // Deployments are numbered as they begin: the first number is the oldest's.
        for &definition in earlier {
            self.deployments[service.primary].definition = definition;
            service.older.push(service.primary);
            service.primary = self.deployments.push(Deployment::new(newest, self.now));
        }
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

impl Group {
    /// Batches come and go by the ten thousand: an idle one holds nothing.
    fn forget_if_idle(&mut self) {
        if self.by_instance.is_empty() && self.by_fargate_zone.iter().all(|&n| n == 0) {
            *self = Self::default();
        }
    }
}

impl RevisionCounts {
    fn of_placed(&mut self, state: (TaskStatus, Health)) -> &mut u32 {
        match state {
            (TaskStatus::Pending, _) => &mut self.starting,
            (_, Health::Unknown) => &mut self.settling,
            (_, Health::Healthy) => &mut self.healthy,
            (_, Health::Unhealthy) => &mut self.unhealthy,
        }
    }
}

/// Where an instance's attribute values are counted.
fn positions<'a>(
    layout: &'a AttributeLayout,
    values: &'a [AttributeValue],
    instance: InstanceId,
) -> impl Iterator<Item = usize> + use<'a> {
    let n = layout.n_attributes();
    (0..n).map(move |idx| layout.position(AttributeId::from_idx(idx), values[instance.idx() * n + idx]))
}
