//! What a payer scans or types, and what a scanned code says.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, NaiveTime, Utc};

use crate::kernel::money::Money;
use crate::kernel::month::Month;
use crate::kernel::working_day::Holidays;
use crate::payments::fps_code::{FpsCode, Payee, Unreadable};
use crate::payments::model::{Form, PaymentCode, Scanned, Shown, Terms};

use super::days::{counted, pay_by};

/// The longest reference an FPS code may have.
const LONGEST_REFERENCE: usize = 25;
/// The digits of a tenant code, and of a month.
const CODE: usize = 10;
const MONTH: usize = 6;

/// What a payer who was shown `shown` gives the channel of `terms`; `None` where nothing is
/// given.
///
/// The FPS code names the amount and lets the payer change it, and ends with the month that it
/// is for. When nothing is due it names no amount, and never ends.
pub fn payment_code(
    terms: &Terms,
    shown: Shown,
    holidays: &Holidays,
    now: DateTime<Utc>,
) -> Option<PaymentCode> {
    let form = terms.channel.form()?;
    let payload = match form {
        Form::Qr => fps_code(terms, shown)?.to_string(),
        Form::Barcode | Form::Bill => shown.code.to_string(),
    };
    Some(PaymentCode {
        channel: terms.channel,
        form,
        payee: terms.payee.clone(),
        payee_name: terms.payee_name.clone(),
        payload,
        at_most: terms.at_most,
        pay_by: pay_by(terms, shown.month, holidays),
        counts_from: counted(terms, now, holidays).value_on,
    })
}

fn fps_code(terms: &Terms, shown: Shown) -> Option<FpsCode> {
    let amount = (shown.due > Money::ZERO).then_some(shown.due);
    let last_second = NaiveTime::from_hms_opt(23, 59, 59)?;
    let reference = Some(shown.to_string()).filter(|text| text.len() <= LONGEST_REFERENCE);
    Some(FpsCode {
        payee: Payee::FpsId(terms.payee.clone()?),
        is_dynamic: amount.is_some(),
        expires_at: amount.map(|_| shown.month.last().and_time(last_second)),
        amount,
        amount_editable: amount.is_some(),
        merchant: terms.payee_name.clone(),
        bill_number: Some(shown.code.to_string()),
        reference: amount.and(reference),
    })
}

/// What a scanned QR code says: whoever made it, and of ours what the payer was shown.
pub fn scanned(text: &str) -> Result<Scanned, Unreadable> {
    let code = FpsCode::read(text)?;
    let account = code.bill_number.as_deref();
    let shown = code.reference.as_deref();
    Ok(Scanned {
        account: account.and_then(|number| number.parse().ok()),
        shown: shown.and_then(|reference| reference.parse().ok()),
        code,
    })
}

/// The reference of a code: tenant code, month, cents; digits only, 25 at most while less than
/// ten million dollars are due.
impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let month = self.month.first().format("%Y%m");
        write!(f, "{}{month}{}", self.code, self.due.cents())
    }
}

/// A text is no reference of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotOurs;

impl FromStr for Shown {
    type Err = NotOurs;

    fn from_str(text: &str) -> Result<Self, NotOurs> {
        let read = || -> Option<Self> {
            let (code, rest) = text.split_at_checked(CODE)?;
            let (month, cents) = rest.split_at_checked(MONTH)?;
            let (year, month) = month.split_at_checked(4)?;
            let cents: u32 = cents.parse().ok()?;
            Some(Self {
                code: code.parse().ok()?,
                month: format!("{year}-{month}").parse::<Month>().ok()?,
                due: Money::of_cents(cents.into()).ok()?,
            })
        };
        // One text a reference: neither a sign nor a zero in front.
        let shown = read().filter(|shown| shown.to_string() == text);
        shown.ok_or(NotOurs)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::kernel::dated::{InForce, RuleRow};
    use crate::payments::Channel;

    pub fn terms(channel: Channel) -> Terms {
        let early = "2019-01-01T00:00:00Z".parse().unwrap();
        Terms {
            row: RuleRow {
                number: 1,
                source: "a test".into(),
                assumed: true,
            },
            in_force: InForce {
                valid_from: "2019-01-01".parse().unwrap(),
                valid_to: None,
                recorded_at: early,
                replaced_at: None,
            },
            channel,
            cut_off: None,
            working_days_only: false,
            lead_days: 0,
            at_most: None,
            signs: false,
            payee: Some("1234567".to_owned()),
            payee_name: "HK Housing Authority".to_owned(),
        }
    }

    /// What the channel is given when `due` is shown, on a Friday.
    fn given(channel: Channel, due: &str) -> Option<PaymentCode> {
        let now = "2026-11-20T02:00:00Z".parse().unwrap();
        payment_code(&terms(channel), shown(due), &Holidays::default(), now)
    }

    fn shown(due: &str) -> Shown {
        Shown {
            code: "1000000018".parse().unwrap(),
            month: "2026-11".parse().unwrap(),
            due: due.parse().unwrap(),
        }
    }

    #[test]
    fn a_reference_says_what_was_shown() {
        let shown = shown("2364.00");
        assert_eq!(shown.to_string(), "1000000018202611236400");
        assert_eq!("1000000018202611236400".parse(), Ok(shown));
        for text in [
            "",
            "1000000018",
            "1000000018202611",
            "1000000019202611236400",
            "1000000018202613236400",
            "10000000182026110236400",
            "1000000018202611+36400",
            "1000000018202611-36400",
            "100000001820261123640x",
            "1000000018202611236400000000",
        ] {
            assert_eq!(text.parse::<Shown>(), Err(NotOurs), "{text}");
        }
    }

    #[test]
    fn an_fps_code_names_the_amount_until_the_month_ends() {
        let code = given(Channel::Fps, "2364.00");
        let code = code.unwrap();
        assert_eq!((code.channel, code.form), (Channel::Fps, Form::Qr));
        let read = scanned(&code.payload).unwrap();
        assert_eq!(read.account, Some(shown("0.00").code));
        assert_eq!(read.shown, Some(shown("2364.00")));
        assert_eq!(read.code.amount, Some("2364.00".parse().unwrap()));
        assert!(read.code.is_dynamic && read.code.amount_editable);
        let expires = read.code.expires_at.unwrap().to_string();
        assert_eq!(expires, "2026-11-30 23:59:59");
    }

    #[test]
    fn when_nothing_is_due_a_code_names_no_amount_and_never_ends() {
        let code = given(Channel::Fps, "0.00");
        let read = scanned(&code.unwrap().payload).unwrap();
        assert_eq!((read.code.amount, read.code.expires_at), (None, None));
        assert!(!read.code.is_dynamic && read.shown.is_none());
        // Too much for a reference: the code is made without one.
        let code = given(Channel::Fps, "10000000.00");
        let read = scanned(&code.unwrap().payload).unwrap();
        assert_eq!((read.shown, read.code.reference), (None, None));
    }

    #[test]
    fn a_counter_scans_the_tenant_code_and_nothing_is_given_for_a_debit() {
        let given = |channel| given(channel, "2364.00");
        for channel in [Channel::Store, Channel::Shroff, Channel::Pps, Channel::Bank] {
            assert_eq!(given(channel).unwrap().payload, "1000000018", "{channel}");
        }
        for channel in [Channel::Autopay, Channel::FpsDebit, Channel::Cssa] {
            assert!(given(channel).is_none(), "{channel}");
        }
    }

    #[test]
    fn a_code_of_others_is_read_too() {
        let odoo = "00020101021226330012hk.com.hkicl0313+852-6789123452040000530334454031005802HK5914company_1_data6002HK62170513INV/TEST/00016304A154";
        let read = scanned(odoo).unwrap();
        assert!(read.account.is_none() && read.shown.is_none());
    }
}
