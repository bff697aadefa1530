//! `[[service.container]]`: what the workload says of the containers of a task
//! definition, put into its blueprint before it is played.

use std::fmt;
use std::sync::Arc;

use super::access::{check_action, check_resource, read_name};
use crate::base::SimDuration;
use crate::experiment::reader::{self, Faults};
use crate::experiment::tree::Node;
use crate::model::container::{Answers, Blueprint, Call, Exit, OnDenied};
use crate::model::task::TaskDefinition;

/// What is said of one container; what is not said stays as it is.
#[derive(Clone, Debug)]
pub struct BehaviourSpec {
    /// Of which container.
    pub container: ContainerRef,
    /// Its own end.
    pub exit: Option<Exit>,
    /// When it answers.
    pub answers: Option<Answers>,
    /// From the stop signal until it exits.
    pub exit_time: Option<SimDuration>,
    /// What it calls.
    pub calls: Vec<Call>,
}

/// A container by its name, and where that was written.
#[derive(Clone)]
pub struct ContainerRef {
    /// As written.
    pub name: String,
    /// Where.
    pub node: Node,
}

/// Only the name: the same words in two places mean the same.
impl fmt::Debug for ContainerRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.name.fmt(f)
    }
}

/// Reads the field `container`: a list of tables, each of another container.
pub(super) fn read_behaviours(table: &reader::Table<'_>) -> Vec<BehaviourSpec> {
    let faults = table.faults();
    let mut behaviours: Vec<BehaviourSpec> = Vec::new();
    for node in table.list("container") {
        let Some(behaviour) = read_behaviour(node, faults) else { continue };
        let name = &behaviour.container.name;
        if behaviours.iter().any(|it| it.container.name == *name) {
            faults.note(node.fault("B0111", format!("container `{name}` is given twice")));
        }
        behaviours.push(behaviour);
    }
    behaviours
}

fn read_behaviour(node: &Node, faults: &Faults) -> Option<BehaviourSpec> {
    let table = reader::Table::of(node, faults);
    let name = read_name(&table, "a container");
    let exit = table.optional("exit").and_then(|it| read_exit(it, faults));
    let answers_after = table.duration("answers_after");
    let never_answers = table.flag("never_answers").unwrap_or(false);
    if let (Some(written), true) = (node.get("answers_after"), never_answers) {
        let message = "a container that never answers does not answer after some time";
        faults.note(written.fault("B0110", message));
    }
    let exit_time = table.duration("exit_time");
    let calls = table.list("calls").iter().filter_map(|it| read_call(it, faults)).collect();
    table.finish();
    let name = name?;
    let node = node.get("name").unwrap_or(node).clone();
    let answers = if never_answers { Some(Answers::Never) } else { answers_after.map(Answers::After) };
    Some(BehaviourSpec { container: ContainerRef { name, node }, exit, answers, exit_time, calls })
}

/// `{ after, code }`; code 0 if it is left out.
fn read_exit(node: &Node, faults: &Faults) -> Option<Exit> {
    let table = reader::Table::of(node, faults);
    let after = table.required("after").and_then(|it| reader::duration(it, faults));
    let code = table.integer("code", 0..=255).unwrap_or(0);
    table.finish();
    Some(Exit { after: after?, code: i32::try_from(code).expect("within the range") })
}

/// `{ action, resource, on_denied }`; on no resource in particular if it is
/// left out.
fn read_call(node: &Node, faults: &Faults) -> Option<Call> {
    let table = reader::Table::of(node, faults);
    let action = table.required("action").and_then(|it| {
        let action = reader::text(it, faults)?;
        check_action(it, faults);
        Some(action.to_owned())
    });
    let resource = table.optional("resource").and_then(|it| {
        let resource = reader::text(it, faults)?;
        check_resource(it, faults);
        Some(resource.to_owned())
    });
    let on_denied = match table.optional("on_denied") {
        Some(it) => reader::word(it, &["exit", "answer_errors"], faults),
        None => Some(0),
    };
    table.finish();
    let on_denied = [OnDenied::Exit, OnDenied::AnswerErrors][on_denied?];
    Some(Call { action: action?, resource: resource.unwrap_or_else(|| "*".to_owned()), on_denied })
}

/// Notes who is said something of and is no container of the definition.
pub fn check(definition: &TaskDefinition, behaviours: &[BehaviourSpec], faults: &Faults) {
    let blueprint = blueprint_of(definition);
    let names: Vec<&str> = blueprint.containers.iter().map(|it| it.name.as_str()).collect();
    for ContainerRef { name, node } in behaviours.iter().map(|it| &it.container) {
        if !names.contains(&name.as_str()) {
            let message = format!("`{}` has no container `{name}`", definition.name);
            let fault = node.fault("B0166", message);
            faults.note(fault.help_nearest(name, names.iter().copied()));
        }
    }
}

/// Puts what is said into the definition. Who is no container of it is passed
/// over: another revision may have had it.
pub fn apply(definition: &mut TaskDefinition, behaviours: &[BehaviourSpec]) {
    if behaviours.is_empty() {
        return;
    }
    let mut blueprint = blueprint_of(definition);
    let containers = &mut Arc::make_mut(&mut blueprint).containers;
    for it in behaviours {
        let Some(container) = containers.iter_mut().find(|container| container.name == it.container.name)
        else {
            continue;
        };
        let behaviour = &mut container.behaviour;
        behaviour.exit = it.exit.or(behaviour.exit);
        behaviour.answers = it.answers.unwrap_or(behaviour.answers);
        behaviour.exit_time = it.exit_time.or(behaviour.exit_time);
        if !it.calls.is_empty() {
            behaviour.calls.clone_from(&it.calls);
        }
    }
    definition.blueprint = Some(blueprint);
}

/// A release that fails its health checks: no essential container ever passes
/// one, of the container or of a load balancer.
pub fn fail_health_checks(definition: &mut TaskDefinition) {
    let mut blueprint = blueprint_of(definition);
    for container in Arc::make_mut(&mut blueprint).containers.iter_mut().filter(|it| it.is_essential) {
        container.behaviour.answers = Answers::Never;
    }
    definition.blueprint = Some(blueprint);
}

/// Another image for the container of a definition that has but one; of several
/// nobody says which is meant.
pub fn set_image(definition: &mut TaskDefinition, image: &str) {
    let mut blueprint = blueprint_of(definition);
    if let [container] = Arc::make_mut(&mut blueprint).containers.as_mut_slice() {
        image.clone_into(&mut container.image);
        definition.blueprint = Some(blueprint);
    }
}

/// One that is given by its needs alone has one container, `app`.
fn blueprint_of(definition: &TaskDefinition) -> Arc<Blueprint> {
    definition.blueprint.clone().unwrap_or_else(|| Arc::new(Blueprint::plain()))
}
