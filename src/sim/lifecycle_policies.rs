//! Lifecycle policies are carried out once a day: what they take from a
//! repository nobody can pull any longer, whoever may still need it (semantics
//! 9.6).

use crate::base::SimTime;
use crate::base::id::{Id as _, ImageId};
use crate::images::lifecycle::{self, Decision, ImageView};
use crate::model::lifecycle_policy::{LifecycleAction, LifecyclePolicy, StorageClass};
use crate::sim::event::Event;
use crate::sim::registry::{RepositoryState, millis};
use crate::sim::simulation::Simulation;
use crate::sim::watch::Watch;

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
        let mut acted: Vec<(ImageId, LifecycleAction)> = Vec::new();
        for (_, repository, state) in self.pulls.registry.repositories() {
            if let Some(policy) = &repository.lifecycle_policy {
                acted.extend(self.decide(policy, state));
            }
        }
        let needed = self.needed_images();
        for (image, action) in acted {
            match action {
                LifecycleAction::Expire => self.pulls.registry.remove(image, self.now),
                LifecycleAction::Archive => self.pulls.registry.archive(image, self.now),
            }
            let is_lost = needed.contains(&image);
            self.note_images(|it| {
                match action {
                    LifecycleAction::Expire => it.n_expired += 1,
                    LifecycleAction::Archive => it.n_archived += 1,
                }
                it.n_lost += u64::from(is_lost);
            });
        }
        let next = self.now + crate::base::SimDuration::from_millis(DAY_MS.unsigned_abs());
        self.queue.schedule(next, Event::LifecyclePoliciesRun);
    }

    /// What a policy does to the images of a repository, in the order in which it
    /// does.
    fn decide(&self, policy: &LifecyclePolicy, state: &RepositoryState) -> Vec<(ImageId, LifecycleAction)> {
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
        acted.filter_map(|it| Some((*stored[it].0, Decision::action(decisions[it])?))).collect()
    }

    /// The images of all revisions that have tasks or would be rolled back to:
    /// those that their tags were resolved to, and the images of indexes.
    fn needed_images(&self) -> Vec<ImageId> {
        let mut needed = Vec::new();
        for (_, service) in self.cluster.services() {
            for &deployment in service.older.iter().chain([&service.primary]) {
                for image in self.pulls.resolved_images(deployment) {
                    needed.push(image);
                    needed.extend(self.pulls.registry.children_of(image));
                }
            }
        }
        needed.sort_unstable();
        needed.dedup();
        needed
    }
}
