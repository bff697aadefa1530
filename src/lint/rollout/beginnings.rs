//! How a small cluster stands before a rollout, in every way that the placement
//! may have left it, and the release.

use super::state::{State, World};
use crate::base::SimTime;
use crate::base::id::{GroupId, Id as _, InstanceId, ServiceId, TaskDefinitionId, TaskId};
use crate::model::Cluster;
use crate::model::capacity::Capacity;
use crate::model::deployment::SchedulingStrategy;
use crate::model::task::{TaskOwner, TaskStatus};
use crate::model::workload::TaskArrival;
use crate::placement::failure::FailureReason;
use crate::placement::order::RandomOrder;
use crate::placement::{PlacementView, placer};
use crate::sim::setup::Unplaced;

impl World<'_> {
    /// Every way in which the tasks of the services, and those that nothing
    /// ends, may stand before the release; `None` if there are too many.
    pub(super) fn beginnings(&self, cluster: Cluster, states_max: usize) -> Option<Vec<State>> {
        let (setup, workload) = (&self.question.setup, &self.question.workload);
        let capacity = Capacity::Instances(self.provider);
        let mut state = State {
            cluster,
            capacity,
            line: Vec::new(),
            paused: Vec::new(),
            is_changed: false,
            is_released: false,
        };
        for service in self.services.iter().copied() {
            let row = state.cluster.service(service);
            let (group, deployment) = (row.group, row.primary);
            for found in &workload.services[service].found {
                let launch = state.cluster.service(service).n_launched;
                state.put(found.definition, found.host, group, TaskOwner::Service { deployment, launch });
            }
        }
        let n_services = setup.services.len() as u32;
        for (found, batch) in &workload.found {
            let group = GroupId::new(n_services + batch);
            state.put(found.definition, found.host, group, TaskOwner::Standalone { arrival: u32::MAX });
        }
        for (idx, found) in setup.found_instances.iter().enumerate() {
            let instance = InstanceId::from_idx(idx);
            state.cluster.set_agent_connected(instance, found.is_agent_connected);
            if found.is_draining {
                state.cluster.drain_instance(instance);
            }
        }
        self.start_daemons(&mut state);
        let mut states = vec![state];
        let is_here = setup.standalone.placement.only_provider() == Some(self.provider);
        let arrivals = workload.arrivals.iter().filter(|_| is_here);
        let (first, later): (Vec<TaskArrival>, Vec<TaskArrival>) =
            arrivals.partition(|it| it.at == SimTime::ZERO);
        // In the order in which a run asks for them.
        for arrival in first {
            states = self.stand_alone(
                states,
                arrival.definition,
                GroupId::new(n_services + arrival.batch),
                states_max,
            )?;
        }
        for &service in self.services.iter().filter(|it| !self.is_daemon(**it)) {
            let mut next = Vec::new();
            for mut state in states {
                let row = state.cluster.service(service);
                let missing = row.desired_count.saturating_sub(row.tasks.len() as u32);
                let primary = row.primary;
                state.start(service, primary, missing);
                next.extend(self.settled(self.place_waiting(state, states_max)?));
            }
            states = self.distinct(next);
            if states.len() > states_max {
                return None;
            }
        }
        for arrival in later {
            states = self.stand_alone(
                states,
                arrival.definition,
                GroupId::new(n_services + arrival.batch),
                states_max,
            )?;
        }
        Some(states)
    }

    pub(super) fn is_daemon(&self, service: ServiceId) -> bool {
        self.question.setup.services[service].scheduling == SchedulingStrategy::Daemon
    }

    /// Daemons are there first, one on each instance that will do.
    fn start_daemons(&self, state: &mut State) {
        for &service in self.services.iter().filter(|it| self.is_daemon(**it)) {
            let row = state.cluster.service(service);
            let (group, deployment) = (row.group, row.primary);
            let definition = state.cluster.deployment(deployment).definition;
            let rules = self.question.setup.services[service].placement.rules(self.provider);
            for instance in state.cluster.alive(self.provider).to_vec() {
                let order = RandomOrder::new(0, state.cluster.n_launched());
                let view = PlacementView { cluster: &state.cluster, definition, group, order };
                let has_one = state.cluster.group_on_instance(group, instance) > 0;
                if !has_one && placer::is_allowed(&rules, &view, instance) {
                    let launch = state.cluster.service(service).n_launched;
                    let owner = TaskOwner::Service { deployment, launch };
                    let capacity = Capacity::Instances(self.provider);
                    let task = state.cluster.create_task(definition, group, owner, capacity);
                    state.cluster.place(task, instance);
                    state.come_up(task);
                }
            }
        }
    }

    /// Instances on which a daemon's new task finds no room once its old one
    /// has gone, with how many should have it, and why it does not fit.
    pub(super) fn without_daemon(&self, state: &State) -> (u32, Vec<FailureReason>) {
        let service = self.question.service;
        let definition = self.question.target;
        let rules = self.question.policy().placement.rules(self.provider);
        let group = state.cluster.service(service).group;
        let (mut n_wanted, mut reasons) = (0, Vec::new());
        for &instance in state.cluster.alive(self.provider) {
            let mut after = state.clone();
            for &task in state.cluster.tasks_on(instance) {
                if state.cluster.task(task).group == group {
                    after.cluster.request_stop(task);
                    after.cluster.finish_stop(task);
                }
            }
            let order = RandomOrder::new(0, after.cluster.n_launched());
            let view = PlacementView { cluster: &after.cluster, definition, group, order };
            if placer::is_qualified(&rules, &view, instance) {
                n_wanted += 1;
                reasons.extend(placer::reason(&rules, &view, instance));
            }
        }
        (n_wanted, reasons)
    }

    /// A stand-alone task that nothing ends is asked for. Where none waits it may
    /// have come before the group had grown, and be lost; `None` where one may
    /// still be waiting, for it will come between.
    fn stand_alone(
        &self,
        states: Vec<State>,
        definition: TaskDefinitionId,
        group: GroupId,
        states_max: usize,
    ) -> Option<Vec<State>> {
        let is_dropped = self.question.setup.standalone.unplaced == Unplaced::Drop;
        let mut next = Vec::new();
        for mut state in states {
            if self.is_managed() && is_dropped {
                next.push(state.clone());
            }
            let n_before = state.cluster.totals().n_placed;
            let owner = TaskOwner::Standalone { arrival: u32::MAX };
            let capacity = Capacity::Instances(self.provider);
            let task = state.cluster.create_task(definition, group, owner, capacity);
            state.line.push(task);
            let placed = self.settled(self.place_waiting(state, states_max)?);
            if !is_dropped && placed.iter().any(|it| it.cluster.totals().n_placed == n_before) {
                return None;
            }
            next.extend(placed);
        }
        let next = self.distinct(next);
        (next.len() <= states_max).then_some(next)
    }

    /// Everything that starts has come up.
    fn settled(&self, states: Vec<State>) -> Vec<State> {
        let settle = |mut state: State| {
            let tasks: Vec<TaskId> = state
                .cluster
                .tasks()
                .filter(|it| it.1.status == TaskStatus::Pending)
                .map(|it| it.0)
                .collect();
            for task in tasks {
                state.come_up(task);
            }
            state
        };
        states.into_iter().map(settle).collect()
    }

    /// The release, of a state before it. Any of the tasks may be those that
    /// are protected.
    pub(super) fn released(&self, mut state: State) -> Vec<State> {
        let service = self.question.service;
        state.cluster.set_desired_count(service, self.question.desired_count);
        let mut states = vec![state];
        for _ in 0..self.question.n_protected {
            let protect = |state: &State| {
                let tasks = state.cluster.service(service).tasks.iter().copied();
                let open = tasks.filter(|&it| !state.cluster.task(it).is_protected);
                let chosen = self.distinct_tasks(state, open).into_iter();
                let with = |task| {
                    let mut state = state.clone();
                    state.cluster.set_protected(task, true);
                    state
                };
                chosen.map(with).collect::<Vec<_>>()
            };
            states = self.distinct(states.iter().flat_map(protect).collect());
        }
        for state in &mut states {
            state.cluster.open_deployment(service, self.question.target);
            state.paused.retain(|it| *it != service);
            state.is_released = true;
            state.is_changed = true;
        }
        states
    }
}
