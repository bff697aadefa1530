//! Results that nobody simulated, to look at charts and to test them with:
//! plausible curves from a few formulas, the same every time.

mod bill;
mod images;
mod providers;
mod rollouts;
mod scaling;

use crate::base::{SimDuration, SimTime};
use crate::experiment::axes::{Axis, Setting};
use crate::experiment::results::{Results, Row};
use crate::metrics::METRICS;
use crate::record::run_record::RolloutProfile;
use crate::record::{
    DeploymentOutcome, FloorRecorder, Histogram, NeverPlaceable, PhaseTime, Resource, RolloutRecord,
    RunRecord, Series, ServiceRecord, StrandedAmounts, StrandedCause, TaskCounts, ZoneBalance,
};
use crate::record::{DisruptionRecord, RequestRecord, RequestSeries};

const HOUR_MS: u64 = 3_600_000;

/// What the results are to look like.
#[derive(Clone, Debug)]
pub struct Demo {
    /// The experiment's name.
    pub name: String,
    /// Names of axes with their values.
    pub axes: Vec<(String, Vec<String>)>,
    /// Runs of each setting.
    pub n_replicates: u32,
    /// Names of services.
    pub services: Vec<String>,
    /// Stand-alone tasks of a run.
    pub n_tasks: u64,
    /// The length of a run.
    pub hours: u64,
    /// Names of capacity providers.
    pub providers: Vec<String>,
    /// Whether some of the tasks are on Fargate.
    pub has_fargate: bool,
}

impl Demo {
    /// One setting, one replicate, one service.
    pub fn small() -> Self {
        Self {
            name: "one setting".to_owned(),
            axes: Vec::new(),
            n_replicates: 1,
            services: vec!["web".to_owned()],
            n_tasks: 200,
            hours: 6,
            providers: vec!["general".to_owned()],
            has_fargate: false,
        }
    }

    /// Sixty settings on three axes, five replicates, three services.
    pub fn large() -> Self {
        let owned = |values: &[&str]| values.iter().map(|&it| it.to_owned()).collect::<Vec<_>>();
        Self {
            name: "placement and deployment of a web shop".to_owned(),
            axes: vec![
                (
                    "placement".to_owned(),
                    owned(&[
                        "spread:zone",
                        "binpack:cpu",
                        "binpack:memory",
                        "spread:zone + binpack:memory",
                        "random",
                    ]),
                ),
                ("deployment".to_owned(), owned(&["100/200", "50/100", "100/150", "100/110"])),
                ("capacity.target_percent".to_owned(), owned(&["100", "90", "70"])),
            ],
            n_replicates: 5,
            services: owned(&["web", "checkout", "search"]),
            n_tasks: 4000,
            hours: 72,
            providers: owned(&["general", "memory-heavy", "gpu"]),
            has_fargate: true,
        }
    }

    /// Two axes of a few values.
    pub fn middle() -> Self {
        let mut demo = Self::large();
        demo.name = "placement and deployment".to_owned();
        demo.has_fargate = false;
        demo.providers.truncate(2);
        demo.axes.truncate(2);
        demo.axes[0].1.truncate(3);
        demo.axes[1].1.truncate(2);
        demo
    }

    /// Names that would like to be markup, or to break a layout.
    pub fn hostile() -> Self {
        let mut demo = Self::middle();
        demo.name = "<script>alert(1)</script>".to_owned();
        demo.axes[0].0 = "pla\"ce'ment & ]]> </style>".to_owned();
        demo.axes[0].1[0] = "\"><img src=x onerror=alert(1)>".to_owned();
        demo.axes[0].1[1] = "</svg><script>alert(2)</script>\0\n\u{202e}".to_owned();
        demo.axes[0].1[2] = "=1+1 ".repeat(80);
        demo.providers = vec!["<img src=x>".to_owned(), "=2+2".repeat(90)];
        demo.services = vec!["</title><script>".to_owned()];
        demo
    }

    /// Makes the results.
    pub fn results(&self) -> Results {
        let mut settings = vec![Setting { values: Vec::new(), label: "base".to_owned() }];
        for (idx, (_, values)) in self.axes.iter().enumerate() {
            settings = settings
                .iter()
                .flat_map(|setting| {
                    values.iter().enumerate().map(move |(value, name)| {
                        let label =
                            if idx == 0 { name.clone() } else { format!("{} · {name}", setting.label) };
                        Setting { values: [&setting.values[..], &[value]].concat(), label }
                    })
                })
                .collect();
        }
        let mut rows = Vec::new();
        for (setting_idx, setting) in settings.iter().enumerate() {
            for replicate in 0..self.n_replicates {
                let record = self.record(setting, replicate);
                let metrics = METRICS.iter().map(|it| (it.of)(&record)).collect();
                let seed = 1000 + u64::from(replicate);
                rows.push(Row { setting: setting_idx, replicate, seed, metrics, record });
            }
        }
        Results {
            name: self.name.clone(),
            axes: self
                .axes
                .iter()
                .map(|(name, values)| Axis { name: name.clone(), values: values.clone() })
                .collect(),
            settings,
            n_replicates: self.n_replicates,
            rows,
            services: self.services.clone(),
            seed: 42,
            region: "eu-central-1".to_owned(),
            price_dates: vec!["2026-10-01".to_owned()],
        }
    }

    fn record(&self, setting: &Setting, replicate: u32) -> RunRecord {
        let value = |axis: usize| setting.values.get(axis).copied().unwrap_or(0) as f64;
        // Between -1 and 1, the same for all settings of a replicate.
        let luck = f64::from(replicate * 7919 % 13) / 6.0 - 1.0;
        // The same again, for this setting alone.
        let own = (value(0) * 37.0 + value(1) * 17.0 + value(2) * 71.0 + luck * 11.0).sin();

        let horizon = SimDuration::from_secs(self.hours * 3600);
        let horizon_ms = horizon.millis();
        let spread = 1.35 - 0.07 * value(0) + 0.08 * value(2) + 0.01 * own;
        let mut instances = Series::new(horizon);
        let mut floors = FloorRecorder::new(horizon, SimDuration::from_millis(HOUR_MS.min(horizon.millis())));
        let mut lower_bound = Series::new(horizon);
        let (mut instance_ms, mut bound_ms, mut peak) = (0, 0, 0);
        const STEP_MS: u64 = HOUR_MS / 6;
        for step in 0..horizon_ms / STEP_MS {
            let day = (step as f64 * STEP_MS as f64 / (24.0 * HOUR_MS as f64) * std::f64::consts::TAU).sin();
            let bound = (20.0 + 9.0 * day + 2.0 * luck).max(1.0);
            let n_instances = (bound * spread + 1.0).round() as u64;
            instances.set(SimTime::from_millis(step * STEP_MS), n_instances);
            lower_bound.set(SimTime::from_millis(step * STEP_MS), bound.floor() as u64);
            let at = SimTime::from_millis(step * STEP_MS);
            floors.cost(at, bound.floor() as u64 * 115_000_000_000);
            let mut stranded = StrandedAmounts::default();
            stranded[Resource::Memory as usize][StrandedCause::Cpu as usize] = 20 + step % 9;
            stranded[Resource::Memory as usize][StrandedCause::Remainder as usize] = 6 - step % 5;
            stranded[Resource::Cpu as usize][StrandedCause::Zone as usize] = 2 + step % 3;
            floors.stranded(at, [100, 100, 0, 0, 0], &stranded);
            if step * STEP_MS >= HOUR_MS {
                instance_ms += n_instances * STEP_MS;
                bound_ms += bound.floor() as u64 * STEP_MS;
                peak = peak.max(n_instances);
            }
        }
        instances.advance(SimTime::from_millis(horizon_ms));
        lower_bound.advance(SimTime::from_millis(horizon_ms));

        let mut wait = Histogram::new();
        let n_placeable = self.n_tasks - self.n_tasks / 500;
        for task in 0..n_placeable {
            let share = (task as f64 + 0.5) / n_placeable as f64;
            let waits = 0.08 + 0.05 * value(0);
            let seconds = if share > 1.0 - waits {
                -(30.0 + 60.0 * value(2)) * ((1.0 - share) / waits).ln()
            } else {
                0.0
            };
            wait.record(SimDuration::from_millis((seconds * 1000.0) as u64));
        }

        let surge = [2.0, 1.0, 1.5, 1.1][setting.values.get(1).copied().unwrap_or(0) % 4];
        let dip = [0.02, 0.45, 0.03, 0.05][setting.values.get(1).copied().unwrap_or(0) % 4];
        let services = self.services.iter().map(|it| service(it, horizon, dip, luck)).collect();
        let rollouts = self
            .services
            .iter()
            .enumerate()
            .flat_map(|(service, _)| (0..4).map(move |nth| (service, nth)))
            .map(|(service, nth)| {
                let started_ms = 2 * HOUR_MS + nth * HOUR_MS / 2;
                let start =
                    (60_000.0 / (surge - 0.9_f64).max(0.15) + 9000.0 * own + 3000.0 * nth as f64) as u64;
                let is_stuck = surge < 1.2 && surge > 1.05 && nth == 3;
                let is_given_up = surge < 1.2 && surge > 1.05 && nth == 2;
                let ended_ms = if is_stuck { horizon_ms } else { started_ms + start + 90_000 };
                let outcome = match (is_stuck, is_given_up) {
                    (true, _) => DeploymentOutcome::DeadlockedByCapacity,
                    (_, true) => DeploymentOutcome::RolledBack,
                    _ => DeploymentOutcome::Completed,
                };
                let rollout = RolloutRecord {
                    service: service as u32,
                    started_ms,
                    ended_ms,
                    outcome,
                    n_started: 10,
                    n_stopped: 10,
                    tasks_peak: (10.0 * surge) as u32,
                    healthy_min: 9,
                    place: phase(start / 8, start / 4),
                    provision: phase(11_000, 11_000),
                    pull: phase(8_000, 17_000),
                    start: phase(2_000, 2_000),
                    health: phase(33_000, 40_000),
                    drain: phase(9_000, 9_000),
                    stop: phase(3_000, 30_000),
                    deprovision: phase(5_000, 5_000),
                    revision: format!("web:{}", nth + 2),
                    ..RolloutRecord::default()
                };
                let gives_up = is_given_up.then_some("tasks failed to start");
                rollouts::with_course(rollout, surge, gives_up)
            })
            .collect();

        let reserved = (bound_ms as f64 * 1800.0) as u64;
        RunRecord {
            failures: Vec::new(),
            images: self.images(spread, luck),
            floors: floors.finish(),
            digest: 0,
            n_events: 0,
            horizon_ms,
            warm_up_ms: HOUR_MS.min(horizon_ms),
            tasks: TaskCounts {
                submitted: self.n_tasks,
                placed: n_placeable,
                finished: n_placeable,
                never_placed: self.n_tasks - n_placeable,
                never_placeable: self.n_tasks - n_placeable,
                ..TaskCounts::default()
            },
            never_placeable: (self.n_tasks > n_placeable)
                .then(|| NeverPlaceable {
                    definition: "report-render".to_owned(),
                    cpu_units: 32_768,
                    memory_mib: 131_072,
                    reason: "RESOURCE:MEMORY".to_owned(),
                    n_tasks: self.n_tasks - n_placeable,
                })
                .into_iter()
                .collect(),
            wait: wait.clone(),
            service_wait: wait,
            ledger: self.bill(instance_ms),
            instance_ms,
            instances_peak: peak,
            lower_bound_instance_ms: bound_ms,
            reserved_cpu_ms: reserved,
            registered_cpu_ms: instance_ms * 2048,
            reserved_memory_ms: reserved,
            registered_memory_ms: instance_ms * 2048,
            occupancy: crate::record::Occupancy::default(),
            instances_launched: 40,
            instances_failed: 1,
            disruptions: vec![disruption(horizon, replicate)],
            waiting_tasks: Series::new(horizon),
            placed_tasks: instances.clone(),
            instances,
            lower_bound,
            providers: self
                .providers
                .iter()
                .enumerate()
                .map(|(idx, it)| providers::provider(it, idx, self.hours, own))
                .collect(),
            services,
            rollouts,
            placement_digest: 0,
        }
    }
}

/// A drought of an hour that takes a few machines.
fn disruption(horizon: SimDuration, replicate: u32) -> DisruptionRecord {
    let (from, to) = (horizon.millis() / 2, horizon.millis() / 2 + HOUR_MS);
    let it = DisruptionRecord::new("spot_drought", vec![(from, to)], horizon);
    let n_steps = (horizon.millis() / it.step_ms) as usize;
    let n_machines = 4 + u64::from(replicate % 3);
    let over_time = (0..n_steps).map(|step| if step == n_steps / 2 { n_machines } else { 0 });
    DisruptionRecord { n_instances: n_machines, n_tasks: n_machines, over_time: over_time.collect(), ..it }
}

/// Nine tasks that took `usual_ms`, and one that took the longest.
fn phase(usual_ms: u64, longest_ms: u64) -> PhaseTime {
    let mut phase = PhaseTime::default();
    phase.add_n(usual_ms, 9);
    phase.add(longest_ms);
    phase
}

fn service(name: &str, horizon: SimDuration, dip: f64, luck: f64) -> ServiceRecord {
    const STEP_MS: u64 = 10_000;
    let end = SimTime::from_millis(horizon.millis());
    let mut desired = Series::new(horizon);
    desired.set(SimTime::ZERO, 10);
    desired.advance(end);
    let profile: Vec<f64> = (0..120)
        .map(|step| {
            let minutes = f64::from(step) / 6.0;
            let depth = dip * (1.0 + 0.1 * luck);
            1.0 - depth * (minutes / 1.5).min(1.0) * (-(minutes - 3.0).max(0.0) / 1.2).exp()
        })
        .collect();
    let lost: f64 = profile.iter().map(|it| 1.0 - it).sum();
    let desired_ms = 10 * horizon.millis();
    ServiceRecord {
        name: name.to_owned(),
        desired_ms,
        available_ms: desired_ms - ((4.0 * lost * 10.0 * STEP_MS as f64) as u64).min(desired_ms),
        worst_minute: (((1.0 - dip) * 600_000.0) as u64, 600_000),
        below_minimum_ms: 0,
        zone_skew_ms: horizon.millis() / 2,
        fullest_zone_ms: 4 * horizon.millis(),
        zones_at_end: ZoneBalance { most: 4, least: 3, desired: 10, n_zones: 3 },
        healthy: desired.clone(),
        tasks: desired.clone(),
        desired,
        through_rollouts: RolloutProfile {
            step_ms: STEP_MS,
            available_ms: profile.iter().map(|it| (it * 400_000.0) as u64).collect(),
            desired_ms: vec![400_000; profile.len()],
            tasks_ms: vec![400_000; profile.len()],
        },
        failures: Vec::new(),
        volumes_with_data: 0,
        volumes_empty: 0,
        requests: Some(requests(horizon, dip)),
        scaling: Some(scaling::scaling(horizon, luck)),
    }
}

/// Requests of a day of which some are lost in the middle.
fn requests(horizon: SimDuration, dip: f64) -> RequestRecord {
    let like = Series::new(horizon);
    let n = like.buckets().len();
    let offered: Vec<u64> = (0..n).map(|it| 1_000_000_000 + 1_000_000 * (it as u64 % 97)).collect();
    let is_bad = |idx: usize| (n / 2..n / 2 + n / 20).contains(&idx);
    let lost: Vec<u64> = offered
        .iter()
        .enumerate()
        .map(|(idx, it)| if is_bad(idx) { (*it as f64 * dip.clamp(0.0, 1.0) / 10.0) as u64 } else { 0 })
        .collect();
    let served: Vec<u64> = offered.iter().zip(&lost).map(|(offered, lost)| offered - lost).collect();
    RequestRecord {
        offered: offered.iter().sum(),
        served: served.iter().sum(),
        over_time: RequestSeries { step_ms: like.bucket_width().millis(), offered, served, lost },
        ..RequestRecord::default()
    }
}
