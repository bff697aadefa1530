//! `slow_start`: how long instances take from their launch until they take tasks,
//! instead of the option `instance_boot`; for all of them or a share, the others
//! keep the option. Drawn for the n-th launch in a zone. (Semantics 6: the time is
//! undocumented.)

use super::{Entry, Launched, drawn};
use crate::base::{Domain, Seed, SimDuration};

/// Its line in the list.
pub const ENTRY: Entry =
    Entry { name: "slow_start", summary: "instances, or a share of them, take longer to boot" };

/// The numbers that a draw takes at most: one for the share, two for the time.
const N_DRAWS: u32 = 3;

/// How long instances take.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct SlowStart {
    /// Which time.
    pub boot: Boot,
    /// How many of a hundred take it, 0 to 100.
    pub share_percent: f64,
}

/// A time to boot.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Boot {
    /// Always the same.
    Fixed(SimDuration),
    /// Each time between the two as likely.
    Uniform(SimDuration, SimDuration),
    /// The logarithm is normal.
    Lognormal {
        /// Half of the instances take longer.
        median: SimDuration,
        /// Standard deviation of the natural logarithm.
        sigma: f64,
    },
}

impl SlowStart {
    /// How long this instance takes; `None` if it is none of the share.
    pub fn draw(&self, seed: Seed, of: Launched, ordinal: u32) -> Option<SimDuration> {
        let mut stream = of.stream(seed, Domain::SlowStart, ordinal, N_DRAWS);
        let is_slow = 100.0 * stream.unit() < self.share_percent;
        is_slow.then(|| match self.boot {
            Boot::Fixed(time) => time,
            Boot::Uniform(least, most) => {
                least + SimDuration::from_millis(stream.below(most.millis() - least.millis() + 1))
            }
            Boot::Lognormal { median, sigma } => {
                drawn(median.millis() as f64 * (sigma * stream.normal()).exp())
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::id::{CapacityProviderId, ZoneId};

    fn drawn_of(slow_start: SlowStart) -> Vec<Option<SimDuration>> {
        let of = |launch| Launched { provider: CapacityProviderId::new(0), zone: ZoneId::new(1), launch };
        (0..10_000).map(|it| slow_start.draw(Seed(4), of(it), 0)).collect()
    }

    #[test]
    fn a_share_of_the_instances_is_slow() {
        let boot = Boot::Fixed(SimDuration::from_secs(600));
        let n_slow = |share_percent| drawn_of(SlowStart { boot, share_percent }).iter().flatten().count();
        assert_eq!((n_slow(0.0), n_slow(100.0)), (0, 10_000));
        assert!((900..1100).contains(&n_slow(10.0)), "{}", n_slow(10.0));
    }

    #[test]
    fn times_are_those_of_their_distribution() {
        let (least, most) = (SimDuration::from_secs(60), SimDuration::from_secs(180));
        let uniform = drawn_of(SlowStart { boot: Boot::Uniform(least, most), share_percent: 100.0 });
        assert!(uniform.iter().flatten().all(|it| (least..=most).contains(it)));
        let n_early = uniform.iter().flatten().filter(|it| **it < SimDuration::from_secs(90)).count();
        assert!((2300..2700).contains(&n_early), "{n_early}");
        let boot = Boot::Lognormal { median: most, sigma: 0.5 };
        let lognormal = drawn_of(SlowStart { boot, share_percent: 100.0 });
        let n_above = lognormal.iter().flatten().filter(|it| **it > most).count();
        assert!((4800..5200).contains(&n_above), "{n_above}");
    }
}
