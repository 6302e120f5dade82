//! A month's direct debits of every household: decided, frozen, and written to the bank's file,
//! beside the bare SQL that reads every account's balance and inserts the same rows, and the
//! writing of a file of as many bytes.
//!
//! The bare limit decides nothing, opens no account number, and seals nothing.

use std::fs;
use std::path::Path;
use std::process::Command;

use kaifong::autopay::{self, CollectionState, Payer, Rail, Verified};
use kaifong::kernel::clock::{Clock, SystemClock};
use kaifong::kernel::id::CollectionId;
use kaifong::kernel::tenant_code::TenantCode;
use kaifong::kernel::watch::Unwatched;
use kaifong::platform::auth::Actor;
use kaifong::platform::db::{connect, connect_as_owner};
use kaifong::platform::vault::{FileRoot, Vault};
use kaifong::rent::RuleShelf;

use super::payments::code;
use super::tools::{Database, finished, folder, median, pg, timed};

const ROUNDS: usize = 3;
/// Mandates that are loaded at once.
const AT_ONCE: usize = 20_000;

pub fn bench(database: &Database) {
    let vault = open(database);
    let (took, mandates) = timed(|| load(database, &vault));
    println!(
        "autopay: {mandates} mandates, loaded in {:.0} s",
        took.as_secs_f64()
    );
    let (mut ours, mut bare, mut ratios, mut lines) = (vec![], vec![], vec![], 0);
    for round in 0..ROUNDS {
        let id = order(database);
        database.psql("CHECKPOINT");
        let (took, prepared) = timed(|| prepare(database, &vault, id));
        ours.push(took.as_secs_f64());
        lines = prepared.lines;
        if round == 0 {
            database.psql("CREATE TABLE bench_debit AS SELECT * FROM autopay_line");
        }
        undo(database);
        order(database);
        database.psql("CHECKPOINT");
        let (took, ()) = timed(|| insert_bare(database));
        bare.push(took.as_secs_f64());
        undo(database);
        ratios.push(ours[round] / bare[round]);
    }
    let (ours, bare) = (median(ours), median(bare));
    println!(
        "  {lines} debits: prepared in {ours:.1} s, bare SQL and file {bare:.1} s: ratio {:.2} (limit 2.00)\n",
        median(ratios)
    );
    database.psql(
        "SET session_replication_role = replica; \
         DROP TABLE bench_debit; TRUNCATE autopay_mandate CASCADE",
    );
}

fn open(database: &Database) -> Vault {
    let folder = folder().join("keys");
    let root = FileRoot::load(&folder.join("root.key")).unwrap();
    let mut conn = connect(&database.url).unwrap();
    Vault::open(&mut conn, Box::new(root), &folder, SystemClock.now()).unwrap()
}

/// A mandate in force for each household; how many.
fn load(database: &Database, vault: &Vault) -> usize {
    let households = database.psql("SELECT household FROM rent_account ORDER BY household");
    let codes: Vec<TenantCode> = households.lines().map(code).collect();
    let mut conn = connect_as_owner(&database.url).unwrap();
    for codes in codes.chunks(AT_ONCE) {
        let given: Vec<Verified> = codes
            .iter()
            .map(|code| Verified {
                code: *code,
                rail: Rail::Autopay,
                payer: Payer {
                    bank: "004".to_owned().try_into().unwrap(),
                    account: format!("{:012}", code.number()).parse().unwrap(),
                    holder: "CHAN TAI MAN".parse().unwrap(),
                },
                bank_reference: format!("DDA-{code}"),
            })
            .collect();
        let by = (&Actor::program("bench"), SystemClock.now());
        autopay::load_mandates(&mut conn, vault, &given, by).unwrap();
    }
    database.psql("VACUUM (ANALYZE) autopay_mandate");
    codes.len()
}

fn order(database: &Database) -> CollectionId {
    let id = database.psql(
        "INSERT INTO autopay_collection (id, month, channel, run, collect_on, policy, state, \
             total, requested_by, requested_at) \
         SELECT gen_random_uuid(), m.first, 'autopay', 1, m.first + 2, \
             (SELECT max(id) FROM autopay_policy WHERE channel = 'autopay'), 'preparing', \
             (SELECT count(*) FROM autopay_mandate), 'bench', now() \
         FROM (SELECT (date_trunc('month', now()) + interval '1 month')::date AS first) AS m \
         RETURNING id",
    );
    id.trim().parse().unwrap()
}

fn prepare(database: &Database, vault: &Vault, id: CollectionId) -> autopay::Collection {
    let mut conn = connect(&database.url).unwrap();
    let shelf = RuleShelf::default();
    let clock: &dyn Clock = &SystemClock;
    let door = (&mut conn, database.url.as_str());
    let prepared = autopay::prepare(door, vault, &shelf, (id, clock), &Unwatched).unwrap();
    assert_eq!(prepared.state, CollectionState::Prepared);
    prepared
}

fn undo(database: &Database) {
    database.psql(
        "SET session_replication_role = replica; \
         TRUNCATE autopay_collection, autopay_line, autopay_left_out, autopay_file_part CASCADE",
    );
}

fn insert_bare(database: &Database) {
    let (script, file) = (
        folder().join("bare_debits.sql"),
        folder().join("bare_debits"),
    );
    write_script(&script, &file);
    finished(
        Command::new(pg("psql"))
            .args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-f"])
            .arg(&script)
            .arg(&database.url),
    );
    fs::remove_file(file).unwrap();
}

fn write_script(script: &Path, file: &Path) {
    let sql = format!(
        "BEGIN;\n\
         INSERT INTO autopay_line SELECT c.id, d.household, d.month, d.attempt, d.mandate, \
             d.reference, greatest(d.amount, a.balance) \
         FROM bench_debit d JOIN rent_account a ON a.household = d.household \
         JOIN autopay_mandate m ON m.id = d.mandate, autopay_collection c;\n\
         \\copy (SELECT rpad(l.reference || m.ending || l.amount, 400) FROM autopay_line l \
             JOIN autopay_mandate m ON m.id = l.mandate ORDER BY l.household) TO '{}'\n\
         COMMIT;\n",
        file.display()
    );
    fs::write(script, sql).unwrap();
}
