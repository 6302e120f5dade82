//! Payments as they happen: signed, taken once, in whatever order.

use std::sync::atomic::{AtomicU32, Ordering};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use diesel::{PgConnection, RunQueryDsl};
use futures_util::future::join_all;
use kaifong::kernel::clock::Clock;
use kaifong::payments::Channel;
use kaifong::platform::auth::signed_request::{Headers, Request, sign};
use kaifong::platform::crypto::SigningKey;
use serde_json::{Value, json};
use uuid::Uuid;

use super::office::{file, line};
use crate::support::{Call, count, dice, start, world};

pub const PATH: &str = "/v1/payment-notices";

/// A channel's program.
pub struct Program {
    pub id: Uuid,
    pub key: SigningKey,
    pub nonce: AtomicU32,
}

impl Program {
    /// One that is in force and speaks for stores.
    pub fn of(conn: &mut PgConnection) -> Self {
        Self::speaking_for(conn, "store")
    }

    /// One that is in force and speaks for `channel`.
    pub fn speaking_for(conn: &mut PgConnection, channel: &str) -> Self {
        let program = Self {
            id: Uuid::new_v4(),
            key: SigningKey::generate().unwrap(),
            nonce: AtomicU32::new(0),
        };
        let x = URL_SAFE_NO_PAD.encode(program.key.public());
        let row = format!(
            "INSERT INTO client (id, kind, name, state, public_key, created_by, created_at, \
             approved_by, approved_at) VALUES ('{}', 'payment_channel', 'Stores', 'active', \
             '{{\"crv\":\"Ed25519\",\"kty\":\"OKP\",\"x\":\"{x}\"}}', 'one', now(), 'two', now())",
            program.id
        );
        diesel::sql_query(row).execute(conn).unwrap();
        let speaks = format!(
            "INSERT INTO channel_client VALUES ('{}', '{channel}', 'one', now())",
            program.id
        );
        diesel::sql_query(speaks).execute(conn).unwrap();
        program
    }

    fn nonce(&self) -> String {
        format!("nonce-{:016}", self.nonce.fetch_add(1, Ordering::Relaxed))
    }

    /// What it sends with `body`.
    pub fn headers(&self, body: &[u8], now: DateTime<Utc>) -> Headers {
        self.signed(body, &self.nonce(), now)
    }

    fn signed(&self, body: &[u8], nonce: &str, now: DateTime<Utc>) -> Headers {
        let request = Request {
            method: "POST",
            path: PATH,
            body,
        };
        let id = self.id.to_string();
        sign(request, (&id, nonce), now, |base| self.key.sign(base))
    }

    /// Tells `body`, signed anew.
    pub fn tells(&self, body: &Value, now: DateTime<Utc>) -> Call {
        let body = body.to_string().into_bytes();
        let headers = self.headers(&body, now);
        call(&headers, body)
    }
}

fn call(headers: &Headers, body: Vec<u8>) -> Call {
    Call::post(PATH)
        .header("Content-Type", "application/json")
        .header("Content-Digest", &headers.content_digest)
        .header("Signature-Input", &headers.signature_input)
        .header("Signature", &headers.signature)
        .bytes(body)
}

pub fn notice(event: &str, reference: &str, state: &str, account: &impl ToString) -> Value {
    json!({
        "channel": "store", "event": event, "reference": reference, "state": state,
        "account": account.to_string(), "amount": "10.00",
        "instructed_at": "2026-11-20T02:00:00Z", "place": "7-Eleven 華富邨",
    })
}

#[actix_web::test]
async fn news_however_often_and_in_whatever_order_is_one_payment() {
    let app = start().await;
    app.clock.set("2026-11-20T12:00:00Z");
    let codes = world::settle(&app.database, 3);
    let program = Program::of(&mut app.database.connect());
    let mut dice = dice(20_261_120);
    let mut deliveries = Vec::new();
    for number in 0..60_u32 {
        let account = codes[usize::try_from(number % 3).unwrap()];
        let reference = format!("N-{number}");
        for state in ["pending", "unknown", "paid"] {
            let event = format!("{reference}-{state}");
            let told = notice(&event, &reference, state, &account);
            for _ in 0..=dice(5) {
                deliveries.push(told.clone());
            }
        }
        // The same payment by other news.
        if number % 4 == 0 {
            deliveries.push(notice(
                &format!("{reference}-again"),
                &reference,
                "paid",
                &account,
            ));
        }
    }
    for place in (1..deliveries.len()).rev() {
        let other = usize::try_from(dice(u64::try_from(place).unwrap() + 1)).unwrap();
        deliveries.swap(place, other);
    }
    let now = app.clock.now();
    for some in deliveries.chunks(12) {
        let sent = some.iter().map(|told| app.send(program.tells(told, now)));
        for answer in join_all(sent).await {
            let told = answer.expect(200);
            let expected = match told["state"].as_str().unwrap() {
                "paid" => ["posted", "duplicate"].contains(&told["outcome"].as_str().unwrap()),
                _ => told["outcome"] == "noted",
            };
            assert!(expected, "{told}");
        }
    }
    let rows = |from: &str| count(&mut app.database.connect(), from);
    assert_eq!(rows("payment_notice"), 60 * 3 + 15);
    assert_eq!(rows("payment"), 60);
    assert_eq!(rows("ledger_transfer WHERE kind = 'payment'"), 60);

    // The settlement file comes after: it pays nothing twice.
    let list = |query: &str| Call::get(&format!("/v1/{query}")).scope("payment-notice:read");
    app.clock.set("2026-11-22T12:00:00Z");
    let open = app
        .send(list("unsettled-payments?days=2&limit=100"))
        .await
        .expect(200);
    assert_eq!(open["items"].as_array().unwrap().len(), 60);
    let lines: Vec<_> = (0..58_u32)
        .map(|number| {
            let account = codes[usize::try_from(number % 3).unwrap()];
            line(number + 1, &format!("N-{number}"), &account, "10.00")
        })
        .chain([
            line(59, "N-1", &codes[1], "10.00"),
            line(60, "X-1", &codes[1], "10.00"),
        ])
        .collect();
    let bring = Call::post("/v1/payment-files?name=f")
        .scope("payment-file:write")
        .bytes(file(Channel::Store, 1, &lines));
    let place = app.send(bring).await.header("Location").to_owned();
    app.work();
    let told = app
        .send(Call::get(&place).scope("payment-file:read"))
        .await
        .expect(200);
    assert_eq!(
        told["fates"],
        json!([
            { "fate": "duplicate", "lines": 1, "amount": "10.00" },
            { "fate": "posted", "lines": 1, "amount": "10.00" },
            { "fate": "settled", "lines": 58, "amount": "580.00" },
        ])
    );
    assert_eq!(rows("payment"), 61);
    let open = app.send(list("unsettled-payments")).await.expect(200);
    let references: Vec<_> = open["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| &item["reference"])
        .collect();
    assert_eq!(references.len(), 2);
    assert!(references.contains(&&json!("N-58")) && references.contains(&&json!("N-59")));
    // News of what a file has paid adds nothing.
    let now = app.clock.now();
    let late = notice("late", "X-1", "paid", &codes[1]);
    assert_eq!(
        app.send(program.tells(&late, now)).await.expect(200)["outcome"],
        "duplicate"
    );
    assert_eq!(rows("payment"), 61);
}

#[actix_web::test]
async fn news_that_contradicts_posts_nothing_more() {
    let app = start().await;
    app.clock.set("2026-11-20T12:00:00Z");
    let codes = world::settle(&app.database, 2);
    let program = Program::of(&mut app.database.connect());
    let now = app.clock.now();
    let outcome = async |told: Value| {
        let told = app.send(program.tells(&told, now)).await.expect(200);
        told["outcome"].as_str().unwrap().to_owned()
    };
    assert_eq!(
        outcome(notice("a", "N-1", "paid", &codes[0])).await,
        "posted"
    );
    assert_eq!(
        outcome(notice("b", "N-1", "paid", &codes[1])).await,
        "contradicts"
    );
    assert_eq!(
        outcome(notice("c", "N-1", "failed", &codes[0])).await,
        "contradicts"
    );
    assert_eq!(
        outcome(notice("d", "N-2", "failed", &codes[0])).await,
        "noted"
    );
    assert_eq!(
        outcome(notice("e", "N-2", "paid", &codes[0])).await,
        "contradicts"
    );
    assert_eq!(
        outcome(notice("f", "N-3", "paid", &"nobody")).await,
        "suspense"
    );
    // One name, two pieces of news.
    let taken = program.tells(&notice("a", "N-9", "paid", &codes[0]), now);
    assert_eq!(app.send(taken).await.problem(), "event-taken");
    let list = Call::get("/v1/payment-notices?outcome=contradicts").scope("payment-notice:read");
    let list = app.send(list).await.expect(200);
    assert_eq!(list["items"].as_array().unwrap().len(), 3);
    let rows = |from: &str| count(&mut app.database.connect(), from);
    assert_eq!(rows("ledger_transfer WHERE kind = 'payment'"), 2);
    assert_eq!(
        rows("audit_entry WHERE action = 'payments.notice.contradicts'"),
        3
    );
}

/// Told at the same time, each must see the other.
#[actix_web::test]
async fn what_failed_and_was_paid_at_once_contradicts() {
    let app = start().await;
    app.clock.set("2026-11-20T12:00:00Z");
    let code = world::settle(&app.database, 1)[0];
    let program = Program::of(&mut app.database.connect());
    let now = app.clock.now();
    for number in 0..20 {
        let reference = format!("N-{number}");
        let both = ["paid", "failed"].map(|state| {
            let told = notice(&format!("{reference}-{state}"), &reference, state, &code);
            app.send(program.tells(&told, now))
        });
        let mut outcomes: Vec<_> = join_all(both).await.into_iter().collect();
        let outcomes = outcomes
            .iter_mut()
            .map(|answer| answer.body["outcome"].as_str().unwrap().to_owned());
        let outcomes: Vec<_> = outcomes.collect();
        assert_eq!(
            outcomes.iter().filter(|one| *one == "contradicts").count(),
            1,
            "{outcomes:?}"
        );
    }
    // What a file has paid did not fail either.
    let bring = Call::post("/v1/payment-files?name=f")
        .scope("payment-file:write")
        .bytes(file(Channel::Store, 1, &[line(1, "X-1", &code, "10.00")]));
    app.send(bring).await.expect(201);
    app.work();
    let late = notice("late", "X-1", "failed", &code);
    let told = app.send(program.tells(&late, now)).await.expect(200);
    assert_eq!(told["outcome"], "contradicts");
}

#[actix_web::test]
async fn only_a_channels_own_program_is_heard() {
    let app = start().await;
    app.clock.set("2026-11-20T12:00:00Z");
    let code = world::settle(&app.database, 1)[0];
    let program = Program::of(&mut app.database.connect());
    let now = app.clock.now();
    let body = notice("a", "N-1", "paid", &code).to_string().into_bytes();
    let refused = async |call: Call| app.send(call).await.problem().to_owned();

    let good = program.signed(&body, "0123456789abcdef", now);
    let other = notice("a", "N-1", "paid", &"1000000026").to_string();
    assert_eq!(
        refused(call(&good, other.into_bytes())).await,
        "signature-refused"
    );
    let bare = Call::post(PATH).bytes(body.clone());
    assert_eq!(refused(bare).await, "signature-refused");
    let stranger = Program {
        id: program.id,
        key: SigningKey::generate().unwrap(),
        nonce: AtomicU32::new(0),
    };
    let forged = stranger.signed(&body, "0123456789abcdef", now);
    assert_eq!(
        refused(call(&forged, body.clone())).await,
        "signature-refused"
    );
    let old = now - TimeDelta::seconds(301);
    let stale = program.signed(&body, "0123456789abcdef", old);
    assert_eq!(
        refused(call(&stale, body.clone())).await,
        "signature-refused"
    );
    let good = program.signed(&body, "0123456789abcdef", now);
    app.send(call(&good, body.clone())).await.expect(200);
    assert_eq!(
        refused(call(&good, body.clone())).await,
        "signature-refused"
    );
    // Not for another channel.
    let mut pps = notice("a", "N-1", "paid", &code);
    pps["channel"] = json!("pps");
    assert_eq!(refused(program.tells(&pps, now)).await, "not-its-channel");
    // Not a payment.
    let mut nothing = notice("z", "N-9", "paid", &code);
    nothing["amount"] = json!("0.00");
    assert_eq!(
        refused(program.tells(&nothing, now)).await,
        "payment-refused"
    );
    let mut early = notice("y", "N-9", "paid", &code);
    early["instructed_at"] = json!("2026-11-20T12:00:01Z");
    assert_eq!(refused(program.tells(&early, now)).await, "payment-refused");
    // Nor what may become one.
    for (field, value) in [
        ("amount", "0.00"),
        ("amount", "-1.00"),
        ("amount", "9999999999.99"),
        ("instructed_at", "-9999-01-01T00:00:00Z"),
    ] {
        for state in ["pending", "unknown", "failed"] {
            let mut never = notice("x", "N-9", state, &code);
            never[field] = json!(value);
            let problem = refused(program.tells(&never, now)).await;
            let is_refused = ["payment-refused", "malformed-request"].contains(&problem.as_str());
            assert!(is_refused, "{field} {value} {state}: {problem}");
        }
    }
    // Not any more.
    let suspend = format!(
        "UPDATE client SET state = 'suspended' WHERE id = '{}'",
        program.id
    );
    diesel::sql_query(suspend)
        .execute(&mut app.database.connect())
        .unwrap();
    let told = notice("b", "N-2", "paid", &code);
    assert_eq!(
        refused(program.tells(&told, now)).await,
        "signature-refused"
    );
    assert_eq!(count(&mut app.database.connect(), "payment"), 1);
}

#[actix_web::test]
async fn a_program_is_appointed_to_a_channel() {
    let app = start().await;
    app.clock.set("2026-11-20T12:00:00Z");
    let code = world::settle(&app.database, 1)[0];
    let program = Program::of(&mut app.database.connect());
    let appoint = |id: Uuid| {
        Call::post("/v1/payment-channels/pps/clients")
            .scope("payment-channel:write")
            .json(json!({ "client": id }))
    };
    assert_eq!(
        app.send(appoint(Uuid::new_v4())).await.problem(),
        "no-such-program"
    );
    for _ in 0..2 {
        app.send(appoint(program.id)).await.expect(201);
    }
    let mut pps = notice("a", "N-1", "paid", &code);
    pps["channel"] = json!("pps");
    let told = app
        .send(program.tells(&pps, app.clock.now()))
        .await
        .expect(200);
    assert_eq!(told["outcome"], "posted");
    let audited = "audit_entry WHERE action = 'payments.client.appointed'";
    assert_eq!(count(&mut app.database.connect(), audited), 1);
}
