//! A table on a terminal: columns aligned, numbers to the right, long headers in
//! several lines; what is too wide for the screen goes on below.

use std::collections::BTreeSet;

use super::diagnostics::printable;
use crate::report::tables::{Cell, Table};

/// The table as text, at most `width` wide where its columns allow it.
pub(super) fn render(table: &Table, width: Option<usize>) -> String {
    let mut text = format!("{}\n", table.title);
    for note in &table.notes {
        text.push_str(&format!("  {}\n", printable(note)));
    }
    let columns: Vec<Column> = (0..table.columns.len()).map(|idx| Column::of(table, idx)).collect();
    for (number, block) in blocks(&columns, width).iter().enumerate() {
        if number > 0 {
            text.push('\n');
        }
        let n_lines = block.iter().map(|&idx| columns[idx].header.len()).max().unwrap_or(0);
        for line in 0..n_lines {
            // Headers stand on their cells: a short one begins further down.
            let cell = |idx: usize| {
                let header = &columns[idx].header;
                (line + header.len()).checked_sub(n_lines).map_or("", |it| header[it].as_str())
            };
            push_line(&mut text, block.iter().map(|&idx| (&columns[idx], cell(idx))));
        }
        for row in 0..table.rows.len() {
            push_line(&mut text, block.iter().map(|&idx| (&columns[idx], columns[idx].cells[row].as_str())));
        }
    }
    text
}

struct Column {
    header: Vec<String>,
    cells: Vec<String>,
    is_number: bool,
    width: usize,
}

impl Column {
    fn of(table: &Table, idx: usize) -> Self {
        let cells: Vec<String> = table.rows.iter().map(|row| printable(&row[idx].to_string())).collect();
        let is_number = table.rows.iter().any(|row| matches!(row[idx], Cell::Number { .. }));
        let title = printable(&table.columns[idx].title);
        // A header is not squeezed below what reads well.
        let least = length(&title).min(12);
        let longest_word = title.split(' ').map(length).max().unwrap_or(0);
        let width = cells.iter().map(|it| length(it)).chain([longest_word, least]).max().unwrap_or(0);
        Self { header: wrapped(&title, width), cells, is_number, width }
    }
}

/// Words in lines of at most `width`.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if length(line) + 1 + length(word) <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// Which columns stand side by side. Every block begins with the first column;
/// where that does not tell the rows apart, the table stays in one piece.
fn blocks(columns: &[Column], width: Option<usize>) -> Vec<Vec<usize>> {
    let keys: BTreeSet<&str> = columns[0].cells.iter().map(String::as_str).collect();
    let width = width.filter(|_| keys.len() == columns[0].cells.len());
    let mut blocks = vec![Vec::new()];
    let mut used = 1;
    for (idx, column) in columns.iter().enumerate() {
        let block = blocks.last_mut().expect("there is a block");
        if width.is_some_and(|width| used + column.width + 2 > width) && block.len() > 1 {
            blocks.push(vec![0]);
            used = 1 + columns[0].width + 2;
        }
        blocks.last_mut().expect("there is a block").push(idx);
        used += column.width + 2;
    }
    blocks
}

fn push_line<'a>(text: &mut String, cells: impl Iterator<Item = (&'a Column, &'a str)>) {
    let mut line = String::from(" ");
    for (column, cell) in cells {
        let pad = " ".repeat(column.width - length(cell));
        let (before, after) = if column.is_number { (pad.as_str(), "") } else { ("", pad.as_str()) };
        line.push_str(&format!(" {before}{cell}{after} "));
    }
    text.push_str(line.trim_end());
    text.push('\n');
}

fn length(text: &str) -> usize {
    text.chars().count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::results::Results;
    use crate::report::{demo, tables};

    #[test]
    fn a_table_keeps_to_the_screen_and_loses_no_cell() {
        let results: Results = demo::Demo::middle().results();
        let table = tables::summary(&results);
        let wide = render(&table, None);
        let narrow = render(&table, Some(100));
        assert!(
            narrow.lines().filter(|it| !it.contains("replicates")).all(|it| length(it) <= 100),
            "{narrow}"
        );
        for row in &table.rows {
            for cell in row {
                assert!(wide.contains(&cell.to_string()) && narrow.contains(&cell.to_string()));
            }
        }
        assert!(length(&render(&table, Some(1))) > length(&wide));
    }
}
