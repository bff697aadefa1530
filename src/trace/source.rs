//! The contract of a trace format: bytes in, a [`Trace`] out, with every fault
//! named by line and column. And the one way from a trace to arrivals.
//!
//! A trace is often coarser than the world it was taken from: times rounded to
//! a step, lifetimes given as the limits of a bin, equal requests counted in one
//! row. It is kept as coarse as it is; [`Trace::arrivals`] draws what is
//! missing, by seed, so that each replicate meets another day like that one.

use super::input::Input;
use super::rows::{TraceRow, TraceRows};
use super::threads::Threads;
use crate::base::id::TaskDefinitionId;
use crate::base::{Diagnostic, Domain, Seed, SimDuration, SimTime, Table};
use crate::model::arrivals::{Arrivals, TaskArrival};
use crate::model::task::{Needs, TaskDefinition};

/// A trace format.
pub struct Format {
    /// What a user writes for it, lower case.
    pub name: &'static str,
    /// One line of help.
    pub summary: &'static str,
    /// Whether a file with this first line is one of the format; what is no text
    /// in it is replaced.
    pub recognises: fn(header: &str) -> bool,
    /// Reads a whole trace on the threads that are handed in; `file` is only for
    /// messages.
    pub read: fn(input: &mut dyn Input, file: &str, threads: &dyn Threads) -> Result<Trace, ReadError>,
}

/// Why a trace could not be read.
#[derive(Debug)]
pub enum ReadError {
    /// Its content is at fault: every fault up to a limit.
    Content(Vec<Diagnostic>),
    /// The reader failed.
    Io(std::io::Error),
}

impl From<std::io::Error> for ReadError {
    fn from(error: std::io::Error) -> Self {
        Self::Io(error)
    }
}

/// What a trace file says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trace {
    /// The different needs in the order of their first row; equal ones are one
    /// row.
    pub definitions: Table<TaskDefinitionId, TaskDefinition>,
    /// In the order of `arrival`, ties in the order of the file. The first
    /// arrival is at zero or later.
    pub rows: TraceRows,
    /// How many batches the rows name: `0..n_batches`, in the order of their
    /// first row.
    pub n_batches: u32,
}

/// What a trace knows of a lifetime.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LifetimeRange {
    /// The least that the trace allows.
    pub min: SimDuration,
    /// The most; [`SimDuration::FOREVER`] if the task outlived the trace.
    pub max: SimDuration,
    /// The step that both are multiples of, being rounded to the nearest; zero
    /// if they are exact.
    pub step: SimDuration,
}

/// No task runs shorter than this when its lifetime is drawn: a lifetime that
/// was rounded to zero was not zero.
pub(super) const SHORTEST_DRAWN: SimDuration = SimDuration::from_secs(1);

impl LifetimeRange {
    /// A lifetime that is known exactly.
    pub const fn exactly(lifetime: SimDuration) -> Self {
        Self { min: lifetime, max: lifetime, step: SimDuration::ZERO }
    }

    /// Whether the task outlived the trace.
    pub fn outlives(self) -> bool {
        self.max == SimDuration::FOREVER
    }

    /// The true lifetimes that round to this range: from the first
    /// millisecond up to, not including, the last.
    pub fn unrounded(self) -> (u64, u64) {
        let (min, max, step) = (self.min.millis(), self.max.millis(), self.step.millis());
        let lower = min.saturating_sub(step / 2);
        // An exact lifetime is the one millisecond that it names.
        let upper = if step == 0 { max.saturating_add(1) } else { max.saturating_add(step / 2) };
        (lower, upper.max(lower + 1))
    }

    /// The middle of the range in milliseconds, for statistics; its least for
    /// a task that outlived the trace.
    pub fn middle_ms(self) -> u64 {
        if self.outlives() { self.min.millis() } else { u64::midpoint(self.min.millis(), self.max.millis()) }
    }

    /// How much shorter than the longest it may be; where that is for ever, the
    /// shortest. In milliseconds.
    pub(super) fn slack(self) -> u64 {
        if self.outlives() { self.min.millis() } else { self.max.millis() - self.min.millis() }
    }

    /// The lifetime where nothing of it is left to draw.
    pub fn known(self) -> Option<SimDuration> {
        let is_known = self.outlives() || (self.step == SimDuration::ZERO && self.min == self.max);
        is_known.then_some(self.max)
    }

    /// One lifetime of the range. `entity` is the number of the task.
    fn draw(self, seed: Seed, entity: u64, spread: bool) -> SimDuration {
        if let Some(known) = self.known() {
            return known;
        }
        let mut stream = seed.stream(Domain::Lifetime, entity);
        let step = self.step.millis();
        let drawn = if spread || step == 0 {
            let (lower, upper) = self.unrounded();
            lower + stream.below(upper - lower)
        } else {
            let n_multiples = (self.max.millis() - self.min.millis()) / step + 1;
            self.min.millis() + stream.below(n_multiples) * step
        };
        let shortest = if step == 0 { self.min } else { SHORTEST_DRAWN };
        SimDuration::from_millis(drawn).max(shortest)
    }
}

impl Trace {
    /// How many tasks the rows stand for.
    pub fn n_tasks(&self) -> u64 {
        self.rows.counts().map(u64::from).sum()
    }

    /// How many of them the rows that begin before `end` stand for.
    pub fn n_tasks_before(&self, end: SimTime) -> u64 {
        self.rows.counts().take(self.rows.n_before(end)).map(u64::from).sum()
    }

    /// How many tasks outlived the trace.
    pub fn n_outliving(&self) -> u64 {
        self.rows.iter().filter(|row| row.lifetime.outlives()).map(|row| u64::from(row.count)).sum()
    }

    /// How many tasks need more than an empty instance has: none of them can
    /// ever be placed on it.
    pub fn n_too_large_for(&self, capacity: Needs) -> u64 {
        let is_too_large = |row: &TraceRow| {
            let needs = self.definitions[row.definition].needs;
            needs.cpu > capacity.cpu || needs.memory > capacity.memory
        };
        self.rows.iter().filter(is_too_large).map(|row| u64::from(row.count)).sum()
    }

    /// The first moment by which every row has arrived.
    pub fn end(&self) -> SimTime {
        self.rows.iter().map(|row| row.arrival + row.arrival_step).max().unwrap_or(SimTime::ZERO)
    }

    /// The arrivals before `horizon`, sorted by time; equal times keep the order
    /// of the trace.
    ///
    /// With `spread`, what the trace rounded is drawn by `seed`:
    ///
    /// - A batch arrives as a whole at one moment, uniform within its
    ///   `arrival_step`: one draw for each batch.
    /// - A lifetime is uniform over `min - step/2 .. max + step/2`, the values
    ///   that round to its range, from zero if that is negative; but never less
    ///   than a second. One draw for each task, numbered in the order of the
    ///   trace with every copy of a row counted, so that a task keeps its
    ///   lifetime whatever the horizon.
    ///
    /// Without it a batch arrives at the start of its step, and a lifetime is
    /// one of the multiples of the step from `min` to `max`, each as likely; but
    /// never less than a second.
    ///
    /// A range without a step is exact: between its ends every millisecond is as
    /// likely. What outlived the trace runs for ever.
    ///
    /// Where every row is one task and nothing is left to draw, the arrivals
    /// share the columns of the rows. Otherwise a task takes some ten bytes, and
    /// a row of a few bytes may stand for four thousand million: see
    /// [`n_tasks_before`](Self::n_tasks_before) first.
    pub fn arrivals(&self, seed: Seed, spread: bool, horizon: SimDuration) -> Arrivals {
        let horizon = SimTime::ZERO + horizon;
        if let Some(known) = self.rows.as_arrivals() {
            return known.before(horizon);
        }
        let starts = self.starts(seed, spread, horizon);
        let tasks_of = |start: &Start| {
            let row = self.rows.get(start.row as usize);
            let (at, first_task) = (start.at, u64::from(start.first_task));
            (first_task..first_task + u64::from(row.count)).map(move |task| TaskArrival {
                at,
                lifetime: row.lifetime.draw(seed, task, spread),
                definition: row.definition,
                batch: row.batch,
            })
        };
        starts.iter().flat_map(tasks_of).collect()
    }

    /// When the tasks of each row arrive, of those that do before `horizon`, in
    /// that order.
    fn starts(&self, seed: Seed, spread: bool, horizon: SimTime) -> Vec<Start> {
        let mut starts = Vec::with_capacity(self.rows.n_before(horizon));
        let mut n_tasks: u64 = 0;
        // Sorted rows: none behind the horizon comes before it.
        for (number, row) in (0..).zip(self.rows.iter().take_while(|row| row.arrival < horizon)) {
            let first_task = u32::try_from(n_tasks).expect("a trace has less than 2^32 tasks");
            n_tasks += u64::from(row.count);
            let step = row.arrival_step.millis();
            let offset = if spread && step > 0 {
                seed.stream(Domain::ArrivalOffset, row.batch.into()).below(step)
            } else {
                0
            };
            let at = row.arrival + SimDuration::from_millis(offset);
            if at < horizon {
                starts.push(Start { at, row: number, first_task });
            }
        }
        starts.sort_unstable_by_key(|start| (start.at, start.row));
        starts
    }
}

/// When the tasks of a row arrive.
struct Start {
    at: SimTime,
    row: u32,
    /// The number of its first task in the trace.
    first_task: u32,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{CpuUnits, MemoryMib};
    use crate::trace::builder::Interner;

    const STEP: SimDuration = SimDuration::from_secs(300);

    /// One row for each (arrival, batch, count, lifetime min, max), in steps.
    fn trace(rows: &[(u64, u32, u32, u64, u64)]) -> Trace {
        let mut interner = Interner::default();
        let definition = interner.id(Needs::of(CpuUnits(1024), MemoryMib(2048)));
        let secs = |steps: u64| SimDuration::from_secs(steps * 300);
        let rows: TraceRows = rows
            .iter()
            .map(|&(arrival, batch, count, min, max)| TraceRow {
                arrival: SimTime::ZERO + secs(arrival),
                arrival_step: STEP,
                batch,
                count,
                definition,
                lifetime: LifetimeRange { min: secs(min), max: secs(max), step: STEP },
            })
            .collect();
        let n_batches = rows.iter().map(|row| row.batch + 1).max().unwrap_or(0);
        Trace { definitions: interner.definitions, rows, n_batches }
    }

    const WEEK: SimDuration = SimDuration::from_secs(7 * 86_400);

    #[test]
    fn a_batch_arrives_together_within_its_step() {
        let trace = trace(&[(0, 0, 3, 1, 1), (0, 0, 2, 2, 2), (0, 1, 1, 1, 1), (1, 2, 4, 1, 1)]);
        let arrivals = trace.arrivals(Seed(5), true, WEEK);
        assert_eq!(arrivals.len(), 10);
        assert!(arrivals.iter().is_sorted_by_key(|it| it.at));
        for batch in 0..3 {
            let mut times: Vec<u64> =
                arrivals.iter().filter(|it| it.batch == batch).map(|it| it.at.millis()).collect();
            times.dedup();
            assert_eq!(times.len(), 1, "batch {batch}");
            let start = if batch == 2 { 300_000 } else { 0 };
            assert!((start..start + 300_000).contains(&times[0]));
        }
        assert_ne!(arrivals, trace.arrivals(Seed(6), true, WEEK));
        assert_eq!(arrivals, trace.arrivals(Seed(5), true, WEEK));
    }

    #[test]
    fn a_spread_lifetime_rounds_back_into_its_range() {
        let trace = trace(&[(0, 0, 20_000, 13, 24), (0, 1, 20_000, 0, 0), (0, 2, 20_000, 1, 1)]);
        let arrivals = trace.arrivals(Seed(1), true, WEEK);
        for (batch, lower, upper) in [(0, 3_750_000, 7_350_000), (1, 1000, 150_000), (2, 150_000, 450_000)] {
            let lifetimes: Vec<u64> =
                arrivals.iter().filter(|it| it.batch == batch).map(|it| it.lifetime.millis()).collect();
            assert!(lifetimes.iter().all(|it| (lower..upper).contains(it)), "batch {batch}");
            let mean = lifetimes.iter().sum::<u64>() as f64 / lifetimes.len() as f64;
            let middle = f64::midpoint(lower as f64, upper as f64);
            assert!((mean / middle - 1.0).abs() < 0.02, "batch {batch}: {mean} against {middle}");
        }
    }

    #[test]
    fn without_spread_all_is_on_the_step() {
        let trace = trace(&[(2, 0, 500, 13, 24), (3, 1, 10, 0, 0)]);
        let arrivals: Vec<TaskArrival> = trace.arrivals(Seed(1), false, WEEK).iter().collect();
        assert!(arrivals[..500].iter().all(|it| it.at == SimTime::from_secs(600)));
        let mut multiples: Vec<u64> =
            arrivals[..500].iter().map(|it| it.lifetime.millis() / 300_000).collect();
        assert!(arrivals[..500].iter().all(|it| it.lifetime.millis() % 300_000 == 0));
        multiples.sort_unstable();
        multiples.dedup();
        assert_eq!(multiples, (13..=24).collect::<Vec<_>>());
        assert!(arrivals[500..].iter().all(|it| it.lifetime == SimDuration::from_secs(1)));
    }

    #[test]
    fn a_task_keeps_its_draws_whatever_the_horizon() {
        let trace = trace(&[(0, 0, 5, 13, 24), (4, 1, 5, 13, 24), (9, 2, 5, 13, 24)]);
        let all = trace.arrivals(Seed(3), true, WEEK);
        let early = trace.arrivals(Seed(3), true, SimDuration::from_secs(2000));
        assert_eq!(early, all.iter().take(10).collect());
        assert!(trace.arrivals(Seed(3), true, SimDuration::ZERO).is_empty());
    }

    #[test]
    fn an_exact_lifetime_stays_and_an_open_one_has_no_end() {
        let mut trace = trace(&[(0, 0, 1, 1, 1), (0, 0, 1, 1, 1)]);
        let mut rows: Vec<TraceRow> = trace.rows.iter().collect();
        rows[0].lifetime = LifetimeRange::exactly(SimDuration::from_millis(7));
        rows[1].lifetime.max = SimDuration::FOREVER;
        trace.rows = rows.into_iter().collect();
        for spread in [true, false] {
            let arrivals = trace.arrivals(Seed(1), spread, WEEK);
            assert_eq!(arrivals.get(0).lifetime, SimDuration::from_millis(7));
            assert_eq!(arrivals.get(1).lifetime, SimDuration::FOREVER);
        }
        assert_eq!(trace.n_outliving(), 1);
    }

    #[test]
    fn no_rows_give_no_arrivals() {
        let trace = Trace::default();
        assert!(trace.arrivals(Seed(1), true, WEEK).is_empty());
        assert_eq!((trace.n_tasks(), trace.end()), (0, SimTime::ZERO));
    }

    /// What is known exactly is not copied for a seed, and what is cut off by a
    /// horizon is cut off for that run alone.
    #[test]
    fn exact_rows_are_the_arrivals_themselves() {
        let coarse = trace(&[(0, 0, 1, 1, 1), (1, 1, 1, 2, 2), (1, 2, 1, 3, 3)]);
        let exactly = |row: TraceRow| TraceRow {
            arrival_step: SimDuration::ZERO,
            lifetime: LifetimeRange::exactly(row.lifetime.min),
            ..row
        };
        let exact = Trace { rows: coarse.rows.iter().map(exactly).collect(), ..coarse };
        let all = exact.arrivals(Seed(1), true, WEEK);
        assert_eq!(all, exact.arrivals(Seed(2), false, WEEK));
        assert_eq!(all.get(2).lifetime, SimDuration::from_secs(900));
        assert_eq!(all.len(), 3);
        let mut early = exact.arrivals(Seed(1), true, STEP);
        assert_eq!(early, all.iter().take(1).collect());
        early.push(TaskArrival { at: SimTime::from_secs(299), ..all.get(0) });
        assert_eq!((early.len(), exact.rows.len(), exact.rows.get(1).arrival), (2, 3, SimTime::ZERO + STEP));
        let moved = all.clone().moved_behind(2, 5);
        let expected = |it: TaskArrival| TaskArrival {
            definition: TaskDefinitionId::new(it.definition.number() + 2),
            batch: it.batch + 5,
            ..it
        };
        assert_eq!(moved, all.iter().map(expected).collect());
    }
}
