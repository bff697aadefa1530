//! `berthlab trace`: public traces in, synthetic ones out, statistics, fits.

use std::fs::File;
use std::io::{self, BufReader, Read as _, Write as _};
use std::path::Path;

use anyhow::Context as _;

use super::Failure;
use super::args::TraceCommand;
use super::run::read_source;
use crate::base::{Diagnostic, Seed, SimDuration};
use crate::experiment::inputs::TASKS_MAX;
use crate::experiment::profile::Profile;
use crate::experiment::text;
use crate::experiment::threads::AllThreads;
use crate::trace::{
    FORMATS, LoadSeries, ReadError, Trace, describe::describe, fit::fit_tasks, fit_load::fit_load, formats,
    native, native_parquet,
};

/// What a file of rows turned out to be.
pub(super) enum Recording {
    /// Stand-alone tasks.
    Tasks(Trace),
    /// A load over time.
    Load(LoadSeries),
}

pub(super) fn trace(command: &TraceCommand) -> Result<(), Failure> {
    match command {
        TraceCommand::Import { format, file, output } => {
            let format = FORMATS.iter().find(|it| it.name == format).ok_or_else(|| {
                let fault = Diagnostic::new("B0216", format!("`{format}` is not a trace format"));
                Failure::Input(vec![fault.help_nearest(format, FORMATS.iter().map(|it| it.name))])
            })?;
            let trace =
                (format.read)(&mut open(file)?, &shown(file), &AllThreads).map_err(|it| failure(file, it))?;
            write_trace(&trace, output)
        }
        TraceCommand::Generate { profile, horizon, scale, seed, output } => {
            let source = read_source(profile, Vec::new())?;
            let read =
                Profile::read(&source.text, &source.file).map_err(|fault| Failure::Input(vec![*fault]))?;
            let Profile::Tasks(profile) = read else {
                return Err(Failure::Usage(format!("{} is a profile of a load, not of tasks", source.file)));
            };
            let horizon = SimDuration::parse(horizon)
                .map_err(|error| Failure::Usage(format!("`{horizon}` is not {error}")))?;
            if !(*scale > 0.0 && *scale <= 1000.0) {
                return Err(Failure::Usage(format!("`{scale}` is not a number above 0 and at most 1000")));
            }
            let n_expected = profile.expected_tasks(horizon, *scale);
            if n_expected > TASKS_MAX as f64 {
                let message =
                    format!("{n_expected:.0} tasks are to be expected; at most {TASKS_MAX} are drawn");
                return Err(Failure::Input(vec![Diagnostic::new("B0153", message)]));
            }
            write_trace(&profile.generate(Seed(*seed), horizon, *scale), output)
        }
        TraceCommand::Fit { file, output } => {
            let profile = match read_any(file)? {
                Recording::Tasks(trace) => Profile::Tasks(Box::new(fit_tasks(&trace).ok_or_else(|| {
                    let message = format!("`{}` has too few tasks to fit a profile to", file.display());
                    Failure::Input(vec![Diagnostic::new("B0161", message)])
                })?)),
                Recording::Load(series) => Profile::Load(Box::new(fit_load(&series))),
            };
            let text = profile.write(&format!("Fitted to {}.", file.display()));
            write_whole(output, |out| out.write_all(text.as_bytes()))
        }
        TraceCommand::Describe { file } => {
            let Recording::Tasks(trace) = read_any(file)? else {
                return Err(Failure::Usage(format!(
                    "{} is a load series, not a trace of tasks",
                    file.display()
                )));
            };
            let rows = describe(&trace);
            let width = rows.iter().map(|it| it.0.chars().count()).max().unwrap_or(0);
            let mut out = io::stdout().lock();
            for (name, value) in rows {
                writeln!(out, "{name:width$}  {value}")?;
            }
            Ok(())
        }
    }
}

/// Reads a trace or a load series of any form that the lab knows.
pub(super) fn read_any(path: &Path) -> Result<Recording, Failure> {
    let mut start = Vec::new();
    open(path)?.take(4096).read_to_end(&mut start)?;
    let start = String::from_utf8_lossy(&start);
    let header = start.lines().next().unwrap_or("").trim_start_matches('\u{feff}');
    let is_load = header.split(',').any(|it| it.trim() == "value");
    let mut reader = open(path)?;
    let read = if is_load {
        LoadSeries::read(&mut reader, &shown(path)).map(Recording::Load)
    } else {
        formats::read_recognised(&mut reader, &shown(path), &AllThreads).map(|it| Recording::Tasks(it.1))
    };
    read.map_err(|error| failure(path, error))
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

fn open(path: &Path) -> Result<BufReader<File>, Failure> {
    let file = text::open(path).map_err(|error| {
        let message = format!("cannot read `{}`: {}", path.display(), text::reason(&error));
        Failure::Input(vec![Diagnostic::new("B0140", message)])
    })?;
    Ok(BufReader::with_capacity(1 << 16, file))
}

fn failure(path: &Path, error: ReadError) -> Failure {
    match error {
        ReadError::Content(found) => Failure::Input(found),
        ReadError::Io(error) => {
            let context = format!("reading `{}`", path.display());
            Failure::World(anyhow::Error::from(error).context(context))
        }
    }
}

/// In the lab's own form: as Parquet if the file is called so, else as CSV.
fn write_trace(trace: &Trace, output: &Path) -> Result<(), Failure> {
    let is_parquet = output.extension().is_some_and(|it| it.eq_ignore_ascii_case("parquet"));
    write_whole(output, |out| {
        if is_parquet { native_parquet::write(trace, out) } else { native::write(trace, out) }
    })?;
    writeln!(io::stdout(), "{} tasks in {} rows to {}", trace.n_tasks(), trace.rows.len(), output.display())?;
    Ok(())
}

/// Under a temporary name first: the file appears whole or not at all.
pub(super) fn write_whole(
    output: &Path,
    write: impl FnOnce(&mut io::BufWriter<&File>) -> io::Result<()>,
) -> Result<(), Failure> {
    let parent = output.parent().filter(|it| !it.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let context = || format!("writing {}", output.display());
    let file = tempfile::Builder::new().prefix(".partial-").tempfile_in(parent).with_context(context)?;
    let mut out = io::BufWriter::new(file.as_file());
    write(&mut out).and_then(|()| out.flush()).with_context(context)?;
    drop(out);
    file.persist(output).map_err(|it| it.error).with_context(context)?;
    Ok(())
}
