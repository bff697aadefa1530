//! The floor under what a set of tasks needs: the fewest instances, and the
//! least that an hour of them can cost, kept up to date as tasks come and go.
//!
//! Every way to count of [`shares`] is one row of numbers, one
//! for each class of tasks, made once. A task that comes adds its numbers to the
//! sums of all rows, one that goes takes them away; the greatest sum is the
//! bound. A change therefore costs one addition a row, however many tasks there
//! are. Rows that can never be the greatest are left out; with tasks of less
//! than half an instance few others remain.

use crate::bounds::problem::Problem;
use crate::bounds::shares::{self, Family, Shares, WHOLE};

/// The bounds of one problem and the tasks that are counted.
#[derive(Clone, Debug)]
pub struct Floor {
    /// In wholes: a million instances are 2^60.
    instances: Rows<u64>,
    /// In 1e-12 USD.
    costs: Rows<u128>,
    /// The least price of a kind, and what all prices are a multiple of.
    least_price: u64,
    price_step: u64,
    is_one_price: bool,
}

/// Rows of numbers and their sums over the tasks that are counted.
#[derive(Clone, Debug, Default)]
struct Rows<S> {
    families: Vec<Family>,
    /// Class by class the numbers of all rows, some at once.
    numbers: Vec<[u64; AT_ONCE]>,
    /// The tasks on any one instance have no more than it has, so that a sum is at
    /// most what all instances have: of wholes, or of prices.
    sums: Vec<[S; AT_ONCE]>,
}

/// So many rows are added up at once; those that are none have no numbers.
const AT_ONCE: usize = 4;

/// The greatest bound, and how it reasons.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Bound {
    /// Instances, or 1e-12 USD an hour.
    pub value: u64,
    /// What the greatest row is of.
    pub family: Family,
}

impl Floor {
    /// Without tasks.
    pub fn new(problem: &Problem) -> Self {
        let shares = shares::all(problem);
        let prices = || problem.kinds.iter().map(|it| it.pico_usd_per_hour);
        let least_price = prices().min().unwrap_or(0);
        let is_one_price = prices().all(|it| it == least_price);
        // A task that fits no kind is on none: nothing is known of it.
        let least_of = |worth: &dyn Fn(usize, u64) -> u64, shares: &Shares| {
            let of_class = |class: usize| {
                let kinds = (0..problem.kinds.len()).filter(|&kind| problem.fits(class, kind));
                kinds.map(|kind| worth(kind, shares.by_kind[kind][class])).min().unwrap_or(0)
            };
            (0..problem.classes.len()).map(of_class).collect::<Vec<u64>>()
        };
        let priced = |kind: usize, share: u64| {
            let price = u128::from(problem.kinds[kind].pico_usd_per_hour);
            (price * u128::from(share) / u128::from(WHOLE)) as u64
        };
        let n_classes = problem.classes.len();
        let worth_instances = shares.iter().map(|it| (it.family, least_of(&|_, share| share, it)));
        let worth_costs = shares.iter().map(|it| (it.family, least_of(&priced, it)));
        Self {
            instances: Rows::new(n_classes, worth_instances),
            // With one price the instances say all.
            costs: if is_one_price { Rows::default() } else { Rows::new(n_classes, worth_costs) },
            least_price,
            price_step: prices().fold(0, greatest_common_divisor),
            is_one_price,
        }
    }

    /// So many tasks of a class come (`by` > 0) or go; no more go than there are.
    #[inline]
    pub fn add(&mut self, class: usize, by: i64) {
        self.instances.add(class, by);
        self.costs.add(class, by);
    }

    /// The fewest instances that could hold the tasks.
    pub fn instances(&self) -> Bound {
        Bound { value: self.n_instances(), family: self.instances.family() }
    }

    /// The least that an hour of instances that hold them could cost, in 1e-12
    /// USD: what they must be worth by their shares, and the fewest instances at
    /// the least price. Any bill is a sum of prices, so that it is rounded up to
    /// a multiple of what they all are a multiple of.
    pub fn pico_usd_per_hour(&self) -> Bound {
        let (instances, cost) = self.values();
        let is_by_number = cost == instances.saturating_mul(self.least_price);
        let family = if is_by_number { self.instances.family() } else { self.costs.family() };
        Bound { value: cost, family }
    }

    /// Both bounds: instances, and 1e-12 USD an hour.
    #[inline]
    pub fn values(&self) -> (u64, u64) {
        let instances = self.n_instances();
        let by_number = instances.saturating_mul(self.least_price);
        let cost = if self.is_one_price { by_number } else { by_number.max(self.cost_by_shares()) };
        (instances, cost)
    }

    fn n_instances(&self) -> u64 {
        self.instances.greatest().div_ceil(WHOLE)
    }

    fn cost_by_shares(&self) -> u64 {
        let step = u128::from(self.price_step.max(1));
        u64::try_from(self.costs.greatest().div_ceil(step) * step).unwrap_or(u64::MAX)
    }

    /// How many rows are kept for instances and for costs: what a change of the
    /// tasks costs.
    pub fn n_rows(&self) -> (usize, usize) {
        (self.instances.families.len(), self.costs.families.len())
    }
}

impl<S: Sum> Rows<S> {
    /// Those of the rows that can be the greatest.
    fn new(n_classes: usize, rows: impl Iterator<Item = (Family, Vec<u64>)>) -> Self {
        let mut kept: Vec<(Family, Vec<u64>)> = Vec::new();
        for (family, row) in rows {
            let is_below =
                |one: &[u64], other: &[u64]| one.iter().zip(other).all(|(one, other)| one <= other);
            if kept.iter().any(|it| is_below(&row, &it.1)) {
                continue;
            }
            kept.retain(|it| !is_below(&it.1, &row));
            kept.push((family, row));
        }
        let number = |class: usize, row: usize| kept.get(row).map_or(0, |it| it.1[class]);
        let starts = || (0..kept.len()).step_by(AT_ONCE);
        let numbers = (0..n_classes)
            .flat_map(|class| starts().map(move |row| (class, row)))
            .map(|(class, first)| std::array::from_fn(|it| number(class, first + it)))
            .collect();
        let sums = vec![[S::default(); AT_ONCE]; starts().len()];
        Self { families: kept.into_iter().map(|it| it.0).collect(), numbers, sums }
    }

    #[inline]
    fn add(&mut self, class: usize, by: i64) {
        let n = self.sums.len();
        for (sums, numbers) in self.sums.iter_mut().zip(&self.numbers[class * n..(class + 1) * n]) {
            for (sum, number) in sums.iter_mut().zip(numbers) {
                *sum = sum.more(*number, by);
            }
        }
    }

    /// The greatest sum.
    #[inline]
    fn greatest(&self) -> S {
        let mut greatest = S::default();
        for sum in self.sums.as_flattened() {
            greatest = greatest.max(*sum);
        }
        greatest
    }

    /// What it is of; of equal ones the first.
    fn family(&self) -> Family {
        let greatest = self.greatest();
        let sums = self.sums.as_flattened().iter().zip(&self.families);
        let mut families = sums.filter(|it| *it.0 == greatest && greatest > S::default()).map(|it| *it.1);
        families.next().unwrap_or(Family::Volume)
    }
}

/// What is summed up: wide enough for all that can come.
trait Sum: Copy + Default + Ord {
    /// `by` times `number` more, or less.
    fn more(self, number: u64, by: i64) -> Self;
}

// A sum of numbers that came and are not gone is never negative and fits, so that it
// is exact modulo any power of two above it.
impl Sum for u64 {
    #[inline]
    fn more(self, number: u64, by: i64) -> Self {
        self.wrapping_add(number.wrapping_mul(by as u64))
    }
}

impl Sum for u128 {
    #[inline]
    fn more(self, number: u64, by: i64) -> Self {
        self.wrapping_add(Self::from(number).wrapping_mul(i128::from(by) as Self))
    }
}

fn greatest_common_divisor(mut one: u64, mut other: u64) -> u64 {
    while other > 0 {
        (one, other) = (other, one % other);
    }
    one
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bounds::problem::{Class, Kind};
    use crate::model::network::{HostPort, Protocol};

    fn class(cpu: u64, memory: u64) -> Class {
        Class { needs: [cpu, memory, 0, 0, 0], ports: Vec::new(), apart: None }
    }

    fn kind(cpu: u64, memory: u64, price: u64) -> Kind {
        Kind { capacity: [cpu, memory, 0, 94, 0], pico_usd_per_hour: price }
    }

    fn floor(classes: &[(Class, i64)], kinds: &[Kind]) -> Floor {
        let problem =
            Problem { classes: classes.iter().map(|it| it.0.clone()).collect(), kinds: kinds.to_vec() };
        let mut floor = Floor::new(&problem);
        for (class, it) in classes.iter().enumerate() {
            floor.add(class, it.1);
        }
        floor
    }

    #[track_caller]
    fn check(classes: &[(Class, i64)], kinds: &[Kind], instances: u64, family: Family) {
        assert_eq!(floor(classes, kinds).instances(), Bound { value: instances, family });
    }

    #[test]
    fn the_scarcer_dimension_decides_and_a_part_is_a_whole() {
        let of = |cpu, memory| floor(&[(class(cpu, memory), 1)], &[kind(1000, 100, 1)]).instances().value;
        assert_eq!([of(0, 0), of(1, 0), of(1000, 100)], [0, 1, 1]);
        check(&[(class(1, 0), 1001)], &[kind(1000, 100, 1)], 2, Family::Volume);
        check(&[(class(1, 10), 25)], &[kind(1000, 100, 1)], 3, Family::Volume);
    }

    #[test]
    fn large_tasks_leave_room_that_others_do_not_fit() {
        // Volume says 3: each 60 leaves 40, in which no 45 fits.
        let tasks = [(class(60, 0), 3), (class(45, 0), 2)];
        check(&tasks, &[kind(100, 0, 1)], 4, Family::LargeItem);
        // The first shares with none of the second for CPU, and with none of the
        // third for memory; each resource alone says 3.
        let tasks = [(class(60, 10), 2), (class(45, 20), 2), (class(5, 95), 2)];
        check(&tasks, &[kind(100, 100, 1)], 5, Family::LargeItem);
    }

    #[test]
    fn sizes_just_above_a_part_are_that_part() {
        let eleven = [(class(34, 0), 11)];
        assert_eq!(floor(&eleven, &[kind(100, 0, 1)]).instances().value, 6);
        check(&[(class(51, 0), 5), (class(2, 0), 5)], &[kind(100, 0, 1)], 5, Family::Rounding);
    }

    #[test]
    fn ports_and_groups_keep_tasks_apart() {
        let port = HostPort { port: 80, protocol: Protocol::Tcp };
        let with_port = Class { ports: vec![port], ..class(1, 1) };
        let of_group = Class { apart: Some(0), ..class(1, 2) };
        let both = Class { apart: Some(0), ports: vec![port], ..class(1, 3) };
        check(&[(with_port, 4), (of_group, 3), (both, 2)], &[kind(100, 100, 1)], 6, Family::Conflict);
    }

    #[test]
    fn the_cost_is_of_the_cheapest_mix_and_a_sum_of_prices() {
        // Small: 100 for 100 CPU and 200 memory; large: 190 for twice that.
        let kinds = [kind(100, 200, 100), kind(200, 400, 190)];
        // 10 × 100 CPU are at least five large ones.
        assert_eq!(floor(&[(class(100, 0), 10)], &kinds).pico_usd_per_hour().value, 950);
        assert_eq!(floor(&[(class(100, 0), 10)], &kinds).instances().value, 5);
        // One task: no half of a large one is for sale.
        assert_eq!(floor(&[(class(100, 0), 1)], &kinds).pico_usd_per_hour().value, 100);
        // What fits only the large kind is worth its price.
        assert_eq!(floor(&[(class(150, 0), 2)], &kinds).pico_usd_per_hour().value, 380);
    }

    /// The sizes of a public trace of virtual machines on m6i.4xlarge: a change
    /// of the tasks costs so many additions.
    #[test]
    fn few_rows_remain() {
        let sizes = [1, 2, 4, 8, 16]
            .into_iter()
            .flat_map(|cpu| [1, 2, 4, 7, 14].map(|memory| (class(cpu * 1024, cpu * memory * 1024), 1)));
        let sizes: Vec<_> = sizes.filter(|it| it.0.needs[1] <= 63_569).collect();
        let one = floor(&sizes, &[kind(16_384, 63_569, 768)]);
        let three = [(8192, 31_784, 384), (16_384, 63_569, 768), (32_768, 127_139, 1536)];
        let three = floor(&sizes, &three.map(|(cpu, memory, price)| kind(cpu, memory, price)));
        assert!(one.n_rows().0 <= 64 && three.n_rows().1 <= 64, "{:?} {:?}", one.n_rows(), three.n_rows());
        assert_eq!(one.n_rows().1, 0, "one price");
    }

    #[test]
    fn what_goes_is_taken_away() {
        let mut floor = floor(&[(class(60, 0), 3), (class(50, 0), 2)], &[kind(100, 0, 7)]);
        floor.add(0, -3);
        assert_eq!((floor.instances().value, floor.pico_usd_per_hour().value), (1, 7));
        floor.add(1, -2);
        assert_eq!((floor.instances().value, floor.pico_usd_per_hour().value), (0, 0));
    }
}
