//! What each task must be counted for at least: shares of an instance, such that
//! the tasks on any one instance never have more than one whole share together.
//! The sum of the shares of all tasks is then a bound, whatever the packing: a
//! feasible dual of bin packing, found by rules instead of by a linear program.
//!
//! - **volume**: the part of one resource that the task takes (the bound L1).
//! - **large item**: a task that can share an instance with none of those that
//!   take so much of a resource has it alone; the others count by volume. In one
//!   resource it is L2 (Martello and Toth, Knapsack Problems, 1990, 8.3) as the
//!   dual feasible function of Fekete and Schepers (Mathematical Programming 91,
//!   2001). Whether two tasks can share is asked of all resources at once, which
//!   is what vectors add (Spieksma, Computers & Operations Research 21, 1994;
//!   Caprara and Toth, Discrete Applied Mathematics 111, 2001).
//! - **conflict**: of tasks of which no two can share, for room, for a host port,
//!   or for `distinctInstance`, each has an instance.
//! - **rounding**: parts of a resource, rounded to halves, thirds, quarters in
//!   favour of what is more (u(k) of Fekete and Schepers).
//! - **counting**: where an instance holds at most m tasks of some size, each
//!   task of at least that size in every resource is an m-th.

use crate::bounds::problem::{N_RESOURCES, Problem};
use crate::bounds::sets::Set;

/// A whole instance. Shares are rounded down to parts of it, so that a bound
/// errs by less than what a MiB of the largest instance is of it.
pub const WHOLE: u64 = 1 << 40;

/// How a bound reasons.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Family {
    /// No resource can be cut.
    Volume,
    /// Large tasks leave room that none of the others fits.
    LargeItem,
    /// Of some tasks no two can share.
    Conflict,
    /// Parts rounded to halves, thirds, quarters.
    Rounding,
    /// So many of a size at most.
    Counting,
}

impl Family {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Volume, Self::LargeItem, Self::Conflict, Self::Rounding, Self::Counting];
}

/// One way to count: for each kind of instance the share of each class.
#[derive(Clone, Debug)]
pub(super) struct Shares {
    pub(super) family: Family,
    /// By kind, then by class; what does not fit the kind is not asked for.
    pub(super) by_kind: Vec<Vec<u64>>,
}

/// More sizes than this of one resource are not tried as thresholds; they are
/// taken evenly from all there are.
const N_THRESHOLDS: usize = 12;
/// So many sizes are counted by; see [`N_THRESHOLDS`].
const N_COUNTED: usize = 24;
/// With more classes than this only volumes and roundings are looked at: the
/// others compare every class with every other.
const N_CLASSES_COMPARED: usize = 1024;
/// Denominators of the roundings.
const ROUNDINGS: std::ops::RangeInclusive<u64> = 1..=5;

/// All ways to count that may be worth it.
pub(super) fn all(problem: &Problem) -> Vec<Shares> {
    let needed: Vec<usize> =
        (0..N_RESOURCES).filter(|&it| problem.classes.iter().any(|class| class.needs[it] > 0)).collect();
    let mut found = Vec::new();
    for &resource in &needed {
        found.push(of_kinds(problem, Family::Volume, |class, kind| part(problem, resource, class, kind)));
        for k in ROUNDINGS {
            let rounded = |class, kind| rounded(problem, resource, k, class, kind);
            found.push(of_kinds(problem, Family::Rounding, rounded));
        }
    }
    if problem.classes.len() <= N_CLASSES_COMPARED {
        let company: Vec<Vec<Set>> = (0..problem.kinds.len()).map(|it| company(problem, it)).collect();
        large_items(problem, &needed, &company, &mut found);
        conflicts(problem, &needed, &company, &mut found);
        counted(problem, &mut found);
    }
    found
}

fn of_kinds(problem: &Problem, family: Family, share: impl Fn(usize, usize) -> u64) -> Shares {
    let of_kind = |kind| (0..problem.classes.len()).map(|class| share(class, kind)).collect();
    Shares { family, by_kind: (0..problem.kinds.len()).map(of_kind).collect() }
}

/// The part of a resource that a task takes of an instance.
fn part(problem: &Problem, resource: usize, class: usize, kind: usize) -> u64 {
    let need = u128::from(problem.classes[class].needs[resource]);
    let capacity = u128::from(problem.kinds[kind].capacity[resource]);
    let part = (need * u128::from(WHOLE)).checked_div(capacity).unwrap_or(0);
    u64::try_from(part).unwrap_or(WHOLE).min(WHOLE)
}

/// u(k): x if (k+1)x is whole, else ⌊(k+1)x⌋/k. Tasks with parts that add up to
/// at most 1 have roundings that do.
fn rounded(problem: &Problem, resource: usize, k: u64, class: usize, kind: usize) -> u64 {
    let need = problem.classes[class].needs[resource] * (k + 1);
    let capacity = problem.kinds[kind].capacity[resource];
    match need.checked_rem(capacity) {
        None | Some(0) => part(problem, resource, class, kind),
        Some(_) => (WHOLE / k * (need / capacity)).min(WHOLE),
    }
}

/// For each class those that it can share an instance of this kind with.
fn company(problem: &Problem, kind: usize) -> Vec<Set> {
    let n = problem.classes.len();
    let mut sets = vec![Set::new(n); n];
    for one in 0..n {
        for other in one..n {
            if problem.can_share(one, other, kind) {
                sets[one].insert(other);
                sets[other].insert(one);
            }
        }
    }
    sets
}

/// Those that take at least so much of one resource: alone, or by their volume
/// in each resource.
fn large_items(problem: &Problem, needed: &[usize], company: &[Vec<Set>], found: &mut Vec<Shares>) {
    for &by in needed {
        let mut sizes: Vec<u64> = problem.classes.iter().map(|it| it.needs[by]).collect();
        sizes.sort_unstable();
        sizes.dedup();
        for threshold in evenly(&sizes, N_THRESHOLDS) {
            let is_meant = |class: usize| problem.classes[class].needs[by] >= threshold;
            let meant = Set::of(problem.classes.len(), is_meant);
            let is_alone = |class: usize, kind: usize| !company[kind][class].meets(&meant);
            let is_any_alone = (0..problem.kinds.len())
                .any(|kind| (0..problem.classes.len()).any(|it| meant.contains(it) && is_alone(it, kind)));
            // Nobody alone: the volume of some is less than that of all.
            if !is_any_alone {
                continue;
            }
            for &resource in needed {
                found.push(of_kinds(problem, Family::LargeItem, |class, kind| {
                    match (meant.contains(class), is_alone(class, kind)) {
                        (false, _) => 0,
                        (true, true) => WHOLE,
                        (true, false) => part(problem, resource, class, kind),
                    }
                }));
            }
        }
    }
}

/// Sets of classes of which no two tasks can share, gathered greedily: by each
/// resource from the largest, from each host port, from each group of tasks
/// that are apart.
fn conflicts(problem: &Problem, needed: &[usize], company: &[Vec<Set>], found: &mut Vec<Shares>) {
    let classes = &problem.classes;
    let by_size = |resource: usize| {
        let mut order: Vec<usize> = (0..classes.len()).collect();
        order.sort_by_key(|&it| (std::cmp::Reverse(classes[it].needs[resource]), it));
        order
    };
    let mut orders: Vec<Vec<usize>> = needed.iter().map(|&it| by_size(it)).collect();
    let mut ports: Vec<_> = classes.iter().flat_map(|it| it.ports.iter().copied()).collect();
    ports.sort_unstable();
    ports.dedup();
    let mut apart: Vec<u32> = classes.iter().filter_map(|it| it.apart).collect();
    apart.sort_unstable();
    apart.dedup();
    let first = needed.first().map_or_else(Vec::new, |&it| by_size(it));
    let mut begin_with = |is_first: &dyn Fn(usize) -> bool| {
        let (mut order, rest): (Vec<usize>, Vec<usize>) = first.iter().partition(|&&it| is_first(it));
        order.extend(rest);
        orders.push(order);
    };
    for port in ports {
        begin_with(&|it| classes[it].ports.contains(&port));
    }
    for group in apart {
        begin_with(&|it| classes[it].apart == Some(group));
    }
    for order in orders {
        let cliques: Vec<Set> = company
            .iter()
            .map(|company| {
                let mut clique = Set::new(classes.len());
                for &class in &order {
                    let is_alone = !company[class].contains(class);
                    if is_alone && !company[class].meets(&clique) {
                        clique.insert(class);
                    }
                }
                clique
            })
            .collect();
        let share = |class: usize, kind: usize| if cliques[kind].contains(class) { WHOLE } else { 0 };
        found.push(of_kinds(problem, Family::Conflict, share));
    }
}

/// So many of each class an instance holds: of all that need at least as much
/// in every resource it holds no more.
fn counted(problem: &Problem, found: &mut Vec<Shares>) {
    let all: Vec<usize> = (0..problem.classes.len()).collect();
    for least in evenly(&all, N_COUNTED) {
        let is_as_large = |class: usize| {
            let (class, least) = (&problem.classes[class].needs, &problem.classes[least].needs);
            class.iter().zip(least).all(|(class, least)| class >= least)
        };
        let by_room = |kind: usize| {
            let (needs, room) = (&problem.classes[least].needs, &problem.kinds[kind].capacity);
            (0..N_RESOURCES).filter_map(|it| room[it].checked_div(needs[it])).min()
        };
        found.push(of_kinds(problem, Family::Counting, |class, kind| {
            let copies = by_room(kind).filter(|&it| it > 0 && is_as_large(class));
            copies.map_or(0, |it| WHOLE / it)
        }));
    }
}

/// At most `n` of the values, evenly, the ends among them.
fn evenly<T: Copy>(values: &[T], n: usize) -> Vec<T> {
    if values.len() <= n {
        return values.to_vec();
    }
    (0..n).map(|it| values[it * (values.len() - 1) / (n - 1)]).collect()
}
