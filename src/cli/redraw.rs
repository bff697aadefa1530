//! `berthlab report`: draws a result again from what it wrote down.

use std::io::{self, Write as _};
use std::path::Path;

use super::args::{Args, ReportArgs};
use super::diagnostics::printable;
use super::run::write_report;
use super::trace::write_whole;
use super::{Failure, run};
use crate::base::Diagnostic;
use crate::experiment::folder::{Existing, Folder, MANIFEST};
use crate::experiment::manifest::{self, Origin};
use crate::experiment::results::Results;
use crate::report::{self, About};

pub(super) fn redraw(command: &ReportArgs, args: &Args) -> Result<(), Failure> {
    let (results, about) = read_result(&command.folder)?;
    if let Some(file) = &command.infracost {
        return write_usage(&results, file, command.setting, args);
    }
    let about = About {
        version: about.version,
        experiment_file: about.experiment_file,
        command: about.command,
        more: Vec::new(),
    };
    let folder = Folder::open(&command.folder, Existing::Resume)?;
    write_report(&report::render(&results, &about), &folder)?;
    if !args.quiet {
        writeln!(io::stdout(), "report: {}", command.folder.join("index.html").display())?;
    }
    Ok(())
}

/// The usage file of a setting, counted from 1, or of the cheapest.
fn write_usage(results: &Results, file: &Path, setting: Option<usize>, args: &Args) -> Result<(), Failure> {
    let n = results.settings.len();
    let setting = match setting {
        Some(number) if (1..=n).contains(&number) => number - 1,
        Some(number) => {
            let message = format!("`--setting` is {number}, and the result has the settings 1 to {n}");
            return Err(Failure::Input(vec![Diagnostic::new("B0107", message)]));
        }
        None => report::infracost::cheapest(results).ok_or_else(|| {
            Failure::Input(vec![Diagnostic::new("B0175", "nothing was billed in this result")])
        })?,
    };
    let text = report::infracost::usage_file(results, setting);
    write_whole(file, |out| out.write_all(text.as_bytes()))?;
    if !args.quiet {
        let label = printable(&results.settings[setting].label);
        writeln!(io::stdout(), "usage: {} (setting {}: {label})", file.display(), setting + 1)?;
    }
    Ok(())
}

/// The result in a folder, with word of where it comes from.
pub(super) fn read_result(folder: &Path) -> Result<(Results, Origin), Failure> {
    let path = folder.join(MANIFEST);
    let source = run::read_source(&path, Vec::new())?;
    manifest::read(folder, &source.text).map_err(|message| {
        Failure::Input(vec![Diagnostic::new("B0160", format!("`{}`: {message}", path.display()))])
    })
}
