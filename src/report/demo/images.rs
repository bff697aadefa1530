//! Made-up pulls and repositories: one a service, and one of a base image.

use crate::base::{SimDuration, SimTime};
use crate::record::{ImageRecord, LostImage, RepositoryRecord};

use super::{Demo, HOUR_MS};

const GIB: u64 = 1 << 30;

impl Demo {
    /// Images are pushed every hour; once a day a policy takes most of them, of
    /// the first repository too many where much is going on.
    pub(super) fn images(&self, spread: f64, luck: f64) -> ImageRecord {
        let horizon = SimDuration::from_secs(self.hours * 3600);
        let base = "base/python".to_owned();
        let names: Vec<&String> = self.services.iter().chain([&base]).collect();
        let mut images = ImageRecord {
            n_pulls: 120 + (luck * 9.0) as u64,
            n_from_cache: 40,
            n_refused: 2,
            bytes_wanted: 160 * GIB,
            bytes_moved: (45.0 * spread) as u64 * GIB,
            pull_ms: (2_400_000.0 * spread) as u64,
            n_pulled_tasks: 120,
            ..ImageRecord::default()
        };
        for (idx, name) in names.into_iter().enumerate() {
            images.repositories.push(self.repository(name, idx, horizon));
        }
        if self.has_fargate && !self.services.is_empty() && spread > 1.3 {
            let at_ms = 25 * HOUR_MS;
            images.n_lost = 1;
            images.repositories[0].n_lost = 1;
            images.repositories[0].take(SimTime::from_millis(at_ms), true);
            let image = "v1.4.2".to_owned();
            images.lost.push(LostImage {
                at_ms,
                image,
                services: vec![0],
                rule_priority: 10,
                ..Default::default()
            });
        }
        for hour in 0..self.hours {
            let gib = if hour % 7 == 2 { 14.0 * spread } else { 0.4 };
            let at = SimTime::from_millis(hour * HOUR_MS + HOUR_MS / 3);
            images.note_moved(at, horizon, (gib * GIB as f64) as i128);
        }
        images
    }

    fn repository(&self, name: &str, idx: usize, horizon: SimDuration) -> RepositoryRecord {
        let mut repository = RepositoryRecord::new(name, horizon);
        let step = GIB / (idx as u64 + 2);
        let mut bytes = 2 * step;
        for hour in 0..self.hours {
            let now = SimTime::from_millis(hour * HOUR_MS);
            bytes += step / 8;
            if hour % 24 == 3 && bytes > 2 * step {
                bytes = 2 * step;
                repository.take(now, false);
                repository.n_expired += 9;
            }
            repository.store(now, horizon, bytes);
            repository.byte_ms += u128::from(bytes * HOUR_MS);
        }
        repository.bytes_at_end = bytes;
        repository.stored_kib.advance(SimTime::from_millis(horizon.millis()));
        repository
    }
}
