//! `[cluster]`: zones and the groups of instances.

use super::network::read_group_name;
use super::{agent, purchase};
use crate::base::id::{CapacityProviderId, InstanceTypeId, ZoneId};
use crate::base::{CpuUnits, Diagnostic, MemoryMib, Money, SimDuration, Table};
use crate::experiment::catalogue::{Catalogue, Missing};
use crate::experiment::reader::{self, Faults};
use crate::experiment::tree::{Node, Value};
use crate::model::capacity::{CapacityProvider, ManagedScaling, Scaling};
use crate::model::instance::InstanceType;
use crate::model::price::DatedPrice;
use crate::model::task::Needs;
use crate::placement::strategies::spread::is_attribute_name;

/// What instances there can be.
pub(super) struct Cluster {
    pub(super) zones: Table<ZoneId, String>,
    pub(super) instance_types: Table<InstanceTypeId, InstanceType>,
    pub(super) providers: Table<CapacityProviderId, CapacityProvider>,
}

/// Instance types of a group (EC2 Auto Scaling API LaunchTemplate.Overrides).
const TYPES_MAX: usize = 40;
/// What a pool of fixed size is called.
const FIXED_POOL: &str = "fixed";
/// The most instances of one group: beyond any fleet, below any overflow.
const SIZE_MAX: u64 = 1_000_000;

/// Where prices and zones are of, and where that was written.
#[derive(Clone, Copy)]
pub(super) struct Region<'a> {
    pub(super) name: &'a str,
    pub(super) node: Option<&'a Node>,
}

/// The instance types that groups name, each once.
pub(super) struct Types<'a> {
    region: Region<'a>,
    catalogue: &'a Catalogue,
    faults: &'a Faults,
    /// The security groups that are written.
    group_names: &'a [&'a str],
    found: Table<InstanceTypeId, InstanceType>,
}

/// Reads the cluster. `None` after a fault.
pub(super) fn read(
    node: &Node,
    region: Region<'_>,
    catalogue: &Catalogue,
    group_names: &[&str],
    faults: &Faults,
) -> Option<Cluster> {
    // Several were taken apart before.
    let node = single(Some(node))?;
    let table = reader::Table::of(node, faults);
    table.text("name");
    // The snapshot is read when the services are known.
    table.list("container_instance");
    table.list("task");
    let zones = read_zones(&table, region.name);
    let mut types = Types { region, catalogue, faults, group_names, found: Table::new() };

    let mut providers: Vec<Option<CapacityProvider>> = Vec::new();
    let instances = table.optional("instances");
    let instance_type = table.optional("instance_type");
    let groups = table.list("capacity_provider");
    match (instances, instance_type) {
        (Some(n), Some(instance_type)) => {
            if let Some(group) = groups.first() {
                let message = "a fixed pool (`instances`) and capacity providers exclude each other so far";
                faults.note(group.fault("B0116", message));
            }
            let size = reader::integer(n, 0..=SIZE_MAX, faults);
            let instance_role = table.text("instance_role").map(str::to_owned);
            let attributes = read_attributes(table.optional("attributes"), faults);
            let security_groups = read_group_names(&table, group_names);
            let instance_type = types.read(instance_type);
            let pool = fixed_pool(size, instance_type, (attributes, security_groups), zones.len());
            let agent = agent::read(&table);
            providers.push(pool.map(|it| CapacityProvider { instance_role, agent, ..it }));
        }
        (Some(n), None) => {
            faults.note(n.fault("B0105", "a fixed pool needs an `instance_type` beside `instances`"));
            providers.push(None);
        }
        (None, Some(it)) => {
            faults.note(it.fault("B0105", "a fixed pool needs `instances` beside `instance_type`"));
            providers.push(None);
        }
        (None, None) => {
            for group in groups {
                providers.push(read_group(group, &zones, &mut types));
            }
        }
    }
    table.finish();
    let providers: Vec<CapacityProvider> = providers.into_iter().collect::<Option<_>>()?;
    for (idx, provider) in providers.iter().enumerate() {
        if providers[..idx].iter().any(|it| it.name == provider.name) {
            faults.note(
                groups[idx].fault("B0111", format!("capacity provider `{}` is given twice", provider.name)),
            );
        }
    }
    let n_at_least: u64 = providers.iter().map(|it| u64::from(it.min_size)).sum();
    if n_at_least > SIZE_MAX {
        let message =
            format!("the groups have {n_at_least} instances at least; at most {SIZE_MAX} are played");
        faults.note(node.fault("B0153", message));
    }
    Some(Cluster { zones: zones.into(), instance_types: types.found, providers: providers.into() })
}

/// The table of the one cluster, written as such or as a list of one.
pub(super) fn single(node: Option<&Node>) -> Option<&Node> {
    match &node?.value {
        Value::List(items) => items.first(),
        _ => node,
    }
}

fn fixed_pool(
    size: Option<u64>,
    instance_type: Option<InstanceTypeId>,
    (attributes, security_groups): (Vec<(String, String)>, Vec<String>),
    n_zones: usize,
) -> Option<CapacityProvider> {
    let size = u32::try_from(size?).expect("within the range");
    let zones = (0..n_zones as u32).map(ZoneId::new).collect();
    Some(CapacityProvider {
        min_size: size,
        max_size: size,
        security_groups,
        attributes,
        ..CapacityProvider::of(FIXED_POOL, instance_type?, zones)
    })
}

fn read_zones(table: &reader::Table<'_>, region: &str) -> Vec<String> {
    let faults = table.faults();
    let Some(node) = table.optional("availability_zones") else {
        return ["a", "b", "c"].map(|it| format!("{region}{it}")).into();
    };
    let items = table.list("availability_zones");
    let mut zones: Vec<String> = Vec::new();
    for item in items {
        let Some(zone) = reader::text(item, faults) else { continue };
        if zones.iter().any(|it| it == zone) {
            faults.note(item.fault("B0111", format!("zone `{zone}` is given twice")));
        } else {
            zones.push(zone.to_owned());
        }
    }
    if items.is_empty() {
        faults.note(node.fault("B0105", "a cluster needs an availability zone"));
    }
    zones
}

fn read_group(node: &Node, all_zones: &[String], types: &mut Types<'_>) -> Option<CapacityProvider> {
    let faults = types.faults;
    let table = reader::Table::of(node, faults);
    let name = table.required("name").and_then(|it| reader::text(it, faults)).map(str::to_owned);
    let has_trunking = table.flag("awsvpc_trunking").unwrap_or(false);
    let instance_types = table.required("instance_type").and_then(|it| types.read_all(it, has_trunking));
    let min_size = table.integer("min_size", 0..=SIZE_MAX).unwrap_or(0);
    let max_size = table.required("max_size").and_then(|it| reader::integer(it, 0..=SIZE_MAX, faults));
    if let (Some(max_size), Some(min_node)) = (max_size, node.get("min_size"))
        && min_size > max_size
    {
        faults.note(min_node.fault("B0110", format!("min_size {min_size} is above max_size {max_size}")));
    }
    let default = ManagedScaling::default();
    let in_range = |name, range, default: u32| {
        table.integer(name, range).map_or(default, |it| u32::try_from(it).expect("within the range"))
    };
    let scaling = ManagedScaling {
        target_capacity: in_range("target_capacity", 1..=100, default.target_capacity),
        minimum_scaling_step_size: in_range(
            "minimum_scaling_step_size",
            1..=10_000,
            default.minimum_scaling_step_size,
        ),
        maximum_scaling_step_size: in_range(
            "maximum_scaling_step_size",
            1..=10_000,
            default.maximum_scaling_step_size,
        ),
        instance_warmup_period: table
            .duration("instance_warmup_period")
            .unwrap_or(default.instance_warmup_period),
    };
    if scaling.instance_warmup_period > SimDuration::from_secs(10_000) {
        let node = node.get("instance_warmup_period").expect("only a written one is this long");
        faults.note(
            node.fault("B0107", "instance_warmup_period is at most 10000 seconds (API ManagedScaling)"),
        );
    }
    if scaling.minimum_scaling_step_size > scaling.maximum_scaling_step_size {
        faults.note(node.fault("B0110", "minimum_scaling_step_size is above maximum_scaling_step_size"));
    }
    let is_enabled = |name, default| {
        let written = table.optional(name).and_then(|it| reader::word(it, &["ENABLED", "DISABLED"], faults));
        written.map_or(default, |it| it == 0)
    };
    let is_managed = is_enabled("managed_scaling", true);
    let managed_termination_protection = is_enabled("managed_termination_protection", false);
    let managed_draining = is_enabled("managed_draining", true);
    if let Some(written) = node.get("managed_termination_protection")
        && managed_termination_protection
        && !is_managed
    {
        let message = "managed termination protection needs managed scaling";
        faults.note(written.fault("B0110", message));
    }
    let purchase = purchase::read(&table, instance_types.as_deref(), types);
    let spot_instance_draining = table.flag("spot_instance_draining").unwrap_or(false);
    let security_groups = read_group_names(&table, types.group_names);
    let instance_role = table.text("instance_role").map(str::to_owned);
    let agent = agent::read(&table);
    let zones = match table.list("availability_zones") {
        [] => (0..all_zones.len() as u32).map(ZoneId::new).collect(),
        items => items.iter().filter_map(|it| zone_of(it, all_zones, faults)).collect::<Vec<_>>(),
    };
    let attributes = read_attributes(table.optional("attributes"), faults);
    table.finish();
    if zones.is_empty() {
        return None;
    }
    Some(CapacityProvider {
        name: name?,
        instance_types: instance_types?,
        purchase: purchase?,
        zones,
        min_size: u32::try_from(min_size).expect("within the range"),
        max_size: u32::try_from(max_size?).expect("within the range"),
        scaling: if is_managed { Scaling::Managed(scaling) } else { Scaling::Fixed },
        managed_termination_protection,
        managed_draining,
        spot_instance_draining,
        security_groups,
        instance_role,
        agent,
        attributes,
    })
}

fn read_group_names(table: &reader::Table<'_>, names: &[&str]) -> Vec<String> {
    let items = table.list("security_groups").iter();
    items.filter_map(|it| read_group_name(it, names, table.faults())).collect()
}

pub(super) fn zone_of(node: &Node, zones: &[String], faults: &Faults) -> Option<ZoneId> {
    let name = reader::text(node, faults)?;
    let idx = zones.iter().position(|it| it == name);
    if idx.is_none() {
        let fault = node.fault("B0117", format!("the cluster has no availability zone `{name}`"));
        faults.note(fault.help_nearest(name, zones.iter().map(String::as_str)));
    }
    idx.map(|it| ZoneId::new(it as u32))
}

fn read_attributes(node: Option<&Node>, faults: &Faults) -> Vec<(String, String)> {
    let Some(node) = node else { return Vec::new() };
    let mut attributes = Vec::new();
    for field in node.fields() {
        if !is_attribute_name(&field.name) {
            let message =
                format!("`{}` is no attribute name: 1 to 128 of letters, digits, - _ / \\ .", field.name);
            faults.note(Diagnostic::new("B0109", message).at(field.origin.place()));
        }
        if let Some(value) = reader::text(&field.node, faults) {
            attributes.push((field.name.clone(), value.to_owned()));
        }
    }
    if !matches!(node.value, Value::Table(_)) {
        faults.note(node.fault("B0103", format!("expected a table of attributes, found {}", node.kind())));
    }
    attributes.sort();
    attributes
}

impl Types<'_> {
    /// The types of a group, the preferred one first: one, or a list of them.
    fn read_all(&mut self, node: &Node, has_trunking: bool) -> Option<Vec<InstanceTypeId>> {
        let items = super::items_of(node);
        if items.is_empty() || items.len() > TYPES_MAX {
            let message = format!("a group has 1 to {TYPES_MAX} instance types, this one {}", items.len());
            self.faults.note(node.fault("B0112", message));
            return None;
        }
        let mut types: Vec<InstanceTypeId> = Vec::new();
        for item in items {
            let found = self.read(item);
            let found =
                found.and_then(|it| if has_trunking { self.with_trunking(it, item) } else { Some(it) });
            if found.is_some_and(|it| types.contains(&it)) {
                self.faults.note(item.fault("B0111", "this instance type is given twice"));
            }
            types.extend(found);
        }
        (types.len() == items.len()).then_some(types)
    }

    /// An instance type by name, or as a table of its own figures.
    fn read(&mut self, node: &Node) -> Option<InstanceTypeId> {
        let instance_type = match &node.value {
            Value::Text(name) => self.by_name(node, name)?,
            Value::Table(_) => self.own(node)?,
            _ => {
                let message = format!("expected the name of an instance type, found {}", node.kind());
                self.faults.note(node.fault("B0103", message));
                return None;
            }
        };
        let known = self.found.iter().find(|(_, it)| **it == instance_type).map(|(id, _)| id);
        Some(known.unwrap_or_else(|| self.found.push(instance_type)))
    }

    /// The same type with the interfaces that trunking gives its tasks (account
    /// setting awsvpcTrunking, set before an instance registers).
    fn with_trunking(&mut self, id: InstanceTypeId, node: &Node) -> Option<InstanceTypeId> {
        let mut instance_type = self.found[id].clone();
        let Some(interfaces) = instance_type.trunked_network_interfaces else {
            let message = format!("`{}` is not known to support trunking", instance_type.name);
            self.faults.note(node.fault("B0107", message));
            return None;
        };
        instance_type.capacity.network_interfaces = interfaces;
        let known = self.found.iter().find(|(_, it)| **it == instance_type).map(|(id, _)| id);
        Some(known.unwrap_or_else(|| self.found.push(instance_type)))
    }

    fn by_name(&self, node: &Node, name: &str) -> Option<InstanceType> {
        match self.catalogue.instance_type(self.region.name, name) {
            Ok(instance_type) => Some(instance_type),
            Err(Missing::Type) => {
                let fault = node.fault("B0118", format!("unknown instance type `{name}`"));
                let nearest = crate::base::nearest::nearest(name, self.catalogue.types().map(|it| it.0));
                self.faults.note(match nearest {
                    Some(nearest) => fault.help(format!("did you mean `{nearest}`?")),
                    None => fault.help("`berthlab list instance-types` names all of them"),
                });
                None
            }
            Err(Missing::Price) => {
                self.faults.note(self.no_price(node, name));
                None
            }
        }
    }

    /// A region that is unknown altogether is itself the fault, not the type.
    fn no_price(&self, node: &Node, name: &str) -> Diagnostic {
        let (region, regions) = (self.region.name, self.catalogue.regions());
        let own = "or give a file of your own with `prices`";
        if let Some(node) = self.region.node.filter(|_| !regions.contains(&region)) {
            let fault = node.fault("B0119", format!("there are no prices of region `{region}`"));
            return fault.help(match crate::base::nearest::nearest(region, regions.iter().copied()) {
                Some(nearest) => format!("did you mean `{nearest}`?"),
                None => format!("regions with prices: {}; {own}", regions.join(", ")),
            });
        }
        let elsewhere = regions.iter().filter(|it| self.catalogue.on_demand(it, name).is_some());
        let elsewhere: Vec<&str> = elsewhere.copied().collect();
        let fault = node.fault("B0119", format!("there is no price of `{name}` in region `{region}`"));
        fault.help(match elsewhere[..] {
            [] => format!("regions with prices: {}; {own}", regions.join(", ")),
            _ => format!(
                "it has one in {}; {own}, such as `{region},{name},0.1,2026-10-01`",
                elsewhere.join(", ")
            ),
        })
    }

    /// A group that buys Spot needs the Spot price of each of its types.
    pub(super) fn check_spot_price(&self, id: InstanceTypeId, node: &Node) {
        let instance_type = &self.found[id];
        if instance_type.spot.is_none() {
            let (name, region) = (&instance_type.name, self.region.name);
            let fault =
                node.fault("B0119", format!("there is no Spot price of `{name}` in region `{region}`"));
            let help = format!(
                "give one in a file of your own with `prices`: `{region},spot:{name},0.04,2026-10-01`"
            );
            self.faults.note(fault.help(help));
        }
    }

    /// `{ name, cpu_units, memory_mib, gpus, network_interfaces, usd_per_hour,
    /// spot_usd_per_hour }`:
    /// exactly what registers.
    fn own(&self, node: &Node) -> Option<InstanceType> {
        let table = reader::Table::of(node, self.faults);
        let name = table.text("name").unwrap_or("custom").to_owned();
        let cpu = table.required("cpu_units").and_then(|it| reader::integer(it, 1..=1 << 30, self.faults));
        let memory =
            table.required("memory_mib").and_then(|it| reader::integer(it, 1..=1 << 30, self.faults));
        let gpus = table.integer("gpus", 0..=1 << 20).unwrap_or(0);
        let network = table.optional("network_bytes_per_second");
        let network = network.and_then(|it| reader::bytes(it, 1..=1 << 40, self.faults));
        let network_interfaces = table.integer("network_interfaces", 0..=1 << 20).unwrap_or(0);
        let price_of = |it: &Node| reader::money(it, self.faults);
        let usd_per_hour = table.optional("usd_per_hour").map(price_of);
        let spot = table.optional("spot_usd_per_hour").map(price_of);
        let as_of = table.optional("price_as_of").and_then(|it| reader::day(it, self.faults));
        let as_of = as_of.unwrap_or("").to_owned();
        table.finish();
        let price = |usd| DatedPrice { usd, as_of: as_of.clone() };
        let small = |it: u64| u32::try_from(it).expect("within the range");
        Some(InstanceType {
            name,
            capacity: Needs {
                cpu: CpuUnits(small(cpu?)),
                memory: MemoryMib(small(memory?)),
                gpus: small(gpus),
                network_interfaces: small(network_interfaces),
            },
            trunked_network_interfaces: None,
            network_bytes_per_second: network,
            is_arm: false,
            on_demand: price(usd_per_hour.unwrap_or(Some(Money::ZERO))?),
            spot: match spot {
                Some(spot) => Some(price(spot?)),
                None => None,
            },
        })
    }
}
