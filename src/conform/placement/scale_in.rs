//! `kind: scale_in`: a service gives up one task after the other. Each step is
//! answered before its expectation is looked at; the next goes on without a task
//! of the instance that the case assumes.

use std::collections::BTreeSet;

use super::place::{read_allowed, read_assume, shown};
use super::read_written;
use super::room::{GROUP, Room, Subject, read_hosts};
use crate::base::id::{Id as _, InstanceId, ServiceId, TaskId};
use crate::conform::case::{Differences, Sealed};
use crate::conform::reader::{Faults, Object};
use crate::model::Cluster;
use crate::model::attribute::Attributes;
use crate::model::identity::Expressions;
use crate::model::options::TieBreak;
use crate::placement::order::RandomOrder;
use crate::placement::request::{
    Api, LaunchType, Request, SchedulingStrategy, build_chain, faults as faults_of,
};
use crate::placement::{Chain, scale_in};

pub(super) fn judge(
    input: &mut Object<'_>,
    expect: Sealed<'_>,
    faults: &mut Faults<'_>,
) -> Option<Differences> {
    let hosts = read_hosts(input, faults);
    let group = input.text("service_group", faults);
    let strategies = input.list_or_none("strategy", faults);
    let strategies = strategies.and_then(|it| read_written(it, "field", faults))?;
    let found = faults_of(&Request {
        api: Api::CreateService,
        launch_type: LaunchType::Ec2,
        scheduling: SchedulingStrategy::Replica,
        count: None,
        strategies: &strategies,
        constraints: &[],
        n_definition_constraints: 0,
    });
    if !found.is_empty() {
        for fault in found {
            input.note("B0607", format!("ECS would refuse it: {}", fault.message), faults);
        }
        return None;
    }
    let mut attributes = Attributes::default();
    let chain = match strategies.is_empty() {
        false => build_chain(&strategies, &mut attributes, TieBreak::Random),
        true => Chain::default_of_service(&mut attributes, TieBreak::Random),
    };
    let subject = Subject { group: group?, is_service: true, load: None };
    let mut room = Room::build(&hosts?, &subject, &mut attributes, Expressions::default(), faults)?;

    let mut differences = Differences::default();
    for (idx, sealed) in expect.into_steps(faults)?.into_iter().enumerate() {
        let (answer, expected) = sealed.open(answer(&room, &chain));
        let mut object = Object::of(expected, faults)?;
        let allowed = read_allowed(&room, &mut object, faults);
        let assume = read_assume(&room, &mut object, allowed.as_ref(), faults);
        object.finish(faults);
        let (number, allowed) = (idx + 1, allowed?);
        differences.compare(format!("step {number}: allowed"), shown(&allowed), shown(&answer.allowed));
        let strays: BTreeSet<String> = answer.chosen.difference(&allowed).cloned().collect();
        if !strays.is_empty() {
            let point = format!("step {number}: chosen");
            differences.compare(point, format!("on {}", shown(&allowed)), shown(&strays));
        }
        let Some(assume) = assume? else { continue };
        let name = room.name(assume);
        let on_it = |it: &&TaskId| room.cluster.task(**it).instance() == Some(assume);
        let unprotected = |it: &&TaskId| !room.cluster.task(**it).is_protected;
        let candidates = candidates(&room.cluster);
        let Some(&task) = candidates.iter().filter(on_it).find(unprotected) else {
            // From here on there is nothing to compare with.
            let point = format!("step {number}: {name} loses a task");
            differences.compare(point, "possible", "it has none to lose");
            break;
        };
        room.cluster.request_stop(task);
        room.cluster.finish_stop(task);
    }
    Some(differences)
}

/// Which instances may lose a task.
struct Answer {
    /// Under any draw, as far as the chain decides.
    allowed: BTreeSet<String>,
    /// Whatever was chosen under any draw.
    chosen: BTreeSet<String>,
}

/// The wanted tasks of the service, protected ones among them.
fn candidates(cluster: &Cluster) -> Vec<TaskId> {
    let mut tasks = cluster.service(ServiceId::new(0)).tasks.clone();
    tasks.retain(|&it| cluster.task(it).is_desired_running && cluster.task(it).group == GROUP);
    tasks.sort_unstable();
    tasks
}

fn answer(room: &Room<'_>, chain: &Chain) -> Answer {
    let host = |task: TaskId| {
        let host = room.cluster.task(task).instance().expect("every task of a case is on an instance");
        room.name(host).to_owned()
    };
    let mut allowed = candidates(&room.cluster);
    scale_in::prefer(&room.cluster, chain, &mut allowed);
    let all = candidates(&room.cluster);
    let n_numbers = all.iter().map(|it| it.idx() + 1).max().unwrap_or(0);
    let chosen = (0..room.n_draws()).filter_map(|draw| {
        // Any numbers will do that differ from draw to draw.
        let order = RandomOrder::new(draw, n_numbers);
        let number = |task: TaskId| order.rank(InstanceId::new(task.number()));
        scale_in::choose(&room.cluster, chain, &mut all.clone(), number)
    });
    Answer { chosen: chosen.map(host).collect(), allowed: allowed.into_iter().map(host).collect() }
}
