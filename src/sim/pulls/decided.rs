//! What is decided about the images of a task before anything moves: whether
//! the registry is asked, whether it lets, whether it has the image.

use std::sync::Arc;

use super::{NamedImage, instance_of};
use crate::base::id::{CapacityProviderId, ImageId, InstanceId, RepositoryId, TaskDefinitionId, TaskId};
use crate::containers::{self, Pull};
use crate::images::behavior::{self, Decision, Known, OnFailure};
use crate::model::agent::ImagePullBehavior;
use crate::model::repository::{Location, Wanted};
use crate::model::task::Host;
use crate::sim::lives::Reason;
use crate::sim::registry::Found;
use crate::sim::simulation::Simulation;
use crate::sim::watch::Watch;

/// What is decided about an image.
#[derive(Clone, Copy)]
pub(super) enum Verdict {
    /// What is on the instance is used.
    Cached(ImageId),
    /// It is pulled: what was found under its name, and of an index the image of
    /// the platform.
    Pulled {
        /// What was found.
        found: Found,
        /// What of it is pulled.
        image: ImageId,
        /// What is used if that fails.
        fallback: Option<ImageId>,
    },
}

/// All that decides whether a pull is refused: where two are alike, so are the
/// answers.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct Asking {
    /// Whose execution role.
    definition: TaskDefinitionId,
    /// Whose instance role; `None` on Fargate.
    provider: Option<CapacityProviderId>,
    repository: RepositoryId,
    is_import: bool,
    /// How many changes of access have happened.
    n_changes: usize,
}

/// Why an image cannot be pulled.
pub(super) struct Refused {
    /// As ECS says it.
    pub(super) reason: Reason,
    /// A call was denied; else there is nothing.
    pub(super) is_denied: bool,
    /// It comes before the pull.
    pub(super) is_before_pull: bool,
}

impl Refused {
    fn nothing(image: &str, why: &str) -> Self {
        let reason = Arc::from(format!("CannotPullContainerError: {image}: {why}"));
        Self { reason, is_denied: false, is_before_pull: false }
    }
}

impl<W: Watch> Simulation<'_, W> {
    /// What is decided about an image of a task, or why it is refused.
    pub(super) fn verdict(
        &mut self,
        task: TaskId,
        host: Host,
        named: &NamedImage,
    ) -> Result<Verdict, Refused> {
        let deployment = self.service_of(task).map(|it| it.1).filter(|_| named.resolves_digest);
        let resolved = self.pulls.resolved(deployment, &named.wanted);
        let cached = self.cached_image(host, &named.wanted, resolved);
        // Nothing is on an instance that no task has pulled.
        let known = Known { is_cached: cached.is_some(), was_pulled_here: cached.is_some() };
        let on_failure = match (behavior::entry_of(self.pull_behavior(host)).decide)(known) {
            Decision::UseCached => {
                return Ok(Verdict::Cached(cached.expect("only what is there is used")));
            }
            Decision::Pull { on_failure } => on_failure,
        };
        match (self.asked(task, host, named, resolved), cached) {
            (Err(_), Some(image)) if on_failure == OnFailure::UseCached => Ok(Verdict::Cached(image)),
            (Err(refused), _) => Err(refused),
            (Ok((found, image)), _) => {
                let fallback = cached.filter(|_| on_failure == OnFailure::UseCached);
                Ok(Verdict::Pulled { found, image, fallback })
            }
        }
    }

    /// What the registry says to a pull.
    fn asked(
        &mut self,
        task: TaskId,
        host: Host,
        named: &NamedImage,
        resolved: Option<ImageId>,
    ) -> Result<(Found, ImageId), Refused> {
        let repository = &self.setup.registry.repositories[named.wanted.repository];
        let found = match resolved {
            // What a tag was resolved to is asked for by its digest.
            Some(image) => self.pulls.registry.find_image(image, self.now),
            None => self.pulls.registry.find(&named.wanted, self.now),
        };
        let platform = self.platform_of(task, host);
        let chosen = found.and_then(|it| self.setup.registry.images.of_platform(it.image, platform));
        // A cache has of an index what was pulled of it.
        let found = match (found, chosen) {
            (Some(found), Some(chosen)) => self.pulls.registry.with_child(found, chosen, self.now),
            (found, _) => found,
        };
        let is_private = matches!(repository.location, Location::Private { .. });
        let asking = Asking {
            definition: self.cluster.task(task).definition,
            provider: instance_of(host).map(|it| self.cluster.instance(it).provider),
            repository: named.wanted.repository,
            is_import: found.is_some_and(|it| it.is_import),
            n_changes: self.setup.access.n_changes_by(self.now),
        };
        if !self.pulls.allowed.contains(&asking) {
            if let Some(refusal) = self.pull_refusal(&asking) {
                let is_before_pull = refusal.why.starts_with("ResourceInitializationError");
                return Err(Refused { reason: Arc::from(refusal.why), is_denied: true, is_before_pull });
            }
            self.pulls.allowed.insert(asking);
        }
        if is_private && instance_of(host).is_some_and(|it| self.has_expired_token(it)) {
            let reason = Arc::from(containers::expired_token(&named.name));
            return Err(Refused { reason, is_denied: true, is_before_pull: false });
        }
        let Some(found) = found else {
            return Err(Refused::nothing(&named.name, "manifest unknown: not found"));
        };
        match chosen {
            Some(image) => Ok((found, image)),
            None => {
                let os = if platform.is_windows { "windows" } else { "linux" };
                let architecture = if platform.is_arm { "arm64" } else { "amd64" };
                let why =
                    format!("no matching manifest for {os}/{architecture} in the manifest list entries");
                Err(Refused::nothing(&named.name, &why))
            }
        }
    }

    /// Why what the role asks for is refused, if it is.
    fn pull_refusal(&self, asking: &Asking) -> Option<containers::Refusal> {
        let repository = &self.setup.registry.repositories[asking.repository];
        let blueprint = self.cluster.definition(asking.definition).blueprint.as_deref();
        let execution_role = blueprint.and_then(|it| it.execution_role.as_deref());
        let instance_role = asking.provider.and_then(|it| self.setup.providers[it].instance_role.as_deref());
        let is_fargate = asking.provider.is_none();
        let arn = repository.arn();
        let is_private = matches!(repository.location, Location::Private { .. });
        let pull = Pull {
            role: containers::puller(execution_role, instance_role, is_fargate),
            repository: Some(arn.as_str()).filter(|_| is_private),
            is_fargate,
            is_import: asking.is_import,
            is_authenticated: false,
        };
        containers::pull_refusal(&self.setup.access.at(self.now), &pull)
    }

    /// The image of that name that an instance has.
    fn cached_image(&self, host: Host, wanted: &Wanted, resolved: Option<ImageId>) -> Option<ImageId> {
        let kept = self.pulls.kept_on(instance_of(host)?)?;
        match resolved {
            Some(image) => kept.of_digest(image, &self.setup.registry.images),
            None => kept.named(wanted),
        }
    }

    /// Fargate keeps nothing, whatever it would do with it.
    fn pull_behavior(&self, host: Host) -> ImagePullBehavior {
        match instance_of(host) {
            None => ImagePullBehavior::Default,
            Some(instance) => self.agent_of(instance).image_pull_behavior,
        }
    }

    fn has_expired_token(&self, instance: InstanceId) -> bool {
        let launched_at = self.cluster.instance(instance).launched_at;
        self.agent_of(instance).registry_auth_at_boot && !containers::token_is_valid(launched_at, self.now)
    }
}
