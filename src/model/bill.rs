//! What else of a cluster is on the invoice, beside instances and Fargate: the
//! choices that no document of ECS makes.

use crate::base::SimDuration;
use crate::model::price::PriceItem;

/// What is billed beside instances and tasks (`[bill]`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BillOptions {
    /// Size of the root volume of every instance; none is billed where it is 0.
    pub root_volume_gib: u32,
    /// Of which type it is: [`PriceItem::EbsGp3GibMonth`] or
    /// [`PriceItem::EbsGp2GibMonth`].
    pub root_volume: PriceItem,
    /// Whether instances have public IPv4 addresses.
    pub has_instance_addresses: bool,
    /// How long a month is.
    pub month: Month,
    /// What every Windows task on Fargate costs at least (semantics 8.2: longer
    /// ones are mentioned and not confirmed).
    pub windows_minimum: SimDuration,
    /// NAT gateways of the cluster's network.
    pub nat_gateways: u32,
    /// MiB that the start of a task pulls through them; MODEL, coarse: every
    /// start pulls as much, whatever the instance has already.
    pub nat_image_mib: u32,
}

impl BillOptions {
    /// The greatest volume of these types (EBS guide, volume types).
    pub const ROOT_VOLUME_GIB_MAX: u32 = 16_384;
}

impl Default for BillOptions {
    /// What someone finds on the invoice who has changed nothing: the 30 GiB of
    /// gp3 of an ECS-optimized image on every instance (semantics 8.3), no public
    /// addresses, no NAT gateway.
    fn default() -> Self {
        Self {
            root_volume_gib: 30,
            root_volume: PriceItem::EbsGp3GibMonth,
            has_instance_addresses: false,
            month: Month::Days(30),
            windows_minimum: SimDuration::from_secs(60),
            nat_gateways: 0,
            nat_image_mib: 0,
        }
    }
}

/// How long a month is where a price is of one (MODEL; semantics 8.3).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Month {
    /// Always so many days, 28 to 31.
    Days(u32),
    /// As long as the one in which the run begins.
    Calendar,
}

impl Month {
    /// Its seconds, for a run that begins so many milliseconds after 1970, UTC.
    pub fn seconds(self, starts_at_ms: i64) -> u64 {
        let days = match self {
            Self::Days(days) => days,
            Self::Calendar => days_of_month(starts_at_ms.div_euclid(86_400_000)),
        };
        u64::from(days) * 86_400
    }
}

/// The days of the month in which a day lies, given since 1970 in the Gregorian
/// calendar.
fn days_of_month(day: i64) -> u32 {
    let is_leap = |year: i64| (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    // Days repeat after 400 years.
    const DAYS_OF_400_YEARS: i64 = 146_097;
    let mut left = day.rem_euclid(DAYS_OF_400_YEARS);
    let mut year = 1970;
    while left >= 365 + i64::from(is_leap(year)) {
        left -= 365 + i64::from(is_leap(year));
        year += 1;
    }
    let february = if is_leap(year) { 29 } else { 28 };
    for days in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30] {
        if left < days {
            return u32::try_from(days).expect("a few days");
        }
        left -= days;
    }
    31
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_is_thirty_days_or_that_of_the_calendar() {
        const DAY: i64 = 86_400_000;
        assert_eq!(Month::Days(30).seconds(0), 2_592_000);
        // 1970-01-31 and 1970-02-01; 2026-01-01 and 2026-12-31; the leap days of
        // 2000 and 2024; 1969-12-31.
        for (day, days) in [
            (30, 31),
            (31, 28),
            (20_454, 31),
            (20_818, 31),
            (11_016, 29),
            (19_782, 29),
            (-1, 31),
            (20_543, 31),
            (20_544, 30),
        ] {
            assert_eq!(Month::Calendar.seconds(day * DAY + 5), days * 86_400, "day {day}");
        }
    }
}
