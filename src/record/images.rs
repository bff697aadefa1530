//! What image pulls and repositories came to, while measured.

use serde::{Deserialize, Serialize};

use crate::base::{SimDuration, SimTime};
use crate::record::{ScanRecord, Series};

/// Lost images of a run that are written down one by one: more than anybody
/// reads.
const LOST_MAX: usize = 100;

/// Of all pulls and repositories that are described.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct ImageRecord {
    /// Images that were asked for at their registry.
    pub n_pulls: u64,
    /// Images that were used as they were there, nobody being asked.
    pub n_from_cache: u64,
    /// Pulls that were refused, or found nothing.
    pub n_refused: u64,
    /// Calls that were throttled at their first attempt.
    pub n_throttled: u64,
    /// Compressed bytes of the images that tasks used; what a pull that was broken
    /// off did not move is left out.
    pub bytes_wanted: u64,
    /// Compressed bytes that moved to instances and tasks.
    pub bytes_moved: u64,
    /// Of those, bytes that came from a registry of another region.
    pub bytes_from_other_regions: u64,
    /// Of those that moved, by owner: services in their order, then stand-alone
    /// tasks.
    pub bytes_of_owners: Vec<u64>,
    /// Milliseconds that tasks waited for their images, and how many did.
    pub pull_ms: u64,
    /// Tasks whose images all came.
    pub n_pulled_tasks: u64,
    /// Images that agents removed.
    pub n_cleaned_up: u64,
    /// Images that lifecycle policies expired.
    pub n_expired: u64,
    /// Images that they archived.
    pub n_archived: u64,
    /// Of the expired and archived, those that a revision in use needs.
    pub n_lost: u64,
    /// Pushes that an immutable tag refused.
    pub n_refused_pushes: u64,
    /// Scans; `None` where nothing is scanned.
    pub scans: Option<ScanRecord>,
    /// The repositories, in the order of the setup.
    pub repositories: Vec<RepositoryRecord>,
    /// Images that policies took although a revision in use needs them, in the
    /// order of time: the first hundred of the whole run.
    pub lost: Vec<LostImage>,
    /// Width of a step of `moved_over_time`.
    pub step_ms: u64,
    /// Bytes that moved, by the step of the run in which their pull began; the
    /// warm-up counts here too. Empty if none.
    pub moved_over_time: Vec<u64>,
}

/// An image that a policy took although a service needs it.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct LostImage {
    /// When.
    pub at_ms: u64,
    /// Position of its repository.
    pub repository: u32,
    /// A tag of it, or the begin of its digest.
    pub image: String,
    /// Positions of the services whose running or rollback revision needs it.
    pub services: Vec<u32>,
    /// The priority of the rule that took it.
    pub rule_priority: u64,
    /// It was archived, else expired.
    pub is_archived: bool,
}

/// What a repository stored.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RepositoryRecord {
    /// Its name.
    pub name: String,
    /// Compressed bytes of distinct layers times milliseconds.
    pub byte_ms: u128,
    /// The same of archived images.
    pub archived_byte_ms: u128,
    /// Bytes at the end.
    pub bytes_at_end: u64,
    /// Images that its policy expired while measured.
    pub n_expired: u64,
    /// Images that it archived while measured.
    pub n_archived: u64,
    /// Of both, those that a revision in use needs.
    pub n_lost: u64,
    /// KiB of distinct layers over time, archived ones too.
    pub stored_kib: Series,
    /// When its policy took images, in the order of time, over the whole run.
    pub removals: Vec<Removal>,
}

/// Images that a policy took at a moment. Those of one step of a [`Series`] are
/// one.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Removal {
    /// The first moment.
    pub at_ms: u64,
    /// How many it expired or archived.
    pub n_taken: u64,
    /// Of those, how many a revision in use needs.
    pub n_lost: u64,
}

impl RepositoryRecord {
    /// A repository that has stored nothing yet.
    pub fn new(name: impl Into<String>, horizon: SimDuration) -> Self {
        Self {
            name: name.into(),
            byte_ms: 0,
            archived_byte_ms: 0,
            bytes_at_end: 0,
            n_expired: 0,
            n_archived: 0,
            n_lost: 0,
            stored_kib: Series::new(horizon),
            removals: Vec::new(),
        }
    }

    /// It stores `bytes` from `now` on.
    pub fn store(&mut self, now: SimTime, horizon: SimDuration, bytes: u64) {
        // What no disk of the world holds is no sum that overflows.
        let most = u64::MAX / horizon.millis().max(1);
        self.stored_kib.set(now, (bytes >> 10).min(most));
    }

    /// Its policy takes an image.
    pub fn take(&mut self, now: SimTime, is_lost: bool) {
        let step_ms = self.stored_kib.bucket_width().millis();
        let is_same_step = |it: &&mut Removal| it.at_ms / step_ms == now.millis() / step_ms;
        match self.removals.last_mut().filter(is_same_step) {
            Some(last) => {
                last.n_taken += 1;
                last.n_lost += u64::from(is_lost);
            }
            None => {
                let n_lost = u64::from(is_lost);
                self.removals.push(Removal { at_ms: now.millis(), n_taken: 1, n_lost });
            }
        }
    }
}

impl ImageRecord {
    /// An image of `wanted` bytes is used as it is there.
    pub fn use_cached(&mut self, wanted: u64) {
        self.n_from_cache += 1;
        self.bytes_wanted += wanted;
    }

    /// `bytes` move by a pull that began at `at`, or will not after all.
    pub fn note_moved(&mut self, at: SimTime, horizon: SimDuration, bytes: i128) {
        if self.moved_over_time.is_empty() {
            let series = Series::new(horizon);
            self.step_ms = series.bucket_width().millis();
            self.moved_over_time.resize(series.buckets().len(), 0);
        }
        let last = self.moved_over_time.len() - 1;
        let step = ((at.millis() / self.step_ms) as usize).min(last);
        let moved = &mut self.moved_over_time[step];
        *moved = u64::try_from(i128::from(*moved) + bytes).unwrap_or(0);
    }

    /// An image is lost.
    pub fn lose(&mut self, lost: LostImage) {
        if self.lost.len() < LOST_MAX {
            self.lost.push(lost);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_count_where_their_pull_began_and_are_taken_back_there() {
        let (at, horizon) = (SimTime::from_secs, SimDuration::from_secs(5120));
        let mut record = ImageRecord::default();
        record.note_moved(at(9), horizon, 100);
        record.note_moved(at(10), horizon, 40);
        record.note_moved(at(9), horizon, -30);
        record.note_moved(at(5120), horizon, 1);
        assert_eq!((record.step_ms, record.moved_over_time.len()), (10_000, 512));
        assert_eq!((record.moved_over_time[0], record.moved_over_time[1]), (70, 40));
        assert_eq!(record.moved_over_time[511], 1, "the last moment belongs to the last step");
    }

    #[test]
    fn removals_of_one_step_are_one() {
        let at = SimTime::from_secs;
        let mut repository = RepositoryRecord::new("web", SimDuration::from_secs(5120));
        for (now, is_lost) in [(3, false), (9, true), (10, true)] {
            repository.take(at(now), is_lost);
        }
        let removal = |at_ms, n_taken, n_lost| Removal { at_ms, n_taken, n_lost };
        assert_eq!(repository.removals, [removal(3000, 2, 1), removal(10_000, 1, 1)]);
        repository.store(at(0), SimDuration::from_secs(5120), u64::MAX);
        repository.stored_kib.advance(at(5120));
    }
}
