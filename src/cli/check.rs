//! `berthlab check`: every fault of every file, at once.

use std::io::{self, IsTerminal as _, Write as _};
use std::path::Path;

use super::args::{Args, CheckArgs, CheckFormat};
use super::run::{folder_of, read_source};
use super::{Failure, diagnostics, no_color, trace};
use crate::base::Diagnostic;
use crate::documents::faults::Fault;
use crate::documents::{ecs, policy};
use crate::experiment::matrix;
use crate::experiment::profile::Profile;
use crate::experiment::tree::Node;
use crate::model::query::Expression;

/// What is wrong with a file, and what is only odd.
#[derive(Default)]
struct Found {
    faults: Vec<Diagnostic>,
    warnings: Vec<Diagnostic>,
}

pub(super) fn check(command: &CheckArgs, args: &Args) -> Result<(), Failure> {
    let mut found = Found::default();
    for file in &command.files {
        match check_file(file) {
            Ok(of_file) => {
                found.faults.extend(of_file.faults);
                found.warnings.extend(of_file.warnings);
            }
            Err(Failure::Input(faults)) => found.faults.extend(faults),
            Err(other) => return Err(other),
        }
    }
    if command.format == CheckFormat::Json {
        let list = |found: &[Diagnostic]| found.iter().map(json).collect::<serde_json::Value>();
        let report = serde_json::json!({ "faults": list(&found.faults), "warnings": list(&found.warnings) });
        writeln!(io::stdout(), "{report:#}")?;
        return if found.faults.is_empty() { Ok(()) } else { Err(Failure::Quiet(3)) };
    }
    if !found.warnings.is_empty() {
        let is_styled = io::stderr().is_terminal() && !no_color();
        io::stderr().write_all(diagnostics::render_warnings(&found.warnings, is_styled).as_bytes())?;
    }
    if !found.faults.is_empty() {
        return Err(Failure::Input(found.faults));
    }
    if !args.quiet {
        let n = command.files.len();
        writeln!(io::stdout(), "{n} {} without fault", if n == 1 { "file" } else { "files" })?;
    }
    Ok(())
}

fn check_file(path: &Path) -> Result<Found, Failure> {
    let extension = path.extension().and_then(|it| it.to_str()).unwrap_or("");
    let without_fault = |()| Found::default();
    match extension.to_ascii_lowercase().as_str() {
        "toml" => {
            let source = read_source(path, Vec::new())?;
            let is_profile =
                Node::parse(&source.file, &source.text).is_ok_and(|tree| tree.get("kind").is_some());
            if is_profile {
                let read = Profile::read(&source.text, &source.file);
                read.map(drop).map(without_fault).map_err(|fault| Failure::Input(vec![*fault]))
            } else {
                let read = matrix::read(source, folder_of(path));
                read.map(drop).map(without_fault).map_err(Failure::Input)
            }
        }
        "json" => {
            let source = read_source(path, Vec::new())?;
            if policy::is_policy(&source.text) {
                let reading = policy::examine(&source.file, &source.text);
                return Ok(Found { faults: reading.faults, warnings: reading.warnings });
            }
            let reading = ecs::examine(&source.file, &source.text);
            let diagnostics = |it: Vec<Fault>| it.into_iter().map(|it| it.diagnostic).collect();
            Ok(Found { faults: diagnostics(reading.faults), warnings: diagnostics(reading.warnings) })
        }
        "cql" => {
            let source = read_source(path, Vec::new())?;
            // Editors end a file with a line break, which is no part of the expression.
            let expression = source.text.trim_end_matches(['\r', '\n']);
            let read = Expression::parse(expression);
            read.map(drop)
                .map(without_fault)
                .map_err(|error| Failure::Input(vec![error.diagnostic(&source.file, expression)]))
        }
        "csv" | "parquet" => trace::read_any(path).map(drop).map(without_fault),
        _ => {
            let message = format!(
                "`{}` is no file that can be checked: expected .toml, .json, .cql, .csv or .parquet",
                path.display()
            );
            Err(Failure::Input(vec![Diagnostic::new("B0100", message)]))
        }
    }
}

/// A fault as one object.
pub(super) fn json(fault: &Diagnostic) -> serde_json::Value {
    let place = fault.place.as_ref();
    serde_json::json!({
        "code": fault.code,
        "message": fault.message,
        "file": place.map(|it| it.file.clone()),
        "line": place.map(|it| it.line),
        "column": place.map(|it| it.column),
        "help": fault.help,
    })
}
