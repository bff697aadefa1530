//! How much a workload asks for at most, counted without making it: what
//! memory is estimated from.

use super::{Inputs, most_drawn};
use crate::base::{SimDuration, SimTime};
use crate::experiment::scenario::{
    DesiredSpec, LoadSpec, RateSpec, ServiceEventKind, ServiceSpec, TasksSpec, UsageSpec, WorkloadSpec,
};
use crate::model::task::Needs;
use crate::model::workload::ServiceChangeKind;
use crate::trace::Trace;

/// The most that a workload asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Demand {
    /// Stand-alone tasks before the horizon.
    pub n_arrivals: u64,
    /// Stand-alone tasks that would run at one moment if all found room at once.
    pub n_running: u64,
    /// What they would take together, at the moments of the most of each.
    pub cpu_units: u64,
    /// See `cpu_units`.
    pub memory_mib: u64,
    /// What is made of them for a seed.
    pub made: Made,
    /// For each service, in order, the most tasks that are desired of it where
    /// no policy scales it.
    pub desired: Vec<u64>,
    /// Releases and other changes of services.
    pub n_changes: u64,
    /// Points of loads and of requests.
    pub n_points: u64,
}

/// What is made of stand-alone tasks for a seed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Made {
    /// Nothing: they are known exactly, and shared with the trace.
    #[default]
    Nothing,
    /// The arrivals, of a trace that leaves something to be drawn.
    Arrivals,
    /// The trace and its arrivals.
    Trace,
}

/// Stretches of the horizon in which running tasks are counted: a task counts in
/// each that it touches.
const STRETCHES: u64 = 1 << 12;

impl Inputs {
    /// What `spec` asks for. Everything that it names must have been read.
    pub fn demand(&self, spec: &WorkloadSpec) -> Demand {
        let mut demand = match &spec.tasks {
            TasksSpec::None => Demand::default(),
            TasksSpec::Trace { file, .. } => of_trace(&self.traces[&file.path], spec.horizon),
            TasksSpec::Generate { .. } => {
                // How long they run is drawn too: as if none ended. A day may have
                // a fifth more than the mean one.
                let n = self.n_tasks(spec).expect("everything was read");
                let n = n + n / 5;
                let (cpu_units, memory_mib) = (u64::MAX, u64::MAX);
                let most = Demand { cpu_units, memory_mib, made: Made::Trace, ..Demand::default() };
                Demand { n_arrivals: n, n_running: n, ..most }
            }
        };
        demand.n_running += spec.found.len() as u64;
        demand.desired = spec.services.iter().map(|it| self.most_desired(it).unwrap_or(0)).collect();
        demand.n_changes = spec.changes.len() as u64;
        for event in &spec.changes {
            let most = &mut demand.desired[event.service];
            if let ServiceEventKind::Known(kind) = &event.kind {
                let n = match *kind {
                    ServiceChangeKind::DesiredCount(n) | ServiceChangeKind::Scaled(n) => n,
                    ServiceChangeKind::Bounds { max_capacity, .. } => max_capacity.unwrap_or(0),
                    _ => 0,
                };
                *most = (*most).max(n.into());
            }
        }
        for service in &spec.services {
            demand.n_changes += service.releases.len() as u64;
            if let DesiredSpec::Follows { load, .. } = &service.desired {
                demand.n_changes += self.n_points(load, spec.horizon);
            }
            if let Some(RateSpec::Follows { load, .. }) = &service.rate {
                demand.n_points += self.n_points(load, spec.horizon);
            }
            for usage in [&service.cpu_load, &service.memory_load].into_iter().flatten() {
                if let UsageSpec::Follows { load, .. } = usage {
                    demand.n_points += self.n_points(load, spec.horizon);
                }
            }
        }
        demand
    }

    /// The most tasks that are desired of a service; `None` if its load was not
    /// read.
    pub(super) fn most_desired(&self, service: &ServiceSpec) -> Option<u64> {
        Some(match &service.desired {
            DesiredSpec::Constant(n) => u64::from(*n),
            DesiredSpec::Follows { load: LoadSpec::Series(file, from), per_task, min } => {
                let counts = self.series.get(&file.path)?.desired_count(*per_task, *min, *from);
                counts.iter().map(|it| u64::from(it.1)).max().unwrap_or(0)
            }
            DesiredSpec::Follows { load: LoadSpec::Generate(file), per_task, min } => {
                most_drawn(self.load_profiles.get(&file.path)?, per_task.get()).max(u64::from(*min))
            }
        })
    }

    /// How many points a load has at most.
    fn n_points(&self, load: &LoadSpec, horizon: SimDuration) -> u64 {
        match load {
            LoadSpec::Series(file, _) => self.series[&file.path].points().len() as u64,
            LoadSpec::Generate(file) => {
                horizon.millis().div_ceil(self.load_profiles[&file.path].step.millis())
            }
        }
    }
}

fn of_trace(trace: &Trace, horizon: SimDuration) -> Demand {
    let width = horizon.millis().div_ceil(STRETCHES).max(1);
    let stretch = |at: SimTime| (at.millis() / width).min(STRETCHES - 1) as usize;
    // What begins in a stretch, and what is gone from it on.
    let mut changes = vec![[0_i128; 3]; STRETCHES as usize + 1];
    let mut n_arrivals = 0;
    for row in trace.rows.iter().take_while(|it| it.arrival < SimTime::ZERO + horizon) {
        let Needs { cpu, memory, .. } = trace.definitions[row.definition].needs;
        let n = i128::from(row.count);
        let taken = [n, n * i128::from(cpu.0), n * i128::from(memory.0)];
        let longest = row.lifetime.unrounded().1.saturating_add(row.arrival_step.millis());
        let end = SimTime::from_millis(row.arrival.millis().saturating_add(longest));
        for (idx, amount) in taken.into_iter().enumerate() {
            changes[stretch(row.arrival)][idx] += amount;
            changes[stretch(end) + 1][idx] -= amount;
        }
        n_arrivals += u64::from(row.count);
    }
    let (mut now, mut most) = ([0; 3], [0; 3]);
    for change in changes {
        for ((now, most), change) in now.iter_mut().zip(&mut most).zip(change) {
            *now += change;
            *most = (*most).max(*now);
        }
    }
    let [n_running, cpu_units, memory_mib] = most.map(|it| u64::try_from(it).unwrap_or(u64::MAX));
    let made = if trace.rows.as_arrivals().is_some() { Made::Nothing } else { Made::Arrivals };
    Demand { n_arrivals, n_running, cpu_units, memory_mib, made, ..Demand::default() }
}
