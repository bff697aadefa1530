//! Instance types and container instances.

use crate::base::id::{CapacityProviderId, InstanceTypeId, ZoneId};
use crate::base::{CpuUnits, MemoryMib, SimTime};
use crate::model::price::DatedPrice;
use crate::model::task::Needs;

/// A kind of machine: what it registers with the cluster and what it costs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct InstanceType {
    /// Such as `m6i.4xlarge`.
    pub name: String,
    /// What it registers; see [`registered_memory`].
    pub capacity: Needs,
    /// How many tasks with a network interface of their own it holds where
    /// interfaces are trunked (account setting `awsvpcTrunking`, on before it
    /// registers); `None` if it has no trunk. Without a trunk: those of `capacity`.
    pub trunked_network_interfaces: Option<u32>,
    /// What its network moves a second, bursts left out; `None` where nobody
    /// knows.
    pub network_bytes_per_second: Option<u64>,
    /// Whether its processor is of the Arm architecture.
    pub is_arm: bool,
    /// Linux on-demand price of an hour.
    pub on_demand: DatedPrice,
    /// Linux Spot price of an hour; `None` where none is known.
    pub spot: Option<DatedPrice>,
}

impl InstanceType {
    /// Registered CPU is 1024 units a vCPU (developer guide, memory-management).
    pub const CPU_UNITS_PER_VCPU: u32 = 1024;

    /// What an hour costs, on demand or as Spot; where no Spot price is known, no
    /// less than on demand.
    pub fn price(&self, is_spot: bool) -> &DatedPrice {
        self.spot.as_ref().filter(|_| is_spot).unwrap_or(&self.on_demand)
    }

    /// Whether a task with these needs fits the instance while it is empty.
    pub fn can_hold(&self, needs: Needs) -> bool {
        needs.fits(&self.capacity)
    }
}

/// The memory an instance registers: what its operating system reports, less
/// than advertised. MODEL: 97 %, rounded down (real ones: 95 to 98 %).
pub fn registered_memory(advertised: MemoryMib) -> MemoryMib {
    let mib = u64::from(advertised.0) * 97 / 100;
    MemoryMib(u32::try_from(mib).expect("less than advertised"))
}

/// What one vCPU registers.
pub fn registered_cpu(vcpus: u32) -> CpuUnits {
    CpuUnits(vcpus * InstanceType::CPU_UNITS_PER_VCPU)
}

/// Where an instance is in its life.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum InstanceStatus {
    /// Launched and billed; the agent has yet to register.
    Registering,
    /// Takes tasks.
    Active,
    /// Takes no new tasks.
    Draining,
    /// Gone, but the cluster does not know yet: its tasks still count.
    Lost,
    /// Gone.
    Terminated,
}

/// An EC2 instance of the cluster.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ContainerInstance {
    /// What tasks may still reserve.
    pub free: Needs,
    /// What it registered; fixed from then on.
    pub registered: Needs,
    /// How many tasks hold room on it, stopping ones included.
    pub n_tasks: u32,
    /// How many of them are wanted: desired status RUNNING.
    pub n_wanted: u32,
    /// Where it is in its life.
    pub status: InstanceStatus,
    /// Whether its agent is heard; without it nothing is placed.
    pub is_agent_connected: bool,
    /// Its type.
    pub instance_type: InstanceTypeId,
    /// Whether it was bought as Spot.
    pub is_spot: bool,
    /// Which group it belongs to.
    pub provider: CapacityProviderId,
    /// Its availability zone.
    pub zone: ZoneId,
    /// The n-th launch of its provider in its zone: with both it names the
    /// instance whatever the policies.
    pub launch: u32,
    /// When it was launched.
    pub launched_at: SimTime,
}

const _: () = assert!(size_of::<ContainerInstance>() <= 72, "the row of an instance stays small");

impl ContainerInstance {
    /// Whether new tasks are placed on it: it is ACTIVE and its agent is heard.
    pub fn takes_tasks(&self) -> bool {
        self.status == InstanceStatus::Active && self.is_agent_connected
    }

    /// Whether the group counts it as running: launched, not yet given up.
    pub fn is_in_service(&self) -> bool {
        matches!(self.status, InstanceStatus::Registering | InstanceStatus::Active)
    }
}
