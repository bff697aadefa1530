//! `launch_failure`: launches are refused ("InsufficientInstanceCapacity"): all in
//! windows, or a share of them. A group whose launch is refused in one zone tries
//! its next one, and all of them again a minute later (MODEL). On Fargate a task
//! that would be refused waits until it would not be; a share says nothing there.

use super::{Entry, Launched, Windows};
use crate::base::{Domain, Seed, SimDuration, SimTime};

/// Its line in the list.
pub const ENTRY: Entry = Entry {
    name: "launch_failure",
    summary: "launches are refused for lack of capacity, in windows or by chance",
};

/// When a group tries again that got no instance in any zone. MODEL: with the
/// next point of managed scaling, and a fixed pool as often.
pub const RETRY: SimDuration = SimDuration::from_secs(60);

/// Which launches are refused.
#[derive(Clone, PartialEq, Debug)]
pub struct LaunchFailure {
    /// When.
    pub windows: Windows,
    /// How many of a hundred, above 0 and up to 100.
    pub share_percent: f64,
}

impl LaunchFailure {
    /// Whether all launches are refused at `at`.
    pub fn refuses_all(&self, at: SimTime) -> bool {
        self.share_percent >= 100.0 && self.windows.contains(at)
    }

    /// Whether the launch that is tried at `at` is refused; `attempt` counts the
    /// tries of the provider in the zone.
    pub fn refuses(&self, at: SimTime, seed: Seed, attempt: Launched, ordinal: u32) -> bool {
        self.windows.contains(at) && {
            let mut stream = attempt.stream(seed, Domain::LaunchFailure, ordinal, 1);
            100.0 * stream.unit() < self.share_percent
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::id::{CapacityProviderId, ZoneId};
    use crate::disruption::Window;

    #[test]
    fn a_share_is_refused_in_the_window_and_none_outside() {
        let (from, to) = (SimTime::from_secs(10), SimTime::from_secs(20));
        let windows = Windows::new(vec![Window { from, to }]);
        let n_refused = |share_percent, at| {
            let failure = LaunchFailure { windows: windows.clone(), share_percent };
            let of = |launch| Launched { provider: CapacityProviderId::new(0), zone: ZoneId::new(0), launch };
            (0..1000).filter(|&it| failure.refuses(at, Seed(1), of(it), 0)).count()
        };
        assert_eq!((n_refused(100.0, from), n_refused(100.0, to)), (1000, 0));
        assert!((220..280).contains(&n_refused(25.0, from)), "{}", n_refused(25.0, from));
    }
}
