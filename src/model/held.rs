//! How many tasks hold room on instances that are billed, by whose they are and
//! what they run; and where that changed, for those who keep sums of their own.

use crate::base::id::{GroupId, Id as _, TaskDefinitionId};

/// Tasks that are alike: of one service, or stand-alone; of one definition;
/// wanted, or on their way out.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct HeldCell {
    /// Position of the service; the number of services for stand-alone tasks.
    pub owner: usize,
    /// What they run.
    pub definition: TaskDefinitionId,
    /// Whether their desired status is RUNNING.
    pub is_wanted: bool,
}

impl HeldCell {
    /// Its position among the cells where so many own tasks: definition by
    /// definition.
    pub fn position(self, n_owners: usize) -> usize {
        (self.definition.idx() * n_owners + self.owner) * 2 + usize::from(self.is_wanted)
    }
}

/// The counts of all cells.
#[derive(Clone, Debug)]
pub(in crate::model) struct Held {
    n_owners: usize,
    counts: Vec<Count>,
    /// Cells that changed since somebody asked, each once.
    changed: Vec<u32>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Count {
    n: u32,
    is_changed: bool,
}

impl Held {
    pub(in crate::model) fn new(n_services: usize, n_definitions: usize) -> Self {
        let mut held = Self { n_owners: n_services + 1, counts: Vec::new(), changed: Vec::new() };
        (0..n_definitions).for_each(|_| held.push_definition());
        held
    }

    /// One more definition.
    pub(in crate::model) fn push_definition(&mut self) {
        let n_cells = self.counts.len() + 2 * self.n_owners;
        assert!(u32::try_from(n_cells).is_ok(), "fewer than 2^32 cells");
        self.counts.resize(n_cells, Count::default());
    }

    fn position(&self, cell: HeldCell) -> usize {
        cell.position(self.n_owners)
    }

    fn cell(&self, position: usize) -> HeldCell {
        HeldCell {
            owner: position / 2 % self.n_owners,
            definition: TaskDefinitionId::from_idx(position / 2 / self.n_owners),
            is_wanted: position % 2 == 1,
        }
    }

    /// Services have the first groups, all other groups are of stand-alone tasks.
    fn of_group(&self, group: GroupId, definition: TaskDefinitionId, is_wanted: bool) -> usize {
        self.position(HeldCell { owner: group.idx().min(self.n_owners - 1), definition, is_wanted })
    }

    #[inline]
    pub(in crate::model) fn add(&mut self, group: GroupId, definition: TaskDefinitionId, is_wanted: bool) {
        self.count_from(self.of_group(group, definition, is_wanted), 1);
    }

    #[inline]
    pub(in crate::model) fn take(&mut self, group: GroupId, definition: TaskDefinitionId, is_wanted: bool) {
        self.count_from(self.of_group(group, definition, is_wanted), -1);
    }

    #[inline]
    fn count_from(&mut self, position: usize, more: i32) {
        let count = &mut self.counts[position];
        count.n = count.n.checked_add_signed(more).expect("what is taken was there");
        if !std::mem::replace(&mut count.is_changed, true) {
            self.changed.push(position as u32);
        }
    }

    pub(in crate::model) fn count(&self, cell: HeldCell) -> u32 {
        self.counts[self.position(cell)].n
    }

    /// The cells that hold any task, in a fixed order.
    pub(in crate::model) fn all(&self) -> impl Iterator<Item = (HeldCell, u32)> {
        let held = self.counts.iter().enumerate().filter(|it| it.1.n > 0);
        held.map(|(position, it)| (self.cell(position), it.n))
    }

    /// The cells that changed since the last time, by their positions, with their
    /// counts.
    pub(in crate::model) fn drain(&mut self, mut each: impl FnMut(usize, u32)) {
        while let Some(position) = self.changed.pop() {
            let position = position as usize;
            let count = &mut self.counts[position];
            count.is_changed = false;
            each(position, count.n);
        }
    }

    /// Whether the counts are the same, whatever was asked of them.
    pub(in crate::model) fn has_counts_of(&self, other: &Self) -> bool {
        self.counts.iter().map(|it| it.n).eq(other.counts.iter().map(|it| it.n))
    }
}
