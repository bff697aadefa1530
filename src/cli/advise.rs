//! `berthlab advise`: which setting of a result to take.

use std::io::{self, Write as _};

use super::args::{AdviseArgs, AdviseMetric, OutputFormat};
use super::diagnostics::printable;
use super::redraw::read_result;
use super::run::screen_width;
use super::{Failure, table};
use crate::base::Diagnostic;
use crate::report::advice::{self, Question};

pub(super) fn advise(command: &AdviseArgs) -> Result<(), Failure> {
    let mut faults = Vec::new();
    let confidence_percent = percent(&command.confidence, "--confidence", 50.0..=99.9999, &mut faults);
    let Some(availability) = &command.availability else {
        let confidence_percent = confidence_percent.ok_or(Failure::Input(faults))?;
        return fleet(command, confidence_percent);
    };
    let target_percent = percent(availability, "--availability", 0.0..=100.0, &mut faults);
    let (Some(target_percent), Some(confidence_percent)) = (target_percent, confidence_percent) else {
        return Err(Failure::Input(faults));
    };
    let (results, _) = read_result(&command.folder)?;
    let metric = match command.metric {
        Some(AdviseMetric::AvailabilityPercent) => Some("availability_percent"),
        Some(AdviseMetric::RequestsServedPercent) => Some("requests_served_percent"),
        None => Question::metric_of(&results),
    };
    let has_it = |metric: &str| Question::has(&results, metric);
    let Some(metric) = metric.filter(|it| has_it(it)) else {
        let what = metric.unwrap_or("availability_percent");
        let folder = command.folder.display();
        let message = format!("the result in `{folder}` has no `{what}`: no run has measured it");
        let help = "a result without services has no availability, one without requests serves none";
        return Err(Failure::Input(vec![Diagnostic::new("B0175", message).help(help)]));
    };
    let advice = advice::advise(&results, Question { target_percent, metric, confidence_percent });
    let mut out = io::stdout().lock();
    match command.format {
        OutputFormat::Text => {
            for line in advice::text(&advice).lines() {
                writeln!(out, "{}", printable(line))?;
            }
            writeln!(out)?;
            write!(out, "{}", table::render(&advice::table(&advice, true), screen_width()))?;
        }
        OutputFormat::Json => writeln!(out, "{:#}", advice::json(&advice))?,
        OutputFormat::Csv => write!(out, "{}", advice::table(&advice, false).to_csv())?,
    }
    Ok(out.flush()?)
}

/// Without a target: the cheapest for the stand-alone tasks.
fn fleet(command: &AdviseArgs, confidence_percent: f64) -> Result<(), Failure> {
    let (results, _) = read_result(&command.folder)?;
    let Some(fleets) = advice::fleet::fleets(&results, confidence_percent) else {
        let folder = command.folder.display();
        let message =
            format!("the result in `{folder}` has no stand-alone tasks that were placed and paid for");
        let help = "say which availability its services shall hold: `--availability 99.9`";
        return Err(Failure::Input(vec![Diagnostic::new("B0175", message).help(help)]));
    };
    let mut out = io::stdout().lock();
    let table = advice::fleets_table(&fleets);
    match command.format {
        OutputFormat::Text => {
            for line in advice::fleets_text(&fleets).lines() {
                writeln!(out, "{}", printable(line))?;
            }
            writeln!(out)?;
            write!(out, "{}", table::render(&table, screen_width()))?;
        }
        OutputFormat::Json => writeln!(out, "{:#}", advice::fleets_json(&fleets))?,
        OutputFormat::Csv => write!(out, "{}", table.to_csv())?,
    }
    Ok(out.flush()?)
}

/// A number of percent as it was typed.
fn percent(
    typed: &str,
    option: &str,
    allowed: std::ops::RangeInclusive<f64>,
    faults: &mut Vec<Diagnostic>,
) -> Option<f64> {
    let found = typed.trim_end_matches('%').parse::<f64>().ok().filter(|it| allowed.contains(it));
    if found.is_none() {
        let (least, most) = (allowed.start(), allowed.end());
        let message = format!("`{option}` is `{typed}`, which is no number from {least} to {most}");
        faults.push(Diagnostic::new("B0107", message));
    }
    found
}
