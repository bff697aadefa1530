//! Reading fields of an experiment: each complaint with its place, all of them
//! at once, and unknown names with the nearest known one.

#![expect(
    clippy::disallowed_types,
    reason = "faults are noted from many readers of one tree; no run is near"
)]

use std::cell::RefCell;
use std::collections::BTreeSet;

use crate::base::{Diagnostic, Money, SimDuration};
use crate::experiment::catalogue::Catalogue;
use crate::experiment::tree::{Node, Value};

/// What was found wrong so far. Reading goes on after a fault, so that all are
/// found; what is made of faulty values is thrown away.
#[derive(Debug, Default)]
pub struct Faults {
    found: RefCell<Vec<Diagnostic>>,
}

/// As many faults are told: nobody reads more before mending these.
const FAULTS_MAX: usize = 100;

impl Faults {
    /// Notes a fault; the same one of another setting is no news.
    pub fn note(&self, fault: Diagnostic) {
        let mut found = self.found.borrow_mut();
        if found.len() <= FAULTS_MAX && !found.contains(&fault) {
            found.push(fault);
        }
    }

    /// Whether further ones would not be told.
    pub fn is_full(&self) -> bool {
        self.found.borrow().len() > FAULTS_MAX
    }

    /// Whether none was found.
    pub fn is_empty(&self) -> bool {
        self.found.borrow().is_empty()
    }

    /// All that were found, each once, in the order of their places.
    pub fn into_found(self) -> Vec<Diagnostic> {
        let mut found = self.found.into_inner();
        let has_more = found.len() > FAULTS_MAX;
        found.truncate(FAULTS_MAX);
        let place = |it: &Diagnostic| it.place.as_ref().map(|it| (it.file.clone(), it.line, it.column));
        found.sort_by_key(place);
        if has_more {
            let message = format!("there are more faults than the {FAULTS_MAX} that are shown");
            found.push(Diagnostic::new("B0102", message));
        }
        found
    }
}

/// The fields of one table.
pub struct Table<'a> {
    node: &'a Node,
    faults: &'a Faults,
    known: RefCell<BTreeSet<&'static str>>,
}

impl<'a> Table<'a> {
    /// The table in `node`; anything else is a fault and has no fields.
    pub fn of(node: &'a Node, faults: &'a Faults) -> Self {
        if !matches!(node.value, Value::Table(_)) {
            faults.note(node.fault("B0103", format!("expected a table, found {}", node.kind())));
        }
        Self { node, faults, known: RefCell::default() }
    }

    /// The table itself.
    pub fn node(&self) -> &'a Node {
        self.node
    }

    /// Where faults are noted.
    pub fn faults(&self) -> &'a Faults {
        self.faults
    }

    /// A field that may be left out.
    pub fn optional(&self, name: &'static str) -> Option<&'a Node> {
        self.known.borrow_mut().insert(name);
        self.node.get(name)
    }

    /// A field that may not be left out.
    pub fn required(&self, name: &'static str) -> Option<&'a Node> {
        let field = self.optional(name);
        if field.is_none() && matches!(self.node.value, Value::Table(_)) {
            self.faults.note(self.node.fault("B0105", format!("the field `{name}` is missing")));
        }
        field
    }

    /// A string.
    pub fn text(&self, name: &'static str) -> Option<&'a str> {
        self.optional(name).and_then(|it| text(it, self.faults))
    }

    /// A duration, such as `"90s"` or a number of seconds.
    pub fn duration(&self, name: &'static str) -> Option<SimDuration> {
        self.optional(name).and_then(|it| duration(it, self.faults))
    }

    /// A whole number within `range`.
    pub fn integer(&self, name: &'static str, range: std::ops::RangeInclusive<u64>) -> Option<u64> {
        self.optional(name).and_then(|it| integer(it, range, self.faults))
    }

    /// A boolean.
    pub fn flag(&self, name: &'static str) -> Option<bool> {
        self.optional(name).and_then(|it| flag(it, self.faults))
    }

    /// The elements of a list; a single element stands for a list of one.
    pub fn list(&self, name: &'static str) -> &'a [Node] {
        self.optional(name).map_or(&[], |it| match &it.value {
            Value::List(items) => items,
            _ => std::slice::from_ref(it),
        })
    }

    /// Every field that nobody asked for is a fault.
    pub fn finish(self) {
        let known = self.known.into_inner();
        for field in self.node.fields() {
            if self.faults.is_full() {
                break;
            }
            if !known.contains(field.name.as_str()) {
                let fault = Diagnostic::new("B0104", format!("unknown field `{}`", field.name))
                    .at(field.origin.place())
                    .help_nearest(&field.name, known.iter().copied());
                self.faults.note(fault);
            }
        }
    }
}

/// Reads a string.
pub fn text<'a>(node: &'a Node, faults: &Faults) -> Option<&'a str> {
    match &node.value {
        Value::Text(text) => Some(text),
        _ => {
            faults.note(node.fault("B0103", format!("expected a string, found {}", node.kind())));
            None
        }
    }
}

/// Reads a boolean.
pub fn flag(node: &Node, faults: &Faults) -> Option<bool> {
    match node.value {
        Value::Flag(flag) => Some(flag),
        _ => {
            faults.note(node.fault("B0103", format!("expected true or false, found {}", node.kind())));
            None
        }
    }
}

/// Reads a duration.
pub fn duration(node: &Node, faults: &Faults) -> Option<SimDuration> {
    let written = match &node.value {
        Value::Text(text) | Value::Number(text) => text,
        _ => {
            faults.note(node.fault("B0103", format!("expected a duration, found {}", node.kind())));
            return None;
        }
    };
    match SimDuration::parse(written) {
        Ok(duration) => Some(duration),
        Err(error) => {
            faults.note(node.fault("B0106", format!("`{written}` is not {error}")));
            None
        }
    }
}

/// Reads a whole number within `range`.
pub fn integer(node: &Node, range: std::ops::RangeInclusive<u64>, faults: &Faults) -> Option<u64> {
    let expected = format!("a whole number from {} to {}", range.start(), range.end());
    let Value::Number(written) = &node.value else {
        faults.note(node.fault("B0103", format!("expected {expected}, found {}", node.kind())));
        return None;
    };
    match written.parse::<u64>() {
        Ok(number) if range.contains(&number) => Some(number),
        _ => {
            faults.note(node.fault("B0107", format!("`{written}` is not {expected}")));
            None
        }
    }
}

/// Reads a number of bytes: `60MB`, `1.5GiB`, or as many as written.
pub fn bytes(node: &Node, range: std::ops::RangeInclusive<u64>, faults: &Faults) -> Option<u64> {
    let (Value::Text(written) | Value::Number(written)) = &node.value else {
        faults.note(node.fault("B0103", format!("expected a number of bytes, found {}", node.kind())));
        return None;
    };
    let read = parse_bytes(written).filter(|it| range.contains(it));
    if read.is_none() {
        let message = format!("`{written}` is no number of bytes from {} to {}", range.start(), range.end());
        faults.note(node.fault("B0107", message).help("expected such as 1500000, \"1.5MB\" or \"20GiB\""));
    }
    read
}

/// Bytes, kB, MB, GB and TB of a thousand each, KiB to TiB of 1024 each; with a
/// fraction the whole bytes of it.
fn parse_bytes(text: &str) -> Option<u64> {
    let text = text.trim();
    let digits = text.find(|it: char| !it.is_ascii_digit() && it != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let unit: u128 = match unit.trim() {
        "" | "B" => 1,
        "kB" | "KB" => 1000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        "TB" => 1_000_000_000_000,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        "TiB" => 1 << 40,
        _ => return None,
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    // More digits than a byte has parts of say nothing.
    if whole.is_empty() || whole.len() > 18 || fraction.len() > 12 || number.ends_with('.') {
        return None;
    }
    let whole: u128 = whole.parse().ok()?;
    let parts: u128 = if fraction.is_empty() { 0 } else { fraction.parse().ok()? };
    let scale = 10_u128.pow(u32::try_from(fraction.len()).ok()?);
    u64::try_from(whole * unit + parts * unit / scale).ok()
}

/// Reads a positive decimal of at most `most`; NaN and infinities are none.
pub fn decimal(node: &Node, most: f64, faults: &Faults) -> Option<f64> {
    let expected = format!("a number above 0 and at most {most}");
    let Value::Number(written) = &node.value else {
        faults.note(node.fault("B0103", format!("expected {expected}, found {}", node.kind())));
        return None;
    };
    match written.parse::<f64>() {
        Ok(number) if number > 0.0 && number <= most => Some(number),
        _ => {
            faults.note(node.fault("B0107", format!("`{written}` is not {expected}")));
            None
        }
    }
}

/// Reads a day such as `"2026-07-20"`.
pub fn day<'a>(node: &'a Node, faults: &Faults) -> Option<&'a str> {
    let (Value::Text(written) | Value::Moment(written)) = &node.value else {
        faults.note(node.fault("B0103", format!("expected a day, found {}", node.kind())));
        return None;
    };
    if written.parse::<jiff::civil::Date>().is_err() || written.len() != "2026-07-20".len() {
        faults.note(node.fault("B0107", format!("`{written}` is not a day such as 2026-07-20")));
        return None;
    }
    Some(written)
}

/// Reads an amount of US dollars that is not negative, exactly; one of more than
/// ten thousand is a slip of the pen: what is written is of an hour.
pub fn money(node: &Node, faults: &Faults) -> Option<Money> {
    let (Value::Number(written) | Value::Text(written)) = &node.value else {
        faults.note(node.fault("B0103", format!("expected an amount in USD, found {}", node.kind())));
        return None;
    };
    let amount = Money::parse_usd(written).filter(|it| (Money::ZERO..=Catalogue::DEAREST).contains(it));
    if amount.is_none() {
        let message = format!("`{written}` is not an amount of 0 to {} USD", Catalogue::DEAREST);
        faults.note(node.fault("B0107", message).help("expected a plain decimal such as 0.768"));
    }
    amount
}

/// The position of one of `words`.
pub fn word(node: &Node, words: &[&'static str], faults: &Faults) -> Option<usize> {
    let written = text(node, faults)?;
    let position = words.iter().position(|it| *it == written);
    if position.is_none() {
        let fault = node.fault("B0108", format!("`{written}` is none of {}", words.join(", ")));
        faults.note(fault.help_nearest(written, words.iter().copied()));
    }
    position
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_have_units_of_a_thousand_or_of_1024() {
        for (text, bytes) in [
            ("0", Some(0)),
            ("1500000", Some(1_500_000)),
            ("1.5MB", Some(1_500_000)),
            ("20 GiB", Some(20 << 30)),
            ("0.5KiB", Some(512)),
            ("12kB", Some(12_000)),
            ("1e6", None),
            ("-1", None),
            ("1_000", None),
            ("1.", None),
            (".5MB", None),
            ("5 mb", None),
            ("", None),
            ("99999999999999999999", None),
            ("999999999999999999TB", None),
        ] {
            assert_eq!(parse_bytes(text), bytes, "{text}");
        }
    }
}
