//! Means with intervals, and paired differences: two settings that met the
//! same luck are compared replicate by replicate.

use statrs::distribution::{ContinuousCDF as _, StudentsT};

/// A mean and the half-width of its two-sided interval, of 95 % where nothing
/// else is said.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Estimate {
    /// The arithmetic mean.
    pub mean: f64,
    /// Half the width of the interval; `None` from a single value.
    pub half_width: Option<f64>,
    /// How many values went in.
    pub n: usize,
}

impl Estimate {
    /// The lower end of the interval; the mean itself without one.
    pub fn lower(&self) -> f64 {
        self.mean - self.half_width.unwrap_or(0.0)
    }

    /// The upper end of the interval; the mean itself without one.
    pub fn upper(&self) -> f64 {
        self.mean + self.half_width.unwrap_or(0.0)
    }
}

/// The mean of `values` with its interval by Student's t (Student 1908).
/// `None` without values.
pub fn estimate(values: &[f64]) -> Option<Estimate> {
    estimate_at(values, 95.0)
}

/// The same with an interval of this confidence, in percent, above 0 and below
/// 100.
pub fn estimate_at(values: &[f64], confidence_percent: f64) -> Option<Estimate> {
    let n = values.len();
    if n == 0 {
        return None;
    }
    // Equal values have no spread, not one of the last bit of their sum.
    if values.iter().all(|value| value.to_bits() == values[0].to_bits()) {
        return Some(Estimate { mean: values[0], half_width: (n > 1).then_some(0.0), n });
    }
    let mean = values.iter().sum::<f64>() / n as f64;
    let half_width = (n > 1).then(|| {
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        let standard_error = (squares / (n - 1) as f64 / n as f64).sqrt();
        t_quantile(n - 1, 0.5 + confidence_percent / 200.0) * standard_error
    });
    Some(Estimate { mean, half_width, n })
}

/// The estimate of `b - a`, value by value: `a[i]` and `b[i]` met the same luck.
/// `None` without values.
///
/// # Panics
///
/// If the two differ in length: then they are no pairs.
pub fn paired_difference(a: &[f64], b: &[f64]) -> Option<Estimate> {
    assert_eq!(a.len(), b.len(), "pairs have two sides");
    let differences: Vec<f64> = a.iter().zip(b).map(|(a, b)| b - a).collect();
    estimate(&differences)
}

/// A quantile of Student's t.
pub fn t_quantile(degrees_of_freedom: usize, quantile: f64) -> f64 {
    StudentsT::new(0.0, 1.0, degrees_of_freedom as f64)
        .expect("one degree of freedom at least")
        .inverse_cdf(quantile)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_agrees_with_printed_tables() {
        for (degrees, quantile) in [(1, 12.706), (4, 2.776), (9, 2.262), (29, 2.045)] {
            assert!((t_quantile(degrees, 0.975) - quantile).abs() < 5e-4, "{degrees}");
        }
        let estimate = estimate(&[1.0, 2.0, 3.0, 4.0, 5.0]).unwrap();
        assert!((estimate.mean - 3.0).abs() < 1e-12);
        assert!((estimate.half_width.unwrap() - 1.9632).abs() < 1e-3);
    }

    #[test]
    fn pairs_take_out_what_both_share() {
        let a = [10.0, 20.0, 30.0];
        let b = [11.0, 21.0, 31.0];
        let difference = paired_difference(&a, &b).unwrap();
        assert!((difference.mean - 1.0).abs() < 1e-12);
        assert!(difference.half_width.unwrap() < 1e-9);
    }

    #[test]
    fn equal_values_have_an_interval_of_no_width() {
        for value in [0.1, 0.890_177_688_888, -7.3] {
            for n in 2..12 {
                let estimate = estimate(&vec![value; n]).unwrap();
                assert_eq!((estimate.mean, estimate.half_width), (value, Some(0.0)));
            }
        }
    }

    #[test]
    fn nothing_has_no_estimate_and_one_value_no_interval() {
        assert_eq!(estimate(&[]), None);
        assert_eq!(estimate(&[2.0]).unwrap().half_width, None);
    }
}
