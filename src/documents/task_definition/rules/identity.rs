//! What the whole document must be: its family, its size, its role, what it is
//! fit for, its tags.

use super::super::shapes::TaskDefinition;
use super::{Report, Rule, is_name, quoted, root};

/// TD-01 (API RegisterTaskDefinition).
pub(super) const FAMILY: Rule = Rule {
    id: "TD-01",
    code: "B0301",
    words: "`family` is present: 1 to 255 letters, digits, hyphens and underscores",
    check: |definition, report| {
        let message = match &definition.family {
            None => "`family` is missing".to_owned(),
            Some(family) if !is_name(family) => {
                format!(
                    "the family {} is not 1 to 255 letters, digits, hyphens and underscores",
                    quoted(family)
                )
            }
            Some(_) => return,
        };
        report.fault(root().key("family"), message);
    },
};

/// Of a registered document (general reference, ecs-service).
const MAX_BYTES: usize = 64 * 1024;

/// TD-35: measured as the request is sent, without white space and without
/// what the service adds.
pub(super) const SIZE: Rule = Rule {
    id: "TD-35",
    code: "B0335",
    words: "a registered document has at most 64 KiB",
    check: |definition, report| {
        let n_bytes = definition.to_json().to_string().len();
        if n_bytes > MAX_BYTES {
            report.fault(root(), format!("the document has {n_bytes} bytes, more than {MAX_BYTES}"));
        }
    },
};

/// TD-38: a list of roles, or a number, is found while reading; a role within
/// a container is an unknown field.
pub(super) const TASK_ROLE: Rule = Rule {
    id: "TD-38",
    code: "B0338",
    words: "`taskRoleArn` is one string: all containers of the task share it",
    check: |_, report| report.asks_for_type(&root().key("taskRoleArn")),
};

/// TD-40 (API Compatibility).
pub(super) const COMPATIBILITIES: Rule = Rule {
    id: "TD-40",
    code: "B0340",
    words: "`requiresCompatibilities` lists EC2, FARGATE, EXTERNAL, MANAGED_INSTANCES",
    check: |definition, report| {
        for (idx, compatibility) in definition.requires_compatibilities.iter().enumerate() {
            if !compatibility.is_known() {
                let message = format!(
                    "the compatibility {} is none of EC2, FARGATE, EXTERNAL, MANAGED_INSTANCES",
                    quoted(compatibility.as_str())
                );
                report.fault(root().key("requiresCompatibilities").idx(idx), message);
            }
        }
    },
};

/// TD-41 (API Tag).
pub(super) const TAGS: Rule = Rule {
    id: "TD-41",
    code: "B0341",
    words: "at most 50 tags; keys of 1 to 128 and values of up to 256 characters; no key begins with `aws:`",
    check: check_tags,
};

fn check_tags(definition: &TaskDefinition, report: &mut Report<'_, '_>) {
    let field = root().key("tags");
    if definition.tags.len() > 50 {
        report.fault(field.clone(), format!("{} tags, more than 50", definition.tags.len()));
    }
    for (idx, tag) in definition.tags.iter().enumerate() {
        let at = field.idx(idx);
        if report.is_any_malformed_in(&at) {
            continue;
        }
        let key = tag.key.as_deref().unwrap_or("");
        let message = if key.is_empty() {
            "a tag without a key".to_owned()
        } else if key.chars().count() > 128 {
            format!("the tag {} has a key of more than 128 characters", quoted(key))
        } else if tag.value.as_deref().is_some_and(|it| it.chars().count() > 256) {
            format!("the tag {} has a value of more than 256 characters", quoted(key))
        } else if key.get(..4).is_some_and(|it| it.eq_ignore_ascii_case("aws:")) {
            format!("the tag {} begins with `aws:`, which is reserved", quoted(key))
        } else {
            continue;
        };
        report.fault_seen_at(field.clone(), &at, None, message);
    }
}
