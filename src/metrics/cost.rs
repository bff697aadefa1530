//! What the run would have been billed, in whole and by group of lines.

use super::{Direction, Metric};
use crate::record::{LineGroup, RunRecord};

pub(super) const COST_USD: Metric = Metric {
    name: "cost_usd",
    summary: "sum of the bill's lines while measured",
    unit: "USD",
    direction: Direction::LowerIsBetter,
    decimals: 2,
    of: |record| Some(record.ledger.total().as_usd_f64()),
};

pub(super) const COST_INSTANCES_USD: Metric = part(
    "cost_instances_usd",
    "of the cost: EC2 instances, on demand, Spot and what commitments cover",
    |record| cost_of(record, LineGroup::Instances),
);

pub(super) const COST_FARGATE_USD: Metric =
    part("cost_fargate_usd", "of the cost: tasks on Fargate, by vCPU, memory and storage", |record| {
        cost_of(record, LineGroup::Fargate)
    });

pub(super) const COST_STORAGE_USD: Metric =
    part("cost_storage_usd", "of the cost: volumes of instances", |record| {
        cost_of(record, LineGroup::Storage)
    });

pub(super) const COST_REGISTRY_USD: Metric =
    part("cost_registry_usd", "of the cost: images in registries, and their scans", |record| {
        cost_of(record, LineGroup::Registry)
    });

pub(super) const COST_LOAD_BALANCERS_USD: Metric =
    part("cost_load_balancers_usd", "of the cost: load balancers, hours and capacity units", |record| {
        cost_of(record, LineGroup::LoadBalancers)
    });

pub(super) const COST_PUBLIC_ADDRESSES_USD: Metric =
    part("cost_public_addresses_usd", "of the cost: public IPv4 addresses", |record| {
        cost_of(record, LineGroup::PublicAddresses)
    });

pub(super) const COST_TRANSFER_USD: Metric =
    part("cost_transfer_usd", "of the cost: bytes on their way, and NAT gateways", |record| {
        cost_of(record, LineGroup::Transfer)
    });

pub(super) const COST_COMMITMENTS_UNUSED_USD: Metric =
    part("cost_commitments_unused_usd", "of the cost: what of commitments was not used", |record| {
        cost_of(record, LineGroup::UnusedCommitments)
    });

/// A part of the cost.
const fn part(name: &'static str, summary: &'static str, of: fn(&RunRecord) -> Option<f64>) -> Metric {
    Metric { name, summary, unit: "USD", direction: Direction::LowerIsBetter, decimals: 2, of }
}

/// Of a run without any such line there is no such cost.
fn cost_of(record: &RunRecord, group: LineGroup) -> Option<f64> {
    let has_line = record.ledger.lines.iter().any(|it| it.meter.group() == group);
    has_line.then(|| record.ledger.total_of(|it| it.group() == group).as_usd_f64())
}
