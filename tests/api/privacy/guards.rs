//! The second line on what names a person or acts for a household: what a statement that forgot
//! its own conditions finds.

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;
use kaifong::kernel::reach::Reach;
use kaifong::kernel::tenant_code::TenantCode;
use kaifong::platform::db::{DbError, connect, execute, reach_in, transact};

use super::{claim, named_tables};
use crate::people::{house, joining, member, person, start_with_household};
use crate::support::count;

/// The tables that have row-level security, beside `person` and `membership`.
const GUARDED: [&str; 15] = [
    "data_access_request",
    "correction_request",
    "legal_hold",
    "erasure_request",
    "erasure_order",
    "break_glass",
    "tenant_pin",
    "delegate",
    "identity_link",
    "message",
    "message_choice",
    "autopay_mandate",
    "cssa_allowance",
    "cssa_exception",
    "cssa_rent_line",
];

/// The tables that name a person or a household and have no row-level security, and why.
const OPEN: &[(&str, &str)] = &[
    (
        "audit_entry",
        "added to by everyone, sealed whole; never changed, and read by its own scope",
    ),
    (
        "tenancy",
        "what the reach itself is worked out from; holds no particulars",
    ),
    ("tenancy_place", "a view of tenancy"),
    ("household", "a number and a date"),
    (
        "rent_account",
        "amounts by number, billed by the hundred thousand in one statement",
    ),
    ("rent_award", "as rent_account"),
    ("rent_charge", "as rent_account"),
    ("rent_adjustment", "as rent_account"),
    ("rent_tenure", "a view of tenancy and flat"),
    ("payment", "as rent_account"),
    ("payment_line_fate", "a view of payment"),
    ("payment_of_line", "a view of payment"),
    ("suspense_part", "as rent_account"),
    (
        "outbox_event",
        "written by whatever happens, with no reach set: ids, dates and amounts",
    ),
    ("autopay_line", "as rent_account"),
    ("autopay_left_out", "as rent_account"),
    ("ledger_reversal", "as rent_account"),
    (
        "session",
        "looked up by its id before anybody's reach is known: ids and times",
    ),
    (
        "passkey",
        "looked up by its credential, as a session by its id",
    ),
    (
        "data_key",
        "wrapped keys: nothing opens without the root key",
    ),
    ("key_tombstone", "of whom nothing is left"),
];

/// A month's file, its reconciliation and its rents, which the rows of households are of.
const CSSA_MONTH: &str = "SET CONSTRAINTS ALL DEFERRED; \
    INSERT INTO payment_file VALUES ('01940000-0000-7000-8000-0000000000ca', 'cssa', '2026-11-20', 1, \
        'f', sha256('cssa'), 0, 0, 'staged', 0, NULL, 'one', now()); \
    INSERT INTO allowance_file VALUES ('01940000-0000-7000-8000-0000000000ca', '2026-12-01', 1000000000); \
    INSERT INTO cssa_reconciliation (id, month, requested_by, requested_at) \
        VALUES ('01940000-0000-7000-8000-0000000000cb', '2026-12-01', 'one', now()); \
    INSERT INTO cssa_rent_file (id, month, sequence, requested_by, requested_at) \
        VALUES ('01940000-0000-7000-8000-0000000000cc', '2026-12-01', 1, 'one', now())";

/// One row of each guarded table, about a person and a household.
fn plant(owner: &mut PgConnection, person: &str, household: TenantCode) {
    let number = household.number();
    for row in [
        format!(
            "data_access_request VALUES (gen_random_uuid(), '{person}', '2026-11-20', \
             '2026-12-30', 'one', 'received')"
        ),
        format!("legal_hold VALUES (gen_random_uuid(), '{person}', 'debt', 'C-1', 'one', now())"),
        format!(
            "erasure_request VALUES (gen_random_uuid(), '{person}', 'court_order', 'one', now())"
        ),
        format!("erasure_order VALUES ('{person}', 'court_order', '{{one,other}}', now())"),
        format!(
            "break_glass VALUES (gen_random_uuid(), 'one', NULL, {number}, 'danger', 'T-1', \
             '{{phone}}', 5, now())"
        ),
        format!("tenant_pin VALUES (gen_random_uuid(), {number}, 'hash', 0, NULL, now(), 'one')"),
        format!(
            "delegate VALUES (gen_random_uuid(), {number}, 'carer', '{{rent:read}}', \
             '2027-01-01', NULL, NULL, 'one', now())"
        ),
        format!(
            "autopay_mandate VALUES (gen_random_uuid(), {number}, 'autopay', '004', '001', '', '', \
             NULL, 'proposed', NULL, NULL, now(), 1)"
        ),
        format!(
            "identity_link VALUES (gen_random_uuid(), uuid_send(gen_random_uuid()), {number}, \
             NULL, 'one', now())"
        ),
        format!("message_choice VALUES ({number}, 'en', '{{}}', 1, 'one', now())"),
        format!(
            "allowance_line VALUES ('01940000-0000-7000-8000-0000000000ca', {number}, 'start', \
             '{household}', 'full', 9, '2026-12-01')"
        ),
        format!(
            "cssa_allowance (household, month, coverage, amount, file, number, recorded_at) VALUES \
             ({number}, '2026-12-01', 'full', 9, '01940000-0000-7000-8000-0000000000ca', {number}, now())"
        ),
        format!(
            "cssa_exception VALUES ('01940000-0000-7000-8000-0000000000cb', {number}, 'not_paid', \
             {number}, '{household}', NULL, 9, 0, 9, NULL, NULL)"
        ),
        format!(
            "cssa_rent_line VALUES ('01940000-0000-7000-8000-0000000000cc', {number}, 'same', 9, 9)"
        ),
    ] {
        execute(owner, &format!("INSERT INTO {row}")).unwrap();
    }
    let message = format!(
        "WITH event AS (INSERT INTO outbox_event VALUES ('rent.due', gen_random_uuid(), {number}, '{{}}', \
         now()) RETURNING subject) \
         INSERT INTO message (id, kind, subject, medium, household, facts, policy, state, drafted_at, \
         due_at, stale_at) SELECT gen_random_uuid(), p.kind, event.subject, p.medium, {number}, '{{}}', \
         p.id, 'waiting', now(), now(), now() FROM message_policy p, event \
         WHERE p.kind = 'rent.due' AND p.medium = 'sms'"
    );
    execute(owner, &message).unwrap();
}

#[actix_web::test]
async fn a_statement_without_conditions_finds_nothing_out_of_reach() {
    let (app, mut owner, home) = start_with_household().await;
    let (other, elsewhere) = house(&app, &mut owner).await;
    let lee = member(&person("LEE Mei", "AB987654(3)"), "head");
    let lee = app.send(joining(other, "k", lee)).await.expect(201);
    let lee = lee["person_id"].as_str().unwrap();
    for id in [home.head.as_str(), lee] {
        app.send(claim(id)).await.expect(201);
    }
    execute(&mut owner, CSSA_MONTH).unwrap();
    plant(&mut owner, &home.head, home.code);
    plant(&mut owner, lee, other);

    let mut conn = connect(app.database.url()).unwrap();
    let seen = |conn: &mut PgConnection| GUARDED.map(|table| (table, count(conn, table)));
    assert_eq!(seen(&mut owner), GUARDED.map(|table| (table, 2)));
    assert_eq!(seen(&mut conn), GUARDED.map(|table| (table, 0)));
    for (reach, rows) in [
        (Reach::Everywhere, 2),
        (home.office(), 1),
        (Reach::Estates([home.estate, elsewhere].into()), 2),
        (Reach::Household(other), 1),
        (Reach::nothing(), 0),
    ] {
        let within: Result<_, DbError> = transact(&mut conn, |conn| {
            reach_in(conn, &reach)?;
            Ok(seen(conn))
        });
        // A household must not learn that it is held or looked into, nor its office.
        let expected = GUARDED.map(|table| match table {
            "legal_hold" | "erasure_request" | "erasure_order" | "break_glass"
                if !reach.is_everywhere() =>
            {
                (table, 0)
            }
            _ => (table, rows),
        });
        assert_eq!(within.unwrap(), expected, "{reach:?}");
        assert_eq!(seen(&mut conn), GUARDED.map(|table| (table, 0)));
    }
    // Neither is a row written for somebody out of reach.
    let stranger = transact(&mut conn, |conn| {
        reach_in(conn, &Reach::Household(other))?;
        execute(
            conn,
            &format!(
                "INSERT INTO delegate VALUES (gen_random_uuid(), {}, 'carer', '{{rent:read}}', \
                 '2027-01-01', NULL, NULL, 'one', now())",
                home.code.number()
            ),
        )
    });
    assert!(stranger.is_err());
}

#[actix_web::test]
async fn every_table_that_names_somebody_is_guarded_or_has_a_reason() {
    let (_app, mut owner, _home) = start_with_household().await;
    let guarded: BTreeSet<String> = diesel::dsl::sql::<diesel::sql_types::Text>(
        "SELECT relname::text FROM pg_class WHERE relrowsecurity AND relnamespace = 'public'::regnamespace",
    )
    .load(&mut owner)
    .unwrap()
    .into_iter()
    .collect();
    let open: BTreeMap<&str, &str> = OPEN.iter().copied().collect();
    for table in named_tables(&mut owner) {
        let reason = open.get(table.as_str());
        assert!(
            guarded.contains(&table) != reason.is_some(),
            "{table}: guarded {}, {reason:?}",
            guarded.contains(&table)
        );
    }
    for table in GUARDED {
        assert!(guarded.contains(table), "{table}");
    }
}
