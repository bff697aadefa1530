//! `[workload]`, and what a scenario meets as it was written: from it and a
//! seed the files of `experiment/inputs.rs` make a `Workload`.

use std::fmt;
use std::num::NonZeroU64;

use super::behaviour::BehaviourSpec;
use super::capacity::{ON_FARGATE, read_capacity, read_network_configuration};
use super::chain::{Asker, read_placement};
use super::{Context, Names};
use crate::base::{SimDuration, SimTime};
use crate::experiment::reader;
use crate::experiment::tree::Node;
use crate::model::capacity::CapacityStrategy;
use crate::model::scanning::ScanGate;
use crate::model::task::TaskDefinition;
use crate::model::workload::{FoundHost, ServiceChangeKind};
use crate::sim::setup::{StandalonePolicy, Unplaced};
use crate::trace::formats;

/// A file that an experiment names, relative to the experiment.
#[derive(Clone)]
pub struct PathRef {
    /// As written.
    pub path: String,
    /// Where it was written.
    pub node: Node,
}

/// Only the path: two experiments that name the same file mean the same.
impl fmt::Debug for PathRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.path.fmt(f)
    }
}

/// What a run meets, as written. Equal debug texts mean equal workloads under
/// equal seeds.
#[derive(Clone, Debug, Default)]
pub struct WorkloadSpec {
    /// Stand-alone tasks.
    pub tasks: TasksSpec,
    /// The image of their containers.
    pub image: Option<String>,
    /// The services, in order.
    pub services: Vec<ServiceSpec>,
    /// What else happens to services, in the order of time.
    pub changes: Vec<ServiceEventSpec>,
    /// Tasks that run at the first moment already.
    pub found: Vec<FoundTaskSpec>,
    /// Nothing after it is met.
    pub horizon: SimDuration,
}

/// Where stand-alone tasks come from.
#[derive(Clone, Debug, Default)]
pub enum TasksSpec {
    /// There are none.
    #[default]
    None,
    /// From a file.
    Trace {
        /// The file.
        file: PathRef,
        /// Its format; told from its first line if `None`.
        format: Option<&'static str>,
        /// Whether times are spread within their steps.
        spread: bool,
    },
    /// Drawn from a profile.
    Generate {
        /// The profile.
        profile: PathRef,
        /// How many times as many.
        scale: f64,
    },
}

/// Something that happens to a service, as an event says.
#[derive(Clone, Debug)]
pub struct ServiceEventSpec {
    /// When.
    pub at: SimTime,
    /// To which: its position.
    pub service: usize,
    /// What.
    pub kind: ServiceEventKind,
}

/// What can happen to a service by an event.
#[derive(Clone, Debug)]
pub enum ServiceEventKind {
    /// As the workload of a run has it.
    Known(ServiceChangeKind),
    /// A task set is made of a definition that may be in a file.
    CreateTaskSet {
        /// Its number.
        set: u32,
        /// What its tasks run.
        definition: DefinitionSpec,
        /// Percent of the desired count.
        scale: u8,
    },
}

/// A service's load and releases.
#[derive(Clone, Debug)]
pub struct ServiceSpec {
    /// Its name.
    pub name: String,
    /// The first revision.
    pub definition: DefinitionSpec,
    /// Its desired count over time.
    pub desired: DesiredSpec,
    /// What the containers of all its revisions do.
    pub behaviours: Vec<BehaviourSpec>,
    /// What is rolled out later.
    pub releases: Vec<ReleaseSpec>,
    /// How many requests it is sent, where they are played.
    pub rate: Option<RateSpec>,
    /// CPU units that its tasks want together, where a load says it.
    pub cpu_load: Option<UsageSpec>,
    /// MiB that they want together.
    pub memory_load: Option<UsageSpec>,
    /// Where it is written, under no path.
    pub written: PathRef,
}

/// A task that runs at the first moment already.
#[derive(Clone, Debug)]
pub struct FoundTaskSpec {
    /// Position of its service; `None` for a stand-alone task.
    pub service: Option<usize>,
    /// The group of a stand-alone task.
    pub group: Option<String>,
    /// What it runs.
    pub definition: DefinitionSpec,
    /// Where.
    pub host: FoundHost,
    /// Whether it is healthy.
    pub is_healthy: bool,
    /// Where it is written, under its instance's name.
    pub written: PathRef,
}

/// A task definition, given or to be read.
#[derive(Clone, Debug)]
pub enum DefinitionSpec {
    /// Given in the experiment.
    Given(TaskDefinition),
    /// A JSON document.
    File(PathRef),
}

impl DefinitionSpec {
    /// Whether the same was written: two files may say the same and yet be two
    /// revisions.
    pub fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            // One that is given by its needs has no name of its own.
            (Self::Given(one), Self::Given(other)) => {
                TaskDefinition { name: other.name.clone(), ..one.clone() } == *other
            }
            (Self::File(one), Self::File(other)) => one.path == other.path,
            (Self::Given(_), Self::File(_)) | (Self::File(_), Self::Given(_)) => false,
        }
    }
}

/// A desired count over time.
#[derive(Clone, Debug)]
pub enum DesiredSpec {
    /// Always the same.
    Constant(u32),
    /// What a load needs.
    Follows {
        /// Where the load is.
        load: LoadSpec,
        /// Load that one task bears, in thousandths.
        per_task: NonZeroU64,
        /// At least so many tasks.
        min: u32,
    },
}

/// Requests a second over time.
#[derive(Clone, Debug)]
pub enum RateSpec {
    /// Always the same: millionths of a request a second.
    Constant(u64),
    /// What a load says.
    Follows {
        /// Where the load is.
        load: LoadSpec,
        /// What one of its values counts the requests of; not zero.
        per: SimDuration,
        /// How many times as many come, in millionths.
        scale_millionths: u64,
    },
}

impl RateSpec {
    /// Millionths of a request a second that a value of a load, in
    /// thousandths, stands for.
    pub fn microrequests_per_second(value: u64, per: SimDuration, scale_millionths: u64) -> u128 {
        u128::from(value) * u128::from(scale_millionths) / u128::from(per.millis())
    }
}

/// What the tasks of a service want together, over time.
#[derive(Clone, Debug)]
pub enum UsageSpec {
    /// Always the same, in thousandths.
    Constant(u64),
    /// What a load says.
    Follows {
        /// Where the load is.
        load: LoadSpec,
        /// How many times as much, in millionths.
        scale_millionths: u64,
    },
}

/// A load over time.
#[derive(Clone, Debug)]
pub enum LoadSpec {
    /// From a file, from a moment of it on.
    Series(PathRef, SimDuration),
    /// Drawn from a profile.
    Generate(PathRef),
}

/// A new revision at a moment.
#[derive(Clone, Debug)]
pub struct ReleaseSpec {
    /// When.
    pub at: SimTime,
    /// What; the definition as it was if `None`.
    pub definition: Option<DefinitionSpec>,
    /// The image of its container, where it has but one. Without an image and a
    /// definition it is the same revision again (`forceNewDeployment`).
    pub image: Option<String>,
    /// What its containers do, on top of what those of the service do.
    pub behaviours: Vec<BehaviourSpec>,
    /// Whether none of its essential containers ever passes a check.
    pub fails_health_checks: bool,
    /// What it waits for.
    pub scan_gate: Option<ScanGate>,
}

/// Reads `[workload]`. No policy after a fault.
pub(super) fn read_standalone<'a>(
    node: &'a Node,
    is_written: bool,
    context: &Context<'a>,
    names: &mut Names,
) -> (TasksSpec, Option<String>, Option<StandalonePolicy>) {
    let faults = context.faults;
    let table = reader::Table::of(node, faults);
    let trace = table.optional("trace").and_then(|node| {
        reader::text(node, faults).map(|path| PathRef { path: path.to_owned(), node: node.clone() })
    });
    let format = table.optional("format").and_then(|node| {
        let name = reader::text(node, faults)?;
        match formats::find(name) {
            Ok(format) => Some(format.name),
            Err(fault) => {
                faults.note(fault.at(node.origin.place()));
                None
            }
        }
    });
    let spread = table.flag("spread").unwrap_or(true);
    let generate = table.optional("generate").and_then(|it| read_generate(it, context));
    let unplaced = read_unplaced(&table, context);
    // A cluster for services on Fargate alone has no instances to run on.
    let is_idle = !is_written && context.providers.is_some_and(|it| it.is_empty());
    let capacity = if is_idle {
        Some(CapacityStrategy::only(ON_FARGATE))
    } else {
        read_capacity(&table, false, context)
    };
    let is_fargate = capacity.as_ref().is_some_and(CapacityStrategy::is_fargate);
    let network = read_network_configuration(&table, is_fargate, context);
    let placement = read_placement(&table, Asker::Standalone, capacity, &network, context, names);
    let has_source = node.get("trace").is_some() || node.get("generate").is_some();
    if is_written && !has_source {
        faults.note(node.fault("B0105", "a workload needs a `trace` or `generate`"));
    }
    let tasks = match (trace, generate) {
        (Some(_), Some(_)) => {
            faults.note(node.fault("B0111", "a workload has a `trace` or `generate`, not both"));
            TasksSpec::None
        }
        (Some(file), None) => TasksSpec::Trace { file, format, spread },
        (None, Some(generate)) => generate,
        (None, None) => TasksSpec::None,
    };
    let image = table.text("image").map(str::to_owned);
    table.finish();
    (tasks, image, placement.map(|placement| StandalonePolicy { placement, unplaced }))
}

fn read_generate(node: &Node, context: &Context<'_>) -> Option<TasksSpec> {
    let table = reader::Table::of(node, context.faults);
    let profile = read_path(&table, "profile", context);
    let scale = match table.optional("scale") {
        Some(node) => reader::decimal(node, 1000.0, context.faults),
        None => Some(1.0),
    };
    table.finish();
    Some(TasksSpec::Generate { profile: profile?, scale: scale? })
}

/// A required path.
pub(super) fn read_path(
    table: &reader::Table<'_>,
    name: &'static str,
    context: &Context<'_>,
) -> Option<PathRef> {
    let node = table.required(name)?;
    let path = reader::text(node, context.faults)?;
    Some(PathRef { path: path.to_owned(), node: node.clone() })
}

fn read_unplaced(table: &reader::Table<'_>, context: &Context<'_>) -> Unplaced {
    let first = table.duration("retry_first").unwrap_or(SimDuration::from_secs(60));
    let longest = table.duration("retry_longest").unwrap_or(SimDuration::from_secs(15 * 60));
    let is_drop = table
        .optional("unplaced")
        .and_then(|it| reader::word(it, &["retry", "drop"], context.faults))
        .is_some_and(|idx| idx == 1);
    if first == SimDuration::ZERO {
        let node = table.node().get("retry_first").expect("only a written one is zero");
        context.faults.note(node.fault("B0106", "a retry needs a pause: retry_first is zero"));
    }
    if longest < first {
        let node = table.node().get("retry_longest").or(table.node().get("retry_first"));
        let node = node.expect("the defaults are in order");
        context
            .faults
            .note(node.fault("B0110", format!("retry_longest {longest} is below retry_first {first}")));
    }
    if is_drop { Unplaced::Drop } else { Unplaced::Retry { first, longest } }
}
