//! `[[role]]` and `[[secret]]`: what roles may do, and what is not there; the
//! policies of repositories; `[[event]]` of a role.

use super::Context;
use super::repository::RepositorySpec;
use super::workload::PathRef;
use crate::base::SimTime;
use crate::experiment::reader::{self, Faults};
use crate::experiment::tree::{Node, Value};
use crate::model::access::{
    Access, AccessChange, AccessChangeKind, Effect, Patterns, Principal, Principals, ResourcePolicy,
    ResourceStatement, Role, Statement, is_action, is_resource,
};
use crate::model::repository::Location;

/// A policy in a file, and where its statements go.
#[derive(Clone, Debug)]
pub struct PolicySpec {
    /// The document.
    pub file: PathRef,
    /// Whose it is.
    pub owner: PolicyOwner,
}

/// Whose a policy is: a position in [`Access`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PolicyOwner {
    /// Of a role.
    Role(usize),
    /// Of a change of a role's policies.
    Change(usize),
    /// Of a resource.
    Resource(usize),
}

/// The policy of a repository as written: none, here or in a file.
#[derive(Clone, Debug, Default)]
pub struct RepositoryPolicySpec {
    /// What is written here.
    pub statements: Vec<ResourceStatement>,
    /// The document.
    pub file: Option<PathRef>,
}

/// Reads `[[role]]` and `[[secret]]`.
pub(super) fn read_access(root: &reader::Table<'_>) -> (Access, Vec<PolicySpec>) {
    let faults = root.faults();
    let mut access = Access::default();
    let mut policies = Vec::new();
    for node in root.list("role") {
        let Some((role, files)) = read_role(node, faults) else { continue };
        let owner = PolicyOwner::Role(access.roles.len());
        policies.extend(files.into_iter().map(|file| PolicySpec { file, owner }));
        if access.roles.iter().any(|it| it.name == role.name) {
            faults.note(node.fault("B0111", format!("role `{}` is given twice", role.name)));
        }
        access.roles.push(role);
    }
    let mut names: Vec<String> = Vec::new();
    for node in root.list("secret") {
        let table = reader::Table::of(node, faults);
        let name = read_name(&table, "a secret");
        let exists = table.flag("exists").unwrap_or(true);
        table.finish();
        let Some(name) = name else { continue };
        if names.contains(&name) {
            faults.note(node.fault("B0111", format!("secret `{name}` is given twice")));
        }
        if !exists {
            access.missing.push(name.clone());
        }
        names.push(name);
    }
    (access, policies)
}

/// Adds a row for each private repository, so that it is known to have a policy
/// or none. Public ones have none that anyone who pulls would meet.
pub(super) fn add_repositories(
    repositories: &[RepositorySpec],
    access: &mut Access,
    policies: &mut Vec<PolicySpec>,
) {
    for RepositorySpec { repository, policy, .. } in repositories {
        if let Location::Public { .. } = repository.location {
            continue;
        }
        let owner = PolicyOwner::Resource(access.resource_policies.len());
        policies.extend(policy.file.iter().map(|file| PolicySpec { file: file.clone(), owner }));
        let statements = policy.statements.clone();
        access.resource_policies.push(ResourcePolicy { resource: repository.arn(), statements });
    }
}

/// The field `policy` of a repository: a file, or
/// `[{ effect, principal, action }]`.
pub(super) fn read_repository_policy(table: &reader::Table<'_>) -> RepositoryPolicySpec {
    let faults = table.faults();
    match table.optional("policy").map(|it| &it.value) {
        None => RepositoryPolicySpec::default(),
        Some(Value::Text(_)) => {
            let file = table.optional("policy").and_then(|it| read_file(it, faults));
            RepositoryPolicySpec { statements: Vec::new(), file }
        }
        Some(_) => {
            let items = table.list("policy").iter();
            let statements = items.filter_map(|it| read_repository_statement(it, faults)).collect();
            RepositoryPolicySpec { statements, file: None }
        }
    }
}

fn read_file(node: &Node, faults: &Faults) -> Option<PathRef> {
    reader::text(node, faults).map(|it| PathRef { path: it.to_owned(), node: node.clone() })
}

fn read_repository_statement(node: &Node, faults: &Faults) -> Option<ResourceStatement> {
    let table = reader::Table::of(node, faults);
    let effect = read_effect(&table);
    table.required("principal");
    let mut principals = Vec::new();
    for item in table.list("principal") {
        let Some(text) = reader::text(item, faults) else { continue };
        let principal = Principal::of_aws(text);
        if principal.is_none() {
            let expected = "\"*\", an account, or the ARN of a role";
            faults.note(item.fault("B0183", format!("`{text}` is no principal: expected {expected}")));
        }
        principals.extend(principal);
    }
    table.required("action");
    let actions = read_texts(table.list("action"), faults, |it| check_action(it, faults));
    table.finish();
    let principals = Principals::Only(principals);
    Some(ResourceStatement { effect: effect?, principals, actions: Patterns::Only(actions) })
}

/// What happens to roles, in the order of time, with the files of each.
#[derive(Default)]
pub(super) struct RoleEvents(Vec<(AccessChange, Vec<PathRef>)>);

impl RoleEvents {
    /// `{ at, role, allow, deny, statement, policy }`, or `{ at, role, restore }`.
    pub(super) fn read(
        &mut self,
        role: &Node,
        at: Option<SimTime>,
        table: &reader::Table<'_>,
        context: &Context<'_>,
    ) {
        let faults = context.faults;
        let name = reader::text(role, faults);
        if let Some(name) = name {
            check_role(name, role, context.access, faults);
        }
        let (statements, files) = read_statements(table);
        let is_restored = table.flag("restore").unwrap_or(false);
        let kind = match (statements.is_empty() && files.is_empty(), is_restored) {
            (true, true) => AccessChangeKind::Restore,
            (false, false) => AccessChangeKind::Add(statements),
            (true, false) => {
                let expected = "expected `allow`, `deny`, `statement`, `policy` or `restore = true`";
                faults.note(table.node().fault("B0105", format!("nothing happens to the role: {expected}")));
                return;
            }
            (false, true) => {
                let message = "a role has what it had at first, or something more: not both at once";
                faults.note(table.node().fault("B0110", message));
                return;
            }
        };
        if let (Some(at), Some(name)) = (at, name) {
            self.0.push((AccessChange { at, role: name.to_owned(), kind }, files));
        }
    }

    /// Puts what happens into `access`.
    pub(super) fn add_to(mut self, access: &mut Access, policies: &mut Vec<PolicySpec>) {
        self.0.sort_by_key(|it| it.0.at);
        for (change, files) in self.0 {
            let owner = PolicyOwner::Change(access.changes.len());
            policies.extend(files.into_iter().map(|file| PolicySpec { file, owner }));
            access.changes.push(change);
        }
    }
}

/// Notes instance roles of the cluster that nobody describes: one that is named
/// is named for what it may not do.
pub(super) fn check_instance_roles(cluster: Option<&Node>, access: &Access, faults: &Faults) {
    let groups = cluster.and_then(|it| it.get("capacity_provider")).map_or(&[][..], super::items_of);
    for node in cluster.into_iter().chain(groups).filter_map(|it| it.get("instance_role")) {
        if let Value::Text(name) = &node.value {
            check_role(name, node, access, faults);
        }
    }
}

/// Notes a role that is not described.
fn check_role(name: &str, node: &Node, access: &Access, faults: &Faults) {
    let known = access.roles.iter().map(|it| it.name.as_str());
    if !known.clone().any(|it| it == name) {
        let fault = node.fault("B0117", format!("there is no role `{name}`"));
        faults.note(fault.help_nearest(name, known));
    }
}

/// A name that is not empty.
pub(super) fn read_name(table: &reader::Table<'_>, what: &str) -> Option<String> {
    let node = table.required("name")?;
    let name = reader::text(node, table.faults())?;
    if name.is_empty() {
        table.faults().note(node.fault("B0109", format!("{what} has a name that is not empty")));
        return None;
    }
    Some(name.to_owned())
}

/// `{ name, account, allow, deny, statement, policy }`; one without statements may
/// do nothing.
fn read_role(node: &Node, faults: &Faults) -> Option<(Role, Vec<PathRef>)> {
    let table = reader::Table::of(node, faults);
    let name = read_name(&table, "a role");
    let account = table.optional("account").and_then(|it| read_account(it, faults));
    let (statements, files) = read_statements(&table);
    table.finish();
    Some((Role { name: name?, account, statements }, files))
}

/// What a role is allowed and denied: here, and in files.
fn read_statements(table: &reader::Table<'_>) -> (Vec<Statement>, Vec<PathRef>) {
    let faults = table.faults();
    let mut statements = Vec::new();
    for (field, effect) in [("allow", Effect::Allow), ("deny", Effect::Deny)] {
        let actions = read_texts(table.list(field), faults, |it| check_action(it, faults));
        if !actions.is_empty() {
            let resources = Patterns::Only(vec!["*".to_owned()]);
            statements.push(Statement { effect, actions: Patterns::Only(actions), resources });
        }
    }
    for node in table.list("statement") {
        statements.extend(read_statement(node, faults));
    }
    let files = table.list("policy").iter().filter_map(|it| read_file(it, faults)).collect();
    (statements, files)
}

fn read_effect(table: &reader::Table<'_>) -> Option<Effect> {
    let word = reader::word(table.required("effect")?, &["Allow", "Deny"], table.faults())?;
    Some([Effect::Allow, Effect::Deny][word])
}

/// The id of an account.
pub(super) fn read_account(node: &Node, faults: &Faults) -> Option<String> {
    let id = reader::text(node, faults)?;
    if id.len() != 12 || !id.bytes().all(|it| it.is_ascii_digit()) {
        faults.note(node.fault("B0183", format!("`{id}` is no account: expected 12 digits as a string")));
        return None;
    }
    Some(id.to_owned())
}

fn read_statement(node: &Node, faults: &Faults) -> Option<Statement> {
    let table = reader::Table::of(node, faults);
    let effect = read_effect(&table);
    let list = |name: &'static str, check: &dyn Fn(&Node)| {
        table.required(name);
        Patterns::Only(read_texts(table.list(name), faults, check))
    };
    let actions = list("action", &|it| check_action(it, faults));
    let resources = list("resource", &|it| check_resource(it, faults));
    table.finish();
    Some(Statement { effect: effect?, actions, resources })
}

fn read_texts(items: &[Node], faults: &Faults, check: impl Fn(&Node)) -> Vec<String> {
    let mut texts = Vec::new();
    for item in items {
        if let Some(text) = reader::text(item, faults) {
            check(item);
            texts.push(text.to_owned());
        }
    }
    texts
}

/// `*`, or `service:Action` with `*` and `?` anywhere.
pub(super) fn check_action(node: &Node, faults: &Faults) {
    let Value::Text(action) = &node.value else { return };
    if !is_action(action) {
        let message = format!("`{action}` is no action such as \"s3:GetObject\" or \"s3:*\"");
        faults.note(node.fault("B0162", message));
    }
}

/// `*`, or an ARN with `*` and `?` anywhere.
pub(super) fn check_resource(node: &Node, faults: &Faults) {
    let Value::Text(resource) = &node.value else { return };
    if !is_resource(resource) {
        let message =
            format!("`{resource}` is no resource: an ARN such as \"arn:aws:s3:::bucket/*\", or \"*\"");
        faults.note(node.fault("B0163", message));
    }
}
