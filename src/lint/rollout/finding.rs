//! What is said of a rollout that cannot come to its end: of each release that
//! is written, and where none is, of a release of what runs already.

use super::change;
use super::question::Question;
use super::{Proof, Stand, Verdict, judge};
use crate::base::SimTime;
use crate::base::id::ServiceId;
use crate::deployment::Standstill;
use crate::lint::Lint;
use crate::lint::finding::{Draft, listed, n_of};
use crate::lint::scene::Scene;
use crate::model::deployment::SchedulingStrategy;
use crate::model::workload::ServiceChangeKind;
use crate::sim::setup::InstanceChangeKind;

pub(in crate::lint) const LINT: Lint = Lint {
    name: "rollouts",
    summary: "rollouts that bounds, capacity or constraints bring to a standstill",
    find,
};

/// So many releases of a service are looked at.
const RELEASES_MAX: usize = 16;

fn find(scene: &Scene<'_>) -> Vec<Draft> {
    let mut found = Vec::new();
    for (service, _) in scene.services() {
        let is_daemon = scene.setup.services[service].scheduling == SchedulingStrategy::Daemon;
        if scene.workload.desired_at_most(&[service]) == 0 && !is_daemon {
            continue;
        }
        let questions = questions(scene, service);
        for (question, is_written) in &questions {
            found.extend(of_question(scene, question, *is_written));
        }
        found.extend(of_draining(scene, service));
    }
    found
}

/// Each with whether the release is written.
fn questions(scene: &Scene<'_>, service: ServiceId) -> Vec<(Question, bool)> {
    let (setup, workload) = (scene.setup, scene.workload);
    let changes = workload.service_changes.iter().enumerate();
    let is_release = |kind| matches!(kind, ServiceChangeKind::Release(_));
    let releases = changes.filter(|(_, it)| it.service == service && is_release(it.kind));
    let mut questions: Vec<Question> = Vec::new();
    for question in releases.take(RELEASES_MAX).filter_map(|it| Question::of_release(setup, workload, it.0)) {
        let is_known = |it: &Question| {
            (it.source(), it.target, it.desired_count)
                == (question.source(), question.target, question.desired_count)
        };
        if !questions.iter().any(is_known) {
            questions.push(question);
        }
    }
    if !questions.is_empty() {
        return questions.into_iter().map(|it| (it, true)).collect();
    }
    let mut desired = vec![workload.services[service].desired_count, workload.desired_at_most(&[service])];
    desired.dedup();
    let is_daemon = setup.services[service].scheduling == SchedulingStrategy::Daemon;
    desired.retain(|&it| it > 0 || is_daemon);
    desired.into_iter().map(|it| (Question::of_any_release(setup, workload, service, it), false)).collect()
}

fn of_question(scene: &Scene<'_>, question: &Question, is_written: bool) -> Option<Draft> {
    let (code, stand, verb) = match judge(question) {
        Verdict::Deadlocks(stand) if stand.standstill == Standstill::DeploymentConfiguration => {
            ("B0720", stand, "cannot progress")
        }
        Verdict::Deadlocks(stand) if question.n_protected > 0 => ("B0724", stand, "is blocked"),
        Verdict::Deadlocks(stand) => ("B0721", stand, "cannot progress"),
        Verdict::CanDeadlock(stand) => {
            ("B0722", stand, "can come to a standstill, depending on where tasks are placed")
        }
        Verdict::Completes | Verdict::Unknown => return None,
    };
    let rollout = match is_written {
        true => format!("the release of `{}`", scene.workload.definitions[question.target].name),
        false => "a release of what it runs".to_owned(),
    };
    let what = format!("{rollout} {verb}: {}", why(question, &stand));
    let changes = change::smallest(question);
    let told: Vec<String> = changes.iter().map(|it| it.describe(question)).collect();
    let help = match told.as_slice() {
        [] => "no single change that was tried is proven to free it".to_owned(),
        told => format!("smallest change: {}", told.join(", or ")),
    };
    Some(Draft::of_service(code, question.service, what, help))
}

/// `desired 2 at 75/125 keeps 2 healthy and allows 2 tasks at once`.
fn why(question: &Question, stand: &Stand) -> String {
    let bounds = question.policy().deployment.bounds;
    if question.n_protected > 0 {
        // A delay, for no protection lasts for ever.
        return format!(
            "{} of the old revision may not be stopped until {} of the run (DEPLOYMENT_BLOCKED)",
            n_of(question.n_protected, "protected task"),
            question.protected_until - SimTime::ZERO,
        );
    }
    if question.is_daemon() {
        return of_daemon(question, stand);
    }
    let desired = question.desired_count;
    let kept = format!(
        "desired {desired} at {}/{} keeps {} healthy",
        bounds.minimum_healthy_percent,
        bounds.maximum_percent,
        bounds.lower(desired)
    );
    if stand.standstill == Standstill::DeploymentConfiguration {
        return format!("{kept} and allows {} at once", n_of(bounds.upper(desired), "task"));
    }
    let provider = question.provider().map_or("", |it| &question.setup.providers[it].name);
    let reasons: Vec<String> =
        stand.reasons.iter().map(|(reason, n)| format!("{reason} on {}", n_of(*n, "instance"))).collect();
    let reasons = if reasons.is_empty() { String::new() } else { format!(": {}", listed(&reasons)) };
    let proof = match stand.proof {
        Proof::Bounds => String::new(),
        Proof::Counting => " (by counting what fits, whatever the placement)".to_owned(),
        Proof::EveryPlacement { .. } => " (every placement tried)".to_owned(),
    };
    format!(
        "{kept}, and with {} and {} no instance of provider `{provider}` takes another new one{reasons}{proof}",
        n_of(stand.n_source, "old task"),
        stand.n_target.to_string() + " new",
    )
}

fn of_daemon(question: &Question, stand: &Stand) -> String {
    let minimum = question.policy().deployment.bounds.minimum_healthy_percent;
    if stand.standstill == Standstill::DeploymentConfiguration {
        return format!(
            "an instance must lose its old task before it gets another, and minimum_healthy_percent = {minimum} lets \
             none of {} go",
            n_of(stand.n_source, "task")
        );
    }
    let reasons: Vec<String> =
        stand.reasons.iter().map(|(reason, n)| format!("{reason} on {}", n_of(*n, "instance"))).collect();
    format!("its new task does not fit beside what others hold: {}", listed(&reasons))
}

/// Draining goes by the same bounds (developer guide, container-instance-draining).
fn of_draining(scene: &Scene<'_>, service: ServiceId) -> Option<Draft> {
    let policy = &scene.setup.services[service];
    policy.placement.only_provider()?;
    let mut kinds = scene.setup.instance_changes.iter().flat_map(|it| &it.kinds);
    let drains = kinds.any(|it| *it == InstanceChangeKind::Draining(true));
    let bounds = policy.deployment.bounds;
    let desired = scene.workload.services[service].desired_count;
    if !drains || desired == 0 || bounds.lower(desired) < desired || bounds.upper(desired) > desired {
        return None;
    }
    let what = format!(
        "an instance that is drained keeps its tasks: desired {desired} at {}/{} keeps {desired} healthy and allows \
         no other beside them",
        bounds.minimum_healthy_percent, bounds.maximum_percent
    );
    let maximum = (u64::from(desired) + 1) * 100;
    let help = format!("maximum_percent = {}", maximum.div_ceil(desired.into()));
    Some(Draft::of_service("B0723", service, what, help))
}
