//! The files that an experiment names: read once, remembered by hash, and made
//! into the workload of a seed.

pub mod demand;
mod usage;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::base::id::{Id as _, ServiceId, TaskDefinitionId};
use crate::base::{Diagnostic, Seed, SimDuration, SimTime, Table};
use crate::documents::task_definition;
use crate::experiment::disruption_files::DisruptionFiles;
use crate::experiment::policy_files::PolicyFiles;
use crate::experiment::profile::Profile;
use crate::experiment::reader::Faults;
use crate::experiment::registry_files::RegistryFiles;
use crate::experiment::scenario::{
    DESIRED_MAX, DefinitionSpec, DesiredSpec, LoadSpec, PathRef, RateSpec, ReleaseSpec, ServiceEventKind,
    ServiceSpec, TasksSpec, UsageSpec, WorkloadSpec, behaviour,
};
use crate::experiment::text;
use crate::experiment::threads::AllThreads;
use crate::experiment::tree::Node;
use crate::model::container::{Blueprint, Container};
use crate::model::scanning::ScanGate;
use crate::model::task::TaskDefinition;
use crate::model::traffic::{RequestRate, Traffic};
use crate::model::workload::{
    FoundTask, ServiceChange, ServiceChangeKind, ServiceStart, TaskSetChange, Workload,
};
use crate::trace::{LoadProfile, LoadSeries, ReadError, TaskProfile, Trace, formats};

/// The most stand-alone tasks of a workload, and the most tasks of its services
/// together: some 100 bytes each while they are drawn and played, so what is
/// beyond would fill the memory of a large machine.
pub const TASKS_MAX: u64 = 50_000_000;
/// The most steps of a load that is drawn: 19 years of minutes.
const LOAD_STEPS_MAX: u64 = 10_000_000;

/// What was read.
pub struct Inputs {
    folder: PathBuf,
    /// Every file that was read, by its name in the experiment, with its hash.
    pub hashes: BTreeMap<String, String>,
    traces: BTreeMap<String, Trace>,
    series: BTreeMap<String, LoadSeries>,
    task_profiles: BTreeMap<String, TaskProfile>,
    load_profiles: BTreeMap<String, LoadProfile>,
    pub(super) definitions: BTreeMap<String, TaskDefinition>,
    pub(super) of_disruptions: DisruptionFiles,
    pub(super) of_registry: RegistryFiles,
    pub(super) of_policies: PolicyFiles,
}

impl Inputs {
    /// Nothing read yet; paths are relative to `folder`.
    pub fn new(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
            hashes: BTreeMap::new(),
            traces: BTreeMap::new(),
            series: BTreeMap::new(),
            task_profiles: BTreeMap::new(),
            load_profiles: BTreeMap::new(),
            definitions: BTreeMap::new(),
            of_disruptions: DisruptionFiles::default(),
            of_registry: RegistryFiles::default(),
            of_policies: PolicyFiles::default(),
        }
    }

    /// Reads a file that is small enough to hold as text.
    ///
    /// # Errors
    ///
    /// A fault at the place that names the file.
    pub fn read_text(&mut self, file: &PathRef) -> Result<String, Diagnostic> {
        let (mut reader, _) = self.open(file)?;
        match text::read(&mut reader, &file.path) {
            Ok(text) => Ok(text),
            Err(text::TextError::World(error)) => Err(unreadable(file, &error)),
            Err(text::TextError::Content(fault)) => Err(*fault),
        }
    }

    /// Opens a file and takes its hash.
    pub(super) fn open(&mut self, file: &PathRef) -> Result<(BufReader<File>, String), Diagnostic> {
        let path = self.folder.join(&file.path);
        let cannot = |error: std::io::Error| unreadable(file, &error);
        let mut opened = text::open(&path).map_err(cannot)?;
        if !self.hashes.contains_key(&file.path) {
            let mut hasher = blake3::Hasher::new();
            hasher.update_reader(&mut opened).map_err(cannot)?;
            self.hashes.insert(file.path.clone(), hasher.finalize().to_hex().to_string());
            opened.seek(SeekFrom::Start(0)).map_err(cannot)?;
        }
        Ok((BufReader::with_capacity(1 << 16, opened), path.display().to_string()))
    }

    /// Reads every file that `spec` names and that was not read before.
    pub fn load(&mut self, spec: &WorkloadSpec, faults: &Faults) {
        match &spec.tasks {
            TasksSpec::None => (),
            TasksSpec::Trace { file, format, .. } => {
                if !self.traces.contains_key(&file.path) {
                    match self.read_trace(file, *format) {
                        Ok(trace) => {
                            self.traces.insert(file.path.clone(), trace);
                        }
                        Err(found) => found.into_iter().for_each(|it| faults.note(it)),
                    }
                }
            }
            TasksSpec::Generate { profile, .. } => match self.read_profile(profile) {
                Ok(Profile::Tasks(it)) => {
                    self.task_profiles.insert(profile.path.clone(), *it);
                }
                Ok(Profile::Load(_)) => faults.note(wrong_profile(profile, "of a load", "of tasks")),
                Err(fault) => faults.note(fault),
            },
        }
        for service in &spec.services {
            let mut newest = self.load_definition(&service.definition, faults);
            if let Some(newest) = &newest {
                behaviour::check(newest, &service.behaviours, faults);
            }
            for release in &service.releases {
                if let Some(definition) = &release.definition {
                    newest = self.load_definition(definition, faults);
                }
                if let Some(newest) = &newest {
                    behaviour::check(newest, &release.behaviours, faults);
                }
            }
            if let DesiredSpec::Follows { load, .. } = &service.desired {
                self.load_load(load, faults);
            }
            if let Some(RateSpec::Follows { load, .. }) = &service.rate {
                self.load_load(load, faults);
            }
            for usage in [&service.cpu_load, &service.memory_load] {
                if let Some(UsageSpec::Follows { load, .. }) = usage {
                    self.load_load(load, faults);
                }
            }
        }
        for event in &spec.changes {
            if let ServiceEventKind::CreateTaskSet { definition, .. } = &event.kind {
                self.load_definition(definition, faults);
            }
        }
        for task in &spec.found {
            self.load_definition(&task.definition, faults);
        }
    }

    fn load_definition(&mut self, definition: &DefinitionSpec, faults: &Faults) -> Option<TaskDefinition> {
        let file = match definition {
            DefinitionSpec::Given(definition) => return Some(definition.clone()),
            DefinitionSpec::File(file) => file,
        };
        if let Some(known) = self.definitions.get(&file.path) {
            return Some(known.clone());
        }
        let text = self.read_text(file).map_err(|fault| {
            let is_revision = file.path.rsplit_once(':').is_some_and(|it| it.1.parse::<u64>().is_ok());
            let help = "a revision is named by the file of its task definition";
            vec![if is_revision { fault.help(help) } else { fault }]
        });
        match text.and_then(|text| task_definition::read(&file.path, &text)) {
            Ok(it) => {
                self.definitions.insert(file.path.clone(), it.clone());
                Some(it)
            }
            Err(found) => {
                found.into_iter().for_each(|it| faults.note(it));
                None
            }
        }
    }

    fn load_load(&mut self, load: &LoadSpec, faults: &Faults) {
        match load {
            LoadSpec::Series(file, _) => {
                if self.series.contains_key(&file.path) {
                    return;
                }
                match self.open(file) {
                    Ok((mut reader, shown)) => match LoadSeries::read(&mut reader, &shown) {
                        Ok(series) => {
                            self.series.insert(file.path.clone(), series);
                        }
                        Err(error) => note_read_error(file, error, faults),
                    },
                    Err(fault) => faults.note(fault),
                }
            }
            LoadSpec::Generate(file) => match self.read_profile(file) {
                Ok(Profile::Load(it)) => {
                    self.load_profiles.insert(file.path.clone(), *it);
                }
                Ok(Profile::Tasks(_)) => faults.note(wrong_profile(file, "of tasks", "of a load")),
                Err(fault) => faults.note(fault),
            },
        }
    }

    fn read_profile(&mut self, file: &PathRef) -> Result<Profile, Diagnostic> {
        let text = self.read_text(file)?;
        Profile::read(&text, &file.path).map_err(|fault| *fault)
    }

    fn read_trace(&mut self, file: &PathRef, format: Option<&str>) -> Result<Trace, Vec<Diagnostic>> {
        let (mut reader, shown) = self.open(file).map_err(|fault| vec![fault])?;
        let read = match format {
            Some(name) => {
                let format = formats::find(name).expect("the scenario checked the name");
                (format.read)(&mut reader, &shown, &AllThreads)
            }
            None => formats::read_recognised(&mut reader, &shown, &AllThreads).map(|it| it.1),
        };
        read.map_err(|error| match error {
            ReadError::Content(found) => found,
            ReadError::Io(error) => vec![unreadable(file, &error)],
        })
    }

    /// How many stand-alone tasks `spec` asks for, or is expected to where they
    /// are drawn; `None` if its file was not read.
    pub fn n_tasks(&self, spec: &WorkloadSpec) -> Option<u64> {
        match &spec.tasks {
            TasksSpec::None => Some(0),
            TasksSpec::Trace { file, .. } => {
                Some(self.traces.get(&file.path)?.n_tasks_before(SimTime::ZERO + spec.horizon))
            }
            TasksSpec::Generate { profile, scale } => {
                let profile = self.task_profiles.get(&profile.path)?;
                // A cast saturates: what is beyond all numbers is too many.
                Some(profile.expected_tasks(spec.horizon, *scale).round() as u64)
            }
        }
    }

    /// Refuses by count, before memory is asked for, what no machine holds.
    pub fn check_size(&self, spec: &WorkloadSpec, services: &Node, faults: &Faults) {
        self.check_rates(spec, services, faults);
        if let (Some(n), TasksSpec::Trace { file, .. } | TasksSpec::Generate { profile: file, .. }) =
            (self.n_tasks(spec), &spec.tasks)
            && n > TASKS_MAX
        {
            let message =
                format!("{n} stand-alone tasks arrive before the horizon; at most {TASKS_MAX} are played");
            faults.note(file.node.fault("B0153", message));
        }
        let mut n_of_services: u64 = 0;
        for service in &spec.services {
            let Some(most) = self.most_desired(service) else { continue };
            if let DesiredSpec::Follows { load: LoadSpec::Generate(file), .. } = &service.desired {
                let step = self.load_profiles[&file.path].step;
                let n_steps = spec.horizon.millis() / step.millis();
                if n_steps > LOAD_STEPS_MAX {
                    let message = format!(
                        "the load is drawn in {n_steps} steps of {step} before the horizon; at most {LOAD_STEPS_MAX} are"
                    );
                    faults.note(file.node.fault("B0153", message));
                }
            }
            if let DesiredSpec::Follows { load: LoadSpec::Series(file, _) | LoadSpec::Generate(file), .. } =
                &service.desired
                && most > DESIRED_MAX
            {
                faults.note(too_many_desired(file, most));
            }
            n_of_services += most.min(DESIRED_MAX);
        }
        if n_of_services > TASKS_MAX {
            let message =
                format!("the services want {n_of_services} tasks together; at most {TASKS_MAX} are played");
            faults.note(services.fault("B0153", message));
        }
    }

    /// What `spec` stands for under `seed`. Everything it names must have been
    /// read.
    pub fn workload(&self, spec: &WorkloadSpec, seed: Seed) -> Workload {
        let mut definitions = Table::new();
        let mut services = Table::new();
        let mut changes: Vec<ServiceChange> = Vec::new();
        let mut scan_gates = BTreeMap::new();
        for (idx, service) in spec.services.iter().enumerate() {
            let id = ServiceId::from_idx(idx);
            let (start, of_service) =
                self.service(id, service, (spec, seed), &mut definitions, &mut scan_gates);
            services.push(start);
            changes.extend(of_service);
        }
        for event in &spec.changes {
            let kind = match &event.kind {
                ServiceEventKind::Known(kind) => *kind,
                ServiceEventKind::CreateTaskSet { set, definition, scale } => {
                    let mut definition = self.definition(definition).clone();
                    behaviour::apply(&mut definition, &spec.services[event.service].behaviours);
                    let definition = definitions.push(definition);
                    let change = TaskSetChange::Created { definition, scale: *scale };
                    ServiceChangeKind::TaskSet { set: *set, change }
                }
            };
            changes.push(ServiceChange { at: event.at, service: ServiceId::from_idx(event.service), kind });
        }
        changes.sort_by_key(|it| it.at);
        changes.retain(|it| it.at < SimTime::ZERO + spec.horizon);

        let generated;
        let (trace, spread) = match &spec.tasks {
            TasksSpec::None => {
                generated = Trace::default();
                (&generated, false)
            }
            TasksSpec::Trace { file, spread, .. } => (&self.traces[&file.path], *spread),
            TasksSpec::Generate { profile, scale } => {
                generated = self.task_profiles[&profile.path].generate(seed, spec.horizon, *scale);
                (&generated, true)
            }
        };
        let found = self.found(spec, &mut services, &mut definitions);
        // Groups of tasks that were found come before those of the trace.
        let n_found_groups = found.iter().map(|it| it.1 + 1).max().unwrap_or(0);
        let n_before = definitions.len();
        // They differ in their needs alone: what stands behind them is shared.
        let blueprint = spec.image.as_ref().map(|image| {
            let container = Container { image: image.clone(), ..Container::plain("app") };
            Arc::new(Blueprint { containers: vec![container], ..Blueprint::plain() })
        });
        for definition in trace.definitions.rows() {
            let blueprint = definition.blueprint.clone().or_else(|| blueprint.clone());
            definitions.push(TaskDefinition { blueprint, ..definition.clone() });
        }
        let arrivals = trace.arrivals(seed, spread, spec.horizon).moved_behind(n_before, n_found_groups);
        Workload {
            definitions,
            arrivals,
            n_batches: trace.n_batches + n_found_groups,
            found,
            found_groups: found_groups(spec).map(str::to_owned).collect(),
            services,
            service_changes: changes,
            scan_gates,
        }
    }

    fn service(
        &self,
        id: ServiceId,
        service: &ServiceSpec,
        (spec, seed): (&WorkloadSpec, Seed),
        definitions: &mut Table<TaskDefinitionId, TaskDefinition>,
        scan_gates: &mut BTreeMap<TaskDefinitionId, ScanGate>,
    ) -> (ServiceStart, Vec<ServiceChange>) {
        let definition_of = |it: &DefinitionSpec| self.definition(it).clone();
        let mut changes = Vec::new();
        // What is said of one release holds for no other.
        let behaving = |definition: &TaskDefinition, release: Option<&ReleaseSpec>| {
            let mut definition = definition.clone();
            behaviour::apply(&mut definition, &service.behaviours);
            if let Some(release) = release {
                behaviour::apply(&mut definition, &release.behaviours);
                if release.fails_health_checks {
                    behaviour::fail_health_checks(&mut definition);
                }
            }
            definition
        };
        let mut newest = definition_of(&service.definition);
        let first = definitions.push(behaving(&newest, None));
        for (idx, release) in service.releases.iter().enumerate() {
            match &release.definition {
                Some(definition) => newest = definition_of(definition),
                None if release.image.is_none() => (),
                None => newest.name = format!("{}:{}", service.name, idx + 2),
            }
            if let Some(image) = &release.image {
                behaviour::set_image(&mut newest, image);
            }
            let definition = definitions.push(behaving(&newest, Some(release)));
            scan_gates.extend(release.scan_gate.map(|it| (definition, it)));
            let kind = ServiceChangeKind::Release(definition);
            changes.push(ServiceChange { at: release.at, service: id, kind });
        }
        let desired_count = match &service.desired {
            DesiredSpec::Constant(n) => *n,
            DesiredSpec::Follows { load, per_task, min } => {
                let drawn;
                let (series, from) = match load {
                    LoadSpec::Series(file, from) => (&self.series[&file.path], *from),
                    LoadSpec::Generate(file) => {
                        drawn = self.load_profiles[&file.path].generate(seed, id.number(), spec.horizon);
                        (&drawn, crate::base::SimDuration::ZERO)
                    }
                };
                let counts = series.desired_count(*per_task, *min, from);
                let change = |&(at, n): &(SimTime, u32)| ServiceChange {
                    at,
                    service: id,
                    // A load is followed by a scaling policy.
                    kind: ServiceChangeKind::Scaled(n),
                };
                changes.extend(counts.iter().skip(1).map(change));
                counts[0].1
            }
        };
        let requests = service.rate.as_ref().map_or_else(Vec::new, |it| self.requests(id, it, spec, seed));
        let usage = |it: &Option<UsageSpec>| self.usage(id, it.as_ref(), spec.horizon, seed);
        let (cpu_load, memory_load) = (usage(&service.cpu_load), usage(&service.memory_load));
        let start = ServiceStart::new(first, desired_count);
        (ServiceStart { requests, cpu_load, memory_load, ..start }, changes)
    }

    /// How many requests a service is sent.
    fn requests(&self, id: ServiceId, rate: &RateSpec, spec: &WorkloadSpec, seed: Seed) -> Vec<RequestRate> {
        let (load, per, scale) = match rate {
            RateSpec::Constant(microrequests_per_second) => {
                let microrequests_per_second = *microrequests_per_second;
                return vec![RequestRate { at: SimTime::ZERO, microrequests_per_second }];
            }
            RateSpec::Follows { load, per, scale_millionths } => (load, *per, *scale_millionths),
        };
        let drawn;
        let (series, from) = match load {
            LoadSpec::Series(file, from) => (&self.series[&file.path], *from),
            LoadSpec::Generate(file) => {
                drawn = self.load_profiles[&file.path].generate(seed, id.number(), spec.horizon);
                (&drawn, SimDuration::ZERO)
            }
        };
        let rates = series
            .from(from)
            .map(|(at, value)| RequestRate { at, microrequests_per_second: rate_of(value, per, scale) });
        rates.take_while(|it| it.at < SimTime::ZERO + spec.horizon).collect()
    }

    /// Refuses rates beyond any, and more requests than can be counted.
    fn check_rates(&self, spec: &WorkloadSpec, services: &Node, faults: &Faults) {
        let mut n_requests: u128 = 0;
        for service in &spec.services {
            let greatest = match &service.rate {
                None => continue,
                Some(RateSpec::Constant(rate)) => u128::from(*rate),
                Some(RateSpec::Follows { load, per, scale_millionths }) => {
                    let (file, value) = match load {
                        LoadSpec::Series(file, from) => {
                            let Some(series) = self.series.get(&file.path) else { continue };
                            (file, series.from(*from).map(|it| it.1).max().unwrap_or(0))
                        }
                        LoadSpec::Generate(file) => {
                            let Some(profile) = self.load_profiles.get(&file.path) else { continue };
                            (file, most_drawn(profile, 1))
                        }
                    };
                    let rate = RateSpec::microrequests_per_second(value, *per, *scale_millionths);
                    if rate > u128::from(Traffic::RATE_MAX) {
                        let message = format!(
                            "the load comes to {} requests a second; at most {} are played",
                            rate / 1_000_000,
                            Traffic::RATE_MAX / 1_000_000
                        );
                        faults.note(file.node.fault("B0171", message));
                    }
                    rate.min(Traffic::RATE_MAX.into())
                }
            };
            n_requests += greatest * u128::from(spec.horizon.millis()) / 1000;
        }
        if n_requests > u128::from(u64::MAX / 4) {
            let message = "the requests of all services over the horizon are more than can be counted";
            faults.note(services.fault("B0153", message));
        }
    }

    /// A definition, given or read.
    pub(super) fn definition<'a>(&'a self, written: &'a DefinitionSpec) -> &'a TaskDefinition {
        match written {
            DefinitionSpec::Given(definition) => definition,
            DefinitionSpec::File(file) => &self.definitions[&file.path],
        }
    }

    /// Tasks that run at the first moment already: those of services go to
    /// them, stand-alone ones are returned with their groups.
    ///
    /// What a task runs is told by what was written, not by what it comes to:
    /// two revisions may differ in nothing that is modelled, and two services
    /// may run the same.
    fn found(
        &self,
        spec: &WorkloadSpec,
        services: &mut Table<ServiceId, ServiceStart>,
        definitions: &mut Table<TaskDefinitionId, TaskDefinition>,
    ) -> Vec<(FoundTask, u32)> {
        let of_services = spec.services.iter().enumerate();
        let start_of = |idx| services[ServiceId::from_idx(idx)].definition;
        let mut known: Vec<(Option<usize>, &DefinitionSpec, TaskDefinitionId)> =
            of_services.map(|(idx, it)| (Some(idx), &it.definition, start_of(idx))).collect();
        let mut standalone = Vec::new();
        for task in &spec.found {
            let same = known.iter().find(|it| it.0 == task.service && it.1.is_same(&task.definition));
            let definition = same.map(|it| it.2).unwrap_or_else(|| {
                let mut definition = self.definition(&task.definition).clone();
                if let Some(service) = task.service {
                    behaviour::apply(&mut definition, &spec.services[service].behaviours);
                }
                definitions.push(definition)
            });
            if same.is_none() {
                known.push((task.service, &task.definition, definition));
            }
            let found = FoundTask { definition, host: task.host, is_healthy: task.is_healthy };
            match task.service {
                Some(service) => services[ServiceId::from_idx(service)].found.push(found),
                None => {
                    let group = task.group.as_deref().expect("a task without a service has a group");
                    let position = found_groups(spec).position(|it| it == group).expect("it is among them");
                    standalone.push((found, u32::try_from(position).expect("a few groups")));
                }
            }
        }
        standalone
    }
}

/// The groups of stand-alone tasks that run already, each once.
fn found_groups(spec: &WorkloadSpec) -> impl Iterator<Item = &str> {
    let groups = spec.found.iter().filter(|it| it.service.is_none()).filter_map(|it| it.group.as_deref());
    groups
        .clone()
        .enumerate()
        .filter(move |(idx, it)| groups.clone().position(|other| other == *it) == Some(*idx))
        .map(|it| it.1)
}

/// What a value of a load comes to, in millionths of a request a second.
fn rate_of(value: u64, per: SimDuration, scale_millionths: u64) -> u64 {
    let rate = RateSpec::microrequests_per_second(value, per, scale_millionths);
    // What is beyond was refused where it was seen.
    u64::try_from(rate).unwrap_or(u64::MAX).min(Traffic::RATE_MAX)
}

/// The most tasks that a load drawn from `profile` can want, if each bears
/// `per_task` thousandths.
fn most_drawn(profile: &LoadProfile, per_task: u64) -> u64 {
    let greatest = |values: &[f64]| values.iter().copied().fold(0.0, f64::max);
    let ratio = greatest(&profile.quiet_ratios.0).max(greatest(&profile.busy_ratios.0));
    (greatest(&profile.hourly_mean) * ratio * 1000.0 / per_task as f64).ceil() as u64
}

fn too_many_desired(file: &PathRef, n: u64) -> Diagnostic {
    let message = format!("the load wants up to {n} tasks; a service has at most {DESIRED_MAX}");
    file.node.fault("B0153", message)
}

fn unreadable(file: &PathRef, error: &std::io::Error) -> Diagnostic {
    file.node.fault("B0140", format!("cannot read `{}`: {}", file.path, text::reason(error)))
}

fn wrong_profile(file: &PathRef, found: &str, expected: &str) -> Diagnostic {
    file.node.fault("B0142", format!("`{}` is a profile {found}, expected one {expected}", file.path))
}

pub(super) fn note_read_error(file: &PathRef, error: ReadError, faults: &Faults) {
    match error {
        ReadError::Content(found) => found.into_iter().for_each(|it| faults.note(it)),
        ReadError::Io(error) => faults.note(unreadable(file, &error)),
    }
}
