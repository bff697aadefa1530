//! `berthlab report`: draws a result again from what it wrote down.

use std::io::{self, Write as _};
use std::path::Path;

use super::args::{Args, ReportArgs};
use super::run::write_report;
use super::{Failure, run};
use crate::base::Diagnostic;
use crate::experiment::folder::{Existing, Folder, MANIFEST};
use crate::experiment::manifest::{self, Origin};
use crate::experiment::results::Results;
use crate::report::{self, About};

pub(super) fn redraw(command: &ReportArgs, args: &Args) -> Result<(), Failure> {
    let (results, about) = read_result(&command.folder)?;
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

/// The result in a folder, with word of where it comes from.
pub(super) fn read_result(folder: &Path) -> Result<(Results, Origin), Failure> {
    let path = folder.join(MANIFEST);
    let source = run::read_source(&path, Vec::new())?;
    manifest::read(folder, &source.text).map_err(|message| {
        Failure::Input(vec![Diagnostic::new("B0160", format!("`{}`: {message}", path.display()))])
    })
}
