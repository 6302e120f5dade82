//! Files that contradict what was paid before, or themselves.

use kaifong::payments::files::Line;
use kaifong::payments::{Channel, FileState};

use super::office::{Office, file, line};

#[test]
fn a_reference_with_another_amount_or_account_stops_the_whole_file() {
    let office = Office::open();
    let [one, two, three] = office.codes[..] else {
        panic!("three households");
    };
    let first = [line(1, "S-1", &one, "2364.00")];
    office.take("first.txt", &file(Channel::Store, 1, &first));
    for (sequence, name, lines, at) in [
        (
            2,
            "amount",
            [
                line(1, "S-8", &two, "5.00"),
                line(2, "S-1", &one, "2364.01"),
            ],
            2,
        ),
        (
            3,
            "account",
            [
                line(1, "S-1", &two, "2364.00"),
                line(2, "S-8", &two, "5.00"),
            ],
            1,
        ),
        (
            4,
            "within",
            [line(1, "S-7", &two, "5.00"), line(2, "S-7", &three, "5.00")],
            2,
        ),
    ] {
        let taken = office.take(name, &file(Channel::Store, sequence, &lines));
        assert_eq!(
            (taken.state, taken.settled),
            (FileState::Quarantined, 0),
            "{name}"
        );
        let reason = taken.reason.unwrap();
        assert!(reason.starts_with(&format!("line {at}: S-")), "{reason}");
    }
    assert_eq!(office.count("payment"), 1);
    assert_eq!(office.count("ledger_transfer WHERE kind = 'payment'"), 1);
    let audited = "audit_entry WHERE action = 'payments.file.quarantined'";
    assert_eq!(office.count(audited), 3);
}

/// However far the line is from the first: a part is posted only when all parts may be.
#[test]
fn a_contradiction_in_a_later_part_keeps_the_first_from_being_posted() {
    let office = Office::open();
    let code = &office.codes[0];
    let paid = [line(1, "S-1", code, "1.01")];
    office.take("paid.txt", &file(Channel::Store, 1, &paid));
    for (sequence, name, last) in [(2, "before", "S-1"), (3, "within", "S-2")] {
        let lines: Vec<Line> = (1..=9_000)
            .map(|number| match number {
                9_000 => line(number, last, code, "1.02"),
                _ => line(number, &format!("S-{}", number + 1), code, "1.01"),
            })
            .collect();
        let taken = office.take(name, &file(Channel::Store, sequence, &lines));
        assert_eq!(
            (taken.state, taken.settled),
            (FileState::Quarantined, 0),
            "{name}"
        );
        let reason = taken.reason.unwrap();
        assert!(reason.starts_with("line 9000: S-"), "{reason}");
    }
    assert_eq!(office.count("payment"), 1);
    assert_eq!(office.count("ledger_transfer WHERE kind = 'payment'"), 1);
}
