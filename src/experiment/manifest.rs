//! What makes a result again: version, experiment, inputs by hash, seed. No
//! date, no machine: the same experiment has the same manifest.

use std::collections::BTreeMap;

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::experiment::axes::{Axis, Setting};
use crate::experiment::folder;
use crate::experiment::matrix::{Experiment, Run};
use crate::experiment::results::{Results, Row};
use crate::metrics::METRICS;

/// The version that made a result.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

#[derive(Serialize, Deserialize)]
struct Manifest {
    berthlab: String,
    name: String,
    command: String,
    experiment_file: String,
    experiment: String,
    overrides: Vec<String>,
    inputs_blake3: BTreeMap<String, String>,
    seed: u64,
    replicates: u32,
    region: String,
    prices_as_of: Vec<String>,
    services: Vec<String>,
    axes: Vec<Axis>,
    settings: Vec<Setting>,
    runs: Vec<ManifestRun>,
}

#[derive(Serialize, Deserialize)]
struct ManifestRun {
    key: String,
    seed: u64,
    digest: String,
}

/// Where a result comes from.
pub struct Origin {
    /// The version that made it.
    pub version: String,
    /// The experiment's file as it was named.
    pub experiment_file: String,
    /// What to type to make it again.
    pub command: String,
}

/// The manifest of a whole result, as JSON.
pub fn of(experiment: &Experiment, results: &Results) -> Vec<u8> {
    let runs = experiment.runs().zip(&results.rows).map(|(run, row)| ManifestRun {
        key: run_key(experiment, run),
        seed: row.seed,
        digest: format!("{:016x}", row.record.digest),
    });
    let manifest = Manifest {
        berthlab: VERSION.to_owned(),
        name: experiment.name.clone(),
        command: command(experiment),
        experiment_file: experiment.source.file.clone(),
        experiment: experiment.source.text.clone(),
        overrides: experiment.source.overrides.clone(),
        inputs_blake3: experiment.inputs.hashes.clone(),
        seed: experiment.seed.0,
        replicates: experiment.n_replicates,
        region: experiment.region.clone(),
        prices_as_of: results.price_dates.clone(),
        services: results.services.clone(),
        axes: experiment.axes.clone(),
        settings: results.settings.clone(),
        runs: runs.collect(),
    };
    let mut text = serde_json::to_vec_pretty(&manifest).expect("a manifest is text and numbers");
    text.push(b'\n');
    text
}

/// Names a run by everything it depends on: two runs with equal keys are equal.
pub fn run_key(experiment: &Experiment, run: Run) -> String {
    let setting = &experiment.settings[run.setting];
    let mut hasher = blake3::Hasher::new();
    let seed = experiment.seed_of(run).0.to_string();
    for part in [VERSION, &experiment.region, &setting.identity, &seed] {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    for (file, hash) in &experiment.inputs.hashes {
        hasher.update(file.as_bytes());
        hasher.update(hash.as_bytes());
    }
    hasher.finalize().to_hex()[..32].to_owned()
}

/// What to type to play the experiment again.
pub fn command(experiment: &Experiment) -> String {
    let overrides = experiment.source.overrides.iter().map(|it| format!(" --set {}", quoted(it)));
    let overrides: String = overrides.collect();
    format!("berthlab run {}{overrides}", quoted(&experiment.source.file))
}

/// A word as a shell takes it for one.
fn quoted(word: &str) -> String {
    let is_plain = |it: u8| it.is_ascii_alphanumeric() || b"-_./=:,+".contains(&it);
    if !word.is_empty() && word.bytes().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// The results of a folder from its manifest and the runs kept beside it.
///
/// # Errors
///
/// What is wrong or missing, in words.
pub fn read(path: &Path, text: &str) -> Result<(Results, Origin), String> {
    let manifest: Manifest = serde_json::from_str(text).map_err(|error| format!("no manifest: {error}"))?;
    if manifest.replicates == 0 {
        return Err("the manifest has no replicates".to_owned());
    }
    let n_replicates = manifest.replicates as usize;
    let is_of_axes = |setting: &Setting| {
        setting.values.len() == manifest.axes.len()
            && setting.values.iter().zip(&manifest.axes).all(|(value, axis)| *value < axis.values.len())
    };
    if !manifest.settings.iter().all(is_of_axes) {
        return Err("the manifest has a setting that its axes do not have".to_owned());
    }
    if manifest.runs.len() != manifest.settings.len() * n_replicates {
        return Err("the manifest has not as many runs as settings and replicates make".to_owned());
    }
    let mut rows = Vec::with_capacity(manifest.runs.len());
    for (number, run) in manifest.runs.iter().enumerate() {
        let record = folder::read_run(path, &run.key).ok_or_else(|| format!("run {} is missing", run.key))?;
        rows.push(Row {
            setting: number / n_replicates,
            replicate: (number % n_replicates) as u32,
            seed: run.seed,
            metrics: METRICS.iter().map(|metric| (metric.of)(&record)).collect(),
            record,
        });
    }
    let results = Results {
        name: manifest.name,
        axes: manifest.axes,
        settings: manifest.settings,
        n_replicates: manifest.replicates,
        rows,
        services: manifest.services,
        seed: manifest.seed,
        region: manifest.region,
        price_dates: manifest.prices_as_of,
    };
    let origin = Origin {
        version: manifest.berthlab,
        experiment_file: manifest.experiment_file,
        command: manifest.command,
    };
    Ok((results, origin))
}
