//! Task definitions by family and revision, and the files that they become.

use std::collections::BTreeSet;

use super::text::shown;
use super::{DEFINITIONS_FOLDER, arn};
use crate::base::Diagnostic;
use crate::documents::ecs::{Document, Reading};
use crate::documents::field_path::FieldPath;
use crate::documents::task_definition::{self, shapes};
use crate::model::task::TaskDefinition;

/// All that the files describe, sorted.
pub(super) struct Definitions<'a> {
    rows: Vec<Row<'a>>,
}

struct Row<'a> {
    family: &'a str,
    /// `None` of one that was not described but written.
    revision: Option<i32>,
    definition: &'a shapes::TaskDefinition,
    required_attributes: &'a [String],
    reading: &'a Reading<'a>,
    /// Of this row alone, whatever the file system folds.
    file_name: String,
    /// What its file says.
    text: String,
    /// What a run makes of the file.
    played: Option<TaskDefinition>,
}

/// With a revision and an ending a name of this length is one for any file system.
const STEM_MAX: usize = 180;

impl<'a> Definitions<'a> {
    /// A revision that two files describe differently is a fault.
    pub(super) fn gather(readings: &'a [Reading<'a>], faults: &mut Vec<Diagnostic>) -> Self {
        let mut rows = Vec::new();
        for reading in readings {
            if let Some(Document::TaskDefinition(definition, revision, attributes)) = &reading.document {
                rows.push(Row {
                    family: definition.family.as_deref().unwrap_or_default(),
                    revision: *revision,
                    definition,
                    required_attributes: attributes,
                    reading,
                    file_name: String::new(),
                    text: String::new(),
                    played: None,
                });
            }
        }
        rows.sort_by_key(|it| (it.family, it.revision));
        rows.dedup_by(|later, earlier| {
            let is_same = (later.family, later.revision) == (earlier.family, earlier.revision);
            let is_equal = (later.definition, later.required_attributes)
                == (earlier.definition, earlier.required_attributes);
            if is_same && !is_equal {
                let before = earlier.reading.place(&FieldPath::root());
                let name = name(later.family, later.revision);
                let message = format!(
                    "task definition `{name}` is described again, and differently than in {}",
                    before.file
                );
                let place = later.reading.place(&FieldPath::root().key("taskDefinition"));
                faults.push(Diagnostic::new("B0505", message).at(place));
            }
            is_same
        });
        let mut taken = BTreeSet::new();
        for row in &mut rows {
            row.file_name = file_name(row.family, row.revision, &mut taken);
            row.text = row.text();
            match task_definition::read(&row.file_name, &row.text) {
                Ok(definition) => row.played = Some(definition),
                Err(found) => faults.extend(found),
            }
        }
        Self { rows }
    }

    /// The row of `web:7`, its ARN, or `web`; what was written without a
    /// revision stands for any.
    pub(super) fn find(&self, definition: &str) -> Option<usize> {
        let (family, revision) = arn::revision(definition);
        let of_family = || self.rows.iter().enumerate().filter(|it| it.1.family == family);
        match revision {
            Some(_) => {
                let exact = of_family().find(|it| it.1.revision == revision);
                exact.or_else(|| of_family().find(|it| it.1.revision.is_none())).map(|it| it.0)
            }
            // The service takes the latest.
            None => of_family().next_back().map(|it| it.0),
        }
    }

    /// Families with their revisions, for advice.
    pub(super) fn names(&self) -> Vec<String> {
        self.rows.iter().map(|it| name(it.family, it.revision)).collect()
    }

    /// What a run makes of a row.
    pub(super) fn played(&self, idx: usize) -> &TaskDefinition {
        self.rows[idx].played.as_ref().expect("a file that cannot be read is a fault")
    }

    /// Whether it was written, not described.
    pub(super) fn is_of_any_revision(&self, idx: usize) -> bool {
        self.rows[idx].revision.is_none()
    }

    /// Its family.
    pub(super) fn family(&self, idx: usize) -> &'a str {
        self.rows[idx].family
    }

    /// How the experiment names its file.
    pub(super) fn path(&self, idx: usize) -> String {
        format!("{DEFINITIONS_FOLDER}/{}", self.rows[idx].file_name)
    }

    /// Name and text of its file.
    pub(super) fn file(&self, idx: usize) -> (String, String) {
        let row = &self.rows[idx];
        (row.file_name.clone(), row.text.clone())
    }
}

impl Row<'_> {
    /// The document, with what only an answer has and a run reads.
    fn text(&self) -> String {
        let mut document = self.definition.to_json();
        if let Some(revision) = self.revision {
            document["revision"] = revision.into();
        }
        if !self.required_attributes.is_empty() {
            let name = |it: &String| serde_json::json!({ "name": it });
            document["requiresAttributes"] = self.required_attributes.iter().map(name).collect();
        }
        format!("{document:#}\n")
    }
}

fn name(family: &str, revision: Option<i32>) -> String {
    match revision {
        Some(revision) => format!("{}:{revision}", shown(family)),
        None => shown(family),
    }
}

/// Letters, digits, hyphens and underscores: no way out of the folder.
fn file_name(family: &str, revision: Option<i32>, taken: &mut BTreeSet<String>) -> String {
    let allowed = |it: char| it.is_ascii_alphanumeric() || it == '-' || it == '_';
    let safe = family.chars().map(|it| if allowed(it) { it } else { '_' });
    let mut stem: String = safe.take(STEM_MAX).collect();
    if stem.is_empty() {
        stem.push('_');
    }
    if let Some(revision) = revision {
        stem.push_str(&format!("-{revision}"));
    }
    let mut name = format!("{stem}.json");
    let mut n = 1;
    while !taken.insert(name.to_ascii_lowercase()) {
        n += 1;
        name = format!("{stem}-{n}.json");
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_names_stay_in_their_folder_and_apart() {
        let mut taken = BTreeSet::new();
        let mut of = |family: &str, revision| file_name(family, revision, &mut taken);
        assert_eq!(of("web", Some(7)), "web-7.json");
        assert_eq!(of("WEB", Some(7)), "WEB-7-2.json");
        assert_eq!(of("../../etc/passwd", None), "______etc_passwd.json");
        assert_eq!(of("/abs\n\0\u{202e}", Some(1)), "_abs___-1.json");
        assert_eq!(of("", None), "_.json");
        assert!(of(&"x".repeat(300), Some(i32::MAX)).len() < 200);
    }
}
