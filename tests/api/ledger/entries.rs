//! A household's transfers, page by page.

use kaifong::kernel::id::TransferId;
use kaifong::ledger::{self, Extract, Order, Transfer, TransferKind};

use super::{Books, at, charge, date, open, payment, post};

fn ids(transfers: &[Transfer]) -> Vec<TransferId> {
    transfers.iter().map(|transfer| transfer.id).collect()
}

/// A household with two months of charges and payments, two of them on one day.
fn lived_in(books: &Books) -> Vec<Transfer> {
    let household = books.households[0];
    let mut posted = vec![
        charge(household, "2345.00", ("2026-10-01", at(0))),
        payment(household, "2345.00", ("2026-10-03", at(1))),
        charge(household, "2345.00", ("2026-11-01", at(2))),
        payment(household, "1000.00", ("2026-11-01", at(3))),
        payment(household, "1345.00", ("2026-11-05", at(4))),
    ];
    for transfer in &posted {
        post(&mut books.app(), std::slice::from_ref(transfer)).unwrap();
    }
    let other = charge(books.households[1], "1.00", ("2026-11-01", at(5)));
    post(&mut books.app(), &[other]).unwrap();
    posted.sort_by_key(|transfer| (transfer.effective_on, transfer.id));
    posted
}

#[test]
fn entries_come_in_pages_from_either_end() {
    let books = open(2);
    let mut conn = books.app();
    let mut expected = lived_in(&books);
    for order in [Order::OldestFirst, Order::NewestFirst] {
        let mut extract = Extract {
            household: books.households[0],
            from: date("2026-01-01"),
            to: date("2026-12-31"),
            kind: None,
            known_at: None,
            order,
            after: None,
            rows: 10,
        };
        assert_eq!(ledger::entries(&mut conn, &extract).unwrap(), expected);
        extract.rows = 1;
        let mut paged = Vec::new();
        while let Some(transfer) = ledger::entries(&mut conn, &extract).unwrap().pop() {
            extract.after = Some((transfer.effective_on, transfer.id));
            paged.push(transfer);
        }
        assert_eq!(ids(&paged), ids(&expected), "{order}");
        expected.reverse();
    }
}

#[test]
fn entries_are_of_a_kind_a_time_and_what_was_known() {
    let books = open(2);
    let mut conn = books.app();
    let expected = lived_in(&books);
    let extract = Extract {
        household: books.households[0],
        from: date("2026-01-01"),
        to: date("2026-12-31"),
        kind: None,
        known_at: None,
        order: Order::OldestFirst,
        after: None,
        rows: 10,
    };
    let kept = |keep: &dyn Fn(&&Transfer) -> bool| -> Vec<Transfer> {
        expected.iter().filter(keep).cloned().collect()
    };
    let of_kind = Extract {
        kind: Some(TransferKind::Payment),
        ..extract
    };
    let payments = kept(&|transfer| transfer.kind == TransferKind::Payment);
    assert_eq!(ledger::entries(&mut conn, &of_kind).unwrap(), payments);
    let known = Extract {
        known_at: Some(at(2)),
        ..extract
    };
    let early = kept(&|transfer| transfer.booked_at <= at(2));
    assert_eq!(ledger::entries(&mut conn, &known).unwrap(), early);
    let (from, to) = (date("2026-10-03"), date("2026-11-01"));
    let between = Extract {
        from,
        to,
        ..extract
    };
    let inside = kept(&|transfer| (from..=to).contains(&transfer.effective_on));
    assert_eq!(ledger::entries(&mut conn, &between).unwrap(), inside);
    assert_eq!(inside.len(), 3);
}
