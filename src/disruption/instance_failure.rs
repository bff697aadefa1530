//! `instance_failure`: instances fail after a drawn time. The n-th launch in a
//! zone has its time whatever the policies: two that launch it meet the same
//! failure.
//!
//! Distributions, all with the mean that is asked for:
//!
//! * exponential: a constant hazard;
//! * Weibull: with a shape below 1 the hazard falls with age. 0.7 is what
//!   Schroeder and Gibson found for nodes in production ("A large-scale study of
//!   failures in high-performance computing systems", DSN 2006: 0.7 to 0.8);
//! * lognormal: by the standard deviation of the logarithm;
//! * observed: one of the lifetimes of a trace, each as likely.
//!
//! Left out: failures of several instances at once by a shared rack or switch.
//! A zone outage is the one shared cause.

use std::sync::Arc;

use super::{Entry, Launched, drawn};
use crate::base::{Domain, Seed, SimDuration};

/// Its line in the list.
pub const ENTRY: Entry = Entry {
    name: "instance_failure",
    summary: "instances fail after a lifetime from a distribution or a trace",
};

/// The shape of a Weibull distribution where nobody says it (Schroeder and
/// Gibson 2006).
pub const WEIBULL_SHAPE: f64 = 0.7;

/// The numbers that a draw takes at most.
const N_DRAWS: u32 = 2;

/// How long instances live.
#[derive(Clone, PartialEq, Debug)]
pub enum Lifetime {
    /// With a constant hazard.
    Exponential {
        /// The mean.
        mean: SimDuration,
    },
    /// With a hazard that is a power of the age.
    Weibull {
        /// The mean.
        mean: SimDuration,
        /// Below 1 the hazard falls with age, above it grows.
        shape: f64,
    },
    /// The logarithm is normal.
    Lognormal {
        /// The mean.
        mean: SimDuration,
        /// Standard deviation of the natural logarithm.
        sigma: f64,
    },
    /// One of these, each as likely; at least one.
    Observed(Arc<[SimDuration]>),
}

impl Lifetime {
    /// How long this instance lives.
    pub fn draw(&self, seed: Seed, of: Launched, ordinal: u32) -> SimDuration {
        let mut stream = of.stream(seed, Domain::InstanceLifetime, ordinal, N_DRAWS);
        match self {
            Self::Exponential { mean } => drawn(stream.exponential(mean.millis() as f64)),
            Self::Weibull { mean, shape } => {
                let scale = mean.millis() as f64 / gamma(1.0 + 1.0 / shape);
                drawn(scale * stream.exponential(1.0).powf(1.0 / shape))
            }
            Self::Lognormal { mean, sigma } => {
                let log_median = (mean.millis() as f64).ln() - sigma * sigma / 2.0;
                drawn((log_median + sigma * stream.normal()).exp())
            }
            Self::Observed(lifetimes) => lifetimes[stream.below(lifetimes.len() as u64) as usize],
        }
    }
}

/// The gamma function for x of 1 and more (Lanczos 1964, g = 7, nine
/// coefficients: fifteen digits).
fn gamma(x: f64) -> f64 {
    const G: f64 = 7.0;
    const FIRST: f64 = 0.999_999_999_999_809_9;
    const COEFFICIENTS: [f64; 8] = [
        676.520_368_121_885_1,
        -1_259.139_216_722_402_8,
        771.323_428_777_653_1,
        -176.615_029_162_140_6,
        12.507_343_278_686_905,
        -0.138_571_095_265_720_12,
        9.984_369_578_019_572e-6,
        1.505_632_735_149_311_6e-7,
    ];
    let x = x - 1.0;
    let sum = COEFFICIENTS.iter().zip(1_u32..).fold(FIRST, |sum, (it, n)| sum + it / (x + f64::from(n)));
    let t = x + G + 0.5;
    (2.0 * std::f64::consts::PI).sqrt() * t.powf(x + 0.5) * (-t).exp() * sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::id::{CapacityProviderId, ZoneId};

    fn launched(launch: u32) -> Launched {
        Launched { provider: CapacityProviderId::new(1), zone: ZoneId::new(2), launch }
    }

    fn drawn_of(lifetime: &Lifetime) -> Vec<f64> {
        (0..40_000).map(|it| lifetime.draw(Seed(3), launched(it), 0).as_secs_f64()).collect()
    }

    fn mean_of(values: &[f64]) -> f64 {
        values.iter().sum::<f64>() / values.len() as f64
    }

    #[test]
    fn the_gamma_function_has_its_known_values() {
        for (x, expected) in
            [(1.0, 1.0), (1.5, 0.886_226_925_452_758), (2.0, 1.0), (5.0, 24.0), (11.0, 3_628_800.0)]
        {
            assert!((gamma(x) / expected - 1.0).abs() < 1e-13, "{x}: {}", gamma(x));
        }
    }

    /// Standard errors of the mean over 40,000 draws: 0.5, 0.73 and 0.66 % of it.
    #[test]
    fn every_distribution_has_the_mean_that_was_asked_for() {
        let mean = SimDuration::from_secs(10_000);
        for lifetime in [
            Lifetime::Exponential { mean },
            Lifetime::Weibull { mean, shape: WEIBULL_SHAPE },
            Lifetime::Weibull { mean, shape: 3.0 },
            Lifetime::Lognormal { mean, sigma: 1.0 },
        ] {
            let found = mean_of(&drawn_of(&lifetime));
            assert!((found / 10_000.0 - 1.0).abs() < 0.025, "{lifetime:?}: {found}");
        }
    }

    /// Of a Weibull distribution 63.2 % lie below its scale, whatever its shape;
    /// of a lognormal one half lies below exp(mean of the logarithm).
    #[test]
    fn the_shapes_are_those_of_the_textbook() {
        let mean = SimDuration::from_secs(10_000);
        let share_below = |lifetime: &Lifetime, bound: f64| {
            let values = drawn_of(lifetime);
            values.iter().filter(|it| **it < bound).count() as f64 / values.len() as f64
        };
        let scale = 10_000.0 / gamma(1.0 + 1.0 / 0.7);
        let share = share_below(&Lifetime::Weibull { mean, shape: 0.7 }, scale);
        assert!((share - 0.632).abs() < 0.01, "{share}");
        let share = share_below(&Lifetime::Lognormal { mean, sigma: 1.5 }, 10_000.0 * (-1.125_f64).exp());
        assert!((share - 0.5).abs() < 0.01, "{share}");
    }

    #[test]
    fn an_observed_lifetime_is_one_of_the_trace() {
        let known = [5, 7, 900].map(SimDuration::from_secs);
        let lifetime = Lifetime::Observed(known.into());
        let mut counts = [0; 3];
        for launch in 0..3000 {
            let found = lifetime.draw(Seed(3), launched(launch), 0);
            counts[known.iter().position(|it| *it == found).expect("it is of the trace")] += 1;
        }
        assert!(counts.iter().all(|it| (880..1120).contains(it)), "{counts:?}");
    }

    #[test]
    fn two_failures_of_one_instance_are_drawn_apart() {
        let lifetime = Lifetime::Exponential { mean: SimDuration::from_secs(1000) };
        let one: Vec<f64> =
            (0..2000).map(|it| lifetime.draw(Seed(1), launched(it), 0).as_secs_f64()).collect();
        let two: Vec<f64> =
            (0..2000).map(|it| lifetime.draw(Seed(1), launched(it), 1).as_secs_f64()).collect();
        let (mean_one, mean_two) = (mean_of(&one), mean_of(&two));
        let products: Vec<f64> = one.iter().zip(&two).map(|(a, b)| (a - mean_one) * (b - mean_two)).collect();
        assert!((mean_of(&products) / (mean_one * mean_two)).abs() < 0.1);
    }
}
