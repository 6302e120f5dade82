//! Paper for people: A4 documents in Chinese and English, as PDF; slips of a till, as text.
//!
//! * A caller says what a document says ([`Document`], [`Block`]); where it stands on the page
//!   is decided here. Nothing here knows of housing.
//! * Lengths are whole thousandths of a point, measured with the font itself, so that columns
//!   of amounts align; floats live in `ink`, where the PDF library wants them.
//! * The same document in the same fonts is the same bytes: dates come from the caller, and
//!   nothing is random.
//! * No character is dropped: one without a glyph is drawn as the font's box for it, and
//!   [`Fonts::lacks`] names it beforehand.
//! * Read aloud, a document is in the order it was written: every text is tagged with what it
//!   is, and what only decorates a page is left out. A document that meets PDF/UA says so.

mod document;
mod fonts;
mod ink;
mod layout;
mod pages;
mod slip;
mod text;
mod tree;

#[cfg(test)]
pub mod testing;
#[cfg(test)]
mod tests;

use std::path::PathBuf;

pub use document::{Block, Cell, Column, Document, Row, Style, Sum, Table};
pub use fonts::Fonts;
pub use slip::{COLUMNS, slip};

/// Why there is no paper.
#[derive(Debug, thiserror::Error)]
pub enum PaperError {
    /// The file of this name is in none of the usual folders.
    #[error(
        "{0} was not found: install fonts-noto-cjk (Debian, Ubuntu), font-noto-cjk (Alpine) \
         or google-noto-sans-cjk-fonts (Fedora)"
    )]
    NoFont(&'static str),
    #[error("{0} could not be read: {1}")]
    Unreadable(PathBuf, std::io::Error),
    /// The file is there but is not the font it should be.
    #[error("{0} holds no usable face named {1}")]
    NoFace(PathBuf, &'static str),
    #[error("the PDF could not be written: {0}")]
    Unwritable(String),
}

/// The document as a PDF file.
pub fn print(document: &Document, fonts: &Fonts) -> Result<Vec<u8>, PaperError> {
    let faces = fonts.faces(document.language)?;
    let laid = layout::lay_out(document, &faces);
    let pages = pages::paginate(laid.flow, &document.footer, &faces);
    ink::write(document, &pages, &laid.tree, &faces)
}
