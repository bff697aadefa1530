//! On demand or Spot: which the next instance of a group is (EC2 Auto Scaling
//! guide, ec2-auto-scaling-mixed-instances-groups: the base first, then by
//! percentage, in favour of on demand where it does not come out even).

use crate::model::capacity::PurchaseOptions;

/// Whether the next instance is bought as Spot, if the group has `n` and
/// `n_on_demand` of them are on demand.
pub fn next_is_spot(options: &PurchaseOptions, n: u32, n_on_demand: u32) -> bool {
    n_on_demand >= on_demand_of(options, n + 1)
}

/// How many of `n` instances are to be on demand.
pub fn on_demand_of(options: &PurchaseOptions, n: u32) -> u32 {
    let base = options.on_demand_base_capacity.min(n);
    let percentage = u64::from(options.on_demand_percentage_above_base_capacity);
    let above = (u64::from(n - base) * percentage).div_ceil(100);
    base + u32::try_from(above).expect("at most all of them")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_base_is_on_demand_and_of_the_rest_a_share() {
        let of = |base, percentage| {
            let options = PurchaseOptions {
                on_demand_base_capacity: base,
                on_demand_percentage_above_base_capacity: percentage,
                ..PurchaseOptions::default()
            };
            let mut n_on_demand = 0;
            for n in 0..10 {
                n_on_demand += u32::from(!next_is_spot(&options, n, n_on_demand));
            }
            n_on_demand
        };
        assert_eq!([of(0, 100), of(0, 0), of(2, 0), of(2, 50), of(0, 25), of(20, 0)], [10, 0, 2, 6, 3, 10]);
    }
}
