//! Of direct debits. Why a bank refused one is between the bank and the tenant.

use super::{Texts, brief};
use crate::kernel::language::Language;
use crate::payments::{AutopayRefused, AutopaySuspended};
use crate::rent::{Words, hkd};

/// The bank did not pay.
pub fn refused(event: &AutopayRefused, tail: &str, language: Language) -> Texts {
    let amount = hkd(event.amount);
    let (date, day) = (
        Words(language).day(event.due_on),
        brief(event.due_on, language),
    );
    match language {
        Language::ZhHk => Texts {
            subject: "自動轉帳未能支付租金".to_owned(),
            short: format!(
                "街坊：銀行未有支付{day}的自動轉帳{amount}（戶口尾號{tail}），請以其他方法繳租。"
            ),
            letter: format!(
                "您的銀行未有支付以下自動轉帳：\n\n日期：{date}\n金額：{amount}\n\
                 租戶號碼尾號：{tail}\n\n租金仍未繳交，請以其他方法繳交。原因請向銀行查詢。"
            ),
        },
        Language::ZhCn => Texts {
            subject: "自动转账未能支付租金".to_owned(),
            short: format!(
                "街坊：银行未有支付{day}的自动转账{amount}（户口尾号{tail}），请以其他方法缴租。"
            ),
            letter: format!(
                "您的银行未有支付以下自动转账：\n\n日期：{date}\n金额：{amount}\n\
                 租户号码尾号：{tail}\n\n租金仍未缴交，请以其他方法缴交。原因请向银行查询。"
            ),
        },
        Language::En => Texts {
            subject: "Autopay did not pay your rent".to_owned(),
            short: format!(
                "Kaifong: your bank did not pay the autopay of {amount} on {day} (account ending \
                 {tail}). Please pay another way."
            ),
            letter: format!(
                "Your bank did not pay this autopay:\n\nDate: {date}\nAmount: {amount}\n\
                 Tenant code ending: {tail}\n\nThe rent is still unpaid: please pay it another way. \
                 Your bank can tell you why."
            ),
        },
    }
}

/// The bank refused too often, and is not asked any more.
pub fn suspended(event: &AutopaySuspended, tail: &str, language: Language) -> Texts {
    let times = event.refusals;
    match language {
        Language::ZhHk => Texts {
            subject: "自動轉帳已暫停".to_owned(),
            short: format!(
                "街坊：銀行已連續{times}次拒付，您的自動轉帳（戶口尾號{tail}）現已暫停，請以其他方法繳租。"
            ),
            letter: format!(
                "您的銀行已連續{times}次未有支付自動轉帳，租戶號碼尾號{tail}的自動轉帳現已暫停。\n\n\
                 請以其他方法繳交租金。如要恢復自動轉帳，請先聯絡銀行，再向屋邨辦事處申請。"
            ),
        },
        Language::ZhCn => Texts {
            subject: "自动转账已暂停".to_owned(),
            short: format!(
                "街坊：银行已连续{times}次拒付，您的自动转账（户口尾号{tail}）现已暂停，请以其他方法缴租。"
            ),
            letter: format!(
                "您的银行已连续{times}次未有支付自动转账，租户号码尾号{tail}的自动转账现已暂停。\n\n\
                 请以其他方法缴交租金。如要恢复自动转账，请先联络银行，再向屋邨办事处申请。"
            ),
        },
        Language::En => Texts {
            subject: "Your autopay is suspended".to_owned(),
            short: format!(
                "Kaifong: your bank refused {times} times in a row, so your autopay (account ending \
                 {tail}) is suspended. Please pay another way."
            ),
            letter: format!(
                "Your bank refused to pay {times} times in a row, so the autopay of the account whose \
                 tenant code ends in {tail} is suspended.\n\nPlease pay your rent another way. To have \
                 autopay again, ask your bank first, then your estate office."
            ),
        },
    }
}
