//! The model choices about image registries and pulls (semantics 9.4, 9.6,
//! 9.9). An experiment sets them under `[model]`.

use crate::base::SimDuration;

/// How images are pulled and kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RegistryOptions {
    /// Bytes a second that an instance downloads, all its pulls together; less
    /// where its type has less.
    pub pull_bandwidth: u64,
    /// The same of a task on Fargate.
    pub fargate_pull_bandwidth: u64,
    /// Bytes a second of uncompressed layers that a pull writes to disk.
    pub unpack_rate: u64,
    /// The same of a task of one vCPU or less on Fargate; larger ones in
    /// proportion, at most `unpack_rate`.
    pub fargate_unpack_rate: u64,
    /// Bytes a second that the registry gives to all together; `None` for no
    /// bound.
    pub registry_bandwidth: Option<u64>,
    /// What each pull takes beside moving and unpacking: calls to the registry.
    pub pull_overhead: SimDuration,
    /// Uncompressed by compressed bytes, in thousandths, of layers that do not
    /// say.
    pub uncompressed_ratio: u32,
    /// What part of an image is moved before its containers start where it is
    /// loaded lazily, in thousandths.
    pub lazy_load_share: u32,
    /// Bytes of an instance's root volume that images cannot have.
    pub image_disk_reserved: u64,
    /// What the first pull through a cache waits for its upstream registry.
    pub upstream_latency: SimDuration,
    /// Since midnight, UTC: when lifecycle policies are carried out.
    pub lifecycle_policy_run_at: SimDuration,
}

impl RegistryOptions {
    /// Bytes a second that a task of so many CPU units on Fargate unpacks.
    pub fn fargate_unpack_rate_of(&self, cpu_units: u32) -> u64 {
        let of_cpu = u128::from(self.fargate_unpack_rate) * u128::from(cpu_units.max(1024)) / 1024;
        self.unpack_rate.min(u64::try_from(of_cpu).unwrap_or(u64::MAX))
    }
}

impl Default for RegistryOptions {
    fn default() -> Self {
        Self {
            pull_bandwidth: 60_000_000,
            fargate_pull_bandwidth: 60_000_000,
            unpack_rate: 100_000_000,
            fargate_unpack_rate: 40_000_000,
            registry_bandwidth: None,
            pull_overhead: SimDuration::from_millis(1500),
            uncompressed_ratio: 2500,
            lazy_load_share: 64,
            image_disk_reserved: 6 << 30,
            upstream_latency: SimDuration::from_secs(2),
            lifecycle_policy_run_at: SimDuration::ZERO,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_larger_task_unpacks_faster_up_to_what_a_disk_takes() {
        let options = RegistryOptions::default();
        for (cpu, rate) in [(256, 40), (1024, 40), (1536, 60), (2048, 80), (4096, 100), (16_384, 100)] {
            assert_eq!(options.fargate_unpack_rate_of(cpu), rate * 1_000_000, "{cpu} CPU units");
        }
    }
}
