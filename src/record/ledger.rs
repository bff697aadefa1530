//! Billed units of a run: what was used, for how long, at which price. Exact
//! integers, kept as the run goes, never recomputed from sampled series.

use serde::{Deserialize, Serialize};

use crate::base::Money;

/// What is billed, and in which unit it is counted.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Meter {
    /// Linux on-demand instances: instance-seconds.
    Ec2OnDemand,
    /// Linux Spot instances: instance-seconds.
    Ec2Spot,
    /// CPU of Fargate tasks: CPU units times seconds.
    FargateVcpu,
    /// Memory of Fargate tasks: MiB times seconds.
    FargateMemory,
    /// Storage of Fargate tasks beyond the first 20 GiB: GiB times seconds.
    FargateEphemeralStorage,
    /// CPU of Fargate Spot tasks: CPU units times seconds.
    FargateSpotVcpu,
    /// Memory of Fargate Spot tasks: MiB times seconds.
    FargateSpotMemory,
    /// Storage of Fargate Spot tasks beyond the first 20 GiB: GiB times seconds.
    FargateSpotEphemeralStorage,
}

impl Meter {
    /// How many of the counted units the price is for: it is of a vCPU and of a
    /// GB, and what is counted are CPU units and MiB.
    pub const fn units_per_price(self) -> u64 {
        match self {
            Self::FargateVcpu | Self::FargateSpotVcpu | Self::FargateMemory | Self::FargateSpotMemory => 1024,
            Self::Ec2OnDemand
            | Self::Ec2Spot
            | Self::FargateEphemeralStorage
            | Self::FargateSpotEphemeralStorage => 1,
        }
    }

    /// Whether it bills instances, used or idle, rather than tasks.
    pub const fn is_of_instances(self) -> bool {
        matches!(self, Self::Ec2OnDemand | Self::Ec2Spot)
    }

    /// As a reader sees it.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Ec2OnDemand => "EC2 on demand",
            Self::Ec2Spot => "EC2 Spot",
            Self::FargateVcpu => "Fargate vCPU",
            Self::FargateMemory => "Fargate memory",
            Self::FargateEphemeralStorage => "Fargate ephemeral storage",
            Self::FargateSpotVcpu => "Fargate Spot vCPU",
            Self::FargateSpotMemory => "Fargate Spot memory",
            Self::FargateSpotEphemeralStorage => "Fargate Spot ephemeral storage",
        }
    }

    /// What an hour of the price is an hour of.
    pub const fn unit(self) -> &'static str {
        match self {
            Self::Ec2OnDemand | Self::Ec2Spot => "instance-hours",
            Self::FargateVcpu | Self::FargateSpotVcpu => "vCPU-hours",
            Self::FargateMemory | Self::FargateSpotMemory => "GB-hours",
            Self::FargateEphemeralStorage | Self::FargateSpotEphemeralStorage => "GiB-hours",
        }
    }
}

/// One line of a bill.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerLine {
    /// What is billed.
    pub meter: Meter,
    /// Of which kind: an instance type, or the platform of Fargate tasks.
    pub item: String,
    /// For which capacity provider.
    pub capacity_provider: String,
    /// In which availability zone.
    pub availability_zone: String,
    /// Units of the meter times seconds billed.
    pub unit_seconds: u64,
    /// How many separate uses (launches, tasks) went in.
    pub n_uses: u64,
    /// Price of an hour, in 1e-12 USD; of [`Meter::units_per_price`] units.
    pub price_pico_usd_per_hour: u64,
    /// The day the price is of, `YYYY-MM-DD`.
    pub price_as_of: String,
}

impl LedgerLine {
    /// What this line costs, rounded to 1e-12 USD: once, after all its uses are
    /// summed. Half of that last digit is rounded up.
    pub fn cost(&self) -> Money {
        Money::from_pico_usd(self.price_pico_usd_per_hour.into())
            .per_hour_for(self.unit_seconds, self.meter.units_per_price())
    }

    /// The hours that were billed, in [`Meter::unit`], for reports.
    pub fn hours(&self) -> f64 {
        self.unit_seconds as f64 / self.meter.units_per_price() as f64 / 3600.0
    }
}

/// The lines of a run, in a fixed order. The sum of the lines is the total.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ledger {
    /// One line a meter, item, provider and zone.
    pub lines: Vec<LedgerLine>,
}

impl Ledger {
    /// The sum of all lines, exactly.
    pub fn total(&self) -> Money {
        self.lines.iter().map(LedgerLine::cost).sum()
    }

    /// The sum of the lines whose meter is meant, exactly.
    pub fn total_of(&self, is_meant: impl Fn(Meter) -> bool) -> Money {
        self.lines.iter().filter(|it| is_meant(it.meter)).map(LedgerLine::cost).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(meter: Meter, unit_seconds: u64, price: &str) -> LedgerLine {
        let price = Money::parse_usd(price).unwrap().pico_usd();
        LedgerLine {
            meter,
            item: String::new(),
            capacity_provider: String::new(),
            availability_zone: String::new(),
            unit_seconds,
            n_uses: 1,
            price_pico_usd_per_hour: u64::try_from(price).unwrap(),
            price_as_of: String::new(),
        }
    }

    #[test]
    fn a_line_is_rounded_once_and_the_total_is_the_sum_of_its_parts() {
        let ledger = Ledger {
            lines: vec![
                line(Meter::Ec2OnDemand, 3600, "0.096"),
                // A quarter vCPU and half a GB for an hour.
                line(Meter::FargateVcpu, 256 * 3600, "0.04048"),
                line(Meter::FargateMemory, 512 * 3600, "0.004445"),
                line(Meter::FargateEphemeralStorage, 30 * 1800, "0.000111"),
                // One CPU unit for a second: 3.496 of the last digit's thousands.
                line(Meter::FargateSpotVcpu, 1, "0.01288871"),
            ],
        };
        let costs: Vec<String> = ledger.lines.iter().map(|it| it.cost().to_string()).collect();
        assert_eq!(costs, ["0.096", "0.01012", "0.0022225", "0.001665", "0.000000003496"]);
        let instances = ledger.total_of(Meter::is_of_instances);
        let tasks = ledger.total_of(|it| !it.is_of_instances());
        assert_eq!(instances + tasks, ledger.total());
        assert!((ledger.lines[1].hours() - 0.25).abs() < 1e-12);
    }

    #[test]
    fn the_longest_bill_does_not_overflow() {
        let line = line(Meter::FargateMemory, u64::MAX, "10000");
        assert!(line.cost() > Money::ZERO);
    }
}
