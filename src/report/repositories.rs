//! What each repository stored, what that cost, and what its lifecycle policy
//! took.

use std::collections::BTreeMap;

use crate::base::stats::estimate;
use crate::experiment::results::{Results, Row};
use crate::metrics::Direction;
use crate::record::{Meter, RepositoryRecord};

use super::tables::{Cell, Column, Table, about_replicates};

const BYTES_PER_GB: f64 = 1_073_741_824.0;

/// Of a repository in one run. Those of one name in several registries are
/// billed, and shown, as one.
#[derive(Clone, Copy, Default)]
struct Stored {
    mean_gb: f64,
    gb_at_end: f64,
    n_expired: u64,
    n_archived: u64,
    n_lost: u64,
}

/// One row a setting and repository, as mean over the replicates. `None` where
/// no repository is described.
pub fn repositories(results: &Results) -> Option<Table> {
    let mut rows = Vec::new();
    for (setting, it) in results.settings.iter().enumerate() {
        let runs = results.rows_of(setting);
        let mut all: BTreeMap<&str, Vec<Stored>> = BTreeMap::new();
        for (run, row) in runs.iter().enumerate() {
            let measured_ms = row.record.horizon_ms.saturating_sub(row.record.warm_up_ms).max(1);
            for repository in &row.record.images.repositories {
                let of = all.entry(&repository.name).or_default();
                of.resize(runs.len(), Stored::default());
                of[run].add(repository, measured_ms);
            }
        }
        for (name, stored) in all {
            let mean = |of: fn(&Stored) -> f64, decimals| {
                let values: Vec<f64> = stored.iter().map(of).collect();
                Cell::estimate(estimate(&values), decimals, false)
            };
            let billed = billed(runs, name);
            let (months, costs): (Vec<f64>, Vec<f64>) = billed.into_iter().unzip();
            rows.push(vec![
                Cell::count(setting as u64 + 1),
                Cell::Text(it.label.clone()),
                Cell::Text(name.to_owned()),
                mean(|it| it.mean_gb, 3),
                mean(|it| it.gb_at_end, 3),
                Cell::estimate(estimate(&months), 4, false),
                Cell::estimate(estimate(&costs), 4, false),
                mean(|it| it.n_expired as f64, 1),
                mean(|it| it.n_archived as f64, 1),
                mean(|it| it.n_lost as f64, 1),
            ]);
        }
    }
    let lower = |title: &str, key: &str, summary: &str| Column {
        direction: Direction::LowerIsBetter,
        ..Column::plain(title, key, summary)
    };
    (!rows.is_empty()).then(|| Table {
        title: "Repositories".to_owned(),
        notes: vec![
            "Compressed layers, each once in a repository; a GB is 2^30 bytes. Images that every policy took \
             while measured."
                .to_owned(),
            about_replicates(results),
        ],
        columns: vec![
            Column::plain("#", "setting_number", "position of the setting"),
            Column::plain("setting", "setting", ""),
            Column::plain("repository", "repository", ""),
            lower("stored, GB", "stored_gb_mean", "in the mean, archived images too"),
            Column::plain("at the end, GB", "stored_gb_at_end", "archived images left out"),
            lower("billed, GB-months", "gb_months", "archived images too; none of a public repository"),
            lower("cost, USD", "cost_usd", "of what it stored"),
            Column::plain("expired", "images_expired", "images that its lifecycle policy expired"),
            Column::plain("archived", "images_archived", "images that it archived"),
            lower("lost", "images_lost", "of both, those that a running or rollback revision needs"),
        ],
        rows,
    })
}

impl Stored {
    fn add(&mut self, repository: &RepositoryRecord, measured_ms: u64) {
        let byte_ms = repository.byte_ms + repository.archived_byte_ms;
        self.mean_gb += byte_ms as f64 / measured_ms as f64 / BYTES_PER_GB;
        self.gb_at_end += repository.bytes_at_end as f64 / BYTES_PER_GB;
        self.n_expired += repository.n_expired;
        self.n_archived += repository.n_archived;
        self.n_lost += repository.n_lost;
    }
}

/// GB-months and USD of each run; empty if no run was billed any.
fn billed(runs: &[Row], name: &str) -> Vec<(f64, f64)> {
    let is_of = |meter: Meter| matches!(meter, Meter::RegistryStorage | Meter::RegistryArchive);
    let lines = |row: &'_ Row| {
        let lines = row.record.ledger.lines.iter().filter(|it| is_of(it.meter) && it.item == name);
        lines.map(|it| (it.billed(), it.cost().as_usd_f64())).collect::<Vec<_>>()
    };
    let all: Vec<Vec<(f64, f64)>> = runs.iter().map(lines).collect();
    if all.iter().all(Vec::is_empty) {
        return Vec::new();
    }
    let sum = |lines: Vec<(f64, f64)>| lines.into_iter().fold((0.0, 0.0), |a, b| (a.0 + b.0, a.1 + b.1));
    all.into_iter().map(sum).collect()
}
