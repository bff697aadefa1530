//! The profile that a service's load follows: means by the hour of the day, the
//! tables of what values are as multiples of them in quiet and in busy hours, and the correlation of
//! neighbours as normal scores, which no outlier can move far.

use statrs::distribution::{ContinuousCDF as _, Normal};

use super::load_series::LoadSeries;
use super::quantiles::{Quantiles, rounded};
use super::synthetic_load::{LoadProfile, busy_hours};
use crate::base::SimDuration;

/// The profile of a load. Its step is the series' commonest one.
pub fn fit_load(series: &LoadSeries) -> LoadProfile {
    let points = series.points();
    let step = commonest_step(series);
    let hour = |millis: u64| (millis / 3_600_000 % 24) as usize;
    let overall = points.iter().map(|it| it.1 as f64).sum::<f64>() / points.len() as f64 / 1000.0;
    let mut sums = [(0.0, 0.0); 24];
    for (at, value) in points {
        let (sum, n) = &mut sums[hour(at.millis())];
        *sum += *value as f64 / 1000.0;
        *n += 1.0;
    }
    let means = sums.map(|(sum, n)| if n > 0.0 { sum / n } else { overall });
    let ratios: Vec<f64> = points
        .iter()
        .map(|(at, value)| (*value as f64 / 1000.0, means[hour(at.millis())]))
        // An hour without any load tells nothing of its noise.
        .map(|(value, mean)| if mean > 0.0 { value / mean } else { 1.0 })
        .collect();
    // Hours are told apart as the drawing will tell them apart.
    let hourly_mean = means.map(rounded);
    let is_busy = busy_hours(&hourly_mean);
    let of_hours = |busy: bool| {
        let is_of_hours = |it: &(usize, &f64)| is_busy[hour(points[it.0].0.millis())] == busy;
        let chosen = ratios.iter().enumerate().filter(is_of_hours).map(|it| *it.1).collect();
        let all = || Quantiles::of(ratios.clone()).expect("a series has a point");
        Quantiles::of(chosen).unwrap_or_else(all)
    };
    let scores = normal_scores(&ratios);
    let neighbours =
        points.windows(2).zip(scores.windows(2)).filter(|(points, _)| points[1].0 - points[0].0 == step);
    let (products, squares) = neighbours
        .fold((0.0, 0.0), |(products, squares), (_, it)| (products + it[0] * it[1], squares + it[0] * it[0]));
    let autocorrelation = if squares > 0.0 { (products / squares).clamp(-1.0, 1.0) } else { 0.0 };
    LoadProfile {
        step: step.clamp(SimDuration::from_secs(60), SimDuration::from_secs(86_400)),
        hourly_mean,
        quiet_ratios: of_hours(false),
        busy_ratios: of_hours(true),
        autocorrelation: rounded(autocorrelation),
    }
}

fn commonest_step(series: &LoadSeries) -> SimDuration {
    let mut steps: Vec<SimDuration> = series.points().windows(2).map(|pair| pair[1].0 - pair[0].0).collect();
    steps.sort_unstable();
    let longest_run = steps.chunk_by(|a, b| a == b).max_by_key(|run| run.len());
    longest_run.map_or(SimDuration::from_secs(300), |run| run[0])
}

/// For each value the normal quantile of its rank.
fn normal_scores(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| values[*a].total_cmp(&values[*b]).then(a.cmp(b)));
    let standard = Normal::standard();
    let mut scores = vec![0.0; values.len()];
    for (rank, idx) in order.into_iter().enumerate() {
        scores[idx] = standard.inverse_cdf((rank as f64 + 0.5) / values.len() as f64);
    }
    scores
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{Seed, SimTime};
    use crate::trace::quantiles::LEVELS;

    #[test]
    fn a_fit_finds_the_profile_that_a_load_was_drawn_from() {
        let drawn_from = LoadProfile {
            step: SimDuration::from_secs(300),
            hourly_mean: std::array::from_fn(|hour| 50.0 + 5.0 * hour as f64),
            quiet_ratios: Quantiles(LEVELS.map(|level| 0.5 + level)),
            busy_ratios: Quantiles(LEVELS.map(|level| 0.5 + level)),
            autocorrelation: 0.7,
        };
        let profile = fit_load(&drawn_from.generate(Seed(3), 0, SimDuration::from_secs(60 * 86_400)));
        assert_eq!(profile.step, drawn_from.step);
        assert!((profile.autocorrelation - 0.7).abs() < 0.03, "{}", profile.autocorrelation);
        for (found, expected) in profile.hourly_mean.iter().zip(drawn_from.hourly_mean) {
            assert!((found / expected - 1.0).abs() < 0.08, "{found} {expected}");
        }
        for level in [0.05, 0.5, 0.95] {
            assert!((profile.busy_ratios.at(level) - 0.5 - level).abs() < 0.05);
        }
    }

    #[test]
    fn a_single_value_has_a_profile_that_repeats_it() {
        let profile = fit_load(&LoadSeries::new(vec![(SimTime::ZERO, 7000)]));
        assert_eq!(profile.fault(), None);
        let again = profile.generate(Seed(1), 0, SimDuration::from_secs(86_400));
        assert!(again.points().iter().all(|it| it.1 == 7000));
    }
}
