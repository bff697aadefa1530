//! What a typed document is made of: how a field is read from a JSON tree and
//! written back, and the two macros that spell out objects and enumerations.
//!
//! Reading never stops at a fault: the value is left out, its fault noted, and
//! the next one is read.

use std::collections::BTreeMap;

use super::faults::{Faults, is_given};
use super::field_path::FieldPath;
use super::json::{Json, Value, shortened};

/// A value that is there: the item of a list, or what an optional field holds.
pub(super) trait Item: Sized {
    /// `None` if the value is of another type; that is noted then.
    fn read(json: &Json, at: &FieldPath, faults: &mut Faults<'_>) -> Option<Self>;

    /// As JSON.
    fn write(&self) -> serde_json::Value;
}

/// A field of an object, which may be absent.
pub(super) trait Field: Default {
    /// What is absent or malformed is the default.
    fn read(json: &Json, at: &FieldPath, faults: &mut Faults<'_>) -> Self;

    /// `None` if it is absent.
    fn write(&self) -> Option<serde_json::Value>;
}

fn wrong_type(wanted: &str, json: &Json, at: &FieldPath, faults: &mut Faults<'_>) {
    let found = match &json.value {
        Value::String(text) => format!("the string \"{}\"", shortened(text)),
        Value::Number(number) => format!("the number {}", shortened(number)),
        _ => json.kind().to_owned(),
    };
    let name = at.to_string();
    faults.malformed("B0360", at, format!("`{name}` is {found}: expected {wanted}"));
}

impl Item for String {
    fn read(json: &Json, at: &FieldPath, faults: &mut Faults<'_>) -> Option<Self> {
        match &json.value {
            Value::String(text) => Some(text.clone()),
            _ => {
                wrong_type("a string", json, at, faults);
                None
            }
        }
    }

    fn write(&self) -> serde_json::Value {
        self.as_str().into()
    }
}

impl Item for bool {
    fn read(json: &Json, at: &FieldPath, faults: &mut Faults<'_>) -> Option<Self> {
        match json.value {
            Value::Bool(it) => Some(it),
            _ => {
                wrong_type("true or false", json, at, faults);
                None
            }
        }
    }

    fn write(&self) -> serde_json::Value {
        (*self).into()
    }
}

/// An Integer of the API: 32 bits with sign.
impl Item for i32 {
    fn read(json: &Json, at: &FieldPath, faults: &mut Faults<'_>) -> Option<Self> {
        let Value::Number(number) = &json.value else {
            wrong_type("a whole number", json, at, faults);
            return None;
        };
        let read = number.parse().ok();
        if read.is_none() {
            let problem = if number.bytes().skip(1).all(|it| it.is_ascii_digit()) {
                "beyond 32 bits"
            } else {
                "not written as a whole number"
            };
            faults.malformed("B0361", at, format!("`{at}` is {}, which is {problem}", shortened(number)));
        }
        read
    }

    fn write(&self) -> serde_json::Value {
        (*self).into()
    }
}

/// A Long of the API: 64 bits with sign.
impl Item for i64 {
    fn read(json: &Json, at: &FieldPath, faults: &mut Faults<'_>) -> Option<Self> {
        let Value::Number(number) = &json.value else {
            wrong_type("a whole number", json, at, faults);
            return None;
        };
        let read = number.parse().ok();
        if read.is_none() {
            let message = format!("`{at}` is {}, which is not whole or beyond 64 bits", shortened(number));
            faults.malformed("B0361", at, message);
        }
        read
    }

    fn write(&self) -> serde_json::Value {
        (*self).into()
    }
}

/// A Double of the API: finite.
impl Item for f64 {
    fn read(json: &Json, at: &FieldPath, faults: &mut Faults<'_>) -> Option<Self> {
        let Value::Number(number) = &json.value else {
            wrong_type("a number", json, at, faults);
            return None;
        };
        let read = number.parse().ok().filter(|it: &Self| it.is_finite());
        if read.is_none() {
            let message = format!("`{at}` is {}, which is beyond a number of 64 bits", shortened(number));
            faults.malformed("B0361", at, message);
        }
        read
    }

    fn write(&self) -> serde_json::Value {
        (*self).into()
    }
}

/// What is kept as it is written: documents of free form, and shapes that no
/// model looks into.
impl Item for serde_json::Value {
    fn read(json: &Json, at: &FieldPath, faults: &mut Faults<'_>) -> Option<Self> {
        Some(match &json.value {
            Value::Null => Self::Null,
            Value::Bool(it) => (*it).into(),
            Value::Number(number) => number.parse::<serde_json::Number>().map_or_else(
                |_| {
                    let message = format!("`{at}` is {}, which is beyond 64 bits", shortened(number));
                    faults.malformed("B0361", at, message);
                    Self::Null
                },
                Self::Number,
            ),
            Value::String(text) => text.as_str().into(),
            Value::Array(items) => {
                let read = |(idx, it)| <Self as Item>::read(it, &at.idx(idx), faults).unwrap_or_default();
                items.iter().enumerate().map(read).collect()
            }
            Value::Object(members) => {
                let mut object = serde_json::Map::new();
                for member in members {
                    let value = <Self as Item>::read(&member.value, &at.key(&member.key), faults);
                    object.insert(member.key.clone(), value.unwrap_or_default());
                }
                object.into()
            }
        })
    }

    fn write(&self) -> serde_json::Value {
        self.clone()
    }
}

impl<T: Item> Field for Option<T> {
    fn read(json: &Json, at: &FieldPath, faults: &mut Faults<'_>) -> Self {
        if is_given(json) { T::read(json, at, faults) } else { None }
    }

    fn write(&self) -> Option<serde_json::Value> {
        self.as_ref().map(T::write)
    }
}

impl<T: Item + Default> Field for Vec<T> {
    fn read(json: &Json, at: &FieldPath, faults: &mut Faults<'_>) -> Self {
        match &json.value {
            Value::Null => Vec::new(),
            // An item that cannot be read keeps its number.
            Value::Array(items) => {
                let read = |(idx, it)| T::read(it, &at.idx(idx), faults).unwrap_or_default();
                items.iter().enumerate().map(read).collect()
            }
            _ => {
                wrong_type("a list", json, at, faults);
                Vec::new()
            }
        }
    }

    fn write(&self) -> Option<serde_json::Value> {
        (!self.is_empty()).then(|| self.iter().map(T::write).collect())
    }
}

impl Field for BTreeMap<String, String> {
    fn read(json: &Json, at: &FieldPath, faults: &mut Faults<'_>) -> Self {
        match &json.value {
            Value::Null => BTreeMap::new(),
            Value::Object(members) => {
                let given = members.iter().filter(|it| is_given(&it.value));
                let read = |it: &super::json::Member, faults: &mut Faults<'_>| {
                    Some((it.key.clone(), Item::read(&it.value, &at.key(&it.key), faults)?))
                };
                given.filter_map(|it| read(it, faults)).collect()
            }
            _ => {
                wrong_type("an object of strings", json, at, faults);
                BTreeMap::new()
            }
        }
    }

    fn write(&self) -> Option<serde_json::Value> {
        (!self.is_empty()).then(|| self.iter().map(|(key, it)| (key.clone(), it.as_str())).collect())
    }
}

/// Reads an object member by member; what no `read` takes is unknown.
pub(super) fn read_object(
    json: &Json,
    at: &FieldPath,
    faults: &mut Faults<'_>,
    names: &[&str],
    ignored: &[&str],
    mut read: impl FnMut(&str, &Json, &FieldPath, &mut Faults<'_>) -> bool,
) -> bool {
    let Value::Object(members) = &json.value else {
        wrong_type("an object", json, at, faults);
        return false;
    };
    for member in members {
        // A client sends no null: it takes it for a value of no type.
        if names.contains(&member.key.as_str()) && !is_given(&member.value) && faults.is_of_request() {
            let field = at.key(&member.key);
            let message = format!("`{field}` is null: a request leaves out what is not set");
            faults.malformed("B0360", &field, message);
            continue;
        }
        let is_known = names.contains(&member.key.as_str())
            && read(&member.key, &member.value, &at.key(&member.key), faults);
        if !is_known && !ignored.contains(&member.key.as_str()) {
            faults.unknown_field(at, &member.key, member.key_span, names);
        }
    }
    true
}

/// Notes the members that must be there and are not.
pub(super) fn require(json: &Json, at: &FieldPath, faults: &mut Faults<'_>, names: &[&str]) {
    for name in names {
        if json.get(name).is_none_or(|it| !is_given(&it.value) && !faults.is_of_request()) {
            let field = at.key(name);
            faults.malformed("B0364", &field, format!("`{field}` is missing"));
        }
    }
}

/// Notes the members that are shorter, smaller, longer or larger than a request
/// may have them: characters of a text, items of a list, or the number itself.
pub(super) fn limit(json: &Json, at: &FieldPath, faults: &mut Faults<'_>, limits: &[Limit]) {
    if !faults.is_of_request() {
        return;
    }
    for (name, range) in limits {
        let Some(member) = json.get(name) else { continue };
        let field = at.key(name);
        let wanted = if *range.end() == i64::MAX {
            format!("at least {}", range.start())
        } else {
            format!("{} to {}", range.start(), range.end())
        };
        let is_within = |n: usize| i64::try_from(n).is_ok_and(|it| range.contains(&it));
        match &member.value.value {
            Value::String(text) if !is_within(text.chars().count()) => {
                let n = text.chars().count();
                let message = format!("`{field}` has {n} characters: expected {wanted}");
                faults.malformed("B0372", &field, message);
            }
            Value::Array(items) if !is_within(items.len()) => {
                let message = format!("`{field}` has {} items: expected {wanted}", items.len());
                faults.malformed("B0372", &field, message);
            }
            Value::Number(number) if number.parse().is_ok_and(|it: i64| !range.contains(&it)) => {
                let message = format!("`{field}` is {}: expected {wanted}", shortened(number));
                faults.malformed("B0373", &field, message);
            }
            _ => (),
        }
    }
}

/// A member and what it may be; without an upper end that is `i64::MAX`.
pub(super) type Limit = (&'static str, std::ops::RangeInclusive<i64>);

/// Objects of the API: a struct with one public field a member. What is
/// `required` here has no rule of its own that asks for it, nor has what is
/// `limited`.
macro_rules! shapes {
    ($(
        $(#[$about:meta])*
        $name:ident
            $(required [$($required:literal),*])?
            $(limited [$($limited:literal: $range:expr),*])?
            $(ignored [$($ignored:literal),*])?
        {
            $($(#[$field_about:meta])* $field:ident: $type:ty = $key:literal,)*
        }
    )*) => {$(
        $(#[$about])*
        #[derive(Clone, PartialEq, Debug, Default)]
        pub struct $name {
            $($(#[$field_about])* pub $field: $type,)*
        }

        impl $crate::documents::shape::Item for $name {
            fn read(
                json: &$crate::documents::json::Json,
                at: &$crate::documents::field_path::FieldPath,
                faults: &mut $crate::documents::faults::Faults<'_>,
            ) -> Option<Self> {
                use $crate::documents::shape::{Field, Limit, limit, read_object, require};
                let mut this = Self::default();
                let names: &[&str] = &[$($key),*];
                let ignored: &[&str] = &[$($($ignored),*)?];
                let is_object = read_object(json, at, faults, names, ignored, |key, value, at, faults| {
                    match key {
                        $($key => this.$field = Field::read(value, at, faults),)*
                        _ => return false,
                    }
                    true
                });
                let required: &[&str] = &[$($($required),*)?];
                if is_object {
                    require(json, at, faults, required);
                    let limits: &[Limit] = &[$($(($limited, $range)),*)?];
                    limit(json, at, faults, limits);
                }
                is_object.then_some(this)
            }

            fn write(&self) -> serde_json::Value {
                let mut members = serde_json::Map::new();
                $(if let Some(value) = $crate::documents::shape::Field::write(&self.$field) {
                    members.insert($key.to_owned(), value);
                })*
                members.into()
            }
        }
    )*};
}

/// Enumerations of the API. `Other` keeps a value that is not listed, so that
/// a rule can name it; where no rule does, it is odd (`or odd`), or asked for
/// by the model of a request (`or listed`).
macro_rules! choices {
    ($(
        $(#[$about:meta])*
        $name:ident $(or $odd:ident)? { $($(#[$variant_about:meta])* $variant:ident = $text:literal,)* }
    )*) => {$(
        $(#[$about])*
        #[derive(Clone, PartialEq, Eq, Debug)]
        pub enum $name {
            $($(#[$variant_about])* $variant,)*
            /// A value that the API does not list.
            Other(String),
        }

        impl $name {
            /// The values that the API lists.
            pub const NAMES: &[&str] = &[$($text),*];

            /// As it is written.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $text,)*
                    Self::Other(text) => text,
                }
            }

            /// Whether the API lists it.
            pub fn is_known(&self) -> bool {
                !matches!(self, Self::Other(_))
            }
        }

        impl Default for $name {
            fn default() -> Self {
                Self::Other(String::new())
            }
        }

        impl $crate::documents::shape::Item for $name {
            fn read(
                json: &$crate::documents::json::Json,
                at: &$crate::documents::field_path::FieldPath,
                faults: &mut $crate::documents::faults::Faults<'_>,
            ) -> Option<Self> {
                let text = String::read(json, at, faults)?;
                let read = match text.as_str() {
                    $($text => Self::$variant,)*
                    _ => Self::Other(text),
                };
                $(if !read.is_known() {
                    $crate::documents::shape::$odd(at, read.as_str(), Self::NAMES, faults);
                })?
                Some(read)
            }

            fn write(&self) -> serde_json::Value {
                self.as_str().into()
            }
        }
    )*};
}

pub(super) use {choices, shapes};

/// A value that the API does not list, in a field that no rule judges.
pub(super) fn odd(at: &FieldPath, text: &str, names: &[&str], faults: &mut Faults<'_>) {
    let message = format!("`{at}` is \"{}\": the API lists {}", shortened(text), names.join(", "));
    faults.odd(None, "B0363", at, message);
}

/// A value that the API does not list: refused in a request; an answer may be
/// of a newer API.
pub(super) fn listed(at: &FieldPath, text: &str, names: &[&str], faults: &mut Faults<'_>) {
    if !faults.is_of_request() {
        return odd(at, text, names, faults);
    }
    let message = format!("`{at}` is \"{}\": expected {}", shortened(text), names.join(", "));
    faults.malformed("B0371", at, message);
}
