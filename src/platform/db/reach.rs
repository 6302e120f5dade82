//! The reach of a transaction: what row-level security, the second line, goes by.

use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};

use super::DbError;
use crate::kernel::reach::Reach;

/// Lets the rest of this transaction see the rows within `reach`, of the tables that have
/// row-level security. Outside a transaction it holds for nothing; after one it is gone.
pub fn reach_in(conn: &mut PgConnection, reach: &Reach) -> Result<(), DbError> {
    set(conn, &setting(reach))
}

diesel::define_sql_function! {
    fn set_config(name: Text, value: Text, is_local: Bool) -> Text;
}
diesel::define_sql_function! {
    fn current_setting(name: Text, missing_ok: Bool) -> Nullable<Text>;
}

const SETTING: &str = "kaifong.reach";

fn set(conn: &mut PgConnection, to: &str) -> Result<(), DbError> {
    diesel::select(set_config(SETTING, to, true)).execute(conn)?;
    Ok(())
}

/// Does `work` with every row in sight, and lets the rest of the transaction see what it saw
/// before: for what is asked of all rows by its own rule, whoever asks.
pub fn beyond_reach<T, E: From<DbError>>(
    conn: &mut PgConnection,
    work: impl FnOnce(&mut PgConnection) -> Result<T, E>,
) -> Result<T, E> {
    let before: Option<String> = diesel::select(current_setting(SETTING, true))
        .get_result(conn)
        .map_err(DbError::from)?;
    set(conn, &setting(&Reach::Everywhere))?;
    let done = work(conn);
    // A failed transaction sees nothing more, and cannot be told.
    if done.is_ok() {
        set(conn, &before.unwrap_or_default())?;
    }
    done
}

fn setting(reach: &Reach) -> String {
    match reach {
        Reach::Everywhere => "everywhere".to_owned(),
        Reach::Estates(estates) => {
            let ids: Vec<String> = estates.iter().map(ToString::to_string).collect();
            format!("estates:{{{}}}", ids.join(","))
        }
        Reach::Household(code) => format!("household:{}", code.number()),
        Reach::Person(id) => format!("person:{id}"),
    }
}
