//! The only writes to a [`Cluster`]. Each says from which state to which, keeps
//! every count in step, and checks itself.

mod instances;
mod services;
mod tasks;

use crate::base::id::{CapacityProviderId, GroupId, InstanceTypeId, TaskDefinitionId, ZoneId};
use crate::base::{SimTime, Table};
use crate::model::attribute::{AttributeLayout, AttributeValue};
use crate::model::changes::Changes;
use crate::model::cluster::{Cluster, Fleet, ProviderTotals, Totals};
use crate::model::group::Groups;
use crate::model::held::Held;
use crate::model::identity::{self, Expressions, Identity};
use crate::model::instance::InstanceType;
use crate::model::network::HostPort;
use crate::model::service::{Deployment, RevisionCounts, Service};
use crate::model::task::{Needs, TaskDefinition};

/// What a cluster is made from; nothing runs in it yet.
#[derive(Clone, Debug)]
pub struct ClusterParts {
    /// The definitions that tasks refer to.
    pub definitions: Table<TaskDefinitionId, TaskDefinition>,
    /// The types that providers launch.
    pub instance_types: Table<InstanceTypeId, InstanceType>,
    /// How tracked attributes are counted.
    pub layout: AttributeLayout,
    /// How many providers there are.
    pub n_providers: usize,
    /// Expressions that constraints refer to.
    pub expressions: Expressions,
    /// How many zones there are.
    pub n_zones: usize,
    /// The services, each with its first revision; their groups come first.
    pub services: Vec<(TaskDefinitionId, u32)>,
    /// The names of the first groups; the rest are `batch:0`, `batch:1`, ….
    pub group_names: Vec<String>,
    /// Groups of stand-alone tasks.
    pub n_batches: u32,
    /// Whether some rule of theirs looks at the counts of their groups.
    pub counts_batches: bool,
    /// The option of the same name.
    pub release_on_desired_stopped: bool,
}

/// What a new instance is.
#[derive(Clone, Debug)]
pub struct Launch<'a> {
    /// What is launched.
    pub instance_type: InstanceTypeId,
    /// Whether it is bought as Spot.
    pub is_spot: bool,
    /// For which group.
    pub provider: CapacityProviderId,
    /// Where.
    pub zone: ZoneId,
    /// The n-th launch of the provider in the zone.
    pub launch: u32,
    /// The values of the tracked attributes, in their order.
    pub attribute_values: &'a [AttributeValue],
    /// What it registers.
    pub registered: Needs,
    /// The host ports that it keeps for itself.
    pub ports: &'a [HostPort],
    /// Who it is.
    pub identity: Identity,
}

impl Cluster {
    /// A cluster without instances and tasks; every service wants its desired
    /// count.
    pub fn new(parts: ClusterParts) -> Self {
        let n_groups = parts.services.len() + parts.n_batches as usize;
        let mut expressions = parts.expressions;
        let demands = identity::demands(&parts.definitions, &mut expressions);
        let mut queries = expressions.terms();
        for id in queries.ids() {
            if !queries[id].expression().is_static() {
                for group in 0..n_groups {
                    match parts.group_names.get(group) {
                        Some(name) => queries[id].set_group(group, name),
                        None => queries[id]
                            .set_group(group, &format!("batch:{}", group - parts.group_names.len())),
                    }
                }
            }
        }
        let held = Held::new(parts.services.len(), parts.definitions.len());
        let mut cluster = Self {
            held,
            changes: Changes::default(),
            now: SimTime::ZERO,
            definitions: parts.definitions,
            demands,
            queries,
            identities: Table::new(),
            n_zones: parts.n_zones,
            instance_types: parts.instance_types,
            layout: parts.layout,
            releases_on_desired_stopped: parts.release_on_desired_stopped,
            instances: Table::new(),
            attribute_values: Vec::new(),
            tasks_on: Table::new(),
            ports_on: Table::new(),
            alive: vec![Vec::new(); parts.n_providers].into(),
            tasks: Table::new(),
            vacant: Vec::new(),
            groups: Groups::new(parts.services.len(), parts.counts_batches),
            services: Table::new(),
            deployments: Table::new(),
            n_draining: 0,
            totals: Totals::default(),
            provider_totals: vec![ProviderTotals::default(); parts.n_providers].into(),
            n_fleet_changes: 0,
            fleets: vec![Fleet { by_zone: vec![[0; 2]; parts.n_zones], n_in_use: 0 }; parts.n_providers]
                .into(),
        };
        for (idx, (definition, desired_count)) in parts.services.into_iter().enumerate() {
            let primary = cluster.deployments.push(Deployment::new(definition, SimTime::ZERO));
            cluster.services.push(Service {
                group: GroupId::new(u32::try_from(idx).expect("a few services")),
                desired_count,
                primary,
                older: Vec::new(),
                tasks: Vec::new(),
                n_launched: 0,
                n_healthy_lost: 0,
                healthy_by_zone: vec![0; parts.n_zones],
            });
        }
        cluster
    }

    /// Moves the clock.
    pub fn advance(&mut self, now: SimTime) {
        assert!(self.now <= now, "time runs forward");
        self.now = now;
    }
}

impl Deployment {
    pub(super) fn new(definition: TaskDefinitionId, started_at: SimTime) -> Self {
        let counts = RevisionCounts::default();
        Self { definition, started_at, is_completed: false, keep: 0, n_launched: 0, counts }
    }
}
