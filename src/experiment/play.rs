//! Runs in parallel, records in order. Runs share nothing that changes, so the
//! records are the same at any thread count. Each is kept as soon as it is
//! there.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use rayon::prelude::*;

use crate::experiment::matrix::{Experiment, Run};
use crate::model::workload::Workload;
use crate::record::RunRecord;
use crate::sim::{self, Watch};

/// Who is told how far the runs are, from many threads.
pub trait Audience: Sync {
    /// A run begins.
    fn run_started(&self, run: Run);
    /// So many more events were played.
    fn events(&self, n: u64);
    /// A run is done and was kept.
    fn run_done(&self, run: Run);
}

/// A stop that was asked for.
#[derive(Debug, Default)]
pub struct Brake(AtomicBool);

impl Brake {
    /// Nobody has asked yet.
    pub const fn new() -> Self {
        Self(AtomicBool::new(false))
    }

    /// Asks all runs to stop.
    pub fn pull(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether somebody asked.
    pub fn is_pulled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// What became of a run.
pub enum Outcome<E> {
    /// It was played, or found where it was kept.
    Done(Box<RunRecord>),
    /// It was not begun, or not finished, when the brake was pulled.
    NotPlayed,
    /// It was played and could not be kept.
    NotKept(E),
}

/// Plays all `runs` that `find` does not find, and hands each record to `keep`
/// as soon as it is there. Outcomes stand in the order of `runs`.
pub fn play<E: Send>(
    experiment: &Experiment,
    runs: &[Run],
    brake: &Brake,
    audience: &impl Audience,
    find: impl Fn(Run) -> Option<RunRecord> + Sync,
    keep: impl Fn(Run, &RunRecord) -> Result<(), E> + Sync,
) -> Vec<Outcome<E>> {
    // Runs that meet the same workload stand together, so that few workloads
    // are alive at once.
    let mut order: Vec<usize> = (0..runs.len()).collect();
    order.sort_by_key(|&idx| (shelf_key(experiment, runs[idx]), idx));
    let shelf = Shelf::new(experiment, runs);
    // One run at a time and in order: large ones are not bundled.
    let played = order.par_iter().with_max_len(1).map(|&idx| {
        let run = runs[idx];
        let outcome = if let Some(record) = find(run) {
            audience.run_done(run);
            Outcome::Done(Box::new(record))
        } else if brake.is_pulled() {
            Outcome::NotPlayed
        } else {
            audience.run_started(run);
            let workload = shelf.workload(run);
            let setup = &experiment.settings[run.setting].setup;
            let mut watch = Progress { brake, audience, n_told: 0 };
            match sim::run_watched(setup, &workload, experiment.seed_of(run), &mut watch) {
                None => Outcome::NotPlayed,
                Some(record) => match keep(run, &record) {
                    Ok(()) => {
                        audience.run_done(run);
                        Outcome::Done(Box::new(record))
                    }
                    Err(error) => {
                        // What fails once fails for all: no use in playing on.
                        brake.pull();
                        Outcome::NotKept(error)
                    }
                },
            }
        };
        shelf.done(run);
        (idx, outcome)
    });
    let mut outcomes: Vec<(usize, Outcome<E>)> = played.collect();
    outcomes.sort_by_key(|it| it.0);
    outcomes.into_iter().map(|it| it.1).collect()
}

/// Passes on how far a run is.
struct Progress<'a, A> {
    brake: &'a Brake,
    audience: &'a A,
    n_told: u64,
}

impl<A: Audience> Watch for Progress<'_, A> {
    fn goes_on(&mut self, n_events: u64) -> bool {
        self.audience.events(n_events - self.n_told);
        self.n_told = n_events;
        !self.brake.is_pulled()
    }
}

type ShelfKey = (usize, u32);

fn shelf_key(experiment: &Experiment, run: Run) -> ShelfKey {
    (experiment.settings[run.setting].workload, run.replicate)
}

/// Workloads that several runs meet: made by the first that needs one, given
/// away after the last.
struct Shelf<'a> {
    experiment: &'a Experiment,
    slots: BTreeMap<ShelfKey, Slot>,
}

struct Slot {
    workload: Mutex<Option<Arc<Workload>>>,
    n_left: AtomicU64,
}

impl<'a> Shelf<'a> {
    fn new(experiment: &'a Experiment, runs: &[Run]) -> Self {
        let mut slots: BTreeMap<ShelfKey, Slot> = BTreeMap::new();
        for &run in runs {
            let slot = slots
                .entry(shelf_key(experiment, run))
                .or_insert_with(|| Slot { workload: Mutex::new(None), n_left: AtomicU64::new(0) });
            *slot.n_left.get_mut() += 1;
        }
        Self { experiment, slots }
    }

    fn workload(&self, run: Run) -> Arc<Workload> {
        let slot = &self.slots[&shelf_key(self.experiment, run)];
        let mut workload = slot.workload.lock().expect("nobody panics with a workload in hand");
        let made = workload.get_or_insert_with(|| {
            let setting = &self.experiment.settings[run.setting];
            let spec = &self.experiment.workloads[setting.workload];
            Arc::new(self.experiment.inputs.workload(spec, self.experiment.seed_of(run)))
        });
        Arc::clone(made)
    }

    fn done(&self, run: Run) {
        let slot = &self.slots[&shelf_key(self.experiment, run)];
        if slot.n_left.fetch_sub(1, Ordering::AcqRel) == 1 {
            slot.workload.lock().expect("nobody panics with a workload in hand").take();
        }
    }
}
