//! What several benches need: numbers that look drawn and are the same every
//! time, a digest of what was computed, and the question whether this is a test.

#![allow(dead_code, reason = "each bench uses its part")]

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use criterion::Criterion;
use rustix::time::{ClockId, clock_gettime};

pub(crate) mod bare;
pub(crate) mod parquet_files;
pub(crate) mod requests;

/// Whether only the digests are asked for: criterion measures under `--bench`
/// without `--test`, and `cargo test --benches` says neither.
pub(crate) fn is_test() -> bool {
    let has = |flag: &str| std::env::args().any(|it| it == flag);
    has("--test") || !has("--bench")
}

/// Nanoseconds that this thread has had of a processor, which other work on the
/// machine does not lengthen.
pub(crate) fn cpu_ns() -> f64 {
    let told = clock_gettime(ClockId::ThreadCPUTime);
    told.tv_sec as f64 * 1e9 + told.tv_nsec as f64
}

/// Seconds by the clock on the wall since it was first asked for.
#[expect(clippy::disallowed_methods, reason = "a bench knows a clock, a run does not")]
pub(crate) fn wall_s() -> f64 {
    static STARTED: OnceLock<Instant> = OnceLock::new();
    STARTED.get_or_init(Instant::now).elapsed().as_secs_f64()
}

/// The sizes to work on: all of them, or as a test the first.
pub(crate) fn sizes<T>(all: &[T]) -> &[T] {
    if is_test() { &all[..1] } else { all }
}

/// Says what was computed, and that it is what it was when the constant was
/// written.
#[expect(clippy::print_stderr, reason = "a bench reports")]
pub(crate) fn check(what: &str, digest: u64, expected: u64) {
    eprintln!("{what}: {digest:#018x}");
    assert_eq!(digest, expected, "{what} is computed as it was ({digest:#018x}, not {expected:#018x})");
}

/// Multiply and rotate, so that order counts.
pub(crate) struct Digest(u64);

impl Digest {
    const PRIME: u64 = 0x9E37_79B9_7F4A_7C15;

    pub(crate) const fn new() -> Self {
        Self(Self::PRIME)
    }

    pub(crate) const fn add(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(23) ^ word).wrapping_mul(Self::PRIME);
    }

    pub(crate) const fn value(&self) -> u64 {
        self.0
    }
}

/// SplitMix64 (Steele, Lea and Flood 2014): a nanosecond a number, so that the
/// draw is not what is measured.
#[derive(Clone)]
pub(crate) struct Draws(u64);

impl Draws {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) const fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let it = (self.0 ^ self.0 >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let it = (it ^ it >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        it ^ it >> 31
    }

    /// A number in `0..n`.
    pub(crate) const fn below(&mut self, n: u64) -> u64 {
        ((self.bits() as u128 * n as u128) >> 64) as u64
    }

    /// A number with about an exponential distribution, by a sum over the bits
    /// that decide: integers only, so that no libm can change a digest.
    pub(crate) const fn exponential(&mut self, mean: u64) -> u64 {
        // -ln u = ln 2 (number of leading zeros + a fraction), the fraction
        // taken as even within its octave.
        let bits = self.bits();
        let octave = (bits.leading_zeros() % 64) as u64;
        let fraction = self.below(1024);
        mean * (octave * 1024 + fraction) * 710 / (1024 * 1024)
    }
}

/// Criterion's settings for a bench of `measure` seconds after `warm_up`.
pub(crate) fn in_seconds(warm_up: u64, measure: u64) -> Criterion {
    Criterion::default()
        .warm_up_time(Duration::from_secs(warm_up))
        .measurement_time(Duration::from_secs(measure))
        .sample_size(30)
}
