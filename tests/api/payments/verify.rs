//! What verifying names: each lie about a payment, its line, its file and its place in the ledger.

use std::collections::BTreeSet;

use diesel::connection::SimpleConnection;
use kaifong::kernel::id::{PaymentFileId, PaymentId};
use kaifong::payments::verify::{Findings, verify};
use kaifong::payments::{Channel, Told, enter_told, paid_by};
use kaifong::platform::auth::Actor;
use kaifong::platform::db::{connect, connect_as_owner, transact};

use super::office::{Office, file, line};

/// What is planted of a payment, or of its transfer, and what is found of it.
const OF_PAYMENTS: [(u32, &str, &str); 9] = [
    (1, "amount = 1", "is not what its line says"),
    (2, "account = 'x'", "is not what its line says"),
    (3, "line = 99", "names a line that is not there"),
    (4, "channel = 'pps'", "is of another channel than its file"),
    (5, "household = 987654321", "is nobody's"),
    (6, "household = 100000001", "is otherwise in the ledger"),
    (7, "value_on = value_on + 1", "is otherwise in the ledger"),
    (11, "household = 100000001", "is otherwise in the ledger"),
    (12, "recorded_at = now()", "is otherwise in the ledger"),
];
const OF_TRANSFERS: [(u32, &str, &str); 3] = [
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

/// The payment of line `number`.
fn payment(number: u32) -> PaymentId {
    paid_by(Channel::Store, &format!("S-{number}"))
}

/// Twelve payments: ten to one household, one in suspense, one told as it happened and settled by
/// its line; then files that repeat some of them.
fn take(office: &Office) -> [PaymentFileId; 3] {
    let [one, two, _] = office.codes[..] else {
        panic!("three households");
    };
    let lines: Vec<_> = (1..=10)
        .map(|number| line(number, &format!("S-{number}"), &one, "23.00"))
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
    transact(&mut connect(office.database.url()).unwrap(), |conn| {
        enter_told(conn, Channel::Store, vec![news.clone()], &actor, office.now)
    })
    .unwrap();
    let repeated = [&lines[..], &lines[..3], &lines[..2]];
    let mut sequence = 0;
    repeated.map(|lines| {
        sequence += 1;
        let bytes = file(Channel::Store, sequence, lines);
        office.take(&format!("{sequence}.txt"), &bytes).id
    })
}

fn found(office: &Office) -> Findings {
    verify(&mut connect(office.database.url()).unwrap()).unwrap()
}

#[test]
fn every_lie_about_a_payment_is_named() {
    let office = Office::open();
    let [taken, again, gone] = take(&office);
    let clean = found(&office);
    assert_eq!((clean.lies_found, clean.payments), (0, 12), "{clean:?}");

    let mut planted = vec!["SET session_replication_role = replica".to_owned()];
    planted.extend(OF_PAYMENTS.map(|(number, change, _)| {
        let id = payment(number);
        format!("UPDATE payment SET {change} WHERE id = '{id}'")
    }));
    planted.extend(OF_TRANSFERS.map(|(number, change, _)| {
        let id = payment(number);
        format!("{change} WHERE source = '{id}'")
    }));
    planted.extend([
        format!("DELETE FROM payment_file WHERE id = '{gone}'"),
        format!("DELETE FROM payment_file_tally WHERE file = '{gone}'"),
        format!("DELETE FROM payment_line WHERE file = '{again}' AND number = 3"),
        format!("UPDATE payment_line SET payment = file WHERE file = '{again}' AND number = 2"),
        format!(
            "UPDATE payment_file_tally SET lines = 9 WHERE file = '{taken}' AND fate = 'settled'"
        ),
    ]);
    let mut owner = connect_as_owner(office.database.url()).unwrap();
    owner.batch_execute(&planted.join("; ")).unwrap();

    let findings = found(&office);
    let told: BTreeSet<String> = findings.lies.iter().map(ToString::to_string).collect();
    let of_payments = OF_PAYMENTS.iter().chain(&OF_TRANSFERS);
    let wrong = of_payments.map(|(number, _, fault)| {
        let id = payment(*number);
        format!("payment {id} {fault}")
    });
    let of_files = [
        format!("payment {} is not what its reference makes", payment(4)),
        format!("line 2 of payment file {again} names another payment than its reference"),
        format!("payment file {gone} has 2 lines but says 0, or another sum"),
        format!("payment file {again} has 2 lines but says 3, or another sum"),
        format!(
            "payment file {taken} tells of 9 lines that were settled, but 1 were, \
             or of another sum"
        ),
    ];
    let is_of_payment = |lie: &&String| !lie.starts_with("payment file ");
    assert_eq!(told.iter().filter(is_of_payment).count(), 14, "{told:#?}");
    for lie in wrong.chain(of_files) {
        assert!(told.contains(&lie), "{lie}\n{told:#?}");
    }
}
