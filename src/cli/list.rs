//! `berthlab list`: the lists that everything else reads.

use std::collections::BTreeMap;
use std::io::{self, Write as _};

use super::Failure;
use super::args::{ListArgs, ListKind};
use crate::base::Diagnostic;
use crate::deployment::CONTROLLERS;
use crate::disruption::KINDS;
use crate::experiment::catalogue::{Catalogue, Size};
use crate::images::behavior::PULL_BEHAVIORS;
use crate::lint::LINTS;
use crate::metrics::METRICS;
use crate::model::options::{OPTIONS, OptionKind};
use crate::placement::constraints::CONSTRAINTS;
use crate::placement::strategies::STRATEGIES;
use crate::report::CHARTS;
use crate::trace::FORMATS;

pub(super) fn list(command: &ListArgs) -> Result<(), Failure> {
    let has_regions = matches!(command.kind, ListKind::InstanceTypes | ListKind::Prices);
    if command.region.is_some() && !has_regions {
        return Err(Failure::Usage("only `instance-types` and `prices` are of a region".to_owned()));
    }
    let regions = if has_regions { regions(command)? } else { Vec::new() };
    let mut rows: Vec<(String, String)> = match command.kind {
        ListKind::Strategies => pairs(STRATEGIES.iter().map(|it| (it.name, it.summary))),
        ListKind::Constraints => pairs(CONSTRAINTS.iter().map(|it| (it.name, it.summary))),
        ListKind::Controllers => pairs(CONTROLLERS.iter().map(|it| (it.name, it.summary))),
        ListKind::Metrics => {
            METRICS.iter().map(|it| (it.name.to_owned(), format!("{} [{}]", it.summary, it.unit))).collect()
        }
        ListKind::Charts => pairs(CHARTS.iter().map(|it| (it.name, it.summary))),
        ListKind::Formats => pairs(FORMATS.iter().map(|it| (it.name, it.summary))),
        ListKind::Disruptions => pairs(KINDS.iter().map(|it| (it.name, it.summary))),
        ListKind::PullBehaviors => pairs(PULL_BEHAVIORS.iter().map(|it| (it.name, it.summary))),
        ListKind::Lints => pairs(LINTS.iter().map(|it| (it.name, it.summary))),
        ListKind::InstanceTypes => instance_types(&regions),
        ListKind::Prices => prices(&regions),
        ListKind::Options => OPTIONS
            .iter()
            .map(|it| {
                let takes = match &it.kind {
                    OptionKind::Flag(_) => "true or false".to_owned(),
                    OptionKind::Duration(_) => "a duration".to_owned(),
                    OptionKind::Word(words, _) => words.join(" or "),
                    OptionKind::Share(_) => "a number above 0 and at most 1".to_owned(),
                    OptionKind::Ratio(_) => "a number above 0 and at most 1000".to_owned(),
                    OptionKind::Bytes(_) => "bytes such as \"60MB\" or \"6GiB\"".to_owned(),
                    OptionKind::BytesOrUnlimited(_) => "bytes or \"unlimited\"".to_owned(),
                };
                (it.name.to_owned(), format!("{}; {takes}, default {}", it.summary, it.default))
            })
            .collect(),
    };
    rows.retain(|it| command.filter.as_ref().is_none_or(|filter| it.0.contains(filter.as_str())));
    let width = rows.iter().map(|it| it.0.chars().count()).max().unwrap_or(0);
    let mut out = io::stdout().lock();
    for (name, summary) in rows {
        writeln!(out, "{name:width$}  {summary}")?;
    }
    Ok(())
}

fn pairs<'a>(rows: impl Iterator<Item = (&'a str, &'a str)>) -> Vec<(String, String)> {
    rows.map(|(name, summary)| (name.to_owned(), summary.to_owned())).collect()
}

/// Those that are asked for: one, or all that have a price.
fn regions(command: &ListArgs) -> Result<Vec<&str>, Failure> {
    let catalogue = Catalogue::built_in();
    let known: Vec<&str> = match command.kind {
        ListKind::InstanceTypes => catalogue.regions(),
        _ => catalogue.regions_with_prices().collect(),
    };
    let Some(asked) = &command.region else { return Ok(known) };
    if !known.contains(&asked.as_str()) {
        let fault = Diagnostic::new("B0119", format!("there are no prices of region `{asked}`"));
        return Err(Failure::Input(vec![fault.help_nearest(asked, known)]));
    }
    Ok(vec![asked])
}

fn instance_types(regions: &[&str]) -> Vec<(String, String)> {
    let catalogue = Catalogue::built_in();
    let row = |(name, size): (&str, Size)| {
        let price = |region: &&str| {
            let price = catalogue.on_demand(region, name)?;
            let spot = catalogue.spot(region, name);
            let spot = spot.map_or_else(String::new, |it| format!(", Spot {} ({})", it.usd, it.as_of));
            let advice = catalogue.spot_advice(region, name).map_or_else(String::new, |it| {
                let share = match (it.interrupted_from_percent, it.interrupted_to_percent) {
                    (from, 100) => format!("over {from}"),
                    (from, to) => format!("{from} to {to}"),
                };
                format!(", {share} % interrupted a month ({})", it.as_of)
            });
            Some(format!("{region} {} USD/h ({}){spot}{advice}", price.usd, price.as_of))
        };
        let prices: Vec<String> = regions.iter().filter_map(price).collect();
        (!prices.is_empty()).then(|| (name.to_owned(), format!("{}; {}", facts(size), prices.join("; "))))
    };
    catalogue.types().filter_map(row).collect()
}

/// One row an item, with its price in each region.
fn prices(regions: &[&str]) -> Vec<(String, String)> {
    let catalogue = Catalogue::built_in();
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for region in regions {
        for (item, price) in catalogue.prices_of(region) {
            found.entry(item).or_default().push(format!("{region} {} USD ({})", price.usd, price.as_of));
        }
    }
    found.into_iter().map(|(item, prices)| (item, prices.join("; "))).collect()
}

/// `4 vCPU, 16384 MiB, 1 GPU, 2 awsvpc tasks (10 with trunking)`.
fn facts(size: Size) -> String {
    let arm = if size.is_arm { " (Arm)" } else { "" };
    let gpus = match size.gpus {
        0 => String::new(),
        1 => ", 1 GPU".to_owned(),
        n => format!(", {n} GPUs"),
    };
    let tasks = if size.awsvpc_tasks == 1 { "task" } else { "tasks" };
    let trunking = size.awsvpc_tasks_trunking.map(|n| format!(" ({n} with trunking)"));
    format!(
        "{} vCPU{arm}, {}{gpus}, {} awsvpc {tasks}{}",
        size.vcpus,
        size.memory,
        size.awsvpc_tasks,
        trunking.unwrap_or_default()
    )
}
