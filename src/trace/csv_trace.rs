//! A trace from a CSV file. Blocks of lines are read independently of each
//! other, on as many threads as are handed in, and put one behind the other in
//! their order.
//!
//! A block that is not plainly sound, by itself or behind those before it, is
//! read again row by row, knowing what came before. So what is said of a file
//! does not depend on its blocks, nor on who read them.

use std::io::{self, BufRead};
use std::sync::{Mutex, MutexGuard};

use super::builder::{Part, Reckoning, TraceBuilder, UnnumberedRow};
use super::csv_blocks::{Block, Blocks};
use super::csv_rows::{Column, Header, Rows};
use super::input::Input;
use super::source::{ReadError, Trace};
use super::threads::Threads;

/// So many blocks for each thread are in flight, so that none waits long for the
/// others.
const N_BLOCKS_A_THREAD: usize = 24;

/// What a format has to say of its files.
pub(super) trait Form {
    /// The columns it knows.
    const COLUMNS: &'static [Column];
    /// The one of the arrivals, where faults of the order of rows are told.
    const ARRIVAL: usize;
    /// What its times and batches mean.
    const RECKONING: Reckoning;

    /// Looks at the header.
    fn check(_: &Rows<'_>) -> Result<(), ReadError> {
        Ok(())
    }

    /// The row that `rows` stands on; `None` after a fault, which is kept there.
    /// Either each row has a name of its batch or none.
    fn row(rows: &mut Rows<'_>) -> Option<UnnumberedRow>;
}

/// Reads a trace of the format `F`; `file` is only for messages.
pub(super) fn read<F: Form>(
    input: &mut dyn Input,
    file: &str,
    threads: &dyn Threads,
) -> Result<Trace, ReadError> {
    read_in_order::<F>(input, file, threads)
}

/// The same from whatever can be read in its order.
pub(super) fn read_in_order<F: Form>(
    input: &mut (dyn BufRead + Send),
    file: &str,
    threads: &dyn Threads,
) -> Result<Trace, ReadError> {
    let mut rows = Rows::open(F::COLUMNS, input, file)?;
    F::check(&rows)?;
    let header = rows.header().clone();
    let blocks = rows.take_blocks().expect("they were not taken before");
    // What is left of the block with the header.
    let first = Some(rows.replace_block(Block::default()));
    let mut source = Source { first, blocks, spare: Vec::new(), n_given: 0, error: None };
    let mut joined = Joined { rows, trace: TraceBuilder::new(F::RECKONING), spare: Vec::new() };
    let mut read: Vec<Piece> = Vec::new();
    let n_ahead = if threads.count() == 1 { 1 } else { N_BLOCKS_A_THREAD * threads.count() };
    loop {
        let (given, in_order) = (Mutex::new(source), Mutex::new((joined, read)));
        let pieces: Vec<Mutex<Piece>> = (0..n_ahead).map(|_| Mutex::default()).collect();
        // One piece of work is what must be done in order, each other is a block, which
        // is looked at by whoever has just read it.
        threads.each(1 + n_ahead, &|number| {
            if number == 0 {
                let (joined, read) = &mut *lock(&in_order);
                joined.join::<F>(read);
                return;
            }
            let next = lock(&given).next();
            if let Some((place, mut piece)) = next {
                piece.read::<F>(&header);
                *lock(&pieces[place]) = piece;
            }
        });
        source = into_inner(given);
        (joined, read) = into_inner(in_order);
        source.spare.append(&mut joined.spare);
        let n_given = std::mem::take(&mut source.n_given);
        read.extend(pieces.into_iter().take(n_given).map(into_inner));
        if n_given < n_ahead || joined.rows.is_over() {
            break;
        }
    }
    joined.join::<F>(&mut read);
    if let Some(error) = source.error
        && !joined.rows.is_over()
    {
        return Err(error.into());
    }
    joined.rows.finish()?;
    Ok(joined.trace.finish())
}

/// Where blocks come from, one after the other.
struct Source<'a> {
    first: Option<Block>,
    blocks: Blocks<'a>,
    /// Memory for further blocks.
    spare: Vec<Piece>,
    /// So many were given out this time.
    n_given: usize,
    /// Why there is no further one, if the file cannot be read.
    error: Option<io::Error>,
}

impl Source<'_> {
    /// The next block, with its place among those of this time.
    fn next(&mut self) -> Option<(usize, Piece)> {
        if self.error.is_some() {
            return None;
        }
        let piece = self.spare.pop().unwrap_or_default();
        let block = match self.first.take() {
            Some(first) => Ok(Some(first)),
            None => self.blocks.next(piece.block),
        };
        let block = block.unwrap_or_else(|error| {
            self.error = Some(error);
            None
        })?;
        self.n_given += 1;
        Some((self.n_given - 1, Piece { block, ..piece }))
    }
}

/// A block, and its rows once they are read.
#[derive(Default)]
struct Piece {
    block: Block,
    part: Part,
    /// Whether no row of it is at fault.
    is_sound: bool,
}

impl Piece {
    /// Reads the rows of the block.
    fn read<F: Form>(&mut self, header: &Header<'_>) {
        let start = self.block.start;
        let mut rows = Rows::of_block(header.clone(), std::mem::take(&mut self.block));
        self.part.clear();
        self.is_sound = true;
        while self.is_sound && rows.advance().expect("a block that was read is read") {
            self.is_sound = F::row(&mut rows).is_some_and(|row| self.part.push(row));
        }
        self.part.n_lines = rows.n_lines();
        self.is_sound &= !rows.is_faulty();
        // Whoever reads it again begins where it began.
        self.block = rows.replace_block(Block::default());
        self.block.start = start;
    }
}

/// The trace as far as it was put together.
struct Joined<'a> {
    /// The header, the number of lines so far and their faults.
    rows: Rows<'a>,
    trace: TraceBuilder,
    /// Memory for further blocks.
    spare: Vec<Piece>,
}

impl Joined<'_> {
    /// Adds the next pieces.
    fn join<F: Form>(&mut self, pieces: &mut Vec<Piece>) {
        for mut piece in pieces.drain(..) {
            if self.rows.is_over() {
                return;
            }
            if piece.is_sound && !self.rows.is_faulty() && self.trace.append(&piece.part) {
                self.rows.pass_over(piece.part.n_lines);
            } else {
                piece.block = read_one_by_one::<F>(&mut self.rows, &mut self.trace, piece.block);
            }
            self.spare.push(piece);
        }
    }
}

/// Adds the rows of a block one by one behind those before, and gives the block back.
pub(super) fn read_one_by_one<F: Form>(rows: &mut Rows<'_>, trace: &mut TraceBuilder, block: Block) -> Block {
    rows.replace_block(block);
    while rows.advance().expect("a block that was read is read") {
        if let Some(row) = F::row(rows) {
            trace.push(rows, F::ARRIVAL, row);
        }
    }
    rows.replace_block(Block::default())
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("no piece of work panics")
}

fn into_inner<T>(mutex: Mutex<T>) -> T {
    mutex.into_inner().expect("no piece of work panics")
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;
    use crate::base::{Domain, Seed};
    use crate::trace::{FORMATS, Format};

    /// Several threads as far as a reader can tell, and the last piece first.
    struct Backwards(usize);

    impl Threads for Backwards {
        fn count(&self) -> usize {
            self.0
        }

        fn each(&self, n_pieces: usize, work: &(dyn Fn(usize) + Sync)) {
            (0..n_pieces).rev().for_each(work);
        }
    }

    /// A file of the n-th format; in half of all cases something in it is wrong.
    fn file(nth: usize, number: u64) -> String {
        let mut stream = Seed(3).stream(Domain::TieBreak, number);
        let mut text = match nth {
            0 if number.is_multiple_of(2) => "arrival_s,batch,cpu_units,memory_mib,lifetime_s\n",
            0 => "arrival_s,cpu_units,memory_mib,count,lifetime_s\r\n",
            _ => "time_s,tenant_batch,count,vcpus,memory_gb,lifetime_min_s,lifetime_max_s,still_running\n",
        }
        .to_owned();
        let n_rows = stream.below(3000);
        let wrong = stream.below(2 * n_rows.max(1));
        let mut time = 300;
        for row in 0..n_rows {
            time += 300 * (stream.below(4) / 3);
            let (name, needs, lifetime) =
                (stream.below(9) + row / 40, 1 + stream.below(5), stream.below(900));
            let line = match nth {
                0 if number.is_multiple_of(2) => format!("{time},{name},{needs},\"{needs}\",{lifetime}.5\n"),
                0 => format!("{time}.25, {needs},{needs},{},{}\r\n", 1 + row % 2, 1 + lifetime),
                _ => format!("{time},{name},{needs},{needs},1.75,300,{},0\n", 300 + lifetime * 300),
            };
            text.push_str(&line);
            if row >= wrong {
                match stream.below(300) {
                    0 => text.push_str("0,1,1,1,1\n"),
                    1 => writeln!(text, "x{line}").expect("a string takes it"),
                    2 => text.push_str("\n\n,\n"),
                    3 => text.push_str("4e9,4294967295,4294967295,4294967295,1\n"),
                    4 if number.is_multiple_of(16) => text.push_str(&"7".repeat(1_100_000)),
                    _ => (),
                }
            }
        }
        text
    }

    /// What a file is read as, or the faults as they are told.
    fn outcome(format: &Format, text: &str, threads: &dyn Threads) -> Result<Trace, Vec<String>> {
        (format.read)(&mut text.as_bytes(), "t.csv", threads).map_err(|error| match error {
            ReadError::Content(faults) => {
                faults.iter().map(|it| format!("{it} {:?} {:?}", it.place, it.help)).collect()
            }
            ReadError::Io(error) => panic!("{error}"),
        })
    }

    /// The same, each row behind the one before.
    fn row_by_row<F: Form>(text: &str) -> Option<Trace> {
        let mut input = text.as_bytes();
        let mut rows = Rows::open(F::COLUMNS, &mut input, "t.csv").ok()?;
        let mut trace = TraceBuilder::new(F::RECKONING);
        while rows.advance().expect("a text can be read") {
            if let Some(row) = F::row(&mut rows) {
                trace.push(&mut rows, F::ARRIVAL, row);
            }
        }
        rows.finish().ok()?;
        Some(trace.finish())
    }

    #[test]
    fn a_file_says_the_same_however_it_is_split_up() {
        let (mut n_sound, mut n_faulty) = (0, 0);
        for number in 0..150 {
            let nth = number as usize % 2;
            let (format, text) = (&FORMATS[nth], file(nth, number / 2));
            let one = outcome(format, &text, &super::super::OneThread);
            for n_threads in [1, 2, 5] {
                assert_eq!(one, outcome(format, &text, &Backwards(n_threads)), "file {number}");
            }
            let slowly = match nth {
                0 => row_by_row::<super::super::native::Native>(&text),
                _ => row_by_row::<super::super::azure_vm_2017::Azure>(&text),
            };
            assert_eq!(one.as_ref().ok(), slowly.as_ref(), "file {number}");
            match one {
                Ok(_) => n_sound += 1,
                Err(_) => n_faulty += 1,
            }
        }
        assert!(n_sound > 30 && n_faulty > 30, "{n_sound} {n_faulty}");
    }
}
