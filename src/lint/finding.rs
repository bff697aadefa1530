//! What was found: of which service, in which of its revisions, in how many
//! settings, and the smallest change.

use super::LINTS;
use super::scene::{Revision, Scene};
use crate::base::id::ServiceId;
use crate::base::units::counted;
use crate::base::{Diagnostic, Place};

/// A problem of one or several settings of an experiment.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Finding {
    order: usize,
    code: &'static str,
    message: String,
    place: Place,
    help: String,
    n_settings: usize,
    n_all: usize,
}

impl Finding {
    /// The name of the lint that found it.
    pub fn lint(&self) -> &'static str {
        LINTS[self.order].name
    }

    /// Its code, in `docs/codes.md`.
    pub fn code(&self) -> &'static str {
        self.code
    }

    /// In how many settings of the experiment it was found; at least 1.
    pub fn n_settings(&self) -> usize {
        self.n_settings
    }

    /// As any other thing that is said of an input: one sentence, the table of
    /// the service, the smallest change as help. Where there are several
    /// settings it says in how many.
    pub fn diagnostic(&self) -> Diagnostic {
        let settings = match (self.n_settings, self.n_all) {
            (_, 1) => String::new(),
            (n, all) if n == all => format!(" (in all {all} settings)"),
            (n, all) => format!(" (in {n} of {all} settings)"),
        };
        let message = format!("{}{settings}", self.message);
        Diagnostic::new(self.code, message).at(self.place.clone()).help(self.help.clone())
    }

    pub(super) fn place_in_report(&self) -> (u64, usize, &'static str) {
        (self.place.line, self.order, self.code)
    }
}

/// A finding of one setting.
pub(super) struct Draft {
    code: &'static str,
    service: ServiceId,
    revisions: Vec<String>,
    what: String,
    help: String,
}

impl Draft {
    /// Of a service as a whole.
    pub(super) fn of_service(code: &'static str, service: ServiceId, what: String, help: String) -> Self {
        Self { code, service, revisions: Vec::new(), what, help }
    }

    /// Of one revision.
    pub(super) fn of_revision(
        code: &'static str,
        revision: &Revision<'_>,
        what: String,
        help: String,
    ) -> Self {
        let revisions = vec![revision.definition.name.clone()];
        Self { code, service: revision.service, revisions, what, help }
    }

    /// Of this setting, one of `n_all`.
    pub(super) fn finish(self, order: usize, scene: &Scene<'_>, n_all: usize) -> Finding {
        let name = &scene.setup.services[self.service].name;
        let n_revisions = scene.workload.revisions(self.service).count();
        let of = match self.revisions.len() {
            0 => String::new(),
            n if n == n_revisions => String::new(),
            _ => format!(" ({})", self.revisions.join(", ")),
        };
        Finding {
            order,
            code: self.code,
            message: format!("service `{name}`{of}: {}", self.what),
            place: scene.written(self.service),
            help: self.help,
            n_settings: 1,
            n_all,
        }
    }
}

/// What is found alike in several revisions of a service is one finding.
pub(super) fn merge_revisions(drafts: Vec<Draft>) -> Vec<Draft> {
    let mut merged: Vec<Draft> = Vec::new();
    for draft in drafts {
        let is_same = |it: &&mut Draft| {
            (it.code, it.service, &it.what, &it.help) == (draft.code, draft.service, &draft.what, &draft.help)
        };
        match merged.iter_mut().find(is_same) {
            Some(known) => known.revisions.extend(draft.revisions),
            None => merged.push(draft),
        }
    }
    merged
}

/// What was found alike in another setting is counted there.
pub(super) fn add(found: &mut Vec<Finding>, finding: Finding) {
    let is_same = |it: &&mut Finding| {
        (it.code, &it.message, &it.place, &it.help)
            == (finding.code, &finding.message, &finding.place, &finding.help)
    };
    match found.iter_mut().find(is_same) {
        Some(known) => known.n_settings += 1,
        None => found.push(finding),
    }
}

/// `us-east-1a and us-east-1b`.
pub(super) fn listed(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// `3 tasks`.
pub(super) fn n_of(n: u32, noun: &str) -> String {
    counted(n.into(), noun)
}
