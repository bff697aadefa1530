//! Which document a text is: told from the members that only this kind has,
//! whatever else is wrong with it.

use super::answers::Answer;
use super::read::Document;
use super::requests::{CreateService, CreateTaskSet, RunTask, StartTask, UpdateService};
use crate::documents::faults::{Check, Faults};
use crate::documents::field_path::FieldPath;
use crate::documents::json::{Json, Value};
use crate::documents::lifecycle_policy;
use crate::documents::shape::Item;

/// A kind of document.
#[derive(Debug)]
pub struct Kind {
    /// The call, or the member that an answer has.
    pub name: &'static str,
    /// What it is, for messages.
    pub summary: &'static str,
    pub(super) is_it: fn(&Json) -> bool,
    pub(super) read: Read,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Read {
    /// By its own rules.
    TaskDefinition,
    /// By its own rules.
    LifecyclePolicy,
    /// The same, of a policy that stands in the document as a text.
    LifecyclePolicyText,
    /// By its shape alone.
    Shape(Check, fn(&Json, &mut Faults<'_>) -> Option<Document>),
}

/// The first that fits is meant.
pub const KINDS: &[Kind] = &[
    Kind {
        name: "DescribeTaskDefinition",
        summary: "a task definition as described",
        is_it: |json| json.get("taskDefinition").is_some_and(|it| matches!(it.value.value, Value::Object(_))),
        read: Read::TaskDefinition,
    },
    Kind {
        name: "RegisterTaskDefinition",
        summary: "a task definition",
        is_it: |json| has_any(json, &["containerDefinitions", "family"]),
        read: Read::TaskDefinition,
    },
    answer("services", "services as described", |it| has_list(it, "services")),
    answer("service", "a service as described", |it| has_one(it, "service")),
    answer("clusters", "clusters as described", |it| has_list(it, "clusters")),
    answer("cluster", "a cluster as described", |it| has_one(it, "cluster")),
    answer("capacityProviders", "capacity providers as described", |it| has_list(it, "capacityProviders")),
    answer("capacityProvider", "a capacity provider as described", |it| has_one(it, "capacityProvider")),
    answer("containerInstances", "container instances as described", |it| {
        has_list(it, "containerInstances") && it.get("taskDefinition").is_none()
    }),
    answer("containerInstance", "a container instance as described", |it| has_one(it, "containerInstance")),
    answer("tasks", "tasks as described", |it| has_list(it, "tasks")),
    answer("task", "a task as described", |it| has_one(it, "task")),
    answer("taskSets", "task sets as described", |it| has_list(it, "taskSets")),
    answer("taskSet", "a task set as described", |it| has_one(it, "taskSet")),
    Kind {
        name: "LifecyclePolicy",
        summary: "a lifecycle policy of an image repository",
        is_it: |json| has_any(json, &["rules"]),
        read: Read::LifecyclePolicy,
    },
    Kind {
        name: "PutLifecyclePolicy",
        summary: "a lifecycle policy as it is put or got",
        is_it: |json| has_any(json, &[lifecycle_policy::TEXT]),
        read: Read::LifecyclePolicyText,
    },
    Kind {
        name: "CreateTaskSet",
        summary: "a task set to be made",
        is_it: |json| {
            has_any(json, &["service"])
                && has_any(json, &["externalId", "scale", "launchType", "clientToken", "tags"])
        },
        read: Read::Shape(Check::RequestModel, |json, faults| {
            Some(Document::CreateTaskSet(Box::new(shape::<CreateTaskSet>(json, faults)?)))
        }),
    },
    Kind {
        name: "UpdateService",
        summary: "a change of a service",
        is_it: |json| has_any(json, &["service"]),
        read: Read::Shape(Check::RequestModel, |json, faults| {
            Some(Document::UpdateService(Box::new(shape::<UpdateService>(json, faults)?)))
        }),
    },
    Kind {
        name: "CreateService",
        summary: "a service to be made",
        is_it: |json| {
            let telling = [
                "serviceName",
                "desiredCount",
                "deploymentConfiguration",
                "deploymentController",
                "schedulingStrategy",
                "healthCheckGracePeriodSeconds",
                "role",
                "loadBalancers",
                "serviceRegistries",
                "serviceConnectConfiguration",
                "availabilityZoneRebalancing",
                "vpcLatticeConfigurations",
            ];
            has_any(json, &telling)
        },
        read: Read::Shape(Check::RequestModel, |json, faults| {
            Some(Document::CreateService(Box::new(shape::<CreateService>(json, faults)?)))
        }),
    },
    Kind {
        name: "StartTask",
        summary: "tasks to be started on instances",
        is_it: |json| has_any(json, &["containerInstances"]),
        read: Read::Shape(Check::RequestModel, |json, faults| {
            Some(Document::StartTask(Box::new(shape::<StartTask>(json, faults)?)))
        }),
    },
    Kind {
        name: "RunTask",
        summary: "tasks to be placed and started",
        is_it: |json| {
            has_any(json, &["taskDefinition", "count", "startedBy", "overrides", "volumeConfigurations"])
        },
        read: Read::Shape(Check::RequestModel, |json, faults| {
            Some(Document::RunTask(Box::new(shape::<RunTask>(json, faults)?)))
        }),
    },
];

const fn answer(name: &'static str, summary: &'static str, is_it: fn(&Json) -> bool) -> Kind {
    let read = Read::Shape(Check::Types, |json, faults| {
        Some(Document::Answer(Box::new(shape::<Answer>(json, faults)?)))
    });
    Kind { name, summary, is_it, read }
}

fn shape<T: Item>(json: &Json, faults: &mut Faults<'_>) -> Option<T> {
    T::read(json, &FieldPath::root(), faults)
}

fn has_any(json: &Json, keys: &[&str]) -> bool {
    keys.iter().any(|it| json.get(it).is_some())
}

fn has_one(json: &Json, key: &str) -> bool {
    json.get(key).is_some_and(|it| matches!(it.value.value, Value::Object(_)))
}

/// Lists of names are requests.
fn has_list(json: &Json, key: &str) -> bool {
    json.get(key).is_some_and(|it| match &it.value.value {
        Value::Array(items) => items.first().is_none_or(|it| !matches!(it.value, Value::String(_))),
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::documents::json::{Source, parse};

    #[test]
    fn kinds_have_names_of_their_own_and_are_told_apart() {
        for (idx, kind) in KINDS.iter().enumerate() {
            assert!(!kind.summary.is_empty() && KINDS[..idx].iter().all(|it| it.name != kind.name));
        }
        for (text, name) in [
            (r#"{"taskDefinition": {}}"#, "DescribeTaskDefinition"),
            (r#"{"family": 3}"#, "RegisterTaskDefinition"),
            (r#"{"services": [], "failures": []}"#, "services"),
            (r#"{"service": {}}"#, "service"),
            (r#"{"service": "a"}"#, "UpdateService"),
            (r#"{"service": "a", "scale": {}}"#, "CreateTaskSet"),
            (r#"{"cluster": "a", "serviceName": "b"}"#, "CreateService"),
            (r#"{"containerInstances": ["a"], "taskDefinition": "b"}"#, "StartTask"),
            (r#"{"containerInstances": [{}]}"#, "containerInstances"),
            (r#"{"taskDefinition": "b", "cluster": "c"}"#, "RunTask"),
            (r#"{"rules": 3}"#, "LifecyclePolicy"),
            (r#"{"repositoryName": "a", "lifecyclePolicyText": "{}"}"#, "PutLifecyclePolicy"),
            (r#"{"clusters": ["a"]}"#, ""),
            (r#"{"capacityProviders": ["a"]}"#, ""),
            ("[]", ""),
        ] {
            let json = parse(&Source::new("x", text)).unwrap();
            let found = KINDS.iter().find(|it| (it.is_it)(&json)).map_or("", |it| it.name);
            assert_eq!(found, name, "{text}");
        }
    }
}
