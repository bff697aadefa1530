//! A cluster in use: a task drawn from those that run is stopped, another is
//! created, an instance is chosen, the task is placed. It was filled to 65 % by
//! the same chain and turned over once, for what a chain leaves behind is what
//! it then meets.

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
use berthlab::placement::{Chain, PlacementIndex, PlacementView};

use crate::support::Draws;

const PROVIDER: CapacityProviderId = CapacityProviderId::new(0);
const FILLED_PERCENT: u64 = 65;
pub(crate) const N_GROUPS: u32 = 50;
const ZONES: [&str; 3] = ["us-east-1a", "us-east-1b", "us-east-1c"];

pub(crate) type Links = &'static [(&'static str, Option<&'static str>)];

/// CPU units and MiB.
pub(crate) const NEEDS: [(u32, u32); 4] = [(512, 1024), (1024, 4096), (2048, 4096), (4096, 16_384)];

/// How an instance is chosen.
#[derive(Clone)]
pub(crate) enum Chooser {
    /// By a look at each.
    Scan,
    /// By the index, told what changed.
    Index(Box<PlacementIndex>),
    /// As it was chosen before, so that all else is measured: the last of the
    /// list comes first.
    Replay(Vec<InstanceId>),
}

/// A cluster in use.
#[derive(Clone)]
pub(crate) struct Bed {
    pub(crate) cluster: Cluster,
    chain: Chain,
    pub(crate) chooser: Chooser,
    pub(crate) draws: Draws,
    /// Tasks with their instances.
    pub(crate) placed: Vec<TaskId>,
    n_created: u32,
    scratch: Vec<InstanceId>,
}

impl Bed {
    pub(crate) fn filled(links: Links, tie_break: TieBreak, n_instances: u32, chooser: Chooser) -> Self {
        let mut bed = Self::empty(links, tie_break, n_instances, chooser);
        while bed.cluster.totals().reserved_cpu * 100 < bed.cluster.totals().registered_cpu * FILLED_PERCENT {
            bed.place();
        }
        for _ in 0..bed.placed.len() {
            bed.turn_over();
        }
        bed
    }

    fn empty(links: Links, tie_break: TieBreak, n_instances: u32, chooser: Chooser) -> Self {
        let mut attributes = Attributes::default();
        let chain = chain(links, tie_break, &mut attributes);
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
            n_batches: N_GROUPS,
            // As in a run: only where a rule asks.
            counts_batches: chain.strategies().iter().any(|it| it.order().depends_on_group()),
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
        Self {
            cluster,
            chain,
            chooser,
            draws: Draws::new(1),
            placed: Vec::new(),
            n_created: 0,
            scratch: Vec::new(),
        }
    }

    /// Creates a task and places it.
    pub(crate) fn place(&mut self) -> InstanceId {
        let definition = TaskDefinitionId::new(self.draws.below(NEEDS.len() as u64) as u32);
        let group = GroupId::new(self.draws.below(N_GROUPS.into()) as u32);
        let owner = TaskOwner::Standalone { arrival: self.n_created };
        self.n_created += 1;
        let task = self.cluster.create_task(definition, group, owner, Capacity::Instances(PROVIDER));
        let instance = self.choose(definition, group);
        let instance = instance.expect("a third of the cluster is free");
        self.cluster.place(task, instance);
        self.placed.push(task);
        instance
    }

    /// Where a task would go.
    pub(crate) fn choose(&mut self, definition: TaskDefinitionId, group: GroupId) -> Option<InstanceId> {
        if let Chooser::Index(index) = &mut self.chooser {
            index.update(&self.cluster);
            self.cluster.forget_changed_instances();
        }
        let view = PlacementView {
            cluster: &self.cluster,
            definition,
            group,
            order: RandomOrder::new(self.draws.bits(), self.cluster.n_launched()),
        };
        let rules = Rules { provider: PROVIDER, zones: &[], constraints: &[], chain: &self.chain };
        match &mut self.chooser {
            Chooser::Scan => choose(&rules, &view, &mut self.scratch),
            Chooser::Index(index) => index.choose(&rules, &view, &mut self.scratch),
            Chooser::Replay(chosen) => chosen.pop(),
        }
    }

    /// Stops a task and places another.
    pub(crate) fn turn_over(&mut self) -> InstanceId {
        let idx = self.draws.below(self.placed.len() as u64) as usize;
        let task = self.placed.swap_remove(idx);
        self.cluster.request_stop(task);
        self.cluster.finish_stop(task);
        self.place()
    }
}

fn chain(links: Links, tie_break: TieBreak, attributes: &mut Attributes) -> Chain {
    let strategies = links.iter().map(|&(name, field)| {
        let entry = STRATEGIES.iter().find(|it| it.name == name).expect("a strategy of the list");
        (entry.build)(field, attributes).expect("a field of the strategy")
    });
    Chain::new(strategies.collect(), tie_break)
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
