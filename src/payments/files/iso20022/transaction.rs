//! Transactions of an entry (`NtryDtls/TxDtls`): what they say, and whose account the payer named.
//! Pure.

use chrono::{DateTime, Utc};

use super::tree::{Leaf, Place};
use super::values::{Direction, Told, direction, identifier, instant, text};
use crate::kernel::money::Money;
use crate::kernel::tenant_code::TenantCode;
use crate::payments::files::lines::RIGHT;
use crate::payments::files::{NOT_PROVIDED, Refusal};
use crate::payments::model::Shown;

/// What a payer writes is kept up to here, in bytes.
const LONGEST_REMITTANCE: usize = 2_048;

/// As every account that a payer gives, in characters.
const LONGEST_ACCOUNT: usize = 20;
/// As a line of remittance.
const LONGEST_WORDING: usize = 140;

/// A transaction that is being read.
#[derive(Debug, Default)]
pub struct Detail {
    pub at: Place,
    pub amount: Told<Money>,
    pub direction: Told<Direction>,
    pub reference: Told<String>,
    pub uetr: Told<String>,
    pub transaction: Told<String>,
    pub end_to_end: Told<String>,
    pub accepted_at: Told<DateTime<Utc>>,
    pub returned: Told<String>,
    information: Told<String>,
    /// What the payer wrote: creditor references, and lines of text.
    references: Vec<String>,
    texts: Vec<String>,
    written: usize,
}

impl Detail {
    pub fn at(at: Place) -> Self {
        Self {
            at,
            ..Self::default()
        }
    }

    pub fn close(&mut self, path: &str, leaf: &Leaf) -> Result<(), Refusal> {
        let reference = "a reference of 1 to 35";
        match path {
            // Version 8 has the amount here first, and may have it below as version 2 does.
            "Amt" => leaf.keep_hkd(&mut self.amount),
            "AmtDtls/TxAmt/Amt" if self.amount.get().is_none() => leaf.keep_hkd(&mut self.amount),
            "CdtDbtInd" => leaf.keep(&mut self.direction, "CRDT or DBIT", direction),
            "Refs/AcctSvcrRef" => leaf.keep(&mut self.reference, reference, identifier),
            "Refs/UETR" => leaf.keep(&mut self.uetr, "a UETR", identifier),
            "Refs/TxId" => leaf.keep(&mut self.transaction, reference, identifier),
            "Refs/EndToEndId" if leaf.text != NOT_PROVIDED => {
                leaf.keep(&mut self.end_to_end, reference, identifier)
            }
            "RltdDts/AccptncDtTm" => leaf.keep(&mut self.accepted_at, "a date and time", instant),
            "RtrInf/Rsn/Cd" | "RtrInf/Rsn/Prtry" => {
                leaf.keep(&mut self.returned, "a reason of up to 35", identifier)
            }
            "AddtlTxInf" => leaf.keep(&mut self.information, "a text", text),
            "RmtInf/Strd/CdtrRefInf/Ref" => {
                let text = self.write(leaf)?;
                self.references.extend(text);
                Ok(())
            }
            "RmtInf/Ustrd" => {
                let text = self.write(leaf)?;
                self.texts.extend(text);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// What the payer wrote there; not even an enemy writes without end.
    fn write(&mut self, leaf: &Leaf) -> Result<Option<String>, Refusal> {
        self.written += leaf.text.len();
        if self.written > LONGEST_REMITTANCE {
            let what = format!("up to {LONGEST_REMITTANCE} bytes of remittance were expected");
            return Err(leaf.at.refuse(what, RIGHT));
        }
        Ok(Some(leaf.text.clone()).filter(|text| !text.is_empty()))
    }

    /// What the payer wrote, or the bank where they wrote nothing.
    pub fn wording(&self, information: Option<String>) -> String {
        let bank = || self.information.get().or(information);
        let written = match self.references.first() {
            Some(reference) => reference.clone(),
            None if self.texts.is_empty() => bank().unwrap_or_default(),
            None => self.texts.join(" "),
        };
        written.chars().take(LONGEST_WORDING).collect()
    }

    /// The account as the payer gave it: the one tenant code in what they wrote, or in the bank's
    /// text where they wrote nothing; or else the beginning of the first reference, or of the
    /// text. No more is kept of it, and nothing of the bank's: it may be a name.
    pub fn account(&self, information: Option<String>) -> String {
        let bank = self.information.get().or(information);
        let bank = bank.filter(|_| self.references.is_empty() && self.texts.is_empty());
        let all = self.references.iter().chain(&self.texts).chain(&bank);
        let words = all.flat_map(|text| text.split(|letter: char| !letter.is_ascii_digit()));
        let mut codes = words.filter_map(code);
        match codes.next() {
            Some(one) if codes.all(|other| other == one) => one.to_string(),
            _ => {
                let text = || self.texts.join(" ");
                let written = self.references.first().cloned().unwrap_or_else(text);
                written.chars().take(LONGEST_ACCOUNT).collect()
            }
        }
    }
}

/// The tenant code that a word is, or that stands in the reference of a code of ours.
fn code(word: &str) -> Option<TenantCode> {
    let shown = || word.parse::<Shown>().ok().map(|shown| shown.code);
    word.parse().ok().or_else(shown)
}
