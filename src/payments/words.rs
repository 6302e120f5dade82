//! What payers read: channels in three languages.

use super::model::Channel;
use crate::kernel::language::Language;

/// The name of a channel.
#[must_use]
pub fn channel(channel: Channel, language: Language) -> &'static str {
    language.of(match channel {
        Channel::Autopay => ["自動轉帳", "自动转账", "Autopay"],
        Channel::FpsDebit => [
            "轉數快直接付款授權",
            "转数快直接付款授权",
            "FPS direct debit",
        ],
        Channel::Pps => ["繳費靈", "缴费灵", "PPS"],
        Channel::Bank => ["銀行繳費服務", "银行缴费服务", "Bank bill payment"],
        Channel::Fps => ["轉數快", "转数快", "FPS"],
        Channel::Store => ["便利店", "便利店", "Convenience stores"],
        Channel::Mtr => [
            "港鐵客務中心",
            "港铁客务中心",
            "MTR customer service centres",
        ],
        Channel::Cssa => [
            "社會福利署綜援",
            "社会福利署综援",
            "CSSA, by the Social Welfare Department",
        ],
        Channel::Shroff => [
            "屋邨辦事處收款處",
            "屋邨办事处收款处",
            "Estate office counter",
        ],
    })
}
