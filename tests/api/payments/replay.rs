//! A settlement file, killed at every thousandth line: as it is, under two names, and told in
//! another order. The ledger is the same, to the last row.
//!
//! `./dev test` takes three thousand lines; `TORTURE=1` thirty thousand.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Integer, Text};
use kaifong::kernel::clock::{Clock, SystemClock, hong_kong_date};
use kaifong::kernel::tenant_code::TenantCode;
use kaifong::payments::files::{Characters, Line, write};
use kaifong::payments::{Channel, paid_by};
use kaifong::platform::db::execute;

use crate::support::program::Program;
use crate::support::{TestDatabase, count, dice, held_up, wait_until, world};

/// The program is killed at each of so many lines.
const EVERY: usize = 1_000;
const HOUSEHOLDS: i32 = 300;

/// SHA-256 over all that the ledger says, but when it was booked.
const LEDGER: &str = "SELECT encode(sha256(convert_to(coalesce(string_agg(concat_ws('|', id, \
         effective_on, debit, credit, amount, kind, source, coalesce(reverses::text, '-')), \
         E'\\n' ORDER BY id, effective_on), ''), 'UTF8')), 'hex') FROM ledger_transfer";

/// What every household owes, or has to its credit.
const BALANCES: &str = "SELECT coalesce(string_agg(concat_ws(' ', household, balance), E'\\n' \
         ORDER BY household), '') FROM rent_account";

/// A population like any other here, and what comes to it.
struct Town<'a> {
    program: &'a Program,
    database: TestDatabase,
}

impl<'a> Town<'a> {
    fn found(program: &'a Program) -> (Self, Vec<TenantCode>) {
        let database = TestDatabase::create();
        let codes = world::settle(&database, HOUSEHOLDS);
        (Self { program, database }, codes)
    }

    fn ingest(&self, path: &Path) -> Child {
        let mut command = self.program.on(self.database.url(), &["ingest"]);
        command
            .arg(path)
            .env("KAIFONG_ROOT_KEY", self.database.root_key())
            .stdout(Stdio::null());
        command.spawn().unwrap()
    }

    /// Takes the file at each of `paths` in, undisturbed.
    fn take(&self, paths: &[PathBuf]) {
        for path in paths {
            assert!(
                self.ingest(path).wait().unwrap().success(),
                "{}",
                path.display()
            );
        }
    }

    /// Takes in `lines`, which each of `paths` has, and is killed at every thousandth of them, each
    /// time under the next name; then to the end.
    fn take_killed(&self, paths: &[PathBuf], lines: &[Line]) {
        let mut names = paths.iter().cycle();
        // All is staged, and the file itself is not kept yet.
        let channel = "SELECT pg_advisory_xact_lock(7210851, hashtext('store'))";
        self.kill_behind(channel, names.next().unwrap());
        assert_eq!(self.count("payment_line"), 0, "a file is kept whole");
        for at in (EVERY..lines.len()).step_by(EVERY) {
            // Somebody is about to enter the next line, and does not say yet whether they do.
            let next = &lines[at];
            let entered = format!(
                "INSERT INTO payment (id, channel, reference, account, amount, instructed_at, \
                     value_on, recorded_at, told_by, place) \
                 VALUES ('{}', 'store', '{}', '{}', {}, now(), now(), now(), 'x', '')",
                paid_by(Channel::Store, &next.reference),
                next.reference,
                next.account,
                next.amount
            );
            self.kill_behind(&entered, names.next().unwrap());
            self.agrees_up_to(at, lines);
        }
        self.take(paths);
    }

    /// Starts taking the file at `path` in, kills it when it stands still behind what `held` does,
    /// and takes that back.
    fn kill_behind(&self, held: &str, path: &Path) {
        let mut holder = self.database.connect();
        execute(&mut holder, &format!("BEGIN; {held}")).unwrap();
        let mut ingest = self.ingest(path);
        wait_until(|| {
            assert!(ingest.try_wait().unwrap().is_none(), "it was not held up");
            held_up(&mut self.database.connect()) == 1
        });
        ingest.kill().unwrap();
        ingest.wait().unwrap();
        drop(holder);
        let others = "pg_stat_activity WHERE datname = current_database() \
             AND backend_type = 'client backend' AND pid <> pg_backend_pid()";
        wait_until(|| self.count(others) == 0);
    }

    /// Killed at line `at`, the books have the lines up to the file's own mark, and no others.
    fn agrees_up_to(&self, at: usize, lines: &[Line]) {
        let conn = &mut self.database.connect();
        let settled = diesel::dsl::sql::<Integer>("SELECT settled FROM payment_file");
        let settled: i32 = settled.get_result(conn).unwrap();
        let settled = usize::try_from(settled).unwrap();
        assert!(settled <= at, "{settled} lines at line {at}");
        let mut known: Vec<_> = lines[..settled]
            .iter()
            .map(|line| &line.reference)
            .collect();
        known.sort_unstable();
        known.dedup();
        let known = i64::try_from(known.len()).unwrap();
        let posted = "ledger_transfer WHERE kind = 'payment'";
        assert_eq!(
            (count(conn, "payment"), count(conn, posted)),
            (known, known)
        );
    }

    fn count(&self, from: &str) -> i64 {
        count(&mut self.database.connect(), from)
    }

    /// The hash of the ledger, and every balance; nothing in the books lies.
    fn books(&self) -> (String, String) {
        let verified = self.program.on(self.database.url(), &["verify"]).output();
        let verified = verified.unwrap();
        assert!(verified.status.success(), "{verified:?}");
        let conn = &mut self.database.connect();
        let mut text = |sql: &str| -> String {
            let text = diesel::sql_query(format!("SELECT ({sql}) AS text"));
            text.get_result::<Words>(conn).unwrap().text
        };
        (text(LEDGER), text(BALANCES))
    }
}

#[derive(QueryableByName)]
struct Words {
    #[diesel(sql_type = Text)]
    text: String,
}

/// So many lines: most to households, some to nobody, and some that were told a little before.
fn told(count: u32, codes: &[TenantCode], instructed_at: DateTime<Utc>) -> Vec<Line> {
    let line = |number: u32| {
        // At the thousands there is a new payment.
        let is_again = number % 97 == 13 && number % 1_000 > 1;
        let name = if is_again { number - 1 } else { number };
        let account = match name % 50 {
            7 => "NOBODY".to_owned(),
            _ => codes[usize::try_from(name).unwrap() * 7 % codes.len()].to_string(),
        };
        Line {
            number,
            reference: format!("R-{name:07}"),
            end_to_end: None,
            wording: None,
            account,
            amount: format!("{}.{:02}", 1 + name % 977, name % 100)
                .parse()
                .unwrap(),
            instructed_at,
            place: "7-Eleven".to_owned(),
        }
    };
    (1..=count).map(line).collect()
}

/// The same, in another order.
fn shuffled(mut lines: Vec<Line>) -> Vec<Line> {
    let mut dice = dice(20_261_122);
    for place in (1..lines.len()).rev() {
        let other = dice(u64::try_from(place + 1).unwrap());
        lines.swap(place, usize::try_from(other).unwrap());
    }
    // Somebody else enters the line at which it is killed: that must be its first.
    for at in (EVERY..lines.len()).step_by(EVERY) {
        let is_first = |at: usize| {
            let reference = &lines[at].reference;
            lines[..at].iter().all(|line| line.reference != *reference)
        };
        let next = (at..lines.len()).find(|at| is_first(*at)).unwrap();
        lines.swap(at, next);
    }
    for (number, line) in (1..).zip(&mut lines) {
        line.number = number;
    }
    lines
}

#[test]
fn a_file_killed_at_every_thousandth_line_makes_one_ledger_however_it_comes() {
    let lines = match std::env::var_os("TORTURE") {
        Some(_) => 30_000,
        None => 3_000,
    };
    let program = Program::new("replay");
    let now = SystemClock.now();
    let day = hong_kong_date(now) - TimeDelta::days(1);
    let (whole, codes) = Town::found(&program);
    let told = told(lines, &codes, now - TimeDelta::days(2));
    let other = shuffled(told.clone());
    let path = |name: &str, number, lines: &[Line]| written(&program, name, (day, number), lines);
    let (one, same) = (path("one.txt", 1, &told), path("same.txt", 1, &told));
    let shuffled = path("shuffled.txt", 1, &other);
    let once_more = path("once-more.txt", 2, &other);

    whole.take(std::slice::from_ref(&one));
    let books = whole.books();
    assert!(whole.count("payment") > i64::from(lines) * 9 / 10);
    assert!(whole.count("payment WHERE household IS NULL") > 0);

    let (as_it_is, _) = Town::found(&program);
    as_it_is.take_killed(std::slice::from_ref(&one), &told);
    assert_eq!(as_it_is.books(), books);

    let (two_names, _) = Town::found(&program);
    two_names.take_killed(&[one, same], &told);
    assert_eq!(two_names.count("payment_file"), 1);
    assert_eq!(two_names.books(), books);

    let (in_another_order, _) = Town::found(&program);
    in_another_order.take_killed(&[shuffled], &other);
    assert_eq!(in_another_order.books(), books);

    // All of it again, as another file and in another order.
    two_names.take(&[once_more]);
    assert_eq!(two_names.count("payment_file WHERE state = 'posted'"), 2);
    assert_eq!(two_names.books(), books);
    eprintln!("{lines} lines, ledger {}", books.0);
}

/// File `number` of `day`, called `name`.
fn written(
    program: &Program,
    name: &str,
    (day, number): (NaiveDate, u32),
    lines: &[Line],
) -> PathBuf {
    let bytes = write((Channel::Store, day, number), Characters::Utf8, lines).unwrap();
    let path = program.folder().join(name);
    fs::write(&path, bytes).unwrap();
    path
}
