//! What an FPS payer scans (轉數快二維碼): the text of an `EMVCo` merchant-presented QR code, as
//! the Common QR Code Specification for Retail Payments in Hong Kong has it.
//!
//! * We write one form only: objects in the order of their ids, the amount with two places, the
//!   checksum with all its four digits.
//! * We read what others write: objects in any order, ids that we do not know, amounts without
//!   places, small letters in the checksum. What cannot be right is refused, and where.
//!
//! Source: `EMVCo` QRCPS-MPM 1.1; HKMA/HKICL Payee-presented QR Code Specification for FPS 1.2
//! as open implementations have it.

mod objects;

use std::fmt;

use chrono::NaiveDateTime;
use crc::{CRC_16_IBM_3740, Crc};

use crate::kernel::money::Money;
use objects::{Object, objects, put};

/// CRC-16/CCITT-FALSE, as its catalogue names it today.
const CHECKSUM: Crc<u16> = Crc::<u16>::new(&CRC_16_IBM_3740);
const FPS: &str = "hk.com.hkicl";
const HKD: &str = "344";
/// An expiry, in Hong Kong's time.
const EXPIRY: &str = "%Y%m%d%H%M%S";

/// Whom an FPS code pays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Payee {
    /// By FPS identifier: seven to ten digits.
    FpsId(String),
    /// By mobile number, `+852-91234567`, with the participant's three digits when it names one.
    Mobile(String, Option<String>),
    /// By e-mail address.
    Email(String, Option<String>),
}

/// An FPS code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FpsCode {
    pub payee: Payee,
    /// Made for one payment; else it may be scanned again and again.
    pub is_dynamic: bool,
    /// Hong Kong time after which banks refuse it.
    pub expires_at: Option<NaiveDateTime>,
    /// What to pay; the payer types it when absent.
    pub amount: Option<Money>,
    /// Whether the payer may change the amount.
    pub amount_editable: bool,
    pub merchant: String,
    pub bill_number: Option<String>,
    pub reference: Option<String>,
}

/// Why a text is no FPS code, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("at character {at}: expected {expected}")]
pub struct Unreadable {
    /// Counted from 1.
    pub at: usize,
    pub expected: &'static str,
}

impl Unreadable {
    fn new(at: usize, expected: &'static str) -> Self {
        Self { at, expected }
    }
}

/// The text of the code.
impl fmt::Display for FpsCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut payload = String::new();
        put(&mut payload, 0, "01");
        put(&mut payload, 1, if self.is_dynamic { "12" } else { "11" });
        put(&mut payload, 26, &self.account());
        put(&mut payload, 52, "0000");
        put(&mut payload, 53, HKD);
        if let Some(amount) = self.amount {
            put(&mut payload, 54, &amount.to_string());
        }
        put(&mut payload, 58, "HK");
        put(&mut payload, 59, &self.merchant);
        put(&mut payload, 60, "HK");
        let mut additional = String::new();
        if let Some(number) = &self.bill_number {
            put(&mut additional, 1, number);
        }
        if let Some(reference) = &self.reference {
            put(&mut additional, 5, reference);
        }
        if !additional.is_empty() {
            put(&mut payload, 62, &additional);
        }
        payload.push_str("6304");
        write!(f, "{payload}{:04X}", CHECKSUM.checksum(payload.as_bytes()))
    }
}

impl FpsCode {
    fn account(&self) -> String {
        let mut account = String::new();
        put(&mut account, 0, FPS);
        let (id, proxy, participant) = match &self.payee {
            Payee::FpsId(id) => (2, id, &None),
            Payee::Mobile(number, participant) => (3, number, participant),
            Payee::Email(address, participant) => (4, address, participant),
        };
        if let Some(participant) = participant {
            put(&mut account, 1, participant);
        }
        put(&mut account, id, proxy);
        if let Some(until) = self.expires_at {
            put(&mut account, 5, &until.format(EXPIRY).to_string());
        }
        if self.amount_editable {
            put(&mut account, 6, "1");
        }
        account
    }

    /// The code that `text` is, whoever wrote it.
    pub fn read(text: &str) -> Result<Self, Unreadable> {
        let text = text.trim();
        let all = Objects(objects(text, 1)?, text.chars().count() + 1);
        checked(text, &all)?;
        all.one_of(0, &["01"], "01, the version of the payload")?;
        let is_dynamic = match all.get(1) {
            Some(Object { value: "12", .. }) => true,
            None | Some(Object { value: "11", .. }) => false,
            Some(other) => return Err(Unreadable::new(other.at, "11 or 12")),
        };
        all.one_of(53, &[HKD], "344, the Hong Kong dollar")?;
        all.one_of(58, &["HK"], "HK, the country")?;
        let account = all.need(26, "an FPS account (26)")?;
        let account = Objects(objects(account.value, account.at)?, account.end());
        account.one_of(0, &[FPS], "hk.com.hkicl")?;
        let additional = match all.get(62) {
            Some(object) => Objects(objects(object.value, object.at)?, object.end()),
            None => Objects(Vec::new(), 0),
        };
        let words = |object: Option<&Object<'_>>| object.map(|object| object.value.to_owned());
        Ok(Self {
            payee: payee(&account)?,
            is_dynamic,
            expires_at: account.get(5).map(expiry).transpose()?,
            amount: all.get(54).map(amount).transpose()?,
            amount_editable: match account.get(6) {
                None | Some(Object { value: "0", .. }) => false,
                Some(Object { value: "1", .. }) => true,
                Some(other) => return Err(Unreadable::new(other.at, "0 or 1")),
            },
            merchant: all.need(59, "a merchant's name (59)")?.value.to_owned(),
            bill_number: words(additional.get(1)),
            reference: words(additional.get(5)),
        })
    }
}

/// Data objects by id, and where they end.
struct Objects<'a>(Vec<Object<'a>>, usize);

impl<'a> Objects<'a> {
    fn get(&self, id: u8) -> Option<&Object<'a>> {
        self.0.iter().find(|object| object.id == id)
    }

    fn need(&self, id: u8, expected: &'static str) -> Result<&Object<'a>, Unreadable> {
        self.get(id).ok_or(Unreadable::new(self.1, expected))
    }

    fn one_of(&self, id: u8, words: &[&str], expected: &'static str) -> Result<(), Unreadable> {
        let object = self.need(id, expected)?;
        if words.contains(&object.value) {
            Ok(())
        } else {
            Err(Unreadable::new(object.at, expected))
        }
    }
}

impl Object<'_> {
    fn end(&self) -> usize {
        self.at + self.value.chars().count()
    }
}

/// Refuses a text that does not end in its own checksum.
fn checked(text: &str, all: &Objects<'_>) -> Result<(), Unreadable> {
    let last = all.0.last().filter(|object| object.id == 63);
    let last = last.ok_or(Unreadable::new(all.1, "a checksum (63) at the end"))?;
    let before = text.strip_suffix(last.value).unwrap_or(text);
    let sum = format!("{:04X}", CHECKSUM.checksum(before.as_bytes()));
    if last.value.eq_ignore_ascii_case(&sum) {
        Ok(())
    } else {
        Err(Unreadable::new(
            last.at,
            "the checksum of what is before it",
        ))
    }
}

fn payee(account: &Objects<'_>) -> Result<Payee, Unreadable> {
    let participant = match account.get(1) {
        Some(object) if !is_digits(object.value, 3..=3) => {
            return Err(Unreadable::new(object.at, "three digits of a participant"));
        }
        object => object.map(|object| object.value.to_owned()),
    };
    let proxies = [2, 3, 4].map(|id| account.get(id));
    match proxies {
        [Some(id), None, None] if is_digits(id.value, 7..=10) => {
            Ok(Payee::FpsId(id.value.to_owned()))
        }
        [Some(id), None, None] => Err(Unreadable::new(id.at, "seven to ten digits of an FPS id")),
        [None, Some(mobile), None] if is_mobile(mobile.value) => {
            Ok(Payee::Mobile(mobile.value.to_owned(), participant))
        }
        [None, Some(mobile), None] => {
            Err(Unreadable::new(mobile.at, "a number such as +852-91234567"))
        }
        [None, None, Some(email)] if is_address(email.value) => {
            Ok(Payee::Email(email.value.to_owned(), participant))
        }
        [None, None, Some(email)] => Err(Unreadable::new(email.at, "an e-mail address")),
        _ => Err(Unreadable::new(
            account.1,
            "one of FPS id, mobile number and e-mail address",
        )),
    }
}

fn is_digits(text: &str, length: std::ops::RangeInclusive<usize>) -> bool {
    length.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_mobile(text: &str) -> bool {
    let (Some((country, number)), true) = (text.split_once('-'), text.len() <= 34) else {
        return false;
    };
    let country = country.strip_prefix('+').unwrap_or_default();
    is_digits(country, 1..=3) && is_digits(number, 4..=15)
}

fn is_address(text: &str) -> bool {
    let halves = text.split_once('@');
    text.len() <= 34 && halves.is_some_and(|(name, host)| !name.is_empty() && !host.is_empty())
}

fn expiry(object: &Object<'_>) -> Result<NaiveDateTime, Unreadable> {
    let digits = is_digits(object.value, 14..=14).then_some(object.value);
    digits
        .and_then(|digits| NaiveDateTime::parse_from_str(digits, EXPIRY).ok())
        .ok_or(Unreadable::new(object.at, "a time such as 20261130235959"))
}

fn amount(object: &Object<'_>) -> Result<Money, Unreadable> {
    let (_, places) = object.value.split_once('.').unwrap_or_default();
    let fits = object.value.len() <= 13 && places.len() <= 2;
    let amount = object.value.parse::<Money>().ok();
    amount
        .filter(|amount| fits && *amount > Money::ZERO)
        .ok_or(Unreadable::new(
            object.at,
            "an amount above zero, with two places at most",
        ))
}

#[cfg(test)]
mod tests;
