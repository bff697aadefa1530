//! A text into a policy.

use super::draft::Draft;
use super::rules;
use super::wrapped::{TEXT, examine_wrapped};
use crate::base::Diagnostic;
use crate::documents::faults::{Fault, Faults};
use crate::documents::field_path::FieldPath;
use crate::documents::json::{self, Json, Source};
use crate::documents::task_definition::{MAX_TEXT, too_large};
use crate::model::lifecycle_policy::LifecyclePolicy;

/// As many characters (not bytes) as the registry takes, line breaks and
/// spaces among them (ECR user guide, service-quotas; API LifecyclePolicyText).
pub const MAX_CHARACTERS: usize = 30_720;

/// What was read, and all that was found.
#[derive(Clone, PartialEq, Debug)]
pub struct Reading {
    /// `None` if there is a fault.
    pub policy: Option<LifecyclePolicy>,
    /// Everything for which the registry would refuse it, in the order of the
    /// text.
    pub faults: Vec<Fault>,
    /// What is accepted and yet odd.
    pub warnings: Vec<Fault>,
}

/// A policy for the model; `file` is only for messages.
///
/// # Errors
///
/// Every fault of the document.
pub fn read(file: &str, text: &str) -> Result<LifecyclePolicy, Vec<Diagnostic>> {
    let reading = examine(file, text);
    match reading.policy {
        Some(policy) => Ok(policy),
        None => Err(reading.faults.into_iter().map(|it| it.diagnostic).collect()),
    }
}

/// The whole document with everything that is wrong or odd about it: a policy,
/// or what bears one as a text (PutLifecyclePolicy, GetLifecyclePolicy).
pub fn examine(file: &str, text: &str) -> Reading {
    examine_as(file, text, |source, tree| match tree.get(TEXT) {
        Some(_) => examine_wrapped(source, tree),
        None => examine_tree(source, tree),
    })
}

/// The same of a text that is the policy itself.
pub(super) fn examine_policy(file: &str, text: &str) -> Reading {
    examine_as(file, text, examine_tree)
}

fn examine_as(file: &str, text: &str, examine: fn(&Source<'_>, &Json) -> Reading) -> Reading {
    let source = Source::new(file, text);
    let refused = |found: Vec<Diagnostic>| {
        let field = FieldPath::root().to_string();
        let faults = found.into_iter().map(|it| Fault { rule: None, field: field.clone(), diagnostic: it });
        Reading { policy: None, faults: faults.collect(), warnings: Vec::new() }
    };
    if let Some(fault) = too_large(&source, MAX_TEXT) {
        return refused(vec![fault]);
    }
    match json::parse(&source) {
        Ok(tree) => examine(&source, &tree),
        Err(found) => refused(found),
    }
}

/// The same of a text that is parsed already; all of it is the policy.
pub(in crate::documents) fn examine_tree(source: &Source<'_>, tree: &Json) -> Reading {
    let mut faults = Faults::new(source, tree, tree);
    check_length(source, &mut faults);
    let draft = Draft::read(tree, &mut faults);
    if let Some(draft) = &draft {
        rules::check(draft, &mut faults);
    }
    let (faults, warnings) = faults.finish();
    let policy = draft.filter(|_| faults.is_empty()).and_then(Draft::into_policy);
    Reading { policy, faults, warnings }
}

fn check_length(source: &Source<'_>, faults: &mut Faults<'_>) {
    let n_characters = source.n_characters();
    if n_characters <= MAX_CHARACTERS {
        return;
    }
    let message =
        format!("the policy has {n_characters} characters, more than the {MAX_CHARACTERS} that ECR takes");
    let n_needed = source.n_characters_without_space();
    let help = (n_needed <= MAX_CHARACTERS)
        .then(|| format!("without line breaks and spaces between its parts it has {n_needed}"));
    faults.refused("B0801", &FieldPath::root(), message, help);
}
