//! What would free a rollout: one thing changed, tried from the smallest on. A
//! change counts only if the rollout is then proven to end.

use super::question::Question;
use super::{Verdict, judge};
use crate::base::id::TaskDefinitionId;
use crate::base::units::counted;
use crate::model::capacity::Scaling;
use crate::model::network::Protocol;
use crate::model::task::TaskDefinition;
use crate::placement::PlacementView;
use crate::placement::order::RandomOrder;
use crate::sim::sample_cluster;

/// One thing that can be changed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Change {
    /// `maximum_percent` becomes this.
    MaximumPercent(u16),
    /// `minimum_healthy_percent` becomes this.
    MinimumHealthyPercent(u16),
    /// The provider has so many instances more, at most.
    MoreInstances(u32),
    /// The new revision takes dynamic host ports in place of its static ones.
    DynamicHostPorts,
    /// The service goes without this one of its placement constraints.
    NoConstraint(usize),
    /// The new revision goes without its own placement constraints.
    NoOwnConstraints,
    /// The new revision needs no more than the old one.
    NeedsOfSource,
    /// No task is protected any more.
    NoProtection,
}

impl Change {
    /// The question with the change made.
    #[must_use]
    pub fn applied(self, question: &Question) -> Question {
        let mut changed = question.clone();
        let service = question.service;
        match self {
            Self::MaximumPercent(percent) => {
                changed.setup.services[service].deployment.bounds.maximum_percent = percent;
            }
            Self::MinimumHealthyPercent(percent) => {
                changed.setup.services[service].deployment.bounds.minimum_healthy_percent = percent;
            }
            Self::MoreInstances(n) => {
                if let Some(provider) = question.provider() {
                    let row = &mut changed.setup.providers[provider];
                    row.max_size += n;
                    if row.scaling == Scaling::Fixed {
                        row.min_size += n;
                    }
                }
            }
            Self::NoConstraint(idx) => {
                changed.setup.services[service].placement.constraints.remove(idx);
            }
            Self::DynamicHostPorts => changed.change_target(|it| {
                it.dynamic_ports.extend(it.host_ports.drain(..).map(|it| it.protocol));
                it.dynamic_ports.sort_unstable_by_key(|it| *it as u8);
            }),
            Self::NoProtection => changed.n_protected = 0,
            Self::NoOwnConstraints => changed.change_target(|it| it.placement_constraints.clear()),
            Self::NeedsOfSource => {
                let needs = question.workload.definitions[question.source()].needs;
                changed.change_target(|it| it.needs = needs);
            }
        }
        changed
    }

    /// As a person would write it.
    pub fn describe(self, question: &Question) -> String {
        match self {
            Self::MaximumPercent(percent) => format!("maximum_percent = {percent}"),
            Self::MinimumHealthyPercent(percent) => format!("minimum_healthy_percent = {percent}"),
            Self::MoreInstances(n) => {
                let provider = question.provider().map(|it| &question.setup.providers[it]);
                let Some(row) = provider else { return String::new() };
                match row.scaling {
                    Scaling::Fixed => {
                        format!("{} more in provider `{}`", counted(n.into(), "instance"), row.name)
                    }
                    Scaling::Managed(_) => {
                        format!("max_size = {} of provider `{}`", row.max_size + n, row.name)
                    }
                }
            }
            Self::DynamicHostPorts => "dynamic host ports".to_owned(),
            Self::NoConstraint(idx) => {
                let cluster = sample_cluster(&question.setup, &question.workload);
                let group = crate::base::id::GroupId::new(question.service.number());
                let order = RandomOrder::new(0, cluster.n_launched());
                let view = PlacementView { cluster: &cluster, definition: question.target, group, order };
                let constraint = &question.policy().placement.constraints[idx];
                format!("leave out the constraint {}", constraint.describe(&view))
            }
            Self::NoOwnConstraints => "leave out the constraints of the new revision's definition".to_owned(),
            Self::NoProtection => "release the protection".to_owned(),
            Self::NeedsOfSource => "let the new revision need no more than the old one".to_owned(),
        }
    }
}

impl Question {
    fn change_target(&mut self, change: impl FnOnce(&mut TaskDefinition)) {
        let mut definition = self.workload.definitions[self.target].clone();
        change(&mut definition);
        definition.name.push('\'');
        self.target = self.workload.definitions.push(definition);
    }
}

/// Up to three changes, each proven to let the rollout end: the smallest of each
/// kind, those first that need nothing new.
pub fn smallest(question: &Question) -> Vec<Change> {
    let mut found = Vec::new();
    for kind in candidates(question) {
        if found.len() == 3 {
            break;
        }
        found.extend(kind.into_iter().find(|it| judge(&it.applied(question)) == Verdict::Completes));
    }
    found
}

/// By kind, the smallest first.
fn candidates(question: &Question) -> Vec<Vec<Change>> {
    if question.n_protected > 0 {
        return vec![vec![Change::NoProtection]];
    }
    // A daemon's are as many as its instances.
    let desired = if question.is_daemon() { n_instances(question) } else { question.desired_count };
    let bounds = question.policy().deployment.bounds;
    let steps = || [1, 2, 3, desired].into_iter().filter(|&it| it <= desired);
    let percent = |tasks: u64, rounds_up: bool| {
        let desired = u64::from(desired.max(1));
        let percent = if rounds_up { (tasks * 100).div_ceil(desired) } else { tasks * 100 / desired };
        u16::try_from(percent).unwrap_or(u16::MAX)
    };
    let maximum = steps().map(|it| percent(u64::from(desired) + u64::from(it), true));
    let maximum = maximum.filter(|&it| it > bounds.maximum_percent).map(Change::MaximumPercent);
    let minimum = steps().map(|it| percent(u64::from(desired - it), false));
    let minimum =
        minimum.filter(|&it| it < bounds.minimum_healthy_percent).map(Change::MinimumHealthyPercent);
    let maximum: Vec<Change> = if question.is_daemon() { Vec::new() } else { maximum.collect() };
    let mut kinds = vec![maximum, minimum.collect()];
    if question.provider().is_none() {
        return kinds;
    }
    let mut more: Vec<u32> = steps().collect();
    more.dedup();
    if question.is_daemon() {
        more.clear();
    }
    kinds.push(more.into_iter().map(Change::MoreInstances).collect());
    let definition = |id: TaskDefinitionId| &question.workload.definitions[id];
    let (old, new) = (definition(question.source()), definition(question.target));
    if new.host_ports.iter().all(|it| it.protocol == Protocol::Tcp || it.protocol == Protocol::Udp)
        && !new.host_ports.is_empty()
    {
        kinds.push(vec![Change::DynamicHostPorts]);
    }
    let n_constraints = question.policy().placement.constraints.len();
    kinds.push((0..n_constraints).map(Change::NoConstraint).collect());
    if !new.placement_constraints.is_empty() {
        kinds.push(vec![Change::NoOwnConstraints]);
    }
    if !new.needs.fits(&old.needs) {
        kinds.push(vec![Change::NeedsOfSource]);
    }
    kinds
}

fn n_instances(question: &Question) -> u32 {
    question.provider().map_or(0, |it| question.setup.providers[it].max_size)
}
