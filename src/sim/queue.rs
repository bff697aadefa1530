//! Pending events. Order: earlier time, then kind of event, then order of
//! scheduling; so no order is ever an accident.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use crate::base::SimTime;
use crate::sim::event::Event;

/// What is yet to happen.
#[derive(Debug, Default)]
pub struct EventQueue {
    heap: BinaryHeap<Pending>,
    n_scheduled: u64,
}

#[derive(Clone, Copy, Debug)]
struct Pending {
    at: SimTime,
    /// Rank of the kind in the upper byte, scheduling number below.
    order: u64,
    event: Event,
}

impl EventQueue {
    /// A queue without events.
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts an event into the queue.
    pub fn schedule(&mut self, at: SimTime, event: Event) {
        let order = u64::from(event.rank()) << 56 | self.n_scheduled;
        self.n_scheduled += 1;
        assert!(self.n_scheduled < 1 << 56, "a scheduling number fits below the rank");
        self.heap.push(Pending { at, order, event });
    }

    /// Time and rank of the next event.
    pub fn peek(&self) -> Option<(SimTime, u8)> {
        self.heap.peek().map(|it| (it.at, (it.order >> 56) as u8))
    }

    /// Takes the next event.
    pub fn pop(&mut self) -> Option<(SimTime, Event)> {
        self.heap.pop().map(|it| (it.at, it.event))
    }

    /// How many events are pending.
    pub fn len(&self) -> usize {
        self.heap.len()
    }

    /// Whether nothing is pending.
    pub fn is_empty(&self) -> bool {
        self.heap.is_empty()
    }
}

impl Ord for Pending {
    /// Reversed: the standard heap hands out the greatest first.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::id::{InstanceId, ServiceId};

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
}
