//! A text into a task definition, in either of its forms: as sent to
//! RegisterTaskDefinition, or as DescribeTaskDefinition answers, where it
//! stands one level further in and its tags beside it.

use std::sync::Arc;

use super::super::faults::{Fault, Faults};
use super::super::field_path::FieldPath;
use super::super::json::{self, Json, Source, Value};
use super::super::shape::{Field as _, Item as _};
use super::blueprint::{blueprint, dynamic_ports};
use super::needs::TaskNeeds;
use super::shapes::TaskDefinition;
use super::{rules, strays};
use crate::base::Diagnostic;
use crate::model::task;

/// Larger ones are not even looked at: ECS registers 64 KiB, and indentation
/// and what an answer adds do not make more of it than this.
pub(in crate::documents) const MAX_TEXT: usize = 1024 * 1024;

/// What was read, and all that was found.
#[derive(Clone, PartialEq, Debug)]
pub struct Reading {
    /// `None` if the text is no JSON object; with faults, what could be read.
    pub definition: Option<TaskDefinition>,
    /// Of an answer, or where it is written.
    pub revision: Option<i32>,
    /// Attributes that its instances must have, by name (`requiresAttributes`):
    /// of an answer.
    pub required_attributes: Vec<String>,
    /// Everything that ECS would refuse, in the order of the text.
    pub faults: Vec<Fault>,
    /// What is accepted and yet odd, unknown fields among it.
    pub warnings: Vec<Fault>,
}

/// A definition for the model; `file` is only for messages.
///
/// # Errors
///
/// Every fault of the document.
pub fn read(file: &str, text: &str) -> Result<task::TaskDefinition, Vec<Diagnostic>> {
    let reading = examine(file, text);
    match reading.definition {
        Some(definition) if reading.faults.is_empty() => {
            let family = definition.family.as_deref().expect("a definition without fault has a family");
            let blueprint = blueprint(&definition, reading.required_attributes);
            let constraints = definition.placement_constraints.iter();
            Ok(task::TaskDefinition {
                dynamic_ports: dynamic_ports(&blueprint),
                placement_constraints: constraints.filter_map(|it| it.expression.clone()).collect(),
                blueprint: Some(Arc::new(blueprint)),
                ..TaskNeeds::of(&definition).into_definition(family)
            })
        }
        _ => Err(reading.faults.into_iter().map(|it| it.diagnostic).collect()),
    }
}

/// The whole document with everything that is wrong or odd about it.
pub fn examine(file: &str, text: &str) -> Reading {
    let source = Source::new(file, text);
    let refused = |found: Vec<Diagnostic>| {
        let field = FieldPath::root().to_string();
        let faults = found.into_iter().map(|it| Fault { rule: None, field: field.clone(), diagnostic: it });
        Reading {
            definition: None,
            revision: None,
            required_attributes: Vec::new(),
            faults: faults.collect(),
            warnings: Vec::new(),
        }
    };
    if let Some(fault) = too_large(&source, MAX_TEXT) {
        return refused(vec![fault]);
    }
    match json::parse(&source) {
        Ok(answer) => examine_tree(&source, &answer),
        Err(found) => refused(found),
    }
}

/// That the file is larger than its kind of document ever is.
pub(in crate::documents) fn too_large(source: &Source<'_>, max: usize) -> Option<Diagnostic> {
    let n_bytes = source.n_bytes();
    (n_bytes > max).then(|| {
        let message = format!("the file has {n_bytes} bytes: no such document has more than {max}");
        let place = source.place(json::Span { start: 0, end: 0 });
        // A line of a megabyte helps nobody.
        let place = crate::base::Place { text: String::new(), ..place };
        Diagnostic::new("B0366", message).at(place)
    })
}

/// The same of a text that is parsed already.
pub(in crate::documents) fn examine_tree(source: &Source<'_>, answer: &Json) -> Reading {
    let inner = answer.get("taskDefinition").map(|it| &it.value);
    let inner = inner.filter(|it| matches!(it.value, Value::Object(_)));
    let root = inner.unwrap_or(answer);
    let at = FieldPath::root();
    let mut faults = Faults::new(source, root, answer);
    let mut definition = TaskDefinition::read(root, &at, &mut faults);
    let tags = answer.get("tags").filter(|_| inner.is_some());
    if let (Some(definition), Some(tags)) = (&mut definition, tags) {
        definition.tags = Vec::read(&tags.value, &at.key("tags"), &mut faults);
    }
    let revision = root.get("revision").filter(|it| it.value.value != Value::Null);
    let revision = revision.and_then(|it| i32::read(&it.value, &at.key("revision"), &mut faults));
    if let Some(definition) = &definition {
        rules::check(definition, &mut faults);
        strays::check(definition, &mut faults);
    }
    let (faults, warnings) = faults.finish();
    let required_attributes = required_attributes(root);
    Reading { definition, revision, required_attributes, faults, warnings }
}

/// The service writes them, so nobody is told what is odd about them.
fn required_attributes(root: &Json) -> Vec<String> {
    let Some(Value::Array(items)) = root.get("requiresAttributes").map(|it| &it.value.value) else {
        return Vec::new();
    };
    let name = |it: &Json| match it.get("name").map(|it| &it.value.value) {
        Some(Value::String(name)) => Some(name.clone()),
        _ => None,
    };
    let mut names: Vec<String> = items.iter().filter_map(name).collect();
    names.sort();
    names.dedup();
    names
}
