//! Several `[[cluster]]`: the experiment is taken apart into one for each, which
//! is then read as if it were alone. What is written for a cluster, or of what is
//! in it, goes there; what belongs to the account (registry, roles, model,
//! commitments, prices) goes to each.
//!
//! A service names its cluster. Events, alarms and scaling policies are where
//! their service is; a disruption is where its groups are, or everywhere; a
//! target group is where the services are that join it, a load balancer where its
//! target groups are.

use std::collections::BTreeMap;

use crate::experiment::reader::{self, Faults};
use crate::experiment::tree::{Field, Node, Value};

/// A part of an experiment: the name of its cluster, empty where there is only
/// one, and what is written for it.
pub(super) type Part = (String, Node);

/// The longest name of a cluster (API CreateCluster.clusterName).
const NAME_MAX: usize = 255;

/// Takes `tree` apart. One cluster has it as it is; after a fault in the names of
/// several, the first has what is its own.
pub(super) fn split(mut tree: Node, faults: &Faults) -> Vec<Part> {
    let is_list = |it: &Node| matches!(&it.value, Value::List(items) if items.len() != 1);
    let Some(node) = tree.get("cluster").filter(|it| is_list(it)).cloned() else {
        name_only(&mut tree, faults);
        return vec![(String::new(), tree)];
    };
    let clusters = items_of(&node);
    if clusters.is_empty() {
        faults.note(node.fault("B0105", "an experiment has a cluster"));
        return Vec::new();
    }
    let names = read_names(clusters, faults);
    let owners = Owners::of(&tree, &names, clusters, faults);
    let part = |(idx, cluster): (usize, &Node)| {
        let fields = tree.fields().iter().filter_map(|field| owners.part_of(field, idx, cluster));
        let part = Node { value: Value::Table(fields.collect()), origin: tree.origin.clone() };
        (names[idx].to_owned(), part)
    };
    clusters.iter().enumerate().map(part).collect()
}

/// What names the only cluster may do so, and says nothing by it.
fn name_only(tree: &mut Node, faults: &Faults) {
    let is_named = |it: &Node| it.get("cluster").is_some();
    let lists = ["service", "event", "disruption"];
    let named = lists.iter().any(|it| tree.get(it).is_some_and(|it| items_of(it).iter().any(is_named)));
    if !named && !tree.get("workload").is_some_and(is_named) {
        return;
    }
    let cluster = tree.get("cluster").and_then(|it| items_of(it).first());
    let name = cluster.and_then(|it| text_of(it.get("name"))).unwrap_or_default().to_owned();
    let names = [name.as_str()];
    let Value::Table(fields) = &mut tree.value else { return };
    for field in fields.iter_mut().filter(|it| lists.contains(&it.name.as_str()) || it.name == "workload") {
        let items = match &mut field.node.value {
            Value::List(items) => items.as_mut_slice(),
            _ => std::slice::from_mut(&mut field.node),
        };
        for item in items {
            read_name(item, &names, faults);
            item.remove("cluster");
        }
    }
}

/// Which cluster has what, by position.
struct Owners {
    /// Of each element of these lists: where it is; everywhere if `None`.
    of_items: BTreeMap<&'static str, Vec<Option<usize>>>,
    /// Of disruptions that name groups: everywhere where one of them is.
    of_disruptions: Vec<Option<Vec<usize>>>,
    /// The groups of each.
    groups: Vec<Vec<String>>,
    workload: usize,
}

impl Owners {
    fn of(tree: &Node, names: &[&str], clusters: &[Node], faults: &Faults) -> Self {
        let list = |name: &str| tree.get(name).map_or(&[][..], items_of);
        let mut services = BTreeMap::new();
        let mut of_services = Vec::new();
        // Target groups by name, with the cluster of the first that joins them.
        let mut joined: BTreeMap<&str, usize> = BTreeMap::new();
        for node in list("service") {
            let cluster = read_name(node, names, faults);
            if node.get("cluster").is_none() {
                let message = format!("a service names its `cluster` where there are {}", names.len());
                faults.note(node.fault("B0105", message));
            }
            let cluster = cluster.unwrap_or(0);
            of_services.push(Some(cluster));
            if let Some(name) = text_of(node.get("name")) {
                if services.contains_key(name) {
                    let message = format!("service `{name}` is given twice, in whatever clusters");
                    faults.note(node.fault("B0111", message));
                }
                services.insert(name.to_owned(), cluster);
            }
            for balancer in node.get("load_balancers").map_or(&[][..], items_of) {
                let Some(group) = text_of(balancer.get("target_group")) else { continue };
                if *joined.entry(group).or_insert(cluster) != cluster {
                    let message = format!("services of two clusters join the target group `{group}`");
                    faults.note(balancer.fault("B0116", message));
                }
            }
        }
        let of_service = |node: &Node| services.get(text_of(node.get("service"))?).copied();
        let of_balancer = |node: &Node| {
            let listeners = node.get("listeners").map_or(&[][..], items_of);
            let groups = listeners.iter().filter_map(|it| text_of(it.get("target_group")));
            let mut found: Vec<usize> = groups.filter_map(|it| joined.get(it).copied()).collect();
            found.sort_unstable();
            found.dedup();
            if found.len() > 1 {
                faults.note(node.fault("B0116", "a load balancer with targets in two clusters"));
            }
            Some(found.first().copied().unwrap_or(0))
        };
        let of_group = |node: &Node| Some(joined.get(text_of(node.get("name"))?).copied().unwrap_or(0));
        let named = |node: &Node| read_name(node, names, faults);
        let mut of_items = BTreeMap::from([("service", of_services)]);
        let mut own = |list_name: &'static str, owner: &dyn Fn(&Node) -> Option<usize>| {
            of_items.insert(list_name, list(list_name).iter().map(owner).collect());
        };
        own("event", &|node| named(node).or_else(|| of_service(node)));
        own("alarm", &of_service);
        own("scaling_policy", &of_service);
        own("target_group", &of_group);
        own("load_balancer", &of_balancer);
        for node in list("repository").iter().filter_map(|it| it.get("upstream")) {
            let message = "a pull-through cache that several clusters fill";
            faults.note(node.fault("B0116", message));
        }
        let groups: Vec<Vec<&str>> = clusters.iter().map(groups_of).collect();
        let of_disruption = |node: &Node| match named(node) {
            Some(cluster) => Some(vec![cluster]),
            None => {
                let written = node.get("capacity_provider").map(items_of)?;
                let filter: Vec<&str> = written.iter().filter_map(|it| text_of(Some(it))).collect();
                let is_met = |own: &Vec<&str>| {
                    filter.iter().any(|it| own.contains(it) || ["FARGATE", "FARGATE_SPOT"].contains(it))
                };
                let met: Vec<usize> = (0..groups.len()).filter(|&it| is_met(&groups[it])).collect();
                // A name that no cluster has is a fault of the first.
                Some(if met.is_empty() { vec![0] } else { met })
            }
        };
        let of_disruptions = list("disruption").iter().map(of_disruption).collect();
        let workload = tree.get("workload").and_then(named).unwrap_or(0);
        let groups = groups.iter().map(|it| it.iter().map(|&it| it.to_owned()).collect()).collect();
        Self { of_items, of_disruptions, groups, workload }
    }

    /// What of a field of the experiment the cluster has.
    fn part_of(&self, field: &Field, cluster: usize, written: &Node) -> Option<Field> {
        let node = match field.name.as_str() {
            "cluster" => written.clone(),
            "workload" => (self.workload == cluster).then(|| without_name(&field.node))?,
            "disruption" => {
                let mut owners = self.of_disruptions.iter();
                let mut kept = keep(&field.node, |_| {
                    owners.next().is_none_or(|it| it.as_ref().is_none_or(|it| it.contains(&cluster)))
                });
                if let Value::List(disruptions) = &mut kept.value {
                    disruptions.iter_mut().for_each(|it| self.leave_out_others(it, cluster));
                }
                kept
            }
            name => match self.of_items.get(name) {
                Some(owners) => {
                    let mut owners = owners.iter();
                    keep(&field.node, |_| owners.next().is_none_or(|it| it.is_none_or(|it| it == cluster)))
                }
                None => field.node.clone(),
            },
        };
        Some(Field { name: field.name.clone(), origin: field.origin.clone(), node })
    }
}

impl Owners {
    /// Of the groups that a disruption names those that only another cluster has.
    fn leave_out_others(&self, disruption: &mut Node, cluster: usize) {
        let Value::Table(fields) = &mut disruption.value else { return };
        for field in fields.iter_mut().filter(|it| it.name == "capacity_provider") {
            let Value::List(names) = &mut field.node.value else { continue };
            let has = |it: usize, name: &str| self.groups[it].iter().any(|own| own == name);
            names.retain(|it| {
                let is_of_other = |name: &str| (0..self.groups.len()).any(|other| has(other, name));
                text_of(Some(it)).is_none_or(|name| has(cluster, name) || !is_of_other(name))
            });
        }
    }
}

/// The elements of a list that are kept, without the names of their clusters.
fn keep(node: &Node, mut is_kept: impl FnMut(&Node) -> bool) -> Node {
    let kept = items_of(node).iter().filter(|it| is_kept(it)).map(without_name).collect();
    Node { value: Value::List(kept), origin: node.origin.clone() }
}

fn without_name(node: &Node) -> Node {
    let mut node = node.clone();
    node.remove("cluster");
    node
}

/// The names of the groups of a cluster, and that of a fixed pool.
fn groups_of(cluster: &Node) -> Vec<&str> {
    let groups = cluster.get("capacity_provider").map_or(&[][..], items_of);
    let fixed = cluster.get("instances").map(|_| "fixed");
    groups.iter().filter_map(|it| text_of(it.get("name"))).chain(fixed).collect()
}

/// The names of all clusters; each has one of its own.
fn read_names<'a>(clusters: &'a [Node], faults: &Faults) -> Vec<&'a str> {
    let mut names: Vec<&str> = Vec::new();
    for node in clusters {
        let name = match node.get("name") {
            None => {
                let message = format!("each of {} clusters has a `name`", clusters.len());
                faults.note(node.fault("B0105", message));
                ""
            }
            Some(node) => match reader::text(node, faults) {
                Some(name) if !is_name(name) => {
                    let expected = "1 to 255 letters, digits, `-` or `_`";
                    let message = format!("`{name}` cannot name a cluster: expected {expected}");
                    faults.note(node.fault("B0109", message));
                    ""
                }
                Some(name) if names.contains(&name) => {
                    faults.note(node.fault("B0111", format!("cluster `{name}` is given twice")));
                    name
                }
                name => name.unwrap_or_default(),
            },
        };
        names.push(name);
    }
    names
}

fn is_name(name: &str) -> bool {
    let is_allowed = |it: u8| it.is_ascii_alphanumeric() || b"-_".contains(&it);
    (1..=NAME_MAX).contains(&name.len()) && name.bytes().all(is_allowed)
}

/// The cluster that something names, by its position.
fn read_name(node: &Node, names: &[&str], faults: &Faults) -> Option<usize> {
    let node = node.get("cluster")?;
    let name = reader::text(node, faults)?;
    let found = names.iter().position(|it| *it == name);
    if found.is_none() {
        let fault = node.fault("B0117", format!("there is no cluster `{name}`"));
        faults.note(fault.help_nearest(name, names.iter().copied().filter(|it| !it.is_empty())));
    }
    found
}

fn text_of(node: Option<&Node>) -> Option<&str> {
    match &node?.value {
        Value::Text(text) => Some(text),
        _ => None,
    }
}

/// A list, or a single element that stands for a list of one.
fn items_of(node: &Node) -> &[Node] {
    match &node.value {
        Value::List(items) => items,
        _ => std::slice::from_ref(node),
    }
}
