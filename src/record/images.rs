//! What image pulls and repositories came to, while measured.

use serde::{Deserialize, Serialize};

use crate::record::ScanRecord;

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
    /// Compressed bytes of the images that tasks used.
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
}

/// What a repository stored.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct RepositoryRecord {
    /// Its name.
    pub name: String,
    /// Compressed bytes of distinct layers times milliseconds.
    pub byte_ms: u128,
    /// The same of archived images.
    pub archived_byte_ms: u128,
    /// Bytes at the end.
    pub bytes_at_end: u64,
}

impl ImageRecord {
    /// A pull of an image of `wanted` bytes begins.
    pub fn begin_pull(&mut self, wanted: u64) {
        self.n_pulls += 1;
        self.bytes_wanted += wanted;
    }

    /// An image of `wanted` bytes is used as it is there.
    pub fn use_cached(&mut self, wanted: u64) {
        self.n_from_cache += 1;
        self.bytes_wanted += wanted;
    }

    /// The part of all bytes of used images that did not move, of a thousand;
    /// `None` if no image was used.
    pub fn cache_hit_thousandths(&self) -> Option<u64> {
        let saved = u128::from(self.bytes_wanted.saturating_sub(self.bytes_moved)) * 1000;
        saved.checked_div(u128::from(self.bytes_wanted)).map(|it| u64::try_from(it).expect("at most 1000"))
    }
}
