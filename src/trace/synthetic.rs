//! Stand-alone tasks drawn from a profile of few figures, for any length of time
//! and any scale; `fit.rs` computes such a profile from a trace.
//!
//! Batches arrive as a Poisson process whose intensity is the mean of the hour
//! of the day times a slow noise (lognormal, autocorrelated from step to step). A
//! batch belongs to a class by its size, because large batches are of another
//! kind: smaller tasks, shorter lives. Its tasks tend to be alike: each takes the
//! batch's common value with a fitted probability and its own draw otherwise,
//! for its needs and for the bin of its lifetime.
//!
//! Left out: weekdays, tenants that come again, and any tie between the needs
//! and the lifetime of a task within its class.

use super::builder::Interner;
use super::quantiles::Quantiles;
use super::rows::{RowColumns, TraceRow};
use super::source::{LifetimeRange, SHORTEST_DRAWN, Trace};
use crate::base::rng::Stream;
use crate::base::{Domain, Seed, SimDuration, SimTime};
use crate::model::task::Needs;

/// What the tasks of a day are like.
#[derive(Clone, Debug, PartialEq)]
pub struct TaskProfile {
    /// How long the intensity stays the same.
    pub step: SimDuration,
    /// Mean number of batches that arrive in a step, by the hour of the day.
    /// Hour 0 is the first of the run.
    pub batches_per_step: [f64; 24],
    /// How the intensity strays from that.
    pub noise: IntensityNoise,
    /// The different needs.
    pub needs: Vec<Needs>,
    /// Limits of the bins of lifetimes, ascending: bin `i` is
    /// `edges[i] .. edges[i + 1]`.
    pub lifetime_edges: Vec<SimDuration>,
    /// The kinds of batches.
    pub classes: Vec<BatchClass>,
}

/// A lognormal factor of mean 1, autoregressive of first order in its logarithm.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct IntensityNoise {
    /// Standard deviation of the logarithm.
    pub sigma: f64,
    /// Correlation of the logarithm from one step to the next.
    pub autocorrelation: f64,
}

/// Batches of similar size.
#[derive(Clone, Debug, PartialEq)]
pub struct BatchClass {
    /// How often, relative to the other classes.
    pub weight: u32,
    /// The number of tasks in a batch.
    pub sizes: Quantiles,
    /// How often each of [`TaskProfile::needs`], relative to the others.
    pub needs_weights: Vec<u32>,
    /// How likely a task has the needs that its batch has in common.
    pub needs_sharing: f64,
    /// How often each bin of lifetimes, and last how often a task outlives them
    /// all.
    pub lifetime_weights: Vec<u32>,
    /// How likely a task has the bin of lifetimes that its batch has in common.
    pub lifetime_sharing: f64,
}

impl TaskProfile {
    /// What keeps the figures from being a profile, in words; `None` if they are
    /// one.
    pub fn fault(&self) -> Option<String> {
        let is_share = |it: f64| (0.0..=1.0).contains(&it);
        let is_amount = |it: &f64| it.is_finite() && (0.0..=1e9).contains(it);
        if !(SimDuration::from_secs(60)..=SimDuration::from_secs(86_400)).contains(&self.step) {
            return Some("a step is from a minute to a day".to_owned());
        }
        if !self.batches_per_step.iter().all(is_amount) {
            return Some("batches per step are numbers from 0 to 1e9".to_owned());
        }
        if !(0.0..=3.0).contains(&self.noise.sigma) || !is_share(self.noise.autocorrelation) {
            return Some("the noise has a sigma from 0 to 3 and an autocorrelation from 0 to 1".to_owned());
        }
        if self.needs.iter().any(|needs| needs.cpu.0 == 0 || needs.memory.0 == 0) {
            return Some("needs are more than zero".to_owned());
        }
        if self.lifetime_edges.is_empty() || !self.lifetime_edges.is_sorted_by(|a, b| a < b) {
            return Some("the limits of lifetimes ascend, and there is one at least".to_owned());
        }
        if self.classes.iter().all(|class| class.weight == 0) {
            return Some("there is a class of batches with a weight".to_owned());
        }
        self.classes.iter().enumerate().find_map(|(idx, class)| {
            let what = if class.needs_weights.len() != self.needs.len() {
                format!("{} weights for {} needs", class.needs_weights.len(), self.needs.len())
            } else if class.lifetime_weights.len() != self.lifetime_edges.len() {
                let (n_weights, n_bins) = (class.lifetime_weights.len(), self.lifetime_edges.len() - 1);
                format!("{n_weights} weights for {n_bins} bins of lifetimes and one beyond")
            } else if class.needs_weights.iter().all(|it| *it == 0) {
                "no weight for any needs".to_owned()
            } else if class.lifetime_weights.iter().all(|it| *it == 0) {
                "no weight for any lifetime".to_owned()
            } else if !is_share(class.needs_sharing) || !is_share(class.lifetime_sharing) {
                "sharing that is not from 0 to 1".to_owned()
            } else if !class.sizes.0.is_sorted() || !class.sizes.0.iter().all(|it| (1.0..=1e6).contains(it)) {
                "sizes that do not ascend, or are not from 1 to 1e6".to_owned()
            } else {
                return None;
            };
            Some(format!("class {idx} has {what}"))
        })
    }

    /// How many tasks are to be expected before `horizon`, for a check before
    /// they are drawn.
    pub fn expected_tasks(&self, horizon: SimDuration, scale: f64) -> f64 {
        let weight: f64 = self.classes.iter().map(|class| f64::from(class.weight)).sum();
        let tasks: f64 = self
            .classes
            .iter()
            .map(|class| f64::from(class.weight) * mean_of_uniform_levels(&class.sizes))
            .sum();
        let mean = self.batches_per_step.iter().sum::<f64>() / 24.0;
        horizon.millis() as f64 / self.step.millis() as f64 * mean * scale * tasks / weight
    }

    /// Tasks before `horizon`, with `scale` times as many batches as the profile
    /// has. Every draw belongs to its step, or to its batch within the step, so
    /// a longer horizon only adds to the end.
    ///
    /// # Panics
    ///
    /// If the profile has a [`fault`](Self::fault), the `scale` is negative or
    /// not finite, or there are 2^32 batches; see
    /// [`expected_tasks`](Self::expected_tasks).
    pub fn generate(&self, seed: Seed, horizon: SimDuration, scale: f64) -> Trace {
        assert_eq!(self.fault(), None, "a profile without fault");
        assert!(scale.is_finite() && scale >= 0.0, "a scale that is not negative");
        let (mut rows, mut n_batches) = (RowColumns::default(), 0);
        let mut interner = Interner::default();
        let mut log_factor = None;
        let n_steps = horizon.millis().div_ceil(self.step.millis());
        for step in 0..n_steps {
            let start = step * self.step.millis();
            let mut stream = seed.stream(Domain::SyntheticArrivals, entity(step, 0));
            let factor = self.noise.advance(&mut log_factor, &mut stream);
            let hour = (start / 3_600_000 % 24) as usize;
            let intensity = self.batches_per_step[hour] * factor * scale;
            if intensity <= 0.0 {
                continue;
            }
            // The gaps of a Poisson process, as parts of the step.
            let mut part = stream.exponential(intensity.recip());
            for nth in 1.. {
                let at = start + (part * self.step.millis() as f64) as u64;
                if part >= 1.0 || at >= horizon.millis() {
                    break;
                }
                let mut of_batch = seed.stream(Domain::SyntheticArrivals, entity(step, nth));
                self.draw_batch(&mut of_batch, SimTime::from_millis(at), n_batches, &mut interner, &mut rows);
                n_batches = n_batches.checked_add(1).expect("less than 2^32 batches, as was checked");
                part += stream.exponential(intensity.recip());
            }
        }
        Trace { definitions: interner.definitions, rows: rows.finish(), n_batches }
    }

    fn draw_batch(
        &self,
        stream: &mut Stream,
        at: SimTime,
        batch: u32,
        interner: &mut Interner,
        rows: &mut RowColumns,
    ) {
        let class_weights = self.classes.iter().map(|class| class.weight);
        let class = &self.classes[pick(stream, class_weights)];
        let size = class.sizes.at(stream.unit()).round().max(1.0) as u32;
        let common_needs = pick(stream, class.needs_weights.iter().copied());
        let common_bin = pick(stream, class.lifetime_weights.iter().copied());
        for _ in 0..size {
            let needs = shared(stream, class.needs_sharing, common_needs, &class.needs_weights);
            let bin = shared(stream, class.lifetime_sharing, common_bin, &class.lifetime_weights);
            rows.push(TraceRow {
                arrival: at,
                arrival_step: SimDuration::ZERO,
                batch,
                count: 1,
                definition: interner.id(self.needs[needs]),
                lifetime: self.draw_lifetime(stream, bin),
            });
        }
    }

    /// A lifetime of the bin; the one behind the last edge has no end.
    fn draw_lifetime(&self, stream: &mut Stream, bin: usize) -> LifetimeRange {
        let lower = self.lifetime_edges[bin];
        let Some(upper) = self.lifetime_edges.get(bin + 1) else {
            return LifetimeRange { min: lower, max: SimDuration::FOREVER, step: SimDuration::ZERO };
        };
        let drawn = lower.millis() + stream.below(upper.millis() - lower.millis());
        // A bin that lies below a second is meant as it is.
        let shortest = SHORTEST_DRAWN.millis().min(upper.millis() - 1);
        LifetimeRange::exactly(SimDuration::from_millis(drawn.max(shortest)))
    }
}

impl IntensityNoise {
    /// The factor of the next step.
    fn advance(self, log_factor: &mut Option<f64>, stream: &mut Stream) -> f64 {
        let innovation = stream.normal();
        let next = match *log_factor {
            None => innovation,
            Some(previous) => {
                let kept = self.autocorrelation;
                kept * previous + (1.0 - kept * kept).sqrt() * innovation
            }
        };
        *log_factor = Some(next);
        (self.sigma * next - self.sigma * self.sigma / 2.0).exp()
    }
}

/// The n-th stream of a step; the step's own is the zeroth.
fn entity(step: u64, nth: u64) -> u64 {
    assert!(nth < 1 << 26, "a step has less than 2^26 batches");
    // The longest horizon in steps of a minute leaves the number below 2^56.
    step << 26 | nth
}

/// The common value with probability `sharing`, otherwise another draw.
fn shared(stream: &mut Stream, sharing: f64, common: usize, weights: &[u32]) -> usize {
    if stream.unit() < sharing { common } else { pick(stream, weights.iter().copied()) }
}

/// A position, as likely as its weight is of the sum.
fn pick(stream: &mut Stream, weights: impl Iterator<Item = u32> + Clone) -> usize {
    let total: u64 = weights.clone().map(u64::from).sum();
    let mut left = stream.below(total);
    for (idx, weight) in weights.enumerate() {
        match left.checked_sub(weight.into()) {
            Some(rest) => left = rest,
            None => return idx,
        }
    }
    unreachable!("a number below the sum of the weights falls on one of them")
}

fn mean_of_uniform_levels(quantiles: &Quantiles) -> f64 {
    const N: u32 = 2000;
    (0..N).map(|idx| quantiles.at((f64::from(idx) + 0.5) / f64::from(N)).round()).sum::<f64>() / f64::from(N)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{CpuUnits, MemoryMib};

    fn profile() -> TaskProfile {
        let mut sizes = [1.0; super::super::quantiles::LEVELS.len()];
        sizes[20..].fill(9.0);
        TaskProfile {
            step: SimDuration::from_secs(300),
            batches_per_step: std::array::from_fn(|hour| if hour < 12 { 2.0 } else { 6.0 }),
            noise: IntensityNoise { sigma: 0.2, autocorrelation: 0.9 },
            needs: [(256, 512), (1024, 2048)]
                .map(|(cpu, memory)| Needs::of(CpuUnits(cpu), MemoryMib(memory)))
                .to_vec(),
            lifetime_edges: [0, 60, 600].map(SimDuration::from_secs).to_vec(),
            classes: vec![BatchClass {
                weight: 1,
                sizes: Quantiles(sizes),
                needs_weights: vec![3, 1],
                needs_sharing: 1.0,
                lifetime_weights: vec![1, 2, 1],
                lifetime_sharing: 0.5,
            }],
        }
    }

    const DAYS: SimDuration = SimDuration::from_secs(10 * 86_400);

    #[test]
    fn the_draws_follow_the_profile() {
        let trace = profile().generate(Seed(1), DAYS, 1.0);
        let expected = profile().expected_tasks(DAYS, 1.0);
        assert!((trace.n_tasks() as f64 / expected - 1.0).abs() < 0.06, "{} {expected}", trace.n_tasks());
        assert!((trace.n_outliving() as f64 / trace.n_tasks() as f64 - 0.25).abs() < 0.02);
        assert!(trace.rows.iter().is_sorted_by_key(|row| row.arrival));
        let small =
            trace.rows.iter().filter(|row| trace.definitions[row.definition].needs.cpu.0 == 256).count();
        assert!((small as f64 / trace.rows.len() as f64 - 0.75).abs() < 0.02);
        let rows: Vec<TraceRow> = trace.rows.iter().collect();
        let in_batch_of_one_needs = rows
            .windows(2)
            .all(|pair| pair[0].batch != pair[1].batch || pair[0].definition == pair[1].definition);
        assert!(in_batch_of_one_needs, "needs are always shared in this profile");
        let day = |row: &TraceRow| row.arrival.millis() % 86_400_000 < 43_200_000;
        let early = trace.rows.iter().filter(|row| day(row)).count() as f64 / trace.rows.len() as f64;
        assert!((early - 0.25).abs() < 0.03, "{early}");
    }

    #[test]
    fn a_longer_horizon_only_adds_to_the_end() {
        let short = profile().generate(Seed(2), SimDuration::from_secs(5000), 1.0);
        let long = profile().generate(Seed(2), SimDuration::from_secs(50_000), 1.0);
        assert_eq!(short.rows, long.rows.iter().take(short.rows.len()).collect());
        assert!(long.rows.get(short.rows.len()).arrival >= SimTime::from_secs(5000));
        assert_ne!(short, profile().generate(Seed(3), SimDuration::from_secs(5000), 1.0));
    }

    #[test]
    fn a_scale_multiplies_the_batches() {
        let whole = profile().generate(Seed(1), DAYS, 1.0).n_batches;
        let tenth = profile().generate(Seed(1), DAYS, 0.1).n_batches;
        assert!((f64::from(tenth) / f64::from(whole) - 0.1).abs() < 0.01, "{tenth} {whole}");
        assert_eq!(profile().generate(Seed(1), DAYS, 0.0), Trace::default());
        assert_eq!(profile().generate(Seed(1), SimDuration::ZERO, 1.0), Trace::default());
    }

    #[test]
    fn wrong_figures_are_told() {
        assert_eq!(profile().fault(), None);
        let spoil: [fn(&mut TaskProfile); 6] = [
            |it| it.batches_per_step[3] = f64::NAN,
            |it| it.noise.sigma = -1.0,
            |it| it.needs[0].cpu = CpuUnits(0),
            |it| it.lifetime_edges.swap(0, 1),
            |it| it.classes.clear(),
            |it| it.classes[0].needs_weights.clear(),
        ];
        for spoil in spoil {
            let mut profile = profile();
            spoil(&mut profile);
            assert!(profile.fault().is_some(), "{profile:?}");
        }
    }
}
