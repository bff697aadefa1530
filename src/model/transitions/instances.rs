//! An instance is launched, registers, changes, goes.

use std::sync::Arc;

use super::Launch;
use crate::base::id::{AttributeId, Id as _, InstanceId};
use crate::model::attribute::AttributeValue;
use crate::model::cluster::Cluster;
use crate::model::instance::{ContainerInstance, InstanceStatus};
use crate::model::network::HostPort;
use crate::model::ports::HostPorts;
use crate::model::task::Health;

impl Cluster {
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
            is_spot: launch.is_spot,
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
        self.changes.note_identity(id);
        self.alive[launch.provider].push(id);
        self.totals.n_instances += 1;
        self.totals.registered_cpu += u64::from(registered.cpu.0);
        self.totals.registered_memory += u64::from(registered.memory.0);
        let n_ports = self.ports_on[id].n_for_tasks();
        let totals = &mut self.provider_totals[launch.provider];
        totals.n_instances += 1;
        totals.registered.add(registered, n_ports);
        self.n_fleet_changes += 1;
        self.fleets[launch.provider].by_zone[launch.zone.idx()][usize::from(launch.is_spot)] += 1;
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
        self.changes.note_identity(id);
        let Some((attribute, value)) = tracked else { return };
        let before = self.attribute_value(id, attribute);
        let position = id.idx() * self.layout.n_attributes() + attribute.idx();
        self.attribute_values[position] = value;
        for idx in 0..self.tasks_on[id].len() {
            let task = &self.tasks[self.tasks_on[id][idx]];
            if task.is_desired_running {
                let position = |value| self.layout.position(attribute, value);
                self.groups.move_value(task.group, position(before), position(value));
            }
        }
    }

    /// The agent chooses none of these host ports for tasks that do not ask for
    /// them: found tasks have them.
    pub fn avoid_ports(&mut self, id: InstanceId, ports: &[HostPort]) {
        self.ports_on[id].avoid(ports);
    }

    /// The agent is heard again, or no longer.
    pub fn set_agent_connected(&mut self, id: InstanceId, is_connected: bool) {
        self.instances[id].is_agent_connected = is_connected;
        self.changes.note(id);
    }

    /// Registering -> Active.
    pub fn register_instance(&mut self, id: InstanceId) {
        let instance = &mut self.instances[id];
        assert_eq!(instance.status, InstanceStatus::Registering);
        instance.status = InstanceStatus::Active;
        self.changes.note(id);
    }

    /// Active -> Draining. Nothing new is placed on it.
    pub fn drain_instance(&mut self, id: InstanceId) {
        let instance = &mut self.instances[id];
        assert_eq!(instance.status, InstanceStatus::Active);
        instance.status = InstanceStatus::Draining;
        self.n_draining += 1;
        self.changes.note(id);
    }

    /// Draining -> Active. It takes tasks again.
    pub fn reactivate_instance(&mut self, id: InstanceId) {
        let instance = &mut self.instances[id];
        assert_eq!(instance.status, InstanceStatus::Draining);
        instance.status = InstanceStatus::Active;
        self.n_draining -= 1;
        self.changes.note(id);
    }

    /// Registering, Active or Draining -> Lost. Billing ends; the cluster goes
    /// on counting its tasks until the loss is noticed.
    pub fn lose_instance(&mut self, id: InstanceId) {
        assert!(!matches!(self.instances[id].status, InstanceStatus::Lost | InstanceStatus::Terminated));
        self.n_draining -= u32::from(self.instances[id].status == InstanceStatus::Draining);
        self.instances[id].status = InstanceStatus::Lost;
        self.changes.note(id);
        self.end_billing(id);
        // Nothing runs on it any more, whatever the cluster believes.
        let ContainerInstance { free, registered, n_tasks, .. } = self.instances[id];
        self.totals.n_in_use -= u32::from(n_tasks > 0);
        self.fleets[self.instances[id].provider].n_in_use -= u32::from(n_tasks > 0);
        self.totals.reserved_cpu -= u64::from((registered.cpu - free.cpu).0);
        self.totals.reserved_memory -= u64::from((registered.memory - free.memory).0);
        let mut reserved = registered;
        reserved -= free;
        let n_ports = self.ports_on[id].n_of_tasks();
        let provider = self.instances[id].provider;
        self.provider_totals[provider].reserved.take(reserved, n_ports);
        let zone = self.instances[id].zone;
        for idx in 0..self.tasks_on[id].len() {
            let task = &self.tasks[self.tasks_on[id][idx]];
            if task.is_desired_running || !self.releases_on_desired_stopped {
                self.held.take(task.group, task.definition, task.is_desired_running);
            }
            if task.health == Health::Healthy
                && task.is_desired_running
                && let Some(service) = self.service_of(task)
            {
                let service = &mut self.services[service];
                service.n_healthy_lost += 1;
                service.healthy_by_zone[zone.idx()] -= 1;
            }
        }
    }

    /// Draining or Lost -> Terminated. No task may be left on it.
    pub fn terminate_instance(&mut self, id: InstanceId) {
        let instance = &mut self.instances[id];
        assert_eq!(instance.n_tasks, 0, "an instance with tasks is not terminated");
        let was_lost = instance.status == InstanceStatus::Lost;
        assert!(was_lost || instance.status == InstanceStatus::Draining);
        self.n_draining -= u32::from(!was_lost);
        instance.status = InstanceStatus::Terminated;
        self.changes.note(id);
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
        let ContainerInstance { provider, zone, is_spot, .. } = self.instances[id];
        self.fleets[provider].by_zone[zone.idx()][usize::from(is_spot)] -= 1;
        let totals = &mut self.provider_totals[provider];
        totals.n_instances -= 1;
        totals.registered.take(registered, n_ports);
        self.n_fleet_changes += 1;
    }
}
