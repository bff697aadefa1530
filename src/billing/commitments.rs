//! Commitments: what was promised an hour and is paid whether used or not, and
//! which usage of the hour it covers.
//!
//! The order is that of the Savings Plans guide (sp-applying): reserved
//! instances first, then EC2 Instance Savings Plans, then Compute Savings Plans;
//! within a type all plans together, at the usage with the greatest discount
//! first, of equal ones at the one with the lower rate, until there is no usage
//! left or the hour's commitment is used up. A regional reservation is of any
//! zone and, on Linux, of any size of its family by the normalization factor,
//! the smallest sizes first (EC2 guide, apply_ri). Spot is not covered.
//!
//! Left out: zonal reservations, sharing between accounts, Lambda.

use crate::base::Money;

/// A promise to pay for each hour.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Commitment {
    /// Its name in the bill.
    pub name: String,
    /// What is promised.
    pub kind: CommitmentKind,
}

/// What is promised.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum CommitmentKind {
    /// So many instances of a type, used or not.
    ReservedInstances {
        /// The type, such as `m6i.large`.
        instance_type: String,
        /// How many.
        count: u32,
        /// What one of them costs an hour, upfront payments spread over the term.
        usd_per_hour: Money,
    },
    /// So many dollars of usage at reduced rates.
    SavingsPlan {
        /// Of EC2 alone: the family that it is for, such as `m6i`. `None` is a
        /// Compute Savings Plan, for every family and Fargate.
        family: Option<String>,
        /// The commitment.
        usd_per_hour: Money,
        /// Off the on-demand price.
        discount: Discount,
        /// Other discounts, by family or `fargate`.
        discounts: Vec<(String, Discount)>,
    },
}

/// A part of a price, in hundredths of a percent: 0 to 10,000.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Discount(pub u32);

impl Discount {
    /// All of the price.
    pub const WHOLE: u32 = 10_000;
}

/// What [`CommitmentKind::SavingsPlan`] calls Fargate among the families.
pub const FARGATE: &str = "fargate";

/// Usage of an hour that a commitment may cover.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Usage<'a> {
    /// Of what.
    pub kind: UsageKind<'a>,
    /// Units times milliseconds.
    pub unit_ms: u64,
    /// On-demand price of an hour of `units_per_price` units.
    pub usd_per_hour: Money,
    /// See `usd_per_hour`: 1 instance, or 1024 CPU units or MiB.
    pub units_per_price: u32,
}

/// Of what usage is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum UsageKind<'a> {
    /// Of instances of a type, on demand.
    Instances(&'a str),
    /// Of vCPUs or memory of tasks on Fargate, on demand.
    Fargate,
}

/// A part of a usage that a commitment covers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Cover {
    /// Position of the usage.
    pub usage: usize,
    /// Position of the commitment.
    pub commitment: usize,
    /// How much of it: units times milliseconds.
    pub unit_ms: u64,
    /// What that takes of the commitment, in its own parts: of a reservation
    /// quarter factors times milliseconds, of a plan [`FINE`] parts of 1e-12 USD.
    pub takes: i128,
}

/// Parts of 1e-12 USD in which a plan is used: an hour in milliseconds, a
/// discount in hundredths of a percent, a vCPU in units.
pub const FINE: i128 = 3_600_000 * Discount::WHOLE as i128 * 1024;

impl Commitment {
    /// What there is to be used of it in an hour of which so many milliseconds
    /// are measured, in the parts of [`Cover::takes`].
    pub fn available(&self, hour_ms: u64) -> i128 {
        match &self.kind {
            CommitmentKind::ReservedInstances { instance_type, count, .. } => {
                i128::from(*count) * i128::from(hour_ms) * part_of(instance_type)
            }
            CommitmentKind::SavingsPlan { usd_per_hour, .. } => {
                usd_per_hour.pico_usd() * i128::from(hour_ms) * (FINE / 3_600_000)
            }
        }
    }

    /// Whether it may cover usage of a kind.
    pub fn may_cover(&self, kind: UsageKind<'_>) -> bool {
        match (&self.kind, kind) {
            (
                CommitmentKind::ReservedInstances { instance_type: reserved, .. },
                UsageKind::Instances(used),
            ) => {
                let have_factors = quarter_factor(used).is_some() && quarter_factor(reserved).is_some();
                used == reserved || (have_factors && family(used) == family(reserved))
            }
            (CommitmentKind::ReservedInstances { .. }, UsageKind::Fargate) => false,
            (CommitmentKind::SavingsPlan { family: Some(of), .. }, UsageKind::Instances(used)) => {
                of == family(used)
            }
            (CommitmentKind::SavingsPlan { family: Some(_), .. }, UsageKind::Fargate) => false,
            (CommitmentKind::SavingsPlan { family: None, .. }, _) => true,
        }
    }

    /// What so many parts of it cost (see [`Cover::takes`]), rounded once.
    pub fn cost(&self, parts: i128) -> Money {
        match &self.kind {
            CommitmentKind::ReservedInstances { instance_type, usd_per_hour, .. } => {
                usd_per_hour.times(parts, 3_600_000 * part_of(instance_type))
            }
            CommitmentKind::SavingsPlan { .. } => Money::from_pico_usd(1).times(parts, FINE),
        }
    }
}

/// Parts of a reservation that a millisecond of an instance takes.
fn part_of(instance_type: &str) -> i128 {
    quarter_factor(instance_type).map_or(1, i128::from)
}

/// The family of a type: what is before its first point.
pub fn family(instance_type: &str) -> &str {
    instance_type.split('.').next().unwrap_or(instance_type)
}

/// The normalization factor of a size, times four (EC2 guide, apply_ri); `None`
/// of a size that has none, such as `metal`, to which only a reservation of the
/// same type applies.
pub fn quarter_factor(instance_type: &str) -> Option<u64> {
    let size = instance_type.split_once('.')?.1;
    Some(match size {
        "nano" => 1,
        "micro" => 2,
        "small" => 4,
        "medium" => 8,
        "large" => 16,
        "xlarge" => 32,
        _ => {
            let n: u64 = size.strip_suffix("xlarge")?.parse().ok().filter(|it| (1..=1000).contains(it))?;
            32 * n
        }
    })
}

/// Which usage of an hour is covered, of which `hour_ms` are measured. Usage and
/// commitments that are equal are covered in their order.
pub fn apply(commitments: &[Commitment], usages: &[Usage<'_>], hour_ms: u64) -> Vec<Cover> {
    let mut hour = Hour {
        commitments,
        usages,
        available: commitments.iter().map(|it| it.available(hour_ms)).collect(),
        uncovered: usages.iter().map(|it| it.unit_ms).collect(),
        covers: Vec::new(),
    };
    hour.reserve();
    hour.save(true);
    hour.save(false);
    hour.covers
}

/// An hour in the middle of being settled.
struct Hour<'a> {
    commitments: &'a [Commitment],
    usages: &'a [Usage<'a>],
    available: Vec<i128>,
    uncovered: Vec<u64>,
    covers: Vec<Cover>,
}

impl Hour<'_> {
    /// Reserved instances, in their order.
    fn reserve(&mut self) {
        for (number, commitment) in self.commitments.iter().enumerate() {
            if !matches!(commitment.kind, CommitmentKind::ReservedInstances { .. }) {
                continue;
            }
            let mut fitting: Vec<(i128, usize)> = Vec::new();
            for (idx, usage) in self.usages.iter().enumerate() {
                if let UsageKind::Instances(used) = usage.kind
                    && commitment.may_cover(usage.kind)
                {
                    fitting.push((part_of(used), idx));
                }
            }
            fitting.sort_unstable();
            for (part, idx) in fitting {
                self.cover(number, idx, part);
            }
        }
    }

    /// Savings plans of one type, together.
    fn save(&mut self, is_of_family: bool) {
        let mut fitting: Vec<(u32, i128, usize, usize)> = Vec::new();
        for (number, commitment) in self.commitments.iter().enumerate() {
            let CommitmentKind::SavingsPlan { family: of, discount, discounts, .. } = &commitment.kind else {
                continue;
            };
            if of.is_some() != is_of_family {
                continue;
            }
            for (idx, usage) in self.usages.iter().enumerate() {
                let kind = match usage.kind {
                    UsageKind::Instances(used) => family(used),
                    UsageKind::Fargate => FARGATE,
                };
                if !commitment.may_cover(usage.kind) {
                    continue;
                }
                let other = discounts.iter().find(|it| it.0 == kind).map(|it| it.1);
                let discount = other.unwrap_or(*discount).0.min(Discount::WHOLE);
                let rate = i128::from(Discount::WHOLE - discount)
                    * usage.usd_per_hour.pico_usd()
                    * (1024 / i128::from(usage.units_per_price.max(1)));
                fitting.push((Discount::WHOLE - discount, rate, number, idx));
            }
        }
        fitting.sort_unstable();
        for (_, rate, number, idx) in fitting {
            self.cover(number, idx, rate);
        }
    }

    /// Covers as much of a usage as there is, of which a millisecond takes so
    /// many parts of the commitment.
    fn cover(&mut self, commitment: usize, usage: usize, part: i128) {
        let room = match part {
            0 => u64::MAX,
            part => u64::try_from(self.available[commitment] / part).unwrap_or(u64::MAX),
        };
        let unit_ms = self.uncovered[usage].min(room);
        if unit_ms == 0 {
            return;
        }
        let takes = part * i128::from(unit_ms);
        self.uncovered[usage] -= unit_ms;
        self.available[commitment] -= takes;
        self.covers.push(Cover { usage, commitment, unit_ms, takes });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: u64 = 3_600_000;

    fn usd(text: &str) -> Money {
        Money::parse_usd(text).unwrap()
    }

    fn instances<'a>(instance_type: &'a str, n: u64, price: &str) -> Usage<'a> {
        let kind = UsageKind::Instances(instance_type);
        Usage { kind, unit_ms: n * HOUR, usd_per_hour: usd(price), units_per_price: 1 }
    }

    fn reserved(instance_type: &str, count: u32) -> Commitment {
        let kind = CommitmentKind::ReservedInstances {
            instance_type: instance_type.to_owned(),
            count,
            usd_per_hour: usd("0.05"),
        };
        Commitment { name: "reserved".to_owned(), kind }
    }

    fn plan(family: Option<&str>, per_hour: &str, percent: u32, others: &[(&str, u32)]) -> Commitment {
        let kind = CommitmentKind::SavingsPlan {
            family: family.map(str::to_owned),
            usd_per_hour: usd(per_hour),
            discount: Discount(percent * 100),
            discounts: others.iter().map(|it| (it.0.to_owned(), Discount(it.1 * 100))).collect(),
        };
        Commitment { name: "plan".to_owned(), kind }
    }

    /// `usage<-commitment: hours for dollars` of each cover.
    fn covers(commitments: &[Commitment], usages: &[Usage<'_>]) -> Vec<String> {
        let covers = apply(commitments, usages, HOUR);
        let shown = covers.iter().map(|it| {
            let hours = it.unit_ms as f64 / HOUR as f64 / f64::from(usages[it.usage].units_per_price);
            let cost = commitments[it.commitment].cost(it.takes);
            format!("{}<-{}: {hours} for {cost}", it.usage, it.commitment)
        });
        shown.collect()
    }

    #[test]
    fn a_reservation_is_of_all_sizes_of_its_family_the_smallest_first() {
        // EC2 guide, apply_ri: two small ones for one t2.medium, half of a large.
        assert_eq!(
            covers(&[reserved("t2.medium", 1)], &[instances("t2.small", 2, "0.023")]),
            ["0<-0: 2 for 0.05"]
        );
        assert_eq!(
            covers(&[reserved("t2.medium", 1)], &[instances("t2.large", 1, "0.0928")]),
            ["0<-0: 0.5 for 0.05"]
        );
        let usages = [
            instances("m6i.2xlarge", 1, "0.384"),
            instances("m6i.large", 2, "0.096"),
            instances("c6i.large", 9, "0.085"),
            instances("m6i.metal", 1, "6.144"),
        ];
        assert_eq!(covers(&[reserved("m6i.xlarge", 2)], &usages), ["1<-0: 2 for 0.05", "0<-0: 0.5 for 0.05"]);
        assert_eq!(covers(&[reserved("m6i.metal", 2)], &usages), ["3<-0: 1 for 0.05"]);
        assert_eq!(covers(&[reserved("m6i.9xlarge", 1)], &usages[2..]), [""; 0]);
    }

    #[test]
    fn plans_go_to_the_greatest_discount_first_and_reservations_before_them() {
        // The usage of the guide's example (sp-applying), 18 dollars committed:
        // half price first, then a third off, then what is left for 20 percent.
        let fargate = Usage {
            kind: UsageKind::Fargate,
            unit_ms: 10 * 1024 * HOUR,
            usd_per_hour: usd("1.5"),
            units_per_price: 1024,
        };
        let usages = [instances("c5.24xlarge", 1, "10"), instances("r5.9xlarge", 1, "4"), fargate];
        let compute = plan(None, "18", 20, &[("r5", 50), (FARGATE, 40)]);
        assert_eq!(
            covers(std::slice::from_ref(&compute), &usages),
            ["1<-0: 1 for 2", "2<-0: 10 for 9", "0<-0: 0.875 for 7"]
        );
        // A plan of the family comes first, and a reservation before both.
        let of_family = plan(Some("c5"), "3", 40, &[]);
        assert_eq!(
            covers(&[compute.clone(), of_family.clone()], &usages),
            ["0<-1: 0.5 for 3", "1<-0: 1 for 2", "2<-0: 10 for 9", "0<-0: 0.5 for 4"]
        );
        let all = [compute, of_family, reserved("c5.12xlarge", 1)];
        assert_eq!(covers(&all, &usages)[..2], ["0<-2: 0.5 for 0.05", "0<-1: 0.5 for 3"]);
    }

    #[test]
    fn equal_discounts_go_to_the_lower_rate_first() {
        let usages = [instances("m5.large", 1, "2"), instances("c5.large", 1, "1")];
        assert_eq!(covers(&[plan(None, "1", 50, &[])], &usages), ["1<-0: 1 for 0.5", "0<-0: 0.5 for 0.5"]);
    }

    #[test]
    fn more_is_never_covered_than_used_nor_taken_than_promised() {
        let mut draw = 17_u64;
        let mut next = |n: u64| {
            draw = draw.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (draw >> 33) % n
        };
        let types = ["m5.large", "m5.9xlarge", "c5.nano", "c5.metal", "r5.3xlarge"];
        for _ in 0..500 {
            let usages: Vec<Usage<'_>> = (0..next(6))
                .map(|_| {
                    let of = types[next(5) as usize];
                    let price = Money::from_pico_usd(i128::from(next(5_000_000_000_000)));
                    let kind = if next(3) == 0 { UsageKind::Fargate } else { UsageKind::Instances(of) };
                    let units_per_price = if kind == UsageKind::Fargate { 1024 } else { 1 };
                    Usage { kind, unit_ms: next(50 * HOUR), usd_per_hour: price, units_per_price }
                })
                .collect();
            let commitments: Vec<Commitment> = (0..next(5))
                .map(|_| match next(3) {
                    0 => reserved(types[next(5) as usize], next(4) as u32),
                    1 => plan(Some("m5"), &next(9).to_string(), next(101) as u32, &[]),
                    _ => plan(None, &next(9).to_string(), next(101) as u32, &[(FARGATE, next(101) as u32)]),
                })
                .collect();
            let hour_ms = 1 + next(HOUR);
            let covers = apply(&commitments, &usages, hour_ms);
            for (idx, usage) in usages.iter().enumerate() {
                let covered: u64 = covers.iter().filter(|it| it.usage == idx).map(|it| it.unit_ms).sum();
                assert!(covered <= usage.unit_ms);
            }
            for (idx, commitment) in commitments.iter().enumerate() {
                let taken: i128 = covers.iter().filter(|it| it.commitment == idx).map(|it| it.takes).sum();
                assert!(taken <= commitment.available(hour_ms));
            }
        }
    }
}
