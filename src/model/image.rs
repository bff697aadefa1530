//! Container images: layers that are stored and moved once whatever number of
//! images has them, manifests that name layers, indexes that name manifests
//! (semantics 9.2; ECR user guide, image-manifest-formats).

use crate::base::Table;
use crate::base::id::{ImageId, LayerId, RepositoryId};
use crate::model::container::Platform;

/// A layer. Equal digests are one layer, in every repository.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Layer {
    /// What names its content.
    pub digest: String,
    /// Bytes that are stored and moved.
    pub compressed: u64,
    /// Bytes on the disk of who runs it.
    pub uncompressed: u64,
}

/// The greatest layer: 52,000 MiB (ECR user guide, service-quotas).
pub const LAYER_BYTES_MAX: u64 = 52_000 << 20;

/// An image of a repository, or an index of images.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Image {
    /// Where it is.
    pub repository: RepositoryId,
    /// Of its manifest.
    pub digest: String,
    /// What its manifest names.
    pub content: Content,
    /// Whether there is an index for lazy loading beside it (SOCI; developer
    /// guide, fargate-tasks-services).
    pub has_lazy_index: bool,
}

/// What a manifest names.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Content {
    /// The layers of one image, from the first on.
    Layers {
        /// At least one.
        layers: Vec<LayerId>,
        /// What it runs on.
        platform: Platform,
    },
    /// Images of one repository, one a platform.
    Index(Vec<ImageId>),
}

/// All that may be pulled in a run, now or later.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Images {
    /// By digest each once.
    pub layers: Table<LayerId, Layer>,
    /// By repository and digest each once.
    pub images: Table<ImageId, Image>,
}

impl Images {
    /// The layers of an image; of an index those of no image.
    pub fn layers_of(&self, image: ImageId) -> &[LayerId] {
        match &self.images[image].content {
            Content::Layers { layers, .. } => layers,
            Content::Index(_) => &[],
        }
    }

    /// What a machine of `platform` pulls of an image: itself, or of an index
    /// the image of that platform. `None` where there is none: `no matching
    /// manifest`.
    pub fn of_platform(&self, image: ImageId, platform: Platform) -> Option<ImageId> {
        match &self.images[image].content {
            // A manifest alone is pulled by whoever asks; whether it runs there is
            // another matter.
            Content::Layers { .. } => Some(image),
            Content::Index(children) => children.iter().copied().find(|&it| {
                matches!(&self.images[it].content, Content::Layers { platform: of, .. } if *of == platform)
            }),
        }
    }

    /// Bytes that are moved for an image if nothing is there yet.
    pub fn compressed(&self, image: ImageId) -> u64 {
        self.distinct_layers(image).iter().map(|&it| self.layers[it].compressed).sum()
    }

    /// Its layers, each once: an empty one is often there several times.
    fn distinct_layers(&self, image: ImageId) -> Vec<LayerId> {
        let mut layers = self.layers_of(image).to_vec();
        layers.sort_unstable();
        layers.dedup();
        layers
    }
}

/// An image as a task definition names it (API ContainerDefinition.image).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ImageReference<'a> {
    /// The host of the registry; `None` where none is named.
    pub registry: Option<&'a str>,
    /// The path of the repository within it.
    pub repository: &'a str,
    /// Which of its images.
    pub selector: Selector<'a>,
}

/// Which image of a repository.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Selector<'a> {
    /// That to which the tag points.
    Tag(&'a str),
    /// That with this digest.
    Digest(&'a str),
}

impl<'a> ImageReference<'a> {
    /// The tag that is meant where none is given.
    pub const LATEST: &'static str = "latest";

    /// Takes the name of an image apart. Of tag and digest the digest counts.
    pub fn parse(image: &'a str) -> Self {
        let is_host = |it: &&str| it.contains(['.', ':']) || *it == "localhost";
        let (registry, path) = match image.split_once('/').filter(|it| is_host(&it.0)) {
            Some((host, path)) => (Some(host), path),
            None => (None, image),
        };
        let (named, digest) = match path.split_once('@') {
            Some((named, digest)) => (named, Some(digest)),
            None => (path, None),
        };
        let (repository, tag) = match named.rsplit_once(':') {
            Some((repository, tag)) => (repository, tag),
            None => (named, Self::LATEST),
        };
        let selector = digest.map_or(Selector::Tag(tag), Selector::Digest);
        Self { registry, repository, selector }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_taken_apart() {
        let host = "123456789012.dkr.ecr.us-east-1.amazonaws.com";
        let private = format!("{host}/team/web:2");
        for (image, registry, repository, selector) in [
            ("web", None, "web", Selector::Tag("latest")),
            ("web:2", None, "web", Selector::Tag("2")),
            ("team/web:2", None, "team/web", Selector::Tag("2")),
            (&private, Some(host), "team/web", Selector::Tag("2")),
            ("localhost:5000/web", Some("localhost:5000"), "web", Selector::Tag("latest")),
            ("web@sha256:ab", None, "web", Selector::Digest("sha256:ab")),
            ("web:2@sha256:ab", None, "web", Selector::Digest("sha256:ab")),
            ("public.ecr.aws/x/web:1", Some("public.ecr.aws"), "x/web", Selector::Tag("1")),
        ] {
            assert_eq!(ImageReference::parse(image), ImageReference { registry, repository, selector });
        }
    }

    #[test]
    fn of_an_index_the_image_of_the_platform_is_meant() {
        let arm = Platform { is_arm: true, is_windows: false };
        let image = |content| Image {
            repository: RepositoryId::new(0),
            digest: String::new(),
            content,
            has_lazy_index: false,
        };
        let layers = |platform| Content::Layers { layers: Vec::new(), platform };
        let mut images = Images::default();
        let x86 = images.images.push(image(layers(Platform::default())));
        let arm_image = images.images.push(image(layers(arm)));
        let both = images.images.push(image(Content::Index(vec![x86, arm_image])));
        let one = images.images.push(image(Content::Index(vec![x86])));
        assert_eq!(images.of_platform(both, arm), Some(arm_image));
        assert_eq!(images.of_platform(both, Platform::default()), Some(x86));
        assert_eq!(images.of_platform(one, arm), None);
        assert_eq!(images.of_platform(x86, arm), Some(x86), "without an index nobody looks");
    }
}
