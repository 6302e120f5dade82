//! What channels tell as it happens.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use uuid::Uuid;

use crate::kernel::choice::choice;
use crate::kernel::money::Money;
use crate::payments::model::{Channel, Told};
use crate::platform::auth::Actor;
use crate::platform::db::schema::{payment_notice, request_nonce};

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
#[diesel(treat_none_as_default_value = false)]
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

/// A piece of news as it came, whose signature holds.
#[derive(Debug, Clone)]
pub struct News {
    pub nonce: Nonce,
    /// What it says; when it was received, and what it leads to, is not known yet.
    pub notice: Notice,
    /// The program that tells it.
    pub actor: Actor,
}

/// What makes a signature good for once.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, QueryableByName)]
#[diesel(table_name = request_nonce, check_for_backend(diesel::pg::Pg))]
pub struct Nonce {
    pub key: String,
    pub nonce: String,
}

impl Notice {
    /// The payment that it is about, as a channel tells of one.
    pub(super) fn told(&self) -> Told {
        Told {
            reference: self.reference.clone(),
            account: self.account.clone(),
            amount: self.amount,
            instructed_at: self.instructed_at,
            place: self.place.clone(),
        }
    }

    /// Whether `other` says the same by the same name.
    pub(super) fn says_as(&self, other: &Self) -> bool {
        let as_told = Self {
            client: self.client,
            outcome: self.outcome,
            received_at: self.received_at,
            ..other.clone()
        };
        *self == as_told
    }
}
