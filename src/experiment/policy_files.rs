//! The policies that an experiment names as files, read once and put where they
//! belong; and the file of what scans find.

use std::collections::BTreeMap;

use crate::documents::policy::{self, PolicyKind};
use crate::experiment::inputs::{Inputs, note_read_error};
use crate::experiment::reader::Faults;
use crate::experiment::scenario::{PathRef, PolicyOwner, PolicySpec};
use crate::model::access::{Access, AccessChangeKind, ResourceStatement, Statement};
use crate::model::scanning::ObservedFinding;
use crate::trace::read_scan_findings;

/// What was read of them.
#[derive(Default)]
pub(super) struct PolicyFiles {
    of_roles: BTreeMap<String, Vec<Statement>>,
    of_repositories: BTreeMap<String, Vec<ResourceStatement>>,
    findings: BTreeMap<String, Vec<ObservedFinding>>,
}

impl Inputs {
    /// Puts the statements of files into what decides access; files are read
    /// after a fault too, when there is no such thing.
    pub(super) fn policies(
        &mut self,
        specs: &[PolicySpec],
        mut access: Option<&mut Access>,
        faults: &Faults,
    ) {
        for PolicySpec { file, owner } in specs {
            let kind = match owner {
                PolicyOwner::Role(_) | PolicyOwner::Change(_) => PolicyKind::Role,
                PolicyOwner::Resource(_) => PolicyKind::Repository,
            };
            self.load_policy(kind, file, faults);
            let Some(access) = access.as_deref_mut() else { continue };
            let files = &self.of_policies;
            let of_roles = files.of_roles.get(&file.path).into_iter().flatten().cloned();
            match *owner {
                PolicyOwner::Role(idx) => access.roles[idx].statements.extend(of_roles),
                PolicyOwner::Change(idx) => {
                    if let AccessChangeKind::Add(statements) = &mut access.changes[idx].kind {
                        statements.extend(of_roles);
                    }
                }
                PolicyOwner::Resource(idx) => {
                    let found = files.of_repositories.get(&file.path).into_iter().flatten().cloned();
                    access.resource_policies[idx].statements.extend(found);
                }
            }
        }
    }

    /// What scans find, as a file says it.
    pub(super) fn findings(&mut self, file: &PathRef, faults: &Faults) -> Option<Vec<ObservedFinding>> {
        if !self.of_policies.findings.contains_key(&file.path) {
            let (mut reader, shown) = self.open(file).map_err(|fault| faults.note(fault)).ok()?;
            let read = read_scan_findings(&mut reader, &shown);
            let found = read.map_err(|error| note_read_error(file, error, faults)).ok()?;
            self.of_policies.findings.insert(file.path.clone(), found);
        }
        self.of_policies.findings.get(&file.path).cloned()
    }

    fn load_policy(&mut self, kind: PolicyKind, file: &PathRef, faults: &Faults) {
        let is_known = match kind {
            PolicyKind::Role => self.of_policies.of_roles.contains_key(&file.path),
            PolicyKind::Repository => self.of_policies.of_repositories.contains_key(&file.path),
        };
        if is_known {
            return;
        }
        let read = match self.read_text(file) {
            Ok(text) => policy::read(kind, &file.path, &text),
            Err(fault) => return faults.note(fault),
        };
        // With a fault as well: it is told once.
        match kind {
            PolicyKind::Role => {
                self.of_policies.of_roles.insert(file.path.clone(), read.statements);
            }
            PolicyKind::Repository => {
                self.of_policies.of_repositories.insert(file.path.clone(), read.resource_statements);
            }
        }
        read.faults.into_iter().for_each(|it| faults.note(it));
    }
}
