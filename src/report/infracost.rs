//! What a setting uses as an Infracost usage file: the part of a bill that no
//! Terraform plan knows. Format: `infracost-usage-example.yml` of Infracost, version
//! 0.1.
//!
//! A month is Infracost's: 730 hours. Everything is the mean over the replicates,
//! scaled from the measured hours to a month. A group of instances is written as
//! the fewest whole `instances` with the `monthly_hrs` each of them runs, so that
//! both multiply to its instance-hours. Of a load balancer the mean capacity units
//! are written as `processed_bytes_gb`, of which Infracost makes one unit a GB.
//! What Infracost takes from the plan (volumes, tasks on Fargate, hours of load
//! balancers and NAT gateways, public addresses) is left out and said in a comment.
//! Infracost keys usage by Terraform addresses, which nobody here knows: names are
//! those of the experiment, to be changed to those of the plan.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::experiment::results::{Results, Row};
use crate::record::{LedgerLine, LineGroup, Meter};

use super::comparison::measured;

/// Hours of Infracost's month.
const MONTH_HOURS: f64 = 730.0;

const HOUR_MS: f64 = 3_600_000.0;

/// The setting that costs least in the mean; `None` where nothing was billed.
pub fn cheapest(results: &Results) -> Option<usize> {
    let costs =
        (0..results.settings.len()).filter_map(|it| Some((measured(results, it, "cost_usd")?.mean, it)));
    costs.min_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1))).map(|it| it.1)
}

/// The usage of a setting as YAML; the same result gives the same text.
///
/// # Panics
///
/// If there is no such setting.
pub fn usage_file(results: &Results, setting: usize) -> String {
    let runs = results.rows_of(setting);
    let usage = Usage::of(runs);
    let label = one_line(&results.settings[setting].label);
    let mut text = format!(
        "# Usage of one month (730 hours) for Infracost: `infracost breakdown --usage-file FILE`.\n\
         # Made by berthlab {} of the result {}, setting {}: {label}.\n\
         # Means over {} {}, scaled from {} measured hours. Change the names to the addresses of your plan.\n",
        crate::experiment::manifest::VERSION,
        one_line(&results.name),
        setting + 1,
        runs.len(),
        if runs.len() == 1 { "replicate" } else { "replicates" },
        figure(usage.hours),
    );
    for (what, amount, unit) in [
        ("vCPUs", usage.fargate_vcpus, "tasks on Fargate are taken from the plan's desired_count"),
        ("GiB of volumes", usage.volume_gib, "volumes are taken from the plan"),
        ("GB of archived images", usage.archived_gb, "Infracost knows one storage class of a repository"),
    ] {
        if amount > 0.0 {
            let _ = writeln!(text, "# Not in this file: {} {what} in the mean, for {unit}.", figure(amount));
        }
    }
    text.push_str("version: 0.1\nresource_usage:");
    let mut resources = String::new();
    for (name, mean) in &usage.instances {
        let whole = mean.ceil().max(1.0);
        let _ = write!(
            resources,
            "\n  aws_autoscaling_group.{}: # {} instances in the mean\n    operating_system: linux\n    instances: \
             {}\n    monthly_hrs: {}",
            identifier(name),
            figure(*mean),
            figure(whole),
            figure(MONTH_HOURS * mean / whole),
        );
    }
    for (name, units) in &usage.load_balancers {
        let _ = write!(
            resources,
            "\n  aws_lb.{}: # capacity units of an hour, in the mean\n    new_connections: 0\n    processed_bytes_gb: {}",
            identifier(name),
            figure(*units),
        );
    }
    for (name, gb) in &usage.registries {
        let (name, gb) = (identifier(name), figure(*gb));
        let _ = write!(resources, "\n  aws_ecr_repository.{name}:\n    storage_gb: {gb}");
    }
    if usage.nat_gb > 0.0 {
        let gb = figure(usage.nat_gb);
        let _ = write!(resources, "\n  aws_nat_gateway.nat:\n    monthly_data_processed_gb: {gb}");
    }
    if usage.inter_zone_gb > 0.0 || usage.internet_gb > 0.0 {
        // Infracost counts both directions of what crosses zones itself.
        let _ = write!(
            resources,
            "\n  aws_data_transfer.{}:\n    region: {}\n    monthly_intra_region_gb: {}\n    \
             monthly_outbound_internet_gb: {}",
            identifier(&results.region),
            identifier(&results.region),
            figure(usage.inter_zone_gb / 2.0),
            figure(usage.internet_gb),
        );
    }
    text.push_str(if resources.is_empty() { " {}" } else { &resources });
    text.push('\n');
    text
}

/// Means over the runs of a setting.
#[derive(Default)]
struct Usage {
    /// Measured in a run.
    hours: f64,
    /// Of each group, by name.
    instances: BTreeMap<String, f64>,
    /// Capacity units of each load balancer, by name.
    load_balancers: BTreeMap<String, f64>,
    fargate_vcpus: f64,
    volume_gib: f64,
    /// GB that each repository stores, by name.
    registries: BTreeMap<String, f64>,
    archived_gb: f64,
    /// Of a month.
    nat_gb: f64,
    /// Of a month, each direction on its own.
    inter_zone_gb: f64,
    /// Of a month.
    internet_gb: f64,
}

impl Usage {
    fn of(runs: &[Row]) -> Self {
        let mut usage = Self::default();
        let measured_ms = |row: &Row| row.record.horizon_ms.saturating_sub(row.record.warm_up_ms);
        let hours = runs.first().map_or(0.0, |it| measured_ms(it) as f64 / HOUR_MS);
        if hours <= 0.0 {
            return usage;
        }
        usage.hours = hours;
        let run_hours = hours * runs.len() as f64;
        for line in runs.iter().flat_map(|it| &it.record.ledger.lines) {
            let mean = line.billed() / run_hours;
            match line.meter {
                Meter::LoadBalancerCapacityUnit => {
                    *usage.load_balancers.entry(line.item.clone()).or_default() += mean;
                }
                Meter::FargateVcpu | Meter::FargateSpotVcpu | Meter::FargateSavingsPlanVcpu => {
                    usage.fargate_vcpus += mean;
                }
                // Of months, as long as the bill has them.
                Meter::EbsVolume => usage.volume_gib += mean * line.units_per_price as f64 / 3600.0,
                // The same, by GB of 2^20 KiB.
                Meter::RegistryStorage => {
                    *usage.registries.entry(line.item.clone()).or_default() += stored_gb(line, mean);
                }
                Meter::RegistryArchive => usage.archived_gb += stored_gb(line, mean),
                Meter::NatGatewayTransfer => usage.nat_gb += mean * MONTH_HOURS,
                Meter::InterZoneTransfer => usage.inter_zone_gb += mean * MONTH_HOURS,
                Meter::InternetTransfer => usage.internet_gb += mean * MONTH_HOURS,
                meter if meter.group() == LineGroup::Instances => {
                    *usage.instances.entry(line.capacity_provider.clone()).or_default() += mean;
                }
                _ => (),
            }
        }
        usage
    }
}

/// GB that are stored, of so many GB-months an hour in the mean.
fn stored_gb(line: &LedgerLine, mean: f64) -> f64 {
    mean * line.units_per_price as f64 / 3600.0 / f64::from(1 << 20)
}

/// At most six decimals, none that say nothing: `12`, `0.25`.
fn figure(value: f64) -> String {
    let text = format!("{value:.6}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A name as Terraform takes one: letters, digits, `_` and `-`, and no digit or
/// dash in front.
fn identifier(name: &str) -> String {
    let plain = |it: char| if it.is_ascii_alphanumeric() || it == '-' || it == '_' { it } else { '_' };
    let name: String = name.chars().map(plain).collect();
    if name.starts_with(|it: char| it.is_ascii_alphabetic() || it == '_') { name } else { format!("_{name}") }
}

/// A name that stays in its comment.
fn one_line(name: &str) -> String {
    name.chars()
        .map(|it| if it.is_control() || matches!(it, '\u{2028}' | '\u{2029}') { ' ' } else { it })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_figures_cannot_break_the_file() {
        assert_eq!(identifier("on demand/2"), "on_demand_2");
        assert_eq!(
            (identifier("2nd"), identifier(""), identifier("-x")),
            ("_2nd".to_owned(), "_".to_owned(), "_-x".to_owned())
        );
        assert_eq!(
            [0.0, 12.0, 0.25, 1e-9, 730.123_456_7].map(figure),
            ["0", "12", "0.25", "0", "730.123457"]
        );
        assert_eq!(one_line("a\nb: c\u{2028}d"), "a b: c d");
    }
}
