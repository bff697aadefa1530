//! CloudWatch alarms, as far as deployments look at them: windows that somebody
//! wrote down, or a service's metric over periods that begin with the run.

use crate::base::SimTime;
use crate::base::id::ServiceId;
use crate::deployment::alarm;
use crate::model::deployment::{AlarmMetric, AlarmSource};
use crate::record::ServiceReading;
use crate::sim::event::Event;
use crate::sim::simulation::Simulation;
use crate::sim::watch::Watch;

/// What is remembered of an alarm on a metric.
#[derive(Clone, Debug, Default)]
pub(super) struct AlarmState {
    /// The metric in thousandths since `last`, and its integral over the period
    /// so far.
    value: u64,
    last: SimTime,
    integral: u128,
    /// Requests of the service up to the last period's end, where they are
    /// played: offered and failed.
    requests: (u64, u64),
    /// Means of the last periods, the newest last.
    means: Vec<u64>,
}

impl AlarmState {
    fn advance(&mut self, now: SimTime) {
        self.integral += u128::from(self.value) * u128::from((now - self.last).millis());
        self.last = now;
    }
}

impl<W: Watch> Simulation<'_, W> {
    /// The first period of each alarm on a metric.
    pub(super) fn open_alarms(&mut self) {
        for idx in 0..self.setup.alarms.len() {
            self.schedule_period(idx);
        }
    }

    fn schedule_period(&mut self, idx: usize) {
        if let AlarmSource::Metric { period, .. } = self.setup.alarms[idx].source {
            let number = u32::try_from(idx).expect("a few alarms");
            self.queue.schedule(self.now + period, Event::AlarmEvaluated(number));
        }
    }

    /// A period is over.
    pub(super) fn on_alarm_evaluated(&mut self, number: u32) {
        let idx = number as usize;
        let AlarmSource::Metric { service, metric, period, evaluation_periods, .. } =
            self.setup.alarms[idx].source
        else {
            return;
        };
        let was_on = self.is_alarm_on(idx);
        let requests = match metric {
            AlarmMetric::FailedRequestsPercent => self.requests_so_far(service),
            AlarmMetric::UnhealthyTasks | AlarmMetric::MissingTasks => None,
        };
        let state = &mut self.alarms[idx];
        state.advance(self.now);
        let mut mean = state.integral / u128::from(period.millis().max(1));
        state.integral = 0;
        if let Some((offered, failed)) = requests {
            let (before_offered, before_failed) = std::mem::replace(&mut state.requests, (offered, failed));
            let failed = u128::from(failed - before_failed) * 100_000;
            mean = failed.checked_div(u128::from(offered - before_offered)).unwrap_or(0);
        }
        state.means.push(u64::try_from(mean).expect("a mean is at most the greatest value"));
        if state.means.len() > evaluation_periods as usize {
            state.means.remove(0);
        }
        self.schedule_period(idx);
        if !was_on && self.is_alarm_on(idx) {
            self.review_services_with_alarm(idx);
        }
    }

    fn review_services_with_alarm(&mut self, idx: usize) {
        for service in self.setup.services.ids() {
            let alarms = &self.setup.services[service].deployment.alarms;
            if alarms.as_ref().is_some_and(|it| it.alarms.contains(&idx)) {
                self.review_service(service);
            }
        }
    }

    /// A service stands like this from now on.
    pub(super) fn tell_alarms(&mut self, service: ServiceId, reading: ServiceReading, fails_requests: bool) {
        let n_unhealthy = (self.target_counts(service) + self.source_counts(service)).unhealthy;
        for (alarm, state) in self.setup.alarms.iter().zip(&mut self.alarms) {
            if let AlarmSource::Metric { service: of, metric, .. } = alarm.source
                && of == service
            {
                state.advance(self.now);
                state.value = 1000
                    * u64::from(match metric {
                        AlarmMetric::UnhealthyTasks => n_unhealthy,
                        AlarmMetric::MissingTasks => reading.desired.saturating_sub(reading.healthy),
                        AlarmMetric::FailedRequestsPercent => 100 * u32::from(fails_requests),
                    });
            }
        }
    }

    /// Whether an alarm is in ALARM now.
    pub(super) fn is_alarm_on(&self, idx: usize) -> bool {
        match &self.setup.alarms[idx].source {
            AlarmSource::Windows(windows) => {
                windows.iter().any(|(from, to)| *from <= self.now && self.now < *to)
            }
            AlarmSource::Metric { threshold_thousandths, evaluation_periods, .. } => {
                alarm::is_in_alarm(*threshold_thousandths, &self.alarms[idx].means, *evaluation_periods)
            }
        }
    }

    /// Whether any alarm that the service's deployments look at is in ALARM.
    pub(super) fn is_any_alarm_on(&self, service: ServiceId) -> bool {
        let alarms = &self.setup.services[service].deployment.alarms;
        alarms.as_ref().is_some_and(|it| it.alarms.iter().any(|&it| self.is_alarm_on(it)))
    }

    /// A deployment looks at its alarms when one of their windows begins.
    pub(super) fn schedule_alarm_looks(&mut self, service: ServiceId) {
        let Some(alarms) = &self.setup.services[service].deployment.alarms else { return };
        for &idx in &alarms.alarms {
            if let AlarmSource::Windows(windows) = &self.setup.alarms[idx].source {
                for (from, _) in windows.iter().filter(|(from, _)| *from > self.now) {
                    self.queue.schedule(*from, Event::ServiceReviewed(service));
                }
            }
        }
    }
}
