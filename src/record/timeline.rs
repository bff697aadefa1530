//! How a rollout went, moment by moment, in a bounded number of points: where
//! there are more changes than that, each stretch of time keeps its extremes.

use serde::{Deserialize, Serialize};

/// The most points of a timeline.
pub const POINTS_MAX: usize = 400;
/// How many are left when some have to go.
const POINTS_LEFT: usize = 200;

/// A service during a rollout, from a moment to the next point.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(from = "[u64; 8]", into = "[u64; 8]")]
pub struct RolloutPoint {
    /// Since the start of the rollout.
    pub after_ms: u64,
    /// Tasks of earlier revisions that are not stopped.
    pub old: u32,
    /// Tasks of the new revision that are not stopped.
    pub new: u32,
    /// Healthy tasks of earlier revisions on living instances.
    pub healthy_old: u32,
    /// Healthy tasks of the new revision on living instances.
    pub healthy_new: u32,
    /// The desired count.
    pub desired: u32,
    /// The fewest healthy tasks that the bounds allow.
    pub lower: u32,
    /// The most tasks that the bounds allow.
    pub upper: u32,
}

impl RolloutPoint {
    /// Tasks that are not stopped.
    pub fn tasks(&self) -> u32 {
        self.old + self.new
    }

    /// Healthy tasks.
    pub fn healthy(&self) -> u32 {
        self.healthy_old + self.healthy_new
    }
}

// A row of numbers: eight names a point would be most of a record's file.
impl From<RolloutPoint> for [u64; 8] {
    fn from(point: RolloutPoint) -> Self {
        let RolloutPoint { after_ms, old, new, healthy_old, healthy_new, desired, lower, upper } = point;
        let [a, b, c, d, e, f, g] =
            [old, new, healthy_old, healthy_new, desired, lower, upper].map(u64::from);
        [after_ms, a, b, c, d, e, f, g]
    }
}

impl From<[u64; 8]> for RolloutPoint {
    fn from([after_ms, rest @ ..]: [u64; 8]) -> Self {
        let [old, new, healthy_old, healthy_new, desired, lower, upper] =
            rest.map(|it| u32::try_from(it).unwrap_or(u32::MAX));
        Self { after_ms, old, new, healthy_old, healthy_new, desired, lower, upper }
    }
}

/// The points of a rollout in the order of time. The first and the last, the
/// fewest healthy tasks and the most tasks of the whole are always among them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timeline {
    points: Vec<RolloutPoint>,
    /// Within as many milliseconds only extremes were kept; 0 if nothing was
    /// left out.
    step_ms: u64,
}

impl Timeline {
    /// In the order of time.
    pub fn points(&self) -> &[RolloutPoint] {
        &self.points
    }

    /// Whether there were more changes than points.
    pub fn is_thinned(&self) -> bool {
        self.step_ms > 0
    }

    /// The service stands like this from then on. Times never run backwards;
    /// of one moment the last word holds.
    pub fn push(&mut self, point: RolloutPoint) {
        match self.points.last_mut() {
            Some(last) if last.after_ms == point.after_ms => *last = point,
            Some(last) if (RolloutPoint { after_ms: point.after_ms, ..*last }) == point => (),
            _ => self.points.push(point),
        }
        if self.points.len() > POINTS_MAX {
            self.thin();
        }
    }

    /// First what came since by the steps of what was there, then by wider ones
    /// until few enough are left: a step as wide as the whole keeps four.
    fn thin(&mut self) {
        self.step_ms = self.step_ms.max(1);
        loop {
            let step_ms = self.step_ms;
            let last = self.points.len() - 1;
            let mut kept = vec![false; self.points.len()];
            (kept[0], kept[last]) = (true, true);
            let mut from = 0;
            for step in self.points.chunk_by(|a, b| a.after_ms / step_ms == b.after_ms / step_ms) {
                let places = from..from + step.len();
                let fewest = places.clone().min_by_key(|&it| (self.points[it].healthy(), it));
                let most = places.min_by_key(|&it| (u32::MAX - self.points[it].tasks(), it));
                for idx in [fewest, most].into_iter().flatten() {
                    kept[idx] = true;
                }
                from += step.len();
            }
            let mut kept = kept.into_iter();
            self.points.retain(|_| kept.next().expect("one for each point"));
            if self.points.len() <= POINTS_LEFT {
                return;
            }
            self.step_ms *= 2;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(after_ms: u64, tasks: u32, healthy: u32) -> RolloutPoint {
        RolloutPoint { after_ms, old: tasks, healthy_old: healthy, desired: 10, ..Default::default() }
    }

    #[test]
    fn a_moment_has_one_point_and_what_does_not_change_has_none() {
        let mut timeline = Timeline::default();
        for it in [point(0, 10, 10), point(5, 11, 10), point(5, 12, 10), point(9, 12, 10), point(10, 12, 9)] {
            timeline.push(it);
        }
        assert_eq!(timeline.points(), [point(0, 10, 10), point(5, 12, 10), point(10, 12, 9)]);
        assert!(!timeline.is_thinned());
    }

    #[test]
    fn a_long_rollout_keeps_its_ends_and_extremes() {
        for spacing in [1, 3, 1000, 86_400_000] {
            let mut timeline = Timeline::default();
            let n_points = 20_000_u64;
            for idx in 0..n_points {
                let wave = (idx * 7919 % 101) as u32;
                let (tasks, healthy) = match idx {
                    7777 => (5000, 60),
                    13_131 => (200, 1),
                    _ => (100 + wave, 50 + wave),
                };
                timeline.push(point(idx * spacing, tasks, healthy));
            }
            let points = timeline.points();
            assert!(timeline.is_thinned() && points.len() <= POINTS_MAX && points.len() >= POINTS_LEFT / 4);
            assert!(points.is_sorted_by(|a, b| a.after_ms < b.after_ms));
            assert_eq!(points[0].after_ms, 0);
            assert_eq!(points.last().unwrap().after_ms, (n_points - 1) * spacing);
            assert!(points.iter().any(|it| it.tasks() == 5000) && points.iter().any(|it| it.healthy() == 1));
        }
    }

    #[test]
    fn a_timeline_comes_back_as_it_went() {
        let mut timeline = Timeline::default();
        timeline.push(RolloutPoint { upper: u32::MAX, new: 3, ..point(7, 10, 9) });
        let text = serde_json::to_string(&timeline).unwrap();
        assert!(text.contains("[7,10,3,9,0,10,0,4294967295]"), "{text}");
        assert_eq!(serde_json::from_str::<Timeline>(&text).unwrap(), timeline);
    }
}
