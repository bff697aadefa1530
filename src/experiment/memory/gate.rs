//! Who may start: runs in order, as long as what they take fits beside what
//! others hold. One may always start, however little there is.
//!
//! Runs that meet the same workload stand together on a shelf. The first of them
//! makes it; until it is made, the first run of the next shelf is let through
//! instead, so that nobody waits for a workload that another one draws.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard};

use crate::experiment::memory::Footprint;

/// A run before the gate.
#[derive(Clone, Copy, Debug)]
pub struct Job {
    /// Runs that meet the same workload have the same.
    pub shelf: usize,
    /// What it takes.
    pub footprint: Footprint,
}

/// Lets runs through, from many threads.
#[derive(Debug)]
pub struct Gate {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Clone, Debug)]
struct State {
    jobs: Vec<Job>,
    limit: Option<u64>,
    shelves: Vec<Shelf>,
    /// All shelves before it are empty.
    first: usize,
    used: u64,
    n_running: usize,
}

#[derive(Clone, Debug, Default)]
struct Shelf {
    waiting: VecDeque<usize>,
    n_left: usize,
    making: Option<usize>,
    is_made: bool,
}

#[derive(PartialEq, Eq, Debug)]
enum Answer {
    Start(usize),
    Wait,
    Nothing,
}

/// A run that was let through; it leaves when this is dropped.
#[derive(Debug)]
pub struct Pass<'a> {
    gate: &'a Gate,
    /// Its position among the jobs.
    pub job: usize,
    is_kept: bool,
}

impl Gate {
    /// Before it stand `jobs`, shelves ascending; together they may take
    /// `limit` bytes, or whatever they want.
    pub fn new(jobs: Vec<Job>, limit: Option<u64>) -> Self {
        let n_shelves = jobs.iter().map(|it| it.shelf + 1).max().unwrap_or(0);
        let mut shelves = vec![Shelf::default(); n_shelves];
        for (idx, job) in jobs.iter().enumerate() {
            shelves[job.shelf].waiting.push_back(idx);
            shelves[job.shelf].n_left += 1;
        }
        let state = State { jobs, limit, shelves, first: 0, used: 0, n_running: 0 };
        Self { state: Mutex::new(state), changed: Condvar::new() }
    }

    /// How many of the first runs may be played at once by so many threads.
    pub fn at_once(&self, n_threads: usize) -> usize {
        let mut state = self.state().clone();
        let starts = |state: &mut State| match state.answer() {
            Answer::Start(job) => {
                state.made(state.jobs[job].shelf);
                true
            }
            Answer::Wait | Answer::Nothing => false,
        };
        (0..n_threads).take_while(|_| starts(&mut state)).count()
    }

    /// Waits for the next run that may start; `None` when none is left.
    pub fn pass(&self) -> Option<Pass<'_>> {
        let mut state = self.state();
        loop {
            match state.answer() {
                Answer::Start(job) => return Some(Pass { gate: self, job, is_kept: false }),
                Answer::Nothing => return None,
                Answer::Wait => state = self.changed.wait(state).expect("nobody panics before the gate"),
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nobody panics before the gate")
    }
}

impl Pass<'_> {
    /// The workload of its shelf is there.
    pub fn made(&self) {
        let mut state = self.gate.state();
        let shelf = state.jobs[self.job].shelf;
        state.made(shelf);
        drop(state);
        self.gate.changed.notify_all();
    }

    /// Its record stays when it leaves.
    pub fn keep(&mut self) {
        self.is_kept = true;
    }
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        self.gate.state().leave(self.job, self.is_kept);
        self.gate.changed.notify_all();
    }
}

impl State {
    fn answer(&mut self) -> Answer {
        while self.shelves.get(self.first).is_some_and(|it| it.waiting.is_empty()) {
            self.first += 1;
        }
        if self.first == self.shelves.len() {
            return Answer::Nothing;
        }
        let mut shelves = self.shelves[self.first..].iter_mut();
        let Some(shelf) = shelves.find(|it| !it.waiting.is_empty() && it.making.is_none()) else {
            return Answer::Wait;
        };
        let job = shelf.waiting[0];
        let Footprint { workload, state, record } = self.jobs[job].footprint;
        let is_first = !shelf.is_made;
        let asked = state.saturating_add(record).saturating_add(if is_first { workload } else { 0 });
        let used = self.used.saturating_add(asked);
        if self.n_running > 0 && self.limit.is_some_and(|limit| used > limit) {
            return Answer::Wait;
        }
        shelf.waiting.pop_front();
        if is_first {
            shelf.making = Some(job);
        }
        self.used = used;
        self.n_running += 1;
        Answer::Start(job)
    }

    fn made(&mut self, shelf: usize) {
        self.shelves[shelf].is_made = true;
        self.shelves[shelf].making = None;
    }

    fn leave(&mut self, job: usize, is_kept: bool) {
        let Job { shelf, footprint } = self.jobs[job];
        let row = &mut self.shelves[shelf];
        row.n_left -= 1;
        let mut given_back = footprint.state;
        given_back = given_back.saturating_add(if is_kept { 0 } else { footprint.record });
        // One that was not played made nothing: the next one does.
        let gave_up = row.making == Some(job);
        if gave_up {
            row.making = None;
        }
        if gave_up || (row.is_made && row.n_left == 0) {
            given_back = given_back.saturating_add(footprint.workload);
        }
        // Of sums that were cut at the greatest number less may be there.
        self.used = self.used.saturating_sub(given_back);
        self.n_running -= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FOOTPRINT: Footprint = Footprint { workload: 100, state: 10, record: 1 };

    /// Runs on these shelves.
    fn gate(shelves: &[usize], limit: Option<u64>) -> Gate {
        Gate::new(shelves.iter().map(|&shelf| Job { shelf, footprint: FOOTPRINT }).collect(), limit)
    }

    fn used(gate: &Gate) -> u64 {
        gate.state().used
    }

    #[test]
    fn runs_start_as_long_as_they_fit() {
        let gate = gate(&[0; 5], Some(100 + 3 * 11));
        let mut passes = Vec::new();
        for n in 0..3 {
            let pass = gate.pass().unwrap();
            assert_eq!(pass.job, n);
            pass.made();
            passes.push(pass);
        }
        assert_eq!(gate.state().answer(), Answer::Wait);
        let mut left = passes.remove(1);
        left.keep();
        drop(left);
        assert_eq!(used(&gate), 100 + 2 * 11 + 1, "its record stays");
        assert_eq!(gate.state().answer(), Answer::Wait, "and is in the way");
        drop(passes.pop());
        assert_eq!(gate.state().answer(), Answer::Start(3));
    }

    #[test]
    fn one_run_may_always_start() {
        let gate = gate(&[0, 0], Some(0));
        let pass = gate.pass().unwrap();
        pass.made();
        assert_eq!(gate.state().answer(), Answer::Wait);
        drop(pass);
        assert_eq!(gate.pass().unwrap().job, 1);
        assert!(gate.pass().is_none());
        assert_eq!(used(&gate), 0, "the workload goes with the last run");
    }

    #[test]
    fn nobody_waits_for_a_workload_while_there_is_another_one() {
        let gate = gate(&[0, 0, 1, 1], None);
        let first = gate.pass().unwrap();
        let second = gate.pass().unwrap();
        assert_eq!((first.job, second.job), (0, 2));
        assert_eq!(gate.state().answer(), Answer::Wait);
        first.made();
        assert_eq!(gate.pass().unwrap().job, 1);
    }

    #[test]
    fn what_is_found_makes_no_workload() {
        let gate = gate(&[0, 0], None);
        drop(gate.pass().unwrap());
        assert_eq!(used(&gate), 0);
        let second = gate.pass().unwrap();
        assert_eq!((second.job, used(&gate)), (1, 111), "the second one makes it");
    }

    #[test]
    fn how_many_fit_is_known_before() {
        let check = |limit, n_threads, expected| {
            assert_eq!(gate(&[0, 0, 0, 1, 1], limit).at_once(n_threads), expected);
        };
        check(None, 2, 2);
        check(None, 9, 5);
        check(Some(0), 4, 1);
        check(Some(100 + 22), 4, 2);
        check(Some(100 + 33), 4, 3);
        check(Some(200 + 44), 8, 4);
    }

    #[test]
    fn threads_come_and_go_until_all_is_done() {
        let shelves: Vec<usize> = (0..60).map(|it| it / 7).collect();
        for limit in [None, Some(0), Some(130), Some(300)] {
            let gate = gate(&shelves, limit);
            let seen = Mutex::new(Vec::new());
            std::thread::scope(|scope| {
                for _ in 0..4 {
                    scope.spawn(|| {
                        while let Some(mut pass) = gate.pass() {
                            pass.made();
                            pass.keep();
                            seen.lock().unwrap().push(pass.job);
                        }
                    });
                }
            });
            let mut seen = seen.into_inner().unwrap();
            seen.sort_unstable();
            assert_eq!(seen, (0..60).collect::<Vec<_>>());
            assert_eq!(used(&gate), 60, "only records are left");
        }
    }
}
