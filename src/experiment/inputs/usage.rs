//! What the tasks of a service want of CPU and memory together, over time.

use super::Inputs;
use crate::base::id::ServiceId;
use crate::base::{Seed, SimDuration, SimTime};
use crate::experiment::scenario::{LoadSpec, UsageSpec};
use crate::model::scaling::LoadPoint;

impl Inputs {
    /// The steps before the horizon, the first at zero; none where nothing says
    /// it.
    pub(super) fn usage(
        &self,
        id: ServiceId,
        usage: Option<&UsageSpec>,
        horizon: SimDuration,
        seed: Seed,
    ) -> Vec<LoadPoint> {
        let (load, scale) = match usage {
            None => return Vec::new(),
            Some(UsageSpec::Constant(thousandths)) => {
                return vec![LoadPoint { at: SimTime::ZERO, thousandths: *thousandths }];
            }
            Some(UsageSpec::Follows { load, scale_millionths }) => (load, *scale_millionths),
        };
        let drawn;
        let (series, from) = match load {
            LoadSpec::Series(file, from) => (&self.series[&file.path], *from),
            LoadSpec::Generate(file) => {
                drawn = self.load_profiles[&file.path].generate(seed, id.number(), horizon);
                (&drawn, SimDuration::ZERO)
            }
        };
        // No task has more than it has reserved: what is beyond all numbers is
        // as good as the greatest.
        let scaled =
            |value: u64| u64::try_from(u128::from(value) * u128::from(scale) / 1_000_000).unwrap_or(u64::MAX);
        let points = series.from(from).map(|(at, value)| LoadPoint { at, thousandths: scaled(value) });
        points.take_while(|it| it.at < SimTime::ZERO + horizon).collect()
    }
}
