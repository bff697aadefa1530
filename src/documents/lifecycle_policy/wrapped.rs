//! A policy as the API bears it (PutLifecyclePolicy, GetLifecyclePolicy and its
//! preview): as a text within a JSON document. Its faults are shown where they
//! stand in that document.

use super::read::{Reading, examine_policy};
use crate::base::{Diagnostic, Place};
use crate::documents::faults::{Fault, Faults};
use crate::documents::field_path::FieldPath;
use crate::documents::json::{Json, Source, Span, Value};

/// The member that is the policy.
pub(in crate::documents) const TEXT: &str = "lifecyclePolicyText";

/// What stands beside it: in the request the first two.
const NAMES: &[&str] = &[
    "registryId",
    "repositoryName",
    TEXT,
    "lastEvaluatedAt",
    "status",
    "nextToken",
    "previewResults",
    "summary",
];

/// Reads the policy of a document that has a member [`TEXT`].
pub(in crate::documents) fn examine_wrapped(source: &Source<'_>, tree: &Json) -> Reading {
    let mut faults = Faults::new(source, tree, tree);
    let root = FieldPath::root();
    if let Value::Object(members) = &tree.value {
        for member in members.iter().filter(|it| !NAMES.contains(&it.key.as_str())) {
            faults.unknown_field(&root, &member.key, member.key_span, NAMES);
        }
    }
    let member = tree.get(TEXT);
    let Some((Value::String(text), span)) = member.map(|it| (&it.value.value, it.value.span)) else {
        let found = member.map_or("missing", |it| it.value.kind());
        let message = format!("`{TEXT}` is {found}: the API takes the policy as a string");
        faults.malformed("B0360", &root.key(TEXT), message);
        let (faults, warnings) = faults.finish();
        return Reading { policy: None, faults, warnings };
    };
    let starts = starts_of_characters(source.slice(span));
    let inner = Source::new("", text);
    let outer = |place: &Place| {
        // The end of the text is the closing quote.
        let at = |n: usize| span.start + starts.get(n).or(starts.last()).copied().unwrap_or(0);
        let n_before = inner.n_characters_before(place);
        let width = usize::try_from(place.width).unwrap_or(1);
        source.place(Span { start: at(n_before), end: at(n_before + width) })
    };
    let moved = |it: Fault| {
        let Diagnostic { place, .. } = &it.diagnostic;
        let place = place.as_ref().map(&outer);
        Fault {
            field: format!("{TEXT}.{}", it.field),
            diagnostic: Diagnostic { place, ..it.diagnostic },
            ..it
        }
    };
    let reading = examine_policy("", text);
    let (_, mut warnings) = faults.finish();
    warnings.extend(reading.warnings.into_iter().map(moved));
    Reading { faults: reading.faults.into_iter().map(moved).collect(), warnings, ..reading }
}

/// Where each character of a JSON string begins in it as it is written, and
/// last where its closing quote stands.
fn starts_of_characters(quoted: &str) -> Vec<usize> {
    let mut starts = Vec::new();
    let mut rest = quoted.char_indices().skip(1).peekable();
    while let Some((start, it)) = rest.next() {
        starts.push(start);
        if it != '\\' {
            continue;
        }
        let is_code = rest.next().is_some_and(|it| it.1 == 'u');
        if is_code {
            let is_high = quoted[start..]
                .get(2..4)
                .is_some_and(|it| u8::from_str_radix(it, 16).is_ok_and(|it| (0xD8..0xDC).contains(&it)));
            // The second half of a pair is no character of its own.
            let n_digits = if is_high { 4 + 6 } else { 4 };
            rest.by_ref().take(n_digits).for_each(drop);
        }
    }
    starts
}
