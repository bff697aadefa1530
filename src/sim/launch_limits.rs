//! How many tasks a service may launch a minute (General Reference,
//! ecs-service): 500, as a bucket of that size that refills evenly (MODEL). On
//! Fargate an account's launches are limited besides, on demand and Spot each.

use crate::base::SimTime;
use crate::base::id::ServiceId;
use crate::model::capacity::Capacity;
use crate::model::options::Quotas;
use crate::sim::event::Event;
use crate::sim::simulation::Simulation;
use crate::sim::watch::Watch;

/// Launches of a service a minute, on EC2 and in the older regions on Fargate.
const SERVICE_TASKS_PER_MINUTE: u64 = 500;
/// Launches of an account on Fargate: at once, and a second.
const FARGATE_BURST: u64 = 100;
const FARGATE_TASKS_PER_SECOND: u64 = 20;
/// The scheduler's own pace (MODEL, `scheduler_interval`).
const TICK_MS: u64 = 1000;

/// Holds so many launches, and gets one back every `ms_each`.
#[derive(Clone, Copy, Debug)]
pub(super) struct LaunchBucket {
    ms_each: u64,
    size_ms: u64,
    /// What it holds, as the time that filling it took, and when.
    held_ms: u64,
    at: SimTime,
}

impl Default for LaunchBucket {
    fn default() -> Self {
        Self::of_service()
    }
}

impl LaunchBucket {
    /// That of a service.
    pub(super) const fn of_service() -> Self {
        Self::full(SERVICE_TASKS_PER_MINUTE, 60_000 / SERVICE_TASKS_PER_MINUTE)
    }

    /// That of an account on Fargate.
    pub(super) const fn of_fargate() -> Self {
        Self::full(FARGATE_BURST, 1000 / FARGATE_TASKS_PER_SECOND)
    }

    const fn full(size: u64, ms_each: u64) -> Self {
        let size_ms = size * ms_each;
        Self { ms_each, size_ms, held_ms: size_ms, at: SimTime::ZERO }
    }

    fn available(&mut self, now: SimTime) -> u64 {
        self.held_ms = (self.held_ms + (now - self.at).millis()).min(self.size_ms);
        self.at = now;
        self.held_ms / self.ms_each
    }

    fn take(&mut self, n: u64) {
        self.held_ms -= n * self.ms_each;
    }
}

impl<W: Watch> Simulation<'_, W> {
    /// As many of `n` launches on `capacity` as the limits allow now; for the rest
    /// the service asks again a little later.
    pub(super) fn take_launch_tokens(&mut self, service: ServiceId, capacity: Capacity, n: u32) -> u32 {
        if self.setup.options.quotas == Quotas::Off {
            return n;
        }
        let mut allowed = u64::from(n).min(self.services[service].launches.available(self.now));
        let of_account = match capacity {
            Capacity::Fargate { is_spot } => Some(usize::from(is_spot)),
            Capacity::Instances(_) => None,
        };
        if let Some(idx) = of_account {
            allowed = allowed.min(self.fargate_launches[idx].available(self.now));
            self.fargate_launches[idx].take(allowed);
        }
        self.services[service].launches.take(allowed);
        if allowed < u64::from(n) {
            let at = SimTime::from_millis((self.now.millis() / TICK_MS + 1) * TICK_MS);
            // Once a tick, however often it is looked at before.
            if self.services[service].launches_at != Some(at) {
                self.services[service].launches_at = Some(at);
                self.queue.schedule(at, Event::ServiceReviewed(service));
            }
        }
        u32::try_from(allowed).expect("at most what was asked for")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_gives_its_size_and_then_its_rate() {
        let mut bucket = LaunchBucket::of_service();
        assert_eq!(bucket.available(SimTime::from_secs(100)), 500, "it never holds more");
        bucket.take(500);
        assert_eq!(bucket.available(SimTime::from_secs(100)), 0);
        assert_eq!(bucket.available(SimTime::from_secs(101)), 8);
        bucket.take(8);
        assert_eq!(bucket.available(SimTime::from_secs(160)), 492, "500 a minute in all");
        let mut bucket = LaunchBucket::of_fargate();
        bucket.take(100);
        assert_eq!(bucket.available(SimTime::from_secs(1)), 20);
    }
}
