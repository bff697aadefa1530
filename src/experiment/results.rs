//! One row a run: its axes and metrics with their units. What charts and
//! tables are drawn from.

use crate::experiment::axes::{Axis, Setting};
use crate::experiment::matrix::{Experiment, PlannedSetting};
use crate::metrics::METRICS;
use crate::record::RunRecord;

/// The outcome of an experiment.
#[derive(Clone, Debug)]
pub struct Results {
    /// The experiment's name.
    pub name: String,
    /// What was varied, in the order of the file; empty for a single setting.
    pub axes: Vec<Axis>,
    /// Every combination of the axes' values, the last axis running fastest.
    pub settings: Vec<Setting>,
    /// Runs of each setting under different seeds.
    pub n_replicates: u32,
    /// One row a run: settings in order, replicates running fastest.
    pub rows: Vec<Row>,
    /// The names of the services, in order.
    pub services: Vec<String>,
    /// The seed of the experiment.
    pub seed: u64,
    /// Where prices and zones are of.
    pub region: String,
    /// The days of the prices that were used, `YYYY-MM-DD`, ascending.
    pub price_dates: Vec<String>,
}

/// One run.
#[derive(Clone, Debug)]
pub struct Row {
    /// Position of its setting.
    pub setting: usize,
    /// From 0.
    pub replicate: u32,
    /// The seed of the run.
    pub seed: u64,
    /// What was measured, in the order of the metrics' list. `None` where the
    /// run has no such thing (no service, no rollout).
    pub metrics: Vec<Option<f64>>,
    /// What happened.
    pub record: RunRecord,
}

impl Results {
    /// The rows of an experiment from the records of all its runs, in order.
    pub fn of(experiment: &Experiment, records: Vec<RunRecord>) -> Self {
        let runs = experiment.runs();
        assert_eq!(runs.len(), records.len(), "every run has a record");
        let mut price_dates: Vec<String> = records
            .iter()
            .flat_map(|it| &it.ledger.lines)
            .map(|it| it.price_as_of.clone())
            .filter(|it| !it.is_empty())
            .collect();
        price_dates.sort();
        price_dates.dedup();
        let rows = runs.zip(records).map(|(run, record)| Row {
            setting: run.setting,
            replicate: run.replicate,
            seed: experiment.seed_of(run).0,
            metrics: METRICS.iter().map(|metric| (metric.of)(&record)).collect(),
            record,
        });
        Self {
            name: experiment.name.clone(),
            axes: experiment.axes.clone(),
            settings: experiment.settings.iter().map(|it| it.setting.clone()).collect(),
            n_replicates: experiment.n_replicates,
            rows: rows.collect(),
            services: experiment.settings.first().map_or(Vec::new(), PlannedSetting::service_names),
            seed: experiment.seed.0,
            region: experiment.region.clone(),
            price_dates,
        }
    }

    /// The rows of one setting, replicates in order.
    pub fn rows_of(&self, setting: usize) -> &[Row] {
        let n = self.n_replicates as usize;
        &self.rows[setting * n..(setting + 1) * n]
    }

    /// The values of a metric over the replicates of a setting that have one.
    pub fn values(&self, setting: usize, metric: usize) -> Vec<f64> {
        self.rows_of(setting).iter().filter_map(|row| row.metrics[metric]).collect()
    }
}
