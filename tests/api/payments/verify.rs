//! What verifying names: each lie about a payment, its line, its file and its place in the ledger.

use std::collections::BTreeSet;

use diesel::connection::SimpleConnection;
use kaifong::payments::verify::{Findings, verify};
use kaifong::payments::{Channel, Told, enter_told, paid_by};
use kaifong::platform::auth::Actor;
use kaifong::platform::db::{connect, connect_as_owner, transact};

use super::office::{Office, file, line};

fn found(office: &Office) -> Findings {
    verify(&mut connect(office.database.url()).unwrap()).unwrap()
}

#[test]
fn every_lie_about_a_payment_is_named() {
    let office = Office::open();
    let [one, two, _] = office.codes[..] else {
        panic!("three households");
    };
    let named = |number: u32| format!("S-{number}");
    let lines: Vec<_> = (1..=10)
        .map(|number| line(number, &named(number), &one, "23.00"))
        // Money in suspense, and what was told as it happened.
        .chain([
            line(11, "S-11", &"nobody", "7.00"),
            line(12, "S-12", &two, "3.00"),
        ])
        .collect();
    let news = Told {
        reference: "S-12".to_owned(),
        account: two.to_string(),
        amount: "3.00".parse().unwrap(),
        instructed_at: office.now,
        place: "7-Eleven".to_owned(),
    };
    let actor = Actor::program("test");
    let mut conn = connect(office.database.url()).unwrap();
    transact(&mut conn, |conn| {
        enter_told(conn, Channel::Store, vec![news.clone()], &actor, office.now)
    })
    .unwrap();
    let taken = office.take("takings.txt", &file(Channel::Store, 1, &lines));
    let again = office.take("again.txt", &file(Channel::Store, 2, &lines[..3]));
    let gone = office.take("gone.txt", &file(Channel::Store, 3, &lines[..2]));
    let clean = found(&office);
    assert_eq!((clean.lies_found, clean.payments), (0, 12), "{clean:?}");

    let two = two.number();
    let lies = [
        (1, "amount = 1", "is not what its line says"),
        (2, "account = 'x'", "is not what its line says"),
        (3, "line = 99", "names a line that is not there"),
        (4, "channel = 'pps'", "is of another channel than its file"),
        (5, "household = 987654321", "is nobody's"),
        (
            6,
            &format!("household = {two}"),
            "is otherwise in the ledger",
        ),
        (7, "value_on = value_on + 1", "is otherwise in the ledger"),
        (
            11,
            &format!("household = {two}"),
            "is otherwise in the ledger",
        ),
        (12, "recorded_at = now()", "is otherwise in the ledger"),
    ];
    let entries = [
        (
            8,
            "UPDATE ledger_transfer SET amount = 2",
            "is otherwise in the ledger",
        ),
        (
            9,
            "UPDATE ledger_transfer SET debit = 32",
            "is otherwise in the ledger",
        ),
        (10, "DELETE FROM ledger_transfer", "is not in the ledger"),
    ];
    let id = |number: u32| paid_by(Channel::Store, &named(number));
    let mut planted = "SET session_replication_role = replica; ".to_owned();
    for (number, change, _) in lies {
        planted += &format!("UPDATE payment SET {change} WHERE id = '{}'; ", id(number));
    }
    for (number, change, _) in entries {
        planted += &format!("{change} WHERE source = '{}'; ", id(number));
    }
    planted += &format!(
        "DELETE FROM payment_file WHERE id = '{}'; \
         DELETE FROM payment_file_tally WHERE file = '{}'; \
         DELETE FROM payment_line WHERE file = '{again}' AND number = 3; \
         UPDATE payment_file_tally SET lines = 9 WHERE file = '{taken}' AND fate = 'settled'",
        gone.id,
        gone.id,
        again = again.id,
        taken = taken.id,
    );
    let mut owner = connect_as_owner(office.database.url()).unwrap();
    owner.batch_execute(&planted).unwrap();

    let findings = found(&office);
    let told: BTreeSet<String> = findings.lies.iter().map(ToString::to_string).collect();
    let wrong = lies.iter().chain(&entries);
    let wrong = wrong.map(|(number, _, fault)| format!("payment {} {fault}", id(*number)));
    let (taken, again, gone) = (taken.id, again.id, gone.id);
    let of_files = [
        format!("payment file {gone} has 2 lines but says 0, or another sum"),
        format!("payment file {again} has 2 lines but says 3, or another sum"),
        format!(
            "payment file {taken} tells of 9 lines that were settled, but 1 were, or of another sum"
        ),
    ];
    for lie in wrong.chain(of_files) {
        assert!(told.contains(&lie), "{lie}\n{told:#?}");
    }
    assert_eq!(findings.lies_found, i64::try_from(told.len()).unwrap());
}
