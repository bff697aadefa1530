//! Which images are scanned when, what a scan finds, and whether that lets a
//! release through (semantics 9.8; ECR user guide, image-scanning). Nothing of
//! it depends on the cluster, so it is known before a run.

use crate::base::SimTime;
use crate::base::rng::Stream;
use crate::model::repository::matches_wildcard;
use crate::model::scanning::{
    FindingCounts, FindingRates, FindingsSource, ScanFrequency, ScanGate, ScanStatus, ScanType, Scanning,
    Severity,
};

const DAY_MS: i64 = 86_400_000;

impl Scanning {
    /// When images of a private repository are scanned; `None`: never. If both
    /// kinds of rule match, continuous scanning wins; what no rule of basic
    /// scanning matches is scanned when somebody asks.
    pub fn frequency_of(&self, repository: &str) -> Option<ScanFrequency> {
        let matching = self.rules.iter().filter(|it| it.filters.iter().any(|it| is_met(it, repository)));
        let mut found = matching.map(|it| it.frequency).peekable();
        match (self.scan_type, found.peek().is_some()) {
            (ScanType::Basic, false) => Some(ScanFrequency::Manual),
            (ScanType::Enhanced, false) => None,
            (_, true) => {
                let all: Vec<ScanFrequency> = found.collect();
                let order = [ScanFrequency::Continuous, ScanFrequency::OnPush, ScanFrequency::Manual];
                order.into_iter().find(|it| all.contains(it))
            }
        }
    }
}

/// A filter with `*` is the whole name, one without is a part of it.
fn is_met(filter: &str, repository: &str) -> bool {
    match filter.contains('*') {
        true => matches_wildcard(filter, repository),
        false => repository.contains(filter),
    }
}

/// Something that may lead to a scan: an image's first push, or a request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Occasion {
    /// When, in milliseconds of the run.
    pub at_ms: i64,
    /// Which image: a position in whatever list the caller has.
    pub image: usize,
    /// Whether it is asked for (API StartImageScan), else pushed.
    pub is_request: bool,
}

/// A scan, or one that was not made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Scan {
    /// When it began.
    pub at_ms: i64,
    /// Whether the registry had made too many by then.
    pub is_refused: bool,
}

/// The scans of each of `frequencies.len()` images, in the order of time: what
/// `occasions`, ascending, lead to. Enhanced scanning takes no requests.
pub fn plan(
    scanning: &Scanning,
    frequencies: &[Option<ScanFrequency>],
    occasions: &[Occasion],
) -> Vec<Vec<Scan>> {
    let mut scans: Vec<Vec<Scan>> = vec![Vec::new(); frequencies.len()];
    // Moments of the basic scans that count for the limit, and the first of them
    // that is less than a day old.
    let mut made: Vec<i64> = Vec::new();
    let mut first_recent = 0;
    for occasion in occasions {
        let Some(frequency) = frequencies[occasion.image] else { continue };
        let is_basic = scanning.scan_type == ScanType::Basic;
        let is_meant = match occasion.is_request {
            true => is_basic,
            false => frequency != ScanFrequency::Manual,
        };
        let of_image = &mut scans[occasion.image];
        let at_ms = occasion.at_ms;
        let is_recent = |it: &Scan| !it.is_refused && it.at_ms > at_ms - DAY_MS;
        if !is_meant || (is_basic && of_image.iter().any(is_recent)) {
            continue;
        }
        while made.get(first_recent).is_some_and(|it| *it <= at_ms - DAY_MS) {
            first_recent += 1;
        }
        let n_recent = made.len() - first_recent;
        let is_refused = is_basic && n_recent >= scanning.scans_per_day as usize;
        if is_basic && !is_refused {
            made.push(at_ms);
        }
        of_image.push(Scan { at_ms, is_refused });
    }
    scans
}

/// What there is to be found in an image, and since when: as many at its push,
/// then one at each of these moments.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Discoveries {
    /// From the first moment of the image on.
    pub at_push: FindingCounts,
    /// In milliseconds of the run, ascending, with how many of which severity.
    pub later: Vec<(i64, Severity, u64)>,
}

impl Discoveries {
    /// Draws what there is in an image between its push and `until_ms`: numbers
    /// and moments of Poisson processes, each of its own stream, so that another
    /// rate moves moments and nothing else. `stream` is asked for the stream of a
    /// severity, at the push (`false`) and later (`true`).
    pub fn draw(
        rates: &FindingRates,
        pushed_ms: i64,
        until_ms: i64,
        mut stream: impl FnMut(Severity, bool) -> Stream,
    ) -> Self {
        let mut found = Self::default();
        for (idx, (_, severity)) in Severity::NAMES.into_iter().enumerate() {
            let mean = rates.at_push[idx] as f64 / 1e6;
            if mean > 0.0 {
                let mut stream = stream(severity, false);
                let mut passed = stream.exponential(1.0);
                while passed < mean {
                    found.at_push[idx] += 1;
                    passed += stream.exponential(1.0);
                }
            }
            let per_day = rates.per_day[idx] as f64 / 1e6;
            if per_day > 0.0 {
                let mut stream = stream(severity, true);
                let span = until_ms.saturating_sub(pushed_ms) as f64;
                let mean_ms = DAY_MS as f64 / per_day;
                let mut passed = stream.exponential(mean_ms);
                while passed < span {
                    found.later.push((pushed_ms + passed as i64, severity, 1));
                    passed += stream.exponential(mean_ms);
                }
            }
        }
        found.later.sort_by_key(|it| (it.0, it.1));
        found
    }

    /// What is known beforehand of an image with these names: tags and digest.
    pub fn observed(source: &FindingsSource, repository: &str, names: &[&str]) -> Self {
        let mut found = Self::default();
        if let FindingsSource::Observed(rows) = source {
            let of_image =
                rows.iter().filter(|it| it.repository == repository && names.contains(&it.image.as_str()));
            for row in of_image {
                match row.found_at == SimTime::ZERO {
                    true => found.at_push[row.severity as usize] += row.count,
                    false => {
                        let at_ms = i64::try_from(row.found_at.millis()).unwrap_or(i64::MAX);
                        found.later.push((at_ms, row.severity, row.count));
                    }
                }
            }
        }
        found.later.sort_by_key(|it| (it.0, it.1));
        found
    }

    /// What a scan that began at a moment finds.
    pub fn at(&self, at_ms: i64) -> FindingCounts {
        let mut counts = self.at_push;
        let n_known = self.later.partition_point(|it| it.0 <= at_ms);
        for (_, severity, n) in &self.later[..n_known] {
            counts[*severity as usize] += n;
        }
        counts
    }
}

/// An image as its scans know it.
#[derive(Clone, Copy, Debug)]
pub struct ScannedImage<'a> {
    /// How it is scanned.
    pub scanning: &'a Scanning,
    /// When; see [`Scanning::frequency_of`].
    pub frequency: Option<ScanFrequency>,
    /// When it came, in milliseconds of the run.
    pub pushed_ms: i64,
    /// Of [`plan`].
    pub scans: &'a [Scan],
    /// What there is to be found.
    pub discoveries: &'a Discoveries,
}

impl ScannedImage<'_> {
    /// Looks at a continuously scanned image in `from_ms..to_ms`, but for the
    /// first one.
    pub fn n_rescans(&self, from_ms: i64, to_ms: i64) -> u64 {
        let (Some(ScanFrequency::Continuous), Some(first)) = (self.frequency, self.scans.first()) else {
            return 0;
        };
        let until = self.expires_ms().map_or(to_ms, |it| to_ms.min(it));
        let interval = millis(self.scanning.rescan_interval.millis()).max(1);
        // The k-th look is at first + k * interval: how many come before a moment.
        let before = |moment: i64| (moment - first.at_ms - 1).div_euclid(interval).max(0);
        u64::try_from(before(until) - before(from_ms.min(until))).unwrap_or(0)
    }

    /// From when on a continuously scanned image is no longer looked at.
    fn expires_ms(&self) -> Option<i64> {
        let duration = self.scanning.rescan_duration?;
        Some(self.pushed_ms.saturating_add(millis(duration.millis())))
    }

    /// When the newest result that is there at a moment was looked for, if there
    /// is one.
    fn looked_at(&self, at_ms: i64) -> Option<i64> {
        let duration = millis(self.scanning.scan_duration.millis());
        let done = |it: &&Scan| !it.is_refused && it.at_ms.saturating_add(duration) <= at_ms;
        let scan = self.scans.iter().rev().find(done)?;
        if self.frequency != Some(ScanFrequency::Continuous) {
            return Some(scan.at_ms);
        }
        let until = self.expires_ms().map_or(at_ms - duration, |it| (at_ms - duration).min(it - 1));
        let interval = millis(self.scanning.rescan_interval.millis()).max(1);
        Some(scan.at_ms + (until - scan.at_ms).max(0).div_euclid(interval) * interval)
    }

    /// When the result is there that someone waits for who asks at a moment: that
    /// of the newest scan by then, or of the next one.
    fn result_ms(&self, asked_ms: i64) -> Option<i64> {
        let duration = millis(self.scanning.scan_duration.millis());
        let mut made = self.scans.iter().filter(|it| !it.is_refused);
        let newest = made.clone().rev().find(|it| it.at_ms <= asked_ms);
        newest.or_else(|| made.next()).map(|it| it.at_ms.saturating_add(duration))
    }

    /// What is known of an image at a moment: its newest result.
    pub fn findings(&self, at_ms: i64) -> Option<FindingCounts> {
        self.looked_at(at_ms).map(|it| self.discoveries.at(it))
    }

    /// As DescribeImageScanFindings would say it.
    pub fn status(&self, at_ms: i64) -> ScanStatus {
        let begun = self.scans.iter().rev().find(|it| it.at_ms <= at_ms);
        let is_continuous = self.frequency == Some(ScanFrequency::Continuous);
        match (begun, self.looked_at(at_ms)) {
            (None, _) => ScanStatus::FindingsUnavailable,
            (Some(scan), _) if scan.is_refused => ScanStatus::LimitExceeded,
            (Some(_), Some(_)) if is_continuous => match self.expires_ms().is_some_and(|it| at_ms >= it) {
                true => ScanStatus::ScanEligibilityExpired,
                false => ScanStatus::Active,
            },
            (Some(scan), Some(looked)) if looked >= scan.at_ms => ScanStatus::Complete,
            (Some(_), _) => match self.scanning.scan_type {
                ScanType::Basic => ScanStatus::InProgress,
                ScanType::Enhanced => ScanStatus::Pending,
            },
        }
    }
}

fn millis(it: u64) -> i64 {
    i64::try_from(it).unwrap_or(i64::MAX)
}

/// What a gate says, and when.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Decision {
    /// In milliseconds of the run.
    pub at_ms: i64,
    /// What was known of all images then, added up; of one without a result
    /// nothing.
    pub findings: FindingCounts,
    /// Why the release is blocked; `None` if it may go.
    pub blocked: Option<Blocked>,
}

/// Why a release is blocked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Blocked {
    /// Too many findings that count.
    ByFindings(u64),
    /// There was no result in time; how it stood then.
    ByTimeout(ScanStatus),
}

/// Waits for the results of all images and looks at them once. A refused scan
/// gives none, whoever waits.
pub fn decide(gate: &ScanGate, released_ms: i64, images: &[ScannedImage<'_>]) -> Decision {
    let gives_up_ms = released_ms.saturating_add(millis(gate.timeout.millis()));
    let mut at_ms = released_ms;
    let mut missing = if images.is_empty() { Some(ScanStatus::FindingsUnavailable) } else { None };
    for image in images {
        match image.result_ms(released_ms) {
            Some(it) if it <= gives_up_ms => at_ms = at_ms.max(it),
            _ => missing = missing.or(Some(image.status(gives_up_ms))),
        }
    }
    if missing.is_some() {
        at_ms = gives_up_ms;
    }
    let mut findings = FindingCounts::default();
    for counts in images.iter().filter_map(|it| it.findings(at_ms)) {
        for (sum, n) in findings.iter_mut().zip(counts) {
            *sum += n;
        }
    }
    let n: u64 = findings[..=gate.severity as usize].iter().sum();
    let too_many = (n > gate.at_most).then_some(Blocked::ByFindings(n));
    Decision { at_ms, findings, blocked: missing.map(Blocked::ByTimeout).or(too_many) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{Domain, Seed, SimDuration};
    use crate::model::scanning::{ObservedFinding, ScanRule};

    const SECOND: i64 = 1000;

    fn rule(frequency: ScanFrequency, filters: &[&str]) -> ScanRule {
        ScanRule { frequency, filters: filters.iter().map(|it| (*it).to_owned()).collect() }
    }

    fn scanning(scan_type: ScanType, rules: Vec<ScanRule>) -> Scanning {
        Scanning { scan_type, rules, ..Scanning::basic() }
    }

    fn continuous() -> Scanning {
        scanning(ScanType::Enhanced, vec![rule(ScanFrequency::Continuous, &["*"])])
    }

    #[test]
    fn rules_say_which_repository_is_scanned_when() {
        use ScanFrequency::{Continuous, Manual, OnPush};
        let enhanced = scanning(
            ScanType::Enhanced,
            vec![rule(OnPush, &["web", "dev/*"]), rule(Continuous, &["prod*", "x"])],
        );
        let basic = scanning(ScanType::Basic, vec![rule(OnPush, &["prod*"])]);
        for (name, of_enhanced, of_basic) in [
            ("web", Some(OnPush), Some(Manual)),
            ("team/web-app", Some(OnPush), Some(Manual)),
            ("dev/a", Some(OnPush), Some(Manual)),
            ("a/dev/a", None, Some(Manual)),
            ("prod", Some(Continuous), Some(OnPush)),
            ("prod/web", Some(Continuous), Some(OnPush)),
            ("my-prod", None, Some(Manual)),
            ("db", None, Some(Manual)),
        ] {
            assert_eq!(enhanced.frequency_of(name), of_enhanced, "{name}");
            assert_eq!(basic.frequency_of(name), of_basic, "{name}");
        }
        assert_eq!(scanning(ScanType::Basic, vec![rule(Manual, &["*"])]).frequency_of("a"), Some(Manual));
    }

    fn push(at_ms: i64, image: usize) -> Occasion {
        Occasion { at_ms, image, is_request: false }
    }

    fn request(at_ms: i64, image: usize) -> Occasion {
        Occasion { at_ms, image, is_request: true }
    }

    #[test]
    fn a_basic_scan_is_made_once_in_a_day_and_so_often_in_a_registry() {
        let basic = Scanning { scans_per_day: 2, ..scanning(ScanType::Basic, Vec::new()) };
        let manual = [Some(ScanFrequency::Manual); 4];
        let made = |at_ms| Scan { at_ms, is_refused: false };
        let refused = |at_ms| Scan { at_ms, is_refused: true };
        let occasions = [
            push(0, 0),
            request(1, 0),
            request(DAY_MS, 0),
            request(DAY_MS, 1),
            request(DAY_MS + 1, 0),
            request(DAY_MS + 1, 2),
            request(2 * DAY_MS - 1, 3),
            // Those of the day before no longer count.
            request(2 * DAY_MS + 1, 3),
            request(2 * DAY_MS + 2, 2),
        ];
        let plan = plan(&basic, &manual, &occasions);
        assert_eq!(plan[0], [made(1), made(DAY_MS + 1)], "a day after the first there may be another");
        assert_eq!(plan[1], [made(DAY_MS)]);
        assert_eq!(plan[2], [refused(DAY_MS + 1), made(2 * DAY_MS + 2)]);
        assert_eq!(plan[3], [refused(2 * DAY_MS - 1), made(2 * DAY_MS + 1)]);
    }

    #[test]
    fn enhanced_scanning_takes_no_requests_and_has_no_limit() {
        let enhanced = Scanning { scans_per_day: 1, ..continuous() };
        let frequencies = [Some(ScanFrequency::OnPush), None, Some(ScanFrequency::Continuous)];
        let plan = plan(&enhanced, &frequencies, &[push(-5, 2), push(0, 0), push(0, 1), request(9, 0)]);
        let made = |at_ms| vec![Scan { at_ms, is_refused: false }];
        assert_eq!(plan, [made(0), Vec::new(), made(-5)]);
    }

    fn rates(critical: u64, critical_per_day: u64) -> FindingRates {
        let mut rates = FindingRates::default();
        rates.at_push[0] = critical;
        rates.per_day[0] = critical_per_day;
        rates
    }

    fn draw(entity: u64, rates: &FindingRates) -> Discoveries {
        let stream = |severity: Severity, is_later: bool| {
            Seed(3).stream(Domain::ScanFindings, entity << 4 | u64::from(is_later) << 3 | severity as u64)
        };
        Discoveries::draw(rates, -DAY_MS, 9 * DAY_MS, stream)
    }

    #[test]
    fn what_is_drawn_has_its_mean_and_more_is_never_less() {
        let n = 2000;
        let all: Vec<Discoveries> = (0..n).map(|it| draw(it, &rates(1_500_000, 200_000))).collect();
        let at_push: u64 = all.iter().map(|it| it.at_push[0]).sum();
        let later: usize = all.iter().map(|it| it.later.len()).sum();
        // 3000 and 4000 in the mean, with deviations of 55 and 63.
        assert!((2780..=3220).contains(&at_push), "{at_push}");
        assert!((3750..=4250).contains(&later), "{later}");
        for it in &all {
            assert!(it.later.is_sorted() && it.later.iter().all(|it| (-DAY_MS..9 * DAY_MS).contains(&it.0)));
        }
        for (entity, less) in all.iter().enumerate() {
            let more = draw(entity as u64, &rates(3_000_000, 400_000));
            assert!(
                (0..10).all(|day| more.at(day * DAY_MS)[0] >= less.at(day * DAY_MS)[0]),
                "image {entity}"
            );
        }
        assert_eq!(draw(1, &FindingRates::default()), Discoveries::default());
    }

    #[test]
    fn what_is_known_beforehand_is_found_from_its_moment_on() {
        let row = |image: &str, severity, count, secs| ObservedFinding {
            repository: "web".to_owned(),
            image: image.to_owned(),
            severity,
            count,
            found_at: SimTime::ZERO + SimDuration::from_secs(secs),
        };
        let rows = vec![
            row("2", Severity::High, 3, 60),
            row("2", Severity::Critical, 1, 0),
            row("sha256:ab", Severity::High, 2, 30),
            row("3", Severity::High, 9, 0),
        ];
        let found = Discoveries::observed(&FindingsSource::Observed(rows), "web", &["2", "sha256:ab"]);
        assert_eq!(found.at(-SECOND), [1, 0, 0, 0, 0, 0], "before the run it is as at its begin");
        assert_eq!(found.at(29 * SECOND), [1, 0, 0, 0, 0, 0]);
        assert_eq!(found.at(30 * SECOND), [1, 2, 0, 0, 0, 0]);
        assert_eq!(found.at(60 * SECOND), [1, 5, 0, 0, 0, 0]);
        let other = FindingsSource::Drawn(FindingRates::default());
        assert_eq!(Discoveries::observed(&other, "web", &["2"]), Discoveries::default());
    }

    fn made(at_ms: i64) -> Vec<Scan> {
        vec![Scan { at_ms, is_refused: false }]
    }

    #[test]
    fn a_continuous_scan_learns_of_what_becomes_known_and_ends_when_it_expires() {
        let scanning = Scanning { rescan_duration: Some(SimDuration::from_secs(3 * 86_400)), ..continuous() };
        let later = vec![(DAY_MS / 2, Severity::High, 1), (3 * DAY_MS, Severity::High, 1)];
        let discoveries = Discoveries { at_push: [1, 0, 0, 0, 0, 0], later };
        let scans = made(0);
        let frequency = Some(ScanFrequency::Continuous);
        let image = ScannedImage {
            scanning: &scanning,
            frequency,
            pushed_ms: 0,
            scans: &scans,
            discoveries: &discoveries,
        };
        for (at_ms, status, high) in [
            (0, ScanStatus::Pending, None),
            (30 * SECOND - 1, ScanStatus::Pending, None),
            (30 * SECOND, ScanStatus::Active, Some(0)),
            (DAY_MS, ScanStatus::Active, Some(0)),
            (DAY_MS + 30 * SECOND, ScanStatus::Active, Some(1)),
            (3 * DAY_MS, ScanStatus::ScanEligibilityExpired, Some(1)),
            (9 * DAY_MS, ScanStatus::ScanEligibilityExpired, Some(1)),
        ] {
            assert_eq!(image.status(at_ms), status, "at {at_ms}");
            assert_eq!(image.findings(at_ms).map(|it| it[1]), high, "at {at_ms}");
        }
        // Looks after one and two days; the third would be when it has expired.
        assert_eq!(image.n_rescans(0, 9 * DAY_MS), 2);
        assert_eq!(image.n_rescans(DAY_MS, 2 * DAY_MS), 1);
        assert_eq!(image.n_rescans(DAY_MS + 1, 2 * DAY_MS), 0);
        assert_eq!(image.n_rescans(8 * DAY_MS, 9 * DAY_MS), 0);
        let forever = continuous();
        assert_eq!(ScannedImage { scanning: &forever, ..image }.n_rescans(0, 9 * DAY_MS), 8);
        let once = Some(ScanFrequency::OnPush);
        let on_push = ScannedImage { frequency: once, ..image };
        assert_eq!(on_push.n_rescans(0, 9 * DAY_MS), 0);
        assert_eq!(
            (on_push.status(DAY_MS), on_push.findings(9 * DAY_MS)),
            (ScanStatus::Complete, Some([1, 0, 0, 0, 0, 0]))
        );
    }

    #[test]
    fn a_gate_waits_for_the_scan_and_counts_what_is_as_bad() {
        let on_push = scanning(ScanType::Basic, vec![rule(ScanFrequency::OnPush, &["*"])]);
        let discoveries = Discoveries { at_push: [0, 2, 5, 0, 0, 0], later: Vec::new() };
        let gate =
            |severity, at_most, secs| ScanGate { severity, at_most, timeout: SimDuration::from_secs(secs) };
        let image = |scans| ScannedImage {
            scanning: &on_push,
            frequency: Some(ScanFrequency::OnPush),
            pushed_ms: 0,
            scans,
            discoveries: &discoveries,
        };
        let (pushed, refused, none) = (made(0), vec![Scan { at_ms: 0, is_refused: true }], Vec::new());
        let limit = Blocked::ByTimeout(ScanStatus::LimitExceeded);
        let unknown = Blocked::ByTimeout(ScanStatus::FindingsUnavailable);
        for (gate, released_ms, scans, at_ms, blocked) in [
            // The scan is done: at once.
            (gate(Severity::Critical, 0, 600), 60 * SECOND, &pushed, 60 * SECOND, None),
            (gate(Severity::High, 2, 600), 60 * SECOND, &pushed, 60 * SECOND, None),
            (gate(Severity::High, 1, 600), 60 * SECOND, &pushed, 60 * SECOND, Some(Blocked::ByFindings(2))),
            (gate(Severity::Medium, 6, 600), 60 * SECOND, &pushed, 60 * SECOND, Some(Blocked::ByFindings(7))),
            // It runs: when it is done, or never.
            (gate(Severity::High, 2, 600), 10 * SECOND, &pushed, 30 * SECOND, None),
            (gate(Severity::High, 2, 20), 10 * SECOND, &pushed, 30 * SECOND, None),
            (
                gate(Severity::High, 2, 19),
                10 * SECOND,
                &pushed,
                29 * SECOND,
                Some(Blocked::ByTimeout(ScanStatus::InProgress)),
            ),
            (gate(Severity::High, 2, 60), 0, &refused, 60 * SECOND, Some(limit)),
            (gate(Severity::High, 2, 60), 0, &none, 60 * SECOND, Some(unknown)),
        ] {
            let decision = decide(&gate, released_ms, &[image(scans)]);
            assert_eq!((decision.at_ms, decision.blocked), (at_ms, blocked), "{gate:?} {scans:?}");
        }
        assert_eq!(decide(&gate(Severity::Low, 9, 5), 0, &[]).blocked, Some(unknown));
        let two = decide(&gate(Severity::High, 3, 600), 0, &[image(&pushed), image(&pushed)]);
        assert_eq!((two.findings, two.blocked), ([0, 4, 10, 0, 0, 0], Some(Blocked::ByFindings(4))));
    }
}
