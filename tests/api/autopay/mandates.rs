//! Mandates: one in force at a time, what became of them, and who sees them.

use kaifong::kernel::reach::Reach;
use kaifong::kernel::role::Role;
use kaifong::kernel::tenant_code::TenantCode;
use kaifong::platform::db::{connect, execute};
use serde_json::json;

use super::{change, payer, propose, refused, start_with, verify};
use crate::support::{Call, count, world};

#[actix_web::test]
async fn a_mandate_is_proposed_verified_suspended_and_ended_and_its_history_stays() {
    let (app, codes) = start_with(1).await;
    let code = codes[0];
    let body = json!({
        "channel": "autopay", "bank": "004", "account": "123-456789-001", "holder": "CHAN TAI MAN",
        "limit": "5000.00",
    });
    let proposed = app.send(propose(code, "k", body.clone())).await;
    assert_eq!(proposed.header("etag"), "\"1\"");
    let proposed = proposed.expect(201);
    let again = app.send(propose(code, "k", body)).await.expect(201);
    assert_eq!(again, proposed, "the same request is the same mandate");
    let other = propose(code, "k", payer("autopay", "123456789002"));
    refused(&app.send(other).await, 422, "idempotency-key-reused");
    let told = ["state", "account", "limit"].map(|name| proposed[name].as_str());
    assert_eq!(
        told,
        [Some("proposed"), Some("*********001"), Some("5000.00")]
    );

    let active = app.send(verify(&proposed)).await.expect(200);
    assert_eq!(active["state"], "active");
    refused(
        &app.send(verify(&proposed)).await,
        412,
        "precondition-failed",
    );
    refused(&app.send(verify(&active)).await, 409, "mandate-state");
    let because = json!({ "reason": "the tenant complained" });
    let suspend = |of| change(of, "suspension", "mandate:answer", because.clone());
    let suspended = app.send(suspend(&active)).await.expect(200);
    assert_eq!(suspended["state"], "suspended");
    refused(&app.send(suspend(&suspended)).await, 409, "mandate-state");
    let active = app.send(verify(&suspended)).await.expect(200);
    let end = |of| change(of, "end", "mandate:write", because.clone());
    let ended = app.send(end(&active)).await.expect(200);
    refused(&app.send(end(&ended)).await, 409, "mandate-state");

    let history = ended["history"].as_array().unwrap().iter();
    let history: Vec<_> = history.map(|one| one["event"].as_str().unwrap()).collect();
    assert_eq!(
        history,
        ["proposed", "verified", "suspended", "verified", "ended"]
    );
    assert_eq!(app.newest_mandate(code).await, ended);
    // Nobody edits it, not even the application.
    let mut conn = connect(app.database.url()).unwrap();
    for sql in [
        "UPDATE autopay_event SET actor = 'nobody'",
        "DELETE FROM autopay_event",
        "UPDATE autopay_mandate SET account = ''",
    ] {
        assert!(execute(&mut conn, sql).is_err(), "{sql}");
    }
}

#[actix_web::test]
async fn a_household_has_one_mandate_in_force_and_one_proposed() {
    let (app, codes) = start_with(1).await;
    let code = codes[0];
    let first = app.mandate(code, "autopay").await;
    let second = propose(code, "second", payer("fps_debit", "987654321001"));
    let second = app.send(second).await.expect(201);
    let third = propose(code, "third", payer("fps_debit", "987654321002"));
    refused(&app.send(third).await, 409, "another-mandate");
    refused(&app.send(verify(&second)).await, 409, "another-mandate");
    let end = change(
        &first,
        "end",
        "mandate:write",
        json!({ "reason": "another bank" }),
    );
    app.send(end).await.expect(200);
    let second = app.send(verify(&second)).await.expect(200);
    assert_eq!(second["state"], "active");
    // The bank says no to the next.
    let third = propose(code, "third", payer("autopay", "987654321002"));
    let third = app.send(third).await.expect(201);
    let no = json!({ "answer": "declined", "reason": "the signature differs" });
    let no = change(&third, "verification", "mandate:answer", no);
    let third = app.send(no).await.expect(200);
    assert_eq!(third["state"], "ended");
    assert_eq!(third["history"][1]["reason"], "the signature differs");
}

#[actix_web::test]
async fn what_cannot_be_a_mandate_is_refused_and_leaves_nothing() {
    let (app, codes) = start_with(2).await;
    let with = |name: &str, value| {
        let mut body = payer("autopay", "123456789001");
        body[name] = value;
        body
    };
    for (body, status, problem) in [
        (with("channel", json!("pps")), 400, "malformed-request"),
        (with("bank", json!("4")), 400, "malformed-request"),
        (with("account", json!("12345")), 400, "malformed-request"),
        (
            with("account", json!("12345678901A")),
            400,
            "malformed-request",
        ),
        (with("holder", json!("陳大文")), 400, "malformed-request"),
        (with("limit", json!("0.00")), 422, "unfit-mandate"),
        (with("limit", json!("1.001")), 400, "malformed-request"),
        (with("more", json!(1)), 400, "malformed-request"),
    ] {
        let answer = app.send(propose(codes[0], "k", body)).await;
        refused(&answer, status, problem);
        let text = String::from_utf8(answer.bytes).unwrap();
        assert!(!text.contains("1234567") && !text.contains("陳"), "{text}");
    }
    let mut conn = app.database.connect();
    world::end_tenancy(&mut conn, codes[1], "2026-11-19", "2026-11-01T00:00:00Z");
    let left = propose(codes[1], "left", payer("autopay", "123456789001"));
    refused(&app.send(left).await, 409, "no-tenancy");
    let nobody = TenantCode::of(987_654_321).unwrap();
    let nobody = propose(nobody, "nobody", payer("autopay", "123456789001"));
    refused(&app.send(nobody).await, 404, "not-found");
    for table in ["autopay_mandate", "autopay_event", "data_key"] {
        assert_eq!(count(&mut conn, table), 0, "{table}");
    }
    let proposed = propose(codes[0], "k", payer("autopay", "123456789001"));
    let proposed = app.send(proposed).await.expect(201);
    let yes = change(
        &proposed,
        "verification",
        "mandate:answer",
        json!({ "answer": "accepted" }),
    );
    refused(&app.send(yes).await, 422, "unfit-mandate");
}

#[actix_web::test]
async fn an_account_is_sealed_and_anothers_mandate_is_not_there() {
    let (app, codes) = start_with(2).await;
    let mandate = app.mandate(codes[0], "autopay").await;
    let mut conn = app.database.connect();
    // What is not text shows in hexadecimal.
    let clear = |table: &str| {
        format!(
            "{table} AS t, (VALUES ('123456789001'), ('CHAN')) AS v (word) \
             WHERE t::text LIKE '%' || word || '%' \
                OR t::text LIKE '%' || encode(word::bytea, 'hex') || '%'"
        )
    };
    assert_eq!(count(&mut conn, &clear("(SELECT 'CHAN'::bytea)")), 1);
    for table in [
        "autopay_mandate",
        "autopay_event",
        "idempotency_key",
        "audit_entry",
        "job",
    ] {
        assert_eq!(count(&mut conn, &clear(table)), 0, "{table}");
    }
    let own = app.session(Role::Tenant, Reach::Household(codes[0]));
    let other = app.session(Role::Tenant, Reach::Household(codes[1]));
    let list = |code| Call::get(&format!("/v1/rent-accounts/{code}/mandates"));
    let told = app.send(list(codes[0]).bearer(&own)).await.expect(200);
    assert_eq!(told.as_array().unwrap().len(), 1);
    refused(
        &app.send(list(codes[0]).bearer(&other)).await,
        404,
        "not-found",
    );
    let end = |code: TenantCode, session: &str| {
        let path = format!(
            "/v1/rent-accounts/{code}/mandates/{}/end",
            mandate["id"].as_str().unwrap()
        );
        let call = Call::post(&path).header("If-Match", "\"2\"");
        call.bearer(session).json(json!({ "reason": "mine" }))
    };
    // Neither under its own household nor under the caller's.
    for code in &codes {
        let answer = app.send(end(*code, &other)).await;
        refused(&answer, 404, "not-found");
    }
    // Nor, for whoever reaches both, under another household than its own.
    let both = app.session(Role::FinanceOfficer, Reach::Everywhere);
    refused(&app.send(end(codes[1], &both)).await, 404, "not-found");
    app.send(end(codes[0], &own)).await.expect(200);
}

#[actix_web::test]
async fn a_mandate_ends_with_the_last_tenancy() {
    let (app, codes) = start_with(3).await;
    for code in &codes {
        app.mandate(*code, "autopay").await;
    }
    let mut conn = app.database.connect();
    world::end_tenancy(&mut conn, codes[0], "2026-11-21", "2026-11-20T00:00:00Z");
    world::end_tenancy(&mut conn, codes[1], "2026-11-30", "2026-11-20T00:00:00Z");
    app.clock.set("2026-11-23T01:00:00Z");
    // Nobody has noted it, and it is over all the same.
    assert_eq!(app.newest_mandate(codes[0]).await["state"], "ended");
    assert_eq!(count(&mut conn, "autopay_mandate WHERE state = 'ended'"), 0);
    assert_eq!(app.newest_mandate(codes[1]).await["state"], "active");

    let prepared = app.prepared("2026-12", "autopay").await;
    let ended = |code: usize| (codes[code].to_string(), "tenancy_ended".to_owned());
    assert_eq!(app.left_out(&prepared).await, [ended(0), ended(1)]);
    assert_eq!(prepared["lines"], 1);
    assert_eq!(count(&mut conn, "autopay_mandate WHERE state = 'ended'"), 1);
    let first = app.newest_mandate(codes[0]).await;
    let last = first["history"].as_array().unwrap().last().unwrap().clone();
    assert_eq!(last["event"], "ended");
    assert_eq!(last["reason"], "the tenancy ended");
}
