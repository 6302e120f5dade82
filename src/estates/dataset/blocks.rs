//! The list of an estate's blocks, one line a block, in three languages.
//!
//! Among the names stand phase headings and remarks, which are no blocks, and lines such as
//! `Block 1 - Block 10`, which are several. Names are paired across languages by their
//! place, and only when a language names as many as English does: a block with another
//! block's Chinese name is worse than a block with none.

use crate::kernel::language::Trilingual;

/// No estate has nearly as many.
pub(super) const MOST_BLOCKS: usize = 300;

/// The lines of one language.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Lines {
    /// The blocks' names.
    pub names: Vec<String>,
    /// How many lines there were, whatever they said.
    pub count: usize,
    /// The headings and remarks.
    pub headings: Vec<String>,
    /// The lines that stood for several blocks.
    pub ranges: Vec<String>,
}

impl Lines {
    /// Reads a plain text (see [`super::text::plain`]).
    pub fn read(text: &str) -> Self {
        let mut read = Self::default();
        for line in text.split('\n').filter(|line| !line.is_empty()) {
            read.count += 1;
            if is_heading(line) {
                read.headings.push(line.to_owned());
            } else if let Some(names) = ranges(line) {
                read.names.extend(names);
                read.ranges.push(line.to_owned());
            } else {
                read.names.push(line.to_owned());
            }
        }
        read
    }
}

/// The blocks that the three languages name together; `en` decides how many.
pub(super) fn pair(en: &Lines, traditional: &Lines, simplified: &Lines) -> Vec<Trilingual> {
    let names = |lines: &Lines| {
        let agree = lines.names.len() == en.names.len();
        if agree {
            lines.names.clone()
        } else {
            Vec::new()
        }
    };
    let mut traditional = names(traditional).into_iter();
    let mut simplified = names(simplified).into_iter();
    en.names
        .iter()
        .map(|en| Trilingual {
            en: en.clone(),
            zh_hant: traditional.next().unwrap_or_default(),
            zh_hans: simplified.next().unwrap_or_default(),
        })
        .collect()
}

/// `(Un Chau Phase 5)`, `Hung Hom Estate (Phase 1)`, `紅磡邨一期`, `Remarks: ...`.
fn is_heading(line: &str) -> bool {
    let bare = line.trim_matches(['(', ')', '（', '）']);
    let remark = ["Remark", "備註", "备注"]
        .iter()
        .any(|word| line.starts_with(word));
    let bracketed = line.starts_with(['(', '（']) && line.ends_with([')', '）']);
    let phase = bare.ends_with('期') || (bare.contains("Estate") && bare.contains("(Phase "));
    remark || bracketed || phase
}

/// The names that a line of one or more ranges stands for. The Simplified Chinese of one
/// estate has two ranges on a line.
fn ranges(line: &str) -> Option<Vec<String>> {
    if let Some(names) = english_range(line) {
        return Some(names);
    }
    let ranges: Option<Vec<Vec<String>>> = line.split(' ').map(chinese_range).collect();
    ranges.map(|names| names.concat())
}

/// `Block 1 - Block 10`.
fn english_range(line: &str) -> Option<Vec<String>> {
    let (first, last) = line.split_once(" - ")?;
    let number = |text: &str| text.strip_prefix("Block ")?.parse().ok();
    let numbers = between(number(first)?, number(last)?)?;
    Some(numbers.map(|number| format!("Block {number}")).collect())
}

/// `第一座至第十座`.
fn chinese_range(text: &str) -> Option<Vec<String>> {
    let (first, last) = text.split_once('至')?;
    let number = |text: &str| numeral(text.strip_prefix('第')?.strip_suffix('座')?);
    let numbers = between(number(first)?, number(last)?)?;
    Some(
        numbers
            .map(|number| format!("第{}座", in_chinese(number)))
            .collect(),
    )
}

/// The numbers from `first` to `last`, when they can be blocks of one estate.
fn between(first: usize, last: usize) -> Option<std::ops::RangeInclusive<usize>> {
    (1 <= first && first < last && last < 100).then_some(first..=last)
}

const DIGITS: [char; 9] = ['一', '二', '三', '四', '五', '六', '七', '八', '九'];

/// A Chinese numeral from 1 to 99. The dataset writes `第I座` for 第一座.
fn numeral(text: &str) -> Option<usize> {
    let digit = |text: &str| {
        let mut letters = text.chars();
        let letter = letters.next().filter(|_| letters.next().is_none())?;
        DIGITS
            .iter()
            .position(|digit| *digit == letter)
            .map(|place| place + 1)
    };
    let Some((tens, ones)) = text.split_once('十') else {
        return if text == "I" { Some(1) } else { digit(text) };
    };
    let tens = if tens.is_empty() { 1 } else { digit(tens)? };
    let ones = if ones.is_empty() { 0 } else { digit(ones)? };
    Some(tens * 10 + ones)
}

/// A number from 1 to 99 in Chinese.
fn in_chinese(number: usize) -> String {
    let digit = |digit: usize| digit.checked_sub(1).and_then(|place| DIGITS.get(place));
    let tens = Some(number / 10).filter(|tens| *tens > 1).and_then(digit);
    let ten = (number >= 10).then_some('十');
    tens.copied()
        .into_iter()
        .chain(ten)
        .chain(digit(number % 10).copied())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Vec<String> {
        Lines::read(text).names
    }

    #[test]
    fn headings_and_remarks_are_no_blocks() {
        for line in [
            "(Un Chau Phase 1 & 3)",
            "元州邨第1及3期",
            "Hung Hom Estate (Phase 1)",
            "紅磡邨一期",
            "(石硤尾第六期)",
            "Remarks: Block C and C2 belong to same block (Man Hong House).",
            "備註: 民康樓(1)及民康樓(2)屬同一大廈。",
            "备注: 民康楼",
        ] {
            assert!(is_heading(line), "{line}");
        }
        for line in [
            "Block C (Man Hong House)",
            "民康樓(1)",
            "On Chai House (non-residential block)",
            "石俊樓 (高座)",
            "Ancillary Facilities Block",
        ] {
            assert!(!is_heading(line), "{line}");
        }
    }

    #[test]
    fn a_range_is_every_block_in_it() {
        assert_eq!(names("Block 1 - Block 10").len(), 10);
        assert_eq!(names("第I座至第十座"), names("第一座至第十座"));
        assert_eq!(
            names("第十九座至第二十二座"),
            ["第十九座", "第二十座", "第二十一座", "第二十二座"]
        );
        let two = names("第十九座至第二十四座 第四十二座至第四十四座");
        assert_eq!(two.len(), 9);
        assert_eq!(names("Block 10 - Block 1"), ["Block 10 - Block 1"]);
        assert_eq!(names("Block 1 - Block 999999999999999999999").len(), 1);
        assert_eq!(names("利福樓 高座"), ["利福樓 高座"]);
    }

    #[test]
    fn chinese_numbers_read_back() {
        for number in 1..100 {
            assert_eq!(numeral(&in_chinese(number)), Some(number));
        }
        for text in ["", "零", "十十", "百", "一二"] {
            assert_eq!(numeral(text), None, "{text}");
        }
    }

    #[test]
    fn languages_that_disagree_are_not_paired() {
        let en = Lines::read("A House\nB House");
        let agree = Lines::read("甲樓\n乙樓");
        let differ = Lines::read("甲楼");
        let blocks = pair(&en, &agree, &differ);
        let chinese: Vec<_> = blocks
            .iter()
            .map(|block| [&block.zh_hant, &block.zh_hans])
            .collect();
        assert_eq!(chinese, [["甲樓", ""], ["乙樓", ""]]);
    }
}
