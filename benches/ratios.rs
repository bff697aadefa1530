//! The ratios by which the speed of the simulator is judged, measured in one run on
//! one machine and printed as one table: what, the ratio, what it must reach.
//!
//! ```text
//! cargo bench --bench ratios                    # everything, minutes after the build
//! cargo bench --bench ratios -- engine memory   # rows with these words in their group
//! cargo bench --bench ratios -- --test          # outcomes only, on a small input
//! ```
//!
//! Groups: `engine` (the simulator against the bare loop of `support/bare.rs`, which
//! does the same work and nothing else), `model` (the whole of ECS against none of
//! it), `threads`, `memory`, `csv`, `parquet`. Inputs are drawn by `support/requests.rs`
//! into `target/tmp`; the rows on Azure's trace need it beside the repository and are
//! left out where it is not. Ratios of the queue are in `queue`, those of placement
//! in `placement`.
//!
//! The two sides of a ratio are measured in turn, five times each, and the ratio is
//! that of their medians. What one thread does is timed by the processor
//! time of that thread, so that other work on the machine is not counted, though it
//! still takes its share of the caches; rows of the group `threads` are of the
//! clock on the wall and want a machine that does nothing else. Every piece of work
//! is checked: the two sides of the group `engine` must place every request alike.

use std::fmt::Write as _;
use std::fs::File;
use std::hint::black_box;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use berthlab::base::{Seed, SimDuration};
use berthlab::experiment::matrix::{self, Experiment, Run, SourceText};
use berthlab::experiment::play::{Audience, Brake, Means, Outcome, play};
use berthlab::experiment::threads::AllThreads;
use berthlab::model::workload::Workload;
use berthlab::record::RunRecord;
use berthlab::sim;
use berthlab::trace::{OneThread, formats, read_recognised};
use rayon::ThreadPoolBuilder;

mod support;
use support::bare::{self, Rule};
use support::parquet_files;
use support::requests::{self, Ask, Request};

const N_TIMES: usize = 5;
/// What takes longer than this is measured once.
const PATIENCE_NS: f64 = 20e9;
const T2K: Ask = Ask::of(2000, 20);
const T100K: Ask = Ask::of(100_000, 1000);
const T1M: Ask = Ask::of(1_000_000, 10_000);
const T10M: Ask = Ask::of(10_000_000, 10_000);

const AZURE: &str = "../shared/data/traces/azure-vm-2017/vm-requests-days-20-24.csv";

/// Services behind load balancers, on described images, scaled by the group and
/// released again and again.
const WHOLE_MODEL: &str = r#"
name = "whole-model"
horizon = "24h"
seed = 3

[cluster]
availability_zones = ["us-east-1a", "us-east-1b", "us-east-1c"]

[[cluster.capacity_provider]]
name = "general"
instance_type = "m6i.4xlarge"
min_size = 10
max_size = 400
security_groups = ["instances"]

[[security_group]]
name = "instances"
inbound = [{ protocol = "tcp", ports = "0-65535", source = "0.0.0.0/0" }]

[[target_group]]
name = "web"
target_type = "instance"
health_check_interval_seconds = 10
deregistration_delay = "30s"

[[load_balancer]]
name = "front"
security_groups = ["instances"]
listeners = [{ port = 443, target_group = "web" }]

[[repository]]
name = "app"

[[repository.image]]
tags = ["{n}"]
age = "1d"
repeat = { every = "1h", times = 24 }
layers = [{ digest = "base", size = "200MB" }, { digest = "app-{n}", size = "30MB" }]

[[service]]
name = "web"
task_definition = "task-definitions/web.json"
desired_count = 600
load_balancers = [{ target_group = "web", container_name = "nginx", container_port = 80 }]
health_check_grace_period_seconds = 60
release = [
    { at = "4h", image = "app:2" },
    { at = "8h", image = "app:3" },
    { at = "12h", image = "app:4" },
    { at = "16h", image = "app:5" },
    { at = "20h", image = "app:6" },
]

[[service.container]]
name = "nginx"
answers_after = "8s"

[[service]]
name = "api"
task_definition = { cpu = 512, memory = 1024, image = "app:1" }
desired_count = 300
deployment_configuration = "50/100"
release = [
    { at = "3h", image = "app:7" },
    { at = "9h", image = "app:8" },
    { at = "15h", image = "app:9" },
    { at = "21h", image = "app:10" },
]
"#;

/// Azure's machines as stand-alone tasks; `{model}` is what differs.
const AZURE_TASKS: &str = r#"
name = "azure-tasks"
horizon = "84h"
seed = 2017
{top}

[workload]
trace = "{trace}"
placement_strategy = "binpack:cpu"
{workload}

[cluster]
[[cluster.capacity_provider]]
name = "general"
instance_type = "m6i.4xlarge"
min_size = 3
max_size = 5000
{model}
"#;

const WITHOUT_DURATIONS: &str = r#"
[model]
quotas = "off"
replacement_period = 0
agent_poll = 0
image_pull = 0
container_create = 0
container_start = 0
exit_time = 0
eni_attach = 0
eni_detach = 0
instance_boot = 0
"#;

const WITH_EVERYTHING: &str = r#"
[[repository]]
name = "app"

[[repository.image]]
tags = ["1"]
age = "1d"
layers = [{ digest = "base", size = "200MB" }, { digest = "app", size = "30MB" }]

[[disruption]]
kind = "instance_failure"
mean_time_to_failure = "90d"
"#;

/// Sixteen runs.
const SWEEP: &str = r#"
name = "sweep"
horizon = "24h"
seed = 7
replicates = 2

[workload.generate]
profile = "profiles/azure-vm-2017.toml"
scale = 0.4

[cluster]
[[cluster.capacity_provider]]
name = "general"
instance_type = "m6i.4xlarge"
min_size = 3
max_size = 400

[[service]]
name = "web"
task_definition = { cpu = 1024, memory = 2048 }
desired_count = 40
release = [{ at = "6h", image = "web:2" }, { at = "12h", image = "web:3" }]

[axes]
placement = [
    "binpack:cpu",
    "spread:attribute:ecs.availability-zone,binpack:memory",
    "spread:attribute:ecs.availability-zone,spread:instanceId",
    "random",
]
deployment = ["50/100", "100/200"]
"#;

#[expect(clippy::print_stdout, reason = "a bench reports")]
fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        ["--child", "memory", file, n_hosts] => return println!("{}", memory_of(file, n_hosts)),
        ["--child", "sweep", axes, n_threads] => return println!("{}", sweep(axes, n_threads)),
        _ => (),
    }
    if support::is_test() {
        check();
        return;
    }
    let asked: Vec<&str> = words.iter().copied().filter(|it| !it.starts_with('-')).collect();
    let mut table = Table::default();
    let groups: [(&str, fn(&mut Table)); 6] = [
        ("engine", engine),
        ("model", model),
        ("threads", threads),
        ("memory", memory),
        ("csv", csv),
        ("parquet", parquet),
    ];
    for (name, measure) in groups {
        if asked.is_empty() || asked.iter().any(|it| name.contains(it)) {
            measure(&mut table);
        }
    }
    print!("{}", table.text());
}

/// The lines of what is printed in the end.
#[derive(Default)]
struct Table {
    rows: Vec<[String; 3]>,
}

impl Table {
    /// A row that is told at once as well.
    #[expect(clippy::print_stderr, reason = "a bench reports")]
    fn add(&mut self, what: impl Into<String>, value: String, must: &str) {
        let row = [what.into(), value, must.to_owned()];
        eprintln!("{}: {} (must reach: {})", row[0], row[1], row[2]);
        self.rows.push(row);
    }

    fn text(&self) -> String {
        let mut text = "\n| what | ratio | must reach |\n|---|--:|--:|\n".to_owned();
        for [what, value, must] in &self.rows {
            let _ = writeln!(text, "| {what} | {value} | {must} |");
        }
        text
    }
}

// --- engine ------------------------------------------------------------------

/// The simulator plays the requests of the bare loop.
fn engine(table: &mut Table) {
    for (ask, name) in [(T100K, "100,000 requests on 1,000"), (T1M, "1,000,000 on 10,000")] {
        let requests = requests::draw(ask);
        let file = written("requests", ask, &requests);
        let [mut bare_ns, mut run_ns, mut read_ns] = [(); 3].map(|()| Vec::new());
        let mut n_events = 0;
        for _ in 0..N_TIMES {
            let started = support::cpu_ns();
            let outcome = bare::play(black_box(&requests), hosts(ask), Rule::Best, ask.horizon_s());
            bare_ns.push(support::cpu_ns() - started);

            let started = support::cpu_ns();
            let (experiment, workload) = best_fit(&file, ask.n_hosts);
            read_ns.push(support::cpu_ns() - started);
            let started = support::cpu_ns();
            let record = sim::run(&experiment.settings[0].setup, &workload, Seed(1));
            run_ns.push(support::cpu_ns() - started);
            assert_eq!(record.placement_digest, outcome.digest, "both place every request alike");
            assert_eq!(record.tasks.placed, outcome.n_placed);
            n_events = record.n_events;
            if run_ns[0] > PATIENCE_NS {
                break;
            }
        }
        let [bare_ns, run_ns, read_ns] = [bare_ns, run_ns, read_ns].map(median);
        let a_request = |ns: f64| ns / ask.n_requests as f64;
        table.add(
            format!("engine against bare loop, best fit, {name}"),
            format!("{:.2} ({:.0} / {:.0} ns)", run_ns / bare_ns, a_request(run_ns), a_request(bare_ns)),
            "≤ 2.5",
        );
        table.add(
            format!("the same with reading ({:.0} ns a request)", a_request(read_ns)),
            format!("{:.2}", (run_ns + read_ns) / bare_ns),
            "≤ 3",
        );
        table.add(format!("engine, {name}: ns an event"), format!("{:.0}", run_ns / n_events as f64), "–");
        yardstick(table, ask, &requests, a_request(bare_ns));
    }
}

/// The bare loop against one decision by the plain scan.
fn yardstick(table: &mut Table, ask: Ask, requests: &[Request], bare_ns: f64) {
    let (vcpu, gib) = columns_when_full(ask, requests);
    let coming = &requests[requests.len() - 1000..];
    let mut scan_ns = Vec::new();
    for _ in 0..N_TIMES {
        let started = support::cpu_ns();
        for it in coming {
            black_box(bare::scan(black_box(&vcpu), black_box(&gib), (it.vcpu, it.gib)));
        }
        scan_ns.push((support::cpu_ns() - started) / coming.len() as f64);
    }
    let scan_ns = median(scan_ns);
    let must = if ask.n_hosts == 10_000 { "≥ 15" } else { "–" };
    table.add(
        format!("one decision by the scan of {} hosts against a request of the bare loop", ask.n_hosts),
        format!("{:.0} ({scan_ns:.0} / {bare_ns:.0} ns)", scan_ns / bare_ns),
        must,
    );
}

/// What hosts have free once those that stand at second 0 are placed.
fn columns_when_full(ask: Ask, requests: &[Request]) -> (Vec<u32>, Vec<u32>) {
    let mut pool = bare::Pool::new(hosts(ask));
    let mut vcpu = vec![requests::HOST_VCPU; hosts(ask)];
    let mut gib = vec![requests::HOST_GIB; hosts(ask)];
    for it in requests.iter().take_while(|it| it.arrival_s == 0) {
        if let Some(host) = pool.choose(Rule::Best, it.vcpu, it.gib) {
            assert_eq!(bare::scan(&vcpu, &gib, (it.vcpu, it.gib)), Some(host), "both choose alike");
            pool.place(host, it.vcpu, it.gib);
            vcpu[host] -= it.vcpu;
            gib[host] -= it.gib;
        }
    }
    (vcpu, gib)
}

// --- model -------------------------------------------------------------------

/// What the model of ECS costs beside none.
fn model(table: &mut Table) {
    let requests = requests::draw(T100K);
    let file = written("requests", T100K, &requests);
    let (parity, parity_workload) = best_fit(&file, T100K.n_hosts);
    let whole = read(WHOLE_MODEL.to_owned(), "", &[]);
    let whole_workload = workload_of(&whole);
    let [(whole_ns, record), (parity_ns, parity_record)] =
        against([(&whole, &whole_workload), (&parity, &parity_workload)]);
    let [whole_ns, parity_ns] =
        [(whole_ns, record.n_events), (parity_ns, parity_record.n_events)].map(|(ns, n)| ns / n as f64);
    table.add(
        format!("whole model, {} events, against parity, per event", record.n_events),
        format!("{:.2} ({whole_ns:.0} / {parity_ns:.0} ns)", whole_ns / parity_ns),
        "≤ 2.5",
    );

    let trace = Path::new(env!("CARGO_MANIFEST_DIR")).join(AZURE);
    if !trace.is_file() {
        table.add("Azure's tasks, everything on against no durations", "no trace here".to_owned(), "≤ 4");
        return;
    }
    let text = |top: &str, workload: &str, model: &str| {
        let filled = AZURE_TASKS.replace("{trace}", &trace.display().to_string());
        filled.replace("{top}", top).replace("{workload}", workload).replace("{model}", model)
    };
    let on = read(text("", "image = \"app:1\"", WITH_EVERYTHING), "", &[]);
    let off = read(text("", "", WITHOUT_DURATIONS), "", &[]);
    let workloads = [&on, &off].map(workload_of);
    let [(on_ns, on_record), (off_ns, off_record)] = against([(&on, &workloads[0]), (&off, &workloads[1])]);
    assert_eq!(on_record.tasks.submitted, off_record.tasks.submitted, "both meet the same tasks");
    let a_task = |ns: f64| ns / on_record.tasks.submitted as f64;
    table.add(
        format!("Azure's {} tasks, everything on against no durations", on_record.tasks.submitted),
        format!("{:.2} ({:.0} / {:.0} ns a task)", on_ns / off_ns, a_task(on_ns), a_task(off_ns)),
        "≤ 4",
    );
}

/// Both runs in turn: the medians of their time, and what they recorded.
fn against(sides: [(&Experiment, &Workload); 2]) -> [(f64, RunRecord); 2] {
    let mut times = [Vec::new(), Vec::new()];
    let mut records = [None, None];
    for _ in 0..N_TIMES {
        for (idx, (experiment, workload)) in sides.iter().enumerate() {
            let started = support::cpu_ns();
            records[idx] = Some(sim::run(&experiment.settings[0].setup, workload, Seed(1)));
            times[idx].push(support::cpu_ns() - started);
        }
        if times.iter().any(|it| it[0] > PATIENCE_NS) {
            break;
        }
    }
    let [first, second] = records.map(|it| it.expect("played at least once"));
    let [first_ns, second_ns] = times.map(median);
    [(first_ns, first), (second_ns, second)]
}

// --- threads -----------------------------------------------------------------

/// A sweep by one thread, by two, and by two processes with half of it each.
fn threads(table: &mut Table) {
    let both = r#"["50/100", "100/200"]"#;
    let halves = [r#"["50/100"]"#, r#"["100/200"]"#];
    let [mut one, mut two, mut apart] = [(); 3].map(|()| Vec::new());
    for _ in 0..N_TIMES {
        one.push(seconds(&[("sweep", both, "1")]));
        two.push(seconds(&[("sweep", both, "2")]));
        apart.push(seconds(&[("sweep", halves[0], "1"), ("sweep", halves[1], "1")]));
    }
    let [one, two, apart] = [one, two, apart].map(median);
    table.add(
        "sweep of 16 runs, two threads against one",
        format!("{:.2} ({one:.2} / {two:.2} s)", one / two),
        "≥ 1.7",
    );
    table.add(
        "the same, two threads against two processes with half each",
        format!("{:.2} ({apart:.2} / {two:.2} s)", apart / two),
        "≥ 0.95",
    );
}

/// How long these children take together, by the clock on the wall.
fn seconds(children: &[(&str, &str, &str)]) -> f64 {
    let started = support::wall_s();
    let running: Vec<_> = children.iter().map(|it| child(&[it.0, it.1, it.2])).collect();
    for it in running {
        let output = it.wait_with_output().expect("a child ends");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    support::wall_s() - started
}

/// In a child: plays the sweep with this axis of deployments; a digest.
fn sweep(deployments: &str, n_threads: &str) -> String {
    let experiment = read(SWEEP.to_owned(), "", &[format!("axes.deployment={deployments}")]);
    let n_threads: usize = n_threads.parse().expect("a number of threads");
    let pool = ThreadPoolBuilder::new().num_threads(n_threads).build().expect("threads can be started");
    let runs: Vec<Run> = experiment.runs().collect();
    let means = Means { pool: &pool, memory: None };
    let outcomes: Vec<Outcome<std::convert::Infallible>> =
        play(&experiment, &runs, &means, &Brake::new(), &Nobody, |_| None, |_, _| Ok(()));
    let mut digest = support::Digest::new();
    for outcome in &outcomes {
        let Outcome::Done(record) = outcome else { panic!("nobody pulled the brake") };
        digest.add(record.digest);
    }
    format!("{:016x}", digest.value())
}

/// Nobody looks on.
struct Nobody;

impl Audience for Nobody {
    fn run_started(&self, _: Run) {}
    fn events(&self, _: u64) {}
    fn run_done(&self, _: Run) {}
}

// --- memory ------------------------------------------------------------------

/// What a process takes at most that reads and plays the requests.
fn memory(table: &mut Table) {
    let peak_kib = |ask: Ask, name: &str| -> Option<f64> {
        let requests = requests::draw(ask);
        let file = written(name, ask, &requests);
        drop(requests);
        let running = child(&["memory", &file.display().to_string(), &ask.n_hosts.to_string()]);
        let output = running.wait_with_output().expect("a child ends");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim().parse().ok()
    };
    let empty = peak_kib(Ask { n_requests: 0, ..T1M }, "empty");
    let full = peak_kib(T1M, "requests");
    let (Some(empty), Some(full)) = (empty, full) else {
        table.add("memory a request", "no /proc here".to_owned(), "≤ 80 bytes");
        return;
    };
    table.add(
        format!("memory a request, 1,000,000 on 10,000 (empty: {:.1} MiB)", empty / 1024.0),
        format!("{:.0} bytes", (full - empty) * 1024.0 / T1M.n_requests as f64),
        "≤ 80 bytes",
    );
    let Some(most) = peak_kib(T10M, "requests") else { return };
    let text = format!("{:.0} MiB", most / 1024.0);
    table.add("peak memory, 10,000,000 tasks on 10,000 instances", text, "< 1024 MiB");
}

/// In a child: reads and plays the file; what the process took at most, in KiB.
fn memory_of(file: &str, n_hosts: &str) -> String {
    let (experiment, workload) = best_fit(Path::new(file), n_hosts.parse().expect("a number of hosts"));
    let record = sim::run(&experiment.settings[0].setup, &workload, Seed(1));
    black_box(&record);
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|it| it.strip_prefix("VmHWM:")).unwrap_or_default();
    line.trim().trim_end_matches(" kB").to_owned()
}

// --- csv ---------------------------------------------------------------------

/// From the bytes of a file to arrivals, against the records of the `csv` crate of
/// which nothing is parsed.
fn csv(table: &mut Table) {
    let requests = requests::draw(T1M);
    let mut bytes = Vec::new();
    requests::write(&requests, 0, &mut bytes).expect("a vector takes what is written");
    let format = formats::find("vm-requests").expect("a format of the list");
    let horizon = SimDuration::from_secs(T1M.horizon_s());
    let [mut ours, mut theirs] = [(); 2].map(|()| Vec::new());
    for _ in 0..N_TIMES {
        let started = support::cpu_ns();
        let trace =
            (format.read)(&mut black_box(&bytes[..]), "requests.csv", &OneThread).expect("a sound file");
        let arrivals = trace.arrivals(Seed(1), true, horizon);
        ours.push(support::cpu_ns() - started);
        assert_eq!(arrivals.len(), requests.len());

        let started = support::cpu_ns();
        let mut reader = ::csv::ReaderBuilder::new().from_reader(black_box(&bytes[..]));
        let (mut record, mut n_bytes) = (::csv::ByteRecord::new(), 0);
        while reader.read_byte_record(&mut record).expect("a sound file") {
            n_bytes += record.as_slice().len();
        }
        theirs.push(support::cpu_ns() - started);
        assert!(n_bytes > requests.len());
    }
    let [ours, theirs] = [ours, theirs].map(|it| median(it) / requests.len() as f64);
    table.add(
        "CSV trace to arrivals, against byte records that nobody parses",
        format!("{:.2} ({ours:.0} / {theirs:.0} ns a row)", ours / theirs),
        "≤ 1.5",
    );
    csv_on_two_threads(table, &bytes, requests.len());
}

/// The same on two threads, against one, and against two readers that have nothing
/// to do with each other: as much as the machine has for two.
fn csv_on_two_threads(table: &mut Table, bytes: &[u8], n_rows: usize) {
    let read = || {
        let trace = read_recognised(&mut black_box(bytes), "requests.csv", &AllThreads);
        black_box(trace.expect("a sound file"));
    };
    let pools =
        [1, 2].map(|n| ThreadPoolBuilder::new().num_threads(n).build().expect("threads can be started"));
    let single =
        [(); 2].map(|()| ThreadPoolBuilder::new().num_threads(1).build().expect("threads can be started"));
    let [mut one, mut two, mut apart] = [(); 3].map(|()| Vec::new());
    for _ in 0..N_TIMES {
        one.push(wall_of(|| pools[0].install(read)));
        two.push(wall_of(|| pools[1].install(read)));
        apart.push(wall_of(|| {
            std::thread::scope(|scope| {
                for pool in &single {
                    scope.spawn(|| pool.install(read));
                }
            });
        }));
    }
    let [one, two, apart] = [one, two, apart].map(|it| median(it) * 1e9 / n_rows as f64);
    table.add(
        "CSV trace to arrivals, two threads against one",
        format!("{:.2} ({one:.0} / {two:.0} ns a row)", one / two),
        "≥ 1.7",
    );
    table.add(
        "the same, two threads against two readers with a file each",
        format!("{:.2} ({:.0} / {two:.0} ns a row)", apart / 2.0 / two, apart / 2.0),
        "",
    );
}

/// Seconds by the clock on the wall.
fn wall_of(work: impl FnOnce()) -> f64 {
    let started = support::wall_s();
    work();
    support::wall_s() - started
}

// --- parquet -----------------------------------------------------------------

/// From a file to arrivals, against the readers of its columns alone.
fn parquet(table: &mut Table) {
    let (trace, files) = parquet_files::traces(T1M);
    let horizon = SimDuration::from_secs(T1M.horizon_s());
    let expected = trace.arrivals(Seed(1), true, horizon);
    for (name, file) in files {
        let [mut ours, mut bare] = [(); 2].map(|()| Vec::new());
        for _ in 0..N_TIMES {
            let started = support::cpu_ns();
            let arrivals = parquet_files::read(black_box(&file)).arrivals(Seed(1), true, horizon);
            ours.push(support::cpu_ns() - started);
            assert_eq!(arrivals, expected, "the same trace in every file");

            let started = support::cpu_ns();
            let n_values = parquet_files::read_bare(black_box(&file));
            bare.push(support::cpu_ns() - started);
            assert!(n_values >= 4 * expected.len());
        }
        let [ours, bare] = [ours, bare].map(|it| median(it) / expected.len() as f64);
        table.add(
            format!("Parquet trace to arrivals, against its bare columns, {name}"),
            format!("{:.2} ({ours:.1} / {bare:.1} ns a row)", ours / bare),
            "≤ 1.5",
        );
    }
}

// --- what they share ---------------------------------------------------------

/// As a test: on the small input both sides do what they shall, and the inputs of
/// all rows are sound.
fn check() {
    let requests = requests::draw(T2K);
    let outcome = bare::play(&requests, 20, Rule::Best, T2K.horizon_s());
    let file = written("requests", T2K, &requests);
    let (experiment, workload) = best_fit(&file, T2K.n_hosts);
    let record = sim::run(&experiment.settings[0].setup, &workload, Seed(1));
    assert_eq!(record.placement_digest, outcome.digest, "both place every request alike");
    columns_when_full(T2K, &requests);
    support::check("ratios, best fit", outcome.digest, 0x9d1f_8dd6_a0d7_7881);
    let (trace, files) = parquet_files::traces(T2K);
    assert!(files.iter().all(|(_, file)| parquet_files::read(file) == trace));
    read(WHOLE_MODEL.to_owned(), "", &[]);
    assert_eq!(read(SWEEP.to_owned(), "", &[]).runs().len(), 16);
}

fn hosts(ask: Ask) -> usize {
    usize::try_from(ask.n_hosts).expect("some thousands")
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// The file of these requests in the folder for what benches write.
fn written(name: &str, ask: Ask, requests: &[Request]) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let file = folder.join(format!("{name}-{}-{}.csv", requests.len(), ask.n_hosts));
    let mut out = BufWriter::new(File::create(&file).expect("a file in target/tmp"));
    requests::write(requests, 0, &mut out).expect("room for a file in target/tmp");
    out.flush().expect("room for a file in target/tmp");
    file
}

/// `workloads/parity/parity.toml` over this file, by best fit alone.
fn best_fit(file: &Path, n_hosts: u64) -> (Experiment, Workload) {
    let text = include_str!("../workloads/parity/parity.toml").to_owned();
    let overrides = [
        format!("workload.trace={}", file.display()),
        format!("cluster.instances={n_hosts}"),
        "axes.placement=[\"best_fit\"]".to_owned(),
    ];
    let experiment = read(text, "parity", &overrides);
    let workload = workload_of(&experiment);
    (experiment, workload)
}

fn workload_of(experiment: &Experiment) -> Workload {
    let spec = &experiment.workloads[experiment.settings[0].workload];
    experiment.inputs.workload(spec, Seed(1))
}

fn read(text: String, folder: &str, overrides: &[String]) -> Experiment {
    let source = SourceText { file: "ratios.toml".to_owned(), text, overrides: overrides.to_vec() };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("workloads").join(folder);
    match matrix::read(source, &folder) {
        Ok(experiment) => experiment,
        Err(found) => panic!("a sound experiment, not {found:?}"),
    }
}

/// This bench as a process of its own.
fn child(arguments: &[&str]) -> std::process::Child {
    let program = std::env::current_exe().expect("a program knows where it is");
    let mut command = Command::new(program);
    command.arg("--child").args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().expect("a child can be started")
}
