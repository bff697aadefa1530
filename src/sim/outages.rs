//! Zones that are gone, and tasks that find no machine on Fargate.
//!
//! With a zone its instances are lost: billing ends, and the cluster notices later,
//! as with any other. Tasks on Fargate there end at once: the vendor runs those
//! machines, and knows (MODEL). A task that no zone of Fargate takes waits in
//! PROVISIONING until one does (MODEL; semantics 7.7: it is not moved elsewhere).

use std::collections::VecDeque;

use crate::base::Domain;
use crate::base::id::{Id as _, InstanceId, TaskId, ZoneId};
use crate::disruption::{Kind, Machine};
use crate::model::capacity::Capacity;
use crate::model::options::TieBreak;
use crate::model::task::{Epoch, Host, StopCode, TaskOwner};
use crate::sim::event::Event;
use crate::sim::setup::Unplaced;
use crate::sim::simulation::Simulation;
use crate::sim::watch::{Fact, Watch};

/// A task that no zone of Fargate takes.
#[derive(Clone, Copy, Debug)]
pub(super) struct FargateWaiting {
    task: TaskId,
    /// One that was given up since is recognised by it.
    epoch: Epoch,
}

impl<W: Watch> Simulation<'_, W> {
    /// A zone outage begins.
    pub(super) fn lose_zones(&mut self, disruption: usize) {
        let scope = &self.setup.disruptions[disruption].scope;
        let alive = self.setup.providers.ids().flat_map(|it| self.cluster.alive(it)).copied();
        let is_met = |it: &InstanceId| {
            !self.is_gone(*it) && scope.meets(self.machine_of(*it), self.cluster.instance(*it).zone)
        };
        let instances: Vec<InstanceId> = alive.filter(is_met).collect();
        let tasks = self.cluster.tasks().filter(|(_, row)| match (row.host, row.capacity) {
            (Some(Host::Fargate(zone)), Capacity::Fargate { is_spot }) => {
                row.is_desired_running && scope.meets(Machine::Fargate { is_spot }, zone)
            }
            _ => false,
        });
        let tasks: Vec<TaskId> = tasks.map(|it| it.0).collect();
        let cause = self.disruptions.cause_of(disruption);
        for instance in instances {
            self.note_instance_disrupted(instance, cause);
            self.recorder.instance_failed(self.now);
            self.lose_instance(instance);
        }
        for task in tasks {
            self.end_fargate_task(task, disruption, StopCode::TerminationNotice);
        }
    }

    /// An instance goes with its tasks, for this cause.
    pub(super) fn note_instance_disrupted(&mut self, instance: InstanceId, cause: usize) {
        self.recorder.instance_disrupted(self.now, cause);
        let n_tasks = self.cluster.instance(instance).n_wanted.into();
        self.recorder.tasks_disrupted(self.now, cause, n_tasks);
    }

    /// Whether Fargate starts tasks in a zone now.
    pub(super) fn is_fargate_open(&self, is_spot: bool, zone: ZoneId) -> bool {
        let machine = Machine::Fargate { is_spot };
        let mut met = self.setup.disruptions.iter().filter(|it| it.scope.meets(machine, zone));
        met.all(|it| match &it.kind {
            Kind::ZoneOutage(windows) => !windows.contains(self.now),
            Kind::LaunchFailure(failure) => !failure.refuses_all(self.now),
            kind => {
                let at_most = kind.supply().filter(|_| is_spot).and_then(|it| it.at(self.now));
                let is_of_scope = |zone: &ZoneId| it.scope.meets(machine, *zone);
                let n_of_zone = |zone: ZoneId| self.disruptions.n_on_fargate_spot[zone.idx()];
                let n_running: u32 = self.setup.zones.ids().filter(is_of_scope).map(n_of_zone).sum();
                at_most.is_none_or(|it| n_running < it)
            }
        })
    }

    /// The task gets a machine of its own, in the zone with the fewest of its
    /// group (semantics 5.1) of those that are open; else it waits, or is given
    /// back to a workload that decides once.
    pub(super) fn place_on_fargate(&mut self, task: TaskId) {
        // Behind whoever waits for the same.
        let row = self.cluster.task(task);
        let is_same = |it: &FargateWaiting| {
            let other = self.cluster.task(it.task);
            other.epoch == it.epoch && other.capacity == row.capacity
        };
        let is_dropped = matches!(row.owner, TaskOwner::Standalone { .. })
            && self.setup.standalone.unplaced == Unplaced::Drop;
        if !is_dropped && self.disruptions.fargate_line.iter().any(is_same) {
            self.wait_for_fargate(task);
            self.call_for_fargate();
            return;
        }
        if let Some(zone) = self.fargate_zone(task) {
            self.place_in_fargate_zone(task, zone);
            return;
        }
        self.watch.fact(self.now, Fact::TaskWithoutRoom(row));
        if let TaskOwner::Standalone { arrival } = row.owner
            && is_dropped
        {
            self.take_back_standalone(task);
            self.cluster.cancel_waiting(task);
            self.on_given_back(arrival);
            return;
        }
        self.wait_for_fargate(task);
    }

    fn wait_for_fargate(&mut self, task: TaskId) {
        let waiting = FargateWaiting { task, epoch: self.cluster.task(task).epoch };
        self.disruptions.fargate_line.push_back(waiting);
    }

    /// In which zone a task would be started on Fargate; `None` if in none.
    fn fargate_zone(&self, task: TaskId) -> Option<ZoneId> {
        let placement = self.placement_of(self.service_of(task).map(|it| it.0));
        let row = self.cluster.task(task);
        let draw = match self.setup.options.tie_break {
            TieBreak::Random => self.draw(task, Domain::TieBreak),
            TieBreak::LowestId => 0,
        };
        let n_zones = self.setup.zones.len() as u64;
        // Among equals, the first in a circle that begins anywhere.
        let place = |zone: ZoneId| (u64::from(zone.number()) + n_zones - draw % n_zones) % n_zones;
        let is_spot = row.capacity == Capacity::Fargate { is_spot: true };
        let is_of_subnets = |it: &ZoneId| placement.zones.is_empty() || placement.zones.contains(it);
        let zones = self.setup.zones.ids().filter(is_of_subnets);
        let open = zones.filter(|&it| self.is_fargate_open(is_spot, it));
        open.min_by_key(|&it| (self.cluster.group_on_fargate(row.group, it), place(it)))
    }

    /// The task gets a machine of its own, in this zone.
    pub(super) fn place_in_fargate_zone(&mut self, task: TaskId, zone: ZoneId) {
        self.cluster.place_on_fargate(task, zone);
        self.note_pull(task);
        self.note_placed(task, Host::Fargate(zone));
        self.draw_interruption(task);
    }

    /// Has those who wait for Fargate look again at this moment, once.
    pub(super) fn call_for_fargate(&mut self) {
        if !self.disruptions.fargate_line.is_empty() && !self.disruptions.is_fargate_due {
            self.disruptions.is_fargate_due = true;
            self.queue.schedule(self.now, Event::FargateDue);
        }
    }

    /// Those who wait for Fargate look again, in the order in which they came.
    pub(super) fn on_fargate_due(&mut self) {
        self.disruptions.is_fargate_due = false;
        let mut left = VecDeque::new();
        // Who asks for the same finds no room either.
        let mut refused = Vec::new();
        for waiting in std::mem::take(&mut self.disruptions.fargate_line) {
            let row = self.cluster.task(waiting.task);
            if row.epoch != waiting.epoch {
                continue;
            }
            let key = (self.service_of(waiting.task).map(|it| it.0), row.capacity);
            let zone = if refused.contains(&key) { None } else { self.fargate_zone(waiting.task) };
            match zone {
                Some(zone) => self.place_in_fargate_zone(waiting.task, zone),
                None => {
                    if !refused.contains(&key) {
                        refused.push(key);
                    }
                    left.push_back(waiting);
                }
            }
        }
        self.disruptions.fargate_line = left;
    }

    /// Tasks that wait for Fargate.
    pub(super) fn n_waiting_for_fargate(&self) -> usize {
        let line = self.disruptions.fargate_line.iter();
        line.filter(|it| self.cluster.task(it.task).epoch == it.epoch).count()
    }
}
