//! Payments told, taken at counters, brought in files and debited, while the program is killed at
//! random moments with its cluster or without: what was acknowledged is there once, and what was not
//! can be told again.
//!
//! A short version runs with every test; `./dev torture` (`TORTURE=1`) runs the long one.

mod bank;
mod counters;
mod debits;
mod files;
mod ground;
mod notices;

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use diesel::PgConnection;
use diesel::RunQueryDsl;
use diesel::sql_types::BigInt;
use kaifong::kernel::clock::{Clock, SystemClock};
use kaifong::kernel::tenant_code::TenantCode;
use kaifong::platform::db::{connect_as_owner, execute};

use self::counters::Counters;
use self::debits::Debits;
use self::files::Files;
use self::ground::{Ground, Worker};
use self::notices::Notices;
use crate::support::program::{Held, Program};
use crate::support::{count, dice};

/// Households that pay what is told, taken and brought; the others are debited.
const PAYERS: usize = 300;

/// Whoever pays and collects, and what was acknowledged to each.
struct Drill {
    notices: Notices,
    files: Files,
    counters: Counters,
    debits: Debits,
}

impl Drill {
    fn begin(program: &Program, held: &Held) -> Self {
        let conn = &mut connect_as_owner(&held.url).unwrap();
        let mut payers = households(conn);
        let debtors = payers.split_off(PAYERS);
        let payers: Vec<String> = payers.iter().map(ToString::to_string).collect();
        // Whenever the drill is run, it was yesterday.
        let paid_at: DateTime<Utc> = SystemClock.now() - TimeDelta::days(1);
        Self {
            notices: Notices::of(conn, &payers, paid_at),
            files: Files::of(
                &payers,
                paid_at,
                token(program, "files", "payment-file:write"),
            ),
            counters: Counters::of(conn, &payers, |name| token(program, name, "counter:take")),
            debits: Debits::of((program, &held.url), debtors, |name, scope| {
                token(program, name, scope)
            }),
        }
    }

    /// How many payments were acknowledged.
    fn acknowledged(&self) -> usize {
        let told = self.notices.acknowledged() + self.files.acknowledged();
        told + self.counters.acknowledged() + self.debits.acknowledged()
    }

    /// All pay and collect at once, until they are told to stop.
    fn work(&mut self, ground: &Ground<'_>, seed: u64, meanwhile: impl FnOnce()) {
        std::thread::scope(|scope| {
            let notices = &self.notices;
            for teller in 1..=notices::TELLERS {
                scope.spawn(move || notices.telling(ground, seed + teller));
            }
            for shroff in self.counters.shroffs() {
                scope.spawn(move || shroff.working(ground));
            }
            let (files, debits) = (&mut self.files, &mut self.debits);
            scope.spawn(move || files.bringing(ground, notices));
            scope.spawn(move || debits.collecting(ground));
            meanwhile();
            ground.stop.store(true, Ordering::Relaxed);
        });
    }

    /// One round, which ends with a kill.
    fn round(&mut self, program: &Program, held: &Held, seed: u64, cluster_too: bool) {
        self.debits.sign_up(&held.url);
        let serving = program.serve(&held.url, &[]);
        let mut worker = Worker::start(program, held);
        let ground = Ground::of(program, &held.url, &serving);
        let wait = Duration::from_millis(300 + seed % 1_500);
        self.work(&ground, seed, || {
            std::thread::sleep(wait);
            if cluster_too {
                ground.shaken.store(true, Ordering::Relaxed);
                program.kill_cluster();
            }
            serving.kill();
            worker.kill();
        });
    }

    /// Whatever was left open is told again, and what waits is done.
    fn end(&mut self, program: &Program, held: &Held) {
        let serving = program.serve(&held.url, &[]);
        let worker = Worker::start(program, held);
        let ground = Ground::of(program, &held.url, &serving);
        self.notices.end(&ground);
        self.files.end(&ground);
        self.counters.end(&ground);
        self.debits.end(&ground);
        serving.stop();
        drop(worker);
        let conn = &mut connect_as_owner(&held.url).unwrap();
        let waiting =
            "job WHERE (kind LIKE 'payments.%' OR kind LIKE 'autopay.%') AND state <> 'done'";
        let deadline = Instant::now() + Duration::from_mins(2);
        while count(conn, waiting) > 0 {
            assert!(Instant::now() < deadline, "jobs wait");
            pass_leases(conn);
            let once = program.beside(held, &["work", "--once"]).output().unwrap();
            assert!(once.status.success(), "{once:?}");
        }
    }

    /// Compares what was acknowledged with what is there.
    fn check(&self, conn: &mut PgConnection) {
        self.notices.check(conn);
        self.files.check(conn);
        self.counters.check(conn);
        self.debits.check(conn);
        // However it came, a payment was posted once, as it is.
        let posted = "JOIN ledger_transfer t ON t.source = p.id AND t.kind = 'payment' \
             AND t.credit = p.household AND t.amount = p.amount";
        let payments = count(conn, "payment");
        assert_eq!(count(conn, &format!("payment p {posted}")), payments);
        let any = "payment p JOIN ledger_transfer t ON t.source = p.id AND t.kind = 'payment'";
        assert_eq!(count(conn, any), payments);
    }
}

#[test]
fn torture_no_payment_is_lost_or_doubled_by_any_kill() {
    let (kills, payments, tenancies) = match std::env::var_os("TORTURE") {
        Some(_) => (200, 100_000, "4000"),
        None => (4, 100, "500"),
    };
    let program = Program::new("torture-payments");
    program.run(&["generate", "--tenancies", tenancies, "--months", "1"]);
    let mut held = program.hold();
    let mut drill = Drill::begin(&program, &held);
    let (started, mut roll, mut killed) = (Instant::now(), dice(20_261_130), 0);
    while killed < kills || drill.acknowledged() < payments {
        let cluster_too = killed % 2 == 0;
        drill.round(&program, &held, roll(u64::MAX / 2), cluster_too);
        killed += 1;
        if cluster_too {
            drop(held);
            held = program.hold();
        }
        pass_leases(&mut connect_as_owner(&held.url).unwrap());
        if killed % 10 == 0 {
            eprintln!("{killed} kills: {} payments", drill.acknowledged());
        }
    }
    drill.end(&program, &held);
    eprintln!(
        "{killed} kills in {:?}: {} payments acknowledged: {} told, {} in files, {} at counters, \
         {} debited",
        started.elapsed(),
        drill.acknowledged(),
        drill.notices.acknowledged(),
        drill.files.acknowledged(),
        drill.counters.acknowledged(),
        drill.debits.acknowledged()
    );
    drill.check(&mut connect_as_owner(&held.url).unwrap());
    drop(held);
    program.run(&["verify"]);
}

/// The leases of workers that were killed run out: a minute passes.
fn pass_leases(conn: &mut PgConnection) {
    let passed = "UPDATE job SET lease_until = now() - interval '1 second' WHERE state = 'running'; \
         UPDATE job SET run_at = now() WHERE state = 'waiting' AND attempts > 0";
    execute(conn, passed).unwrap();
}

/// A token of an operator called `name`, for the whole drill.
fn token(program: &Program, name: &str, scope: &str) -> String {
    let words = [
        "token",
        "--sub",
        name,
        "--scope",
        scope,
        "--seconds",
        "86400",
    ];
    program.run(&words).trim().to_owned()
}

fn households(conn: &mut PgConnection) -> Vec<TenantCode> {
    let all = "SELECT household FROM rent_account ORDER BY household";
    let numbers: Vec<i64> = diesel::dsl::sql::<BigInt>(all).load(conn).unwrap();
    let codes = numbers.into_iter().map(TenantCode::of);
    codes.map(Option::unwrap).collect()
}
