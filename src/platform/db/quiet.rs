//! What the database server writes into its own log: no value of any row.
//!
//! Statements, their parameters and the row in an error's detail are personal data, and the
//! server would log them. Each session sets what keeps them out as far as its role may; what it
//! may not set, [`talkative`] names, and the program says so when it starts.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{Array, Text};

use super::DbError;

/// The settings, and how each must be.
macro_rules! quiet {
    () => {
        "(VALUES ('log_parameter_max_length', '0'), \
                 ('log_parameter_max_length_on_error', '0'), \
                 ('log_min_error_statement', 'panic'), \
                 ('log_error_verbosity', 'terse')) AS quiet (name, value) \
         WHERE current_setting(name) <> value"
    };
}

/// Sets what the session's own role may set; the application's role may set less.
pub(super) const HUSH: &str = concat!(
    "SELECT set_config(name, value, false) FROM ",
    quiet!(),
    // Anyone may set this one.
    " AND (name = 'log_parameter_max_length_on_error' OR has_parameter_privilege(name, 'SET'))"
);

/// The settings by which the server's log may tell of people, and how they are instead.
pub fn talkative(conn: &mut PgConnection) -> Result<Vec<String>, DbError> {
    let ask = concat!(
        "ARRAY(SELECT name || ' is ' || current_setting(name) || ', not ' || value FROM ",
        quiet!(),
        " ORDER BY name)"
    );
    Ok(diesel::select(sql::<Array<Text>>(ask)).get_result(conn)?)
}
