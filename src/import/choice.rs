//! Which cluster is meant, where the files speak of several.

use std::collections::BTreeMap;

use super::arn;
use super::found::Found;
use super::text::shown;
use crate::base::Diagnostic;

/// The cluster that becomes the experiment.
pub(super) struct Choice {
    /// `None` if no answer names one.
    pub(super) arn: Option<String>,
    /// Its name; `default` if no answer names one.
    pub(super) name: String,
    /// Where it is.
    pub(super) region: Option<String>,
    /// What is said of the others.
    pub(super) notes: Vec<String>,
}

/// The name rule of an experiment has room for so many characters.
const NAME_MAX: usize = 64;

impl Choice {
    /// Where prices are of.
    pub(super) fn region_of_prices(&self) -> &str {
        self.region.as_deref().unwrap_or("us-east-1")
    }

    /// `imported-web`, fit to name a folder.
    pub(super) fn experiment_name(&self) -> String {
        let allowed = |it: char| it.is_ascii_alphanumeric() || "-_.".contains(it);
        let name = self.name.chars().map(|it| if allowed(it) { it } else { '-' });
        "imported-".chars().chain(name).take(NAME_MAX).collect()
    }
}

/// The one that is asked for, or the one with the most services; among equals
/// the one with the most instances, then the first by ARN.
pub(super) fn choose(found: &Found<'_>, asked: Option<&str>) -> Result<Choice, Box<Diagnostic>> {
    // (services, instances) of each.
    let mut clusters: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    for cluster in found.clusters.iter().filter_map(|it| it.value.cluster_arn.as_deref()) {
        clusters.entry(cluster.to_owned()).or_default();
    }
    for cluster in found.tasks.iter().filter_map(|it| it.value.cluster_arn.as_deref()) {
        clusters.entry(cluster.to_owned()).or_default();
    }
    for cluster in found.services.iter().filter_map(|it| it.value.cluster_arn.as_deref()) {
        clusters.entry(cluster.to_owned()).or_default().0 += 1;
    }
    for instance in &found.instances {
        let arn = instance.value.container_instance_arn.as_deref();
        if let Some(cluster) = arn.and_then(arn::cluster_of_instance) {
            clusters.entry(cluster).or_default().1 += 1;
        }
    }
    let names = |it: &[&String]| it.iter().map(|it| arn::last(it)).map(shown).collect::<Vec<_>>().join(", ");
    let all: Vec<&String> = clusters.keys().collect();
    let chosen = match asked {
        Some(asked) => {
            let fits = |it: &&&String| it.as_str() == asked || arn::last(it) == asked;
            let Some(chosen) = all.iter().find(fits) else {
                let message = format!("no file describes a cluster `{}`", shown(asked));
                let fault = Diagnostic::new("B0506", message);
                return Err(Box::new(match all.is_empty() {
                    true => fault.help("no file names a cluster at all"),
                    false => fault.help(format!("there are: {}", names(&all))),
                }));
            };
            Some((*chosen).clone())
        }
        None => {
            let best = clusters.iter().rev().max_by_key(|it| it.1);
            best.map(|it| it.0.clone())
        }
    };
    let others: Vec<&String> = all.into_iter().filter(|it| Some(*it) != chosen.as_ref()).collect();
    let mut notes = Vec::new();
    if let Some(chosen) = chosen.as_deref().filter(|_| !others.is_empty()) {
        notes.push(format!(
            "several clusters are described: this is `{}`; left out: {}; `--cluster` chooses another",
            shown(arn::last(chosen)),
            names(&others)
        ));
    }
    let any_arn = || found.services.iter().find_map(|it| it.value.service_arn.as_deref());
    let any_instance = || found.instances.iter().find_map(|it| it.value.container_instance_arn.as_deref());
    let region = chosen.as_deref().or_else(any_arn).or_else(any_instance).and_then(arn::region);
    Ok(Choice {
        name: chosen.as_deref().map_or("default", arn::last).to_owned(),
        region: region.map(str::to_owned),
        arn: chosen.clone(),
        notes,
    })
}
