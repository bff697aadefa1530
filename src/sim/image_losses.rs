//! Known before a run: which images lifecycle policies take from the services
//! that need them (semantics 9.6). Nothing is played but pushes, deployments and
//! the daily runs of the policies: a tag is resolved when a deployment begins, and
//! that deployment pulls once.
//!
//! Left out: pulls of later tasks, which only `sinceImagePulled` looks at; images
//! of pull-through caches, which come again; stand-alone tasks.

use std::collections::BTreeMap;

use crate::base::id::{Id as _, ImageId, RepositoryId, ServiceId, TaskDefinitionId};
use crate::base::{SimTime, Table};
use crate::model::lifecycle_policy::{LifecycleAction, LifecyclePolicy};
use crate::model::repository::{Wanted, Which};
use crate::model::workload::{ServiceChangeKind, TaskSetChange, Workload};
use crate::sim::lifecycle_policies::{DAY, Evaluation, first_run};
use crate::sim::registry::RegistryState;
use crate::sim::setup::Setup;

/// An image that a service needs and that a policy takes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ImageLoss {
    /// Whose.
    pub service: ServiceId,
    /// What its tasks run.
    pub definition: TaskDefinitionId,
    /// What it is needed for.
    pub need: Need,
    /// The image as its container names it.
    pub name: String,
    /// Of which repository.
    pub repository: RepositoryId,
    /// When it goes.
    pub at: SimTime,
    /// By which rule of the policy, by its position.
    pub by: usize,
    /// Where to.
    pub action: LifecycleAction,
}

/// What an image is needed for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Need {
    /// The revision that runs starts tasks from it.
    Runs,
    /// The revision before it, to which a deployment is rolled back.
    RollsBack,
    /// It is released at this moment, and is gone by then.
    IsReleased(SimTime),
}

/// Every such image, once for each revision and need, in the order of time.
/// `policies` stand for those of the setup, one for each repository.
pub fn image_losses(
    setup: &Setup,
    workload: &Workload,
    policies: &Table<RepositoryId, Option<LifecyclePolicy>>,
) -> Vec<ImageLoss> {
    let mut calendar = Calendar {
        setup,
        workload,
        state: RegistryState::new(&setup.registry, SimTime::ZERO, setup.horizon),
        revisions: setup.services.rows().iter().map(|_| Vec::new()).collect(),
        gone: BTreeMap::new(),
        losses: Vec::new(),
    };
    let mut deployments = deployments(setup, workload).into_iter().peekable();
    let horizon = SimTime::ZERO + setup.horizon;
    let mut run_at = first_run(setup);
    while run_at < horizon {
        while let Some((at, service, definition)) = deployments.next_if(|it| it.0 <= run_at) {
            calendar.deploy(at, service, definition);
        }
        calendar.carry_out(run_at, policies);
        run_at = run_at + DAY;
    }
    for (at, service, definition) in deployments {
        calendar.deploy(at, service, definition);
    }
    calendar.losses
}

/// When which revision of a service that wants tasks is deployed, by time.
fn deployments(setup: &Setup, workload: &Workload) -> Vec<(SimTime, ServiceId, TaskDefinitionId)> {
    let wanted = |service: ServiceId| workload.desired_at_most(&[service]) > 0;
    let first = setup.services.ids().map(|it| (SimTime::ZERO, it, workload.services[it].definition));
    let later = workload.service_changes.iter().filter_map(|it| match it.kind {
        ServiceChangeKind::Release(definition)
        | ServiceChangeKind::TaskSet { change: TaskSetChange::Created { definition, .. }, .. } => {
            Some((it.at, it.service, definition))
        }
        _ => None,
    });
    first.chain(later).filter(|it| wanted(it.1)).collect()
}

struct Calendar<'a> {
    setup: &'a Setup,
    workload: &'a Workload,
    state: RegistryState<'a>,
    /// By service: the revision that runs and the one before it, the newest last.
    revisions: Vec<Vec<Revision>>,
    /// What policies took, by each name that it had.
    gone: BTreeMap<Wanted, Taken>,
    losses: Vec<ImageLoss>,
}

struct Revision {
    definition: TaskDefinitionId,
    images: Vec<NeededImage>,
}

struct NeededImage {
    name: String,
    wanted: Wanted,
    /// `None` where the tag is resolved anew for each task.
    image: Option<ImageId>,
}

#[derive(Clone, Copy)]
struct Taken {
    at: SimTime,
    by: usize,
    action: LifecycleAction,
}

impl Calendar<'_> {
    /// A deployment begins: its tags are resolved, its images are pulled.
    fn deploy(&mut self, at: SimTime, service: ServiceId, definition: TaskDefinitionId) {
        self.state.advance(at);
        let row = &self.workload.definitions[definition];
        let mut images: Vec<NeededImage> = Vec::new();
        for container in row.blueprint.iter().flat_map(|it| &it.containers) {
            let registry = &self.setup.registry;
            let Some(wanted) = registry.wanted(&container.image) else { continue };
            if registry.repositories[wanted.repository].upstream.is_some()
                || images.iter().any(|it| it.wanted == wanted)
            {
                continue;
            }
            let name = container.image.clone();
            match (self.state.find(&wanted, at), self.gone.get(&wanted).copied()) {
                (Some(found), _) => {
                    let platform = row.blueprint.as_deref().map(|it| it.platform).unwrap_or_default();
                    let pulled = registry.images.of_platform(found.image, platform);
                    self.state.note_pulled(&wanted, found, pulled.unwrap_or(found.image), at);
                    let image = container.resolves_digest.then_some(found.image);
                    images.push(NeededImage { name, wanted, image });
                }
                (None, Some(taken)) => {
                    self.note(service, definition, Need::IsReleased(at), &name, wanted.repository, taken);
                }
                // It never was there: a policy has no part in it.
                (None, None) => (),
            }
        }
        let revisions = &mut self.revisions[service.idx()];
        revisions.push(Revision { definition, images });
        let n_old = revisions.len().saturating_sub(2);
        revisions.drain(..n_old);
    }

    /// The policies of a day.
    fn carry_out(&mut self, now: SimTime, policies: &Table<RepositoryId, Option<LifecyclePolicy>>) {
        self.state.advance(now);
        let mut acted: Vec<(ImageId, Vec<String>, RepositoryId, Taken)> = Vec::new();
        for (id, _, state) in self.state.repositories() {
            let Some(policy) = &policies[id] else { continue };
            let evaluation = Evaluation::of(id, policy, state, self.setup, now);
            for (image, by, action) in evaluation.acted() {
                let tags = state.images[&image].tags.clone();
                acted.push((image, tags, id, Taken { at: now, by, action }));
            }
        }
        self.note_lost(&acted, now);
        for (image, tags, repository, taken) in acted {
            let digest = Which::Digest(self.setup.registry.images.images[image].digest.clone());
            for which in tags.into_iter().map(Which::Tag).chain([digest]) {
                self.gone.insert(Wanted { repository, which }, taken);
            }
            match taken.action {
                LifecycleAction::Expire => self.state.remove(image, now),
                LifecycleAction::Archive => self.state.archive(image, now),
            }
        }
    }

    fn note_lost(&mut self, acted: &[(ImageId, Vec<String>, RepositoryId, Taken)], now: SimTime) {
        let taken_of: BTreeMap<ImageId, Taken> = acted.iter().map(|it| (it.0, it.3)).collect();
        let mut lost = Vec::new();
        for (service, revisions) in self.setup.services.ids().zip(&self.revisions) {
            // What the newest revision lacks as well is told of that.
            let mut of_newest = Vec::new();
            for (age, revision) in revisions.iter().rev().enumerate() {
                let need = if age == 0 { Need::Runs } else { Need::RollsBack };
                for needed in &revision.images {
                    let image = needed.image.or_else(|| Some(self.state.find(&needed.wanted, now)?.image));
                    let Some(image) = image.filter(|it| !of_newest.contains(it)) else { continue };
                    of_newest.extend((need == Need::Runs).then_some(image));
                    if let Some(&taken) = taken_of.get(&image) {
                        let (name, repository) = (needed.name.clone(), needed.wanted.repository);
                        lost.push((service, revision.definition, need, name, repository, taken));
                    }
                }
            }
        }
        for (service, definition, need, name, repository, taken) in lost {
            self.note(service, definition, need, &name, repository, taken);
        }
    }

    fn note(
        &mut self,
        service: ServiceId,
        definition: TaskDefinitionId,
        need: Need,
        name: &str,
        repository: RepositoryId,
        Taken { at, by, action }: Taken,
    ) {
        let name = name.to_owned();
        // What is lost is told once, though it may be pushed and lost again.
        let is_known =
            |it: &ImageLoss| it.service == service && it.definition == definition && it.name == name;
        if !self.losses.iter().any(is_known) {
            self.losses.push(ImageLoss { service, definition, need, name, repository, at, by, action });
        }
    }
}
