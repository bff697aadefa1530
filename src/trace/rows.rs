//! The rows of a trace, held as columns: what is usual, exact times and a task a
//! row, takes some ten bytes; a column that says the same in every row takes
//! none.

use std::sync::Arc;

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
    pub(super) asked: ArrivalColumns,
    rest: Rest,
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
    /// Adds a row at the end.
    #[inline]
    pub(super) fn push(&mut self, row: TraceRow) {
        let LifetimeRange { min, max, step } = row.lifetime;
        let slack = if max == SimDuration::FOREVER { min.millis() } else { max.millis() - min.millis() };
        self.asked.push(TaskArrival {
            at: row.arrival,
            lifetime: max,
            definition: row.definition,
            batch: row.batch,
        });
        let rest = &mut self.rest;
        rest.arrival_step.push(row.arrival_step.millis());
        rest.count.push(row.count.into());
        rest.slack.push(slack);
        rest.lifetime_step.push(step.millis());
        rest.is_coarse |= !row.is_one_arrival();
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
