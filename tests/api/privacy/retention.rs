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
                 AND purpose = 'erased 1, held 1, failed 0'";
    assert_eq!(count(&mut owner, entry), 1);
    let again = retain(&mut conn, &vault, app.clock.now()).unwrap();
    assert_eq!(again, None, "once a day");

    let shown = app.send(read("retention")).await.expect(200);
    assert_eq!(shown["rules"][0]["keep_months"], 84);
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
