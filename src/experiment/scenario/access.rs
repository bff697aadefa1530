//! `[[role]]` and `[[secret]]`: what roles may do, and what is not there.

use crate::experiment::reader::{self, Faults};
use crate::experiment::tree::{Node, Value};
use crate::model::access::{Access, Effect, Patterns, Role, Statement};

/// Reads `[[role]]` and `[[secret]]`.
pub(super) fn read_access(root: &reader::Table<'_>) -> Access {
    let faults = root.faults();
    let mut access = Access::default();
    for node in root.list("role") {
        let Some(role) = read_role(node, faults) else { continue };
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
    access
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

/// `{ name, allow, deny, statement }`; one without statements may do nothing.
fn read_role(node: &Node, faults: &Faults) -> Option<Role> {
    let table = reader::Table::of(node, faults);
    let name = read_name(&table, "a role");
    let account = table.optional("account").and_then(|it| read_account(it, faults));
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
    table.finish();
    Some(Role { name: name?, account, statements })
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
    let effect = table.required("effect").and_then(|it| reader::word(it, &["Allow", "Deny"], faults));
    let list = |name: &'static str, check: &dyn Fn(&Node)| {
        table.required(name);
        read_texts(table.list(name), faults, check)
    };
    let actions = list("action", &|it| check_action(it, faults));
    let resources = list("resource", &|it| check_resource(it, faults));
    table.finish();
    let (actions, resources) = (Patterns::Only(actions), Patterns::Only(resources));
    Some(Statement { effect: [Effect::Allow, Effect::Deny][effect?], actions, resources })
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
    let is_part = |it: &str| {
        let is_allowed = |it: u8| it.is_ascii_alphanumeric() || b"-*?".contains(&it);
        !it.is_empty() && it.bytes().all(is_allowed)
    };
    let is_action =
        action.split_once(':').is_some_and(|(service, action)| is_part(service) && is_part(action));
    if !is_action && action != "*" {
        let message = format!("`{action}` is no action such as \"s3:GetObject\" or \"s3:*\"");
        faults.note(node.fault("B0162", message));
    }
}

/// `*`, or an ARN with `*` and `?` anywhere.
pub(super) fn check_resource(node: &Node, faults: &Faults) {
    let Value::Text(resource) = &node.value else { return };
    let is_arn = resource.starts_with("arn:") && resource.split(':').count() >= 6;
    let is_wide = resource.starts_with("arn:") && resource.contains('*');
    if !is_arn && !is_wide && resource != "*" {
        let message =
            format!("`{resource}` is no resource: an ARN such as \"arn:aws:s3:::bucket/*\", or \"*\"");
        faults.note(node.fault("B0163", message));
    }
}
