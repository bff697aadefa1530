//! Releases that wait for scans of their images, and what scans come to. When
//! which image is scanned and what is found follows from pushes and releases
//! alone, so it is known before the run; MODEL: an image that a lifecycle policy
//! takes away is scanned as if it were there.

use std::collections::{BTreeMap, BTreeSet};

use crate::base::id::{Id as _, ImageId, ServiceId, TaskDefinitionId};
use crate::base::{Domain, Seed, SimDuration, SimTime};
use crate::images::scanning::{self, Blocked, Decision, Discoveries, Occasion, Scan, ScannedImage};
use crate::model::image::Content;
use crate::model::repository::{Location, Push, Wanted, Which};
use crate::model::scanning::{FindingsSource, ScanFrequency, ScanGate, ScanType, Scanning, Severity};
use crate::model::workload::{ServiceChangeKind, Workload};
use crate::record::{GateOutcome, ReleaseScan, ScanRecord};
use crate::sim::event::Event;
use crate::sim::registry::{RegistryState, millis};
use crate::sim::setup::Setup;
use crate::sim::simulation::Simulation;
use crate::sim::watch::Watch;

/// What is known of scans and of releases that wait for them.
#[derive(Default)]
pub(super) struct Scans {
    /// By what is released: whether it waits, and what is decided.
    releases: BTreeMap<TaskDefinitionId, PlannedRelease>,
    /// Numbers of the changes whose release waits, by service.
    waiting: BTreeMap<ServiceId, u32>,
    record: Option<ScanRecord>,
    /// Looks that are charged for: first ones, further ones.
    pub(super) charged: [u64; 2],
}

struct PlannedRelease {
    has_gate: bool,
    decision: Decision,
}

/// An image that is scanned, or may be.
struct Row {
    image: ImageId,
    pushed_ms: i64,
    frequency: Option<ScanFrequency>,
}

/// A release before it is known what comes of it.
struct Asked<'a> {
    definition: TaskDefinitionId,
    gate: Option<&'a ScanGate>,
    at_ms: i64,
    /// Positions of its images among all that are scanned.
    images: Vec<usize>,
}

impl Scans {
    /// Of a run; nothing where nothing is scanned.
    pub(super) fn new(setup: &Setup, workload: &Workload, seed: Seed) -> Self {
        let Some(scanning) = &setup.scanning else { return Self::default() };
        let rows = scanned_images(setup, scanning);
        let positions: BTreeMap<ImageId, usize> =
            rows.iter().enumerate().map(|(idx, row)| (row.image, idx)).collect();
        let asked = asked_releases(setup, workload, &positions);
        let frequencies: Vec<Option<ScanFrequency>> = rows.iter().map(|it| it.frequency).collect();
        let scans = scanning::plan(scanning, &frequencies, &occasions(&rows, &asked));
        let horizon_ms = millis(SimTime::ZERO + setup.horizon);
        let mut known: BTreeMap<usize, Discoveries> = BTreeMap::new();
        for &idx in asked.iter().flat_map(|it| &it.images) {
            known.entry(idx).or_insert_with(|| discoveries(setup, scanning, &rows[idx], horizon_ms, seed));
        }
        let nothing = Discoveries::default();
        let view = |idx: usize| ScannedImage {
            scanning,
            frequency: rows[idx].frequency,
            pushed_ms: rows[idx].pushed_ms,
            scans: &scans[idx],
            discoveries: known.get(&idx).unwrap_or(&nothing),
        };
        let mut releases = BTreeMap::new();
        for release in &asked {
            let images: Vec<ScannedImage<'_>> = release.images.iter().map(|&it| view(it)).collect();
            // Without a gate it goes, whatever is known.
            let open =
                ScanGate { severity: Severity::Undefined, at_most: u64::MAX, timeout: SimDuration::ZERO };
            let mut decision = scanning::decide(release.gate.unwrap_or(&open), release.at_ms, &images);
            if release.gate.is_none() {
                decision.blocked = None;
            }
            let has_gate = release.gate.is_some();
            releases.insert(release.definition, PlannedRelease { has_gate, decision });
        }
        let measured_from = millis(SimTime::ZERO + setup.warm_up);
        let is_measured = |it: &&Scan| (measured_from..horizon_ms).contains(&it.at_ms);
        let measured: Vec<&Scan> = scans.iter().flatten().filter(is_measured).collect();
        let n_refused = measured.iter().filter(|it| it.is_refused).count() as u64;
        let n_rescans = (0..rows.len()).map(|it| view(it).n_rescans(measured_from, horizon_ms)).sum();
        let n_first = measured.len() as u64 - n_refused;
        let record = ScanRecord { n_first, n_rescans, n_refused, releases: Vec::new() };
        let charged = match scanning.scan_type {
            ScanType::Basic => [0, 0],
            ScanType::Enhanced => [n_first, n_rescans],
        };
        Self { releases, waiting: BTreeMap::new(), record: Some(record), charged }
    }
}

/// Every image that comes into a private repository by the horizon, with its
/// first push; of an index the images that it names.
fn scanned_images(setup: &Setup, scanning: &Scanning) -> Vec<Row> {
    let registry = &setup.registry;
    let horizon_ms = millis(SimTime::ZERO + setup.horizon);
    let frequencies: Vec<Option<ScanFrequency>> = registry
        .repositories
        .rows()
        .iter()
        .map(|it| match it.location {
            Location::Private { .. } => scanning.frequency_of(&it.name),
            Location::Public { .. } => None,
        })
        .collect();
    let mut seen = BTreeSet::new();
    let mut rows = Vec::new();
    let mut state = RegistryState::new(registry, SimTime::ZERO, setup.horizon);
    for push in registry.pushes.iter().take_while(|it| it.at_ms < horizon_ms) {
        state.advance(SimTime::from_millis(u64::try_from(push.at_ms).unwrap_or(0)));
        // A push that an immutable tag refuses brings nothing.
        if !state.stores(push.image) {
            continue;
        }
        let image = &registry.images.images[push.image];
        let is_image = matches!(image.content, Content::Layers { .. });
        // What a cache has not pulled is not in the registry.
        let is_here = registry.repositories[image.repository].upstream.is_none();
        if is_image && is_here && seen.insert(push.image) {
            let frequency = frequencies[image.repository.idx()];
            rows.push(Row { image: push.image, pushed_ms: push.at_ms, frequency });
        }
    }
    rows
}

/// The releases whose images are in described repositories, or that have a gate.
fn asked_releases<'a>(
    setup: &Setup,
    workload: &'a Workload,
    positions: &BTreeMap<ImageId, usize>,
) -> Vec<Asked<'a>> {
    let mut state = RegistryState::new(&setup.registry, SimTime::ZERO, setup.horizon);
    let mut asked = Vec::new();
    for change in &workload.service_changes {
        let ServiceChangeKind::Release(definition) = change.kind else { continue };
        state.advance(change.at);
        let gate = workload.scan_gates.get(&definition);
        let blueprint = workload.definitions[definition].blueprint.as_deref();
        let containers = blueprint.map_or(&[][..], |it| &it.containers);
        let wanted: Vec<Wanted> =
            containers.iter().filter_map(|it| setup.registry.wanted(&it.image)).collect();
        let mut images = Vec::new();
        for wanted in &wanted {
            let found = state.find(wanted, change.at).map(|it| it.image);
            // One that is pushed while the gate waits is waited for.
            let image = found.or_else(|| awaited(setup, wanted, change.at, gate?));
            for leaf in image.into_iter().flat_map(|it| leaves(setup, it)) {
                images.extend(positions.get(&leaf).copied().filter(|it| !images.contains(it)));
            }
        }
        if gate.is_some() || !wanted.is_empty() {
            asked.push(Asked { definition, gate, at_ms: millis(change.at), images });
        }
    }
    asked
}

/// The first image that is pushed under a name within the patience of a gate.
fn awaited(setup: &Setup, wanted: &Wanted, at: SimTime, gate: &ScanGate) -> Option<ImageId> {
    let (from, until) = (millis(at), millis(at + gate.timeout));
    let pushes = setup.registry.pushes.iter().filter(|it| it.at_ms > from && it.at_ms <= until);
    let images = &setup.registry.images.images;
    let is_it = |push: &&Push| {
        let image = &images[push.image];
        image.repository == wanted.repository
            && match &wanted.which {
                Which::Tag(tag) => push.tags.contains(tag),
                Which::Digest(digest) => image.digest == *digest,
            }
    };
    pushes.into_iter().find(is_it).map(|it| it.image)
}

/// An image itself, or those that an index names.
fn leaves(setup: &Setup, image: ImageId) -> Vec<ImageId> {
    match &setup.registry.images.images[image].content {
        Content::Layers { .. } => vec![image],
        Content::Index(children) => children.clone(),
    }
}

/// Pushes, and for each gate a request where nobody else asks; in the order of
/// time.
fn occasions(rows: &[Row], asked: &[Asked<'_>]) -> Vec<Occasion> {
    let pushes = rows.iter().enumerate();
    let pushes = pushes.map(|(image, it)| Occasion { at_ms: it.pushed_ms, image, is_request: false });
    let gated = asked.iter().filter(|it| it.gate.is_some());
    let requests = gated.flat_map(|release| {
        let manual = |it: &&usize| rows[**it].frequency == Some(ScanFrequency::Manual);
        release.images.iter().filter(manual).map(|&image| {
            let at_ms = release.at_ms.max(rows[image].pushed_ms);
            Occasion { at_ms, image, is_request: true }
        })
    });
    let mut found: Vec<Occasion> = pushes.chain(requests).collect();
    found.sort_by_key(|it| (it.at_ms, it.is_request));
    found
}

/// Vulnerabilities that became known longer before the end of the run than this
/// are part of what an image has from the beginning (MODEL).
const LOOKED_BACK_MS: i64 = 3650 * 86_400_000;

fn discoveries(setup: &Setup, scanning: &Scanning, row: &Row, horizon_ms: i64, seed: Seed) -> Discoveries {
    let image = &setup.registry.images.images[row.image];
    match &scanning.findings {
        FindingsSource::Drawn(rates) => {
            let entity = hash(&image.digest);
            let stream = |severity: Severity, is_later: bool| {
                seed.stream(Domain::ScanFindings, entity << 4 | u64::from(is_later) << 3 | severity as u64)
            };
            let from = row.pushed_ms.max(horizon_ms - LOOKED_BACK_MS);
            Discoveries::draw(rates, from, horizon_ms, stream)
        }
        FindingsSource::Observed(_) => {
            let pushes = setup
                .registry
                .pushes
                .iter()
                .filter(|it| it.image == row.image || leaves(setup, it.image).contains(&row.image));
            let tags = pushes.flat_map(|it| &it.tags).map(String::as_str);
            let names: Vec<&str> = tags.chain([image.digest.as_str()]).collect();
            let repository = &setup.registry.repositories[image.repository];
            Discoveries::observed(&scanning.findings, &repository.name, &names)
        }
    }
}

/// 52 bits of a digest: FNV-1a.
fn hash(digest: &str) -> u64 {
    let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3);
    digest.bytes().fold(0xCBF2_9CE4_8422_2325, step) >> 12
}

impl<W: Watch> Simulation<'_, W> {
    /// Whether a release waits, or is kept back for good. One that waits gives
    /// way to the next release of its service.
    pub(super) fn is_held_back(&mut self, number: u32) -> bool {
        let service = self.workload.service_changes[number as usize].service;
        if let Some(earlier) = self.scans.waiting.remove(&service) {
            self.note_release_scan(earlier, GateOutcome::Superseded, self.now);
        }
        let Some(release) = self.planned_release(number) else { return false };
        if !release.has_gate {
            self.note_release_scan(number, GateOutcome::Ungated, self.now);
            return false;
        }
        let decided_at = SimTime::from_millis(u64::try_from(release.decision.at_ms).unwrap_or(0));
        if decided_at > self.now {
            self.scans.waiting.insert(service, number);
            self.queue.schedule(decided_at, Event::ScanGateDecided(number));
            return true;
        }
        self.decide_gate(number)
    }

    /// The scans that a release waits for are over, or took too long.
    pub(super) fn on_scan_gate_decided(&mut self, number: u32) {
        let service = self.workload.service_changes[number as usize].service;
        if self.scans.waiting.get(&service) != Some(&number) {
            return;
        }
        self.scans.waiting.remove(&service);
        if !self.decide_gate(number) {
            self.release_now(number);
        }
    }

    /// Whether a release is blocked.
    fn decide_gate(&mut self, number: u32) -> bool {
        let blocked = self.planned_release(number).and_then(|it| it.decision.blocked);
        let outcome = match blocked {
            None => GateOutcome::Opened,
            Some(Blocked::ByFindings(_)) => GateOutcome::BlockedByFindings,
            Some(Blocked::ByTimeout(_)) => GateOutcome::BlockedByTimeout,
        };
        self.note_release_scan(number, outcome, self.now);
        blocked.is_some()
    }

    fn planned_release(&self, number: u32) -> Option<&PlannedRelease> {
        match self.workload.service_changes[number as usize].kind {
            ServiceChangeKind::Release(definition) => self.scans.releases.get(&definition),
            _ => None,
        }
    }

    fn note_release_scan(&mut self, number: u32, outcome: GateOutcome, decided_at: SimTime) {
        let change = self.workload.service_changes[number as usize];
        let ServiceChangeKind::Release(definition) = change.kind else { return };
        if !self.recorder.is_measured(change.at) {
            return;
        }
        let decided = self.scans.releases.get(&definition).map(|it| &it.decision);
        let is_known = matches!(
            outcome,
            GateOutcome::Ungated
                | GateOutcome::Opened
                | GateOutcome::BlockedByFindings
                | GateOutcome::BlockedByTimeout
        );
        let decided = decided.filter(|_| is_known);
        let release = ReleaseScan {
            service: change.service.number(),
            revision: self.workload.definitions[definition].name.clone(),
            released_ms: change.at.millis(),
            decided_ms: decided_at.millis(),
            outcome,
            reason: decided
                .and_then(|it| it.blocked)
                .map(|it| self.why_blocked(definition, it))
                .unwrap_or_default(),
            findings: decided.map_or([0; 6], |it| it.findings),
        };
        if let Some(record) = &mut self.scans.record {
            record.releases.push(release);
        }
    }

    fn why_blocked(&self, definition: TaskDefinitionId, blocked: Blocked) -> String {
        let gate = self.workload.scan_gates.get(&definition);
        match (blocked, gate) {
            (Blocked::ByFindings(n), Some(gate)) => {
                let (severity, most) = (gate.severity.name(), gate.at_most);
                format!("{n} findings of severity {severity} or worse, and at most {most} are let through")
            }
            (Blocked::ByTimeout(status), Some(gate)) => {
                format!("no result of a scan within {}: {}", gate.timeout, status.name())
            }
            (_, None) => String::new(),
        }
    }

    /// What scans came to, once the run is over; releases in the order of time.
    pub(super) fn close_scans(&mut self) {
        let waiting: Vec<u32> = std::mem::take(&mut self.scans.waiting).into_values().collect();
        let horizon = SimTime::ZERO + self.setup.horizon;
        for number in waiting {
            self.note_release_scan(number, GateOutcome::CutByHorizon, horizon);
        }
        if let Some(mut record) = self.scans.record.take() {
            record.releases.sort_by_key(|it| (it.released_ms, it.service));
            self.recorder.images().scans = Some(record);
        }
    }
}
