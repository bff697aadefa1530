//! Prices of Fargate: how a price file calls them, and what they make for a task.

use std::collections::BTreeMap;

use crate::model::capacity::FargateRates;
use crate::model::price::DatedPrice;

/// What one price of Fargate is of. Linux alone.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct FargatePrice {
    is_arm: bool,
    is_spot: bool,
    unit: Unit,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Unit {
    Vcpu,
    Gb,
    StorageGib,
}

impl FargatePrice {
    /// By the name that a price file has for it: `fargate_arm_spot:vcpu_hour`.
    pub(super) fn named(name: &str) -> Option<Self> {
        let (kind, unit) = name.split_once(':')?;
        let (is_arm, is_spot) = match kind {
            "fargate" => (false, false),
            "fargate_spot" => (false, true),
            "fargate_arm" => (true, false),
            "fargate_arm_spot" => (true, true),
            _ => return None,
        };
        let unit = match unit {
            "vcpu_hour" => Unit::Vcpu,
            "gb_hour" => Unit::Gb,
            "storage_gib_hour" => Unit::StorageGib,
            _ => return None,
        };
        Some(Self { is_arm, is_spot, unit })
    }
}

/// The prices of a region together. Storage has one price; MODEL: Spot lowers
/// that of vCPUs and memory only. A file may give it another one all the same.
pub(super) fn rates(
    prices: &BTreeMap<(String, FargatePrice), DatedPrice>,
    region: &str,
    is_arm: bool,
    is_spot: bool,
) -> Option<FargateRates> {
    let price = |is_arm, is_spot, unit| {
        prices.get(&(region.to_owned(), FargatePrice { is_arm, is_spot, unit })).cloned()
    };
    let storage = [(is_arm, is_spot), (is_arm, false), (false, false)];
    Some(FargateRates {
        vcpu_hour: price(is_arm, is_spot, Unit::Vcpu)?,
        gb_hour: price(is_arm, is_spot, Unit::Gb)?,
        storage_gib_hour: storage.into_iter().find_map(|(arm, spot)| price(arm, spot, Unit::StorageGib)),
    })
}

#[cfg(test)]
mod tests {
    use super::super::Catalogue;

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
