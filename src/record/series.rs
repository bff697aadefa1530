//! A step function of time in buckets of equal width: its integral, least and
//! greatest value in each. The size is bounded whatever the run does, and the
//! integrals are exact.

use serde::{Deserialize, Serialize};

use crate::base::{SimDuration, SimTime};

/// A step function from the start of a run to its horizon.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Series {
    bucket_ms: u64,
    horizon_ms: u64,
    buckets: Vec<Bucket>,
    last_ms: u64,
    value: u64,
    /// A bucket that is not behind `last_ms`: where the open one is looked for.
    #[serde(skip)]
    open: usize,
}

impl PartialEq for Series {
    fn eq(&self, other: &Self) -> bool {
        let of = |it: &Self| (it.bucket_ms, it.horizon_ms, it.last_ms, it.value);
        of(self) == of(other) && self.buckets == other.buckets
    }
}

impl Eq for Series {}

/// One stretch of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bucket {
    /// Sum of value times milliseconds.
    pub integral: u64,
    /// The least value in it.
    pub min: u64,
    /// The greatest value in it.
    pub max: u64,
}

impl Series {
    /// How many buckets a series of a run has.
    pub const N_BUCKETS: usize = 512;

    /// A series that is zero until told otherwise.
    pub fn new(horizon: SimDuration) -> Self {
        let horizon_ms = horizon.millis().max(1);
        let bucket_ms = horizon_ms.div_ceil(Self::N_BUCKETS as u64);
        let n_buckets = horizon_ms.div_ceil(bucket_ms) as usize;
        let empty = Bucket { integral: 0, min: u64::MAX, max: 0 };
        Self { bucket_ms, horizon_ms, buckets: vec![empty; n_buckets], last_ms: 0, value: 0, open: 0 }
    }

    /// From `now` on the value is `value`. Times never run backwards; what lies
    /// beyond the horizon is left out.
    #[inline]
    pub fn set(&mut self, now: SimTime, value: u64) {
        if value != self.value {
            self.advance(now);
            self.value = value;
        }
    }

    /// From each of these moments on the value is what `value` says of its row.
    #[inline(always)]
    pub(super) fn set_each<T>(&mut self, rows: &[(SimTime, T)], value: impl Fn(&T) -> u64) {
        for (now, row) in rows {
            self.set(*now, value(row));
        }
    }

    /// Carries the present value up to `now`.
    #[inline]
    pub fn advance(&mut self, now: SimTime) {
        let now_ms = now.millis().min(self.horizon_ms);
        while self.last_ms < now_ms {
            let mut end_ms = (self.open as u64 + 1) * self.bucket_ms;
            while end_ms <= self.last_ms {
                self.open += 1;
                end_ms += self.bucket_ms;
            }
            let end_ms = end_ms.min(now_ms);
            let bucket = &mut self.buckets[self.open];
            bucket.integral += self.value * (end_ms - self.last_ms);
            bucket.min = bucket.min.min(self.value);
            bucket.max = bucket.max.max(self.value);
            self.last_ms = end_ms;
        }
    }

    /// Adds a series of the same horizon. The least and the greatest value of a
    /// bucket are bounds then: each series had its own at a moment of its own.
    pub fn add(&mut self, other: &Self) {
        assert_eq!(self.horizon_ms, other.horizon_ms, "series of one run have one horizon");
        for (own, more) in self.buckets.iter_mut().zip(&other.buckets) {
            own.integral += more.integral;
            own.min = own.min.saturating_add(more.min);
            own.max += more.max;
        }
        self.value += other.value;
        self.last_ms = self.last_ms.max(other.last_ms);
    }

    /// Every value becomes `numerator / denominator` of what it was, rounded down;
    /// nothing of nothing.
    pub fn scale(&mut self, numerator: u64, denominator: u64) {
        let scaled = |it: u64| {
            let of = u128::from(it) * u128::from(numerator) / u128::from(denominator.max(1));
            u64::try_from(of).unwrap_or(u64::MAX)
        };
        for bucket in &mut self.buckets {
            let min = if bucket.min == u64::MAX { u64::MAX } else { scaled(bucket.min) };
            *bucket = Bucket { integral: scaled(bucket.integral), min, max: scaled(bucket.max) };
        }
        self.value = scaled(self.value);
    }

    /// The width of a bucket; the last one may be cut by the horizon.
    pub fn bucket_width(&self) -> SimDuration {
        SimDuration::from_millis(self.bucket_ms)
    }

    /// The buckets in the order of time.
    pub fn buckets(&self) -> &[Bucket] {
        &self.buckets
    }

    /// The time-weighted mean of bucket `idx`; `None` if nothing was recorded.
    pub fn mean(&self, idx: usize) -> Option<f64> {
        let start_ms = idx as u64 * self.bucket_ms;
        let end_ms = (start_ms + self.bucket_ms).min(self.last_ms);
        (end_ms > start_ms).then(|| self.buckets[idx].integral as f64 / (end_ms - start_ms) as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integrals_are_exact_across_buckets() {
        let mut series = Series::new(SimDuration::from_secs(5120));
        series.set(SimTime::from_secs(5), 2);
        series.set(SimTime::from_secs(25), 1);
        series.advance(SimTime::from_secs(5120));
        assert_eq!(series.bucket_width(), SimDuration::from_secs(10));
        assert_eq!(series.buckets()[0], Bucket { integral: 10_000, min: 0, max: 2 });
        assert_eq!(series.buckets()[2], Bucket { integral: 15_000, min: 1, max: 2 });
        let total: u64 = series.buckets().iter().map(|it| it.integral).sum();
        assert_eq!(total, 2 * 20_000 + 5095 * 1000);
        assert_eq!(series.mean(0), Some(1.0));
    }

    #[test]
    fn what_lies_beyond_the_horizon_is_left_out() {
        let mut series = Series::new(SimDuration::from_millis(3));
        series.set(SimTime::ZERO, 7);
        series.advance(SimTime::from_secs(9));
        assert_eq!(series.buckets().iter().map(|it| it.integral).sum::<u64>(), 21);
    }
}
