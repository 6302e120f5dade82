//! Text measured and broken into lines.
//!
//! A line breaks after a space and on either side of a Chinese character, but never before a
//! closing mark nor after an opening one. A word wider than the line breaks where it must. A
//! glyph stands for a character, at its own width: Chinese and English need no shaping, and
//! what is measured is what is drawn.

use std::ops::Range;

use krilla::text::Font;
use ttf_parser::GlyphId;

use super::PaperError;
use super::document::Style;
use super::fonts::{self, Family};

/// A length: thousandths of a point.
pub type Length = i64;

/// `number` points.
pub const fn points(number: Length) -> Length {
    number * 1000
}

impl Style {
    /// The height of a Chinese character, in points.
    pub fn size(self) -> i16 {
        match self {
            Self::Title => 22,
            Self::Large => 18,
            Self::Heading => 13,
            Self::Body | Self::Strong => 10,
            Self::Small => 8,
        }
    }

    pub fn is_bold(self) -> bool {
        match self {
            Self::Title | Self::Large | Self::Heading | Self::Strong => true,
            Self::Body | Self::Small => false,
        }
    }

    /// From one line to the next.
    pub fn line_height(self) -> Length {
        Length::from(self.size()) * 1500
    }

    /// From the top of a line to what its letters stand on: the line's space is shared above
    /// and below, and the characters of the font reach 0.12 of their height below the line.
    pub fn baseline(self) -> Length {
        let size = Length::from(self.size()) * 1000;
        (self.line_height() - size) / 2 + size * 88 / 100
    }
}

/// The two weights, ready to measure with.
pub struct Faces<'f> {
    pub regular: Face<'f>,
    pub bold: Face<'f>,
}

/// A face, ready to measure with.
pub struct Face<'f> {
    parsed: ttf_parser::Face<'f>,
    pub ink: &'f Font,
}

/// How a character is drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Glyph {
    pub id: u16,
    /// In the face's units.
    pub advance: u16,
    /// Its bytes of the text.
    pub range: Range<usize>,
}

impl<'f> Faces<'f> {
    pub fn of(family: &'f Family) -> Result<Self, PaperError> {
        Ok(Self {
            regular: Face::of(&family.regular)?,
            bold: Face::of(&family.bold)?,
        })
    }

    pub fn get(&self, style: Style) -> &Face<'f> {
        if style.is_bold() {
            &self.bold
        } else {
            &self.regular
        }
    }

    /// How wide `text` is on one line.
    pub fn width(&self, text: &str, style: Style) -> Length {
        let face = self.get(style);
        text.chars().map(|letter| face.width(letter, style)).sum()
    }

    /// The lines of `text` that fit in `width`.
    pub fn wrap<'t>(&self, text: &'t str, style: Style, width: Length) -> Vec<&'t str> {
        let face = self.get(style);
        wrap(text, width, |letter| face.width(letter, style))
    }

    pub fn lacks(&self, letter: char) -> bool {
        [&self.regular, &self.bold]
            .iter()
            .any(|face| face.parsed.glyph_index(letter).is_none())
    }
}

impl<'f> Face<'f> {
    fn of(face: &'f fonts::Face) -> Result<Self, PaperError> {
        let parsed = ttf_parser::Face::parse(&face.bytes, face.index)
            .map_err(|error| PaperError::Unwritable(error.to_string()))?;
        Ok(Self {
            parsed,
            ink: &face.ink,
        })
    }

    /// How many of the face's units make the height of a character.
    pub fn units(&self) -> u16 {
        self.parsed.units_per_em().max(1)
    }

    fn width(&self, letter: char, style: Style) -> Length {
        let advance = Length::from(self.glyph(letter).1);
        advance * Length::from(style.size()) * 1000 / Length::from(self.units())
    }

    /// Glyph 0 is the face's box for what it lacks.
    fn glyph(&self, letter: char) -> (u16, u16) {
        let id = self.parsed.glyph_index(letter).unwrap_or(GlyphId(0));
        (id.0, self.parsed.glyph_hor_advance(id).unwrap_or_default())
    }

    pub fn glyphs(&self, text: &str) -> Vec<Glyph> {
        text.char_indices()
            .map(|(start, letter)| {
                let (id, advance) = self.glyph(letter);
                let range = start..start + letter.len_utf8();
                Glyph { id, advance, range }
            })
            .collect()
    }
}

/// The lines of `text` that fit in `width`, by the width of a letter.
///
/// The spaces at which a line breaks stay at its end, beyond the width if need be: one who
/// copies the text or hears it gets them.
pub fn wrap(text: &str, width: Length, of: impl Fn(char) -> Length) -> Vec<&str> {
    text.split('\n')
        .flat_map(|paragraph| wrap_paragraph(paragraph, width, &of))
        .collect()
}

fn wrap_paragraph(text: &str, width: Length, of: impl Fn(char) -> Length) -> Vec<&str> {
    let mut lines = Vec::new();
    let (mut start, mut chance) = (0, None);
    let (mut used, mut since_chance) = (0, 0);
    let mut before = None;
    for (place, letter) in text.char_indices() {
        if before.is_some_and(|before| may_break(before, letter)) {
            (chance, since_chance) = (Some(place), 0);
        }
        before = Some(letter);
        let letter_width = of(letter);
        while letter != ' ' && used + letter_width > width && place > start {
            let end = chance.unwrap_or(place);
            used = if chance.is_some() { since_chance } else { 0 };
            lines.extend(text.get(start..end));
            (start, chance) = (end, None);
        }
        used += letter_width;
        since_chance += letter_width;
    }
    lines.extend(text.get(start..));
    lines
}

/// Whether a line may end with `before` and the next start with `after`.
fn may_break(before: char, after: char) -> bool {
    const OPENING: &str = "（「『【《〈［｛“‘([{";
    const CLOSING: &str = "，。、；：？！）」』】》〉］｝”’…—～·),.;:?!]}%";
    if after == ' ' {
        return false;
    }
    before == ' '
        || (is_chinese(before) || is_chinese(after))
            && !OPENING.contains(before)
            && !CLOSING.contains(after)
}

/// Chinese characters and their punctuation: written without spaces.
fn is_chinese(letter: char) -> bool {
    matches!(letter,
        '\u{2E80}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' | '\u{FE30}'..='\u{FE4F}'
        | '\u{FF00}'..='\u{FFEF}' | '\u{20000}'..='\u{3FFFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Chinese is two wide, all else one.
    fn lines(text: &str, width: Length) -> Vec<&str> {
        wrap(text, width, |letter| 1 + Length::from(is_chinese(letter)))
    }

    #[test]
    fn english_breaks_at_spaces_and_keeps_them() {
        assert_eq!(lines("rent is due", 7), ["rent is ", "due"]);
        assert_eq!(lines("rent is due", 6), ["rent ", "is due"]);
        assert_eq!(lines("rent   is", 4), ["rent   ", "is"]);
        assert_eq!(lines("", 4), [""]);
        assert_eq!(lines("a\nb", 4), ["a", "b"]);
    }

    #[test]
    fn chinese_breaks_anywhere_but_not_at_a_mark() {
        assert_eq!(lines("租金援助計劃", 8), ["租金援助", "計劃"]);
        assert_eq!(lines("租金援助，計劃", 8), ["租金援", "助，計劃"]);
        assert_eq!(lines("租金（援助）", 6), ["租金", "（援", "助）"]);
    }

    #[test]
    fn a_word_among_chinese_stays_whole_unless_it_is_too_long() {
        assert_eq!(lines("租金HK$100元", 8), ["租金", "HK$100元"]);
        assert_eq!(lines("extraordinary", 5), ["extra", "ordin", "ary"]);
        assert_eq!(
            lines("an extraordinary", 5),
            ["an ", "extra", "ordin", "ary"]
        );
    }

    proptest::proptest! {
        #[test]
        fn no_letter_is_lost_and_no_line_is_too_wide(
            text in "[a-z 租金（），。1-9]{0,60}",
            width in 4_i64..20,
        ) {
            let lines = lines(&text, width);
            proptest::prop_assert_eq!(lines.concat(), text.as_str());
            for line in lines {
                let wide: Length = line.trim_end().chars()
                    .map(|letter| 1 + Length::from(is_chinese(letter))).sum();
                proptest::prop_assert!(wide <= width, "{:?}", line);
            }
        }
    }
}
