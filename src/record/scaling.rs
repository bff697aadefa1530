//! How a service was scaled: what its policies saw, and what they did.

use serde::{Deserialize, Serialize};

use crate::base::{SimDuration, SimTime};
use crate::record::Series;

/// Activities of a service that are written down one by one; all are counted.
pub const ACTIVITIES_MAX: usize = 1000;

/// The scaling of a service.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScalingRecord {
    /// Scale-outs while measured.
    pub n_out: u64,
    /// Scale-ins while measured.
    pub n_in: u64,
    /// What was done over the whole run, the first [`ACTIVITIES_MAX`] of it, in
    /// the order of time.
    pub activities: Vec<ScalingActivity>,
    /// What its policies looked at.
    pub policies: Vec<PolicyRecord>,
}

/// A scaling activity (API DescribeScalingActivities).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScalingActivity {
    /// When.
    pub at_ms: u64,
    /// The desired count before.
    pub from: u32,
    /// And after.
    pub to: u32,
    /// The policy, by name; `None` for a scheduled action.
    pub policy: Option<String>,
    /// Why, as the API would say it.
    pub cause: String,
}

/// What a policy looked at, over time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyRecord {
    /// Its name.
    pub name: String,
    /// The unit of its metric.
    pub unit: String,
    /// Its target or the threshold of its alarm, in thousandths.
    pub target: u64,
    /// Its metric in thousandths; zero where there was no data.
    pub metric: Series,
}

impl ScalingRecord {
    /// Of policies with these names, units and targets.
    pub fn new(policies: impl IntoIterator<Item = (String, String, u64)>, horizon: SimDuration) -> Self {
        let policy = |(name, unit, target)| PolicyRecord { name, unit, target, metric: Series::new(horizon) };
        Self { policies: policies.into_iter().map(policy).collect(), ..Self::default() }
    }

    /// Something was done.
    pub(super) fn push(&mut self, activity: ScalingActivity, is_measured: bool) {
        let is_out = activity.to > activity.from;
        self.n_out += u64::from(is_measured && is_out);
        self.n_in += u64::from(is_measured && !is_out);
        if self.activities.len() < ACTIVITIES_MAX {
            self.activities.push(activity);
        }
    }

    /// A point of a policy's metric, of a period that ends at `to`.
    pub(super) fn point(&mut self, policy: usize, from: SimTime, to: SimTime, metric: Option<u64>) {
        let series = &mut self.policies[policy].metric;
        series.set(from, metric.unwrap_or(0));
        series.advance(to);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_activities_are_counted_and_the_first_written_down() {
        let mut record = ScalingRecord::default();
        for idx in 0..2 * ACTIVITIES_MAX as u32 {
            let (from, to) = if idx % 2 == 0 { (1, 2) } else { (2, 1) };
            let activity =
                ScalingActivity { at_ms: idx.into(), from, to, policy: None, cause: String::new() };
            record.push(activity, idx > 0);
        }
        assert_eq!((record.n_out, record.n_in), (999, 1000), "the first was not measured");
        assert_eq!(record.activities.len(), ACTIVITIES_MAX);
        assert_eq!(record.activities[0].at_ms, 0);
    }
}
