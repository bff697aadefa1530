//! What the run stands above: bounds kept up to date as tasks come and go.
//!
//! Capacity providers between which some strategy may choose are one pool: its
//! tasks could be on any instance of it, and on none of another. The bounds of
//! pools are added up. Daemons count for nothing, since fewer instances have
//! fewer of them, and where a snapshot was found nothing is known of the rules
//! by which its tasks were placed, so that all is one pool and nobody apart.
//! Zones of subnets and `memberOf` are left out, and so is `distinctInstance` of
//! stand-alone tasks: each makes a bound weaker, none makes it wrong.

use crate::base::Money;
use crate::base::id::{CapacityProviderId, Id as _, InstanceTypeId, ServiceId, TaskDefinitionId};
use crate::bounds::floor::Floor;
use crate::bounds::problem::{self, Class, Kind, Problem};
use crate::disruption::{self, Disruption, Machine};
use crate::model::deployment::SchedulingStrategy;
use crate::model::held::HeldCell;
use crate::model::workload::Workload;
use crate::record::{FloorRecorder, PlacementReason};
use crate::sim::setup::{Placement, Setup};
use crate::sim::simulation::Simulation;
use crate::sim::watch::Watch;

/// The bounds of a run and what else is known of how far it is above them.
pub(super) struct Floors {
    pools: Vec<Pool>,
    /// For each cell of tasks its pool and class; `None` for what is not counted.
    place_of: Vec<Option<(u32, u32)>>,
    /// How many tasks of each cell are counted.
    counted: Vec<u32>,
    /// The sums over the pools.
    instances: u64,
    pico_usd_per_hour: u64,
    pub(super) recorder: FloorRecorder,
}

struct Pool {
    floor: Floor,
    instances: u64,
    pico_usd_per_hour: u64,
    is_changed: bool,
}

impl Floors {
    /// Of a run in which nothing has happened.
    pub(super) fn new(setup: &Setup, workload: &Workload) -> Self {
        let found_of_services = workload.services.rows().iter().map(|it| it.found.len()).sum::<usize>();
        let is_found =
            !setup.found_instances.is_empty() || !workload.found.is_empty() || found_of_services > 0;
        let pool_of = pools(setup, is_found);
        let n_pools = pool_of.iter().max().map_or(0, |it| it + 1);
        let mut problems: Vec<Problem> = (0..n_pools).map(|_| Problem::default()).collect();
        for (provider, kind) in kinds(setup) {
            let kinds = &mut problems[pool_of[provider.idx()]].kinds;
            if !kinds.contains(&kind) {
                kinds.push(kind);
            }
        }

        let n_owners = setup.services.len() + 1;
        let mut place_of = vec![None; workload.definitions.len() * n_owners * 2];
        for owner in 0..n_owners {
            let (placement, definitions) = match setup.services.ids().nth(owner) {
                None => (&setup.standalone.placement, workload.definitions.ids().collect()),
                Some(service) => {
                    let policy = &setup.services[service];
                    if policy.scheduling == SchedulingStrategy::Daemon {
                        continue;
                    }
                    let found = workload.services[service].found.iter().map(|it| it.definition);
                    let mut all: Vec<TaskDefinitionId> = workload.revisions(service).chain(found).collect();
                    all.sort_unstable();
                    all.dedup();
                    (&policy.placement, all)
                }
            };
            let Some(provider) = placement.capacity.providers().next() else { continue };
            let pool = pool_of[provider.idx()];
            let is_apart = owner < setup.services.len() && !is_found && is_distinct(placement);
            for definition in definitions {
                for is_wanted in [false, true] {
                    let number = u32::try_from(owner).expect("a few services");
                    let apart = (is_apart && is_wanted).then_some(number);
                    let class = Class::of(&workload.definitions[definition], apart);
                    let classes = &mut problems[pool].classes;
                    let idx = classes.iter().position(|it| *it == class).unwrap_or_else(|| {
                        classes.push(class);
                        classes.len() - 1
                    });
                    let cell = HeldCell { owner, definition, is_wanted };
                    let of = |it: usize| u32::try_from(it).expect("fewer than 2^32 definitions");
                    place_of[cell.position(n_owners)] = Some((of(pool), of(idx)));
                }
            }
        }
        let pool = |it: &Problem| Pool {
            floor: Floor::new(it),
            instances: 0,
            pico_usd_per_hour: 0,
            is_changed: false,
        };
        Self {
            pools: problems.iter().map(pool).collect(),
            counted: vec![0; place_of.len()],
            place_of,
            instances: 0,
            pico_usd_per_hour: 0,
            recorder: FloorRecorder::new(setup.horizon, setup.warm_up),
        }
    }

    /// The fewest instances that could hold the tasks that hold room now.
    pub(super) fn instances(&self) -> u64 {
        self.instances
    }

    /// So many tasks of the cell at this position hold room now.
    fn set(&mut self, position: usize, n: u32) {
        let Some(&Some((pool, class))) = self.place_of.get(position) else { return };
        let before = std::mem::replace(&mut self.counted[position], n);
        if n != before {
            let pool = &mut self.pools[pool as usize];
            pool.floor.add(class as usize, i64::from(n) - i64::from(before));
            pool.is_changed = true;
        }
    }

    /// Adds up what has changed; whether a bound has.
    fn sum(&mut self) -> bool {
        let mut is_changed = false;
        for pool in self.pools.iter_mut().filter(|it| it.is_changed) {
            pool.is_changed = false;
            let values = pool.floor.values();
            is_changed |= values != (pool.instances, pool.pico_usd_per_hour);
            (pool.instances, pool.pico_usd_per_hour) = values;
        }
        if is_changed {
            self.instances = self.pools.iter().map(|it| it.instances).sum();
            let costs = self.pools.iter().map(|it| it.pico_usd_per_hour);
            self.pico_usd_per_hour = costs.fold(0, u64::saturating_add);
        }
        is_changed
    }
}

/// Whether the tasks of a group are each on an instance of their own.
pub(super) fn is_distinct(placement: &Placement) -> bool {
    placement.constraints.iter().any(|it| it.reason() == PlacementReason::DistinctInstance)
}

/// For each provider its pool, from 0 on.
fn pools(setup: &Setup, is_one: bool) -> Vec<usize> {
    let mut pool_of: Vec<usize> = (0..setup.providers.len()).collect();
    let placements = setup.services.rows().iter().map(|it| &it.placement);
    for placement in placements.chain([&setup.standalone.placement]) {
        let together: Vec<usize> = placement.capacity.providers().map(|it| pool_of[it.idx()]).collect();
        if let Some(&least) = together.iter().min() {
            pool_of.iter_mut().filter(|it| together.contains(it)).for_each(|it| *it = least);
        }
    }
    if is_one {
        pool_of.fill(0);
    }
    // Numbers without gaps.
    let mut names: Vec<usize> = pool_of.clone();
    names.sort_unstable();
    names.dedup();
    pool_of.iter().map(|it| names.binary_search(it).expect("its own name is among them")).collect()
}

/// What instances each provider has or may have, with their prices.
fn kinds(setup: &Setup) -> Vec<(CapacityProviderId, Kind)> {
    let mut kinds = Vec::new();
    for (id, provider) in setup.providers.iter() {
        let purchases: &[bool] = if provider.purchase.has_spot() { &[false, true] } else { &[false] };
        for &type_id in &provider.instance_types {
            for &is_spot in purchases {
                let instance_type = &setup.instance_types[type_id];
                let price = instance_type.price(is_spot).usd;
                let price =
                    if is_spot { price.min(least_spot_price(setup, id, type_id, price)) } else { price };
                kinds.push((id, problem::kind_of(instance_type, pico_usd(price))));
            }
        }
    }
    for found in &setup.found_instances {
        let price = &setup.instance_types[found.instance_type].price(false).usd;
        let capacity = problem::capacity(found.registered, found.ports.len());
        kinds.push((found.provider, Kind { capacity, pico_usd_per_hour: pico_usd(*price) }));
    }
    kinds
}

/// The least that Spot instances of a type may cost at any time: prices that change
/// are not followed here, and a bound is below all of them.
fn least_spot_price(
    setup: &Setup,
    provider: CapacityProviderId,
    instance_type: InstanceTypeId,
    fixed: Money,
) -> Money {
    let machine = Machine::Instance { provider, instance_type };
    let meets =
        |it: &&Disruption| setup.providers[provider].zones.iter().any(|&zone| it.scope.meets(machine, zone));
    let histories = setup.disruptions.iter().filter(meets).filter_map(|it| match &it.kind {
        disruption::Kind::SpotPrice(history) => Some(history),
        _ => None,
    });
    histories.flat_map(|it| it.steps()).map(|it| it.1).fold(fixed, Money::min)
}

/// A price in 1e-12 USD.
pub(super) fn pico_usd(price: Money) -> u64 {
    u64::try_from(price.pico_usd()).expect("a price is not negative and below a million dollars an hour")
}

impl<W: Watch> Simulation<'_, W> {
    /// Counts what came and went since this was last asked.
    pub(super) fn count_floors(&mut self) {
        let floors = &mut self.floors;
        self.cluster.drain_held_changes(|position, n| floors.set(position, n));
        if floors.sum() {
            floors.recorder.cost(self.now, floors.pico_usd_per_hour);
            debug_assert!(floors.instances <= self.cluster.totals().n_instances.into(), "a bound is below");
            debug_assert!(
                self.floors.pico_usd_per_hour <= self.instances_pico_usd_per_hour(),
                "a bound of the cost is below what is paid"
            );
        }
    }

    /// What an hour of the instances that are billed now costs, in 1e-12 USD.
    fn instances_pico_usd_per_hour(&self) -> u64 {
        use crate::model::instance::InstanceStatus;
        let alive = self.setup.providers.ids().flat_map(|it| self.cluster.alive(it));
        let billed = alive.map(|&it| self.cluster.instance(it));
        let billed = billed.filter(|it| it.status != InstanceStatus::Lost);
        billed
            .map(|it| pico_usd(self.setup.instance_types[it.instance_type].price(it.is_spot).usd))
            .fold(0, u64::saturating_add)
    }

    /// The service of a cell's owner; `None` for stand-alone tasks.
    pub(super) fn service_of_owner(&self, owner: usize) -> Option<ServiceId> {
        (owner < self.setup.services.len()).then(|| ServiceId::from_idx(owner))
    }
}
