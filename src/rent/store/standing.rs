//! Where a household stands now: the statement behind the busiest screen.

use chrono::NaiveDate;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{BigInt, Date, Nullable, Numeric, Text};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::kernel::money::Money;
use crate::kernel::month::Month;
use crate::kernel::tenant_code::TenantCode;
use crate::platform::db::DbError;
use crate::rent::model::{Award, Tenure};

/// A household's balance, charges from this month on, tenures and awards, read in one
/// statement that is prepared once a connection.
#[derive(Debug)]
pub struct Standing {
    /// By everything booked, also what counts from a later day.
    pub balance: Money,
    /// The count of rule changes that it was read at.
    pub rules: i64,
    pub charges: Vec<StandingCharge>,
    pub tenures: Vec<Tenure>,
    pub awards: Vec<Award>,
}

/// What was charged, or changed of a charge.
#[derive(Debug, Deserialize)]
pub struct StandingCharge {
    pub month: Month,
    pub effective_on: NaiveDate,
    pub amount: Money,
}

const SQL: &str = include_str!("standing.sql");

#[derive(Debug, QueryId)]
struct StandingQuery {
    household: i64,
    month: NaiveDate,
}

type Row = (
    i64,
    Money,
    i64,
    Option<String>,
    Option<String>,
    Option<String>,
);

impl Query for StandingQuery {
    type SqlType = (
        BigInt,
        Numeric,
        BigInt,
        Nullable<Text>,
        Nullable<Text>,
        Nullable<Text>,
    );
}

impl RunQueryDsl<PgConnection> for StandingQuery {}

impl QueryFragment<Pg> for StandingQuery {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        // Diesel writes the parameters itself; the file names each of them once, in order.
        let (before, rest) = SQL.split_once("$1").unwrap_or_default();
        let (between, after) = rest.split_once("$2").unwrap_or_default();
        out.push_sql(before);
        out.push_bind_param::<BigInt, _>(&self.household)?;
        out.push_sql(between);
        out.push_bind_param::<Date, _>(&self.month)?;
        out.push_sql(after);
        Ok(())
    }
}

/// Where the household stands; nothing when there is no such household.
pub fn standing(
    conn: &mut PgConnection,
    code: TenantCode,
    month: Month,
) -> Result<Option<Standing>, DbError> {
    let query = StandingQuery {
        household: code.number(),
        month: month.first(),
    };
    let row: Option<Row> = query.get_result(conn).optional()?;
    row.map(|(_, balance, rules, charges, tenures, awards)| {
        Ok(Standing {
            balance,
            rules,
            charges: list(charges)?,
            tenures: list(tenures)?,
            awards: list(awards)?,
        })
    })
    .transpose()
}

/// A JSON array made by SQL; none for no rows.
fn list<T: DeserializeOwned>(json: Option<String>) -> Result<Vec<T>, DbError> {
    let parsed = json.map_or(Ok(Vec::new()), |json| serde_json::from_str(&json));
    parsed
        .map_err(|error| DbError::Query(diesel::result::Error::DeserializationError(error.into())))
}
