//! Images: what pulls moved, how long they took, what repositories stored and
//! lost. A run in which no repository is described has none of it. GB are 2^30
//! bytes, as they are billed (semantics 8.5).

use crate::record::{ImageRecord, RunRecord};

use super::availability::share;
use super::{Direction, Metric};

const BYTES_PER_GB: f64 = 1_073_741_824.0;

pub(super) const IMAGE_GB_PULLED: Metric = Metric {
    name: "image_gb_pulled",
    summary: "compressed bytes that pulls moved to instances and tasks while measured, 2^30 a GB",
    unit: "GB",
    direction: Direction::LowerIsBetter,
    decimals: 2,
    of: |record| Some(images(record)?.bytes_moved as f64 / BYTES_PER_GB),
};

pub(super) const IMAGE_CACHE_HIT_PERCENT: Metric = Metric {
    name: "image_cache_hit_percent",
    summary: "of the compressed bytes of the images that tasks used: those that did not move",
    unit: "%",
    direction: Direction::HigherIsBetter,
    decimals: 1,
    of: |record| {
        let images = images(record)?;
        share(images.bytes_wanted.saturating_sub(images.bytes_moved), images.bytes_wanted)
    },
};

pub(super) const IMAGE_PULLS: Metric = count(
    "image_pulls",
    "images that were asked for at their registry, and not refused",
    "pulls",
    Direction::Neutral,
    |record| Some(images(record)?.n_pulls as f64),
);

pub(super) const IMAGE_PULLS_REFUSED: Metric = count(
    "image_pulls_refused",
    "pulls that were denied, found no image, or no room on the disk",
    "pulls",
    Direction::LowerIsBetter,
    |record| Some(images(record)?.n_refused as f64),
);

pub(super) const IMAGE_PULL_SECONDS_MEAN: Metric = Metric {
    name: "image_pull_seconds_mean",
    summary: "how long a task waited until all its images were there, mean",
    unit: "s",
    direction: Direction::LowerIsBetter,
    decimals: 1,
    of: |record| {
        let images = images(record)?;
        (images.n_pulled_tasks > 0).then(|| images.pull_ms as f64 / 1000.0 / images.n_pulled_tasks as f64)
    },
};

pub(super) const IMAGE_PUSHES_REFUSED: Metric = count(
    "image_pushes_refused",
    "pushes that would have moved a tag that may not be moved",
    "pushes",
    Direction::LowerIsBetter,
    |record| Some(images(record)?.n_refused_pushes as f64),
);

pub(super) const IMAGES_EXPIRED: Metric = count(
    "images_expired",
    "images that lifecycle policies expired; archived ones are not counted",
    "images",
    Direction::Neutral,
    |record| Some(images(record)?.n_expired as f64),
);

pub(super) const IMAGES_LOST: Metric = count(
    "images_lost",
    "images that they expired or archived although a revision that has tasks, or is about to, needs them",
    "images",
    Direction::LowerIsBetter,
    |record| Some(images(record)?.n_lost as f64),
);

pub(super) const REGISTRY_CALLS_THROTTLED: Metric = count(
    "registry_calls_throttled",
    "calls to registries above the quotas of the account, at their first attempt",
    "calls",
    Direction::LowerIsBetter,
    |record| Some(images(record)?.n_throttled as f64),
);

pub(super) const REGISTRY_GB_MEAN: Metric = Metric {
    name: "registry_gb_mean",
    summary: "what repositories stored in the mean, layers of a repository once, archived ones too",
    unit: "GB",
    direction: Direction::LowerIsBetter,
    decimals: 2,
    of: |record| {
        let repositories = &images(record)?.repositories;
        let byte_ms: u128 = repositories.iter().map(|it| it.byte_ms + it.archived_byte_ms).sum();
        let measured_ms = record.horizon_ms.saturating_sub(record.warm_up_ms);
        (measured_ms > 0).then(|| byte_ms as f64 / measured_ms as f64 / BYTES_PER_GB)
    },
};

/// Something counted.
const fn count(
    name: &'static str,
    summary: &'static str,
    unit: &'static str,
    direction: Direction,
    of: fn(&RunRecord) -> Option<f64>,
) -> Metric {
    Metric { name, summary, unit, direction, decimals: 0, of }
}

/// `None` where no repository is described.
fn images(record: &RunRecord) -> Option<&ImageRecord> {
    Some(&record.images).filter(|it| !it.repositories.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::SimDuration;
    use crate::metrics::METRICS;
    use crate::record::{Ledger, Recorder, RepositoryRecord};

    fn value(record: &RunRecord, name: &str) -> Option<f64> {
        let metric = METRICS.iter().find(|it| it.name == name).expect("it is in the list");
        (metric.of)(record)
    }

    /// Two hours, the first of which warms up.
    fn record() -> RunRecord {
        let (horizon, warm_up) = (SimDuration::from_secs(7200), SimDuration::from_secs(3600));
        let mut record = Recorder::new(horizon, warm_up, []).finish(0, 0, Ledger::default());
        let gb = 1 << 30;
        let repository =
            |byte_ms: u128| RepositoryRecord { byte_ms, ..RepositoryRecord::new("web", horizon) };
        record.images = ImageRecord {
            n_pulls: 4,
            n_refused: 1,
            n_throttled: 7,
            bytes_wanted: 4 * gb,
            bytes_moved: gb,
            pull_ms: 90_000,
            n_pulled_tasks: 4,
            n_expired: 3,
            n_lost: 2,
            repositories: vec![repository(3_600_000 << 30), repository(1_800_000 << 30)],
            ..ImageRecord::default()
        };
        record.images.repositories[1].archived_byte_ms = 900_000 << 30;
        record
    }

    #[test]
    fn what_is_written_down_is_measured() {
        let record = record();
        let cases = [
            ("image_gb_pulled", 1.0),
            ("image_cache_hit_percent", 75.0),
            ("image_pulls", 4.0),
            ("image_pulls_refused", 1.0),
            ("image_pull_seconds_mean", 22.5),
            ("images_expired", 3.0),
            ("images_lost", 2.0),
            ("registry_calls_throttled", 7.0),
            // 1 + 1/2 + 1/4 over the measured hour.
            ("registry_gb_mean", 1.75),
        ];
        for (name, expected) in cases {
            assert_eq!(value(&record, name), Some(expected), "{name}");
        }
    }

    #[test]
    fn without_repositories_or_pulls_there_is_nothing_to_measure() {
        let mut record = record();
        record.images.n_pulled_tasks = 0;
        record.images.bytes_wanted = 0;
        assert_eq!(value(&record, "image_pull_seconds_mean"), None);
        assert_eq!(value(&record, "image_cache_hit_percent"), None);
        assert_eq!(value(&record, "image_pulls"), Some(4.0));
        record.images.repositories.clear();
        for metric in
            METRICS.iter().filter(|it| it.name.starts_with("image") || it.name.starts_with("registry"))
        {
            assert_eq!((metric.of)(&record), None, "{}", metric.name);
        }
    }
}
