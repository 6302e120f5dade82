//! A little of Hong Kong: the reference estates, their assumed rents, and households.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Integer};
use kaifong::estates::{self, REFERENCE, read_dataset};
use kaifong::kernel::month::Month;
use kaifong::kernel::tenant_code::TenantCode;
use kaifong::ledger;
use kaifong::platform::db::{connect, execute};
use kaifong::rent;

use super::TestDatabase;

/// When everything here was recorded.
const EARLY: &str = "2019-01-01T00:00:00Z";

/// The first household's number.
const FIRST: i64 = 100_000_000;

/// Imports the reference estates and houses `households` in Wah Fu (I) Estate (urban,
/// HK$70.80 a m2), each in a flat of 30.00 to 39.99 m2 since January 2020.
///
/// The ledger is open from January 2022 to December 2027.
pub fn settle(database: &TestDatabase, households: i32) -> Vec<TenantCode> {
    let mut conn = connect(database.url()).unwrap();
    let early = EARLY.parse().unwrap();
    estates::import(&mut conn, &read_dataset(REFERENCE).records, early).unwrap();
    rent::assume_rates(&mut conn, early).unwrap();
    let month = |text: &str| text.parse::<Month>().unwrap();
    ledger::open_months(&mut conn, month("2022-01"), month("2027-12")).unwrap();
    house(&mut conn, 0, households);
    (0..i64::from(households))
        .map(|n| TenantCode::of(FIRST + n).unwrap())
        .collect()
}

/// Houses households `from..to` (counted from the first).
fn house(conn: &mut PgConnection, from: i32, to: i32) {
    diesel::sql_query(
        "WITH home AS ( \
             SELECT n, gen_random_uuid() AS flat, b.id AS block, b.estate_id \
             FROM generate_series($1, $2 - 1) AS n, \
                  (SELECT b.id, b.estate_id FROM block b JOIN estate e ON e.id = b.estate_id \
                   WHERE e.name ->> 'en' = 'Wah Fu (I) Estate' ORDER BY b.position LIMIT 1) AS b), \
         flats AS ( \
             INSERT INTO flat (id, block_id, estate_id, floor, unit, ifa) \
             SELECT flat, block, estate_id, 1 + n / 1000, n::text, 30 + (n * 37 % 1000) / 100.0 FROM home), \
         households AS ( \
             INSERT INTO household SELECT $3 + n, '2019-01-01T00:00:00Z' FROM home) \
         INSERT INTO tenancy (id, household, flat_id, kind, starts_on, household_size, recorded_at) \
         SELECT gen_random_uuid(), $3 + n, flat, 'prh', '2020-01-01', 3, '2019-01-01T00:00:00Z' FROM home",
    )
    .bind::<Integer, _>(from)
    .bind::<Integer, _>(to)
    .bind::<BigInt, _>(FIRST)
    .execute(conn)
    .unwrap();
    // The next household that moves in gets the next number.
    execute(
        conn,
        "RESET ROLE; SELECT setval('household_number', (SELECT max(number) FROM household)); \
         SET ROLE kaifong_app",
    )
    .unwrap();
}

/// The household's tenancy ends on `day`, as was recorded at `known`.
pub fn end_tenancy(conn: &mut PgConnection, code: TenantCode, day: &str, known: &str) {
    let number = code.number();
    let end = format!(
        "UPDATE tenancy SET ends_on = '{day}', end_recorded_at = '{known}', end_reason = 'surrender' \
         WHERE household = {number} AND ends_on IS NULL"
    );
    execute(conn, &end).unwrap();
}
