//! Numbers beside the charts. A table is plain data: the terminal prints it, the
//! page renders it, and a spreadsheet reads it as CSV.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::base::stats::Estimate;
use crate::experiment::columns::harmless;
use crate::experiment::results::Results;
use crate::metrics::{self, Direction, METRICS};

use super::comparison::{absolute_difference, measured, percent_difference, settings_with, work_differs};
use super::scale::{is_drawable, number};

/// Rows of numbers with their names.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// What is shown.
    pub title: String,
    /// What must be known before it is read; a sentence each.
    pub notes: Vec<String>,
    /// From left to right.
    pub columns: Vec<Column>,
    /// From top to bottom, a cell for each column.
    pub rows: Vec<Vec<Cell>>,
}

/// A column of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// As a reader sees it, with the unit.
    pub title: String,
    /// As a program sees it, unit last: the name in the CSV.
    pub key: String,
    /// Which way is better.
    pub direction: Direction,
    /// One line of help; empty if the title says all.
    pub summary: String,
}

/// A cell of a table.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// There is no such thing.
    Empty,
    /// Words.
    Text(String),
    /// A number.
    Number {
        /// The value, or the mean.
        value: f64,
        /// Half the width of the 95 % interval.
        half_width: Option<f64>,
        /// Decimals worth showing.
        decimals: usize,
        /// Whether a value above zero is shown with its sign.
        is_change: bool,
    },
}

/// One row a setting: the main metrics as mean and half-width. Columns that no
/// run has a value for are left out.
pub fn summary(results: &Results) -> Table {
    const SHOWN: [&str; 19] = [
        "cost_usd",
        "cost_instances_usd",
        "cost_fargate_usd",
        "instance_hours",
        "gap_percent",
        "cost_gap_percent",
        "instances_peak",
        "availability_percent",
        "availability_worst_minute_percent",
        "requests_served_percent",
        "service_task_failures",
        "rollout_seconds_p50",
        "rollout_seconds_p95",
        "rollouts_deadlocked",
        "rollouts_rolled_back",
        "rollout_surge_usd",
        "wait_seconds_p95",
        "tasks_never_placed",
        "utilization_cpu_percent",
    ];
    /// Of the cost: worth a column where there are both.
    const PARTS: [&str; 2] = ["cost_instances_usd", "cost_fargate_usd"];
    /// Worth a column where there is some of the other.
    const ONLY_WITH: [(&str, &str); 4] = [
        ("service_task_failures", "service_task_failures"),
        ("tasks_never_placed", "tasks_submitted"),
        ("rollouts_rolled_back", "rollouts_rolled_back"),
        ("rollout_surge_usd", "rollout_surge_usd"),
    ];
    let n_settings = results.settings.len();
    let has = |name: &str| (0..n_settings).any(|setting| measured(results, setting, name).is_some());
    let is_above_zero = |name: &str| {
        (0..n_settings).any(|setting| measured(results, setting, name).is_some_and(|it| it.mean > 0.0))
    };
    // With one price for all instances it is the gap of the hours.
    let has_gap_of_cost = super::gap::is_cost_another(results);
    let is_split = PARTS.iter().all(|name| has(name));
    let metrics: Vec<usize> = SHOWN
        .into_iter()
        .filter(|name| has(name) && (is_split || !PARTS.contains(name)))
        .filter(|name| has_gap_of_cost || *name != "cost_gap_percent")
        .filter(|name| ONLY_WITH.iter().all(|(of, with)| of != name || is_above_zero(with)))
        .map(|name| metrics::position(name).expect("only metrics of the list are shown"))
        .collect();
    let mut columns = vec![
        Column::plain("#", "setting_number", "position of the setting; charts refer to it"),
        Column::plain("setting", "setting", ""),
    ];
    columns.extend(metrics.iter().map(|&it| Column {
        title: METRICS[it].name.replace('_', " "),
        key: METRICS[it].name.to_owned(),
        direction: METRICS[it].direction,
        summary: METRICS[it].summary.to_owned(),
    }));
    let rows = results.settings.iter().enumerate().map(|(setting, it)| {
        let mut row = vec![Cell::count(setting as u64 + 1), Cell::Text(it.label.clone())];
        row.extend(metrics.iter().map(|&metric| {
            let metric = &METRICS[metric];
            Cell::estimate(measured(results, setting, metric.name), metric.decimals, false)
        }));
        row
    });
    Table {
        title: "Settings".to_owned(),
        notes: [work_differs(results), Some(about_replicates(results))].into_iter().flatten().collect(),
        columns,
        rows: rows.collect(),
    }
}

/// Each value of an axis against the axis' first with the other axes pooled,
/// then each setting against the first setting, replicate by replicate.
pub fn differences(results: &Results) -> Table {
    const PERCENT: [(&str, &str, &str); 2] = [
        ("cost, %", "cost_change_percent", "cost_usd"),
        ("instance-hours, %", "instance_hours_change_percent", "instance_hours"),
    ];
    const POINTS: (&str, &str, &str) =
        ("availability, points", "availability_change_points", "availability_percent");

    let mut columns = vec![
        Column::plain("varied", "varied", "the axis whose values are compared; the other axes are pooled"),
        Column::plain("value", "value", ""),
        Column::plain("against", "against", "the baseline"),
    ];
    for (title, key, metric) in PERCENT.into_iter().chain([POINTS]) {
        let direction = METRICS[metrics::position(metric).expect("it is in the list")].direction;
        columns.push(Column {
            title: title.to_owned(),
            key: key.to_owned(),
            direction,
            summary: format!("paired difference of {metric}, replicate by replicate"),
        });
    }

    let mut rows = Vec::new();
    let mut compare = |varied: &str, value: &str, against: &str, baseline: &[usize], other: &[usize]| {
        let mut row: Vec<Cell> = [varied, value, against].map(|it| Cell::Text(it.to_owned())).into();
        row.extend(PERCENT.map(|(_, _, metric)| {
            Cell::estimate(percent_difference(results, metric, baseline, other), 2, true)
        }));
        row.push(Cell::estimate(absolute_difference(results, POINTS.2, baseline, other), 4, true));
        rows.push(row);
    };
    for (axis_idx, axis) in results.axes.iter().enumerate() {
        let baseline = settings_with(results, axis_idx, 0);
        for (value_idx, value) in axis.values.iter().enumerate().skip(1) {
            let other = settings_with(results, axis_idx, value_idx);
            compare(&axis.name, value, &axis.values[0], &baseline, &other);
        }
    }
    // With a single axis, its values are the settings.
    if results.axes.len() != 1 {
        for (idx, setting) in results.settings.iter().enumerate().skip(1) {
            compare("setting", &setting.label, &results.settings[0].label, &[0], &[idx]);
        }
    }
    let paired = "Paired: both sides met the same arrivals and failures in each replicate. Negative is less than \
                  the baseline.";
    Table {
        title: "Differences".to_owned(),
        notes: work_differs(results)
            .into_iter()
            .chain([paired.to_owned(), about_replicates(results)])
            .collect(),
        columns,
        rows,
    }
}

/// Task definitions that no instance could ever hold, with the reason; `None`
/// if there are none.
pub fn never_placeable(results: &Results) -> Option<Table> {
    /// Definition, CPU units, MiB, reason.
    type Need<'a> = (&'a str, u32, u32, &'a str);
    // For each the settings it fails in, and the most tasks of a run.
    let mut found: BTreeMap<Need<'_>, (BTreeSet<usize>, u64)> = BTreeMap::new();
    for row in &results.rows {
        for it in &row.record.never_placeable {
            let key = (it.definition.as_str(), it.cpu_units, it.memory_mib, it.reason.as_str());
            let (settings, n_tasks) = found.entry(key).or_default();
            settings.insert(row.setting);
            *n_tasks = (*n_tasks).max(it.n_tasks);
        }
    }
    if found.is_empty() {
        return None;
    }
    let rows = found.into_iter().map(|((definition, cpu_units, memory_mib, reason), (settings, n_tasks))| {
        vec![
            Cell::Text(definition.to_owned()),
            Cell::count(cpu_units.into()),
            Cell::count(memory_mib.into()),
            Cell::Text(reason.to_owned()),
            Cell::count(n_tasks),
            Cell::count(settings.len() as u64),
        ]
    });
    Some(Table {
        title: "Never placeable".to_owned(),
        notes: vec![
            "These tasks fit no instance of the cluster even when it is empty. They are not in the cost. \
             Counted over the whole run, the warm-up included."
                .to_owned(),
        ],
        columns: vec![
            Column::plain("task definition", "task_definition", ""),
            Column::plain("cpu units", "cpu_units", ""),
            Column::plain("memory, MiB", "memory_mib", ""),
            Column::plain("reason", "reason", ""),
            Column::plain("tasks (most in a run)", "n_tasks_max", ""),
            Column::plain("settings", "n_settings", "in how many settings"),
        ],
        rows: rows.collect(),
    })
}

impl Column {
    pub(super) fn plain(title: &str, key: &str, summary: &str) -> Self {
        Self {
            title: title.to_owned(),
            key: key.to_owned(),
            direction: Direction::Neutral,
            summary: summary.to_owned(),
        }
    }
}

impl Cell {
    pub(super) fn count(n: u64) -> Self {
        Self::Number { value: n as f64, half_width: None, decimals: 0, is_change: false }
    }

    pub(super) fn estimate(estimate: Option<Estimate>, decimals: usize, is_change: bool) -> Self {
        match estimate.filter(|it| is_drawable(it.mean)) {
            None => Self::Empty,
            Some(Estimate { mean, half_width, .. }) => Self::Number {
                value: mean,
                half_width: half_width.filter(|&it| is_drawable(it)),
                decimals,
                is_change,
            },
        }
    }
}

/// As a reader sees it: `12.34 ± 0.05`, `−7.1 ± 0.9`, `–` for nothing.
impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.pad("–"),
            Self::Text(text) => f.pad(text),
            Self::Number { value, half_width, decimals, is_change } => {
                let plus = if *is_change && *value > 0.0 { "+" } else { "" };
                let value = number(*value, *decimals);
                match half_width {
                    Some(it) => f.pad(&format!("{plus}{value} ± {}", number(*it, *decimals))),
                    None => f.pad(&format!("{plus}{value}")),
                }
            }
        }
    }
}

impl Table {
    /// As CSV. A column of estimates has a second one with the half-width of
    /// its interval. Text that a spreadsheet would take for a formula begins
    /// with an apostrophe (CWE-1236); numbers are in full and untouched.
    pub fn to_csv(&self) -> String {
        let has_interval: Vec<bool> = (0..self.columns.len())
            .map(|idx| {
                self.rows.iter().any(|row| matches!(row[idx], Cell::Number { half_width: Some(_), .. }))
            })
            .collect();
        let mut writer = csv::Writer::from_writer(Vec::new());
        let mut header = Vec::new();
        for (column, has_interval) in self.columns.iter().zip(&has_interval) {
            header.push(column.key.clone());
            if *has_interval {
                header.push(format!("{}_half_width_95", column.key));
            }
        }
        writer.write_record(&header).expect("memory takes any row");
        for row in &self.rows {
            let mut fields = Vec::new();
            for (cell, has_interval) in row.iter().zip(&has_interval) {
                let (value, half_width) = match cell {
                    Cell::Empty => (String::new(), String::new()),
                    Cell::Text(text) => (harmless(text), String::new()),
                    Cell::Number { value, half_width, .. } => {
                        (value.to_string(), half_width.map_or_else(String::new, |it| it.to_string()))
                    }
                };
                fields.push(value);
                if *has_interval {
                    fields.push(half_width);
                }
            }
            writer.write_record(&fields).expect("memory takes any row");
        }
        let bytes = writer.into_inner().expect("memory takes any row");
        String::from_utf8(bytes).expect("text in, text out")
    }
}

pub(super) fn about_replicates(results: &Results) -> String {
    match results.n_replicates {
        0 | 1 => "From a single replicate: there are no intervals.".to_owned(),
        n => format!("Mean ± half-width of the 95 % interval over {n} replicates."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_in_names_are_defused_and_numbers_are_not() {
        let text = |it: &str| Cell::Text(it.to_owned());
        let number = Cell::Number { value: -0.5, half_width: Some(0.25), decimals: 1, is_change: true };
        let table = Table {
            title: "t".to_owned(),
            notes: vec![],
            columns: vec![Column::plain("a", "a", ""), Column::plain("b", "b_usd", "")],
            rows: vec![
                vec![text("=1+1"), number],
                vec![text("@x"), Cell::Empty],
                vec![text("\tx"), Cell::count(3)],
                vec![text("a,\"b\""), text("-1")],
            ],
        };
        assert_eq!(
            table.to_csv(),
            "a,b_usd,b_usd_half_width_95\n'=1+1,-0.5,0.25\n'@x,,\n'\tx,3,\n\"a,\"\"b\"\"\",'-1,\n"
        );
        assert_eq!(table.rows[0][1].to_string(), "−0.5 ± 0.2");
    }
}
