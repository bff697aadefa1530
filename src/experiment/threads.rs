//! The threads of a pool, as readers of traces ask for them.

use rayon::prelude::*;

use crate::trace::Threads;

/// Those of the pool in which a file is read: as many as play the runs. Outside
/// of any, one a core.
pub struct AllThreads;

impl Threads for AllThreads {
    fn count(&self) -> usize {
        rayon::current_num_threads()
    }

    fn each(&self, n_pieces: usize, work: &(dyn Fn(usize) + Sync)) {
        (0..n_pieces).into_par_iter().with_max_len(1).for_each(work);
    }
}
