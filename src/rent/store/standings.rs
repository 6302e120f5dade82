//! Where many households stand now.
//!
//! * One statement reads all of it: a charge is in the balance and in the list, or in neither.
//! * What it tells of one household is what `standing` does, however many are asked for.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel::result::Error;
use diesel::sql_types::{
    Array, BigInt, Date, Integer, Nullable, Numeric, Text, Timestamptz, Uuid as SqlUuid,
};
use rust_decimal::Decimal;

use super::standing::{Standing, StandingCharge};
use crate::kernel::id::{AwardId, EstateId, TenancyId};
use crate::kernel::money::Money;
use crate::kernel::month::Month;
use crate::kernel::tenant_code::TenantCode;
use crate::platform::db::DbError;
use crate::rent::model::{Award, Scheme, Tenure};
use crate::tenancy::TenancyKind;

/// A household's account, or a charge, a tenure or an award of it: the others' columns are null.
#[derive(QueryableByName)]
struct Part {
    #[diesel(sql_type = BigInt)]
    household: TenantCode,
    #[diesel(sql_type = Nullable<Numeric>)]
    balance: Option<Money>,
    #[diesel(sql_type = Nullable<BigInt>)]
    rules: Option<i64>,
    #[diesel(sql_type = Nullable<Date>)]
    month: Option<Month>,
    #[diesel(sql_type = Nullable<Date>)]
    effective_on: Option<NaiveDate>,
    #[diesel(sql_type = Nullable<Numeric>)]
    amount: Option<Money>,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    tenancy_id: Option<TenancyId>,
    #[diesel(sql_type = Nullable<Text>)]
    kind: Option<TenancyKind>,
    #[diesel(sql_type = Nullable<Date>)]
    starts_on: Option<NaiveDate>,
    #[diesel(sql_type = Nullable<Date>)]
    ends_on: Option<NaiveDate>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    recorded_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    end_recorded_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    estate_id: Option<EstateId>,
    #[diesel(sql_type = Nullable<Numeric>)]
    ifa: Option<Decimal>,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    award_id: Option<AwardId>,
    #[diesel(sql_type = Nullable<Integer>)]
    revision: Option<i32>,
    #[diesel(sql_type = Nullable<Text>)]
    scheme: Option<Scheme>,
}

/// Where each of `codes` stands, those that are households, by code.
pub fn standings(
    conn: &mut PgConnection,
    codes: &[TenantCode],
    month: Month,
) -> Result<Vec<(TenantCode, Standing)>, DbError> {
    // One that is asked for twice has its charges once.
    let codes: BTreeSet<TenantCode> = codes.iter().copied().collect();
    let parts: Vec<Part> = diesel::sql_query(include_str!("standings.sql"))
        .bind::<Array<BigInt>, _>(codes.into_iter().collect::<Vec<_>>())
        .bind::<Date, _>(month.first())
        .load(conn)?;
    let accounts = parts.iter().filter_map(|part| {
        let standing = Standing {
            balance: part.balance?,
            rules: part.rules?,
            charges: Vec::new(),
            tenures: Vec::new(),
            awards: Vec::new(),
        };
        Some((part.household, standing))
    });
    let mut standings: BTreeMap<TenantCode, Standing> = accounts.collect();
    for part in parts.iter().filter(|part| part.balance.is_none()) {
        // One that is no household has no account.
        if let Some(standing) = standings.get_mut(&part.household) {
            part.add_to(standing).ok_or_else(half_null)?;
        }
    }
    let mut standings: Vec<_> = standings.into_iter().collect();
    for (_, standing) in &mut standings {
        standing.tenures.sort_by_key(|tenure| tenure.starts_on);
    }
    Ok(standings)
}

impl Part {
    /// Adds it to the household's standing; nothing when a column is null that never is.
    fn add_to(&self, standing: &mut Standing) -> Option<()> {
        let household = self.household.number();
        if let Some(month) = self.month {
            standing.charges.push(StandingCharge {
                month,
                effective_on: self.effective_on?,
                amount: self.amount?,
            });
        } else if let Some(tenancy_id) = self.tenancy_id {
            standing.tenures.push(Tenure {
                household,
                tenancy_id,
                kind: self.kind?,
                starts_on: self.starts_on?,
                ends_on: self.ends_on,
                recorded_at: self.recorded_at?,
                end_recorded_at: self.end_recorded_at,
                estate_id: self.estate_id?,
                ifa: self.ifa?,
            });
        } else {
            standing.awards.push(Award {
                id: self.award_id?,
                revision: self.revision?,
                household,
                scheme: self.scheme?,
                first_month: self.starts_on?,
                last_month: self.ends_on,
                reason: String::new(),
                recorded_by: String::new(),
                recorded_at: self.recorded_at?,
                replaced_at: None,
            });
        }
        Some(())
    }
}

fn half_null() -> DbError {
    DbError::Query(Error::DeserializationError(
        "a household's standing lacks a column".into(),
    ))
}
