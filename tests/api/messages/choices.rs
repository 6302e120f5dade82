//! What a household chose: its language, and what it would rather not be told.

use kaifong::kernel::reach::Reach;
use kaifong::kernel::role::Role;
use serde_json::{Value, json};

use super::office::{Office, told};
use crate::people::{refused, start_with_household};
use crate::support::Call;

#[actix_web::test]
async fn a_household_chooses_its_language_and_what_it_would_rather_not_be_told() {
    let (app, _, home) = start_with_household().await;
    app.clock.set("2026-11-20T02:00:00Z");
    let office = Office::beside((&app.database, &app.clock), home.code);
    let path = format!("/v1/rent-accounts/{}/message-choice", home.code);
    let tenant = app.session(Role::Tenant, Reach::Household(home.code));
    let read = app.send(Call::get(&path).bearer(&tenant)).await;
    assert_eq!(read.header("etag"), "\"0\"");
    assert_eq!(read.expect(200), json!({ "language": null, "refused": [] }));
    let choose = |seen: i32, body: Value| {
        Call::new("PUT", &path)
            .bearer(&tenant)
            .header("If-Match", &format!("\"{seen}\""))
            .json(body)
    };
    let english = json!({ "language": "en", "refused": [] });
    let chosen = app.send(choose(0, english.clone())).await;
    assert_eq!(chosen.header("etag"), "\"1\"");
    assert_eq!(chosen.expect(200), english);
    office.paid("5.00");
    office.work();
    let mail = &office.net.by("email")[0];
    assert_eq!(mail.subject, "Rent received");
    assert!(mail.text.starts_with("Dear tenant,") && !mail.text.contains("租戶"));

    // Whoever has not seen the last choice.
    for seen in [0, 2] {
        refused(
            &app.send(choose(seen, english.clone())).await,
            412,
            "precondition-failed",
        );
    }
    let quiet =
        json!({ "language": "zh-CN", "refused": ["rent.due", "payment.received", "rent.due"] });
    let chosen = app.send(choose(1, quiet)).await.expect(200);
    assert_eq!(chosen["refused"], json!(["payment.received", "rent.due"]));
    office.paid("6.00");
    office.refused();
    office.work();
    let by_kind = "SELECT kind, state, medium FROM message WHERE state = 'refused' ORDER BY medium";
    assert_eq!(
        told(&office.rows(by_kind)),
        [
            ("payment.received", "refused", "email"),
            ("payment.received", "refused", "push"),
        ]
    );
    let sms = &office.net.by("sms")[0];
    assert!(sms.text.starts_with("街坊：银行未有支付") && !sms.text.contains("Kaifong:"));
    let must = json!({ "language": null, "refused": ["autopay.suspended"] });
    refused(
        &app.send(choose(2, must)).await,
        422,
        "message-not-refusable",
    );
    assert_eq!(office.count("message_choice WHERE version = 2"), 1);
    assert_eq!(
        office.count("audit_entry WHERE action = 'messages.chosen'"),
        2
    );
}

#[actix_web::test]
async fn a_choice_that_is_none_is_refused() {
    let (app, _, home) = start_with_household().await;
    let path = format!("/v1/rent-accounts/{}/message-choice", home.code);
    let choose = |body: Value| {
        Call::new("PUT", &path)
            .scope("messages:choose")
            .header("If-Match", "\"0\"")
            .json(body)
    };
    for body in [
        json!({ "language": "fr", "refused": [] }),
        json!({ "language": "en" }),
        json!({ "language": "en", "refused": ["everything"] }),
        json!({ "language": "en", "refused": [], "phone": "91234567" }),
        json!({ "refused": vec!["rent.due"; 17] }),
    ] {
        assert_eq!(app.send(choose(body.clone())).await.status, 400, "{body}");
    }
    let unseen = Call::new("PUT", &path)
        .scope("messages:choose")
        .json(json!({ "refused": [] }));
    refused(&app.send(unseen).await, 428, "precondition-required");
}
