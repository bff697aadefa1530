//! Instance types and prices: facts of AWS, dated, in small tables of our own
//! form, and a user's price file that beats them. `examples/refresh_catalogue.rs`
//! makes the tables and says where the facts are from.
//!
//! `instance_types.csv`: vCPUs, advertised memory, GPUs, architecture, and whether
//! AWS calls it current, from `DescribeInstanceTypes` records (2026-08-22). Tasks
//! in awsvpc mode, from the developer guide (container-instance-eni, 2023-04-18);
//! for types that the guide does not name, attachable interfaces less the primary
//! one, and nothing said of trunking. `ec2_prices.csv`: Linux on-demand prices
//! (us-east-1 of 2026-07-20, the other regions of 2022-09-03). `spot_prices.csv`:
//! Linux Spot prices of one day. `spot_advisor.csv`: how often Spot instances are
//! taken back. `fargate_prices.csv` (of Spot prices, which float, the newest known)
//! and `service_prices.csv`: what else is charged. Each price has its own day.

mod advisor;
mod fargate;
mod item;
mod price_file;

use std::collections::BTreeMap;
use std::sync::OnceLock;

pub use self::advisor::SpotAdvice;
use self::fargate::FargatePrice;
use crate::base::{Diagnostic, MemoryMib, Money};
use crate::model::capacity::FargateRates;
use crate::model::instance::{InstanceType, registered_cpu, registered_memory};
use crate::model::price::{DatedPrice, PriceItem, Prices};
use crate::model::task::Needs;

const INSTANCE_TYPES: &str = include_str!("instance_types.csv");
const PRICE_FILES: [(&str, &str); 4] = [
    ("ec2_prices.csv", include_str!("ec2_prices.csv")),
    ("spot_prices.csv", include_str!("spot_prices.csv")),
    ("fargate_prices.csv", include_str!("fargate_prices.csv")),
    ("service_prices.csv", include_str!("service_prices.csv")),
];

/// What is known of instance types and prices.
#[derive(Clone, Debug, Default)]
pub struct Catalogue {
    types: BTreeMap<&'static str, Size>,
    regions: BTreeMap<String, RegionPrices>,
}

/// What a region charges.
#[derive(Clone, Debug, Default)]
struct RegionPrices {
    /// Of an hour of an instance, by type.
    on_demand: BTreeMap<String, DatedPrice>,
    /// The same as Spot.
    spot: BTreeMap<String, DatedPrice>,
    /// Of an hour of a unit.
    fargate: BTreeMap<FargatePrice, DatedPrice>,
    /// Of a unit.
    services: BTreeMap<PriceItem, DatedPrice>,
}

/// How large an instance type is, as advertised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Virtual CPUs.
    pub vcpus: u32,
    /// Advertised memory.
    pub memory: MemoryMib,
    /// Whole GPUs.
    pub gpus: u32,
    /// What its network moves in the long run, in Mbit/s.
    pub network_mbps: u32,
    /// Whether its processor is of the Arm architecture (`arm64`).
    pub is_arm: bool,
    /// How many tasks in awsvpc mode it holds.
    pub awsvpc_tasks: u32,
    /// The same with trunked interfaces; `None` if that is not supported, or
    /// not known.
    pub awsvpc_tasks_trunking: Option<u32>,
    /// Whether AWS calls it of the current generation (API
    /// InstanceTypeInfo.currentGeneration) and still offers it.
    pub is_current: bool,
}

/// Why there is no instance type to launch.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Missing {
    /// The catalogue has no type of this name.
    Type,
    /// The type has no price in the region.
    Price,
}

impl Catalogue {
    /// No instance costs more than this an hour; a larger figure is a slip. The
    /// dearest of all costs 361 USD.
    pub const DEAREST: Money = Money::from_pico_usd(10_000_000_000_000_000);

    /// The tables that come with the lab.
    pub fn built_in() -> &'static Self {
        static BUILT_IN: OnceLock<Catalogue> = OnceLock::new();
        BUILT_IN.get_or_init(|| {
            let types = INSTANCE_TYPES.lines().skip(1).map(Size::of_row).collect();
            let mut catalogue = Self { types, regions: BTreeMap::new() };
            for (file, text) in PRICE_FILES {
                let found = catalogue.read_prices(file, text);
                assert_eq!(found, [], "a table that comes with the lab has no fault");
            }
            catalogue
        })
    }

    /// The same with the prices of a user's file, which beat those here. Columns:
    /// `region,item,usd,as_of`, or as older files have them
    /// `region,instance_type,usd_per_hour,as_of`. An item is an instance type,
    /// `spot:` and an instance type, a unit of Fargate (`fargate:vcpu_hour`,
    /// `fargate_spot:gb_hour`) or one of [`PriceItem::NAMES`].
    ///
    /// # Errors
    ///
    /// Every fault of the file.
    pub fn with_prices(&self, file: &str, text: &str) -> Result<Self, Vec<Diagnostic>> {
        let mut catalogue = self.clone();
        let faults = catalogue.read_prices(file, text);
        if faults.is_empty() { Ok(catalogue) } else { Err(faults) }
    }

    /// The type as it registers with a cluster in `region`.
    ///
    /// # Errors
    ///
    /// What is not known.
    pub fn instance_type(&self, region: &str, name: &str) -> Result<InstanceType, Missing> {
        let size = self.types.get(name).ok_or(Missing::Type)?;
        let on_demand = self.on_demand(region, name).ok_or(Missing::Price)?;
        Ok(InstanceType {
            name: name.to_owned(),
            capacity: Needs {
                gpus: size.gpus,
                network_interfaces: size.awsvpc_tasks,
                ..Needs::of(registered_cpu(size.vcpus), registered_memory(size.memory))
            },
            trunked_network_interfaces: size.awsvpc_tasks_trunking,
            network_bytes_per_second: Some(u64::from(size.network_mbps) * 125_000),
            is_arm: size.is_arm,
            on_demand: on_demand.clone(),
            spot: self.spot(region, name),
        })
    }

    /// How large a type is, whether it has a price or not.
    pub fn size(&self, name: &str) -> Option<Size> {
        self.types.get(name).copied()
    }

    /// Every type with its size, by name.
    pub fn types(&self) -> impl Iterator<Item = (&'static str, Size)> {
        self.types.iter().map(|(name, size)| (*name, *size))
    }

    /// The on-demand price of a type in a region: of an hour, Linux.
    pub fn on_demand(&self, region: &str, name: &str) -> Option<&DatedPrice> {
        self.regions.get(region)?.on_demand.get(name)
    }

    /// The Spot price of a type in a region: of an hour, Linux. Where none is
    /// known, the on-demand price less the saving that the Spot advisor states in
    /// whole percent, as of the advisor's day. MODEL: such a price is as exact as
    /// that percent; a price file beats it.
    pub fn spot(&self, region: &str, name: &str) -> Option<DatedPrice> {
        if let Some(known) = self.regions.get(region)?.spot.get(name) {
            return Some(known.clone());
        }
        let advice = advisor::advice(region, name)?;
        Some(advice.price(self.on_demand(region, name)?))
    }

    /// How often Spot instances of a type were taken back in a region, as AWS
    /// publishes it.
    pub fn spot_advice(&self, region: &str, name: &str) -> Option<SpotAdvice> {
        advisor::advice(region, name)
    }

    /// What Fargate charges in a region for Linux tasks; `None` if there is no
    /// price of its vCPUs or of its memory.
    pub fn fargate_rates(&self, region: &str, is_arm: bool, is_spot: bool) -> Option<FargateRates> {
        fargate::linux_rates(&self.regions.get(region)?.fargate, is_arm, is_spot)
    }

    /// What Fargate charges in a region for Windows tasks, and for the licence of
    /// a vCPU beside its price.
    pub fn fargate_windows_rates(&self, region: &str) -> Option<(FargateRates, DatedPrice)> {
        fargate::windows_rates(&self.regions.get(region)?.fargate)
    }

    /// What else a region charges.
    pub fn service_prices(&self, region: &str) -> Prices {
        Prices::new(self.regions.get(region).map(|it| it.services.clone()).unwrap_or_default())
    }

    /// Every price of a region under the name that price files use: on demand,
    /// Spot, Fargate and services, each by name.
    pub fn prices_of(&self, region: &str) -> Vec<(String, &DatedPrice)> {
        let Some(prices) = self.regions.get(region) else { return Vec::new() };
        let on_demand = prices.on_demand.iter().map(|it| (it.0.clone(), it.1));
        let spot = prices.spot.iter().map(|it| (format!("{}{}", item::SPOT, it.0), it.1));
        let fargate = prices.fargate.iter().map(|it| (it.0.name(), it.1));
        let services = prices.services.iter().map(|it| (it.0.name().to_owned(), it.1));
        on_demand.chain(spot).chain(fargate).chain(services).collect()
    }

    /// The regions that have prices of instances, in order.
    pub fn regions(&self) -> Vec<&str> {
        let with_instances = self.regions.iter().filter(|it| !it.1.on_demand.is_empty());
        with_instances.map(|it| it.0.as_str()).collect()
    }

    /// The regions that have any price, in order.
    pub fn regions_with_prices(&self) -> impl Iterator<Item = &str> {
        self.regions.keys().map(String::as_str)
    }
}

impl Size {
    /// Of a row of the table that comes with the lab.
    fn of_row(line: &'static str) -> (&'static str, Self) {
        let cells: Vec<&str> = line.split(',').collect();
        let [name, vcpus, memory, gpus, architecture, tasks, trunking, network, generation] = cells[..]
        else {
            panic!("a row of the table has nine cells: {line}");
        };
        let number = |cell: &str| cell.parse().expect("a cell of the table is a number");
        let size = Self {
            vcpus: number(vcpus),
            memory: MemoryMib(number(memory)),
            gpus: number(gpus),
            network_mbps: number(network),
            is_arm: architecture == "arm64",
            awsvpc_tasks: number(tasks),
            awsvpc_tasks_trunking: (!trunking.is_empty()).then(|| number(trunking)),
            is_current: generation == "current",
        };
        (name, size)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_catalogue_knows_general_compute_and_memory_families() {
        let catalogue = Catalogue::built_in();
        for name in ["m6i.4xlarge", "c6i.large", "r6i.8xlarge", "m7g.xlarge", "c7i.2xlarge", "r7g.large"] {
            assert!(catalogue.instance_type("us-east-1", name).is_ok(), "{name}");
        }
        let m6i = catalogue.instance_type("us-east-1", "m6i.4xlarge").unwrap();
        assert_eq!((m6i.capacity.cpu.0, m6i.capacity.memory.0), (16_384, 63_569));
        assert_eq!(m6i.on_demand.usd.to_string(), "0.768");
        assert_eq!(catalogue.instance_type("us-east-1", "m6i.huge"), Err(Missing::Type));
        assert_eq!(catalogue.instance_type("mars-1", "m6i.large"), Err(Missing::Price));
    }

    #[test]
    fn three_hundred_current_types_have_a_price_in_each_of_four_regions() {
        let catalogue = Catalogue::built_in();
        assert_eq!(catalogue.regions(), ["eu-west-1", "us-east-1", "us-east-2", "us-west-2"]);
        for region in catalogue.regions() {
            let current = catalogue.types().filter(|it| it.1.is_current);
            let n = current.filter(|it| catalogue.on_demand(region, it.0).is_some()).count();
            assert!(n >= 300, "{region}: {n}");
        }
        for (name, _) in catalogue.types() {
            assert!(catalogue.regions().iter().any(|it| catalogue.on_demand(it, name).is_some()), "{name}");
        }
    }

    #[test]
    fn a_type_registers_its_gpus_and_network_interfaces() {
        let of = |name| {
            let it = Catalogue::built_in().instance_type("us-east-1", name).unwrap();
            (it.capacity.gpus, it.capacity.network_interfaces, it.trunked_network_interfaces, it.is_arm)
        };
        // The figures of the developer guide's table.
        assert_eq!(of("m5.large"), (0, 2, Some(10), false));
        assert_eq!(of("m6i.8xlarge"), (0, 7, Some(90), false));
        assert_eq!(of("m6g.medium"), (0, 1, Some(4), true));
        assert_eq!(of("t3.xlarge"), (0, 3, None, false));
        assert_eq!(of("g4dn.12xlarge"), (4, 7, None, false));
        assert!(of("g5g.xlarge").3);
    }

    #[test]
    fn a_spot_price_is_the_known_one_or_what_the_advisor_saves() {
        let catalogue = Catalogue::built_in();
        let spot = |catalogue: &Catalogue, region, name| {
            catalogue.spot(region, name).map(|it| (it.usd.to_string(), it.as_of))
        };
        let known = catalogue.regions["us-east-1"].spot["m5.large"].clone();
        assert_eq!(spot(catalogue, "us-east-1", "m5.large"), Some((known.usd.to_string(), known.as_of)));
        // 0.107 USD on demand in 2022, and a saving of so many percent in 2025.
        let advice = catalogue.spot_advice("eu-west-1", "m5.large").unwrap();
        let cents = 107 * (100 - advice.saving_percent);
        let expected = (format!("0.{cents:05}").trim_end_matches('0').to_owned(), "2025-07-28".to_owned());
        assert_eq!(spot(catalogue, "eu-west-1", "m5.large"), Some(expected));
        assert_eq!(spot(catalogue, "mars-1", "m5.large"), None);
        let text = "region,item,usd,as_of\neu-west-1,spot:m5.large,0.04,2026-10-01\n";
        let own = catalogue.with_prices("p.csv", text).unwrap();
        let expected = ("0.04".to_owned(), "2026-10-01".to_owned());
        assert_eq!(spot(&own, "eu-west-1", "m5.large"), Some(expected));
        // A price on demand of one's own is what the saving is of.
        let text = "region,item,usd,as_of\neu-west-1,m5.large,100,2026-10-01\n";
        let own = catalogue.with_prices("p.csv", text).unwrap();
        let left = (100 - advice.saving_percent).to_string();
        assert_eq!(spot(&own, "eu-west-1", "m5.large"), Some((left, "2025-07-28".to_owned())));
    }

    #[test]
    fn what_else_is_charged_has_its_own_day() {
        let of = |region, item| {
            let price = Catalogue::built_in().service_prices(region).of(item).cloned()?;
            Some(format!("{} {}", price.usd, price.as_of))
        };
        // Semantics 8.6.
        assert_eq!(of("us-east-1", PriceItem::EbsGp3GibMonth).unwrap(), "0.08 2022-09-03");
        assert_eq!(of("us-east-1", PriceItem::AlbHour).unwrap(), "0.0225 2026-08-21");
        assert_eq!(of("us-east-1", PriceItem::AlbLcuHour).unwrap(), "0.008 2026-08-21");
        assert_eq!(of("us-east-1", PriceItem::NlbLcuHour).unwrap(), "0.006 2026-08-21");
        assert_eq!(of("us-east-1", PriceItem::NatGb).unwrap(), "0.045 2026-09-11");
        assert_eq!(of("us-east-1", PriceItem::PublicIpv4Hour).unwrap(), "0.005 2026-09-11");
        assert_eq!(of("eu-west-1", PriceItem::EbsGp3GibMonth).unwrap(), "0.088 2022-09-03");
        // Of this region no price is known.
        assert_eq!((of("eu-west-1", PriceItem::AlbHour), of("mars-1", PriceItem::AlbHour)), (None, None));
    }
}
