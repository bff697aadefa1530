//! `kind: place`: one task after the other. Each step is answered before its
//! expectation is looked at; the next goes on from the instance that the case
//! assumes, whatever the placer chose.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::read_written;
use super::room::{GROUP, PROVIDER, Room, SUBJECT, Subject, read_hosts, read_load};
use crate::base::id::InstanceId;
use crate::conform::case::{Differences, Sealed};
use crate::conform::reader::{Faults, Object};
use crate::documents::json::{Json, Value};
use crate::model::attribute::Attributes;
use crate::model::identity::Expressions;
use crate::model::options::TieBreak;
use crate::placement::order::RandomOrder;
use crate::placement::placer::{self, Rules};
use crate::placement::request::{
    Api, LaunchType, Request, SchedulingStrategy, build_chain, build_constraints, faults as faults_of,
};
use crate::placement::{Chain, PlacementConstraint, PlacementView};

/// Who asks, and therefore what holds where no strategy is named.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Asker {
    Service,
    RunTask,
}

/// What the placer says to one task.
struct Answer {
    /// Whatever it leaves equal, under any draw.
    allowed: BTreeSet<String>,
    /// Whatever it chose, under any draw and tie break.
    chosen: BTreeSet<String>,
    /// Why it is none of the others.
    failures: BTreeMap<String, String>,
}

/// A step as it was expected.
struct Step {
    allowed: BTreeSet<String>,
    failures: Option<BTreeMap<String, String>>,
    assume: Option<InstanceId>,
}

pub(super) fn judge(
    input: &mut Object<'_>,
    expect: Sealed<'_>,
    faults: &mut Faults<'_>,
) -> Option<Differences> {
    let hosts = read_hosts(input, faults);
    let load = input.required("task", faults).and_then(|it| read_load(it, faults));
    let asker = input
        .required("launch", faults)
        .and_then(|it| faults.word(it, &[("service", Asker::Service), ("run_task", Asker::RunTask)]));
    let strategies = input.list_or_none("strategy", faults);
    let strategies = strategies.and_then(|it| read_written(it, "field", faults));
    let constraints = input.list_or_none("constraints", faults);
    let constraints = constraints.and_then(|it| read_written(it, "expression", faults));
    let (load, asker, strategies, constraints) = (load?, asker?, strategies?, constraints?);
    let found = faults_of(&Request {
        api: if asker == Asker::Service { Api::CreateService } else { Api::RunTask },
        launch_type: LaunchType::Ec2,
        scheduling: SchedulingStrategy::Replica,
        count: None,
        strategies: &strategies,
        constraints: &constraints,
        n_definition_constraints: 0,
    });
    if !found.is_empty() {
        for fault in found {
            input.note("B0607", format!("ECS would refuse it: {}", fault.message), faults);
        }
        return None;
    }
    let mut attributes = Attributes::default();
    let mut expressions = Expressions::default();
    let chain = match (strategies.is_empty(), asker) {
        (false, _) => build_chain(&strategies, &mut attributes, TieBreak::Random),
        (true, Asker::Service) => Chain::default_of_service(&mut attributes, TieBreak::Random),
        (true, Asker::RunTask) => Chain::default_of_run_task(TieBreak::Random),
    };
    let constraints = build_constraints(&constraints, &mut expressions);
    let subject = Subject { group: load.group, is_service: asker == Asker::Service, load: Some(&load) };
    let mut room = Room::build(&hosts?, &subject, &mut attributes, expressions, faults)?;

    let mut differences = Differences::default();
    for (idx, sealed) in expect.into_steps(faults)?.into_iter().enumerate() {
        let (answer, expected) = sealed.open(answer(&room, &chain, &constraints));
        let step = read_step(&room, expected, faults)?;
        let number = idx + 1;
        compare(number, &answer, &step, &mut differences);
        let Some(assume) = step.assume else { continue };
        if let Some(reason) = answer.failures.get(room.name(assume)) {
            // From here on there is nothing to compare with.
            let point = format!("step {number}: the task goes to {}", room.name(assume));
            differences.compare(point, "possible", reason.as_str());
            break;
        }
        room.place(SUBJECT, GROUP, assume);
    }
    Some(differences)
}

fn answer(room: &Room<'_>, chain: &Chain, constraints: &[Arc<dyn PlacementConstraint>]) -> Answer {
    let lowest = Chain::new(chain.strategies().to_vec(), TieBreak::LowestId);
    let rules = Rules { provider: PROVIDER, zones: &[], constraints, chain };
    let view = |draw| PlacementView {
        cluster: &room.cluster,
        definition: SUBJECT,
        group: GROUP,
        order: RandomOrder::new(draw, room.cluster.n_launched()),
    };
    let mut answer = Answer { allowed: BTreeSet::new(), chosen: BTreeSet::new(), failures: BTreeMap::new() };
    let mut scratch = Vec::new();
    for draw in 0..room.n_draws() {
        let view = view(draw);
        placer::prefer(&rules, &view, &mut scratch);
        answer.allowed.extend(scratch.iter().map(|&it| room.name(it).to_owned()));
        for rules in [rules, Rules { chain: &lowest, ..rules }] {
            let chosen = placer::choose(&rules, &view, &mut scratch);
            answer.chosen.extend(chosen.map(|it| room.name(it).to_owned()));
        }
    }
    for id in room.ids() {
        if let Some(reason) = placer::reason(&rules, &view(0), id) {
            answer.failures.insert(room.name(id).to_owned(), reason.to_string());
        }
    }
    answer
}

fn compare(number: usize, answer: &Answer, step: &Step, differences: &mut Differences) {
    differences.compare(format!("step {number}: allowed"), shown(&step.allowed), shown(&answer.allowed));
    let strays: BTreeSet<String> = answer.chosen.difference(&step.allowed).cloned().collect();
    if !strays.is_empty() {
        let point = format!("step {number}: chosen");
        differences.compare(point, format!("among {}", shown(&step.allowed)), shown(&strays));
    }
    if let Some(failures) = &step.failures {
        let shown = |it: &BTreeMap<String, String>| {
            let each: Vec<String> = it.iter().map(|(id, reason)| format!("{id}: {reason}")).collect();
            each.join("; ")
        };
        let point = format!("step {number}: failures");
        differences.compare(point, shown(failures), shown(&answer.failures));
    }
}

/// Ids for a message.
pub(super) fn shown(ids: &BTreeSet<String>) -> String {
    if ids.is_empty() { "none".to_owned() } else { ids.iter().cloned().collect::<Vec<_>>().join(", ") }
}

fn read_step(room: &Room<'_>, json: &Json, faults: &mut Faults<'_>) -> Option<Step> {
    let mut object = Object::of(json, faults)?;
    let allowed = read_allowed(room, &mut object, faults);
    let failures = object.optional("failures").map_or(Some(None), |json| {
        Object::of(json, faults)?;
        let Value::Object(members) = &json.value else { return None };
        let mut failures = BTreeMap::new();
        for member in members {
            let is_known = room.ids().any(|it| room.name(it) == member.key);
            if !is_known {
                let message = "reasons are given of instances that are there";
                faults.note("B0609", &member.value, message);
            }
            failures.insert(member.key.clone(), faults.text(&member.value)?.to_owned());
        }
        Some(Some(failures))
    });
    let assume = read_assume(room, &mut object, allowed.as_ref(), faults);
    object.finish(faults);
    Some(Step { allowed: allowed?, failures: failures?, assume: assume? })
}

/// `allowed`: instances that are there.
pub(super) fn read_allowed(
    room: &Room<'_>,
    object: &mut Object<'_>,
    faults: &mut Faults<'_>,
) -> Option<BTreeSet<String>> {
    let items = object.required("allowed", faults).and_then(|it| faults.list(it))?;
    let ids: Vec<_> = items.iter().map(|it| room.find(it, faults)).collect();
    ids.into_iter().map(|it| it.map(|id| room.name(id).to_owned())).collect()
}

/// `assume`: there where something is allowed, and only there.
pub(super) fn read_assume(
    room: &Room<'_>,
    object: &mut Object<'_>,
    allowed: Option<&BTreeSet<String>>,
    faults: &mut Faults<'_>,
) -> Option<Option<InstanceId>> {
    match allowed {
        Some(allowed) if allowed.is_empty() => Some(None),
        _ => object.required("assume", faults).and_then(|it| room.find(it, faults)).map(Some),
    }
}
