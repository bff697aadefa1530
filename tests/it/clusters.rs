//! Small clusters and workloads, made by hand: what the tests of the engine
//! are played on.

use berthlab::base::id::{CapacityProviderId, Id as _, InstanceTypeId, ServiceId, TaskDefinitionId, ZoneId};
use berthlab::base::{CpuUnits, MemoryMib, Money, SimDuration, SimTime, Table};
use berthlab::deployment::ROLLING;
use berthlab::model::access::Access;
use berthlab::model::attribute::Attributes;
use berthlab::model::capacity::{CapacityProvider, ManagedScaling, Scaling};
use berthlab::model::instance::InstanceType;
use berthlab::model::network::Network;
use berthlab::model::options::{ModelOptions, TieBreak};
use berthlab::model::service::DeploymentBounds;
use berthlab::model::task::{Needs, TaskDefinition};
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
        usd_per_hour: Money::parse_usd("0.1").expect("a price"),
        price_as_of: "2026-01-01".to_owned(),
    }
}

pub(crate) fn bounds(minimum_healthy_percent: u16, maximum_percent: u16) -> DeploymentBounds {
    DeploymentBounds { minimum_healthy_percent, maximum_percent }
}

/// Onto the only provider, wherever there is room.
pub(crate) fn anywhere(provider: CapacityProviderId, tie_break: TieBreak) -> Placement {
    Placement { provider, constraints: Vec::new(), chain: Chain { strategies: Vec::new(), tie_break } }
}

/// A group of instances of type 0 in zone 0: of fixed size, or between two
/// sizes if these differ.
pub(crate) fn provider(min_size: u32, max_size: u32) -> CapacityProvider {
    let scaling =
        if min_size == max_size { Scaling::Fixed } else { Scaling::Managed(ManagedScaling::default()) };
    CapacityProvider {
        name: "pool".to_owned(),
        instance_type: InstanceTypeId::new(0),
        zones: vec![ZoneId::new(0)],
        min_size,
        max_size,
        scaling,
        attributes: Vec::new(),
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
    Setup {
        horizon,
        warm_up: SimDuration::ZERO,
        options,
        zones: vec!["zone-a".to_owned()].into(),
        instance_types: vec![instance_type].into(),
        providers: vec![provider].into(),
        attributes: Attributes::default(),
        standalone: StandalonePolicy { placement: anywhere(PROVIDER, tie_break), unplaced: Unplaced::Drop },
        services: Table::new(),
        instance_mean_lifetime: None,
        access: Access::default(),
        network: Network::default(),
    }
}

/// Adds a service that starts `desired_count` tasks of definition `definition`.
pub(crate) fn add_service(
    setup: &mut Setup,
    workload: &mut Workload,
    bounds: DeploymentBounds,
    definition: u32,
    desired_count: u32,
) -> ServiceId {
    setup.services.push(ServicePolicy {
        name: format!("service-{}", setup.services.len()),
        placement: anywhere(PROVIDER, setup.options.tie_break),
        bounds,
        controller: ROLLING,
    });
    let definition = TaskDefinitionId::new(definition);
    workload.services.push(ServiceStart { definition, desired_count })
}

/// Adds a release of definition `definition`.
pub(crate) fn release(workload: &mut Workload, at: SimTime, service: ServiceId, definition: u32) {
    let kind = ServiceChangeKind::Release(TaskDefinitionId::from_idx(definition as usize));
    workload.service_changes.push(ServiceChange { at, service, kind });
}

/// Adds a change of a desired count.
pub(crate) fn desire(workload: &mut Workload, at: SimTime, service: ServiceId, desired_count: u32) {
    let kind = ServiceChangeKind::DesiredCount(desired_count);
    workload.service_changes.push(ServiceChange { at, service, kind });
}
