//! The keys by which payment channels' programs sign what they send.

use diesel::PgConnection;
use jsonwebtoken::{Algorithm, DecodingKey};
use uuid::Uuid;

use super::assertion::PublicKey;
use super::model::{ClientKind, EnrolmentState};
use super::store;
use crate::platform::db::DbError;

/// A payment channel's program, by its key.
pub struct ChannelKey {
    pub client: Uuid,
    /// Which key it is: its thumbprint (RFC 7638), base64url.
    pub thumbprint: String,
    algorithm: Algorithm,
    key: DecodingKey,
}

impl ChannelKey {
    /// The key, and the algorithm that is its own.
    #[must_use]
    pub fn by(&self) -> (Algorithm, &DecodingKey) {
        (self.algorithm, &self.key)
    }
}

/// The key of client `id`, when it is a payment channel's and in force.
pub fn channel_key(conn: &mut PgConnection, id: Uuid) -> Result<Option<ChannelKey>, DbError> {
    let client = store::clients::client(conn, id)?.filter(|client| {
        client.kind == ClientKind::PaymentChannel && client.state == EnrolmentState::Active
    });
    let key = client.and_then(|client| serde_json::from_value::<PublicKey>(client.public_key).ok());
    Ok(key.and_then(|public| {
        let (algorithm, key) = public.by()?;
        Some(ChannelKey {
            client: id,
            thumbprint: public.thumbprint()?,
            algorithm,
            key,
        })
    }))
}
