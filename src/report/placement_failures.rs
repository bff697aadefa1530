//! Why tasks did not fit: for each capacity provider how many instances each
//! step of the placement ruled out, and how often the closest one gave it.

use std::collections::BTreeMap;

use crate::base::stats::estimate;
use crate::experiment::results::Results;
use crate::record::PlacementReason;

use super::tables::{Cell, Column, Table, about_replicates};

/// One row a setting, provider and reason, as mean over the replicates. `None`
/// if every task found room, or nobody looked.
pub fn placement_failures(results: &Results) -> Option<Table> {
    let mut rows = Vec::new();
    for (setting, it) in results.settings.iter().enumerate() {
        let runs = results.rows_of(setting);
        let mut found: BTreeMap<(&str, PlacementReason), Vec<(f64, f64)>> = BTreeMap::new();
        for (run, row) in runs.iter().enumerate() {
            for provider in &row.record.providers {
                for failure in &provider.failures {
                    let key = (provider.name.as_str(), failure.reason);
                    let of_runs = found.entry(key).or_insert_with(|| vec![(0.0, 0.0); runs.len()]);
                    of_runs[run].0 += failure.n_instances as f64;
                    of_runs[run].1 += failure.n_closest as f64;
                }
            }
        }
        for ((provider, reason), of_runs) in found {
            let (instances, closest): (Vec<f64>, Vec<f64>) = of_runs.into_iter().unzip();
            rows.push(vec![
                Cell::count(setting as u64 + 1),
                Cell::Text(it.label.clone()),
                Cell::Text(provider.to_owned()),
                Cell::Text(reason.name().to_owned()),
                Cell::estimate(estimate(&closest), 1, false),
                Cell::estimate(estimate(&instances), 1, false),
            ]);
        }
    }
    (!rows.is_empty()).then(|| Table {
        title: "Why tasks did not fit".to_owned(),
        notes: vec![
            "Of each placement that failed while measured: which step ruled out how many instances, and which the \
             instance that came closest, the one that passed the most steps. A waiting task is tried again, and \
             counts each time."
                .to_owned(),
            about_replicates(results),
        ],
        columns: vec![
            Column::plain("#", "setting_number", "position of the setting"),
            Column::plain("setting", "setting", ""),
            Column::plain("capacity provider", "capacity_provider", ""),
            Column::plain("reason", "reason", "the step of the placement that ruled instances out"),
            Column::plain("closest", "n_closest", "failed placements whose closest instance gave it"),
            Column::plain("instances", "n_instances", "instances that it ruled out, over all failed placements"),
        ],
        rows,
    })
}
