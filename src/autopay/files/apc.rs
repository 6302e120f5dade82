//! Autopay: lines of 400 characters, each ended by CR LF.
//!
//! HSBC's layout of instructions for autopay-**in** is not public. This is its public layout for
//! autopay-out (`.apc`: `PHF` and `PD` records), with the second party debited instead of credited;
//! a bank's own differs in what it says it does.
//!
//! | columns | header | columns | detail |
//! |---|---|---|---|
//! | 1-3 | `PHF` | 1-2 | `PD` |
//! | 4-6 | payment code | 3-5 | bank code |
//! | 7-18 | batch reference | 6-9 | `BBAN` |
//! | 19-26 | value date, YYYYMMDD | 10-43 | account number |
//! | 27-61 | our account, `SA`, `HKD` | 44-60 | amount in cents |
//! | 62-64 | `HKD` | 61-95 | identifier: tenant code |
//! | 65-71 | debits | 96-130 | reference |
//! | 72-88 | their sum in cents | 131-270 | name |
//! | 89-400 | blank | 271-400 | blank |

use std::fmt::Write as _;

use super::{Batch, Instruction, NoRoom};

const WIDTH: usize = 400;

/// A line that is being written.
struct Record(String);

impl Record {
    /// Adds `text`, blanks after it.
    fn text(mut self, name: &'static str, text: &str, width: usize) -> Result<Self, NoRoom> {
        let is_plain = text.bytes().all(|byte| (b' '..=b'~').contains(&byte));
        if text.len() > width || !is_plain {
            return Err(NoRoom(name));
        }
        // Writing to a String cannot fail.
        let _ = write!(self.0, "{text:<width$}");
        Ok(self)
    }

    /// Adds `number`, zeros before it.
    fn number(mut self, name: &'static str, number: i64, width: usize) -> Result<Self, NoRoom> {
        let digits = number.to_string();
        if number < 0 || digits.len() > width {
            return Err(NoRoom(name));
        }
        let _ = write!(self.0, "{digits:0>width$}");
        Ok(self)
    }

    /// The line.
    fn end(self) -> Result<Vec<u8>, NoRoom> {
        let rest = WIDTH.saturating_sub(self.0.len());
        let line = self.text("the line", "", rest)?;
        Ok(format!("{}\r\n", line.0).into_bytes())
    }
}

pub(super) fn opening(batch: &Batch) -> Result<Vec<u8>, NoRoom> {
    let creditor = &batch.creditor;
    let account = format!("{}SAHKD", creditor.account);
    Record("PHF".to_owned())
        .text("the payment code", &creditor.payment_code, 3)?
        .text("the batch reference", &batch.reference, 12)?
        .text(
            "the date",
            &batch.collect_on.format("%Y%m%d").to_string(),
            8,
        )?
        .text("our account", &account, 35)?
        .text("the currency", "HKD", 3)?
        .number("the count", batch.lines.into(), 7)?
        .number("the sum", batch.amount.cents(), 17)?
        .end()
}

pub(super) fn instruction(one: &Instruction<'_>) -> Result<Vec<u8>, NoRoom> {
    Record("PD".to_owned())
        .text("the bank", one.bank, 3)?
        .text("the kind of account", "BBAN", 4)?
        .text("the account", one.account, 34)?
        .number("the amount", one.amount.cents(), 17)?
        .text("the tenant code", &one.code.to_string(), 35)?
        .text("the reference", one.reference, 35)?
        .text("the name", one.holder, 140)?
        .end()
}
