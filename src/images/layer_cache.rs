//! What an instance keeps of the images it pulled: layers once, whatever number of
//! images has them, and images until the agent's clean-up removes them (semantics
//! 9.4; agent README and source, engine/docker_image_manager.go). When a cycle of
//! the clean-up is due, and when a stopped task lets go of its images, is the
//! caller's to say.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use super::pulling::LayerToPull;
use crate::base::id::{ImageId, LayerId};
use crate::base::{SimDuration, SimTime};
use crate::model::agent::AgentSettings;

/// The images of an instance.
#[derive(Clone, Debug, Default)]
pub struct LayerCache {
    images: BTreeMap<ImageId, KeptImage>,
    /// Those of `images`, for look-up only.
    layers: FxHashMap<LayerId, KeptLayer>,
    /// Of all layers, uncompressed.
    bytes: u64,
    n_pulled: u64,
}

/// An image on the disk.
#[derive(Clone, Debug)]
struct KeptImage {
    /// Each once.
    layers: Vec<LayerId>,
    pulled_at: SimTime,
    /// The how manieth it was.
    ordinal: u64,
    last_used: SimTime,
    /// References of tasks that were not cleaned up.
    n_references: u32,
    may_be_cleaned_up: bool,
}

#[derive(Clone, Copy, Debug)]
struct KeptLayer {
    /// How many images have it.
    n_images: u32,
    uncompressed: u64,
}

/// What a cycle of the clean-up goes by.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CleanUpSettings {
    /// How many images are removed at most.
    pub n_images: u32,
    /// Images that were pulled no longer ago than this stay.
    pub minimum_age: SimDuration,
}

impl CleanUpSettings {
    /// Those of an agent; `None` if it cleans nothing up.
    pub fn of(settings: AgentSettings) -> Option<Self> {
        let settings = settings.effective();
        (!settings.disable_image_cleanup).then_some(Self {
            n_images: settings.num_images_delete_per_cycle,
            minimum_age: settings.image_minimum_cleanup_age,
        })
    }
}

impl LayerCache {
    /// Whether the image is there.
    pub fn has(&self, image: ImageId) -> bool {
        self.images.contains_key(&image)
    }

    /// Which of an image's layers are not there, each once, in the given order.
    /// `missing` is overwritten.
    pub fn missing(&self, layers: impl IntoIterator<Item = LayerToPull>, missing: &mut Vec<LayerToPull>) {
        missing.clear();
        for it in layers {
            if !self.layers.contains_key(&it.layer) && !missing.iter().any(|known| known.layer == it.layer) {
                missing.push(it);
            }
        }
    }

    /// An image has been pulled, with all its layers. One that was there already
    /// keeps the moment at which it came: the agent knows images by their digest,
    /// and pulling one again makes it no younger.
    pub fn insert(
        &mut self,
        now: SimTime,
        image: ImageId,
        layers: impl IntoIterator<Item = LayerToPull>,
        may_be_cleaned_up: bool,
    ) {
        if let Some(kept) = self.images.get_mut(&image) {
            kept.last_used = now;
            kept.may_be_cleaned_up &= may_be_cleaned_up;
            return;
        }
        let mut kept = KeptImage {
            layers: Vec::new(),
            pulled_at: now,
            ordinal: self.n_pulled,
            last_used: now,
            n_references: 0,
            may_be_cleaned_up,
        };
        self.n_pulled += 1;
        for it in layers {
            if kept.layers.contains(&it.layer) {
                continue;
            }
            kept.layers.push(it.layer);
            let layer = self.layers.entry(it.layer).or_insert_with(|| {
                self.bytes = self.bytes.saturating_add(it.uncompressed);
                KeptLayer { n_images: 0, uncompressed: it.uncompressed }
            });
            layer.n_images += 1;
        }
        self.images.insert(image, kept);
    }

    /// A task is started from the image. It is used now, and kept until
    /// [`Self::let_go`] is called as often.
    ///
    /// # Panics
    ///
    /// If the image is not there.
    pub fn use_image(&mut self, now: SimTime, image: ImageId) {
        let kept = self.images.get_mut(&image).expect("a task starts from an image that is there");
        kept.last_used = now;
        kept.n_references += 1;
    }

    /// The containers of a stopped task are removed: the image was used until now.
    ///
    /// # Panics
    ///
    /// If no task refers to the image.
    pub fn let_go(&mut self, now: SimTime, image: ImageId) {
        let kept = self.images.get_mut(&image).expect("an image that tasks refer to is kept");
        kept.last_used = now;
        kept.n_references = kept.n_references.checked_sub(1).expect("a reference is let go once");
    }

    /// One cycle of the clean-up: removes images to which no task refers and that
    /// were pulled longer ago than the least age, the least recently used first;
    /// among those, the one pulled first. Returns them in that order.
    pub fn clean_up(&mut self, now: SimTime, settings: &CleanUpSettings) -> Vec<ImageId> {
        let may_go = |it: &KeptImage| {
            let is_old = now.since(it.pulled_at) > settings.minimum_age;
            it.n_references == 0 && it.may_be_cleaned_up && is_old
        };
        let candidates = self.images.iter().filter(|it| may_go(it.1));
        let mut candidates: Vec<_> =
            candidates.map(|(&image, it)| (it.last_used, it.ordinal, image)).collect();
        candidates.sort_unstable();
        candidates.truncate(settings.n_images as usize);
        for it in &candidates {
            self.remove(it.2);
        }
        candidates.into_iter().map(|it| it.2).collect()
    }

    /// What the images take on the disk, in bytes, uncompressed.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// How many images there are.
    pub fn n_images(&self) -> usize {
        self.images.len()
    }

    fn remove(&mut self, image: ImageId) {
        let kept = self.images.remove(&image).expect("an image that is there");
        for layer in kept.layers {
            let found = self.layers.get_mut(&layer).expect("the layers of an image are there");
            found.n_images -= 1;
            if found.n_images == 0 {
                self.bytes = self.bytes.saturating_sub(found.uncompressed);
                self.layers.remove(&layer);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::base::{Domain, Seed};

    const HOUR: u64 = 3600;

    fn layer(number: u32) -> LayerToPull {
        LayerToPull { layer: LayerId::new(number), compressed: 1, uncompressed: 10 << number }
    }

    fn missing(cache: &LayerCache, layers: &[u32]) -> Vec<LayerToPull> {
        let mut missing = Vec::new();
        cache.missing(layers.iter().map(|&it| layer(it)), &mut missing);
        missing
    }

    fn at(seconds: u64) -> SimTime {
        SimTime::from_secs(seconds)
    }

    fn image(number: u32) -> ImageId {
        ImageId::new(number)
    }

    fn settings() -> CleanUpSettings {
        CleanUpSettings::of(AgentSettings::default()).unwrap()
    }

    #[test]
    fn a_shared_layer_stays_while_an_image_has_it() {
        let mut cache = LayerCache::default();
        cache.insert(at(0), image(0), [0, 1, 0].map(layer), true);
        cache.insert(at(1), image(1), [0, 2].map(layer), true);
        assert_eq!((cache.bytes(), cache.n_images()), (10 + 20 + 40, 2));
        assert_eq!(missing(&cache, &[0, 3, 2, 3]), [layer(3)]);
        cache.use_image(at(2), image(1));
        assert_eq!(cache.clean_up(at(2 * HOUR), &settings()), [image(0)]);
        assert_eq!((cache.bytes(), cache.has(image(0)), cache.has(image(1))), (10 + 40, false, true));
        assert_eq!(missing(&cache, &[0, 1, 2]), [layer(1)]);
    }

    #[test]
    fn an_image_goes_when_it_is_old_and_nobody_refers_to_it() {
        let mut cache = LayerCache::default();
        cache.insert(at(0), image(0), [layer(0)], true);
        assert_eq!(cache.clean_up(at(HOUR), &settings()), [], "an hour is not more than an hour");
        // Pulled again, it is as old as before.
        cache.insert(at(HOUR), image(0), [layer(0)], true);
        cache.use_image(at(HOUR), image(0));
        cache.use_image(at(HOUR), image(0));
        cache.let_go(at(2 * HOUR), image(0));
        assert_eq!(cache.clean_up(at(2 * HOUR), &settings()), []);
        cache.let_go(at(3 * HOUR), image(0));
        assert_eq!(cache.clean_up(at(3 * HOUR), &settings()), [image(0)]);
        assert_eq!((cache.bytes(), cache.n_images()), (0, 0));

        cache.insert(at(0), image(1), [layer(0)], false);
        assert_eq!(cache.clean_up(at(1000 * HOUR), &settings()), [], "prefer-cached keeps its images");
        let disabled = AgentSettings { disable_image_cleanup: true, ..AgentSettings::default() };
        assert_eq!(CleanUpSettings::of(disabled), None);
    }

    #[test]
    fn the_least_recently_used_go_first_and_no_more_than_a_cycle_removes() {
        let mut cache = LayerCache::default();
        for number in [3, 1, 4, 0, 6, 5, 2] {
            cache.insert(at(7), image(number), [layer(number)], true);
        }
        cache.use_image(at(9), image(1));
        cache.let_go(at(10), image(1));
        cache.use_image(at(8), image(6));
        cache.let_go(at(8), image(6));
        // Equal in use: in the order in which they were pulled.
        let first = cache.clean_up(at(2 * HOUR), &settings());
        assert_eq!(first, [3, 4, 0, 5, 2].map(image));
        assert_eq!(cache.clean_up(at(2 * HOUR), &settings()), [6, 1].map(image));
        assert_eq!(cache.clean_up(at(2 * HOUR), &settings()), []);
    }

    /// Whatever is done, the layers are those of the images that are there, and an
    /// image that is inserted and removed leaves nothing.
    #[test]
    fn the_disk_holds_the_layers_of_the_images_and_nothing_else() {
        for seed in 0..50 {
            let mut draws = Seed(seed).stream(Domain::TieBreak, 0);
            let layers_of: Vec<Vec<LayerToPull>> = (0..12)
                .map(|_| (0..draws.below(6)).map(|_| layer(draws.below(16) as u32)).collect())
                .collect();
            let mut cache = LayerCache::default();
            let mut kept: BTreeSet<u32> = BTreeSet::new();
            let mut references = [0_u32; 12];
            for step in 0..400 {
                let now = at(step * 60);
                let number = draws.below(12) as u32;
                match draws.below(4) {
                    0 => {
                        cache.insert(now, image(number), layers_of[number as usize].iter().copied(), true);
                        kept.insert(number);
                    }
                    1 if kept.contains(&number) => {
                        cache.use_image(now, image(number));
                        references[number as usize] += 1;
                    }
                    2 if references[number as usize] > 0 => {
                        cache.let_go(now, image(number));
                        references[number as usize] -= 1;
                    }
                    3 => {
                        for gone in cache.clean_up(now, &settings()) {
                            assert_eq!(references[gone.number() as usize], 0, "seed {seed}");
                            assert!(kept.remove(&gone.number()), "seed {seed}");
                        }
                    }
                    _ => (),
                }
                let there: BTreeSet<u32> =
                    kept.iter().flat_map(|&it| &layers_of[it as usize]).map(number_of).collect();
                let bytes: u64 = there.iter().map(|&it| layer(it).uncompressed).sum();
                assert_eq!((cache.bytes(), cache.layers.len()), (bytes, there.len()), "seed {seed}");
                let missing = missing(&cache, &Vec::from_iter(0..16));
                let missing: BTreeSet<u32> = missing.iter().map(number_of).collect();
                assert!((0..16).all(|it| there.contains(&it) != missing.contains(&it)), "seed {seed}");
            }
            // And back: when nobody refers to anything, all of it goes.
            for (number, &n_references) in references.iter().enumerate() {
                for _ in 0..n_references {
                    cache.let_go(at(400 * 60), image(number as u32));
                }
            }
            while !cache.clean_up(at(1000 * HOUR), &settings()).is_empty() {}
            assert_eq!((cache.bytes(), cache.n_images(), cache.layers.len()), (0, 0, 0), "seed {seed}");
        }
    }

    fn number_of(layer: &LayerToPull) -> u32 {
        layer.layer.number()
    }
}
