//! What a service's tasks meet as targets of a load balancer: whether they are
//! found healthy, how long they drain, and whether requests reach them.

use std::sync::Arc;

use crate::base::id::{ServiceId, TaskId};
use crate::base::{Domain, SimDuration};
use crate::model::instance::InstanceStatus;
use crate::model::life::ContainerHealth;
use crate::model::network::TargetGroup;
use crate::model::options::FirstCheckDelay;
use crate::model::task::{Health, Task, TaskStatus};
use crate::record::RequestReading;
use crate::sim::health::{HealthMoments, TargetLuck};
use crate::sim::simulation::Simulation;
use crate::sim::watch::Watch;

impl<W: Watch> Simulation<'_, W> {
    /// When a service's task that has just come to RUNNING is found healthy or
    /// unhealthy.
    pub(super) fn health_moments(&self, task: TaskId) -> HealthMoments {
        let row = self.cluster.task(task);
        let (service, _) = self.service_of(task).expect("only a service looks at health");
        let policy = &self.setup.services[service];
        let first_check = |number: usize, group: &TargetGroup| match self.setup.options.first_check_delay {
            FirstCheckDelay::Zero => SimDuration::ZERO,
            FirstCheckDelay::Random => {
                // Each target group draws its own.
                let draw = self.draw(task, Domain::TargetCheck).rotate_left(13 * number as u32);
                SimDuration::from_millis(draw % group.interval.millis().max(1))
            }
        };
        let is_reachable = |number: usize| self.missing_path(service, row, number).is_none();
        let luck = TargetLuck { first_check: &first_check, is_reachable: &is_reachable };
        self.setup.health_moments(service, self.lives.of(row), policy.health_check_grace_period, &luck)
    }

    /// What is missing between the load balancers of a service and a task, for
    /// the n-th target group of the service.
    pub(super) fn missing_path(&self, service: ServiceId, task: &Task, number: usize) -> Option<Arc<str>> {
        let zone = self.cluster.zone_of(task.host?);
        self.paths.to_task(service, task.definition, number, zone)
    }

    /// Why a task was found unhealthy.
    pub(super) fn unhealthy_reason(&self, task: TaskId) -> Arc<str> {
        let row = self.cluster.task(task);
        let (service, _) = self.service_of(task).expect("only a service looks at health");
        let n_groups = self.setup.services[service].load_balancers.len();
        let missing = (0..n_groups).find_map(|it| self.missing_path(service, row, it));
        let by_containers = matches!(self.lives.of(row).container_health, ContainerHealth::UnhealthyAfter(_));
        missing.unwrap_or_else(|| {
            if by_containers {
                "Task failed container health checks".into()
            } else {
                "Task failed ELB health checks: Target.FailedHealthChecks".into()
            }
        })
    }

    /// How long a running task of a service drains before it is told to stop
    /// (semantics 2.2, 4.5).
    pub(super) fn drain_time(&self, task: TaskId) -> SimDuration {
        self.service_of(task).map_or(SimDuration::ZERO, |it| self.setup.drain_time(it.0))
    }

    /// What becomes of the requests of a service from now on.
    pub(super) fn request_reading(&self, service: ServiceId) -> Option<RequestReading> {
        let policy = &self.setup.services[service];
        if policy.millirequests_per_second == 0 {
            return None;
        }
        let unreachable = self.paths.missing_from_web(service);
        let is_5xx = unreachable.is_none();
        let lost = unreachable.or_else(|| {
            let is_lost = |it| self.cluster.instance(it).status == InstanceStatus::Lost;
            let is_healthy = |it: &&TaskId| {
                let task = self.cluster.task(**it);
                task.status == TaskStatus::Running
                    && !task.instance().is_some_and(is_lost)
                    && task.health == Health::Healthy
                    && task.is_desired_running
            };
            let mut healthy = self.cluster.service(service).tasks.iter().filter(is_healthy).peekable();
            if healthy.peek().is_none() {
                return Some(
                    self.services[service]
                        .unhealthy_because
                        .clone()
                        .unwrap_or_else(|| "no healthy target".into()),
                );
            }
            // Served as long as one healthy task answers without errors.
            let mut errors = None;
            for &task in healthy {
                match &self.lives.of(self.cluster.task(task)).answers_errors {
                    None => return None,
                    Some(reason) => errors = Some(Arc::clone(reason)),
                }
            }
            errors
        });
        Some(RequestReading { millirequests_per_second: policy.millirequests_per_second, lost, is_5xx })
    }
}
