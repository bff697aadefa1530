//! The sizes a Fargate task can have (developer guide, fargate-tasks-services;
//! API TaskDefinition.cpu). GB are of 1024 MiB.

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

impl FargateMemory {
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
