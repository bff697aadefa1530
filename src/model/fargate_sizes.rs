//! The sizes a Fargate task can have (developer guide, fargate-tasks-services;
//! API TaskDefinition.cpu). GB are of 1024 MiB.

use crate::base::{CpuUnits, MemoryMib};
use crate::model::task::Needs;

/// One CPU size and the memory that goes with it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FargateSize {
    /// CPU units.
    pub cpu_units: u64,
    /// What memory may be.
    pub memory: FargateMemory,
    /// Whether Windows tasks can have it.
    pub is_for_windows: bool,
}

/// Allowed amounts of memory, GB.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FargateMemory {
    /// These, in MiB.
    Mib(&'static [u64]),
    /// From `min` to `max` in steps.
    Gb {
        /// Least.
        min: u64,
        /// Most.
        max: u64,
        /// Between two.
        step: u64,
    },
}

const fn gb(min: u64, max: u64, step: u64) -> FargateMemory {
    FargateMemory::Gb { min, max, step }
}

const fn size(cpu_units: u64, memory: FargateMemory, is_for_windows: bool) -> FargateSize {
    FargateSize { cpu_units, memory, is_for_windows }
}

/// Ascending by CPU.
pub const FARGATE_SIZES: &[FargateSize] = &[
    size(256, FargateMemory::Mib(&[512, 1024, 2048]), false),
    size(512, gb(1, 4, 1), false),
    size(1024, gb(2, 8, 1), true),
    size(2048, gb(4, 16, 1), true),
    size(4096, gb(8, 30, 1), true),
    size(8192, gb(16, 60, 4), false),
    size(16_384, gb(32, 120, 8), false),
    size(32_768, FargateMemory::Mib(&[60 * 1024, 120 * 1024, 244 * 1024]), false),
];

/// The smallest task that holds these needs, in CPU units and MiB; `None` if none
/// is large enough, and where a GPU is needed.
pub fn smallest(needs: Needs) -> Option<(CpuUnits, MemoryMib)> {
    if needs.gpus > 0 {
        return None;
    }
    let large_enough = FARGATE_SIZES.iter().filter(|it| it.cpu_units >= u64::from(needs.cpu.0));
    large_enough.filter_map(|it| Some((it.cpu_units, it.memory.at_least(needs.memory.0.into())?))).next().map(
        |(cpu, memory)| {
            let small = |it: u64| u32::try_from(it).expect("no size is this large");
            (CpuUnits(small(cpu)), MemoryMib(small(memory)))
        },
    )
}

impl FargateMemory {
    /// The least amount that is no less than this.
    fn at_least(self, memory_mib: u64) -> Option<u64> {
        match self {
            Self::Mib(amounts) => amounts.iter().copied().find(|it| *it >= memory_mib),
            Self::Gb { min, max, step } => {
                let steps = memory_mib.div_ceil(1024).saturating_sub(min).div_ceil(step);
                let gb = min + steps * step;
                (gb <= max).then_some(gb * 1024)
            }
        }
    }

    /// Whether a task of this CPU size can have so much.
    pub fn allows(self, memory_mib: u64) -> bool {
        match self {
            Self::Mib(amounts) => amounts.contains(&memory_mib),
            Self::Gb { min, max, step } => {
                let gb = memory_mib / 1024;
                memory_mib.is_multiple_of(1024)
                    && (min..=max).contains(&gb)
                    && (gb - min).is_multiple_of(step)
            }
        }
    }

    /// In words, for messages.
    pub fn describe(self) -> String {
        match self {
            Self::Mib(amounts) => {
                let shown: Vec<String> = amounts.iter().map(u64::to_string).collect();
                format!("{} MiB", shown.join(", "))
            }
            Self::Gb { min, max, step } => format!("{min} to {max} GB in steps of {step}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smallest_size_that_holds_a_task() {
        let of = |cpu, memory| {
            let found = smallest(Needs::of(CpuUnits(cpu), MemoryMib(memory)))?;
            Some((found.0.0, found.1.0))
        };
        for (needs, size) in [
            ((1, 1), Some((256, 512))),
            ((256, 1025), Some((256, 2048))),
            // 1.75 and 3.5 GB to a vCPU: the next whole one.
            ((1024, 1792), Some((1024, 2048))),
            ((1024, 3584), Some((1024, 4096))),
            ((1024, 9 * 1024), Some((2048, 9 * 1024))),
            ((8192, 57 * 1024), Some((8192, 60 * 1024))),
            ((16_384, 112 * 1024), Some((16_384, 112 * 1024))),
            ((16_384, 121 * 1024), Some((32_768, 244 * 1024))),
            ((32_769, 1), None),
            ((256, 245 * 1024), None),
        ] {
            assert_eq!(of(needs.0, needs.1), size, "{needs:?}");
        }
    }

    #[test]
    fn the_table_is_the_pages() {
        assert!(FARGATE_SIZES.is_sorted_by_key(|it| it.cpu_units));
        let of = |cpu_units| FARGATE_SIZES.iter().find(|it| it.cpu_units == cpu_units).unwrap().memory;
        for (cpu_units, memory_mib, is_allowed) in [
            (256, 512, true),
            (256, 3072, false),
            (512, 4096, true),
            (512, 512, false),
            (1024, 8192, true),
            (2048, 17 * 1024, false),
            (4096, 8704, false),
            (8192, 20 * 1024, true),
            (8192, 18 * 1024, false),
            (16_384, 36 * 1024, false),
            (16_384, 120 * 1024, true),
            (32_768, 244 * 1024, true),
            (32_768, 128 * 1024, false),
        ] {
            assert_eq!(of(cpu_units).allows(memory_mib), is_allowed, "{cpu_units} {memory_mib}");
        }
    }
}
