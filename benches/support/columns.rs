//! The yardstick of the index: one decision by a scan over two columns of
//! numbers, free CPU and free memory, as it would be written for this alone:
//! no bounds checks, no dynamic calls. For spread two columns more, the zone and
//! the group's tasks. Compiled twice: for any processor of the architecture, as
//! the figures of others are, and for the instructions that this one has.

use pulp::{Arch, Simd, WithSimd};

use crate::bed::{N_GROUPS, NEEDS};
use crate::support::Draws;

/// What the scan looks at, and the tasks that come and go.
#[derive(Clone)]
pub(crate) struct Columns {
    pub(crate) cpu: Vec<u32>,
    pub(crate) memory: Vec<u32>,
    zone: Vec<u32>,
    /// For each group its tasks by instance.
    by_group: Vec<Vec<u32>>,
    /// For each group its tasks by zone.
    by_zone: Vec<[u32; 3]>,
    /// Instance, kind, group.
    tasks: Vec<(u32, u8, u32)>,
    draws: Draws,
    /// Scratch: a number for each 64 instances.
    blocks: Vec<u32>,
}

/// What is chosen.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rule {
    /// The least free CPU, then the lowest number.
    Binpack,
    /// Any.
    Random,
    /// The fewest of the group in the zone, then on the instance, then the
    /// lowest number.
    Spread,
    /// The same, but the least free CPU before the number.
    SpreadBinpack,
}

impl Columns {
    /// Instances as they are: CPU, memory, zone; tasks: instance, kind, group.
    pub(crate) fn new(
        instances: impl Iterator<Item = (u32, u32, u32)>,
        tasks: impl Iterator<Item = (u32, u8, u32)>,
    ) -> Self {
        let (mut cpu, mut memory, mut zone) = (Vec::new(), Vec::new(), Vec::new());
        for row in instances {
            cpu.push(row.0);
            memory.push(row.1);
            zone.push(row.2);
        }
        // What fills up the last block has no room.
        let len = cpu.len().next_multiple_of(64);
        [&mut cpu, &mut memory, &mut zone].into_iter().for_each(|it| it.resize(len, 0));
        let tasks: Vec<_> = tasks.collect();
        let mut by_group = vec![vec![0; cpu.len()]; N_GROUPS as usize];
        let mut by_zone = vec![[0; 3]; N_GROUPS as usize];
        for &(instance, _, group) in &tasks {
            by_group[group as usize][instance as usize] += 1;
            by_zone[group as usize][zone[instance as usize] as usize] += 1;
        }
        let blocks = vec![0; cpu.len() / 64];
        Self { cpu, memory, zone, by_group, by_zone, tasks, draws: Draws::new(7), blocks }
    }

    /// A task goes, another comes.
    pub(crate) fn turn_over(&mut self, rule: Rule, arch: Option<Arch>) -> u32 {
        let idx = self.draws.below(self.tasks.len() as u64) as usize;
        let (instance, kind, group) = self.tasks.swap_remove(idx);
        let (cpu, memory) = NEEDS[usize::from(kind)];
        let at = instance as usize;
        self.cpu[at] += cpu;
        self.memory[at] += memory;
        self.by_group[group as usize][at] -= 1;
        self.by_zone[group as usize][self.zone[at] as usize] -= 1;

        let kind = self.draws.below(NEEDS.len() as u64) as u8;
        let group = self.draws.below(N_GROUPS.into()) as u32;
        let instance = self.choose(rule, arch, kind, group);
        let (cpu, memory) = NEEDS[usize::from(kind)];
        let at = instance as usize;
        self.cpu[at] -= cpu;
        self.memory[at] -= memory;
        self.by_group[group as usize][at] += 1;
        self.by_zone[group as usize][self.zone[at] as usize] += 1;
        self.tasks.push((instance, kind, group));
        instance
    }

    /// One decision.
    pub(crate) fn choose(&mut self, rule: Rule, arch: Option<Arch>, kind: u8, group: u32) -> u32 {
        let needs = NEEDS[usize::from(kind)];
        let draw = if rule == Rule::Random { self.draws.bits() } else { 0 };
        let Self { cpu, memory, zone, by_group, by_zone, blocks, .. } = self;
        let rows = Rows {
            cpu: cpu.as_chunks().0,
            memory: memory.as_chunks().0,
            zone: zone.as_chunks().0,
            by_group: by_group[group as usize].as_chunks().0,
        };
        let by_zone = by_zone[group as usize];
        let decision = Decision { rule, rows, needs, by_zone, draw, blocks };
        match arch {
            None => decision.decide(),
            Some(arch) => arch.dispatch(decision),
        }
    }
}

type Block = [u32; 64];

/// The columns in blocks of 64, so that loops over them have no remainder.
#[derive(Clone, Copy)]
struct Rows<'a> {
    cpu: &'a [Block],
    memory: &'a [Block],
    zone: &'a [Block],
    by_group: &'a [Block],
}

struct Decision<'a> {
    rule: Rule,
    rows: Rows<'a>,
    needs: (u32, u32),
    by_zone: [u32; 3],
    draw: u64,
    blocks: &'a mut [u32],
}

impl WithSimd for Decision<'_> {
    type Output = u32;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> u32 {
        self.decide()
    }
}

impl Decision<'_> {
    #[inline(always)]
    fn decide(self) -> u32 {
        let Self { rule, rows, needs, by_zone, draw, blocks } = self;
        match rule {
            Rule::Binpack => binpack(rows, needs, blocks),
            Rule::Random => random(rows, needs, draw, blocks),
            Rule::Spread => spread(rows, needs, by_zone, false, blocks),
            Rule::SpreadBinpack => spread(rows, needs, by_zone, true, blocks),
        }
    }
}

/// All ones where both are enough, else 0: what a compiler makes into vectors,
/// and no branch.
#[inline(always)]
fn mask(cpu: u32, memory: u32, needs: (u32, u32)) -> u32 {
    u32::from((cpu >= needs.0) & (memory >= needs.1)).wrapping_neg()
}

/// The least key of each block, by one pass; then the first block that has the
/// least of all, and the first place in it. Says the least, too.
#[inline(always)]
fn first_of_least(blocks: &mut [u32], key: impl Fn(usize, usize) -> u32) -> (u32, usize) {
    let mut least = u32::MAX;
    for (block, slot) in blocks.iter_mut().enumerate() {
        let mut here = u32::MAX;
        for lane in 0..64 {
            here = here.min(key(block, lane));
        }
        *slot = here;
        least = least.min(here);
    }
    let block = blocks.iter().position(|&it| it == least).expect("one is the least");
    let lane = (0..64).position(|lane| key(block, lane) == least).expect("one is the least");
    (least, block * 64 + lane)
}

#[inline(always)]
fn binpack(rows: Rows<'_>, needs: (u32, u32), blocks: &mut [u32]) -> u32 {
    let n = blocks.len();
    let (cpu, memory) = (&rows.cpu[..n], &rows.memory[..n]);
    let key =
        |block: usize, lane: usize| cpu[block][lane] | !mask(cpu[block][lane], memory[block][lane], needs);
    first_of_least(blocks, key).1 as u32
}

/// How many of each block fit; one of all is drawn.
#[inline(always)]
fn random(rows: Rows<'_>, needs: (u32, u32), draw: u64, blocks: &mut [u32]) -> u32 {
    let mut n = 0_u32;
    for ((cpu, memory), slot) in rows.cpu.iter().zip(rows.memory).zip(&mut *blocks) {
        let mut here = 0_u32;
        for lane in 0..64 {
            here = here.wrapping_add(mask(cpu[lane], memory[lane], needs) & 1);
        }
        *slot = here;
        n = n.wrapping_add(here);
    }
    let mut left = ((u128::from(draw) * u128::from(n)) >> 64) as u32;
    let mut block = 0;
    while left >= blocks[block] {
        left -= blocks[block];
        block += 1;
    }
    for lane in 0..64 {
        if mask(rows.cpu[block][lane], rows.memory[block][lane], needs) != 0 {
            if left == 0 {
                return (block * 64 + lane) as u32;
            }
            left -= 1;
        }
    }
    unreachable!("one of those that were counted")
}

/// The zones by their counts, then the group's tasks on the instance; then the
/// least free CPU, or the first.
#[inline(always)]
fn spread(rows: Rows<'_>, needs: (u32, u32), by_zone: [u32; 3], is_packed: bool, blocks: &mut [u32]) -> u32 {
    let n = blocks.len();
    let (cpu, memory) = (&rows.cpu[..n], &rows.memory[..n]);
    let (zone, by_group) = (&rows.zone[..n], &rows.by_group[..n]);
    let rank = by_zone.map(|n| by_zone.iter().filter(|&&it| it < n).count() as u32);
    let key = |block: usize, lane: usize| {
        let is = |it: u32| u32::from(zone[block][lane] == it).wrapping_neg();
        let of_zone = (is(0) & rank[0]) | (is(1) & rank[1]) | (is(2) & rank[2]);
        (of_zone << 28 | by_group[block][lane]) | !mask(cpu[block][lane], memory[block][lane], needs)
    };
    let (least, first) = first_of_least(blocks, key);
    if !is_packed {
        return first as u32;
    }
    let key = |block: usize, lane: usize| {
        let is_least = u32::from(key(block, lane) == least).wrapping_neg();
        cpu[block][lane] | !is_least
    };
    first_of_least(blocks, key).1 as u32
}
