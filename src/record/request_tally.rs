//! Requests as they are counted: over the whole time, by the steps of a series,
//! and by five minutes of the clock.

use crate::base::{SimDuration, SimTime};
use crate::record::{LostRequests, RequestRecord, Series};

/// The width of a window of which the worst is kept.
pub const WINDOW: SimDuration = SimDuration::from_secs(300);

/// Requests of a stretch of time, in millionths.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct RequestAmounts {
    /// Sent.
    pub offered: u64,
    /// Served.
    pub served: u64,
    /// Neither served nor in flight any more.
    pub lost: u64,
    /// Sum of waits: microseconds of whole requests.
    pub waited_us: u64,
}

/// Counts the requests of one service.
#[derive(Clone, Debug)]
pub struct RequestTally {
    step_ms: u64,
    n_steps: usize,
    window: u64,
    in_window: RequestAmounts,
}

impl RequestTally {
    /// Of a run of this length.
    pub fn new(horizon: SimDuration) -> Self {
        let series = Series::new(horizon);
        Self {
            step_ms: series.bucket_width().millis(),
            n_steps: series.buckets().len(),
            window: 0,
            in_window: RequestAmounts::default(),
        }
    }

    /// Adds what came of requests evenly from one moment to another. Stretches
    /// come in the order of time.
    pub fn add(&mut self, record: &mut RequestRecord, from: SimTime, to: SimTime, amounts: RequestAmounts) {
        record.offered += amounts.offered;
        record.served += amounts.served;
        record.waited_us = record.waited_us.saturating_add(amounts.waited_us);
        let series = &mut record.over_time;
        if series.offered.is_empty() {
            series.step_ms = self.step_ms;
            for it in [&mut series.offered, &mut series.served, &mut series.lost] {
                it.resize(self.n_steps, 0);
            }
        }
        pieces(from, to, self.step_ms, |step, part, whole| {
            // What lies beyond the horizon is nobody's.
            let step = (step as usize).min(self.n_steps - 1);
            series.offered[step] += part_of(amounts.offered, part, whole);
            series.served[step] += part_of(amounts.served, part, whole);
            series.lost[step] += part_of(amounts.lost, part, whole);
        });
        pieces(from, to, WINDOW.millis(), |window, part, whole| {
            if window != self.window {
                self.close(record);
                self.window = window;
            }
            self.in_window.served += part_of(amounts.served, part, whole);
            self.in_window.lost += part_of(amounts.lost, part, whole);
            self.in_window.waited_us += part_of(amounts.waited_us, part, whole);
        });
    }

    /// The window is over.
    pub fn close(&mut self, record: &mut RequestRecord) {
        let RequestAmounts { served, lost, waited_us, .. } = std::mem::take(&mut self.in_window);
        let (worst, ended) = (record.worst_window, served + lost);
        let is_less = |a: (u64, u64), b: (u64, u64)| {
            u128::from(a.0) * u128::from(b.1) < u128::from(b.0) * u128::from(a.1)
        };
        if ended > 0 && (worst.1 == 0 || is_less((served, ended), worst)) {
            record.worst_window = (served, ended);
        }
        let longest = record.longest_wait;
        if served > 0 && (longest.1 == 0 || is_less(longest, (waited_us, served))) {
            record.longest_wait = (waited_us, served);
        }
    }
}

impl RequestRecord {
    /// So many more were lost, for this reason.
    pub fn lose(&mut self, reason: &str, is_5xx: bool, n: u64) {
        if n == 0 {
            return;
        }
        match self.lost.iter_mut().find(|it| it.reason == reason) {
            Some(known) => known.n += n,
            None => self.lost.push(LostRequests { reason: reason.to_owned(), n, is_5xx }),
        }
    }
}

/// Cuts a stretch at the multiples of `width_ms`: the number of each piece, and
/// which part of the whole it is, as two marks in thousandths of a second.
fn pieces(from: SimTime, to: SimTime, width_ms: u64, mut visit: impl FnMut(u64, (u64, u64), u64)) {
    let (from, to) = (from.millis(), to.millis());
    let mut at = from;
    while at < to {
        let number = at / width_ms;
        let end = ((number + 1) * width_ms).min(to);
        visit(number, (at - from, end - from), to - from);
        at = end;
    }
}

/// The part of `n` that lies between two marks; all parts add up to `n`.
fn part_of(n: u64, (from, to): (u64, u64), whole: u64) -> u64 {
    let until = |mark: u64| u128::from(n) * u128::from(mark) / u128::from(whole);
    u64::try_from(until(to) - until(from)).expect("no more than the whole")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_add_up_and_the_worst_window_is_found() {
        let mut record = RequestRecord::default();
        let mut tally = RequestTally::new(SimDuration::from_secs(3600));
        let at = SimTime::from_secs;
        let good = |n| RequestAmounts { offered: n, served: n, ..RequestAmounts::default() };
        tally.add(&mut record, at(0), at(700), good(7_000_001));
        let bad = RequestAmounts { offered: 100, served: 25, lost: 75, waited_us: 50 };
        tally.add(&mut record, at(700), at(710), bad);
        tally.add(&mut record, at(710), at(3600), good(1000));
        tally.close(&mut record);
        assert_eq!(record.offered, 7_001_101);
        assert_eq!(record.over_time.served.iter().sum::<u64>(), 7_001_026);
        assert_eq!(record.over_time.lost.iter().sum::<u64>(), 75);
        // 600 to 900 s: the last 100 s of the first, the bad ones, 190 of 2890 s.
        assert_eq!(record.worst_window, (1_000_001 + 25 + 65, 1_000_001 + 25 + 65 + 75));
        assert_eq!(record.longest_wait.0, 50);
    }
}
