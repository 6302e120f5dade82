//! Who is calling, and what they may do.
//!
//! * A handler that takes an [`Authorized<P>`] cannot run without permission `P`; a handler
//!   that takes none is public, and the access test lists it by name.
//! * Which rows a caller may see is decided where the row is loaded, not here.
//! * Tokens are checked by [`Verifier`] and nowhere else.

mod keys;
mod verifier;

use std::future::{Ready, ready};
use std::marker::PhantomData;

use actix_web::dev::Payload;
use actix_web::http::header::AUTHORIZATION;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest};
use serde::{Deserialize, Serialize};

use crate::platform::http::problem::Problem;

pub use keys::{Jwk, Jwks, JwksError};
pub use verifier::{Claims, Issuer, Verifier};

/// Something a caller may be allowed to do.
pub trait Permission: 'static {
    /// Its name in a token's `scope`.
    const SCOPE: &'static str;
}

/// Declares the permissions of a slice.
macro_rules! permissions {
    ($($(#[$doc:meta])* $name:ident = $scope:literal;)*) => {$(
        $(#[$doc])*
        pub struct $name;
        impl crate::platform::auth::Permission for $name {
            const SCOPE: &'static str = $scope;
        }
    )*};
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

    /// The name recorded in the audit trail.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Proof that the caller holds permission `P`.
pub struct Authorized<P> {
    pub actor: Actor,
    permission: PhantomData<P>,
}

impl<P: Permission> FromRequest for Authorized<P> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(authorize(request, P::SCOPE).map(|actor| Self {
            actor,
            permission: PhantomData,
        }))
    }
}

fn authorize(request: &HttpRequest, scope: &str) -> Result<Actor, Problem> {
    let verifier = request.app_data::<Data<Verifier>>();
    let token = request
        .headers()
        .get(AUTHORIZATION)
        .and_then(|header| header.to_str().ok())
        .and_then(|header| header.strip_prefix("Bearer "));
    let claims = verifier
        .zip(token)
        .and_then(|(verifier, token)| verifier.claims(token))
        .ok_or_else(Problem::unauthenticated)?;
    if claims.scope.split(' ').any(|held| held == scope) {
        Ok(claims.sub.clone())
    } else {
        Err(Problem::forbidden())
    }
}
