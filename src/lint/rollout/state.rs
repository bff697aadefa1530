//! A small cluster in the middle of a rollout, and every way in which it can go
//! on. It is moved by the transitions of the model, asks the controller what to
//! do and the placer where; what a run decides by chance or by the time that
//! things take is tried in every way here.

use std::collections::BTreeMap;

use rustc_hash::FxHashSet;

use super::question::Question;
use crate::base::id::{
    AttributeId, CapacityProviderId, DeploymentId, GroupId, Id as _, InstanceId, ServiceId, TaskDefinitionId,
    TaskId,
};
use crate::deployment::{DeploymentPlan, Marked, ServiceView};
use crate::model::Cluster;
use crate::model::capacity::{Capacity, Scaling};
use crate::model::options::TieBreak;
use crate::model::service::RevisionCounts;
use crate::model::task::{Health, Host, TaskOwner, TaskStatus};
use crate::model::workload::FoundHost;
use crate::placement::order::RandomOrder;
use crate::placement::placer;
use crate::placement::{PlacementView, scale_in};
use crate::sim::setup::Placement;

/// Names a state: two with the same name go on alike.
pub(super) type Key = Vec<u32>;

/// What does not change while a cluster is looked at.
pub(super) struct World<'a> {
    pub(super) question: &'a Question,
    pub(super) provider: CapacityProviderId,
    /// The services that place tasks on the provider's instances.
    pub(super) services: Vec<ServiceId>,
    /// Whether any instance that may take a task may get it, not only those
    /// that the strategies prefer.
    pub(super) is_free: bool,
    /// For each instance what it is like; equal ones may be exchanged.
    pub(super) kinds: Vec<u32>,
    /// Whether some constraint depends on the tasks of an instance, in ways of
    /// its own.
    pub(super) awaits_company: bool,
    /// Whether equal instances may be exchanged at all.
    is_symmetric: bool,
}

/// A cluster and what its schedulers remember.
#[derive(Clone)]
pub(super) struct State {
    /// Where tasks go.
    pub(super) capacity: Capacity,
    pub(super) cluster: Cluster,
    /// Tasks that wait for room, in the order in which they joined.
    pub(super) line: Vec<TaskId>,
    /// The services that found no room and ask again later.
    pub(super) paused: Vec<ServiceId>,
    /// Something has changed since the schedulers looked.
    pub(super) is_changed: bool,
    /// The rollout has begun.
    pub(super) is_released: bool,
}

impl<'a> World<'a> {
    /// Of the empty cluster of a question.
    pub(super) fn new(question: &'a Question, provider: CapacityProviderId, cluster: &Cluster) -> Self {
        let setup = &question.setup;
        let services: Vec<ServiceId> =
            setup.services.iter().filter(|it| it.1.placement.uses(provider)).map(|it| it.0).collect();
        let placements = services.iter().map(|&it| &setup.services[it].placement);
        let placements: Vec<&Placement> = placements.chain([&setup.standalone.placement]).collect();
        let awaits_company =
            placements.iter().flat_map(|it| &it.constraints).any(|it| it.may_be_helped_by_tasks())
                || cluster.awaits_company();
        let mut world = Self {
            question,
            provider,
            services,
            is_free: !question.is_fresh,
            kinds: Vec::new(),
            awaits_company,
            is_symmetric: false,
        };
        world.is_symmetric =
            !awaits_company && (world.is_free || setup.options.tie_break == TieBreak::Random);
        world.kinds = world.kinds_of(cluster, &placements);
        world
    }

    fn kinds_of(&self, cluster: &Cluster, placements: &[&Placement]) -> Vec<u32> {
        let mut known: Vec<Vec<u64>> = Vec::new();
        let n_tracked = self.question.setup.attributes.iter().count();
        let kind = |id: InstanceId| {
            let row = cluster.instance(id);
            let it = row.registered;
            let mut kind: Vec<u64> = vec![
                u64::from(row.zone.number()),
                u64::from(it.cpu.0),
                u64::from(it.memory.0),
                u64::from(it.gpus),
                u64::from(it.network_interfaces),
                u64::from(row.is_agent_connected),
                row.status as u64,
            ];
            kind.extend(
                (0..n_tracked).map(|it| u64::from(cluster.attribute_value(id, AttributeId::from_idx(it)).0)),
            );
            for definition in self.question.workload.definitions.ids() {
                let group = GroupId::new(0);
                let order = RandomOrder::new(0, cluster.n_launched());
                let view = PlacementView { cluster, definition, group, order };
                kind.push(u64::from(cluster.is_capable(definition, id)));
                kind.extend(
                    cluster
                        .demands(definition)
                        .member_of
                        .iter()
                        .map(|&it| u64::from(cluster.matches(it, id))),
                );
                let constraints = placements.iter().flat_map(|it| &it.constraints);
                kind.extend(constraints.map(|it| u64::from(it.allows(&view, id))));
            }
            kind.extend(
                cluster.ports_on(id).statics().map(|it| u64::from(it.0.port) << 8 | it.0.protocol as u64),
            );
            kind
        };
        let all = (0..cluster.n_launched()).map(InstanceId::from_idx);
        all.map(|id| {
            let kind = kind(id);
            let idx = known.iter().position(|it| *it == kind).unwrap_or_else(|| {
                known.push(kind);
                known.len() - 1
            });
            u32::try_from(idx).expect("a few kinds")
        })
        .collect()
    }

    pub(super) fn is_managed(&self) -> bool {
        self.question.setup.providers[self.provider].scaling != Scaling::Fixed
    }

    pub(super) fn placement_of(&self, state: &State, task: TaskId) -> &Placement {
        let row = state.cluster.task(task);
        match row.owner {
            TaskOwner::Service { .. } => {
                &self.question.setup.services[ServiceId::new(row.group.number())].placement
            }
            TaskOwner::Standalone { .. } => &self.question.setup.standalone.placement,
        }
    }

    /// What the controller is shown of a service.
    pub(super) fn view(&self, state: &State, service: ServiceId) -> ServiceView {
        let options = &self.question.setup.options;
        let row = state.cluster.service(service);
        let older = row.older.iter().map(|&it| state.cluster.deployment(it));
        let source = older.clone().fold(RevisionCounts::default(), |sum, it| sum + it.counts);
        let target = state.cluster.deployment(row.primary).counts;
        let bounds = self.question.setup.services[service].deployment.bounds;
        let (source_marked, target_marked) = state.marked(service);
        ServiceView {
            source_marked,
            target_marked,
            source_keep: older.map(|it| it.keep).sum(),
            is_rolling_out: state.is_released && service == self.question.service,
            is_paused: state.paused.contains(&service),
            upper_counts_stopping: options.upper_counts_stopping,
            order: options.order,
            unhealthy_replacement: options.unhealthy_replacement,
            ..ServiceView::new(row.desired_count, bounds, source, target)
        }
    }

    /// What the controller of a service would do now.
    pub(super) fn plan(&self, state: &State, service: ServiceId) -> DeploymentPlan {
        self.question.setup.services[service].controller.plan(&self.view(state, service))
    }

    // --- names -------------------------------------------------------------

    /// What a task is, as far as its future goes.
    fn code(state: &State, task: TaskId) -> u32 {
        let row = state.cluster.task(task);
        let owner = match row.owner {
            TaskOwner::Service { deployment, .. } => deployment.number(),
            TaskOwner::Standalone { .. } => 1 << 24 | row.definition.number() << 12 | row.group.number(),
        };
        let phase = match (row.is_desired_running, row.health) {
            (false, _) => 2,
            (true, Health::Healthy) => 1,
            (true, _) => 0,
        };
        owner << 3 | u32::from(row.is_protected) << 2 | phase
    }

    fn instance_key(&self, state: &State, instance: InstanceId) -> Vec<u32> {
        let mut key: Vec<u32> =
            state.cluster.tasks_on(instance).iter().map(|&it| Self::code(state, it)).collect();
        key.sort_unstable();
        key.insert(0, self.kinds[instance.idx()]);
        key
    }

    pub(super) fn key(&self, state: &State) -> Key {
        let alive = state.cluster.alive(self.provider);
        let mut instances: Vec<Vec<u32>> = alive.iter().map(|&it| self.instance_key(state, it)).collect();
        if self.is_symmetric {
            instances.sort_unstable();
        }
        let mut key: Key = vec![u32::from(state.is_changed) << 1 | u32::from(state.is_released)];
        for instance in instances {
            key.push(u32::MAX);
            key.extend(instance);
        }
        key.push(u32::MAX);
        key.extend(state.paused.iter().map(|it| it.number()));
        key.push(u32::MAX);
        key.extend(state.line.iter().map(|&it| Self::code(state, it)));
        key.push(u32::MAX);
        for &service in &self.services {
            let row = state.cluster.service(service);
            key.extend(row.older.iter().map(|&it| state.cluster.deployment(it).keep));
        }
        key
    }

    /// One of each kind of tasks among these: others would leave an equal state.
    pub(super) fn distinct_tasks(&self, state: &State, tasks: impl Iterator<Item = TaskId>) -> Vec<TaskId> {
        let mut seen: Vec<(u32, Key)> = Vec::new();
        let mut kept = Vec::new();
        for task in tasks {
            let place = match state.cluster.task(task).instance() {
                Some(it) if self.is_symmetric => self.instance_key(state, it),
                Some(it) => vec![it.number()],
                None => Vec::new(),
            };
            let key = (Self::code(state, task), place);
            if !seen.contains(&key) {
                seen.push(key);
                kept.push(task);
            }
        }
        kept
    }

    pub(super) fn distinct(&self, states: Vec<State>) -> Vec<State> {
        if states.len() < 2 {
            return states;
        }
        let by_key: BTreeMap<Key, State> = states.into_iter().map(|it| (self.key(&it), it)).collect();
        by_key.into_values().collect()
    }

    // --- what the schedulers do --------------------------------------------

    /// Every state in which the schedulers, having looked, have nothing more to
    /// do; `None` if there are too many.
    pub(super) fn reviewed(&self, mut state: State, states_max: usize) -> Option<Vec<State>> {
        state.is_changed = false;
        let mut quiet = Vec::new();
        // Tasks that wait look first: room may have come.
        let mut open: Vec<(State, usize)> =
            self.place_waiting(state, states_max)?.into_iter().map(|it| (it, 0)).collect();
        let mut seen: FxHashSet<(Key, usize)> = FxHashSet::default();
        while let Some((state, idx)) = open.pop() {
            let Some(&service) = self.services.get(idx) else {
                quiet.push(state);
                continue;
            };
            if self.is_daemon(service) {
                open.push((state, idx + 1));
                continue;
            }
            let plan = self.plan(&state, service);
            let does_nothing =
                DeploymentPlan { is_complete: false, standstill: None, ..plan } == DeploymentPlan::default();
            if plan.is_complete || does_nothing {
                open.push((state, idx + 1));
                continue;
            }
            for next in self.carried_out(state, service, plan, states_max)? {
                if seen.insert((self.key(&next), idx)) {
                    open.push((next, idx));
                }
            }
            if seen.len() > states_max {
                return None;
            }
        }
        Some(self.distinct(quiet))
    }

    fn carried_out(
        &self,
        state: State,
        service: ServiceId,
        plan: DeploymentPlan,
        states_max: usize,
    ) -> Option<Vec<State>> {
        let mut states = vec![state];
        for (is_target, n) in [(false, plan.stop_source), (true, plan.stop_target)] {
            for _ in 0..n {
                let next = states.iter().flat_map(|it| self.stopped_one(it, service, is_target)).collect();
                states = self.distinct(next);
                if states.len() > states_max {
                    return None;
                }
            }
        }
        let mut placed = Vec::new();
        for mut state in states {
            let mut left = plan.start_source;
            for deployment in state.cluster.service(service).older.clone().into_iter().rev() {
                let row = state.cluster.deployment(deployment);
                let n = row.keep.saturating_sub(row.counts.wanted() - row.counts.unhealthy).min(left);
                state.start(service, deployment, n);
                left -= n;
            }
            let primary = state.cluster.service(service).primary;
            state.start(service, primary, plan.start_target);
            placed.extend(self.place_waiting(state, states_max)?);
        }
        Some(self.distinct(placed))
    }

    /// Each task that scale-in may choose is stopped.
    fn stopped_one(&self, state: &State, service: ServiceId, is_target: bool) -> Vec<State> {
        let row = state.cluster.service(service);
        let mut candidates: Vec<TaskId> = row.tasks.clone();
        candidates.retain(|&it| {
            let task = state.cluster.task(it);
            let TaskOwner::Service { deployment, .. } = task.owner else { return false };
            (deployment == row.primary) == is_target && task.is_desired_running
        });
        scale_in::prefer(
            &state.cluster,
            &self.question.setup.services[service].placement.chain,
            &mut candidates,
        );
        let stop = |task: TaskId| {
            let mut state = state.clone();
            let TaskOwner::Service { deployment, .. } = state.cluster.task(task).owner else {
                unreachable!("a service's")
            };
            if !is_target {
                let keep = state.cluster.deployment(deployment).keep;
                state.cluster.set_keep(deployment, keep.saturating_sub(1));
            }
            if state.cluster.task(task).status == TaskStatus::Provisioning {
                state.line.retain(|it| *it != task);
                state.cluster.cancel_waiting(task);
            } else {
                state.cluster.request_stop(task);
            }
            state
        };
        self.distinct_tasks(state, candidates.into_iter()).into_iter().map(stop).collect()
    }

    /// Those who wait look for room in their order: every state that may come
    /// of it. Where nobody may wait they are given up, and their service pauses.
    pub(super) fn place_waiting(&self, state: State, states_max: usize) -> Option<Vec<State>> {
        if state.line.is_empty() {
            return Some(vec![state]);
        }
        let line = state.line.clone();
        // With the definitions and groups that found no room already.
        let mut level: Vec<(State, Vec<(TaskDefinitionId, GroupId)>)> = vec![(state, Vec::new())];
        for &task in &line {
            let mut next: BTreeMap<(Key, Vec<(TaskDefinitionId, GroupId)>), State> = BTreeMap::new();
            for (state, mut failed) in level {
                let row = state.cluster.task(task);
                let class = (row.definition, row.group);
                let rooms = if failed.contains(&class) { Vec::new() } else { self.rooms(&state, task) };
                if rooms.is_empty() {
                    if !failed.contains(&class) {
                        failed.push(class);
                    }
                    next.insert((self.key(&state), failed), state);
                    continue;
                }
                for instance in rooms {
                    let mut state = state.clone();
                    state.cluster.place(task, instance);
                    state.line.retain(|it| *it != task);
                    next.insert((self.key(&state), failed.clone()), state);
                }
            }
            if next.len() > states_max {
                return None;
            }
            level = next.into_iter().map(|((_, failed), state)| (state, failed)).collect();
        }
        Some(level.into_iter().map(|it| self.given_back(it.0)).collect())
    }

    fn given_back(&self, mut state: State) -> State {
        let line = std::mem::take(&mut state.line);
        for task in line {
            let row = state.cluster.task(task);
            let is_service = matches!(row.owner, TaskOwner::Service { .. });
            if self.is_managed() && is_service {
                state.line.push(task);
                continue;
            }
            let service = ServiceId::new(row.group.number());
            state.cluster.cancel_waiting(task);
            if is_service && !state.paused.contains(&service) {
                state.paused.push(service);
                state.paused.sort_unstable();
            }
        }
        state
    }

    /// The instances that a waiting task may be placed on, one of each kind.
    fn rooms(&self, state: &State, task: TaskId) -> Vec<InstanceId> {
        let row = state.cluster.task(task);
        let rules = self.placement_of(state, task).rules(self.provider);
        let order = RandomOrder::new(0, state.cluster.n_launched());
        let view =
            PlacementView { cluster: &state.cluster, definition: row.definition, group: row.group, order };
        let mut rooms = Vec::new();
        if self.is_free {
            let alive = state.cluster.alive(self.provider).iter().copied();
            rooms.extend(alive.filter(|&it| placer::is_allowed(&rules, &view, it)));
        } else {
            placer::prefer(&rules, &view, &mut rooms);
            if rules.chain.tie_break() == TieBreak::LowestId {
                rooms.truncate(1);
            }
        }
        if self.is_symmetric {
            let mut seen: Vec<Vec<u32>> = Vec::new();
            rooms.retain(|&it| {
                let key = self.instance_key(state, it);
                let is_new = !seen.contains(&key);
                if is_new {
                    seen.push(key);
                }
                is_new
            });
        }
        rooms
    }

    // --- what time does ----------------------------------------------------

    /// Whether something will happen by itself.
    pub(super) fn is_in_motion(&self, state: &State) -> bool {
        self.in_motion(state).next().is_some()
    }

    fn in_motion<'s>(&'s self, state: &'s State) -> impl Iterator<Item = TaskId> + 's {
        let alive = state.cluster.alive(self.provider).iter();
        alive
            .flat_map(|&it| state.cluster.tasks_on(it))
            .copied()
            .filter(|&it| matches!(state.cluster.task(it).status, TaskStatus::Pending | TaskStatus::Stopping))
    }

    /// Every state after the next thing that happens by itself: a task has come
    /// up, or has stopped.
    pub(super) fn after_one_event(&self, state: &State) -> Vec<State> {
        let events = self.distinct_tasks(state, self.in_motion(state));
        let happen = |task: TaskId| {
            let mut state = state.clone();
            state.is_changed = true;
            if state.cluster.task(task).status == TaskStatus::Pending {
                state.come_up(task);
            } else {
                state.cluster.finish_stop(task);
            }
            state
        };
        events.into_iter().map(happen).collect()
    }

    /// Every state in which one of the services that pause asks again.
    pub(super) fn after_a_pause(&self, state: &State) -> Vec<State> {
        let ask = |service: &ServiceId| {
            let mut state = state.clone();
            state.paused.retain(|it| it != service);
            state.is_changed = true;
            state
        };
        state.paused.iter().map(ask).collect()
    }
}

impl State {
    pub(super) fn put(
        &mut self,
        definition: TaskDefinitionId,
        host: FoundHost,
        group: GroupId,
        owner: TaskOwner,
    ) {
        let FoundHost::Instance(idx) = host else { return };
        let task = self.cluster.create_task(definition, group, owner, self.capacity);
        self.cluster.place(task, InstanceId::from_idx(idx));
        self.come_up(task);
    }

    pub(super) fn come_up(&mut self, task: TaskId) {
        self.cluster.start_running(task);
        if matches!(self.cluster.task(task).owner, TaskOwner::Service { .. }) {
            self.cluster.become_healthy(task);
        }
    }

    pub(super) fn start(&mut self, service: ServiceId, deployment: DeploymentId, n: u32) {
        let definition = self.cluster.deployment(deployment).definition;
        let group = self.cluster.service(service).group;
        for _ in 0..n {
            let launch = self.cluster.service(service).n_launched;
            let owner = TaskOwner::Service { deployment, launch };
            let task = self.cluster.create_task(definition, group, owner, self.capacity);
            self.line.push(task);
        }
    }

    /// Running tasks of a service: of earlier revisions, and of the newest.
    pub(super) fn running(&self, service: ServiceId) -> (u32, u32) {
        let row = self.cluster.service(service);
        let older = row.older.iter().map(|&it| self.cluster.deployment(it).counts.healthy).sum();
        (older, self.cluster.deployment(row.primary).counts.healthy)
    }

    /// Its wanted tasks that are protected: of earlier revisions, and of the
    /// newest.
    fn marked(&self, service: ServiceId) -> (Marked, Marked) {
        let (mut source, mut target) = (Marked::default(), Marked::default());
        let row = self.cluster.service(service);
        for task in row.tasks.iter().map(|&it| self.cluster.task(it)) {
            let TaskOwner::Service { deployment, .. } = task.owner else { continue };
            if task.is_protected && task.is_desired_running {
                let side = if deployment == row.primary { &mut target } else { &mut source };
                side.protected.add(task.status, task.health);
            }
        }
        (source, target)
    }

    /// Whether all tasks that the service wants are placed.
    pub(super) fn is_full(&self, service: ServiceId) -> bool {
        let row = self.cluster.service(service);
        let placed =
            row.tasks.iter().filter(|&&it| matches!(self.cluster.task(it).host, Some(Host::Instance(_))));
        placed.count() as u32 >= row.desired_count
    }
}
