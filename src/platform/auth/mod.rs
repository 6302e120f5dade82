//! Who is calling, and what they may do.
//!
//! * A handler that takes an [`Authorized<P>`] cannot run without permission `P`; a handler
//!   that takes none is public, and the access test lists it by name.
//! * A token says who calls, not what they may do: that is the caller's [`Standing`], asked on
//!   every request, so that a role, posting or session that ends takes effect at once.
//! * Which rows a caller may see is decided where the row is loaded, by its [`Reach`].
//! * Tokens are checked by [`Verifier`] and nowhere else.

mod gate;
pub mod jws;
mod keys;
mod ring;
pub mod signed_file;
pub mod signed_request;
mod verifier;

use std::marker::PhantomData;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use futures_util::future::LocalBoxFuture;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::kernel::reach::Reach;
use crate::platform::http::problem::Problem;

pub use gate::{Gate, Standing, Standings};
pub use keys::{Jwk, Jwks, JwksError};
pub use ring::KeyRing;
pub use verifier::{Claims, Issuer, SessionClaims, Verifier};

/// Something a caller may be allowed to do.
pub trait Permission: 'static {
    /// Its name: in the access table and in an operator's token.
    const SCOPE: &'static str;
    /// Whether it is of use only to whoever reaches every row: work of the whole Authority,
    /// bound to no estate.
    const EVERYWHERE: bool = false;
    /// Whether the caller must have proven who they are within the last minutes.
    const FRESH: bool = false;
}

/// Declares the permissions of a slice: those held `everywhere` or not at all, those that are
/// `fresh`.
macro_rules! permissions {
    ($($(#[$doc:meta])* $name:ident = $scope:literal $($demand:ident)*;)*) => {$(
        $(#[$doc])*
        pub struct $name;
        impl crate::platform::auth::Permission for $name {
            const SCOPE: &'static str = $scope;
            $(crate::platform::auth::permissions!(@ $demand);)*
        }
    )*};
    (@ everywhere) => { const EVERYWHERE: bool = true; };
    (@ fresh) => { const FRESH: bool = true; };
}

pub(crate) use permissions;

/// The subject of a token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor(String);

impl Actor {
    /// This program, acting by itself.
    #[must_use]
    pub fn program(part: &str) -> Self {
        Self(format!("kaifong:{part}"))
    }

    /// Whoever signs in as `subject`.
    #[must_use]
    pub fn named(subject: &str) -> Self {
        Self(subject.to_owned())
    }

    /// The program that client `id` is.
    #[must_use]
    pub fn of_client(id: Uuid) -> Self {
        Self(format!("client:{id}"))
    }

    /// Which client's program it is, if it is one.
    #[must_use]
    pub fn client(&self) -> Option<Uuid> {
        self.0.strip_prefix("client:")?.parse().ok()
    }

    /// The name recorded in the audit trail.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Proof that the caller holds permission `P`, and over which rows.
pub struct Authorized<P> {
    pub actor: Actor,
    /// The rows that the permission extends to.
    pub reach: Reach,
    /// The session; an operator's token has none.
    pub session: Option<Uuid>,
    permission: PhantomData<P>,
}

impl<P: Permission> FromRequest for Authorized<P> {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let admitted = gate::admit::<P>(request);
        Box::pin(async move {
            let (actor, reach, session) = admitted.await?;
            Ok(Self {
                actor,
                reach,
                session,
                permission: PhantomData,
            })
        })
    }
}
