//! The contract of a topic, and the way from a text to a report.

use std::collections::BTreeSet;

use super::TOPICS;
use super::case::{Case, Judge, Judged, Report, Sealed};
use super::reader::{Faults, Object};
use crate::documents::json::{self, Json, Source};

/// A subject with cases of its own form.
pub struct Topic {
    /// As a file names it.
    pub name: &'static str,
    /// One line of help.
    pub summary: &'static str,
    /// Judges the cases of a file whose common fields were read.
    pub(super) judge: for<'a> fn(&mut Object<'a>, &mut Bench<'_>),
}

/// Where a topic puts what it finds in a file.
pub(super) struct Bench<'s> {
    pub(super) faults: Faults<'s>,
    judged: Vec<Judged>,
    /// Of every case, judged or not.
    ids: BTreeSet<String>,
}

/// The version of the format that is understood.
const VERSION: i64 = 1;

/// Judges a file of cases; `file` is only for messages.
pub fn examine(file: &str, text: &str) -> Report {
    let source = Source::new(file, text);
    match json::parse(&source) {
        Ok(root) => examine_tree(&source, &root),
        Err(faults) => Report { judged: Vec::new(), faults },
    }
}

fn examine_tree(source: &Source<'_>, root: &Json) -> Report {
    let mut bench = Bench { faults: Faults::new(source), judged: Vec::new(), ids: BTreeSet::new() };
    if let Some(mut object) = Object::of(root, &mut bench.faults) {
        let topic = object.required("topic", &mut bench.faults);
        let topic = topic.and_then(|it| find(it, &mut bench.faults));
        // What a file of another topic holds is nobody's to judge.
        if let Some(topic) = topic {
            if let Some(it) = object.optional("description") {
                bench.faults.text(it);
            }
            let version = object.required("version", &mut bench.faults);
            if let Some(json) = version
                && bench.faults.number::<i64>(json).is_some_and(|it| it != VERSION)
            {
                let message = format!("this version of the format is not known: expected {VERSION}");
                bench.faults.note("B0607", json, message);
            }
            (topic.judge)(&mut object, &mut bench);
            object.finish(&mut bench.faults);
        }
    }
    Report { judged: bench.judged, faults: bench.faults.into_found() }
}

fn find(json: &Json, faults: &mut Faults<'_>) -> Option<&'static Topic> {
    let name = faults.text(json)?;
    let topic = TOPICS.iter().find(|it| it.name == name);
    if topic.is_none() {
        let fault = faults.fault("B0601", json, format!("unknown topic `{}`", json::shortened(name)));
        faults.push(fault.help_nearest(name, TOPICS.iter().map(|it| it.name)));
    }
    topic
}

impl Bench<'_> {
    /// Judges each case of the list under `key`.
    pub(super) fn judge_all<'a>(&mut self, file: &mut Object<'a>, key: &'static str, judge: Judge<'_, 'a>) {
        let Some(list) = file.required(key, &mut self.faults) else { return };
        let Some(cases) = self.faults.list(list) else { return };
        if cases.is_empty() {
            self.faults.note("B0610", list, "there is no case");
        }
        for json in cases {
            self.judge_one(json, judge);
        }
    }

    fn judge_one<'a>(&mut self, json: &'a Json, judge: Judge<'_, 'a>) {
        let faults = &mut self.faults;
        let Some(mut input) = Object::of(json, faults) else { return };
        let id = input.required("id", faults).and_then(|it| Some((it, faults.text(it)?)));
        let title = input.optional("title").map_or(Some(""), |it| faults.text(it));
        if let Some(basis) = input.required("basis", faults) {
            let names = ["documented", "model", "observed"].map(|it| (it, ()));
            faults.word(basis, &names);
        }
        if let Some(reference) = input.optional("ref") {
            faults.text(reference);
        }
        let expect = input.required("expect", faults);
        let (Some((id_json, id)), Some(title), Some(expect)) = (id, title, expect) else { return };
        if !self.ids.insert(id.to_owned()) {
            faults.note("B0608", id_json, format!("the case `{}` is there twice", json::shortened(id)));
            return;
        }
        let n_faults = faults.n_found();
        let mut case = Case { title: title.to_owned(), input };
        let differences = judge(&mut case, Sealed::of(expect), faults);
        // Its own fields are known by now.
        case.input.finish(faults);
        if let Some(differences) = differences
            && faults.n_found() == n_faults
        {
            let differences = differences.into_vec();
            self.judged.push(Judged { id: id.to_owned(), title: case.title, differences });
        }
    }
}
