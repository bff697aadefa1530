//! Images that a lifecycle policy takes from a service that needs them (semantics
//! 9.6): of the revision that runs, of the one to which a deployment is rolled
//! back, of one that is released later. Tasks that run go on; the next that is
//! started where the image is not kept fails.

use super::Lint;
use super::finding::Draft;
use super::scene::{Revision, Scene};
use crate::base::id::RepositoryId;
use crate::base::{SimTime, Table};
use crate::model::lifecycle_policy::{
    Count, LifecycleAction, LifecyclePolicy, LifecycleRule, StorageClass, TagSelection,
};
use crate::model::repository::Which;
use crate::sim::image_losses::{ImageLoss, Need, image_losses};

pub(super) const LINT: Lint = Lint {
    name: "expiring-images",
    summary: "images that a lifecycle policy takes from a revision that runs, is rolled back to or is released",
    find,
};

/// Each look at all days of a policy that a smallest number takes; beyond it the
/// advice has no number.
const EVALUATIONS_MAX: u64 = 20_000_000;

type Policies = Table<RepositoryId, Option<LifecyclePolicy>>;

fn find(scene: &Scene<'_>) -> Vec<Draft> {
    let repositories = &scene.setup.registry.repositories;
    if repositories.rows().iter().all(|it| it.lifecycle_policy.is_none()) {
        return Vec::new();
    }
    let policies: Policies = repositories.rows().iter().map(|it| it.lifecycle_policy.clone()).collect();
    let losses = image_losses(scene.setup, scene.workload, &policies);
    losses.iter().map(|it| draft(scene, it, &policies)).collect()
}

fn draft(scene: &Scene<'_>, loss: &ImageLoss, policies: &Policies) -> Draft {
    let ImageLoss { service, definition: id, name, at, by, .. } = loss;
    let policy = policies[loss.repository].as_ref().expect("what takes an image is a policy");
    let rule = &policy.rules[*by];
    let verb = match loss.action {
        LifecycleAction::Expire => "expires",
        LifecycleAction::Archive => "is archived",
    };
    let how = format!(
        "{verb} at {at} by the lifecycle policy of `{}` (rulePriority {}: {} {})",
        scene.setup.registry.repositories[loss.repository].name,
        rule.priority,
        rule.count.kind(),
        rule.count.number()
    );
    let (code, what) = match loss.need {
        Need::Runs => ("B0725", format!("image `{name}` {how} while it runs: tasks started after that fail")),
        Need::RollsBack => {
            ("B0726", format!("image `{name}` {how}, and a deployment may still be rolled back to it"))
        }
        Need::IsReleased(released_at) => {
            ("B0727", format!("image `{name}` {how}, before it is released at {released_at}"))
        }
    };
    let definition = &scene.workload.definitions[*id];
    let policy_of_service = &scene.setup.services[*service];
    let revision = Revision { service: *service, policy: policy_of_service, id: *id, definition };
    let (numbers, shield) = (numbers(scene, loss, policies), shield(scene, loss, policies));
    let help = match (numbers, shield) {
        (Some(numbers), Some(shield)) => format!("{numbers}, or {shield}"),
        (Some(only), None) | (None, Some(only)) => only,
        (None, None) => {
            format!(
                "a rule before that of rulePriority {} which selects the image and keeps it",
                rule.priority
            )
        }
    };
    Draft::of_revision(code, &revision, what, help)
}

/// The smallest numbers with which the image stays, if numbers are enough.
fn numbers(scene: &Scene<'_>, loss: &ImageLoss, policies: &Policies) -> Option<String> {
    let most = most(scene, loss.repository);
    let n_days = scene.setup.horizon.millis() / 86_400_000 + 1;
    let n_rules = policies[loss.repository].as_ref()?.rules.len() as u64;
    // Each number is found in some thirty looks.
    if most.images.saturating_mul(n_days).saturating_mul(n_rules).saturating_mul(30) > EVALUATIONS_MAX {
        return None;
    }
    let mut changed = policies.clone();
    let mut raised = Vec::new();
    let mut lost = loss.clone();
    // Kept by one rule, it may be another's later: its tags move.
    for _ in 0..n_rules {
        let count = changed[loss.repository].as_ref()?.rules[lost.by].count;
        let (mut fails, mut holds) = (count.number(), most.of(count));
        let by = lost.by;
        let mut still_lost = |number: u64| {
            let rules = &mut changed[loss.repository].as_mut().expect("it has a policy").rules;
            rules[by].count = with_number(count, number);
            again(scene, loss, &changed)
        };
        let is_by_it = |it: &Option<ImageLoss>| it.as_ref().is_some_and(|it| it.by == by);
        if holds <= fails || is_by_it(&still_lost(holds)) {
            return None;
        }
        while holds - fails > 1 {
            let middle = fails + (holds - fails) / 2;
            match is_by_it(&still_lost(middle)) {
                true => fails = middle,
                false => holds = middle,
            }
        }
        let rest = still_lost(holds);
        let priority = changed[loss.repository].as_ref()?.rules[by].priority;
        raised.push(format!("countNumber = {holds} in the rule with rulePriority {priority}"));
        match rest {
            None => return Some(raised.join(" and ")),
            Some(next) => lost = next,
        }
    }
    None
}

/// A rule before all others that keeps what its tag points to, if that is enough.
fn shield(scene: &Scene<'_>, loss: &ImageLoss, policies: &Policies) -> Option<String> {
    let Which::Tag(tag) = scene.setup.registry.wanted(&loss.name)?.which else { return None };
    let mut changed = policies.clone();
    let rules = &mut changed[loss.repository].as_mut()?.rules;
    let rule = LifecycleRule {
        // Numbers begin at 1: it is the first.
        priority: 0,
        description: None,
        tags: TagSelection::Patterns(vec![tag.clone()]),
        storage_class: StorageClass::Standard,
        count: Count::ImageCountMoreThan(1),
        action: LifecycleAction::Expire,
    };
    rules.insert(0, rule);
    let kept = again(scene, loss, &changed).is_none();
    kept.then(|| format!("a rule before it for tagPatternList [\"{tag}\"], imageCountMoreThan 1"))
}

/// The loss of the same image by the same revision under other policies.
fn again(scene: &Scene<'_>, loss: &ImageLoss, policies: &Policies) -> Option<ImageLoss> {
    let of = |it: &ImageLoss| (it.service, it.definition, it.name.clone());
    image_losses(scene.setup, scene.workload, policies).into_iter().find(|it| of(it) == of(loss))
}

fn with_number(count: Count, number: u64) -> Count {
    match count {
        Count::ImageCountMoreThan(_) => Count::ImageCountMoreThan(number),
        Count::SinceImagePushed(_) => Count::SinceImagePushed(number),
        Count::SinceImagePulled(_) => Count::SinceImagePulled(number),
        Count::SinceImageTransitioned(_) => Count::SinceImageTransitioned(number),
    }
}

/// Numbers with which a rule takes nothing.
struct Most {
    images: u64,
    days: u64,
}

impl Most {
    fn of(&self, count: Count) -> u64 {
        match count {
            Count::ImageCountMoreThan(_) => self.images,
            _ => self.days,
        }
    }
}

fn most(scene: &Scene<'_>, repository: RepositoryId) -> Most {
    let registry = &scene.setup.registry;
    let of_it = registry.pushes.iter().filter(|it| registry.images.images[it.image].repository == repository);
    let oldest_ms = of_it.clone().map(|it| it.at_ms).min().unwrap_or(0).min(0);
    let end = SimTime::ZERO + scene.setup.horizon;
    let span_ms = end.millis().saturating_add(oldest_ms.unsigned_abs());
    Most { images: of_it.count() as u64, days: span_ms.div_ceil(86_400_000) }
}
