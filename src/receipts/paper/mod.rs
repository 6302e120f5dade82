//! The receipt on paper: a page as PDF, or a slip of an 80 mm printer; one document for both.

use super::model::{Receipt, Undone};
use super::words::{self, Said};
use crate::counter::Tender;
use crate::kernel::clock::hong_kong_date;
use crate::kernel::language::Language;
use crate::kernel::money::Money;
use crate::payments;
use crate::platform::paper::{self, Block, COLUMNS, Document, Fonts, PaperError, Style, Sum};
use crate::rent::{Words, grouped, hkd};

/// The receipt as a PDF file.
pub fn pdf(receipt: &Receipt, language: Language, fonts: &Fonts) -> Result<Vec<u8>, PaperError> {
    paper::print(&document(receipt, language), fonts)
}

/// The receipt as text for an 80 mm printer.
pub fn slip(receipt: &Receipt, language: Language) -> String {
    paper::slip(&document(receipt, language), COLUMNS)
}

fn document(receipt: &Receipt, language: Language) -> Document {
    let words = Words(language);
    let title = language.of(words::TITLE);
    let issued = hong_kong_date(receipt.issued_at);
    let mut blocks = vec![
        Block::Paragraph(Style::Strong, words.letterhead().to_owned()),
        Block::Rule,
        Block::Title(title.to_owned()),
    ];
    blocks.extend(receipt.undone.map(|undone| notice(undone, language)));
    blocks.push(Block::Pairs(facts(receipt, words)));
    blocks.push(Block::Rule);
    blocks.push(Block::Sums(sums(receipt, words)));
    blocks.push(Block::Rule);
    let small = |text: Said| Block::Paragraph(Style::Small, language.of(text).to_owned());
    if receipt
        .counter
        .is_some_and(|(_, with)| with == Tender::Cheque)
    {
        blocks.push(small(words::CLEARS));
    }
    blocks.push(small(words::KEEP));
    Document {
        title: format!("{title} {}", name(receipt)),
        language,
        dated: issued,
        footer: format!("{title}　{}　{}", name(receipt), words.day(issued)),
        blocks,
    }
}

/// What the receipt is called: the counter's number, or the channel's reference.
fn name(receipt: &Receipt) -> String {
    match receipt.counter {
        Some((number, _)) => number.to_string(),
        None => receipt.reference.clone(),
    }
}

fn notice(undone: Undone, language: Language) -> Block {
    let (what, said) = words::undone(undone, language);
    Block::Framed(vec![
        Block::Paragraph(Style::Large, what.to_owned()),
        Block::Paragraph(Style::Body, said),
    ])
}

fn facts(receipt: &Receipt, words: Words) -> Vec<(String, String)> {
    let language = words.0;
    let fact = |name: Said, value: String| (language.of(name).to_owned(), value);
    let called = if receipt.counter.is_some() {
        words::NUMBER
    } else {
        words::REFERENCE
    };
    let mut facts = vec![
        fact(called, name(receipt)),
        fact(words::PAID_AT, words::time(receipt.paid_at, language)),
        (words.tenant_code().to_owned(), grouped(receipt.code)),
    ];
    let particulars = receipt.particulars.as_ref();
    if let Some(home) = particulars.and_then(|known| known.home.as_ref()) {
        facts.push(fact(words::HOME, words::home(home, language)));
    }
    let channel = payments::word_of_channel(receipt.channel, language);
    facts.push(fact(words::CHANNEL, channel.to_owned()));
    if let Some((_, with)) = receipt.counter {
        let with = words::tender(with, language).to_owned();
        facts.push(fact(words::TENDER, with));
    }
    let place = receipt.place.get(language);
    if !place.is_empty() {
        facts.push(fact(words::PLACE, place.to_owned()));
    }
    if receipt.value_on != hong_kong_date(receipt.paid_at) {
        facts.push(fact(words::VALUE_ON, words.day(receipt.value_on)));
    }
    let issued = hong_kong_date(receipt.issued_at);
    facts.push(fact(words::ISSUED, words.day(issued)));
    facts
}

fn sums(receipt: &Receipt, words: Words) -> Vec<Sum> {
    let language = words.0;
    let mut sums = vec![Sum {
        style: Style::Large,
        label: language.of(words::AMOUNT).to_owned(),
        amount: hkd(receipt.amount),
        note: None,
    }];
    if let Some(known) = &receipt.particulars {
        let is_credit = known.balance < Money::ZERO;
        sums.push(Sum {
            style: Style::Body,
            label: words::standing(is_credit, language).to_owned(),
            amount: hkd(known.balance),
            note: Some(words::as_at(&words.day(known.as_at), language)),
        });
    }
    sums
}

#[cfg(test)]
mod tests;
