//! The decision in words, as a table and for programs.

use serde_json::{Value, json as object};

use super::decide::{Advice, Candidate, Verdict};
use crate::base::stats::Estimate;
use crate::report::scale::number;
use crate::report::tables::{Cell, Column, Table};

/// Decimals of percents of availability: 99.999 and 99.9999 are not the same.
const DECIMALS: usize = 4;

/// The answer for a person to read; the same result gives the same text. The
/// table of [`table`] belongs below it.
pub fn text(advice: &Advice) -> String {
    let question = &advice.question;
    let mut lines = vec![format!(
        "{}: {} of at least {} %, {} settings, {}",
        advice.name,
        question.metric,
        target(advice),
        advice.candidates.len(),
        match advice.n_replicates {
            1 => "1 replicate".to_owned(),
            n => format!("{n} replicates, intervals of {} %", plain(question.confidence_percent)),
        },
    )];
    lines.extend(advice.cautions.iter().map(|it| format!("Note: {it}")));
    match advice.winner {
        Some(winner) => {
            let winner = &advice.candidates[winner];
            lines.push(format!("Take {}: the cheapest that holds it.", named(winner)));
            lines.push(format!("  costs {}", cost(winner)));
            lines.push(format!("  {}: {}", question.metric, quality(winner)));
            lines.push(next(advice));
        }
        None => lines.extend(nothing(advice)),
    }
    let cheaper: Vec<&Candidate> = advice.cheaper.iter().map(|&it| &advice.candidates[it]).collect();
    if !cheaper.is_empty() {
        lines.push(match advice.winner {
            Some(_) => "Cheaper, and not shown to hold it:".to_owned(),
            None => "The settings, cheapest first:".to_owned(),
        });
        lines.extend(cheaper.iter().map(|it| format!("  {}", shortfall(advice, it))));
    }
    lines.push(String::new());
    lines.join("\n")
}

/// What the next best costs.
fn next(advice: &Advice) -> String {
    let Some(next) = advice.next.map(|it| &advice.candidates[it]) else {
        return "No other setting holds it.".to_owned();
    };
    let more = next.extra_percent.map_or_else(String::new, |it| {
        let doubt = if it.half_width.is_some() && it.lower() <= 0.0 { ", which may be chance" } else { "" };
        format!(", {} % more{}{doubt}", number(it.mean, 2), interval(it, 2))
    });
    format!("Next: {}, {}{more}", named(next), cost(next))
}

/// That nothing holds the target, and what comes closest.
fn nothing(advice: &Advice) -> Vec<String> {
    let mut lines = Vec::new();
    if advice.n_replicates < 2 {
        lines.push(
            "With one replicate there is no interval, so nothing can be said with confidence: a single run has \
             the luck of its seed."
                .to_owned(),
        );
        let needed = advice.candidates.iter().find_map(|it| it.replicates_needed).unwrap_or(10);
        lines.push(format!(
            "Play at least one more; {} more (`--replicates {needed}`) make intervals worth their name.",
            needed - 1
        ));
    } else {
        lines.push(format!("No setting holds {} % with this confidence.", target(advice)));
    }
    if let Some(best) = advice.best.map(|it| &advice.candidates[it]) {
        lines.push(format!(
            "The best is {}: {} {}, {}",
            named(best),
            advice.question.metric,
            quality(best),
            cost(best)
        ));
    }
    lines
}

/// Why a setting is not advised, and by how much it misses.
fn shortfall(advice: &Advice, it: &Candidate) -> String {
    let head = format!("{}, {}", named(it), cost(it));
    let Some(found) = it.quality else {
        return format!("{head}: {} was not measured", advice.question.metric);
    };
    let short = advice.question.target_percent - found.mean;
    match it.verdict {
        Verdict::Deadlocks => {
            format!("{head}: {} rollouts of a run deadlock", number(it.deadlocks, 1))
        }
        Verdict::Fails => format!("{head}: {}, {} points short", quality(it), number(short, DECIMALS)),
        Verdict::Open => {
            let mean = if short > 0.0 {
                format!("{} points short in the mean", number(short, DECIMALS))
            } else {
                format!("{} points above in the mean, not with confidence", number(-short, DECIMALS))
            };
            let tell = match it.replicates_needed.filter(|_| found.half_width.is_some()) {
                Some(n) if n == found.n + 1 => "; one more replicate would tell".to_owned(),
                Some(n) => format!("; {} more replicates would tell", n - found.n),
                None if found.half_width.is_some() => "; too close for replicates to tell".to_owned(),
                None => String::new(),
            };
            format!("{head}: {}, {mean}{tell}", quality(it))
        }
        Verdict::Holds | Verdict::NotMeasured => format!("{head}: {}", quality(it)),
    }
}

fn named(it: &Candidate) -> String {
    format!("{} (setting {})", it.label, it.setting + 1)
}

fn cost(it: &Candidate) -> String {
    it.cost.map_or_else(
        || "cost not measured".to_owned(),
        |it| format!("{} USD{}", number(it.mean, 2), interval(it, 2)),
    )
}

fn quality(it: &Candidate) -> String {
    it.quality.map_or_else(
        || "not measured".to_owned(),
        |it| {
            // More than everything is an artefact of the interval's symmetry.
            let ends = it.half_width.map(|_| (it.lower(), it.upper().min(100.0)));
            let ends = ends.map(|(lower, upper)| {
                format!(" ({} to {})", number(lower, DECIMALS), number(upper, DECIMALS))
            });
            format!("{} %{}", number(it.mean, DECIMALS), ends.unwrap_or_default())
        },
    )
}

/// ` (12.1 to 12.5)`, nothing without an interval.
fn interval(it: Estimate, decimals: usize) -> String {
    match it.half_width {
        Some(_) => format!(" ({} to {})", number(it.lower(), decimals), number(it.upper(), decimals)),
        None => String::new(),
    }
}

fn target(advice: &Advice) -> String {
    plain(advice.question.target_percent)
}

fn plain(value: f64) -> String {
    format!("{value}")
}

/// One row a setting: all of them, or those that none beats in both, cheapest
/// first.
pub fn table(advice: &Advice, is_of_frontier: bool) -> Table {
    let shown: Vec<usize> =
        if is_of_frontier { advice.frontier.clone() } else { (0..advice.candidates.len()).collect() };
    let metric = advice.question.metric;
    let number = |value: Option<f64>, decimals: usize| match value {
        Some(value) => Cell::Number { value, half_width: None, decimals, is_change: false },
        None => Cell::Empty,
    };
    // Without an interval its ends are not known.
    let ends = |it: Option<Estimate>| {
        let it = it.filter(|it| it.half_width.is_some());
        [it.map(|it| it.lower()), it.map(|it| it.upper())]
    };
    let rows = shown.into_iter().map(|idx| {
        let it = &advice.candidates[idx];
        let [cost_lower, cost_upper] = ends(it.cost);
        let [lower, upper] = ends(it.quality);
        let verdict = if advice.winner == Some(idx) { "holds, advised" } else { it.verdict.name() };
        let yes = |is| Cell::Text(if is { "yes" } else { "no" }.to_owned());
        let mut row = vec![
            Cell::count(it.setting as u64 + 1),
            Cell::Text(it.label.clone()),
            number(it.cost.map(|it| it.mean), 2),
            number(cost_lower, 2),
            number(cost_upper, 2),
            number(it.quality.map(|it| it.mean), DECIMALS),
            number(lower, DECIMALS),
            number(upper.map(|it| it.min(100.0)), DECIMALS),
        ];
        if is_of_frontier {
            row.push(Cell::Text(verdict.to_owned()));
        } else {
            row.push(Cell::Text(it.verdict.name().to_owned()));
            row.extend([yes(advice.winner == Some(idx)), yes(it.is_on_frontier)]);
        }
        row
    });
    let rows: Vec<Vec<Cell>> = rows.collect();
    let mut columns = vec![
        Column::plain("#", "setting_number", "position of the setting"),
        Column::plain("setting", "setting", ""),
        Column::plain("cost, USD", "cost_usd", "mean of the replicates"),
        Column::plain("from", "cost_usd_lower", "lower end of its interval"),
        Column::plain("to", "cost_usd_upper", "upper end of its interval"),
        Column::plain(metric, metric, "mean of the replicates"),
        Column::plain("from", &format!("{metric}_lower"), "lower end of its interval"),
        Column::plain("to", &format!("{metric}_upper"), "upper end of its interval"),
        Column::plain("target", "verdict", "how it stands to the target"),
    ];
    if !is_of_frontier {
        columns.push(Column::plain("advised", "is_advised", ""));
        columns.push(Column::plain("frontier", "is_on_frontier", "no other setting beats it in both"));
    }
    Table {
        title: if is_of_frontier { "Settings that none beats in both" } else { "Settings" }.to_owned(),
        notes: Vec::new(),
        columns,
        rows,
    }
}

/// The answer for a program to read.
pub fn json(advice: &Advice) -> Value {
    let estimate = |it: Option<Estimate>| {
        it.map(|it| {
            let end = |value: f64| it.half_width.map(|_| value);
            object!({ "mean": it.mean, "lower": end(it.lower()), "upper": end(it.upper()), "n": it.n })
        })
    };
    let settings = advice.candidates.iter().map(|it| {
        object!({
            "setting": it.setting + 1,
            "label": it.label,
            "cost_usd": estimate(it.cost),
            "quality_percent": estimate(it.quality),
            "verdict": it.verdict.name(),
            "is_on_frontier": it.is_on_frontier,
            "cost_above_advised_percent": estimate(it.extra_percent),
            "replicates_needed": it.replicates_needed,
        })
    });
    let number = |it: Option<usize>| it.map(|it| it + 1);
    let numbers = |all: &[usize]| all.iter().map(|it| it + 1).collect::<Vec<_>>();
    object!({
        "name": advice.name,
        "metric": advice.question.metric,
        "target_percent": advice.question.target_percent,
        "confidence_percent": advice.question.confidence_percent,
        "replicates": advice.n_replicates,
        "advised": number(advice.winner),
        "next": number(advice.next),
        "best": number(advice.best),
        "cheaper": numbers(&advice.cheaper),
        "frontier": numbers(&advice.frontier),
        "cautions": advice.cautions,
        "settings": settings.collect::<Vec<_>>(),
    })
}
