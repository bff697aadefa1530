//! Every rollout with what became of it, and how long the phases of a setting's
//! rollouts took.

use crate::experiment::results::Results;
use crate::metrics::Direction;
use crate::record::{DeploymentOutcome, PhaseTime, RolloutRecord, SurgeEnd};

use super::tables::{Cell, Column, Table};

/// More rows are for the records beside the report.
const N_ROWS: usize = 500;
const HOUR_MS: f64 = 3_600_000.0;
const BYTES_PER_GB: f64 = 1_073_741_824.0;

/// One row a rollout. `None` without any.
pub fn rollouts(results: &Results) -> Option<Table> {
    let all = || {
        let rows = results.rows.iter();
        rows.flat_map(|row| row.record.rollouts.iter().map(move |it| (row, it)))
    };
    let n_all = all().count();
    let has_images = results.rows.iter().any(|it| !it.record.images.repositories.is_empty());
    let is_first_only = n_all > N_ROWS;
    let shown = all().filter(|(row, _)| !is_first_only || row.replicate == 0).take(N_ROWS);
    let rows: Vec<Vec<Cell>> = shown
        .map(|(row, it)| {
            let service = results.services.get(it.service as usize).cloned().unwrap_or_default();
            let label = results.settings[row.setting].label.clone();
            let mut cells = vec![
                Cell::count(row.setting as u64 + 1),
                Cell::Text(label),
                Cell::count(row.replicate.into()),
                Cell::Text(service),
                Cell::Text(it.revision.clone()),
                seconds(it.started_ms as f64),
                seconds(it.ended_ms.saturating_sub(it.started_ms) as f64),
                Cell::Text(outcome(it.outcome).to_owned()),
                Cell::Text(it.failure.as_ref().map_or_else(String::new, |it| it.reason.clone())),
                Cell::count(it.n_started.into()),
                Cell::count(it.n_stopped.into()),
                Cell::count(it.n_failed.into()),
            ];
            cells.extend(it.phases().map(|(_, phase)| mean(phase)));
            cells.extend(surge(it));
            if has_images {
                cells.push(decimal(it.pulled_bytes as f64 / BYTES_PER_GB, 3));
            }
            cells
        })
        .collect();
    if rows.is_empty() {
        return None;
    }
    let mut columns = vec![
        Column::plain("#", "setting_number", "position of the setting"),
        Column::plain("setting", "setting", ""),
        Column::plain("replicate", "replicate", ""),
        Column::plain("service", "service", ""),
        Column::plain("revision", "revision", "what was rolled out"),
        Column::plain("started, s", "started_seconds", "since the begin of the run"),
        lower("took, s", "took_seconds", "until it was over"),
        Column::plain("outcome", "outcome", ""),
        Column::plain("failure", "failure_reason", "why it was given up"),
        Column::plain("tasks started", "tasks_started", "of the new revision"),
        Column::plain("tasks stopped", "tasks_stopped", "of old revisions"),
        lower("tasks failed", "tasks_failed", "of the new revision"),
    ];
    let names = RolloutRecord::default().phases().map(|it| it.0);
    columns.extend(names.map(|it| lower(&format!("{it}, s"), &format!("{it}_seconds_mean"), "per task")));
    columns.extend([
        lower("surge, task-hours", "surge_task_hours", "above the desired count"),
        lower("surge, instance-hours", "surge_instance_hours", "above the number at its start"),
        lower("surge, USD", "surge_usd", "of instances, on Fargate of tasks"),
        Column::plain("surge until", "surge_until", "what ended the counting of instances"),
        lower("zone skew", "zone_skew", "tasks in the fullest zone above the emptiest, at its end"),
        lower("zone loss, %", "zone_loss_percent", "what losing the fullest zone then takes"),
    ]);
    if has_images {
        columns.push(lower("pulled, GB", "pulled_gb", "compressed bytes that its pulls moved, 2^30 a GB"));
    }
    let mut notes = vec![
        "Phases are means per task: the first five of tasks that it started, the last three of tasks that it \
         stopped. Surge of instances is counted until they are as few as at its start (back), another rollout \
         begins on the provider (next rollout), or the run ends (horizon)."
            .to_owned(),
    ];
    if is_first_only {
        notes.push(format!("{} of {n_all} rollouts: those of the first replicate.", rows.len()));
    }
    Some(Table { title: "Rollouts".to_owned(), notes, columns, rows })
}

/// One row a setting and phase: mean, median, 95th percentile and the longest
/// over all tasks of all its rollouts. `None` without rollouts.
pub fn phases(results: &Results) -> Option<Table> {
    let names = RolloutRecord::default().phases().map(|it| it.0);
    let mut rows = Vec::new();
    for (setting, it) in results.settings.iter().enumerate() {
        for (idx, name) in names.into_iter().enumerate() {
            let records = results.rows_of(setting).iter().flat_map(|it| &it.record.rollouts);
            let phases: Vec<&PhaseTime> = records.map(|it| it.phases()[idx].1).collect();
            let n_tasks: u64 = phases.iter().map(|it| it.n_tasks).sum();
            if n_tasks == 0 {
                continue;
            }
            let total_ms: u64 = phases.iter().map(|it| it.total_ms).sum();
            let quantile = |percent| {
                let found = PhaseTime::quantile_ms(phases.iter().copied(), percent);
                found.map_or(Cell::Empty, |it| seconds(it as f64))
            };
            rows.push(vec![
                Cell::count(setting as u64 + 1),
                Cell::Text(it.label.clone()),
                Cell::Text(name.to_owned()),
                Cell::count(n_tasks),
                seconds(total_ms as f64 / n_tasks as f64),
                quantile(50),
                quantile(95),
                quantile(100),
            ]);
        }
    }
    (!rows.is_empty()).then(|| Table {
        title: "Phases of rollouts".to_owned(),
        notes: vec!["Seconds per task, over all rollouts and replicates of a setting.".to_owned()],
        columns: vec![
            Column::plain("#", "setting_number", "position of the setting"),
            Column::plain("setting", "setting", ""),
            Column::plain("phase", "phase", ""),
            Column::plain("tasks", "n_tasks", "that went through it"),
            lower("mean, s", "mean_seconds", ""),
            lower("median, s", "p50_seconds", ""),
            lower("95th percentile, s", "p95_seconds", ""),
            lower("longest, s", "max_seconds", ""),
        ],
        rows,
    })
}

/// As a reader sees it.
pub(super) const fn outcome(outcome: DeploymentOutcome) -> &'static str {
    match outcome {
        DeploymentOutcome::Completed => "completed",
        DeploymentOutcome::Superseded => "superseded",
        DeploymentOutcome::DeadlockedByConfiguration => "deadlocked by its bounds",
        DeploymentOutcome::DeadlockedByCapacity => "deadlocked for want of room",
        DeploymentOutcome::DeadlockedByProtection => "deadlocked by protected tasks",
        DeploymentOutcome::RolledBack => "rolled back",
        DeploymentOutcome::Failed => "failed",
        DeploymentOutcome::CutByHorizon => "cut by the horizon",
    }
}

fn surge(rollout: &RolloutRecord) -> [Cell; 6] {
    let surge = &rollout.surge;
    let until = match surge.until {
        SurgeEnd::Back => "back",
        SurgeEnd::NextRollout => "next rollout",
        SurgeEnd::Horizon => "horizon",
    };
    let zones = rollout.left_behind;
    let has_zones = zones.n_zones > 1;
    [
        decimal(surge.task_ms as f64 / HOUR_MS, 3),
        decimal(surge.instance_ms as f64 / HOUR_MS, 3),
        decimal(surge.cost().as_usd_f64(), 6),
        Cell::Text(until.to_owned()),
        if has_zones { Cell::count(zones.skew().into()) } else { Cell::Empty },
        zones.loss_percent().filter(|_| has_zones).map_or(Cell::Empty, |it| decimal(it, 1)),
    ]
}

fn mean(phase: &PhaseTime) -> Cell {
    if phase.n_tasks == 0 { Cell::Empty } else { seconds(phase.total_ms as f64 / phase.n_tasks as f64) }
}

fn seconds(millis: f64) -> Cell {
    decimal(millis / 1000.0, 1)
}

fn decimal(value: f64, decimals: usize) -> Cell {
    Cell::Number { value, half_width: None, decimals, is_change: false }
}

fn lower(title: &str, key: &str, summary: &str) -> Column {
    Column { direction: Direction::LowerIsBetter, ..Column::plain(title, key, summary) }
}
