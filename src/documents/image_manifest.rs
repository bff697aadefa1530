//! Image manifests: which layers an image has, or which images an index has
//! (OCI image specification 1.1, manifest and image-index; Docker manifest
//! version 2, schema 2). What else a manifest says is passed over.

use super::json::{self, Json, Source, Value};
use crate::base::Diagnostic;
use crate::model::container::Platform;
use crate::model::image::LAYER_BYTES_MAX;

/// A manifest is at most so large (OCI distribution specification: 4 MiB).
const MAX_TEXT: usize = 4 << 20;

/// What a manifest names.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Manifest {
    /// Layers, from the first on: digest and compressed bytes.
    Image(Vec<(String, u64)>),
    /// Manifests, one a platform.
    Index(Vec<(String, Platform)>),
}

/// Reads a manifest; `file` is only for messages.
///
/// # Errors
///
/// Every fault of the document.
pub fn read(file: &str, text: &str) -> Result<Manifest, Vec<Diagnostic>> {
    let source = Source::new(file, text);
    if let Some(fault) = super::task_definition::too_large(&source, MAX_TEXT) {
        return Err(vec![fault]);
    }
    let root = json::parse(&source)?;
    let mut reader = Reader { source: &source, faults: Vec::new() };
    if !matches!(root.value, Value::Object(_)) {
        return Err(vec![reader.fault(
            "B0840",
            &root,
            format!("a manifest is an object, found {}", root.kind()),
        )]);
    }
    if let Some(version) = root.get("schemaVersion").map(|it| &it.value)
        && !matches!(&version.value, Value::Number(it) if it == "2")
    {
        let fault = reader.fault("B0840", version, "only manifests of schemaVersion 2 are read".to_owned());
        return Err(vec![fault.help("ECR stores no others since Docker schema 1 is deprecated")]);
    }
    let manifest = match (root.get("layers"), root.get("manifests")) {
        (Some(layers), None) => Manifest::Image(reader.layers(&layers.value)),
        (None, Some(manifests)) => Manifest::Index(reader.manifests(&manifests.value)),
        _ => {
            let message = "a manifest names `layers`, an index `manifests`: this has neither, or both";
            return Err(vec![reader.fault("B0841", &root, message.to_owned())]);
        }
    };
    match reader.faults.is_empty() {
        true => Ok(manifest),
        false => Err(reader.faults),
    }
}

struct Reader<'a> {
    source: &'a Source<'a>,
    faults: Vec<Diagnostic>,
}

impl Reader<'_> {
    fn fault(&self, code: &'static str, at: &Json, message: String) -> Diagnostic {
        Diagnostic::new(code, message).at(self.source.place(at.span))
    }

    fn note(&mut self, code: &'static str, at: &Json, message: String) {
        let fault = self.fault(code, at, message);
        self.faults.push(fault);
    }

    /// The objects of a list that is not empty.
    fn items<'j>(&mut self, list: &'j Json, what: &str) -> &'j [Json] {
        match &list.value {
            Value::Array(items) if items.is_empty() => {
                self.note("B0841", list, format!("a manifest without {what}"));
                &[]
            }
            Value::Array(items) => items,
            _ => {
                self.note("B0840", list, format!("expected a list of {what}, found {}", list.kind()));
                &[]
            }
        }
    }

    fn text<'j>(&mut self, of: &'j Json, key: &str) -> Option<&'j str> {
        match of.get(key).map(|it| &it.value) {
            Some(Json { value: Value::String(text), .. }) if !text.is_empty() => Some(text),
            Some(other) => {
                self.note("B0840", other, format!("`{key}` is {}: expected a text", other.kind()));
                None
            }
            None => {
                self.note("B0840", of, format!("`{key}` is missing"));
                None
            }
        }
    }

    fn layers(&mut self, list: &Json) -> Vec<(String, u64)> {
        let mut layers = Vec::new();
        for item in self.items(list, "layers") {
            let digest = self.text(item, "digest").filter(|it| it.chars().all(|it| it.is_ascii_graphic()));
            if digest.is_none() && self.faults.is_empty() {
                self.note("B0840", item, "`digest` of a layer has characters that no digest has".to_owned());
            }
            let size = match item.get("size").map(|it| &it.value) {
                Some(Json { value: Value::Number(written), .. }) => written.parse::<u64>().ok(),
                _ => None,
            };
            let size = size.filter(|it| *it <= LAYER_BYTES_MAX);
            if size.is_none() {
                let at = item.get("size").map_or(item, |it| &it.value);
                let message = format!("`size` of a layer is a whole number of 0 to {LAYER_BYTES_MAX} bytes");
                self.note("B0840", at, message);
            }
            if let (Some(digest), Some(size)) = (digest, size) {
                layers.push((digest.to_owned(), size));
            }
        }
        layers
    }

    fn manifests(&mut self, list: &Json) -> Vec<(String, Platform)> {
        let mut manifests = Vec::new();
        for item in self.items(list, "manifests") {
            let Some(digest) = self.text(item, "digest") else { continue };
            let Some(platform) = item.get("platform").map(|it| &it.value) else {
                self.note("B0840", item, "`platform` is missing".to_owned());
                continue;
            };
            let (architecture, os) = (self.text(platform, "architecture"), self.text(platform, "os"));
            // Attestations and architectures that no instance of EC2 has.
            let is_arm = match architecture {
                Some("arm64") => true,
                Some("amd64") => false,
                _ => continue,
            };
            let Some(os) = os else { continue };
            manifests.push((digest.to_owned(), Platform { is_arm, is_windows: os == "windows" }));
        }
        if manifests.is_empty() && self.faults.is_empty() {
            self.note("B0841", list, "an index without an image of amd64 or arm64".to_owned());
        }
        manifests
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(text: &str) -> Vec<&'static str> {
        read("m.json", text).unwrap_err().iter().map(|it| it.code).collect()
    }

    #[test]
    fn a_manifest_names_layers_and_an_index_manifests() {
        let image = r#"{"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": {"digest": "sha256:c", "size": 7}, "layers": [{"mediaType": "x", "digest": "sha256:a",
            "size": 30}, {"digest": "sha256:b", "size": 0}]}"#;
        let layers = vec![("sha256:a".to_owned(), 30), ("sha256:b".to_owned(), 0)];
        assert_eq!(read("m.json", image).unwrap(), Manifest::Image(layers));
        let index = r#"{"schemaVersion": 2, "manifests": [
            {"digest": "sha256:a", "platform": {"architecture": "amd64", "os": "linux"}},
            {"digest": "sha256:b", "platform": {"architecture": "arm64", "os": "linux", "variant": "v8"}},
            {"digest": "sha256:c", "platform": {"architecture": "unknown", "os": "unknown"}}]}"#;
        let arm = Platform { is_arm: true, is_windows: false };
        let manifests = vec![("sha256:a".to_owned(), Platform::default()), ("sha256:b".to_owned(), arm)];
        assert_eq!(read("m.json", index).unwrap(), Manifest::Index(manifests));
    }

    #[test]
    fn what_is_no_manifest_is_refused() {
        assert_eq!(codes("[]"), ["B0840"]);
        assert_eq!(codes("{}"), ["B0841"]);
        assert_eq!(codes(r#"{"layers": [], "manifests": []}"#), ["B0841"]);
        assert_eq!(codes(r#"{"layers": []}"#), ["B0841"]);
        assert_eq!(codes(r#"{"layers": 3}"#), ["B0840"]);
        assert_eq!(codes(r#"{"schemaVersion": 1, "fsLayers": []}"#), ["B0840"]);
        assert_eq!(codes(r#"{"layers": [{"digest": "sha256:a"}, {"size": 1}]}"#), ["B0840", "B0840"]);
        assert_eq!(codes(r#"{"layers": [{"digest": "sha256:a", "size": -1}]}"#), ["B0840"]);
        assert_eq!(codes(r#"{"manifests": [{"digest": "sha256:a"}]}"#), ["B0840"]);
    }
}
