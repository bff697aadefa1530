//! A long column of whole numbers, each cell as narrow as the greatest of them
//! needs: what is the same in every row takes no room at all, and ten million
//! times of some weeks take four bytes each.

use pulp::Arch;

/// Whole numbers in a row, added at the end and read by position. Equal numbers
/// are equal columns, however they were added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackedColumn(Cells);

/// The narrowest that holds all numbers so far; `Same` if and only if they are
/// all the same. `u64::MAX`, which stands for "for ever", is all ones at every
/// width, so that a single one does not make all others wide.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Cells {
    Same { number: u64, len: usize },
    Two(Vec<u16>),
    Four(Vec<u32>),
    Eight(Vec<u64>),
}

/// A cell of one width.
trait Cell: Copy + PartialEq {
    const ONES: Self;

    /// The low bits; the caller knows that they are all.
    fn cut(number: u64) -> Self;
    fn whole(self) -> u64;

    fn number(self) -> u64 {
        if self == Self::ONES { u64::MAX } else { self.whole() }
    }

    fn holds(number: u64) -> bool {
        number < Self::ONES.whole() || number == u64::MAX
    }
}

impl Cell for u16 {
    const ONES: Self = Self::MAX;

    fn cut(number: u64) -> Self {
        number as Self
    }

    fn whole(self) -> u64 {
        self.into()
    }
}

impl Cell for u32 {
    const ONES: Self = Self::MAX;

    fn cut(number: u64) -> Self {
        number as Self
    }

    fn whole(self) -> u64 {
        self.into()
    }
}

impl Cell for u64 {
    const ONES: Self = Self::MAX;

    fn cut(number: u64) -> Self {
        number
    }

    fn whole(self) -> u64 {
        self
    }
}

impl PackedColumn {
    /// A column without numbers.
    pub const fn new() -> Self {
        Self(Cells::Same { number: 0, len: 0 })
    }

    /// How many numbers there are.
    pub const fn len(&self) -> usize {
        match &self.0 {
            Cells::Same { len, .. } => *len,
            Cells::Two(cells) => cells.len(),
            Cells::Four(cells) => cells.len(),
            Cells::Eight(cells) => cells.len(),
        }
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A column with the same number so many times.
    pub const fn same(number: u64, len: usize) -> Self {
        if len == 0 { Self::new() } else { Self(Cells::Same { number, len }) }
    }

    /// The bytes that its cells take.
    pub const fn n_bytes(&self) -> usize {
        match &self.0 {
            Cells::Same { .. } => 0,
            Cells::Two(cells) => 2 * cells.capacity(),
            Cells::Four(cells) => 4 * cells.capacity(),
            Cells::Eight(cells) => 8 * cells.capacity(),
        }
    }

    /// The number at this position, which must be below the length.
    #[inline]
    pub fn get(&self, idx: usize) -> u64 {
        match &self.0 {
            Cells::Same { number, len } => {
                assert!(idx < *len, "position {idx} of {len}");
                *number
            }
            Cells::Two(cells) => cells[idx].number(),
            Cells::Four(cells) => cells[idx].number(),
            Cells::Eight(cells) => cells[idx],
        }
    }

    /// The numbers in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = u64> + '_ {
        (0..self.len()).map(|idx| self.get(idx))
    }

    /// Adds a number at the end.
    #[inline]
    pub fn push(&mut self, number: u64) {
        match &mut self.0 {
            Cells::Same { number: known, len } if *known == number => *len += 1,
            Cells::Two(cells) if u16::holds(number) => cells.push(u16::cut(number)),
            Cells::Four(cells) if u32::holds(number) => cells.push(u32::cut(number)),
            Cells::Eight(cells) => cells.push(number),
            _ => self.extend_from_slice(&[number]),
        }
    }

    /// Adds these at the end.
    pub fn extend_from_slice(&mut self, numbers: &[u64]) {
        if let (Cells::Same { number, len }, Some(&first)) = (&mut self.0, numbers.first())
            && (*len == 0 || *number == first)
            && numbers.iter().all(|it| *it == first)
        {
            *number = first;
            *len += numbers.len();
            return;
        }
        if numbers.is_empty() {
            return;
        }
        // What stands for "for ever" fits everywhere: one more than it is nothing. And
        // what has all bits of the numbers is as wide as the widest.
        let bits = Arch::new().dispatch(|| numbers.iter().fold(0, |bits, it| bits | it.wrapping_add(1)));
        self.widen(bits.max(1) - 1);
        match &mut self.0 {
            Cells::Same { .. } => unreachable!("a widened column has cells"),
            Cells::Two(cells) => extend_cut(cells, numbers),
            Cells::Four(cells) => extend_cut(cells, numbers),
            Cells::Eight(cells) => cells.extend_from_slice(numbers),
        }
    }

    /// Adds the numbers of another column at the end.
    pub fn append(&mut self, other: &Self) {
        if self.is_empty() {
            self.clone_from(other);
            return;
        }
        match (&mut self.0, &other.0) {
            (_, Cells::Same { len: 0, .. }) => (),
            (Cells::Same { number, len }, Cells::Same { number: same, len: n }) if number == same => {
                *len += n
            }
            (Cells::Two(cells), Cells::Two(others)) => cells.extend_from_slice(others),
            (Cells::Four(cells), Cells::Four(others)) => cells.extend_from_slice(others),
            (Cells::Four(cells), Cells::Two(others)) => {
                cells.extend(others.iter().map(|it| u32::cut(it.number())));
            }
            (Cells::Eight(cells), _) => cells.extend(other.iter()),
            _ => {
                let greatest = match &other.0 {
                    // What stands for "for ever" fits everywhere.
                    Cells::Same { number: u64::MAX, .. } | Cells::Two(_) => 0,
                    Cells::Same { number, .. } => *number,
                    Cells::Four(_) => u16::MAX.into(),
                    Cells::Eight(_) => u32::MAX.into(),
                };
                self.widen(greatest);
                match &mut self.0 {
                    Cells::Same { .. } => unreachable!("a widened column has cells"),
                    Cells::Two(cells) => cells.extend(other.iter().map(u16::cut)),
                    Cells::Four(cells) => cells.extend(other.iter().map(u32::cut)),
                    Cells::Eight(cells) => cells.extend(other.iter()),
                }
            }
        }
    }

    /// Makes room for so many more, as wide as the cells are.
    pub fn reserve(&mut self, n_more: usize) {
        match &mut self.0 {
            Cells::Same { .. } => (),
            Cells::Two(cells) => cells.reserve_exact(n_more),
            Cells::Four(cells) => cells.reserve_exact(n_more),
            Cells::Eight(cells) => cells.reserve_exact(n_more),
        }
    }

    /// Gives back what was reserved and is not used.
    pub fn shrink_to_fit(&mut self) {
        match &mut self.0 {
            Cells::Same { .. } => (),
            Cells::Two(cells) => cells.shrink_to_fit(),
            Cells::Four(cells) => cells.shrink_to_fit(),
            Cells::Eight(cells) => cells.shrink_to_fit(),
        }
    }

    /// Makes the cells wide enough for this number too, which is not the one for
    /// ever, with a cell for each position.
    fn widen(&mut self, number: u64) {
        let greatest = match &self.0 {
            Cells::Same { len: 0, .. } => number,
            // One that stands for "for ever" needs no width.
            Cells::Same { number: u64::MAX, .. } => number,
            Cells::Same { number: same, .. } => number.max(*same),
            Cells::Two(_) if u16::holds(number) => return,
            Cells::Four(_) if u32::holds(number) => return,
            Cells::Eight(_) => return,
            Cells::Two(_) | Cells::Four(_) => number,
        };
        // As many as there was room for.
        let capacity = match &self.0 {
            Cells::Same { len, .. } => *len,
            Cells::Two(cells) => cells.capacity(),
            Cells::Four(cells) => cells.capacity(),
            Cells::Eight(cells) => cells.capacity(),
        };
        self.0 = if u16::holds(greatest) {
            Cells::Two(collected(capacity, self.iter().map(u16::cut)))
        } else if u32::holds(greatest) {
            Cells::Four(collected(capacity, self.iter().map(u32::cut)))
        } else {
            Cells::Eight(collected(capacity, self.iter()))
        };
    }
}

/// Adds the numbers, all of which such cells hold.
fn extend_cut<T: Cell>(cells: &mut Vec<T>, numbers: &[u64]) {
    let arch = Arch::new();
    // Several are cut at once, where memory is not new: that takes longest.
    let mut cut = [T::ONES; 256];
    for numbers in numbers.chunks(cut.len()) {
        let cut = &mut cut[..numbers.len()];
        arch.dispatch(|| cut.iter_mut().zip(numbers).for_each(|(cell, it)| *cell = T::cut(*it)));
        cells.extend_from_slice(cut);
    }
}

fn collected<T>(capacity: usize, cells: impl Iterator<Item = T>) -> Vec<T> {
    let mut all = Vec::with_capacity(capacity);
    all.extend(cells);
    all
}

impl Default for PackedColumn {
    fn default() -> Self {
        Self::new()
    }
}

impl Extend<u64> for PackedColumn {
    fn extend<I: IntoIterator<Item = u64>>(&mut self, numbers: I) {
        // By chunks, so that the width is looked at once for many.
        let mut chunk = [0; 256];
        let mut numbers = numbers.into_iter();
        loop {
            let mut n = 0;
            for (cell, number) in chunk.iter_mut().zip(&mut numbers) {
                *cell = number;
                n += 1;
            }
            self.extend_from_slice(&chunk[..n]);
            if n < chunk.len() {
                return;
            }
        }
    }
}

impl FromIterator<u64> for PackedColumn {
    fn from_iter<I: IntoIterator<Item = u64>>(numbers: I) -> Self {
        let mut column = Self::new();
        numbers.into_iter().for_each(|it| column.push(it));
        column
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{Domain, Seed};

    /// Numbers around every limit of a width, and the one for ever.
    const NUMBERS: [u64; 12] = [
        0,
        1,
        7,
        u16::MAX as u64 - 1,
        u16::MAX as u64,
        u16::MAX as u64 + 1,
        u32::MAX as u64 - 1,
        u32::MAX as u64,
        u32::MAX as u64 + 1,
        u64::MAX - 1,
        u64::MAX,
        u64::MAX,
    ];

    #[test]
    fn numbers_stay_what_they_are_however_they_are_added() {
        let mut stream = Seed(1).stream(Domain::TieBreak, 0);
        for _ in 0..4000 {
            let n_kinds = 1 + stream.below(4);
            let kinds: Vec<u64> = (0..n_kinds).map(|_| NUMBERS[stream.below(12) as usize]).collect();
            let mut of_length = |most: u64| -> Vec<u64> {
                (0..stream.below(most)).map(|_| kinds[stream.below(n_kinds) as usize]).collect()
            };
            let parts = [of_length(6), of_length(3), of_length(6)];
            let all = parts.concat();
            let pushed: PackedColumn = all.iter().copied().collect();
            assert_eq!(pushed.iter().collect::<Vec<_>>(), all);
            let (mut extended, mut appended, mut by_chunk) =
                (PackedColumn::new(), PackedColumn::new(), PackedColumn::new());
            for part in &parts {
                extended.extend_from_slice(part);
                appended.append(&part.iter().copied().collect());
                by_chunk.extend(part.iter().copied());
            }
            assert_eq!(extended.iter().collect::<Vec<_>>(), all);
            assert_eq!(appended.iter().collect::<Vec<_>>(), all);
            assert!(pushed == extended && pushed == appended && pushed == by_chunk, "{all:?}");
        }
    }

    #[test]
    fn a_cell_is_as_wide_as_its_column_needs() {
        for (numbers, n_bytes) in [
            (&[][..], 0),
            (&[u64::MAX - 1; 1000][..], 0),
            (&[1, 2, 3, u64::MAX][..], 8),
            (&[1, u16::MAX as u64][..], 8),
            (&[u64::MAX, u32::MAX as u64][..], 16),
        ] {
            let mut column: PackedColumn = numbers.iter().copied().collect();
            column.shrink_to_fit();
            assert_eq!(column.n_bytes(), n_bytes, "{:?}", &numbers[..numbers.len().min(5)]);
        }
    }
}
