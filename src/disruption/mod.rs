//! When something breaks: drawn or read, never decided by what a policy does.
//! One file a kind, one list of all. A kind says what happens to whom and when;
//! what follows from it is the run's to play.

pub mod agent_disconnect;
pub mod instance_failure;
pub mod launch_failure;
pub mod scope;
pub mod slow_start;
pub mod spot_availability;
pub mod spot_drought;
pub mod spot_interruption;
pub mod spot_price;
pub mod supply;
pub mod window;
pub mod zone_outage;

pub use scope::{Machine, Scope};
pub use window::{Window, Windows};

use crate::base::id::{CapacityProviderId, ZoneId};
use crate::base::rng::Stream;
use crate::base::{Domain, Seed, SimDuration};

/// Something that breaks, and for whom.
#[derive(Clone, PartialEq, Debug)]
pub struct Disruption {
    /// Whom it meets.
    pub scope: Scope,
    /// How many of the same kind stand before it: two of one kind that meet the
    /// same instance draw apart.
    pub ordinal: u32,
    /// What happens.
    pub kind: Kind,
}

/// What can happen.
#[derive(Clone, PartialEq, Debug)]
pub enum Kind {
    /// Instances fail.
    InstanceFailure(instance_failure::Lifetime),
    /// Spot capacity is taken back now and then.
    SpotInterruption(spot_interruption::Rate),
    /// Spot capacity costs more than is paid, for a while.
    SpotPrice(spot_price::PriceHistory),
    /// So much Spot capacity is there, and no more.
    SpotAvailability(spot_availability::Availability),
    /// There is no Spot capacity, for a while.
    SpotDrought(spot_drought::Drought),
    /// A zone is gone, for a while.
    ZoneOutage(Windows),
    /// Instances take longer to start.
    SlowStart(slow_start::SlowStart),
    /// Launches are refused.
    LaunchFailure(launch_failure::LaunchFailure),
    /// Agents are not heard, for a while.
    AgentDisconnect(agent_disconnect::AgentDisconnect),
}

/// A kind of disruption, as an experiment names it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Entry {
    /// Its name.
    pub name: &'static str,
    /// What it is, in a line.
    pub summary: &'static str,
}

/// The list of kinds, in the order of [`Kind`].
pub const KINDS: &[Entry] = &[
    instance_failure::ENTRY,
    spot_interruption::ENTRY,
    spot_price::ENTRY,
    spot_availability::ENTRY,
    spot_drought::ENTRY,
    zone_outage::ENTRY,
    slow_start::ENTRY,
    launch_failure::ENTRY,
    agent_disconnect::ENTRY,
];

impl Kind {
    /// Its entry in [`KINDS`].
    pub fn entry(&self) -> Entry {
        match self {
            Self::InstanceFailure(_) => instance_failure::ENTRY,
            Self::SpotInterruption(_) => spot_interruption::ENTRY,
            Self::SpotPrice(_) => spot_price::ENTRY,
            Self::SpotAvailability(_) => spot_availability::ENTRY,
            Self::SpotDrought(_) => spot_drought::ENTRY,
            Self::ZoneOutage(_) => zone_outage::ENTRY,
            Self::SlowStart(_) => slow_start::ENTRY,
            Self::LaunchFailure(_) => launch_failure::ENTRY,
            Self::AgentDisconnect(_) => agent_disconnect::ENTRY,
        }
    }

    /// Whether instances or tasks may be lost by it.
    pub fn takes_away(&self) -> bool {
        !matches!(self, Self::SlowStart(_) | Self::LaunchFailure(_) | Self::AgentDisconnect(_))
    }

    /// How much Spot capacity is there, for the kinds that say it.
    pub fn supply(&self) -> Option<supply::Supply<'_>> {
        match self {
            Self::SpotPrice(prices) => Some(supply::Supply::Price(prices)),
            Self::SpotAvailability(availability) => Some(supply::Supply::Availability(availability)),
            Self::SpotDrought(drought) => Some(supply::Supply::Drought(drought)),
            _ => None,
        }
    }

    /// The stretches of time in which it holds, for the kinds that have such.
    pub fn windows(&self) -> Option<&Windows> {
        match self {
            Self::SpotDrought(drought) => Some(&drought.windows),
            Self::ZoneOutage(windows) => Some(windows),
            Self::LaunchFailure(failure) => Some(&failure.windows),
            _ => None,
        }
    }
}

/// The n-th instance that a provider launches in a zone: who it is under every
/// policy.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Launched {
    /// Whose.
    pub provider: CapacityProviderId,
    /// Where.
    pub zone: ZoneId,
    /// The how manieth there, from 0.
    pub launch: u32,
}

impl Launched {
    fn entity(self) -> u64 {
        let place = u64::from(self.provider.number() & 0xFFF) << 12 | u64::from(self.zone.number() & 0xFFF);
        place << 32 | u64::from(self.launch)
    }

    /// The numbers drawn for this instance and purpose by the `ordinal`-th
    /// disruption of a kind that takes at most `n_draws` of them.
    fn stream(self, seed: Seed, domain: Domain, ordinal: u32, n_draws: u32) -> Stream {
        seed.stream(domain, self.entity()).behind(u64::from(ordinal * n_draws))
    }
}

/// A drawn number of milliseconds as a duration: a millisecond at least, so that
/// nothing happens before its begin.
fn drawn(millis: f64) -> SimDuration {
    SimDuration::from_millis((millis as u64).clamp(1, SimDuration::LONGEST.millis()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_lower_case_and_explained() {
        for (idx, entry) in KINDS.iter().enumerate() {
            assert!(KINDS[..idx].iter().all(|it| it.name != entry.name), "{}", entry.name);
            assert!(entry.name.bytes().all(|it| it.is_ascii_lowercase() || it == b'_'), "{}", entry.name);
            assert!(!entry.summary.is_empty());
        }
    }
}
