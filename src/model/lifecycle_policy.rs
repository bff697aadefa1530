//! Lifecycle policies of an image repository as types (semantics 9.5): what a
//! policy says after its document was found without fault. What a policy does to
//! images is decided in the room `images`.

/// The rules of a repository.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct LifecyclePolicy {
    /// Ascending by priority, each number once; the first that selects an image
    /// decides about it.
    pub rules: Vec<LifecycleRule>,
}

/// Which images, and what becomes of them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LifecycleRule {
    /// At least 1; a lower number comes first (`rulePriority`).
    pub priority: u64,
    /// What its author says of it.
    pub description: Option<String>,
    /// Whose fate it decides (`tagStatus` and the lists of tags).
    pub tags: TagSelection,
    /// Images of this class only (`storageClass`).
    pub storage_class: StorageClass,
    /// Which of them it acts on (`countType`, `countNumber`).
    pub count: Count,
    /// What it does to those (`action`).
    pub action: LifecycleAction,
}

/// Which images a rule selects by their tags.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum TagSelection {
    /// Every image.
    Any,
    /// Images without a tag.
    Untagged,
    /// Images of whose tags, for each of these, one begins with it
    /// (`tagPrefixList`). Not empty.
    Prefixes(Vec<String>),
    /// Images of whose tags, for each of these, one matches it as a whole; `*`
    /// is any number of characters (`tagPatternList`). Not empty.
    Patterns(Vec<String>),
}

/// Which of the selected images a rule acts on. Days are of 24 hours; what is
/// exactly so old stays.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Count {
    /// Those behind so many newer ones.
    ImageCountMoreThan(u64),
    /// Those pushed longer ago, in days.
    SinceImagePushed(u64),
    /// Those last pulled longer ago, in days.
    SinceImagePulled(u64),
    /// Those archived longer ago, in days.
    SinceImageTransitioned(u64),
}

/// Where an image is kept (API ImageStatus, `storageClass`).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub enum StorageClass {
    /// It can be pulled.
    #[default]
    Standard,
    /// Cheaper, and out of reach until it is restored.
    Archive,
}

/// What a rule does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LifecycleAction {
    /// The image is deleted.
    Expire,
    /// The image goes to [`StorageClass::Archive`] (`transition`).
    Archive,
}

impl TagSelection {
    /// As the document writes it: `any`, `untagged`, `tagged`.
    pub fn status(&self) -> &'static str {
        match self {
            Self::Any => "any",
            Self::Untagged => "untagged",
            Self::Prefixes(_) | Self::Patterns(_) => "tagged",
        }
    }
}

impl Count {
    /// As the document writes it, such as `imageCountMoreThan`.
    pub fn kind(self) -> &'static str {
        match self {
            Self::ImageCountMoreThan(_) => "imageCountMoreThan",
            Self::SinceImagePushed(_) => "sinceImagePushed",
            Self::SinceImagePulled(_) => "sinceImagePulled",
            Self::SinceImageTransitioned(_) => "sinceImageTransitioned",
        }
    }

    /// Images or days (`countNumber`).
    pub fn number(self) -> u64 {
        match self {
            Self::ImageCountMoreThan(it)
            | Self::SinceImagePushed(it)
            | Self::SinceImagePulled(it)
            | Self::SinceImageTransitioned(it) => it,
        }
    }
}

impl StorageClass {
    /// As the document writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Archive => "archive",
        }
    }
}

impl LifecycleAction {
    /// As the document writes it: `expire`, `transition`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Expire => "expire",
            Self::Archive => "transition",
        }
    }
}
