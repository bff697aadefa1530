//! What commitments may cover, hour by hour of the run, and what they cover of
//! it. An hour of which only a part is measured has that part of the commitment
//! (MODEL): a run is a window on a longer time.

use std::collections::BTreeMap;

use super::InstanceUse;
use crate::base::{Money, SimTime};
use crate::billing::commitments::{self, Commitment, CommitmentKind, Usage, UsageKind};
use crate::model::price::DatedPrice;
use crate::record::CommitmentRecord;
use crate::sim::fargate::FargateLine;
use crate::sim::setup::Setup;

pub(super) const HOUR_MS: u64 = 3_600_000;

/// Usage that is told apart.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum UsageKey {
    Instances(InstanceUse),
    FargateVcpu(FargateLine),
    FargateMemory(FargateLine),
}

/// Usage by hour: units times milliseconds. Kept only where there is a
/// commitment.
pub(in crate::sim) struct Hours {
    n_hours: usize,
    of_keys: BTreeMap<UsageKey, Vec<u64>>,
}

/// What a commitment covers of a usage, over the run.
#[derive(Clone, Copy, Default)]
pub(super) struct Covered {
    /// Units times milliseconds.
    pub(super) unit_ms: u64,
    /// What that takes of the commitment.
    pub(super) takes: i128,
}

/// What became of all commitments.
#[derive(Default)]
pub(in crate::sim) struct Settlement {
    pub(super) covered: BTreeMap<(UsageKey, usize), Covered>,
    /// Of each commitment its parts: promised, and taken.
    pub(super) parts: Vec<(i128, i128)>,
}

impl Hours {
    pub(super) fn new(setup: &Setup) -> Self {
        let n_hours = match setup.commitments.is_empty() {
            true => 0,
            false => usize::try_from(setup.horizon.millis().div_ceil(HOUR_MS)).expect("a run has an end"),
        };
        Self { n_hours, of_keys: BTreeMap::new() }
    }

    /// Adds billed seconds of so many units from a moment on; what a minimum
    /// bills beyond the horizon is of the last hour.
    pub(super) fn add(&mut self, key: UsageKey, from: SimTime, seconds: u64, units: u64) {
        if self.n_hours == 0 {
            return;
        }
        let n_hours = self.n_hours;
        let of_hours = self.of_keys.entry(key).or_insert_with(|| vec![0; n_hours]);
        let (mut at, end) = (from.millis(), from.millis() + seconds * 1000);
        while at < end {
            let hour = usize::try_from(at / HOUR_MS).expect("within a run").min(n_hours - 1);
            let until = match hour + 1 == n_hours {
                true => end,
                false => end.min((hour as u64 + 1) * HOUR_MS),
            };
            of_hours[hour] += units * (until - at);
            at = until;
        }
    }

    /// All of a usage.
    pub(super) fn total(&self, key: UsageKey) -> u64 {
        self.of_keys.get(&key).map_or(0, |it| it.iter().sum())
    }

    /// What became of one commitment.
    pub(super) fn record(&self, setup: &Setup, settlement: &Settlement, number: usize) -> CommitmentRecord {
        let commitment: &Commitment = &setup.commitments[number];
        let (promised, taken) = settlement.parts[number];
        let covered = settlement.covered.iter().filter(|it| it.0.1 == number);
        let eligible = self.of_keys.keys().filter(|it| commitment.may_cover(it.usage(setup, 0).kind));
        CommitmentRecord {
            name: commitment.name.clone(),
            committed: commitment.cost(promised),
            used: commitment.cost(taken),
            covered_on_demand: covered.map(|it| it.0.0.on_demand(setup, it.1.unit_ms)).sum(),
            eligible_on_demand: eligible.map(|&it| it.on_demand(setup, self.total(it))).sum(),
        }
    }
}

/// Lets the commitments of an account cover what they may of the usage of its
/// clusters, hour by hour. What nobody uses is left to the first cluster.
pub(in crate::sim) fn settle(clusters: &[(&Setup, &Hours)]) -> Vec<Settlement> {
    let Some((setup, first)) = clusters.first() else { return Vec::new() };
    let commitments = &setup.commitments;
    let none = || Settlement { covered: BTreeMap::new(), parts: vec![(0, 0); commitments.len()] };
    let mut settlements: Vec<Settlement> = clusters.iter().map(|_| none()).collect();
    let (begin, end) = (setup.warm_up.millis(), setup.horizon.millis());
    for hour in 0..first.n_hours {
        let from = (hour as u64 * HOUR_MS).max(begin);
        let hour_ms = ((hour as u64 + 1) * HOUR_MS).min(end).saturating_sub(from);
        for (commitment, parts) in commitments.iter().zip(&mut settlements[0].parts) {
            parts.0 += commitment.available(hour_ms);
        }
        let mut used: Vec<(usize, UsageKey)> = Vec::new();
        let mut usages: Vec<Usage<'_>> = Vec::new();
        for (cluster, (setup, hours)) in clusters.iter().enumerate() {
            for (&key, of_hours) in hours.of_keys.iter().filter(|it| it.1[hour] > 0) {
                used.push((cluster, key));
                usages.push(key.usage(setup, of_hours[hour]));
            }
        }
        for cover in commitments::apply(commitments, &usages, hour_ms) {
            let (cluster, key) = used[cover.usage];
            let settlement = &mut settlements[cluster];
            let covered = settlement.covered.entry((key, cover.commitment)).or_default();
            covered.unit_ms += cover.unit_ms;
            covered.takes += cover.takes;
            settlement.parts[cover.commitment].1 += cover.takes;
        }
    }
    // What another cluster takes was promised to it.
    let (first, others) = settlements.split_first_mut().expect("there is a cluster");
    for parts in others.iter_mut().map(|it| &mut it.parts) {
        for (own, of_first) in parts.iter_mut().zip(&mut first.parts) {
            own.0 = own.1;
            of_first.0 -= own.1;
        }
    }
    settlements
}

impl UsageKey {
    /// So much of it, with its price.
    fn usage(self, setup: &Setup, unit_ms: u64) -> Usage<'_> {
        let kind = match self {
            Self::Instances(line) => line.usage_kind(setup),
            Self::FargateVcpu(_) | Self::FargateMemory(_) => UsageKind::Fargate,
        };
        let (usd_per_hour, units_per_price) = (self.price(setup).usd, self.units_per_price());
        Usage { kind, unit_ms, usd_per_hour, units_per_price }
    }

    /// On demand.
    pub(super) fn price(self, setup: &Setup) -> &DatedPrice {
        match self {
            Self::Instances(line) => &setup.instance_types[line.instance_type].on_demand,
            Self::FargateVcpu(line) => &line.rates(setup).vcpu_hour,
            Self::FargateMemory(line) => &line.rates(setup).gb_hour,
        }
    }

    pub(super) const fn units_per_price(self) -> u32 {
        match self {
            Self::Instances(_) => 1,
            Self::FargateVcpu(_) | Self::FargateMemory(_) => 1024,
        }
    }

    fn on_demand(self, setup: &Setup, unit_ms: u64) -> Money {
        self.price(setup).usd.times(unit_ms.into(), i128::from(self.units_per_price()) * i128::from(HOUR_MS))
    }
}

/// What a commitment is called beside what it covers.
pub(super) fn is_reservation(commitment: &Commitment) -> bool {
    matches!(commitment.kind, CommitmentKind::ReservedInstances { .. })
}
