//! Layers on their way: they begin to move when the registry has answered, and a
//! task goes on when the last of its images is there.

use std::sync::Arc;

use super::instance_of;
use crate::base::SimTime;
use crate::base::id::{Id as _, ImageId, InstanceId, TaskId};
use crate::images::pulling::{LayerToPull, LinkKey, LinkRates, PullKey};
use crate::model::repository::Location;
use crate::model::task::Host;
use crate::sim::event::Event;
use crate::sim::simulation::Simulation;
use crate::sim::watch::Watch;

/// What a task pulls over: its instance, or its machine on Fargate.
pub(super) fn link_of(task: TaskId, host: Host) -> LinkKey {
    match host {
        Host::Instance(instance) => LinkKey(instance.number().into()),
        Host::Fargate(_) => LinkKey(1 << 32 | u64::from(task.number())),
    }
}

impl<W: Watch> Simulation<'_, W> {
    /// The registry has answered: what is missing begins to move.
    pub(in crate::sim) fn on_pull_answered(&mut self, task: TaskId) {
        let row = self.cluster.task(task);
        let host = row.host.expect("a task that pulls has a place");
        let cpu_units = self.cluster.definition(row.definition).needs.cpu.0;
        let (link, rates) = (link_of(task, host), self.link_rates(host, cpu_units));
        let is_lazy = self.is_lazy(task, host);
        for idx in 0..self.pulls.of_mut(task).images.len() {
            let pull = &self.pulls.of_mut(task).images[idx];
            let (image, is_cached, fallback) = (pull.image, pull.is_cached, pull.fallback);
            let wanted = self.setup.registry.images.compressed(image);
            if is_cached {
                self.note_images(|it| it.use_cached(wanted));
                self.note_image_there(task, idx, host);
                continue;
            }
            let mut missing = std::mem::take(&mut self.pulls.missing);
            self.missing_layers(host, image, &mut missing);
            let bytes = |missing: &[LayerToPull]| missing.iter().map(|it| it.compressed).sum::<u64>();
            let whole = bytes(&missing);
            let is_too_large = match self.reserve(task, idx, host, &missing) {
                None => false,
                Some(n_fitting) => {
                    // The first that the disk cannot take ends it.
                    missing.truncate(n_fitting + 1);
                    self.note_disk_full(task, idx, fallback);
                    true
                }
            };
            let comes = bytes(&missing);
            if is_lazy {
                let share = u64::from(self.setup.options.registry.lazy_load_share);
                let part = |bytes: u64| bytes / 1000 * share + bytes % 1000 * share / 1000;
                for layer in &mut missing {
                    layer.compressed = part(layer.compressed);
                    layer.uncompressed = part(layer.uncompressed);
                }
            }
            // The rest of a lazily loaded image comes while its containers run.
            let later = comes - bytes(&missing);
            self.note_images(|it| {
                it.n_pulls += u64::from(!is_too_large);
                it.bytes_wanted += wanted - (whole - comes);
            });
            if missing.is_empty() {
                self.pulls.missing = missing;
                self.note_image_there(task, idx, host);
                continue;
            }
            let slot = self.pulls.slot((task, idx));
            self.pulls.of_mut(task).images[idx].slot = Some(slot);
            let moves = self.pulls.under_way.begin(self.now, PullKey(slot as u64), link, rates, &missing);
            self.pulls.missing = missing;
            self.note_bytes(task, image, self.now, i128::from(moves) + i128::from(later));
        }
        self.await_downloads();
        self.look_whether_pulled(task);
    }

    /// An image does not fit: what the instance has under its name is used, if the
    /// agent goes on with it, or the task fails when what fits has come.
    fn note_disk_full(&mut self, task: TaskId, idx: usize, fallback: Option<ImageId>) {
        let name = self.lives.images_of(self.cluster.task(task))[idx].name.clone();
        let pull = self.pulls.of_mut(task);
        pull.images[idx].is_too_large = true;
        if fallback.is_none() {
            let why =
                format!("CannotPullContainerError: {name}: failed to extract layer: no space left on device");
            pull.failure.get_or_insert_with(|| Arc::from(why));
        }
        self.note_images(|it| it.n_refused += 1);
    }

    fn link_rates(&self, host: Host, cpu_units: u32) -> LinkRates {
        let options = &self.setup.options.registry;
        match instance_of(host) {
            None => LinkRates {
                download: options.fargate_pull_bandwidth,
                unpack: options.fargate_unpack_rate_of(cpu_units),
            },
            Some(instance) => {
                let instance_type = self.cluster.instance(instance).instance_type;
                let network = self.setup.instance_types[instance_type].network_bytes_per_second;
                let download = network.map_or(options.pull_bandwidth, |it| it.min(options.pull_bandwidth));
                LinkRates { download, unpack: options.unpack_rate }
            }
        }
    }

    /// Whether all images of a task are loaded lazily (developer guide,
    /// fargate-tasks-services: with an index of each, on Fargate with Linux).
    fn is_lazy(&self, task: TaskId, host: Host) -> bool {
        let row = self.cluster.task(task);
        let blueprint = self.cluster.definition(row.definition).blueprint.as_deref();
        let is_windows = blueprint.is_some_and(|it| it.platform.is_windows);
        let Some(pull) = self.pulls.of(task, row.epoch) else { return false };
        let images = &self.setup.registry.images.images;
        instance_of(host).is_none()
            && !is_windows
            && !self.lives.has_other_images(row)
            && pull.images.iter().all(|it| images[it.image].has_lazy_index)
    }

    /// One image of a task is there, or what of it could come.
    fn note_image_there(&mut self, task: TaskId, idx: usize, host: Host) {
        self.unreserve(task, idx, host);
        let pull = self.pulls.of_mut(task);
        pull.n_left -= 1;
        let of_image = &mut pull.images[idx];
        of_image.slot = None;
        let is_there = match (of_image.is_too_large, of_image.fallback) {
            (false, _) => true,
            (true, Some(fallback)) => {
                of_image.image = fallback;
                true
            }
            // Nothing is kept of an image that is not whole.
            (true, None) => false,
        };
        if let Some(instance) = instance_of(host).filter(|_| is_there) {
            self.keep_image(task, idx, instance);
        }
    }

    /// Layers have arrived.
    pub(in crate::sim) fn on_layers_arrived(&mut self, version: u32) {
        if version != self.pulls.version {
            return;
        }
        self.pulls.next_at = None;
        let mut done = std::mem::take(&mut self.pulls.done);
        done.clear();
        self.pulls.under_way.advance(self.now, &mut done);
        for key in &done {
            let slot = usize::try_from(key.0).expect("the number of a slot");
            let Some((task, idx)) = self.pulls.slots[slot].take() else { continue };
            self.pulls.free.push(slot);
            let host = self.cluster.task(task).host.expect("a task that pulls has a place");
            self.note_image_there(task, idx, host);
            self.look_whether_pulled(task);
        }
        self.pulls.done = done;
        self.await_downloads();
    }

    /// The queue hears when layers arrive next.
    fn await_downloads(&mut self) {
        let next_at = self.pulls.under_way.next_at();
        if next_at == self.pulls.next_at {
            return;
        }
        self.pulls.next_at = next_at;
        self.pulls.version = self.pulls.version.wrapping_add(1);
        if let Some(at) = next_at {
            self.queue.schedule(at.max(self.now), Event::LayersArrived(self.pulls.version));
        }
    }

    /// When the last image of a task is there its containers are next.
    fn look_whether_pulled(&mut self, task: TaskId) {
        let row = self.cluster.task(task);
        let epoch = row.epoch;
        let Some(pull) = self.pulls.of(task, epoch).filter(|it| it.n_left == 0 && it.took.is_none()) else {
            return;
        };
        let start = &self.lives.of(row).start;
        // Those of repositories that nobody describes come beside the others.
        let pulled_at = self.now.max(pull.began_at + start.pull);
        let took = pulled_at - pull.began_at;
        let (at, next) = match (&pull.failure, &start.failure) {
            (Some(_), _) => (self.now, Event::TaskFailedToStart(task, epoch)),
            (None, Some(_)) => (pulled_at + start.after_pull, Event::TaskFailedToStart(task, epoch)),
            (None, None) => (pulled_at + start.after_pull, Event::TaskStarted(task, epoch)),
        };
        let is_whole = pull.failure.is_none();
        self.pulls.of_mut(task).took = Some(took);
        if is_whole {
            self.note_images(|it| {
                it.pull_ms += took.millis();
                it.n_pulled_tasks += 1;
            });
        }
        self.queue.schedule(at, next);
    }

    /// A task is no longer wanted, or lost: what it pulls stops, and nothing of an
    /// image that is not whole is kept.
    #[inline]
    pub(in crate::sim) fn abort_pulls(&mut self, task: TaskId) {
        let pull = self.pulls.of_task.get(task.idx()).and_then(Option::as_ref);
        if pull.is_some_and(|it| it.images.iter().any(|it| it.slot.is_some())) {
            self.abort(task);
        }
    }

    #[inline(never)]
    fn abort(&mut self, task: TaskId) {
        let moves_since = self.pulls.of_mut(task).moves_since;
        let host = self.cluster.task(task).host;
        for idx in 0..self.pulls.of_mut(task).images.len() {
            let pull = &mut self.pulls.of_mut(task).images[idx];
            let (slot, image) = (pull.slot.take(), pull.image);
            let Some(slot) = slot else { continue };
            if let Some(host) = host {
                self.unreserve(task, idx, host);
            }
            let not_moved = self.pulls.under_way.abort(self.now, PullKey(slot as u64));
            self.pulls.slots[slot] = None;
            self.pulls.free.push(slot);
            self.note_bytes(task, image, moves_since, -i128::from(not_moved));
        }
        self.await_downloads();
    }

    /// An instance is gone: so is what was on its way to it.
    pub(in crate::sim) fn abort_pulls_on(&mut self, instance: InstanceId) {
        for idx in 0..self.cluster.tasks_on(instance).len() {
            self.abort_pulls(self.cluster.tasks_on(instance)[idx]);
        }
        self.pulls.forget_instance(instance);
    }

    /// Bytes of an image move to a task since `at`, or will not after all.
    fn note_bytes(&mut self, task: TaskId, image: ImageId, at: SimTime, bytes: i128) {
        let horizon = self.setup.horizon;
        self.recorder.images().note_moved(at, horizon, bytes);
        let add = |to: &mut u64| {
            *to = u64::try_from(i128::from(*to) + bytes).unwrap_or(0);
        };
        if let Some((_, deployment)) = self.service_of(task) {
            self.note_phase(task, deployment, |rollout| add(&mut rollout.pulled_bytes));
        }
        // Nothing is taken back of what was not counted.
        if !self.recorder.is_measured(at) {
            return;
        }
        let repository = self.setup.registry.images.images[image].repository;
        let is_elsewhere = match &self.setup.registry.repositories[repository].location {
            Location::Private { region, .. } => *region != self.setup.registry.own_region(),
            Location::Public { .. } => false,
        };
        let owner = self.cost_owner(task);
        let n_owners = self.setup.services.len() + 1;
        self.note_images(|it| {
            if bytes < 0 {
                add(&mut it.bytes_wanted);
            }
            add(&mut it.bytes_moved);
            if is_elsewhere {
                add(&mut it.bytes_from_other_regions);
            }
            it.bytes_of_owners.resize(n_owners, 0);
            add(&mut it.bytes_of_owners[owner]);
        });
    }
}
