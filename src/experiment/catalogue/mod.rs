//! Instance types and their prices: facts of AWS, dated, in two small tables of
//! our own form, and a user's price file that beats them.
//!
//! `instance_types.csv`: vCPUs and advertised memory, from `DescribeInstanceTypes`
//! records (2026-08-22). `ec2_prices.csv`: Linux on-demand prices; each row has
//! its day (us-east-1 of 2026-07-20; us-west-2 and eu-west-1 of 2022-09-03).

use std::collections::BTreeMap;
use std::sync::OnceLock;

use crate::base::{Diagnostic, MemoryMib, Money, Place};
use crate::model::instance::{InstanceType, registered_cpu, registered_memory};
use crate::model::task::Needs;

const INSTANCE_TYPES: &str = include_str!("instance_types.csv");
const EC2_PRICES: &str = include_str!("ec2_prices.csv");

/// What is known of instance types and prices.
#[derive(Clone, Debug, Default)]
pub struct Catalogue {
    types: BTreeMap<String, Size>,
    prices: BTreeMap<(String, String), Price>,
}

/// How large an instance type is, as advertised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Virtual CPUs.
    pub vcpus: u32,
    /// Advertised memory.
    pub memory: MemoryMib,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Price {
    usd_per_hour: Money,
    as_of: String,
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
                let mut cells = line.split(',');
                let mut next = || cells.next().expect("a row of the table has three cells");
                let name = next().to_owned();
                let vcpus = next().parse().expect("vCPUs are a number");
                let memory = MemoryMib(next().parse().expect("memory is a number"));
                catalogue.types.insert(name, Size { vcpus, memory });
            }
            let found = catalogue.read_prices("ec2_prices.csv", EC2_PRICES);
            assert_eq!(found, [], "the table that comes with the lab has no fault");
            catalogue
        })
    }

    /// The same with the prices of a user's file, which beat those here. Columns:
    /// `region,instance_type,usd_per_hour,as_of`.
    ///
    /// # Errors
    ///
    /// Every fault of the file.
    pub fn with_prices(&self, file: &str, text: &str) -> Result<Self, Vec<Diagnostic>> {
        let mut catalogue = self.clone();
        let faults = catalogue.read_prices(file, text);
        if faults.is_empty() { Ok(catalogue) } else { Err(faults) }
    }

    fn read_prices(&mut self, file: &str, text: &str) -> Vec<Diagnostic> {
        const HEADER: &str = "region,instance_type,usd_per_hour,as_of";
        let mut faults = Vec::new();
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        for (idx, line) in text.lines().enumerate() {
            let line = line.trim_end_matches('\r');
            let mut fault = |column: usize, width: usize, message: String| {
                let place = Place {
                    file: file.to_owned(),
                    line: idx as u64 + 1,
                    column: column as u64 + 1,
                    width: width.max(1) as u64,
                    text: line.to_owned(),
                };
                faults.push(Diagnostic::new("B0120", message).at(place));
            };
            if idx == 0 {
                if line != HEADER {
                    fault(0, line.chars().count(), format!("expected the header `{HEADER}`"));
                    break;
                }
                continue;
            }
            let cells: Vec<&str> = line.split(',').collect();
            let [region, instance_type, price, as_of] = cells[..] else {
                fault(0, line.chars().count(), format!("expected 4 cells, found {}", cells.len()));
                continue;
            };
            let price_column = region.chars().count() + instance_type.chars().count() + 2;
            let usd_per_hour = match Money::parse_usd(price) {
                Some(amount) if amount >= Money::ZERO && amount <= Self::DEAREST => amount,
                _ => {
                    let message = format!("`{price}` is not a price of 0 to {} USD an hour", Self::DEAREST);
                    fault(price_column, price.chars().count(), message);
                    continue;
                }
            };
            if as_of.parse::<jiff::civil::Date>().is_err() {
                let column = price_column + price.chars().count() + 1;
                fault(column, as_of.chars().count(), format!("`{as_of}` is not a day such as 2026-07-20"));
                continue;
            }
            let key = (region.to_owned(), instance_type.to_owned());
            self.prices.insert(key, Price { usd_per_hour, as_of: as_of.to_owned() });
        }
        if text.is_empty() {
            let place = Place::in_source(file, text, 0, 0);
            let message = format!("the file is empty, expected the header `{HEADER}`");
            faults.push(Diagnostic::new("B0120", message).at(place));
        }
        faults
    }

    /// No instance costs more than this an hour; a larger figure is a slip.
    pub const DEAREST: Money = Money::from_pico_usd(10_000_000_000_000_000);

    /// The type as it registers with a cluster in `region`.
    ///
    /// # Errors
    ///
    /// What is not known.
    pub fn instance_type(&self, region: &str, name: &str) -> Result<InstanceType, Missing> {
        let size = self.types.get(name).ok_or(Missing::Type)?;
        let price = self.prices.get(&(region.to_owned(), name.to_owned())).ok_or(Missing::Price)?;
        Ok(InstanceType {
            name: name.to_owned(),
            capacity: Needs::of(registered_cpu(size.vcpus), registered_memory(size.memory)),
            usd_per_hour: price.usd_per_hour,
            price_as_of: price.as_of.clone(),
        })
    }

    /// Every type with its size, by name.
    pub fn types(&self) -> impl Iterator<Item = (&str, Size)> {
        self.types.iter().map(|(name, size)| (name.as_str(), *size))
    }

    /// The price of a type in a region with its day.
    pub fn price(&self, region: &str, name: &str) -> Option<(Money, &str)> {
        let price = self.prices.get(&(region.to_owned(), name.to_owned()))?;
        Some((price.usd_per_hour, &price.as_of))
    }

    /// The regions that have prices, in order.
    pub fn regions(&self) -> Vec<&str> {
        let mut regions: Vec<&str> = self.prices.keys().map(|it| it.0.as_str()).collect();
        regions.dedup();
        regions
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
        assert_eq!(m6i.usd_per_hour.to_string(), "0.768");
        assert_eq!(catalogue.instance_type("us-east-1", "m6i.huge"), Err(Missing::Type));
        assert_eq!(catalogue.instance_type("mars-1", "m6i.large"), Err(Missing::Price));
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
