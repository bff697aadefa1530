//! Capacity providers: groups of equal instances that grow and shrink.

use crate::base::id::{InstanceTypeId, ZoneId};
use crate::base::{Money, SimDuration};

/// A group of instances and how it is scaled.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CapacityProvider {
    /// Its name.
    pub name: String,
    /// What it launches.
    pub instance_type: InstanceTypeId,
    /// Where it launches: it fills zones evenly.
    pub zones: Vec<ZoneId>,
    /// Least and most instances of the group.
    pub min_size: u32,
    /// See `min_size`.
    pub max_size: u32,
    /// How it is scaled.
    pub scaling: Scaling,
    /// The security groups of its instances.
    pub security_groups: Vec<String>,
    /// Custom attributes of its instances, sorted by name.
    pub attributes: Vec<(String, String)>,
}

/// How a group of instances is scaled.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Scaling {
    /// Always `min_size` instances; tasks without room are refused, not queued
    /// (launch type EC2).
    Fixed,
    /// ECS managed scaling (API ManagedScaling): tasks without room wait in
    /// `PROVISIONING` and count towards the instances needed.
    Managed(ManagedScaling),
}

/// The parameters of managed scaling, with the defaults of the API.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ManagedScaling {
    /// Percent, 1 to 100.
    pub target_capacity: u32,
    /// Fewest and most instances added at a time, 1 to 10000.
    pub minimum_scaling_step_size: u32,
    /// See `minimum_scaling_step_size`.
    pub maximum_scaling_step_size: u32,
    /// No scale-out while an instance is younger than this.
    pub instance_warmup_period: SimDuration,
}

impl Default for ManagedScaling {
    fn default() -> Self {
        Self {
            target_capacity: 100,
            minimum_scaling_step_size: 1,
            maximum_scaling_step_size: 10_000,
            instance_warmup_period: SimDuration::from_secs(300),
        }
    }
}

/// A price of an hour, and the day it is of.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DatedPrice {
    /// What an hour costs.
    pub usd_per_hour: Money,
    /// The day, `YYYY-MM-DD`; empty if nobody said it.
    pub as_of: String,
}

/// What Fargate charges for a task of one architecture, on demand or Spot
/// (AWS Fargate pricing, Linux). Each price has its own day.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FargateRates {
    /// One vCPU for an hour: 1024 CPU units.
    pub vcpu_hour: DatedPrice,
    /// One GB of memory for an hour: 1024 MiB.
    pub gb_hour: DatedPrice,
    /// One GiB of ephemeral storage beyond the first 20 for an hour; `None`
    /// where no price is known, so that such a task cannot be billed.
    pub storage_gib_hour: Option<DatedPrice>,
}
