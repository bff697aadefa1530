//! Loops over many numbers at once. They are written as plain loops that the
//! compiler makes into vector instructions, once for each instruction set that
//! is told apart when the program runs (AVX-512, AVX2, neither). Numbers come in
//! blocks of 64, so that no loop has a remainder.

use pulp::{Arch, Simd, WithSimd};

use crate::placement::order::RankOf32;

/// One number of each of 64 neighbours.
pub(super) type Block = [u32; LANES];

/// How many numbers a block has.
pub(super) const LANES: usize = 64;

/// The loops, by the instructions that this processor has.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lanes(Arch);

impl Lanes {
    pub(super) fn new() -> Self {
        Self(Arch::new())
    }
}

/// Makes each loop a method that chooses among its translations. A closure
/// would not do: it is called once for each set of instructions, and so would
/// stay a function of its own, without any of them.
macro_rules! loops {
    ($($(#[$doc:meta])* fn $name:ident($($arg:ident: $kind:ty),*) -> $output:ty $body:block)*) => {
        impl Lanes {
            $($(#[$doc])*
            #[inline]
            pub(super) fn $name<'a>(self, $($arg: $kind),*) -> $output {
                struct Loop<'a> { $($arg: $kind),* }

                impl<'a> WithSimd for Loop<'a> {
                    type Output = $output;

                    #[inline(always)]
                    fn with_simd<S: Simd>(self, _: S) -> $output {
                        let Self { $($arg),* } = self;
                        $body
                    }
                }

                self.0.dispatch(Loop { $($arg),* })
            })*
        }
    };
}

loops! {
    /// The first position from `from` on whose number is at least `least`.
    fn first_at_least(blocks: &'a [Block], from: usize, least: u32) -> Option<usize> {
        let mut lanes_from = (from % LANES) as u32;
        for (idx, block) in blocks.iter().enumerate().skip(from / LANES) {
            // The least position of those that qualify: a minimum has no early
            // exit and so is one vector instruction for many.
            let mut first = LANES as u32;
            for (lane, &number) in block.iter().enumerate() {
                let lane = lane as u32;
                let is_it = (number >= least) & (lane >= lanes_from);
                first = first.min(if is_it { lane } else { LANES as u32 });
            }
            if first < LANES as u32 {
                return Some(idx * LANES + first as usize);
            }
            lanes_from = 0;
        }
        None
    }

    /// The last position up to and with `to` whose number is at least `least`.
    fn last_at_least(blocks: &'a [Block], to: usize, least: u32) -> Option<usize> {
        let mut lanes_to = (to % LANES) as u32;
        for (idx, block) in blocks[..=to / LANES].iter().enumerate().rev() {
            // One more than the position: 0 is none.
            let mut last = 0;
            for (lane, &number) in block.iter().enumerate() {
                let lane = lane as u32;
                let is_it = (number >= least) & (lane <= lanes_to);
                last = last.max(if is_it { lane.wrapping_add(1) } else { 0 });
            }
            if last > 0 {
                return Some(idx * LANES + last as usize - 1);
            }
            lanes_to = LANES as u32 - 1;
        }
        None
    }

    /// The greatest number of all; 0 if there is none.
    fn greatest(numbers: &'a [u32]) -> u32 {
        let mut greatest = 0;
        for &number in numbers {
            greatest = number.max(greatest);
        }
        greatest
    }

    /// The least of `numbers` where `rooms` is at least `room`; `u32::MAX` if it
    /// is so nowhere.
    fn least_with_room(numbers: &'a [u32], rooms: &'a [u32], room: u32) -> u32 {
        let mut least = u32::MAX;
        for (&number, &has) in numbers.iter().zip(rooms) {
            least = least.min(if has >= room { number } else { u32::MAX });
        }
        least
    }

    /// The same of the places that the numbers have in an order.
    fn least_rank_with_room(numbers: &'a [u32], rooms: &'a [u32], room: u32, rank: &'a RankOf32) -> u32 {
        let mut least = u32::MAX;
        for (&number, &has) in numbers.iter().zip(rooms) {
            let place = rank.of(number);
            least = least.min(if has >= room { place } else { u32::MAX });
        }
        least
    }

    /// The first block from `from` on where both numbers of any of its 64 are at
    /// least what is asked, with a bit for each of these.
    fn next_both_at_least(
        a: &'a [Block],
        b: &'a [Block],
        from: usize,
        least: [u32; 2]
    ) -> Option<(usize, u64)> {
        for (idx, (a, b)) in a.iter().zip(b).enumerate().skip(from) {
            let mut flags = [0; LANES];
            for lane in 0..LANES {
                flags[lane] = u8::from(a[lane] >= least[0]) & u8::from(b[lane] >= least[1]);
            }
            let word = word(&flags);
            if word != 0 {
                return Some((idx, word));
            }
        }
        None
    }

    /// The first position where both numbers are at least what is asked and that
    /// of `a` is the least there is.
    fn first_of_least(a: &'a [Block], b: &'a [Block], least: [u32; 2]) -> Option<usize> {
        let (mut best, mut best_at) = (u32::MAX, 0);
        for (idx, (a, b)) in a.iter().zip(b).enumerate() {
            let mut of_block = u32::MAX;
            for lane in 0..LANES {
                let is_it = (a[lane] >= least[0]) & (b[lane] >= least[1]);
                of_block = of_block.min(if is_it { a[lane] } else { u32::MAX });
            }
            if of_block < best {
                (best, best_at) = (of_block, idx);
                // Nothing is less than what is asked for.
                if best == least[0] {
                    break;
                }
            }
        }
        if best == u32::MAX { None } else { first_equal(&a[best_at], &b[best_at], best_at, best, least[1]) }
    }

    /// The same where it is the greatest there is.
    fn first_of_greatest(a: &'a [Block], b: &'a [Block], least: [u32; 2]) -> Option<usize> {
        let (mut best, mut best_at) = (0, 0);
        for (idx, (a, b)) in a.iter().zip(b).enumerate() {
            let mut of_block = 0;
            for lane in 0..LANES {
                let is_it = (a[lane] >= least[0]) & (b[lane] >= least[1]);
                of_block = of_block.max(if is_it { a[lane] } else { 0 });
            }
            if of_block > best {
                (best, best_at) = (of_block, idx);
            }
        }
        if best == 0 { None } else { first_equal(&a[best_at], &b[best_at], best_at, best, least[1]) }
    }
}

#[inline(always)]
fn word(flags: &[u8; LANES]) -> u64 {
    let (bytes, _) = flags.as_chunks::<8>();
    let mut word = 0;
    for (idx, &eight) in bytes.iter().enumerate() {
        // Eight flags, each a byte of 0 or 1, come together in the upper byte.
        let bits = u64::from_le_bytes(eight).wrapping_mul(0x0102_0408_1020_4080) >> 56;
        word |= bits << (8 * idx);
    }
    word
}

/// The first position of the `block`-th block where the one number is equal, the
/// other at least what is asked.
#[inline(always)]
fn first_equal(a: &Block, b: &Block, block: usize, equal: u32, least: u32) -> Option<usize> {
    let mut first = LANES as u32;
    for lane in 0..LANES {
        let is_it = (a[lane] == equal) & (b[lane] >= least);
        first = first.min(if is_it { lane as u32 } else { LANES as u32 });
    }
    (first < LANES as u32).then_some(block * LANES + first as usize)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::id::InstanceId;
    use crate::placement::order::RandomOrder;

    /// Numbers of a few values, so that many are equal.
    fn block(seed: u32) -> Block {
        std::array::from_fn(|idx| (idx as u32 + seed).wrapping_mul(2_654_435_761) >> 28)
    }

    #[test]
    fn each_loop_says_what_a_plain_search_says() {
        let lanes = Lanes::new();
        for seed in 0..40 {
            let blocks = [block(seed), block(seed + 1000), block(seed + 2000)];
            let all: Vec<u32> = blocks.iter().flatten().copied().collect();
            for least in 0..18 {
                for at in [0, 1, 63, 64, 100, 191] {
                    let first = (at..all.len()).find(|&idx| all[idx] >= least);
                    assert_eq!(lanes.first_at_least(&blocks, at, least), first, "{seed} {least} {at}");
                    let last = (0..=at).rev().find(|&idx| all[idx] >= least);
                    assert_eq!(lanes.last_at_least(&blocks, at, least), last, "{seed} {least} {at}");
                }
                let [a, b, _] = &blocks;
                let both = (0..64).filter(|&it| a[it] >= least && b[it] >= 7).fold(0, |it, at| it | 1 << at);
                let found = lanes.next_both_at_least(&[*b, *a], &[[0; 64], *b], 0, [least, 7]);
                assert_eq!(found, (both != 0).then_some((1, both)));
            }
            assert_eq!(lanes.greatest(&all), *all.iter().max().unwrap());
        }
    }

    #[test]
    fn the_first_of_the_best_is_found_in_whatever_block_it_is() {
        let lanes = Lanes::new();
        for seed in 0..40 {
            // In some no number of the first block is large enough.
            let a = [if seed % 4 == 0 { [1; LANES] } else { block(seed) }, block(seed + 1), block(seed + 2)];
            let b = [block(seed + 3), block(seed + 4), block(seed + 5)];
            let (of_a, of_b) = (a.as_flattened(), b.as_flattened());
            for least in (1..18).flat_map(|a| [[a, 1], [a, 7], [a, 15], [a, 16]]) {
                let fitting = || (0..of_a.len()).filter(|&it| of_a[it] >= least[0] && of_b[it] >= least[1]);
                let of_least = fitting().min_by_key(|&it| (of_a[it], it));
                assert_eq!(lanes.first_of_least(&a, &b, least), of_least, "{seed} {least:?}");
                let of_greatest = fitting().min_by_key(|&it| (u32::MAX - of_a[it], it));
                assert_eq!(lanes.first_of_greatest(&a, &b, least), of_greatest, "{seed} {least:?}");
            }
        }
    }

    #[test]
    fn the_least_of_a_list_of_any_length() {
        let lanes = Lanes::new();
        let order = RandomOrder::new(5, 1000);
        for len in [0, 1, 7, 64, 65, 200] {
            let numbers: Vec<u32> = (0..len).map(|it| it * 37 % 1000).collect();
            let rooms: Vec<u32> = (0..len).map(|it| it * 11 % 16).collect();
            for room in 0..17 {
                let fits = || (0..len as usize).filter(|&it| rooms[it] >= room).map(|it| numbers[it]);
                let least = fits().min().unwrap_or(u32::MAX);
                assert_eq!(lanes.least_with_room(&numbers, &rooms, room), least);
                let rank = |it| u32::try_from(order.rank(InstanceId::new(it))).unwrap();
                let least = fits().map(rank).min().unwrap_or(u32::MAX);
                assert_eq!(lanes.least_rank_with_room(&numbers, &rooms, room, &order.of_32()), least);
            }
        }
    }
}
