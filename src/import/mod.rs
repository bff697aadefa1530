//! A cluster as the service describes it, turned into an experiment: what
//! `aws ecs describe-…` printed goes in, the text of an experiment file and the
//! task definitions beside it come out. Pure: no file is opened here.
//!
//! The same files give the same text in whatever order they are named. What an
//! experiment cannot say is told in a note, which also stands as a comment at
//! its place; what makes an experiment impossible is a fault.

mod arn;
mod balancers;
mod capacity;
mod choice;
mod definitions;
mod deployments;
mod found;
mod groups;
mod instances;
mod placement;
mod services;
mod tasks;
mod text;

pub use capacity::PRICES_FILE;

use std::collections::BTreeSet;

use crate::base::Diagnostic;
use crate::documents::ecs::{self, Reading};
use definitions::Definitions;
use found::Found;
use text::Text;

/// A file with what one call printed.
#[derive(Clone, Debug)]
pub struct Input {
    /// As the user named it.
    pub file: String,
    /// All of it.
    pub text: String,
}

/// An experiment, not yet written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Imported {
    /// The experiment file.
    pub toml: String,
    /// Files for the folder [`DEFINITIONS_FOLDER`] beside it: name and text.
    pub definitions: Vec<(String, String)>,
    /// What the file [`PRICES_FILE`] beside it says, if the experiment names one.
    pub prices: Option<String>,
    /// What the experiment leaves out or takes for something else.
    pub notes: Vec<String>,
}

/// Where the experiment looks for its task definitions.
pub const DEFINITIONS_FOLDER: &str = "task-definitions";

/// Makes an experiment of the cluster that the files describe; of several, of
/// `cluster` (name or ARN), else of the one with the most services.
///
/// # Errors
///
/// Every fault of a file, or what an experiment needs and the files lack.
pub fn import(inputs: &[Input], cluster: Option<&str>) -> Result<Imported, Vec<Diagnostic>> {
    let mut inputs: Vec<&Input> = inputs.iter().collect();
    inputs.sort_by_key(|it| (&it.file, &it.text));
    let readings: Vec<Reading<'_>> = inputs.iter().map(|it| ecs::examine(&it.file, &it.text)).collect();
    let faults: Vec<Diagnostic> =
        readings.iter().flat_map(|it| &it.faults).map(|it| it.diagnostic.clone()).collect();
    if !faults.is_empty() {
        return Err(faults);
    }
    let mut faults = Vec::new();
    let found = Found::gather(&readings, &mut faults);
    let definitions = Definitions::gather(&readings, &mut faults);
    if !faults.is_empty() {
        return Err(faults);
    }
    let choice = choice::choose(&found, cluster).map_err(|it| vec![*it])?;
    let found = found.of_cluster(choice.arn.as_deref());

    let groups = groups::groups(&found, &definitions, &choice);
    let mut plan = services::plan(&found, &definitions, &groups, &choice, &mut faults);
    if plan.services.is_empty() && faults.is_empty() && groups.all.is_empty() {
        let message = "the files describe neither a service that can be played nor a container instance";
        faults.push(Diagnostic::new("B0502", message).help("`aws ecs describe-services` prints services"));
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    let mut prices = std::mem::take(&mut plan.prices);
    let region = choice.region_of_prices();
    let tasks = tasks::plan(&found, &definitions, &groups, &plan, region, &mut prices);

    let mut text = Text::default();
    let files: Vec<&str> = inputs.iter().map(|it| it.file.as_str()).collect();
    write_head(&files, &found, &choice, &prices, &mut text);
    let zones = zones(&groups, &tasks);
    instances::write_cluster(&choice, &zones, &mut text);
    instances::write_groups(&found, &groups, &choice, &mut text);
    tasks::write(&tasks, &definitions, &mut text);
    services::write(&plan, &definitions, &mut text);
    let used: BTreeSet<usize> = plan
        .services
        .iter()
        .map(|it| it.definition)
        .chain(tasks.tasks.iter().map(|it| it.definition))
        .collect();
    let (toml, notes) = text.finish();
    let definitions = used.into_iter().map(|idx| definitions.file(idx)).collect();
    Ok(Imported { toml, definitions, prices: prices.file(), notes })
}

fn write_head(
    files: &[&str],
    found: &Found<'_>,
    choice: &choice::Choice,
    prices: &capacity::FargatePrices,
    text: &mut Text,
) {
    text.comment("Made by `berthlab import ecs` from what the service described.");
    text.comment("");
    text.comment(&format!(
        "Found: services {}, container instances {}, tasks {}, capacity providers {}, clusters {}. Read from:",
        found.services.len(),
        found.instances.len(),
        found.tasks.len(),
        found.providers.len(),
        found.clusters.len()
    ));
    for file in files {
        text.comment(&format!("  {}", file.escape_debug()));
    }
    text.comment("");
    text.comment(
        "Not in these answers, and therefore not here: load and its scaling policies (desired counts stay as \
         they were found), limits of auto scaling groups, releases, how long stand-alone tasks run, sizes of \
         images. What was in them and could not be said stands below as `note:`.",
    );
    text.comment("Task definitions are copied whole, the values of their environment too.");
    if found.tasks.is_empty() {
        text.comment("No tasks were described: services start with none and place all of theirs at once.");
    }
    text.comment("");
    text.comment("To play it: `berthlab run` with this file; `berthlab check` names what is wrong with it.");
    text.open();
    for note in &choice.notes {
        text.note(note);
    }
    for note in found.failures.iter().chain(&found.pages) {
        text.note(note);
    }
    text.field("name", choice.experiment_name());
    text.field("horizon", "24h");
    match &choice.region {
        Some(region) => text.field("region", region.as_str()),
        None => text.note("no ARN names a region: prices are of us-east-1"),
    }
    for note in prices.notes() {
        text.note(note);
    }
    if prices.file().is_some() {
        text.field("prices", PRICES_FILE);
    }
}

/// Every zone that something stands in.
fn zones(groups: &groups::Groups<'_>, tasks: &tasks::Plan<'_>) -> Vec<String> {
    let of_instances = groups.machines().map(|it| it.zone.unwrap_or(&groups.default_zone));
    let of_tasks = tasks.tasks.iter().filter_map(|it| it.fargate_zone());
    let zones: BTreeSet<&str> = of_instances.chain(of_tasks).collect();
    zones.into_iter().map(str::to_owned).collect()
}
