//! Runs in parallel, and clusters within a run; records in order. Runs share nothing that changes, so the
//! records are the same at any thread count and with any memory. Each is kept as
//! soon as it is there.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use rayon::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::base::Seed;
use crate::experiment::matrix::{Experiment, PlannedSetting, Run};
use crate::experiment::memory::Gate;
use crate::experiment::memory::gate::{Job, Pass};
use crate::model::workload::Workload;
use crate::record::RunRecord;
use crate::sim::{self, Pause, Play, Watch};

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

/// What runs are played with.
pub struct Means<'a> {
    /// Each of its threads plays one run at a time.
    pub pool: &'a ThreadPool,
    /// Bytes that runs may take together; whatever they want if `None`.
    pub memory: Option<u64>,
}

/// The gate before which `runs` stand in the order in which they are played:
/// those that meet the same workload together, so that few workloads are alive
/// at once. Beside it the position of each in `runs`.
pub fn gate(experiment: &Experiment, runs: &[Run], memory: Option<u64>) -> (Gate, Vec<usize>) {
    let mut order: Vec<usize> = (0..runs.len()).collect();
    order.sort_by_key(|&idx| (shelf_key(experiment, runs[idx]), idx));
    let footprints = experiment.footprints();
    let mut keys: Vec<ShelfKey> = order.iter().map(|&it| shelf_key(experiment, runs[it])).collect();
    keys.dedup();
    let job = |&idx: &usize| Job {
        shelf: keys.binary_search(&shelf_key(experiment, runs[idx])).expect("it is among them"),
        footprint: footprints[runs[idx].setting],
    };
    (Gate::new(order.iter().map(job).collect(), memory), order)
}

/// Plays all `runs` that `find` does not find, and hands each record to `keep`
/// as soon as it is there. Outcomes stand in the order of `runs`.
pub fn play<E: Send>(
    experiment: &Experiment,
    runs: &[Run],
    means: &Means<'_>,
    brake: &Brake,
    audience: &impl Audience,
    find: impl Fn(Run) -> Option<RunRecord> + Sync,
    keep: impl Fn(Run, &RunRecord) -> Result<(), E> + Sync,
) -> Vec<Outcome<E>> {
    let (gate, order) = gate(experiment, runs, means.memory);
    let shelf = Shelf::new(experiment, runs);
    let has_clusters = experiment.settings.iter().any(|it| !it.others.is_empty());
    let clusters = has_clusters.then(|| Clusters::new(experiment, means.pool.current_num_threads()));
    let play_one = |pass: &mut Pass<'_>, run: Run| {
        if let Some(record) = find(run) {
            audience.run_done(run);
            pass.keep();
            return Outcome::Done(Box::new(record));
        }
        if brake.is_pulled() {
            return Outcome::NotPlayed;
        }
        audience.run_started(run);
        let workload = shelf.workload(run);
        pass.made();
        let setting = &experiment.settings[run.setting];
        let mut watch = Progress { brake, audience, n_told: 0 };
        let seed = experiment.seed_of(run);
        let record = match &clusters {
            Some(clusters) if !setting.others.is_empty() => {
                clusters.play(setting, &workload, seed, || Progress { brake, audience, n_told: 0 })
            }
            _ => sim::run_watched(&setting.setup, &workload, seed, &mut watch),
        };
        let Some(record) = record else { return Outcome::NotPlayed };
        match keep(run, &record) {
            Ok(()) => {
                audience.run_done(run);
                pass.keep();
                Outcome::Done(Box::new(record))
            }
            Err(error) => {
                // What fails once fails for all: no use in playing on.
                brake.pull();
                Outcome::NotKept(error)
            }
        }
    };
    let played = means.pool.broadcast(|_| {
        let mut outcomes = Vec::new();
        while let Some(mut pass) = gate.pass() {
            let idx = order[pass.job];
            outcomes.push((idx, play_one(&mut pass, runs[idx])));
            shelf.done(runs[idx]);
        }
        outcomes
    });
    let mut outcomes: Vec<(usize, Outcome<E>)> = played.into_iter().flatten().collect();
    outcomes.sort_by_key(|it| it.0);
    outcomes.into_iter().map(|it| it.1).collect()
}

/// Plays the clusters of a run beside each other.
struct Clusters<'a> {
    experiment: &'a Experiment,
    /// Threads of its own: those that play runs wait for it. Without them one
    /// cluster goes after the other.
    pool: Option<ThreadPool>,
}

impl<'a> Clusters<'a> {
    fn new(experiment: &'a Experiment, n_threads: usize) -> Self {
        Self { experiment, pool: ThreadPoolBuilder::new().num_threads(n_threads).build().ok() }
    }

    /// Clusters go on by themselves from one moment at which something shared
    /// changes to the next. Which thread plays which changes nothing: until then
    /// they look at nothing but what is their own.
    fn play<W: Watch + Send>(
        &self,
        setting: &PlannedSetting,
        first: &Workload,
        seed: Seed,
        watch: impl Fn() -> W + Sync,
    ) -> Option<RunRecord> {
        let clusters: Vec<_> = setting.clusters().collect();
        let seeds: Vec<Seed> = (0..).take(clusters.len()).map(|it| seed.of_cluster(it)).collect();
        let others: Vec<Workload> = self
            .map(&mut clusters[1..].iter().zip(&seeds[1..]).collect::<Vec<_>>(), |it| {
                self.experiment.inputs.workload(&self.experiment.workloads[it.0.2], *it.1)
            });
        let workloads = std::iter::once(first).chain(&others);
        let mut watches: Vec<W> = clusters.iter().map(|_| watch()).collect();
        let mut openings: Vec<_> =
            clusters.iter().zip(workloads).zip(&seeds).zip(&mut watches).map(Some).collect();
        let mut plays = self.map(&mut openings, |it| {
            let (((cluster, workload), own_seed), watch) = it.take().expect("each is opened once");
            Play::new(cluster.1, workload, *own_seed, watch).sharing(seed)
        });
        loop {
            let pauses = self.map(&mut plays, Play::advance);
            if pauses.contains(&Pause::Stopped) {
                return None;
            }
            if pauses.iter().all(|it| *it == Pause::Ended) {
                break;
            }
            assert!(!pauses.contains(&Pause::Ended), "policies are due at the same moments everywhere");
            sim::share_images(&mut plays);
        }
        let records = sim::finish_together(plays);
        Some(RunRecord::together(clusters.iter().map(|it| it.0).zip(records).collect()))
    }

    /// `of` for each, in order.
    fn map<T: Send, R: Send>(&self, items: &mut [T], of: impl Fn(&mut T) -> R + Sync) -> Vec<R> {
        match &self.pool {
            Some(pool) => pool.install(|| items.par_iter_mut().with_max_len(1).map(&of).collect()),
            None => items.iter_mut().map(of).collect(),
        }
    }
}

/// `of` for each on all cores, in order: what is drawn of results takes longer
/// than many a run.
pub fn map_in_parallel<T: Sync, R: Send>(items: &[T], of: impl Fn(&T) -> R + Sync) -> Vec<R> {
    items.par_iter().with_max_len(1).map(&of).collect()
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
