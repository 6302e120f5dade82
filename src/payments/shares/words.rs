//! What the report of shares says, in three languages.

use super::model::{Category, Part};
use crate::kernel::language::Language;

/// Declares one function for each text: Traditional Chinese, Simplified Chinese, English.
macro_rules! words {
    ($($name:ident: $zh_hk:literal, $zh_cn:literal, $en:literal;)*) => {
        $(pub fn $name(language: Language) -> &'static str {
            language.of([$zh_hk, $zh_cn, $en])
        })*
    };
}

words! {
    month: "月份", "月份", "Month";
    category: "類別", "类别", "Category";
    channel: "途徑", "途径", "Channel";
    payments: "繳款宗數", "缴款宗数", "Payments";
    payments_share: "宗數百分比", "宗数百分比", "% of payments";
    amount: "金額", "金额", "Amount (HK$)";
    amount_share: "金額百分比", "金额百分比", "% of amount";
    by_payments: "按宗數", "按宗数", "by number of payments";
    by_amount: "按金額", "按金额", "by amount";
    electronic: "電子途徑合計", "电子途径合计", "Electronic, all";
    all: "總計", "总计", "All";
}

/// What the report is of.
pub fn title(month: &str, language: Language) -> String {
    match language {
        Language::ZhHk => format!("{month}按繳費途徑劃分的租金"),
        Language::ZhCn => format!("{month}按缴费途径划分的租金"),
        Language::En => format!("Rent by payment channel, {month}"),
    }
}

/// The same, and when that was known.
pub fn headline(title: &str, day: &str, language: Language) -> String {
    match language {
        Language::ZhHk | Language::ZhCn => format!("{title}（截至{day}）"),
        Language::En => format!("{title}, as at {day}"),
    }
}

/// All of it, in a sentence.
pub fn total(part: &Part, amount: &str, language: Language) -> String {
    let payments = part.payments;
    match language {
        Language::ZhHk => format!("總計：{payments} 宗，{amount}"),
        Language::ZhCn => format!("总计：{payments} 宗，{amount}"),
        Language::En => format!("All: {payments} payments, {amount}"),
    }
}

/// The name of a category.
pub fn of_category(category: Category, language: Language) -> &'static str {
    language.of(match category {
        Category::EChannels => ["電子渠道", "电子渠道", "E-channels"],
        Category::StoresAndMtr => ["便利店及港鐵", "便利店及港铁", "Stores and MTR"],
        Category::Cssa => ["綜援直接轉帳", "综援直接转账", "CSSA transfer"],
        Category::Counter => ["屋邨收款處", "屋邨收款处", "Estate counters"],
        Category::Other => ["其他", "其他", "Other"],
    })
}

/// Tenths of a per cent: `30.0%`.
pub fn percent(thousandths: u16) -> String {
    format!("{}.{}%", thousandths / 10, thousandths % 10)
}

/// What a part is, in a sentence of `name`.
pub fn sentence(name: &str, part: &Part, language: Language) -> String {
    let (count, amount) = (percent(part.payments_share), percent(part.amount_share));
    match language {
        Language::ZhHk => format!("{name}佔宗數 {count}，佔金額 {amount}"),
        Language::ZhCn => format!("{name}占宗数 {count}，占金额 {amount}"),
        Language::En => format!("{name}: {count} of payments, {amount} of the amount"),
    }
}

/// How a list of sentences is put together and ends.
pub fn joined(sentences: &[String], language: Language) -> String {
    match language {
        Language::ZhHk | Language::ZhCn => sentences.join("；") + "。",
        Language::En => sentences.join("; ") + ".",
    }
}
