//! Requests at targets: the flow against the play of single requests, both
//! against what is known of queues, and the workload that asks what bounds cost.

use std::path::Path;

use berthlab::base::id::TaskId;
use berthlab::base::{Domain, Seed, SimDuration, SimTime};
use berthlab::experiment::matrix::{self, SourceText};
use berthlab::model::traffic::{RequestFailure, RoutingAlgorithm, Traffic, TrafficModel};
use berthlab::record::{RequestRecord, RunRecord};
use berthlab::sim::run;
use berthlab::traffic::interval::Stretch;
use berthlab::traffic::{Counts, Flow, Requests, Standing, Targets};

/// What happens to a target, in milliseconds.
#[derive(Clone, Copy)]
enum Act {
    Join(u32),
    /// It drains for so long.
    Drain(u32, u64),
    /// It ends, and is found out after so long.
    End(u32, u64),
    /// It is found unhealthy, and answers from then on.
    Sicken(u32, u64),
    /// Requests a second, in millionths, of each side.
    Rate([u64; 2]),
}

struct Case {
    traffic: Traffic,
    rates: [u64; 2],
    millis: u64,
    /// In the order of time.
    acts: Vec<(u64, Act)>,
}

/// Plays a case as a flow, or request by request under a seed. Whatever is
/// offered is served, lost or in flight after each stretch.
fn play(case: &Case, seed: Option<Seed>) -> Counts {
    let mut targets = Targets::new(case.traffic.fails_open);
    let mut counts = Counts::default();
    let mut flow = Flow::default();
    let mut requests = Requests::new(seed.unwrap_or(Seed(0)), 0);
    let (mut now, mut rates, mut next_act) = (0, case.rates, 0);
    while now < case.millis {
        let at = SimTime::from_millis;
        while let Some(&(_, act)) = case.acts.get(next_act).filter(|it| it.0 == now) {
            let mut set = |launch, standing| {
                if let Some(row) = targets.find(launch) {
                    targets.set_standing(row, standing, &mut counts);
                }
            };
            match act {
                Act::Join(n) => {
                    targets.join(TaskId::new(n), n, (n % 2) as usize, Standing::Healthy, n % 7 == 6);
                }
                Act::Drain(n, millis) => set(n, Standing::Draining { until: at(now + millis) }),
                Act::End(n, millis) => set(n, Standing::Gone { until: at(now + millis) }),
                Act::Sicken(n, from) => set(n, Standing::Unhealthy { answers_from: at(from) }),
                Act::Rate(it) => rates = it,
            }
            next_act += 1;
        }
        targets.settle(at(now), &mut counts);
        let act = case.acts.get(next_act).map(|it| it.0);
        let change = targets.next_change(at(now)).map(SimTime::millis);
        let to = [act, change].into_iter().flatten().fold(case.millis, u64::min);
        let stretch = Stretch { from: at(now), to: at(to), rates };
        if seed.is_some() {
            requests.advance(&case.traffic, &mut targets, &stretch, &mut counts);
        } else {
            flow.advance(&case.traffic, &mut targets, &stretch, &mut counts);
        }
        assert_eq!(counts.offered, counts.served + counts.n_failed() + targets.in_flight(), "at {to} ms");
        now = to;
    }
    counts
}

fn traffic(
    algorithm: RoutingAlgorithm,
    service_ms: u64,
    concurrency: u32,
    queue: u32,
    timeout: u64,
) -> Traffic {
    Traffic {
        service_time: SimDuration::from_millis(service_ms),
        concurrency,
        queue,
        timeout: SimDuration::from_secs(timeout),
        algorithm,
        fails_open: true,
        model: TrafficModel::Auto,
        cpu_us_per_request: 0,
    }
}

/// All share in the traffic of both sides alike: even launches alone.
fn four() -> Vec<(u64, Act)> {
    (0..4).map(|n| (0, Act::Join(2 * n))).collect()
}

/// Four tasks for ten minutes at 30 to 150 % of what they can answer: nothing
/// happens; two are replaced after a minute without; one ends and is found out
/// after a minute; one is cut after 0.1 s. Single requests are the mean of eight
/// seeds. The flow is off by at most 1 % of the requests offered (1.5 % where
/// requests take two seconds and time out after five), and by 2 % in each reason.
#[test]
fn the_flow_agrees_with_single_requests() {
    let stories: [Vec<(u64, Act)>; 4] = [
        vec![],
        vec![
            (200_000, Act::Drain(0, 30_000)),
            (200_000, Act::Drain(2, 30_000)),
            (260_000, Act::Join(8)),
            (260_000, Act::Join(10)),
        ],
        vec![(200_000, Act::End(0, 60_000)), (260_000, Act::Join(8))],
        vec![(200_000, Act::Drain(0, 100)), (230_000, Act::Join(8))],
    ];
    let mut greatest = 0.0_f64;
    for (_, algorithm) in RoutingAlgorithm::NAMES {
        for (concurrency, queue, service_ms, timeout, allowed) in
            [(16, 64, 200, 30, 1.0), (4, 16, 200, 30, 1.0), (1, 8, 50, 30, 1.0), (16, 64, 2000, 5, 1.5)]
        {
            for (number, story) in stories.iter().enumerate() {
                for percent in [30, 70, 90, 100, 110, 150] {
                    let capacity = 4 * u64::from(concurrency) * 1_000_000_000 / service_ms;
                    let case = Case {
                        traffic: traffic(*algorithm, service_ms, concurrency, queue, timeout),
                        rates: [capacity * percent / 100, 0],
                        millis: 600_000,
                        acts: [four(), story.clone()].concat(),
                    };
                    let flow = play(&case, None);
                    let mut single = Counts::default();
                    for seed in 0..8 {
                        let counts = play(&case, Some(Seed(seed)));
                        single.offered += counts.offered;
                        single.served += counts.served;
                        (0..RequestFailure::N).for_each(|it| single.failed[it] += counts.failed[it]);
                    }
                    let share = |n: u64, of: &Counts| 100.0 * n as f64 / of.offered as f64;
                    let off = (share(flow.served, &flow) - share(single.served, &single)).abs();
                    let what = format!(
                        "{algorithm:?}, {concurrency} slots of {service_ms} ms, story {number}, {percent} %"
                    );
                    assert!(off <= allowed, "{what}: {off} %");
                    for failure in RequestFailure::ALL {
                        let n = |of: &Counts| share(of.failed[failure as usize], of);
                        assert!((n(&flow) - n(&single)).abs() <= 2.0, "{what}: {failure:?}");
                    }
                    greatest = greatest.max(off);
                }
            }
        }
    }
    println!("192 cases: the flow is off by at most {greatest:.2} % of the requests offered");
}

/// Poisson arrivals and exponential service times make a single task an M/M/c
/// queue: the mean wait is Erlang's C / (c × rate of service - rate).
#[test]
fn single_requests_wait_as_erlang_says() {
    for (slots, load) in [(1_u32, 0.5), (4, 0.6), (4, 0.8), (16, 0.9)] {
        let offered = f64::from(slots) * load;
        let mut term = 1.0;
        let mut sum = 0.0;
        for n in 0..slots {
            sum += term;
            term *= offered / f64::from(n + 1);
        }
        let waits = term / (1.0 - load);
        let erlang_c = waits / (sum + waits);
        let expected_ms = erlang_c * 100.0 / (f64::from(slots) * (1.0 - load));
        let case = Case {
            traffic: traffic(RoutingAlgorithm::RoundRobin, 100, slots, 100_000, 4000),
            rates: [(offered * 10.0 * 1e6) as u64, 0],
            millis: 40_000_000 / u64::from(slots),
            acts: vec![(0, Act::Join(0))],
        };
        for (seed, allowed) in [(None, 0.01), (Some(Seed(3)), 0.05)] {
            let counts = play(&case, seed);
            let found_ms = counts.waited_us as f64 / 1000.0 / (counts.served as f64 / 1e6);
            let off = (found_ms - expected_ms).abs() / expected_ms;
            assert!(off < allowed, "{slots} slots at {load}, {seed:?}: {found_ms} ms, not {expected_ms} ms");
        }
    }
}

/// Random targets, rates and shares: `play` checks after each stretch that
/// nothing is lost sight of.
#[test]
fn what_is_offered_is_served_lost_or_in_flight() {
    let mut n_failures = [0_u64; RequestFailure::N];
    for number in 0..400 {
        let mut draw = Seed(number).stream(Domain::TieBreak, 77);
        let mut below = |n: u64| draw.below(n);
        let (_, algorithm) = RoutingAlgorithm::NAMES[below(2) as usize];
        let service_ms = [0, 1, 30, 700, 4000][below(5) as usize];
        let (slots, queue) = ([1, 3, 20][below(3) as usize], [0, 5, 90][below(3) as usize]);
        let mut case = Case {
            traffic: traffic(algorithm, service_ms, slots, queue, 1 + below(20)),
            rates: [below(40_000_000), below(40_000_000)],
            millis: 120_000,
            acts: Vec::new(),
        };
        case.traffic.fails_open = below(2) == 0;
        let mut n_joined = 0;
        let mut at = 0;
        while at < case.millis {
            let known = below(u64::from(n_joined).max(1)) as u32;
            case.acts.push((
                at,
                match below(7) {
                    0..=2 => {
                        n_joined += 1;
                        Act::Join(n_joined - 1)
                    }
                    3 => Act::Drain(known, below(9000)),
                    4 => Act::End(known, below(9000)),
                    5 => Act::Sicken(known, at + below(9000)),
                    _ => Act::Rate([below(40_000_000), below(3) * below(20_000_000)]),
                },
            ));
            at += below(4) * below(5000);
        }
        for seed in [None, Some(Seed(number))] {
            let counts = play(&case, seed);
            (0..RequestFailure::N).for_each(|it| n_failures[it] += u64::from(counts.failed[it] > 0));
        }
    }
    for failure in RequestFailure::ALL.iter().filter(|it| **it != RequestFailure::Unreachable) {
        let n = n_failures[*failure as usize];
        assert!(n > 20, "{failure:?} was met in {n} of 800 plays only");
    }
    println!("800 plays, by kind of failure: {n_failures:?}");
}

/// Plays the first replicate of every setting of the workload.
fn bounds_workload(overrides: Vec<String>) -> Vec<(String, RunRecord)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("workloads");
    let text = std::fs::read_to_string(folder.join("deployment-bounds.toml")).expect("the workload");
    let source = SourceText { file: "deployment-bounds.toml".to_owned(), text, overrides };
    let experiment = matrix::read(source, &folder).expect("a workload without fault");
    let first = experiment.runs().filter(|it| it.replicate == 0);
    first
        .map(|it| {
            let planned = &experiment.settings[it.setting];
            let seed = experiment.seed_of(it);
            let workload = experiment.inputs.workload(&experiment.workloads[planned.workload], seed);
            (planned.setting.label.clone(), run(&planned.setup, &workload, seed))
        })
        .collect()
}

fn requests(record: &RunRecord) -> &RequestRecord {
    record.services[0].requests.as_ref().expect("requests are played")
}

fn served_percent(record: &RunRecord) -> f64 {
    let it = requests(record);
    100.0 * it.served as f64 / (it.offered - it.in_flight) as f64
}

#[test]
fn bounds_differ_in_the_requests_that_they_lose_and_in_what_they_cost() {
    let played = bounds_workload(Vec::new());
    assert!(played.len() >= 8, "{} pairs", played.len());
    for (label, record) in &played {
        let it = requests(record);
        let lost: u64 = it.lost.iter().map(|it| it.n).sum();
        assert_eq!(it.offered, it.served + lost + it.in_flight, "{label}");
        let steps = &it.over_time;
        let sums = [&steps.offered, &steps.served, &steps.lost].map(|it| it.iter().sum::<u64>());
        assert_eq!(sums, [it.offered, it.served, lost], "{label}");
    }
    let of = |label: &str| &played.iter().find(|it| it.0 == label).expect("the pair is played").1;
    let percent = |label: &str| served_percent(of(label));
    assert!(percent("0/100") < percent("25/100") && percent("25/100") < percent("50/100"));
    assert!(percent("50/100") < 99.9 && percent("100/150") > 99.99, "{}", percent("50/100"));
    let hours = |label: &str| of(label).instance_ms;
    assert!(hours("100/200") > hours("50/100"), "a surge costs");
}

#[test]
fn the_workload_runs_over_the_real_series() {
    let series = "../../shared/data/traces/nab/elb_request_count_8c0756.csv";
    if !Path::new(env!("CARGO_MANIFEST_DIR")).join("workloads").join(series).is_file() {
        println!("SKIPPED: no real series beside the repository");
        return;
    }
    let path = "service.web.traffic.requests_per_second.series";
    let played = bounds_workload(vec![format!("{path}={series}")]);
    // 0:04 + 1 h to 24 h of the first day: the sum of the values times the scale.
    let offered = requests(&played[0].1).offered / 1_000_000;
    assert!((28_000_000..29_500_000).contains(&offered), "{offered}");
    assert!(played.iter().all(|it| served_percent(&it.1) > 99.0));
}
