//! Staff accounts and their roles.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use uuid::Uuid;

use crate::platform::db::DbError;
use crate::platform::db::schema::{staff_account as account, staff_role as role};
use crate::sign_in::model::{SignInError, StaffAccount, StaffRole};
use crate::sign_in::rules::lock::Guesses;

/// What an account is signed in to with.
#[derive(Debug, Clone)]
pub struct StaffSecrets {
    pub id: Uuid,
    pub password_hash: Option<String>,
    pub must_change: bool,
    pub totp_seed: Option<Vec<u8>>,
    pub totp_step: i64,
    pub password: Guesses,
    pub totp: Guesses,
    pub ended: bool,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = account, check_for_backend(diesel::pg::Pg))]
struct Row {
    id: Uuid,
    login: String,
    password_hash: Option<String>,
    must_change: bool,
    totp_seed: Option<Vec<u8>>,
    totp_step: i64,
    password_wrong: i32,
    password_until: Option<DateTime<Utc>>,
    totp_wrong: i32,
    totp_until: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    created_by: String,
    ended_at: Option<DateTime<Utc>>,
    version: i32,
}

impl From<Row> for StaffSecrets {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            password_hash: row.password_hash,
            must_change: row.must_change,
            totp_seed: row.totp_seed,
            totp_step: row.totp_step,
            password: Guesses {
                wrong: row.password_wrong,
                until: row.password_until,
            },
            totp: Guesses {
                wrong: row.totp_wrong,
                until: row.totp_until,
            },
            ended: row.ended_at.is_some(),
        }
    }
}

impl From<Row> for StaffAccount {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            login: row.login,
            must_change: row.must_change,
            created_at: row.created_at,
            created_by: row.created_by,
            ended_at: row.ended_at,
            version: row.version,
        }
    }
}

/// The account that signs in as `login`.
pub fn by_login(conn: &mut PgConnection, login: &str) -> Result<Option<StaffSecrets>, DbError> {
    let row: Option<Row> = account::table
        .filter(account::login.eq(login))
        .select(Row::as_select())
        .first(conn)
        .optional()?;
    Ok(row.map(StaffSecrets::from))
}

/// The secrets of account `id`.
pub fn secrets(conn: &mut PgConnection, id: Uuid) -> Result<Option<StaffSecrets>, DbError> {
    let row: Option<Row> = account::table
        .find(id)
        .select(Row::as_select())
        .first(conn)
        .optional()?;
    Ok(row.map(StaffSecrets::from))
}

/// The secrets of account `id`, locked until the transaction ends.
pub fn lock_secrets(conn: &mut PgConnection, id: Uuid) -> Result<Option<StaffSecrets>, DbError> {
    let row: Option<Row> = account::table
        .find(id)
        .select(Row::as_select())
        .for_update()
        .first(conn)
        .optional()?;
    Ok(row.map(StaffSecrets::from))
}

/// Saves the secrets of an account and what is kept of guesses at them.
pub fn save_secrets(conn: &mut PgConnection, secrets: &StaffSecrets) -> Result<(), DbError> {
    diesel::update(account::table.find(secrets.id))
        .set((
            account::password_hash.eq(&secrets.password_hash),
            account::must_change.eq(secrets.must_change),
            account::totp_seed.eq(&secrets.totp_seed),
            account::totp_step.eq(secrets.totp_step),
            account::password_wrong.eq(secrets.password.wrong),
            account::password_until.eq(secrets.password.until),
            account::totp_wrong.eq(secrets.totp.wrong),
            account::totp_until.eq(secrets.totp.until),
        ))
        .execute(conn)?;
    Ok(())
}

/// Adds an account.
pub fn add(conn: &mut PgConnection, new: &StaffAccount) -> Result<(), SignInError> {
    let added = diesel::insert_into(account::table)
        .values((
            account::id.eq(new.id),
            account::login.eq(&new.login),
            account::must_change.eq(new.must_change),
            account::created_at.eq(new.created_at),
            account::created_by.eq(&new.created_by),
            account::version.eq(new.version),
        ))
        .execute(conn);
    added.map(|_| ()).map_err(|error| {
        let error = DbError::from(error);
        match error.constraint() {
            Some("staff_account_login") => SignInError::LoginTaken,
            Some("staff_account_login_is_canonical") => SignInError::Unfit(
                "a login has 3 to 32 characters: small letters, digits, dots, dashes",
            ),
            _ => error.into(),
        }
    })
}

/// Account `id`.
pub fn account(conn: &mut PgConnection, id: Uuid) -> Result<Option<StaffAccount>, DbError> {
    let row: Option<Row> = account::table
        .find(id)
        .select(Row::as_select())
        .first(conn)
        .optional()?;
    Ok(row.map(StaffAccount::from))
}

/// Account `id`, locked until the transaction ends.
pub fn lock(conn: &mut PgConnection, id: Uuid) -> Result<Option<StaffAccount>, DbError> {
    let row: Option<Row> = account::table
        .find(id)
        .select(Row::as_select())
        .for_update()
        .first(conn)
        .optional()?;
    Ok(row.map(StaffAccount::from))
}

/// Ends account `id`.
pub fn end(conn: &mut PgConnection, id: Uuid, now: DateTime<Utc>) -> Result<(), DbError> {
    diesel::update(account::table.find(id))
        .set((
            account::ended_at.eq(now),
            account::version.eq(account::version + 1),
        ))
        .execute(conn)?;
    Ok(())
}

/// Up to `rows` accounts after login `after`.
pub fn list(
    conn: &mut PgConnection,
    after: Option<&str>,
    rows: i64,
) -> Result<Vec<StaffAccount>, DbError> {
    let mut query = account::table
        .order(account::login)
        .limit(rows)
        .select(Row::as_select())
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(account::login.gt(after));
    }
    let rows: Vec<Row> = query.load(conn)?;
    Ok(rows.into_iter().map(StaffAccount::from).collect())
}

/// Adds a role.
pub fn add_role(conn: &mut PgConnection, new: &StaffRole) -> Result<(), DbError> {
    diesel::insert_into(role::table).values(new).execute(conn)?;
    Ok(())
}

/// Role `id`, locked until the transaction ends.
pub fn lock_role(conn: &mut PgConnection, id: Uuid) -> Result<Option<StaffRole>, DbError> {
    Ok(role::table
        .find(id)
        .select(StaffRole::as_select())
        .for_update()
        .first(conn)
        .optional()?)
}

/// Every role that `staff` has been given, in the order they were asked for.
pub fn roles(conn: &mut PgConnection, staff: Uuid) -> Result<Vec<StaffRole>, DbError> {
    Ok(role::table
        .filter(role::staff_id.eq(staff))
        .order((role::granted_at, role::id))
        .select(StaffRole::as_select())
        .load(conn)?)
}

/// The roles that `staff` holds on `today`.
pub fn postings(
    conn: &mut PgConnection,
    staff: Uuid,
    today: NaiveDate,
) -> Result<Vec<StaffRole>, DbError> {
    let to = role::valid_to;
    Ok(role::table
        .filter(role::staff_id.eq(staff))
        .filter(role::approved_at.is_not_null())
        .filter(role::ended_at.is_null())
        .filter(role::valid_from.le(today))
        .filter(to.is_null().or(to.assume_not_null().ge(today)))
        .select(StaffRole::as_select())
        .load(conn)?)
}

/// Records that `by` approved role `id`.
pub fn approve_role(
    conn: &mut PgConnection,
    id: Uuid,
    by: &str,
    now: DateTime<Utc>,
) -> Result<(), DbError> {
    diesel::update(role::table.find(id))
        .set((role::approved_by.eq(by), role::approved_at.eq(now)))
        .execute(conn)?;
    Ok(())
}

/// Ends role `id`.
pub fn end_role(conn: &mut PgConnection, id: Uuid, now: DateTime<Utc>) -> Result<(), DbError> {
    diesel::update(role::table.find(id))
        .set(role::ended_at.eq(now))
        .execute(conn)?;
    Ok(())
}
