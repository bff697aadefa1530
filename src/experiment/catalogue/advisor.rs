//! The Spot Instance advisor: how often instances of a type are taken back, and
//! what they save, by region. One row a type and one column a region; a cell is
//! the share of instances that were interrupted within a month, as the band that
//! AWS publishes in percent, and the saving in percent: `5-10 63`.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use crate::base::Money;
use crate::model::price::DatedPrice;

const SPOT_ADVISOR: &str = include_str!("spot_advisor.csv");

/// What AWS says of Spot instances of a type in a region (Linux).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SpotAdvice {
    /// Of the instances of a month at least so many percent were interrupted.
    pub interrupted_from_percent: u32,
    /// And fewer than so many; 100 where AWS says no more than `>20%`.
    pub interrupted_to_percent: u32,
    /// What they cost less than on demand, in percent.
    pub saving_percent: u32,
    /// The day it is of, `YYYY-MM-DD`.
    pub as_of: &'static str,
}

impl SpotAdvice {
    /// What is left of a price on demand, as of the advisor's day.
    pub(super) fn price(self, on_demand: &DatedPrice) -> DatedPrice {
        let pico = on_demand.usd.pico_usd() * i128::from(100 - self.saving_percent) / 100;
        DatedPrice { usd: Money::from_pico_usd(pico), as_of: self.as_of.to_owned() }
    }
}

/// Of a type in a region; `None` where AWS says nothing.
pub(super) fn advice(region: &str, name: &str) -> Option<SpotAdvice> {
    static ADVICE: OnceLock<BTreeMap<(&str, &str), SpotAdvice>> = OnceLock::new();
    ADVICE.get_or_init(read).get(&(name, region)).copied()
}

fn read() -> BTreeMap<(&'static str, &'static str), SpotAdvice> {
    let mut lines = SPOT_ADVISOR.lines();
    let regions = lines.next().expect("the table has a header").split(',').skip(2);
    let mut found = BTreeMap::new();
    for line in lines {
        let mut cells = line.split(',');
        let (name, as_of) = (cells.next(), cells.next());
        let (name, as_of) = name.zip(as_of).expect("a row of the table has a type and a day");
        for (region, cell) in regions.clone().zip(cells).filter(|it| !it.1.is_empty()) {
            let number = |it: &str| it.parse().expect("a cell of the table is two numbers and a third");
            let (band, saving) = cell.split_once(' ').expect("a cell of the table is a band and a saving");
            let (from, to) = band.split_once('-').expect("a band goes from and to");
            let advice = SpotAdvice {
                interrupted_from_percent: number(from),
                interrupted_to_percent: number(to),
                saving_percent: number(saving),
                as_of,
            };
            found.insert((name, region), advice);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bands_are_those_of_the_advisor() {
        let bands = [(0, 5), (5, 10), (10, 15), (15, 20), (20, 100)];
        let found = read();
        for ((name, region), it) in &found {
            let band = (it.interrupted_from_percent, it.interrupted_to_percent);
            assert!(bands.contains(&band) && it.saving_percent < 100, "{name} {region}: {it:?}");
        }
        assert!(bands.iter().all(|band| {
            found.values().any(|it| (it.interrupted_from_percent, it.interrupted_to_percent) == *band)
        }));
        assert!(advice("us-east-1", "m5.large").is_some() && advice("mars-1", "m5.large").is_none());
    }
}
