//! What the registry asks of a policy, one function a row of the table in
//! semantics 9.5. All are asked, whatever the others found; fields that could
//! not be read are left alone.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use super::draft::{CountType, Draft, Given, RuleDraft, TagStatus};
use crate::documents::faults::Faults;
use crate::documents::field_path::FieldPath;
use crate::documents::json::shortened;
use crate::model::lifecycle_policy::{LifecycleAction, StorageClass};

/// As many rules a policy has at most (ECR user guide, service-quotas).
pub const MAX_RULES: usize = 50;
/// As many `*` a pattern has at most (ECR user guide, lifecycle_policy_parameters).
const MAX_STARS: usize = 4;
/// As many characters a description has at most (a choice of the model).
const MAX_DESCRIPTION: usize = 255;
/// An archived image is paid for so long, and is not expired earlier (ECR user
/// guide, lifecycle_policy_parameters).
const LEAST_DAYS_ARCHIVED: i64 = 90;

pub(super) fn check(draft: &Draft, faults: &mut Faults<'_>) {
    check_priorities(draft, faults);
    check_any_and_untagged(draft, faults);
    check_unique_lists(draft, faults);
    for rule in &draft.rules {
        check_description(rule, faults);
        check_lists(rule, faults);
        check_count(rule, faults);
        check_storage_class_and_action(rule, faults);
    }
}

/// 1 to 50 rules. Asked before they are read: of thousands, nothing else would
/// be shown.
pub(super) fn check_number_of_rules(n_rules: usize, faults: &mut Faults<'_>) {
    if !(1..=MAX_RULES).contains(&n_rules) {
        let message = format!("the policy has {n_rules} rules: expected 1 to {MAX_RULES}");
        faults.refused("B0802", &FieldPath::root().key("rules"), message, None);
    }
}

/// Each priority is at least 1 (a choice of the model) and given once.
fn check_priorities(draft: &Draft, faults: &mut Faults<'_>) {
    let mut first = BTreeMap::new();
    for (idx, rule) in draft.rules.iter().enumerate() {
        let Some(&priority) = rule.priority.value() else { continue };
        let field = rule.at.key("rulePriority");
        if priority < 1 {
            let message = format!("`rulePriority` is {priority}: expected at least 1");
            faults.refused("B0803", &field, message, None);
            continue;
        }
        match first.entry(priority) {
            Entry::Vacant(entry) => {
                entry.insert(idx);
            }
            Entry::Occupied(entry) => {
                let message =
                    format!("`rulePriority` {priority} is that of `rules[{}]` already", entry.get());
                refused_saying(faults, "B0803", &field, message, "Duplicate priority in multiple rules");
            }
        }
    }
}

/// Of each storage class one `any` rule, which comes last, and one `untagged`
/// rule. With two `any` rules nobody knows which is to be last.
fn check_any_and_untagged(draft: &Draft, faults: &mut Faults<'_>) {
    let mut first: BTreeMap<(StorageClass, TagStatus), usize> = BTreeMap::new();
    let mut with_two_any = BTreeSet::new();
    for (idx, rule) in draft.rules.iter().enumerate() {
        let (Some(class), Some(&status)) = (rule.storage_class(), rule.tag_status.value()) else { continue };
        let name = match status {
            TagStatus::Tagged => continue,
            TagStatus::Untagged => "UNTAGGED",
            TagStatus::Any => "ANY",
        };
        if let Some(earlier) = first.get(&(class, status)) {
            let class_name = class.as_str();
            let message = format!(
                "a second rule for `{}` images of storage class {class_name}: `rules[{earlier}]` is one",
                name.to_ascii_lowercase()
            );
            let says = format!("Only one rule can specify tagStatus={name}");
            refused_saying(faults, "B0805", &rule.within_selection("tagStatus"), message, &says);
            if status == TagStatus::Any {
                with_two_any.insert(class);
            }
            continue;
        }
        first.insert((class, status), idx);
    }
    for class in [StorageClass::Standard, StorageClass::Archive] {
        let Some(&any_idx) = first.get(&(class, TagStatus::Any)) else { continue };
        let any = &draft.rules[any_idx];
        let Some(&priority) = any.priority.value().filter(|_| !with_two_any.contains(&class)) else {
            continue;
        };
        let of_class = draft.rules.iter().filter(|it| it.storage_class() == Some(class));
        let highest = of_class.filter_map(|it| it.priority.value()).max();
        if let Some(highest) = highest.filter(|it| **it > priority) {
            let message = format!(
                "the rule for `any` image has `rulePriority` {priority}, and another of storage class {} has {highest}",
                class.as_str()
            );
            let says = "Rule for tagStatus=ANY must have the highest rulePriority";
            refused_saying(faults, "B0804", &any.at.key("rulePriority"), message, says);
        }
    }
}

/// No two rules have the same set of prefixes, or of patterns; both apart (a
/// choice of the model).
fn check_unique_lists(draft: &Draft, faults: &mut Faults<'_>) {
    let mut first: BTreeMap<(&str, BTreeSet<&str>), usize> = BTreeMap::new();
    for (idx, rule) in draft.rules.iter().enumerate() {
        for (key, list) in [("tagPrefixList", &rule.prefixes), ("tagPatternList", &rule.patterns)] {
            let Some(list) = list.value().filter(|it| !it.is_empty()) else { continue };
            match first.entry((key, list.iter().map(String::as_str).collect())) {
                Entry::Vacant(entry) => {
                    entry.insert(idx);
                }
                Entry::Occupied(entry) => {
                    let message = format!("`{key}` is the same set as in `rules[{}]`", entry.get());
                    faults.refused("B0809", &rule.within_selection(key), message, None);
                }
            }
        }
    }
}

/// At most 255 characters (a choice of the model).
fn check_description(rule: &RuleDraft, faults: &mut Faults<'_>) {
    let n_characters = rule.description.value().map_or(0, |it| it.chars().count());
    if n_characters > MAX_DESCRIPTION {
        let message =
            format!("`description` has {n_characters} characters: expected at most {MAX_DESCRIPTION}");
        faults.refused("B0816", &rule.at.key("description"), message, None);
    }
}

/// `tagged` has exactly one of the two lists, not empty; the others have none.
/// A pattern has at most four `*`.
fn check_lists(rule: &RuleDraft, faults: &mut Faults<'_>) {
    let lists = [("tagPrefixList", &rule.prefixes), ("tagPatternList", &rule.patterns)];
    match rule.tag_status.value() {
        None => (),
        Some(TagStatus::Tagged) => {
            let n_lists = lists.iter().filter(|it| it.1.is_there()).count();
            let is_empty = lists.iter().any(|it| it.1.value().is_some_and(Vec::is_empty));
            if n_lists != 1 || is_empty {
                let message = match n_lists {
                    0 => "a rule for `tagged` images without `tagPrefixList` or `tagPatternList`",
                    1 => "a rule for `tagged` images whose list is empty",
                    _ => "a rule for `tagged` images with both `tagPrefixList` and `tagPatternList`",
                };
                let field = rule.within_selection("tagPrefixList/tagPatternList");
                let says = "Must specify tagPrefixList or tagPatternList";
                refused_saying(faults, "B0806", &field, message.to_owned(), says);
            }
        }
        Some(status) => {
            let status = if *status == TagStatus::Any { "any" } else { "untagged" };
            for (key, list) in lists {
                if list.is_there() {
                    let message = format!("a rule for `{status}` images has no `{key}`");
                    faults.refused("B0807", &rule.within_selection(key), message, None);
                }
            }
        }
    }
    for (idx, pattern) in rule.patterns.value().into_iter().flatten().enumerate() {
        let n_stars = pattern.matches('*').count();
        if n_stars > MAX_STARS {
            let shown = shortened(pattern);
            let message = format!("\"{shown}\" has {n_stars} `*`: a pattern has at most {MAX_STARS}");
            faults.refused("B0808", &rule.within_selection("tagPatternList").idx(idx), message, None);
        }
    }
    for (idx, prefix) in rule.prefixes.value().into_iter().flatten().enumerate() {
        if prefix.contains('*') {
            let shown = shortened(prefix);
            let message = format!("\"{shown}\" is a prefix: its `*` is no wildcard, and no tag has one");
            faults.odd(None, "B0365", &rule.within_selection("tagPrefixList").idx(idx), message);
        }
    }
}

/// `countUnit` goes with the count types of time and with those only;
/// `countNumber` is at least 1, of archived images at least 90;
/// `sinceImagePulled` only archives (refusing it is a choice of the model).
fn check_count(rule: &RuleDraft, faults: &mut Faults<'_>) {
    let least = match rule.count_type.value() {
        Some(CountType::SinceImageTransitioned) => LEAST_DAYS_ARCHIVED,
        _ => 1,
    };
    if let Some(&number) = rule.count_number.value()
        && number < least
    {
        let message = match least {
            1 => format!("`countNumber` is {number}: expected at least 1"),
            _ => format!("`countNumber` is {number}: archived images expire after {least} days or more"),
        };
        faults.refused("B0811", &rule.within_selection("countNumber"), message, None);
    }
    let Some(&count_type) = rule.count_type.value() else { return };
    let is_of_time = count_type != CountType::ImageCountMoreThan;
    let field = rule.within_selection("countUnit");
    match (is_of_time, rule.count_unit.is_there()) {
        (true, false) => {
            let message = "`countUnit` is missing: a count type of time counts in \"days\"".to_owned();
            faults.refused("B0810", &field, message, None);
        }
        (false, true) => {
            let message = "`countUnit` is given, but imageCountMoreThan counts images".to_owned();
            faults.refused("B0810", &field, message, None);
        }
        _ => (),
    }
    let is_expiring = rule.action.value() == Some(&LifecycleAction::Expire);
    if count_type == CountType::SinceImagePulled && is_expiring {
        let message = "sinceImagePulled goes with the action `transition` only".to_owned();
        faults.refused("B0812", &rule.within_selection("countType"), message, None);
    }
}

/// `sinceImageTransitioned` expires images of the class `archive`, and is the
/// only count type there (a choice of the model); `transition` has the target
/// `archive`, `expire` has none (a choice of the model).
fn check_storage_class_and_action(rule: &RuleDraft, faults: &mut Faults<'_>) {
    let is_transitioned = rule.count_type.value().map(|it| *it == CountType::SinceImageTransitioned);
    let is_archive = rule.storage_class().map(|it| it == StorageClass::Archive);
    let problem = match (is_transitioned, is_archive) {
        (Some(true), Some(false)) => Some("sinceImageTransitioned looks at images of the class \"archive\""),
        (Some(false), Some(true)) => {
            Some("images of the class \"archive\" go by sinceImageTransitioned only")
        }
        _ => None,
    };
    if let Some(problem) = problem {
        faults.refused("B0813", &rule.within_selection("storageClass"), problem.to_owned(), None);
    }
    let Some(&action) = rule.action.value() else { return };
    if is_transitioned == Some(true) && action == LifecycleAction::Archive {
        let message = "sinceImageTransitioned goes with the action `expire` only".to_owned();
        faults.refused("B0814", &rule.within_action("type"), message, None);
    }
    let problem = match (action, &rule.target) {
        (LifecycleAction::Archive, Given::Absent) => {
            "`targetStorageClass` is missing: the action `transition` has the target \"archive\""
        }
        (LifecycleAction::Expire, Given::Value(_)) => "the action `expire` has no `targetStorageClass`",
        _ => return,
    };
    faults.refused("B0814", &rule.within_action("targetStorageClass"), problem.to_owned(), None);
}

fn refused_saying(
    faults: &mut Faults<'_>,
    code: &'static str,
    field: &FieldPath,
    message: String,
    says: &str,
) {
    faults.refused(code, field, message, Some(format!("the service says: {says}")));
}
