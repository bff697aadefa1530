//! Rows as a file names them become rows of a [`Trace`]: batches and definitions
//! numbered in the order of their first row, the order of time watched over.

use pulp::Arch;
use rustc_hash::FxHashMap;

use super::csv_rows::{Fault, Rows};
use super::rows::{RowBuffer, RowColumns, TraceRow};
use super::source::{LifetimeRange, Trace};
use crate::base::id::TaskDefinitionId;
use crate::base::packed::PackedColumn;
use crate::base::{CpuUnits, MemoryMib, SimDuration, SimTime, Table};
use crate::model::task::{Needs, TaskDefinition};

/// A row whose batch and needs have the names of the file still.
#[derive(Clone, Copy, Debug)]
pub(super) struct UnnumberedRow {
    /// As the file has it.
    pub(super) arrival: SimTime,
    pub(super) arrival_step: SimDuration,
    /// `None` if each row of the file is a batch of its own.
    pub(super) batch: Option<u64>,
    pub(super) count: u32,
    pub(super) needs: Needs,
    pub(super) lifetime: LifetimeRange,
}

/// What the times and the batches of a format mean.
#[derive(Clone, Copy, Default)]
pub(super) struct Reckoning {
    /// Whether the time of the first row is the zero of the trace.
    pub(super) starts_with_first_row: bool,
    /// Whether the name of a batch holds for one moment only.
    pub(super) names_last_a_moment: bool,
}

/// Rows of one part of a file, numbered within it. They have no fault and are in
/// the order of time.
#[derive(Default)]
pub(super) struct Part {
    /// The definitions are those of `needs`.
    rows: RowBuffer,
    /// What batches are called, of each row; none if each is one of its own.
    names: Vec<u64>,
    needs: Numbering,
    /// How many lines there are, whatever they hold.
    pub(super) n_lines: u64,
    n_tasks: u32,
    first_arrival: SimTime,
    last_arrival: SimTime,
}

/// Rows as columns of numbers, times in milliseconds. Of those beyond the first four
/// each may be left empty, where all rows say what is usual.
#[derive(Default)]
pub(super) struct Batch {
    pub(super) at: Vec<u64>,
    /// The longest.
    pub(super) lifetime: Vec<u64>,
    pub(super) cpu: Vec<u64>,
    pub(super) memory: Vec<u64>,
    /// The shortest, which is not above the longest; empty if it is the longest,
    /// or zero where that is for ever.
    pub(super) shortest: Vec<u64>,
    pub(super) lifetime_step: Vec<u64>,
    pub(super) arrival_step: Vec<u64>,
    pub(super) count: Vec<u64>,
    /// What batches are called.
    pub(super) names: Vec<u64>,
}

impl Part {
    /// Puts the rows of a batch, each of which is sound by itself, in the place of
    /// all; false if they do not belong behind each other.
    pub(super) fn take(&mut self, batch: &mut Batch) -> bool {
        self.clear();
        let (Some(first), Some(last)) = (batch.at.first(), batch.at.last()) else { return true };
        (self.first_arrival, self.last_arrival) = (SimTime::from_millis(*first), SimTime::from_millis(*last));
        let n_tasks = match batch.count[..] {
            [] => batch.at.len() as u64,
            ref counts => counts.iter().fold(0, |sum: u64, it| sum.saturating_add(*it)),
        };
        let Ok(n_tasks) = u32::try_from(n_tasks) else { return false };
        self.n_tasks = n_tasks;
        if !is_ascending(&batch.at) {
            return false;
        }
        self.names.extend_from_slice(&batch.names);
        self.needs.number_all(&batch.cpu, &batch.memory, &mut self.rows.definition);
        self.rows.take(batch);
        true
    }

    /// Takes all rows out; the memory stays for others.
    pub(super) fn clear(&mut self) {
        self.rows.clear();
        self.names.clear();
        self.needs.clear();
        (self.n_lines, self.n_tasks) = (0, 0);
    }

    /// Adds a row; false if it does not belong behind the others.
    #[inline(always)]
    pub(super) fn push(&mut self, row: UnnumberedRow) -> bool {
        if self.rows.len() == 0 {
            self.first_arrival = row.arrival;
        } else if row.arrival < self.last_arrival {
            return false;
        }
        self.last_arrival = row.arrival;
        let Some(n_tasks) = self.n_tasks.checked_add(row.count) else { return false };
        self.n_tasks = n_tasks;
        self.names.extend(row.batch);
        self.rows.push(TraceRow {
            arrival: row.arrival,
            arrival_step: row.arrival_step,
            batch: 0,
            count: row.count,
            definition: TaskDefinitionId::new(self.needs.number(row.needs)),
            lifetime: row.lifetime,
        });
        true
    }
}

/// Whether no number is less than the one before. They are below 2^63.
fn is_ascending(numbers: &[u64]) -> bool {
    // Without a branch for each, so that several are compared at once: the sign of
    // a difference is its highest bit.
    let difference = |(a, b): (&u64, &u64)| b.wrapping_sub(*a);
    let signs = || numbers.iter().zip(&numbers[1..]).map(difference).fold(0, |signs, it| signs | it);
    Arch::new().dispatch(signs) >> 63 == 0
}

/// Numbers batches and definitions in the order of their first row, and watches
/// over the order of time.
pub(super) struct TraceBuilder {
    reckoning: Reckoning,
    interner: Interner,
    batches: BatchNames,
    rows: RowColumns,
    /// The time that is the trace's zero, once it is known.
    zero: Option<SimTime>,
    last_arrival: SimTime,
    n_batches: u32,
    n_tasks: u32,
    is_unsorted: bool,
}

impl TraceBuilder {
    pub(super) fn new(reckoning: Reckoning) -> Self {
        Self {
            reckoning,
            interner: Interner::default(),
            batches: BatchNames { are_numbers: !reckoning.names_last_a_moment, ..BatchNames::default() },
            rows: RowColumns::default(),
            zero: (!reckoning.starts_with_first_row).then_some(SimTime::ZERO),
            last_arrival: SimTime::ZERO,
            n_batches: 0,
            n_tasks: 0,
            is_unsorted: false,
        }
    }

    /// Adds the row that `rows` stands on; a fault of order is kept there, at
    /// the column of the `arrival`.
    pub(super) fn push(&mut self, rows: &mut Rows<'_>, arrival: usize, row: UnnumberedRow) {
        let zero = *self.zero.get_or_insert(row.arrival);
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
        if self.reckoning.names_last_a_moment && row.arrival != previous {
            self.batches.forget();
        }
        let batch = self.number_batch(row.batch);
        if rows.is_faulty() {
            // The trace will not be given out: no need to hold it.
            return;
        }
        self.rows.push(TraceRow {
            arrival: SimTime::ZERO + row.arrival.since(zero),
            arrival_step: row.arrival_step,
            batch,
            count: row.count,
            definition: self.interner.id(row.needs),
            lifetime: row.lifetime,
        });
    }

    /// Makes room for so many more rows.
    pub(super) fn reserve(&mut self, n_rows: usize) {
        self.rows.reserve(n_rows);
    }

    /// Adds the rows of the next part of a file; false, and nothing is added, if
    /// some row of it is at fault when seen behind those before.
    pub(super) fn append(&mut self, part: &Part) -> bool {
        let n_rows = part.rows.len();
        if n_rows == 0 {
            return true;
        }
        let Some(n_tasks) = self.n_tasks.checked_add(part.n_tasks) else { return false };
        if part.first_arrival < self.last_arrival {
            return false;
        }
        let zero = *self.zero.get_or_insert(part.first_arrival);
        let definitions: Vec<u64> =
            part.needs.needs.iter().map(|it| self.interner.id(*it).number().into()).collect();
        let first_row = self.rows.len();
        if part.names.is_empty() {
            // A batch a row: those rows are behind it by as many as before.
            let behind = (first_row as u32).wrapping_sub(self.n_batches);
            self.rows.append(&part.rows, zero, &definitions, &PackedColumn::same(behind.into(), n_rows));
            self.n_batches += n_rows as u32;
        } else {
            let mut previous = self.last_arrival;
            let behind = part.names.iter().enumerate().map(|(idx, name)| {
                if self.reckoning.names_last_a_moment {
                    let arrival = SimTime::from_millis(part.rows.at[idx]);
                    if std::mem::replace(&mut previous, arrival) != arrival {
                        self.batches.forget();
                    }
                }
                let batch = self.batches.number(*name, self.n_batches);
                self.n_batches = self.n_batches.max(batch + 1);
                u64::from(((first_row + idx) as u32).wrapping_sub(batch))
            });
            let mut column = PackedColumn::new();
            column.extend(behind);
            self.rows.append(&part.rows, zero, &definitions, &column);
        }
        self.n_tasks = n_tasks;
        self.last_arrival = part.last_arrival;
        true
    }

    fn number_batch(&mut self, name: Option<u64>) -> u32 {
        // A batch has a task at least, so there are not more of them.
        let next = self.n_batches;
        let batch = name.map_or(next, |name| self.batches.number(name, next));
        self.n_batches = next.max(batch + 1);
        batch
    }

    pub(super) fn finish(self) -> Trace {
        Trace { definitions: self.interner.definitions, rows: self.rows.finish(), n_batches: self.n_batches }
    }
}

/// The numbers of batches by their names.
#[derive(Default)]
struct BatchNames {
    /// Whether all names so far are the numbers themselves, which need no table:
    /// so it is in files that this lab wrote.
    are_numbers: bool,
    numbers: FxHashMap<u64, u32>,
}

impl BatchNames {
    /// The number of the batch with this name, which is `next` if it is new.
    #[inline]
    fn number(&mut self, name: u64, next: u32) -> u32 {
        if self.are_numbers {
            if name <= u64::from(next) {
                return name as u32;
            }
            self.are_numbers = false;
            self.numbers = (0..next).map(|it| (u64::from(it), it)).collect();
        }
        *self.numbers.entry(name).or_insert(next)
    }

    /// Forgets the names so far: equal ones from here on are other batches.
    fn forget(&mut self) {
        self.numbers.clear();
    }
}

/// Different needs in the order in which they are first seen.
#[derive(Default)]
struct Numbering {
    needs: Vec<Needs>,
    by_needs: FxHashMap<Needs, u32>,
    /// Where those that were seen last are found without the table: by a few
    /// bits of their CPU and memory.
    recent: Vec<(u64, u32)>,
}

impl Numbering {
    const N_RECENT_LOG2: u32 = 8;
    /// No file has needs of nothing, so an empty slot is none of them.
    const NONE: (u64, u32) = (0, 0);

    fn clear(&mut self) {
        self.needs.clear();
        self.by_needs.clear();
        self.recent.clear();
        self.recent.resize(1 << Self::N_RECENT_LOG2, Self::NONE);
    }

    #[inline]
    fn number(&mut self, needs: Needs) -> u32 {
        let key = u64::from(needs.cpu.0) << 32 | u64::from(needs.memory.0);
        let recent = self.recent[Self::slot(key)];
        if recent.0 == key { recent.1 } else { self.number_by_table(key) }
    }

    /// The numbers of these needs, CPU units and MiB of each, behind those that are
    /// there.
    fn number_all(&mut self, cpu: &[u64], memory: &[u64], numbers: &mut Vec<u64>) {
        numbers.extend(cpu.iter().zip(memory).map(|(cpu, memory)| {
            let key = cpu << 32 | memory;
            let recent = self.recent[Self::slot(key)];
            u64::from(if recent.0 == key { recent.1 } else { self.number_by_table(key) })
        }));
    }

    #[inline]
    const fn slot(key: u64) -> usize {
        const ODD: u64 = 0x9E37_79B9_7F4A_7C15;
        (key.wrapping_mul(ODD) >> (64 - Self::N_RECENT_LOG2)) as usize
    }

    #[cold]
    fn number_by_table(&mut self, key: u64) -> u32 {
        let needs = Needs::of(CpuUnits((key >> 32) as u32), MemoryMib(key as u32));
        let number = *self.by_needs.entry(needs).or_insert_with(|| {
            self.needs.push(needs);
            self.needs.len() as u32 - 1
        });
        self.recent[Self::slot(key)] = (key, number);
        number
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
