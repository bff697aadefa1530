//! Fargate: per second, from the start of the image pull until the task
//! has stopped, a fraction of a second as a whole one, at least a minute a task
//! (AWS Fargate pricing). Waiting before the pull is free, stopping is not. What
//! counts is the size of the task, not what its containers use of it. MODEL: the
//! two moments are `pullStartedAt` and `stoppedAt` of the API.
//!
//! Windows has rates of its own and a fee for each vCPU. A longer minimum is
//! mentioned in places and not confirmed: an option (semantics 8.2).

use crate::base::{CpuUnits, MemoryMib, SimDuration, SimTime};
use crate::billing::per_second;
use crate::model::capacity::FargateRates;
use crate::model::container::EPHEMERAL_GIB;
use crate::model::container::Platform;
use crate::model::fargate_sizes;
use crate::model::price::DatedPrice;
use crate::model::task::TaskDefinition;
use crate::record::{LedgerLine, Meter, Quantity};

/// What every task costs at least.
pub const MINIMUM: SimDuration = SimDuration::from_secs(60);

/// Ephemeral storage that every task has without a charge.
pub const FREE_STORAGE_GIB: u32 = 20;

/// Seconds billed from `measured_from` on for a task whose first image began to
/// be pulled at `pull_started_at` and that was stopped at `stopped_at`. A task
/// that never came to its pull costs nothing and has no use.
pub fn billed_seconds(
    minimum: SimDuration,
    pull_started_at: SimTime,
    stopped_at: SimTime,
    measured_from: SimTime,
) -> u64 {
    per_second::billed_seconds(minimum, pull_started_at, stopped_at, measured_from)
}

/// The size of a task, as its definition gives it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct TaskSize {
    /// Of the task, not of its containers.
    pub cpu: CpuUnits,
    /// Of the task, not of its containers.
    pub memory: MemoryMib,
    /// Ephemeral storage in GiB, the free part included; 0 is as good as 20.
    pub storage_gib: u32,
}

impl TaskSize {
    /// Of a definition. Rows of a trace have any size: theirs is the smallest that
    /// holds them (MODEL).
    pub fn of(definition: &TaskDefinition) -> Self {
        let blueprint = definition.blueprint.as_deref();
        let needs = definition.needs;
        let (cpu, memory) = fargate_sizes::smallest(needs).unwrap_or((needs.cpu, needs.memory));
        Self { cpu, memory, storage_gib: blueprint.map_or(EPHEMERAL_GIB, |it| it.ephemeral_gib) }
    }
}

/// What tasks of one capacity provider in one zone used.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Usage {
    /// CPU units times seconds.
    pub cpu_unit_seconds: u64,
    /// MiB times seconds.
    pub mib_seconds: u64,
    /// GiB beyond the free ones times seconds.
    pub storage_gib_seconds: u64,
    /// Tasks.
    pub n_tasks: u64,
    /// Of those: with more storage than is free.
    pub n_tasks_with_storage: u64,
}

impl Usage {
    /// Adds a task that is billed for so many seconds; what ended before it was
    /// measured has none and is no use.
    pub fn add(&mut self, size: TaskSize, seconds: u64) {
        if seconds == 0 {
            return;
        }
        let storage_gib = size.storage_gib.saturating_sub(FREE_STORAGE_GIB);
        self.cpu_unit_seconds += u64::from(size.cpu.0) * seconds;
        self.mib_seconds += u64::from(size.memory.0) * seconds;
        self.storage_gib_seconds += u64::from(storage_gib) * seconds;
        self.n_tasks += 1;
        self.n_tasks_with_storage += u64::from(storage_gib > 0);
    }
}

/// Whose usage it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Customer<'a> {
    /// The capacity provider.
    pub capacity_provider: &'a str,
    /// The availability zone.
    pub availability_zone: &'a str,
    /// What its tasks run on.
    pub platform: Platform,
    /// Whether it is Fargate Spot.
    pub is_spot: bool,
}

/// The lines of the bill: CPU, memory, and storage if there was any beyond the
/// free part. None without a task.
///
/// # Panics
///
/// If storage was used and the rates have no price of it.
pub fn lines(customer: Customer<'_>, usage: &Usage, rates: &FargateRates) -> Vec<LedgerLine> {
    let [vcpu, memory, storage] = if customer.is_spot {
        [Meter::FargateSpotVcpu, Meter::FargateSpotMemory, Meter::FargateSpotEphemeralStorage]
    } else {
        [Meter::FargateVcpu, Meter::FargateMemory, Meter::FargateEphemeralStorage]
    };
    let line = |meter, units, units_per_hour: u64, n_uses, price: &DatedPrice| {
        let item = match customer.platform {
            Platform { is_windows: true, .. } => "Windows/X86_64",
            Platform { is_arm: true, .. } => "Linux/ARM64",
            Platform { .. } => "Linux/X86_64",
        };
        let quantity = Quantity { units, per: 3600 * units_per_hour, n_uses };
        LedgerLine::of(meter, item, quantity, price.usd, price.as_of.as_str())
            .with_place(customer.capacity_provider, customer.availability_zone)
    };
    let mut lines = Vec::new();
    if usage.n_tasks > 0 {
        lines.push(line(vcpu, usage.cpu_unit_seconds, 1024, usage.n_tasks, &rates.vcpu_hour));
        lines.push(line(memory, usage.mib_seconds, 1024, usage.n_tasks, &rates.gb_hour));
    }
    if let Some(price) = rates.license_vcpu_hour.as_ref().filter(|_| usage.n_tasks > 0) {
        let meter = Meter::FargateWindowsLicense;
        lines.push(line(meter, usage.cpu_unit_seconds, 1024, usage.n_tasks, price));
    }
    if usage.storage_gib_seconds > 0 {
        let price = rates.storage_gib_hour.as_ref().expect("a region where storage is used has its price");
        lines.push(line(storage, usage.storage_gib_seconds, 1, usage.n_tasks_with_storage, price));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Money;

    #[test]
    fn seconds_run_from_the_pull_and_a_minute_is_the_least() {
        let at = SimTime::from_millis;
        for (pull, stopped, measured_from, seconds) in [
            (0, 3_600_000, 0, 3600),
            (0, 630_000, 0, 630),
            (0, 100_001, 0, 101),
            (5_000, 6_000, 0, 60),
            (0, 100_000, 40_000, 60),
            (0, 10_000, 40_000, 20),
            (0, 10_000, 90_000, 0),
        ] {
            assert_eq!(billed_seconds(MINIMUM, at(pull), at(stopped), at(measured_from)), seconds);
        }
    }

    /// Semantics 8.6: 0.046552 + 0.046 a vCPU-hour, 0.00511175 a GB-hour.
    #[test]
    fn windows_has_a_fee_for_each_vcpu() {
        let price = |usd| DatedPrice::of(Money::parse_usd(usd).unwrap());
        let rates = FargateRates {
            vcpu_hour: price("0.046552"),
            gb_hour: price("0.00511175"),
            storage_gib_hour: None,
            license_vcpu_hour: Some(price("0.046")),
        };
        let platform = Platform { is_windows: true, ..Platform::default() };
        let customer = Customer { capacity_provider: "", availability_zone: "", platform, is_spot: false };
        let mut usage = Usage::default();
        usage.add(TaskSize { cpu: CpuUnits(2048), memory: MemoryMib(4096), storage_gib: 20 }, 3600);
        let lines = lines(customer, &usage, &rates);
        let shown: Vec<_> = lines.iter().map(|it| (it.item.as_str(), it.cost().to_string())).collect();
        let expected = ["0.093104", "0.020447", "0.092"].map(|it| ("Windows/X86_64", it.to_owned()));
        assert_eq!(shown, expected);
    }

    #[test]
    fn a_bill_has_a_line_for_each_thing_that_was_used() {
        let price = |usd| DatedPrice { usd: Money::parse_usd(usd).unwrap(), as_of: "2026-09-11".to_owned() };
        let rates = FargateRates {
            vcpu_hour: price("0.04048"),
            gb_hour: price("0.004445"),
            storage_gib_hour: Some(price("0.000111")),
            license_vcpu_hour: None,
        };
        let customer = Customer {
            capacity_provider: "FARGATE_SPOT",
            availability_zone: "us-east-1a",
            platform: Platform::default(),
            is_spot: true,
        };
        let size = |storage_gib| TaskSize { cpu: CpuUnits(1024), memory: MemoryMib(2048), storage_gib };
        let mut usage = Usage::default();
        assert!(lines(customer, &usage, &rates).is_empty());
        usage.add(size(50), 0);
        usage.add(size(20), 1800);
        assert_eq!(lines(customer, &usage, &rates).len(), 2);
        usage.add(size(50), 1800);
        let lines = lines(customer, &usage, &rates);
        let shown: Vec<_> = lines.iter().map(|it| (it.meter, it.n_uses, it.cost().to_string())).collect();
        assert_eq!(
            shown,
            [
                (Meter::FargateSpotVcpu, 2, "0.04048".to_owned()),
                (Meter::FargateSpotMemory, 2, "0.00889".to_owned()),
                (Meter::FargateSpotEphemeralStorage, 1, "0.001665".to_owned()),
            ]
        );
    }
}
