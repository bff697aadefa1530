//! A cluster as a case describes it: instances with what they registered, and
//! the tasks on them. Built by the transitions of the model, so that what a case
//! asks for can be.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::base::Money;
use crate::base::id::{
    CapacityProviderId, GroupId, Id as _, InstanceId, InstanceTypeId, ServiceId, TaskDefinitionId, TaskId,
    ZoneId,
};
use crate::conform::reader::{Faults, Object};
use crate::conform::resources::{read_host_ports, read_needs, read_port};
use crate::documents::json::{Json, Value, shortened};
use crate::model::Cluster;
use crate::model::attribute::{AVAILABILITY_ZONE, Attributes};
use crate::model::capacity::Capacity;
use crate::model::identity::{AttributeSet, Expressions, Identity};
use crate::model::instance::InstanceType;
use crate::model::network::{HostPort, Protocol};
use crate::model::price::DatedPrice;
use crate::model::task::{Needs, TaskDefinition, TaskOwner};
use crate::model::transitions::{ClusterParts, Launch};
use crate::sim::Setup;

/// The only provider.
pub(super) const PROVIDER: CapacityProviderId = CapacityProviderId::new(0);
/// The definition of the task that a case is about.
pub(super) const SUBJECT: TaskDefinitionId = TaskDefinitionId::new(0);
/// The group that a case is about.
pub(super) const GROUP: GroupId = GroupId::new(0);

/// An instance of a case.
pub(super) struct Host<'a> {
    id: &'a str,
    zone: &'a str,
    registered: Needs,
    own_ports: Vec<HostPort>,
    attributes: AttributeSet,
    status: Status,
    is_connected: bool,
    tasks: Vec<Load<'a>>,
}

#[derive(Clone, Copy)]
enum Status {
    Active,
    Draining,
    Inactive,
}

/// A task of a case: what it takes, and how it stands.
pub(super) struct Load<'a> {
    /// Where it is written.
    json: &'a Json,
    /// Its group.
    pub(super) group: &'a str,
    needs: Needs,
    host_ports: Vec<HostPort>,
    is_wanted: bool,
    is_protected: bool,
}

/// The group that a case is about, and what its tasks are.
pub(super) struct Subject<'a> {
    /// Its name.
    pub(super) group: &'a str,
    /// Whether it is that of a service.
    pub(super) is_service: bool,
    /// What a new task of it takes; `None` if there will be none.
    pub(super) load: Option<&'a Load<'a>>,
}

/// A cluster, and what its instances are called.
pub(super) struct Room<'a> {
    pub(super) cluster: Cluster,
    names: Vec<&'a str>,
    is_service: bool,
    n_tasks: u32,
}

impl<'a> Room<'a> {
    /// Builds the cluster. `None` after a fault: tasks that do not fit.
    pub(super) fn build(
        hosts: &[Host<'a>],
        subject: &Subject<'_>,
        attributes: &mut Attributes,
        expressions: Expressions,
        faults: &mut Faults<'_>,
    ) -> Option<Self> {
        let mut zones: Vec<&str> = hosts.iter().map(|it| it.zone).collect();
        zones.sort_unstable();
        zones.dedup();
        let mut groups = vec![subject.group];
        let others = hosts.iter().flat_map(|it| &it.tasks).map(|it| it.group);
        for group in others {
            if !groups.contains(&group) {
                groups.push(group);
            }
        }
        let mut definitions = vec![subject.load.map_or_else(nothing, Load::definition)];
        definitions.extend(hosts.iter().flat_map(|it| &it.tasks).map(Load::definition));
        let values: Vec<_> =
            hosts.iter().map(|it| Setup::tracked_values(attributes, &it.all_attributes())).collect();
        let n_services = usize::from(subject.is_service);
        let cluster = Cluster::new(ClusterParts {
            definitions: definitions.into(),
            instance_types: vec![any_type()].into(),
            layout: attributes.layout(),
            n_providers: 1,
            expressions,
            n_zones: zones.len(),
            services: vec![(SUBJECT, 0); n_services],
            group_names: groups.iter().map(|&it| it.to_owned()).collect(),
            n_batches: u32::try_from(groups.len() - n_services).expect("a case has few groups"),
            counts_batches: true,
            release_on_desired_stopped: false,
        });
        let names = hosts.iter().map(|it| it.id).collect();
        let mut room = Self { cluster, names, is_service: subject.is_service, n_tasks: 0 };
        let mut launches: BTreeMap<&str, u32> = BTreeMap::new();
        let mut definition = SUBJECT.number();
        for (host, values) in hosts.iter().zip(&values) {
            let launch = launches.entry(host.zone).or_default();
            let zone = zones.binary_search(&host.zone).expect("each zone has a number");
            let id = room.cluster.launch_instance(&Launch {
                instance_type: InstanceTypeId::new(0),
                is_spot: false,
                provider: PROVIDER,
                zone: ZoneId::from_idx(zone),
                launch: *launch,
                attribute_values: values,
                registered: host.registered,
                ports: &host.own_ports,
                identity: host.identity(),
            });
            *launch += 1;
            room.cluster.register_instance(id);
            for task in &host.tasks {
                definition += 1;
                let group = groups.iter().position(|it| *it == task.group).expect("each group has a number");
                let definition = TaskDefinitionId::new(definition);
                room.add_listed(id, task, definition, GroupId::from_idx(group), faults)?;
            }
            room.cluster.set_agent_connected(id, host.is_connected);
            match host.status {
                Status::Active => (),
                Status::Draining => room.cluster.drain_instance(id),
                Status::Inactive => room.cluster.lose_instance(id),
            }
        }
        Some(room)
    }

    /// A task that is there from the start.
    fn add_listed(
        &mut self,
        host: InstanceId,
        load: &Load<'_>,
        definition: TaskDefinitionId,
        group: GroupId,
        faults: &mut Faults<'_>,
    ) -> Option<()> {
        let row = self.cluster.definition(definition);
        let is_room = row.needs.fits(&self.cluster.instance(host).free)
            && self.cluster.ports_on(host).have_room_for(row);
        if !is_room {
            let message = format!("the tasks on `{}` take more than it registered", self.name(host));
            faults.note("B0607", load.json, message);
            return None;
        }
        let task = self.place(definition, group, host);
        self.cluster.start_running(task);
        self.cluster.set_protected(task, load.is_protected);
        if !load.is_wanted {
            self.cluster.request_stop(task);
        }
        Some(())
    }

    /// A new task goes to `host`.
    pub(super) fn place(&mut self, definition: TaskDefinitionId, group: GroupId, host: InstanceId) -> TaskId {
        let owner = if self.is_service && group == GROUP {
            let deployment = self.cluster.service(ServiceId::new(0)).primary;
            TaskOwner::Service { deployment, launch: self.n_tasks }
        } else {
            TaskOwner::Standalone { arrival: self.n_tasks }
        };
        self.n_tasks += 1;
        let task = self.cluster.create_task(definition, group, owner, Capacity::Instances(PROVIDER));
        self.cluster.place(task, host);
        task
    }

    /// What a case calls an instance.
    pub(super) fn name(&self, id: InstanceId) -> &'a str {
        self.names[id.idx()]
    }

    /// The instance that a case means; a fault if there is none.
    pub(super) fn find(&self, json: &Json, faults: &mut Faults<'_>) -> Option<InstanceId> {
        let name = faults.text(json)?;
        let idx = self.names.iter().position(|it| *it == name);
        if idx.is_none() {
            faults.note("B0609", json, format!("there is no instance `{}`", shortened(name)));
        }
        idx.map(InstanceId::from_idx)
    }

    /// All instances.
    pub(super) fn ids(&self) -> impl Iterator<Item = InstanceId> + use<> {
        (0..self.names.len()).map(InstanceId::from_idx)
    }

    /// Draws to try, so that whatever chance may choose is chosen once.
    pub(super) fn n_draws(&self) -> u64 {
        super::DRAWS_PER_INSTANCE * self.names.len().max(1) as u64
    }
}

/// Where no task is to be started.
fn nothing() -> TaskDefinition {
    TaskDefinition::plain("nothing", Needs::default())
}

/// What an instance registers stands in its launch.
fn any_type() -> InstanceType {
    InstanceType {
        name: "any".to_owned(),
        capacity: Needs::default(),
        trunked_network_interfaces: None,
        network_bytes_per_second: None,
        is_arm: false,
        on_demand: DatedPrice::of(Money::ZERO),
        spot: None,
    }
}

impl Host<'_> {
    fn all_attributes(&self) -> AttributeSet {
        let mut attributes = self.attributes.clone();
        attributes.entry(AVAILABILITY_ZONE.to_owned()).or_insert_with(|| Some(self.zone.to_owned()));
        attributes
    }

    fn identity(&self) -> Identity {
        Identity {
            ec2_instance_id: self.id.to_owned(),
            agent_version: None,
            registered_at_ms: 0,
            attributes: Arc::new(self.all_attributes()),
            has_every_capability: true,
        }
    }
}

impl Load<'_> {
    fn definition(&self) -> TaskDefinition {
        let host_ports = self.host_ports.clone();
        TaskDefinition { host_ports, ..TaskDefinition::plain(self.group, self.needs) }
    }
}

// --- as it is written ------------------------------------------------------

/// The instances of a case, each id once.
pub(super) fn read_hosts<'a>(input: &mut Object<'a>, faults: &mut Faults<'_>) -> Option<Vec<Host<'a>>> {
    let items = input.required("instances", faults).and_then(|it| faults.list(it))?;
    let hosts: Vec<_> = items.iter().map(|it| read_host(it, faults)).collect();
    let hosts: Vec<Host<'a>> = hosts.into_iter().collect::<Option<_>>()?;
    for (idx, host) in hosts.iter().enumerate() {
        if hosts[..idx].iter().any(|it| it.id == host.id) {
            faults.note(
                "B0608",
                &items[idx],
                format!("the instance `{}` is there twice", shortened(host.id)),
            );
            return None;
        }
    }
    Some(hosts)
}

fn read_host<'a>(json: &'a Json, faults: &mut Faults<'_>) -> Option<Host<'a>> {
    let mut object = Object::of(json, faults)?;
    let id = object.text("id", faults);
    let zone = object.text("az", faults);
    let registered = read_needs(&mut object, faults);
    let own_ports = object.list_or_none("reserved_ports", faults).and_then(|items| {
        let tcp = |json| Some(HostPort { port: read_port(json, faults)?, protocol: Protocol::Tcp });
        items.iter().map(tcp).collect()
    });
    let attributes = object.optional("attributes");
    let attributes = attributes.map_or(Some(AttributeSet::new()), |it| read_attributes(it, faults));
    let status = object.optional("status").map_or(Some(Status::Active), |it| {
        let names =
            [("ACTIVE", Status::Active), ("DRAINING", Status::Draining), ("INACTIVE", Status::Inactive)];
        faults.word(it, &names)
    });
    let is_connected = object.optional("agentConnected").map_or(Some(true), |it| faults.flag(it));
    let tasks = object.list_or_none("tasks", faults).and_then(|items| {
        let read: Vec<_> = items.iter().map(|it| read_load(it, faults)).collect();
        read.into_iter().collect::<Option<Vec<_>>>()
    });
    object.finish(faults);
    Some(Host {
        id: id?,
        zone: zone?,
        registered: registered?,
        own_ports: own_ports?,
        attributes: attributes?,
        status: status?,
        is_connected: is_connected?,
        tasks: tasks?,
    })
}

/// A task: of an instance, or to be placed.
pub(super) fn read_load<'a>(json: &'a Json, faults: &mut Faults<'_>) -> Option<Load<'a>> {
    let mut object = Object::of(json, faults)?;
    let group = object.text("group", faults);
    let needs = read_needs(&mut object, faults);
    let host_ports = read_host_ports(&mut object, faults);
    let is_wanted = object
        .optional("desired")
        .map_or(Some(true), |it| faults.word(it, &[("RUNNING", true), ("STOPPED", false)]));
    let is_protected = object.optional("protected").map_or(Some(false), |it| faults.flag(it));
    object.finish(faults);
    Some(Load {
        json,
        group: group?,
        needs: needs?,
        host_ports: host_ports?,
        is_wanted: is_wanted?,
        is_protected: is_protected?,
    })
}

fn read_attributes(json: &Json, faults: &mut Faults<'_>) -> Option<AttributeSet> {
    Object::of(json, faults)?;
    let Value::Object(members) = &json.value else { return None };
    let read = |it: &crate::documents::json::Member, faults: &mut Faults<'_>| match it.value.value {
        Value::Null => Some((it.key.clone(), None)),
        _ => Some((it.key.clone(), Some(faults.text(&it.value)?.to_owned()))),
    };
    members.iter().map(|it| read(it, faults)).collect()
}
