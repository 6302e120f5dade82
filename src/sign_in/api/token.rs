//! The token endpoint, in OAuth 2's shape (RFC 6749, 7009, 7523).

use actix_web::http::header::CONTENT_TYPE;
use actix_web::web::{Bytes, Data, Query};
use actix_web::{HttpRequest, HttpResponse, post};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use webauthn_rs::prelude::PublicKeyCredential;

use super::grants::{self, Grant};
use crate::app::App;
use crate::kernel::tenant_code::TenantCode;
use crate::platform::auth::SessionClaims;
use crate::platform::http::problem::Problem;
use crate::platform::password::Remembered;
use crate::sign_in::commands::sessions::{self as commands, Opened};
use crate::sign_in::rules::session::assurance;

/// What one signs in with.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(tag = "grant_type", deny_unknown_fields)]
pub(super) enum TokenIn {
    /// Staff.
    #[serde(rename = "password")]
    Password {
        #[schema(max_length = 64)]
        username: String,
        password: Remembered,
        /// The code that the authenticator shows.
        otp: Remembered,
        /// Needed when the password was for once; changes it at any time.
        #[serde(default)]
        new_password: Option<Remembered>,
    },
    /// A tenant, by PIN; at a kiosk or on the telephone with the device's own token beside it.
    #[serde(rename = "pin")]
    Pin {
        tenant_code: TenantCode,
        pin: Remembered,
    },
    /// A tenant or delegate, back from iAM Smart.
    #[serde(rename = "authorization_code")]
    AuthorizationCode {
        code: Remembered,
        state: Remembered,
        /// What was given with the state; it was never in a URL.
        nonce: Remembered,
        /// Needed when the identity acts for several.
        #[serde(default)]
        tenant_code: Option<TenantCode>,
    },
    /// A device, contractor or payment channel, by its key.
    #[serde(rename = "client_credentials")]
    ClientCredentials {
        #[schema(pattern = "^urn:ietf:params:oauth:client-assertion-type:jwt-bearer$")]
        client_assertion_type: String,
        client_assertion: Remembered,
    },
    #[serde(rename = "refresh_token")]
    RefreshToken { refresh_token: Remembered },
    /// Staff who are signed in, before something sensitive.
    #[serde(rename = "urn:kaifong:step-up")]
    StepUp { otp: Remembered },
    /// Anyone, by a passkey. JSON only.
    #[serde(rename = "urn:kaifong:passkey")]
    Passkey {
        /// The ceremony begun at `/v1/auth/passkey-sign-in`.
        ceremony: Remembered,
        /// What `navigator.credentials.get` gave, `toJSON()`.
        #[schema(value_type = Object)]
        credential: Box<PublicKeyCredential>,
    },
    /// Anyone who is signed in and has a passkey, before something sensitive. JSON only.
    #[serde(rename = "urn:kaifong:passkey-step-up")]
    PasskeyStepUp {
        /// The ceremony begun at `/v1/auth/passkey-step-up`.
        ceremony: Remembered,
        #[schema(value_type = Object)]
        credential: Box<PublicKeyCredential>,
    },
}

/// What one is given.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TokenOut {
    access_token: String,
    /// Always `Bearer`.
    token_type: &'static str,
    /// In seconds.
    expires_in: i64,
    /// To be changed for new tokens, once; absent where one signs in anew instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
    session: Uuid,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RevokeIn {
    /// A refresh token.
    token: Remembered,
}

/// Sign in, refresh, or prove again who you are.
///
/// JSON or a form. Wrong name, wrong secret and closed factor are answered alike.
#[utoipa::path(
    tag = "sign-in",
    request_body(content(
        (TokenIn = "application/json"),
        (TokenIn = "application/x-www-form-urlencoded"),
    )),
    responses(
        (status = 200, body = TokenOut),
        (status = "4XX", body = Problem),
        (status = 503, body = Problem),
    ),
)]
#[post("/auth/token")]
pub(super) async fn issue_token(
    app: Data<App>,
    request: HttpRequest,
    body: Bytes,
) -> Result<HttpResponse, Problem> {
    let asked: TokenIn = read(&request, &body, app.body_limit)?;
    let beat = app.sign_in.beat();
    let granted = grants::grant(&app, &request, asked).await;
    match granted {
        Ok(Grant::Opened(opened)) => token(&app, opened).map(|out| HttpResponse::Ok().json(out)),
        Ok(Grant::Refused(problem)) => {
            beat.wait().await;
            Err(problem)
        }
        Err(problem) => Err(problem),
    }
}

/// End the session that a refresh token belongs to.
///
/// Also answers 200 when there is none: there is nothing left to end.
#[utoipa::path(
    tag = "sign-in",
    request_body(content(
        (RevokeIn = "application/json"),
        (RevokeIn = "application/x-www-form-urlencoded"),
    )),
    responses((status = 200), (status = "4XX", body = Problem)),
)]
#[post("/auth/revoke")]
pub(super) async fn revoke_token(
    app: Data<App>,
    request: HttpRequest,
    body: Bytes,
) -> Result<HttpResponse, Problem> {
    let RevokeIn { token } = read(&request, &body, app.body_limit)?;
    let (hash, now) = (token.digest(), app.clock.now());
    app.db
        .write(move |conn| commands::revoke(conn, hash, now))
        .await?;
    Ok(HttpResponse::Ok().finish())
}

/// Reads JSON or a form. What was wrong with it is not repeated: it may hold a secret.
fn read<T: DeserializeOwned>(
    request: &HttpRequest,
    body: &Bytes,
    limit: usize,
) -> Result<T, Problem> {
    let unreadable = || {
        Problem::malformed(&"the fields are not those of a known grant_type")
            .error("invalid_request")
    };
    if body.len() > limit {
        return Err(Problem::too_large());
    }
    let kind = request
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok())
        .map(|kind| kind.split(';').next().unwrap_or_default().trim());
    match kind {
        Some("application/json") => serde_json::from_slice(body).map_err(|_| unreadable()),
        Some("application/x-www-form-urlencoded") => {
            let text = std::str::from_utf8(body).map_err(|_| unreadable())?;
            Query::<T>::from_query(text)
                .map(Query::into_inner)
                .map_err(|_| unreadable())
        }
        _ => Err(Problem::media_type()),
    }
}

/// The tokens of a session.
fn token(app: &App, opened: Opened) -> Result<TokenOut, Problem> {
    let means = &app.sign_in;
    let session = &opened.session;
    let now = app.clock.now().timestamp();
    let subject = session.subject();
    let claims = SessionClaims {
        sub: &subject,
        sid: session.id,
        acr: assurance(&session.amr),
        amr: &session.amr,
    };
    let access_token = means
        .issuer
        .mint_for_session(&means.signing, &claims, now, opened.access)
        .map_err(Problem::internal)?;
    Ok(TokenOut {
        access_token,
        token_type: "Bearer",
        expires_in: opened.access,
        refresh_token: opened.refresh.map(|secret| secret.reveal().to_owned()),
        session: session.id,
    })
}
