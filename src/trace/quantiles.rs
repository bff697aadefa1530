//! A distribution as a table of its quantiles at fixed levels, dense in both
//! tails: any shape can be fitted and drawn from, no family is assumed.

/// At which levels the table stands.
pub const LEVELS: [f64; 27] = [
    0.0, 0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7,
    0.75, 0.8, 0.85, 0.9, 0.95, 0.975, 0.99, 0.998, 1.0,
];

/// A distribution's quantiles at [`LEVELS`], not descending.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quantiles(pub [f64; LEVELS.len()]);

impl Quantiles {
    /// The quantiles of `values`, each rounded to four significant decimals at
    /// most. `None` without values.
    pub fn of(mut values: Vec<f64>) -> Option<Self> {
        if values.is_empty() {
            return None;
        }
        values.sort_by(f64::total_cmp);
        Some(Self(LEVELS.map(|level| rounded(interpolated(&values, level)))))
    }

    /// The value below which the fraction `level` lies, straight between the
    /// levels of the table.
    pub fn at(&self, level: f64) -> f64 {
        let upper = LEVELS.partition_point(|it| *it <= level).clamp(1, LEVELS.len() - 1);
        let (from, to) = (LEVELS[upper - 1], LEVELS[upper]);
        let fraction = ((level - from) / (to - from)).clamp(0.0, 1.0);
        self.0[upper - 1] + fraction * (self.0[upper] - self.0[upper - 1])
    }
}

/// The quantile of sorted values, straight between neighbours.
pub(super) fn interpolated(sorted: &[f64], level: f64) -> f64 {
    let position = level * (sorted.len() - 1) as f64;
    let below = position as usize;
    let above = (below + 1).min(sorted.len() - 1);
    sorted[below] + (position - below as f64) * (sorted[above] - sorted[below])
}

/// To four decimals: what a profile's text holds, and finer than any fit.
pub(super) fn rounded(value: f64) -> f64 {
    (value * 10_000.0).round() / 10_000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_gives_back_what_it_was_made_of() {
        let quantiles = Quantiles::of((0..=1000).map(f64::from).collect()).unwrap();
        for level in [0.0, 0.007, 0.1, 0.33, 0.5, 0.97, 0.999, 1.0] {
            assert!((quantiles.at(level) - 1000.0 * level).abs() < 1e-6, "{level}");
        }
        assert_eq!(Quantiles::of(vec![]), None);
        assert!((Quantiles::of(vec![3.0]).unwrap().at(0.4) - 3.0).abs() < 1e-12);
    }
}
