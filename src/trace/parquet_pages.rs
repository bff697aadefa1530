//! The pages of a column of a Parquet file, taken apart: which rows have a value, and
//! pages of these values alone, of which the decoders of the `parquet` crate are known
//! not to stop at any.
//!
//! Columns whose rows need not have a value nearly always have one in each: one run of
//! ones a page, which is looked at once instead of once a row.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};

use bytes::Bytes;
use parquet::basic::{Encoding, Type};
use parquet::column::page::{Page, PageMetadata, PageReader};
use parquet::errors::ParquetError;
use parquet::schema::types::ColumnDescriptor;

/// The pages of a column in a row group.
pub(super) struct Pages {
    pages: Box<dyn PageReader>,
    /// Whether they say of each row if it has a value.
    have_levels: bool,
    /// How many bytes a value is.
    width: usize,
    has_dictionary: bool,
    values: Arc<Values>,
}

/// What a page says of its rows.
#[derive(Default)]
pub(super) struct Presence {
    /// How many rows there are yet.
    n_rows: usize,
    /// Runs of levels of one bit; nothing if all rows have a value.
    runs: Option<Runs>,
}

impl Pages {
    pub(super) fn new(pages: Box<dyn PageReader>, column: &ColumnDescriptor) -> Self {
        let have_levels = column.max_def_level() > 0;
        let width = if column.physical_type() == Type::INT32 { 4 } else { 8 };
        Self { pages, have_levels, width, has_dictionary: false, values: Arc::default() }
    }

    /// Pages of values alone, as many as were passed: for a decoder.
    pub(super) fn values(&self) -> Box<dyn PageReader> {
        Box::new(PassedOn(Arc::clone(&self.values)))
    }

    /// Goes to the next page of rows; `None` behind the last.
    pub(super) fn next(&mut self) -> Result<Option<Presence>, ParquetError> {
        loop {
            let Some(page) = self.pages.get_next_page()? else { return Ok(None) };
            let (n_rows, encoding, levels, values) = match page {
                Page::DictionaryPage { .. } => {
                    self.has_dictionary = true;
                    self.values.lock().push_back(page);
                    continue;
                }
                Page::DataPage { buf, num_values, encoding, def_level_encoding, .. } => {
                    let (levels, values) =
                        if self.have_levels { split(&buf, def_level_encoding)? } else { (Bytes::new(), buf) };
                    (num_values, encoding, levels, values)
                }
                Page::DataPageV2 {
                    buf,
                    num_values,
                    encoding,
                    def_levels_byte_len,
                    rep_levels_byte_len,
                    ..
                } => {
                    let start = rep_levels_byte_len as usize;
                    let end = start.saturating_add(def_levels_byte_len as usize);
                    if end > buf.len() {
                        return Err(general("levels longer than their page"));
                    }
                    (num_values, encoding, buf.slice(start..end), buf.slice(end..))
                }
            };
            let is_of_dictionary = matches!(encoding, Encoding::PLAIN_DICTIONARY | Encoding::RLE_DICTIONARY);
            if is_of_dictionary && !self.has_dictionary {
                return Err(general("a page without the dictionary that it refers to"));
            }
            let n_rows = n_rows as usize;
            let (presence, n_values) = if self.have_levels {
                let runs = Runs { bytes: levels, at: 0, run: Run::Same { is_there: false, n_left: 0 } };
                let n_values = runs.clone().count(n_rows)?;
                (Presence { n_rows, runs: (n_values < n_rows).then_some(runs) }, n_values)
            } else {
                (Presence { n_rows, runs: None }, n_rows)
            };
            // Each byte of a value stands with those of the others.
            if encoding == Encoding::BYTE_STREAM_SPLIT && values.len() / self.width < n_values {
                return Err(general("a page with less values than it says"));
            }
            if n_values > 0 {
                self.values.lock().push_back(Page::DataPage {
                    buf: values,
                    num_values: n_values as u32,
                    encoding,
                    def_level_encoding: Encoding::RLE,
                    rep_level_encoding: Encoding::RLE,
                    statistics: None,
                });
            }
            return Ok(Some(presence));
        }
    }
}

/// The levels and the values of a page of the first version.
fn split(page: &Bytes, encoding: Encoding) -> Result<(Bytes, Bytes), ParquetError> {
    if encoding != Encoding::RLE {
        return Err(ParquetError::General(format!("levels in the encoding {encoding}, expected RLE")));
    }
    let length = page.first_chunk().map(|it| u32::from_le_bytes(*it) as usize);
    let end = length.and_then(|it| it.checked_add(4)).filter(|end| *end <= page.len());
    let end = end.ok_or_else(|| general("levels longer than their page"))?;
    Ok((page.slice(4..end), page.slice(end..)))
}

impl Presence {
    /// How many rows of the page there are yet.
    pub(super) const fn n_rows(&self) -> usize {
        self.n_rows
    }

    /// Takes the next rows, of which there must be as many, and adds to `are_there`
    /// whether each has a value; nothing is added while all have, from the first on.
    /// `n_before` is how many there were before these. Returns how many have one.
    pub(super) fn take(
        &mut self,
        n_rows: usize,
        n_before: usize,
        are_there: &mut Vec<bool>,
    ) -> Result<usize, ParquetError> {
        self.n_rows -= n_rows;
        let Some(runs) = &mut self.runs else {
            if !are_there.is_empty() {
                are_there.resize(n_before + n_rows, true);
            }
            return Ok(n_rows);
        };
        are_there.resize(n_before, true);
        let mut n_values = 0;
        let mut n_left = n_rows;
        while n_left > 0 {
            n_left -= runs.take(n_left, |n, run| {
                n_values += run.n_ones(n);
                run.write(n, are_there);
            })?;
        }
        Ok(n_values)
    }
}

/// Runs of equal bits and of packed ones, as Parquet has them (RLE/bit-packing hybrid
/// of width 1).
#[derive(Clone)]
struct Runs {
    bytes: Bytes,
    at: usize,
    run: Run,
}

#[derive(Clone)]
enum Run {
    Same {
        is_there: bool,
        n_left: usize,
    },
    /// Bits from this one on.
    Packed {
        first: usize,
        n_left: usize,
    },
}

/// Some bits of a run.
#[derive(Clone, Copy)]
enum OfRun<'a> {
    Same(bool),
    /// From the n-th on.
    Bits(&'a [u8], usize),
}

impl OfRun<'_> {
    /// How many of so many are ones.
    fn n_ones(self, n: usize) -> usize {
        match self {
            Self::Same(is_there) => n * usize::from(is_there),
            Self::Bits(bits, first) => {
                let (bits, n_before, n_behind) = bytes_of(bits, first, n);
                let n_ones = |byte: u8| byte.count_ones() as usize;
                let outside = bits.first().map_or(0, |byte| n_ones(byte & !(0xFF << n_before)))
                    + bits.last().map_or(0, |byte| n_ones(!(0xFF >> n_behind) & byte));
                bits.iter().map(|byte| n_ones(*byte)).sum::<usize>() - outside
            }
        }
    }

    /// Adds each of so many.
    fn write(self, n: usize, are_there: &mut Vec<bool>) {
        match self {
            Self::Same(is_there) => are_there.resize(are_there.len() + n, is_there),
            Self::Bits(bits, first) => {
                let (bits, n_before, n_behind) = bytes_of(bits, first, n);
                let each = |byte: &u8| std::array::from_fn::<bool, 8, _>(|nth| byte >> nth & 1 == 1);
                let n_there = are_there.len();
                for byte in bits {
                    are_there.extend_from_slice(&each(byte));
                }
                are_there.truncate(are_there.len() - n_behind);
                are_there.drain(n_there..n_there + n_before);
            }
        }
    }
}

/// The bytes with these bits, and how many others are before and behind them.
fn bytes_of(bits: &[u8], first: usize, n: usize) -> (&[u8], usize, usize) {
    let end = first + n;
    let last = end.next_multiple_of(8);
    (&bits[first / 8..last / 8], first % 8, last - end)
}

impl Runs {
    /// How many of so many bits are ones.
    fn count(mut self, n_bits: usize) -> Result<usize, ParquetError> {
        let (mut n_left, mut n_ones) = (n_bits, 0);
        while n_left > 0 {
            n_left -= self.take(n_left, |n, run| n_ones += run.n_ones(n))?;
        }
        Ok(n_ones)
    }

    /// Shows the next bits, at most so many; how many there were.
    fn take(&mut self, n_most: usize, mut show: impl FnMut(usize, OfRun<'_>)) -> Result<usize, ParquetError> {
        loop {
            match &mut self.run {
                Run::Same { n_left: 0, .. } | Run::Packed { n_left: 0, .. } => self.next_run()?,
                Run::Same { is_there, n_left } => {
                    let n = n_most.min(*n_left);
                    *n_left -= n;
                    show(n, OfRun::Same(*is_there));
                    return Ok(n);
                }
                Run::Packed { first, n_left } => {
                    let n = n_most.min(*n_left);
                    show(n, OfRun::Bits(&self.bytes, *first));
                    (*first, *n_left) = (*first + n, *n_left - n);
                    return Ok(n);
                }
            }
        }
    }

    fn next_run(&mut self) -> Result<(), ParquetError> {
        let mut header: u64 = 0;
        for shift in (0..35).step_by(7) {
            let byte = self.byte()?;
            header |= u64::from(byte & 0x7F) << shift;
            if byte < 0x80 {
                break;
            }
        }
        let n = usize::try_from(header >> 1).unwrap_or(usize::MAX);
        self.run = if header & 1 == 0 {
            Run::Same { is_there: self.byte()? & 1 == 1, n_left: n }
        } else {
            // Each counts for a byte of bits. The last may be cut off: what is not there
            // is not asked for.
            let n_bytes = n.min(self.bytes.len() - self.at);
            let first = 8 * self.at;
            self.at += n_bytes;
            Run::Packed { first, n_left: 8 * n_bytes }
        };
        Ok(())
    }

    fn byte(&mut self) -> Result<u8, ParquetError> {
        let byte =
            self.bytes.get(self.at).ok_or_else(|| general("levels of fewer rows than the page has"))?;
        self.at += 1;
        Ok(*byte)
    }
}

fn general(message: &str) -> ParquetError {
    ParquetError::General(message.to_owned())
}

/// Pages on their way to a decoder, which asks for the next when it has used up the
/// last.
#[derive(Default)]
struct Values(Mutex<VecDeque<Page>>);

impl Values {
    fn lock(&self) -> MutexGuard<'_, VecDeque<Page>> {
        self.0.lock().expect("nothing that holds it panics")
    }
}

struct PassedOn(Arc<Values>);

impl PageReader for PassedOn {
    fn get_next_page(&mut self) -> Result<Option<Page>, ParquetError> {
        Ok(self.0.lock().pop_front())
    }

    fn peek_next_page(&mut self) -> Result<Option<PageMetadata>, ParquetError> {
        Err(general("nobody looks ahead"))
    }

    fn skip_next_page(&mut self) -> Result<(), ParquetError> {
        Err(general("no page is skipped"))
    }
}

impl Iterator for PassedOn {
    type Item = Result<Page, ParquetError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.get_next_page().transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{Domain, Seed};

    /// Levels of drawn rows in runs of both kinds, taken in drawn pieces.
    #[test]
    fn levels_are_what_was_written_however_they_are_taken() {
        let mut stream = Seed(4).stream(Domain::TieBreak, 0);
        for _ in 0..2000 {
            let (mut bytes, mut expected) = (Vec::new(), Vec::new());
            for _ in 0..stream.below(5) {
                let n = stream.below(200) as usize;
                if stream.below(2) == 0 {
                    let is_there = stream.below(3) > 0;
                    // A header of two bytes, as if there were more.
                    bytes.extend([(n << 1) as u8 | 0x80, (n >> 6) as u8, u8::from(is_there)]);
                    expected.resize(expected.len() + n, is_there);
                } else {
                    let n_bytes = n / 8;
                    bytes.push((n_bytes << 1 | 1) as u8);
                    for _ in 0..n_bytes {
                        let byte = stream.below(256) as u8;
                        bytes.push(byte);
                        expected.extend((0..8).map(|nth| byte >> nth & 1 == 1));
                    }
                }
            }
            expected.truncate(expected.len() - (expected.len() > 5) as usize * stream.below(5) as usize);
            let runs = Runs { bytes: bytes.into(), at: 0, run: Run::Same { is_there: false, n_left: 0 } };
            let n_ones = expected.iter().filter(|it| **it).count();
            assert_eq!(runs.clone().count(expected.len()).unwrap(), n_ones);
            let mut presence = Presence { n_rows: expected.len(), runs: Some(runs) };
            let (mut found, mut n_found) = (Vec::new(), 0);
            while presence.n_rows() > 0 {
                let n = presence.n_rows().min(1 + stream.below(90) as usize);
                n_found += presence.take(n, found.len(), &mut found).unwrap();
            }
            assert_eq!((found, n_found), (expected, n_ones));
        }
    }
}
