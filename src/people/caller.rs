//! Work on sealed data, done for a caller: one transaction that reaches the caller's rows.

use chrono::{DateTime, Utc};
use diesel::PgConnection;

use super::commands::By;
use super::model::PeopleError;
use crate::app::App;
use crate::kernel::reach::Reach;
use crate::platform::auth::{Actor, Authorized};
use crate::platform::db::{DbError, reach_in};
use crate::platform::http::idempotency::OnceError;
use crate::platform::http::problem::Problem;
use crate::platform::vault::{Unopenable, Vault, record_unopenable};

/// Who calls: what work on another thread has with it.
#[derive(Clone)]
pub struct Caller {
    vault: Vault,
    pub actor: Actor,
    pub reach: Reach,
    pub now: DateTime<Utc>,
}

/// An error that may be of something sealed that does not open.
pub trait OfSealed {
    /// What does not open.
    fn unopenable(&self) -> Option<Unopenable>;
}

impl OfSealed for PeopleError {
    fn unopenable(&self) -> Option<Unopenable> {
        match self {
            Self::Vault(error) => error.unopenable(),
            _ => None,
        }
    }
}

impl<E: OfSealed> OfSealed for OnceError<E> {
    fn unopenable(&self) -> Option<Unopenable> {
        match self {
            Self::Work(error) => error.unopenable(),
            _ => None,
        }
    }
}

impl Caller {
    /// Whoever holds this permission.
    pub fn of<P>(app: &App, caller: Authorized<P>) -> Self {
        Self {
            vault: app.vault.clone(),
            actor: caller.actor,
            reach: caller.reach,
            now: app.clock.now(),
        }
    }

    /// The caller as commands know it.
    #[must_use]
    pub fn by(&self) -> By<'_> {
        By {
            vault: &self.vault,
            actor: &self.actor,
            reach: &self.reach,
            access: None,
            now: self.now,
        }
    }

    /// Does `work` in one transaction that reaches what the caller reaches. What does not open
    /// is put on record in a transaction of its own: this one is given up.
    pub async fn does<T, E>(
        self,
        app: &App,
        work: impl FnOnce(&mut PgConnection, By<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, Problem>
    where
        T: Send + 'static,
        E: From<DbError> + Into<Problem> + OfSealed + Send + 'static,
    {
        let (actor, now) = (self.actor.clone(), self.now);
        let done = app.db.write(move |conn| {
            reach_in(conn, &self.reach)?;
            work(conn, self.by())
        });
        let error = match done.await {
            Ok(done) => return Ok(done),
            Err(error) => error,
        };
        if let Some(what) = error.unopenable() {
            record_unopenable(&app.db, &actor, what, now).await?;
        }
        Err(error.into())
    }
}
