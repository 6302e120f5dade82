//! Data is kept as long as the rule says; matching needs an approval.

use kaifong::kernel::clock::Clock;
use kaifong::platform::db::{connect, execute};
use kaifong::platform::jobs::Job;
use kaifong::privacy::{PrivacyError, Retain, matching_allowed, retain, timetable};
use serde_json::{Value, json};

use super::{change, read};
use crate::people::{joining, member, person, refused, start_with_household};
use crate::support::{count, fixture};

fn rule(valid_from: &str, keep_months: i32) -> Value {
    json!({
        "data_class": "person", "valid_from": valid_from, "keep_months": keep_months,
        "source": "Limitation Ordinance, Cap. 347, section 4, and a year",
    })
}

#[actix_web::test]
async fn who_left_long_ago_is_erased_once_a_day_and_counted() {
    let (app, mut owner, home) = start_with_household().await;
    let mut left = Vec::new();
    for (key, hkid, ends_on) in [
        ("1", "AB987654(3)", "2019-11-20"),
        ("2", "E364912(5)", "2019-11-21"),
        ("3", "D288754(2)", "2012-01-01"),
    ] {
        let one = member(&person("LEE Mei", hkid), "authorised_member");
        let one = app.send(joining(home.code, key, one)).await.expect(201);
        let one = one["person_id"].as_str().unwrap().to_owned();
        let gone = format!(
            "UPDATE membership SET starts_on = '2010-01-01', ends_on = '{ends_on}', \
             end_reason = 'moved_out', end_recorded_at = now() WHERE person = '{one}'"
        );
        execute(&mut owner, &gone).unwrap();
        left.push(one);
    }
    let because = json!({ "reason": "debt", "case_ref": "C-1" });
    let hold = change("one", &format!("people/{}/holds", left[2]), because);
    app.send(hold).await.expect(201);

    let vault = app.database.vault(app.clock.now());
    let mut conn = connect(app.database.url()).unwrap();
    timetable(&mut conn, app.clock.now()).unwrap();
    assert_eq!(fixture::waiting_jobs(&mut owner, Retain::KIND), []);
    let none = retain(&mut conn, &vault, app.clock.now()).unwrap();
    assert_eq!(none, None, "nothing is erased without a rule");
    let today = change("approver", "retention-rules", rule("2026-11-20", 84));
    refused(&app.send(today).await, 409, "retention-rule-refused");
    for months in [11, 1201] {
        let odd = change("approver", "retention-rules", rule("2026-11-21", months));
        refused(&app.send(odd).await, 422, "privacy-refused");
    }
    let ahead = || change("approver", "retention-rules", rule("2026-11-21", 84));
    app.send(ahead()).await.expect(201);
    refused(&app.send(ahead()).await, 409, "retention-rule-refused");
    let none = retain(&mut conn, &vault, app.clock.now()).unwrap();
    assert_eq!(none, None, "the rule has not begun");

    app.clock.set("2026-11-21T01:00:00Z");
    timetable(&mut conn, app.clock.now()).unwrap();
    assert_eq!(fixture::waiting_jobs(&mut owner, Retain::KIND).len(), 1);
    let run = retain(&mut conn, &vault, app.clock.now()).unwrap().unwrap();
    assert_eq!((run.erased, run.held, run.failed), (1, 1, 0));
    let erased = format!("person WHERE erased_at IS NOT NULL AND id = '{}'", left[0]);
    assert_eq!(count(&mut owner, &erased), 1);
    assert_eq!(count(&mut owner, "person WHERE erased_at IS NOT NULL"), 1);
    let words = "key_tombstone WHERE approved_by = ARRAY['kaifong:retention', 'approver']";
    assert_eq!(count(&mut owner, words), 1);
    let entry = "audit_entry WHERE action = 'privacy.retention.ran' \
                 AND purpose = 'erased 1, held 1, failed 0; person 1'";
    assert_eq!(count(&mut owner, entry), 1);
    let again = retain(&mut conn, &vault, app.clock.now()).unwrap();
    assert_eq!(again, None, "once a day");

    let shown = app.send(read("retention")).await.expect(200);
    let rules = shown["rules"].as_array().unwrap();
    let people = rules.iter().find(|rule| rule["data_class"] == "person");
    assert_eq!(people.unwrap()["keep_months"], 84);
    let erased = json!([{ "data_class": "person", "erased": 1 }]);
    assert_eq!(shown["last_erased"], erased);
    assert_eq!(shown["last_run"]["erased"], 1);
    app.clock.set("2026-11-22T01:00:00Z");
    let next = retain(&mut conn, &vault, app.clock.now()).unwrap().unwrap();
    assert_eq!(
        (next.erased, next.held),
        (1, 1),
        "the next day, the next one"
    );
}

#[actix_web::test]
async fn every_other_class_goes_by_its_own_rule_and_no_sooner() {
    let (app, mut owner, home) = start_with_household().await;
    let (number, head) = (home.code.number(), &home.head);
    for old in ["2024-12-01", "2019-12-01"] {
        let plant = format!(
            "WITH s AS (INSERT INTO session (id, kind, principal, household, amr, signed_in_at, ends_at) \
                 VALUES (gen_random_uuid(), 'pin', gen_random_uuid(), {number}, '{{pin}}', '2010-01-01', '{old}') \
                 RETURNING id), \
             f AS (INSERT INTO refresh_family SELECT gen_random_uuid(), id, '2010-01-01', '{old}' FROM s RETURNING id), \
             t AS (INSERT INTO refresh_token (hash, family_id, issued_at) \
                 SELECT uuid_send(gen_random_uuid()), id, '2010-01-01' FROM f), \
             d AS (INSERT INTO delegate VALUES (gen_random_uuid(), {number}, 'carer', '{{rent:read}}', \
                 '2015-01-01', NULL, NULL, 'one', '2014-01-01', '{old}') RETURNING id), \
             l AS (INSERT INTO identity_link SELECT gen_random_uuid(), uuid_send(gen_random_uuid()), \
                 {number}, NULL, 'one', '2014-01-01', '{old}' FROM d), \
             c AS (INSERT INTO correction_request SELECT gen_random_uuid(), '{head}', '2010-01-01', \
                 '2010-02-10', 'one', state, CASE state WHEN 'refused' THEN 'accurate' END, 'one', \
                 '{old}', 2 FROM (VALUES ('made'), ('refused')) AS v (state)) \
             INSERT INTO data_access_request VALUES (gen_random_uuid(), '{head}', '2010-01-01', \
                 '2010-02-10', 'one', 'answered', NULL, 'one', '{old}', 2)"
        );
        execute(&mut owner, &plant).unwrap();
    }
    app.clock.set("2026-12-02T01:00:00Z");
    let vault = app.database.vault(app.clock.now());
    let mut conn = connect(app.database.url()).unwrap();
    timetable(&mut conn, app.clock.now()).unwrap();
    assert_eq!(fixture::waiting_jobs(&mut owner, Retain::KIND).len(), 1);
    let run = retain(&mut conn, &vault, app.clock.now()).unwrap().unwrap();
    assert_eq!((run.erased, run.held, run.failed), (0, 0, 0));
    let shown = app.send(read("retention")).await.expect(200);
    let erased = json!([
        { "data_class": "delegation", "erased": 2 },
        { "data_class": "direct_debit", "erased": 0 },
        { "data_class": "person", "erased": 0 },
        { "data_class": "request", "erased": 2 },
        { "data_class": "sign_in", "erased": 2 },
    ]);
    assert_eq!(shown["last_erased"], erased);
    for (table, left) in [
        ("session", 0),
        ("refresh_family", 0),
        ("refresh_token", 0),
        ("delegate", 1),
        ("identity_link", 1),
        ("data_access_request", 1),
        ("correction_request WHERE state = 'made'", 1),
        // What was said against a refusal stays with the data.
        ("correction_request WHERE state = 'refused'", 2),
    ] {
        assert_eq!(count(&mut owner, table), left, "{table}");
    }
    // Through the same door nothing young goes, and there is no other.
    for forbidden in [
        "SELECT forget_older('sign_in', now() - interval '11 months')",
        "SELECT forget_older('person', '2000-01-01')",
        "DELETE FROM session",
        "DELETE FROM data_access_request",
        "DELETE FROM retention_tally",
    ] {
        assert!(execute(&mut conn, forbidden).is_err(), "{forbidden}");
    }
}

#[actix_web::test]
async fn no_data_is_matched_without_a_recorded_approval() {
    let (app, _owner, _home) = start_with_household().await;
    let mut conn = connect(app.database.url()).unwrap();
    let mut asked =
        |day: &str| matching_allowed(&mut conn, "double benefits", day.parse().unwrap());
    let none = asked("2026-12-01");
    assert!(matches!(none, Err(PrivacyError::MatchingNotApproved)));
    let approval = |valid_to: &str| {
        let body = json!({
            "purpose": "double benefits", "basis": "commissioner_consent", "source": "a letter",
            "valid_from": "2026-12-01", "valid_to": valid_to,
        });
        change("approver", "matching-approvals", body)
    };
    refused(
        &app.send(approval("2026-11-30")).await,
        422,
        "privacy-refused",
    );
    let approved = app.send(approval("2027-11-30")).await.expect(201);
    assert_eq!(approved["approved_by"], "approver");
    for (day, allowed) in [
        ("2026-11-30", false),
        ("2026-12-01", true),
        ("2027-12-01", false),
    ] {
        assert_eq!(asked(day).is_ok(), allowed, "{day}");
    }
}
