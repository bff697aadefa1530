//! The profile that a trace's tasks follow. Each figure is counted, none is
//! guessed:
//!
//! - The intensity of an hour of the day is the mean over the trace's days. The
//!   noise is what the counts vary beyond a Poisson process around those means
//!   (method of moments), its correlation that at a lag of one hour, spread
//!   evenly over the steps in between: at the lag of one step it would be
//!   mixed with the jitter of single batches.
//! - Lifetimes are estimated by a life table (the actuarial form of Kaplan and
//!   Meier 1958), because the tasks that outlived the trace are mostly the long
//!   ones: to leave them out, or to let them run for ever, would both be wrong.
//! - How far a batch agrees is measured on pairs of its tasks. If each takes the
//!   common value with probability q, two agree with probability
//!   q^2 + (1 - q^2) b, where b is that of two tasks of different batches.

use std::cmp::Reverse;

use super::quantiles::{Quantiles, rounded};
use super::rows::TraceRow;
use super::source::Trace;
use super::synthetic::{BatchClass, IntensityNoise, TaskProfile};
use crate::base::id::{Id as _, TaskDefinitionId};
use crate::base::{SimDuration, SimTime};

/// The smallest batch of each class. Batches of 64 and more are of another kind
/// in the Azure trace of 2017, and between them there is a slow change.
const CLASS_SIZES_MIN: [u64; 7] = [1, 2, 4, 8, 16, 64, 128];
/// Needs rarer than the commonest of this many are left out.
const N_NEEDS_MAX: usize = 24;
/// As many different lifetimes, or bins of them, are kept as they are.
const N_LIFETIMES_MAX: usize = 64;
/// Otherwise as many bins of equal count are made.
const N_BINS: usize = 40;
/// What the weights of a class's lifetimes add up to, but for rounding.
const LIFETIME_WEIGHTS_TOTAL: f64 = 100_000.0;
const STEP_MIN: SimDuration = SimDuration::from_secs(300);
const STEP_MAX: SimDuration = SimDuration::from_secs(86_400);
/// A trace of more steps than this, some nine years, is looked at in longer ones.
const N_STEPS_MAX: u64 = 1_000_000;

/// The profile of a trace's tasks; `None` if it has none.
pub fn fit_tasks(trace: &Trace) -> Option<TaskProfile> {
    let coarsest = trace.rows.iter().map(|row| row.arrival_step).max()?;
    let fine_enough = SimDuration::from_millis(trace.end().millis() / N_STEPS_MAX);
    let step = coarsest.max(fine_enough).clamp(STEP_MIN, STEP_MAX);
    let counts = batches_by_step(trace, step);
    let batches_per_step = hourly_means(&counts, step);
    let edges = lifetime_edges(trace);
    let needs = commonest_needs(trace);
    let classes = batches_by_class(trace)
        .iter()
        .filter(|batches| !batches.is_empty())
        .map(|batches| fit_class(trace, &needs, &edges, batches))
        .collect();
    Some(TaskProfile {
        step,
        batches_per_step: batches_per_step.map(rounded),
        noise: fit_noise(&counts, &batches_per_step, step),
        needs: needs.iter().map(|id| trace.definitions[*id].needs).collect(),
        lifetime_edges: edges.into_iter().map(SimDuration::from_millis).collect(),
        classes,
    })
}

fn batches_by_step(trace: &Trace, step: SimDuration) -> Vec<u32> {
    let n_steps = trace.end().millis().div_ceil(step.millis()).max(1);
    let mut counts = vec![0; n_steps as usize];
    let mut n_seen = 0;
    for row in trace.rows.iter() {
        // Batches are numbered in the order of their first row.
        if row.batch == n_seen {
            n_seen += 1;
            let idx = (row.arrival.millis() / step.millis()).min(n_steps - 1);
            counts[idx as usize] += 1;
        }
    }
    counts
}

fn hour_of(step_idx: usize, step: SimDuration) -> usize {
    (step_idx as u64 * step.millis() / 3_600_000 % 24) as usize
}

fn hourly_means(counts: &[u32], step: SimDuration) -> [f64; 24] {
    let overall = counts.iter().map(|it| f64::from(*it)).sum::<f64>() / counts.len() as f64;
    let mut sums = [(0.0, 0.0); 24];
    for (idx, count) in counts.iter().enumerate() {
        let (sum, n) = &mut sums[hour_of(idx, step)];
        *sum += f64::from(*count);
        *n += 1.0;
    }
    sums.map(|(sum, n)| if n > 0.0 { sum / n } else { overall })
}

fn fit_noise(counts: &[u32], means: &[f64; 24], step: SimDuration) -> IntensityNoise {
    let mean = |idx: usize| means[hour_of(idx, step)];
    let excess: Vec<f64> = counts.iter().enumerate().map(|(idx, it)| f64::from(*it) - mean(idx)).collect();
    let squares: f64 = (0..counts.len()).map(|idx| mean(idx).powi(2)).sum();
    let beyond_poisson: f64 = excess.iter().enumerate().map(|(idx, it)| it * it - mean(idx)).sum();
    let variance = beyond_poisson / squares;
    let lag = ((3_600_000 / step.millis()) as usize).max(1);
    if variance <= 0.0 || counts.len() <= lag {
        return IntensityNoise { sigma: 0.0, autocorrelation: 0.0 };
    }
    let pairs = || (lag..counts.len()).map(|idx| (idx - lag, idx));
    let covariance = pairs().map(|(a, b)| excess[a] * excess[b]).sum::<f64>()
        / pairs().map(|(a, b)| mean(a) * mean(b)).sum::<f64>();
    let at_lag = (covariance / variance).clamp(0.0, 0.999);
    IntensityNoise {
        sigma: rounded((1.0 + variance).ln().sqrt()),
        autocorrelation: rounded(at_lag.powf((lag as f64).recip())),
    }
}

fn commonest_needs(trace: &Trace) -> Vec<TaskDefinitionId> {
    let mut counts = vec![0_u64; trace.definitions.len()];
    for row in trace.rows.iter() {
        counts[row.definition.idx()] += u64::from(row.count);
    }
    let mut ids: Vec<TaskDefinitionId> = trace.definitions.ids().filter(|id| counts[id.idx()] > 0).collect();
    ids.sort_by_key(|id| (Reverse(counts[id.idx()]), trace.definitions[*id].needs));
    ids.truncate(N_NEEDS_MAX);
    ids
}

/// The limits of the trace's own bins, or of bins of equal count; in
/// milliseconds.
fn lifetime_edges(trace: &Trace) -> Vec<u64> {
    let finished = || trace.rows.iter().filter(|row| !row.lifetime.outlives());
    let mut ranges: Vec<(u64, u64)> = finished().map(|row| row.lifetime.unrounded()).collect();
    ranges.sort_unstable();
    ranges.dedup();
    let mut edges: Vec<u64> = if ranges.len() <= N_LIFETIMES_MAX {
        ranges.iter().flat_map(|(lower, upper)| [*lower, *upper]).collect()
    } else {
        edges_of_equal_count(finished().map(|row| (middle_of(&row), u64::from(row.count))).collect())
    };
    edges.sort_unstable();
    edges.dedup();
    if edges.is_empty() {
        // All outlived the trace: no bin, and whatever lies behind it.
        edges.push(0);
    }
    edges
}

/// Limits of bins with about as many of the (lifetime, count) in each.
fn edges_of_equal_count(mut lifetimes: Vec<(u64, u64)>) -> Vec<u64> {
    lifetimes.sort_unstable();
    let total: u64 = lifetimes.iter().map(|it| it.1).sum();
    let mut edges = Vec::with_capacity(N_BINS + 1);
    let n_bins = N_BINS as u64;
    let mut n_below = 0;
    let mut next_bin = 0;
    for (lifetime, count) in &lifetimes {
        // A lifetime that is a bin's worth by itself begins one.
        if n_below * n_bins >= total * next_bin || count * n_bins >= total {
            edges.push(*lifetime);
            next_bin = n_below * n_bins / total + 1;
        }
        n_below += count;
    }
    edges.extend(lifetimes.last().map(|longest| longest.0 + 1));
    edges
}

fn middle_of(row: &TraceRow) -> u64 {
    let (lower, upper) = row.lifetime.unrounded();
    u64::midpoint(lower, upper - 1)
}

/// For each class, the rows of each of its batches.
fn batches_by_class(trace: &Trace) -> [Vec<Vec<TraceRow>>; CLASS_SIZES_MIN.len()] {
    let mut batches: Vec<Vec<TraceRow>> = vec![Vec::new(); trace.n_batches as usize];
    for row in trace.rows.iter() {
        batches[row.batch as usize].push(row);
    }
    let mut classes = [const { Vec::new() }; CLASS_SIZES_MIN.len()];
    for batch in batches {
        let class = CLASS_SIZES_MIN.partition_point(|min| *min <= size_of(&batch)) - 1;
        classes[class].push(batch);
    }
    classes
}

fn size_of(batch: &[TraceRow]) -> u64 {
    batch.iter().map(|row| u64::from(row.count)).sum()
}

fn fit_class(
    trace: &Trace,
    needs: &[TaskDefinitionId],
    edges: &[u64],
    batches: &[Vec<TraceRow>],
) -> BatchClass {
    let end = trace.end();
    let bin_of = |row: &TraceRow| {
        bin(edges, if row.lifetime.outlives() { seen_for(row, end) } else { middle_of(row) })
    };
    let sizes = batches.iter().map(|batch| size_of(batch) as f64).collect();
    let mut needs_counts = vec![0_u64; trace.definitions.len()];
    let mut finished = vec![0_u64; edges.len()];
    let mut outliving = vec![0_u64; edges.len()];
    for row in batches.iter().flatten() {
        needs_counts[row.definition.idx()] += u64::from(row.count);
        let lifetimes = if row.lifetime.outlives() { &mut outliving } else { &mut finished };
        lifetimes[bin_of(row)] += u64::from(row.count);
    }
    let lifetimes: Vec<u64> = finished.iter().zip(&outliving).map(|(a, b)| a + b).collect();
    BatchClass {
        weight: batches.len() as u32,
        sizes: Quantiles::of(sizes).expect("a class has a batch"),
        needs_sharing: sharing(&needs_counts, batches, |row| row.definition.idx()),
        needs_weights: weights(needs.iter().map(|id| needs_counts[id.idx()])),
        lifetime_sharing: sharing(&lifetimes, batches, bin_of),
        lifetime_weights: life_table(&finished, &outliving),
    }
}

/// Counts as weights; none of them is near 2^32 in any trace that is read.
fn weights(counts: impl Iterator<Item = u64>) -> Vec<u32> {
    counts.map(|count| u32::try_from(count).expect("a trace has less than 2^32 tasks")).collect()
}

fn bin(edges: &[u64], lifetime: u64) -> usize {
    edges.partition_point(|edge| *edge <= lifetime).saturating_sub(1)
}

/// For how long a task that outlived the trace was seen.
fn seen_for(row: &TraceRow, end: SimTime) -> u64 {
    end.since(row.arrival).max(row.lifetime.min).millis()
}

/// The share of lifetimes in each bin, and last beyond all, from those that
/// finished in each and those last seen in each.
fn life_table(finished: &[u64], last_seen: &[u64]) -> Vec<u32> {
    let mut at_risk: u64 = finished.iter().chain(last_seen).sum();
    let mut surviving = 1.0;
    let n_bins = finished.len() - 1;
    let mut shares: Vec<f64> = Vec::with_capacity(finished.len());
    for (finished, last_seen) in finished.iter().zip(last_seen).take(n_bins) {
        // Who was last seen in a bin was at risk in half of it, on average.
        let exposed = at_risk as f64 - *last_seen as f64 / 2.0;
        let hazard = if exposed > 0.0 { (*finished as f64 / exposed).min(1.0) } else { 0.0 };
        shares.push(surviving * hazard);
        surviving *= 1.0 - hazard;
        at_risk -= finished + last_seen;
    }
    shares.push(surviving);
    shares.iter().map(|share| (share * LIFETIME_WEIGHTS_TOTAL).round() as u32).collect()
}

/// How likely a task takes its batch's common value, from how often two tasks
/// of a batch agree; each batch counts the same. `counts` are those of the
/// values in the class.
fn sharing(counts: &[u64], batches: &[Vec<TraceRow>], value: impl Fn(&TraceRow) -> usize) -> f64 {
    let total: u64 = counts.iter().sum();
    let by_chance: f64 = counts.iter().map(|count| (*count as f64 / total as f64).powi(2)).sum();
    let mut n_batches = 0.0;
    let mut agreement = 0.0;
    let mut in_batch: Vec<(usize, u64)> = Vec::new();
    for batch in batches {
        let size = size_of(batch) as f64;
        if size < 2.0 {
            continue;
        }
        in_batch.clear();
        in_batch.extend(batch.iter().map(|row| (value(row), u64::from(row.count))));
        in_batch.sort_unstable();
        let equal_pairs: f64 = in_batch
            .chunk_by(|a, b| a.0 == b.0)
            .map(|chunk| chunk.iter().map(|it| it.1).sum::<u64>() as f64)
            .map(|n| n * (n - 1.0))
            .sum();
        n_batches += 1.0;
        agreement += equal_pairs / (size * (size - 1.0));
    }
    if n_batches < 1.0 || by_chance >= 1.0 {
        return 0.0;
    }
    let beyond_chance = (agreement / n_batches - by_chance) / (1.0 - by_chance);
    rounded(beyond_chance.clamp(0.0, 1.0).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Seed;

    #[test]
    fn a_life_table_corrects_for_what_was_not_seen_to_end() {
        // Textbook case: 10 of 100 end in the first bin, then 40 are lost from
        // sight in the second while 14 of the 70 exposed end.
        assert_eq!(life_table(&[10, 14, 0], &[0, 40, 36]), [10_000, 18_000, 72_000]);
        assert_eq!(life_table(&[5, 5, 0], &[0, 0, 0]), [50_000, 50_000, 0]);
        assert_eq!(life_table(&[0], &[7]), [100_000]);
    }

    #[test]
    fn an_empty_trace_has_no_profile() {
        assert_eq!(fit_tasks(&Trace::default()), None);
    }

    #[test]
    fn bins_of_equal_count_have_equal_counts() {
        let edges = edges_of_equal_count((0..4000).map(|it| (it * 10, 1 + it % 2)).collect());
        assert_eq!(edges.len(), N_BINS + 1);
        assert!(edges.windows(2).all(|pair| (900..1100).contains(&(pair[1] - pair[0]))), "{edges:?}");
        // One lifetime that outweighs all others leaves fewer bins.
        assert_eq!(edges_of_equal_count(vec![(5, 1), (7, u32::MAX.into()), (9, 1)]), [5, 7, 9, 10]);
    }

    /// What is fitted to drawn tasks is what they were drawn from.
    #[test]
    fn a_fit_finds_the_profile_that_a_trace_was_drawn_from() {
        use crate::base::{CpuUnits, MemoryMib};
        use crate::model::task::Needs;
        let mut sizes = [8.0; super::super::quantiles::LEVELS.len()];
        sizes[..14].fill(5.0);
        let drawn_from = TaskProfile {
            step: SimDuration::from_secs(300),
            batches_per_step: std::array::from_fn(|hour| 20.0 + hour as f64),
            noise: IntensityNoise { sigma: 0.3, autocorrelation: 0.97 },
            needs: [512, 1024].map(|it| Needs::of(CpuUnits(it), MemoryMib(it))).to_vec(),
            lifetime_edges: [0, 600, 3600, 36_000].map(SimDuration::from_secs).to_vec(),
            classes: vec![BatchClass {
                weight: 1,
                sizes: Quantiles(sizes),
                needs_weights: vec![3, 1],
                needs_sharing: 0.9,
                lifetime_weights: vec![40, 30, 20, 10],
                lifetime_sharing: 0.6,
            }],
        };
        assert_eq!(drawn_from.fault(), None);
        let horizon = SimDuration::from_secs(20 * 86_400);
        let profile = fit_tasks(&drawn_from.generate(Seed(4), horizon, 1.0)).unwrap();
        let near = |found: f64, expected: f64, tolerance: f64| {
            assert!((found - expected).abs() < tolerance, "{found}, expected {expected}");
        };
        near(profile.noise.sigma, 0.3, 0.06);
        near(profile.noise.autocorrelation, 0.97, 0.015);
        for (found, expected) in profile.batches_per_step.iter().zip(drawn_from.batches_per_step) {
            near(found / expected, 1.0, 0.25);
        }
        assert_eq!(profile.needs, drawn_from.needs);
        let class = &profile.classes[0];
        near(class.needs_sharing, 0.9, 0.02);
        near(f64::from(class.needs_weights[0]) / f64::from(class.needs_weights[1]), 3.0, 0.15);
        let outliving = f64::from(*class.lifetime_weights.last().unwrap()) / LIFETIME_WEIGHTS_TOTAL;
        near(outliving, 0.1, 0.01);
    }
}
