//! What values of axes and settings are called.

use crate::experiment::matrix::{DEPLOYMENT, PLACEMENT, WrittenAxis};
use crate::experiment::tree::{Node, Value};

/// The longest label of a value that is no text.
pub(super) const LABEL_MAX: usize = 72;

pub(super) fn value_label(axis: &str, node: &Node) -> String {
    match &node.value {
        Value::Text(text) => text.clone(),
        Value::Table(_) if axis == DEPLOYMENT || axis.ends_with("deployment_configuration") => {
            deployment_label(node)
        }
        // The API's shape of a chain reads better as its short form.
        Value::List(items) if items.iter().all(|it| it.get("type").is_some()) && !items.is_empty() => {
            let text = |it: &Node, name: &str| match it.get(name).map(|it| &it.value) {
                Some(Value::Text(text)) => Some(text.clone()),
                _ => None,
            };
            let link = |it: &Node| match (text(it, "type"), text(it, "field")) {
                (Some(kind), Some(field)) => format!("{kind}:{field}"),
                (kind, _) => kind.unwrap_or_default(),
            };
            items.iter().map(link).collect::<Vec<_>>().join(",")
        }
        Value::Table(_) if node.get("name").is_some() => {
            node.get("name").map(Node::canonical).unwrap_or_default()
        }
        _ => node.canonical(),
    }
}

/// `50/100`, or `CANARY 5% 10m`: what a deployment is told by, then all else
/// that is written, so that different ones have different labels.
fn deployment_label(node: &Node) -> String {
    let value = |node: Option<&Node>, name: &str, default: &str| {
        node.and_then(|it| it.get(name)).map_or(default.to_owned(), Node::canonical)
    };
    let of = |name: &str, default: &str| value(Some(node), name, default);
    let bounds = ["minimum_healthy_percent", "maximum_percent"];
    let shift = |table: &str, percent: &str, bake: &str, defaults: (&str, &str)| {
        let table = node.get(table);
        format!("{}% {}m", value(table, percent, defaults.0), value(table, bake, defaults.1))
    };
    let linear = ("linear_configuration", "step_percent", "step_bake_time_in_minutes", ("10", "6"));
    let canary = ("canary_configuration", "canary_percent", "canary_bake_time_in_minutes", ("5", "10"));
    let strategy = match node.get("strategy").map(|it| &it.value) {
        Some(Value::Text(text)) => text.as_str(),
        _ => "ROLLING",
    };
    let mut told = vec!["strategy"];
    let mut parts = Vec::new();
    match strategy {
        "LINEAR" | "CANARY" => {
            let it = if strategy == "LINEAR" { linear } else { canary };
            parts.push(format!("{strategy} {}", shift(it.0, it.1, it.2, it.3)));
            told.push(it.0);
        }
        "ROLLING" => {
            parts.push(format!("{}/{}", of(bounds[0], "100"), of(bounds[1], "200")));
            told.extend(bounds);
        }
        _ => parts.push(strategy.to_owned()),
    }
    if node.get("bake_time_in_minutes").is_some() {
        parts.push(format!("bake {}m", of("bake_time_in_minutes", "0")));
        told.push("bake_time_in_minutes");
    }
    // The breaker as the most have it has a name.
    let breaker = "deployment_circuit_breaker";
    if of(breaker, "") == "{enable = true, rollback = true}" {
        parts.push("breaker".to_owned());
        told.push(breaker);
    }
    for field in node.fields().iter().filter(|it| !told.contains(&it.name.as_str())) {
        parts.push(format!("{}={}", field.name, field.node.canonical()));
    }
    parts.join(" ")
}

/// What a setting is called: a value of a path axis says what it is of, one of a
/// short name speaks for itself.
pub(super) fn label(axes: &[WrittenAxis], values: &[usize]) -> String {
    if axes.is_empty() {
        return "base".to_owned();
    }
    let part = |(idx, &value): (usize, &usize)| {
        let written = &axes[idx].labels[value];
        match ending(axes, idx) {
            Some(name) => format!("{name}={written}"),
            None => written.clone(),
        }
    };
    values.iter().enumerate().map(part).collect::<Vec<_>>().join(" · ")
}

/// As many of the last parts of an axis' path as no other axis ends with;
/// `None` of a short name.
fn ending(axes: &[WrittenAxis], axis: usize) -> Option<&str> {
    let is_path = |name: &str| name != PLACEMENT && name != DEPLOYMENT;
    let name = Some(axes[axis].name.as_str()).filter(|it| is_path(it))?;
    let ends_with = |path: &str, ending: &str| {
        path.strip_suffix(ending).is_some_and(|it| it.is_empty() || it.ends_with('.'))
    };
    let others = || axes.iter().enumerate().filter(|it| it.0 != axis && is_path(&it.1.name));
    let starts = name.rmatch_indices('.').map(|(dot, _)| dot + 1);
    let mut endings = starts.map(|it| &name[it..]);
    let unique = endings.find(|it| others().all(|(_, other)| !ends_with(&other.name, it)));
    Some(unique.unwrap_or(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_says_as_much_of_a_path_as_tells_it_apart() {
        let check = |names: &[&str], expected: &str| {
            let written = |name: &&str| WrittenAxis {
                name: (*name).to_owned(),
                values: Vec::new(),
                labels: vec!["5".to_owned()],
            };
            let axes: Vec<WrittenAxis> = names.iter().map(written).collect();
            assert_eq!(label(&axes, &vec![0; axes.len()]), expected);
        };
        check(&[], "base");
        check(&["placement", "deployment"], "5 · 5");
        check(&["deployment", "cluster.capacity_provider.a.awsvpc_trunking"], "5 · awsvpc_trunking=5");
        check(&["service.web.desired_count", "model.tie_break"], "desired_count=5 · tie_break=5");
        check(
            &["service.web.desired_count", "service.api.desired_count", "model.tie_break"],
            "web.desired_count=5 · api.desired_count=5 · tie_break=5",
        );
        check(&["a.b", "x.a.b", "x.ab"], "a.b=5 · x.a.b=5 · ab=5");
    }
}
