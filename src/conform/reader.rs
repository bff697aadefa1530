//! Cases as JSON: each field with its place, every fault at once. Stricter than
//! the documents of ECS: a field that nobody reads would be a case that asks
//! for less than it says.

use crate::base::Diagnostic;
use crate::base::nearest::nearest;
use crate::base::units::Tenths;
use crate::documents::json::{Json, Member, Source, Value, shortened};

/// As many faults are told: nobody reads more before mending these.
const FAULTS_MAX: usize = 100;

/// What was found wrong with a file so far.
pub(super) struct Faults<'s> {
    source: &'s Source<'s>,
    found: Vec<Diagnostic>,
    n_left_out: usize,
}

/// An object whose fields are read one by one.
pub(super) struct Object<'a> {
    json: &'a Json,
    members: &'a [Member],
    read: Vec<&'static str>,
}

impl<'s> Faults<'s> {
    pub(super) fn new(source: &'s Source<'s>) -> Self {
        Self { source, found: Vec::new(), n_left_out: 0 }
    }

    /// The text of the file.
    pub(super) fn source(&self) -> &'s Source<'s> {
        self.source
    }

    pub(super) fn n_found(&self) -> usize {
        self.found.len() + self.n_left_out
    }

    /// A fault of a value, to be pushed when it is complete.
    pub(super) fn fault(&self, code: &'static str, json: &Json, message: impl Into<String>) -> Diagnostic {
        let mut place = self.source.place(json.span);
        if matches!(json.value, Value::Array(_) | Value::Object(_)) {
            // Pointed at by its bracket.
            place.width = 1;
        }
        Diagnostic::new(code, message).at(place)
    }

    pub(super) fn push(&mut self, fault: Diagnostic) {
        if self.found.len() < FAULTS_MAX {
            self.found.push(fault);
        } else {
            self.n_left_out += 1;
        }
    }

    /// A fault of a value.
    pub(super) fn note(&mut self, code: &'static str, json: &Json, message: impl Into<String>) {
        self.push(self.fault(code, json, message));
    }

    fn wrong_type(&mut self, json: &Json, wanted: &str) {
        self.note("B0606", json, format!("expected {wanted}, found {}", json.kind()));
    }

    /// A string.
    pub(super) fn text<'a>(&mut self, json: &'a Json) -> Option<&'a str> {
        match &json.value {
            Value::String(text) => Some(text),
            _ => {
                self.wrong_type(json, "a string");
                None
            }
        }
    }

    /// `true` or `false`.
    pub(super) fn flag(&mut self, json: &Json) -> Option<bool> {
        match json.value {
            Value::Bool(it) => Some(it),
            _ => {
                self.wrong_type(json, "true or false");
                None
            }
        }
    }

    /// A whole number that fits its type.
    pub(super) fn number<T: std::str::FromStr>(&mut self, json: &Json) -> Option<T> {
        let Value::Number(text) = &json.value else {
            self.wrong_type(json, "a whole number");
            return None;
        };
        let read = text.parse().ok().or_else(|| whole(text)?.parse().ok());
        if read.is_none() {
            self.note("B0607", json, format!("{} is no whole number of this size", shortened(text)));
        }
        read
    }

    /// A decimal such as `33.3`, as a number or as a text, that is a multiple of
    /// 0.1.
    pub(super) fn tenths(&mut self, json: &Json) -> Option<Tenths> {
        let (Value::Number(text) | Value::String(text)) = &json.value else {
            self.wrong_type(json, "a number");
            return None;
        };
        let read = Tenths::parse(text);
        if read.is_none() {
            self.note("B0607", json, format!("{} is no multiple of 0.1", shortened(text)));
        }
        read
    }

    /// A decimal that is not negative, as a number or as a text, in 1e-12; what
    /// is finer is rounded.
    pub(super) fn decimal(&mut self, json: &Json, most: u64) -> Option<u128> {
        let (Value::Number(text) | Value::String(text)) = &json.value else {
            self.wrong_type(json, "a number");
            return None;
        };
        let read = pico(text).filter(|it| *it <= u128::from(most) * ONE);
        if read.is_none() {
            let message = format!("{} is no decimal from 0 to {most}", shortened(text));
            self.note("B0607", json, message);
        }
        read
    }

    /// The items of a list.
    pub(super) fn list<'a>(&mut self, json: &'a Json) -> Option<&'a [Json]> {
        match &json.value {
            Value::Array(items) => Some(items),
            _ => {
                self.wrong_type(json, "a list");
                None
            }
        }
    }

    /// A list of strings.
    pub(super) fn texts<'a>(&mut self, json: &'a Json) -> Option<Vec<&'a str>> {
        let items = self.list(json)?;
        let read: Vec<_> = items.iter().filter_map(|it| self.text(it)).collect();
        (read.len() == items.len()).then_some(read)
    }

    /// One of a few words.
    pub(super) fn word<T: Copy>(&mut self, json: &Json, names: &[(&str, T)]) -> Option<T> {
        let text = self.text(json)?;
        let found = names.iter().find(|it| it.0 == text);
        if found.is_none() {
            let known: Vec<&str> = names.iter().map(|it| it.0).collect();
            let message = format!("`{}` is none of {}", shortened(text), known.join(", "));
            self.note("B0607", json, message);
        }
        found.map(|it| it.1)
    }

    /// The kind of a case: an unknown one is a fault of its own.
    pub(super) fn kind<T: Copy>(&mut self, json: &Json, kinds: &[(&str, T)]) -> Option<T> {
        let name = self.text(json)?;
        let found = kinds.iter().find(|it| it.0 == name);
        if found.is_none() {
            let fault = self.fault("B0603", json, format!("unknown kind of case `{}`", shortened(name)));
            self.push(fault.help_nearest(name, kinds.iter().map(|it| it.0)));
        }
        found.map(|it| it.1)
    }

    /// All that was found, in the order of the text.
    pub(super) fn into_found(mut self) -> Vec<Diagnostic> {
        self.found.sort_by_key(|it| it.place.as_ref().map(|it| (it.line, it.column)));
        if self.n_left_out > 0 {
            let message = format!("{} more faults are not shown", self.n_left_out);
            self.found.push(Diagnostic::new("B0611", message));
        }
        self.found
    }
}

/// One in 1e-12.
const ONE: u128 = 1_000_000_000_000;

/// `3600.0` or `2.592e6` as the whole number that it is.
fn whole(text: &str) -> Option<String> {
    const ONE: u128 = 1_000_000_000_000;
    let (sign, digits) = text.strip_prefix('-').map_or(("", text), |it| ("-", it));
    let pico = pico(digits).filter(|it| it % ONE == 0)?;
    Some(format!("{sign}{}", pico / ONE))
}

/// Reads `12.5` or `1.25e1` in 1e-12, rounded half up; `None` for what is
/// negative, written otherwise, or beyond a million billion.
pub(super) fn pico(text: &str) -> Option<u128> {
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let exponent: i32 = exponent.parse().ok()?;
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    let is_decimal = !whole.is_empty() && digits.bytes().all(|it| it.is_ascii_digit());
    let digits = digits.trim_start_matches('0');
    if !is_decimal || digits.len() > 64 {
        return None;
    }
    // What is left of the point in 1e-12.
    let n_left = digits.len() as i64 - fraction.len() as i64 + i64::from(exponent) + 12;
    if n_left > 30 && !digits.is_empty() {
        return None;
    }
    let n_left = usize::try_from(n_left).unwrap_or(0);
    let (left, right) = digits.split_at(n_left.min(digits.len()));
    let left: u128 = format!("0{left:0<n_left$}").parse().ok()?;
    // Shifted further right than its first digit, nothing is left to round.
    let is_next_digit = exponent as i64 + 12 + digits.len() as i64 - fraction.len() as i64 >= 0;
    Some(left + u128::from(is_next_digit && right.as_bytes().first().is_some_and(|it| *it >= b'5')))
}

impl<'a> Object<'a> {
    /// `None` if it is none; that is noted then.
    pub(super) fn of(json: &'a Json, faults: &mut Faults<'_>) -> Option<Self> {
        match &json.value {
            Value::Object(members) => Some(Self { json, members, read: Vec::new() }),
            _ => {
                faults.wrong_type(json, "an object");
                None
            }
        }
    }

    /// A fault of the object as a whole.
    pub(super) fn note(&self, code: &'static str, message: impl Into<String>, faults: &mut Faults<'_>) {
        faults.note(code, self.json, message);
    }

    /// Whether there is such a field.
    pub(super) fn has(&self, key: &str) -> bool {
        self.members.iter().any(|it| it.key == key)
    }

    /// A field that may be left out. Each is handed out once: what was taken
    /// from a case before it is judged stays out of reach.
    pub(super) fn optional(&mut self, key: &'static str) -> Option<&'a Json> {
        assert!(!self.read.contains(&key), "`{key}` is read once");
        self.read.push(key);
        self.members.iter().find(|it| it.key == key).map(|it| &it.value)
    }

    /// A field that may be left out, or be null.
    pub(super) fn given(&mut self, key: &'static str) -> Option<&'a Json> {
        self.optional(key).filter(|it| !matches!(it.value, Value::Null))
    }

    /// A field that may not be left out.
    pub(super) fn required(&mut self, key: &'static str, faults: &mut Faults<'_>) -> Option<&'a Json> {
        let found = self.optional(key);
        if found.is_none() {
            faults.note("B0604", self.json, format!("the field `{key}` is missing"));
        }
        found
    }

    /// A string that may not be left out.
    pub(super) fn text(&mut self, key: &'static str, faults: &mut Faults<'_>) -> Option<&'a str> {
        self.required(key, faults).and_then(|it| faults.text(it))
    }

    /// A number that may not be left out.
    pub(super) fn number<T: std::str::FromStr>(
        &mut self,
        key: &'static str,
        faults: &mut Faults<'_>,
    ) -> Option<T> {
        self.required(key, faults).and_then(|it| faults.number(it))
    }

    /// A number, or what it is if it is left out; `None` after a fault.
    pub(super) fn number_or<T: std::str::FromStr>(
        &mut self,
        key: &'static str,
        absent: T,
        faults: &mut Faults<'_>,
    ) -> Option<T> {
        self.given(key).map_or(Some(absent), |it| faults.number(it))
    }

    /// A decimal that may not be left out; see [`Faults::decimal`].
    pub(super) fn decimal(&mut self, key: &'static str, most: u64, faults: &mut Faults<'_>) -> Option<u128> {
        self.required(key, faults).and_then(|it| faults.decimal(it, most))
    }

    /// A decimal, or 0 if it is left out; `None` after a fault.
    pub(super) fn decimal_or_zero(
        &mut self,
        key: &'static str,
        most: u64,
        faults: &mut Faults<'_>,
    ) -> Option<u128> {
        self.given(key).map_or(Some(0), |it| faults.decimal(it, most))
    }

    /// A list, empty if it is left out; `None` after a fault.
    pub(super) fn list_or_none(&mut self, key: &'static str, faults: &mut Faults<'_>) -> Option<&'a [Json]> {
        self.given(key).map_or(Some(&[]), |it| faults.list(it))
    }

    /// Nobody knows what the other fields mean: they are not judged.
    pub(super) fn ignore_rest(&mut self) {
        self.members = &[];
    }

    /// All fields that mean anything have been read: any other is a fault.
    pub(super) fn finish(self, faults: &mut Faults<'_>) {
        for member in self.members.iter().filter(|it| !self.read.contains(&it.key.as_str())) {
            let key = shortened(&member.key);
            let place = faults.source.place(member.key_span);
            let mut fault = Diagnostic::new("B0605", format!("unknown field `{key}`")).at(place);
            if let Some(name) = nearest(&key, self.read.iter().copied()) {
                fault = fault.help(format!("did you mean `{name}`?"));
            }
            faults.push(fault);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::pico;

    #[test]
    fn decimals_are_read_exactly_and_rounded_beyond_twelve_digits() {
        for (text, expected) in [
            ("0", 0),
            ("1", 1_000_000_000_000),
            ("0.0225", 22_500_000_000),
            ("12.5", 12_500_000_000_000),
            ("1.25e1", 12_500_000_000_000),
            ("1e-12", 1),
            ("5e-13", 1),
            ("4.9e-13", 0),
            ("5e-14", 0),
            ("9e-40", 0),
            ("0.0000000000005", 1),
            ("0.3333333333333333", 333_333_333_333),
            ("0e99", 0),
        ] {
            assert_eq!(pico(text), Some(expected), "{text}");
        }
        for text in ["", "-1", ".5", "1e", "1e99", "NaN", "1,5", "1e1e1", "+1", "inf"] {
            assert_eq!(pico(text), None, "{text}");
        }
    }
}
