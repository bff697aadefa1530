//! When the tasks of a service are spread evenly over its zones, and which move
//! brings them nearer to it (developer guide, service-rebalancing; semantics
//! 1.13).

/// How many tasks the zones have when they are balanced, ascending: as even as
/// it goes, with the remainder one a zone. Empty without zones.
pub fn targets(n_tasks: u32, n_zones: usize) -> Vec<u32> {
    let Some(n) = u32::try_from(n_zones).ok().filter(|it| *it > 0) else { return Vec::new() };
    let (floor, n_more) = (n_tasks / n, n_tasks % n);
    (0..n).map(|idx| if idx < n - n_more { floor } else { floor + 1 }).collect()
}

/// Whether these counts are those of [`targets`], in any order (MODEL). Tasks
/// of no zone are balanced.
pub fn is_balanced(tasks_per_zone: &[u32]) -> bool {
    // The same as being the targets of their own sum, without a sort.
    let fullest = tasks_per_zone.iter().max().copied().unwrap_or(0);
    tasks_per_zone.iter().all(|it| fullest - it <= 1)
}

/// From which zone to which one task goes next, as positions: from the fullest
/// to the emptiest, of equal ones the first. `None` if they are balanced.
pub fn next_move(tasks_per_zone: &[u32]) -> Option<(usize, usize)> {
    if is_balanced(tasks_per_zone) {
        return None;
    }
    let (emptiest, _) = tasks_per_zone.iter().enumerate().min_by_key(|it| it.1)?;
    let (fullest, _) = tasks_per_zone.iter().enumerate().rev().max_by_key(|it| it.1)?;
    Some((fullest, emptiest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn balance_is_the_documented_one() {
        for (counts, expected, balanced) in [
            (&[2, 0][..], &[1, 1][..], false),
            (&[1, 2], &[1, 2], true),
            (&[2, 2, 2], &[2, 2, 2], true),
            (&[3, 3, 1], &[2, 2, 3], false),
            (&[1, 1, 0], &[0, 1, 1], true),
            (&[1, 2, 2], &[1, 2, 2], true),
            (&[0, 0], &[0, 0], true),
            (&[5], &[5], true),
            (&[], &[], true),
            (&[0, 0, 0, 2], &[0, 0, 1, 1], false),
        ] {
            assert_eq!(targets(counts.iter().sum(), counts.len()), expected, "{counts:?}");
            assert_eq!(is_balanced(counts), balanced, "{counts:?}");
            assert_eq!(next_move(counts).is_none(), balanced, "{counts:?}");
        }
    }

    #[test]
    fn the_first_of_the_fullest_gives_to_the_first_of_the_emptiest() {
        assert_eq!(next_move(&[1, 3, 0, 3, 0]), Some((1, 2)));
        assert_eq!(next_move(&[0, 2]), Some((1, 0)));
    }

    #[test]
    fn moves_end_balanced_and_balance_is_being_the_targets() {
        for n in 0..5_u32.pow(4) {
            let mut counts: Vec<u32> = (0..4).map(|digit| n / 5_u32.pow(digit) % 5).collect();
            let expected = targets(counts.iter().sum(), counts.len());
            let mut n_moves = 0;
            loop {
                let mut sorted = counts.clone();
                sorted.sort_unstable();
                assert_eq!(is_balanced(&counts), sorted == expected, "{counts:?}");
                let Some((fullest, emptiest)) = next_move(&counts) else { break };
                counts[fullest] -= 1;
                counts[emptiest] += 1;
                n_moves += 1;
                assert!(n_moves < 16, "every move brings them nearer");
            }
        }
    }
}
