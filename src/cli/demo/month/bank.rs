//! The bank's statements (`camt.053`): payments one by one, and channels' takings in one sum.

use std::fmt::Write as _;

use chrono::{DateTime, NaiveDate, Utc};

use super::households::misread;
use super::{Stage, off_by, sum};
use crate::cli::Failure;
use crate::kernel::language::Language;
use crate::kernel::money::Money;
use crate::payments::Channel;
use crate::rent::{Words, hkd};

/// Where payers pay, and where sums come.
const PAYERS: &str = "004000111111002";
const SUMS: &str = "004000111111005";

/// An entry of a statement.
pub struct Entry {
    pub reference: String,
    pub wording: String,
    /// Below zero when it left the account.
    pub amount: Money,
    /// Which direct debit it pays back, and the bank's code for why.
    pub paid_back: Option<(String, &'static str)>,
}

impl Entry {
    pub fn new(reference: String, wording: String, amount: Money) -> Self {
        Self {
            reference,
            wording,
            amount,
            paid_back: None,
        }
    }
}

/// Two days of transfers; one payer miswrote the code, and we moved money on.
pub fn payments(stage: &mut Stage<'_>) -> Result<(), Failure> {
    for (place, day) in stage.days.clone().into_iter().take(2).enumerate() {
        let date = day.format("%Y%m%d");
        let payers = stage.households.some(50 + 10 * place, 10);
        let entry = |(number, (code, due)): (usize, (_, Money))| {
            let written = if (place, number) == (0, 4) {
                misread(code)
            } else {
                code.to_string()
            };
            let reference = format!("B{date}{number:04}");
            Entry::new(reference, format!("RENT {written}"), due)
        };
        let mut entries: Vec<_> = payers.into_iter().enumerate().map(entry).collect();
        entries.push(Entry::new(
            format!("T{date}"),
            "TRANSFER TO GENERAL ACCOUNT".to_owned(),
            off_by(Money::ZERO, -1_000_000),
        ));
        let number = stage.next_number(Channel::Bank, &format!("camt.053 {PAYERS}"))?;
        let text = statement((PAYERS, number, day), &entries, Stage::at(day, 0))?;
        stage.take(&format!("statement-bank-{date}.xml"), text.as_bytes())?;
    }
    Ok(())
}

/// What the bank credits of one day on the next, in a statement a day; with charges of its own,
/// which no rule knows.
pub fn sums(stage: &mut Stage<'_>) -> Result<(), Failure> {
    let days = stage.days.clone();
    let (mut credits, mut amounts) = (0, Vec::new());
    for (place, pair) in days.windows(2).enumerate() {
        let [before, day] = pair else { continue };
        let date = day.format("%Y%m%d");
        let due = stage.sums.iter().filter(|(of, ..)| of == before);
        let due = due.enumerate().map(|(place, (_, wording, amount))| {
            Entry::new(format!("S{date}{place:04}"), wording.clone(), *amount)
        });
        let mut entries: Vec<_> = due.collect();
        credits += entries.len();
        amounts.extend(entries.iter().map(|one| one.amount));
        if place == 0 {
            entries.push(Entry::new(
                format!("C{date}"),
                "CHARGES OF THE MONTH".to_owned(),
                off_by(Money::ZERO, -12_000),
            ));
        }
        if entries.is_empty() {
            continue;
        }
        let number = stage.next_number(Channel::Bank, &format!("camt.053 {SUMS}"))?;
        let text = statement((SUMS, number, *day), &entries, Stage::at(*day, 0))?;
        stage.bring(&format!("statement-sums-{date}.xml"), text.as_bytes())?;
    }
    let words = Words(Language::En);
    match days.get(1..).unwrap_or_default() {
        [] => stage.say(format_args!(
            "  nothing yet: it comes on the next working day"
        )),
        [first, ..] => {
            let amount = hkd(sum(amounts)?);
            let first = words.day(*first);
            stage.say(format_args!(
                "  from {first} on: {credits} credits, {amount}"
            ));
        }
    }
    Ok(())
}

/// Statement `number` of `account` for `day`, whose entries were booked at an instant.
pub fn statement(
    (account, number, day): (&str, u32, NaiveDate),
    entries: &[Entry],
    booked_at: DateTime<Utc>,
) -> Result<String, Failure> {
    let opening = off_by(Money::ZERO, 10_000_000);
    let moved = entries.iter().map(|one| one.amount);
    let closing = sum([opening].into_iter().chain(moved))?;
    let at = booked_at.to_rfc3339();
    let mut text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.053.001.08\"><BkToCstmrStmt>\n\
         <GrpHdr><MsgId>DEMO-{number}</MsgId><CreDtTm>{at}</CreDtTm></GrpHdr>\n\
         <Stmt><Id>{number}</Id><ElctrncSeqNb>{number}</ElctrncSeqNb>\
         <Acct><Id><Othr><Id>{account}</Id></Othr></Id><Ccy>HKD</Ccy></Acct>\n"
    );
    for (kind, amount) in [("OPBD", opening), ("CLBD", closing)] {
        let (amount, direction) = signed(amount);
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "<Bal><Tp><CdOrPrtry><Cd>{kind}</Cd></CdOrPrtry></Tp><Amt Ccy=\"HKD\">{amount}</Amt>\
             <CdtDbtInd>{direction}</CdtDbtInd><Dt><Dt>{day}</Dt></Dt></Bal>"
        );
    }
    for entry in entries {
        let _ = writeln!(text, "{}", entry.written(&at));
    }
    text.push_str("</Stmt></BkToCstmrStmt></Document>\n");
    Ok(text)
}

impl Entry {
    /// The entry, booked at an instant.
    fn written(&self, at: &str) -> String {
        let (amount, direction) = signed(self.amount);
        let (called, why) = match &self.paid_back {
            None => (String::new(), String::new()),
            Some((debit, code)) => (
                format!("<Refs><EndToEndId>{debit}</EndToEndId></Refs>"),
                format!("<RtrInf><Rsn><Cd>{code}</Cd></Rsn></RtrInf>"),
            ),
        };
        let (reference, wording) = (&self.reference, &self.wording);
        format!(
            "<Ntry><Amt Ccy=\"HKD\">{amount}</Amt><CdtDbtInd>{direction}</CdtDbtInd>\
             <Sts><Cd>BOOK</Cd></Sts><BookgDt><DtTm>{at}</DtTm></BookgDt>\
             <AcctSvcrRef>{reference}</AcctSvcrRef><NtryDtls><TxDtls>{called}\
             <RmtInf><Ustrd>{wording}</Ustrd></RmtInf>{why}</TxDtls></NtryDtls></Ntry>"
        )
    }
}

fn signed(amount: Money) -> (Money, &'static str) {
    let direction = if amount < Money::ZERO { "DBIT" } else { "CRDT" };
    (amount.abs(), direction)
}
