//! `lifecycle_policy` of a repository: a file, or the document as a table with
//! its fields in snake case. The table is judged as the document that it
//! stands for, and its faults are shown where they stand in the experiment.

use super::workload::PathRef;
use crate::base::Diagnostic;
use crate::documents::lifecycle_policy;
use crate::experiment::reader::{self, Faults};
use crate::experiment::tree::{Node, Value};
use crate::model::lifecycle_policy::LifecyclePolicy;

/// A policy as written.
#[derive(Clone)]
pub enum LifecyclePolicySpec {
    /// In a file.
    File(PathRef),
    /// Here.
    Given(LifecyclePolicy),
}

/// The fields of a document, as an experiment and as the document writes them.
/// No field has the name of one on another level.
const FIELDS: &[(&str, &str)] = &[
    ("rules", "rules"),
    ("rule_priority", "rulePriority"),
    ("description", "description"),
    ("selection", "selection"),
    ("tag_status", "tagStatus"),
    ("tag_pattern_list", "tagPatternList"),
    ("tag_prefix_list", "tagPrefixList"),
    ("storage_class", "storageClass"),
    ("count_type", "countType"),
    ("count_unit", "countUnit"),
    ("count_number", "countNumber"),
    ("action", "action"),
    ("type", "type"),
    ("target_storage_class", "targetStorageClass"),
];

/// Reads a path or a table.
pub(super) fn read(node: &Node, faults: &Faults) -> Option<LifecyclePolicySpec> {
    if !matches!(node.value, Value::Table(_)) {
        let path = reader::text(node, faults)?.to_owned();
        return Some(LifecyclePolicySpec::File(PathRef { path, node: node.clone() }));
    }
    let mut is_known = true;
    let document = document(node, &mut is_known, faults);
    let reading = lifecycle_policy::examine("", &document.to_string());
    for fault in &reading.faults {
        let node = written(node, &fault.field);
        let Diagnostic { code, message, help, .. } = fault.diagnostic.clone();
        faults.note(Diagnostic { help, ..node.fault(code, in_snake_case(message)) });
    }
    reading.policy.filter(|_| is_known).map(LifecyclePolicySpec::Given)
}

/// The document that a table stands for; fields that no document has are noted
/// and left out.
fn document(node: &Node, is_known: &mut bool, faults: &Faults) -> serde_json::Value {
    match &node.value {
        Value::Flag(it) => (*it).into(),
        Value::Text(it) | Value::Moment(it) => it.as_str().into(),
        // What is no number of JSON is no whole number either.
        Value::Number(it) => {
            it.parse::<serde_json::Number>().map_or_else(|_| it.as_str().into(), serde_json::Value::Number)
        }
        Value::List(items) => items.iter().map(|it| document(it, is_known, faults)).collect(),
        Value::Table(fields) => {
            let mut object = serde_json::Map::new();
            for field in fields {
                let Some((_, key)) = FIELDS.iter().find(|it| it.0 == field.name) else {
                    *is_known = false;
                    let fault = Diagnostic::new("B0104", format!("unknown field `{}`", field.name));
                    let names = FIELDS.iter().map(|it| it.0);
                    faults.note(fault.at(field.origin.place()).help_nearest(&field.name, names));
                    continue;
                };
                object.insert((*key).to_owned(), document(&field.node, is_known, faults));
            }
            object.into()
        }
    }
}

/// Where the field of a document (`rules[1].selection.countNumber`) is written;
/// the nearest of those above if it is not.
fn written<'n>(policy: &'n Node, field: &str) -> &'n Node {
    let mut at = policy;
    for step in field.split(['.', '[']) {
        let next = match (step.strip_suffix(']').and_then(|it| it.parse::<usize>().ok()), &at.value) {
            (Some(idx), Value::List(items)) => items.get(idx),
            _ => FIELDS.iter().find(|it| it.1 == step).and_then(|it| at.get(it.0)),
        };
        match next {
            Some(next) => at = next,
            None => break,
        }
    }
    at
}

/// A message with the names that its reader has written.
fn in_snake_case(message: String) -> String {
    let renamed = FIELDS.iter().filter(|it| it.0 != it.1);
    renamed.fold(message, |message, (name, key)| message.replace(key, name))
}
