//! The order, against the standard heap.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::*;
use crate::base::id::{InstanceId, ServiceId, TaskId};
use crate::model::task::Epoch;

#[test]
fn time_then_kind_then_scheduling_decides() {
    let mut queue = EventQueue::new();
    let at = SimTime::from_secs;
    let failed = |number| Event::InstanceFailed(InstanceId::new(number));
    queue.schedule(at(2), failed(1));
    queue.schedule(at(1), Event::ServiceReviewed(ServiceId::new(0)));
    queue.schedule(at(1), failed(3));
    queue.schedule(at(1), failed(2));
    let order: Vec<_> = std::iter::from_fn(|| queue.pop()).collect();
    let review = Event::ServiceReviewed(ServiceId::new(0));
    assert_eq!(order, [(at(1), failed(3)), (at(1), failed(2)), (at(1), review), (at(2), failed(1))]);
}

/// SplitMix64 (Steele, Lea and Flood 2014).
struct Draws(u64);

impl Draws {
    const fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let it = (self.0 ^ self.0 >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let it = (it ^ it >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        it ^ it >> 31
    }

    const fn below(&mut self, n: u64) -> u64 {
        self.bits() % n
    }

    /// Half of the draws are below the median, and some are far above.
    const fn skewed(&mut self, median: u64) -> u64 {
        let octave = self.bits().leading_zeros() as u64;
        self.below(median + 1) * octave
    }
}

/// The queue beside the standard heap of times, ranks and numbers.
struct Pair {
    queue: EventQueue,
    heap: BinaryHeap<Reverse<(u64, u8, u32)>>,
    n_scheduled: u32,
    now: u64,
    /// What is tried, for messages.
    case: String,
}

impl Pair {
    fn new() -> Self {
        Self::of(String::new())
    }

    fn of(case: String) -> Self {
        Self { queue: EventQueue::new(), heap: BinaryHeap::new(), n_scheduled: 0, now: 0, case }
    }

    fn schedule(&mut self, at: u64, kind: u64) {
        let number = self.n_scheduled;
        self.n_scheduled += 1;
        let (task, epoch) = (TaskId::new(number), Epoch(number));
        let event = match kind % 6 {
            0 => Event::InstanceFailed(InstanceId::new(number)),
            1 => Event::TaskFinished(task, epoch),
            2 => Event::TaskStarted(task, epoch),
            3 => Event::InstancesChanged(number),
            4 => Event::ServiceReviewed(ServiceId::new(number)),
            _ => Event::ScanGateDecided(number),
        };
        self.queue.schedule(SimTime::from_millis(at), event);
        self.heap.push(Reverse((at, event.rank(), number)));
        self.compare();
    }

    fn pop(&mut self) -> bool {
        let popped = self.queue.pop().map(|(at, event)| (at.millis(), event.rank(), event.words()[0]));
        assert_eq!(popped, self.heap.pop().map(|Reverse(it)| it), "{}", self.case);
        self.now = popped.map_or(self.now, |it| it.0);
        self.compare();
        popped.is_some()
    }

    fn compare(&self) {
        let first = self.heap.peek().map(|&Reverse((at, rank, _))| (SimTime::from_millis(at), rank));
        assert_eq!(self.queue.peek(), first, "{}", self.case);
        assert_eq!(self.queue.len(), self.heap.len(), "{}", self.case);
        assert_eq!(self.queue.is_empty(), self.heap.is_empty());
    }
}

/// How long after the present the next event is: its number and the pair decide.
type Delay = fn(&mut Draws, u64, &Pair) -> u64;

const DELAYS: &[(&str, Delay)] =
    &[
        ("all at one time", |_, _, pair| 1_000_000_000_u64.saturating_sub(pair.now)),
        ("all at the present", |_, _, _| 0),
        ("one of two moments", |draws, _, _| draws.below(2) * 5_000),
        ("a few milliseconds", |draws, _, _| draws.below(4)),
        ("an hour, skewed", |draws, _, _| draws.skewed(3_600_000)),
        ("a second, skewed, whole tenths", |draws, _, _| draws.skewed(10) * 100),
        ("near, and days away", |draws, _, _| {
            if draws.below(3) > 0 { draws.below(50) } else { 5 * 86_400_000 + draws.below(1_000) }
        }),
        ("a timer a minute, and the present", |draws, number, _| {
            if number.is_multiple_of(2) { 0 } else { 60_000 * draws.below(2) }
        }),
        ("later and later", |_, number, pair| (number * 7).saturating_sub(pair.now)),
        ("sooner and sooner", |_, number, _| 10_000_000_000_u64.saturating_sub(number * 104_729)),
        ("everything far away", |draws, _, _| (1 << 50) + draws.below(1 << 45)),
        ("every digit", |draws, _, pair| {
            let room = u64::MAX - pair.now;
            let bits = draws.below(64) as u32;
            (draws.bits() >> bits).min(room)
        }),
        ("at the end of time", |draws, _, pair| (u64::MAX - draws.below(1_000)).saturating_sub(pair.now)),
        ("where keys end", |draws, _, pair| ((1 << 56) - 500 + draws.below(1_000)).saturating_sub(pair.now)),
        ("around whole slots", |draws, _, pair| {
            let slot = 1_u64 << (8 * draws.below(4));
            (slot + 2 - draws.below(4).min(slot)).saturating_sub(pair.now % slot)
        }),
        ("one long, then a crowd before it", |draws, number, _| {
            if number.is_multiple_of(1_500) { 60_000 } else { draws.below(900) }
        }),
    ];

/// Whether the next thing is to schedule, not to pop: the number of the step and
/// how many are pending.
type Course = fn(&mut Draws, u64, usize) -> bool;

const COURSES: &[(&str, Course)] = &[
    ("fill and empty", |_, step, _| step < 3_000),
    ("hold ten", |_, _, n| n < 10),
    ("hold two thousand", |_, _, n| n < 2_000),
    ("up and down", |draws, step, _| draws.below(100) < if step / 1_000 % 2 == 0 { 70 } else { 30 }),
    ("bursts", |_, step, n| step % 701 < 300 || n == 0),
];

#[test]
fn the_order_is_that_of_the_standard_heap() {
    for (idx, (times, delay)) in DELAYS.iter().enumerate() {
        for (idy, (course, schedules)) in COURSES.iter().enumerate() {
            let seed = (idx * COURSES.len() + idy) as u64;
            let mut draws = Draws(seed);
            let mut pair = Pair::of(format!("{times}; {course}; seed {seed}"));
            for step in 0..10_000 {
                if schedules(&mut draws, step, pair.heap.len()) {
                    let after = delay(&mut draws, pair.n_scheduled.into(), &pair);
                    let at = pair.now.saturating_add(after);
                    pair.schedule(at, draws.bits());
                } else {
                    pair.pop();
                }
            }
            while pair.pop() {}
        }
    }
}

#[test]
fn many_of_every_kind_of_delay_at_once_keep_the_order() {
    let mut draws = Draws(77);
    let mut pair = Pair::new();
    for _ in 0..200_000 {
        if draws.below(100) < 51 {
            let (_, delay) = DELAYS[draws.below(DELAYS.len() as u64) as usize];
            let after = delay(&mut draws, pair.n_scheduled.into(), &pair);
            // Not past what others can still be scheduled before.
            let at = pair.now.saturating_add(after).min(pair.now + (1 << 40));
            pair.schedule(at, draws.bits());
        } else {
            pair.pop();
        }
    }
    while pair.pop() {}
}

#[test]
fn a_crowd_scheduled_at_the_present_behind_a_later_event_is_not_sorted_one_by_one() {
    let mut pair = Pair::new();
    pair.schedule(5, 0);
    pair.schedule(5, 4);
    pair.pop();
    // The lane is for the later one until the present needs it.
    pair.schedule(9, 1);
    for number in 0..1_000 {
        pair.schedule(5, 5 - number % 6);
    }
    while pair.pop() {}
}

#[test]
#[should_panic(expected = "yet to happen")]
fn the_past_is_over() {
    let mut queue = EventQueue::new();
    queue.schedule(SimTime::from_millis(5), Event::PlacementDue);
    queue.pop();
    queue.schedule(SimTime::from_millis(4), Event::PlacementDue);
}

#[test]
fn memory_is_given_back_and_used_again() {
    let mut draws = Draws(3);
    let mut pair = Pair::new();
    let mut n_entries = 0;
    for round in 0..20 {
        for _ in 0..5_000 {
            let at = pair.now + draws.skewed(600_000);
            pair.schedule(at, draws.bits());
        }
        while pair.pop() {}
        assert!(pair.queue.rungs.n_reserved() < 2 * 5_000 + 10_000, "round {round}");
        if round == 9 {
            n_entries = pair.queue.rungs.n_reserved();
        }
    }
    assert!(pair.queue.rungs.n_reserved() <= n_entries + n_entries / 5);
}
