//! The status report (`pain.002`): what became of the direct debits of an order.
//!
//! ```text
//! CstmrPmtStsRpt
//!   GrpHdr/{MsgId, CreDtTm}
//!   OrgnlGrpInfAndSts       OrgnlMsgId GrpSts StsRsnInf       on the order as a whole
//!   OrgnlPmtInfAndSts       OrgnlPmtInfId PmtInfSts StsRsnInf on a batch of it
//!     TxInfAndSts           OrgnlEndToEndId TxSts StsRsnInf/Rsn OrgnlTxRef/Amt/InstdAmt
//! ```
//!
//! * A verdict on an order or a batch is that of every debit in it that has none of its own: of a
//!   debit the closest holds. It comes before the verdicts within.
//! * `RJCT` is refused, for the reason that stands first; `ACSC` and `ACCC` are paid; the others
//!   (`ACCP`, `ACSP`, `PDNG`, ...) are on their way and decide nothing.
//! * What is given by `read_status_report` counts when it has said how many there were: the file
//!   was read to its end.

use std::io::BufRead;

use chrono::{DateTime, Utc};

use super::reasons::result;
use super::tree::{Leaf, Place};
use super::values::{Told, identifier, instant};
use super::xml::Step;
use super::{Message, in_place, open};
use crate::kernel::money::Money;
use crate::payments::files::lines::RIGHT;
use crate::payments::files::{DebitResult, FileError, Refusal};

const ROOT: &str = "Document/CstmrPmtStsRpt/";
/// Where batches and debits stand.
const PLACES: [&str; 2] = [
    "Document/CstmrPmtStsRpt/OrgnlPmtInfAndSts",
    "Document/CstmrPmtStsRpt/OrgnlPmtInfAndSts/TxInfAndSts",
];
const GROUP: &str = "OrgnlGrpInfAndSts";
const BATCH: &str = "OrgnlPmtInfAndSts";
const DEBIT: &str = "OrgnlPmtInfAndSts/TxInfAndSts";

/// What a report says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusReport {
    /// The bank's name of it, once for ever.
    pub message: String,
    pub created_at: DateTime<Utc>,
    /// The order that it is about, as we called it.
    pub order: String,
    pub verdicts: u32,
}

/// What the bank says of one debit, or of all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    pub on: Scope,
    /// None while it is not decided.
    pub result: Option<DebitResult>,
    /// The bank's own code: its reason, or else its status.
    pub code: String,
    /// What was to be debited, when it says so.
    pub amount: Option<Money>,
}

/// What a verdict is on, as we called it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    Order,
    Batch(String),
    Debit { batch: String, reference: String },
}

/// Reads a report that came by `now`: gives each of its verdicts to `each`.
pub fn read_status_report<E: From<FileError>>(
    source: impl BufRead,
    now: DateTime<Utc>,
    mut each: impl FnMut(Verdict) -> Result<(), E>,
) -> Result<StatusReport, E> {
    let (mut xml, message) = open(source)?;
    if message != Message::StatusReport {
        let refusal = Place::default().refuse("a status report (pain.002) was expected", RIGHT);
        return Err(FileError::from(refusal).into());
    }
    let mut report = Report::default();
    while let Some(step) = xml.next()? {
        if let Step::Opened(at) = &step {
            in_place(xml.path(), *at, &PLACES).map_err(FileError::from)?;
        }
        let Some(path) = xml.path().strip_prefix(ROOT) else {
            continue;
        };
        let verdict = match &step {
            Step::Opened(at) => report.open(path, *at),
            Step::Closed(leaf) => report.close(path, leaf, now),
        };
        if let Some(verdict) = verdict.map_err(FileError::from)? {
            report.verdicts = report.verdicts.saturating_add(1);
            each(verdict)?;
        }
    }
    Ok(report.end().map_err(FileError::from)?)
}

/// A report that is being read.
#[derive(Default)]
struct Report {
    message: Told<String>,
    created_at: Told<DateTime<Utc>>,
    order: Told<String>,
    group: Said,
    batch: Said,
    debit: Said,
    verdicts: u32,
}

/// What is said of an order, a batch or a debit.
#[derive(Default)]
struct Said {
    at: Place,
    /// What we called it.
    name: Told<String>,
    /// The bank's word, and what it decides.
    status: Told<(String, Option<DebitResult>)>,
    reason: Option<String>,
    amount: Told<Money>,
    is_given: bool,
}

impl Report {
    fn open(&mut self, path: &str, at: Place) -> Result<Option<Verdict>, Refusal> {
        match path {
            GROUP => self.group = Said::at(at),
            BATCH => self.batch = Said::at(at),
            DEBIT => {
                self.debit = Said::at(at);
                return self.batch_verdict();
            }
            _ => {}
        }
        Ok(None)
    }

    fn close(
        &mut self,
        path: &str,
        leaf: &Leaf,
        now: DateTime<Utc>,
    ) -> Result<Option<Verdict>, Refusal> {
        match path {
            "GrpHdr/MsgId" => leaf.keep(&mut self.message, "a name of up to 35", identifier)?,
            "GrpHdr/CreDtTm" => {
                let past = |word: &str| instant(word).filter(|at| *at <= now);
                leaf.keep(&mut self.created_at, "a date and time that has been", past)?;
            }
            "OrgnlGrpInfAndSts/OrgnlMsgId" => {
                leaf.keep(&mut self.order, "a name of up to 35", identifier)?;
            }
            "OrgnlPmtInfAndSts/OrgnlPmtInfId" | "OrgnlPmtInfAndSts/TxInfAndSts/OrgnlEndToEndId" => {
                let said = if path.starts_with(DEBIT) {
                    &mut self.debit
                } else {
                    &mut self.batch
                };
                leaf.keep(&mut said.name, "a name of up to 35", identifier)?;
            }
            GROUP => return Ok(self.group.verdict(Scope::Order)),
            BATCH => return self.batch_verdict(),
            DEBIT => return self.debit_verdict().map(Some),
            _ => {
                if let Some(path) = path.strip_prefix(DEBIT) {
                    self.debit.close(path, leaf)?;
                } else if let Some(path) = path.strip_prefix(BATCH) {
                    self.batch.close(path, leaf)?;
                } else if let Some(path) = path.strip_prefix(GROUP) {
                    self.group.close(path, leaf)?;
                }
            }
        }
        Ok(None)
    }

    /// The verdict on the batch, once, when it has one.
    fn batch_verdict(&mut self) -> Result<Option<Verdict>, Refusal> {
        if self.batch.is_given {
            return Ok(None);
        }
        self.batch.is_given = true;
        let name = self.batch.name("OrgnlPmtInfId")?;
        Ok(self.batch.verdict(Scope::Batch(name)))
    }

    fn debit_verdict(&self) -> Result<Verdict, Refusal> {
        let scope = Scope::Debit {
            batch: self.batch.name("OrgnlPmtInfId")?,
            reference: self.debit.name("OrgnlEndToEndId")?,
        };
        let missing = || {
            self.debit
                .at
                .refuse("TxSts of the debit was expected", RIGHT)
        };
        self.debit.verdict(scope).ok_or_else(missing)
    }

    fn end(self) -> Result<StatusReport, Refusal> {
        let missing = |what: &str| Place::default().refuse(format!("{what} was expected"), RIGHT);
        Ok(StatusReport {
            message: self.message.get().ok_or_else(|| missing("MsgId"))?,
            created_at: self.created_at.get().ok_or_else(|| missing("CreDtTm"))?,
            order: self.order.get().ok_or_else(|| missing("OrgnlMsgId"))?,
            verdicts: self.verdicts,
        })
    }
}

impl Said {
    fn at(at: Place) -> Self {
        Self {
            at,
            ..Self::default()
        }
    }

    fn close(&mut self, path: &str, leaf: &Leaf) -> Result<(), Refusal> {
        match path {
            "/PmtInfSts" if self.is_given => {
                Err(leaf.at.refuse("this was expected before the debits", RIGHT))
            }
            "/GrpSts" | "/PmtInfSts" | "/TxSts" => {
                leaf.keep(&mut self.status, "a status such as RJCT", status)
            }
            "/StsRsnInf/Rsn/Cd" | "/StsRsnInf/Rsn/Prtry" => {
                let reason = leaf.read("a reason of up to 35", identifier)?;
                self.reason.get_or_insert(reason);
                Ok(())
            }
            "/OrgnlTxRef/Amt/InstdAmt" => leaf.keep_hkd(&mut self.amount),
            _ => Ok(()),
        }
    }

    fn name(&self, element: &str) -> Result<String, Refusal> {
        let missing = || self.at.refuse(format!("{element} was expected"), RIGHT);
        self.name.get().ok_or_else(missing)
    }

    fn verdict(&self, on: Scope) -> Option<Verdict> {
        let (word, decided) = self.status.get()?;
        let is_refused = word == "RJCT";
        let reason = self.reason.clone();
        Some(Verdict {
            on,
            result: if is_refused {
                Some(result(reason.as_deref().unwrap_or_default()))
            } else {
                decided
            },
            code: reason.unwrap_or(word),
            amount: self.amount.get(),
        })
    }
}

/// A status, and what it decides by itself.
fn status(word: &str) -> Option<(String, Option<DebitResult>)> {
    let decided = match word {
        "ACSC" | "ACCC" => Some(DebitResult::Accepted),
        // Refused; cancelled, which we may ask for ourselves.
        "RJCT" | "CANC" => Some(DebitResult::Other),
        "RCVD" | "PDNG" | "PART" | "PATC" | "ACTC" | "ACCP" | "ACSP" | "ACWC" | "ACWP" | "ACFC" => {
            None
        }
        _ => return None,
    };
    Some((word.to_owned(), decided))
}
