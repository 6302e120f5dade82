//! Payments told, and brought in files, to a program that is killed at random moments with its
//! cluster or without: what was acknowledged is there once, and what was not can be told again.
//!
//! A short version runs with every test; `./dev torture` (`TORTURE=1`) runs the long one.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use chrono::TimeDelta;
use kaifong::kernel::clock::{Clock, SystemClock};
use kaifong::kernel::tenant_code::TenantCode;
use kaifong::payments::Channel;
use kaifong::payments::files::{Characters, Line, write};
use kaifong::platform::db::connect_as_owner;
use serde_json::json;

use super::notices::{self, PATH};
use crate::support::dice;
use crate::support::program::Program;
use crate::support::serving::Serving;

/// Channels' programs that tell at the same time.
const TELLERS: usize = 6;
/// Payments in a file, beside some that were told before.
const IN_A_FILE: u32 = 40;

/// What the drill has done so far.
#[derive(Default)]
struct Drill {
    codes: Vec<String>,
    next: AtomicU32,
    /// Told, and not acknowledged.
    open: Mutex<Vec<u32>>,
    acknowledged: Mutex<BTreeSet<u32>>,
    /// Files: their number, and the payments that only they have.
    files: Mutex<BTreeMap<u32, (Vec<u8>, bool)>>,
    in_files: AtomicU32,
}

/// Payment `number`, always the same.
fn reference(number: u32) -> String {
    format!("T-{number:08}")
}

impl Drill {
    fn account(&self, number: u32) -> &str {
        &self.codes[usize::try_from(number).unwrap() % self.codes.len()]
    }

    /// Tells one payment; whether it was acknowledged.
    fn tell(&self, serving: &Serving, program: &notices::Program, number: u32) -> bool {
        let body = json!({
            "channel": "store", "event": format!("e-{number}"), "reference": reference(number),
            "state": "paid", "account": self.account(number), "amount": "10.00",
            "instructed_at": "2026-11-20T02:00:00Z", "place": "7-Eleven",
        });
        let body = body.to_string().into_bytes();
        let signed = program.headers(&body, SystemClock.now());
        let headers = [
            ("Content-Type", "application/json"),
            ("Content-Digest", signed.content_digest.as_str()),
            ("Signature-Input", signed.signature_input.as_str()),
            ("Signature", signed.signature.as_str()),
        ];
        let heard = serving.try_post(PATH, &headers, &body);
        heard.is_some_and(|heard| {
            assert!(heard.status == 200 || heard.status >= 500, "{}", heard.text);
            heard.status == 200
        })
    }

    /// One teller: what others left open first, then new ones; now and then one again that was
    /// acknowledged.
    fn telling(&self, serving: &Serving, program: &notices::Program, stop: &AtomicBool, seed: u64) {
        let mut dice = dice(seed);
        while !stop.load(Ordering::Relaxed) {
            let open = self.open.lock().unwrap().pop();
            let new = || self.next.fetch_add(1, Ordering::Relaxed);
            let number = match open {
                Some(number) => number,
                None if dice(10) == 0 => {
                    let known = self.next.load(Ordering::Relaxed).max(1);
                    let again = u32::try_from(dice(known.into())).unwrap();
                    self.tell(serving, program, again);
                    continue;
                }
                None => new(),
            };
            if self.tell(serving, program, number) {
                self.acknowledged.lock().unwrap().insert(number);
            } else {
                self.open.lock().unwrap().push(number);
                std::thread::sleep(Duration::from_millis(20));
            }
        }
    }

    /// Brings files: the one that was not acknowledged, then a new one.
    fn bringing(&self, serving: &Serving, token: &str, stop: &AtomicBool) {
        while !stop.load(Ordering::Relaxed) {
            let (number, bytes) = self.next_file();
            let bearer = format!("Bearer {token}");
            let path = format!("/v1/payment-files?name={number}.txt");
            let heard = serving.try_post(&path, &[("Authorization", &bearer)], &bytes);
            if heard.is_some_and(|heard| {
                let is_in = [200, 201].contains(&heard.status);
                assert!(is_in || heard.status >= 500, "{}", heard.text);
                is_in
            }) {
                self.files.lock().unwrap().insert(number, (bytes, true));
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    fn next_file(&self) -> (u32, Vec<u8>) {
        let mut files = self.files.lock().unwrap();
        if let Some((number, (bytes, false))) = files.last_key_value() {
            return (*number, bytes.clone());
        }
        let number = u32::try_from(files.len()).unwrap() + 1;
        let known = self.next.load(Ordering::Relaxed);
        let told = (known.saturating_sub(20)..known).map(reference_of_told);
        let begun = self.in_files.fetch_add(IN_A_FILE, Ordering::Relaxed);
        let own = (begun..begun + IN_A_FILE).map(|number| (number, format!("F-{number:08}")));
        let lines: Vec<_> = (1..)
            .zip(told.chain(own))
            .map(|(at, (number, reference))| Line {
                number: at,
                reference,
                end_to_end: None,
                wording: None,
                account: self.account(number).to_owned(),
                amount: "10.00".parse().unwrap(),
                instructed_at: "2026-11-20T02:00:00Z".parse().unwrap(),
                place: "7-Eleven".to_owned(),
            })
            .collect();
        let head = (Channel::Store, "2026-11-20".parse().unwrap(), number);
        let bytes = write(head, Characters::Utf8, &lines).unwrap();
        files.insert(number, (bytes.clone(), false));
        (number, bytes)
    }
}

fn reference_of_told(number: u32) -> (u32, String) {
    (number, reference(number))
}

#[test]
#[expect(
    clippy::too_many_lines,
    reason = "it is one drill from beginning to end"
)]
fn torture_no_payment_is_lost_or_doubled_by_any_kill() {
    let long = std::env::var_os("TORTURE").is_some();
    let (kills, payments) = if long { (200, 100_000) } else { (4, 100) };
    let program = Program::new("torture-payments");
    program.run(&["generate", "--tenancies", "500", "--months", "1"]);
    let mut held = program.hold();
    let (teller, codes) = {
        let conn = &mut connect_as_owner(&held.url).unwrap();
        (notices::Program::of(conn), codes(conn))
    };
    let drill = Drill {
        codes,
        ..Drill::default()
    };
    let mut token = program.beside(
        &held,
        &[
            "token",
            "--scope",
            "payment-file:write",
            "--seconds",
            "86400",
        ],
    );
    let token = String::from_utf8(token.output().unwrap().stdout).unwrap();
    let token = token.trim();
    let (started, mut roll, mut killed) = (Instant::now(), dice(20_261_130), 0);
    while killed < kills || drill.acknowledged.lock().unwrap().len() < payments {
        let serving = program.serve(&held.url, &[]);
        let mut worker = program.beside(&held, &["work"]).spawn().unwrap();
        let stop = AtomicBool::new(false);
        std::thread::scope(|scope| {
            for seed in 1..=TELLERS {
                let (drill, serving, teller, stop) = (&drill, &serving, &teller, &stop);
                let seed = roll(u64::MAX / 2) + u64::try_from(seed).unwrap();
                scope.spawn(move || drill.telling(serving, teller, stop, seed));
            }
            scope.spawn(|| drill.bringing(&serving, token, &stop));
            std::thread::sleep(Duration::from_millis(300 + roll(1_500)));
            if killed % 2 == 0 {
                program.kill_cluster();
            }
            serving.kill();
            let _ = worker.kill();
            stop.store(true, Ordering::Relaxed);
        });
        worker.wait().unwrap();
        killed += 1;
        drop(serving);
        drop(held);
        held = program.hold();
    }
    // Whatever was left open is told again, and what waits is posted.
    let serving = program.serve(&held.url, &[]);
    let open = std::mem::take(&mut *drill.open.lock().unwrap());
    for number in open {
        assert!(drill.tell(&serving, &teller, number), "{number}");
        drill.acknowledged.lock().unwrap().insert(number);
    }
    for (number, (bytes, _)) in drill.files.lock().unwrap().iter() {
        let bearer = format!("Bearer {token}");
        let path = format!("/v1/payment-files?name=again-{number}.txt");
        let heard = serving.try_post(&path, &[("Authorization", &bearer)], bytes);
        assert!([200, 201].contains(&heard.unwrap().status), "file {number}");
    }
    serving.stop();
    // A lease of a worker that was killed runs out first.
    let deadline = Instant::now() + TimeDelta::minutes(5).to_std().unwrap();
    let waiting = "payment_file WHERE state <> 'posted'";
    while crate::support::count(&mut connect_as_owner(&held.url).unwrap(), waiting) > 0 {
        assert!(Instant::now() < deadline, "files wait");
        let once = program.beside(&held, &["work", "--once"]).output().unwrap();
        assert!(once.status.success(), "{once:?}");
        std::thread::sleep(Duration::from_millis(200));
    }
    let conn = &mut connect_as_owner(&held.url).unwrap();
    let rows = |conn: &mut _, from: &str| crate::support::count(conn, from);
    let (told, in_files) = (
        drill.acknowledged.lock().unwrap(),
        drill.in_files.load(Ordering::Relaxed),
    );
    eprintln!(
        "{killed} kills in {:?}: {} told and acknowledged, {in_files} in {} files",
        started.elapsed(),
        told.len(),
        drill.files.lock().unwrap().len()
    );
    // All that was begun was acknowledged in the end.
    assert_eq!(
        told.len(),
        usize::try_from(drill.next.load(Ordering::Relaxed)).unwrap()
    );
    let told = i64::try_from(told.len()).unwrap();
    let paid = |from: &str| format!("payment p {from} WHERE p.reference ~ '^[TF]-'");
    let posted =
        "JOIN ledger_transfer t ON t.source = p.id AND t.credit = p.household AND t.amount = 10";
    assert_eq!(rows(conn, "payment WHERE reference LIKE 'T-%'"), told);
    assert_eq!(rows(conn, &paid("")), told + i64::from(in_files));
    assert_eq!(rows(conn, &paid(posted)), told + i64::from(in_files));
    assert_eq!(
        rows(conn, &paid("JOIN ledger_transfer t ON t.source = p.id")),
        told + i64::from(in_files)
    );
    drop(held);
    program.run(&["verify"]);
}

fn codes(conn: &mut diesel::PgConnection) -> Vec<String> {
    use diesel::RunQueryDsl;
    let numbers: Vec<i64> = diesel::dsl::sql::<diesel::sql_types::BigInt>(
        "SELECT household FROM rent_account ORDER BY household LIMIT 300",
    )
    .load(conn)
    .unwrap();
    let codes = numbers.into_iter().map(TenantCode::of);
    codes.map(|code| code.unwrap().to_string()).collect()
}
