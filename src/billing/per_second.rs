//! What every meter that counts seconds has in common.

use crate::base::{SimDuration, SimTime};

/// Seconds billed from `measured_from` on for a use from `started_at` to
/// `ended_at` that costs at least `minimum`; a fraction of a second counts as a
/// whole one (MODEL). A minimum that began before `measured_from` counts for
/// what is left of it.
pub(super) fn billed_seconds(
    minimum: SimDuration,
    started_at: SimTime,
    ended_at: SimTime,
    measured_from: SimTime,
) -> u64 {
    let ended_at = ended_at.max(started_at + minimum);
    ended_at.since(started_at.max(measured_from)).millis().div_ceil(1000)
}
