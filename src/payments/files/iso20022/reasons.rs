//! What the reasons mean that banks give by the external code lists of ISO 20022
//! (`ExternalStatusReason1Code`, `ExternalReturnReason1Code`).

use crate::payments::files::DebitResult;

/// What `code` means; what says nothing more closely, or is no code of the lists, is other.
pub fn result(code: &str) -> DebitResult {
    match code {
        // No mandate; the mandate lacks something, or has expired.
        "MD01" | "MD02" | "MD20" => DebitResult::NoMandate,
        // The latter is what one bank of Hong Kong gives by its own name.
        "AM04" | "BRC_8I1" => DebitResult::InsufficientFunds,
        "AC04" | "AC05" => DebitResult::AccountClosed,
        // No such account; blocked; not of a type that can be debited so.
        "AC01" | "AC02" | "AC06" | "AC13" | "AG01" | "MD09" => DebitResult::AccountInvalid,
        // Zero, too low, not the one agreed, another currency.
        "AM01" | "AM03" | "AM06" | "AM09" | "AM11" | "AM12" => DebitResult::AmountInvalid,
        // Of the bank, the clearing or the mandate; too many debits in a time.
        "AM02" | "AM13" | "AM14" | "AM21" | "AM23" | "SL13" | "SL14" => DebitResult::OverLimit,
        "AM05" | "DU01" | "DU02" | "DU03" | "DU04" | "DUPL" => DebitResult::Duplicate,
        // No date, too late for it, too early, too long ago.
        "DT01" | "TM01" | "CH03" | "CH04" => DebitResult::DateInvalid,
        // Asked for, asked back, stopped, or not let in.
        "CUST" | "MD06" | "MD16" | "MS02" | "SL11" | "SL12" | "SP01" | "SP02" => {
            DebitResult::PayerCancelled
        }
        _ => DebitResult::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_one_of_ours_or_other() {
        for (code, expected) in [
            ("AC04", DebitResult::AccountClosed),
            ("AM04", DebitResult::InsufficientFunds),
            ("AM14", DebitResult::OverLimit),
            ("MD01", DebitResult::NoMandate),
            ("MD06", DebitResult::PayerCancelled),
            ("DUPL", DebitResult::Duplicate),
            ("DT01", DebitResult::DateInvalid),
            ("AM12", DebitResult::AmountInvalid),
            ("AC01", DebitResult::AccountInvalid),
            // The bank does not say.
            ("MS03", DebitResult::Other),
            ("am04", DebitResult::Other),
            ("", DebitResult::Other),
        ] {
            assert_eq!(result(code), expected, "{code}");
        }
    }
}
