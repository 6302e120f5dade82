//! Access in an emergency: never by one person alone, never for long, never unreviewed.

use kaifong::break_glass::{self, BreakGlassError};
use kaifong::kernel::reach::Reach;
use kaifong::platform::auth::Actor;
use kaifong::platform::db::{connect, execute, reach_in, transact};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{Call, TestApp, count, start};

const PERSON: &str = "01940000-0000-7000-8000-000000000009";

fn asked() -> Value {
    json!({
        "person": PERSON, "reason": "danger", "ticket": "INC-1", "fields": ["phone", "name"],
        "minutes": 20,
    })
}

/// The first step as another member of staff would have taken it.
fn asked_by(app: &TestApp<impl Sized>, staff: &str, at: &str) -> Uuid {
    let id = Uuid::now_v7();
    let sql = format!(
        "INSERT INTO break_glass VALUES ('{id}', '{staff}', '{PERSON}', NULL, 'danger', 'INC-1', \
         '{{phone}}', 20, '{at}')"
    );
    execute(&mut app.database.connect(), &sql).unwrap();
    id
}

fn held(app: &TestApp<impl Sized>, staff: &str, at: &str) -> Result<usize, BreakGlassError> {
    let mut conn = connect(app.database.url()).unwrap();
    // Also for one who is posted nowhere; and no further than for this question.
    transact(&mut conn, |conn| {
        reach_in(conn, &Reach::nothing())?;
        let at = at.parse().unwrap();
        let found = break_glass::in_force(conn, &Actor::named(staff), at)?;
        assert_eq!(count(conn, "break_glass"), 0);
        Ok(found.len())
    })
}

fn call(path: &str, scope: &str, key: &str) -> Call {
    Call::post(&format!("/v1/break-glass{path}"))
        .scope(scope)
        .key(key)
}

#[actix_web::test]
async fn access_takes_two_people_and_ends_by_itself_and_is_reviewed() {
    let app = start().await;
    let own = app
        .send(call("", "break_glass:request", "a").json(asked()))
        .await
        .expect(201);
    let own = own["id"].as_str().unwrap().to_owned();
    let alone = call(&format!("/{own}/approval"), "break_glass:approve", "b");
    assert_eq!(app.send(alone).await.problem(), "break-glass-refused");
    assert_eq!(held(&app, "officer-7", "2026-11-20T01:00:00Z").unwrap(), 0);

    let id = asked_by(&app, "officer-8", "2026-11-20T00:30:00Z");
    let approval = format!("/{id}/approval");
    let access = app
        .send(call(&approval, "break_glass:approve", "c"))
        .await
        .expect(201);
    assert_eq!(access["ends_at"], "2026-11-20T01:20:00Z");
    let again = app.send(call(&approval, "break_glass:approve", "d")).await;
    assert_eq!(again.problem(), "break-glass-refused");

    for (staff, at, expected) in [
        ("officer-8", "2026-11-20T00:59:59Z", 0),
        ("officer-8", "2026-11-20T01:00:00Z", 1),
        ("officer-8", "2026-11-20T01:19:59Z", 1),
        ("officer-8", "2026-11-20T01:20:00Z", 0),
        ("officer-7", "2026-11-20T01:10:00Z", 0),
    ] {
        assert_eq!(held(&app, staff, at).unwrap(), expected, "{staff} {at}");
    }

    let review = |by: &str| {
        let found = json!({ "outcome": "justified", "note": "as reported" });
        let review = call(&format!("/{id}/review"), "break_glass:review", "e");
        review.by(by).json(found)
    };
    app.clock.set("2026-11-20T01:20:00Z");
    let list = Call::get("/v1/break-glass/open-reviews").scope("break_glass:review");
    let open = app.send(list).await.expect(200);
    assert_eq!(open["items"][0]["id"], id.to_string());
    for own in ["officer-8", access["approver"].as_str().unwrap()] {
        let refused = app.send(review(own)).await;
        assert_eq!(refused.problem(), "break-glass-refused", "{own}");
    }
    app.send(review("privacy-1")).await.expect(201);
    let list = Call::get("/v1/break-glass/open-reviews").scope("break_glass:review");
    let open = app.send(list).await.expect(200);
    assert_eq!(open["items"], json!([]));
    let recorded = format!("audit_entry WHERE subject = '{id}' AND person = '{PERSON}'");
    assert_eq!(count(&mut app.database.connect(), &recorded), 2);
}

#[actix_web::test]
async fn whoever_has_one_that_was_not_reviewed_in_time_has_no_more() {
    let app = start().await;
    // On a Friday: reviewed by the end of Monday, in Hong Kong.
    let id = asked_by(&app, "officer-8", "2026-11-20T01:00:00Z");
    let approval =
        |id: Uuid, key: &str| call(&format!("/{id}/approval"), "break_glass:approve", key);
    app.send(approval(id, "a")).await.expect(201);
    app.clock.set("2026-11-23T15:59:59Z");
    let next = asked_by(&app, "officer-8", "2026-11-23T15:30:00Z");
    app.send(approval(next, "b")).await.expect(201);
    assert_eq!(held(&app, "officer-8", "2026-11-23T15:59:59Z").unwrap(), 1);

    app.clock.set("2026-11-23T16:00:00Z");
    let suspended = held(&app, "officer-8", "2026-11-23T16:00:00Z");
    assert!(
        matches!(suspended, Err(BreakGlassError::Suspended(_))),
        "cut off at once"
    );
    let third = asked_by(&app, "officer-8", "2026-11-23T16:00:00Z");
    let refused = app.send(approval(third, "c")).await;
    assert_eq!(refused.problem(), "break-glass-suspended");
    let found = json!({ "outcome": "unjustified", "note": "no emergency" });
    let review = call(&format!("/{id}/review"), "break_glass:review", "d").by("privacy-1");
    app.send(review.json(found)).await.expect(201);
    assert_eq!(held(&app, "officer-8", "2026-11-23T16:00:00Z").unwrap(), 1);
}

/// On Christmas Eve: Friday is a general holiday, and the weekend follows.
#[actix_web::test]
async fn a_general_holiday_is_no_working_day() {
    let app = start().await;
    app.clock.set("2026-12-24T01:00:00Z");
    let id = asked_by(&app, "officer-8", "2026-12-24T01:00:00Z");
    let approval = call(&format!("/{id}/approval"), "break_glass:approve", "a");
    let access = app.send(approval).await.expect(201);
    assert_eq!(access["review_by"], "2026-12-28");
    let mut conn = app.database.connect();
    assert_eq!(count(&mut conn, "general_holiday WHERE source = ''"), 0);
    assert!(
        execute(
            &mut connect(app.database.url()).unwrap(),
            "DELETE FROM general_holiday"
        )
        .is_err()
    );
}

#[actix_web::test]
async fn requests_that_cannot_be_are_refused_and_leave_nothing() {
    let app = start().await;
    for (name, value) in [
        ("minutes", json!(0)),
        ("minutes", json!(31)),
        ("fields", json!([])),
        ("tenant_code", json!("1000000018")),
        ("person", Value::Null),
    ] {
        let mut body = asked();
        body[name] = value;
        let answer = app
            .send(call("", "break_glass:request", name).json(body))
            .await;
        assert_eq!(answer.status, 422, "{name}");
    }
    for (name, value) in [
        ("reason", json!("curiosity")),
        ("ticket", json!("")),
        ("staff", json!("officer-8")),
    ] {
        let mut body = asked();
        body[name] = value;
        let answer = app
            .send(call("", "break_glass:request", name).json(body))
            .await;
        assert_eq!(answer.status, 400, "{name}");
    }
    let absent = call(&format!("/{PERSON}/approval"), "break_glass:approve", "z");
    assert_eq!(app.send(absent).await.status, 404);
    assert_eq!(count(&mut app.database.connect(), "break_glass"), 0);
}

/// The database holds it too, whatever the program does.
#[actix_web::test]
async fn no_row_says_that_one_person_did_it_alone_or_for_longer() {
    let app = start().await;
    let id = asked_by(&app, "officer-8", "2026-11-20T01:00:00Z");
    let mut conn = connect(app.database.url()).unwrap();
    for (staff, approver, ends) in [
        ("officer-8", "officer-8", "01:30"),
        ("officer-9", "officer-8", "01:30"),
        ("officer-8", "officer-9", "01:31"),
    ] {
        let row = format!(
            "INSERT INTO break_glass_approval VALUES ('{id}', '{staff}', '{approver}', \
             '2026-11-20 01:00Z', '2026-11-20 {ends}Z', '2026-11-23')"
        );
        assert!(execute(&mut conn, &row).is_err(), "{row}");
    }
    let approved = format!(
        "INSERT INTO break_glass_approval VALUES ('{id}', 'officer-8', 'officer-9', \
         '2026-11-20 01:00Z', '2026-11-20 01:30Z', '2026-11-23')"
    );
    execute(&mut conn, &approved).unwrap();
    for (reviewer, approver) in [
        ("officer-8", "officer-9"),
        ("officer-9", "officer-9"),
        // Nor is another made out to have approved it.
        ("officer-9", "officer-7"),
    ] {
        let row = format!(
            "INSERT INTO break_glass_review VALUES ('{id}', 'officer-8', '{reviewer}', \
             'justified', '', '2026-11-20 02:00Z', '{approver}')"
        );
        assert!(execute(&mut conn, &row).is_err(), "{row}");
    }
    assert!(execute(&mut conn, "DELETE FROM break_glass").is_err());
}
