//! A policy as the document that it is read from.

use serde_json::{Map, Value, json};

use crate::model::lifecycle_policy::{
    Count, LifecycleAction, LifecyclePolicy, LifecycleRule, StorageClass, TagSelection,
};

/// The policy as it would be sent; reading it again gives the same.
pub fn write(policy: &LifecyclePolicy) -> Value {
    json!({ "rules": policy.rules.iter().map(write_rule).collect::<Vec<_>>() })
}

fn write_rule(rule: &LifecycleRule) -> Value {
    let mut selection = Map::new();
    let mut insert = |key: &str, value: Value| selection.insert(key.to_owned(), value);
    insert("tagStatus", rule.tags.status().into());
    match &rule.tags {
        TagSelection::Any | TagSelection::Untagged => (),
        TagSelection::Prefixes(list) => drop(insert("tagPrefixList", list.as_slice().into())),
        TagSelection::Patterns(list) => drop(insert("tagPatternList", list.as_slice().into())),
    }
    if rule.storage_class != StorageClass::Standard {
        insert("storageClass", rule.storage_class.as_str().into());
    }
    insert("countType", rule.count.kind().into());
    if !matches!(rule.count, Count::ImageCountMoreThan(_)) {
        insert("countUnit", "days".into());
    }
    insert("countNumber", rule.count.number().into());
    let mut action = json!({ "type": rule.action.as_str() });
    if rule.action == LifecycleAction::Archive {
        action["targetStorageClass"] = StorageClass::Archive.as_str().into();
    }
    let mut written = json!({ "rulePriority": rule.priority, "selection": selection, "action": action });
    if let Some(description) = &rule.description {
        written["description"] = description.as_str().into();
    }
    written
}
