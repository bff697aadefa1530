//! A service's load drawn from a profile: a daily curve times a noise whose
//! distribution is a table of quantiles, because real loads are skewed in ways
//! that no usual family has: mostly near their mean, often almost nothing,
//! rarely many times as much. Neighbouring values are tied by an autoregressive
//! normal variable whose level is looked up in the table (a Gaussian copula).
//!
//! Left out: weekdays and trends.

use statrs::distribution::{ContinuousCDF as _, Normal};

use super::load_series::LoadSeries;
use super::quantiles::Quantiles;
use crate::base::{Domain, Seed, SimDuration, SimTime};

/// What the load of a day is like.
#[derive(Clone, Debug, PartialEq)]
pub struct LoadProfile {
    /// How long a value holds.
    pub step: SimDuration,
    /// The mean, by the hour of the day. Hour 0 is the first of the series.
    pub hourly_mean: [f64; 24],
    /// A value as a multiple of its hour's mean, in the hours whose mean is below
    /// that of the day.
    pub quiet_ratios: Quantiles,
    /// The same for the other hours: a busy hour varies less.
    pub busy_ratios: Quantiles,
    /// Correlation of the noise, as a normal variable, from step to step.
    pub autocorrelation: f64,
}

impl LoadProfile {
    /// What keeps the figures from being a profile, in words; `None` if they are
    /// one.
    pub fn fault(&self) -> Option<String> {
        let is_amount = |it: &f64| (0.0..=1e12).contains(it);
        let are_ratios = |it: &Quantiles| it.0.is_sorted() && it.0.iter().all(|it| (0.0..=1e6).contains(it));
        if !(SimDuration::from_secs(60)..=SimDuration::from_secs(86_400)).contains(&self.step) {
            Some("a step is from a minute to a day".to_owned())
        } else if !self.hourly_mean.iter().all(is_amount) {
            Some("hourly means are numbers from 0 to 1e12".to_owned())
        } else if !are_ratios(&self.quiet_ratios) || !are_ratios(&self.busy_ratios) {
            Some("ratios ascend and are numbers from 0 to 1e6".to_owned())
        } else if !(-1.0..=1.0).contains(&self.autocorrelation) {
            Some("an autocorrelation is from -1 to 1".to_owned())
        } else {
            None
        }
    }

    /// The load of service number `service` before `horizon`; one value at least.
    /// Every draw belongs to a service and a step, so a longer horizon only adds
    /// to the end.
    ///
    /// # Panics
    ///
    /// If the profile has a [`fault`](Self::fault), or there are 2^24 services.
    pub fn generate(&self, seed: Seed, service: u32, horizon: SimDuration) -> LoadSeries {
        assert_eq!(self.fault(), None, "a profile without fault");
        assert!(service < 1 << 24, "less than 2^24 services");
        let standard = Normal::standard();
        let n_steps = horizon.millis().div_ceil(self.step.millis()).max(1);
        let kept = self.autocorrelation;
        let mut level = 0.0;
        let is_busy = busy_hours(&self.hourly_mean);
        let points = (0..n_steps).map(|step| {
            let entity =
                u64::from(service) << 32 | u64::from(u32::try_from(step).expect("less than 2^32 steps"));
            let innovation = seed.stream(Domain::SyntheticLoad, entity).normal();
            level =
                if step == 0 { innovation } else { kept * level + (1.0 - kept * kept).sqrt() * innovation };
            let at = SimTime::from_millis(step * self.step.millis());
            let hour = (at.millis() / 3_600_000 % 24) as usize;
            let ratios = if is_busy[hour] { &self.busy_ratios } else { &self.quiet_ratios };
            let value = self.hourly_mean[hour] * ratios.at(standard.cdf(level));
            (at, (value * 1000.0).round() as u64)
        });
        LoadSeries::new(points.collect())
    }
}

/// Which hours have the mean of the day or more.
pub(super) fn busy_hours(hourly_mean: &[f64; 24]) -> [bool; 24] {
    let mean = hourly_mean.iter().sum::<f64>() / 24.0;
    hourly_mean.map(|it| it >= mean)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::quantiles::LEVELS;

    fn profile() -> LoadProfile {
        LoadProfile {
            step: SimDuration::from_secs(300),
            hourly_mean: std::array::from_fn(|hour| 10.0 * (hour + 1) as f64),
            quiet_ratios: Quantiles(LEVELS.map(|level| 2.0 * level)),
            busy_ratios: Quantiles(LEVELS.map(|level| 2.0 * level)),
            autocorrelation: 0.8,
        }
    }

    const DAYS: SimDuration = SimDuration::from_secs(40 * 86_400);

    #[test]
    fn the_values_follow_the_curve_and_hang_together() {
        let series = profile().generate(Seed(1), 0, DAYS);
        let ratios: Vec<f64> = series
            .points()
            .iter()
            .map(|(at, value)| {
                *value as f64 / 1000.0 / (10.0 * (at.millis() / 3_600_000 % 24 + 1) as f64) - 1.0
            })
            .collect();
        let n = ratios.len() as f64;
        let variance = ratios.iter().map(|it| it * it).sum::<f64>() / n;
        let lagged = ratios.windows(2).map(|pair| pair[0] * pair[1]).sum::<f64>() / n / variance;
        assert!((ratios.iter().sum::<f64>() / n).abs() < 0.05);
        assert!((variance - 1.0 / 3.0).abs() < 0.03, "{variance}");
        assert!((lagged - 0.8).abs() < 0.04, "{lagged}");
    }

    #[test]
    fn services_differ_and_a_longer_horizon_only_adds() {
        let short = profile().generate(Seed(1), 3, SimDuration::from_secs(3000));
        let long = profile().generate(Seed(1), 3, SimDuration::from_secs(30_000));
        assert_eq!(short.points(), &long.points()[..10]);
        assert_ne!(short, profile().generate(Seed(1), 4, SimDuration::from_secs(3000)));
        assert_eq!(profile().generate(Seed(1), 0, SimDuration::ZERO).points().len(), 1);
    }
}
