//! From SVG to PNG, with the embedded font and no other: the same picture on
//! every machine.

use std::sync::{Arc, LazyLock};

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{Options, Tree, fontdb};

/// What is asked of a picture.
#[derive(Debug, thiserror::Error)]
pub enum PngError {
    /// The text is not a drawing.
    #[error("reading the drawing: {0}")]
    NotADrawing(#[from] resvg::usvg::Error),
    /// The picture has no points, or more than memory holds.
    #[error("a picture of {width} x {height} points cannot be made")]
    Size {
        /// Points across.
        width: u32,
        /// Points down.
        height: u32,
    },
    /// The picture could not be packed.
    #[error("packing the picture: {0}")]
    NotPacked(String),
}

/// Draws `svg` with `zoom` points in a pixel and packs it as PNG.
///
/// # Errors
///
/// If `svg` is no drawing, or too large a one.
pub fn png(svg: &str, zoom: f32) -> Result<Vec<u8>, PngError> {
    let mut options = Options { font_family: "DejaVu Sans".to_owned(), ..Options::default() };
    options.fontdb = Arc::clone(&FONTS);
    let tree = Tree::from_str(svg, &options)?;
    let (width, height) = (tree.size().width() * zoom, tree.size().height() * zoom);
    let (width, height) = (width.round() as u32, height.round() as u32);
    let mut pixmap = Pixmap::new(width, height).ok_or(PngError::Size { width, height })?;
    resvg::render(&tree, Transform::from_scale(zoom, zoom), &mut pixmap.as_mut());
    pixmap.encode_png().map_err(|it| PngError::NotPacked(it.to_string()))
}

static FONTS: LazyLock<Arc<fontdb::Database>> = LazyLock::new(|| {
    let mut fonts = fontdb::Database::new();
    fonts.load_font_data(dejavu::sans::regular().to_vec());
    fonts.load_font_data(dejavu::sans::bold().to_vec());
    fonts.set_sans_serif_family("DejaVu Sans");
    Arc::new(fonts)
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_has_the_size_that_was_asked_for() {
        let svg = r#"<svg xmlns="http://www.w3.org/2000/svg" width="30" height="20"><text x="1" y="9">a</text></svg>"#;
        let picture = Pixmap::decode_png(&png(svg, 2.0).unwrap()).unwrap();
        assert_eq!((picture.width(), picture.height()), (60, 40));
        assert!(picture.pixels().iter().any(|it| it.alpha() > 0), "the letter is drawn");
    }

    #[test]
    fn what_is_no_drawing_is_refused() {
        assert!(matches!(png("<p>", 1.0), Err(PngError::NotADrawing(_))));
    }
}
