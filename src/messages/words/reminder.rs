//! Of rent that is still due.

use chrono::NaiveDate;

use super::{Texts, brief};
use crate::kernel::language::Language;
use crate::kernel::money::Money;
use crate::kernel::month::Month;
use crate::rent::{Words, hkd};

/// What is due, and by when.
pub fn due(
    (month, due, pay_by): (Month, Money, NaiveDate),
    tail: &str,
    language: Language,
) -> Texts {
    let amount = hkd(due);
    let month = Words(language).month(month);
    let (date, day) = (Words(language).day(pay_by), brief(pay_by, language));
    match language {
        Language::ZhHk => Texts {
            subject: format!("{month}租金提示"),
            short: format!(
                "街坊：租金戶口（尾號{tail}）現時應繳{amount}，請於{day}或之前繳交。如已繳交，毋須理會。"
            ),
            letter: format!(
                "租戶號碼尾號{tail}的租金帳戶現時應繳{amount}，請於{date}或之前繳交。\n\n\
                 如您剛已繳交，毋須理會本提示。如有困難，請盡早聯絡屋邨辦事處。"
            ),
        },
        Language::ZhCn => Texts {
            subject: format!("{month}租金提示"),
            short: format!(
                "街坊：租金户口（尾号{tail}）现时应缴{amount}，请于{day}或之前缴交。如已缴交，毋须理会。"
            ),
            letter: format!(
                "租户号码尾号{tail}的租金账户现时应缴{amount}，请于{date}或之前缴交。\n\n\
                 如您刚已缴交，毋须理会本提示。如有困难，请尽早联络屋邨办事处。"
            ),
        },
        Language::En => Texts {
            subject: format!("Your rent for {month}"),
            short: format!(
                "Kaifong: {amount} is due on your rent account ending {tail}. Please pay by {day}. If you \
                 have just paid, there is nothing to do."
            ),
            letter: format!(
                "{amount} is due on the rent account whose tenant code ends in {tail}. Please pay it by \
                 {date}.\n\nIf you have just paid, there is nothing to do. If you cannot pay, please ask \
                 your estate office soon."
            ),
        },
    }
}
