//! January 2023, again: a relief takes effect and every reader must say so at once.
//!
//! On 1-3 January 2023 the payment channels of the Housing Authority showed rents without a
//! relief that had taken effect, and tenants overpaid HK$2 to HK$175. Here a relief is
//! recorded at 22:00 on 31 December, or too late on 3 January.

use std::collections::BTreeMap;

use actix_http::Request;
use actix_web::body::MessageBody;
use actix_web::dev::{Service, ServiceResponse};
use kaifong::kernel::money::Money;
use kaifong::kernel::tenant_code::TenantCode;
use serde_json::{Value, json};

use super::{charge, money, order, receive};
use crate::support::{Call, TestApp, start, world};

const HOUSEHOLDS: i32 = 10_000;

/// Seven percent off January's rent, additional rent left out.
fn relief(key: &str) -> Call {
    Call::post("/v1/rent-rules").scope("rent:rules").key(key).json(json!({
        "rule": "waiver", "share": "0.07", "excludes_additional": true,
        "valid_from": "2023-01-01", "valid_to": "2023-01-31", "source": "HA press release 31 Dec 2022",
    }))
}

/// What every reader of a figure says of `code` now; each must be the same.
async fn readings<S, B>(app: &TestApp<S>, code: TenantCode) -> Vec<Value>
where
    S: Service<Request, Response = ServiceResponse<B>, Error = actix_web::Error>,
    B: MessageBody,
{
    let get = async |path: &str| {
        let call = Call::get(&format!("/v1/rent-accounts/{code}{path}")).scope("rent:read");
        app.send(call).await.expect(200)
    };
    let account = get("").await;
    let statement = get("/statement").await;
    let quote = get("/quote").await;
    let dated = get("/quote?month=2023-01&valid_at=2023-01-01").await;
    let codes = Call::get(&format!("/v1/rent-accounts/{code}/payment-codes"));
    let codes = app.send(codes.scope("payment:codes")).await.expect(200);
    vec![
        codes["due"].clone(),
        account["owed"].clone(),
        quote["due"].clone(),
        dated["due"].clone(),
        statement["due"]["due"].clone(),
    ]
}

/// The rent of a household before any relief, by hand.
fn rent_of(number: i64) -> i64 {
    let ifa_cents = 3000 + number * 37 % 1000;
    // HK$70.80 a m2, to the dollar, half up; the increase of October 2022 is waived.
    (7080 * ifa_cents + 5_000) / 10_000
}

#[actix_web::test]
async fn a_relief_recorded_in_time_is_in_every_figure_from_midnight_on() {
    let app = start().await;
    let codes = world::settle(&app.database, HOUSEHOLDS);
    app.clock.set("2022-12-31T14:00:00Z"); // 22:00 in Hong Kong
    app.send(relief("k1")).await.expect(201);

    // Before midnight it is still December.
    app.clock.set("2022-12-31T15:59:59Z");
    let rehearsed = order(&app.database, &app.clock, "2023-01", (false, true));
    let mut total = Money::ZERO;
    for instant in [
        "2022-12-31T16:00:00Z",
        "2022-12-31T16:00:01Z",
        "2022-12-31T16:05:00Z",
    ] {
        app.clock.set(instant);
        for (n, code) in codes.iter().enumerate().step_by(997) {
            let rent = rent_of(i64::try_from(n).unwrap());
            let relief = (rent * 7 + 50) / 100;
            let expected = json!(format!("{}.00", rent - relief));
            for reading in readings(&app, *code).await {
                assert_eq!(reading, expected, "{code} at {instant}");
            }
        }
        // The charge is booked between the second and the third look.
        if instant.ends_with("00:01Z") {
            total = charge(&app.database, &app.clock, "2023-01").amount;
        }
    }
    assert_eq!(rehearsed.amount, total);
    let by_hand: i64 = (0..i64::from(HOUSEHOLDS))
        .map(|n| rent_of(n) - (rent_of(n) * 7 + 50) / 100)
        .sum();
    assert_eq!(total, money(&format!("{by_hand}.00")));
}

#[actix_web::test]
async fn a_relief_recorded_late_lists_exactly_who_overpaid_and_by_how_much() {
    let app = start().await;
    let codes = world::settle(&app.database, HOUSEHOLDS);
    app.clock.set("2022-12-31T16:00:00Z");
    charge(&app.database, &app.clock, "2023-01");
    // Every hundredth household pays on 1-3 January: all of it, half of it, or too much.
    let mut overpaid = BTreeMap::new();
    for (n, code) in codes.iter().enumerate().step_by(100) {
        let rent = rent_of(i64::try_from(n).unwrap());
        let relief = (rent * 7 + 50) / 100;
        let paid = match n / 100 % 3 {
            0 => rent,
            1 => rent / 2,
            _ => rent + 10,
        };
        receive(
            &app.database,
            *code,
            money(&format!("{paid}.00")),
            "2023-01-02T02:00:00Z",
        );
        // Overpaid is what the relief left in the household's favour, no more than the relief.
        let beyond = relief.min(paid - (rent - relief));
        if beyond > 0 {
            overpaid.insert(code.to_string(), format!("{beyond}.00"));
        }
    }

    app.clock.set("2023-01-03T10:00:00Z");
    app.send(relief("k1")).await.expect(201);
    assert_eq!(app.work(), 1);

    let (mut listed, mut changes, mut after) = (BTreeMap::new(), 0, String::new());
    loop {
        let path = format!("/v1/rent-runs/2023-01/revisions?limit=100{after}");
        let page = app
            .send(Call::get(&path).scope("rent-run:read"))
            .await
            .expect(200);
        for item in page["items"].as_array().unwrap() {
            changes += 1;
            if item["overpaid"] != "0.00" {
                let code = item["tenant_code"].as_str().unwrap().to_owned();
                listed.insert(code, item["overpaid"].as_str().unwrap().to_owned());
            }
        }
        let Some(next) = page["next"].as_str() else {
            break;
        };
        after = format!("&after={next}");
    }
    assert_eq!(changes, HOUSEHOLDS);
    assert_eq!(listed, overpaid);
    // Who paid all of it now has credit, carried to February.
    let code = codes[0];
    let credit = &overpaid[&code.to_string()];
    let account = Call::get(&format!("/v1/rent-accounts/{code}")).scope("rent:read");
    let account = app.send(account).await.expect(200);
    assert_eq!(
        (account["owed"].as_str(), account["credit"].as_str()),
        (Some("0.00"), Some(credit.as_str()))
    );
}
