//! Requests one by one: arrivals by chance at the rate (a Poisson process),
//! service times exponential around their mean, a queue in order of arrival
//! before the slots of each task. Times are whole microseconds.
//!
//! Both draws belong to the service and are used up in the order of the
//! requests, so the n-th request comes at the same moment and takes the same
//! time under every policy.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::counts::Counts;
use super::interval::Stretch;
use super::target::Targets;
use crate::base::rng::Stream;
use crate::base::{Domain, Seed, SimTime};
use crate::model::traffic::{RequestFailure, RoutingAlgorithm, Traffic};

/// What the requests of a service remember between two stretches.
pub struct Requests {
    arrivals: Stream,
    service_times: Stream,
    /// What the rate must yet add up to before the next one comes: billionths
    /// of a thousandth of a request.
    due: u64,
    /// When requests in slots are done: microsecond, row, generation.
    ends: BinaryHeap<Reverse<(u64, u32, u32)>>,
    /// Whose turn it is, for each side.
    turn: [usize; 2],
    /// What of the traffic the target revision is owed, in millionths.
    owed: u64,
}

/// The unit of `due`, in a request.
const PER_REQUEST: f64 = 1e12;

impl Requests {
    /// Nothing has come yet.
    pub fn new(seed: Seed, service: u32) -> Self {
        let mut arrivals = seed.stream(Domain::RequestArrivals, service.into());
        let due = exponential(&mut arrivals, PER_REQUEST);
        let service_times = seed.stream(Domain::RequestServiceTimes, service.into());
        Self { arrivals, service_times, due, ends: BinaryHeap::new(), turn: [0; 2], owed: 0 }
    }

    /// Plays a stretch. `targets` must be settled at its begin, and change
    /// neither by themselves nor otherwise before its end.
    pub fn advance(
        &mut self,
        traffic: &Traffic,
        targets: &mut Targets,
        stretch: &Stretch,
        counts: &mut Counts,
    ) {
        let to = stretch.to.millis() * 1000;
        let mut now = stretch.from.millis() * 1000;
        let [of_source, of_target] = stretch.rates;
        let rate = of_source + of_target;
        loop {
            let until_next = if rate == 0 { u64::MAX } else { self.due.div_ceil(rate) };
            let next = now.saturating_add(until_next).min(to);
            self.finish_until(next, traffic, targets, counts);
            let passed = u128::from(rate) * u128::from(next - now);
            if next >= to {
                self.due = self.due.saturating_sub(u64::try_from(passed).unwrap_or(u64::MAX));
                break;
            }
            now = next;
            self.due = exponential(&mut self.arrivals, PER_REQUEST);
            let mean_us = traffic.service_time.millis() * 1000;
            let takes = exponential(&mut self.service_times, mean_us as f64);
            // The target revision has its share to the request, without a draw.
            self.owed += u64::try_from(u128::from(of_target) * 1_000_000 / u128::from(rate))
                .expect("a share of at most one");
            let side = usize::from(self.owed >= 1_000_000);
            self.owed -= if side == 1 { 1_000_000 } else { 0 };
            counts.offered += Counts::ONE;
            self.arrive(traffic, targets, side, now, takes, counts);
        }
        for row in 0..targets.rows().len() {
            give_up(traffic, targets, row, to, counts);
        }
    }

    fn arrive(
        &mut self,
        traffic: &Traffic,
        targets: &mut Targets,
        side: usize,
        now: u64,
        takes: u64,
        counts: &mut Counts,
    ) {
        let Some(row) = self.choose(traffic, targets, side) else {
            counts.fail(RequestFailure::NoTarget, Counts::ONE);
            return;
        };
        let moment = SimTime::from_millis(now / 1000);
        if let Some(failure) = targets.rows()[row].refuses(moment) {
            counts.fail(failure, Counts::ONE);
            return;
        }
        give_up(traffic, targets, row, now, counts);
        let target = &mut targets.rows_mut()[row];
        if target.occupancy.busy < u64::from(traffic.concurrency) * Counts::ONE {
            target.occupancy.busy += Counts::ONE;
            let number = u32::try_from(row).expect("fewer than 2^32 targets");
            self.ends.push(Reverse((now.saturating_add(takes), number, target.generation)));
        } else if target.occupancy.queued < u64::from(traffic.queue) * Counts::ONE {
            target.occupancy.queued += Counts::ONE;
            target.waiting.push_back((now, takes));
        } else {
            counts.fail(RequestFailure::QueueFull, Counts::ONE);
        }
    }

    /// Who gets the next request of a side.
    fn choose(&mut self, traffic: &Traffic, targets: &Targets, side: usize) -> Option<usize> {
        let routed = &targets.routed[side];
        if routed.is_empty() {
            return None;
        }
        let turn = &mut self.turn[side];
        *turn = (*turn + 1) % routed.len();
        let first = match traffic.algorithm {
            RoutingAlgorithm::RoundRobin => *turn,
            RoutingAlgorithm::LeastOutstandingRequests => {
                let in_turn = (*turn..routed.len()).chain(0..*turn);
                let in_flight = |it: &usize| targets.rows()[routed[*it] as usize].occupancy.total();
                in_turn.min_by_key(in_flight)?
            }
        };
        Some(routed[first] as usize)
    }

    /// Ends of service up to a microsecond, and who takes the slots over.
    fn finish_until(&mut self, until: u64, traffic: &Traffic, targets: &mut Targets, counts: &mut Counts) {
        while let Some(&Reverse((at, number, generation))) = self.ends.peek() {
            if at >= until {
                break;
            }
            self.ends.pop();
            let row = number as usize;
            if targets.rows()[row].generation != generation {
                // It was cut before it was done.
                continue;
            }
            let target = &mut targets.rows_mut()[row];
            target.occupancy.busy -= Counts::ONE;
            if target.is_erring {
                counts.fail(RequestFailure::ErrorAnswer, Counts::ONE);
            } else {
                counts.served += Counts::ONE;
            }
            give_up(traffic, targets, row, at, counts);
            let target = &mut targets.rows_mut()[row];
            if let Some((arrived, takes)) = target.waiting.pop_front() {
                target.occupancy.queued -= Counts::ONE;
                target.occupancy.busy += Counts::ONE;
                counts.waited_us += at - arrived;
                self.ends.push(Reverse((at.saturating_add(takes), number, generation)));
            }
        }
    }
}

/// Those who have waited longer than the timeout.
fn give_up(traffic: &Traffic, targets: &mut Targets, row: usize, now: u64, counts: &mut Counts) {
    let timeout = traffic.timeout.millis() * 1000;
    let target = &mut targets.rows_mut()[row];
    while target.waiting.front().is_some_and(|it| now - it.0 > timeout) {
        target.waiting.pop_front();
        target.occupancy.queued -= Counts::ONE;
        counts.fail(RequestFailure::TimedOut, Counts::ONE);
    }
}

/// A draw, rounded to the whole.
fn exponential(stream: &mut Stream, mean: f64) -> u64 {
    stream.exponential(mean).round() as u64
}
