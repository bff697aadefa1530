//! Whose the bill is: what each service, the stand-alone tasks and idle capacity
//! pay, what each setting and each value of an axis pays for, and what became of
//! commitments.

use std::collections::BTreeMap;

use crate::base::Money;
use crate::base::stats::estimate;
use crate::experiment::results::Results;
use crate::metrics::Direction;
use crate::record::{CostOwner, Ledger, LineGroup};

use super::comparison::{settings_with, work_differs};
use super::tables::{Cell, Column, Table, about_replicates};

/// One row a setting and owner of costs: services, stand-alone tasks, what is idle,
/// what is everybody's. `None` if nothing was billed.
pub fn by_service(results: &Results) -> Option<Table> {
    let mut rows = Vec::new();
    let groups = paid(results);
    for (setting, it) in results.settings.iter().enumerate() {
        let runs = results.rows_of(setting);
        let mut owners: BTreeMap<CostOwner, Vec<Vec<Money>>> = BTreeMap::new();
        for (run, row) in runs.iter().enumerate() {
            for (owner, group, amount) in row.record.ledger.by_owner() {
                let of_runs =
                    owners.entry(owner).or_insert_with(|| vec![vec![Money::ZERO; groups.len()]; runs.len()]);
                if let Some(idx) = groups.iter().position(|it| *it == group) {
                    of_runs[run][idx] += amount;
                }
            }
        }
        for (owner, of_runs) in owners {
            let mut row = vec![
                Cell::count(setting as u64 + 1),
                Cell::Text(it.label.clone()),
                Cell::Text(owner_name(results, owner)),
            ];
            row.extend(amounts(&of_runs));
            rows.push(row);
        }
    }
    let mut columns = vec![
        Column::plain("#", "setting_number", "position of the setting"),
        Column::plain("setting", "setting", ""),
        Column::plain("whose", "whose", "a service, stand-alone tasks, or nobody's alone"),
    ];
    columns.extend(money_columns(&groups));
    (!rows.is_empty()).then(|| Table {
        title: "Cost by service".to_owned(),
        notes: vec![
            "An instance is shared out by what its tasks reserve of it, the greater of CPU and memory; what nobody \
             reserved is idle."
                .to_owned(),
            about_replicates(results),
        ],
        columns,
        rows,
    })
}

/// One row a value of an axis, with the other axes pooled, and one a setting: what
/// is paid for. `None` if nothing was billed.
pub fn by_strategy(results: &Results) -> Option<Table> {
    let groups = paid(results);
    if groups.is_empty() {
        return None;
    }
    let costs_of = |settings: &[usize]| -> Vec<Cell> {
        // For each replicate the mean over the pool.
        let n = settings.len() as f64;
        let of_replicate = |replicate: usize| -> Vec<f64> {
            let of_group = |group: LineGroup| {
                let of_setting = |it: &usize| total(&results.rows_of(*it)[replicate].record.ledger, group);
                settings.iter().map(of_setting).sum::<f64>() / n
            };
            groups.iter().map(|it| of_group(*it)).collect()
        };
        let runs: Vec<Vec<f64>> = (0..results.n_replicates as usize).map(of_replicate).collect();
        estimates(&runs)
    };
    let mut rows = Vec::new();
    if results.axes.len() > 1 {
        for (axis_idx, axis) in results.axes.iter().enumerate() {
            for (value_idx, value) in axis.values.iter().enumerate() {
                let mut row = vec![Cell::Text(axis.name.clone()), Cell::Text(value.clone())];
                row.extend(costs_of(&settings_with(results, axis_idx, value_idx)));
                rows.push(row);
            }
        }
    }
    for (idx, setting) in results.settings.iter().enumerate() {
        let mut row = vec![Cell::Text("setting".to_owned()), Cell::Text(setting.label.clone())];
        row.extend(costs_of(&[idx]));
        rows.push(row);
    }
    let mut columns = vec![
        Column::plain("varied", "varied", "the axis of the value; the other axes are pooled"),
        Column::plain("value", "value", ""),
    ];
    columns.extend(money_columns(&groups));
    Some(Table {
        title: "Cost by strategy".to_owned(),
        notes: work_differs(results).into_iter().chain([about_replicates(results)]).collect(),
        columns,
        rows,
    })
}

/// One row a setting and commitment. `None` without commitments.
pub fn commitments(results: &Results) -> Option<Table> {
    let mut rows = Vec::new();
    for (setting, it) in results.settings.iter().enumerate() {
        let runs = results.rows_of(setting);
        let Some(first) = runs.first() else { continue };
        for (idx, commitment) in first.record.ledger.commitments.iter().enumerate() {
            let of_runs = |of: &dyn Fn(&crate::record::CommitmentRecord) -> Option<f64>| {
                let values = runs.iter().filter_map(|it| of(it.record.ledger.commitments.get(idx)?));
                estimate(&values.collect::<Vec<f64>>())
            };
            rows.push(vec![
                Cell::count(setting as u64 + 1),
                Cell::Text(it.label.clone()),
                Cell::Text(commitment.name.clone()),
                Cell::estimate(of_runs(&|it| Some(it.committed.as_usd_f64())), 2, false),
                Cell::estimate(of_runs(&|it| Some(it.used.as_usd_f64())), 2, false),
                Cell::estimate(of_runs(&|it| it.utilization_percent()), 1, false),
                Cell::estimate(of_runs(&|it| it.coverage_percent()), 1, false),
                Cell::estimate(of_runs(&|it| Some(it.covered_on_demand.as_usd_f64())), 2, false),
            ]);
        }
    }
    (!rows.is_empty()).then(|| Table {
        title: "Commitments".to_owned(),
        notes: vec![about_replicates(results)],
        columns: vec![
            Column::plain("#", "setting_number", "position of the setting"),
            Column::plain("setting", "setting", ""),
            Column::plain("commitment", "commitment", ""),
            Column::plain("committed, USD", "committed_usd", "what was promised for the measured time"),
            Column::plain("used, USD", "used_usd", "the rest is the line of unused commitment"),
            Column::plain("utilization, %", "utilization_percent", "of the promise, what was used"),
            Column::plain("coverage, %", "coverage_percent", "of what it may cover, what it covered"),
            Column::plain("would have cost, USD", "covered_on_demand_usd", "what it covered, on demand"),
        ],
        rows,
    })
}

/// The groups that somebody pays for, in their order.
fn paid(results: &Results) -> Vec<LineGroup> {
    let is_paid = |group: &LineGroup| {
        let lines = results.rows.iter().flat_map(|it| &it.record.ledger.lines);
        lines.into_iter().any(|it| it.meter.group() == *group)
    };
    LineGroup::ALL.into_iter().filter(is_paid).collect()
}

fn total(ledger: &Ledger, group: LineGroup) -> f64 {
    ledger.total_of(|it| it.group() == group).as_usd_f64()
}

fn owner_name(results: &Results, owner: CostOwner) -> String {
    match owner {
        CostOwner::Service(idx) => {
            results.services.get(idx as usize).map_or_else(|| format!("service {idx}"), Clone::clone)
        }
        CostOwner::StandaloneTasks => "stand-alone tasks".to_owned(),
        CostOwner::Idle => "idle".to_owned(),
        CostOwner::Shared => "shared".to_owned(),
    }
}

fn amounts(of_runs: &[Vec<Money>]) -> Vec<Cell> {
    let runs: Vec<Vec<f64>> =
        of_runs.iter().map(|it| it.iter().map(|it| it.as_usd_f64()).collect()).collect();
    estimates(&runs)
}

/// For each group, and then for their sum: the mean over runs.
fn estimates(runs: &[Vec<f64>]) -> Vec<Cell> {
    let n_groups = runs.first().map_or(0, Vec::len);
    let of_group = |idx: usize| estimate(&runs.iter().map(|it| it[idx]).collect::<Vec<f64>>());
    let sum = estimate(&runs.iter().map(|it| it.iter().sum()).collect::<Vec<f64>>());
    let all = (0..n_groups).map(of_group).chain([sum]);
    all.map(|it| Cell::estimate(it, 2, false)).collect()
}

fn money_columns(groups: &[LineGroup]) -> Vec<Column> {
    let column = |title: &str, key: String| Column {
        direction: Direction::LowerIsBetter,
        ..Column::plain(&format!("{title}, USD"), &key, "")
    };
    let of_group =
        |it: &LineGroup| column(it.title(), format!("{}_usd", it.title().to_lowercase().replace(' ', "_")));
    groups.iter().map(of_group).chain([column("sum", "cost_usd".to_owned())]).collect()
}
