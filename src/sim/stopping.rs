//! Whom a service stops: shows those who may be stopped to the chain of its
//! strategies, one stop at a time. Where a chain goes by the numbers of tasks alone,
//! state and revision of the next are known without a look at any, and of each
//! instance one is looked at.

use crate::base::Domain;
use crate::base::id::{DeploymentId, Id as _, ServiceId, TaskId};
use crate::model::options::IndexUse;
use crate::model::task::{Health, TaskOwner};
use crate::placement::scale_in::{self, Alike, Drawn, OtherChain, Readiness};
use crate::sim::service_tasks::{Side, Which};
use crate::sim::simulation::Simulation;
use crate::sim::watch::Watch;

/// What outlives a choice whom to stop.
#[derive(Default)]
pub(super) struct StopMemory {
    /// Means nothing behind the choice.
    candidates: Vec<TaskId>,
    draws: StopDraws,
    /// By service: the tasks of one revision.
    orders: Vec<StopOrder>,
}

/// What was drawn for tasks, by their rows, with the name of the task it was drawn
/// for: at every stop all that are alike are asked again.
#[derive(Default)]
struct StopDraws(Vec<(u64, u64)>);

impl StopDraws {
    fn of<W: Watch>(&mut self, simulation: &Simulation<'_, W>, task: TaskId) -> u64 {
        let row = simulation.cluster.task(task);
        let entity = row.entity(row.group);
        if self.0.len() <= task.idx() {
            self.0.resize(task.idx() + 1, (u64::MAX, 0));
        }
        let known = &mut self.0[task.idx()];
        if known.0 != entity {
            *known = (entity, simulation.draw(task, Domain::StopTieBreak));
        }
        known.1
    }
}

/// The wanted tasks of a revision by instance and by what was drawn for them, and
/// some that are wanted no more: those have another epoch.
#[derive(Default)]
struct StopOrder {
    revision: Option<DeploymentId>,
    /// All that were launched for it by then are here.
    n_launched: u32,
    tasks: Vec<Drawn>,
}

/// So many tasks that are wanted no more are passed by before they are dropped.
const GONE_MAX: usize = 32;

impl StopMemory {
    /// The order of a revision's tasks, none of which waits for room; made again if
    /// it has launched any since.
    fn order_of<W: Watch>(
        &mut self,
        simulation: &Simulation<'_, W>,
        service: ServiceId,
        revision: DeploymentId,
    ) -> &mut StopOrder {
        if self.orders.len() <= service.idx() {
            self.orders.resize_with(service.idx() + 1, StopOrder::default);
        }
        let Self { draws, orders, .. } = self;
        let order = &mut orders[service.idx()];
        let n_launched = simulation.cluster.deployment(revision).n_launched;
        if (order.revision, order.n_launched) != (Some(revision), n_launched) {
            (order.revision, order.n_launched) = (Some(revision), n_launched);
            let of_service = simulation.cluster.service(service).tasks.iter();
            order.tasks.clear();
            order.tasks.extend(of_service.filter_map(|&id| {
                let task = simulation.cluster.task(id);
                let is_of_revision =
                    matches!(task.owner, TaskOwner::Service { deployment, .. } if deployment == revision);
                let instance = task.instance().filter(|_| is_of_revision && task.is_desired_running)?;
                Some(Drawn { instance, draw: draws.of(simulation, id), task: id, epoch: task.epoch })
            }));
            order.tasks.sort_unstable_by_key(|it| (it.instance, it.draw, it.task));
        }
        order
    }
}

impl<W: Watch> Simulation<'_, W> {
    /// Who is stopped next.
    pub(super) fn next_to_stop(&mut self, service: ServiceId, side: Side, which: Which) -> Option<TaskId> {
        let mut memory = std::mem::take(&mut self.stopping);
        let alike = self.alike_to_stop(service, side, which);
        let alike = alike.filter(|_| self.setup.options.placement_index != IndexUse::Off);
        let by_counts = alike.map(|it| self.first_by_counts(service, &it, &mut memory));
        let chosen = match by_counts {
            Some(Ok(chosen)) => {
                if self.setup.options.placement_index == IndexUse::Checked {
                    let by_scan = self.first_of_all(service, side, which, &mut memory);
                    assert_eq!(chosen, by_scan, "the fullest instances tell who is stopped, as all tasks do");
                }
                chosen
            }
            Some(Err(OtherChain)) | None => self.first_of_all(service, side, which, &mut memory),
        };
        self.stopping = memory;
        chosen
    }

    fn first_by_counts(
        &self,
        service: ServiceId,
        alike: &Alike,
        memory: &mut StopMemory,
    ) -> Result<Option<TaskId>, OtherChain> {
        let order = memory.order_of(self, service, alike.revision);
        let is_wanted = |it: &Drawn| self.cluster.task(it.task).epoch == it.epoch;
        let mut n_gone = 0;
        let chain = &self.setup.services[service].placement.chain;
        let chosen = scale_in::choose_by_counts(&self.cluster, chain, alike, &order.tasks, |it| {
            let is_wanted = is_wanted(it);
            n_gone += usize::from(!is_wanted);
            is_wanted
        });
        if n_gone > GONE_MAX {
            order.tasks.retain(is_wanted);
        }
        chosen
    }

    fn first_of_all(
        &self,
        service: ServiceId,
        side: Side,
        which: Which,
        memory: &mut StopMemory,
    ) -> Option<TaskId> {
        let StopMemory { candidates, draws, .. } = memory;
        self.candidates_to_stop(service, side, which, candidates);
        let chain = &self.setup.services[service].placement.chain;
        scale_in::choose(&self.cluster, chain, candidates, |it| draws.of(self, it))
    }

    /// Those of whom one is stopped next, where that is known by counts: nobody is
    /// protected, has to leave its instance first, or is one too many for its
    /// provider.
    fn alike_to_stop(&self, service: ServiceId, side: Side, which: Which) -> Option<Alike> {
        let strategy = &self.setup.services[service].placement.capacity;
        let is_plain = matches!(which, Which::Any | Which::Surplus)
            && self.services[service].protected.is_empty()
            && strategy.items().len() == 1
            && !strategy.is_fargate()
            && self.cluster.n_draining() == 0;
        if !is_plain {
            return None;
        }
        let state = self.cluster.service(service);
        let (older, primary) = match side {
            Side::Source => (&state.older[..], None),
            Side::Target => (&[][..], Some(state.primary)),
            Side::Only(one) => (&[][..], Some(one)),
        };
        let least = older.iter().copied().chain(primary).filter_map(|revision| {
            let row = self.cluster.deployment(revision);
            let is_meant = which == Which::Any || row.counts.wanted() > row.keep;
            Some((Readiness::least(row.counts).filter(|_| is_meant)?, revision))
        });
        let (readiness, revision) = least.min()?;
        let group = state.group;
        (readiness > Readiness::Waiting).then_some(Alike { group, revision, readiness })
    }

    /// Who may be stopped.
    fn candidates_to_stop(&self, service: ServiceId, side: Side, which: Which, candidates: &mut Vec<TaskId>) {
        let state = self.cluster.service(service);
        let is_candidate = |it: &TaskId| {
            let task = self.cluster.task(*it);
            let TaskOwner::Service { deployment, .. } = task.owner else { return false };
            let is_of_side = match side {
                Side::Source => deployment != state.primary,
                Side::Target => deployment == state.primary,
                Side::Only(one) => deployment == one,
            };
            let is_meant = match which {
                Which::Any => true,
                Which::Surplus => {
                    let row = self.cluster.deployment(deployment);
                    row.counts.wanted() > row.keep
                }
                Which::Unhealthy => task.health == Health::Unhealthy,
                Which::Draining => self.is_draining(*it),
            };
            is_of_side && task.is_desired_running && is_meant
        };
        candidates.clear();
        candidates.extend(state.tasks.iter().copied().filter(is_candidate));
        // Of those that serve, an old task that has to leave its instance
        // anyway goes first.
        let is_healthy = |it: &TaskId| self.cluster.task(*it).health == Health::Healthy;
        if which == Which::Any
            && side == Side::Source
            && self.cluster.n_draining() > 0
            && candidates.iter().all(is_healthy)
            && candidates.iter().any(|it| self.is_draining(*it))
        {
            candidates.retain(|it| self.is_draining(*it));
        }
        self.keep_overweight(service, side, candidates);
    }
}
