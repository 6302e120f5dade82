//! What the database server writes into its own log when it refuses somebody's row.

use std::fs;

use diesel::prelude::*;
use diesel::sql_types::Text;
use kaifong::platform::db::{connect, connect_as_owner, execute, talkative};

use crate::support::program::Program;

/// A unique constraint refuses somebody twice.
fn refuse(conn: &mut PgConnection, name: &str) {
    for _ in 0..2 {
        let _ = diesel::sql_query("INSERT INTO once VALUES ($1)")
            .bind::<Text, _>(name)
            .execute(conn);
    }
}

#[test]
fn the_servers_log_has_no_value_and_where_it_may_the_program_says_so() {
    let program = Program::new("server-log");
    let held = program.hold();
    let mut owner = connect_as_owner(&held.url).unwrap();
    execute(
        &mut owner,
        "CREATE TABLE once (name text CONSTRAINT once_only UNIQUE)",
    )
    .unwrap();
    let log = || fs::read_to_string(program.folder().join("cluster.log")).unwrap();

    // The private cluster, whoever connects.
    refuse(&mut PgConnection::establish(&held.url).unwrap(), "CHAN Own");
    assert!(log().contains("once_only"));
    assert!(!log().contains("CHAN Own"), "{}", log());

    // Another's server, as servers are set at first: it tells whoever does not see to it ...
    execute(
        &mut owner,
        "ALTER DATABASE kaifong SET log_error_verbosity = 'default'; \
         ALTER DATABASE kaifong SET log_min_error_statement = 'error'; \
         ALTER DATABASE kaifong SET log_parameter_max_length = -1; \
         ALTER DATABASE kaifong SET log_parameter_max_length_on_error = -1",
    )
    .unwrap();
    refuse(
        &mut PgConnection::establish(&held.url).unwrap(),
        "CHAN Bare",
    );
    assert!(log().contains("CHAN Bare"), "{}", log());
    // ... and not our sessions, where their role may set it.
    let mut ours = connect_as_owner(&held.url).unwrap();
    refuse(&mut ours, "CHAN Ours");
    assert!(!log().contains("CHAN Ours"), "{}", log());
    assert_eq!(talkative(&mut ours).unwrap(), Vec::<String>::new());

    // Where it may not, the program says so.
    let run = |words: &[&str]| {
        let mut command = program.command(words);
        let output = command
            .env("KAIFONG_DATABASE_URL", &held.url)
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
    };
    run(&["keys", "init"]);
    run(&["migrate"]);
    execute(&mut owner, "CREATE ROLE guest LOGIN IN ROLE kaifong_app").unwrap();
    let guests = held.url.replace("kaifong@/", "guest@/");
    let loud = talkative(&mut connect(&guests).unwrap()).unwrap();
    assert_eq!(
        loud,
        [
            "log_error_verbosity is default, not terse",
            "log_min_error_statement is error, not panic",
            "log_parameter_max_length is -1, not 0",
        ]
    );
    let said = program.serve(&guests, &[]).stop();
    for setting in loud {
        assert!(said.contains(&setting), "{said}");
    }
    let said = program.serve(&held.url, &[]).stop();
    assert!(!said.contains("may tell of people"), "{said}");

    // The role is the cluster's, which goes with its folder.
    execute(&mut owner, "DROP TABLE once").unwrap();
}
