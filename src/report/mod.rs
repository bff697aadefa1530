//! Charts, tables and one page from results: pictures in files, numbers beside
//! them, and a page that works without a network. Nothing is written here;
//! whoever asks for a report puts it into a folder.

pub mod advice;
pub mod bill;
pub mod chart;
pub mod costs;
pub mod headline;
pub mod infracost;
pub mod lost_images;
pub mod lost_requests;
mod page;
pub mod placement_failures;
pub mod png;
pub mod release_scans;
pub mod render;
pub mod repositories;
pub mod rollouts;
pub mod scaling_activities;
pub mod speed;
pub mod tables;
pub mod task_failures;

mod availability;
mod binding_resource;
mod cost_by_group;
mod cost_frontier;
mod disrupted;
mod gap;
mod image_pulls;
mod images_over_time;
mod instances_over_time;
mod requests_over_time;
mod rollout;
mod rollout_frontier;
mod rollout_timeline;
mod service_scaling;
mod stranded;
mod wait_times;

mod canvas;
mod comparison;
mod figure;
mod grouping;
mod palette;
mod panels;
mod reasons;
mod rows;
mod scale;
mod tasks_over_time;
mod text;

#[doc(hidden)]
pub mod demo;

pub use chart::Chart;
pub use render::{About, RenderedChart, Report, render};
pub use tables::Table;

/// Every chart, in the order of the page.
pub const CHARTS: &[Chart] = &[
    cost_frontier::COST_FRONTIER,
    cost_by_group::COST_BY_GROUP,
    availability::AVAILABILITY,
    rollout_frontier::ROLLOUT_FRONTIER,
    rollout::ROLLOUT,
    requests_over_time::REQUESTS_OVER_TIME,
    rollout_timeline::ROLLOUT_TIMELINE,
    tasks_over_time::TASKS_OVER_TIME,
    service_scaling::SERVICE_SCALING,
    instances_over_time::INSTANCES_OVER_TIME,
    image_pulls::IMAGE_PULLS,
    images_over_time::IMAGES_OVER_TIME,
    binding_resource::BINDING_RESOURCE,
    stranded::STRANDED,
    gap::GAP,
    wait_times::WAIT_TIMES,
];

/// The position of the chart of this name in [`CHARTS`].
pub fn position(name: &str) -> Option<usize> {
    CHARTS.iter().position(|chart| chart.name == name)
}

#[cfg(test)]
mod tests;
