//! Whole runs by size: stand-alone tasks on a fixed pool of 100 to 10,000
//! instances, ten thousand to a million of them. Beside them a yardstick, the
//! hold model on the standard heap: what the machine is worth in this sitting.
//! `examples/bench_charts.rs` draws both.

use std::collections::BinaryHeap;
use std::hint::black_box;

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, SamplingMode, Throughput, criterion_group, criterion_main};

#[path = "support/played.rs"]
mod played;
mod support;
use played::tasks_on_a_pool;
use support::{Digest, Draws};

const N_INSTANCES: [u32; 3] = [100, 1_000, 10_000];
const N_TASKS: [u32; 3] = [10_000, 100_000, 1_000_000];

fn runs(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("scale");
    group.sampling_mode(SamplingMode::Flat);
    yardstick(&mut group);
    for n_tasks in support::sizes(&N_TASKS) {
        for n_instances in support::sizes(&N_INSTANCES) {
            let played = tasks_on_a_pool(*n_instances, *n_tasks, "1h");
            let record = played.run();
            assert_eq!(record.tasks.placed, u64::from(*n_tasks), "all find room: {:?}", record.tasks);
            if (*n_instances, *n_tasks) == (N_INSTANCES[0], N_TASKS[0]) {
                let mut digest = Digest::new();
                for word in [record.digest, record.placement_digest, record.n_events] {
                    digest.add(word);
                }
                support::check("the smallest run", digest.value(), 0x2008_5cb4_c94f_6941);
            }
            group.throughput(Throughput::Elements(record.n_events));
            group.bench_function(format!("{n_instances} instances, {n_tasks} tasks, events"), |bencher| {
                bencher.iter(|| black_box(&played).run());
            });
        }
    }
    group.finish();
}

/// Takes the earliest of 100,000 keys and puts one back.
fn yardstick(group: &mut BenchmarkGroup<'_, WallTime>) {
    let mut draws = Draws::new(1);
    let mut heap: BinaryHeap<u64> = (0..100_000).map(|_| u64::MAX - draws.below(1 << 40)).collect();
    group.throughput(Throughput::Elements(1));
    group.bench_function("yardstick", |bencher| {
        bencher.iter(|| {
            let earliest = heap.pop().expect("as many as before");
            heap.push(earliest - draws.below(1 << 40));
        });
    });
}

criterion_group! {
    name = benches;
    config = support::in_seconds(1, 2).sample_size(10);
    targets = runs
}
criterion_main!(benches);
