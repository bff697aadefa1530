//! Calls that the task role is denied once the task runs (semantics 3.5): the
//! container exits, or answers with errors; and output that the execution role
//! may not write, so that a container with a blocking log driver hangs.

use super::Lint;
use super::failing_starts::succeeds;
use super::finding::Draft;
use super::permission::grant_help;
use super::scene::Scene;
use crate::containers;
use crate::model::access::Permissions as _;
use crate::model::container::OnDenied;

pub(super) const LINT: Lint = Lint {
    name: "denied-calls",
    summary: "calls that the task role is denied at run time, logs that may not be written",
    find,
};

fn find(scene: &Scene<'_>) -> Vec<Draft> {
    let mut found = Vec::new();
    for revision in scene.revisions() {
        let Some(blueprint) = revision.definition.blueprint.as_deref() else { continue };
        let role = blueprint.task_role.as_deref();
        let life = scene.setup.life(revision.definition, Some(revision.service));
        let is_told = !succeeds(&life.start);
        for container in &blueprint.containers {
            for call in &container.behaviour.calls {
                let denied = scene.setup.access.may(role, &call.action, &call.resource);
                let Err(denial) = denied else { continue };
                let told = denial.to_string();
                // What keeps the task from its start is told there.
                if life.start.failure.as_deref().is_some_and(|it| it.contains(&told)) {
                    continue;
                }
                let (code, outcome) = match call.on_denied {
                    OnDenied::Exit => ("B0707", "exits with code 1 as soon as it calls"),
                    OnDenied::AnswerErrors => ("B0708", "runs and answers every request with an error"),
                };
                let what = format!("container `{}` {outcome}: {told}", container.name);
                found.push(Draft::of_revision(code, &revision, what, grant_help(&denial)));
            }
        }
        let context = scene.setup.life_context(Some(revision.service));
        for (idx, denial) in containers::blocked_by_logs(revision.definition, &context) {
            if is_told {
                continue;
            }
            let name = &blueprint.containers[idx].name;
            let what = format!("container `{name}` hangs, for its output is not taken: {denial}");
            found.push(Draft::of_revision("B0709", &revision, what, grant_help(&denial)));
        }
    }
    found
}
