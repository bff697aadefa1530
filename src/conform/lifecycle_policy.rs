//! `lifecycle-policy`: which images of a repository one evaluation expires and
//! archives, or the field for which a policy is refused. Judged by
//! [`lifecycle_policy::examine`] and [`lifecycle::evaluate`], which a run asks.
//!
//! A field at fault is named by the end of its path: `countNumber`,
//! `action.type`. Of a case that expects a fault no other field may have one.

use std::collections::{BTreeMap, BTreeSet};

use super::case::{Case, Differences, Sealed};
use super::reader::{Faults, Object};
use super::topic::Topic;
use crate::documents::faults::Fault;
use crate::documents::json::{Json, Value, shortened};
use crate::documents::lifecycle_policy;
use crate::images::lifecycle::{self, ImageView};
use crate::model::lifecycle_policy::{LifecycleAction, LifecyclePolicy, StorageClass};
use crate::model::query::parse_time_ms;

pub(super) const TOPIC: Topic = Topic {
    name: "lifecycle-policy",
    summary: "images that a policy expires or archives, or the field for which it is refused",
    judge: |file, bench| bench.judge_all(file, "cases", &mut judge),
};

/// The images of a case by their digests, and as a policy sees them.
struct Repository<'a> {
    digests: Vec<&'a str>,
    images: Vec<ImageView<'a>>,
}

/// What a policy comes to.
enum Answer<'a> {
    /// It is refused; what was found, each with its field.
    Refused(Vec<Fault>),
    /// Digests, ascending.
    Acts { expired: BTreeSet<&'a str>, archived: BTreeSet<&'a str> },
}

fn judge(case: &mut Case<'_>, expect: Sealed<'_>, faults: &mut Faults<'_>) -> Option<Differences> {
    let policy = case.input.required("policy", faults);
    let now_ms = case.input.given("now").map(|it| time_ms(it, faults));
    let repository = read_repository(&mut case.input, faults);
    let (policy, repository) = (policy?, repository?);
    let is_now_given = now_ms.is_some();
    let now_ms = now_ms.unwrap_or(Some(0))?;
    let reading = match &policy.value {
        // As the API bears it.
        Value::String(text) => lifecycle_policy::examine("policy", text),
        _ => lifecycle_policy::examine("policy", faults.source().slice(policy.span)),
    };
    let answer = match &reading.policy {
        Some(policy) => answer(policy, &repository, now_ms),
        None => Answer::Refused(reading.faults),
    };
    let (answer, expect) = expect.open(answer);
    compare(&answer, expect, &case.input, is_now_given, &repository, faults)
}

fn answer<'a>(policy: &LifecyclePolicy, repository: &Repository<'a>, now_ms: i64) -> Answer<'a> {
    let decisions = lifecycle::evaluate(policy, &repository.images, now_ms);
    let of = |action| {
        let of_action = decisions.iter().zip(&repository.digests).filter(|it| it.0.action() == Some(action));
        of_action.map(|it| *it.1).collect()
    };
    Answer::Acts { expired: of(LifecycleAction::Expire), archived: of(LifecycleAction::Archive) }
}

fn compare(
    answer: &Answer<'_>,
    expect: &Json,
    case: &Object<'_>,
    is_now_given: bool,
    repository: &Repository<'_>,
    faults: &mut Faults<'_>,
) -> Option<Differences> {
    let mut expect = Object::of(expect, faults)?;
    let mut differences = Differences::default();
    if let Some(error) = expect.optional("policy_error") {
        let is_error = faults.flag(error)?;
        if !is_error {
            faults.note("B0607", error, "a policy without error has `expired` and `archived`");
        }
        let field = expect.text("field", faults);
        expect.finish(faults);
        let field = field.filter(|_| is_error)?;
        match answer {
            Answer::Refused(found) if found.iter().all(|it| is_named(it, field)) => (),
            _ => differences.compare("policy", format!("refused: {}", shortened(field)), shown(answer)),
        }
        return Some(differences);
    }
    let mut lists = ["expired", "archived"].map(|key| read_digests(&mut expect, key, repository, faults));
    expect.finish(faults);
    // A policy that is refused needs none.
    if !is_now_given && matches!(answer, Answer::Acts { .. }) {
        case.note("B0604", "the field `now` is missing", faults);
    }
    let (archived, expired) = (lists[1].take()?, lists[0].take()?);
    match answer {
        Answer::Refused(_) => differences.compare("policy", "accepted", shown(answer)),
        Answer::Acts { expired: found_expired, archived: found_archived } => {
            differences.compare("expired", list(&expired), list(found_expired));
            differences.compare("archived", list(&archived), list(found_archived));
        }
    }
    Some(differences)
}

/// Whether a fault is of the field that a case names: by the whole path or by
/// its last parts, numbers of items left out. A policy that is too long has
/// several names (semantics 9.5: `rules` / length).
fn is_named(fault: &Fault, field: &str) -> bool {
    if fault.diagnostic.code == "B0801" {
        return ["length", "rules", "policy"].contains(&field);
    }
    let parts = fault.field.split('.').map(|it| it.split('[').next().unwrap_or(it));
    let path = parts.collect::<Vec<_>>().join(".");
    path.strip_suffix(field).is_some_and(|before| before.is_empty() || before.ends_with('.'))
}

fn shown(answer: &Answer<'_>) -> String {
    match answer {
        Answer::Refused(found) => {
            let fields = found.iter().map(|it| format!("{} {}", it.diagnostic.code, it.field));
            format!("refused: {}", fields.collect::<Vec<_>>().join(", "))
        }
        Answer::Acts { .. } => "accepted".to_owned(),
    }
}

fn list(digests: &BTreeSet<&str>) -> String {
    let digests: Vec<&str> = digests.iter().copied().collect();
    if digests.is_empty() { "none".to_owned() } else { digests.join(", ") }
}

/// A list of digests, each of an image of the case.
fn read_digests<'a>(
    expect: &mut Object<'a>,
    key: &'static str,
    repository: &Repository<'_>,
    faults: &mut Faults<'_>,
) -> Option<BTreeSet<&'a str>> {
    let items = expect.list_or_none(key, faults)?;
    let mut read = BTreeSet::new();
    for json in items {
        let digest = faults.text(json)?;
        if !repository.digests.contains(&digest) {
            faults.note("B0609", json, format!("there is no image `{}`", shortened(digest)));
        }
        read.insert(digest);
    }
    Some(read)
}

fn read_repository<'a>(case: &mut Object<'a>, faults: &mut Faults<'_>) -> Option<Repository<'a>> {
    let items = case.list_or_none("images", faults)?;
    let mut positions = BTreeMap::new();
    let mut read = Vec::new();
    for json in items {
        let image = read_image(json, faults);
        if let Some((digest, ..)) = &image
            && positions.insert(*digest, read.len()).is_some()
        {
            faults.note("B0608", json, format!("the image `{}` is there twice", shortened(digest)));
        }
        read.push(image);
    }
    let read = read.into_iter().collect::<Option<Vec<_>>>()?;
    let mut repository = Repository { digests: Vec::new(), images: Vec::new() };
    for (digest, image, children) in read {
        // What is not in the repository can neither stay nor go.
        let children = children.iter().filter_map(|it| positions.get(it).copied()).collect();
        repository.digests.push(digest);
        repository.images.push(ImageView { children, ..image });
    }
    Some(repository)
}

/// Digest, image and the digests that it refers to.
fn read_image<'a>(json: &'a Json, faults: &mut Faults<'_>) -> Option<(&'a str, ImageView<'a>, Vec<&'a str>)> {
    let mut object = Object::of(json, faults)?;
    let digest = object.text("digest", faults);
    let tags = object.given("tags").map_or(Some(Vec::new()), |it| faults.texts(it));
    let pushed_at_ms = object.required("pushed_at", faults).and_then(|it| time_ms(it, faults));
    let children = object.given("manifest_list_of").map_or(Some(Vec::new()), |it| faults.texts(it));
    let classes = [StorageClass::Standard, StorageClass::Archive].map(|it| (it.as_str(), it));
    let storage_class = object.given("storage_class");
    let storage_class = storage_class.map_or(Some(StorageClass::Standard), |it| faults.word(it, &classes));
    // `None` after a fault.
    let mut time = |key| object.given(key).map_or(Some(None), |it| time_ms(it, faults).map(Some));
    let (pulled, activated) = (time("last_pulled_at"), time("last_activated_at"));
    let archived = time("last_archived_at");
    object.finish(faults);
    let image = ImageView {
        tags: tags?,
        pushed_at_ms: pushed_at_ms?,
        children: Vec::new(),
        storage_class: storage_class?,
        last_pulled_at_ms: pulled?,
        last_activated_at_ms: activated?,
        last_archived_at_ms: archived?,
    };
    Some((digest?, image, children?))
}

/// `2026-03-01T12:00:00Z`, also with a fraction of a second.
fn time_ms(json: &Json, faults: &mut Faults<'_>) -> Option<i64> {
    let text = faults.text(json)?;
    let with_fraction = || text.parse::<jiff::Timestamp>().ok().map(|it| it.as_millisecond());
    let read = parse_time_ms(text).or_else(with_fraction);
    if read.is_none() {
        faults.note("B0607", json, "not a time such as 2026-03-01T12:00:00Z");
    }
    read
}
