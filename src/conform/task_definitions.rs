//! `task-definitions`: documents that RegisterTaskDefinition takes or refuses,
//! with the rule and the field at fault. Judged by
//! [`task_definition::examine`], which every file of an experiment goes through.

use super::case::{Case, Differences, Sealed};
use super::reader::{Faults, Object};
use super::topic::Topic;
use crate::documents::json::Json;
use crate::documents::task_definition;

pub(super) const TOPIC: Topic = Topic {
    name: "task-definitions",
    summary: "documents that are accepted, or the rule and the field at fault",
    judge: |file, bench| bench.judge_all(file, "cases", &mut judge),
};

/// What cases write where an image comes from the account's own registry.
const REGISTRY_MARK: &str = "{private-registry}";
/// One that has the form of such an address.
const REGISTRY: &str = "123456789012.dkr.ecr.us-east-1.amazonaws.com";

/// `rule field` of each fault; of a document without fault there is none.
struct Answer(Vec<String>);

fn judge(case: &mut Case<'_>, expect: Sealed<'_>, faults: &mut Faults<'_>) -> Option<Differences> {
    let document = case.input.required("task_definition", faults)?;
    Object::of(document, faults)?;
    let answer = answer(faults.source().slice(document.span));
    let (answer, expect) = expect.open(answer);
    compare(&answer, expect, faults)
}

fn answer(document: &str) -> Answer {
    let text = document.replace(REGISTRY_MARK, REGISTRY);
    let reading = task_definition::examine("task_definition", &text);
    let shown = reading.faults.iter().map(|it| match it.rule {
        Some(rule) => format!("{rule} {}", it.field),
        // No rule, but JSON that no document could be.
        None => format!("{} {}", it.diagnostic.code, it.field),
    });
    Answer(shown.collect())
}

fn compare(answer: &Answer, expect: &Json, faults: &mut Faults<'_>) -> Option<Differences> {
    let mut expect = Object::of(expect, faults)?;
    let is_valid = expect.required("valid", faults).and_then(|it| faults.flag(it));
    let expected = match is_valid {
        Some(true) => Some("accepted".to_owned()),
        Some(false) => {
            let (rule, field) = (expect.text("rule", faults), expect.text("field", faults));
            rule.zip(field).map(|(rule, field)| format!("refused: {rule} {field}"))
        }
        None => None,
    };
    expect.finish(faults);
    let found = match answer.0.as_slice() {
        [] => "accepted".to_owned(),
        all => format!("refused: {}", all.join(", ")),
    };
    let mut differences = Differences::default();
    differences.compare("document", expected?, found);
    Some(differences)
}
