//! A file in blocks of whole lines, so that no more of it is held than is being
//! read, whatever it holds.

use std::io::{self, BufRead};

use super::plain::PADDING;

/// No row of numbers is as long; what is longer is no trace.
pub(super) const LINE_LENGTH_MAX: usize = 1 << 20;
/// As much is read at once: what is read is looked at while it is in the cache
/// of a core.
const BLOCK_LENGTH: usize = 1 << 16;
/// The first block; each is twice the one before until they are long enough.
/// Most files are small.
const FIRST_LENGTH: usize = 1 << 12;

/// Some lines of a file.
#[derive(Default)]
pub(super) struct Block {
    /// The text, then zeros, so that whoever reads ahead reads no text.
    bytes: Vec<u8>,
    /// Where the text begins, and where it ends.
    pub(super) start: usize,
    pub(super) end: usize,
}

/// The blocks of a file, one after the other.
pub(super) struct Blocks<'a> {
    input: &'a mut (dyn BufRead + Send),
    /// What was read behind the last whole line.
    rest: Vec<u8>,
    /// How much the next block has room for.
    length: usize,
    is_at_end: bool,
}

impl Block {
    /// Whole lines that somebody wrote.
    pub(super) fn of_text(text: String) -> Self {
        let mut bytes = text.into_bytes();
        let end = bytes.len();
        bytes.resize(end + PADDING, 0);
        Self { bytes, start: 0, end }
    }

    /// The text and the zeros behind it.
    #[inline]
    pub(super) fn padded(&self) -> &[u8] {
        &self.bytes
    }
}

impl<'a> Blocks<'a> {
    pub(super) fn new(input: &'a mut (dyn BufRead + Send)) -> Self {
        Self { input, rest: Vec::new(), length: FIRST_LENGTH, is_at_end: false }
    }

    /// The next lines, in the memory of a block that is not needed any more.
    /// The block ends behind a line feed, at the end of the file, or within a
    /// line that is too long, behind which nothing is read.
    pub(super) fn next(&mut self, spare: Block) -> io::Result<Option<Block>> {
        let mut bytes = spare.bytes;
        bytes.resize(self.length.max(self.rest.len()) + PADDING, 0);
        self.length = (2 * self.length).min(BLOCK_LENGTH);
        bytes[..self.rest.len()].copy_from_slice(&self.rest);
        let mut end = self.rest.len();
        self.rest.clear();
        let cut = loop {
            end += self.fill(&mut bytes[end..])?;
            if self.is_at_end {
                break end;
            }
            match memchr::memrchr(b'\n', &bytes[..end]) {
                Some(at) => break at + 1,
                None if end > LINE_LENGTH_MAX => {
                    self.is_at_end = true;
                    break end;
                }
                None => bytes.resize(bytes.len() + BLOCK_LENGTH, 0),
            }
        };
        self.rest.extend_from_slice(&bytes[cut..end]);
        bytes.truncate(cut);
        bytes.resize(cut + PADDING, 0);
        Ok((cut > 0).then_some(Block { bytes, start: 0, end: cut }))
    }

    /// Reads until `room` is full but for the padding, or the file at its end.
    fn fill(&mut self, room: &mut [u8]) -> io::Result<usize> {
        let length = room.len() - PADDING;
        let mut n_read = 0;
        while n_read < length && !self.is_at_end {
            match self.input.read(&mut room[n_read..length]) {
                Ok(0) => self.is_at_end = true,
                Ok(n) => n_read += n,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => (),
                Err(error) => return Err(error),
            }
        }
        Ok(n_read)
    }
}
