//! The page of a report: the answer, the charts, the tables, and how to make it
//! again. It carries all it needs and is forbidden by its own policy to fetch
//! anything; the only script is its own, which sorts tables.

use askama::Template;

use crate::experiment::results::Results;
use crate::metrics::Direction;

use super::CHARTS;
use super::chart::Chart;
use super::headline::headline;
use super::render::{About, RenderedChart};
use super::tables::{Cell, Column, Table};
use super::text::printable;

/// Draws the page.
pub(super) fn page(
    results: &Results,
    about: &About,
    charts: &[RenderedChart],
    tables: &[(&str, Table)],
) -> String {
    // A name in the results cannot hold the hash of the results, so no name
    // can bring a script that the policy lets run.
    let mut hasher = blake3::Hasher::new();
    for chart in charts {
        hasher.update(chart.svg.as_bytes());
    }
    for (_, table) in tables {
        hasher.update(table.to_csv().as_bytes());
    }
    let nonce = hasher.finalize().to_hex()[..24].to_owned();
    let headline = headline(results);
    let page = Page {
        title: &printable(&results.name),
        nonce: &nonce,
        alarms: headline.alarms.iter().map(|it| sentence(it)).collect(),
        cautions: headline.cautions.iter().map(|it| sentence(it)).collect(),
        answers: headline.answers.iter().map(|it| sentence(it)).collect(),
        charts,
        not_drawn: CHARTS.iter().filter(|it| charts.iter().all(|drawn| drawn.name != it.name)).collect(),
        tables,
        origin: origin(results, about),
    };
    page.render().expect("text takes any text")
}

#[derive(Template)]
#[template(path = "report.html")]
struct Page<'a> {
    title: &'a str,
    nonce: &'a str,
    alarms: Vec<String>,
    cautions: Vec<String>,
    answers: Vec<String>,
    charts: &'a [RenderedChart],
    not_drawn: Vec<&'static Chart>,
    tables: &'a [(&'a str, Table)],
    origin: Vec<(String, String)>,
}

/// Keeps a number and its percent sign on one line.
fn sentence(text: &str) -> String {
    printable(text).replace(" %", "\u{a0}%")
}

/// How to make it again.
fn origin(results: &Results, about: &About) -> Vec<(String, String)> {
    let axes = results.axes.iter().map(|it| format!("{} ({})", it.name, it.values.join(", ")));
    let known = [
        ("experiment", results.name.clone()),
        ("file", about.experiment_file.clone()),
        ("made by", about.command.clone()),
        ("berthlab", about.version.clone()),
        ("seed", results.seed.to_string()),
        ("replicates", results.n_replicates.to_string()),
        ("settings", results.settings.len().to_string()),
        ("varied", axes.collect::<Vec<_>>().join("; ")),
        ("region", results.region.clone()),
        ("prices of", results.price_dates.join(", ")),
    ]
    .map(|(name, value)| (name.to_owned(), value));
    let mut origin = known.to_vec();
    origin.extend(about.more.iter().cloned());
    origin.retain(|(_, value)| !value.is_empty());
    origin.into_iter().map(|(name, value)| (printable(&name), printable(&value))).collect()
}

impl Page<'_> {
    /// What a column is sorted by: the bare number, or the text.
    fn sort_key(&self, cell: &Cell) -> String {
        match cell {
            Cell::Empty => String::new(),
            Cell::Text(text) => text.clone(),
            Cell::Number { value, .. } => value.to_string(),
        }
    }

    fn shown(&self, cell: &Cell) -> String {
        printable(&cell.to_string())
    }

    fn is_number(&self, cell: &Cell) -> bool {
        !matches!(cell, Cell::Text(_))
    }

    fn is_number_column(&self, table: &Table, idx: &usize) -> bool {
        table.rows.iter().all(|row| self.is_number(&row[*idx]))
    }

    fn better(&self, column: &Column) -> &'static str {
        match column.direction {
            Direction::LowerIsBetter => "lower is better",
            Direction::HigherIsBetter => "higher is better",
            Direction::Neutral => "",
        }
    }
}
