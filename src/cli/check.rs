//! `berthlab check`: every fault of every file, at once.

use std::io::{self, Write as _};
use std::path::Path;

use super::args::{Args, CheckArgs, CheckFormat};
use super::run::{folder_of, read_source};
use super::{Failure, trace};
use crate::base::Diagnostic;
use crate::documents::task_definition;
use crate::experiment::matrix;
use crate::experiment::profile::Profile;
use crate::experiment::tree::Node;

pub(super) fn check(command: &CheckArgs, args: &Args) -> Result<(), Failure> {
    let mut found = Vec::new();
    for file in &command.files {
        match check_file(file) {
            Ok(()) => (),
            Err(Failure::Input(faults)) => found.extend(faults),
            Err(other) => return Err(other),
        }
    }
    if command.format == CheckFormat::Json {
        let faults: Vec<_> = found.iter().map(json).collect();
        writeln!(io::stdout(), "{:#}", serde_json::json!({ "faults": faults }))?;
        return if found.is_empty() { Ok(()) } else { Err(Failure::Quiet(3)) };
    }
    if !found.is_empty() {
        return Err(Failure::Input(found));
    }
    if !args.quiet {
        let n = command.files.len();
        writeln!(io::stdout(), "{n} {} without fault", if n == 1 { "file" } else { "files" })?;
    }
    Ok(())
}

fn check_file(path: &Path) -> Result<(), Failure> {
    let extension = path.extension().and_then(|it| it.to_str()).unwrap_or("");
    match extension.to_ascii_lowercase().as_str() {
        "toml" => {
            let source = read_source(path, Vec::new())?;
            let is_profile =
                Node::parse(&source.file, &source.text).is_ok_and(|tree| tree.get("kind").is_some());
            if is_profile {
                let read = Profile::read(&source.text, &source.file);
                read.map(drop).map_err(|fault| Failure::Input(vec![*fault]))
            } else {
                matrix::read(source, folder_of(path)).map(drop).map_err(Failure::Input)
            }
        }
        "json" => {
            let source = read_source(path, Vec::new())?;
            let read = task_definition::read(&source.file, &source.text);
            read.map(drop).map_err(Failure::Input)
        }
        "csv" => trace::read_any(path).map(drop),
        _ => {
            let message =
                format!("`{}` is no file that can be checked: expected .toml, .json or .csv", path.display());
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
