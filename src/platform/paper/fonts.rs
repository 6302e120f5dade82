//! The fonts: found by file name, told apart by family name, read once and shared.
//!
//! Noto Sans CJK draws every character of Chinese and English alike; one collection file holds
//! its faces for Hong Kong, the Mainland and elsewhere, in an order that differs by version.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use krilla::text::Font;

use super::PaperError;
use super::text::Faces;
use crate::kernel::language::Language;

const REGULAR: &str = "NotoSansCJK-Regular.ttc";
const BOLD: &str = "NotoSansCJK-Bold.ttc";

/// Where distributions keep fonts, each in a folder of its own naming.
const FOLDERS: [&str; 2] = ["/usr/share/fonts", "/usr/local/share/fonts"];
/// As deep as they nest them.
const DEPTH: u32 = 3;

/// Older collections have no face for Hong Kong; Taiwan's is the nearest.
const TRADITIONAL: [&str; 2] = ["Noto Sans CJK HK", "Noto Sans CJK TC"];
const SIMPLIFIED: [&str; 1] = ["Noto Sans CJK SC"];

/// The loaded fonts; a clone shares them.
#[derive(Clone)]
pub struct Fonts(Arc<Families>);

struct Families {
    traditional: Family,
    simplified: Family,
}

/// The two weights of one design.
pub struct Family {
    pub regular: Face,
    pub bold: Face,
}

/// One face of a collection file.
pub struct Face {
    pub bytes: Arc<Vec<u8>>,
    pub index: u32,
    pub ink: Font,
}

impl std::fmt::Debug for Fonts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Fonts")
    }
}

impl Fonts {
    /// Reads the fonts, some 40 MB: from `folder` if it has them, or else from where the
    /// system keeps fonts.
    pub fn find(folder: Option<&Path>) -> Result<Self, PaperError> {
        let folders: Vec<&Path> = folder
            .into_iter()
            .chain(FOLDERS.iter().map(Path::new))
            .collect();
        let regular = Collection::find(&folders, REGULAR)?;
        let bold = Collection::find(&folders, BOLD)?;
        let family = |names: &'static [&'static str]| {
            Ok::<_, PaperError>(Family {
                regular: regular.face(names)?,
                bold: bold.face(names)?,
            })
        };
        Ok(Self(Arc::new(Families {
            traditional: family(&TRADITIONAL)?,
            simplified: family(&SIMPLIFIED)?,
        })))
    }

    /// The characters of `text` that have no glyph in some face: they will be drawn as boxes.
    #[must_use]
    pub fn lacks(&self, text: &str) -> Vec<char> {
        let faces = Language::ALL.map(|language| self.faces(language));
        let mut lacking: BTreeSet<char> = text.chars().collect();
        // A line break is obeyed, not drawn.
        lacking.remove(&'\n');
        lacking.retain(|character| faces.iter().flatten().any(|face| face.lacks(*character)));
        lacking.into_iter().collect()
    }

    /// What text in `language` is measured and drawn with.
    pub(super) fn faces(&self, language: Language) -> Result<Faces<'_>, PaperError> {
        let family = match language {
            Language::ZhHk | Language::En => &self.0.traditional,
            Language::ZhCn => &self.0.simplified,
        };
        Faces::of(family)
    }
}

/// A collection file.
struct Collection {
    path: PathBuf,
    bytes: Arc<Vec<u8>>,
}

impl Collection {
    fn find(folders: &[&Path], file: &'static str) -> Result<Self, PaperError> {
        let found = folders
            .iter()
            .find_map(|folder| find_file(folder, file, DEPTH));
        let path = found.ok_or(PaperError::NoFont(file))?;
        match fs::read(&path) {
            Ok(bytes) => Ok(Self {
                path,
                bytes: Arc::new(bytes),
            }),
            Err(error) => Err(PaperError::Unreadable(path, error)),
        }
    }

    /// The face of the first of these families that there is.
    fn face(&self, families: &'static [&'static str]) -> Result<Face, PaperError> {
        let count = ttf_parser::fonts_in_collection(&self.bytes).unwrap_or(1);
        let index = families.iter().find_map(|family| {
            (0..count).find(|index| {
                ttf_parser::Face::parse(&self.bytes, *index)
                    .is_ok_and(|face| is_of_family(&face, family))
            })
        });
        let face = index.and_then(|index| {
            Some(Face {
                bytes: Arc::clone(&self.bytes),
                index,
                ink: Font::new(Arc::clone(&self.bytes).into(), index)?,
            })
        });
        let first = families.first().copied().unwrap_or_default();
        face.ok_or_else(|| PaperError::NoFace(self.path.clone(), first))
    }
}

fn is_of_family(face: &ttf_parser::Face<'_>, family: &str) -> bool {
    face.names().into_iter().any(|name| {
        name.name_id == ttf_parser::name_id::FAMILY && name.to_string().as_deref() == Some(family)
    })
}

/// The file in `folder` or below it; the first by name, so that the answer is always the same.
fn find_file(folder: &Path, file: &str, depth: u32) -> Option<PathBuf> {
    let here = folder.join(file);
    if here.is_file() {
        return Some(here);
    }
    let deeper = depth.checked_sub(1)?;
    let entries = fs::read_dir(folder).ok()?;
    let mut below: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.is_dir())
        .collect();
    below.sort();
    below.iter().find_map(|path| find_file(path, file, deeper))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_or_foreign_file_is_an_error_with_its_name() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/platform/paper");
        let missing = Collection::find(&[&folder], REGULAR);
        assert!(matches!(missing, Err(PaperError::NoFont(REGULAR))));
        let foreign = Collection::find(&[&folder], "fonts.rs").unwrap();
        let face = foreign.face(&SIMPLIFIED);
        assert!(matches!(
            face,
            Err(PaperError::NoFace(_, "Noto Sans CJK SC"))
        ));
    }

    #[test]
    fn each_chinese_has_its_own_glyphs() {
        let fonts = crate::platform::paper::testing::fonts();
        let family = |language| fonts.faces(language).unwrap().regular.glyphs("骨");
        assert_ne!(family(Language::ZhHk), family(Language::ZhCn));
        assert_eq!(family(Language::ZhHk), family(Language::En));
    }
}
