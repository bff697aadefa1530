//! Image registries: repositories and what is pushed to them (semantics 9.1,
//! 9.2, 9.9; ECR user guide, Registries, Repositories, image-tag-mutability).

use crate::base::Table;
use crate::base::id::{ImageId, RepositoryId};
use crate::model::image::{ImageReference, Images};
use crate::model::lifecycle_policy::LifecyclePolicy;

/// The repositories of a run, and what is pushed to them.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Registry {
    /// The registry of an image without a host: that of the account, in the
    /// region of the experiment.
    pub own: String,
    /// The repositories that are described.
    pub repositories: Table<RepositoryId, Repository>,
    /// What may be in them.
    pub images: Images,
    /// What is pushed, in the order of time; at equal times as written.
    pub pushes: Vec<Push>,
}

/// A repository.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Repository {
    /// Its name: the path within its registry.
    pub name: String,
    /// Whose it is.
    pub location: Location,
    /// Whether a tag may be moved to another image.
    pub mutability: TagMutability,
    /// Which images are expired or archived.
    pub lifecycle_policy: Option<LifecyclePolicy>,
    /// Where it is a pull-through cache: of what.
    pub upstream: Option<Upstream>,
}

/// Whose a repository is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Location {
    /// Of an account, in a region.
    Private {
        /// Twelve digits.
        account: String,
        /// Such as `us-east-1`.
        region: String,
    },
    /// Of the public gallery.
    Public {
        /// Of its owner.
        alias: String,
    },
}

impl Location {
    /// The host of the public gallery.
    pub const PUBLIC_HOST: &'static str = "public.ecr.aws";

    /// What stands before the name of a repository in the name of an image.
    pub fn prefix(&self) -> String {
        match self {
            Self::Private { account, region } => format!("{account}.dkr.ecr.{region}.amazonaws.com"),
            Self::Public { alias } => format!("{}/{alias}", Self::PUBLIC_HOST),
        }
    }
}

impl Repository {
    /// What policies call it.
    pub fn arn(&self) -> String {
        match &self.location {
            Location::Private { account, region } => {
                format!("arn:aws:ecr:{region}:{account}:repository/{}", self.name)
            }
            Location::Public { alias } => format!("arn:aws:ecr-public::{alias}:repository/{}", self.name),
        }
    }
}

/// Whether a tag may be moved (API imageTagMutability).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TagMutability {
    /// Whether tags that match no filter may be moved.
    pub is_mutable: bool,
    /// For tags that match one of these it is the other way round; `*` stands
    /// for any characters.
    pub exclusions: Vec<String>,
}

impl TagMutability {
    /// Every tag may be moved.
    pub const MUTABLE: Self = Self { is_mutable: true, exclusions: Vec::new() };

    /// Whether this tag may be moved.
    pub fn may_move(&self, tag: &str) -> bool {
        self.is_mutable != self.exclusions.iter().any(|it| matches_wildcard(it, tag))
    }
}

/// Whether the whole of `text` is `pattern`, in which `*` stands for any number
/// of any characters.
pub fn matches_wildcard(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().expect("a split has a first part");
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else { return rest.is_empty() };
    // The earliest place of each part leaves the most for those behind it.
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

/// Where a pull-through cache gets what it does not have (ECR user guide,
/// pull-through-cache).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Upstream {
    /// The host, such as `registry-1.docker.io`.
    pub registry: String,
    /// When it cannot be reached: from, until, in milliseconds of the run.
    pub unreachable: Vec<(i64, i64)>,
}

/// An image comes into a repository, or gets tags.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Push {
    /// When, in milliseconds since the run began; negative before.
    pub at_ms: i64,
    /// What.
    pub image: ImageId,
    /// Tags that point to it from then on.
    pub tags: Vec<String>,
}

/// An image that a container names, of a repository that is described.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Wanted {
    /// Of which repository.
    pub repository: RepositoryId,
    /// Which of its images.
    pub which: Which,
}

/// Which image of a repository is wanted.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Which {
    /// That to which this tag points.
    Tag(String),
    /// That with this digest.
    Digest(String),
}

impl Registry {
    /// The region of the own registry; empty if there is none.
    pub fn own_region(&self) -> &str {
        self.own.split('.').nth(3).unwrap_or("")
    }

    /// The image of that name, if its repository is described. A name without a
    /// registry, for which Docker looks on Docker Hub, is looked for in the own
    /// registry first (MODEL: so that a short name does).
    pub fn wanted(&self, image: &str) -> Option<Wanted> {
        if self.repositories.is_empty() {
            return None;
        }
        let reference = ImageReference::parse(image);
        let host = reference.registry.unwrap_or(&self.own);
        let is_it = |it: &Repository| match &it.location {
            Location::Private { account, region } => {
                let rest = host.strip_prefix(account.as_str()).and_then(|it| it.strip_prefix(".dkr.ecr."));
                rest.and_then(|it| it.strip_suffix(".amazonaws.com")) == Some(region)
                    && reference.repository == it.name
            }
            Location::Public { alias } => {
                let path = reference.repository.strip_prefix(alias.as_str());
                host == Location::PUBLIC_HOST && path.and_then(|it| it.strip_prefix('/')) == Some(&it.name)
            }
        };
        let repository = self.repositories.iter().find(|it| is_it(it.1))?.0;
        let which = match reference.selector {
            crate::model::image::Selector::Tag(tag) => Which::Tag(tag.to_owned()),
            crate::model::image::Selector::Digest(digest) => Which::Digest(digest.to_owned()),
        };
        Some(Wanted { repository, which })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wildcard_stands_for_any_characters() {
        for (pattern, text, matches) in [
            ("*", "", true),
            ("*", "x", true),
            ("", "", true),
            ("", "x", false),
            ("prod", "prod", true),
            ("prod", "prod-1", false),
            ("prod*", "prod-1", true),
            ("prod*", "a-prod", false),
            ("*prod", "a-prod", true),
            ("*prod", "a-prod-prod", true),
            ("*a*b*", "xaxbx", true),
            ("*a*b*", "xbxax", false),
            ("a*a", "a", false),
            ("a*a", "aa", true),
            ("a**b", "ab", true),
            ("v*.*", "v1.2", true),
        ] {
            assert_eq!(matches_wildcard(pattern, text), matches, "{pattern} {text}");
        }
    }

    #[test]
    fn exclusions_turn_mutability_round() {
        let exclusions = vec!["latest".to_owned(), "dev-*".to_owned()];
        let immutable = TagMutability { is_mutable: false, exclusions: exclusions.clone() };
        assert!(immutable.may_move("latest") && immutable.may_move("dev-1") && !immutable.may_move("1"));
        let mutable = TagMutability { is_mutable: true, exclusions };
        assert!(!mutable.may_move("latest") && mutable.may_move("1"));
        assert!(TagMutability::MUTABLE.may_move("1"));
    }

    #[test]
    fn an_image_is_found_by_its_registry_and_name() {
        let private = Location::Private { account: "123456789012".into(), region: "us-east-1".into() };
        let other = Location::Private { account: "210987654321".into(), region: "us-east-1".into() };
        let public = Location::Public { alias: "x".into() };
        let repository = |location: &Location| Repository {
            name: "team/web".into(),
            location: location.clone(),
            mutability: TagMutability::MUTABLE,
            lifecycle_policy: None,
            upstream: None,
        };
        let registry = Registry {
            own: private.prefix(),
            repositories: [&private, &other, &public].map(repository).into_iter().collect(),
            ..Registry::default()
        };
        let found = |image: &str| registry.wanted(image).map(|it| (it.repository.number(), it.which));
        let tag = |it: &str| Which::Tag(it.to_owned());
        assert_eq!(found("team/web"), Some((0, tag("latest"))));
        assert_eq!(found("123456789012.dkr.ecr.us-east-1.amazonaws.com/team/web:2"), Some((0, tag("2"))));
        assert_eq!(found("210987654321.dkr.ecr.us-east-1.amazonaws.com/team/web:2"), Some((1, tag("2"))));
        assert_eq!(found("210987654321.dkr.ecr.eu-west-1.amazonaws.com/team/web:2"), None);
        assert_eq!(found("public.ecr.aws/x/team/web:2"), Some((2, tag("2"))));
        assert_eq!(found("public.ecr.aws/team/web:2"), None);
        assert_eq!(found("web:2"), None);
        assert_eq!(found("team/web@sha256:ab"), Some((0, Which::Digest("sha256:ab".into()))));
    }
}
