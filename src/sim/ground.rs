//! The cluster of a setup before anything happens in it, and a sample of the
//! instances that a run may have: for those who ask what could be placed at all.

use std::sync::Arc;

use crate::base::SimTime;
use crate::base::id::{CapacityProviderId, Id as _, InstanceId, ZoneId};
use crate::model::Cluster;
use crate::model::attribute::{AttributeValue, Attributes};
use crate::model::capacity::Scaling;
use crate::model::identity::{AGENT_VERSION, AttributeSet, Identity};
use crate::model::network::RESERVED_PORTS;
use crate::model::transitions::{ClusterParts, Launch};
use crate::model::workload::Workload;
use crate::sim::setup::{FoundInstance, Setup};

/// A cluster without instances. `attributes` are those tracked, with every
/// value that an instance may have.
pub(super) fn empty_cluster(setup: &Setup, workload: &Workload, attributes: &Attributes) -> Cluster {
    let names = setup.services.rows().iter().map(|it| format!("service:{}", it.name));
    Cluster::new(ClusterParts {
        definitions: workload.definitions.clone(),
        instance_types: setup.instance_types.clone(),
        layout: attributes.layout(),
        n_providers: setup.providers.len(),
        expressions: setup.expressions.clone(),
        n_zones: setup.zones.len(),
        group_names: names.chain(workload.found_groups.iter().cloned()).collect(),
        services: workload.services.rows().iter().map(|it| (it.definition, it.desired_count)).collect(),
        n_batches: workload.n_batches,
        counts_batches: setup.standalone.placement.looks_at_groups(),
        release_on_desired_stopped: setup.options.release_on_desired_stopped,
    })
}

/// One instance of each kind that a run may have, empty and registered: those
/// that are found and take tasks, and one of each provider, type and zone if the
/// provider launches any.
pub fn sample_cluster(setup: &Setup, workload: &Workload) -> Cluster {
    let mut attributes = setup.attributes.clone();
    let found = setup.found_instances.iter().filter(|it| !it.is_draining);
    let found: Vec<_> =
        found.map(|it| (it, Setup::tracked_values(&mut attributes, &it.identity.attributes))).collect();
    let mut launched = Vec::new();
    for (provider, row) in setup.providers.iter() {
        for &instance_type in row.instance_types.iter().filter(|_| launches(setup, provider)) {
            for &zone in &row.zones {
                let set = Arc::new(setup.attributes_of(provider, instance_type, zone));
                let values = Setup::tracked_values(&mut attributes, &set);
                launched.push((provider, instance_type, zone, set, values));
            }
        }
    }
    let mut cluster = empty_cluster(setup, workload, &attributes);
    for (found, values) in &found {
        let id = launch_found(&mut cluster, found, 0, values);
        cluster.register_instance(id);
    }
    for (provider, instance_type, zone, set, values) in launched {
        let id = cluster.launch_instance(&Launch {
            instance_type,
            is_spot: false,
            provider,
            zone,
            launch: 0,
            attribute_values: &values,
            registered: setup.instance_types[instance_type].capacity,
            ports: &RESERVED_PORTS,
            identity: identity_of_launch(setup, (provider, zone, 0), SimTime::ZERO, set),
        });
        cluster.register_instance(id);
    }
    cluster
}

/// All instances that a run may have at once, empty and registered: those that
/// are found, and beside them as many as each provider has at most, in the zones
/// in which a run launches them. Instances that are found draining or without
/// their agent take tasks here: tasks that are found on them come first. Of a
/// group's types the preferred one alone.
pub fn full_cluster(setup: &Setup, workload: &Workload) -> Cluster {
    let mut attributes = setup.attributes.clone();
    let found: Vec<_> = setup
        .found_instances
        .iter()
        .map(|it| (it, Setup::tracked_values(&mut attributes, &it.identity.attributes)))
        .collect();
    let mut launched = Vec::new();
    for (provider, row) in setup.providers.iter() {
        let of_zone = |zone: ZoneId, attributes: &mut Attributes| {
            let set = Arc::new(setup.attributes_of(provider, row.instance_types[0], zone));
            let values = Setup::tracked_values(attributes, &set);
            (set, values)
        };
        let of_zones: Vec<_> = row.zones.iter().map(|&zone| (zone, of_zone(zone, &mut attributes))).collect();
        let mut by_zone: Vec<u32> = vec![0; setup.zones.len()];
        let mut n_instances = 0;
        for it in setup.found_instances.iter().filter(|it| it.provider == provider) {
            by_zone[it.zone.idx()] += 1;
            n_instances += 1;
        }
        let size = match row.scaling {
            Scaling::Fixed => row.min_size,
            Scaling::Managed(_) => row.max_size,
        };
        while n_instances < size {
            let (zone, (set, values)) = of_zones
                .iter()
                .min_by_key(|(zone, _)| (by_zone[zone.idx()], *zone))
                .expect("a provider has a zone");
            launched.push((provider, *zone, by_zone[zone.idx()], Arc::clone(set), values.clone()));
            by_zone[zone.idx()] += 1;
            n_instances += 1;
        }
    }
    let mut cluster = empty_cluster(setup, workload, &attributes);
    for (found, values) in &found {
        let id = launch_found(&mut cluster, found, 0, values);
        cluster.register_instance(id);
    }
    for (provider, zone, launch, set, values) in launched {
        let instance_type = setup.providers[provider].instance_types[0];
        let id = cluster.launch_instance(&Launch {
            instance_type,
            is_spot: false,
            provider,
            zone,
            launch,
            attribute_values: &values,
            registered: setup.instance_types[instance_type].capacity,
            ports: &RESERVED_PORTS,
            identity: identity_of_launch(setup, (provider, zone, launch), SimTime::ZERO, set),
        });
        cluster.register_instance(id);
    }
    cluster
}

/// Whether a provider ever launches an instance beside those that are found. A
/// fixed pool does not if it is complete and none of it fails.
fn launches(setup: &Setup, provider: CapacityProviderId) -> bool {
    let row = &setup.providers[provider];
    let n_found = setup.found_instances.iter().filter(|it| it.provider == provider).count();
    let is_complete = n_found >= row.min_size as usize && !setup.loses_machines();
    row.max_size > 0 && !(row.scaling == Scaling::Fixed && is_complete)
}

/// Launches an instance that a snapshot says is there; it has yet to register.
pub(super) fn launch_found(
    cluster: &mut Cluster,
    found: &FoundInstance,
    launch: u32,
    attribute_values: &[AttributeValue],
) -> InstanceId {
    cluster.launch_instance(&Launch {
        instance_type: found.instance_type,
        is_spot: false,
        provider: found.provider,
        zone: found.zone,
        launch,
        attribute_values,
        registered: found.registered,
        ports: &found.ports,
        identity: found.identity.clone(),
    })
}

/// Who the n-th instance is that a provider launches in a zone.
pub(super) fn identity_of_launch(
    setup: &Setup,
    (provider, zone, launch): (CapacityProviderId, ZoneId, u32),
    registered_at: SimTime,
    attributes: Arc<AttributeSet>,
) -> Identity {
    // A name in the form of EC2's, made of what names the instance in every run.
    let (of_provider, of_zone) = (provider.number() & 0xF_FFFF, zone.number() & 0xFFFF);
    Identity {
        ec2_instance_id: format!("i-{of_provider:05x}{of_zone:04x}{launch:08x}"),
        agent_version: Some(AGENT_VERSION.to_owned()),
        registered_at_ms: setup.starts_at_ms + registered_at.millis() as i64,
        attributes,
        has_every_capability: true,
    }
}
