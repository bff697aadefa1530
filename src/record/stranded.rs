//! Capacity that was free and could not be used, over time and by cause; and
//! what moving tasks would have freed.

use serde::{Deserialize, Serialize};

/// Why free capacity cannot be used.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StrandedCause {
    /// CPU is short.
    Cpu,
    /// Memory is short.
    Memory,
    /// Network interfaces are short.
    NetworkInterfaces,
    /// Host ports are short, or taken.
    Ports,
    /// GPUs are short.
    Gpus,
    /// A placement constraint or a missing attribute.
    Constraint,
    /// The instance is in no zone of the tasks' subnets.
    Zone,
    /// The instance takes no tasks: it registers, drains, or is not heard.
    State,
    /// Less is left than a task needs.
    Remainder,
}

impl StrandedCause {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Cpu,
        Self::Memory,
        Self::NetworkInterfaces,
        Self::Ports,
        Self::Gpus,
        Self::Constraint,
        Self::Zone,
        Self::State,
        Self::Remainder,
    ];

    /// As a column is called.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::Memory => "memory",
            Self::NetworkInterfaces => "network_interfaces",
            Self::Ports => "ports",
            Self::Gpus => "gpus",
            Self::Constraint => "constraint",
            Self::Zone => "zone",
            Self::State => "state",
            Self::Remainder => "remainder",
        }
    }
}
