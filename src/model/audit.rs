//! Recomputes every derived number of a cluster from scratch and compares.

use std::collections::BTreeMap;

use crate::base::id::{AttributeId, GroupId, Id as _, InstanceId, ZoneId};
use crate::model::cluster::{Cluster, Fleet, ProviderTotals, Totals};
use crate::model::group::Group;
use crate::model::held::Held;
use crate::model::instance::InstanceStatus;
use crate::model::service::RevisionCounts;
use crate::model::task::{Health, Host, Task, TaskOwner, TaskStatus};

impl Cluster {
    /// Checks all derived state.
    ///
    /// # Panics
    ///
    /// If a number that is kept in step is out of step.
    pub fn audit(&self) {
        let tasks: Vec<(_, &Task)> =
            self.tasks.iter().filter(|(_, task)| task.status != TaskStatus::Stopped).collect();
        assert_eq!(tasks.len() + self.vacant.len(), self.tasks.len(), "a row is alive or vacant");

        self.audit_instances(&tasks);
        self.audit_groups(&tasks);
        self.audit_services(&tasks);
    }

    fn audit_instances(&self, tasks: &[(crate::base::id::TaskId, &Task)]) {
        let mut totals = Totals::default();
        for (_, task) in tasks {
            let needs = self.definitions[task.definition].needs;
            let holds_room =
                task.instance().is_some() && (task.is_desired_running || !self.releases_on_desired_stopped);
            let is_lost = |it| self.instances[it].status == InstanceStatus::Lost;
            if holds_room && !task.instance().is_some_and(is_lost) {
                totals.reserved_cpu += u64::from(needs.cpu.0);
                totals.reserved_memory += u64::from(needs.memory.0);
            }
            totals.n_placed += u32::from(task.host.is_some());
            totals.n_waiting += u32::from(task.host.is_none());
            totals.n_on_fargate += u32::from(matches!(task.host, Some(Host::Fargate(_))));
        }
        let draining = self.instances.rows().iter().filter(|it| it.status == InstanceStatus::Draining);
        assert_eq!(self.n_draining as usize, draining.count(), "instances that drain");
        let mut n_alive = 0;
        let mut of_providers = vec![ProviderTotals::default(); self.alive.len()];
        let fleet = Fleet { by_zone: vec![[0; 2]; self.n_zones], n_in_use: 0 };
        let mut fleets = vec![fleet; self.alive.len()];
        for (id, instance) in self.instances.iter() {
            let mut free = instance.registered;
            let mut n_wanted = 0;
            let on_it: Vec<_> = tasks.iter().filter(|(_, task)| task.instance() == Some(id)).collect();
            for (task_id, task) in &on_it {
                assert!(self.tasks_on[id].contains(task_id), "{id:?} knows {task_id:?}");
                n_wanted += u32::from(task.is_desired_running);
                let holds_room = task.is_desired_running || !self.releases_on_desired_stopped;
                let mut ports = (Vec::new(), 0);
                if holds_room {
                    let definition = &self.definitions[task.definition];
                    free -= definition.needs;
                    ports = (definition.host_ports.clone(), definition.dynamic_ports.len());
                }
                let statics = self.ports_on[id].statics().filter(|it| it.1 == Some(*task_id)).map(|it| it.0);
                let found = (statics.collect(), self.ports_on[id].dynamic_of(*task_id).count());
                assert_eq!(found, ports, "ports of {task_id:?} on {id:?}");
            }
            assert_eq!(instance.free, free, "free room of {id:?}");
            assert_eq!(instance.n_tasks as usize, on_it.len(), "tasks on {id:?}");
            assert_eq!(self.tasks_on[id].len(), on_it.len(), "list of tasks on {id:?}");
            assert_eq!(instance.n_wanted, n_wanted, "wanted tasks on {id:?}");
            if instance.status != InstanceStatus::Terminated {
                n_alive += 1;
                assert!(self.alive[instance.provider].binary_search(&id).is_ok(), "{id:?} is alive");
            }
            if !matches!(instance.status, InstanceStatus::Lost | InstanceStatus::Terminated) {
                totals.n_instances += 1;
                totals.n_in_use += u32::from(!on_it.is_empty());
                totals.registered_cpu += u64::from(instance.registered.cpu.0);
                totals.registered_memory += u64::from(instance.registered.memory.0);
                let fleet = &mut fleets[instance.provider.idx()];
                fleet.by_zone[instance.zone.idx()][usize::from(instance.is_spot)] += 1;
                fleet.n_in_use += u32::from(!on_it.is_empty());
                let of_provider = &mut of_providers[instance.provider.idx()];
                of_provider.n_instances += 1;
                let mut reserved = instance.registered;
                reserved -= instance.free;
                of_provider.reserved.add(reserved, self.ports_on[id].n_of_tasks());
                of_provider.registered.add(instance.registered, self.ports_on[id].n_for_tasks());
            }
        }
        assert_eq!(self.alive.rows().iter().map(Vec::len).sum::<usize>(), n_alive);
        assert_eq!(self.totals, totals);
        let mut held = Held::new(self.services.len(), self.definitions.len());
        for (_, task) in tasks {
            let is_billed = |it| self.instances[it].status != InstanceStatus::Lost;
            let holds_room = task.is_desired_running || !self.releases_on_desired_stopped;
            if holds_room && task.instance().is_some_and(is_billed) {
                held.add(task.group, task.definition, task.is_desired_running);
            }
        }
        assert!(self.held.has_counts_of(&held), "tasks that hold room");
        assert_eq!(self.provider_totals.rows(), of_providers, "totals of providers");
        assert_eq!(self.fleets.rows(), fleets, "fleets of providers");
    }

    fn audit_groups(&self, tasks: &[(crate::base::id::TaskId, &Task)]) {
        let mut counted: BTreeMap<GroupId, BTreeMap<InstanceId, u32>> = BTreeMap::new();
        let mut on_fargate: BTreeMap<GroupId, Vec<u32>> = BTreeMap::new();
        for (_, task) in tasks.iter().filter(|(_, task)| task.is_desired_running) {
            match task.host {
                Some(Host::Instance(it)) => {
                    *counted.entry(task.group).or_default().entry(it).or_default() += 1
                }
                Some(Host::Fargate(zone)) => {
                    let by_zone = on_fargate.entry(task.group).or_insert_with(|| vec![0; self.n_zones]);
                    by_zone[zone.idx()] += 1;
                }
                None => (),
            }
        }
        let mut with_tasks: Vec<GroupId> = counted.keys().chain(on_fargate.keys()).copied().collect();
        with_tasks.sort_unstable();
        with_tasks.dedup();
        with_tasks.retain(|&it| self.groups.counts(it));
        let n_batches = with_tasks.iter().filter(|it| it.idx() >= self.services.len()).count();
        assert_eq!(self.groups.n_batches(), n_batches, "every group with tasks is counted, and no other");
        let services = (0..self.services.len()).map(GroupId::from_idx);
        for id in services.chain(with_tasks.iter().copied().filter(|it| it.idx() >= self.services.len())) {
            let group = self.groups.get(id).expect("a group that is counted");
            let by_fargate_zone = on_fargate.get(&id);
            if !counted.contains_key(&id) && by_fargate_zone.is_none() {
                assert_eq!(*group, Group::default(), "{id:?} is idle");
                continue;
            }
            let n_there = |zone: usize| by_fargate_zone.map_or(0, |it| it[zone]);
            for zone in 0..self.n_zones {
                let found = group.on_fargate(ZoneId::from_idx(zone));
                assert_eq!(found, n_there(zone), "tasks of {id:?} on Fargate");
            }
            let empty = BTreeMap::new();
            let by_instance = counted.get(&id).unwrap_or(&empty);
            let mut by_value = vec![0; self.layout.len()];
            for (&instance, &n) in by_instance {
                for idx in 0..self.layout.n_attributes() {
                    let attribute = AttributeId::from_idx(idx);
                    let value = self.attribute_value(instance, attribute);
                    by_value[self.layout.position(attribute, value)] += n;
                }
            }
            let by_instance: Vec<_> = by_instance.iter().map(|(&instance, &n)| (instance, n)).collect();
            assert_eq!(group.by_instance(), by_instance, "counts of {id:?}");
            if !group.by_value().is_empty() || !by_instance.is_empty() {
                assert_eq!(group.by_value(), by_value, "counts of {id:?}");
            }
        }
    }

    fn audit_services(&self, tasks: &[(crate::base::id::TaskId, &Task)]) {
        let mut counts = vec![RevisionCounts::default(); self.deployments.len()];
        let mut n_service_tasks = 0;
        let mut n_healthy_lost = vec![0; self.services.len()];
        let mut healthy_by_zone = vec![vec![0; self.n_zones]; self.services.len()];
        for (id, task) in tasks {
            let TaskOwner::Service { deployment, .. } = task.owner else { continue };
            n_service_tasks += 1;
            let service = task.group.idx();
            let listed = self.services.rows()[service].tasks.get(task.slot as usize);
            assert_eq!(listed, Some(id), "a service knows {id:?}");
            counts[deployment.idx()].add(task.status, task.health);
            let is_lost = task.instance().is_some_and(|it| self.instances[it].status == InstanceStatus::Lost);
            if task.is_desired_running && task.health == Health::Healthy {
                let zone = self.zone_of(task.host.expect("a healthy task has a host"));
                n_healthy_lost[service] += u32::from(is_lost);
                healthy_by_zone[service][zone.idx()] += u32::from(!is_lost);
            }
        }
        for (id, deployment) in self.deployments.iter() {
            assert_eq!(deployment.counts, counts[id.idx()], "counts of {id:?}");
        }
        let listed: usize = self.services.rows().iter().map(|it| it.tasks.len()).sum();
        assert_eq!(listed, n_service_tasks);
        for (id, service) in self.services.iter() {
            assert_eq!(
                service.n_healthy_lost,
                n_healthy_lost[id.idx()],
                "healthy on lost instances of {id:?}"
            );
            assert_eq!(service.healthy_by_zone, healthy_by_zone[id.idx()], "healthy by zone of {id:?}");
        }
    }
}
