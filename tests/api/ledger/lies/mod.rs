//! Every lie that can be planted is named.

mod books;
mod checkpoints;
mod random;
mod transfers;

use std::path::PathBuf;

use diesel::prelude::*;
use kaifong::ledger::{self, Findings, General, LedgerError, Lie, Transfer, TransferKind};
use kaifong::platform::auth::Actor;
use kaifong::platform::crypto::SigningKey;
use kaifong::platform::db::connect_as_owner;
use uuid::Uuid;

use super::{Books, at, charge, open, payment, post, transfer};

/// Books of four households with three checkpoints and a tail that is not sealed.
struct Sealed {
    books: Books,
    key: SigningKey,
    /// In the order they were booked; the first twelve are sealed, four a checkpoint.
    transfers: Vec<Transfer>,
    witness: Witness,
}

/// A file that goes when the test does.
struct Witness(PathBuf);

impl Witness {
    fn new() -> Self {
        Self(std::env::temp_dir().join(format!("kaifong-{}", Uuid::now_v7())))
    }
}

impl Drop for Witness {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn sealed() -> Sealed {
    let books = open(4);
    let key = SigningKey::generate().unwrap();
    let witness = Witness::new();
    let mut conn = books.app();
    let mut transfers = Vec::new();
    for round in 0..3_i64 {
        let first = round * 10;
        for (household, minute) in books.households.iter().zip(first..) {
            let booked = match round {
                0 => charge(*household, "2345.00", ("2026-10-01", at(minute))),
                1 => payment(*household, "2000.00", ("2026-10-20", at(minute))),
                _ => charge(*household, "2400.00", ("2026-11-01", at(minute))),
            };
            post(&mut conn, std::slice::from_ref(&booked)).unwrap();
            transfers.push(booked);
        }
        let through = at(first + 9);
        let made = conn.transaction(|conn| ledger::seal(conn, &key, through, through));
        assert_eq!(made.unwrap().unwrap().transfers, 4);
        assert_eq!(ledger::bear_witness(&mut conn, &witness.0).unwrap(), 1);
    }
    let actor = Actor::program("test");
    let undone = conn
        .transaction(|conn| {
            ledger::reverse(
                conn,
                books.households[0],
                transfers[4].id,
                "bounced",
                &actor,
                at(40),
            )
        })
        .unwrap();
    transfers.push(undone);
    Sealed {
        books,
        key,
        transfers,
        witness,
    }
}

impl Sealed {
    fn verify(&self) -> Findings {
        verify(self.books.database.url(), &self.key, Some(&self.witness)).unwrap()
    }

    /// Plants `lie` and returns the first one that is named.
    fn first_lie(&self, lie: &str) -> Lie {
        self.books.plant(lie);
        self.verify().lies.remove(0)
    }

    fn household(&self, number: usize) -> i64 {
        self.books.households[number].number()
    }
}

fn verify(url: &str, key: &SigningKey, witness: Option<&Witness>) -> Result<Findings, LedgerError> {
    let keys = [(key.id(), key.public().to_vec())];
    let mut conn = connect_as_owner(url).unwrap();
    ledger::verify(
        &mut conn,
        &keys,
        witness.map(|file| file.0.as_path()),
        |_| {},
    )
}

#[test]
fn true_books_have_no_lies() {
    let sealed = sealed();
    let findings = sealed.verify();
    assert_eq!(findings.lies, vec![]);
    assert!(findings.are_clean());
    assert_eq!(
        (findings.transfers, findings.unsealed, findings.checkpoints),
        (13, 1, 3)
    );
    let mut app = sealed.books.app();
    let keys = [(sealed.key.id(), sealed.key.public().to_vec())];
    let seen = ledger::verify(&mut app, &keys, None, |_| {}).unwrap();
    assert!(seen.are_clean(), "the application's role can verify too");
    let empty = open(0);
    let none = verify(empty.database.url(), &sealed.key, None).unwrap();
    assert!(none.are_clean());
}

/// A transfer onto an account that no household has cannot be posted; planted, it is named.
#[test]
fn every_general_account_is_known() {
    let sealed = sealed();
    let mut conn = sealed.books.app();
    let household = sealed.books.households[0];
    for (general, minute) in General::ALL.iter().zip(41..) {
        let when = ("2026-12-01", at(minute));
        let one = transfer(household, *general, "1.00", TransferKind::Adjustment, when);
        post(&mut conn, &[one]).unwrap();
    }
    let findings = sealed.verify();
    assert_eq!(findings.lies, vec![]);
    assert_eq!(findings.totals.len(), General::ALL.len() + 1);
}

/// Only twenty are named, but all are counted.
#[test]
fn many_lies_are_counted() {
    let books = open(30);
    let mut conn = books.app();
    let rents = books.households.iter();
    let rents: Vec<_> = rents
        .map(|household| charge(*household, "1.00", ("2026-11-01", at(0))))
        .collect();
    post(&mut conn, &rents).unwrap();
    books.plant("UPDATE rent_account SET balance = 2");
    let key = SigningKey::generate().unwrap();
    let findings = verify(books.database.url(), &key, None).unwrap();
    assert_eq!((findings.lies.len(), findings.lies_found), (21, 31));
}
