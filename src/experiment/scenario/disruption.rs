//! `[[disruption]]`: what breaks, and for whom. What a file says is read later,
//! when all that is written is known to be without fault.

use super::Context;
use super::cluster::{Cluster, zone_of};
use super::workload::PathRef;
use crate::base::id::{InstanceTypeId, ZoneId};
use crate::base::{SimDuration, SimTime};
use crate::disruption::agent_disconnect::AgentDisconnect;
use crate::disruption::instance_failure::{Lifetime, WEIBULL_SHAPE};
use crate::disruption::launch_failure::LaunchFailure;
use crate::disruption::scope::Providers;
use crate::disruption::slow_start::{Boot, SlowStart};
use crate::disruption::spot_drought::Drought;
use crate::disruption::spot_interruption::Rate;
use crate::disruption::{Disruption, KINDS, Kind, Scope, Window, Windows};
use crate::experiment::catalogue::Catalogue;
use crate::experiment::reader;
use crate::experiment::tree::Node;

/// A disruption as written.
#[derive(Clone, Debug)]
pub enum DisruptionSpec {
    /// All of it is known.
    Known(Disruption),
    /// Lifetimes of instances are in a file.
    Lifetimes {
        /// Whom it meets.
        scope: Scope,
        /// How many of its kind stand before it.
        ordinal: u32,
        /// The file.
        file: PathRef,
    },
    /// Spot capacity or its price is in a file.
    Spot(SpotTraceSpec),
}

/// Spot capacity over time, or its price, of a file.
#[derive(Clone, Debug)]
pub struct SpotTraceSpec {
    /// Whom it meets.
    pub scope: Scope,
    /// The file.
    pub file: PathRef,
    /// Whether it is of prices, else of capacity.
    pub is_price: bool,
    /// Which of its series stands for all that is met; by their own zone and type
    /// if nothing is said.
    pub select: SeriesFilter,
    /// The moment of the series at which a run begins.
    pub from: SimDuration,
    /// Whether it begins again at its end.
    pub repeats: bool,
    /// How many machines each one of the trace stands for.
    pub scale: u32,
    /// The whole of it, for faults.
    pub node: Node,
}

/// Names that a series must have; whatever is left out may be anything.
#[derive(Clone, Debug, Default)]
pub struct SeriesFilter {
    /// Its zone or region.
    pub zone: Option<String>,
    /// Its type.
    pub instance_type: Option<String>,
    /// When its collection began.
    pub start: Option<String>,
}

impl SeriesFilter {
    /// Whether nothing is asked for.
    pub fn is_empty(&self) -> bool {
        self.zone.is_none() && self.instance_type.is_none() && self.start.is_none()
    }
}

/// More often than once a second is no rate of anything that breaks.
const PER_HOUR_MAX: f64 = 3600.0;
/// The hazard of a smaller or larger shape is no hazard of machines.
const SHAPES: std::ops::RangeInclusive<f64> = 0.1..=100.0;
const SIGMA_MAX: f64 = 10.0;
const SCALE_MAX: u64 = 1_000_000;

/// Reads all disruptions; what has a fault is left out. One whose types are never
/// launched here is no fault: an axis may vary them.
pub(super) fn read_all(
    items: &[Node],
    cluster: Option<&Cluster>,
    catalogue: &Catalogue,
    context: &Context<'_>,
) -> Vec<DisruptionSpec> {
    let mut n_of_kind = [0; KINDS.len()];
    let mut found = Vec::new();
    for node in items {
        let table = Reading { table: reader::Table::of(node, context.faults), cluster, catalogue, context };
        let names: Vec<&'static str> = KINDS.iter().map(|it| it.name).collect();
        let kind = table.table.required("kind").and_then(|it| reader::word(it, &names, context.faults));
        let Some(kind) = kind else { continue };
        let ordinal = n_of_kind[kind];
        n_of_kind[kind] += 1;
        found.extend(table.read(names[kind], ordinal));
        table.table.finish();
    }
    found
}

struct Reading<'a> {
    table: reader::Table<'a>,
    cluster: Option<&'a Cluster>,
    catalogue: &'a Catalogue,
    context: &'a Context<'a>,
}

impl Reading<'_> {
    fn read(&self, kind: &str, ordinal: u32) -> Option<DisruptionSpec> {
        let scope = self.scope(kind);
        let file = |name| {
            let node: &Node = self.table.optional(name)?;
            let path = reader::text(node, self.context.faults)?.to_owned();
            Some(PathRef { path, node: node.clone() })
        };
        let kind = match kind {
            "instance_failure" => {
                if let Some(file) = file("trace") {
                    self.exclude("trace", &["mean_time_to_failure", "distribution", "shape", "sigma"]);
                    return Some(DisruptionSpec::Lifetimes { scope: scope?, ordinal, file });
                }
                Kind::InstanceFailure(self.lifetime()?)
            }
            "spot_interruption" => Kind::SpotInterruption(self.rate()?),
            "spot_price" | "spot_availability" => {
                let is_price = kind == "spot_price";
                let found = self.table.required("trace").and(file("trace"));
                let text = |name| self.table.text(name).map(str::to_owned);
                let select = SeriesFilter {
                    zone: text("trace_zone"),
                    instance_type: text("trace_instance_type"),
                    start: if is_price { None } else { text("trace_start") },
                };
                let from = self.table.duration("trace_from").unwrap_or_default();
                let repeats = self.table.flag("repeat").unwrap_or(false);
                let scale = if is_price { None } else { self.table.integer("scale", 1..=SCALE_MAX) };
                return Some(DisruptionSpec::Spot(SpotTraceSpec {
                    scope: scope?,
                    file: found?,
                    is_price,
                    select,
                    from,
                    repeats,
                    scale: scale.map_or(1, |it| u32::try_from(it).expect("within the range")),
                    node: self.table.node().clone(),
                }));
            }
            "spot_drought" => {
                let windows = self.windows(true);
                let reclaims = self.table.flag("reclaims").unwrap_or(true);
                Kind::SpotDrought(Drought { windows: windows?, reclaims })
            }
            "zone_outage" => Kind::ZoneOutage(self.windows(true)?),
            "slow_start" => {
                let boot = self.boot();
                let share_percent = self.percent("share_percent");
                Kind::SlowStart(SlowStart { boot: boot?, share_percent })
            }
            "launch_failure" => {
                let windows = self.windows(false);
                let share_percent = self.percent("share_percent");
                Kind::LaunchFailure(LaunchFailure { windows: windows?, share_percent })
            }
            "agent_disconnect" => {
                let mean = self.mean("mean_time_between_disconnects");
                let duration = self.time("duration");
                Kind::AgentDisconnect(AgentDisconnect { mean_time_between: mean?, duration: duration? })
            }
            other => unreachable!("`{other}` is in the list of kinds"),
        };
        Some(DisruptionSpec::Known(Disruption { scope: scope?, ordinal, kind }))
    }

    /// The filters. `None` after a fault, or if nobody can be met.
    fn scope(&self, kind: &str) -> Option<Scope> {
        let faults = self.context.faults;
        let zones: Vec<Option<ZoneId>> = match kind {
            "zone_outage" if self.table.required("availability_zone").is_none() => return None,
            _ => {
                let zones = self.cluster.map_or(&[][..], |it| it.zones.rows());
                let items = self.table.list("availability_zone").iter();
                items.map(|it| self.cluster.and_then(|_| zone_of(it, zones, faults))).collect()
            }
        };
        // A zone goes with all that is in it.
        if kind == "zone_outage" {
            return Some(Scope { zones: zones.into_iter().collect::<Option<_>>()?, ..Scope::default() });
        }
        let providers = match self.table.list("capacity_provider") {
            [] => Some(None),
            items => self.providers(items).map(Some),
        };
        let types = self.table.list("instance_type");
        let instance_types: Option<Vec<Vec<InstanceTypeId>>> =
            types.iter().map(|it| self.types(it)).collect();
        let instance_types = instance_types?.concat();
        if !types.is_empty() && instance_types.is_empty() {
            return None;
        }
        Some(Scope {
            providers: providers?,
            zones: zones.into_iter().collect::<Option<_>>()?,
            instance_types,
        })
    }

    fn providers(&self, items: &[Node]) -> Option<Providers> {
        let faults = self.context.faults;
        let known = self.cluster?;
        let mut providers = Providers::default();
        let mut is_whole = true;
        for node in items {
            let Some(name) = reader::text(node, faults) else {
                is_whole = false;
                continue;
            };
            match (name, known.providers.iter().find(|it| it.1.name == name)) {
                ("FARGATE", _) => providers.fargate = true,
                ("FARGATE_SPOT", _) => providers.fargate_spot = true,
                (_, Some((id, _))) => providers.groups.push(id),
                (_, None) => {
                    let fault = node.fault("B0117", format!("there is no capacity provider `{name}`"));
                    let names = known.providers.rows().iter().map(|it| it.name.as_str());
                    faults.note(fault.help_nearest(name, names.chain(["FARGATE", "FARGATE_SPOT"])));
                    is_whole = false;
                }
            }
        }
        is_whole.then_some(providers)
    }

    /// The types of this name that are launched here; none if it is never.
    fn types(&self, node: &Node) -> Option<Vec<InstanceTypeId>> {
        let name = reader::text(node, self.context.faults)?;
        let known = self.cluster?.instance_types.iter();
        let found: Vec<_> = known.filter(|it| it.1.name == name).map(|it| it.0).collect();
        if found.is_empty() && !self.catalogue.types().any(|it| it.0 == name) {
            let fault = node.fault("B0118", format!("unknown instance type `{name}`"));
            self.context.faults.note(fault.help_nearest(name, self.catalogue.types().map(|it| it.0)));
            return None;
        }
        Some(found)
    }

    /// `from` and `to`, or several `windows`; the whole run if none need be.
    fn windows(&self, is_required: bool) -> Option<Windows> {
        let faults = self.context.faults;
        let written = self.table.list("windows");
        let is_one = ["from", "to"].map(|it| self.table.optional(it)).iter().any(Option::is_some);
        let mut windows: Vec<Option<Window>> = Vec::new();
        if is_one {
            self.exclude("windows", &["from", "to"]);
            windows.push(self.window(&self.table));
        }
        for node in written {
            let table = reader::Table::of(node, faults);
            windows.push(self.window(&table));
            table.finish();
        }
        if windows.is_empty() && is_required {
            let message = "it has no time: give it `from` and `to`, or `windows = [{ from, to }]`";
            faults.note(self.table.node().fault("B0105", message));
            return None;
        }
        if windows.is_empty() {
            return Some(Windows::always(SimTime::ZERO + self.context.horizon?));
        }
        windows.into_iter().collect::<Option<Vec<_>>>().map(Windows::new)
    }

    fn window(&self, table: &reader::Table<'_>) -> Option<Window> {
        let faults = self.context.faults;
        let [from, to] =
            ["from", "to"].map(|it| table.required(it).and_then(|it| reader::duration(it, faults)));
        let (from, to) = (from?, to?);
        let node = table.node();
        if from >= to {
            let message = format!("a window from {from} to {to} ends before it begins, or lasts no time");
            faults.note(node.get("to").unwrap_or(node).fault("B0137", message));
            return None;
        }
        if let Some(horizon) = self.context.horizon
            && from >= horizon
        {
            let message = format!("a window from {from} on begins at the horizon of {horizon} or behind it");
            faults.note(node.get("from").unwrap_or(node).fault("B0137", message));
            return None;
        }
        Some(Window { from: SimTime::ZERO + from, to: SimTime::ZERO + to })
    }

    fn lifetime(&self) -> Option<Lifetime> {
        let mean = self.mean("mean_time_to_failure");
        let faults = self.context.faults;
        let word = self.table.optional("distribution");
        let word =
            word.map_or(Some(0), |it| reader::word(it, &["exponential", "weibull", "lognormal"], faults));
        match word? {
            0 => Some(Lifetime::Exponential { mean: mean? }),
            1 => {
                let shape = match self.table.optional("shape") {
                    Some(node) => reader::decimal(node, *SHAPES.end(), faults)?,
                    None => WEIBULL_SHAPE,
                };
                if !SHAPES.contains(&shape) {
                    let message = format!("a shape of {shape} is below {}", SHAPES.start());
                    faults.note(self.table.node().get("shape")?.fault("B0107", message));
                    return None;
                }
                Some(Lifetime::Weibull { mean: mean?, shape })
            }
            _ => Some(Lifetime::Lognormal { mean: mean?, sigma: self.sigma()? }),
        }
    }

    fn sigma(&self) -> Option<f64> {
        self.table.required("sigma").and_then(|it| reader::decimal(it, SIGMA_MAX, self.context.faults))
    }

    /// One of three ways to say how often.
    fn rate(&self) -> Option<Rate> {
        const WAYS: [&str; 3] =
            ["mean_time_to_interruption", "interruptions_per_hour", "monthly_share_percent"];
        let faults = self.context.faults;
        let written = WAYS.map(|it| self.table.optional(it));
        if written.iter().flatten().count() != 1 {
            let message = format!("expected one of `{}`", WAYS.join("`, `"));
            let code = if written.iter().any(Option::is_some) { "B0111" } else { "B0105" };
            faults.note(self.table.node().fault(code, message));
            return None;
        }
        match written {
            [Some(_), ..] => Some(Rate { mean: self.mean(WAYS[0])? }),
            [_, Some(node), _] => Some(Rate::per_hour(reader::decimal(node, PER_HOUR_MAX, faults)?)),
            [.., node] => {
                let node = node?;
                let percent = reader::decimal(node, 100.0, faults)?;
                if percent > 99.0 {
                    let message =
                        format!("a share of {percent} percent a month is above 99: say it by the hour");
                    faults.note(node.fault("B0107", message));
                    return None;
                }
                Some(Rate::of_monthly_share(percent / 100.0))
            }
        }
    }

    fn boot(&self) -> Option<Boot> {
        const TIMES: [&str; 4] = ["boot_time", "boot_time_min", "boot_time_max", "boot_time_median"];
        let faults = self.context.faults;
        let [fixed, min, max, median] = TIMES.map(|it| self.table.optional(it));
        match (fixed, min, max, median) {
            (Some(node), None, None, None) => Some(Boot::Fixed(reader::duration(node, faults)?)),
            (None, Some(least), Some(most), None) => {
                let (least_time, most_time) =
                    (reader::duration(least, faults), reader::duration(most, faults));
                let (least_time, most_time) = (least_time?, most_time?);
                if least_time > most_time {
                    let message = format!("boot_time_min {least_time} is above boot_time_max {most_time}");
                    faults.note(least.fault("B0110", message));
                    return None;
                }
                Some(Boot::Uniform(least_time, most_time))
            }
            (None, None, None, Some(_)) => {
                let (median, sigma) = (self.time("boot_time_median"), self.sigma());
                Some(Boot::Lognormal { median: median?, sigma: sigma? })
            }
            _ => {
                let message = "expected `boot_time`, or `boot_time_min` with `boot_time_max`, or \
                               `boot_time_median` with `sigma`";
                faults.note(self.table.node().fault("B0105", message));
                None
            }
        }
    }

    /// A mean time, of a second at least: what breaks more often is never there.
    fn mean(&self, name: &'static str) -> Option<SimDuration> {
        let mean = self.time(name)?;
        if mean < SimDuration::from_secs(1) {
            let node = self.table.node().get(name)?;
            self.context.faults.note(node.fault("B0107", format!("{mean}, expected a second at least")));
            return None;
        }
        Some(mean)
    }

    /// A duration that is longer than no time.
    fn time(&self, name: &'static str) -> Option<SimDuration> {
        let node = self.table.required(name)?;
        let time = reader::duration(node, self.context.faults)?;
        if time == SimDuration::ZERO {
            self.context.faults.note(node.fault("B0106", format!("`{name}` of no time")));
            return None;
        }
        Some(time)
    }

    fn percent(&self, name: &'static str) -> f64 {
        let written =
            self.table.optional(name).and_then(|it| reader::decimal(it, 100.0, self.context.faults));
        written.unwrap_or(100.0)
    }

    /// Notes a fault if `name` is written beside any of `others`.
    fn exclude(&self, name: &'static str, others: &[&'static str]) {
        if self.table.optional(name).is_none() {
            return;
        }
        for other in others {
            if let Some(node) = self.table.optional(other) {
                let message = format!("`{name}` and `{other}` exclude each other");
                self.context.faults.note(node.fault("B0111", message));
            }
        }
    }
}
