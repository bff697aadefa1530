//! What a region charges beside instances and Fargate.

use std::collections::BTreeMap;

use crate::base::Money;

/// A price, and the day it is of.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DatedPrice {
    /// What one unit costs, or an hour of it.
    pub usd: Money,
    /// The day, `YYYY-MM-DD`; empty if nobody said it.
    pub as_of: String,
}

impl DatedPrice {
    /// A price of no known day.
    pub const fn of(usd: Money) -> Self {
        Self { usd, as_of: String::new() }
    }
}

/// Something with a price of its own.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum PriceItem {
    /// One GiB of a gp3 volume for a month.
    EbsGp3GibMonth,
    /// One GiB of a gp2 volume for a month.
    EbsGp2GibMonth,
    /// An Application Load Balancer for an hour.
    AlbHour,
    /// One load balancer capacity unit of it for an hour.
    AlbLcuHour,
    /// A Network Load Balancer for an hour.
    NlbHour,
    /// One capacity unit of it for an hour.
    NlbLcuHour,
    /// A NAT gateway for an hour.
    NatHour,
    /// One GB through it.
    NatGb,
    /// One GB of images in a private registry for a month.
    EcrGbMonth,
    /// One GB of archived images for a month.
    EcrArchiveGbMonth,
    /// The first scan of an image by Amazon Inspector.
    EcrEnhancedScan,
    /// Each further look at it.
    EcrEnhancedRescan,
    /// One GB to the internet, of the first 10 TB.
    InternetOutGb,
    /// One GB to another zone, in each direction.
    InterZoneGb,
    /// One GB to another region.
    InterRegionGb,
    /// A public IPv4 address for an hour.
    PublicIpv4Hour,
}

impl PriceItem {
    /// All of them, under the names that price files use.
    pub const NAMES: &[(&'static str, Self)] = &[
        ("ebs:gp3_gib_month", Self::EbsGp3GibMonth),
        ("ebs:gp2_gib_month", Self::EbsGp2GibMonth),
        ("alb:hour", Self::AlbHour),
        ("alb:lcu_hour", Self::AlbLcuHour),
        ("nlb:hour", Self::NlbHour),
        ("nlb:lcu_hour", Self::NlbLcuHour),
        ("nat:hour", Self::NatHour),
        ("nat:gb", Self::NatGb),
        ("ecr:gb_month", Self::EcrGbMonth),
        ("ecr:archive_gb_month", Self::EcrArchiveGbMonth),
        ("ecr:enhanced_scan", Self::EcrEnhancedScan),
        ("ecr:enhanced_rescan", Self::EcrEnhancedRescan),
        ("transfer:internet_out_gb", Self::InternetOutGb),
        ("transfer:inter_zone_gb", Self::InterZoneGb),
        ("transfer:inter_region_gb", Self::InterRegionGb),
        ("public_ipv4:hour", Self::PublicIpv4Hour),
    ];

    /// As price files name it.
    pub fn name(self) -> &'static str {
        Self::NAMES.iter().find(|it| it.1 == self).expect("every item has a name").0
    }
}

/// The prices of a region, each with its own day: of one unit of the item. What
/// is not there has no known price.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Prices {
    of_items: BTreeMap<PriceItem, DatedPrice>,
}

impl Prices {
    /// With these.
    pub fn new(of_items: BTreeMap<PriceItem, DatedPrice>) -> Self {
        Self { of_items }
    }

    /// Of one unit of the item; `None` where no price is known.
    pub fn of(&self, item: PriceItem) -> Option<&DatedPrice> {
        self.of_items.get(&item)
    }
}
