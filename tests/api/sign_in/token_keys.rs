//! Keys of tokens that are configured: the server signs with one of them, or does not start.

use std::fs;
use std::process::Stdio;
use std::time::{Duration, Instant};

use kaifong::platform::db::connect_as_owner;
use serde_json::{Value, json};

use super::credentials::PIN;
use crate::support::fixture;
use crate::support::program::Program;

#[test]
fn a_server_signs_with_a_configured_key_or_does_not_start() {
    let (program, other) = (Program::new("token-keys"), Program::new("token-keys-other"));
    let held = program.hold();
    let keys = program.folder().join("jwks.json");
    let keys = keys.to_str().unwrap();
    let run = |words: &[&str]| {
        let mut command = program.command(words);
        command.env("KAIFONG_DATABASE_URL", &held.url);
        command.env("KAIFONG_TOKEN_KEYS", keys);
        command.output().unwrap()
    };
    for words in [&["keys", "init"][..], &["migrate"]] {
        assert!(run(words).status.success(), "{words:?}");
    }
    let own = String::from_utf8(run(&["token-keys", "show"]).stdout).unwrap();
    let theirs = other.run(&["token-keys", "show"]);

    // Another server's keys alone: what this one signs nobody would take.
    fs::write(keys, &theirs).unwrap();
    let mut command = program.command(&["serve"]);
    command
        .env("KAIFONG_DATABASE_URL", &held.url)
        .env("KAIFONG_TOKEN_KEYS", keys)
        .env("KAIFONG_LISTEN", "127.0.0.1:0")
        .stderr(Stdio::piped());
    let mut refused = command.spawn().unwrap();
    let started = Instant::now();
    while refused.try_wait().unwrap().is_none() && started.elapsed() < Duration::from_secs(20) {
        std::thread::sleep(Duration::from_millis(50));
    }
    let _ = refused.kill();
    let refused = refused.wait_with_output().unwrap();
    let said = String::from_utf8(refused.stderr).unwrap();
    assert_eq!(refused.status.code(), Some(2), "{said}");
    assert!(said.contains("KAIFONG_TOKEN_KEYS lacks the key"), "{said}");

    let (own, theirs): (Value, Value) = (
        serde_json::from_str(&own).unwrap(),
        serde_json::from_str(&theirs).unwrap(),
    );
    let both = [
        own["keys"].as_array().unwrap().as_slice(),
        theirs["keys"].as_array().unwrap(),
    ];
    fs::write(keys, json!({ "keys": both.concat() }).to_string()).unwrap();
    let serving = program.serve(&held.url, &[("KAIFONG_TOKEN_KEYS", keys)]);
    let operator = String::from_utf8(run(&["token"]).stdout).unwrap();
    let operator = operator.trim();
    let flat = fixture::flat(&mut connect_as_owner(&held.url).unwrap(), "35.50");
    let tenancy = json!({
        "flat_id": flat, "kind": "prh", "starts_on": "2026-01-01", "household_size": 1,
    });
    let begun = serving.post("/v1/tenancies", (operator, "one"), &tenancy.to_string());
    let code = begun.expect(201)["tenant_code"]
        .as_str()
        .unwrap()
        .to_owned();
    let pin = json!({ "tenant_code": code, "pin": PIN }).to_string();
    assert_eq!(serving.put("/v1/tenant-pins", operator, &pin).status, 204);
    let grant = json!({ "grant_type": "pin", "tenant_code": code, "pin": PIN }).to_string();
    let tokens = serving.post("/v1/auth/token", ("", ""), &grant).expect(200);
    let token = tokens["access_token"].as_str().unwrap();
    serving.get("/v1/auth/sessions", token).expect(200);
    serving.stop();
}
