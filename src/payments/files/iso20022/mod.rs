//! ISO 20022: statements of an account (`camt.053`), notifications of money that came to it
//! (`camt.054`), and what became of direct debits (`pain.002`).
//!
//! Versions 2 and 8 of the first two, 3 and 10 of the last, as the namespace says, in UTF-8. Of a
//! statement (`Stmt`) or notification (`Ntfctn`), one a file, this is read; the rest is passed
//! over:
//!
//! ```text
//! GrpHdr/CreDtTm  MsgPgntn            the message is one page
//! ElctrncSeqNb                        the file's number in the series of the account
//! CreDtTm  FrToDt/ToDtTm              the day of a notification: the latter, or else the former
//! Acct/Id/{IBAN, Othr/Id}  Acct/Ccy   the account, without blanks and hyphens; HKD
//! Bal [OPBD or PRCD, CLBD]            of a statement: opening and closing; the latter's day is its
//! TxsSummry                           counts and sums, checked where they are given
//! Ntry                                Amt CdtDbtInd RvslInd Sts BookgDt ValDt AcctSvcrRef
//!   NtryDtls/Btch/NbOfTxs             checked: every transaction of a batch must be there
//!   NtryDtls/TxDtls                   Refs Amt AmtDtls/TxAmt CdtDbtInd RltdDts/AccptncDtTm
//!                                     RtrInf RmtInf AddtlTxInf
//!   AddtlNtryInf
//! ```
//!
//! * A booked credit is a payment. One that is not booked yet is passed over: it comes again.
//! * A payment's reference is the bank's: `AcctSvcrRef` of the transaction, or else its `UETR`, or
//!   `TxId`, or else `AcctSvcrRef` of the entry when that has no other transaction. `EndToEndId` is
//!   the payer's, who may give the same every month: two payments would be taken for one. It is told
//!   beside the reference, for the debits that we order have it from us. The same payment in a
//!   statement and in a notification is one.
//! * The account is what the payer wrote: structured references before lines of text, and in
//!   either the one tenant code that they hold, bare or in the reference of a code of ours.
//! * A debit with the reason of a return (`RtrInf`), or reversed (`RvslInd`), is a direct debit
//!   that was paid back, by its `EndToEndId`, which is ours. Other debits, and credits that come
//!   back to us, are movements: they count for the balance and pay nobody's rent.
//! * The amounts of the transactions come to that of their entry, and the entries of a statement
//!   to the difference of its balances.
//! * An entry or a transaction that stands elsewhere is refused, not passed over.
//! * It is numbered without gaps, as the standard says of `ElctrncSeqNb`: a message without a
//!   number is refused.

mod entry;
mod reasons;
mod report;
mod statement;
mod totals;
mod transaction;
mod tree;
mod values;
mod xml;

use std::io::BufRead;

use chrono::{DateTime, Utc};

use self::statement::{Kind, Statement};
use self::tree::Place;
use self::xml::{Step, Xml};
use super::lines::RIGHT;
use super::{Entry, FileError, Refusal, Summary};

pub use report::{Scope, StatusReport, Verdict, read_status_report};

/// How the namespaces of messages begin.
const NAMESPACE: &str = "urn:iso:std:iso:20022:tech:xsd:";

/// The messages that are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Message {
    Account(Kind),
    StatusReport,
}

/// Opens the message in `source`, at its first element.
fn open<R: BufRead>(source: R) -> Result<(Xml<R>, Message), FileError> {
    let mut xml = Xml::of(source);
    let Some(Step::Opened(at)) = xml.next()? else {
        return Err(Place::default()
            .refuse("a message was expected", RIGHT)
            .into());
    };
    let name = xml.namespace().strip_prefix(NAMESPACE).unwrap_or_default();
    let message = match name {
        "camt.053.001.02" | "camt.053.001.08" => Message::Account(Kind::Statement),
        "camt.054.001.02" | "camt.054.001.08" => Message::Account(Kind::Notification),
        "pain.002.001.03" | "pain.002.001.10" => Message::StatusReport,
        _ => {
            let what = "camt.053 or camt.054 of version 02 or 08 was expected, in its namespace";
            return Err(at.refuse(what, "ask the bank for such a message").into());
        }
    };
    if xml.path() == "Document" {
        Ok((xml, message))
    } else {
        Err(at.refuse("<Document> was expected", RIGHT).into())
    }
}

/// Whether `source` begins as a status report does.
pub fn is_status_report(source: impl BufRead) -> bool {
    matches!(open(source), Ok((_, Message::StatusReport)))
}

/// Refuses an element at `path` that would be passed over because it is not where it belongs:
/// each of `places` ends with its name.
fn in_place(path: &str, at: Place, places: &[&str]) -> Result<(), Refusal> {
    let name = path.rsplit('/').next();
    let mut lost = places
        .iter()
        .filter(|place| path != **place && place.rsplit('/').next() == name);
    match lost.next() {
        None => Ok(()),
        Some(place) => Err(at.refuse(format!("{place} is the place of this"), RIGHT)),
    }
}

/// Reads a statement or a notification that came by `now`.
pub(super) fn read<E: From<FileError>>(
    source: impl BufRead,
    now: DateTime<Utc>,
    mut each: impl FnMut(Entry) -> Result<(), E>,
) -> Result<Summary, E> {
    let (mut xml, message) = open(source)?;
    let Message::Account(kind) = message else {
        let what = "a status report (pain.002) tells results of debits: it settles nothing";
        let refusal = Place::default().refuse(what, "give it to autopay");
        return Err(FileError::from(refusal).into());
    };
    let mut statement = Statement::of(kind, now);
    while let Some(step) = xml.next()? {
        let read: Result<Option<Entry>, Refusal> = match &step {
            Step::Opened(at) => statement.open(xml.path(), *at).map(|()| None),
            Step::Closed(leaf) => statement.close(xml.path(), leaf),
        };
        if let Some(entry) = read.map_err(FileError::from)? {
            if let Some(origin) = statement.begin().map_err(FileError::from)? {
                each(Entry::Of(origin))?;
            }
            each(entry)?;
        }
    }
    Ok(statement.summary().map_err(FileError::from)?)
}

#[cfg(test)]
mod tests;
