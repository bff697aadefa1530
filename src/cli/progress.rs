//! The bar: runs done, events per second, time left. On a terminal only. And
//! the clock that nobody else may read: how long each run took.
#![expect(
    clippy::disallowed_methods,
    reason = "how long something took is shown and kept apart from the results"
)]

use std::collections::BTreeMap;
use std::io::IsTerminal as _;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::experiment::matrix::Run;
use crate::experiment::play::Audience;

/// Shows how far the runs are.
pub(super) struct Progress {
    bar: ProgressBar,
    started_at: Instant,
    n_events: AtomicU64,
    n_shown: AtomicU64,
    timings: Mutex<BTreeMap<usize, Timing>>,
}

struct Timing {
    started_at: Instant,
    took: Option<Duration>,
}

impl Progress {
    /// A bar over `n_runs`, if there is somebody to see it.
    pub(super) fn new(n_runs: u64, is_quiet: bool) -> Self {
        let is_seen = std::io::stderr().is_terminal() && !is_quiet;
        let target =
            if is_seen { ProgressDrawTarget::stderr_with_hz(10) } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(Some(n_runs), target);
        let style =
            ProgressStyle::with_template("{bar:30} {pos}/{len} runs, {msg}, {elapsed} gone, {eta} left");
        bar.set_style(style.expect("the template is right").progress_chars("=> "));
        bar.set_message("starting");
        Self {
            bar,
            started_at: Instant::now(),
            n_events: AtomicU64::new(0),
            n_shown: AtomicU64::new(0),
            timings: Mutex::default(),
        }
    }

    /// The bar goes; what it counted is returned: events, seconds.
    pub(super) fn finish(&self) -> (u64, f64) {
        self.bar.finish_and_clear();
        (self.n_events.load(Ordering::Relaxed), self.started_at.elapsed().as_secs_f64())
    }

    /// Seconds that each run took, by its number; those taken over took none.
    pub(super) fn timings(&self) -> BTreeMap<usize, f64> {
        let timings = self.timings.lock().expect("nobody panics while timing");
        timings.iter().filter_map(|(run, it)| Some((*run, it.took?.as_secs_f64()))).collect()
    }
}

impl Audience for Progress {
    fn run_started(&self, run: Run) {
        let mut timings = self.timings.lock().expect("nobody panics while timing");
        timings.insert(run.number, Timing { started_at: Instant::now(), took: None });
    }

    fn events(&self, n: u64) {
        let n_events = self.n_events.fetch_add(n, Ordering::Relaxed) + n;
        // A look at the clock now and then is enough for a bar.
        // Another thread may have counted and shown more in the meantime.
        if n_events.saturating_sub(self.n_shown.load(Ordering::Relaxed)) > 100_000 {
            self.n_shown.store(n_events, Ordering::Relaxed);
            let per_second = n_events as f64 / self.started_at.elapsed().as_secs_f64().max(1e-3);
            self.bar.set_message(format!("{:.2} M events/s", per_second / 1e6));
        }
    }

    fn run_done(&self, run: Run) {
        let mut timings = self.timings.lock().expect("nobody panics while timing");
        if let Some(timing) = timings.get_mut(&run.number) {
            timing.took = Some(timing.started_at.elapsed());
        }
        self.bar.inc(1);
    }
}
