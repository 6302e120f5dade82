//! What each way to sign in takes, in its order: limits, look-up, hashing, one transaction.

use std::time::Duration;

use actix_web::http::header::AUTHORIZATION;
use actix_web::{FromRequest, HttpRequest};
use uuid::Uuid;

use super::token::TokenIn;
use super::{MUST_CHANGE, OwnSession, REFUSED, SEVERAL, UNFIT, passkey_grants};
use crate::app::App;
use crate::kernel::tenant_code::TenantCode;
use crate::platform::auth::{Actor, Authorized, Permission};
use crate::platform::http::problem::Problem;
use crate::platform::limits::{Bucket, Rate};
use crate::platform::password::{Cost, Match, Remembered, TotpSeed, WrapperError};
use crate::platform::vault::{Unopenable, VaultError, record_unopenable};
use crate::sign_in::assertion::{self, PublicKey};
use crate::sign_in::commands::links::Chosen;
use crate::sign_in::commands::sessions::{self, Opened};
use crate::sign_in::commands::{keys, links, pins, staff};
use crate::sign_in::model::{Device, DeviceKind, EnrolmentState, SessionKind, SignInError};
use crate::sign_in::rules::session::lifetime;
use crate::sign_in::rules::staff::password_may_be;
use crate::sign_in::store;
use crate::sign_in::store::staff::StaffSecrets;

/// What came of asking. What is refused waits for the beat; other problems tell nothing.
pub(super) enum Grant {
    Opened(Opened),
    Refused(Problem),
}

/// How often one name may be tried; each factor's own lock is stricter on wrong guesses.
const ONE_NAME: Rate = Rate::new(10, Duration::from_secs(30));
/// How often one kiosk or gateway may ask, and all devices of one estate.
const ONE_DEVICE: Rate = Rate::new(30, Duration::from_secs(4));
const ONE_ESTATE: Rate = Rate::new(90, Duration::from_secs(1));
/// How often anyone may ask, at one replica or all that share: more is a flood.
pub(super) const EVERYONE: Rate = Rate::new(500, Duration::from_millis(20));
/// How many different names may be guessed at: at a kiosk, at a gateway that many telephone,
/// from anywhere else, and of staff. Who goes through many names makes one guess at each, and no
/// name's own lock would show it. A flood from anywhere does not close the kiosks.
const NAMES_AT_KIOSK: Rate = Rate::new(10, Duration::from_mins(6));
const NAMES_AT_GATEWAY: Rate = Rate::new(100, Duration::from_secs(12));
const NAMES_ANYWHERE: Rate = Rate::new(300, Duration::from_secs(12));
const NAMES_OF_STAFF: Rate = Rate::new(60, Duration::from_mins(1));
pub(super) const ONE_KEY: Rate = Rate::new(20, Duration::from_secs(3));

pub(super) async fn grant(
    app: &App,
    request: &HttpRequest,
    asked: TokenIn,
) -> Result<Grant, Problem> {
    match asked {
        TokenIn::Password {
            username,
            password,
            otp,
            new_password,
        } => {
            let sent = Sent {
                password,
                otp,
                new_password,
            };
            by_password(app, username, sent).await
        }
        TokenIn::Pin { tenant_code, pin } => by_pin(app, request, tenant_code, pin).await,
        TokenIn::AuthorizationCode {
            code,
            state,
            nonce,
            tenant_code,
        } => by_identity(app, (code, state, nonce), tenant_code).await,
        TokenIn::ClientCredentials {
            client_assertion_type,
            client_assertion,
        } => by_key(app, &client_assertion_type, client_assertion).await,
        TokenIn::RefreshToken { refresh_token } => by_refresh(app, refresh_token).await,
        TokenIn::StepUp { otp } => step_up(app, request, otp).await,
        TokenIn::Passkey {
            ceremony,
            credential,
        } => passkey_grants::sign_in(app, (ceremony, credential)).await,
        TokenIn::PasskeyStepUp {
            ceremony,
            credential,
        } => passkey_grants::step_up(app, request, (ceremony, credential)).await,
    }
}

impl Grant {
    fn is_refused(&self) -> bool {
        matches!(self, Self::Refused(_))
    }
}

fn refused() -> Problem {
    Problem::new(REFUSED).error("invalid_grant")
}

pub(super) fn opened(opened: Option<Opened>) -> Grant {
    opened.map_or_else(|| Grant::Refused(refused()), Grant::Opened)
}

/// What staff send.
struct Sent {
    password: Remembered,
    otp: Remembered,
    new_password: Option<Remembered>,
}

async fn by_password(app: &App, username: String, sent: Sent) -> Result<Grant, Problem> {
    let means = &app.sign_in;
    let name = username.to_lowercase();
    let buckets = vec![
        Bucket::of("staff", &name, ONE_NAME),
        Bucket::of("staff", "", EVERYONE),
    ];
    let names = Bucket::of_different("staff-names", "", &name, NAMES_OF_STAFF);
    let trying = try_password(app, name, sent);
    means.guess(buckets, names, trying, Grant::is_refused).await
}

async fn try_password(app: &App, name: String, sent: Sent) -> Result<Grant, Problem> {
    let means = &app.sign_in;
    if let Some(new) = &sent.new_password
        && let Err(why) = password_may_be(&name, new.reveal())
    {
        return Err(Problem::new(UNFIT).detail(why).error("invalid_request"));
    }
    let now = app.clock.now();
    let found = app.db.read(move |conn| {
        let secrets = store::staff::by_login(conn, &name)?;
        Ok::<_, SignInError>((secrets, store::cost(conn, "staff", now)?))
    });
    let (secrets, cost) = found.await?;
    let stored = secrets.as_ref().and_then(|one| one.password_hash.clone());
    let checked = means
        .hasher
        .check(sent.password.clone(), stored.clone(), cost)
        .await?;
    let Some(secrets) = secrets else {
        return Ok(Grant::Refused(refused()));
    };
    let rehashed = rehashed(app, checked, &sent, cost).await?;
    let tried = staff::Tried {
        hash: stored,
        right: checked != Match::No,
        step: step(app, &secrets, &sent.otp).await?,
        rehashed,
        changed: checked != Match::No && sent.new_password.is_some(),
    };
    let signed = app
        .db
        .write(move |conn| staff::sign_in(conn, secrets.id, tried, now));
    Ok(match signed.await? {
        staff::Outcome::Signed(opened) => Grant::Opened(*opened),
        staff::Outcome::Refused => Grant::Refused(refused()),
        staff::Outcome::MustChange => {
            Grant::Refused(Problem::new(MUST_CHANGE).error("password_change_required"))
        }
    })
}

/// What the password will be kept as, when it is changed or its hash is out of date.
async fn rehashed(
    app: &App,
    checked: Match,
    sent: &Sent,
    cost: Cost,
) -> Result<Option<String>, Problem> {
    let keep = match (checked, &sent.new_password) {
        (Match::No, _) | (Match::Yes, None) => return Ok(None),
        (_, Some(new)) => new,
        (Match::Outdated, None) => &sent.password,
    };
    Ok(Some(app.sign_in.hasher.hash(keep.clone(), cost).await?))
}

/// The step whose code was sent, if it is one now.
async fn step(app: &App, secrets: &StaffSecrets, otp: &Remembered) -> Result<Option<i64>, Problem> {
    let Some(wrapped) = &secrets.totp_seed else {
        return Ok(None);
    };
    let place = secrets.id.to_string();
    let seed = match app.sign_in.wrapper.open(&["totp_seed", &place], wrapped) {
        Ok(seed) => TotpSeed::from_bytes(seed),
        Err(WrapperError::Unopenable) => return Err(unopenable(app, secrets.id).await),
        Err(error) => return Err(SignInError::from(error).into()),
    };
    let now = app.clock.now().timestamp();
    Ok(seed.accepted(otp.reveal(), now, secrets.totp_step))
}

/// Counts and records that the seed of account `id` does not open, as for any sealed cell.
async fn unopenable(app: &App, id: Uuid) -> Problem {
    let what = Unopenable::Cell {
        table: "staff_account",
        column: "totp_seed",
        row: id,
    };
    app.vault.unopenable().inc();
    let actor = Actor::program("sign-in");
    match record_unopenable(&app.db, &actor, what, app.clock.now()).await {
        Ok(()) => VaultError::Unopenable(what).into(),
        Err(error) => error.into(),
    }
}

/// The kiosk or gateway at whose side a request comes: its token is beside the tenant's PIN.
async fn host(app: &App, request: &HttpRequest) -> Result<Option<Device>, Problem> {
    if !request.headers().contains_key(AUTHORIZATION) {
        return Ok(None);
    }
    let caller = Authorized::<OwnSession>::extract(request).await?;
    let id = caller.actor.as_str().strip_prefix("device:");
    let id: Option<Uuid> = id.and_then(|id| id.parse().ok());
    let id = id.ok_or_else(Problem::forbidden)?;
    let device = app.db.query(move |conn| store::devices::device(conn, id));
    match device.await? {
        Some(device) if device.kind != DeviceKind::Handheld => Ok(Some(device)),
        // An officer's handheld is not for tenants.
        _ => Err(Problem::forbidden()),
    }
}

async fn by_pin(
    app: &App,
    request: &HttpRequest,
    code: TenantCode,
    pin: Remembered,
) -> Result<Grant, Problem> {
    let means = &app.sign_in;
    let host = host(app, request).await?;
    let name = code.to_string();
    let mut buckets = vec![
        Bucket::of("pin", &name, ONE_NAME),
        Bucket::of("pin", "", EVERYONE),
    ];
    let names = match &host {
        None => Bucket::of_different("names", "", &name, NAMES_ANYWHERE),
        Some(device) => {
            let (id, estate) = (device.id.to_string(), device.estate_id.to_string());
            buckets.push(Bucket::of("device", &id, ONE_DEVICE));
            buckets.push(Bucket::of("estate", &estate, ONE_ESTATE));
            let rate = match device.kind {
                DeviceKind::Kiosk => NAMES_AT_KIOSK,
                _ => NAMES_AT_GATEWAY,
            };
            Bucket::of_different("names", &id, &name, rate)
        }
    };
    let trying = try_pin(app, host.map(|device| device.id), code, pin);
    means.guess(buckets, names, trying, Grant::is_refused).await
}

async fn try_pin(
    app: &App,
    device: Option<Uuid>,
    code: TenantCode,
    pin: Remembered,
) -> Result<Grant, Problem> {
    let means = &app.sign_in;
    let now = app.clock.now();
    let found = app.db.read(move |conn| {
        store::reach_all(conn)?;
        let kept = store::pins::of(conn, code)?;
        Ok::<_, SignInError>((kept, store::cost(conn, "pin", now)?))
    });
    let (kept, cost) = found.await?;
    let hash = kept.map(|kept| kept.hash);
    let checked = means.hasher.check(pin.clone(), hash.clone(), cost).await?;
    let rehashed = match checked {
        Match::Outdated => Some(means.hasher.hash(pin, cost).await?),
        Match::Yes | Match::No => None,
    };
    let tried = pins::Tried {
        hash,
        right: checked != Match::No,
        rehashed,
    };
    let signed = app
        .db
        .write(move |conn| pins::sign_in(conn, code, tried, device, now));
    Ok(opened(signed.await?))
}

async fn by_identity(
    app: &App,
    sent: (Remembered, Remembered, Remembered),
    household: Option<TenantCode>,
) -> Result<Grant, Problem> {
    let flood = vec![Bucket::of("identity", "", EVERYONE)];
    app.sign_in.take(flood).await?;
    let Some(identity) = super::links::arrived(app, sent).await? else {
        return Ok(Grant::Refused(refused()));
    };
    let now = app.clock.now();
    let signed = app
        .db
        .write(move |conn| links::sign_in(conn, identity, household, now));
    Ok(match signed.await? {
        Chosen::Signed(opened) => Grant::Opened(*opened),
        Chosen::Unknown => Grant::Refused(refused()),
        Chosen::Several => Grant::Refused(Problem::new(SEVERAL).error("invalid_request")),
    })
}

async fn by_key(app: &App, kind: &str, assertion: Remembered) -> Result<Grant, Problem> {
    let unknown = || Grant::Refused(Problem::new(REFUSED).error("invalid_client"));
    let bearer = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    let claimed = assertion::claimed(assertion.reveal()).filter(|_| kind == bearer);
    let Some((kind, holder)) = claimed else {
        return Ok(unknown());
    };
    app.sign_in
        .take(vec![
            Bucket::of("key", &holder.to_string(), ONE_KEY),
            Bucket::of("key", "", EVERYONE),
        ])
        .await?;
    let kept = app.db.read(move |conn| match kind {
        SessionKind::Device => Ok(store::devices::device(conn, holder)?
            .filter(|device| device.state == EnrolmentState::Active)
            .and_then(|device| device.public_key)),
        _ => Ok::<_, SignInError>(
            store::clients::client(conn, holder)?
                .filter(|client| client.state == EnrolmentState::Active)
                .map(|client| client.public_key),
        ),
    });
    let key = kept.await?.map(serde_json::from_value::<PublicKey>);
    let Some(key) = key.transpose().map_err(Problem::internal)? else {
        return Ok(unknown());
    };
    let (now, audience) = (app.clock.now(), app.sign_in.issuer.issuer.clone());
    let Some(asserted) = assertion::checked(assertion.reveal(), &key, &audience, now) else {
        return Ok(unknown());
    };
    let signed = app
        .db
        .write(move |conn| keys::sign_in(conn, &asserted, now))
        .await?;
    Ok(signed.map_or_else(unknown, Grant::Opened))
}

async fn by_refresh(app: &App, token: Remembered) -> Result<Grant, Problem> {
    let (hash, now) = (token.digest(), app.clock.now());
    let refreshed = app
        .db
        .write(move |conn| sessions::refresh(conn, hash, now))
        .await?;
    Ok(opened(refreshed))
}

async fn step_up(app: &App, request: &HttpRequest, otp: Remembered) -> Result<Grant, Problem> {
    let caller = Authorized::<OwnSession>::extract(request).await?;
    let Some(id) = caller.session else {
        return Err(Problem::forbidden());
    };
    let guessed = Bucket::of(OwnSession::SCOPE, &id.to_string(), ONE_NAME);
    app.sign_in.take(vec![guessed]).await?;
    let session = app.db.query(move |conn| store::sessions::session(conn, id));
    let session = session.await?.ok_or_else(Problem::unauthenticated)?;
    if session.kind != SessionKind::Staff {
        return Err(Problem::forbidden());
    }
    let (holder, now) = (session.principal, app.clock.now());
    let secrets = app
        .db
        .query(move |conn| store::staff::secrets(conn, holder))
        .await?
        .ok_or_else(Problem::unauthenticated)?;
    let step = step(app, &secrets, &otp).await?;
    let proven = app.db.write(move |conn| {
        if !staff::prove(conn, holder, step, now)? {
            return Ok::<_, SignInError>(None);
        }
        sessions::step_up(conn, &session, now)?;
        Ok(Some(Opened {
            access: lifetime(session.kind, false).access,
            session,
            refresh: None,
        }))
    });
    Ok(opened(proven.await?))
}
