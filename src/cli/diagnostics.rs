//! Faults as a person wants to see them: the line, a caret, the code, advice.
//! The one module that knows the crate that draws them.

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};

use crate::base::{Diagnostic, Place};

/// What a terminal shows of a line around its fault.
const CONTEXT: usize = 120;

/// Draws all faults and counts them.
pub(super) fn render(found: &[Diagnostic], is_styled: bool) -> String {
    let mut text = drawn(found, Level::ERROR, is_styled);
    text.push_str(&match found.len() {
        1 => "1 fault found\n".to_owned(),
        n => format!("{n} faults found\n"),
    });
    text
}

/// Draws what is accepted and yet odd.
pub(super) fn render_warnings(found: &[Diagnostic], is_styled: bool) -> String {
    drawn(found, Level::WARNING, is_styled)
}

/// Draws what a lint found, and counts it.
pub(super) fn render_findings(found: &[Diagnostic], is_styled: bool) -> String {
    let mut text = drawn(found, Level::WARNING.with_name("finding"), is_styled);
    text.push_str(&match found.len() {
        1 => "1 finding\n".to_owned(),
        n => format!("{n} findings\n"),
    });
    text
}

fn drawn(found: &[Diagnostic], level: Level<'static>, is_styled: bool) -> String {
    let renderer = if is_styled { Renderer::styled() } else { Renderer::plain() };
    let renderer = renderer.decor_style(DecorStyle::Ascii);
    let mut text = String::new();
    for fault in found {
        text.push_str(&one(fault, level.clone(), &renderer));
        text.push_str("\n\n");
    }
    text
}

fn one(fault: &Diagnostic, level: Level<'_>, renderer: &Renderer) -> String {
    let message = printable(&fault.message);
    let help = fault.help.as_deref().map(printable);
    let excerpt = fault.place.as_ref().map(excerpt);
    let mut group = level
        .primary_title(message.as_str())
        .id(fault.code)
        .elements([] as [Snippet<'_, annotate_snippets::Annotation<'_>>; 0]);
    if let Some(excerpt) = &excerpt {
        let annotation = AnnotationKind::Primary.span(excerpt.start..excerpt.end);
        let snippet = Snippet::source(excerpt.text.as_str())
            .path(excerpt.file.as_str())
            .line_start(excerpt.line)
            .annotation(annotation);
        group = group.element(snippet);
    }
    if let Some(help) = &help {
        group = group.element(Level::HELP.message(help.as_str()));
    }
    renderer.render(&[group])
}

struct Excerpt {
    file: String,
    line: usize,
    text: String,
    start: usize,
    end: usize,
}

/// The part of a line that a terminal can show, and the fault within it.
fn excerpt(place: &Place) -> Excerpt {
    let characters: Vec<char> = place.text.chars().collect();
    let column = usize::try_from(place.column.saturating_sub(1)).unwrap_or(0).min(characters.len());
    let width = usize::try_from(place.width).unwrap_or(1).min(characters.len() - column);
    let first = column.saturating_sub(CONTEXT / 2);
    let last = (column + width.clamp(1, CONTEXT / 2) + CONTEXT / 2).min(characters.len());
    let shown = |range: std::ops::Range<usize>| -> String {
        printable(&characters[range].iter().collect::<String>())
    };
    let before = shown(first..column);
    let marked = shown(column..(column + width).min(last));
    let after = shown((column + width).min(last)..last);
    // Far into a line the column is not what the excerpt shows: it is named.
    let file =
        if first > 0 { format!("{} (column {})", place.file, place.column) } else { place.file.clone() };
    let (start, end) = (before.len(), before.len() + marked.len());
    let text = if marked.is_empty() && after.is_empty() { before + " " } else { before + &marked + &after };
    Excerpt {
        file: printable(&file),
        line: usize::try_from(place.line).unwrap_or(1),
        end: if end == start { (start + 1).min(text.len()) } else { end },
        start,
        text,
    }
}

/// Control characters of an input must not reach a terminal.
pub(super) fn printable(text: &str) -> String {
    let shown = |it: char| match it {
        '\t' => ' ',
        it if it.is_control()
            || ('\u{200E}'..='\u{200F}').contains(&it)
            || ('\u{202A}'..='\u{202E}').contains(&it)
            || ('\u{2066}'..='\u{2069}').contains(&it) =>
        {
            char::REPLACEMENT_CHARACTER
        }
        it => it,
    };
    text.chars().map(shown).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_is_drawn_with_its_line_and_advice() {
        let place = Place::in_source("x.toml", "a = 1\nplacement = \"binpak\"\n", 18, 26);
        let fault = Diagnostic::new("B0113", "unknown placement strategy `binpak`")
            .at(place)
            .help("did you mean `binpack`?");
        let text = render(&[fault], false);
        for part in ["error[B0113]", "x.toml:2:13", "^^^^^^^^", "did you mean `binpack`?", "1 fault found"] {
            assert!(text.contains(part), "{part} in\n{text}");
        }
    }

    #[test]
    fn hostile_and_endless_lines_are_drawn() {
        let text = format!("{}\u{202e}\u{1b}[31m{}", "x".repeat(100_000), "ü".repeat(50));
        for (column, width) in [(1, 1), (100_001, 3), (100_050, 500), (999_999_999, 7)] {
            let place = Place { file: "f\u{1b}".to_owned(), line: 1, column, width, text: text.clone() };
            let drawn = render(&[Diagnostic::new("B0001", "x\u{7}").at(place)], false);
            assert!(!drawn.contains(['\u{1b}', '\u{7}', '\u{202e}']) && drawn.len() < 2000);
        }
        let place = Place { file: "f".to_owned(), line: 0, column: 0, width: 0, text: String::new() };
        assert!(render(&[Diagnostic::new("B0001", "empty").at(place)], false).contains("empty"));
    }
}
