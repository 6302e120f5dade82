//! Of payments.

use super::{Texts, brief};
use crate::kernel::language::Language;
use crate::kernel::money::Money;
use crate::messages::news::Standing;
use crate::payments::{PaymentReceived, PaymentVoided, word_of_channel};
use crate::rent::{Words, hkd};

/// Rent was paid: what, how and when, and how the account stands now. Whoever paid by a code of
/// an older amount learns here what became of the difference.
pub fn received(
    event: &PaymentReceived,
    standing: Option<Standing>,
    tail: &str,
    language: Language,
) -> Texts {
    let (amount, channel) = (hkd(event.amount), word_of_channel(event.channel, language));
    let (date, day) = (
        Words(language).day(event.paid_on),
        brief(event.paid_on, language),
    );
    let (now, stands) = standing.map_or_else(Default::default, |standing| {
        (stands_short(standing, language), stands(standing, language))
    });
    match language {
        Language::ZhHk => Texts {
            subject: "已收到租金".to_owned(),
            short: format!("街坊：收到{day}經{channel}繳交的{amount}（戶口尾號{tail}）。{now}"),
            letter: format!(
                "我們收到以下繳款：\n\n日期：{date}\n途徑：{channel}\n金額：{amount}\n\
                 租戶號碼尾號：{tail}\n\n{stands}"
            ),
        },
        Language::ZhCn => Texts {
            subject: "已收到租金".to_owned(),
            short: format!("街坊：收到{day}经{channel}缴交的{amount}（户口尾号{tail}）。{now}"),
            letter: format!(
                "我们收到以下缴款：\n\n日期：{date}\n途径：{channel}\n金额：{amount}\n\
                 租户号码尾号：{tail}\n\n{stands}"
            ),
        },
        Language::En => Texts {
            subject: "Rent received".to_owned(),
            short: format!(
                "Kaifong: we received {amount} paid on {day} by {channel} (account ending {tail}). {now}"
            ),
            letter: format!(
                "We received this payment:\n\nDate: {date}\nBy: {channel}\nAmount: {amount}\n\
                 Tenant code ending: {tail}\n\n{stands}"
            ),
        },
    }
}

/// A receipt is void: which, and how the account stands without it. Nobody takes back a payment
/// that its household does not hear of.
pub fn voided(
    event: &PaymentVoided,
    standing: Option<Standing>,
    tail: &str,
    language: Language,
) -> Texts {
    let (amount, receipt) = (hkd(event.amount), &event.receipt);
    let (date, day) = (
        Words(language).day(event.paid_on),
        brief(event.paid_on, language),
    );
    let (now, stands) = standing.map_or_else(Default::default, |standing| {
        (stands_short(standing, language), stands(standing, language))
    });
    match language {
        Language::ZhHk => Texts {
            subject: "收據已作廢".to_owned(),
            short: format!("街坊：{day}收據{receipt}（{amount}，戶口尾號{tail}）已作廢。{now}"),
            letter: format!(
                "以下收據已作廢，該筆繳款不再計入你的帳戶：\n\n收據：{receipt}\n日期：{date}\n\
                 金額：{amount}\n租戶號碼尾號：{tail}\n\n{stands}"
            ),
        },
        Language::ZhCn => Texts {
            subject: "收据已作废".to_owned(),
            short: format!("街坊：{day}收据{receipt}（{amount}，户口尾号{tail}）已作废。{now}"),
            letter: format!(
                "以下收据已作废，该笔缴款不再计入你的账户：\n\n收据：{receipt}\n日期：{date}\n\
                 金额：{amount}\n租户号码尾号：{tail}\n\n{stands}"
            ),
        },
        Language::En => Texts {
            subject: "A receipt is void".to_owned(),
            short: format!(
                "Kaifong: receipt {receipt} of {day} for {amount} (account ending {tail}) is void. {now}"
            ),
            letter: format!(
                "This receipt is void, and the payment no longer counts on your account:\n\n\
                 Receipt: {receipt}\nDate: {date}\nAmount: {amount}\n\
                 Tenant code ending: {tail}\n\n{stands}"
            ),
        },
    }
}

fn stands_short(standing: Standing, language: Language) -> String {
    let (due, credit) = (hkd(standing.due), hkd(standing.credit));
    language.of(if standing.due > Money::ZERO {
        [
            format!("尚欠{due}。"),
            format!("尚欠{due}。"),
            format!("{due} is still due."),
        ]
    } else if standing.credit > Money::ZERO {
        [
            format!("結餘{credit}。"),
            format!("结余{credit}。"),
            format!("{credit} is in credit."),
        ]
    } else {
        ["已無欠款。", "已无欠款。", "Nothing is due."].map(str::to_owned)
    })
}

fn stands(standing: Standing, language: Language) -> String {
    let (due, credit) = (hkd(standing.due), hkd(standing.credit));
    language.of(if standing.due > Money::ZERO {
        [
            format!("現時尚欠{due}，請於本月內繳交。"),
            format!("现时尚欠{due}，请于本月内缴交。"),
            format!("{due} is still due: please pay it within this month."),
        ]
    } else if standing.credit > Money::ZERO {
        [
            format!("帳戶有結餘{credit}，會用以抵付其後的租金。"),
            format!("账户有结余{credit}，会用以抵付其后的租金。"),
            format!("Your account is {credit} in credit, which goes towards later rent."),
        ]
    } else {
        [
            "現時毋須繳款。",
            "现时毋须缴款。",
            "There is nothing to pay now.",
        ]
        .map(str::to_owned)
    })
}
