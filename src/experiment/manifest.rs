//! What makes a result again: version, experiment, inputs by hash, seed. No
//! date, no machine: the same experiment has the same manifest.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::experiment::matrix::{Experiment, Run};
use crate::experiment::results::Results;

/// The version that made a result.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

#[derive(Serialize)]
struct Manifest<'a> {
    berthlab: &'a str,
    name: &'a str,
    experiment_file: &'a str,
    experiment: &'a str,
    overrides: &'a [String],
    inputs_blake3: &'a BTreeMap<String, String>,
    seed: u64,
    replicates: u32,
    region: &'a str,
    prices_as_of: &'a [String],
    axes: Vec<ManifestAxis<'a>>,
    runs: Vec<ManifestRun>,
}

#[derive(Serialize)]
struct ManifestAxis<'a> {
    name: &'a str,
    values: &'a [String],
}

#[derive(Serialize)]
struct ManifestRun {
    key: String,
    seed: u64,
    digest: String,
}

/// The manifest of a whole result, as JSON.
pub fn of(experiment: &Experiment, results: &Results) -> Vec<u8> {
    let runs = experiment.runs().zip(&results.rows).map(|(run, row)| ManifestRun {
        key: run_key(experiment, run),
        seed: row.seed,
        digest: format!("{:016x}", row.record.digest),
    });
    let manifest = Manifest {
        berthlab: VERSION,
        name: &experiment.name,
        experiment_file: &experiment.source.file,
        experiment: &experiment.source.text,
        overrides: &experiment.source.overrides,
        inputs_blake3: &experiment.inputs.hashes,
        seed: experiment.seed.0,
        replicates: experiment.n_replicates,
        region: &experiment.region,
        prices_as_of: &results.price_dates,
        axes: experiment.axes.iter().map(|it| ManifestAxis { name: &it.name, values: &it.values }).collect(),
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
