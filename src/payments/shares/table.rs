//! The report as a table to read, and as CSV.

use std::fmt::Write as _;
use std::io;

use rust_decimal::Decimal;

use super::model::{Category, Part, Shares};
use super::words;
use crate::kernel::clock::hong_kong_date;
use crate::kernel::language::Language;
use crate::payments::words::channel as name_of;
use crate::platform::csv::{Cell, Sheet};
use crate::rent::{Words, hkd};

/// The widths of the columns of figures.
const WIDTHS: [usize; 4] = [14, 14, 22, 14];

/// As people read it: figures first, so that names of any width stand in line.
pub fn text(shares: &Shares, language: Language) -> String {
    let dates = Words(language);
    let title = words::title(&dates.month(shares.month), language);
    let day = dates.day(hong_kong_date(shares.as_at));
    let mut text = words::headline(&title, &day, language) + "\n\n";
    let heads = [
        words::payments(language),
        words::payments_share(language),
        words::amount(language),
        words::amount_share(language),
    ];
    row(&mut text, heads, words::channel(language));
    for one in &shares.categories {
        figures(
            &mut text,
            &one.part,
            words::of_category(one.category, language),
        );
        for part in &one.channels {
            let name = name_of(part.channel, language);
            figures(&mut text, &part.part, &format!("  {name}"));
        }
    }
    figures(&mut text, &shares.electronic, words::electronic(language));
    figures(&mut text, &shares.all, words::all(language));
    text
}

fn figures(text: &mut String, part: &Part, name: &str) {
    let cells = [
        part.payments.to_string(),
        words::percent(part.payments_share),
        hkd(part.amount),
        words::percent(part.amount_share),
    ];
    row(text, cells.each_ref().map(String::as_str), name);
}

fn row(text: &mut String, cells: [&str; 4], name: &str) {
    for (cell, width) in cells.into_iter().zip(WIDTHS) {
        // A Chinese letter is as wide as two figures.
        let wide: usize = cell
            .chars()
            .map(|one| if one.is_ascii() { 1 } else { 2 })
            .sum();
        let blank = width.saturating_sub(wide);
        // Writing to a String cannot fail.
        let _ = write!(text, "{:blank$}{cell}", "");
    }
    let _ = writeln!(text, "  {name}");
}

/// For a spreadsheet: a line a channel, and one for a category by which nothing came.
pub fn csv(shares: &Shares, language: Language) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let columns = [
        words::month,
        words::category,
        words::channel,
        words::payments,
        words::payments_share,
        words::amount,
        words::amount_share,
    ];
    let mut sheet = Sheet::begin(&mut bytes, &columns.map(|word| word(language)))?;
    let mut line = |category: Category, name: &str, part: &Part| {
        sheet.line([
            Cell::Text(shares.month.to_string()),
            Cell::Text(words::of_category(category, language).to_owned()),
            Cell::Text(name.to_owned()),
            Cell::Figure(part.payments.into()),
            Cell::Figure(Decimal::new(part.payments_share.into(), 1)),
            Cell::Figure(part.amount.as_decimal()),
            Cell::Figure(Decimal::new(part.amount_share.into(), 1)),
        ])
    };
    for one in &shares.categories {
        if one.channels.is_empty() {
            line(one.category, "", &one.part)?;
        }
        for part in &one.channels {
            line(one.category, name_of(part.channel, language), &part.part)?;
        }
    }
    sheet.flush()?;
    drop(sheet);
    Ok(bytes)
}
