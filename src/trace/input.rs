//! What a reader is handed: bytes in their order and, where it can be had, from
//! anywhere. Whoever opened the file says how.

use std::io::{self, BufRead, Cursor};
use std::sync::Arc;

/// Bytes from the first to the last.
pub trait Input: BufRead + Send {
    /// The same bytes to be read from anywhere, if that is possible without
    /// holding them all. Either they are read so or in their order, not both.
    ///
    /// # Errors
    ///
    /// If what should be possible is not.
    fn anywhere(&mut self) -> io::Result<Option<Arc<dyn ReadAt>>> {
        Ok(None)
    }
}

/// Bytes that can be read from anywhere, by several threads.
pub trait ReadAt: Send + Sync {
    /// How many there are.
    fn n_bytes(&self) -> u64;

    /// Fills `room` with what begins at `start`.
    ///
    /// # Errors
    ///
    /// If that cannot be read, or there is less.
    fn read_at(&self, start: u64, room: &mut [u8]) -> io::Result<()>;
}

impl Input for &[u8] {}

/// What was read already before the rest.
impl Input for io::Chain<Cursor<Vec<u8>>, &mut dyn Input> {
    fn anywhere(&mut self) -> io::Result<Option<Arc<dyn ReadAt>>> {
        self.get_mut().1.anywhere()
    }
}

/// All in memory.
impl ReadAt for Vec<u8> {
    fn n_bytes(&self) -> u64 {
        self.len() as u64
    }

    fn read_at(&self, start: u64, room: &mut [u8]) -> io::Result<()> {
        let start = usize::try_from(start).unwrap_or(usize::MAX);
        let bytes = start.checked_add(room.len()).and_then(|end| self.get(start..end));
        room.copy_from_slice(bytes.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }
}
