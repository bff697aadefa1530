//! A digest of every placement of a stand-alone task: FNV-1a, 64 bits, over the
//! number of the instance as four bytes, the least first, and 2^32 - 1 for a task
//! that was given up. Moment by moment; within a moment in the order of arrival,
//! whoever was decided on first, so that a rule that decides on each request in
//! the order of the file gives the same digest.

use crate::base::SimTime;

/// The digest so far.
#[derive(Debug)]
pub(super) struct Decisions {
    digest: u64,
    /// The moment of those that are not in the digest yet.
    at: SimTime,
    /// Arrival and instance of each.
    pending: Vec<(u32, u32)>,
}

impl Decisions {
    const OFFSET: u64 = 0xCBF2_9CE4_8422_2325;
    const PRIME: u64 = 0x0100_0000_01B3;

    pub(super) const fn new() -> Self {
        Self { digest: Self::OFFSET, at: SimTime::ZERO, pending: Vec::new() }
    }

    pub(super) fn add(&mut self, now: SimTime, arrival: u32, instance: u32) {
        if now != self.at {
            self.settle();
            self.at = now;
        }
        self.pending.push((arrival, instance));
    }

    /// The digest of all of them.
    pub(super) fn finish(mut self) -> u64 {
        self.settle();
        self.digest
    }

    fn settle(&mut self) {
        if !self.pending.is_sorted_by_key(|it| it.0) {
            // Stable: what was given up and decided on again keeps its order.
            self.pending.sort_by_key(|it| it.0);
        }
        for (_, instance) in self.pending.drain(..) {
            for byte in instance.to_le_bytes() {
                self.digest = (self.digest ^ u64::from(byte)).wrapping_mul(Self::PRIME);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_told_in_the_order_of_arrival() {
        let digest = |decisions: &[(u64, u32, u32)]| {
            let mut all = Decisions::new();
            for &(at, arrival, instance) in decisions {
                all.add(SimTime::from_secs(at), arrival, instance);
            }
            all.finish()
        };
        assert_eq!(digest(&[]), 0xCBF2_9CE4_8422_2325);
        // FNV-1a of the bytes 01 00 00 00 ff ff ff ff 00 00 00 00.
        let expected = [1, 0, 0, 0, 255, 255, 255, 255, 0, 0, 0, 0]
            .iter()
            .fold(Decisions::OFFSET, |it, byte: &u64| (it ^ byte).wrapping_mul(Decisions::PRIME));
        assert_eq!(digest(&[(0, 0, 1), (0, 1, u32::MAX), (3, 2, 0)]), expected);
        assert_eq!(digest(&[(0, 1, u32::MAX), (0, 0, 1), (3, 2, 0)]), expected);
        assert_ne!(digest(&[(0, 1, u32::MAX), (1, 0, 1), (3, 2, 0)]), expected);
    }
}
