//! The bill of a run: what was used, how much of it, at which price, and whose
//! it is. Exact integers, kept as the run goes, never recomputed from sampled
//! series. The total is the sum of the lines, and each line the sum of its
//! shares, to the last of twelve decimals.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::base::Money;

/// What is billed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Meter {
    /// Linux on-demand instances, as far as no commitment covers them.
    Ec2OnDemand,
    /// Linux Spot instances.
    Ec2Spot,
    /// Instances that a reservation covers.
    Ec2Reserved,
    /// Instances that a Savings Plan covers.
    Ec2SavingsPlan,
    /// CPU of Fargate tasks, as far as no commitment covers it.
    FargateVcpu,
    /// Memory of Fargate tasks, likewise.
    FargateMemory,
    /// Storage of Fargate tasks beyond the first 20 GiB.
    FargateEphemeralStorage,
    /// CPU of Fargate Spot tasks.
    FargateSpotVcpu,
    /// Memory of Fargate Spot tasks.
    FargateSpotMemory,
    /// Storage of Fargate Spot tasks beyond the first 20 GiB.
    FargateSpotEphemeralStorage,
    /// The fee for Windows on Fargate, by CPU.
    FargateWindowsLicense,
    /// CPU of Fargate tasks that a Savings Plan covers.
    FargateSavingsPlanVcpu,
    /// Memory of Fargate tasks that a Savings Plan covers.
    FargateSavingsPlanMemory,
    /// EBS volumes of instances.
    EbsVolume,
    /// Load balancers, by the hour.
    LoadBalancerHour,
    /// What passed load balancers.
    LoadBalancerCapacityUnit,
    /// Public IPv4 addresses in use.
    PublicIpv4,
    /// NAT gateways, by the hour.
    NatGatewayHour,
    /// Bytes through NAT gateways.
    NatGatewayTransfer,
    /// Bytes between zones, each direction on its own.
    InterZoneTransfer,
    /// Bytes to the internet.
    InternetTransfer,
    /// Bytes from another region: images of a registry there.
    InterRegionTransfer,
    /// Images in a private registry.
    RegistryStorage,
    /// Archived images in one.
    RegistryArchive,
    /// First scans of images, by Amazon Inspector.
    ImageScan,
    /// Further looks at them.
    ImageRescan,
    /// What of commitments was not used.
    UnusedCommitment,
}

/// What lines are summed by.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LineGroup {
    /// EC2 instances, used or idle.
    Instances,
    /// Tasks on Fargate.
    Fargate,
    /// Volumes.
    Storage,
    /// Load balancers.
    LoadBalancers,
    /// Public addresses.
    PublicAddresses,
    /// Bytes on their way, NAT gateways among them.
    Transfer,
    /// The image registry.
    Registry,
    /// Commitments that nobody used.
    UnusedCommitments,
}

impl LineGroup {
    /// All of them, in their order.
    pub const ALL: [Self; 8] = [
        Self::Instances,
        Self::Fargate,
        Self::Storage,
        Self::LoadBalancers,
        Self::PublicAddresses,
        Self::Transfer,
        Self::Registry,
        Self::UnusedCommitments,
    ];

    /// As a reader sees it.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Instances => "EC2 instances",
            Self::Fargate => "Fargate",
            Self::Storage => "storage",
            Self::LoadBalancers => "load balancers",
            Self::PublicAddresses => "public addresses",
            Self::Transfer => "data transfer",
            Self::Registry => "image registry",
            Self::UnusedCommitments => "unused commitments",
        }
    }
}

impl Meter {
    /// What it is summed by.
    pub const fn group(self) -> LineGroup {
        match self {
            Self::Ec2OnDemand | Self::Ec2Spot | Self::Ec2Reserved | Self::Ec2SavingsPlan => {
                LineGroup::Instances
            }
            Self::FargateVcpu
            | Self::FargateMemory
            | Self::FargateEphemeralStorage
            | Self::FargateSpotVcpu
            | Self::FargateSpotMemory
            | Self::FargateSpotEphemeralStorage
            | Self::FargateWindowsLicense
            | Self::FargateSavingsPlanVcpu
            | Self::FargateSavingsPlanMemory => LineGroup::Fargate,
            Self::EbsVolume => LineGroup::Storage,
            Self::LoadBalancerHour | Self::LoadBalancerCapacityUnit => LineGroup::LoadBalancers,
            Self::PublicIpv4 => LineGroup::PublicAddresses,
            Self::NatGatewayHour
            | Self::NatGatewayTransfer
            | Self::InterZoneTransfer
            | Self::InternetTransfer
            | Self::InterRegionTransfer => LineGroup::Transfer,
            Self::RegistryStorage | Self::RegistryArchive | Self::ImageScan | Self::ImageRescan => {
                LineGroup::Registry
            }
            Self::UnusedCommitment => LineGroup::UnusedCommitments,
        }
    }

    /// Whether it bills instances, used or idle, rather than tasks.
    pub const fn is_of_instances(self) -> bool {
        matches!(self.group(), LineGroup::Instances)
    }

    /// As a reader sees it.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Ec2OnDemand => "EC2 on demand",
            Self::Ec2Spot => "EC2 Spot",
            Self::Ec2Reserved => "EC2 reserved",
            Self::Ec2SavingsPlan => "EC2 by Savings Plan",
            Self::FargateVcpu => "Fargate vCPU",
            Self::FargateMemory => "Fargate memory",
            Self::FargateEphemeralStorage => "Fargate ephemeral storage",
            Self::FargateSpotVcpu => "Fargate Spot vCPU",
            Self::FargateSpotMemory => "Fargate Spot memory",
            Self::FargateSpotEphemeralStorage => "Fargate Spot ephemeral storage",
            Self::FargateWindowsLicense => "Fargate Windows license",
            Self::FargateSavingsPlanVcpu => "Fargate vCPU by Savings Plan",
            Self::FargateSavingsPlanMemory => "Fargate memory by Savings Plan",
            Self::EbsVolume => "EBS volumes",
            Self::LoadBalancerHour => "load balancer",
            Self::LoadBalancerCapacityUnit => "load balancer capacity units",
            Self::PublicIpv4 => "public IPv4 addresses",
            Self::NatGatewayHour => "NAT gateway",
            Self::NatGatewayTransfer => "NAT gateway bytes",
            Self::InterZoneTransfer => "transfer between zones",
            Self::InternetTransfer => "transfer to the internet",
            Self::InterRegionTransfer => "transfer between regions",
            Self::RegistryStorage => "registry storage",
            Self::RegistryArchive => "registry archive",
            Self::ImageScan => "image scans",
            Self::ImageRescan => "further image scans",
            Self::UnusedCommitment => "unused commitment",
        }
    }

    /// What the price is for, in the plural.
    pub const fn unit(self) -> &'static str {
        match self {
            Self::Ec2OnDemand | Self::Ec2Spot | Self::Ec2Reserved | Self::Ec2SavingsPlan => "instance-hours",
            Self::FargateVcpu
            | Self::FargateSpotVcpu
            | Self::FargateWindowsLicense
            | Self::FargateSavingsPlanVcpu => "vCPU-hours",
            Self::FargateMemory | Self::FargateSpotMemory | Self::FargateSavingsPlanMemory => "GB-hours",
            Self::FargateEphemeralStorage | Self::FargateSpotEphemeralStorage => "GiB-hours",
            Self::EbsVolume => "GiB-months",
            Self::LoadBalancerHour | Self::NatGatewayHour => "hours",
            Self::LoadBalancerCapacityUnit => "LCU-hours",
            Self::PublicIpv4 => "address-hours",
            Self::NatGatewayTransfer
            | Self::InterZoneTransfer
            | Self::InternetTransfer
            | Self::InterRegionTransfer => "GB",
            Self::RegistryStorage | Self::RegistryArchive => "GB-months",
            Self::ImageScan | Self::ImageRescan => "scans",
            Self::UnusedCommitment => "commitment-hours",
        }
    }
}

/// One line of a bill.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerLine {
    /// What is billed.
    pub meter: Meter,
    /// Of which kind or name: an instance type, the platform of Fargate tasks, a
    /// load balancer, a commitment.
    pub item: String,
    /// For which capacity provider; empty where for none.
    pub capacity_provider: String,
    /// In which availability zone; empty where in none.
    pub availability_zone: String,
    /// How much, in whole units.
    pub quantity: u64,
    /// How many of those the price is for: 3600 of instance-seconds.
    pub units_per_price: u64,
    /// How many separate uses (launches, tasks) went in.
    pub n_uses: u64,
    /// The price, in 1e-12 USD; where it changed, the mean.
    pub price_pico_usd: u64,
    /// The day the price is of, `YYYY-MM-DD`.
    pub price_as_of: String,
    /// What the line costs: rounded once, after all its uses are summed, half of
    /// the last digit away from zero.
    #[serde(with = "super::money")]
    pub amount: Money,
}

/// How much a line is of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Quantity {
    /// Whole units.
    pub units: u64,
    /// How many the price is for.
    pub per: u64,
    /// Separate uses.
    pub n_uses: u64,
}

impl LedgerLine {
    /// A line at one price, for no provider and in no zone.
    ///
    /// # Panics
    ///
    /// For a price that is negative or above 18 million dollars.
    pub fn of(
        meter: Meter,
        item: impl Into<String>,
        quantity: Quantity,
        price: Money,
        as_of: impl Into<String>,
    ) -> Self {
        Self {
            meter,
            item: item.into(),
            capacity_provider: String::new(),
            availability_zone: String::new(),
            quantity: quantity.units,
            units_per_price: quantity.per,
            n_uses: quantity.n_uses,
            price_pico_usd: u64::try_from(price.pico_usd()).expect("a price is checked when it is read"),
            price_as_of: as_of.into(),
            amount: price.times(quantity.units.into(), quantity.per.into()),
        }
    }

    /// The same for a capacity provider, in a zone.
    #[must_use]
    pub fn with_place(mut self, capacity_provider: &str, availability_zone: &str) -> Self {
        capacity_provider.clone_into(&mut self.capacity_provider);
        availability_zone.clone_into(&mut self.availability_zone);
        self
    }

    /// The same where the price changed, or was not that of the list: what it
    /// comes to is known, and the price is the mean.
    #[must_use]
    pub fn with_amount(mut self, amount: Money) -> Self {
        self.amount = amount;
        let mean = match self.quantity {
            0 => Money::ZERO,
            quantity => amount.times(self.units_per_price.into(), quantity.into()),
        };
        self.price_pico_usd = u64::try_from(mean.pico_usd()).unwrap_or(0);
        self
    }

    /// What this line costs.
    pub const fn cost(&self) -> Money {
        self.amount
    }

    /// How much was billed, in [`Meter::unit`], for reports.
    pub fn billed(&self) -> f64 {
        self.quantity as f64 / self.units_per_price as f64
    }
}

/// Whose a part of a line is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CostOwner {
    /// Of the service at this position of the experiment.
    Service(u32),
    /// Of stand-alone tasks.
    StandaloneTasks,
    /// Instances that nobody had reserved, and what they bring along.
    Idle,
    /// Of everybody: what no service or task used alone.
    Shared,
}

/// A part of a line.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct CostShare {
    /// Position of the line.
    pub line: u32,
    /// Whose it is.
    pub owner: CostOwner,
    /// The part.
    #[serde(with = "super::money")]
    pub amount: Money,
}

/// What became of a commitment.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct CommitmentRecord {
    /// Its name.
    pub name: String,
    /// What was promised for the measured time.
    #[serde(with = "super::money")]
    pub committed: Money,
    /// Of that: what was used. The rest is the line of unused commitment.
    #[serde(with = "super::money")]
    pub used: Money,
    /// What the usage that it covered would have cost on demand.
    #[serde(with = "super::money")]
    pub covered_on_demand: Money,
    /// What all usage that it may cover, or a commitment before it did, would
    /// have cost on demand.
    #[serde(with = "super::money")]
    pub eligible_on_demand: Money,
}

impl CommitmentRecord {
    /// Percent of the promise that was used; `None` where nothing was promised.
    pub fn utilization_percent(&self) -> Option<f64> {
        percent(self.used, self.committed)
    }

    /// Percent of the eligible usage that it covered; `None` where there was none.
    pub fn coverage_percent(&self) -> Option<f64> {
        percent(self.covered_on_demand, self.eligible_on_demand)
    }
}

fn percent(part: Money, whole: Money) -> Option<f64> {
    (whole > Money::ZERO).then(|| 100.0 * part.as_usd_f64() / whole.as_usd_f64())
}

/// The lines of a run, in a fixed order. The sum of the lines is the total.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ledger {
    /// One line a meter, item, provider and zone.
    pub lines: Vec<LedgerLine>,
    /// Whose the lines are, in their order; the shares of a line sum to it.
    pub shares: Vec<CostShare>,
    /// The commitments, in the order of the experiment.
    pub commitments: Vec<CommitmentRecord>,
    /// What was used and is in no line, for the region has no known price of it:
    /// names as price files have them, ascending.
    pub unpriced: BTreeSet<String>,
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

    /// What each owner pays of each group of lines, in their order.
    pub fn by_owner(&self) -> Vec<(CostOwner, LineGroup, Money)> {
        let mut sums = std::collections::BTreeMap::new();
        for share in &self.shares {
            let group = self.lines[share.line as usize].meter.group();
            *sums.entry((share.owner, group)).or_insert(Money::ZERO) += share.amount;
        }
        sums.into_iter().map(|((owner, group), amount)| (owner, group, amount)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(meter: Meter, units: u64, per: u64, price: &str) -> LedgerLine {
        let price = Money::parse_usd(price).unwrap();
        LedgerLine::of(meter, "", Quantity { units, per, n_uses: 1 }, price, "")
    }

    #[test]
    fn a_line_is_rounded_once_and_the_total_is_the_sum_of_its_parts() {
        let lines = vec![
            line(Meter::Ec2OnDemand, 3600, 3600, "0.096"),
            // A quarter vCPU and half a GB for an hour.
            line(Meter::FargateVcpu, 256 * 3600, 1024 * 3600, "0.04048"),
            line(Meter::FargateMemory, 512 * 3600, 1024 * 3600, "0.004445"),
            line(Meter::FargateEphemeralStorage, 30 * 1800, 3600, "0.000111"),
            // One CPU unit for a second: 3.496 of the last digit's thousands.
            line(Meter::FargateSpotVcpu, 1, 1024 * 3600, "0.01288871"),
            line(Meter::EbsVolume, 30 * 86_400, 30 * 86_400, "0.08"),
        ];
        let ledger = Ledger { lines, ..Default::default() };
        let costs: Vec<String> = ledger.lines.iter().map(|it| it.cost().to_string()).collect();
        assert_eq!(costs, ["0.096", "0.01012", "0.0022225", "0.001665", "0.000000003496", "0.08"]);
        let of_groups = LineGroup::ALL.map(|group| ledger.total_of(|it| it.group() == group));
        assert_eq!(of_groups.into_iter().sum::<Money>(), ledger.total());
        assert!((ledger.lines[1].billed() - 0.25).abs() < 1e-12);
    }

    #[test]
    fn a_line_of_a_changing_price_shows_the_mean() {
        let amount = Money::parse_usd("0.03").unwrap();
        let line = line(Meter::Ec2Spot, 7200, 3600, "1").with_amount(amount);
        assert_eq!((line.cost(), line.price_pico_usd), (amount, 15_000_000_000));
        let unused = super::tests::line(Meter::Ec2Spot, 0, 3600, "1").with_amount(Money::ZERO);
        assert_eq!(unused.price_pico_usd, 0);
    }

    #[test]
    fn the_longest_bill_does_not_overflow() {
        assert!(line(Meter::FargateMemory, u64::MAX, 1024 * 3600, "10000").cost() > Money::ZERO);
    }

    #[test]
    fn a_bill_is_written_and_read_to_the_last_digit() {
        let ledger = Ledger {
            lines: vec![line(Meter::Ec2OnDemand, 12_345, 3600, "0.0123456789")],
            shares: vec![CostShare {
                line: 0,
                owner: CostOwner::Service(3),
                amount: Money::from_pico_usd(1),
            }],
            ..Ledger::default()
        };
        let text = serde_json::to_string(&ledger).unwrap();
        assert_eq!(serde_json::from_str::<Ledger>(&text).unwrap(), ledger);
    }
}
