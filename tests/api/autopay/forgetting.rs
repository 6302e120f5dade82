//! Bank accounts are kept as long as the rule says, and no longer.

use kaifong::kernel::clock::Clock;
use kaifong::platform::db::{connect, execute};
use kaifong::privacy::retain;
use serde_json::json;

use super::{change, refused, start_with};
use crate::messages::office::Office;
use crate::support::{Call, count};

/// The keys that still open something.
const LIVE: &str = "data_key WHERE class = 'finance' AND destroyed_at IS NULL";

#[actix_web::test]
async fn an_account_is_forgotten_when_it_has_been_kept_long_enough() {
    let (app, codes) = start_with(4).await;
    app.clock.set("2025-11-20T01:00:00Z");
    let mut mandates = Vec::new();
    for code in &codes {
        mandates.push(app.mandate(*code, "autopay").await);
    }
    let released = app.released("2025-12", "autopay").await;
    assert_eq!(released["lines"], 4);
    assert_eq!(app.file(&released).await.status, 200);
    // Two are ended; of one of these households somebody is under a hold. The third ends later.
    let held = Office::beside((&app.database, &app.clock), codes[1]).move_in(codes[1]);
    let mut owner = app.database.connect();
    let hold = format!(
        "INSERT INTO legal_hold (id, person, reason, case_ref, set_by, set_at, version) \
         VALUES (gen_random_uuid(), '{held}', 'debt', 'C-1', 'one', '2025-11-20', 1)"
    );
    execute(&mut owner, &hold).unwrap();
    for (mandate, at) in [
        (&mandates[0], "2025-12-01T15:59:59Z"),
        (&mandates[1], "2025-12-01T15:59:59Z"),
        (&mandates[2], "2025-12-01T16:00:00Z"),
    ] {
        app.clock.set(at);
        let end = json!({ "reason": "another bank" });
        let end = change(mandate, "end", "mandate:write", end);
        app.send(end).await.expect(200);
    }
    execute(
        &mut owner,
        "INSERT INTO retention_rule VALUES \
         ('direct_debit', '2026-12-02', 12, 'ended', 'a test', 'somebody', '2026-12-01')",
    )
    .unwrap();
    app.clock.set("2026-12-02T01:00:00Z");
    let (vault, now) = (app.database.vault(app.clock.now()), app.clock.now());
    let mut conn = connect(app.database.url()).unwrap();
    let run = retain(&mut conn, &vault, now).unwrap().unwrap();
    assert_eq!(run.failed, 0);
    let tally = "retention_tally WHERE data_class = 'direct_debit' AND erased = 2";
    assert_eq!(count(&mut owner, tally), 1);
    let gone = format!(
        "key_tombstone WHERE class = 'finance' AND subject IN ('{}', '{}') \
         AND approved_by = ARRAY['kaifong:retention', 'somebody']",
        mandates[0]["id"].as_str().unwrap(),
        released["id"].as_str().unwrap()
    );
    assert_eq!(count(&mut owner, &gone), 2);
    assert_eq!(count(&mut owner, LIVE), 3);
    refused(&app.file(&released).await, 410, "file-forgotten");
    // What was debited stays known.
    let lines = app.lines(&released).await;
    assert_eq!(lines.len(), 4);
    let told = Call::get(&format!("/v1/rent-accounts/{}/mandates", codes[0]));
    let told = app.send(told.scope("mandate:read")).await.expect(200);
    assert_eq!(told[0]["state"], "ended");
    // The next day, the one that ended a day later; nothing is erased twice.
    app.clock.set("2026-12-03T01:00:00Z");
    retain(&mut conn, &vault, app.clock.now()).unwrap().unwrap();
    assert_eq!(count(&mut owner, LIVE), 2);
    assert_eq!(
        count(&mut owner, "key_tombstone WHERE class = 'finance'"),
        3
    );
    // It is let go with the hold.
    execute(
        &mut owner,
        "UPDATE legal_hold SET lifted_by = 'two', lifted_at = '2026-12-03', version = 2",
    )
    .unwrap();
    app.clock.set("2026-12-04T01:00:00Z");
    retain(&mut conn, &vault, app.clock.now()).unwrap().unwrap();
    assert_eq!(count(&mut owner, LIVE), 1);
}
