//! CSV that people are given (RFC 4180): the one writer of it. It is opened in a spreadsheet, and
//! there must be no formula in it.
//!
//! * A text that begins as a formula does gets an apostrophe in front: `=`, `+`, `-`, `@`, a tab,
//!   a line's end, the full-width forms of the four, and the apostrophe itself.
//! * A figure that we made is no text and stays as it is, the sign of a negative one too.
//! * Every text is in quotes, so that none goes on in the next cell, whatever separates cells
//!   where it is read.
//! * Whoever reads it back drops one apostrophe from the front of a text, if there is one, and
//!   has what was written.

#![expect(clippy::disallowed_types, reason = "everyone else goes through here")]

use std::io::{self, Write};

use rust_decimal::Decimal;

/// What a text must not begin with.
const DANGEROUS: [char; 12] = [
    '=', '+', '-', '@', '\t', '\r', '\n', '\'', '＝', '＋', '－', '＠',
];

/// What is in one cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    Text(String),
    Figure(Decimal),
}

impl Cell {
    fn written(self) -> String {
        match self {
            Self::Figure(figure) => figure.to_string(),
            Self::Text(text) if text.starts_with(DANGEROUS) => format!("'{text}"),
            Self::Text(text) => text,
        }
    }
}

/// Writes lines of cells.
pub struct Sheet<W: Write>(csv::Writer<W>);

impl<W: Write> Sheet<W> {
    /// Begins with the names of the columns.
    pub fn begin(out: W, columns: &[&str]) -> io::Result<Self> {
        let mut sheet = Self(
            csv::WriterBuilder::new()
                .terminator(csv::Terminator::CRLF)
                .quote_style(csv::QuoteStyle::NonNumeric)
                .from_writer(out),
        );
        sheet.0.write_record(columns)?;
        Ok(sheet)
    }

    /// Writes one line.
    pub fn line(&mut self, cells: impl IntoIterator<Item = Cell>) -> io::Result<()> {
        Ok(self.0.write_record(cells.into_iter().map(Cell::written))?)
    }

    /// Writes out what is not yet.
    pub fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sheet(cells: Vec<Cell>) -> String {
        let mut out = Vec::new();
        let mut sheet = Sheet::begin(&mut out, &vec!["name"; cells.len()]).unwrap();
        sheet.line(cells).unwrap();
        sheet.flush().unwrap();
        drop(sheet);
        let text = String::from_utf8(out).unwrap();
        let (head, lines) = text.split_once("\r\n").unwrap();
        assert!(head.starts_with("\"name\""));
        lines.to_owned()
    }

    /// As the module's head says.
    fn read_back(line: &str) -> Vec<String> {
        let mut reader = csv::ReaderBuilder::new();
        let mut reader = reader.has_headers(false).from_reader(line.as_bytes());
        let record = reader.records().next().unwrap().unwrap();
        let texts = record.iter();
        texts
            .map(|text| text.strip_prefix('\'').unwrap_or(text).to_owned())
            .collect()
    }

    #[test]
    fn a_hostile_name_is_a_text_and_a_figure_is_a_figure() {
        for (name, written) in [
            ("=1+1", "\"'=1+1\"\r\n"),
            ("=HYPERLINK(\"x\")", "\"'=HYPERLINK(\"\"x\"\")\"\r\n"),
            ("+85291234567", "\"'+85291234567\"\r\n"),
            ("-2+3", "\"'-2+3\"\r\n"),
            ("@SUM(A1)", "\"'@SUM(A1)\"\r\n"),
            ("\t=1", "\"'\t=1\"\r\n"),
            ("\r=1", "\"'\r=1\"\r\n"),
            ("\n=1", "\"'\n=1\"\r\n"),
            ("＝1+1", "\"'＝1+1\"\r\n"),
            ("'quoted'", "\"''quoted'\"\r\n"),
            ("a;=1,\"=1\"", "\"a;=1,\"\"=1\"\"\"\r\n"),
            ("陳大文", "\"陳大文\"\r\n"),
            ("", "\"\"\r\n"),
        ] {
            let line = sheet(vec![Cell::Text(name.to_owned())]);
            assert_eq!(line, written);
        }
        let owed = Cell::Figure("-12.50".parse().unwrap());
        assert_eq!(sheet(vec![owed]), "-12.50\r\n");
    }

    proptest! {
        #[test]
        fn what_was_written_is_read_back_and_nothing_begins_a_formula(
            texts in proptest::collection::vec("[=+\\-@'\t\r\n＝ a\",;]{0,6}", 1..4),
        ) {
            let line = sheet(texts.iter().cloned().map(Cell::Text).collect());
            prop_assert_eq!(read_back(&line), texts);
            let mut reader = csv::ReaderBuilder::new();
            let mut reader = reader.has_headers(false).from_reader(line.as_bytes());
            for cell in &reader.records().next().unwrap().unwrap() {
                prop_assert!(cell.starts_with('\'') || !cell.starts_with(DANGEROUS));
            }
        }
    }
}
