//! What of the cluster was taken by tasks: most at one moment while measured,
//! and what stood at the horizon.

use serde::{Deserialize, Serialize};

use crate::record::ClusterReading;

/// How much was taken.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Occupancy {
    /// Measured integral of instances with a task, in instance-milliseconds.
    pub instance_ms: u64,
    /// The most of each at one moment while measured, each for itself.
    pub peak: Taken,
    /// What stood at the horizon.
    pub at_end: Taken,
}

/// What is taken at a moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Taken {
    /// Instances with a task.
    pub instances: u64,
    /// Tasks that hold room, those on Fargate included.
    pub tasks: u64,
    /// CPU units of instances that tasks hold.
    pub cpu_units: u64,
    /// MiB of instances that tasks hold.
    pub memory_mib: u64,
}

impl Occupancy {
    /// The cluster stood like this for so long while measured.
    pub(super) fn hold(&mut self, reading: &ClusterReading, measured_ms: u64) {
        let (taken, peak) = (Taken::of(reading), &mut self.peak);
        self.instance_ms += taken.instances * measured_ms;
        peak.instances = peak.instances.max(taken.instances);
        peak.tasks = peak.tasks.max(taken.tasks);
        peak.cpu_units = peak.cpu_units.max(taken.cpu_units);
        peak.memory_mib = peak.memory_mib.max(taken.memory_mib);
    }

    /// Another cluster beside this one. Peaks are added, though they may not have
    /// come at one moment.
    pub(super) fn add(&mut self, other: Self) {
        self.instance_ms += other.instance_ms;
        self.peak.add(other.peak);
        self.at_end.add(other.at_end);
    }
}

impl Taken {
    fn add(&mut self, other: Self) {
        let Self { instances, tasks, cpu_units, memory_mib } = other;
        self.instances += instances;
        self.tasks += tasks;
        self.cpu_units += cpu_units;
        self.memory_mib += memory_mib;
    }

    pub(super) const fn of(reading: &ClusterReading) -> Self {
        Self {
            instances: reading.n_in_use,
            tasks: reading.n_placed,
            cpu_units: reading.reserved_cpu,
            memory_mib: reading.reserved_memory,
        }
    }
}
