//! One guess at each of many names: no name's own lock shows it, their number does.

use actix_http::Request;
use actix_web::body::MessageBody;
use actix_web::dev::{Service, ServiceResponse};
use futures_util::future::join_all;
use kaifong::kernel::tenant_code::TenantCode;
use serde_json::json;

use super::credentials::{PIN, household};
use super::devices::working;
use super::{pin_grant, sign_in};
use crate::support::{TestApp, count, start};

/// Codes that no household has.
fn nobody(number: i64) -> String {
    TenantCode::of(TenantCode::LAST - number)
        .unwrap()
        .to_string()
}

/// Guesses at each of `names` once: fifteen at a time, for more would wait too long to be hashed, and
/// again at those for which the machine was too busy even so.
async fn guess_all<S, B>(app: &TestApp<S>, mut names: Vec<String>)
where
    S: Service<Request, Response = ServiceResponse<B>, Error = actix_web::Error>,
    B: MessageBody,
{
    for _ in 0..20 {
        let answers = join_all(names.iter().map(|name| app.send(pin_grant(name, PIN)))).await;
        let mut busy = answers.iter().map(|answer| {
            assert!(
                [400, 503].contains(&answer.status.as_u16()),
                "{:?}",
                answer.body
            );
            answer.status == 503
        });
        names.retain(|_| busy.next() == Some(true));
        if names.is_empty() {
            return;
        }
    }
    panic!("too busy for {names:?}");
}

#[actix_web::test]
async fn after_300_wrong_names_from_anywhere_no_new_one_is_tried_and_kiosks_go_on() {
    let app = start().await;
    let kiosk = working(&app, "kiosk").await;
    let (one, two) = (household(&app).await, household(&app).await);
    app.send(pin_grant(&one, PIN)).await.expect(200);
    for first in (0..300).step_by(15) {
        guess_all(&app, (first..first + 15).map(nobody).collect()).await;
    }

    let refused = app.send(pin_grant(&two, PIN)).await;
    assert_eq!(
        (refused.status.as_u16(), refused.problem()),
        (429, "too-many-requests")
    );
    assert_eq!(app.send(pin_grant(&nobody(301), PIN)).await.status, 429);
    // A name that was guessed at already is one of the 300.
    assert_eq!(app.send(pin_grant(&nobody(7), PIN)).await.status, 400);
    app.send(pin_grant(&two, PIN).bearer(&kiosk))
        .await
        .expect(200);
    app.clock.advance(12);
    app.send(pin_grant(&two, PIN)).await.expect(200);
}

#[actix_web::test]
async fn a_kiosk_takes_ten_wrong_names_and_any_number_of_right_ones() {
    let app = start().await;
    let kiosk = working(&app, "kiosk").await;
    let gateway = working(&app, "ivr_gateway").await;
    let mut codes = Vec::new();
    for _ in 0..12 {
        codes.push(household(&app).await);
    }
    for code in &codes[..11] {
        app.send(pin_grant(code, PIN).bearer(&kiosk))
            .await
            .expect(200);
    }
    for number in 0..10 {
        let guess = pin_grant(&nobody(number), PIN).bearer(&kiosk);
        app.send(guess).await.expect(400);
    }

    let last = &codes[11];
    app.send(pin_grant(last, PIN).bearer(&kiosk))
        .await
        .expect(429);
    app.send(pin_grant(last, PIN).bearer(&gateway))
        .await
        .expect(200);
    app.send(pin_grant(last, PIN)).await.expect(200);
    assert_eq!(
        count(&mut app.database.connect(), "tenant_pin WHERE wrong > 0"),
        0
    );
}

#[actix_web::test]
async fn of_staff_sixty_wrong_names_are_tried() {
    let app = start().await;
    let guess = |number: i64| {
        sign_in(json!({
            "grant_type": "password", "username": format!("someone{number}"),
            "password": "correct horse battery", "otp": "000000",
        }))
    };
    for first in (0..60).step_by(15) {
        let guesses = (first..first + 15).map(|number| app.send(guess(number)));
        for answer in join_all(guesses).await {
            assert_eq!(answer.status, 400, "{:?}", answer.body);
        }
    }
    assert_eq!(app.send(guess(60)).await.status, 429);
    assert_eq!(app.send(guess(59)).await.status, 400);
}
