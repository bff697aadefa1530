//! `kind: request`: whether ECS would take a request at all.

use super::read_written;
use crate::conform::case::{Differences, Sealed, compare_accepted};
use crate::conform::reader::{Faults, Object};
use crate::placement::request::{Api, LaunchType, Request, SchedulingStrategy, faults as faults_of};

pub(super) fn judge(
    input: &mut Object<'_>,
    expect: Sealed<'_>,
    faults: &mut Faults<'_>,
) -> Option<Differences> {
    let mut object = input.required("request", faults).and_then(|it| Object::of(it, faults))?;
    let api = object.required("api", faults).and_then(|it| faults.word(it, Api::NAMES));
    let launch_type = object.optional("launch_type");
    let launch_type = launch_type.map_or(Some(LaunchType::Ec2), |it| faults.word(it, LaunchType::NAMES));
    let scheduling = object
        .optional("scheduling")
        .map_or(Some(SchedulingStrategy::Replica), |it| faults.word(it, SchedulingStrategy::NAMES));
    let count = object.optional("count").map_or(Some(None), |it| faults.number(it).map(Some));
    let strategies = object.list_or_none("strategy", faults);
    let strategies = strategies.and_then(|it| read_written(it, "field", faults));
    let constraints = object.list_or_none("constraints", faults);
    let constraints = constraints.and_then(|it| read_written(it, "expression", faults));
    object.finish(faults);
    let (strategies, constraints) = (strategies?, constraints?);
    let found = faults_of(&Request {
        api: api?,
        launch_type: launch_type?,
        scheduling: scheduling?,
        count: count?,
        strategies: &strategies,
        constraints: &constraints,
        n_definition_constraints: 0,
    });
    let found: Vec<String> = found.into_iter().map(|it| format!("[{}] {}", it.code, it.message)).collect();
    let (answer, expect) = expect.open(found);
    compare_accepted(&answer, expect, faults)
}
