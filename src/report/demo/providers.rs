//! Capacity providers that nobody simulated: each is short of something else.

use crate::base::{SimDuration, SimTime};
use crate::record::{PlacementReason, ProviderReading, ProviderRecord, ProviderStanding, Recorder, Resource};

/// Of each resource.
const REGISTERED: u32 = 100_000;

/// What a recorder would have written of a provider; `own` between -1 and 1 tells
/// the settings apart.
pub(super) fn provider(name: &str, idx: usize, hours: u64, own: f64) -> ProviderRecord {
    const STEP_S: u64 = 300;
    let horizon = SimDuration::from_secs(hours * 3600);
    let mut recorder = Recorder::new(horizon, SimDuration::ZERO, []).with_providers([name.to_owned()]);
    for step in 0..hours * 3600 / STEP_S {
        let now = SimTime::from_secs(step * STEP_S);
        let day = (step as f64 * STEP_S as f64 / 86_400.0 * std::f64::consts::TAU + own).sin();
        let noise = (step as f64 * 1.7 + own * 9.0).sin() * 0.04;
        let load = (0.72 + 0.3 * day + noise).clamp(0.0, 1.0);
        let of = |share: f64| (share.clamp(0.0, 1.0) * f64::from(REGISTERED)) as u64;
        let is_short = load > 0.97;
        let mut standing = ProviderStanding {
            registered: [REGISTERED.into(); Resource::ALL.len()],
            n_waiting: u64::from(is_short) * 4,
            binding: is_short.then_some(PlacementReason::Cpu),
            ..ProviderStanding::default()
        };
        let mut reserved = [of(load), of(load * 0.55), 0, 0, 0];
        if idx == 1 {
            reserved = [of(load * 0.4), of(load), of(load * 0.98), of(0.02), 0];
            let reasons = [
                PlacementReason::Memory,
                PlacementReason::Eni,
                PlacementReason::MemberOf,
                PlacementReason::Ports,
            ];
            standing.binding = is_short.then(|| reasons[(step / 9 % 4) as usize]);
        }
        if idx == 3 {
            standing.n_waiting = 1;
            standing.binding = Some(PlacementReason::ALL[(step / 4 % 13) as usize]);
        }
        if idx == 2 {
            reserved[Resource::Gpus as usize] = of(load * 1.3);
            let reasons = [PlacementReason::Gpu, PlacementReason::Gpu, PlacementReason::NoInstance];
            let waits = load * 1.3 > 1.0 && step % 5 != 0;
            standing.n_waiting = u64::from(waits) * 9;
            standing.binding = waits.then(|| reasons[(step / 40 % 3) as usize]);
        }
        recorder.provider(now, 0, &ProviderReading { reserved, standing });
        if let Some(reason) = standing.binding {
            recorder.placement_failed(now, 0, reason, 12);
            recorder.placement_failed(now, 0, PlacementReason::Cpu, 3);
            recorder.closest_instance(now, 0, reason);
        }
    }
    let mut record = recorder.finish(0, 0, crate::record::Ledger::default());
    record.providers.pop().expect("it was given one")
}
