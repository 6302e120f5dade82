//! What tenants read: each kind of line and entry in three languages.

use super::model::LineKind;
use crate::kernel::language::Language;
use crate::ledger::TransferKind;

/// The word for a line of a quote.
#[must_use]
pub fn line(kind: LineKind, language: Language) -> &'static str {
    let said = match kind {
        LineKind::BaseRent => ["基本租金", "基本租金", "Basic rent"],
        LineKind::RentReview => ["租金檢討調整", "租金检讨调整", "Rent review adjustment"],
        LineKind::IncreaseWaived => ["寬免租金加幅", "宽免租金加幅", "Rent increase waived"],
        LineKind::RentAssistance => ["租金援助", "租金援助", "Rent Assistance"],
        LineKind::AdditionalRent => ["額外租金", "额外租金", "Additional rent"],
        LineKind::LicenceFee => ["暫准證費", "暂准证费", "Licence fee"],
        LineKind::OccupationFee => ["佔用費", "占用费", "Occupation fee"],
        LineKind::RentWaived => ["政府寬免租金", "政府宽免租金", "Government rent waiver"],
    };
    language.of(said)
}

/// The word for an entry of the account.
#[must_use]
pub fn entry(kind: TransferKind, language: Language) -> &'static str {
    let said = match kind {
        TransferKind::Charge => ["租金", "租金", "Rent"],
        TransferKind::Fee => ["手續費", "手续费", "Fee"],
        TransferKind::Adjustment => ["調整", "调整", "Adjustment"],
        TransferKind::Payment => ["繳款", "缴款", "Payment"],
        TransferKind::Refund => ["退款", "退款", "Refund"],
        TransferKind::Reversal => ["沖銷", "冲销", "Reversal"],
    };
    language.of(said)
}
