//! What scans of images came to, while measured, and what releases waited for.

use serde::{Deserialize, Serialize};

/// Of all private registries.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct ScanRecord {
    /// First scans of images that began.
    pub n_first: u64,
    /// Further looks at images that are scanned continuously.
    pub n_rescans: u64,
    /// Scans that the limit of the registry refused (LIMIT_EXCEEDED).
    pub n_refused: u64,
    /// Releases whose images are in described repositories, or that waited for a
    /// scan, in the order of their moments.
    pub releases: Vec<ReleaseScan>,
}

/// A release and what was known of its images.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ReleaseScan {
    /// Position of the service.
    pub service: u32,
    /// The name of the revision.
    pub revision: String,
    /// When it was released.
    pub released_ms: u64,
    /// When it was decided about, or the horizon.
    pub decided_ms: u64,
    /// What was decided.
    pub outcome: GateOutcome,
    /// Why it was blocked; empty otherwise.
    pub reason: String,
    /// Findings of its images that were known then, by severity, the worst first.
    pub findings: [u64; 6],
}

/// What became of a release that waits for a scan.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GateOutcome {
    /// It had no gate.
    Ungated,
    /// It was let through.
    Opened,
    /// Too many findings.
    BlockedByFindings,
    /// No result of a scan in time.
    BlockedByTimeout,
    /// Another release of the service came before.
    Superseded,
    /// The horizon came first.
    CutByHorizon,
}

impl ScanRecord {
    /// Releases that were blocked for good.
    pub fn n_blocked(&self) -> u64 {
        let is_blocked = |it: &&ReleaseScan| {
            matches!(it.outcome, GateOutcome::BlockedByFindings | GateOutcome::BlockedByTimeout)
        };
        self.releases.iter().filter(is_blocked).count() as u64
    }
}
