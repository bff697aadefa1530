//! What targets that refuse at once take of the requests. In turn each target
//! has its share. By the fewest requests in flight they have none at all in
//! flight, so they are chosen whenever every living target is at work: a dead
//! task draws in most of the traffic until it is found out.

use super::fixed::scale;

/// Of a rate of `load` requests in the time that one takes (millionths), how
/// many go to `n_living` targets, where `n_dead` refuse at once and the fewest
/// requests in flight decide, ties in turn.
///
/// Living ones are chosen only while idle, so each has one request at most.
/// With `k` of them at work, `k = load × idle / (idle + dead)` and `idle =
/// living - k`: the smaller root of `k² - (living + dead + load) k + load ×
/// living`.
pub(super) fn load_of_living(load: u64, n_living: u64, n_dead: u64) -> u64 {
    let (living, dead) = (n_living * 1_000_000, n_dead * 1_000_000);
    if load == 0 || dead == 0 {
        return load;
    }
    let b = u128::from(living) + u128::from(dead) + u128::from(load);
    let root = (b * b - 4 * u128::from(load) * u128::from(living)).isqrt();
    u64::try_from((b - root) / 2).expect("no more than the load").min(load)
}

/// The same share of an amount of arrivals.
pub(super) fn share_of_living(arrivals: u64, load: u64, n_living: u64, n_dead: u64) -> u64 {
    if load == 0 {
        return scale(arrivals, n_living, n_living + n_dead);
    }
    scale(arrivals, load_of_living(load, n_living, n_dead), load)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dead_target_draws_in_what_the_others_are_busy_for() {
        // Hardly any load: ties, in turn.
        assert!((74_000..75_000).contains(&load_of_living(100_000, 3, 1)));
        // Ten living ones and a load of a hundred: they keep about one each.
        let living = load_of_living(100_000_000, 10, 1);
        assert!((9_800_000..10_000_000).contains(&living), "{living}");
        assert_eq!(load_of_living(5_000_000, 4, 0), 5_000_000);
        assert_eq!(share_of_living(900, 0, 2, 1), 600);
    }
}
