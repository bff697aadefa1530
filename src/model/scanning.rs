//! How the images of the private registries are scanned, what is found, and what
//! waits for it (semantics 9.8; ECR user guide, image-scanning; API
//! RegistryScanningConfiguration). Scanning by itself keeps nobody from pulling.

use crate::base::{SimDuration, SimTime};

/// How bad a finding is, the worst first (API FindingSeverity).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Severity {
    /// `CRITICAL`
    Critical,
    /// `HIGH`
    High,
    /// `MEDIUM`
    Medium,
    /// `LOW`
    Low,
    /// `INFORMATIONAL`
    Informational,
    /// `UNDEFINED`
    Undefined,
}

impl Severity {
    /// All of them, the worst first, under the names of the API.
    pub const NAMES: [(&'static str, Self); 6] = [
        ("CRITICAL", Self::Critical),
        ("HIGH", Self::High),
        ("MEDIUM", Self::Medium),
        ("LOW", Self::Low),
        ("INFORMATIONAL", Self::Informational),
        ("UNDEFINED", Self::Undefined),
    ];

    /// As the API names it.
    pub fn name(self) -> &'static str {
        Self::NAMES[self as usize].0
    }
}

/// How many findings there are, by severity, the worst first.
pub type FindingCounts = [u64; 6];

/// The scanning of all private registries of a run.
#[derive(Clone, PartialEq, Debug)]
pub struct Scanning {
    /// By whom.
    pub scan_type: ScanType,
    /// Which repositories when. Basic scanning knows one rule, enhanced two.
    pub rules: Vec<ScanRule>,
    /// From the begin of a scan to its findings.
    pub scan_duration: SimDuration,
    /// From one look at a continuously scanned image to the next. MODEL: the
    /// service looks again when it learns of something new.
    pub rescan_interval: SimDuration,
    /// For so long after its push an image is scanned continuously; `None`: for
    /// its lifetime.
    pub rescan_duration: Option<SimDuration>,
    /// Basic scans of a registry in 24 hours (ECR user guide, service-quotas).
    pub scans_per_day: u32,
    /// What is found.
    pub findings: FindingsSource,
}

impl Scanning {
    /// Basic scans of a registry in 24 hours.
    pub const SCANS_PER_DAY: u32 = 100_000;

    /// Basic scanning on nobody's push that finds nothing, with the figures of
    /// this model.
    pub fn basic() -> Self {
        Self {
            scan_type: ScanType::Basic,
            rules: Vec::new(),
            scan_duration: SimDuration::from_secs(30),
            rescan_interval: SimDuration::from_secs(24 * 3600),
            rescan_duration: None,
            scans_per_day: Self::SCANS_PER_DAY,
            findings: FindingsSource::Drawn(FindingRates::default()),
        }
    }
}

/// Who scans (API ScanType).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ScanType {
    /// The registry: an image at most once in 24 hours, free of charge.
    Basic,
    /// Amazon Inspector: charged by the image and by the look.
    Enhanced,
}

/// Which repositories are scanned when (API RegistryScanningRule).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ScanRule {
    /// When.
    pub frequency: ScanFrequency,
    /// Which: a filter with `*` is the whole name, one without a part of it.
    pub filters: Vec<String>,
}

/// When an image is scanned (API ScanFrequency).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ScanFrequency {
    /// When it comes into its repository.
    OnPush,
    /// Then, and again and again.
    Continuous,
    /// When somebody asks.
    Manual,
}

/// Where findings come from.
#[derive(Clone, PartialEq, Debug)]
pub enum FindingsSource {
    /// Drawn for each image, by its digest.
    Drawn(FindingRates),
    /// Known beforehand.
    Observed(Vec<ObservedFinding>),
}

/// How many findings an image has, in the mean; in millionths of a finding, by
/// severity.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct FindingRates {
    /// When it is pushed.
    pub at_push: [u64; 6],
    /// In each day after that: vulnerabilities that become known.
    pub per_day: [u64; 6],
}

/// Findings of an image that are known beforehand.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ObservedFinding {
    /// The repository's name.
    pub repository: String,
    /// A tag of the image, or its digest.
    pub image: String,
    /// How bad.
    pub severity: Severity,
    /// How many.
    pub count: u64,
    /// From then on a scan finds them.
    pub found_at: SimTime,
}

/// What a release waits for, and what keeps it back for good.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ScanGate {
    /// Findings of this severity and of worse ones count.
    pub severity: Severity,
    /// So many may there be.
    pub at_most: u64,
    /// Without the result of a scan for so long, the release is blocked.
    pub timeout: SimDuration,
}

/// What becomes of a scan (API ScanStatus).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ScanStatus {
    /// A basic scan runs.
    InProgress,
    /// There are findings, or there is none.
    Complete,
    /// An index: only what it names is scanned.
    UnsupportedImage,
    /// Scanned continuously.
    Active,
    /// An enhanced scan is to come.
    Pending,
    /// No longer scanned continuously.
    ScanEligibilityExpired,
    /// Nobody scanned it, or nobody does.
    FindingsUnavailable,
    /// The registry had scanned too many.
    LimitExceeded,
}

impl ScanStatus {
    /// As the API names it.
    pub fn name(self) -> &'static str {
        match self {
            Self::InProgress => "IN_PROGRESS",
            Self::Complete => "COMPLETE",
            Self::UnsupportedImage => "UNSUPPORTED_IMAGE",
            Self::Active => "ACTIVE",
            Self::Pending => "PENDING",
            Self::ScanEligibilityExpired => "SCAN_ELIGIBILITY_EXPIRED",
            Self::FindingsUnavailable => "FINDINGS_UNAVAILABLE",
            Self::LimitExceeded => "LIMIT_EXCEEDED",
        }
    }
}
