//! One credential for each kind of caller, for a demo: ready to be posted to the token
//! endpoint. Not for service: it makes what elsewhere takes two persons.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use diesel::PgConnection;
use serde_json::{Value, json};
use uuid::Uuid;

use super::bootstrap::{Posting, issue};
use super::commands::{keys, pins};
use super::model::{ClientKind, DeviceKind, KeyChange, SignInError};
use super::rules::staff::STAFF_ROLES;
use super::store::{self, reach_all};
use crate::kernel::id::EstateId;
use crate::kernel::reach::Reach;
use crate::kernel::role::Role;
use crate::kernel::tenant_code::TenantCode;
use crate::platform::auth::Actor;
use crate::platform::crypto::{KeyError, SigningKey};
use crate::platform::db::transact;
use crate::platform::password::{Remembered, Wrapper, hash_now};

/// A kind of caller and how it signs in.
pub struct Credential {
    pub role: Role,
    /// What is posted to the token endpoint; good for some minutes where it holds a code or
    /// an assertion.
    pub grant: Value,
    /// What an authenticator app is given, for staff.
    pub totp_uri: Option<String>,
    /// With what a client signs its requests.
    pub signer: Option<Signer>,
}

/// Who signs requests, and by what key.
pub struct Signer {
    /// The id of the client.
    pub client: String,
    pub key: SigningKey,
}

/// Where and for whom the demo is played.
pub struct Stage<'a> {
    pub estate: EstateId,
    pub household: TenantCode,
    /// The issuer that assertions name as their audience.
    pub audience: &'a str,
    pub wrapper: &'a Wrapper,
}

const PASSWORD: &str = "demo password, not secret";
const PIN: &str = "481516";

/// Makes a credential for each kind of caller; `suffix` tells one demo's logins from another's.
pub fn demo(
    conn: &mut PgConnection,
    stage: &Stage<'_>,
    suffix: &str,
    now: DateTime<Utc>,
) -> Result<Vec<Credential>, SignInError> {
    let (asks, approves) = (&Actor::program("demo"), &Actor::program("demo-approver"));
    let mut made = Vec::new();
    for role in STAFF_ROLES {
        let login = format!("{}.{suffix}", role.as_str().replace('_', "-"));
        let posted = matches!(role, Role::EstateOfficer | Role::EstateManager);
        let posting = Posting {
            role,
            estates: posted.then(|| vec![stage.estate]),
        };
        let password = remembered(PASSWORD)?;
        let by = [asks, approves];
        let (seed, uri) = issue(conn, stage.wrapper, by, (&login, posting, password), now)?;
        let otp = seed.code(now.timestamp().div_euclid(30));
        made.push(Credential {
            role,
            grant: json!({
                "grant_type": "password", "username": login, "password": PASSWORD, "otp": otp,
            }),
            totp_uri: Some(uri),
            signer: None,
        });
    }
    let hash = hash_now(&remembered(PIN)?, store::cost(conn, "pin", now)?)?;
    transact(conn, |conn| {
        reach_all(conn)?;
        pins::set(conn, asks, stage.household, &hash, now)
    })?;
    made.push(Credential {
        role: Role::Tenant,
        grant: json!({ "grant_type": "pin", "tenant_code": stage.household, "pin": PIN }),
        totp_uri: None,
        signer: None,
    });
    for kind in [
        DeviceKind::Kiosk,
        DeviceKind::IvrGateway,
        DeviceKind::Handheld,
    ] {
        made.push(device(conn, stage, [asks, approves], kind, now)?);
    }
    for kind in [ClientKind::Contractor, ClientKind::PaymentChannel] {
        made.push(client(conn, stage, [asks, approves], kind, now)?);
    }
    Ok(made)
}

fn remembered(text: &str) -> Result<Remembered, SignInError> {
    Remembered::try_from(text.to_owned()).map_err(SignInError::Unfit)
}

fn key() -> Result<(SigningKey, Value), SignInError> {
    let broken = |_: KeyError| SignInError::Unfit("a key cannot be made");
    let key = SigningKey::generate().map_err(broken)?;
    let x = URL_SAFE_NO_PAD.encode(key.public());
    Ok((key, json!({ "kty": "OKP", "crv": "Ed25519", "x": x })))
}

fn device(
    conn: &mut PgConnection,
    stage: &Stage<'_>,
    [asks, approves]: [&Actor; 2],
    kind: DeviceKind,
    now: DateTime<Utc>,
) -> Result<Credential, SignInError> {
    let (key, public) = key()?;
    let everywhere = &Reach::Everywhere;
    let device = keys::add_device(conn, asks, everywhere, (kind, stage.estate), now)?;
    let code = crate::platform::password::Secret::fresh()?.digest();
    keys::issue_code(conn, asks, everywhere, (device.id, code), now)?;
    let enrolled = keys::enrol(conn, code, public, now)?.ok_or(SignInError::NotFound)?;
    let change = (device.id, enrolled.version, KeyChange::Approve);
    keys::change_device(conn, approves, everywhere, change, now)?;
    let name = format!("device:{}", device.id);
    Ok(Credential {
        role: kind.into(),
        grant: assertion(&key, &name, stage.audience, now),
        totp_uri: None,
        signer: None,
    })
}

fn client(
    conn: &mut PgConnection,
    stage: &Stage<'_>,
    [asks, approves]: [&Actor; 2],
    kind: ClientKind,
    now: DateTime<Utc>,
) -> Result<Credential, SignInError> {
    let (key, public_key) = key()?;
    let new = keys::NewClient {
        kind,
        name: format!("Demo {kind}"),
        estates: None,
        public_key,
    };
    let client = keys::add_client(conn, asks, new, now)?;
    let change = (client.id, client.version, KeyChange::Approve);
    keys::change_client(conn, approves, change, now)?;
    let name = format!("client:{}", client.id);
    Ok(Credential {
        role: kind.into(),
        grant: assertion(&key, &name, stage.audience, now),
        totp_uri: None,
        signer: Some(Signer {
            client: client.id.to_string(),
            key,
        }),
    })
}

/// An assertion by which `name` signs in once, within five minutes.
fn assertion(key: &SigningKey, name: &str, audience: &str, now: DateTime<Utc>) -> Value {
    let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let made = now.timestamp();
    let header = part(json!({ "alg": "EdDSA", "typ": "JWT" }));
    let claims = part(json!({
        "iss": name, "sub": name, "aud": audience, "jti": Uuid::new_v4(),
        "iat": made, "exp": made + 300,
    }));
    let message = format!("{header}.{claims}");
    let signature = URL_SAFE_NO_PAD.encode(key.sign(message.as_bytes()));
    json!({
        "grant_type": "client_credentials",
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": format!("{message}.{signature}"),
    })
}
