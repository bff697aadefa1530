//! Why tasks go to no instance, counted as [`placer::tally`] counts, without a look
//! at every instance each time: what ruled an instance out is known until it
//! changes.
//!
//! Known are the answers of the classes of equal tasks that asked last. Where an
//! answer may change without a change of the instance, nothing is known and every
//! instance is asked.

use crate::base::id::{Id as _, InstanceId, PlacementClassId};
use crate::model::instance::InstanceStatus;
use crate::placement::constraint::ConstraintKind;
use crate::placement::failure::{FailureReason, Tally};
use crate::placement::placer::{self, Rules};
use crate::placement::strategy::PlacementView;

/// Of so many classes the reasons are known at once.
const CLASSES_MAX: usize = 16;

/// The reasons that ruled instances out, and which instances have changed since.
#[derive(Clone, Debug, Default)]
pub struct KnownReasons {
    /// Instances that changed, in that order, behind `n_before` that nobody needs
    /// to know of any more.
    changed: Vec<InstanceId>,
    n_before: u64,
    /// So many are written down until somebody asks again.
    n_changed_max: usize,
    classes: Vec<OfClass>,
    n_asked: u64,
}

/// The reasons for the tasks of a class.
#[derive(Clone, Debug)]
struct OfClass {
    class: PlacementClassId,
    /// By instance; `None` if it would do, or is not the provider's.
    reasons: Vec<Option<FailureReason>>,
    tally: Tally,
    /// So many changes are in them.
    n_read: u64,
    /// When they were asked last.
    asked: u64,
}

impl KnownReasons {
    /// An instance changed; every change of the cluster must be told, each before
    /// the next question.
    pub fn note(&mut self, instance: InstanceId) {
        // Where nobody has asked for long, who does looks at all.
        if self.changed.len() < self.n_changed_max {
            self.changed.push(instance);
        } else if self.n_changed_max > 0 {
            self.forget();
            self.n_changed_max = 0;
        }
    }

    /// What [`placer::tally`] answers for the tasks of a class, which are asked for
    /// by the same rules every time.
    pub fn tally(&mut self, class: PlacementClassId, rules: &Rules<'_>, view: &PlacementView<'_>) -> Tally {
        if !depends_on_instance_alone(rules, view) {
            return placer::tally(rules, view);
        }
        if self.n_changed_max == 0 {
            self.forget();
        } else if self.changed.len() > self.n_changed_max / 2 {
            // Whoever is that far behind looks at all, and the others as well this once.
            self.forget();
        }
        self.n_changed_max = 2 * view.cluster.n_launched().max(64);
        self.n_asked += 1;
        let n_changes = self.n_before + self.changed.len() as u64;
        let known = self.classes.iter().position(|it| it.class == class);
        let is_new = known.is_none();
        let known = known.unwrap_or_else(|| self.room_for(class));
        let of_class = &mut self.classes[known];
        let unread = of_class.n_read.checked_sub(self.n_before).filter(|_| !is_new);
        let unread = unread.map(|it| &self.changed[usize::try_from(it).expect("a position")..]);
        match unread {
            Some(unread) => unread.iter().for_each(|&it| of_class.read(rules, view, it)),
            None => of_class.read_all(rules, view),
        }
        (of_class.n_read, of_class.asked) = (n_changes, self.n_asked);
        of_class.tally
    }

    /// What is known is out of date from now on.
    fn forget(&mut self) {
        self.n_before += self.changed.len() as u64 + 1;
        self.changed.clear();
    }

    /// The position of a class of which nothing is known yet, in place of the one
    /// that was not asked for longest.
    fn room_for(&mut self, class: PlacementClassId) -> usize {
        if self.classes.len() < CLASSES_MAX {
            let reasons = Vec::new();
            self.classes.push(OfClass { class, reasons, tally: Tally::default(), n_read: 0, asked: 0 });
            return self.classes.len() - 1;
        }
        let longest = (0..CLASSES_MAX).min_by_key(|&it| self.classes[it].asked);
        let longest = longest.expect("there are some");
        self.classes[longest].class = class;
        longest
    }
}

impl OfClass {
    /// Asks every instance of the provider.
    fn read_all(&mut self, rules: &Rules<'_>, view: &PlacementView<'_>) {
        self.tally = Tally::default();
        self.reasons.clear();
        self.reasons.resize(view.cluster.n_launched(), None);
        for &id in view.cluster.alive(rules.provider) {
            let reason = placer::likely_reason(rules, view, id);
            self.reasons[id.idx()] = reason;
            if let Some(reason) = reason {
                self.tally.add(reason);
            }
        }
    }

    /// Asks an instance again, or for the first time.
    fn read(&mut self, rules: &Rules<'_>, view: &PlacementView<'_>, id: InstanceId) {
        let instance = view.cluster.instance(id);
        if instance.provider != rules.provider {
            return;
        }
        let is_there = instance.status != InstanceStatus::Terminated;
        let now = if is_there { placer::likely_reason(rules, view, id) } else { None };
        if self.reasons.len() <= id.idx() {
            self.reasons.resize(id.idx() + 1, None);
        }
        let before = std::mem::replace(&mut self.reasons[id.idx()], now);
        if before == now {
            return;
        }
        if let Some(before) = before {
            self.tally.take(before);
        }
        if let Some(now) = now {
            self.tally.add(now);
        }
    }
}

/// Whether the answers of an instance change with the instance alone: nothing is
/// asked about the tasks on it.
fn depends_on_instance_alone(rules: &Rules<'_>, view: &PlacementView<'_>) -> bool {
    let is_static = |it| view.cluster.expression(it).is_static();
    let of_definition = &view.cluster.demands(view.definition).member_of;
    of_definition.iter().all(|&it| is_static(it))
        && rules.constraints.iter().all(|it| match it.kind() {
            ConstraintKind::MemberOf(expression) => is_static(expression),
            ConstraintKind::NoneOfGroup | ConstraintKind::Opaque => false,
        })
}
