//! The bundle is whole: every table that names somebody is told of, or has a reason.

use std::collections::BTreeMap;

use diesel::prelude::*;
use kaifong::kernel::clock::Clock;
use kaifong::platform::db::execute;
use serde_json::{Value, json};

use super::{ask_access, change, claim, id, named_tables, read};
use crate::people::{Household, joining, leaving, member, person, refused, start_with_household};
use crate::support::Call;

/// What has a place of its own in the bundle.
const PLACES: &[(&str, &str)] = &[
    ("person", "particulars"),
    ("membership", "memberships"),
    ("data_access_request", "access_requests"),
    ("correction_request", "correction_requests"),
];

/// What names somebody and is not in the bundle, and why.
const LEFT_OUT: &[(&str, &str)] = &[
    (
        "household",
        "a number, which is in every row, and when it was given",
    ),
    ("tenancy_place", "a view of tenancy"),
    ("rent_tenure", "a view of tenancy"),
    ("payment_line_fate", "a view of payment"),
    ("payment_of_line", "a view of payment"),
    (
        "outbox_event",
        "what messages are drafted from, within minutes: told as the messages",
    ),
    (
        "data_key",
        "the key that the rest is sealed with, itself sealed",
    ),
    ("key_tombstone", "only of somebody of whom nothing is left"),
    (
        "erasure_order",
        "only of somebody who is being erased, or was",
    ),
];

/// Rows about the household and its head, in every table that the tests of other slices fill
/// by longer ways.
#[expect(clippy::too_many_lines, reason = "one plain list")]
fn plant(owner: &mut PgConnection, home: &Household) {
    let (number, head) = (home.code.number(), &home.head);
    for row in [
        format!("tenant_pin VALUES (gen_random_uuid(), {number}, 'SECRET', 3, NULL, '2026-11-20', 'officer-1')"),
        format!(
            "delegate VALUES (gen_random_uuid(), {number}, 'carer', '{{rent:read}}', '2027-01-01', \
             'SECRET', NULL, 'officer-1', '2026-11-20')"
        ),
        format!("identity_link VALUES (gen_random_uuid(), 'SECRET', {number}, NULL, 'officer-1', '2026-11-20')"),
        format!(
            "passkey VALUES (gen_random_uuid(), 'pin', gen_random_uuid(), {number}, 'My phone', \
             '\\x5e', '{{}}', '2026-11-20', NULL)"
        ),
        format!(
            "session (id, kind, principal, household, amr, signed_in_at, ends_at) VALUES \
             (gen_random_uuid(), 'pin', gen_random_uuid(), {number}, '{{pin}}', '2026-11-20', '2026-11-21')"
        ),
        // Before they lived there: somebody else's.
        format!(
            "session (id, kind, principal, household, amr, signed_in_at, ends_at) VALUES \
             (gen_random_uuid(), 'pin', gen_random_uuid(), {number}, '{{pin}}', '2025-11-20', '2025-11-21')"
        ),
        format!(
            "break_glass VALUES ('01940000-0000-7000-8000-00000000000a', 'officer-1', '{head}', NULL, \
             'danger', 'T-1', '{{phone}}', 5, '2026-11-20')"
        ),
        "break_glass_approval VALUES ('01940000-0000-7000-8000-00000000000a', 'officer-1', 'officer-2', \
         '2026-11-20T00:00Z', '2026-11-20T00:05Z', '2026-11-23')".to_owned(),
        format!(
            "break_glass VALUES (gen_random_uuid(), 'officer-1', NULL, {number}, 'danger', 'T-2', \
             '{{phone}}', 5, '2026-11-20')"
        ),
        format!("legal_hold VALUES (gen_random_uuid(), '{head}', 'debt', 'C-77', 'officer-1', '2026-11-20')"),
        format!("erasure_request VALUES (gen_random_uuid(), '{head}', 'court_order', 'officer-1', '2026-11-20')"),
        format!(
            "rent_award VALUES (gen_random_uuid(), 1, {number}, 'assistance_25', '2026-02-01', NULL, \
             'AWARDED', 'officer-1', '2026-02-01')"
        ),
        format!(
            "rent_adjustment VALUES (gen_random_uuid(), {number}, 'refund', 10, '2026-03-01', \
             'ADJUSTED', 'officer-1', '2026-03-01')"
        ),
        format!(
            "rent_charge SELECT {number}, '2026-02-01', id, 1, '2026-02-01', 1234, '{{}}', '2026-02-01' \
             FROM tenancy WHERE household = {number}"
        ),
        "payment_file VALUES ('01940000-0000-7000-8000-00000000000b', 'store', '2026-03-01', 1, 'f', \
         sha256('f'), 1, 9, 'staged', 0, NULL, 'officer-1', '2026-03-01')".to_owned(),
        format!(
            "payment_line VALUES ('01940000-0000-7000-8000-00000000000b', 1, 'PAID-1', '{}', 9, \
             '2026-03-01', 'PLACE')",
            home.code
        ),
        format!(
            "payment VALUES (gen_random_uuid(), 'store', 'PAID-1', '{}', 9, '2026-03-01', '2026-03-01', \
             {number}, '01940000-0000-7000-8000-00000000000b', 1, '2026-03-01', NULL, NULL)",
            home.code
        ),
        "counter_office (estate_id) SELECT id FROM estate ORDER BY id LIMIT 1".to_owned(),
        "counter_day SELECT gen_random_uuid(), estate_id, 'officer-1', '2026-03-01', '2026-03-01', 'open', \
         NULL FROM counter_office".to_owned(),
        "receipt_book SELECT estate_id, 2026, 1 FROM counter_day".to_owned(),
        "counter_receipt SELECT p.id, d.id, d.estate_id, 2026, 1, 'cheque', 'CHEQUE-1' \
         FROM payment p, counter_day d WHERE p.reference = 'PAID-1'".to_owned(),
        "payment_line VALUES ('01940000-0000-7000-8000-00000000000b', 2, 'LOST-1', 'nobody', 8, \
         '2026-03-01', 'PLACE')".to_owned(),
        "payment VALUES ('01940000-0000-7000-8000-00000000000c', 'store', 'LOST-1', 'nobody', 8, \
         '2026-03-01', '2026-03-01', NULL, '01940000-0000-7000-8000-00000000000b', 2, '2026-03-01', \
         NULL, NULL)".to_owned(),
        "payment_file VALUES ('01940000-0000-7000-8000-0000000000ca', 'cssa', '2026-03-01', 1, 'f', \
         sha256('cssa'), 0, 0, 'staged', 0, NULL, 'officer-1', '2026-03-01')".to_owned(),
        "allowance_file VALUES ('01940000-0000-7000-8000-0000000000ca', '2026-03-01', 1)".to_owned(),
        format!(
            "allowance_line VALUES ('01940000-0000-7000-8000-0000000000ca', 1, 'start', '{}', 'full', \
             1357, '2026-03-01')",
            home.code
        ),
        format!(
            "cssa_allowance (household, month, coverage, amount, file, number, recorded_at) VALUES \
             ({number}, '2026-03-01', 'full', 1357, '01940000-0000-7000-8000-0000000000ca', 1, '2026-03-01')"
        ),
        "cssa_reconciliation (id, month, requested_by, requested_at) VALUES \
         ('01940000-0000-7000-8000-0000000000cb', '2026-03-01', 'one', '2026-03-01')".to_owned(),
        format!(
            "cssa_exception VALUES ('01940000-0000-7000-8000-0000000000cb', 1, 'not_paid', {number}, '{}', \
             NULL, 1357, 0, 1358, NULL, NULL)",
            home.code
        ),
        "cssa_rent_file (id, month, sequence, requested_by, requested_at) VALUES \
         ('01940000-0000-7000-8000-0000000000cc', '2026-03-01', 1, 'one', '2026-03-01')".to_owned(),
        format!(
            "cssa_rent_line VALUES ('01940000-0000-7000-8000-0000000000cc', {number}, 'changed', 1356, 1358)"
        ),
        "suspense_proposal VALUES ('01940000-0000-7000-8000-00000000000d', \
         '01940000-0000-7000-8000-00000000000c', 'FOUND', 'one', '2026-03-01')".to_owned(),
        format!(
            "suspense_part VALUES ('01940000-0000-7000-8000-00000000000d', 1, {number}, 8)"
        ),
        "suspense_decision VALUES ('01940000-0000-7000-8000-00000000000d', \
         '01940000-0000-7000-8000-00000000000c', 'one', true, NULL, 'two', '2026-03-01')".to_owned(),
        format!(
            "outbox_event VALUES ('rent.due', '01940000-0000-7000-8000-00000000000c', {number}, '{{}}', \
             '2026-03-01')"
        ),
        format!(
            "message (id, kind, subject, medium, household, facts, policy, state, drafted_at, due_at, \
             stale_at) SELECT gen_random_uuid(), kind, '01940000-0000-7000-8000-00000000000c', medium, \
             {number}, '{{}}', id, 'waiting', '2026-03-01', '2026-03-01', '2026-03-04' \
             FROM message_policy WHERE kind = 'rent.due' AND medium = 'sms'"
        ),
        format!("message_choice VALUES ({number}, 'en', '{{rent.due}}', 1, 'officer-1', '2026-03-01')"),
        format!(
            "ledger_reversal VALUES (gen_random_uuid(), gen_random_uuid(), {number}, 'REVERSED', \
             'officer-1', '2026-03-01')"
        ),
    ] {
        execute(owner, &format!("INSERT INTO {row}")).unwrap_or_else(|error| panic!("{row}: {error:?}"));
    }
    let charged = format!(
        "SELECT ledger_open_month('2026-02-01'); INSERT INTO ledger_transfer VALUES \
         (gen_random_uuid(), '2026-02-01', {number}, 1, 1234, 'charge', gen_random_uuid(), NULL, '2026-02-01')"
    );
    execute(owner, &charged).unwrap();
}

/// A mandate of the household, sealed as it is in service, with a debit and a month without one.
fn debit(owner: &mut PgConnection, home: &Household, mandate: &Value) {
    let (number, mandate) = (home.code.number(), mandate["id"].as_str().unwrap());
    let collection = |id: &str, month: &str| {
        format!(
            "INSERT INTO autopay_collection (id, month, channel, run, collect_on, policy, state, total, \
             requested_by, requested_at) VALUES ('{id}', '{month}', 'autopay', 1, '{month}', 1, \
             'preparing', 1, 'officer-1', '{month}')"
        )
    };
    let (first, second) = (
        "01940000-0000-7000-8000-00000000000c",
        "01940000-0000-7000-8000-00000000000d",
    );
    for sql in [
        collection(first, "2026-03-01"),
        collection(second, "2026-04-01"),
        format!(
            "INSERT INTO autopay_line VALUES ('{first}', {number}, '2026-03-01', 1, '{mandate}', \
             'DEBITED-1', 9)"
        ),
        format!("INSERT INTO autopay_left_out VALUES ('{second}', {number}, 'nothing_due', 0)"),
    ] {
        execute(owner, &sql).unwrap();
    }
}

/// The rows that bundle `bundle` tells of each table.
fn rows(bundle: &Value) -> BTreeMap<String, Vec<Value>> {
    let held = bundle["held"].as_array().unwrap();
    let rows = held.iter().map(|part| {
        let rows = part["rows"].as_array().unwrap().clone();
        (part["table"].as_str().unwrap().to_owned(), rows)
    });
    rows.collect()
}

#[actix_web::test]
async fn every_table_that_names_somebody_is_in_the_bundle_or_has_a_reason() {
    let (app, mut owner, home) = start_with_household().await;
    let noted = Call::post(&format!("/v1/people/{}/unmask", home.head))
        .scope("people:unmask")
        .json(json!({ "fields": ["phone"], "reason": "emergency", "note": "NOTED down" }));
    app.send(noted).await.expect(200);
    let emergency = Call::post("/v1/break-glass")
        .scope("break_glass:request")
        .key("emergency")
        .json(json!({
            "person": home.head, "reason": "danger", "ticket": "T-3", "fields": ["phone"],
            "minutes": 5,
        }));
    app.send(emergency).await.expect(201);
    plant(&mut owner, &home);
    let mandate = Call::post(&format!("/v1/rent-accounts/{}/mandates", home.code))
        .scope("mandate:write")
        .key("mandate")
        .json(json!({
            "channel": "autopay", "bank": "004", "account": "123456789001", "holder": "LEE ON",
        }));
    let mandate = app.send(mandate).await.expect(201);
    debit(&mut owner, &home, &mandate);
    app.send(claim(&home.head)).await.expect(201);
    let asked = ask_access(&home.head).scope("privacy:request");
    let asked = id(&app.send(asked).await.expect(201));
    let answer = app
        .send(read(&format!("access-requests/{asked}/bundle")))
        .await;
    let text = String::from_utf8(answer.bytes.clone()).unwrap();
    // Nor why it was an emergency: whom somebody is kept safe from may ask too.
    for never in ["officer-", "SECRET", "danger"] {
        assert!(!text.contains(never), "{never}: {text}");
    }
    let bundle = answer.expect(200);
    let rows = rows(&bundle);
    for table in named_tables(&mut owner) {
        let place = PLACES.iter().find(|(name, _)| *name == table);
        let told = match place {
            Some((_, place)) => !bundle[*place].is_null(),
            None => rows.contains_key(&table),
        };
        let reason = LEFT_OUT.iter().find(|(name, _)| *name == table);
        assert!(told != reason.is_some(), "{table}: told {told}, {reason:?}");
    }
    for (table, rows) in &rows {
        let expected = if table == "break_glass" { 2 } else { 1 };
        assert!(rows.len() >= expected, "nothing is told of {table}");
    }
    assert_eq!(
        rows["session"].len(),
        1,
        "before they came, somebody else's"
    );
    assert_eq!(rows["rent_account"][0]["balance"], "1234.00");
    assert_eq!(rows["ledger_transfer"][0]["side"], "charged");
    assert_eq!(rows["rent_award"][0]["reason"], "AWARDED");
    assert_eq!(rows["payment"][0]["place"], "PLACE");
    assert_eq!(rows["counter_receipt"][0]["instrument"], "CHEQUE-1");
    assert_eq!(rows["suspense_part"][0]["reference"], "LOST-1");
    assert_eq!(rows["message"][0]["kind"], "rent.due");
    assert_eq!(rows["message_choice"][0]["refused"], "rent.due");
    assert_eq!(rows["rent_adjustment"][0]["reason"], "ADJUSTED");
    assert_eq!(rows["tenant_pin"][0]["refused_tries"], "3");
    assert_eq!(rows["legal_hold"][0]["case_ref"], "C-77");
    assert_eq!(rows["autopay_mandate"][0]["account"], "123456789001");
    assert_eq!(rows["autopay_mandate"][0]["holder"], "LEE ON");
    assert_eq!(rows["autopay_line"][0]["reference"], "DEBITED-1");
    assert_eq!(rows["autopay_left_out"][0]["reason"], "nothing_due");
    assert_eq!(rows["cssa_allowance"][0]["amount"], "1357.00");
    assert_eq!(rows["cssa_exception"][0]["kind"], "not_paid");
    assert_eq!(rows["cssa_rent_line"][0]["before"], "1356.00");
    let trail = &rows["audit_entry"];
    assert!(
        trail.iter().any(|entry| entry["note"] == "NOTED down"),
        "{trail:?}"
    );
    assert!(
        trail.iter().any(|entry| entry["action"] == "people.joined"),
        "{trail:?}"
    );
    assert!(
        trail.iter().all(|entry| entry["by"] == "staff"),
        "{trail:?}"
    );

    let paper =
        read(&format!("access-requests/{asked}/bundle")).header("Accept", "application/pdf");
    let paper = app.send(paper.header("Accept-Language", "en")).await;
    assert_eq!(paper.status, 200);
    assert!(paper.bytes.starts_with(b"%PDF"));
}

#[actix_web::test]
async fn who_only_lives_there_is_told_of_the_tenancy_and_not_of_the_tenants_affairs() {
    let (app, mut owner, home) = start_with_household().await;
    let lee = member(&person("LEE Mei", "AB987654(3)"), "authorised_member");
    let lee = app.send(joining(home.code, "k", lee)).await.expect(201);
    let lee = lee["person_id"].as_str().unwrap().to_owned();
    plant(&mut owner, &home);
    let asked = ask_access(&lee).scope("privacy:request");
    let asked = id(&app.send(asked).await.expect(201));
    let answer = app
        .send(read(&format!("access-requests/{asked}/bundle")))
        .await;
    let text = String::from_utf8(answer.bytes.clone()).unwrap();
    for others in [
        "CHAN",
        "A123456",
        home.head.as_str(),
        "AWARDED",
        "1234.00",
        "C-77",
    ] {
        assert!(!text.contains(others), "{others}: {text}");
    }
    let rows = rows(&answer.expect(200));
    for (table, rows) in rows {
        let told = match table.as_str() {
            "tenancy" | "break_glass" => 1,
            "audit_entry" => continue,
            _ => 0,
        };
        assert_eq!(rows.len(), told, "{table}: {rows:?}");
    }
}

#[actix_web::test]
async fn who_left_is_told_of_their_own_time_only() {
    let (app, mut owner, home) = start_with_household().await;
    plant(&mut owner, &home);
    // A later tenant's affairs.
    let number = home.code.number();
    let left = format!(
        "UPDATE membership SET starts_on = '2025-01-01', ends_on = '2025-12-31', \
         end_reason = 'moved_out', end_recorded_at = now() WHERE household = {number}"
    );
    execute(&mut owner, &left).unwrap();
    let asked = ask_access(&home.head).scope("privacy:request");
    let asked = id(&app.send(asked).await.expect(201));
    let bundle = app
        .send(read(&format!("access-requests/{asked}/bundle")))
        .await;
    let rows = rows(&bundle.expect(200));
    assert_eq!(rows["rent_account"][0]["balance"], "0.00");
    assert_eq!(rows["rent_account"][0]["on"], "2025-12-31");
    for table in [
        "ledger_transfer",
        "rent_charge",
        "rent_adjustment",
        "rent_award",
        "tenancy",
        "message",
        "message_choice",
        "counter_receipt",
    ] {
        assert_eq!(rows[table], Vec::<Value>::new(), "{table}");
    }
    assert_eq!(rows["session"].len(), 1);
    assert_eq!(rows["delegate"].len(), 0);
    // What names the person alone stays theirs.
    assert_eq!(rows["legal_hold"].len(), 1);
    assert_eq!(rows["break_glass"].len(), 1);
}

/// Destroying a key cannot be taken back; what is written of it may be given up.
#[actix_web::test]
async fn an_erasure_that_was_stopped_half_way_is_carried_out_later() {
    let (app, mut owner, home) = start_with_household().await;
    let lee = member(&person("LEE Mei", "AB987654(3)"), "authorised_member");
    let lee = app.send(joining(home.code, "k", lee)).await.expect(201);
    let lee = lee["person_id"].as_str().unwrap().to_owned();
    let out = json!({ "ends_on": "2026-11-20", "reason": "moved_out" });
    app.send(leaving(home.code, &lee, "l", 1, out))
        .await
        .expect(200);
    app.clock.set("2026-11-21T01:00:00Z");
    let path = format!("people/{lee}/erasure");
    app.send(change("one", &path, json!({ "reason": "purpose_over" })))
        .await
        .expect(201);
    // The database fails at the commit, after the file of erasures has its line.
    execute(
        &mut owner,
        "CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'down'; END $$; \
         CREATE CONSTRAINT TRIGGER fail AFTER INSERT ON key_tombstone DEFERRABLE INITIALLY DEFERRED \
         FOR EACH ROW EXECUTE FUNCTION fail()",
    )
    .unwrap();
    let approve = || {
        Call::post(&format!("/v1/privacy/{path}/approval"))
            .scope("privacy:write")
            .by("other")
            .key("approve")
    };
    app.send(approve()).await.expect(500);
    let open = "erasure_order WHERE done_at IS NULL";
    assert_eq!(crate::support::count(&mut owner, open), 1);
    let whole = format!("person WHERE erased_at IS NULL AND id = '{lee}'");
    assert_eq!(crate::support::count(&mut owner, &whole), 1);
    // It is on its way, and nobody holds it up any more.
    let because = json!({ "reason": "litigation", "case_ref": "HCA 1/2026" });
    let hold = change("one", &format!("people/{lee}/holds"), because);
    refused(&app.send(hold).await, 409, "erasure-refused");

    execute(&mut owner, "DROP TRIGGER fail ON key_tombstone").unwrap();
    let vault = app.database.vault(app.clock.now());
    let mut conn = kaifong::platform::db::connect(app.database.url()).unwrap();
    kaifong::privacy::timetable(&mut conn, app.clock.now()).unwrap();
    let kind = <kaifong::privacy::Retain as kaifong::platform::jobs::Job>::KIND;
    assert_eq!(
        crate::support::fixture::waiting_jobs(&mut owner, kind).len(),
        1
    );
    kaifong::privacy::retain(&mut conn, &vault, app.clock.now()).unwrap();
    assert_eq!(crate::support::count(&mut owner, open), 0);
    assert_eq!(crate::support::count(&mut owner, &whole), 0);
    let destroyed = format!("data_key WHERE state = 'destroyed' AND subject = '{lee}'");
    assert_eq!(crate::support::count(&mut owner, &destroyed), 1);
    // Whoever asks again learns that it was approved.
    app.send(approve()).await.expect(201);
    // Should they come back, they come as somebody new.
    let again = member(&person("LEE Mei", "AB987654(3)"), "authorised_member");
    let again = app.send(joining(home.code, "k9", again)).await.expect(201);
    assert_ne!(again["person_id"], lee);
}
