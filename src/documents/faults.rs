//! What is wrong with a document: every fault with its rule, its field and its
//! place, and what is only odd apart from that.

use super::field_path::FieldPath;
use super::json::{Json, Source, Span, Value};
use crate::base::Diagnostic;

/// One thing that is wrong, or odd.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fault {
    /// The rule that decides it, such as `TD-09`; `None` for what every
    /// document must be: JSON with the right types.
    pub rule: Option<&'static str>,
    /// The field, such as `containerDefinitions[0].memory`; `(document)` for
    /// the whole.
    pub field: String,
    /// Its code, words and place.
    pub diagnostic: Diagnostic,
}

/// A larger heap of faults helps nobody, and each carries its line.
const MAX_FAULTS: usize = 100;

/// Where readers and rules put what they find.
pub(super) struct Faults<'a> {
    source: &'a Source<'a>,
    root: &'a Json,
    /// Around the document, where it came wrapped in an answer.
    answer: &'a Json,
    /// Fields whose value could not be read: no rule can judge them.
    malformed: Vec<FieldPath>,
    faults: Vec<Fault>,
    warnings: Vec<Fault>,
    n_left_out: usize,
    check: Check,
}

/// How closely a document is looked at, beside the rules that it has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Check {
    /// What the service wrote, or what rules of its own judge: null is absent,
    /// a value that is not listed is odd.
    Types,
    /// What a client asks of a request before it sends it: no null, only
    /// values that are listed, lengths and numbers within their limits.
    RequestModel,
}

impl<'a> Faults<'a> {
    pub(super) fn new(source: &'a Source<'a>, root: &'a Json, answer: &'a Json) -> Self {
        let (malformed, faults, warnings) = (Vec::new(), Vec::new(), Vec::new());
        let check = Check::Types;
        Self { source, root, answer, malformed, faults, warnings, n_left_out: 0, check }
    }

    /// The same, looking as closely as `check` says.
    pub(super) fn with_check(mut self, check: Check) -> Self {
        self.check = check;
        self
    }

    /// Whether the model of a request decides.
    pub(super) fn is_of_request(&self) -> bool {
        self.check == Check::RequestModel
    }

    /// The value of `field` is not what its type says.
    pub(super) fn malformed(&mut self, code: &'static str, field: &FieldPath, message: String) {
        if self.is_full() {
            self.n_left_out += 1;
            return;
        }
        self.malformed.push(field.clone());
        let diagnostic = Diagnostic::new(code, message).at(self.source.place(self.span(field)));
        self.faults.push(Fault { rule: None, field: field.to_string(), diagnostic });
    }

    /// Whether nothing more would be shown: then nothing more need be looked for.
    pub(super) fn is_full(&self) -> bool {
        self.faults.len() >= MAX_FAULTS
    }

    /// The type of `field` is what a rule asks for: its fault is that rule's.
    pub(super) fn ascribe(&mut self, field: &FieldPath, rule: &'static str, code: &'static str) {
        let name = field.to_string();
        for fault in self.faults.iter_mut().filter(|it| it.field == name && it.rule.is_none()) {
            fault.rule = Some(rule);
            fault.diagnostic.code = code;
        }
    }

    /// Whether the value of `field` could not be read.
    pub(super) fn is_malformed(&self, field: &FieldPath) -> bool {
        self.malformed.iter().any(|it| it.holds(field))
    }

    /// Whether something within `field` could not be read.
    pub(super) fn is_any_malformed_in(&self, field: &FieldPath) -> bool {
        self.malformed.iter().any(|it| it.holds(field) || field.holds(it))
    }

    /// A rule is broken at `field`, which shows at `place` or at the character
    /// `offset` of its text. Not said of a field that could not be read: its
    /// fault is known.
    pub(super) fn broken(
        &mut self,
        rule: (&'static str, &'static str),
        field: &FieldPath,
        (place, offset): (&FieldPath, Option<usize>),
        (message, help): (String, Option<String>),
    ) {
        if self.is_malformed(field) {
            return;
        }
        // Its line is copied for each, and may be the whole text.
        if self.is_full() {
            self.n_left_out += 1;
            return;
        }
        let (rule, code) = rule;
        let mut diagnostic = self.diagnostic(code, place, offset, message);
        diagnostic.help = help;
        self.faults.push(Fault { rule: Some(rule), field: field.to_string(), diagnostic });
    }

    /// The document is refused for `field`, by a rule that has no number of its
    /// own. Not said of a field that could not be read: its fault is known.
    pub(super) fn refused(
        &mut self,
        code: &'static str,
        field: &FieldPath,
        message: String,
        help: Option<String>,
    ) {
        if self.is_malformed(field) {
            return;
        }
        if self.is_full() {
            self.n_left_out += 1;
            return;
        }
        let mut diagnostic = self.diagnostic(code, field, None, message);
        diagnostic.help = help;
        self.faults.push(Fault { rule: None, field: field.to_string(), diagnostic });
    }

    /// Something that is accepted and yet odd.
    pub(super) fn odd(
        &mut self,
        rule: Option<&'static str>,
        code: &'static str,
        field: &FieldPath,
        message: String,
    ) {
        if self.warnings.len() < MAX_FAULTS {
            let diagnostic = self.diagnostic(code, field, None, message);
            self.warnings.push(Fault { rule, field: field.to_string(), diagnostic });
        }
    }

    /// A field that the shape does not know, pointed at by its key.
    pub(super) fn unknown_field(&mut self, within: &FieldPath, key: &str, span: Span, names: &[&str]) {
        if self.warnings.len() >= MAX_FAULTS {
            return;
        }
        let key_shown = super::json::shortened(key);
        let message = format!("unknown field `{key_shown}`: it is ignored");
        let mut diagnostic = Diagnostic::new("B0362", message).at(self.source.place(span));
        if let Some(name) = crate::base::nearest::nearest(&key_shown, names.iter().copied()) {
            diagnostic = diagnostic.help(format!("did you mean `{name}`?"));
        }
        self.warnings.push(Fault { rule: None, field: within.key(&key_shown).to_string(), diagnostic });
    }

    /// Where to point for `field`.
    fn span(&self, field: &FieldPath) -> Span {
        let in_root = field.span(self.root);
        let in_answer = field.span(self.answer);
        // Tags stand beside the definition in an answer.
        if in_root.start == self.root.span.start && in_answer.start != self.answer.span.start {
            in_answer
        } else {
            in_root
        }
    }

    /// The place of `field`, or of the character `offset` of its text.
    fn diagnostic(
        &self,
        code: &'static str,
        field: &FieldPath,
        offset: Option<usize>,
        message: String,
    ) -> Diagnostic {
        let mut span = self.span(field);
        // With an escape before it, the character stands elsewhere.
        if let Some(offset) = offset.filter(|_| !self.source.slice(span).contains('\\')) {
            let start = (span.start + 1 + offset).min(span.end);
            span = Span { start, end: start };
        }
        Diagnostic::new(code, message).at(self.source.place(span))
    }

    /// Faults and warnings, each in the order of the text.
    pub(super) fn finish(mut self) -> (Vec<Fault>, Vec<Fault>) {
        let place = |it: &Fault| it.diagnostic.place.as_ref().map(|it| (it.line, it.column));
        self.faults.sort_by_key(place);
        self.warnings.sort_by_key(place);
        if self.n_left_out > 0 {
            let message = format!("{} more faults are not shown", self.n_left_out);
            let place = self.source.place(FieldPath::root().span(self.root));
            let diagnostic = Diagnostic::new("B0369", message).at(place);
            self.faults.push(Fault { rule: None, field: FieldPath::root().to_string(), diagnostic });
        }
        (self.faults, self.warnings)
    }
}

/// Whether this value counts as given; answers of the service write `null` for
/// what is not set.
pub(super) fn is_given(json: &Json) -> bool {
    json.value != Value::Null
}
