//! The keys of people changed by a program that is killed again and again, while others read
//! and correct the same people: every answer is right, all the time.
//!
//! A short version runs with every test; `./dev torture` (`TORTURE=1`) runs the long one.

use std::process::Stdio;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use diesel::prelude::*;
use kaifong::kernel::contact::Phone;
use kaifong::kernel::id::PersonId;
use kaifong::kernel::person_name::{ChineseName, EnglishName};
use kaifong::kernel::reach::Reach;
use kaifong::people::{self, By, Correction, PeopleError, PersonChange, PersonField, UnmaskReason};
use kaifong::platform::auth::Actor;
use kaifong::platform::db::{connect, reach_in, transact};
use kaifong::platform::vault::Vault;
use serde_json::json;

use super::now;
use super::people::{Everyone, everyone, vault};
use crate::support::dice;
use crate::support::program::{Held, Program};

const ROTATE: [&str; 5] = ["keys", "rotate", "--class", "identity", "--retire"];
const REWRAP: [&str; 4] = ["keys", "rewrap", "--class", "identity"];
/// The readers, and after them one writer.
const READERS: u64 = 2;

/// What was asked, and how it went.
#[derive(Default)]
struct Figures {
    read: AtomicU64,
    written: AtomicU64,
    wrong: AtomicU64,
    /// Of the slowest, in milliseconds.
    slowest: AtomicU64,
}

impl Figures {
    fn add(&self, of: &AtomicU64, right: &Result<bool, PeopleError>, since: Instant) {
        if !matches!(right, Ok(true)) {
            eprintln!("wrong: {right:?}");
            self.wrong.fetch_add(1, Ordering::Relaxed);
        }
        of.fetch_add(1, Ordering::Relaxed);
        let took = u64::try_from(since.elapsed().as_millis()).unwrap();
        self.slowest.fetch_max(took, Ordering::Relaxed);
    }
}

/// The telephone number that belongs to a corrected person's revision.
fn phone_of(revision: i32) -> String {
    format!("+8526{revision:07}")
}

/// Does `work` as a request does: in one transaction that reaches everybody.
fn request<T>(
    conn: &mut PgConnection,
    vault: &Vault,
    work: impl FnOnce(&mut PgConnection, By<'_>) -> Result<T, PeopleError>,
) -> Result<T, PeopleError> {
    let by = By {
        vault,
        actor: &Actor::named("staff:load"),
        reach: &Reach::Everywhere,
        access: None,
        now: now(),
    };
    transact(conn, |conn| {
        reach_in(conn, by.reach)?;
        work(conn, by)
    })
}

/// Reads a person whole; whether everything is as it was, but for a corrected telephone number.
fn read(
    conn: &mut PgConnection,
    vault: &Vault,
    (id, before): (PersonId, &Everyone),
) -> Result<bool, PeopleError> {
    let reason = UnmaskReason::IdentityCheck;
    let person = request(conn, vault, |conn, by| {
        people::unmask(conn, by, id, PersonField::ALL, reason, None)
    })?;
    let known = person.particulars.ok_or(PeopleError::Erased)?;
    let was = |column| before.get(&(id.as_uuid(), column)).map(String::as_str);
    let phone = known.phone.as_ref().map(Phone::reveal);
    let corrected = phone_of(person.revision);
    let names = (
        known.name.zh().map(ChineseName::reveal),
        known.name.en().map(EnglishName::reveal),
    );
    Ok(names == (was("name_zh"), was("name_en"))
        && phone
            == if person.revision == 1 {
                was("phone")
            } else {
                Some(corrected.as_str())
            })
}

/// Corrects a person's telephone number; whether the row says so.
fn correct(conn: &mut PgConnection, vault: &Vault, id: PersonId) -> Result<bool, PeopleError> {
    let reason = UnmaskReason::IdentityCheck;
    request(conn, vault, |conn, by| {
        let person = people::unmask(conn, by, id, PersonField::ALL, reason, None)?;
        let phone = phone_of(person.revision + 1);
        let change: PersonChange = serde_json::from_value(json!({ "phone": phone })).unwrap();
        let correction = Correction::from(change);
        let after = people::correct(conn, by, (id, person.revision), correction)?;
        let known = after.particulars.ok_or(PeopleError::Erased)?;
        Ok(known.phone.as_ref().map(Phone::reveal) == Some(phone.as_str()))
    })
}

/// Asks all the time until told to stop.
fn ask(
    (program, held): (&Program, &Held),
    (ids, before): (&[PersonId], &Everyone),
    (seed, figures, stop): (u64, &Figures, &AtomicBool),
) {
    // As a server does: opened once, before the keys change.
    let vault = vault(program, &held.url);
    let mut conn = connect(&held.url).unwrap();
    let mut roll = dice(seed);
    while !stop.load(Ordering::Relaxed) {
        let place = roll(u64::try_from(ids.len()).unwrap());
        let id = ids[usize::try_from(place).unwrap()];
        let asked = Instant::now();
        if seed <= READERS {
            let right = read(&mut conn, &vault, (id, before));
            figures.add(&figures.read, &right, asked);
        } else {
            let right = correct(&mut conn, &vault, id);
            figures.add(&figures.written, &right, asked);
        }
    }
}

/// Runs to the end; one that was killed may hold its lock for a moment longer.
fn to_the_end(program: &Program, held: &Held, words: &[&str]) -> Duration {
    for _ in 0..100 {
        let started = Instant::now();
        let mut command = program.beside(held, words);
        let output = command.stdout(Stdio::null()).output().unwrap();
        if output.status.success() {
            return started.elapsed();
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    panic!("{words:?} does not come to its end");
}

#[test]
#[expect(
    clippy::too_many_lines,
    reason = "it is one drill from beginning to end"
)]
fn torture_every_request_is_answered_rightly_while_keys_change_and_the_change_is_killed() {
    let long = std::env::var_os("TORTURE").is_some();
    let (tenancies, kills) = if long { ("8000", 20) } else { ("1000", 4) };
    let program = Program::new("torture-keys-load");
    program.run(&["generate", "--tenancies", tenancies, "--months", "1"]);
    let held = program.hold();
    let before = everyone(&held.url, &vault(&program, &held.url));
    let mut ids: Vec<PersonId> = before.keys().map(|(id, _)| PersonId::from(*id)).collect();
    ids.dedup();
    let (figures, stop) = (Figures::default(), AtomicBool::new(false));
    let (mut killed, started) = (0, Instant::now());
    std::thread::scope(|scope| {
        for seed in 1..=READERS + 1 {
            let (program, held, ids, before) = (&program, &held, &ids, &before);
            let (figures, stop) = (&figures, &stop);
            scope.spawn(move || ask((program, held), (ids, before), (seed, figures, stop)));
        }
        // However it ends, the others must.
        let changed = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            // Each once to its end, to know how long it takes under this load.
            let changes =
                [&ROTATE[..], &REWRAP[..]].map(|words| (words, to_the_end(&program, &held, words)));
            let mut roll = dice(20_261_121);
            let mut round = 0;
            while killed < kills && round < 3 * kills {
                // Two of three are rotations, which have more to lose.
                let (words, whole) = &changes[usize::from(round % 3 == 2)];
                let whole = u64::try_from(whole.as_millis()).unwrap();
                let wait = Duration::from_millis(whole / 4 + roll(whole * 3 / 4));
                let mut command = program.beside(&held, words);
                let mut child = command
                    .stdout(Stdio::null())
                    .stderr(Stdio::null())
                    .spawn()
                    .unwrap();
                std::thread::sleep(wait);
                if child.try_wait().unwrap().is_none() {
                    child.kill().unwrap();
                    killed += 1;
                }
                child.wait().unwrap();
                round += 1;
            }
            to_the_end(&program, &held, &ROTATE);
            to_the_end(&program, &held, &REWRAP);
        }));
        stop.store(true, Ordering::Relaxed);
        changed.unwrap();
    });
    let [read, written, wrong, slowest] = [
        &figures.read,
        &figures.written,
        &figures.wrong,
        &figures.slowest,
    ]
    .map(|figure| figure.load(Ordering::Relaxed));
    eprintln!(
        "{} people, {killed} kills in {:?}: {read} read, {written} corrected, {wrong} wrong, the \
         slowest in {slowest} ms",
        ids.len(),
        started.elapsed()
    );
    assert_eq!((killed, wrong), (kills, 0));
    assert!(read > 100 && written > 100, "{read} {written}");
    // A vault opened anew finds everybody, under one data key each.
    let after = everyone(&held.url, &vault(&program, &held.url));
    let but_phones = |all: &Everyone| {
        let others = all.iter().filter(|((_, column), _)| *column != "phone");
        others
            .map(|(cell, text)| (*cell, text.clone()))
            .collect::<Everyone>()
    };
    assert!(but_phones(&after) == but_phones(&before), "after all");
    drop(held);
    let subjects = i64::try_from(ids.len()).unwrap();
    let status = program.json(&["keys", "status", "--json"]);
    let classes = status["classes"].as_array().unwrap();
    let identity = classes
        .iter()
        .find(|one| one["class"] == "identity")
        .unwrap();
    assert_eq!(identity["data_keys"], subjects, "{identity}");
    assert_eq!(identity["wrapped_before"], 0, "{identity}");
    assert!(identity["rotation"].is_null(), "{identity}");
}
