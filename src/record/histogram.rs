//! A log-scaled histogram of durations: bounded size, three significant
//! digits, and the same whatever the order in which values came.

use hdrhistogram::Histogram as HdrHistogram;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::base::SimDuration;

/// How often durations were seen.
#[derive(Clone, Debug, PartialEq)]
pub struct Histogram {
    counts: HdrHistogram<u64>,
}

impl Histogram {
    const SIGNIFICANT_DIGITS: u8 = 3;

    /// A histogram without values.
    pub fn new() -> Self {
        let mut counts = HdrHistogram::new(Self::SIGNIFICANT_DIGITS).expect("three digits are allowed");
        counts.auto(true);
        Self { counts }
    }

    /// Counts one value.
    pub fn record(&mut self, duration: SimDuration) {
        self.record_n(duration, 1);
    }

    /// Counts `n` equal values.
    pub fn record_n(&mut self, duration: SimDuration, n: u64) {
        let longest = SimDuration::LONGEST.millis();
        self.counts.record_n(duration.millis().min(longest), n).expect("the histogram resizes itself");
    }

    /// Adds all values of another one.
    pub fn add(&mut self, other: &Self) {
        self.counts.add(&other.counts).expect("the histogram resizes itself");
    }

    /// How many values there are.
    pub fn count(&self) -> u64 {
        self.counts.len()
    }

    /// The value, in seconds, that a share of `quantile` (0 to 1) does not
    /// exceed; `None` without values. Exact to three digits.
    pub fn quantile_seconds(&self, quantile: f64) -> Option<f64> {
        (self.count() > 0).then(|| self.counts.value_at_quantile(quantile) as f64 / 1000.0)
    }

    /// The greatest value in seconds, to three digits; `None` without values.
    pub fn max_seconds(&self) -> Option<f64> {
        (self.count() > 0).then(|| self.counts.max() as f64 / 1000.0)
    }

    /// Every different value in milliseconds, ascending, with its count.
    pub fn recorded(&self) -> impl Iterator<Item = (u64, u64)> {
        self.counts.iter_recorded().map(|it| (it.value_iterated_to(), it.count_at_value()))
    }
}

impl Default for Histogram {
    fn default() -> Self {
        Self::new()
    }
}

impl Serialize for Histogram {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.recorded())
    }
}

impl<'de> Deserialize<'de> for Histogram {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut histogram = Self::new();
        for (millis, n) in Vec::<(u64, u64)>::deserialize(deserializer)? {
            histogram.record_n(SimDuration::from_millis(millis), n);
        }
        Ok(histogram)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_survives_being_written_and_read() {
        let mut histogram = Histogram::new();
        for millis in [0, 1, 999, 12_345, 86_400_000] {
            histogram.record(SimDuration::from_millis(millis));
        }
        let text = serde_json::to_string(&histogram).unwrap();
        let again: Histogram = serde_json::from_str(&text).unwrap();
        assert_eq!(again.count(), 5);
        assert_eq!(again.quantile_seconds(0.5), histogram.quantile_seconds(0.5));
        assert_eq!(serde_json::to_string(&again).unwrap(), text);
        assert_eq!(Histogram::new().quantile_seconds(0.5), None);
    }
}
