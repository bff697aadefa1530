//! Lifecycle policies are carried out once a day: what they take from a
//! repository nobody can pull any longer, whoever may still need it (semantics
//! 9.6).

use crate::base::SimTime;
use crate::base::id::{Id as _, ImageId, ServiceId};
use crate::images::lifecycle::{self, Decision, ImageView};
use crate::model::lifecycle_policy::{LifecycleAction, LifecyclePolicy, StorageClass};
use crate::record::LostImage;
use crate::sim::event::Event;
use crate::sim::registry::{RepositoryState, millis};
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
const DAY_MS: i64 = 86_400_000;

impl<W: Watch> Simulation<'_, W> {
    /// The first run of the policies, if there is one.
    pub(super) fn open_lifecycle_policies(&mut self) {
        let mut repositories = self.setup.registry.repositories.rows().iter();
        if repositories.any(|it| it.lifecycle_policy.is_some()) {
            let run_at = millis(SimTime::ZERO + self.setup.options.registry.lifecycle_policy_run_at);
            // The next moment at that time of the day, which the begin of the run
            // may be.
            let wait = (run_at - self.setup.starts_at_ms).rem_euclid(DAY_MS);
            let wait = SimTime::from_millis(u64::try_from(wait).expect("less than a day"));
            self.queue.schedule(wait, Event::LifecyclePoliciesRun);
        }
    }

    /// Each policy is evaluated on its repository as it is.
    pub(super) fn on_lifecycle_policies_run(&mut self) {
        self.pulls.registry.advance(self.now);
        let mut acted: Vec<Taken> = Vec::new();
        for (_, repository, state) in self.pulls.registry.repositories() {
            if let Some(policy) = &repository.lifecycle_policy {
                acted.extend(self.decide(policy, state));
            }
        }
        let needed = self.needed_images();
        for taken in acted {
            self.take_image(&taken, &needed);
        }
        let next = self.now + crate::base::SimDuration::from_millis(DAY_MS.unsigned_abs());
        self.queue.schedule(next, Event::LifecyclePoliciesRun);
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
        let is_lost = !services.is_empty();
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

    /// What a policy does to the images of a repository, in the order in which it
    /// does.
    fn decide(&self, policy: &LifecyclePolicy, state: &RepositoryState) -> Vec<Taken> {
        // In the order of their pushes: of two at one moment the later is newer.
        let mut stored: Vec<_> = state.images.iter().collect();
        stored.sort_unstable_by_key(|it| it.1.number);
        let mut position = vec![None; self.setup.registry.images.images.len()];
        for (idx, (image, _)) in stored.iter().enumerate() {
            position[image.idx()] = Some(idx);
        }
        let starts_at_ms = self.setup.starts_at_ms;
        let since_1970 = |it: i64| it + starts_at_ms;
        let views: Vec<ImageView<'_>> = stored
            .iter()
            .map(|(image, stored)| ImageView {
                tags: stored.tags.iter().map(String::as_str).collect(),
                pushed_at_ms: since_1970(stored.pushed_at_ms),
                children: self
                    .pulls
                    .registry
                    .children_of(**image)
                    .iter()
                    .filter_map(|it| position[it.idx()])
                    .collect(),
                storage_class: match stored.archived_at_ms {
                    Some(_) => StorageClass::Archive,
                    None => StorageClass::Standard,
                },
                last_pulled_at_ms: stored.last_pulled_ms.map(since_1970),
                last_activated_at_ms: None,
                last_archived_at_ms: stored.archived_at_ms.map(since_1970),
            })
            .collect();
        let decisions = lifecycle::evaluate(policy, &views, since_1970(millis(self.now)));
        let acted = lifecycle::in_order(&views, &decisions).into_iter();
        let taken = |it: usize| match decisions[it] {
            Decision::Acted { by, action } => {
                Some(Taken { image: *stored[it].0, action, rule_priority: policy.rules[by].priority })
            }
            _ => None,
        };
        acted.filter_map(taken).collect()
    }

    /// The images of all revisions that have tasks or would be rolled back to,
    /// with their services: those that their tags were resolved to, and the images
    /// of indexes.
    fn needed_images(&self) -> Vec<(ImageId, ServiceId)> {
        let mut needed = Vec::new();
        for (id, service) in self.cluster.services() {
            for &deployment in service.older.iter().chain([&service.primary]) {
                for image in self.pulls.resolved_images(deployment) {
                    needed.push((image, id));
                    needed.extend(self.pulls.registry.children_of(image).iter().map(|&it| (it, id)));
                }
            }
        }
        needed.sort_unstable();
        needed.dedup();
        needed
    }
}
