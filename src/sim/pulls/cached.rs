//! The images that instances keep: for whom, how much room they leave, and what
//! the agents' clean-up takes away.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{ImagePull, PullState, TaskPull, instance_of};
use crate::base::id::{Id as _, ImageId, InstanceId, LayerId, TaskId};
use crate::base::{SimDuration, SimTime};
use crate::images::behavior;
use crate::images::pulling::LayerToPull;
use crate::images::{CleanUpSettings, LayerCache};
use crate::model::agent::AgentSettings;
use crate::model::bill::BillOptions;
use crate::model::container::{EPHEMERAL_GIB, Platform};
use crate::model::image::{Content, Images};
use crate::model::repository::Wanted;
use crate::model::task::Host;
use crate::sim::event::Event;
use crate::sim::simulation::Simulation;
use crate::sim::watch::Watch;

/// The images of an instance.
#[derive(Default)]
pub(in crate::sim) struct InstanceImages {
    pub(super) cache: LayerCache,
    /// What it has under a name.
    names: BTreeMap<Arc<Wanted>, ImageId>,
    /// Images of stopped tasks, until their containers are removed.
    let_go_at: Vec<(SimTime, ImageId)>,
    is_clean_up_scheduled: bool,
    /// Layers on their way with how many images wait for each, and their bytes
    /// on disk.
    arriving: BTreeMap<LayerId, u32>,
    arriving_bytes: u64,
}

impl InstanceImages {
    /// The image that it has under a name.
    pub(super) fn named(&self, wanted: &Wanted) -> Option<ImageId> {
        self.names.get(wanted).copied()
    }

    /// An image, or of an index one of its images.
    pub(super) fn of_digest(&self, image: ImageId, images: &Images) -> Option<ImageId> {
        match &images.images[image].content {
            Content::Layers { .. } => Some(image).filter(|&it| self.cache.has(it)),
            Content::Index(children) => children.iter().copied().find(|&it| self.cache.has(it)),
        }
    }
}

impl PullState<'_> {
    /// The images of an instance, if it has any.
    pub(super) fn kept_on(&self, instance: InstanceId) -> Option<&InstanceImages> {
        self.kept.get(instance.idx())?.as_deref()
    }

    fn kept_on_mut(&mut self, instance: InstanceId) -> &mut InstanceImages {
        if self.kept.len() <= instance.idx() {
            self.kept.resize_with(instance.idx() + 1, || None);
        }
        self.kept[instance.idx()].get_or_insert_default()
    }

    /// An instance is gone with its disk.
    pub(in crate::sim) fn forget_instance(&mut self, instance: InstanceId) {
        if let Some(kept) = self.kept.get_mut(instance.idx()) {
            *kept = None;
        }
    }
}

impl<W: Watch> Simulation<'_, W> {
    pub(super) fn agent_of(&self, instance: InstanceId) -> AgentSettings {
        self.setup.providers[self.cluster.instance(instance).provider].agent.effective()
    }

    /// The layers of an image, from the first on.
    pub(super) fn layers_to_pull(&self, image: ImageId) -> impl Iterator<Item = LayerToPull> + '_ {
        layers_of(&self.setup.registry.images, image)
    }

    /// Layers of an image that are not where a task runs, each once.
    pub(super) fn missing_layers(&self, host: Host, image: ImageId, missing: &mut Vec<LayerToPull>) {
        let kept = instance_of(host).and_then(|it| self.pulls.kept_on(it));
        match kept {
            Some(kept) => kept.cache.missing(self.layers_to_pull(image), missing),
            None => LayerCache::default().missing(self.layers_to_pull(image), missing),
        }
    }

    /// How many there are.
    pub(super) fn n_missing(&mut self, host: Host, image: ImageId) -> u64 {
        let mut missing = std::mem::take(&mut self.pulls.missing);
        self.missing_layers(host, image, &mut missing);
        let n_missing = missing.len() as u64;
        self.pulls.missing = missing;
        n_missing
    }

    /// An image is on the instance, whole, for a task.
    pub(super) fn keep_image(&mut self, task: TaskId, idx: usize, instance: InstanceId) {
        let pull = self.pulls.of_mut(task);
        if pull.images[idx].is_held {
            return;
        }
        pull.images[idx].is_held = true;
        let (wanted, image) = (Arc::clone(&pull.images[idx].wanted), pull.images[idx].image);
        let setup = self.setup;
        let may_be_cleaned_up =
            behavior::entry_of(self.agent_of(instance).image_pull_behavior).may_be_cleaned_up;
        let now = self.now;
        let kept = self.pulls.kept_on_mut(instance);
        kept.cache.insert(now, image, layers_of(&setup.registry.images, image), may_be_cleaned_up);
        kept.cache.use_image(now, image);
        kept.names.insert(wanted, image);
        self.schedule_clean_up(instance);
    }

    /// Tasks that are found have been pulled for: their instances have the images,
    /// and the tags of their deployments are resolved.
    pub(in crate::sim) fn open_found_images(&mut self) {
        if self.setup.registry.repositories.is_empty() {
            return;
        }
        let found: Vec<(TaskId, Host)> =
            self.cluster.tasks().filter_map(|it| Some((it.0, it.1.host?))).collect();
        for (task, host) in found {
            let row = self.cluster.task(task);
            let epoch = row.epoch;
            let deployment = self.service_of(task).map(|it| it.1);
            let mut pull = Box::new(TaskPull {
                epoch,
                began_at: self.now,
                moves_since: self.now,
                ..TaskPull::default()
            });
            pull.took = Some(SimDuration::ZERO);
            for named in self.lives.images_of(row).to_vec() {
                // An image that is no longer in its repository is not known here.
                let Some(found) = self.pulls.registry.find(&named.wanted, self.now) else { continue };
                let platform = self.platform_of(task, host);
                let table = &self.setup.registry.images;
                let Some(image) = table.of_platform(found.image, platform) else { continue };
                if let Some(deployment) = deployment.filter(|_| named.resolves_digest) {
                    self.pulls.resolve(deployment, &named.wanted, found.image);
                }
                let wanted = named.wanted;
                pull.images.push(ImagePull::new(wanted, image, true));
            }
            let n_images = pull.images.len();
            self.pulls.put(task, pull);
            if let Some(instance) = instance_of(host) {
                (0..n_images).for_each(|idx| self.keep_image(task, idx, instance));
            }
        }
    }

    /// What the containers of a task run on.
    pub(super) fn platform_of(&self, task: TaskId, host: Host) -> Platform {
        match instance_of(host) {
            None => {
                let definition = self.cluster.definition(self.cluster.task(task).definition);
                definition.blueprint.as_deref().map_or_else(Platform::default, |it| it.platform)
            }
            Some(instance) => {
                let instance_type = self.cluster.instance(instance).instance_type;
                Platform { is_arm: self.setup.instance_types[instance_type].is_arm, is_windows: false }
            }
        }
    }

    /// A task has stopped: its containers refer to their images for a while.
    pub(in crate::sim) fn let_images_go(&mut self, task: TaskId, host: Host) {
        self.abort_pulls(task);
        let Some(pull) = self.pulls.of_task.get_mut(task.idx()).and_then(Option::take) else { return };
        if let Some(instance) = instance_of(host)
            && self.pulls.kept_on(instance).is_some()
            && cleans_up(self.agent_of(instance))
        {
            let until = self.now + self.agent_of(instance).engine_task_cleanup_wait_duration;
            let held = pull.images.iter().filter(|it| it.is_held).map(|it| (until, it.image));
            self.pulls.kept_on_mut(instance).let_go_at.extend(held);
        }
        self.pulls.retire(pull);
    }

    /// The next cycle of the agent's clean-up, where there is something to clean.
    fn schedule_clean_up(&mut self, instance: InstanceId) {
        let agent = self.agent_of(instance);
        if !cleans_up(agent) {
            return;
        }
        let launched_at = self.cluster.instance(instance).launched_at;
        let kept = self.pulls.kept_on_mut(instance);
        if kept.is_clean_up_scheduled || kept.cache.n_images() == 0 {
            return;
        }
        kept.is_clean_up_scheduled = true;
        // MODEL: cycles are counted from the launch.
        let interval = agent.image_cleanup_interval.millis();
        let n_cycles = (self.now - launched_at).millis() / interval + 1;
        let at = SimTime::from_millis(launched_at.millis() + n_cycles * interval);
        self.queue.schedule(at, Event::ImagesCleanedUp(instance));
    }

    /// A cycle of an agent's clean-up.
    pub(in crate::sim) fn on_images_cleaned_up(&mut self, instance: InstanceId) {
        if self.pulls.kept_on(instance).is_none() {
            return;
        }
        let settings = CleanUpSettings::of(self.agent_of(instance));
        let now = self.now;
        let kept = self.pulls.kept_on_mut(instance);
        kept.is_clean_up_scheduled = false;
        let InstanceImages { cache, names, let_go_at, .. } = kept;
        let_go_at.sort_unstable();
        let n_over = let_go_at.partition_point(|it| it.0 <= now);
        for (at, image) in let_go_at.drain(..n_over) {
            cache.let_go(at, image);
        }
        let removed = settings.map_or_else(Vec::new, |it| cache.clean_up(now, &it));
        if !removed.is_empty() {
            names.retain(|_, image| !removed.contains(image));
        }
        self.note_images(|it| it.n_cleaned_up += removed.len() as u64);
        self.schedule_clean_up(instance);
    }

    /// Sets room aside for layers that are to come to where a task runs. `Some` if
    /// the disk cannot take them all: how many it takes, and none is set aside.
    pub(super) fn reserve(
        &mut self,
        task: TaskId,
        idx: usize,
        host: Host,
        missing: &[LayerToPull],
    ) -> Option<usize> {
        let bytes = |gib: u32| u64::from(gib) << 30;
        let Some(instance) = instance_of(host) else {
            let definition = self.cluster.definition(self.cluster.task(task).definition);
            let gib = definition.blueprint.as_deref().map_or(EPHEMERAL_GIB, |it| it.ephemeral_gib);
            // Those of the task's other images are there already.
            let pull = self.pulls.of_mut(task);
            let others = pull.images.iter().flat_map(|it| &it.reserved).copied();
            let mut taken: BTreeSet<LayerId> = others.collect();
            let table = &self.setup.registry.images.layers;
            // Compressed layers stay beside the others (developer guide,
            // fargate-task-storage).
            let size = |it: LayerId| table[it].uncompressed.saturating_add(table[it].compressed);
            let mut used = taken.iter().map(|&it| size(it)).fold(0, u64::saturating_add);
            for (position, layer) in missing.iter().enumerate() {
                if taken.insert(layer.layer) {
                    used = used.saturating_add(size(layer.layer));
                }
                if used > bytes(gib) {
                    return Some(position);
                }
            }
            pull.images[idx].reserved = missing.iter().map(|it| it.layer).collect();
            return None;
        };
        let volume = match self.setup.bill.root_volume_gib {
            // One that is not billed is there nevertheless.
            0 => BillOptions::default().root_volume_gib,
            gib => gib,
        };
        let room = bytes(volume).saturating_sub(self.setup.options.registry.image_disk_reserved);
        let kept = self.pulls.kept_on_mut(instance);
        let mut used = kept.cache.bytes().saturating_add(kept.arriving_bytes);
        for (position, layer) in missing.iter().enumerate() {
            if !kept.arriving.contains_key(&layer.layer) {
                used = used.saturating_add(layer.uncompressed);
            }
            if used > room {
                return Some(position);
            }
        }
        for layer in missing {
            let users = kept.arriving.entry(layer.layer).or_default();
            *users += 1;
            if *users == 1 {
                kept.arriving_bytes += layer.uncompressed;
            }
        }
        self.pulls.of_mut(task).images[idx].reserved = missing.iter().map(|it| it.layer).collect();
        None
    }

    /// The layers of a task's image are no longer on their way.
    pub(super) fn unreserve(&mut self, task: TaskId, idx: usize, host: Host) {
        let Some(instance) = instance_of(host) else { return };
        let reserved = std::mem::take(&mut self.pulls.of_mut(task).images[idx].reserved);
        let table = &self.setup.registry.images.layers;
        let kept = self.pulls.kept_on_mut(instance);
        for layer in reserved {
            let Some(users) = kept.arriving.get_mut(&layer) else { continue };
            *users -= 1;
            if *users == 0 {
                kept.arriving.remove(&layer);
                kept.arriving_bytes -= table[layer].uncompressed;
            }
        }
    }
}

/// The layers of an image, from the first on.
fn layers_of(images: &Images, image: ImageId) -> impl Iterator<Item = LayerToPull> + '_ {
    images.layers_of(image).iter().map(|&layer| {
        let row = &images.layers[layer];
        LayerToPull { layer, compressed: row.compressed, uncompressed: row.uncompressed }
    })
}

/// Whether an agent ever removes an image.
fn cleans_up(agent: AgentSettings) -> bool {
    !agent.disable_image_cleanup && behavior::entry_of(agent.image_pull_behavior).may_be_cleaned_up
}
