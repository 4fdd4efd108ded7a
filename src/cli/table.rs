//! Columns that stand under each other.

use crate::model::Moment;

/// The rows under their header, each column as wide as its widest cell.
pub fn table<const N: usize>(header: [&str; N], rows: &[[String; N]]) -> String {
    let width = |column: usize| {
        let cells = rows.iter().map(|row| row[column].chars().count());
        cells.chain([header[column].chars().count()]).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..N).map(width).collect();
    let line = |cells: [&str; N]| {
        let padded = cells.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    let lines = rows.iter().map(|row| line(row.each_ref().map(String::as_str)));
    std::iter::once(line(header)).chain(lines).collect::<Vec<_>>().join("\n")
}

/// A moment in a cell, in UTC, to the minute.
pub fn minute(moment: Moment) -> String {
    moment.written("%Y-%m-%d %H:%M")
}

/// The same, where there may be none.
pub fn minute_or(moment: Option<Moment>, none: &str) -> String {
    moment.map_or_else(|| none.to_owned(), minute)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_under_each_other_and_no_line_ends_in_blanks() {
        let rows = [["ada".to_owned(), "1".to_owned()], ["Éléonore".to_owned(), String::new()]];
        assert_eq!(table(["NAME", "N"], &rows), "NAME      N\nada       1\nÉléonore");
    }
}
