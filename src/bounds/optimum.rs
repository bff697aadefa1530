//! The optimum itself, for small cases: branch and bound over all ways to put
//! tasks on instances. It is what the bounds and the strategies are held
//! against; a run does not ask for it, since the number of ways grows beyond
//! any patience.

use crate::bounds::problem::{N_RESOURCES, Problem, Vector, fits, sum};

/// What is least.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Objective {
    /// How many instances there are.
    Instances,
    /// What an hour of them costs, in 1e-12 USD.
    Cost,
}

/// The least that holds so many tasks of each class, exactly. `None` if more
/// than `n_nodes_max` partial packings would have to be looked at, or if some
/// task fits no kind. A thousand tasks of one class are one node each: what
/// makes it long is variety.
pub fn optimum(problem: &Problem, counts: &[u32], objective: Objective, n_nodes_max: u64) -> Option<u64> {
    let mut tasks: Vec<usize> =
        counts.iter().enumerate().flat_map(|(class, &n)| std::iter::repeat_n(class, n as usize)).collect();
    let kinds: Vec<usize> = (0..problem.kinds.len()).collect();
    if tasks.iter().any(|&class| !kinds.iter().any(|&kind| problem.fits(class, kind))) {
        return None;
    }
    let price = |kind: usize| match objective {
        Objective::Instances => 1,
        Objective::Cost => problem.kinds[kind].pico_usd_per_hour,
    };
    // What is nowhere larger and no cheaper is never needed; of equal ones one is.
    let is_needed = |&kind: &usize| {
        !kinds.iter().any(|&other| {
            let (one, two) = (&problem.kinds[kind].capacity, &problem.kinds[other].capacity);
            let is_beaten = fits(one, two) && price(other) <= price(kind);
            let is_equal = one == two && price(other) == price(kind);
            other != kind && is_beaten && (!is_equal || other < kind)
        })
    };
    let kinds: Vec<(Vector, u64)> =
        kinds.iter().copied().filter(is_needed).map(|it| (problem.kinds[it].capacity, price(it))).collect();

    // Large tasks first: they leave the fewest ways open.
    let size = |class: usize| {
        let needs = &problem.classes[class].needs;
        let part = |it: usize| {
            let most = kinds.iter().map(|kind| kind.0[it]).max().unwrap_or(0);
            (needs[it] * 1_000_000).checked_div(most).unwrap_or(0)
        };
        (0..N_RESOURCES).map(part).max().unwrap_or(0)
    };
    tasks.sort_by_key(|&class| (std::cmp::Reverse(size(class)), class));
    let mut rest = vec![[0; N_RESOURCES]; tasks.len() + 1];
    for (idx, &class) in tasks.iter().enumerate().rev() {
        rest[idx] = sum(&rest[idx + 1], &problem.classes[class].needs);
    }
    let mut search = Search {
        problem,
        kinds,
        tasks,
        rest,
        instances: Vec::new(),
        best: u64::MAX,
        n_nodes_left: n_nodes_max,
    };
    search.go_on(0, 0, 0).then_some(search.best)
}

struct Search<'a> {
    problem: &'a Problem,
    /// Capacity and price.
    kinds: Vec<(Vector, u64)>,
    /// Classes, in the order in which they are put somewhere.
    tasks: Vec<usize>,
    /// What the tasks from each position on need together.
    rest: Vec<Vector>,
    instances: Vec<Instance>,
    best: u64,
    n_nodes_left: u64,
}

#[derive(Clone, PartialEq, Eq)]
struct Instance {
    free: Vector,
    /// Sorted.
    classes: Vec<usize>,
}

impl Search<'_> {
    /// Tries all ways for the tasks from `next` on, with `cost` for the
    /// instances so far; a task like the one before it goes to none before
    /// `first`. Whether it came to an end.
    fn go_on(&mut self, next: usize, cost: u64, first: usize) -> bool {
        if self.n_nodes_left == 0 {
            return false;
        }
        self.n_nodes_left -= 1;
        if cost.saturating_add(self.least_more(next)) >= self.best {
            return true;
        }
        let Some(&class) = self.tasks.get(next) else {
            self.best = cost;
            return true;
        };
        let is_next_alike = self.tasks.get(next + 1) == Some(&class);
        for idx in first..self.instances.len() {
            // One like it was tried.
            if self.instances[first..idx].contains(&self.instances[idx]) || !self.has_room(idx, class) {
                continue;
            }
            let before = self.instances[idx].clone();
            self.put(idx, class);
            let has_ended = self.go_on(next + 1, cost, if is_next_alike { idx } else { 0 });
            self.instances[idx] = before;
            if !has_ended {
                return false;
            }
        }
        for kind in 0..self.kinds.len() {
            let (capacity, price) = self.kinds[kind];
            if !fits(&self.problem.classes[class].needs, &capacity) {
                continue;
            }
            let idx = self.instances.len();
            self.instances.push(Instance { free: capacity, classes: Vec::new() });
            self.put(idx, class);
            let has_ended = self.go_on(next + 1, cost + price, if is_next_alike { idx } else { 0 });
            self.instances.pop();
            if !has_ended {
                return false;
            }
        }
        true
    }

    fn has_room(&self, idx: usize, class: usize) -> bool {
        let instance = &self.instances[idx];
        let classes = &self.problem.classes;
        fits(&classes[class].needs, &instance.free)
            && instance.classes.iter().all(|&it| classes[class].tolerates(&classes[it]))
    }

    fn put(&mut self, idx: usize, class: usize) {
        let instance = &mut self.instances[idx];
        for (free, need) in instance.free.iter_mut().zip(&self.problem.classes[class].needs) {
            *free -= need;
        }
        let at = instance.classes.partition_point(|&it| it < class);
        instance.classes.insert(at, class);
    }

    /// What the tasks from `next` on take beyond what is free, at the best
    /// price of any one resource.
    fn least_more(&self, next: usize) -> u64 {
        let of = |resource: usize| {
            let free: u64 = self.instances.iter().map(|it| it.free[resource]).sum();
            let excess = u128::from(self.rest[next][resource].saturating_sub(free));
            let of_kind = |&(capacity, price): &(Vector, u64)| match capacity[resource] {
                0 => None,
                // One of a kind is bought whole.
                amount if self.kinds.len() == 1 => Some(u128::from(price) * excess.div_ceil(amount.into())),
                amount => Some((u128::from(price) * excess).div_ceil(amount.into())),
            };
            let least = self.kinds.iter().filter_map(of_kind).min();
            if excess == 0 { 0 } else { least.unwrap_or(0) }
        };
        let most = (0..N_RESOURCES).map(of).max().unwrap_or(0);
        u64::try_from(most).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{Domain, Seed};
    use crate::bounds::problem::{Class, Kind};

    /// Every way to divide the tasks into sets, without a thought.
    fn by_all_partitions(problem: &Problem, tasks: &[usize], price: &dyn Fn(usize) -> u64) -> u64 {
        fn cheapest(problem: &Problem, set: &[usize], price: &dyn Fn(usize) -> u64) -> Option<u64> {
            let classes = &problem.classes;
            for (idx, &one) in set.iter().enumerate() {
                if set[..idx].iter().any(|&it| !classes[one].tolerates(&classes[it])) {
                    return None;
                }
            }
            let needs = set.iter().fold([0; N_RESOURCES], |all, &it| sum(&all, &classes[it].needs));
            let kinds = (0..problem.kinds.len()).filter(|&it| fits(&needs, &problem.kinds[it].capacity));
            kinds.map(price).min()
        }
        fn divide(
            problem: &Problem,
            rest: &[usize],
            sets: &mut Vec<Vec<usize>>,
            price: &dyn Fn(usize) -> u64,
        ) -> u64 {
            let Some((&task, rest)) = rest.split_first() else {
                let costs = sets.iter().map(|it| cheapest(problem, it, price));
                return costs.sum::<Option<u64>>().unwrap_or(u64::MAX);
            };
            let mut best = u64::MAX;
            for idx in 0..sets.len() {
                sets[idx].push(task);
                best = best.min(divide(problem, rest, sets, price));
                sets[idx].pop();
            }
            sets.push(vec![task]);
            best = best.min(divide(problem, rest, sets, price));
            sets.pop();
            best
        }
        divide(problem, tasks, &mut Vec::new(), price)
    }

    #[test]
    fn it_is_the_least_of_all_partitions() {
        let mut n_different = 0;
        for case in 0..300 {
            let mut draws = Seed(11).stream(Domain::SyntheticArrivals, case);
            let mut below = |n: u64| draws.bits() % n;
            let kinds = (0..=below(2))
                .map(|_| Kind {
                    capacity: [60 + 10 * below(8), 60 + 10 * below(8), 4, 94, 0],
                    pico_usd_per_hour: 50 + below(60),
                })
                .collect();
            let classes = (0..4)
                .map(|_| Class {
                    needs: [10 + below(50), 10 + below(50), below(2), 0, 0],
                    ports: Vec::new(),
                    apart: (below(4) == 0).then_some(0),
                })
                .collect();
            let problem = Problem { classes, kinds };
            let counts = [below(3) as u32, below(3) as u32, below(3) as u32, 1];
            let tasks: Vec<usize> =
                (0..4).flat_map(|it| std::iter::repeat_n(it, counts[it] as usize)).collect();
            let price = |it: usize| problem.kinds[it].pico_usd_per_hour;
            let cost = optimum(&problem, &counts, Objective::Cost, u64::MAX).unwrap();
            assert_eq!(cost, by_all_partitions(&problem, &tasks, &price), "{problem:?} {counts:?}");
            let number = optimum(&problem, &counts, Objective::Instances, u64::MAX).unwrap();
            assert_eq!(number, by_all_partitions(&problem, &tasks, &|_| 1), "{problem:?} {counts:?}");
            let is_cheapest_fewest = problem.kinds.iter().any(|it| it.pico_usd_per_hour * number == cost);
            n_different += u64::from(!is_cheapest_fewest);
        }
        assert!(n_different > 20, "mixed kinds matter: {n_different}");
    }

    #[test]
    fn it_gives_up_where_it_is_told_to() {
        let class = |cpu| Class { needs: [cpu, 0, 0, 0, 0], ports: Vec::new(), apart: None };
        let kinds = vec![Kind { capacity: [100, 0, 0, 0, 0], pico_usd_per_hour: 1 }];
        let problem = Problem { classes: (20..40).map(class).collect(), kinds };
        assert_eq!(optimum(&problem, &[3; 20], Objective::Instances, 1000), None);
        let too_large = Problem { classes: vec![class(101)], ..problem };
        assert_eq!(optimum(&too_large, &[1], Objective::Instances, 1000), None);
        assert_eq!(optimum(&too_large, &[0], Objective::Instances, 1000), Some(0));
    }
}
