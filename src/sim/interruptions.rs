//! Spot capacity that is taken back.
//!
//! An instance is told two minutes before. With `spot_instance_draining` (the
//! agent's ECS_ENABLE_SPOT_INSTANCE_DRAINING) it drains from then on; without, its
//! tasks run until it is gone. Then it is lost like any other: its tasks count
//! until that is noticed (semantics 7.8; MODEL 6). A task on Fargate Spot is sent
//! the stop signal with the warning, and has no more than its time to stop;
//! nobody waits for its targets to drain (semantics 7.7).
//!
//! Left out: rebalance recommendations, and groups that launch a replacement ahead
//! of the interruption (capacity rebalancing).

use crate::base::id::{CapacityProviderId, Id as _, InstanceId, TaskId};
use crate::disruption::supply::n_reclaimed;
use crate::disruption::{Kind, Machine, spot_interruption};
use crate::model::capacity::Capacity;
use crate::model::instance::InstanceStatus;
use crate::model::task::{Host, StopCode, Task, TaskOwner};
use crate::model::workload::Workload;
use crate::sim::event::Event;
use crate::sim::setup::InstanceChangeKind;
use crate::sim::simulation::Simulation;
use crate::sim::watch::{Fact, Watch};

/// A Spot instance will be taken back.
#[derive(Clone, Copy, Debug)]
pub(super) struct Notice {
    /// Why, as a position in the record.
    cause: usize,
}

impl<W: Watch> Simulation<'_, W> {
    pub(super) fn on_spot_notice_given(&mut self, instance: InstanceId, disruption: u32) {
        self.give_spot_notice(instance, disruption as usize);
    }

    /// The instance will be gone in two minutes.
    fn give_spot_notice(&mut self, instance: InstanceId, disruption: usize) {
        if self.is_gone(instance) || self.disruptions.noticed.contains_key(&instance) {
            return;
        }
        let cause = self.disruptions.cause_of(disruption);
        self.disruptions.noticed.insert(instance, Notice { cause });
        self.recorder.instance_disrupted(self.now, cause);
        self.watch.fact(self.now, Fact::SpotNoticeGiven(instance));
        self.queue.schedule(self.now + spot_interruption::NOTICE, Event::SpotInstanceReclaimed(instance));
        let provider = self.cluster.instance(instance).provider;
        if self.setup.providers[provider].spot_instance_draining {
            self.change_instance(instance, &InstanceChangeKind::Draining(true));
        }
    }

    /// It is gone, with what still runs on it.
    pub(super) fn on_spot_instance_reclaimed(&mut self, instance: InstanceId) {
        let notice = self.disruptions.noticed.remove(&instance).expect("it was told before");
        if self.is_gone(instance) {
            return;
        }
        let n_tasks = self.cluster.instance(instance).n_wanted.into();
        self.recorder.tasks_disrupted(self.now, notice.cause, n_tasks);
        self.lose_instance(instance);
    }

    /// A task on Fargate Spot was placed: when it will be interrupted.
    pub(super) fn draw_interruption(&mut self, task: TaskId) {
        let row = self.cluster.task(task);
        let Some(Host::Fargate(zone)) = row.host else { return };
        if !is_on_fargate_spot(row) {
            return;
        }
        self.disruptions.n_on_fargate_spot[zone.idx()] += 1;
        let (entity, epoch) = (row.entity(row.group), row.epoch);
        let machine = Machine::Fargate { is_spot: true };
        for (idx, it) in self.setup.disruptions.iter().enumerate() {
            if let Kind::SpotInterruption(rate) = it.kind
                && it.scope.meets(machine, zone)
            {
                let at = self.now + rate.draw_task(self.seed, entity, it.ordinal);
                let number = u32::try_from(idx).expect("a few disruptions");
                self.queue.schedule(at, Event::TaskInterrupted(task, epoch, number));
            }
        }
    }

    /// A task on Fargate Spot is told that its machine goes.
    pub(super) fn on_task_interrupted(&mut self, task: TaskId, disruption: u32) {
        self.end_fargate_task(task, disruption as usize, StopCode::SpotInterruption);
    }

    /// A task on a machine of its own is ended by a disruption.
    pub(super) fn end_fargate_task(&mut self, task: TaskId, disruption: usize, code: StopCode) {
        let row = self.cluster.task(task);
        // One that was found was not asked for.
        let is_standalone =
            matches!(row.owner, TaskOwner::Standalone { arrival } if arrival != Workload::FOUND);
        if is_standalone && self.recorder.is_measured(row.requested_at) {
            self.recorder.tasks().failed += 1;
        }
        let cause = self.disruptions.cause_of(disruption);
        self.recorder.fargate_task_disrupted(self.now, cause);
        self.ask_to_stop(task, code);
    }

    /// A task is asked to stop: on Fargate Spot there is room for another.
    pub(super) fn note_fargate_spot_left(&mut self, task: TaskId) {
        let row = self.cluster.task(task);
        if let Some(Host::Fargate(zone)) = row.host
            && is_on_fargate_spot(row)
        {
            self.disruptions.n_on_fargate_spot[zone.idx()] -= 1;
            self.call_for_fargate();
        }
    }

    /// So many machines can be had from now on: the newest above that are taken
    /// back. Those under notice no longer count.
    pub(super) fn reclaim_spot(&mut self, disruption: usize, at_most: Option<u32>) {
        let mut instances = self.spot_instances_of(disruption);
        let n = n_reclaimed(u32::try_from(instances.len()).expect("fewer than 2^32 instances"), at_most);
        // Ids ascend with age.
        instances.sort_unstable();
        for &instance in instances.iter().rev().take(n as usize) {
            self.give_spot_notice(instance, disruption);
        }
        let mut tasks = self.spot_tasks_of(disruption);
        let n = n_reclaimed(u32::try_from(tasks.len()).expect("fewer than 2^32 tasks"), at_most);
        // Who was asked for last has run least, under every policy.
        tasks.sort_unstable_by_key(|&it| {
            let row = self.cluster.task(it);
            (row.requested_at, row.entity(row.group))
        });
        for &task in tasks.iter().rev().take(n as usize) {
            self.end_fargate_task(task, disruption, StopCode::SpotInterruption);
        }
    }

    /// The Spot instances that a disruption meets and that stay for now.
    pub(super) fn spot_instances_of(&self, disruption: usize) -> Vec<InstanceId> {
        let scope = &self.setup.disruptions[disruption].scope;
        let of_provider = |provider: CapacityProviderId| self.cluster.alive(provider).iter().copied();
        let is_met = |it: &InstanceId| {
            let row = self.cluster.instance(*it);
            row.is_spot
                && row.status != InstanceStatus::Lost
                && !self.disruptions.noticed.contains_key(it)
                && scope.meets(self.machine_of(*it), row.zone)
        };
        self.setup.providers.ids().flat_map(of_provider).filter(is_met).collect()
    }

    /// The wanted tasks on Fargate Spot that a disruption meets.
    fn spot_tasks_of(&self, disruption: usize) -> Vec<TaskId> {
        let scope = &self.setup.disruptions[disruption].scope;
        let is_met = |row: &Task| match row.host {
            Some(Host::Fargate(zone)) => {
                row.is_desired_running
                    && is_on_fargate_spot(row)
                    && scope.meets(Machine::Fargate { is_spot: true }, zone)
            }
            _ => false,
        };
        self.cluster.tasks().filter(|(_, row)| is_met(row)).map(|it| it.0).collect()
    }

    /// Whether an instance is gone, known or not.
    pub(super) fn is_gone(&self, instance: InstanceId) -> bool {
        matches!(self.cluster.instance(instance).status, InstanceStatus::Lost | InstanceStatus::Terminated)
    }
}

fn is_on_fargate_spot(task: &Task) -> bool {
    task.capacity == Capacity::Fargate { is_spot: true }
}
