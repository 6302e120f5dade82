//! What a document says, without where it stands.

use chrono::NaiveDate;

use crate::kernel::language::Language;

/// A document to print.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    pub title: String,
    /// Chooses the glyphs (a Chinese character is drawn differently in Hong Kong) and the voice
    /// that reads it aloud.
    pub language: Language,
    /// The date in its metadata.
    pub dated: NaiveDate,
    /// Stands at the foot of every page, beside the page number.
    pub footer: String,
    pub blocks: Vec<Block>,
}

/// A part of a document; each starts on a new line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Block {
    /// The document's own heading.
    Title(String),
    Heading(String),
    Paragraph(Style, String),
    /// Names and what they stand for.
    Pairs(Vec<(String, String)>),
    Table(Table),
    /// Amounts one under the other, each with what it is.
    Sums(Vec<Sum>),
    /// A line across.
    Rule,
    /// Blocks in a frame, kept on one page if they fit on one.
    Framed(Vec<Block>),
}

/// How a text looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    Title,
    Heading,
    Body,
    Strong,
    Small,
    /// What must not be overlooked.
    Large,
}

/// Rows under headings that every page repeats.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    pub columns: Vec<Column>,
    pub rows: Vec<Row>,
}

/// A column of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    pub heading: String,
    pub cell: Cell,
}

/// How a column's cells stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cell {
    /// From the left, as wide as the widest.
    Text,
    /// From the left, in what width is left over.
    Prose,
    /// Last digit under last digit; words after it hang on the right.
    Amount,
}

/// A row of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    pub style: Style,
    /// One for each column; a missing one is empty.
    pub cells: Vec<String>,
}

/// An amount and what it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sum {
    pub style: Style,
    pub label: String,
    pub amount: String,
    /// Small print under the label.
    pub note: Option<String>,
}
