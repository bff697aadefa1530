//! How many calls a second a registry answers, API by API, and what pulls wait
//! for that (semantics 9.10, 9.11). A bucket holds one second's calls and fills at
//! the rate; what is asked earlier is served earlier. A call above the rate is
//! throttled and made again after a back-off that doubles: it succeeds at the
//! first attempt by which the bucket could serve it and all that were asked
//! before. MODEL: the bucket's size, the back-off and that it has no jitter.

use crate::base::{SimDuration, SimTime};

/// A call of a registry that is limited.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Api {
    /// A token of twelve hours.
    GetAuthorizationToken,
    /// A manifest; one call for each.
    BatchGetImage,
    /// Where a layer is; one call for each that is not there.
    GetDownloadUrlForLayer,
    /// Which layers the registry has.
    BatchCheckLayerAvailability,
    /// The manifest of a pushed image.
    PutImage,
    /// A part of a pushed layer.
    UploadLayerPart,
    /// The begin of a pushed layer.
    InitiateLayerUpload,
    /// The end of a pushed layer.
    CompleteLayerUpload,
}

/// The calls and how many a second an account has of each in a region by default
/// (ECR user guide, service-quotas).
pub const API_RATES: &[(Api, &str, u32)] = &[
    (Api::GetAuthorizationToken, "GetAuthorizationToken", 500),
    (Api::BatchGetImage, "BatchGetImage", 2000),
    (Api::GetDownloadUrlForLayer, "GetDownloadUrlForLayer", 3000),
    (Api::BatchCheckLayerAvailability, "BatchCheckLayerAvailability", 1000),
    (Api::PutImage, "PutImage", 10),
    (Api::UploadLayerPart, "UploadLayerPart", 500),
    (Api::InitiateLayerUpload, "InitiateLayerUpload", 100),
    (Api::CompleteLayerUpload, "CompleteLayerUpload", 100),
];

/// Pulls a second of the public gallery from one address, anonymous (secondary
/// texts, semantics 9.11).
pub const PUBLIC_PULLS_ANONYMOUS: u32 = 1;
/// The same for an authenticated source, and from inside AWS.
pub const PUBLIC_PULLS_INSIDE: u32 = 10;

/// Before the second attempt of a throttled call.
const BACK_OFF_FIRST: SimDuration = SimDuration::from_millis(100);
/// Between two attempts at most.
const BACK_OFF_MAX: SimDuration = SimDuration::from_secs(20);

/// The calls of one API, or of one source.
#[derive(Clone, Debug)]
pub struct RateLimit {
    /// Calls a second: thousandths of a call a millisecond.
    rate: u64,
    /// Calls that were asked and that the bucket has not filled again, in
    /// thousandths, at `since`.
    owed: u64,
    since: SimTime,
}

/// What becomes of calls.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Answer {
    /// When all of them have been answered.
    pub at: SimTime,
    /// How many were throttled at the first attempt.
    pub n_throttled: u64,
}

impl RateLimit {
    /// So many calls a second, at least one; nothing was called so far.
    pub fn new(calls_per_second: u32) -> Self {
        Self { rate: u64::from(calls_per_second.max(1)), owed: 0, since: SimTime::ZERO }
    }

    /// The default rate of an API.
    ///
    /// # Panics
    ///
    /// If the list lacks it.
    pub fn of(api: Api) -> Self {
        let rate = API_RATES.iter().find(|it| it.0 == api).expect("every API is in the list").2;
        Self::new(rate)
    }

    /// `n_calls` are made at `now`, behind all that were asked before.
    ///
    /// # Panics
    ///
    /// If time runs backward.
    pub fn ask(&mut self, now: SimTime, n_calls: u64) -> Answer {
        assert!(now >= self.since, "time runs forward");
        let filled = now.since(self.since).millis().saturating_mul(self.rate);
        self.owed = self.owed.saturating_sub(filled);
        self.since = now;
        let bucket = self.rate * 1000;
        let free = bucket.saturating_sub(self.owed) / 1000;
        self.owed = self.owed.saturating_add(n_calls.saturating_mul(1000));
        if n_calls == 0 {
            return Answer { at: now, n_throttled: 0 };
        }
        let wait = self.owed.saturating_sub(bucket).div_ceil(self.rate);
        Answer {
            at: now + attempt_after(SimDuration::from_millis(wait)),
            n_throttled: n_calls.saturating_sub(free),
        }
    }
}

/// How long after the first the first attempt is that comes no earlier than `wait`.
fn attempt_after(wait: SimDuration) -> SimDuration {
    let mut at = SimDuration::ZERO;
    let mut back_off = BACK_OFF_FIRST;
    while at < wait && back_off < BACK_OFF_MAX {
        at += back_off;
        back_off = back_off + back_off;
    }
    // Evenly from here on.
    let rest = wait.millis().saturating_sub(at.millis()).div_ceil(BACK_OFF_MAX.millis());
    at + SimDuration::from_millis(rest.saturating_mul(BACK_OFF_MAX.millis()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> SimTime {
        SimTime::from_millis(millis)
    }

    #[test]
    fn calls_within_the_rate_are_answered_at_once() {
        let mut limit = RateLimit::new(10);
        assert_eq!(limit.ask(at(5), 10), Answer { at: at(5), n_throttled: 0 });
        assert_eq!(limit.ask(at(5), 0), Answer { at: at(5), n_throttled: 0 });
        // A call comes back every 100 ms.
        assert_eq!(limit.ask(at(105), 1), Answer { at: at(105), n_throttled: 0 });
        assert_eq!(limit.ask(at(204), 1), Answer { at: at(304), n_throttled: 1 });
        assert_eq!(limit.ask(at(10_000), 10), Answer { at: at(10_000), n_throttled: 0 });
    }

    #[test]
    fn a_throttled_call_backs_off_and_doubles() {
        for (n_calls, attempt_ms) in
            [(11, 100), (12, 300), (13, 300), (14, 700), (17, 700), (18, 1500), (26, 3100), (73, 6300)]
        {
            let answer = RateLimit::new(10).ask(at(0), n_calls);
            assert_eq!(answer, Answer { at: at(attempt_ms), n_throttled: n_calls - 10 }, "{n_calls}");
        }
        // 0.1 + 0.2 + ... + 12.8 s, and 20 s each from there.
        for (wait, after) in [(12_701, 25_500), (25_500, 25_500), (25_501, 45_500), (100_000, 105_500)] {
            assert_eq!(attempt_after(SimDuration::from_millis(wait)).millis(), after, "{wait}");
        }
    }

    #[test]
    fn what_was_asked_before_is_served_before() {
        let mut limit = RateLimit::new(10);
        limit.ask(at(0), 30);
        // The bucket has served the 30 at 2 s, and one more 0.1 s later.
        assert_eq!(limit.ask(at(0), 1), Answer { at: at(3100), n_throttled: 1 });
        assert_eq!(limit.ask(at(2000), 1), Answer { at: at(2300), n_throttled: 1 });
    }

    /// The case of semantics 9.10: 60,000 calls at 3000 a second.
    #[test]
    fn a_thousand_starts_of_sixty_layers_wait_for_their_urls() {
        let mut limit = RateLimit::of(Api::GetDownloadUrlForLayer);
        let answers: Vec<Answer> = (0..1000).map(|_| limit.ask(at(0), 60)).collect();
        assert!(answers.is_sorted_by_key(|it| it.at));
        assert_eq!((answers[0].at, answers[49].at), (at(0), at(0)));
        assert!(answers[999].at >= at(20_000), "{:?}", answers[999]);
        assert_eq!(answers.iter().map(|it| it.n_throttled).sum::<u64>(), 57_000);
        // Never more than the bucket and the rate allow.
        for window in [100, 1000, 10_000, 25_500] {
            let n_answered = 60 * answers.iter().filter(|it| it.at <= at(window)).count() as u64;
            assert!(n_answered <= 3000 + 3 * window, "{n_answered} calls by {window} ms");
        }
    }

    #[test]
    fn the_public_gallery_counts_pulls_of_a_source() {
        let mut anonymous = RateLimit::new(PUBLIC_PULLS_ANONYMOUS);
        let answers: Vec<u64> = (0..3).map(|_| anonymous.ask(at(0), 1).at.millis()).collect();
        assert_eq!(answers, [0, 1500, 3100]);
        let mut inside = RateLimit::new(PUBLIC_PULLS_INSIDE);
        assert!((0..10).all(|_| inside.ask(at(0), 1).n_throttled == 0));
    }

    #[test]
    fn huge_numbers_of_calls_do_not_overflow() {
        let mut limit = RateLimit::new(u32::MAX);
        limit.ask(at(u64::MAX / 2), u64::MAX);
        limit.ask(at(u64::MAX), u64::MAX);
        RateLimit::new(0).ask(at(0), u64::MAX);
    }

    #[test]
    fn the_list_has_every_api_once() {
        for (idx, one) in API_RATES.iter().enumerate() {
            assert!(API_RATES[..idx].iter().all(|it| it.0 != one.0 && it.1 != one.1), "{}", one.1);
            assert_eq!(format!("{:?}", one.0), one.1);
            assert_eq!(RateLimit::of(one.0).rate, u64::from(one.2));
        }
    }
}
