//! Stretches of a run in which something holds: each from a moment on and until
//! before another.

use crate::base::SimTime;

/// From a moment on, and until before another.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Window {
    /// The first moment.
    pub from: SimTime,
    /// The first moment behind it.
    pub to: SimTime,
}

/// Windows in the order of time that neither overlap nor touch.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Windows(Vec<Window>);

impl Windows {
    /// These windows; those that overlap or touch become one.
    ///
    /// # Panics
    ///
    /// If one ends before it begins, or lasts no time.
    pub fn new(mut windows: Vec<Window>) -> Self {
        windows.sort_unstable();
        let mut merged: Vec<Window> = Vec::new();
        for window in windows {
            assert!(window.from < window.to, "a window lasts some time");
            match merged.last_mut() {
                Some(last) if window.from <= last.to => last.to = last.to.max(window.to),
                _ => merged.push(window),
            }
        }
        Self(merged)
    }

    /// The whole of a run that ends at `horizon`.
    pub fn always(horizon: SimTime) -> Self {
        Self::new(vec![Window { from: SimTime::ZERO, to: horizon }])
    }

    /// Whether `at` lies in one of them.
    pub fn contains(&self, at: SimTime) -> bool {
        let idx = self.0.partition_point(|it| it.to <= at);
        self.0.get(idx).is_some_and(|it| it.from <= at)
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = Window> + '_ {
        self.0.iter().copied()
    }

    /// The moments at which one begins or ends, ascending.
    pub fn edges(&self) -> impl Iterator<Item = SimTime> + '_ {
        self.0.iter().flat_map(|it| [it.from, it.to])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(from: u64, to: u64) -> Window {
        Window { from: SimTime::from_secs(from), to: SimTime::from_secs(to) }
    }

    #[test]
    fn windows_that_overlap_or_touch_are_one() {
        let windows = Windows::new(vec![window(30, 40), window(0, 10), window(5, 20), window(20, 25)]);
        assert_eq!(windows.iter().collect::<Vec<_>>(), [window(0, 25), window(30, 40)]);
        assert_eq!(windows.edges().map(|it| it.millis() / 1000).collect::<Vec<_>>(), [0, 25, 30, 40]);
    }

    #[test]
    fn the_first_moment_is_in_and_the_last_is_not() {
        let windows = Windows::new(vec![window(10, 20), window(30, 40)]);
        let inside = (0..50).filter(|&it| windows.contains(SimTime::from_secs(it)));
        assert_eq!(inside.collect::<Vec<_>>(), (10..20).chain(30..40).collect::<Vec<_>>());
        assert!(!Windows::default().contains(SimTime::ZERO));
    }
}
