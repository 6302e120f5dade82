//! The gate every request with a token passes.
//!
//! A session's token is worth what its session is worth at this moment. An operator's token
//! carries its scopes itself and reaches everywhere: it is for development, tests and jobs of
//! the operator's own, and the gate takes it only where it was told to.

use std::collections::BTreeMap;
use std::sync::Arc;

use actix_web::HttpRequest;
use actix_web::http::header::AUTHORIZATION;
use actix_web::web::Data;
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::LocalBoxFuture;
use uuid::Uuid;

use super::{Actor, Claims, Permission, Verifier};
use crate::kernel::reach::Reach;
use crate::platform::http::problem::{Kind, Problem};

const STEP_UP: Kind = Kind::new(
    "step-up-required",
    403,
    "Prove again who you are to do this",
);

/// How long a proof of identity serves for what is sensitive.
const FRESH_FOR: TimeDelta = TimeDelta::minutes(5);

/// What a caller may do at this moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    pub actor: Actor,
    pub session: Uuid,
    /// Every scope held, and the rows it extends to.
    pub grants: BTreeMap<&'static str, Reach>,
    /// When the caller last proved who they are.
    pub proven_at: DateTime<Utc>,
}

/// Who knows the sessions.
pub trait Standings: Send + Sync {
    /// The standing of the session that `claims` name; none when it has ended.
    fn of(
        &self,
        claims: &Claims,
    ) -> LocalBoxFuture<'static, Result<Option<Arc<Standing>>, Problem>>;
}

/// Where callers are let in.
pub struct Gate {
    pub verifier: Verifier,
    pub standings: Arc<dyn Standings>,
    /// Whether operators' tokens are taken.
    pub operators: bool,
}

/// Who is let in, over which rows, in which session.
type Admitted = (Actor, Reach, Option<Uuid>);

/// Lets the caller of `request` in if they hold `P`.
pub(super) fn admit<P: Permission>(
    request: &HttpRequest,
) -> LocalBoxFuture<'static, Result<Admitted, Problem>> {
    let gate = request.app_data::<Data<Gate>>().cloned();
    let token = request
        .headers()
        .get(AUTHORIZATION)
        .and_then(|header| header.to_str().ok())
        .and_then(|header| header.strip_prefix("Bearer "));
    let known = gate
        .zip(token)
        .and_then(|(gate, token)| Some((gate.verifier.claims(token)?, gate)));
    Box::pin(async move {
        let (claims, gate) = known.ok_or_else(Problem::unauthenticated)?;
        match (&claims.scope, claims.sid) {
            (Some(scope), None) if gate.operators => operator::<P>(&claims.sub, scope),
            (None, Some(_)) => {
                let standing = gate.standings.of(&claims).await?;
                let standing = standing.ok_or_else(Problem::unauthenticated)?;
                session::<P>(&standing, gate.verifier.clock().now())
            }
            _ => Err(Problem::unauthenticated()),
        }
    })
}

fn operator<P: Permission>(actor: &Actor, scope: &str) -> Result<Admitted, Problem> {
    if scope.split(' ').any(|held| held == P::SCOPE) {
        Ok((actor.clone(), Reach::Everywhere, None))
    } else {
        Err(Problem::forbidden())
    }
}

fn session<P: Permission>(standing: &Standing, now: DateTime<Utc>) -> Result<Admitted, Problem> {
    let reach = standing
        .grants
        .get(P::SCOPE)
        .ok_or_else(Problem::forbidden)?;
    if P::EVERYWHERE && !reach.is_everywhere() {
        return Err(Problem::forbidden());
    }
    if P::FRESH && now.signed_duration_since(standing.proven_at) > FRESH_FOR {
        return Err(Problem::new(STEP_UP));
    }
    Ok((
        standing.actor.clone(),
        reach.clone(),
        Some(standing.session),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Ordinary;
    impl Permission for Ordinary {
        const SCOPE: &'static str = "rent:read";
    }
    struct Sensitive;
    impl Permission for Sensitive {
        const SCOPE: &'static str = "rent:read";
        const FRESH: bool = true;
    }
    struct Whole;
    impl Permission for Whole {
        const SCOPE: &'static str = "rent:read";
        const EVERYWHERE: bool = true;
    }
    struct Other;
    impl Permission for Other {
        const SCOPE: &'static str = "rent";
    }

    #[test]
    fn a_session_does_what_it_is_granted_and_sensitive_things_soon_after_a_proof() {
        let proven_at = "2026-11-21T01:00:00Z".parse().unwrap();
        let standing = Standing {
            actor: Actor::named("staff:7"),
            session: Uuid::nil(),
            grants: [("rent:read", Reach::nothing())].into(),
            proven_at,
        };
        let later = |seconds| proven_at + TimeDelta::seconds(seconds);
        assert!(session::<Ordinary>(&standing, later(100_000)).is_ok());
        assert!(session::<Sensitive>(&standing, later(300)).is_ok());
        assert!(session::<Sensitive>(&standing, later(301)).is_err());
        assert!(session::<Whole>(&standing, later(0)).is_err());
        assert!(session::<Other>(&standing, later(0)).is_err());
    }

    #[test]
    fn an_operator_does_what_the_token_says() {
        let actor = Actor::named("operator");
        assert!(operator::<Ordinary>(&actor, "tenancy:read rent:read").is_ok());
        for scope in ["", "rent:reads", "rent", "tenancy:read"] {
            assert!(operator::<Ordinary>(&actor, scope).is_err(), "{scope:?}");
        }
    }
}
