//! Public IPv4 addresses in use: per second, at least a minute each (Amazon VPC
//! pricing). A task on Fargate has one where `assignPublicIp` is ENABLED, an
//! instance where its subnet gives it one.

use crate::base::{SimDuration, SimTime};
use crate::billing::per_second;

/// What every address costs at least.
pub const MINIMUM: SimDuration = SimDuration::from_secs(60);

/// Seconds billed from `measured_from` on for an address that was held from
/// `from` to `to`; see [`crate::billing::instance::billed_seconds`].
pub fn billed_seconds(from: SimTime, to: SimTime, measured_from: SimTime) -> u64 {
    per_second::billed_seconds(MINIMUM, from, to, measured_from)
}
