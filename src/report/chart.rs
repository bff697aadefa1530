//! The contract of a chart: a picture of results. What all charts say the same
//! way stands here too.

use crate::experiment::results::Results;

use super::figure::Head;
use super::grouping::counted;

/// A kind of picture.
pub struct Chart {
    /// What the file is called and what is typed.
    pub name: &'static str,
    /// What stands above it.
    pub title: &'static str,
    /// One line of help.
    pub summary: &'static str,
    /// Draws it as SVG; `None` where the results have nothing for it.
    pub draw: fn(&Results) -> Option<String>,
}

/// The words above a chart: of which experiment, how many runs, and what is good.
pub(super) fn head(results: &Results, title: &str, direction: &str) -> Head {
    let mut name: String = results.name.chars().take(80).collect();
    if name.len() < results.name.len() {
        name.push('…');
    }
    let runs = format!(
        "{name}: {} × {}.",
        counted(results.settings.len(), "setting"),
        counted(results.n_replicates as usize, "replicate"),
    );
    Head { title: title.to_owned(), subtitle: vec![format!("{runs} {direction}")] }
}

/// What intervals in a chart mean.
pub(super) fn about_intervals(results: &Results) -> String {
    match results.n_replicates {
        0 | 1 => "A single replicate has no intervals.".to_owned(),
        n => format!(
            "Intervals: 95 % by Student's t over {n} replicates. Settings share the luck of a replicate: compare \
             two by their paired difference, not by whether their intervals overlap."
        ),
    }
}
