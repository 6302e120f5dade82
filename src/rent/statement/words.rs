//! What a statement says, in three languages side by side, and how it writes dates and amounts.

use chrono::{Datelike, NaiveDate};

use crate::kernel::language::Language;
use crate::kernel::money::Money;
use crate::kernel::month::Month;
use crate::kernel::tenant_code::TenantCode;

/// Declares one method for each text: Traditional Chinese, Simplified Chinese, English.
macro_rules! words {
    ($($name:ident: $zh_hk:literal, $zh_cn:literal, $en:literal;)*) => {
        impl Words {
            $(pub fn $name(self) -> &'static str {
                self.0.of([$zh_hk, $zh_cn, $en])
            })*

            /// Every text of the language.
            #[cfg(test)]
            pub fn all(self) -> Vec<&'static str> {
                vec![$(self.$name()),*]
            }
        }
    };
}

/// The words of one language.
#[derive(Debug, Clone, Copy)]
pub struct Words(pub Language);

words! {
    letterhead: "街坊 Kaifong　公共租住房屋租戶服務",
                "街坊 Kaifong　公共租住房屋租户服务",
                "Kaifong 街坊 · Tenant services for public rental housing";
    title: "租金結單", "租金结单", "Rent statement";
    tenant_code: "租戶號碼", "租户号码", "Tenant code";
    estate: "屋邨", "屋邨", "Estate";
    no_estate: "（沒有單位）", "（没有单位）", "(no flat)";
    issued: "發出日期", "发出日期", "Date of issue";
    period: "結單期間", "结单期间", "Period";

    account: "帳目", "账目", "Your account";
    date: "日期", "日期", "Date";
    description: "項目", "项目", "Description";
    charge: "應繳", "应缴", "Charge";
    payment: "已繳或扣減", "已缴或扣减", "Payment or credit";
    balance: "結欠", "结欠", "Balance";
    opening: "承上結欠", "承上结欠", "Opening balance";
    closing: "期末結欠", "期末结欠", "Closing balance";
    opening_credit: "承上結餘", "承上结余", "Opening balance";
    closing_credit: "期末結餘", "期末结余", "Closing balance";
    no_entries: "期內沒有項目。", "期内没有项目。", "No entries in this period.";
    credit: "結餘", "结余", "CR";
    credit_means: "「結餘」是多繳的款項，會用以抵付其後的租金。",
                  "“结余”是多缴的款项，会用以抵付其后的租金。",
                  "CR means that the account is in credit: it goes towards later rent.";

    due_now: "現時應繳", "现时应缴", "Due now";
    rent_of: "租金", "租金", "Rent for";
    no_rent: "本月沒有租金。", "本月没有租金。", "There is no rent for this month.";
    less: "減", "减", "less";
    source: "依據：", "依据：", "Source: ";
    assumed: "（假設數字）", "（假设数字）", " (assumed figure)";
    owed_before: "本月以外的欠款", "本月以外的欠款", "Owed apart from this month";
    credit_before: "本月以外的結餘", "本月以外的结余", "Credit brought forward";
    amount_due: "應繳款額", "应缴款额", "Amount due";
    due_date: "到期日：", "到期日：", "Due date: ";
    nothing_due: "現時毋須繳款。", "现时毋须缴款。", "There is nothing to pay now.";
    credit_left: "抵付本月租金後的結餘", "抵付本月租金后的结余", "Credit left after this month";
    note: "以上數字截至發出日期當日完結時為止；其後的繳款或調整未計算在內。",
          "以上数字截至发出日期当日完结时为止；其后的缴款或调整未计算在内。",
          "Figures are as at the end of the date of issue; later payments and changes are not included.";
}

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

impl Words {
    /// A date as Hong Kong writes it: `2026年11月20日`, `20 November 2026`.
    pub fn day(self, date: NaiveDate) -> String {
        let (year, month, day) = (date.year(), date.month(), date.day());
        match self.0 {
            Language::ZhHk | Language::ZhCn => format!("{year}年{month}月{day}日"),
            Language::En => format!("{day} {} {year}", english_month(date)),
        }
    }

    /// `2026年11月`, `November 2026`.
    pub fn month(self, month: Month) -> String {
        let first = month.first();
        match self.0 {
            Language::ZhHk | Language::ZhCn => format!("{}年{}月", first.year(), first.month()),
            Language::En => format!("{} {}", english_month(first), first.year()),
        }
    }

    /// From one to the other, both included.
    pub fn span(self, from: &str, to: &str) -> String {
        if from == to {
            return from.to_owned();
        }
        match self.0 {
            Language::ZhHk | Language::ZhCn => format!("{from}至{to}"),
            Language::En => format!("{from} to {to}"),
        }
    }

    /// The rent of `month`, named.
    pub fn rent_of_month(self, month: Month) -> String {
        match self.0 {
            Language::ZhHk | Language::ZhCn => format!("{}{}", self.month(month), self.rent_of()),
            Language::En => format!("{} {}", self.rent_of(), self.month(month)),
        }
    }

    /// What an account stands at: `HK$1,234.50` is owed, `HK$636.50 CR` is in credit.
    pub fn standing(self, balance: Money) -> String {
        if balance < Money::ZERO {
            format!("{} {}", hkd(balance), self.credit())
        } else {
            hkd(balance)
        }
    }

    /// What an amount does to a sum: `HK$1,234.50` adds, `less HK$636.50` takes off.
    pub fn part(self, amount: Money) -> String {
        if amount < Money::ZERO {
            format!("{} {}", self.less(), hkd(amount))
        } else {
            hkd(amount)
        }
    }
}

fn english_month(date: NaiveDate) -> &'static str {
    let place = usize::try_from(date.month0()).unwrap_or_default();
    MONTHS.get(place).copied().unwrap_or_default()
}

/// The code as people read it out: `1000 0000 18`.
pub fn grouped(code: TenantCode) -> String {
    let code = code.to_string();
    let parts = [code.get(..4), code.get(4..8), code.get(8..)];
    parts.map(Option::unwrap_or_default).join(" ")
}

/// How much, whichever way: `HK$1,234.50`.
pub fn hkd(amount: Money) -> String {
    let plain = amount.abs().to_string();
    let (dollars, cents) = plain.split_once('.').unwrap_or((&plain, "00"));
    let mut grouped = String::new();
    for (place, digit) in dollars.chars().enumerate() {
        if place > 0 && (dollars.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    format!("HK${grouped}.{cents}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn money(text: &str) -> Money {
        text.parse().unwrap()
    }

    #[test]
    fn amounts_are_grouped_and_say_which_way_they_go() {
        for (amount, written) in [
            ("0.00", "HK$0.00"),
            ("7.50", "HK$7.50"),
            ("999.99", "HK$999.99"),
            ("1234.50", "HK$1,234.50"),
            ("-123456.00", "HK$123,456.00"),
            ("9999999999.99", "HK$9,999,999,999.99"),
        ] {
            assert_eq!(hkd(money(amount)), written);
        }
        let zh = Words(Language::ZhHk);
        let en = Words(Language::En);
        assert_eq!(zh.standing(money("-636.50")), "HK$636.50 結餘");
        assert_eq!(en.standing(money("-636.50")), "HK$636.50 CR");
        assert_eq!(en.standing(money("636.50")), "HK$636.50");
        assert_eq!(en.part(money("-636.50")), "less HK$636.50");
        assert_eq!(zh.part(money("636.50")), "HK$636.50");
    }

    #[test]
    fn dates_are_as_hong_kong_writes_them() {
        let day = NaiveDate::from_ymd_opt(2026, 11, 20).unwrap();
        let month = Month::of(day);
        let (zh, en) = (Words(Language::ZhCn), Words(Language::En));
        assert_eq!(zh.day(day), "2026年11月20日");
        assert_eq!(en.day(day), "20 November 2026");
        assert_eq!(en.rent_of_month(month), "Rent for November 2026");
        assert_eq!(zh.rent_of_month(month), "2026年11月租金");
        assert_eq!(zh.span("2026年1月", "2026年2月"), "2026年1月至2026年2月");
        assert_eq!(en.span("May 2026", "May 2026"), "May 2026");
    }

    /// A tenant who reads Simplified Chinese is not given Traditional, nor the other way.
    #[test]
    fn the_two_chineses_are_not_mixed() {
        let (hk, cn) = (Words(Language::ZhHk).all(), Words(Language::ZhCn).all());
        let (hk, cn) = (hk.concat(), cn.concat());
        for (traditional, simplified) in "結單戶號碼發間帳項應繳減欠餘沒個數據當後調計為內現須額會"
            .chars()
            .zip("结单户号码发间账项应缴减欠余没个数据当后调计为内现须额会".chars())
            .filter(|(traditional, simplified)| traditional != simplified)
        {
            assert!(!cn.contains(traditional), "{traditional}");
            assert!(!hk.contains(simplified), "{simplified}");
        }
    }
}
