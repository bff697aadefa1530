//! The queue of pending events in the hold model: the earliest is taken and one is
//! scheduled, so that the number pending stays what it is. Then a table of ratios,
//! the structures measured in turn: beside the queue, with the same entries in the
//! same order, the standard heap and two d-ary heaps.
//!
//! The two crates are those of their kind that are kept up: `dary_heap` (0.3.9 of
//! 2026-04) is the standard library's heap with four children a node,
//! `orx-priority-queue` (1.9.0 of 2026-08) keeps keys apart from nodes. A radix
//! heap, which is monotone as this queue is, had its last release in 2022.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::hint::black_box;

use berthlab::base::SimTime;
use berthlab::base::id::TaskId;
use berthlab::model::task::Epoch;
use berthlab::sim::EventQueue;
use berthlab::sim::event::Event;
use criterion::{Criterion, Throughput, criterion_group};
use dary_heap::QuaternaryHeap;

mod support;
use support::{Digest, Draws};

/// Like tasks that live for an hour; a million pending then share milliseconds.
const MEAN_DELAY_MS: u64 = 3_600_000;

/// How long after the present events are, and how many pend.
struct Delays {
    name: &'static str,
    draw: fn(&mut Draws) -> u64,
    n_pending: &'static [u64],
    /// Of the order in which a thousand are taken: one constant for all
    /// structures, ties included.
    order: u64,
}

const DELAYS: &[Delays] = &[
    Delays {
        name: "exponential",
        draw: |draws| draws.exponential(MEAN_DELAY_MS),
        n_pending: &[1_000, 10_000, 100_000, 1_000_000, 10_000_000],
        order: 0xea91_adfe_148e_e93b,
    },
    Delays {
        name: "half at the present",
        draw: |draws| draws.exponential(MEAN_DELAY_MS) * draws.below(2),
        n_pending: &[1_000, 100_000],
        order: 0xc157_2de3_5b92_51fa,
    },
    Delays {
        name: "whole minutes",
        draw: |draws| 60_000 * draws.below(11),
        n_pending: &[1_000, 100_000],
        order: 0xe5d3_370d_d6e4_972a,
    },
    Delays {
        name: "near, and timers a day away",
        draw: |draws| if draws.below(10) > 0 { draws.below(50) } else { 86_400_000 + draws.below(1_000) },
        n_pending: &[1_000, 100_000],
        order: 0x73e1_0b95_070f_9187,
    },
];

/// When an event happens after it was scheduled, and of which kind it is.
struct Schedule {
    delays: Vec<(u32, u8)>,
    n_scheduled: u64,
}

impl Schedule {
    /// Few enough to stay in the first cache.
    const N_DELAYS: u64 = 2048;

    fn new(draw: fn(&mut Draws) -> u64) -> Self {
        let mut draws = Draws::new(1);
        let mut delay = || (draw(&mut draws) as u32, draws.below(3) as u8);
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
trait Hold: Default {
    fn push(&mut self, at: u64, number: u64, event: Event);
    /// Time and event of the earliest.
    fn pop(&mut self) -> (u64, Event);
}

impl Hold for EventQueue {
    fn push(&mut self, at: u64, _: u64, event: Event) {
        self.schedule(SimTime::from_millis(at), event);
    }

    fn pop(&mut self) -> (u64, Event) {
        let (at, event) = EventQueue::pop(self).expect("as many are pending as before");
        (at.millis(), event)
    }
}

/// An event as a heap needs it, which keeps no order of its own among equals.
#[derive(Clone, Copy)]
struct Pending {
    at: u64,
    /// Rank of the kind in the upper byte, number below.
    order: u64,
    event: Event,
}

impl Pending {
    const fn new(at: u64, number: u64, event: Event) -> Self {
        Self { at, order: (event.rank() as u64) << 56 | number, event }
    }
}

impl Ord for Pending {
    /// Reversed: these heaps hand out the greatest first.
    fn cmp(&self, other: &Self) -> Ordering {
        (other.at, other.order).cmp(&(self.at, self.order))
    }
}

impl PartialOrd for Pending {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Pending {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Pending {}

impl Hold for BinaryHeap<Pending> {
    fn push(&mut self, at: u64, number: u64, event: Event) {
        BinaryHeap::push(self, Pending::new(at, number, event));
    }

    fn pop(&mut self) -> (u64, Event) {
        let it = BinaryHeap::pop(self).expect("as many are pending as before");
        (it.at, it.event)
    }
}

impl Hold for QuaternaryHeap<Pending> {
    fn push(&mut self, at: u64, number: u64, event: Event) {
        QuaternaryHeap::push(self, Pending::new(at, number, event));
    }

    fn pop(&mut self) -> (u64, Event) {
        let it = QuaternaryHeap::pop(self).expect("as many are pending as before");
        (it.at, it.event)
    }
}

/// Event, and time with order as the key.
type OrxHeap = orx_priority_queue::QuaternaryHeap<Event, (u64, u64)>;

impl Hold for OrxHeap {
    fn push(&mut self, at: u64, number: u64, event: Event) {
        let it = Pending::new(at, number, event);
        orx_priority_queue::PriorityQueue::push(self, event, (it.at, it.order));
    }

    fn pop(&mut self) -> (u64, Event) {
        let popped = orx_priority_queue::PriorityQueue::pop(self);
        let (event, (at, _)) = popped.expect("as many are pending as before");
        (at, event)
    }
}

fn push<Q: Hold>(queue: &mut Q, schedule: &mut Schedule, now: u64) {
    let (at, kind, number) = schedule.next(now);
    let (task, epoch) = (TaskId::new(number as u32), Epoch(0));
    let event = match kind {
        0 => Event::TaskFinished(task, epoch),
        1 => Event::TaskStopped(task, epoch),
        _ => Event::TaskStarted(task, epoch),
    };
    queue.push(at, number, event);
}

fn filled<Q: Hold>(delays: &Delays, n_pending: u64) -> (Q, Schedule) {
    let mut schedule = Schedule::new(delays.draw);
    let mut queue = Q::default();
    for _ in 0..n_pending {
        push(&mut queue, &mut schedule, 0);
    }
    (queue, schedule)
}

/// Time and task of the event that was taken.
fn hold<Q: Hold>(queue: &mut Q, schedule: &mut Schedule) -> (u64, TaskId) {
    let (now, event) = queue.pop();
    push(queue, schedule, now);
    match event {
        Event::TaskFinished(task, _) | Event::TaskStopped(task, _) | Event::TaskStarted(task, _) => {
            (now, task)
        }
        other => unreachable!("{other:?} was never scheduled"),
    }
}

fn check_order<Q: Hold>(delays: &Delays, structure: &str) {
    let (mut queue, mut schedule) = filled::<Q>(delays, 1_000);
    let mut digest = Digest::new();
    for _ in 0..20_000 {
        let (at, task) = hold(&mut queue, &mut schedule);
        digest.add(at);
        digest.add(task.number().into());
    }
    support::check(&format!("order of {structure}, {}", delays.name), digest.value(), delays.order);
}

/// A structure that is filled, and what an event took it each time.
trait Holder {
    fn hold_many(&mut self);
    /// Nanoseconds an event: the median.
    fn median(&mut self) -> f64;
}

struct Held<Q> {
    queue: Q,
    schedule: Schedule,
    ns: Vec<f64>,
}

impl<Q: Hold> Holder for Held<Q> {
    fn hold_many(&mut self) {
        const N_EVENTS: u32 = 1_000_000;
        let before = support::cpu_ns();
        for _ in 0..N_EVENTS {
            black_box(hold(&mut self.queue, &mut self.schedule));
        }
        self.ns.push((support::cpu_ns() - before) / f64::from(N_EVENTS));
    }

    fn median(&mut self) -> f64 {
        self.ns.sort_by(f64::total_cmp);
        self.ns[self.ns.len() / 2]
    }
}

fn held<Q: Hold + 'static>(delays: &Delays, n_pending: u64) -> Box<dyn Holder> {
    let (mut queue, mut schedule) = filled::<Q>(delays, n_pending);
    // Those that were put in together, all later than the present, go first.
    for _ in 0..n_pending.max(100_000) {
        hold(&mut queue, &mut schedule);
    }
    Box::new(Held { queue, schedule, ns: Vec::new() })
}

/// The structures in turn, five times, in one run: what an event takes each, and
/// how many times longer it takes the standard heap than the queue.
#[expect(clippy::print_stdout, reason = "a bench reports")]
fn print_ratios() {
    println!("\nns an event: the queue, the standard heap, dary_heap, orx-priority-queue");
    for delays in DELAYS {
        for &n_pending in delays.n_pending {
            let mut all = [
                held::<EventQueue>(delays, n_pending),
                held::<BinaryHeap<Pending>>(delays, n_pending),
                held::<QuaternaryHeap<Pending>>(delays, n_pending),
                held::<OrxHeap>(delays, n_pending),
            ];
            for _ in 0..5 {
                all.iter_mut().for_each(|it| it.hold_many());
            }
            let [queue, heap, dary, orx] = all.map(|mut it| it.median());
            println!(
                "{n_pending:>10} pending, {:28} {queue:6.0} {heap:6.0} {dary:6.0} {orx:6.0}   {:5.1} times",
                delays.name,
                heap / queue,
            );
        }
    }
}

fn queues(criterion: &mut Criterion) {
    for delays in DELAYS {
        check_order::<EventQueue>(delays, "the queue");
        check_order::<BinaryHeap<Pending>>(delays, "the standard heap");
        check_order::<QuaternaryHeap<Pending>>(delays, "dary_heap");
        check_order::<OrxHeap>(delays, "orx-priority-queue");
    }

    let mut group = criterion.benchmark_group("queue");
    group.throughput(Throughput::Elements(1));
    for delays in DELAYS {
        for &n_pending in support::sizes(delays.n_pending) {
            let (mut queue, mut schedule) = filled::<EventQueue>(delays, n_pending);
            group.bench_function(format!("{n_pending} pending, {}", delays.name), |bencher| {
                bencher.iter(|| hold(black_box(&mut queue), &mut schedule));
            });
        }
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = support::in_seconds(1, 2);
    targets = queues
}

fn main() {
    benches();
    Criterion::default().configure_from_args().final_summary();
    if !support::is_test() {
        print_ratios();
    }
}
