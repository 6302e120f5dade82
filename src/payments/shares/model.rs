//! What came by each channel in a month.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Numeric, Text};

use crate::kernel::choice::choice;
use crate::kernel::money::Money;
use crate::kernel::month::Month;
use crate::payments::model::Channel;

choice! {
    /// Channels that are told together.
    pub enum Category {
        /// Autopay, the banks, PPS, the Faster Payment System.
        EChannels = "e_channels",
        /// Convenience stores and MTR counters.
        StoresAndMtr = "stores_and_mtr",
        /// Rent allowances that the Social Welfare Department pays to us.
        Cssa = "cssa",
        /// The counters of estate offices.
        Counter = "counter",
        /// Channels that no rule puts anywhere.
        Other = "other",
    }
}

impl Category {
    /// Whether the paper of 2009 counts it as electronic: all but the counter.
    #[must_use]
    pub fn is_electronic(self) -> bool {
        matches!(self, Self::EChannels | Self::StoresAndMtr | Self::Cssa)
    }
}

/// What came by one channel.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub struct Taken {
    #[diesel(sql_type = Text)]
    pub channel: Channel,
    #[diesel(sql_type = Nullable<Text>)]
    pub category: Option<Category>,
    #[diesel(sql_type = BigInt)]
    pub payments: i64,
    #[diesel(sql_type = Numeric)]
    pub amount: Money,
}

/// How many payments, what they come to, and which parts of all that is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Part {
    pub payments: i64,
    pub amount: Money,
    /// Of all payments, in tenths of a per cent; those of all channels come to 1,000.
    pub payments_share: u16,
    /// Of the whole amount, likewise.
    pub amount_share: u16,
}

/// One channel's part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelPart {
    pub channel: Channel,
    pub part: Part,
}

/// A category's part, and those of its channels by which something came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CategoryPart {
    pub category: Category,
    pub part: Part,
    pub channels: Vec<ChannelPart>,
}

/// What came by each channel in a month, as known at an instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shares {
    pub month: Month,
    pub as_at: DateTime<Utc>,
    pub all: Part,
    /// What is not paid at a counter.
    pub electronic: Part,
    pub categories: Vec<CategoryPart>,
}
