//! The texts to the letter, and to the length of a text message.

use super::*;
use crate::kernel::money::Money;
use crate::messages::news::Standing;
use crate::messages::rules::parts::parts;
use crate::payments::{AutopayRefused, AutopaySuspended, Channel, PaymentReceived, PaymentVoided};

fn code() -> TenantCode {
    "1000000018".parse().unwrap()
}

fn money(text: &str) -> Money {
    text.parse().unwrap()
}

fn paid(channel: Channel, amount: &str, standing: Option<(&str, &str)>) -> News {
    News::PaymentReceived {
        event: PaymentReceived {
            channel,
            amount: money(amount),
            paid_on: "2026-11-20".parse().unwrap(),
        },
        standing: standing.map(|(due, credit)| Standing {
            month: "2026-11".parse().unwrap(),
            due: money(due),
            credit: money(credit),
        }),
    }
}

fn voided(amount: &str, due: &str) -> News {
    News::PaymentVoided {
        event: PaymentVoided {
            receipt: "001-2026-000001".to_owned(),
            amount: money(amount),
            paid_on: "2026-12-31".parse().unwrap(),
        },
        standing: Some(Standing {
            month: "2026-12".parse().unwrap(),
            due: money(due),
            credit: Money::ZERO,
        }),
    }
}

fn refused() -> News {
    News::AutopayRefused {
        event: AutopayRefused {
            amount: money("2364.00"),
            due_on: "2026-11-02".parse().unwrap(),
        },
    }
}

fn suspended() -> News {
    News::AutopaySuspended {
        event: AutopaySuspended { refusals: 3 },
    }
}

fn due(amount: &str) -> News {
    News::RentDue {
        month: "2026-11".parse().unwrap(),
        due: money(amount),
        pay_by: "2026-11-30".parse().unwrap(),
    }
}

#[test]
fn a_payment_and_what_became_of_the_difference_in_three_languages() {
    let short = |news: &News| Language::ALL.map(|language| texts(news, code(), language).short);
    assert_eq!(
        short(&paid(Channel::Store, "2264.00", Some(("100.00", "0.00")))),
        [
            "街坊：收到11月20日經便利店繳交的HK$2,264.00（戶口尾號0018）。尚欠HK$100.00。",
            "街坊：收到11月20日经便利店缴交的HK$2,264.00（户口尾号0018）。尚欠HK$100.00。",
            "Kaifong: we received HK$2,264.00 paid on 20 Nov by Convenience stores (account ending 0018). \
             HK$100.00 is still due.",
        ]
    );
    assert_eq!(
        short(&paid(Channel::Fps, "2464.00", Some(("0.00", "100.00")))),
        [
            "街坊：收到11月20日經轉數快繳交的HK$2,464.00（戶口尾號0018）。結餘HK$100.00。",
            "街坊：收到11月20日经转数快缴交的HK$2,464.00（户口尾号0018）。结余HK$100.00。",
            "Kaifong: we received HK$2,464.00 paid on 20 Nov by FPS (account ending 0018). \
             HK$100.00 is in credit.",
        ]
    );
    assert_eq!(
        short(&paid(Channel::Fps, "2364.00", Some(("0.00", "0.00"))))[2],
        "Kaifong: we received HK$2,364.00 paid on 20 Nov by FPS (account ending 0018). Nothing is due."
    );
    let letter = |language| {
        let news = paid(Channel::Pps, "2464.00", Some(("0.00", "100.00")));
        letter(&news, code(), &[language])
    };
    assert_eq!(
        letter(Language::ZhHk),
        "租戶：\n\n我們收到以下繳款：\n\n日期：2026年11月20日\n途徑：繳費靈\n金額：HK$2,464.00\n\
         租戶號碼尾號：0018\n\n帳戶有結餘HK$100.00，會用以抵付其後的租金。\n\n\
         這是系統發出的電郵，請勿回覆。我們不會以電郵或短訊索取密碼或個人資料。如有查詢，請聯絡屋邨辦事處。\n\
         街坊 Kaifong\n"
    );
    assert_eq!(
        letter(Language::ZhCn),
        "租户：\n\n我们收到以下缴款：\n\n日期：2026年11月20日\n途径：缴费灵\n金额：HK$2,464.00\n\
         租户号码尾号：0018\n\n账户有结余HK$100.00，会用以抵付其后的租金。\n\n\
         这是系统发出的电邮，请勿回复。我们不会以电邮或短信索取密码或个人资料。如有查询，请联络屋邨办事处。\n\
         街坊 Kaifong\n"
    );
    assert_eq!(
        letter(Language::En),
        "Dear tenant,\n\nWe received this payment:\n\nDate: 20 November 2026\nBy: PPS\n\
         Amount: HK$2,464.00\nTenant code ending: 0018\n\n\
         Your account is HK$100.00 in credit, which goes towards later rent.\n\n\
         This e-mail was sent by a computer: please do not reply. We never ask for passwords or personal \
         data by e-mail or text message. Please ask your estate office if anything is unclear.\n\
         Kaifong 街坊\n"
    );
}

#[test]
#[expect(clippy::too_many_lines, reason = "one plain row a case")]
fn a_refused_debit_a_suspended_one_and_a_reminder_in_three_languages() {
    let said = |news: &News| {
        Language::ALL.map(|language| {
            let texts = texts(news, code(), language);
            (texts.subject, texts.short)
        })
    };
    let all = |expected: [(&str, &str); 3]| {
        expected.map(|(subject, short)| (subject.to_owned(), short.to_owned()))
    };
    assert_eq!(
        said(&refused()),
        all([
            (
                "自動轉帳未能支付租金",
                "街坊：銀行未有支付11月2日的自動轉帳HK$2,364.00（戶口尾號0018），請以其他方法繳租。",
            ),
            (
                "自动转账未能支付租金",
                "街坊：银行未有支付11月2日的自动转账HK$2,364.00（户口尾号0018），请以其他方法缴租。",
            ),
            (
                "Autopay did not pay your rent",
                "Kaifong: your bank did not pay the autopay of HK$2,364.00 on 2 Nov (account ending \
                 0018). Please pay another way.",
            ),
        ])
    );
    assert_eq!(
        said(&suspended()),
        all([
            (
                "自動轉帳已暫停",
                "街坊：銀行已連續3次拒付，您的自動轉帳（戶口尾號0018）現已暫停，請以其他方法繳租。",
            ),
            (
                "自动转账已暂停",
                "街坊：银行已连续3次拒付，您的自动转账（户口尾号0018）现已暂停，请以其他方法缴租。",
            ),
            (
                "Your autopay is suspended",
                "Kaifong: your bank refused 3 times in a row, so your autopay (account ending 0018) is \
                 suspended. Please pay another way.",
            ),
        ])
    );
    assert_eq!(
        said(&due("2364.00")),
        all([
            (
                "2026年11月租金提示",
                "街坊：租金戶口（尾號0018）現時應繳HK$2,364.00，請於11月30日或之前繳交。如已繳交，毋須理會。",
            ),
            (
                "2026年11月租金提示",
                "街坊：租金户口（尾号0018）现时应缴HK$2,364.00，请于11月30日或之前缴交。如已缴交，毋须理会。",
            ),
            (
                "Your rent for November 2026",
                "Kaifong: HK$2,364.00 is due on your rent account ending 0018. Please pay by 30 Nov. If \
                 you have just paid, there is nothing to do.",
            ),
        ])
    );
}

#[test]
fn a_receipt_that_is_void_in_three_languages() {
    let news = voided("300.00", "2364.00");
    let said = Language::ALL.map(|language| {
        let texts = texts(&news, code(), language);
        (texts.subject, texts.short)
    });
    let expected = [
        (
            "收據已作廢",
            "街坊：12月31日收據001-2026-000001（HK$300.00，戶口尾號0018）已作廢。尚欠HK$2,364.00。",
        ),
        (
            "收据已作废",
            "街坊：12月31日收据001-2026-000001（HK$300.00，户口尾号0018）已作废。尚欠HK$2,364.00。",
        ),
        (
            "A receipt is void",
            "Kaifong: receipt 001-2026-000001 of 31 Dec for HK$300.00 (account ending 0018) is void. \
             HK$2,364.00 is still due.",
        ),
    ];
    assert_eq!(
        said,
        expected.map(|(subject, short)| (subject.to_owned(), short.to_owned()))
    );
    let letter = letter(&news, code(), &[Language::En]);
    assert!(
        letter.contains(
            "the payment no longer counts on your account:\n\nReceipt: 001-2026-000001\n\
             Date: 31 December 2026\nAmount: HK$300.00\nTenant code ending: 0018\n\n\
             HK$2,364.00 is still due"
        ),
        "{letter}"
    );
}

/// Rents are well below a hundred thousand dollars, and so is what is owed for years.
#[test]
fn a_text_in_one_language_is_one_text_message() {
    let most = "99999.99";
    let payments = Channel::ALL
        .iter()
        .flat_map(|channel| {
            let standing = [None, Some((most, "0.00")), Some(("0.00", most))];
            standing.map(|standing| paid(*channel, most, standing))
        })
        .collect::<Vec<_>>();
    let late = News::AutopayRefused {
        event: AutopayRefused {
            amount: money(most),
            due_on: "2026-12-31".parse().unwrap(),
        },
    };
    let others = [late, suspended(), due(most), voided(most, most)];
    for news in payments.iter().chain(&others) {
        for language in Language::ALL {
            let said = texts(news, code(), language).short;
            assert_eq!(parts(&said), 1, "{} letters: {said}", said.chars().count());
        }
        let both = short(news, code(), &[Language::ZhHk, Language::En]);
        assert!(parts(&both) <= 4, "{both}");
        assert!(both.starts_with("街坊：") && both.contains("\nKaifong: "));
    }
}

/// A tenant who reads Simplified Chinese is not given Traditional, nor the other way.
#[test]
fn the_two_chineses_are_not_mixed() {
    let all = |language| -> String {
        let news = [
            paid(Channel::Store, "1.00", Some(("1.00", "0.00"))),
            paid(Channel::Store, "1.00", Some(("0.00", "1.00"))),
            paid(Channel::Store, "1.00", Some(("0.00", "0.00"))),
            refused(),
            suspended(),
            due("1.00"),
        ];
        let said = |news: &News| {
            let short = short(news, code(), &[language]);
            let subject = subject(news, code(), &[language]);
            short + &subject + &letter(news, code(), &[language])
        };
        news.iter().map(said).collect()
    };
    let (hk, cn) = (all(Language::ZhHk), all(Language::ZhCn));
    for (traditional, simplified) in
        "經戶號繳結餘無時現帳會後銀轉動連續為們電郵覆個資訊聯絡辦處詢請剛難盡應於暫停復"
            .chars()
            .zip(
                "经户号缴结余无时现账会后银转动连续为们电邮复个资讯联络办处询请刚难尽应于暂停复"
                    .chars(),
            )
            .filter(|(traditional, simplified)| traditional != simplified)
    {
        assert!(!cn.contains(traditional), "{traditional} in {cn}");
        assert!(!hk.contains(simplified), "{simplified} in {hk}");
    }
}

#[test]
fn no_text_has_a_link_or_asks_for_a_secret() {
    for news in [refused(), suspended(), due("1.00")] {
        for language in Language::ALL {
            let texts = texts(&news, code(), language);
            for said in [texts.subject, texts.short, texts.letter] {
                for never in ["http", "www", "://", "1000000018", "PIN"] {
                    assert!(!said.contains(never), "{never}: {said}");
                }
            }
        }
    }
}
