//! Open files as readers of traces are handed them: in their order, or from anywhere.

use std::fs::File;
use std::io::{self, BufReader, Read as _, Seek as _, SeekFrom};
use std::sync::{Arc, Mutex};

use crate::trace::{Input, ReadAt};

impl Input for BufReader<File> {
    fn anywhere(&mut self) -> io::Result<Option<Arc<dyn ReadAt>>> {
        let file = self.get_ref().try_clone()?;
        let n_bytes = file.metadata()?.len();
        Ok(Some(Arc::new(OpenFile { file: Mutex::new(file), n_bytes })))
    }
}

/// A file and its only position, which is one reader's after the other's.
struct OpenFile {
    file: Mutex<File>,
    n_bytes: u64,
}

impl ReadAt for OpenFile {
    fn n_bytes(&self) -> u64 {
        self.n_bytes
    }

    fn read_at(&self, start: u64, room: &mut [u8]) -> io::Result<()> {
        let mut file = self.file.lock().expect("reading a file does not panic");
        file.seek(SeekFrom::Start(start))?;
        file.read_exact(room)
    }
}
