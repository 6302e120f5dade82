//! Ten thousand random lies in sealed books: each is found, and the first bad record is named.
//!
//! Every column of every table of the ledger is lied in, and every line of the witness.
//! `./dev test` tells a share of them; `TORTURE=1` all. What is not sealed yet is judged by
//! its balances alone: `what_is_not_sealed_is_judged_by_balances` lists what that leaves open.

use std::time::Instant;

use diesel::prelude::*;
use kaifong::kernel::id::TransferId;
use kaifong::ledger::{self, Findings, Lie};
use kaifong::platform::crypto::SigningKey;
use kaifong::platform::db::execute;

use super::{Sealed, Witness};
use crate::ledger::{at, charge, open_between, payment, post, reverse};
use crate::support::dice;

const HOUSEHOLDS: i64 = 5;
/// Sealed transfers, and how many a checkpoint seals.
const TRANSFERS: usize = 24;
const EACH: usize = 6;
const CHECKPOINTS: usize = TRANSFERS / EACH;
/// The places of the reversals, counted from 0, and of what they reverse.
const REVERSALS: [(usize, usize); 2] = [(13, 2), (22, 15)];
const TABLES: [&str; 5] = [
    "household",
    "rent_account",
    "ledger_transfer",
    "ledger_reversal",
    "ledger_checkpoint",
];

/// What makes another value of each column of a transfer.
const TRANSFER: [(&str, &[&str]); 9] = [
    ("id", &["gen_random_uuid()", "source"]),
    (
        "effective_on",
        &["'2026-10-31'", "'2026-11-30'", "'2026-12-31'"],
    ),
    ("debit", &["21", "57", "-1", "100000099"]),
    ("credit", &["22", "0", "9223372036854775807"]),
    (
        "amount",
        &[
            "amount + 0.01",
            "amount * 2",
            "0.02",
            "-amount",
            "0",
            "'NaN'",
        ],
    ),
    ("kind", &["'refund'", "'gift'", "''"]),
    ("source", &["gen_random_uuid()", "id"]),
    (
        "reverses",
        &[
            "CASE WHEN reverses IS NULL THEN id END",
            "gen_random_uuid()",
        ],
    ),
    (
        "booked_at",
        &[
            "booked_at + interval '1 microsecond'",
            "booked_at - interval '1 microsecond'",
            "booked_at + interval '150.5 seconds'",
            "booked_at - interval '15 minutes 30 seconds'",
            "booked_at + interval '1 year'",
            "'infinity'",
            "'-infinity'",
        ],
    ),
];

/// The same of a reversal's record.
const RECORD: [(&str, &[&str]); 6] = [
    ("reversed", &["gen_random_uuid()", "reversal"]),
    ("reversal", &["gen_random_uuid()"]),
    ("household", &["household + 1", "1", "0", "-household"]),
    ("reason", &["reason || ' '", "''"]),
    ("recorded_by", &["'another'", "''"]),
    (
        "recorded_at",
        &["recorded_at + interval '1 microsecond'", "'infinity'"],
    ),
];

/// The same of a checkpoint; `{}` is a random number.
const CHECKPOINT: [(&str, &[&str]); 11] = [
    ("number", &["number + 100", "-number", "0"]),
    (
        "through",
        &[
            "through + interval '1 microsecond'",
            "'infinity'",
            "'-infinity'",
        ],
    ),
    ("transfers", &["transfers + 1", "-1", "0"]),
    ("amount", &["amount + 0.01", "0", "'NaN'"]),
    (
        "leaves",
        &[
            "set_bit(leaves, {} % (8 * length(leaves)), 1 - get_bit(leaves, {} % (8 * length(leaves))))",
            "leaves || '\\x00'",
            "'\\x'",
        ],
    ),
    (
        "digest",
        &[
            "set_bit(digest, {} % 256, 1 - get_bit(digest, {} % 256))",
            "'\\x'",
        ],
    ),
    (
        "previous",
        &[
            "set_bit(previous, {} % 256, 1 - get_bit(previous, {} % 256))",
            "hash",
        ],
    ),
    (
        "hash",
        &[
            "set_bit(hash, {} % 256, 1 - get_bit(hash, {} % 256))",
            "digest",
            "'\\x'",
        ],
    ),
    ("key_id", &["'another'", "''"]),
    (
        "signature",
        &[
            "set_bit(signature, {} % 512, 1 - get_bit(signature, {} % 512))",
            "'\\x'",
        ],
    ),
    (
        "sealed_at",
        &["sealed_at + interval '1 microsecond'", "'infinity'"],
    ),
];

/// What must be named first.
#[derive(Debug, Clone)]
enum Named {
    /// The transfer sealed at this place, or it where it now stands.
    Transfer(usize),
    /// A transfer that was put in.
    Added,
    /// That a transfer of this checkpoint cannot be read, and further down which it is.
    Unreadable(i32, Option<TransferId>),
    /// This checkpoint, or what it was made into.
    Checkpoint(i32),
    /// The balance of one of these households.
    Balance(i64, i64),
    /// The reversal of this id, or another where there was none.
    Reversal(Option<TransferId>),
    /// A transfer with an account that is not there any more.
    Orphan,
    /// A line of the witness, or the checkpoint it is for.
    Witness(i32),
}

/// Sealed books of all kinds of transfers, among them two reversals and a household that owes
/// nothing, in four checkpoints.
fn books() -> Sealed {
    let books = open_between(HOUSEHOLDS, ("2026-10", "2026-12"));
    let (key, witness) = (SigningKey::generate().unwrap(), Witness::new());
    let mut conn = books.app();
    let mut transfers: Vec<ledger::Transfer> = Vec::new();
    for (place, minute) in (0..TRANSFERS).zip((0..).step_by(2)) {
        let household = books.households[place % books.households.len()];
        let date = ["2026-10-01", "2026-11-01", "2026-12-15"][place % 3];
        let amount = format!("{}.50", 2000 + 7 * place);
        let reversal = REVERSALS.iter().find(|(own, _)| *own == place);
        let booked = match reversal {
            Some((_, of)) => {
                let household = books.households[of % books.households.len()];
                reverse(&mut conn, household, transfers[*of].id, at(minute)).unwrap()
            }
            // The last household owes nothing.
            None if place % 5 == 4 => {
                let make = if place % 2 == 0 { charge } else { payment };
                make(household, "2345.00", (date, at(minute)))
            }
            None if place % 4 == 1 => payment(household, &amount, (date, at(minute))),
            None => charge(household, &amount, (date, at(minute))),
        };
        if reversal.is_none() {
            post(&mut conn, std::slice::from_ref(&booked)).unwrap();
        }
        transfers.push(booked);
        if place % EACH == EACH - 1 {
            let through = at(minute + 1);
            let made = conn.transaction(|conn| ledger::seal(conn, &key, through, through));
            assert_eq!(
                made.unwrap().unwrap().transfers,
                i64::try_from(EACH).unwrap()
            );
        }
    }
    assert_eq!(
        ledger::bear_witness(&mut conn, &witness.0).unwrap(),
        CHECKPOINTS
    );
    Sealed {
        books,
        key,
        transfers,
        witness,
    }
}

/// A lie, what it is told with, and what must be named.
struct Told {
    sql: String,
    /// Lines of the witness, when they lie.
    witness: Option<Vec<String>>,
    named: Named,
}

impl Told {
    fn sql(sql: String, named: Named) -> Self {
        Self {
            sql,
            witness: None,
            named,
        }
    }
}

fn checkpoint_of(place: usize) -> i32 {
    i32::try_from(place / EACH + 1).unwrap()
}

/// One random lie.
fn tell(sealed: &Sealed, lines: &[String], dice: &mut impl FnMut(usize) -> usize) -> Told {
    let (one, other) = (dice(TRANSFERS), dice(TRANSFERS - 1));
    let other = if other < one { other } else { other + 1 };
    match dice(20) {
        0..=4 => change_transfer(sealed, one, dice),
        5 => {
            let id = sealed.transfers[one].id;
            let sql = format!("DELETE FROM ledger_transfer WHERE id = '{id}'");
            Told::sql(sql, Named::Transfer(one))
        }
        6 => add_transfer(sealed, one, dice),
        7..=8 => exchange(sealed, (one, other), dice),
        9 => settled(sealed, one, dice),
        10..=11 => balance(sealed, dice),
        12..=13 => record(sealed, dice),
        14..=16 => checkpoint(dice),
        17 => sealed_anew(sealed, dice),
        18 => witness(lines, dice),
        _ => swept_away(sealed, dice),
    }
}

/// One column of a transfer is another.
fn change_transfer(sealed: &Sealed, place: usize, dice: &mut impl FnMut(usize) -> usize) -> Told {
    let (column, values) = TRANSFER[dice(TRANSFER.len())];
    let value = values[dice(values.len())];
    let id = sealed.transfers[place].id;
    let named = match value {
        "'NaN'" => Named::Unreadable(checkpoint_of(place), Some(id)),
        "''" | "'gift'" if column == "kind" => Named::Unreadable(checkpoint_of(place), Some(id)),
        // It sorts before all others.
        "'-infinity'" => Named::Unreadable(1, Some(id)),
        _ => Named::Transfer(place),
    };
    let sql = format!("UPDATE ledger_transfer SET {column} = {value} WHERE id = '{id}'");
    Told::sql(sql, named)
}

/// A transfer more, within what is sealed, with the balance it makes or without.
fn add_transfer(sealed: &Sealed, place: usize, dice: &mut impl FnMut(usize) -> usize) -> Told {
    let like = sealed.transfers[place].id;
    let household = sealed.household(dice(5));
    let mut sql = format!(
        "INSERT INTO ledger_transfer SELECT gen_random_uuid(), effective_on, {household}, 1, 1.00, \
         'charge', gen_random_uuid(), NULL, booked_at - interval '{} seconds' \
         FROM ledger_transfer WHERE id = '{like}'",
        1 + dice(100)
    );
    if dice(2) == 0 {
        let more = format!(
            "; UPDATE rent_account SET balance = balance + 1 WHERE household = {household}"
        );
        sql = [sql, more].concat();
    }
    Told::sql(sql, Named::Added)
}

/// Two transfers exchange the values of a column, or all but their ids.
fn exchange(
    sealed: &Sealed,
    (one, other): (usize, usize),
    dice: &mut impl FnMut(usize) -> usize,
) -> Told {
    let (low, high) = (one.min(other), one.max(other));
    let (a, b) = (&sealed.transfers[low], &sealed.transfers[high]);
    let column = [
        "amount",
        "booked_at",
        "source",
        "effective_on",
        "debit, credit",
    ][dice(5)];
    let same = match column {
        "amount" => a.amount == b.amount,
        "effective_on" => a.effective_on == b.effective_on,
        "debit, credit" => (a.debit, a.credit) == (b.debit, b.credit),
        _ => false,
    };
    // Without a difference it would be no lie: the amounts differ but for one household's.
    let column = if same { "source, booked_at" } else { column };
    let values = column.split(", ").map(|column| format!("o.{column}"));
    let values: Vec<_> = values.collect();
    let sql = format!(
        "UPDATE ledger_transfer t SET ({column}) = ROW({}) FROM ledger_transfer o \
         WHERE t.id IN ('{}', '{}') AND o.id IN ('{}', '{}') AND o.id <> t.id",
        values.join(", "),
        a.id,
        b.id,
        a.id,
        b.id
    );
    Told::sql(sql, Named::Transfer(low))
}

/// An amount is another and the balance with it, so that every sum agrees.
fn settled(sealed: &Sealed, place: usize, dice: &mut impl FnMut(usize) -> usize) -> Told {
    let (id, more) = (sealed.transfers[place].id, 1 + dice(100));
    let sql = format!(
        "UPDATE rent_account a SET balance = balance + \
           CASE WHEN a.household = t.debit THEN {more} ELSE -{more} END \
         FROM ledger_transfer t WHERE t.id = '{id}' AND a.household IN (t.debit, t.credit); \
         UPDATE ledger_transfer SET amount = amount + {more} WHERE id = '{id}'"
    );
    Told::sql(sql, Named::Transfer(place))
}

fn balance(sealed: &Sealed, dice: &mut impl FnMut(usize) -> usize) -> Told {
    let one = dice(5);
    let next = (one + 1 + dice(4)) % 5;
    let (a, b) = (sealed.household(one), sealed.household(next));
    let sql = match dice(6) {
        0 => format!("UPDATE rent_account SET balance = balance + 0.01 WHERE household = {a}"),
        1 => format!("UPDATE rent_account SET balance = 'NaN' WHERE household = {a}"),
        2 => format!("DELETE FROM rent_account WHERE household = {a}"),
        3 => {
            let stranger = 100_000_050;
            let sql = format!("INSERT INTO rent_account VALUES ({stranger}, {})", dice(3));
            return Told::sql(sql, Named::Balance(stranger, stranger));
        }
        4 => format!(
            "UPDATE rent_account SET balance = balance + CASE household WHEN {a} THEN 5 ELSE -5 END \
             WHERE household IN ({a}, {b})"
        ),
        _ => {
            let sql =
                format!("UPDATE rent_account SET household = 100000060 WHERE household = {a}");
            return Told::sql(sql, Named::Balance(a, 100_000_060));
        }
    };
    Told::sql(sql, Named::Balance(a, b))
}

fn record(sealed: &Sealed, dice: &mut impl FnMut(usize) -> usize) -> Told {
    let (own, _) = REVERSALS[dice(2)];
    let id = sealed.transfers[own].id;
    let (sql, named) = match dice(8) {
        0 => (
            format!("DELETE FROM ledger_reversal WHERE reversal = '{id}'"),
            Some(id),
        ),
        1 => (
            "INSERT INTO ledger_reversal SELECT gen_random_uuid(), gen_random_uuid(), household, \
             reason, recorded_by, recorded_at FROM ledger_reversal LIMIT 1"
                .to_owned(),
            None,
        ),
        2 => (
            // The two records exchange what they say.
            "UPDATE ledger_reversal v SET household = o.household, recorded_at = o.recorded_at \
             FROM ledger_reversal o WHERE o.reversal <> v.reversal"
                .to_owned(),
            None,
        ),
        _ => {
            let (column, values) = RECORD[dice(RECORD.len())];
            let value = values[dice(values.len())];
            let sql =
                format!("UPDATE ledger_reversal SET {column} = {value} WHERE reversal = '{id}'");
            // Of a record torn from its transfer either may be named first.
            (sql, (column != "reversal").then_some(id))
        }
    };
    Told::sql(sql, Named::Reversal(named))
}

fn checkpoint(dice: &mut impl FnMut(usize) -> usize) -> Told {
    let number = i32::try_from(1 + dice(CHECKPOINTS)).unwrap();
    let last = i32::try_from(CHECKPOINTS).unwrap();
    match dice(8) {
        0 => {
            let sql = format!("DELETE FROM ledger_checkpoint WHERE number = {number}");
            Told::sql(sql, Named::Checkpoint(number))
        }
        1 => {
            // A copy, before the first one or after the last.
            let place = [0, -3, last + 1, last + 2][dice(4)];
            let sql = format!(
                "INSERT INTO ledger_checkpoint SELECT {place}, through + interval '1 year', \
                 transfers, amount, leaves, digest, previous, hash, key_id, signature, sealed_at \
                 FROM ledger_checkpoint WHERE number = {number}"
            );
            let named = if place == last + 2 { last + 1 } else { place };
            Told::sql(sql, Named::Checkpoint(named))
        }
        2 => {
            // Two exchange all but number and span.
            let with = number % last + 1;
            let rest = "leaves, digest, previous, hash, signature";
            let values = rest.split(", ").map(|column| format!("o.{column}"));
            let sql = format!(
                "UPDATE ledger_checkpoint c SET ({rest}) = ROW({}) FROM ledger_checkpoint o \
                 WHERE c.number IN ({number}, {with}) AND o.number IN ({number}, {with}) \
                   AND o.number <> c.number",
                values.collect::<Vec<_>>().join(", ")
            );
            Told::sql(sql, Named::Checkpoint(number.min(with)))
        }
        _ => {
            let (column, values) = CHECKPOINT[dice(CHECKPOINT.len())];
            let value = values[dice(values.len())].replace("{}", &dice(1_000_000).to_string());
            let sql =
                format!("UPDATE ledger_checkpoint SET {column} = {value} WHERE number = {number}");
            let named = match value.as_str() {
                "0" if column == "number" => 0,
                "-number" => -number,
                _ => number,
            };
            Told::sql(sql, Named::Checkpoint(named))
        }
    }
}

/// A transfer is changed, and the last checkpoint made anew over it, with another key or the
/// right one: the key or the witness tells.
fn sealed_anew(sealed: &Sealed, dice: &mut impl FnMut(usize) -> usize) -> Told {
    let last = i32::try_from(CHECKPOINTS).unwrap();
    let place = TRANSFERS - EACH + dice(EACH);
    let mut conn = sealed.books.owner();
    execute(&mut conn, "SET session_replication_role = replica").unwrap();
    let lie = format!(
        "DELETE FROM ledger_checkpoint WHERE number = {last}; \
         UPDATE ledger_transfer SET source = gen_random_uuid() WHERE id = '{}'",
        sealed.transfers[place].id
    );
    execute(&mut conn, &lie).unwrap();
    let forger = SigningKey::generate().unwrap();
    let key = if dice(2) == 0 { &forger } else { &sealed.key };
    let through = at(2 * i64::try_from(TRANSFERS).unwrap() - 1);
    conn.transaction(|conn| ledger::seal(conn, key, through, through))
        .unwrap()
        .unwrap();
    Told::sql("SELECT 'sealed anew'".to_owned(), Named::Checkpoint(last))
}

fn witness(lines: &[String], dice: &mut impl FnMut(usize) -> usize) -> Told {
    let place = dice(lines.len());
    let mut told = lines.to_vec();
    match dice(4) {
        // The last line may be missing: the witness may be behind.
        0 if place + 1 < lines.len() => drop(told.remove(place)),
        1 if place + 1 < lines.len() => told.swap(place, place + 1),
        2 => {
            let copy = told[place].clone();
            told.insert(place + 1, copy);
            return Told {
                sql: "SELECT 'repeated'".to_owned(),
                witness: Some(told),
                named: Named::Witness(i32::try_from(place + 2).unwrap()),
            };
        }
        _ => {
            let at = dice(told[place].len());
            let was = told[place].as_bytes()[at];
            let new = if was == b'7' { "8" } else { "7" };
            told[place].replace_range(at..=at, new);
        }
    }
    Told {
        sql: "SELECT 'the witness'".to_owned(),
        witness: Some(told),
        named: Named::Witness(i32::try_from(place + 1).unwrap()),
    }
}

/// Much at once.
fn swept_away(sealed: &Sealed, dice: &mut impl FnMut(usize) -> usize) -> Told {
    let from = dice(CHECKPOINTS);
    let (sql, named) = match dice(6) {
        0 => ("TRUNCATE ledger_transfer".to_owned(), Named::Transfer(0)),
        1 => (
            "TRUNCATE ledger_checkpoint".to_owned(),
            Named::Checkpoint(1),
        ),
        2 => ("TRUNCATE rent_account".to_owned(), {
            Named::Balance(sealed.household(0), 0)
        }),
        3 => ("TRUNCATE ledger_reversal".to_owned(), Named::Reversal(None)),
        4 => (
            format!(
                "DELETE FROM household WHERE number = {}",
                sealed.household(dice(5))
            ),
            Named::Orphan,
        ),
        // Rolled back to an earlier day, balances and all: only the witness knows.
        _ => (
            format!(
                "DELETE FROM ledger_checkpoint WHERE number > {from}; \
                 DELETE FROM ledger_transfer WHERE booked_at > '{after}'; \
                 DELETE FROM ledger_reversal WHERE recorded_at > '{after}'; \
                 DELETE FROM rent_account; \
                 INSERT INTO rent_account SELECT household, sum(change) FROM ( \
                   SELECT debit, amount FROM ledger_transfer UNION ALL \
                   SELECT credit, -amount FROM ledger_transfer) AS side (household, change) \
                 WHERE household >= 100000000 GROUP BY 1",
                after = at(2 * i64::try_from(from * EACH).unwrap() - 1)
            ),
            Named::Checkpoint(i32::try_from(from + 1).unwrap()),
        ),
    };
    Told::sql(sql, named)
}

#[track_caller]
fn assert_named(sealed: &Sealed, findings: &Findings, named: &Named, what: &str) {
    let first = findings.lies.first();
    let is = |transfer: &ledger::Named, id: TransferId| transfer.id == id;
    let right = match (named, first) {
        (_, None) => false,
        (Named::Transfer(place), Some(lie)) => {
            let (of, at) = (checkpoint_of(*place), place % EACH + 1);
            match lie {
                Lie::TransferChanged {
                    checkpoint, place, ..
                }
                | Lie::TransferMissing {
                    checkpoint, place, ..
                } => (*checkpoint, *place) == (of, at),
                // Moved to before where it was.
                Lie::TransferAdded { transfer, .. } => is(transfer, sealed.transfers[*place].id),
                _ => false,
            }
        }
        (Named::Added, Some(lie)) => matches!(lie, Lie::TransferAdded { transfer, .. }
            if sealed.transfers.iter().all(|true_one| !is(transfer, true_one.id))),
        (Named::Unreadable(number, id), Some(lie)) => {
            let which = |lie: &Lie| {
                matches!(lie, Lie::OddTransfer { transfer, .. }
                if id.is_none_or(|id| is(transfer, id)))
            };
            matches!(lie, Lie::Unreadable { checkpoint, .. } if checkpoint == number)
                && findings.lies.iter().any(which)
        }
        (Named::Checkpoint(expected), Some(lie)) => match lie {
            Lie::CheckpointMissing { number }
            | Lie::CheckpointChanged { number }
            | Lie::CheckpointUnreadable { number, .. }
            | Lie::ChainBroken { number }
            | Lie::NotSigned { number, .. }
            | Lie::NotWitnessed { number } => number == expected,
            _ => false,
        },
        (Named::Balance(one, other), Some(lie)) => {
            matches!(lie, Lie::WrongBalance { household, .. } if [one, other].contains(&household))
        }
        (Named::Reversal(id), Some(lie)) => matches!(lie, Lie::WrongReversal { id: named, .. }
            if id.is_none_or(|id| *named == id)),
        (Named::Orphan, Some(lie)) => matches!(lie, Lie::OddTransfer { .. }),
        (Named::Witness(expected), Some(lie)) => match lie {
            Lie::NotWitnessed { number } | Lie::WitnessUnreadable { line: number } => {
                number == expected
            }
            _ => false,
        },
    };
    assert!(right, "{what}: {named:?} expected, found {findings:?}");
}

#[test]
fn random_lies_in_the_ledger_are_found_and_the_first_is_named() {
    let all = if std::env::var_os("TORTURE").is_some() {
        10_000
    } else {
        200
    };
    let sealed = books();
    let keys = [(sealed.key.id(), sealed.key.public().to_vec())];
    let whole = std::fs::read_to_string(&sealed.witness.0).unwrap();
    let lines: Vec<String> = whole.lines().map(str::to_owned).collect();
    let mut conn = sealed.books.owner();
    execute(&mut conn, "SET session_replication_role = replica").unwrap();
    for table in TABLES {
        let keep = format!("CREATE TABLE kept_{table} AS TABLE {table}");
        execute(&mut conn, &keep).unwrap();
    }
    let restore =
        TABLES.map(|table| format!("DELETE FROM {table}; INSERT INTO {table} TABLE kept_{table};"));
    let restore = restore.concat();
    // The checks of a table hold for its owner too; whoever owns it takes them away.
    let checks = "ALTER TABLE ledger_transfer DROP CONSTRAINT ledger_transfer_kind, \
        DROP CONSTRAINT ledger_transfer_between_two, DROP CONSTRAINT ledger_transfer_reverses, \
        DROP CONSTRAINT ledger_transfer_moves_something";
    execute(&mut conn, checks).unwrap();
    let mut roll = dice(20_261_121);
    let mut dice = |sides: usize| usize::try_from(roll(u64::try_from(sides).unwrap())).unwrap();
    let (started, mut clean) = (Instant::now(), 0);
    for round in 0..all {
        let told = tell(&sealed, &lines, &mut dice);
        execute(&mut conn, &told.sql).unwrap_or_else(|error| panic!("{}: {error}", told.sql));
        if let Some(lines) = &told.witness {
            std::fs::write(&sealed.witness.0, format!("{}\n", lines.join("\n"))).unwrap();
        }
        let findings = ledger::verify(&mut conn, &keys, Some(&sealed.witness.0), |_| {})
            .unwrap_or_else(|error| panic!("{round}: {}: {error}", told.sql));
        assert_named(
            &sealed,
            &findings,
            &told.named,
            &format!("{round}: {}", told.sql),
        );
        execute(&mut conn, &restore).unwrap();
        std::fs::write(&sealed.witness.0, &whole).unwrap();
        if round % 50 == 49 {
            // What was restored is as true as it was: the true ledger is never accused.
            assert_eq!(sealed.verify().lies, vec![], "after round {round}");
            clean += 1;
            for table in TABLES {
                execute(&mut conn, &format!("VACUUM {table}")).unwrap();
            }
        }
    }
    eprintln!(
        "{all} lies told, each found and the first bad record named; {clean} verifications of the \
         true ledger, none accused; {:?}",
        started.elapsed()
    );
}

/// What a day's checkpoint has not sealed yet can change where no balance tells: kind, source,
/// dates and ids, and from one general account to another. The rest is found.
#[test]
fn what_is_not_sealed_is_judged_by_balances() {
    let sealed = books();
    let mut conn = sealed.books.app();
    let tail = charge(
        sealed.books.households[0],
        "100.00",
        ("2026-12-15", at(100)),
    );
    post(&mut conn, std::slice::from_ref(&tail)).unwrap();
    let mut owner = sealed.books.owner();
    execute(&mut owner, "SET session_replication_role = replica").unwrap();
    let mut found = |change: &str| {
        execute(
            &mut owner,
            "CREATE TEMP TABLE kept AS TABLE ledger_transfer",
        )
        .unwrap();
        execute(&mut owner, &format!("{change} WHERE id = '{}'", tail.id)).unwrap();
        let lies = sealed.verify().lies;
        let back =
            "DELETE FROM ledger_transfer; INSERT INTO ledger_transfer TABLE kept; DROP TABLE kept";
        execute(&mut owner, back).unwrap();
        !lies.is_empty()
    };
    for seen in [
        "amount = 99",
        "debit = debit + 1",
        "debit = 22",
        "kind = 'reversal', reverses = source",
    ] {
        assert!(
            found(&format!("UPDATE ledger_transfer SET {seen}")),
            "{seen}"
        );
    }
    assert!(found("DELETE FROM ledger_transfer"));
    for unseen in [
        "id = gen_random_uuid()",
        "effective_on = '2026-12-16'",
        "credit = 22",
        "kind = 'adjustment'",
        "source = gen_random_uuid()",
        "booked_at = booked_at + interval '1 second'",
    ] {
        assert!(
            !found(&format!("UPDATE ledger_transfer SET {unseen}")),
            "{unseen}"
        );
    }
}
