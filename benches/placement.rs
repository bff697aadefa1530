//! Placements per second by the plain scan and by the index, each with the
//! release that makes room for the next (`support/bed.rs`). Then the index
//! against a scan over two columns of numbers (`support/placement_ratios.rs`).

use berthlab::model::options::TieBreak;
use berthlab::placement::PlacementIndex;
use criterion::{Criterion, Throughput, criterion_group};

#[path = "support/bed.rs"]
mod bed;
#[path = "support/columns.rs"]
mod columns;
#[path = "support/placement_ratios.rs"]
mod ratios;
mod support;

use bed::{Bed, Chooser, Links};
use support::Digest;

const N_INSTANCES: &[u32] = &[1_000, 10_000];
const N_INSTANCES_OF_RATIOS: &[u32] = &[1_000, 10_000, 100_000];

/// Name, strategies with their fields, digest of a small cluster.
const CHAINS: &[(&str, Links, u64)] = &[
    ("binpack cpu", &[("binpack", Some("cpu"))], 0x87c3_3424_3498_6306),
    ("random", &[("random", None)], 0xe453_69ef_bd73_9058),
    (
        "spread zone, spread instance",
        &[("spread", Some("attribute:ecs.availability-zone")), ("spread", Some("instanceId"))],
        0x5f89_a23c_2a27_b298,
    ),
    (
        "spread zone, binpack memory",
        &[("spread", Some("attribute:ecs.availability-zone")), ("binpack", Some("memory"))],
        0x131f_0331_833e_bcc5,
    ),
];

fn filled(links: Links, n_instances: u32, is_indexed: bool) -> Bed {
    let chooser = match is_indexed {
        true => Chooser::Index(Box::new(PlacementIndex::new())),
        false => Chooser::Scan,
    };
    Bed::filled(links, TieBreak::Random, n_instances, chooser)
}

fn digest_of(links: Links, is_indexed: bool) -> u64 {
    let mut bed = filled(links, 100, is_indexed);
    let mut digest = Digest::new();
    for _ in 0..2_000 {
        digest.add(bed.turn_over().number().into());
    }
    digest.value()
}

fn placements(criterion: &mut Criterion) {
    for (name, links, expected) in CHAINS {
        support::check(name, digest_of(links, false), *expected);
        support::check(&format!("{name}, index"), digest_of(links, true), *expected);
    }
    let mut group = criterion.benchmark_group("placement");
    group.throughput(Throughput::Elements(1));
    for &n_instances in support::sizes(N_INSTANCES) {
        for (name, links, _) in CHAINS {
            for (is_indexed, by) in [(false, "scan"), (true, "index")] {
                let mut bed = filled(links, n_instances, is_indexed);
                let name = format!("{name}, {n_instances} instances, placements by {by}");
                group.bench_function(name, |bencher| bencher.iter(|| bed.turn_over()));
            }
        }
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = support::in_seconds(1, 2);
    targets = placements
}

fn main() {
    benches();
    criterion::Criterion::default().configure_from_args().final_summary();
    if !support::is_test() {
        ratios::print(N_INSTANCES_OF_RATIOS);
    }
}
