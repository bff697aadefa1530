//! What the files describe, sorted, each thing once and with its place.

use super::arn;
use super::text::shown;
use crate::base::Diagnostic;
use crate::documents::ecs::capacity_provider::CapacityProvider;
use crate::documents::ecs::cluster::Cluster;
use crate::documents::ecs::container_instance::ContainerInstance;
use crate::documents::ecs::service::Service;
use crate::documents::ecs::task::Task;
use crate::documents::ecs::{Document, Reading};
use crate::documents::field_path::FieldPath;

/// A thing and where it stands.
pub(super) struct Placed<'a, T> {
    pub(super) value: &'a T,
    pub(super) reading: &'a Reading<'a>,
    pub(super) at: FieldPath,
}

impl<T> Placed<'_, T> {
    /// A fault of this thing, shown at its member `key`.
    pub(super) fn fault(&self, code: &'static str, key: &str, message: String) -> Diagnostic {
        Diagnostic::new(code, message).at(self.reading.place(&self.at.key(key)))
    }
}

impl<T> Clone for Placed<'_, T> {
    fn clone(&self) -> Self {
        Self { value: self.value, reading: self.reading, at: self.at.clone() }
    }
}

/// All that the files describe, task definitions apart.
pub(super) struct Found<'a> {
    pub(super) services: Vec<Placed<'a, Service>>,
    pub(super) clusters: Vec<Placed<'a, Cluster>>,
    pub(super) providers: Vec<Placed<'a, CapacityProvider>>,
    pub(super) instances: Vec<Placed<'a, ContainerInstance>>,
    pub(super) tasks: Vec<Placed<'a, Task>>,
    /// What the service did not find, in words.
    pub(super) failures: Vec<String>,
    /// Answers that are not whole, in words.
    pub(super) pages: Vec<String>,
}

impl<'a> Found<'a> {
    /// Sorted by ARN; a thing that two answers describe differently is a fault.
    pub(super) fn gather(readings: &'a [Reading<'a>], faults: &mut Vec<Diagnostic>) -> Self {
        let mut found = Self {
            services: Vec::new(),
            clusters: Vec::new(),
            providers: Vec::new(),
            instances: Vec::new(),
            tasks: Vec::new(),
            failures: Vec::new(),
            pages: Vec::new(),
        };
        for reading in readings {
            let answer = match &reading.document {
                Some(Document::Answer(answer)) => answer,
                Some(Document::TaskDefinition(..)) => continue,
                _ => {
                    let kind = reading.kind.map_or("", |it| it.summary);
                    let message = format!("expected an answer of `aws ecs describe-…`, found {kind}");
                    let place = reading.place(&FieldPath::root());
                    faults.push(Diagnostic::new("B0501", message).at(place));
                    continue;
                }
            };
            fn placed<'a, T>(
                reading: &'a Reading<'a>,
                items: Vec<(FieldPath, &'a T)>,
            ) -> impl Iterator<Item = Placed<'a, T>> {
                items.into_iter().map(move |(at, value)| Placed { value, reading, at })
            }
            found.services.extend(placed(reading, answer.services()));
            found.clusters.extend(placed(reading, answer.clusters()));
            found.providers.extend(placed(reading, answer.capacity_providers()));
            found.instances.extend(placed(reading, answer.container_instances()));
            found.tasks.extend(placed(reading, answer.tasks()));
            for failure in &answer.failures {
                let word = |it: &Option<String>| shown(it.as_deref().unwrap_or("?"));
                found.failures.push(format!(
                    "the service did not describe {}: {}",
                    word(&failure.arn),
                    word(&failure.reason)
                ));
            }
            let file = reading.place(&FieldPath::root()).file;
            if !answer.task_sets().is_empty() {
                found.pages.push(format!("{} is left out: services come with their task sets", shown(&file)));
            }
            if answer.next_token.is_some() {
                found.pages.push(format!("{} is one page of several: what follows is missing", shown(&file)));
            }
        }
        found.failures.sort();
        found.pages.sort();
        once(&mut found.services, "service", faults, |it| {
            let name = it.service_name.as_deref().or(it.service_arn.as_deref().map(arn::last));
            (it.cluster_arn.clone(), name.map(str::to_owned))
        });
        once(&mut found.clusters, "cluster", faults, |it| (None, it.cluster_arn.clone()));
        once(&mut found.providers, "capacity provider", faults, |it| {
            (None, it.name.clone().or(it.capacity_provider_arn.clone()))
        });
        once(&mut found.instances, "container instance", faults, |it| {
            (it.ec2_instance_id.clone(), it.container_instance_arn.clone())
        });
        once(&mut found.tasks, "task", faults, |it| (it.group.clone(), it.task_arn.clone()));
        found
    }

    /// What belongs to this cluster, or names none.
    pub(super) fn of_cluster(mut self, cluster: Option<&str>) -> Self {
        let fits = |it: Option<&str>| it.is_none() || cluster.is_none() || it == cluster;
        self.services.retain(|it| fits(it.value.cluster_arn.as_deref()));
        self.clusters.retain(|it| fits(it.value.cluster_arn.as_deref()));
        self.tasks.retain(|it| fits(it.value.cluster_arn.as_deref()));
        self.instances.retain(|it| {
            let arn = it.value.container_instance_arn.as_deref();
            fits(arn.and_then(arn::cluster_of_instance).as_deref())
        });
        self
    }
}

/// Sorts by key and leaves each once.
fn once<T: PartialEq>(
    items: &mut Vec<Placed<'_, T>>,
    noun: &str,
    faults: &mut Vec<Diagnostic>,
    key: fn(&T) -> (Option<String>, Option<String>),
) {
    items.sort_by_key(|it| key(it.value));
    items.dedup_by(|later, earlier| {
        let same_key = key(later.value);
        if same_key.1.is_none() || same_key != key(earlier.value) {
            return false;
        }
        if later.value != earlier.value {
            let name = shown(same_key.1.as_deref().unwrap_or_default());
            let before = earlier.reading.place(&earlier.at);
            let message = format!(
                "{noun} `{name}` is described again, and differently than in {}:{}",
                before.file, before.line
            );
            faults.push(Diagnostic::new("B0505", message).at(later.reading.place(&later.at)));
        }
        true
    });
}
