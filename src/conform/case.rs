//! What all cases have in common: an input that may be read, an expectation
//! that may not be before there is an answer, and what differs between the two.

use super::reader::{Faults, Object};
use crate::base::Diagnostic;
use crate::documents::json::Json;

/// What came of a file of cases.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Report {
    /// Each case that could be judged, in the order of the file.
    pub judged: Vec<Judged>,
    /// What is wrong with the file, and what of it is not there yet; cases with
    /// a fault are not judged.
    pub faults: Vec<Diagnostic>,
}

/// A case and its answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Judged {
    /// Unique in its file.
    pub id: String,
    /// What it is about.
    pub title: String,
    /// In what the answer differs from what was expected; it passed if in
    /// nothing.
    pub differences: Vec<Difference>,
}

/// One point in which an answer is not what was expected.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Difference {
    /// The point, such as `step 2: allowed`.
    pub point: String,
    /// What was expected there.
    pub expected: String,
    /// What came out.
    pub found: String,
}

impl Report {
    /// How many cases came out as expected.
    pub fn n_passed(&self) -> usize {
        self.judged.iter().filter(|it| it.is_passed()).count()
    }

    /// How many cases came out otherwise.
    pub fn n_failed(&self) -> usize {
        self.judged.len() - self.n_passed()
    }
}

impl Judged {
    /// Whether nothing differs.
    pub fn is_passed(&self) -> bool {
        self.differences.is_empty()
    }
}

/// A case whose common fields were read.
pub(super) struct Case<'a> {
    /// What it is about; empty where the file does not say.
    pub(super) title: String,
    /// The rest of its fields.
    pub(super) input: Object<'a>,
}

/// An expectation, or one step of it, that nobody has looked at. It opens in
/// exchange for an answer: a case cannot be answered by reading what is wanted.
pub(super) struct Sealed<'a> {
    json: &'a Json,
}

impl<'a> Sealed<'a> {
    pub(super) fn of(json: &'a Json) -> Self {
        Self { json }
    }

    /// The answer is made: what was expected?
    pub(super) fn open<A>(self, answer: A) -> (A, &'a Json) {
        (answer, self.json)
    }

    /// Expectations of one answer after the other, each closed on its own.
    pub(super) fn into_steps(self, faults: &mut Faults<'_>) -> Option<Vec<Self>> {
        let mut expect = Object::of(self.json, faults)?;
        let steps = expect.required("steps", faults);
        expect.finish(faults);
        let steps = steps?;
        let items = faults.list(steps)?;
        if items.is_empty() {
            faults.note("B0610", steps, "there is no step");
        }
        Some(items.iter().map(|json| Sealed { json }).collect())
    }
}

/// What differs, point by point.
#[derive(Default)]
pub(super) struct Differences(Vec<Difference>);

impl Differences {
    /// Notes the point unless both are the same.
    pub(super) fn compare(
        &mut self,
        point: impl Into<String>,
        expected: impl Into<String>,
        found: impl Into<String>,
    ) {
        let (point, expected, found) = (point.into(), expected.into(), found.into());
        if expected != found {
            self.0.push(Difference { point, expected, found });
        }
    }

    pub(super) fn into_vec(self) -> Vec<Difference> {
        self.0
    }
}

/// How a topic answers one of its cases; `None` after a fault of the case.
pub(super) type Judge<'j, 'a> =
    &'j mut dyn FnMut(&mut Case<'a>, Sealed<'a>, &mut Faults<'_>) -> Option<Differences>;

/// Compares the faults that were found of a request with `accepted`.
pub(super) fn compare_accepted(
    found: &[String],
    expect: &Json,
    faults: &mut Faults<'_>,
) -> Option<Differences> {
    let mut expect = Object::of(expect, faults)?;
    let is_accepted = expect.required("accepted", faults).and_then(|it| faults.flag(it));
    expect.finish(faults);
    let mut differences = Differences::default();
    match is_accepted? {
        true if found.is_empty() => (),
        true => differences.compare("request", "accepted", format!("refused: {}", found.join("; "))),
        false if found.is_empty() => differences.compare("request", "refused", "accepted"),
        false => (),
    }
    Some(differences)
}
