//! Random numbers that belong to a purpose and an entity: the same draw
//! whatever else is simulated, in whatever order, on whatever thread. Two
//! policies therefore meet the same luck, and their difference is theirs.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng as _};

/// What a draw is for. A new purpose is a new variant at the end, so that it
/// disturbs no existing draw.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Domain {
    /// When within its time step a batch of a trace arrives; entity: batch.
    ArrivalOffset = 1,
    /// How long a stand-alone task runs; entity: its number in the trace.
    Lifetime = 2,
    /// Which of the equal candidates a task is placed on; entity: task.
    TieBreak = 3,
    /// Which of the equal tasks is given up; entity: task.
    StopTieBreak = 4,
    /// How long an instance lives; entity: zone and n-th launch there.
    InstanceLifetime = 5,
    /// Arrivals of a synthetic workload; entity: time step, and batch within it.
    SyntheticArrivals = 6,
    /// A service's synthetic load; entity: time step and service.
    SyntheticLoad = 7,
    /// The seed of a replicate; entity: replicate.
    Replicate = 8,
    /// When a target is first checked; entity: task.
    TargetCheck = 9,
    /// When requests come; entity: service.
    RequestArrivals = 10,
    /// How long requests take; entity: service.
    RequestServiceTimes = 11,
    /// When a Spot instance is given notice; entity: zone and n-th launch there.
    SpotInterruption = 20,
    /// When a task on Fargate Spot is interrupted; entity: task.
    TaskInterruption = 21,
    /// How long an instance takes to start; entity: zone and n-th launch there.
    SlowStart = 22,
    /// Whether a launch is refused; entity: zone and n-th try there.
    LaunchFailure = 23,
    /// When an agent is not heard; entity: zone and n-th launch there.
    AgentDisconnect = 24,
    /// What a scan finds in an image; entity: the digest's hash, whether it is
    /// found at the push or later, severity.
    ScanFindings = 30,
    /// The seed of a further cluster of a run; entity: its position.
    Cluster = 31,
}

/// What all draws of a run start from.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Seed(pub u64);

impl Seed {
    /// The stream of `entity` within `domain`.
    ///
    /// # Panics
    ///
    /// If `entity` has more than 56 bits.
    pub fn stream(self, domain: Domain, entity: u64) -> Stream {
        assert!(entity < 1 << 56, "entity {entity} would collide with the domain tag");
        let mut key = [0; 32];
        key[..8].copy_from_slice(&self.0.to_le_bytes());
        let mut rng = ChaCha8Rng::from_seed(key);
        rng.set_stream((domain as u64) << 56 | entity);
        Stream(rng)
    }

    /// The seed of the n-th replicate of an experiment with this seed. Policies
    /// have no part in it: they are compared under the same seeds.
    pub fn of_replicate(self, replicate: u32) -> Self {
        Self(self.stream(Domain::Replicate, replicate.into()).bits())
    }

    /// The seed of a cluster of a run with this seed, by its position: clusters
    /// have luck of their own, and the first has that of a run by itself.
    pub fn of_cluster(self, position: u32) -> Self {
        match position {
            0 => self,
            _ => Self(self.stream(Domain::Cluster, position.into()).bits()),
        }
    }
}

/// The numbers of one purpose and one entity.
pub struct Stream(ChaCha8Rng);

impl Stream {
    /// 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// The same stream behind its next `n` draws of bits.
    pub fn behind(mut self, n: u64) -> Self {
        // A draw is two words of the generator.
        self.0.set_word_pos(self.0.get_word_pos() + 2 * u128::from(n));
        self
    }

    /// A whole number from 0 to `n - 1`, each as likely (but for 1 in 2^64 / n).
    ///
    /// # Panics
    ///
    /// If `n` is zero.
    pub fn below(&mut self, n: u64) -> u64 {
        assert!(n > 0, "there is no number below zero");
        ((u128::from(self.bits()) * u128::from(n)) >> 64) as u64
    }

    /// A fraction in [0, 1), in steps of 2^-53.
    pub fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// From an exponential distribution with this mean.
    pub fn exponential(&mut self, mean: f64) -> f64 {
        -mean * (1.0 - self.unit()).ln()
    }

    /// From the standard normal distribution (Box and Muller 1958).
    pub fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.unit()).cos()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_does_not_depend_on_the_others() {
        let seed = Seed(7);
        let alone = seed.stream(Domain::Lifetime, 3).bits();
        seed.stream(Domain::Lifetime, 2).bits();
        seed.stream(Domain::TieBreak, 3).bits();
        assert_eq!(seed.stream(Domain::Lifetime, 3).bits(), alone);
        assert_ne!(seed.stream(Domain::Lifetime, 4).bits(), alone);
        assert_ne!(Seed(8).stream(Domain::Lifetime, 3).bits(), alone);
    }

    #[test]
    fn a_stream_can_be_entered_further_on() {
        let stream = || Seed(7).stream(Domain::Lifetime, 3);
        let mut whole = stream();
        let bits: Vec<u64> = (0..40).map(|_| whole.bits()).collect();
        for n in [0, 1, 7, 8, 39] {
            assert_eq!(stream().behind(n).bits(), bits[n as usize], "{n}");
        }
    }

    /// A change here makes every stored result irreproducible.
    #[test]
    fn the_first_draws_are_those_of_the_first_release() {
        assert_eq!(Seed(7).stream(Domain::ArrivalOffset, 0).bits(), GOLDEN);
        assert_eq!(Seed(7).of_replicate(1), Seed(7).of_replicate(1));
        assert_ne!(Seed(7).of_replicate(0), Seed(7).of_replicate(1));
    }

    const GOLDEN: u64 = 18_106_659_024_108_949_258;

    #[test]
    fn a_bounded_draw_covers_its_range_evenly() {
        let mut stream = Seed(1).stream(Domain::TieBreak, 1);
        let mut counts = [0_u32; 5];
        for _ in 0..50_000 {
            counts[stream.below(5) as usize] += 1;
        }
        assert!(counts.iter().all(|count| (9_600..10_400).contains(count)), "{counts:?}");
    }

    #[test]
    fn the_exponential_and_normal_draws_have_their_moments() {
        let mut stream = Seed(1).stream(Domain::InstanceLifetime, 1);
        let n = 100_000;
        let mean = (0..n).map(|_| stream.exponential(10.0)).sum::<f64>() / f64::from(n);
        assert!((mean - 10.0).abs() < 0.15, "{mean}");
        let squares = (0..n).map(|_| stream.normal().powi(2)).sum::<f64>() / f64::from(n);
        assert!((squares - 1.0).abs() < 0.02, "{squares}");
    }
}
