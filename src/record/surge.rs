//! What a rollout took beyond what was there without it: tasks above the
//! desired count, instances above their number at its start.

use serde::{Deserialize, Serialize};

use crate::base::{Money, SimTime};
use crate::record::RolloutRecord;

/// What a rollout took for a while.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Surge {
    /// Tasks not stopped above the desired count, times milliseconds, from its
    /// start to its end.
    pub task_ms: u64,
    /// Billed instances of its service's provider above their number at its
    /// start, times milliseconds: whatever asked for them. 0 on Fargate.
    pub instance_ms: u64,
    /// Until when instances were counted; its end on Fargate.
    pub until_ms: u64,
    /// Why no longer.
    pub until: SurgeEnd,
    /// What it costs, in 1e-12 USD: the instances at the price of their type,
    /// or the tasks at Fargate's rates for a task of the new revision. Neither
    /// rounds up to the minute that a short use is billed for.
    pub pico_usd: u64,
}

/// What ends the counting of a surge of instances.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SurgeEnd {
    /// The rollout was over and the instances as few as at its start.
    #[default]
    Back,
    /// Another rollout on the same provider began: from then on nobody could
    /// say whose surge it is.
    NextRollout,
    /// The end of the run.
    Horizon,
}

impl Surge {
    /// Prices it: an hour of an instance, or on Fargate of a task.
    pub(super) fn price(&mut self, usd_per_hour: Money, is_of_tasks: bool) {
        let unit_ms = if is_of_tasks { self.task_ms } else { self.instance_ms };
        // Milliseconds of an hour: a thousand times the seconds that are billed.
        let cost = usd_per_hour.per_hour_for(unit_ms, 1000);
        // 18 million dollars are as good as any more.
        self.pico_usd = u64::try_from(cost.pico_usd()).unwrap_or(u64::MAX);
    }

    /// What it costs.
    pub fn cost(&self) -> Money {
        Money::from_pico_usd(self.pico_usd.into())
    }
}

/// Counts the instances of rollouts above their number at the start.
#[derive(Debug, Default)]
pub(super) struct SurgeWatch {
    /// For each provider how many instances it has, and since when.
    providers: Vec<(u64, SimTime)>,
    /// Those that are still counted.
    counted: Vec<Counted>,
}

#[derive(Debug)]
struct Counted {
    rollout: usize,
    provider: usize,
    n_at_start: u64,
    is_rollout_over: bool,
}

impl SurgeWatch {
    pub(super) fn new(n_providers: usize) -> Self {
        Self { providers: vec![(0, SimTime::ZERO); n_providers], counted: Vec::new() }
    }

    /// A rollout begins on a provider: what was counted there is over.
    pub(super) fn open(
        &mut self,
        now: SimTime,
        rollout: usize,
        provider: usize,
        rollouts: &mut [RolloutRecord],
    ) {
        self.end(now, rollouts, |it| (it.provider == provider).then_some(SurgeEnd::NextRollout));
        let (n_at_start, _) = self.providers[provider];
        self.counted.push(Counted { rollout, provider, n_at_start, is_rollout_over: false });
    }

    /// A rollout is over; its instances may stay for a while.
    pub(super) fn close(&mut self, now: SimTime, rollout: usize, rollouts: &mut [RolloutRecord]) {
        for it in self.counted.iter_mut().filter(|it| it.rollout == rollout) {
            it.is_rollout_over = true;
        }
        self.end_those_back(now, rollouts);
    }

    /// A provider has so many instances from `now` on.
    pub(super) fn provider(
        &mut self,
        now: SimTime,
        provider: usize,
        n_instances: u64,
        rollouts: &mut [RolloutRecord],
    ) {
        if self.providers[provider].0 == n_instances {
            return;
        }
        self.advance(now, provider, rollouts);
        self.providers[provider].0 = n_instances;
        self.end_those_back(now, rollouts);
    }

    /// The run is over.
    pub(super) fn finish(&mut self, horizon: SimTime, rollouts: &mut [RolloutRecord]) {
        self.end(horizon, rollouts, |_| Some(SurgeEnd::Horizon));
    }

    fn end_those_back(&mut self, now: SimTime, rollouts: &mut [RolloutRecord]) {
        let providers: Vec<u64> = self.providers.iter().map(|it| it.0).collect();
        self.end(now, rollouts, |it| {
            (it.is_rollout_over && providers[it.provider] <= it.n_at_start).then_some(SurgeEnd::Back)
        });
    }

    /// Ends the counting of those for which there is a reason.
    fn end(
        &mut self,
        now: SimTime,
        rollouts: &mut [RolloutRecord],
        why: impl Fn(&Counted) -> Option<SurgeEnd>,
    ) {
        for provider in 0..self.providers.len() {
            self.advance(now, provider, rollouts);
        }
        self.counted.retain(|it| {
            let Some(until) = why(it) else { return true };
            let surge = &mut rollouts[it.rollout].surge;
            (surge.until, surge.until_ms) = (until, now.millis());
            false
        });
    }

    /// Adds up to `now` what has stood since the last word on a provider.
    fn advance(&mut self, now: SimTime, provider: usize, rollouts: &mut [RolloutRecord]) {
        let (n_instances, since) = &mut self.providers[provider];
        let passed_ms = now.since(*since).millis();
        *since = now;
        for it in self.counted.iter().filter(|it| it.provider == provider) {
            rollouts[it.rollout].surge.instance_ms += n_instances.saturating_sub(it.n_at_start) * passed_ms;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(secs: u64) -> SimTime {
        SimTime::from_secs(secs)
    }

    #[test]
    fn instances_are_counted_until_they_are_as_few_again() {
        let mut watch = SurgeWatch::new(2);
        let mut rollouts = vec![RolloutRecord::default(); 2];
        watch.provider(at(0), 0, 10, &mut rollouts);
        watch.provider(at(0), 1, 5, &mut rollouts);
        watch.open(at(100), 0, 0, &mut rollouts);
        // Fewer than at the start make up for nothing; other providers count
        // for nothing.
        for (secs, provider, n) in [(110, 0, 14), (120, 1, 50), (130, 0, 8), (140, 0, 12)] {
            watch.provider(at(secs), provider, n, &mut rollouts);
        }
        watch.close(at(150), 0, &mut rollouts);
        watch.provider(at(200), 0, 11, &mut rollouts);
        watch.provider(at(230), 0, 10, &mut rollouts);
        watch.provider(at(300), 0, 20, &mut rollouts);
        watch.finish(at(1000), &mut rollouts);
        let surge = &rollouts[0].surge;
        assert_eq!(surge.instance_ms, 1000 * (4 * 20 + 2 * 60 + 30));
        assert_eq!((surge.until, surge.until_ms), (SurgeEnd::Back, 230_000));
    }

    #[test]
    fn the_next_rollout_on_the_provider_takes_over() {
        let mut watch = SurgeWatch::new(2);
        let mut rollouts = vec![RolloutRecord::default(); 3];
        watch.open(at(0), 0, 0, &mut rollouts);
        watch.open(at(0), 1, 1, &mut rollouts);
        watch.provider(at(10), 0, 2, &mut rollouts);
        watch.provider(at(10), 1, 1, &mut rollouts);
        watch.close(at(20), 0, &mut rollouts);
        watch.open(at(30), 2, 0, &mut rollouts);
        watch.provider(at(40), 0, 3, &mut rollouts);
        watch.finish(at(100), &mut rollouts);
        let told = rollouts.iter().map(|it| (it.surge.instance_ms, it.surge.until, it.surge.until_ms));
        let told: Vec<_> = told.collect();
        assert_eq!(
            told,
            [
                (40_000, SurgeEnd::NextRollout, 30_000),
                (90_000, SurgeEnd::Horizon, 100_000),
                (60_000, SurgeEnd::Horizon, 100_000)
            ]
        );
    }

    #[test]
    fn a_surge_is_priced_to_the_last_digit() {
        let mut surge = Surge { instance_ms: 3_600_000, task_ms: 1800, ..Surge::default() };
        let price = Money::parse_usd("0.096").unwrap();
        surge.price(price, false);
        assert_eq!(surge.cost().to_string(), "0.096");
        surge.price(price, true);
        assert_eq!(surge.cost().to_string(), "0.000048");
    }
}
