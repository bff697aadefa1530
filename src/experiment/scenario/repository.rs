//! `[[repository]]`: repositories, and the images that are or come into them.

use super::access::{RepositoryPolicySpec, read_name, read_repository_policy};
use super::lifecycle_policy::{self, LifecyclePolicySpec};
use super::workload::PathRef;
use crate::base::{SimDuration, SimTime};
use crate::experiment::reader::{self, Faults};
use crate::experiment::tree::{Node, Value};
use crate::model::container::Platform;
use crate::model::image::LAYER_BYTES_MAX;
use crate::model::repository::{Location, Repository, TagMutability, Upstream};

/// A repository as written.
#[derive(Clone)]
pub struct RepositorySpec {
    /// Its settings.
    pub repository: Repository,
    /// Who may pull from it.
    pub policy: RepositoryPolicySpec,
    /// What is in it or comes into it, as written.
    pub images: Vec<ImageSpec>,
    /// Which images go; of a file, when it is read.
    pub lifecycle_policy: Option<LifecyclePolicySpec>,
}

/// An image of a repository, and when it is pushed.
#[derive(Clone)]
pub struct ImageSpec {
    /// Where it is written.
    pub node: Node,
    /// When it is pushed.
    pub pushed: Pushed,
    /// The tags it is given.
    pub tags: Vec<String>,
    /// Its digest, where it is written.
    pub digest: Option<String>,
    /// What it consists of: one manifest, or one a platform.
    pub manifests: Vec<ManifestSpec>,
    /// Whether there is an index for lazy loading.
    pub has_lazy_index: bool,
    /// So many more follow, one each so often.
    pub repeat: Option<Repeat>,
}

/// The layers of one platform.
#[derive(Clone)]
pub struct ManifestSpec {
    /// What it runs on.
    pub platform: Platform,
    /// From the first on.
    pub layers: LayersSpec,
}

/// When an image is pushed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Pushed {
    /// So long before the run.
    Before(SimDuration),
    /// In the course of it.
    At(SimTime),
    /// With the first release that names one of its tags.
    WithRelease,
}

/// Further images of the same kind; in tags and layers `{n}` is their number,
/// from 1 on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Repeat {
    /// From one to the next.
    pub every: SimDuration,
    /// How many there are in all.
    pub times: u32,
}

/// Where layers are told of.
#[derive(Clone)]
pub enum LayersSpec {
    /// Here, or in tables.
    Given(Vec<LayerPart>),
    /// In an image manifest.
    Manifest(PathRef),
}

/// One layer, or those of an image that it is built on.
#[derive(Clone)]
pub enum LayerPart {
    /// A layer.
    Layer(LayerSpec),
    /// The layers of an image of a table.
    Table {
        /// The table.
        file: PathRef,
        /// `name:tag`.
        image: String,
        /// Behind each digest: layers of the same sizes that are others.
        suffix: String,
        /// Where it is written.
        node: Node,
    },
}

/// A layer as written.
#[derive(Clone)]
pub struct LayerSpec {
    /// What names it.
    pub digest: String,
    /// Bytes that are moved.
    pub compressed: u64,
    /// Bytes on disk, where they are written.
    pub uncompressed: Option<u64>,
    /// Where it is written.
    pub node: Node,
}

/// The account of AWS's own documentation: whose the registry is where nobody
/// says.
const ACCOUNT: &str = "123456789012";
/// Tags of an image, and images of a repository (user guide, service-quotas).
const TAGS_MAX: usize = 1000;
const IMAGES_MAX: u64 = 100_000;
/// More are a slip of the pen.
const TAGS_OF_REPOSITORY_MAX: u64 = 1_000_000;
/// Characters of a tag (API PutImage).
const TAG_MAX: usize = 300;
const EXCLUSIONS_MAX: usize = 5;

/// The registry of an image without a host.
pub(super) fn own_registry(region: &str) -> String {
    Location::Private { account: ACCOUNT.to_owned(), region: region.to_owned() }.prefix()
}

/// Reads every `[[repository]]`; faulty ones are left out, and there is no setup
/// then.
pub(super) fn read_all(items: &[Node], region: &str, faults: &Faults) -> Vec<RepositorySpec> {
    let mut found: Vec<RepositorySpec> = Vec::new();
    for node in items {
        let Some(spec) = read(node, region, faults) else { continue };
        let is_same = |it: &RepositorySpec| {
            it.repository.name == spec.repository.name && it.repository.location == spec.repository.location
        };
        if found.iter().any(is_same) {
            let name = &spec.repository.name;
            faults.note(node.fault("B0111", format!("repository `{name}` of this registry is given twice")));
        }
        found.push(spec);
    }
    found
}

fn read(node: &Node, region: &str, faults: &Faults) -> Option<RepositorySpec> {
    let table = reader::Table::of(node, faults);
    let name = read_name(&table, "a repository");
    if let (Some(name), Some(written)) = (&name, node.get("name"))
        && !is_repository_name(name)
    {
        let expected = "2 to 256 lower-case letters, digits and `. _ - /`, beginning with a letter or digit";
        let message = format!("`{name}` cannot name a repository: expected {expected}");
        faults.note(written.fault("B0109", message));
    }
    let location = match table.optional("registry") {
        Some(node) => read_registry(node, faults),
        None => Some(Location::Private { account: ACCOUNT.to_owned(), region: region.to_owned() }),
    };
    let mutability = read_mutability(&table);
    let upstream = table.optional("upstream").and_then(|it| read_upstream(it, faults));
    let lifecycle_policy = table.optional("lifecycle_policy");
    if let (Some(node), Some(Location::Public { .. })) = (lifecycle_policy, &location) {
        faults.note(node.fault("B0817", "repositories of the public gallery have no lifecycle policies"));
    }
    let lifecycle_policy = lifecycle_policy.and_then(|it| lifecycle_policy::read(it, faults));
    let policy = read_repository_policy(&table);
    if let (Some(Location::Public { .. }), Some(written)) = (&location, node.get("policy")) {
        let message = "everyone pulls from a public repository, whatever its policy says";
        faults.note(written.fault("B0110", message));
    }
    let mut images = Vec::new();
    for node in table.list("image") {
        images.extend(read_image(node, faults));
    }
    let n_images: u64 = images.iter().map(|it| it.repeat.map_or(1, |it| u64::from(it.times))).sum();
    let n_tags = |it: &ImageSpec| it.repeat.map_or(1, |it| u64::from(it.times)) * it.tags.len() as u64;
    let n_tags: u64 = images.iter().map(n_tags).sum();
    if n_images > IMAGES_MAX || n_tags > TAGS_OF_REPOSITORY_MAX {
        let message = match n_images > IMAGES_MAX {
            true => format!("{n_images} images, and a repository has at most {IMAGES_MAX}"),
            false => format!("{n_tags} tags, and no repository needs more than {TAGS_OF_REPOSITORY_MAX}"),
        };
        faults.note(node.fault("B0112", message));
        // Nobody waits until all of them are made.
        images.clear();
    }
    table.finish();
    let repository =
        Repository { name: name?, location: location?, mutability, upstream, lifecycle_policy: None };
    Some(RepositorySpec { repository, policy, images, lifecycle_policy })
}

/// API RepositoryName.
fn is_repository_name(name: &str) -> bool {
    let is_letter = |it: u8| it.is_ascii_lowercase() || it.is_ascii_digit();
    let is_part = |part: &str| {
        let ends_well = |it: Option<u8>| it.is_some_and(is_letter);
        ends_well(part.bytes().next())
            && ends_well(part.bytes().last())
            && part.bytes().all(|it| is_letter(it) || b"._-".contains(&it))
    };
    (2..=256).contains(&name.len()) && name.split('/').all(is_part)
}

/// `123456789012.dkr.ecr.us-east-1.amazonaws.com`, or `public.ecr.aws/alias`.
fn read_registry(node: &Node, faults: &Faults) -> Option<Location> {
    let text = reader::text(node, faults)?;
    if let Some(alias) = text.strip_prefix(Location::PUBLIC_HOST).and_then(|it| it.strip_prefix('/'))
        && is_repository_name(alias)
        && !alias.contains('/')
    {
        return Some(Location::Public { alias: alias.to_owned() });
    }
    let parts: Vec<&str> = text.split('.').collect();
    if let [account, "dkr", "ecr", region, "amazonaws", "com"] = parts.as_slice()
        && account.len() == 12
        && account.bytes().all(|it| it.is_ascii_digit())
        && !region.is_empty()
    {
        return Some(Location::Private { account: (*account).to_owned(), region: (*region).to_owned() });
    }
    let fault = node.fault("B0850", format!("`{text}` is no registry whose images are modelled"));
    let help = "expected 123456789012.dkr.ecr.us-east-1.amazonaws.com or public.ecr.aws/ALIAS";
    faults.note(fault.help(help));
    None
}

fn read_mutability(table: &reader::Table<'_>) -> TagMutability {
    const WORDS: [&str; 4] = ["MUTABLE", "IMMUTABLE", "IMMUTABLE_WITH_EXCLUSION", "MUTABLE_WITH_EXCLUSION"];
    let faults = table.faults();
    let written = table.optional("image_tag_mutability");
    let word = written.and_then(|it| reader::word(it, &WORDS, faults)).unwrap_or(0);
    let filters = table.list("image_tag_mutability_exclusion_filters");
    let mut exclusions = Vec::new();
    for node in filters {
        let Some(filter) = reader::text(node, faults) else { continue };
        let is_allowed = |it: u8| it.is_ascii_alphanumeric() || b"._*-".contains(&it);
        if !(1..=128).contains(&filter.len()) || !filter.bytes().all(is_allowed) {
            let expected = "1 to 128 letters, digits and `. _ * -`";
            faults.note(node.fault("B0109", format!("`{filter}` is no filter of tags: expected {expected}")));
        }
        exclusions.push(filter.to_owned());
    }
    let node = filters.first().or(written).unwrap_or_else(|| table.node());
    if exclusions.len() > EXCLUSIONS_MAX {
        let message = format!("{} filters, and there are at most {EXCLUSIONS_MAX}", exclusions.len());
        faults.note(node.fault("B0112", message));
    }
    if (word >= 2) == exclusions.is_empty() && (written.is_some() || !exclusions.is_empty()) {
        let message = match word >= 2 {
            true => "with exclusions there is a filter at least",
            false => "tags are excluded, and image_tag_mutability says nothing of exclusions",
        };
        faults.note(node.fault("B0110", message));
    }
    TagMutability { is_mutable: word == 0 || word == 3, exclusions }
}

/// `"registry-1.docker.io"`, or `{ registry, unreachable = [{ from, to }] }`.
fn read_upstream(node: &Node, faults: &Faults) -> Option<Upstream> {
    if let Value::Text(registry) = &node.value {
        if registry.is_empty() {
            faults.note(node.fault("B0109", "an upstream registry has a name"));
        }
        return Some(Upstream { registry: registry.clone(), unreachable: Vec::new() });
    }
    let table = reader::Table::of(node, faults);
    let registry = table.required("registry").and_then(|it| reader::text(it, faults));
    let mut unreachable = Vec::new();
    for node in table.list("unreachable") {
        let window = reader::Table::of(node, faults);
        let (from, to) = (window.duration("from").unwrap_or_default(), window.required("to"));
        let to = to.and_then(|it| reader::duration(it, faults));
        window.finish();
        let Some(to) = to else { continue };
        if to <= from {
            faults.note(node.fault("B0110", format!("it ends at {to}, before it begins at {from}")));
        }
        unreachable.push((millis(from), millis(to)));
    }
    table.finish();
    Some(Upstream { registry: registry?.to_owned(), unreachable })
}

pub(super) fn millis(duration: SimDuration) -> i64 {
    i64::try_from(duration.millis()).unwrap_or(i64::MAX)
}

fn read_image(node: &Node, faults: &Faults) -> Option<ImageSpec> {
    let table = reader::Table::of(node, faults);
    let pushed = read_pushed(&table);
    let digest = table.optional("digest").and_then(|it| {
        let digest = reader::text(it, faults)?;
        if !is_digest(digest) {
            let expected = "`sha256:` and 64 hexadecimal digits";
            faults.note(it.fault("B0852", format!("`{digest}` is no digest: expected {expected}")));
            return None;
        }
        Some(digest.to_owned())
    });
    let has_lazy_index = table.flag("soci_index").unwrap_or(false);
    let repeat = table.optional("repeat").and_then(|it| read_repeat(it, faults));
    let tags = read_tags(table.list("tags"), node, repeat.map(|it| it.times), faults);
    if repeat.is_some() && (digest.is_some() || pushed == Some(Pushed::WithRelease)) {
        let message = "what is repeated has neither a digest nor a release of its own";
        faults.note(node.fault("B0110", message));
    }
    let platforms = table.list("platform");
    let manifests: Vec<Option<ManifestSpec>> = match platforms {
        [] => vec![read_manifest(&table)],
        _ => platforms.iter().map(|it| read_platform(it, faults)).collect(),
    };
    table.finish();
    let manifests: Vec<ManifestSpec> = manifests.into_iter().collect::<Option<_>>()?;
    for (idx, manifest) in manifests.iter().enumerate() {
        if manifests[..idx].iter().any(|it| it.platform == manifest.platform) {
            faults.note(platforms[idx].fault("B0111", "an image of this platform is given twice"));
        }
    }
    let image =
        ImageSpec { node: node.clone(), pushed: pushed?, tags, digest, manifests, has_lazy_index, repeat };
    Some(image)
}

/// `age` before the run, `at` within it, or `with_release`; there from the
/// first moment if nothing is said.
fn read_pushed(table: &reader::Table<'_>) -> Option<Pushed> {
    let faults = table.faults();
    let (age, at) = (table.optional("age"), table.optional("at"));
    let with_release = table.flag("with_release").unwrap_or(false);
    match (age, at, with_release) {
        (None, None, false) => Some(Pushed::Before(SimDuration::ZERO)),
        (None, None, true) => Some(Pushed::WithRelease),
        (Some(age), None, false) => Some(Pushed::Before(reader::duration(age, faults)?)),
        (None, Some(at), false) => Some(Pushed::At(SimTime::ZERO + reader::duration(at, faults)?)),
        _ => {
            let message = "an image has an `age`, or comes `at` a moment, or `with_release`";
            faults.note(table.node().fault("B0110", message));
            None
        }
    }
}

fn read_repeat(node: &Node, faults: &Faults) -> Option<Repeat> {
    let table = reader::Table::of(node, faults);
    let every = table.required("every").and_then(|it| {
        let every = reader::duration(it, faults)?;
        if every == SimDuration::ZERO {
            faults.note(it.fault("B0106", "between two images there is some time"));
        }
        Some(every)
    });
    let times = table.required("times").and_then(|it| reader::integer(it, 1..=IMAGES_MAX, faults));
    table.finish();
    Some(Repeat { every: every?, times: u32::try_from(times?).expect("within the range") })
}

/// Tags of an image; `node` is the image.
fn read_tags(items: &[Node], node: &Node, times: Option<u32>, faults: &Faults) -> Vec<String> {
    let mut tags: Vec<String> = Vec::new();
    for item in items {
        let Some(tag) = reader::text(item, faults) else { continue };
        if let Err(expected) = check_tag(tag, times) {
            let shown: String = tag.chars().take(40).collect();
            let dots = if shown.len() < tag.len() { "…" } else { "" };
            faults.note(item.fault("B0851", format!("`{shown}{dots}` is no tag: expected {expected}")));
        }
        if tags.iter().any(|it| it == tag) {
            faults.note(item.fault("B0111", format!("tag `{tag}` is given twice")));
        }
        tags.push(tag.to_owned());
    }
    if tags.len() > TAGS_MAX {
        let message = format!("{} tags, and an image has at most {TAGS_MAX}", tags.len());
        faults.note(node.fault("B0112", message));
    }
    tags
}

/// What Docker and ECR take as a tag; of an image that is repeated `{n}` stands
/// for a number.
fn check_tag(tag: &str, times: Option<u32>) -> Result<(), String> {
    let plain = match times {
        Some(times) => tag.replace("{n}", &times.to_string()),
        None if tag.contains("{n}") => {
            return Err("no `{n}`: it is the number of an image that has `repeat`".to_owned());
        }
        None => tag.to_owned(),
    };
    let n_characters = plain.chars().count();
    if n_characters > TAG_MAX {
        return Err(format!("at most {TAG_MAX} characters, found {n_characters}"));
    }
    let is_word = |it: u8| it.is_ascii_alphanumeric() || it == b'_';
    let is_tag = plain.bytes().next().is_some_and(is_word)
        && plain.bytes().all(|it| is_word(it) || b".-".contains(&it));
    match is_tag {
        true => Ok(()),
        false => Err("letters, digits, `_ . -`, beginning with none of `. -`".to_owned()),
    }
}

/// `sha256:` and 64 hexadecimal digits.
fn is_digest(text: &str) -> bool {
    let is_hex = |it: u8| it.is_ascii_digit() || (b'a'..=b'f').contains(&it);
    text.strip_prefix("sha256:").is_some_and(|it| it.len() == 64 && it.bytes().all(is_hex))
}

/// `{ cpu_architecture, operating_system_family, layers | manifest }`.
fn read_platform(node: &Node, faults: &Faults) -> Option<ManifestSpec> {
    let table = reader::Table::of(node, faults);
    let manifest = read_manifest(&table);
    table.finish();
    manifest
}

/// The fields of a manifest: of an image, or of one of its platforms.
fn read_manifest(table: &reader::Table<'_>) -> Option<ManifestSpec> {
    let faults = table.faults();
    let word = |name, words: &[&'static str]| {
        table.optional(name).and_then(|it| reader::word(it, words, faults)).unwrap_or(0)
    };
    let platform = Platform {
        is_arm: word("cpu_architecture", &["X86_64", "ARM64"]) == 1,
        is_windows: word("operating_system_family", &["LINUX", "WINDOWS"]) == 1,
    };
    let (layers, manifest) = (table.optional("layers"), table.optional("manifest"));
    let layers = match (layers, manifest) {
        (Some(node), None) => read_layers(node, faults)?,
        (None, Some(node)) => LayersSpec::Manifest(path(node, faults)?),
        _ => {
            let message = "an image has `layers`, or a `manifest` that names them, or a `platform` for each";
            faults.note(table.node().fault("B0105", message));
            return None;
        }
    };
    Some(ManifestSpec { platform, layers })
}

fn path(node: &Node, faults: &Faults) -> Option<PathRef> {
    let path = reader::text(node, faults)?.to_owned();
    Some(PathRef { path, node: node.clone() })
}

/// Layers and images of tables, in their order; `{ table, image }` alone is all
/// of one.
fn read_layers(node: &Node, faults: &Faults) -> Option<LayersSpec> {
    let items = match &node.value {
        Value::List(items) => items.as_slice(),
        Value::Table(_) => std::slice::from_ref(node),
        _ => {
            faults.note(node.fault("B0103", format!("expected a list of layers, found {}", node.kind())));
            return None;
        }
    };
    if items.is_empty() {
        faults.note(node.fault("B0853", "an image without layers: its manifest names one at least"));
    }
    let mut parts: Vec<LayerPart> = Vec::new();
    for item in items {
        let table = reader::Table::of(item, faults);
        if item.get("table").is_some() {
            let file = table.required("table").and_then(|it| path(it, faults));
            let image = table.required("image").and_then(|it| reader::text(it, faults));
            let suffix = table.text("suffix").unwrap_or("").to_owned();
            table.finish();
            let (Some(file), Some(image)) = (file, image) else { continue };
            parts.push(LayerPart::Table { file, image: image.to_owned(), suffix, node: item.clone() });
            continue;
        }
        let digest = read_layer_digest(&table);
        let bytes = |name| {
            let node = if name == "size" { table.required(name) } else { table.optional(name) };
            node.and_then(|it| reader::bytes(it, 0..=LAYER_BYTES_MAX, faults))
        };
        let (compressed, uncompressed) = (bytes("size"), bytes("uncompressed_size"));
        table.finish();
        let (Some(digest), Some(compressed)) = (digest, compressed) else { continue };
        parts.push(LayerPart::Layer(LayerSpec { digest, compressed, uncompressed, node: item.clone() }));
    }
    Some(LayersSpec::Given(parts))
}

/// A layer's digest, or a word that stands for one.
fn read_layer_digest(table: &reader::Table<'_>) -> Option<String> {
    let node = table.required("digest")?;
    let digest = reader::text(node, table.faults())?;
    let is_word = |it: char| it.is_ascii_alphanumeric() || "-_.:+{}".contains(it);
    if digest.is_empty() || digest.len() > 200 || !digest.chars().all(is_word) {
        let expected = "a digest, or a word of letters, digits and `- _ . : +` that stands for one";
        let message = format!("`{digest}` names no layer: expected {expected}");
        table.faults().note(node.fault("B0852", message));
    }
    Some(digest.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_one(text: &str) -> Result<RepositorySpec, Vec<&'static str>> {
        let tree = Node::parse("x.toml", &format!("[[repository]]\n{text}")).unwrap();
        let faults = Faults::default();
        let root = reader::Table::of(&tree, &faults);
        let mut found = read_all(root.list("repository"), "us-east-1", &faults);
        match faults.is_empty() {
            true => Ok(found.pop().unwrap()),
            false => Err(faults.into_found().iter().map(|it| it.code).collect()),
        }
    }

    const LAYERS: &str = "layers = [{ digest = 'base', size = '30MB' }]";

    #[test]
    fn a_repository_has_images_of_layers() {
        let spec = read_one(&format!(
            "name = 'team/web'\nimage_tag_mutability = 'IMMUTABLE_WITH_EXCLUSION'\n\
             image_tag_mutability_exclusion_filters = ['latest']\n\
             image = [{{ tags = ['1', 'latest'], age = '30d', {LAYERS} }},\n\
             {{ at = '6h', tags = ['2'], soci_index = true, platform = [{{ {LAYERS} }},\n\
             {{ cpu_architecture = 'ARM64', layers = {{ table = 't.csv', image = 'redis:7' }} }}] }}]"
        ))
        .unwrap();
        assert_eq!(spec.repository.location.prefix(), "123456789012.dkr.ecr.us-east-1.amazonaws.com");
        assert!(spec.repository.mutability.may_move("latest") && !spec.repository.mutability.may_move("1"));
        assert_eq!(spec.images[0].pushed, Pushed::Before(SimDuration::from_secs(30 * 86_400)));
        assert_eq!(spec.images[0].tags, ["1", "latest"]);
        let LayersSpec::Given(layers) = &spec.images[0].manifests[0].layers else { panic!("given") };
        let LayerPart::Layer(layer) = &layers[0] else { panic!("a layer") };
        assert_eq!((layer.digest.as_str(), layer.compressed), ("base", 30_000_000));
        assert_eq!(spec.images[1].pushed, Pushed::At(SimTime::from_secs(21_600)));
        assert!(spec.images[1].has_lazy_index && spec.images[1].manifests[1].platform.is_arm);
    }

    #[test]
    fn what_cannot_be_is_refused() {
        let long = "t".repeat(301);
        let image = |text: &str| format!("name = 'web'\nimage = [{{ {text} }}]");
        for (text, code) in [
            ("name = 'W'".to_owned(), "B0109"),
            ("name = 'web/'".to_owned(), "B0109"),
            ("name = 'web'\nregistry = 'docker.io'".to_owned(), "B0850"),
            ("name = 'web'\nregistry = '1.dkr.ecr.us-east-1.amazonaws.com'".to_owned(), "B0850"),
            ("name = 'web'\nimage_tag_mutability = 'immutable'".to_owned(), "B0108"),
            ("name = 'web'\nimage_tag_mutability = 'MUTABLE_WITH_EXCLUSION'".to_owned(), "B0110"),
            ("name = 'web'\nimage_tag_mutability_exclusion_filters = ['a']".to_owned(), "B0110"),
            (image(&format!("tags = ['{long}'], {LAYERS}")), "B0851"),
            (image(&format!("tags = ['-a'], {LAYERS}")), "B0851"),
            (image(&format!("tags = ['a', 'a'], {LAYERS}")), "B0111"),
            (image("tags = ['a']"), "B0105"),
            (image("layers = []"), "B0853"),
            (image("layers = [{ digest = 'a' }]"), "B0105"),
            (image("layers = [{ digest = 'a b', size = 1 }]"), "B0852"),
            (image("layers = [{ digest = 'a', size = '52GiB' }]"), "B0107"),
            (image(&format!("digest = 'sha256:ab', {LAYERS}")), "B0852"),
            (image(&format!("age = '1d', at = '1h', {LAYERS}")), "B0110"),
            (image(&format!("repeat = {{ every = '0s', times = 3 }}, {LAYERS}")), "B0106"),
            (image(&format!("repeat = {{ every = '1h', times = 100001 }}, {LAYERS}")), "B0107"),
            (image(&format!("platform = [{{ {LAYERS} }}, {{ {LAYERS} }}]")), "B0111"),
            (image(&format!("{LAYERS}, size = 3")), "B0104"),
        ] {
            assert_eq!(read_one(&text).err(), Some(vec![code]), "{text}");
        }
    }
}
