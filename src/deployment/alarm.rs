//! When a CloudWatch alarm is in ALARM, and how long a deployment that heeds
//! alarms bakes where nobody says it (developer guide, deployment-alarm-failure;
//! semantics 1.10).

use crate::base::{SimDuration, SimTime};
use crate::model::deployment::AlarmSource;

/// The longest bake time that follows from alarms alone ("below five minutes").
pub const DEFAULT_BAKE_MAX: SimDuration = SimDuration::from_secs(300);

/// Whether a metric was above its threshold in each of the last
/// `evaluation_periods` periods; the values are in the order of time, the
/// newest last. With fewer of them there is not enough to say, and no alarm
/// (CloudWatch: INSUFFICIENT_DATA).
pub fn is_in_alarm(
    threshold_thousandths: u64,
    values_thousandths_of_last_periods: &[u64],
    evaluation_periods: u32,
) -> bool {
    let n = evaluation_periods as usize;
    let Some(skipped) = values_thousandths_of_last_periods.len().checked_sub(n) else { return false };
    n > 0 && values_thousandths_of_last_periods[skipped..].iter().all(|it| *it > threshold_thousandths)
}

/// Whether a moment is in one of these windows; the end of one is outside.
pub fn is_within(windows: &[(SimTime, SimTime)], at: SimTime) -> bool {
    windows.iter().any(|&(from, to)| from <= at && at < to)
}

/// The bake time of a deployment with these alarms: the longest that one of
/// them takes to go off, at most five minutes (MODEL). Of windows that somebody
/// wrote down no period is known: they ask for none.
pub fn default_bake_time<'a>(alarms: impl IntoIterator<Item = &'a AlarmSource>) -> SimDuration {
    let takes = |source: &AlarmSource| match source {
        AlarmSource::Windows(_) => SimDuration::ZERO,
        AlarmSource::Metric { period, evaluation_periods, .. } => {
            SimDuration::from_millis(period.millis().saturating_mul((*evaluation_periods).into()))
        }
    };
    alarms.into_iter().map(takes).max().unwrap_or(SimDuration::ZERO).min(DEFAULT_BAKE_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::id::ServiceId;
    use crate::model::deployment::AlarmMetric;

    #[test]
    fn every_one_of_the_last_periods_must_be_above_the_threshold() {
        assert!(is_in_alarm(1000, &[0, 1001, 5000], 2));
        assert!(!is_in_alarm(1000, &[5000, 1001, 1000], 2), "at the threshold is not above it");
        assert!(!is_in_alarm(1000, &[5000, 900, 5000], 2));
        assert!(!is_in_alarm(1000, &[5000], 2), "too little is known");
        assert!(is_in_alarm(0, &[1], 1));
        assert!(!is_in_alarm(0, &[1], 0));
    }

    #[test]
    fn a_window_holds_its_start_and_not_its_end() {
        let at = SimTime::from_secs;
        let windows = [(at(10), at(20)), (at(30), at(40))];
        let within = [9, 10, 19, 20, 30, 40].map(|it| is_within(&windows, at(it)));
        assert_eq!(within, [false, true, true, false, true, false]);
    }

    #[test]
    fn the_slowest_alarm_says_how_long_to_bake() {
        let metric = |period, evaluation_periods| AlarmSource::Metric {
            service: ServiceId::new(0),
            metric: AlarmMetric::UnhealthyTasks,
            threshold_thousandths: 0,
            period: SimDuration::from_secs(period),
            evaluation_periods,
        };
        let bake = |alarms: &[AlarmSource]| default_bake_time(alarms).millis() / 1000;
        assert_eq!(bake(&[]), 0);
        assert_eq!(bake(&[metric(60, 3), metric(60, 2)]), 180);
        assert_eq!(bake(&[metric(60, 3), metric(300, 2)]), 300);
        assert_eq!(bake(&[AlarmSource::Windows(vec![(SimTime::ZERO, SimTime::from_secs(5))])]), 0);
    }
}
