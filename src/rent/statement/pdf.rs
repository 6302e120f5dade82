//! The statement on paper, for a tenant to read.

use super::words::{Words, grouped, hkd};
use super::{Statement, StatementLine};
use crate::kernel::language::Language;
use crate::kernel::money::Money;
use crate::platform::paper::{
    self, Block, Cell, Column, Document, Fonts, PaperError, Row, Style, Sum, Table,
};
use crate::rent::model::{Charge, Line, Quote};
use crate::rent::words;

/// The statement as a PDF file.
pub fn pdf(
    statement: &Statement,
    language: Language,
    fonts: &Fonts,
) -> Result<Vec<u8>, PaperError> {
    paper::print(&document(statement, language), fonts)
}

fn document(statement: &Statement, language: Language) -> Document {
    let words = Words(language);
    let code = grouped(statement.code);
    let issued = words.day(statement.issued_on);
    let mut blocks = vec![
        Block::Paragraph(Style::Strong, words.letterhead().to_owned()),
        Block::Rule,
        Block::Title(words.title().to_owned()),
        Block::Pairs(vec![
            (words.tenant_code().to_owned(), code.clone()),
            (words.estate().to_owned(), estates(statement, words)),
            (words.issued().to_owned(), issued.clone()),
            (words.period().to_owned(), period(statement, words)),
        ]),
        Block::Heading(words.account().to_owned()),
        Block::Table(account(statement, words)),
    ];
    if statement.lines.is_empty() {
        let none = words.no_entries().to_owned();
        blocks.push(Block::Paragraph(Style::Body, none));
    }
    let small = |note: &str| Block::Paragraph(Style::Small, note.to_owned());
    blocks.push(small(words.credit_means()));
    blocks.push(Block::Framed(due(&statement.due, words)));
    blocks.push(small(words.note()));
    Document {
        title: format!("{} {code}", words.title()),
        language,
        dated: statement.issued_on,
        footer: format!("{}　{code}　{issued}", words.title()),
        blocks,
    }
}

fn estates(statement: &Statement, words: Words) -> String {
    let names: Vec<&str> = statement
        .estates
        .iter()
        .map(|name| name.get(words.0))
        .collect();
    if names.is_empty() {
        return words.no_estate().to_owned();
    }
    names.join(match words.0 {
        Language::ZhHk | Language::ZhCn => "、",
        Language::En => ", ",
    })
}

fn period(statement: &Statement, words: Words) -> String {
    let (from, to) = (words.month(statement.from), words.month(statement.to));
    words.span(&from, &to)
}

fn account(statement: &Statement, words: Words) -> Table {
    let column = |heading: &str, cell| Column {
        heading: heading.to_owned(),
        cell,
    };
    let balance = |date: String, name: &str, balance| Row {
        style: Style::Strong,
        cells: vec![
            date,
            name.to_owned(),
            String::new(),
            String::new(),
            words.standing(balance),
        ],
    };
    let (opening, closing) = (statement.opening, statement.closing);
    let opening_name = if opening < Money::ZERO {
        words.opening_credit()
    } else {
        words.opening()
    };
    let closing_name = if closing < Money::ZERO {
        words.closing_credit()
    } else {
        words.closing()
    };
    let first_day = words.day(statement.from.first());
    let mut rows = vec![balance(first_day, opening_name, opening)];
    rows.extend(statement.lines.iter().map(|line| entry(line, words)));
    let last_day = words.day(statement.to.last().min(statement.issued_on));
    rows.push(balance(last_day, closing_name, closing));
    Table {
        columns: vec![
            column(words.date(), Cell::Text),
            column(words.description(), Cell::Prose),
            column(words.charge(), Cell::Amount),
            column(words.payment(), Cell::Amount),
            column(words.balance(), Cell::Amount),
        ],
        rows,
    }
}

fn entry(line: &StatementLine, words: Words) -> Row {
    let amount = hkd(line.amount);
    let (charge, payment) = if line.amount < Money::ZERO {
        (String::new(), amount)
    } else {
        (amount, String::new())
    };
    Row {
        style: Style::Body,
        cells: vec![
            words.day(line.date),
            words::entry(line.kind, words.0).to_owned(),
            charge,
            payment,
            words.standing(line.balance),
        ],
    }
}

/// What is due now and why.
fn due(quote: &Quote, words: Words) -> Vec<Block> {
    let mut blocks = vec![Block::Heading(words.due_now().to_owned())];
    let several = quote.charges.len() > 1;
    for charge in &quote.charges {
        if several || is_partial(charge, quote) {
            let days = (words.day(charge.first_day), words.day(charge.last_day));
            let days = words.span(&days.0, &days.1);
            blocks.push(Block::Paragraph(Style::Body, days));
        }
        let lines = charge.lines.iter().map(|line| reason(line, words));
        blocks.push(Block::Sums(lines.collect()));
    }
    if quote.charges.is_empty() {
        let none = words.no_rent().to_owned();
        blocks.push(Block::Paragraph(Style::Body, none));
    }
    blocks.push(Block::Rule);
    let mut sums = vec![sum(
        Style::Strong,
        &words.rent_of_month(quote.month),
        hkd(quote.rent),
    )];
    if quote.brought_forward > Money::ZERO {
        let owed = words.part(quote.brought_forward);
        sums.push(sum(Style::Body, words.owed_before(), owed));
    } else if quote.brought_forward < Money::ZERO {
        let credit = words.part(quote.brought_forward);
        sums.push(sum(Style::Body, words.credit_before(), credit));
    }
    blocks.push(Block::Sums(sums));
    blocks.push(Block::Rule);
    blocks.extend(outcome(quote, words));
    blocks
}

/// Whether the charge is for a part of the month.
fn is_partial(charge: &Charge, quote: &Quote) -> bool {
    charge.first_day != quote.month.first() || charge.last_day != quote.month.last()
}

fn reason(line: &Line, words: Words) -> Sum {
    let assumed = if line.row.assumed {
        words.assumed()
    } else {
        ""
    };
    Sum {
        note: Some(format!("{}{}{assumed}", words.source(), line.row.source)),
        ..sum(
            Style::Body,
            words::line(line.kind, words.0),
            words.part(line.amount),
        )
    }
}

fn outcome(quote: &Quote, words: Words) -> Vec<Block> {
    let due = sum(Style::Large, words.amount_due(), hkd(quote.due));
    let mut blocks = vec![Block::Sums(vec![due])];
    blocks.push(if quote.due > Money::ZERO {
        let date = words.day(quote.month.first());
        Block::Paragraph(Style::Strong, format!("{}{date}", words.due_date()))
    } else {
        Block::Paragraph(Style::Strong, words.nothing_due().to_owned())
    });
    if quote.credit > Money::ZERO {
        let left = format!("{} {}", hkd(quote.credit), words.credit());
        blocks.push(Block::Sums(vec![sum(
            Style::Strong,
            words.credit_left(),
            left,
        )]));
    }
    blocks
}

fn sum(style: Style, label: &str, amount: String) -> Sum {
    Sum {
        style,
        label: label.to_owned(),
        amount,
        note: None,
    }
}
