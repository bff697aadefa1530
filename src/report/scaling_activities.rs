//! Every scaling activity of a service: when, by which policy, and why.

use crate::experiment::results::Results;

use super::tables::{Cell, Column, Table};

/// More rows are for the records beside the report.
const N_ROWS: usize = 500;

/// One row an activity. `None` without any.
pub fn scaling_activities(results: &Results) -> Option<Table> {
    let all = || {
        results.rows.iter().flat_map(|row| {
            let services = row.record.services.iter();
            let scaled = services.filter_map(|it| Some((&it.name, it.scaling.as_ref()?)));
            scaled.flat_map(move |(name, scaling)| scaling.activities.iter().map(move |it| (row, name, it)))
        })
    };
    let n_all = all().count();
    let is_first_only = n_all > N_ROWS;
    let shown = all().filter(|it| !is_first_only || it.0.replicate == 0).take(N_ROWS);
    let rows: Vec<Vec<Cell>> = shown
        .map(|(row, service, it)| {
            vec![
                Cell::count(row.setting as u64 + 1),
                Cell::Text(results.settings[row.setting].label.clone()),
                Cell::count(row.replicate.into()),
                Cell::Text(service.clone()),
                Cell::count(it.at_ms / 1000),
                Cell::count(it.from.into()),
                Cell::count(it.to.into()),
                Cell::Text(it.policy.clone().unwrap_or_else(|| "schedule".to_owned())),
                Cell::Text(it.cause.clone()),
            ]
        })
        .collect();
    if rows.is_empty() {
        return None;
    }
    let mut notes = vec!["The warm-up is among them.".to_owned()];
    if rows.len() < n_all {
        notes.push(format!("{} of {n_all} are shown, of the first replicates.", rows.len()));
    }
    Some(Table {
        title: "Scaling activities".to_owned(),
        columns: vec![
            Column::plain("#", "setting_number", "position of the setting"),
            Column::plain("setting", "setting", ""),
            Column::plain("replicate", "replicate", ""),
            Column::plain("service", "service", ""),
            Column::plain("at, s", "at_seconds", "since the begin of the run"),
            Column::plain("from", "desired_before", "tasks desired before"),
            Column::plain("to", "desired_after", "tasks desired after"),
            Column::plain("policy", "policy", ""),
            Column::plain("cause", "cause", ""),
        ],
        rows,
        notes,
    })
}
