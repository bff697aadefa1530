//! What a service runs on: `launch_type`, or the one item of a
//! `capacity_provider_strategy`; and what Fargate asks and costs.

use std::collections::BTreeSet;

use toml::Value;

use super::found::{Found, Placed};
use super::groups::Groups;
use super::instances::is_fargate;
use super::text::{Text, inline, shown};
use crate::base::Diagnostic;
use crate::billing::fargate::FREE_STORAGE_GIB;
use crate::documents::ecs::placement::CapacityProviderStrategyItem;
use crate::documents::ecs::service::Service;
use crate::experiment::catalogue::Catalogue;
use crate::model::container::NetworkMode;
use crate::model::fargate_sizes::FARGATE_SIZES;
use crate::model::task::TaskDefinition;

/// What a service runs on.
pub(super) enum RunsOn<'a> {
    /// Instances, of which there is one group.
    Ec2,
    /// Instances of one of several groups.
    Group(String),
    /// Fargate at the price of on demand.
    Fargate,
    /// The provider that is played of its strategy.
    Share(&'a CapacityProviderStrategyItem),
}

impl RunsOn<'_> {
    /// `None` on instances, else whether it is Spot.
    pub(super) fn fargate(&self) -> Option<bool> {
        match self {
            RunsOn::Ec2 | RunsOn::Group(_) => None,
            RunsOn::Fargate => Some(false),
            RunsOn::Share(item) => {
                let name = item.capacity_provider.as_deref().filter(|it| is_fargate(it))?;
                Some(name == "FARGATE_SPOT")
            }
        }
    }

    pub(super) fn write(&self, text: &mut Text) {
        let strategy = |item: Value| Value::Array(vec![item]);
        match self {
            RunsOn::Ec2 => text.field("launch_type", "EC2"),
            RunsOn::Fargate => text.field("launch_type", "FARGATE"),
            RunsOn::Group(name) => {
                let item = inline([("capacity_provider", Some(name.as_str().into()))]);
                text.field("capacity_provider_strategy", strategy(item));
            }
            RunsOn::Share(item) => {
                let in_range =
                    |it: Option<i32>, most| it.filter(|it| (0..=most).contains(it)).map(Value::from);
                let item = inline([
                    ("capacity_provider", item.capacity_provider.as_deref().map(Value::from)),
                    ("weight", in_range(item.weight, 1000)),
                    ("base", in_range(item.base, 100_000)),
                ]);
                text.field("capacity_provider_strategy", strategy(item));
            }
        }
    }
}

/// The instances of launch type EC2: any of the cluster, here those of one
/// group.
pub(super) fn any_instance<'a>(
    name: &str,
    found: &Found<'_>,
    groups: &Groups<'_>,
    notes: &mut Vec<String>,
) -> RunsOn<'a> {
    if groups.all.len() < 2 {
        return RunsOn::Ec2;
    }
    let tasks = found.tasks.iter().map(|it| it.value);
    let of_service =
        tasks.filter(|it| it.group.as_deref().and_then(|it| it.strip_prefix("service:")) == Some(name));
    let hosts: Vec<&str> = of_service.filter_map(|it| it.container_instance_arn.as_deref()).collect();
    let n_tasks = |group: &super::groups::Group<'_>| {
        hosts.iter().filter(|arn| group.instances.iter().any(|it| it.has_arn(arn))).count()
    };
    // The first of those that are equal.
    let most = groups.all.iter().rev().max_by_key(|it| (n_tasks(it), it.instances.len()));
    let most = most.expect("there are several");
    notes.push(format!(
        "launch type EC2 takes any instance of the cluster, and several groups for a service are not modelled \
         yet: it is given those of `{}`, which has most of its tasks or of the instances",
        shown(&most.name)
    ));
    RunsOn::Group(most.name.clone())
}

/// The provider of a strategy that is played: the one with the greatest base,
/// then weight, of those that are there.
pub(super) fn share<'a>(
    service: &Placed<'a, Service>,
    name: &str,
    strategy: &'a [CapacityProviderStrategyItem],
    groups: &Groups<'_>,
    notes: &mut Vec<String>,
    faults: &mut Vec<Diagnostic>,
) -> Option<RunsOn<'a>> {
    let provider = |it: &'a CapacityProviderStrategyItem| it.capacity_provider.as_deref().unwrap_or("");
    let is_there = |it: &&CapacityProviderStrategyItem| {
        let provider = it.capacity_provider.as_deref().unwrap_or("");
        is_fargate(provider) || groups.has(provider)
    };
    let (kept, gone): (Vec<_>, Vec<_>) = strategy.iter().partition(is_there);
    let missing: Vec<String> = gone.into_iter().map(|it| shown(provider(it))).collect();
    let rank =
        |it: &CapacityProviderStrategyItem| (it.base.unwrap_or(0).max(0), it.weight.unwrap_or(0).max(0));
    let first = kept.iter().rev().max_by_key(|it| rank(it)).copied();
    let chosen = first.filter(|it| missing.is_empty() || rank(it) > (0, 0));
    let Some(chosen) = chosen else {
        let message = format!(
            "service `{}` runs on {}, of which no container instance is among the files",
            shown(name),
            missing.join(", ")
        );
        let fault = service.fault("B0504", "capacityProviderStrategy", message);
        faults.push(fault.help("add what `aws ecs describe-container-instances` prints"));
        return None;
    };
    for provider in missing {
        notes.push(format!(
            "its capacity provider `{provider}` has no instance, so that its instance type is not known: left \
             out of the strategy"
        ));
    }
    // Those without base and weight get no task anyway.
    let others = kept.iter().filter(|it| !std::ptr::eq(**it, chosen) && rank(it) > (0, 0));
    let others: Vec<String> = others.map(|it| shown(provider(it))).collect();
    if !others.is_empty() {
        notes.push(format!(
            "its capacity provider strategy also names {}: all its tasks go to `{}`, base and weight over \
             several are not modelled yet",
            others.join(", "),
            shown(provider(chosen))
        ));
    }
    Some(RunsOn::Share(chosen))
}

/// Why Fargate does not take such a task.
pub(super) fn no_fargate(definition: &TaskDefinition) -> Option<String> {
    let blueprint = definition.blueprint.as_deref()?;
    let (cpu, memory) = (definition.needs.cpu.0, definition.needs.memory.0);
    let has_size =
        FARGATE_SIZES.iter().any(|it| it.cpu_units == u64::from(cpu) && it.memory.allows(memory.into()));
    let name = shown(&definition.name);
    if blueprint.platform.is_windows {
        return Some(format!("`{name}` runs Windows: on Fargate only Linux is imported yet"));
    }
    if blueprint.network_mode != NetworkMode::Awsvpc {
        return Some(format!("`{name}` is not of network mode awsvpc, as Fargate asks"));
    }
    (!has_size).then(|| format!("`{name}` has {cpu} CPU units and {memory} MiB: Fargate has no such size"))
}

/// Prices of Fargate that the catalogue lacks for this region.
#[derive(Default)]
pub(super) struct FargatePrices {
    rows: BTreeSet<String>,
    notes: BTreeSet<String>,
}

impl FargatePrices {
    /// Sees to the price of such a task: where it is not known, the nearest
    /// that is.
    pub(super) fn need(&mut self, region: &str, definition: &TaskDefinition, is_spot: bool) {
        let Some(blueprint) = definition.blueprint.as_deref() else { return };
        let is_arm = blueprint.platform.is_arm;
        let catalogue = Catalogue::built_in();
        let kind = match (is_arm, is_spot) {
            (false, false) => "fargate",
            (false, true) => "fargate_spot",
            (true, false) => "fargate_arm",
            (true, true) => "fargate_arm_spot",
        };
        // From near to far.
        let sources = [(region, is_arm), (region, false), ("us-east-1", is_arm), ("us-east-1", false)];
        let mut rates =
            sources.iter().filter_map(|it| Some((it, catalogue.fargate_rates(it.0, it.1, is_spot)?)));
        let (source, of_source) = rates.next().expect("us-east-1 has prices");
        let described = |(from, is_arm): &(&str, bool)| {
            format!("{from}{}", if *is_arm { " on ARM64" } else { " on X86_64" })
        };
        if *source != (region, is_arm) {
            for (unit, price) in [("vcpu_hour", &of_source.vcpu_hour), ("gb_hour", &of_source.gb_hour)] {
                self.rows.insert(format!("{region},{kind}:{unit},{},{}", price.usd, price.as_of));
            }
            self.notes.insert(format!(
                "there is no price of `{kind}` in {region}: taken to be that of {}; `{PRICES_FILE}` has it",
                described(source)
            ));
        }
        let of_region = [(is_arm, is_spot), (false, false)];
        let mut of_region = of_region.iter().filter_map(|it| catalogue.fargate_rates(region, it.0, it.1));
        let has_storage_price = of_region.any(|it| it.storage_gib_hour.is_some());
        if blueprint.ephemeral_gib > FREE_STORAGE_GIB && !has_storage_price {
            let rates = catalogue.fargate_rates("us-east-1", false, false).expect("us-east-1 has prices");
            let price = rates.storage_gib_hour.expect("us-east-1 has a price of storage");
            self.rows.insert(format!("{region},{kind}:storage_gib_hour,{},{}", price.usd, price.as_of));
            self.notes.insert(format!(
                "there is no price of ephemeral storage of `{kind}` in {region}: taken to be that of \
                 us-east-1; `{PRICES_FILE}` has it"
            ));
        }
    }

    /// What is said of them.
    pub(super) fn notes(&self) -> impl Iterator<Item = &String> {
        self.notes.iter()
    }

    /// The price file, if there is need of one.
    pub(super) fn file(&self) -> Option<String> {
        if self.rows.is_empty() {
            return None;
        }
        let rows = self.rows.iter().map(|it| format!("{it}\n"));
        Some(std::iter::once("region,instance_type,usd_per_hour,as_of\n".to_owned()).chain(rows).collect())
    }
}

/// The price file beside the experiment.
pub const PRICES_FILE: &str = "imported-prices.csv";
