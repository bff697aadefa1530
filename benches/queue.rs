//! Events per second through the queue of pending events, in the hold model:
//! the earliest is taken and one is scheduled, so that the number pending stays
//! what it is. Beside it, as a yardstick, the standard heap of bare 16-byte
//! keys in the same order and without the events.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::hint::black_box;

use berthlab::base::SimTime;
use berthlab::base::id::TaskId;
use berthlab::model::task::Epoch;
use berthlab::sim::EventQueue;
use berthlab::sim::event::Event;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

mod support;
use support::{Digest, Draws};

const N_PENDING: &[u64] = &[1_000, 10_000, 100_000, 1_000_000];
/// Like tasks that live for an hour; a million pending then share milliseconds.
const MEAN_DELAY_MS: u64 = 3_600_000;

/// When an event happens after it was scheduled, and of which kind it is.
struct Schedule {
    delays: Vec<(u32, u8)>,
    n_scheduled: u64,
}

impl Schedule {
    /// Few enough to stay in the first cache.
    const N_DELAYS: u64 = 2048;

    fn new() -> Self {
        let mut draws = Draws::new(1);
        let mut delay = || (draws.exponential(MEAN_DELAY_MS) as u32, draws.below(3) as u8);
        Self { delays: (0..Self::N_DELAYS).map(|_| delay()).collect(), n_scheduled: 0 }
    }

    /// Time, kind and number of the next event to schedule.
    fn next(&mut self, now: u64) -> (u64, u8, u64) {
        let number = self.n_scheduled;
        self.n_scheduled += 1;
        // An odd stride, so that neighbours in one round part in the next.
        let (delay, kind) = self.delays[(number * 797 % Self::N_DELAYS) as usize];
        (now + u64::from(delay), kind, number)
    }
}

/// What can be filled and held.
trait Hold {
    fn push(&mut self, at: u64, kind: u8, number: u64);
    /// Time and number of the earliest.
    fn pop(&mut self) -> (u64, u64);
}

impl Hold for EventQueue {
    fn push(&mut self, at: u64, kind: u8, number: u64) {
        let (task, epoch) = (TaskId::new(number as u32), Epoch(0));
        let event = match kind {
            0 => Event::TaskFinished(task, epoch),
            1 => Event::TaskStopped(task, epoch),
            _ => Event::TaskStarted(task, epoch),
        };
        self.schedule(SimTime::from_millis(at), event);
    }

    fn pop(&mut self) -> (u64, u64) {
        let (at, event) = EventQueue::pop(self).expect("as many are pending as before");
        match event {
            Event::TaskFinished(task, _) | Event::TaskStopped(task, _) | Event::TaskStarted(task, _) => {
                (at.millis(), task.number().into())
            }
            other => unreachable!("{other:?} was never scheduled"),
        }
    }
}

/// Time; kind in the upper byte and number below.
type Heap = BinaryHeap<Reverse<(u64, u64)>>;

impl Hold for Heap {
    fn push(&mut self, at: u64, kind: u8, number: u64) {
        BinaryHeap::push(self, Reverse((at, u64::from(kind) << 56 | number)));
    }

    fn pop(&mut self) -> (u64, u64) {
        let Reverse((at, order)) = BinaryHeap::pop(self).expect("as many are pending as before");
        (at, order & ((1 << 56) - 1))
    }
}

fn filled<Q: Hold>(mut queue: Q, n_pending: u64) -> (Q, Schedule) {
    let mut schedule = Schedule::new();
    for _ in 0..n_pending {
        let (at, kind, number) = schedule.next(0);
        queue.push(at, kind, number);
    }
    (queue, schedule)
}

fn hold<Q: Hold>(queue: &mut Q, schedule: &mut Schedule) -> (u64, u64) {
    let (now, popped) = queue.pop();
    let (at, kind, number) = schedule.next(now);
    queue.push(at, kind, number);
    (now, popped)
}

fn digest_of<Q: Hold>(queue: Q) -> u64 {
    let (mut queue, mut schedule) = filled(queue, 1_000);
    let mut digest = Digest::new();
    for _ in 0..20_000 {
        let (at, number) = hold(&mut queue, &mut schedule);
        digest.add(at);
        digest.add(number);
    }
    digest.value()
}

fn queues(criterion: &mut Criterion) {
    // One constant: both have the same order, ties included.
    const ORDER: u64 = 0xea91_adfe_148e_e93b;
    support::check("order of the queue", digest_of(EventQueue::new()), ORDER);
    support::check("order of the standard heap", digest_of(Heap::new()), ORDER);

    let mut group = criterion.benchmark_group("queue");
    group.throughput(Throughput::Elements(1));
    for &n_pending in support::sizes(N_PENDING) {
        let (mut queue, mut schedule) = filled(EventQueue::new(), n_pending);
        group.bench_function(format!("{n_pending} pending, events"), |bencher| {
            bencher.iter(|| hold(black_box(&mut queue), &mut schedule));
        });
        drop(queue);
        let (mut heap, mut schedule) = filled(Heap::new(), n_pending);
        group.bench_function(format!("{n_pending} pending, bare keys in the standard heap"), |bencher| {
            bencher.iter(|| hold(black_box(&mut heap), &mut schedule));
        });
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = support::in_seconds(1, 2);
    targets = queues
}
criterion_main!(benches);
