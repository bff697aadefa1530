//! `agent_disconnect`: the agent of an instance is not heard for a while, again and
//! again. Its tasks run on and count; nothing is placed there (semantics 6).

use super::{Entry, Launched, drawn};
use crate::base::{Domain, Seed, SimDuration};

/// Its line in the list.
pub const ENTRY: Entry = Entry { name: "agent_disconnect", summary: "agents are not heard for a while" };

/// How often and how long.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AgentDisconnect {
    /// The mean time from being heard to not.
    pub mean_time_between: SimDuration,
    /// How long it is not heard then.
    pub duration: SimDuration,
}

impl AgentDisconnect {
    /// From the launch, or from when it is heard again, until it is not: for the
    /// `n`-th time of this instance, from 0.
    pub fn draw(&self, seed: Seed, of: Launched, ordinal: u32, n: u32) -> SimDuration {
        // Each disruption of the kind has a stretch of the stream of its own.
        let first = u64::from(ordinal) << 32;
        let stream = of.stream(seed, Domain::AgentDisconnect, 0, 0);
        let mut stream = stream.behind(first + u64::from(n));
        drawn(stream.exponential(self.mean_time_between.millis() as f64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::id::{CapacityProviderId, ZoneId};

    #[test]
    fn each_time_is_drawn_anew() {
        let of = Launched { provider: CapacityProviderId::new(0), zone: ZoneId::new(0), launch: 3 };
        let it =
            AgentDisconnect { mean_time_between: SimDuration::from_secs(100), duration: SimDuration::ZERO };
        let times: Vec<_> = (0..4000).map(|n| it.draw(Seed(1), of, 0, n).as_secs_f64()).collect();
        let mean = times.iter().sum::<f64>() / times.len() as f64;
        assert!((mean - 100.0).abs() < 6.0, "{mean}");
        assert_ne!(it.draw(Seed(1), of, 0, 1), it.draw(Seed(1), of, 1, 1));
    }
}
