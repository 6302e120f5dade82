//! Payments told one by one (`POST /v1/payment-notices`), each its own signed request, beside
//! pgbench running the SQL of one of them in a transaction of its own, prepared, with as many
//! connections; both with every commit on the disk.
//!
//! pgbench checks no signature, reads no JSON and answers nobody. Payments through one channel,
//! onto whose clearing account all of them go, are told beside payments by all channels. Latency
//! is from when a request was meant to be sent, whether others were answered by then or not.

use std::fs;
use std::process::Command;
use std::time::Duration;

use kaifong::payments::Channel;
use uuid::Uuid;

use super::http::{CONNECTIONS, ROUNDS, SECONDS, Server, rate};
use super::teller::{Heard, Tellers, send};
use super::tools::{Database, finished, folder, median, pg};

/// Over which requests come that wait for no other's answer.
const LINES: usize = 256;
/// How long they come; signatures are good for five minutes.
const OPEN_LOOP_SECONDS: u64 = 20;

pub fn bench(database: &Database, payments: u32) {
    let settings = database.psql(
        "SELECT concat_ws(' ', current_setting('fsync'), \
        current_setting('synchronous_commit'), current_setting('full_page_writes'))",
    );
    assert_eq!(settings.trim(), "on on on");
    database.psql("CREATE TABLE bench_balance AS SELECT * FROM rent_account");
    let mut tellers = Tellers::appoint(database);
    let program = Server::start(database, "127.0.0.1:18184");
    let payments = usize::try_from(payments).unwrap();
    let all = tellers.channels.clone();
    // Not counted: caches fill, statements are prepared.
    tell(database, &program, &mut tellers, (payments / 4, &all));
    pgbench(database, &tellers);
    let (mut spread, mut one, mut bare) = (vec![], vec![], vec![]);
    for _ in 0..ROUNDS {
        bare.push(pgbench(database, &tellers));
        spread.push(tell(database, &program, &mut tellers, (payments, &all)));
        one.push(tell(
            database,
            &program,
            &mut tellers,
            (payments, &[Channel::Store]),
        ));
    }
    let (spread, one, bare) = (median(spread), median(one), median(bare));
    println!(
        "POST /v1/payment-notices, {CONNECTIONS} connections, {payments} payments, {ROUNDS} rounds:"
    );
    println!(
        "  kaifong {spread:.0}/s, pgbench {bare:.0}/s: ratio {:.2} (at least 1.00)",
        spread / bare
    );
    println!(
        "  all by one channel {one:.0}/s, by {} channels {spread:.0}/s: ratio {:.2} (at least 0.90)",
        all.len(),
        one / spread
    );
    println!("  {} payments a transaction", company(database));
    for share in [0.5, 0.8] {
        open_loop(&program, &mut tellers, spread * share);
    }
    println!();
    drop(program);
    undo(database);
}

/// Payments a second, told over as many connections as pgbench has.
fn tell(
    database: &Database,
    program: &Server,
    tellers: &mut Tellers,
    (many, channels): (usize, &[Channel]),
) -> f64 {
    let letters = tellers.write(many, channels);
    database.psql("CHECKPOINT");
    let heard = send(
        program.address,
        CONNECTIONS.parse().unwrap(),
        &letters,
        None,
    );
    assert_eq!(heard.dropped, 0);
    heard.rate()
}

/// Tells so many payments a second, whether they are answered or not.
fn open_loop(program: &Server, tellers: &mut Tellers, wanted: f64) {
    let pace = Duration::from_secs_f64(1.0 / wanted);
    let many = Duration::from_secs(OPEN_LOOP_SECONDS).as_nanos() / pace.as_nanos();
    let many = usize::try_from(many).unwrap();
    let letters = tellers.write(many, &tellers.channels.clone());
    let heard: Heard = send(program.address, LINES, &letters, Some(pace));
    println!(
        "  {wanted:.0}/s for {OPEN_LOOP_SECONDS} s: 50% below {:.1} ms, 99% {:.1} ms, 99.9% {:.1} ms, \
         all {:.1} ms; {} of {many} dropped",
        heard.below(500),
        heard.below(990),
        heard.below(999),
        heard.below(1_000),
        heard.dropped
    );
}

/// How many payments a transaction had, of those that were told.
fn company(database: &Database) -> String {
    let sql = "SELECT round(count(*)::numeric / count(DISTINCT xmin::text), 1) FROM payment \
               WHERE reference LIKE 'T-%'";
    database.psql(sql).trim().to_owned()
}

/// Transactions a second, of one payment each.
fn pgbench(database: &Database, tellers: &Tellers) -> f64 {
    let words: Vec<String> = tellers
        .channels
        .iter()
        .map(|one| format!("'{one}'"))
        .collect();
    let accounts = tellers.channels.iter();
    let accounts: Vec<String> = accounts
        .map(|one| one.clearing().number().to_string())
        .collect();
    // Names that no other run has.
    let run = Uuid::new_v4().simple().to_string();
    let run = run.split_at(8).0;
    let script = include_str!("telling.sql")
        .replace("{id}", "md5({channel} || '/' || {name})::uuid")
        .replace("{channel}", &format!("(ARRAY[{}])[:c]", words.join(",")))
        .replace(
            "{clearing}",
            &format!("(ARRAY[{}])[:c]", accounts.join(",")),
        )
        .replace(
            "{name}",
            &format!("('{run}' || :client_id::text || 'x' || :n::text)"),
        )
        .replace("{client}", &tellers.one().to_string())
        .replace("{today}", "(now() AT TIME ZONE 'Asia/Hong_Kong')::date");
    let file = folder().join("telling.pgbench");
    fs::write(&file, script).unwrap();
    database.psql("CHECKPOINT");
    let (first, last) = tellers.homes;
    let said = finished(
        Command::new(pg("pgbench"))
            .env("PGOPTIONS", "-c role=kaifong_app")
            .args(["-n", "-M", "prepared", "-c", CONNECTIONS, "-j", "1"])
            .args(["-T", SECONDS, "-D", "n=0"])
            .args(["-D", &format!("channels={}", words.len())])
            .args([
                "-D",
                &format!("first={first}"),
                "-D",
                &format!("last={last}"),
            ])
            .arg("-f")
            .arg(&file)
            .arg(&database.url),
    );
    rate(&said)
}

/// Takes the payments out again, as only the owner can, and sweeps up.
fn undo(database: &Database) {
    database.psql(
        "SET session_replication_role = replica; BEGIN; \
         DELETE FROM ledger_transfer t USING payment p \
             WHERE t.source = p.id AND t.effective_on >= date_trunc('month', now())::date; \
         TRUNCATE payment, payment_notice, request_nonce, outbox_event, channel_client CASCADE; \
         DELETE FROM client WHERE name = 'bench'; \
         UPDATE rent_account a SET balance = b.balance FROM bench_balance b \
             WHERE a.household = b.household AND a.balance <> b.balance; COMMIT; \
         DROP TABLE bench_balance",
    );
    database.psql("VACUUM (ANALYZE) rent_account");
}
