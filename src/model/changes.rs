//! Which instances changed since somebody asked, for those who keep an order of
//! them: room, status, agent, attributes.

use crate::base::id::{Id as _, InstanceId};

/// An instance that is not as it was.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct InstanceChange {
    /// Which one.
    pub id: InstanceId,
    /// Whether it is new, or says something else of itself than before: what
    /// expressions select and attributes have to be asked again.
    pub is_of_identity: bool,
}

/// The changes that nobody has asked for: each instance once, so that the list
/// is bounded where nobody asks.
#[derive(Clone, Debug, Default)]
pub(in crate::model) struct Changes {
    list: Vec<InstanceId>,
    noted: Vec<Noted>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Noted {
    Nothing,
    Room,
    Identity,
}

impl Changes {
    /// The room, the status or the agent of a known instance.
    pub(in crate::model) fn note(&mut self, id: InstanceId) {
        let noted = &mut self.noted[id.idx()];
        if *noted == Noted::Nothing {
            *noted = Noted::Room;
            self.list.push(id);
        }
    }

    /// An instance is new, or its attributes are others.
    pub(in crate::model) fn note_identity(&mut self, id: InstanceId) {
        if self.noted.len() <= id.idx() {
            self.noted.resize(id.idx() + 1, Noted::Nothing);
        }
        if std::mem::replace(&mut self.noted[id.idx()], Noted::Identity) == Noted::Nothing {
            self.list.push(id);
        }
    }

    pub(in crate::model) fn iter(&self) -> impl ExactSizeIterator<Item = InstanceChange> + '_ {
        let change = |&id: &InstanceId| {
            let is_of_identity = self.noted[id.idx()] == Noted::Identity;
            InstanceChange { id, is_of_identity }
        };
        self.list.iter().map(change)
    }

    pub(in crate::model) fn forget(&mut self) {
        for id in &self.list {
            self.noted[id.idx()] = Noted::Nothing;
        }
        self.list.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instance_is_told_once_and_with_the_more_that_changed() {
        let mut changes = Changes::default();
        let (a, b) = (InstanceId::new(0), InstanceId::new(1));
        let drained = |changes: &mut Changes| {
            let told: Vec<_> = changes.iter().map(|it| (it.id, it.is_of_identity)).collect();
            changes.forget();
            told
        };
        changes.note_identity(a);
        changes.note_identity(b);
        changes.note(a);
        assert_eq!(drained(&mut changes), [(a, true), (b, true)]);
        assert_eq!(drained(&mut changes), []);
        changes.note(b);
        changes.note(b);
        changes.note(a);
        changes.note_identity(a);
        assert_eq!(drained(&mut changes), [(b, false), (a, true)]);
    }
}
