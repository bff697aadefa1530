//! How the demo's services were scaled: a day's load, and a policy behind it.

use crate::base::{SimDuration, SimTime};
use crate::record::{ScalingActivity, ScalingRecord, Series};

/// One policy, with the metric of a load that rises once, and what it did.
pub(super) fn scaling(horizon: SimDuration, luck: f64) -> ScalingRecord {
    let end = horizon.millis();
    let mut metric = Series::new(horizon);
    for (percent, of_time) in [(50, 0), (100, 40), (70, 45), (55, 50), (30, 80), (50, 95)] {
        let value = 1000.0 * f64::from(percent) * (1.0 - luck.abs() / 10.0);
        metric.set(SimTime::from_millis(end * of_time / 100), value as u64);
    }
    metric.advance(SimTime::from_millis(end));
    let activities = [(45, 10, 15), (50, 15, 19), (95, 19, 10)].map(|(of_time, from, to)| ScalingActivity {
        at_ms: end * of_time / 100,
        from,
        to,
        policy: Some("cpu".to_owned()),
        cause: "100 % CPU against a target of 60".to_owned(),
    });
    let policy = ("cpu".to_owned(), "% CPU".to_owned(), 60_000);
    let mut scaling = ScalingRecord::new([policy], horizon);
    scaling.policies[0].metric = metric;
    (scaling.n_out, scaling.n_in) = (2, 1);
    scaling.activities = activities.to_vec();
    scaling
}
