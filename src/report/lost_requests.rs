//! Requests that were not served, by the reason: which rule, health check or
//! container stood in the way.

use crate::base::stats::estimate;
use crate::experiment::results::Results;
use crate::metrics::Direction;
use crate::record::RunRecord;

use super::reasons::{Counted, over_runs};
use super::tables::{Cell, Column, Table, about_replicates};

/// The record counts in millionths of a request.
const MILLIONTHS: f64 = 1e6;

/// A reason for which requests of a service were lost.
pub(super) struct Loss<'a> {
    pub(super) service: &'a str,
    pub(super) reason: &'a str,
    /// Of the service's requests in each replicate, percent.
    percents: Vec<f64>,
    /// How many in each replicate.
    requests: Vec<f64>,
}

/// One row a setting, service and reason, as mean over the replicates. `None`
/// if every request was served.
pub fn lost_requests(results: &Results) -> Option<Table> {
    let mut rows = Vec::new();
    for (setting, it) in results.settings.iter().enumerate() {
        for loss in losses(results, setting) {
            rows.push(vec![
                Cell::count(setting as u64 + 1),
                Cell::Text(it.label.clone()),
                Cell::Text(loss.service.to_owned()),
                Cell::Text(loss.reason.to_owned()),
                Cell::estimate(estimate(&loss.percents), 3, false),
                Cell::estimate(estimate(&loss.requests), 0, false),
            ]);
        }
    }
    let lost = |title: &str, key: &str, summary: &str| Column {
        direction: Direction::LowerIsBetter,
        ..Column::plain(title, key, summary)
    };
    (!rows.is_empty()).then(|| Table {
        title: "Requests that were not served".to_owned(),
        notes: vec![
            "Requests sent while measured to a service none of whose healthy tasks could be reached or answered \
             without an error, by what stood in the way."
                .to_owned(),
            about_replicates(results),
        ],
        columns: vec![
            Column::plain("#", "setting_number", "position of the setting"),
            Column::plain("setting", "setting", ""),
            Column::plain("service", "service", ""),
            Column::plain("reason", "reason", "what stood in the way"),
            lost("share of offered, %", "requests_lost_percent", "of the requests sent to the service"),
            lost("requests", "n_requests_lost", "in a run"),
        ],
        rows,
    })
}

/// Why requests were lost in a setting: by service, the most frequent first.
pub(super) fn losses(results: &Results, setting: usize) -> Vec<Loss<'_>> {
    let runs = results.rows_of(setting);
    let of_offered = |service: usize, run: usize, lost: f64| {
        let offered = runs[run].record.services[service].requests.as_ref().map_or(0, |it| it.offered);
        if offered == 0 { 0.0 } else { 100.0 * lost * MILLIONTHS / offered as f64 }
    };
    over_runs(runs, counted)
        .into_iter()
        .map(|(counted, requests)| Loss {
            service: counted.name,
            reason: counted.reason,
            percents: requests
                .iter()
                .enumerate()
                .map(|(run, &lost)| of_offered(counted.service, run, lost))
                .collect(),
            requests,
        })
        .collect()
}

impl Loss<'_> {
    /// In the mean of the replicates.
    pub(super) fn mean_requests(&self) -> f64 {
        self.requests.iter().sum::<f64>() / self.requests.len().max(1) as f64
    }
}

fn counted(record: &RunRecord) -> Vec<Counted<'_>> {
    let mut all = Vec::new();
    for (service, it) in record.services.iter().enumerate() {
        for lost in it.requests.iter().flat_map(|it| &it.lost) {
            all.push(Counted {
                service,
                name: &it.name,
                reason: &lost.reason,
                n: lost.n as f64 / MILLIONTHS,
            });
        }
    }
    all
}
