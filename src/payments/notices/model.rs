//! What channels tell as it happens.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use uuid::Uuid;

use crate::kernel::choice::choice;
use crate::kernel::money::Money;
use crate::payments::model::Channel;
use crate::platform::db::schema::payment_notice;

choice! {
    /// What a channel says of a payment as it happens.
    pub enum NoticeState {
        /// It may still come to nothing.
        Pending = "pending",
        /// The channel does not know.
        Unknown = "unknown",
        /// The channel has the money.
        Paid = "paid",
        /// It came to nothing.
        Failed = "failed",
    }
}

choice! {
    /// What a notice led to.
    pub enum NoticeOutcome {
        /// Nothing yet.
        Noted = "noted",
        Posted = "posted",
        Suspense = "suspense",
        /// The payment was known before.
        Duplicate = "duplicate",
        /// It was paid with another amount or to another account, or paid though it failed:
        /// somebody must look.
        Contradicts = "contradicts",
    }
}

/// What a channel told of a payment as it happened.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = payment_notice, check_for_backend(diesel::pg::Pg))]
pub struct Notice {
    pub channel: Channel,
    /// The channel's own name of this piece of news.
    pub event: String,
    pub client: Uuid,
    pub reference: String,
    pub state: NoticeState,
    pub account: String,
    pub amount: Money,
    pub instructed_at: DateTime<Utc>,
    pub place: String,
    pub outcome: NoticeOutcome,
    pub received_at: DateTime<Utc>,
}
