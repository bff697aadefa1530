//! How many wanted tasks each task group has, and where: what `spread` and
//! `distinctInstance` count. Services have the first groups and are counted
//! always. A trace has a group for each of its batches, millions in all: they
//! are counted only where a rule of stand-alone tasks asks for it, and only while
//! they have tasks.

use rustc_hash::FxHashMap;

use crate::base::id::{GroupId, Id as _, InstanceId, ZoneId};

/// Tasks of one group with desired status RUNNING, waiting ones left out.
#[derive(Clone, Debug, Default)]
pub struct Group {
    /// Ascending by instance; no zero counts.
    by_instance: Vec<(InstanceId, u32)>,
    /// Once they were many, a bit for each instance that is there, so that most of
    /// those that are not need no search; empty before.
    is_there: Vec<u64>,
    /// By (attribute, value), in the order of the layout; empty while the
    /// group has no task.
    by_value: Vec<u32>,
    /// On Fargate, by zone; empty while the group has no task there.
    by_fargate_zone: Vec<u32>,
}

/// More instances than these are many.
const FEW_MAX: usize = 64;

impl PartialEq for Group {
    fn eq(&self, other: &Self) -> bool {
        let Self { by_instance, is_there: _, by_value, by_fargate_zone } = self;
        *by_instance == other.by_instance
            && *by_value == other.by_value
            && *by_fargate_zone == other.by_fargate_zone
    }
}

impl Eq for Group {}

impl Group {
    /// Its tasks on an instance.
    pub fn on_instance(&self, instance: InstanceId) -> u32 {
        if !self.is_there.is_empty() && !self.is_marked(instance) {
            return 0;
        }
        let idx = self.by_instance.binary_search_by_key(&instance, |it| it.0);
        idx.map_or(0, |idx| self.by_instance[idx].1)
    }

    /// The instances that have tasks of it, ascending, with how many.
    pub fn by_instance(&self) -> &[(InstanceId, u32)] {
        &self.by_instance
    }

    /// Its tasks by value of tracked attributes, in the order of the layout;
    /// empty if it has none.
    pub fn by_value(&self) -> &[u32] {
        &self.by_value
    }

    /// Its tasks on Fargate in a zone.
    pub fn on_fargate(&self, zone: ZoneId) -> u32 {
        self.by_fargate_zone.get(zone.idx()).copied().unwrap_or(0)
    }

    fn is_marked(&self, instance: InstanceId) -> bool {
        let (word, bit) = (instance.idx() / 64, instance.idx() % 64);
        self.is_there.get(word).is_some_and(|it| it >> bit & 1 == 1)
    }

    fn mark(&mut self, instance: InstanceId, is_there: bool) {
        let (word, bit) = (instance.idx() / 64, instance.idx() % 64);
        if self.is_there.len() <= word {
            self.is_there.resize(word + 1, 0);
        }
        self.is_there[word] = self.is_there[word] & !(1 << bit) | u64::from(is_there) << bit;
    }

    /// One more task on an instance.
    fn add_on(&mut self, instance: InstanceId) {
        match self.by_instance.binary_search_by_key(&instance, |it| it.0) {
            Ok(idx) => self.by_instance[idx].1 += 1,
            Err(idx) => {
                self.by_instance.insert(idx, (instance, 1));
                if !self.is_there.is_empty() {
                    self.mark(instance, true);
                } else if self.by_instance.len() > FEW_MAX {
                    (0..self.by_instance.len()).for_each(|it| self.mark(self.by_instance[it].0, true));
                }
            }
        }
    }

    /// One task less.
    fn take_from(&mut self, instance: InstanceId) {
        let idx = self.by_instance.binary_search_by_key(&instance, |it| it.0);
        let idx = idx.expect("the task was counted");
        self.by_instance[idx].1 -= 1;
        if self.by_instance[idx].1 == 0 {
            self.by_instance.remove(idx);
            if !self.is_there.is_empty() {
                self.mark(instance, false);
            }
        }
    }

    fn is_idle(&self) -> bool {
        self.by_instance.is_empty() && self.by_fargate_zone.iter().all(|&n| n == 0)
    }

    /// Holds nothing, and keeps its memory for the next that needs some.
    fn clear(&mut self) {
        self.by_instance.clear();
        self.is_there.clear();
        self.by_value.clear();
        self.by_fargate_zone.clear();
    }
}

/// The counts of all groups.
#[derive(Clone, Debug)]
pub(in crate::model) struct Groups {
    n_services: usize,
    counts_batches: bool,
    /// Of services, in their order, then of batches that have tasks.
    rows: Vec<Group>,
    /// Where a batch is counted. Only looked up.
    row_of: FxHashMap<GroupId, u32>,
    /// Rows behind the services' that nobody has.
    vacant: Vec<u32>,
}

impl Groups {
    pub(in crate::model) fn new(n_services: usize, counts_batches: bool) -> Self {
        Self {
            n_services,
            counts_batches,
            rows: vec![Group::default(); n_services],
            row_of: FxHashMap::default(),
            vacant: Vec::new(),
        }
    }

    fn row(&self, group: GroupId) -> Option<usize> {
        if group.idx() < self.n_services {
            return Some(group.idx());
        }
        self.row_of.get(&group).map(|it| *it as usize)
    }

    /// The counts of a group; `None` for a batch that has no tasks or is not
    /// counted.
    pub(in crate::model) fn get(&self, group: GroupId) -> Option<&Group> {
        self.row(group).map(|it| &self.rows[it])
    }

    /// Whether the tasks of this group are counted.
    pub(in crate::model) fn counts(&self, group: GroupId) -> bool {
        self.counts_batches || group.idx() < self.n_services
    }

    /// A row for a group that is counted.
    fn open(&mut self, group: GroupId) -> &mut Group {
        let row = self.row(group).unwrap_or_else(|| {
            let row = self.vacant.pop().unwrap_or_else(|| {
                self.rows.push(Group::default());
                u32::try_from(self.rows.len() - 1).expect("fewer than 2^32 groups have tasks")
            });
            self.row_of.insert(group, row);
            row as usize
        });
        &mut self.rows[row]
    }

    fn close_if_idle(&mut self, group: GroupId) {
        let Some(row) = self.row(group).filter(|&it| self.rows[it].is_idle()) else { return };
        self.rows[row].clear();
        if row >= self.n_services {
            self.row_of.remove(&group);
            self.vacant.push(u32::try_from(row).expect("it was one before"));
        }
    }

    /// One more wanted task on an instance, whose values are counted at these
    /// positions of a row of `n_values`.
    pub(in crate::model) fn add(
        &mut self,
        group: GroupId,
        instance: InstanceId,
        n_values: usize,
        positions: impl Iterator<Item = usize>,
    ) {
        if !self.counts(group) {
            return;
        }
        let row = self.open(group);
        row.add_on(instance);
        row.by_value.resize(n_values, 0);
        positions.for_each(|it| row.by_value[it] += 1);
    }

    /// One less.
    pub(in crate::model) fn take(
        &mut self,
        group: GroupId,
        instance: InstanceId,
        positions: impl Iterator<Item = usize>,
    ) {
        if !self.counts(group) {
            return;
        }
        let row = self.open(group);
        row.take_from(instance);
        positions.for_each(|it| row.by_value[it] -= 1);
        self.close_if_idle(group);
    }

    /// A task of the group is on an instance whose value of an attribute is
    /// counted elsewhere from now on.
    pub(in crate::model) fn move_value(&mut self, group: GroupId, before: usize, after: usize) {
        if self.counts(group) {
            let by_value = &mut self.open(group).by_value;
            by_value[before] -= 1;
            by_value[after] += 1;
        }
    }

    /// One more wanted task on Fargate in one of `n_zones`.
    pub(in crate::model) fn add_on_fargate(&mut self, group: GroupId, zone: ZoneId, n_zones: usize) {
        if self.counts(group) {
            let by_zone = &mut self.open(group).by_fargate_zone;
            by_zone.resize(n_zones, 0);
            by_zone[zone.idx()] += 1;
        }
    }

    /// One less.
    pub(in crate::model) fn take_on_fargate(&mut self, group: GroupId, zone: ZoneId) {
        if self.counts(group) {
            self.open(group).by_fargate_zone[zone.idx()] -= 1;
            self.close_if_idle(group);
        }
    }

    /// How many batches have rows: those that are counted and have tasks.
    pub(in crate::model) fn n_batches(&self) -> usize {
        self.row_of.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_has_a_row_while_it_has_tasks() {
        let mut groups = Groups::new(1, true);
        let (service, one, other) = (GroupId::new(0), GroupId::new(7), GroupId::new(8_000_000));
        let instance = InstanceId::new(3);
        groups.add(one, instance, 2, [0].into_iter());
        groups.add(one, instance, 2, [0].into_iter());
        groups.add_on_fargate(other, ZoneId::new(1), 3);
        assert_eq!(groups.get(one).map(|it| it.on_instance(instance)), Some(2));
        assert_eq!(groups.get(other).map(|it| it.on_fargate(ZoneId::new(1))), Some(1));
        groups.take(one, instance, [0].into_iter());
        assert_eq!(groups.get(one).map(|it| it.by_value().to_vec()), Some(vec![1, 0]));
        groups.take(one, instance, [0].into_iter());
        groups.take_on_fargate(other, ZoneId::new(1));
        assert_eq!((groups.get(one), groups.get(other)), (None, None));
        assert_eq!(groups.get(service), Some(&Group::default()), "a service has one always");
        groups.add(other, instance, 2, [1].into_iter());
        assert_eq!(groups.rows.len(), 3, "rows are used again");
    }

    #[test]
    fn many_instances_are_marked_and_few_are_not() {
        let mut groups = Groups::new(1, false);
        let (group, at) = (GroupId::new(0), InstanceId::new);
        let is_right = |groups: &Groups, there: &dyn Fn(u32) -> bool| {
            let row = groups.get(group).unwrap();
            (0..400).all(|it| row.on_instance(at(it)) == u32::from(there(it)))
        };
        for n in 0..200 {
            groups.add(group, at(2 * n), 0, std::iter::empty());
            assert!(is_right(&groups, &|it| it % 2 == 0 && it <= 2 * n), "{n}");
        }
        for n in 0..200 {
            groups.take(group, at(2 * n), std::iter::empty());
            assert!(is_right(&groups, &|it| it % 2 == 0 && it > 2 * n), "{n}");
        }
        assert_eq!(groups.get(group), Some(&Group::default()));
    }

    #[test]
    fn nobody_counts_what_nobody_asks_for() {
        let mut groups = Groups::new(1, false);
        let batch = GroupId::new(1);
        groups.add(batch, InstanceId::new(0), 1, [0].into_iter());
        groups.take(batch, InstanceId::new(0), [0].into_iter());
        assert_eq!(groups.get(batch), None);
        groups.add(GroupId::new(0), InstanceId::new(0), 1, [0].into_iter());
        assert_eq!(groups.get(GroupId::new(0)).map(|it| it.by_instance().len()), Some(1));
    }
}
