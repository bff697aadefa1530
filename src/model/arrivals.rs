//! Stand-alone tasks that are asked for, held as columns: some ten bytes a task,
//! and one copy for a trace and all runs that meet it.

use std::sync::Arc;

use crate::base::id::{Id as _, TaskDefinitionId};
use crate::base::packed::PackedColumn;
use crate::base::{SimDuration, SimTime};

/// One stand-alone task that is asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TaskArrival {
    /// When it is asked for.
    pub at: SimTime,
    /// How long it runs once it is running; [`SimDuration::FOREVER`] if
    /// nothing ends it.
    pub lifetime: SimDuration,
    /// What it runs.
    pub definition: TaskDefinitionId,
    /// Its batch: tasks of one batch are one task group.
    pub batch: u32,
}

/// The tasks in the order of their times; equal times keep the order of the
/// trace. The position is the arrival number. A clone shares the columns.
#[derive(Clone, Debug, Default)]
pub struct Arrivals {
    columns: Arc<ArrivalColumns>,
    /// So many of the first rows.
    len: usize,
    /// What the numbers in the columns are counted from.
    first_definition: u32,
    first_batch: u32,
}

/// The columns of arrivals while they are gathered: all of one length, a cell
/// for each task.
#[derive(Clone, Debug, Default)]
pub struct ArrivalColumns {
    /// When it is asked for, in milliseconds; ascending.
    pub at: PackedColumn,
    /// How long it runs, in milliseconds.
    pub lifetime: PackedColumn,
    /// The number of its definition.
    pub definition: PackedColumn,
    /// Its position less its batch, modulo 2^32: the same in every row where
    /// each is a batch of its own, and then it takes no room.
    pub behind: PackedColumn,
}

impl Arrivals {
    /// How many tasks.
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether none is asked for.
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The task with this arrival number.
    ///
    /// # Panics
    ///
    /// If there are not as many.
    #[inline]
    pub fn get(&self, arrival: usize) -> TaskArrival {
        TaskArrival {
            at: self.at(arrival),
            lifetime: self.lifetime(arrival),
            definition: self.definition(arrival),
            batch: self.batch(arrival),
        }
    }

    /// When it is asked for; panics as [`get`](Self::get) does.
    #[inline]
    pub fn at(&self, arrival: usize) -> SimTime {
        self.check(arrival);
        SimTime::from_millis(self.columns.at.get(arrival))
    }

    /// How long it runs; panics as [`get`](Self::get) does.
    #[inline]
    pub fn lifetime(&self, arrival: usize) -> SimDuration {
        self.check(arrival);
        SimDuration::from_millis(self.columns.lifetime.get(arrival))
    }

    /// What it runs; panics as [`get`](Self::get) does.
    #[inline]
    pub fn definition(&self, arrival: usize) -> TaskDefinitionId {
        self.check(arrival);
        TaskDefinitionId::new(self.columns.definition.get(arrival) as u32 + self.first_definition)
    }

    /// Its batch; panics as [`get`](Self::get) does.
    #[inline]
    pub fn batch(&self, arrival: usize) -> u32 {
        self.check(arrival);
        // There are fewer than 2^32 arrivals, so what is cut off is nothing.
        (arrival as u32).wrapping_sub(self.columns.behind.get(arrival) as u32) + self.first_batch
    }

    /// The tasks in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = TaskArrival> + DoubleEndedIterator + '_ {
        (0..self.len).map(|arrival| self.get(arrival))
    }

    /// The last of them.
    pub fn last(&self) -> Option<TaskArrival> {
        self.len.checked_sub(1).map(|last| self.get(last))
    }

    /// Those that come before `end`, which share the columns.
    #[must_use]
    pub fn before(&self, end: SimTime) -> Self {
        let (mut lower, mut upper) = (0, self.len);
        while lower < upper {
            let middle = lower.midpoint(upper);
            if self.at(middle) < end {
                lower = middle + 1;
            } else {
                upper = middle;
            }
        }
        Self { len: lower, ..self.clone() }
    }

    /// The same tasks where so many definitions and batches stand before those
    /// that they name; they share the columns.
    #[must_use]
    pub fn moved_behind(self, n_definitions: usize, n_batches: u32) -> Self {
        Self {
            first_definition: self.first_definition + TaskDefinitionId::from_idx(n_definitions).number(),
            first_batch: self.first_batch + n_batches,
            ..self
        }
    }

    /// Adds a task at the end; it must not come before the last.
    pub fn push(&mut self, row: TaskArrival) {
        let is_view = self.len < self.columns.at.len() || self.first_definition > 0 || self.first_batch > 0;
        if is_view {
            // What others share stays as it is.
            *self = self.iter().collect();
        }
        Arc::make_mut(&mut self.columns).push(row);
        self.len += 1;
    }

    /// The bytes that the columns take, whoever shares them.
    pub fn n_bytes(&self) -> usize {
        let ArrivalColumns { at, lifetime, definition, behind } = &*self.columns;
        [at, lifetime, definition, behind].map(PackedColumn::n_bytes).iter().sum()
    }

    #[inline]
    fn check(&self, arrival: usize) {
        assert!(arrival < self.len, "arrival {arrival} of {}", self.len);
    }
}

impl ArrivalColumns {
    /// Adds a task at the end.
    ///
    /// # Panics
    ///
    /// If there are 2^32.
    #[inline]
    pub fn push(&mut self, row: TaskArrival) {
        let number = u32::try_from(self.at.len()).expect("fewer than 2^32 arrivals");
        self.at.push(row.at.millis());
        self.lifetime.push(row.lifetime.millis());
        self.definition.push(row.definition.number().into());
        self.behind.push(number.wrapping_sub(row.batch).into());
    }
}

impl FromIterator<TaskArrival> for Arrivals {
    fn from_iter<I: IntoIterator<Item = TaskArrival>>(rows: I) -> Self {
        let mut columns = ArrivalColumns::default();
        rows.into_iter().for_each(|row| columns.push(row));
        columns.into()
    }
}

impl From<Vec<TaskArrival>> for Arrivals {
    fn from(rows: Vec<TaskArrival>) -> Self {
        rows.into_iter().collect()
    }
}

impl From<ArrivalColumns> for Arrivals {
    fn from(mut columns: ArrivalColumns) -> Self {
        let len = columns.at.len();
        let ArrivalColumns { at, lifetime, definition, behind } = &mut columns;
        for column in [at, lifetime, definition, behind] {
            assert_eq!(column.len(), len, "a cell for each task");
            column.shrink_to_fit();
        }
        Self { len, columns: Arc::new(columns), ..Self::default() }
    }
}

impl PartialEq for Arrivals {
    fn eq(&self, other: &Self) -> bool {
        self.len == other.len && self.iter().eq(other.iter())
    }
}

impl Eq for Arrivals {}
