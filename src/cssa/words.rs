//! What tenants read of their rent allowance, in three languages.

use super::tell::Told;
use crate::kernel::language::Language;
use crate::kernel::money::Money;
use crate::payments::files::Coverage;
use crate::rent::hkd;

/// Who pays how much of the month.
pub fn note(told: &Told, language: Language) -> String {
    let yours = hkd(told.yours);
    let Some(granted) = told.granted else {
        return language.of([
            format!("本月沒有綜援租金津貼。你須繳付 {yours}。"),
            format!("本月没有综援租金津贴。你须缴付 {yours}。"),
            format!("No CSSA rent allowance is granted for this month. You pay {yours}."),
        ]);
    };
    let who = match granted.coverage {
        Coverage::Full => language.of([
            "社會福利署直接繳付你本月的全部租金。".to_owned(),
            "社会福利署直接缴付你本月的全部租金。".to_owned(),
            "The Social Welfare Department pays the whole of this month's rent directly. "
                .to_owned(),
        ]),
        Coverage::Partial => {
            let amount = hkd(granted.amount);
            language.of([
                format!("社會福利署直接繳付你本月租金中的 {amount}。"),
                format!("社会福利署直接缴付你本月租金中的 {amount}。"),
                format!(
                    "The Social Welfare Department pays {amount} of this month's rent directly. "
                ),
            ])
        }
    };
    let rest = if told.yours == Money::ZERO {
        language.of([
            "你毋須繳付任何款項。".to_owned(),
            "你无须缴付任何款项。".to_owned(),
            "You have nothing to pay.".to_owned(),
        ])
    } else {
        language.of([
            format!("你須繳付餘額 {yours}。"),
            format!("你须缴付余额 {yours}。"),
            format!("You pay the rest: {yours}."),
        ])
    };
    format!("{who}{rest}")
}
