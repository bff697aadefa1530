//! Tasks on machines of their own: what they cost.

use crate::base::id::{TaskId, ZoneId};
use crate::base::{Money, SimTime};
use crate::billing::fargate::{self, Customer, TaskSize, Usage};
use crate::model::capacity::{Capacity, FargateRates};
use crate::model::container::Platform;
use crate::model::task::{Host, TaskDefinition, TaskStatus};
use crate::record::LedgerLine;
use crate::sim::bill::FargateUse;
use crate::sim::setup::Setup;
use crate::sim::simulation::Simulation;
use crate::sim::watch::Watch;

/// Whose use of Fargate is one line of the bill.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct FargateLine {
    pub(super) is_spot: bool,
    platform: Platform,
    zone: ZoneId,
}

impl FargateLine {
    /// What it is charged.
    pub(super) fn rates(self, setup: &Setup) -> &FargateRates {
        let rates = setup.fargate_rates.of(self.platform, self.is_spot);
        rates.expect("a scenario on Fargate has a price")
    }

    /// Whose it is.
    pub(super) fn customer(self, setup: &Setup) -> Customer<'_> {
        Customer {
            capacity_provider: if self.is_spot { "FARGATE_SPOT" } else { "FARGATE" },
            availability_zone: &setup.zones[self.zone],
            platform: self.platform,
            is_spot: self.is_spot,
        }
    }
}

impl<W: Watch> Simulation<'_, W> {
    /// A task on Fargate was placed: its machine is paid for from the begin of
    /// its image pull.
    pub(super) fn note_pull(&mut self, task: TaskId) {
        let row = self.cluster.task(task);
        let start = &self.lives.of(row).start;
        // A start that fails before the pull never comes to it.
        let begins = if start.fails_before_pull { None } else { Some(self.now + start.before_pull) };
        use crate::base::id::Id as _;
        if self.pulls_from.len() <= task.idx() {
            self.pulls_from.resize(task.idx() + 1, None);
        }
        self.pulls_from[task.idx()] = begins;
    }

    /// A task on Fargate was asked to stop: a pull that has yet to begin will
    /// not.
    pub(super) fn forget_pull(&mut self, task: TaskId) {
        use crate::base::id::Id as _;
        let begins = &mut self.pulls_from[task.idx()];
        *begins = begins.filter(|it| *it <= self.now);
    }

    /// A task on Fargate is refused the registry's token: its pull never begins.
    pub(super) fn never_pulls(&mut self, task: TaskId) {
        use crate::base::id::Id as _;
        self.pulls_from[task.idx()] = None;
    }

    /// A task on Fargate has stopped, or the run is over: its use goes to the
    /// bill.
    pub(super) fn bill_fargate(&mut self, task: TaskId, zone: ZoneId, ended_at: SimTime) {
        use crate::base::id::Id as _;
        let Some(pulls_from) = self.pulls_from[task.idx()].filter(|it| *it < ended_at) else { return };
        let row = self.cluster.task(task);
        let definition = self.cluster.definition(row.definition);
        let blueprint = definition.blueprint.as_deref();
        let platform = blueprint.map_or_else(Platform::default, |it| it.platform);
        let line =
            FargateLine { is_spot: row.capacity == Capacity::Fargate { is_spot: true }, platform, zone };
        let size = TaskSize::of(definition);
        let measured_from = SimTime::ZERO + self.setup.warm_up;
        let minimum = if platform.is_windows { self.setup.bill.windows_minimum } else { fargate::MINIMUM };
        let seconds = fargate::billed_seconds(minimum, pulls_from, ended_at, measured_from);
        let has_address = self.placement_of(self.service_of(task).map(|it| it.0)).has_public_ip;
        let use_of = FargateUse { size, from: pulls_from, seconds, has_address };
        self.end_billing_on_fargate(line, self.cost_owner(task), use_of);
    }

    /// What a task of this definition costs an hour.
    pub(super) fn fargate_hour(&self, definition: &TaskDefinition, is_spot: bool) -> Money {
        let blueprint = definition.blueprint.as_deref();
        let platform = blueprint.map_or_else(Platform::default, |it| it.platform);
        let rates = self.setup.fargate_rates.of(platform, is_spot);
        let rates = rates.expect("a scenario on Fargate has a price");
        let mut hour = Usage::default();
        hour.add(TaskSize::of(definition), 3600);
        let customer = Customer { capacity_provider: "", availability_zone: "", platform, is_spot };
        fargate::lines(customer, &hour, rates).iter().map(LedgerLine::cost).sum()
    }

    /// The horizon: tasks that still run are billed until then.
    pub(super) fn bill_running_on_fargate(&mut self) {
        let alive: Vec<(TaskId, ZoneId)> = self
            .cluster
            .tasks()
            .filter(|(_, task)| task.status != TaskStatus::Stopped)
            .filter_map(|(id, task)| match task.host? {
                Host::Fargate(zone) => Some((id, zone)),
                Host::Instance(_) => None,
            })
            .collect();
        for (task, zone) in alive {
            self.bill_fargate(task, zone, self.now);
        }
    }
}
