//! Looks at the whole cluster, too dear to take at every change: what is free
//! and of no use, in equal steps; and what a re-placement would free, once a
//! period (option `replacement_period`). A look sees how things stand between
//! two moments of events.
//!
//! A look costs one question for each instance and class of the mix. The mix is
//! the definitions of those who hold room or wait, daemons left out; of many the
//! [`MIX_MAX`] with the most tasks.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use crate::base::id::{CapacityProviderId, GroupId, Id as _, InstanceId, TaskDefinitionId};
use crate::base::{CpuUnits, MemoryMib, SimDuration, SimTime};
use crate::bounds::problem::{self, Class, N_RESOURCES, Vector};
use crate::bounds::repack::{self, Room};
use crate::bounds::stranded::{Admission, Stranded, stranded};
use crate::model::capacity::Scaling;
use crate::model::deployment::SchedulingStrategy;
use crate::model::held::HeldCell;
use crate::model::instance::InstanceStatus;
use crate::model::network::RESERVED_PORTS_MAX;
use crate::model::task::Needs;
use crate::placement::order::RandomOrder;
use crate::record::{PlacementReason, Replacement, Resource, StrandedAmounts, StrandedCause};
use crate::sim::floors::{is_distinct, pico_usd};
use crate::sim::setup::Placement;
use crate::sim::simulation::Simulation;
use crate::sim::watch::Watch;

/// How often a run is looked at for stranded capacity.
const N_LOOKS: u64 = 128;
/// More definitions than this are not asked.
const MIX_MAX: usize = 32;
/// Resources that are looked at: reserved ports are never registered by the
/// hundred to be used.
const LOOKED_AT: [Resource; 4] =
    [Resource::Cpu, Resource::Memory, Resource::NetworkInterfaces, Resource::Gpus];

/// When the next looks are due.
pub(super) struct Looks {
    stranded_at: SimTime,
    stranded_step: SimDuration,
    replacement_at: SimTime,
    /// Nothing if nobody wants to know.
    replacement_period: SimDuration,
    /// What the last re-placement would have moved, ascending.
    moved: Vec<u64>,
    known: KnownStranded,
}

/// What is stranded of an instance where only room decides, by what is free on it:
/// from one look to the next few instances have room that none had before.
#[derive(Default)]
struct KnownStranded {
    /// For these classes.
    mix: Vec<Class>,
    /// The rooms, by what is free; only looked up.
    room_of: FxHashMap<Needs, u32>,
    /// Rooms that were met last, by a few bits of what they are.
    recent: Vec<(Needs, u32)>,
    rooms: Vec<KnownRoom>,
}

/// So many rooms are found without a look at the table: two to this.
const RECENT_BITS: u32 = 10;
/// More than any instance has.
const NO_ROOM: Needs =
    Needs { gpus: u32::MAX, network_interfaces: u32::MAX, ..Needs::of(CpuUnits(0), MemoryMib(0)) };

/// Room that some instance has or had.
struct KnownRoom {
    stranded: [Stranded; N_RESOURCES],
    /// How many instances have it at this look.
    n_instances: u64,
}

impl KnownStranded {
    fn clear(&mut self) {
        self.room_of.clear();
        self.recent.clear();
        self.rooms.clear();
    }

    /// One more instance with this room, of which `stranded` says what is.
    #[inline]
    fn count(&mut self, free: Needs, stranded: impl FnOnce(&[Class]) -> [Stranded; N_RESOURCES]) {
        // Most are found without the table.
        let key = u64::from(free.cpu.0) << 32 | u64::from(free.memory.0);
        let slot = (key.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (u64::BITS - RECENT_BITS)) as usize;
        let recent = self.recent.get(slot).filter(|it| it.0 == free);
        let room = match recent {
            Some(known) => known.1,
            None => {
                let room = self.look_up(free, stranded);
                self.recent.resize(1 << RECENT_BITS, (NO_ROOM, 0));
                self.recent[slot] = (free, room);
                room
            }
        };
        self.rooms[room as usize].n_instances += 1;
    }

    #[inline(never)]
    fn look_up(&mut self, free: Needs, stranded: impl FnOnce(&[Class]) -> [Stranded; N_RESOURCES]) -> u32 {
        let next = u32::try_from(self.rooms.len()).expect("some times as many as instances");
        *self.room_of.entry(free).or_insert_with(|| {
            self.rooms.push(KnownRoom { stranded: stranded(&self.mix), n_instances: 0 });
            next
        })
    }
}

/// A definition of the mix.
struct Wanted<'a> {
    owner: usize,
    placement: &'a Placement,
    definition: TaskDefinitionId,
    class: Class,
    is_distinct: bool,
}

/// Adds what is stranded on so many instances.
fn add_stranded(amounts: &mut StrandedAmounts, found: &[Stranded; N_RESOURCES], n_instances: u64) {
    for resource in LOOKED_AT {
        let found = found[resource as usize];
        let amounts = &mut amounts[resource as usize];
        amounts[found.cause as usize] += n_instances * found.held_back;
        amounts[StrandedCause::Remainder as usize] += n_instances * found.remainder;
    }
}

impl Looks {
    pub(super) fn new(horizon: SimDuration, warm_up: SimDuration, replacement_period: SimDuration) -> Self {
        // The first that is measured, of those at multiples of the period.
        let period = replacement_period.millis().max(1);
        let first = warm_up.millis().div_ceil(period).max(1) * period;
        Self {
            stranded_at: SimTime::ZERO,
            stranded_step: SimDuration::from_millis(horizon.millis().div_ceil(N_LOOKS).max(1)),
            replacement_at: match replacement_period {
                SimDuration::ZERO => SimTime::from_millis(u64::MAX),
                _ => SimTime::from_millis(first),
            },
            replacement_period,
            moved: Vec::new(),
            known: KnownStranded::default(),
        }
    }
}

impl<W: Watch> Simulation<'_, W> {
    /// Things stay as they are until then: takes the looks that are due before.
    #[inline]
    pub(super) fn look_until(&mut self, until: SimTime) {
        if self.looks.stranded_at.min(self.looks.replacement_at) < until {
            self.take_looks_until(until);
        }
    }

    #[inline(never)]
    fn take_looks_until(&mut self, until: SimTime) {
        if self.looks.stranded_at < until {
            let mut known = std::mem::take(&mut self.looks.known);
            let (registered, amounts) = self.stranded(&mut known);
            self.looks.known = known;
            while self.looks.stranded_at < until {
                self.floors.recorder.stranded(self.looks.stranded_at, registered, &amounts);
                self.looks.stranded_at = self.looks.stranded_at + self.looks.stranded_step;
            }
        }
        let period = self.looks.replacement_period;
        while self.looks.replacement_at < until {
            let at = self.looks.replacement_at;
            let found = self.replacement(at);
            self.floors.recorder.replacement(found);
            self.looks.replacement_at = at + period;
        }
    }

    fn is_daemon(&self, owner: usize) -> bool {
        let service = self.service_of_owner(owner);
        service.is_some_and(|it| self.setup.services[it].scheduling == SchedulingStrategy::Daemon)
    }

    fn wanted(&self, owner: usize, definition: TaskDefinitionId) -> Wanted<'_> {
        let placement = self.placement_of(self.service_of_owner(owner));
        Wanted {
            owner,
            placement,
            definition,
            class: Class::of(self.cluster.definition(definition), None),
            is_distinct: is_distinct(placement),
        }
    }

    /// The definitions of those who hold room or wait.
    fn mix(&self) -> Vec<Wanted<'_>> {
        let mut counts: BTreeMap<(usize, TaskDefinitionId), u64> = BTreeMap::new();
        for (cell, n) in self.cluster.all_held() {
            *counts.entry((cell.owner, cell.definition)).or_default() += u64::from(n);
        }
        for class in self.setup.providers.ids().flat_map(|it| self.line.waiting_classes(it)) {
            let owner = class.key.service.map_or(self.setup.services.len(), |it| it.idx());
            let n = class.queue.iter().filter(|it| self.cluster.task(it.task).epoch == it.epoch).count();
            if n > 0 {
                *counts.entry((owner, class.key.definition)).or_default() += n as u64;
            }
        }
        let mut most: Vec<_> = counts.into_iter().filter(|it| !self.is_daemon(it.0.0)).collect();
        most.sort_by_key(|&(key, n)| (std::cmp::Reverse(n), key));
        most.truncate(MIX_MAX);
        // In an order that does not change with every task that comes.
        most.sort_unstable_by_key(|it| it.0);
        most.into_iter().map(|((owner, definition), _)| self.wanted(owner, definition)).collect()
    }

    /// Whether only room decides where a task may go.
    fn is_plain(&self, wanted: &Wanted<'_>) -> bool {
        let placement = wanted.placement;
        placement.constraints.is_empty()
            && placement.zones.is_empty()
            && wanted.class.ports.is_empty()
            && self.cluster.demands(wanted.definition).is_empty()
    }

    /// Whether a task may go to an instance, its room aside.
    fn admission(&self, wanted: &Wanted<'_>, id: InstanceId) -> Admission {
        let instance = self.cluster.instance(id);
        let zones = &wanted.placement.zones;
        let needs = self.cluster.definition(wanted.definition).needs;
        if !zones.is_empty() && needs.network_interfaces > 0 && !zones.contains(&instance.zone) {
            return Admission::Refused(StrandedCause::Zone);
        }
        // Whatever their group: those of stand-alone tasks are many.
        let group = GroupId::from_idx(wanted.owner);
        let view = self.view(wanted.definition, group, RandomOrder::new(0, 0));
        let demands = self.cluster.demands(wanted.definition);
        let is_service = wanted.owner < self.setup.services.len();
        let is_met = wanted.placement.constraints.iter().all(|it| {
            let is_of_group = it.reason() == PlacementReason::DistinctInstance && !is_service;
            is_of_group || it.allows(&view, id)
        });
        if !is_met
            || !self.cluster.is_capable(wanted.definition, id)
            || demands.member_of.iter().any(|&it| !self.cluster.matches(it, id))
        {
            return Admission::Refused(StrandedCause::Constraint);
        }
        if !wanted.class.ports.is_empty() {
            let definition = self.cluster.definition(wanted.definition);
            return match self.cluster.ports_on(id).have_room_for(definition) {
                true => Admission::Upto(1),
                false => Admission::Refused(StrandedCause::Ports),
            };
        }
        Admission::Upto(if wanted.is_distinct { 1 } else { u64::MAX })
    }

    /// What is registered, and what of it is free and cannot be used, by
    /// resource and cause.
    fn stranded(&self, known: &mut KnownStranded) -> ([u64; Resource::ALL.len()], StrandedAmounts) {
        let mix = self.mix();
        let mut registered = [0; Resource::ALL.len()];
        let mut amounts = StrandedAmounts::default();
        for provider in self.setup.providers.ids() {
            let mix: Vec<&Wanted<'_>> = mix.iter().filter(|it| it.placement.uses(provider)).collect();
            let mut admissions = Vec::with_capacity(mix.len());
            // Where no rule tells instances apart, equal room is equally stranded.
            let is_plain = mix.iter().all(|it| self.is_plain(it));
            if is_plain && !mix.iter().map(|it| &it.class).eq(&known.mix) {
                known.mix = mix.iter().map(|it| it.class.clone()).collect();
                known.clear();
            }
            // As many as are asked for once more, and no record of all there ever were.
            if known.rooms.len() > 4 * self.cluster.alive(provider).len().max(64) {
                known.clear();
            }
            let sums = self.cluster.provider_totals(provider).registered;
            registered[Resource::Cpu as usize] += sums.cpu;
            registered[Resource::Memory as usize] += sums.memory;
            registered[Resource::NetworkInterfaces as usize] += sums.network_interfaces;
            registered[Resource::Gpus as usize] += sums.gpus;
            for &id in self.cluster.alive(provider) {
                let instance = self.cluster.instance(id);
                if instance.status == InstanceStatus::Lost {
                    continue;
                }
                if !instance.takes_tasks() {
                    let free = self.free(id);
                    let is_needed = |it: &Resource| mix.iter().any(|of| of.class.needs[*it as usize] > 0);
                    for resource in LOOKED_AT.into_iter().filter(is_needed) {
                        amounts[resource as usize][StrandedCause::State as usize] += free[resource as usize];
                    }
                } else if is_plain {
                    known.count(instance.free, |mix| {
                        let mix = mix.iter().map(|it| (it, Admission::Upto(u64::MAX)));
                        stranded(&self.free(id), mix)
                    });
                } else {
                    let free = self.free(id);
                    admissions.clear();
                    admissions.extend(mix.iter().map(|it| (&it.class, self.admission(it, id))));
                    add_stranded(&mut amounts, &stranded(&free, admissions.iter().copied()), 1);
                }
            }
            for room in known.rooms.iter_mut().filter(|it| it.n_instances > 0) {
                add_stranded(&mut amounts, &room.stranded, room.n_instances);
                room.n_instances = 0;
            }
        }
        (registered, amounts)
    }

    fn free(&self, id: InstanceId) -> Vector {
        let ports = RESERVED_PORTS_MAX.saturating_sub(self.cluster.ports_on(id).n_reserved());
        problem::vector(self.cluster.instance(id).free, ports as u64)
    }

    /// How many instances a group can do without.
    fn spare(&self, provider: CapacityProviderId) -> usize {
        let row = &self.setup.providers[provider];
        match row.scaling {
            // A fixed pool is paid for whatever is on it.
            Scaling::Fixed => 0,
            Scaling::Managed(_) => self.n_in_service(provider).saturating_sub(row.min_size) as usize,
        }
    }

    /// What a re-placement at this moment would do.
    fn replacement(&mut self, at: SimTime) -> Replacement {
        let period = self.looks.replacement_period;
        let horizon = SimTime::ZERO + self.setup.horizon;
        let lasts_ms = (at + period).min(horizon).millis() - at.millis();
        let spare: Vec<usize> = self.setup.providers.ids().map(|it| self.spare(it)).collect();
        if spare.iter().all(|&it| it == 0) {
            // Nothing can be given back, and so nothing is moved.
            self.looks.moved.clear();
            let n_instances = self.setup.providers.ids().map(|it| self.n_in_service(it)).sum();
            return Replacement { at_ms: at.millis(), lasts_ms, n_instances, ..Replacement::default() };
        }
        let mut wanted: Vec<Wanted<'_>> = Vec::new();
        let mut class_of: BTreeMap<HeldCell, usize> = BTreeMap::new();
        let (mut rooms, mut ids) = (Vec::new(), Vec::new());
        let mut n_instances = 0;
        for provider in self.setup.providers.ids() {
            for id in self.in_service(provider) {
                n_instances += 1;
                let instance = self.cluster.instance(id);
                if !instance.takes_tasks() {
                    continue;
                }
                let mut classes = Vec::new();
                let mut movable = Some(Vec::new());
                for &task in self.cluster.tasks_on(id) {
                    let row = self.cluster.task(task);
                    let owner = row.group.idx().min(self.setup.services.len());
                    let cell =
                        HeldCell { owner, definition: row.definition, is_wanted: row.is_desired_running };
                    let class = *class_of.entry(cell).or_insert_with(|| {
                        let mut it = self.wanted(owner, row.definition);
                        // Of stand-alone tasks all are apart: their groups are many.
                        let is_apart = it.is_distinct && row.is_desired_running;
                        it.class.apart = is_apart.then_some(owner as u32);
                        wanted.push(it);
                        wanted.len() - 1
                    });
                    classes.push(class);
                    let is_movable = row.is_desired_running && !row.is_protected;
                    match (self.is_daemon(owner), is_movable, &mut movable) {
                        (true, ..) | (_, _, None) => (),
                        (false, true, Some(movable)) => {
                            movable.push((class, u64::from(task.number()) << 32 | u64::from(row.epoch.0)));
                        }
                        (false, false, movable) => *movable = None,
                    }
                }
                let own = self.cluster.ports_on(id).statics().filter(|it| it.1.is_none()).count();
                rooms.push(Room {
                    free: self.free(id),
                    registered: problem::capacity(instance.registered, own),
                    classes,
                    movable,
                    group: provider.idx(),
                });
                ids.push(id);
            }
        }
        let classes: Vec<Class> = wanted.iter().map(|it| it.class.clone()).collect();
        let plan = repack::replacement(&classes, &rooms, &spare, |class, room| {
            let (wanted, id) = (&wanted[class], ids[room]);
            let is_refused = matches!(self.admission(wanted, id), Admission::Refused(_));
            wanted.placement.uses(self.cluster.instance(id).provider) && !is_refused
        });

        let is_old = |&&room: &&usize| {
            let tasks = self.cluster.tasks_on(ids[room]).iter();
            tasks.map(|&it| self.cluster.task(it).since).max().is_some_and(|it| it + period <= at)
        };
        let prices = plan.freed.iter().map(|&room| {
            let instance = self.cluster.instance(ids[room]);
            pico_usd(self.setup.instance_types[instance.instance_type].price(instance.is_spot).usd)
        });
        let n_moved = plan.moved.iter().filter(|it| self.looks.moved.binary_search(it).is_err()).count();
        let number = |it: usize| u32::try_from(it).expect("fewer than 2^32");
        let found = Replacement {
            at_ms: at.millis(),
            lasts_ms,
            n_instances,
            n_freed: number(plan.freed.len()),
            n_stragglers: number(plan.freed.iter().filter(is_old).count()),
            n_moved: number(n_moved),
            freed_pico_usd_per_hour: prices.fold(0, u64::saturating_add),
        };
        let mut moved = plan.moved;
        moved.sort_unstable();
        self.looks.moved = moved;
        found
    }
}
