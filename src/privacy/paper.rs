//! The bundle on paper, for the person to read.

use chrono::NaiveDate;

use super::bundle::Bundle;
use crate::kernel::birth_date::BirthDate;
use crate::kernel::clock::hong_kong_date;
use crate::kernel::contact::{Email, Phone};
use crate::kernel::held::Said;
use crate::kernel::hkid::HkidSymbols;
use crate::kernel::identity_document::IdentityDocument;
use crate::kernel::language::Language;
use crate::kernel::person_name::{ChineseName, EnglishName};
use crate::people::{Particulars, PersonField};
use crate::platform::paper::{
    self, Block, Cell, Column, Document, Fonts, PaperError, Row, Style, Table,
};

const LETTERHEAD: Said = [
    "街坊 Kaifong　公共租住房屋租戶服務",
    "街坊 Kaifong　公共租住房屋租户服务",
    "Kaifong 街坊 · Tenant services for public rental housing",
];
const TITLE: Said = [
    "閣下的個人資料",
    "阁下的个人资料",
    "Personal data held on you",
];
const REQUEST: Said = ["查閱資料要求", "查阅资料要求", "Data access request"];
const RECEIVED: Said = ["收到日期", "收到日期", "Received on"];
const MADE: Said = ["複本日期", "复本日期", "Date of this copy"];
const PARTICULARS: Said = ["個人資料", "个人资料", "Particulars"];
const MEMBERSHIPS: Said = ["所屬住戶", "所属住户", "Households"];
const VIEWS: Said = ["誰看過記錄", "谁看过记录", "Who read the record"];
const REQUESTS: Said = ["查閱要求", "查阅要求", "Requests for access"];
const CORRECTIONS: Said = ["改正要求", "改正要求", "Requests for correction"];
const HOUSEHOLD: Said = ["租戶號碼", "租户号码", "Tenant code"];
const ROLE: Said = ["身分", "身份", "Role"];
const FROM: Said = ["由", "由", "From"];
const TO: Said = ["至", "至", "To"];
const DATE: Said = ["日期", "日期", "Date"];
const BY: Said = ["類別", "类别", "Read by"];
const PURPOSE: Said = ["目的", "目的", "Purpose"];
const FIELDS: Said = ["項目", "项目", "Fields"];
const STATE: Said = ["狀況", "状况", "State"];
const CLAIM: Said = ["閣下的陳述", "阁下的陈述", "What you said"];
const NONE: Said = ["沒有記錄。", "没有记录。", "Nothing is on record."];

fn field(field: PersonField) -> Said {
    match field {
        PersonField::NameZh => ["中文姓名", "中文姓名", "Name in Chinese"],
        PersonField::NameEn => ["英文姓名", "英文姓名", "Name in English"],
        PersonField::Document => ["身分證明文件", "身份证明文件", "Identity document"],
        PersonField::Symbols => ["身分證符號", "身份证符号", "Card symbols"],
        PersonField::BirthDate => ["出生日期", "出生日期", "Date of birth"],
        PersonField::Sex => ["性別", "性别", "Sex"],
        PersonField::Phone => ["電話", "电话", "Telephone"],
        PersonField::Email => ["電郵", "电邮", "Email"],
    }
}

/// The bundle as a PDF file.
pub(super) fn pdf(
    bundle: &Bundle,
    language: Language,
    fonts: &Fonts,
) -> Result<Vec<u8>, PaperError> {
    paper::print(&document(bundle, language), fonts)
}

fn document(bundle: &Bundle, language: Language) -> Document {
    let say = |said: Said| language.of(said).to_owned();
    let particulars = PersonField::ALL.iter().filter_map(|one| {
        let value = value(&bundle.particulars, *one)?;
        Some((say(field(*one)), value))
    });
    let mut blocks = vec![
        Block::Paragraph(Style::Strong, say(LETTERHEAD)),
        Block::Rule,
        Block::Title(say(TITLE)),
        Block::Pairs(vec![
            (say(REQUEST), bundle.request.id.to_string()),
            (say(RECEIVED), bundle.request.received_on.to_string()),
            (say(MADE), bundle.made_on.to_string()),
        ]),
        Block::Heading(say(PARTICULARS)),
        Block::Pairs(particulars.collect()),
    ];
    let mut part = |heading: Said, columns: &[Said], rows: Vec<Vec<String>>| {
        blocks.push(Block::Heading(say(heading)));
        blocks.push(if rows.is_empty() {
            Block::Paragraph(Style::Body, say(NONE))
        } else {
            table(columns.iter().copied().map(say).collect(), rows)
        });
    };
    part(
        MEMBERSHIPS,
        &[HOUSEHOLD, FROM, TO, ROLE],
        memberships(bundle),
    );
    part(VIEWS, &[DATE, BY, PURPOSE, FIELDS], views(bundle));
    let requests = bundle.requests.iter();
    let requests = requests.map(|one| vec![one.received_on.to_string(), one.state.to_string()]);
    part(REQUESTS, &[DATE, STATE], requests.collect());
    let corrections = bundle.corrections.iter().map(|one| {
        vec![
            one.request.received_on.to_string(),
            one.request.state.to_string(),
            one.claim.clone().unwrap_or_default(),
        ]
    });
    part(CORRECTIONS, &[DATE, STATE, CLAIM], corrections.collect());
    for held in &bundle.held {
        let columns: Vec<Said> = held.columns.iter().map(|(_, name)| *name).collect();
        let row = |cells: &Vec<Option<String>>| {
            cells
                .iter()
                .cloned()
                .map(Option::unwrap_or_default)
                .collect()
        };
        part(held.heading, &columns, held.rows.iter().map(row).collect());
    }
    Document {
        title: say(TITLE),
        language,
        dated: bundle.made_on,
        footer: format!("{}　{}", say(TITLE), bundle.made_on),
        blocks,
    }
}

/// A table whose last column takes the width that is left.
fn table(headings: Vec<String>, rows: Vec<Vec<String>>) -> Block {
    let last = headings.len().saturating_sub(1);
    let columns = headings
        .into_iter()
        .enumerate()
        .map(|(place, heading)| Column {
            heading,
            cell: if place == last {
                Cell::Prose
            } else {
                Cell::Text
            },
        });
    let rows = rows.into_iter().map(|cells| Row {
        style: Style::Body,
        cells,
    });
    Block::Table(Table {
        columns: columns.collect(),
        rows: rows.collect(),
    })
}

fn memberships(bundle: &Bundle) -> Vec<Vec<String>> {
    let ends = |day: Option<NaiveDate>| day.map(|day| day.to_string()).unwrap_or_default();
    let stays = bundle.memberships.iter().map(|stay| {
        vec![
            stay.household.to_string(),
            stay.starts_on.to_string(),
            ends(stay.ends_on),
            stay.role.to_string(),
        ]
    });
    stays.collect()
}

fn views(bundle: &Bundle) -> Vec<Vec<String>> {
    let views = bundle.views.iter().map(|view| {
        vec![
            hong_kong_date(view.at).to_string(),
            view.by.to_string(),
            view.purpose.clone().unwrap_or_default(),
            view.fields.join(", "),
        ]
    });
    views.collect()
}

/// What is held of `field`, whole.
fn value(known: &Particulars, field: PersonField) -> Option<String> {
    let document = known.document.as_ref();
    match field {
        PersonField::NameZh => known.name.zh().map(ChineseName::reveal).map(str::to_owned),
        PersonField::NameEn => known.name.en().map(EnglishName::reveal).map(str::to_owned),
        PersonField::Document => document.map(IdentityDocument::printed),
        PersonField::Symbols => known
            .symbols
            .as_ref()
            .map(HkidSymbols::reveal)
            .map(str::to_owned),
        PersonField::BirthDate => known
            .birth_date
            .as_ref()
            .map(BirthDate::reveal)
            .map(str::to_owned),
        PersonField::Sex => known.sex.map(|sex| sex.to_string()),
        PersonField::Phone => known.phone.as_ref().map(Phone::reveal).map(str::to_owned),
        PersonField::Email => known.email.as_ref().map(Email::reveal).map(str::to_owned),
    }
}
