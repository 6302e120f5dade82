//! Devices and clients: added, enrolled, approved by a second person, suspended, lost.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::PgConnection;
use uuid::Uuid;

use super::end_all;
use super::sessions::{Arrival, Opened, open};
use crate::kernel::id::EstateId;
use crate::kernel::reach::Reach;
use crate::platform::audit;
use crate::platform::auth::Actor;
use crate::platform::crypto::Digest;
use crate::sign_in::model::{
    Client, ClientKind, Device, DeviceKind, EnrolmentState, KeyChange, SessionKind, SignInError,
};
use crate::sign_in::rules::key::{change, may_enrol};
use crate::sign_in::store::{clients, devices, use_assertion};

/// How long an enrolment code is good for.
const CODE: TimeDelta = TimeDelta::minutes(10);

/// Adds a device; it has no key until it is enrolled.
pub fn add_device(
    conn: &mut PgConnection,
    actor: &Actor,
    reach: &Reach,
    (kind, estate): (DeviceKind, EstateId),
    now: DateTime<Utc>,
) -> Result<Device, SignInError> {
    if !reach.takes_in(estate) {
        return Err(SignInError::NoSuchEstate);
    }
    let device = Device {
        id: Uuid::now_v7(),
        kind,
        estate_id: estate,
        state: EnrolmentState::Pending,
        public_key: None,
        code_hash: None,
        code_until: None,
        created_by: actor.as_str().to_owned(),
        created_at: now,
        approved_by: None,
        approved_at: None,
        version: 1,
    };
    devices::add(conn, &device)?;
    audit::record(conn, actor, "device.added", &device.id, now)?;
    Ok(device)
}

/// Gives device `id` the enrolment code with `hash`, instead of any before.
pub fn issue_code(
    conn: &mut PgConnection,
    actor: &Actor,
    reach: &Reach,
    (id, hash): (Uuid, Digest),
    now: DateTime<Utc>,
) -> Result<(), SignInError> {
    let device = held(conn, reach, id)?;
    may_enrol(device.state, device.public_key.is_some())?;
    let issued = Device {
        code_hash: Some(hash.to_vec()),
        code_until: Some(now + CODE),
        version: device.version.saturating_add(1),
        ..device
    };
    devices::save(conn, &issued)?;
    audit::record(conn, actor, "device.code_issued", &id, now)?;
    Ok(())
}

/// Takes the key of the device that holds the code with `hash`; none when the code is not good.
pub fn enrol(
    conn: &mut PgConnection,
    hash: Digest,
    key: serde_json::Value,
    now: DateTime<Utc>,
) -> Result<Option<Device>, SignInError> {
    let device = devices::lock_by_code(conn, hash)?
        .filter(|device| device.code_until.is_some_and(|until| now < until));
    let Some(device) = device else {
        return Ok(None);
    };
    may_enrol(device.state, device.public_key.is_some())?;
    let enrolled = Device {
        public_key: Some(key),
        code_hash: None,
        code_until: None,
        version: device.version.saturating_add(1),
        ..device
    };
    devices::save(conn, &enrolled)?;
    let actor = Actor::named(&format!("device:{}", enrolled.id));
    audit::record(conn, &actor, "device.enrolled", &enrolled.id, now)?;
    Ok(Some(enrolled))
}

/// Approves, suspends or gives up device `id`; `version` is what the caller read.
pub fn change_device(
    conn: &mut PgConnection,
    actor: &Actor,
    reach: &Reach,
    (id, version, wanted): (Uuid, i32, KeyChange),
    now: DateTime<Utc>,
) -> Result<Device, SignInError> {
    let device = held(conn, reach, id)?;
    if device.version != version {
        return Err(SignInError::Stale);
    }
    let ready = device.public_key.is_some();
    let state = change(device.state, wanted, ready)?;
    let (approved_by, approved_at) = match wanted {
        KeyChange::Approve => approval(&device.created_by, actor, now)?,
        _ => (device.approved_by, device.approved_at),
    };
    let changed = Device {
        state,
        approved_by,
        approved_at,
        version: device.version.saturating_add(1),
        ..device
    };
    devices::save(conn, &changed)?;
    audit::record(conn, actor, action("device", wanted), &id, now)?;
    end_all(conn, id, now)?;
    Ok(changed)
}

fn held(conn: &mut PgConnection, reach: &Reach, id: Uuid) -> Result<Device, SignInError> {
    devices::lock(conn, id)?
        .filter(|device| reach.takes_in(device.estate_id))
        .ok_or(SignInError::NotFound)
}

/// Who approved and when, if they may.
fn approval(
    created_by: &str,
    actor: &Actor,
    now: DateTime<Utc>,
) -> Result<(Option<String>, Option<DateTime<Utc>>), SignInError> {
    if created_by == actor.as_str() {
        return Err(SignInError::FourEyes);
    }
    Ok((Some(actor.as_str().to_owned()), Some(now)))
}

fn action(of: &'static str, wanted: KeyChange) -> &'static str {
    match (of, wanted) {
        ("device", KeyChange::Approve) => "device.approved",
        ("device", KeyChange::Suspend) => "device.suspended",
        ("device", KeyChange::Lost) => "device.lost",
        ("device", KeyChange::Retire) => "device.retired",
        (_, KeyChange::Approve) => "client.approved",
        (_, KeyChange::Suspend) => "client.suspended",
        (_, KeyChange::Lost) => "client.key_lost",
        (_, KeyChange::Retire) => "client.retired",
    }
}

/// A client to add.
pub struct NewClient {
    pub kind: ClientKind,
    pub name: String,
    /// Absent: everywhere.
    pub estates: Option<Vec<EstateId>>,
    pub public_key: serde_json::Value,
}

/// Adds a client; its key opens nothing until someone else approves it.
pub fn add_client(
    conn: &mut PgConnection,
    actor: &Actor,
    new: NewClient,
    now: DateTime<Utc>,
) -> Result<Client, SignInError> {
    let estates = new.estates;
    let client = Client {
        id: Uuid::now_v7(),
        kind: new.kind,
        name: new.name,
        estates: estates.map(|estates| estates.into_iter().map(EstateId::as_uuid).collect()),
        state: EnrolmentState::Pending,
        public_key: new.public_key,
        created_by: actor.as_str().to_owned(),
        created_at: now,
        approved_by: None,
        approved_at: None,
        version: 1,
    };
    clients::add(conn, &client)?;
    audit::record(conn, actor, "client.added", &client.id, now)?;
    Ok(client)
}

/// Approves, suspends or gives up client `id`; `version` is what the caller read.
pub fn change_client(
    conn: &mut PgConnection,
    actor: &Actor,
    (id, version, wanted): (Uuid, i32, KeyChange),
    now: DateTime<Utc>,
) -> Result<Client, SignInError> {
    let client = clients::lock(conn, id)?.ok_or(SignInError::NotFound)?;
    if client.version != version {
        return Err(SignInError::Stale);
    }
    let state = change(client.state, wanted, true)?;
    let (approved_by, approved_at) = match wanted {
        KeyChange::Approve => approval(&client.created_by, actor, now)?,
        _ => (client.approved_by, client.approved_at),
    };
    let changed = Client {
        // A client whose key was lost gets a new entry: a key is never changed in place.
        state: if state == EnrolmentState::Lost {
            EnrolmentState::Retired
        } else {
            state
        },
        approved_by,
        approved_at,
        version: client.version.saturating_add(1),
        ..client
    };
    clients::save(conn, &changed)?;
    audit::record(conn, actor, action("client", wanted), &id, now)?;
    end_all(conn, id, now)?;
    Ok(changed)
}

/// An assertion by which a device or client signs in, as it was checked.
pub struct Asserted {
    pub kind: SessionKind,
    pub holder: Uuid,
    pub jti: String,
    pub expires: DateTime<Utc>,
}

/// Signs a device or client in; none when it may not work or the assertion was used before.
pub fn sign_in(
    conn: &mut PgConnection,
    asserted: &Asserted,
    now: DateTime<Utc>,
) -> Result<Option<Opened>, SignInError> {
    let state = match asserted.kind {
        SessionKind::Device => devices::lock(conn, asserted.holder)?.map(|device| device.state),
        SessionKind::Client => clients::lock(conn, asserted.holder)?.map(|client| client.state),
        SessionKind::Staff | SessionKind::Pin | SessionKind::Link => None,
    };
    if state != Some(EnrolmentState::Active) {
        return Ok(None);
    }
    if !use_assertion(conn, asserted.holder, &asserted.jti, asserted.expires)? {
        return Ok(None);
    }
    let arrival = Arrival {
        kind: asserted.kind,
        principal: asserted.holder,
        household: None,
        device: None,
        amr: &["swk"],
        passkey: None,
    };
    open(conn, &arrival, now).map(Some)
}
