//! Images on their way to instances and tasks: what moves when, beside what
//! others pull (semantics 9.4, 2.4). The layers a link does not have are
//! downloaded, at most three of an image at the same time, and unpacked one after
//! the other in the order of the manifest, beside the downloads. The pulls of a
//! link share its bandwidth; a layer that two of them need is moved once, by the
//! one that began first.
//!
//! Nothing here schedules anything: the run asks when something happens next.
//! A pull that fails on the way, and what throttling does, are not told here.

use std::collections::BTreeSet;

use rustc_hash::FxHashMap;

use super::bandwidth::{Bandwidth, LINK_RATE_MAX, PullIdx};
use super::exact::{Bytes, Moment, Rate, bytes, whole_bytes};
use super::parallel_layers;
use crate::base::SimTime;
use crate::base::id::LayerId;

pub use super::parallel_layers::PARALLEL_LAYERS;

/// A layer that a link does not have.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LayerToPull {
    /// Which one; equal digests are one layer.
    pub layer: LayerId,
    /// What moves, in bytes.
    pub compressed: u64,
    /// What it takes on the disk, in bytes.
    pub uncompressed: u64,
}

/// How fast a link is; a rate of zero counts as one byte a second, one above
/// 2^40 as that.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LinkRates {
    /// Compressed bytes a second, shared by the pulls of the link.
    pub download: u64,
    /// Uncompressed bytes a second, of each pull.
    pub unpack: u64,
}

/// A pull, by a number that its caller gives it; no two that are under way at
/// the same time have the same.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct PullKey(pub u64);

/// What pulls come to, by a number that the caller gives it: an instance, or one
/// task on Fargate.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct LinkKey(pub u64);

/// All pulls that are under way.
#[derive(Clone, Debug)]
pub struct Pulls {
    bandwidth: Bandwidth,
    pulls: FxHashMap<PullIdx, Pull>,
    by_key: FxHashMap<PullKey, PullIdx>,
    /// Layers that a pull under way needs, on their way or already there.
    layers: FxHashMap<(LinkKey, LayerId), LinkLayer>,
    /// When the layer that a pull unpacks is unpacked.
    unpacking: BTreeSet<(Moment, PullIdx)>,
    /// Complete, and not yet told.
    complete: BTreeSet<(SimTime, PullIdx)>,
    /// Everything until here has happened.
    now: Moment,
    n_begun: PullIdx,
    moved: Bytes,
    n_steps: u64,
    /// Memory of what is over, to be used again.
    vacant_layers: Vec<LinkLayer>,
    vacant_lists: Vec<(Vec<Layer>, Vec<u32>)>,
    /// Scratch memory.
    sizes: Vec<Bytes>,
    going_on: Vec<PullIdx>,
}

/// One image on its way to a link.
#[derive(Clone, Debug)]
struct Pull {
    key: PullKey,
    link: LinkKey,
    rates: LinkRates,
    /// In the order of the manifest, each layer once.
    layers: Vec<Layer>,
    /// How many of them, from the first, are unpacked.
    n_unpacked: usize,
    next: Next,
    /// The layers this pull moves, in the order in which they begin.
    order: Vec<u32>,
    moving: Option<Moving>,
    /// Since when it unpacks without a pause, how much by the end of the layer
    /// that is unpacked now or was last, and when that is.
    unpacks_since: Moment,
    unpacks: u64,
    unpacks_until: Moment,
}

/// What a pull knows of its layer.
#[derive(Clone, Debug)]
struct Layer {
    layer: LayerId,
    uncompressed: u64,
    /// Whether this pull moves it, and not one that began earlier.
    is_own: bool,
    /// What was left of it when its point was found; zero if it is not its own.
    left: Bytes,
    /// It is there when each pull of the link has been given so much.
    point: Bytes,
}

/// Where a pull is on its link.
#[derive(Clone, Copy, Debug)]
struct Moving {
    /// What each pull of the link had been given when the points were found.
    start: Bytes,
    /// What each will have been given when all is there.
    goal: Bytes,
    /// What it waits for now: a layer that could be unpacked then, or the goal.
    target: Bytes,
    /// The targets up to this one were reached, even where rounding has a little
    /// less.
    reached: Bytes,
}

/// What a pull waits for before its next layer is unpacked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Next {
    /// Its own download.
    Download,
    /// Another pull of the link that has this layer.
    Other(LayerId),
    /// The layer that is being unpacked.
    Unpack,
    /// Nothing: all layers have been there since then.
    Complete(SimTime),
}

/// A layer on a link.
#[derive(Clone, Debug)]
struct LinkLayer {
    /// The first that began of those that need it: it moves and unpacks it.
    owner: PullIdx,
    is_unpacked: bool,
    /// All that need it and are under way, ascending.
    users: Vec<PullIdx>,
    /// Those that go on when it is unpacked.
    waiting: Vec<PullIdx>,
}

impl Pulls {
    /// No pull yet. All links together get at most `registry_rate` bytes a second.
    pub fn new(registry_rate: Option<u64>) -> Self {
        Self {
            bandwidth: Bandwidth::new(registry_rate),
            pulls: FxHashMap::default(),
            by_key: FxHashMap::default(),
            layers: FxHashMap::default(),
            unpacking: BTreeSet::new(),
            complete: BTreeSet::new(),
            now: Moment::default(),
            n_begun: 0,
            moved: 0,
            n_steps: 0,
            vacant_layers: Vec::new(),
            vacant_lists: Vec::new(),
            sizes: Vec::new(),
            going_on: Vec::new(),
        }
    }

    /// A pull begins. `missing` are the layers that the link does not have, in
    /// the order of the manifest; one that another pull of the link has on its way
    /// or has unpacked already is waited for and not moved again, one that is
    /// named twice is moved once. The download rate is the link's from now on.
    /// Returns how many bytes this pull moves itself.
    ///
    /// # Panics
    ///
    /// If a pull of this key is under way, or time runs backward.
    pub fn begin(
        &mut self,
        now: SimTime,
        key: PullKey,
        link: LinkKey,
        rates: LinkRates,
        missing: &[LayerToPull],
    ) -> u64 {
        self.go_on_to(Moment::of(now));
        let idx = self.n_begun;
        self.n_begun += 1;
        assert!(self.by_key.insert(key, idx).is_none(), "a key has one pull at a time");
        let (mut layers, mut order) = self.vacant_lists.pop().unwrap_or_default();
        layers.clear();
        order.clear();
        let mut pull = Pull {
            key,
            link,
            rates: LinkRates { unpack: rates.unpack.clamp(1, LINK_RATE_MAX), ..rates },
            layers,
            n_unpacked: 0,
            next: Next::Download,
            order,
            moving: None,
            unpacks_since: self.now,
            unpacks: 0,
            unpacks_until: self.now,
        };
        for it in missing {
            let known = self.layers.entry((link, it.layer)).or_insert_with(|| {
                let vacant = self.vacant_layers.pop();
                let vacant = vacant.unwrap_or_else(|| LinkLayer {
                    owner: idx,
                    is_unpacked: false,
                    users: Vec::new(),
                    waiting: Vec::new(),
                });
                LinkLayer { owner: idx, is_unpacked: false, ..vacant }
            });
            // Nobody began later.
            if known.users.last() == Some(&idx) {
                continue;
            }
            known.users.push(idx);
            let is_own = known.owner == idx;
            if is_own {
                pull.order.push(pull.layers.len() as u32);
            }
            let left = if is_own { bytes(it.compressed) } else { 0 };
            pull.layers.push(Layer {
                layer: it.layer,
                uncompressed: it.uncompressed,
                is_own,
                left,
                point: 0,
            });
        }
        self.n_steps += pull.layers.len() as u64;
        let own = pull.layers.iter().map(|it| it.left).sum();
        self.pulls.insert(idx, pull);
        self.move_layers(idx);
        self.unpack_on(&[idx]);
        whole_bytes(own)
    }

    /// A pull is no longer wanted. What others of the link wait for is taken over
    /// by the first of them that began, with the bytes that are there; it unpacks
    /// the layer from its begin. Returns how many bytes nobody moves now that
    /// would have been moved. Nothing happens if no such pull is under way.
    ///
    /// # Panics
    ///
    /// If time runs backward.
    pub fn abort(&mut self, now: SimTime, key: PullKey) -> u64 {
        self.go_on_to(Moment::of(now));
        let Some(idx) = self.by_key.remove(&key) else { return 0 };
        self.take_stock(idx);
        let mut pull = self.pulls.remove(&idx).expect("a pull under way");
        if let Some(moving) = pull.moving.take() {
            self.bandwidth.stop(self.now, pull.link, idx, moving.target);
        }
        self.unpacking.remove(&(pull.unpacks_until, idx));
        if let Next::Complete(at) = pull.next {
            self.complete.remove(&(at, idx));
        }

        let mut not_moved = 0;
        let mut taken: Vec<(PullIdx, LayerId, Bytes)> = Vec::new();
        for it in &pull.layers {
            let known = self.layers.get_mut(&(pull.link, it.layer)).expect("a layer that a pull needs");
            known.users.retain(|it| *it != idx);
            match known.users.first() {
                None => {
                    retire(&mut self.layers, &mut self.vacant_layers, (pull.link, it.layer));
                    not_moved += it.left;
                }
                Some(&first) if known.owner == idx => {
                    known.owner = first;
                    if !known.is_unpacked {
                        taken.push((first, it.layer, it.left));
                    }
                }
                Some(_) => (),
            }
        }
        self.n_steps += pull.layers.len() as u64;
        taken.sort_unstable();
        let mut woken = Vec::new();
        for taken in taken.chunk_by(|one, other| one.0 == other.0) {
            let idx = taken[0].0;
            self.take_over(idx, taken);
            let waits_for_itself = match self.pulls[&idx].next {
                Next::Download => true,
                Next::Other(layer) => self.layers[&(pull.link, layer)].owner == idx,
                Next::Unpack | Next::Complete(_) => false,
            };
            if waits_for_itself {
                woken.push(idx);
            }
        }
        self.unpack_on(&woken);
        whole_bytes(not_moved)
    }

    /// When something happens next: a pull is complete then, or only one of its
    /// layers is there. `None` if no pull is under way.
    pub fn next_at(&self) -> Option<SimTime> {
        let told = self.complete.first().map(|it| it.0);
        let unpacked = self.unpacking.first().map(|it| it.0.millis_up());
        let downloaded = self.bandwidth.next_at().map(Moment::millis_up);
        [told, unpacked, downloaded].into_iter().flatten().min()
    }

    /// Adds the pulls that are complete by `now` and were not told before, in the
    /// order of the millisecond of their completion, then of their begin. Their
    /// layers are the caller's from now on.
    ///
    /// # Panics
    ///
    /// If time runs backward.
    pub fn advance(&mut self, now: SimTime, done: &mut Vec<PullKey>) {
        self.go_on_to(Moment::of(now));
        while let Some((_, idx)) = self.complete.pop_first() {
            let pull = self.pulls.remove(&idx).expect("a pull under way");
            self.by_key.remove(&pull.key);
            for it in &pull.layers {
                let known = self.layers.get_mut(&(pull.link, it.layer)).expect("a layer that a pull needs");
                known.users.retain(|it| *it != idx);
                if known.users.is_empty() {
                    retire(&mut self.layers, &mut self.vacant_layers, (pull.link, it.layer));
                }
            }
            self.n_steps += 1 + pull.layers.len() as u64;
            done.push(pull.key);
            self.vacant_lists.push((pull.layers, pull.order));
        }
    }

    /// How many pulls are under way, those that are complete and not told included.
    pub fn n_active(&self) -> usize {
        self.pulls.len()
    }

    /// Bytes that came over all links: those of downloads that are at an end, done
    /// or aborted.
    pub fn bytes_moved(&self) -> u64 {
        whole_bytes(self.moved)
    }

    /// How many pulls, layers, links and classes of links were looked at so far: a
    /// measure of work that knows no clock.
    pub fn n_steps(&self) -> u64 {
        self.n_steps + self.bandwidth.n_steps
    }

    /// Lets everything happen that happens until `now`, in order.
    fn go_on_to(&mut self, now: Moment) {
        assert!(now >= self.now, "time runs forward");
        loop {
            let unpacked = self.unpacking.first().copied();
            let downloaded = self.bandwidth.next();
            let is_unpacked = match (unpacked, downloaded) {
                (None, None) => break,
                (Some(unpacked), Some(downloaded)) => unpacked.0 <= downloaded.0,
                (unpacked, _) => unpacked.is_some(),
            };
            let (moment, idx) = if is_unpacked { unpacked } else { downloaded }.expect("one of both");
            if moment > now {
                break;
            }
            self.n_steps += 1;
            self.now = moment.max(self.now);
            if is_unpacked {
                self.unpacking.pop_first();
                self.unpacked(idx);
            } else {
                self.downloaded(idx);
            }
        }
        self.now = now;
    }

    /// The byte that a pull waits for is there.
    fn downloaded(&mut self, idx: PullIdx) {
        let pull = self.pulls.get_mut(&idx).expect("a pull under way");
        let moving = pull.moving.as_mut().expect("a pull that waits for a byte moves");
        moving.reached = moving.target;
        if moving.reached == moving.goal {
            self.stop_moving(idx);
        }
        if self.pulls[&idx].next == Next::Download {
            self.unpack_on(&[idx]);
        }
    }

    /// The layer that a pull unpacks is there: for all that wait for it.
    fn unpacked(&mut self, idx: PullIdx) {
        let pull = self.pulls.get_mut(&idx).expect("a pull under way");
        let layer = pull.layers[pull.n_unpacked].layer;
        pull.n_unpacked += 1;
        let known = self.layers.get_mut(&(pull.link, layer)).expect("a layer that a pull needs");
        known.is_unpacked = true;
        let mut go_on = std::mem::take(&mut self.going_on);
        go_on.clear();
        go_on.push(idx);
        // One that was aborted meanwhile is no longer there.
        let waits = |it: &PullIdx| self.pulls.get(it).is_some_and(|it| it.next == Next::Other(layer));
        go_on.extend(known.waiting.drain(..).filter(waits));
        self.unpack_on(&go_on);
        self.going_on = go_on;
    }

    /// Lets pulls go on to their next layer that has to be waited for.
    fn unpack_on(&mut self, go_on: &[PullIdx]) {
        for &idx in go_on {
            self.unpack_next(idx);
        }
    }

    fn unpack_next(&mut self, idx: PullIdx) {
        let now = self.now;
        let pull = self.pulls.get_mut(&idx).expect("a pull under way");
        pull.next = loop {
            self.n_steps += 1;
            let Some(layer) = pull.layers.get(pull.n_unpacked) else {
                self.complete.insert((now.millis_up(), idx));
                break Next::Complete(now.millis_up());
            };
            if !layer.is_own {
                let known =
                    self.layers.get_mut(&(pull.link, layer.layer)).expect("a layer that a pull needs");
                if known.is_unpacked {
                    pull.n_unpacked += 1;
                    continue;
                }
                known.waiting.push(idx);
                break Next::Other(layer.layer);
            }
            let is_there = pull.moving.is_none_or(|it| {
                it.reached >= layer.point || self.bandwidth.given(now, pull.link) >= layer.point
            });
            if !is_there {
                break Next::Download;
            }
            // Without a pause only the sum is rounded.
            if pull.unpacks_until != now {
                (pull.unpacks_since, pull.unpacks) = (now, 0);
            }
            pull.unpacks = pull.unpacks.saturating_add(layer.uncompressed);
            let rate = Rate::new(pull.rates.unpack, 1);
            pull.unpacks_until = rate.moment(pull.unpacks_since, bytes(pull.unpacks)).snapped().max(now);
            self.unpacking.insert((pull.unpacks_until, idx));
            break Next::Unpack;
        };
        let (next, Some(moving)) = (pull.next, &mut pull.moving) else { return };
        match next {
            Next::Complete(_) => self.stop_moving(idx),
            _ => {
                let target = match next {
                    Next::Download => pull.layers[pull.n_unpacked].point,
                    _ => moving.goal,
                };
                self.bandwidth.wait_for(pull.link, idx, moving.target, target);
                moving.target = target;
            }
        }
    }

    /// Finds the points of what is left to move of a pull that does not move, and
    /// lets it move.
    fn move_layers(&mut self, idx: PullIdx) {
        let pull = self.pulls.get_mut(&idx).expect("a pull under way");
        let sizes = &mut self.sizes;
        sizes.clear();
        sizes.extend(pull.order.iter().map(|&it| pull.layers[it as usize].left));
        let total: Bytes = sizes.iter().sum();
        self.n_steps += sizes.len() as u64;
        if total == 0 {
            return;
        }
        let start = self.bandwidth.start(self.now, pull.link, pull.rates.download, idx, total);
        let goal = start + total;
        // After how many bytes each is there does not depend on how fast they come; one
        // without bytes is there at once.
        let Pull { order, layers, .. } = pull;
        order.iter().for_each(|&it| layers[it as usize].point = start);
        parallel_layers::serve(sizes, Bytes::MAX, |idx, point| {
            layers[order[idx] as usize].point = start + point;
        });
        pull.moving = Some(Moving { start, goal, target: goal, reached: start });
    }

    /// Writes down what is left of each layer of a pull now, and how much has
    /// moved.
    fn take_stock(&mut self, idx: PullIdx) {
        let pull = self.pulls.get_mut(&idx).expect("a pull under way");
        let moved = match pull.moving {
            Some(it) => self.bandwidth.given(self.now, pull.link).max(it.reached).min(it.goal) - it.start,
            None => Bytes::MAX,
        };
        let left = &mut self.sizes;
        left.clear();
        left.extend(pull.order.iter().map(|&it| pull.layers[it as usize].left));
        parallel_layers::serve(left, moved, |_, _| ());
        for (&position, &mut left) in pull.order.iter().zip(left) {
            let layer = &mut pull.layers[position as usize];
            layer.left = left;
            // The link counts anew when nothing moves any more.
            if left == 0 {
                layer.point = 0;
            }
        }
        self.n_steps += pull.order.len() as u64;
        if pull.moving.is_some() {
            self.moved += moved;
        }
    }

    /// All bytes of a pull are there.
    fn stop_moving(&mut self, idx: PullIdx) {
        self.take_stock(idx);
        let pull = self.pulls.get_mut(&idx).expect("a pull under way");
        let moving = pull.moving.take().expect("a pull that moves");
        self.bandwidth.stop(self.now, pull.link, idx, moving.target);
    }

    /// A pull moves layers from now on that another has left, with what was left
    /// of each. Those on their way go on, the others are in the order of the
    /// manifest.
    fn take_over(&mut self, idx: PullIdx, taken: &[(PullIdx, LayerId, Bytes)]) {
        self.take_stock(idx);
        let pull = self.pulls.get_mut(&idx).expect("a pull under way");
        let is_left = |it: &u32| pull.layers[*it as usize].left > 0;
        let mut order: Vec<u32> = pull.order.iter().copied().filter(is_left).collect();
        let n_moving = order.len().min(PARALLEL_LAYERS);
        for (position, it) in pull.layers.iter_mut().enumerate() {
            if let Ok(found) = taken.binary_search_by_key(&it.layer, |it| it.1) {
                (it.is_own, it.left) = (true, taken[found].2);
                if it.left > 0 {
                    order.push(position as u32);
                }
            }
        }
        order[n_moving..].sort_unstable();
        pull.order = order;
        if let Some(moving) = pull.moving.take() {
            self.bandwidth.stop(self.now, pull.link, idx, moving.target);
        }
        self.move_layers(idx);
    }
}

/// Nobody needs a layer of a link any more.
fn retire(
    layers: &mut FxHashMap<(LinkKey, LayerId), LinkLayer>,
    vacant: &mut Vec<LinkLayer>,
    layer: (LinkKey, LayerId),
) {
    if let Some(mut retired) = layers.remove(&layer) {
        retired.waiting.clear();
        vacant.push(retired);
    }
}
