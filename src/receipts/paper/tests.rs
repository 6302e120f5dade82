//! Receipts as they leave the printer.

use super::*;
use crate::counter::ReceiptNumber;
use crate::kernel::id::PaymentId;
use crate::kernel::language::Trilingual;
use crate::kernel::tenant_code::TenantCode;
use crate::payments::Channel;
use crate::platform::paper::testing::{fonts, read};
use crate::receipts::model::{Home, Particulars, UndoneBy};

fn trilingual([traditional, simplified, en]: [&str; 3]) -> Trilingual {
    Trilingual {
        en: en.to_owned(),
        zh_hant: traditional.to_owned(),
        zh_hans: simplified.to_owned(),
    }
}

/// A cheque at the counter of Wah Fu (I) Estate, after its cut-off.
fn cheque() -> Receipt {
    Receipt {
        payment: PaymentId::derived("a cheque"),
        code: TenantCode::of(100_000_001).unwrap(),
        amount: "12364.00".parse().unwrap(),
        channel: Channel::Shroff,
        reference: "017-2026-000123".to_owned(),
        place: trilingual(["華富(一)邨", "华富(一)邨", "Wah Fu (I) Estate"]),
        counter: Some((
            ReceiptNumber {
                office: 17,
                year: 2026,
                number: 123,
            },
            Tender::Cheque,
        )),
        paid_at: "2026-11-20T09:05:59Z".parse().unwrap(),
        value_on: "2026-11-23".parse().unwrap(),
        particulars: Some(Particulars {
            home: Some(Home {
                estate: trilingual(["華富(一)邨", "华富(一)邨", "Wah Fu (I) Estate"]),
                block: trilingual(["華安樓", "华安楼", "Wah On House"]),
                floor: 12,
                unit: "1205".to_owned(),
            }),
            balance: "-136.00".parse().unwrap(),
            as_at: "2026-11-23".parse().unwrap(),
        }),
        undone: None,
        issued_at: "2026-11-20T09:06:10Z".parse().unwrap(),
    }
}

#[test]
fn a_slip_says_what_was_paid_in_three_languages() {
    let printed = Language::ALL.map(|language| slip(&cheque(), language));
    let golden = [
        include_str!("golden/zh-HK.txt"),
        include_str!("golden/zh-CN.txt"),
        include_str!("golden/en.txt"),
    ];
    for (printed, golden) in printed.iter().zip(golden) {
        assert_eq!(printed, golden, "\n{printed}");
    }
}

#[test]
fn a_receipt_of_a_payment_that_was_undone_says_so_before_all_else() {
    for (by, words) in [
        (UndoneBy::Void, ["收據作廢", "收据作废", "VOID"]),
        (UndoneBy::Reversal, ["款項已沖銷", "款项已冲销", "REVERSED"]),
    ] {
        for (language, word) in Language::ALL.into_iter().zip(words) {
            let receipt = Receipt {
                undone: Some(Undone {
                    by,
                    at: "2026-11-20T10:00:00Z".parse().unwrap(),
                }),
                ..cheque()
            };
            let printed = slip(&receipt, language);
            let (before, _) = printed.split_once("HK$").unwrap();
            assert!(before.contains(word), "{printed}");
            let paper = read(&pdf(&receipt, language, fonts()).unwrap()).concat();
            let at = |text: &str| paper.iter().position(|line| line.contains(text));
            assert!(at(word).unwrap() < at("HK$").unwrap(), "{paper:?}");
        }
    }
}

#[test]
fn the_page_says_what_the_slip_says() {
    for language in Language::ALL {
        let letters = |text: &str| {
            let kept = |letter: &char| !letter.is_whitespace() && *letter != '-';
            text.chars().filter(kept).collect::<String>()
        };
        let paper = read(&pdf(&cheque(), language, fonts()).unwrap())
            .concat()
            .concat();
        let (slip, paper) = (slip(&cheque(), language), letters(&paper));
        for said in slip.lines().flat_map(|line| line.split("  ")) {
            assert!(paper.contains(&letters(said)), "{said}: {paper}");
        }
    }
}

#[test]
fn what_is_none_of_an_offices_business_is_not_on_its_receipt() {
    let bare = Receipt {
        particulars: None,
        ..cheque()
    };
    for language in Language::ALL {
        let (bare, whole) = (slip(&bare, language), slip(&cheque(), language));
        for private in ["1205", "136.00"] {
            assert!(whole.contains(private) && !bare.contains(private), "{bare}");
        }
        assert!(bare.contains("HK$12,364.00"), "{bare}");
    }
}

/// A tenant who reads Simplified Chinese is not given Traditional, nor the other way.
#[test]
fn the_two_chineses_are_not_mixed() {
    let receipt = Receipt {
        undone: Some(Undone {
            by: UndoneBy::Reversal,
            at: "2026-11-20T10:00:00Z".parse().unwrap(),
        }),
        ..cheque()
    };
    let (hk, cn) = (
        slip(&receipt, Language::ZhHk),
        slip(&receipt, Language::ZhCn),
    );
    let pairs = "據號碼繳時間單位徑辦處數額結餘欠項沖銷計帳於請詢聯絡須兌現華樓"
        .chars()
        .zip("据号码缴时间单位径办处数额结余欠项冲销计账于请询联络须兑现华楼".chars());
    for (traditional, simplified) in pairs.filter(|(one, other)| one != other) {
        assert!(!cn.contains(traditional), "{traditional}");
        assert!(!hk.contains(simplified), "{simplified}");
    }
}
