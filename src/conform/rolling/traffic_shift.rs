//! `traffic_shift`: when production traffic goes to the new revision.

use crate::base::SimDuration;
use crate::base::units::Tenths;
use crate::conform::case::{Case, Differences, Sealed};
use crate::conform::reader::{Faults, Object};
use crate::deployment::traffic_shift::{schedule, until_clean_up};
use crate::documents::json::Json;
use crate::model::deployment::{DeploymentStrategy, TrafficShare};

/// How the traffic goes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    BlueGreen,
    Linear,
    Canary,
}

const KINDS: &[(&str, Kind)] =
    &[("BLUE_GREEN", Kind::BlueGreen), ("LINEAR", Kind::Linear), ("CANARY", Kind::Canary)];

/// A tenth of a minute: as fine as minutes are read.
const TENTH_OF_MINUTE_MS: u64 = 6000;

pub(super) fn judge(case: &mut Case<'_>, expect: Sealed<'_>, faults: &mut Faults<'_>) -> Option<Differences> {
    let mut input = case.input.required("input", faults).and_then(|it| Object::of(it, faults))?;
    let strategy = input.required("strategy", faults).and_then(|it| faults.word(it, KINDS));
    // What is left out is as the API has it (LinearConfiguration,
    // CanaryConfiguration).
    let strategy = match strategy {
        Some(Kind::BlueGreen) => Some(DeploymentStrategy::BlueGreen),
        Some(Kind::Linear) => {
            let step = share(&mut input, "step_percent", TrafficShare::LINEAR_DEFAULT, faults);
            let step_bake =
                minutes(&mut input, "step_bake_minutes", Some(DeploymentStrategy::LINEAR_BAKE), faults);
            step.zip(step_bake).map(|(step, step_bake)| DeploymentStrategy::Linear { step, step_bake })
        }
        Some(Kind::Canary) => {
            let canary = share(&mut input, "canary_percent", TrafficShare::CANARY_DEFAULT, faults);
            let canary_bake =
                minutes(&mut input, "canary_bake_minutes", Some(DeploymentStrategy::CANARY_BAKE), faults);
            let both = canary.zip(canary_bake);
            both.map(|(canary, canary_bake)| DeploymentStrategy::Canary { canary, canary_bake })
        }
        None => None,
    };
    // BLUE_GREEN does not go without (API DeploymentConfiguration).
    let default = (strategy != Some(DeploymentStrategy::BlueGreen)).then_some(SimDuration::ZERO);
    let bake = minutes(&mut input, "bake_minutes", default, faults);
    input.finish(faults);
    let (strategy, bake) = (strategy?, bake?);
    let ((shifts, clean_up), expect) = expect.open((schedule(strategy), until_clean_up(strategy, bake)));

    let mut expect = Object::of(expect, faults)?;
    let expected = expect.required("production_shift", faults).and_then(|it| faults.list(it));
    let expected = expected.and_then(|items| {
        let read: Vec<_> = items.iter().filter_map(|it| read_shift(it, faults)).collect();
        (read.len() == items.len()).then_some(read)
    });
    let expected_clean_up =
        expect.required("minutes_until_clean_up", faults).and_then(|it| faults.tenths(it));
    expect.finish(faults);
    let found = shifts.iter().map(|it| shown(in_minutes(it.after), Tenths(it.share.0.into())));
    let mut differences = Differences::default();
    differences.compare("production_shift", expected?.join(", "), found.collect::<Vec<_>>().join(", "));
    let clean_up = in_minutes(clean_up).to_string();
    differences.compare("minutes_until_clean_up", expected_clean_up?.to_string(), clean_up);
    Some(differences)
}

/// A percent; a shift of nothing, or of more than everything, is none.
fn share(
    input: &mut Object<'_>,
    key: &'static str,
    default: TrafficShare,
    faults: &mut Faults<'_>,
) -> Option<TrafficShare> {
    let Some(json) = input.optional(key) else { return Some(default) };
    let tenths = faults.tenths(json)?;
    if !(1..=TrafficShare::ALL.0.into()).contains(&tenths.0) {
        faults.note("B0607", json, format!("{tenths} is not from 0.1 to 100 percent"));
        return None;
    }
    Some(TrafficShare(u16::try_from(tenths.0).expect("within the range")))
}

/// Minutes; the field may not be left out where there is no default.
fn minutes(
    input: &mut Object<'_>,
    key: &'static str,
    default: Option<SimDuration>,
    faults: &mut Faults<'_>,
) -> Option<SimDuration> {
    let json = match default {
        None => input.required(key, faults)?,
        Some(default) => match input.optional(key) {
            None => return Some(default),
            Some(json) => json,
        },
    };
    // Longer than any bake time: what is beyond is no duration of a run.
    const MINUTES_MAX: u64 = 1_000_000;
    let tenths = faults.tenths(json)?;
    if tenths.0 > 10 * MINUTES_MAX {
        faults.note("B0607", json, format!("{tenths} is more than {MINUTES_MAX} minutes"));
        return None;
    }
    Some(SimDuration::from_millis(tenths.0 * TENTH_OF_MINUTE_MS))
}

fn in_minutes(duration: SimDuration) -> Tenths {
    Tenths(duration.millis() / TENTH_OF_MINUTE_MS)
}

/// `[minute, percent]`.
fn read_shift(json: &Json, faults: &mut Faults<'_>) -> Option<String> {
    let [minute, percent] = faults.list(json)? else {
        faults.note("B0607", json, "a shift is a minute and a percent");
        return None;
    };
    let (minute, percent) = (faults.tenths(minute), faults.tenths(percent));
    Some(shown(minute?, percent?))
}

fn shown(minute: Tenths, percent: Tenths) -> String {
    format!("{percent} % at {minute}")
}
