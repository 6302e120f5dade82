//! A settlement file of 300,000 lines, from its bytes to posted and reported, beside the bare
//! limit: COPY of the same details into a table of the same columns, and one set-based insert of
//! the same ledger rows with the same indexes, triggers and balances.
//!
//! The bare limit checks nothing, keeps no payment and tells nobody.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use chrono::NaiveDate;
use kaifong::kernel::tenant_code::TenantCode;
use kaifong::payments::Channel;
use kaifong::payments::files::{Characters, Line, write};

use super::tools::{Database, MONTH, finished, folder, median, peak_memory, pg, timed};

const ROUNDS: usize = 5;
const LINES: u32 = 300_000;

pub fn bench(database: &Database) {
    let partition = format!("ledger_transfer_p{}", MONTH.replace('-', ""));
    let file = folder().join("store.txt");
    let lines = write_file(database, &file);
    let (mut ours, mut bare, mut again, mut peaks) = (vec![], vec![], vec![], vec![]);
    let mut ratios = vec![];
    for round in 0..ROUNDS {
        database.psql("CHECKPOINT");
        let (took, peak) = timed(|| ingest(database, &file));
        ours.push(took.as_secs_f64());
        peaks.push(peak);
        let (took, _) = timed(|| ingest(database, &file));
        again.push(took.as_secs_f64());
        if round == 0 {
            keep_rows(database, &partition);
        }
        undo(database, &partition);
        database.psql("CHECKPOINT");
        let (took, ()) = timed(|| insert_bare(database, &file));
        bare.push(took.as_secs_f64());
        undo(database, &partition);
        // Of two that ran one after the other: a machine is not always as fast as it was.
        ratios.push(ours[round] / bare[round]);
    }
    let (ours, bare, again) = (median(ours), median(bare), median(again));
    println!("payment file: {lines} lines");
    println!(
        "  kaifong ingest {ours:.1} s, bare COPY and SQL {bare:.1} s: ratio {:.2} (limit 2.00)",
        median(ratios)
    );
    println!("  peak memory {:.0} MB (limit 200)", median(peaks));
    println!("  the same file again {again:.2} s\n");
    database.psql("DROP TABLE bench_posted, bench_paid, bench_line");
}

/// One payment by each of as many households as there are, up to so many lines; how many.
fn write_file(database: &Database, path: &Path) -> usize {
    let sql = format!("SELECT household FROM rent_account ORDER BY household LIMIT {LINES}");
    let accounts = database.psql(&sql);
    let lines: Vec<Line> = (1..)
        .zip(accounts.lines())
        .map(|(number, account)| Line {
            number,
            reference: format!("S0001-{number:09}"),
            end_to_end: None,
            wording: None,
            account: code(account).to_string(),
            amount: "2364.00".parse().unwrap(),
            instructed_at: "2026-11-20T02:31:07Z".parse().unwrap(),
            place: "7-Eleven 華富邨".to_owned(),
        })
        .collect();
    let date: NaiveDate = "2026-11-20".parse().unwrap();
    let bytes = write((Channel::Store, date, 1), Characters::Utf8, &lines).unwrap();
    fs::write(path, bytes).unwrap();
    lines.len()
}

/// The tenant code of a household's number.
pub fn code(number: &str) -> TenantCode {
    TenantCode::of(number.parse().unwrap()).unwrap()
}

/// Takes the file in; the most memory it took.
fn ingest(database: &Database, file: &Path) -> f64 {
    let mut child = database
        .command(&["ingest", file.to_str().unwrap()])
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let peak = peak_memory(&mut child);
    assert!(child.wait().unwrap().success());
    peak
}

fn keep_rows(database: &Database, partition: &str) {
    database.psql(&format!(
        "CREATE TABLE bench_posted AS SELECT * FROM {partition}; \
         CREATE TABLE bench_paid AS SELECT credit AS household, sum(amount) AS amount \
             FROM {partition} GROUP BY credit ORDER BY credit; \
         CREATE TABLE bench_line (kind text, number integer, reference text NOT NULL, \
             account text NOT NULL, amount numeric(12, 2) NOT NULL CHECK (amount > 0), \
             currency text, instructed_at timestamptz NOT NULL, place text NOT NULL, \
             PRIMARY KEY (number)); \
         ANALYZE bench_posted; ANALYZE bench_paid"
    ));
}

/// Takes the file out again, as only the owner can, and sweeps up.
fn undo(database: &Database, partition: &str) {
    database.psql(&format!(
        "SET session_replication_role = replica; BEGIN; \
         TRUNCATE payment, payment_file, outbox_event, bench_line, {partition} CASCADE; \
         UPDATE rent_account a SET balance = a.balance + b.amount FROM bench_paid b \
             WHERE a.household = b.household; COMMIT"
    ));
    for table in ["rent_account", partition] {
        database.psql(&format!("VACUUM (ANALYZE) {table}"));
    }
}

fn insert_bare(database: &Database, file: &Path) {
    let details = format!("grep ^D {}", file.display());
    let script = folder().join("bare_payments.sql");
    fs::write(
        &script,
        format!(
            "BEGIN;\n\
             \\copy bench_line FROM PROGRAM '{details}' WITH (FORMAT csv, DELIMITER '|')\n\
             INSERT INTO ledger_transfer SELECT * FROM bench_posted;\n\
             UPDATE rent_account a SET balance = a.balance - b.amount FROM bench_paid b \
                 WHERE a.household = b.household;\n\
             COMMIT;\n"
        ),
    )
    .unwrap();
    finished(
        Command::new(pg("psql"))
            .args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-f"])
            .arg(&script)
            .arg(&database.url),
    );
}
