//! January 2023, through every channel: what a payer is asked for at any instant is what settles
//! the month, and what was asked for too early becomes credit.

use std::collections::HashMap;

use actix_http::Request;
use actix_web::body::MessageBody;
use actix_web::dev::{Service, ServiceResponse};
use kaifong::kernel::money::Money;
use kaifong::kernel::tenant_code::TenantCode;
use kaifong::payments::Channel;
use kaifong::payments::files::{Characters, Line, write};
use serde_json::{Value, json};

use crate::rent::charge;
use crate::support::{Call, TestApp, start, world};

/// Seven percent off January's rent, additional rent left out.
fn relief() -> Call {
    let relief = json!({
        "rule": "waiver", "share": "0.07", "excludes_additional": true,
        "valid_from": "2023-01-01", "valid_to": "2023-01-31", "source": "HA press release 31 Dec 2022",
    });
    Call::post("/v1/rent-rules")
        .scope("rent:rules")
        .key("relief")
        .json(relief)
}

async fn get<S, B>(app: &TestApp<S>, code: TenantCode, path: &str, scope: &str) -> Value
where
    S: Service<Request, Response = ServiceResponse<B>, Error = actix_web::Error>,
    B: MessageBody,
{
    let call = Call::get(&format!("/v1/rent-accounts/{code}{path}"));
    app.send(call.scope(scope)).await.expect(200)
}

/// The channels that were open then: every one but the MTR's counters.
async fn open<S, B>(app: &TestApp<S>) -> Vec<Channel>
where
    S: Service<Request, Response = ServiceResponse<B>, Error = actix_web::Error>,
    B: MessageBody,
{
    let open = Call::get("/v1/payment-channels?on=2023-01-01");
    let open = app.send(open).await.expect(200);
    let open: Vec<Channel> = open
        .as_array()
        .unwrap()
        .iter()
        .map(|terms| serde_json::from_value(terms["channel"].clone()).unwrap())
        .collect();
    assert_eq!(open.len(), Channel::ALL.len() - 1, "{open:?}");
    open
}

/// The amount that `channel` asks `code` for: of the code that is scanned, or beside the one that
/// is typed.
async fn asked<S, B>(app: &TestApp<S>, code: TenantCode, channel: Channel) -> Money
where
    S: Service<Request, Response = ServiceResponse<B>, Error = actix_web::Error>,
    B: MessageBody,
{
    let told = get(app, code, "/payment-codes", "payment:codes").await;
    let items = told["items"].as_array().unwrap().iter();
    let mut shown = items.filter(|item| item["channel"] == channel.as_str());
    let shown = shown.find(|_| channel == Channel::Fps);
    let amount = match shown {
        Some(shown) => {
            let body = json!({ "payload": shown["payload"] });
            let read = Call::post("/v1/payment-codes/read").scope("payment:codes");
            app.send(read.json(body)).await.expect(200)["amount"].clone()
        }
        None => told["due"].clone(),
    };
    amount.as_str().unwrap().parse().unwrap()
}

/// Pays by a file of `channel`, brought and posted.
async fn pay<S, B>(app: &TestApp<S>, channel: Channel, number: u32, paid: &[(TenantCode, Money)])
where
    S: Service<Request, Response = ServiceResponse<B>, Error = actix_web::Error>,
    B: MessageBody,
{
    let lines = (1..).zip(paid).map(|(at, (code, amount))| Line {
        number: at,
        reference: format!("{channel}-{number}-{at}"),
        end_to_end: None,
        wording: None,
        account: code.to_string(),
        amount: *amount,
        instructed_at: "2023-01-01T04:00:00Z".parse().unwrap(),
        place: String::new(),
    });
    let head = (channel, "2023-01-03".parse().unwrap(), number);
    let bytes = write(head, Characters::Utf8, &lines.collect::<Vec<_>>()).unwrap();
    let bring = Call::post("/v1/payment-files?name=f")
        .scope("payment-file:write")
        .bytes(bytes);
    app.send(bring).await.expect(201);
    app.work();
}

#[actix_web::test]
async fn january_2023_is_settled_by_every_channel_at_the_amount_it_asks_for() {
    let app = start().await;
    let codes = world::settle(&app.database, 20);
    app.clock.set("2022-12-31T14:00:00Z"); // 22:00 in Hong Kong
    app.send(relief()).await.expect(201);
    app.clock.set("2022-12-31T16:00:00Z");
    let open = open(&app).await;

    // One household of each channel asks at midnight, one after the month is charged.
    let mut first = HashMap::new();
    for (channel, code) in open.iter().zip(&codes) {
        first.insert(*channel, (*code, asked(&app, *code, *channel).await));
    }
    charge(&app.database, &app.clock, "2023-01");
    app.clock.set("2023-01-01T04:00:00Z");
    let mut paid = Vec::new();
    for (channel, code) in open.iter().zip(&codes[open.len()..]) {
        let second = (*code, asked(&app, *code, *channel).await);
        paid.push((*channel, [first[channel], second]));
    }
    app.clock.set("2023-01-03T12:00:00Z");
    for (channel, both) in paid {
        pay(&app, channel, 1, &both).await;
        for (code, _) in both {
            let account = get(&app, code, "", "rent:read").await;
            assert_eq!(
                json!([account["owed"], account["credit"]]),
                json!(["0.00", "0.00"]),
                "{code} by {channel}"
            );
        }
    }
}

/// As it went: the codes of 1-3 January had no relief yet.
#[actix_web::test]
async fn january_2023_paid_at_the_old_amount_leaves_credit_whatever_the_channel() {
    let app = start().await;
    let codes = world::settle(&app.database, 20);
    app.clock.set("2022-12-31T16:00:00Z");
    charge(&app.database, &app.clock, "2023-01");
    app.clock.set("2023-01-01T04:00:00Z");
    let channels = open(&app).await;
    let mut paid = Vec::new();
    for (channel, code) in channels.iter().zip(&codes) {
        paid.push((*channel, *code, asked(&app, *code, *channel).await));
    }
    app.clock.set("2023-01-03T10:00:00Z");
    app.send(relief()).await.expect(201);
    app.work();
    app.clock.set("2023-01-03T12:00:00Z");
    for (channel, code, amount) in paid {
        let now_due = asked(&app, code, channel).await;
        assert!(now_due < amount, "{channel}: {now_due} {amount}");
        pay(&app, channel, 1, &[(code, amount)]).await;
        let account = get(&app, code, "", "rent:read").await;
        let credit = amount.checked_sub(now_due).unwrap().to_string();
        assert_eq!(
            json!([account["owed"], account["credit"]]),
            json!(["0.00", credit]),
            "{channel}"
        );
    }
}
