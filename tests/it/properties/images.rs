//! Repositories in random situations: images that share layers, pushes while
//! tasks start, policies that take what is needed, agents of every kind. What
//! holds of them is checked at the end.

use std::sync::Arc;

use berthlab::base::SimDuration;
use berthlab::base::id::{Id as _, ImageId, LayerId, RepositoryId};
use berthlab::images::behavior::PULL_BEHAVIORS;
use berthlab::model::agent::AgentSettings;
use berthlab::model::container::{Blueprint, Platform};
use berthlab::model::image::{Content, Image, Layer};
use berthlab::model::lifecycle_policy::{
    Count, LifecycleAction, LifecyclePolicy, LifecycleRule, StorageClass, TagSelection,
};
use berthlab::model::repository::{Location, Push, Registry, Repository, TagMutability, Upstream};
use berthlab::model::workload::Workload;
use berthlab::record::RunRecord;
use berthlab::sim::Setup;

use super::situation::Dice;

const N_IMAGES: u32 = 6;

impl Dice {
    /// Gives the definitions images of repositories that are described.
    pub(super) fn images(&mut self, setup: &mut Setup, workload: &mut Workload) {
        let mut registry = Registry { own: private("us-east-1").prefix(), ..Registry::default() };
        let layers: Vec<LayerId> = (0..8)
            .map(|number| {
                let compressed = self.below(4) * self.below(400_000_000);
                let uncompressed = compressed * (1 + self.below(4));
                registry.images.layers.push(Layer {
                    digest: format!("layer-{number}"),
                    compressed,
                    uncompressed,
                })
            })
            .collect();
        for name in ["web", "cache"] {
            let is_cache = name == "cache";
            let region = self.one_of(&["us-east-1", "us-east-1", "eu-west-1"]);
            let unreachable = vec![(600_000, 1_200_000)];
            let id = registry.repositories.push(Repository {
                name: name.to_owned(),
                location: private(if is_cache { "us-east-1" } else { region }),
                mutability: TagMutability {
                    is_mutable: self.below(3) > 0,
                    exclusions: vec!["latest".into()],
                },
                lifecycle_policy: (self.below(3) > 0).then(|| newest(1 + self.below(2))),
                upstream: is_cache.then(|| Upstream { registry: "docker.io".into(), unreachable }),
            });
            self.fill(&mut registry, id, &layers);
        }
        registry.pushes.sort_by_key(|it| it.at_ms);
        let host = registry.repositories.rows()[0].location.prefix();
        setup.registry = Arc::new(registry);
        for number in 0..workload.definitions.len() {
            let tag = self.one_of(&["0", "0", "1", "1", "latest", "latest", "2", "gone"]);
            let image = match self.below(3) {
                0 => continue,
                1 => format!("{host}/web:{tag}"),
                _ => format!("cache:{tag}"),
            };
            let id = berthlab::base::id::TaskDefinitionId::from_idx(number);
            let blueprint = &mut workload.definitions[id].blueprint;
            let blueprint = blueprint.get_or_insert_with(|| Arc::new(Blueprint::plain()));
            let resolves = self.below(2) == 0;
            for container in &mut Arc::make_mut(blueprint).containers {
                container.image.clone_from(&image);
                container.resolves_digest = resolves;
            }
        }
        let options = &mut setup.options.registry;
        options.pull_overhead = self.one_of(&[SimDuration::ZERO, SimDuration::from_millis(1500)]);
        options.registry_bandwidth = self.one_of(&[None, Some(90_000_000)]);
        options.lifecycle_policy_run_at = SimDuration::from_secs(self.one_of(&[0, 1800, 1800]));
        for number in 0..setup.providers.len() {
            let id = berthlab::base::id::CapacityProviderId::from_idx(number);
            setup.providers[id].agent = AgentSettings {
                image_pull_behavior: PULL_BEHAVIORS[self.below(PULL_BEHAVIORS.len() as u64) as usize]
                    .behavior,
                image_cleanup_interval: SimDuration::from_secs(600),
                image_minimum_cleanup_age: SimDuration::from_secs(self.below(900)),
                engine_task_cleanup_wait_duration: SimDuration::from_secs(1 + self.below(300)),
                disable_image_cleanup: self.below(4) == 0,
                ..AgentSettings::default()
            };
        }
    }

    /// Images of one repository and when they are pushed.
    fn fill(&mut self, registry: &mut Registry, repository: RepositoryId, layers: &[LayerId]) {
        let first = registry.images.images.len() as u32;
        for number in 0..N_IMAGES {
            let platform = Platform { is_arm: self.below(6) == 0, is_windows: false };
            let n_layers = 1 + self.below(4) as usize;
            let own: Vec<LayerId> = (0..n_layers).map(|_| layers[self.below(8) as usize]).collect();
            // Some of them name others.
            let content = match number {
                4.. if self.below(2) == 0 => {
                    Content::Index(vec![ImageId::new(first), ImageId::new(first + 1)])
                }
                _ => Content::Layers { layers: own, platform },
            };
            let digest = format!("sha256:{repository:?}{number}");
            let has_lazy_index = self.below(3) == 0;
            registry.images.images.push(Image { repository, digest, content, has_lazy_index });
            let at_ms = self.one_of(&[-86_400_000, -1, -1, 0, 1_700_000]) + i64::from(number);
            let tag = self.one_of(&["0", "1", "2", "latest"]).to_owned();
            let tags = if self.below(4) == 0 { Vec::new() } else { vec![tag] };
            registry.pushes.push(Push { at_ms, image: ImageId::new(first + number), tags });
        }
    }
}

fn private(region: &str) -> Location {
    Location::Private { account: "123456789012".into(), region: region.into() }
}

/// Keeps the newest `n` images.
fn newest(n: u64) -> LifecyclePolicy {
    LifecyclePolicy {
        rules: vec![LifecycleRule {
            priority: 1,
            description: None,
            tags: TagSelection::Any,
            storage_class: StorageClass::Standard,
            count: Count::ImageCountMoreThan(n),
            action: LifecycleAction::Expire,
        }],
    }
}

/// What holds of every record.
pub(super) fn check(setup: &Setup, record: &RunRecord) {
    let images = &record.images;
    if setup.registry.repositories.is_empty() {
        assert_eq!((images.n_pulls, images.bytes_moved), (0, 0), "nothing is described");
        return;
    }
    assert_eq!(images.repositories.len(), setup.registry.repositories.len());
    let of_owners: u64 = images.bytes_of_owners.iter().sum();
    assert_eq!(of_owners, images.bytes_moved, "what moved moved for somebody");
    assert!(images.bytes_from_other_regions <= images.bytes_moved);
    assert!(images.n_lost <= images.n_expired + images.n_archived, "only what went is lost");
    assert!(images.bytes_moved <= images.bytes_wanted, "only what is used moves");
    let most: u64 = setup.registry.images.layers.rows().iter().map(|it| it.compressed).sum();
    let measured = u128::from(setup.horizon.millis() - setup.warm_up.millis());
    for repository in &images.repositories {
        assert!(repository.bytes_at_end <= most, "{} stores each layer once", repository.name);
        assert!(repository.byte_ms <= u128::from(most) * measured, "{}", repository.name);
    }
}
