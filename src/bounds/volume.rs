//! The volume bound: in no dimension can less capacity than what is reserved
//! do (the continuous bound L1 of bin packing; Martello and Toth 1990).

use crate::model::task::Needs;

/// What tasks reserve together.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Volume {
    /// CPU units.
    pub cpu: u64,
    /// MiB.
    pub memory: u64,
}

/// Instances that tasks of this volume need at least, if none registers more
/// than `largest` in any dimension.
pub fn instances(volume: Volume, largest: Needs) -> u64 {
    let of = |volume: u64, largest: u32| volume.div_ceil(u64::from(largest).max(1));
    of(volume.cpu, largest.cpu.0).max(of(volume.memory, largest.memory.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{CpuUnits, MemoryMib};

    #[test]
    fn the_scarcer_dimension_decides_and_a_part_is_a_whole() {
        let largest = Needs::of(CpuUnits(1000), MemoryMib(100));
        for (cpu, memory, n) in [(0, 0, 0), (1, 0, 1), (1000, 100, 1), (1001, 100, 2), (500, 201, 3)] {
            assert_eq!(instances(Volume { cpu, memory }, largest), n);
        }
    }
}
