//! Price files, those that come with the lab and a user's: one row a price, with
//! its region and its day. Every fault is named with its place.

use std::collections::BTreeMap;

use super::item::Item;
use super::{Catalogue, RegionPrices};
use crate::base::{Diagnostic, Money, Place};
use crate::model::price::DatedPrice;

/// The header of a price file; the second is that of files of instances alone.
const HEADERS: [&str; 2] = ["region,item,usd,as_of", "region,instance_type,usd_per_hour,as_of"];

/// What is wrong with a row: what is said, and in which of its cells; `None` is
/// the whole row.
type Fault = (Diagnostic, Option<usize>);

impl Catalogue {
    /// Takes over the prices of a file; returns its faults.
    pub(super) fn read_prices(&mut self, file: &str, text: &str) -> Vec<Diagnostic> {
        let mut faults = Vec::new();
        let mut found: BTreeMap<String, RegionPrices> = BTreeMap::new();
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let place = |line: &str, idx: usize, column: usize, width: usize| Place {
            file: file.to_owned(),
            line: idx as u64 + 1,
            column: column as u64 + 1,
            width: width.max(1) as u64,
            text: line.to_owned(),
        };
        for (idx, line) in text.lines().enumerate() {
            let line = line.trim_end_matches('\r');
            if idx == 0 {
                if !HEADERS.contains(&line) {
                    let message = format!("expected the header `{}`", HEADERS[0]);
                    let place = place(line, idx, 0, line.chars().count());
                    faults.push(Diagnostic::new("B0120", message).at(place));
                    break;
                }
                continue;
            }
            for (fault, cell) in read_row(line, &mut found) {
                let before = cell.unwrap_or(0);
                let column: usize = line.split(',').take(before).map(|it| it.chars().count() + 1).sum();
                let width = match cell {
                    Some(cell) => line.split(',').nth(cell).map_or(1, |it| it.chars().count()),
                    None => line.chars().count(),
                };
                faults.push(fault.at(place(line, idx, column, width)));
            }
        }
        if text.is_empty() {
            let message = format!("the file is empty, expected the header `{}`", HEADERS[0]);
            faults.push(Diagnostic::new("B0120", message).at(Place::in_source(file, text, 0, 0)));
        }
        for (region, prices) in found {
            let known = self.regions.entry(region).or_default();
            known.on_demand.extend(prices.on_demand);
            known.spot.extend(prices.spot);
            known.fargate.extend(prices.fargate);
            known.services.extend(prices.services);
        }
        faults
    }
}

/// Puts the price of a row among those that were `found`; returns its faults.
fn read_row(line: &str, found: &mut BTreeMap<String, RegionPrices>) -> Vec<Fault> {
    let malformed = |message: String| Diagnostic::new("B0120", message);
    let mut cells = line.split(',');
    let (Some(region), Some(name), Some(amount), Some(as_of), None) =
        (cells.next(), cells.next(), cells.next(), cells.next(), cells.next())
    else {
        let n = line.split(',').count();
        return vec![(malformed(format!("expected 4 cells, found {n}")), None)];
    };
    let mut faults = Vec::new();
    let is_of_region = |it: u8| it.is_ascii_lowercase() || it.is_ascii_digit() || it == b'-';
    if region.is_empty() || !region.bytes().all(is_of_region) {
        faults.push((malformed(format!("`{region}` is not a region such as us-east-1")), Some(0)));
    }
    let item = Item::named(name);
    if item.is_none() {
        faults.push((Item::unknown(name), Some(1)));
    }
    // An item that is not known could have been any of them.
    let dearest = item.unwrap_or(Item::OnDemand(name)).dearest();
    let usd = Money::parse_usd(amount).filter(|it| (Money::ZERO..=dearest).contains(it));
    if usd.is_none() {
        let message = format!("`{amount}` is not a price of 0 to {dearest} USD");
        faults.push((malformed(message), Some(2)));
    }
    let day = as_of.parse::<jiff::civil::Date>().ok().filter(|it| it.to_string() == as_of);
    if day.is_none() {
        faults.push((malformed(format!("`{as_of}` is not a day such as 2026-07-20")), Some(3)));
    }
    let (Some(item), Some(usd), true) = (item, usd, faults.is_empty()) else { return faults };

    let price = DatedPrice { usd, as_of: as_of.to_owned() };
    if !found.contains_key(region) {
        found.insert(region.to_owned(), RegionPrices::default());
    }
    let prices = found.get_mut(region).expect("it was just put there");
    let other = match item {
        Item::OnDemand(name) => prices.on_demand.insert(name.to_owned(), price),
        Item::Spot(name) => prices.spot.insert(name.to_owned(), price),
        Item::Fargate(unit) => prices.fargate.insert(unit, price),
        Item::Service(service) => prices.services.insert(service, price),
    };
    if other.is_some() {
        let message = format!("the price of `{name}` in {region} is given twice");
        faults.push((Diagnostic::new("B0111", message), Some(1)));
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(rows: &str) -> Vec<(&'static str, u64, u64, u64)> {
        let text = format!("{}\n{rows}", HEADERS[0]);
        let found = Catalogue::default().with_prices("p.csv", &text).err().unwrap_or_default();
        let placed = found.iter().map(|it| (it.code, it.place.as_ref().expect("a place")));
        placed.map(|(code, it)| (code, it.line, it.column, it.width)).collect()
    }

    #[test]
    fn a_users_prices_beat_the_built_in_ones_and_their_faults_are_all_named() {
        let text = "region,instance_type,usd_per_hour,as_of\nus-east-1,m6i.large,0.05,2026-10-01\n";
        let catalogue = Catalogue::built_in().with_prices("p.csv", text).unwrap();
        assert_eq!(catalogue.on_demand("us-east-1", "m6i.large").unwrap().usd.to_string(), "0.05");
        assert_eq!(
            faults("a,b.c,NaN,2026-10-01\na,b.c,1,soon\na,b\n"),
            [("B0120", 2, 7, 3), ("B0120", 3, 9, 4), ("B0120", 4, 1, 3)]
        );
    }

    #[test]
    fn every_fault_of_a_row_is_named() {
        assert_eq!(
            faults("US,m6i,-1,2026-1-1\n"),
            [("B0120", 2, 1, 2), ("B0120", 2, 4, 3), ("B0120", 2, 8, 2), ("B0120", 2, 11, 8)]
        );
    }

    #[test]
    fn what_can_be_wrong_with_a_price() {
        for (row, column, width) in [
            ("a,b.c,-0.01,2026-10-01", 7, 5),
            ("a,b.c,inf,2026-10-01", 7, 3),
            ("a,b.c,1e3,2026-10-01", 7, 3),
            ("a,b.c,,2026-10-01", 7, 1),
            ("a,b.c,10000.01,2026-10-01", 7, 8),
            ("a,spot:b.c,10001,2026-10-01", 12, 5),
            ("a,alb:hour,100.5,2026-10-01", 12, 5),
            ("a,fargate:gb_hour,101,2026-10-01", 19, 3),
            ("a,b.c,1,2026-02-30", 9, 10),
            ("a,b.c,1,20261001", 9, 8),
            ("a,b.c,1,2026-10-01T00:00", 9, 16),
            ("a,b.c,1,", 9, 1),
            (",b.c,1,2026-10-01", 1, 1),
            ("\"a\",b.c,1,2026-10-01", 1, 3),
            ("a,alb:hours,1,2026-10-01", 3, 9),
            ("a,spot:,1,2026-10-01", 3, 5),
            ("a,b.,1,2026-10-01", 3, 2),
            ("a,b.c,1,2026-10-01,more", 1, 23),
            ("a;b.c;1;2026-10-01", 1, 18),
            ("", 1, 1),
        ] {
            assert_eq!(faults(&format!("{row}\n")), [("B0120", 2, column, width)], "{row}");
        }
        assert_eq!(faults("a,b.c,10000,2026-10-01\na,alb:hour,100,2026-10-01\n"), []);
    }

    #[test]
    fn a_price_given_twice_is_no_price() {
        let rows = "a,b.c,1,2026-10-01\nb,b.c,1,2026-10-01\na,spot:b.c,1,2026-10-01\na,b.c,1,2026-10-01\n";
        assert_eq!(faults(rows), [("B0111", 5, 3, 3)]);
    }
}
