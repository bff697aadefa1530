//! How tasks are shared out over the providers of a capacity provider strategy
//! (API CapacityProviderStrategyItem): the base first, then by weight.
//!
//! MODEL for what the documentation leaves open: each further task goes to the
//! provider with the least `(n + 1) / weight`, n being its tasks beyond the base;
//! among equals to the one that is written first. Exact fractions.

use std::cmp::Reverse;

use crate::model::capacity::{CapacityStrategy, CapacityStrategyItem};

/// The greatest `base` of an item.
pub const BASE_MAX: u32 = 100_000;
/// The greatest `weight` of an item.
pub const WEIGHT_MAX: u32 = 1000;

/// Whether ECS takes a strategy (API CapacityProviderStrategyItem, CreateService).
///
/// # Errors
///
/// The position of the item at fault, or their number where it is the whole, and
/// what is wrong.
pub fn check(items: &[CapacityStrategyItem]) -> Result<(), (usize, String)> {
    if items.is_empty() {
        return Err((0, "a strategy names a capacity provider".to_owned()));
    }
    if items.len() > CapacityStrategy::ITEMS_MAX {
        let message = format!(
            "a strategy has at most {} providers, this one {}",
            CapacityStrategy::ITEMS_MAX,
            items.len()
        );
        return Err((CapacityStrategy::ITEMS_MAX, message));
    }
    let is_fargate = items[0].capacity.is_fargate();
    let mut bases = 0;
    for (idx, item) in items.iter().enumerate() {
        if item.base > BASE_MAX {
            return Err((idx, format!("a base is at most {BASE_MAX}")));
        }
        if item.weight > WEIGHT_MAX {
            return Err((idx, format!("a weight is at most {WEIGHT_MAX}")));
        }
        if item.capacity.is_fargate() != is_fargate {
            let message = "a strategy has either Fargate or Auto Scaling group providers, not both";
            return Err((idx, message.to_owned()));
        }
        if items[..idx].iter().any(|it| it.capacity == item.capacity) {
            return Err((idx, "this provider is in the strategy already".to_owned()));
        }
        bases += u32::from(item.base > 0);
        if bases > 1 {
            return Err((idx, "only one provider of a strategy has a base".to_owned()));
        }
    }
    if items.len() > 1 && items.iter().all(|it| it.weight == 0) {
        return Err((items.len(), "of several providers one has a weight above zero".to_owned()));
    }
    Ok(())
}

/// Which item of the strategy the next task goes to, if `counts` are the tasks
/// that each has now.
pub fn next(strategy: &CapacityStrategy, counts: &[u32]) -> usize {
    let items = strategy.items();
    if let [_] = items {
        return 0;
    }
    if let Some(idx) = items.iter().zip(counts).position(|(item, n)| *n < item.base) {
        return idx;
    }
    let weighted = (0..items.len()).filter(|&it| items[it].weight > 0);
    weighted
        .min_by(|&a, &b| {
            let share = |it: usize| u64::from(beyond_base(&items[it], counts[it])) + 1;
            // (n + 1) / weight of both, without a fraction.
            let (of_a, of_b) = (share(a) * u64::from(items[b].weight), share(b) * u64::from(items[a].weight));
            of_a.cmp(&of_b).then(a.cmp(&b))
        })
        .expect("a strategy of several has a weight above zero")
}

/// Which item gives up a task when there is one too many: what [`next`] would
/// have given last. `None` where no item has any.
pub fn last(strategy: &CapacityStrategy, counts: &[u32]) -> Option<usize> {
    let items = strategy.items();
    let n_beyond = |it: usize| beyond_base(&items[it], counts[it]);
    // What has no weight should have nothing beyond its base.
    let stray = (0..items.len()).find(|&it| items[it].weight == 0 && n_beyond(it) > 0 && items.len() > 1);
    let weighted = (0..items.len()).filter(|&it| n_beyond(it) > 0 && items[it].weight > 0);
    let latest = weighted.max_by(|&a, &b| {
        let share = |it: usize| u64::from(n_beyond(it));
        let (of_a, of_b) = (share(a) * u64::from(items[b].weight), share(b) * u64::from(items[a].weight));
        of_a.cmp(&of_b).then(a.cmp(&b))
    });
    stray
        .or(latest)
        .or_else(|| (0..items.len()).max_by_key(|&it| (counts[it], Reverse(it))).filter(|&it| counts[it] > 0))
}

fn beyond_base(item: &CapacityStrategyItem, n: u32) -> u32 {
    n.saturating_sub(item.base)
}

/// How `n` tasks are shared out, one after the other.
pub fn distribute(strategy: &CapacityStrategy, n: u32) -> Vec<u32> {
    let mut counts = vec![0; strategy.items().len()];
    for _ in 0..n {
        let item = next(strategy, &counts);
        counts[item] += 1;
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::id::{CapacityProviderId, Id as _};
    use crate::model::capacity::Capacity;

    fn strategy(items: &[(u32, u32)]) -> CapacityStrategy {
        let item = |(idx, &(base, weight)): (usize, &(u32, u32))| CapacityStrategyItem {
            capacity: Capacity::Instances(CapacityProviderId::from_idx(idx)),
            base,
            weight,
        };
        CapacityStrategy::over(items.iter().enumerate().map(item).collect())
    }

    #[test]
    fn the_base_comes_first_and_the_rest_goes_by_weight() {
        assert_eq!(distribute(&strategy(&[(4, 1), (0, 3)]), 12), [6, 6]);
        assert_eq!(distribute(&strategy(&[(10, 1), (0, 5)]), 6), [6, 0]);
        assert_eq!(distribute(&strategy(&[(0, 1), (0, 2)]), 7), [2, 5]);
        assert_eq!(distribute(&strategy(&[(0, 2), (0, 3), (0, 5)]), 13), [2, 4, 7]);
        assert_eq!(distribute(&strategy(&[(2, 0), (0, 1)]), 5), [2, 3]);
        assert_eq!(distribute(&strategy(&[(0, 0)]), 5), [5], "one item takes all, whatever its weight");
    }

    #[test]
    fn what_is_taken_back_leaves_the_distribution_of_one_less() {
        for items in [&[(0, 1), (0, 2)][..], &[(3, 1), (0, 4), (0, 2)], &[(0, 2), (2, 0), (0, 3)], &[(0, 0)]]
        {
            let strategy = strategy(items);
            for n in (1..40).rev() {
                let mut counts = distribute(&strategy, n);
                let item = last(&strategy, &counts).unwrap();
                counts[item] -= 1;
                assert_eq!(counts, distribute(&strategy, n - 1), "{items:?} at {n}");
            }
            assert_eq!(last(&strategy, &vec![0; items.len()]), None);
        }
    }
}
