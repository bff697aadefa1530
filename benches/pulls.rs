//! Pulls per second that begin together, share bandwidth and layers, and are
//! followed until all are complete: tasks on Fargate under a registry's rate, many
//! pulls of one link, and instances that pull images with a common base.

use berthlab::base::SimTime;
use berthlab::base::id::LayerId;
use berthlab::images::{LayerToPull, LinkKey, LinkRates, PullKey, Pulls};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

mod support;
use support::{Digest, Draws};

const N_PULLS: &[u64] = &[100, 1_000, 10_000];
/// Layers of an image: the median of official images.
const N_LAYERS: u32 = 8;
/// Pulls of an instance: the tasks that fit there.
const N_PULLS_OF_INSTANCE: u64 = 10;

struct Case {
    name: &'static str,
    /// Bytes a second of all links, for each pull.
    registry_rate: Option<u64>,
    link: fn(u64) -> u64,
    /// How many of the layers every image has.
    n_shared: u32,
    digest: u64,
}

const CASES: &[Case] = &[
    Case {
        name: "fargate under a cap",
        registry_rate: Some(20_000_000),
        link: |pull| pull,
        n_shared: 0,
        digest: 0xED8F_7437_5848_27BA,
    },
    Case { name: "one link", registry_rate: None, link: |_| 0, n_shared: 0, digest: 0xCF41_48EE_69A2_59AD },
    Case {
        name: "instances, common base",
        registry_rate: Some(20_000_000),
        link: |pull| pull / N_PULLS_OF_INSTANCE,
        n_shared: 3,
        digest: 0xF19E_D066_CEBF_289F,
    },
];

struct Begin {
    at: SimTime,
    link: LinkKey,
    rates: LinkRates,
    missing: Vec<LayerToPull>,
}

/// What begins when, ascending: a hundred a second.
fn begins(case: &Case, n_pulls: u64) -> Vec<Begin> {
    let mut draws = Draws::new(7);
    let mut begin = |pull: u64| {
        let link = (case.link)(pull);
        let layer = |number: u32| {
            let is_shared = number < case.n_shared;
            let layer = if is_shared { number } else { number + pull as u32 * N_LAYERS };
            // The sizes of a shared layer are the same wherever it is named.
            let size =
                if is_shared { 30_000_000 * u64::from(number + 1) } else { draws.exponential(20_000_000) };
            LayerToPull { layer: LayerId::new(layer), compressed: size, uncompressed: size * 5 / 2 }
        };
        Begin {
            at: SimTime::from_millis(pull * 10),
            link: LinkKey(link),
            rates: LinkRates { download: 60_000_000 + link % 4 * 20_000_000, unpack: 100_000_000 },
            missing: (0..N_LAYERS).map(layer).collect(),
        }
    };
    (0..n_pulls).map(&mut begin).collect()
}

/// Follows all of them; returns a digest of which was complete when.
fn play(case: &Case, begins: &[Begin]) -> u64 {
    let n_pulls = begins.len() as u64;
    let mut pulls = Pulls::new(case.registry_rate.map(|it| it * n_pulls));
    let mut digest = Digest::new();
    let mut done = Vec::new();
    let mut told = |pulls: &mut Pulls, now: SimTime| {
        pulls.advance(now, &mut done);
        for key in done.drain(..) {
            digest.add(key.0);
            digest.add(now.millis());
        }
    };
    for (key, begin) in begins.iter().enumerate() {
        while let Some(next_at) = pulls.next_at().filter(|it| *it <= begin.at) {
            told(&mut pulls, next_at);
        }
        pulls.begin(begin.at, PullKey(key as u64), begin.link, begin.rates, &begin.missing);
    }
    while let Some(next_at) = pulls.next_at() {
        told(&mut pulls, next_at);
    }
    digest.value()
}

fn pulls(criterion: &mut Criterion) {
    for case in CASES {
        support::check(case.name, play(case, &begins(case, 100)), case.digest);
    }
    let mut group = criterion.benchmark_group("pulls");
    for &n_pulls in support::sizes(N_PULLS) {
        for case in CASES {
            let begins = begins(case, n_pulls);
            group.throughput(Throughput::Elements(n_pulls));
            group.bench_function(format!("{}, {n_pulls} pulls", case.name), |bencher| {
                bencher.iter(|| play(case, &begins));
            });
        }
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = support::in_seconds(1, 2).sample_size(10);
    targets = pulls
}
criterion_main!(benches);
