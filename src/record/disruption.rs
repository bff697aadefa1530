//! What was disrupted in a run, by cause.

use serde::{Deserialize, Serialize};

use crate::base::{SimDuration, SimTime};
use crate::record::Series;

/// What one cause did. Counts are of the measured time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DisruptionRecord {
    /// The kind of disruption.
    pub cause: String,
    /// Instances that it took away, or gave notice to.
    pub n_instances: u64,
    /// Tasks that were wanted and that it ended: of services and stand-alone.
    pub n_tasks: u64,
    /// Launches that it refused: each zone and type that a group tried for want
    /// of an instance.
    pub n_launches: u64,
    /// Stretches of the run in which it held, in milliseconds: from and to. Empty
    /// for what has no such.
    pub windows: Vec<(u64, u64)>,
    /// Width of a step of `over_time`.
    pub step_ms: u64,
    /// Instances and tasks on machines of their own that it took away, in each
    /// step of the run; the warm-up counts here too. Empty if none.
    pub over_time: Vec<u64>,
}

impl DisruptionRecord {
    /// A cause that has done nothing yet.
    pub fn new(cause: impl Into<String>, windows: Vec<(u64, u64)>, horizon: SimDuration) -> Self {
        let step_ms = Series::new(horizon).bucket_width().millis();
        Self { cause: cause.into(), windows, step_ms, ..Self::default() }
    }

    /// A machine goes at `now`.
    pub(super) fn take(&mut self, now: SimTime, horizon: SimTime) {
        if self.over_time.is_empty() {
            self.over_time.resize((horizon.millis().div_ceil(self.step_ms)) as usize, 0);
        }
        let last = self.over_time.len() - 1;
        self.over_time[((now.millis() / self.step_ms) as usize).min(last)] += 1;
    }
}
