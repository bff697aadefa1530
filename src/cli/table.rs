//! A table on a terminal: columns aligned, numbers to the right.

use super::diagnostics::printable;
use crate::report::tables::{Cell, Table};

/// The table as text.
pub(super) fn render(table: &Table) -> String {
    let mut text = format!("{}\n", table.title);
    for note in &table.notes {
        text.push_str(&format!("  {}\n", printable(note)));
    }
    let shown = |cell: &Cell| printable(&cell.to_string());
    let width_of = |idx: usize| {
        let cells = table.rows.iter().map(|row| shown(&row[idx]).chars().count());
        cells.chain([table.columns[idx].title.chars().count()]).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..table.columns.len()).map(width_of).collect();
    let is_number = |idx: usize| table.rows.iter().any(|row| matches!(row[idx], Cell::Number { .. }));
    let mut line = |cells: Vec<String>| {
        let mut row = String::from(" ");
        for (idx, cell) in cells.iter().enumerate() {
            let pad = " ".repeat(widths[idx].saturating_sub(cell.chars().count()));
            row.push(' ');
            if is_number(idx) {
                row.push_str(&pad);
                row.push_str(cell);
            } else {
                row.push_str(cell);
                row.push_str(&pad);
            }
            row.push(' ');
        }
        text.push_str(row.trim_end());
        text.push('\n');
    };
    line(table.columns.iter().map(|it| it.title.clone()).collect());
    for row in &table.rows {
        line(row.iter().map(shown).collect());
    }
    text
}
