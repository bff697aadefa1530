//! The real trace, where it is: what fits no instance is said, and the run goes
//! on.

use std::path::{Path, PathBuf};

use berthlab::base::Seed;
use berthlab::experiment::matrix::{self, SourceText};
use berthlab::record::RunRecord;
use berthlab::sim;

#[test]
fn ten_machines_fit_no_m6i_4xlarge_and_the_run_goes_on() {
    let Some(record) = play("m6i.4xlarge") else { return };
    assert_eq!(record.tasks.submitted, 259_159);
    assert_eq!(record.tasks.never_placeable, 10);
    assert_eq!(record.never_placeable.iter().map(|it| it.n_tasks).sum::<u64>(), 10);
    assert_eq!(record.tasks.placed + record.tasks.never_placed, 259_159);
    // All but those ten and the last few minutes' arrivals found room.
    assert!(record.tasks.never_placed < 1000, "{} never placed", record.tasks.never_placed);
}

#[test]
fn as_many_as_24_810_fit_no_m6i_xlarge() {
    let Some(record) = play("m6i.xlarge") else { return };
    assert_eq!((record.tasks.submitted, record.tasks.never_placeable), (259_159, 24_810));
}

/// One run of the experiment over the trace; `None`, and a word, without it.
fn play(instance_type: &str) -> Option<RunRecord> {
    let workloads = Path::new(env!("CARGO_MANIFEST_DIR")).join("workloads");
    let file = workloads.join("azure-vm-2017.toml");
    let trace: PathBuf = workloads.join("../../shared/data/traces/azure-vm-2017/vm-requests-days-20-24.csv");
    if !trace.exists() {
        println!("skipped: there is no {}", trace.display());
        return None;
    }
    let overrides = [
        format!("cluster.capacity_provider.general.instance_type={instance_type}"),
        "axes={}".to_owned(),
        "warm_up=0s".to_owned(),
        "replicates=1".to_owned(),
    ];
    let source = SourceText {
        file: file.display().to_string(),
        text: std::fs::read_to_string(&file).unwrap(),
        overrides: overrides.into(),
    };
    let experiment = match matrix::read(source, &workloads) {
        Ok(experiment) => experiment,
        Err(faults) => panic!("{faults:?}"),
    };
    let run = experiment.runs().next().unwrap();
    let setting = &experiment.settings[run.setting];
    let workload = experiment.inputs.workload(&experiment.workloads[setting.workload], Seed(1));
    Some(sim::run(&setting.setup, &workload, Seed(1)))
}
