//! How much Spot capacity there is: what a drought, a price and an availability
//! trace have in common.

use super::spot_availability::Availability;
use super::spot_drought::Drought;
use super::spot_price::PriceHistory;
use crate::base::SimTime;

/// Where Spot capacity is known to end.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Supply<'a> {
    /// By price.
    Price(&'a PriceHistory),
    /// By a trace.
    Availability(&'a Availability),
    /// By windows.
    Drought(&'a Drought),
}

impl Supply<'_> {
    /// How many machines can be had at `at`; `None` is no limit.
    pub fn at(&self, at: SimTime) -> Option<u32> {
        match self {
            Self::Price(prices) => is_too_dear(prices, at).then_some(0),
            Self::Availability(it) => holding(it.steps(), at),
            Self::Drought(drought) => drought.windows.contains(at).then_some(0),
        }
    }

    /// Whether machines above that number are taken back, else only no further
    /// ones are given.
    pub fn reclaims(&self) -> bool {
        match self {
            Self::Drought(drought) => drought.reclaims,
            Self::Price(_) | Self::Availability(_) => true,
        }
    }

    /// The moments at which the number changes, ascending, with zero if it is
    /// limited from the start.
    pub fn changes(&self) -> Vec<SimTime> {
        let moments: Vec<SimTime> = match self {
            Self::Price(prices) => prices.steps().iter().map(|it| it.0).collect(),
            Self::Availability(it) => it.steps().iter().map(|it| it.0).collect(),
            Self::Drought(drought) => drought.windows.edges().collect(),
        };
        let mut last = None;
        moments
            .into_iter()
            .filter(|&at| {
                let before = std::mem::replace(&mut last, self.at(at));
                before != last
            })
            .collect()
    }
}

/// How many of `n_running` machines are taken back where `at_most` can be had.
pub fn n_reclaimed(n_running: u32, at_most: Option<u32>) -> u32 {
    at_most.map_or(0, |it| n_running.saturating_sub(it))
}

fn is_too_dear(prices: &PriceHistory, at: SimTime) -> bool {
    holding(prices.steps(), at) > prices.max_price
}

/// The value that holds at a moment.
fn holding<T: Copy>(steps: &[(SimTime, T)], at: SimTime) -> T {
    steps[steps.partition_point(|it| it.0 <= at) - 1].1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Money;
    use crate::disruption::{Window, Windows};

    fn at(secs: u64) -> SimTime {
        SimTime::from_secs(secs)
    }

    #[test]
    fn a_price_equal_to_the_maximum_is_paid() {
        let price = |cents: i128| Money::from_pico_usd(cents * 10_000_000_000);
        let steps = vec![
            (at(0), price(5)),
            (at(10), price(7)),
            (at(20), price(8)),
            (at(30), price(9)),
            (at(40), price(2)),
        ];
        let history = PriceHistory::new(steps, price(7));
        let supply = Supply::Price(&history);
        let found: Vec<_> = [0, 10, 19, 20, 39, 40, 999].map(|it| supply.at(at(it))).into();
        assert_eq!(found, [None, None, None, Some(0), Some(0), None, None]);
        assert_eq!(supply.changes(), [at(20), at(40)]);
    }

    #[test]
    fn a_trace_holds_each_number_until_the_next() {
        let steps =
            vec![(at(0), Some(3)), (at(60), None), (at(90), Some(1)), (at(120), Some(1)), (at(150), Some(2))];
        let availability = Availability::new(steps);
        let supply = Supply::Availability(&availability);
        assert_eq!(
            [0, 59, 60, 90, 130, 500].map(|it| supply.at(at(it))),
            [Some(3), Some(3), None, Some(1), Some(1), Some(2)]
        );
        assert_eq!(supply.changes(), [0, 60, 90, 150].map(at));
        assert_eq!(
            [n_reclaimed(5, None), n_reclaimed(5, Some(2)), n_reclaimed(2, Some(2)), n_reclaimed(1, Some(2))],
            [0, 3, 0, 0]
        );
    }

    #[test]
    fn a_drought_is_none_at_all() {
        let windows =
            Windows::new(vec![Window { from: at(0), to: at(10) }, Window { from: at(30), to: at(40) }]);
        let drought = Drought { windows, reclaims: false };
        let supply = Supply::Drought(&drought);
        assert_eq!([0, 10, 35].map(|it| supply.at(at(it))), [Some(0), None, Some(0)]);
        assert_eq!(supply.changes(), [0, 10, 30, 40].map(at));
        assert!(!supply.reclaims());
    }
}
