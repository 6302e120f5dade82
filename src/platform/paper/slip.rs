//! The same document on a till's paper: plain text in so many columns.
//!
//! * A Chinese character takes two columns, a letter one; no line is longer than the paper is wide.
//! * Amounts end at the right edge. What does not fit beside its name stands under it.
//! * Nothing is drawn and nothing is bold: what must not be overlooked stands between rules.

use unicode_width::UnicodeWidthChar;

use super::document::{Block, Document, Row, Style, Sum, Table};
use super::text::{Length, wrap};

/// The columns of an 80 mm printer.
pub const COLUMNS: Length = 48;

/// How far what stands under its name is put in.
const INDENT: Length = 2;

/// The document as text in `columns` columns, each line ending with a line feed.
#[must_use]
pub fn slip(document: &Document, columns: Length) -> String {
    let mut paper = Paper {
        columns,
        text: String::new(),
    };
    paper.blocks(&document.blocks);
    paper.text
}

struct Paper {
    columns: Length,
    text: String,
}

impl Paper {
    fn blocks(&mut self, blocks: &[Block]) {
        for block in blocks {
            match block {
                Block::Title(text) | Block::Paragraph(Style::Large, text) => self.centred(text),
                Block::Heading(text) | Block::Paragraph(_, text) => self.wrapped(0, text),
                Block::Pairs(pairs) => {
                    for (name, value) in pairs {
                        self.beside(name, value);
                    }
                }
                Block::Table(table) => self.table(table),
                Block::Sums(sums) => {
                    for Sum {
                        label,
                        amount,
                        note,
                        ..
                    } in sums
                    {
                        self.beside(label, amount);
                        if let Some(note) = note {
                            self.wrapped(INDENT, note);
                        }
                    }
                }
                Block::Rule => self.rule('-'),
                Block::Framed(blocks) => {
                    self.rule('=');
                    self.blocks(blocks);
                    self.rule('=');
                }
            }
        }
    }

    /// Every cell beside its column's heading: a till's paper has no room for columns.
    fn table(&mut self, table: &Table) {
        for Row { cells, .. } in &table.rows {
            let named = table.columns.iter().zip(cells);
            for (column, cell) in named.filter(|(_, cell)| !cell.is_empty()) {
                self.beside(&column.heading, cell);
            }
        }
    }

    /// `name` on the left and `value` at the right edge; under it where both do not fit.
    fn beside(&mut self, name: &str, value: &str) {
        let between = self.columns - width(name) - width(value);
        if between >= 2 {
            self.line(between, name, value);
            return;
        }
        self.wrapped(0, name);
        if width(value) <= self.columns - INDENT {
            self.line(self.columns - width(value), "", value);
        } else {
            self.wrapped(INDENT, value);
        }
    }

    fn centred(&mut self, text: &str) {
        for line in wrap(text, self.columns, columns) {
            let line = line.trim_end();
            self.line((self.columns - width(line)) / 2, "", line);
        }
    }

    fn wrapped(&mut self, indent: Length, text: &str) {
        for line in wrap(text, self.columns - indent, columns) {
            self.line(indent, "", line.trim_end());
        }
    }

    fn rule(&mut self, mark: char) {
        let rule = spaces(self.columns).replace(' ', mark.encode_utf8(&mut [0; 4]));
        self.line(0, "", &rule);
    }

    /// A line of `left`, so much space and `right`.
    fn line(&mut self, space: Length, left: &str, right: &str) {
        let line = format!("{left}{}{right}", spaces(space));
        self.text.push_str(line.trim_end());
        self.text.push('\n');
    }
}

fn spaces(number: Length) -> String {
    " ".repeat(usize::try_from(number).unwrap_or_default())
}

/// How many columns a character takes.
fn columns(letter: char) -> Length {
    let columns = letter.width().unwrap_or_default();
    Length::try_from(columns).unwrap_or_default()
}

fn width(text: &str) -> Length {
    text.chars().map(columns).sum()
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;

    use super::*;
    use crate::kernel::language::Language;
    use crate::platform::paper::{Cell, Column};

    fn printed(blocks: Vec<Block>, columns: Length) -> String {
        let document = Document {
            title: "A title".to_owned(),
            language: Language::ZhHk,
            dated: NaiveDate::from_ymd_opt(2026, 11, 20).unwrap(),
            footer: "A footer".to_owned(),
            blocks,
        };
        slip(&document, columns)
    }

    fn sum(label: &str, amount: &str) -> Sum {
        Sum {
            style: Style::Body,
            label: label.to_owned(),
            amount: amount.to_owned(),
            note: None,
        }
    }

    #[test]
    fn amounts_end_at_the_edge_and_a_chinese_character_takes_two_columns() {
        let blocks = vec![
            Block::Title("租金收據".to_owned()),
            Block::Rule,
            Block::Pairs(vec![("途徑".to_owned(), "現金 Cash".to_owned())]),
            Block::Sums(vec![
                sum("已繳款額", "HK$1.00"),
                sum("Balance", "HK$12,345.00"),
            ]),
            Block::Framed(vec![Block::Paragraph(
                Style::Body,
                "作廢作廢作廢作廢作廢，作廢".to_owned(),
            )]),
        ];
        assert_eq!(
            printed(blocks, 20),
            "      租金收據\n\
             --------------------\n\
             途徑       現金 Cash\n\
             已繳款額     HK$1.00\n\
             Balance\n\
             \x20       HK$12,345.00\n\
             ====================\n\
             作廢作廢作廢作廢作\n\
             廢，作廢\n\
             ====================\n"
        );
    }

    #[test]
    fn a_table_is_told_cell_by_cell() {
        let columns = ["Date", "Paid"].map(|heading| Column {
            heading: heading.to_owned(),
            cell: Cell::Text,
        });
        let table = Table {
            columns: columns.to_vec(),
            rows: vec![Row {
                style: Style::Body,
                cells: vec!["1 May".to_owned(), String::new()],
            }],
        };
        let printed = printed(vec![Block::Table(table)], 12);
        assert_eq!(printed, "Date   1 May\n");
    }

    proptest::proptest! {
        #[test]
        fn no_line_is_too_wide_and_no_letter_is_lost(
            name in "[a-z 租金（），。1-9]{0,40}",
            value in "[a-z 租金（），。1-9]{0,60}",
            columns in 8_i64..60,
        ) {
            let blocks = vec![
                Block::Pairs(vec![(name.clone(), value.clone())]),
                Block::Title(value.clone()),
                Block::Paragraph(Style::Body, name.clone()),
            ];
            let printed = printed(blocks, columns);
            for line in printed.lines() {
                proptest::prop_assert!(width(line) <= columns, "{:?}", line);
            }
            let letters = |text: &str| {
                text.chars().filter(|letter| !letter.is_whitespace()).collect::<String>()
            };
            let expected = letters(&format!("{name}{value}{value}{name}"));
            proptest::prop_assert_eq!(letters(&printed), expected);
        }
    }
}
