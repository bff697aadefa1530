//! Price files, those that come with the lab and a user's: one row a price, with
//! its region and its day. Every fault is named with its place.

use super::Catalogue;
use super::fargate::FargatePrice;
use crate::base::{Diagnostic, Money, Place};
use crate::model::price::DatedPrice;

/// What a unit of Fargate is called in a price file.
const EXPECTED_UNITS: &str = "`vcpu_hour`, `gb_hour` or `storage_gib_hour` of `fargate:`, `fargate_spot:`, \
                              `fargate_arm:` or `fargate_arm_spot:`";

impl Catalogue {
    /// No instance costs more than this an hour; a larger figure is a slip.
    pub const DEAREST: Money = Money::from_pico_usd(10_000_000_000_000_000);

    /// Takes over the prices of a file; returns its faults.
    pub(super) fn read_prices(&mut self, file: &str, text: &str) -> Vec<Diagnostic> {
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
            let price = DatedPrice { usd: usd_per_hour, as_of: as_of.to_owned() };
            if instance_type.contains(':') {
                let Some(unit) = FargatePrice::named(instance_type) else {
                    let column = region.chars().count() + 1;
                    let message =
                        format!("`{instance_type}` is neither an instance type nor {EXPECTED_UNITS}");
                    fault(column, instance_type.chars().count(), message);
                    continue;
                };
                self.fargate.insert((region.to_owned(), unit), price);
            } else {
                self.ec2.insert((region.to_owned(), instance_type.to_owned()), price);
            }
        }
        if text.is_empty() {
            let place = Place::in_source(file, text, 0, 0);
            let message = format!("the file is empty, expected the header `{HEADER}`");
            faults.push(Diagnostic::new("B0120", message).at(place));
        }
        faults
    }
}
