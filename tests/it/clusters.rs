//! Small clusters and workloads, made by hand: what the tests of the engine
//! are played on.

use berthlab::base::id::{
    CapacityProviderId, Id as _, InstanceId, InstanceTypeId, ServiceId, TaskDefinitionId, ZoneId,
};
use berthlab::base::{CpuUnits, MemoryMib, Money, SimDuration, SimTime};
use berthlab::disruption::instance_failure::Lifetime;
use berthlab::disruption::{Disruption, Kind, Scope};
use berthlab::model::capacity::{CapacityProvider, ManagedScaling, Scaling};
use berthlab::model::instance::InstanceType;
use berthlab::model::options::{ModelOptions, TieBreak};
use berthlab::model::price::DatedPrice;
use berthlab::model::service::DeploymentBounds;
use berthlab::model::task::{Host, Needs, TaskDefinition};
use berthlab::model::workload::{ServiceChange, ServiceChangeKind, ServiceStart, Workload};
use berthlab::placement::Chain;
use berthlab::sim::Setup;
use berthlab::sim::setup::{Placement, ServicePolicy, StandalonePolicy, Unplaced};

/// The only provider of a small cluster.
pub(crate) const PROVIDER: CapacityProviderId = CapacityProviderId::new(0);

pub(crate) fn needs(cpu: u32, memory: u32) -> Needs {
    Needs::of(CpuUnits(cpu), MemoryMib(memory))
}

pub(crate) fn definition(name: &str, cpu: u32, memory: u32) -> TaskDefinition {
    TaskDefinition::plain(name.to_owned(), needs(cpu, memory))
}

pub(crate) fn instance_type(name: &str, cpu: u32, memory: u32) -> InstanceType {
    InstanceType {
        name: name.to_owned(),
        capacity: needs(cpu, memory),
        trunked_network_interfaces: None,
        network_bytes_per_second: None,
        is_arm: false,
        on_demand: DatedPrice::of(Money::parse_usd("0.1").expect("a price")),
        spot: None,
    }
}

pub(crate) fn bounds(minimum_healthy_percent: u16, maximum_percent: u16) -> DeploymentBounds {
    DeploymentBounds { minimum_healthy_percent, maximum_percent }
}

/// Instances fail at a constant rate.
pub(crate) fn fails_after(mean: SimDuration) -> Disruption {
    let kind = Kind::InstanceFailure(Lifetime::Exponential { mean });
    Disruption { scope: Scope::default(), ordinal: 0, kind }
}

/// Onto the only provider, wherever there is room.
pub(crate) fn anywhere(provider: CapacityProviderId, tie_break: TieBreak) -> Placement {
    Placement::onto(provider, Chain::new(Vec::new(), tie_break))
}

/// A group of instances of type 0 in zone 0: of fixed size, or between two
/// sizes if these differ.
pub(crate) fn provider(min_size: u32, max_size: u32) -> CapacityProvider {
    let scaling =
        if min_size == max_size { Scaling::Fixed } else { Scaling::Managed(ManagedScaling::default()) };
    CapacityProvider {
        managed_termination_protection: true,
        min_size,
        max_size,
        scaling,
        ..CapacityProvider::of("pool", InstanceTypeId::new(0), vec![ZoneId::new(0)])
    }
}

/// One zone, one provider, no services.
pub(crate) fn setup(
    options: ModelOptions,
    provider: CapacityProvider,
    instance_type: InstanceType,
    horizon: SimDuration,
) -> Setup {
    let tie_break = options.tie_break;
    let standalone = StandalonePolicy { placement: anywhere(PROVIDER, tie_break), unplaced: Unplaced::Drop };
    let zones = vec!["zone-a".to_owned()].into();
    Setup::new(horizon, options, zones, vec![instance_type].into(), vec![provider].into(), standalone)
}

/// Adds a service that starts `desired_count` tasks of definition `definition`.
pub(crate) fn add_service(
    setup: &mut Setup,
    workload: &mut Workload,
    bounds: DeploymentBounds,
    definition: u32,
    desired_count: u32,
) -> ServiceId {
    let name = format!("service-{}", setup.services.len());
    let placement = anywhere(PROVIDER, setup.options.tie_break);
    setup.services.push(ServicePolicy::rolling(name, placement, bounds));
    let definition = TaskDefinitionId::new(definition);
    workload.services.push(ServiceStart::new(definition, desired_count))
}

/// The instance that a task was placed on.
pub(crate) fn instance_of(host: Host) -> InstanceId {
    match host {
        Host::Instance(instance) => instance,
        Host::Fargate(_) => panic!("it is on Fargate"),
    }
}

/// Adds a release of definition `definition`.
pub(crate) fn release(workload: &mut Workload, at: SimTime, service: ServiceId, definition: u32) {
    let kind = ServiceChangeKind::Release(TaskDefinitionId::from_idx(definition as usize));
    workload.service_changes.push(ServiceChange { at, service, kind });
}
