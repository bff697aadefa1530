//! When a service finds a task healthy or unhealthy: of its containers' checks,
//! of those of every target group, and of its grace period.

use crate::base::SimDuration;
use crate::base::id::ServiceId;
use crate::model::life::{ContainerHealth, TaskLife};
use crate::model::network::TargetGroup;
use crate::reach;
use crate::sim::setup::Setup;

/// What is not known before a task runs.
pub struct TargetLuck<'a> {
    /// From a registration to the first check, by the position of the target
    /// group among the service's.
    pub first_check: &'a dyn Fn(usize, &TargetGroup) -> SimDuration,
    /// Whether the load balancers before that group reach the task.
    pub is_reachable: &'a dyn Fn(usize) -> bool,
}

impl Setup {
    /// When `service`, with this grace period, finds a task of this life
    /// healthy or unhealthy.
    pub fn health_moments(
        &self,
        service: ServiceId,
        life: &TaskLife,
        grace: SimDuration,
        luck: &TargetLuck<'_>,
    ) -> HealthMoments {
        let targets = self.services[service].load_balancers.iter().enumerate().map(|(number, balancer)| {
            let group = &self.network.target_groups[balancer.target_group];
            let registered = self.options.target_register;
            // It answers so long after RUNNING; the group looks from its
            // registration on.
            let answers = life
                .answers_after
                .map(|it| SimDuration::from_millis(it.millis().saturating_sub(registered.millis())));
            let first_check = (luck.first_check)(number, group);
            let found = reach::target_health(first_check, group, answers, (luck.is_reachable)(number));
            let counted = |it: SimDuration| registered + it;
            HealthMoments {
                healthy_after: found.healthy_after.map(counted),
                unhealthy_after: found.unhealthy_after.map(counted),
            }
        });
        HealthMoments::of(
            (life.container_health, life.recovers_after),
            targets,
            self.options.no_check_settle,
            grace,
        )
    }
}

/// When a task is found healthy or unhealthy, counted from RUNNING.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct HealthMoments {
    /// Healthy; `None` if never.
    pub healthy_after: Option<SimDuration>,
    /// Unhealthy, and acted on; `None` if never.
    pub unhealthy_after: Option<SimDuration>,
}

impl HealthMoments {
    /// What a service acts on (semantics 1.2): healthy when everything that is
    /// asked says so; unhealthy as soon as one does, unless it is healthy by
    /// the end of its grace period.
    pub fn of(
        (container, recovers_after): (ContainerHealth, Option<SimDuration>),
        targets: impl Iterator<Item = Self>,
        settle: SimDuration,
        grace: SimDuration,
    ) -> Self {
        let of_containers = match container {
            ContainerHealth::Unchecked => None,
            ContainerHealth::HealthyAfter(after) => {
                Some(Self { healthy_after: Some(after), unhealthy_after: None })
            }
            ContainerHealth::UnhealthyAfter(after) => {
                Some(Self { healthy_after: recovers_after, unhealthy_after: Some(after) })
            }
        };
        let mut asked = targets.chain(of_containers).peekable();
        if asked.peek().is_none() {
            return Self { healthy_after: Some(settle), unhealthy_after: None };
        }
        let mut all = Self { healthy_after: Some(SimDuration::ZERO), unhealthy_after: None };
        for one in asked {
            all.healthy_after = Option::zip(all.healthy_after, one.healthy_after).map(|(a, b)| a.max(b));
            all.unhealthy_after = match (all.unhealthy_after, one.unhealthy_after) {
                (Some(a), Some(b)) => Some(a.min(b)),
                (a, b) => a.or(b),
            };
        }
        let unhealthy_after = all.unhealthy_after.map(|it| it.max(grace));
        let is_in_time = |unhealthy: &SimDuration| all.healthy_after.is_some_and(|it| it <= *unhealthy);
        Self { unhealthy_after: unhealthy_after.filter(|it| !is_in_time(it)), ..all }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secs(n: u64) -> SimDuration {
        SimDuration::from_secs(n)
    }

    #[test]
    fn a_service_waits_for_all_and_acts_on_the_first_failure() {
        let target = |healthy: Option<u64>, unhealthy: Option<u64>| HealthMoments {
            healthy_after: healthy.map(secs),
            unhealthy_after: unhealthy.map(secs),
        };
        let moments = |container, targets: &[HealthMoments], grace| {
            let it = HealthMoments::of((container, None), targets.iter().copied(), secs(40), secs(grace));
            (it.healthy_after.map(|it| it.millis() / 1000), it.unhealthy_after.map(|it| it.millis() / 1000))
        };
        use ContainerHealth::{HealthyAfter, Unchecked, UnhealthyAfter};
        assert_eq!(moments(Unchecked, &[], 0), (Some(40), None), "nothing is asked: it settles");
        assert_eq!(moments(HealthyAfter(secs(30)), &[], 0), (Some(30), None));
        assert_eq!(moments(HealthyAfter(secs(30)), &[target(Some(70), None)], 0), (Some(70), None));
        assert_eq!(moments(UnhealthyAfter(secs(90)), &[target(Some(70), None)], 0), (None, Some(90)));
        assert_eq!(moments(Unchecked, &[target(Some(200), Some(60))], 0), (Some(200), Some(60)));
        assert_eq!(moments(Unchecked, &[target(Some(200), Some(60))], 300), (Some(200), None), "grace");
        assert_eq!(moments(Unchecked, &[target(None, Some(60))], 300), (None, Some(300)));
    }
}
