//! What is proven of a rollout is what a run of it sees, both ways: where a
//! deadlock is said one is seen, and where none is said the rollout ends. On
//! small random clusters, with a printed seed.

use std::sync::atomic::{AtomicUsize, Ordering};

use berthlab::base::id::{Id as _, InstanceTypeId, TaskDefinitionId, ZoneId};
use berthlab::base::{Domain, Seed, SimDuration, SimTime};
use berthlab::deployment::Standstill;
use berthlab::lint::rollout::change::smallest;
use berthlab::lint::rollout::{Proof, Question, Verdict, judge, judge_by_counting};
use berthlab::model::capacity::{CapacityProvider, ManagedScaling, Scaling};
use berthlab::model::network::{HostPort, Protocol};
use berthlab::model::options::{ModelOptions, RolloutOrder, TieBreak};
use berthlab::model::task::TaskDefinition;
use berthlab::model::workload::{TaskArrival, Workload};
use berthlab::placement::constraints::CONSTRAINTS;
use berthlab::placement::strategies::STRATEGIES;
use berthlab::placement::{Chain, PlacementConstraint};
use berthlab::record::DeploymentOutcome;
use berthlab::sim::{Setup, run};

use crate::clusters::{PROVIDER, add_service, bounds, instance_type, needs, release, setup};

const SEED: Seed = Seed(20_264);
const N_CASES: u64 = 3_000;
/// One case in so many is freed by the changes that are advised.
const SAMPLE: u64 = 5;
const RELEASED_AT: SimTime = SimTime::from_secs(2 * 3600);
const HORIZON: SimDuration = SimDuration::from_secs(8 * 3600);

/// The draws of one case.
struct Draws {
    case: u64,
    n_drawn: u64,
}

impl Draws {
    fn below(&mut self, n: u64) -> u64 {
        self.n_drawn += 1;
        SEED.stream(Domain::Replicate, self.case << 12 | self.n_drawn).below(n)
    }

    fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    fn of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len() as u64) as usize]
    }
}

fn constraint(
    setup: &mut Setup,
    name: &str,
    expression: Option<&str>,
) -> std::sync::Arc<dyn PlacementConstraint> {
    let entry = CONSTRAINTS.iter().find(|it| it.name == name).expect("a constraint of the list");
    (entry.build)(expression, &mut setup.expressions).expect("a sound expression")
}

fn definition(draws: &mut Draws, name: &str, is_odd: bool) -> TaskDefinition {
    let (cpu, memory) = (draws.of(&[128, 256, 256, 512]), draws.of(&[256, 512, 512, 1024]));
    let mut definition = TaskDefinition::plain(name, needs(cpu, memory));
    if is_odd {
        match draws.below(4) {
            0 | 1 => {
                definition.host_ports =
                    vec![HostPort { port: draws.of(&[80, 80, 81]), protocol: Protocol::Tcp }]
            }
            2 => definition.needs.gpus = 1,
            _ => definition.needs.network_interfaces = 1,
        }
    }
    definition
}

/// A service on a small cluster, what else is there, and a release.
fn case(number: u64) -> (Setup, Workload) {
    let mut draws = Draws { case: number, n_drawn: 0 };
    let draws = &mut draws;
    let base = if draws.one_in(2) { ModelOptions::instant() } else { ModelOptions::default() };
    let options = ModelOptions {
        tie_break: draws.of(&[TieBreak::Random, TieBreak::Random, TieBreak::LowestId]),
        order: draws.of(&[RolloutOrder::StopFirst, RolloutOrder::StopFirst, RolloutOrder::StartFirst]),
        upper_counts_stopping: !draws.one_in(4),
        release_on_desired_stopped: draws.one_in(6),
        ..base
    };
    let n_instances = draws.of(&[1, 2, 2, 3, 3, 4, 4, 5, 6, 8]);
    let n_zones = draws.of(&[1, 1, 2]);
    let is_managed = draws.one_in(5);
    let pool = CapacityProvider {
        name: "pool".to_owned(),
        instance_type: InstanceTypeId::new(0),
        zones: (0..n_zones).map(ZoneId::new).collect(),
        min_size: if is_managed { draws.below(u64::from(n_instances)) as u32 } else { n_instances },
        max_size: n_instances,
        scaling: if is_managed { Scaling::Managed(ManagedScaling::default()) } else { Scaling::Fixed },
        security_groups: Vec::new(),
        attributes: Vec::new(),
    };
    let mut instance =
        instance_type("small", draws.of(&[256, 512, 512, 1024]), draws.of(&[512, 1024, 1024, 2048]));
    instance.capacity.gpus = draws.of(&[1, 2]);
    instance.capacity.network_interfaces = draws.of(&[1, 2, 3]);
    let mut setup = setup(options, pool, instance, HORIZON);
    setup.zones = (0..n_zones).map(|it| format!("zone-{it}")).collect();

    let is_odd = draws.one_in(3);
    let old = definition(draws, "old", is_odd);
    let new = match draws.below(3) {
        0 | 1 => TaskDefinition { name: "new".to_owned(), ..old.clone() },
        _ => definition(draws, "new", is_odd),
    };
    let definitions = vec![old, new, definition(draws, "other", false), definition(draws, "lasting", false)];
    let mut workload = Workload { definitions: definitions.into(), ..Workload::default() };
    let minimum = draws.of(&[0, 25, 34, 50, 50, 66, 75, 100, 100, 100]);
    let maximum = draws.of(&[100, 110, 125, 134, 150, 150, 200, 200, 200]);
    let desired = draws.of(&[1, 2, 2, 3, 3, 4, 4, 5, 6]);
    let service = add_service(&mut setup, &mut workload, bounds(minimum, maximum), 0, desired);
    if draws.one_in(4) {
        let distinct = constraint(&mut setup, "distinctInstance", None);
        setup.services[service].placement.constraints.push(distinct);
    }
    if n_zones > 1 && draws.one_in(4) {
        let member = constraint(&mut setup, "memberOf", Some("attribute:ecs.availability-zone == zone-0"));
        setup.services[service].placement.constraints.push(member);
    }
    if draws.one_in(4) {
        let other = draws.of(&[1, 2, 3]);
        add_service(&mut setup, &mut workload, bounds(100, 200), 2, other);
    }
    for service in setup.services.ids() {
        let tie_break = setup.options.tie_break;
        let chain = match draws.below(4) {
            0 => Chain::default_of_service(&mut setup.attributes, tie_break),
            1 => Chain { strategies: Vec::new(), tie_break },
            it => {
                let (name, field) = if it == 2 { ("binpack", "memory") } else { ("spread", "instanceId") };
                let entry = STRATEGIES.iter().find(|it| it.name == name).expect("a strategy of the list");
                let built =
                    (entry.build)(Some(field), &mut setup.attributes).unwrap_or_else(|_| panic!("a field"));
                Chain { strategies: vec![built], tie_break }
            }
        };
        setup.services[service].placement.chain = chain;
    }
    if draws.one_in(4) {
        let lasting = TaskDefinitionId::from_idx(3);
        for _ in 0..draws.of(&[1, 1, 2]) {
            let lifetime = SimDuration::FOREVER;
            let at = SimTime::ZERO;
            workload.arrivals.push(TaskArrival { at, lifetime, definition: lasting, batch: 0 });
        }
        workload.n_batches = 1;
    }
    release(&mut workload, RELEASED_AT, service, 1);
    (setup, workload)
}

#[derive(Default)]
struct Tally {
    n_judged: AtomicUsize,
    n_unknown: AtomicUsize,
    by_bounds: AtomicUsize,
    by_capacity: AtomicUsize,
    completes: AtomicUsize,
    may: AtomicUsize,
    may_seen: AtomicUsize,
    may_both: AtomicUsize,
    counted: AtomicUsize,
    with_change: AtomicUsize,
    without_change: AtomicUsize,
}

fn add(count: &AtomicUsize) {
    count.fetch_add(1, Ordering::Relaxed);
}

fn seen(setup: &Setup, workload: &Workload, seed: u64) -> DeploymentOutcome {
    run(setup, workload, Seed(seed)).rollouts[0].outcome
}

/// A case in one line, for whoever has to find out.
fn described(setup: &Setup, workload: &Workload) -> String {
    let pool = &setup.providers[PROVIDER];
    let types = &setup.instance_types.rows()[0].capacity;
    let options = &setup.options;
    let definitions: Vec<String> = workload
        .definitions
        .rows()
        .iter()
        .map(|it| format!("{} {:?} {:?}", it.name, it.needs, it.host_ports))
        .collect();
    let services: Vec<String> = setup
        .services
        .iter()
        .map(|(id, it)| {
            let row = &workload.services[id];
            let chain: Vec<_> =
                it.placement.chain.strategies.iter().map(|it| it.describe(&setup.attributes)).collect();
            let constraints: Vec<_> = it.placement.constraints.iter().map(|it| it.reason()).collect();
            format!(
                "{} x {:?} {:?} {chain:?} {constraints:?}",
                row.desired_count, row.definition, it.deployment.bounds
            )
        })
        .collect();
    format!(
        "{}-{} {:?} of {types:?} in {} zones; {:?} {:?} counts {} releases {} settle {:?}; {definitions:?}; {services:?}; {} lasting",
        pool.min_size,
        pool.max_size,
        pool.scaling,
        pool.zones.len(),
        options.tie_break,
        options.order,
        options.upper_counts_stopping,
        options.release_on_desired_stopped,
        options.no_check_settle,
        workload.arrivals.len(),
    )
}

/// Holds one verdict against runs; what disagrees is told.
fn check(number: u64, tally: &Tally) -> Option<String> {
    let (setup, workload) = case(number);
    let question = Question::of_release(&setup, &workload, 0).expect("a release");
    let verdict = judge(&question);
    if verdict == Verdict::Unknown {
        add(&tally.n_unknown);
        return None;
    }
    add(&tally.n_judged);
    let told = || format!("case {number}: {verdict:?} of {}", described(&setup, &workload));
    let is_by_bounds = matches!(&verdict, Verdict::Deadlocks(stand) if stand.proof == Proof::Bounds);
    match judge_by_counting(&question) {
        Verdict::Unknown => (),
        _ if is_by_bounds => (),
        counted => {
            add(&tally.counted);
            let is_same = match &verdict {
                Verdict::Deadlocks(_) => matches!(counted, Verdict::Deadlocks(_)),
                other => *other == counted,
            };
            if !is_same {
                return Some(format!("{}, counted {counted:?}", told()));
            }
        }
    }
    if number.is_multiple_of(SAMPLE) && matches!(verdict, Verdict::Deadlocks(_) | Verdict::CanDeadlock(_)) {
        let changes = smallest(&question);
        add(if changes.is_empty() { &tally.without_change } else { &tally.with_change });
        for change in changes {
            let changed = change.applied(&question);
            let (setup, workload) = changed.as_run(RELEASED_AT);
            for seed in 0..3 {
                let outcome = seen(&setup, &workload, seed);
                if outcome != DeploymentOutcome::Completed {
                    return Some(format!("{}, with {}: {outcome:?}", told(), change.describe(&question)));
                }
            }
        }
    }
    match &verdict {
        Verdict::Unknown => None,
        Verdict::Completes => {
            add(&tally.completes);
            let outcome = seen(&setup, &workload, number);
            (outcome != DeploymentOutcome::Completed).then(|| format!("{}, seen {outcome:?}", told()))
        }
        Verdict::Deadlocks(stand) => {
            let expected = match stand.standstill {
                Standstill::DeploymentConfiguration => DeploymentOutcome::DeadlockedByConfiguration,
                Standstill::InsufficientCapacity => DeploymentOutcome::DeadlockedByCapacity,
            };
            add(if stand.proof == Proof::Bounds { &tally.by_bounds } else { &tally.by_capacity });
            let outcome = seen(&setup, &workload, number);
            (outcome != expected).then(|| format!("{}, seen {outcome:?}", told()))
        }
        Verdict::CanDeadlock(_) => {
            add(&tally.may);
            let outcomes: Vec<_> = (0..8).map(|it| seen(&setup, &workload, it)).collect();
            let n_completed = outcomes.iter().filter(|it| **it == DeploymentOutcome::Completed).count();
            if n_completed < outcomes.len() {
                add(&tally.may_seen);
                if n_completed > 0 {
                    add(&tally.may_both);
                }
            }
            let is_other = |it: &DeploymentOutcome| {
                !matches!(it, DeploymentOutcome::Completed | DeploymentOutcome::DeadlockedByCapacity)
            };
            outcomes.iter().any(is_other).then(|| format!("{}, seen {outcomes:?}", told()))
        }
    }
}

#[test]
fn what_is_proven_of_a_rollout_is_what_a_run_sees() {
    let tally = Tally::default();
    let next = AtomicUsize::new(0);
    let disagree: Vec<String> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..std::thread::available_parallelism().map_or(2, |it| it.get()))
            .map(|_| {
                scope.spawn(|| {
                    let mut found = Vec::new();
                    while tally.n_judged.load(Ordering::Relaxed) < N_CASES as usize {
                        found.extend(check(next.fetch_add(1, Ordering::Relaxed) as u64, &tally));
                    }
                    found
                })
            })
            .collect();
        workers.into_iter().flat_map(|it| it.join().expect("a worker ends")).collect()
    });
    let get = |count: &AtomicUsize| count.load(Ordering::Relaxed);
    let (n, by_bounds, by_capacity) = (get(&tally.n_judged), get(&tally.by_bounds), get(&tally.by_capacity));
    println!(
        "seed {}: {n} rollouts judged, {} left out; {by_bounds} deadlocks by bounds, {by_capacity} by capacity, \
         {} completions, {} that depend on placement ({} seen to stand still, {} both ways in 8 runs); {} \
         counted alike; {} of a sample freed by a change, {} by none",
        SEED.0,
        get(&tally.n_unknown),
        get(&tally.completes),
        get(&tally.may),
        get(&tally.may_seen),
        get(&tally.may_both),
        get(&tally.counted),
        get(&tally.with_change),
        get(&tally.without_change),
    );
    let shown: Vec<&String> = disagree.iter().take(8).collect();
    assert!(disagree.is_empty(), "{} disagree: {shown:#?}", disagree.len());
    assert!(n as u64 >= N_CASES);
    for class in [by_bounds + by_capacity, get(&tally.completes)] {
        assert!(class * 10 >= n, "a class of {class} is under a tenth of {n}");
    }
    assert!(by_capacity * 20 >= n && get(&tally.may) > 0, "{by_capacity} by capacity");
}
