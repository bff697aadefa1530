//! What a run stands above: the least that its tasks could have cost, capacity
//! that was free and of no use, and what moving tasks would have freed.

use serde::{Deserialize, Serialize};

use crate::base::{Money, SimDuration, SimTime};
use crate::record::{Resource, Series, StrandedCause};

/// Milliseconds of an hour.
const HOUR_MS: u128 = 3_600_000;

/// The floors of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FloorRecord {
    /// What the instances that the running tasks need at least would have cost
    /// while measured, rounded down to 1e-12 USD. By the hour, without minimum
    /// and whole seconds, which only add to a bill.
    #[serde(with = "super::money")]
    pub instances: Money,
    /// The least that an hour of such instances costs, in 1e-6 USD, over time.
    pub micro_usd_per_hour: Series,
    /// Capacity that was free and could not be used.
    pub stranded: StrandedRecord,
    /// What a re-placement at each period would have done, in the order of time,
    /// while measured.
    pub replacements: Vec<Replacement>,
}

/// Capacity that was free and could not be used, looked at in equal steps.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StrandedRecord {
    /// Sum over the looks while measured of what instances had registered, in
    /// the order of [`Resource::ALL`].
    pub registered: [u64; Resource::ALL.len()],
    /// What was stranded, by resource and cause, in their order; without those
    /// that never were.
    pub by_cause: Vec<StrandedSeries>,
}

/// How much of a resource was stranded by one cause.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StrandedSeries {
    /// Of what.
    pub resource: Resource,
    /// By what.
    pub cause: StrandedCause,
    /// Sum over the looks while measured, in the resource's unit.
    pub amount: u64,
    /// Parts per 10,000 of what was registered, over time, from one look to the
    /// next.
    pub per_10_000: Series,
}

/// What a re-placement would have done at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replacement {
    /// When.
    pub at_ms: u64,
    /// Until the next one, or the horizon.
    pub lasts_ms: u64,
    /// Instances in service.
    pub n_instances: u32,
    /// Instances that it would free.
    pub n_freed: u32,
    /// Of those: instances on which no task had come to run since the last one.
    pub n_stragglers: u32,
    /// Tasks that it would move and that the last one would not have moved.
    pub n_moved: u32,
    /// What an hour of the freed instances costs, in 1e-12 USD.
    pub freed_pico_usd_per_hour: u64,
}

impl StrandedRecord {
    /// How much of a resource was stranded while measured, of what was
    /// registered, in percent; by one cause, or by all. `None` if nothing was
    /// registered.
    pub fn percent(&self, resource: Resource, cause: Option<StrandedCause>) -> Option<f64> {
        let registered = self.registered[resource as usize];
        let is_meant =
            |it: &&StrandedSeries| it.resource == resource && cause.is_none_or(|cause| it.cause == cause);
        let amount: u64 = self.by_cause.iter().filter(is_meant).map(|it| it.amount).sum();
        (registered > 0).then(|| 100.0 * amount as f64 / registered as f64)
    }
}

/// Writes the floors of a run down.
#[derive(Debug)]
pub struct FloorRecorder {
    measured_from: SimTime,
    horizon: SimTime,
    last: SimTime,
    pico_usd_per_hour: u64,
    /// Measured integral, in 1e-12 USD an hour times milliseconds.
    cost: u128,
    record: FloorRecord,
}

/// What is stranded at a look: by resource and cause, in their order.
pub type StrandedAmounts = [[u64; StrandedCause::ALL.len()]; Resource::ALL.len()];

impl FloorRecorder {
    /// Of a run of which nothing is known yet.
    pub fn new(horizon: SimDuration, warm_up: SimDuration) -> Self {
        Self {
            measured_from: SimTime::ZERO + warm_up,
            horizon: SimTime::ZERO + horizon,
            last: SimTime::ZERO,
            pico_usd_per_hour: 0,
            cost: 0,
            record: FloorRecord {
                instances: Money::ZERO,
                micro_usd_per_hour: Series::new(horizon),
                stranded: StrandedRecord::default(),
                replacements: Vec::new(),
            },
        }
    }

    /// From when on is measured.
    pub fn measured_from(&self) -> SimTime {
        self.measured_from
    }

    /// From `now` on instances that hold the tasks cost at least this.
    pub fn cost(&mut self, now: SimTime, pico_usd_per_hour: u64) {
        self.advance(now);
        self.pico_usd_per_hour = pico_usd_per_hour;
        self.record.micro_usd_per_hour.set(now, pico_usd_per_hour / 1_000_000);
    }

    fn advance(&mut self, now: SimTime) {
        let now = now.min(self.horizon);
        let measured_ms = now.since(self.last.max(self.measured_from)).millis();
        self.last = self.last.max(now);
        self.cost += u128::from(self.pico_usd_per_hour) * u128::from(measured_ms);
    }

    /// At `now` so much was registered and so much of it stranded.
    pub fn stranded(
        &mut self,
        now: SimTime,
        registered: [u64; Resource::ALL.len()],
        amounts: &StrandedAmounts,
    ) {
        let is_measured = now >= self.measured_from;
        let record = &mut self.record.stranded;
        if is_measured {
            record.registered.iter_mut().zip(registered).for_each(|(sum, it)| *sum += it);
        }
        for resource in Resource::ALL {
            let total = registered[resource as usize];
            for cause in StrandedCause::ALL {
                let amount = amounts[resource as usize][cause as usize];
                let found =
                    record.by_cause.binary_search_by_key(&(resource, cause), |it| (it.resource, it.cause));
                let idx = match found {
                    Ok(idx) => idx,
                    Err(_) if amount == 0 => continue,
                    Err(idx) => {
                        let per_10_000 = Series::new(self.horizon - SimTime::ZERO);
                        let new = StrandedSeries { resource, cause, amount: 0, per_10_000 };
                        record.by_cause.insert(idx, new);
                        idx
                    }
                };
                let it = &mut record.by_cause[idx];
                it.amount += if is_measured { amount } else { 0 };
                it.per_10_000.set(now, (amount * 10_000).checked_div(total).unwrap_or(0));
            }
        }
    }

    /// A re-placement would have done this.
    pub fn replacement(&mut self, replacement: Replacement) {
        self.record.replacements.push(replacement);
    }

    /// The run is over: everything is carried to the horizon.
    pub fn finish(mut self) -> FloorRecord {
        self.advance(self.horizon);
        let pico_usd = i128::try_from(self.cost / HOUR_MS).expect("a sum of u64 times u64");
        self.record.instances = Money::from_pico_usd(pico_usd);
        self.record.micro_usd_per_hour.advance(self.horizon);
        for it in &mut self.record.stranded.by_cause {
            it.per_10_000.advance(self.horizon);
        }
        self.record
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn costs_and_looks_count_from_the_end_of_the_warm_up() {
        let at = SimTime::from_secs;
        let mut recorder = FloorRecorder::new(SimDuration::from_secs(7200), SimDuration::from_secs(1800));
        recorder.cost(at(0), 1_000_000_000);
        recorder.cost(at(3600), 500_000_000);
        let mut amounts = StrandedAmounts::default();
        amounts[Resource::Memory as usize][StrandedCause::Cpu as usize] = 25;
        recorder.stranded(at(0), [0, 100, 0, 0, 0], &amounts);
        recorder.stranded(at(3600), [0, 100, 0, 0, 0], &amounts);
        recorder.stranded(at(5400), [0, 400, 0, 0, 0], &StrandedAmounts::default());
        let record = recorder.finish();
        assert_eq!(record.instances, Money::from_pico_usd(1_000_000_000));
        let stranded = &record.stranded;
        assert_eq!(stranded.percent(Resource::Memory, None), Some(5.0));
        assert_eq!(stranded.percent(Resource::Memory, Some(StrandedCause::Cpu)), Some(5.0));
        assert_eq!(stranded.percent(Resource::Memory, Some(StrandedCause::Zone)), Some(0.0));
        assert_eq!(stranded.percent(Resource::Cpu, None), None);
        assert_eq!(stranded.by_cause.len(), 1);
        let series = &stranded.by_cause[0].per_10_000;
        let integral: u64 = series.buckets().iter().map(|it| it.integral).sum();
        assert_eq!(integral, 2500 * 5_400_000);
    }
}
