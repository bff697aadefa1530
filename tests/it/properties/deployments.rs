//! Random deployments for a random situation: strategies, breakers, alarms,
//! hooks, daemons, task sets, protection, draining.

use berthlab::base::id::{Id as _, ServiceId, TaskDefinitionId};
use berthlab::base::{SimDuration, SimTime};
use berthlab::deployment::controller_of;
use berthlab::model::deployment::{
    Alarm, AlarmMetric, AlarmSource, BreakerThreshold, CircuitBreaker, DeploymentAlarms,
    DeploymentConfiguration, DeploymentStrategy, EarlySuccessCriteria, LifecycleHook, LifecycleStage,
    SchedulingStrategy, TrafficShare,
};
use berthlab::model::service::DeploymentBounds;
use berthlab::model::workload::{ServiceChange, ServiceChangeKind, TaskSetChange, Workload};
use berthlab::sim::Setup;
use berthlab::sim::setup::{InstanceChange, InstanceChangeKind};

use super::situation::Dice;

impl Dice {
    /// Gives every service a way to deploy, and things that happen meanwhile.
    pub(super) fn deployments(&mut self, setup: &mut Setup, workload: &mut Workload) {
        let n_services = setup.services.len();
        if n_services == 0 {
            return;
        }
        setup.alarms = self.alarms(n_services);
        for service in setup.services.ids() {
            let is_free = workload.services[service].found.is_empty();
            let policy = &mut setup.services[service];
            let bounds = policy.deployment.bounds;
            policy.deployment = self.configuration(bounds);
            let on_instances = !policy.placement.capacity.is_fargate();
            policy.availability_zone_rebalancing = bounds.maximum_percent > 100 && self.below(2) == 0;
            match self.below(8) {
                0 if on_instances && is_free => {
                    policy.scheduling = SchedulingStrategy::Daemon;
                    policy.deployment.strategy = DeploymentStrategy::Rolling;
                    policy.deployment.bounds = DeploymentBounds { maximum_percent: 100, ..bounds };
                    policy.availability_zone_rebalancing = false;
                }
                1 if is_free => policy.is_external = true,
                _ => (),
            }
            policy.controller =
                controller_of(policy.scheduling, policy.is_external, policy.deployment.strategy);
        }
        self.service_changes(setup, workload);
        self.draining(setup);
    }

    fn configuration(&mut self, bounds: DeploymentBounds) -> DeploymentConfiguration {
        let minutes = |n: u64| SimDuration::from_secs(60 * n);
        let strategy = match self.below(6) {
            0 => DeploymentStrategy::BlueGreen,
            1 => DeploymentStrategy::Linear { step: TrafficShare(333), step_bake: minutes(self.below(4)) },
            2 => DeploymentStrategy::Canary { canary: TrafficShare(50), canary_bake: minutes(self.below(9)) },
            _ => DeploymentStrategy::Rolling,
        };
        let is_rolling = strategy == DeploymentStrategy::Rolling;
        let threshold = match self.below(3) {
            0 => BreakerThreshold::BoundedPercent(50),
            1 => BreakerThreshold::UnboundedPercent(50),
            _ => BreakerThreshold::Count(1 + self.small(4)),
        };
        let breaker = CircuitBreaker {
            rollback: self.below(2) == 0,
            resets_on_healthy_task: self.below(2) == 0,
            threshold,
        };
        let alarms = DeploymentAlarms { alarms: vec![self.below(2) as usize], rollback: self.below(2) == 0 };
        let early = EarlySuccessCriteria {
            healthy_percent: bounds.minimum_healthy_percent.max(50),
            awaits_cleanup: self.below(2) == 0,
        };
        let hook = LifecycleHook {
            stages: vec![
                LifecycleStage::NAMES[self.below(11) as usize].1,
                LifecycleStage::PostTestTrafficShift,
            ],
            takes: if self.below(4) == 0 { SimDuration::FOREVER } else { minutes(self.below(4)) },
            fails: self.below(4) == 0,
            time_out: minutes(1 + self.below(9)),
            continues_on_time_out: self.below(2) == 0,
        };
        DeploymentConfiguration {
            bounds,
            strategy,
            bake_time: (self.below(2) == 0).then(|| minutes(self.below(5))),
            circuit_breaker: (self.below(2) == 0).then_some(breaker),
            alarms: (self.below(3) == 0).then_some(alarms),
            early_success: (is_rolling && self.below(4) == 0).then_some(early),
            lifecycle_hooks: if is_rolling { Vec::new() } else { vec![hook] },
        }
    }

    fn alarms(&mut self, n_services: usize) -> Vec<Alarm> {
        let from = SimTime::from_secs(60 * self.below(50));
        let windows = vec![(from, from + SimDuration::from_secs(300))];
        let service = ServiceId::from_idx(self.below(n_services as u64) as usize);
        let metric = AlarmMetric::NAMES[self.below(3) as usize].1;
        vec![
            Alarm { name: "written".to_owned(), source: AlarmSource::Windows(windows) },
            Alarm {
                name: "metric".to_owned(),
                source: AlarmSource::Metric {
                    service,
                    metric,
                    threshold_thousandths: 500 * self.below(4),
                    period: SimDuration::from_secs(60),
                    evaluation_periods: 1 + self.small(3),
                },
            },
        ]
    }

    fn service_changes(&mut self, setup: &Setup, workload: &mut Workload) {
        let n_definitions = workload.definitions.len() as u64;
        let mut n_sets = 1;
        for _ in 0..self.below(10) {
            let at = SimTime::from_secs(self.below(3600));
            let service = ServiceId::from_idx(self.below(setup.services.len() as u64) as usize);
            let definition = TaskDefinitionId::new(self.small(n_definitions));
            let kind = if setup.services[service].is_external {
                let scale = self.below(101) as u8;
                let known = self.small(n_sets);
                let (set, change) = match self.below(4) {
                    0 => (known, TaskSetChange::Scaled(scale)),
                    1 => (known, TaskSetChange::MadePrimary),
                    2 => (known, TaskSetChange::Deleted),
                    _ => (n_sets as u32, TaskSetChange::Created { definition, scale }),
                };
                n_sets += 1;
                ServiceChangeKind::TaskSet { set, change }
            } else {
                match self.below(3) {
                    0 => ServiceChangeKind::Scaled(self.small(10)),
                    1 => ServiceChangeKind::Protected {
                        n_tasks: 1 + self.small(4),
                        until: at + SimDuration::from_secs(60 * (1 + self.below(40))),
                    },
                    _ => ServiceChangeKind::Release(definition),
                }
            };
            workload.service_changes.push(ServiceChange { at, service, kind });
        }
        // A task set is nobody's release.
        workload.service_changes.retain(|it| {
            let is_release = matches!(it.kind, ServiceChangeKind::Release(_));
            !(is_release && setup.services[it.service].is_external)
        });
        workload.service_changes.sort_by_key(|it| it.at);
    }

    fn draining(&mut self, setup: &mut Setup) {
        for _ in 0..self.below(5) {
            let written = self.one_of(&[
                "attribute:ecs.availability-zone == zone-0",
                "runningTasksCount > 1",
                "runningTasksCount < 3",
            ]);
            let change = InstanceChange {
                at: SimTime::from_secs(self.below(3600)),
                expression: setup.expressions.intern(written).expect("it is an expression"),
                kinds: vec![InstanceChangeKind::Draining(self.below(3) > 0)],
            };
            setup.instance_changes.push(change);
        }
        setup.instance_changes.sort_by_key(|it| it.at);
    }
}
