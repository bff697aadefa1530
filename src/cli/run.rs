//! `berthlab run`: from a file to a report.

use std::io::{self, Write as _};
use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;

use super::args::{Args, OutputFormat, RunArgs};
use super::diagnostics::printable;
use super::progress::Progress;
use super::{Failure, table};
use crate::base::Diagnostic;
use crate::experiment::columns;
use crate::experiment::folder::{Existing, Folder, FolderError, MANIFEST};
use crate::experiment::manifest::{self, run_key};
use crate::experiment::matrix::{self, Experiment, Run, SourceText};
use crate::experiment::memory::{self, Footprint};
use crate::experiment::play::{self, Brake, Means, Outcome};
use crate::experiment::results::Results;
use crate::experiment::scenario::TasksSpec;
use crate::experiment::text::{self, TextError};
use crate::record::RunRecord;
use crate::report::headline::headline;
use crate::report::{self, About, tables};

/// Of a thread: what the first one of a process has.
const STACK_BYTES: usize = 8 << 20;

pub(super) fn run(command: &RunArgs, args: &Args) -> Result<(), Failure> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads(command)).stack_size(STACK_BYTES);
    let pool = pool.build().context("starting threads")?;
    let experiment = pool.install(|| read(command))?;
    let out = command.out.clone().unwrap_or_else(|| Path::new("reports").join(&experiment.name));
    if command.dry_run {
        let text = matrix_text(&experiment, &out) + &memory_text(&experiment, command);
        return Ok(io::stdout().write_all(text.as_bytes())?);
    }
    let existing = match (command.resume, command.force) {
        (true, _) => Existing::Resume,
        (_, true) => Existing::Replace,
        _ => Existing::Refuse,
    };
    let folder = Folder::open(&out, existing)?;
    let records = play(&experiment, &folder, &pool, command, args)?;
    let results = Results::of(&experiment, records);
    pool.install(|| write(&experiment, &results, &folder))?;
    print(&results, &folder, command.format, args.quiet)
}

/// Reads the experiment with what was typed.
fn read(command: &RunArgs) -> Result<Experiment, Failure> {
    let mut overrides = command.overrides.clone();
    overrides.extend(command.seed.map(|it| format!("seed={it}")));
    overrides.extend(command.replicates.map(|it| format!("replicates={it}")));
    let source = read_source(&command.experiment, overrides)?;
    matrix::read(source, folder_of(&command.experiment)).map_err(Failure::Input)
}

/// The text of an experiment file.
pub(super) fn read_source(path: &Path, overrides: Vec<String>) -> Result<SourceText, Failure> {
    let file = path.display().to_string();
    let read = text::open(path).map_err(TextError::from).and_then(|mut it| text::read(&mut it, &file));
    let text = read.map_err(|error| {
        Failure::Input(vec![match error {
            TextError::World(error) => {
                Diagnostic::new("B0100", format!("cannot read `{file}`: {}", text::reason(&error)))
            }
            TextError::Content(fault) => *fault,
        }])
    })?;
    Ok(SourceText { file, text, overrides })
}

/// What the paths of an experiment are relative to.
pub(super) fn folder_of(path: &Path) -> &Path {
    path.parent().unwrap_or(Path::new(""))
}

/// Plays all runs under the bar; Ctrl-C stops them and keeps what is finished.
fn play(
    experiment: &Experiment,
    folder: &Folder,
    pool: &rayon::ThreadPool,
    command: &RunArgs,
    args: &Args,
) -> Result<Vec<RunRecord>, Failure> {
    let brake = Arc::new(Brake::new());
    let pulled_by_hand = Arc::clone(&brake);
    ctrlc::set_handler(move || {
        if pulled_by_hand.is_pulled() {
            // Asked twice: at once. What is finished is on disk already.
            std::process::exit(130);
        }
        pulled_by_hand.pull();
    })
    .context("listening for Ctrl-C")?;

    let runs: Vec<Run> = experiment.runs().collect();
    let progress = Progress::new(runs.len() as u64, args.quiet);
    let memory = memory_limit(command);
    let n_at_once = play::gate(experiment, &runs, memory).0.at_once(n_threads(command));
    if n_at_once < n_threads(command).min(runs.len()) && !args.quiet {
        let limit = memory::shown(memory.unwrap_or(u64::MAX));
        let _ = writeln!(
            io::stderr(),
            "note: memory is the limit: {n_at_once} of {} threads play at first, within {limit}; `--memory` sets another limit",
            n_threads(command)
        );
    }
    let find = |run: Run| if command.resume { folder.find_run(&run_key(experiment, run)) } else { None };
    let keep = |run: Run, record: &RunRecord| folder.keep_run(&run_key(experiment, run), record);
    let means = Means { pool, memory };
    let outcomes = play::play(experiment, &runs, &means, &brake, &progress, find, keep);
    let (n_events, seconds) = progress.finish();

    let mut records = Vec::with_capacity(outcomes.len());
    let mut n_missing = 0;
    let mut error: Option<FolderError> = None;
    for outcome in outcomes {
        match outcome {
            Outcome::Done(record) => records.push(*record),
            Outcome::NotPlayed => n_missing += 1,
            Outcome::NotKept(it) => error = error.or(Some(it)),
        }
    }
    if let Some(error) = error {
        return Err(error.into());
    }
    if n_missing > 0 {
        let kept = format!(
            "{} of {} runs are finished and kept in {}",
            records.len(),
            runs.len(),
            folder.path().display()
        );
        return Err(Failure::Interrupted(format!("{kept}; `--resume` goes on with them")));
    }
    let timings = progress.timings();
    let mut text = String::from("run,wall_seconds,events,events_per_second\n");
    for (run, record) in runs.iter().zip(&records) {
        if let Some(seconds) = timings.get(&run.number) {
            let per_second = record.n_events as f64 / seconds.max(1e-9);
            text.push_str(&format!("{},{seconds:.6},{},{per_second:.0}\n", run.number, record.n_events));
        }
    }
    folder.write("timings.csv", text.as_bytes())?;
    if !args.quiet {
        let rate = n_events as f64 / seconds.max(1e-9) / 1e6;
        let n_played = timings.len();
        let _ = writeln!(
            io::stderr(),
            "{n_played} runs, {n_events} events in {seconds:.1} s ({rate:.2} M events/s)"
        );
    }
    Ok(records)
}

/// How many runs are played at once where memory is there: one a core, if
/// nobody says.
fn n_threads(command: &RunArgs) -> usize {
    let of_machine = || std::thread::available_parallelism().map_or(1, |it| it.get());
    command.jobs.map_or_else(of_machine, usize::from)
}

/// Bytes that runs may take together. A tenth of what is free is left to others
/// and to what is drawn of the results.
fn memory_limit(command: &RunArgs) -> Option<u64> {
    command.memory.or_else(|| memory::available_bytes().map(|it| it / 10 * 9))
}

/// Writes all files of a result; the manifest last.
pub(super) fn write(experiment: &Experiment, results: &Results, folder: &Folder) -> Result<(), Failure> {
    let about = About {
        version: manifest::VERSION.to_owned(),
        experiment_file: experiment.source.file.clone(),
        command: manifest::command(experiment),
        more: Vec::new(),
    };
    let report = report::render(results, &about);
    let columns = columns::of_results(results);
    let series = columns::of_series(results);
    folder.remove_manifest()?;
    folder.write("results.csv", &columns::to_csv(&columns))?;
    folder.write("results.parquet", &columns::to_parquet(&columns))?;
    folder.write("series.parquet", &columns::to_parquet(&series))?;
    write_report(&report, folder)?;
    folder.write(MANIFEST, &manifest::of(experiment, results))?;
    Ok(())
}

/// Writes page, charts and tables.
pub(super) fn write_report(report: &report::Report, folder: &Folder) -> Result<(), Failure> {
    // Each file waits for the disk: they wait together.
    let written = play::map_in_parallel(&report.charts, |chart| {
        folder.write(&format!("charts/{}.svg", chart.name), chart.svg.as_bytes())?;
        folder.write(&format!("charts/{}.png", chart.name), &chart.png)
    });
    written.into_iter().collect::<Result<(), FolderError>>()?;
    for (name, csv) in &report.tables {
        folder.write(&format!("tables/{name}"), csv.as_bytes())?;
    }
    folder.write("index.html", report.page.as_bytes())?;
    Ok(())
}

fn print(results: &Results, folder: &Folder, format: OutputFormat, is_quiet: bool) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match format {
        OutputFormat::Csv => out.write_all(&columns::to_csv(&columns::of_results(results)))?,
        OutputFormat::Json => {
            let text = serde_json::to_string_pretty(&json(results)).context("writing JSON")?;
            writeln!(out, "{text}")?;
        }
        OutputFormat::Text => {
            let headline = headline(results);
            for sentence in &headline.alarms {
                writeln!(out, "!! {}", printable(sentence))?;
            }
            for sentence in headline.cautions.iter().chain(&headline.answers) {
                writeln!(out, "{}", printable(sentence))?;
            }
            writeln!(out)?;
            let differences = tables::differences(results);
            let all = [Some(tables::summary(results)), Some(differences), tables::never_placeable(results)];
            for shown in all.iter().flatten().filter(|it| !it.rows.is_empty()) {
                writeln!(out, "{}", table::render(shown, screen_width()))?;
            }
            if !is_quiet {
                writeln!(out, "report: {}", folder.path().join("index.html").display())?;
            }
        }
    }
    Ok(out.flush()?)
}

/// How wide the screen is, if there is one.
pub(super) fn screen_width() -> Option<usize> {
    terminal_size::terminal_size_of(io::stdout()).map(|(width, _)| width.0.into())
}

fn json(results: &Results) -> serde_json::Value {
    let rows = results.rows.iter().map(|row| {
        let mut object = serde_json::Map::new();
        object.insert("setting".into(), results.settings[row.setting].label.clone().into());
        object.insert("replicate".into(), row.replicate.into());
        object.insert("seed".into(), row.seed.into());
        for (metric, value) in crate::metrics::METRICS.iter().zip(&row.metrics) {
            object.insert(metric.name.into(), value.map_or(serde_json::Value::Null, Into::into));
        }
        serde_json::Value::Object(object)
    });
    serde_json::json!({ "name": results.name, "seed": results.seed, "runs": rows.collect::<Vec<_>>() })
}

/// The matrix, its size, and what it will take.
fn matrix_text(experiment: &Experiment, out: &Path) -> String {
    let runs = experiment.runs();
    let mut text = format!(
        "{}: {} settings x {} replicates = {} runs, to {}\n",
        experiment.name,
        experiment.settings.len(),
        experiment.n_replicates,
        runs.len(),
        out.display()
    );
    for axis in &experiment.axes {
        text.push_str(&format!("  axis {}: {}\n", axis.name, printable(&axis.values.join(" | "))));
    }
    for spec in &experiment.workloads {
        let n = experiment.inputs.n_tasks(spec).expect("a checked experiment has read its files");
        let about = if matches!(spec.tasks, TasksSpec::Generate { .. }) { "about " } else { "" };
        text.push_str(&format!("  {about}{n} stand-alone tasks\n"));
        text.push_str(&format!("  {} services over {}\n", spec.services.len(), spec.horizon));
    }
    for setting in &experiment.settings {
        text.push_str(&format!("  {}\n", printable(&setting.setting.label)));
    }
    text
}

/// What runs take of memory, and how many may be played at once.
fn memory_text(experiment: &Experiment, command: &RunArgs) -> String {
    let runs: Vec<Run> = experiment.runs().collect();
    let footprints = experiment.footprints();
    let largest = footprints.iter().max_by_key(|it| it.total()).expect("there is a setting");
    let Footprint { workload, state, record } = *largest;
    let mut text = format!(
        "  memory of a run, at most about: {} while it is played, {} for its workload, {} for its record\n",
        memory::shown(state),
        memory::shown(workload),
        memory::shown(record)
    );
    let (limit, n_threads) = (memory_limit(command), n_threads(command).min(runs.len()));
    let n_at_once = play::gate(experiment, &runs, limit).0.at_once(n_threads);
    let within = limit.map_or("no known limit".to_owned(), memory::shown);
    let who = if n_at_once < n_threads { "memory is the limit" } else { "threads are the limit" };
    text.push_str(&format!("  {n_at_once} runs at once within {within}: {who}\n"));
    text
}
