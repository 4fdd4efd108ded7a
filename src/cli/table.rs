//! Columns that stand under each other.

use std::iter::once;

use crate::model::Moment;

/// The rows under their header, each column as wide as its widest cell.
pub fn table<const N: usize>(header: [&str; N], rows: impl Iterator<Item = [String; N]>) -> String {
    let rows: Vec<_> = once(header.map(str::to_owned)).chain(rows).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..N).map(width).collect();
    let line = |cells: &[String; N]| {
        let padded = cells.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// A moment in a cell, in UTC, to the minute.
pub fn minute(moment: Moment) -> String {
    moment.written("%Y-%m-%d %H:%M")
}

/// The same, where there may be none.
pub fn minute_or_dash(moment: Option<Moment>) -> String {
    moment.map_or_else(|| "-".to_owned(), minute)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_under_each_other_and_no_line_ends_in_blanks() {
        let rows = [["ada".to_owned(), "1".to_owned()], ["Éléonore".to_owned(), String::new()]];
        assert_eq!(table(["NAME", "N"], rows.into_iter()), "NAME      N\nada       1\nÉléonore");
    }
}
