//! From repositories as written, and the files that they name, to the registry
//! of a run: layers and images each once, pushes in the order of time.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

use crate::base::SimTime;
use crate::base::id::{Id as _, ImageId, LayerId, RepositoryId};
use crate::documents::image_manifest::{self, Manifest};
use crate::documents::lifecycle_policy;
use crate::experiment::inputs::{Inputs, note_read_error};
use crate::experiment::reader::Faults;
use crate::experiment::scenario::{
    DefinitionSpec, ImageSpec, LayerPart, LayersSpec, LifecyclePolicySpec, ManifestSpec, PathRef, Pushed,
    RepositorySpec, WorkloadSpec,
};
use crate::experiment::tree::Node;
use crate::model::container::Platform;
use crate::model::image::{Content, Image, Layer};
use crate::model::lifecycle_policy::LifecyclePolicy;
use crate::model::repository::{Push, Registry, Repository, Which};
use crate::trace::{ImageLayers, LayerSize};

/// What was read of them.
#[derive(Default)]
pub(super) struct RegistryFiles {
    tables: BTreeMap<String, ImageLayers>,
    /// With the digest of the text.
    manifests: BTreeMap<String, (Manifest, String)>,
    /// `None` after a fault.
    lifecycle_policies: BTreeMap<String, Option<LifecyclePolicy>>,
}

/// Tags of an image (ECR user guide, service-quotas).
const TAGS_MAX: usize = 1000;

/// When an image of these names is first released: the names as containers have
/// them, ascending by time.
pub(super) type Releases = [(SimTime, Vec<String>)];

impl Inputs {
    /// Which images are released when, ascending by time; of a definition that
    /// could not be read none.
    pub(super) fn releases(&self, spec: &WorkloadSpec) -> Vec<(SimTime, Vec<String>)> {
        let releases = spec.services.iter().flat_map(|it| &it.releases);
        let mut found: Vec<_> = releases
            .map(|release| {
                let definition = release.definition.as_ref().and_then(|it| match it {
                    DefinitionSpec::Given(definition) => Some(definition),
                    DefinitionSpec::File(file) => self.definitions.get(&file.path),
                });
                let blueprint = definition.and_then(|it| it.blueprint.as_deref());
                let containers = blueprint.map_or(&[][..], |it| &it.containers);
                let images = containers.iter().map(|it| it.image.clone());
                (release.at, images.chain(release.image.clone()).collect())
            })
            .collect();
        found.sort_by_key(|it: &(SimTime, Vec<String>)| it.0);
        found
    }

    /// The registry of a setting; after a fault as much of it as could be read.
    pub(super) fn registry(
        &mut self,
        specs: &[RepositorySpec],
        own: &str,
        uncompressed_ratio: u32,
        releases: &Releases,
        faults: &Faults,
    ) -> Registry {
        for spec in specs {
            for manifest in spec.images.iter().flat_map(|it| &it.manifests) {
                match &manifest.layers {
                    LayersSpec::Given(parts) => {
                        for part in parts {
                            if let LayerPart::Table { file, .. } = part {
                                self.load_layers(file, faults);
                            }
                        }
                    }
                    LayersSpec::Manifest(file) => self.load_manifest(file, faults),
                }
            }
        }
        let repositories = specs.iter().map(|it| self.repository(it, faults)).collect();
        let registry = Registry { own: own.to_owned(), repositories, ..Registry::default() };
        let mut builder = Builder {
            registry,
            files: &self.of_registry,
            uncompressed_ratio,
            faults,
            layers: BTreeMap::new(),
            images: BTreeMap::new(),
            pushes: Vec::new(),
        };
        for (idx, spec) in specs.iter().enumerate() {
            builder.repository(RepositoryId::from_idx(idx), spec, releases);
        }
        let mut registry = builder.registry;
        // At equal times as written: the later entry is newer.
        builder.pushes.sort_by_key(|it| (it.1.at_ms, it.0));
        registry.pushes = builder.pushes.into_iter().map(|it| it.1).collect();
        for (idx, spec) in specs.iter().enumerate() {
            check_tags(&registry, RepositoryId::from_idx(idx), spec, faults);
        }
        registry
    }

    /// With its lifecycle policy, which may stand in a file.
    fn repository(&mut self, spec: &RepositorySpec, faults: &Faults) -> Repository {
        let lifecycle_policy = match &spec.lifecycle_policy {
            None => None,
            Some(LifecyclePolicySpec::Given(policy)) => Some(policy.clone()),
            Some(LifecyclePolicySpec::File(file)) => self.lifecycle_policy(file, faults),
        };
        Repository { lifecycle_policy, ..spec.repository.clone() }
    }

    fn lifecycle_policy(&mut self, file: &PathRef, faults: &Faults) -> Option<LifecyclePolicy> {
        if let Some(known) = self.of_registry.lifecycle_policies.get(&file.path) {
            return known.clone();
        }
        let text = self.read_text(file).map_err(|fault| vec![fault]);
        let read = text.and_then(|text| lifecycle_policy::read(&file.path, &text));
        let read = read.map_err(|found| found.into_iter().for_each(|it| faults.note(it))).ok();
        self.of_registry.lifecycle_policies.insert(file.path.clone(), read.clone());
        read
    }

    fn load_layers(&mut self, file: &PathRef, faults: &Faults) {
        if self.of_registry.tables.contains_key(&file.path) {
            return;
        }
        match self.open(file) {
            Ok((mut reader, shown)) => match ImageLayers::read(&mut reader, &shown) {
                Ok(table) => {
                    self.of_registry.tables.insert(file.path.clone(), table);
                }
                Err(error) => note_read_error(file, error, faults),
            },
            Err(fault) => faults.note(fault),
        }
    }

    fn load_manifest(&mut self, file: &PathRef, faults: &Faults) {
        if self.of_registry.manifests.contains_key(&file.path) {
            return;
        }
        let text = self.read_text(file).map_err(|fault| vec![fault]);
        match text.and_then(|text| Ok((image_manifest::read(&file.path, &text)?, digest_of(text.as_bytes()))))
        {
            Ok(read) => {
                self.of_registry.manifests.insert(file.path.clone(), read);
            }
            Err(found) => found.into_iter().for_each(|it| faults.note(it)),
        }
    }
}

/// `sha256:` and the hash of these bytes.
fn digest_of(bytes: &[u8]) -> String {
    let mut text = "sha256:".to_owned();
    for byte in Sha256::digest(bytes) {
        write!(text, "{byte:02x}").expect("a text takes what is written to it");
    }
    text
}

struct Builder<'a> {
    registry: Registry,
    files: &'a RegistryFiles,
    uncompressed_ratio: u32,
    faults: &'a Faults,
    layers: BTreeMap<String, LayerId>,
    images: BTreeMap<(RepositoryId, String), ImageId>,
    /// With their places among what is written.
    pushes: Vec<(Place, Push)>,
}

/// Repository, entry of its images, number of those that are repeated.
type Place = (RepositoryId, usize, u32);

impl Builder<'_> {
    fn repository(&mut self, id: RepositoryId, spec: &RepositorySpec, releases: &Releases) {
        // Images first, indexes that name them by digest then.
        let is_index = |it: &(usize, &ImageSpec)| {
            it.1.manifests.iter().any(|it| self.manifest(it).is_some_and(is_index))
        };
        let (indexes, images): (Vec<_>, Vec<_>) = spec.images.iter().enumerate().partition(is_index);
        for (position, image) in images.into_iter().chain(indexes) {
            for n in 1..=image.repeat.map_or(1, |it| it.times) {
                self.image((id, position, n), image, releases);
            }
        }
    }

    fn manifest(&self, spec: &ManifestSpec) -> Option<&Manifest> {
        match &spec.layers {
            LayersSpec::Manifest(file) => self.files.manifests.get(&file.path).map(|it| &it.0),
            LayersSpec::Given(_) => None,
        }
    }

    /// The n-th of an image that is repeated, or the only one.
    fn image(&mut self, place: Place, spec: &ImageSpec, releases: &Releases) {
        let (repository, _, n) = place;
        let mut children = Vec::new();
        for manifest in &spec.manifests {
            children.extend(self.manifest_image(repository, spec, manifest, n));
        }
        if children.len() < spec.manifests.len() {
            return;
        }
        let image = match children.as_slice() {
            [only] => *only,
            _ => {
                let digests: Vec<&str> =
                    children.iter().map(|&it| self.registry.images.images[it].digest.as_str()).collect();
                let digest = spec.digest.clone().unwrap_or_else(|| digest_of(digests.join("\n").as_bytes()));
                self.intern(repository, digest, Content::Index(children.clone()), spec)
            }
        };
        let found = &self.registry.images.images[image].digest;
        if let Some(written) = spec.digest.as_ref().filter(|it| *it != found) {
            let node = spec.node.get("digest").unwrap_or(&spec.node);
            let fault = node.fault("B0842", format!("the digest of this manifest is {found}, not {written}"));
            self.faults.note(fault.help("a digest is the hash of the manifest's bytes"));
        }
        let Some(at_ms) = self.pushed_at(repository, spec, releases) else { return };
        let step = spec.repeat.map_or(0, |it| i64::try_from(it.every.millis()).unwrap_or(i64::MAX));
        let at_ms = at_ms.saturating_add(step.saturating_mul(i64::from(n) - 1));
        let tags: Vec<String> = spec.tags.iter().map(|it| numbered(it, n)).collect();
        // The images of an index come with it, without tags of their own.
        if children.len() > 1 {
            for child in children {
                self.pushes.push((place, Push { at_ms, image: child, tags: Vec::new() }));
            }
        }
        self.pushes.push((place, Push { at_ms, image, tags }));
    }

    fn pushed_at(&self, repository: RepositoryId, spec: &ImageSpec, releases: &Releases) -> Option<i64> {
        let millis = |at: SimTime| i64::try_from(at.millis()).unwrap_or(i64::MAX);
        match spec.pushed {
            Pushed::Before(age) => Some(-i64::try_from(age.millis()).unwrap_or(i64::MAX)),
            Pushed::At(at) => Some(millis(at)),
            Pushed::WithRelease => {
                let is_it = |name: &String| {
                    let wanted = self.registry.wanted(name);
                    wanted.is_some_and(|it| {
                        it.repository == repository
                            && matches!(&it.which, Which::Tag(tag) if spec.tags.contains(tag))
                    })
                };
                let found = releases.iter().find(|it| it.1.iter().any(is_it));
                if found.is_none() {
                    let tags = spec.tags.join("`, `");
                    let message = format!("no release names tag `{tags}` of this repository");
                    let node = spec.node.get("with_release").unwrap_or(&spec.node);
                    self.faults.note(node.fault("B0854", message));
                }
                found.map(|it| millis(it.0))
            }
        }
    }

    /// The image of one platform. `None` after a fault.
    fn manifest_image(
        &mut self,
        repository: RepositoryId,
        spec: &ImageSpec,
        manifest: &ManifestSpec,
        n: u32,
    ) -> Option<ImageId> {
        let mut layers = Vec::new();
        match &manifest.layers {
            LayersSpec::Given(parts) => {
                for part in parts {
                    match part {
                        LayerPart::Layer(layer) => {
                            let digest = numbered(&layer.digest, n);
                            layers.push(self.layer(
                                &digest,
                                layer.compressed,
                                layer.uncompressed,
                                &layer.node,
                            )?);
                        }
                        LayerPart::Table { file, image, suffix, node } => {
                            layers.extend(self.layers_of_table(file, image, &numbered(suffix, n), node)?);
                        }
                    }
                }
            }
            LayersSpec::Manifest(file) => {
                let (read, digest) = self.files.manifests.get(&file.path)?.clone();
                match read {
                    Manifest::Image(named) => {
                        for (digest, size) in named {
                            layers.push(self.layer(&digest, size, None, &file.node)?);
                        }
                        let content = Content::Layers { layers, platform: manifest.platform };
                        return Some(self.intern(repository, digest, content, spec));
                    }
                    Manifest::Index(named) => {
                        let children = self.children(repository, &named, file)?;
                        let content = Content::Index(children);
                        return Some(self.intern(repository, digest, content, spec));
                    }
                }
            }
        }
        let digests: Vec<&str> =
            layers.iter().map(|&it| self.registry.images.layers[it].digest.as_str()).collect();
        // Without a manifest nobody can tell: what is written counts.
        let written = spec.digest.clone().filter(|_| spec.manifests.len() == 1);
        let identity = || format!("{:?}\n{}", manifest.platform, digests.join("\n"));
        let digest = written.unwrap_or_else(|| digest_of(identity().as_bytes()));
        let content = Content::Layers { layers, platform: manifest.platform };
        Some(self.intern(repository, digest, content, spec))
    }

    /// The layers of an image of a table. `None` after a fault.
    fn layers_of_table(
        &mut self,
        file: &PathRef,
        image: &str,
        suffix: &str,
        node: &Node,
    ) -> Option<Vec<LayerId>> {
        let table = self.files.tables.get(&file.path)?;
        let Some(sizes) = table.images.get(image) else {
            let message = format!("`{}` has no image `{image}`", file.path);
            let names = table.images.keys().map(String::as_str);
            let node = node.get("image").unwrap_or(node);
            self.faults.note(node.fault("B0855", message).help_nearest(image, names));
            return None;
        };
        let layer = |it: &LayerSize| {
            self.layer(&format!("{}{suffix}", it.digest), it.compressed, it.uncompressed, &file.node)
        };
        sizes.iter().map(layer).collect()
    }

    /// The images that an index names: each must be in the repository.
    fn children(
        &mut self,
        repository: RepositoryId,
        named: &[(String, Platform)],
        file: &PathRef,
    ) -> Option<Vec<ImageId>> {
        let mut children = Vec::new();
        for (digest, of) in named {
            match self.images.get(&(repository, digest.clone())) {
                Some(&id) => {
                    // The index says what each runs on; a manifest does not.
                    if let Content::Layers { platform, .. } = &mut self.registry.images.images[id].content {
                        *platform = *of;
                    }
                    children.push(id);
                }
                None => {
                    let message = format!("the index names {digest}, which is not in this repository");
                    let help = "give the manifest of each platform as an image of its own";
                    self.faults.note(file.node.fault("B0843", message).help(help));
                    return None;
                }
            }
        }
        Some(children)
    }

    fn layer(
        &mut self,
        digest: &str,
        compressed: u64,
        uncompressed: Option<u64>,
        node: &Node,
    ) -> Option<LayerId> {
        let ratio = u128::from(self.uncompressed_ratio);
        let grown = u64::try_from(u128::from(compressed) * ratio / 1000).unwrap_or(u64::MAX);
        let layer =
            Layer { digest: digest.to_owned(), compressed, uncompressed: uncompressed.unwrap_or(grown) };
        let Some(&known) = self.layers.get(digest) else {
            let id = self.registry.images.layers.push(layer);
            self.layers.insert(digest.to_owned(), id);
            return Some(id);
        };
        let other = &self.registry.images.layers[known];
        if other.compressed != compressed || uncompressed.is_some_and(|it| it != other.uncompressed) {
            let message = format!(
                "layer `{digest}` has {compressed} bytes here and {} elsewhere: one digest is one layer",
                other.compressed
            );
            self.faults.note(node.fault("B0856", message));
            return None;
        }
        Some(known)
    }

    /// One row for each digest of a repository.
    fn intern(
        &mut self,
        repository: RepositoryId,
        digest: String,
        content: Content,
        spec: &ImageSpec,
    ) -> ImageId {
        let has_lazy_index = spec.has_lazy_index;
        let images = &mut self.registry.images.images;
        if let Some(&id) = self.images.get(&(repository, digest.clone())) {
            images[id].has_lazy_index |= has_lazy_index;
            if images[id].content != content {
                let message = format!("{digest} is the digest of another image of this repository");
                let node = spec.node.get("digest").unwrap_or(&spec.node);
                self.faults.note(node.fault("B0842", message));
            }
            return id;
        }
        let id = images.push(Image { repository, digest: digest.clone(), content, has_lazy_index });
        self.images.insert((repository, digest), id);
        id
    }
}

/// What is there at the first moment was pushed once, so no tag of it may have
/// been moved that could not be; and no image has more tags than there may be.
fn check_tags(registry: &Registry, id: RepositoryId, spec: &RepositorySpec, faults: &Faults) {
    let mutability = &registry.repositories[id].mutability;
    let mut tagged: BTreeMap<&str, ImageId> = BTreeMap::new();
    let mut tags_of: BTreeMap<ImageId, BTreeSet<&str>> = BTreeMap::new();
    let is_of = |it: &&Push| registry.images.images[it.image].repository == id;
    let node_of = |tag: &str| {
        let named = spec.images.iter().rfind(|it| it.tags.iter().any(|it| it == tag));
        named.or(spec.images.last()).map(|it| &it.node)
    };
    for push in registry.pushes.iter().filter(is_of) {
        for tag in &push.tags {
            let tags = tags_of.entry(push.image).or_default();
            tags.insert(tag);
            let known = if push.at_ms <= 0 { tagged.insert(tag, push.image) } else { None };
            let is_moved = known.is_some_and(|it| it != push.image) && !mutability.may_move(tag);
            let (code, message) = match (is_moved, tags.len() > TAGS_MAX) {
                (true, _) => {
                    let what = format!("tag `{tag}` is immutable and points to another image");
                    ("B0857", format!("ImageTagAlreadyExistsException: {what}"))
                }
                (false, true) => ("B0112", format!("an image has more than {TAGS_MAX} tags")),
                (false, false) => continue,
            };
            if let Some(node) = node_of(tag) {
                faults.note(node.fault(code, message));
            }
            return;
        }
    }
}

fn is_index(manifest: &Manifest) -> bool {
    matches!(manifest, Manifest::Index(_))
}

/// The n-th of a name in which `{n}` stands for the number.
fn numbered(name: &str, n: u32) -> String {
    name.replace("{n}", &n.to_string())
}
