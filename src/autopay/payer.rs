//! Whose account is debited: a bank, a number, and a name as the bank has it.

use serde::{Deserialize, Serialize};

use crate::kernel::personal::{personal, plain};

/// How many digits of an account its ending shows.
const SHOWN: usize = 3;

personal! {
    /// The number of a bank account, without the bank's code: HSBC's `BBBNNNNNCSSS` or another
    /// bank's own, digits only.
    AccountNumber(max = 40);
    /// The name of an account, in Latin letters as the bank has it.
    HolderName(max = 70);
}

/// A bank's clearing code (結算所編號), such as 004.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct BankCode(String);

/// Whom a mandate debits.
#[derive(Debug, Clone)]
pub struct Payer {
    pub bank: BankCode,
    pub account: AccountNumber,
    pub holder: HolderName,
}

/// Why a text names no bank account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotPayer {
    #[error("a bank's code has three digits")]
    Bank,
    #[error("an account number has 6 to 15 digits")]
    Account,
    #[error("the name of an account has 1 to 70 Latin letters, figures and signs")]
    Holder,
}

impl TryFrom<String> for BankCode {
    type Error = NotPayer;

    fn try_from(text: String) -> Result<Self, NotPayer> {
        let is_code = text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_digit());
        is_code.then_some(Self(text)).ok_or(NotPayer::Bank)
    }
}

impl From<BankCode> for String {
    fn from(code: BankCode) -> Self {
        code.0
    }
}

impl TryFrom<String> for AccountNumber {
    type Error = NotPayer;

    fn try_from(text: String) -> Result<Self, NotPayer> {
        // As people write it: 123-456789-001.
        let digits = plain(&text);
        let is_number = (6..=15).contains(&digits.len())
            && digits.bytes().all(|byte| byte.is_ascii_digit())
            && text.len() <= 40;
        is_number.then_some(Self(digits)).ok_or(NotPayer::Account)
    }
}

impl AccountNumber {
    /// Its last digits, for people to know it by.
    #[must_use]
    pub fn ending(&self) -> &str {
        let start = self.0.len().saturating_sub(SHOWN);
        self.0.get(start..).unwrap_or_default()
    }
}

impl TryFrom<String> for HolderName {
    type Error = NotPayer;

    fn try_from(text: String) -> Result<Self, NotPayer> {
        let name = text.trim();
        let is_name = (1..=70).contains(&name.len())
            && name.bytes().all(|byte| (b' '..=b'~').contains(&byte))
            && name.bytes().any(|byte| byte.is_ascii_alphabetic());
        is_name
            .then(|| Self(name.to_owned()))
            .ok_or(NotPayer::Holder)
    }
}

impl utoipa::PartialSchema for BankCode {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::Type::String)
            .pattern(Some("^[0-9]{3}$"))
            .into()
    }
}

impl utoipa::ToSchema for BankCode {
    fn name() -> std::borrow::Cow<'static, str> {
        "BankCode".into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_are_read_as_people_write_them_and_shown_by_their_ending() {
        for (text, digits) in [
            ("123456789001", "123456789001"),
            ("123-456789-001", "123456789001"),
            ("１２３ 456789 001", "123456789001"),
            ("123456", "123456"),
        ] {
            let account: AccountNumber = text.parse().unwrap();
            assert_eq!(account.reveal(), digits);
            assert_eq!(account.ending(), &digits[digits.len() - 3..]);
            assert_eq!(format!("{account:?}"), "AccountNumber(***)");
        }
        for text in ["12345", "1234567890123456", "12345A", "", "١٢٣٤٥٦"] {
            assert_eq!(
                text.parse::<AccountNumber>(),
                Err(NotPayer::Account),
                "{text}"
            );
        }
    }

    #[test]
    fn banks_and_names_are_what_a_file_can_hold() {
        for (text, good) in [
            ("004", true),
            ("04", false),
            ("0045", false),
            ("00A", false),
        ] {
            assert_eq!(BankCode::try_from(text.to_owned()).is_ok(), good, "{text}");
        }
        for (text, good) in [
            ("CHAN TAI MAN & LEE MEI", true),
            ("陳大文", false),
            ("12", false),
            ("A\tB", false),
            ("", false),
        ] {
            assert_eq!(text.parse::<HolderName>().is_ok(), good, "{text}");
        }
    }
}
