//! What became of requests in a stretch of time.

use crate::model::traffic::RequestFailure;

/// Requests by what became of them, in millionths of a request.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Counts {
    /// Sent.
    pub offered: u64,
    /// Answered without an error.
    pub served: u64,
    /// Not served, by [`RequestFailure`].
    pub failed: [u64; RequestFailure::N],
    /// Sum of the time from arrival to a slot, over the requests that got one:
    /// microseconds of whole requests.
    pub waited_us: u64,
}

impl Counts {
    /// One request.
    pub const ONE: u64 = 1_000_000;

    /// So many were not served.
    pub fn fail(&mut self, failure: RequestFailure, n: u64) {
        self.failed[failure as usize] += n;
    }

    /// All that were not served.
    pub fn n_failed(&self) -> u64 {
        self.failed.iter().sum()
    }
}
