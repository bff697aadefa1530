//! An experiment file as a tree in which every value knows its place. What is
//! set on the command line or by an axis is put into the same tree, so there is
//! one way to read a field and one way to complain about it.

use std::sync::Arc;

use toml::de::{DeTable, DeValue};

use crate::base::{Diagnostic, Place};

/// Deeper is no experiment; the parser of TOML has the same limit.
const DEPTH_MAX: usize = 80;
/// As many faults of syntax are told; the rest is most likely the same again.
const SYNTAX_FAULTS_MAX: usize = 20;

/// A text that values come from.
#[derive(Debug)]
pub struct Source {
    /// The file as the user named it, or `--set`.
    pub file: String,
    /// All of it.
    pub text: String,
}

/// Where a value stands.
#[derive(Clone, Debug)]
pub struct Origin {
    source: Arc<Source>,
    start: usize,
    end: usize,
}

/// A value and its place.
#[derive(Clone, Debug)]
pub struct Node {
    /// The value.
    pub value: Value,
    /// Its place.
    pub origin: Origin,
}

/// What TOML can say.
#[derive(Clone, Debug)]
pub enum Value {
    /// A string.
    Text(String),
    /// A number, as it was written: it is read where its meaning is known.
    Number(String),
    /// A boolean.
    Flag(bool),
    /// A date or time.
    Moment(String),
    /// An array.
    List(Vec<Node>),
    /// A table, in the order of the file.
    Table(Vec<Field>),
}

/// A key of a table and what stands behind it.
#[derive(Clone, Debug)]
pub struct Field {
    /// The key.
    pub name: String,
    /// The key's place.
    pub origin: Origin,
    /// What stands behind it.
    pub node: Node,
}

impl Origin {
    fn of(source: &Arc<Source>, span: std::ops::Range<usize>) -> Self {
        Self { source: Arc::clone(source), start: span.start, end: span.end }
    }

    /// The place for a diagnostic.
    pub fn place(&self) -> Place {
        Place::in_source(&self.source.file, &self.source.text, self.start, self.end)
    }

    /// The part `start..end` (in bytes) of a string's content. Exact for
    /// strings without escapes; what is beyond the string is cut.
    pub fn within_text(&self, start: usize, end: usize) -> Self {
        let first = self.start + 1;
        let cut = |at: usize| (first + at).min(self.end);
        Self { source: Arc::clone(&self.source), start: cut(start), end: cut(end) }
    }
}

impl Node {
    /// Reads a TOML document.
    ///
    /// # Errors
    ///
    /// The faults of syntax, up to a limit.
    pub fn parse(file: &str, text: &str) -> Result<Self, Vec<Diagnostic>> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let source = Arc::new(Source { file: file.to_owned(), text: text.to_owned() });
        let (table, errors) = DeTable::parse_recoverable(text);
        if !errors.is_empty() {
            let syntax = |error: &toml::de::Error| {
                let span = error.span().unwrap_or(0..0);
                let place = Place::in_source(file, text, span.start, span.end);
                Diagnostic::new("B0101", in_lower_case(error.message())).at(place)
            };
            return Err(errors.iter().take(SYNTAX_FAULTS_MAX).map(syntax).collect());
        }
        let span = table.span();
        Ok(Self { value: Value::Table(fields(&source, table.get_ref())), origin: Origin::of(&source, span) })
    }

    /// Reads the value of `PATH=VALUE`: TOML, or a bare word as a string.
    pub fn parse_override(assignment: &str, value_start: usize) -> Self {
        let source = Arc::new(Source { file: "--set".to_owned(), text: assignment.to_owned() });
        let text = &assignment[value_start..];
        let origin = Origin { source: Arc::clone(&source), start: value_start, end: assignment.len() };
        match DeValue::parse(text) {
            Ok(value) => {
                let mut node = of_value(&source, value.get_ref(), value.span());
                node.origin = origin;
                node
            }
            Err(_) => Self { value: Value::Text(text.to_owned()), origin },
        }
    }

    /// A fault of this value.
    pub fn fault(&self, code: &'static str, message: impl Into<String>) -> Diagnostic {
        Diagnostic::new(code, message).at(self.origin.place())
    }

    /// What kind of value this is, in the words of a message.
    pub fn kind(&self) -> &'static str {
        match self.value {
            Value::Text(_) => "a string",
            Value::Number(_) => "a number",
            Value::Flag(_) => "a boolean",
            Value::Moment(_) => "a date",
            Value::List(_) => "a list",
            Value::Table(_) => "a table",
        }
    }

    /// The fields of a table; none of anything else.
    pub fn fields(&self) -> &[Field] {
        match &self.value {
            Value::Table(fields) => fields,
            _ => &[],
        }
    }

    /// The field of this name.
    pub fn get(&self, name: &str) -> Option<&Node> {
        self.fields().iter().find(|it| it.name == name).map(|it| &it.node)
    }

    /// Takes the field of this name away, if it is there.
    pub fn remove(&mut self, name: &str) {
        if let Value::Table(fields) = &mut self.value {
            fields.retain(|it| it.name != name);
        }
    }

    /// The value as text for labels and for the identity of a run: the same
    /// for the same value, wherever it was written.
    pub fn canonical(&self) -> String {
        match &self.value {
            Value::Text(text) => format!("{text:?}"),
            Value::Number(text) | Value::Moment(text) => text.clone(),
            Value::Flag(flag) => flag.to_string(),
            Value::List(items) => {
                let items: Vec<String> = items.iter().map(Self::canonical).collect();
                format!("[{}]", items.join(", "))
            }
            Value::Table(fields) => {
                let mut fields: Vec<String> =
                    fields.iter().map(|it| format!("{} = {}", it.name, it.node.canonical())).collect();
                fields.sort();
                format!("{{{}}}", fields.join(", "))
            }
        }
    }

    /// Puts `node` at `path` (`service.web.desired_count`), making tables where
    /// there are none. An element of a list is named by its `name` or number.
    ///
    /// # Errors
    ///
    /// What in the path leads nowhere.
    pub fn set(&mut self, path: &str, node: Self) -> Result<(), String> {
        match path.split('.').count() {
            n if n > DEPTH_MAX => Err(format!("a path has at most {DEPTH_MAX} parts, this one {n}")),
            _ => self.put(path, node),
        }
    }

    fn put(&mut self, path: &str, node: Self) -> Result<(), String> {
        let (step, rest) = match path.split_once('.') {
            Some((step, rest)) => (step, Some(rest)),
            None => (path, None),
        };
        if step.is_empty() {
            return Err("a part of the path is empty".to_owned());
        }
        let origin = node.origin.clone();
        let place = match &mut self.value {
            Value::Table(fields) => match fields.iter().position(|it| it.name == step) {
                Some(idx) => &mut fields[idx].node,
                None => {
                    let empty = Self { value: Value::Table(Vec::new()), origin: origin.clone() };
                    fields.push(Field { name: step.to_owned(), origin, node: empty });
                    &mut fields.last_mut().expect("a field was pushed").node
                }
            },
            Value::List(items) => {
                let is_named = |it: &Self| matches!(it.get("name").map(|it| &it.value), Some(Value::Text(text)) if text == step);
                let names: Vec<String> = items
                    .iter()
                    .filter_map(|it| match it.get("name").map(|it| &it.value) {
                        Some(Value::Text(text)) => Some(text.clone()),
                        _ => None,
                    })
                    .collect();
                let by_name = items.iter().position(is_named);
                let by_number = || step.parse::<usize>().ok().filter(|&it| it < items.len());
                match by_name.or_else(by_number) {
                    Some(idx) => &mut items[idx],
                    None if names.is_empty() => {
                        return Err(format!(
                            "`{step}` names none of the {} elements of the list",
                            items.len()
                        ));
                    }
                    None => return Err(format!("`{step}` is none of {}", names.join(", "))),
                }
            }
            _ => return Err(format!("`{step}` is looked for in {}", self.kind())),
        };
        match rest {
            Some(rest) => place.put(rest, node),
            None => {
                *place = node;
                Ok(())
            }
        }
    }
}

/// The message as messages here begin; names within it keep their case.
fn in_lower_case(message: &str) -> String {
    let mut letters = message.chars();
    letters.next().map_or(String::new(), |first| first.to_lowercase().chain(letters).collect())
}

fn fields(source: &Arc<Source>, table: &DeTable<'_>) -> Vec<Field> {
    let field =
        |(key, value): (&toml::Spanned<std::borrow::Cow<'_, str>>, &toml::Spanned<DeValue<'_>>)| Field {
            name: key.get_ref().to_string(),
            origin: Origin::of(source, key.span()),
            node: of_value(source, value.get_ref(), value.span()),
        };
    table.iter().map(field).collect()
}

fn of_value(source: &Arc<Source>, value: &DeValue<'_>, span: std::ops::Range<usize>) -> Node {
    let value = match value {
        DeValue::String(text) => Value::Text(text.to_string()),
        DeValue::Integer(number) => Value::Number(match number.radix() {
            10 => number.as_str().to_owned(),
            // Another base is as good as a word: no field takes it.
            _ => format!("{number}"),
        }),
        DeValue::Float(number) => Value::Number(number.as_str().to_owned()),
        DeValue::Boolean(flag) => Value::Flag(*flag),
        DeValue::Datetime(moment) => Value::Moment(moment.to_string()),
        DeValue::Array(items) => {
            Value::List(items.iter().map(|it| of_value(source, it.get_ref(), it.span())).collect())
        }
        DeValue::Table(table) => Value::Table(fields(source, table)),
    };
    Node { value, origin: Origin::of(source, span) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "name = \"x\"\n[[service]]\nname = \"web\"\ndesired_count = 4\n";

    #[test]
    fn a_path_reaches_into_lists_by_name_and_number() {
        let mut tree = Node::parse("x.toml", TEXT).unwrap();
        let value = |text: &str| Node::parse_override(text, 0);
        tree.set("service.web.desired_count", value("7")).unwrap();
        assert_eq!(tree.get("service").unwrap().canonical(), "[{desired_count = 7, name = \"web\"}]");
        tree.set("service.0.desired_count", value("8")).unwrap();
        tree.set("model.tie_break", value("lowest_id")).unwrap();
        assert_eq!(tree.get("model").unwrap().canonical(), "{tie_break = \"lowest_id\"}");
        assert!(tree.set("service.api.desired_count", value("1")).unwrap_err().contains("web"));
        assert!(tree.set("name.x", value("1")).unwrap_err().contains("a string"));
    }

    #[test]
    fn a_syntax_error_has_its_place() {
        let errors = Node::parse("x.toml", "a = 1\nb = = 2\n").unwrap_err();
        assert_eq!(errors[0].place.as_ref().unwrap().line, 2);
    }
}
