//! The texts, in three languages. Each takes what it tells as typed values.
//!
//! A text message has no link in it, and no text asks for anything personal: who gets one that
//! does knows that it is not ours. An account is told by the end of its tenant code.

mod autopay;
mod payment;
mod reminder;
#[cfg(test)]
mod tests;

use chrono::{Datelike, NaiveDate};

use super::news::News;
use crate::kernel::language::Language;
use crate::kernel::tenant_code::TenantCode;
use crate::rent::Words;

/// What is said of one piece of news in one language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Texts {
    /// Of an e-mail, and above what is shown in the app. No amounts: it is seen by passers-by.
    pub subject: String,
    /// In a text message and in the app.
    pub short: String,
    /// In an e-mail, but for how it begins and ends.
    pub letter: String,
}

/// What is said of `news` to household `code`.
#[must_use]
pub fn texts(news: &News, code: TenantCode, language: Language) -> Texts {
    let tail = tail(code);
    match news {
        News::PaymentReceived { event, standing } => {
            payment::received(event, *standing, &tail, language)
        }
        News::PaymentVoided { event, standing } => {
            payment::voided(event, *standing, &tail, language)
        }
        News::AutopayRefused { event } => autopay::refused(event, &tail, language),
        News::AutopaySuspended { event } => autopay::suspended(event, &tail, language),
        News::RentDue { month, due, pay_by } => {
            reminder::due((*month, *due, *pay_by), &tail, language)
        }
    }
}

/// A text message, in each of `languages`.
#[must_use]
pub fn short(news: &News, code: TenantCode, languages: &[Language]) -> String {
    let said = |language: &Language| texts(news, code, *language).short;
    joined(languages.iter().map(said), "\n")
}

/// The subject of an e-mail, in each of `languages`.
#[must_use]
pub fn subject(news: &News, code: TenantCode, languages: &[Language]) -> String {
    let said = |language: &Language| texts(news, code, *language).subject;
    joined(languages.iter().map(said), " ")
}

/// The text of an e-mail, in each of `languages`.
#[must_use]
pub fn letter(news: &News, code: TenantCode, languages: &[Language]) -> String {
    let said = |language: &Language| {
        let [greeting, closing] = around(*language);
        let letter = texts(news, code, *language).letter;
        format!("{greeting}\n\n{letter}\n\n{closing}\n")
    };
    joined(languages.iter().map(said), "\n----\n\n")
}

fn joined(parts: impl Iterator<Item = String>, between: &str) -> String {
    parts.collect::<Vec<_>>().join(between)
}

/// How a letter begins and ends.
fn around(language: Language) -> [&'static str; 2] {
    language.of([
        [
            "租戶：",
            "這是系統發出的電郵，請勿回覆。我們不會以電郵或短訊索取密碼或個人資料。如有查詢，請聯絡屋邨辦事處。\n街坊 Kaifong",
        ],
        [
            "租户：",
            "这是系统发出的电邮，请勿回复。我们不会以电邮或短信索取密码或个人资料。如有查询，请联络屋邨办事处。\n街坊 Kaifong",
        ],
        [
            "Dear tenant,",
            "This e-mail was sent by a computer: please do not reply. We never ask for passwords or personal \
             data by e-mail or text message. Please ask your estate office if anything is unclear.\nKaifong 街坊",
        ],
    ])
}

/// The end of a tenant code: enough to tell one's own from a relative's.
fn tail(code: TenantCode) -> String {
    let code = code.to_string();
    code.get(code.len().saturating_sub(4)..)
        .unwrap_or_default()
        .to_owned()
}

/// A date without its year: `11月20日`, `20 Nov`.
fn brief(date: NaiveDate, language: Language) -> String {
    match language {
        Language::ZhHk | Language::ZhCn => format!("{}月{}日", date.month(), date.day()),
        Language::En => {
            let whole = Words(language).day(date);
            let mut parts = whole.split(' ');
            let (day, month) = (
                parts.next().unwrap_or_default(),
                parts.next().unwrap_or_default(),
            );
            format!("{day} {}", month.get(..3).unwrap_or(month))
        }
    }
}
