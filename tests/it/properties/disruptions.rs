//! Random disruptions of a random situation: some of every kind, often enough to
//! meet each other within the hour that is played.

use berthlab::base::id::{CapacityProviderId, InstanceTypeId, ZoneId};
use berthlab::base::{Money, SimDuration, SimTime};
use berthlab::disruption::agent_disconnect::AgentDisconnect;
use berthlab::disruption::instance_failure::Lifetime;
use berthlab::disruption::launch_failure::LaunchFailure;
use berthlab::disruption::scope::Providers;
use berthlab::disruption::slow_start::{Boot, SlowStart};
use berthlab::disruption::spot_availability::Availability;
use berthlab::disruption::spot_drought::Drought;
use berthlab::disruption::spot_interruption::Rate;
use berthlab::disruption::spot_price::PriceHistory;
use berthlab::disruption::{Disruption, KINDS, Kind, Scope, Window, Windows};
use berthlab::sim::Setup;

use super::situation::Dice;

impl Dice {
    /// A few disruptions more, and groups that drain what Spot takes back.
    pub(super) fn disruptions(&mut self, setup: &mut Setup) {
        for number in 0..setup.providers.len() {
            let provider = CapacityProviderId::new(number as u32);
            setup.providers[provider].spot_instance_draining = self.below(2) == 0;
        }
        for _ in 0..1 + self.below(4) {
            let kind = self.disruption_kind();
            let name = kind.entry().name;
            let ordinal = setup.disruptions.iter().filter(|it| it.kind.entry().name == name).count() as u32;
            let scope = match kind {
                Kind::ZoneOutage(_) => Scope { zones: vec![self.zone(setup)], ..Scope::default() },
                _ => self.scope(setup),
            };
            setup.disruptions.push(Disruption { scope, ordinal, kind });
        }
    }

    fn zone(&mut self, setup: &Setup) -> ZoneId {
        ZoneId::new(self.small(setup.zones.len() as u64))
    }

    fn scope(&mut self, setup: &Setup) -> Scope {
        let providers = (self.below(3) == 0).then(|| Providers {
            groups: vec![CapacityProviderId::new(self.small(setup.providers.len() as u64))],
            fargate: self.below(2) == 0,
            fargate_spot: self.below(2) == 0,
        });
        let zones = if self.below(3) == 0 { vec![self.zone(setup)] } else { Vec::new() };
        let instance_types = match self.below(4) {
            0 => vec![InstanceTypeId::new(self.small(setup.instance_types.len() as u64))],
            _ => Vec::new(),
        };
        Scope { providers, zones, instance_types }
    }

    fn moment(&mut self) -> SimTime {
        // Whole minutes, so that things happen at one moment.
        SimTime::from_secs(60 * self.below(70))
    }

    fn windows(&mut self) -> Windows {
        let windows = (0..1 + self.below(3)).map(|_| {
            let from = self.moment();
            Window { from, to: from + SimDuration::from_secs(60 * (1 + self.below(20))) }
        });
        Windows::new(windows.collect())
    }

    fn steps<T>(&mut self, mut value: impl FnMut(&mut Self) -> T) -> Vec<(SimTime, T)> {
        let mut moments: Vec<SimTime> = (0..self.below(12)).map(|_| self.moment()).collect();
        moments.push(SimTime::ZERO);
        moments.sort_unstable();
        moments.dedup();
        moments.into_iter().map(|at| (at, value(self))).collect()
    }

    fn disruption_kind(&mut self) -> Kind {
        let mean = SimDuration::from_secs(self.one_of(&[300, 1200, 3600]));
        match KINDS[self.below(KINDS.len() as u64) as usize].name {
            "instance_failure" => Kind::InstanceFailure(match self.below(3) {
                0 => Lifetime::Weibull { mean, shape: 0.7 },
                1 => Lifetime::Lognormal { mean, sigma: 1.0 },
                _ => Lifetime::Observed(vec![mean, SimDuration::from_secs(90)].into()),
            }),
            "spot_interruption" => Kind::SpotInterruption(Rate { mean }),
            "spot_price" => {
                let cents = |it: &mut Self| Money::from_pico_usd(i128::from(it.below(10)) * 10_000_000_000);
                let max_price = cents(self);
                Kind::SpotPrice(PriceHistory::new(self.steps(cents), max_price))
            }
            "spot_availability" => {
                let steps = self.steps(|it| it.one_of(&[None, Some(0), Some(1), Some(2), Some(5)]));
                Kind::SpotAvailability(Availability::new(steps))
            }
            "spot_drought" => {
                Kind::SpotDrought(Drought { windows: self.windows(), reclaims: self.below(2) == 0 })
            }
            "zone_outage" => Kind::ZoneOutage(self.windows()),
            "slow_start" => Kind::SlowStart(SlowStart {
                boot: match self.below(3) {
                    0 => Boot::Fixed(SimDuration::from_secs(self.one_of(&[0, 240]))),
                    1 => Boot::Uniform(SimDuration::ZERO, SimDuration::from_secs(300)),
                    _ => Boot::Lognormal { median: SimDuration::from_secs(120), sigma: 0.5 },
                },
                share_percent: self.one_of(&[10.0, 100.0]),
            }),
            "launch_failure" => Kind::LaunchFailure(LaunchFailure {
                windows: self.windows(),
                share_percent: self.one_of(&[30.0, 100.0, 100.0]),
            }),
            "agent_disconnect" => {
                let duration = SimDuration::from_secs(self.one_of(&[10, 300]));
                Kind::AgentDisconnect(AgentDisconnect { mean_time_between: mean, duration })
            }
            other => panic!("`{other}` is listed and never met"),
        }
    }
}
