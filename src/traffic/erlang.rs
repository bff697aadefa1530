//! Slots with a queue of bounded length in the long run (M/M/c/c+K: arrivals as
//! they come, service times exponential): the share of requests that find the
//! queue full, and how long the others wait. Whole numbers only: the chance of
//! each number of requests follows from its neighbour's, from the most likely
//! one outwards, until it no longer counts.

/// What holds in the long run.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct LongRun {
    /// Requests that find the queue full, in 2^32nds.
    pub(super) refused: u64,
    /// Requests that wait, on average, in millionths.
    pub(super) queued: u64,
}

/// The chance of the most likely number.
const PEAK: u64 = 1 << 40;
/// More slots are taken for so many, with a queue in proportion: beyond them
/// the difference is less than what is claimed.
const SLOTS_MAX: u64 = 512;

/// `load` is the arrivals during one service time, in millionths.
pub(super) fn long_run(load: u64, slots: u64, queue: u64) -> LongRun {
    if slots > SLOTS_MAX {
        let shrunk = |it: u64| super::fixed::scale(it, SLOTS_MAX, slots);
        let small = long_run(shrunk(load), SLOTS_MAX, shrunk(queue));
        return LongRun { queued: super::fixed::scale(small.queued, slots, SLOTS_MAX), ..small };
    }
    let most = slots + queue;
    let whole = load / 1_000_000;
    let mode = if whole >= slots { most } else { whole };
    let up = |chance: u64, n: u64| {
        // From n to n + 1 requests.
        let chance = u128::from(chance) * u128::from(load) / (u128::from((n + 1).min(slots)) * 1_000_000);
        u64::try_from(chance).expect("no more than the most likely one, about")
    };
    let down = |chance: u64, n: u64| {
        // From n to n - 1.
        let chance = u128::from(chance) * u128::from(n.min(slots)) * 1_000_000 / u128::from(load.max(1));
        u64::try_from(chance).expect("no more than the most likely one, about")
    };
    let mut sum: u128 = 0;
    let mut queued: u128 = 0;
    let mut count = |n: u64, chance: u64| {
        sum += u128::from(chance);
        queued += u128::from(n.saturating_sub(slots)) * u128::from(chance);
    };
    let mut full = if mode == most { PEAK } else { 0 };
    count(mode, PEAK);
    let mut chance = PEAK;
    for n in mode..most {
        chance = up(chance, n);
        if chance == 0 {
            break;
        }
        count(n + 1, chance);
        if n + 1 == most {
            full = chance;
        }
    }
    chance = PEAK;
    for n in (1..=mode).rev() {
        chance = down(chance, n);
        if chance == 0 {
            break;
        }
        count(n - 1, chance);
    }
    let narrow = |it: u128| u64::try_from(it).expect("a mean below the queue's length");
    LongRun { refused: narrow((u128::from(full) << 32) / sum), queued: narrow(queued * 1_000_000 / sum) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The same with floating point, from nothing upwards.
    fn exact(load: f64, slots: u64, queue: u64) -> (f64, f64) {
        let (mut chance, mut sum, mut queued) = (1.0, 1.0, 0.0);
        for n in 1..=slots + queue {
            chance *= load / n.min(slots) as f64;
            sum += chance;
            queued += n.saturating_sub(slots) as f64 * chance;
        }
        (chance / sum, queued / sum)
    }

    #[test]
    fn whole_numbers_say_what_fractions_say() {
        for slots in [1_u64, 2, 16, 100] {
            for queue in [0_u64, 1, 64, 200] {
                for percent in [1_u64, 30, 70, 95, 100, 105, 150, 400] {
                    let load = slots * 10_000 * percent;
                    let found = long_run(load, slots, queue);
                    let (refused, queued) = exact(load as f64 / 1e6, slots, queue);
                    let off = found.refused as f64 / (1_u64 << 32) as f64 - refused;
                    assert!(off.abs() < 1e-6, "{slots} slots, {queue} wait, {percent} %: {off}");
                    let off = found.queued as f64 / 1e6 - queued;
                    assert!(off.abs() < 1e-3, "{slots} slots, {queue} wait, {percent} %: {off}");
                }
            }
        }
    }

    #[test]
    fn nothing_comes_and_nobody_waits() {
        assert_eq!(long_run(0, 4, 10), LongRun::default());
        assert_eq!(long_run(0, 10_000, 10), LongRun::default());
    }
}
