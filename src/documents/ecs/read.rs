//! A text into the document that it is, with everything that is wrong or odd
//! about it.

use super::answers::Answer;
use super::kinds::{KINDS, Kind, Read};
use super::requests::{CreateService, CreateTaskSet, RunTask, StartTask, UpdateService};
use super::rules;
use crate::base::{Diagnostic, Place};
use crate::documents::faults::{Fault, Faults};
use crate::documents::field_path::FieldPath;
use crate::documents::json::{self, Json, Source, Span};
use crate::documents::lifecycle_policy;
use crate::documents::shape::Item as _;
use crate::documents::task_definition;
use crate::documents::task_definition::shapes::TaskDefinition;
use crate::model::lifecycle_policy::LifecyclePolicy;

/// Larger ones are not even looked at: a call describes at most a hundred
/// things, and what a service tells of its past is bounded.
const MAX_TEXT: usize = 4 * 1024 * 1024;

/// A document as types.
#[derive(Clone, PartialEq, Debug)]
pub enum Document {
    /// A task definition, in either of its forms, with its revision and the
    /// attributes that its instances must have (`requiresAttributes`): both are
    /// of an answer.
    TaskDefinition(Box<TaskDefinition>, Option<i32>, Vec<String>),
    /// A service to be made.
    CreateService(Box<CreateService>),
    /// A change of a service.
    UpdateService(Box<UpdateService>),
    /// Tasks to be placed and started.
    RunTask(Box<RunTask>),
    /// Tasks to be started on instances.
    StartTask(Box<StartTask>),
    /// A task set to be made.
    CreateTaskSet(Box<CreateTaskSet>),
    /// A lifecycle policy of an image repository, as it is or as a text within
    /// a request or an answer; without fault.
    LifecyclePolicy(Box<LifecyclePolicy>),
    /// What the service answered.
    Answer(Box<Answer>),
}

/// What was read, and all that was found.
#[derive(Debug)]
pub struct Reading<'a> {
    /// Which document it is; `None` if that cannot be told.
    pub kind: Option<&'static Kind>,
    /// With faults, what could be read.
    pub document: Option<Document>,
    /// Everything that is wrong with it, in the order of the text.
    pub faults: Vec<Fault>,
    /// What is accepted and yet odd, unknown fields among it.
    pub warnings: Vec<Fault>,
    source: Source<'a>,
    tree: Option<Json>,
}

impl Reading<'_> {
    /// Where `field` stands.
    pub fn place(&self, field: &FieldPath) -> Place {
        let span = self.tree.as_ref().map_or(Span { start: 0, end: 0 }, |it| field.span(it));
        self.source.place(span)
    }
}

impl Document {
    /// As it would be sent or answered; reading it again gives the same.
    pub fn to_json(&self) -> serde_json::Value {
        match self {
            Self::TaskDefinition(it, ..) => it.to_json(),
            Self::CreateService(it) => it.write(),
            Self::UpdateService(it) => it.write(),
            Self::RunTask(it) => it.write(),
            Self::StartTask(it) => it.write(),
            Self::CreateTaskSet(it) => it.write(),
            Self::LifecyclePolicy(it) => lifecycle_policy::write(it),
            Self::Answer(it) => it.write(),
        }
    }
}

/// Reads a text as whatever it is; `file` is only for messages.
pub fn examine<'a>(file: &'a str, text: &'a str) -> Reading<'a> {
    let source = Source::new(file, text);
    let refused = |source: Source<'a>, found: Vec<Diagnostic>| {
        let field = FieldPath::root().to_string();
        let faults = found.into_iter().map(|it| Fault { rule: None, field: field.clone(), diagnostic: it });
        let faults = faults.collect();
        Reading { kind: None, document: None, faults, warnings: Vec::new(), source, tree: None }
    };
    if let Some(fault) = task_definition::too_large(&source, MAX_TEXT) {
        return refused(source, vec![fault]);
    }
    let tree = match json::parse(&source) {
        Ok(tree) => tree,
        Err(found) => return refused(source, found),
    };
    let Some(kind) = KINDS.iter().find(|it| (it.is_it)(&tree)) else {
        let message = match tree.value {
            json::Value::Object(_) => "no document of ECS has these members".to_owned(),
            _ => format!("{} is no document of ECS: each is an object", tree.kind()),
        };
        let names: Vec<&str> = KINDS.iter().map(|it| it.name).collect();
        let place = source.place(FieldPath::root().span(&tree));
        let fault =
            Diagnostic::new("B0370", message).at(place).help(format!("expected one of {}", names.join(", ")));
        return refused(source, vec![fault]);
    };
    if matches!(kind.read, Read::TaskDefinition)
        && let Some(fault) = task_definition::too_large(&source, task_definition::MAX_TEXT)
    {
        return refused(source, vec![fault]);
    }
    let (document, faults, warnings) = match kind.read {
        Read::TaskDefinition => {
            let reading = task_definition::examine_tree(&source, &tree);
            let (revision, attributes) = (reading.revision, reading.required_attributes);
            let document =
                reading.definition.map(|it| Document::TaskDefinition(Box::new(it), revision, attributes));
            (document, reading.faults, reading.warnings)
        }
        Read::LifecyclePolicy | Read::LifecyclePolicyText => {
            let reading = match kind.read {
                Read::LifecyclePolicy => lifecycle_policy::examine_tree(&source, &tree),
                _ => lifecycle_policy::examine_wrapped(&source, &tree),
            };
            let document = reading.policy.map(|it| Document::LifecyclePolicy(Box::new(it)));
            (document, reading.faults, reading.warnings)
        }
        Read::Shape(check, read) => {
            let mut faults = Faults::new(&source, &tree, &tree).with_check(check);
            let document = read(&tree, &mut faults);
            if let Some(document) = &document {
                rules::check(document, &mut faults);
            }
            let (faults, warnings) = faults.finish();
            (document, faults, warnings)
        }
    };
    Reading { kind: Some(kind), document, faults, warnings, source, tree: Some(tree) }
}
