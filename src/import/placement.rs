//! `placement_strategy` and `placement_constraints` of a service: what the
//! placer does not take is left out by name.

use toml::Value;

use super::text::{inline, shown};
use crate::documents::ecs::service::Service;
use crate::placement::request::{Api, LaunchType, Request, SchedulingStrategy, Written as Asked, faults};

/// Both lists, as they are written.
#[derive(Default)]
pub(super) struct Written {
    pub(super) strategies: Vec<Value>,
    pub(super) constraints: Vec<Value>,
}

/// What can be played of a service's placement.
pub(super) fn of_service(service: &Service, is_fargate: bool, notes: &mut Vec<String>) -> Written {
    let request = Request {
        api: Api::CreateService,
        launch_type: if is_fargate { LaunchType::Fargate } else { LaunchType::Ec2 },
        scheduling: SchedulingStrategy::Replica,
        count: None,
        strategies: &[],
        constraints: &[],
        n_definition_constraints: 0,
    };
    let mut written = Written::default();
    let mut taken: Vec<Asked<'_>> = Vec::new();
    for it in &service.placement_strategy {
        let kind = it.kind.as_ref().map_or("", |it| it.as_str());
        let detail = it.field.as_deref().filter(|it| !it.is_empty());
        let asked = Asked { kind, detail };
        taken.push(asked);
        if let Some(fault) = faults(&Request { strategies: &taken, ..request }).first() {
            taken.pop();
            notes.push(left_out("strategy", asked, &fault.message));
            continue;
        }
        written.strategies.push(inline([("type", Some(kind.into())), ("field", detail.map(Value::from))]));
    }
    let mut taken: Vec<Asked<'_>> = Vec::new();
    for it in &service.placement_constraints {
        let kind = it.kind.as_ref().map_or("", |it| it.as_str());
        let detail = it.expression.as_deref().filter(|it| !it.is_empty());
        let asked = Asked { kind, detail };
        taken.push(asked);
        if let Some(fault) = faults(&Request { constraints: &taken, ..request }).first() {
            taken.pop();
            notes.push(left_out("constraint", asked, &fault.message));
            continue;
        }
        let fields = [("type", Some(kind.into())), ("expression", detail.map(Value::from))];
        written.constraints.push(inline(fields));
    }
    written
}

fn left_out(what: &str, asked: Asked<'_>, why: &str) -> String {
    let detail = asked.detail.map_or_else(String::new, |it| format!(" `{}`", shown(it)));
    format!("its placement {what} {}{detail} is left out: {}", shown(asked.kind), why.escape_debug())
}
