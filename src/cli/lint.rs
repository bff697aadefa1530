//! `berthlab lint`: problems that no validator sees, found without a run.

use std::io::{self, IsTerminal as _, Write as _};
use std::path::Path;

use super::args::{Args, CheckFormat, LintArgs};
use super::run::{folder_of, read_source};
use super::{Failure, check, diagnostics, no_color};
use crate::base::Diagnostic;
use crate::experiment::matrix;
use crate::lint::{self, Finding};

pub(super) fn lint(command: &LintArgs, args: &Args) -> Result<(), Failure> {
    let mut findings: Vec<Finding> = Vec::new();
    let mut faults: Vec<Diagnostic> = Vec::new();
    for file in &command.files {
        match lint_file(file) {
            Ok(of_file) => findings.extend(of_file),
            Err(Failure::Input(found)) => faults.extend(found),
            Err(other) => return Err(other),
        }
    }
    let outcome = match (faults.is_empty(), findings.is_empty()) {
        (true, true) => Ok(()),
        (true, false) => Err(Failure::Quiet(1)),
        (false, _) if command.format == CheckFormat::Json => Err(Failure::Quiet(3)),
        (false, _) => Err(Failure::Input(faults.clone())),
    };
    let mut out = io::stdout().lock();
    if command.format == CheckFormat::Json {
        let findings: Vec<_> = findings.iter().map(json).collect();
        let faults: Vec<_> = faults.iter().map(check::json).collect();
        writeln!(out, "{:#}", serde_json::json!({ "findings": findings, "faults": faults }))?;
    } else if findings.is_empty() {
        if faults.is_empty() && !args.quiet {
            let n = command.files.len();
            writeln!(out, "{n} {} without finding", if n == 1 { "file" } else { "files" })?;
        }
    } else {
        let is_styled = io::stdout().is_terminal() && !no_color();
        let found: Vec<Diagnostic> = findings.iter().map(Finding::diagnostic).collect();
        out.write_all(diagnostics::render_findings(&found, is_styled).as_bytes())?;
    }
    out.flush()?;
    outcome
}

fn lint_file(path: &Path) -> Result<Vec<Finding>, Failure> {
    let is_experiment = path.extension().is_some_and(|it| it.eq_ignore_ascii_case("toml"));
    if !is_experiment {
        let message = format!("`{}` is no experiment: expected a .toml file", path.display());
        return Err(Failure::Input(vec![Diagnostic::new("B0100", message)]));
    }
    let source = read_source(path, Vec::new())?;
    let experiment = matrix::read(source, folder_of(path)).map_err(Failure::Input)?;
    Ok(lint::lint(&experiment))
}

fn json(finding: &Finding) -> serde_json::Value {
    let mut object = check::json(&finding.diagnostic());
    object["lint"] = finding.lint().into();
    object["n_settings"] = finding.n_settings().into();
    object
}
