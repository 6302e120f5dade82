//! The monthly charge, beside the SQL that inserts the same rows.
//!
//! The bare limit gets everything for nothing: the rows are there, calculated, in tables of
//! their own, and one transaction inserts them with the same indexes and triggers and adds
//! up the same balances.

use std::fs;
use std::process::{Command, Stdio};

use super::tools::{Database, MONTH, finished, folder, median, peak_memory, pg, timed};

const ROUNDS: usize = 3;

pub fn bench(database: &Database) {
    let partition = format!("ledger_transfer_p{}", MONTH.replace('-', ""));
    let (mut ours, mut bare, mut again, mut peaks) = (vec![], vec![], vec![], vec![]);
    for round in 0..ROUNDS {
        database.psql("CHECKPOINT");
        let (took, peak) = timed(|| charge(database));
        ours.push(took.as_secs_f64());
        peaks.push(peak);
        let (took, _) = timed(|| charge(database));
        again.push(took.as_secs_f64());
        if round == 0 {
            keep_rows(database, &partition);
        }
        undo(database, &partition);
        database.psql("CHECKPOINT");
        let (took, ()) = timed(|| insert_bare(database));
        bare.push(took.as_secs_f64());
        undo(database, &partition);
    }
    let rows = database.psql("SELECT (SELECT count(*) FROM bench_charge) || ' charges, ' || (SELECT count(*) FROM bench_transfer) || ' transfers'");
    let (ours, bare, again) = (median(ours), median(bare), median(again));
    println!("rent-run: {}", rows.trim());
    println!(
        "  kaifong rent-run {ours:.1} s, bare SQL {bare:.1} s: ratio {:.2} (limit 1.50)",
        ours / bare
    );
    println!("  peak memory {:.0} MB (limit 300)", median(peaks));
    println!(
        "  a second run {again:.2} s: {:.3} of the bare SQL (limit 0.100)\n",
        again / bare
    );
}

fn charge(database: &Database) -> f64 {
    let mut child = database
        .command(&["rent-run", MONTH])
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let peak = peak_memory(&mut child);
    assert!(child.wait().unwrap().success());
    peak
}

fn keep_rows(database: &Database, partition: &str) {
    database.psql(&format!(
        "CREATE TABLE bench_charge AS SELECT * FROM rent_charge WHERE month = '{MONTH}-01'; \
         CREATE TABLE bench_transfer AS SELECT * FROM {partition}; \
         CREATE TABLE bench_balance AS SELECT household, sum(amount) AS amount FROM bench_charge GROUP BY household ORDER BY household; \
         ANALYZE bench_charge; ANALYZE bench_transfer; ANALYZE bench_balance"
    ));
}

/// Takes the month out again, as only the owner can, and sweeps up.
fn undo(database: &Database, partition: &str) {
    database.psql(&format!(
        "SET session_replication_role = replica; BEGIN; \
         DELETE FROM rent_charge WHERE month = '{MONTH}-01'; TRUNCATE {partition}; DELETE FROM rent_run WHERE month = '{MONTH}-01'; \
         UPDATE rent_account a SET balance = a.balance - b.amount FROM bench_balance b WHERE a.household = b.household; COMMIT"
    ));
    for table in ["rent_charge", "rent_account", partition] {
        database.psql(&format!("VACUUM (ANALYZE) {table}"));
    }
}

fn insert_bare(database: &Database) {
    let file = folder().join("bare_charge.sql");
    fs::write(
        &file,
        "BEGIN;\n\
         INSERT INTO rent_charge SELECT * FROM bench_charge;\n\
         INSERT INTO ledger_transfer SELECT * FROM bench_transfer;\n\
         INSERT INTO rent_account (household, balance) SELECT household, amount FROM bench_balance\n\
         ON CONFLICT (household) DO UPDATE SET balance = rent_account.balance + excluded.balance;\n\
         COMMIT;\n",
    )
    .unwrap();
    let psql = pg("psql");
    finished(
        Command::new(psql)
            .args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-f"])
            .arg(&file)
            .arg(&database.url),
    );
}
