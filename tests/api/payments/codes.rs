//! What a payer scans or types, and what other programs read in it.

use std::fs;
use std::process::Command;

use kaifong::kernel::tenant_code::TenantCode;
use serde_json::{Value, json};

use crate::rent::charge;
use crate::support::{Call, start, world};

fn codes(code: &impl ToString, channel: &str) -> Call {
    let code = code.to_string();
    Call::get(&format!("/v1/rent-accounts/{code}/payment-codes{channel}")).scope("payment:codes")
}

fn scan(payload: &str) -> Call {
    let body = json!({ "payload": payload });
    Call::post("/v1/payment-codes/read")
        .scope("payment:codes")
        .json(body)
}

fn of<'a>(told: &'a Value, channel: &str) -> &'a Value {
    let mut items = told["items"].as_array().unwrap().iter();
    items.find(|item| item["channel"] == channel).unwrap()
}

#[actix_web::test]
async fn every_channel_asks_for_what_the_account_owes() {
    let app = start().await;
    let code = world::settle(&app.database, 1)[0];
    charge(&app.database, &app.clock, "2026-11");
    let account = Call::get(&format!("/v1/rent-accounts/{code}")).scope("rent:read");
    let owed = app.send(account).await.expect(200)["owed"].clone();
    assert_eq!(owed, "2364.00");

    let told = app.send(codes(&code, "")).await.expect(200);
    assert_eq!(
        json!([told["due"], told["month"]]),
        json!([owed, "2026-11"])
    );
    let open: Vec<_> = told["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| &item["channel"])
        .collect();
    assert_eq!(open, ["bank", "fps", "pps", "shroff", "store"]);
    for channel in ["bank", "pps", "shroff", "store"] {
        assert_eq!(of(&told, channel)["payload"], code.to_string(), "{channel}");
    }
    assert_eq!(of(&told, "store")["pay_by"], "2026-11-25");
    assert_eq!(of(&told, "fps")["pay_by"], "2026-11-30");
    assert_eq!(of(&told, "store")["at_most"], "5000.00");
    // On a Saturday: banks pass it on on Monday.
    app.clock.set("2026-11-21T02:00:00Z");
    let told = app.send(codes(&code, "")).await.expect(200);
    assert_eq!(of(&told, "fps")["counts_from"], "2026-11-21");
    assert_eq!(of(&told, "pps")["counts_from"], "2026-11-23");

    let payload = of(&told, "fps")["payload"].as_str().unwrap();
    let said = app.send(scan(payload)).await.expect(200);
    assert_eq!(
        json!([
            said["payee"],
            said["merchant"],
            said["amount"],
            said["amount_editable"],
            said["expires_at"],
            said["tenant_code"],
            said["shown"],
        ]),
        json!([
            { "fps_id": "1234567" }, "HK Housing Authority", owed, true,
            "2026-11-30T15:59:59Z", code.to_string(), { "month": "2026-11", "due": owed },
        ])
    );
}

#[actix_web::test]
async fn a_code_follows_the_quote_the_moment_it_changes() {
    let app = start().await;
    let code = world::settle(&app.database, 1)[0];
    charge(&app.database, &app.clock, "2026-11");
    let before = app.send(codes(&code, "/fps")).await.expect(200);
    let less = Call::post(&format!("/v1/rent-accounts/{code}/adjustments"))
        .scope("rent:correct")
        .key("less")
        .json(json!({ "amount": "-364.00", "effective_on": "2026-11-18", "reason": "goodwill" }));
    app.send(less).await.expect(201);
    let after = app.send(codes(&code, "/fps")).await.expect(200);
    let amount = async |told: &Value| {
        let said = app.send(scan(told["payload"].as_str().unwrap())).await;
        said.expect(200)["amount"].clone()
    };
    assert_eq!(amount(&before).await, "2364.00");
    assert_eq!(amount(&after).await, "2000.00");
    // Nothing due: the payer types the amount, and the code says nothing of it.
    let all = Call::post(&format!("/v1/rent-accounts/{code}/adjustments"))
        .scope("rent:correct")
        .key("all")
        .json(json!({ "amount": "-2500.00", "effective_on": "2026-11-18", "reason": "goodwill" }));
    app.send(all).await.expect(201);
    let free = app.send(codes(&code, "/fps")).await.expect(200);
    assert_eq!(amount(&free).await, Value::Null);
}

#[actix_web::test]
async fn another_program_reads_the_pictures() {
    let app = start().await;
    let code = world::settle(&app.database, 1)[0];
    charge(&app.database, &app.clock, "2026-11");
    let folder = std::env::temp_dir().join(format!("kaifong-codes-{}", uuid::Uuid::now_v7()));
    fs::create_dir_all(&folder).unwrap();
    for (channel, symbology) in [("fps", "QR-Code"), ("store", "CODE-128")] {
        let told = codes(&code, &format!("/{channel}"));
        let payload = app.send(told).await.expect(200)["payload"].clone();
        let png = codes(&code, &format!("/{channel}")).header("Accept", "image/png");
        let answer = app.send(png).await;
        assert_eq!(answer.header("content-type"), "image/png");
        let picture = folder.join(channel);
        fs::write(&picture, &answer.bytes).unwrap();
        let read = Command::new("zbarimg")
            .args(["--quiet", "--nodbus"])
            .arg(&picture)
            .output()
            .expect(
                "zbarimg is needed to read codes: apt-get install zbar-tools (./dev test does)",
            );
        let read = String::from_utf8(read.stdout).unwrap();
        assert_eq!(read, format!("{symbology}:{}\n", payload.as_str().unwrap()));
    }
    fs::remove_dir_all(&folder).unwrap();

    let svg = codes(&code, "/store").header("Accept", "image/svg+xml");
    let answer = app.send(svg).await;
    assert_eq!(answer.header("content-type"), "image/svg+xml");
    assert!(answer.bytes.starts_with(b"<svg "));
    let text = codes(&code, "/pps").header("Accept", "text/plain");
    assert_eq!(app.send(text).await.bytes, format!("{code}\n").into_bytes());
}

#[actix_web::test]
async fn what_is_not_there_is_not_shown() {
    let app = start().await;
    let code = world::settle(&app.database, 1)[0];
    let stranger = TenantCode::of(987_654_321).unwrap().to_string();
    for (whose, channel, status) in [
        (code.to_string().as_str(), "/mtr", 404),
        (code.to_string().as_str(), "/autopay", 404),
        (code.to_string().as_str(), "/cheque", 400),
        (stranger.as_str(), "/fps", 404),
        (stranger.as_str(), "", 404),
    ] {
        let answer = app.send(codes(&whose, channel)).await;
        assert_eq!(answer.status, status, "{whose}{channel}: {:?}", answer.body);
    }
    let picture = codes(&code, "/pps").header("Accept", "image/png");
    app.send(picture).await.expect(406);
}

#[actix_web::test]
async fn a_text_that_is_no_code_is_refused_where_it_goes_wrong() {
    let app = start().await;
    let good =
        "00020101021126270012hk.com.hkicl020712345675204000053033445802HK5902NA6002HK63042E94";
    app.send(scan(good)).await.expect(200);
    let spoiled = good.replace("5902NA", "5902NB");
    let refused = app.send(scan(&spoiled)).await.expect(422);
    assert_eq!(
        json!([
            refused["type"].as_str().unwrap().rsplit('/').next(),
            refused["detail"]
        ]),
        json!([
            "unreadable-code",
            "at character 81: expected the checksum of what is before it"
        ])
    );
    app.send(scan(&"9".repeat(513))).await.expect(400);
    app.send(scan("")).await.expect(400);
}
