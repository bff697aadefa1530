//! Instances as they are found at the first moment, and what happens to them
//! from outside.

use crate::base::id::{CapacityProviderId, GroupId, Id as _, InstanceId, TaskDefinitionId};
use crate::model::capacity::Capacity;
use crate::model::instance::InstanceStatus;
use crate::model::task::TaskOwner;
use crate::model::workload::{FoundHost, FoundTask, Workload};
use crate::sim::ground;
use crate::sim::setup::{InstanceChangeKind, Setup};
use crate::sim::simulation::Simulation;
use crate::sim::watch::{Fact, Watch};

impl<W: Watch> Simulation<'_, W> {
    /// Launches the instances that a snapshot says are there; they take tasks
    /// at once. How many each provider has of them.
    pub(super) fn open_found_instances(&mut self) -> Vec<u32> {
        let mut n_found = vec![0; self.setup.providers.len()];
        for found in &self.setup.found_instances {
            let zone = found.zone.idx();
            let state = &mut self.providers[found.provider];
            let launch = state.n_launched[zone];
            state.n_launched[zone] += 1;
            n_found[found.provider.idx()] += 1;
            let values = Setup::tracked_values(&mut self.attributes, &found.identity.attributes);
            let instance = ground::launch_found(&mut self.cluster, found, launch, &values);
            self.cluster.register_instance(instance);
            self.note_launched(instance, found.provider);
        }
        n_found
    }

    /// Tasks that run at the first moment, on instances as they were found.
    pub(super) fn open_found_tasks(&mut self) {
        // Whoever comes first must not be given a port that another has.
        let of_services = self.workload.services.rows().iter().flat_map(|it| &it.found);
        for found in of_services.chain(self.workload.found.iter().map(|it| &it.0)) {
            if let FoundHost::Instance(idx) = found.host {
                let ports = &self.workload.definitions[found.definition].host_ports;
                self.cluster.avoid_ports(InstanceId::from_idx(idx), ports);
            }
        }
        for service in self.setup.services.ids() {
            let start = &self.workload.services[service];
            let mut earlier: Vec<TaskDefinitionId> = Vec::new();
            for found in &start.found {
                if found.definition != start.definition && !earlier.contains(&found.definition) {
                    earlier.push(found.definition);
                }
            }
            self.services[service].is_rolling_out = !earlier.is_empty();
            self.cluster.begin_in_rollout(service, &earlier);
            for found in &start.found {
                let row = self.cluster.service(service);
                let (group, launch) = (row.group, row.n_launched);
                let mut deployments = row.older.iter().copied().chain([row.primary]);
                let deployment = deployments
                    .find(|&it| self.cluster.deployment(it).definition == found.definition)
                    .expect("the service began with all of them");
                self.open_found_task(found, group, TaskOwner::Service { deployment, launch });
            }
            let older = self.cluster.service(service).older.clone();
            for deployment in older {
                let n_tasks = self.cluster.deployment(deployment).counts.wanted();
                self.cluster.set_keep(deployment, n_tasks);
            }
        }
        for (found, batch) in &self.workload.found {
            let group = self.group_of_batch(*batch);
            self.open_found_task(found, group, TaskOwner::Standalone { arrival: Workload::FOUND });
        }
        // Only now: an instance that is draining or not heard would not have
        // taken them.
        for (idx, found) in self.setup.found_instances.iter().enumerate() {
            let instance = InstanceId::from_idx(idx);
            self.cluster.set_agent_connected(instance, found.is_agent_connected);
            if found.is_draining {
                self.cluster.drain_instance(instance);
            }
        }
    }

    fn open_found_task(&mut self, found: &FoundTask, group: GroupId, owner: TaskOwner) {
        let capacity = self.capacity_of_found(found.host, group);
        let task = self.cluster.create_task(found.definition, group, owner, capacity);
        match found.host {
            FoundHost::Instance(idx) => {
                self.cluster.place(task, InstanceId::from_idx(idx));
                self.bill_room(task, true);
                self.mount_volumes(task, InstanceId::from_idx(idx));
            }
            FoundHost::Fargate(zone) => {
                self.cluster.place_on_fargate(task, zone);
                self.draw_interruption(task);
            }
        }
        // It was pulled before the run began.
        if self.pulls_from.len() <= task.idx() {
            self.pulls_from.resize(task.idx() + 1, None);
        }
        self.pulls_from[task.idx()] = Some(self.now);
        self.cluster.start_running(task);
        if matches!(owner, TaskOwner::Service { .. }) {
            if found.is_healthy {
                self.cluster.become_healthy(task);
            } else {
                self.cluster.become_unhealthy(task);
            }
        }
    }

    /// What a found task is on: its instance's provider, or of Fargate what its
    /// service's strategy has first.
    fn capacity_of_found(&self, host: FoundHost, group: GroupId) -> Capacity {
        match host {
            FoundHost::Instance(idx) => Capacity::Instances(self.setup.found_instances[idx].provider),
            FoundHost::Fargate(_) => {
                // Services have the first groups, in their order.
                let service = self.setup.services.rows().get(group.idx());
                let placement = service.map_or(&self.setup.standalone.placement, |it| &it.placement);
                match placement.capacity.first() {
                    on_fargate @ Capacity::Fargate { .. } => on_fargate,
                    Capacity::Instances(_) => Capacity::Fargate { is_spot: false },
                }
            }
        }
    }

    /// Something happens to the instances that an expression selects now.
    pub(super) fn on_instances_changed(&mut self, number: u32) {
        let change = &self.setup.instance_changes[number as usize];
        // First who is meant: what happens to them may change the answer.
        let alive = self.setup.providers.ids().flat_map(|it| self.cluster.alive(it));
        let meant = alive.copied().filter(|&it| self.cluster.matches(change.expression, it));
        for instance in meant.collect::<Vec<_>>() {
            for kind in &change.kinds {
                self.change_instance(instance, kind);
            }
        }
    }

    pub(super) fn change_instance(&mut self, instance: InstanceId, kind: &InstanceChangeKind) {
        match kind {
            InstanceChangeKind::Attribute(name, value) => {
                let tracked = self.attributes.find(name).map(|id| {
                    let value = value.as_ref().map(|it| it.as_deref().unwrap_or(""));
                    (id, self.attributes.value(id, value))
                });
                let value = value.as_ref().map(Option::as_deref);
                self.cluster.set_attribute(instance, name, value, tracked);
            }
            InstanceChangeKind::AgentConnected(is_connected) => {
                self.cluster.set_agent_connected(instance, *is_connected);
            }
            InstanceChangeKind::Draining(is_draining) => {
                match (self.cluster.instance(instance).status, is_draining) {
                    (InstanceStatus::Active, true) => self.cluster.drain_instance(instance),
                    // What its group gives back is on its way out.
                    (InstanceStatus::Draining, false) if !self.leaving.contains(&instance) => {
                        self.cluster.reactivate_instance(instance);
                    }
                    // It boots, or is that already.
                    _ => return,
                }
                self.review_services_on(instance);
            }
        }
        self.review_daemons();
        self.review_balance();
        // Whoever waits may be let in now.
        if self.cluster.instance(instance).status == InstanceStatus::Active {
            self.note_change_on(instance);
        }
    }

    /// Its services see that it drains, or no longer does.
    pub(super) fn review_services_on(&mut self, instance: InstanceId) {
        for idx in 0..self.cluster.tasks_on(instance).len() {
            let task = self.cluster.tasks_on(instance)[idx];
            if let Some((service, _)) = self.service_of(task) {
                self.review_service(service);
            }
        }
    }

    /// A task has left an instance that may have been waiting for it.
    pub(super) fn note_task_gone(&mut self, instance: InstanceId) {
        if self.cluster.instance(instance).status != InstanceStatus::Draining {
            return;
        }
        if self.cluster.instance(instance).n_tasks == 0 && self.leaving.remove(&instance) {
            self.terminate(instance);
        } else {
            // Daemons are the last to go.
            self.review_daemons();
        }
    }

    /// An instance was launched, found or ordered.
    pub(super) fn note_launched(&mut self, instance: InstanceId, provider: CapacityProviderId) {
        self.recorder.instance_launched(self.now);
        self.watch.fact(self.now, Fact::InstanceLaunched(instance));
        self.draw_disruptions(instance, provider);
    }
}
