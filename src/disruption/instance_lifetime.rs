//! Instances fail after an exponential time (constant hazard), drawn for the
//! n-th launch in a zone: two policies that launch it meet the same failure.

use crate::base::id::{CapacityProviderId, ZoneId};
use crate::base::{Domain, Seed, SimDuration};

/// How long the n-th instance that `provider` launches in `zone` lives, if the
/// mean is `mean`.
pub fn draw(
    seed: Seed,
    provider: CapacityProviderId,
    zone: ZoneId,
    launch: u32,
    mean: SimDuration,
) -> SimDuration {
    let place = u64::from(provider.number() & 0xFFF) << 12 | u64::from(zone.number() & 0xFFF);
    let mut stream = seed.stream(Domain::InstanceLifetime, place << 32 | u64::from(launch));
    let millis = stream.exponential(mean.millis() as f64);
    // At least a millisecond: nothing fails before it is launched.
    SimDuration::from_millis((millis as u64).clamp(1, SimDuration::LONGEST.millis()))
}
