//! Why tasks failed of themselves: at their start, by the end of an essential
//! container, or by their health. Tasks lost with their instance are not here.

use crate::base::stats::estimate;
use crate::experiment::results::Results;
use crate::metrics::Direction;
use crate::record::RunRecord;

use super::reasons::{Counted, over_runs};
use super::tables::{Cell, Column, Table, about_replicates};

/// One row a setting, service and reason, as mean over the replicates. `None`
/// if no task failed.
pub fn task_failures(results: &Results) -> Option<Table> {
    let mut rows = Vec::new();
    for (setting, it) in results.settings.iter().enumerate() {
        for (counted, n_tasks) in over_runs(results.rows_of(setting), counted) {
            rows.push(vec![
                Cell::count(setting as u64 + 1),
                Cell::Text(it.label.clone()),
                Cell::Text(counted.name.to_owned()),
                Cell::Text(counted.reason.to_owned()),
                Cell::estimate(estimate(&n_tasks), 1, false),
            ]);
        }
    }
    let n_tasks =
        Column { direction: Direction::LowerIsBetter, ..Column::plain("tasks", "n_tasks", "in a run") };
    (!rows.is_empty()).then(|| Table {
        title: "Why tasks failed".to_owned(),
        notes: vec![
            "Tasks that failed while measured: at their start, because an essential container ended, or because \
             they were found unhealthy. A service starts another in their place, which may fail again and counts \
             again."
                .to_owned(),
            about_replicates(results),
        ],
        columns: vec![
            Column::plain("#", "setting_number", "position of the setting"),
            Column::plain("setting", "setting", ""),
            Column::plain("service", "service", ""),
            Column::plain("reason", "reason", "as ECS would say it"),
            n_tasks,
        ],
        rows,
    })
}

fn counted(record: &RunRecord) -> Vec<Counted<'_>> {
    let services = record.services.iter().map(|it| (it.name.as_str(), &it.failures));
    let mut all = Vec::new();
    for (service, (name, failures)) in services.chain([("stand-alone tasks", &record.failures)]).enumerate() {
        all.extend(failures.iter().map(|it| Counted {
            service,
            name,
            reason: &it.reason,
            n: it.n_tasks as f64,
        }));
    }
    all
}
