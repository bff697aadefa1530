//! The yardstick of the index: one decision by a scan over two columns of
//! numbers, free CPU and free memory, as it would be written for this alone:
//! no bounds checks, no dynamic calls. For spread two columns more, the zone and
//! the group's tasks. Compiled twice: for any processor of the architecture, as
//! the figures of others are, and for the instructions that this one has.

use pulp::Arch;

use crate::bed::{N_GROUPS, NEEDS};
use crate::support::Draws;

/// What the scan looks at, and the tasks that come and go.
#[derive(Clone)]
pub(crate) struct Columns {
    pub(crate) cpu: Vec<u32>,
    pub(crate) memory: Vec<u32>,
    zone: Vec<u8>,
    /// For each group its tasks by instance.
    by_group: Vec<Vec<u32>>,
    /// For each group its tasks by zone.
    by_zone: Vec<[u32; 3]>,
    /// Instance, kind, group.
    tasks: Vec<(u32, u8, u32)>,
    draws: Draws,
    candidates: Vec<u32>,
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
        instances: impl Iterator<Item = (u32, u32, u8)>,
        tasks: impl Iterator<Item = (u32, u8, u32)>,
    ) -> Self {
        let (mut cpu, mut memory, mut zone) = (Vec::new(), Vec::new(), Vec::new());
        for row in instances {
            cpu.push(row.0);
            memory.push(row.1);
            zone.push(row.2);
        }
        let tasks: Vec<_> = tasks.collect();
        let mut by_group = vec![vec![0; cpu.len()]; N_GROUPS as usize];
        let mut by_zone = vec![[0; 3]; N_GROUPS as usize];
        for &(instance, _, group) in &tasks {
            by_group[group as usize][instance as usize] += 1;
            by_zone[group as usize][usize::from(zone[instance as usize])] += 1;
        }
        let candidates = vec![0; cpu.len() + 1];
        Self { cpu, memory, zone, by_group, by_zone, tasks, draws: Draws::new(7), candidates }
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
        self.by_zone[group as usize][usize::from(self.zone[at])] -= 1;

        let kind = self.draws.below(NEEDS.len() as u64) as u8;
        let group = self.draws.below(N_GROUPS.into()) as u32;
        let instance = self.choose(rule, arch, kind, group);
        let (cpu, memory) = NEEDS[usize::from(kind)];
        let at = instance as usize;
        self.cpu[at] -= cpu;
        self.memory[at] -= memory;
        self.by_group[group as usize][at] += 1;
        self.by_zone[group as usize][usize::from(self.zone[at])] += 1;
        self.tasks.push((instance, kind, group));
        instance
    }

    /// One decision.
    pub(crate) fn choose(&mut self, rule: Rule, arch: Option<Arch>, kind: u8, group: u32) -> u32 {
        let needs = NEEDS[usize::from(kind)];
        let draw = if rule == Rule::Random { self.draws.bits() } else { 0 };
        let Self { cpu, memory, zone, by_group, by_zone, candidates, .. } = self;
        let (by_group, by_zone) = (&by_group[group as usize], &by_zone[group as usize]);
        let mut go = || match rule {
            Rule::Binpack => binpack(cpu, memory, needs),
            Rule::Random => random(cpu, memory, needs, candidates, draw),
            Rule::Spread => spread(cpu, memory, zone, by_group, by_zone, needs, |_, _| 0),
            Rule::SpreadBinpack => spread(cpu, memory, zone, by_group, by_zone, needs, |cpu, _| cpu),
        };
        match arch {
            None => go(),
            Some(arch) => arch.dispatch(go),
        }
    }
}

/// Two passes without a branch that depends on the data: the least amount that
/// fits, then the first that has it.
#[inline(always)]
fn binpack(cpu: &[u32], memory: &[u32], needs: (u32, u32)) -> u32 {
    let fits = |cpu, memory| cpu >= needs.0 && memory >= needs.1;
    let amount = |(&cpu, &memory): (&u32, &u32)| if fits(cpu, memory) { cpu } else { u32::MAX };
    let least = cpu.iter().zip(memory).map(amount).fold(u32::MAX, u32::min);
    let mut all = cpu.iter().zip(memory);
    all.position(|(&cpu, &memory)| cpu == least && memory >= needs.1).expect("one fits") as u32
}

/// All that fit are written one after the other, without a branch; one of them
/// is drawn.
#[inline(always)]
fn random(cpu: &[u32], memory: &[u32], needs: (u32, u32), candidates: &mut [u32], draw: u64) -> u32 {
    let mut n = 0;
    for (number, (&cpu, &memory)) in cpu.iter().zip(memory).enumerate() {
        // Never more than there are instances.
        if let Some(slot) = candidates.get_mut(n) {
            *slot = number as u32;
        }
        n = n.wrapping_add(usize::from(cpu >= needs.0 && memory >= needs.1));
    }
    candidates[((u128::from(draw) * n as u128) >> 64) as usize]
}

#[inline(always)]
fn spread(
    cpu: &[u32],
    memory: &[u32],
    zone: &[u8],
    by_group: &[u32],
    by_zone: &[u32; 3],
    needs: (u32, u32),
    last: impl Fn(u32, u32) -> u32,
) -> u32 {
    let key = |(((&cpu, &memory), &zone), &n): (((&u32, &u32), &u8), &u32)| {
        let in_zone = match zone {
            0 => by_zone[0],
            1 => by_zone[1],
            _ => by_zone[2],
        };
        let key = u64::from(in_zone) << 40 | u64::from(n) << 24 | u64::from(last(cpu, memory));
        if cpu >= needs.0 && memory >= needs.1 { key } else { u64::MAX }
    };
    let rows = || cpu.iter().zip(memory).zip(zone).zip(by_group);
    let least = rows().map(key).fold(u64::MAX, u64::min);
    rows().position(|it| key(it) == least).expect("one fits") as u32
}
