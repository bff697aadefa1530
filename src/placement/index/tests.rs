//! The index and the reference scan on random clusters: every decision must be
//! the same.
#![expect(clippy::print_stdout, reason = "a test says which seed it used")]

use std::sync::Arc;

use super::PlacementIndex;
use crate::base::id::{
    CapacityProviderId, GroupId, Id as _, InstanceId, InstanceTypeId, TaskDefinitionId, TaskId, ZoneId,
};
use crate::base::rng::Stream;
use crate::base::{CpuUnits, Domain, MemoryMib, Seed, Table};
use crate::model::Cluster;
use crate::model::attribute::{AVAILABILITY_ZONE, AttributeValue, Attributes};
use crate::model::capacity::Capacity;
use crate::model::identity::{Expressions, Identity};
use crate::model::instance::InstanceStatus;
use crate::model::network::{HostPort, Protocol, reserved_ports};
use crate::model::options::TieBreak;
use crate::model::task::{Needs, TaskDefinition, TaskOwner, TaskStatus};
use crate::model::transitions::{ClusterParts, Launch};
use crate::placement::constraints::CONSTRAINTS;
use crate::placement::order::RandomOrder;
use crate::placement::placer::{self, Rules};
use crate::placement::strategies::STRATEGIES;
use crate::placement::strategy::{KeyOrder, StopView};
use crate::placement::{Chain, PlacementConstraint, PlacementStrategy, PlacementView};

const SEED: Seed = Seed(4711);
const N_PROVIDERS: u32 = 2;
const N_ZONES: u32 = 3;
const N_GROUPS: u32 = 5;
const RACK: &str = "rack";

/// Chains as a user writes them.
const CHAINS: &[&str] = &[
    "",
    "random",
    "binpack:cpu",
    "binpack:memory",
    "spread:instanceId",
    "spread:attribute:ecs.availability-zone",
    "spread:attribute:ecs.availability-zone,spread:instanceId",
    "spread:attribute:ecs.availability-zone,spread:instanceId,binpack:memory",
    "spread:attribute:ecs.availability-zone,binpack:cpu",
    "spread:attribute:rack,spread:instanceId,binpack:cpu",
    "spread:instanceId,binpack:cpu",
    "spread:instanceId,spread:attribute:rack",
    "spread:attribute:rack,spread:attribute:ecs.availability-zone,binpack:cpu",
    "binpack:memory,random",
    "binpack:cpu,binpack:memory,spread:instanceId",
    "number",
    "least",
    "most",
    "spread:attribute:ecs.availability-zone,most",
    "odd",
];

const EXPRESSIONS: &[&str] = &[
    "attribute:rack == r1",
    "attribute:ecs.availability-zone != a",
    "attribute:rack exists and attribute:rack != r2",
    "task:group == batch:1",
    "not(task:group == batch:2)",
    "runningTasksCount < 3",
    "attribute:rack == nowhere",
];

/// Strategies of nobody's list: the keys that no ECS strategy has, and one that
/// says nothing of its key.
#[derive(Clone, Copy)]
enum Own {
    Number,
    Least,
    Most,
    Odd,
}

impl PlacementStrategy for Own {
    fn key(&self, view: &PlacementView<'_>, instance: InstanceId) -> u64 {
        let free = u64::from(view.cluster.instance(instance).free.cpu.0);
        let number = u64::from(instance.number());
        match self {
            Self::Number => number,
            Self::Least => free << 32 | number,
            Self::Most => (u64::from(u32::MAX) - free) << 32 | number,
            Self::Odd => number % 7,
        }
    }

    fn stop_key(&self, _: &StopView<'_>, _: TaskId, _: InstanceId) -> u64 {
        0
    }

    fn describe(&self, _: &Attributes) -> String {
        String::new()
    }

    fn order(&self) -> KeyOrder {
        match self {
            Self::Number => KeyOrder::Number,
            Self::Least => KeyOrder::FreeCpuThenNumber,
            Self::Most => KeyOrder::MostFreeCpuThenNumber,
            Self::Odd => KeyOrder::Opaque,
        }
    }

    fn key_unit(&self) -> &'static str {
        ""
    }
}

struct Bed {
    dice: Stream,
    cluster: Cluster,
    index: PlacementIndex,
    attributes: Attributes,
    chains: Vec<Chain>,
    constraints: Vec<Arc<dyn PlacementConstraint>>,
    tasks: Vec<TaskId>,
    steps: Steps,
    n_created: u32,
}

/// How much of a kind CPU and memory are: steps of few amounts make many equal.
#[derive(Clone, Copy)]
struct Steps {
    cpu: u32,
    memory: u32,
    n: u64,
}

#[derive(Debug, Default)]
struct Seen {
    placed: u32,
    refused: u32,
}

impl Bed {
    fn new(case: u64) -> Self {
        let mut dice = SEED.stream(Domain::SyntheticArrivals, case);
        let steps = [
            Steps { cpu: 512, memory: 1024, n: 4 },
            Steps { cpu: 1, memory: 1, n: 3000 },
            Steps { cpu: 256, memory: 7, n: 20 },
        ][case as usize % 3];
        let mut attributes = Attributes::default();
        let chains = CHAINS.iter().flat_map(|text| {
            [TieBreak::Random, TieBreak::LowestId].map(|tie_break| chain(text, tie_break, &mut attributes))
        });
        let chains: Vec<Chain> = chains.collect();
        let mut expressions = Expressions::default();
        let build = |name: &str, expression: Option<&str>, expressions: &mut Expressions| {
            let entry = CONSTRAINTS.iter().find(|it| it.name == name).unwrap();
            (entry.build)(expression, expressions).unwrap()
        };
        let mut constraints = vec![build("distinctInstance", None, &mut expressions)];
        for text in EXPRESSIONS {
            constraints.push(build("memberOf", Some(text), &mut expressions));
        }
        for (name, values) in [(AVAILABILITY_ZONE, ["a", "b", "c"]), (RACK, ["r1", "r2", "r3"])] {
            let id = attributes.find(name).unwrap();
            for value in values {
                attributes.intern(id, Some(value));
            }
        }
        let definitions: Table<TaskDefinitionId, TaskDefinition> =
            (0..8).map(|number| definition(&mut dice, number, steps)).collect();
        let cluster = Cluster::new(ClusterParts {
            definitions,
            instance_types: Table::new(),
            layout: attributes.layout(),
            n_providers: N_PROVIDERS as usize,
            expressions,
            n_zones: N_ZONES as usize,
            services: Vec::new(),
            group_names: Vec::new(),
            counts_batches: true,
            n_batches: N_GROUPS,
            release_on_desired_stopped: case.is_multiple_of(2),
        });
        let mut bed = Self {
            dice,
            cluster,
            index: PlacementIndex::new(),
            attributes,
            chains,
            constraints,
            tasks: Vec::new(),
            steps,
            n_created: 0,
        };
        let n_instances = [3, 40, 150, 700][case as usize / 3 % 4];
        for _ in 0..n_instances {
            bed.launch();
        }
        bed
    }

    fn below(&mut self, n: usize) -> usize {
        self.dice.below(n as u64) as usize
    }

    fn launch(&mut self) {
        let zone = self.below(N_ZONES as usize);
        let rack = [None, Some("r1"), Some("r2"), Some("r3")][self.below(4)];
        let zone_name = ["a", "b", "c"][zone];
        let values: Vec<AttributeValue> = self
            .attributes
            .iter()
            .map(|(id, name)| match name {
                AVAILABILITY_ZONE => self.attributes.value(id, Some(zone_name)),
                _ => self.attributes.value(id, rack),
            })
            .collect();
        let named = [(AVAILABILITY_ZONE, Some(zone_name)), (RACK, rack)];
        let named =
            named.into_iter().filter_map(|(name, value)| Some((name.to_owned(), Some(value?.to_owned()))));
        let size = 1 + self.below(2) as u32;
        let number = self.cluster.n_launched();
        let provider = CapacityProviderId::new(u32::from(self.below(5) == 0));
        let n = self.steps.n as u32 * 2 * size;
        self.cluster.launch_instance(&Launch {
            instance_type: InstanceTypeId::new(0),
            is_spot: false,
            provider,
            zone: ZoneId::new(zone as u32),
            launch: number as u32,
            attribute_values: &values,
            registered: Needs {
                cpu: CpuUnits(n * self.steps.cpu),
                memory: MemoryMib(n * self.steps.memory),
                gpus: size - 1,
                network_interfaces: 2,
            },
            ports: &reserved_ports(),
            identity: Identity {
                ec2_instance_id: format!("i-{number}"),
                agent_version: None,
                registered_at_ms: 0,
                attributes: Arc::new(named.collect()),
                has_every_capability: true,
            },
        });
    }

    /// Some instance changes its state.
    fn change_instance(&mut self) {
        let id = InstanceId::from_idx(self.below(self.cluster.n_launched()));
        let what = self.below(12);
        match (self.cluster.instance(id).status, what) {
            (InstanceStatus::Registering, _) => self.cluster.register_instance(id),
            (InstanceStatus::Active, 0) => self.cluster.drain_instance(id),
            (InstanceStatus::Draining, 1..=6) => self.cluster.reactivate_instance(id),
            (InstanceStatus::Draining | InstanceStatus::Lost, 7) if self.cluster.tasks_on(id).is_empty() => {
                self.cluster.terminate_instance(id);
                self.launch();
            }
            (InstanceStatus::Active, 2) if self.below(4) == 0 => self.cluster.lose_instance(id),
            (InstanceStatus::Active, 3 | 4) => {
                let is_connected = self.cluster.instance(id).is_agent_connected;
                self.cluster.set_agent_connected(id, !is_connected);
            }
            (InstanceStatus::Active, 5) => {
                let rack = ["r1", "r2", "r3"][self.below(3)];
                let attribute = self.attributes.find(RACK).unwrap();
                let tracked = Some((attribute, self.attributes.value(attribute, Some(rack))));
                self.cluster.set_attribute(id, RACK, Some(Some(rack)), tracked);
            }
            _ => (),
        }
    }

    fn stop_task(&mut self) {
        if self.tasks.is_empty() {
            return;
        }
        let idx = self.below(self.tasks.len());
        let task = self.tasks[idx];
        if self.cluster.task(task).status == TaskStatus::Stopping {
            self.tasks.swap_remove(idx);
            self.cluster.finish_stop(task);
        } else {
            self.cluster.request_stop(task);
        }
    }

    /// A decision by both; the task is placed where they agree.
    fn decide(&mut self, what: &str, seen: &mut Seen) {
        let chain = self.below(self.chains.len());
        let definition = TaskDefinitionId::from_idx(self.below(8));
        let group = GroupId::from_idx(self.below(N_GROUPS as usize));
        let provider = CapacityProviderId::new(u32::from(self.below(4) == 0));
        let n_constraints = [0, 0, 0, 1, 1, 2][self.below(6)];
        let constraints: Vec<Arc<dyn PlacementConstraint>> = (0..n_constraints)
            .map(|_| {
                let idx = self.below(self.constraints.len());
                Arc::clone(&self.constraints[idx])
            })
            .collect();
        let zone = [ZoneId::new(1)];
        let zones = &zone[..self.below(2)];
        let draw = self.dice.bits();
        self.index.update(&self.cluster);
        self.cluster.forget_changed_instances();
        let view = PlacementView {
            cluster: &self.cluster,
            definition,
            group,
            order: RandomOrder::new(draw, self.cluster.n_launched()),
        };
        let rules = Rules { provider, zones, constraints: &constraints, chain: &self.chains[chain] };
        let expected = placer::choose(&rules, &view, &mut Vec::new());
        let found = self.index.choose(&rules, &view, &mut Vec::new());
        assert_eq!(found, expected, "{what}: chain {:?} of {:?}", CHAINS[chain / 2], rules.chain.tie_break());
        match expected {
            Some(instance) => {
                seen.placed += 1;
                let owner = TaskOwner::Standalone { arrival: self.n_created };
                self.n_created += 1;
                let capacity = Capacity::Instances(provider);
                let task = self.cluster.create_task(definition, group, owner, capacity);
                self.cluster.place(task, instance);
                self.tasks.push(task);
            }
            None => seen.refused += 1,
        }
    }
}

fn chain(text: &str, tie_break: TieBreak, attributes: &mut Attributes) -> Chain {
    let link = |text: &str| -> Arc<dyn PlacementStrategy> {
        match text {
            "number" => return Arc::new(Own::Number),
            "least" => return Arc::new(Own::Least),
            "most" => return Arc::new(Own::Most),
            "odd" => return Arc::new(Own::Odd),
            _ => (),
        }
        let (name, field) = text.split_once(':').map_or((text, None), |(name, field)| (name, Some(field)));
        let entry = STRATEGIES.iter().find(|it| it.name == name).unwrap();
        (entry.build)(field, attributes).unwrap()
    };
    let strategies = text.split(',').filter(|it| !it.is_empty()).map(link).collect();
    Chain::new(strategies, tie_break)
}

fn definition(dice: &mut Stream, number: u64, steps: Steps) -> TaskDefinition {
    let mut of = |steps: u64| u32::try_from(dice.below(steps)).unwrap();
    let needs = Needs {
        cpu: CpuUnits(of(steps.n) * steps.cpu),
        memory: MemoryMib(of(steps.n) * steps.memory),
        gpus: u32::from(number == 5),
        network_interfaces: u32::from(number == 6),
    };
    let mut definition = TaskDefinition::plain(format!("d{number}"), needs);
    match number {
        3 => definition.host_ports.push(HostPort { port: 80, protocol: Protocol::Tcp }),
        4 => definition.dynamic_ports.push(Protocol::Tcp),
        7 => definition.placement_constraints.push("attribute:rack != r3".to_owned()),
        _ => (),
    }
    definition
}

#[test]
fn the_index_decides_as_the_scan_does() {
    println!("seed {}", SEED.0);
    let mut seen = Seen::default();
    for case in 0..24 {
        let mut bed = Bed::new(case);
        let n_launched = bed.cluster.n_launched();
        for _ in 0..4 * n_launched {
            bed.change_instance();
        }
        // Tasks come in, then come and go, then leave.
        for step in 0..600 {
            bed.decide(&format!("case {case} step {step}"), &mut seen);
            let n_stops = [0, 1, 2, 5][step / 150];
            (0..n_stops).for_each(|_| bed.stop_task());
            if step % 3 == 0 {
                bed.change_instance();
            }
        }
        bed.cluster.audit();
    }
    println!("{seen:?}");
    assert!(seen.placed > 5000 && seen.refused > 500, "{seen:?}");
}
