//! The answer in a sentence: which setting is cheapest and by how much, and
//! which is the most available. Said first, with its interval; and before it,
//! whatever makes it doubtful.

use std::collections::BTreeSet;

use crate::base::stats::Estimate;
use crate::experiment::results::Results;
use crate::record::RunRecord;

use super::comparison::{absolute_difference, measured, percent_difference, work_differs};
use super::scale::{is_drawable, number};

/// What a reader should know before and after everything else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Headline {
    /// What makes a comparison doubtful, a sentence each; to be said first.
    pub cautions: Vec<String>,
    /// The answers, a sentence each, the most important first. Never empty.
    pub answers: Vec<String>,
}

/// Says what the results say.
pub fn headline(results: &Results) -> Headline {
    let cautions = [work_differs(results), deadlocks(results), never_placeable(results)];
    let answers: Vec<String> = [cost(results), availability(results)].into_iter().flatten().collect();
    Headline {
        cautions: cautions.into_iter().flatten().collect(),
        answers: if answers.is_empty() { vec!["Nothing was measured.".to_owned()] } else { answers },
    }
}

fn deadlocks(results: &Results) -> Option<String> {
    let stuck: Vec<usize> =
        means(results, "rollouts_deadlocked").iter().filter(|it| it.1 > 0.0).map(|it| it.0).collect();
    let first = &results.settings[*stuck.first()?].label;
    Some(format!(
        "Rollouts deadlocked in {} of {} settings, {first} among them: they could neither stop nor start a task \
         until the end or the next release.",
        stuck.len(),
        results.settings.len(),
    ))
}

fn never_placeable(results: &Results) -> Option<String> {
    let all = || results.rows.iter().flat_map(|row| &row.record.never_placeable);
    let definitions: BTreeSet<&str> = all().map(|it| it.definition.as_str()).collect();
    let first = definitions.first()?;
    let tasks_of = |record: &RunRecord| record.never_placeable.iter().map(|it| it.n_tasks).sum::<u64>();
    let n_tasks = results.rows.iter().map(|row| tasks_of(&row.record)).max().unwrap_or(0);
    let tasks =
        if n_tasks == 1 { "1 task".to_owned() } else { format!("{} tasks", number(n_tasks as f64, 0)) };
    let (fits, are) = if n_tasks == 1 { ("fits", "is") } else { ("fit", "are") };
    let of_a_run = if results.rows.len() > 1 { " of a run" } else { "" };
    Some(match definitions.len() {
        1 => format!(
            "{tasks}{of_a_run} {fits} no instance of the cluster ({first}) and {are} not in the cost."
        ),
        n => format!(
            "{tasks}{of_a_run} {fits} no instance of the cluster ({n} task definitions, {first} among them) \
             and {are} not in the cost."
        ),
    })
}

fn cost(results: &Results) -> Option<String> {
    let means = means(results, "cost_usd");
    let label = |setting: usize| results.settings[setting].label.as_str();
    let &(cheapest, cost) = means.iter().min_by(|a, b| a.1.total_cmp(&b.1))?;
    if results.settings.len() == 1 {
        return Some(format!("{} costs {} USD while measured.", label(0), number(cost, 2)));
    }
    if means.iter().all(|it| it.1 <= cost) {
        return Some(format!("All {} settings cost the same: {} USD.", means.len(), number(cost, 2)));
    }
    if cheapest != 0 {
        let difference = percent_difference(results, "cost_usd", &[0], &[cheapest])?;
        return Some(format!(
            "{} costs {} % less than {} {}.",
            label(cheapest),
            number(-difference.mean, 1),
            label(0),
            interval(negated(difference), 1),
        ));
    }
    let others = means.iter().filter(|it| it.0 != 0);
    let &(next, _) = others.min_by(|a, b| a.1.total_cmp(&b.1))?;
    let difference = percent_difference(results, "cost_usd", &[0], &[next])?;
    Some(format!(
        "{} is the cheapest of {} settings; the next, {}, costs {} % more {}.",
        label(0),
        results.settings.len(),
        label(next),
        number(difference.mean, 1),
        interval(difference, 1),
    ))
}

fn availability(results: &Results) -> Option<String> {
    let means = means(results, "availability_percent");
    let &(_, most) = means.iter().max_by(|a, b| a.1.total_cmp(&b.1))?;
    let label = |setting: usize| results.settings[setting].label.as_str();
    if results.settings.len() == 1 {
        return Some(format!("Its services are {} % available.", number(most, 3)));
    }
    let best: Vec<usize> = means.iter().filter(|it| most - it.1 < 5e-5).map(|it| it.0).collect();
    if best.len() == means.len() {
        return Some(format!("All settings are equally available: {} %.", number(most, 3)));
    }
    if let [only] = best[..]
        && only != 0
    {
        let difference = absolute_difference(results, "availability_percent", &[0], &[only])?;
        return Some(format!(
            "{} is the most available: {} %, {} points more than {} {}.",
            label(only),
            number(most, 3),
            number(difference.mean, 3),
            label(0),
            interval(difference, 3),
        ));
    }
    let named = match best[..] {
        [only] => format!("{} is", label(only)),
        [first, second] => format!("{} and {} are", label(first), label(second)),
        [first, ..] => format!("{} and {} others are", label(first), best.len() - 1),
        [] => return None,
    };
    Some(format!("{named} the most available: {} %.", number(most, 3)))
}

/// The settings that have the metric, with its mean.
fn means(results: &Results, metric: &str) -> Vec<(usize, f64)> {
    (0..results.settings.len())
        .filter_map(|it| Some((it, measured(results, it, metric)?.mean)))
        .filter(|it| is_drawable(it.1))
        .collect()
}

fn negated(difference: Estimate) -> Estimate {
    Estimate { mean: -difference.mean, ..difference }
}

/// `(6.2 to 8.0)`, or what is to be said instead.
fn interval(difference: Estimate, decimals: usize) -> String {
    if difference.half_width.is_none() {
        return "(one replicate, no interval)".to_owned();
    }
    let (lower, upper) = (difference.lower(), difference.upper());
    let doubt = if lower <= 0.0 && upper >= 0.0 { ", which may be chance" } else { "" };
    format!("({} to {}{doubt})", number(lower, decimals), number(upper, decimals))
}
