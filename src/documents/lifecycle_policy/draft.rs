//! A policy as it is written: each field absent, malformed or there, so that a
//! rule judges what could be read and leaves alone what could not.

use super::rules::check_number_of_rules;
use crate::base::nearest::nearest;
use crate::documents::faults::Faults;
use crate::documents::field_path::FieldPath;
use crate::documents::json::{Json, Value, shortened};
use crate::documents::shape::Item;
use crate::model::lifecycle_policy::{
    Count, LifecycleAction, LifecyclePolicy, LifecycleRule, StorageClass, TagSelection,
};

/// The document.
pub(super) struct Draft {
    pub(super) rules: Vec<RuleDraft>,
}

/// One rule of it.
pub(super) struct RuleDraft {
    /// `rules[3]`
    pub(super) at: FieldPath,
    pub(super) priority: Given<i64>,
    pub(super) description: Given<String>,
    pub(super) tag_status: Given<TagStatus>,
    pub(super) prefixes: Given<Vec<String>>,
    pub(super) patterns: Given<Vec<String>>,
    pub(super) storage_class: Given<StorageClass>,
    pub(super) count_type: Given<CountType>,
    /// Only days there are.
    pub(super) count_unit: Given<()>,
    pub(super) count_number: Given<i64>,
    pub(super) action: Given<LifecycleAction>,
    pub(super) target: Given<StorageClass>,
}

/// `tagStatus`
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum TagStatus {
    Tagged,
    Untagged,
    Any,
}

/// `countType`
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum CountType {
    ImageCountMoreThan,
    SinceImagePushed,
    SinceImagePulled,
    SinceImageTransitioned,
}

/// What stands in a field.
pub(super) enum Given<T> {
    Absent,
    /// Its fault is known, or that of what should hold it.
    Malformed,
    Value(T),
}

impl<T> Given<T> {
    pub(super) fn value(&self) -> Option<&T> {
        match self {
            Self::Value(it) => Some(it),
            Self::Absent | Self::Malformed => None,
        }
    }

    /// Whether it is there, malformed or not.
    pub(super) fn is_there(&self) -> bool {
        !matches!(self, Self::Absent)
    }

    fn into_value(self) -> Option<T> {
        match self {
            Self::Value(it) => Some(it),
            Self::Absent | Self::Malformed => None,
        }
    }
}

impl RuleDraft {
    /// A field of its selection.
    pub(super) fn within_selection(&self, key: &str) -> FieldPath {
        self.at.key("selection").key(key)
    }

    /// A field of its action.
    pub(super) fn within_action(&self, key: &str) -> FieldPath {
        self.at.key("action").key(key)
    }

    /// `standard` where nothing is said; `None` if it could not be read.
    pub(super) fn storage_class(&self) -> Option<StorageClass> {
        match self.storage_class {
            Given::Absent => Some(StorageClass::Standard),
            Given::Malformed => None,
            Given::Value(it) => Some(it),
        }
    }

    /// Of a rule that no fault was found of.
    fn into_rule(self) -> Option<LifecycleRule> {
        let storage_class = self.storage_class()?;
        let tags = match self.tag_status.into_value()? {
            TagStatus::Any => TagSelection::Any,
            TagStatus::Untagged => TagSelection::Untagged,
            TagStatus::Tagged => match self.prefixes.into_value() {
                Some(prefixes) => TagSelection::Prefixes(prefixes),
                None => TagSelection::Patterns(self.patterns.into_value()?),
            },
        };
        let number = u64::try_from(self.count_number.into_value()?).ok()?;
        Some(LifecycleRule {
            priority: u64::try_from(self.priority.into_value()?).ok()?,
            description: self.description.into_value(),
            tags,
            storage_class,
            count: match self.count_type.into_value()? {
                CountType::ImageCountMoreThan => Count::ImageCountMoreThan(number),
                CountType::SinceImagePushed => Count::SinceImagePushed(number),
                CountType::SinceImagePulled => Count::SinceImagePulled(number),
                CountType::SinceImageTransitioned => Count::SinceImageTransitioned(number),
            },
            action: self.action.into_value()?,
        })
    }
}

impl Draft {
    /// `None` if there are no rules to judge.
    pub(super) fn read(json: &Json, faults: &mut Faults<'_>) -> Option<Self> {
        let at = FieldPath::root();
        let object = Reader::of(json, &at, &["rules"], faults)?;
        let list = object.required("rules", faults)?;
        let at = at.key("rules");
        let Value::Array(items) = &list.value else {
            let message = format!("`rules` is {}: expected a list", list.kind());
            faults.malformed("B0360", &at, message);
            return None;
        };
        check_number_of_rules(items.len(), faults);
        let read = |(idx, it)| RuleDraft::read(it, at.idx(idx), faults);
        Some(Self { rules: items.iter().enumerate().map(read).collect() })
    }

    /// Of a document that no fault was found of.
    pub(super) fn into_policy(self) -> Option<LifecyclePolicy> {
        let mut rules = self.rules.into_iter().map(RuleDraft::into_rule).collect::<Option<Vec<_>>>()?;
        rules.sort_by_key(|it| it.priority);
        Some(LifecyclePolicy { rules })
    }
}

impl RuleDraft {
    fn read(json: &Json, at: FieldPath, faults: &mut Faults<'_>) -> Self {
        let mut draft = Self::unread(at);
        let names = ["rulePriority", "description", "selection", "action"];
        let Some(rule) = Reader::of(json, &draft.at, &names, faults) else { return draft };
        let priority = rule.required("rulePriority", faults);
        draft.priority = value(priority, &draft.at.key("rulePriority"), faults);
        draft.description = optional(rule.get("description"), &draft.at.key("description"), faults);
        let (selection, action) = (rule.required("selection", faults), rule.required("action", faults));
        if let Some(json) = selection {
            draft.read_selection(json, faults);
        }
        if let Some(json) = action {
            draft.read_action(json, faults);
        }
        draft
    }

    /// Nothing can be said of what is not read.
    fn unread(at: FieldPath) -> Self {
        Self {
            at,
            priority: Given::Malformed,
            description: Given::Malformed,
            tag_status: Given::Malformed,
            prefixes: Given::Malformed,
            patterns: Given::Malformed,
            storage_class: Given::Malformed,
            count_type: Given::Malformed,
            count_unit: Given::Malformed,
            count_number: Given::Malformed,
            action: Given::Malformed,
            target: Given::Malformed,
        }
    }

    fn read_selection(&mut self, json: &Json, faults: &mut Faults<'_>) {
        let at = self.at.key("selection");
        let names = [
            "tagStatus",
            "tagPatternList",
            "tagPrefixList",
            "storageClass",
            "countType",
            "countUnit",
            "countNumber",
        ];
        let Some(object) = Reader::of(json, &at, &names, faults) else { return };
        let statuses =
            [("tagged", TagStatus::Tagged), ("untagged", TagStatus::Untagged), ("any", TagStatus::Any)];
        let status = object.required("tagStatus", faults);
        self.tag_status = word(status, &at.key("tagStatus"), &statuses, faults);
        self.prefixes = texts(object.get("tagPrefixList"), &at.key("tagPrefixList"), faults);
        self.patterns = texts(object.get("tagPatternList"), &at.key("tagPatternList"), faults);
        let classes = [("standard", StorageClass::Standard), ("archive", StorageClass::Archive)];
        self.storage_class = match object.get("storageClass") {
            None => Given::Absent,
            given => word(given, &at.key("storageClass"), &classes, faults),
        };
        let types = [
            ("imageCountMoreThan", CountType::ImageCountMoreThan),
            ("sinceImagePushed", CountType::SinceImagePushed),
            ("sinceImagePulled", CountType::SinceImagePulled),
            ("sinceImageTransitioned", CountType::SinceImageTransitioned),
        ];
        let count_type = object.required("countType", faults);
        self.count_type = word(count_type, &at.key("countType"), &types, faults);
        self.count_unit = match object.get("countUnit") {
            None => Given::Absent,
            given => word(given, &at.key("countUnit"), &[("days", ())], faults),
        };
        let number = object.required("countNumber", faults);
        self.count_number = value(number, &at.key("countNumber"), faults);
    }

    fn read_action(&mut self, json: &Json, faults: &mut Faults<'_>) {
        let at = self.at.key("action");
        let Some(object) = Reader::of(json, &at, &["type", "targetStorageClass"], faults) else { return };
        let types = [("expire", LifecycleAction::Expire), ("transition", LifecycleAction::Archive)];
        let kind = object.required("type", faults);
        self.action = word(kind, &at.key("type"), &types, faults);
        self.target = match object.get("targetStorageClass") {
            None => Given::Absent,
            given => {
                word(given, &at.key("targetStorageClass"), &[("archive", StorageClass::Archive)], faults)
            }
        };
    }
}

/// An object of which all known members have a name here.
struct Reader<'j> {
    json: &'j Json,
    at: FieldPath,
}

impl<'j> Reader<'j> {
    /// `None` if it is no object; that is noted, and every unknown member.
    fn of(json: &'j Json, at: &FieldPath, names: &[&str], faults: &mut Faults<'_>) -> Option<Self> {
        let Value::Object(members) = &json.value else {
            faults.malformed("B0360", at, format!("`{at}` is {}: expected an object", json.kind()));
            return None;
        };
        for member in members.iter().filter(|it| !names.contains(&it.key.as_str())) {
            let shown = shortened(&member.key);
            let help = match nearest(&shown, names.iter().copied()) {
                Some(name) => format!("did you mean `{name}`?"),
                None => format!("known: {}", names.join(", ")),
            };
            let message = format!("`{shown}` is no field of a lifecycle policy here");
            faults.refused("B0815", &at.key(&member.key), message, Some(help));
        }
        Some(Self { json, at: at.clone() })
    }

    fn get(&self, key: &str) -> Option<&'j Json> {
        self.json.get(key).map(|it| &it.value)
    }

    fn required(&self, key: &str, faults: &mut Faults<'_>) -> Option<&'j Json> {
        let found = self.get(key);
        if found.is_none() {
            let field = self.at.key(key);
            faults.malformed("B0364", &field, format!("`{field}` is missing"));
        }
        found
    }
}

/// A value that must be there: what is missing was noted.
fn value<T: Item>(json: Option<&Json>, at: &FieldPath, faults: &mut Faults<'_>) -> Given<T> {
    json.and_then(|it| T::read(it, at, faults)).map_or(Given::Malformed, Given::Value)
}

fn optional<T: Item>(json: Option<&Json>, at: &FieldPath, faults: &mut Faults<'_>) -> Given<T> {
    match json {
        None => Given::Absent,
        given => value(given, at, faults),
    }
}

/// A list of strings that may be absent.
fn texts(json: Option<&Json>, at: &FieldPath, faults: &mut Faults<'_>) -> Given<Vec<String>> {
    let Some(json) = json else { return Given::Absent };
    let Value::Array(items) = &json.value else {
        faults.malformed("B0360", at, format!("`{at}` is {}: expected a list of strings", json.kind()));
        return Given::Malformed;
    };
    let read = items.iter().enumerate().map(|(idx, it)| String::read(it, &at.idx(idx), faults));
    // Each is read, so that each is judged.
    let read: Vec<Option<String>> = read.collect();
    read.into_iter().collect::<Option<Vec<_>>>().map_or(Given::Malformed, Given::Value)
}

/// One of a few words.
fn word<T: Copy>(
    json: Option<&Json>,
    at: &FieldPath,
    names: &[(&str, T)],
    faults: &mut Faults<'_>,
) -> Given<T> {
    let Given::Value(text) = value::<String>(json, at, faults) else { return Given::Malformed };
    if let Some(found) = names.iter().find(|it| it.0 == text) {
        return Given::Value(found.1);
    }
    let known: Vec<&str> = names.iter().map(|it| it.0).collect();
    let message = format!("`{at}` is \"{}\": expected {}", shortened(&text), known.join(", "));
    faults.malformed("B0371", at, message);
    Given::Malformed
}
