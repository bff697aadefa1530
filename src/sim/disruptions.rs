//! What breaks, as a run remembers it: which causes there are, when windows begin
//! and end, what is drawn for an instance at its launch, and which launches are
//! refused.

use std::collections::{BTreeMap, VecDeque};

use crate::base::id::{CapacityProviderId, Id as _, InstanceId, InstanceTypeId, ZoneId};
use crate::base::{SimDuration, SimTime, Table};
use crate::disruption::launch_failure::RETRY;
use crate::disruption::{Kind, Launched, Machine, instance_failure};
use crate::model::capacity::Scaling;
use crate::record::DisruptionRecord;
use crate::sim::event::Event;
use crate::sim::interruptions::Notice;
use crate::sim::outages::FargateWaiting;
use crate::sim::setup::{InstanceChangeKind, Setup};
use crate::sim::simulation::Simulation;
use crate::sim::watch::Watch;

/// What is remembered of what breaks.
pub(super) struct DisruptionState {
    /// For each disruption of the setup the position of its cause in the record.
    cause_of: Vec<usize>,
    /// The cause that instances fail for, if they do.
    failures: Option<usize>,
    /// When a disruption begins, ends or changes: the disruption's position.
    moments: Vec<(SimTime, usize)>,
    /// Launches that were tried, by provider and zone.
    n_attempts: Table<CapacityProviderId, Vec<u32>>,
    /// When a fixed pool tries again to launch what was refused.
    retries_at: Table<CapacityProviderId, Option<SimTime>>,
    /// Spot instances that will be taken back.
    pub(super) noticed: BTreeMap<InstanceId, Notice>,
    /// How often each agent was lost to a disruption, and to how many it is now.
    pub(super) agents: BTreeMap<InstanceId, (u32, u32)>,
    /// Tasks that no zone of Fargate takes.
    pub(super) fargate_line: VecDeque<FargateWaiting>,
    /// Whether they are to look again at this moment.
    pub(super) is_fargate_due: bool,
    /// Wanted tasks on Fargate Spot, by zone.
    pub(super) n_on_fargate_spot: Vec<u32>,
}

/// What of a limited supply is left within one scaling activity, by disruption.
pub(super) type Rooms = BTreeMap<usize, u32>;

impl DisruptionState {
    pub(super) fn new(setup: &Setup) -> Self {
        let names: Vec<&str> = causes(setup);
        let position = |name: &str| names.iter().position(|it| *it == name).expect("every kind is a cause");
        let mut moments: Vec<(SimTime, usize)> = Vec::new();
        for (idx, it) in setup.disruptions.iter().enumerate() {
            let changes = match (it.kind.supply(), it.kind.windows()) {
                (Some(supply), _) => supply.changes(),
                (None, Some(windows)) => windows.edges().collect(),
                (None, None) => Vec::new(),
            };
            moments.extend(changes.into_iter().map(|at| (at, idx)));
        }
        let horizon = SimTime::ZERO + setup.horizon;
        moments.retain(|it| it.0 < horizon);
        moments.sort_unstable();
        Self {
            cause_of: setup.disruptions.iter().map(|it| position(it.kind.entry().name)).collect(),
            failures: names.iter().position(|it| *it == instance_failure::ENTRY.name),
            moments,
            n_attempts: setup.providers.ids().map(|_| vec![0; setup.zones.len()]).collect(),
            retries_at: setup.providers.ids().map(|_| None).collect(),
            noticed: BTreeMap::new(),
            agents: BTreeMap::new(),
            fargate_line: VecDeque::new(),
            is_fargate_due: false,
            n_on_fargate_spot: vec![0; setup.zones.len()],
        }
    }

    /// A record for each cause that a setup has, in the order of its disruptions.
    pub(super) fn causes(setup: &Setup) -> Vec<DisruptionRecord> {
        let horizon = SimTime::ZERO + setup.horizon;
        let of_cause = |name: &str| {
            let same = setup.disruptions.iter().filter(|it| it.kind.entry().name == name);
            let windows = same.filter_map(|it| it.kind.windows()).flat_map(|it| it.iter());
            let cut = windows.filter(|it| it.from < horizon);
            let mut windows: Vec<(u64, u64)> =
                cut.map(|it| (it.from.millis(), it.to.min(horizon).millis())).collect();
            windows.sort_unstable();
            windows.dedup();
            DisruptionRecord::new(name, windows, setup.horizon)
        };
        causes(setup).into_iter().map(of_cause).collect()
    }

    /// The cause that instances fail for.
    pub(super) fn cause_of_failures(&self) -> usize {
        self.failures.expect("only such a disruption schedules a failure")
    }

    /// The cause in the record of a disruption of the setup.
    pub(super) fn cause_of(&self, disruption: usize) -> usize {
        self.cause_of[disruption]
    }
}

/// The kinds of disruption that a setup has, each once.
fn causes(setup: &Setup) -> Vec<&'static str> {
    let mut names = Vec::new();
    for it in &setup.disruptions {
        let name = it.kind.entry().name;
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

impl<W: Watch> Simulation<'_, W> {
    /// Everything that is known beforehand.
    pub(super) fn open_disruptions(&mut self) {
        for number in 0..self.disruptions.moments.len() {
            let at = self.disruptions.moments[number].0;
            let number = u32::try_from(number).expect("fewer than 2^32 moments");
            self.queue.schedule(at, Event::DisruptionChanged(number));
        }
    }

    /// A disruption begins, ends or changes.
    pub(super) fn on_disruption_changed(&mut self, number: u32) {
        let disruption = self.disruptions.moments[number as usize].1;
        match &self.setup.disruptions[disruption].kind {
            Kind::ZoneOutage(windows) if windows.contains(self.now) => self.lose_zones(disruption),
            kind => {
                if let Some(supply) = kind.supply()
                    && supply.reclaims()
                {
                    self.reclaim_spot(disruption, supply.at(self.now));
                }
            }
        }
        // Whatever ended may let them in.
        self.call_for_fargate();
        self.review_balance();
    }

    /// What will happen to an instance that was just launched, found or ordered.
    pub(super) fn draw_disruptions(&mut self, instance: InstanceId, provider: CapacityProviderId) {
        if self.setup.disruptions.is_empty() {
            return;
        }
        let row = self.cluster.instance(instance);
        let of = Launched { provider, zone: row.zone, launch: row.launch };
        let (is_spot, machine) = (row.is_spot, self.machine_of(instance));
        let mut fails_after: Option<SimDuration> = None;
        for (idx, it) in self.setup.disruptions.iter().enumerate() {
            if !it.scope.meets(machine, of.zone) {
                continue;
            }
            let number = u32::try_from(idx).expect("a few disruptions");
            match &it.kind {
                Kind::InstanceFailure(lifetime) => {
                    let lifetime = lifetime.draw(self.seed, of, it.ordinal);
                    fails_after = Some(fails_after.map_or(lifetime, |other| other.min(lifetime)));
                }
                Kind::SpotInterruption(rate) if is_spot => {
                    let after = rate.draw_instance(self.seed, of, it.ordinal);
                    self.queue.schedule(self.now + after, Event::SpotNoticeGiven(instance, number));
                }
                Kind::AgentDisconnect(agents) => {
                    let after = agents.draw(self.seed, of, it.ordinal, 0);
                    self.queue.schedule(self.now + after, Event::AgentLost(instance, number));
                }
                _ => (),
            }
        }
        if let Some(lifetime) = fails_after {
            self.queue.schedule(self.now + lifetime, Event::InstanceFailed(instance));
        }
    }

    /// How long an instance takes from its launch until it registers: the longest
    /// of what was drawn for it.
    pub(super) fn boot_time(&self, of: Launched, instance_type: InstanceTypeId) -> SimDuration {
        let machine = Machine::Instance { provider: of.provider, instance_type };
        let drawn = self.setup.disruptions.iter().filter_map(|it| match &it.kind {
            Kind::SlowStart(slow) if it.scope.meets(machine, of.zone) => slow.draw(self.seed, of, it.ordinal),
            _ => None,
        });
        drawn.max().unwrap_or(self.setup.options.instance_boot)
    }

    /// What an instance is to the filters of disruptions.
    pub(super) fn machine_of(&self, instance: InstanceId) -> Machine {
        let row = self.cluster.instance(instance);
        Machine::Instance { provider: row.provider, instance_type: row.instance_type }
    }

    /// Where the provider's next instance is launched, and which of its types: the
    /// first type of the first zone that is not refused, zones with the fewest
    /// instances first. `None` if all refuse.
    pub(super) fn find_capacity(
        &mut self,
        provider: CapacityProviderId,
        is_spot: bool,
        by_zone: &[u32],
        rooms: &mut Rooms,
    ) -> Option<(ZoneId, usize)> {
        let mut zones = self.setup.providers[provider].zones.clone();
        zones.sort_by_key(|it| (by_zone[it.idx()], *it));
        for zone in zones {
            for idx in 0..self.providers[provider].launch_order[usize::from(is_spot)].len() {
                let kind = self.providers[provider].launch_order[usize::from(is_spot)][idx];
                let instance_type = self.setup.providers[provider].instance_types[kind];
                match self.refusal(provider, instance_type, is_spot, zone, rooms) {
                    None => return Some((zone, kind)),
                    Some(disruption) => {
                        let cause = self.disruptions.cause_of(disruption);
                        self.recorder.launch_refused(self.now, cause);
                    }
                }
            }
        }
        None
    }

    /// The disruption that refuses this launch now; `None` if it succeeds.
    fn refusal(
        &mut self,
        provider: CapacityProviderId,
        instance_type: InstanceTypeId,
        is_spot: bool,
        zone: ZoneId,
        rooms: &mut Rooms,
    ) -> Option<usize> {
        let setup = self.setup;
        let machine = Machine::Instance { provider, instance_type };
        let attempt = &mut self.disruptions.n_attempts[provider][zone.idx()];
        let of = Launched { provider, zone, launch: *attempt };
        *attempt += 1;
        let meets = |it: &usize| setup.disruptions[*it].scope.meets(machine, zone);
        let meant: Vec<usize> = (0..setup.disruptions.len()).filter(meets).collect();
        let mut limits = Vec::new();
        for &idx in &meant {
            let it = &setup.disruptions[idx];
            let refuses = match &it.kind {
                Kind::ZoneOutage(windows) => windows.contains(self.now),
                Kind::LaunchFailure(failure) => failure.refuses(self.now, self.seed, of, it.ordinal),
                _ => false,
            };
            if refuses {
                return Some(idx);
            }
            let at_most = it.kind.supply().filter(|_| is_spot).and_then(|it| it.at(self.now));
            if let Some(at_most) = at_most {
                if *rooms.entry(idx).or_insert_with(|| self.room_on_spot(idx, at_most)) == 0 {
                    return Some(idx);
                }
                limits.push(idx);
            }
        }
        for idx in limits {
            *rooms.get_mut(&idx).expect("it was counted") -= 1;
        }
        None
    }

    /// How many Spot instances may be launched where `at_most` can be had.
    fn room_on_spot(&self, disruption: usize, at_most: u32) -> u32 {
        let n_running = match at_most {
            0 => 0,
            _ => self.spot_instances_of(disruption).len(),
        };
        at_most.saturating_sub(u32::try_from(n_running).expect("fewer than 2^32 instances"))
    }

    /// Every zone and type refused. Managed scaling asks again with its next point;
    /// a fixed pool as often.
    pub(super) fn note_launch_refused(&mut self, provider: CapacityProviderId) {
        let is_fixed = self.setup.providers[provider].scaling == Scaling::Fixed;
        let at = self.now + RETRY;
        if is_fixed && self.disruptions.retries_at[provider].is_none_or(|it| it <= self.now) {
            self.disruptions.retries_at[provider] = Some(at);
            self.queue.schedule(at, Event::CapacityReviewed(provider));
        }
    }

    /// The agent is no longer heard.
    pub(super) fn on_agent_lost(&mut self, instance: InstanceId, disruption: u32) {
        if self.is_gone(instance) {
            return;
        }
        let Kind::AgentDisconnect(agents) = self.setup.disruptions[disruption as usize].kind else {
            unreachable!("only such a disruption loses an agent");
        };
        let cause = self.disruptions.cause_of(disruption as usize);
        self.recorder.instance_disrupted(self.now, cause);
        let state = self.disruptions.agents.entry(instance).or_default();
        state.0 += 1;
        state.1 += 1;
        self.change_instance(instance, &InstanceChangeKind::AgentConnected(false));
        self.queue.schedule(self.now + agents.duration, Event::AgentFound(instance, disruption));
    }

    /// The agent is heard again, and will be lost again.
    pub(super) fn on_agent_found(&mut self, instance: InstanceId, disruption: u32) {
        if self.is_gone(instance) {
            return;
        }
        let it = &self.setup.disruptions[disruption as usize];
        let Kind::AgentDisconnect(agents) = it.kind else {
            unreachable!("only such a disruption finds an agent");
        };
        let state = self.disruptions.agents.get_mut(&instance).expect("it was lost");
        state.1 -= 1;
        let (n_lost, n_silent) = *state;
        if n_silent == 0 {
            self.change_instance(instance, &InstanceChangeKind::AgentConnected(true));
        }
        let row = self.cluster.instance(instance);
        let of = Launched { provider: row.provider, zone: row.zone, launch: row.launch };
        let after = agents.draw(self.seed, of, it.ordinal, n_lost);
        self.queue.schedule(self.now + after, Event::AgentLost(instance, disruption));
    }
}
