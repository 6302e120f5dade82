//! Transactions' numbers (`xid8`): they only grow, and never repeat within a cluster.

use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::pg::{Pg, PgValue};
use diesel::query_builder::QueryId;
use diesel::serialize::{self, IsNull, Output, ToSql};
use diesel::sql_types::SqlType;
use serde::{Deserialize, Serialize};

/// PostgreSQL's type of them.
#[derive(Debug, Clone, Copy, SqlType, QueryId)]
#[diesel(postgres_type(oid = 5069, array_oid = 271))]
pub struct Xid8;

/// The number of a transaction that wrote something.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    AsExpression,
    FromSqlRow,
)]
#[serde(transparent)]
#[diesel(sql_type = Xid8)]
pub struct TransactionId(pub u64);

impl FromSql<Xid8, Pg> for TransactionId {
    fn from_sql(bytes: PgValue<'_>) -> deserialize::Result<Self> {
        Ok(Self(u64::from_be_bytes(bytes.as_bytes().try_into()?)))
    }
}

impl ToSql<Xid8, Pg> for TransactionId {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        std::io::Write::write_all(out, &self.0.to_be_bytes())?;
        Ok(IsNull::No)
    }
}
