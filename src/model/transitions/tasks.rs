//! A task is asked for, finds its place, runs, is asked to stop, is gone.

use crate::base::SimTime;
use crate::base::id::{AttributeId, GroupId, Id as _, InstanceId, TaskDefinitionId, TaskId, ZoneId};
use crate::model::attribute::{AttributeLayout, AttributeValue};
use crate::model::capacity::Capacity;
use crate::model::cluster::Cluster;
use crate::model::instance::InstanceStatus;
use crate::model::task::{Epoch, Health, Host, Task, TaskOwner, TaskStatus};

impl Cluster {
    /// Nothing -> Provisioning.
    pub fn create_task(
        &mut self,
        definition: TaskDefinitionId,
        group: GroupId,
        owner: TaskOwner,
        capacity: Capacity,
    ) -> TaskId {
        let mut task = Task {
            definition,
            group,
            owner,
            capacity,
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
            self.deployments[deployment].n_launched += 1;
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
        self.totals.n_in_use += u32::from(instance.n_tasks == 0);
        self.fleets[instance.provider].n_in_use += u32::from(instance.n_tasks == 0);
        instance.n_tasks += 1;
        instance.n_wanted += 1;
        self.tasks_on[instance_id].push(id);
        self.reserve(instance_id, id, definition);
        self.held.add(group, definition, true);
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
        self.groups.add_on_fargate(group, zone, self.n_zones);
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
        let group = task.group;
        let (Some(host), TaskOwner::Service { deployment, .. }) = (task.host, task.owner) else {
            panic!("only a service looks at health, and a running task has a host");
        };
        if let Host::Instance(instance) = host {
            assert_ne!(self.instances[instance].status, InstanceStatus::Lost, "nothing is checked there");
        }
        let zone = self.zone_of(host);
        let service = self.service_of_group(group);
        let in_zone = &mut self.services[service].healthy_by_zone[zone.idx()];
        *in_zone += u32::from(health == Health::Healthy);
        *in_zone -= u32::from(before == Health::Healthy);
        let counts = &mut self.deployments[deployment].counts;
        *counts.of(TaskStatus::Running, before) -= 1;
        *counts.of(TaskStatus::Running, health) += 1;
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
                let is_billed = self.instances[instance].status != InstanceStatus::Lost;
                if is_billed {
                    self.held.take(group, definition, true);
                    if !self.releases_on_desired_stopped {
                        self.held.add(group, definition, false);
                    }
                }
                if self.releases_on_desired_stopped {
                    self.release(instance, id, definition);
                }
            }
            Host::Fargate(zone) => {
                self.groups.take_on_fargate(group, zone);
            }
        }
        if let TaskOwner::Service { deployment, .. } = owner {
            let counts = &mut self.deployments[deployment].counts;
            *counts.of(before.0, before.1) -= 1;
            counts.stopping += 1;
            let is_lost =
                matches!(host, Host::Instance(it) if self.instances[it].status == InstanceStatus::Lost);
            if before.1 == Health::Healthy {
                let zone = self.zone_of(host);
                let service = self.service_of_group(group);
                let service = &mut self.services[service];
                if is_lost {
                    service.n_healthy_lost -= 1;
                } else {
                    service.healthy_by_zone[zone.idx()] -= 1;
                }
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
                    if self.instances[instance].status != InstanceStatus::Lost {
                        self.held.take(group, definition, false);
                    }
                }
                let row = &mut self.instances[instance];
                row.n_tasks -= 1;
                let is_billed = row.status != InstanceStatus::Lost;
                self.totals.n_in_use -= u32::from(is_billed && row.n_tasks == 0);
                self.fleets[row.provider].n_in_use -= u32::from(is_billed && row.n_tasks == 0);
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
        self.changes.note(id);
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
        self.changes.note(id);
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
        let positions = positions(&self.layout, &self.attribute_values, instance);
        self.groups.add(group, instance, self.layout.len(), positions);
    }

    fn discount_in_group(&mut self, group: GroupId, instance: InstanceId) {
        let positions = positions(&self.layout, &self.attribute_values, instance);
        self.groups.take(group, instance, positions);
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
