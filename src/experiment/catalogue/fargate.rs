//! Prices of Fargate: how a price file calls them, and what they make for a task.

use std::collections::BTreeMap;

use crate::model::capacity::FargateRates;
use crate::model::price::DatedPrice;

/// What one price of Fargate is of.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct FargatePrice {
    platform: Platform,
    is_spot: bool,
    unit: Unit,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Platform {
    Linux,
    LinuxArm,
    Windows,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Unit {
    Vcpu,
    Gb,
    StorageGib,
    /// The licence of Windows for a vCPU.
    OsVcpu,
}

/// What a price is called before the colon. There is no Spot for Windows (developer
/// guide, fargate-capacity-providers).
const KINDS: &[(&str, Platform, bool)] = &[
    ("fargate", Platform::Linux, false),
    ("fargate_spot", Platform::Linux, true),
    ("fargate_arm", Platform::LinuxArm, false),
    ("fargate_arm_spot", Platform::LinuxArm, true),
    ("fargate_windows", Platform::Windows, false),
];

/// And behind it.
const UNITS: &[(&str, Unit)] = &[
    ("vcpu_hour", Unit::Vcpu),
    ("gb_hour", Unit::Gb),
    ("storage_gib_hour", Unit::StorageGib),
    ("os_vcpu_hour", Unit::OsVcpu),
];

impl FargatePrice {
    /// All there are.
    pub(super) fn all() -> impl Iterator<Item = Self> {
        let of_kind = |&(_, platform, is_spot): &(&str, Platform, bool)| {
            let price = move |&(_, unit): &(&str, Unit)| Self { platform, is_spot, unit };
            UNITS.iter().map(price)
        };
        // Only Windows has a licence.
        KINDS
            .iter()
            .flat_map(of_kind)
            .filter(|it| it.unit != Unit::OsVcpu || it.platform == Platform::Windows)
    }

    /// By the name that a price file has for it: `fargate_arm_spot:vcpu_hour`.
    pub(super) fn named(name: &str) -> Option<Self> {
        let (kind, unit) = name.split_once(':')?;
        let &(_, platform, is_spot) = KINDS.iter().find(|it| it.0 == kind)?;
        let &(_, unit) = UNITS.iter().find(|it| it.0 == unit)?;
        Some(Self { platform, is_spot, unit }).filter(|price| Self::all().any(|it| it == *price))
    }

    /// That name.
    pub(super) fn name(self) -> String {
        let kind = KINDS.iter().find(|it| (it.1, it.2) == (self.platform, self.is_spot));
        let unit = UNITS.iter().find(|it| it.1 == self.unit);
        let (kind, unit) = kind.zip(unit).expect("every price has a kind and a unit");
        format!("{}:{}", kind.0, unit.0)
    }
}

/// The prices of a region for Linux tasks. Storage has one price; MODEL: Spot
/// lowers that of vCPUs and memory only. A file may give it another one all the
/// same.
pub(super) fn linux_rates(
    prices: &BTreeMap<FargatePrice, DatedPrice>,
    is_arm: bool,
    is_spot: bool,
) -> Option<FargateRates> {
    let platform = if is_arm { Platform::LinuxArm } else { Platform::Linux };
    let storage = [(platform, is_spot), (platform, false), (Platform::Linux, false)];
    rates(prices, (platform, is_spot), &storage)
}

/// The prices of a region for Windows tasks, and that of the licence.
pub(super) fn windows_rates(
    prices: &BTreeMap<FargatePrice, DatedPrice>,
) -> Option<(FargateRates, DatedPrice)> {
    let storage = [(Platform::Windows, false), (Platform::Linux, false)];
    let rates = rates(prices, (Platform::Windows, false), &storage)?;
    let licence = FargatePrice { platform: Platform::Windows, is_spot: false, unit: Unit::OsVcpu };
    Some((rates, prices.get(&licence)?.clone()))
}

/// Of one kind, with the first price of storage among `storage` that is known.
fn rates(
    prices: &BTreeMap<FargatePrice, DatedPrice>,
    kind: (Platform, bool),
    storage: &[(Platform, bool)],
) -> Option<FargateRates> {
    let price = |(platform, is_spot), unit| prices.get(&FargatePrice { platform, is_spot, unit }).cloned();
    Some(FargateRates {
        vcpu_hour: price(kind, Unit::Vcpu)?,
        gb_hour: price(kind, Unit::Gb)?,
        storage_gib_hour: storage.iter().find_map(|it| price(*it, Unit::StorageGib)),
        license_vcpu_hour: None,
    })
}

#[cfg(test)]
mod tests {
    use super::super::Catalogue;
    use super::*;

    #[test]
    fn rates_are_of_region_architecture_and_capacity() {
        let catalogue = Catalogue::built_in();
        let shown = |region, is_arm, is_spot| {
            let rates = catalogue.fargate_rates(region, is_arm, is_spot)?;
            let storage = rates.storage_gib_hour.map_or_else(String::new, |it| it.usd.to_string());
            Some(format!("{} {} {storage}", rates.vcpu_hour.usd, rates.gb_hour.usd))
        };
        assert_eq!(shown("us-east-1", false, false).unwrap(), "0.04048 0.004445 0.000111");
        assert_eq!(shown("us-east-1", false, true).unwrap(), "0.01288871 0.00141527 0.000111");
        assert_eq!(shown("eu-west-1", true, true).unwrap(), "0.00979124 0.00107649 0.000122");
        // Of this region no price of storage and none of Arm is known.
        assert_eq!(shown("us-west-2", false, false).unwrap(), "0.04048 0.004445 ");
        assert_eq!((shown("us-west-2", true, false), shown("mars-1", false, false)), (None, None));
    }

    #[test]
    fn windows_has_rates_of_its_own_and_a_licence() {
        let shown = |region| {
            let (rates, licence) = Catalogue::built_in().fargate_windows_rates(region)?;
            Some(format!("{} {} {}", rates.vcpu_hour.usd, rates.gb_hour.usd, licence.usd))
        };
        // Semantics 8.6; eu-west-1 is of before the prices were halved.
        assert_eq!(shown("us-east-1").unwrap(), "0.046552 0.00511175 0.046");
        assert_eq!(shown("eu-west-1").unwrap(), "0.09148 0.01005 0.046");
        assert_eq!(shown("us-west-2"), None);
    }

    #[test]
    fn names_lead_to_prices_and_back() {
        for price in FargatePrice::all() {
            assert_eq!(FargatePrice::named(&price.name()), Some(price));
        }
        assert_eq!(FargatePrice::all().count(), 16);
        for name in ["fargate:os_vcpu_hour", "fargate_windows_spot:vcpu_hour", "fargate", "fargate:vcpu"] {
            assert_eq!(FargatePrice::named(name), None, "{name}");
        }
    }

    #[test]
    fn a_price_file_may_name_units_of_fargate() {
        let header = "region,instance_type,usd_per_hour,as_of\n";
        let rows = "mars-1,fargate:vcpu_hour,0.5,2026-10-01\nmars-1,fargate:gb_hour,0.25,2026-10-02\n\
                    mars-1,fargate:storage_gib_hour,0.125,2026-10-03\n";
        let catalogue = Catalogue::built_in().with_prices("p.csv", &format!("{header}{rows}")).unwrap();
        let rates = catalogue.fargate_rates("mars-1", false, false).unwrap();
        assert_eq!(
            (rates.gb_hour.usd.to_string(), rates.gb_hour.as_of.as_str()),
            ("0.25".to_owned(), "2026-10-02")
        );
        assert!(!catalogue.regions().contains(&"mars-1"), "it has no price of an instance");

        let rows = "us-east-1,fargate:vcpu,0.5,2026-10-01\nus-east-1,fargat:gb_hour,1,2026-10-01\n";
        let faults = Catalogue::built_in().with_prices("p.csv", &format!("{header}{rows}")).unwrap_err();
        let places: Vec<_> = faults
            .iter()
            .map(|it| it.place.as_ref().unwrap())
            .map(|it| (it.line, it.column, it.width))
            .collect();
        assert_eq!(places, [(2, 11, 12), (3, 11, 14)]);
    }
}
