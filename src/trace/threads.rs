//! Who does the pieces of a reader's work. This room starts no thread: whoever
//! may hands one in.

/// Does pieces of work that do not depend on each other, in whatever order.
pub trait Threads: Sync {
    /// How many pieces can be under way at once. What is read does not depend
    /// on it, only how much is kept in flight.
    fn count(&self) -> usize;

    /// Calls `work` once with each number below `n_pieces`, and returns when all
    /// are done.
    fn each(&self, n_pieces: usize, work: &(dyn Fn(usize) + Sync));
}

/// One piece after the other.
pub struct OneThread;

impl Threads for OneThread {
    fn count(&self) -> usize {
        1
    }

    fn each(&self, n_pieces: usize, work: &(dyn Fn(usize) + Sync)) {
        (0..n_pieces).for_each(work);
    }
}
