//! Draws what the benches measured: events and placements a second by the size
//! of a run, and how the speed went from one recorded baseline to the next.
//!
//! ```text
//! cargo bench --bench scale
//! cargo run --release --example bench_charts [-- --baseline NAME] [--out FOLDER]
//! cargo run --release --example bench_charts -- --record DATE COMMIT
//! ```
//!
//! Reads Criterion's files of a baseline (`new`, the last sitting, if none is
//! named) below `target/criterion` and `benches/history.csv`. `--record` first
//! adds the baseline to that file. Writes SVG and PNG into a folder,
//! `target/bench-charts` if none is named, and nothing else.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail, ensure};
use berthlab::report::png::png;
use berthlab::report::speed::{Along, BaselineRow, MeasuredRun, by_size, history};
use serde_json::Value;

const HISTORY: &str = "benches/history.csv";
const HEAD: &str = "date,commit,bench,ns_per_element,yardstick_ns\n";
/// Of `benches/scale.rs`.
const YARDSTICK: &str = "scale/yardstick";
/// Points in a pixel of a picture: sharp on a screen of high density.
const ZOOM: f32 = 2.0;

/// What was typed.
struct Arguments {
    baseline: String,
    out: PathBuf,
    record: Option<(String, String)>,
}

/// One bench of a baseline.
struct Measured {
    /// `group/name`.
    name: String,
    /// Elements of an iteration.
    elements: u64,
    /// Nanoseconds of an iteration: lower end, median, upper end.
    nanoseconds: [f64; 3],
}

fn main() -> anyhow::Result<()> {
    let arguments = arguments(std::env::args().skip(1))?;
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    gather(&root.join("target/criterion"), &arguments.baseline, &mut found)?;
    found.sort_by(|one, other| one.name.cmp(&other.name));
    ensure!(!found.is_empty(), "no bench has the baseline `{}`: run cargo bench", arguments.baseline);

    let history_file = root.join(HISTORY);
    let mut rows = fs::read_to_string(&history_file).unwrap_or_else(|_| HEAD.to_owned());
    if let Some((date, commit)) = &arguments.record {
        rows.push_str(&recorded(&found, date, commit)?);
        fs::write(&history_file, &rows).with_context(|| format!("writing {HISTORY}"))?;
    }

    fs::create_dir_all(&arguments.out).with_context(|| format!("making {}", arguments.out.display()))?;
    let runs: Vec<MeasuredRun> = found.iter().filter_map(measured_run).collect();
    for (name, svg) in [
        ("speed_by_instances", by_size(&runs, Along::Instances)),
        ("speed_by_tasks", by_size(&runs, Along::Tasks)),
        ("speed_over_time", history(&baselines(&rows)?)),
    ] {
        let Some(svg) = svg else { continue };
        let picture = png(&svg, ZOOM)?;
        for (ending, bytes) in [("svg", svg.as_bytes()), ("png", &picture[..])] {
            let file = arguments.out.join(format!("{name}.{ending}"));
            fs::write(&file, bytes).with_context(|| format!("writing {}", file.display()))?;
            say(&file.display().to_string());
        }
    }
    Ok(())
}

#[expect(clippy::print_stdout, reason = "a program that reports")]
fn say(text: &str) {
    println!("{text}");
}

fn arguments(mut typed: impl Iterator<Item = String>) -> anyhow::Result<Arguments> {
    let mut arguments =
        Arguments { baseline: "new".to_owned(), out: PathBuf::from("target/bench-charts"), record: None };
    while let Some(flag) = typed.next() {
        let mut value = || typed.next().with_context(|| format!("`{flag}` wants a value"));
        match flag.as_str() {
            "--baseline" => arguments.baseline = value()?,
            "--out" => arguments.out = PathBuf::from(value()?),
            "--record" => arguments.record = Some((value()?, value()?)),
            other => bail!("`{other}` is not known: --baseline NAME, --out FOLDER, --record DATE COMMIT"),
        }
    }
    Ok(arguments)
}

/// Every bench below `folder` that has the baseline.
fn gather(folder: &Path, baseline: &str, found: &mut Vec<Measured>) -> anyhow::Result<()> {
    let Ok(entries) = fs::read_dir(folder) else { return Ok(()) };
    for entry in entries {
        let path = entry?.path();
        if !path.is_dir() {
            continue;
        }
        if path.file_name().is_some_and(|it| it == baseline) && path.join("estimates.json").exists() {
            found.extend(measured(&path).with_context(|| format!("reading {}", path.display()))?);
        } else {
            gather(&path, baseline, found)?;
        }
    }
    Ok(())
}

/// A bench without a number of elements is left out.
fn measured(folder: &Path) -> anyhow::Result<Option<Measured>> {
    let read = |name: &str| -> anyhow::Result<Value> {
        Ok(serde_json::from_str(&fs::read_to_string(folder.join(name))?)?)
    };
    let (bench, estimates) = (read("benchmark.json")?, read("estimates.json")?);
    let Some(elements) = bench["throughput"]["Elements"].as_u64() else { return Ok(None) };
    let name = ["group_id", "function_id", "value_str"].map(|it| bench[it].as_str());
    let name = name.into_iter().flatten().collect::<Vec<_>>().join("/");
    let median = &estimates["median"];
    let interval = &median["confidence_interval"];
    let numbers = [&interval["lower_bound"], &median["point_estimate"], &interval["upper_bound"]];
    let mut nanoseconds = [0.0; 3];
    for (to, from) in nanoseconds.iter_mut().zip(numbers) {
        *to = from.as_f64().context("estimates.json has no median with its interval")?;
    }
    Ok(Some(Measured { name, elements, nanoseconds }))
}

/// `scale/100 instances, 10000 tasks, events` as a run.
fn measured_run(bench: &Measured) -> Option<MeasuredRun> {
    let (instances, rest) = bench.name.strip_prefix("scale/")?.split_once(" instances, ")?;
    let (tasks, _) = rest.split_once(" tasks")?;
    Some(MeasuredRun {
        instances: instances.parse().ok()?,
        tasks: tasks.parse().ok()?,
        events: bench.elements,
        nanoseconds: bench.nanoseconds,
    })
}

/// The baseline as rows of the history, each with the yardstick of its sitting.
fn recorded(found: &[Measured], date: &str, commit: &str) -> anyhow::Result<String> {
    let is_plain = |it: &str| !it.is_empty() && !it.contains([',', '"', '\n']);
    ensure!(is_plain(date) && is_plain(commit), "date and commit are words without commas");
    let yardstick = found.iter().find(|it| it.name == YARDSTICK);
    let yardstick = yardstick.with_context(|| format!("`{YARDSTICK}` was not measured: --bench scale"))?;
    let mut rows = String::new();
    for bench in found.iter().filter(|it| it.name != YARDSTICK) {
        let name = bench.name.replace([',', '"'], "");
        let ns = bench.nanoseconds[1] / bench.elements.max(1) as f64;
        writeln!(rows, "{date},{commit},{name},{ns:.2},{:.2}", yardstick.nanoseconds[1])?;
    }
    Ok(rows)
}

fn baselines(text: &str) -> anyhow::Result<Vec<BaselineRow>> {
    let row = |(idx, line): (usize, &str)| {
        let fields: Vec<&str> = line.split(',').collect();
        let [date, commit, bench, ns, yardstick] = fields[..] else {
            bail!("{HISTORY}, line {}: five fields are expected", idx + 1)
        };
        let number = |it: &str| {
            it.parse().with_context(|| format!("{HISTORY}, line {}: `{it}` is no number", idx + 1))
        };
        Ok(BaselineRow {
            date: date.to_owned(),
            commit: commit.to_owned(),
            bench: bench.to_owned(),
            ns_per_element: number(ns)?,
            yardstick_ns: number(yardstick)?,
        })
    };
    text.lines().enumerate().skip(1).filter(|it| !it.1.is_empty()).map(row).collect()
}
