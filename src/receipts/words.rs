//! What a receipt says, in three languages side by side.

use chrono::{DateTime, Utc};

use super::model::{Home, Undone, UndoneBy};
use crate::counter::Tender;
use crate::kernel::clock::{hong_kong_date, hong_kong_time_of_day};
use crate::kernel::language::Language;
use crate::rent::Words;

/// Traditional Chinese, Simplified Chinese, English.
pub type Said = [&'static str; 3];

pub const TITLE: Said = ["租金收據", "租金收据", "Rent receipt"];
pub const NUMBER: Said = ["收據號碼", "收据号码", "Receipt number"];
pub const REFERENCE: Said = ["付款編號", "付款编号", "Payment reference"];
pub const PAID_AT: Said = ["繳款時間", "缴款时间", "Paid at"];
pub const HOME: Said = ["單位", "单位", "Flat"];
pub const CHANNEL: Said = ["繳款途徑", "缴款途径", "Paid by"];
pub const TENDER: Said = ["付款方式", "付款方式", "Means"];
pub const PLACE: Said = ["地點", "地点", "Place"];
pub const VALUE_ON: Said = ["入帳日期", "入账日期", "Counts from"];
pub const AMOUNT: Said = ["已繳款額", "已缴款额", "Amount paid"];
pub const ISSUED: Said = ["列印日期", "打印日期", "Printed on"];
const OWED: Said = ["結欠", "结欠", "Balance owed"];
const CREDIT: Said = ["結餘", "结余", "Credit balance"];
const VOID: Said = ["收據作廢", "收据作废", "VOID"];
const REVERSED: Said = ["款項已沖銷", "款项已冲销", "REVERSED"];
pub const CLEARS: Said = [
    "支票須待兌現方作實。",
    "支票须待兑现方作实。",
    "Cheques count once they are honoured.",
];
pub const KEEP: Said = [
    "請保留此收據。如有查詢，請聯絡屋邨辦事處。",
    "请保留此收据。如有查询，请联络屋邨办事处。",
    "Please keep this receipt. Questions: ask the estate office.",
];

/// With what was paid at a counter.
pub fn tender(tender: Tender, language: Language) -> &'static str {
    language.of(match tender {
        Tender::Cash => ["現金", "现金", "Cash"],
        Tender::Cheque => ["支票", "支票", "Cheque"],
        Tender::Card => ["卡", "卡", "Card"],
    })
}

/// A time as Hong Kong writes it: `2026年11月20日 09:05`, `20 November 2026, 09:05`.
pub fn time(at: DateTime<Utc>, language: Language) -> String {
    let day = Words(language).day(hong_kong_date(at));
    let time = hong_kong_time_of_day(at).format("%H:%M");
    match language {
        Language::ZhHk | Language::ZhCn => format!("{day} {time}"),
        Language::En => format!("{day}, {time}"),
    }
}

/// Where a flat is: the estate first in Chinese, the flat first in English.
pub fn home(home: &Home, language: Language) -> String {
    let (estate, block) = (home.estate.get(language), home.block.get(language));
    let (floor, unit) = (home.floor, &home.unit);
    match language {
        Language::ZhHk => format!("{estate}{block}{floor}樓{unit}室"),
        Language::ZhCn => format!("{estate}{block}{floor}楼{unit}室"),
        Language::En => format!("Flat {unit}, {floor}/F, {block}, {estate}"),
    }
}

/// What an account stood at: owed, or to its credit.
pub fn standing(is_credit: bool, language: Language) -> &'static str {
    language.of(if is_credit { CREDIT } else { OWED })
}

/// As at some day.
pub fn as_at(day: &str, language: Language) -> String {
    match language {
        Language::ZhHk | Language::ZhCn => format!("截至{day}"),
        Language::En => format!("as at {day}"),
    }
}

/// That the payment was undone, and what that means.
pub fn undone(undone: Undone, language: Language) -> (&'static str, String) {
    let day = Words(language).day(hong_kong_date(undone.at));
    let said = match (undone.by, language) {
        (UndoneBy::Void, Language::ZhHk) => {
            format!("此收據已於{day}作廢，款項並未入帳。")
        }
        (UndoneBy::Void, Language::ZhCn) => {
            format!("此收据已于{day}作废，款项并未入账。")
        }
        (UndoneBy::Void, Language::En) => {
            format!("This receipt was voided on {day}. The money is not on the account.")
        }
        (UndoneBy::Reversal, Language::ZhHk) => {
            format!("此款項已於{day}沖銷，不再計入帳目。")
        }
        (UndoneBy::Reversal, Language::ZhCn) => {
            format!("此款项已于{day}冲销，不再计入账目。")
        }
        (UndoneBy::Reversal, Language::En) => {
            format!("This payment was reversed on {day}. It is no longer on the account.")
        }
    };
    let what = match undone.by {
        UndoneBy::Void => VOID,
        UndoneBy::Reversal => REVERSED,
    };
    (language.of(what), said)
}
