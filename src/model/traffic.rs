//! Request traffic of a service: how many requests come when, what one costs a
//! task, and what can become of it.

use crate::base::{SimDuration, SimTime};

/// How a service's requests are answered (`[service.traffic]`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Traffic {
    /// How long a request occupies a slot of its task, in the mean.
    pub service_time: SimDuration,
    /// Requests that a task answers at once: its slots; at least one.
    pub concurrency: u32,
    /// Requests that a task lets wait beyond those; more are refused.
    pub queue: u32,
    /// The idle timeout of the load balancer: who waits longer is given up.
    pub timeout: SimDuration,
    /// How requests are spread over targets.
    pub algorithm: RoutingAlgorithm,
    /// Whether targets that are all unhealthy get the requests all the same
    /// (Elastic Load Balancing guide, target group health: routing failover).
    pub fails_open: bool,
    /// How it is played.
    pub model: TrafficModel,
    /// CPU time that an answer takes of one vCPU, in microseconds; zero where
    /// nobody says it.
    pub cpu_us_per_request: u64,
}

impl Traffic {
    /// The greatest `service_time` and `timeout` (the idle timeout of a load
    /// balancer is at most 4000 s).
    pub const TIME_MAX: SimDuration = SimDuration::from_secs(4000);
    /// The greatest `concurrency` and `queue`.
    pub const SLOTS_MAX: u32 = 100_000;
    /// The greatest rate, in millionths of a request a second: 100,000 a second.
    pub const RATE_MAX: u64 = 100_000_000_000;
    /// Where a run brings at most so many requests, `auto` plays each of them.
    pub const AUTO_REQUESTS_MAX: u64 = 100_000;

    /// So many wait before one task at most: as many as it lets wait, or as it
    /// answers within the timeout.
    pub fn longest_queue(&self) -> u64 {
        let queue = u64::from(self.queue);
        match self.service_time.millis() {
            0 => queue,
            service_ms => queue.min(u64::from(self.concurrency) * self.timeout.millis() / service_ms),
        }
    }

    /// The model that is played where `n_requests` are expected.
    pub fn model_for(&self, n_requests: u64) -> TrafficModel {
        match self.model {
            TrafficModel::Auto if n_requests <= Self::AUTO_REQUESTS_MAX => TrafficModel::Request,
            TrafficModel::Auto => TrafficModel::Interval,
            chosen => chosen,
        }
    }
}

/// What a request and its answer weigh, in the mean, where bytes are paid for;
/// nothing is counted where they are not given.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct MessageBytes {
    /// A request.
    pub request: u64,
    /// Its answer.
    pub response: u64,
}

impl MessageBytes {
    /// The greatest of either: 1 GiB.
    pub const MAX: u64 = 1 << 30;

    /// Both together.
    pub const fn total(self) -> u64 {
        self.request + self.response
    }
}

/// How a target group chooses a target (ELB API TargetGroupAttribute,
/// `load_balancing.algorithm.type`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RoutingAlgorithm {
    /// Each target in turn.
    RoundRobin,
    /// The one with the fewest requests in flight.
    LeastOutstandingRequests,
}

impl RoutingAlgorithm {
    /// All of them, with their names.
    pub const NAMES: &[(&'static str, Self)] =
        &[("round_robin", Self::RoundRobin), ("least_outstanding_requests", Self::LeastOutstandingRequests)];
}

/// How traffic is played.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TrafficModel {
    /// By the number of requests.
    Auto,
    /// As a flow, stretch by stretch.
    Interval,
    /// Request by request.
    Request,
}

impl TrafficModel {
    /// All of them, with their names.
    pub const NAMES: &[(&'static str, Self)] =
        &[("auto", Self::Auto), ("interval", Self::Interval), ("request", Self::Request)];
}

/// From a moment on requests come at this rate.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RequestRate {
    /// The moment.
    pub at: SimTime,
    /// Millionths of a request a second.
    pub microrequests_per_second: u64,
}

/// Why a request was not served.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum RequestFailure {
    /// The web does not reach the load balancer.
    Unreachable,
    /// Nobody is there to answer: 503.
    NoTarget,
    /// The task that got it lets no more wait: 503.
    QueueFull,
    /// It waited longer than the load balancer does: 504.
    TimedOut,
    /// The task's deregistration delay was over while it was in flight: 502.
    DelayElapsed,
    /// Its task ended while it was in flight: 502.
    TaskEnded,
    /// It was sent to a task that had ended, before that was found out: 502.
    TargetGone,
    /// It was sent to an unhealthy target that does not answer: 502.
    NotAnswering,
    /// The task answers with an error: 500.
    ErrorAnswer,
}

impl RequestFailure {
    /// How many kinds there are.
    pub const N: usize = 9;
    /// All of them.
    pub const ALL: [Self; Self::N] = [
        Self::Unreachable,
        Self::NoTarget,
        Self::QueueFull,
        Self::TimedOut,
        Self::DelayElapsed,
        Self::TaskEnded,
        Self::TargetGone,
        Self::NotAnswering,
        Self::ErrorAnswer,
    ];

    /// Whether the client gets an answer of 500 to 599, else none.
    pub fn is_5xx(self) -> bool {
        self != Self::Unreachable
    }

    /// What stood in the way, where nothing more is known.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Unreachable => "the load balancer cannot be reached",
            Self::NoTarget => "HTTP 503: no healthy target",
            Self::QueueFull => "HTTP 503: the task lets no more requests wait",
            Self::TimedOut => "HTTP 504: waited longer than the timeout",
            Self::DelayElapsed => "HTTP 502: deregistration delay over with the request in flight",
            Self::TaskEnded => "HTTP 502: task ended with the request in flight",
            Self::TargetGone => "HTTP 502: task had ended and was not yet found unhealthy",
            Self::NotAnswering => "HTTP 502: all targets unhealthy, this one does not answer",
            Self::ErrorAnswer => "HTTP 500: the task answers with an error",
        }
    }
}
