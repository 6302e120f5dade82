//! Transfers that were changed, removed or added.

use kaifong::ledger::Lie;
use uuid::Uuid;

use super::sealed;

#[test]
fn changed_transfers_are_named() {
    for (column, value) in [
        ("amount", "1.00"),
        ("kind", "'refund'"),
        ("source", "gen_random_uuid()"),
        ("debit", "2"),
        ("effective_on", "'2026-10-02'"),
        ("booked_at", "booked_at + interval '1 second'"),
        ("id", "gen_random_uuid()"),
    ] {
        let sealed = sealed();
        let victim = &sealed.transfers[1];
        let lie = format!(
            "UPDATE ledger_transfer SET {column} = {value} WHERE id = '{}'",
            victim.id
        );
        let named = sealed.first_lie(&lie);
        match &named {
            Lie::TransferChanged {
                checkpoint: 1,
                place: 2,
                transfer,
            } => {
                assert!(
                    column == "id" || transfer.id == victim.id,
                    "{column}: {named}"
                );
                assert_eq!(transfer.credit, "rent_income");
            }
            other => panic!("{column}: {other}"),
        }
    }
}

#[test]
fn a_removed_transfer_is_missed_where_it_was() {
    let sealed = sealed();
    let victim = &sealed.transfers[6];
    let lie = format!("DELETE FROM ledger_transfer WHERE id = '{}'", victim.id);
    match sealed.first_lie(&lie) {
        Lie::TransferMissing {
            checkpoint: 2,
            place: 3,
            previous: Some(previous),
        } => {
            assert_eq!(previous.id, sealed.transfers[5].id);
        }
        other => panic!("{other}"),
    }
}

#[test]
fn an_added_transfer_is_named() {
    let sealed = sealed();
    let id = Uuid::new_v4();
    let named = sealed.first_lie(&format!(
        "INSERT INTO ledger_transfer SELECT '{id}', effective_on, debit, credit, amount, kind, \
         gen_random_uuid(), NULL, booked_at + interval '1 second' FROM ledger_transfer \
         WHERE id = '{}'",
        sealed.transfers[9].id
    ));
    match named {
        Lie::TransferAdded {
            checkpoint: 3,
            transfer,
        } => {
            assert_eq!(transfer.id.as_uuid(), id);
            assert_eq!(transfer.debit, sealed.books.households[1].to_string());
        }
        other => panic!("{other}"),
    }
}

#[test]
fn exchanged_amounts_are_both_named() {
    let sealed = sealed();
    let (one, other) = (sealed.transfers[0].id, sealed.transfers[8].id);
    sealed.books.plant(&format!(
        "UPDATE ledger_transfer SET amount = CASE id WHEN '{one}' THEN 2400.00 ELSE 2345.00 END \
         WHERE id IN ('{one}', '{other}')"
    ));
    let findings = sealed.verify();
    let changed: Vec<_> = findings
        .lies
        .iter()
        .filter_map(|lie| match lie {
            Lie::TransferChanged {
                checkpoint,
                transfer,
                ..
            } => Some((*checkpoint, transfer.id)),
            _ => None,
        })
        .collect();
    assert_eq!(changed, [(1, one), (3, other)]);
    // The balance is the same: only the checkpoints know.
    assert_eq!(findings.lies.len(), 2, "{:?}", findings.lies);
}

#[test]
fn odd_transfers_are_named() {
    let row = |what: &str| {
        let (mut debit, mut credit) = ("100000000", "1");
        let (mut amount, mut kind, mut reverses) = ("1.00", "charge", "NULL");
        match what {
            "names an unknown debit account" => debit = "57",
            "names an unknown credit account" => credit = "100000099",
            "moves money nowhere" => debit = "1",
            "has an impossible amount" => amount = "'NaN'",
            "is of an unknown kind" => kind = "gift",
            "is half a reversal" => reverses = "gen_random_uuid()",
            other => panic!("{other}"),
        }
        format!(
            "ALTER TABLE ledger_transfer DROP CONSTRAINT ledger_transfer_kind, \
               DROP CONSTRAINT ledger_transfer_between_two, DROP CONSTRAINT ledger_transfer_reverses; \
             INSERT INTO ledger_transfer VALUES (gen_random_uuid(), '2026-11-05', {debit}, \
             {credit}, {amount}, '{kind}', gen_random_uuid(), {reverses}, '2026-11-05 00:00+00')"
        )
    };
    for fault in [
        "names an unknown debit account",
        "names an unknown credit account",
        "moves money nowhere",
        "has an impossible amount",
        "is of an unknown kind",
        "is half a reversal",
    ] {
        let sealed = sealed();
        match sealed.first_lie(&row(fault)) {
            Lie::OddTransfer { fault: named, .. } => assert_eq!(named, fault),
            other => panic!("{fault}: {other}"),
        }
    }
}

#[test]
fn what_cannot_be_read_in_a_sealed_span_is_a_lie() {
    let sealed = sealed();
    let lie = format!(
        "UPDATE ledger_transfer SET amount = 'NaN' WHERE id = '{}'",
        sealed.transfers[0].id
    );
    assert!(matches!(
        sealed.first_lie(&lie),
        Lie::Unreadable { checkpoint: 1, .. }
    ));
}

#[test]
fn an_id_in_two_months_is_named() {
    let sealed = sealed();
    let undone = sealed.transfers[12].id;
    let named = sealed.first_lie(&format!(
        "INSERT INTO ledger_transfer SELECT id, '2026-12-01', debit, credit, amount, kind, source, \
         reverses, booked_at FROM ledger_transfer WHERE id = '{undone}'"
    ));
    assert_eq!(
        named,
        Lie::PostedTwice {
            id: undone,
            times: 2
        }
    );
}
