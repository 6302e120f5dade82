//! Channels' programs, which bring their channel's files and see those only.

use kaifong::payments::Channel;
use kaifong::platform::db::execute;
use serde_json::{Value, json};

use super::notices::Program;
use super::office::{file, line};
use crate::support::{Answer, Call, count, start, world};

/// A call by `program`, as its session makes it.
fn by(program: &Program, call: Call) -> Call {
    call.scope("payment-file:read payment-file:write")
        .by(&format!("client:{}", program.id))
}

fn bring(bytes: &[u8]) -> Call {
    Call::post("/v1/payment-files?name=f").bytes(bytes)
}

fn names(page: &Value) -> Vec<&str> {
    let items = page["items"].as_array().unwrap().iter();
    items
        .map(|item| item["channel"].as_str().unwrap())
        .collect()
}

#[actix_web::test]
async fn a_channel_s_program_brings_and_follows_its_own_files() {
    let app = start().await;
    app.clock.set("2026-11-20T12:00:00Z");
    let codes = world::settle(&app.database, 1);
    let conn = &mut app.database.connect();
    let stores = Program::of(conn);
    let store = file(Channel::Store, 1, &[line(1, "S-1", &codes[0], "10.00")]);
    let brought = app.send(by(&stores, bring(&store))).await;
    let place = brought.header("Location").to_owned();
    let brought = brought.expect(201);
    assert_eq!(brought["received_by"], format!("client:{}", stores.id));
    app.work();
    let told = app.send(by(&stores, Call::get(&place))).await.expect(200);
    assert_eq!(
        json!([told["state"], told["fates"]]),
        json!(["posted", [{ "fate": "posted", "lines": 1, "amount": "10.00" }]])
    );
    let lines = Call::get(&format!("{place}/lines"));
    let lines = app.send(by(&stores, lines)).await.expect(200);
    assert_eq!(lines["items"][0]["fate"], "posted");
    let again = app.send(by(&stores, bring(&store))).await.expect(200);
    assert_eq!(again["id"], brought["id"]);
}

#[actix_web::test]
async fn another_channel_s_file_is_to_a_program_as_if_there_were_none() {
    let app = start().await;
    app.clock.set("2026-11-20T12:00:00Z");
    let codes = world::settle(&app.database, 1);
    let conn = &mut app.database.connect();
    let stores = Program::of(conn);
    let pps = file(Channel::Pps, 1, &[line(1, "P-1", &codes[0], "10.00")]);
    // It may not bring it,
    let refused = app.send(by(&stores, bring(&pps))).await;
    assert_eq!(
        (refused.status.as_u16(), refused.problem()),
        (403, "not-its-channel")
    );
    assert_eq!(count(conn, "payment_file"), 0);
    assert_eq!(count(conn, "payment_line"), 0);
    // though somebody else has,
    let brought = app
        .send(bring(&pps).scope("payment-file:write"))
        .await
        .expect(201);
    let again = app.send(by(&stores, bring(&pps))).await;
    assert_eq!(again.problem(), "not-its-channel");
    assert_eq!(again.bytes, refused.bytes);
    // nor see it.
    let told = |answer: &Answer| (answer.status, answer.bytes.clone());
    let id = brought["id"].as_str().unwrap();
    for rest in ["", "/lines", "/unpaid"] {
        let path = |id: &str| Call::get(&format!("/v1/payment-files/{id}{rest}"));
        let there = app.send(by(&stores, path(id))).await;
        let nowhere = path("01940000-0000-7000-8000-000000000001");
        let nowhere = app.send(by(&stores, nowhere)).await;
        assert_eq!(there.status.as_u16(), 404, "{rest}");
        assert_eq!(told(&there), told(&nowhere), "{rest}");
        let office = app.send(path(id).scope("payment-file:read")).await;
        assert_eq!(office.status.as_u16(), 200, "{rest}");
    }
    let app = &app;
    let listed = |call: Call| async move {
        let page = app.send(call).await.expect(200);
        names(&page)
            .into_iter()
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let all = || Call::get("/v1/payment-files");
    let store = file(Channel::Store, 1, &[line(1, "S-1", &codes[0], "10.00")]);
    app.send(by(&stores, bring(&store))).await.expect(201);
    assert_eq!(listed(by(&stores, all())).await, ["store"]);
    let asked = Call::get("/v1/payment-files?channel=pps");
    assert!(listed(by(&stores, asked)).await.is_empty());
    let office = listed(all().scope("payment-file:read")).await;
    assert_eq!(office.len(), 2, "{office:?}");
    // One that speaks for two channels sees both; one that speaks for none, nothing.
    let speaks = format!(
        "INSERT INTO channel_client VALUES ('{}', 'pps', 'one', now())",
        stores.id
    );
    execute(conn, &speaks).unwrap();
    assert_eq!(listed(by(&stores, all())).await.len(), 2);
    let nobody = all().scope("payment-file:read");
    let nobody = nobody.by(&format!("client:{}", uuid::Uuid::now_v7()));
    assert!(listed(nobody).await.is_empty());
}
