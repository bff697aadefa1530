//! A scenario, the axes to vary, replicates: the runs of an experiment, all
//! checked before the first one starts.

use std::borrow::Cow;
use std::path::Path;
use std::sync::Arc;

use crate::base::{Diagnostic, Seed};
use crate::experiment::agreement;
use crate::experiment::axes::{Axis, Setting};
use crate::experiment::catalogue::Catalogue;
use crate::experiment::clusters;
use crate::experiment::inputs::Inputs;
use crate::experiment::inputs::demand::Demand;
use crate::experiment::labels::{LABEL_MAX, label, value_label};
use crate::experiment::memory::{Footprint, footprint};
use crate::experiment::reader::Faults;
use crate::experiment::scenario::{self, Header, PathRef, Scenario, WorkloadSpec};
use crate::experiment::tree::{Node, Value};
use crate::model::registry_options::RegistryOptions;
use crate::model::repository::Registry;
use crate::model::scanning::FindingsSource;
use crate::sim::Setup;

/// The most runs of one experiment.
pub const RUNS_MAX: u64 = 1_000_000;
/// The most settings of one experiment.
pub const SETTINGS_MAX: u64 = 10_000;

/// An experiment that can be played.
pub struct Experiment {
    /// Names the output folder.
    pub name: String,
    /// The seed of the experiment.
    pub seed: Seed,
    /// Runs of each setting.
    pub n_replicates: u32,
    /// Where prices and zones are of.
    pub region: String,
    /// What is varied.
    pub axes: Vec<Axis>,
    /// Every combination.
    pub settings: Vec<PlannedSetting>,
    /// The different workloads that settings name, before a seed is known.
    pub workloads: Vec<WorkloadSpec>,
    /// The files.
    pub inputs: Inputs,
    /// The experiment as it was read, with what was set on the command line.
    pub source: SourceText,
}

/// What the experiment was read from.
#[derive(Clone, Debug)]
pub struct SourceText {
    /// The file as the user named it.
    pub file: String,
    /// Its text.
    pub text: String,
    /// `PATH=VALUE` as typed.
    pub overrides: Vec<String>,
}

/// One combination of the axes' values.
pub struct PlannedSetting {
    /// Which.
    pub setting: Setting,
    /// The settings of its runs.
    pub setup: Setup,
    /// What they meet: the position in the experiment's workloads.
    pub workload: usize,
    /// The whole of what was written for it, as text: equal texts, equal runs.
    pub identity: String,
    /// The name of its cluster; empty where nobody needs it to tell several apart.
    pub cluster: String,
    /// Its further clusters: they share an account with the first, and nothing else.
    pub others: Vec<PlannedCluster>,
}

/// A cluster beside the first.
pub struct PlannedCluster {
    /// Its name.
    pub name: String,
    /// How it is run.
    pub setup: Setup,
    /// What it meets: the position in the experiment's workloads.
    pub workload: usize,
}

impl PlannedSetting {
    /// All clusters in their order: name, setup, position of the workload.
    pub fn clusters(&self) -> impl Iterator<Item = (&str, &Setup, usize)> {
        let others = self.others.iter().map(|it| (it.name.as_str(), &it.setup, it.workload));
        std::iter::once((self.cluster.as_str(), &self.setup, self.workload)).chain(others)
    }

    /// The names of all services, as records have them.
    pub fn service_names(&self) -> Vec<String> {
        let named = |cluster: &str, service: &str| match cluster {
            "" => service.to_owned(),
            cluster => format!("{cluster}/{service}"),
        };
        let of_cluster = |(cluster, setup, _): (&str, &Setup, usize)| -> Vec<String> {
            setup.services.rows().iter().map(|it| named(cluster, &it.name)).collect()
        };
        self.clusters().flat_map(of_cluster).collect()
    }
}

/// One run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// Position among all runs.
    pub number: usize,
    /// Position of its setting.
    pub setting: usize,
    /// From 0.
    pub replicate: u32,
}

impl Experiment {
    /// All runs: settings in order, replicates running fastest.
    pub fn runs(&self) -> impl ExactSizeIterator<Item = Run> + use<> {
        let n_replicates = self.n_replicates as usize;
        (0..self.settings.len() * n_replicates).map(move |number| Run {
            number,
            setting: number / n_replicates,
            replicate: (number % n_replicates) as u32,
        })
    }

    /// What a run of each setting takes of memory.
    pub fn footprints(&self) -> Vec<Footprint> {
        let demands: Vec<Demand> = self.workloads.iter().map(|it| self.inputs.demand(it)).collect();
        let of_setting = |setting: &PlannedSetting| {
            let mut all = setting.clusters().map(|it| footprint(it.1, &demands[it.2]));
            let first = all.next().expect("there is a cluster");
            // Only the workload of the first is shared by runs.
            all.fold(first, |sum, it| Footprint {
                state: sum.state.saturating_add(it.state).saturating_add(it.workload),
                record: sum.record.saturating_add(it.record),
                ..sum
            })
        };
        self.settings.iter().map(of_setting).collect()
    }

    /// The seed of a run: of its replicate, whatever the setting.
    pub fn seed_of(&self, run: Run) -> Seed {
        self.seed.of_replicate(run.replicate)
    }
}

/// Reads an experiment. `folder` is what its paths are relative to, `overrides`
/// are `PATH=VALUE` as typed.
///
/// # Errors
///
/// Every fault of the file and of the files that it names.
pub fn read(source: SourceText, folder: &Path) -> Result<Experiment, Vec<Diagnostic>> {
    let mut tree = Node::parse(&source.file, &source.text)?;
    let faults = Faults::default();
    for assignment in &source.overrides {
        apply_override(&mut tree, assignment, &faults);
    }
    let header = scenario::read_header(&tree, &faults);
    let mut inputs = Inputs::new(folder);
    let catalogue = read_catalogue(&header, &mut inputs, &faults);
    let axes = read_axes(&tree, &faults);
    check_size(&axes, &header, &tree, &faults);
    // After a fault the scenario is read as well, so that all that is wrong is
    // told at once; not every combination, but every value of every axis.
    let combinations = if faults.is_empty() { combinations(&axes) } else { each_value(&axes) };
    // Each setting is a copy of the tree: ten thousand copies of ten thousand
    // values of an axis would take seconds.
    tree.remove("axes");
    let mut settings: Vec<PlannedSetting> = Vec::new();
    let mut workloads: Vec<WorkloadSpec> = Vec::new();
    let mut identities: Vec<String> = Vec::new();
    let mut registries: Vec<(_, Arc<Registry>)> = Vec::new();
    for values in combinations {
        if faults.is_full() {
            break;
        }
        let mut varied = tree.clone();
        // Who is placed by a strategy is known when all else is.
        let (last, first): (Vec<_>, Vec<_>) = axes.iter().zip(&values).partition(|it| it.0.name == PLACEMENT);
        for (axis, &value) in first.into_iter().chain(last) {
            axis.apply(&mut varied, value, &faults);
        }
        let identity = identity_of(&varied);
        let described = varied.get("repository").map(Node::canonical);
        let parts = clusters::split(varied, &faults);
        let mut read: Vec<(String, Scenario, usize)> = Vec::new();
        for (name, part) in parts {
            let mut scenario = scenario::read(&part, &header.region, &catalogue, &faults);
            let workload = std::mem::take(&mut scenario.workload);
            let debug_text = format!("{workload:?}");
            let workload = identities.iter().position(|it| *it == debug_text).unwrap_or_else(|| {
                inputs.load(&workload, &faults);
                inputs.check_size(&workload, part.get("service").unwrap_or(&part), &faults);
                identities.push(debug_text);
                workloads.push(workload);
                workloads.len() - 1
            });
            read.push((name, scenario, workload));
        }
        // One registry is of all clusters.
        let mut releases: Vec<_> = read.iter().flat_map(|it| inputs.releases(&workloads[it.2])).collect();
        releases.sort_by_key(|it| it.0);
        let mut planned: Vec<PlannedCluster> = Vec::new();
        let n_clusters = read.len();
        for (name, scenario, workload) in read {
            let Scenario { mut setup, disruptions, repositories, policies, findings, .. } = scenario;
            let disruptions = inputs.disruptions(&disruptions, setup.as_ref(), &faults);
            let (own, ratio) = match &setup {
                Some(setup) => (setup.registry.own.clone(), setup.options.registry.uncompressed_ratio),
                None => (String::new(), RegistryOptions::default().uncompressed_ratio),
            };
            inputs.policies(&policies, setup.as_mut().map(|it| &mut it.access), &faults);
            // Made once for all settings that describe the same.
            let key = (described.clone(), own, ratio, releases.clone());
            let registry = match registries.iter().find(|it| it.0 == key) {
                Some((_, known)) => Arc::clone(known),
                None => {
                    let made = Arc::new(inputs.registry(&repositories, &key.1, ratio, &key.3, &faults));
                    registries.push((key, Arc::clone(&made)));
                    made
                }
            };
            let observed = findings.and_then(|it| inputs.findings(&it, &faults));
            let Some(mut setup) = setup else { continue };
            if let (Some(scanning), Some(observed)) = (&mut setup.scanning, observed) {
                scanning.findings = FindingsSource::Observed(observed);
            }
            setup.disruptions = disruptions;
            setup.registry = registry;
            if faults.is_empty() {
                agreement::check(&setup, &workloads[workload], &inputs, &faults);
            }
            planned.push(PlannedCluster { name, setup, workload });
        }
        if planned.len() < n_clusters || planned.is_empty() {
            continue;
        }
        let others = planned.split_off(1);
        let PlannedCluster { name: cluster, setup, workload } = planned.remove(0);
        let setting = Setting { label: label(&axes, &values), values };
        settings.push(PlannedSetting { setting, setup, workload, identity, cluster, others });
    }
    let found = faults.into_found();
    if !found.is_empty() {
        return Err(found);
    }
    assert!(!settings.is_empty(), "without a fault there is a setting");
    Ok(Experiment {
        name: header.name,
        seed: Seed(header.seed),
        n_replicates: header.replicates,
        region: header.region,
        axes: axes.into_iter().map(|it| Axis { name: it.name, values: it.labels }).collect(),
        settings,
        workloads,
        inputs,
        source,
    })
}

fn apply_override(tree: &mut Node, assignment: &str, faults: &Faults) {
    let Some(at) = assignment.find('=') else {
        let whole = Node::parse_override(assignment, 0);
        faults.note(whole.fault("B0150", format!("`{assignment}` is not of the form PATH=VALUE")));
        return;
    };
    let value_start = at + 1 + (assignment[at + 1..].len() - assignment[at + 1..].trim_start().len());
    let value = Node::parse_override(assignment, value_start);
    let place = value.clone();
    if let Err(message) = tree.set(assignment[..at].trim(), value) {
        faults.note(place.fault("B0150", message));
    }
}

/// The catalogue with the user's prices; the built-in one after a fault.
fn read_catalogue(header: &Header, inputs: &mut Inputs, faults: &Faults) -> Cow<'static, Catalogue> {
    let built_in = Catalogue::built_in();
    let Some((path, node)) = &header.prices else { return Cow::Borrowed(built_in) };
    let file = PathRef { path: path.clone(), node: node.clone() };
    let read = inputs.read_text(&file).map_err(|fault| vec![fault]);
    match read.and_then(|text| built_in.with_prices(path, &text)) {
        Ok(catalogue) => Cow::Owned(catalogue),
        Err(found) => {
            found.into_iter().for_each(|it| faults.note(it));
            Cow::Borrowed(built_in)
        }
    }
}

/// An axis as written: where its values go, and the values.
pub(super) struct WrittenAxis {
    pub(super) name: String,
    pub(super) values: Vec<Node>,
    pub(super) labels: Vec<String>,
}

/// Short names for what every service and the workload have.
pub(super) const PLACEMENT: &str = "placement";
pub(super) const DEPLOYMENT: &str = "deployment";

/// The axes that can be varied.
fn read_axes(tree: &Node, faults: &Faults) -> Vec<WrittenAxis> {
    let Some(node) = tree.get("axes") else { return Vec::new() };
    if !matches!(node.value, Value::Table(_)) {
        faults.note(node.fault("B0103", format!("expected a table of axes, found {}", node.kind())));
        return Vec::new();
    }
    let mut axes = Vec::new();
    for (name, node) in axis_fields(node, "") {
        let Value::List(values) = &node.value else {
            faults.note(node.fault(
                "B0103",
                format!("expected the list of values of axis `{name}`, found {}", node.kind()),
            ));
            continue;
        };
        if values.is_empty() {
            faults.note(node.fault("B0151", format!("axis `{name}` has no value")));
            continue;
        }
        if scenario::HEADER_FIELDS.contains(&name.split('.').next().unwrap_or_default()) {
            let message =
                format!("axis `{name}`: there is one for the whole experiment, it cannot be varied");
            faults.note(node.fault("B0150", message));
            continue;
        }
        // What would fill a line is called by its place in the list.
        let short = |(idx, node): (usize, &Node)| match value_label(&name, node) {
            long if long.chars().count() > LABEL_MAX && !matches!(node.value, Value::Text(_)) => {
                format!("{} of {}", idx + 1, values.len())
            }
            label => label,
        };
        let labels: Vec<String> = values.iter().enumerate().map(short).collect();
        for (idx, label) in labels.iter().enumerate() {
            if labels[..idx].contains(label) {
                faults
                    .note(values[idx].fault("B0111", format!("axis `{name}` has the value `{label}` twice")));
            }
        }
        axes.push(WrittenAxis { name, values: values.clone(), labels });
    }
    axes
}

/// The axes of a table: `"model.tie_break" = […]`, or the same path unquoted,
/// which TOML reads as tables in tables.
fn axis_fields<'a>(node: &'a Node, prefix: &str) -> Vec<(String, &'a Node)> {
    let mut found = Vec::new();
    for field in node.fields() {
        let name = format!("{prefix}{}", field.name);
        match field.node.value {
            Value::Table(_) => found.extend(axis_fields(&field.node, &format!("{name}."))),
            _ => found.push((name, &field.node)),
        }
    }
    found
}

impl WrittenAxis {
    fn apply(&self, tree: &mut Node, value: usize, faults: &Faults) {
        let value = &self.values[value];
        let paths = self.paths(tree);
        // On Fargate there is nothing to place by.
        let is_meant = |path: &&String| {
            let owner = path.strip_suffix(".placement_strategy").filter(|_| self.name == PLACEMENT);
            owner.and_then(|it| find(tree, it)).is_none_or(|it| !is_on_fargate(it))
        };
        let meant: Vec<String> = paths.iter().filter(is_meant).cloned().collect();
        for path in &meant {
            if let Err(message) = tree.set(path, value.clone()) {
                faults.note(value.fault("B0150", format!("axis `{}`: {message}", self.name)));
            }
        }
        if paths.is_empty() {
            let message = format!("axis `{}` varies services and tasks, and there are none", self.name);
            faults.note(value.fault("B0150", message));
        }
    }

    /// Where the axis' values go.
    fn paths(&self, tree: &Node) -> Vec<String> {
        let of_services = |field: &str| -> Vec<String> {
            match tree.get("service").map(|it| &it.value) {
                Some(Value::List(items)) => {
                    (0..items.len()).map(|idx| format!("service.{idx}.{field}")).collect()
                }
                // A single element stands for a list of one.
                Some(Value::Table(_)) => vec![format!("service.{field}")],
                _ => Vec::new(),
            }
        };
        match self.name.as_str() {
            PLACEMENT => {
                let of_workload = tree.get("workload").map(|_| "workload.placement_strategy".to_owned());
                of_services("placement_strategy").into_iter().chain(of_workload).collect()
            }
            DEPLOYMENT => of_services("deployment_configuration"),
            path => vec![path.to_owned()],
        }
    }
}

/// What stands at a path of names and positions.
fn find<'a>(tree: &'a Node, path: &str) -> Option<&'a Node> {
    path.split('.').try_fold(tree, |node, step| match (&node.value, step.parse::<usize>()) {
        (Value::List(items), Ok(idx)) => items.get(idx),
        _ => node.get(step),
    })
}

/// Whether a service or the workload is written to run on Fargate.
fn is_on_fargate(node: &Node) -> bool {
    let is_fargate = |it: &Node| matches!(&it.value, Value::Text(text) if text.starts_with("FARGATE"));
    let of_item = |it: &Node| is_fargate(it) || it.get("capacity_provider").is_some_and(is_fargate);
    node.get("launch_type").is_some_and(is_fargate)
        || node.get("capacity_provider_strategy").is_some_and(|it| match &it.value {
            Value::List(items) => items.iter().any(of_item),
            _ => of_item(it),
        })
}

fn check_size(axes: &[WrittenAxis], header: &Header, tree: &Node, faults: &Faults) {
    let count = axes.iter().try_fold(1_u64, |n, axis| n.checked_mul(axis.values.len() as u64));
    let n_runs = count.and_then(|n| n.checked_mul(header.replicates.into()));
    let node = tree.get("axes").or(tree.get("replicates")).unwrap_or(tree);
    let shown = |n: Option<u64>| n.map_or("more than 2^64".to_owned(), |n| n.to_string());
    if count.is_none_or(|n| n > SETTINGS_MAX) {
        let message = format!("the axes make {} settings; at most {SETTINGS_MAX} are played", shown(count));
        faults.note(node.fault("B0152", message));
    } else if n_runs.is_none_or(|n| n > RUNS_MAX) {
        let message =
            format!("settings and replicates make {} runs; at most {RUNS_MAX} are played", shown(n_runs));
        faults.note(node.fault("B0152", message));
    }
}

/// A few combinations in which every value stands once, as far as a hundred go.
fn each_value(axes: &[WrittenAxis]) -> Vec<Vec<usize>> {
    let longest = axes.iter().map(|it| it.values.len()).max().unwrap_or(0).clamp(1, 100);
    let combination = |idx: usize| axes.iter().map(|it| idx.min(it.values.len().saturating_sub(1))).collect();
    (0..longest).map(combination).collect()
}

/// Every combination, the last axis running fastest.
fn combinations(axes: &[WrittenAxis]) -> Vec<Vec<usize>> {
    let mut found = vec![Vec::new()];
    for axis in axes {
        let extended = |values: &Vec<usize>| -> Vec<Vec<usize>> {
            (0..axis.values.len()).map(|it| values.iter().copied().chain([it]).collect()).collect()
        };
        found = found.iter().flat_map(extended).collect();
    }
    found
}

/// The experiment without what only names or multiplies it.
fn identity_of(tree: &Node) -> String {
    let is_part = |name: &str| !matches!(name, "name" | "axes" | "replicates" | "seed");
    let parts = tree.fields().iter().filter(|it| is_part(&it.name));
    let mut parts: Vec<String> = parts.map(|it| format!("{} = {}", it.name, it.node.canonical())).collect();
    parts.sort();
    parts.join("\n")
}
