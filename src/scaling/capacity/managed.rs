//! ECS managed scaling (developer guide, managed-scaling-behavior; AWS
//! containers blog, "Deep dive on Amazon ECS cluster auto scaling"): once a
//! minute `CapacityProviderReservation = M / N x 100` is compared with the
//! target capacity. One high point scales out, fifteen low points in a row
//! scale in, by less than half of the group a minute.

use std::cmp::Ordering;

use super::{CapacityPlan, WaitingGroup};
use crate::base::SimDuration;
use crate::model::capacity::ManagedScaling;
use crate::model::network::{HostPort, RESERVED_PORTS};
use crate::model::task::Needs;

/// How often the metric has a point.
pub const PERIOD: SimDuration = SimDuration::from_secs(60);

/// Low points in a row before the group shrinks.
const LOW_POINTS: u32 = 15;

/// A group of instances at the moment of a point.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CapacityView<'a> {
    /// Instances that are running: launched, not yet terminating (N).
    pub n_in_service: u32,
    /// Of those: with at least one task.
    pub n_busy: u32,
    /// Tasks in PROVISIONING, grouped by equal needs.
    pub waiting: &'a [WaitingGroup],
    /// Least and most instances.
    pub min_size: u32,
    /// See `min_size`.
    pub max_size: u32,
    /// The parameters.
    pub scaling: ManagedScaling,
    /// Age of the youngest instance; `None` without instances.
    pub youngest_age: Option<SimDuration>,
    /// Low points in a row before this one.
    pub n_low_points: u32,
}

/// The size the group should have now. A group is never left below its least
/// size, whatever the metric says: instances may have failed.
pub fn plan(view: &CapacityView<'_>) -> CapacityPlan {
    let plan = follow_metric(view);
    CapacityPlan { desired_capacity: plan.desired_capacity.max(view.min_size), ..plan }
}

fn follow_metric(view: &CapacityView<'_>) -> CapacityPlan {
    let n = view.n_in_service;
    let needed = instances_needed(view);
    let target = view.scaling.target_capacity;
    let goal = desired_capacity(needed, n, target, view.min_size, view.max_size);
    let (action, n_low_points) = act(view.n_low_points, &reservation(needed, n), target);
    let desired_capacity = match action {
        Some(Action::ScaleOut) => {
            let is_warming_up =
                view.youngest_age.is_some_and(|age| age < view.scaling.instance_warmup_period);
            if is_warming_up { n } else { goal.max(n) }
        }
        Some(Action::ScaleIn) => scale_in_step(n, goal),
        None => n,
    };
    CapacityPlan { desired_capacity, n_low_points }
}

/// A point of `CapacityProviderReservation`: an exact fraction of percent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Reservation {
    /// Above the line.
    pub numerator: u128,
    /// Below it, not zero.
    pub denominator: u128,
}

/// `M / N x 100`. Without instances 200 if any is needed, and 100 if not.
pub fn reservation(needed: u32, n: u32) -> Reservation {
    let (numerator, denominator) = match (n, needed) {
        (0, 0) => (100, 1),
        (0, _) => (200, 1),
        _ => (u128::from(needed) * 100, n.into()),
    };
    Reservation { numerator, denominator }
}

/// What a point of the metric sets off.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Action {
    /// The high alarm: above the target, one point is enough.
    ScaleOut,
    /// The low alarm: below it for fifteen points in a row.
    ScaleIn,
}

/// The alarms at a point that `n_low_points` low ones in a row came before, and
/// how many those are now. Equal to the target is neither high nor low.
pub fn act(n_low_points: u32, metric: &Reservation, target_capacity: u32) -> (Option<Action>, u32) {
    match metric.numerator.cmp(&(u128::from(target_capacity) * metric.denominator)) {
        Ordering::Greater => (Some(Action::ScaleOut), 0),
        Ordering::Equal => (None, 0),
        Ordering::Less => {
            let n_low_points = n_low_points + 1;
            ((n_low_points >= LOW_POINTS).then_some(Action::ScaleIn), n_low_points)
        }
    }
}

/// Tasks in PROVISIONING that need the same.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Waiting<'a> {
    /// How many.
    pub count: u32,
    /// What each takes of an instance.
    pub needs: Needs,
    /// Its static host ports, sorted.
    pub host_ports: &'a [HostPort],
    /// Its constraints as texts, sorted.
    pub constraints: Vec<String>,
    /// Whether those allow one of them on an instance.
    pub is_distinct: bool,
}

/// Waiting tasks by equal needs and constraints, with how many of each an empty
/// instance of these types holds.
pub fn group(waiting: Vec<Waiting<'_>>, types: &[Needs]) -> Vec<WaitingGroup> {
    let mut groups: Vec<Waiting<'_>> = Vec::new();
    for it in waiting {
        let is_same = |known: &&mut Waiting<'_>| {
            (known.needs, known.host_ports, &known.constraints) == (it.needs, it.host_ports, &it.constraints)
        };
        match groups.iter_mut().find(is_same) {
            Some(known) => known.count = known.count.saturating_add(it.count),
            None => groups.push(it),
        }
    }
    let of_group = |it: Waiting<'_>| {
        let is_impossible = it.host_ports.iter().any(|port| RESERVED_PORTS.contains(port));
        let is_alone = it.is_distinct || !it.host_ports.is_empty();
        let per_instance = if is_impossible { 0 } else { per_instance(it.needs, is_alone, types) };
        WaitingGroup { count: it.count, per_instance }
    };
    groups.into_iter().map(of_group).collect()
}

/// M: busy instances, or with waiting tasks N and what the largest group of
/// them needs (groups can share new instances, so it is a lower bound).
pub fn instances_needed(view: &CapacityView<'_>) -> u32 {
    match calculated_instances(view.waiting) {
        Some(calculated) if calculated > 0 => {
            let least = view.scaling.minimum_scaling_step_size;
            let step = calculated.clamp(least, view.scaling.maximum_scaling_step_size.max(least));
            view.n_in_service.saturating_add(step)
        }
        _ if view.waiting.iter().any(|group| group.count > 0) => view.n_in_service,
        _ => view.n_busy,
    }
}

/// The instances that the largest group of waiting tasks needs; `None` if no
/// group fits the types.
pub fn calculated_instances(waiting: &[WaitingGroup]) -> Option<u32> {
    let fitting = waiting.iter().filter(|group| group.per_instance > 0);
    fitting.map(|group| group.count.div_ceil(group.per_instance)).max()
}

/// How many tasks of these needs an empty instance of the group holds, as the
/// estimate has it: by the largest amount of each resource over its types, so as
/// not to launch too many; 0 if they do not fit the smallest amounts, for such
/// tasks are not considered (developer guide, managed-scaling-behavior). One at
/// most if they cannot share an instance.
fn per_instance(needs: Needs, is_alone: bool, types: &[Needs]) -> u32 {
    let amounts = |it: &Needs| [it.cpu.0, it.memory.0, it.gpus, it.network_interfaces];
    let needs = amounts(&needs);
    let mut fits = if is_alone { 1 } else { u32::MAX };
    for (resource, &need) in needs.iter().enumerate().filter(|it| *it.1 > 0) {
        let of_types = || types.iter().map(|it| amounts(it)[resource]);
        if of_types().min().is_none_or(|smallest| smallest < need) {
            return 0;
        }
        fits = fits.min(of_types().max().map_or(0, |largest| largest / need));
    }
    fits
}

/// What would bring the metric to the target; from zero always two.
pub fn desired_capacity(needed: u32, n: u32, target_capacity: u32, min_size: u32, max_size: u32) -> u32 {
    let goal = if n == 0 && needed > 0 {
        2
    } else {
        let goal = (u64::from(needed) * 100).div_ceil(target_capacity.into());
        u32::try_from(goal).unwrap_or(u32::MAX)
    };
    goal.clamp(min_size, max_size)
}

/// One minute's step down: less than half of the group, at least one, not
/// below the goal.
pub fn scale_in_step(n: u32, goal: u32) -> u32 {
    let step = n.div_ceil(2).saturating_sub(1).max(1);
    n.saturating_sub(step).max(goal).min(n)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(n_in_service: u32, n_busy: u32, waiting: &[WaitingGroup]) -> CapacityView<'_> {
        CapacityView {
            n_in_service,
            n_busy,
            waiting,
            min_size: 0,
            max_size: 100,
            scaling: ManagedScaling::default(),
            youngest_age: Some(SimDuration::from_secs(3600)),
            n_low_points: 0,
        }
    }

    const TEN_WAIT: [WaitingGroup; 1] = [WaitingGroup { count: 10, per_instance: 4 }];

    #[test]
    fn waiting_tasks_add_what_their_largest_group_needs() {
        assert_eq!(plan(&view(3, 3, &TEN_WAIT)).desired_capacity, 6);
        let two = [TEN_WAIT[0], WaitingGroup { count: 3, per_instance: 1 }];
        assert_eq!(plan(&view(3, 3, &two)).desired_capacity, 6);
        let too_large = [WaitingGroup { count: 3, per_instance: 0 }];
        assert_eq!(plan(&view(3, 3, &too_large)).desired_capacity, 3);
    }

    #[test]
    fn the_estimate_takes_the_largest_type_and_leaves_out_what_does_not_fit_the_smallest() {
        use crate::base::{CpuUnits, MemoryMib};
        let types =
            [(2048, 7680), (4096, 4096)].map(|(cpu, memory)| Needs::of(CpuUnits(cpu), MemoryMib(memory)));
        let per = |cpu, memory| per_instance(Needs::of(CpuUnits(cpu), MemoryMib(memory)), false, &types);
        // The largest of each resource, whatever type it is of.
        assert_eq!([per(512, 1024), per(2048, 4096), per(2049, 1), per(1, 4097)], [7, 1, 0, 0]);
        let port = [HostPort { port: 8080, protocol: crate::model::network::Protocol::Tcp }];
        let waiting = |count, is_distinct, host_ports| Waiting {
            count,
            needs: Needs::of(CpuUnits(512), MemoryMib(1024)),
            host_ports,
            constraints: Vec::new(),
            is_distinct,
        };
        let groups =
            group(vec![waiting(3, false, &[]), waiting(4, false, &[]), waiting(2, true, &port)], &types);
        let [same, alone] = groups[..] else { panic!("two groups") };
        assert_eq!((same.count, same.per_instance, alone.per_instance), (7, 7, 1));
    }

    #[test]
    fn from_zero_there_are_two() {
        assert_eq!(plan(&view(0, 0, &TEN_WAIT)).desired_capacity, 2);
        assert_eq!(plan(&view(0, 0, &[])).desired_capacity, 0);
    }

    #[test]
    fn what_failed_below_the_least_size_is_launched_again() {
        for n_busy in [0, 1, 2] {
            let mut view = view(2, n_busy, &[]);
            view.min_size = 3;
            view.youngest_age = Some(SimDuration::ZERO);
            assert_eq!(plan(&view).desired_capacity, 3);
        }
    }

    #[test]
    fn a_young_instance_blocks_the_next_scale_out() {
        let mut view = view(3, 3, &TEN_WAIT);
        view.youngest_age = Some(SimDuration::from_secs(299));
        assert_eq!(plan(&view).desired_capacity, 3);
        view.youngest_age = Some(SimDuration::from_secs(300));
        assert_eq!(plan(&view).desired_capacity, 6);
    }

    #[test]
    fn the_fifteenth_low_point_shrinks_the_group_step_by_step() {
        let mut view = view(20, 0, &[]);
        for _ in 0..14 {
            let plan = plan(&view);
            assert_eq!(plan.desired_capacity, 20);
            view.n_low_points = plan.n_low_points;
        }
        let mut sizes = Vec::new();
        while view.n_in_service > 0 {
            let plan = plan(&view);
            view.n_low_points = plan.n_low_points;
            view.n_in_service = plan.desired_capacity;
            sizes.push(plan.desired_capacity);
        }
        assert_eq!(sizes, [11, 6, 4, 3, 2, 1, 0]);
    }

    #[test]
    fn a_target_below_hundred_keeps_spare_room() {
        let mut view = view(3, 2, &[]);
        view.scaling.target_capacity = 50;
        assert_eq!(plan(&view).desired_capacity, 4);
    }
}
