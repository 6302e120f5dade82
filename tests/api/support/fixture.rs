//! Rows for tests, written straight into the tables.

use diesel::prelude::*;
use diesel::sql_types::{Jsonb, Text};
use kaifong::kernel::id::{BlockId, EstateId, FlatId};
use serde_json::{Value, json};
use uuid::Uuid;

/// Adds a flat of `ifa` square metres, alone in a block of an estate of its own.
pub fn flat(conn: &mut PgConnection, ifa: &str) -> FlatId {
    let estate = estate(conn);
    let block = block(conn, estate);
    flat_in(conn, (estate, block), ifa)
}

/// Adds an estate.
pub fn estate(conn: &mut PgConnection) -> EstateId {
    let id = EstateId::fresh();
    let name = trilingual(&format!("Estate {id}"));
    let row = json!({
        "id": id, "name": name, "district": trilingual("Wong Tai Sin"),
        "region": trilingual("Kowloon"), "application_district": "urban",
        "estate_types": ["public-rental"], "intake_years": [1962], "flat_size": "10 - 50",
        "details": {
            "block_types": name, "advisory_committee": name, "estate_office": name,
            "property_management": name, "carpark_management": name, "website": null,
            "further_information": name,
        },
        "dataset_digest": format!("\\x{}", "00".repeat(32)),
        "imported_at": "2026-11-01T00:00:00Z", "version": 1,
    });
    insert(conn, "estate", row);
    id
}

/// Adds a block to `estate`.
pub fn block(conn: &mut PgConnection, estate: EstateId) -> BlockId {
    let id = BlockId::fresh();
    let name = trilingual(&format!("Block {id}"));
    let row = json!({ "id": id, "estate_id": estate, "position": 1, "name": name });
    insert(conn, "block", row);
    id
}

/// Adds a flat to a block; the unit is unlike any other.
pub fn flat_in(conn: &mut PgConnection, (estate, block): (EstateId, BlockId), ifa: &str) -> FlatId {
    let id = FlatId::fresh();
    let unit: String = Uuid::new_v4()
        .simple()
        .to_string()
        .chars()
        .take(10)
        .collect();
    let row = json!({
        "id": id, "block_id": block, "estate_id": estate, "floor": 8, "unit": unit, "ifa": ifa,
    });
    insert(conn, "flat", row);
    id
}

fn trilingual(text: &str) -> Value {
    json!({ "en": text, "zh-Hant": text, "zh-Hans": text })
}

/// Adds `row` to `table`: what the table does not have of it is ignored.
fn insert(conn: &mut PgConnection, table: &str, row: Value) {
    let sql = format!("INSERT INTO {table} SELECT * FROM jsonb_populate_record(NULL::{table}, $1)");
    diesel::sql_query(sql)
        .bind::<Jsonb, _>(row)
        .execute(conn)
        .unwrap();
}

/// How many jobs of `kind` wait, by their unique name.
pub fn waiting_jobs(conn: &mut PgConnection, kind: &str) -> Vec<(String, i64)> {
    #[derive(QueryableByName)]
    struct Waiting {
        #[diesel(sql_type = Text)]
        unique_name: String,
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        jobs: i64,
    }
    let rows: Vec<Waiting> = diesel::sql_query(
        "SELECT unique_name, count(*) AS jobs FROM job WHERE kind = $1 AND state = 'waiting' \
         GROUP BY unique_name ORDER BY unique_name",
    )
    .bind::<Text, _>(kind)
    .load(conn)
    .unwrap();
    rows.into_iter()
        .map(|row| (row.unique_name, row.jobs))
        .collect()
}
