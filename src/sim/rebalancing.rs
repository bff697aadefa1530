//! The balance of zones after steady state (developer guide,
//! service-rebalancing): one task more in the emptiest zone, and when it is
//! healthy one less in the fullest. One at a time, on instances that are there,
//! and only while there is room below the maximum (MODEL).

use crate::base::id::{InstanceId, ServiceId, TaskId, ZoneId};
use crate::deployment::zone_balance;
use crate::model::capacity::Capacity;
use crate::model::instance::InstanceStatus;
use crate::model::task::{Epoch, Health, TaskOwner};
use crate::placement::order::RandomOrder;
use crate::placement::{capacity_strategy, placer};
use crate::sim::simulation::Simulation;
use crate::sim::watch::Watch;

impl<W: Watch> Simulation<'_, W> {
    /// The service is steady: whether one of its tasks should be elsewhere.
    pub(super) fn balance_zones(&mut self, service: ServiceId) {
        let policy = &self.setup.services[service];
        let state = &self.services[service];
        let desired_count = self.cluster.service(service).desired_count;
        let is_due = state.retry_at.is_none_or(|at| at <= self.now);
        if !policy.availability_zone_rebalancing
            || state.is_rolling_out
            || state.rebalancing.is_some()
            || !is_due
            || policy.deployment.bounds.upper(desired_count) <= desired_count
        {
            return;
        }
        let zones = self.balanced_zones(service);
        let tasks_per_zone = self.tasks_per_zone(service, &zones);
        let Some((from, to)) = zone_balance::next_move(&tasks_per_zone) else { return };
        // Whose task goes when there is one more: over several providers it need not
        // be in the fullest zone.
        let strategy = &policy.placement.capacity;
        let primary = self.cluster.service(service).primary;
        let leaves = (strategy.items().len() > 1).then(|| {
            let mut counts = self.tasks_by_capacity(service, |it| it == primary);
            let item = capacity_strategy::next(strategy, &counts);
            counts[item] += 1;
            let item = capacity_strategy::last(strategy, &counts).expect("one was added");
            strategy.items()[item].capacity
        });
        // Nothing would come of it if none of the fullest zone may go.
        if !self.may_lose_one(service, zones[from], leaves) {
            return;
        }
        if self.start_in_zone(service, zones[to]).is_none() {
            // Best effort: whoever leaves room is not waited for.
            self.pause(service);
        }
    }

    /// Instances that tasks may be moved to have come, or come back.
    pub(super) fn review_balance(&mut self) {
        for service in self.setup.services.ids() {
            if self.setup.services[service].availability_zone_rebalancing {
                self.review_service(service);
            }
        }
    }

    /// The zones that a service may use now: of its subnets on Fargate, with
    /// instances that will do elsewhere (MODEL).
    pub(super) fn balanced_zones(&self, service: ServiceId) -> Vec<ZoneId> {
        let placement = &self.setup.services[service].placement;
        let zones = self.setup.zones_of(placement);
        if placement.capacity.is_fargate() {
            let is_open = |zone: &ZoneId| {
                let mut items = placement.capacity.items().iter();
                items.any(|it| match it.capacity {
                    Capacity::Fargate { is_spot } => self.is_fargate_open(is_spot, *zone),
                    Capacity::Instances(_) => false,
                })
            };
            return zones.filter(is_open).collect();
        }
        let state = self.cluster.service(service);
        let definition = self.cluster.deployment(state.primary).definition;
        let view = self.view(definition, state.group, RandomOrder::new(0, 0));
        let has_instance = |zone: &ZoneId| {
            placement.capacity.providers().any(|provider| {
                let rules = placement.rules(provider);
                let is_there = |it| self.cluster.instance(it).zone == *zone;
                let mut alive = self.cluster.alive(provider).iter();
                alive.any(|&it| is_there(it) && placer::is_qualified(&rules, &view, it))
            })
        };
        zones.filter(has_instance).collect()
    }

    fn tasks_per_zone(&self, service: ServiceId, zones: &[ZoneId]) -> Vec<u32> {
        let group = self.cluster.service(service).group;
        let mut counts: Vec<u32> = zones.iter().map(|&it| self.cluster.group_on_fargate(group, it)).collect();
        for (instance, n_tasks) in self.cluster.group_instances(group) {
            let zone = self.cluster.instance(instance).zone;
            if let Some(idx) = zones.iter().position(|it| *it == zone) {
                counts[idx] += n_tasks;
            }
        }
        counts
    }

    /// Whether a task of the service in this zone, and of this provider if one is
    /// given, is not protected.
    fn may_lose_one(&self, service: ServiceId, zone: ZoneId, capacity: Option<Capacity>) -> bool {
        self.cluster.service(service).tasks.iter().any(|&task| {
            let task = self.cluster.task(task);
            task.host.map(|it| self.cluster.zone_of(it)) == Some(zone)
                && task.is_desired_running
                && !task.is_protected
                && capacity.is_none_or(|it| task.capacity == it)
        })
    }

    /// One task more, in this zone; `None` if there is no room.
    fn start_in_zone(&mut self, service: ServiceId, zone: ZoneId) -> Option<TaskId> {
        let setup = self.setup;
        let placement = &setup.services[service].placement;
        let primary = self.cluster.service(service).primary;
        let definition = self.cluster.deployment(primary).definition;
        let group = self.cluster.service(service).group;
        let counts = self.tasks_by_capacity(service, |it| it == primary);
        let item = capacity_strategy::next(&placement.capacity, &counts);
        let capacity = placement.capacity.items()[item].capacity;
        let room: Option<InstanceId> = match capacity {
            Capacity::Fargate { is_spot } if !self.is_fargate_open(is_spot, zone) => return None,
            Capacity::Fargate { .. } => None,
            Capacity::Instances(provider) => {
                let rules = placement.rules(provider);
                let view = self.view(definition, group, RandomOrder::new(0, 0));
                let is_there = |it: &InstanceId| {
                    let instance = self.cluster.instance(*it);
                    instance.zone == zone && instance.status == InstanceStatus::Active
                };
                let alive = self.cluster.alive(provider).iter().copied();
                let there = alive.filter(|it| is_there(it) && placer::is_allowed(&rules, &view, *it));
                // As the chain would: what it likes least to lose.
                let there: Vec<InstanceId> = there.collect();
                Some(placer::among(&rules, &view, there)?)
            }
        };
        if self.take_launch_tokens(service, capacity, 1) == 0 {
            return None;
        }
        let launch = self.cluster.service(service).n_launched;
        let owner = TaskOwner::Service { deployment: primary, launch };
        let task = self.cluster.create_task(definition, group, owner, capacity);
        self.services[service].is_changed = true;
        self.services[service].rebalancing = Some((task, self.cluster.task(task).epoch));
        match room {
            Some(instance) => self.place_outside_line(task, instance),
            None => self.place_in_fargate_zone(task, zone),
        }
        Some(task)
    }

    /// The task more is healthy, or will not be: from now on it is one of the
    /// others, and one of those is too many.
    pub(super) fn settle_rebalancing(&mut self, service: ServiceId) {
        if let Some((task, epoch)) = self.services[service].rebalancing {
            let row = self.cluster.task(task);
            if row.epoch != epoch || row.health != Health::Unknown || !row.is_desired_running {
                self.services[service].rebalancing = None;
            }
        }
    }
}

/// The task that a service starts for the balance of zones.
pub(super) type Rebalancing = Option<(TaskId, Epoch)>;
