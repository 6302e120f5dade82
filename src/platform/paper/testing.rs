//! For tests: the installed fonts, and what a reader finds in a file.

use std::sync::OnceLock;

use lopdf::Document;

use super::Fonts;

/// The installed fonts, read once for all tests.
pub(crate) fn fonts() -> &'static Fonts {
    static FONTS: OnceLock<Fonts> = OnceLock::new();
    FONTS.get_or_init(|| Fonts::find(None).expect("./dev installs them"))
}

/// The texts of each page, in the order in which they are drawn.
pub(crate) fn read(file: &[u8]) -> Vec<Vec<String>> {
    let file = Document::load_mem(file).unwrap();
    let pages = file.get_pages().into_keys();
    let texts = |page| {
        let text = file.extract_text(&[page]).unwrap();
        text.lines()
            .map(|line| line.trim_end().to_owned())
            .collect()
    };
    pages.map(texts).collect()
}

/// An entry of the file's catalogue, as PDF writes it.
pub(crate) fn catalogue(file: &[u8], key: &[u8]) -> String {
    let file = Document::load_mem(file).unwrap();
    let entry = file.catalog().unwrap().get(key);
    entry.map_or(String::new(), |entry| format!("{entry:?}"))
}
