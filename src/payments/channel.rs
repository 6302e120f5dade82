//! The ways to pay rent (繳租渠道), and what each is by nature; its terms are dated data.

use crate::kernel::choice::choice;
use crate::ledger::General;

choice! {
    /// A way to pay rent.
    pub enum Channel {
        /// Direct debit that the tenant gave a bank's form for (自動轉帳).
        Autopay = "autopay",
        /// Direct debit by the Faster Payment System (轉數快直接付款授權).
        FpsDebit = "fps_debit",
        /// Payment by Phone Service (繳費靈).
        Pps = "pps",
        /// Bill payment by ATM, telephone or internet (銀行繳費).
        Bank = "bank",
        /// The Faster Payment System (轉數快).
        Fps = "fps",
        /// Convenience stores: cash (便利店).
        Store = "store",
        /// MTR customer service centres: cash (港鐵客務中心).
        Mtr = "mtr",
        /// The Social Welfare Department, for recipients of CSSA (綜援).
        Cssa = "cssa",
        /// The counter of an estate office (屋邨辦事處收款處).
        Shroff = "shroff",
    }
}

choice! {
    /// What a payer gives a channel.
    pub enum Form {
        /// A QR code to scan.
        Qr = "qr",
        /// A bar code to have scanned.
        Barcode = "barcode",
        /// A bill's number to type.
        Bill = "bill",
    }
}

impl Channel {
    /// The account where its money waits for the bank.
    #[must_use]
    pub fn clearing(self) -> General {
        match self {
            Self::Autopay | Self::FpsDebit => General::AutopayClearing,
            Self::Pps => General::PpsClearing,
            Self::Bank => General::BankClearing,
            Self::Fps => General::FpsClearing,
            Self::Store => General::StoreClearing,
            Self::Mtr => General::MtrClearing,
            Self::Cssa => General::CssaClearing,
            Self::Shroff => General::ShroffClearing,
        }
    }

    /// Whether we take the money, by the payer's leave.
    #[must_use]
    pub fn is_direct_debit(self) -> bool {
        matches!(self, Self::Autopay | Self::FpsDebit)
    }

    /// Whether it says in files what it took: at our own counter nobody else takes money.
    #[must_use]
    pub fn sends_files(self) -> bool {
        self != Self::Shroff
    }

    /// What a payer gives it; `None` where the payer gives nothing each time.
    #[must_use]
    pub fn form(self) -> Option<Form> {
        match self {
            Self::Fps => Some(Form::Qr),
            Self::Store | Self::Mtr | Self::Shroff => Some(Form::Barcode),
            Self::Pps | Self::Bank => Some(Form::Bill),
            Self::Autopay | Self::FpsDebit | Self::Cssa => None,
        }
    }
}
