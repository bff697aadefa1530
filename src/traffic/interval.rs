//! Requests as a flow: over a stretch of time in which the rate and the targets
//! stay as they are, how many are served, fail, wait and are in flight at its
//! end. For rates at which single requests do not matter.
//!
//! What comes and goes is a fluid: slots fill and empty at once or as service
//! times end, a queue grows by what the slots cannot take, up to its length or
//! to where waiting takes longer than the timeout. Chance adds what slots with
//! a queue lose and wait in the long run (`erlang.rs`). In turn each target has
//! an equal share, and arrivals so evened out that of the waiting and the loss
//! by chance the part (1 + 1/n) / 2 is left (Allen and Cunneen's rule for
//! arrivals of n phases). By the fewest in flight all targets are one pool.
//!
//! Left out: the way from one long run to the next, some seconds; that requests
//! at a target cannot move to another when a pool changes.

use super::counts::Counts;
use super::erlang::{LongRun, long_run};
use super::fixed::{ONE, decay, of, ratio, scale};
use super::target::{Occupancy, Standing, Targets};
use super::{dead_targets, fixed};
use crate::base::SimTime;
use crate::model::traffic::{RequestFailure, RoutingAlgorithm, Traffic};

/// A stretch of time in which nothing changes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Stretch {
    /// Its begin.
    pub from: SimTime,
    /// Its end.
    pub to: SimTime,
    /// Millionths of a request a second, for each side.
    pub rates: [u64; 2],
}

impl Stretch {
    fn millis(&self) -> u64 {
        self.to.since(self.from).millis()
    }
}

/// What a flow remembers between two stretches.
#[derive(Clone, Debug, Default)]
pub struct Flow {
    /// Arrivals below a millionth that were not counted yet, for each side.
    carry: [u64; 2],
    /// The last long run: load, targets, what holds.
    known: [Option<(u64, u64, LongRun)>; 2],
}

impl Flow {
    /// Plays a stretch. `targets` must be settled at its begin, and change
    /// neither by themselves nor otherwise before its end.
    pub fn advance(
        &mut self,
        traffic: &Traffic,
        targets: &mut Targets,
        stretch: &Stretch,
        counts: &mut Counts,
    ) {
        let millis = stretch.millis();
        if millis == 0 {
            return;
        }
        for side in 0..2 {
            let billionths = u128::from(stretch.rates[side]) * u128::from(millis)
                + u128::from(std::mem::take(&mut self.carry[side]));
            self.carry[side] = (billionths % 1000) as u64;
            let arrivals = u64::try_from(billionths / 1000).expect("fewer requests than can be counted");
            counts.offered += arrivals;
            self.route(traffic, targets, side, arrivals, stretch, counts);
        }
        // Whoever is sent nothing goes on with what is in flight.
        let opened = [0, 1].map(|side: usize| {
            let first = targets.routed[side].first();
            first
                .is_some_and(|it| matches!(targets.rows()[*it as usize].standing, Standing::Unhealthy { .. }))
        });
        let alone = Pool { traffic, n: 1, long_run: LongRun::default() };
        for target in targets.rows_mut() {
            let is_routed = match target.standing {
                Standing::Healthy => true,
                Standing::Unhealthy { .. } => opened[target.side] && target.refuses(stretch.from).is_none(),
                _ => false,
            };
            if !is_routed && target.occupancy.total() > 0 {
                let done = alone.flow(&mut target.occupancy, 0, millis, counts);
                count_done(target.is_erring, done, counts);
            }
        }
    }

    /// The arrivals of one side.
    fn route(
        &mut self,
        traffic: &Traffic,
        targets: &mut Targets,
        side: usize,
        arrivals: u64,
        stretch: &Stretch,
        counts: &mut Counts,
    ) {
        let millis = stretch.millis();
        let routed = std::mem::take(&mut targets.routed[side]);
        let rows = targets.rows_mut();
        let refusal = |row: u32| rows[row as usize].refuses(stretch.from);
        let n_dead = routed.iter().filter(|it| refusal(**it).is_some()).count() as u64;
        let n_living = routed.len() as u64 - n_dead;
        let load = fixed::scale(arrivals, traffic.service_time.millis(), millis);
        let to_living = match (n_living, n_dead) {
            (0, _) => 0,
            (_, 0) => arrivals,
            _ if traffic.algorithm == RoutingAlgorithm::LeastOutstandingRequests => {
                dead_targets::share_of_living(arrivals, load, n_living, n_dead)
            }
            _ => scale(arrivals, n_living, n_living + n_dead),
        };
        let to_dead = arrivals - to_living;
        if routed.is_empty() {
            counts.fail(RequestFailure::NoTarget, to_dead);
        } else if to_dead > 0 {
            let mut left = Shares::new(to_dead, n_dead);
            for failure in routed.iter().filter_map(|it| refusal(*it)) {
                counts.fail(failure, left.next());
            }
        }
        let load = fixed::scale(to_living, traffic.service_time.millis(), millis);
        let is_living = |rows: &[super::Target], row: u32| rows[row as usize].refuses(stretch.from).is_none();
        match traffic.algorithm {
            RoutingAlgorithm::RoundRobin => {
                let long_run = self.long_run(traffic, side, load / n_living.max(1), n_living, 1);
                let pool = Pool { traffic, n: 1, long_run };
                let mut shares = Shares::new(to_living, n_living);
                for &row in &routed {
                    if is_living(rows, row) {
                        let target = &mut rows[row as usize];
                        let done = pool.flow(&mut target.occupancy, shares.next(), millis, counts);
                        count_done(target.is_erring, done, counts);
                    }
                }
            }
            RoutingAlgorithm::LeastOutstandingRequests if n_living > 0 => {
                let long_run = self.long_run(traffic, side, load, 1, n_living);
                let mut together = Occupancy::default();
                let mut n_erring = 0;
                for &row in routed.iter().filter(|it| is_living(rows, **it)) {
                    let target = &rows[row as usize];
                    together.busy += target.occupancy.busy;
                    together.queued += target.occupancy.queued;
                    n_erring += u64::from(target.is_erring);
                }
                let pool = Pool { traffic, n: n_living, long_run };
                let done = pool.flow(&mut together, to_living, millis, counts);
                let erring = scale(done, n_erring, n_living);
                count_done(true, erring, counts);
                count_done(false, done - erring, counts);
                let mut busy = Shares::new(together.busy, n_living);
                let mut queued = Shares::new(together.queued, n_living);
                for &row in &routed {
                    if is_living(rows, row) {
                        rows[row as usize].occupancy = Occupancy { busy: busy.next(), queued: queued.next() };
                    }
                }
            }
            RoutingAlgorithm::LeastOutstandingRequests => (),
        }
        targets.routed[side] = routed;
    }

    /// What holds in the long run for a pool of `n_pooled` targets that is one
    /// of `n_turns` that are served in turn.
    fn long_run(
        &mut self,
        traffic: &Traffic,
        side: usize,
        load: u64,
        n_turns: u64,
        n_pooled: u64,
    ) -> LongRun {
        if load == 0 {
            return LongRun::default();
        }
        let n = n_turns.max(n_pooled);
        if let Some((known_load, known_n, known)) = self.known[side]
            && (known_load, known_n) == (load, n)
        {
            return known;
        }
        let slots = u64::from(traffic.concurrency) * n_pooled;
        let queue = traffic.longest_queue() * n_pooled;
        let LongRun { refused, queued } = long_run(load, slots, queue);
        // What is too much in any case is no chance.
        let surplus = ONE - ratio(slots * Counts::ONE, load);
        let by_chance = |it: u64| (it + it / n_turns.max(1)) / 2;
        let found = LongRun {
            refused: surplus + by_chance(refused.saturating_sub(surplus)),
            queued: by_chance(queued),
        };
        self.known[side] = Some((load, n, found));
        found
    }
}

fn count_done(is_erring: bool, n: u64, counts: &mut Counts) {
    if is_erring {
        counts.fail(RequestFailure::ErrorAnswer, n);
    } else {
        counts.served += n;
    }
}

/// An amount in equal parts, the first ones larger by one where it does not
/// divide.
struct Shares {
    left: u64,
    n: u64,
}

impl Shares {
    fn new(amount: u64, n: u64) -> Self {
        Self { left: amount, n }
    }

    fn next(&mut self) -> u64 {
        let share = self.left.div_ceil(self.n.max(1));
        self.left -= share;
        self.n = self.n.saturating_sub(1);
        share
    }
}

/// Targets with one queue before them.
struct Pool<'a> {
    traffic: &'a Traffic,
    /// How many.
    n: u64,
    long_run: LongRun,
}

impl Pool<'_> {
    /// So many arrive, evenly over `millis`; returns how many are done.
    fn flow(&self, occupancy: &mut Occupancy, arrivals: u64, millis: u64, counts: &mut Counts) -> u64 {
        let service_ms = self.traffic.service_time.millis();
        if service_ms == 0 {
            let done = occupancy.total() + arrivals;
            *occupancy = Occupancy::default();
            return done;
        }
        let slots = u64::from(self.traffic.concurrency) * self.n * Counts::ONE;
        let capacity = scale(slots, millis, service_ms);
        let before = *occupancy;
        let (after, n_lost) = if arrivals > capacity {
            self.overflow(before.queued, slots, arrivals, capacity, millis, counts)
        } else {
            self.relax(before, slots, arrivals, capacity, millis, counts)
        };
        // Rounding makes nothing out of nothing.
        let in_all = before.total() + arrivals - n_lost;
        let queued = after.queued.min(in_all);
        let busy = after.busy.min(in_all - queued);
        *occupancy = Occupancy { busy, queued };
        in_all - busy - queued
    }

    /// More than the slots can take: the queue grows to its limit. Returns what
    /// is in flight afterwards, and how many were lost.
    fn overflow(
        &self,
        queued: u64,
        slots: u64,
        arrivals: u64,
        capacity: u64,
        millis: u64,
        counts: &mut Counts,
    ) -> (Occupancy, u64) {
        let service_ms = self.traffic.service_time.millis();
        let timeout_ms = self.traffic.timeout.millis();
        let longest = u64::from(self.traffic.queue) * self.n * Counts::ONE;
        // Whoever comes behind so many waits longer than the timeout.
        let patient = scale(slots, timeout_ms, service_ms);
        let limit = longest.min(patient);
        let surplus = arrivals - capacity;
        let room = limit.saturating_sub(queued);
        // Near the limit of the slots chance fills the queue before the surplus
        // does: in about the time in which the square root of what came is its
        // length.
        let by_surplus = if surplus > room { scale(arrivals, room, surplus) } else { arrivals };
        let by_chance = scale(room, room, 2 * Counts::ONE);
        let filling = by_surplus.min(by_chance);
        let beyond = arrivals - filling;
        let n_lost = of(self.long_run.refused, beyond).max(surplus.saturating_sub(room)).min(arrivals);
        let queued_after = (queued + surplus).saturating_sub(n_lost).min(limit.max(queued));
        if longest <= patient {
            counts.fail(RequestFailure::QueueFull, n_lost);
        } else {
            // Those who give up stand in the queue until then: it takes in no
            // more than its length in each timeout.
            let beyond_ms = scale(millis, beyond, arrivals);
            let taken_in = scale(longest, beyond_ms, timeout_ms);
            let refused = beyond.saturating_sub(taken_in).min(n_lost);
            counts.fail(RequestFailure::QueueFull, refused);
            counts.fail(RequestFailure::TimedOut, n_lost - refused);
        }
        let mean = queued.midpoint(queued_after);
        counts.waited_us += waited(filling, mean, service_ms, slots);
        counts.waited_us += waited(beyond.saturating_sub(n_lost), queued_after, service_ms, slots);
        (Occupancy { busy: slots, queued: queued_after }, n_lost)
    }

    /// What the slots can take: a queue shrinks, then the slots come to hold
    /// what the rate asks for.
    fn relax(
        &self,
        before: Occupancy,
        slots: u64,
        arrivals: u64,
        capacity: u64,
        millis: u64,
        counts: &mut Counts,
    ) -> (Occupancy, u64) {
        let service_ms = self.traffic.service_time.millis();
        let spare = capacity - arrivals;
        // By the spare slots, or, where these are few, by chance: as above.
        let by_spare = if before.queued > spare { arrivals } else { scale(arrivals, before.queued, spare) };
        let by_chance = scale(before.queued, before.queued, 2 * Counts::ONE);
        let shrinking = by_spare.min(by_chance);
        if before.queued > spare && by_chance >= arrivals {
            let queued = before.queued - spare;
            counts.waited_us += waited(arrivals, queued.midpoint(before.queued), service_ms, slots);
            return (Occupancy { busy: slots, queued }, 0);
        }
        let (mut rest_ms, mut rest, mut busy) = (millis, arrivals, before.busy);
        if before.queued > 0 {
            counts.waited_us += waited(shrinking, before.queued / 2, service_ms, slots);
            let shrinking_ms = match arrivals {
                0 => scale(millis, before.queued, spare),
                _ => scale(millis, shrinking, arrivals),
            };
            rest_ms -= shrinking_ms.min(millis);
            rest -= shrinking.min(rest);
            busy = slots;
        }
        let n_lost = of(self.long_run.refused, rest);
        let gives_up = self.traffic.longest_queue() < u64::from(self.traffic.queue);
        let failure = if gives_up { RequestFailure::TimedOut } else { RequestFailure::QueueFull };
        counts.fail(failure, n_lost);
        counts.waited_us += scale(self.long_run.queued, rest_ms, 1000);
        let goal = scale(arrivals, service_ms, millis).min(slots);
        let left = decay(rest_ms, service_ms);
        let busy = if busy > goal { goal + of(left, busy - goal) } else { goal - of(left, goal - busy) };
        (Occupancy { busy, queued: 0 }, n_lost)
    }
}

/// What `n` requests wait behind `queued` others, in microseconds of whole
/// requests.
fn waited(n: u64, queued: u64, service_ms: u64, slots: u64) -> u64 {
    let micros = u128::from(queued) * u128::from(service_ms) * 1000 / u128::from(slots.max(1));
    u64::try_from(u128::from(n) * micros / u128::from(Counts::ONE)).expect("less than ages of waiting")
}
