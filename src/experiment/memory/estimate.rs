//! What a run takes of memory, estimated from its inputs before it starts: the
//! sizes of what is known to be kept, times how many there may be, and half as
//! much again. A test holds it against what runs really take: never less, and
//! for workloads of some size not many times as much.
//!
//! Stand-alone tasks count as alive as long as the trace says they may run; if
//! they want more than all instances have, all of them do, for the others wait.
//! Instances are rows for the whole run, so that groups which grow and shrink
//! count several times.

use crate::base::SimDuration;
use crate::experiment::inputs::demand::{Demand, Made};
use crate::model::capacity::Scaling;
use crate::model::deployment::SchedulingStrategy;
use crate::model::task::Needs;
use crate::model::workload::ServiceChange;
use crate::record::{Bucket, Series};
use crate::sim::Setup;
use crate::sim::setup::ServicePolicy;

/// Bytes that a run takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Footprint {
    /// Its workload: made once for all runs that meet the same, and kept until
    /// the last of them is done.
    pub workload: u64,
    /// What it holds while it is played.
    pub state: u64,
    /// Its record, kept to the end of the experiment.
    pub record: u64,
}

impl Footprint {
    /// All of it, if the run were the only one.
    pub fn total(self) -> u64 {
        self.workload.saturating_add(self.state).saturating_add(self.record)
    }
}

/// A stand-alone task in packed columns, wider than most are.
const ARRIVAL_BYTES: u64 = 20;
/// A live task: its row, its events, its place in lists, its pull and its
/// target. Measured: 200 to 400.
const TASK_BYTES: u64 = 512;
/// An instance: its row, its attributes, its tables of tasks, ports and layers,
/// its line in the bill. Measured: 300 to 900.
const INSTANCE_BYTES: u64 = 1024;
/// A call that is retried, a line in the bill's tables, a change of the
/// registry: small things of which there are few.
const SMALL_BYTES: u64 = 128;
/// Tables, scratch memory and histograms of a run in which nothing happens.
const EMPTY_BYTES: u64 = 1 << 20;
/// Series of a cluster, of a service, of a capacity provider: those that are
/// always there, and most of those that come with what happens.
const SERIES: (u64, u64, u64) = (12, 10, 16);
/// What a service's requests, targets and policies take beside its series.
const SERVICE_BYTES: u64 = 64 << 10;
/// How often a day the instances of a group that is scaled are others.
const RENEWALS_A_DAY: u64 = 3;

/// What a run of `setup` takes that meets what `demand` says.
pub fn footprint(setup: &Setup, demand: &Demand) -> Footprint {
    // What grows or is sorted is there twice for a moment.
    let arrival = match demand.made {
        Made::Nothing => 0,
        Made::Arrivals => 2 * ARRIVAL_BYTES,
        Made::Trace => 4 * ARRIVAL_BYTES,
    };
    let workload = [
        (demand.n_arrivals, arrival),
        (demand.n_changes, 2 * size_of::<ServiceChange>() as u64),
        (demand.n_points, 64),
        (1, 64 << 10),
    ];
    let n_service_tasks = tasks_of_services(setup, demand);
    let (n_instances, n_alive) = instances(setup, demand, n_service_tasks);
    let n_daemons = setup.services.rows().iter().filter(|it| it.scheduling == SchedulingStrategy::Daemon);
    let n_daemon_tasks = n_alive.saturating_mul(n_daemons.count() as u64);
    let n_standalone = if has_room(setup, demand, n_alive) { demand.n_running } else { demand.n_arrivals };
    let n_tasks = n_standalone.saturating_add(n_service_tasks).saturating_add(n_daemon_tasks);
    let n_images = setup.registry.pushes.len();
    let state = [
        (n_tasks, TASK_BYTES),
        (n_instances, INSTANCE_BYTES),
        (n_images as u64, SMALL_BYTES * 8),
        (demand.n_changes, SMALL_BYTES),
        (1, EMPTY_BYTES),
    ];
    let series = size_of::<Series>() + Series::N_BUCKETS * size_of::<Bucket>();
    let n_series = SERIES.0
        + SERIES.1 * setup.services.len() as u64
        + SERIES.2 * setup.providers.len() as u64
        + 4 * setup.registry.repositories.len() as u64;
    let record = [
        (n_series, series as u64),
        (setup.services.len() as u64, SERVICE_BYTES),
        (demand.n_changes.min(1000), 16 << 10),
        (1, 256 << 10),
    ];
    Footprint { workload: with_margin(&workload), state: with_margin(&state), record: with_margin(&record) }
}

/// Half as much again.
fn with_margin(parts: &[(u64, u64)]) -> u64 {
    let sum = parts.iter().fold(0, |sum: u64, (n, bytes)| sum.saturating_add(n.saturating_mul(*bytes)));
    sum.saturating_add(sum / 2)
}

/// The most tasks of all services at once: twice as many as desired while a
/// deployment is under way.
fn tasks_of_services(setup: &Setup, demand: &Demand) -> u64 {
    let most = |(service, desired): (&ServicePolicy, &u64)| {
        let scaled = service.scaling.as_ref().map_or(0, |it| it.bounds.max_capacity);
        2 * (*desired).max(scaled.into())
    };
    setup.services.rows().iter().zip(&demand.desired).map(most).sum()
}

/// Instances over the whole run, and at one moment.
fn instances(setup: &Setup, demand: &Demand, n_service_tasks: u64) -> (u64, u64) {
    const DAY: SimDuration = SimDuration::from_secs(24 * 3600);
    let wanted = demand.n_arrivals.saturating_add(n_service_tasks);
    let mut n_alive: u64 = 0;
    let mut n_scaled: u64 = 0;
    for provider in setup.providers.rows() {
        // A group has no more instances than there are tasks for them.
        let n = match provider.scaling {
            Scaling::Fixed => u64::from(provider.min_size.max(provider.max_size)),
            Scaling::Managed(_) => {
                wanted.saturating_add(provider.min_size.into()).min(provider.max_size.into())
            }
        };
        n_alive += n;
        n_scaled += if matches!(provider.scaling, Scaling::Managed(_)) { n } else { 0 };
    }
    let renewed = if setup.loses_machines() { n_alive } else { n_scaled };
    let n_days = setup.horizon.millis().div_ceil(DAY.millis());
    let n_launched = renewed.saturating_mul(n_days * RENEWALS_A_DAY).min(wanted.saturating_mul(4));
    (n_alive + n_launched, n_alive)
}

/// Whether the stand-alone tasks at their most find room on all instances that
/// there can be.
fn has_room(setup: &Setup, demand: &Demand, n_alive: u64) -> bool {
    if setup.standalone.placement.capacity.is_fargate() {
        return true;
    }
    let types = setup.instance_types.rows();
    let least = |of: fn(&Needs) -> u32| {
        types.iter().map(|it| u64::from(of(&it.capacity))).min().unwrap_or(0).saturating_mul(n_alive)
    };
    demand.cpu_units <= least(|it| it.cpu.0) && demand.memory_mib <= least(|it| it.memory.0)
}
