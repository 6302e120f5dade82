//! Documents laid out, and printed and read back.

use chrono::NaiveDate;

use super::layout::{self, Ink, MARGIN, PAGE_HEIGHT};
use super::pages::{Page, paginate};
use super::testing::{catalogue, fonts, read};
use super::{Block, Cell, Column, Document, Fonts, PaperError, Row, Style, Sum, Table, print};
use crate::kernel::language::Language;

fn document(language: Language, blocks: Vec<Block>) -> Document {
    Document {
        title: "A title".to_owned(),
        language,
        dated: NaiveDate::from_ymd_opt(2026, 11, 20).unwrap(),
        footer: "A footer".to_owned(),
        blocks,
    }
}

fn paragraph(text: &str) -> Block {
    Block::Paragraph(Style::Body, text.to_owned())
}

fn strings<const N: usize>(texts: [&str; N]) -> Vec<String> {
    texts.map(str::to_owned).to_vec()
}

fn table(rows: usize) -> Block {
    let column = |heading: &str, cell| Column {
        heading: heading.to_owned(),
        cell,
    };
    Block::Table(Table {
        columns: vec![
            column("Name", Cell::Text),
            column("What", Cell::Prose),
            column("Owed", Cell::Amount),
        ],
        rows: (0..rows)
            .map(|number| Row {
                style: Style::Body,
                cells: vec![
                    format!("Row {number}"),
                    "租金".to_owned(),
                    format!("HK${number}.00{}", if number % 3 == 0 { " CR" } else { "" }),
                ],
            })
            .collect(),
    })
}

fn pages(blocks: Vec<Block>) -> Vec<Page> {
    let document = document(Language::ZhHk, blocks);
    let faces = fonts().faces(document.language).unwrap();
    let laid = layout::lay_out(&document, &faces);
    paginate(laid.flow, &document.footer, &faces)
}

/// The texts of a page with where they start and how far down.
fn texts(page: &Page) -> Vec<(&str, i64, i64)> {
    page.iter()
        .filter_map(|mark| match &mark.ink {
            Ink::Text(text, ..) => Some((text.as_str(), mark.left, mark.top)),
            Ink::Rule(..) | Ink::Frame(..) => None,
        })
        .collect()
}

#[test]
fn what_is_printed_is_read_back_in_its_order_in_every_language() {
    let blocks = vec![
        Block::Title("租金結單 Statement".to_owned()),
        Block::Pairs(vec![("屋邨".to_owned(), "彩虹邨".to_owned())]),
        Block::Heading("帳目".to_owned()),
        table(2),
        Block::Framed(vec![Block::Sums(vec![Sum {
            style: Style::Large,
            label: "Amount due".to_owned(),
            amount: "HK$1,234.50 CR".to_owned(),
            note: Some("Source: 房委會".to_owned()),
        }])]),
    ];
    for language in Language::ALL {
        let file = print(&document(language, blocks.clone()), fonts()).unwrap();
        #[rustfmt::skip]
        let wanted = strings([
            "租金結單 Statement", "屋邨", "彩虹邨", "帳目", "Name", "What", "Owed",
            "Row 0", "租金", "HK$0.00 CR", "Row 1", "租金", "HK$1.00",
            "Amount due", "Source: 房委會", "HK$1,234.50 CR", "A footer", "1 / 1",
        ]);
        assert_eq!(read(&file), [wanted]);
        assert!(catalogue(&file, b"Lang").contains(language.tag()));
        assert!(catalogue(&file, b"MarkInfo").contains("Marked"));
        assert!(says_accessible(&file));
        assert!(file.len() < 60_000, "{} bytes", file.len());
    }
}

fn says_accessible(file: &[u8]) -> bool {
    let claim = b"pdfuaid:part";
    file.windows(claim.len()).any(|bytes| bytes == claim)
}

#[test]
fn the_same_document_is_the_same_bytes() {
    let document = document(Language::ZhCn, vec![paragraph("租金"), table(90)]);
    let file = print(&document, fonts()).unwrap();
    assert_eq!(file, print(&document, &Fonts::find(None).unwrap()).unwrap());
}

#[test]
fn a_character_without_a_glyph_is_named_and_drawn_as_a_box() {
    let text = "彩虹邨\n\u{1F600}𨋢";
    assert_eq!(fonts().lacks("彩虹邨 Choi Hung 𨋢"), Vec::<char>::new());
    assert_eq!(fonts().lacks(text), ['\u{1F600}']);
    let file = print(&document(Language::ZhHk, vec![paragraph(text)]), fonts()).unwrap();
    // The box is not text that can be read aloud: the claim is dropped, the paper is not.
    assert!(!says_accessible(&file));
    assert!(read(&file)[0][0].starts_with("彩虹邨"));
}

#[test]
fn a_long_table_has_its_headings_on_every_page() {
    let pages = pages(vec![Block::Title("Long".to_owned()), table(100)]);
    assert!(pages.len() > 2);
    let mut rows = 0;
    for (number, page) in pages.iter().enumerate() {
        let texts = texts(page);
        let first = usize::from(number == 0);
        let heads: Vec<_> = texts[first..first + 3].iter().map(|text| text.0).collect();
        assert_eq!(heads, ["Name", "What", "Owed"]);
        rows += texts
            .iter()
            .filter(|text| text.0.starts_with("Row"))
            .count();
        let number = format!("{} / {}", number + 1, pages.len());
        assert_eq!(texts.last().unwrap().0, number);
        let (foot, body) = texts.split_last().unwrap();
        assert!(
            body[..body.len() - 1]
                .iter()
                .all(|text| text.2 < foot.2 - 10_000)
        );
    }
    assert_eq!(rows, 100);
}

#[test]
fn last_digits_stand_under_last_digits() {
    let pages = pages(vec![table(30)]);
    let faces = fonts().faces(Language::ZhHk).unwrap();
    let ends: Vec<i64> = texts(&pages[0])
        .iter()
        .filter(|text| text.0.starts_with("HK$"))
        .map(|(text, left, _)| left + faces.width(text.trim_end_matches(" CR"), Style::Body))
        .collect();
    assert_eq!(ends.len(), 30);
    assert!(ends.iter().all(|end| *end == ends[0]), "{ends:?}");
}

#[test]
fn no_text_runs_over_another_or_off_the_page() {
    let long = "Rent Assistance 租金援助，".repeat(40);
    let pages = pages(vec![
        paragraph(&long),
        Block::Pairs(vec![(long.clone(), long.clone())]),
        Block::Sums(vec![Sum {
            style: Style::Strong,
            label: long.clone(),
            amount: "HK$9,999,999,999.99".to_owned(),
            note: Some(long),
        }]),
        table(20),
    ]);
    let faces = fonts().faces(Language::ZhHk).unwrap();
    for page in &pages {
        let mut boxes: Vec<[i64; 4]> = Vec::new();
        for mark in page {
            if let Ink::Text(text, style, _) = &mark.ink {
                let right = mark.left + faces.width(text.trim_end(), *style);
                assert!(
                    mark.left >= MARGIN && right <= layout::PAGE_WIDTH - MARGIN,
                    "{text}"
                );
                let (top, bottom) = (mark.top - i64::from(style.size()) * 880, mark.top + 1000);
                assert!(top >= MARGIN && bottom < PAGE_HEIGHT);
                for other in &boxes {
                    let apart = right <= other[0]
                        || other[2] <= mark.left
                        || bottom <= other[1]
                        || other[3] <= top;
                    assert!(apart, "{text}");
                }
                boxes.push([mark.left, top, right, bottom]);
            }
        }
    }
}

#[test]
fn a_frame_stays_whole_if_it_can() {
    let sums = |count| {
        let sum = |number| Sum {
            style: Style::Body,
            label: format!("Sum {number}"),
            amount: "HK$1.00".to_owned(),
            note: None,
        };
        Block::Framed(vec![Block::Sums((0..count).map(sum).collect())])
    };
    let frames = |page: &Page| {
        page.iter()
            .filter(|mark| matches!(mark.ink, Ink::Frame(..)))
            .count()
    };

    let whole = pages(vec![table(25), sums(10)]);
    assert_eq!(whole.iter().map(frames).collect::<Vec<_>>(), [0, 1]);
    let divided = pages(vec![table(3), sums(80)]);
    let count = divided.iter().map(frames).collect::<Vec<_>>();
    assert_eq!((count[0], count[1]), (0, 1));
    assert!(count.len() > 2 && count[1..].iter().all(|frames| *frames == 1));
}

#[test]
fn a_machine_without_the_fonts_is_told_what_to_install() {
    let error = PaperError::NoFont("NotoSansCJK-Regular.ttc").to_string();
    assert!(error.contains("fonts-noto-cjk"), "{error}");
}
