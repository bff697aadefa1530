//! The answer in a sentence: which setting is cheapest and by how much, and
//! which is the most available. Said first, with its interval; and before it,
//! whatever makes it doubtful.

use crate::base::stats::Estimate;
use crate::experiment::results::Results;

use super::comparison::{absolute_difference, measured, percent_difference, work_differs};
use super::scale::{is_drawable, number};

/// One sentence each, the most important first. Never empty.
pub fn headline(results: &Results) -> Vec<String> {
    let sentences = [work_differs(results), cost(results), availability(results)];
    let sentences: Vec<String> = sentences.into_iter().flatten().collect();
    if sentences.is_empty() { vec!["Nothing was measured.".to_owned()] } else { sentences }
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
