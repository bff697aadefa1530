//! Tables of image layers: which layers an image has, from the first on, and how
//! large they are. Columns:
//!
//! * `image`, and `tag` beside it or within it (`python:3.13`);
//! * `layer`: its digest or the begin of it; equal ones are one layer;
//! * `compressed_bytes`, and `uncompressed_bytes` where it is known;
//! * `as_of`, of which the newest is taken where an image is there with several;
//! * `architecture`, of which `amd64` is taken before others;
//! * `position`, by which the rows of an image are sorted if it is there.

use std::collections::{BTreeMap, BTreeSet};
use std::io::BufRead;

use super::csv_rows::{Column, Fault, Rows, optional, required};
use super::number;
use super::source::ReadError;
use super::spot_availability::name;
use crate::base::Diagnostic;
use crate::model::image::LAYER_BYTES_MAX;

/// What a table says: the layers of each image, by name and tag.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct ImageLayers {
    /// By `name:tag`.
    pub images: BTreeMap<String, Vec<LayerSize>>,
}

/// One layer of an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayerSize {
    /// What names it.
    pub digest: String,
    /// Bytes that are moved.
    pub compressed: u64,
    /// Bytes on disk; `None` where the table does not say.
    pub uncompressed: Option<u64>,
}

/// Image, day, whether it is the usual architecture, architecture.
type Key = (String, String, bool, String);

const COLUMNS: &[Column] = &[
    required("image"),
    optional("tag"),
    required("layer"),
    required("compressed_bytes"),
    optional("uncompressed_bytes"),
    optional("as_of"),
    optional("position"),
    optional("architecture"),
];
const IMAGE: usize = 0;
const TAG: usize = 1;
const LAYER: usize = 2;
const COMPRESSED: usize = 3;
const UNCOMPRESSED: usize = 4;
const AS_OF: usize = 5;
const POSITION: usize = 6;
const ARCHITECTURE: usize = 7;

impl ImageLayers {
    /// Reads a table; `file` is only for messages.
    ///
    /// # Errors
    ///
    /// Every fault of the content up to a limit, or the reader's own failure.
    pub fn read(input: &mut (dyn BufRead + Send), file: &str) -> Result<Self, ReadError> {
        let mut rows = Rows::open(COLUMNS, input, file)?;
        // By image, day and whether it is the usual architecture, with the position
        // of each row: the last of an image is the one that is meant.
        let mut found: BTreeMap<Key, Vec<(u64, LayerSize)>> = BTreeMap::new();
        let mut positions: BTreeSet<(Key, u64)> = BTreeSet::new();
        while rows.advance()? {
            let (image, layer) = (rows.parse(IMAGE, name), rows.parse(LAYER, name));
            let compressed = rows.parse(COMPRESSED, bytes);
            let uncompressed = match rows.field(UNCOMPRESSED).is_empty() {
                true => Some(None),
                false => rows.parse(UNCOMPRESSED, bytes).map(Some),
            };
            let position = match rows.has(POSITION) {
                true => rows.parse(POSITION, number::whole),
                false => Some(0),
            };
            let (Some(image), Some(digest), Some(compressed), Some(uncompressed), Some(position)) =
                (image, layer, compressed, uncompressed, position)
            else {
                continue;
            };
            let image = match rows.has(TAG) {
                true => format!("{image}:{}", String::from_utf8_lossy(rows.field(TAG))),
                false => image,
            };
            let as_of = String::from_utf8_lossy(rows.field(AS_OF)).into_owned();
            let architecture = String::from_utf8_lossy(rows.field(ARCHITECTURE)).into_owned();
            let key = (image, as_of, matches!(architecture.as_str(), "amd64" | "x86_64"), architecture);
            if rows.has(POSITION) && !positions.insert((key.clone(), position)) {
                let message = format!("position {position} of this image is there twice");
                rows.fault(POSITION, Fault::new("B0223", message));
                continue;
            }
            found.entry(key).or_default().push((position, LayerSize { digest, compressed, uncompressed }));
        }
        let end_of_file = rows.place_of_line();
        rows.finish()?;
        if found.is_empty() {
            let fault = Diagnostic::new("B0201", "a table of layers without rows, expected one at least");
            return Err(ReadError::Content(vec![fault.at(end_of_file)]));
        }
        let mut images = BTreeMap::new();
        for ((image, ..), mut layers) in found {
            layers.sort_by_key(|it| it.0);
            images.insert(image, layers.into_iter().map(|it| it.1).collect());
        }
        Ok(Self { images })
    }
}

fn bytes(field: &[u8]) -> Result<u64, Fault> {
    match number::whole(field)? {
        it if it <= LAYER_BYTES_MAX => Ok(it),
        it => {
            Err(Fault::new("B0212", format!("`{it}`, expected at most {LAYER_BYTES_MAX} bytes of a layer")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<ImageLayers, Vec<&'static str>> {
        ImageLayers::read(&mut text.as_bytes(), "layers.csv").map_err(|error| match error {
            ReadError::Content(faults) => faults.iter().map(|it| it.code).collect(),
            ReadError::Io(error) => panic!("{error}"),
        })
    }

    fn layers(table: &ImageLayers, image: &str) -> Vec<(String, u64, Option<u64>)> {
        let layers = table.images[image].iter();
        layers.map(|it| (it.digest.clone(), it.compressed, it.uncompressed)).collect()
    }

    #[test]
    fn the_newest_of_an_image_is_taken_in_the_order_of_its_positions() {
        let table = read(
            "image,tag,architecture,as_of,position,layer,compressed_bytes\n\
             redis,latest,amd64,2026-09,1,b,20\nredis,latest,amd64,2026-09,0,a,10\n\
             redis,latest,amd64,2018-03,0,z,9\nredis,7,amd64,2018-03,0,a,10\n",
        )
        .unwrap();
        assert_eq!(layers(&table, "redis:latest"), [("a".into(), 10, None), ("b".into(), 20, None)]);
        assert_eq!(layers(&table, "redis:7"), [("a".into(), 10, None)]);
        let short =
            read("image,layer,compressed_bytes,uncompressed_bytes\nweb:1,a,5,\nweb:1,b,0,7\n").unwrap();
        assert_eq!(layers(&short, "web:1"), [("a".into(), 5, None), ("b".into(), 0, Some(7))]);
    }

    #[test]
    fn what_is_no_layer_is_refused() {
        let header = "image,tag,position,layer,compressed_bytes\n";
        for (text, code) in [
            ("image,layer,compressed_bytes\n".to_owned(), "B0201"),
            ("image,layer\nx,y\n".to_owned(), "B0206"),
            (format!("{header}redis,1,0,a,-5\n"), "B0211"),
            (format!("{header}redis,1,0,a,54525952001\n"), "B0212"),
            (format!("{header}redis,1,0,,5\n"), "B0222"),
            (format!("{header}redis,1,0,a,5\nredis,1,0,b,5\n"), "B0223"),
        ] {
            assert_eq!(read(&text).unwrap_err(), [code], "{text}");
        }
    }
}
