//! Instance types and prices: facts of AWS, dated, in three small tables of our
//! own form, and a user's price file that beats them.
//!
//! `instance_types.csv`: vCPUs, advertised memory, GPUs and architecture, from
//! `DescribeInstanceTypes` records (2026-08-22; p3 has been retired since). Tasks
//! in awsvpc mode, from the developer guide (container-instance-eni, 2023-04-18);
//! for types that the guide does not name, attachable interfaces less the primary
//! one, and nothing said of trunking. `ec2_prices.csv`: Linux on-demand prices;
//! each row has its day (us-east-1 of 2026-07-20; us-west-2 and eu-west-1 of
//! 2022-09-03). `fargate_prices.csv`: Linux, each row with its day (of Spot prices,
//! which float, the newest known).

mod fargate;
mod price_file;

use std::collections::BTreeMap;
use std::sync::OnceLock;

use self::fargate::FargatePrice;
use crate::base::{Diagnostic, MemoryMib, Money};
use crate::model::capacity::FargateRates;
use crate::model::instance::{InstanceType, registered_cpu, registered_memory};
use crate::model::price::DatedPrice;
use crate::model::task::Needs;

const INSTANCE_TYPES: &str = include_str!("instance_types.csv");
const EC2_PRICES: &str = include_str!("ec2_prices.csv");
const FARGATE_PRICES: &str = include_str!("fargate_prices.csv");

/// What is known of instance types and prices.
#[derive(Clone, Debug, Default)]
pub struct Catalogue {
    types: BTreeMap<String, Size>,
    /// Of an hour of an instance, by region and type.
    ec2: BTreeMap<(String, String), DatedPrice>,
    /// Of an hour of a unit, by region.
    fargate: BTreeMap<(String, FargatePrice), DatedPrice>,
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
    /// Whether its processor is of the Arm architecture (`arm64`).
    pub is_arm: bool,
    /// How many tasks in awsvpc mode it holds.
    pub awsvpc_tasks: u32,
    /// The same with trunked interfaces; `None` if that is not supported, or
    /// not known.
    pub awsvpc_tasks_trunking: Option<u32>,
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
    /// The tables that come with the lab.
    pub fn built_in() -> &'static Self {
        static BUILT_IN: OnceLock<Catalogue> = OnceLock::new();
        BUILT_IN.get_or_init(|| {
            let mut catalogue = Self::default();
            for line in INSTANCE_TYPES.lines().skip(1) {
                let (name, size) = Size::of_row(line);
                catalogue.types.insert(name.to_owned(), size);
            }
            for (file, text) in [("ec2_prices.csv", EC2_PRICES), ("fargate_prices.csv", FARGATE_PRICES)] {
                let found = catalogue.read_prices(file, text);
                assert_eq!(found, [], "a table that comes with the lab has no fault");
            }
            catalogue
        })
    }

    /// The same with the prices of a user's file, which beat those here. Columns:
    /// `region,instance_type,usd_per_hour,as_of`. In the place of an instance type
    /// may stand a unit of Fargate: `fargate:vcpu_hour`, `fargate_spot:gb_hour`.
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
        let price = self.ec2.get(&(region.to_owned(), name.to_owned())).ok_or(Missing::Price)?;
        Ok(InstanceType {
            name: name.to_owned(),
            capacity: Needs {
                gpus: size.gpus,
                network_interfaces: size.awsvpc_tasks,
                ..Needs::of(registered_cpu(size.vcpus), registered_memory(size.memory))
            },
            trunked_network_interfaces: size.awsvpc_tasks_trunking,
            is_arm: size.is_arm,
            on_demand: price.clone(),
            spot: None,
        })
    }

    /// How large a type is, whether it has a price or not.
    pub fn size(&self, name: &str) -> Option<Size> {
        self.types.get(name).copied()
    }

    /// Every type with its size, by name.
    pub fn types(&self) -> impl Iterator<Item = (&str, Size)> {
        self.types.iter().map(|(name, size)| (name.as_str(), *size))
    }

    /// The price of a type in a region with its day.
    pub fn price(&self, region: &str, name: &str) -> Option<(Money, &str)> {
        let price = self.ec2.get(&(region.to_owned(), name.to_owned()))?;
        Some((price.usd, &price.as_of))
    }

    /// What Fargate charges in a region; `None` if there is no price of its vCPUs
    /// or of its memory.
    pub fn fargate_rates(&self, region: &str, is_arm: bool, is_spot: bool) -> Option<FargateRates> {
        fargate::rates(&self.fargate, region, is_arm, is_spot)
    }

    /// The regions that have prices of instances, in order.
    pub fn regions(&self) -> Vec<&str> {
        let mut regions: Vec<&str> = self.ec2.keys().map(|it| it.0.as_str()).collect();
        regions.dedup();
        regions
    }
}

impl Size {
    /// Of a row of the table that comes with the lab.
    fn of_row(line: &str) -> (&str, Self) {
        let cells: Vec<&str> = line.split(',').collect();
        let [name, vcpus, memory, gpus, architecture, tasks, trunking] = cells[..] else {
            panic!("a row of the table has seven cells: {line}");
        };
        let number = |cell: &str| cell.parse().expect("a cell of the table is a number");
        let size = Self {
            vcpus: number(vcpus),
            memory: MemoryMib(number(memory)),
            gpus: number(gpus),
            is_arm: architecture == "arm64",
            awsvpc_tasks: number(tasks),
            awsvpc_tasks_trunking: (!trunking.is_empty()).then(|| number(trunking)),
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
    fn a_users_prices_beat_the_built_in_ones_and_their_faults_are_all_named() {
        let text = "region,instance_type,usd_per_hour,as_of\nus-east-1,m6i.large,0.05,2026-10-01\n";
        let catalogue = Catalogue::built_in().with_prices("p.csv", text).unwrap();
        assert_eq!(catalogue.price("us-east-1", "m6i.large").unwrap().0.to_string(), "0.05");
        let text = "region,instance_type,usd_per_hour,as_of\na,b,NaN,2026-10-01\na,b,1,soon\na,b\n";
        let faults = Catalogue::built_in().with_prices("p.csv", text).unwrap_err();
        let places: Vec<_> =
            faults.iter().map(|it| it.place.as_ref().unwrap()).map(|it| (it.line, it.column)).collect();
        assert_eq!(places, [(2, 5), (3, 7), (4, 1)]);
    }
}
