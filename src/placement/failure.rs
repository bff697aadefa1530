//! Why a task cannot go to an instance, under the names of ECS (developer
//! guide, api_failures_messages; semantics 5.7).

use std::fmt;

/// A reason, in the order in which reasons are looked for: the first that
/// applies is the instance's (MODEL).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum FailureReason {
    /// The instance takes no new tasks.
    Draining,
    /// It has yet to register, or is gone.
    Inactive,
    /// Its agent is not heard.
    Agent,
    /// Too few CPU units are left.
    Cpu,
    /// Too little memory is left.
    Memory,
    /// Too few GPUs are left.
    Gpu,
    /// A host port is in use, or none is left.
    Ports,
    /// No network interface is left.
    Eni,
    /// It lacks an attribute that the definition requires.
    Attribute,
    /// Its zone has none of the subnets.
    Location,
    /// A `memberOf` expression does not select it.
    MemberOf,
    /// A task of the same group is on it.
    DistinctInstance,
}

impl FailureReason {
    /// All of them, in their order.
    pub const ALL: [Self; 12] = [
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
    ];

    /// As ECS writes it.
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
            Self::MemberOf => "MemberOf placement constraint unsatisfied",
            Self::DistinctInstance => "distinctInstance placement constraint unsatisfied",
        }
    }

    /// How many steps an instance has passed that fails for this reason.
    pub const fn n_passed(self) -> usize {
        self as usize
    }
}

impl fmt::Display for FailureReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What became of the instances of a provider that a task could not go to.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Tally {
    /// How many instances failed for each reason, in the order of
    /// [`FailureReason::ALL`].
    pub n_instances: [u32; FailureReason::ALL.len()],
}

impl Tally {
    /// One more.
    pub fn add(&mut self, reason: FailureReason) {
        self.n_instances[reason as usize] += 1;
    }

    /// The reason of the instance that passed the most steps: the closest
    /// match. `None` if there was no instance at all.
    pub fn closest(&self) -> Option<FailureReason> {
        FailureReason::ALL.into_iter().rev().find(|&it| self.n_instances[it as usize] > 0)
    }
}
