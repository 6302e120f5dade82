//! Passkeys, and answers of authenticators that are not what they should be.

use std::mem::swap;

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::credentials::{PIN, household};
use super::passkeys::{
    ENROLMENT, SIGN_IN, STEP_UP, begin, enrol, enrolment, grant, step_up, try_passkey,
};
use super::{access, pin_grant, sign_in};
use crate::support::authenticator::Authenticator;
use crate::support::{Answer, Call, count, start};

/// What is wrong with an authenticator, or what its browser says.
type Wrong = fn(&mut Authenticator);

const WRONG: &[(&str, Wrong)] = &[
    ("origin", |one| {
        one.origin = "https://kaifong.evil.example".into();
    }),
    ("another port", |one| one.origin += ":8443"),
    ("another page of the domain", |one| {
        one.origin = "https://kaifong.example".into();
    }),
    ("plain http", |one| {
        one.origin = one.origin.replace("https", "http");
    }),
    ("relying party", |one| {
        one.domain = "evil.example".into();
    }),
    ("no user verification", |one| one.verifies = false),
];

#[track_caller]
fn refused(name: &str, answer: &Answer) {
    assert_eq!(
        (answer.status.as_u16(), answer.problem()),
        (400, "sign-in-refused"),
        "{name}"
    );
}

#[actix_web::test]
async fn what_is_made_elsewhere_or_unverified_is_not_enrolled() {
    let app = start().await;
    let code = household(&app).await;
    let tokens = app.send(pin_grant(&code, PIN)).await.expect(200);
    for (name, wrong) in WRONG {
        let mut authenticator = Authenticator::new();
        wrong(&mut authenticator);
        let begun = begin(&app, ENROLMENT, Some(access(&tokens))).await;
        let made = authenticator.make(&begun["options"]);
        let answer = app.send(enrolment(access(&tokens), &begun, &made)).await;
        refused(name, &answer);
    }
    assert_eq!(count(&mut app.database.connect(), "passkey"), 0);
}

#[actix_web::test]
async fn every_answer_that_is_not_good_is_refused_alike() {
    let app = start().await;
    let code = household(&app).await;
    let tokens = app.send(pin_grant(&code, PIN)).await.expect(200);
    let (mut good, _) = enrol(&app, access(&tokens)).await;
    let mut answers = Vec::new();
    for (name, wrong) in WRONG {
        let (origin, domain) = (good.origin.clone(), good.domain.clone());
        wrong(&mut good);
        answers.push((*name, try_passkey(&app, &mut good).await));
        (good.origin, good.domain, good.verifies) = (origin, domain, true);
    }
    // Enrolled nowhere.
    let mut nobody = Authenticator::new();
    nobody.user = good.user.clone();
    answers.push(("unknown credential", try_passkey(&app, &mut nobody).await));
    let mut user = json!("AAAAAAAAAAAAAAAAAAAAAA");
    swap(&mut good.user, &mut user);
    answers.push(("another's user", try_passkey(&app, &mut good).await));
    good.user = Value::Null;
    answers.push(("no user", try_passkey(&app, &mut good).await));
    swap(&mut good.user, &mut user);
    for field in ["signature", "authenticatorData", "clientDataJSON"] {
        for text in ["", "AAAA", "eyJ0eXBlIjoid2ViYXV0aG4uZ2V0In0"] {
            let begun = begin(&app, SIGN_IN, None).await;
            let mut proof = good.prove(&begun["options"]);
            proof["response"][field] = json!(text);
            answers.push((field, app.send(grant(&begun, &proof)).await));
        }
    }
    for (name, answer) in &answers {
        refused(name, answer);
        assert_eq!(answer.bytes, answers[0].1.bytes, "{name}");
    }
    try_passkey(&app, &mut good).await.expect(200);
}

#[actix_web::test]
async fn a_challenge_serves_once_in_time_and_for_what_it_was_begun() {
    let app = start().await;
    let code = household(&app).await;
    let tokens = app.send(pin_grant(&code, PIN)).await.expect(200);
    let other = app.send(pin_grant(&code, PIN)).await.expect(200);
    let (mut phone, _) = enrol(&app, access(&tokens)).await;

    let begun = begin(&app, SIGN_IN, None).await;
    let proof = phone.prove(&begun["options"]);
    app.send(grant(&begun, &proof)).await.expect(200);
    refused("replayed", &app.send(grant(&begun, &proof)).await);
    let again = phone.prove(&begun["options"]);
    refused("asked once", &app.send(grant(&begun, &again)).await);

    let late = begin(&app, SIGN_IN, None).await;
    let proof = phone.prove(&late["options"]);
    app.clock.advance(120);
    refused("too late", &app.send(grant(&late, &proof)).await);
    let late = begin(&app, SIGN_IN, None).await;
    let proof = phone.prove(&late["options"]);
    app.clock.advance(119);
    app.send(grant(&late, &proof)).await.expect(200);

    let begun = begin(&app, SIGN_IN, None).await;
    let of_another = begin(&app, SIGN_IN, None).await;
    let proof = phone.prove(&of_another["options"]);
    refused("another challenge", &app.send(grant(&begun, &proof)).await);

    let begun = begin(&app, SIGN_IN, None).await;
    let proof = phone.prove(&begun["options"]);
    let stepped = app.send(step_up(access(&tokens), &begun, &proof)).await;
    refused("begun to sign in", &stepped);
    let begun = begin(&app, STEP_UP, Some(access(&tokens))).await;
    let proof = phone.prove(&begun["options"]);
    refused("begun to step up", &app.send(grant(&begun, &proof)).await);
    let stepped = app.send(step_up(access(&other), &begun, &proof)).await;
    refused("another session's", &stepped);
    app.send(step_up(access(&tokens), &begun, &proof))
        .await
        .expect(200);
}

/// One session's two ceremonies are not each other's.
#[actix_web::test]
async fn what_was_begun_to_enrol_proves_nothing_and_what_was_begun_to_prove_enrols_nothing() {
    let app = start().await;
    let code = household(&app).await;
    let tokens = app.send(pin_grant(&code, PIN)).await.expect(200);
    let token = access(&tokens);
    let (mut phone, _) = enrol(&app, token).await;
    let to_enrol = begin(&app, ENROLMENT, Some(token)).await;
    let to_prove = begin(&app, STEP_UP, Some(token)).await;
    let made = Authenticator::new().make(&to_enrol["options"]);
    let proof = phone.prove(&to_prove["options"]);

    let stepped = app.send(step_up(token, &to_enrol, &proof)).await;
    refused("begun to enrol", &stepped);
    let enrolled = app.send(enrolment(token, &to_prove, &made)).await;
    refused("begun to prove", &enrolled);
    app.send(step_up(token, &to_prove, &proof))
        .await
        .expect(200);
    app.send(enrolment(token, &to_enrol, &made))
        .await
        .expect(201);
}

#[actix_web::test]
async fn an_enrolment_is_of_the_session_that_began_it_and_a_credential_of_one_holder() {
    let app = start().await;
    let (one, two) = (household(&app).await, household(&app).await);
    let one = app.send(pin_grant(&one, PIN)).await.expect(200);
    let two = app.send(pin_grant(&two, PIN)).await.expect(200);
    let mut phone = Authenticator::new();
    let begun = begin(&app, ENROLMENT, Some(access(&one))).await;
    let made = phone.make(&begun["options"]);
    refused(
        "another's",
        &app.send(enrolment(access(&two), &begun, &made)).await,
    );
    app.send(enrolment(access(&one), &begun, &made))
        .await
        .expect(201);
    refused(
        "again",
        &app.send(enrolment(access(&one), &begun, &made)).await,
    );

    let owner = phone.user.clone();
    let begun = begin(&app, ENROLMENT, Some(access(&two))).await;
    let made = phone.make(&begun["options"]);
    refused(
        "enrolled already",
        &app.send(enrolment(access(&two), &begun, &made)).await,
    );
    // Another's passkey proves nothing of me, whosever it says it is.
    for user in [owner, phone.user.clone(), Value::Null] {
        let begun = begin(&app, STEP_UP, Some(access(&two))).await;
        phone.user = user;
        let proof = phone.prove(&begun["options"]);
        let stepped = app.send(step_up(access(&two), &begun, &proof)).await;
        refused("someone else's credential", &stepped);
    }
}

#[actix_web::test]
async fn a_counter_that_went_back_is_refused_and_on_record() {
    let app = start().await;
    let code = household(&app).await;
    let tokens = app.send(pin_grant(&code, PIN)).await.expect(200);
    let (mut phone, _) = enrol(&app, access(&tokens)).await;
    phone.counter = 10;
    try_passkey(&app, &mut phone).await.expect(200);
    for counter in [5, 10] {
        phone.counter = counter;
        refused("a copy", &try_passkey(&app, &mut phone).await);
    }
    let begun = begin(&app, STEP_UP, Some(access(&tokens))).await;
    phone.counter = 3;
    let proof = phone.prove(&begun["options"]);
    refused(
        "a copy",
        &app.send(step_up(access(&tokens), &begun, &proof)).await,
    );
    let told = "audit_entry WHERE action = 'passkey.counter_went_back'";
    assert_eq!(count(&mut app.database.connect(), told), 3);
    phone.counter = 11;
    try_passkey(&app, &mut phone).await.expect(200);
}

/// Of two answers with one counter at once, one is the copy's.
#[actix_web::test]
async fn of_a_race_with_one_counter_one_signs_in() {
    let app = start().await;
    let code = household(&app).await;
    let tokens = app.send(pin_grant(&code, PIN)).await.expect(200);
    let (mut phone, _) = enrol(&app, access(&tokens)).await;
    for _ in 0..5 {
        let mut calls = Vec::new();
        let counter = phone.counter;
        for _ in 0..4 {
            let begun = begin(&app, SIGN_IN, None).await;
            phone.counter = counter;
            let proof = phone.prove(&begun["options"]);
            calls.push(app.send(grant(&begun, &proof)));
        }
        let answers = join_all(calls).await;
        let given = answers.iter().filter(|one| one.status == 200).count();
        assert_eq!(given, 1);
    }
}

#[actix_web::test]
async fn a_passkey_has_a_name_a_holder_has_ten_and_a_kiosk_none() {
    let app = start().await;
    let code = household(&app).await;
    let tokens = app.send(pin_grant(&code, PIN)).await.expect(200);
    let begun = begin(&app, ENROLMENT, Some(access(&tokens))).await;
    let made = Authenticator::new().make(&begun["options"]);
    let body = json!({ "ceremony": begun["ceremony"], "name": "x", "credential": made });
    let with = |name: &str, value: Value| {
        let mut changed = body.clone();
        changed[name] = value;
        Call::post("/v1/passkeys")
            .bearer(access(&tokens))
            .json(changed)
    };
    for name in ["", "  ", "a\nb", &"a".repeat(65)] {
        app.send(with("name", json!(name))).await.expect(422);
    }
    for (field, value) in [
        ("credential", json!({})),
        ("credential", json!("x")),
        ("credential", Value::Null),
        ("ceremony", json!("")),
        ("more", json!(1)),
    ] {
        app.send(with(field, value)).await.expect(400);
    }
    for body in [
        json!({ "grant_type": "urn:kaifong:passkey" }),
        json!({ "grant_type": "urn:kaifong:passkey", "ceremony": "a", "credential": {} }),
        json!({ "grant_type": "urn:kaifong:passkey", "ceremony": "a", "credential": "b" }),
        json!({ "grant_type": "urn:kaifong:passkey", "ceremony": "a", "credential": [1] }),
    ] {
        let answer = app.send(sign_in(body)).await;
        assert_eq!(answer.problem(), "malformed-request");
    }

    for _ in 0..10 {
        enrol(&app, access(&tokens)).await;
    }
    let begun = begin(&app, ENROLMENT, Some(access(&tokens))).await;
    let made = Authenticator::new().make(&begun["options"]);
    let eleventh = app.send(enrolment(access(&tokens), &begun, &made)).await;
    assert_eq!(eleventh.problem(), "not-in-this-state");

    let mut conn = app.database.connect();
    let at_kiosk = "UPDATE session SET device_id = gen_random_uuid()";
    kaifong::platform::db::execute(&mut conn, at_kiosk).unwrap();
    let asked = Call::post(ENROLMENT).bearer(access(&tokens));
    assert_eq!(app.send(asked).await.problem(), "not-in-this-state");
}
