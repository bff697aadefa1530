//! bound <= optimum <= every strategy, on small cases: the bounds by their
//! shares, the optimum by search, the strategies through the placer on a cluster
//! that gets one more instance whenever a task finds no room.

use std::sync::Arc;

use berthlab::base::id::{CapacityProviderId, GroupId, Id as _, InstanceTypeId, TaskDefinitionId, ZoneId};
use berthlab::base::rng::Stream;
use berthlab::base::{CpuUnits, Domain, MemoryMib, Money, Seed};
use berthlab::bounds::floor::Floor;
use berthlab::bounds::optimum::{Objective, optimum};
use berthlab::bounds::problem::{Class, Problem, kind_of};
use berthlab::bounds::shares::Family;
use berthlab::model::Cluster;
use berthlab::model::attribute::{AVAILABILITY_ZONE, Attributes};
use berthlab::model::capacity::Capacity;
use berthlab::model::identity::{Expressions, Identity};
use berthlab::model::instance::InstanceType;
use berthlab::model::network::{HostPort, Protocol, reserved_ports};
use berthlab::model::options::TieBreak;
use berthlab::model::price::DatedPrice;
use berthlab::model::task::{Needs, TaskDefinition, TaskOwner};
use berthlab::model::transitions::{ClusterParts, Launch};
use berthlab::placement::constraints::CONSTRAINTS;
use berthlab::placement::order::RandomOrder;
use berthlab::placement::placer::{Rules, choose};
use berthlab::placement::strategies::STRATEGIES;
use berthlab::placement::{Chain, PlacementConstraint, PlacementView};

const N_CASES: u64 = if cfg!(debug_assertions) { 2_000 } else { 10_000 };
/// A case that takes longer to solve is replaced by another.
const N_NODES_MAX: u64 = 40_000;

type Links = &'static [(&'static str, Option<&'static str>)];

const CHAINS: &[Links] = &[
    &[("binpack", Some("cpu"))],
    &[("binpack", Some("memory"))],
    &[("random", None)],
    &[("spread", Some("instanceId"))],
    &[("spread", Some("attribute:ecs.availability-zone")), ("binpack", Some("memory"))],
    &[("spread", Some("attribute:ecs.availability-zone")), ("spread", Some("instanceId"))],
];

/// What a case is about.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Flavour {
    Plain,
    /// Much of one resource and little of the other.
    Lopsided,
    Interfaces,
    /// Host ports and `distinctInstance`.
    Rules,
    /// From a sixth to a half of an instance.
    Middling,
    /// Several types of instances.
    Mixed,
}

/// As often as they are here.
const FLAVOURS: [Flavour; 11] = {
    use Flavour::*;
    [Plain, Mixed, Lopsided, Mixed, Interfaces, Mixed, Rules, Mixed, Middling, Mixed, Mixed]
};

/// A small case: tasks and what they may be put on.
struct Case {
    problem: Problem,
    definitions: Vec<TaskDefinition>,
    instance_types: Vec<InstanceType>,
    /// Of each class how many.
    counts: Vec<u32>,
}

impl Case {
    fn drawn(number: u64) -> Self {
        let mut draws = Seed(1).stream(Domain::SyntheticArrivals, number);
        let flavour = FLAVOURS[(number % FLAVOURS.len() as u64) as usize];
        let below = |draws: &mut Stream, n: u64| draws.below(n) as u32;
        let n_types = if flavour == Flavour::Mixed { 2 + below(&mut draws, 2) } else { 1 };
        let instance_types: Vec<InstanceType> = (0..n_types)
            .map(|it| {
                let vcpus = 1024 * (2 + below(&mut draws, 2) * (1 + it));
                let memory = 4096 + 1024 * below(&mut draws, 6);
                let interfaces = if flavour == Flavour::Interfaces { 3 } else { 0 };
                let price = 40_000 + 10 * u64::from(vcpus) + u64::from(memory) + draws.below(8_000);
                InstanceType {
                    name: format!("type{it}"),
                    capacity: Needs {
                        network_interfaces: interfaces,
                        ..Needs::of(CpuUnits(vcpus), MemoryMib(memory))
                    },
                    trunked_network_interfaces: None,
                    network_bytes_per_second: None,
                    is_arm: false,
                    on_demand: DatedPrice::of(Money::from_pico_usd(i128::from(price) * 1_000_000)),
                    spot: None,
                }
            })
            .collect();
        let capacity = instance_types[0].capacity;
        let n_classes = 3 + below(&mut draws, 4);
        // From an eighth to two thirds of an instance, more of one resource than
        // of the other.
        let mut definitions = Vec::new();
        let mut apart = Vec::new();
        for class in 0..n_classes {
            let amount = |draws: &mut Stream, capacity: u32| {
                let (least, most) = if flavour == Flavour::Middling {
                    (capacity / 6, capacity / 2)
                } else {
                    (capacity / 8, capacity * 2 / 3)
                };
                least + draws.below(u64::from(most - least)) as u32
            };
            let (mut cpu, mut memory) =
                (amount(&mut draws, capacity.cpu.0), amount(&mut draws, capacity.memory.0));
            match (flavour, class % 2) {
                (Flavour::Lopsided, 0) => cpu = capacity.cpu.0 / (3 + below(&mut draws, 6)),
                (Flavour::Lopsided, _) => memory = capacity.memory.0 / (3 + below(&mut draws, 6)),
                (Flavour::Rules, _) => (cpu, memory) = (cpu / 3, memory / 3),
                _ => (),
            }
            let mut needs = Needs::of(CpuUnits(cpu), MemoryMib(memory));
            needs.network_interfaces = u32::from(flavour == Flavour::Interfaces && below(&mut draws, 3) > 0);
            let mut definition = TaskDefinition::plain(format!("class{class}"), needs);
            let has_port = flavour == Flavour::Rules && below(&mut draws, 3) == 0;
            if has_port {
                definition.host_ports =
                    vec![HostPort { port: 8080 + below(&mut draws, 2) as u16, protocol: Protocol::Tcp }];
            }
            definitions.push(definition);
            apart.push(
                (flavour == Flavour::Rules && below(&mut draws, 4) == 0).then_some(below(&mut draws, 2)),
            );
        }
        let kinds = instance_types.iter().map(|it| kind_of(it, it.on_demand.usd.pico_usd() as u64));
        let problem = Problem {
            classes: definitions.iter().zip(&apart).map(|(it, apart)| Class::of(it, *apart)).collect(),
            kinds: kinds.collect(),
        };
        let mut counts = vec![0; definitions.len()];
        for _ in 0..9 + below(&mut draws, 6) {
            counts[below(&mut draws, u64::from(n_classes)) as usize] += 1;
        }
        Self { problem, definitions, instance_types, counts }
    }

    /// Instances and what an hour of them costs, as a chain of strategies places
    /// the tasks, which come in a drawn order. A new instance is the cheapest
    /// that holds the task.
    fn placed(&self, links: Links, number: u64) -> (u64, u64) {
        let mut draws = Seed(2).stream(Domain::SyntheticArrivals, number);
        let mut tasks: Vec<usize> =
            (0..self.counts.len()).flat_map(|it| std::iter::repeat_n(it, self.counts[it] as usize)).collect();
        for idx in (1..tasks.len()).rev() {
            tasks.swap(idx, draws.below(idx as u64 + 1) as usize);
        }
        let mut attributes = Attributes::default();
        let strategies = links.iter().map(|&(name, field)| {
            let entry = STRATEGIES.iter().find(|it| it.name == name).expect("a strategy of the list");
            (entry.build)(field, &mut attributes).expect("a field of the strategy")
        });
        let chain = Chain::new(strategies.collect(), TieBreak::Random);
        let tracked: Vec<_> = attributes.iter().map(|it| it.0).collect();
        assert!(attributes.iter().all(|it| it.1 == AVAILABILITY_ZONE));
        let zones = ["a", "b"].map(|zone| -> Vec<_> {
            tracked.iter().map(|&attribute| attributes.intern(attribute, Some(zone))).collect()
        });
        // Groups 0 and 1 are of tasks that are apart, the last of all others.
        let distinct = CONSTRAINTS.iter().find(|it| it.name == "distinctInstance").unwrap();
        let distinct = [(distinct.build)(None, &mut Expressions::default()).unwrap()];
        let mut cluster = Cluster::new(ClusterParts {
            definitions: self.definitions.clone().into(),
            instance_types: self.instance_types.clone().into(),
            layout: attributes.layout(),
            n_providers: 1,
            expressions: Expressions::default(),
            n_zones: 2,
            services: Vec::new(),
            group_names: Vec::new(),
            counts_batches: true,
            n_batches: 3,
            release_on_desired_stopped: false,
        });
        let provider = CapacityProviderId::new(0);
        let mut scratch = Vec::new();
        let mut cost = 0;
        for (arrival, &class) in tasks.iter().enumerate() {
            let apart = self.problem.classes[class].apart;
            let (definition, group) = (TaskDefinitionId::from_idx(class), GroupId::new(apart.unwrap_or(2)));
            let constraints: &[Arc<dyn PlacementConstraint>] = if apart.is_some() { &distinct } else { &[] };
            let owner = TaskOwner::Standalone { arrival: arrival as u32 };
            let task = cluster.create_task(definition, group, owner, Capacity::Instances(provider));
            let draw = draws.bits();
            let mut look = |cluster: &Cluster| {
                let order = RandomOrder::new(draw, cluster.n_launched());
                let view = PlacementView { cluster, definition, group, order };
                choose(&Rules { provider, zones: &[], constraints, chain: &chain }, &view, &mut scratch)
            };
            let instance = look(&cluster).unwrap_or_else(|| {
                let kinds = 0..self.instance_types.len();
                let holds = |it: &usize| self.problem.fits(class, *it);
                let price = |it: usize| self.problem.kinds[it].pico_usd_per_hour;
                let kind = kinds.filter(holds).min_by_key(|&it| price(it)).expect("some type holds it");
                cost += price(kind);
                let n = cluster.n_launched();
                let instance = cluster.launch_instance(&Launch {
                    instance_type: InstanceTypeId::from_idx(kind),
                    is_spot: false,
                    provider,
                    zone: ZoneId::from_idx(n % 2),
                    launch: (n / 2) as u32,
                    attribute_values: &zones[n % 2],
                    registered: self.instance_types[kind].capacity,
                    ports: &reserved_ports(),
                    identity: Identity {
                        ec2_instance_id: format!("i-{n}"),
                        agent_version: None,
                        registered_at_ms: 0,
                        attributes: Arc::default(),
                        has_every_capability: true,
                    },
                });
                cluster.register_instance(instance);
                look(&cluster).expect("an empty instance takes it")
            });
            cluster.place(task, instance);
        }
        (cluster.n_launched() as u64, cost)
    }
}

/// What the cases came to.
#[derive(Default, Debug)]
struct Tally {
    n_cases: u64,
    n_too_long: u64,
    bound_below: u64,
    strategy_above: u64,
    /// Both at once, for the number of instances or for their cost.
    both: u64,
    /// By family: how often it gives the bound of instances, and how often that
    /// is the optimum, so that one more would be caught.
    best: [u64; Family::ALL.len()],
    tight: [u64; Family::ALL.len()],
    /// Cases of several types: how many, the bound of the cost below the
    /// optimum, equal to it, a strategy above it.
    mixed: [u64; 4],
    /// The optimum of the cost is not that of the number at any one price.
    cost_differs: u64,
}

#[test]
fn no_bound_is_above_the_optimum_and_no_strategy_below() {
    let mut tally = Tally::default();
    let mut number = 0;
    while tally.n_cases < N_CASES {
        let case = Case::drawn(number);
        number += 1;
        let least = |objective| optimum(&case.problem, &case.counts, objective, N_NODES_MAX);
        let (Some(fewest), Some(cheapest)) = (least(Objective::Instances), least(Objective::Cost)) else {
            tally.n_too_long += 1;
            continue;
        };
        tally.n_cases += 1;
        let mut floor = Floor::new(&case.problem);
        for (class, &n) in case.counts.iter().enumerate() {
            floor.add(class, n.into());
        }
        let (bound, cost) = (floor.instances(), floor.pico_usd_per_hour());
        assert!(bound.value <= fewest, "case {number}: {bound:?} above {fewest}");
        assert!(cost.value <= cheapest, "case {number}: {cost:?} above {cheapest}");
        let placed = CHAINS.iter().map(|links| case.placed(links, number));
        let placed: Vec<(u64, u64)> = placed.collect();
        assert!(placed.iter().all(|it| it.0 >= fewest && it.1 >= cheapest), "case {number}: {placed:?}");

        let is_below = bound.value < fewest;
        let is_above = placed.iter().any(|it| it.0 > fewest);
        tally.bound_below += u64::from(is_below);
        tally.strategy_above += u64::from(is_above);
        let is_dearer = placed.iter().any(|it| it.1 > cheapest);
        let of_instances = is_below && is_above;
        let of_cost = cost.value < cheapest && is_dearer;
        tally.both += u64::from(of_instances || of_cost);
        let family = Family::ALL.iter().position(|it| *it == bound.family).unwrap();
        tally.best[family] += 1;
        tally.tight[family] += u64::from(!is_below);
        if case.problem.kinds.len() > 1 {
            let of_number = case.problem.kinds.iter().any(|it| it.pico_usd_per_hour * fewest == cheapest);
            let found = [true, cost.value < cheapest, cost.value == cheapest, is_dearer];
            for (n, it) in tally.mixed.iter_mut().zip(found) {
                *n += u64::from(it);
            }
            tally.cost_differs += u64::from(!of_number);
        }
    }
    println!("{tally:?}");
    assert!(tally.both * 3 >= N_CASES, "a third between bound and strategies");
    assert!(tally.tight.iter().all(|&it| it > 0), "each way to count is the optimum in some case");
    assert!(tally.mixed[1] > 0 && tally.mixed[2] > 0 && tally.mixed[3] > 0 && tally.cost_differs > 0);
    assert!(tally.n_too_long * 10 < N_CASES, "the cases are small");
}
