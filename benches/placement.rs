//! Placements per second by the plain scan, each with the release that makes
//! room for the next: a task drawn from those that run is stopped, another is
//! created, an instance is chosen, the task is placed. The cluster was filled to
//! 65 % by the same chain and turned over once, for what a chain leaves behind
//! is what it then meets.

use std::sync::Arc;

use berthlab::base::id::{
    CapacityProviderId, GroupId, InstanceId, InstanceTypeId, TaskDefinitionId, TaskId, ZoneId,
};
use berthlab::base::{CpuUnits, MemoryMib, Money};
use berthlab::model::Cluster;
use berthlab::model::attribute::{AVAILABILITY_ZONE, Attributes};
use berthlab::model::capacity::Capacity;
use berthlab::model::identity::{Expressions, Identity};
use berthlab::model::instance::InstanceType;
use berthlab::model::network::reserved_ports;
use berthlab::model::options::TieBreak;
use berthlab::model::price::DatedPrice;
use berthlab::model::task::{Needs, TaskDefinition, TaskOwner};
use berthlab::model::transitions::{ClusterParts, Launch};
use berthlab::placement::order::RandomOrder;
use berthlab::placement::placer::{Rules, choose};
use berthlab::placement::strategies::STRATEGIES;
use berthlab::placement::{Chain, PlacementView};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

mod support;
use support::{Digest, Draws};

const PROVIDER: CapacityProviderId = CapacityProviderId::new(0);
const N_INSTANCES: &[u32] = &[1_000, 10_000];
const FILLED_PERCENT: u64 = 65;
const N_GROUPS: u32 = 50;
const ZONES: [&str; 3] = ["us-east-1a", "us-east-1b", "us-east-1c"];

type Links = &'static [(&'static str, Option<&'static str>)];

/// Name, strategies with their fields, digest of a small cluster.
const CHAINS: &[(&str, Links, u64)] = &[
    ("binpack cpu", &[("binpack", Some("cpu"))], 0x87c3_3424_3498_6306),
    ("random", &[("random", None)], 0xe453_69ef_bd73_9058),
    (
        "spread zone, spread instance",
        &[("spread", Some("attribute:ecs.availability-zone")), ("spread", Some("instanceId"))],
        0x5f89_a23c_2a27_b298,
    ),
    (
        "spread zone, binpack memory",
        &[("spread", Some("attribute:ecs.availability-zone")), ("binpack", Some("memory"))],
        0x131f_0331_833e_bcc5,
    ),
];

/// CPU units and MiB.
const NEEDS: [(u32, u32); 4] = [(512, 1024), (1024, 4096), (2048, 4096), (4096, 16_384)];

/// A cluster in use.
struct Bed {
    cluster: Cluster,
    chain: Chain,
    draws: Draws,
    placed: Vec<TaskId>,
    n_created: u32,
    scratch: Vec<InstanceId>,
}

impl Bed {
    fn filled(links: Links, n_instances: u32) -> Self {
        let mut bed = Self::empty(links, n_instances);
        while bed.cluster.totals().reserved_cpu * 100 < bed.cluster.totals().registered_cpu * FILLED_PERCENT {
            bed.place();
        }
        for _ in 0..bed.placed.len() {
            bed.turn_over();
        }
        bed
    }

    fn empty(links: Links, n_instances: u32) -> Self {
        let mut attributes = Attributes::default();
        let chain = chain(links, &mut attributes);
        let tracked: Vec<_> = attributes.iter().map(|it| it.0).collect();
        assert!(attributes.iter().all(|it| it.1 == AVAILABILITY_ZONE), "no other attribute has values here");
        let values = ZONES.map(|zone| -> Vec<_> {
            tracked.iter().map(|&attribute| attributes.intern(attribute, Some(zone))).collect()
        });
        let mut cluster = Cluster::new(ClusterParts {
            definitions: NEEDS.into_iter().map(definition).collect(),
            instance_types: vec![instance_type()].into(),
            layout: attributes.layout(),
            n_providers: 1,
            expressions: Expressions::default(),
            n_zones: ZONES.len(),
            services: Vec::new(),
            group_names: Vec::new(),
            counts_batches: true,
            n_batches: N_GROUPS,
            release_on_desired_stopped: false,
        });
        for number in 0..n_instances {
            let zone = number % ZONES.len() as u32;
            let instance = cluster.launch_instance(&Launch {
                instance_type: InstanceTypeId::new(0),
                is_spot: false,
                provider: PROVIDER,
                zone: ZoneId::new(zone),
                launch: number / ZONES.len() as u32,
                attribute_values: &values[zone as usize],
                registered: instance_type().capacity,
                ports: &reserved_ports(),
                identity: Identity {
                    ec2_instance_id: format!("i-{number}"),
                    agent_version: None,
                    registered_at_ms: 0,
                    attributes: Arc::default(),
                    has_every_capability: true,
                },
            });
            cluster.register_instance(instance);
        }
        Self { cluster, chain, draws: Draws::new(1), placed: Vec::new(), n_created: 0, scratch: Vec::new() }
    }

    /// Creates a task and places it.
    fn place(&mut self) -> InstanceId {
        let definition = TaskDefinitionId::new(self.draws.below(NEEDS.len() as u64) as u32);
        let group = GroupId::new(self.draws.below(N_GROUPS.into()) as u32);
        let owner = TaskOwner::Standalone { arrival: self.n_created };
        self.n_created += 1;
        let task = self.cluster.create_task(definition, group, owner, Capacity::Instances(PROVIDER));
        let view = PlacementView {
            cluster: &self.cluster,
            definition,
            group,
            order: RandomOrder::new(self.draws.bits(), self.cluster.n_launched()),
        };
        let rules = Rules { provider: PROVIDER, zones: &[], constraints: &[], chain: &self.chain };
        let instance = choose(&rules, &view, &mut self.scratch).expect("a third of the cluster is free");
        self.cluster.place(task, instance);
        self.placed.push(task);
        instance
    }

    /// Stops a task and places another.
    fn turn_over(&mut self) -> InstanceId {
        let idx = self.draws.below(self.placed.len() as u64) as usize;
        let task = self.placed.swap_remove(idx);
        self.cluster.request_stop(task);
        self.cluster.finish_stop(task);
        self.place()
    }
}

fn chain(links: Links, attributes: &mut Attributes) -> Chain {
    let strategies = links.iter().map(|&(name, field)| {
        let entry = STRATEGIES.iter().find(|it| it.name == name).expect("a strategy of the list");
        (entry.build)(field, attributes).expect("a field of the strategy")
    });
    Chain { strategies: strategies.collect(), tie_break: TieBreak::Random }
}

fn definition((cpu, memory): (u32, u32)) -> TaskDefinition {
    let needs = Needs::of(CpuUnits(cpu), MemoryMib(memory));
    TaskDefinition::plain(format!("cpu{cpu}-mem{memory}"), needs)
}

fn instance_type() -> InstanceType {
    InstanceType {
        name: "m6i.4xlarge".to_owned(),
        capacity: Needs::of(CpuUnits(16_384), MemoryMib(63_569)),
        trunked_network_interfaces: None,
        network_bytes_per_second: None,
        is_arm: false,
        on_demand: DatedPrice::of(Money::ZERO),
        spot: None,
    }
}

fn digest_of(links: Links) -> u64 {
    let mut bed = Bed::filled(links, 100);
    let mut digest = Digest::new();
    for _ in 0..2_000 {
        digest.add(bed.turn_over().number().into());
    }
    digest.value()
}

fn placements(criterion: &mut Criterion) {
    for (name, links, expected) in CHAINS {
        support::check(name, digest_of(links), *expected);
    }
    let mut group = criterion.benchmark_group("placement");
    group.throughput(Throughput::Elements(1));
    for &n_instances in support::sizes(N_INSTANCES) {
        for (name, links, _) in CHAINS {
            let mut bed = Bed::filled(links, n_instances);
            group.bench_function(format!("{name}, {n_instances} instances, placements"), |bencher| {
                bencher.iter(|| bed.turn_over());
            });
        }
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = support::in_seconds(1, 2);
    targets = placements
}
criterion_main!(benches);
