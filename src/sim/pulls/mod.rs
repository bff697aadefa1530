//! Image pulls of described repositories: who may, what is found, what has to
//! move, and when all of a task's images are there (semantics 9.3, 9.4).
//!
//! MODEL: the pulls of a task begin together; it goes on when the last of them
//! is complete. Images of repositories that nobody describes take the option
//! `image_pull` beside them.

mod cached;
mod decided;
mod moved;

use std::collections::BTreeMap;
use std::sync::Arc;

use rustc_hash::FxHashSet;

use crate::base::id::{DeploymentId, Id as _, ImageId, InstanceId, LayerId, TaskId};
use crate::base::{SimDuration, SimTime};
use crate::images::api_limits::{Answer, Api, PUBLIC_PULLS_INSIDE, RateLimit};
use crate::images::pulling::{LayerToPull, LinkKey, PullKey, Pulls};
use crate::model::options::Quotas;
use crate::model::repository::{Location, Wanted};
use crate::model::task::{Epoch, Host};
use crate::record::ImageRecord;
use crate::sim::event::Event;
use crate::sim::lives::Reason;
use crate::sim::registry::RegistryState;
use crate::sim::setup::Setup;
use crate::sim::simulation::Simulation;
use crate::sim::watch::Watch;
use cached::InstanceImages;

/// An image that a container of a task names, of a described repository.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct NamedImage {
    /// As written, for messages.
    pub(super) name: Arc<str>,
    pub(super) wanted: Arc<Wanted>,
    /// Its tag is resolved once for all tasks of a deployment.
    pub(super) resolves_digest: bool,
}

/// What a run remembers of pulls.
pub(super) struct PullState<'a> {
    pub(super) registry: RegistryState<'a>,
    under_way: Pulls,
    /// By API; without quotas none.
    limits: Vec<(Api, RateLimit)>,
    has_quotas: bool,
    /// Of the public gallery, by source address.
    public_limits: BTreeMap<Option<LinkKey>, RateLimit>,
    /// By task: its pulls, until it has stopped.
    of_task: Vec<Option<Box<TaskPull>>>,
    /// Whose a pull under way is, by its number; numbers are used again.
    slots: Vec<Option<(TaskId, usize)>>,
    free: Vec<usize>,
    /// Goes with the event that the queue has; others are out of date.
    version: u32,
    next_at: Option<SimTime>,
    /// By instance: the images that it keeps.
    kept: Vec<Option<Box<InstanceImages>>>,
    /// By deployment: the images to which its tags were resolved.
    resolved: Vec<Vec<(Arc<Wanted>, ImageId)>>,
    /// Pulls that nothing refuses.
    allowed: FxHashSet<decided::Asking>,
    /// Those of tasks that are gone, to be used again.
    #[expect(clippy::vec_box, reason = "boxes that go back where they came from")]
    vacant: Vec<Box<TaskPull>>,
    /// Scratch memory.
    done: Vec<PullKey>,
    verdicts: Vec<decided::Verdict>,
    missing: Vec<LayerToPull>,
}

/// The pulls of a task.
#[derive(Default)]
struct TaskPull {
    epoch: Epoch,
    began_at: SimTime,
    /// Since when its layers move.
    moves_since: SimTime,
    images: Vec<ImagePull>,
    n_left: usize,
    /// How long all took.
    took: Option<SimDuration>,
    /// Why it fails, at once or when what is on its way has come.
    failure: Option<Reason>,
}

/// One image of a task.
struct ImagePull {
    wanted: Arc<Wanted>,
    image: ImageId,
    /// Number of the pull while layers move.
    slot: Option<usize>,
    /// It is used as it is there.
    is_cached: bool,
    /// The instance keeps it for this task.
    is_held: bool,
    /// What is used instead if its pull fails.
    fallback: Option<ImageId>,
    /// The disk has no room for it: what comes is not kept.
    is_too_large: bool,
    /// Layers for which the instance has set room aside.
    reserved: Vec<LayerId>,
}

impl ImagePull {
    fn new(wanted: Arc<Wanted>, image: ImageId, is_cached: bool) -> Self {
        Self {
            wanted,
            image,
            slot: None,
            is_cached,
            is_held: false,
            fallback: None,
            is_too_large: false,
            reserved: Vec::new(),
        }
    }
}

const LIMITED: [Api; 3] = [Api::GetAuthorizationToken, Api::BatchGetImage, Api::GetDownloadUrlForLayer];

impl<'a> PullState<'a> {
    pub(super) fn new(setup: &'a Setup) -> Self {
        let has_quotas = setup.options.quotas == Quotas::Documented;
        let limits = LIMITED.iter().filter(|_| has_quotas).map(|&it| (it, RateLimit::of(it)));
        Self {
            registry: RegistryState::new(&setup.registry, SimTime::ZERO + setup.warm_up, setup.horizon),
            under_way: Pulls::new(setup.options.registry.registry_bandwidth),
            limits: limits.collect(),
            has_quotas,
            public_limits: BTreeMap::new(),
            of_task: Vec::new(),
            slots: Vec::new(),
            free: Vec::new(),
            version: 0,
            next_at: None,
            kept: Vec::new(),
            resolved: Vec::new(),
            allowed: FxHashSet::default(),
            vacant: Vec::new(),
            done: Vec::new(),
            verdicts: Vec::new(),
            missing: Vec::new(),
        }
    }

    fn of(&self, task: TaskId, epoch: Epoch) -> Option<&TaskPull> {
        self.of_task.get(task.idx())?.as_deref().filter(|it| it.epoch == epoch)
    }

    fn of_mut(&mut self, task: TaskId) -> &mut TaskPull {
        self.of_task[task.idx()].as_mut().expect("a task that pulls")
    }

    fn put(&mut self, task: TaskId, pull: Box<TaskPull>) {
        if self.of_task.len() <= task.idx() {
            self.of_task.resize_with(task.idx() + 1, || None);
        }
        self.of_task[task.idx()] = Some(pull);
    }

    /// The pulls of a task are over, and nobody asks for them any more.
    fn retire(&mut self, mut pull: Box<TaskPull>) {
        pull.images.clear();
        (pull.n_left, pull.took, pull.failure) = (0, None, None);
        self.vacant.push(pull);
    }

    /// `n` calls of an account are made at `now`.
    fn ask(&mut self, api: Api, n: u64, now: SimTime) -> Option<Answer> {
        let limit = self.limits.iter_mut().find(|it| it.0 == api)?;
        (n > 0).then(|| limit.1.ask(now, n))
    }

    /// The image to which a deployment's tag was resolved.
    pub(super) fn resolved(&self, deployment: Option<DeploymentId>, wanted: &Wanted) -> Option<ImageId> {
        let resolved = self.resolved.get(deployment?.idx())?;
        resolved.iter().find(|it| *it.0 == *wanted).map(|it| it.1)
    }

    fn resolve(&mut self, deployment: DeploymentId, wanted: &Arc<Wanted>, image: ImageId) {
        if self.resolved.len() <= deployment.idx() {
            self.resolved.resize_with(deployment.idx() + 1, Vec::new);
        }
        let resolved = &mut self.resolved[deployment.idx()];
        if resolved.iter().all(|it| it.0 != *wanted) {
            resolved.push((Arc::clone(wanted), image));
        }
    }

    fn slot(&mut self, of: (TaskId, usize)) -> usize {
        match self.free.pop() {
            Some(slot) => {
                self.slots[slot] = Some(of);
                slot
            }
            None => {
                self.slots.push(Some(of));
                self.slots.len() - 1
            }
        }
    }
}

impl<W: Watch> Simulation<'_, W> {
    /// The agent has heard of a task whose images are in described repositories.
    pub(super) fn on_pull_began(&mut self, task: TaskId) {
        self.pulls.registry.advance(self.now);
        let row = self.cluster.task(task);
        let (epoch, host) = (row.epoch, row.host.expect("a task that pulls has a place"));
        let named = Arc::clone(self.lives.images_of(row));
        let deployment = self.service_of(task).map(|it| it.1);
        let mut verdicts = std::mem::take(&mut self.pulls.verdicts);
        verdicts.clear();
        for named in &*named {
            match self.verdict(task, host, named) {
                Ok(verdict) => verdicts.push(verdict),
                Err(refused) => {
                    self.pulls.verdicts = verdicts;
                    self.refuse_pull(task, refused);
                    return;
                }
            }
        }
        let (mut n_manifests, mut n_layers, mut n_public) = (0, 0, 0);
        let mut asks_upstream = false;
        let mut pull = self.pulls.vacant.pop().unwrap_or_default();
        for (named, verdict) in named.iter().zip(&verdicts) {
            let wanted = Arc::clone(&named.wanted);
            let of_image = match *verdict {
                decided::Verdict::Cached(image) => ImagePull::new(wanted, image, true),
                decided::Verdict::Pulled { found, image, fallback } => {
                    asks_upstream |= found.asks_upstream;
                    self.pulls.registry.note_pulled(&wanted, found, image, self.now);
                    if let Some(deployment) = deployment.filter(|_| named.resolves_digest) {
                        self.pulls.resolve(deployment, &wanted, found.image);
                    }
                    match self.setup.registry.repositories[wanted.repository].location {
                        // Of an index both manifests are asked for, and each layer
                        // that is not there by a call of its own.
                        Location::Private { .. } => {
                            n_manifests += 1 + u64::from(found.image != image);
                            n_layers += self.n_missing(host, image);
                        }
                        Location::Public { .. } => n_public += 1,
                    }
                    ImagePull { fallback, ..ImagePull::new(wanted, image, false) }
                }
            };
            pull.images.push(of_image);
        }
        self.pulls.verdicts = verdicts;
        let answered_at = match pull.images.iter().any(|it| !it.is_cached) {
            true => {
                // An agent keeps its token, a task on Fargate has none.
                let n_tokens = u64::from(matches!(host, Host::Fargate(_)) && n_manifests > 0);
                let calls = [n_tokens, n_manifests, n_layers];
                let answered_at = self.ask_registry(task, host, calls, n_public);
                let options = &self.setup.options.registry;
                let latency = if asks_upstream { options.upstream_latency } else { SimDuration::ZERO };
                answered_at + options.pull_overhead + latency
            }
            false => self.now,
        };
        let n_left = pull.images.len();
        (pull.epoch, pull.n_left) = (epoch, n_left);
        (pull.began_at, pull.moves_since) = (self.now, answered_at);
        self.pulls.put(task, pull);
        // What is there must not be cleaned up meanwhile.
        if let Some(instance) = instance_of(host) {
            for idx in 0..n_left {
                if self.pulls.of_mut(task).images[idx].is_cached {
                    self.keep_image(task, idx, instance);
                }
            }
        }
        self.queue.schedule(answered_at, Event::PullAnswered(task, epoch));
    }

    /// When the registry has answered so many calls of each API, and so many pulls
    /// of the public gallery.
    fn ask_registry(&mut self, task: TaskId, host: Host, n_calls: [u64; 3], n_public: u64) -> SimTime {
        let now = self.now;
        // Behind NAT gateways all have one address (MODEL: however many there are).
        let source = if self.setup.bill.nat_gateways > 0 { None } else { Some(moved::link_of(task, host)) };
        let mut answers: Vec<Answer> = Vec::new();
        for (api, n) in LIMITED.into_iter().zip(n_calls) {
            answers.extend(self.pulls.ask(api, n, now));
        }
        if self.pulls.has_quotas && n_public > 0 {
            let limit = self.pulls.public_limits.entry(source);
            let limit = limit.or_insert_with(|| RateLimit::new(PUBLIC_PULLS_INSIDE));
            answers.push(limit.ask(now, n_public));
        }
        let n_throttled: u64 = answers.iter().map(|it| it.n_throttled).sum();
        self.note_images(|it| it.n_throttled += n_throttled);
        answers.iter().map(|it| it.at).max().unwrap_or(now)
    }

    /// A pull that cannot be: the task fails after the attempts.
    fn refuse_pull(&mut self, task: TaskId, refused: decided::Refused) {
        let options = &self.setup.options;
        let after = match refused.is_denied {
            true => options.resource_init_timeout,
            false => options.registry.pull_overhead,
        };
        let row = self.cluster.task(task);
        let (epoch, host) = (row.epoch, row.host);
        let mut pull = self.pulls.vacant.pop().unwrap_or_default();
        (pull.epoch, pull.failure) = (epoch, Some(refused.reason));
        (pull.began_at, pull.moves_since) = (self.now, self.now);
        self.pulls.put(task, pull);
        if refused.is_before_pull && matches!(host, Some(Host::Fargate(_))) {
            self.never_pulls(task);
        }
        self.note_images(|it| it.n_refused += 1);
        self.queue.schedule(self.now + after, Event::TaskFailedToStart(task, epoch));
    }

    /// Why a task's pull failed, if it did.
    pub(super) fn pull_failure(&self, task: TaskId) -> Option<Reason> {
        self.pulls.of(task, self.cluster.task(task).epoch)?.failure.clone()
    }

    /// How long the images of a task took, if any was pulled in the run.
    pub(super) fn pulled_for(&self, task: TaskId) -> Option<SimDuration> {
        self.pulls.of(task, self.cluster.task(task).epoch)?.took
    }

    /// Writes down something about images, while measured.
    pub(super) fn note_images(&mut self, note: impl FnOnce(&mut ImageRecord)) {
        if self.recorder.is_measured(self.now) {
            note(self.recorder.images());
        }
    }

    /// The end of the run: what is on its way has come in part.
    pub(super) fn close_pulls(&mut self) {
        self.now = SimTime::ZERO + self.setup.horizon;
        for idx in 0..self.pulls.of_task.len() {
            self.abort_pulls(TaskId::from_idx(idx));
        }
    }

    /// The end of the run: what repositories stored.
    pub(super) fn close_registry(&mut self) {
        let until = self.now;
        self.pulls.registry.advance(until);
        let repositories = self.pulls.registry.record(until);
        let n_refused_pushes = self.pulls.registry.n_refused_pushes;
        let record = self.recorder.images();
        record.repositories = repositories;
        record.n_refused_pushes = n_refused_pushes;
    }
}

/// The instance that a task runs on.
fn instance_of(host: Host) -> Option<InstanceId> {
    match host {
        Host::Instance(instance) => Some(instance),
        Host::Fargate(_) => None,
    }
}
