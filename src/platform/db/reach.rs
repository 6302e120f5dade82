//! The reach of a transaction: what row-level security, the second line, goes by.

use diesel::prelude::*;
use diesel::sql_types::Text;

use super::DbError;
use crate::kernel::reach::Reach;

/// Lets the rest of this transaction see the rows within `reach`, of the tables that have
/// row-level security. Outside a transaction it holds for nothing; after one it is gone.
pub fn reach_in(conn: &mut PgConnection, reach: &Reach) -> Result<(), DbError> {
    diesel::sql_query("SELECT set_config('kaifong.reach', $1, true)")
        .bind::<Text, _>(setting(reach))
        .execute(conn)?;
    Ok(())
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
