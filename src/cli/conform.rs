//! `berthlab conform`: documented-behaviour cases, each that comes out
//! otherwise, and how many there are of both.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::Failure;
use super::args::{CheckFormat, ConformArgs};
use super::check::json as json_of_fault;
use super::diagnostics::printable;
use super::run::read_source;
use crate::base::Diagnostic;
use crate::conform::{self, Judged, Report};
use crate::experiment::text;

pub(super) fn conform(command: &ConformArgs) -> Result<(), Failure> {
    let mut faults = Vec::new();
    let mut reports: Vec<(String, Report)> = Vec::new();
    for path in &command.paths {
        match files_of(path).and_then(|files| files.iter().map(|it| examine(it)).collect()) {
            Ok(more) => {
                let more: Vec<(String, Report)> = more;
                reports.extend(more);
            }
            Err(Failure::Input(found)) => faults.extend(found),
            Err(other) => return Err(other),
        }
    }
    for (_, report) in &mut reports {
        faults.append(&mut report.faults);
    }
    let n_passed: usize = reports.iter().map(|it| it.1.n_passed()).sum();
    let n_failed: usize = reports.iter().map(|it| it.1.n_failed()).sum();
    let failed = reports.iter().flat_map(|(file, report)| {
        report.judged.iter().filter(|it| !it.is_passed()).map(move |it| (file.as_str(), it))
    });
    let mut out = io::stdout().lock();
    if command.format == CheckFormat::Json {
        let found: Vec<_> = faults.iter().map(json_of_fault).collect();
        let differing: Vec<_> = failed.map(|(file, it)| json(file, it)).collect();
        let document = serde_json::json!({
            "passed": n_passed, "failed": n_failed, "differing": differing, "faults": found,
        });
        writeln!(out, "{document:#}")?;
        return match (faults.is_empty(), n_failed) {
            (false, _) => Err(Failure::Quiet(3)),
            (true, 0) => Ok(()),
            (true, _) => Err(Failure::Quiet(1)),
        };
    }
    for (file, it) in failed {
        out.write_all(printable_lines(&text(file, it)).as_bytes())?;
    }
    writeln!(out, "{n_passed} passed, {n_failed} failed")?;
    out.flush()?;
    match (faults.is_empty(), n_failed) {
        (false, _) => Err(Failure::Input(faults)),
        (true, 0) => Ok(()),
        (true, _) => Err(Failure::Quiet(1)),
    }
}

/// The file itself, or the `.json` files of a folder in the order of their
/// names.
fn files_of(path: &Path) -> Result<Vec<PathBuf>, Failure> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let fault = |code, message: String| Failure::Input(vec![Diagnostic::new(code, message)]);
    let shown = path.display();
    let unreadable =
        |error: io::Error| fault("B0100", format!("cannot read `{shown}`: {}", text::reason(&error)));
    let mut files = Vec::new();
    for entry in fs::read_dir(path).map_err(unreadable)? {
        let file = entry.map_err(unreadable)?.path();
        if file.extension().is_some_and(|it| it.eq_ignore_ascii_case("json")) && file.is_file() {
            files.push(file);
        }
    }
    if files.is_empty() {
        return Err(fault("B0610", format!("there is no .json file in `{shown}`")));
    }
    files.sort();
    Ok(files)
}

/// A file that cannot be read is one more fault; the others are judged.
fn examine(path: &Path) -> Result<(String, Report), Failure> {
    match read_source(path, Vec::new()) {
        Ok(source) => {
            let report = conform::examine(&source.file, &source.text);
            Ok((source.file, report))
        }
        Err(Failure::Input(faults)) => {
            Ok((path.display().to_string(), Report { judged: Vec::new(), faults }))
        }
        Err(other) => Err(other),
    }
}

fn text(file: &str, judged: &Judged) -> String {
    let mut text = format!("{file}: {}", judged.id);
    if !judged.title.is_empty() {
        text.push_str(&format!(": {}", judged.title));
    }
    text.push('\n');
    for difference in &judged.differences {
        text.push_str(&format!("  {}\n", difference.point));
        text.push_str(&format!("    expected {}\n", difference.expected));
        text.push_str(&format!("    came out {}\n", difference.found));
    }
    text
}

/// Control characters of a case must not reach a terminal.
fn printable_lines(text: &str) -> String {
    text.lines().map(|it| printable(it) + "\n").collect()
}

fn json(file: &str, judged: &Judged) -> serde_json::Value {
    let differences = judged
        .differences
        .iter()
        .map(|it| serde_json::json!({ "point": it.point, "expected": it.expected, "found": it.found }));
    serde_json::json!({
        "file": file,
        "id": judged.id,
        "title": judged.title,
        "differences": differences.collect::<Vec<_>>(),
    })
}
