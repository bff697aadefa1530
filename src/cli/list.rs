//! `berthlab list`: the lists that everything else reads.

use std::io::{self, Write as _};

use super::Failure;
use super::args::{ListArgs, ListKind};
use crate::deployment::CONTROLLERS;
use crate::experiment::catalogue::{Catalogue, Size};
use crate::lint::LINTS;
use crate::metrics::METRICS;
use crate::model::options::{OPTIONS, OptionKind};
use crate::placement::constraints::CONSTRAINTS;
use crate::placement::strategies::STRATEGIES;
use crate::report::CHARTS;
use crate::trace::FORMATS;

pub(super) fn list(command: &ListArgs) -> Result<(), Failure> {
    let rows: Vec<(String, String)> = match command.kind {
        ListKind::Strategies => pairs(STRATEGIES.iter().map(|it| (it.name, it.summary))),
        ListKind::Constraints => pairs(CONSTRAINTS.iter().map(|it| (it.name, it.summary))),
        ListKind::Controllers => pairs(CONTROLLERS.iter().map(|it| (it.name, it.summary))),
        ListKind::Metrics => {
            METRICS.iter().map(|it| (it.name.to_owned(), format!("{} [{}]", it.summary, it.unit))).collect()
        }
        ListKind::Charts => pairs(CHARTS.iter().map(|it| (it.name, it.summary))),
        ListKind::Formats => pairs(FORMATS.iter().map(|it| (it.name, it.summary))),
        ListKind::Lints => pairs(LINTS.iter().map(|it| (it.name, it.summary))),
        ListKind::InstanceTypes => instance_types(),
        ListKind::Options => OPTIONS
            .iter()
            .map(|it| {
                let takes = match &it.kind {
                    OptionKind::Flag(_) => "true or false".to_owned(),
                    OptionKind::Duration(_) => "a duration".to_owned(),
                    OptionKind::Word(words, _) => words.join(" or "),
                    OptionKind::Share(_) => "a number above 0 and at most 1".to_owned(),
                };
                (it.name.to_owned(), format!("{}; {takes}, default {}", it.summary, it.default))
            })
            .collect(),
    };
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

fn instance_types() -> Vec<(String, String)> {
    let catalogue = Catalogue::built_in();
    let regions = catalogue.regions();
    let row = |(name, size): (&str, Size)| {
        let price = |region: &&str| {
            let (price, as_of) = catalogue.price(region, name)?;
            Some(format!("{region} {price} USD/h ({as_of})"))
        };
        let prices: Vec<String> = regions.iter().filter_map(price).collect();
        (name.to_owned(), format!("{}; {}", facts(size), prices.join(", ")))
    };
    catalogue.types().map(row).collect()
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
