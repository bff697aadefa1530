//! Time that tasks spent in one phase of a rollout: how many, how long
//! together, and how it was spread.

use serde::{Deserialize, Serialize};

/// As many different times are told apart; beyond, they are rounded.
const N_TIMES: usize = 64;

/// Time spent in one phase, over the tasks that went through it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhaseTime {
    /// How many tasks.
    pub n_tasks: u64,
    /// Their milliseconds together.
    pub total_ms: u64,
    /// The longest of them.
    pub max_ms: u64,
    /// Milliseconds with how many tasks took them, ascending. Exact while few
    /// differ, as is usual among tasks of one revision; where many do, rounded
    /// up to so few binary digits that few are left.
    pub times: Vec<(u64, u64)>,
    /// How many digits that are; 0 while exact.
    digits: u32,
}

impl PhaseTime {
    /// Counts one task's time.
    pub fn add(&mut self, millis: u64) {
        self.add_n(millis, 1);
    }

    /// Counts `n` tasks of one time.
    pub fn add_n(&mut self, millis: u64, n: u64) {
        self.n_tasks += n;
        self.total_ms += millis * n;
        self.max_ms = self.max_ms.max(millis);
        self.insert(rounded_up(millis, self.digits), n);
        while self.times.len() > N_TIMES {
            self.digits = if self.digits == 0 { 8 } else { self.digits - 1 };
            for (millis, n) in std::mem::take(&mut self.times) {
                self.insert(rounded_up(millis, self.digits), n);
            }
        }
    }

    fn insert(&mut self, millis: u64, n: u64) {
        match self.times.binary_search_by_key(&millis, |it| it.0) {
            Ok(idx) => self.times[idx].1 += n,
            Err(idx) => self.times.insert(idx, (millis, n)),
        }
    }

    /// The nearest-rank quantile in milliseconds over the tasks of all of
    /// `phases`; `None` without tasks.
    pub fn quantile_ms<'a>(phases: impl IntoIterator<Item = &'a Self>, percent: u64) -> Option<u64> {
        let mut times: Vec<(u64, u64)> = Vec::new();
        for phase in phases {
            // What was rounded up is no longer than the longest.
            times.extend(phase.times.iter().map(|it| (it.0.min(phase.max_ms), it.1)));
        }
        times.sort_unstable();
        let n_tasks: u64 = times.iter().map(|it| it.1).sum();
        let rank = (u128::from(n_tasks) * u128::from(percent)).div_ceil(100).max(1);
        let mut seen = 0_u128;
        let found = times.into_iter().find(|&(_, n)| {
            seen += u128::from(n);
            seen >= rank
        });
        found.map(|it| it.0)
    }
}

/// The next number that has at most so many binary digits before its zeros; of
/// no digits the number itself.
fn rounded_up(millis: u64, digits: u32) -> u64 {
    let n_digits = u64::BITS - millis.leading_zeros();
    if digits == 0 || n_digits <= digits {
        return millis;
    }
    // No duration of a run has 63 digits, so this does not overflow.
    let unit = 1 << (n_digits - digits);
    millis.div_ceil(unit) * unit
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_exact_while_few_times_differ() {
        let mut phase = PhaseTime::default();
        for millis in [30, 10, 20, 10] {
            phase.add(millis);
        }
        let quantile = |percent| PhaseTime::quantile_ms([&phase], percent);
        assert_eq!((phase.n_tasks, phase.total_ms, phase.max_ms), (4, 70, 30));
        assert_eq!((quantile(50), quantile(75), quantile(95)), (Some(10), Some(20), Some(30)));
        assert_eq!(PhaseTime::quantile_ms([], 50), None);
        assert_eq!(PhaseTime::quantile_ms([&phase, &phase], 75), Some(20));
    }

    #[test]
    fn many_times_are_bounded_and_no_quantile_is_understated_by_much() {
        let mut phase = PhaseTime::default();
        // Each of 0..10000 once, in an order that jumps.
        (0..10_000).for_each(|it| phase.add(it * 7919 % 10_000));
        assert!(phase.times.len() <= N_TIMES);
        assert_eq!((phase.n_tasks, phase.total_ms, phase.max_ms), (10_000, 49_995_000, 9999));
        assert_eq!(PhaseTime::quantile_ms([&phase], 100), Some(9999), "the longest stays");
        for percent in [25, 50, 95] {
            let exact = percent * 100 - 1;
            let found = PhaseTime::quantile_ms([&phase], percent).unwrap();
            assert!((exact..exact * 9 / 8).contains(&found), "{percent} %: {found} for {exact}");
        }
    }
}
