//! The engine against queueing theory: waiting in M/M/c (Erlang C), occupancy of
//! M/G/inf, availability of machines that fail and are repaired, and Little's law,
//! each at five loads and over seeds 1 to 30.
//!
//! Of each of the twenty a two-sided t interval is made, at a confidence at which
//! all twenty together hold with 99 % (Bonferroni): the value of theory must lie in
//! it, and its half-width must be at most 2 % of that value, 5 % at a load of 0.95.
//! With services (or repairs) that take 10 % longer none of them may hold.
//!
//! The formulas: Kleinrock, Queueing Systems, volume 1 (1975), 3.5 and 3.8; Little,
//! Operations Research 9 (1961).

use berthlab::base::id::TaskDefinitionId;
use berthlab::base::stats::estimate_at;
use berthlab::base::{Domain, Seed, SimDuration, SimTime};
use berthlab::model::capacity::{CapacityProvider, ManagedScaling, Scaling};
use berthlab::model::options::{ModelOptions, Quotas};
use berthlab::model::task::Task;
use berthlab::model::task::{Host, TaskOwner};
use berthlab::model::workload::{TaskArrival, Workload};
use berthlab::record::{RunRecord, Series};
use berthlab::sim::setup::Unplaced;
use berthlab::sim::{Fact, Setup, Watch, run_watched};

use crate::clusters::{definition, fails_after, instance_type, provider, setup};

const LOADS: [f64; 5] = [0.3, 0.5, 0.7, 0.85, 0.95];
const SEEDS: u64 = 30;
/// 99 % over all twenty together.
const CONFIDENCE_PERCENT: f64 = 100.0 - 1.0 / 20.0;
const SERVERS: u32 = 3;
const SERVICE_S: f64 = 100.0;
/// What is wrong by 10 %.
const WRONG: f64 = 1.1;

/// Theory inside the interval of thirty runs, and the interval narrow; outside
/// that of runs in which services take longer.
fn check(what: &str, load: f64, theory: f64, [right, wrong]: [Vec<f64>; 2]) {
    let of = |values: &[f64]| estimate_at(values, CONFIDENCE_PERCENT).expect("thirty values");
    let (right, wrong) = (of(&right), of(&wrong));
    let half_width = (right.upper() - right.lower()) / 2.0;
    let allowed = if load > 0.9 { 0.05 } else { 0.02 };
    println!(
        "{what} at {load}: theory {theory:.4}, found {:.4} to {:.4} (half-width {:.2} %), wrong {:.4} to {:.4}",
        right.lower(),
        right.upper(),
        100.0 * half_width / theory,
        wrong.lower(),
        wrong.upper(),
    );
    assert!(right.lower() <= theory && theory <= right.upper(), "{what} at {load}: theory outside");
    assert!(half_width <= allowed * theory, "{what} at {load}: the interval is too wide");
    let is_inside = wrong.lower() <= theory && theory <= wrong.upper();
    assert!(!is_inside, "{what} at {load}: a rate wrong by 10 % passes");
}

/// These loads; without optimization only 0.5, for the others take minutes.
fn loads(all: &[f64]) -> impl Iterator<Item = f64> {
    let is_slow = cfg!(debug_assertions);
    if is_slow {
        println!("SKIPPED: all loads but 0.5, this is no release build");
    }
    all.iter().copied().filter(move |it| !is_slow || (0.4..0.6).contains(it))
}

/// Thirty runs, with this factor for the time that services take, and ten
/// percent more.
fn both(measure: impl Fn(Seed, f64) -> f64) -> [Vec<f64>; 2] {
    [1.0, WRONG].map(|factor| (1..=SEEDS).map(|seed| measure(Seed(seed), factor)).collect())
}

/// Stand-alone tasks that come one by one, after exponential times with this mean
/// in seconds, each running as long as `service` draws.
fn arrivals(
    seed: Seed,
    n: usize,
    mean_s: f64,
    service: impl Fn(&mut berthlab::base::rng::Stream) -> f64,
) -> Workload {
    let mut draws = seed.stream(Domain::SyntheticArrivals, 0);
    let mut at_s = 0.0;
    let mut arrivals = Vec::with_capacity(n);
    for _ in 0..n {
        at_s += draws.exponential(mean_s);
        arrivals.push(TaskArrival {
            at: SimTime::from_millis((at_s * 1000.0) as u64),
            lifetime: SimDuration::from_millis(((service(&mut draws) * 1000.0).round() as u64).max(1)),
            definition: TaskDefinitionId::new(0),
            batch: 0,
        });
    }
    Workload {
        definitions: vec![definition("job", 1, 1)].into(),
        arrivals: arrivals.into(),
        n_batches: 1,
        ..Workload::default()
    }
}

/// One instance with room for `n` tasks, before which tasks wait.
fn servers(n: u32, workload: &Workload) -> Setup {
    let last = workload.arrivals.last().expect("somebody comes").at;
    let options = ModelOptions { quotas: Quotas::Off, ..ModelOptions::instant() };
    let pool = CapacityProvider { scaling: Scaling::Managed(ManagedScaling::default()), ..provider(1, 1) };
    let horizon = SimDuration::from_millis(last.millis());
    let mut setup = setup(options, pool, instance_type("server", n, n), horizon);
    setup.warm_up = SimDuration::from_millis(last.millis() / 10);
    // Who finds no room stays in line.
    let (first, longest) = (SimDuration::from_secs(60), SimDuration::from_secs(900));
    setup.standalone.unplaced = Unplaced::Retry { first, longest };
    setup
}

/// Sums what tasks wait and stay that are asked for after the warm-up.
struct Stays {
    from: SimTime,
    n_placed: u64,
    waited_ms: u64,
}

impl Watch for Stays {
    fn fact(&mut self, now: SimTime, fact: Fact<'_>) {
        if let Fact::TaskPlaced(
            Task { requested_at, owner: TaskOwner::Standalone { .. }, .. },
            Host::Instance(_),
        ) = fact
            && *requested_at >= self.from
        {
            self.n_placed += 1;
            self.waited_ms += (now - *requested_at).millis();
        }
    }
}

fn play(setup: &Setup, workload: &Workload, seed: Seed) -> (RunRecord, Stays) {
    let mut stays = Stays { from: SimTime::ZERO + setup.warm_up, n_placed: 0, waited_ms: 0 };
    let record = run_watched(setup, workload, seed, &mut stays).expect("nobody stops it");
    (record, stays)
}

/// Arrivals of an M/M/c queue at this load: enough for the interval; with the
/// wrong rate a quarter of them will do.
fn queue(seed: Seed, load: f64, factor: f64) -> Workload {
    let n = match load {
        ..0.4 => 160_000,
        ..0.6 => 130_000,
        ..0.8 => 150_000,
        ..0.9 => 680_000,
        _ => 760_000,
    };
    let n = if factor > 1.0 { n / 4 } else { n };
    let between_s = SERVICE_S / (f64::from(SERVERS) * load);
    arrivals(seed, n, between_s, |draws| draws.exponential(SERVICE_S * factor))
}

/// The mean wait of M/M/c by Erlang's second formula, in seconds.
fn erlang_c_wait(load: f64) -> f64 {
    let (c, a) = (f64::from(SERVERS), f64::from(SERVERS) * load);
    let mut blocked = 1.0;
    for n in 1..=SERVERS {
        blocked = a * blocked / (f64::from(n) + a * blocked);
    }
    let waits = blocked / (1.0 - load * (1.0 - blocked));
    waits * SERVICE_S / (c * (1.0 - load))
}

/// Both of one run: the mean wait in seconds, and the tasks in the system over
/// time, which by Little's law are the rate of arrivals times the mean time in it
/// that theory has.
fn wait_and_tasks(load: f64) {
    let rate = f64::from(SERVERS) * load / SERVICE_S;
    let found = |factor: f64| -> Vec<(f64, f64)> {
        let of_seed = |seed| {
            let workload = queue(Seed(seed), load, factor);
            let (record, stays) = play(&servers(SERVERS, &workload), &workload, Seed(seed));
            let wait_s = stays.waited_ms as f64 / 1000.0 / stays.n_placed as f64;
            (wait_s, mean_after_warm_up(&record.waiting_tasks) + mean_after_warm_up(&record.placed_tasks))
        };
        (1..=SEEDS).map(of_seed).collect()
    };
    let (right, wrong) = (found(1.0), found(WRONG));
    let of = |which: fn(&(f64, f64)) -> f64| [&right, &wrong].map(|it| it.iter().map(which).collect());
    check("M/M/c mean wait (s)", load, erlang_c_wait(load), of(|it| it.0));
    check("Little's law (tasks)", load, rate * (erlang_c_wait(load) + SERVICE_S), of(|it| it.1));
}

#[test]
fn tasks_wait_as_erlang_c_says_and_littles_law_holds_at_low_loads() {
    loads(&LOADS[..3]).for_each(wait_and_tasks);
}

#[test]
fn tasks_wait_as_erlang_c_says_and_littles_law_holds_at_a_load_of_0_85() {
    loads(&LOADS[3..4]).for_each(wait_and_tasks);
}

#[test]
fn tasks_wait_as_erlang_c_says_and_littles_law_holds_at_a_load_of_0_95() {
    loads(&LOADS[4..]).for_each(wait_and_tasks);
}

/// The time mean of a series without its first tenth, and without the last step,
/// which is shorter.
fn mean_after_warm_up(series: &Series) -> f64 {
    let buckets = series.buckets();
    let kept = &buckets[buckets.len() / 10..buckets.len() - 1];
    let sum: f64 = kept.iter().map(|it| it.integral as f64).sum();
    sum / (kept.len() as f64 * series.bucket_width().millis() as f64)
}

/// With room for all, whatever the distribution of what they run (here half of it
/// constant, half exponential).
#[test]
fn occupancy_without_waiting_depends_on_the_mean_alone() {
    for load in loads(&LOADS) {
        let offered = 100.0 * load;
        let found = both(|seed, factor| {
            let workload = arrivals(seed, 40_000, SERVICE_S / offered, |draws| {
                let is_constant = draws.below(2) == 0;
                factor * if is_constant { 0.2 * SERVICE_S } else { draws.exponential(1.8 * SERVICE_S) }
            });
            let (record, stays) = play(&servers(1_000_000, &workload), &workload, seed);
            assert_eq!(stays.waited_ms, 0, "there is room for all");
            mean_after_warm_up(&record.placed_tasks)
        });
        check("M/G/inf occupancy (tasks)", load, offered, found);
    }
}

/// Machines that fail after exponential times and are replaced after a constant
/// one are there for MTTF / (MTTF + MTTR) of it, whatever the distribution of the
/// repair; a load is that share.
#[test]
fn machines_are_available_as_failures_and_repairs_have_it() {
    const MACHINES: u32 = 50;
    const CYCLE_S: f64 = 10_000.0;
    for load in loads(&LOADS) {
        let found = both(|seed, factor| {
            let repair = SimDuration::from_millis((CYCLE_S * (1.0 - load) * factor * 1000.0) as u64);
            let options = ModelOptions { instance_loss_detection: repair, ..ModelOptions::instant() };
            let horizon = SimDuration::from_secs((CYCLE_S * 300.0) as u64);
            let pool = provider(MACHINES, MACHINES);
            let mut setup = setup(options, pool, instance_type("machine", 1, 1), horizon);
            setup.disruptions = vec![fails_after(SimDuration::from_secs((CYCLE_S * load) as u64))];
            let record = run_watched(&setup, &Workload::default(), seed, &mut ()).expect("nobody stops it");
            mean_after_warm_up(&record.instances) / f64::from(MACHINES)
        });
        check("machine repair (share available)", load, load, found);
    }
}
