//! What a run comes to: use is kept as the run goes, lines are made of it at its
//! end.

mod hours;
mod lines;
mod scans;
mod services;

use std::collections::BTreeMap;

use hours::Hours;

use crate::base::id::{CapacityProviderId, Id as _, InstanceId, InstanceTypeId, TaskId, ZoneId};
use crate::base::{Money, SimTime};
use crate::billing::attribution::Reserved;
use crate::billing::fargate::Usage;
use crate::billing::{self, commitments};
use crate::disruption::{Kind, Machine};
use crate::model::Cluster;
use crate::model::instance::InstanceStatus;
use crate::model::task::{Host, Needs};
use crate::record::CostOwner;
use crate::sim::fargate::FargateLine;
use crate::sim::setup::Setup;
use crate::sim::simulation::Simulation;
use crate::sim::watch::Watch;

/// Whose use of instances is one line of the bill.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct InstanceUse {
    provider: CapacityProviderId,
    instance_type: InstanceTypeId,
    is_spot: bool,
    zone: ZoneId,
}

/// What is known of the bill so far. Owners are counted: services in their
/// order, then stand-alone tasks.
pub(super) struct Bill {
    n_owners: usize,
    /// Where each line of instances is summed.
    lines: BTreeMap<InstanceUse, u32>,
    instances: Vec<InstanceBill>,
    /// For each instance the line of its use.
    line_of: Vec<LineOf>,
    pub(super) fargate: BTreeMap<FargateLine, FargateBill>,
    /// What commitments may cover, hour by hour.
    hours: Hours,
    /// Starts of tasks while measured, by owner.
    n_pulls: Vec<u64>,
}

/// The line of an instance's use, looked up for every task.
#[derive(Clone, Copy, PartialEq, Eq)]
enum LineOf {
    /// Nothing was billed on it yet.
    Unknown,
    /// This one.
    Line(u32),
    /// It is no longer billed.
    Ended,
}

/// Use of instances of one line.
struct InstanceBill {
    seconds: u64,
    n_uses: u64,
    /// What they registered, over the time that is billed.
    there: Reserved,
    /// Where their price changes: it times milliseconds.
    price_millis: i128,
    /// What tasks had of them, by owner.
    reserved: Vec<Held>,
}

impl InstanceBill {
    fn new(n_owners: usize) -> Self {
        Self {
            seconds: 0,
            n_uses: 0,
            there: Reserved::default(),
            price_millis: 0,
            reserved: vec![Held::default(); n_owners],
        }
    }
}

/// An amount times milliseconds that is summed from its ends: a moment is taken
/// off where something begins to be held, and added where it no longer is.
#[derive(Clone, Copy, Default)]
struct Held {
    cpu_ms: i128,
    memory_ms: i128,
}

impl Held {
    /// Begins or ends to be held at `millis`. Each product is below 2^96, so that
    /// 2^31 tasks may come and go.
    fn add(&mut self, needs: Needs, millis: u64, is_begin: bool) {
        let product = |amount: u32| u128::from(amount).wrapping_mul(u128::from(millis)) as i128;
        let sign = if is_begin { i128::wrapping_sub } else { i128::wrapping_add };
        self.cpu_ms = sign(self.cpu_ms, product(needs.cpu.0));
        self.memory_ms = sign(self.memory_ms, product(needs.memory.0));
    }

    fn reserved(self) -> Reserved {
        debug_assert!(self.cpu_ms >= 0 && self.memory_ms >= 0, "what is held ends after it begins");
        let of = |it: i128| u128::try_from(it).unwrap_or(0);
        Reserved { cpu_ms: of(self.cpu_ms), memory_ms: of(self.memory_ms) }
    }
}

/// Use of Fargate of one line a meter.
#[derive(Default)]
pub(super) struct FargateBill {
    usage: Usage,
    of_owners: BTreeMap<usize, FargateShare>,
}

/// What of it is one owner's.
#[derive(Clone, Copy, Default)]
struct FargateShare {
    usage: Usage,
    /// Seconds and tasks with public addresses.
    address_seconds: u64,
    n_addresses: u64,
}

impl Bill {
    /// Of a run in which nothing has happened.
    pub(super) fn new(setup: &Setup) -> Self {
        let n_owners = setup.services.len() + 1;
        Self {
            n_owners,
            lines: BTreeMap::new(),
            instances: Vec::new(),
            line_of: Vec::new(),
            fargate: BTreeMap::new(),
            hours: Hours::new(setup),
            n_pulls: vec![0; n_owners],
        }
    }

    /// The line of an instance; `None` if it is no longer billed.
    fn line(&mut self, instance: InstanceId, of: impl FnOnce() -> InstanceUse) -> Option<&mut InstanceBill> {
        if self.line_of.len() <= instance.idx() {
            self.line_of.resize(instance.idx() + 1, LineOf::Unknown);
        }
        let line = match self.line_of[instance.idx()] {
            LineOf::Ended => return None,
            LineOf::Line(line) => line,
            LineOf::Unknown => {
                let next = u32::try_from(self.instances.len()).expect("fewer than 2^32 lines");
                let line = *self.lines.entry(of()).or_insert(next);
                if line == next {
                    self.instances.push(InstanceBill::new(self.n_owners));
                }
                self.line_of[instance.idx()] = LineOf::Line(line);
                line
            }
        };
        Some(&mut self.instances[line as usize])
    }

    /// An instance is no longer billed.
    fn end(&mut self, instance: InstanceId) {
        if self.line_of.len() <= instance.idx() {
            self.line_of.resize(instance.idx() + 1, LineOf::Unknown);
        }
        self.line_of[instance.idx()] = LineOf::Ended;
    }

    fn has_ended(&self, instance: InstanceId) -> bool {
        self.line_of.get(instance.idx()) == Some(&LineOf::Ended)
    }

    /// Lines of instances in the order of what they are of.
    fn of_instances(&self) -> impl Iterator<Item = (InstanceUse, &InstanceBill)> {
        self.lines.iter().map(|(&of, &line)| (of, &self.instances[line as usize]))
    }

    /// All that may own a part of a line, in their order; who is idle is last.
    fn owners(&self) -> impl Iterator<Item = CostOwner> + '_ {
        let services = 0..u32::try_from(self.n_owners - 1).expect("a few services");
        services.map(CostOwner::Service).chain([CostOwner::StandaloneTasks, CostOwner::Idle])
    }
}

impl<W: Watch> Simulation<'_, W> {
    /// Whose the costs of a task are: the position of its service, or the one
    /// after all services.
    pub(super) fn cost_owner(&self, task: TaskId) -> usize {
        self.service_of(task).map_or(self.setup.services.len(), |it| it.0.idx())
    }

    /// A task has room on an instance from now on (`true`), or no longer.
    pub(super) fn bill_room(&mut self, task: TaskId, is_begin: bool) {
        let Some(Host::Instance(id)) = self.cluster.task(task).host else { return };
        let owner = self.cost_owner(task);
        let needs = self.cluster.definition(self.cluster.task(task).definition).needs;
        let measured_from = SimTime::ZERO + self.setup.warm_up;
        let millis = self.now.max(measured_from).millis();
        let cluster = &self.cluster;
        if let Some(line) = self.bill.line(id, || InstanceUse::of(cluster, id)) {
            line.reserved[owner].add(needs, millis, is_begin);
        }
    }

    /// A task on an instance pulls its image.
    pub(super) fn bill_pull(&mut self, task: TaskId) {
        if self.recorder.is_measured(self.now) {
            let owner = self.cost_owner(task);
            self.bill.n_pulls[owner] += 1;
        }
    }

    /// The instance's use goes to the bill, and with it what its tasks had of
    /// it; what ended before it was measured is no use.
    pub(super) fn end_billing(&mut self, id: InstanceId) {
        if self.bill.has_ended(id) {
            return;
        }
        for idx in 0..self.cluster.tasks_on(id).len() {
            self.bill_room(self.cluster.tasks_on(id)[idx], false);
        }
        let line = InstanceUse::of(&self.cluster, id);
        let instance = self.cluster.instance(id);
        let measured_from = SimTime::ZERO + self.setup.warm_up;
        let (launched_at, registered) = (instance.launched_at, instance.registered);
        let seconds = billing::instance::billed_seconds(launched_at, self.now, measured_from);
        if seconds == 0 {
            self.bill.end(id);
            return;
        }
        let prices = spot_prices(self.setup, line);
        let price_millis = prices.map_or(0, |it| {
            billing::instance::price_times_millis(it, launched_at.max(measured_from), seconds)
        });
        let bill = self.bill.line(id, || line).expect("it is billed until now");
        bill.price_millis += price_millis;
        bill.seconds += seconds;
        bill.n_uses += 1;
        let millis = u128::from(seconds) * 1000;
        bill.there.cpu_ms += u128::from(registered.cpu.0) * millis;
        bill.there.memory_ms += u128::from(registered.memory.0) * millis;
        if !line.is_spot {
            let key = hours::UsageKey::Instances(line);
            self.bill.hours.add(key, launched_at.max(measured_from), seconds, 1);
        }
        self.bill.end(id);
    }

    /// A use of Fargate goes to the bill.
    pub(super) fn end_billing_on_fargate(&mut self, line: FargateLine, owner: usize, use_of: FargateUse) {
        let FargateUse { size, from, seconds, has_address } = use_of;
        if seconds == 0 {
            return;
        }
        let bill = self.bill.fargate.entry(line).or_default();
        bill.usage.add(size, seconds);
        let share = bill.of_owners.entry(owner).or_default();
        share.usage.add(size, seconds);
        if has_address {
            share.address_seconds += seconds;
            share.n_addresses += 1;
        }
        self.bill.n_pulls[owner] += u64::from(self.recorder.is_measured(from));
        if !line.is_spot {
            let from = from.max(SimTime::ZERO + self.setup.warm_up);
            let hours = &mut self.bill.hours;
            hours.add(hours::UsageKey::FargateVcpu(line), from, seconds, size.cpu.0.into());
            hours.add(hours::UsageKey::FargateMemory(line), from, seconds, size.memory.0.into());
        }
    }

    /// The horizon: instances that still run are billed until then.
    pub(super) fn bill_running(&mut self) {
        self.now = SimTime::ZERO + self.setup.horizon;
        for provider in self.setup.providers.ids() {
            for idx in 0..self.cluster.alive(provider).len() {
                let id = self.cluster.alive(provider)[idx];
                if self.cluster.instance(id).status != InstanceStatus::Lost {
                    self.end_billing(id);
                }
            }
        }
    }
}

/// The prices over time of Spot instances of a line, where they are given.
fn spot_prices(setup: &Setup, line: InstanceUse) -> Option<&[(SimTime, Money)]> {
    let machine = Machine::Instance { provider: line.provider, instance_type: line.instance_type };
    let met = setup.disruptions.iter().filter(|it| line.is_spot && it.scope.meets(machine, line.zone));
    met.filter_map(|it| match &it.kind {
        Kind::SpotPrice(prices) => Some(prices.steps()),
        _ => None,
    })
    .next()
}

/// A task's use of Fargate.
pub(super) struct FargateUse {
    pub(super) size: billing::fargate::TaskSize,
    /// The begin of its pull.
    pub(super) from: SimTime,
    /// Billed.
    pub(super) seconds: u64,
    /// Whether it had a public address.
    pub(super) has_address: bool,
}

impl InstanceUse {
    /// What the use of an instance is billed as.
    fn of(cluster: &Cluster, id: InstanceId) -> Self {
        let instance = cluster.instance(id);
        Self {
            provider: instance.provider,
            instance_type: instance.instance_type,
            is_spot: instance.is_spot,
            zone: instance.zone,
        }
    }

    /// What a reservation or a plan calls it.
    fn usage_kind(self, setup: &Setup) -> commitments::UsageKind<'_> {
        commitments::UsageKind::Instances(&setup.instance_types[self.instance_type].name)
    }
}
