//! Households, their estate office, and the settlement files that come to it.

use std::fs;
use std::sync::atomic::{AtomicU32, Ordering};

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Numeric};
use kaifong::kernel::money::Money;
use kaifong::kernel::tenant_code::TenantCode;
use kaifong::kernel::watch::Watch;
use kaifong::payments::files::{Characters, Line, write};
use kaifong::payments::{Channel, PaymentError, PaymentFile, Shelf, intake, posting, tally};
use kaifong::platform::auth::Actor;
use kaifong::platform::db::connect;

use crate::support::{TestDatabase, count, world};

/// Stops after so many chunks.
struct Stop(AtomicU32);

impl Watch for Stop {
    fn progress(&self, _done: i64, _total: i64) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }

    fn stopped(&self) -> bool {
        self.0.load(Ordering::Relaxed) == 0
    }
}

/// A household's estate office, its channels, and their files.
pub struct Office {
    pub database: TestDatabase,
    pub codes: Vec<TenantCode>,
    pub now: DateTime<Utc>,
    shelf: Shelf,
}

impl Office {
    pub fn open() -> Self {
        let database = TestDatabase::create();
        let codes = world::settle(&database, 3);
        let now = "2026-11-20T12:00:00Z".parse().unwrap();
        // Opened once: several may bring files at the same time.
        let shelf = Shelf::of(&database.folder(), 1 << 30, &database.vault(now));
        Self {
            database,
            codes,
            now,
            shelf,
        }
    }

    pub fn receive(&self, name: &str, bytes: &[u8]) -> Result<(PaymentFile, bool), PaymentError> {
        let path = self.database.folder().join(name);
        fs::write(&path, bytes).unwrap();
        let actor = Actor::program("test");
        let mut conn = connect(self.database.url()).unwrap();
        let kept_in = &self.shelf;
        intake::receive(&mut conn, kept_in, (&path, name), &actor, self.now)
    }

    pub fn shelf(&self) -> Shelf {
        self.shelf.clone()
    }

    /// Posts what waits of `channel`, in `chunks` at most.
    pub fn post(&self, channel: Channel, chunks: u32) -> Vec<PaymentFile> {
        let url = self.database.url();
        let (actor, stop) = (Actor::program("test"), Stop(AtomicU32::new(chunks)));
        let door = (&mut connect(url).unwrap(), url);
        posting::post_waiting(door, channel, &actor, &self.now, &stop).unwrap()
    }

    /// Receives and posts; where the file is then.
    pub fn take(&self, name: &str, bytes: &[u8]) -> PaymentFile {
        let (file, _) = self.receive(name, bytes).unwrap();
        let posted = self.post(file.channel, u32::MAX);
        let posted = posted.into_iter().find(|posted| posted.id == file.id);
        posted.unwrap_or(file)
    }

    /// Lines and amount of each fate.
    pub fn fates(&self, file: &PaymentFile) -> Vec<(String, i64, String)> {
        let mut conn = connect(self.database.url()).unwrap();
        let told = tally(&mut conn, file.id).unwrap().into_iter();
        told.map(|one| (one.fate.to_string(), one.lines, one.amount.to_string()))
            .collect()
    }

    /// What was moved onto `account` by payments.
    pub fn credited(&self, account: i64) -> Money {
        let conn = &mut self.database.connect();
        diesel::dsl::sql::<Numeric>(
            "SELECT coalesce(sum(amount), 0) FROM ledger_transfer WHERE kind = 'payment' AND credit = ",
        )
        .bind::<BigInt, _>(account)
        .get_result(conn)
        .unwrap()
    }

    pub fn count(&self, from: &str) -> i64 {
        count(&mut self.database.connect(), from)
    }
}

pub fn line(number: u32, reference: &str, account: &impl ToString, amount: &str) -> Line {
    Line {
        number,
        reference: reference.to_owned(),
        end_to_end: None,
        wording: None,
        account: account.to_string(),
        amount: amount.parse().unwrap(),
        instructed_at: "2026-11-20T02:00:00Z".parse().unwrap(),
        place: "7-Eleven 華富邨".to_owned(),
    }
}

pub fn file(channel: Channel, sequence: u32, lines: &[Line]) -> Vec<u8> {
    let date: NaiveDate = "2026-11-20".parse().unwrap();
    write((channel, date, sequence), Characters::Utf8, lines).unwrap()
}
