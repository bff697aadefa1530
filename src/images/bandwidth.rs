//! Who gets how much: the pulls of a link share its download rate evenly, and
//! all links share what the registry gives, max-min fairly. No link gets more
//! than its own rate, and what one cannot use is there for the others.
//!
//! Nothing is updated pull by pull. A link counts the bytes that each of its
//! pulls has been given; links of equal rate are a class, which counts the bytes
//! that each of its links has been given. A pull that begins or ends changes its
//! own link and the rates of the classes, of which there are few.

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::FxHashMap;

use super::exact::{Bytes, Moment, Rate};
use super::pulling::LinkKey;

/// Faster links are no faster: a thousand times what any instance has.
pub(super) const LINK_RATE_MAX: u64 = 1 << 40;
/// A registry that gives more gives no more.
const REGISTRY_RATE_MAX: u64 = 1 << 60;

/// A pull, by the order in which pulls began.
pub(super) type PullIdx = u64;

/// The links on which something moves, and who waits for which byte.
#[derive(Clone, Debug)]
pub(super) struct Bandwidth {
    /// What all links together get at most, bytes a second.
    registry_rate: Option<u64>,
    /// By the rate of their links.
    classes: BTreeMap<u64, Class>,
    links: FxHashMap<LinkKey, Link>,
    /// How many links and classes were looked at or changed.
    pub(super) n_steps: u64,
}

/// Links of equal rate: each is given the same.
#[derive(Clone, Debug)]
struct Class {
    /// What each link gets since `since`.
    rate: Rate,
    since: Moment,
    /// What each link had been given then, on the clock of the class.
    given: Bytes,
    /// Each link, at what the clock shows when the next byte comes that one of
    /// its pulls waits for.
    next: BTreeSet<(Bytes, LinkKey)>,
}

/// A link with at least one pull that moves something.
#[derive(Clone, Debug)]
struct Link {
    /// Its class.
    rate: u64,
    /// What each pull had been given when the clock of the class showed `then`.
    given: Bytes,
    then: Bytes,
    /// The byte each pull waits for next, counted as `given` is.
    targets: BTreeSet<(Bytes, PullIdx)>,
}

impl Bandwidth {
    /// No link yet.
    pub(super) fn new(registry_rate: Option<u64>) -> Self {
        let registry_rate = registry_rate.map(|it| it.clamp(1, REGISTRY_RATE_MAX));
        Self { registry_rate, classes: BTreeMap::new(), links: FxHashMap::default(), n_steps: 0 }
    }

    /// A pull begins to move on a link of this rate, which every pull of the link
    /// has from now on. Returns what each pull of the link has been given so far,
    /// from where this one counts; it waits for the byte `n_bytes` further.
    pub(super) fn start(
        &mut self,
        now: Moment,
        link_key: LinkKey,
        rate: u64,
        pull: PullIdx,
        n_bytes: Bytes,
    ) -> Bytes {
        let rate = rate.clamp(1, LINK_RATE_MAX);
        let mut link = match self.links.remove(&link_key) {
            Some(mut link) => {
                self.leave(now, link_key, &mut link);
                link
            }
            None => Link { rate, given: 0, then: 0, targets: BTreeSet::new() },
        };
        link.rate = rate;
        link.targets.insert((link.given + n_bytes, pull));
        let start = link.given;
        self.enter(now, link_key, link);
        start
    }

    /// A pull has all its bytes, or no longer wants them; `target` is the byte it
    /// waited for.
    pub(super) fn stop(&mut self, now: Moment, link_key: LinkKey, pull: PullIdx, target: Bytes) {
        let mut link = self.links.remove(&link_key).expect("the link of a pull that moves");
        self.leave(now, link_key, &mut link);
        let was_there = link.targets.remove(&(target, pull));
        assert!(was_there, "a pull that moves waits for a byte");
        if link.targets.is_empty() {
            self.share_out(now);
        } else {
            self.enter(now, link_key, link);
        }
    }

    /// A pull waits for another byte than before.
    pub(super) fn wait_for(&mut self, link_key: LinkKey, pull: PullIdx, old: Bytes, new: Bytes) {
        if old == new {
            return;
        }
        self.n_steps += 1;
        let link = self.links.get_mut(&link_key).expect("the link of a pull that moves");
        let class = self.classes.get_mut(&link.rate).expect("the class of a link");
        let key = link.next();
        let was_there = link.targets.remove(&(old, pull));
        assert!(was_there, "a pull that moves waits for a byte");
        link.targets.insert((new, pull));
        if link.next() != key {
            class.next.remove(&(key, link_key));
            class.next.insert((link.next(), link_key));
        }
    }

    /// What each pull of the link has been given by `now`.
    pub(super) fn given(&self, now: Moment, link_key: LinkKey) -> Bytes {
        let link = &self.links[&link_key];
        link.given_at(self.classes[&link.rate].given_at(now))
    }

    /// Who gets the byte it waits for first, and when.
    pub(super) fn next(&self) -> Option<(Moment, PullIdx)> {
        let first = |class: &Class| class.next.first().map(|&(given, link)| (class.moment(given), link));
        let (moment, link) = self.classes.values().filter_map(first).min()?;
        let &(_, pull) = self.links[&link].targets.first().expect("something moves on a link");
        Some((moment, pull))
    }

    /// When the next byte comes that somebody waits for.
    pub(super) fn next_at(&self) -> Option<Moment> {
        let first = |class: &Class| class.next.first().map(|&(given, _)| class.moment(given));
        self.classes.values().filter_map(first).min()
    }

    /// Takes a link out of its class; its count is then up to date.
    fn leave(&mut self, now: Moment, link_key: LinkKey, link: &mut Link) {
        self.n_steps += 1;
        let class = self.classes.get_mut(&link.rate).expect("the class of a link");
        let was_there = class.next.remove(&(link.next(), link_key));
        assert!(was_there, "a class knows its links");
        let given = class.given_at(now);
        link.given = link.given_at(given);
        link.then = given;
        if class.next.is_empty() {
            self.classes.remove(&link.rate);
        }
    }

    fn enter(&mut self, now: Moment, link_key: LinkKey, mut link: Link) {
        self.n_steps += 1;
        let class = self.classes.entry(link.rate).or_insert_with(|| Class {
            rate: Rate::new(link.rate, 1),
            since: now,
            given: 0,
            next: BTreeSet::new(),
        });
        link.then = class.given_at(now);
        class.next.insert((link.next(), link_key));
        self.links.insert(link_key, link);
        self.share_out(now);
    }

    /// Gives each class its rate. From the slowest links up: a link whose rate is
    /// no more than an equal part of what is left gets its rate, all faster ones
    /// get that equal part.
    fn share_out(&mut self, now: Moment) {
        let Some(mut rest) = self.registry_rate else { return };
        let mut n_links: u64 = self.classes.values().map(|it| it.next.len() as u64).sum();
        let mut is_short = false;
        for (&link_rate, class) in &mut self.classes {
            self.n_steps += 1;
            let n_here = class.next.len() as u64;
            is_short |= u128::from(link_rate) * u128::from(n_links) > u128::from(rest);
            let rate = if is_short {
                Rate::new(rest, n_links)
            } else {
                rest -= link_rate * n_here;
                n_links -= n_here;
                Rate::new(link_rate, 1)
            };
            class.set_rate(now, rate);
        }
    }
}

impl Class {
    fn given_at(&self, now: Moment) -> Bytes {
        self.given + self.rate.moved(self.since, now)
    }

    fn moment(&self, given: Bytes) -> Moment {
        self.rate.moment(self.since, given.saturating_sub(self.given)).snapped()
    }

    fn set_rate(&mut self, now: Moment, rate: Rate) {
        if rate != self.rate {
            self.given = self.given_at(now);
            self.since = now;
            self.rate = rate;
        }
    }
}

impl Link {
    fn n_pulls(&self) -> Bytes {
        self.targets.len() as Bytes
    }

    /// What each pull has when the clock of the class shows `given`.
    fn given_at(&self, given: Bytes) -> Bytes {
        self.given + (given - self.then) / self.n_pulls()
    }

    /// What the clock of the class shows when the first target is reached.
    fn next(&self) -> Bytes {
        let &(target, _) = self.targets.first().expect("something moves on a link");
        self.then + target.saturating_sub(self.given) * self.n_pulls()
    }
}
