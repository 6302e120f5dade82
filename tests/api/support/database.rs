//! A database per test, copied from a migrated template.
//!
//! The template's name carries a digest of the migrations, so a changed migration makes a
//! new template and nothing is ever stale. An advisory lock lets parallel test processes
//! race to make it.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Text};
use kaifong::platform::crypto::{hex, sha256};
use kaifong::platform::db::{connect as connect_as_app, connect_as_owner, execute, migrate};
use kaifong::platform::vault::{FileRoot, Vault};
use uuid::Uuid;

pub struct TestDatabase {
    name: String,
    url: String,
}

/// The server's URL, with `database` for the database it names.
pub fn server(database: &str) -> String {
    let url = std::env::var("KAIFONG_DATABASE_URL")
        .expect("KAIFONG_DATABASE_URL names a PostgreSQL server: run ./dev test");
    // postgresql://[user@][host]/name[?host=/socket/folder]
    let (front, query) = url
        .split_once('?')
        .map_or((url.as_str(), ""), |parts| parts);
    let (front, _) = front.rsplit_once('/').unwrap();
    format!(
        "{front}/{database}{}{query}",
        if query.is_empty() { "" } else { "?" }
    )
}

fn connect(database: &str) -> PgConnection {
    connect_as_owner(&server(database)).unwrap()
}

/// How many rows `from` has: a table, with or without a condition.
pub fn count(conn: &mut PgConnection, from: &str) -> i64 {
    diesel::dsl::sql::<BigInt>(&format!("SELECT count(*) FROM {from}"))
        .get_result(conn)
        .unwrap()
}

/// How many who work in the database of `conn` wait for another to let go.
pub fn held_up(conn: &mut PgConnection) -> i64 {
    let waiting = "pg_stat_activity WHERE datname = current_database() \
         AND backend_type = 'client backend' AND wait_event_type = 'Lock'";
    count(conn, waiting)
}

/// Waits until something is so, for a minute.
pub fn wait_until(mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < Duration::from_mins(1), "nothing happens");
        std::thread::sleep(Duration::from_millis(5));
    }
}

impl TestDatabase {
    pub fn create() -> Self {
        let mut admin = connect("postgres");
        let template = template(&mut admin);
        // Copied as files: through the log it takes twice as long, and a test is mostly that.
        let how = format!("TEMPLATE {template} STRATEGY file_copy");
        Self::made_by(&mut admin, &how)
    }

    /// A database without any migration.
    pub fn create_empty() -> Self {
        Self::made_by(&mut connect("postgres"), "TEMPLATE template0")
    }

    fn made_by(admin: &mut PgConnection, how: &str) -> Self {
        let name = format!("test_{}", Uuid::now_v7().simple());
        execute(admin, &format!("CREATE DATABASE {name} {how}")).unwrap();
        let url = server(&name);
        Self { name, url }
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    /// The vault of this database: its folder and its root key are its own.
    pub fn vault(&self, now: DateTime<Utc>) -> Vault {
        let mut conn = connect_as_app(self.url()).unwrap();
        let root = FileRoot::load_or_make(&self.root_key()).unwrap();
        Vault::open(&mut conn, Box::new(root), &self.folder(), now).unwrap()
    }

    /// The file of the root key, for a program of its own.
    pub fn root_key(&self) -> PathBuf {
        let path = self.folder().join("root.key");
        FileRoot::load_or_make(&path).unwrap();
        path
    }

    /// A folder of this database's own, which goes with it.
    pub fn folder(&self) -> PathBuf {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(&self.name);
        fs::create_dir_all(&folder).unwrap();
        folder
    }

    /// A connection of the schema's owner.
    pub fn connect(&self) -> PgConnection {
        connect(&self.name)
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(Path::new(env!("CARGO_TARGET_TMPDIR")).join(&self.name));
        // Threads of the app may still be ending; FORCE ends their connections.
        for _ in 0..3 {
            let drop = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
            if execute(&mut connect("postgres"), &drop).is_ok() {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

fn template(admin: &mut PgConnection) -> String {
    let name = format!("template_{}", digest());
    execute(admin, "SELECT pg_advisory_lock(20261101)").unwrap();
    let exists: bool = diesel::select(
        diesel::dsl::sql::<Bool>("EXISTS (SELECT FROM pg_database WHERE datname = ")
            .bind::<Text, _>(&name)
            .sql(")"),
    )
    .get_result(admin)
    .unwrap();
    if !exists {
        execute(admin, "DROP DATABASE IF EXISTS template_draft WITH (FORCE)").unwrap();
        execute(admin, "CREATE DATABASE template_draft").unwrap();
        migrate(&server("template_draft")).unwrap();
        execute(
            admin,
            &format!("ALTER DATABASE template_draft RENAME TO {name}"),
        )
        .unwrap();
    }
    execute(admin, "SELECT pg_advisory_unlock(20261101)").unwrap();
    name
}

fn digest() -> String {
    let mut files: Vec<_> = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations"))
        .unwrap()
        .map(|entry| entry.unwrap().path().join("up.sql"))
        .collect();
    files.sort();
    let texts: Vec<_> = files
        .into_iter()
        .map(|file| fs::read(file).unwrap())
        .collect();
    let parts: Vec<_> = texts.iter().map(Vec::as_slice).collect();
    hex(&sha256(&parts)).chars().take(16).collect()
}
