//! The answer in a sentence: which setting is cheapest and by how much, and
//! which is the most available. Said first, with its interval; and before it,
//! whatever makes it doubtful.

use std::collections::BTreeSet;

use crate::base::stats::Estimate;
use crate::experiment::results::Results;
use crate::record::RunRecord;

use super::advice::{fleet::fleets, fleets_sentence};
use super::comparison::{absolute_difference, measured, percent_difference, work_differs};
use super::lost_images;
use super::lost_requests::losses;
use super::scale::{is_drawable, number};

/// What a reader should know before and after everything else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Headline {
    /// Services of which nothing was served, a sentence each; to be said before
    /// all else and louder.
    pub alarms: Vec<String>,
    /// What makes a comparison doubtful, a sentence each; to be said first.
    pub cautions: Vec<String>,
    /// The answers, a sentence each, the most important first. Never empty.
    pub answers: Vec<String>,
}

/// Below this the loss of requests is said first.
const SERVED_PERCENT_MIN: f64 = 99.0;

/// Says what the results say.
pub fn headline(results: &Results) -> Headline {
    let alarms = services_without_answers(results);
    let cautions = [
        requests_lost(results, &alarms),
        work_differs(results),
        deadlocks(results),
        never_placeable(results),
        unpriced(results),
        lost_images::sentence(results),
    ];
    let fleet = fleets(results, 95.0).and_then(|it| fleets_sentence(&it));
    let floor = if fleet.is_none() { floor(results) } else { None };
    let answers = [cost(results), availability(results), fleet.or(floor)];
    let answers: Vec<String> = answers.into_iter().flatten().collect();
    Headline {
        alarms,
        cautions: cautions.into_iter().flatten().collect(),
        answers: if answers.is_empty() { vec!["Nothing was measured.".to_owned()] } else { answers },
    }
}

/// How far the cheapest setting is above its floor.
fn floor(results: &Results) -> Option<String> {
    let means = means(results, "cost_usd");
    let &(cheapest, _) = means.iter().min_by(|a, b| a.1.total_cmp(&b.1))?;
    let gap = measured(results, cheapest, "cost_gap_percent")?;
    let label = &results.settings[cheapest].label;
    Some(format!(
        "The instances and Fargate of {label} cost {} % more than the same tasks need at least, whatever the packing.",
        number(gap.mean, 1)
    ))
}

/// For each service that answered no request at all in some setting, why.
fn services_without_answers(results: &Results) -> Vec<String> {
    let is_silent = |setting: usize, service: usize| {
        let runs = results.rows_of(setting);
        let mut records = runs.iter().filter_map(|it| it.record.services.get(service)?.requests.as_ref());
        let has_some = records.clone().any(|it| it.offered > 0);
        has_some && records.all(|it| it.served == 0)
    };
    let n_settings = results.settings.len();
    let alarm = |(service, name): (usize, &String)| {
        let silent: Vec<usize> = (0..n_settings).filter(|&it| is_silent(it, service)).collect();
        let &first = silent.first()?;
        let why = losses(results, first).into_iter().find(|it| it.service == name.as_str());
        let why = why.map_or_else(String::new, |it| format!(": {}", it.reason));
        Some(match (n_settings, silent.len()) {
            (1, _) => format!("{name} serves none of its requests{why}"),
            (n, all) if n == all => format!("{name} serves none of its requests in any setting{why}"),
            (_, 1) => {
                format!("{name} serves none of its requests with {}{why}", results.settings[first].label)
            }
            (n, some) => format!(
                "{name} serves none of its requests in {some} of {n} settings, {} among them{why}",
                results.settings[first].label
            ),
        })
    };
    results.services.iter().enumerate().filter_map(alarm).collect()
}

/// That settings serve less than 99 % of their requests, and why the worst does.
fn requests_lost(results: &Results, alarms: &[String]) -> Option<String> {
    let means = means(results, "requests_served_percent");
    let poor: Vec<(usize, f64)> = means.into_iter().filter(|it| it.1 < SERVED_PERCENT_MIN).collect();
    let &(worst, served) = poor.iter().min_by(|a, b| a.1.total_cmp(&b.1))?;
    let losses = losses(results, worst);
    let most = losses.iter().max_by(|a, b| a.mean_requests().total_cmp(&b.mean_requests()));
    let mostly = if losses.len() > 1 { "Most are lost" } else { "They are lost" };
    let why = most.map_or_else(
        || ".".to_owned(),
        |it| {
            // The reason of an alarm has been said.
            let is_said = alarms.iter().any(|alarm| alarm.ends_with(it.reason));
            let why = if is_said { ", as said above.".to_owned() } else { format!(": {}", it.reason) };
            format!(". {mostly} by {}{why}", it.service)
        },
    );
    let served = number(served, 1);
    let others = match (results.settings.len(), poor.len()) {
        (1, _) => String::new(),
        (n, all) if n == all => {
            ", the fewest of all settings, each of which serves less than 99 %".to_owned()
        }
        (_, 1) => ", the only setting below 99 %".to_owned(),
        (n, some) => format!(", the fewest of the {some} of {n} settings below 99 %"),
    };
    let label = &results.settings[worst].label;
    Some(format!("{label} serves {served} % of its requests{others}{why}"))
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

/// That something was used and is not in the cost.
fn unpriced(results: &Results) -> Option<String> {
    let items = results.rows.iter().flat_map(|row| &row.record.ledger.unpriced);
    let items: BTreeSet<&str> = items.map(String::as_str).collect();
    let named: Vec<&str> = items.into_iter().collect();
    (!named.is_empty()).then(|| {
        format!(
            "Not in the cost, for no price is known in {}: {}. A price file can give it.",
            results.region,
            named.join(", "),
        )
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
    if difference.half_width == Some(0.0) {
        return "(in every replicate)".to_owned();
    }
    let (lower, upper) = (difference.lower(), difference.upper());
    let doubt = if lower <= 0.0 && upper >= 0.0 { ", which may be chance" } else { "" };
    format!("({} to {}{doubt})", number(lower, decimals), number(upper, decimals))
}
