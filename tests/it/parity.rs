//! Exact work: requests on a fixed pool by the rules of packing studies, held
//! against outcomes that other simulators reach (DSLab request by request, see the
//! parity set), against the bare loop of the benches, and against the slow model
//! of the parity set where that is there.
#![expect(clippy::print_stdout, reason = "a test that is skipped says so")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use berthlab::experiment::matrix::{self, Experiment, SourceText};
use berthlab::metrics::{METRICS, position};
use berthlab::record::RunRecord;
use berthlab::sim;
use sha2::{Digest as _, Sha256};

#[path = "../../benches/support/bare.rs"]
mod bare;
#[path = "../../benches/support/requests.rs"]
mod requests;

use bare::{Outcome, Rule, State};
use requests::Ask;

const RULES: [(Rule, &str); 3] =
    [(Rule::First, "first_fit"), (Rule::Best, "best_fit"), (Rule::Worst, "worst_fit")];
const T2K: Ask = Ask::of(2000, 20);
const T100K: Ask = Ask::of(100_000, 1000);
const T1M: Ask = Ask::of(1_000_000, 10_000);

/// Of each of the three rules: placed, rejected, peak hosts, machines and vCPU,
/// at the end machines, vCPU, GiB and hosts, thousandths of host hours and of
/// vCPU hours, digest.
type Row = ([u64; 9], u64, u64, u64);

const T2K_ON_20: [Row; 3] = [
    ([1926, 74, 20, 418, 1227, 389, 1171, 4652, 20], 6_517_991, 368_748_650, 0xE225_F3F3_0274_9A78),
    ([1919, 81, 20, 412, 1226, 394, 1189, 4720, 20], 6_498_682, 368_692_885, 0x9D1F_8DD6_A0D7_7881),
    ([1951, 49, 20, 439, 1186, 394, 1121, 4448, 20], 6_720_000, 353_912_900, 0xCA8E_5EC3_F608_6FDE),
];
const T100K_ON_1000: [Row; 3] = [
    (
        [99_455, 545, 1000, 18_840, 59_958, 18_676, 59_114, 238_458, 999],
        318_822_514,
        18_810_188_138,
        0xF327_E5D0_5F6B_ED0A,
    ),
    (
        [99_338, 662, 1000, 18_799, 59_923, 18_638, 59_096, 237_706, 999],
        319_238_349,
        18_805_607_815,
        0xC704_3A0D_1EE6_7929,
    ),
    (
        [98_131, 1869, 1000, 18_676, 53_998, 18_499, 52_798, 208_090, 1000],
        335_999_992,
        16_923_820_464,
        0x7249_579E_F2D5_1C05,
    ),
];
const T1M_ON_10000: [Row; 3] = [
    (
        [998_820, 1180, 10_000, 188_596, 603_713, 186_224, 596_607, 2_395_446, 9999],
        3_150_944_563,
        187_406_899_768,
        0xDDC8_8853_FD05_9D95,
    ),
    (
        [998_296, 1704, 10_000, 188_432, 601_303, 186_103, 594_639, 2_388_278, 9998],
        3_156_220_943,
        187_202_991_983,
        0xD04D_91D9_63FF_0BFE,
    ),
    (
        [982_636, 17_364, 10_000, 186_377, 534_470, 183_965, 527_767, 2_054_038, 10_000],
        3_359_999_997,
        168_855_218_332,
        0x0EC8_EAA3_5142_3B37,
    ),
];

#[test]
fn the_trace_that_comes_along_is_the_one_that_is_drawn() {
    let mut drawn = Vec::new();
    requests::write(&requests::draw(T2K), 0, &mut drawn).unwrap();
    let digest: String = Sha256::digest(&drawn).iter().map(|it| format!("{it:02x}")).collect();
    assert_eq!(digest, "69780fffe13bc5e8d104411542cde1265785f4524438557ccfba768afe77578e");
    let kept = fs::read(workloads().join("requests-2000.csv")).unwrap();
    assert!(kept == drawn, "workloads/parity/requests-2000.csv is another");
}

#[test]
fn two_thousand_requests_come_out_as_elsewhere() {
    // By the index, and by index and scan that are held against each other.
    for index in ["on", "checked"] {
        let played = play(&["cluster.instances=20", &format!("model.placement_index={index}")]);
        for ((_, name), row) in RULES.iter().zip(&T2K_ON_20) {
            assert_eq!(figures(&outcome_of(&played[*name])), *row, "{name}, {index}");
        }
    }
}

#[test]
fn the_columns_of_the_results_are_those_of_the_study() {
    let played = play(&["axes.placement=[\"best_fit\"]"]);
    let record = &played["best_fit"];
    let value = |name: &str| (METRICS[position(name).expect(name)].of)(record).expect("a value");
    let found = [
        "tasks_placed",
        "tasks_never_placed",
        "instances_in_use_peak",
        "tasks_peak",
        "reserved_vcpu_peak",
        "tasks_end",
        "reserved_vcpu_end",
        "reserved_gib_end",
        "instances_in_use_end",
        "instance_hours_in_use",
        "reserved_vcpu_hours",
    ]
    .map(value)
    .map(|it| format!("{it:.3}"));
    let expected = [1919.0, 81.0, 20.0, 412.0, 1226.0, 394.0, 1189.0, 4720.0, 20.0, 6498.682, 368_692.885];
    assert_eq!(found, expected.map(|it: f64| format!("{it:.3}")));
}

#[test]
fn an_overloaded_pool_and_rooms_freed_late_come_out_as_elsewhere() {
    let later = tempfile::tempdir().unwrap();
    let file = later.path().join("later.csv");
    let late_ms = 2400;
    requests::write(&requests::draw(T2K), late_ms, &mut fs::File::create(&file).unwrap()).unwrap();
    let trace = format!("workload.trace={}", file.display());
    let cases: [(&[&str], [(u64, u64, u64); 3]); 2] = [
        (
            &["cluster.instances=10"],
            [
                (983, 1017, 0xF72F_1C37_7DB3_BA4F),
                (989, 1011, 0x1071_5D16_7C7F_1F2D),
                (1087, 913, 0x03DF_FDBC_CEBF_68FC),
            ],
        ),
        (
            &[&trace],
            [
                (1927, 73, 0x788C_E1A7_F8C7_BD39),
                (1922, 78, 0x233D_529A_A5AA_6A22),
                (1954, 46, 0x6C0B_1D48_3DCC_19BE),
            ],
        ),
    ];
    for (overrides, expected) in cases {
        let played = play(overrides);
        for ((_, name), expected) in RULES.iter().zip(expected) {
            let record = &played[*name];
            let found = (record.tasks.placed, record.tasks.never_placed, record.placement_digest);
            assert_eq!(found, expected, "{name} with {overrides:?}");
        }
    }
}

/// The yardstick itself; the largest input only where it is quick.
#[test]
fn the_bare_loop_comes_out_as_elsewhere() {
    let mut inputs = vec![(T2K, T2K_ON_20), (T100K, T100K_ON_1000)];
    if cfg!(debug_assertions) {
        println!("skipped: a million requests without optimisation");
    } else {
        inputs.push((T1M, T1M_ON_10000));
    }
    for (ask, expected) in inputs {
        let requests = requests::draw(ask);
        for ((rule, name), row) in RULES.iter().zip(expected) {
            let outcome = bare::play(&requests, ask.n_hosts as usize, *rule, ask.horizon_s());
            assert_eq!(figures(&outcome), row, "{} requests, {name}", ask.n_requests);
        }
    }
}

/// What the bench of ratios compares is the same work.
#[test]
fn a_hundred_thousand_requests_come_out_as_elsewhere() {
    if cfg!(debug_assertions) {
        println!("skipped: a hundred thousand requests without optimisation");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("requests.csv");
    requests::write(&requests::draw(T100K), 0, &mut fs::File::create(&file).unwrap()).unwrap();
    let played = play(&[&format!("workload.trace={}", file.display()), "cluster.instances=1000"]);
    for ((_, name), row) in RULES.iter().zip(&T100K_ON_1000) {
        assert_eq!(figures(&outcome_of(&played[*name])), *row, "{name}");
    }
}

#[test]
fn other_seeds_and_pools_come_out_as_by_the_slow_model() {
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/parity");
    let (draw, model) = (scripts.join("gen_trace.py"), scripts.join("reference.py"));
    if !model.is_file() {
        println!("SKIPPED: no parity set beside the repository");
        return;
    }
    if Command::new("python3").arg("--version").output().is_err() {
        println!("SKIPPED: no python3");
        return;
    }
    for (n_requests, n_meant_for, n_hosts, seed) in [(600, 6, 6, 2), (700, 8, 7, 3), (500, 5, 65, 4)] {
        let folder = tempfile::tempdir().unwrap();
        let ask = Ask { seed, ..Ask::of(n_requests, n_meant_for) };
        let number = |it: u64| it.to_string();
        let arguments = ["--requests", &number(n_requests as u64), "--hosts", &number(n_meant_for)];
        let drawn = Command::new("python3")
            .arg(&draw)
            .args(arguments)
            .args(["--seed", &number(seed), "--out"])
            .arg(folder.path())
            .output()
            .unwrap();
        assert!(drawn.status.success(), "{}", String::from_utf8_lossy(&drawn.stderr));
        let file = folder.path().join("trace.csv");
        let requests = requests::draw(ask);
        let mut ours = Vec::new();
        requests::write(&requests, 0, &mut ours).unwrap();
        assert!(fs::read(&file).unwrap() == ours, "seed {seed} draws the same requests");

        let trace = format!("workload.trace={}", file.display());
        let played = play(&[&trace, &format!("cluster.instances={n_hosts}")]);
        for (rule, name) in RULES {
            let told = Command::new("python3")
                .arg(&model)
                .arg(folder.path())
                .args([&number(n_hosts), "--algorithm", name.split('_').next().unwrap()])
                .output()
                .unwrap();
            assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
            let told = told_by_model(&String::from_utf8_lossy(&told.stdout));
            let found = figures(&outcome_of(&played[name]));
            assert_eq!(found, told, "{name}, seed {seed}, {n_hosts} hosts");
            let bare = bare::play(&requests, n_hosts as usize, rule, ask.horizon_s());
            assert_eq!(figures(&bare), told, "the bare loop, {name}, seed {seed}, {n_hosts} hosts");
        }
    }
}

/// The API has no such strategies: a service that names one would be refused.
#[test]
fn a_service_may_not_name_what_ecs_has_not() {
    let text = |workload: &str, service: &str| {
        format!(
            "name = \"x\"\nhorizon = \"1h\"\n\
             [workload]\ntrace = \"requests-2000.csv\"\nplacement_strategy = \"{workload}\"\n\
             [cluster]\ninstances = 2\ninstance_type = \"m6i.large\"\n\
             [[service]]\nname = \"web\"\ndesired_count = 1\n\
             task_definition = {{ cpu = 256, memory = 512 }}\nplacement_strategy = \"{service}\"\n"
        )
    };
    let codes = |workload: &str, service: &str| -> Vec<&'static str> {
        let source =
            SourceText { file: "x.toml".to_owned(), text: text(workload, service), overrides: Vec::new() };
        match matrix::read(source, &workloads()) {
            Ok(_) => Vec::new(),
            Err(faults) => faults.iter().map(|it| it.code).collect(),
        }
    };
    for (_, name) in RULES {
        assert_eq!(codes(name, "binpack:cpu"), Vec::<&str>::new(), "{name} of stand-alone tasks");
        assert_eq!(codes("random", name), ["B0623"], "{name} of a service");
    }
}

/// `placed=… rejected=… … digest=…`
fn told_by_model(line: &str) -> Row {
    let told: BTreeMap<&str, &str> = line.split_whitespace().filter_map(|it| it.split_once('=')).collect();
    let count = |name: &str| told[name].parse::<u64>().expect(name);
    let hours = |name: &str| told[name].replace('.', "").parse::<u64>().expect(name);
    let counts = [
        "placed",
        "rejected",
        "peak_hosts",
        "peak_vms",
        "peak_vcpu",
        "end_vms",
        "end_vcpu",
        "end_mem_gib",
        "end_hosts",
    ];
    let digest = u64::from_str_radix(told["digest"], 16).expect("hexadecimal digits");
    (counts.map(count), hours("host_hours"), hours("vcpu_hours"), digest)
}

/// A record in the words of the bare loop.
fn outcome_of(record: &RunRecord) -> Outcome {
    let state = |it: &berthlab::record::Taken| State {
        hosts: it.instances,
        machines: it.tasks,
        vcpu: it.cpu_units / 1024,
        gib: it.memory_mib / 1024,
    };
    Outcome {
        n_placed: record.tasks.placed,
        n_rejected: record.tasks.never_placed,
        peak: state(&record.occupancy.peak),
        end: state(&record.occupancy.at_end),
        host_half_s: record.occupancy.instance_ms / 500,
        vcpu_half_s: record.reserved_cpu_ms / 1024 / 500,
        digest: record.placement_digest,
    }
}

fn figures(it: &Outcome) -> Row {
    let thousandths = |half_s: u64| (half_s * 1000 + 3600) / 7200;
    let counts = [
        it.n_placed,
        it.n_rejected,
        it.peak.hosts,
        it.peak.machines,
        it.peak.vcpu,
        it.end.machines,
        it.end.vcpu,
        it.end.gib,
        it.end.hosts,
    ];
    (counts, thousandths(it.host_half_s), thousandths(it.vcpu_half_s), it.digest)
}

fn workloads() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("workloads/parity")
}

/// The records of the experiment, by the value of its axis.
fn play(overrides: &[&str]) -> BTreeMap<String, RunRecord> {
    let experiment = read(overrides);
    let played = experiment.runs().map(|run| {
        let setting = &experiment.settings[run.setting];
        let seed = experiment.seed_of(run);
        let workload = experiment.inputs.workload(&experiment.workloads[setting.workload], seed);
        let name = experiment.axes[0].values[setting.setting.values[0]].clone();
        (name, sim::run(&setting.setup, &workload, seed))
    });
    played.collect()
}

fn read(overrides: &[&str]) -> Experiment {
    let file = workloads().join("parity.toml");
    let source = SourceText {
        file: file.display().to_string(),
        text: fs::read_to_string(&file).unwrap(),
        overrides: overrides.iter().map(|&it| it.to_owned()).collect(),
    };
    match matrix::read(source, &workloads()) {
        Ok(experiment) => experiment,
        Err(faults) => panic!("{faults:?}"),
    }
}
