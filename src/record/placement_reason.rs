//! Why tasks do not go to instances, under the names of ECS.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Why an instance did not take a task: the steps of a placement, in the order
/// in which the first that applies is told (developer guide,
/// api_failures_messages; semantics 5.7; the order is a MODEL choice).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum PlacementReason {
    /// It takes no new tasks.
    #[serde(rename = "DRAINING")]
    Draining,
    /// It has yet to register, or is gone.
    #[serde(rename = "INACTIVE")]
    Inactive,
    /// Its agent is not heard.
    #[serde(rename = "AGENT")]
    Agent,
    /// Not enough CPU units are free.
    #[serde(rename = "RESOURCE:CPU")]
    Cpu,
    /// Not enough memory is free.
    #[serde(rename = "RESOURCE:MEMORY")]
    Memory,
    /// Not enough GPUs are free.
    #[serde(rename = "RESOURCE:GPU")]
    Gpu,
    /// A host port is taken.
    #[serde(rename = "RESOURCE:PORTS")]
    Ports,
    /// No network interface is free.
    #[serde(rename = "RESOURCE:ENI")]
    Eni,
    /// It lacks an attribute that the task definition needs.
    #[serde(rename = "ATTRIBUTE")]
    Attribute,
    /// Its zone has none of the task's subnets.
    #[serde(rename = "LOCATION")]
    Location,
    /// An expression of a constraint is false of it.
    #[serde(rename = "MEMBER_OF")]
    MemberOf,
    /// It has a task of the group already.
    #[serde(rename = "DISTINCT_INSTANCE")]
    DistinctInstance,
    /// There is no instance at all.
    #[serde(rename = "NO_INSTANCE")]
    NoInstance,
}

impl PlacementReason {
    /// All of them, in their order.
    pub const ALL: [Self; 13] = [
        Self::Draining,
        Self::Inactive,
        Self::Agent,
        Self::Cpu,
        Self::Memory,
        Self::Gpu,
        Self::Ports,
        Self::Eni,
        Self::Attribute,
        Self::Location,
        Self::MemberOf,
        Self::DistinctInstance,
        Self::NoInstance,
    ];

    /// As it stands in files: what ECS writes, in one word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Draining => "DRAINING",
            Self::Inactive => "INACTIVE",
            Self::Agent => "AGENT",
            Self::Cpu => "RESOURCE:CPU",
            Self::Memory => "RESOURCE:MEMORY",
            Self::Gpu => "RESOURCE:GPU",
            Self::Ports => "RESOURCE:PORTS",
            Self::Eni => "RESOURCE:ENI",
            Self::Attribute => "ATTRIBUTE",
            Self::Location => "LOCATION",
            Self::MemberOf => "MEMBER_OF",
            Self::DistinctInstance => "DISTINCT_INSTANCE",
            Self::NoInstance => "NO_INSTANCE",
        }
    }

    /// As ECS writes it in an answer or an event.
    pub const fn text(self) -> &'static str {
        match self {
            Self::MemberOf => "MemberOf placement constraint unsatisfied",
            Self::DistinctInstance => "distinctInstance placement constraint unsatisfied",
            Self::NoInstance => "NO ACTIVE INSTANCES",
            other => other.name(),
        }
    }
}

impl fmt::Display for PlacementReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}
