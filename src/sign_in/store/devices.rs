//! Kiosks, gateways and handhelds.

use diesel::prelude::*;
use uuid::Uuid;

use crate::kernel::id::EstateId;
use crate::kernel::reach::Reach;
use crate::platform::crypto::Digest;
use crate::platform::db::DbError;
use crate::platform::db::schema::device as table;
use crate::sign_in::model::{Device, SignInError};

/// Adds a device.
pub fn add(conn: &mut PgConnection, new: &Device) -> Result<(), SignInError> {
    let added = diesel::insert_into(table::table).values(new).execute(conn);
    added.map(|_| ()).map_err(|error| {
        let error = DbError::from(error);
        match error.constraint() {
            Some("device_estate_id_fkey") => SignInError::NoSuchEstate,
            _ => error.into(),
        }
    })
}

/// Device `id`.
pub fn device(conn: &mut PgConnection, id: Uuid) -> Result<Option<Device>, DbError> {
    Ok(table::table
        .find(id)
        .select(Device::as_select())
        .first(conn)
        .optional()?)
}

/// Device `id`, locked until the transaction ends.
pub fn lock(conn: &mut PgConnection, id: Uuid) -> Result<Option<Device>, DbError> {
    Ok(table::table
        .find(id)
        .select(Device::as_select())
        .for_update()
        .first(conn)
        .optional()?)
}

/// The device that the enrolment code with `hash` is for, locked until the transaction ends.
pub fn lock_by_code(conn: &mut PgConnection, hash: Digest) -> Result<Option<Device>, DbError> {
    Ok(table::table
        .filter(table::code_hash.eq(hash.to_vec()))
        .select(Device::as_select())
        .for_update()
        .first(conn)
        .optional()?)
}

/// Saves what may change of a device.
pub fn save(conn: &mut PgConnection, device: &Device) -> Result<(), DbError> {
    diesel::update(table::table.find(device.id))
        .set((
            table::state.eq(device.state),
            table::public_key.eq(&device.public_key),
            table::code_hash.eq(&device.code_hash),
            table::code_until.eq(device.code_until),
            table::approved_by.eq(&device.approved_by),
            table::approved_at.eq(device.approved_at),
            table::version.eq(device.version),
        ))
        .execute(conn)?;
    Ok(())
}

/// Up to `rows` devices within `reach`, by estate, after `after`.
pub fn list(
    conn: &mut PgConnection,
    reach: &Reach,
    after: Option<(EstateId, Uuid)>,
    rows: i64,
) -> Result<Vec<Device>, DbError> {
    let mut query = table::table
        .order((table::estate_id, table::id))
        .limit(rows)
        .select(Device::as_select())
        .into_boxed();
    match reach {
        Reach::Everywhere => {}
        Reach::Estates(estates) => {
            query = query.filter(table::estate_id.eq_any(estates.iter().copied()));
        }
        Reach::Household(_) | Reach::Person(_) => return Ok(Vec::new()),
    }
    if let Some((estate, id)) = after {
        let later = table::estate_id.eq(estate).and(table::id.gt(id));
        query = query.filter(table::estate_id.gt(estate).or(later));
    }
    Ok(query.load(conn)?)
}
