//! The schema's history: it goes up, down and up again to the same schema, and the schema in
//! the code is the one in the database.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::process::Command;

use diesel::prelude::*;
use diesel::sql_types::{Bool, Nullable, Text};
use diesel_migrations::MigrationHarness;
use kaifong::platform::db::{MIGRATIONS, connect, connect_as_owner, migrate, missing_migrations};

use crate::support::TestDatabase;

fn pg_dump(url: &str) -> String {
    let folder = std::env::var_os("KAIFONG_PG_BIN")
        .map(PathBuf::from)
        .unwrap_or_default();
    let output = Command::new(folder.join("pg_dump"))
        .args(["--schema-only", "--dbname", url])
        .output()
        .expect("pg_dump stands beside the server's programs");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let dump = String::from_utf8(output.stdout).unwrap();
    // Newer versions print a random key.
    let lines = dump
        .lines()
        .filter(|line| !line.starts_with("\\restrict") && !line.starts_with("\\unrestrict"));
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn each_migration_goes_up_down_and_up_to_the_same_schema() {
    let database = TestDatabase::create_empty();
    let mut conn = connect_as_owner(database.url()).unwrap();
    let mut before = Vec::new();
    // Makes the table of migrations, so that the first dump has it too.
    conn.pending_migrations(MIGRATIONS).unwrap();
    loop {
        before.push(pg_dump(database.url()));
        let Some(next) = conn
            .pending_migrations(MIGRATIONS)
            .unwrap()
            .into_iter()
            .next()
        else {
            break;
        };
        conn.run_migration(&next).unwrap();
    }
    let complete = before.pop().unwrap();
    while let Some(earlier) = before.pop() {
        let name = conn.revert_last_migration(MIGRATIONS).unwrap();
        assert!(
            pg_dump(database.url()) == earlier,
            "down.sql of {name} does not undo up.sql"
        );
    }
    conn.run_pending_migrations(MIGRATIONS).unwrap();
    assert!(
        pg_dump(database.url()) == complete,
        "up, down and up is not up"
    );
}

#[test]
fn migrating_twice_at_once_migrates_once() {
    let database = TestDatabase::create_empty();
    let url = database.url().to_owned();
    let applied: Vec<usize> = std::thread::scope(|scope| {
        let runs: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| migrate(&url).unwrap().len()))
            .collect();
        runs.into_iter().map(|run| run.join().unwrap()).collect()
    });
    assert_eq!(
        applied.iter().filter(|count| **count > 0).count(),
        1,
        "{applied:?}"
    );
    assert_eq!(
        missing_migrations(&mut connect(&url).unwrap()).unwrap(),
        Vec::<String>::new()
    );
}

#[derive(QueryableByName)]
struct Column {
    #[diesel(sql_type = Text)]
    table_name: String,
    #[diesel(sql_type = Text, column_name = column_name)]
    name: String,
    #[diesel(sql_type = Text)]
    udt_name: String,
    /// A view does not say.
    #[diesel(sql_type = Nullable<Bool>)]
    nullable: Option<bool>,
}

/// The schema in the code, read as text: table -> column -> (type, nullable).
fn declared() -> BTreeMap<String, BTreeMap<String, (String, bool)>> {
    let source = include_str!("../../src/platform/db/schema.rs");
    let mut tables = BTreeMap::new();
    let mut current = String::new();
    for line in source.lines().map(str::trim) {
        if let Some((name, _)) = line.split_once(" (").filter(|_| line.ends_with('{')) {
            name.clone_into(&mut current);
        } else if let Some((column, kind)) = line.trim_end_matches(',').split_once(" -> ") {
            let inner = kind
                .strip_prefix("Nullable<")
                .and_then(|kind| kind.strip_suffix('>'));
            let table: &mut BTreeMap<_, _> = tables.entry(current.clone()).or_default();
            let kind = (inner.unwrap_or(kind).to_owned(), inner.is_some());
            table.insert(column.to_owned(), kind);
        }
    }
    tables
}

fn diesel_type(udt: &str) -> String {
    let simple = |udt: &str| match udt {
        "int2" => "SmallInt".to_owned(),
        "int4" => "Integer".to_owned(),
        "int8" => "BigInt".to_owned(),
        other => other[..1].to_uppercase() + &other[1..],
    };
    udt.strip_prefix('_')
        .map_or_else(|| simple(udt), |of| format!("Array<{}>", simple(of)))
}

#[test]
fn the_schema_in_the_code_is_the_one_in_the_database() {
    let database = TestDatabase::create();
    let columns: Vec<Column> = diesel::sql_query(
        "SELECT c.table_name::text, c.column_name::text, c.udt_name::text, \
                CASE WHEN t.table_type <> 'VIEW' THEN c.is_nullable = 'YES' END AS nullable \
         FROM information_schema.columns c JOIN information_schema.tables t USING (table_schema, table_name) \
         WHERE c.table_schema = 'public' AND c.table_name !~ '_p[0-9]{6}$' \
           AND c.table_name <> '__diesel_schema_migrations'",
    )
    .load(&mut database.connect())
    .unwrap();
    let declared = declared();
    let mut found: BTreeMap<String, BTreeMap<String, (String, bool)>> = BTreeMap::new();
    for column in columns {
        let said = declared
            .get(&column.table_name)
            .and_then(|table| table.get(&column.name));
        let nullable = column.nullable.or(said.map(|(_, nullable)| *nullable));
        let kind = (diesel_type(&column.udt_name), nullable.unwrap_or_default());
        found
            .entry(column.table_name)
            .or_default()
            .insert(column.name, kind);
    }
    let names = |tables: &BTreeMap<String, _>| tables.keys().cloned().collect::<BTreeSet<_>>();
    assert_eq!(names(&declared), names(&found));
    for (table, columns) in declared {
        assert_eq!(columns, found[&table], "{table}");
    }
}
