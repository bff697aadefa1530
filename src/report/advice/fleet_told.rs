//! Fleets in words, as a table and for programs.

use serde_json::{Value, json as object};

use super::fleet::{EQUAL_WORK_PERCENT, Fleet, Fleets};
use crate::base::stats::Estimate;
use crate::metrics::Direction;
use crate::report::scale::{is_drawable, number};
use crate::report::tables::{Cell, Column, Table};

/// The answer for a person to read; the table belongs below it.
pub fn text(fleets: &Fleets) -> String {
    let replicates = match fleets.n_replicates {
        1 => "1 replicate".to_owned(),
        n => format!("{n} replicates, intervals of {} %", fleets.confidence_percent),
    };
    let mut lines = vec![format!(
        "{}: the cheapest fleet for the same stand-alone tasks, {} settings, {replicates}",
        fleets.name,
        fleets.all.len(),
    )];
    lines.extend(less_work(fleets).map(|it| format!("Note: {it}")));
    if let Some(cheapest) = fleets.cheapest() {
        lines.push(format!(
            "Take {} (setting {}): {} USD{}{}",
            cheapest.label,
            cheapest.setting + 1,
            number(cheapest.cost.mean, 2),
            interval(cheapest.cost, 2),
            floor(cheapest).map_or_else(String::new, |it| format!(", {it}")),
        ));
        if let Some(wait) = cheapest.wait_seconds {
            lines.push(format!("  95 % of its tasks wait at most {} s", number(wait.mean, 1)));
        }
    }
    if let Some(next) = fleets.at_equal_work().nth(1) {
        let more = next.extra_percent.map_or_else(String::new, |it| {
            let is_chance = it.half_width.is_some() && it.lower() <= 0.0;
            let doubt = if is_chance { ", which may be chance" } else { "" };
            format!(", {} % more{}{doubt}", number(it.mean, 2), interval(it, 2))
        });
        lines.push(format!(
            "Next: {} (setting {}), {} USD{more}",
            next.label,
            next.setting + 1,
            number(next.cost.mean, 2)
        ));
    }
    lines.push(String::new());
    lines.join("\n")
}

/// One sentence for the head of a report; `None` with nothing to choose from.
pub(in crate::report) fn sentence(fleets: &Fleets) -> Option<String> {
    let cheapest = fleets.cheapest().filter(|_| fleets.at_equal_work().count() > 1)?;
    Some(format!(
        "The cheapest fleet for these tasks is {}: {} USD{}.",
        cheapest.label,
        number(cheapest.cost.mean, 2),
        floor(cheapest).map_or_else(String::new, |it| format!(", {it}")),
    ))
}

/// How far a fleet is above its floor, in words.
fn floor(fleet: &Fleet) -> Option<String> {
    let percent = |it: Estimate| format!("{} %{}", number(it.mean, 1), interval(it, 1));
    match (fleet.cost_gap_percent, fleet.gap_percent) {
        (Some(it), _) => {
            Some(format!("its instances and Fargate {} above what the same tasks cost at least", percent(it)))
        }
        (None, Some(it)) => {
            Some(format!("{} more instance-hours than the same tasks need at least", percent(it)))
        }
        (None, None) => None,
    }
}

/// That some settings place fewer tasks.
fn less_work(fleets: &Fleets) -> Option<String> {
    let fewest = fleets.at_less_work().min_by(|a, b| a.work_percent.total_cmp(&b.work_percent))?;
    let (n, all) = (fleets.at_less_work().count(), fleets.all.len());
    Some(format!(
        "{n} of {all} settings place less than {EQUAL_WORK_PERCENT} % of the tasks that others place, {} no more \
         than {} %: that is less work, and they are not compared.",
        fewest.label,
        number(fewest.work_percent, 1),
    ))
}

/// ` (12.1 to 12.5)`, nothing without an interval.
fn interval(it: Estimate, decimals: usize) -> String {
    match it.half_width {
        Some(half) if is_drawable(half) => {
            format!(" ({} to {})", number(it.lower(), decimals), number(it.upper(), decimals))
        }
        _ => String::new(),
    }
}

/// One row a setting: at equal work from the cheapest on, then the others.
pub fn table(fleets: &Fleets) -> Table {
    let yes = |is| Cell::Text(if is { "yes" } else { "no" }.to_owned());
    let rows = fleets.all.iter().map(|it| {
        vec![
            Cell::count(it.setting as u64 + 1),
            Cell::Text(it.label.clone()),
            Cell::estimate(Some(it.cost), 2, false),
            Cell::estimate(it.extra_percent, 2, true),
            Cell::estimate(it.instance_hours, 1, false),
            Cell::estimate(it.gap_percent, 1, true),
            Cell::estimate(it.cost_gap_percent, 1, true),
            Cell::estimate(it.wait_seconds, 1, false),
            Cell::Number { value: it.tasks_placed, half_width: None, decimals: 1, is_change: false },
            yes(it.does_equal_work()),
            yes(it.is_on_frontier),
        ]
    });
    let rows: Vec<Vec<Cell>> = rows.collect();
    let lower = |title: &str, key: &str, summary: &str| Column {
        direction: Direction::LowerIsBetter,
        ..Column::plain(title, key, summary)
    };
    let columns = vec![
        Column::plain("#", "setting_number", "position of the setting"),
        Column::plain("setting", "setting", ""),
        lower("cost, USD", "cost_usd", ""),
        lower("above the cheapest, %", "cost_above_cheapest_percent", "paired, replicate by replicate"),
        lower("instance-hours", "instance_hours", ""),
        lower("hours above floor, %", "gap_percent", "instance-hours above their lower bound"),
        lower("cost above floor, %", "cost_gap_percent", "cost above its lower bound"),
        lower("95 % wait at most, s", "wait_seconds_p95", "placement wait of stand-alone tasks"),
        Column::plain("tasks placed", "tasks_placed", "stand-alone tasks of a run, in the mean"),
        Column::plain("equal work", "does_equal_work", "places as many tasks as the others"),
        Column::plain("frontier", "is_on_frontier", "none at equal work beats it in cost and wait"),
    ];
    // What no run has needs no column.
    let is_used: Vec<bool> =
        (0..columns.len()).map(|idx| rows.iter().any(|row| row[idx] != Cell::Empty)).collect();
    let kept = |cells: Vec<Cell>| cells.into_iter().zip(&is_used).filter(|it| *it.1).map(|it| it.0).collect();
    let n = fleets.n_replicates;
    let about = match n {
        0 | 1 => "From a single replicate: there are no intervals.".to_owned(),
        _ => {
            format!("Mean ± half-width of the {} % interval over {n} replicates.", fleets.confidence_percent)
        }
    };
    Table {
        title: "Fleets for the same work, cheapest first".to_owned(),
        notes: less_work(fleets).into_iter().chain([about]).collect(),
        columns: columns.into_iter().zip(&is_used).filter(|it| *it.1).map(|it| it.0).collect(),
        rows: rows.into_iter().map(kept).collect(),
    }
}

/// The answer for a program to read.
pub fn json(fleets: &Fleets) -> Value {
    let estimate = |it: Option<Estimate>| {
        it.map(|it| {
            let end = |value: f64| it.half_width.map(|_| value);
            object!({ "mean": it.mean, "lower": end(it.lower()), "upper": end(it.upper()), "n": it.n })
        })
    };
    let settings = fleets.all.iter().map(|it| {
        object!({
            "setting": it.setting + 1,
            "label": it.label,
            "cost_usd": estimate(Some(it.cost)),
            "cost_above_cheapest_percent": estimate(it.extra_percent),
            "instance_hours": estimate(it.instance_hours),
            "gap_percent": estimate(it.gap_percent),
            "cost_gap_percent": estimate(it.cost_gap_percent),
            "wait_seconds_p95": estimate(it.wait_seconds),
            "tasks_placed": it.tasks_placed,
            "work_percent": it.work_percent,
            "does_equal_work": it.does_equal_work(),
            "is_on_frontier": it.is_on_frontier,
        })
    });
    object!({
        "name": fleets.name,
        "confidence_percent": fleets.confidence_percent,
        "replicates": fleets.n_replicates,
        "cheapest": fleets.cheapest().map(|it| it.setting + 1),
        "settings": settings.collect::<Vec<_>>(),
    })
}
