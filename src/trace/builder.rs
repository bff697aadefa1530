//! Rows as a file names them become rows of a [`Trace`]: batches and definitions
//! numbered in the order of their first row, the order of time watched over.

use rustc_hash::FxHashMap;

use super::csv_rows::{Fault, Rows};
use super::rows::{RowColumns, TraceRow};
use super::source::{LifetimeRange, Trace};
use crate::base::id::TaskDefinitionId;
use crate::base::{SimDuration, SimTime, Table};
use crate::model::task::{Needs, TaskDefinition};

/// A row whose batch and needs have the names of the file still.
pub(super) struct UnnumberedRow {
    pub(super) arrival: SimTime,
    pub(super) arrival_step: SimDuration,
    /// `None` if the row is a batch of its own.
    pub(super) batch: Option<u64>,
    pub(super) count: u32,
    pub(super) needs: Needs,
    pub(super) lifetime: LifetimeRange,
}

/// Numbers batches and definitions in the order of their first row, and watches
/// over the order of time.
#[derive(Default)]
pub(super) struct TraceBuilder {
    interner: Interner,
    batches: FxHashMap<u64, u32>,
    rows: RowColumns,
    last_arrival: SimTime,
    n_batches: u32,
    n_tasks: u32,
    is_unsorted: bool,
}

impl TraceBuilder {
    /// Adds the row that `rows` stands on; a fault of order is kept there, at
    /// the column of the `arrival`.
    pub(super) fn push(&mut self, rows: &mut Rows<'_>, arrival: usize, row: UnnumberedRow) {
        let previous = std::mem::replace(&mut self.last_arrival, row.arrival);
        if row.arrival < previous && !self.is_unsorted {
            // Told once: the rest of an unsorted file is no news.
            self.is_unsorted = true;
            let message =
                format!("arrives at {} after a row of {previous}, expected ascending times", row.arrival);
            let help = Some("sort the rows by time, keeping the order of equal times");
            rows.fault(arrival, Fault { help, ..Fault::new("B0215", message) });
        }
        let Some(n_tasks) = self.n_tasks.checked_add(row.count) else {
            rows.fault(arrival, Fault::new("B0212", "more than 4294967295 tasks up to this row".to_owned()));
            return;
        };
        self.n_tasks = n_tasks;
        // A batch has a task at least, so there are not more of them.
        let next = self.n_batches;
        let batch = row.batch.map_or(next, |name| *self.batches.entry(name).or_insert(next));
        self.n_batches = next.max(batch + 1);
        if rows.is_faulty() {
            // The trace will not be given out: no need to hold it.
            return;
        }
        self.rows.push(TraceRow {
            arrival: row.arrival,
            arrival_step: row.arrival_step,
            batch,
            count: row.count,
            definition: self.interner.id(row.needs),
            lifetime: row.lifetime,
        });
    }

    /// Forgets the names of the batches so far: equal names from here on are
    /// other batches.
    pub(super) fn forget_batches(&mut self) {
        self.batches.clear();
    }

    pub(super) fn finish(self) -> Trace {
        Trace { definitions: self.interner.definitions, rows: self.rows.finish(), n_batches: self.n_batches }
    }
}

/// Gives equal needs one definition.
#[derive(Default)]
pub(super) struct Interner {
    pub(super) definitions: Table<TaskDefinitionId, TaskDefinition>,
    by_needs: FxHashMap<Needs, TaskDefinitionId>,
}

impl Interner {
    /// The definition with these needs. It is named after them, so that a trace
    /// is the same whichever form it was read from.
    pub(super) fn id(&mut self, needs: Needs) -> TaskDefinitionId {
        *self.by_needs.entry(needs).or_insert_with(|| {
            let name = format!("cpu{}-mem{}", needs.cpu.0, needs.memory.0);
            self.definitions.push(TaskDefinition::plain(name, needs))
        })
    }
}
