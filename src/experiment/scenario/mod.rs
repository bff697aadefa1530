//! One situation as written, checked into what will run: names resolved, ranges
//! checked, every fault found before the first run.

mod access;
mod agent;
mod alarm;
mod balancers;
pub mod behaviour;
mod bill;
mod capacity;
mod chain;
mod cluster;
mod deployment;
mod disruption;
mod event;
mod found;
mod hooks;
mod lifecycle_policy;
mod model;
mod network;
mod purchase;
mod repository;
mod scaling;
mod scaling_policy;
mod scanning;
mod service;
mod task_set;
mod traffic;
mod workload;

pub use access::{PolicyOwner, PolicySpec, RepositoryPolicySpec};
pub use capacity::{SECURITY_GROUPS_MAX, SUBNETS_MAX, is_platform_version};
pub use disruption::{DisruptionSpec, SeriesFilter, SpotTraceSpec};
pub use lifecycle_policy::LifecyclePolicySpec;
pub use network::is_security_group_id;
pub use repository::{ImageSpec, LayerPart, LayersSpec, ManifestSpec, Pushed, RepositorySpec};
pub use service::DESIRED_MAX;
pub use workload::{
    DefinitionSpec, DesiredSpec, FoundTaskSpec, LoadSpec, PathRef, RateSpec, ReleaseSpec, ServiceEventKind,
    ServiceEventSpec, ServiceSpec, TasksSpec, UsageSpec, WorkloadSpec,
};

use std::sync::Arc;

use crate::base::{SimDuration, Table};
use crate::experiment::catalogue::Catalogue;
use crate::experiment::reader::{self, Faults};
use crate::experiment::tree::{Node, Value};
use crate::model::access::Access;
use crate::model::attribute::Attributes;
use crate::model::capacity::FargateRates;
use crate::model::identity::Expressions;
use crate::model::network::Network;
use crate::model::query::parse_time_ms;
use crate::model::repository::Registry;
use crate::sim::Setup;
use crate::sim::setup::{FargatePrices, STARTS_AT_MS};

/// A scenario: how the cluster is run, and what it meets.
pub struct Scenario {
    /// The settings of its runs; `None` after a fault.
    pub setup: Option<Setup>,
    /// What they meet; after a fault as much of it as could be read, so that
    /// the faults of its files are told with the others.
    pub workload: WorkloadSpec,
    /// What breaks; after a fault as much of it as could be read.
    pub disruptions: Vec<DisruptionSpec>,
    /// Its repositories; after a fault as much of it as could be read.
    pub repositories: Vec<RepositorySpec>,
    /// Policies in files; after a fault as much of it as could be read.
    pub policies: Vec<PolicySpec>,
    /// A file of what scans find; its rows are no part of the setup yet.
    pub findings: Option<PathRef>,
}

/// What is asked of every file, whatever the scenario.
pub struct Header {
    /// Names the output folder; empty after a fault.
    pub name: String,
    /// The seed of the experiment.
    pub seed: u64,
    /// Runs of each setting.
    pub replicates: u32,
    /// Where prices and zones are of.
    pub region: String,
    /// A user's price file, relative to the experiment.
    pub prices: Option<(String, Node)>,
}

const REPLICATES_MAX: u64 = 100_000;

/// The fields of the header: one value for the whole experiment, no axis.
pub const HEADER_FIELDS: [&str; 6] = ["name", "seed", "replicates", "region", "prices", "axes"];

/// Reads what belongs to the experiment as a whole.
pub fn read_header(tree: &Node, faults: &Faults) -> Header {
    let root = reader::Table::of(tree, faults);
    let name = root.required("name").and_then(|node| {
        let name = reader::text(node, faults)?;
        if !is_folder_name(name) {
            let expected = "1 to 64 letters, digits, `-`, `_` or `.`, not beginning with `.`";
            faults.note(node.fault("B0109", format!("`{name}` cannot name a folder: expected {expected}")));
            return None;
        }
        Some(name.to_owned())
    });
    let seed = root.integer("seed", 0..=u64::MAX).unwrap_or(1);
    let replicates = root.integer("replicates", 1..=REPLICATES_MAX).unwrap_or(1);
    let region = root.text("region").unwrap_or("us-east-1").to_owned();
    let prices = root
        .optional("prices")
        .and_then(|node| reader::text(node, faults).map(|path| (path.to_owned(), node.clone())));
    let replicates = u32::try_from(replicates).expect("within the range");
    Header { name: name.unwrap_or_default(), seed, replicates, region, prices }
}

fn is_folder_name(name: &str) -> bool {
    let is_allowed = |it: u8| it.is_ascii_alphanumeric() || b"-_.".contains(&it);
    (1..=64).contains(&name.len()) && name.bytes().all(is_allowed) && !name.starts_with('.')
}

/// Checks a whole scenario.
pub fn read(tree: &Node, region: &str, catalogue: &Catalogue, faults: &Faults) -> Scenario {
    let root = reader::Table::of(tree, faults);
    // Read by `read_header` and by the matrix of the experiment.
    for name in HEADER_FIELDS {
        root.optional(name);
    }
    let region = cluster::Region { name: region, node: tree.get("region") };
    let horizon = match root.required("horizon") {
        None => None,
        Some(node) => reader::duration(node, faults).filter(|horizon| {
            if *horizon == SimDuration::ZERO {
                faults.note(node.fault("B0106", "a horizon of no time leaves nothing to play"));
            }
            *horizon > SimDuration::ZERO
        }),
    };
    let warm_up = root.duration("warm_up").unwrap_or_default();
    if let (Some(horizon), Some(node)) = (horizon, tree.get("warm_up"))
        && warm_up >= horizon
    {
        let message = format!("a warm-up of {warm_up} leaves nothing of the horizon of {horizon} to measure");
        faults.note(node.fault("B0110", message));
    }
    let starts_at_ms = match root.optional("starts_at") {
        Some(node) => read_moment_of_day(node, faults),
        None => Some(STARTS_AT_MS),
    };
    let options = model::read(root.optional("model"), faults);
    let mut names = Names::default();
    let group_names = network::names_of(root.list("security_group"));
    let cluster =
        root.required("cluster").and_then(|it| cluster::read(it, region, catalogue, &group_names, faults));
    let network = network::read_network(&root, cluster.as_ref().map(|it| it.zones.rows()));
    let (mut access, mut policy_files) = access::read_access(&root);
    let is_scanned = tree.get("scanning").is_some();
    let scanning = scanning::read(root.optional("scanning"), faults);
    access::check_instance_roles(cluster::single(tree.get("cluster")), &access, faults);
    // A target group with a fault is left out, and yet it is there.
    let is_whole = network.target_groups.len() == root.list("target_group").len();
    let alarm_names = alarm::names_of(root.list("alarm"));
    let context = Context {
        faults,
        tie_break: options.tie_break,
        providers: cluster.as_ref().map(|it| &it.providers),
        zones: cluster.as_ref().map(|it| &it.zones),
        network: Some(&network).filter(|_| is_whole),
        group_names: &group_names,
        alarm_names: &alarm_names,
        access: &access,
        is_scanned,
        horizon,
    };
    let workload = root.optional("workload");
    let nothing = Node::parse("", "").expect("nothing is a document");
    let (tasks, image, standalone) =
        workload::read_standalone(workload.unwrap_or(&nothing), workload.is_some(), &context, &mut names);
    let written_services = root.list("service");
    let mut services = service::read_all(written_services, &context, &mut names);
    let policies = root.list("scaling_policy");
    scaling_policy::read_all(policies, written_services, &mut services, &options, &context);
    let mut events = event::read_all(root.list("event"), written_services, &services, &context, &mut names);
    events.services.extend(scaling::read_actions(written_services, &services, &context));
    events.services.sort_by_key(|it| it.at);
    let alarms = alarm::read_all(root.list("alarm"), written_services, &services, &context);
    let cluster_node = cluster::single(tree.get("cluster"));
    let found_of = |name: &str| cluster_node.and_then(|it| it.get(name)).map_or(&[][..], items_of);
    let found_instances = match &cluster {
        Some(cluster) => {
            let starts_at_ms = starts_at_ms.unwrap_or(STARTS_AT_MS);
            found::read_instances(found_of("container_instance"), cluster, starts_at_ms, &context)
        }
        None => Vec::new(),
    };
    let found_tasks =
        found::read_tasks(found_of("task"), &found_instances, written_services, &services, &context);
    let disruptions = disruption::read_all(root.list("disruption"), cluster.as_ref(), catalogue, &context);
    let repositories = repository::read_all(root.list("repository"), region.name, faults);
    events.roles.add_to(&mut access, &mut policy_files);
    access::add_repositories(&repositories, &mut access, &mut policy_files);
    let bill = bill::read_options(root.optional("bill"), faults);
    let prices = catalogue.service_prices(region.name);
    bill::check_prices(root.optional("bill"), &bill, &prices, region.name, faults);
    let commitments = bill::read_commitments(root.list("commitment"), catalogue, faults);
    root.finish();
    let (scanning, findings) = scanning.unzip();
    let findings = findings.flatten();

    let (policies, specs): (Vec<_>, Vec<_>) = services.into_iter().unzip();
    let workload = WorkloadSpec {
        tasks,
        image,
        services: specs,
        changes: events.services,
        found: found_tasks,
        horizon: horizon.unwrap_or_default(),
    };
    let (Some(cluster), Some(horizon), Some(standalone), Some(starts_at_ms), true) =
        (cluster, horizon, standalone, starts_at_ms, faults.is_empty())
    else {
        assert!(!faults.is_empty(), "what could not be read has a fault");
        return Scenario {
            setup: None,
            workload,
            disruptions,
            repositories,
            policies: policy_files,
            findings,
        };
    };
    let setup = Setup {
        horizon,
        warm_up,
        options,
        zones: cluster.zones,
        instance_types: cluster.instance_types,
        providers: cluster.providers,
        attributes: names.attributes,
        expressions: names.expressions,
        starts_at_ms,
        standalone,
        services: policies.into(),
        // Those of files come when these are read.
        disruptions: Vec::new(),
        registry: Arc::new(Registry { own: repository::own_registry(region.name), ..Registry::default() }),
        scanning,
        found_instances,
        access,
        network,
        fargate_rates: fargate_prices(catalogue, region.name),
        prices,
        bill,
        commitments,
        instance_changes: events.instances,
        alarms,
    };
    Scenario { setup: Some(setup), workload, disruptions, repositories, policies: policy_files, findings }
}

/// What Fargate charges in a region.
fn fargate_prices(catalogue: &Catalogue, region: &str) -> FargatePrices {
    let both = |is_spot| [false, true].map(|is_arm| catalogue.fargate_rates(region, is_arm, is_spot));
    let windows = catalogue.fargate_windows_rates(region);
    let windows = windows.map(|(rates, fee)| FargateRates { license_vcpu_hour: Some(fee), ..rates });
    FargatePrices { on_demand: both(false), spot: both(true), windows }
}

/// A list, or a single element that stands for a list of one.
fn items_of(node: &Node) -> &[Node] {
    match &node.value {
        Value::List(items) => items,
        _ => std::slice::from_ref(node),
    }
}

/// When the run begins, for expressions that ask when an instance registered.
fn read_moment_of_day(node: &Node, faults: &Faults) -> Option<i64> {
    let text = reader::text(node, faults)?;
    let found = parse_time_ms(text);
    if found.is_none() {
        let expected = "a date such as 2026-01-01 or 2026-01-01T08:00:00Z";
        faults.note(node.fault("B0107", format!("`{text}` is no moment: expected {expected}")));
    }
    found
}

/// What is told apart by number in a run: attributes and expressions.
#[derive(Default)]
struct Names {
    attributes: Attributes,
    expressions: Expressions,
}

/// What the rooms of a scenario need from each other.
struct Context<'a> {
    faults: &'a Faults,
    tie_break: crate::model::options::TieBreak,
    /// `None` after a fault in the cluster.
    providers:
        Option<&'a Table<crate::base::id::CapacityProviderId, crate::model::capacity::CapacityProvider>>,
    /// The same.
    zones: Option<&'a Table<crate::base::id::ZoneId, String>>,
    network: Option<&'a Network>,
    /// The security groups that are written.
    group_names: &'a [&'a str],
    /// The alarms that are written.
    alarm_names: &'a [&'a str],
    /// The roles that are described.
    access: &'a Access,
    /// Whether images are scanned.
    is_scanned: bool,
    horizon: Option<SimDuration>,
}
