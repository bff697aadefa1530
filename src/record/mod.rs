//! What a run writes down: plain numbers of bounded size, written by `sim`,
//! read by metrics and charts. Integers, so that no figure depends on the order
//! in which it was summed.

mod capacity_recorder;
mod cluster_recorder;
mod decisions;
pub mod disruption;
pub mod floors;
pub mod histogram;
pub mod images;
pub mod ledger;
mod moments;
mod money;
pub mod occupancy;
pub mod phase;
pub mod placement_reason;
pub mod provider;
pub mod reading;
pub mod recorder;
pub mod request_tally;
mod rollout_recorder;
pub mod run_record;
pub mod scaling;
pub mod scans;
pub mod series;
pub mod stranded;
pub mod surge;
pub mod timeline;
mod together;

pub use disruption::DisruptionRecord;
pub use floors::{FloorRecord, FloorRecorder, Replacement, StrandedAmounts, StrandedRecord, StrandedSeries};
pub use histogram::Histogram;
pub use images::{ImageRecord, LostImage, Removal, RepositoryRecord};
pub use ledger::{CommitmentRecord, CostOwner, CostShare, Ledger, LedgerLine, LineGroup, Meter, Quantity};
pub use occupancy::{Occupancy, Taken};
pub use phase::PhaseTime;
pub use placement_reason::PlacementReason;
pub use provider::{
    BlockedSeries, PlacementFailure, ProviderReading, ProviderRecord, ProviderStanding, ReservedSeries,
    Resource,
};
pub use reading::{ClusterReading, RequestReading, ServiceReading};
pub use recorder::Recorder;
pub use request_tally::{RequestAmounts, RequestTally};
pub use run_record::{
    DeploymentOutcome, LostRequests, NeverPlaceable, RequestRecord, RequestSeries, RolloutFailure,
    RolloutProfile, RolloutRecord, RunRecord, ServiceRecord, StageTime, TaskCounts, TaskFailure, ZoneBalance,
};
pub use scaling::{PolicyRecord, ScalingActivity, ScalingRecord};
pub use scans::{GateOutcome, ReleaseScan, ScanRecord};
pub use series::{Bucket, Series};
pub use stranded::StrandedCause;
pub use surge::{Surge, SurgeEnd};
pub use timeline::{RolloutPoint, Timeline};
