//! `placement`: which instances a task may go to, step by step; which may lose
//! one; which requests are refused. Asked of the placer, the scale-in rule and
//! the request rules over a real cluster.

mod place;
mod request;
mod room;
mod scale_in;

use super::case::{Case, Differences, Sealed};
use super::reader::Faults;
use super::topic::Topic;
use crate::documents::json::Json;
use crate::placement::request::Written;

pub(super) const TOPIC: Topic = Topic {
    name: "placement",
    summary: "allowed instances for each placement and scale-in step; refused requests",
    judge: |file, bench| bench.judge_all(file, "cases", &mut judge),
};

/// The shapes of a case.
#[derive(Clone, Copy)]
enum Kind {
    Place,
    ScaleIn,
    Request,
}

const KINDS: &[(&str, Kind)] =
    &[("place", Kind::Place), ("scale_in", Kind::ScaleIn), ("request", Kind::Request)];

/// How many draws of chance are tried for each instance: with so many, one that
/// may be chosen is.
const DRAWS_PER_INSTANCE: u64 = 32;

fn judge(case: &mut Case<'_>, expect: Sealed<'_>, faults: &mut Faults<'_>) -> Option<Differences> {
    let kind = case.input.required("kind", faults);
    let Some(kind) = kind.and_then(|it| faults.kind(it, KINDS)) else {
        // What an unknown kind brings along is not known either.
        case.input.ignore_rest();
        return None;
    };
    match kind {
        Kind::Place => place::judge(&mut case.input, expect, faults),
        Kind::ScaleIn => scale_in::judge(&mut case.input, expect, faults),
        Kind::Request => request::judge(&mut case.input, expect, faults),
    }
}

/// Strategies or constraints: `type` and what belongs to it under `detail`.
fn read_written<'a>(
    items: &'a [Json],
    detail: &'static str,
    faults: &mut Faults<'_>,
) -> Option<Vec<Written<'a>>> {
    let mut read = |json: &'a Json| {
        let mut object = super::reader::Object::of(json, faults)?;
        let kind = object.text("type", faults);
        let detail = object.optional(detail).map_or(Some(None), |it| faults.text(it).map(Some));
        object.finish(faults);
        Some(Written { kind: kind?, detail: detail? })
    };
    let all: Vec<_> = items.iter().map(&mut read).collect();
    all.into_iter().collect()
}
