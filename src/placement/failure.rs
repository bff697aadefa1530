//! Why a task cannot go to an instance, counted over instances.

pub use crate::record::PlacementReason as FailureReason;

/// What became of the instances of a provider that a task could not go to.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Tally {
    /// How many instances failed for each reason, in the order of
    /// [`FailureReason::ALL`].
    pub n_instances: [u32; FailureReason::ALL.len()],
}

impl Tally {
    /// One more.
    pub fn add(&mut self, reason: FailureReason) {
        self.n_instances[reason as usize] += 1;
    }

    /// One less.
    pub fn take(&mut self, reason: FailureReason) {
        self.n_instances[reason as usize] -= 1;
    }

    /// The reason of the instance that passed the most steps: the closest
    /// match. `None` if there was no instance at all.
    pub fn closest(&self) -> Option<FailureReason> {
        FailureReason::ALL.into_iter().rev().find(|&it| self.n_instances[it as usize] > 0)
    }
}
