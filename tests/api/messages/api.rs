//! Messages over HTTP: listed within reach, and sent after all.

use kaifong::kernel::reach::Reach;
use kaifong::kernel::role::Role;
use kaifong::kernel::tenant_code::TenantCode;
use serde_json::{Value, json};

use super::office::Office;
use crate::people::{refused, start_with_household};
use crate::support::Call;

fn list(query: &str) -> Call {
    Call::get(&format!("/v1/messages{query}")).scope("messages:read")
}

fn states(page: &Value) -> Vec<(String, String)> {
    let items = page["items"].as_array().unwrap().iter();
    let word = |value: &Value| value.as_str().unwrap().to_owned();
    items
        .map(|item| (word(&item["medium"]), word(&item["state"])))
        .collect()
}

#[actix_web::test]
async fn who_was_not_reached_is_found_and_is_sent_the_message_once_the_address_is_right() {
    let (app, _, home) = start_with_household().await;
    app.clock.set("2026-11-20T02:00:00Z");
    let office = Office::beside((&app.database, &app.clock), home.code);
    office.net.refuse("chan@example.com");
    office.refused();
    assert_eq!(office.work(), 2);

    let dead = app
        .send(list("?state=dead&kind=autopay.refused"))
        .await
        .expect(200);
    let [message] = &dead["items"].as_array().unwrap()[..] else {
        panic!("{dead}");
    };
    assert_eq!(message["medium"], "email");
    assert_eq!(message["reason"], "smtp 550");
    assert_eq!(message["person_id"], home.head);
    assert_eq!(message["tenant_code"], home.code.to_string());
    let id = message["id"].as_str().unwrap();
    let read = Call::get(&format!("/v1/messages/{id}")).scope("messages:read");
    assert_eq!(app.send(read).await.expect(200), *message);

    let change = Call::new("PATCH", &format!("/v1/people/{}", home.head))
        .scope("people:write")
        .header("If-Match", "\"1\"")
        .json(json!({ "email": "new@example.com" }));
    app.send(change).await.expect(200);
    let resend = || {
        Call::post(&format!("/v1/messages/{id}/resend"))
            .scope("messages:send")
            .key("again")
    };
    let waiting = app.send(resend()).await.expect(200);
    assert_eq!(
        (&waiting["state"], &waiting["attempts"]),
        (&json!("waiting"), &json!(0))
    );
    // The same request again is the same answer, and no second message.
    assert_eq!(app.send(resend()).await.expect(200), waiting);
    let other = Call::post(&format!("/v1/messages/{id}/resend"))
        .scope("messages:send")
        .key("another");
    refused(&app.send(other).await, 409, "message-not-resendable");
    assert_eq!(office.work(), 1);
    let mail = office.net.by("email");
    assert_eq!(mail.len(), 1);
    assert_eq!(mail[0].to, "new@example.com");
    assert!(mail[0].id.contains(id), "{}", mail[0].id);
    assert_eq!(
        office.count("audit_entry WHERE action = 'messages.resent'"),
        1
    );
    let sent = app.send(list("?state=sent")).await.expect(200);
    assert_eq!(sent["items"].as_array().unwrap().len(), 2);
}

#[actix_web::test]
async fn messages_are_listed_by_page_day_and_household_and_never_show_what_they_say() {
    let (app, _, home) = start_with_household().await;
    app.clock.set("2026-11-20T02:00:00Z");
    let office = Office::beside((&app.database, &app.clock), home.code);
    for _ in 0..2 {
        office.paid("2364.00");
        office.work();
        app.clock.advance(60);
    }
    let first = app.send(list("?limit=3")).await;
    let text = String::from_utf8(first.bytes.clone()).unwrap();
    for never in ["2364", "chan", "9123", "facts", "收到"] {
        assert!(!text.contains(never), "{never}: {text}");
    }
    let first = first.expect(200);
    assert_eq!(first["items"].as_array().unwrap().len(), 3);
    let next = first["next"].as_str().unwrap();
    let last = app
        .send(list(&format!("?limit=3&after={next}")))
        .await
        .expect(200);
    assert_eq!(last["items"].as_array().unwrap().len(), 1);
    assert!(last["next"].is_null());

    let own = format!("/v1/rent-accounts/{}/messages", home.code);
    let tenant = app.session(Role::Tenant, Reach::Household(home.code));
    let seen = app.send(Call::get(&own).bearer(&tenant)).await.expect(200);
    assert_eq!(states(&seen).len(), 4);
    let nobody = TenantCode::of(987_654_321).unwrap();
    for (query, count) in [
        ("?from=2026-11-20&to=2026-11-20", 4),
        ("?from=2026-11-21", 0),
        ("?to=2026-11-19", 0),
        ("?state=waiting", 0),
        ("?kind=rent.due", 0),
        (&*format!("?tenant_code={}", home.code), 4),
        // Right, and nobody's.
        (&*format!("?tenant_code={nobody}"), 0),
    ] {
        let answer = app.send(list(query)).await;
        assert_eq!(states(&answer.expect(200)).len(), count, "{query}");
    }
    for bad in [
        "?state=lost",
        "?kind=x",
        "?from=1",
        "?after=bm8",
        "?limit=0",
        "?who=me",
    ] {
        assert_eq!(app.send(list(bad)).await.status, 400, "{bad}");
    }
}

#[actix_web::test]
async fn an_office_sees_its_own_households_messages_and_no_others() {
    let (app, mut owner, home) = start_with_household().await;
    app.clock.set("2026-11-20T02:00:00Z");
    let office = Office::beside((&app.database, &app.clock), home.code);
    office.paid("1.00");
    office.work();
    let (_, elsewhere) = crate::people::house(&app, &mut owner).await;
    for (reach, rows) in [
        (home.office(), 2),
        (Reach::Estates([elsewhere].into()), 0),
        (Reach::nothing(), 0),
    ] {
        let token = app.session_with("messages:read", reach);
        let seen = app
            .send(Call::get("/v1/messages").bearer(&token))
            .await
            .expect(200);
        assert_eq!(states(&seen).len(), rows);
    }
    // A household that has left is the business of the estate that it left last.
    office.execute(
        "UPDATE tenancy SET ends_on = '2026-11-01', end_recorded_at = now(), end_reason = 'surrender'",
    );
    let token = app.session_with("messages:read", home.office());
    let seen = app
        .send(Call::get("/v1/messages").bearer(&token))
        .await
        .expect(200);
    assert_eq!(states(&seen).len(), 2);
}

#[actix_web::test]
async fn nobody_is_reminded_of_a_month_that_is_over() {
    let (app, _, home) = start_with_household().await;
    app.clock.set("2026-11-24T02:00:00Z");
    let office = Office::beside((&app.database, &app.clock), home.code);
    office.paid("10.00");
    office.draft();
    // A reminder that nobody could be sent.
    office.execute(
        "INSERT INTO outbox_event (kind, subject, household, detail, said_at, read_at) \
         SELECT 'rent.due', subject, household, '{\"month\": \"2026-11\"}', said_at, read_at \
         FROM outbox_event",
    );
    let dead = "UPDATE message SET kind = 'rent.due', state = 'dead', reason = 'smtp 550', \
         ended_at = drafted_at, facts = '{\"tells\": \"RentDue\", \"month\": \"2026-11\", \
         \"due\": \"10.00\", \"pay_by\": \"2026-11-30\"}' WHERE medium = 'email'";
    office.execute(dead);
    let found = app.send(list("?state=dead")).await.expect(200);
    let id = found["items"][0]["id"].as_str().unwrap().to_owned();
    let resend = |key: &str| {
        Call::post(&format!("/v1/messages/{id}/resend"))
            .scope("messages:send")
            .key(key)
    };
    app.clock.set("2026-11-30T16:00:00Z");
    let late = app.send(resend("late")).await;
    refused(&late, 409, "message-not-resendable");
    app.clock.set("2026-11-30T15:59:59Z");
    app.send(resend("in-time")).await.expect(200);
}
