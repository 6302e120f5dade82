//! Payments on days and of households that are not the usual ones.

use actix_http::Request;
use actix_web::body::MessageBody;
use actix_web::dev::{Service, ServiceResponse};
use kaifong::kernel::money::Money;
use kaifong::kernel::tenant_code::TenantCode;
use kaifong::payments::Channel;
use kaifong::payments::files::Line;
use serde_json::{Value, json};

use super::office::{file, line};
use crate::rent::charge;
use crate::support::{Call, TestApp, count, start, world};

/// Brings a file of `channel` and posts it; what it is then.
async fn take<S, B>(app: &TestApp<S>, channel: Channel, lines: &[Line]) -> Value
where
    S: Service<Request, Response = ServiceResponse<B>, Error = actix_web::Error>,
    B: MessageBody,
{
    let bring = Call::post("/v1/payment-files?name=f")
        .scope("payment-file:write")
        .bytes(file(channel, 1, lines));
    let brought = app.send(bring).await.expect(201);
    app.work();
    let path = format!("/v1/payment-files/{}", brought["id"].as_str().unwrap());
    let told = app.send(Call::get(&path).scope("payment-file:read")).await;
    told.expect(200)
}

/// What `code` owes, and has in credit.
async fn standing<S, B>(app: &TestApp<S>, code: TenantCode) -> [String; 2]
where
    S: Service<Request, Response = ServiceResponse<B>, Error = actix_web::Error>,
    B: MessageBody,
{
    let account = Call::get(&format!("/v1/rent-accounts/{code}")).scope("rent:read");
    let account = app.send(account).await.expect(200);
    ["owed", "credit"].map(|field| account[field].as_str().unwrap().to_owned())
}

async fn paid<S, B>(app: &TestApp<S>, reference: &str) -> Value
where
    S: Service<Request, Response = ServiceResponse<B>, Error = actix_web::Error>,
    B: MessageBody,
{
    let sought = Call::get(&format!("/v1/payments?reference={reference}")).scope("payment:trace");
    let found = app.send(sought).await.expect(200);
    assert_eq!(found["items"].as_array().unwrap().len(), 1, "{reference}");
    found["items"][0].clone()
}

/// What was owed when they left is paid by it, and the rest is theirs: neither is lost, nor in
/// suspense.
#[actix_web::test]
async fn a_payment_after_the_tenancy_s_end_pays_what_was_owed_and_the_rest_is_credit() {
    let app = start().await;
    let codes = world::settle(&app.database, 2);
    let code = codes[0];
    charge(&app.database, &app.clock, "2026-10");
    let conn = &mut app.database.connect();
    world::end_tenancy(conn, code, "2026-10-31", "2026-10-15T00:00:00Z");
    charge(&app.database, &app.clock, "2026-11");
    let [owed, _] = standing(&app, code).await;
    let owed: Money = owed.parse().unwrap();
    assert!(owed > Money::ZERO, "October's rent");
    app.clock.set("2026-11-20T12:00:00Z");
    let more: Money = "50.00".parse().unwrap();
    let amount = Money::sum([owed, more]).unwrap().to_string();
    let told = take(&app, Channel::Store, &[line(1, "S-1", &code, &amount)]).await;
    assert_eq!(
        told["fates"],
        json!([{ "fate": "posted", "lines": 1, "amount": amount }])
    );
    assert_eq!(standing(&app, code).await, ["0.00", "50.00"]);
    // They are told of it like anybody.
    let news = format!(
        "outbox_event WHERE kind = 'payments.posted' AND detail ->> 'file' = '{}'",
        told["id"].as_str().unwrap()
    );
    assert_eq!(count(conn, &news), 1);
}

/// National Day of 2026 is a Thursday.
#[actix_web::test]
async fn a_payment_on_a_public_holiday_counts_from_the_day_that_its_channel_works() {
    let app = start().await;
    let code = world::settle(&app.database, 1)[0];
    app.clock.set("2026-11-20T12:00:00Z");
    for (channel, counts_from) in [
        (Channel::Autopay, "2026-10-02"),
        (Channel::FpsDebit, "2026-10-01"),
        (Channel::Pps, "2026-10-02"),
        (Channel::Bank, "2026-10-02"),
        (Channel::Fps, "2026-10-01"),
        (Channel::Store, "2026-10-01"),
        (Channel::Cssa, "2026-10-02"),
        (Channel::Shroff, "2026-10-02"),
    ] {
        let reference = format!("{channel}-1");
        let at_noon = Line {
            instructed_at: "2026-10-01T04:00:00Z".parse().unwrap(),
            ..line(1, &reference, &code, "10.00")
        };
        take(&app, channel, &[at_noon]).await;
        let payment = paid(&app, &reference).await;
        assert_eq!(payment["value_on"], counts_from, "{channel}");
        // When they paid is kept as it was.
        assert_eq!(
            payment["instructed_at"], "2026-10-01T04:00:00Z",
            "{channel}"
        );
    }
    let entered = "ledger_transfer WHERE kind = 'payment' AND effective_on = '2026-10-02'";
    assert_eq!(count(&mut app.database.connect(), entered), 5);
}

/// A till should not have taken it. It did: the money is here, and the rent is paid.
#[actix_web::test]
async fn cash_over_a_store_s_limit_that_was_taken_is_on_the_account() {
    let app = start().await;
    let code = world::settle(&app.database, 1)[0];
    let terms = Call::get("/v1/payment-channels?channel=store&on=2026-11-20");
    let terms = app.send(terms).await.expect(200);
    assert_eq!(terms[0]["at_most"], "5000.00");
    app.clock.set("2026-11-20T12:00:00Z");
    let told = take(&app, Channel::Store, &[line(1, "S-1", &code, "5000.01")]).await;
    assert_eq!(
        told["fates"],
        json!([{ "fate": "posted", "lines": 1, "amount": "5000.01" }])
    );
    let account = paid(&app, "S-1").await["account"].clone();
    assert_eq!(account, code.to_string());
}
