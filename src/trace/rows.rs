//! The rows of a trace, held as columns: what is usual, exact times and a task a
//! row, takes some ten bytes; a column that says the same in every row takes
//! none.

use std::sync::Arc;

use super::builder::Batch;
use super::source::LifetimeRange;
use crate::base::id::TaskDefinitionId;
use crate::base::packed::PackedColumn;
use crate::base::{SimDuration, SimTime};
use crate::model::arrivals::{ArrivalColumns, Arrivals, TaskArrival};

/// Equal tasks of one batch that were asked for at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceRow {
    /// The moment, or the start of its time step.
    pub arrival: SimTime,
    /// How coarse `arrival` is: the true moment lies in
    /// `arrival .. arrival + arrival_step`. Zero if it is exact.
    pub arrival_step: SimDuration,
    /// Tasks of one batch arrive together and form a task group.
    pub batch: u32,
    /// How many tasks.
    pub count: u32,
    /// What each of them runs.
    pub definition: TaskDefinitionId,
    /// How long each of them runs.
    pub lifetime: LifetimeRange,
}

impl TraceRow {
    /// Whether nothing is left to draw, and the row is one task.
    fn is_one_arrival(&self) -> bool {
        self.count == 1 && self.arrival_step == SimDuration::ZERO && self.lifetime.known().is_some()
    }

    /// The same, and all steps are zero.
    fn is_usual(&self) -> bool {
        self.lifetime.step == SimDuration::ZERO && self.is_one_arrival()
    }
}

/// The rows in their order; a clone shares them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TraceRows {
    /// Of each row its moment, its longest lifetime, its definition and its
    /// batch.
    asked: Arrivals,
    rest: Arc<Rest>,
}

/// What else is said of each row; nearly always the same of all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Rest {
    arrival_step: PackedColumn,
    count: PackedColumn,
    /// How much shorter a task may run than its longest; where that is for ever,
    /// its shortest lifetime.
    slack: PackedColumn,
    lifetime_step: PackedColumn,
    /// Whether some row is not just one arrival that is known exactly.
    is_coarse: bool,
}

/// Rows while they are gathered.
#[derive(Debug, Default)]
pub(super) struct RowColumns {
    asked: ArrivalColumns,
    rest: Rest,
}

/// The rows of a part of a file, one after the other, in memory that serves one
/// part after the other. Definitions are numbered within the part.
#[derive(Debug, Default)]
pub(super) struct RowBuffer {
    pub(super) at: Vec<u64>,
    lifetime: Vec<u64>,
    pub(super) definition: Vec<u64>,
    /// What else is said of each row, from the first on of which it is not the
    /// usual.
    arrival_step: Vec<u64>,
    count: Vec<u64>,
    slack: Vec<u64>,
    lifetime_step: Vec<u64>,
    is_coarse: bool,
}

impl RowBuffer {
    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.at.len()
    }

    pub(super) fn clear(&mut self) {
        let Self { at, lifetime, definition, arrival_step, count, slack, lifetime_step, is_coarse } = self;
        for column in [at, lifetime, definition, arrival_step, count, slack, lifetime_step] {
            column.clear();
        }
        *is_coarse = false;
    }

    /// Takes the columns of a batch, but for the definitions, which are there: it is
    /// left with the memory of those that were here.
    pub(super) fn take(&mut self, batch: &mut Batch) {
        std::mem::swap(&mut self.at, &mut batch.at);
        std::mem::swap(&mut self.lifetime, &mut batch.lifetime);
        let Batch { shortest, lifetime_step, arrival_step, count, .. } = batch;
        let are_usual =
            |column: &[u64], usual: u64| column.iter().fold(0, |bits, it| bits | (*it ^ usual)) == 0;
        let for_ever = SimDuration::FOREVER.millis();
        let slack = |(longest, shortest): (&u64, &u64)| {
            if *longest == for_ever { *shortest } else { longest - shortest }
        };
        self.slack.extend(self.lifetime.iter().zip(&*shortest).map(slack));
        if are_usual(&self.slack, 0)
            && are_usual(lifetime_step, 0)
            && are_usual(arrival_step, 0)
            && are_usual(count, 1)
        {
            self.slack.clear();
            return;
        }
        let n_rows = self.len();
        self.slack.resize(n_rows, 0);
        for (mine, theirs, usual) in [
            (&mut self.lifetime_step, lifetime_step, 0),
            (&mut self.arrival_step, arrival_step, 0),
            (&mut self.count, count, 1),
        ] {
            mine.extend_from_slice(theirs);
            mine.resize(n_rows, usual);
        }
        let is_one_arrival = |idx: usize| {
            let is_known = self.lifetime[idx] == for_ever || (self.slack[idx] | self.lifetime_step[idx]) == 0;
            self.count[idx] == 1 && self.arrival_step[idx] == 0 && is_known
        };
        self.is_coarse = !(0..n_rows).all(is_one_arrival);
    }

    /// Adds a row at the end, whatever its batch.
    #[inline(always)]
    pub(super) fn push(&mut self, row: TraceRow) {
        let n_before = self.len();
        let slack = row.lifetime.slack();
        self.at.push(row.arrival.millis());
        self.lifetime.push(row.lifetime.max.millis());
        self.definition.push(row.definition.number().into());
        if self.count.is_empty() && slack == 0 && row.is_usual() {
            return;
        }
        if self.count.is_empty() {
            self.arrival_step.resize(n_before, 0);
            self.count.resize(n_before, 1);
            self.slack.resize(n_before, 0);
            self.lifetime_step.resize(n_before, 0);
        }
        self.arrival_step.push(row.arrival_step.millis());
        self.count.push(row.count.into());
        self.slack.push(slack);
        self.lifetime_step.push(row.lifetime.step.millis());
        self.is_coarse |= !row.is_one_arrival();
    }
}

impl TraceRows {
    /// How many there are.
    pub const fn len(&self) -> usize {
        self.asked.len()
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.asked.is_empty()
    }

    /// The row at this position.
    ///
    /// # Panics
    ///
    /// If there are not as many.
    pub fn get(&self, idx: usize) -> TraceRow {
        let TaskArrival { at, lifetime: max, definition, batch } = self.asked.get(idx);
        let slack = SimDuration::from_millis(self.rest.slack.get(idx));
        let min = if max == SimDuration::FOREVER {
            slack
        } else {
            SimDuration::from_millis(max.millis() - slack.millis())
        };
        TraceRow {
            arrival: at,
            arrival_step: SimDuration::from_millis(self.rest.arrival_step.get(idx)),
            batch,
            count: self.rest.count.get(idx) as u32,
            definition,
            lifetime: LifetimeRange {
                min,
                max,
                step: SimDuration::from_millis(self.rest.lifetime_step.get(idx)),
            },
        }
    }

    /// The rows in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = TraceRow> + '_ {
        (0..self.len()).map(|idx| self.get(idx))
    }

    /// How many tasks each stands for, in order.
    pub fn counts(&self) -> impl ExactSizeIterator<Item = u32> + '_ {
        self.rest.count.iter().map(|it| it as u32)
    }

    /// The rows as arrivals, if each of them is one that is known exactly.
    pub fn as_arrivals(&self) -> Option<&Arrivals> {
        (!self.rest.is_coarse).then_some(&self.asked)
    }

    /// How many rows begin before `end`.
    pub fn n_before(&self, end: SimTime) -> usize {
        self.asked.before(end).len()
    }
}

impl RowColumns {
    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.asked.at.len()
    }

    /// Makes room for so many more rows, as wide as those before.
    pub(super) fn reserve(&mut self, n_rows: usize) {
        let ArrivalColumns { at, lifetime, definition, behind } = &mut self.asked;
        [at, lifetime, definition, behind].into_iter().for_each(|it| it.reserve(n_rows));
    }

    /// Adds a row at the end.
    pub(super) fn push(&mut self, row: TraceRow) {
        self.asked.push(TaskArrival {
            at: row.arrival,
            lifetime: row.lifetime.max,
            definition: row.definition,
            batch: row.batch,
        });
        let rest = &mut self.rest;
        rest.arrival_step.push(row.arrival_step.millis());
        rest.count.push(row.count.into());
        rest.slack.push(row.lifetime.slack());
        rest.lifetime_step.push(row.lifetime.step.millis());
        rest.is_coarse |= !row.is_one_arrival();
    }

    /// Adds the rows of a part of the same file: their times counted from
    /// `zero`, their definitions those at their numbers in `definitions`, and so
    /// far behind their batches.
    pub(super) fn append(
        &mut self,
        part: &RowBuffer,
        zero: SimTime,
        definitions: &[u64],
        behind: &PackedColumn,
    ) {
        let asked = &mut self.asked;
        if zero == SimTime::ZERO {
            asked.at.extend_from_slice(&part.at);
        } else {
            asked.at.extend(part.at.iter().map(|it| it - zero.millis()));
        }
        let are_equal = (0..).zip(definitions).all(|(number, it)| number == *it);
        if are_equal {
            asked.definition.extend_from_slice(&part.definition);
        } else {
            asked.definition.extend(part.definition.iter().map(|it| definitions[*it as usize]));
        }
        asked.lifetime.extend_from_slice(&part.lifetime);
        asked.behind.append(behind);
        let rest = &mut self.rest;
        if part.count.is_empty() {
            let n_rows = part.len();
            let Rest { arrival_step, count, slack, lifetime_step, .. } = rest;
            for (column, usual) in [(arrival_step, 0), (count, 1), (slack, 0), (lifetime_step, 0)] {
                column.append(&PackedColumn::same(usual, n_rows));
            }
            return;
        }
        rest.arrival_step.extend_from_slice(&part.arrival_step);
        rest.count.extend_from_slice(&part.count);
        rest.slack.extend_from_slice(&part.slack);
        rest.lifetime_step.extend_from_slice(&part.lifetime_step);
        rest.is_coarse |= part.is_coarse;
    }

    pub(super) fn finish(mut self) -> TraceRows {
        let Rest { arrival_step, count, slack, lifetime_step, .. } = &mut self.rest;
        [arrival_step, count, slack, lifetime_step].into_iter().for_each(PackedColumn::shrink_to_fit);
        TraceRows { asked: self.asked.into(), rest: Arc::new(self.rest) }
    }
}

impl FromIterator<TraceRow> for TraceRows {
    fn from_iter<I: IntoIterator<Item = TraceRow>>(rows: I) -> Self {
        let mut columns = RowColumns::default();
        rows.into_iter().for_each(|row| columns.push(row));
        columns.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_stay_what_they_are() {
        let secs = SimDuration::from_secs;
        let row = TraceRow {
            arrival: SimTime::from_secs(5),
            arrival_step: SimDuration::ZERO,
            batch: 0,
            count: 1,
            definition: TaskDefinitionId::new(3),
            lifetime: LifetimeRange::exactly(secs(7)),
        };
        let open = LifetimeRange { min: secs(2), max: SimDuration::FOREVER, step: secs(300) };
        let rows = [
            row,
            TraceRow { batch: 1, ..row },
            TraceRow { batch: 1, lifetime: open, ..row },
            TraceRow { batch: 0, count: u32::MAX, arrival_step: secs(1), ..row },
            TraceRow {
                batch: 9,
                lifetime: LifetimeRange { min: secs(0), max: secs(9), step: secs(3) },
                ..row
            },
        ];
        for n in 0..=rows.len() {
            let held: TraceRows = rows[..n].iter().copied().collect();
            assert_eq!(held.iter().collect::<Vec<_>>(), rows[..n]);
            // What outlives the trace is known to do so.
            assert_eq!(held.as_arrivals().is_some(), n <= 3, "{n} rows");
        }
    }
}
