//! A Parquet file as a reader of columns wants it: footer and pages looked at before
//! the `parquet` crate works on them, so that a file that is damaged, or made to harm,
//! is refused: with a fault, in bounded memory.
//!
//! The crate means to return an error for whatever a file holds, and nearly does. What
//! it is known to stop at is asked here first; what is left is caught.

use std::cell::Cell;
use std::io::{self, BufRead as _, BufReader, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use parquet::basic::Compression;
use parquet::errors::ParquetError;
use parquet::file::metadata::{
    ColumnChunkMetaData, FooterTail, ParquetMetaData, ParquetMetaDataOptions, ParquetMetaDataReader,
    ParquetStatisticsPolicy, RowGroupMetaData,
};
use parquet::file::reader::{ChunkReader, Length, SerializedPageReader};

use super::csv_rows::{Fault, shown};
use super::input::ReadAt;
use super::parquet_pages::Pages;
use super::source::ReadError;
use crate::base::Place;

/// What a Parquet file begins and ends with, and one whose footer is encrypted.
const MAGIC: [&[u8; 4]; 2] = [b"PAR1", b"PARE"];
/// The length of the footer and the magic at the end.
const TAIL_LENGTH: u64 = 8;
/// Holds some hundred thousand row groups.
const FOOTER_LENGTH_MAX: u64 = 1 << 26;
/// As much a page may come to; writers make them of about a MiB. A few bytes can say
/// that they are any number of values.
const PAGE_LENGTH_MAX: u64 = 1 << 27;
/// For the same reason: as many rows a file may have. They take some ten bytes each.
const N_ROWS_MAX: u64 = 1 << 28;

/// Whether a file that begins so is Parquet.
pub(super) fn begins_one(start: &str) -> bool {
    start.starts_with("PAR1") || start.starts_with("PARE")
}

/// A file with a sound footer.
pub(super) struct ParquetFile {
    chunks: Arc<Chunks>,
    pub(super) metadata: ParquetMetaData,
}

impl ParquetFile {
    /// Reads the footer; `file` is only for messages.
    pub(super) fn open(bytes: Arc<dyn ReadAt>, file: &str) -> Result<Self, ReadError> {
        let refuse = |fault: Fault| ReadError::Content(vec![fault.at(place_of_file(file))]);
        let (length, mut start) = (bytes.n_bytes(), [0; 4]);
        if length < MAGIC[0].len() as u64 + TAIL_LENGTH {
            return Err(refuse(damaged(format!("a Parquet file of {length} bytes"), "12 at least")));
        }
        bytes.read_at(0, &mut start)?;
        let mut tail = [0; TAIL_LENGTH as usize];
        bytes.read_at(length - TAIL_LENGTH, &mut tail)?;
        let end = &tail[4..];
        if MAGIC.iter().all(|magic| start != **magic) || MAGIC.iter().all(|magic| end != *magic) {
            let of = |bytes: &[u8]| shown(&String::from_utf8_lossy(bytes));
            let message = format!("a file from `{}` to `{}`", of(&start), of(end));
            return Err(refuse(damaged(message, "`PAR1` at both ends; was it cut off?")));
        }
        if start == *MAGIC[1] || end == MAGIC[1] {
            return Err(refuse(unsupported("an encrypted footer", "a file that is not encrypted")));
        }
        let footer_length = FooterTail::try_new(&tail).map_or(u64::MAX, |it| it.metadata_length() as u64);
        let room = length - TAIL_LENGTH - MAGIC[0].len() as u64;
        if footer_length > room.min(FOOTER_LENGTH_MAX) {
            let message = format!("a footer of {footer_length} bytes in a file of {length}");
            let most = room.min(FOOTER_LENGTH_MAX);
            return Err(refuse(damaged(message, &format!("at most {most}"))));
        }
        let mut footer = vec![0; footer_length as usize];
        bytes.read_at(length - TAIL_LENGTH - footer_length, &mut footer)?;
        let mut options = ParquetMetaDataOptions::default();
        options.set_column_stats_policy(ParquetStatisticsPolicy::SkipAll);
        options.set_size_stats_policy(ParquetStatisticsPolicy::SkipAll);
        options.set_encoding_stats_policy(ParquetStatisticsPolicy::SkipAll);
        let decode = || ParquetMetaDataReader::decode_metadata_with_options(&footer, Some(&options));
        let metadata = match guarded(decode) {
            Ok(metadata) => metadata,
            Err(error) => {
                let message = format!("a footer that cannot be read: {}", reason(&error));
                return Err(refuse(damaged(message, "a sound one")));
            }
        };
        check_rows(&metadata).map_err(refuse)?;
        Ok(Self { chunks: Arc::new(Chunks { bytes, length, spare: Arc::default() }), metadata })
    }

    /// Refuses a column whose values are not where they can be, or not so many as
    /// the rows.
    pub(super) fn check_column(&self, leaf: usize) -> Result<(), Fault> {
        self.metadata.row_groups().iter().try_for_each(|group| self.check_chunk(group, leaf))
    }

    fn check_chunk(&self, group: &RowGroupMetaData, leaf: usize) -> Result<(), Fault> {
        let Some(chunk) = group.columns().get(leaf) else {
            return Err(damaged("a row group without the column".to_owned(), "each column in each"));
        };
        if chunk.num_values() != group.num_rows() {
            let message =
                format!("{} values in a row group of {} rows", chunk.num_values(), group.num_rows());
            return Err(damaged(message, "as many"));
        }
        if chunk.file_path().is_some() {
            return Err(unsupported("values in another file", "all in one"));
        }
        let codec = chunk.compression();
        if !matches!(codec, Compression::UNCOMPRESSED | Compression::SNAPPY | Compression::ZSTD(_)) {
            let name = codec.to_string();
            let name = name.split('(').next().unwrap_or_default();
            return Err(unsupported(&format!("values compressed by {name}"), "ZSTD, SNAPPY or none"));
        }
        let start = chunk.dictionary_page_offset().unwrap_or(chunk.data_page_offset());
        let length = chunk.compressed_size();
        let end = u64::try_from(start).ok().zip(u64::try_from(length).ok()).map(|(a, b)| a.saturating_add(b));
        if end.is_none_or(|end| end > self.chunks.length) {
            let message = format!("{length} bytes of values from byte {start} on");
            return Err(damaged(message, &format!("all within the {} of the file", self.chunks.length)));
        }
        Ok(())
    }

    /// The pages of one column in one row group, which were checked.
    pub(super) fn pages(
        &self,
        group: &RowGroupMetaData,
        chunk: &ColumnChunkMetaData,
    ) -> Result<Pages, ParquetError> {
        let n_rows = usize::try_from(group.num_rows())?;
        let pages = SerializedPageReader::new(Arc::clone(&self.chunks), chunk, n_rows, None)?;
        Ok(Pages::new(Box::new(pages), chunk.column_descr()))
    }
}

/// Refuses numbers of rows that contradict each other, or are out of all bounds.
fn check_rows(metadata: &ParquetMetaData) -> Result<(), Fault> {
    let mut n_rows: u64 = 0;
    for group in metadata.row_groups() {
        let Ok(n) = u64::try_from(group.num_rows()) else {
            let message = format!("a row group of {} rows", group.num_rows());
            return Err(damaged(message, "none or more"));
        };
        n_rows = n_rows.saturating_add(n);
    }
    if n_rows > N_ROWS_MAX {
        return Err(Fault::new("B0212", format!("{n_rows} rows, expected at most {N_ROWS_MAX}")));
    }
    let of_file = metadata.file_metadata().num_rows();
    if u64::try_from(of_file) != Ok(n_rows) {
        let message = format!("{of_file} rows in all and {n_rows} in the row groups");
        return Err(damaged(message, "as many"));
    }
    Ok(())
}

thread_local! {
    static IS_GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Whether a panic of this thread, if there is one now, is caught and becomes a fault
/// of a file: nobody need be told of it before.
pub fn panic_is_caught() -> bool {
    IS_GUARDED.get()
}

/// What the `parquet` crate says of bytes that a file brought.
///
/// A panic of the crate is an error too. Few bytes bring it there: some decoders take
/// the length of their page for granted, and with `overflow-checks` their sums and
/// shifts stop where they would wrap. What was in work is not used again.
pub(super) fn guarded<T>(work: impl FnOnce() -> Result<T, ParquetError>) -> Result<T, ParquetError> {
    let was_guarded = IS_GUARDED.replace(true);
    let done = catch_unwind(AssertUnwindSafe(work));
    IS_GUARDED.set(was_guarded);
    done.unwrap_or_else(|_| Err(ParquetError::General("values of another length than their page".to_owned())))
}

/// What was wrong, without the kind of the error.
pub(super) fn reason(error: &ParquetError) -> String {
    match error {
        ParquetError::General(it) | ParquetError::NYI(it) | ParquetError::EOF(it) => it.clone(),
        ParquetError::External(it) => it.to_string(),
        other => other.to_string(),
    }
}

/// A fault of a file that is not what its writer wrote.
pub(super) fn damaged(found: String, expected: &str) -> Fault {
    Fault::new("B0224", format!("{found}, expected {expected}"))
}

/// A fault of a file that is sound and cannot be read all the same.
fn unsupported(found: &str, expected: &str) -> Fault {
    Fault::new("B0225", format!("{found}, expected {expected}"))
}

/// The file as a whole.
fn place_of_file(file: &str) -> Place {
    Place { file: file.to_owned(), line: 1, column: 1, width: 1, text: String::new() }
}

/// The bytes as the crate asks for them.
struct Chunks {
    bytes: Arc<dyn ReadAt>,
    length: u64,
    spare: Arc<Spare>,
}

impl Length for Chunks {
    fn len(&self) -> u64 {
        self.length
    }
}

impl ChunkReader for Chunks {
    type T = BufReader<Header>;

    /// Asked for headers of pages only.
    fn get_read(&self, start: u64) -> Result<Self::T, ParquetError> {
        let end = self.length.min(start.saturating_add(HEADER_LENGTH_MAX));
        let header = Header { bytes: Arc::clone(&self.bytes), at: start, end };
        let mut reader = BufReader::with_capacity(HEADER_LENGTH, header);
        match page_length(reader.fill_buf()?) {
            Some(length) if length <= PAGE_LENGTH_MAX => Ok(reader),
            Some(length) => {
                let message = format!("a page of {length} bytes, expected at most {PAGE_LENGTH_MAX}");
                Err(ParquetError::General(message))
            }
            None => Err(ParquetError::General(format!("no page begins at byte {start}"))),
        }
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes, ParquetError> {
        // As much was looked for in the file before the room is made.
        if start.checked_add(length as u64).is_none_or(|end| end > self.length) {
            return Err(ParquetError::EOF(format!("{length} bytes from byte {start} on are not all there")));
        }
        let mut page = PageBytes { bytes: self.spare.take(), length, spare: Arc::clone(&self.spare) };
        if page.bytes.len() < length {
            page.bytes.resize(length, 0);
        }
        self.bytes.read_at(start, &mut page.bytes[..length])?;
        Ok(Bytes::from_owner(page))
    }
}

/// Memory of pages that nobody looks at any more, for those to come: fresh memory
/// takes longer to come by than it takes to fill.
#[derive(Default)]
struct Spare(Mutex<Vec<Vec<u8>>>);

impl Spare {
    fn take(&self) -> Vec<u8> {
        self.0.lock().expect("nothing here panics").pop().unwrap_or_default()
    }
}

/// The bytes of a page as they are in the file.
struct PageBytes {
    bytes: Vec<u8>,
    length: usize,
    spare: Arc<Spare>,
}

impl AsRef<[u8]> for PageBytes {
    fn as_ref(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

impl Drop for PageBytes {
    fn drop(&mut self) {
        if let Ok(mut spare) = self.spare.0.lock() {
            spare.push(std::mem::take(&mut self.bytes));
        }
    }
}

/// Most headers are shorter.
const HEADER_LENGTH: usize = 128;
/// None is longer, but for those whose lists have no end.
const HEADER_LENGTH_MAX: u64 = 1 << 16;

/// How long the page with this header is once it is decompressed: the second field,
/// in the form that all writers use (Thrift's compact protocol: the kind of the page,
/// this length, the compressed length, all of type i32 and one id apart).
fn page_length(header: &[u8]) -> Option<u64> {
    const NEXT_I32: u8 = 0x15;
    let mut bytes = header.iter().copied();
    let mut field = || {
        (bytes.next()? == NEXT_I32).then_some(())?;
        let mut number = 0;
        for shift in (0..35).step_by(7) {
            let byte = bytes.next()?;
            number |= u64::from(byte & 0x7F) << shift;
            if byte < 0x80 {
                // Zigzag: the last bit is the sign.
                return (number & 1 == 0).then_some(number >> 1);
            }
        }
        None
    };
    field()?;
    field()
}

/// Where the header of a page is.
struct Header {
    bytes: Arc<dyn ReadAt>,
    at: u64,
    end: u64,
}

impl Read for Header {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        let left = self.end.saturating_sub(self.at);
        let n = room.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        if n == 0 {
            // The end of a file comes behind its footer. Whoever skips would go on.
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.bytes.read_at(self.at, &mut room[..n])?;
        self.at += n as u64;
        Ok(n)
    }
}
