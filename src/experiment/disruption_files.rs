//! The files that disruptions name: read once, and made into what holds over a
//! run, series by series.

use std::collections::BTreeMap;

use crate::base::id::{CapacityProviderId, InstanceTypeId, ZoneId};
use crate::base::{Diagnostic, SimDuration, SimTime};
use crate::disruption::instance_failure::Lifetime;
use crate::disruption::scope::Providers;
use crate::disruption::spot_availability::Availability;
use crate::disruption::spot_price::PriceHistory;
use crate::disruption::{Disruption, Kind, Machine, Scope};
use crate::experiment::inputs::{Inputs, note_read_error};
use crate::experiment::reader::Faults;
use crate::experiment::scenario::{DisruptionSpec, PathRef, SeriesFilter, SpotTraceSpec};
use crate::sim::Setup;
use crate::trace::{AvailabilitySeries, PriceSeries, SpotAvailability, SpotPrices, read_lifetimes};

/// What was read of them.
#[derive(Default)]
pub(super) struct DisruptionFiles {
    lifetimes: BTreeMap<String, Vec<SimDuration>>,
    availability: BTreeMap<String, SpotAvailability>,
    prices: BTreeMap<String, SpotPrices>,
}

/// A series of either kind of file.
trait Series {
    type Value: Copy;
    fn name(&self) -> [&str; 3];
    fn steps(&self) -> &[(SimTime, Self::Value)];
    fn ends_at(&self) -> Option<SimTime>;
}

impl Series for AvailabilitySeries {
    type Value = Option<u32>;

    fn name(&self) -> [&str; 3] {
        [&self.zone, &self.instance_type, &self.start]
    }

    fn steps(&self) -> &[(SimTime, Option<u32>)] {
        &self.steps
    }

    fn ends_at(&self) -> Option<SimTime> {
        self.ends_at
    }
}

impl Series for PriceSeries {
    type Value = crate::base::Money;

    fn name(&self) -> [&str; 3] {
        [&self.zone, &self.instance_type, ""]
    }

    fn steps(&self) -> &[(SimTime, Self::Value)] {
        &self.steps
    }

    fn ends_at(&self) -> Option<SimTime> {
        None
    }
}

/// A kind of machine that is launched as Spot, of which a trace may tell.
#[derive(Clone, Copy)]
struct Spot {
    machine: Machine,
    zone: ZoneId,
}

impl Inputs {
    /// The disruptions of a setup, with what their files say; files are read after
    /// a fault too, disruptions are not made then.
    pub(super) fn disruptions(
        &mut self,
        specs: &[DisruptionSpec],
        setup: Option<&Setup>,
        faults: &Faults,
    ) -> Vec<Disruption> {
        let mut found = Vec::new();
        for spec in specs {
            match spec {
                DisruptionSpec::Known(disruption) => found.push(disruption.clone()),
                DisruptionSpec::Lifetimes { scope, ordinal, file } => {
                    if let Some(lifetimes) = self.lifetimes(file, faults) {
                        let kind = Kind::InstanceFailure(Lifetime::Observed(lifetimes.into()));
                        found.push(Disruption { scope: scope.clone(), ordinal: *ordinal, kind });
                    }
                }
                DisruptionSpec::Spot(spec) => match self.of_spot(spec, setup, faults) {
                    Ok(of_spot) => found.extend(of_spot),
                    Err(fault) => faults.note(fault),
                },
            }
        }
        found
    }

    fn lifetimes(&mut self, file: &PathRef, faults: &Faults) -> Option<Vec<SimDuration>> {
        if !self.of_disruptions.lifetimes.contains_key(&file.path) {
            let (mut reader, shown) = self.open(file).map_err(|fault| faults.note(fault)).ok()?;
            let read = read_lifetimes(&mut reader, &shown);
            let lifetimes = read.map_err(|error| note_read_error(file, error, faults)).ok()?;
            self.of_disruptions.lifetimes.insert(file.path.clone(), lifetimes);
        }
        self.of_disruptions.lifetimes.get(&file.path).cloned()
    }

    fn of_spot(
        &mut self,
        spec: &SpotTraceSpec,
        setup: Option<&Setup>,
        faults: &Faults,
    ) -> Result<Vec<Disruption>, Diagnostic> {
        let path = &spec.file.path;
        let is_known = match spec.is_price {
            true => self.of_disruptions.prices.contains_key(path),
            false => self.of_disruptions.availability.contains_key(path),
        };
        if !is_known {
            let (mut reader, shown) = self.open(&spec.file)?;
            let files = &mut self.of_disruptions;
            let read = match spec.is_price {
                true => SpotPrices::read(&mut reader, &shown).map(|it| {
                    files.prices.insert(path.clone(), it);
                }),
                false => SpotAvailability::read(&mut reader, &shown).map(|it| {
                    files.availability.insert(path.clone(), it);
                }),
            };
            if let Err(error) = read {
                note_read_error(&spec.file, error, faults);
                return Ok(Vec::new());
            }
        }
        let Some(setup) = setup else { return Ok(Vec::new()) };
        let files = &self.of_disruptions;
        if spec.is_price {
            let series = &files.prices[path].series;
            return of_series(spec, setup, series, |spot, steps| {
                let Machine::Instance { provider, instance_type } = spot.machine else { return None };
                let max_price = setup.providers[provider].purchase.spot_max_price;
                let max_price = max_price.unwrap_or(setup.instance_types[instance_type].on_demand.usd);
                Some(Kind::SpotPrice(PriceHistory::new(steps, max_price)))
            });
        }
        of_series(spec, setup, &files.availability[path].series, |_, steps| {
            let scaled = steps.into_iter().map(|(at, n)| (at, n.map(|n: u32| n.saturating_mul(spec.scale))));
            Some(Kind::SpotAvailability(Availability::new(scaled.collect::<Vec<_>>())))
        })
    }
}

/// One disruption for each kind of Spot machine that a series is of.
fn of_series<S: Series>(
    spec: &SpotTraceSpec,
    setup: &Setup,
    series: &[S],
    kind_of: impl Fn(Spot, Vec<(SimTime, S::Value)>) -> Option<Kind>,
) -> Result<Vec<Disruption>, Diagnostic> {
    let selected = selected(spec, series)?;
    let mut found = Vec::new();
    let mut is_met = false;
    let spots: Vec<Spot> = spots_of(setup, &spec.scope);
    for &spot in &spots {
        let is_of = |it: &&&S| !spec.select.is_empty() || is_named(setup, spot, it.name());
        let mut of_spot = selected.iter().filter(is_of);
        let Some(series) = of_spot.next() else { continue };
        if of_spot.next().is_some() {
            return Err(ambiguous(spec, &selected));
        }
        let steps = steps_of(spec, *series, setup.horizon)?;
        let scope = scope_of(spec, spot);
        // A price of an instance is nobody's on Fargate.
        let Some(kind) = kind_of(spot, steps) else { continue };
        is_met = true;
        if found.iter().all(|it: &Disruption| it.scope != scope) {
            // A supply draws nothing.
            found.push(Disruption { scope, ordinal: 0, kind });
        }
    }
    if !spots.is_empty() && !is_met {
        let message = "no series of the trace is of a zone and type that are launched as Spot here";
        let fault = spec.file.node.fault("B0138", message);
        return Err(fault.help("`trace_zone` and `trace_instance_type` say which one stands for them"));
    }
    Ok(found)
}

/// The series that the filter lets through: one if it is written.
fn selected<'a, S: Series>(spec: &SpotTraceSpec, series: &'a [S]) -> Result<Vec<&'a S>, Diagnostic> {
    let SeriesFilter { zone, instance_type, start } = &spec.select;
    let wanted = [zone, instance_type, start];
    let is_wanted = |it: &&S| {
        it.name().iter().zip(wanted).all(|(name, wanted)| wanted.as_ref().is_none_or(|it| it == name))
    };
    let selected: Vec<&S> = series.iter().filter(is_wanted).collect();
    if spec.select.is_empty() || selected.len() == 1 {
        return Ok(selected);
    }
    if selected.is_empty() {
        let message = "the trace has no such series";
        let names = series.iter().map(|it| shown(it.name())).collect::<Vec<_>>().join("; ");
        return Err(spec.node.fault("B0143", message).help(format!("it has {names}")));
    }
    Err(ambiguous(spec, &selected))
}

fn ambiguous<S: Series>(spec: &SpotTraceSpec, selected: &[&S]) -> Diagnostic {
    let names = selected.iter().map(|it| shown(it.name())).collect::<Vec<_>>().join("; ");
    let message = format!("several series of the trace are meant: {names}");
    let help = "say which by `trace_zone`, `trace_instance_type` and `trace_start`";
    spec.node.fault("B0143", message).help(help)
}

fn shown(name: [&str; 3]) -> String {
    name.into_iter().filter(|it| !it.is_empty()).collect::<Vec<_>>().join(" ")
}

/// The kinds of Spot machines of a setup that a scope meets.
fn spots_of(setup: &Setup, scope: &Scope) -> Vec<Spot> {
    let of_group = |provider: CapacityProviderId| {
        let row = &setup.providers[provider];
        let types = row.instance_types.iter().filter(move |_| row.purchase.has_spot());
        types.flat_map(move |&instance_type: &InstanceTypeId| {
            let machine = Machine::Instance { provider, instance_type };
            row.zones.iter().map(move |&zone| Spot { machine, zone })
        })
    };
    let machine = Machine::Fargate { is_spot: true };
    // A trace is of Fargate where that is said.
    let is_fargate = scope.providers.as_ref().is_some_and(|it| it.fargate_spot);
    let of_fargate = setup.zones.ids().filter(|_| is_fargate).map(|zone| Spot { machine, zone });
    let all = setup.providers.ids().flat_map(of_group).chain(of_fargate);
    all.filter(|it| scope.meets(it.machine, it.zone)).collect()
}

fn is_named(setup: &Setup, spot: Spot, [zone, instance_type, _]: [&str; 3]) -> bool {
    let type_name = match spot.machine {
        Machine::Instance { instance_type, .. } => setup.instance_types[instance_type].name.as_str(),
        Machine::Fargate { .. } => "FARGATE_SPOT",
    };
    setup.zones[spot.zone] == zone && type_name == instance_type
}

/// This kind of machine in this zone. Groups that launch the same share what is
/// there; what is paid at most is each one's own.
fn scope_of(spec: &SpotTraceSpec, spot: Spot) -> Scope {
    let zones = vec![spot.zone];
    match spot.machine {
        Machine::Instance { provider, instance_type } => {
            let only = Providers { groups: vec![provider], ..Providers::default() };
            let providers = if spec.is_price { Some(only) } else { spec.scope.providers.clone() };
            Scope { providers, zones, instance_types: vec![instance_type] }
        }
        Machine::Fargate { .. } => {
            let providers = Some(Providers { fargate_spot: true, ..Providers::default() });
            Scope { providers, zones, instance_types: Vec::new() }
        }
    }
}

/// What holds over a run that begins at a moment of the series.
fn steps_of<S: Series>(
    spec: &SpotTraceSpec,
    series: &S,
    horizon: SimDuration,
) -> Result<Vec<(SimTime, S::Value)>, Diagnostic> {
    let fault = |message: String| {
        let place = spec.node.get("trace_from").unwrap_or(&spec.file.node);
        place.fault("B0139", message)
    };
    let name = shown(series.name());
    let from = SimTime::ZERO + spec.from;
    let steps = series.steps();
    if from < steps[0].0 {
        let message = format!("of {name} nothing is known before {}, the run begins at {from}", steps[0].0);
        return Err(fault(message));
    }
    let end = series.ends_at();
    if let Some(end) = end.filter(|it| *it <= from) {
        return Err(fault(format!("of {name} nothing is known from {end} on, the run begins at {from}")));
    }
    let first = steps.partition_point(|it| it.0 <= from) - 1;
    let mut found: Vec<(SimTime, S::Value)> =
        steps[first..].iter().map(|it| (SimTime::ZERO + it.0.since(from), it.1)).collect();
    let known = end.map(|it| it.since(from)).filter(|it| *it < horizon);
    match (known, spec.repeats) {
        (None, _) => (),
        (Some(known), false) => {
            let message = format!("of {name} nothing is known after {known}, the horizon is {horizon}");
            let help = "`repeat = true` begins it again";
            return Err(fault(message).help(help));
        }
        (Some(known), true) => {
            let end = end.expect("it has one");
            let length = end.since(steps[0].0);
            let mut begins = SimTime::ZERO + known;
            while begins < SimTime::ZERO + horizon {
                found.extend(steps.iter().map(|it| (begins + it.0.since(steps[0].0), it.1)));
                begins = begins + length;
            }
        }
    }
    found.retain(|it| it.0 < SimTime::ZERO + horizon);
    Ok(found)
}
