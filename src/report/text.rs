//! Widths of text, from the advances of the embedded font, so that labels can
//! be laid out without overlapping; and text made safe to draw. Kerning is left
//! out: it only makes text narrower. A browser without the font falls back to
//! Verdana, which is as wide.

use std::sync::LazyLock;

/// What an SVG names: the embedded font, one of the same width, any.
pub(super) const FONT_FAMILY: &str = "DejaVu Sans, Verdana, sans-serif";

/// The two cuts that are used.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Weight {
    /// For all but titles.
    Regular,
    /// For titles.
    Bold,
}

/// The width of `text` in pixels at a font size of `size`.
pub(super) fn width(text: &str, size: f64, weight: Weight) -> f64 {
    let advances = match weight {
        Weight::Regular => &*REGULAR,
        Weight::Bold => &*BOLD,
    };
    let units: u32 = text.chars().map(|it| advances.of(it)).sum();
    f64::from(units) * size / f64::from(advances.units_per_em)
}

/// `text` if it fits into `room` pixels, or its beginning and end around an
/// ellipsis: labels of settings differ at either end.
pub(super) fn shortened(text: &str, size: f64, room: f64) -> String {
    if width(text, size, Weight::Regular) <= room {
        return text.to_owned();
    }
    let letters: Vec<char> = text.chars().collect();
    let mut kept = letters.len().min(400);
    while kept > 1 {
        kept -= 1;
        let (head, tail) = (kept.div_ceil(2), kept / 2);
        let candidate: String =
            letters[..head].iter().chain(['…'].iter()).chain(&letters[letters.len() - tail..]).collect();
        if width(&candidate, size, Weight::Regular) <= room {
            return candidate;
        }
    }
    "…".to_owned()
}

/// The label of a setting if it fits into `room` pixels; else without the names
/// of what its values are of, and shortened if that is still too long.
pub(super) fn label_within(label: &str, size: f64, room: f64) -> String {
    if width(label, size, Weight::Regular) <= room {
        return label.to_owned();
    }
    let without_name = |part: &str| {
        let Some((head, value)) = part.split_once('=') else { return part.to_owned() };
        let name = head.rsplit(' ').next().unwrap_or_default();
        let is_path = |it: u8| it.is_ascii_alphanumeric() || b"_.-".contains(&it);
        match !name.is_empty() && name.bytes().all(is_path) {
            true => format!("{}{value}", &head[..head.len() - name.len()]),
            false => part.to_owned(),
        }
    };
    let parts: Vec<String> = label.split(" · ").map(without_name).collect();
    shortened(&parts.join(" · "), size, room)
}

/// `text` broken at blanks into lines of at most `room` pixels; a word that is
/// wider has a line of its own and is shortened.
pub(super) fn wrapped(text: &str, size: f64, room: f64) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        let word = shortened(word, size, room);
        match lines.last_mut() {
            Some(line) if width(&format!("{line} {word}"), size, Weight::Regular) <= room => {
                line.push(' ');
                line.push_str(&word);
            }
            _ => lines.push(word),
        }
    }
    lines
}

/// `text` without what no XML document may hold, without line breaks and
/// without marks that turn the direction of writing around.
pub(super) fn printable(text: &str) -> String {
    let harmless = |it: char| match it {
        '\u{9}' | '\u{a}' | '\u{d}' => ' ',
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{fffe}' | '\u{ffff}' => '\u{fffd}',
        it if it.is_control() => '\u{fffd}',
        it => it,
    };
    text.chars().map(harmless).collect()
}

/// `text` as it stands inside an element or a quoted attribute.
pub(super) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in printable(text).chars() {
        match letter {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

static REGULAR: LazyLock<Advances> = LazyLock::new(|| Advances::of_font(dejavu::sans::regular()));
static BOLD: LazyLock<Advances> = LazyLock::new(|| Advances::of_font(dejavu::sans::bold()));

/// How far each character of the basic plane moves the pen, in font units.
struct Advances {
    units_per_em: u16,
    by_char: Vec<u16>,
}

impl Advances {
    fn of(&self, letter: char) -> u32 {
        // What the font lacks is taken from another one, and is at most square.
        let advance = self.by_char.get(letter as usize).copied().filter(|&it| it > 0);
        advance.unwrap_or(self.units_per_em).into()
    }

    /// Reads the tables `head`, `hhea`, `hmtx` and `cmap` (format 4) of a
    /// TrueType font (OpenType specification 1.9, chapter "Font tables").
    fn of_font(font: &[u8]) -> Self {
        let head = table(font, b"head");
        let hmtx = table(font, b"hmtx");
        let n_metrics = usize::from(word(font, table(font, b"hhea") + 34));
        let advance_of_glyph = |glyph: usize| word(font, hmtx + 4 * glyph.min(n_metrics - 1));

        let cmap = table(font, b"cmap");
        let n_subtables = usize::from(word(font, cmap + 2));
        let segments = (0..n_subtables)
            .map(|idx| {
                let low = word(font, cmap + 4 + 8 * idx + 6);
                let high = word(font, cmap + 4 + 8 * idx + 4);
                cmap + (usize::from(high) << 16 | usize::from(low))
            })
            .find(|&subtable| word(font, subtable) == 4)
            .expect("the embedded font maps the basic plane");
        let n_segments = usize::from(word(font, segments + 6)) / 2;
        let ends = segments + 14;
        let starts = ends + 2 * n_segments + 2;
        let deltas = starts + 2 * n_segments;
        let offsets = deltas + 2 * n_segments;

        let mut by_char = vec![0; 0x1_0000];
        for idx in 0..n_segments {
            let (start, end) = (word(font, starts + 2 * idx), word(font, ends + 2 * idx));
            let delta = word(font, deltas + 2 * idx);
            let offset = word(font, offsets + 2 * idx);
            for letter in start..=end {
                let glyph = if offset == 0 {
                    letter.wrapping_add(delta)
                } else {
                    let at = offsets + 2 * idx + usize::from(offset) + 2 * usize::from(letter - start);
                    if at + 2 > font.len() {
                        continue;
                    }
                    match word(font, at) {
                        0 => 0,
                        glyph => glyph.wrapping_add(delta),
                    }
                };
                if glyph != 0 {
                    by_char[usize::from(letter)] = advance_of_glyph(glyph.into());
                }
            }
        }
        Self { units_per_em: word(font, head + 18), by_char }
    }
}

/// Where the table of this tag begins.
fn table(font: &[u8], tag: &[u8; 4]) -> usize {
    let n_tables = usize::from(word(font, 4));
    let entry = (0..n_tables)
        .map(|idx| 12 + 16 * idx)
        .find(|&entry| &font[entry..entry + 4] == tag)
        .expect("the embedded font has every table that is asked for");
    usize::from(word(font, entry + 8)) << 16 | usize::from(word(font, entry + 10))
}

fn word(font: &[u8], at: usize) -> u16 {
    u16::from_be_bytes([font[at], font[at + 1]])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_are_those_of_the_font() {
        // Advances of DejaVu Sans 2.37 in 2048ths: space 651, m 1995, i 569.
        assert!((width(" mi", 2048.0, Weight::Regular) - (651.0 + 1995.0 + 569.0)).abs() < 1e-9);
        assert!(width("mi", 10.0, Weight::Bold) > width("mi", 10.0, Weight::Regular));
        assert!((width("漢", 10.0, Weight::Regular) - 10.0).abs() < 1e-9, "unknown is square");
    }

    #[test]
    fn what_is_too_long_keeps_both_ends() {
        let label = "binpack:cpu · ".repeat(40) + "100/200";
        let short = shortened(&label, 12.0, 200.0);
        assert!(width(&short, 12.0, Weight::Regular) <= 200.0);
        assert!(short.starts_with("binpack") && short.ends_with("100/200") && short.contains('…'));
        assert_eq!(shortened("ab", 12.0, 0.0), "…");
        assert!(wrapped(&label, 12.0, 300.0).iter().all(|it| width(it, 12.0, Weight::Regular) <= 300.0));
    }

    #[test]
    fn a_label_without_room_loses_its_names_first() {
        let label = "2: web.desired_count=8 · 50/100 · awsvpc_trunking=true · attribute:disk == ssd";
        assert_eq!(label_within(label, 12.0, 1000.0), label);
        let short = label_within(label, 12.0, 300.0);
        assert_eq!(short, "2: 8 · 50/100 · true · attribute:disk == ssd");
        assert!(label_within(label, 12.0, 100.0).contains('…'));
    }

    #[test]
    fn nothing_breaks_out_of_a_document() {
        assert_eq!(escaped("<a b='\"'>&\0\u{202e}"), "&lt;a b=&#39;&quot;&#39;&gt;&amp;\u{fffd}\u{fffd}");
    }
}
