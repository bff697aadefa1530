//! The index against the scan over columns, in one run: medians of five, taken
//! in turn. What is compared with the scan is a decision of the index together
//! with what it takes to keep it in step with the release and the placement
//! before it: the time of a whole cluster that decides by the index, less that
//! of the same cluster where the same choices are read from a list. The scan's
//! time is that of its columns with its own release and placement.

use std::hint::black_box;

use berthlab::base::id::{GroupId, Id as _, InstanceId, TaskDefinitionId};
use berthlab::model::options::TieBreak;
use berthlab::placement::PlacementIndex;
use pulp::Arch;
use rustix::time::{ClockId, clock_gettime};

use crate::bed::{Bed, Chooser, Links, N_GROUPS};
use crate::columns::{Columns, Rule};

const ZONE: (&str, Option<&str>) = ("spread", Some("attribute:ecs.availability-zone"));
const INSTANCE: (&str, Option<&str>) = ("spread", Some("instanceId"));

/// Name, chain, what the scan does, what must be reached at 10 and 100 thousand
/// instances.
const ROWS: &[(&str, Links, Rule, [u32; 2])] = &[
    ("binpack:cpu", &[("binpack", Some("cpu"))], Rule::Binpack, [25, 60]),
    ("random", &[("random", None)], Rule::Random, [30, 150]),
    ("spread zone, instance", &[ZONE, INSTANCE], Rule::Spread, [18, 50]),
    (
        "spread zone, instance, binpack:cpu",
        &[ZONE, INSTANCE, ("binpack", Some("cpu"))],
        Rule::SpreadBinpack,
        [18, 50],
    ),
];

const N_ROUNDS: usize = 5;

/// Measures and prints.
#[expect(clippy::print_stdout, reason = "a bench reports")]
pub(crate) fn print(sizes: &[u32]) {
    println!(
        "{:<36} {:>9} {:>11} | {:>10} {:>12} | {:>9} {:>9} | {:>6} {:>9} | must",
        "ns a decision",
        "instances",
        "tie break",
        "scan",
        "scan, vector",
        "index",
        "alone",
        "ratio",
        "to vector"
    );
    for &(name, links, rule, must) in ROWS {
        for (tie_break, tie) in [(TieBreak::LowestId, "lowest_id"), (TieBreak::Random, "random")] {
            if rule == Rule::Random && tie_break == TieBreak::LowestId {
                continue;
            }
            for &n in sizes {
                let [scan, vector, index, alone] = measure(links, tie_break, rule, n);
                let must = match n {
                    10_000 => must[0].to_string(),
                    100_000 => must[1].to_string(),
                    _ => String::new(),
                };
                println!(
                    "{name:<36} {n:>9} {tie:>11} | {scan:>10.0} {vector:>12.0} | {index:>9.0} {alone:>9.0} | \
                     {:>6.1} {:>9.1} | {must}",
                    scan / index,
                    vector / index,
                );
            }
        }
    }
}

/// Scan, vectorised scan, index with a release and a placement, index alone:
/// nanoseconds a decision.
fn measure(links: Links, tie_break: TieBreak, rule: Rule, n: u32) -> [f64; 4] {
    let index = Chooser::Index(Box::new(PlacementIndex::new()));
    let mut decides = Bed::filled(links, tie_break, n, index);
    let mut repeats = decides.clone();
    let instances = (0..n).map(|it| {
        let row = decides.cluster.instance(InstanceId::new(it));
        (row.free.cpu.0, row.free.memory.0, row.zone.number())
    });
    let tasks = decides.placed.iter().map(|&it| {
        let task = decides.cluster.task(it);
        let instance = task.instance().expect("a task is placed").number();
        (instance, task.definition.number() as u8, task.group.number())
    });
    let mut columns = Columns::new(instances, tasks);
    let arch = Arch::new();
    if tie_break == TieBreak::LowestId {
        for number in 0..200 {
            let (kind, group) = (number % 4, number % N_GROUPS);
            let chosen = decides.choose(TaskDefinitionId::new(kind), GroupId::new(group));
            let scanned = columns.choose(rule, Some(arch), kind as u8, group);
            assert_eq!(chosen, Some(InstanceId::new(scanned)), "the yardstick and the index answer the same");
        }
        decides.draws = repeats.draws.clone();
    }
    let n_decisions = 50_000;
    let n_scans = (20_000_000 / n).min(20_000);
    let mut rounds = [[0.0; N_ROUNDS]; 4];
    for round in 0..N_ROUNDS {
        let mut chosen = Vec::with_capacity(n_decisions as usize);
        let whole = time(n_decisions, || chosen.push(decides.turn_over()));
        chosen.reverse();
        repeats.chooser = Chooser::Replay(chosen);
        let without = time(n_decisions, || black_box(repeats.turn_over()));
        // The two clusters draw the same.
        let draws = decides.draws.clone();
        let mut number = 0;
        let alone = time(n_decisions, || {
            number += 1;
            let definition = TaskDefinitionId::from_idx(number % 4);
            decides.choose(definition, GroupId::from_idx(number % N_GROUPS as usize))
        });
        decides.draws = draws;
        let scan = time(n_scans, || black_box(columns.turn_over(rule, None)));
        let vector = time(n_scans, || black_box(columns.turn_over(rule, Some(arch))));
        for (row, it) in rounds.iter_mut().zip([scan, vector, whole - without, alone]) {
            row[round] = it;
        }
    }
    rounds.map(|mut it| {
        it.sort_unstable_by(f64::total_cmp);
        it[N_ROUNDS / 2]
    })
}

/// Nanoseconds each, of this thread on a processor: others may want it too.
fn time<T>(n: u32, mut each: impl FnMut() -> T) -> f64 {
    let start = now();
    for _ in 0..n {
        black_box(each());
    }
    (now() - start) / f64::from(n)
}

fn now() -> f64 {
    let now = clock_gettime(ClockId::ThreadCPUTime);
    now.tv_sec as f64 * 1e9 + now.tv_nsec as f64
}
