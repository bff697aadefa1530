//! The decision, as numbers.

use crate::base::stats::{Estimate, estimate_at, t_quantile};
use crate::experiment::results::Results;
use crate::metrics;

use super::super::comparison::{pairs, pooled_values, work_differs};
use super::super::cost_frontier::frontier;

/// What can be asked for, in percent: what is preferred where a result has both
/// comes first.
pub const QUALITIES: [&str; 2] = ["requests_served_percent", "availability_percent"];

const COST: &str = "cost_usd";
/// As many replicates are worth asking for where there is one: with fewer an
/// interval is wide for want of degrees of freedom alone.
const REPLICATES_WORTH: usize = 10;
/// More are not asked for: what is so close is better asked otherwise.
const REPLICATES_MAX: usize = 10_000;

/// What somebody wants to know.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Question {
    /// At least so much, in percent, 0 to 100.
    pub target_percent: f64,
    /// Of what: one of [`QUALITIES`].
    pub metric: &'static str,
    /// Of the intervals, in percent, above 0 and below 100.
    pub confidence_percent: f64,
}

impl Question {
    /// The metric that a result has: requests where some are sent. `None`
    /// without services.
    pub fn metric_of(results: &Results) -> Option<&'static str> {
        QUALITIES.into_iter().find(|it| Self::has(results, it))
    }

    /// Whether some run of a result has this metric.
    pub fn has(results: &Results, metric: &str) -> bool {
        metrics::position(metric).is_some_and(|it| results.rows.iter().any(|row| row.metrics[it].is_some()))
    }
}

/// How a setting stands to the target.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// The lower end of its interval is at or above it.
    Holds,
    /// The upper end of its interval is below it.
    Fails,
    /// Its interval has the target inside, or there is none.
    Open,
    /// Rollouts deadlocked: what cannot be deployed has no availability worth
    /// its name.
    Deadlocks,
    /// Cost or the metric was not measured.
    NotMeasured,
}

impl Verdict {
    /// In one word, for programs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::Fails => "fails",
            Self::Open => "open",
            Self::Deadlocks => "deadlocks",
            Self::NotMeasured => "not_measured",
        }
    }
}

/// A setting as a candidate.
#[derive(Clone, PartialEq, Debug)]
pub struct Candidate {
    /// Its position among the settings.
    pub setting: usize,
    /// Its label.
    pub label: String,
    /// USD of a run.
    pub cost: Option<Estimate>,
    /// Percent of the metric.
    pub quality: Option<Estimate>,
    /// How it stands to the target.
    pub verdict: Verdict,
    /// Deadlocked rollouts of a run, in the mean.
    pub deadlocks: f64,
    /// Whether no other setting that can be deployed beats it in both.
    pub is_on_frontier: bool,
    /// What it costs more than the advised one, in percent, paired by
    /// replicate.
    pub extra_percent: Option<Estimate>,
    /// How many replicates in all would tell whether it holds the target, if
    /// its mean and spread stay; `None` where that is known, or too many.
    pub replicates_needed: Option<usize>,
}

/// The answer.
#[derive(Clone, PartialEq, Debug)]
pub struct Advice {
    /// What was asked.
    pub question: Question,
    /// The experiment's name.
    pub name: String,
    /// Runs of each setting.
    pub n_replicates: usize,
    /// All settings, in their order.
    pub candidates: Vec<Candidate>,
    /// The cheapest that holds the target: its position; `None` if none does.
    pub winner: Option<usize>,
    /// The next cheapest that holds it.
    pub next: Option<usize>,
    /// Those cheaper than the winner, or all if there is none, cheapest first.
    pub cheaper: Vec<usize>,
    /// Without a winner: the one with the greatest lower end.
    pub best: Option<usize>,
    /// Settings that none beats in both, cheapest first.
    pub frontier: Vec<usize>,
    /// What must be known before costs are compared.
    pub cautions: Vec<String>,
}

/// Answers `question` from a result.
pub fn advise(results: &Results, question: Question) -> Advice {
    let mut candidates: Vec<Candidate> =
        (0..results.settings.len()).map(|it| candidate(results, &question, it)).collect();

    let is_deployable = |it: &&Candidate| !matches!(it.verdict, Verdict::Deadlocks | Verdict::NotMeasured);
    let spots: Vec<(usize, (f64, f64))> = candidates
        .iter()
        .filter(is_deployable)
        .filter_map(|it| Some((it.setting, (it.cost?.mean, -it.quality?.mean))))
        .collect();
    let points: Vec<(f64, f64)> = spots.iter().map(|it| it.1).collect();
    let frontier: Vec<usize> = frontier(&points).into_iter().map(|it| spots[it].0).collect();
    for &setting in &frontier {
        candidates[setting].is_on_frontier = true;
    }

    // What costs the same is told by what it gives.
    let mut by_cost: Vec<(f64, f64, usize)> = candidates
        .iter()
        .filter_map(|it| Some((it.cost?.mean, it.quality.map_or(0.0, |it| it.mean), it.setting)))
        .collect();
    by_cost.sort_by(|a, b| a.0.total_cmp(&b.0).then(b.1.total_cmp(&a.1)).then(a.2.cmp(&b.2)));
    let by_cost: Vec<usize> = by_cost.into_iter().map(|it| it.2).collect();
    let mut holding = by_cost.iter().copied().filter(|&it| candidates[it].verdict == Verdict::Holds);
    let (winner, next) = (holding.next(), holding.next());
    let cheaper: Vec<usize> = by_cost.iter().copied().take_while(|&it| Some(it) != winner).collect();
    let best = candidates
        .iter()
        .filter(is_deployable)
        .filter_map(|it| Some((it.quality?.lower(), it.cost?.mean, it.setting)))
        .max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.total_cmp(&a.1)).then(b.2.cmp(&a.2)))
        .map(|it| it.2)
        .filter(|_| winner.is_none());
    if let Some(winner) = winner {
        for it in candidates.iter_mut().filter(|it| it.setting != winner) {
            let pairs = pairs(results, COST, &[winner], &[it.setting]);
            let percent: Vec<f64> =
                pairs.iter().filter(|(a, _)| *a > 0.0).map(|(a, b)| 100.0 * (b / a - 1.0)).collect();
            it.extra_percent = estimate_at(&percent, question.confidence_percent);
        }
    }
    Advice {
        question,
        name: results.name.clone(),
        n_replicates: results.n_replicates as usize,
        winner,
        next,
        cheaper,
        best,
        frontier,
        cautions: cautions(results, &candidates),
        candidates,
    }
}

fn candidate(results: &Results, question: &Question, setting: usize) -> Candidate {
    let values = |metric: &str| -> Vec<f64> {
        pooled_values(results, metric, &[setting]).into_iter().flatten().collect()
    };
    let measured = |metric: &str| estimate_at(&values(metric), question.confidence_percent);
    let (cost, quality) = (measured(COST), measured(question.metric));
    let deadlocks = measured("rollouts_deadlocked").map_or(0.0, |it| it.mean);
    let verdict = match (cost, quality) {
        (Some(_), Some(_)) if deadlocks > 0.0 => Verdict::Deadlocks,
        (Some(_), Some(quality)) if quality.half_width.is_none() => Verdict::Open,
        (Some(_), Some(quality)) if quality.lower() >= question.target_percent => Verdict::Holds,
        (Some(_), Some(quality)) if quality.upper() < question.target_percent => Verdict::Fails,
        (Some(_), Some(_)) => Verdict::Open,
        _ => Verdict::NotMeasured,
    };
    let replicates_needed = match (verdict, quality) {
        (Verdict::Open, Some(quality)) => replicates_needed(quality, question),
        _ => None,
    };
    Candidate {
        setting,
        label: results.settings[setting].label.clone(),
        cost,
        quality,
        verdict,
        deadlocks,
        is_on_frontier: false,
        extra_percent: None,
        replicates_needed,
    }
}

/// How many replicates leave the target outside of the interval, if mean and
/// spread stay as they are.
fn replicates_needed(quality: Estimate, question: &Question) -> Option<usize> {
    let Some(half_width) = quality.half_width else { return Some(REPLICATES_WORTH) };
    let quantile = 0.5 + question.confidence_percent / 200.0;
    let spread = half_width / t_quantile(quality.n - 1, quantile) * (quality.n as f64).sqrt();
    let distance = (quality.mean - question.target_percent).abs();
    let is_enough = |n: usize| t_quantile(n - 1, quantile) * spread / (n as f64).sqrt() <= distance;
    if !is_enough(REPLICATES_MAX) {
        return None;
    }
    // More of them are never worse: halve what is left.
    let (mut too_few, mut enough) = (quality.n, REPLICATES_MAX);
    while enough - too_few > 1 {
        let middle = usize::midpoint(too_few, enough);
        if is_enough(middle) { enough = middle } else { too_few = middle }
    }
    Some(enough)
}

/// That the settings did not do the same work, or not the same rollouts.
fn cautions(results: &Results, candidates: &[Candidate]) -> Vec<String> {
    let mut cautions: Vec<String> = work_differs(results).into_iter().collect();
    let completed = |setting: usize| {
        let values: Vec<f64> =
            pooled_values(results, "rollouts_completed", &[setting]).into_iter().flatten().collect();
        values.iter().sum::<f64>() / values.len().max(1) as f64
    };
    let all: Vec<f64> = candidates.iter().map(|it| completed(it.setting)).collect();
    let most = all.iter().copied().fold(0.0, f64::max);
    let fewer = candidates.iter().filter(|it| it.verdict != Verdict::Deadlocks && all[it.setting] < most);
    let fewer: Vec<&Candidate> = fewer.collect();
    if let Some(first) = fewer.first() {
        cautions.push(format!(
            "{} of {} settings complete fewer rollouts than others, {} among them: one that is cut short costs less.",
            fewer.len(),
            candidates.len(),
            first.label,
        ));
    }
    cautions
}
