//! Sets of classes, as bits.

/// A set of numbers below a limit.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Set {
    words: Vec<u64>,
}

impl Set {
    /// None of the numbers below `n`.
    pub(super) fn new(n: usize) -> Self {
        Self { words: vec![0; n.div_ceil(64)] }
    }

    /// Those that are meant.
    pub(super) fn of(n: usize, is_meant: impl Fn(usize) -> bool) -> Self {
        let mut set = Self::new(n);
        (0..n).filter(|&it| is_meant(it)).for_each(|it| set.insert(it));
        set
    }

    pub(super) fn insert(&mut self, number: usize) {
        self.words[number / 64] |= 1 << (number % 64);
    }

    pub(super) fn contains(&self, number: usize) -> bool {
        self.words[number / 64] >> (number % 64) & 1 == 1
    }

    /// Whether both have a number in common.
    pub(super) fn meets(&self, other: &Self) -> bool {
        self.words.iter().zip(&other.words).any(|(one, other)| one & other != 0)
    }
}
