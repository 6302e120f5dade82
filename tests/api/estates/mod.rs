//! Estates: imported twice, changed, searched, read.

mod import;
mod read;

use diesel::Connection;
use diesel::result::Error as Diesel;
use kaifong::estates::{self, EstateRecord, ImportReport, REFERENCE, read_dataset};
use kaifong::platform::db::connect;

use crate::support::TestDatabase;

const AT: &str = "2026-11-20T01:00:00Z";
const A_YEAR_LATER: &str = "2027-11-20T01:00:00Z";

fn records() -> Vec<EstateRecord> {
    read_dataset(REFERENCE).records
}

/// Imports `records` as the application's role does.
fn import(database: &TestDatabase, records: &[EstateRecord], at: &str) -> ImportReport {
    let mut conn = connect(database.url()).unwrap();
    conn.transaction(|conn| {
        estates::import(conn, records, at.parse().unwrap()).map_err(|_| Diesel::RollbackTransaction)
    })
    .unwrap()
}
