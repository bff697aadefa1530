//! Lifecycle policies are carried out once a day: what they take from a
//! repository nobody can pull any longer, whoever may still need it (semantics
//! 9.6).

use std::collections::BTreeMap;

use crate::base::id::{ImageId, RepositoryId, ServiceId, TaskDefinitionId};
use crate::base::{SimDuration, SimTime};
use crate::images::lifecycle::{self, Decision, ImageView};
use crate::model::image::Content;
use crate::model::lifecycle_policy::{LifecycleAction, LifecyclePolicy, StorageClass};
use crate::record::LostImage;
use crate::sim::event::Event;
use crate::sim::registry::{RepositoryState, millis};
use crate::sim::setup::Setup;
use crate::sim::simulation::Simulation;
use crate::sim::watch::Watch;

/// What becomes of an image, and by the rule of which priority.
struct Taken {
    image: ImageId,
    action: LifecycleAction,
    rule_priority: u64,
}

/// Letters of a digest that are shown: `sha256:` and twelve digits.
const N_SHOWN: usize = 19;

/// From one run to the next.
pub(super) const DAY: SimDuration = SimDuration::from_secs(86_400);

/// What a policy comes to on a repository at a moment.
#[derive(Clone, Debug)]
pub struct Evaluation<'a> {
    /// Which repository.
    pub repository: RepositoryId,
    /// Its policy.
    pub policy: &'a LifecyclePolicy,
    /// The images that are there, in the order of their pushes.
    pub images: Vec<ImageId>,
    /// The same as the policy sees them.
    pub views: Vec<ImageView<'a>>,
    /// What it decides about each.
    pub decisions: Vec<Decision>,
}

/// An image that a revision of a service needs to start tasks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ImageNeed {
    /// Which; an index of images, if that was named.
    pub image: ImageId,
    /// Whose.
    pub service: ServiceId,
    /// What its tasks run.
    pub definition: TaskDefinitionId,
    /// It is of the newest deployment, else of one that would be put back.
    pub is_primary: bool,
}

impl<'a> Evaluation<'a> {
    /// Of `state`, a repository of the setup, at `now`.
    pub(super) fn of(
        repository: RepositoryId,
        policy: &'a LifecyclePolicy,
        state: &'a RepositoryState,
        setup: &Setup,
        now: SimTime,
    ) -> Self {
        // In the order of their pushes: of two at one moment the later is newer.
        let mut stored: Vec<_> = state.images.iter().collect();
        stored.sort_unstable_by_key(|it| it.1.number);
        let images: Vec<ImageId> = stored.iter().map(|it| *it.0).collect();
        let position: BTreeMap<ImageId, usize> = images.iter().copied().zip(0..).collect();
        let since_1970 = |it: i64| it.saturating_add(setup.starts_at_ms);
        let view = |(image, stored): &(&ImageId, &'a super::registry::StoredImage)| ImageView {
            tags: stored.tags.iter().map(String::as_str).collect(),
            pushed_at_ms: since_1970(stored.pushed_at_ms),
            children: match &setup.registry.images.images[**image].content {
                Content::Index(children) => {
                    children.iter().filter_map(|it| position.get(it).copied()).collect()
                }
                Content::Layers { .. } => Vec::new(),
            },
            storage_class: match stored.archived_at_ms {
                Some(_) => StorageClass::Archive,
                None => StorageClass::Standard,
            },
            last_pulled_at_ms: stored.last_pulled_ms.map(since_1970),
            last_activated_at_ms: None,
            last_archived_at_ms: stored.archived_at_ms.map(since_1970),
        };
        let views: Vec<ImageView<'a>> = stored.iter().map(view).collect();
        let decisions = lifecycle::evaluate(policy, &views, since_1970(millis(now)));
        Self { repository, policy, images, views, decisions }
    }

    /// The images that go, in the order in which they do, each with the position
    /// of the rule that takes it.
    pub(super) fn acted(&self) -> Vec<(ImageId, usize, LifecycleAction)> {
        let acted = lifecycle::in_order(&self.views, &self.decisions).into_iter();
        acted
            .filter_map(|it| {
                let decision = self.decisions[it];
                Some((self.images[it], decision.rule()?, decision.action()?))
            })
            .collect()
    }
}

/// The first moment of a run at which policies are carried out: the next one at
/// that time of the day, which the begin of the run may be.
pub(super) fn first_run(setup: &Setup) -> SimTime {
    let day_ms = millis(SimTime::ZERO + DAY);
    let run_at = millis(SimTime::ZERO + setup.options.registry.lifecycle_policy_run_at);
    let wait = (run_at - setup.starts_at_ms.rem_euclid(day_ms)).rem_euclid(day_ms);
    SimTime::from_millis(u64::try_from(wait).expect("less than a day"))
}

impl<W: Watch> Simulation<'_, W> {
    /// The first run of the policies, if there is one.
    pub(super) fn open_lifecycle_policies(&mut self) {
        let mut repositories = self.setup.registry.repositories.rows().iter();
        if repositories.any(|it| it.lifecycle_policy.is_some()) {
            self.queue.schedule(first_run(self.setup), Event::LifecyclePoliciesRun);
        }
    }

    /// Each policy is evaluated on its repository as it is.
    pub(super) fn on_lifecycle_policies_run(&mut self) {
        self.pulls.registry.advance(self.now);
        let needs = self.image_needs();
        let mut acted = Vec::new();
        for (id, repository, state) in self.pulls.registry.repositories() {
            if let Some(policy) = &repository.lifecycle_policy {
                let evaluation = Evaluation::of(id, policy, state, self.setup, self.now);
                self.watch.lifecycle_policy_evaluated(self.now, &evaluation, &needs);
                let taken = evaluation.acted().into_iter().map(|(image, rule, action)| Taken {
                    image,
                    action,
                    rule_priority: policy.rules[rule].priority,
                });
                acted.extend(taken);
            }
        }
        let needed = self.with_children(&needs);
        for taken in acted {
            self.take_image(&taken, &needed);
        }
        self.queue.schedule(self.now + DAY, Event::LifecyclePoliciesRun);
    }

    /// The images that services need, those that indexes name included.
    pub(super) fn needed_images(&self) -> Vec<ImageId> {
        self.with_children(&self.image_needs()).into_iter().map(|it| it.0).collect()
    }

    /// An image is expired or archived, and written down.
    fn take_image(&mut self, taken: &Taken, needed: &[(ImageId, ServiceId)]) {
        let (image, now) = (taken.image, self.now);
        let row = &self.setup.registry.images.images[image];
        let repository = row.repository;
        // A pull-through cache gets it again.
        let is_kept_upstream = self.setup.registry.repositories[repository].upstream.is_some();
        let users = needed.iter().filter(|it| it.0 == image && !is_kept_upstream);
        let services: Vec<u32> = users.map(|it| it.1.number()).collect();
        let is_needed_elsewhere = self.pulls.registry.needed_elsewhere.contains(&image);
        let is_lost = !services.is_empty() || (is_needed_elsewhere && !is_kept_upstream);
        let is_archived = taken.action == LifecycleAction::Archive;
        if is_lost {
            let tag = self.pulls.registry.first_tag(image);
            let lost = LostImage {
                at_ms: now.millis(),
                repository: repository.number(),
                image: tag.unwrap_or_else(|| row.digest.chars().take(N_SHOWN).collect()),
                services,
                rule_priority: taken.rule_priority,
                is_archived,
            };
            self.recorder.images().lose(lost);
        }
        match taken.action {
            LifecycleAction::Expire => self.pulls.registry.remove(image, now),
            LifecycleAction::Archive => self.pulls.registry.archive(image, now),
        }
        self.pulls.registry.note_taken(repository, now, is_archived, is_lost);
        self.note_images(|it| {
            it.n_archived += u64::from(is_archived);
            it.n_expired += u64::from(!is_archived);
            it.n_lost += u64::from(is_lost);
        });
    }

    /// What all revisions that have tasks or would be rolled back to need: the
    /// images to which their tags were resolved, or would be now.
    fn image_needs(&self) -> Vec<ImageNeed> {
        let mut needs = Vec::new();
        for (service, row) in self.cluster.services() {
            for &deployment in row.older.iter().chain([&row.primary]) {
                let definition = self.cluster.deployment(deployment).definition;
                let is_primary = deployment == row.primary;
                for named in self.lives.images_of_deployment(deployment) {
                    let resolved = self.pulls.resolved(Some(deployment), &named.wanted);
                    let found = || self.pulls.registry.find(&named.wanted, self.now).map(|it| it.image);
                    let image = resolved.or_else(found);
                    needs.extend(image.map(|image| ImageNeed { image, service, definition, is_primary }));
                }
            }
        }
        needs
    }

    /// The images that are needed, and those that indexes among them name, with
    /// the services that need them.
    fn with_children(&self, needs: &[ImageNeed]) -> Vec<(ImageId, ServiceId)> {
        let mut needed: Vec<(ImageId, ServiceId)> = Vec::new();
        for need in needs {
            let children = self.pulls.registry.children_of(need.image);
            needed.extend([need.image].iter().chain(children).map(|&it| (it, need.service)));
        }
        needed.sort_unstable();
        needed.dedup();
        needed
    }
}
