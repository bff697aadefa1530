//! How the deployments of a service go, as far as the answers say it: what
//! becomes of `deploymentConfiguration` beside its percentages.

use toml::{Table, Value};

use super::text::{inline, list, shown};
use crate::base::units::Tenths;
use crate::documents::ecs::choices::{DeploymentStrategy, LifecycleStage};
use crate::documents::ecs::deployment::{DeploymentConfiguration, LifecycleHook};

/// The fields of a `deployment_configuration` but for its percentages, and the
/// alarms that it names.
#[derive(Default)]
pub(super) struct Written {
    pub(super) fields: Table,
    pub(super) alarms: Vec<String>,
}

/// Reads what is configured; what cannot be said is noted. Traffic is shifted
/// where there is some.
pub(super) fn read(
    configuration: &DeploymentConfiguration,
    has_traffic: bool,
    notes: &mut Vec<String>,
) -> Written {
    let mut written = Written::default();
    let mut set = |key: &str, value: Value| {
        written.fields.insert(key.to_owned(), value);
    };
    let bake = configuration.bake_time_in_minutes;
    let known_bake = bake.filter(|it| (0..=1440).contains(it));
    if let (Some(odd), None) = (bake, known_bake) {
        notes.push(format!("a bake time of {odd} minutes is none: it is left out"));
    }
    let strategy = configuration.strategy.as_ref().filter(|it| **it != DeploymentStrategy::Rolling);
    let shift = strategy.filter(|it| has_traffic && !matches!(it, DeploymentStrategy::Other(_)));
    if let (Some(strategy), None) = (strategy, shift) {
        let strategy = shown(strategy.as_str());
        notes.push(format!("its deployment strategy is {strategy}: a rolling update is played"));
    }
    if let Some(shift) = shift {
        set("strategy", shift.as_str().into());
    }
    let asks_for_bake = shift == Some(&DeploymentStrategy::BlueGreen);
    if let Some(minutes) = known_bake.or(asks_for_bake.then_some(0)) {
        set("bake_time_in_minutes", minutes.into());
    }
    if shift == Some(&DeploymentStrategy::Linear)
        && let Some(it) = &configuration.linear_configuration
    {
        let fields = (("step_percent", it.step_percent), "step_bake_time_in_minutes");
        set("linear_configuration", steps(fields.0, 30, (fields.1, it.step_bake_time_in_minutes), notes));
    }
    if shift == Some(&DeploymentStrategy::Canary)
        && let Some(it) = &configuration.canary_configuration
    {
        let fields = (("canary_percent", it.canary_percent), "canary_bake_time_in_minutes");
        set("canary_configuration", steps(fields.0, 1, (fields.1, it.canary_bake_time_in_minutes), notes));
    }
    if let Some(breaker) = configuration.circuit_breaker.as_ref().filter(|it| it.enable == Some(true)) {
        if shift.is_none() {
            let rollback = breaker.rollback.unwrap_or(false);
            let fields = [("enable", Some(true.into())), ("rollback", Some(rollback.into()))];
            set("deployment_circuit_breaker", inline(fields));
        } else {
            notes.push("its deployment circuit breaker is left out: it is of rolling updates".to_owned());
        }
    }
    let stages = configuration.lifecycle_hooks.iter().map(stages_of).filter(|it| !it.is_empty());
    let hooks: Vec<Value> = stages
        .map(|it| inline([("lifecycle_stages", Some(list(it))), ("takes", Some("0s".into()))]))
        .collect();
    if !configuration.lifecycle_hooks.is_empty() {
        match shift {
            Some(_) => {
                notes.push("its lifecycle hooks answer at once: how long they take is not said".to_owned())
            }
            None => notes.push("its lifecycle hooks are left out".to_owned()),
        }
    }
    if shift.is_some() && !hooks.is_empty() {
        set("lifecycle_hooks", Value::Array(hooks));
    }
    if let Some(alarms) = configuration.alarms.as_ref().filter(|it| it.enable == Some(true)) {
        let mut names: Vec<String> = alarms.alarm_names.iter().filter(|it| !it.is_empty()).cloned().collect();
        names.sort();
        names.dedup();
        let fields = [
            ("alarm_names", Some(list(names.iter().map(String::as_str)))),
            ("enable", Some(true.into())),
            ("rollback", Some(alarms.rollback.unwrap_or(false).into())),
        ];
        set("alarms", inline(fields));
        notes.push("when its deployment alarms go off is not said: they never do".to_owned());
        written.alarms = names;
    }
    written
}

/// A share and how long it is watched; what the API does not take is noted and
/// left out, and the API's default holds.
fn steps(
    (percent, share): (&str, Option<f64>),
    least: u64,
    (bake, minutes): (&str, Option<i32>),
    notes: &mut Vec<String>,
) -> Value {
    // As a document shows it: the nearest tenth would be another one.
    let tenths =
        share.map(|it| (it, Tenths::parse(&it.to_string()).filter(|it| (least..=1000).contains(&it.0))));
    if let Some((odd, None)) = tenths {
        notes.push(format!("a share of {odd} percent is none: the default is played"));
    }
    let share = tenths.and_then(|it| it.1.map(|_| Value::Float(it.0)));
    let known = minutes.filter(|it| (0..=1440).contains(it));
    if let (Some(odd), None) = (minutes, known) {
        notes.push(format!("a bake time of {odd} minutes is none: the default is played"));
    }
    inline([(percent, share), (bake, known.map(Value::from))])
}

/// The stages of a hook that are known, each once.
fn stages_of(hook: &LifecycleHook) -> Vec<&str> {
    let mut stages: Vec<&str> = Vec::new();
    for stage in hook.lifecycle_stages.iter().filter(|it| !matches!(it, LifecycleStage::Other(_))) {
        if !stages.contains(&stage.as_str()) {
            stages.push(stage.as_str());
        }
    }
    stages
}
