//! What it takes to sign in by a passkey, and to prove again by one who one is.

use actix_web::{FromRequest, HttpRequest};
use webauthn_rs::prelude::PublicKeyCredential;

use super::OwnSession;
use super::grants::{EVERYONE, Grant, ONE_KEY, opened};
use super::passkeys::signed_in;
use crate::app::App;
use crate::platform::auth::Authorized;
use crate::platform::crypto::hex;
use crate::platform::http::problem::Problem;
use crate::platform::limits::Bucket;
use crate::platform::password::Remembered;
use crate::sign_in::commands::passkeys::{self, Answer};

/// What a browser sends: the handle of what was asked, and the authenticator's answer.
pub(super) type Sent = (Remembered, Box<PublicKeyCredential>);

pub(super) async fn sign_in(app: &App, sent: Sent) -> Result<Grant, Problem> {
    let answer = answer(app, sent).await?;
    let (party, now) = (app.sign_in.relying_party.clone(), app.clock.now());
    let signed = app
        .db
        .write(move |conn| passkeys::sign_in(conn, &party, &answer, now));
    Ok(opened(signed.await?))
}

pub(super) async fn step_up(
    app: &App,
    request: &HttpRequest,
    sent: Sent,
) -> Result<Grant, Problem> {
    let caller = Authorized::<OwnSession>::extract(request).await?;
    let session = signed_in(app, caller.session).await?;
    let answer = answer(app, sent).await?;
    let (party, now) = (app.sign_in.relying_party.clone(), app.clock.now());
    let proven = app
        .db
        .write(move |conn| passkeys::step_up(conn, &party, (session, &answer), now));
    Ok(opened(proven.await?))
}

async fn answer(app: &App, (ceremony, credential): Sent) -> Result<Answer, Problem> {
    let id = hex(credential.get_credential_id());
    app.sign_in
        .take(vec![
            Bucket::of("passkey", &id, ONE_KEY),
            Bucket::of("passkey", "", EVERYONE),
        ])
        .await?;
    Ok(Answer {
        handle: ceremony.digest(),
        credential,
    })
}
