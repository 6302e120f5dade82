//! A list of what is due.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;

use crate::kernel::id::DueListId;
use crate::kernel::money::{Money, NotMoney};
use crate::payments::Channel;
use crate::platform::db::DbError;
use crate::platform::db::schema::due_list;
use crate::rent::RentError;

/// A list of what is due, for one channel.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = due_list, check_for_backend(diesel::pg::Pg))]
pub struct DueList {
    pub id: DueListId,
    pub channel: Channel,
    /// The how-manieth of the channel.
    pub number: i32,
    pub business_date: NaiveDate,
    /// The instant as at which every figure is.
    pub as_at: DateTime<Utc>,
    pub lines: i32,
    pub amount: Money,
    /// Households of which it cannot be told what they owe.
    pub left_out: i32,
    pub bytes: i64,
    pub sha256: Vec<u8>,
    pub made_by: String,
    pub made_at: DateTime<Utc>,
}

impl DueList {
    /// What its file is called.
    #[must_use]
    pub fn file_name(&self) -> String {
        format!(
            "due-{}-{}-{}.txt",
            self.channel, self.business_date, self.number
        )
    }
}

/// Why there is no list.
#[derive(Debug, thiserror::Error)]
pub enum DueListError {
    #[error("no such list")]
    NoSuchList,
    /// Its bytes are not kept any more.
    #[error("the list is too old to be read: take a newer one")]
    Gone,
    #[error("{0} shows nobody what is due")]
    NoLists(Channel),
    #[error("{0} is not open on {1}")]
    Closed(Channel, NaiveDate),
    #[error("another list was made meanwhile")]
    Another,
    #[error("stopped before the end: nothing is kept of it")]
    Stopped,
    #[error(transparent)]
    Amount(#[from] NotMoney),
    #[error(transparent)]
    Rent(#[from] RentError),
    #[error(transparent)]
    Db(#[from] DbError),
}
