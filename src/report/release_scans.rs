//! Releases and what was known of their images: which a scan gate let through,
//! and which it kept back, and why.

use crate::experiment::results::Results;
use crate::model::scanning::Severity;
use crate::record::GateOutcome;

use super::tables::{Cell, Column, Table};

/// More rows are for the records beside the report.
const N_ROWS: usize = 500;

/// One row a release. `None` without any, or where nothing is scanned.
pub fn release_scans(results: &Results) -> Option<Table> {
    let all = || {
        results.rows.iter().flat_map(|row| {
            let releases = row.record.images.scans.iter().flat_map(|it| &it.releases);
            releases.map(move |it| (row, it))
        })
    };
    let n_all = all().count();
    let is_first_only = n_all > N_ROWS;
    let shown = all().filter(|it| !is_first_only || it.0.replicate == 0).take(N_ROWS);
    let rows: Vec<Vec<Cell>> = shown
        .map(|(row, it)| {
            let service = row.record.services.get(it.service as usize);
            let mut cells = vec![
                Cell::count(row.setting as u64 + 1),
                Cell::Text(results.settings[row.setting].label.clone()),
                Cell::count(row.replicate.into()),
                Cell::Text(service.map_or_else(String::new, |it| it.name.clone())),
                Cell::Text(it.revision.clone()),
                Cell::count(it.released_ms / 1000),
                Cell::count(it.decided_ms / 1000),
                Cell::Text(told(it.outcome).to_owned()),
            ];
            cells.extend(it.findings.iter().map(|it| Cell::count(*it)));
            cells.push(Cell::Text(it.reason.clone()));
            cells
        })
        .collect();
    if rows.is_empty() {
        return None;
    }
    let mut notes = vec!["Findings are those that were known when it was decided.".to_owned()];
    if rows.len() < n_all {
        notes.push(format!("{} of {n_all} are shown, of the first replicates.", rows.len()));
    }
    let mut columns = vec![
        Column::plain("#", "setting_number", "position of the setting"),
        Column::plain("setting", "setting", ""),
        Column::plain("replicate", "replicate", ""),
        Column::plain("service", "service", ""),
        Column::plain("revision", "revision", ""),
        Column::plain("released, s", "released_seconds", "since the begin of the run"),
        Column::plain("decided, s", "decided_seconds", "since the begin of the run"),
        Column::plain("outcome", "outcome", ""),
    ];
    const KEYS: [&str; 6] = ["critical", "high", "medium", "low", "informational", "undefined"];
    columns
        .extend(Severity::NAMES.iter().zip(KEYS).map(|(name, key)| Column::plain(name.0, key, "findings")));
    columns.push(Column::plain("reason", "reason", "why it was blocked"));
    Some(Table { title: "Releases and scans".to_owned(), columns, rows, notes })
}

fn told(outcome: GateOutcome) -> &'static str {
    match outcome {
        GateOutcome::Ungated => "no gate",
        GateOutcome::Opened => "let through",
        GateOutcome::BlockedByFindings => "blocked by findings",
        GateOutcome::BlockedByTimeout => "blocked without a result",
        GateOutcome::Superseded => "a later release came before",
        GateOutcome::CutByHorizon => "waits at the horizon",
    }
}
