//! A report as a value: the page, the charts and the tables, ready to be
//! written. The same results give the same bytes.

use crate::experiment::play::map_in_parallel;
use crate::experiment::results::Results;

use super::advice::{self, fleet};
use super::page::page;
use super::png::png;
use super::{
    CHARTS, bill, costs, lost_images, lost_requests, placement_failures, release_scans, repositories,
    rollouts, scaling_activities, tables, task_failures,
};

/// Points of a picture in a pixel of a chart: sharp on a dense screen.
const ZOOM: f32 = 2.0;

/// Where the results come from, in words: how to make them again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct About {
    /// Of this program.
    pub version: String,
    /// The experiment's file as it was named.
    pub experiment_file: String,
    /// What to type to make the report again; empty if unknown.
    pub command: String,
    /// More of the kind, as pairs of a name and a value: `model`, `workload`.
    pub more: Vec<(String, String)>,
}

/// All that a report consists of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// One self-contained page.
    pub page: String,
    /// Those charts for which the results have something.
    pub charts: Vec<RenderedChart>,
    /// Tables as file name and CSV.
    pub tables: Vec<(String, String)>,
}

/// A chart in two forms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RenderedChart {
    /// Its name in [`CHARTS`]: the file name without its ending.
    pub name: &'static str,
    /// What stands above it.
    pub title: &'static str,
    /// As lines.
    pub svg: String,
    /// As points.
    pub png: Vec<u8>,
}

/// Draws all charts and tables of `results`.
pub fn render(results: &Results, about: &About) -> Report {
    let drawn = map_in_parallel(CHARTS, |chart| {
        let svg = (chart.draw)(results)?;
        let png = png(&svg, ZOOM).expect("our own drawings can be drawn");
        Some(RenderedChart { name: chart.name, title: chart.title, svg, png })
    });
    let charts: Vec<RenderedChart> = drawn.into_iter().flatten().collect();
    let all = [
        ("summary.csv", Some(tables::summary(results))),
        ("differences.csv", Some(tables::differences(results)).filter(|it| !it.rows.is_empty())),
        ("fleets.csv", fleet::fleets(results, 95.0).map(|it| advice::fleets_table(&it))),
        ("bill.csv", bill::bill(results)),
        ("cost_by_service.csv", costs::by_service(results)),
        ("cost_by_strategy.csv", costs::by_strategy(results)),
        ("commitments.csv", costs::commitments(results)),
        ("lost_images.csv", lost_images::lost_images(results)),
        ("images.csv", repositories::repositories(results)),
        ("rollouts.csv", rollouts::rollouts(results)),
        ("phases.csv", rollouts::phases(results)),
        ("scaling_activities.csv", scaling_activities::scaling_activities(results)),
        ("release_scans.csv", release_scans::release_scans(results)),
        ("lost_requests.csv", lost_requests::lost_requests(results)),
        ("task_failures.csv", task_failures::task_failures(results)),
        ("placement_failures.csv", placement_failures::placement_failures(results)),
        ("never_placeable.csv", tables::never_placeable(results)),
    ];
    let all: Vec<(&str, tables::Table)> =
        all.into_iter().filter_map(|(name, table)| Some((name, table?))).collect();
    Report {
        page: page(results, about, &charts, &all),
        tables: all.iter().map(|(name, table)| ((*name).to_owned(), table.to_csv())).collect(),
        charts,
    }
}
