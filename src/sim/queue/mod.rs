//! Pending events. Order: earlier time, then kind of event, then order of
//! scheduling; so no order is ever an accident.
//!
//! The structure is a ladder queue (Tang, Goh and Thng, "Ladder queue: an O(1)
//! priority queue structure for large-scale discrete event simulation", ACM
//! TOMACS 15(3), 2005): events stand unsorted in slots by time, a slot with many
//! is dealt out over narrower ones, one with few is sorted, once, when its time has
//! come. There, and in a calendar queue (Brown, CACM 31(10), 1988), slots are as
//! wide as the events seen so far suggest, and too wide or too narrow for a while
//! when others come. Here the widths are powers of 256 milliseconds, as in a radix
//! heap (Ahuja, Mehlhorn, Orlin and Tarjan, JACM 37(2), 1990) and in hierarchical
//! timing wheels (Varghese and Lauck, SOSP 1987); what adapts is how far down
//! events go before they are sorted. None goes down more than once a rung,
//! whatever the times are, and what the slots take is in proportion to what is
//! pending; nothing is allocated that was needed before.
//!
//! ```text
//!   schedule ──┬── at the moment that is being handled, or before all others ──▶ lane ───┐
//!              ├── within the open slot ──▶ open (sorted) ───────────────────────────────┼──▶ pop
//!              │                     many late ones ▼  ▲ few in the first slot           │
//!              ├── later ──▶ rungs: 7 times 256 slots ─┘                                 │
//!              │                 ▲ many: narrower │                                      │
//!              │                 └────────────────┘                                      │
//!              └── after two million years ──▶ a heap ───────────────────────────────────┘
//! ```

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::base::SimTime;
use crate::sim::event::Event;
use crate::sim::queue::entry::{Entry, Key};
use crate::sim::queue::lane::Lane;
use crate::sim::queue::open::{OPENED_MAX, Open, WIDTH_BITS_MAX};
use crate::sim::queue::rungs::Rungs;

mod chunks;
mod entry;
mod lane;
mod open;
mod rungs;
#[cfg(test)]
mod tests;

/// What is yet to happen.
///
/// Invariants: what is in the lane is of one moment and was scheduled after all
/// that has the same key elsewhere, so it loses ties; what is scheduled for the
/// present goes there and nowhere else. Nothing in the rungs is before the end of
/// the open slot.
#[derive(Debug)]
pub struct EventQueue {
    /// Time of the last event taken, in milliseconds.
    now: u64,
    /// How many are pending.
    n: usize,
    lane: Lane,
    /// The least key outside the lane and the far ones.
    others_first: Key,
    open: Open,
    rungs: Rungs,
    far: BinaryHeap<Reverse<Far>>,
    n_far_scheduled: u64,
}

impl Default for EventQueue {
    fn default() -> Self {
        Self::new()
    }
}

impl EventQueue {
    /// A queue without events.
    pub fn new() -> Self {
        Self {
            now: 0,
            n: 0,
            lane: Lane::new(),
            others_first: Key::NEVER,
            open: Open::default(),
            rungs: Rungs::new(),
            far: BinaryHeap::new(),
            n_far_scheduled: 0,
        }
    }

    /// Puts an event into the queue.
    ///
    /// # Panics
    ///
    /// If the time is before that of the last event taken.
    #[inline]
    pub fn schedule(&mut self, at: SimTime, event: Event) {
        let millis = at.millis();
        assert!(self.now <= millis, "what is scheduled is yet to happen");
        self.n += 1;
        if self.lane.is_empty() {
            if millis == self.now && millis < Key::TIMES || millis <= self.others_first.millis() {
                return self.lane.begin(millis, event);
            }
        } else if millis == self.lane.millis() {
            return self.lane.push(event);
        } else if millis == self.now {
            self.clear_lane();
            return self.lane.begin(millis, event);
        }
        if millis < Key::TIMES {
            self.schedule_outside(Entry { key: Key::new(millis, event.rank()), event });
        } else {
            self.schedule_far(millis, event);
        }
    }

    /// Time and rank of the next event.
    #[inline]
    pub fn peek(&self) -> Option<(SimTime, u8)> {
        let first = self.lane.first().min(self.others_first);
        if first == Key::NEVER {
            return self.far.peek().map(|Reverse(it)| (SimTime::from_millis(it.millis), it.rank));
        }
        Some((first.time(), first.rank()))
    }

    /// Takes the next event.
    #[inline]
    pub fn pop(&mut self) -> Option<(SimTime, Event)> {
        let event = if self.lane.first() < self.others_first {
            self.now = self.lane.millis();
            self.lane.pop()
        } else if self.others_first == Key::NEVER {
            return self.pop_far();
        } else {
            self.now = self.others_first.millis();
            self.pop_outside()
        };
        self.n -= 1;
        Some((SimTime::from_millis(self.now), event))
    }

    /// How many events are pending.
    pub const fn len(&self) -> usize {
        self.n
    }

    /// Whether nothing is pending.
    pub const fn is_empty(&self) -> bool {
        self.n == 0
    }

    /// Puts an event into the open slot or the rungs.
    #[inline]
    fn schedule_outside(&mut self, entry: Entry) {
        self.others_first = self.others_first.min(entry.key);
        if !self.open.has(entry.key.millis()) {
            self.rungs.push(entry);
        } else if !self.open.insert(entry) {
            self.rungs.set_base(self.now);
            self.open.give_back(&mut self.rungs);
        }
    }

    #[cold]
    fn schedule_far(&mut self, millis: u64, event: Event) {
        self.far.push(Reverse(Far { millis, rank: event.rank(), number: self.n_far_scheduled, event }));
        self.n_far_scheduled += 1;
    }

    #[cold]
    fn pop_far(&mut self) -> Option<(SimTime, Event)> {
        let Reverse(it) = self.far.pop()?;
        self.now = it.millis;
        self.n -= 1;
        Some((SimTime::from_millis(it.millis), it.event))
    }

    /// Gives the events of the lane to the others: it is needed for the present.
    fn clear_lane(&mut self) {
        while !self.lane.is_empty() {
            let key = self.lane.first();
            let event = self.lane.pop();
            self.schedule_outside(Entry { key, event });
        }
    }

    /// Takes the first event outside the lane; its time is the present.
    #[inline]
    fn pop_outside(&mut self) -> Event {
        let event = match self.open.pop() {
            Some(event) => event,
            None => self.pop_of_rungs(),
        };
        self.others_first = self.open.first().unwrap_or_else(|| self.rungs.first());
        event
    }

    /// Takes the first event of the rungs and opens the slot in which it is.
    fn pop_of_rungs(&mut self) -> Event {
        loop {
            let at = self.rungs.first_slot().expect("the first event is in the rungs");
            // It is in this slot, and nothing in the rungs is earlier.
            self.rungs.set_base(self.now);
            let n = self.rungs.len(at);
            if n == 1 {
                self.open.close();
                return self.rungs.take_one(at).event;
            }
            let width_bits = at.width_bits();
            if width_bits == 0 || n <= OPENED_MAX && width_bits <= WIDTH_BITS_MAX {
                self.open.open(&mut self.rungs, at, self.now);
                return self.open.pop().expect("the slot has events");
            }
            self.rungs.deal_out(at);
        }
    }
}

/// An event after all times that have a key.
#[derive(Clone, Copy, Debug)]
struct Far {
    millis: u64,
    rank: u8,
    number: u64,
    event: Event,
}

impl Far {
    const fn order(&self) -> (u64, u8, u64) {
        (self.millis, self.rank, self.number)
    }
}

impl Ord for Far {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.order().cmp(&other.order())
    }
}

impl PartialOrd for Far {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Far {
    fn eq(&self, other: &Self) -> bool {
        self.order() == other.order()
    }
}

impl Eq for Far {}
