//! How a group buys its instances: fields of EC2 Auto Scaling's
//! InstancesDistribution, in snake case.

use super::cluster::Types;
use crate::base::id::InstanceTypeId;
use crate::experiment::reader;
use crate::model::capacity::{AllocationStrategy, PurchaseOptions};

/// Reads them. Spot without a known price is refused. `None` after a fault.
pub(super) fn read(
    table: &reader::Table<'_>,
    instance_types: Option<&[InstanceTypeId]>,
    types: &Types<'_>,
) -> Option<PurchaseOptions> {
    let faults = table.faults();
    let default = PurchaseOptions::default();
    let small = |it: u64| u32::try_from(it).expect("within the range");
    let percentage = table.optional("on_demand_percentage_above_base_capacity");
    let names: Vec<&str> = AllocationStrategy::NAMES.iter().map(|it| it.0).collect();
    let allocation = |name, default| match table.optional(name) {
        Some(node) => reader::word(node, &names, faults).map(|it| AllocationStrategy::NAMES[it].1),
        None => Some(default),
    };
    let on_demand = allocation("on_demand_allocation_strategy", default.on_demand_allocation_strategy);
    let spot = allocation("spot_allocation_strategy", default.spot_allocation_strategy);
    let options = PurchaseOptions {
        on_demand_base_capacity: table.integer("on_demand_base_capacity", 0..=100_000).map_or(0, small),
        on_demand_percentage_above_base_capacity: percentage
            .and_then(|it| reader::integer(it, 0..=100, faults))
            .map_or(100, small),
        on_demand_allocation_strategy: on_demand?,
        spot_allocation_strategy: spot?,
        spot_max_price: table.optional("spot_max_price").and_then(|it| reader::money(it, faults)),
    };
    if let (Some(node), Some(instance_types)) = (percentage, instance_types)
        && options.has_spot()
    {
        for &id in instance_types {
            types.check_spot_price(id, node);
        }
    }
    Some(options)
}
