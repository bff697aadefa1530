//! Every placement and every order of events of a small cluster. Nothing in a
//! rollout goes back, so the states form no circle but that of a service that
//! asks for room again and finds none; where nothing else is left it stands
//! still for good.

use rustc_hash::FxHashSet;

use super::question::Question;
use super::state::{Key, State, World};
use super::{Proof, Stand, Verdict};
use crate::base::id::CapacityProviderId;
use crate::deployment::Standstill;
use crate::placement::PlacementView;
use crate::placement::failure::FailureReason;
use crate::placement::order::RandomOrder;
use crate::placement::placer;
use crate::sim::full_cluster;

/// So many states are looked at before a cluster counts as too large.
pub const STATES_MAX: usize = 20_000;
/// The largest cluster that is tried.
const INSTANCES_MAX: usize = 16;
const TASKS_MAX: u64 = 40;

/// The verdict of a search, `Unknown` if the cluster is too large for it.
pub(super) fn every_placement(question: &Question, provider: CapacityProviderId) -> Verdict {
    if is_too_large(question, provider) {
        return Verdict::Unknown;
    }
    let cluster = full_cluster(&question.setup, &question.workload);
    let world = World::new(question, provider, &cluster);
    Search { world, seen: FxHashSet::default(), n_complete: 0, stand: None }.run(cluster)
}

/// Whether all tasks of the service find room before the release, wherever they
/// are placed; taken for granted of a cluster
/// that is too large.
pub(super) fn comes_up_in_full(question: &Question, provider: CapacityProviderId) -> bool {
    if is_too_large(question, provider) {
        return true;
    }
    let cluster = full_cluster(&question.setup, &question.workload);
    let beginnings = World::new(question, provider, &cluster).beginnings(cluster, STATES_MAX);
    beginnings.is_some_and(|it| it.iter().all(|it| it.is_full(question.service)))
}

/// A daemon's rollout, as [`every_placement`] says it of other services: its old
/// task goes first, so it depends on what else stands on each instance.
pub(super) fn of_daemon(question: &Question, provider: CapacityProviderId) -> Verdict {
    if is_too_large(question, provider) {
        return Verdict::Unknown;
    }
    let cluster = full_cluster(&question.setup, &question.workload);
    let world = World::new(question, provider, &cluster);
    let Some(beginnings) = world.beginnings(cluster, STATES_MAX) else { return Verdict::Unknown };
    let n_states = beginnings.len();
    let (mut stand, mut n_complete) = (None, 0);
    let minimum = question.policy().deployment.bounds;
    for state in &beginnings {
        let (_, n_old) = state.running(question.service);
        let (n_wanted, without) = world.without_daemon(state);
        if n_wanted == 0 || n_old < n_wanted {
            return Verdict::Unknown;
        }
        let is_kept = minimum.lower(n_wanted) >= n_wanted;
        if !is_kept && without.is_empty() {
            n_complete += 1;
            continue;
        }
        let standstill =
            if is_kept { Standstill::DeploymentConfiguration } else { Standstill::InsufficientCapacity };
        let count = |reason: FailureReason| without.iter().filter(|it| **it == reason).count() as u32;
        let counted = FailureReason::ALL.into_iter().map(|it| (it, count(it)));
        let reasons = counted.filter(|it| it.1 > 0 && !is_kept).collect();
        let proof = if is_kept { Proof::Bounds } else { Proof::EveryPlacement { n_states } };
        stand.get_or_insert(Stand { standstill, n_source: n_old, n_target: 0, reasons, proof });
    }
    match (stand, n_complete) {
        (None, _) => Verdict::Completes,
        (Some(stand), 0) => Verdict::Deadlocks(stand),
        (Some(stand), _) => Verdict::CanDeadlock(stand),
    }
}

fn is_too_large(question: &Question, provider: CapacityProviderId) -> bool {
    n_tasks_at_most(question, provider) > TASKS_MAX || n_instances(question, provider) > INSTANCES_MAX
}

fn n_instances(question: &Question, provider: CapacityProviderId) -> usize {
    let found = question.setup.found_instances.iter().filter(|it| it.provider == provider).count();
    found.max(question.setup.providers[provider].max_size as usize)
}

fn n_tasks_at_most(question: &Question, provider: CapacityProviderId) -> u64 {
    let (setup, workload) = (&question.setup, &question.workload);
    let here = setup.services.iter().filter(|it| it.1.placement.uses(provider));
    let of_services: u64 = here.map(|it| u64::from(workload.services[it.0].desired_count)).sum();
    let own = u64::from(question.policy().deployment.bounds.upper(question.desired_count));
    of_services + own + (workload.arrivals.len() + workload.found.len()) as u64
}

struct Search<'a> {
    world: World<'a>,
    seen: FxHashSet<Key>,
    n_complete: usize,
    stand: Option<Stand>,
}

impl Search<'_> {
    fn run(mut self, cluster: crate::model::Cluster) -> Verdict {
        let service = self.world.question.service;
        let Some(beginnings) = self.world.beginnings(cluster, STATES_MAX) else { return Verdict::Unknown };
        let mut open = Vec::new();
        for state in beginnings {
            // A service that never came up is another lint's.
            if !state.is_full(service) {
                return Verdict::Unknown;
            }
            open.extend(self.world.released(state));
        }
        while let Some(state) = open.pop() {
            if !self.seen.insert(self.world.key(&state)) {
                continue;
            }
            // Both are known to be possible: nothing more to learn.
            if self.n_complete > 0 && self.stand.is_some() {
                break;
            }
            if self.seen.len() > STATES_MAX {
                return Verdict::Unknown;
            }
            let mut next = self.world.after_one_event(&state);
            next.extend(self.world.after_a_pause(&state));
            if state.is_changed {
                let Some(reviewed) = self.world.reviewed(state, STATES_MAX) else { return Verdict::Unknown };
                next.extend(reviewed);
            } else if self.world.plan(&state, service).is_complete {
                self.n_complete += 1;
                continue;
            } else if !self.world.is_in_motion(&state) && self.is_stuck(&state) {
                if self.stand.is_none() {
                    self.stand = Some(self.stand_of(&state));
                }
                continue;
            }
            open.extend(next);
        }
        let proof = Proof::EveryPlacement { n_states: self.seen.len() };
        match (self.stand, self.n_complete) {
            (None, _) => Verdict::Completes,
            (Some(stand), 0) => Verdict::Deadlocks(Stand { proof, ..stand }),
            (Some(stand), _) => Verdict::CanDeadlock(Stand { proof, ..stand }),
        }
    }

    /// Whether whoever asks again is where it was.
    fn is_stuck(&self, state: &State) -> bool {
        let key = self.world.key(state);
        self.world.after_a_pause(state).into_iter().all(|it| match self.world.reviewed(it, STATES_MAX) {
            Some(after) => after.iter().all(|it| self.world.key(it) == key),
            None => false,
        })
    }

    fn stand_of(&self, state: &State) -> Stand {
        let service = self.world.question.service;
        let standstill =
            self.world.plan(state, service).standstill.unwrap_or(Standstill::InsufficientCapacity);
        let (n_source, n_target) = state.running(service);
        let mut reasons = Vec::new();
        if standstill == Standstill::InsufficientCapacity {
            let placement = &self.world.question.policy().placement;
            let order = RandomOrder::new(0, state.cluster.n_launched());
            let group = state.cluster.service(service).group;
            let view = PlacementView {
                cluster: &state.cluster,
                definition: self.world.question.target,
                group,
                order,
            };
            let tally = placer::tally(&placement.rules(self.world.provider), &view);
            let counted = FailureReason::ALL.into_iter().map(|it| (it, tally.n_instances[it as usize]));
            reasons = counted.filter(|it| it.1 > 0).collect();
        }
        Stand { standstill, n_source, n_target, reasons, proof: Proof::Bounds }
    }
}
