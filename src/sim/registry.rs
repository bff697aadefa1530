//! What is in the repositories at a moment: images, tags, and how many bytes of
//! layers are stored. Pushes are not events: whoever looks finds those that have
//! come until then.

use std::collections::{BTreeMap, BTreeSet};

use crate::base::id::{Id as _, ImageId, LayerId, RepositoryId};
use crate::base::{SimDuration, SimTime};
use crate::model::image::{Content, Images};
use crate::model::repository::{Push, Registry, Repository, Wanted, Which};
use crate::record::RepositoryRecord;

/// All repositories at a moment.
pub(super) struct RegistryState<'a> {
    registry: &'a Registry,
    /// Where storage begins to be measured.
    measured_from_ms: i64,
    horizon: SimDuration,
    repositories: Vec<RepositoryState>,
    /// What is written down of each.
    records: Vec<RepositoryRecord>,
    by_digest: BTreeMap<(RepositoryId, &'a str), ImageId>,
    next_push: usize,
    /// Pushes that an immutable tag refused.
    pub(super) n_refused_pushes: u64,
    /// Images that services of other clusters of the account need.
    pub(super) needed_elsewhere: BTreeSet<ImageId>,
}

/// One repository at a moment.
#[derive(Default)]
pub(super) struct RepositoryState {
    /// Images that it stores.
    pub(super) images: BTreeMap<ImageId, StoredImage>,
    tags: BTreeMap<String, ImageId>,
    /// Of a pull-through cache: what the upstream has under its tags, and which
    /// images it has at all.
    upstream_tags: BTreeMap<String, ImageId>,
    upstream_images: BTreeSet<ImageId>,
    /// When a tag was last compared with the upstream.
    checked_ms: BTreeMap<String, i64>,
    /// What can be pulled, and what is archived.
    storage: [Storage; 2],
    n_pushed: u64,
}

/// The layers of one storage class, each stored once.
#[derive(Default)]
struct Storage {
    /// How many images have a layer.
    layers: BTreeMap<LayerId, u32>,
    bytes: u64,
    since_ms: i64,
    byte_ms: u128,
}

const STANDARD: usize = 0;
const ARCHIVE: usize = 1;

/// An image that is stored.
#[derive(Clone, Debug)]
pub(super) struct StoredImage {
    /// When it was pushed or imported, and as the how-manieth of its repository.
    pub(super) pushed_at_ms: i64,
    pub(super) number: u64,
    pub(super) tags: Vec<String>,
    pub(super) last_pulled_ms: Option<i64>,
    /// Since when it is archived: it cannot be pulled.
    pub(super) archived_at_ms: Option<i64>,
}

/// What a pull through a cache does beside.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Found {
    /// The image, or an index of images.
    pub(super) image: ImageId,
    /// The upstream registry has to be asked.
    pub(super) asks_upstream: bool,
    /// It answers: the tag need not be compared again for a day.
    pub(super) is_checked: bool,
    /// The image comes into the cache with this pull.
    pub(super) is_import: bool,
}

/// What an image of a repository is called by.
#[derive(Clone, Copy)]
enum Called<'a> {
    Tag(&'a str),
    Digest(&'a str),
}

/// A tag of a pull-through cache is compared with its upstream once a day (ECR
/// user guide, pull-through-cache).
const UPSTREAM_CHECK_MS: i64 = 86_400_000;

impl<'a> RegistryState<'a> {
    /// As it is when a run begins.
    pub(super) fn new(registry: &'a Registry, measured_from: SimTime, horizon: SimDuration) -> Self {
        let names = registry.repositories.rows().iter().map(|it| it.name.as_str());
        let records = names.map(|it| RepositoryRecord::new(it, horizon)).collect();
        let repositories = registry.repositories.rows().iter().map(|_| RepositoryState::default()).collect();
        let measured_from_ms = millis(measured_from);
        let images = registry.images.images.iter();
        let by_digest = images.map(|(id, it)| ((it.repository, it.digest.as_str()), id)).collect();
        let mut state = Self {
            registry,
            measured_from_ms,
            horizon,
            repositories,
            records,
            by_digest,
            next_push: 0,
            n_refused_pushes: 0,
            needed_elsewhere: BTreeSet::new(),
        };
        state.advance(SimTime::ZERO);
        state
    }

    /// Takes in all pushes until `now`, those at this moment too.
    pub(super) fn advance(&mut self, now: SimTime) {
        let registry = self.registry;
        while let Some(push) = registry.pushes.get(self.next_push).filter(|it| it.at_ms <= millis(now)) {
            self.next_push += 1;
            self.push(push);
        }
    }

    fn push(&mut self, push: &Push) {
        let id = self.registry.images.images[push.image].repository;
        let repository = &self.registry.repositories[id];
        let state = &mut self.repositories[id.idx()];
        if repository.upstream.is_some() {
            state.upstream_images.insert(push.image);
            for tag in &push.tags {
                state.upstream_tags.insert(tag.clone(), push.image);
            }
            return;
        }
        let is_taken = |tag: &String| {
            let has_other = state.tags.get(tag).is_some_and(|it| *it != push.image);
            has_other && !repository.mutability.may_move(tag)
        };
        // ImageTagAlreadyExistsException: nothing of it is stored.
        if push.tags.iter().any(is_taken) {
            self.n_refused_pushes += u64::from(push.at_ms >= self.measured_from_ms);
            return;
        }
        state.store(push.image, &push.tags, push.at_ms, self.measured_from_ms, &self.registry.images);
        // What was there before the run is there at its begin.
        let at = SimTime::from_millis(u64::try_from(push.at_ms).unwrap_or(0));
        self.note_stored(id, at);
    }

    /// A repository stores from `at` on what it stores now.
    fn note_stored(&mut self, id: RepositoryId, at: SimTime) {
        let bytes = self.repositories[id.idx()].storage.iter().map(|it| it.bytes).sum();
        self.records[id.idx()].store(at, self.horizon, bytes);
    }

    /// A policy takes an image: it is expired, or archived.
    pub(super) fn note_taken(&mut self, id: RepositoryId, now: SimTime, is_archived: bool, is_lost: bool) {
        self.note_stored(id, now);
        let record = &mut self.records[id.idx()];
        record.take(now, is_lost);
        if millis(now) >= self.measured_from_ms {
            record.n_archived += u64::from(is_archived);
            record.n_expired += u64::from(!is_archived);
            record.n_lost += u64::from(is_lost);
        }
    }

    /// What a pull of `wanted` at `now` gets. `None`: `manifest unknown`.
    pub(super) fn find(&self, wanted: &Wanted, now: SimTime) -> Option<Found> {
        let which = match &wanted.which {
            Which::Tag(tag) => Called::Tag(tag),
            Which::Digest(digest) => Called::Digest(digest),
        };
        self.find_called(wanted.repository, which, now)
    }

    fn find_called(&self, id: RepositoryId, which: Called<'_>, now: SimTime) -> Option<Found> {
        let repository = &self.registry.repositories[id];
        let state = &self.repositories[id.idx()];
        let stored = |image: &ImageId| {
            state.images.get(image).is_some_and(|it| it.archived_at_ms.is_none()).then_some(*image)
        };
        let of_digest = |digest| self.by_digest.get(&(id, digest)).copied();
        let own = match which {
            Called::Tag(tag) => state.tags.get(tag).and_then(stored),
            Called::Digest(digest) => of_digest(digest).and_then(|it| stored(&it)),
        };
        let plain =
            own.map(|image| Found { image, asks_upstream: false, is_checked: false, is_import: false });
        let Some(upstream) = &repository.upstream else { return plain };
        let now_ms = millis(now);
        let is_due = match which {
            // What a digest names does not change.
            Called::Digest(_) => false,
            Called::Tag(tag) => state.checked_ms.get(tag).is_none_or(|it| now_ms - it > UPSTREAM_CHECK_MS),
        };
        if own.is_some() && !is_due {
            return plain;
        }
        if upstream.unreachable.iter().any(|it| (it.0..it.1).contains(&now_ms)) {
            return plain.map(|it| Found { asks_upstream: true, ..it });
        }
        let is_tag = matches!(which, Called::Tag(_));
        let there = match which {
            Called::Tag(tag) => state.upstream_tags.get(tag).copied(),
            Called::Digest(digest) => of_digest(digest).filter(|it| state.upstream_images.contains(it)),
        };
        match there {
            Some(image) => {
                let is_import = stored(&image).is_none();
                Some(Found { image, asks_upstream: true, is_checked: is_tag, is_import })
            }
            None => plain.map(|it| Found { asks_upstream: true, is_checked: is_tag, ..it }),
        }
    }

    /// The same with an image of an index that was found: a pull-through cache that
    /// does not have it asks its upstream for it.
    pub(super) fn with_child(&self, found: Found, child: ImageId, now: SimTime) -> Option<Found> {
        let id = self.registry.images.images[child].repository;
        let state = &self.repositories[id.idx()];
        let is_there = state.images.get(&child).is_some_and(|it| it.archived_at_ms.is_none());
        let Some(upstream) = &self.registry.repositories[id].upstream else { return Some(found) };
        if is_there || child == found.image {
            return Some(found);
        }
        let now_ms = millis(now);
        let is_reached = !upstream.unreachable.iter().any(|it| (it.0..it.1).contains(&now_ms));
        is_reached.then_some(Found { asks_upstream: true, is_import: true, ..found })
    }

    /// The same of an image that a tag was resolved to.
    pub(super) fn find_image(&self, image: ImageId, now: SimTime) -> Option<Found> {
        let row = &self.registry.images.images[image];
        self.find_called(row.repository, Called::Digest(&row.digest), now)
    }

    /// What each repository has stored until `now`.
    pub(super) fn record(&self, now: SimTime) -> Vec<RepositoryRecord> {
        let repositories = self.registry.repositories.iter().zip(&self.records).map(|((id, _), record)| {
            let [byte_ms, archived_byte_ms] = self.byte_millis(id, now);
            let bytes_at_end = self.stored_bytes(id);
            let mut record = RepositoryRecord { byte_ms, archived_byte_ms, bytes_at_end, ..record.clone() };
            record.stored_kib.advance(now);
            record
        });
        repositories.collect()
    }

    /// A pull of `wanted` got `found`, and of an index this image.
    pub(super) fn note_pulled(&mut self, wanted: &Wanted, found: Found, pulled: ImageId, now: SimTime) {
        let now_ms = millis(now);
        let state = &mut self.repositories[wanted.repository.idx()];
        if let (true, Which::Tag(tag)) = (found.is_checked, &wanted.which) {
            state.checked_ms.insert(tag.clone(), now_ms);
            state.store(
                found.image,
                std::slice::from_ref(tag),
                now_ms,
                self.measured_from_ms,
                &self.registry.images,
            );
        } else if found.is_import {
            state.store(found.image, &[], now_ms, self.measured_from_ms, &self.registry.images);
        }
        if pulled != found.image && found.is_import {
            state.store(pulled, &[], now_ms, self.measured_from_ms, &self.registry.images);
        }
        for image in [found.image, pulled] {
            if let Some(stored) = state.images.get_mut(&image) {
                stored.last_pulled_ms = Some(now_ms);
            }
        }
        self.note_stored(wanted.repository, now);
    }

    /// The images that were pulled, with the last time.
    pub(super) fn last_pulls(&self) -> impl Iterator<Item = (ImageId, i64)> + '_ {
        let images = self.repositories.iter().flat_map(|it| &it.images);
        images.filter_map(|(image, stored)| Some((*image, stored.last_pulled_ms?)))
    }

    /// Another cluster pulled an image.
    pub(super) fn learn_pull(&mut self, image: ImageId, at_ms: i64) {
        let repository = self.registry.images.images[image].repository;
        if let Some(stored) = self.repositories[repository.idx()].images.get_mut(&image) {
            stored.last_pulled_ms = stored.last_pulled_ms.max(Some(at_ms));
        }
    }

    /// Repositories with what is in them now.
    pub(super) fn repositories(
        &self,
    ) -> impl Iterator<Item = (RepositoryId, &'a Repository, &RepositoryState)> {
        let both = self.registry.repositories.iter().zip(&self.repositories);
        both.map(|((id, repository), state)| (id, repository, state))
    }

    /// Bytes of distinct layers that a repository has stored, and archived, times
    /// milliseconds, while measured and until `now`.
    pub(super) fn byte_millis(&self, id: RepositoryId, now: SimTime) -> [u128; 2] {
        let storage = &self.repositories[id.idx()].storage;
        [STANDARD, ARCHIVE]
            .map(|it| storage[it].byte_ms + storage[it].bytes_since(millis(now), self.measured_from_ms))
    }

    /// Bytes of distinct layers that a repository has stored now, archived ones
    /// left out.
    pub(super) fn stored_bytes(&self, id: RepositoryId) -> u64 {
        self.repositories[id.idx()].storage[STANDARD].bytes
    }

    /// Whether an image is in its repository, archived or not.
    pub(super) fn stores(&self, image: ImageId) -> bool {
        let id = self.registry.images.images[image].repository;
        self.repositories[id.idx()].images.contains_key(&image)
    }

    /// A tag that points to an image.
    pub(super) fn first_tag(&self, image: ImageId) -> Option<String> {
        let id = self.registry.images.images[image].repository;
        self.repositories[id.idx()].images.get(&image)?.tags.first().cloned()
    }

    /// Takes an image out of its repository, with its tags.
    pub(super) fn remove(&mut self, image: ImageId, now: SimTime) {
        let id = self.registry.images.images[image].repository;
        let state = &mut self.repositories[id.idx()];
        let Some(stored) = state.images.remove(&image) else { return };
        for tag in &stored.tags {
            state.tags.remove(tag);
        }
        let class = if stored.archived_at_ms.is_some() { ARCHIVE } else { STANDARD };
        let images = &self.registry.images;
        state.storage[class].take(images, image, millis(now), self.measured_from_ms);
    }

    /// Puts an image away: it can no longer be pulled.
    pub(super) fn archive(&mut self, image: ImageId, now: SimTime) {
        let id = self.registry.images.images[image].repository;
        let state = &mut self.repositories[id.idx()];
        let Some(stored) = state.images.get_mut(&image).filter(|it| it.archived_at_ms.is_none()) else {
            return;
        };
        stored.archived_at_ms = Some(millis(now));
        let images = &self.registry.images;
        state.storage[STANDARD].take(images, image, millis(now), self.measured_from_ms);
        state.storage[ARCHIVE].put(images, image, millis(now), self.measured_from_ms);
    }

    /// Those images of a repository that an index names which is there.
    pub(super) fn children_of(&self, image: ImageId) -> &[ImageId] {
        match &self.registry.images.images[image].content {
            Content::Index(children) => children,
            Content::Layers { .. } => &[],
        }
    }
}

impl Storage {
    fn bytes_since(&self, now_ms: i64, measured_from_ms: i64) -> u128 {
        let from = self.since_ms.max(measured_from_ms);
        u128::from(self.bytes) * u128::from(u64::try_from(now_ms - from).unwrap_or(0))
    }

    fn settle(&mut self, now_ms: i64, measured_from_ms: i64) {
        self.byte_ms += self.bytes_since(now_ms, measured_from_ms);
        self.since_ms = now_ms;
    }

    fn put(&mut self, images: &Images, image: ImageId, now_ms: i64, measured_from_ms: i64) {
        self.settle(now_ms, measured_from_ms);
        for &layer in images.layers_of(image) {
            let n_users = self.layers.entry(layer).or_default();
            *n_users += 1;
            if *n_users == 1 {
                self.bytes += images.layers[layer].compressed;
            }
        }
    }

    fn take(&mut self, images: &Images, image: ImageId, now_ms: i64, measured_from_ms: i64) {
        self.settle(now_ms, measured_from_ms);
        for &layer in images.layers_of(image) {
            let n_users = self.layers.get_mut(&layer).expect("a stored image has its layers stored");
            *n_users -= 1;
            if *n_users == 0 {
                self.layers.remove(&layer);
                self.bytes -= images.layers[layer].compressed;
            }
        }
    }
}

impl RepositoryState {
    /// Stores an image and points `tags` at it, away from where they pointed.
    fn store(&mut self, image: ImageId, tags: &[String], at_ms: i64, measured_from_ms: i64, images: &Images) {
        if !self.images.contains_key(&image) {
            self.n_pushed += 1;
            let stored = StoredImage {
                pushed_at_ms: at_ms,
                number: self.n_pushed,
                tags: Vec::new(),
                last_pulled_ms: None,
                archived_at_ms: None,
            };
            self.images.insert(image, stored);
            self.storage[STANDARD].put(images, image, at_ms, measured_from_ms);
        } else if let Some(stored) = self.images.get_mut(&image).filter(|it| it.archived_at_ms.is_some()) {
            // What is pushed or imported again can be pulled again (MODEL).
            stored.archived_at_ms = None;
            self.storage[ARCHIVE].take(images, image, at_ms, measured_from_ms);
            self.storage[STANDARD].put(images, image, at_ms, measured_from_ms);
        }
        for tag in tags {
            if let Some(before) = self.tags.insert(tag.clone(), image)
                && before != image
                && let Some(before) = self.images.get_mut(&before)
            {
                before.tags.retain(|it| it != tag);
            }
            let stored = self.images.get_mut(&image).expect("it is stored");
            if !stored.tags.contains(tag) {
                stored.tags.push(tag.clone());
            }
        }
    }
}

/// A moment as pushes count it.
pub(super) fn millis(at: SimTime) -> i64 {
    i64::try_from(at.millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::container::Platform;
    use crate::model::image::{Image, Layer};
    use crate::model::repository::{Location, TagMutability, Upstream};

    /// Two images of 10 and 30 bytes that share a layer of 4 bytes.
    fn registry(mutability: TagMutability, upstream: Option<Upstream>) -> Registry {
        let mut registry = Registry::default();
        let location = Location::Private { account: "1".into(), region: "r".into() };
        let repository =
            Repository { name: "web".into(), location, mutability, lifecycle_policy: None, upstream };
        let id = registry.repositories.push(repository);
        let layer = |digest: &str, compressed| Layer { digest: digest.into(), compressed, uncompressed: 0 };
        let layers = ["base", "one", "two"].iter().zip([4, 6, 26]);
        let layers: Vec<LayerId> =
            layers.map(|(digest, bytes)| registry.images.layers.push(layer(digest, bytes))).collect();
        for (digest, own) in [("a", 1), ("b", 2)] {
            let content =
                Content::Layers { layers: vec![layers[0], layers[own]], platform: Platform::default() };
            let image = Image { repository: id, digest: digest.into(), content, has_lazy_index: false };
            registry.images.images.push(image);
        }
        registry
    }

    fn push(at_ms: i64, image: u32, tags: &[&str]) -> Push {
        Push { at_ms, image: ImageId::new(image), tags: tags.iter().map(|it| (*it).to_owned()).collect() }
    }

    fn tag(tag: &str) -> Wanted {
        Wanted { repository: RepositoryId::new(0), which: Which::Tag(tag.to_owned()) }
    }

    fn digest(digest: &str) -> Wanted {
        Wanted { repository: RepositoryId::new(0), which: Which::Digest(digest.to_owned()) }
    }

    fn found(state: &RegistryState<'_>, wanted: &Wanted, at_ms: u64) -> Option<u32> {
        state.find(wanted, SimTime::from_millis(at_ms)).map(|it| it.image.number())
    }

    #[test]
    fn a_tag_moves_and_layers_are_stored_once() {
        let mut registry = registry(TagMutability::MUTABLE, None);
        registry.pushes = vec![push(-50, 0, &["1", "latest"]), push(100, 1, &["2", "latest"])];
        let mut state = RegistryState::new(&registry, SimTime::ZERO, SimDuration::from_secs(86_400));
        assert_eq!(found(&state, &tag("latest"), 0), Some(0));
        assert_eq!(found(&state, &tag("2"), 0), None);
        state.advance(SimTime::from_millis(99));
        assert_eq!(found(&state, &tag("2"), 99), None);
        state.advance(SimTime::from_millis(100));
        assert_eq!(found(&state, &tag("latest"), 100), Some(1));
        assert_eq!(found(&state, &tag("1"), 100), Some(0));
        assert_eq!(found(&state, &digest("a"), 100), Some(0));
        let id = RepositoryId::new(0);
        assert_eq!(state.stored_bytes(id), 36, "4 + 6 + 26");
        assert_eq!(state.byte_millis(id, SimTime::from_millis(110)), [10 * 100 + 36 * 10, 0]);
        state.remove(ImageId::new(0), SimTime::from_millis(110));
        assert_eq!((state.stored_bytes(id), found(&state, &tag("1"), 110)), (30, None));
        state.archive(ImageId::new(1), SimTime::from_millis(120));
        assert_eq!((state.stored_bytes(id), found(&state, &tag("latest"), 120)), (0, None));
        let at_130 = [1000 + 360 + 300, 300];
        assert_eq!(state.byte_millis(id, SimTime::from_millis(130)), at_130);
    }

    #[test]
    fn an_immutable_tag_refuses_the_whole_push() {
        let mutability = TagMutability { is_mutable: false, exclusions: vec!["latest".into()] };
        let mut registry = registry(mutability, None);
        registry.pushes =
            vec![push(0, 0, &["1", "latest"]), push(5, 1, &["latest", "1"]), push(6, 1, &["latest", "2"])];
        let mut state = RegistryState::new(&registry, SimTime::ZERO, SimDuration::from_secs(86_400));
        state.advance(SimTime::from_millis(5));
        assert_eq!((state.n_refused_pushes, found(&state, &tag("latest"), 5)), (1, Some(0)));
        state.advance(SimTime::from_millis(6));
        assert_eq!((state.n_refused_pushes, found(&state, &tag("latest"), 6)), (1, Some(1)));
    }

    #[test]
    fn a_cache_asks_its_upstream_once_a_day_and_serves_what_it_has_meanwhile() {
        const HOUR: i64 = 3_600_000;
        let upstream = Upstream { registry: "u".into(), unreachable: vec![(49 * HOUR, 60 * HOUR)] };
        let mut registry = registry(TagMutability::MUTABLE, Some(upstream));
        registry.pushes = vec![push(-1, 0, &["1"]), push(HOUR, 1, &["1"])];
        let mut state = RegistryState::new(&registry, SimTime::ZERO, SimDuration::from_secs(86_400));
        let id = RepositoryId::new(0);
        assert_eq!(state.stored_bytes(id), 0, "nothing is in the cache");
        let mut pull = |hours: i64| {
            let now = SimTime::from_millis(u64::try_from(hours * HOUR).unwrap());
            state.advance(now);
            let found = state.find(&tag("1"), now)?;
            state.note_pulled(&tag("1"), found, found.image, now);
            Some((found.image.number(), found.asks_upstream, found.is_import, state.stored_bytes(id)))
        };
        assert_eq!(pull(0), Some((0, true, true, 10)));
        assert_eq!(pull(24), Some((0, false, false, 10)), "a day is not over");
        assert_eq!(pull(25), Some((1, true, true, 36)), "it was moved upstream");
        assert_eq!(pull(48), Some((1, false, false, 36)));
        assert_eq!(pull(50), Some((1, true, false, 36)), "the upstream does not answer");
        assert_eq!(pull(61), Some((1, true, false, 36)), "so it is asked again");
        assert_eq!(pull(62), Some((1, false, false, 36)));
    }
}
